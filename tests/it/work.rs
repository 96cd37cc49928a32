//! Claims: an issue is held by one agent at a time, for a stated time, and released completely.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use dispatch::domain::decisions::Detail;
use dispatch::domain::leases::{Checkpoint, LeaseEnding, WorkOutcome};
use dispatch::domain::ranking::SkipReason;
use dispatch::domain::{Actor, LeaseId, Status};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::claims::assignments;
use dispatch::service::claims::holders::release_stopped;
use dispatch::service::claims::leases::{
    FinishWork, ReleaseLease, RenewLease, expire_leases, finish_work, release_lease, renew_lease,
};
use dispatch::service::claims::queue::{QueueRequest, decisions, explain_work, next_task, queue};
use dispatch::service::claims::{ClaimIssue, ClaimNext, claim_issue, claim_next};
use dispatch::service::recovery::settle_overdue;
use dispatch::service::wait_queue::LONGEST_WAIT;
use dispatch::service::{self, Error};
use dispatch::simulator::{Fault, Gate, NewIssue};
use dispatch::store::claims::decisions::DecisionFilter;
use dispatch::store::claims::leases::{self, StopRequest};
use dispatch::store::{Lease, PageRequest};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::support::process::http_client_of;
use crate::support::stream::Socket;
use crate::support::{
    AGENT_TOKEN, Given, PATIENCE, REPOSITORY, agent, eventually, given, given_settings, person,
};

const READY: &[&str] = &["status/ready"];

fn next(name: &str) -> ClaimNext {
    ClaimNext { agent: name.to_owned(), ..ClaimNext::default() }
}

async fn claim(given: &Given, name: &str) -> Option<Lease> {
    claim_next(&given.app, &agent(name), next(name)).await.unwrap().lease
}

async fn claim_number(given: &Given, name: &str, number: i32) -> Result<Lease, Error> {
    let issue_id = given.issue(number).await.id;
    let command = ClaimIssue {
        agent: name.to_owned(),
        issue_id,
        lease_seconds: None,
        force: None,
        request_id: None,
    };
    claim_issue(&given.app, &agent(name), command).await.map(|claimed| claimed.lease)
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

fn release(lease: &Lease) -> ReleaseLease {
    ReleaseLease {
        lease_id: lease.id(),
        fencing_token: lease.fencing_token.to_string(),
        reason: None,
    }
}

fn finish(lease: &Lease, outcome: WorkOutcome) -> FinishWork {
    FinishWork {
        lease_id: lease.id(),
        fencing_token: lease.fencing_token.to_string(),
        outcome,
        summary: Some("It is done".to_owned()),
        pull_request_url: None,
    }
}

fn labels(given: &Given, number: i64) -> Vec<String> {
    given.github.labels(REPOSITORY, number)
}

fn field_of(error: Error) -> &'static str {
    let Error::Invalid { field, .. } = error else { panic!("{error:?}") };
    field
}

const CLAIM_NEXT: &str = "mutation($input: ClaimNextInput!) { claimNext(input: $input) {
    idleReason
    lease { id agent lane fencingToken checkpoint issue { number status agents lease { agent } } }
} }";

#[tokio::test]
async fn one_call_gives_one_issue() {
    given(async |given| {
        given.with_issues(&[("Later", READY), ("First", &["status/ready", "priority/p0"])]).await;
        let input = json!({ "input": { "agent": "alpha", "lane": "normal" } });
        let data = given.graphql_as_agent(CLAIM_NEXT, input.clone()).await;
        let lease = &data["claimNext"]["lease"];
        assert_eq!(lease["agent"], "alpha");
        assert_eq!(lease["lane"], "default");
        assert_eq!(lease["checkpoint"], "ISSUE_CLAIMED");
        assert_eq!(lease["issue"]["number"], 2, "the most urgent");
        assert_eq!(lease["issue"]["status"], "IN_PROGRESS");
        assert_eq!(lease["issue"]["agents"], json!(["alpha"]));
        assert_eq!(lease["issue"]["lease"]["agent"], "alpha");
        assert_eq!(labels(given, 2), ["priority/p0", "status/in-progress", "agent/alpha"]);

        let id = &lease["id"];
        let found = "query($id: ID!) { node(id: $id) { __typename ... on Lease { agent } } }";
        let found = given.graphql(found, json!({ "id": id })).await;
        assert_eq!(found["node"], json!({ "__typename": "Lease", "agent": "alpha" }));

        let second = given.graphql_as_agent(CLAIM_NEXT, input.clone()).await;
        assert_eq!(second["claimNext"]["lease"]["issue"]["number"], 1);
        let none = given.graphql_as_agent(CLAIM_NEXT, input).await;
        assert_eq!(none["claimNext"]["lease"], json!(null));
        let reason = "No work available (2 held)";
        assert_eq!(none["claimNext"]["idleReason"], reason);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_repeated_gets_the_same_lease() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let again = |id: &str| ClaimNext { request_id: Some(id.to_owned()), ..next("alpha") };
        let ask = async |id| claim_next(&given.app, &agent("alpha"), again(id)).await;
        let first = ask("a").await.unwrap().lease.unwrap();
        let repeated = ask("a").await.unwrap().lease.unwrap();
        assert_eq!(repeated.id(), first.id());
        assert_eq!(ask("b").await.unwrap().lease.unwrap().issue_id.0, first.issue_id.0 + 1);

        release_lease(&given.app, &agent("alpha"), release(&first)).await.unwrap();
        let Err(Error::Conflict { what, .. }) = ask("a").await else { panic!("it is over") };
        assert!(what.contains("use another requestId"), "{what}");
        let claimed = claim(given, "beta").await.unwrap();
        assert_eq!(claimed.issue_id, first.issue_id);
        assert!(claimed.fencing_token > first.fencing_token);
        assert!(ask("a").await.is_err(), "also when somebody else has it");
    })
    .await;
}

#[tokio::test]
async fn an_issue_has_one_holder() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim_number(given, "alpha", 1).await.unwrap();
        let again = claim_number(given, "alpha", 1).await.unwrap();
        // Claiming again counts as a heartbeat.
        let lease = Lease { renewed_at: again.renewed_at, ..lease };
        assert_eq!(again, lease, "the same agent gets the same lease");

        let refused = claim_number(given, "beta", 1).await.unwrap_err();
        let text = "Issue is actively leased to alpha. Use force=true to override.";
        assert_eq!(refused.to_string(), text);
        assert!(claim(given, "beta").await.is_none());

        // Maintainers may take it; the old holder's token is then rejected.
        let command = ClaimIssue {
            agent: "beta".to_owned(),
            issue_id: lease.issue_id,
            lease_seconds: Some(60),
            force: Some(true),
            request_id: None,
        };
        let forced = claim_issue(&given.app, &person(), command.clone()).await.unwrap_err();
        assert!(matches!(forced, Error::Unauthenticated), "{forced:?}");
        let taken = claim_issue(&given.app, &agent("agent"), command).await.unwrap().lease;
        assert!(taken.fencing_token > lease.fencing_token);
        assert_eq!(labels(given, 1), ["status/in-progress", "agent/beta"]);
        let lost = renew_lease(&given.app, &agent("alpha"), renewal(&lease)).await.unwrap_err();
        let Error::LeaseLost { holder } = lost else { panic!("{lost:?}") };
        assert_eq!(holder.as_deref(), Some("beta"));
        let old = service::claims::leases::find_lease(&given.app, lease.id()).await.unwrap();
        assert_eq!(old.ending, Some(LeaseEnding::Taken));
    })
    .await;
}

#[tokio::test]
async fn github_s_own_labels_decide() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY), ("Three", READY)]).await;
        given.github.relabel(REPOSITORY, 1, &["agent/gamma"], &[]).unwrap();
        given.github.close(REPOSITORY, 2).unwrap();
        let lease = claim(given, "alpha").await.unwrap();
        assert_eq!(lease.issue_id, given.issue(3).await.id, "the others are no longer free");
        assert_eq!(given.issue(2).await.status, Status::Done, "the board has caught up");

        let refused = claim_number(given, "alpha", 1).await.unwrap_err();
        let text = "Issue is already assigned to gamma. Use force=true to override.";
        assert_eq!(refused.to_string(), text);
        let refused = claim_number(given, "alpha", 2).await.unwrap_err();
        assert_eq!(refused.to_string(), "Cannot claim a closed issue");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_claimed_while_github_labels_are_unreadable() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        given.github.inject(Fault::refuse(500, "down").on("LiveLabels").times(3));
        let refused = claim_next(&given.app, &agent("alpha"), next("alpha")).await.unwrap_err();
        assert!(matches!(refused, Error::UpstreamUnreadable(_)), "{refused:?}");
        assert_eq!(labels(given, 1), ["status/ready"]);
        let page = PageRequest::first(1);
        let all = DecisionFilter::default();
        let decided = decisions(&given.app, &all, &page).await.unwrap().rows.remove(0);
        assert_eq!(decided.detail.counts[&SkipReason::LabelsUnverified], 1);

        given.advance(5);
        given.github.inject(Fault::refuse(401, "Bad credentials").on("ChangeLabels"));
        let refused = claim_next(&given.app, &agent("alpha"), next("alpha")).await.unwrap_err();
        assert!(matches!(refused, Error::Upstream(_)), "{refused:?}");
        assert!(claim(given, "beta").await.is_some(), "the reservation was given back");
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_github_refuses_does_not_keep_the_others_back() {
    given(async |given| {
        let urgent = ["status/ready", "priority/p0"];
        let more = ["status/ready", "priority/p1"];
        given.with_issues(&[("One", &urgent), ("Two", &more), ("Three", READY)]).await;
        given.github.inject(Fault::refuse(422, "no more labels").on("ChangeLabels").times(2));
        let lease = claim(given, "alpha").await.expect("the third can be had");
        assert_eq!(lease.issue_id, given.issue(3).await.id);
        assert_eq!(labels(given, 1), urgent);
        assert!(claim(given, "beta").await.is_none(), "they are left alone for now");
        given.advance(30);
        assert!(claim(given, "beta").await.is_some(), "the reservations were given back");
    })
    .await;
}

