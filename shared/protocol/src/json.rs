//! Reads JSON that other programs wrote: terminals, apps, RTC services.
//!
//! A program may write a text that JSON's grammar allows and a strict parser refuses. This module repairs
//! such a text, so that the message keeps its meaning and the sender gets an answer:
//!
//! - half of a surrogate pair, which JavaScript writes if it cuts a text inside an emoji, becomes U+FFFD;
//! - a byte-order mark at the beginning and NUL bytes at the end are ignored;
//! - an integer may be written with a fraction of zero or an exponent (`30.0`, `1e4`), see [`whole_numbers`].

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// The byte-order mark in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Length of an escape of four hexadecimal digits, in bytes.
const ESCAPE_BYTES: usize = "\\u0000".len();
/// Fields whose content belongs to the app. The service passes it on unchanged.
const FIELDS_OF_THE_APP: [&str; 3] = ["ext", "data", "metadata"];
/// Absolute value from which a floating-point number does not represent every integer exactly: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads one JSON text.
///
/// # Errors
/// The bytes are not JSON, even after the repairs that the module lists.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(&repaired(bytes))
}

/// Reads one JSON text as `T`. Integers may be written with a fraction of zero or an exponent.
///
/// # Errors
/// The bytes are not JSON, even after the repairs that the module lists, or do not deserialise as `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut value = parse(bytes)?;
    whole_numbers(&mut value);
    serde_json::from_value(value)
}

/// Replaces every whole number that is written with a fraction or an exponent by the same integer.
pub fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|_| number.is_f64()).and_then(whole) {
                *number = whole;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(whole_numbers),
        Value::Object(object) => object.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Replaces numbers like [`whole_numbers`], in the fields of a request. The app's own objects, such as `ext`,
/// are not changed.
pub(crate) fn whole_numbers_of_fields(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        if !is_field_of_the_app(name) {
            whole_numbers(value);
        }
    }
}

/// Returns whether the content of the field belongs to the app.
pub(crate) fn is_field_of_the_app(name: &str) -> bool {
    FIELDS_OF_THE_APP.contains(&name)
}

/// Returns the integer that is equal to a floating-point number; `None` if the number has a fraction or is
/// too large to be exact.
#[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53 is exact in both types")]
fn whole(number: f64) -> Option<Number> {
    (number.fract() == 0.0 && number.abs() < MAX_EXACT).then(|| Number::from(number as i64))
}

/// Finds the member `id` at the top level of a text that [`parse`] refuses, for example because a number is
/// too large for every type.
pub(crate) fn find_id(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    let repaired = repaired(bytes);
    let text = String::from_utf8_lossy(&repaired);
    // serde would read a list as the fields in their order.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    // The end of the text is not checked, since the error may be behind the object.
    Identified::deserialize(&mut serde_json::Deserializer::from_str(&text)).ok().map(|object| object.id)
}

/// Finds the path of the value for which [`parse`] refuses a text, such as a number that is too large or a
/// list in too many others; `None` for the text as a whole.
pub(crate) fn find_error(bytes: &[u8]) -> Option<String> {
    let repaired = repaired(bytes);
    let reader = &mut serde_json::Deserializer::from_slice(&repaired);
    let error = serde_path_to_error::deserialize::<_, Value>(reader).err()?;
    Some(error.path().to_string()).filter(|path| path != ".")
}

/// Returns the bytes without a byte-order mark and NULs around them, and with U+FFFD in place of each half of
/// a surrogate pair.
fn repaired(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = &bytes[..length];
    let mut repaired = Cow::Borrowed(bytes);
    let mut at = 0;
    while let Some(backslash) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += backslash;
        at += match (escaped_unit(bytes, at), escaped_unit(bytes, at + ESCAPE_BYTES)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE_BYTES,
            (Some(0xd800..=0xdfff), _) => {
                repaired.to_mut()[at..at + ESCAPE_BYTES].copy_from_slice(b"\\ufffd");
                ESCAPE_BYTES
            }
            (Some(_), _) => ESCAPE_BYTES,
            // Any other escape is a backslash and one character, which may be a backslash.
            (None, _) => 2,
        };
        at = at.min(bytes.len());
    }
    repaired
}

