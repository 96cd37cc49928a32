//! Who may do what: every route and every GraphQL root field with its tier, in one table.
//!
//! The doors look a caller's [`Tier`] up here before anything else happens; what the table does not
//! name needs the highest tier. A test walks the router and the schema against it, so nothing is
//! reachable that is not declared.

/// What a caller must be allowed to. Each tier includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Open to everybody in every mode.
    Public,
    /// Reading the board, the records and their streams.
    Read,
    /// What a person does on the board: moves, tracking, syncs.
    Board,
    /// What an agent does: reporting runs. Needs the agent's token, or a signed-in person where
    /// signing in is configured.
    Agent,
    /// Everything else.
    Maintainer,
}

/// The tier of each REST route and page, by method and the router's own path template. A method
/// that a path is not listed with is not served.
pub const ROUTES: &[(&str, &str, Tier)] = &[
    ("GET", "/livez", Tier::Public),
    ("GET", "/readyz", Tier::Public),
    ("GET", "/api/health", Tier::Public),
    ("GET", "/api/openapi.json", Tier::Read),
    ("GET", "/api/issues", Tier::Read),
    ("GET", "/api/issues/state", Tier::Read),
    ("POST", "/api/issues/move", Tier::Board),
    ("POST", "/api/issues/status", Tier::Board),
    ("POST", "/api/issues/comment", Tier::Board),
    ("POST", "/api/issues/refresh", Tier::Board),
    ("POST", "/api/sync", Tier::Board),
    ("GET", "/api/repos", Tier::Read),
    ("POST", "/api/repos", Tier::Board),
    ("GET", "/api/automation/repos", Tier::Read),
    ("POST", "/api/automation/repos", Tier::Board),
    ("GET", "/api/automation/repos/tracked", Tier::Read),
    ("DELETE", "/api/automation/repos/{owner}", Tier::Board),
    ("DELETE", "/api/automation/repos/{owner}/{repo}", Tier::Board),
    ("GET", "/api/agent-runs", Tier::Read),
    ("POST", "/api/agent-runs", Tier::Agent),
    ("GET", "/api/audit", Tier::Read),
    ("GET", "/graphql", Tier::Read),
    ("POST", "/graphql", Tier::Read),
    ("GET", "/graphiql", Tier::Read),
    ("GET", "/", Tier::Read),
    ("GET", "/board", Tier::Read),
    ("GET", "/projects", Tier::Read),
    ("GET", "/agents", Tier::Read),
    ("GET", "/audit", Tier::Read),
    // The page that asks who you are needs its script, style and icon as well.
    ("GET", "/assets/{*file}", Tier::Public),
    ("GET", "/favicon.svg", Tier::Public),
    ("GET", "/theme.js", Tier::Public),
];

/// What the table says of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// The route needs this tier.
    Tier(Tier),
    /// The path is there, with these methods only.
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

/// The tier of each GraphQL root field, by root type and field.
pub const FIELDS: &[(&str, &str, Tier)] = &[
    ("Query", "node", Tier::Read),
    ("Query", "board", Tier::Read),
    ("Query", "issues", Tier::Read),
    ("Query", "issue", Tier::Read),
    ("Query", "repositories", Tier::Read),
    ("Query", "auditLog", Tier::Read),
    ("Query", "agentRuns", Tier::Read),
    ("Query", "overview", Tier::Read),
    ("Query", "agents", Tier::Read),
    ("Query", "projects", Tier::Read),
    ("Query", "filterOptions", Tier::Read),
    ("Query", "savedViews", Tier::Read),
    ("Query", "service", Tier::Read),
    ("Mutation", "moveIssue", Tier::Board),
    ("Mutation", "moveIssues", Tier::Board),
    ("Mutation", "undoMove", Tier::Board),
    ("Mutation", "assignAgent", Tier::Board),
    ("Mutation", "assignOwner", Tier::Board),
    ("Mutation", "setPriority", Tier::Board),
    ("Mutation", "addComment", Tier::Board),
    ("Mutation", "saveView", Tier::Board),
    ("Mutation", "deleteView", Tier::Board),
    ("Mutation", "syncIssues", Tier::Board),
    ("Mutation", "trackRepository", Tier::Board),
    ("Mutation", "untrackRepository", Tier::Board),
    ("Mutation", "recordAgentRun", Tier::Agent),
    ("Subscription", "boardEvents", Tier::Read),
    ("Subscription", "auditEntryAdded", Tier::Read),
    ("Subscription", "agentRunRecorded", Tier::Read),
];

/// The tier of a GraphQL root field; the highest when the table does not name it.
pub fn field_tier(root: &str, field: &str) -> Tier {
    let declared = FIELDS.iter().find(|(of, name, _)| *of == root && *name == field);
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
}
