//! GitHub's webhooks: which deliveries are genuine, what an event means for the board, when a
//! failed delivery is retried.

use chrono::TimeDelta;
use ring::hmac;

use super::names::FullName;
use super::sql_enum::text_enum;

text_enum! {
    /// Whether a delivery was processed, and with which result.
    #[derive(async_graphql::Enum)]
    DeliveryState,
    /// It is not processed yet, or will be processed again after a failure.
    Pending = "pending",
    /// What it reports is stored, or was already known.
    Processed = "processed",
    /// Nothing of it is used; the reason says why.
    Ignored = "ignored",
    /// Every attempt to process it failed.
    Failed = "failed",
    /// Its payload cannot be read.
    Quarantined = "quarantined",
}

impl DeliveryState {
    /// Whether the same delivery is processed when GitHub sends it again. Processed and ignored
    /// ones are not.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Self::Failed | Self::Quarantined)
    }
}

/// The longest name of an event, in characters.
pub const LONGEST_EVENT: usize = 60;

/// The longest id of a delivery, in characters.
pub const LONGEST_DELIVERY_ID: usize = 100;

/// Whether a text can be the name of an event.
pub fn is_event(text: &str) -> bool {
    (1..=LONGEST_EVENT).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a text can be the id of a delivery.
pub fn is_delivery_id(text: &str) -> bool {
    (1..=LONGEST_DELIVERY_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a signature (`X-Hub-Signature-256`) is the HMAC-SHA256 of a body by one of the secrets.
/// Takes constant time for each secret, and tries all of them. Without a secret nothing is signed.
pub fn is_signed(secrets: &[&str], body: &[u8], signature: &str) -> bool {
    let Some(tag) = signature.strip_prefix("sha256=").and_then(bytes_of) else { return false };
    secrets.iter().filter(|secret| !secret.is_empty()).fold(false, |is_signed, secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        is_signed | hmac::verify(&key, body, &tag).is_ok()
    })
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The maximum number of attempts to process a delivery.
pub const MOST_ATTEMPTS: i32 = 10;

/// The delay before the next attempt, after the `attempts`-th one failed.
pub fn retry_after(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or_default();
    TimeDelta::seconds((2_i64 << doublings).min(300))
}

/// The subject of a delivery: deliveries with the same subject are processed in the order of arrival.
pub fn subject(repository: Option<&FullName>, issue: Option<i32>) -> String {
    match (repository, issue) {
        (Some(name), Some(number)) => format!("{}#{number}", name.key()),
        (Some(name), None) => name.key(),
        (None, _) => String::new(),
    }
}

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It contains an issue as it is now.
    Issue,
    /// An issue was deleted, or transferred to another repository.
    IssueGone,
    /// It changed what an issue waits for.
    Dependency,
    /// An issue became a sub-issue, or is none any more.
    SubIssue,
    /// An issue gained or lost a sub-issue.
    ParentIssue,
    /// A label of the repository was created, changed or deleted.
    Label,
    /// It may have changed which pull requests will close issues.
    PullRequest,
    /// It contains an object of the automation pages as it is now.
    Automation(AutomationEvent),
    /// The repository itself was changed.
    Repository(RepositoryChange),
    /// GitHub checks that the webhook works.
    Ping,
    /// Nothing of it is used yet.
    Unused,
    /// Neither GitHub's documentation nor Dispatch know it.
    Unknown,
}

/// What object of the automation pages an event contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutomationEvent {
    /// A run of a workflow.
    Run,
    /// A job of a run.
    Job,
    /// A check.
    Check,
    /// A suite of checks, or a status of a commit: the state of all checks of the commit may have changed.
    CommitChecks,
    /// A release.
    Release,
    /// Commits of a branch.
    Push,
    /// A deployment, with its newest status or without.
    Deployment,
    /// A package.
    Package,
    /// A pull request.
    PullRequest,
}

/// A change of a repository itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryChange {
    /// It has another name or another owner.
    Renamed,
    /// It can no longer be changed.
    Archived,
    /// It was deleted.
    Deleted,
    /// Something else, which the next sync reads.
    Other,
}

/// Events that are stored and not used, because Dispatch has no data of these kinds.
const UNUSED: &[&str] = &[
    "installation",
    "installation_repositories",
    "milestone",
    "pull_request_review_comment",
    "secret_scanning_alert",
];

/// The events that a webhook is set up for.
pub const SUBSCRIBED: &[&str] = &[
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "issue_comment",
    "issue_dependencies",
    "issues",
    "label",
    "milestone",
    "pull_request",
    "pull_request_review",
    "push",
    "registry_package",
    "release",
    "repository",
    "secret_scanning_alert",
    "status",
    "sub_issues",
    "workflow_job",
    "workflow_run",
];

