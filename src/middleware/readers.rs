//! Handlers reach their state together with who asks, or not at all.
//!
//! The middleware lets nobody in who has shown too little. This is the second check behind it: a
//! router's state lies in [`Protected`], whose content only two extractors give out. [`Reader`]
//! needs a known caller; [`Public`] needs nobody, and is for what is open to everybody.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::domain::{Actor, Tier};
use crate::service::Error;

/// A router's state that handlers get from [`Reader`] or [`Public`] alone.
#[derive(Debug, Clone)]
pub struct Protected<S>(S);

impl<S> Protected<S> {
    /// Protects a state.
    pub fn new(state: S) -> Self {
        Self(state)
    }
}

/// The state, and who asks: somebody who may read at least.
#[derive(Debug, Clone)]
pub struct Reader<S> {
    /// The router's state.
    pub state: S,
    /// Who asks.
    pub actor: Actor,
}

/// The state, for whoever asks.
#[derive(Debug, Clone)]
pub struct Public<S>(pub S);

impl<S: Clone + Send + Sync> FromRequestParts<Protected<S>> for Reader<S> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        Protected(state): &Protected<S>,
    ) -> Result<Self, Problem> {
        match parts.extensions.get::<Actor>() {
            Some(actor) if may_read(actor) => {
                Ok(Self { state: state.clone(), actor: actor.clone() })
            }
            _ => Err(Error::Unauthenticated.into()),
        }
    }
}

/// Which routes a worker may read, the table says.
fn may_read(actor: &Actor) -> bool {
    actor.may(Tier::Read)
}

impl<S: Clone + Send + Sync> FromRequestParts<Protected<S>> for Public<S> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        _: &mut Parts,
        Protected(state): &Protected<S>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(state.clone()))
    }
}
