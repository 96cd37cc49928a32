//! Checks the texts and lists of a request against [`bounds`]: in literals, in variables and in
//! default values of variables. This happens before execution, so that no resolver and no scalar
//! gets a text that PostgreSQL cannot store.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Pos, ServerError, Value, Variables};
use async_graphql_value::Value as Literal;

use super::document::all_fields;
use crate::domain::bounds;
use crate::service::error_code::BAD_USER_INPUT;

/// Checks that every argument of a document is within its bounds.
///
/// # Errors
///
/// The first argument that is not, by name.
pub(super) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
) -> Result<(), ServerError> {
    let operations = document.operations.iter();
    let definitions = operations.flat_map(|(_, it)| &it.node.variable_definitions);
    let defaults = definitions.filter_map(|definition| {
        let value = definition.node.default_value.as_ref()?;
        Some((&definition.node.name.node, &value.node))
    });
    let values = defaults.chain(variables.iter()).collect();
    let mut reader = BoundsChecker { variables: values, known: HashSet::new() };
    for field in all_fields(document) {
        for (name, value) in &field.arguments {
            reader
                .literal(&name.node, &value.node)
                .map_err(|out_of_bounds| out_of_bounds.into_error(value.pos))?;
        }
    }
    Ok(())
}

/// An argument that is out of its bounds.
struct BoundsViolation {
    /// The path to it, innermost part first.
    path: Vec<String>,
    reason: String,
}

impl BoundsViolation {
    fn within(mut self, name: &Name) -> Self {
        self.path.push(name.to_string());
        self
    }

    fn into_error(self, at: Pos) -> ServerError {
        let path: Vec<_> = self.path.iter().rev().map(String::as_str).collect();
        let sentence = format!("{}: {}", path.join("."), self.reason);
        let mut error = ServerError::new(sentence, Some(at));
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", BAD_USER_INPUT);
        extensions.set("field", self.path.first().map_or("", String::as_str));
        error
    }
}

struct BoundsChecker<'a> {
    variables: HashMap<&'a Name, &'a Value>,
    /// Variables that were checked, each with the name of the argument for which it was checked. A
    /// large variable that is used often is checked once for each bound.
    known: HashSet<(&'a Name, &'a Name)>,
}

impl<'a> BoundsChecker<'a> {
    fn literal(&mut self, name: &'a Name, value: &'a Literal) -> Result<(), BoundsViolation> {
        match value {
            Literal::Variable(variable) => match self.variables.get(variable) {
                Some(value) if self.known.insert((variable, name)) => constant(name, value),
                _ => Ok(()),
            },
            Literal::String(text) => check_text(name, text),
            Literal::List(values) => {
                check_list(name, values.len())?;
                values.iter().try_for_each(|value| self.literal(name, value))
            }
            Literal::Object(members) => {
                let mut members = members.iter();
                members
                    .try_for_each(|(member, value)| self.literal(member, value))
                    .map_err(|out_of_bounds| out_of_bounds.within(name))
            }
            _ => Ok(()),
        }
    }
}

fn constant(name: &Name, value: &Value) -> Result<(), BoundsViolation> {
    match value {
        Value::String(text) => check_text(name, text),
        Value::List(values) => {
            check_list(name, values.len())?;
            values.iter().try_for_each(|value| constant(name, value))
        }
        Value::Object(members) => {
            let mut members = members.iter();
            members
                .try_for_each(|(member, value)| constant(member, value))
                .map_err(|out_of_bounds| out_of_bounds.within(name))
        }
        _ => Ok(()),
    }
}

fn check_text(name: &Name, text: &str) -> Result<(), BoundsViolation> {
    bounds::check_text(name, text).map_err(|reason| out_of_bounds(name, reason))
}

fn check_list(name: &Name, length: usize) -> Result<(), BoundsViolation> {
    bounds::check_list(name, length).map_err(|reason| out_of_bounds(name, reason))
}

fn out_of_bounds(name: &Name, reason: String) -> BoundsViolation {
    BoundsViolation { path: vec![name.to_string()], reason }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn refusal(text: &str, variables: serde_json::Value) -> Option<String> {
        let document = parse_query(text).unwrap();
        check(&document, &Variables::from_json(variables)).err().map(|error| error.message)
    }

    #[test]
    fn an_argument_is_read_wherever_its_value_stands() {
        let why = |path: &str| Some(format!("{path}: must not contain a NUL character"));
        for (text, variables, path) in [
            (r#"{ a(b: "\u0000") }"#, json!({}), "b"),
            (r#"{ a { c(b: {d: ["x", "\u0000"]}) } }"#, json!({}), "b.d"),
            ("query($v: String) { a(b: $v) }", json!({"v": "\0"}), "b"),
            ("query($v: X) { a(b: {c: [$v]}) }", json!({"v": {"d": "\0"}}), "b.c.d"),
            (r#"query($v: String = "\u0000") { a(b: $v) }"#, json!({}), "b"),
            (r#"{ ...f } fragment f on Query { a(b: "\u0000") }"#, json!({}), "b"),
        ] {
            assert_eq!(refusal(text, variables), why(path), "{text}");
        }
        let given = refusal(r#"query($v: T = "\u0000") { a(b: $v) }"#, json!({"v": "fine"}));
        assert_eq!(given, None, "the default does not count");
    }

    #[test]
    fn a_variable_is_held_against_the_bounds_of_each_argument() {
        let text = "query($v: String) { a(body: $v) b(search: $v) }";
        assert_eq!(
            refusal(text, json!({"v": "x".repeat(201)})).unwrap(),
            "search: must have at most 200 characters"
        );
    }
}
