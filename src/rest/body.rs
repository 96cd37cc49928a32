//! Request bodies: JSON under any content type. As in JavaScript, empty and zero values count as
//! absent.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::domain::bounds;
use crate::middleware::{BODY_LIMIT, Problem, json};

/// The name of the member with an issue's number.
const NUMBER: &str = "issueNumber";

/// Members that contain longer texts.
const PROSE: [&str; 6] = ["body", "error", "errorMessage", "evidence", "note", "summary"];

/// The bytes of a body within the size limit.
pub(super) struct Body(Bytes);

/// The members of a JSON object.
pub(super) struct Members(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(unread(&rejection)),
        }
    }
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let text = format!("The body is longer than {BODY_LIMIT} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BAD_USER_INPUT", text)
    } else {
        Problem::bad_request("The body could not be read to its end")
    }
}

impl Body {
    /// Whether the body is empty or only white space.
    pub(super) fn is_empty(&self) -> bool {
        self.0.trim_ascii().is_empty()
    }

    /// The bytes of the body.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of the body.
    pub(super) fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Returns the members of the JSON object, or none for an empty body; any other body fails with
    /// the text `refusal`.
    pub(super) fn members_or_none(&self, refusal: &'static str) -> Result<Members, Problem> {
        if self.is_empty() { Ok(Members(Map::new())) } else { self.members(refusal) }
    }

    /// Returns the members of the JSON object; any other body fails with the text `refusal`.
    pub(super) fn members(&self, refusal: &'static str) -> Result<Members, Problem> {
        match serde_json::from_slice(json::without_mark(&self.0)) {
            Ok(Value::Object(members)) => Members::checked(members),
            Ok(_) | Err(_) => Err(Problem::bad_request(refusal)),
        }
    }
}

impl Members {
    /// Checks the bounds of each member. Control characters are removed from longer texts, which
    /// programs forward unchanged, and rejected everywhere else.
    fn checked(mut members: Map<String, Value>) -> Result<Self, Problem> {
        for (name, value) in &mut members {
            json::make_whole(value);
            if let Value::String(text) = value
                && PROSE.contains(&name.as_str())
            {
                text.retain(|character| !bounds::is_control(character));
            }
        }
        match json::check_arguments(&members) {
            Ok(()) => Ok(Self(members)),
            Err(json::OutOfBounds { path, reason }) => {
                Err(Problem::wrong(&path, format!("{path} {reason}")))
            }
        }
    }

    /// Returns a member, unless it is absent, null, empty, zero or false.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| match value {
            Value::Null => false,
            Value::Bool(truth) => *truth,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(_) | Value::Object(_) => true,
        })
    }

    /// Checks that every member is given; otherwise fails with `refusal` and names the first
    /// missing member. An `issueNumber` may be named `number`, and may be a numeric string.
    pub(super) fn require(&self, names: &[&str], refusal: &'static str) -> Result<(), Problem> {
        let is_given = |name: &str| match name {
            NUMBER => self.has_number(),
            name => self.given(name).is_some(),
        };
        let missing = names.iter().find(|name| !is_given(name));
        missing.map_or(Ok(()), |name| Err(Problem::wrong(name, refusal)))
    }

    /// Like [`require`](Self::require), but an `issueNumber` must have this name and be a number.
    pub(super) fn require_strictly(
        &self,
        names: &[&str],
        refusal: &'static str,
    ) -> Result<(), Problem> {
        let others: Vec<&str> = names.iter().copied().filter(|name| *name != NUMBER).collect();
        self.require(&others, refusal)?;
        if names.contains(&NUMBER) && self.number(NUMBER).is_none() {
            return Err(Problem::wrong(NUMBER, refusal));
        }
        Ok(())
    }

    /// Reads an optional member that is a string.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::wrong(name, format!("{name} must be a string"))),
        }
    }

    /// Reads an optional member that is a list of strings; any other value fails with `refusal`.
    pub(super) fn texts(
        &self,
        name: &str,
        refusal: &'static str,
    ) -> Result<Option<Vec<String>>, Problem> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = value.as_array().and_then(|values| values.iter().map(text).collect());
        texts.map(Some).ok_or_else(|| Problem::wrong(name, refusal))
    }

    /// Reads a member that is a number, including zero; a numeric string counts as absent.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Whether the issue's number is given, under either of its names.
    pub(super) fn has_number(&self) -> bool {
        ["issueNumber", "number"].iter().any(|name| self.given(name).is_some())
    }

    /// The name that a program gives itself: `actor`, otherwise `agentName`.
    pub(super) fn name_of_caller(&self) -> Result<Option<&str>, Problem> {
        match self.text("actor")? {
            Some(actor) => Ok(Some(actor)),
            None => self.text("agentName"),
        }
    }

    /// Returns the raw member, including null, empty and zero.
    pub(super) fn raw(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All members.
    pub(super) fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the raw member, if it is given.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.given(name)
    }
}

/// Converts a number to an issue number. A number that is too large becomes the maximum, which no
/// issue on GitHub has.
pub(super) fn issue_number(number: f64) -> Option<i32> {
    let is_whole = number >= 1.0 && number.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the largest number")]
    is_whole.then_some(number as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> Members {
        Body(Bytes::copy_from_slice(json.as_bytes())).members("no object").unwrap()
    }

    #[test]
    fn only_objects_have_members() {
        for json in ["", "null", "[]", "[{}]", "1", "\"x\"", "{", "{}{}", "{\"a\":1e999}"] {
            let refused = Body(Bytes::copy_from_slice(json.as_bytes())).members("no object");
            assert!(refused.is_err(), "{json}");
        }
        let deep = "[".repeat(100_000);
        assert!(Body(Bytes::from(deep)).members("no object").is_err());
    }

    #[test]
    fn what_javascript_takes_for_false_is_not_given() {
        let members = members(r#"{"a":"","b":0,"c":null,"d":false,"e":[],"f":{},"g":"x","h":-1}"#);
        for name in ["a", "b", "c", "d", "absent"] {
            let refused = members.require(&["g", name], "missing").unwrap_err();
            assert_eq!(refused.members()["field"], name);
        }
        assert!(members.require(&["e", "f", "g", "h"], "missing").is_ok());
        assert_eq!(members.number("b"), Some(0.0));
        assert_eq!(members.number("g"), None);
    }

    #[test]
    fn types_are_not_guessed() {
        let members = members(r#"{"a":1,"b":["x",1],"c":["x"]}"#);
        assert_eq!(members.text("a").unwrap_err().error(), "a must be a string");
        assert_eq!(members.texts("b", "no list").unwrap_err().error(), "no list");
        assert_eq!(members.texts("c", "no list").unwrap(), Some(vec!["x".to_owned()]));
        assert_eq!(members.texts("absent", "no list").unwrap(), None);
    }

    #[test]
    fn an_issue_number_is_whole_and_positive() {
        for (number, read) in [(1.0, Some(1)), (42.0, Some(42)), (1e300, Some(i32::MAX))] {
            assert_eq!(issue_number(number), read);
        }
        for number in [0.0, -1.0, 42.5, f64::NAN] {
            assert_eq!(issue_number(number), None);
        }
    }
}
