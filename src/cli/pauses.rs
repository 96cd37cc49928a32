//! The commands about pauses.

use ::dispatch::config;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Format;
use super::outcome::ExitOutcome;
use super::queue::{ToolArguments, ask, done, text};

/// What a pause covers.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PauseTarget {
    /// All work of all agents
    Everything,
    /// The issues of one repository
    Repository,
    /// The issues of one lane
    Lane,
    /// The work of one agent
    Agent,
}

/// The arguments of `pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArguments {
    /// What to pause
    scope: PauseTarget,
    /// The repository, lane or agent; none for everything
    subject: Option<String>,
    /// The reason
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The duration in minutes, 1 to 43200 [default: until `dispatch resume`]
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<i32>,
    /// Ask holders to stop, instead of letting them finish
    #[arg(long)]
    stop_holders: bool,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    /// The pause's id, as `dispatch pauses` lists it
    #[arg(value_name = "PAUSE")]
    pause: String,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `pauses`.
#[derive(Debug, Args)]
pub(crate) struct PausesArguments {
    #[command(flatten)]
    format: Format,
}

fn row(pause: &Value) -> String {
    let held = match pause["held"].as_u64() {
        Some(0) => "nothing of it is held".to_owned(),
        Some(1) => "1 issue of it is still held".to_owned(),
        held => format!("{} issues of it are still held", held.unwrap_or_default()),
    };
    format!("{}  {}; {held}", text(pause, "pauseId"), text(pause, "summary"))
}

pub(super) async fn pause(client: &config::ClientConfig, arguments: PauseArguments) -> ExitOutcome {
    let PauseArguments { scope, subject, reason, minutes, stop_holders, format } = arguments;
    let scope = match scope {
        PauseTarget::Everything => "everything",
        PauseTarget::Repository => "repository",
        PauseTarget::Lane => "lane",
        PauseTarget::Agent => "agent",
    };
    let given = ToolArguments::default()
        .with("scope", Some(scope))
        .with("subject", subject)
        .with("reason", reason)
        .with("forMinutes", minutes)
        .with("stopsHolders", Some(stop_holders));
    done(ask(client, format, "pause_work", Ok(given), row).await)
}

pub(super) async fn resume(
    client: &config::ClientConfig,
    arguments: ResumeArguments,
) -> ExitOutcome {
    let given = ToolArguments::default().with("pauseId", Some(arguments.pause));
    let say = |answer: &Value| format!("Ended: {}", text(&answer["pause"], "summary"));
    done(ask(client, arguments.format, "resume_work", Ok(given), say).await)
}

pub(super) async fn list(client: &config::ClientConfig, arguments: PausesArguments) -> ExitOutcome {
    let say = |answer: &Value| {
        let rows = answer["pauses"].as_array().map(Vec::as_slice).unwrap_or_default();
        match rows {
            [] => "Nothing is paused.".to_owned(),
            rows => rows.iter().map(row).collect::<Vec<_>>().join("\n"),
        }
    };
    done(ask(client, arguments.format, "list_pauses", Ok(ToolArguments::default()), say).await)
}