/// Returns the UTF-16 unit of the escape at `at`; `None` if no such escape is there.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + ESCAPE_BYTES)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Value {
        parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character_wherever_it_is() {
        for (text, value) in [
            (r#""Lunch \ud83c""#, json!("Lunch \u{fffd}")),
            (r#""Lunch \udf5d""#, json!("Lunch \u{fffd}")),
            (r#""\ud83c\ud83c\udf5d\udf5d""#, json!("\u{fffd}\u{1f35d}\u{fffd}")),
            (r#""\uD83Cx\u0041""#, json!("\u{fffd}xA")),
            (
                r#"{"\ud83c":["\udf5d",{"a":"\ud83c\n"}]}"#,
                json!({"\u{fffd}": ["\u{fffd}", {"a": "\u{fffd}\n"}]}),
            ),
            (r#""\\ud83c \"\\\\\ud83c\\""#, json!("\\ud83c \"\\\\\u{fffd}\\")),
            (r#""\ud83c\udf5d""#, json!("\u{1f35d}")),
        ] {
            assert_eq!(parsed(text), value, "{text}");
        }
        for text in [r#""\ud83"#, r#""\u"#, r#""\"#, r#""\u+123""#] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_byte_order_mark_in_front_and_nul_bytes_at_the_end_are_ignored() {
        for text in ["\u{feff}{\"a\":1}", "{\"a\":1}\0", "\u{feff}{\"a\":1}\0\0\0", "{\"a\":1}\n\0"] {
            assert_eq!(parsed(text), json!({"a": 1}), "{text:?}");
        }
        for text in ["", "\0", "\u{feff}", "\u{feff}\u{feff}1", "\0{}", "{\0}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_become_integers_and_others_stay() {
        let mut value =
            parsed(r#"[1, 1.0, -2.0, 1e4, 1.5e1, 0.0, -0.0, 30.5, 1e300, 9007199254740992.0, {"a": 3.0}]"#);
        whole_numbers(&mut value);
        let expected = json!([1, 1, -2, 10000, 15, 0, 0, 30.5, 1e300, 9_007_199_254_740_992.0, {"a": 3}]);
        assert_eq!(value, expected);
        assert_eq!(read::<Vec<u8>>(b"[1.0, 2e1]").expect("integers"), [1, 20]);
        assert!(read::<Vec<u8>>(b"[1.5]").is_err());
    }

    #[test]
    fn the_id_is_found_in_a_text_that_cannot_be_read() {
        let deep = format!(r#"{{"a":{}1{},"id":"c1"}}"#, "[".repeat(500), "]".repeat(500));
        for text in [
            deep.as_bytes(),
            br#"{"n":1e999,"id":"c1"}"#,
            b"{\"id\":\"c1\",\"t\":\"\xff\"}",
            br#"{"id":"c1"} x"#,
        ] {
            assert!(parse(text).is_err());
            assert_eq!(find_id(text).as_deref(), Some("c1"), "{}", String::from_utf8_lossy(text));
        }
        for (text, path) in [
            (deep.as_bytes(), "a[0][0]"),
            (br#"{"id":"c1","ext":{"a":[1,{"b":1e999}]}}"#, "ext.a[1].b"),
            (br#"{"id":"c1","ext":{"a":-1e999}}"#, "ext.a"),
        ] {
            let found = find_error(text).expect("a path");
            assert!(found.starts_with(path), "{found}");
        }
        for text in ["", "not JSON", "1e999"] {
            assert_eq!(find_error(text.as_bytes()), None, "{text}");
        }
        for text in ["", "{", r#"{"id":7}"#, r#"{"a":{"id":"c1"}}"#, r#"["id"]"#] {
            assert_eq!(find_id(text.as_bytes()), None, "{text}");
        }
    }
}
