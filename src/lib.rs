//! Dispatch: a Kanban board and work dispatch for AI agents over GitHub Issues.
//!
//! GitHub is the source of truth for issues and labels. Dispatch caches them in PostgreSQL, changes
//! labels on GitHub, publishes each change to subscribers, and records who did what.
//! [docs/architecture.md](../docs/architecture.md) describes every module, the invariants with
//! their tests, and the paths through the code.
//!
//! # Bird's-eye view
//!
//! ```text
//!  browsers, agents, scripts                                   GitHub
//!      │ HTTP, WebSocket, SSE                                      ▲
//!  ┌───▼──────────────────────┐                                    │
//!  │ middleware               │                                    │ GraphQL v4
//!  │ transports: graphql,     │   ┌───────────────────────────┐    │
//!  │ rest, mcp, web           │──▶│ service: use cases, which │────┤
//!  │ scheduler: timers        │   │ apply the rules of domain │    │
//!  └───▲──────────────────────┘   └────────────┬──────────────┘    │
//!      │ subscriptions                         │ rows and events,  │
//!      │                                       │ one transaction   │
//!  ┌───┴────┐  NOTIFY, then read  ┌────────────▼──────────────┐    │
//!  │  bus   │◀────────────────────│ store: PostgreSQL         │    │
//!  └────────┘                     └───────────────────────────┘    │
//!                                     github: the client ──────────┘
//! ```
//!
//! **A request enters through a thin transport, is decided in one service function, is recorded
//! with its event in one transaction, and is published by that event.**
//!
//! # Layers
//!
//! Imports point down; `tests/it/layers.rs` has the exact table and enforces it.
//!
//! - **Transports** ([`graphql`], [`rest`], [`mcp`], [`web`], [`scheduler`]) never use a
//!   connection, open a transaction, call GitHub or decide a rule.
//! - **Middleware** ([`middleware`]) decides only who may do what, and how often.
//! - **Use cases** ([`service`]) do not know HTTP, GraphQL or JSON shapes.
//! - **Adapters** ([`store`], [`github`], [`bus`]) never open a transaction, read a setting, decide
//!   a rule or read the clock, except for `github` and its rate limit.
//! - **Domain** ([`domain`]) has no I/O, no async code and no clock.
//! - **Base** ([`config`], [`clock`], [`connections`], [`metrics`], [`net`], [`telemetry`],
//!   [`traces`], [`files`], [`embedded_postgres`]) does not know a rule of the board.
//!
//! [`simulator`] is a simulated GitHub for the demo and the tests. No layer imports it.
//!
//! # Invariants
//!
//! - **Every change on GitHub is in the audit log before it is sent.** A move stores its intent as
//!   a pending audit entry, sends the change, then settles the entry by the labels that GitHub
//!   returns. A crash leaves a pending entry, which is enough to settle it.
//! - **No network call is made while a transaction is open.**
//! - **No event without a change, no change without an event.** Both are written in one
//!   transaction. Event ids become visible in order, so reading behind event N never misses a late
//!   commit.
//! - **A subscriber never misses an event silently.** It receives every event, or a resync.
//! - **A newer row is never overwritten by older data.** GitHub's update time decides, then the
//!   time at which GitHub was read.
//! - **Readers never see pending changes**, and counts are maintained together with their rows.
//!
//! Deliberately absent: a `utils` module, repository traits, a trait for GitHub or for the clock, a
//! dependency injection container, a global, a framework for background jobs.
//!
//! # Three paths
//!
//! **Moving a card** ([`service::board::moves`], [`service::change`]): load the row, read the live labels,
//! and reject an issue that is closed, in another column or being changed; store the intent; send
//! one document that adds labels, then removes them; settle by the labels that GitHub returns. If
//! no response arrives, the labels are read again. If that fails too, the intent stays pending and
//! is settled after its deadline.
//!
//! **Syncing** ([`service::repositories::sync`]): one lock; several repositories concurrently; pages by update
//! time, each stored in its own transaction together with the progress. GitHub's count of open
//! issues shows when a full sync is due.
//!
//! **Following the board** ([`bus`], [`graphql`]): the event pump reads the log when a notification
//! arrives and sends each event once. A subscription joins the live channel first, then replays
//! from its cursor, then drops what it has already seen. Equal subscriptions are multiplexed: they
//! are executed once and share the encoded bytes.

use tower::Layer as _;
use tower_http::normalize_path::NormalizePathLayer;

pub mod bus;
pub mod clock;
pub mod config;
pub mod connections;
pub mod domain;
pub mod embedded_postgres;
pub mod files;
pub mod github;
pub mod graphql;
pub mod mcp;
pub mod metrics;
pub mod middleware;
pub mod net;
pub mod rest;
pub mod scheduler;
pub mod service;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod traces;
pub mod web;

/// Every transport of the service, behind the middleware. Trailing slashes of paths are ignored.
pub fn router(app: service::App) -> axum::Router {
    let guarded = middleware::guard(&app, transports(app.clone()));
    let trimmed = NormalizePathLayer::trim_trailing_slash().layer(guarded);
    axum::Router::new().fallback_service(trimmed)
}

/// The listener that serves metrics only, to whoever reaches it under a host name that is ours.
pub fn metrics_router(app: &service::App) -> axum::Router {
    middleware::guard_metrics(app, rest::metrics_router(app.clone()))
}

/// Every transport without the middleware, for the test that each route is declared in the table of
/// permissions.
pub fn transports(app: service::App) -> axum::Router {
    let graphql = graphql::routes(graphql::Server::new(app.clone()));
    graphql.merge(mcp::routes(app.clone())).merge(rest::router(app)).merge(web::routes())
}
