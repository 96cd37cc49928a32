//! What the audit log can be filtered by.

use async_graphql::SimpleObject;

use crate::service::audit;
use crate::store::audit::AuditCount;

/// A value that a filter of the audit log takes.
#[derive(SimpleObject)]
struct AuditValue {
    /// The value, as the filter takes it.
    value: String,
    /// How many entries it finds.
    entries: i64,
}

impl From<AuditCount> for AuditValue {
    fn from(AuditCount { member: _, value, entries }: AuditCount) -> Self {
        Self { value, entries }
    }
}

/// What the audit log can be filtered by, by name.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AuditOptions {
    /// Full names of repositories, of those that are not tracked any more too.
    repositories: Vec<AuditValue>,
    /// Everybody who did anything.
    actors: Vec<AuditValue>,
    /// Everything that was done, such as `move_issue`.
    actions: Vec<AuditValue>,
    /// Agents that an issue was assigned to before or after something was done to it.
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
