//! The command line, and the commands that are clients of a running server.
//!
//! These commands call the tools of `/mcp`, so their behaviour and errors are defined once, in the
//! service. Serving is implemented in `main`.

mod api_client;
mod mcp;
mod outcome;
mod pauses;
mod queue;
mod text;
mod watch;
mod webhook;

use ::dispatch::config;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use outcome::ExitOutcome;
use pauses::{PauseArguments, PausesArguments, ResumeArguments};
use queue::{
    ClaimArguments, ExplainArguments, FinishArguments, LeasesArguments, QueueArguments,
    ReleaseArguments, RenewArguments,
};
pub(crate) use webhook::{WebhookCommand, setup as set_up_webhook};

/// The exit codes, for the help text.
const EXIT_CODES: &str = "\
Exit codes of the client commands:
  0  success
  1  the request was rejected; the message says what to do
  2  the command or one of its values is invalid
  3  there is no eligible issue (claim)
  4  the lease is lost: stop working on the issue
  5  Dispatch or GitHub could not be reached; a retry later may succeed

";

/// A Kanban board and work dispatch for AI agents over GitHub Issues.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the board for repositories on GitHub
    Serve,
    /// Serve the board on simulated data; needs no GitHub account
    Demo {
        /// The number of days of simulated history
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=30))]
        days: u32,
        /// Simulate no further activity of agents or of people on GitHub
        #[arg(long)]
        still: bool,
    },
    /// Serve only the simulated GitHub, for tests and measurements
    Simulate {
        /// The number of open issues, in twenty repositories
        #[arg(long, default_value_t = 200)]
        issues: usize,
    },
    /// Migrate the database schema and exit
    Migrate,
    /// Set up webhooks on GitHub, with the server's settings
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Print the GraphQL schema and exit
    Schema,
    /// Print a shell completion script
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Client commands of a running Dispatch
    #[command(flatten)]
    Client(ClientCommand),
}

/// Client commands of the Dispatch at `DISPATCH_URL`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// List an agent's queue: the issues it would be served, best first
    Queue(QueueArguments),
    /// Claim the best eligible issue, or a given one
    Claim(ClaimArguments),
    /// List an agent's leases, with messages from people
    Leases(LeasesArguments),
    /// Explain whether an agent would be served an issue, and why
    Explain(ExplainArguments),
    /// Renew a lease and record the progress of the work
    Renew(RenewArguments),
    /// Finish the work on an issue and end its lease
    Finish(FinishArguments),
    /// Release an issue without reporting an outcome
    Release(ReleaseArguments),
    /// Pause a repository, a lane, an agent, or everything
    Pause(PauseArguments),
    /// End a pause
    Resume(ResumeArguments),
    /// List the current pauses
    Pauses(PausesArguments),
    /// Print the events of the board until interrupted
    Watch(watch::WatchArguments),
    /// Serve the MCP tools over standard input and output
    Mcp,
}

/// The output format.
#[derive(Debug, Clone, Copy, Args)]
struct Format {
    /// Print JSON instead of text, for errors too
    #[arg(long)]
    json: bool,
}

impl Cli {
    /// Parses the command line; exits after printing help, version or a usage error.
    pub(crate) fn read() -> Self {
        let matches = Self::described().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line with the text below its help.
    fn described() -> clap::Command {
        Self::command().after_long_help(format!("{EXIT_CODES}{}", config::help()))
    }

    /// The shell completions of the commands.
    pub(crate) fn completions(shell: Shell) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Self::command(), "dispatch", &mut script);
        script
    }
}

impl ClientCommand {
    /// Sends the request, prints the response and returns the outcome.
    pub(crate) async fn run(self, client: &config::ClientConfig) -> ExitOutcome {
        match self {
            Self::Queue(given) => queue::queue(client, given).await,
            Self::Claim(given) => queue::claim(client, given).await,
            Self::Explain(given) => queue::explain(client, given).await,
            Self::Renew(given) => queue::renew(client, given).await,
            Self::Finish(given) => queue::finish(client, given).await,
            Self::Release(given) => queue::release(client, given).await,
            Self::Leases(given) => queue::leases(client, given).await,
            Self::Pause(given) => pauses::pause(client, given).await,
            Self::Resume(given) => pauses::resume(client, given).await,
            Self::Pauses(given) => pauses::list(client, given).await,
            Self::Watch(given) => watch::watch(client, &given).await,
            Self::Mcp => mcp::serve(client).await,
        }
    }
}
