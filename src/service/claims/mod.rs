//! Claims: the queue, leases, agent work, and what keeps issues from being served.

pub mod agent_work;
pub mod assignments;
pub mod backoffs;
mod claim;
pub mod decompositions;
pub mod doctor;
pub mod holders;
pub mod lanes;
pub mod leases;
pub mod long_poll;
pub mod pauses;
pub mod presence;
pub mod queue;

pub use claim::{
    ClaimIssue, ClaimNext, Claimed, ClaimedNext, check_connected, claim_issue, claim_next,
};
