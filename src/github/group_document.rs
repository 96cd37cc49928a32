//! A document that asks what another asks, for several members of a group: each one's fields have
//! aliases, and each one's variables have names of their own.

use std::fmt::Display;

use graphql_parser::query::{
    Definition, Directive, Document, OperationDefinition, Selection, SelectionSet,
    Value as Argument, VariableDefinition, parse_query,
};
use serde_json::{Map, Value};

use super::error::Error;

/// The name of something of one member of a group.
pub(super) fn name_of(name: impl Display, at: usize) -> String {
    format!("{name}_{at}")
}

/// The variables of all members of a group.
pub(super) fn numbered(all: Vec<Map<String, Value>>) -> Map<String, Value> {
    let of_one = |(at, variables): (usize, Map<String, Value>)| {
        variables.into_iter().map(move |(name, value)| (name_of(name, at), value))
    };
    all.into_iter().enumerate().flat_map(of_one).collect()
}

/// A document that asks what `text` asks, for `many` members of a group. `rateLimit` is asked once.
pub(super) fn document(text: &str, many: usize) -> Result<String, Error> {
    let unreadable = |reason: &dyn Display| Error::Refused {
        status: 422,
        message: format!("a document of Dispatch is invalid: {reason}"),
        is_forbidden: false,
    };
    let mut document: Document<'_, String> =
        parse_query(text).map_err(|error| unreadable(&error))?;
    for definition in &mut document.definitions {
        let (variables, fields) = match definition {
            Definition::Operation(OperationDefinition::Query(query)) => {
                (&mut query.variable_definitions, &mut query.selection_set)
            }
            Definition::Operation(OperationDefinition::Mutation(mutation)) => {
                (&mut mutation.variable_definitions, &mut mutation.selection_set)
            }
            _ => continue,
        };
        let numbers = || 0..many;
        *variables =
            numbers().flat_map(|at| variables.iter().map(move |one| variable(one, at))).collect();
        let mut shared = fields.items.clone();
        shared.retain(is_rate_limit);
        let own: Vec<_> = fields.items.drain(..).filter(|item| !is_rate_limit(item)).collect();
        let all = numbers().flat_map(|at| own.iter().map(move |item| (at, item.clone())));
        let all = all.map(|(at, mut item)| {
            if let Selection::Field(field) = &mut item {
                field.alias = Some(name_of(field.alias.as_ref().unwrap_or(&field.name), at));
            }
            rename_in_selection(&mut item, at);
            item
        });
        fields.items = shared.into_iter().chain(all).collect();
    }
    Ok(document.to_string())
}

fn is_rate_limit(item: &Selection<'_, String>) -> bool {
    matches!(item, Selection::Field(field) if field.name == "rateLimit")
}

fn variable<'a>(one: &VariableDefinition<'a, String>, at: usize) -> VariableDefinition<'a, String> {
    VariableDefinition { name: name_of(&one.name, at), ..one.clone() }
}

fn rename_in_selection(item: &mut Selection<'_, String>, at: usize) {
    match item {
        Selection::Field(field) => {
            field.arguments.iter_mut().for_each(|(_, value)| rename_in_argument(value, at));
            rename_in_directives(&mut field.directives, at);
            rename_in_all(&mut field.selection_set, at);
        }
        Selection::InlineFragment(fragment) => {
            rename_in_directives(&mut fragment.directives, at);
            rename_in_all(&mut fragment.selection_set, at);
        }
        // A fragment of a document that is sent for groups has no variables.
        Selection::FragmentSpread(spread) => rename_in_directives(&mut spread.directives, at),
    }
}

fn rename_in_all(selection: &mut SelectionSet<'_, String>, at: usize) {
    selection.items.iter_mut().for_each(|item| rename_in_selection(item, at));
}

fn rename_in_directives(directives: &mut [Directive<'_, String>], at: usize) {
    let arguments = directives.iter_mut().flat_map(|directive| &mut directive.arguments);
    arguments.for_each(|(_, value)| rename_in_argument(value, at));
}

fn rename_in_argument(value: &mut Argument<'_, String>, at: usize) {
    match value {
        Argument::Variable(name) => *name = name_of(&*name, at),
        Argument::List(items) => items.iter_mut().for_each(|item| rename_in_argument(item, at)),
        Argument::Object(members) => {
            members.values_mut().for_each(|member| rename_in_argument(member, at));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_member_has_its_own_aliases_and_variables() {
        let text = "query Q($id: ID!, $with: Boolean!) { rateLimit { cost } \
                    node(id: $id) { id } again: node(id: $id) @include(if: $with) { id } }";
        let document = document(text, 2).unwrap();
        let found: String = document.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            found,
            "query Q($id_0: ID!, $with_0: Boolean!, $id_1: ID!, $with_1: Boolean!) { \
             rateLimit { cost } node_0: node(id: $id_0) { id } \
             again_0: node(id: $id_0) @include(if: $with_0) { id } \
             node_1: node(id: $id_1) { id } again_1: node(id: $id_1) @include(if: $with_1) { id } }"
        );
    }

    #[test]
    fn variables_are_numbered() {
        let of = |id: &str| Map::from_iter([("id".to_owned(), json!(id))]);
        let all = numbered(vec![of("a"), of("b")]);
        assert_eq!(Value::Object(all), json!({ "id_0": "a", "id_1": "b" }));
    }
}
