//! Root fields for label schemes.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use crate::domain::IssueId;
use crate::graphql::arguments::full_name;
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::Repository;
use crate::graphql::types::page::cost;
use crate::service::board::label_schemes::{
    self, LabelSchemeInput, MOST_SHOWN, Preview, PreviewedChange, PreviewedLabel,
};

struct LabelSchemePreview(Preview);

/// The effect that a label scheme would have on a repository. Setting it writes nothing to GitHub.
#[Object]
impl LabelSchemePreview {
    /// Each of Dispatch's labels with its name on GitHub: statuses in board order, then priorities.
    async fn labels(&self) -> Vec<LabelPreview<'_>> {
        self.0.labels.iter().map(LabelPreview).collect()
    }

    /// The issues whose column, priority or agent would change, by number: the first 20.
    #[graphql(complexity = "cost(Some(MOST_SHOWN), None, child_complexity)")]
    async fn changes(&self) -> Vec<LabelSchemeChange<'_>> {
        self.0.changes.iter().map(LabelSchemeChange).collect()
    }

    /// The total number of issues that would change.
    async fn change_count(&self) -> usize {
        self.0.change_count
    }
}

struct LabelPreview<'a>(&'a PreviewedLabel);

/// One label of a previewed scheme.
#[Object]
impl LabelPreview<'_> {
    /// Dispatch's label, such as `status/ready`.
    async fn label(&self) -> &str {
        self.0.ours
    }

    /// The name of this label on GitHub.
    async fn on_github(&self) -> &str {
        &self.0.theirs
    }

    /// Whether the repository has this label, as of the last sync. A missing label is created when
    /// a change first needs it.
    async fn exists(&self) -> bool {
        self.0.exists
    }

    /// The number of open issues with this label.
    async fn open_issues(&self) -> usize {
        self.0.issues
    }
}

struct LabelSchemeChange<'a>(&'a PreviewedChange);

/// An issue that would change.
#[Object]
impl LabelSchemeChange<'_> {
    /// The issue.
    async fn issue_id(&self) -> IssueId {
        self.0.issue
    }

    /// Its number.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its current column, priority and agents: "Backlog" or "Ready, priority/p1, agent alpha".
    async fn before(&self) -> &str {
        &self.0.before
    }

    /// Its column, priority and agents with the scheme.
    async fn after(&self) -> &str {
        &self.0.after
    }
}

#[derive(Debug, Default)]
pub(crate) struct LabelSchemeQuery;

#[Object]
impl LabelSchemeQuery {
    /// Previews the effect of a label scheme on a repository. Changes nothing, neither here nor on
    /// GitHub.
    #[graphql(complexity = "cost(Some(100), None, child_complexity)")]
    async fn label_scheme_preview(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The repository and its labels.")] input: LabelSchemeInput,
    ) -> async_graphql::Result<LabelSchemePreview> {
        let name = full_name(context, "fullName", &input.full_name)?;
        let preview = label_schemes::preview(app(context), &name, &input).await?;
        Ok(LabelSchemePreview(preview))
    }
}

/// The repository with its new label scheme.
#[derive(SimpleObject)]
struct SetLabelSchemePayload {
    /// The repository.
    repository: Repository,
}

#[derive(Debug, Default)]
pub(crate) struct LabelSchemeMutation;

#[Object]
impl LabelSchemeMutation {
    /// Sets the names of a repository's status, priority and agent labels on GitHub. An omitted
    /// label gets Dispatch's own name again. Columns, priorities and agents of its issues follow
    /// the new names at once; later changes write these labels.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn set_label_scheme(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The repository and its labels.")] input: LabelSchemeInput,
    ) -> async_graphql::Result<SetLabelSchemePayload> {
        let name = full_name(context, "fullName", &input.full_name)?;
        let (app, actor) = (app(context), actor(context));
        let row = label_schemes::set_label_scheme(app, actor, &name, &input).await?;
        Ok(SetLabelSchemePayload { repository: Repository::new(Arc::new(row)) })
    }
}
