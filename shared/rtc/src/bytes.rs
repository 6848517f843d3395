//! Binary fields of tokens: integers in the byte order of the format, and texts after their length.

use super::MintError;

/// Byte order of integers.
#[derive(Clone, Copy, Debug)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// Appends fields to a buffer.
#[derive(Debug)]
pub struct ByteWriter {
    order: ByteOrder,
    bytes: Vec<u8>,
}

impl ByteWriter {
    pub const fn new(order: ByteOrder) -> Self {
        Self { order, bytes: Vec::new() }
    }

    pub fn u8(mut self, value: u8) -> Self {
        self.bytes.push(value);
        self
    }

    pub fn u16(self, value: u16) -> Self {
        let bytes = match self.order {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        };
        self.raw(&bytes)
    }

    pub fn u32(self, value: u32) -> Self {
        let bytes = match self.order {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        };
        self.raw(&bytes)
    }

    /// Appends the bytes without a length.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Appends the bytes after their length in 16 bits.
    ///
    /// # Errors
    /// [`MintError::Encoding`] for more than 65,535 bytes.
    pub fn text16(self, bytes: impl AsRef<[u8]>) -> Result<Self, MintError> {
        let bytes = bytes.as_ref();
        Ok(self.u16(count(bytes.len())?).raw(bytes))
    }

    /// Appends the bytes after their length in 32 bits.
    ///
    /// # Errors
    /// [`MintError::Encoding`] for a length beyond 32 bits.
    pub fn text32(self, bytes: impl AsRef<[u8]>) -> Result<Self, MintError> {
        let bytes = bytes.as_ref();
        Ok(self.u32(count(bytes.len())?).raw(bytes))
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Converts a length to the type of its field.
///
/// # Errors
/// [`MintError::Encoding`] for a length that the field cannot hold.
pub fn count<N: TryFrom<usize>>(length: usize) -> Result<N, MintError> {
    N::try_from(length).map_err(|_| MintError::Encoding("a field is too long for its format".to_owned()))
}

/// Reads the fields that a [`ByteWriter`] wrote. Returns `None` if the bytes end too early.
#[derive(Debug)]
pub struct ByteReader<'a> {
    order: ByteOrder,
    rest: &'a [u8],
}

impl<'a> ByteReader<'a> {
    pub const fn new(order: ByteOrder, bytes: &'a [u8]) -> Self {
        Self { order, rest: bytes }
    }

    pub fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.raw(1).map(|bytes| bytes[0])
    }

    pub fn u16(&mut self) -> Option<u16> {
        let bytes = self.raw(2)?.try_into().ok()?;
        Some(match self.order {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        })
    }

    pub fn u32(&mut self) -> Option<u32> {
        let bytes = self.raw(4)?.try_into().ok()?;
        Some(match self.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }

    pub fn text16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.raw(usize::from(length))
    }

    pub fn text32(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.raw(length)
    }

    /// Returns the unread bytes.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(order: ByteOrder) -> Vec<u8> {
        let writer = ByteWriter::new(order).u8(1).u16(0x0203).u32(0x0405_0607);
        writer.text16("ab").and_then(|writer| writer.text32("c")).expect("short").raw(b"!").finish()
    }

    #[test]
    fn integers_and_lengths_have_the_byte_order_of_the_format() {
        assert_eq!(written(ByteOrder::Little), b"\x01\x03\x02\x07\x06\x05\x04\x02\0ab\x01\0\0\0c!");
        assert_eq!(written(ByteOrder::Big), b"\x01\x02\x03\x04\x05\x06\x07\0\x02ab\0\0\0\x01c!");
    }

    #[test]
    fn reading_reverses_writing_and_detects_missing_bytes() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let bytes = written(order);
            let read = |bytes: &[u8]| {
                let mut from = ByteReader::new(order, bytes);
                let numbers = (from.u8()?, from.u16()?, from.u32()?);
                let texts = [from.text16()?.to_vec(), from.text32()?.to_vec(), from.raw(1)?.to_vec()];
                Some((numbers, texts)).filter(|_| from.rest().is_empty())
            };
            let texts = ["ab", "c", "!"].map(|text| text.as_bytes().to_vec());
            assert_eq!(read(&bytes), Some(((1, 0x0203, 0x0405_0607), texts)));
            for length in 0..bytes.len() {
                assert_eq!(read(&bytes[..length]), None, "{length}");
            }
        }
    }

    #[test]
    fn a_text_too_long_for_its_length_field_is_refused() {
        assert!(ByteWriter::new(ByteOrder::Big).text16(vec![0; 65_535]).is_ok());
        let refusal = ByteWriter::new(ByteOrder::Big).text16(vec![0; 65_536]).map(drop);
        assert!(matches!(refusal, Err(MintError::Encoding(_))), "{refusal:?}");
    }
}
