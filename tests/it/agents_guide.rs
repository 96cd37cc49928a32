//! The guide for agents is correct: its loops run, and it names every tool.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use axum::body::Body;
use axum::http::Request;
use dispatch::config::Env;
use dispatch::domain::Status;
use dispatch::middleware::access::TOOLS;
use dispatch::simulator::Fault;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::{AGENT_TOKEN, eventually, given};

/// The token of the guide's examples.
const TOKEN: &str = "3b1f9c5e7a204d68";

fn guide() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agents.md")).unwrap()
}

/// The code after an example's marker.
fn example(name: &str, language: &str) -> String {
    let text = guide();
    let (_, rest) =
        text.split_once(&format!("<!-- example: {name} -->\n```{language}\n")).expect("a marker");
    rest.split("```").next().unwrap().to_owned()
}

/// Whether a program is installed; the examples in other languages need theirs.
async fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output().await;
    let is_there = asked.is_ok_and(|output| output.status.success());
    if !is_there {
        let note = format!("{program} is not installed, so its example was not run\n");
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    is_there
}

/// Runs a loop until it has finished all issues, and ends it. GitHub rejects every sync, which
/// claims do not need. It does not respond to the first claims, nor to the end of the first work.
async fn works_off(program: &str, flag: &str, code: String) {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        given.github.inject(Fault::refuse(403, "not now").on("Issues").always());
        given.github.inject(Fault::refuse(502, "Bad gateway").on("LiveLabels").times(12));
        given.github.inject(Fault::refuse(500, "Oh").on("ChangeLabels").after(1).times(1));
        let address = given.serve().await;
        let built = Path::new(env!("CARGO_BIN_EXE_dispatch")).parent().unwrap().to_owned();
        let usual = Env::from_process().raw("PATH").unwrap_or_default().to_owned();
        let path = format!("{}:{}", built.display(), usual.display());
        let mut running = Command::new(program)
            .args([flag, &code])
            .env_clear()
            .env("PATH", path)
            .env("DISPATCH_URL", format!("http://{address}"))
            .env("DISPATCH_AGENT_TOKEN", AGENT_TOKEN)
            .env("DISPATCH_AGENT_NAME", "alpha")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let taken = "SELECT count(*) FROM leases WHERE state <> 'free'";
        eventually(async || {
            // Pauses end by this clock, and so do leases, which a loop on a busy machine may renew
            // too late.
            if given.database.number(taken).await == 0 {
                given.advance(1);
            }
            let (one, two) = (given.issue(1).await, given.issue(2).await);
            (one.status, two.status) == (Status::InReview, Status::InReview)
        })
        .await;
        assert!(running.try_wait().unwrap().is_none(), "it asks for more");
        running.kill().await.unwrap();
        let leases = "SELECT count(*) FROM leases WHERE state = 'held'";
        assert_eq!(given.database.number(leases).await, 0);
        let runs = "SELECT count(*) FROM agent_runs WHERE outcome = 'pr_opened'";
        assert_eq!(given.database.number(runs).await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_loop_of_commands_works() {
    let code = format!("work() {{ test -n \"$1\"; }}\n{}", example("cli", "sh"));
    assert!(example("cli", "sh").lines().count() <= 10);
    works_off("bash", "-uc", code).await;
}

#[tokio::test]
async fn the_loop_in_shell_works() {
    if has("jq").await && has("curl").await {
        let code = format!("work() {{ test -n \"$1\"; }}\n{}", example("shell", "sh"));
        works_off("bash", "-uc", code).await;
    }
}

#[tokio::test]
async fn the_loop_in_python_works() {
    if has("python3").await {
        let work = "def work(issue):\n    return \"PR_OPENED\"\n";
        works_off("python3", "-c", format!("{work}{}", example("python", "python"))).await;
    }
}

#[tokio::test]
async fn the_loop_in_python_by_commands_works() {
    if has("python3").await {
        let work = "def work(issue):\n    return \"pr-opened\"\n";
        works_off("python3", "-c", format!("{work}{}", example("cli-python", "python"))).await;
    }
}

#[tokio::test]
async fn the_settings_of_mcp_clients_are_true() {
    let guide = guide();
    let parts = guide.split("```json\n").skip(1);
    let settings: Vec<Value> = parts
        .map(|part| serde_json::from_str(part.split("```").next().unwrap()).unwrap())
        .collect();
    let [local, remote] = &settings[..] else { panic!("two kinds of settings") };
    let (local, remote) = (&local["mcpServers"]["dispatch"], &remote["servers"]["dispatch"]);
    for value in ["DISPATCH_URL", "DISPATCH_AGENT_TOKEN", "DISPATCH_AGENT_NAME"] {
        let line = format!("{value} = {}", local["env"][value]);
        assert!(guide.contains(&line), "the TOML says otherwise: {line}");
    }
    assert!(guide.contains(&format!("command = {}\nargs = {}", local["command"], local["args"])));

    given(async |given| {
        let address = given.serve().await;
        let call = json!({ "name": "claim_next", "arguments": {} });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call });
        let is_idle = |answer: &Value| {
            let told = &answer["result"]["structuredContent"];
            assert!(told["idleReason"].is_string(), "{answer}");
        };

        assert_eq!(local["command"], "dispatch");
        let arguments = local["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let mut serving = Command::new(env!("CARGO_BIN_EXE_dispatch"))
            .args(arguments)
            .env_clear()
            .envs(local["env"].as_object().unwrap().iter().map(|(name, value)| {
                let value = value.as_str().unwrap();
                (name, value.replace("127.0.0.1:3000", &address).replace(TOKEN, AGENT_TOKEN))
            }))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = serving.stdin.take().unwrap();
        input.write_all(format!("{call}\n").as_bytes()).await.unwrap();
        drop(input);
        let said = serving.wait_with_output().await.unwrap().stdout;
        is_idle(&serde_json::from_slice(&said).unwrap());

        assert_eq!(remote["type"], "http");
        let url: url::Url = remote["url"].as_str().unwrap().parse().unwrap();
        let mut request = Request::post(url.path())
            .header("host", "localhost:3000")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in remote["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap().replace(TOKEN, AGENT_TOKEN));
        }
        let answer = given.send(request.body(Body::from(call.to_string())).unwrap()).await;
        is_idle(&answer.json());
    })
    .await;
}

#[test]
fn every_tool_and_every_refusal_is_in_the_guide() {
    let guide = guide();
    for tool in TOOLS {
        assert!(guide.contains(&format!("`{}`", tool.name)), "{} is not mentioned", tool.name);
    }
    let codes = [
        "LEASE_LOST",
        "CONFLICT",
        "BAD_USER_INPUT",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "UPSTREAM_FAILED",
        "NOT_FOUND",
        "RATE_LIMITED",
        "UNAVAILABLE",
        "UNREACHABLE",
        "INTERNAL_SERVER_ERROR",
    ];
    for code in codes {
        assert!(guide.contains(&format!("`{code}`")), "{code} is not mentioned");
    }
}
