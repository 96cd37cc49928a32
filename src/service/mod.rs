//! Use cases: one function for everything that a person, an agent or a timer can do.
//!
//! The signature is `verb_noun(app, actor, command)`. A function reads like its use case: load,
//! decide, act outside, record, return. What it decides without I/O is a function of `domain`.
//! Invariants: a function owns its transactions; GitHub is never called while one is open; every
//! change appends its events in the transaction that makes it.

pub mod agent_names;
pub mod agents;
mod app;
pub mod audit;
pub mod automation;
pub mod board;
mod board_events;
pub mod budget;
pub mod change;
pub mod claims;
mod error;
pub mod error_code;
pub mod events;
mod failures;
pub mod health;
pub mod idempotency;
pub mod monitoring;
pub mod name_cache;
pub mod recovery;
pub mod repositories;
pub mod retention;
pub mod sessions;
pub mod shutdown;
pub mod tasks;
pub mod wait_queue;
pub mod webhooks;

pub use app::{App, github_settings};
pub use error::{ConflictKind, Error};

pub use crate::store::pool::cancellable;

use crate::domain::{Actor, Tier};

/// The result of most functions here.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether an actor may do what a tier protects. With a simulated GitHub, people may do everything.
pub fn allows(app: &App, actor: &Actor, tier: Tier) -> bool {
    actor.may(tier) || (app.simulated && matches!(actor, Actor::Person { .. }))
}
