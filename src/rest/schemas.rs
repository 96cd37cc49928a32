//! The vocabularies and forms of texts in requests, as OpenAPI describes them. Each type stands for
//! a text that a handler checks, has no values, and is for `value_type`.

use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, SchemaFormat, SchemaType,
};
use utoipa::openapi::{Object, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::Status;
use crate::domain::bounds::{LIST, TEXT, longest};
use crate::domain::lane_rules::Confidence;
use crate::domain::progress::{WorkCheckpoint, WorkState};

/// The possible outcomes of a run.
pub(super) const RUN_OUTCOMES: [&str; 6] = [
    "PR_OPENED",
    "PR_UPDATED",
    "FOLLOW_UP_CREATED",
    "DESIGN_COMMENT_POSTED",
    "DECOMPOSED_SKIPPED",
    "STUCK",
];

/// The types of tasks that agents report on.
pub(super) const TASK_TYPES: [&str; 3] = ["implement", "followup-pr", "groom"];

/// The possible outcomes of a task.
pub(super) const TASK_OUTCOMES: [&str; 8] = [
    "pr_opened",
    "pr_updated",
    "issue_updated",
    "issue_closed",
    "blocked",
    "failed",
    "no_changes_needed",
    "already_addressed",
];

/// A text without the control characters that are rejected.
pub(super) const NO_CONTROL: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

/// The control and invisible characters that a name must not have, as the inside of a class.
const INVISIBLE: &str = concat!(
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f",
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb",
    // Regular expressions have no common escape for these.
    "\u{1bca0}-\u{1bca3}\u{1d159}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}",
);

/// An idempotency key. Quotes around it are ignored.
pub(super) const KEY_PATTERN: &str = r#"^"*[!#-~]([!-~]{0,198}[!#-~])?"*$"#;

/// The part of an id after its prefix: as many digits as a 64-bit number always has room for.
const DIGITS: &str = "([0-9a-z]{6}|[1-9a-z][0-9a-z]{6,11})";

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    text().enum_values(Some(words))
}

fn matching(pattern: impl Into<String>) -> ObjectBuilder {
    text().pattern(Some(pattern))
}

/// The pattern of a text that is not only white space.
fn not_blank_pattern() -> String {
    let any = &NO_CONTROL[1..NO_CONTROL.len() - 1];
    format!(r"^{any}[^\s\x00-\x1f\x7f-\x9f]{any}$")
}

/// A text of at most so many characters that is not only white space.
fn not_blank(most: usize) -> ObjectBuilder {
    matching(not_blank_pattern()).max_length(Some(most))
}

/// One of the words in any case, with `-` for `_`.
fn in_any_spelling<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    let letter = |letter: char| match letter {
        '_' => "[-_]".to_owned(),
        _ => format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()),
    };
    let words: Vec<String> =
        words.into_iter().map(|word| word.chars().map(letter).collect()).collect();
    matching(format!("^({})$", words.join("|")))
}

/// One of the names in any case.
pub(super) fn in_any_case(names: &[String]) -> RefOr<Schema> {
    let letter = |letter: char| match letter {
        'A'..='Z' | 'a'..='z' => {
            format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase())
        }
        _ if r"^$\.*+?()[]{}|/".contains(letter) => format!("\\{letter}"),
        _ => letter.to_string(),
    };
    let names: Vec<String> = names.iter().map(|name| name.chars().map(letter).collect()).collect();
    matching(format!("^({})$", names.join("|"))).into()
}

