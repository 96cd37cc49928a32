//! Permissions: every REST route, GraphQL root field and MCP tool with the tier it requires.
//!
//! The middleware looks up the caller's [`Tier`] here before anything else. What the table does not
//! list requires the highest tier. A test compares the table with the router and the schema, so
//! nothing undeclared is reachable.

use crate::domain::{IssueId, LeaseId, RepositoryId, Tier};

/// The tier of each REST route and page, by method and the router's own path template. A method
/// that a path is not listed with is not served.
pub const ROUTES: &[(&str, &str, Tier)] = &[
    ("GET", "/livez", Tier::Public),
    ("GET", "/readyz", Tier::Public),
    ("GET", "/metrics", Tier::Read),
    ("GET", "/api/health", Tier::Public),
    ("GET", "/api/openapi.json", Tier::Read),
    ("GET", "/api/issues", Tier::Read),
    ("GET", "/api/issues/state", Tier::Read),
    ("POST", "/api/issues/move", Tier::Board),
    ("POST", "/api/issues/status", Tier::Board),
    ("GET", "/api/issues/claimed", Tier::Agent),
    ("POST", "/api/issues/claim", Tier::Agent),
    ("POST", "/api/issues/unclaim", Tier::Agent),
    ("POST", "/api/issues/label", Tier::Maintainer),
    ("POST", "/api/issues/unlabel", Tier::Maintainer),
    ("POST", "/api/issues/comment", Tier::Board),
    ("POST", "/api/issues/actions", Tier::Board),
    ("GET", "/api/issues/actions/agents", Tier::Read),
    ("POST", "/api/issues/unassign", Tier::Board),
    ("POST", "/api/issues/actions/decompose", Tier::Maintainer),
    ("GET", "/api/issues/{id}/lane", Tier::Read),
    ("POST", "/api/issues/{id}/lane", Tier::Maintainer),
    ("POST", "/api/issues/refresh", Tier::Board),
    ("GET", "/api/issues/untriaged", Tier::Read),
    ("POST", "/api/issues/prune-closed", Tier::Maintainer),
    ("GET", "/api/lanes", Tier::Read),
    ("GET", "/api/agents/{agentName}/next-task", Tier::Agent),
    ("GET", "/api/agents/{agentName}/queue", Tier::Agent),
    ("GET", "/api/agents/{agentName}/active-work", Tier::Agent),
    ("GET", "/api/agents/{agentName}/work-summary", Tier::Agent),
    ("POST", "/api/agents/{agentName}/tasks/report", Tier::Agent),
    ("POST", "/api/agents/{agentName}/heartbeat", Tier::Agent),
    ("GET", "/api/agent-work", Tier::Read),
    ("POST", "/api/agent-work", Tier::Maintainer),
    ("POST", "/api/agent-work/start", Tier::Agent),
    ("POST", "/api/agent-work/checkpoint", Tier::Agent),
    ("POST", "/api/agent-work/finish", Tier::Agent),
    ("POST", "/api/agent-work/sweep", Tier::Maintainer),
    ("POST", "/api/sync", Tier::Board),
    ("POST", "/api/sync/scheduled", Tier::Board),
    ("GET", "/api/repos", Tier::Read),
    ("POST", "/api/repos", Tier::Board),
    ("GET", "/api/automation/repos", Tier::Read),
    ("POST", "/api/automation/repos", Tier::Board),
    ("GET", "/api/automation/repos/tracked", Tier::Read),
    ("GET", "/api/automation/repos/{owner}", Tier::Read),
    ("DELETE", "/api/automation/repos/{owner}", Tier::Board),
    ("GET", "/api/automation/repos/{owner}/{repo}", Tier::Read),
    ("DELETE", "/api/automation/repos/{owner}/{repo}", Tier::Board),
    ("GET", "/api/automation/sync", Tier::Read),
    ("POST", "/api/automation/sync", Tier::Board),
    ("POST", "/api/automation/runs/{runId}", Tier::Board),
    ("GET", "/api/automation/workflows", Tier::Read),
    ("GET", "/api/automation/workflows/{id}", Tier::Read),
    ("GET", "/api/automation/events", Tier::Read),
    ("GET", "/cctray.xml", Tier::Read),
    ("GET", "/api/agent-runs", Tier::Read),
    ("POST", "/api/agent-runs", Tier::Agent),
    ("GET", "/api/audit", Tier::Read),
    // Whoever has nothing to show yet signs in here.
    ("POST", "/api/session", Tier::Public),
    ("DELETE", "/api/session", Tier::Public),
    // GitHub proves itself by its signature.
    ("POST", "/api/webhooks/github", Tier::Public),
    ("POST", "/api/issues/webhook", Tier::Public),
    ("POST", "/api/pr-followup/webhook", Tier::Public),
    ("GET", "/graphql", Tier::Read),
    ("POST", "/graphql", Tier::Read),
    ("GET", "/graphiql", Tier::Read),
    ("POST", "/mcp", Tier::Read),
    ("GET", "/", Tier::Read),
    ("GET", "/board", Tier::Read),
    ("GET", "/queue", Tier::Read),
    ("GET", "/projects", Tier::Read),
    ("GET", "/agents", Tier::Read),
    ("GET", "/automation", Tier::Read),
    ("GET", "/automation/activity", Tier::Read),
    ("GET", "/automation/repos/{owner}/{repo}", Tier::Read),
    ("GET", "/automation/workflows/{id}", Tier::Read),
    ("GET", "/webhooks", Tier::Read),
    ("GET", "/audit", Tier::Read),
    // The page that asks who you are needs its script, style and icon as well.
    ("GET", "/assets/{*file}", Tier::Public),
    ("GET", "/favicon.svg", Tier::Public),
    ("GET", "/theme.js", Tier::Public),
];

