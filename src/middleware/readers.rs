//! Gives handlers their state only together with an authenticated caller.
//!
//! The middleware already denies callers without permission. This is a second check: a router's
//! state is wrapped in [`Protected`], and only two extractors unwrap it. [`Reader`] needs a known
//! caller; [`Public`] does not, and is for what is open to everybody.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::domain::{Actor, Tier};
use crate::service::Error;

/// A router's state, accessible through [`Reader`] and [`Public`] only.
#[derive(Debug, Clone)]
pub struct Protected<S>(S);

impl<S> Protected<S> {
    /// Wraps a state.
    pub fn new(state: S) -> Self {
        Self(state)
    }
}

/// The state and the caller, who may at least read.
#[derive(Debug, Clone)]
pub struct Reader<S> {
    /// The router's state.
    pub state: S,
    /// The caller.
    pub actor: Actor,
}

/// The state, for any caller.
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

/// Whether the permissions table lets a worker read.
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
