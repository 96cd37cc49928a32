//! What is accepted, what is refused, and that nothing secret is shown.

use super::*;

fn config<const N: usize>(variables: [(&str, &str); N]) -> Config {
    Config::from_env(&Env::from(variables)).expect("usable settings")
}

fn problems<const N: usize>(variables: [(&str, &str); N]) -> Vec<String> {
    Config::from_env(&Env::from(variables)).expect_err("a bad setting").problems
}

#[test]
fn nothing_set_gives_the_defaults_of_the_table() {
    let config = config([]);
    assert_eq!((config.server.host.to_string(), config.server.port), ("127.0.0.1".into(), 3000));
    assert_eq!(config.github.api_url.as_str(), "https://api.github.com/");
    assert_eq!(config.auth.mode, AuthMode::Open);
    assert!(!config.is_configured() && !config.database.skip_migrations);
    assert!(config.database.url.is_none() && config.database.data_dir.is_absolute());
    assert_eq!(config.sync.interval, Duration::from_secs(120));
    assert_eq!(config.sync.lock_max_age, Duration::from_secs(90));
    assert_eq!(config.events.retention, Duration::from_secs(7 * 86_400));
    assert_eq!((config.board.done_retention_days, config.log.filter.as_str()), (7, "info"));
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn a_default_in_the_table_is_what_unset_means() {
    let unset = format!("{:?}", config([]));
    let plain = |setting: &&Setting| {
        !setting.default.contains(' ') && setting.default != "none" && !setting.is_secret
    };
    let defaults: Vec<_> = SETTINGS.iter().filter(plain).collect();
    assert!(defaults.len() >= 8, "only {} plain defaults", defaults.len());
    for Setting { variable, default, .. } in defaults {
        assert_eq!(format!("{:?}", config([(variable, default)])), unset, "{variable}");
    }
}

#[test]
fn every_example_in_the_table_works() {
    let examples = SETTINGS.iter().map(|setting| (setting.variable, setting.example));
    let config = Config::from_env(&examples.collect()).expect("examples are accepted");
    assert_eq!(config.github.repositories.len(), 2);
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn an_empty_value_counts_as_unset() {
    let blank = config([("DATABASE_URL", ""), ("PORT", "  "), ("DISPATCH_AUTH_MODE", "\n")]);
    assert_eq!(format!("{blank:?}"), format!("{:?}", config([])));

    let second = [("DATABASE_URL", ""), ("DISPATCH_DATABASE_URL", "postgres://second/db")];
    let url = config(second).database.url.expect("the second counts");
    assert_eq!(url.expose(), "postgres://second/db");
}

#[test]
fn the_first_database_address_wins() {
    let both = [("DATABASE_URL", "postgres://a/db"), ("DISPATCH_DATABASE_URL", "postgres://b/db")];
    assert_eq!(config(both).database.url.expect("one is set").expose(), "postgres://a/db");
}

#[test]
fn the_host_name_of_the_machine_is_no_setting() {
    assert_eq!(config([("HOSTNAME", "0.0.0.0")]).server.host, IpAddr::V4(Ipv4Addr::LOCALHOST));
}

#[test]
fn malformed_repositories_are_dropped_with_a_warning_each() {
    let list = "org/api,no-slash,owner only/repo,bad/repo/name,/missing-owner,missing-repo/";
    let config = config([("GITHUB_REPOSITORIES", list)]);
    assert_eq!(config.github.repositories, ["org/api".parse().expect("well formed")]);
    insta::assert_snapshot!(config.warnings.join("\n"), @r"
    GITHUB_REPOSITORIES: `no-slash` is not a repository's full name, such as `octo-org/hello-world`; ignored
    GITHUB_REPOSITORIES: `owner only/repo` is not a repository's full name, such as `octo-org/hello-world`; ignored
    GITHUB_REPOSITORIES: `bad/repo/name` is not a repository's full name, such as `octo-org/hello-world`; ignored
    GITHUB_REPOSITORIES: `/missing-owner` is not a repository's full name, such as `octo-org/hello-world`; ignored
    GITHUB_REPOSITORIES: `missing-repo/` is not a repository's full name, such as `octo-org/hello-world`; ignored
    ");
}

#[test]
fn repositories_are_named_by_their_addresses_too() {
    let list = "https://ghe.example/acme/api.git,git@ghe.example:acme/web,https://github.com/a/b";
    let config =
        config([("GITHUB_REPOSITORIES", list), ("GITHUB_API_URL", "https://ghe.example/api/v3")]);
    let names: Vec<&str> = config.github.repositories.iter().map(FullName::as_str).collect();
    assert_eq!(names, ["acme/api", "acme/web"]);
    insta::assert_snapshot!(config.warnings.join("\n"), @"GITHUB_REPOSITORIES: `https://github.com/a/b` is on github.com, and repositories are read from ghe.example; ignored");
}

#[test]
fn a_list_has_commas_newlines_and_no_repeats() {
    let config = config([
        ("GITHUB_REPOSITORIES", " Acme/Api,\r\nacme/web ,, acme/api\n"),
        ("DISPATCH_EXCLUDED_LABELS", "wontfix, help wanted\nwontfix"),
        ("AGENTS", "claude,codex"),
    ]);
    let names: Vec<&str> = config.github.repositories.iter().map(FullName::as_str).collect();
    assert_eq!(names, ["Acme/Api", "acme/web"]);
    assert_eq!(config.board.excluded_labels, ["wontfix", "help wanted"]);
    assert_eq!(config.agents, ["claude", "codex"]);
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn a_network_is_the_same_in_either_notation() {
    let networks = |text| {
        let config = config([("DISPATCH_TRUSTED_PROXIES", text)]);
        config.server.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (text, expected) in [
        ("10.0.0.0/8, 127.0.0.1", &["10.0.0.0/8", "127.0.0.1/32"][..]),
        ("::ffff:10.0.0.0/104, ::ffff:127.0.0.1", &["10.0.0.0/8", "127.0.0.1/32"]),
        ("2001:db8::/32, ::ffff:0:0/96, ::/0", &["2001:db8::/32", "0.0.0.0/0", "::/0"]),
        ("none", &[]),
    ] {
        assert_eq!(networks(text), expected, "{text}");
    }
}

#[test]
fn bad_values_are_all_reported_at_once() {
    insta::assert_snapshot!(problems([
        ("HOST", "example.com"),
        ("PORT", "70000"),
        ("DISPATCH_URL", "ftp://dispatch"),
        ("DATABASE_URL", "mysql://root:hunter2@db/dispatch"),
        ("SKIP_DB_MIGRATIONS", "yes"),
        ("GITHUB_API_URL", "https://user:hunter2@github.com"),
        ("GITHUB_TOKEN", "hunter2 hunter2"),
        ("DISPATCH_AUTH_MODE", "oauth"),
        ("DISPATCH_AUTH_USERNAME", "a:b"),
        ("DISPATCH_LANE_CONFIG_JSON", "{}"),
        ("DISPATCH_LANE_CONFIG", r#"{"lanes":[{"id":"a","title":"A","claimable":false}]}"#),
        ("DISPATCH_DONE_RETENTION_DAYS", "0"),
        ("DISPATCH_SYNC_INTERVAL_MS", "2 min"),
        ("DISPATCH_SYNC_LOCK_MAX_AGE_MS", "-1"),
        ("DISPATCH_EVENT_RETENTION_DAYS", "1.5"),
        ("RUST_LOG", "dispatch=loud"),
        ("LOG_FORMAT", "xml"),
    ]).join("\n"), @r#"
    HOST is "example.com", which is not an IP address. Example: HOST=0.0.0.0
    PORT is "70000", which is not a whole number from 0 to 65535. Example: PORT=3000
    DISPATCH_URL is "ftp://dispatch", which does not begin with http:// or https://. Example: DISPATCH_URL=https://dispatch.example.com
    DATABASE_URL does not begin with postgres:// or postgresql://. Example: DATABASE_URL=postgres://dispatch:password@localhost:5432/dispatch
    SKIP_DB_MIGRATIONS is "yes", which is neither true nor false. Example: SKIP_DB_MIGRATIONS=true
    GITHUB_API_URL holds a name or password, which does not belong there. Example: GITHUB_API_URL=https://github.example.com/api/v3
    GITHUB_TOKEN holds a space or a character that no token has. Example: GITHUB_TOKEN=github_pat_11AB...
    DISPATCH_AUTH_USERNAME is "a:b", which contains a colon. Example: DISPATCH_AUTH_USERNAME=sam
    DISPATCH_AUTH_MODE is "oauth", which is none of basic, read-only and disabled. Example: DISPATCH_AUTH_MODE=basic
    DISPATCH_DONE_RETENTION_DAYS is "0", which is not a whole number from 1 to 3650. Example: DISPATCH_DONE_RETENTION_DAYS=14
    DISPATCH_LANE_CONFIG_JSON is "{}", which cannot be read: missing field `lanes` at line 1 column 2. Example: DISPATCH_LANE_CONFIG_JSON={"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},{"id":"backlog","title":"Backlog","claimable":false}],"laneAliases":{"normal":"local"}}
    DISPATCH_LANE_CONFIG is "{\"lanes\":[{\"id\":\"a\",\"title\":\"A\",\"claimable\":false}]}", which has no lane with "claimable": true. Example: DISPATCH_LANE_CONFIG={"lanes":[{"id":"all","title":"All","claimable":true}]}
    DISPATCH_SYNC_INTERVAL_MS is "2 min", which is not a whole number from 0 to 2678400000. Example: DISPATCH_SYNC_INTERVAL_MS=60000
    DISPATCH_SYNC_LOCK_MAX_AGE_MS is "-1", which is not a whole number from 1000 to 86400000. Example: DISPATCH_SYNC_LOCK_MAX_AGE_MS=90000
    DISPATCH_EVENT_RETENTION_DAYS is "1.5", which is not a whole number from 1 to 3650. Example: DISPATCH_EVENT_RETENTION_DAYS=30
    RUST_LOG is "dispatch=loud", which cannot be read: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5. Example: RUST_LOG=info,dispatch::github=debug
    LOG_FORMAT is "xml", which is neither text nor json. Example: LOG_FORMAT=json
    "#);
}

#[test]
fn lanes_are_read_from_either_variable() {
    assert_eq!(config([]).lanes, Lanes::default());
    let given = r#"{
        "lanes": [
            {"id": "local", "title": "Local", "claimable": true, "role": "default", "color": "green"},
            {"id": "frontier", "title": "Frontier", "claimable": true, "role": "escalation"},
            {"id": "backlog", "title": "Backlog", "claimable": false, "later": 1}
        ],
        "laneAliases": {"normal": "local"}
    }"#;
    let lanes = config([("DISPATCH_LANE_CONFIG", given)]).lanes;
    assert_eq!(lanes.listed(), "local, frontier, backlog");
    assert_eq!(lanes.find("normal"), Some(lanes.start()));
    let one = r#"{"lanes":[{"id":"all","title":"All","claimable":true}]}"#;
    let both = [("DISPATCH_LANE_CONFIG_JSON", one), ("DISPATCH_LANE_CONFIG", given)];
    assert_eq!(config(both).lanes.listed(), "all");
}

#[test]
fn tokens_of_workers_are_bound_and_prove_one_agent_only() {
    let text = "alpha:one-token-of-tests, beta:two-token-of-tests\nalpha:three-token-of-tests,\
                gamma:shared-token-of-tests,delta:shared-token-of-tests,eps:token:with:colons";
    let config = config([("DISPATCH_WORKER_TOKENS", text)]);
    let bound: Vec<(&str, &str)> = config
        .auth
        .workers
        .iter()
        .map(|worker| (worker.agent.as_str(), worker.token.expose()))
        .collect();
    let kept = [
        ("alpha", "one-token-of-tests"),
        ("beta", "two-token-of-tests"),
        ("alpha", "three-token-of-tests"),
        ("eps", "token:with:colons"),
    ];
    assert_eq!(bound, kept);
    insta::assert_snapshot!(config.warnings.join("\n"), @r"
    DISPATCH_WORKER_TOKENS gives another agent the token of gamma too; it opens nothing
    DISPATCH_WORKER_TOKENS gives another agent the token of delta too; it opens nothing
    Tokens of workers bind nobody while DISPATCH_AUTH_MODE is not set: a worker that leaves its token out is a person, who may use the whole board; set DISPATCH_AUTH_MODE=basic
    ");
    for bad in ["alpha", "alpha:", ":hunter2", "alpha:hunter2-of-the worker"] {
        let problems = problems([("DISPATCH_WORKER_TOKENS", bad)]).join("\n");
        assert!(problems.starts_with("DISPATCH_WORKER_TOKENS h"), "{problems}");
        assert!(!problems.contains("hunter"), "{problems}");
    }
}

#[test]
fn a_token_that_can_be_guessed_stops_the_start() {
    let settings = [
        ("DISPATCH_AGENT_TOKEN", ""),
        ("DISPATCH_MAINTAINER_TOKEN", ""),
        ("DISPATCH_WORKER_TOKEN", ""),
        ("DISPATCH_WORKER_TOKENS", "alpha:"),
        ("DISPATCH_WORKER_TOKENS", "alpha:long-enough-token,beta:"),
    ];
    for (setting, before) in settings {
        config([(setting, &format!("{before}{}", "x".repeat(16)))]);
        let problems = problems([(setting, &format!("{before}{}", "x".repeat(15)))]).join("\n");
        let expected = format!("{setting} holds a token of fewer than 16 characters. Example: ");
        assert!(problems.starts_with(&expected), "{problems}");
    }
}

#[test]
fn basic_needs_a_name_and_a_password() {
    insta::assert_snapshot!(problems([("DISPATCH_AUTH_MODE", "basic")]).join("\n"), @r"
    DISPATCH_AUTH_USERNAME is needed by DISPATCH_AUTH_MODE=basic. Example: DISPATCH_AUTH_USERNAME=sam
    DISPATCH_AUTH_PASSWORD is needed by DISPATCH_AUTH_MODE=basic. Example: DISPATCH_AUTH_PASSWORD=a long passphrase
    ");
    let full = config([
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "hunter2"),
    ]);
    let password = Secret::new("hunter2");
    assert_eq!(full.auth.mode, AuthMode::Basic { username: "sam".into(), password });
    assert_eq!(config([("DISPATCH_AUTH_MODE", "disabled")]).auth.mode, AuthMode::Disabled);
    assert_eq!(config([("DISPATCH_AUTH_MODE", "read-only")]).auth.mode, AuthMode::ReadOnly);
}

#[test]
fn an_unknown_setting_is_reported() {
    let config = config([("DISPATCH_TOKEN", "hunter2"), ("DISPATCH_AUTH_PASSWORD", "hunter2")]);
    insta::assert_snapshot!(config.warnings.join("\n"), @r"
    DISPATCH_TOKEN is not a setting of this version; ignored
    DISPATCH_AUTH_USERNAME and DISPATCH_AUTH_PASSWORD protect nothing: they count with DISPATCH_AUTH_MODE=basic only
    ");
}

#[test]
fn settings_that_leave_something_open_are_warned_of() {
    let basic = [
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "hunter2"),
    ];
    let warned = |given: &[(&str, &str)], with_basic: bool| {
        let basic = if with_basic { &basic[..] } else { &[] };
        let env = Env::from_iter(basic.iter().chain(given).copied());
        Config::from_env(&env).expect("usable settings").warnings
    };
    let token = ("GITHUB_TOKEN", "hunter2");
    let (worker, bound) = ("0c4f7e9b21d86a35", "alpha:0c4f7e9b21d86a35");
    for (given, with_basic, beginning) in [
        (&[("DISPATCH_WORKER_TOKEN", worker)][..], false, "Tokens of workers bind nobody"),
        (&[("DISPATCH_WORKER_TOKENS", bound)], false, "Tokens of workers bind nobody"),
        (&[token, ("GITHUB_API_URL", "http://github.example.com/api/v3")], false, "GITHUB_API_URL"),
        (&[("DISPATCH_URL", "http://dispatch.example.com")], true, "DISPATCH_URL begins with http"),
        (&[("HOST", "0.0.0.0")], true, "HOST is not this machine alone"),
        (&[("HOST", "::")], true, "HOST is not this machine alone"),
        (&[("DATABASE_URL", "postgres://d@db/d")], true, "The connection to the database"),
        (&[("DATABASE_URL", "postgres://d@db/d?sslmode=disable")], true, "The connection"),
        (&[("DATABASE_URL", "postgres://d@10.0.0.1/d?sslmode=prefer")], true, "The connection"),
        (&[("DISPATCH_DATABASE_URL", "postgres://d@db/d?sslmode=no-verify")], true, "The conn"),
    ] {
        let warnings = warned(given, with_basic);
        let is_said = warnings.len() == 1 && warnings[0].starts_with(beginning);
        assert!(is_said && !warnings[0].contains("hunter2"), "{given:?}: {warnings:?}");
    }
    for (given, with_basic) in [
        (
            &[("DISPATCH_WORKER_TOKEN", worker), ("DISPATCH_WORKER_TOKENS", "a:0c4f7e9b21d86a36")]
                [..],
            true,
        ),
        (&[token, ("GITHUB_API_URL", "http://127.0.0.1:4000")], false),
        (&[token, ("GITHUB_API_URL", "https://github.example.com")], false),
        (&[("DISPATCH_URL", "http://localhost:3000")], true),
        (&[("DISPATCH_URL", "http://dispatch.example.com")], false),
        (&[("DISPATCH_URL", "https://dispatch.example.com")], true),
        (&[("DISPATCH_URL", "https://dispatch.example.com"), ("HOST", "0.0.0.0")], true),
        (&[("HOST", "127.0.0.1")], true),
        (&[("DATABASE_URL", "postgres://d@localhost/d?sslmode=disable")], true),
        (&[("DATABASE_URL", "postgres://d@127.0.0.1/d")], true),
        (&[("DATABASE_URL", "postgres://d@%2Fvar%2Frun/d")], true),
        (&[("DATABASE_URL", "postgres://d@db/d?sslmode=require")], true),
        (&[("DATABASE_URL", "postgres://d@db/d?sslmode=verify-full")], true),
    ] {
        assert_eq!(warned(given, with_basic), [""; 0], "{given:?}");
    }
}

#[test]
fn traces_are_off_without_an_endpoint_and_need_settings_that_work() {
    let others = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
    ];
    assert!(config(others).traces.is_none());
    let traces = config([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example.com/otlp/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20hunter2, x-tenant = a=b"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_SERVICE_NAME", "board"),
    ]);
    let traces = traces.traces.expect("an endpoint is set");
    assert_eq!(traces.endpoint.as_str(), "https://collector.example.com/otlp");
    assert_eq!(traces.service_name.as_deref(), Some("board"));
    assert_eq!(format!("{:?}", traces.sampler), "ParentBased(TraceIdRatioBased(0.25))");
    let headers = traces.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let expected: [(&str, &[u8]); 2] = [("authorization", b"Basic hunter2"), ("x-tenant", b"a=b")];
    assert_eq!(headers.collect::<Vec<_>>(), expected);
    assert!(!format!("{traces:?}").contains("hunter2"));

    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317");
    let [protocol, sampler, headers] = others;
    let argument = ("OTEL_TRACES_SAMPLER_ARG", "2");
    let problems_of_others = problems([endpoint, protocol, sampler, headers, argument]).join("\n");
    assert!(!problems_of_others.contains("hunter2"));
    insta::assert_snapshot!(problems_of_others, @r#"
    OTEL_EXPORTER_OTLP_HEADERS has an entry that is not `name=value`. Example: OTEL_EXPORTER_OTLP_HEADERS=x-api-key=s3cret
    OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", which Dispatch does not speak: it knows http/protobuf. Example: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
    OTEL_TRACES_SAMPLER_ARG is "2", which is not a number from 0 to 1. Example: OTEL_TRACES_SAMPLER_ARG=0.1
    OTEL_TRACES_SAMPLER is "xray", which is none of always_on, always_off and traceidratio, nor one of these after parentbased_. Example: OTEL_TRACES_SAMPLER=parentbased_traceidratio
    "#);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318");
    insta::assert_snapshot!(problems([endpoint]).join("\n"), @r#"OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318", which does not begin with http:// or https://. Example: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"#);
}

#[test]
fn nothing_secret_is_ever_printed() {
    let env = Env::from([
        ("GITHUB_TOKEN", "hunter2"),
        ("DISPATCH_AGENT_TOKEN", "hunter2-of-the-agents"),
        ("DATABASE_URL", "postgres://dispatch:hunter2@db/dispatch"),
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "hunter2"),
    ]);
    let config = Config::from_env(&env).expect("usable settings");
    assert!(!format!("{config:?} {config:#?} {env:?}").contains("hunter2"));
    assert_eq!(format!("{}", Secret::new("hunter2")), "[hidden]");
    assert_eq!(config.github.token.expect("set").expose(), "hunter2");

    let bad = problems([("GITHUB_TOKEN", "hunter2 x"), ("DATABASE_URL", "hunter2")]);
    assert_eq!(bad.len(), 2);
    assert!(!bad.join("").contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let env = Env::from_iter([("PORT", std::ffi::OsString::from_vec(vec![0xff]))]);
    let error = Config::from_env(&env).expect_err("not text");
    assert_eq!(error.to_string(), "PORT is not valid UTF-8. Example: PORT=3000");
}

#[test]
fn owners_are_those_that_are_named_and_those_to_start_with() {
    let allowed = |owners, repositories| {
        let settings = [("DISPATCH_ALLOWED_OWNERS", owners), ("GITHUB_REPOSITORIES", repositories)];
        let github = config(settings).github;
        ["Acme/a", "octo-org/b", "evil/c"]
            .map(|name| github.allowed_owners.include(&name.parse().expect("well formed")))
    };
    assert_eq!(allowed("", ""), [true, true, true]);
    assert_eq!(allowed("*", "acme/api"), [true, true, true]);
    assert_eq!(allowed("", "ACME/api"), [true, false, false]);
    assert_eq!(allowed("Octo-Org", ""), [false, true, false]);
    assert_eq!(allowed("octo-org", "acme/api"), [true, true, false]);
    for bad in ["acme/api", "a b", "*/*"] {
        let problems = problems([("DISPATCH_ALLOWED_OWNERS", bad)]);
        assert!(problems[0].contains("owns no repository"), "{problems:?}");
    }
}
