//! Every test that needs a database, a door or a simulated GitHub.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod agent_work;
mod agents_guide;
mod agents_rest;
mod answers;
mod assignments;
mod board;
mod checks;
mod claims;
mod cli;
mod closed_types;
mod comments;
mod crashes;
mod demo;
mod errors;
mod floors;
mod github;
mod graphql_http;
mod keys;
mod labels;
mod limits;
mod mcp;
mod migrations;
mod moves;
mod openapi;
mod overview;
mod postgres;
mod ranking;
mod read_only;
mod readme;
mod records;
mod removed;
mod rest_compat;
mod scheduler;
mod schema;
mod simulator;
mod smoke;
mod starting;
mod subscriptions;
mod support;
mod sync;
mod tls;
mod web;
mod work;
