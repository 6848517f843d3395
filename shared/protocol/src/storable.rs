//! Check that the table can store a JSON object of an app. A request with another object is refused when it
//! is read, before anything is created.

use crate::invalid::Invalid;
use serde_json::{Map, Number, Value};

/// Largest number of levels of objects and lists in `ext`, including `ext` itself. DynamoDB stores 32, and
/// the records around `ext` use some of them.
pub const MAX_EXT_LEVELS: usize = 24;
/// Smallest absolute value of a number that is too large for DynamoDB.
const TOO_LARGE: f64 = 1e126;
/// Smallest absolute value of a number other than 0 that DynamoDB stores.
const MIN_NUMBER: f64 = 1e-130;

/// Checks that the table can store `object`.
///
/// # Errors
/// `bad_request` at the path of the value that it cannot store.
pub(crate) fn check(path: &str, object: &Map<String, Value>) -> Result<(), Invalid> {
    check_object(path, object, 1)
}

fn check_object(path: &str, object: &Map<String, Value>, level: usize) -> Result<(), Invalid> {
    check_level(path, level)?;
    for (name, value) in object {
        if name.is_empty() {
            return Err(Invalid::new(path, "give each field of this object a name that is not empty"));
        }
        check_value(&format!("{path}.{name}"), value, level)?;
    }
    Ok(())
}

fn check_value(path: &str, value: &Value, level: usize) -> Result<(), Invalid> {
    match value {
        Value::Object(object) => check_object(path, object, level + 1),
        Value::Array(list) => {
            check_level(path, level + 1)?;
            let mut values = list.iter().enumerate();
            values.try_for_each(|(at, value)| check_value(&format!("{path}[{at}]"), value, level + 1))
        }
        Value::Number(number) => check_number(path, number),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

fn check_level(path: &str, level: usize) -> Result<(), Invalid> {
    if level > MAX_EXT_LEVELS {
        return Err(Invalid::new(path, format!("use at most {MAX_EXT_LEVELS} levels of objects and lists")));
    }
    Ok(())
}

fn check_number(path: &str, number: &Number) -> Result<(), Invalid> {
    let size = number.as_f64().unwrap_or_default().abs();
    if size >= TOO_LARGE || (size > 0.0 && size < MIN_NUMBER) {
        return Err(Invalid::new(
            path,
            "use 0 or an absolute value from 1e-130 to 9.99e125; send other numbers as text",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path_of_refusal(ext: &Value) -> Option<String> {
        check("ext", ext.as_object().expect("an object")).err().map(|invalid| invalid.path)
    }

    /// Makes an object with this many levels: objects and lists in turn.
    fn nested(levels: usize) -> Value {
        let inner = (1..levels)
            .fold(json!(1), |inner, level| if level % 2 == 0 { json!({"a": inner}) } else { json!([inner]) });
        json!({"a": inner})
    }

    #[test]
    fn what_the_table_cannot_store_is_refused_with_its_path() {
        for (ext, path) in [
            (json!({"a": {"b": [1, 1e126]}}), "ext.a.b[1]"),
            (json!({"a": -1e300}), "ext.a"),
            (json!({"a": [{"b": 1e-131}]}), "ext.a[0].b"),
            (json!({"a": {"": 1}}), "ext.a"),
            (json!({"": 1}), "ext"),
        ] {
            assert_eq!(path_of_refusal(&ext).as_deref(), Some(path), "{ext}");
        }
        let too_deep = path_of_refusal(&nested(MAX_EXT_LEVELS + 1)).expect("refused");
        assert!(too_deep.starts_with("ext.a.a[0].a"), "{too_deep}");
    }

    #[test]
    fn everything_else_is_accepted() {
        let ext = json!({"a": [], "b": {}, "c": null, "d": "", "e": 0, "f": 1e125, "g": -1e-129, "h": u64::MAX,
            "i": 0.0, "j": [[], {}], " ": "\u{0}"});
        assert_eq!(path_of_refusal(&ext), None);
        assert_eq!(path_of_refusal(&nested(MAX_EXT_LEVELS)), None);
    }
}
