//! Tables of agents: their names, runs, reports and statistics.

pub mod agent_names;
pub mod agent_reports;
pub mod agent_runs;
pub mod statistics;