/// What an event with an action means. Events of issues contain the whole issue, whatever their
/// action is, so new actions need no change here.
pub fn meaning(event: &str, action: Option<&str>) -> Meaning {
    match (event, action.unwrap_or_default()) {
        ("issues", "deleted" | "transferred") => Meaning::IssueGone,
        ("issues" | "issue_comment", _) => Meaning::Issue,
        ("issue_dependencies", _) => Meaning::Dependency,
        ("sub_issues", action) if action.starts_with("parent_issue") => Meaning::SubIssue,
        ("sub_issues", action) if action.starts_with("sub_issue") => Meaning::ParentIssue,
        ("label", "created" | "edited" | "deleted") => Meaning::Label,
        ("pull_request", "opened" | "closed" | "reopened" | "edited") => Meaning::PullRequest,
        ("pull_request" | "pull_request_review", _) => {
            Meaning::Automation(AutomationEvent::PullRequest)
        }
        ("workflow_run", _) => Meaning::Automation(AutomationEvent::Run),
        ("workflow_job", _) => Meaning::Automation(AutomationEvent::Job),
        ("check_run", _) => Meaning::Automation(AutomationEvent::Check),
        ("check_suite" | "status", _) => Meaning::Automation(AutomationEvent::CommitChecks),
        ("release", _) => Meaning::Automation(AutomationEvent::Release),
        ("push", _) => Meaning::Automation(AutomationEvent::Push),
        ("deployment" | "deployment_status", _) => Meaning::Automation(AutomationEvent::Deployment),
        ("registry_package", _) => Meaning::Automation(AutomationEvent::Package),
        ("repository", "renamed" | "transferred") => Meaning::Repository(RepositoryChange::Renamed),
        ("repository", "archived") => Meaning::Repository(RepositoryChange::Archived),
        ("repository", "deleted") => Meaning::Repository(RepositoryChange::Deleted),
        ("repository", "unarchived" | "edited" | "privatized" | "publicized") => {
            Meaning::Repository(RepositoryChange::Other)
        }
        ("repository", "created") => Meaning::Unused,
        ("ping", _) => Meaning::Ping,
        (event, _) if UNUSED.contains(&event) => Meaning::Unused,
        _ => Meaning::Unknown,
    }
}

/// Whether an action of the event `issues` changes what a payload lacks: the type, an issue field or the
/// status.
pub fn changes_details(action: Option<&str>) -> bool {
    let action = action.unwrap_or_default();
    matches!(action, "typed" | "untyped")
        || action.starts_with("field_")
        || action.starts_with("status_")
}

/// Whether two node ids certainly belong to different objects. GitHub has two formats of node ids
/// and may send either for an object.
pub fn is_other_node(one: &str, other: &str) -> bool {
    one != other && one.contains('_') == other.contains('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn a_signature_is_checked_as_github_documents_it() {
        assert!(is_signed(&[SECRET], BODY, SIGNATURE));
        assert!(is_signed(&["another", SECRET], BODY, SIGNATURE));
        assert!(is_signed(&[SECRET], BODY, &SIGNATURE.to_uppercase().replace("SHA256", "sha256")));
        for (secrets, body, signature) in [
            (&[][..], BODY, SIGNATURE),
            (&[""], BODY, SIGNATURE),
            (&["another"], BODY, SIGNATURE),
            (&[SECRET], b"Hello, World", SIGNATURE),
            (&[SECRET], BODY, &SIGNATURE[7..]),
            (&[SECRET], BODY, &SIGNATURE[..70]),
            (&[SECRET], BODY, "sha256="),
            (&[SECRET], BODY, ""),
            (&[SECRET], BODY, "sha256=éééééééééééééééééééééééééééééééé"),
        ] {
            assert!(!is_signed(secrets, body, signature), "{secrets:?} {signature}");
        }
    }

    #[test]
    fn the_delay_grows_to_five_minutes() {
        let delays: Vec<i64> =
            (0..=MOST_ATTEMPTS + 1).map(|times| retry_after(times).num_seconds()).collect();
        assert_eq!(delays, [2, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn deliveries_of_one_issue_have_one_subject() {
        let name: FullName = "Acme/Tools".parse().unwrap();
        assert_eq!(subject(Some(&name), Some(7)), "acme/tools#7");
        assert_eq!(subject(Some(&name), None), "acme/tools");
        assert_eq!(subject(None, Some(7)), "");
    }

    #[test]
    fn an_event_means_what_its_action_says() {
        for action in ["opened", "typed", "field_added", "status_changed", "of_the_future"] {
            assert_eq!(meaning("issues", Some(action)), Meaning::Issue, "{action}");
        }
        assert_eq!(meaning("issues", Some("deleted")), Meaning::IssueGone);
        assert_eq!(meaning("issues", Some("transferred")), Meaning::IssueGone);
        assert_eq!(meaning("label", Some("of_the_future")), Meaning::Unknown);
        assert_eq!(meaning("push", None), Meaning::Automation(AutomationEvent::Push));
        let checks = Meaning::Automation(AutomationEvent::CommitChecks);
        assert_eq!(meaning("status", None), checks);
        assert_eq!(meaning("check_suite", Some("completed")), checks);
        assert_eq!(meaning("milestone", Some("created")), Meaning::Unused);
        assert_eq!(meaning("of_the_future", None), Meaning::Unknown);
    }

    #[test]
    fn node_ids_of_one_format_are_compared() {
        assert!(is_other_node("I_1", "I_2"));
        assert!(is_other_node("MDU6SXNzdWUx", "MDU6SXNzdWUy"));
        assert!(!is_other_node("I_1", "I_1"));
        assert!(!is_other_node("I_1", "MDU6SXNzdWUx"));
    }
}
