//! Every setting, read once at the start; the only reader of the environment.
//!
//! One struct for each concern, its fields saying which variable feeds them. What a setting does is
//! decided by whoever uses it, not here. Invariant: a [`Config`] is wholly valid. A value that
//! cannot be used stops the start (all such values are reported together); single bad entries of
//! `GITHUB_REPOSITORIES` alone are dropped, each with a line in [`Config::warnings`]. An empty
//! value counts as unset.

mod cautions;
mod client;
mod github_app;
mod lanes;
mod queue;
mod reader;
mod secret;
mod settings;
mod traces;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use crate::domain::actor::{is_reserved, reserved_reason};
use crate::domain::github_budget::SecondaryLimits;
use crate::domain::label_names::key;
use crate::domain::limits::ClaimLimits;
use crate::domain::names::NotAFullName;
use crate::domain::ranking::Aging;
use crate::domain::{FullName, Lanes};
use crate::embedded_postgres::BinarySearchPaths;
use crate::store::{Address, SessionTimeouts};
pub use client::ClientConfig;
pub use github_app::GitHubApp;
use reader::SettingsReader;
pub use reader::{Env, Error};
pub use secret::Secret;
pub use settings::{SETTINGS, Setting, help, markdown_table};

/// All settings of a process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub server: ServerConfig,
    /// Which database to use.
    pub database: DatabaseConfig,
    /// How to reach GitHub.
    pub github: GitHubConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// What the board shows.
    pub board: BoardConfig,
    /// The lanes (`DISPATCH_LANE_CONFIG_JSON`, else `DISPATCH_LANE_CONFIG`).
    pub lanes: Lanes,
    /// How work is handed out.
    pub queue: QueueConfig,
    /// When to ask GitHub.
    pub sync: SyncConfig,
    /// When to ask GitHub for automation data, and how long they are kept.
    pub automation: AutomationConfig,
    /// Which optional jobs run.
    pub scheduler: SchedulerConfig,
    /// How long events are kept.
    pub events: EventsConfig,
    /// How webhooks are received.
    pub webhooks: WebhooksConfig,
    /// How much of what callers send is kept.
    pub bounds: BoundsConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Where traces are sent; none for nowhere (`OTEL_EXPORTER_OTLP_ENDPOINT` and its companions).
    pub traces: Option<crate::traces::Settings>,
    /// Names of agents for the board's menus, in the given order (`AGENTS`).
    pub agents: Vec<String>,
    /// Warnings for the operator at the start, one sentence each.
    pub warnings: Vec<String>,
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address to listen on (`HOST`).
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system pick one (`PORT`).
    pub port: u16,
    /// How many connections there may be (`DISPATCH_MAX_CONNECTIONS`).
    pub max_connections: u32,
    /// How many of one peer (`DISPATCH_MAX_CONNECTIONS_PER_PEER`).
    pub max_connections_per_peer: u32,
    /// How long connections are accepted after SIGTERM (`DISPATCH_SHUTDOWN_DELAY_MS`).
    pub shutdown_delay: Duration,
    /// Where metrics are served; none for the main address (`DISPATCH_METRICS_ADDR`).
    pub metrics_address: Option<SocketAddr>,
    /// Address people use, without a slash at the end of its path (`DISPATCH_URL`).
    pub public_url: Option<Url>,
    /// Names under which browsers may ask, normalized, beside those that are always ours
    /// (`DISPATCH_ALLOWED_HOSTS`).
    pub allowed_hosts: Vec<String>,
    /// Proxies whose forwarding headers are trusted (`DISPATCH_TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
}

/// Which database to use.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// PostgreSQL's address; none means our own cluster (`DATABASE_URL`, else
    /// `DISPATCH_DATABASE_URL`).
    pub url: Option<Secret>,
    /// Absolute path of the folder for our own cluster (`DISPATCH_DATA_DIR`).
    pub data_dir: PathBuf,
    /// Names the PostgreSQL to start for our own cluster (`PG_CONFIG`).
    pub pg_config: Option<PathBuf>,
    /// Folders to look for PostgreSQL in, in the system's notation (`PATH`).
    pub search_path: Option<OsString>,
    /// Whether the schema is left alone at the start (`SKIP_DB_MIGRATIONS`).
    pub skip_migrations: bool,
    /// How long the server may take (`DISPATCH_STATEMENT_TIMEOUT_MS`, `DISPATCH_LOCK_TIMEOUT_MS`,
    /// `DISPATCH_IDLE_TRANSACTION_TIMEOUT_MS`).
    pub timeouts: SessionTimeouts,
}

