//! Continuous integration and what belongs to it: the words of GitHub, what is stored of its objects,
//! what starts a workflow, and what counts as failing.

pub mod cron;
pub mod dispatch_inputs;
pub mod facts;
pub mod log;
pub mod pull_requests;
pub mod words;
pub mod workflow_file;
pub mod yaml;

pub use facts::Etags;
pub use words::{ActivityType, AutomationPart, Conclusion, RunStatus};
pub use workflow_file::WorkflowFile;
