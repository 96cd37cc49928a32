//! Tables of claims: the queue, leases, agent work, decisions, pauses and back-offs.

pub mod agent_work;
pub mod backoffs;
pub mod decisions;
pub mod decompositions;
pub mod judgements;
pub mod lease_messages;
pub mod leases;
pub mod pauses;
pub mod queue;