/// How to reach GitHub.
#[derive(Debug, Clone)]
pub struct GitHubConfig {
    /// Base address of the API, without a slash at the end of its path (`GITHUB_API_URL`).
    pub api_url: Url,
    /// Token to act with, unless there is an app (`GITHUB_TOKEN`).
    pub token: Option<Secret>,
    /// App to act as (`GITHUB_APP_ID` and its companions).
    pub app: Option<GitHubApp>,
    /// Points of the rate limit that are kept for claims and moves (`GITHUB_BUDGET_RESERVE`).
    pub reserve: i64,
    /// How fast it may read and write (`GITHUB_POINTS_PER_MINUTE`, `GITHUB_WRITES_PER_MINUTE`,
    /// `GITHUB_WRITES_PER_HOUR`).
    pub secondary_limits: SecondaryLimits,
    /// Repositories to start with, the first mention of each (`GITHUB_REPOSITORIES`).
    pub repositories: Vec<FullName>,
    /// Whose repositories people may track (`DISPATCH_ALLOWED_OWNERS`).
    pub allowed_owners: Owners,
}

/// Whose repositories people may track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owners {
    /// Anybody's.
    Any,
    /// Those of these people and organisations, in lower case.
    These(Vec<String>),
}

impl Owners {
    /// Whether a repository belongs to one of them.
    pub fn include(&self, name: &FullName) -> bool {
        match self {
            Self::Any => true,
            Self::These(owners) => owners.contains(&name.owner().to_lowercase()),
        }
    }
}

/// Who may call.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// How people prove who they are (`DISPATCH_AUTH_MODE` and its companions).
    pub mode: AuthMode,
    /// What an agent must present (`DISPATCH_AGENT_TOKEN`); without it nothing matches.
    pub agent_token: Option<Secret>,
    /// What opens as much (`DISPATCH_MAINTAINER_TOKEN`).
    pub maintainer_token: Option<Secret>,
    /// What a worker may present to act as an agent, no token twice (`DISPATCH_WORKER_TOKENS`).
    pub workers: Vec<WorkerToken>,
    /// What a worker may present to act as no agent in particular (`DISPATCH_WORKER_TOKEN`).
    pub worker_token: Option<Secret>,
}

impl AuthConfig {
    /// Whether people sign in on the page: in the modes in which they have not signed in already and
    /// need to for some things.
    pub fn has_sign_in(&self) -> bool {
        matches!(self.mode, AuthMode::Open | AuthMode::ReadOnly)
    }

    /// The tokens with which a person may sign in on the page: those that open everything.
    pub fn sign_in_tokens(&self) -> impl Iterator<Item = &Secret> {
        let workers = self.workers.iter().map(|worker| &worker.token).chain(&self.worker_token);
        let is_workers = move |token: &Secret| workers.clone().any(|other| other == token);
        let tokens = self.agent_token.iter().chain(&self.maintainer_token);
        tokens.filter(move |token| !is_workers(token))
    }
}

/// A token that is bound to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerToken {
    /// The agent's name.
    pub agent: String,
    /// What it presents.
    pub token: Secret,
}

/// How people prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthMode {
    /// People use the board without proof, agents need the token.
    Open,
    /// Name and password, both of which the browser sends with every request.
    Basic {
        /// The name (`DISPATCH_AUTH_USERNAME`).
        username: String,
        /// The password (`DISPATCH_AUTH_PASSWORD`).
        password: Secret,
    },
    /// Anybody may read without credentials; every change needs a token.
    ReadOnly,
    /// Everybody may do everything.
    Disabled,
}

/// What the board shows.
#[derive(Debug, Clone)]
pub struct BoardConfig {
    /// Days that a closed issue stays in Done (`DISPATCH_DONE_RETENTION_DAYS`).
    pub done_retention_days: u32,
    /// Days that a closed issue is retained once it is not in Done
    /// (`DISPATCH_CLOSED_ISSUE_RETENTION_DAYS`).
    pub closed_retention_days: u32,
    /// Labels that hide an issue, in lower case (`DISPATCH_EXCLUDED_LABELS`).
    pub excluded_labels: Vec<String>,
}