/// The only route that becomes a socket, where credentials may come in the first message.
pub const SOCKET: &str = "/graphql";

/// Whether a path template is a page for people, and not data.
pub fn is_page(template: &str) -> bool {
    let data =
        ["/api/", "/assets/", "/graphql", "/mcp", "/metrics", "/livez", "/readyz", "/cctray.xml"];
    !data.iter().any(|data| template.starts_with(data))
}

/// What [`ROUTES`] declares about a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// The route needs this tier.
    Tier(Tier),
    /// The path exists, with these methods only.
    OtherMethods(Vec<&'static str>),
}

/// What [`ROUTES`] says of a method and a path template. `HEAD` is `GET` without the body.
pub fn route(method: &str, template: &str) -> Declared {
    let method = if method == "HEAD" { "GET" } else { method };
    let methods = || ROUTES.iter().filter(|(_, path, _)| *path == template);
    if let Some((_, _, tier)) = methods().find(|(declared, _, _)| *declared == method) {
        return Declared::Tier(*tier);
    }
    let others: Vec<_> = methods().map(|(declared, _, _)| *declared).collect();
    if others.is_empty() {
        Declared::Tier(Tier::Maintainer)
    } else {
        Declared::OtherMethods(others)
    }
}

/// Which worker tokens may use a route, field or tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// Every worker token.
    Any,
    /// A worker token that is bound to an agent; the caller acts as that agent.
    Bound,
}

/// The routes that workers may request. Every other route except the public ones is denied.
pub const WORKER_ROUTES: &[(&str, &str, Workers)] = &[
    ("GET", "/api/issues", Workers::Any),
    ("GET", "/api/issues/state", Workers::Any),
    ("POST", "/api/issues/status", Workers::Bound),
    ("POST", "/api/issues/claim", Workers::Bound),
    ("POST", "/api/issues/unclaim", Workers::Bound),
    ("GET", "/api/agents/{agentName}/next-task", Workers::Bound),
    ("GET", "/api/agents/{agentName}/queue", Workers::Bound),
    ("GET", "/api/agents/{agentName}/active-work", Workers::Bound),
    ("GET", "/api/agents/{agentName}/work-summary", Workers::Bound),
    ("POST", "/api/agents/{agentName}/tasks/report", Workers::Bound),
    ("POST", "/api/agents/{agentName}/heartbeat", Workers::Bound),
    ("GET", "/api/agent-work", Workers::Bound),
    ("POST", "/api/agent-work/start", Workers::Bound),
    ("POST", "/api/agent-work/checkpoint", Workers::Bound),
    ("POST", "/api/agent-work/finish", Workers::Bound),
    ("GET", "/graphql", Workers::Any),
    ("POST", "/graphql", Workers::Any),
    ("POST", "/mcp", Workers::Any),
];

