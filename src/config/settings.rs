//! The table of settings: one entry for each environment variable that Dispatch reads.
//!
//! `--help`, the table of `docs/configuration.md` and the messages about bad values all come from
//! here. Reading the values is the parent module's part. Invariant: [`SETTINGS`] is complete, because
//! the macro that declares a setting also lists it, and nothing can be read without one.

use std::fmt::Write as _;

/// One environment variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// What it does, in a sentence or two.
    pub meaning: &'static str,
    /// What holds when it is unset or empty, as words for a reader.
    pub default: &'static str,
    /// What a value looks like, with its unit.
    pub format: &'static str,
    /// A value that is accepted.
    pub example: &'static str,
    /// Whether a value must never be shown.
    pub is_secret: bool,
}

macro_rules! settings {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident { default: $default:literal, format: $format:literal, example: $example:literal, secret: $is_secret:literal }
    )+) => {
        $(
            $(#[doc = $meaning])+
            pub(super) const $name: Setting = Setting {
                variable: stringify!($name),
                meaning: concat!($($meaning),+).trim_ascii(),
                default: $default,
                format: $format,
                example: $example,
                is_secret: $is_secret,
            };
        )+

        /// Every setting, in the order in which a newcomer meets them.
        pub const SETTINGS: &[Setting] = &[$($name),+];
    };
}

