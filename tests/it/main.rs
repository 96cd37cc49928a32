//! Every test that needs a database, a door or a simulated GitHub.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod postgres;
