//! Continuous integration, releases, packages, pull requests and deployments of tracked repositories.
//!
//! `sync.rs` reads them, `record.rs` stores what a sync or a webhook reports, `pull_requests.rs` reads checks
//! and reviews of pull requests again, `jobs.rs` reads on demand,
//! `control.rs` starts and cancels runs, `files.rs` reads workflow files, `waiting.rs` finds out why a
//! run waits. Invariants: older data never overwrites newer data; what is unchanged writes no rows and no
//! events; a repository that fails keeps its last data.

pub mod control;
mod files;
pub mod jobs;
pub mod lists;
mod lock;
pub mod pull_requests;
mod read;
pub(crate) mod record;
pub mod retention;
pub mod sync;
mod waiting;

pub use crate::github::RunRequest;