/// The GraphQL root fields that workers may select. Every other root field is denied.
pub const WORKER_FIELDS: &[(&str, &str, Workers)] = &[
    ("Query", "node", Workers::Any),
    ("Query", "board", Workers::Any),
    ("Query", "issues", Workers::Any),
    ("Query", "issue", Workers::Any),
    ("Query", "service", Workers::Any),
    ("Query", "viewer", Workers::Any),
    ("Query", "queue", Workers::Any),
    ("Query", "explainWork", Workers::Any),
    ("Query", "myWork", Workers::Bound),
    ("Mutation", "recordAgentRun", Workers::Bound),
    ("Mutation", "claimNext", Workers::Bound),
    ("Mutation", "claimIssue", Workers::Bound),
    ("Mutation", "renewLease", Workers::Bound),
    ("Mutation", "releaseLease", Workers::Bound),
    ("Mutation", "finishWork", Workers::Bound),
    ("Subscription", "boardEvents", Workers::Any),
];

/// Which fields of a GraphQL type are open to workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerReads {
    /// All fields whose type is open to workers.
    All,
    /// These fields, if their type is open to workers.
    Only(&'static [&'static str]),
}

/// The fields of a lease that workers may read; the lease may be another agent's. Messages to and
/// from the holder are private: the holder receives them when it renews the lease.
const WORKER_LEASE_FIELDS: &[&str] = &[
    "id",
    "issue",
    "agent",
    "lane",
    "fencingToken",
    "checkpoint",
    "acquiredAt",
    "renewedAt",
    "expiresAt",
    "endedAt",
    "ending",
    "outcome",
    "isHeld",
    "stopRequestedAt",
    "releaseAt",
    "awaitingInputSince",
];

/// The GraphQL types that are open to workers, however they are reached.
///
/// A worker reaches them at the root, through `node`, from an issue or in an event. Every other
/// type is denied, and so is each field that returns one. Root fields are listed in
/// [`WORKER_FIELDS`].
pub const WORKER_TYPES: &[(&str, WorkerReads)] = &[
    ("Board", WorkerReads::All),
    ("BoardColumn", WorkerReads::All),
    ("BoardEvent", WorkerReads::All),
    ("ClaimIssuePayload", WorkerReads::All),
    ("ClaimNextPayload", WorkerReads::All),
    ("Dependency", WorkerReads::All),
    ("FinishWorkPayload", WorkerReads::All),
    ("Issue", WorkerReads::All),
    ("IssueBackoff", WorkerReads::All),
    ("IssueChanged", WorkerReads::All),
    ("IssueComment", WorkerReads::All),
    ("IssueComments", WorkerReads::All),
    ("IssueConnection", WorkerReads::All),
    ("IssueEdge", WorkerReads::All),
    ("IssueMoved", WorkerReads::All),
    ("IssueRemoved", WorkerReads::All),
    ("Lease", WorkerReads::Only(WORKER_LEASE_FIELDS)),
    ("LeaseMessage", WorkerReads::All),
    ("Node", WorkerReads::All),
    ("PageInfo", WorkerReads::All),
    ("RecordAgentRunPayload", WorkerReads::All),
    ("ReleaseLeasePayload", WorkerReads::All),
    ("RenewLeasePayload", WorkerReads::All),
    ("Repository", WorkerReads::Only(&["id", "fullName", "owner", "name", "url", "enabled"])),
    ("Resync", WorkerReads::All),
    ("Service", WorkerReads::All),
    ("Viewer", WorkerReads::All),
    ("WorkExplanation", WorkerReads::All),
    // The run that a worker has just reported; lists of runs are closed.
    ("AgentRun", WorkerReads::All),
];

