//! Dispatch: a Kanban board and work dispatch for AI agents over GitHub Issues.

pub mod app;
pub mod bus;
pub mod clock;
pub mod config;
pub mod domain;
pub mod github;
pub mod postgres;
pub mod scheduler;
pub mod service;
pub mod simulator;
pub mod store;
pub mod telemetry;

/// Every door of the service.
pub fn router(app: app::App) -> axum::Router {
    axum::Router::new().with_state(app)
}