settings! {
    /// Token for GitHub's API. Without it, Dispatch reads nothing from GitHub. Moving cards
    /// requires write access to issues.
    GITHUB_TOKEN { default: "none: nothing is read from GitHub", format: "token", example: "github_pat_11AB...", secret: true }

    /// Id or client id of a GitHub App. With an app, `GITHUB_TOKEN` is not used. Requires
    /// `GITHUB_APP_PRIVATE_KEY`.
    GITHUB_APP_ID { default: "none: `GITHUB_TOKEN` is used", format: "the app's id or client id", example: "1234567", secret: false }

    /// Private key of the GitHub App, as GitHub offers it for download (PKCS#1) or as PKCS#8. Line
    /// breaks may be written as `\n`. Requires `GITHUB_APP_ID`.
    GITHUB_APP_PRIVATE_KEY { default: "none", format: "PEM, or the path of a file with it", example: r"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----", secret: true }

    /// Installation of the GitHub App to act as, for all repositories. If it is unset, the
    /// installation of each repository's owner is used.
    GITHUB_APP_INSTALLATION_ID { default: "none: one installation for each owner", format: "a number", example: "87654321", secret: false }

    /// Points of GitHub's rate limit that are kept for claims and moves, at most half of the limit.
    /// When fewer are left, syncs and refreshes wait until the limit is full again. Less urgent
    /// requests wait earlier.
    GITHUB_BUDGET_RESERVE { default: "500", format: "points, 0 to 1000000", example: "1000", secret: false }

    /// Points of requests to GitHub's GraphQL API within a minute by all replicas, as GitHub limits
    /// them: a request that reads costs one, one that writes costs five. REST has 45% of them. GitHub
    /// Enterprise Server may allow more.
    GITHUB_POINTS_PER_MINUTE { default: "2000", format: "a number, 1 to 1000000", example: "10000", secret: false }

    /// Maximum number of changes that are sent to GitHub within a minute by all replicas, as GitHub
    /// limits them. GitHub Enterprise Server may allow more.
    GITHUB_WRITES_PER_MINUTE { default: "80", format: "a number, 1 to 1000000", example: "300", secret: false }

    /// Maximum number of changes that are sent to GitHub within an hour by all replicas, as GitHub
    /// limits them. GitHub Enterprise Server may allow more.
    GITHUB_WRITES_PER_HOUR { default: "500", format: "a number, 1 to 10000000", example: "5000", secret: false }

    /// Repositories to track. Imported once, at the first start with a non-empty value; afterwards
    /// the list on the board is used. A malformed entry is ignored with a warning.
    GITHUB_REPOSITORIES { default: "none", format: "`owner/name` or URLs, separated by commas or newlines", example: "acme/api,acme/web", secret: false }

    /// Owners whose repositories may be tracked, in addition to the owners in
    /// `GITHUB_REPOSITORIES`; `*` allows any owner. A caller who may track a repository can read it
    /// with the server's token.
    DISPATCH_ALLOWED_OWNERS { default: "the owners in `GITHUB_REPOSITORIES`; any owner if that is unset", format: "users and organizations, separated by commas or newlines, or `*`", example: "acme,octo-org", secret: false }

    /// Base URL of GitHub's API. Set it for GitHub Enterprise.
    GITHUB_API_URL { default: "https://api.github.com", format: "http or https URL", example: "https://github.example.com/api/v3", secret: false }

    /// Address to listen on.
    HOST { default: "127.0.0.1", format: "IP address or `localhost`", example: "0.0.0.0", secret: false }

    /// Maximum number of open connections. The limit is lower if the system's limit of open files
    /// is lower. A connection beyond the limit is closed immediately.
    DISPATCH_MAX_CONNECTIONS { default: "10000", format: "a number, 1 to 1000000", example: "2000", secret: false }

    /// Maximum number of open connections of one peer. A peer is an IPv4 address or an IPv6 network
    /// (`/64`). The limit does not apply to proxies in `DISPATCH_TRUSTED_PROXIES`.
    DISPATCH_MAX_CONNECTIONS_PER_PEER { default: "256", format: "a number, 1 to 1000000", example: "64", secret: false }

    /// Port to listen on. With 0, Dispatch selects a free port and prints it.
    PORT { default: "3000", format: "0 to 65535", example: "3000", secret: false }

    /// How long Dispatch still accepts connections after SIGTERM, while `/readyz` reports 503. In this
    /// time a load balancer stops sending requests. After SIGINT (Ctrl-C) there is no delay.
    DISPATCH_SHUTDOWN_DELAY_MS { default: "3000", format: "milliseconds, 0 to 10000", example: "5000", secret: false }

    /// Address and port on which `/metrics` is served without credentials, and nothing else. Then the
    /// main address does not serve it.
    DISPATCH_METRICS_ADDR { default: "none: `/metrics` is served on the main address, to those who may read", format: "IP address and port", example: "127.0.0.1:9464", secret: false }

    /// Public URL of Dispatch. Browsers may send changes from this origin. Client commands connect
    /// to this URL.
    DISPATCH_URL { default: "none: the host that the browser requested; for client commands `http://127.0.0.1:3000`", format: "http or https URL", example: "https://dispatch.example.com", secret: false }

    /// Additional host names that a request may have in its `Host` header. In every mode except
    /// `basic`, other host names are rejected, as protection against DNS rebinding. Always allowed:
    /// IP addresses, names without a dot, names below `localhost`, the machine's own name and the
    /// host of `DISPATCH_URL`.
    DISPATCH_ALLOWED_HOSTS { default: "none", format: "host names, separated by commas or newlines", example: "dispatch.example.com,board.internal.example.com", secret: false }

    /// Proxies whose `X-Forwarded-For` header is used to determine the client's address. The header
    /// of any other peer is ignored.
    DISPATCH_TRUSTED_PROXIES { default: "127.0.0.0/8,::1/128", format: "IP addresses and networks, separated by commas or newlines, or `none`", example: "10.0.0.0/8", secret: false }

    /// PostgreSQL database to use. `sslmode` may be `disable`, `prefer`, `require` (verified, like
    /// `verify-ca` and `verify-full`) or `no-verify`. `sslrootcert` is a file with your own
    /// certificate authorities.
    DATABASE_URL { default: "an embedded PostgreSQL in `DISPATCH_DATA_DIR`", format: "postgres URL", example: "postgres://dispatch:password@localhost:5432/dispatch", secret: true }

    /// Used if `DATABASE_URL` is unset.
    DISPATCH_DATABASE_URL { default: "none", format: "postgres URL", example: "postgres://dispatch:password@localhost:5432/dispatch", secret: true }

    /// Directory of the embedded PostgreSQL.
    DISPATCH_DATA_DIR { default: "`/var/lib/dispatch` as root, else the platform's directory for user data", format: "directory", example: "/srv/dispatch", secret: false }

    /// Path of `pg_config`. It selects which installed PostgreSQL is started as the embedded
    /// PostgreSQL.
    PG_CONFIG { default: "`pg_ctl` is searched in the usual directories", format: "path of `pg_config`", example: "/usr/lib/postgresql/17/bin/pg_config", secret: false }

    /// If true, the database schema is not migrated at start.
    SKIP_DB_MIGRATIONS { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// Timeout of one SQL statement of a request; 0 disables it. It does not apply to migrations,
    /// syncs and the deletion of old rows.
    DISPATCH_STATEMENT_TIMEOUT_MS { default: "10000", format: "milliseconds, 0 to 3600000", example: "30000", secret: false }

    /// How long an SQL statement may wait for a lock; 0 disables the timeout.
    DISPATCH_LOCK_TIMEOUT_MS { default: "5000", format: "milliseconds, 0 to 3600000", example: "10000", secret: false }

    /// How long a transaction may be idle; 0 disables the timeout.
    DISPATCH_IDLE_TRANSACTION_TIMEOUT_MS { default: "60000", format: "milliseconds, 0 to 3600000", example: "120000", secret: false }

    /// Access without a token. `basic` requires a user name and password. With `read-only`,
    /// everybody may read and nobody may change anything. With `disabled`, everybody may do
    /// everything. If unset, people may use the board without credentials, and agents need a token.
    DISPATCH_AUTH_MODE { default: "none", format: "`basic`, `read-only` or `disabled`", example: "basic", secret: false }

    /// User name for mode `basic`.
    DISPATCH_AUTH_USERNAME { default: "none; required by `basic`", format: "text without a colon", example: "sam", secret: false }

    /// Password for mode `basic`.
    DISPATCH_AUTH_PASSWORD { default: "none; required by `basic`", format: "text", example: "a long passphrase", secret: true }

    /// Bearer token of agents: a long random text of at least 16 characters. Without it, nobody can
    /// act as an agent.
    DISPATCH_AGENT_TOKEN { default: "none: requests of agents are rejected with 401", format: "token", example: "3b1f9c5e7a204d68", secret: true }

    /// A second bearer token with the same permissions, at least 16 characters long.
    DISPATCH_MAINTAINER_TOKEN { default: "none", format: "token", example: "9d2e6f0a4c7b8135", secret: true }

    /// Bearer tokens of workers, each bound to one agent. A worker may claim, report and finish
    /// work as that agent, and little else. Each token has at least 16 characters. A token
    /// configured for two agents is rejected.
    DISPATCH_WORKER_TOKENS { default: "none", format: "`agent:token`, separated by commas or newlines", example: "alpha:5e8a1f0c93d7b264,beta:77c1d2e90ab4f836", secret: true }

    /// Bearer token of a worker that is bound to no agent, at least 16 characters long. It can only
    /// read issues. Prefer `DISPATCH_WORKER_TOKENS`.
    DISPATCH_WORKER_TOKEN { default: "none", format: "token", example: "0c4f7e9b21d86a35", secret: true }

    /// For client commands: the agent's name, if the command does not give one.
    DISPATCH_AGENT_NAME { default: "none", format: "name", example: "alpha", secret: false }

    /// For client commands: the id of the current lease, as printed by `dispatch claim`.
    DISPATCH_LEASE { default: "none", format: "lease id", example: "lea_00001c_000003", secret: false }

    /// For client commands: the fencing token of the current lease.
    DISPATCH_FENCING_TOKEN { default: "none", format: "a number", example: "3", secret: false }

    /// Agent names that the menus of the board offer.
    AGENTS { default: "none", format: "names, separated by commas or newlines", example: "claude,codex", secret: false }

    /// The lanes, in order. A lane has an `id`, a `title` and `claimable`, and optionally a `role`
    /// (`default` or `escalation`), `description`, `color` and `defaultAgent`. `laneAliases` maps
    /// former names to lanes. New issues start in the claimable lane with the role `default`, or in
    /// the first claimable lane if no lane has that role.
    DISPATCH_LANE_CONFIG_JSON { default: "`default` (alias `normal`) and `backlog`, which is not claimable", format: "JSON", example: r#"{"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},{"id":"backlog","title":"Backlog","claimable":false}],"laneAliases":{"normal":"local"}}"#, secret: false }

    /// Used if `DISPATCH_LANE_CONFIG_JSON` is unset.
    DISPATCH_LANE_CONFIG { default: "none", format: "JSON", example: r#"{"lanes":[{"id":"all","title":"All","claimable":true}]}"#, secret: false }

    /// Issues with one of these labels are hidden. Case is ignored.
    DISPATCH_EXCLUDED_LABELS { default: "none", format: "labels, separated by commas or newlines", example: "wontfix,internal", secret: false }

    /// Maximum number of issues that one agent may hold at a time.
    DISPATCH_MAX_IN_PROGRESS_PER_AGENT { default: "none", format: "a number, 1 to 1000000", example: "3", secret: false }

    /// Maximum number of issues of one repository that agents may hold at a time.
    DISPATCH_MAX_IN_PROGRESS_PER_REPOSITORY { default: "none", format: "a number, 1 to 1000000", example: "10", secret: false }

    /// Maximum number of issues of one lane that agents may hold at a time: one number for every
    /// lane, numbers for single lanes, or both.
    DISPATCH_MAX_IN_PROGRESS_PER_LANE { default: "none", format: "numbers and `lane=number`, separated by commas or newlines", example: "20,frontier=2", secret: false }

    /// Maximum number of issues that wait for a person, in review or blocked. At this limit, agents
    /// get no new issues.
    DISPATCH_MAX_WAITING_FOR_HUMAN { default: "none", format: "a number, 1 to 1000000", example: "25", secret: false }

    /// After how many days of waiting an issue is ranked one priority higher.
    DISPATCH_QUEUE_AGING_DAYS_PER_TIER { default: "7", format: "days, 1 to 3650", example: "14", secret: false }

    /// By how many priorities waiting can raise an issue. Waiting never raises an issue above
    /// `priority/p1`. 0 disables aging.
    DISPATCH_QUEUE_AGING_MAX_TIERS { default: "2", format: "a number, 0 to 4", example: "1", secret: false }

    /// If true, an issue that blocks open issues is served before other issues of its priority. The
    /// more issues it blocks, the earlier it is served.
    DISPATCH_RANK_UNBLOCKS { default: "true", format: "`true` or `false`", example: "false", secret: false }

    /// How many attempts of agents at an issue may fail in a row. Then the issue moves to the lane
    /// with the role `escalation`. If there is no such lane, it gets the label `needs-human` and is
    /// served to no agent until a person removes that label.
    DISPATCH_MAX_ATTEMPTS { default: "5", format: "a number, 1 to 1000", example: "3", secret: false }

    /// The default of `resume` for claims of the best issue: if true, a claim first returns a lease
    /// that the agent still holds. Use it only if each agent name is used by one process; otherwise
    /// two processes with the same name would work on the same issue.
    DISPATCH_RESUME_HELD_WORK { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// If true, `next-task` and `queue` over REST also serve issues that people work on: issues
    /// that are In Progress without an agent, are assigned on GitHub, or have an `owner/` label.
    /// For clients that were written before Dispatch withheld such issues.
    DISPATCH_REST_SERVES_PEOPLES_WORK { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// How long claim decisions are retained.
    DISPATCH_DECISION_RETENTION_DAYS { default: "30", format: "days, 1 to 3650", example: "90", secret: false }

    /// How long reports of agents are retained: agent runs, idempotency keys of reports, and agent
    /// work that has ended.
    DISPATCH_RUN_RETENTION_DAYS { default: "365", format: "days, 1 to 3650", example: "90", secret: false }

    /// Maximum number of tracked repositories.
    DISPATCH_MAX_REPOSITORIES { default: "500", format: "a number, 1 to 100000", example: "2000", secret: false }

    /// How long an issue may be in progress without a lease before the doctor reports it.
    DISPATCH_STUCK_AFTER_MINUTES { default: "60", format: "minutes, 1 to 100000", example: "30", secret: false }

    /// How long the doctor treats a person's change as intended and does not report it: an agent's
    /// label without a lease, or an issue in progress that no agent holds.
    DISPATCH_MEANT_FOR_HOURS { default: "72", format: "hours, 1 to 100000", example: "168", secret: false }

    /// How long a closed issue stays in Done.
    DISPATCH_DONE_RETENTION_DAYS { default: "7", format: "days, 1 to 3650", example: "14", secret: false }

    /// How long closed issues that are no longer in Done are retained before they are deleted from
    /// Dispatch, if they are deleted at all: by `POST /api/issues/prune-closed` or the scheduler.
    DISPATCH_CLOSED_ISSUE_RETENTION_DAYS { default: "30", format: "days, 1 to 3650", example: "90", secret: false }

    /// If true, the scheduler runs the jobs that are not needed for correctness: the deletion of old
    /// closed issues. Syncs, repairs and the deletion of other old rows do not depend on it.
    DISPATCH_SCHEDULER_ENABLED { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// Delay between the start and the first run of the scheduler's jobs.
    DISPATCH_SCHEDULER_STARTUP_DELAY_MS { default: "5000", format: "milliseconds, 0 to 3600000", example: "60000", secret: false }

    /// Time between two deletions of old closed issues by the scheduler; 0 turns them off.
    DISPATCH_PRUNE_CLOSED_INTERVAL_MS { default: "86400000", format: "milliseconds, 0 to 2678400000", example: "3600000", secret: false }

    /// Time between two syncs with GitHub. With 0, Dispatch syncs only at start.
    DISPATCH_SYNC_INTERVAL_MS { default: "120000", format: "milliseconds, 0 to 2678400000", example: "60000", secret: false }

    /// Age at which the lock of a sync expires if it is not renewed. Then another process can take
    /// over the sync.
    DISPATCH_SYNC_LOCK_MAX_AGE_MS { default: "90000", format: "milliseconds, 1000 to 86400000", example: "90000", secret: false }

    /// Secret of GitHub's webhooks: a long random text of at least 16 characters. Enter the same
    /// text on GitHub. Without it, every delivery is rejected with 503.
    WEBHOOK_SECRET { default: "none: deliveries of webhooks are rejected", format: "text", example: "5d0c7a91e4f2b386", secret: true }

    /// A second secret that is also accepted, at least 16 characters long: the former one, while a
    /// new one is being entered on GitHub.
    WEBHOOK_SECRET_PREVIOUS { default: "none", format: "text", example: "a17e90c35b6d28f4", secret: true }

    /// How long deliveries of webhooks are retained after they were processed.
    DISPATCH_WEBHOOK_RETENTION_DAYS { default: "7", format: "days, 1 to 3650", example: "30", secret: false }

    /// Time between two syncs of workflows, runs, releases and deployments with GitHub. Events of
    /// webhooks are shown at once. With 0, Dispatch syncs them only on request and at start.
    DISPATCH_AUTOMATION_INTERVAL_MS { default: "300000", format: "milliseconds, 0 to 2678400000", example: "60000", secret: false }

    /// How long runs of workflows and activity are retained. Daily totals of runs stay.
    DISPATCH_AUTOMATION_RETENTION_DAYS { default: "90", format: "days, 1 to 3650", example: "30", secret: false }

    /// How many runs of each workflow are retained. Daily totals of runs stay.
    DISPATCH_AUTOMATION_MAX_RUNS { default: "500", format: "a number, 1 to 1000000", example: "2000", secret: false }

    /// How long the event log is retained. A subscriber that was away longer must reload the board.
    DISPATCH_EVENT_RETENTION_DAYS { default: "7", format: "days, 1 to 3650", example: "30", secret: false }

    /// Log filter. The log is written to standard error.
    RUST_LOG { default: "info", format: "filter directives", example: "info,dispatch::github=debug", secret: false }

    /// Format of a log line.
    LOG_FORMAT { default: "text", format: "`text` or `json`", example: "json", secret: false }

    /// Base URL of an OpenTelemetry collector. Traces are sent to `/v1/traces` below it. Without it,
    /// there are no traces and the other `OTEL_` variables are not read.
    OTEL_EXPORTER_OTLP_ENDPOINT { default: "none: no traces", format: "http or https URL", example: "http://127.0.0.1:4318", secret: false }

    /// Headers of each request to the collector, such as a key.
    OTEL_EXPORTER_OTLP_HEADERS { default: "none", format: "`name=value`, separated by commas, values percent-encoded", example: "x-api-key=s3cret", secret: true }

    /// Protocol of the requests to the collector.
    OTEL_EXPORTER_OTLP_PROTOCOL { default: "http/protobuf", format: "`http/protobuf`", example: "http/protobuf", secret: false }

    /// Name of the service in traces.
    OTEL_SERVICE_NAME { default: "dispatch", format: "a name", example: "dispatch-production", secret: false }

    /// Which traces are sent: all, none, or the part in `OTEL_TRACES_SAMPLER_ARG`. With `parentbased_`,
    /// the caller decides where a request names its caller's trace.
    OTEL_TRACES_SAMPLER { default: "parentbased_always_on", format: "`always_on`, `always_off` or `traceidratio`, alone or after `parentbased_`", example: "parentbased_traceidratio", secret: false }

    /// Part of the traces that `traceidratio` sends.
    OTEL_TRACES_SAMPLER_ARG { default: "1", format: "a number, 0 to 1", example: "0.1", secret: false }
}

/// The settings as the table of `docs/configuration.md`.
pub fn markdown_table() -> String {
    let mut table =
        String::from("| Variable | Meaning | Value | Default |\n| --- | --- | --- | --- |\n");
    for Setting { variable, meaning, default, format, example, .. } in SETTINGS {
        writeln!(table, "| `{variable}` | {meaning} | {format}, as in `{example}` | {default} |")
            .expect("writing to a string cannot fail");
    }
    table
}

/// The settings as `--help` lists them.
pub fn help() -> String {
    let mut text =
        String::from("Settings are environment variables; an empty one counts as unset:\n");
    for Setting { variable, meaning, default, format, .. } in SETTINGS {
        write!(
            text,
            "\n  {variable}\n      {meaning}\n      Value: {format}. Default: {default}.\n"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_listed_once_and_fits_in_a_table() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            assert!(SETTINGS[..at].iter().all(|other| other.variable != setting.variable));
            for text in [setting.meaning, setting.default, setting.format, setting.example] {
                assert!(!text.is_empty() && !text.contains(['|', '\n']), "{text:?}");
            }
        }
        assert_eq!(markdown_table().lines().count(), SETTINGS.len() + 2);
    }

    #[test]
    fn help_names_every_variable() {
        let help = help();
        assert!(SETTINGS.iter().all(|setting| help.contains(setting.variable)));
    }
}
