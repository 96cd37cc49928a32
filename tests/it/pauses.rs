//! Paused work is served to nobody, with the reason, and is served again when the pause ends.

use dispatch::domain::PauseId;
use dispatch::domain::pauses::PauseScope;
use dispatch::domain::ranking::SkipReason;
use dispatch::service::Error;
use dispatch::service::claims::leases::{RenewLease, renew_lease};
use dispatch::service::claims::pauses::{
    PauseWork, covered_leases, end_expired, pause_work, pauses, resume_work,
};
use dispatch::service::claims::queue::{decisions, explain_work};
use dispatch::service::claims::{ClaimIssue, ClaimNext, claim_issue, claim_next};
use dispatch::simulator::NewIssue;
use dispatch::store::claims::decisions::DecisionFilter;
use dispatch::store::{Lease, PageRequest, Pause};
use serde_json::json;

use crate::support::{Given, PATIENCE, REPOSITORY, agent, eventually, given, person};

const READY: &[&str] = &["status/ready"];

fn next(name: &str) -> ClaimNext {
    ClaimNext { agent: name.to_owned(), ..ClaimNext::default() }
}

async fn claim(given: &Given, name: &str) -> Option<Lease> {
    claim_next(&given.app, &agent(name), next(name)).await.unwrap().lease
}

async fn idle_reason(given: &Given, name: &str) -> String {
    let claimed = claim_next(&given.app, &agent(name), next(name)).await.unwrap();
    claimed.idle_reason.expect("nothing is served")
}

fn everything() -> PauseWork {
    PauseWork {
        scope: PauseScope::Everything,
        subject: None,
        stops_holders: None,
        reason: Some("A release".to_owned()),
        for_minutes: None,
    }
}

fn pause_of(scope: PauseScope, subject: &str) -> PauseWork {
    PauseWork { scope, subject: Some(subject.to_owned()), ..everything() }
}

async fn pause(given: &Given, command: PauseWork) -> Pause {
    pause_work(&given.app, &person(), command).await.unwrap()
}

async fn resume(given: &Given, pause: &Pause) {
    resume_work(&given.app, &person(), pause.id).await.unwrap();
}

async fn skips(given: &Given, name: &str, number: i32) -> Vec<SkipReason> {
    let id = given.issue(number).await.id;
    let explained = explain_work(&given.app, name, id).await.unwrap();
    explained.skips.iter().map(|skip| skip.reason).collect()
}

