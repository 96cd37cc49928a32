//! Who is acting. The middleware authenticates the caller; use cases record it.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use super::bounds::is_invisible;
use super::label_names::is_same;
use super::sql_enum::text_enum;
use super::tier::Tier;

text_enum! {
    /// The kind of caller that did something.
    #[derive(async_graphql::Enum)]
    ActorKind,
    /// A caller in a browser or a shell that is not authenticated.
    Person = "person",
    /// A person who signed in, or any caller without a token where authentication is disabled.
    Operator = "operator",
    /// A program with a token that allows everything.
    Agent = "agent",
    /// A program with a worker token.
    Worker = "worker",
    /// Dispatch itself.
    System = "system",
    /// GitHub: a change that a sync found.
    Github = "github",
}

/// Who did something, as it is recorded: the name alone proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorRef<'a> {
    /// What kind of caller it was.
    pub kind: ActorKind,
    /// What it is called.
    pub name: &'a str,
}

/// Names that stand for a kind of caller, so no caller may have them.
pub const RESERVED_NAMES: [&str; 5] = ["github", "system", "user", "operator", "dispatch"];

/// Whether a name equals, or looks like, one of [`RESERVED_NAMES`].
///
/// The comparison ignores case, a leading `agent/`, spaces, invisible characters and accents, and
/// treats letters that Unicode calls confusable as equal.
pub fn is_reserved(name: &str) -> bool {
    static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let in_each_case = |word: &&str| [word.to_string(), word.to_uppercase()];
        RESERVED_NAMES.iter().flat_map(in_each_case).flat_map(|word| looks(&word)).collect()
    });
    looks(name).iter().any(|look| {
        let bare = look.trim_start_matches("agent/");
        WORDS.contains(bare)
    })
}

/// The skeleton of a name by Unicode's rules for confusables: of the name as it is and of its lower
/// case, because letters may look alike in one case only.
fn looks(name: &str) -> [String; 2] {
    let is_seen = |c: &char| !c.is_whitespace() && !is_invisible(*c) && !is_combining_mark(*c);
    let bare: String = name.nfkd().filter(is_seen).collect();
    let look_of = |text: &str| -> String {
        let look: String = skeleton(text).nfkd().filter(is_seen).collect();
        skeleton(&look.to_lowercase()).filter(is_seen).collect()
    };
    [look_of(&bare), look_of(&bare.to_lowercase())]
}

/// Why a reserved name is rejected, as the end of a sentence.
pub fn reserved_reason() -> String {
    let words = RESERVED_NAMES.join(", ");
    format!("must be no reserved word ({words}) and not look like one")
}

/// The refusal of a worker token that is bound to no agent and names one.
pub const NOT_BOUND: &str = "Worker token is not bound to an agent; configure DISPATCH_WORKER_TOKENS as \"agent:token\" pairs";

/// The name of a program that gives none.
pub const UNNAMED: &str = "agent";

/// The caller on whose behalf something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An unauthenticated caller in a browser or a shell, where authentication is disabled.
    Person {
        /// `user`.
        name: String,
    },
    /// A caller who has not signed in and may only read.
    Visitor,
    /// A person who signed in, or any caller where authentication is disabled.
    Operator {
        /// The name they signed in with; `operator` where authentication is disabled.
        name: String,
        /// When the session expires; `None` for callers without a session.
        signed_in_until: Option<DateTime<Utc>>,
    },
    /// A program with a token.
    Agent {
        /// The name that it gave; `agent` if it gave none.
        name: String,
        /// The kind of its token.
        token: TokenKind,
    },
    /// A program with a worker token, whose permissions are limited.
    Worker {
        /// The agent to which the token is bound; otherwise the name that it gave, or `agent`.
        name: String,
        /// Whether the token is bound to the agent of that name.
        is_bound: bool,
    },
    /// A caller without credentials where they are required.
    Anonymous,
    /// Dispatch itself: repairs and timers.
    System,
    /// GitHub: a change that a sync found.
    GitHub,
}

/// The token of a program with full permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `DISPATCH_AGENT_TOKEN`.
    Agent,
    /// `DISPATCH_MAINTAINER_TOKEN`.
    Maintainer,
}

impl Actor {
    /// What identifies the actor: idempotency keys belong to it and rate limits count by it. It is
    /// never made of a name that the caller chose, except for people who signed in on the page, who
    /// may do everything under any name.
    pub fn credential(&self) -> String {
        let setting = match self {
            Self::Person { .. } => "person",
            Self::Operator { name, .. } => return format!("operator {name}"),
            Self::Agent { token: TokenKind::Agent, .. } => "DISPATCH_AGENT_TOKEN",
            Self::Agent { token: TokenKind::Maintainer, .. } => "DISPATCH_MAINTAINER_TOKEN",
            Self::Worker { name, is_bound: true } => {
                return format!("DISPATCH_WORKER_TOKENS {name}");
            }
            Self::Worker { is_bound: false, .. } => "DISPATCH_WORKER_TOKEN",
            Self::Visitor => "visitor",
            Self::Anonymous => "anonymous",
            Self::System => "system",
            Self::GitHub => "github",
        };
        setting.to_owned()
    }

    /// What kind of caller the actor is.
    pub fn kind(&self) -> ActorKind {
        match self {
            Self::Person { .. } | Self::Visitor | Self::Anonymous => ActorKind::Person,
            Self::Operator { .. } => ActorKind::Operator,
            Self::Agent { .. } => ActorKind::Agent,
            Self::Worker { .. } => ActorKind::Worker,
            Self::System => ActorKind::System,
            Self::GitHub => ActorKind::Github,
        }
    }

