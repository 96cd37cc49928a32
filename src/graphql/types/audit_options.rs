//! The values that the audit log can be filtered by.

use async_graphql::SimpleObject;

use crate::service::audit;
use crate::store::audit::AuditCount;

/// A value for a filter of the audit log.
#[derive(SimpleObject)]
struct AuditValue {
    /// The value to pass to the filter.
    value: String,
    /// The number of entries that match.
    entries: i64,
}

impl From<AuditCount> for AuditValue {
    fn from(AuditCount { member: _, value, entries }: AuditCount) -> Self {
        Self { value, entries }
    }
}

/// The values that the audit log can be filtered by, sorted by name.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AuditOptions {
    /// Full names of repositories, including those that are no longer tracked.
    repositories: Vec<AuditValue>,
    /// Names of all callers that did something.
    actors: Vec<AuditValue>,
    /// All actions that were done, such as `move_issue`.
    actions: Vec<AuditValue>,
    /// Agents that an issue was assigned to before or after an action.
    agents: Vec<AuditValue>,
}

impl From<audit::AuditOptions> for AuditOptions {
    fn from(options: audit::AuditOptions) -> Self {
        let values = |counts: Vec<AuditCount>| counts.into_iter().map(Into::into).collect();
        Self {
            repositories: values(options.repositories),
            actors: values(options.actors),
            actions: values(options.actions),
            agents: values(options.agents),
        }
    }
}
