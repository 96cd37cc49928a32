//! Idempotency keys, as they are stored.
//!
//! A caller's key belongs to the credential and the agent that used it, so no caller can use a key
//! of another one. The owner is stored with the key and is never taken from the request.

use super::actor::Actor;
use super::ids::LeaseId;

/// Replaces the credential in keys that were stored before keys contained one.
const EARLIER: &str = "earlier";

/// Replaces the credential in keys that Dispatch makes itself. No credential has this name.
const LEASE: &str = "lease";

/// A caller's key with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedKey {
    /// The stored form.
    pub stored: String,
    /// The form that an earlier version stored, without the credential.
    pub earlier: String,
}

impl OwnedKey {
    /// The key that an actor gave to a request on behalf of an agent.
    pub fn new(actor: &Actor, agent: &str, key: &str) -> Self {
        let credential = actor.credential();
        Self { stored: joined(&credential, agent, key), earlier: joined(EARLIER, agent, key) }
    }

    /// Every form under which a request with this key may have been stored.
    pub fn forms(&self) -> [&str; 2] {
        [&self.stored, &self.earlier]
    }
}

/// The key of the run that the end of a lease records.
pub fn lease_key(agent: &str, lease: LeaseId) -> String {
    joined(LEASE, agent, &lease.to_string())
}

/// The parts as a JSON array, so that no part can contain a separator. The migration that gave keys
/// their owners writes the same form.
fn joined(credential: &str, agent: &str, key: &str) -> String {
    serde_json::json!([credential, agent.to_lowercase(), key]).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::actor::TokenKind;
    use super::super::ids::IssueId;
    use super::*;

    #[test]
    fn no_two_owners_share_a_key() {
        let program = |name: &str, token| Actor::Agent { name: name.to_owned(), token };
        let worker = |name: &str, is_bound| Actor::Worker { name: name.to_owned(), is_bound };
        let operator =
            |name: &str| Actor::Operator { name: name.to_owned(), signed_in_until: None };
        let actors = [
            program("alpha", TokenKind::Agent),
            program("alpha", TokenKind::Maintainer),
            worker("alpha", true),
            worker("beta", true),
            worker("alpha", false),
            operator("alpha"),
            operator("sam"),
            Actor::Person { name: "alpha".to_owned() },
            Actor::System,
        ];
        let lease = LeaseId { issue: IssueId(1), token: 2 };
        let mut keys = vec![lease_key("alpha", lease), lease_key("beta", lease)];
        for actor in &actors {
            for agent in ["alpha", "beta", r#"alpha","x"#] {
                for key in ["x", r#"x","x"#, &lease.to_string()] {
                    keys.push(OwnedKey::new(actor, agent, key).stored);
                }
            }
        }
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn an_agent_is_the_same_in_any_case_and_a_key_is_not() {
        let of = |agent, key| OwnedKey::new(&Actor::System, agent, key);
        assert_eq!(of("Alpha", "k"), of("alpha", "k"));
        assert_ne!(of("alpha", "K"), of("alpha", "k"));
        assert_eq!(of("Alpha", "k").earlier, r#"["earlier","alpha","k"]"#);
    }
}
