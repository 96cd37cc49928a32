//! The state of an issue on GitHub, as far as a change of labels needs it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::filter::is_on_board;
use crate::domain::{IssueId, LabelScheme, LabelSet, Status};
use crate::github::{self, LiveLabels};
use crate::service::Result;
use crate::store::board::issues::{LabelState, LabelWrite};
use crate::store::{Connection, Issue, repositories};

/// The state of an issue on GitHub at one point in time.
pub(in crate::service) struct GithubState {
    pub(super) read: LabelState,
    /// The label scheme in which the labels are expressed; none for that of the row.
    scheme: Option<Arc<LabelScheme>>,
}

impl GithubState {
    pub(super) fn from_live(
        live: &LiveLabels,
        read_at: DateTime<Utc>,
        github: &github::Client,
    ) -> Self {
        let read = LabelState {
            labels: LabelSet::from(live.names()),
            state: live.state,
            closed_at: live.closed_at,
            updated_at: live.updated_at,
            read_at,
        };
        Self { read, scheme: Some(Arc::clone(github.label_scheme())) }
    }

    /// The state after a change of labels that GitHub has answered.
    pub(super) fn changed_to(
        self,
        changed: github::LabelChangeResult,
        read_at: DateTime<Utc>,
    ) -> Self {
        let labels = LabelSet::from(changed.labels);
        let read = LabelState { labels, updated_at: changed.updated_at, read_at, ..self.read };
        Self { read, ..self }
    }

    pub(in crate::service) fn from_row(row: &Issue) -> Self {
        Self { read: LabelState::from(row), scheme: None }
    }

    /// The same in the repository's current label scheme, which is locked until the caller's
    /// transaction ends. Must be called before any lock of the issue's row.
    pub(super) async fn in_current_scheme(
        mut self,
        connection: &mut Connection,
        issue: IssueId,
    ) -> Result<Self> {
        let scheme = repositories::lock_label_scheme_of_issue(connection, issue).await?;
        if let Some(read_by) = self.scheme.as_ref().filter(|read_by| ***read_by != scheme) {
            self.read.labels = read_by.translated(&self.read.labels, &scheme);
        }
        Ok(self)
    }

    pub(super) fn write(
        &self,
        row: &Issue,
        blocked_reason: Option<String>,
        since: DateTime<Utc>,
    ) -> LabelWrite {
        let LabelState { labels, state, closed_at, read_at, .. } = &self.read;
        let status = labels.effective_status(*state);
        LabelWrite {
            on_board: row.removed_at.is_none() && is_on_board(*state, *closed_at, since),
            status,
            priority: labels.priority().or(row.details.priority()),
            blocked_reason: blocked_reason.filter(|_| status == Status::Blocked),
            read: LabelState { read_at: row.read_at.max(*read_at), ..self.read.clone() },
        }
    }
}
