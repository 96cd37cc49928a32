//! The state of an issue on GitHub, as far as a change of labels needs it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::filter::is_on_board;
use crate::domain::{IssueId, IssueState, LabelScheme, LabelSet, Status};
use crate::github::{self, LiveLabels};
use crate::service::Result;
use crate::store::issues::LabelWrite;
use crate::store::{Connection, Issue, repositories};

/// The state of an issue on GitHub at one point in time, as far as a move needs it.
#[derive(Clone)]
pub(in crate::service) struct GithubState {
    pub(super) labels: LabelSet,
    pub(super) state: IssueState,
    pub(super) closed_at: Option<DateTime<Utc>>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) read_at: DateTime<Utc>,
    /// The label scheme in which the labels are expressed; none for that of the row.
    pub(super) scheme: Option<Arc<LabelScheme>>,
}

impl GithubState {
    pub(super) fn of_live(
        live: &LiveLabels,
        read_at: DateTime<Utc>,
        github: &github::Client,
    ) -> Self {
        Self {
            labels: LabelSet::from(live.names()),
            state: live.state,
            closed_at: live.closed_at,
            updated_at: live.updated_at,
            read_at,
            scheme: Some(Arc::clone(github.label_scheme())),
        }
    }

    /// The same in the repository's current label scheme, which is locked until the caller's
    /// transaction ends. Must be called before any lock of the issue's row.
    pub(super) async fn in_current_scheme(
        &self,
        connection: &mut Connection,
        issue: IssueId,
    ) -> Result<Box<Self>> {
        let scheme = repositories::hold_label_scheme_of(connection, issue).await?;
        let read_by = self.scheme.as_ref().filter(|read_by| ***read_by != scheme);
        let translated = read_by.map(|read_by| read_by.translated(&self.labels, &scheme));
        let labels = translated.unwrap_or_else(|| self.labels.clone());
        Ok(Box::new(Self { labels, ..self.clone() }))
    }

    pub(in crate::service) fn of_row(row: &Issue) -> Self {
        Self {
            labels: row.labels.clone(),
            state: row.state,
            closed_at: row.closed_at,
            updated_at: row.updated_at,
            read_at: row.read_at,
            scheme: None,
        }
    }

    pub(super) fn write(
        &self,
        row: &Issue,
        blocked_reason: Option<String>,
        since: DateTime<Utc>,
    ) -> LabelWrite {
        let status = self.labels.effective_status(self.state);
        LabelWrite {
            labels: self.labels.clone(),
            state: self.state,
            closed_at: self.closed_at,
            on_board: row.removed_at.is_none() && is_on_board(self.state, self.closed_at, since),
            status,
            priority: self.labels.priority(),
            blocked_reason: blocked_reason.filter(|_| status == Status::Blocked),
            updated_at: self.updated_at,
            read_at: self.read_at.max(row.read_at),
        }
    }
}

pub(super) fn unchanged(row: &Issue) -> LabelWrite {
    LabelWrite {
        labels: row.labels.clone(),
        state: row.state,
        closed_at: row.closed_at,
        on_board: row.on_board,
        status: row.status,
        priority: row.priority,
        blocked_reason: row.blocked_reason.clone(),
        updated_at: row.updated_at,
        read_at: row.read_at,
    }
}
