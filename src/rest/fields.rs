//! Members of bodies whose type alone does not say what is accepted: functions for
//! `#[serde(deserialize_with)]`.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};
use super::body;

/// Reads the number of an issue. A number that is too large becomes the maximum.
pub(super) fn issue_number<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    let number = f64::deserialize(from)?;
    let expected = &"a positive whole number";
    body::issue_number(number)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Float(number), expected))
}
