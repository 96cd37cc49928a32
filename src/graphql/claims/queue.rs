//! Root fields for the queue, decisions, limits, the doctor, claims and leases.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use crate::domain::doctor::Inconsistency;
use crate::domain::{IssueId, Lane, Timestamp};
use crate::graphql::loaders::{self, Related, RequestedFields, actor, app};
use crate::graphql::types::page::{PageArguments, cost, size};
use crate::graphql::types::{
    AgentRun, AuditEntry, Issue, Lease, LeaseMessage, WorkDecisionConnection, WorkExplanation,
};
use crate::service::claims::leases::{FinishWork, ReleaseLease, RenewLease};
use crate::service::claims::queue::{self, QueueRequest};
use crate::service::claims::{ClaimIssue, ClaimNext};
use crate::service::{self, Error};
use crate::store;
use crate::store::claims::decisions::DecisionFilter;
use crate::store::claims::queue::InconsistencyRow;

/// The maximum number of findings that are returned.
const NAMED: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct QueueQuery;

#[Object]
impl QueueQuery {
    /// The queue of `agent`: the ranked issues, best first, and then withheld issues with the
    /// reasons.
    #[graphql(
        complexity = "cost(first.map(|first| first.saturating_mul(2)), None, child_complexity)"
    )]
    async fn queue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The agent's name, with or without `agent/`.")] agent: String,
        #[graphql(desc = "A lane, by id or alias; every claimable lane when absent.")] lane: Option<
            String,
        >,
        #[graphql(
            desc = "How many ranked issues, from 0 to 100. At most as many withheld issues follow.",
            default = 50
        )]
        first: Option<i32>,
    ) -> async_graphql::Result<Vec<WorkExplanation>> {
        let first = size("first", first.unwrap_or(50), queue::MOST)?;
        let request = QueueRequest { agent, lane, first, ..QueueRequest::default() };
        let explained = queue::queue(app(context), &request).await?;
        Ok(WorkExplanation::all(context, explained).await?)
    }

    /// Whether an agent would be served an issue now, and why.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn explain_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The agent's name, with or without `agent/`.")] agent: String,
        #[graphql(desc = "The issue.")] issue_id: IssueId,
    ) -> async_graphql::Result<WorkExplanation> {
        let explained = queue::explain_work(app(context), &agent, issue_id).await?;
        let mut all = WorkExplanation::all(context, vec![explained]).await?;
        Ok(all.pop().ok_or_else(|| Error::no_issue(issue_id))?)
    }

    /// Decisions: why requests for work were or were not served, newest first. A setting determines
    /// how long they are retained.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn work_decisions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only decisions for this agent.")] agent: Option<String>,
        #[graphql(desc = "Only decisions that served this issue.")] issue_id: Option<IssueId>,
        #[graphql(
            desc = "Only decisions that stored this issue among their (at most 20) withheld issues."
        )]
        withheld_issue_id: Option<IssueId>,
        #[graphql(desc = "How many, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only decisions after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<WorkDecisionConnection> {
        let filter = DecisionFilter { agent, issue: issue_id, withheld: withheld_issue_id };
        Ok(WorkDecisionConnection::load(context, &filter, PageArguments::forward(first, after))
            .await?)
    }

    /// The inconsistencies in the queue: issues that contradict their leases, and whether they can
    /// be repaired.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn queue_doctor(&self, context: &Context<'_>) -> async_graphql::Result<QueueDoctor> {
        let app = app(context);
        let mut found = service::claims::doctor::diagnose(app).await?;
        let count = |ailment| InconsistencyCount {
            ailment,
            issues: found.iter().filter(|finding| finding.ailment == ailment).count(),
        };
        let counts = Inconsistency::ALL.into_iter().map(count).collect();
        found.truncate(NAMED);
        let ids: Vec<IssueId> = found.iter().map(|finding| finding.issue_id).collect();
        let fields =
            RequestedFields::from_lookahead(&context.look_ahead().field("findings").field("issue"));
        let issues = loaders::issues_by_id(app, &ids, fields).await?;
        let finding = |finding: InconsistencyRow| WorkFinding {
            issue_id: finding.issue_id,
            issue: issues.get(&finding.issue_id).cloned(),
            ailment: finding.ailment,
            agent: finding.agent,
            since: Timestamp(finding.since),
            summary: finding.ailment.summary(),
            is_repairable: finding.ailment.is_repairable(),
            detail: finding.detail,
        };
        Ok(QueueDoctor { counts, findings: found.into_iter().map(finding).collect() })
    }

    /// The current work in progress and its limits.
    async fn work_limits(&self, context: &Context<'_>) -> async_graphql::Result<WorkLimits> {
        let app = app(context);
        let usage = queue::work_in_progress(app).await?;
        let limits = &app.config.queue.limits;
        let lane = |lane: &Lane| LaneLimit {
            lane: lane.id.clone(),
            issues: usage.by_lane.get(&lane.id).copied().unwrap_or_default(),
            limit: limits.of_lane(&lane.id),
        };
        Ok(WorkLimits {
            waiting_for_human: WorkLimit { issues: usage.waiting, limit: limits.waiting },
            lanes: app.config.lanes.all().iter().map(lane).collect(),
            held: usage.by_agent.values().sum(),
            per_agent: limits.per_agent,
            per_repository: limits.per_repository,
        })
    }
}

