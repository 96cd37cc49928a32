//! The tiers of permissions.

/// What a caller may do. Each tier includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Open to every caller, in every mode.
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
