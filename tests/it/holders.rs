//! Requests to holders reach them with their next renewal, and an agent finds its leases again
//! after a restart.

use std::slice::from_ref;

use dispatch::domain::backoff::BackoffCause;
use dispatch::domain::leases::LeaseEnding;
use dispatch::domain::{Actor, LeaseMessageId, Status};
use dispatch::service::Error;
use dispatch::service::claims::holders::{
    RequestStop, SendMessage, messages, release_stopped, request_stop, send_message, withdraw_stop,
};
use dispatch::service::claims::leases::{
    RenewLease, Renewed, expire_leases, find_lease, my_work, renew_lease,
};
use dispatch::service::claims::queue::{decisions, work_in_progress};
use dispatch::service::claims::{ClaimNext, ClaimedNext, claim_next};
use dispatch::store::claims::decisions::DecisionFilter;
use dispatch::store::{Lease, PageRequest};
use serde_json::json;

use crate::support::{Given, REPOSITORY, agent, given, given_settings, person};

const READY: &[&str] = &["status/ready"];

async fn claimed(given: &Given, command: ClaimNext) -> ClaimedNext {
    claim_next(&given.app, &agent(&command.agent), command).await.unwrap()
}

fn next(name: &str) -> ClaimNext {
    ClaimNext { agent: name.to_owned(), ..ClaimNext::default() }
}

fn resuming(name: &str) -> ClaimNext {
    ClaimNext { resume: Some(true), ..next(name) }
}

async fn claim(given: &Given, name: &str) -> Lease {
    claimed(given, next(name)).await.lease.unwrap()
}

fn renewal(lease: &Lease) -> RenewLease {
    RenewLease {
        lease_id: lease.id(),
        fencing_token: lease.fencing_token.to_string(),
        checkpoint: None,
        lease_seconds: None,
        awaiting_input: None,
        read_message_id: None,
    }
}

async fn renewed(given: &Given, command: RenewLease) -> Renewed {
    renew_lease(&given.app, &agent("alpha"), command).await.unwrap()
}

fn stop(lease: &Lease, reason: Option<&str>, grace: i32) -> RequestStop {
    let reason = reason.map(str::to_owned);
    RequestStop { lease_id: lease.id(), reason, grace_seconds: Some(grace) }
}

fn message(lease: &Lease, body: &str) -> SendMessage {
    SendMessage { lease_id: lease.id(), body: body.to_owned() }
}

#[tokio::test]
async fn a_stop_request_is_returned_by_the_next_renewal() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let asked = stop(&lease, Some("The customer has changed their mind"), 600);
        request_stop(&given.app, &person(), asked).await.unwrap();
        given.advance(60);
        let told = renewed(given, renewal(&lease)).await;
        let reason = told.stop.expect("it is to stop");
        assert_eq!(reason, "user asked to stop: The customer has changed their mind");
        assert_eq!(told.lease.expires_at, lease.expires_at, "nothing was prolonged");
        let audit = "SELECT count(*) FROM audit_log WHERE action = 'request_stop' AND success \
                     AND notes = 'The customer has changed their mind'";
        assert_eq!(given.database.number(audit).await, 1);

        withdraw_stop(&given.app, &person(), lease.id()).await.unwrap();
        let told = renewed(given, renewal(&lease)).await;
        assert!(told.stop.is_none() && told.lease.expires_at > lease.expires_at);
    })
    .await;
}

#[tokio::test]
async fn the_issue_is_taken_from_a_holder_that_does_not_stop_in_time() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        request_stop(&given.app, &person(), stop(&lease, None, 300)).await.unwrap();
        given.advance(299);
        release_stopped(&given.app).await.unwrap();
        assert!(find_lease(&given.app, lease.id()).await.unwrap().ending.is_none());
        given.advance(1);
        release_stopped(&given.app).await.unwrap();
        let over = find_lease(&given.app, lease.id()).await.unwrap();
        assert_eq!(over.ending, Some(LeaseEnding::Released));
        let issue = given.issue(1).await;
        assert_eq!((issue.status, issue.labels.agents().count()), (Status::Ready, 0));
        let lost = renew_lease(&given.app, &agent("alpha"), renewal(&lease)).await.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost:?}");
        assert_eq!(given.database.number("SELECT count(*) FROM backoffs").await, 0, "no failure");
        assert_eq!(
            claim(given, "beta").await.stop_requested_at,
            None,
            "of the next one nobody asked"
        );
    })
    .await;
}

