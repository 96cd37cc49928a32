//! What GitHub has of an issue beside its text, labels and state: type, parent, fields.

use super::sql_enum::json_column;
use super::status::Priority;

/// What GitHub has of an issue beside its text, labels and state. Members that a server of GitHub does
/// not have are empty.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
#[serde(default)]
pub struct IssueDetails {
    /// The type, such as `Bug`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<IssueType>,
    /// Why it was closed or reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<StateReason>,
    /// The issue that it is a duplicate of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<IssueReference>,
    /// The issue that it is a sub-issue of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<IssueReference>,
    /// Its sub-issues; none when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_issues: Option<SubIssues>,
    /// The accounts that it is assigned to, at most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<Assignee>,
    /// The values of the organisation's issue fields, at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<IssueFieldValue>,
}

json_column!(IssueDetails);

/// The type of an issue, which an organisation defines.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::SimpleObject,
)]
pub struct IssueType {
    /// The name, such as `Bug`.
    pub name: String,
    /// The color, in lower case, such as `red`; null when it is unknown.
    pub color: Option<String>,
}

/// Why an issue was closed or reopened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "IssueStateReason")]
pub enum StateReason {
    /// It was closed because the work is done.
    Completed,
    /// It was closed although the work is not done.
    NotPlanned,
    /// It was closed as a duplicate of another issue.
    Duplicate,
    /// It was reopened.
    Reopened,
}

impl StateReason {
    /// Reads GitHub's word, in any case; none for an unknown one.
    pub fn from_github(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "COMPLETED" => Self::Completed,
            "NOT_PLANNED" => Self::NotPlanned,
            "DUPLICATE" => Self::Duplicate,
            "REOPENED" => Self::Reopened,
            _ => return None,
        })
    }
}

/// An issue of any repository, tracked or not.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::SimpleObject,
)]
pub struct IssueReference {
    /// The full name of its repository.
    pub repository: String,
    /// Its number in the repository.
    pub number: i32,
    /// The title.
    pub title: String,
    /// Its page on GitHub.
    pub url: String,
}

/// The sub-issues of an issue.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    async_graphql::SimpleObject,
)]
#[graphql(name = "SubIssueProgress")]
pub struct SubIssues {
    /// How many there are, at least 1.
    pub total: i32,
    /// How many of them are completed.
    pub completed: i32,
}

/// An account that an issue is assigned to.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::SimpleObject,
)]
pub struct Assignee {
    /// The GitHub login.
    pub login: String,
    /// The kind of account.
    pub kind: AssigneeKind,
}

/// The kind of an account that an issue is assigned to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AssigneeKind {
    /// A person, or a kind of account that is not known.
    User,
    /// A bot, such as Copilot.
    Bot,
    /// The placeholder for a person in an imported repository.
    Mannequin,
    /// An organisation.
    Organization,
}

impl AssigneeKind {
    /// Reads the name of GitHub's type.
    pub fn from_github(name: &str) -> Self {
        match name {
            "Bot" => Self::Bot,
            "Mannequin" => Self::Mannequin,
            "Organization" => Self::Organization,
            _ => Self::User,
        }
    }
}

/// The value that an issue has in one of the organisation's issue fields.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::SimpleObject,
)]
pub struct IssueFieldValue {
    /// The name of the field, such as `Effort`.
    pub name: String,
    /// The value as text: the name of the option, the text, the number, or the date.
    pub value: String,
}

impl IssueDetails {
    /// The priority according to the field `Priority`, which counts where an issue has no priority
    /// label. None for a value that is not one of GitHub's (`Urgent`, `High`, `Medium`, `Low`) or ours
    /// (`P0` to `P3`).
    pub fn priority(&self) -> Option<Priority> {
        let field = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case("priority"))?;
        Some(match field.value.to_ascii_lowercase().as_str() {
            "urgent" | "critical" | "p0" => Priority::P0,
            "high" | "p1" => Priority::P1,
            "medium" | "p2" => Priority::P2,
            "low" | "p3" => Priority::P3,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_field(name: &str, value: &str) -> IssueDetails {
        let field = IssueFieldValue { name: name.to_owned(), value: value.to_owned() };
        IssueDetails { fields: vec![field], ..IssueDetails::default() }
    }

    #[test]
    fn the_priority_field_has_the_values_of_github_and_of_labels() {
        let priority = |value| with_field("Priority", value).priority();
        assert_eq!(priority("Urgent"), Some(Priority::P0));
        assert_eq!(priority("high"), Some(Priority::P1));
        assert_eq!(priority("P2"), Some(Priority::P2));
        assert_eq!(priority("Low"), Some(Priority::P3));
        assert_eq!(priority("Whenever"), None);
        assert_eq!(with_field("Effort", "High").priority(), None);
    }

    #[test]
    fn details_without_members_are_an_empty_object() {
        assert_eq!(serde_json::to_string(&IssueDetails::default()).unwrap(), "{}");
        let read: IssueDetails = serde_json::from_str("{}").unwrap();
        assert_eq!(read, IssueDetails::default());
    }
}
