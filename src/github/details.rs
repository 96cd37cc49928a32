//! Reads the details of an issue: type, parent, sub-issues and fields.

use serde::Deserialize;
use serde_json::Value;

use super::nodes::{NodeList, RepositoryName};
use super::text::storable;
use crate::domain::IssueDetails;
use crate::domain::details::{
    Assignee, IssueFieldValue, IssueReference, IssueType, StateReason, SubIssues,
};

/// The members of `IssueFields` that a server of GitHub may not have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DetailsNode {
    state_reason: Option<String>,
    issue_type: Option<TypeNode>,
    parent: Option<ReferenceNode>,
    duplicate_of: Option<ReferenceNode>,
    sub_issues_summary: Option<SubIssuesNode>,
    issue_field_values: Option<NodeList<FieldNode>>,
}

/// The type of an issue, over GraphQL and in webhooks.
#[derive(Deserialize)]
pub(super) struct TypeNode {
    name: Option<String>,
    color: Option<String>,
}

impl TypeNode {
    pub(super) fn read(self) -> Option<IssueType> {
        let name = storable(self.name?);
        let color = self.color.map(|color| storable(color).to_ascii_lowercase());
        Some(IssueType { name, color })
    }
}

#[derive(Deserialize)]
struct ReferenceNode {
    number: i32,
    title: String,
    url: String,
    repository: RepositoryName,
}

impl ReferenceNode {
    fn read(self) -> IssueReference {
        IssueReference {
            repository: storable(self.repository.name_with_owner),
            number: self.number,
            title: storable(self.title),
            url: storable(self.url),
        }
    }
}

/// The counts of sub-issues, over GraphQL and in webhooks.
#[derive(Deserialize)]
pub(super) struct SubIssuesNode {
    total: i32,
    completed: i32,
}

impl SubIssuesNode {
    pub(super) fn read(self) -> Option<SubIssues> {
        let Self { total, completed } = self;
        (total > 0).then_some(SubIssues { total, completed })
    }
}

/// A value of a field: one of the members, depending on its kind. Kinds that are not known have none.
#[derive(Deserialize)]
struct FieldNode {
    field: Option<FieldName>,
    option: Option<String>,
    text: Option<String>,
    number: Option<serde_json::Number>,
    date: Option<Value>,
}

#[derive(Deserialize)]
struct FieldName {
    name: Option<String>,
}

impl FieldNode {
    fn read(self) -> Option<IssueFieldValue> {
        let date = self.date.and_then(|date| date.as_str().map(str::to_owned));
        let number = self.number.map(|number| number.to_string());
        let value = self.option.or(self.text).or(number).or(date)?;
        Some(IssueFieldValue { name: storable(self.field?.name?), value: storable(value) })
    }
}

impl DetailsNode {
    pub(super) fn read(self, assignees: Vec<Assignee>) -> IssueDetails {
        let fields = self.issue_field_values.into_iter().flat_map(NodeList::into_items);
        IssueDetails {
            issue_type: self.issue_type.and_then(TypeNode::read),
            state_reason: self.state_reason.and_then(|word| StateReason::from_github(&word)),
            duplicate_of: self.duplicate_of.map(ReferenceNode::read),
            parent: self.parent.map(ReferenceNode::read),
            sub_issues: self.sub_issues_summary.and_then(SubIssuesNode::read),
            assignees,
            fields: fields.filter_map(FieldNode::read).collect(),
        }
    }
}
