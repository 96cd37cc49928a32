//! The pages that show much at once: counts that follow from the board, the audit log and the
//! events, and never from guesses.

use dispatch::domain::Status;
use dispatch::service::agent_runs::{RecordAgentRun, record_agent_run};
use dispatch::service::moves::{MoveIssue, move_issue};
use dispatch::service::{Error, overview, views};

use crate::support::{Given, given, given_settings, person, start_of_time};

async fn move_to(given: &Given, number: i32, to: Status) {
    let issue_id = given.issue(number).await.id;
    let command =
        MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
    move_issue(&given.app, &person(), command).await.unwrap();
}

fn run(agent: &str, status: &str) -> RecordAgentRun {
    RecordAgentRun {
        agent_name: agent.to_owned(),
        run_type: "implement".to_owned(),
        status: status.to_owned(),
        started_at: dispatch::domain::Instant(start_of_time()),
        finished_at: None,
        summary: None,
        error_message: None,
        touched_issue_urls: None,
        issue_id: None,
        idempotency_key: None,
        outcome: None,
    }
}

#[tokio::test]
async fn projects_and_agents_count_what_is_on_the_board() {
    given_settings(&[("AGENTS", "idle")], async |given| {
        given
            .with_issues(&[
                ("One", &["status/ready", "agent/alpha"]),
                ("Two", &["status/in-progress", "agent/alpha", "agent/beta"]),
                ("Three", &[]),
            ])
            .await;
        for status in ["success", "success", "error"] {
            record_agent_run(&given.app, run("alpha", status)).await.unwrap();
        }

        let projects = overview::projects(&given.app).await.unwrap();
        assert_eq!(projects.len(), 1);
        let counts = projects[0].counts;
        assert_eq!(Status::ALL.map(|status| counts.of(status)), [1, 1, 1, 0, 0, 0]);

        let agents = overview::agents(&given.app).await.unwrap();
        let told: Vec<_> = agents
            .iter()
            .map(|agent| {
                let runs = agent.runs.as_ref().map(|runs| (runs.runs, runs.successes));
                (agent.name.as_str(), agent.counts.total(), runs)
            })
            .collect();
        assert_eq!(told, [("alpha", 2, Some((3, 2))), ("beta", 1, None), ("idle", 0, None)]);
    })
    .await;
}

#[tokio::test]
async fn days_are_told_by_the_logs() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        move_to(given, 1, Status::InProgress).await;
        given.advance(24 * 3600);
        move_to(given, 1, Status::InReview).await;
        move_to(given, 2, Status::InProgress).await;
        move_to(given, 2, Status::InProgress).await;

        let moves = overview::moves_by_day(&given.app, 3).await.unwrap();
        assert_eq!(moves.iter().map(|day| day.count).collect::<Vec<_>>(), [0, 1, 2]);

        let history = overview::status_by_day(&given.app, 30).await.unwrap();
        let columns = |of: usize| Status::ALL.map(|status| history[of].counts.of(status));
        assert_eq!(history.len(), 2, "the log begins with the import");
        assert_eq!(columns(0), [0, 1, 1, 0, 0, 0]);
        assert_eq!(columns(1), [0, 0, 1, 1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn work_that_nobody_touches_is_stale() {
    given(async |given| {
        given.with_issues(&[("Stuck", &["status/in-progress"]), ("Waits", &[])]).await;
        assert_eq!(overview::stale_issues(&given.app, 10).await.unwrap(), []);
        given.advance(8 * 24 * 3600);
        let stale = overview::stale_issues(&given.app, 10).await.unwrap();
        assert_eq!(stale.iter().map(|issue| issue.number).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn filters_offer_what_the_board_has() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        given
            .with_issues(&[
                ("One", &["agent/alpha", "owner/sam", "priority/p1", "project/x"]),
                ("Two", &["agent/alpha", "priority/p0"]),
                ("Three", &["agent/ghost", "hidden"]),
            ])
            .await;
        let options = overview::filter_options(&given.app).await.unwrap();
        let told = |options: &[overview::FilterOption]| -> Vec<(String, i64)> {
            options.iter().map(|option| (option.value.clone(), option.issues)).collect()
        };
        let one = |value: &str, issues| (value.to_owned(), issues);
        assert_eq!(told(&options.agents), [one("alpha", 2)]);
        assert_eq!(told(&options.owners), [one("sam", 1)]);
        assert_eq!(told(&options.projects), [one("x", 1)]);
        assert_eq!(told(&options.priorities), [one("p0", 1), one("p1", 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_view_is_saved_under_its_name_and_shared() {
    given(async |given| {
        let save = async |name: &str, query: &str| {
            views::save_view(&given.app, &person(), name, query).await
        };
        let view = save("Sam's work", "?owner=sam").await.unwrap();
        assert_eq!((view.name.as_str(), view.query.as_str()), ("Sam's work", "owner=sam"));
        let again = save(" sam's WORK ", "owner=sam&priority=P0").await.unwrap();
        assert_eq!(again.id, view.id, "a name has one view");
        assert_eq!(views::saved_views(&given.app).await.unwrap(), [again]);

        assert!(matches!(save(" ", "").await, Err(Error::Invalid { field: "name", .. })));
        views::delete_view(&given.app, view.id).await.unwrap();
        let gone = views::find_view(&given.app, view.id).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })));
    })
    .await;
}