/// The inconsistencies in the queue.
#[derive(SimpleObject)]
struct QueueDoctor {
    /// The number of issues with each inconsistency, of all inconsistencies.
    counts: Vec<InconsistencyCount>,
    /// The findings, oldest first; 100 at most.
    findings: Vec<WorkFinding>,
}

/// The number of issues with one inconsistency.
#[derive(SimpleObject)]
#[graphql(name = "AilmentCount")]
struct InconsistencyCount {
    /// The inconsistency.
    ailment: Inconsistency,
    /// The number of issues.
    issues: usize,
}

/// One inconsistency of one issue.
#[derive(SimpleObject)]
struct WorkFinding {
    /// The issue's id.
    issue_id: IssueId,
    /// The issue; null when it is no longer shown.
    issue: Option<Arc<Issue>>,
    /// The inconsistency.
    ailment: Inconsistency,
    /// The agent concerned, if any.
    agent: Option<String>,
    /// The earliest time at which the inconsistency may have started.
    since: Timestamp,
    /// The inconsistency, and what its repair does.
    summary: &'static str,
    /// Whether `repairWork` can repair it.
    is_repairable: bool,
    /// Details as one sentence, if there are any: what GitHub returned, or what failed.
    detail: Option<String>,
}

/// An inconsistency to repair.
#[derive(InputObject)]
struct RepairWorkInput {
    /// The issue.
    issue_id: IssueId,
    /// The inconsistency.
    ailment: Inconsistency,
}

/// The result of a repair.
#[derive(SimpleObject)]
struct RepairWorkPayload {
    /// The audit entry of the change.
    audit_entry: AuditEntry,
}

/// An issue to retry.
#[derive(InputObject)]
struct RetryIssueInput {
    /// The issue.
    issue_id: IssueId,
}

/// The result of a retry.
#[derive(SimpleObject)]
struct RetryIssuePayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
}

/// The current work in progress and its limits.
#[derive(SimpleObject)]
struct WorkLimits {
    /// Issues that wait for a person: in review, blocked, or with a holder that waits for an
    /// answer.
    waiting_for_human: WorkLimit,
    /// Held issues by lane, for every configured lane.
    lanes: Vec<LaneLimit>,
    /// The number of issues that all agents hold together.
    held: i64,
    /// The maximum number of issues that one agent may hold; null for no limit.
    per_agent: Option<i64>,
    /// The maximum number of held issues of one repository; null for no limit.
    per_repository: Option<i64>,
}

/// A current number of issues and its limit.
#[derive(SimpleObject)]
struct WorkLimit {
    /// The current number.
    issues: i64,
    /// The maximum number; null for no limit.
    limit: Option<i64>,
}

/// The held issues of one lane and their limit.
#[derive(SimpleObject)]
struct LaneLimit {
    /// The lane's id.
    lane: String,
    /// The number of its issues that agents hold.
    issues: i64,
    /// The maximum number; null for no limit.
    limit: Option<i64>,
}

/// The result of a claim: exactly one of `lease` and `idleReason` is set.
#[derive(SimpleObject)]
struct ClaimNextPayload {
    /// The lease of the served issue.
    lease: Option<Lease>,
    /// Why no issue was served, as one sentence.
    idle_reason: Option<String>,
    /// Whether the agent already held the issue, so that it can continue the work it started.
    is_resumed: bool,
}

/// The result of a claim of one issue.
#[derive(SimpleObject)]
struct ClaimIssuePayload {
    /// The lease; the existing one if the agent already held the issue.
    lease: Lease,
    /// Why the queue would have withheld the issue from the agent, as one sentence: what blocks it,
    /// or who works on it. Null if the queue would have served it.
    warning: Option<String>,
}

/// Whether a holder may continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum LeaseDirective {
    /// The lease was renewed.
    Continue,
    /// The lease was not renewed: the holder must stop, and finish or release its work.
    Stop,
}

/// The result of a renewal.
#[derive(SimpleObject)]
struct RenewLeasePayload {
    /// The current state of the lease.
    lease: Lease,
    /// Whether the holder may continue.
    directive: LeaseDirective,
    /// Why the holder must stop, as one sentence; null when it may continue.
    reason: Option<String>,
    /// Messages that the holder has not marked as read, oldest first.
    messages: Vec<LeaseMessage>,
}

