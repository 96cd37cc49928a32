//! The caller.

use async_graphql::{Context, Object};

use crate::domain::actor::ActorKind;
use crate::domain::{Actor, Tier, Timestamp};
use crate::graphql::loaders::app;
use crate::service::allows;

/// The caller and its permissions.
#[derive(Debug)]
pub(in crate::graphql) struct Viewer(pub(in crate::graphql) Actor);

/// The caller and its permissions.
#[Object]
impl Viewer {
    /// The kind of caller.
    async fn kind(&self) -> ActorKind {
        self.0.kind()
    }

    /// The caller's name in the audit log and in events: the name used to sign in; `user` for a
    /// person who has not signed in.
    async fn name(&self) -> &str {
        self.0.name()
    }

    /// Whether the caller may change the board: moves, assignment, priority, comments, saved views,
    /// tracked repositories, syncs.
    async fn can_change_board(&self, context: &Context<'_>) -> bool {
        allows(app(context), &self.0, Tier::Board)
    }

    /// Whether the caller may do what maintainers do: take an issue from its holder, repair
    /// inconsistencies that `queueDoctor` found.
    async fn can_maintain(&self, context: &Context<'_>) -> bool {
        allows(app(context), &self.0, Tier::Maintainer)
    }

    /// Whether the caller can sign in at `POST /api/session`: the caller has not signed in, signing
    /// in would give more permissions, the authentication mode allows it (`open` and `read-only`),
    /// and a token for it is configured.
    async fn can_sign_in(&self, context: &Context<'_>) -> bool {
        let auth = &app(context).config.auth;
        let is_unknown = matches!(self.0, Actor::Person { .. } | Actor::Visitor);
        let has_use = is_unknown && !allows(app(context), &self.0, Tier::Maintainer);
        has_use && auth.has_sign_in() && auth.sign_in_tokens().next().is_some()
    }

    /// When the caller must sign in again; null for a caller that has not signed in on the page.
    async fn signed_in_until(&self) -> Option<Timestamp> {
        match &self.0 {
            Actor::Operator { signed_in_until, .. } => signed_in_until.map(Timestamp),
            _ => None,
        }
    }
}
