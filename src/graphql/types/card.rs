//! A fast path for the fields of an issue that need no loading, resolved together.
//!
//! Nearly all fields that are requested of an issue are in its row. The library creates a task for
//! every field of every issue, which for a board of some hundred cards costs more than the database
//! does. So an issue checks its selection first: if all of it is known, the result is built here,
//! in the order of the selection; if anything must be loaded, the library resolves all of it. A
//! test checks that both ways give equal results, field by field.

use std::borrow::Cow;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, InputType, ObjectType, OutputType, Positioned,
    ServerResult, Value,
};

use super::Issue;
use super::automation::PullRequestState;
use super::issue::IssueFields;
use super::repository::{self, RepositorySource};
use super::selection::{
    Fragments, ResolvedSelection, ResponseObject, optional, put_fields, resolved, timestamp,
};
use crate::domain::Timestamp;
use crate::graphql::loaders::Related;
use crate::service::{self, App};
use crate::store;
use crate::store::automation::PullRequest;
use crate::store::board::blockers::DependencyCounts;

impl OutputType for Issue {
    fn type_name() -> Cow<'static, str> {
        <IssueFields<'_> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <IssueFields<'_> as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let fragments = &context.query_env.fragments;
        let card = Card { issue: self, fragments, app: context.data_unchecked() };
        let set = &context.item.node;
        let mut answer = ResponseObject::with_capacity(set.items.len());
        match card.put_issue(set, &mut answer) {
            Some(()) => Ok(Value::Object(answer)),
            None => IssueFields(self).resolve(context, field).await,
        }
    }
}

impl ContainerType for Issue {
    async fn resolve_field(&self, context: &Context<'_>) -> ServerResult<Option<Value>> {
        IssueFields(self).resolve_field(context).await
    }
}

impl ObjectType for Issue {}

/// An issue that is being serialized.
struct Card<'a> {
    issue: &'a Issue,
    fragments: &'a Fragments,
    app: &'a App,
}