/// Declares types with their description and schema.
macro_rules! schemas {
    ($($name:ident, $description:literal, $schema:expr;)*) => {
        $(
            #[doc = $description]
            pub(super) enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.description(Some($description)).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

schemas! {
    StatusWord, "A status.", one_of(Status::ALL.map(Status::as_str));
    ClaimedStatus, "A status that a claimed issue can have.", one_of(["in-progress", "ready"]);
    LabelAction, "What to do with a label.", one_of(["add", "remove"]);
    AssignAction, "What to assign.", one_of(["assign_agent", "assign_owner"]);
    UnassignAction, "What to remove.", one_of(["unassign_agent", "unassign_owner"]);
    WorkActionWord, "What to do with the work.", one_of(["release", "reassign"]);
    ConfidenceWord, "A confidence.", one_of(Confidence::ALL.map(Confidence::as_str));
    RunOutcome, "The outcome of a run.", one_of(RUN_OUTCOMES);
    TaskType, "The type of a task.", one_of(TASK_TYPES);
    TaskOutcome, "The outcome of a task.", one_of(TASK_OUTCOMES);
    StateWord, "A state of work; case-insensitive, with `-` allowed for `_`.",
        in_any_spelling(WorkState::ALL.map(WorkState::as_str));
    CheckpointWord, "A checkpoint of work; case-insensitive, with `-` allowed for `_`.",
        in_any_spelling(WorkCheckpoint::ALL.map(WorkCheckpoint::as_str));
    IssueIdText, "The id of an issue.",
        matching(format!("^iss_{DIGITS}$")).examples([json!("iss_00001c")]);
    WorkIdText, "The id of a piece of work, or of an expired lease with the prefix `lease-`.",
        matching(format!("^(wrk_{DIGITS}|lease-lea_{DIGITS}_{DIGITS})$"))
            .examples([json!("wrk_000001")]);
    LeaseIdText, "The id of a lease, with or without the prefix `lease-`.",
        matching(format!("^(lease-)?lea_{DIGITS}_{DIGITS}$"))
            .examples([json!("lea_00001c_000003")]);
    AgentName, "The name of an agent, with or without `agent/`: 1 to 44 visible characters and no comma.",
        matching(format!(
            r"^ *([Aa][Gg][Ee][Nn][Tt]/)?[^\s,{INVISIBLE}]([^,{INVISIBLE}]{{0,42}}[^\s,{INVISIBLE}])? *$"
        ))
        .examples([json!("alpha")]);
    VisibleName, "A name of visible characters.",
        matching(format!(r"^[^{INVISIBLE}]*[^\s{INVISIBLE}][^{INVISIBLE}]*$"))
            .max_length(Some(longest("agentName")))
            .examples([json!("alpha")]);
    NotBlank, "A text that is not only white space.", not_blank(TEXT);
    KeyText, "An idempotency key.", not_blank(longest("idempotencyKey"));
    WebAddress, "An http(s) URL.",
        matching(r"^https?://[^\x00-\x1f\x7f-\x9f]*$")
            .max_length(Some(TEXT))
            .examples([json!("https://github.com/octo-org/hello-world/issues/1")]);
    PullRequestUrl, "The http(s) URL of a pull request.",
        matching(r"^https?://[^\x00-\x1f\x7f-\x9f]*$")
            .max_length(Some(500))
            .examples([json!("https://github.com/octo-org/hello-world/pull/2")]);
    RepositoryName, "A full name, `owner/name`; the URL of the repository is also accepted.",
        matching("^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$")
            .examples([json!("octo-org/hello-world")]);
    Absent, "As in JavaScript, these values count as absent.",
        ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .enum_values(Some([json!(false), json!(0), json!("")]));
    Time, "ISO 8601, or milliseconds since 1970; from 1970 to 9999.",
        AnyOfBuilder::new()
            .item(
                matching("^(19[7-9][0-9]|[2-9][0-9]{3})-")
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Number)
                    .minimum(Some(1))
                    .maximum(Some(253_402_300_799_000_i64)),
            );
    Anything, "Any value within the bounds.",
        AnyOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter([Type::Null, Type::Boolean, Type::Number])),
            )
            .item(matching(NO_CONTROL))
            .item(ArrayBuilder::new().items(anything()).max_items(Some(LIST)))
            .item(
                ObjectBuilder::new()
                    .property_names(Some(Object::from(matching(NO_CONTROL).max_length(Some(TEXT)))))
                    .additional_properties(Some(AdditionalProperties::RefOr(anything()))),
            );
}

/// What a body must contain beside its required members: one of these objects.
pub(super) fn alternatives() -> [(&'static str, Vec<Object>); 3] {
    let with = |action: &str, members: &[(&str, RefOr<Schema>)]| {
        let action = ObjectBuilder::new().property("action", one_of([action]));
        members.iter().fold(action, |object, (name, schema)| {
            object.property(*name, schema.clone()).required(*name)
        })
    };
    let truth = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    let of_agent = [("agentName", AgentName::schema()), ("issueId", IssueIdText::schema())];
    let work = ("workId", matching(format!("^wrk_{DIGITS}$")).into());
    let actions = vec![
        with("release", &[("workId", WorkIdText::schema())]),
        with("release", &[("leaseId", LeaseIdText::schema())]),
        with("release", &of_agent),
        with("release", &[("releaseAll", truth.into())]),
        with("reassign", &[work, ("newAgentName", AgentName::schema())]),
    ];
    let open = WorkCheckpoint::ALL.into_iter().filter(|word| *word != WorkCheckpoint::Blocked);
    let checkpoints = vec![
        ObjectBuilder::new()
            .property("checkpoint", in_any_spelling(open.map(WorkCheckpoint::as_str))),
        ObjectBuilder::new()
            .property("blockerReason", not_blank(longest("blockerReason")))
            .required("blockerReason"),
    ];
    let value = |start: &str| {
        let text = matching(format!("^{start}{}", &not_blank_pattern()[1..]));
        ("value", text.max_length(Some(TEXT)).into())
    };
    let assignments = vec![
        with("assign_agent", &[value("[Aa][Gg][Ee][Nn][Tt]/")]),
        with("assign_owner", &[value("[Oo][Ww][Nn][Ee][Rr]/")]),
    ];
    let built = |all: Vec<ObjectBuilder>| all.into_iter().map(Object::from).collect();
    [
        ("AssignBody", built(assignments)),
        ("WorkAction", built(actions)),
        ("CheckpointBody", built(checkpoints)),
    ]
}

fn anything() -> RefOr<Schema> {
    Ref::from_schema_name(Anything::name()).into()
}