/// How work is handed out.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// How many issues may be worked on at a time (`DISPATCH_MAX_IN_PROGRESS_PER_AGENT`,
    /// `DISPATCH_MAX_IN_PROGRESS_PER_REPOSITORY`, `DISPATCH_MAX_IN_PROGRESS_PER_LANE`,
    /// `DISPATCH_MAX_WAITING_FOR_HUMAN`).
    pub limits: ClaimLimits,
    /// What waiting is worth (`DISPATCH_QUEUE_AGING_DAYS_PER_TIER`,
    /// `DISPATCH_QUEUE_AGING_MAX_TIERS`).
    pub aging: Aging,
    /// Whether an issue that others wait for comes first within its tier (`DISPATCH_RANK_UNBLOCKS`).
    pub by_unblocks: bool,
    /// How long it is known why what was served (`DISPATCH_DECISION_RETENTION_DAYS`).
    pub decision_retention: Duration,
    /// How long an issue may be in progress without a lease before it counts as stuck
    /// (`DISPATCH_STUCK_AFTER_MINUTES`).
    pub stuck_after: Duration,
    /// How long what a person did is no finding of the queue's doctor
    /// (`DISPATCH_MEANT_FOR_HOURS`).
    pub meant_for: Duration,
    /// How many attempts at an issue may fail in a row before it needs a person
    /// (`DISPATCH_MAX_ATTEMPTS`).
    pub max_attempts: i32,
    /// Whether a claim first gets an agent back what it still holds (`DISPATCH_RESUME_HELD_WORK`).
    pub resume: bool,
    /// Whether the queue over REST has what people work on as well (`DISPATCH_REST_SERVES_PEOPLES_WORK`).
    pub rest_serves_peoples: bool,
}

/// When to ask GitHub.
#[derive(Debug, Clone)]
pub struct SyncConfig {
    /// Time between two syncs; zero means no timer (`DISPATCH_SYNC_INTERVAL_MS`).
    pub interval: Duration,
    /// Age of the last heartbeat after which a sync counts as dead
    /// (`DISPATCH_SYNC_LOCK_MAX_AGE_MS`).
    pub lock_max_age: Duration,
}

/// When to ask GitHub for workflows, runs, releases and deployments, and how long they are kept.
#[derive(Debug, Clone)]
pub struct AutomationConfig {
    /// Time between two syncs; zero means no timer (`DISPATCH_AUTOMATION_INTERVAL_MS`).
    pub interval: Duration,
    /// Age at which runs and activity may be pruned (`DISPATCH_AUTOMATION_RETENTION_DAYS`).
    pub retention: Duration,
    /// How many runs of each workflow are kept (`DISPATCH_AUTOMATION_MAX_RUNS`).
    pub max_runs: i64,
}

/// Which optional jobs run.
#[derive(Debug, Clone)]
pub struct SchedulerConfig {
    /// Whether they run (`DISPATCH_SCHEDULER_ENABLED`).
    pub is_enabled: bool,
    /// Time between the start and their first run (`DISPATCH_SCHEDULER_STARTUP_DELAY_MS`).
    pub startup_delay: Duration,
    /// Time between two deletions of old closed issues; zero means none
    /// (`DISPATCH_PRUNE_CLOSED_INTERVAL_MS`).
    pub prune_closed: Duration,
}

/// How long events are kept.
#[derive(Debug, Clone)]
pub struct EventsConfig {
    /// Age at which an event may be pruned (`DISPATCH_EVENT_RETENTION_DAYS`).
    pub retention: Duration,
}

/// How webhooks are received.
#[derive(Debug, Clone)]
pub struct WebhooksConfig {
    /// Secret that GitHub signs deliveries with (`WEBHOOK_SECRET`); without one none is accepted.
    pub secret: Option<Secret>,
    /// Secret that is also accepted (`WEBHOOK_SECRET_PREVIOUS`).
    pub previous_secret: Option<Secret>,
    /// Age at which a processed delivery may be pruned (`DISPATCH_WEBHOOK_RETENTION_DAYS`).
    pub retention: Duration,
}

impl WebhooksConfig {
    /// The accepted secrets.
    pub fn secrets(&self) -> Vec<&str> {
        self.secret.iter().chain(&self.previous_secret).map(Secret::expose).collect()
    }
}

