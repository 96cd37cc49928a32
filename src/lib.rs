//! Dispatch: a Kanban board and work dispatch for AI agents over GitHub Issues.
//!
//! GitHub stays the source of truth; Dispatch caches, shows, serves and records. This page is the
//! map of the house.
//!
//! # Bird's eye
//!
//! ```text
//!  browser, agents, scripts                                     GitHub
//!      │ GraphQL  REST  MCP                                        ▲
//!  ┌───▼──────────────────────┐   ┌───────────────────────────┐   │ GraphQL v4
//!  │ doors: graphql rest mcp  │──▶│ service: one function for │───┤
//!  │ web, scheduler (clock)   │   │ everything anyone can do  │   │
//!  └───▲──────────────────────┘   └────────────┬──────────────┘   │
//!      │ events                               │ rows, one         │
//!  ┌───┴────┐    bell, then read  ┌────────────▼──────────────┐   │
//!  │  bus   │◀────────────────────│ store: PostgreSQL         │   │
//!  └────────┘                     └───────────────────────────┘   │
//!                                     github: the client ─────────┘
//! ```
//!
//! **A change enters through a thin door, is decided in one service function, is recorded with its
//! event in one transaction, and is announced by that event.** Everything here serves that sentence.
//!
//! # Floors
//!
//! Imports point down; `tests/it/floors.rs` holds the table.
//!
//! | Floor | Modules | Never |
//! | --- | --- | --- |
//! | 4 doors | [`graphql`] [`rest`] [`mcp`] [`web`] [`scheduler`], behind the [`middleware`] | take a connection, open a transaction, call GitHub, decide a rule |
//! | 3 use cases | [`service`], [`app`] | know of HTTP, GraphQL or JSON shapes |
//! | 2 adapters | [`store`] [`github`] [`bus`] | open a transaction, read settings or the clock, decide a rule |
//! | 1 words | [`domain`] | I/O, async, asking the time |
//! | 0 ground | [`config`] [`clock`] [`connections`] [`net`] [`telemetry`] [`postgres`] | |
//!
//! [`simulator`] stands beside the house: a GitHub of our own, for the demo and the tests.
//!
//! # Invariants
//!
//! - **Nothing reaches GitHub that is not in the audit log first.** A move writes its intent,
//!   pending, then asks, then settles by the labels GitHub answers with. A crash leaves a pending
//!   line, and settling it needs nothing but that line.
//! - **No network call is made while a transaction is open.**
//! - **No event without a change, no change without an event.** Both are in one transaction, and ids
//!   of events become visible in their order, so "behind event N" never misses a late commit.
//! - **A subscriber never misses in silence.** It is told to start over, or it has everything.
//! - **A newer row is never overwritten by older news.** GitHub's update time decides, then the time
//!   at which GitHub was asked.
//! - **Readers never see what is pending**, and never a count that was not kept with its rows.
//!
//! Deliberately absent: a `utils` module, repository traits, a trait for GitHub or for the clock, a
//! container that injects dependencies, a global, a framework for background jobs.
//!
//! # Three paths
//!
//! **Moving a card** ([`service::moves`], [`service::labels`]): load the row, read the live labels, refuse what is closed,
//! elsewhere or under way; write the intent; send one document that adds, then removes; settle by
//! the labels that come back. An answer that never came is read back; what cannot be read back stays
//! pending and is settled after its deadline by whoever looks first.
//!
//! **Syncing** ([`service::sync`]): one lock; several repositories at once; pages by update time, each
//! written in a transaction of its own with the progress it makes; GitHub's count of open issues
//! tells when a complete pass is due.
//!
//! **Following the board** ([`bus`], [`graphql`]): the pump reads the log when the bell rings and
//! sends each event once; a subscription joins the live channel first, then replays from its cursor,
//! then drops what it has seen. Equal subscriptions are executed once and share their bytes.

use tower::Layer as _;
use tower_http::normalize_path::NormalizePathLayer;

pub mod app;
pub mod bus;
pub mod clock;
pub mod config;
pub mod connections;
pub mod domain;
pub mod github;
pub mod graphql;
pub mod mcp;
pub mod middleware;
pub mod net;
pub mod postgres;
pub mod rest;
pub mod scheduler;
pub mod service;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod web;

/// Every transport of the service, behind the middleware. An address may end in a slash.
pub fn router(app: app::App) -> axum::Router {
    let guarded = middleware::guard(&app, doors(app.clone()));
    let trimmed = NormalizePathLayer::trim_trailing_slash().layer(guarded);
    axum::Router::new().fallback_service(trimmed)
}

/// Every door without what stands before them. For the test that finds each route declared.
pub fn doors(app: app::App) -> axum::Router {
    let graphql = graphql::routes(graphql::Door::new(app.clone()));
    graphql.merge(mcp::routes(app.clone())).merge(rest::router(app)).merge(web::routes())
}