/// The result of releasing a lease.
#[derive(SimpleObject)]
struct ReleaseLeasePayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
}

/// The result of finishing work.
#[derive(SimpleObject)]
struct FinishWorkPayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
    /// The recorded agent run.
    agent_run: AgentRun,
}

/// An issue as a use case returned it, with the related data that is selected.
async fn issue(context: &Context<'_>, row: store::Issue) -> service::Result<Arc<Issue>> {
    let fields = RequestedFields::from_lookahead(&context.look_ahead().field("issue"));
    loaders::one_issue(app(context), row, fields).await
}

#[derive(Debug, Default)]
pub(crate) struct ClaimMutation;

#[Object]
impl ClaimMutation {
    /// Claims the best eligible issue for the agent. If there is none, it waits up to `waitSeconds`
    /// and then returns idle.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn claim_next(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The agent, and where to claim from.")] input: ClaimNext,
    ) -> async_graphql::Result<ClaimNextPayload> {
        let claimed = service::claims::claim_next(app(context), actor(context), input).await?;
        let (lease, idle_reason) = (claimed.lease.map(Lease::alone), claimed.idle_reason);
        Ok(ClaimNextPayload { lease, idle_reason, is_resumed: claimed.is_resumed })
    }

    /// Claims one issue. An agent that already holds the issue gets its existing lease.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn claim_issue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The agent and the issue.")] input: ClaimIssue,
    ) -> async_graphql::Result<ClaimIssuePayload> {
        let claimed = service::claims::claim_issue(app(context), actor(context), input).await?;
        let fields =
            RequestedFields::from_lookahead(&context.look_ahead().field("lease").field("issue"));
        let issue = loaders::one_issue(app(context), claimed.issue, fields).await?;
        let (row, issue) = (Arc::new(claimed.lease), Related::Known(Some(issue)));
        Ok(ClaimIssuePayload { lease: Lease { row, issue }, warning: claimed.warning })
    }

    /// Renews a lease and records the progress of the work. Returns whether the holder may
    /// continue: it must stop if its issue was closed or moved out of In Progress, if somebody
    /// asked it to stop, or if a pause asks holders to stop. Also returns messages to the holder.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn renew_lease(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease and its new duration.")] input: RenewLease,
    ) -> async_graphql::Result<RenewLeasePayload> {
        let renewed =
            service::claims::leases::renew_lease(app(context), actor(context), input).await?;
        let directive = match renewed.stop {
            Some(_) => LeaseDirective::Stop,
            None => LeaseDirective::Continue,
        };
        let (lease, reason) = (Lease::alone(renewed.lease), renewed.stop);
        let messages = renewed.messages.into_iter().map(LeaseMessage).collect();
        Ok(RenewLeasePayload { lease, directive, reason, messages })
    }

    /// Releases an issue: removes the agent's label and moves an issue in progress back to Ready.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn release_lease(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease and the reason.")] input: ReleaseLease,
    ) -> async_graphql::Result<ReleaseLeasePayload> {
        let released =
            service::claims::leases::release_lease(app(context), actor(context), input).await?;
        Ok(ReleaseLeasePayload { issue: issue(context, released.issue).await? })
    }

    /// Repairs one inconsistency that `queueDoctor` found. Maintainers only.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn repair_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the inconsistency.")] input: RepairWorkInput,
    ) -> async_graphql::Result<RepairWorkPayload> {
        let RepairWorkInput { issue_id, ailment } = input;
        let entry =
            service::claims::doctor::repair(app(context), actor(context), issue_id, ailment)
                .await?;
        Ok(RepairWorkPayload { audit_entry: AuditEntry::alone(entry) })
    }

    /// Retries an issue that is in back-off or needs a person, so that it is served again at once:
    /// clears its failures, removes the label `needs-human`, and also retries its repository.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn retry_issue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue.")] input: RetryIssueInput,
    ) -> async_graphql::Result<RetryIssuePayload> {
        let row =
            service::claims::backoffs::retry_issue(app(context), actor(context), input.issue_id);
        Ok(RetryIssuePayload { issue: issue(context, row.await?).await? })
    }

    /// Finishes the work on an issue: records the agent run, moves the issue to the column of its
    /// outcome and ends the lease. Never closes the issue.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn finish_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease and the outcome of the work.")] input: FinishWork,
    ) -> async_graphql::Result<FinishWorkPayload> {
        let done =
            service::claims::leases::finish_work(app(context), actor(context), input).await?;
        let issue = issue(context, done.issue).await?;
        let known = Related::Known(Some(Arc::clone(&issue)));
        Ok(FinishWorkPayload { issue, agent_run: AgentRun { row: done.agent_run, issue: known } })
    }
}
