//! Who may ask for which root field, by the table in `domain::access`.

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};

use super::nulls::{Shapes, root_type};
use crate::domain::access::field_tier;
use crate::domain::{Actor, Tier};
use crate::service::{Error, Result};

/// Whether an actor may ask for everything at the root of an operation.
///
/// # Errors
///
/// [`Error::Unauthenticated`] to who has shown nothing, [`Error::Forbidden`] to who may not.
pub(super) fn check(
    actor: &Actor,
    shapes: &Shapes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<()> {
    let root = root_type(operation.ty);
    let mut names = Vec::new();
    root_fields(document, &operation.selection_set.node, &mut names);
    // A field that is not there is for validation to refuse.
    names.retain(|name| name.starts_with("__") || shapes.has(root, name));
    names.into_iter().try_for_each(|name| check_field(actor, root, name))
}

fn check_field(actor: &Actor, root: &str, name: &str) -> Result<()> {
    let tier = match name {
        "__typename" | "__schema" | "__type" => Tier::Read,
        _ => field_tier(root, name),
    };
    match actor {
        _ if actor.may(tier) => Ok(()),
        Actor::Anonymous => Err(Error::Unauthenticated),
        _ => {
            let who = match tier {
                Tier::Public | Tier::Read | Tier::Board => "a person",
                Tier::Agent => "an agent's token",
                Tier::Maintainer => "a maintainer",
            };
            Err(Error::Forbidden { action: format!("`{name}` needs {who}") })
        }
    }
}

/// The names of the fields at the root, those behind spreads too. Fragments do not spread
/// themselves: `limits` has looked.
fn root_fields<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    names: &mut Vec<&'a str>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => names.push(&field.node.name.node),
            Selection::InlineFragment(fragment) => {
                root_fields(document, &fragment.node.selection_set.node, names);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    root_fields(document, &fragment.node.selection_set.node, names);
                }
            }
        }
    }
}
