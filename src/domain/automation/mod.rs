//! Continuous integration and what belongs to it: the words of GitHub, what is stored of its objects,
//! and what counts as failing.

pub mod facts;
pub mod log;
pub mod words;

pub use facts::Etags;
pub use words::{ActivityType, AutomationPart, Conclusion, RunStatus};
