//! The scheduler: what runs on start and by timers.

use dispatch::scheduler;
use dispatch::service::repositories::sync::{sync_issues, sync_state};
use dispatch::service::repositories::tracking;
use dispatch::simulator::{Fault, Gate};

use crate::support::{Given, PATIENCE, REPOSITORY, eventually, given_settings, person};

/// How many requests for the issues of a repository GitHub received.
fn syncs(given: &Given) -> u64 {
    given.github.count("Issues")
}

#[tokio::test]
async fn issues_are_synced_on_start_and_whenever_the_interval_is_over() {
    given_settings(&[("DISPATCH_SYNC_INTERVAL_MS", "1000")], async |given| {
        given.with_issues(&[("a", &[])]).await;
        given.github.forget_requests();
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        eventually(async || syncs(given) == 1).await;
        for times in 2..5 {
            eventually(async || {
                // The timer restarts when a sync has ended.
                if sync_state(&given.app).await.unwrap().running.is_none() && syncs(given) < times {
                    given.advance(1);
                }
                syncs(given) == times
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_repository_waits_for_a_running_sync_and_not_for_the_interval() {
    given_settings(&[("DISPATCH_SYNC_INTERVAL_MS", "3600000")], async |given| {
        given.with_issues(&[("a", &[])]).await;
        given.github.forget_requests();
        let _tasks = scheduler::start(&given.app, given.database.url().to_owned());
        let is_idle = async || sync_state(&given.app).await.unwrap().running.is_none();
        eventually(async || syncs(given) == 1 && is_idle().await).await;

        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("Issues"));
        let name = REPOSITORY.parse().unwrap();
        let running = sync_issues(&given.app, Some(&name));
        given.github.add_repository("acme/zebra");
        let later = async {
            gate.arrived().await;
            given.track("acme/zebra").await;
            gate.open();
        };
        tokio::join!(running, later).0.unwrap();

        let zebra = "acme/zebra".parse().unwrap();
        let attempted_at = async |app: &dispatch::service::App| {
            let all = tracking::tracked_repositories(app).await.unwrap();
            all.into_iter().find(|row| row.full_name == zebra).unwrap().attempted_at
        };
        for again in [false, true] {
            if again {
                tracking::untrack_repository(&given.app, &person(), &zebra).await.unwrap();
                given.track("acme/zebra").await;
                assert!(attempted_at(&given.app).await.is_some(), "it was read just now");
                tracking::untrack_repository(&given.app, &person(), &zebra).await.unwrap();
                given.advance(60);
                given.track("acme/zebra").await;
            }
            eventually(async || {
                given.advance(1);
                attempted_at(&given.app).await.is_some() && is_idle().await
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn without_an_interval_issues_are_synced_on_start_only() {
    given_settings(&[("DISPATCH_SYNC_INTERVAL_MS", "0")], async |given| {
        given.with_issues(&[("a", &[])]).await;
        given.github.forget_requests();
        let mut tasks = scheduler::start(&given.app, given.database.url().to_owned());
        let all = tasks.len();
        // Of all tasks, only the one that syncs ends.
        let ended = tokio::time::timeout(PATIENCE, tasks.join_next()).await;
        ended.expect("a task ends").unwrap().unwrap();
        assert_eq!((syncs(given), tasks.len()), (1, all - 1));
        given.advance(86_400);
        assert_eq!(syncs(given), 1);
    })
    .await;
}

#[tokio::test]
async fn without_a_token_github_is_not_contacted() {
    given_settings(&[("GITHUB_TOKEN", "")], async |given| {
        let configured = dispatch::service::App {
            config: std::sync::Arc::new(crate::support::config(&[])),
            ..given.app.clone()
        };
        let without = scheduler::start(&given.app, given.database.url().to_owned()).len();
        let with = scheduler::start(&configured, given.database.url().to_owned()).len();
        assert_eq!(without, with - 4, "the tasks that read GitHub are not there");
    })
    .await;
}
