//! Inputs near valid ones: random bytes alone rarely get past the first check of a reader.

use bolero::TypeGenerator;

/// One edit of a text.
#[derive(Debug, Clone, TypeGenerator)]
pub enum Edit {
    /// Replaces the byte at a position.
    Replace(u16, u8),
    /// Inserts a byte.
    Insert(u16, u8),
    /// Removes some bytes.
    Remove(u16, u8),
    /// Repeats some bytes, up to sixteen times.
    Repeat(u16, u8, u8),
    /// Inserts one of [`TOKENS`].
    Token(u16, u8),
}

/// Texts with a meaning in JSON, in addresses, in base64 or in Unicode, on which readers have failed.
const TOKENS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-0",
    "1e400",
    "30.0",
    "18446744073709551616",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{1f600}",
    "@@@",
    "/",
    "+",
    "#",
    "$",
    "..",
    "%00",
    "=",
    ".",
    "'",
    "é",
];

/// Returns `valid` after the edits. An edit at a position behind the end counts from the start again.
pub fn edited(valid: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for edit in edits {
        let place = |at: u16, bytes: &[u8]| usize::from(at) % (bytes.len() + 1);
        match *edit {
            Edit::Replace(at, byte) => {
                let at = place(at, &bytes);
                if let Some(old) = bytes.get_mut(at) {
                    *old = byte;
                }
            }
            Edit::Insert(at, byte) => bytes.insert(place(at, &bytes), byte),
            Edit::Remove(at, count) => {
                let start = place(at, &bytes);
                let end = (start + usize::from(count)).min(bytes.len());
                bytes.drain(start..end);
            }
            Edit::Repeat(at, count, times) => {
                let start = place(at, &bytes);
                let end = (start + usize::from(count)).min(bytes.len());
                let repeated = bytes[start..end].repeat(usize::from(times % 16));
                bytes.splice(start..start, repeated);
            }
            Edit::Token(at, which) => {
                let start = place(at, &bytes);
                bytes.splice(start..start, TOKENS[usize::from(which) % TOKENS.len()].bytes());
            }
        }
    }
    bytes
}

/// Number of inputs of a test in `make test`; the variable `BOLERO_RANDOM_ITERATIONS` replaces it.
pub const ITERATIONS: usize = 3_000;