#[tokio::test]
async fn a_lost_response_keeps_the_issue_reserved_until_the_outcome_is_known() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        let lease = claim(given, "alpha").await.expect("what GitHub has was read back");
        assert_eq!(labels(given, 1), ["status/in-progress", "agent/alpha"]);
        release_lease(&given.app, &agent("alpha"), release(&lease)).await.unwrap();

        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        let lost = claim_next(&given.app, &agent("alpha"), next("alpha")).await;
        lost.expect_err("what GitHub has is not known");
        given.github.clear_faults();
        // The reservation expired, and the outcome of the claim is not known yet.
        given.advance(120);
        assert!(claim(given, "beta").await.is_none());
        let explained = explain_work(&given.app, "beta", given.issue(1).await.id).await.unwrap();
        assert_eq!(explained.rank, None, "{}", explained.summary);
        assert_eq!(explained.skips[0].reason, SkipReason::Leased, "{}", explained.summary);
        let refused = claim_number(given, "beta", 1).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        settle_overdue(&given.app).await.unwrap();
        let lease = claim_number(given, "alpha", 1).await.expect("the claim was carried out");
        release_lease(&given.app, &agent("alpha"), release(&lease)).await.unwrap();
        assert_eq!(labels(given, 1), ["status/ready"]);
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_renewed_until_it_is_over() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await.unwrap();
        given.advance(1700);
        let command = RenewLease { checkpoint: Some(Checkpoint::PrOpened), ..renewal(&lease) };
        let renewed = renew_lease(&given.app, &agent("alpha"), command).await.unwrap().lease;
        assert_eq!(renewed.id(), lease.id());
        assert_eq!(renewed.checkpoint, Checkpoint::PrOpened);
        assert_eq!((renewed.expires_at - given.app.clock.now()).num_seconds(), 1800);

        given.advance(1800);
        let late = renew_lease(&given.app, &agent("alpha"), renewal(&lease)).await.unwrap_err();
        assert!(matches!(late, Error::LeaseLost { holder: None }), "{late:?}");
        assert!(claim(given, "beta").await.is_none(), "its label is still there");
        expire_leases(&given.app).await.unwrap();
        expire_leases(&given.app).await.unwrap();
        assert_eq!(labels(given, 1), ["status/ready"]);
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'expire_lease'";
        assert_eq!(given.database.number(entries).await, 1, "and once only");

        let other = claim(given, "beta").await.unwrap();
        let late = finish(&lease, WorkOutcome::PrOpened);
        let late = finish_work(&given.app, &agent("alpha"), late).await.unwrap_err();
        let Error::LeaseLost { holder } = late else { panic!("{late:?}") };
        assert_eq!(holder.as_deref(), Some("beta"));
        assert!(other.fencing_token > lease.fencing_token);
    })
    .await;
}

#[tokio::test]
async fn labels_of_an_expired_lease_are_cleaned_up_when_github_recovers() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        claim(given, "alpha").await.unwrap();
        claim(given, "alpha").await.unwrap();
        given.github.delete_issue(REPOSITORY, 2).unwrap();
        given.advance(1801);
        given.github.inject(Fault::refuse(502, "no").on("LiveLabels").times(6));
        expire_leases(&given.app).await.unwrap();
        assert_eq!(labels(given, 1), ["status/in-progress", "agent/alpha"]);
        given.advance(31);
        expire_leases(&given.app).await.unwrap();
        assert_eq!(labels(given, 1), ["status/ready"]);
        let left = "SELECT count(*) FROM leases WHERE state <> 'free'";
        assert_eq!(given.database.number(left).await, 0, "the one whose issue is gone too");
    })
    .await;
}

#[tokio::test]
async fn a_late_cleanup_of_an_expired_lease_changes_nothing() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        claim(given, "alpha").await.unwrap();
        given.advance(1801);
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("LiveLabels"));
        let other = given.replica().await;
        let meanwhile = async {
            gate.arrived().await;
            expire_leases(&other).await.unwrap();
            gate.open();
        };
        let (late, ()) = tokio::join!(Box::pin(expire_leases(&given.app)), meanwhile);
        late.unwrap();
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'expire_lease'";
        assert_eq!(given.database.number(entries).await, 1);
        assert_eq!(labels(given, 1), ["status/ready"]);
        assert!(claim(given, "beta").await.is_some(), "nothing stands in the way");
    })
    .await;
}

#[tokio::test]
async fn a_write_with_a_stale_fencing_token_is_rejected() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let old = claim(given, "alpha").await.unwrap();
        release_lease(&given.app, &agent("alpha"), release(&old)).await.unwrap();
        let lease = claim(given, "alpha").await.unwrap();
        assert!(lease.fencing_token > old.fencing_token);
        let to_review = |token: Option<i64>| MoveIssue {
            issue_id: lease.issue_id,
            to: Status::InReview,
            expected_from: None,
            reason: None,
            fencing_token: token.map(|token| token.to_string()),
        };
        let token = lease.fencing_token;
        let holder = |error: Error| match error {
            Error::LeaseLost { holder } => holder,
            error => panic!("{error:?}"),
        };
        let moved = move_issue(&given.app, &agent("beta"), to_review(None)).await;
        assert_eq!(holder(moved.unwrap_err()).as_deref(), Some("alpha"));
        let moved =
            move_issue(&given.app, &agent("alpha"), to_review(Some(old.fencing_token))).await;
        assert_eq!(holder(moved.unwrap_err()).as_deref(), Some("alpha"));
        move_issue(&given.app, &agent("alpha"), to_review(Some(token))).await.unwrap();
        move_issue(&given.app, &person(), to_review(None)).await.unwrap();

        // The same in a process that has only just been started.
        let replica = given.replica().await;
        let moved = move_issue(&replica, &agent("beta"), to_review(None)).await;
        assert_eq!(holder(moved.unwrap_err()).as_deref(), Some("alpha"));
        given.advance(1801);
        let moved = move_issue(&replica, &agent("alpha"), to_review(Some(token))).await;
        assert_eq!(holder(moved.unwrap_err()), None, "it is over");
        let bad = MoveIssue { fencing_token: Some("x".to_owned()), ..to_review(None) };
        let refused = move_issue(&given.app, &agent("alpha"), bad).await.unwrap_err();
        assert_eq!(field_of(refused), "fencingToken");
    })
    .await;
}

#[tokio::test]
async fn an_ended_lease_is_lost_however_it_ended() {
    given(async |given| {
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY), ("D", READY)]).await;
        let maintainer = Actor::Operator { name: "sam".to_owned(), signed_in_until: None };
        let mut ended = Vec::new();
        for number in 1..=4 {
            ended.push(claim_number(given, "alpha", number).await.unwrap());
        }
        release_lease(&given.app, &agent("alpha"), release(&ended[0])).await.unwrap();
        release_lease(&given.app, &maintainer, release(&ended[1])).await.unwrap();
        let force = ClaimIssue {
            agent: "beta".to_owned(),
            issue_id: ended[2].issue_id,
            lease_seconds: None,
            force: Some(true),
            request_id: None,
        };
        claim_issue(&given.app, &maintainer, force).await.unwrap();
        given.advance(1801);

        let address = given.serve().await;
        for (lease, how) in ended.iter().zip(["given back", "released", "taken", "over"]) {
            let renewed = renew_lease(&given.app, &agent("alpha"), renewal(lease)).await;
            let released = release_lease(&given.app, &agent("alpha"), release(lease)).await;
            let finished =
                finish_work(&given.app, &agent("alpha"), finish(lease, WorkOutcome::PrOpened))
                    .await;
            for refusal in [renewed.unwrap_err(), released.unwrap_err(), finished.unwrap_err()] {
                assert!(matches!(refusal, Error::LeaseLost { .. }), "{how}: {refusal:?}");
            }
            let held = [
                ("DISPATCH_LEASE", lease.id().to_string()),
                ("DISPATCH_FENCING_TOKEN", lease.fencing_token.to_string()),
            ];
            for command in [&["renew"][..], &["finish", "--outcome", "pr-opened"]] {
                let code = exit_code(&address, command, &held).await;
                assert_eq!(code, 4, "{how}: {command:?}");
            }
        }
    })
    .await;
}

/// The exit code of a command of alpha's.
async fn exit_code(address: &str, arguments: &[&str], variables: &[(&str, String)]) -> i32 {
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_dispatch"));
    program.args(arguments).env_clear().env("DISPATCH_URL", format!("http://{address}"));
    program.env("DISPATCH_AGENT_TOKEN", AGENT_TOKEN).env("DISPATCH_AGENT_NAME", "alpha");
    program.envs(variables.iter().map(|(name, value)| (name, value)));
    program.output().await.unwrap().status.code().unwrap()
}

