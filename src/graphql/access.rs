//! Authorization: who may request which root fields and types, by the tables in `middleware::access`.

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};

use super::document::root_fields;
use super::null_propagation::{Shapes, named, root_type};
use crate::domain::actor::NOT_BOUND;
use crate::domain::{Actor, Tier};
use crate::middleware::access::{
    Workers, field_tier, is_open_to_workers, is_type_open_to_workers, worker_field,
};
use crate::service::{Error, Result};

/// Checks that an actor may select every root field of an operation, and that a worker may select
/// everything below it.
///
/// # Errors
///
/// [`Error::Unauthenticated`] for a caller without credentials, [`Error::Forbidden`] for one
/// without the permission.
pub(super) fn check(
    actor: &Actor,
    shapes: &Shapes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<()> {
    let root = root_type(operation.ty);
    let names = root_fields(document, operation).into_iter().map(|field| field.name.node.as_str());
    // Validation rejects a field that does not exist.
    names
        .filter(|name| name.starts_with("__") || shapes.has(root, name))
        .try_for_each(|name| check_field(actor, root, name))?;
    match actor {
        Actor::Worker { .. } => check_below(shapes, document, root, &operation.selection_set.node),
        _ => Ok(()),
    }
}

/// Whether a selection set contains only what is open to workers. Fragments must not spread
/// themselves; `limits` checks that.
fn check_below(
    shapes: &Shapes,
    document: &ExecutableDocument,
    type_name: &str,
    set: &SelectionSet,
) -> Result<()> {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                let (name, field) = (field.node.name.node.as_str(), &field.node);
                // Validation rejects what does not exist.
                let Some(shape) = shapes.field(type_name, name) else { continue };
                let inside = named(shape);
                // A field with a selection set is checked by its subfields.
                let has_parts = !field.selection_set.node.items.is_empty();
                let is_open = (is_root(type_name) || is_open_to_workers(type_name, name))
                    && (!has_parts || is_type_open_to_workers(inside));
                if !is_open {
                    return Err(closed(&format!("{type_name}.{name}")));
                }
                check_below(shapes, document, inside, &field.selection_set.node)?;
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let type_name =
                    condition.map_or(type_name, |condition| condition.node.on.node.as_str());
                check_below(shapes, document, type_name, &fragment.node.selection_set.node)?;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node);
                let Some(fragment) = fragment.map(|fragment| &fragment.node) else { continue };
                let type_name = fragment.type_condition.node.on.node.as_str();
                check_below(shapes, document, type_name, &fragment.selection_set.node)?;
            }
        }
    }
    Ok(())
}

fn is_root(type_name: &str) -> bool {
    matches!(type_name, "Query" | "Mutation" | "Subscription")
}

fn closed(what: &str) -> Error {
    Error::Forbidden { action: format!("`{what}` is closed to worker tokens") }
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
            None => Err(closed(name)),
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
