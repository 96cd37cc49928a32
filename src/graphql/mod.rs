//! Door 1: GraphQL, over HTTP, WebSocket and server-sent events.
//!
//! ```text
//! http  websocket  sse      transports: bytes in, bytes out
//!   └──────┼────────┘
//!      execution            parse, limits, tiers, time; error codes on the way out
//!        │    ├── answers   a query that was answered in this state is not run again
//!        │    └── hub       equal subscriptions share one execution
//!   query mutation subscription ── feed, sights
//!        └── types, loaders
//! ```
//!
//! A resolver calls one use case and shows what comes back; rules are the services'. Invariants:
//! every operation, whatever it came over, passes through [`Door`]; every error leaves with a code;
//! no list is read row by row.

mod access;
mod answer;
mod bounds;
mod comments;
mod document;
mod edits;
mod error;
mod event_cache;
mod executor;
mod feed;
mod holders;
mod http;
mod label_schemes;
mod limits;
mod loaders;
mod multiplexer;
mod mutation;
mod negotiation;
mod null_propagation;
mod overview;
mod pauses;
mod query;
mod response_cache;
mod schema;
mod single_flight;
mod sse;
mod subscription;
mod types;
mod views;
mod websocket;
mod work;

pub use error::code as code_of;
pub use executor::Door;
pub use http::routes;

pub use schema::sdl;