    /// The actor as it is recorded.
    pub fn actor_ref(&self) -> ActorRef<'_> {
        ActorRef { kind: self.kind(), name: self.name() }
    }

    /// The name that the audit log and the events carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name }
            | Self::Operator { name, .. }
            | Self::Agent { name, .. }
            | Self::Worker { name, .. } => name,
            Self::Visitor => "visitor",
            Self::Anonymous => "anonymous",
            Self::System => "system",
            Self::GitHub => "github",
        }
    }

    /// Checks that the actor may act in an agent's name.
    ///
    /// # Errors
    ///
    /// A sentence, for a worker whose token is bound to another agent or to none.
    pub fn check_acts_for(&self, agent: &str) -> Result<(), String> {
        match self {
            Self::Worker { is_bound: false, .. } => Err(NOT_BOUND.to_owned()),
            Self::Worker { name, .. } if !is_same(name, agent) => Err(format!(
                "Worker token is bound to agent \"{name}\" and may not act for \"{agent}\""
            )),
            _ => Ok(()),
        }
    }

    /// The same actor, with the name of the agent for which it acts if it gave no name of its own.
    #[must_use]
    pub fn acting_for(&self, agent: &str) -> Self {
        match self {
            Self::Agent { name, token } if name == UNNAMED => {
                Self::Agent { name: agent.to_owned(), token: *token }
            }
            other => other.clone(),
        }
    }

    /// The agent that acts; `None` if the caller gave no name.
    pub fn agent(&self) -> Option<String> {
        match self {
            Self::Agent { name, .. } if name != UNNAMED => Some(name.clone()),
            Self::Worker { name, is_bound: true } => Some(name.clone()),
            _ => None,
        }
    }

    /// Whether the actor has the permissions of a tier. The tables of `access` say what a worker
    /// may do in addition to reading.
    pub fn may(&self, tier: Tier) -> bool {
        match self {
            Self::Anonymous => tier == Tier::Public,
            Self::Visitor | Self::Worker { .. } => tier <= Tier::Read,
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
        assert_eq!(allowed(&Actor::Visitor), [true, true, false, false, false]);
        assert_eq!(allowed(&Actor::Operator { name: name(), signed_in_until: None }), [true; 5]);
        assert_eq!(allowed(&Actor::Agent { name: name(), token: TokenKind::Agent }), [true; 5]);
        let worker = Actor::Worker { name: name(), is_bound: true };
        assert_eq!(allowed(&worker), [true, true, false, false, false]);
    }

    #[test]
    fn a_reserved_word_is_nobodys_name_however_it_is_spelled() {
        for word in RESERVED_NAMES {
            let fullwidth: String =
                word.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
            for name in [
                word.to_owned(),
                word.to_uppercase(),
                format!(" {word}\t"),
                format!("agent/{word}"),
                format!("{}\u{200b}{}", &word[..2], &word[2..]),
                format!("\u{202e}{word}"),
                format!("{word}\u{301}"),
                word.replace('o', "о").replace('e', "е").replace('s', "ѕ").replace('i', "і"),
                fullwidth,
            ] {
                assert!(is_reserved(&name), "{name:?} passed");
            }
        }
        for name in [
            "SYSTE\u{39c}",
            "GITHU\u{412}",
            "GIT\u{41d}UB",
            "DISPATC\u{397}",
            "US\u{395}R",
            "us\u{180b}er",
            "us\u{1bca0}er",
            "us\u{fff0}er",
            "us\u{2800}er",
            "us\u{fe0f}er",
            "𝗎𝗌𝖾𝗋",
            "𝚞𝚜𝚎𝚛",
            "ⓢⓨⓢⓣⓔⓜ",
            "uſer",
            "śystem",
            "ůser",
            "ġithub",
            "օperator",
            "agent/agent/system",
            "Agent/ user",
        ] {
            assert!(is_reserved(name), "{name:?} passed");
        }
        for name in ["", "agent", "alpha", "github-bot", "users", "my system", "dispatcher", "ж"] {
            assert!(!is_reserved(name), "{name:?} is refused");
        }
    }

    #[test]
    fn a_worker_acts_for_its_own_agent_only() {
        let worker = |is_bound| Actor::Worker { name: "alpha".to_owned(), is_bound };
        assert_eq!(worker(true).check_acts_for("alpha"), Ok(()));
        assert_eq!(worker(true).check_acts_for("Alpha"), Ok(()), "the same agent");
        let refusal = worker(true).check_acts_for("beta").expect_err("another's");
        assert_eq!(
            refusal,
            "Worker token is bound to agent \"alpha\" and may not act for \"beta\""
        );
        assert_eq!(worker(false).check_acts_for("alpha"), Err(NOT_BOUND.to_owned()));
        let program = |name: &str| Actor::Agent { name: name.to_owned(), token: TokenKind::Agent };
        assert_eq!(program("alpha").check_acts_for("beta"), Ok(()));
        let (unnamed, other) = (program(UNNAMED), Actor::System);
        assert_eq!(unnamed.acting_for("alpha").name(), "alpha");
        assert_eq!(unnamed.acting_for("alpha").acting_for("beta").name(), "alpha");
        assert_eq!(other.acting_for("alpha"), other);
    }
}
