//! The README is true: its tables are those of the code, and its examples run.
//!
//! `UPDATE_GENERATED=1 cargo test --test it readme` prints the generated parts anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use dispatch::config;
use dispatch::domain::access::Workers;
use dispatch::domain::{Tier, access};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{PATIENCE, given, is_rewriting};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Compares the part between two markers with what it must be.
fn assert_part(name: &str, wanted: &str) {
    let text = fs::read_to_string(path()).unwrap();
    let begin = text.find(&format!("<!-- {name}: begin")).expect("a marker");
    let begin = begin + text[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = begin + text[begin..].find(&format!("<!-- {name}: end -->")).expect("a marker");
    let wanted = format!("{wanted}\n");
    if is_rewriting() {
        fs::write(path(), format!("{}{wanted}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert_eq!(
        &text[begin..end],
        wanted,
        "UPDATE_GENERATED=1 prints the {name} of the README anew"
    );
}

fn addresses() -> String {
    let mut table = "| Address | Who may |\n| --- | --- |\n".to_owned();
    for (method, path, tier) in access::ROUTES {
        let who = match tier {
            Tier::Public => "everybody, in every mode",
            Tier::Read => "readers",
            Tier::Board => "people on the board",
            Tier::Agent => "agents, with the token",
            Tier::Maintainer => "maintainers, with the token",
        };
        let workers = match access::worker_route(method, path) {
            None => "",
            Some(Workers::Any) => "; workers",
            Some(Workers::Bound) => "; workers, for their agent",
        };
        let limit = access::LIMITS.iter().find(|(m, p, ..)| (m, p) == (method, path));
        let limit = limit.map_or_else(String::new, |(_, _, times, seconds)| {
            format!("; programs {times} times in {seconds} s")
        });
        writeln!(table, "| `{method} {path}` | {who}{workers}{limit} |").unwrap();
    }
    table
}

#[test]
fn its_tables_are_those_of_the_code() {
    assert_part("settings", &config::markdown_table());
    assert_part("addresses", &addresses());
}

#[test]
fn it_names_what_is_there() {
    let text = fs::read_to_string(path()).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with("http") || root.join(link).exists(), "{link} is not there");
    }
    for picture in ["docs/images/board-light.png", "docs/images/board-dark.png"] {
        assert!(text.contains(picture) && root.join(picture).exists(), "{picture}");
    }
}

/// The shell code behind an example's marker.
fn example(name: &str) -> String {
    let text = fs::read_to_string(path()).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- example: {name} -->\n```sh\n")).unwrap();
    rest.split("```").next().unwrap().to_owned()
}

#[tokio::test]
async fn its_examples_run() {
    given(async |given| {
        given.with_issues(&[("From the README", &["status/ready"])]).await;
        let address = given.serve().await;
        let issue = given.issue(1).await.id.to_string();
        let shell = |script: String| {
            let mut command = Command::new("bash");
            command
                .args(["-euc", &script])
                .env("DISPATCH", format!("http://{address}"))
                .env("ISSUE", &issue)
                .env("no_proxy", "*")
                .stdout(Stdio::piped())
                .kill_on_drop(true);
            command
        };

        let mut following = shell(format!("exec {}", example("follow"))).spawn().unwrap();
        let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
        // Moves until the follower has heard one, because only then is it known to listen.
        let heard = async {
            loop {
                if let Some(line) = lines.next_line().await.unwrap()
                    && let Some(data) = line.strip_prefix("data:")
                    && data.contains("IssueMoved")
                {
                    return data.to_owned();
                }
            }
        };
        let moving = async {
            let moved = shell(example("move")).output().await.unwrap();
            let moved: serde_json::Value = serde_json::from_slice(&moved.stdout).unwrap();
            assert_eq!(moved["data"]["moveIssue"]["issue"]["status"], "IN_PROGRESS", "{moved}");
            loop {
                for target in ["READY", "IN_PROGRESS"] {
                    let script = example("move").replace("IN_PROGRESS", target);
                    shell(script).output().await.unwrap();
                }
            }
        };
        let heard = async { tokio::time::timeout(PATIENCE, heard).await.expect("an event") };
        tokio::select! {
            data = heard => assert!(data.contains("From the README"), "{data}"),
            () = moving => {}
        }
    })
    .await;
}
