//! Repositories: which are tracked, and reading their issues from GitHub.

pub mod sync;
pub mod tracking;
mod unchanged;
