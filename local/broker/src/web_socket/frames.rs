//! Detects a DISCONNECT in a stream of MQTT bytes.
//! Source: MQTT 3.1.1 and 5, section 2, "MQTT Control Packet format".

const DISCONNECT: u8 = 0xE0;
/// Maximum number of bytes of the "remaining length" field.
const LONGEST_LENGTH: u32 = 4;

/// Parser of MQTT packet boundaries.
#[derive(Debug, Default)]
pub(super) struct Frames {
    position: Position,
    disconnects: bool,
}

#[derive(Debug, Default)]
enum Position {
    #[default]
    Start,
    Length {
        value: u64,
        bytes: u32,
    },
    Body {
        left: u64,
    },
    /// The stream is not MQTT; the broker will refuse it.
    Invalid,
}

impl Frames {
    /// Processes the next bytes of the stream. Returns `true` if they complete a DISCONNECT.
    pub(super) fn end_with_disconnect(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((&first, rest)) = bytes.split_first() {
            self.position = match self.position {
                Position::Start => {
                    self.disconnects = first & 0xF0 == DISCONNECT;
                    bytes = rest;
                    Position::Length { value: 0, bytes: 0 }
                }
                Position::Length { bytes: LONGEST_LENGTH, .. } | Position::Invalid => {
                    self.disconnects = false;
                    bytes = &[];
                    Position::Invalid
                }
                Position::Length { value, bytes: count } => {
                    bytes = rest;
                    let value = value | u64::from(first & 0x7F) << (7 * count);
                    if first & 0x80 == 0 {
                        Position::Body { left: value }
                    } else {
                        Position::Length { value, bytes: count + 1 }
                    }
                }
                Position::Body { left } => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[taken..];
                    Position::Body { left: left - taken as u64 }
                }
            };
            if matches!(self.position, Position::Body { left: 0 }) {
                if self.disconnects {
                    return true;
                }
                self.position = Position::Start;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    /// Returns a PUBLISH with 300 bytes after the header, some of which look like a DISCONNECT.
    fn publish() -> Vec<u8> {
        let mut bytes = vec![0x30, 0xAC, 0x02];
        bytes.resize(303, 0xE0);
        bytes
    }

    #[test]
    fn a_disconnect_is_detected_wherever_the_stream_is_split() {
        for disconnect in [&[0xE0, 0][..], &[0xE0, 2, 0x04, 0][..]] {
            let stream = [&[0xC0, 0][..], &publish(), disconnect].concat();
            for cut in 0..stream.len() {
                let mut frames = Frames::default();
                assert!(!frames.end_with_disconnect(&stream[..cut]), "cut at {cut}");
                assert!(frames.end_with_disconnect(&stream[cut..]), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_stream_that_is_not_mqtt_is_passed_on() {
        let mut frames = Frames::default();
        assert!(!frames.end_with_disconnect(&[0xFF; 64]));
        assert!(!frames.end_with_disconnect(&[0xE0, 0]));
    }
}
