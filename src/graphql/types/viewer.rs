//! Who asks.

use async_graphql::{Context, Object};

use crate::domain::actor::ActorKind;
use crate::domain::{Actor, Instant, Tier};
use crate::graphql::loaders::app;
use crate::service::allows;

/// Who asks, and what they may do here.
#[derive(Debug)]
pub(in crate::graphql) struct Viewer(pub(in crate::graphql) Actor);

/// Who asks, and what they may do here.
#[Object]
impl Viewer {
    /// What kind of caller they are.
    async fn kind(&self) -> ActorKind {
        self.0.kind()
    }

    /// What the audit log and the events call them: the name they signed in with; `user` for a
    /// person who has not signed in.
    async fn name(&self) -> &str {
        self.0.name()
    }

    /// Whether they may do what people do on the board: moves, assignment, priority, comments,
    /// saved views, tracking, syncs.
    async fn can_change_board(&self, context: &Context<'_>) -> bool {
        allows(app(context), &self.0, Tier::Board)
    }

    /// Whether they may do what maintainers do: take an issue from its holder, put right what the
    /// queue's doctor found.
    async fn can_maintain(&self, context: &Context<'_>) -> bool {
        allows(app(context), &self.0, Tier::Maintainer)
    }

    /// Whether they may sign in at `POST /api/session`: nobody has yet and it opens something, signing in is possible in
    /// this mode (`open` and `read-only`), and there is a token to do it with.
    async fn can_sign_in(&self, context: &Context<'_>) -> bool {
        let auth = &app(context).config.auth;
        let is_unknown = matches!(self.0, Actor::Person { .. } | Actor::Visitor);
        let has_use = is_unknown && !allows(app(context), &self.0, Tier::Maintainer);
        has_use && auth.has_sign_in() && auth.sign_in_tokens().next().is_some()
    }

    /// When they have to sign in again; null for whoever has not signed in on the page.
    async fn signed_in_until(&self) -> Option<Instant> {
        match &self.0 {
            Actor::Operator { signed_in_until, .. } => signed_in_until.map(Instant),
            _ => None,
        }
    }
}