#[tokio::test]
async fn nothing_is_served_while_everything_is_paused_and_all_of_it_afterwards() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let paused = pause(given, everything()).await;
        let reason = idle_reason(given, "alpha").await;
        assert!(reason.starts_with("No work available (2 paused)"), "{reason}");
        assert!(reason.ends_with("; everything is paused by user: A release"), "{reason}");
        assert_eq!(skips(given, "alpha", 1).await, [SkipReason::Paused]);
        let all = DecisionFilter::default();
        let kept =
            decisions(&given.app, &all, &PageRequest::first(1)).await.unwrap().rows.remove(0);
        assert_eq!(kept.detail.counts[&SkipReason::Paused], 2);
        assert!(kept.detail.withheld[0].skips[0].why.contains("everything is paused by user"));
        assert_eq!(given.github.take_writes().len(), 0, "GitHub is not asked");

        // Nor with a claim of the issue itself.
        let command = ClaimIssue {
            agent: "alpha".to_owned(),
            issue_id: given.issue(1).await.id,
            lease_seconds: None,
            force: None,
            request_id: None,
        };
        let refused = claim_issue(&given.app, &agent("alpha"), command).await.unwrap_err();
        assert!(refused.to_string().contains("everything is paused by user"), "{refused}");

        resume(given, &paused).await;
        assert!(claim(given, "alpha").await.is_some());
        let audit = "SELECT count(*) FROM audit_log WHERE action IN ('pause_work', 'resume_work')";
        assert_eq!(given.database.number(audit).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_pause_covers_only_its_repository_lane_or_agent() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        given.github.add_repository("acme/other");
        given.github.open_issue("acme/other", NewIssue::titled("Other", READY)).unwrap();
        given.track("acme/other").await;
        given.sync().await;

        let paused = pause(given, pause_of(PauseScope::Agent, "ALPHA")).await;
        assert_eq!(skips(given, "alpha", 1).await, [SkipReason::Paused]);
        assert_eq!(skips(given, "beta", 1).await, []);
        let reason = idle_reason(given, "Alpha").await;
        assert!(reason.contains("2 paused"), "{reason}");
        resume(given, &paused).await;

        let paused = pause(given, pause_of(PauseScope::Lane, "normal")).await;
        assert_eq!(paused.subject, "default", "by its alias");
        assert_eq!(skips(given, "beta", 1).await, [SkipReason::Paused]);
        assert!(claim(given, "beta").await.is_none());
        resume(given, &paused).await;

        pause(given, pause_of(PauseScope::Repository, "ACME/Tools")).await;
        assert_eq!(skips(given, "beta", 1).await, [SkipReason::Paused]);
        let served = claim(given, "beta").await.expect("of the other repository");
        assert_ne!(served.issue_id, given.issue(1).await.id);
        let reason = idle_reason(given, "beta").await;
        assert!(reason.contains("1 paused") && !reason.contains("is paused by"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_is_renamed_stays_paused() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        pause(given, pause_of(PauseScope::Repository, REPOSITORY)).await;
        given.advance(600);
        given.github.rename_repository(REPOSITORY, "acme/instruments").unwrap();
        given.sync().await;
        assert!(claim(given, "alpha").await.is_none());
        let reason = idle_reason(given, "alpha").await;
        assert!(reason.contains("1 paused"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn held_issues_are_finished_or_asked_to_stop_when_paused() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let lease = claim(given, "alpha").await.unwrap();
        let renewal = || RenewLease {
            lease_id: lease.id(),
            fencing_token: lease.fencing_token.to_string(),
            checkpoint: None,
            lease_seconds: None,
            awaiting_input: None,
            read_message_id: None,
        };
        let stop = async || renew_lease(&given.app, &agent("alpha"), renewal()).await.unwrap().stop;
        let drained = pause(given, everything()).await;
        assert_eq!(stop().await, None, "it goes on");
        assert_eq!(covered_leases(&given.app, &[drained]).await.unwrap(), [1]);

        let command = PauseWork { stops_holders: Some(true), ..everything() };
        let stopped = pause(given, command).await;
        let all = pauses(&given.app).await.unwrap();
        assert_eq!(all, std::slice::from_ref(&stopped), "one pause of one thing");
        let reason = stop().await.unwrap();
        assert_eq!(reason, "Everything is paused by user: A release");
        resume(given, &stopped).await;
        let of_other =
            PauseWork { stops_holders: Some(true), ..pause_of(PauseScope::Agent, "beta") };
        pause(given, of_other).await;
        assert_eq!(stop().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_pause_expires_and_wakes_waiters() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let command = PauseWork { for_minutes: Some(10), ..everything() };
        let paused = pause(given, command).await;
        assert!(paused.ends_at.is_some());
        let reason = idle_reason(given, "beta").await;
        assert!(
            reason.contains("everything is paused by user until 2026-05-20T12:10:"),
            "{reason}"
        );
        let waits = ClaimNext { wait_seconds: Some(25), ..next("beta") };
        let beta = agent("beta");
        let claiming = claim_next(&given.app, &beta, waits);
        let ending = async {
            eventually(async || given.app.wait_queue.len() == 1).await;
            end_expired(&given.app).await.unwrap();
            assert_eq!(pauses(&given.app).await.unwrap().len(), 1, "not before its time");
            given.advance(600);
            assert_eq!(pauses(&given.app).await.unwrap(), [], "by the clock alone");
            end_expired(&given.app).await.unwrap();
        };
        let both = Box::pin(async { tokio::join!(claiming, ending).0 });
        let claimed = tokio::time::timeout(PATIENCE, both).await.expect("it hears").unwrap();
        assert!(claimed.lease.is_some());
    })
    .await;
}

#[tokio::test]
async fn waiters_wake_when_a_person_resumes() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let given = &*given;
        let everything = pause(given, everything()).await;
        let alphas = pause(given, pause_of(PauseScope::Agent, "alpha")).await;
        let (alpha, beta) = (agent("alpha"), agent("beta"));
        let wait = |name| ClaimNext { wait_seconds: Some(25), ..next(name) };
        let first = claim_next(&given.app, &alpha, wait("alpha"));
        let second = claim_next(&given.app, &beta, wait("beta"));
        let waiting = async {
            eventually(async || given.app.wait_queue.len() == 2).await;
            resume(given, &everything).await;
            // Alpha, first in the wait queue or not, cannot use the issue and forwards the wake-up.
            let held = "SELECT count(*) FROM leases WHERE agent = 'beta' AND state = 'held'";
            eventually(async || given.database.number(held).await == 1).await;
            resume(given, &alphas).await;
        };
        let all = Box::pin(async { tokio::join!(first, second, waiting) });
        let (first, second, ()) = tokio::time::timeout(PATIENCE, all).await.expect("they hear");
        assert!(first.unwrap().lease.is_some() && second.unwrap().lease.is_some());
    })
    .await;
}

