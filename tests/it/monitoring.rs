//! Metrics: what is exported, to whom, and the dashboard, alert rules and runbook that use it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dispatch::metrics::{METRICS, MetricKind};
use dispatch::scheduler;
use dispatch::service::Error;
use dispatch::service::monitoring::FRESH;
use dispatch::service::tasks::background_tasks;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::stream::Socket;
use crate::support::{AGENT_TOKEN, Given, eventually, given, given_settings};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

async fn scrape(given: &Given) -> String {
    let answer = given.ask("GET", "/metrics", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    String::from_utf8(answer.bytes).unwrap()
}

/// The value of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

/// The names of our metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_name(c));
    words.filter(|word| word.starts_with("dispatch_")).map(str::to_owned).collect()
}

/// Uses every part of the service that has a metric of its own.
async fn use_everything(given: &mut Given) -> Socket {
    given.with_issues(&[("a", &["status/ready"]), ("b", &[])]).await;
    let query = "{ issues { totalCount } }";
    for _ in 0..2 {
        given.graphql(query, json!({})).await;
    }
    let claim = "mutation { claimNext(input: {agent: \"alpha\"}) { lease { id } } }";
    given.graphql_as_agent(claim, json!({})).await;
    let address = given.serve().await;
    let mut socket = Socket::open(&address).await;
    socket.subscribe("1", "subscription { boardEvents { __typename } }", json!({})).await;
    socket
}

#[tokio::test]
async fn every_metric_of_the_dashboard_and_the_alerts_is_exported() {
    given(async |given| {
        let _socket = use_everything(given).await;
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        eventually(async || {
            let tasks = background_tasks(&given.app);
            !tasks.is_empty() && tasks.iter().all(|task| task.last_run_at.is_some())
        })
        .await;
        let text = scrape(given).await;
        let exported = names(&text);
        for metric in METRICS {
            let name = match metric.kind {
                MetricKind::Histogram => format!("{}_bucket", metric.name),
                MetricKind::Counter | MetricKind::Gauge => metric.name.to_owned(),
            };
            assert!(exported.contains(&name), "{name} is declared and not exported");
        }
        let used: BTreeSet<_> = ["monitoring/dashboard.json", "monitoring/alerts.yaml"]
            .iter()
            .flat_map(|name| names(&file(name)))
            .filter(|name| !name.ends_with("_label"))
            .collect();
        assert!(used.len() >= METRICS.len() - 1, "the dashboard leaves metrics out");
        for name in used {
            assert!(exported.contains(&name), "{name} is used and not exported");
        }
    })
    .await;
}

#[test]
fn each_alert_has_its_line_in_the_runbook() {
    let (rules, page) = (file("monitoring/alerts.yaml"), file("operating.md"));
    let (_, runbook) = page.split_once("\n## Runbook\n").unwrap();
    let alerts: Vec<_> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    let described: Vec<_> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(alerts, described);
    for alert in alerts {
        let link = format!("runbook: docs/operating.md#{}", alert.to_lowercase());
        assert!(rules.contains(&link), "{alert} has no link to the runbook");
        let (_, rest) = runbook.split_once(&format!("### {alert}\n\n")).unwrap();
        assert!(rest.lines().next().unwrap().len() > 40, "{alert} has no advice");
    }
}

#[test]
fn the_dashboard_is_what_grafana_imports() {
    let dashboard: Value = serde_json::from_str(&file("monitoring/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(expression.matches('(').count(), expression.matches(')').count());
            assert!(expression.contains("instance=~\"$instance\""), "{expression}");
        }
    }
}

