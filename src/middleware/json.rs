//! Encodes responses as JSON and checks JSON arguments.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::bounds;

/// The JSON text of a response. Most of the time goes into escaping the texts of issues, so the
/// encoder is one that uses SIMD for that.
pub(crate) fn bytes<T: Serialize + ?Sized>(answer: &T) -> Bytes {
    sonic_rs::to_vec(answer).expect("answers have no maps whose keys are not texts").into()
}

/// An argument that is too long, has too many items or contains forbidden characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutOfBounds {
    /// Its path in the request, such as `input.agent`.
    pub(crate) path: String,
    /// What is wrong, as the end of a sentence that begins with the path.
    pub(crate) reason: String,
}

/// How many characters of an argument's name an error repeats.
const LONGEST_PATH: usize = 64;

/// Checks every text and list of a request's arguments against its bounds, at any depth.
///
/// # Errors
///
/// The first argument that is out of bounds.
pub(crate) fn check_arguments(arguments: &Map<String, Value>) -> Result<(), OutOfBounds> {
    arguments.iter().try_for_each(|(name, value)| {
        let path = || name.chars().take(LONGEST_PATH).collect::<String>();
        let wrong = |reason| OutOfBounds { path: path().escape_debug().to_string(), reason };
        bounds::check_text("", name).map_err(wrong)?;
        check(name, value)
    })
}

fn check(name: &str, value: &Value) -> Result<(), OutOfBounds> {
    let wrong = |reason| OutOfBounds { path: name.to_owned(), reason };
    match value {
        Value::String(text) => bounds::check_text(name, text).map_err(wrong),
        Value::Array(values) => {
            bounds::check_list(name, values.len()).map_err(wrong)?;
            values.iter().try_for_each(|value| check(name, value))
        }
        Value::Object(members) => check_arguments(members).map_err(|inner| OutOfBounds {
            path: format!("{name}.{}", inner.path),
            reason: inner.reason,
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Writes whole numbers as integers, as JSON Schema counts them: `1800.0` becomes 1800.
pub(crate) fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            let whole = number
                .as_f64()
                .filter(|it| number.is_f64() && it.fract() == 0.0 && it.abs() <= LARGEST_WHOLE)
                .map(|it| it as i64);
            if let Some(whole) = whole {
                *value = whole.into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_whole),
        Value::Object(members) => members.values_mut().for_each(make_whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The largest number up to which a 64-bit float represents every integer exactly.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_991.0;

/// A JSON text without a leading byte order mark.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_written_as_the_common_writer_writes_it(texts: Vec<String>) {
            let common = serde_json::to_vec(&texts).unwrap();
            prop_assert_eq!(bytes(&texts), common);
        }
    }

    #[test]
    fn an_argument_out_of_its_bounds_is_named_by_the_way_to_it() {
        let refused = |arguments: Value| {
            let refused = check_arguments(arguments.as_object().unwrap()).unwrap_err();
            (refused.path, refused.reason)
        };
        let nested = serde_json::json!({ "filter": { "labels": ["a", "a\0b"] } });
        let why = "must not contain a NUL character".to_owned();
        assert_eq!(refused(nested), ("filter.labels".to_owned(), why.clone()));
        assert_eq!(refused(serde_json::json!({ "a\0": 1 })), ("a\\0".to_owned(), why));
        let many = serde_json::json!({ "ids": vec!["a"; 101] });
        assert_eq!(refused(many).1, "must have at most 100 values");
        let fine = serde_json::json!({ "body": "x".repeat(60_000), "ids": ["a"], "n": 1.5 });
        assert_eq!(check_arguments(fine.as_object().unwrap()), Ok(()));
    }

    #[test]
    fn whole_numbers_are_integers() {
        let mut value: Value =
            serde_json::from_str(r#"{"a": [1800.0, 1e3, -0.0, 1.5, 1e300, 7]}"#).unwrap();
        make_whole(&mut value);
        assert_eq!(value.to_string(), r#"{"a":[1800,1000,0,1.5,1e+300,7]}"#);
    }

    #[test]
    fn what_must_be_escaped_is_wherever_it_stands() {
        for place in 0..70 {
            for odd in ["\"", "\\", "\n", "\u{1}", "\u{1f}", "\u{7f}", "\u{2028}", "é"] {
                let text = format!("{}{odd}{}", "a".repeat(place), "b".repeat(70 - place));
                assert_eq!(bytes(&text), serde_json::to_vec(&text).unwrap());
            }
        }
    }
}
