//! Labels of which an issue has one of a kind: its agent, its owner, its priority.

use dispatch::domain::{Actor, LabelSet, Priority};
use dispatch::service::Error;
use dispatch::service::claims::assignments::{assign_agent, assign_owner, set_priority};
use dispatch::service::claims::lanes::{SetLane, set_lane};
use dispatch::service::recovery::settle_overdue;
use dispatch::simulator::Fault;

use crate::support::{REPOSITORY, given, person};

#[tokio::test]
async fn an_assignment_replaces_only_its_own_kind() {
    given(async |given| {
        let labels = ["status/ready", "agent/alpha", "agent/beta", "owner/sam", "priority/p2"];
        given.with_issues(&[("Assigned", &labels)]).await;
        let id = given.issue(1).await.id;

        let changed = assign_agent(&given.app, &person(), id, Some("gamma")).await.unwrap();
        let after = ["status/ready", "owner/sam", "priority/p2", "agent/gamma"];
        assert_eq!(changed.issue.labels, LabelSet::from(after));
        assert_eq!(changed.audit_entry.action, "assign_agent");

        assign_owner(&given.app, &person(), id, Some("owner/kim")).await.unwrap();
        let changed = set_priority(&given.app, &person(), id, Some(Priority::P0)).await.unwrap();
        assert_eq!(changed.issue.priority, Some(Priority::P0));
        assert_eq!(given.github.label_color(REPOSITORY, "priority/p0").as_deref(), Some("ef4444"));

        let changed = assign_agent(&given.app, &person(), id, None).await.unwrap();
        let after = ["status/ready", "owner/kim", "priority/p0"];
        assert_eq!(changed.issue.labels, LabelSet::from(after));
        assert_eq!(changed.audit_entry.action, "unassign_agent");
        assert_eq!(given.github.labels(REPOSITORY, 1), after);
    })
    .await;
}

#[tokio::test]
async fn an_invalid_label_name_is_rejected_without_a_github_request() {
    given(async |given| {
        given.with_issues(&[("Named", &[])]).await;
        let id = given.issue(1).await.id;
        given.github.forget_requests();
        for name in ["", "  ", "agent/", "a,b", "a\nb", &"x".repeat(45)] {
            let refused = assign_agent(&given.app, &person(), id, Some(name)).await;
            assert!(matches!(refused, Err(Error::Invalid { field: "agent", .. })), "{name:?}");
        }
        assert_eq!(given.github.total(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_assignment_with_a_lost_response_is_settled_like_a_move() {
    given(async |given| {
        given.with_issues(&[("Lost", &["agent/alpha"])]).await;
        let id = given.issue(1).await.id;
        given.github.inject(Fault::DropAfter.on("ChangeLabels"));
        given.github.inject(Fault::refuse(502, "away").on("LiveLabels").after(1).always());
        assign_agent(&given.app, &person(), id, Some("beta")).await.unwrap_err();
        given.github.clear_faults();
        given.advance(15);
        settle_overdue(&given.app).await.unwrap();
        assert_eq!(given.issue(1).await.labels, LabelSet::from(["agent/beta"]));
        let settled = "SELECT count(*) FROM audit_log WHERE success AND action = 'assign_agent'";
        assert_eq!(given.database.number(settled).await, 1);
    })
    .await;
}

#[tokio::test]
async fn only_a_maintainer_sets_the_lane_of_an_issue() {
    given(async |given| {
        given.with_issues(&[("Moved", &["status/ready"])]).await;
        let issue_id = given.issue(1).await.id;
        let to = |lane: &str| SetLane { issue_id, lane: lane.to_owned() };
        let worker = Actor::Worker { name: "alpha".to_owned(), is_bound: true };
        for other in [person(), worker, Actor::Visitor] {
            let refused = set_lane(&given.app, &other, to("backlog")).await.unwrap_err();
            let is_refused = matches!(refused, Error::Forbidden { .. } | Error::Unauthenticated);
            assert!(is_refused, "{refused:?}");
        }
        let maintainer = Actor::Operator { name: "sam".to_owned(), signed_in_until: None };
        let refused = set_lane(&given.app, &maintainer, to("nowhere")).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "lane", .. }), "{refused:?}");

        given.github.forget_requests();
        let moved = set_lane(&given.app, &maintainer, to("backlog")).await.unwrap();
        assert_eq!(moved.lane, "backlog");
        let back = set_lane(&given.app, &maintainer, to("normal")).await.unwrap();
        assert_eq!(back.lane, "default", "by its alias");
        set_lane(&given.app, &maintainer, to("default")).await.unwrap();
        let entries = "SELECT count(*) FROM audit_log WHERE action = 'classify_lane'
            AND actor = 'sam' AND notes IN ('From default to backlog', 'From backlog to default')";
        assert_eq!(given.database.number(entries).await, 2, "the last changed nothing");
        assert_eq!(given.github.total(), 0, "GitHub knows nothing of lanes");
    })
    .await;
}
