//! Selections of objects whose fields are all known: their results are built at once, without a task for
//! each field.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value};

use crate::domain::Timestamp;

/// The result of a selection, in its order.
pub(super) type ResponseObject = IndexMap<Name, Value>;

/// The fragments of a document, by name.
pub(super) type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// What an item of a selection resolves to on an object.
pub(super) enum ResolvedSelection<'a> {
    Field(&'a Field),
    /// The selection of a fragment that applies to the object.
    Set(&'a SelectionSet),
    Nothing,
}

/// Resolves an item of a selection on an object of a type.
pub(super) fn resolved<'a>(
    fragments: &'a Fragments,
    selection: &'a Selection,
    of: &str,
) -> ResolvedSelection<'a> {
    let (condition, set) = match selection {
        Selection::Field(field) => return ResolvedSelection::Field(&field.node),
        Selection::InlineFragment(fragment) => {
            (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
        }
        Selection::FragmentSpread(spread) => match fragments.get(&spread.node.fragment_name.node) {
            Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set),
            None => return ResolvedSelection::Nothing,
        },
    };
    let is_for_it = condition.is_none_or(|condition| {
        let name = condition.node.on.node.as_str();
        name == of || name == "Node"
    });
    if is_for_it { ResolvedSelection::Set(&set.node) } else { ResolvedSelection::Nothing }
}

/// Adds the selected fields of an object to the result, none of which has a selection; `None` if one of
/// them is not known. `value` returns a field's value by its name.
pub(super) fn put_fields(
    (fragments, of): (&Fragments, &str),
    set: &SelectionSet,
    answer: &mut ResponseObject,
    value: &dyn Fn(&str) -> Option<Value>,
) -> Option<()> {
    for item in &set.items {
        match resolved(fragments, &item.node, of) {
            ResolvedSelection::Field(field) => {
                let value = match field.name.node.as_str() {
                    "__typename" => of.into(),
                    name => value(name)?,
                };
                answer.insert(field.response_key().node.clone(), value);
            }
            ResolvedSelection::Set(set) => put_fields((fragments, of), set, answer, value)?,
            ResolvedSelection::Nothing => {}
        }
    }
    Some(())
}

/// A text, or null.
pub(super) fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

/// A time as a scalar.
pub(super) fn timestamp(at: Timestamp) -> Value {
    Value::String(at.to_string())
}
