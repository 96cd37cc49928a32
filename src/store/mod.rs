//! Rows and SQL: one file per table family.
//!
//! A row struct here *is* the entity; its fields are domain types, so a row cannot have a value
//! that the domain rejects. Functions take a connection, run one statement and are named for the
//! intention. Invariants: nothing here opens a transaction, reads the clock or decides a rule, and
//! every error is diesel's own.

mod address;
pub mod agents;
pub mod audit;
pub mod automation;
pub mod board;
pub mod claims;
pub mod event_log;
mod failure;
pub mod github_budgets;
pub mod idempotency_keys;
pub mod milestones;
pub mod monitoring;
pub mod page;
pub mod pool;
mod prepared;
pub mod repositories;
pub mod sessions;
mod suitability;
pub mod webhooks;
#[rustfmt::skip]
mod schema;

pub use address::{Address, SessionTimeouts};
pub use agents::agent_runs::AgentRun;
pub use audit::AuditEntry;
pub use board::issues::Issue;
pub use board::repository_labels::RepositoryLabel;
pub use board::saved_views::SavedView;
pub use claims::agent_work::AgentWork;
pub use claims::decisions::Decision;
pub use claims::decompositions::Decomposition;
pub use claims::judgements::LaneJudgement;
pub use claims::lease_messages::LeaseMessage;
pub use claims::leases::Lease;
pub use claims::pauses::Pause;
pub use event_log::Event;
pub use failure::{Failure, failure};
pub use page::{Page, PageRequest, Position};
pub use pool::{MIGRATIONS, Pool, PooledConnection, connect, establish, run_migrations};
pub use repositories::Repository;
pub use repositories::unreadable_issues::UnreadableIssue;
pub use sessions::Session;
pub use suitability::Unsuitable;
pub use webhooks::deliveries::WebhookDelivery;

/// One connection to PostgreSQL, in a transaction or not.
pub type Connection = diesel_async::AsyncPgConnection;

diesel::define_sql_function! {
    /// PostgreSQL's `lower`, by which repository names are compared.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

diesel::define_sql_function! {
    /// The lower-case names of labels, by which they are compared.
    fn label_keys(
        labels: diesel::sql_types::Array<diesel::sql_types::Text>,
    ) -> diesel::sql_types::Array<diesel::sql_types::Text>;
}
