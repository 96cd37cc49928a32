//! The tools: description, arguments, call. The rules are in `service`.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Json;
use rmcp::{tool, tool_router};
use serde_json::{Value, json};

use super::arguments::{
    ClaimIssueArguments, ClaimNextArguments, ClaimWorkArguments, ExplainArguments, FinishArguments,
    IssueArguments, ListArguments, MyWorkArguments, Parameters, QueueArguments, RenewArguments,
    RepositoryArguments, StatusArguments, UnclaimArguments, known, known_if_given, priority,
    repository,
};
use super::conversation::Comments;
use super::outputs::{
    Changed, Claimed, ClaimedNext, ClaimedWork, Done, Explanation, HeldWork, Issue, Issues, Lease,
    Message, MyWork, Queue, Refresh, ReleasedIssue, Renewed, Synced, word_of,
};
use super::tool_error::ToolError;
use super::{McpServer, ToolCaller};
use crate::domain::label_names::strip_prefix;
use crate::domain::task_instructions::task_contract;
use crate::domain::{Actor, IssueFilter, IssueId, Status, Tier};
use crate::middleware::acting_as;
use crate::service::board::moves::MoveIssue;
use crate::service::board::{self, conversations, moves};
use crate::service::claims::leases::{FinishWork, RenewLease};
use crate::service::claims::queue::{Explained, MOST, QueueRequest};
use crate::service::claims::{self, assignments, leases, queue};
use crate::service::claims::{ClaimIssue, ClaimNext};
use crate::service::repositories::sync;
use crate::service::{self, Error};
use crate::store::{self, PageRequest, Repository};

/// The default number of issues of the queue.
const USUAL_QUEUE: u32 = 20;

/// The default number of issues of a list.
const USUAL_LIST: u32 = 50;

/// Every tool, with an output schema that includes errors.
pub(super) fn all() -> ToolRouter<McpServer> {
    let mut router = McpServer::tool_router() + McpServer::pauses_router();
    for route in router.map.values_mut() {
        if let Some(schema) = &route.attr.output_schema {
            let refusal = ToolError::schema();
            let mut result = Value::Object(schema.as_ref().clone());
            let definitions = result.as_object_mut().and_then(|result| result.remove("$defs"));
            let mut either = json!({ "type": "object", "anyOf": [result, refusal] });
            if let Some(definitions) = definitions {
                either["$defs"] = definitions;
            }
            if let Value::Object(either) = either {
                route.attr.output_schema = Some(Arc::new(either));
            }
        }
    }
    router
}

impl ToolCaller {
    /// The given agent, otherwise the caller itself. A worker can only give its own agent.
    async fn agent(&self, named: Option<String>) -> Result<String, ToolError> {
        let agent = match named.or_else(|| self.actor.agent()) {
            Some(agent) => agent,
            None => {
                let reason = "is needed, because the caller has no name of its own; \
                              DISPATCH_AGENT_NAME gives it one";
                return Err(Error::Invalid { field: "agentName", reason: reason.into() }.into());
            }
        };
        self.caller.check_acts_for(&self.actor, bare(&agent)).await?;
        Ok(agent)
    }

    /// The caller under the name of the agent that it acts for.
    fn acting(&self, agent: &str) -> Actor {
        // The use case rejects a reserved name.
        acting_as(self.actor.clone(), Some(bare(agent))).unwrap_or_else(|_| self.actor.clone())
    }
}

fn bare(agent: &str) -> &str {
    let agent = agent.trim();
    strip_prefix(agent, "agent/").unwrap_or(agent)
}

impl McpServer {
    /// The issue with this number.
    async fn find(&self, name: &str, number: i32) -> service::Result<(store::Issue, Repository)> {
        board::find_issue_by_number(&self.app, &repository(&self.app, name)?, number).await
    }

    /// An issue with its text and its newest comments, or without comments if they cannot be read.
    async fn whole(&self, id: IssueId) -> service::Result<Issue> {
        let (issue, repository) = board::find_issue(&self.app, id).await?;
        let body = board::bodies(&self.app, &[id]).await?.pop().and_then(|(_, body)| body);
        let read = conversations::read_with_problem(&self.app, &issue, &repository);
        let comments = Comments::from(Box::pin(read).await);
        Ok(Issue::new(&issue, &repository).with_text(&issue, body, comments))
    }
}

