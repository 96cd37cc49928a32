//! Null propagation: sets what an error left out of a response to null.
//!
//! By the specification, a field that fails is null. If it may not be null, its parent is null
//! instead, and so on up to the whole response. The library omits such a field, which no client
//! expects. It does not expose the shapes of its types either, so they are read from the schema's
//! own text.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{PathSegment, Response, Value};

/// The fields of every type of the schema, with their types.
#[derive(Debug)]
pub(super) struct Shapes(HashMap<String, HashMap<String, Type>>);

impl Shapes {
    /// Reads the types from a schema's text.
    pub(super) fn from_sdl(sdl: &str) -> Self {
        let schema = parse_schema(sdl).expect("the library reads the schema that it has written");
        let types = schema.definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return None };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => return None,
            };
            let fields = fields
                .into_iter()
                .map(|field| (field.node.name.node.to_string(), field.node.ty.node));
            Some((definition.node.name.node.to_string(), fields.collect()))
        });
        Self(types.collect())
    }

    /// Whether a type has a field.
    pub(super) fn has(&self, type_name: &str, field: &str) -> bool {
        self.field(type_name, field).is_some()
    }

    /// The type of a field.
    pub(super) fn field(&self, type_name: &str, field: &str) -> Option<&Type> {
        self.0.get(type_name)?.get(field)
    }

    /// Sets to null what the errors of a response left out.
    pub(super) fn complete(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        response: &mut Response,
    ) {
        let root = root_type(operation.ty);
        let set = &operation.selection_set.node;
        for error in &response.errors {
            if !error.path.is_empty() {
                let end = self.nullable_end(document, root, set, &error.path);
                blank(&mut response.data, &error.path[..end]);
            }
        }
    }

    /// The length of the path to the deepest nullable place on it; 0 for the whole response.
    fn nullable_end(
        &self,
        document: &ExecutableDocument,
        root: &str,
        set: &SelectionSet,
        path: &[PathSegment],
    ) -> usize {
        let mut end = 0;
        let mut sets = vec![(root.to_owned(), set)];
        let mut here: Option<&Type> = None;
        for (at, segment) in path.iter().enumerate() {
            match segment {
                PathSegment::Index(_) => {
                    here = match here.map(|list| &list.base) {
                        Some(BaseType::List(element)) => Some(element),
                        _ => return end,
                    };
                }
                PathSegment::Field(key) => {
                    let mut inside = Vec::new();
                    here = None;
                    for (type_name, set) in &sets {
                        self.find(document, type_name, set, key, &mut here, &mut inside);
                    }
                    sets = inside;
                }
            }
            match here {
                Some(shape) if shape.nullable => end = at + 1,
                Some(_) => {}
                None => return end,
            }
        }
        end
    }

    /// Finds what is selected under a key, including fragments: its type, and its selection.
    fn find<'a>(
        &'a self,
        document: &'a ExecutableDocument,
        type_name: &str,
        set: &'a SelectionSet,
        key: &str,
        shape: &mut Option<&'a Type>,
        inside: &mut Vec<(String, &'a SelectionSet)>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    if let Some(found) = self.field(type_name, &field.node.name.node) {
                        *shape = Some(found);
                        inside.push((named(found).to_owned(), &field.node.selection_set.node));
                    }
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let type_name =
                        condition.map_or(type_name, |condition| &condition.node.on.node);
                    self.find(
                        document,
                        type_name,
                        &fragment.node.selection_set.node,
                        key,
                        shape,
                        inside,
                    );
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node)
                    {
                        let type_name = &fragment.node.type_condition.node.on.node;
                        let set = &fragment.node.selection_set.node;
                        self.find(document, type_name, set, key, shape, inside);
                    }
                }
            }
        }
    }
}

/// The name of the type at an operation's root.
pub(super) fn root_type(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The name of a type, without the lists around it.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(element) => named(element),
    }
}