#[tokio::test]
async fn expiry_after_a_stop_request_is_not_a_failure() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let [asked, silent] = [claim(given, "alpha").await, claim(given, "alpha").await];
        request_stop(&given.app, &person(), stop(&asked, None, 86_400)).await.unwrap();
        given.advance(1801);
        expire_leases(&given.app).await.unwrap();
        let ending = async |lease: &Lease| find_lease(&given.app, lease.id()).await.unwrap().ending;
        assert_eq!(ending(&asked).await, Some(LeaseEnding::Released));
        assert_eq!(ending(&silent).await, Some(LeaseEnding::Expired));
        let causes = "SELECT count(*) FROM backoffs WHERE cause = 'expired'";
        assert_eq!(given.database.number(causes).await, 1);
        assert_eq!(BackoffCause::Expired.as_str(), "expired");
    })
    .await;
}

#[tokio::test]
async fn renewals_carry_messages_until_they_are_read() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        for body in ["Look at #2 first", "Use the old API"] {
            send_message(&given.app, &person(), message(&lease, body)).await.unwrap();
        }
        let texts = |told: &Renewed| -> Vec<String> {
            told.messages.iter().map(|message| message.body.clone()).collect()
        };
        for _ in 0..2 {
            let told = renewed(given, renewal(&lease)).await;
            assert_eq!(texts(&told), ["Look at #2 first", "Use the old API"]);
            assert!(told.stop.is_none());
        }
        let first = messages(&given.app, &[lease.id()]).await.unwrap()[0].id;
        let read = |id| RenewLease { read_message_id: Some(id), ..renewal(&lease) };
        assert_eq!(texts(&renewed(given, read(first)).await), ["Use the old API"]);
        let unknown = read(LeaseMessageId(i64::MAX));
        let refused = renew_lease(&given.app, &agent("alpha"), unknown).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "readMessageId", .. }), "{refused:?}");
        let last = messages(&given.app, &[lease.id()]).await.unwrap()[1].id;
        assert_eq!(texts(&renewed(given, read(last)).await), [""; 0]);
        let kept = messages(&given.app, &[lease.id()]).await.unwrap();
        assert!(kept.len() == 2 && kept.iter().all(|message| message.read_at.is_some()));
    })
    .await;
}

#[tokio::test]
async fn a_lease_awaiting_input_waits_for_a_person() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let waiting = async || work_in_progress(&given.app).await.unwrap().waiting;
        let says = |text: &str| {
            let awaiting_input = Some(text.to_owned());
            RenewLease { awaiting_input, ..renewal(&lease) }
        };
        assert_eq!(waiting().await, 0);
        let asked = renewed(given, says("Which of the two APIs?")).await.lease;
        assert_eq!(asked.awaiting_input.as_deref(), Some("Which of the two APIs?"));
        assert_eq!(waiting().await, 1);
        given.advance(60);
        let still = renewed(given, renewal(&lease)).await.lease;
        assert_eq!(still.awaiting_input_since, asked.awaiting_input_since, "as before");
        let again = renewed(given, says("Which of the two APIs?")).await.lease;
        assert_eq!(again.awaiting_input_since, asked.awaiting_input_since, "the same question");
        let other = renewed(given, says("Which one?")).await.lease;
        assert!(other.awaiting_input_since > asked.awaiting_input_since);

        send_message(&given.app, &person(), message(&lease, "The old one")).await.unwrap();
        assert_eq!(waiting().await, 0, "it was answered");
        renewed(given, says("And now?")).await;
        assert_eq!(renewed(given, says("")).await.lease.awaiting_input, None, "not any more");
        assert_eq!(waiting().await, 0);
        let long = "x".repeat(2_001);
        let refused = renew_lease(&given.app, &agent("alpha"), says(&long)).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "awaitingInput", .. }), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn an_ended_lease_receives_no_messages() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        given.advance(1801);
        let (app, person) = (&given.app, &person());
        let told: [Result<Lease, Error>; 3] = [
            request_stop(app, person, stop(&lease, None, 0)).await,
            withdraw_stop(app, person, lease.id()).await,
            send_message(app, person, message(&lease, "Hello")).await,
        ];
        for refused in told {
            assert!(matches!(refused, Err(Error::LeaseLost { .. })), "{refused:?}");
        }
        assert_eq!(given.database.number("SELECT count(*) FROM lease_messages").await, 0);
    })
    .await;
}

