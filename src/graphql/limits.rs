//! Limits of a document, checked before it is validated or executed.
//!
//! The library's own checks follow every spread of a fragment, so a short document whose fragments
//! spread each other twice keeps them busy for hours. Its parser recurses as deep as brackets are
//! nested. The checks here run first, and each takes time in proportion to the length of the text:
//! a fragment is measured once. The cost of a query by the rows that it reads is checked later,
//! with the schema (`types::page::cost`). Introspection may be deep, because tools need that, but
//! not wide: its nested lists grow too fast.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

/// The maximum nesting of brackets in a text, without strings and comments.
const NESTING: usize = 64;
/// The maximum nesting of fields.
const DEPTH: usize = 15;
/// The maximum nesting of introspection fields.
const INTROSPECTION_DEPTH: usize = 30;
/// The maximum nesting of introspection lists.
const INTROSPECTION_LISTS: usize = 2;
/// The maximum number of fields; a fragment counts each time it is spread.
const FIELDS: usize = 2000;
/// The maximum nesting of fragments.
const SPREADS: usize = 32;
/// The maximum number of aliases.
const ALIASES: usize = 100;
/// The maximum number of directives.
const DIRECTIVES: usize = 200;
/// The maximum number of root fields of an operation.
const ROOT_FIELDS: usize = 20;
/// The maximum number of operations in a document.
const OPERATIONS: usize = 20;

/// The maximum cost of a query: its fields, weighted with the number of rows they apply to.
pub(super) const COMPLEXITY: usize = 250_000;

/// Why a document exceeds a limit, as one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooMuch(String);

/// Checks a text before it is parsed.
pub(super) fn check_text(text: &str) -> Result<(), TooMuch> {
    match nesting(text) {
        deep if deep > NESTING => {
            Err(TooMuch(format!("The document nests brackets more than {NESTING} deep")))
        }
        _ => Ok(()),
    }
}

/// The nesting of brackets outside strings and comments.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '(', '}', ']', ')', '"', '#']) {
        let found = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match found {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = rest.find(['\n', '\r']).map_or("", |end| &rest[end..]),
            _ => rest = after_string(rest),
        }
    }
    deepest
}

/// The text after a string whose first quote was already read. A block string that never ends is
/// none: the grammar reads an empty string there, and then another.
fn after_string(text: &str) -> &str {
    if let Some(mut block) = text.strip_prefix("\"\"") {
        while let Some(end) = block.find("\"\"\"") {
            let is_escaped = block[..end].ends_with('\\');
            block = &block[end + 3..];
            if !is_escaped {
                return block;
            }
        }
        return &text[1..];
    }
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' | '\n' | '\r' if !is_escaped => return &text[at + 1..],
            _ => is_escaped = character == '\\' && !is_escaped,
        }
    }
    ""
}

/// Checks a document before it is validated.
pub(super) fn check(document: &ExecutableDocument) -> Result<(), TooMuch> {
    let mut scales = Scales { fragments: &document.fragments, known: HashMap::new(), level: 0 };
    let mut whole = Weight::default();
    for (_, operation) in document.operations.iter() {
        let weight = scales.operation(&operation.node)?;
        at_most("fields at the root of an operation", weight.top, ROOT_FIELDS)?;
        whole = whole.beside(weight);
    }
    // Fragments that no operation uses are validated too.
    for name in document.fragments.keys() {
        if !scales.known.contains_key(name) {
            whole = whole.beside(scales.fragment(name)?);
        }
    }
    at_most("levels of fragments", whole.spreads, SPREADS)?;
    at_most("operations", document.operations.iter().count(), OPERATIONS)?;
    at_most("levels of fields", whole.depth, DEPTH)?;
    at_most("levels of introspection", whole.introspection_depth, INTROSPECTION_DEPTH)?;
    at_most(
        "lists of introspection in each other",
        whole.introspection_lists,
        INTROSPECTION_LISTS,
    )?;
    at_most("fields", whole.fields, FIELDS)?;
    at_most("aliases", whole.aliases, ALIASES)?;
    at_most("directives", whole.directives, DIRECTIVES)
}