/// How much of what callers send is kept.
#[derive(Debug, Clone)]
pub struct BoundsConfig {
    /// Age at which a run of an agent may be pruned (`DISPATCH_RUN_RETENTION_DAYS`).
    pub run_retention: Duration,
    /// The most repositories that are tracked (`DISPATCH_MAX_REPOSITORIES`).
    pub repositories: i64,
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Filter directives, known to be valid (`RUST_LOG`).
    pub filter: String,
    /// Shape of a line (`LOG_FORMAT`).
    pub format: LogFormat,
}

/// Shape of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

impl Config {
    /// Reads all settings.
    ///
    /// # Errors
    ///
    /// When any value cannot be used; the error names every such variable, its problem and an
    /// example, and never shows a secret.
    pub fn from_env(env: &Env) -> Result<Self, Error> {
        let mut reader = SettingsReader::new(env);
        let mut warnings = strangers(env);
        let mut config = Self {
            server: ServerConfig::read(&mut reader),
            database: DatabaseConfig::read(&mut reader),
            github: GitHubConfig::read(&mut reader, &mut warnings),
            auth: AuthConfig::read(&mut reader, &mut warnings),
            board: BoardConfig::read(&mut reader),
            lanes: lanes::read(&mut reader),
            queue: queue::read(&mut reader),
            sync: SyncConfig::read(&mut reader),
            automation: AutomationConfig::read(&mut reader),
            scheduler: SchedulerConfig::read(&mut reader),
            events: EventsConfig::read(&mut reader),
            webhooks: WebhooksConfig::read(&mut reader),
            bounds: BoundsConfig::read(&mut reader),
            log: LogConfig::read(&mut reader),
            traces: traces::read(&mut reader),
            agents: reader.parsed(&settings::AGENTS, agents).unwrap_or_default(),
            warnings,
        };
        config.warnings.extend(cautions::cautions(&config));
        reader.finish(config)
    }

    /// Whether Dispatch can talk to GitHub: a token or an app is there. Repositories may come later,
    /// from the page.
    pub fn is_configured(&self) -> bool {
        self.github.token.is_some() || self.github.app.is_some()
    }
}

impl ServerConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let host = reader.parsed(&settings::HOST, |text| match text {
            "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
            _ => text.parse().map_err(|_| "is not an IP address".to_owned()),
        });
        Self {
            host: host.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: whole_number(reader, &settings::PORT, 0, u16::MAX).unwrap_or(3000),
            max_connections: whole_number(
                reader,
                &settings::DISPATCH_MAX_CONNECTIONS,
                1,
                1_000_000,
            )
            .unwrap_or(10_000),
            max_connections_per_peer: whole_number(
                reader,
                &settings::DISPATCH_MAX_CONNECTIONS_PER_PEER,
                1,
                1_000_000,
            )
            .unwrap_or(256),
            shutdown_delay: Duration::from_millis(
                whole_number(reader, &settings::DISPATCH_SHUTDOWN_DELAY_MS, 0, 10_000)
                    .unwrap_or(3000),
            ),
            metrics_address: reader.parsed(&settings::DISPATCH_METRICS_ADDR, |text| {
                text.parse().map_err(|_| "is not an IP address with a port".to_owned())
            }),
            public_url: reader.parsed(&settings::DISPATCH_URL, web_address),
            allowed_hosts: reader
                .parsed(&settings::DISPATCH_ALLOWED_HOSTS, |text| {
                    entries(text).iter().map(|name| host_name(name)).collect()
                })
                .unwrap_or_default(),
            trusted_proxies: reader
                .parsed(&settings::DISPATCH_TRUSTED_PROXIES, networks)
                .unwrap_or_else(loopback),
        }
    }
}