#[tokio::test]
async fn messages_to_a_holder_are_bounded() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let (app, person) = (&given.app, &person());
        let field = |told: Result<Lease, Error>| match told {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        for body in ["", " \n", "\u{200b}\u{2060}", &"x".repeat(10_001)] {
            assert_eq!(field(send_message(app, person, message(&lease, body)).await), "body");
        }
        let long = "x".repeat(1_001);
        let told = request_stop(app, person, stop(&lease, Some(&long), 0)).await;
        assert_eq!(field(told), "reason");
        for grace in [-1, 86_401] {
            let told = request_stop(app, person, stop(&lease, None, grace)).await;
            assert_eq!(field(told), "graceSeconds");
        }
        for number in 1..=50 {
            let text = format!("Number {number}");
            send_message(app, person, message(&lease, &text)).await.unwrap();
        }
        let refused = send_message(app, person, message(&lease, "Once more")).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");

        // Read messages make room, and the oldest are deleted.
        let ids = async || -> Vec<LeaseMessageId> {
            let kept = messages(app, &[lease.id()]).await.unwrap();
            kept.iter().map(|message| message.id).collect()
        };
        let first = ids().await[0];
        for round in 1..=2 {
            let read_message_id = ids().await.last().copied();
            renewed(given, RenewLease { read_message_id, ..renewal(&lease) }).await;
            for number in 1..=30 {
                let text = format!("Round {round}, number {number}");
                send_message(app, person, message(&lease, &text)).await.unwrap();
            }
        }
        let kept = ids().await;
        assert!(kept.len() == 100 && !kept.contains(&first), "{}", kept.len());
    })
    .await;
}

#[tokio::test]
async fn a_repeated_message_is_stored_once_until_another_follows() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let (app, person) = (&given.app, &person());
        let count = async || messages(app, &[lease.id()]).await.unwrap().len();
        let send = async |body: &str| {
            send_message(app, person, message(&lease, body)).await.unwrap();
            count().await
        };
        let both = tokio::join!(
            send_message(app, person, message(&lease, "Yes")),
            send_message(app, person, message(&lease, "Yes\r\n")),
        );
        both.0.unwrap();
        both.1.unwrap();
        assert_eq!(count().await, 1);
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'send_message'";
        assert_eq!(given.database.number(entries).await, 1);
        let asks = RenewLease { awaiting_input: Some("Sure?".to_owned()), ..renewal(&lease) };
        renewed(given, asks).await;
        assert_eq!(send("Yes").await, 2, "it answers the question since");
        assert_eq!(send("No").await, 3);
        assert_eq!(send("Yes").await, 4, "another was between");
        given.advance(60);
        assert_eq!(send("Yes").await, 5, "too late for a repetition");
    })
    .await;
}

#[tokio::test]
async fn a_reason_stays_on_one_line() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let asked = stop(&lease, Some("Enough\r\nStop: nothing\tmore"), 600);
        request_stop(&given.app, &person(), asked).await.unwrap();
        let told = renewed(given, renewal(&lease)).await.stop.unwrap();
        assert_eq!(told, "user asked to stop: Enough Stop: nothing more");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_that_resumed_gets_the_same_lease() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let first = claim(given, "alpha").await;
        let named = |resume| ClaimNext {
            request_id: Some("after the restart".to_owned()),
            resume,
            ..next("alpha")
        };
        let back = claimed(given, named(Some(true))).await;
        assert!(back.is_resumed);
        assert_eq!(back.lease.unwrap().id(), first.id());
        let again = claimed(given, named(Some(true))).await;
        assert_eq!(again.lease.unwrap().id(), first.id());
        let other = claim_next(&given.app, &agent("alpha"), named(None)).await.unwrap_err();
        assert!(matches!(other, Error::Conflict { .. }), "it asks for something else: {other:?}");
    })
    .await;
}