/// The kinds of objects that `node` returns to workers.
pub const WORKER_NODES: &[&str] = &[IssueId::PREFIX, RepositoryId::PREFIX, LeaseId::PREFIX];

/// Whether a field of a GraphQL type other than the roots is open to workers, as far as the type it
/// stands in says.
pub fn is_open_to_workers(type_name: &str, field: &str) -> bool {
    match WORKER_TYPES.iter().find(|(name, _)| *name == type_name) {
        Some((_, WorkerReads::All)) => true,
        Some((_, WorkerReads::Only(fields))) => fields.contains(&field),
        None => false,
    }
}

/// Whether a GraphQL type is open to workers.
pub fn is_type_open_to_workers(type_name: &str) -> bool {
    WORKER_TYPES.iter().any(|(name, _)| *name == type_name)
}

/// Which worker tokens may request a route; `None` if it is closed to workers.
pub fn worker_route(method: &str, template: &str) -> Option<Workers> {
    let method = if method == "HEAD" { "GET" } else { method };
    of_workers(WORKER_ROUTES, method, template)
}

/// Which worker tokens may select a GraphQL root field; `None` if it is closed to workers.
pub fn worker_field(root: &str, field: &str) -> Option<Workers> {
    of_workers(WORKER_FIELDS, root, field)
}

fn of_workers(table: &[(&str, &str, Workers)], one: &str, other: &str) -> Option<Workers> {
    let found = table.iter().find(|(first, second, _)| (*first, *second) == (one, other));
    found.map(|(_, _, workers)| *workers)
}

/// The rate limit of a program on a route: the number of requests in the number of seconds.
pub const LIMITS: &[(&str, &str, u32, u32)] = &[
    ("POST", "/api/issues/claim", 30, 10),
    ("POST", "/api/issues/unclaim", 30, 10),
    ("POST", "/api/issues/status", 30, 10),
    ("POST", "/api/issues/label", 30, 10),
    ("POST", "/api/issues/unlabel", 30, 10),
    ("POST", "/api/issues/comment", 30, 10),
    ("POST", "/api/issues/actions/decompose", 30, 10),
    ("POST", "/api/issues/{id}/lane", 30, 10),
    ("POST", "/api/agent-work", 30, 10),
    ("POST", "/api/agent-work/start", 30, 10),
    ("POST", "/api/issues/move", 60, 60),
    ("POST", "/api/sync", 30, 60),
    ("POST", "/api/automation/sync", 30, 60),
    ("POST", "/api/automation/runs/{runId}", 30, 60),
    ("POST", "/api/sync/scheduled", 30, 60),
    ("POST", "/api/issues/refresh", 10, 60),
    ("POST", "/api/issues/prune-closed", 10, 60),
    ("POST", "/api/agent-runs", 120, 60),
    // A heartbeat reads what is new in every repository.
    ("POST", "/api/agents/{agentName}/heartbeat", 60, 60),
    ("POST", "/api/agents/{agentName}/tasks/report", 60, 60),
    ("POST", "/api/agent-work/checkpoint", 120, 60),
];

/// The rate limit of a program on a route, as requests in seconds; `None` if unlimited.
pub fn limit(method: &str, template: &str) -> Option<(u32, u32)> {
    let found = LIMITS.iter().find(|(verb, path, ..)| (*verb, *path) == (method, template));
    found.map(|(_, _, times, seconds)| (*times, *seconds))
}

/// Who may call a tool, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolAccess {
    /// Its name in `tools/call`.
    pub name: &'static str,
    /// The tier that a caller needs.
    pub tier: Tier,
    /// Which worker tokens may call it; `None` if it is closed to workers.
    pub workers: Option<Workers>,
    /// The rate limit of a program, as calls in seconds; `None` if unlimited.
    pub limit: Option<(u32, u32)>,
}

const fn tool(
    name: &'static str,
    tier: Tier,
    workers: Option<Workers>,
    limit: Option<(u32, u32)>,
) -> ToolAccess {
    ToolAccess { name, tier, workers, limit }
}

