//! What becomes of a sync when GitHub or the access to it fails, and what people are told to do.

use std::collections::BTreeSet;
use std::time::Duration;

use dispatch::service;
use dispatch::service::repositories::sync::sync_issues;
use dispatch::simulator::{Fault, NewIssue, Rule};
use dispatch::store::PageRequest;

use crate::support::{Given, given};

const OURS: &str = "acme/ours";
const THEIRS: &str = "other/theirs";

/// Two repositories with an issue each, synced, and then another issue in each.
async fn with_two(given: &Given) {
    for name in [OURS, THEIRS] {
        given.github.add_repository(name);
        given.github.open_issue(name, NewIssue::titled("First", &[])).unwrap();
        given.track(name).await;
    }
    given.sync().await;
    given.advance(60);
    for name in [OURS, THEIRS] {
        given.github.open_issue(name, NewIssue::titled("Second", &[])).unwrap();
    }
}

/// The titles of the open issues that are stored.
async fn titles(given: &Given, repository: &str) -> BTreeSet<String> {
    let wanted = service::board::normalized_filter(&given.app, None);
    let all = service::board::issues(&given.app, &wanted, &PageRequest::first(1000)).await.unwrap();
    let of = all.rows.into_iter().filter(|issue| issue.url.contains(repository));
    of.map(|issue| issue.title).collect()
}

async fn error_of(given: &Given, repository: &str) -> Option<String> {
    let all = service::repositories::tracking::all_repositories(&given.app).await.unwrap();
    all.into_iter().find(|of| of.full_name.as_str() == repository).unwrap().sync_error
}

/// Syncs while a fault lasts: what is on the board stays, the repository has an error with this text,
/// and the next sync after the fault has everything.
async fn assert_survived(fault: impl Fn() -> Rule, text: &str) {
    given(async |given| {
        with_two(given).await;
        given.github.inject(fault().always());
        sync_issues(&given.app, None).await.unwrap();
        let error = error_of(given, OURS).await.expect("an error");
        assert!(error.contains(text), "{error}");
        assert!(titles(given, OURS).await.contains("First"));

        given.github.clear_faults();
        given.app.clock.advance(Duration::from_secs(3_700));
        given.sync().await;
        assert_eq!(error_of(given, OURS).await, None);
        assert_eq!(titles(given, OURS).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_truncated_body() {
    assert_survived(|| Fault::HalfBody.on_queries(), "cut short").await;
}

#[tokio::test]
async fn a_connection_that_ends_within_the_body() {
    assert_survived(|| Fault::CutShort.on_queries(), "could not be reached").await;
}

#[tokio::test]
async fn an_html_error_page() {
    assert_survived(|| Fault::Page { status: 502 }.on_queries(), "502").await;
}

#[tokio::test]
async fn a_limit_with_status_200() {
    let limited = || Fault::error("RATE_LIMITED", "API rate limit exceeded").on_queries();
    assert_survived(limited, "rate limit").await;
}

#[tokio::test]
async fn a_secondary_limit_with_a_time() {
    let limited =
        || Fault::SecondaryLimit { retry_after: Some(Duration::from_secs(120)) }.on_queries();
    assert_survived(limited, "rate limit").await;
}

#[tokio::test]
async fn a_secondary_limit_without_a_time() {
    assert_survived(|| Fault::SecondaryLimit { retry_after: None }.on_queries(), "rate limit")
        .await;
}

#[tokio::test]
async fn a_token_revoked_during_a_sync() {
    let revoked = || Fault::refuse(401, "Bad credentials").on_queries().after(1);
    assert_survived(revoked, "set a valid GITHUB_TOKEN").await;
}

#[tokio::test]
async fn single_sign_on_that_the_token_lacks() {
    let message = "Resource protected by organization SAML enforcement. You must grant your Personal \
                   Access token access to this organization.";
    let protected = || Fault::error("FORBIDDEN", message).on_queries();
    assert_survived(protected, "Configure SSO").await;
}

#[tokio::test]
async fn a_repository_made_private_leaves_others_alone() {
    given(async |given| {
        with_two(given).await;
        given.github.delete_repository(THEIRS).unwrap();
        sync_issues(&given.app, None).await.unwrap();
        let error = error_of(given, THEIRS).await.expect("an error");
        assert!(error.contains("made private"), "{error}");
        assert_eq!(titles(given, THEIRS).await.len(), 1, "its last data stays");
        assert_eq!(error_of(given, OURS).await, None);
        assert_eq!(titles(given, OURS).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_limit_between_two_pages_loses_nothing() {
    given(async |given| {
        given.github.add_repository(OURS);
        for number in 1..=150 {
            let title = format!("Issue {number}");
            given.github.open_issue(OURS, NewIssue::titled(&title, &[])).unwrap();
        }
        given.track(OURS).await;
        let limited = Fault::error("RATE_LIMITED", "API rate limit exceeded");
        given.github.inject(limited.on("Issues").after(1));
        sync_issues(&given.app, None).await.unwrap();
        assert!(error_of(given, OURS).await.is_some());
        given.app.clock.advance(Duration::from_secs(3_700));
        given.sync().await;
        assert_eq!(given.database.number("SELECT count(*) FROM issues").await, 150);
        assert_eq!(error_of(given, OURS).await, None);
    })
    .await;
}
