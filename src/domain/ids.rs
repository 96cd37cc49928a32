//! One type for each kind of id, so that an issue's id cannot be passed as a run's.
//!
//! In the program and in the database an id is a 64-bit number. In GraphQL and REST it is an opaque
//! string with a prefix for its kind: `iss_00001c`. Parsing checks the kind, so a run's id passed
//! as an issue's is rejected without a query.

use std::fmt;
use std::str::FromStr;

/// A text that is an id of another kind, or no id at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not the id of {what}; such an id {}", self.shape())]
pub struct NotAnId {
    /// The text, shortened to 64 characters.
    pub given: String,
    /// The expected kind, with its article: `an issue`.
    pub what: &'static str,
    /// The prefix of the expected kind.
    pub prefix: &'static str,
    /// An example of the expected kind.
    pub example: &'static str,
}

impl NotAnId {
    fn shape(&self) -> String {
        let Self { prefix, example, .. } = self;
        match self.given.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')) {
            true => format!("looks like `{example}`"),
            false => format!("starts with `{prefix}_`"),
        }
    }
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 6;

/// The number of digits of the largest id.
const MOST_DIGITS: usize = 13;

fn write_public(f: &mut fmt::Formatter<'_>, prefix: &str, id: i64) -> fmt::Result {
    f.write_str(prefix)?;
    f.write_str("_")?;
    write_digits(f, id)
}

fn write_digits(f: &mut fmt::Formatter<'_>, id: i64) -> fmt::Result {
    let mut digits = [DIGITS[0]; MOST_DIGITS];
    let mut start = MOST_DIGITS;
    let mut rest = id.unsigned_abs();
    while rest > 0 {
        start -= 1;
        digits[start] = DIGITS[usize::try_from(rest % 36).expect("below 36")];
        rest /= 36;
    }
    let digits = &digits[start.min(MOST_DIGITS - WIDTH)..];
    f.write_str(std::str::from_utf8(digits).expect("digits are ASCII"))
}

fn read_public(text: &str, prefix: &str) -> Option<i64> {
    read_digits(text.strip_prefix(prefix)?.strip_prefix('_')?)
}

fn read_digits(digits: &str) -> Option<i64> {
    let spelled = digits.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    let padded = digits.len() == WIDTH || (digits.len() > WIDTH && !digits.starts_with('0'));
    if spelled && padded { i64::from_str_radix(digits, 36).ok() } else { None }
}

/// Gives a number newtype its database form, its public spelling and its typed GraphQL `ID`.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        pub struct $name(pub i64);

        impl $name {
            /// What the public spelling starts with, before its underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_public(f, $prefix, self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_public(text, $prefix).map(Self).ok_or_else(|| NotAnId {
                    given: text.chars().take(64).collect(),
                    what: $what,
                    prefix: $prefix,
                    example: concat!($prefix, "_00001c"),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                <i64 as diesel::serialize::ToSql<
                    diesel::sql_types::BigInt,
                    diesel::pg::Pg,
                >>::to_sql(&self.0, out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::BigInt, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(Self(i64::from_sql(bytes)?))
            }
        }

        public_scalar!($name, async_graphql::ID);
    };
}

/// Lets a type that prints and parses its public form be used as the scalar `$scalar`.
macro_rules! public_scalar {
    ($name:ident, $scalar:ty) => {
        impl async_graphql::InputType for $name {
            type RawValueType = Self;

            fn type_name() -> std::borrow::Cow<'static, str> {
                <$scalar as async_graphql::InputType>::type_name()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                <$scalar as async_graphql::InputType>::create_type_info(registry)
            }

            fn parse(value: Option<async_graphql::Value>) -> async_graphql::InputValueResult<Self> {
                match value.unwrap_or_default() {
                    async_graphql::Value::String(text) => {
                        text.parse().map_err(async_graphql::InputValueError::custom)
                    }
                    other => Err(async_graphql::InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> async_graphql::Value {
                async_graphql::Value::String(self.to_string())
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }
        }

        impl async_graphql::OutputType for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                <$scalar as async_graphql::OutputType>::type_name()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                <$scalar as async_graphql::OutputType>::create_type_info(registry)
            }

            async fn resolve(
                &self,
                _: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                Ok(async_graphql::Value::String(self.to_string()))
            }
        }
    };
}

id!(
    /// An issue, cached from GitHub.
    IssueId, "iss", "an issue"
);
id!(
    /// A repository that is or was tracked.
    RepositoryId, "rep", "a repository"
);
id!(
    /// One run that an agent reported.
    AgentRunId, "run", "an agent run"
);
id!(
    /// One line of the audit log.
    AuditEntryId, "aud", "an audit entry"
);
id!(
    /// A named filter.
    SavedViewId, "viw", "a saved view"
);
id!(
    /// What an agent says of its progress on one piece of work.
    AgentWorkId, "wrk", "a piece of work"
);
id!(
    /// An answer of the queue to an agent that asked for work.
    DecisionId, "dec", "a decision"
);
id!(
    /// A message to the holder of an issue.
    LeaseMessageId, "msg", "a message"
);
id!(
    /// A part of the work that nothing is served of.
    PauseId, "pau", "a pause"
);
id!(
    /// A delivery of one of GitHub's webhooks.
    WebhookDeliveryId, "whd", "a webhook delivery"
);

