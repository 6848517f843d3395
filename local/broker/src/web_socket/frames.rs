//! Follows the packets in a stream of MQTT bytes, as far as needed to see a DISCONNECT.
//! Source: MQTT 3.1.1 and 5, section 2, "MQTT Control Packet format".

const DISCONNECT: u8 = 0xE0;
/// The remaining length takes four bytes at most.
const LONGEST_LENGTH: u32 = 4;

/// Where in the stream of packets the bytes so far have ended.
#[derive(Debug, Default)]
pub(super) struct Frames {
    place: Place,
    disconnects: bool,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Start,
    Length {
        value: u64,
        bytes: u32,
    },
    Body {
        left: u64,
    },
    /// The stream is no MQTT; the broker will say so.
    Lost,
}

impl Frames {
    /// Whether a DISCONNECT is complete with these bytes, which follow the earlier ones.
    pub(super) fn end_with_disconnect(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((&first, rest)) = bytes.split_first() {
            self.place = match self.place {
                Place::Start => {
                    self.disconnects = first & 0xF0 == DISCONNECT;
                    bytes = rest;
                    Place::Length { value: 0, bytes: 0 }
                }
                Place::Length { bytes: LONGEST_LENGTH, .. } | Place::Lost => {
                    self.disconnects = false;
                    bytes = &[];
                    Place::Lost
                }
                Place::Length { value, bytes: count } => {
                    bytes = rest;
                    let value = value | u64::from(first & 0x7F) << (7 * count);
                    if first & 0x80 == 0 {
                        Place::Body { left: value }
                    } else {
                        Place::Length { value, bytes: count + 1 }
                    }
                }
                Place::Body { left } => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[taken..];
                    Place::Body { left: left - taken as u64 }
                }
            };
            if matches!(self.place, Place::Body { left: 0 }) {
                if self.disconnects {
                    return true;
                }
                self.place = Place::Start;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    /// PUBLISH with 300 bytes after the header, among them bytes that look like a DISCONNECT.
    fn publish() -> Vec<u8> {
        let mut bytes = vec![0x30, 0xAC, 0x02];
        bytes.resize(303, 0xE0);
        bytes
    }

    #[test]
    fn a_disconnect_is_seen_wherever_the_stream_is_cut() {
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
    fn a_stream_that_is_no_mqtt_is_passed_on() {
        let mut frames = Frames::default();
        assert!(!frames.end_with_disconnect(&[0xFF; 64]));
        assert!(!frames.end_with_disconnect(&[0xE0, 0]));
    }
}
