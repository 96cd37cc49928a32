//! Root fields of claims: the queue, holders and pauses.

pub(super) mod holders;
pub(super) mod pauses;
pub(super) mod queue;