id!(
    /// A workflow of GitHub Actions.
    WorkflowId, "wfl", "a workflow"
);
id!(
    /// A run of a workflow.
    WorkflowRunId, "wfr", "a workflow run"
);
id!(
    /// A job of a run.
    WorkflowJobId, "wfj", "a workflow job"
);
id!(
    /// A file that a run produced.
    ArtifactId, "art", "an artifact"
);
id!(
    /// A release.
    ReleaseId, "rel", "a release"
);
id!(
    /// A package.
    PackageId, "pkg", "a package"
);
id!(
    /// A pull request.
    PullRequestId, "prq", "a pull request"
);
id!(
    /// A check of another app.
    CheckRunId, "chk", "a check run"
);
id!(
    /// A deployment.
    DeploymentId, "dpl", "a deployment"
);
id!(
    /// Something that happened in a repository.
    ActivityId, "act", "an activity event"
);
id!(
    /// A sync of a repository's automation data.
    AutomationSyncRunId, "asr", "a sync of automation data"
);

/// One agent's holding of one issue: an old id never names a later holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId {
    /// The issue that is held.
    pub issue: IssueId,
    /// The fencing token of the holding.
    pub token: i64,
}

impl LeaseId {
    /// What the public spelling starts with, before its underscore.
    pub const PREFIX: &'static str = "lea";
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_public(f, Self::PREFIX, self.issue.0)?;
        f.write_str("_")?;
        write_digits(f, self.token)
    }
}

impl FromStr for LeaseId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let read = || {
            let (issue, token) = text.rsplit_once('_')?;
            let issue = IssueId(read_public(issue, Self::PREFIX)?);
            Some(Self { issue, token: read_digits(token)? })
        };
        read().ok_or_else(|| NotAnId {
            given: text.chars().take(64).collect(),
            what: "a lease",
            prefix: Self::PREFIX,
            example: "lea_00001c_000003",
        })
    }
}

public_scalar!(LeaseId, async_graphql::ID);

/// A position in the event log. Opaque to clients: they keep the newest one seen and hand it back
/// as `after` to go on without a gap. Position 0 is before the first event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
pub struct EventCursor(pub i64);

/// A position that Dispatch never issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an event cursor; use one that Dispatch has handed out")]
pub struct InvalidEventCursor(pub String);

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_public(f, "evt", self.0)
    }
}

impl FromStr for EventCursor {
    type Err = InvalidEventCursor;

    fn from_str(text: &str) -> Result<Self, InvalidEventCursor> {
        let refused = || InvalidEventCursor(text.chars().take(64).collect());
        read_public(text, "evt").map(Self).ok_or_else(refused)
    }
}

impl diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg> for EventCursor {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        <i64 as diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg>>::to_sql(
            &self.0, out,
        )
    }
}

impl diesel::deserialize::FromSql<diesel::sql_types::BigInt, diesel::pg::Pg> for EventCursor {
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(i64::from_sql(bytes)?))
    }
}

#[async_graphql::Scalar(name = "EventCursor")]
/// A position in the event log. Opaque to clients: keep the newest one seen and
/// pass it back as `after` to go on without a gap. Serialised as a string.
impl async_graphql::ScalarType for EventCursor {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => {
                text.parse().map_err(async_graphql::InputValueError::custom)
            }
            other => Err(async_graphql::InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_reads_back(number in 0..=i64::MAX) {
            let id = IssueId(number);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let cursor = EventCursor(number);
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn every_lease_reads_back(issue in 0..=i64::MAX, token in 0..=i64::MAX) {
            let id = LeaseId { issue: IssueId(issue), token };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert!(id.to_string().parse::<IssueId>().is_err());
        }

        #[test]
        fn a_text_has_one_reading_at_most(text in "(iss|run)?_?[0-9a-zA-Z+-]{0,14}") {
            if let Ok(id) = text.parse::<IssueId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn another_kind_is_refused_by_name() {
        let run = AgentRunId(7).to_string();
        assert_eq!(run, "run_000007");
        let error = run.parse::<IssueId>().expect_err("a run is no issue");
        assert_eq!(
            error.to_string(),
            "`run_000007` is not the id of an issue; such an id starts with `iss_`"
        );
    }

    #[test]
    fn a_malformed_id_error_shows_an_example() {
        let error = "iss_7".parse::<IssueId>().expect_err("too short");
        assert_eq!(
            error.to_string(),
            "`iss_7` is not the id of an issue; such an id looks like `iss_00001c`"
        );
        let error = "lea_00001c.3".parse::<LeaseId>().expect_err("not its two parts");
        assert!(error.to_string().ends_with("looks like `lea_00001c_000003`"), "{error}");
        for example in [error.example, "iss_00001c"] {
            let is_read = example.parse::<LeaseId>().is_ok() || example.parse::<IssueId>().is_ok();
            assert!(is_read, "{example}");
        }
    }
}
