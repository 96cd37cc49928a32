//! GitHub Actions on the simulated GitHub, and what belongs to it: workflows, runs, jobs, logs,
//! artifacts, packages and alerts, and the part of the REST API that serves them.
//!
//! `state.rs` has what people change, `json.rs` the published shapes, `rest.rs` the endpoints,
//! `runners.rs` the movement of the demo.

mod json;
mod rest;
mod runners;
mod state;

pub(super) use rest::{RestRequest, answer};
pub use runners::Runners;
pub(super) use state::{AutomationWorld, Rollup};
pub use state::{JobTimes, NewRun, RunState, SimulatedJob, SimulatedStep};
