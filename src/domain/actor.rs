//! Who is acting. Doors find this out; use cases record it.

use super::access::Tier;

/// The one on whose behalf something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at a browser or a shell, where nobody signs in.
    Person {
        /// `user`.
        name: String,
    },
    /// Somebody who signed in, or anybody where that is switched off.
    Operator {
        /// The name they signed in with; `operator` where signing in is switched off.
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
            Self::Person { name } | Self::Operator { name } | Self::Agent { name } => name,
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
            Self::Operator { .. } | Self::Agent { .. } | Self::System | Self::GitHub => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_open_to_who_has_shown_enough() {
        let name = || "sam".to_owned();
        let allowed = |actor: &Actor| {
            [Tier::Public, Tier::Read, Tier::Board, Tier::Agent, Tier::Maintainer]
                .map(|tier| actor.may(tier))
        };
        assert_eq!(allowed(&Actor::Anonymous), [true, false, false, false, false]);
        assert_eq!(allowed(&Actor::Person { name: name() }), [true, true, true, false, false]);
        assert_eq!(allowed(&Actor::Operator { name: name() }), [true; 5]);
        assert_eq!(allowed(&Actor::Agent { name: name() }), [true; 5]);
    }
}
