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
    /// Token for GitHub's API. Dispatch counts as configured when it is set; moving cards needs
    /// write access to issues.
    GITHUB_TOKEN { default: "none: nothing is read from GitHub", format: "token", example: "github_pat_11AB...", secret: true }

    /// Repositories to track, taken over once: the first time it names any. Afterwards the board's
    /// own list counts. A malformed entry is dropped with a warning.
    GITHUB_REPOSITORIES { default: "none", format: "`owner/name` or addresses, separated by commas or newlines", example: "acme/api,acme/web", secret: false }

    /// Owners of whom people may track repositories, besides the owners of `GITHUB_REPOSITORIES`; `*`
    /// for anybody. Whoever may track a repository can read it with the server's token.
    DISPATCH_ALLOWED_OWNERS { default: "the owners of `GITHUB_REPOSITORIES`; anybody where that is unset", format: "people and organisations, separated by commas or newlines, or `*`", example: "acme,octo-org", secret: false }

    /// Base address of GitHub's API, for GitHub Enterprise.
    GITHUB_API_URL { default: "https://api.github.com", format: "http or https address", example: "https://github.example.com/api/v3", secret: false }

    /// Address to listen on.
    HOST { default: "127.0.0.1", format: "IP address or `localhost`", example: "0.0.0.0", secret: false }

    /// How many connections there may be; fewer where the system's limit of open files is lower. One
    /// more is closed at once.
    DISPATCH_MAX_CONNECTIONS { default: "10000", format: "a number, 1 to 1000000", example: "2000", secret: false }

    /// How many connections one peer may have: an IPv4 address or an IPv6 network (`/64`). Proxies of
    /// `DISPATCH_TRUSTED_PROXIES` speak for many and are not bounded by it.
    DISPATCH_MAX_CONNECTIONS_PER_PEER { default: "256", format: "a number, 1 to 1000000", example: "64", secret: false }

    /// Port to listen on; 0 takes a free one and prints it.
    PORT { default: "3000", format: "0 to 65535", example: "3000", secret: false }

    /// Address under which people reach Dispatch; browsers may change things from there. For the
    /// commands of agents and people, where Dispatch runs.
    DISPATCH_URL { default: "none: the address that the browser asked; for commands `http://127.0.0.1:3000`", format: "http or https address", example: "https://dispatch.example.com", secret: false }

    /// Further host names under which browsers may ask. In every mode but `basic` other names are
    /// refused, because a page of another site could have them point here; always allowed are IP
    /// addresses, names without a dot, names below `localhost`, the machine's own name and the host
    /// of `DISPATCH_URL`.
    DISPATCH_ALLOWED_HOSTS { default: "none", format: "host names, separated by commas or newlines", example: "dispatch.example.com,board.internal.example.com", secret: false }

    /// Proxies whose `X-Forwarded-For` says where a request comes from; anybody else's is ignored.
    DISPATCH_TRUSTED_PROXIES { default: "127.0.0.0/8,::1/128", format: "IP addresses and networks, separated by commas or newlines, or `none`", example: "10.0.0.0/8", secret: false }

    /// PostgreSQL to use. `sslmode` may be `disable`, `prefer`, `require` (verified, as `verify-ca`
    /// and `verify-full` are) or `no-verify`; `sslrootcert` names a file of own authorities.
    DATABASE_URL { default: "a PostgreSQL of its own in `DISPATCH_DATA_DIR`", format: "postgres address", example: "postgres://dispatch:password@localhost:5432/dispatch", secret: true }

    /// The same, used when `DATABASE_URL` is unset.
    DISPATCH_DATABASE_URL { default: "none", format: "postgres address", example: "postgres://dispatch:password@localhost:5432/dispatch", secret: true }

    /// Where Dispatch keeps its own PostgreSQL.
    DISPATCH_DATA_DIR { default: "`/var/lib/dispatch` as root, else the platform's place for a user's data", format: "directory", example: "/srv/dispatch", secret: false }

    /// Tells which installed PostgreSQL to start when no address is given.
    PG_CONFIG { default: "`pg_ctl` is looked for in the usual places", format: "path of `pg_config`", example: "/usr/lib/postgresql/17/bin/pg_config", secret: false }

    /// Leaves the database's schema alone at the start.
    SKIP_DB_MIGRATIONS { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// How long PostgreSQL may work on one statement of a request; 0 for any time. Migrations, syncs
    /// and the removal of old rows take the time they need.
    DISPATCH_STATEMENT_TIMEOUT_MS { default: "10000", format: "milliseconds, 0 to 3600000", example: "30000", secret: false }

    /// How long a statement may wait for a lock; 0 for any time.
    DISPATCH_LOCK_TIMEOUT_MS { default: "5000", format: "milliseconds, 0 to 3600000", example: "10000", secret: false }

    /// How long a transaction may be open in which nothing is asked; 0 for any time.
    DISPATCH_IDLE_TRANSACTION_TIMEOUT_MS { default: "60000", format: "milliseconds, 0 to 3600000", example: "120000", secret: false }

    /// Who may do what without a token: `basic` asks for name and password, `read-only` lets everybody
    /// read and nobody change anything, `disabled` lets everybody do everything; without a mode people
    /// may use the board and agents need a token.
    DISPATCH_AUTH_MODE { default: "none", format: "`basic`, `read-only` or `disabled`", example: "basic", secret: false }

    /// The name for mode `basic`.
    DISPATCH_AUTH_USERNAME { default: "none; `basic` needs it", format: "text without a colon", example: "sam", secret: false }

    /// The password for mode `basic`.
    DISPATCH_AUTH_PASSWORD { default: "none; `basic` needs it", format: "text", example: "a long passphrase", secret: true }

    /// Bearer token of agents, a long random text of at least 16 characters. Without it nobody can act as an agent.
    DISPATCH_AGENT_TOKEN { default: "none: agents are answered 401", format: "token", example: "3b1f9c5e7a204d68", secret: true }

    /// A second bearer token that opens as much as the first, at least 16 characters long.
    DISPATCH_MAINTAINER_TOKEN { default: "none", format: "token", example: "9d2e6f0a4c7b8135", secret: true }

    /// Bearer tokens of workers, each bound to an agent: its bearer may take, report and finish work
    /// as that agent and little else. Each is at least 16 characters long; one for two agents opens
    /// nothing.
    DISPATCH_WORKER_TOKENS { default: "none", format: "`agent:token`, separated by commas or newlines", example: "alpha:5e8a1f0c93d7b264,beta:77c1d2e90ab4f836", secret: true }

    /// A worker's bearer token that is bound to no agent, at least 16 characters long: it
    /// reads issues only. Better is
    /// `DISPATCH_WORKER_TOKENS`.
    DISPATCH_WORKER_TOKEN { default: "none", format: "token", example: "0c4f7e9b21d86a35", secret: true }

    /// For commands: the agent that asks, where a command names none.
    DISPATCH_AGENT_NAME { default: "none", format: "name", example: "alpha", secret: false }

    /// For commands: the lease at hand, as `dispatch claim` prints it.
    DISPATCH_LEASE { default: "none", format: "id of a lease", example: "lea_00001c_000003", secret: false }

    /// For commands: the token of the lease at hand.
    DISPATCH_FENCING_TOKEN { default: "none", format: "a number", example: "3", secret: false }

    /// Agents offered in the board's menus.
    AGENTS { default: "none", format: "names, separated by commas or newlines", example: "claude,codex", secret: false }

    /// The queues that issues wait in, in order. A lane has an `id`, a `title`, `claimable`, and if
    /// wanted a `role` (`default` or `escalation`), `description`, `color` and `defaultAgent`;
    /// `laneAliases` says which lane an old name means. New issues start on the claimable lane with
    /// the role `default`, else on the first claimable one.
    DISPATCH_LANE_CONFIG_JSON { default: "`default` (also called `normal`), and `backlog`, from which nothing is claimed", format: "JSON", example: r#"{"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},{"id":"backlog","title":"Backlog","claimable":false}],"laneAliases":{"normal":"local"}}"#, secret: false }

    /// The same, used when `DISPATCH_LANE_CONFIG_JSON` is unset.
    DISPATCH_LANE_CONFIG { default: "none", format: "JSON", example: r#"{"lanes":[{"id":"all","title":"All","claimable":true}]}"#, secret: false }

    /// Issues with one of these labels, in any case, are hidden.
    DISPATCH_EXCLUDED_LABELS { default: "none", format: "labels, separated by commas or newlines", example: "wontfix,internal", secret: false }

    /// How many issues one agent may hold at a time.
    DISPATCH_MAX_IN_PROGRESS_PER_AGENT { default: "none", format: "a number, 1 to 1000000", example: "3", secret: false }

    /// How many issues of one repository may be held at a time.
    DISPATCH_MAX_IN_PROGRESS_PER_REPOSITORY { default: "none", format: "a number, 1 to 1000000", example: "10", secret: false }

    /// How many issues of a queue may be held at a time: one number for each queue, numbers of single
    /// queues, or both.
    DISPATCH_MAX_IN_PROGRESS_PER_LANE { default: "none", format: "numbers and queues with numbers, separated by commas or newlines", example: "20,frontier=2", secret: false }

    /// How many issues may wait for a person, in review or blocked, before agents begin no more.
    DISPATCH_MAX_WAITING_FOR_HUMAN { default: "none", format: "a number, 1 to 1000000", example: "25", secret: false }

    /// After how many days of waiting an issue is served as though it were one priority higher.
    DISPATCH_QUEUE_AGING_DAYS_PER_TIER { default: "7", format: "days, 1 to 3650", example: "14", secret: false }

    /// By how many priorities waiting can raise an issue, and never above `priority/p1`; 0 for none.
    DISPATCH_QUEUE_AGING_MAX_TIERS { default: "2", format: "a number, 0 to 4", example: "1", secret: false }

    /// Whether an issue that open issues wait for is served before others of its priority: the more
    /// wait for it, the earlier.
    DISPATCH_RANK_UNBLOCKS { default: "true", format: "`true` or `false`", example: "false", secret: false }

    /// How many attempts of agents at an issue may fail in a row. Then it goes to the lane of
    /// escalation, where there is one, or gets the label `needs-human` and is served to nobody until
    /// a person takes that off.
    DISPATCH_MAX_ATTEMPTS { default: "5", format: "a number, 1 to 1000", example: "3", secret: false }

    /// Whether a claim of the best issue first gets an agent back what it still holds, where the claim
    /// does not say so itself. For agents that run once under each name: of several under one name,
    /// two would work on the same issue.
    DISPATCH_RESUME_HELD_WORK { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// Whether `next-task` and `queue` over REST also have what people work on: issues that are In
    /// Progress without an agent, assigned on GitHub, or have an `owner/` label. For clients that were
    /// written for queues without that rule.
    DISPATCH_REST_SERVES_PEOPLES_WORK { default: "false", format: "`true` or `false`", example: "true", secret: false }

    /// How long it is kept what was served to whom, and why nothing else.
    DISPATCH_DECISION_RETENTION_DAYS { default: "30", format: "days, 1 to 3650", example: "90", secret: false }

    /// How long what agents reported is kept: their runs, the keys of their reports, and work that
    /// is over.
    DISPATCH_RUN_RETENTION_DAYS { default: "365", format: "days, 1 to 3650", example: "90", secret: false }

    /// How many repositories may be tracked at a time.
    DISPATCH_MAX_REPOSITORIES { default: "500", format: "a number, 1 to 100000", example: "2000", secret: false }

    /// How long an issue may be in progress without a lease before the queue's doctor names it.
    DISPATCH_STUCK_AFTER_MINUTES { default: "60", format: "minutes, 1 to 100000", example: "30", secret: false }

    /// How long the queue's doctor takes for meant what a person did: an agent's label without a lease,
    /// an issue in progress that no agent holds.
    DISPATCH_MEANT_FOR_HOURS { default: "72", format: "hours, 1 to 100000", example: "168", secret: false }

    /// How long a closed issue stays in Done.
    DISPATCH_DONE_RETENTION_DAYS { default: "7", format: "days, 1 to 3650", example: "14", secret: false }

    /// Time between two syncs with GitHub; 0 leaves only the one at the start.
    DISPATCH_SYNC_INTERVAL_MS { default: "120000", format: "milliseconds, 0 to 2678400000", example: "60000", secret: false }

    /// After how long without a sign of life another process may take over a sync.
    DISPATCH_SYNC_LOCK_MAX_AGE_MS { default: "90000", format: "milliseconds, 1000 to 86400000", example: "90000", secret: false }

    /// How long the event log is kept, and with it the time a subscriber can be away without
    /// loading the board anew.
    DISPATCH_EVENT_RETENTION_DAYS { default: "7", format: "days, 1 to 3650", example: "30", secret: false }

    /// What is logged, to the standard error.
    RUST_LOG { default: "info", format: "filter directives", example: "info,dispatch::github=debug", secret: false }

    /// How a line of the log looks.
    LOG_FORMAT { default: "text", format: "`text` or `json`", example: "json", secret: false }
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