impl DatabaseConfig {
    /// Where to look for the programs of our own cluster.
    pub fn search(&self) -> BinarySearchPaths {
        BinarySearchPaths { pg_config: self.pg_config.clone(), path: self.search_path.clone() }
    }

    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let url = reader
            .parsed(&settings::DATABASE_URL, database_address)
            .or_else(|| reader.parsed(&settings::DISPATCH_DATABASE_URL, database_address));
        let given_dir = reader.parsed(&settings::DISPATCH_DATA_DIR, |text| {
            std::path::absolute(text).map_err(|error| format!("is not a directory's path: {error}"))
        });
        let data_dir = given_dir.or_else(default_data_dir);
        if data_dir.is_none() {
            reader.refuse(&settings::DISPATCH_DATA_DIR, "is needed: this user has no home");
        }
        let usual = SessionTimeouts::default();
        Self {
            url,
            data_dir: data_dir.unwrap_or_default(),
            pg_config: reader.text(&settings::PG_CONFIG).map(PathBuf::from),
            search_path: reader.env().raw("PATH").map(OsString::from),
            skip_migrations: reader
                .parsed(&settings::SKIP_DB_MIGRATIONS, truth)
                .unwrap_or_default(),
            timeouts: SessionTimeouts {
                statement: milliseconds(reader, &settings::DISPATCH_STATEMENT_TIMEOUT_MS)
                    .unwrap_or(usual.statement),
                lock: milliseconds(reader, &settings::DISPATCH_LOCK_TIMEOUT_MS)
                    .unwrap_or(usual.lock),
                idle_transaction: milliseconds(
                    reader,
                    &settings::DISPATCH_IDLE_TRANSACTION_TIMEOUT_MS,
                )
                .unwrap_or(usual.idle_transaction),
            },
        }
    }
}

/// The host of GitHub's pages, by the address of its API: an Enterprise server has both on one host.
fn host_of_pages(api_url: &Url) -> &str {
    let is_enterprise = api_url.path().trim_end_matches('/').ends_with("/api/v3");
    api_url.host_str().filter(|_| is_enterprise).unwrap_or("github.com")
}

impl GitHubConfig {
    /// The host of GitHub's pages, such as `github.com`, in lower case.
    pub fn host(&self) -> String {
        host_of_pages(&self.api_url).to_lowercase()
    }

    /// The repository that is meant by its name or its address on this GitHub.
    ///
    /// # Errors
    ///
    /// See [`FullName::from_pasted`].
    pub fn repository(&self, text: &str) -> Result<FullName, NotAFullName> {
        FullName::from_pasted(text, host_of_pages(&self.api_url))
    }

    fn read(reader: &mut SettingsReader<'_>, warnings: &mut Vec<String>) -> Self {
        let api_url = reader.parsed(&settings::GITHUB_API_URL, web_address);
        let names = reader.text(&settings::GITHUB_REPOSITORIES).map(entries).unwrap_or_default();
        let mut repositories: Vec<FullName> = Vec::new();
        let api_url = api_url
            .unwrap_or_else(|| Url::parse("https://api.github.com").expect("a valid address"));
        let host = host_of_pages(&api_url);
        for name in names {
            match FullName::from_pasted(&name, host) {
                Ok(name) if repositories.iter().any(|known| known.key() == name.key()) => {}
                Ok(name) => repositories.push(name),
                Err(problem) => warnings.push(format!("GITHUB_REPOSITORIES: {problem}; ignored")),
            }
        }
        Self {
            api_url,
            token: reader.parsed(&settings::GITHUB_TOKEN, token),
            app: GitHubApp::read(reader),
            reserve: whole_number(reader, &settings::GITHUB_BUDGET_RESERVE, 0, 1_000_000)
                .unwrap_or(500),
            secondary_limits: secondary_limits(reader),
            allowed_owners: allowed_owners(reader, &repositories),
            repositories,
        }
    }
}

fn secondary_limits(reader: &mut SettingsReader<'_>) -> SecondaryLimits {
    let usual = SecondaryLimits::default();
    SecondaryLimits {
        points_a_minute: whole_number(reader, &settings::GITHUB_POINTS_PER_MINUTE, 1, 1_000_000)
            .unwrap_or(usual.points_a_minute),
        writes_a_minute: whole_number(reader, &settings::GITHUB_WRITES_PER_MINUTE, 1, 1_000_000)
            .unwrap_or(usual.writes_a_minute),
        writes_an_hour: whole_number(reader, &settings::GITHUB_WRITES_PER_HOUR, 1, 10_000_000)
            .unwrap_or(usual.writes_an_hour),
    }
}

