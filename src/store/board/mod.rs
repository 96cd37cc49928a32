//! Tables of the board: issues, their labels, dependencies and conversations, and saved views.

pub mod blockers;
pub mod conversations;
pub mod issues;
pub mod repository_labels;
pub mod saved_views;
pub mod snapshot;