#[tokio::test]
async fn values_are_those_of_the_board() {
    given(async |given| {
        let mut socket = use_everything(given).await;
        let text = scrape(given).await;
        for (series, expected) in [
            (r#"dispatch_queue_depth{lane="default",status="in-progress"}"#, 1.0),
            (r#"dispatch_queue_depth{lane="default",status="ready"}"#, 0.0),
            (r#"dispatch_queue_depth{lane="other",status="ready"}"#, 0.0),
            (r#"dispatch_queue_oldest_ready_age_seconds{lane="default"}"#, 0.0),
            (r#"dispatch_leases{state="held"}"#, 1.0),
            (r#"dispatch_claims_total{kind="next",outcome="served"}"#, 1.0),
            (r#"dispatch_claims_total{kind="next",outcome="idle"}"#, 0.0),
            (r#"dispatch_subscribers{field="boardEvents"}"#, 1.0),
            (r#"dispatch_graphql_operations_total{kind="mutation",field="claimNext",outcome="ok"}"#, 1.0),
            ("dispatch_database_up", 1.0),
            ("dispatch_repositories", 1.0),
            ("dispatch_repositories_failing", 0.0),
            ("dispatch_sync_lag_seconds", 0.0),
            ("dispatch_webhook_inbox_depth", 0.0),
        ] {
            assert_eq!(value(&text, series), Some(expected), "{series} in\n{text}");
        }
        // Other databases of the server may change its snapshot, and then the query runs again.
        let executed = r#"dispatch_graphql_operations_total{kind="query",field="issues",outcome="ok"}"#;
        let executed = value(&text, executed).unwrap();
        assert!(executed >= 1.0);
        assert_eq!(executed + value(&text, "dispatch_graphql_cache_hits_total").unwrap(), 2.0);
        assert!(value(&text, "dispatch_github_budget_remaining{resource=\"graphql\"}").unwrap() > 0.0);

        socket.say(json!({"type": "complete", "id": "1"})).await;
        let release = "UPDATE leases SET expires_at = acquired_at";
        given.database.run(release).await;
        let series = r#"dispatch_lease_losses_total{reason="expired"}"#;
        dispatch::service::claims::leases::expire_leases(&given.app).await.unwrap();
        given.advance(3600);
        eventually(async || {
            let text = scrape(given).await;
            value(&text, r#"dispatch_subscribers{field="boardEvents"}"#) == Some(0.0)
                && value(&text, series) == Some(1.0)
        })
        .await;
        tokio::time::sleep(FRESH).await;
        let text = scrape(given).await;
        assert_eq!(value(&text, "dispatch_sync_lag_seconds"), Some(3600.0));
        let age = r#"dispatch_queue_oldest_ready_age_seconds{lane="default"}"#;
        assert!(value(&text, age).unwrap() >= 3600.0, "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_clients_name_makes_no_series() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let series = async || scrape(given).await.lines().count();
        let ask = async |number: u32| {
            let query = format!("query Q{number} {{ a{number}: issues {{ totalCount }} }}");
            given.graphql(&query, json!({})).await;
            given.ask("GET", &format!("/nothing/{number}"), None).await;
            given.ask("GET", &format!("/api/issues?agent={number}"), None).await;
            given.ask(&format!("VERB{number}"), "/api/issues", None).await;
            let unknown = format!("{{ unknown{number} }}");
            given.try_graphql(&unknown, json!({})).await;
        };
        series().await;
        ask(0).await;
        let before = series().await;
        for number in 1..20 {
            ask(number).await;
        }
        assert_eq!(series().await, before);
    })
    .await;
}

fn request(host: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get("/metrics").header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

const BASIC: &[(&str, &str)] = &[
    ("DISPATCH_AUTH_MODE", "basic"),
    ("DISPATCH_AUTH_USERNAME", "sam"),
    ("DISPATCH_AUTH_PASSWORD", "a-long-password"),
];

#[tokio::test]
async fn metrics_are_for_readers_and_for_no_page_of_another_site() {
    let worker = [("DISPATCH_WORKER_TOKENS", "alpha:the-token-of-a-worker")];
    given_settings(&worker, async |given| {
        let status = async |host, headers: &[(&str, &str)]| {
            given.send(request(host, headers)).await.status.as_u16()
        };
        assert_eq!(status("localhost:3000", &[]).await, 200);
        assert_eq!(status("rebound.example.com", &[]).await, 403);
        assert_eq!(status("localhost:3000", &[("sec-fetch-site", "cross-site")]).await, 403);
        let worker = [("authorization", "Bearer the-token-of-a-worker")];
        assert_eq!(status("localhost:3000", &worker).await, 403);
        let visit = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(status("localhost:3000", &visit).await, 403, "it is no page");
    })
    .await;
    given_settings(BASIC, async |given| {
        let status = async |headers: &[(&str, &str)]| {
            given.send(request("localhost:3000", headers)).await.status.as_u16()
        };
        let person = format!("Basic {}", STANDARD.encode("sam:a-long-password"));
        let agent = format!("Bearer {AGENT_TOKEN}");
        assert_eq!(status(&[]).await, 401);
        assert_eq!(status(&[("authorization", &person)]).await, 200);
        assert_eq!(status(&[("authorization", &agent)]).await, 200);
    })
    .await;
}

#[tokio::test]
async fn metrics_with_an_address_of_their_own_are_served_there_only() {
    let settings = [BASIC, &[("DISPATCH_METRICS_ADDR", "127.0.0.1:9464")]].concat();
    given_settings(&settings, async |given| {
        let agent = format!("Bearer {AGENT_TOKEN}");
        let main = given.send(request("localhost", &[("authorization", &agent)])).await;
        assert_eq!(main.status, StatusCode::NOT_FOUND);
        let router = dispatch::metrics_router(&given.app);
        let status = async |request: Request<Body>| {
            router.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        assert_eq!(status(request("127.0.0.1:9464", &[])).await, 200);
        assert_eq!(status(request("rebound.example.com", &[])).await, 403);
        let foreign = request("127.0.0.1:9464", &[("sec-fetch-site", "cross-site")]);
        assert_eq!(status(foreign).await, 403);
        for path in ["/", "/api/issues", "/graphql", "/livez"] {
            let request = Request::get(path).header("host", "127.0.0.1").body(Body::empty());
            assert_eq!(status(request.unwrap()).await, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_task_that_fails_or_panics_runs_again_and_is_reported() {
    given(async |given| {
        let app = &given.app;
        let interval = Duration::from_secs(1);
        app.tasks.add("sync", (interval, interval), app.clock.now());
        let job = async || {
            let health = given.ask("GET", "/api/health", None).await;
            assert_eq!(health.status, StatusCode::OK);
            health.json()["scheduler"]["jobs"][0].clone()
        };
        let idle = json!({"name": "sync", "lastRunAt": null, "intervalMs": 1000,
            "overdue": false, "failing": false});
        assert_eq!(job().await, idle);
        given.advance(4);
        assert_eq!(job().await["overdue"], true);

        for _ in 0..2 {
            let failure = Error::Unavailable { reason: "GitHub is away".to_owned() };
            scheduler::run_once(app, "sync", async { Err::<(), _>(failure) }).await;
        }
        given.advance(60);
        scheduler::run_once(app, "sync", async {
            let is_broken = !app.simulated;
            assert!(!is_broken, "a defect");
            Ok(())
        })
        .await;
        assert_eq!(
            (&job().await["overdue"], &job().await["failing"]),
            (&json!(false), &json!(true))
        );
        let query = "{ overview { backgroundTasks { name isFailing error } } }";
        let tasks = given.graphql(query, json!({})).await;
        let expected = json!([{"name": "sync", "isFailing": true,
            "error": "it panicked; the log has the details"}]);
        assert_eq!(tasks["overview"]["backgroundTasks"], expected);
        let text = scrape(given).await;
        let unhealthy = r#"dispatch_background_task_unhealthy{task="sync"}"#;
        assert_eq!(value(&text, unhealthy), Some(1.0));
        let panicked = r#"dispatch_background_task_runs_total{task="sync",outcome="panicked"}"#;
        assert_eq!(value(&text, panicked), Some(1.0));

        scheduler::run_once(app, "sync", async { Ok(()) }).await;
        assert_eq!(job().await["failing"], false);
    })
    .await;
}