/// The owners of the settings. What an operator named to start with may be tracked in any case.
fn allowed_owners(reader: &mut SettingsReader<'_>, repositories: &[FullName]) -> Owners {
    let given = reader.parsed(&settings::DISPATCH_ALLOWED_OWNERS, |text| {
        if text == "*" {
            return Ok(Owners::Any);
        }
        let one = |owner: String| match format!("{owner}/x").parse::<FullName>() {
            Ok(name) => Ok(name.owner().to_lowercase()),
            Err(_) => Err(format!("holds `{owner}`, which owns no repository")),
        };
        entries(text).into_iter().map(one).collect::<Result<_, _>>().map(Owners::These)
    });
    let own = repositories.iter().map(|name| name.owner().to_lowercase());
    match given {
        Some(Owners::These(given)) => Owners::These(given.into_iter().chain(own).collect()),
        None if !repositories.is_empty() => Owners::These(own.collect()),
        Some(Owners::Any) | None => Owners::Any,
    }
}

impl AuthConfig {
    fn read(reader: &mut SettingsReader<'_>, warnings: &mut Vec<String>) -> Self {
        let username = reader.parsed(&settings::DISPATCH_AUTH_USERNAME, |text| {
            if text.contains(':') {
                return Err("contains a colon".to_owned());
            }
            free_name(text)?;
            Ok(text.to_owned())
        });
        let password = reader.text(&settings::DISPATCH_AUTH_PASSWORD).map(Secret::new);
        let word = reader.parsed(&settings::DISPATCH_AUTH_MODE, |text| match text {
            "basic" | "read-only" | "disabled" => Ok(text.to_owned()),
            "oidc" => {
                Err("this version does not offer: it knows basic, read-only and disabled"
                    .to_owned())
            }
            _ => Err("is none of basic, read-only and disabled".to_owned()),
        });
        let mode = match (word.as_deref(), username, password) {
            (Some("basic"), Some(username), Some(password)) => {
                AuthMode::Basic { username, password }
            }
            (Some("basic"), username, password) => {
                let missing = [
                    (username.is_none(), &settings::DISPATCH_AUTH_USERNAME),
                    (password.is_none(), &settings::DISPATCH_AUTH_PASSWORD),
                ];
                for (_, setting) in missing.into_iter().filter(|(is_missing, _)| *is_missing) {
                    reader.refuse(setting, "is needed by DISPATCH_AUTH_MODE=basic");
                }
                AuthMode::Open
            }
            (mode, username, password) => {
                if username.is_some() || password.is_some() {
                    warnings.push(
                        "DISPATCH_AUTH_USERNAME and DISPATCH_AUTH_PASSWORD protect nothing: they \
                         count with DISPATCH_AUTH_MODE=basic only"
                            .to_owned(),
                    );
                }
                match mode {
                    Some("read-only") => AuthMode::ReadOnly,
                    Some(_) => AuthMode::Disabled,
                    None => AuthMode::Open,
                }
            }
        };
        Self {
            mode,
            agent_token: reader.parsed(&settings::DISPATCH_AGENT_TOKEN, own_token),
            maintainer_token: reader.parsed(&settings::DISPATCH_MAINTAINER_TOKEN, own_token),
            workers: worker_tokens(reader, warnings),
            worker_token: reader.parsed(&settings::DISPATCH_WORKER_TOKEN, own_token),
        }
    }
}

/// Names of agents.
fn agents(text: &str) -> Result<Vec<String>, String> {
    let names = entries(text);
    names.iter().try_for_each(|name| free_name(name))?;
    Ok(names)
}

/// Whether anybody may be called this.
fn free_name(name: &str) -> Result<(), String> {
    match is_reserved(name) {
        true => Err(format!("names {name:?}; a name {}", reserved_reason())),
        false => Ok(()),
    }
}

/// The tokens of workers. One that is given to two agents proves nothing and is left out.
fn worker_tokens(reader: &mut SettingsReader<'_>, warnings: &mut Vec<String>) -> Vec<WorkerToken> {
    let one = |entry: String| {
        let pair = entry.split_once(':').map(|(agent, token)| (agent.trim(), token.trim()));
        match pair {
            Some((agent, given)) if !agent.is_empty() && !given.is_empty() => {
                free_name(agent)?;
                Ok(WorkerToken { agent: agent.to_owned(), token: own_token(given)? })
            }
            _ => Err("has an entry that is not `agent:token`".to_owned()),
        }
    };
    let given = reader.parsed(&settings::DISPATCH_WORKER_TOKENS, |text| {
        entries(text).into_iter().map(one).collect::<Result<Vec<_>, _>>()
    });
    let mut kept: Vec<WorkerToken> = Vec::new();
    let given = given.unwrap_or_default();
    for worker in &given {
        let is_other = |other: &&WorkerToken| other.token == worker.token;
        if given.iter().filter(is_other).any(|other| other.agent != worker.agent) {
            let agent = &worker.agent;
            warnings.push(format!(
                "DISPATCH_WORKER_TOKENS gives another agent the token of {agent} too; it opens nothing"
            ));
        } else {
            kept.push(worker.clone());
        }
    }
    kept
}

