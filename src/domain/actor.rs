//! Who is acting. Doors find this out; use cases record it.

use super::access::Tier;

/// The one on whose behalf something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at a browser or a shell.
    Person {
        /// The name they signed in with; `user` where nobody signs in, `operator` where signing in
        /// is switched off.
        name: String,
    },
    /// A program with a token.
    Agent {
        /// The name it gave; `agent` when it gave none.
        name: String,
    },
    /// A caller who has shown nothing where something must be shown.
    Anonymous,
    /// Dispatch itself: repairs and timers.
    System,
    /// GitHub: what a sync found.
    GitHub,
}

impl Actor {
    /// The name that the audit log and the events carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name } | Self::Agent { name } => name,
            Self::Anonymous => "anonymous",
            Self::System => "system",
            Self::GitHub => "github",
        }
    }

    /// Whether the actor may do what a tier protects.
    pub fn may(&self, tier: Tier) -> bool {
        match self {
            Self::Anonymous => tier == Tier::Public,
            Self::Person { .. } => tier <= Tier::Board,
            Self::Agent { .. } | Self::System | Self::GitHub => true,
        }
    }
}
