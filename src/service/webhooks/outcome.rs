//! The result of applying a delivery.

use crate::domain::FullName;

/// The result of applying a delivery.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is stored, or was already known.
    Processed,
    /// Nothing of it is used, for this reason.
    Ignored(String),
    /// The issue must be read from GitHub.
    Refresh(FullName, i32),
    /// It cannot be applied now, for this reason.
    Later(String),
}
