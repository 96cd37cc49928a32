//! The commands by which agents and people claim, renew and finish work.

use std::str::FromStr;

use ::dispatch::clock::Clock;
use ::dispatch::config;
use ::dispatch::service::error_code;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Map, Value};

use super::Format;
use super::api_client::ApiClient;
use super::outcome::{CommandFailure, ExitOutcome, print};
use super::text::{from_now, issues, short, terminal};

/// An issue in people's notation: `octo-org/hello-world#12`.
#[derive(Debug, Clone)]
struct IssueName {
    repository: String,
    number: i32,
}

impl FromStr for IssueName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('#').filter(|(repository, _)| repository.contains('/'));
        let parts = parts.and_then(|(repository, number)| Some((repository, number.parse().ok()?)));
        let (repository, number) = parts.ok_or("write it as OWNER/REPO#NUMBER")?;
        Ok(Self { repository: repository.to_owned(), number })
    }
}

/// The arguments of `queue`.
#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    /// The agent's name [default: `DISPATCH_AGENT_NAME`]
    #[arg(long)]
    agent: Option<String>,
    /// A lane, by id or alias [default: every claimable lane]
    #[arg(long)]
    lane: Option<String>,
    /// How many issues, from 0 to 100
    #[arg(long, value_name = "N", default_value_t = 20)]
    first: u32,
    /// List withheld issues too, with the reasons
    #[arg(long)]
    withheld: bool,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `claim`.
