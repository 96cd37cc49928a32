//! Rows and SQL: one file per table family.
//!
//! A row struct here *is* the entity; its fields are domain types, so a row cannot have a value
//! that the domain rejects. Functions take a connection, run one statement and are named for the
//! intention. Invariants: nothing here opens a transaction, reads the clock or decides a rule, and
//! every error is diesel's own.

mod address;
pub mod agent_names;
pub mod agent_reports;
pub mod agent_runs;
pub mod agent_work;
pub mod audit;
pub mod backoffs;
pub mod blockers;
pub mod conversations;
pub mod decisions;
pub mod decompositions;
pub mod event_log;
mod failure;
pub mod idempotency_keys;
pub mod issues;
pub mod job_locks;
pub mod judgements;
pub mod lease_messages;
pub mod leases;
pub mod milestones;
pub mod page;
pub mod pauses;
pub mod pool;
mod prepared;
pub mod queue;
pub mod repositories;
pub mod repository_labels;
pub mod saved_views;
pub mod sessions;
pub mod statistics;
mod suitability;
pub mod unreadable_issues;
#[rustfmt::skip]
mod schema;
pub mod snapshot;

pub use address::{Address, Timeouts};
pub use agent_runs::AgentRun;
pub use agent_work::AgentWork;
pub use audit::AuditEntry;
pub use decisions::Decision;
pub use decompositions::Decomposition;
pub use event_log::Event;
pub use failure::{Failure, failure};
pub use issues::Issue;
pub use judgements::LaneJudgement;
pub use lease_messages::LeaseMessage;
pub use leases::Lease;
pub use page::{Page, PageRequest, Position};
pub use pauses::Pause;
pub use pool::{MIGRATIONS, Pool, PooledConnection, connect, establish, run_migrations};
pub use repositories::Repository;
pub use repository_labels::RepositoryLabel;
pub use saved_views::SavedView;
pub use sessions::Session;
pub use suitability::Unsuitable;
pub use unreadable_issues::UnreadableIssue;

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
