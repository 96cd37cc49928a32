//! Rules about workflows, their triggers and their runs.
//!
//! GitHub alone decides when a workflow runs. What is here explains that to people and checks what
//! they enter before GitHub is asked.

pub mod cron;
pub mod dispatch_inputs;
pub mod workflow_file;
pub mod yaml;