impl Card<'_> {
    /// Adds the selected fields of the issue to the response; `None` if not all of them are loaded.
    fn put_issue(&self, set: &SelectionSet, answer: &mut ResponseObject) -> Option<()> {
        for item in &set.items {
            match self.item(&item.node, "Issue") {
                ResolvedSelection::Field(field) if field.name.node == "repository" => {
                    let inside = object(answer, field)?;
                    self.put_repository(&field.selection_set.node, inside)?;
                }
                ResolvedSelection::Field(field) => {
                    let value = match field.selection_set.node.items.is_empty() {
                        true => self.issue_value(&field.name.node)?,
                        false if answer.contains_key(&field.response_key().node) => return None,
                        false => self.related_value(field)?,
                    };
                    answer.insert(field.response_key().node.clone(), value);
                }
                ResolvedSelection::Set(set) => self.put_issue(set, answer)?,
                ResolvedSelection::Nothing => {}
            }
        }
        Some(())
    }

    fn put_repository(&self, set: &SelectionSet, answer: &mut ResponseObject) -> Option<()> {
        for item in &set.items {
            match self.item(&item.node, "Repository") {
                ResolvedSelection::Field(field) => {
                    let value = self.repository_value(&field.name.node)?;
                    answer.insert(field.response_key().node.clone(), value);
                }
                ResolvedSelection::Set(set) => self.put_repository(set, answer)?,
                ResolvedSelection::Nothing => {}
            }
        }
        Some(())
    }

    fn item<'a>(&'a self, selection: &'a Selection, of: &str) -> ResolvedSelection<'a> {
        resolved(self.fragments, selection, of)
    }

    fn issue_value(&self, field: &str) -> Option<Value> {
        let row = &self.issue.row;
        Some(match field {
            "__typename" => "Issue".into(),
            "id" => row.id.to_string().into(),
            "number" => row.number.into(),
            "title" => row.title.as_str().into(),
            "body" => match &self.issue.body {
                Related::Known(body) => optional(body.as_deref()),
                Related::Left => return None,
            },
            "url" => row.url.as_str().into(),
            "state" => row.state.to_value(),
            "status" => row.status.to_value(),
            "priority" => row.priority.map_or(Value::Null, |priority| priority.to_value()),
            "labels" => {
                let scheme = &self.issue.repository.label_scheme;
                let names = row.labels.names().iter();
                Value::List(names.map(|name| scheme.write(name).as_ref().into()).collect())
            }
            "agents" => list(row.labels.agents()),
            "owners" => list(row.labels.owners()),
            "assignees" => list(row.assignees.iter().map(String::as_str)),
            "author" => optional(row.author.as_deref()),
            "stateReason" => row.details.state_reason.map_or(Value::Null, |of| of.to_value()),
            "authorAssociation" => row.author_association.map_or(Value::Null, |of| of.to_value()),
            "commentsCount" => row.comments_count.into(),
            "createdAt" => timestamp(Timestamp(row.created_at)),
            "updatedAt" => timestamp(Timestamp(row.updated_at)),
            "closedAt" => row.closed_at.map_or(Value::Null, |at| timestamp(Timestamp(at))),
            "removedAt" => row.removed_at.map_or(Value::Null, |at| timestamp(Timestamp(at))),
            "lastSyncedAt" => timestamp(self.issue.last_synced_at()),
            "lane" => row.lane.as_str().into(),
            // Most issues are not held; the lease of the others is resolved field by field.
            "lease" => match &self.issue.lease {
                Related::Known(None) => Value::Null,
                Related::Known(Some(_)) | Related::Left => return None,
            },
            "backoff" => match &self.issue.backoff {
                Related::Known(None) => Value::Null,
                Related::Known(Some(_)) | Related::Left => return None,
            },
            "openBlockers" => self.counts()?.open_blockers.into(),
            "unblocks" => self.counts()?.unblocks.into(),
            "queueScore" => {
                service::claims::queue::score(self.app, row, self.counts()?.unblocks).into()
            }
            "blockedBy" => none_of(&self.issue.blocked_by)?,
            "blocks" => none_of(&self.issue.blocks)?,
            "pullRequestUrl" => optional(row.pull_request_url.as_deref()),
            "blockedReason" => optional(row.blocked_reason.as_deref()),
            _ => return None,
        })
    }

    /// The value of a field with a selection of its own.
    fn related_value(&self, field: &Field) -> Option<Value> {
        let set = &field.selection_set.node;
        let details = &self.issue.row.details;
        Some(match field.name.node.as_str() {
            "type" => match &details.issue_type {
                None => Value::Null,
                Some(of) => self.flat(set, "IssueType", |member| {
                    Some(match member {
                        "name" => of.name.as_str().into(),
                        "color" => optional(of.color.as_deref()),
                        _ => return None,
                    })
                })?,
            },
            "subIssues" => match details.sub_issues {
                None => Value::Null,
                Some(of) => self.flat(set, "SubIssueProgress", |member| {
                    Some(match member {
                        "total" => of.total.into(),
                        "completed" => of.completed.into(),
                        _ => return None,
                    })
                })?,
            },
            "pullRequests" => match &self.issue.pull_requests {
                Related::Known(rows) => {
                    let rows = rows.iter().flatten();
                    Value::List(rows.map(|row| self.pull_request(set, row)).collect::<Option<_>>()?)
                }
                Related::Left => return None,
            },
            "assignedActors" if details.assignees.is_empty() => Value::List(vec![]),
            "fieldValues" if details.fields.is_empty() => Value::List(vec![]),
            "parent" if details.parent.is_none() => Value::Null,
            "duplicateOf" if details.duplicate_of.is_none() => Value::Null,
            other => self.issue_value(other)?,
        })
    }

    /// A pull request, if only what cards show is selected.
    fn pull_request(&self, set: &SelectionSet, row: &PullRequest) -> Option<Value> {
        let mut answer = ResponseObject::with_capacity(set.items.len());
        let value = |field: &str| {
            Some(match field {
                "number" => row.number.into(),
                "url" => row.html_url.as_str().into(),
                "state" => PullRequestState::of(row).to_value(),
                "isDraft" => row.is_draft.into(),
                "reviewDecision" => optional(row.review_decision.as_deref()),
                "checkState" => optional(row.check_state.as_deref()),
                "mergeable" => optional(row.mergeable.as_deref()),
                _ => return None,
            })
        };
        put_fields((self.fragments, "PullRequest"), set, &mut answer, &value)?;
        Some(Value::Object(answer))
    }

    /// An object whose fields have no selections; none when one of them is not known.
    fn flat(
        &self,
        set: &SelectionSet,
        of: &str,
        value: impl Fn(&str) -> Option<Value>,
    ) -> Option<Value> {
        let mut object = ResponseObject::with_capacity(set.items.len());
        for item in &set.items {
            let ResolvedSelection::Field(field) = self.item(&item.node, of) else { return None };
            let value = match field.name.node.as_str() {
                "__typename" => of.into(),
                name => value(name)?,
            };
            object.insert(field.response_key().node.clone(), value);
        }
        Some(Value::Object(object))
    }

    fn counts(&self) -> Option<DependencyCounts> {
        match self.issue.counts {
            Related::Known(counts) => Some(counts.unwrap_or_default()),
            Related::Left => None,
        }
    }

    fn repository_value(&self, field: &str) -> Option<Value> {
        let row: &store::Repository = &self.issue.repository;
        let at = |at: Option<_>| at.map_or(Value::Null, |at| timestamp(Timestamp(at)));
        Some(match field {
            "__typename" => "Repository".into(),
            "id" => row.id.to_string().into(),
            "fullName" => row.full_name.as_str().into(),
            "owner" => row.full_name.owner().into(),
            "name" => row.full_name.name().into(),
            "url" => repository::url(self.app, row).into(),
            "enabled" => row.enabled.into(),
            "source" => RepositorySource::from_row(row).to_value(),
            "lastSyncedAt" => at(row.synced_at),
            "readOnlyReason" => row.read_only_reason().map_or(Value::Null, |why| why.to_value()),
            "lastAttemptedAt" => at(row.attempted_at),
            "syncError" => optional(row.sync_error.as_deref()),
            _ => return None,
        })
    }
}

/// The object under a field's key, which another selection may have started.
fn object<'a>(answer: &'a mut ResponseObject, field: &Field) -> Option<&'a mut ResponseObject> {
    let empty =
        || Value::Object(ResponseObject::with_capacity(field.selection_set.node.items.len()));
    match answer.entry(field.response_key().node.clone()).or_insert_with(empty) {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// A list that is known to be empty; others are resolved item by item.
fn none_of<T>(list: &Related<Vec<T>>) -> Option<Value> {
    match list {
        Related::Known(known) if known.as_ref().is_none_or(Vec::is_empty) => {
            Some(Value::List(vec![]))
        }
        Related::Known(_) | Related::Left => None,
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::List(texts.map(Value::from).collect())
}