/// The ways to claim with waiting, each as a request that is sent and then left alone.
const WAITING: [(&str, &str, &str); 3] = [
    (
        "/graphql",
        "mutation { claimNext(input: {agent: \"alpha\", waitSeconds: 25}) { lease { id } } }",
        "",
    ),
    ("/mcp", "", "claim_next"),
    ("/api/issues/claim", "", ""),
];

/// The bytes of a request by HTTP/1.
fn bytes_of(path: &str, query: &str, tool: &str) -> String {
    let body = match path {
        "/graphql" => json!({ "query": query }),
        "/mcp" => json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool, "arguments": { "agentName": "alpha", "waitSeconds": 25 } } }),
        _ => json!({ "issueId": "iss_000001", "repoFullName": REPOSITORY, "issueNumber": 1,
            "agentName": "alpha" }),
    };
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {AGENT_TOKEN}\r\n\
         content-type: application/json\r\naccept: application/json\r\n\
         prefer: wait=25\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Serves one request. The token is cancelled when the service has dropped that request: it was
/// answered, or its caller was seen to disconnect.
async fn serve_one(given: &mut Given) -> (String, CancellationToken) {
    let let_go = CancellationToken::new();
    let seen = let_go.clone();
    let router = dispatch::router(given.app.clone());
    let router = router.layer(from_fn(move |request: Request, next: Next| {
        let cancels_when_dropped = seen.clone().drop_guard();
        async move {
            let _cancels_when_dropped = cancels_when_dropped;
            next.run(request).await
        }
    }));
    (given.serve_router(router).await, let_go)
}

/// Waits until no claim is waiting, which is long before the longest wait ends by itself.
async fn until_nobody_waits(waits: impl Fn() -> bool) {
    let began = Instant::now();
    eventually(async || !waits()).await;
    assert!(began.elapsed() < LONGEST_WAIT / 2, "it ended by its own time");
}

#[tokio::test]
async fn a_client_that_disconnected_before_an_issue_was_eligible_claims_nothing() {
    for (path, query, tool) in WAITING {
        given(async |given| {
            given.with_issues(&[("One", &["status/ready", "agent/beta"])]).await;
            let address = given.serve().await;
            let listening = given.app.bus.listeners();
            let mut connection = TcpStream::connect(&address).await.unwrap();
            connection.write_all(bytes_of(path, query, tool).as_bytes()).await.unwrap();
            let waits =
                || !given.app.wait_queue.is_empty() || given.app.bus.listeners() > listening;
            eventually(async || waits()).await;
            drop(connection);
            until_nobody_waits(waits).await;
            given.github.relabel(REPOSITORY, 1, &[], &["agent/beta"]).unwrap();
            given.sync().await;
            let leases = "SELECT count(*) FROM leases WHERE state <> 'free'";
            assert_eq!(given.database.number(leases).await, 0, "{path}");
            assert!(claim(given, "beta").await.is_some(), "{path}: somebody else has it");
        })
        .await;
    }
}

#[tokio::test]
async fn a_claim_for_a_disconnected_client_is_released() {
    for (path, query, tool) in WAITING {
        given(async |given| {
            given.with_issues(&[("One", READY)]).await;
            let (address, let_go) = serve_one(given).await;
            let gate = Gate::new();
            given.github.inject(Fault::HoldAnswer(gate.clone()).on("ChangeLabels"));
            let mut connection = TcpStream::connect(&address).await.unwrap();
            connection.write_all(bytes_of(path, query, tool).as_bytes()).await.unwrap();
            tokio::time::timeout(PATIENCE, gate.arrived()).await.expect(path);
            drop(connection);
            tokio::time::timeout(PATIENCE, let_go.cancelled()).await.expect(path);
            gate.open();
            let free = "SELECT count(*) FROM leases WHERE state = 'free' AND ended_at IS NOT NULL";
            eventually(async || given.database.number(free).await == 1).await;
            assert_eq!(labels(given, 1), ["status/ready"], "{path}");
            let given_back = "SELECT count(*) FROM audit_log WHERE success AND actor = 'alpha' \
                              AND action = 'release_abandoned_claim'";
            assert_eq!(given.database.number(given_back).await, 1, "{path}");
            assert!(claim(given, "beta").await.is_some());
        })
        .await;
    }
}

/// The response of a tool contains the comments of the issue, which are requested from GitHub after
/// the claim.
#[tokio::test]
async fn a_client_that_disconnects_during_the_response_holds_no_lease() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        given.github.comment(REPOSITORY, 1).unwrap();
        given.advance(1);
        given.sync().await;
        let (address, let_go) = serve_one(given).await;
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("Conversation"));
        let mut connection = TcpStream::connect(&address).await.unwrap();
        connection.write_all(bytes_of("/mcp", "", "claim_next").as_bytes()).await.unwrap();
        tokio::time::timeout(PATIENCE, gate.arrived()).await.expect("comments are read");
        drop(connection);
        tokio::time::timeout(PATIENCE, let_go.cancelled()).await.expect("it is seen");
        gate.open();
        let free = "SELECT count(*) FROM leases WHERE state = 'free' AND ended_at IS NOT NULL";
        eventually(async || given.database.number(free).await == 1).await;
        assert_eq!(labels(given, 1), ["status/ready"]);
    })
    .await;
}

/// Fifty agents that claim at once, with enough issues, all get one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_claim_is_idle_while_an_issue_is_eligible() {
    given(async |given| {
        given.with_issues(&[]).await;
        for number in 0..50 {
            let title = format!("Issue {number}");
            given.github.open_issue(REPOSITORY, NewIssue::titled(&title, READY)).unwrap();
        }
        given.advance(1);
        given.sync().await;
        let app = &given.app;
        let claims = (0..50).map(|number| async move {
            let name = format!("agent-{number}");
            claim_next(app, &agent(&name), next(&name)).await.unwrap()
        });
        let claimed = Box::pin(futures_util::future::join_all(claims)).await;
        let idle: Vec<_> = claimed.iter().filter_map(|one| one.idle_reason.as_deref()).collect();
        assert_eq!(idle, [""; 0]);
        let held = "SELECT count(*) FROM leases WHERE state = 'held'";
        assert_eq!(given.database.number(held).await, 50);
    })
    .await;
}

/// A change that reads GitHub before the sync is the first to see that the holder's label is gone.
#[tokio::test]
async fn a_removed_agent_label_ends_the_lease_on_any_read() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await.unwrap();
        given.advance(5);
        given.github.relabel(REPOSITORY, 1, &[], &["agent/alpha"]).unwrap();
        given.advance(5);
        let id = given.issue(1).await.id;
        assignments::set_priority(&given.app, &person(), id, None).await.unwrap();
        let lost = renew_lease(&given.app, &agent("alpha"), renewal(&lease)).await.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost:?}");
    })
    .await;
}

/// Of a retry that receives the lease and the claim that releases it, one comes first, and the
/// other then does nothing.
#[tokio::test]
async fn a_lease_returned_to_a_retry_is_not_released() {
    Box::pin(given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let asked = |id: &str| ClaimNext { request_id: Some(id.to_owned()), ..next("alpha") };
        let mut connection = given.database.connect().await;
        let now = given.app.clock.now();
        let stop = StopRequest { by: "system", reason: None, now, release_at: now };

        let told = claim_next(&given.app, &agent("alpha"), asked("a")).await.unwrap();
        let told = told.lease.unwrap();
        let again = claim_next(&given.app, &agent("alpha"), asked("a")).await.unwrap();
        assert_eq!(again.lease.unwrap().id(), told.id());
        assert!(
            !leases::abandon(&mut connection, &told, &stop).await.unwrap(),
            "the agent received the lease"
        );
        assert!(renew_lease(&given.app, &agent("alpha"), renewal(&told)).await.is_ok());
        let by_name = claim_number(given, "alpha", number_of(given, &told).await).await.unwrap();
        assert_eq!(by_name.id(), told.id());

        let lost = claim_next(&given.app, &agent("alpha"), asked("b")).await.unwrap();
        let lost = lost.lease.unwrap();
        assert!(leases::abandon(&mut connection, &lost, &stop).await.unwrap());
        let number = number_of(given, &lost).await;
        assert!(
            claim_number(given, "alpha", number).await.is_err(),
            "no response with the lease arrives"
        );
        let again = claim_next(&given.app, &agent("alpha"), asked("b")).await.unwrap();
        assert!(again.lease.is_none(), "there is nothing else");
        // As if the process that released it died before the change on GitHub.
        release_stopped(&given.app).await.unwrap();
        let retried = claim_next(&given.app, &agent("alpha"), asked("b")).await.unwrap();
        assert_eq!(retried.lease.unwrap().issue_id, lost.issue_id);
    }))
    .await;
}

async fn number_of(given: &Given, lease: &Lease) -> i32 {
    let number = format!("SELECT number::bigint FROM issues WHERE id = {}", lease.issue_id.0);
    i32::try_from(given.database.number(&number).await).unwrap()
}

#[tokio::test]
async fn a_socket_that_closes_or_completes_waits_no_more() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready", "agent/beta"])]).await;
        let address = given.serve().await;
        let mut kept = None;
        for is_completed in [true, false] {
            let mut socket = Socket::with_token(&address, AGENT_TOKEN).await;
            let payload = json!({ "query": WAITING[0].1 });
            socket.say(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
            eventually(async || !given.app.wait_queue.is_empty()).await;
            if is_completed {
                socket.say(json!({ "type": "complete", "id": "1" })).await;
                kept = Some(socket);
            } else {
                drop(socket);
            }
            until_nobody_waits(|| !given.app.wait_queue.is_empty()).await;
        }
        assert!(kept.is_some(), "the socket itself is open");
    })
    .await;
}

