//! Request bodies: JSON under any content type. As in JavaScript, empty and zero values count as
//! absent.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::bounds;
use crate::middleware::{BODY_LIMIT, Problem, json};
use crate::service::error_code;

/// The name of the member with an issue's number.
const NUMBER: &str = "issueNumber";

/// Members that contain longer texts.
pub(super) const PROSE: [&str; 6] =
    ["body", "error", "errorMessage", "evidence", "note", "summary"];

/// Members whose empty and zero values are values, which a handler checks.
pub(super) const KEPT: [&str; 6] = [
    "classification",
    "decomposed",
    "idempotencyKey",
    "issueNumber",
    "prFixItem",
    "pullRequestNumber",
];

/// The bytes of a body within the size limit.
pub(super) struct Body(Bytes);

/// The members of a JSON object.
#[derive(Deserialize)]
#[serde(transparent)]
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
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error_code::BAD_USER_INPUT, text)
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

/// The members of an object inside a body, whose bounds were checked with the body.
impl From<Map<String, Value>> for Members {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
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

    /// Reads the members as a struct. Members that are null, empty, zero or false are absent, unless
    /// they are [`KEPT`].
    ///
    /// The error for a member names it and what it must be: the `expecting` text of its type.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let is_read = |name: &str, value: &Value| is_given(value) || KEPT.contains(&name);
        let members = self.0.iter().filter(|(name, value)| is_read(name, value));
        let members = members.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self(members).read_all()
    }

    /// Like [`read`](Self::read), but only null and missing members are absent.
    pub(super) fn read_all<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_path_to_error::deserialize(Value::Object(self.0.clone()))
            .map_err(|error| misread(&error.path().to_string(), &error.inner().to_string()))
    }

    /// Returns a member, unless it is absent, null, empty, zero or false.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| is_given(value))
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
        if names.contains(&NUMBER) && self.number(NUMBER).and_then(issue_number).is_none() {
            return Err(misnumbered());
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

    /// Reads a member that is a number, including zero; a numeric string counts as absent.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Whether the issue's number is given, under either of its names.
    pub(super) fn has_number(&self) -> bool {
        ["issueNumber", "number"].iter().any(|name| self.given(name).is_some())
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

/// Whether a value counts as given in JavaScript.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Converts an error of a deserializer to a problem. Serde says what it expected of a value; any
/// other text is from the member's own type. A struct that is flattened into another one has no path,
/// so its errors are complete texts that begin with the member.
fn misread(path: &str, error: &str) -> Problem {
    if path == "." {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '.';
        let field = error.split(is_end).next().unwrap_or_default();
        return Problem::wrong(field, error.to_owned());
    }
    let kind = error.strip_prefix("invalid ");
    match kind.and_then(|text| text.rsplit_once(", expected ")) {
        Some((_, expected)) => Problem::wrong(path, format!("{path} must be {expected}")),
        None => Problem::wrong(path, format!("{path}: {error}")),
    }
}

/// The problem for an invalid issue number.
pub(super) fn misnumbered() -> Problem {
    Problem::wrong(NUMBER, "issueNumber must be a positive whole number")
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
        let members = members(r#"{"a":1}"#);
        assert_eq!(members.text("a").unwrap_err().error(), "a must be a string");
        assert_eq!(members.text("absent").unwrap(), None);
    }

    #[test]
    fn a_member_is_refused_by_its_name() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ExampleBody {
            issue_id: Option<crate::domain::IssueId>,
            flag: Option<bool>,
        }
        let refused = |json: &str| {
            let problem = members(json).read_all::<ExampleBody>().unwrap_err();
            (problem.members()["field"].as_str().unwrap().to_owned(), problem.error().to_owned())
        };
        for (json, field, error) in [
            (r#"{"issueId":7}"#, "issueId", "issueId must be a string"),
            (
                r#"{"issueId":"x"}"#,
                "issueId",
                "issueId: `x` is not the id of an issue; such an id starts with `iss_`",
            ),
            (r#"{"flag":"a, expected b"}"#, "flag", "flag must be a boolean"),
        ] {
            assert_eq!(refused(json), (field.to_owned(), error.to_owned()));
        }
        let read: ExampleBody = members(r#"{"flag":0,"issueId":""}"#).read().unwrap();
        assert_eq!((read.issue_id, read.flag), (None, None));
        let read: ExampleBody = members(r#"{"flag":false}"#).read_all().unwrap();
        assert_eq!(read.flag, Some(false));
        let whole = misread(".", "issueId must be a string");
        assert_eq!(whole.members()["field"], "issueId");
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
