//! Routes of the board: reading issues, and changing their status, labels and comments.

pub(super) mod comments;
pub(super) mod issues;
pub(super) mod labelling;
pub(super) mod moves;