fn at_most(what: &str, has: usize, may: usize) -> Result<(), TooMuch> {
    if has <= may {
        Ok(())
    } else {
        Err(TooMuch(format!("The document has more than {may} {what}")))
    }
}

/// The size of a selection, including its fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weight {
    /// Fields of the selection itself.
    top: usize,
    fields: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
    introspection_depth: usize,
    introspection_lists: usize,
    /// The nesting of fragments.
    spreads: usize,
}

impl Weight {
    fn beside(self, other: Self) -> Self {
        Self {
            top: self.top.saturating_add(other.top),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            spreads: self.spreads.max(other.spreads),
        }
    }

    fn with_directives(self, directives: usize) -> Self {
        Self { directives: self.directives.saturating_add(directives), ..self }
    }
}

struct Scales<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// Fragments that were measured; `None` while one is being measured.
    known: HashMap<&'a Name, Option<Weight>>,
    /// How many fragments are being measured.
    level: usize,
}

impl<'a> Scales<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Weight, TooMuch> {
        let weight = self.selection(&operation.selection_set.node)?;
        Ok(weight.with_directives(operation.directives.len()))
    }

    fn selection(&mut self, set: &'a SelectionSet) -> Result<Weight, TooMuch> {
        let mut whole = Weight::default();
        for item in &set.items {
            let weight = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => {
                    let weight = self.selection(&fragment.node.selection_set.node)?;
                    weight.with_directives(fragment.node.directives.len())
                }
                Selection::FragmentSpread(spread) => {
                    let weight = self.fragment(&spread.node.fragment_name.node)?;
                    weight.with_directives(spread.node.directives.len())
                }
            };
            whole = whole.beside(weight);
        }
        Ok(whole)
    }

    fn field(&mut self, field: &'a Field) -> Result<Weight, TooMuch> {
        let inside = self.selection(&field.selection_set.node)?;
        let name = field.name.node.as_str();
        let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        let lists = inside.introspection_lists + usize::from(is_list);
        let levels = inside.introspection_depth.max(inside.depth) + 1;
        let (depth, introspection_depth, introspection_lists) = match name {
            "__schema" | "__type" => (1, levels, lists),
            // Outside of introspection these fields are like others.
            _ => (inside.depth + 1, inside.introspection_depth, lists),
        };
        Ok(Weight {
            top: 1,
            fields: inside.fields.saturating_add(1),
            aliases: inside.aliases.saturating_add(usize::from(field.alias.is_some())),
            directives: inside.directives.saturating_add(field.directives.len()),
            depth,
            introspection_depth,
            introspection_lists,
            spreads: inside.spreads,
        })
    }

    fn fragment(&mut self, name: &Name) -> Result<Weight, TooMuch> {
        // Validation rejects a spread of a fragment that does not exist.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return Ok(Weight { fields: 1, ..Weight::default() });
        };
        match self.known.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(TooMuch(format!("The fragment `{name}` spreads itself"))),
            None => {}
        }
        self.known.insert(name, None);
        self.level += 1;
        at_most("levels of fragments", self.level, SPREADS)?;
        let weight = self.selection(&fragment.node.selection_set.node)?;
        self.level -= 1;
        let weight = weight.with_directives(fragment.node.directives.len());
        let weight = Weight { spreads: weight.spreads + 1, ..weight };
        self.known.insert(name, Some(weight));
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        let checked = check_text(text).and_then(|()| check(&parse_query(text).unwrap()));
        checked.err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn brackets_are_counted_where_they_are_brackets() {
        assert_eq!(nesting("{ a(b: [{c: 1}]) { d } }"), 4);
        assert_eq!(nesting(r#"{ a(b: "{{{ \" {{{") }"#), 2);
        assert_eq!(nesting("{ a # {{{\n }"), 1);
        assert_eq!(nesting(r#"{ a(b: """ {{ " {{ \""" {{ """) { c } }"#), 2);
        assert_eq!(nesting(r#"{ a(b: "") { c(d: "{") } }"#), 3);
        assert_eq!(nesting("}}}{"), 1);
        assert_eq!(nesting(r#""never ended {{{"#), 0);
        assert_eq!(nesting(r#"{ a(b: """x", c: [[[1]]]) }"#), 5, "two strings, and no block");
        assert_eq!(nesting(r#"{ a(b: """ \""" [[[ "#), 2, "a quote that is escaped ends nothing");
        let deep = "{a".repeat(100_000);
        assert_eq!(
            check_text(&deep).unwrap_err().to_string(),
            "The document nests brackets more than 64 deep"
        );
    }

    #[test]
    fn fields_may_not_nest_deep() {
        let nested = |depth: usize| format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
        assert_eq!(refusal(&nested(15)), None);
        assert_eq!(refusal(&nested(16)).unwrap(), "The document has more than 15 levels of fields");
    }

    #[test]
    fn a_fragment_counts_as_often_as_it_is_spread_and_takes_no_longer() {
        let mut text = "{ ...f0 }".to_owned();
        for level in 0..30 {
            let next = level + 1;
            text += &format!(" fragment f{level} on Query {{ ...f{next} ...f{next} }}");
        }
        text += " fragment f30 on Query { a }";
        assert!(refusal(&text).unwrap().ends_with("fields at the root of an operation"));
    }

    #[test]
    fn what_is_not_there_counts_as_often_as_it_is_spread() {
        let mut text = "{ ...f0 }".to_owned();
        for level in 0..30 {
            let next = level + 1;
            text += &format!(" fragment f{level} on Query {{ ...f{next} ...f{next} }}");
        }
        assert!(refusal(&text).unwrap().ends_with("2000 fields"), "f30 is missing");
    }

    #[test]
    fn fragments_may_not_stand_in_each_other_without_end() {
        let chain = |length: usize, is_backwards: bool| {
            let fragment = |level| {
                let next = level + 1;
                format!(" fragment f{level} on Query {{ ...f{next} }}")
            };
            let mut all: Vec<String> = (0..length - 1).map(fragment).collect();
            all.push(format!(" fragment f{} on Query {{ a }}", length - 1));
            if is_backwards {
                all.reverse();
            }
            format!("{{ ...f0 }}{}", all.concat())
        };
        for is_backwards in [true, false] {
            assert_eq!(refusal(&chain(32, is_backwards)), None);
            for length in [33, 64, 5_000] {
                let refused = refusal(&chain(length, is_backwards)).unwrap();
                assert!(refused.ends_with("32 levels of fragments"), "{refused}");
            }
        }
        // Each chain alone is short enough, and one continues the other.
        let unused = chain(5_000, false).replace("{ ...f0 }", "{ a }");
        assert!(refusal(&unused).is_some());
    }

    #[test]
    fn a_fragment_may_not_spread_itself() {
        let text = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert!(refusal(text).unwrap().ends_with("spreads itself"));
        assert!(refusal("{ a } fragment c on Query { b { ...c } }").is_some());
    }

    #[test]
    fn the_rest_is_counted() {
        let many = |of: &str, times: usize| format!("{{ b {{ {} }} }}", of.repeat(times));
        assert!(refusal(&many("a ", 1999)).is_none());
        assert!(refusal(&many("a ", 2000)).unwrap().ends_with("fields"));
        assert!(refusal(&many("x: a ", 101)).unwrap().ends_with("aliases"));
        assert!(refusal(&many("a @skip(if: true) ", 201)).unwrap().ends_with("directives"));
        assert!(refusal(&format!("{{ {} }}", "a ".repeat(21))).unwrap().contains("root"));
        let operations: String = (0..21).map(|n| format!("query q{n} {{ a }} ")).collect();
        assert!(refusal(&operations).unwrap().ends_with("operations"));
    }

    #[test]
    fn introspection_may_be_deep_and_not_wide() {
        let of_type =
            |depth: usize| format!("{}name{}", "ofType { ".repeat(depth), " }".repeat(depth));
        let tool = format!(
            "{{ __schema {{ types {{ fields {{ args {{ type {{ {} }} }} }} }} }} }}",
            of_type(9)
        );
        assert_eq!(refusal(&tool), None);
        let wide =
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert!(refusal(wide).unwrap().contains("introspection"));
        let deep = format!("{{ __type(name: \"a\") {{ {} }} }}", of_type(40));
        assert!(refusal(&deep).unwrap().contains("introspection"));
    }
}
