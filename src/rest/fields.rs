//! Members of bodies whose type alone does not say what is accepted: functions for
//! `#[serde(deserialize_with)]`.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Unexpected};
use serde_json::Value;

use super::body;

/// Reads a list of label names.
pub(super) fn label_names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    texts(from, "an array of label names")
}

/// Reads an optional list of URLs. The use case checks that each is one.
pub(super) fn urls<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    texts(from, "an array of http(s) URLs").map(Some)
}

fn texts<'de, D: Deserializer<'de>>(from: D, expected: &str) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(from)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = value.as_array().and_then(|values| values.iter().map(text).collect());
    texts.ok_or_else(|| D::Error::invalid_value(Unexpected::Other("list"), &expected))
}

/// Reads a text; a value of any other type counts as absent.
pub(super) fn only_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Reads the number of an issue. A number that is too large becomes the maximum.
pub(super) fn issue_number<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    let number = f64::deserialize(from)?;
    let expected = &"a positive whole number";
    body::issue_number(number)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Float(number), expected))
}

/// Reads a flag: any value that is given counts as true.
pub(super) fn is_given<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}
