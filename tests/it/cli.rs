//! The commands of agents and people: the real program against a running service.

use std::process::{Output, Stdio};
use std::sync::Arc;

use dispatch::domain::Status;
use dispatch::domain::bounds::is_invisible;
use dispatch::service;
use dispatch::service::board::moves::MoveIssue;
use dispatch::service::claims::holders::{
    RequestStop, SendMessage, messages, request_stop, send_message,
};
use dispatch::simulator::{Fault, NewIssue};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::support::{AGENT_TOKEN, Given, PATIENCE, REPOSITORY, given, person};

/// The program as the agent alpha, with its token.
fn program(address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dispatch"));
    command
        .env_clear()
        .env("DISPATCH_URL", format!("http://{address}"))
        .env("DISPATCH_AGENT_TOKEN", AGENT_TOKEN)
        .env("DISPATCH_AGENT_NAME", "alpha")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs a command to its end.
async fn run(address: &str, arguments: &[&str]) -> Said {
    with(program(address), arguments).await
}

async fn with(mut program: Command, arguments: &[&str]) -> Said {
    let Output { status, stdout, stderr } = program.args(arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

#[tokio::test]
async fn the_queue_is_a_table_for_people_and_json_for_programs() {
    given(async |given| {
        let titles: [(&str, &[&str]); 3] = [
            ("Plain", &["status/ready"]),
            ("Urgent", &["status/ready", "priority/p0"]),
            ("Theirs", &["status/ready", "agent/beta"]),
        ];
        given.with_issues(&titles).await;
        let address = given.serve().await;
        let queue = run(&address, &["queue", "--withheld"]).await;
        assert_eq!(queue.code, 0, "{}", queue.err);
        insta::assert_snapshot!(queue.out, @r"
        #  ISSUE         TITLE   PLACE COMES FROM
        1  acme/tools#2  Urgent  priority/p0, ready
        2  acme/tools#1  Plain   no priority, ready

        #  WITHHELD      TITLE   WHY
        -  acme/tools#3  Theirs  The issue is assigned to beta.
        ");
        let queue = run(&address, &["queue", "--agent", "beta", "--json"]).await.json();
        assert_eq!(queue["issues"][0]["title"], "Urgent");
        assert_eq!(queue["agentName"], "beta");
        let why = run(&address, &["explain", "acme/tools#3"]).await;
        assert!(why.out.starts_with("acme/tools#3  Theirs\n"), "{}", why.out);
        assert!(why.out.contains("beta"), "{}", why.out);
        let none = run(&address, &["queue", "--lane", "nowhere"]).await;
        assert_eq!((none.code, none.out.as_str()), (2, ""));
        assert!(none.err.contains("`nowhere` is not one of default, backlog (BAD_USER_INPUT)"));
    })
    .await;
}

#[tokio::test]
async fn work_is_claimed_renewed_and_finished_with_the_cli() {
    given(async |given| {
        given.with_issues(&[("Wanted", &["status/ready"])]).await;
        let address = given.serve().await;
        let claimed = run(&address, &["claim", "--request-id", "one"]).await;
        assert_eq!(claimed.code, 0, "{}", claimed.err);
        assert!(claimed.out.starts_with("acme/tools#1  Wanted\n"), "{}", claimed.out);
        let export = claimed.out.lines().find_map(|line| line.strip_prefix("export ")).unwrap();
        let lease: Vec<(&str, &str)> =
            export.split(' ').map(|pair| pair.split_once('=').unwrap()).collect();
        let again = run(&address, &["claim", "--request-id", "one", "--json"]).await.json();
        assert_eq!(again["lease"]["leaseId"], lease[0].1);

        let held = |arguments: &'static [&'static str]| {
            let mut program = program(&address);
            program.envs(lease.iter().copied());
            with(program, arguments)
        };
        let renewed = held(&["renew", "--checkpoint", "branch-created", "--json"]).await.json();
        assert_eq!(renewed["lease"]["checkpoint"], "branch_created");
        let no_lease = run(&address, &["renew"]).await;
        assert_eq!(no_lease.code, 2);
        assert!(no_lease.err.contains("No lease was given"), "{}", no_lease.err);
        let blocked = held(&["finish", "--outcome", "blocked"]).await;
        assert_eq!(blocked.code, 2);
        assert!(blocked.err.contains("needs a summary"), "{}", blocked.err);
        let finished = held(&["finish", "--outcome", "pr-opened"]).await;
        assert_eq!(finished.code, 0, "{}", finished.err);
        assert!(finished.out.starts_with("acme/tools#1 is in-review now; the run is run_"));

        let idle = run(&address, &["claim", "--wait", "0"]).await;
        assert_eq!((idle.code, idle.err.as_str()), (3, ""));
        assert!(!idle.out.trim().is_empty(), "it says why there is none");
    })
    .await;
}

#[tokio::test]
async fn the_cli_shows_a_restarted_agent_its_leases_and_messages() {
    given(async |given| {
        given.with_issues(&[("Wanted", &["status/ready"])]).await;
        let address = given.serve().await;
        let nothing = run(&address, &["leases"]).await;
        assert_eq!((nothing.code, nothing.out.as_str()), (0, "alpha holds nothing.\n"));
        let claimed = run(&address, &["claim", "--json"]).await.json();
        let lease = claimed["lease"]["leaseId"].as_str().unwrap().to_owned();
        let token = claimed["lease"]["fencingToken"].as_str().unwrap().to_owned();
        let back = run(&address, &["claim", "--resume"]).await;
        assert!(back.out.starts_with("Held already, to go on with:\nacme/tools#1"), "{}", back.out);

        let lease_id = lease.parse().unwrap();
        let asks = ["renew", "--lease", &lease, "--token", &token, "--awaiting-input", "Which?"];
        assert_eq!(run(&address, &asks).await.code, 0);
        let body = "The old one\nfor now".to_owned();
        send_message(&given.app, &person(), SendMessage { lease_id, body }).await.unwrap();
        let held = run(&address, &["leases"]).await;
        assert!(held.out.contains(" from user: The old one\n  for now"), "{}", held.out);
        let renew = ["renew", "--lease", &lease, "--token", &token];
        let renewed = run(&address, &renew).await;
        assert!(renewed.code == 0 && renewed.out.contains("The old one"), "{}", renewed.out);
        let message = messages(&given.app, &[lease_id]).await.unwrap()[0].id.to_string();
        let read = run(&address, &[&renew[..], &["--read", &message]].concat()).await;
        assert!(read.code == 0 && !read.out.contains("The old one"), "{}", read.out);

        let (reason, grace_seconds) = (Some("Enough".to_owned()), None);
        let command = RequestStop { lease_id, reason, grace_seconds };
        request_stop(&given.app, &person(), command).await.unwrap();
        let stopped = run(&address, &renew).await;
        assert_eq!(stopped.code, 4, "{}", stopped.out);
        assert!(stopped.out.starts_with("Stop: user asked to stop: Enough"), "{}", stopped.out);
    })
    .await;
}

#[tokio::test]
async fn work_is_paused_listed_and_resumed_from_a_shell() {
    given(async |given| {
        given.with_issues(&[("Wanted", &["status/ready"])]).await;
        let address = given.serve().await;
        let paused =
            run(&address, &["pause", "repository", REPOSITORY, "--reason", "A release"]).await;
        assert_eq!(paused.code, 0, "{}", paused.err);
        let idle = run(&address, &["claim"]).await;
        assert_eq!(idle.code, 3);
        assert!(idle.out.contains("1 paused"), "{}", idle.out);
        let listed = run(&address, &["pauses", "--json"]).await.json();
        assert_eq!(listed["pauses"][0]["subject"], REPOSITORY, "{listed}");
        let id = listed["pauses"][0]["pauseId"].as_str().unwrap();
        assert!(run(&address, &["pauses"]).await.out.contains("A release"));
        assert_eq!(run(&address, &["resume", id]).await.code, 0);
        assert_ne!(run(&address, &["resume", id]).await.code, 0, "it has ended");
        assert_eq!(run(&address, &["claim"]).await.code, 0);
    })
    .await;
}

/// Text that reverses the line, clears the screen, is invisible, and beeps.
const HOSTILE: &str = "safe \u{202e}txt.exe \u{9b}2J \u{1b}[31m\u{200b}\u{feff}\u{7}\u{2066}";

/// The same text on two lines.
fn body_of(text: &str) -> String {
    format!("{text}\n{text}")
}

/// Asserts that a text has no character that controls a terminal or is invisible.
#[track_caller]
fn assert_visible(arguments: &[&str], text: &str) {
    let raw = |c: &char| *c != '\n' && (c.is_control() || is_invisible(*c));
    assert_eq!(text.chars().find(raw), None, "{arguments:?}: {text:?}");
}

#[tokio::test]
async fn no_text_of_github_reaches_a_terminal_as_it_is() {
    given(async |given| {
        let label = "agent/al\u{200b}ice \u{202e}";
        let body = body_of(HOSTILE);
        given.github.add_repository(REPOSITORY);
        for labels in [&["status/ready"][..], &["status/ready", label], &["status/ready"]] {
            let new = NewIssue { body: body.clone(), ..NewIssue::titled(HOSTILE, labels) };
            let number = given.github.open_issue(REPOSITORY, new).unwrap();
            given.github.comment_as(REPOSITORY, number, "mallory", &body).unwrap();
        }
        given.track(REPOSITORY).await;
        given.sync().await;
        let address = given.serve().await;
        let said = async |arguments: &[&str]| {
            let said = run(&address, arguments).await;
            assert_visible(arguments, &said.out);
            assert_visible(arguments, &said.err);
            said
        };
        for arguments in [
            &["queue", "--withheld"][..],
            &["queue", "--withheld", "--json"],
            &["queue", "--agent", "\u{202e}evil"],
            &["explain", "acme/tools#1"],
            &["explain", "acme/tools#2"],
            &["explain", "acme/tools#2", "--json"],
            &["claim", "--lane", "\u{202e}nowhere"],
            &["claim", "--request-id", "one"],
            &["claim", "--request-id", "one", "--json"],
            &["claim", "--request-id", "one", "--shell"],
        ] {
            let said = said(arguments).await;
            assert_eq!(said.code == 0, !arguments.concat().contains('\u{202e}'), "{arguments:?}");
        }
        let claimed = run(&address, &["claim", "--request-id", "one", "--json"]).await.json();
        // A program gets GitHub's text without control characters.
        let stored = HOSTILE.replace(['\u{1b}', '\u{7}'], "");
        assert_eq!(claimed["issue"]["title"], stored);
        assert_eq!(
            claimed["issue"]["untrusted"]["comments"]["newest"][0]["body"],
            body_of(&stored)
        );
        let [lease, token] = ["leaseId", "fencingToken"].map(|name| claimed["lease"][name].clone());
        let held = ["--lease", lease.as_str().unwrap(), "--token", token.as_str().unwrap()];
        let lease_id = lease.as_str().unwrap().parse().unwrap();
        let message = SendMessage { lease_id, body };
        send_message(&given.app, &person(), message).await.unwrap();
        for arguments in [&["leases"][..], &["leases", "--json"]] {
            let leases = said(arguments).await;
            assert!(leases.code == 0 && leases.out.contains("txt.exe"), "{}", leases.out);
        }
        for (command, rest) in [
            ("renew", &[][..]),
            ("renew", &["--awaiting-input", "which \u{202e}one?", "--json"]),
            ("finish", &["--outcome", "blocked", "--summary", "needs \u{202e}you"]),
        ] {
            assert_eq!(said(&[&[command], &held[..], rest].concat()).await.code, 0, "{command}");
        }

        let again = said(&["claim", "--json"]).await.json();
        let [lease, token] = ["leaseId", "fencingToken"].map(|name| again["lease"][name].clone());
        let held = ["--lease", lease.as_str().unwrap(), "--token", token.as_str().unwrap()];
        let lease_id = lease.as_str().unwrap().parse().unwrap();
        let (reason, grace_seconds) = (Some(HOSTILE.to_owned()), None);
        let stop = RequestStop { lease_id, reason, grace_seconds };
        request_stop(&given.app, &person(), stop).await.unwrap();
        let stopped = said(&[&["renew"], &held[..]].concat()).await;
        assert!(stopped.code == 4 && stopped.out.contains("txt.exe"), "{}", stopped.out);
        let name = format!("{REPOSITORY}#{}", again["issue"]["issueNumber"]);
        assert_eq!(said(&["release", &name]).await.code, 0);
        assert_eq!(said(&["claim", &name]).await.code, 0);
        let released = said(&["release", &name, "--json"]).await;
        assert!(released.code == 0 && released.out.contains("txt.exe"), "{}", released.out);
        given.github.inject(Fault::refuse(403, HOSTILE).on("LiveLabels"));
        let refused = said(&["claim", &name]).await;
        assert!(refused.code == 5 && refused.err.contains("txt.exe"), "{}", refused.err);
    })
    .await;
}

#[tokio::test]
async fn nor_does_a_text_about_pauses_or_of_an_event() {
    given(async |given| {
        given.with_issues(&[(HOSTILE, &["status/ready"]), (HOSTILE, &["status/ready"])]).await;
        let address = given.serve().await;
        let reason = "because of \u{202e}txt.exe \u{200b}";
        let pause = ["pause", "repository", REPOSITORY, "--reason", reason];
        for (arguments, code) in [
            (&pause[..], 0),
            (&["pauses"], 0),
            (&["pauses", "--json"], 0),
            (&["explain", "acme/tools#1"], 0),
            (&["pause", "agent", "\u{202e}evil,"], 2),
            (&["resume", "\u{202e}none"], 2),
        ] {
            let said = run(&address, arguments).await;
            assert_visible(arguments, &said.out);
            assert_visible(arguments, &said.err);
            assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
            let is_told = said.out.contains("txt.exe");
            assert_eq!(is_told, code == 0, "{arguments:?}: {}", said.out);
        }
        let paused = run(&address, &["pauses", "--json"]).await.json();
        let resume = ["resume", paused["pauses"][0]["pauseId"].as_str().unwrap()];
        let resumed = run(&address, &resume).await;
        assert_visible(&resume, &resumed.out);
        assert!(resumed.out.contains("txt.exe"), "{}", resumed.out);

        let before = given.graphql("{ board { asOf } }", json!({})).await;
        let before = before["board"]["asOf"].as_str().unwrap();
        move_to(given, 2, Status::InReview).await;
        let watch = ["watch", "--after", before, "--json"];
        for arguments in [&watch[..3], &watch] {
            let mut watching =
                program(&address).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
            let mut events = BufReader::new(watching.stdout.take().unwrap()).lines();
            let event = tokio::time::timeout(PATIENCE, events.next_line()).await;
            let event = event.expect("an event in time").unwrap().expect("an event");
            assert_visible(arguments, &event);
            assert!(event.contains("txt.exe"), "{event}");
            watching.kill().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn errors_have_a_remedy_and_a_distinct_exit_code() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let address = given.serve().await;
        let claimed = run(&address, &["claim", "acme/tools#1", "--json"]).await.json();
        let taken = run(&address, &["claim", "acme/tools#1", "--agent", "beta"]).await;
        assert!(taken.code == 1 || taken.code == 4, "{}", taken.code);
        assert!(taken.err.contains("alpha"), "{}", taken.err);
        given.advance(1_801);
        service::claims::leases::expire_leases(&given.app).await.unwrap();
        let lease = &claimed["lease"];
        let (id, token) = (lease["leaseId"].as_str().unwrap(), lease["fencingToken"].as_str());
        let late = ["finish", "--lease", id, "--token", token.unwrap(), "--outcome", "failed"];
        let lost = run(&address, &late).await;
        assert_eq!((lost.code, lost.out.as_str()), (4, ""));
        let mut lines = lost.err.lines();
        let said = lines.next().unwrap();
        assert!(said.starts_with("dispatch: ") && said.ends_with("(LEASE_LOST)"), "{said}");
        assert!(lines.next().unwrap().starts_with("Stop working"), "{}", lost.err);
        let as_json = run(&address, &[&late[..], &["--json"]].concat()).await;
        assert_eq!((as_json.code, as_json.json()["code"].clone()), (4, json!("LEASE_LOST")));

        let mut stranger = program(&address);
        stranger.env("DISPATCH_AGENT_TOKEN", "wrong");
        let refused = with(stranger, &["claim"]).await;
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("(UNAUTHENTICATED)"), "{}", refused.err);
        let nobody = run("127.0.0.1:9", &["queue"]).await;
        assert_eq!(nobody.code, 5);
        assert!(nobody.err.contains("cannot be reached"), "{}", nobody.err);
        assert_eq!(run(&address, &["explain", "no issue"]).await.code, 2);
    })
    .await;
}

/// Forwards connections to an address until it is dropped, which cuts them all. Later connections
/// wait for another bridge on the same listener, which keeps its port reserved.
fn bridge(listener: &Arc<TcpListener>, to: &str) -> JoinSet<()> {
    let (listener, to) = (Arc::clone(listener), to.to_owned());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let to = to.clone();
            connections.spawn(async move {
                let mut far = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    tasks
}

async fn move_to(given: &Given, number: i32, to: Status) {
    let issue_id = given.issue(number).await.id;
    let command =
        MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
    service::board::moves::move_issue(&given.app, &person(), command).await.unwrap();
}

#[tokio::test]
async fn the_board_is_followed_across_lost_connections() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        let service = given.serve().await;
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let up = bridge(&listener, &service);
        let after = given.graphql("{ board { asOf } }", json!({})).await;
        let after = after["board"]["asOf"].as_str().unwrap().to_owned();
        let address = listener.local_addr().unwrap().to_string();
        let mut watching = program(&address)
            .args(["watch", "--json", "--after", &after])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut events = BufReader::new(watching.stdout.take().unwrap()).lines();
        let mut notes = BufReader::new(watching.stderr.take().unwrap()).lines();
        let mut next = async || {
            let line = tokio::time::timeout(PATIENCE, events.next_line()).await;
            let line = line.expect("an event in time").unwrap().expect("it goes on");
            let event: Value = serde_json::from_str(&line).unwrap();
            (event["issue"]["number"].clone(), event["to"].clone(), event["cursor"].clone())
        };
        move_to(given, 1, Status::InProgress).await;
        assert_eq!(next().await.1, "IN_PROGRESS");

        drop(up);
        let note = tokio::time::timeout(PATIENCE, notes.next_line()).await.unwrap().unwrap();
        assert!(note.unwrap().contains("connection is lost"));
        move_to(given, 1, Status::InReview).await;
        move_to(given, 2, Status::Backlog).await;
        let _up = bridge(&listener, &service);
        let (missed, other) = (next().await, next().await);
        assert_eq!((missed.0, missed.1), (json!(1), json!("IN_REVIEW")));
        assert_eq!((other.0, other.1), (json!(2), json!("BACKLOG")));
        move_to(given, 2, Status::Ready).await;
        assert_eq!(next().await.1, "READY", "each comes once");
        watching.kill().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn watching_requires_authentication() {
    given(async |given| {
        let address = given.serve().await;
        let mut stranger = program(&address);
        stranger.env("DISPATCH_AGENT_TOKEN", "wrong");
        let refused = with(stranger, &["watch"]).await;
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("(UNAUTHENTICATED)"), "{}", refused.err);
        let gone = run("127.0.0.1:9", &["watch"]).await;
        assert_eq!(gone.code, 5);
        let wrong = run(&address, &["watch", "--after", "no cursor"]).await;
        assert_eq!(wrong.code, 2, "{}", wrong.err);
    })
    .await;
}

#[tokio::test]
async fn messages_are_passed_on_line_by_line() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let address = given.serve().await;
        let mut serving = program(&address)
            .arg("mcp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let params = json!({ "name": "claim_next", "arguments": {} });
        let call = json!({ "jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": params });
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let mut input = serving.stdin.take().unwrap();
        input.write_all(b"\xff no text\n").await.unwrap();
        input.write_all(format!("not JSON\n{ready}\n\n{call}\n").as_bytes()).await.unwrap();
        drop(input);
        let said = serving.wait_with_output().await.unwrap();
        assert!(said.status.success(), "what was asked is answered before the end");
        let lines: Vec<Value> = String::from_utf8(said.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!([&lines[0], &lines[1]].map(|line| &line["error"]["code"]), [-32700, -32700]);
        assert_eq!(lines[2]["id"], "c");
        let lease = &lines[2]["result"]["structuredContent"]["lease"];
        assert_eq!(lease["agentName"], "alpha", "DISPATCH_AGENT_NAME says who asks");
        assert_eq!(given.issue(1).await.labels.agents().next(), Some("alpha"));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_closes_early_is_no_failure() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        let address = given.serve().await;
        let before = given.graphql("{ board { asOf } }", json!({})).await;
        let before = before["board"]["asOf"].as_str().unwrap().to_owned();
        move_to(given, 2, Status::InReview).await;
        let unread = async |arguments: &[&str]| {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut program = program(&address);
            let running = program.args(arguments).stdout(writer).stderr(Stdio::piped());
            let said = running.spawn().unwrap().wait_with_output().await.unwrap();
            (said.status.code(), String::from_utf8(said.stderr).unwrap())
        };
        let commands: [&[&str]; 7] = [
            &["queue"],
            &["queue", "--json"],
            &["queue", "--lane", "nowhere", "--json"],
            &["explain", "acme/tools#1"],
            &["watch", "--after", &before],
            &["schema"],
            &["completions", "bash"],
        ];
        for command in commands {
            let wanted = if command.contains(&"nowhere") { 2 } else { 0 };
            assert_eq!(unread(command).await, (Some(wanted), String::new()), "{command:?}");
        }
        assert_eq!(unread(&["claim"]).await, (Some(0), String::new()), "it was claimed");
        assert_eq!(given.issue(1).await.status, Status::InProgress);
    })
    .await;
}

#[tokio::test]
async fn shells_complete_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let said = run("127.0.0.1:9", &["completions", shell]).await;
        assert_eq!(said.code, 0);
        for word in ["claim", "explain", "finish", "watch"] {
            assert!(said.out.contains(word), "{shell} does not know {word}");
        }
    }
    let help = run("127.0.0.1:9", &["--help"]).await.out;
    assert!(help.contains("4  the lease is lost"), "{help}");
}

#[tokio::test]
async fn a_webhook_is_created_or_what_to_enter_is_printed() {
    use axum::Json;
    use axum::http::StatusCode;
    use axum::routing::post;

    given(async |given| {
        let sent: Arc<std::sync::Mutex<Vec<Value>>> = Arc::default();
        let noted = sent.clone();
        let hooks = move |Json(body): Json<Value>| async move {
            let mut sent = noted.lock().unwrap();
            sent.push(body);
            let message = |text: &str| Json(json!({ "message": text }));
            match sent.len() {
                1 => (StatusCode::CREATED, Json(json!({ "id": 1 }))),
                2 => (StatusCode::NOT_FOUND, message("Not Found")),
                _ => {
                    let errors = [json!({ "message": "Hook already exists on this repository" })];
                    let body = json!({ "message": "Validation Failed", "errors": errors });
                    (StatusCode::UNPROCESSABLE_ENTITY, Json(body))
                }
            }
        };
        let router = axum::Router::new().route("/repos/acme/tools/hooks", post(hooks));
        let github = given.serve_router(router).await;
        let setup = async |secret: Option<&str>| {
            let mut command = program("dispatch.example.com");
            command.env("GITHUB_API_URL", format!("http://{github}")).env("GITHUB_TOKEN", "ghp_x");
            command.env("RUST_LOG", "error");
            if let Some(secret) = secret {
                command.env("WEBHOOK_SECRET", secret);
            }
            with(command, &["webhook", "setup", "acme/tools"]).await
        };
        let secret = "the-secret-of-the-webhooks";
        let created = setup(Some(secret)).await;
        assert_eq!(created.code, 0, "{}", created.err);
        insta::assert_snapshot!(created.out, @"Created the webhook of acme/tools: GitHub sends events to http://dispatch.example.com/api/webhooks/github.");
        let hook = sent.lock().unwrap()[0].clone();
        assert_eq!(hook["config"]["secret"], secret);
        assert_eq!(hook["config"]["content_type"], "json");
        assert!(hook["events"].as_array().unwrap().contains(&json!("issue_dependencies")));

        let denied = setup(Some(secret)).await;
        assert_eq!(denied.code, 0, "{}", denied.err);
        assert!(denied.out.contains("may not create webhooks of acme/tools (GitHub: 404 Not Found)"));
        assert!(denied.out.contains("https://github.com/acme/tools/settings/hooks/new"));
        assert!(denied.out.contains("http://dispatch.example.com/api/webhooks/github"));
        assert!(!denied.out.contains(secret), "{}", denied.out);

        let existing = setup(Some(secret)).await;
        assert!(existing.out.contains("already"), "{}", existing.out);
        let without = setup(None).await;
        assert_eq!(without.code, 1);
        assert!(without.err.contains("WEBHOOK_SECRET is not set"), "{}", without.err);
    })
    .await;
}