#[tool_router]
impl McpServer {
    /// Claims the best eligible issue for the agent. Waits for an eligible issue if waitSeconds is
    /// given. Returns idleReason when there is none. Call it first; then work on the issue, call
    /// `renew_lease` before the lease expires, and call `finish_work` once.
    #[tool(
        title = "Claim the next issue",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = true
        )
    )]
    async fn claim_next(
        &self,
        Parameters(given): Parameters<ClaimNextArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<ClaimedNext>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let command = ClaimNext {
            agent: agent.clone(),
            lane: given.lane,
            repositories: given.repositories,
            lease_seconds: given.lease_seconds,
            wait_seconds: given.wait_seconds,
            resume: given.resume,
            request_id: given.request_id,
        };
        let actor = tool_caller.acting(&agent);
        let claimed = claims::claim_next(&self.app, &actor, command).await?;
        let Some(lease) = claimed.lease else {
            let idle_reason = claimed.idle_reason;
            return Ok(Json(ClaimedNext { idle_reason, ..ClaimedNext::default() }));
        };
        let issue = self.whole(lease.issue_id).await?;
        claims::check_connected(&self.app, &actor, &lease).await?;
        Ok(Json(ClaimedNext {
            issue: Some(issue),
            lease: Some(Lease::from(&lease)),
            idle_reason: None,
            task_contract: Some(task_contract()),
            is_resumed: claimed.is_resumed,
        }))
    }

    /// Claims one issue for the agent. An agent that already holds the issue gets its existing
    /// lease.
    #[tool(
        title = "Claim an issue",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn claim_issue(
        &self,
        Parameters(given): Parameters<ClaimIssueArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Claimed>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let issue_id = self.find(&given.repo_full_name, given.issue_number).await?.0.id;
        let command = ClaimIssue {
            agent: agent.clone(),
            issue_id,
            lease_seconds: given.lease_seconds,
            force: given.force,
            request_id: given.request_id,
        };
        let actor = tool_caller.acting(&agent);
        let claimed = claims::claim_issue(&self.app, &actor, command).await?;
        let issue = self.whole(issue_id).await?;
        claims::check_connected(&self.app, &actor, &claimed.lease).await?;
        let (lease, warning) = (Lease::from(&claimed.lease), claimed.warning);
        Ok(Json(Claimed { lease, issue, warning }))
    }

    /// Reads an issue from GitHub, claims it, sets its status, and returns everything needed to
    /// start work, including the rules of the task.
    #[tool(
        title = "Start work on an issue",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn claim_work(
        &self,
        Parameters(given): Parameters<ClaimWorkArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<ClaimedWork>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let (name, number) = (given.repo_full_name.as_str(), given.issue_number);
        let status = known_if_given("status", given.status.as_deref())?;
        if given.refresh_before_claim != Some(false) && tool_caller.actor.may(Tier::Board) {
            sync::refresh_issue(&self.app, &repository(&self.app, name)?, number).await?;
        }
        let issue_id = self.find(name, number).await?.0.id;
        let command = ClaimIssue {
            agent: agent.clone(),
            issue_id,
            lease_seconds: None,
            force: given.force,
            request_id: None,
        };
        let actor = tool_caller.acting(&agent);
        let claimed = claims::claim_issue(&self.app, &actor, command).await?;
        let (lease, warning) = (claimed.lease, claimed.warning);
        if let Some(to) = status.filter(|status| *status != Status::InProgress) {
            let fencing_token = Some(lease.fencing_token.to_string());
            let (expected_from, reason) = (None, None);
            let command = MoveIssue { issue_id, to, expected_from, reason, fencing_token };
            moves::set_status(&self.app, &actor, command).await?;
        }
        let issue = self.whole(issue_id).await?;
        claims::check_connected(&self.app, &actor, &lease).await?;
        Ok(Json(ClaimedWork {
            issue,
            warning,
            resolved_agent_name: lease.agent.clone(),
            lease: Lease::from(&lease),
            task_contract: task_contract(),
        }))
    }

    /// Renews a lease and records the progress of the work. Call it well before expiresAt, and
    /// after each checkpoint. If directive is "stop", stop working on the issue; reason states why.
    #[tool(
        title = "Renew a lease",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn renew_lease(
        &self,
        Parameters(given): Parameters<RenewArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Renewed>, ToolError> {
        let command = RenewLease {
            lease_id: known("leaseId", &given.lease_id)?,
            fencing_token: given.fencing_token,
            checkpoint: known_if_given("checkpoint", given.checkpoint.as_deref())?,
            lease_seconds: given.lease_seconds,
            awaiting_input: given.awaiting_input,
            read_message_id: known_if_given("readMessageId", given.read_message_id.as_deref())?,
        };
        let renewed = leases::renew_lease(&self.app, &tool_caller.actor, command).await?;
        let directive = if renewed.stop.is_some() { "stop" } else { "continue" };
        let (lease, reason) = (Lease::from(&renewed.lease), renewed.stop);
        let messages = renewed.messages.iter().map(Message::from).collect();
        Ok(Json(Renewed { lease, directive, reason, messages }))
    }

    /// Lists the issues that the agent holds now, with messages from people and whether the agent
    /// must stop. Call it after a restart to continue the work that you started.
    #[tool(title = "List your leases", annotations(read_only_hint = true, open_world_hint = false))]
    async fn my_work(
        &self,
        Parameters(given): Parameters<MyWorkArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<MyWork>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let held = leases::my_work_in_full(&self.app, &tool_caller.actor, Some(&agent)).await?;
        let held = held.iter().map(HeldWork::from).collect();
        Ok(Json(MyWork { agent_name: bare(&agent).to_owned(), held }))
    }

    /// Finishes the work on an issue: records the agent run, moves the issue to the column of its
    /// outcome and ends the lease. Never closes the issue. Call it exactly once for each lease.
    #[tool(
        title = "Finish work",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = true
        )
    )]
    async fn finish_work(
        &self,
        Parameters(given): Parameters<FinishArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Done>, ToolError> {
        let command = FinishWork {
            lease_id: known("leaseId", &given.lease_id)?,
            fencing_token: given.fencing_token,
            outcome: known("outcome", &given.outcome)?,
            summary: given.summary,
            pull_request_url: given.pull_request_url,
        };
        let done = leases::finish_work(&self.app, &tool_caller.actor, command).await?;
        let (_, repository) = board::find_issue(&self.app, done.issue.id).await?;
        Ok(Json(Done::new(&done, &repository)))
    }

    /// Releases an issue without reporting an outcome: removes the agent's label, ends its lease,
    /// and moves an issue in progress back to Ready.
    #[tool(
        title = "Release an issue",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = true
        )
    )]
    async fn unclaim_issue(
        &self,
        Parameters(given): Parameters<UnclaimArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<ReleasedIssue>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let (issue, repository) = self.find(&given.repo_full_name, given.issue_number).await?;
        let actor = tool_caller.acting(&agent);
        let released = assignments::release_issue(&self.app, &actor, issue.id, &agent).await?;
        Ok(Json(ReleasedIssue::new(&released, &repository)))
    }

    /// Lists the agent's queue: the issues that the agent would be served, best first. Claims
    /// nothing.
    #[tool(title = "Get the queue", annotations(read_only_hint = true, open_world_hint = false))]
    async fn get_queue(
        &self,
        Parameters(given): Parameters<QueueArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Queue>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let request = QueueRequest {
            agent: agent.clone(),
            lane: given.lane,
            repositories: None,
            first: given.first.unwrap_or(USUAL_QUEUE),
            without_bots: given.include_renovate == Some(false),
            without_split: given.exclude_decomposed == Some(true),
            serves_peoples: false,
        };
        let all = queue::queue(&self.app, &request).await?;
        let (issues, withheld): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.rank.is_some());
        let with_all = given.include_withheld == Some(true);
        let with_claimed = given.include_claimed == Some(true);
        let is_wanted = |one: &&Explained| with_all || (with_claimed && one.is_claimed());
        Ok(Json(Queue {
            agent_name: bare(&agent).to_owned(),
            issues: issues.into_iter().map(Explanation::from).collect(),
            withheld: withheld.into_iter().filter(is_wanted).map(Explanation::from).collect(),
        }))
    }

    /// Returns whether the agent would be served an issue now, and why.
    #[tool(
        title = "Explain an issue's rank in the queue",
        annotations(read_only_hint = true, open_world_hint = false)
    )]
    async fn explain_work(
        &self,
        Parameters(given): Parameters<ExplainArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Explanation>, ToolError> {
        let agent = tool_caller.agent(given.agent_name).await?;
        let (issue, _) = self.find(&given.repo_full_name, given.issue_number).await?;
        let explained = queue::explain_work(&self.app, &agent, issue.id).await?;
        Ok(Json(Explanation::from(&explained)))
    }

    /// Returns an issue by its repository and number, with its text and its newest comments.
    #[tool(title = "Get an issue", annotations(read_only_hint = true, open_world_hint = true))]
    async fn resolve_issue(
        &self,
        Parameters(given): Parameters<IssueArguments>,
    ) -> Result<Json<Issue>, ToolError> {
        let (issue, _) = self.find(&given.repo_full_name, given.issue_number).await?;
        Ok(Json(self.whole(issue.id).await?))
    }

    /// Lists issues on the board, most recently updated first.
    #[tool(title = "List issues", annotations(read_only_hint = true, open_world_hint = false))]
    async fn list_issues(
        &self,
        Parameters(given): Parameters<ListArguments>,
    ) -> Result<Json<Issues>, ToolError> {
        let first = given.first.unwrap_or(USUAL_LIST);
        if !(1..=MOST).contains(&first) {
            let reason = format!("must be from 1 to {MOST}");
            return Err(Error::Invalid { field: "first", reason }.into());
        }
        let filter = IssueFilter {
            repositories: given.repo.map(|name| vec![name]),
            statuses: known_if_given("status", given.status.as_deref())?.map(|status| vec![status]),
            priorities: given.priority.as_deref().map(priority).transpose()?.map(|one| vec![one]),
            agents: given.agent.map(|agent| vec![agent]),
            lanes: queue::names_of_lane(&self.app, given.lane.as_deref())?,
            include_closed: given.include_closed,
            ..IssueFilter::default()
        };
        let filter = board::normalized_filter(&self.app, Some(filter));
        let page = board::issues(&self.app, &filter, &PageRequest::first(first)).await?;
        let ids: Vec<_> = page.rows.iter().map(|issue| issue.repository_id).collect();
        let repositories = board::repositories(&self.app, &ids).await?;
        let shape = |issue: &store::Issue| {
            let repository = repositories.iter().find(|row| row.id == issue.repository_id)?;
            Some(Issue::new(issue, repository))
        };
        Ok(Json(Issues {
            issues: page.rows.iter().filter_map(shape).collect(),
            total_count: board::count(&self.app, &filter).await?,
        }))
    }

    /// Sets an issue's status on GitHub. `blocked` requires blockedReason. Never closes the issue.
    #[tool(
        title = "Set an issue's status",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn set_issue_status(
        &self,
        Parameters(given): Parameters<StatusArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Changed>, ToolError> {
        let actor = match &given.agent_name {
            Some(agent) => tool_caller.acting(&tool_caller.agent(Some(agent.clone())).await?),
            None => tool_caller.actor.clone(),
        };
        let to = known("status", &given.status)?;
        let (issue, repository) = self.find(&given.repo_full_name, given.issue_number).await?;
        tool_caller.caller.check_changes(&actor, &issue.labels).await?;
        let command = MoveIssue {
            issue_id: issue.id,
            to,
            expected_from: None,
            reason: given.blocked_reason,
            fencing_token: given.fencing_token,
        };
        let moved = moves::set_status(&self.app, &actor, command).await?;
        Ok(Json(Changed::new(&moved.issue, &repository)))
    }

    /// Reads one issue from GitHub now.
    #[tool(
        title = "Refresh an issue",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn refresh_issue(
        &self,
        Parameters(given): Parameters<IssueArguments>,
    ) -> Result<Json<Refresh>, ToolError> {
        let (name, number) = (repository(&self.app, &given.repo_full_name)?, given.issue_number);
        let refreshed = sync::refresh_issue(&self.app, &name, number).await?;
        let (issue, repository) = board::find_issue_by_number(&self.app, &name, number).await?;
        let issue = Issue::new(&issue, &repository);
        Ok(Json(Refresh { action: word_of(refreshed), issue }))
    }

    /// Reads a repository's new and changed issues from GitHub now.
    #[tool(
        title = "Sync a repository",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn sync_repo(
        &self,
        Parameters(given): Parameters<RepositoryArguments>,
    ) -> Result<Json<Synced>, ToolError> {
        let name = repository(&self.app, &given.repo_full_name)?;
        let outcomes = sync::sync_issues(&self.app, Some(&name)).await?;
        Ok(Json(Synced::from(outcomes.as_slice())))
    }
}