impl BoardConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            done_retention_days: days(reader, &settings::DISPATCH_DONE_RETENTION_DAYS).unwrap_or(7),
            closed_retention_days: days(reader, &settings::DISPATCH_CLOSED_ISSUE_RETENTION_DAYS)
                .unwrap_or(30),
            excluded_labels: reader
                .text(&settings::DISPATCH_EXCLUDED_LABELS)
                .map(entries)
                .unwrap_or_default()
                .iter()
                .map(|label| key(label))
                .collect(),
        }
    }
}

impl SyncConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let interval = whole_number(reader, &settings::DISPATCH_SYNC_INTERVAL_MS, 0, 2_678_400_000);
        let lock_max_age =
            whole_number(reader, &settings::DISPATCH_SYNC_LOCK_MAX_AGE_MS, 1000, 86_400_000);
        Self {
            interval: Duration::from_millis(interval.unwrap_or(120_000)),
            lock_max_age: Duration::from_millis(lock_max_age.unwrap_or(90_000)),
        }
    }
}

impl AutomationConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let interval =
            whole_number(reader, &settings::DISPATCH_AUTOMATION_INTERVAL_MS, 0, 2_678_400_000);
        let retention = days(reader, &settings::DISPATCH_AUTOMATION_RETENTION_DAYS).unwrap_or(90);
        let max_runs = whole_number(reader, &settings::DISPATCH_AUTOMATION_MAX_RUNS, 1, 1_000_000);
        Self {
            interval: Duration::from_millis(interval.unwrap_or(300_000)),
            retention: Duration::from_secs(86_400 * u64::from(retention)),
            max_runs: max_runs.unwrap_or(500),
        }
    }
}

impl SchedulerConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let delay = milliseconds(reader, &settings::DISPATCH_SCHEDULER_STARTUP_DELAY_MS);
        let prune_closed =
            whole_number(reader, &settings::DISPATCH_PRUNE_CLOSED_INTERVAL_MS, 0, 2_678_400_000);
        Self {
            is_enabled: reader
                .parsed(&settings::DISPATCH_SCHEDULER_ENABLED, truth)
                .unwrap_or_default(),
            startup_delay: delay.unwrap_or(Duration::from_secs(5)),
            prune_closed: Duration::from_millis(prune_closed.unwrap_or(86_400_000)),
        }
    }
}

impl EventsConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let retention = days(reader, &settings::DISPATCH_EVENT_RETENTION_DAYS).unwrap_or(7);
        Self { retention: Duration::from_secs(86_400 * u64::from(retention)) }
    }
}

impl WebhooksConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let retention = days(reader, &settings::DISPATCH_WEBHOOK_RETENTION_DAYS).unwrap_or(7);
        Self {
            secret: reader.parsed(&settings::WEBHOOK_SECRET, shared_secret),
            previous_secret: reader.parsed(&settings::WEBHOOK_SECRET_PREVIOUS, shared_secret),
            retention: Duration::from_secs(86_400 * u64::from(retention)),
        }
    }
}

impl BoundsConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let runs = days(reader, &settings::DISPATCH_RUN_RETENTION_DAYS).unwrap_or(365);
        let repositories = whole_number(reader, &settings::DISPATCH_MAX_REPOSITORIES, 1, 100_000);
        Self {
            run_retention: Duration::from_secs(86_400 * u64::from(runs)),
            repositories: repositories.unwrap_or(500),
        }
    }
}

impl LogConfig {
    fn read(reader: &mut SettingsReader<'_>) -> Self {
        let filter =
            reader.parsed(
                &settings::RUST_LOG,
                |text| match tracing_subscriber::EnvFilter::try_new(text) {
                    Ok(_) => Ok(text.to_owned()),
                    Err(problem) => Err(format!("cannot be read: {problem}")),
                },
            );
        let format = reader.parsed(&settings::LOG_FORMAT, |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("is neither text nor json".to_owned()),
        });
        Self {
            filter: filter.unwrap_or_else(|| "info".to_owned()),
            format: format.unwrap_or(LogFormat::Text),
        }
    }
}

