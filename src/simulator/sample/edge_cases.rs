//! Issues with unusual data.

use chrono::{DateTime, TimeDelta, Utc};

use crate::simulator::{Account, NewIssue};

/// Accounts that are not a person's, but write issues and are assigned to them.
pub(super) const ACCOUNTS: [(&str, Account); 4] = [
    ("dependabot", Account::Bot),
    ("copilot-swe-agent", Account::Bot),
    ("imported-from-elsewhere", Account::Mannequin),
    (super::OWNER, Account::Organization),
];

/// Each with the repository that it is in.
pub(super) fn issues(now: DateTime<Utc>) -> Vec<(&'static str, NewIssue)> {
    let ago = |hours| Some(now - TimeDelta::hours(hours));
    let issue = |title: &str, hours: i64, labels: &[&str]| NewIssue {
        created_at: ago(hours),
        ..NewIssue::titled(title, labels)
    };
    let longest = "An issue whose title is as long as GitHub lets a title be, so that every place \
                   that shows one has to decide where to cut it: the card, the list, the heading of \
                   its page, the notification, the tab of the browser and the reader of the screen"
        .chars()
        .chain("!".repeat(256).chars())
        .take(256)
        .collect::<String>();
    let hundred = (1..=99).map(|number| format!("area/number-{number:02}"));
    vec![
        (
            "storefront",
            issue(
                "🎉🧵 Emoji in titles: 👩🏽‍🚀 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 must not break the card",
                30,
                &["status/ready", "priority/p2", "type/bug"],
            ),
        ),
        (
            "storefront",
            issue(
                "תמיכה בכותרות מימין לשמאל (RTL) עם API באמצע",
                52,
                &["status/in-progress", "priority/p1", "agent/quill", "type/feature"],
            ),
        ),
        (
            "gateway",
            issue(
                "<script>alert('card')</script> & <b>markup</b> are text, not markup",
                75,
                &["status/in-review", "priority/p0", "agent/warden", "type/security"],
            ),
        ),
        ("handbook", issue(&longest, 99, &["status/backlog", "priority/p3"])),
        (
            "toolbelt",
            NewIssue {
                // None of them is a status: the issue has no room for one, so the card cannot be
                // moved.
                labels: hundred.chain(["priority/p3".to_owned()]).collect(),
                ..issue("A hundred labels on one issue", 130, &[])
            },
        ),
        (
            "pipeline",
            issue(
                "Two status labels at once: shown in the earlier column",
                8,
                &["status/in-review", "status/backlog", "priority/p2"],
            ),
        ),
        (
            "pipeline",
            issue("Unknown status label: shown in Backlog", 11, &["status/someday", "type/chore"]),
        ),
        ("ledger", issue("Open, yet labelled as done", 20, &["status/done", "priority/p2"])),
        (
            "ledger",
            NewIssue {
                author: None,
                ..issue("Export drops rows with an empty author", 2400, &["status/ready"])
            },
        ),
        (
            "gateway",
            NewIssue {
                author: Some("dependabot".to_owned()),
                assignees: vec!["copilot-swe-agent".to_owned()],
                ..issue("Bump rustls from 0.23.31 to 0.23.32", 5, &["status/ready", "priority/p2"])
            },
        ),
        (
            "handbook",
            NewIssue {
                author: Some("imported-from-elsewhere".to_owned()),
                ..issue("Filed in another tracker and imported", 1900, &["status/backlog"])
            },
        ),
        (
            "runtime",
            NewIssue {
                closed_at: ago(26),
                ..issue("Closed while still in review", 300, &["status/in-review", "type/bug"])
            },
        ),
        (
            "runtime",
            NewIssue {
                body: "| column | value |\n|---|---|\n| NUL | \u{0} |\n| bell | \u{7} |\n\n\
                       ```rust\nfn main() {\r\n    println!(\"carriage returns\");\r\n}\r\n```\n\n\
                       [a link](javascript:alert(1)) <img src=x onerror=alert(1)>\n\n\
                       <script>alert(1)</script>\n\n![a picture](javascript:alert(1))"
                    .to_owned(),
                ..issue("Control characters in the text", 64, &["status/backlog", "type/bug"])
            },
        ),
        (
            "codec",
            NewIssue {
                body: "long ".repeat(12_000),
                comments: 1_234,
                ..issue("A text of sixty thousand characters", 700, &["priority/p3"])
            },
        ),
    ]
}