#[derive(Debug, Args)]
pub(crate) struct ClaimArguments {
    /// The issue to claim [default: the best eligible issue]
    #[arg(value_name = "OWNER/REPO#N", conflicts_with_all = ["lane", "repo", "wait"])]
    issue: Option<IssueName>,
    /// The agent's name [default: `DISPATCH_AGENT_NAME`]
    #[arg(long)]
    agent: Option<String>,
    /// The lane to claim from, by id or alias [default: every claimable lane]
    #[arg(long)]
    lane: Option<String>,
    /// A repository to claim from; may be repeated [default: all]
    #[arg(long, value_name = "OWNER/REPO")]
    repo: Vec<String>,
    /// How many seconds to wait for an eligible issue, from 0 to 25
    #[arg(long, value_name = "SECONDS")]
    wait: Option<i32>,
    /// The duration of the lease in seconds, 60 to 86400 [default: 1800]
    #[arg(long, value_name = "SECONDS")]
    lease_seconds: Option<i32>,
    /// First return a lease that the agent still holds; for use after a restart
    #[arg(long, conflicts_with = "issue")]
    resume: bool,
    /// The idempotency key: repeating it returns the same lease
    #[arg(long, value_name = "TEXT")]
    request_id: Option<String>,
    /// Take the issue over from another holder; maintainers only
    #[arg(long, requires = "issue")]
    force: bool,
    /// Print shell variables for `eval`: the lease, `ISSUE` and `ISSUE_URL`
    #[arg(long, conflicts_with = "json")]
    shell: bool,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The issue
    #[arg(value_name = "OWNER/REPO#N")]
    issue: IssueName,
    /// The agent's name [default: `DISPATCH_AGENT_NAME`]
    #[arg(long)]
    agent: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The arguments that identify a lease.
#[derive(Debug, Args)]
struct LeaseArguments {
    /// The id of the lease [default: `DISPATCH_LEASE`]
    #[arg(long, value_name = "ID")]
    lease: Option<String>,
    /// Its fencing token [default: `DISPATCH_FENCING_TOKEN`]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

/// The arguments of `renew`.
#[derive(Debug, Args)]
pub(crate) struct RenewArguments {
    #[command(flatten)]
    lease: LeaseArguments,
    /// The progress, such as branch-created, changes-made or pr-opened
    #[arg(long)]
    checkpoint: Option<String>,
    /// The duration from now in seconds, 60 to 86400 [default: unchanged]
    #[arg(long, value_name = "SECONDS")]
    lease_seconds: Option<i32>,
    /// The question that a person must answer; empty to clear it
    #[arg(long, value_name = "TEXT")]
    awaiting_input: Option<String>,
    /// The last message that was read; only later ones are printed
    #[arg(long, value_name = "MESSAGE")]
    read: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `leases`.
#[derive(Debug, Args)]
pub(crate) struct LeasesArguments {
    /// The agent's name [default: `DISPATCH_AGENT_NAME`]
    #[arg(long)]
    agent: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `finish`.
#[derive(Debug, Args)]
pub(crate) struct FinishArguments {
    #[command(flatten)]
    lease: LeaseArguments,
    /// pr-opened, pr-updated, issue-updated, blocked, failed, no-changes-needed or already-addressed
    #[arg(long)]
    outcome: String,
    /// A summary of the work; required for `blocked`
    #[arg(long)]
    summary: Option<String>,
    /// The URL of the pull request
    #[arg(long, value_name = "URL")]
    pull_request: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The arguments of `release`.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArguments {
    /// The issue
    #[arg(value_name = "OWNER/REPO#N")]
    issue: IssueName,
    /// The agent's name [default: `DISPATCH_AGENT_NAME`]
    #[arg(long)]
    agent: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// The arguments of a tool call, without absent ones.
#[derive(Default)]
pub(super) struct ToolArguments(Map<String, Value>);

impl ToolArguments {
    pub(super) fn with(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    fn issue(self, issue: &IssueName) -> Self {
        let name = Some(issue.repository.as_str());
        self.with("repoFullName", name).with("issueNumber", Some(issue.number))
    }

    fn lease(
        self,
        client: &config::ClientConfig,
        given: LeaseArguments,
    ) -> Result<Self, CommandFailure> {
        let missing = |what: &str| {
            let remedy = "Give --lease and --token, or run the export line that `dispatch claim` \
                          prints.";
            CommandFailure::new(error_code::BAD_USER_INPUT, format!("No {what} was given"), remedy)
        };
        let lease = given.lease.or_else(|| client.lease.clone());
        let token = given.token.or_else(|| client.fencing_token.clone());
        let lease = lease.ok_or_else(|| missing("lease"))?;
        let token = token.ok_or_else(|| missing("token of the lease"))?;
        Ok(self.with("leaseId", Some(lease)).with("fencingToken", Some(token)))
    }
}

/// A value in the spelling of tools.
fn word(given: &str) -> String {
    given.trim().to_lowercase().replace('-', "_")
}

/// Calls a tool and prints its result, as JSON or as the text that `say` returns.
pub(super) async fn ask(
    client: &config::ClientConfig,
    format: Format,
    tool: &str,
    given: Result<ToolArguments, CommandFailure>,
    say: impl FnOnce(&Value) -> String,
) -> Result<Value, ExitOutcome> {
    let asked = async {
        let answer = ApiClient::new(client)?.call(tool, Value::Object(given?.0)).await?;
        let text = if format.json { format!("{answer:#}") } else { say(&answer) };
        print(&text)?;
        Ok(answer)
    };
    asked.await.map_err(|failure: CommandFailure| failure.say(format))
}

pub(super) fn done(answer: Result<Value, ExitOutcome>) -> ExitOutcome {
    answer.map_or_else(|outcome| outcome, |_| ExitOutcome::Done)
}

pub(super) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn name_of(issue: &Value) -> String {
    format!("{}#{}", text(issue, "repoFullName"), issue["issueNumber"])
}

/// When a lease expires, as a relative time.
fn over(lease: &Value) -> String {
    let at = text(lease, "expiresAt");
    let parsed: Option<DateTime<Utc>> = at.parse().ok();
    let from_now = parsed.map(|at| from_now(at, Clock::system().now()));
    format!("over {} ({at})", from_now.unwrap_or_default())
}

pub(super) async fn queue(client: &config::ClientConfig, arguments: QueueArguments) -> ExitOutcome {
    let QueueArguments { agent, lane, first, withheld, format } = arguments;
    let given = ToolArguments::default()
        .with("agentName", agent)
        .with("lane", lane)
        .with("first", Some(first))
        .with("includeWithheld", Some(withheld));
    done(ask(client, format, "get_queue", Ok(given), queue_as_text).await)
}

fn queue_as_text(answer: &Value) -> String {
    let rows = |list: &Value, last: &str| -> Vec<[String; 4]> {
        let row = |issue: &Value| {
            let rank =
                issue["rank"].as_i64().map_or_else(|| "-".to_owned(), |rank| rank.to_string());
            [rank, name_of(issue), short(text(issue, "title")), text(issue, last).to_owned()]
        };
        list.as_array().map(|list| list.iter().map(row).collect()).unwrap_or_default()
    };
    let (ranked, withheld) =
        (rows(&answer["issues"], "rankingReason"), rows(&answer["withheld"], "summary"));
    let columns = terminal();
    let mut parts = Vec::new();
    if ranked.is_empty() {
        parts.push(format!("There is no work for {} now.", text(answer, "agentName")));
    } else {
        parts.push(issues(["#", "ISSUE", "TITLE", "PLACE COMES FROM"], &ranked, columns));
    }
    if !withheld.is_empty() {
        parts.push(issues(["#", "WITHHELD", "TITLE", "WHY"], &withheld, columns));
    }
    parts.join("\n\n")
}

pub(super) async fn claim(client: &config::ClientConfig, arguments: ClaimArguments) -> ExitOutcome {
    let ClaimArguments {
        issue,
        agent,
        lane,
        repo,
        wait,
        lease_seconds,
        resume,
        request_id,
        force,
        shell,
        format,
    } = arguments;
    let given = ToolArguments::default()
        .with("agentName", agent)
        .with("leaseSeconds", lease_seconds)
        .with("requestId", request_id);
    let (tool, given) = match issue {
        Some(issue) => ("claim_issue", given.issue(&issue).with("force", force.then_some(true))),
        None => {
            let repositories = Some(repo).filter(|repo| !repo.is_empty());
            let given = given.with("lane", lane).with("repositories", repositories);
            ("claim_next", given.with("waitSeconds", wait).with("resume", resume.then_some(true)))
        }
    };
    let say = if shell { claim_as_shell } else { claim_as_text };
    match ask(client, format, tool, Ok(given), say).await {
        Ok(answer) if answer["lease"].is_null() => ExitOutcome::NoWork,
        answer => done(answer),
    }
}

fn claim_as_text(answer: &Value) -> String {
    let (lease, issue) = (&answer["lease"], &answer["issue"]);
    if lease.is_null() {
        return text(answer, "idleReason").to_owned();
    }
    let (id, token) = (text(lease, "leaseId"), text(lease, "fencingToken"));
    let resumed = if answer["isResumed"] == true { "Held already, to go on with:\n" } else { "" };
    let warning = match text(answer, "warning") {
        "" => String::new(),
        warning => format!("\nThe queue would have withheld it: {warning}"),
    };
    format!(
        "{resumed}{}  {}\n{}\nHeld by {}, {}{warning}\n\nexport DISPATCH_LEASE={id} DISPATCH_FENCING_TOKEN={token}",
        name_of(issue),
        short(text(issue, "title")),
        text(issue, "url"),
        text(lease, "agentName"),
        over(lease),
    )
}

/// The lease and the issue as shell variables; without work, a comment with the reason.
fn claim_as_shell(answer: &Value) -> String {
    let (lease, issue) = (&answer["lease"], &answer["issue"]);
    if lease.is_null() {
        return format!("# {}", text(answer, "idleReason").replace('\n', " "));
    }
    let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
    let variables = [
        ("DISPATCH_LEASE", text(lease, "leaseId")),
        ("DISPATCH_FENCING_TOKEN", text(lease, "fencingToken")),
        ("ISSUE", &name_of(issue)),
        ("ISSUE_URL", text(issue, "url")),
    ];
    let all = variables.map(|(name, value)| format!("{name}={}", quoted(value)));
    format!("export {}", all.join(" "))
}

pub(super) async fn explain(
    client: &config::ClientConfig,
    arguments: ExplainArguments,
) -> ExitOutcome {
    let ExplainArguments { issue, agent, format } = arguments;
    let given = ToolArguments::default().issue(&issue).with("agentName", agent);
    let say = |answer: &Value| {
        let (name, title) = (name_of(answer), short(text(answer, "title")));
        format!("{name}  {title}\n{}", text(answer, "summary"))
    };
    done(ask(client, format, "explain_work", Ok(given), say).await)
}

pub(super) async fn renew(client: &config::ClientConfig, arguments: RenewArguments) -> ExitOutcome {
    let RenewArguments { lease, checkpoint, lease_seconds, awaiting_input, read, format } =
        arguments;
    let given = ToolArguments::default().lease(client, lease).map(|given| {
        let checkpoint = checkpoint.as_deref().map(word);
        let given = given.with("checkpoint", checkpoint).with("leaseSeconds", lease_seconds);
        given.with("awaitingInput", awaiting_input).with("readMessageId", read)
    });
    let say = |answer: &Value| {
        let lease = &answer["lease"];
        let messages = messages_as_text(&answer["messages"]);
        if answer["directive"] == "stop" {
            return format!("Stop: {}{messages}", text(answer, "reason"));
        }
        let (id, agent) = (text(lease, "leaseId"), text(lease, "agentName"));
        format!("{id} is held by {agent}, {}{messages}", over(lease))
    };
    match ask(client, format, "renew_lease", given, say).await {
        Ok(answer) if answer["directive"] == "stop" => ExitOutcome::LeaseLost,
        answered => done(answered),
    }
}

/// Messages, each on its own lines, after a text.
fn messages_as_text(messages: &Value) -> String {
    let row = |message: &Value| {
        let [id, author, body] = ["messageId", "author", "body"].map(|part| text(message, part));
        // Indented, so that no text can imitate lines of the output.
        format!("\n{id} from {author}: {}", body.replace('\n', "\n  "))
    };
    messages.as_array().map(|all| all.iter().map(row).collect()).unwrap_or_default()
}

pub(super) async fn leases(
    client: &config::ClientConfig,
    arguments: LeasesArguments,
) -> ExitOutcome {
    let LeasesArguments { agent, format } = arguments;
    let given = ToolArguments::default().with("agentName", agent);
    done(ask(client, format, "my_work", Ok(given), leases_as_text).await)
}

fn leases_as_text(answer: &Value) -> String {
    let row = |held: &Value| {
        let (lease, issue) = (&held["lease"], &held["issue"]);
        let stop = match text(held, "stopReason") {
            "" => String::new(),
            reason => format!("\nStop: {reason}"),
        };
        format!(
            "{}  {}\n{}, token {}, {}{stop}{}",
            name_of(issue),
            short(text(issue, "title")),
            text(lease, "leaseId"),
            text(lease, "fencingToken"),
            over(lease),
            messages_as_text(&held["messages"]),
        )
    };
    match answer["held"].as_array().map(Vec::as_slice).unwrap_or_default() {
        [] => format!("{} holds nothing.", text(answer, "agentName")),
        held => held.iter().map(row).collect::<Vec<_>>().join("\n\n"),
    }
}

pub(super) async fn finish(
    client: &config::ClientConfig,
    arguments: FinishArguments,
) -> ExitOutcome {
    let FinishArguments { lease, outcome, summary, pull_request, format } = arguments;
    let given = ToolArguments::default().lease(client, lease).map(|given| {
        let given = given.with("outcome", Some(word(&outcome)));
        given.with("summary", summary).with("pullRequestUrl", pull_request)
    });
    let say = |answer: &Value| {
        let (issue, run) = (&answer["issue"], text(answer, "agentRunId"));
        format!("{} is {} now; the run is {run}", name_of(issue), text(issue, "status"))
    };
    done(ask(client, format, "finish_work", given, say).await)
}

pub(super) async fn release(
    client: &config::ClientConfig,
    arguments: ReleaseArguments,
) -> ExitOutcome {
    let ReleaseArguments { issue, agent, format } = arguments;
    let given = ToolArguments::default().issue(&issue).with("agentName", agent);
    let say =
        |answer: &Value| format!("{}: {}", name_of(&answer["issue"]), text(answer, "statusNote"));
    done(ask(client, format, "unclaim_issue", Ok(given), say).await)
}
