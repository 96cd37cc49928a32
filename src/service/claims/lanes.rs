//! The lane of an issue, and who or what decided it.

use diesel_async::AsyncConnection;

use super::queue;
use crate::domain::actor::ActorKind;
use crate::domain::lane_rules::{self, Confidence};
use crate::domain::{Actor, IssueId, Tier};
use crate::service::board_events::{audit_event, issue_event};
use crate::service::{App, Error, Result, allows, board, failures};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::judgements;
use crate::store::{Issue, LaneJudgement, Repository, audit, event_log};

/// Maximal length of a reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Asks for the classification of an issue into a lane, or gives one.
#[derive(Debug, Clone)]
pub struct ClassifyIssue {
    /// The issue.
    pub issue_id: IssueId,
    /// Whether to classify an issue again that already is. A verdict always counts.
    pub force: bool,
    /// The model that decided.
    pub model: Option<String>,
    /// The caller's own classification; the rules decide if absent.
    pub verdict: Option<LaneVerdict>,
}

/// A classification by a caller.
#[derive(Debug, Clone)]
pub struct LaneVerdict {
    /// The lane's id; not an alias.
    pub lane: String,
    /// How sure the caller is.
    pub confidence: Confidence,
    /// Why; up to [`LONGEST_REASON`] characters.
    pub reason: Option<String>,
}

/// A classification, and whether this request made it.
#[derive(Debug, Clone)]
pub struct ClassifiedIssue {
    /// The current classification.
    pub judgement: LaneJudgement,
    /// Whether it existed before and nothing was classified.
    pub was_classified: bool,
}

/// An issue to put in a lane.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "SetLaneInput")]
pub struct SetLane {
    /// The issue.
    pub issue_id: IssueId,
    /// The lane's id or an alias of it.
    pub lane: String,
}

/// Puts an issue in a lane, whatever the rules decide. If a person does, the issue's back-off is
/// cleared, as with every edit by a person. The audit log calls it `classify_lane`.
///
/// # Errors
///
/// [`Error::Invalid`] for an unknown lane; [`Error::NotFound`]; [`Error::Forbidden`] for callers
/// that are not maintainers.
pub async fn set_lane(app: &App, actor: &Actor, command: SetLane) -> Result<Issue> {
    if !allows(app, actor, Tier::Maintainer) {
        return Err(Error::denied(actor, "Changing the lane of an issue needs a maintainer"));
    }
    let lane = queue::find_lane(app, &command.lane)?.id.clone();
    let verdict = LaneVerdict { lane, confidence: Confidence::High, reason: None };
    let issue_id = command.issue_id;
    let command = ClassifyIssue { issue_id, force: false, model: None, verdict: Some(verdict) };
    classify_issue(app, actor, command).await?;
    Ok(board::find_issue(app, issue_id).await?.0)
}

/// An issue and its current classification, if any.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn judgement(app: &App, issue: IssueId) -> Result<(Issue, Option<LaneJudgement>)> {
    let (issue, _) = board::find_issue(app, issue).await?;
    let newest = judgements::newest(&mut *app.connection().await?, issue.id).await?;
    Ok((issue, newest))
}

/// Classifies an issue into a lane. Without a verdict the rules decide, but not about an issue that
/// already is classified, unless `force` is set. Idempotent for the same verdict.
///
/// # Errors
///
/// [`Error::Invalid`] for an unknown lane or a reason that is too long; [`Error::NotFound`].
pub async fn classify_issue(
    app: &App,
    actor: &Actor,
    command: ClassifyIssue,
) -> Result<ClassifiedIssue> {
    if let Some(verdict) = &command.verdict {
        check(app, verdict)?;
    }
    let (issue, repository) = board::find_issue(app, command.issue_id).await?;
    let body = match command.verdict {
        Some(_) => None,
        None => board::bodies(app, &[issue.id]).await?.pop().and_then(|(_, body)| body),
    };
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let before = issues::lock(connection, issue.id).await?;
            let now = app.clock.now();
            let newest = judgements::newest(connection, issue.id).await?;
            if let (Some(known), None, false) = (&newest, &command.verdict, command.force) {
                return Ok(ClassifiedIssue { judgement: known.clone(), was_classified: true });
            }
            let judgement = judge(app, &command, &before, body.as_deref(), now);
            if let Some(known) = newest
                && before.lane == judgement.lane
                && (LaneJudgement { judged_at: now, ..known.clone() }) == judgement
            {
                return Ok(ClassifiedIssue { judgement: known, was_classified: false });
            }
            judgements::append(connection, &judgement).await?;
            if matches!(actor.kind(), ActorKind::Person | ActorKind::Operator) {
                failures::record_edits(connection, &[issue.id]).await?;
            }
            let after = issues::set_lane(connection, issue.id, &judgement.lane).await?;
            let notes = format!("From {} to {}", before.lane, after.lane);
            let entry = NewEntry { notes: Some(&notes), ..entry(actor, &after, &repository, now) };
            let entry = audit::append(connection, &entry).await?;
            let actor = actor.actor_ref();
            let changed = issue_event(Some(&before), &after, false, &repository, actor, now);
            event_log::append(connection, &[changed, audit_event(&entry)]).await?;
            Ok(ClassifiedIssue { judgement, was_classified: false })
        })
        .await
}

fn check(app: &App, verdict: &LaneVerdict) -> Result<()> {
    if app.config.lanes.by_id(&verdict.lane).is_none() {
        let given: String = verdict.lane.chars().take(64).collect();
        let ids = app.config.lanes.listed();
        let reason = format!("`{given}` is not one of {ids}");
        return Err(Error::Invalid { field: "lane", reason });
    }
    if verdict.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let reason = format!("must be at most {LONGEST_REASON} characters");
        return Err(Error::Invalid { field: "reason", reason });
    }
    Ok(())
}

fn judge(
    app: &App,
    command: &ClassifyIssue,
    issue: &Issue,
    body: Option<&str>,
    now: chrono::DateTime<chrono::Utc>,
) -> LaneJudgement {
    let (lane, confidence, reason) = match &command.verdict {
        Some(LaneVerdict { lane, confidence, reason }) => {
            (lane.clone(), *confidence, reason.clone())
        }
        None => {
            let (lanes, body) = (&app.config.lanes, body.unwrap_or_default());
            let judged = lane_rules::classify_lane(lanes, &issue.labels, &issue.title, body);
            (judged.lane.id.clone(), judged.confidence, Some(judged.reason))
        }
    };
    let model = command.model.clone();
    LaneJudgement { issue_id: issue.id, lane, confidence, reason, model, judged_at: now }
}

fn entry<'a>(
    actor: &'a Actor,
    issue: &'a Issue,
    repository: &'a Repository,
    now: chrono::DateTime<chrono::Utc>,
) -> NewEntry<'a> {
    NewEntry {
        repository_full_name: repository.full_name.as_str(),
        issue_number: Some(issue.number),
        issue_id: Some(issue.id),
        ..NewEntry::done(actor.actor_ref(), "classify_lane", &issue.labels, now)
    }
}
