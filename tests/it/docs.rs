//! The documentation is correct: its tables equal the code's, its examples run, and its links are
//! valid.
//!
//! `UPDATE_GENERATED=1 cargo test --test it docs` rewrites the generated parts.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use dispatch::config;
use dispatch::domain::Tier;
use dispatch::metrics;
use dispatch::middleware::access::{self, Workers};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{PATIENCE, given, is_rewriting};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn page(name: &str) -> PathBuf {
    Path::new(ROOT).join(name)
}

/// Compares the part of a page between two markers with the expected text.
fn assert_part(of: &str, name: &str, wanted: &str) {
    let text = fs::read_to_string(page(of)).unwrap();
    let begin = text.find(&format!("<!-- {name}: begin")).expect("a marker");
    let begin = begin + text[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = begin + text[begin..].find(&format!("<!-- {name}: end -->")).expect("a marker");
    let wanted = format!("{wanted}\n");
    if is_rewriting() {
        fs::write(page(of), format!("{}{wanted}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert_eq!(&text[begin..end], wanted, "UPDATE_GENERATED=1 rewrites the {name} of {of}");
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
    assert_part("docs/configuration.md", "settings", &config::markdown_table());
    assert_part("docs/api.md", "addresses", &addresses());
    assert_part("docs/operating.md", "metrics", &metrics::markdown_table());
}

/// The anchors of a page's headings, as GitHub derives them.
fn anchors(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            found.push(kept.collect::<String>().replace(' ', "-"));
        }
    }
    found
}

#[test]
fn its_links_lead_somewhere() {
    let folders = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "AGENTS.md"]
        .map(|name| ("", name));
    let docs = fs::read_dir(page("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let docs = docs.filter(|name| name.ends_with(".md"));
    let pages = folders.map(|(folder, name)| (folder, name.to_owned())).into_iter();
    for (folder, name) in pages.chain(docs.map(|name| ("docs", name))) {
        let text = fs::read_to_string(page(folder).join(&name)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            // A link as GitHub resolves it in an issue, not on the page itself.
            let is_example = name == "dependencies.md" && link.starts_with("../issues/");
            let is_there = link.starts_with("http") || page(folder).join(file).exists();
            let is_there = is_there || is_example;
            assert!(is_there, "{folder}/{name}: {link} is not there");
            if !heading.is_empty() && !link.starts_with("http") && !is_example {
                let target = if file.is_empty() { name.as_str() } else { file };
                let target = fs::read_to_string(page(folder).join(target)).unwrap();
                let is_there = anchors(&target).contains(&heading.to_owned());
                assert!(is_there, "{folder}/{name}: no heading for {link}");
            }
        }
    }
    let readme = fs::read_to_string(page("README.md")).unwrap();
    for picture in ["docs/images/board-light.png", "docs/images/board-dark.png"] {
        assert!(readme.contains(picture) && page(picture).exists(), "{picture}");
    }
}

/// The shell code after an example's marker.
fn example(name: &str) -> String {
    let text = fs::read_to_string(page("docs/api.md")).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- example: {name} -->\n```sh\n")).unwrap();
    rest.split("```").next().unwrap().to_owned()
}

#[tokio::test]
async fn its_examples_run() {
    given(async |given| {
        given.with_issues(&[("From the docs", &["status/ready"])]).await;
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
        // Moves until the follower has received an event, which shows that it is subscribed.
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
            data = heard => assert!(data.contains("From the docs"), "{data}"),
            () = moving => {}
        }
    })
    .await;
}
