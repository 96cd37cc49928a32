//! What can be said on the command line.

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use dispatch::config;

/// A Kanban board and work dispatch for AI agents over GitHub Issues.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Serve the board for the repositories of GitHub
    Serve,
    /// Serve the board over a simulated GitHub, with agents at work; needs no account
    Demo,
    /// Serve a simulated GitHub alone, without Dispatch, for tests and measurements
    Simulate {
        /// How many open issues it has, in twenty repositories
        #[arg(long, default_value_t = 200)]
        issues: usize,
    },
    /// Bring the database's schema up to date and end
    Migrate,
    /// Print the GraphQL schema and end
    Schema,
}

impl Cli {
    /// Reads the command line; prints help, version or a mistake and ends by itself.
    pub(crate) fn read() -> Self {
        let matches = Self::command().after_long_help(config::help()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}