/// Every tool of the MCP server. A tool that does the same as a REST route has the same limits.
pub const TOOLS: &[ToolAccess] = &[
    tool("claim_next", Tier::Agent, Some(Workers::Bound), Some((30, 10))),
    tool("claim_issue", Tier::Agent, Some(Workers::Bound), Some((30, 10))),
    tool("claim_work", Tier::Agent, Some(Workers::Bound), Some((30, 10))),
    tool("renew_lease", Tier::Agent, Some(Workers::Bound), None),
    tool("finish_work", Tier::Agent, Some(Workers::Bound), None),
    tool("unclaim_issue", Tier::Agent, Some(Workers::Bound), Some((30, 10))),
    tool("my_work", Tier::Agent, Some(Workers::Bound), None),
    tool("pause_work", Tier::Board, None, Some((30, 10))),
    tool("resume_work", Tier::Board, None, Some((30, 10))),
    tool("list_pauses", Tier::Read, None, None),
    tool("get_queue", Tier::Read, Some(Workers::Any), None),
    tool("explain_work", Tier::Read, Some(Workers::Any), None),
    tool("resolve_issue", Tier::Read, Some(Workers::Any), None),
    tool("list_issues", Tier::Read, Some(Workers::Any), None),
    tool("set_issue_status", Tier::Board, Some(Workers::Bound), Some((30, 10))),
    tool("refresh_issue", Tier::Board, None, Some((10, 60))),
    tool("sync_repo", Tier::Board, None, Some((30, 60))),
];

/// Who may call the tool of this name; `None` if there is no such tool.
pub fn tool_access(name: &str) -> Option<&'static ToolAccess> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// The tier of each GraphQL root field, by root type and field.
pub const FIELDS: &[(&str, &str, Tier)] = &[
    ("Query", "node", Tier::Read),
    ("Query", "board", Tier::Read),
    ("Query", "issues", Tier::Read),
    ("Query", "issue", Tier::Read),
    ("Query", "repositories", Tier::Read),
    ("Query", "auditLog", Tier::Read),
    ("Query", "auditOptions", Tier::Read),
    ("Query", "agentRuns", Tier::Read),
    ("Query", "queue", Tier::Read),
    ("Query", "explainWork", Tier::Read),
    ("Query", "workDecisions", Tier::Read),
    ("Query", "queueDoctor", Tier::Read),
    ("Query", "workLimits", Tier::Read),
    ("Query", "myWork", Tier::Agent),
    ("Query", "pauses", Tier::Read),
    ("Query", "labelSchemePreview", Tier::Board),
    ("Query", "overview", Tier::Read),
    ("Query", "agents", Tier::Read),
    ("Query", "projects", Tier::Read),
    ("Query", "filterOptions", Tier::Read),
    ("Query", "savedViews", Tier::Read),
    ("Query", "service", Tier::Read),
    ("Query", "viewer", Tier::Read),
    ("Query", "syncState", Tier::Read),
    ("Query", "githubBudgets", Tier::Read),
    // It names repositories that are not tracked, which not everybody may know of.
    ("Query", "webhookDeliveries", Tier::Board),
    ("Query", "webhookDeliveryCounts", Tier::Board),
    ("Query", "trackedRepositories", Tier::Read),
    ("Query", "workflow", Tier::Read),
    ("Query", "workflowRun", Tier::Read),
    ("Query", "workflowRuns", Tier::Read),
    ("Query", "activity", Tier::Read),
    ("Query", "redBranches", Tier::Read),
    ("Query", "runningAutomationSync", Tier::Read),
    ("Mutation", "moveIssue", Tier::Board),
    ("Mutation", "moveIssues", Tier::Board),
    ("Mutation", "undoMove", Tier::Board),
    ("Mutation", "assignAgent", Tier::Board),
    ("Mutation", "assignOwner", Tier::Board),
    ("Mutation", "setPriority", Tier::Board),
    // A person in the demo may; the use case decides.
    ("Mutation", "setLane", Tier::Board),
    ("Mutation", "addComment", Tier::Board),
    ("Mutation", "retryIssue", Tier::Board),
    ("Mutation", "requestStop", Tier::Board),
    ("Mutation", "withdrawStop", Tier::Board),
    ("Mutation", "sendMessage", Tier::Board),
    ("Mutation", "pauseWork", Tier::Board),
    ("Mutation", "resumeWork", Tier::Board),
    ("Mutation", "setServesPeoplesWork", Tier::Board),
    ("Mutation", "setLabelScheme", Tier::Board),
    ("Mutation", "replayWebhookDelivery", Tier::Board),
    ("Mutation", "saveView", Tier::Board),
    ("Mutation", "deleteView", Tier::Board),
    ("Mutation", "syncIssues", Tier::Board),
    ("Mutation", "syncAutomation", Tier::Board),
    ("Mutation", "rerunWorkflowRun", Tier::Board),
    ("Mutation", "rerunFailedJobs", Tier::Board),
    ("Mutation", "cancelWorkflowRun", Tier::Board),
    ("Mutation", "dispatchWorkflow", Tier::Board),
    ("Mutation", "trackRepository", Tier::Board),
    ("Mutation", "untrackRepository", Tier::Board),
    ("Mutation", "recordAgentRun", Tier::Agent),
    ("Mutation", "claimNext", Tier::Agent),
    ("Mutation", "claimIssue", Tier::Agent),
    ("Mutation", "renewLease", Tier::Agent),
    // A person in the demo may give an issue back for an agent; the use case decides.
    ("Mutation", "releaseLease", Tier::Board),
    ("Mutation", "finishWork", Tier::Agent),
    // A person in the demo may; the use case decides.
    ("Mutation", "repairWork", Tier::Board),
    ("Subscription", "boardEvents", Tier::Read),
    ("Subscription", "auditEntryAdded", Tier::Read),
    ("Subscription", "agentRunRecorded", Tier::Read),
    ("Subscription", "syncChanged", Tier::Read),
    ("Subscription", "githubBudgetsChanged", Tier::Read),
    ("Subscription", "automationEvents", Tier::Read),
    ("Subscription", "automationSyncChanged", Tier::Read),
];