/// Sets the end of a path to null, unless something before it is null already.
fn blank(data: &mut Value, path: &[PathSegment]) {
    let Some((last, parents)) = path.split_last() else {
        *data = Value::Null;
        return;
    };
    let mut here = data;
    for segment in parents {
        let next = match (here, segment) {
            (Value::Object(fields), PathSegment::Field(key)) => fields.get_mut(key.as_str()),
            (Value::List(elements), PathSegment::Index(at)) => elements.get_mut(*at),
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return,
        }
    }
    match (here, last) {
        (Value::Object(fields), PathSegment::Field(key)) => {
            fields.insert(async_graphql::Name::new(key), Value::Null);
        }
        (Value::List(elements), PathSegment::Index(at)) => {
            if let Some(element) = elements.get_mut(*at) {
                *element = Value::Null;
            }
        }
        // The library sets an object to null if all of its fields failed; here it is the only field
        // of the response, which may be null itself.
        (whole @ Value::Null, PathSegment::Field(key)) if parents.is_empty() => {
            let field = (async_graphql::Name::new(key), Value::Null);
            *whole = Value::Object([field].into_iter().collect());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::{ServerError, value};

    use super::*;

    const SCHEMA: &str = "
        interface Node { id: ID! }
        type Leaf implements Node { id: ID! maybe: String surely: String! }
        type Branch { leaf: Leaf leaves: [Leaf!]! holes: [Leaf]! trunk: Branch! }
        type Query { branch: Branch sure: Branch! node: Node }
    ";

    fn completed(query: &str, data: Value, paths: &[&[PathSegment]]) -> Value {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let error = |path: &&[PathSegment]| ServerError::new("", None).with_path(path.to_vec());
        let mut response = Response::new(data);
        response.errors = paths.iter().map(error).collect();
        Shapes::from_sdl(SCHEMA).complete(&document, &operation.node, &mut response);
        response.data
    }

    fn field(name: &str) -> PathSegment {
        PathSegment::Field(name.to_owned())
    }

    #[test]
    fn a_field_that_may_be_null_is() {
        let query = "{ branch { l: leaf { maybe } } other: branch { leaf { id } } }";
        let data = value!({"other": {"leaf": {"id": "1"}}, "branch": {"l": {}}});
        let path = [field("branch"), field("l"), field("maybe")];
        let expected = value!({"other": {"leaf": {"id": "1"}}, "branch": {"l": {"maybe": null}}});
        assert_eq!(completed(query, data, &[&path]), expected);
        let alone = completed("{ branch { leaf { id } } }", Value::Null, &[&[field("branch")]]);
        assert_eq!(alone, value!({"branch": null}));
    }

    #[test]
    fn one_that_may_not_takes_its_parents_along() {
        let query = "{ branch { trunk { leaves { ...L } holes { ...L } } } } fragment L on Leaf { surely id }";
        let data = value!({"branch": {"trunk": {"leaves": [{"id": "1"}], "holes": [{"id": "1"}, {"id": "2"}]}}});
        let holes = [
            field("branch"),
            field("trunk"),
            field("holes"),
            PathSegment::Index(1),
            field("surely"),
        ];
        let expected =
            value!({"branch": {"trunk": {"leaves": [{"id": "1"}], "holes": [{"id": "1"}, null]}}});
        assert_eq!(completed(query, data.clone(), &[&holes]), expected);
        let leaves = [
            field("branch"),
            field("trunk"),
            field("leaves"),
            PathSegment::Index(0),
            field("surely"),
        ];
        assert_eq!(completed(query, data.clone(), &[&leaves]), value!({"branch": null}));
        assert_eq!(completed(query, data, &[&leaves, &holes]), value!({"branch": null}));
    }

    #[test]
    fn nothing_is_left_when_all_the_way_up_may_not_be_null() {
        let query = "{ sure { trunk { leaf { id } } } branch { leaf { id } } }";
        let data = value!({"branch": {"leaf": null}});
        assert_eq!(completed(query, data, &[&[field("sure"), field("trunk")]]), Value::Null);
    }

    #[test]
    fn fragments_say_what_is_selected_on_an_interface() {
        let query = "{ node { id ... on Leaf { maybe } } }";
        let data = value!({"node": {"id": "1"}});
        let path = [field("node"), field("maybe")];
        let expected = value!({"node": {"id": "1", "maybe": null}});
        assert_eq!(completed(query, data, &[&path]), expected);
    }
}
