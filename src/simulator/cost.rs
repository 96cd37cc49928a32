//! The cost of a document in points, by the formula in GitHub's documentation: the requests needed
//! to fill every requested page, assuming full pages, divided by a hundred.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

/// The points of a document with these variables; none when it cannot be parsed.
///
/// A field with `first` or `last` is a page; a list of `ids` counts as its length.
pub fn points(document: &str, variables: &serde_json::Value) -> Option<i64> {
    let document = parse_query(document).ok()?;
    Some(points_of(&document, &Variables::from_json(variables.clone())))
}

pub(super) fn points_of(document: &ExecutableDocument, variables: &Variables) -> i64 {
    let visitor = CostVisitor { document, variables };
    let requests: u64 = document
        .operations
        .iter()
        .map(|(_, operation)| visitor.requests(&operation.node.selection_set.node, 1))
        .sum();
    i64::try_from(requests.saturating_add(50) / 100).unwrap_or(i64::MAX).max(1)
}

struct CostVisitor<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
}

impl CostVisitor<'_> {
    /// The requests for the pages below a selection that is evaluated this many times.
    fn requests(&self, selection: &SelectionSet, times: u64) -> u64 {
        let of = |item: &Positioned<Selection>| match &item.node {
            Selection::Field(field) => self.requests_of_field(&field.node, times),
            Selection::InlineFragment(fragment) => {
                self.requests(&fragment.node.selection_set.node, times)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |found| self.requests(&found.node.selection_set.node, times))
            }
        };
        selection.items.iter().map(of).sum()
    }

    fn requests_of_field(&self, field: &Field, times: u64) -> u64 {
        let size = self.argument(field, "first").or_else(|| self.argument(field, "last"));
        let many = size.or_else(|| self.argument(field, "ids")).unwrap_or(1);
        let below = self.requests(&field.selection_set.node, times.saturating_mul(many));
        below + if size.is_some() { times } else { 0 }
    }

    /// The value of a number, or the length of a list.
    fn argument(&self, field: &Field, name: &str) -> Option<u64> {
        let variable =
            |name: Name| self.variables.get(&name).cloned().ok_or(async_graphql::Value::Null);
        match field.get_argument(name)?.node.clone().into_const_with(variable).ok()? {
            Value::Number(number) => number.as_u64(),
            Value::List(items) => u64::try_from(items.len()).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn points_follow_the_documented_example() {
        // From GitHub's page on limits: 1 + 100 + 100 × 50 requests, 51 points.
        let document = "query { viewer { login repositories(first: 100) { edges { node { id
            issues(first: 50) { edges { node { id labels(first: 60) { edges { node { id name } } }
            } } } } } } } }";
        assert_eq!(points(document, &json!({})), Some(51));
    }

    #[test]
    fn a_request_costs_at_least_a_point() {
        assert_eq!(points("{ rateLimit { limit } }", &json!({})), Some(1));
        let document = "query($n: Int) { a(first: $n) { b(first: 10) { c } } }";
        assert_eq!(points(document, &json!({ "n": 100 })), Some(1));
        assert_eq!(points(document, &json!({ "n": 1000 })), Some(10));
        assert_eq!(points("not graphql", &json!({})), None);
    }
}