/// The tier of a GraphQL root field; the highest when the table does not name it.
pub fn field_tier(root: &str, field: &str) -> Tier {
    let declared = FIELDS.iter().find(|(parent, name, _)| *parent == root && *name == field);
    declared.map_or(Tier::Maintainer, |(_, _, tier)| *tier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_not_declared_needs_the_highest_tier() {
        assert_eq!(route("GET", "/api/issues"), Declared::Tier(Tier::Read));
        assert_eq!(route("HEAD", "/api/issues"), Declared::Tier(Tier::Read));
        assert_eq!(route("PUT", "/api/repos"), Declared::OtherMethods(vec!["GET", "POST"]));
        assert_eq!(route("GET", "/api/forgotten"), Declared::Tier(Tier::Maintainer));
    }

    #[test]
    fn nothing_is_declared_twice() {
        for (index, (method, path, _)) in ROUTES.iter().enumerate() {
            let again = ROUTES[..index].iter().any(|(m, p, _)| (m, p) == (method, path));
            assert!(!again, "{method} {path} is declared twice");
        }
    }

    #[test]
    fn every_declared_route_and_field_exists() {
        let is_route = |method: &str, path: &str| {
            ROUTES.iter().any(|(m, p, tier)| (*m, *p) == (method, path) && *tier != Tier::Public)
        };
        for (method, path, _) in WORKER_ROUTES {
            assert!(is_route(method, path), "{method} {path} is open to workers and not there");
        }
        for (method, path, times, seconds) in LIMITS {
            assert!(is_route(method, path), "{method} {path} is limited and not there");
            assert!(*times > 0 && *seconds > 0);
        }
        for (root, field, _) in WORKER_FIELDS {
            assert!(FIELDS.iter().any(|(r, f, _)| (r, f) == (root, field)), "{root}.{field}");
        }
    }
}
