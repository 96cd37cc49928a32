//! GraphQL over HTTP, WebSocket and server-sent events.
//!
//! ```text
//! http  websocket  sse           transports: bytes in, bytes out
//!   └──────┼────────┘
//!       server                   for every transport
//!        ├── response_cache      a query that was answered in this state is not executed again
//!        ├── multiplexer         equal subscriptions share one execution
//!      executor                  parse, limits, permissions, timeout; error codes on the way out
//!        │
//!   query mutation subscription ── feed, event_cache
//!        └── types, loaders
//! ```
//!
//! A resolver calls one use case and returns its result; rules belong to the services. Invariants:
//! every operation of every transport passes through [`Server`]; every error has a code; no list is
//! read row by row.

mod access;
mod answer;
mod arguments;
mod automation;
mod board;
mod bounds;
mod claims;
mod document;
mod edits;
mod error;
mod event_cache;
mod executor;
mod feed;
mod github_budget;
mod http;
mod limits;
mod loaders;
mod multiplexer;
mod mutation;
mod negotiation;
mod null_propagation;
mod query;
mod repositories;
mod request;
mod response_cache;
mod routes;
mod schema;
mod server;
mod single_flight;
mod spans;
mod sse;
mod subscription;
mod types;
mod webhooks;
mod websocket;

pub use routes::routes;
pub use server::Server;

pub use schema::sdl;