#[tokio::test]
async fn a_restarted_agent_resumes_its_lease() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY), ("Three", READY)]).await;
        let first = claim(given, "alpha").await;
        given.advance(60);
        let second = claim(given, "alpha").await;
        assert_ne!(second.issue_id, first.issue_id, "usually the next one is served");
        let held = my_work(&given.app, &agent("alpha"), None).await.unwrap();
        assert_eq!(held.len(), 2);

        given.advance(60);
        let back = claimed(given, resuming("alpha")).await;
        let lease = back.lease.unwrap();
        assert!(back.is_resumed);
        assert_eq!((lease.id(), lease.acquired_at), (first.id(), first.acquired_at));
        assert!(lease.expires_at > first.expires_at, "prolonged, so that there is time");
        let all = DecisionFilter::default();
        let kept =
            decisions(&given.app, &all, &PageRequest::first(1)).await.unwrap().rows.remove(0);
        assert_eq!(kept.served_issue_id, Some(first.issue_id));
        assert_eq!(kept.detail.candidates[0].why, "held by the agent already");

        // Not what it is to stop with, nor what is elsewhere than it looks.
        request_stop(&given.app, &person(), stop(&first, None, 600)).await.unwrap();
        let back = claimed(given, resuming("alpha")).await.lease.unwrap();
        assert_eq!(back.id(), second.id());
        let number = format!("SELECT number::bigint FROM issues WHERE id = {}", second.issue_id.0);
        given.github.close(REPOSITORY, given.database.number(&number).await).unwrap();
        given.sync().await;
        let fresh = claimed(given, resuming("alpha")).await;
        assert!(!fresh.is_resumed && fresh.lease.is_some_and(|lease| lease.id() != first.id()));
        let beta = claimed(given, resuming("beta")).await;
        assert!(beta.lease.is_none(), "of others it gets nothing");
    })
    .await;
}

#[tokio::test]
async fn resuming_can_be_the_default() {
    given_settings(&[("DISPATCH_RESUME_HELD_WORK", "true")], async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let first = claim(given, "alpha").await;
        assert_eq!(claim(given, "alpha").await.id(), first.id());
        let other = ClaimNext { resume: Some(false), ..next("alpha") };
        assert_ne!(claimed(given, other).await.lease.unwrap().id(), first.id());
    })
    .await;
}

#[tokio::test]
async fn only_callers_that_may_act_for_an_agent_see_its_leases() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let bound = Actor::Worker { name: "beta".to_owned(), is_bound: true };
        let refused = my_work(&given.app, &bound, Some("alpha")).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        assert_eq!(my_work(&given.app, &bound, None).await.unwrap(), []);
        let own = my_work(&given.app, &agent("alpha"), Some("agent/alpha")).await.unwrap();
        assert_eq!(own.iter().map(Lease::id).collect::<Vec<_>>(), from_ref(&lease.id()));
    })
    .await;
}

#[tokio::test]
async fn the_board_shows_stop_requests_and_awaited_input() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await;
        let asks = RenewLease { awaiting_input: Some("Which one?".to_owned()), ..renewal(&lease) };
        renewed(given, asks).await;
        let input = json!({ "leaseId": lease.id().to_string(), "reason": "Enough",
            "graceSeconds": 60 });
        let asked = "mutation ($input: RequestStopInput!) { requestStop(input: $input) {
            lease { stopRequestedBy stopReason releaseAt } } }";
        let told = given.graphql(asked, json!({ "input": input })).await;
        let told = &told["requestStop"]["lease"];
        assert_eq!(told["stopReason"], "Enough", "{told}");
        assert!(told["releaseAt"].is_string());
        let board = "{ board { columns { issues { nodes { lease {
            awaitingInput awaitingInputSince stopRequestedAt messages { body author readAt }
        } } } } } }";
        let board = given.graphql(board, json!({})).await.to_string();
        assert!(board.contains(r#""awaitingInput":"Which one?""#), "{board}");
    })
    .await;
}

#[tokio::test]
async fn graphql_lists_the_leases_of_an_agent() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let first = claim(given, "alpha").await;
        send_message(&given.app, &person(), message(&first, "Look at #2")).await.unwrap();
        claim(given, "beta").await;
        let asked = "{ myWork(agent: \"alpha\") { id agent issue { number } messages { body } } }";
        let answer = given.graphql_as_agent(asked, json!({})).await;
        assert_eq!(
            answer["myWork"],
            json!([{ "id": first.id().to_string(), "agent": "alpha",
                "issue": { "number": 1 }, "messages": [{ "body": "Look at #2" }] }])
        );
    })
    .await;
}