#[tokio::test]
async fn repeating_a_pause_changes_nothing() {
    given(async |given| {
        let first = pause(given, everything()).await;
        let again = pause(given, everything()).await;
        assert_eq!(again, first);
        let begun = "SELECT count(*) FROM audit_log WHERE action = 'pause_work'";
        assert_eq!(given.database.number(begun).await, 1);
        let changed = PauseWork { reason: None, ..everything() };
        assert_eq!(pause(given, changed).await.reason, None);
        assert_eq!(given.database.number(begun).await, 2);
    })
    .await;
}

#[tokio::test]
async fn events_announce_pause_changes_without_reasons() {
    given(async |given| {
        let subject = pause_of(PauseScope::Agent, "alpha");
        resume(given, &pause(given, subject).await).await;
        let told = "SELECT count(*) FROM event_log WHERE reason = 'What is paused has changed'";
        assert_eq!(given.database.number(told).await, 2);
        let more = "SELECT count(*) FROM event_log WHERE reason LIKE '%alpha%' \
                    OR reason LIKE '%release%'";
        assert_eq!(given.database.number(more).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_full_list_of_pauses_still_takes_one_of_everything_and_changes() {
    given(async |given| {
        let agent_of = |number| pause_of(PauseScope::Agent, &format!("agent-{number}"));
        for number in 0..200 {
            pause(given, agent_of(number)).await;
        }
        let refused = pause_work(&given.app, &person(), agent_of(200)).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
        let changed = PauseWork { stops_holders: Some(true), ..agent_of(7) };
        assert!(pause(given, changed).await.stops_holders);
        pause(given, everything()).await;
        assert_eq!(pauses(&given.app).await.unwrap().len(), 201);
    })
    .await;
}

#[tokio::test]
async fn an_invalid_pause_is_rejected_by_name() {
    given(async |given| {
        let field =
            async |command: PauseWork| match pause_work(&given.app, &person(), command).await {
                Err(Error::Invalid { field, .. }) => field,
                other => panic!("{other:?}"),
            };
        let nothing = PauseWork { subject: None, ..pause_of(PauseScope::Lane, "") };
        assert_eq!(field(nothing).await, "subject");
        assert_eq!(field(pause_of(PauseScope::Everything, "all")).await, "subject");
        assert_eq!(field(pause_of(PauseScope::Lane, "nowhere")).await, "subject");
        assert_eq!(field(pause_of(PauseScope::Repository, "acme/unknown")).await, "subject");
        assert_eq!(field(pause_of(PauseScope::Repository, "no name")).await, "subject");
        assert_eq!(field(pause_of(PauseScope::Agent, "github")).await, "subject");
        for minutes in [0, 43_201, -5] {
            let command = PauseWork { for_minutes: Some(minutes), ..everything() };
            assert_eq!(field(command).await, "forMinutes");
        }
        let command = PauseWork { reason: Some("x".repeat(501)), ..everything() };
        assert_eq!(field(command).await, "reason");
        let unknown = resume_work(&given.app, &person(), PauseId(7)).await.unwrap_err();
        assert!(matches!(unknown, Error::NotFound { .. }), "{unknown:?}");
    })
    .await;
}

#[tokio::test]
async fn pauses_are_listed_begun_and_ended_over_graphql() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        claim(given, "alpha").await.unwrap();
        let asked = "mutation ($input: PauseWorkInput!) { pauseWork(input: $input) {
            pause { id scope subject held stopsHolders summary endsAt createdBy } } }";
        let input = json!({ "scope": "REPOSITORY", "subject": REPOSITORY, "forMinutes": 5 });
        let answer = given.graphql(asked, json!({ "input": input })).await;
        let paused = &answer["pauseWork"]["pause"];
        assert_eq!((&paused["held"], &paused["scope"]), (&json!(1), &json!("REPOSITORY")));
        let summary = format!("{REPOSITORY} is paused by user until ");
        assert!(paused["summary"].as_str().unwrap().starts_with(&summary), "{paused}");
        let listed = given.graphql("{ pauses { id held } }", json!({})).await;
        assert_eq!(listed["pauses"][0]["id"], paused["id"]);
        let asked = "mutation ($input: ResumeWorkInput!) { resumeWork(input: $input) { pauseId } }";
        let input = json!({ "pauseId": paused["id"] });
        let answer = given.graphql(asked, json!({ "input": input })).await;
        assert_eq!(answer["resumeWork"]["pauseId"], paused["id"]);
        assert_eq!(pauses(&given.app).await.unwrap(), []);
    })
    .await;
}
