//! Automation: repositories with their workflows and releases, syncs, workflows, runs and events.

pub(super) mod cctray;
pub(super) mod events;
pub(super) mod repositories;
pub(super) mod rows;
pub(super) mod runs;
pub(super) mod syncs;
pub(super) mod workflows;
