//! Deliveries that are late, foreign, from the future, or announced and never sent.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn an_older_text_erases_no_newer_dependency() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"]), ("Second", &["status/ready"])]).await;
        let mut older = payload(given, "edited", 1).await;
        given.advance(60);
        older["issue"]["updated_at"] = json!(given.app.clock.now());
        given.advance(60);
        let mut newer = payload(given, "edited", 1).await;
        newer["issue"]["body"] = json!("Blocked by #2.");
        newer["issue"]["updated_at"] = json!(given.app.clock.now());
        for (id, sent) in [("d-1", &newer), ("d-2", &older)] {
            deliver(given, "issues", id, sent).await;
            process(given).await;
            let blockers = given.database.number("SELECT count(*) FROM blockers").await;
            assert_eq!(blockers, 1, "{id}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_time_far_ahead_freezes_no_issue() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let mut odd = payload(given, "edited", 1).await;
        odd["issue"]["title"] = json!("From the future");
        odd["issue"]["updated_at"] = json!("9999-12-31T23:59:59Z");
        deliver(given, "issues", "d-1", &odd).await;
        process(given).await;
        assert_eq!(given.issue(1).await.title, "First", "GitHub is asked instead");

        given.advance(60);
        let mut edited = payload(given, "edited", 1).await;
        edited["issue"]["title"] = json!("Edited");
        edited["issue"]["updated_at"] = json!(given.app.clock.now());
        deliver(given, "issues", "d-2", &edited).await;
        process(given).await;
        assert_eq!(given.issue(1).await.title, "Edited");
    })
    .await;
}

#[tokio::test]
async fn a_rename_that_is_late_or_foreign_takes_no_name() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let found = async || {
            let all = service::repositories::tracking::all_repositories(&given.app).await.unwrap();
            all.into_iter().next().unwrap()
        };
        let id = found().await.node_id.unwrap();
        let renamed = |id: &str, from: &str, to: &str| {
            json!({
                "action": "renamed",
                "changes": { "repository": { "name": { "from": from } } },
                "repository": { "node_id": id, "full_name": to },
            })
        };
        let sent = [
            ("d-1", renamed("R_kgDOforeign", "tools", "acme/stolen"), "acme/tools"),
            ("d-2", renamed(&id, "tools", "acme/two"), "acme/two"),
            ("d-3", renamed(&id, "two", "acme/three"), "acme/three"),
            ("d-4", renamed(&id, "tools", "acme/two"), "acme/three"),
        ];
        for (delivery, payload, name) in sent {
            deliver(given, "repository", delivery, &payload).await;
            process(given).await;
            assert_eq!(found().await.full_name.as_str(), name, "{delivery}");
        }
    })
    .await;
}

#[tokio::test]
async fn at_githubs_rate_limit_a_delivery_waits_until_it_ends() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let limit = Fault::error("RATE_LIMITED", "API rate limit exceeded");
        given.github.inject(limit.on("Issue").always());
        let mut odd = payload(given, "edited", 1).await;
        odd["issue"]["updated_at"] = json!("9999-12-31T23:59:59Z");
        deliver(given, "issues", "d-1", &odd).await;
        for _ in 0..30 {
            process(given).await;
            assert_eq!(state_of(given, "d-1").await.0, "PENDING");
            given.advance(60);
        }
        let attempts = "SELECT max(attempts)::bigint FROM webhook_deliveries";
        assert!(given.database.number(attempts).await <= 1, "that is no failure of the delivery");
        given.github.clear_faults();
        given.advance(3600);
        process(given).await;
        assert_eq!(state_of(given, "d-1").await.0, "PROCESSED");
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_announced_and_never_sent_take_no_room() {
    given_settings(SETTINGS, async |given| {
        let router = dispatch::router(given.app.clone());
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let never = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
            let request = Request::post("/api/webhooks/github")
                .header("host", "localhost:3000")
                .header("content-type", "application/json")
                .header("content-length", "26214400")
                .header("x-hub-signature-256", "x")
                .body(Body::from_stream(never))
                .unwrap();
            waiting.spawn(router.clone().oneshot(request));
        }
        tokio::task::yield_now().await;
        let ping = json!({ "zen": "Be." });
        let answering = deliver_to(&router, "ping", "d-1", &ping);
        let answered = tokio::time::timeout(Duration::from_secs(60), answering).await;
        answered.expect("it is answered while they wait");
    })
    .await;
}

#[tokio::test]
async fn an_issue_without_a_number_is_quarantined() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        for (id, number) in [("d-1", 0), ("d-2", -1)] {
            let mut odd = payload(given, "edited", 1).await;
            odd["issue"]["number"] = json!(number);
            deliver(given, "issues", id, &odd).await;
            process(given).await;
            assert_eq!(state_of(given, id).await.0, "QUARANTINED");
            assert!(row(given, number).await.is_none());
        }
    })
    .await;
}
