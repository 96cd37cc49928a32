//! Dispatch: a Kanban board and work dispatch for AI agents over GitHub Issues.

pub mod domain;

pub mod clock;
pub mod config;
pub mod store;
pub mod telemetry;
pub mod github;
