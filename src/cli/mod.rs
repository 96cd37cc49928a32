//! The command line, and the commands that are clients of a running server.
//!
//! These commands call the tools of `/mcp`, so their behaviour and errors are defined once, in the
//! service. Serving is implemented in `main`.

mod api_client;
mod mcp;
mod outcome;
mod pauses;
mod text;
mod watch;
mod work;

use ::dispatch::config;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use outcome::Outcome;
use pauses::{PauseArguments, PausesArguments, ResumeArguments};
use work::{
    ClaimArguments, ExplainArguments, FinishArguments, LeasesArguments, QueueArguments,
    ReleaseArguments, RenewArguments,
};

/// The exit codes, for the help text.
const EXIT_CODES: &str = "\
How the commands that ask Dispatch end:
  0  it was done
  1  it was refused; the message says what to do
  2  the command or one of its values is wrong
  3  there is no work (claim)
  4  the lease is lost: stop working on the issue
  5  Dispatch or GitHub could not be asked; the same again later may work

";

/// A Kanban board and work dispatch for AI agents over GitHub Issues.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the board for the repositories of GitHub
    Serve,
    /// Serve the board over a simulated GitHub, with agents at work; needs no account
    Demo {
        /// How many days of work it has behind it when it opens
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=30))]
        days: u32,
        /// Let nobody act from then on: no agent, and no person on the simulated GitHub
        #[arg(long)]
        still: bool,
    },
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
    /// Print what completes these commands in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Ask a Dispatch that runs
    #[command(flatten)]
    Client(ClientCommand),
}

/// Asks a Dispatch that runs at `DISPATCH_URL`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// List what an agent would be given, best first
    Queue(QueueArguments),
    /// Claim the best issue, or one that is named
    Claim(ClaimArguments),
    /// List what an agent holds, with what people sent it
    Leases(LeasesArguments),
    /// Say why an issue is, or is not, what an agent would be given next
    Explain(ExplainArguments),
    /// Prolong a lease and say how far the work has come
    Renew(RenewArguments),
    /// End the work on an issue and let go of it
    Finish(FinishArguments),
    /// Give an issue back without a word about the work
    Release(ReleaseArguments),
    /// Serve agents nothing of a repository, a lane or an agent, or nothing at all
    Pause(PauseArguments),
    /// End a pause
    Resume(ResumeArguments),
    /// List what is paused
    Pauses(PausesArguments),
    /// Follow what happens on the board, until interrupted
    Watch(watch::Arguments),
    /// Serve the tools of MCP over standard input and output, for a program on this machine
    Mcp,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Args)]
struct Format {
    /// Print JSON instead of text for people; a refusal too
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
    pub(crate) async fn run(self, client: &config::Client) -> Outcome {
        match self {
            Self::Queue(given) => work::queue(client, given).await,
            Self::Claim(given) => work::claim(client, given).await,
            Self::Explain(given) => work::explain(client, given).await,
            Self::Renew(given) => work::renew(client, given).await,
            Self::Finish(given) => work::finish(client, given).await,
            Self::Release(given) => work::release(client, given).await,
            Self::Leases(given) => work::leases(client, given).await,
            Self::Pause(given) => pauses::pause(client, given).await,
            Self::Resume(given) => pauses::resume(client, given).await,
            Self::Pauses(given) => pauses::list(client, given).await,
            Self::Watch(given) => watch::watch(client, &given).await,
            Self::Mcp => mcp::serve(client).await,
        }
    }
}
