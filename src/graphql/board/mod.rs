//! Root fields of the board: comments, label schemes and saved views.

pub(super) mod comments;
pub(super) mod label_schemes;
pub(super) mod views;