#[tokio::test]
async fn an_http_2_caller_that_disconnects_stops_waiting() {
    given(async |given| {
        given.with_issues(&[]).await;
        let address = given.serve().await;
        let http = http_client_of(reqwest::ClientBuilder::http2_prior_knowledge);
        let query = json!({ "query": WAITING[0].1 }).to_string();
        let request = http.post(format!("http://{address}/graphql")).bearer_auth(AGENT_TOKEN);
        let asking = request.header("content-type", "application/json").body(query).send();
        tokio::select! {
            _ = asking => panic!("there is no work"),
            () = eventually(async || !given.app.wait_queue.is_empty()) => {}
        }
        // The stream has ended, and the connection is kept.
        until_nobody_waits(|| !given.app.wait_queue.is_empty()).await;
        drop(http);
    })
    .await;
}

/// By the connections that stay open when one request ends, and with force.
#[tokio::test]
async fn a_claim_for_a_closed_stream_is_released() {
    let forced = "mutation { claimIssue(input: {
        agent: \"alpha\", issueId: \"iss_000001\", force: true }) { lease { id } } }";
    for (is_socket, query) in [(true, WAITING[0].1), (true, forced), (false, WAITING[0].1)] {
        given(async |given| {
            given.with_issues(&[("One", READY)]).await;
            let (address, let_go) = serve_one(given).await;
            let gate = Gate::new();
            given.github.inject(Fault::HoldAnswer(gate.clone()).on("ChangeLabels"));
            if is_socket {
                let mut socket = Socket::with_token(&address, AGENT_TOKEN).await;
                socket.subscribe("1", query, json!({})).await;
                tokio::time::timeout(PATIENCE, gate.arrived()).await.unwrap();
                socket.leave().await;
            } else {
                let http = http_client_of(reqwest::ClientBuilder::http2_prior_knowledge);
                let query = json!({ "query": query }).to_string();
                let request = http.post(format!("http://{address}/graphql"));
                let request = request.bearer_auth(AGENT_TOKEN);
                let asking = request.header("content-type", "application/json").body(query).send();
                tokio::select! {
                    _ = asking => panic!("GitHub has not answered"),
                    () = gate.arrived() => {}
                }
                tokio::time::timeout(PATIENCE, let_go.cancelled()).await.unwrap();
            }
            gate.open();
            let free = "SELECT count(*) FROM leases WHERE state = 'free' AND ended_at IS NOT NULL";
            eventually(async || given.database.number(free).await == 1).await;
            assert_eq!(labels(given, 1), ["status/ready"], "{query}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_command_that_is_killed_waits_no_more() {
    given(async |given| {
        given.with_issues(&[]).await;
        let address = given.serve().await;
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_dispatch"));
        program.args(["claim", "--wait", "25"]).env_clear();
        program.env("DISPATCH_URL", format!("http://{address}"));
        program.env("DISPATCH_AGENT_TOKEN", AGENT_TOKEN).env("DISPATCH_AGENT_NAME", "alpha");
        let mut child = program.spawn().unwrap();
        eventually(async || !given.app.wait_queue.is_empty()).await;
        child.kill().await.unwrap();
        until_nobody_waits(|| !given.app.wait_queue.is_empty()).await;
    })
    .await;
}

#[tokio::test]
async fn the_same_request_twice_at_once_gets_one_lease() {
    given(async |given| {
        for round in 0..20 {
            let number = given.github.open_issue(REPOSITORY, NewIssue::titled("One", READY));
            let number = match number {
                Ok(number) => number,
                Err(_) => {
                    given.with_issues(&[("One", READY)]).await;
                    1
                }
            };
            given.sync().await;
            let request = |agent: &str| ClaimNext {
                request_id: Some(format!("round-{round}")),
                ..next(agent)
            };
            let (app, alpha) = (&given.app, agent("alpha"));
            let claims = [(); 3].map(|()| claim_next(app, &alpha, request("alpha")));
            let mut got = Vec::new();
            for claimed in futures_util::future::join_all(claims).await {
                match claimed {
                    Ok(claimed) => got.push(claimed.lease.expect("there was work").id()),
                    Err(Error::Conflict { what, .. }) => {
                        assert!(what.contains("being carried out"), "{what}");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            got.dedup();
            assert_eq!(got.len(), 1, "round {round}, issue {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn finished_work_rests_where_its_outcome_belongs() {
    given(async |given| {
        let outcomes = [
            (WorkOutcome::PrOpened, vec!["status/in-review", "agent/alpha"]),
            (WorkOutcome::Failed, vec!["status/ready"]),
            (WorkOutcome::Blocked, vec!["status/blocked"]),
            (WorkOutcome::NoChangesNeeded, vec!["status/in-review"]),
        ];
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY), ("D", READY)]).await;
        for (number, (outcome, expected)) in (1..).zip(outcomes) {
            let lease = Box::pin(claim_number(given, "alpha", number)).await.unwrap();
            given.advance(60);
            let done = finish(&lease, outcome);
            let done = finish_work(&given.app, &agent("alpha"), done).await.unwrap();
            let mut labels = labels(given, i64::from(number));
            labels.sort_by_key(|label| !label.starts_with("status/"));
            assert_eq!(labels, expected, "{outcome:?}");
            assert_eq!(done.agent_run.outcome.as_deref(), Some(outcome.as_str()));
            assert_eq!(done.agent_run.issue_id, Some(lease.issue_id));
            assert_eq!(done.agent_run.started_at, lease.acquired_at);
            let blocked = (outcome == WorkOutcome::Blocked).then_some("It is done");
            assert_eq!(done.issue.blocked_reason.as_deref(), blocked);

            let again = finish(&lease, outcome);
            let again = finish_work(&given.app, &agent("alpha"), again).await.unwrap();
            assert_eq!(again.agent_run, done.agent_run, "a lost answer costs nothing");
            let other = finish(&lease, WorkOutcome::PrUpdated);
            let other = finish_work(&given.app, &agent("alpha"), other).await.unwrap_err();
            assert!(matches!(other, Error::LeaseLost { .. }), "{other:?}");
            let stranger = finish(&lease, outcome);
            let worker = Actor::Worker { name: "beta".to_owned(), is_bound: true };
            let refused = finish_work(&given.app, &worker, stranger).await.unwrap_err();
            assert!(matches!(refused, Error::Forbidden { .. }), "{refused:?}");
        }
        let runs = "SELECT count(*) FROM agent_runs";
        assert_eq!(given.database.number(runs).await, 4);
    })
    .await;
}

#[tokio::test]
async fn work_on_an_issue_closed_during_the_lease_can_be_finished() {
    given(async |given| {
        given.with_issues(&[("One", READY)]).await;
        let lease = claim(given, "alpha").await.unwrap();
        given.github.close(REPOSITORY, 1).unwrap();
        let done = finish(&lease, WorkOutcome::PrUpdated);
        let done = finish_work(&given.app, &agent("alpha"), done).await.unwrap();
        assert_eq!(done.issue.status, Status::Done);
        assert!(given.github.issue(REPOSITORY, 1).unwrap().closed_at.is_some());
        assert_eq!(labels(given, 1), [""; 0], "nothing says that somebody is at work");
    })
    .await;
}

#[tokio::test]
async fn a_lease_ends_with_the_label_that_a_person_takes_off() {
    given(async |given| {
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY), ("D", READY)]).await;
        let mut held = Vec::new();
        for number in 1..=4 {
            held.push(claim_number(given, "alpha", number).await.unwrap());
        }
        let app = &given.app;
        assignments::assign_agent(app, &person(), held[0].issue_id, None).await.unwrap();
        assignments::assign_agent(app, &person(), held[1].issue_id, Some("beta")).await.unwrap();
        let operator = Actor::Operator { name: "sam".to_owned(), signed_in_until: None };
        let label = "Agent/Alpha";
        assignments::remove_label(app, &operator, held[2].issue_id, label).await.unwrap();
        for lease in &held[..3] {
            let lost = renew_lease(app, &agent("alpha"), renewal(lease)).await.unwrap_err();
            assert!(matches!(lost, Error::LeaseLost { .. }), "{lost:?}");
        }
        // If the holder's label stays, its lease stays alive.
        let kept = &held[3];
        assignments::assign_agent(app, &person(), kept.issue_id, Some("Alpha")).await.unwrap();
        assignments::assign_owner(app, &person(), kept.issue_id, Some("kim")).await.unwrap();
        assignments::remove_label(app, &operator, kept.issue_id, "owner/kim").await.unwrap();
        let renewed = renew_lease(app, &agent("alpha"), renewal(kept)).await.unwrap();
        assert_eq!(renewed.stop, None);
        // If the label is removed on GitHub, the lease ends.
        given.github.relabel(REPOSITORY, 4, &[], &["agent/alpha"]).unwrap();
        given.sync().await;
        let lost = renew_lease(app, &agent("alpha"), renewal(kept)).await.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { holder: None }), "{lost:?}");
        let told = "SELECT count(*) FROM audit_log WHERE action = 'lease_released' \
                    AND notes = 'agent/alpha was taken off at GitHub'";
        assert_eq!(given.database.number(told).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_renewal_returns_whether_to_continue() {
    given(async |given| {
        given.with_issues(&[("Goes on", READY), ("Closes", READY), ("Moves", READY)]).await;
        let mut held = Vec::new();
        for number in 1..=3 {
            held.push(claim_number(given, "alpha", number).await.unwrap());
        }
        given.github.close(REPOSITORY, 2).unwrap();
        given.github.relabel(REPOSITORY, 3, &["status/backlog"], &["status/in-progress"]).unwrap();
        given.advance(60);
        given.sync().await;
        let renew = "mutation($id: ID!, $token: String!) {
            renewLease(input: {leaseId: $id, fencingToken: $token}) {
                directive reason lease { expiresAt } } }";
        let mut answers = Vec::new();
        for lease in &held {
            let (id, token) = (lease.id().to_string(), lease.fencing_token.to_string());
            let variables = json!({ "id": id, "token": token });
            let answer = given.graphql_as_agent(renew, variables).await;
            answers.push(answer["renewLease"].clone());
        }
        let (later, as_before) = ("2026-05-20T12:31:00.000Z", "2026-05-20T12:30:00.000Z");
        let answer = |directive, reason, expires_at| {
            json!({ "directive": directive, "reason": reason, "lease": { "expiresAt": expires_at } })
        };
        assert_eq!(answers[0], answer("CONTINUE", json!(null), later));
        assert_eq!(answers[1], answer("STOP", json!("The issue was closed"), as_before));
        assert_eq!(answers[2], answer("STOP", json!("The issue was moved to Backlog"), as_before));
    })
    .await;
}

#[tokio::test]
async fn a_claim_by_id_warns_what_the_queue_would_withhold() {
    given(async |given| {
        given.with_issues(&[("Base", READY), ("Roof", READY)]).await;
        given.github.edit_body(REPOSITORY, 2, "Blocked by #1").unwrap();
        given.advance(60);
        given.sync().await;
        let roof = given.issue(2).await.id.to_string();
        let claim = "mutation($id: ID!, $agent: String!) {
            claimIssue(input: {issueId: $id, agent: $agent}) { warning } }";
        let of = |agent: &str| json!({ "id": roof, "agent": agent });
        let data = given.graphql_as_agent(claim, of("alpha")).await;
        assert_eq!(data["claimIssue"]["warning"], "The issue is blocked by open #1.");

        // A rejected claim is a decision, found by the issue that it withheld.
        let refused = given.refused_by_graphql(claim, of("alpha-2")).await;
        assert_eq!(refused["extensions"]["code"], "CONFLICT", "{refused}");
        let decisions = "query($id: ID!) { workDecisions(withheldIssueId: $id, first: 1) {
            nodes { kind agent idleReason withheld { issueId skipReasons } } } }";
        let data = given.graphql(decisions, json!({ "id": roof })).await;
        let reason = "Issue is actively leased to alpha. Use force=true to override.";
        assert_eq!(
            data["workDecisions"]["nodes"],
            json!([{ "kind": "claim_issue", "agent": "alpha-2", "idleReason": reason,
                "withheld": [{ "issueId": roof, "skipReasons": ["LEASED", "ASSIGNED_TO_OTHER",
                    "BLOCKED_BY_ISSUE"] }] }])
        );
        let base = json!({ "id": given.issue(1).await.id.to_string() });
        let data = given.graphql(decisions, base).await;
        assert_eq!(data["workDecisions"]["nodes"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn an_idle_claim_names_eligible_issues_in_other_lanes() {
    let lanes = r#"{"lanes":[{"id":"local","title":"Local","claimable":true,"role":"default"},
        {"id":"frontier","title":"Frontier","claimable":true},
        {"id":"parked","title":"Parked","claimable":false}]}"#;
    given_settings(&[("DISPATCH_LANE_CONFIG_JSON", lanes)], async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let frontier = ClaimNext { lane: Some("frontier".to_owned()), ..next("alpha") };
        let claimed = claim_next(&given.app, &agent("alpha"), frontier.clone()).await.unwrap();
        let reason = "No work available; ready in other lanes: 2 in local";
        assert_eq!(claimed.idle_reason.as_deref(), Some(reason));
        for _ in 0..2 {
            claim(given, "beta").await.unwrap();
        }
        let claimed = claim_next(&given.app, &agent("alpha"), frontier).await.unwrap();
        assert_eq!(claimed.idle_reason.as_deref(), Some("No work available"));
    })
    .await;
}

#[tokio::test]
async fn the_queue_shows_ranked_and_withheld_issues() {
    given(async |given| {
        given
            .with_issues(&[
                ("Some day", &["status/ready", "priority/p3"]),
                ("Mine", &["status/ready", "priority/p3", "agent/alpha"]),
                ("Theirs", &["status/ready", "agent/beta"]),
                ("Not yet", &["status/backlog"]),
                ("Urgent", &["status/ready", "priority/p0"]),
            ])
            .await;
        let request =
            QueueRequest { agent: "alpha".to_owned(), first: 10, ..QueueRequest::default() };
        let all = queue(&given.app, &request).await.unwrap();
        let numbers: Vec<_> = all.iter().map(|one| (one.issue.number, one.rank)).collect();
        assert_eq!(numbers, [(5, Some(1)), (2, Some(2)), (1, Some(3)), (3, None)]);
        assert_eq!(all[3].summary, "The issue is assigned to beta.");
        assert_eq!(all[0].summary, "The issue is next: priority/p0, ready.");

        let explain = async |number| {
            let id = given.issue(number).await.id;
            let explained = explain_work(&given.app, "alpha", id).await.unwrap();
            (explained.rank, explained.skips.iter().map(|skip| skip.reason).collect::<Vec<_>>())
        };
        assert_eq!(explain(1).await, (Some(3), vec![]));
        assert_eq!(explain(3).await, (None, vec![SkipReason::AssignedToOther]));
        assert_eq!(explain(4).await, (None, vec![SkipReason::NotReady]));
        assert_eq!(claim(given, "alpha").await.unwrap().issue_id, given.issue(5).await.id);
        assert_eq!(explain(5).await.1[0], SkipReason::Leased);
    })
    .await;
}

#[tokio::test]
async fn scores_order_issues_as_the_queue_does() {
    given(async |given| {
        let kinds: [&[&str]; 5] = [
            &["status/ready", "priority/p3"],
            &["status/ready"],
            &["status/ready", "priority/p0"],
            &["status/ready", "priority/p1"],
            &["status/ready", "priority/p2"],
        ];
        given.with_issues(&[]).await;
        for number in 1..=10 {
            let (title, labels) = (format!("Issue {number}"), kinds[number % 5]);
            given.github.open_issue(REPOSITORY, NewIssue::titled(&title, labels)).unwrap();
            given.advance(2 * 86_400);
        }
        given.github.edit_body(REPOSITORY, 1, "Blocked by #2").unwrap();
        given.sync().await;
        let queue = "{ queue(agent: \"alpha\") { rank issue {
            number queueScore createdAt unblocks } } }";
        let answer = given.graphql(queue, json!({})).await;
        let ranked = answer["queue"].as_array().unwrap();
        let ranked: Vec<_> = ranked.iter().filter(|one| !one["rank"].is_null()).collect();
        assert!(ranked.iter().any(|one| one["issue"]["unblocks"] == 1), "{answer}");
        let place = |one: &&&serde_json::Value| {
            let issue = &one["issue"];
            let opened = issue["createdAt"].as_str().unwrap()[..10].to_owned();
            (issue["queueScore"].as_i64().unwrap(), opened, issue["number"].as_i64().unwrap())
        };
        assert!(ranked.iter().is_sorted_by_key(|one| place(&one)), "{answer}");
        let scores: std::collections::BTreeSet<_> =
            ranked.iter().map(|one| one["issue"]["queueScore"].as_i64()).collect();
        assert!(scores.len() > 4, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn idle_polls_that_find_the_same_are_one_decision() {
    given(async |given| {
        given.with_issues(&[("Not yet", &["status/backlog"])]).await;
        for _ in 0..3 {
            assert!(claim(given, "alpha").await.is_none());
            given.advance(60);
        }
        let of = DecisionFilter { agent: Some("alpha".to_owned()), ..DecisionFilter::default() };
        let page = PageRequest::first(10);
        let decided = decisions(&given.app, &of, &page).await.unwrap().rows;
        assert_eq!((decided.len(), decided[0].times), (1, 3));
        let reason = "No work available (1 not ready)";
        assert_eq!(decided[0].idle_reason.as_deref(), Some(reason));
        assert_eq!((decided[0].last_at - decided[0].first_at).num_seconds(), 120);
        given.advance(31 * 86_400);
        service::retention::prune_decisions(&given.app).await.unwrap();
        assert_eq!(decisions(&given.app, &of, &page).await.unwrap().rows.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_decision_stores_served_and_withheld_issues() {
    Box::pin(given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        let theirs: &[&str] = &["status/ready", "agent/gamma"];
        let mut issues: Vec<(&str, &[&str])> = vec![
            ("First", &["status/ready", "priority/p0"]),
            ("Second", &["status/ready", "priority/p1"]),
            ("Held", READY),
            ("Hidden", &["status/ready", "hidden", "priority/p3"]),
            ("Not yet", &["status/backlog"]),
        ];
        issues.extend([("Theirs", theirs); 25]);
        given.with_issues(&issues).await;
        claim_number(given, "beta", 3).await.unwrap();

        let lease = claim(given, "alpha").await.unwrap();
        let request =
            QueueRequest { agent: "alpha".to_owned(), first: 1, ..QueueRequest::default() };
        let next = next_task(&given.app, &agent("alpha"), &request).await.unwrap();
        assert_eq!(next.found.unwrap().issue.number, 2);

        let all = DecisionFilter::default();
        let mut kept = decisions(&given.app, &all, &PageRequest::first(2)).await.unwrap().rows;
        let (next, claimed) = (kept.remove(0), kept.remove(0));
        assert_eq!(claimed.served_issue_id, Some(lease.issue_id));
        assert_eq!(claimed.fencing_token, Some(lease.fencing_token));
        let ranked: Vec<_> = claimed.detail.candidates.iter().map(|one| one.issue).collect();
        assert_eq!(ranked, [given.issue(1).await.id, given.issue(2).await.id]);
        assert_eq!(claimed.detail.withheld.len(), 20, "the best twenty");
        let hidden = &claimed.detail.withheld[0];
        assert_eq!(hidden.issue, given.issue(4).await.id, "it has a priority");
        assert_eq!(hidden.skips[0].reason, SkipReason::Excluded);
        let held = &claimed.detail.withheld[1];
        assert_eq!(held.issue, given.issue(3).await.id, "the oldest of the others");
        let reasons: Vec<_> = held.skips.iter().map(|skip| skip.reason).collect();
        assert_eq!(reasons, [SkipReason::Leased, SkipReason::AssignedToOther]);
        let counts = |detail: &Detail| detail.counts.clone().into_iter().collect::<Vec<_>>();
        let expected = [
            (SkipReason::Leased, 1),
            (SkipReason::AssignedToOther, 26),
            (SkipReason::NotReady, 1),
            (SkipReason::Excluded, 1),
        ];
        assert_eq!(counts(&claimed.detail), expected, "what was served is none of them");

        assert_eq!(next.kind, "next_task");
        assert_eq!(next.served_issue_id, Some(given.issue(2).await.id));
        let own = &next.detail.withheld[0];
        assert_eq!(own.issue, lease.issue_id, "it is held by now, and the most urgent");
        assert_eq!(counts(&next.detail)[0], (SkipReason::Leased, 2));
    }))
    .await;
}

#[tokio::test]
async fn limits_withhold_issues() {
    let settings =
        [("DISPATCH_MAX_IN_PROGRESS_PER_AGENT", "1"), ("DISPATCH_MAX_IN_PROGRESS_PER_LANE", "2")];
    given_settings(&settings, async |given| {
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY)]).await;
        let lease = claim(given, "alpha").await.unwrap();
        let idle = claim_next(&given.app, &agent("alpha"), next("alpha")).await.unwrap();
        let reason = "No work available (1 held, 3 over a limit)";
        assert_eq!(idle.idle_reason.as_deref(), Some(reason));
        let refused = claim_number(given, "alpha", 2).await.unwrap_err().to_string();
        assert_eq!(refused, "The issue waits because alpha holds 1 of 1 issues at most");
        claim(given, "beta").await.unwrap();
        assert!(claim(given, "gamma").await.is_none(), "the lane is full");
        let explained = explain_work(&given.app, "gamma", given.issue(3).await.id).await.unwrap();
        assert_eq!(explained.skips[0].reason, SkipReason::LimitReached);
        release_lease(&given.app, &agent("alpha"), release(&lease)).await.unwrap();
        assert!(claim(given, "gamma").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_request_in_use_is_refused_within_limits_too() {
    given_settings(&[("DISPATCH_MAX_IN_PROGRESS_PER_LANE", "9")], async |given| {
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY)]).await;
        let claim = async |number| {
            let command = ClaimIssue {
                agent: "alpha".to_owned(),
                issue_id: given.issue(number).await.id,
                lease_seconds: None,
                force: None,
                request_id: Some("same".to_owned()),
            };
            claim_issue(&given.app, &agent("alpha"), command).await
        };
        let claims = [1, 2, 3].map(claim);
        let outcomes = futures_util::future::join_all(claims).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn too_much_that_waits_for_a_person_stops_new_work() {
    given_settings(&[("DISPATCH_MAX_WAITING_FOR_HUMAN", "2")], async |given| {
        let issues: &[(&str, &[&str])] =
            &[("A", &["status/in-review"]), ("B", &["status/blocked"]), ("C", READY)];
        given.with_issues(issues).await;
        assert!(claim(given, "alpha").await.is_none());
        let command = MoveIssue {
            issue_id: given.issue(1).await.id,
            to: Status::Backlog,
            expected_from: None,
            reason: None,
            fencing_token: None,
        };
        move_issue(&given.app, &person(), command).await.unwrap();
        assert!(claim(given, "alpha").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn waiters_are_served_in_order() {
    given(async |given| {
        given.with_issues(&[("A", &["status/backlog"]), ("B", &["status/backlog"])]).await;
        let app = &given.app;
        let wait = async |name: &str| {
            let command = ClaimNext { wait_seconds: Some(20), ..next(name) };
            claim_next(app, &agent(name), command).await.unwrap().lease
        };
        let act = async || {
            crate::support::eventually(async || app.wait_queue.len() == 2).await;
            for number in [1, 2] {
                let command = MoveIssue {
                    issue_id: given.issue(number).await.id,
                    to: Status::Ready,
                    expected_from: None,
                    reason: None,
                    fencing_token: None,
                };
                move_issue(app, &person(), command).await.unwrap();
            }
        };
        let (first, second, ()) =
            tokio::join!(Box::pin(wait("alpha")), Box::pin(wait("beta")), Box::pin(act()));
        assert_ne!(first.unwrap().issue_id, second.unwrap().issue_id);
        assert!(app.wait_queue.is_empty());
    })
    .await;
}

#[tokio::test]
async fn invalid_values_are_rejected_by_name() {
    given(async |given| {
        given.with_issues(&[("One", READY), ("Two", READY)]).await;
        let refused = async |change: &dyn Fn(&mut ClaimNext)| {
            let mut command = next("alpha");
            change(&mut command);
            field_of(claim_next(&given.app, &agent("alpha"), command).await.unwrap_err())
        };
        assert_eq!(refused(&|claim| claim.agent = "a,b".to_owned()).await, "agent");
        assert_eq!(refused(&|claim| claim.agent = " ".to_owned()).await, "agent");
        assert_eq!(refused(&|claim| claim.agent = "x".repeat(45)).await, "agent");
        assert_eq!(refused(&|claim| claim.lane = Some("moon".to_owned())).await, "lane");
        assert_eq!(refused(&|claim| claim.lane = Some("backlog".to_owned())).await, "lane");
        let elsewhere = Some(vec!["acme/moon".to_owned()]);
        assert_eq!(
            refused(&|claim| claim.repositories.clone_from(&elsewhere)).await,
            "repositories"
        );
        for seconds in [59, 86_401, -1] {
            assert_eq!(refused(&|claim| claim.lease_seconds = Some(seconds)).await, "leaseSeconds");
        }
        for seconds in [-1, 26] {
            assert_eq!(refused(&|claim| claim.wait_seconds = Some(seconds)).await, "waitSeconds");
        }
        assert_eq!(refused(&|claim| claim.request_id = Some(String::new())).await, "requestId");

        for name in ["foreman/coder", "two words", "агент"] {
            let lease = claim(given, name).await.unwrap();
            assert_eq!(lease.agent, name);
            release_lease(&given.app, &agent(name), release(&lease)).await.unwrap();
        }
        let one = claim(given, "alpha").await.unwrap();
        let two = claim(given, "alpha").await.unwrap();
        let mixed = RenewLease { lease_id: one.id(), ..renewal(&two) };
        let mixed = renew_lease(&given.app, &agent("alpha"), mixed).await.unwrap_err();
        assert_eq!(field_of(mixed), "fencingToken");
        let token = i64::MAX;
        let unknown = RenewLease {
            lease_id: LeaseId { issue: one.issue_id, token },
            fencing_token: token.to_string(),
            ..renewal(&one)
        };
        let unknown = renew_lease(&given.app, &agent("alpha"), unknown).await.unwrap_err();
        assert!(matches!(unknown, Error::NotFound { .. }), "{unknown:?}");
        let silent = FinishWork { summary: None, ..finish(&one, WorkOutcome::Blocked) };
        let silent = finish_work(&given.app, &agent("alpha"), silent).await.unwrap_err();
        assert_eq!(field_of(silent), "summary");
        let odd = FinishWork {
            pull_request_url: Some("ftp://x".to_owned()),
            ..finish(&one, WorkOutcome::Failed)
        };
        let odd = finish_work(&given.app, &agent("alpha"), odd).await.unwrap_err();
        assert_eq!(field_of(odd), "pullRequestUrl");

        let input = json!({ "input": { "agent": "alpha" } });
        let answer = given.try_graphql(CLAIM_NEXT, input).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
        let bad = "mutation { renewLease(input: {leaseId: \"run_000001\", fencingToken: \"1\"}) \
                   { lease { id } } }";
        let bad = given.refused_by_graphql(bad, json!({})).await;
        assert_eq!(bad["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(bad["extensions"]["field"], "leaseId");
    })
    .await;
}

#[tokio::test]
async fn an_issue_waits_for_those_that_its_text_names() {
    given(async |given| {
        given.with_issues(&[("Base", READY), ("Roof", READY)]).await;
        given.github.edit_body(REPOSITORY, 2, "Depends on #1 and acme/moon#7.").unwrap();
        given.advance(60);
        given.sync().await;
        let explained = explain_work(&given.app, "alpha", given.issue(2).await.id).await.unwrap();
        assert_eq!(explained.skips[0].reason, SkipReason::BlockedByIssue);
        assert_eq!(explained.summary, "The issue is blocked by open #1.");
        claim_number(given, "beta", 1).await.unwrap();
        assert!(claim(given, "alpha").await.is_none());

        given.github.close(REPOSITORY, 1).unwrap();
        given.advance(60);
        given.sync().await;
        assert_eq!(claim(given, "alpha").await.unwrap().issue_id, given.issue(2).await.id);

        given.github.edit_body(REPOSITORY, 2, "No longer blocked by #1.").unwrap();
        given.advance(60);
        given.sync().await;
        assert_eq!(given.database.number("SELECT count(*) FROM blockers").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_issue_waits_for_those_that_block_it_on_github() {
    given(async |given| {
        given.github.add_repository("acme/moon");
        given.github.open_issue("acme/moon", NewIssue::titled("Far", READY)).unwrap();
        given.with_issues(&[("Base", READY), ("Roof", READY)]).await;
        given.github.block((REPOSITORY, 2), (REPOSITORY, 1)).unwrap();
        given.github.block((REPOSITORY, 2), ("acme/moon", 1)).unwrap();
        given.advance(60);
        given.sync().await;
        let roof = given.issue(2).await.id;
        let explained = explain_work(&given.app, "alpha", roof).await.unwrap();
        assert_eq!(explained.skips[0].reason, SkipReason::BlockedByIssue);
        let both = "The issue is blocked by open #1, acme/moon#1.";
        assert_eq!(
            explained.summary, both,
            "GitHub's relation counts where nothing is tracked too"
        );
        given.track("acme/moon").await;
        given.advance(60);
        given.sync().await;
        let explained = explain_work(&given.app, "alpha", roof).await.unwrap();
        assert_eq!(explained.summary, "The issue is blocked by open #1, acme/moon#1.");

        for _ in 0..2 {
            given.advance(60);
            given.sync().await;
        }
        given.github.forget_requests();
        given.advance(60);
        given.sync().await;
        assert_eq!(given.github.total(), 1, "nothing changed in either repository");

        given.github.close("acme/moon", 1).unwrap();
        given.github.close(REPOSITORY, 1).unwrap();
        given.advance(60);
        given.sync().await;
        assert!(explain_work(&given.app, "alpha", roof).await.unwrap().skips.is_empty());
        given.github.reopen(REPOSITORY, 1).unwrap();
        given.github.unblock(REPOSITORY, 2).unwrap();
        given.advance(60);
        given.sync().await;
        assert!(explain_work(&given.app, "alpha", roof).await.unwrap().skips.is_empty());
        assert_eq!(given.database.number("SELECT count(*) FROM blockers").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_uncached_blocker_blocks_while_open_on_github() {
    given(async |given| {
        given.github.add_repository("acme/moon");
        given.github.open_issue("acme/moon", NewIssue::titled("Rocket", &[])).unwrap();
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY)]).await;
        let pull_request = given.github.open_pull_request(REPOSITORY, "Mend it").unwrap();
        let body = format!("Depends on #{pull_request}.");
        given.github.edit_body(REPOSITORY, 1, &body).unwrap();
        given.github.edit_body(REPOSITORY, 2, "## Blocked by\n\n- acme/moon#1").unwrap();
        given.github.block((REPOSITORY, 3), ("acme/moon", 1)).unwrap();
        given.github.edit_body(REPOSITORY, 3, "Requires acme/nowhere#9 and #999").unwrap();
        let summaries = async |given: &Given, seconds| {
            given.advance(seconds);
            given.sync().await;
            let mut all = Vec::new();
            for number in [1, 2, 3] {
                let issue = given.issue(number).await.id;
                let explained = explain_work(&given.app, "alpha", issue).await.unwrap();
                all.push(explained.blockers.join(" "));
            }
            all
        };
        let waiting = ["#4", "acme/moon#1", "acme/moon#1"];
        assert_eq!(
            summaries(given, 60).await,
            waiting,
            "what GitHub does not find is not waited for"
        );
        assert!(claim(given, "alpha").await.is_none());
        given.github.forget_requests();
        assert_eq!(summaries(given, 60).await, waiting);
        assert_eq!(given.github.total(), 1, "what was asked lately is not asked again");

        let mut waits = tokio::task::JoinSet::new();
        waits.spawn({
            let app = given.app.clone();
            let command = ClaimNext { wait_seconds: Some(25), ..next("beta") };
            async move { claim_next(&app, &agent("beta"), command).await.unwrap().lease }
        });
        eventually(async || given.app.wait_queue.len() == 1).await;
        given.github.close(REPOSITORY, pull_request).unwrap();
        given.github.close("acme/moon", 1).unwrap();
        given.advance(600);
        given.sync().await;
        let served = waits.join_next().await.unwrap().unwrap();
        assert_eq!(served.unwrap().issue_id, given.issue(1).await.id, "who waits hears of it");
        assert_eq!(summaries(given, 1).await, ["", "", ""]);
    })
    .await;
}

#[tokio::test]
async fn references_of_unready_issues_are_cheap() {
    given(async |given| {
        given.with_issues(&[("By a stranger", &[]), ("Ready", READY)]).await;
        let many: Vec<String> = (1..=50).map(|number| format!("o/r#{number}")).collect();
        let body = format!("Depends on {}", many.join(", "));
        given.github.edit_body(REPOSITORY, 1, &body).unwrap();
        given.github.edit_body(REPOSITORY, 2, &body.replace("o/r", "o/other")).unwrap();
        given.advance(60);
        given.github.forget_requests();
        given.sync().await;
        let asked = "SELECT count(*) FROM foreign_references WHERE repository = ";
        assert_eq!(given.database.number(&format!("{asked}'o/r'")).await, 5);
        assert_eq!(given.database.number(&format!("{asked}'o/other'")).await, 20);
        assert_eq!(given.github.total(), 26, "one page, and one request for each");
    })
    .await;
}

#[tokio::test]
async fn an_issue_with_an_open_pull_request_is_left_to_it() {
    given(async |given| {
        given.with_issues(&[("A", READY)]).await;
        let first = given.github.open_pull_request(REPOSITORY, "Mend A").unwrap();
        given.github.link(REPOSITORY, first, 1).unwrap();
        let waits = async |given: &Given| {
            given.advance(60);
            given.sync().await;
            let issue = given.issue(1).await.id;
            explain_work(&given.app, "alpha", issue).await.unwrap().summary
        };
        let page = "https://github.example/acme/tools/pull/2";
        let expected = format!("The issue has an open pull request, {page}.");
        assert_eq!(waits(given).await, expected, "though the issue itself did not change");
        assert!(claim(given, "alpha").await.is_none());

        let second = given.github.open_pull_request(REPOSITORY, "Mend A better").unwrap();
        given.github.link(REPOSITORY, second, 1).unwrap();
        given.github.close(REPOSITORY, first).unwrap();
        let page = "https://github.example/acme/tools/pull/3";
        assert_eq!(waits(given).await, format!("The issue has an open pull request, {page}."));
        given.github.forget_requests();
        waits(given).await;
        assert_eq!(given.github.total(), 1, "nothing changed");

        let mut place = tokio::task::JoinSet::new();
        place.spawn({
            let app = given.app.clone();
            let command = ClaimNext { wait_seconds: Some(25), ..next("alpha") };
            async move { claim_next(&app, &agent("alpha"), command).await.unwrap().lease }
        });
        eventually(async || given.app.wait_queue.len() == 1).await;
        given.github.close(REPOSITORY, second).unwrap();
        given.advance(60);
        given.sync().await;
        let served = place.join_next().await.unwrap().unwrap();
        assert!(served.is_some(), "who waits hears of it");
    })
    .await;
}

/// GitHub may have the label of an agent in another case than its known name.
#[tokio::test]
async fn an_issue_of_the_agent_is_claimed_by_name_in_any_spelling() {
    given(async |given| {
        given.with_issues(&[("First", READY), ("Own", &["status/ready", "agent/ALPHA"])]).await;
        claim_number(given, "alpha", 1).await.unwrap();
        claim_number(given, "alpha", 2).await.expect("it is its own");
        assert_eq!(given.issue(2).await.labels.agents().collect::<Vec<_>>(), ["ALPHA"]);
    })
    .await;
}

/// The actor who assigned the issue counts, not the one who changed another label since.
#[tokio::test]
async fn the_doctor_ignores_recent_assignments_by_people() {
    use dispatch::service::claims::doctor::diagnose;

    given_settings(&[("DISPATCH_MEANT_FOR_HOURS", "5")], async |given| {
        given.with_issues(&[("By a person", READY), ("By a program", READY)]).await;
        let ids = [given.issue(1).await.id, given.issue(2).await.id];
        let (app, program) = (&given.app, agent("planner"));
        assignments::assign_agent(app, &person(), ids[0], Some("alpha")).await.unwrap();
        assignments::assign_agent(app, &program, ids[1], Some("alpha")).await.unwrap();
        for id in ids {
            assignments::add_label(app, &program, id, "bug").await.unwrap();
        }
        let found = async || -> Vec<_> {
            diagnose(app).await.unwrap().iter().map(|finding| finding.issue_id).collect()
        };
        assert_eq!(found().await, [ids[1]]);
        given.advance(4 * 3_600);
        assert_eq!(found().await, [ids[1]]);
        given.advance(2 * 3_600);
        assert_eq!(found().await, ids, "by now it is old");
    })
    .await;
}

#[tokio::test]
async fn the_doctor_finds_and_repairs_inconsistencies() {
    use dispatch::domain::doctor::Inconsistency;
    use dispatch::service::claims::doctor::{diagnose, repair};

    given(async |given| {
        given
            .with_issues(&[
                ("Assigned", &["status/ready", "agent/alpha"]),
                ("Stuck", &["status/in-progress", "agent/alpha"]),
                ("Both", &["status/blocked", "status/in-review"]),
                ("Closed", &["status/in-progress"]),
                ("Gone", READY),
                ("Well", READY),
                ("Elsewhere", READY),
                ("Refused", READY),
                ("Given up", &["status/ready", "needs-human"]),
                ("Hen", READY),
                ("Egg", READY),
            ])
            .await;
        given.github.edit_body(REPOSITORY, 10, "Depends on #11").unwrap();
        given.github.edit_body(REPOSITORY, 11, "Depends on #10").unwrap();
        given.advance(1);
        given.sync().await;
        claim_number(given, "beta", 5).await.unwrap();
        claim_number(given, "beta", 6).await.unwrap();
        claim_number(given, "beta", 7).await.unwrap();
        given.github.relabel(REPOSITORY, 7, &["status/backlog"], &["status/in-progress"]).unwrap();
        given.github.inject(Fault::refuse(422, "no more labels").on("ChangeLabels"));
        assert!(claim(given, "gamma").await.is_none());
        given.github.close(REPOSITORY, 4).unwrap();
        given.advance(60);
        given.sync().await;
        given
            .database
            .run("UPDATE issues SET removed_at = now(), on_board = false WHERE number = 5")
            .await;
        let found_kinds = async || {
            let mut found: Vec<_> =
                diagnose(&given.app).await.unwrap().into_iter().map(|one| one.ailment).collect();
            found.sort();
            found
        };
        let meant = [Inconsistency::AssignedWithoutLease, Inconsistency::InProgressWithoutLease];
        let young: Vec<_> =
            Inconsistency::ALL.into_iter().filter(|one| !meant.contains(one)).collect();
        assert_eq!(found_kinds().await, young, "what people did at GitHub is meant");
        given.advance(72 * 3_600);
        given.database.run("UPDATE leases SET expires_at = expires_at + interval '9 days'").await;
        assert_eq!(found_kinds().await, Inconsistency::ALL);

        let data = given
            .graphql(
                "{ queueDoctor { counts { ailment issues } findings { ailment summary } } }",
                json!({}),
            )
            .await;
        assert_eq!(data["queueDoctor"]["findings"].as_array().unwrap().len(), 9);
        assert_eq!(data["queueDoctor"]["counts"][0]["issues"], 1);

        let mut written = Vec::new();
        let circle = diagnose(&given.app).await.unwrap();
        let circle =
            circle.iter().find(|one| one.ailment == Inconsistency::BlockedInCircle).unwrap();
        assert_eq!(
            circle.detail.as_deref(),
            Some("acme/tools#10 waits for acme/tools#11, which waits for acme/tools#10")
        );
        let refused = repair(&given.app, &agent("agent"), circle.issue_id, circle.ailment).await;
        assert!(refused.unwrap_err().to_string().contains("editing one of its issues"));
        let found = diagnose(&given.app).await.unwrap();
        for finding in found.into_iter().filter(|one| one.ailment.is_repairable()) {
            let refused = repair(&given.app, &person(), finding.issue_id, finding.ailment).await;
            assert!(matches!(refused, Err(Error::Unauthenticated)), "{refused:?}");
            let entry = repair(&given.app, &agent("agent"), finding.issue_id, finding.ailment)
                .await
                .unwrap();
            assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("agent", "repair_work"));
            assert_eq!((entry.success, entry.issue_id), (Some(true), Some(finding.issue_id)));
            written.extend(given.github.take_writes());
            let again =
                repair(&given.app, &agent("agent"), finding.issue_id, finding.ailment).await;
            let is_whole = matches!(again, Ok(_) | Err(Error::Conflict { .. }));
            assert!(is_whole, "{again:?}");
            assert_eq!(given.github.take_writes(), [], "the second time nothing is written");
        }
        assert!(written.len() >= 4, "{written:?}");
        assert_eq!(found_kinds().await, [Inconsistency::BlockedInCircle]);
        let held = "SELECT count(*) FROM leases WHERE state = 'held' AND issue_id = 5";
        assert_eq!(given.database.number(held).await, 0);
        assert_eq!(labels(given, 1), ["status/ready"]);
        assert_eq!(labels(given, 2), ["status/ready"]);
        assert_eq!(labels(given, 3), ["status/in-review"]);
        assert_eq!(labels(given, 4), ["status/done"]);
    })
    .await;
}

#[tokio::test]
async fn agents_show_their_leases_and_outcomes() {
    given(async |given| {
        given.with_issues(&[("A", READY), ("B", READY), ("C", READY)]).await;
        let first = claim(given, "alpha").await.unwrap();
        finish_work(&given.app, &agent("alpha"), finish(&first, WorkOutcome::PrOpened))
            .await
            .unwrap();
        let second = claim(given, "alpha").await.unwrap();
        release_lease(&given.app, &agent("alpha"), release(&second)).await.unwrap();
        given.advance(10);
        claim(given, "alpha").await.unwrap();
        let data = given
            .graphql(
                "{ agents { name successRate claimsEndedCount claimsSucceededCount lastSeenAt leases { agent issue { number } }
                    leaseHistory { ending outcome } }
                   workLimits { held waitingForHuman { issues limit } lanes { lane issues } } }",
                json!({}),
            )
            .await;
        let alpha = &data["agents"][0];
        assert_eq!(alpha["name"], "alpha");
        assert_eq!(alpha["leases"].as_array().unwrap().len(), 1);
        let history = alpha["leaseHistory"].as_array().unwrap();
        assert_eq!(history.len(), 3, "{alpha:#}");
        assert_eq!(alpha["successRate"], 0.5);
        assert_eq!((&alpha["claimsEndedCount"], &alpha["claimsSucceededCount"]), (&2.into(), &1.into()));
        assert_eq!(alpha["lastSeenAt"], "2026-05-20T12:00:10.000Z");
        assert_eq!(data["workLimits"]["held"], 1);
        assert_eq!(data["workLimits"]["waitingForHuman"], json!({ "issues": 1, "limit": null }));
        assert_eq!(data["workLimits"]["lanes"][0], json!({ "lane": "default", "issues": 1 }));
    })
    .await;
}

#[tokio::test]
async fn the_database_ranks_as_the_rules_do() {
    use rand::rngs::StdRng;
    use rand::seq::IndexedRandom as _;
    use rand::{Rng as _, SeedableRng as _};

    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        let mut random = StdRng::seed_from_u64(4);
        given.github.add_repository(REPOSITORY);
        let now = given.app.clock.now();
        for number in 1..=150 {
            let mut labels = Vec::new();
            let columns = ["status/ready", "status/ready", "status/in-progress", "status/backlog"];
            labels.extend(columns.choose(&mut random));
            let priorities = ["priority/p0", "priority/p1", "priority/p2", "priority/p3", "bug"];
            labels.extend(priorities.choose(&mut random));
            let agents = ["x", "x", "agent/alpha", "agent/beta", "hidden"];
            labels.extend(agents.choose(&mut random));
            let age = chrono::TimeDelta::hours(random.random_range(0..40 * 24));
            let body = match random.random_range(0..6) {
                0 => format!("blocked by #{}", random.random_range(1..200)),
                _ => String::new(),
            };
            let issue = dispatch::simulator::NewIssue {
                created_at: Some(now - age),
                body,
                ..dispatch::simulator::NewIssue::titled(&format!("Issue {number}"), &labels)
            };
            given.github.open_issue(REPOSITORY, issue).unwrap();
        }
        given.track(REPOSITORY).await;
        given.sync().await;
        given.database.run("UPDATE issues SET lane = 'Backlog' WHERE id % 7 = 0").await;
        given.database.run("UPDATE issues SET lane = 'unheard-of' WHERE id % 11 = 0").await;
        given.database.run("UPDATE issues SET pull_request_url = 'u' WHERE id % 13 = 0").await;
        for _ in 0..5 {
            claim(given, "gamma").await.unwrap();
        }

        let request =
            QueueRequest { agent: "alpha".to_owned(), first: 100, ..QueueRequest::default() };
        let served = queue(&given.app, &request).await.unwrap();
        let served: Vec<_> =
            served.iter().filter(|one| one.rank.is_some()).map(|one| one.issue.id).collect();
        assert!(served.len() > 20, "{}", served.len());
        let mut by_rule = Vec::new();
        for number in 1..=150 {
            let issue = given.issue(number).await;
            let explained = explain_work(&given.app, "alpha", issue.id).await.unwrap();
            by_rule.extend(explained.rank.map(|rank| (rank, issue.id)));
        }
        by_rule.sort();
        let places: Vec<_> = by_rule.iter().map(|(rank, _)| *rank).collect();
        assert_eq!(places, (1..=i32::try_from(by_rule.len()).unwrap()).collect::<Vec<_>>());
        let by_rule: Vec<_> = by_rule.into_iter().map(|(_, id)| id).collect();
        assert_eq!(served, by_rule);
    })
    .await;
}
