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

/// The tier of each REST route and page, by method and the router's own path template.
pub const ROUTES: &[(&str, &str, Tier)] = &[];

/// The tier of each GraphQL root field, by root type and field.
pub const FIELDS: &[(&str, &str, Tier)] = &[
    ("Query", "node", Tier::Read),
    ("Query", "board", Tier::Read),
    ("Query", "issues", Tier::Read),
    ("Query", "issue", Tier::Read),
    ("Query", "repositories", Tier::Read),
    ("Query", "auditLog", Tier::Read),
    ("Query", "agentRuns", Tier::Read),
    ("Query", "service", Tier::Read),
    ("Mutation", "moveIssue", Tier::Board),
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