/// The entries of a list separated by commas and newlines: trimmed, none empty, the first mention
/// of each, in order.
fn entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for entry in text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
        if !entries.iter().any(|known| known == entry) {
            entries.push(entry.to_owned());
        }
    }
    entries
}

fn milliseconds(reader: &mut SettingsReader<'_>, setting: &Setting) -> Option<Duration> {
    whole_number(reader, setting, 0, 3_600_000).map(Duration::from_millis)
}

fn days(reader: &mut SettingsReader<'_>, setting: &Setting) -> Option<u32> {
    whole_number(reader, setting, 1, 3650)
}

fn whole_number<N>(
    reader: &mut SettingsReader<'_>,
    setting: &Setting,
    least: N,
    most: N,
) -> Option<N>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    reader.parsed(setting, |text| match text.parse() {
        Ok(number) if least <= number && number <= most => Ok(number),
        _ => Err(format!("is not a whole number from {least} to {most}")),
    })
}

/// A host's name without a port, as addresses are normalized.
fn host_name(text: &str) -> Result<String, String> {
    let host = Host::parse(text).map_err(|_| format!("names {text:?}, which is no host's name"))?;
    Ok(host.to_string())
}

/// Networks and single addresses; `none` for none.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |text: &String| {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network
            .map(canonical)
            .map_err(|_| format!("names {text:?}, which is neither an address nor a network"))
    };
    if text == "none" { Ok(Vec::new()) } else { entries(text).iter().map(network).collect() }
}

/// The IPv4 network of an IPv4-mapped IPv6 network (`::ffff:10.0.0.0/104`); any other network
/// unchanged. Addresses are compared in this form.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match (network.addr().to_canonical(), network.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(length)) if network.addr().is_ipv6() => {
            IpNet::new(address.into(), length).ok()
        }
        _ => None,
    };
    mapped.unwrap_or(network)
}

fn loopback() -> Vec<IpNet> {
    networks("127.0.0.0/8,::1/128").expect("both are networks")
}

/// An address of a web server, with no slash at the end of its path and nothing after the path.
fn web_address(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|problem| format!("is not an address: {problem}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("does not begin with http:// or https://".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has something after its path".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a name or password, which does not belong there".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn database_address(text: &str) -> Result<Secret, String> {
    Address::parse(text).map(|_| Secret::new(text))
}

/// The shortest token that Dispatch accepts as its own, in characters.
const TOKEN_LENGTH: usize = 16;

/// A token that opens Dispatch, which nobody may be able to guess.
fn own_token(text: &str) -> Result<Secret, String> {
    if text.len() < TOKEN_LENGTH {
        return Err(format!("holds a token of fewer than {TOKEN_LENGTH} characters"));
    }
    token(text)
}

/// A text that GitHub and Dispatch share, which nobody may be able to guess.
fn shared_secret(text: &str) -> Result<Secret, String> {
    match text.chars().count() < TOKEN_LENGTH {
        true => Err(format!("has fewer than {TOKEN_LENGTH} characters")),
        false => Ok(Secret::new(text)),
    }
}

/// A token that can be sent in a header.
fn token(text: &str) -> Result<Secret, String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(text))
    } else {
        Err("holds a space or a character that no token has".to_owned())
    }
}

/// One warning for each variable that looks like a setting and is none.
fn strangers(env: &Env) -> Vec<String> {
    let warning = |variable: &str| {
        let instead = match variable {
            app if app.starts_with("GITHUB_APP_") => {
                "; set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"
            }
            "MISSION_CONTROL_AGENT_TOKEN" => "; set DISPATCH_AGENT_TOKEN",
            "MISSION_CONTROL_DATABASE_URL" => "; set DATABASE_URL",
            "MISSION_CONTROL_URL" | "NEXTAUTH_URL" | "AUTH_URL" => "; set DISPATCH_URL",
            _ => "",
        };
        format!("{variable} is not a setting of this version; ignored{instead}")
    };
    env.strangers().map(warning).collect()
}

/// `true` or `false`.
fn truth(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

fn default_data_dir() -> Option<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/dispatch"));
    }
    let dirs = directories::ProjectDirs::from("", "", "dispatch")?;
    Some(dirs.data_local_dir().to_owned())
}

#[cfg(test)]
mod tests;
