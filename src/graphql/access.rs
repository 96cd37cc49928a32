//! Who may ask for which root field, by the table in `domain::access`.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};

use super::document::root_fields;
use super::nulls::{Shapes, root_type};
use crate::domain::access::{Workers, field_tier, worker_field};
use crate::domain::actor::NOT_BOUND;
use crate::domain::{Actor, Tier};
use crate::service::{Error, Result};

/// Whether an actor may ask for everything at the root of an operation.
///
/// # Errors
///
/// [`Error::Unauthenticated`] to who has shown no credentials, [`Error::Forbidden`] to who may not.
pub(super) fn check(
    actor: &Actor,
    shapes: &Shapes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<()> {
    let root = root_type(operation.ty);
    let names = root_fields(document, operation).into_iter().map(|field| field.name.node.as_str());
    // A field that is not there is for validation to refuse.
    names
        .filter(|name| name.starts_with("__") || shapes.has(root, name))
        .try_for_each(|name| check_field(actor, root, name))
}

fn check_field(actor: &Actor, root: &str, name: &str) -> Result<()> {
    let tier = match name {
        "__typename" | "__schema" | "__type" => Tier::Read,
        _ => field_tier(root, name),
    };
    if let Actor::Worker { is_bound, .. } = actor {
        return match worker_field(root, name) {
            Some(Workers::Bound) if !is_bound => {
                Err(Error::Forbidden { action: NOT_BOUND.to_owned() })
            }
            Some(_) => Ok(()),
            None if tier == Tier::Read && name.starts_with("__") => Ok(()),
            None => {
                Err(Error::Forbidden { action: format!("`{name}` is closed to worker tokens") })
            }
        };
    }
    if actor.may(tier) {
        return Ok(());
    }
    let who = match tier {
        Tier::Public | Tier::Read | Tier::Board => "a person",
        Tier::Agent => "an agent's token",
        Tier::Maintainer => "a maintainer",
    };
    Err(Error::denied(actor, format!("`{name}` needs {who}")))
}
