//! GitHub's published schema and ours, as needed to generate responses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type as Ty, TypeKind, TypeSystemDefinition};

/// The type of a place in a response.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Named(String),
    List(Box<Place>),
}

/// A place in a response.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) shape: Shape,
    pub(super) nullable: bool,
}

#[derive(Debug, Default)]
pub(super) struct Schema {
    /// Objects and interfaces with their fields.
    pub(super) fields: BTreeMap<String, BTreeMap<String, Place>>,
    /// Interfaces and unions with what may stand for them.
    pub(super) members: BTreeMap<String, BTreeSet<String>>,
    pub(super) enums: BTreeMap<String, BTreeSet<String>>,
}

impl Schema {
    /// What npm's `@octokit/graphql-schema` publishes, and the supplement. Read once for all tests.
    pub(super) fn published() -> &'static Self {
        static PUBLISHED: LazyLock<Schema> = LazyLock::new(|| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/github-queries");
            let path = format!("{folder}/node_modules/@octokit/graphql-schema/schema.graphql");
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
                panic!("{path}: {error}; `npm ci` in github-queries brings it, as `make test` does")
            });
            let mut schema = Schema::default();
            schema.extend(&text);
            schema.extend(include_str!("../../../github-queries/supplement.graphql"));
            schema
        });
        &PUBLISHED
    }

    /// The part of it that the client is generated from.
    pub(super) fn pruned() -> Self {
        let mut schema = Self::default();
        schema.extend(include_str!("../../../github-queries/schema.graphql"));
        schema
    }

    fn extend(&mut self, sdl: &str) {
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let (fields, interfaces) = match definition.node.kind {
                TypeKind::Object(object) => (object.fields, object.implements),
                TypeKind::Interface(interface) => {
                    self.members.entry(name.clone()).or_default();
                    (interface.fields, interface.implements)
                }
                TypeKind::Union(union) => {
                    let members = union.members.iter().map(|member| member.node.to_string());
                    self.members.entry(name).or_default().extend(members);
                    continue;
                }
                TypeKind::Enum(words) => {
                    let values = words.values.iter().map(|word| word.node.value.node.to_string());
                    self.enums.entry(name).or_default().extend(values);
                    continue;
                }
                _ => continue,
            };
            for interface in interfaces {
                self.members.entry(interface.node.to_string()).or_default().insert(name.clone());
            }
            let field = fields.iter().map(|field| {
                (field.node.name.node.to_string(), place_of_type(&field.node.ty.node))
            });
            self.fields.entry(name).or_default().extend(field);
        }
    }
}

fn place_of_type(given: &Ty) -> Place {
    let shape = match &given.base {
        BaseType::Named(name) => Shape::Named(name.to_string()),
        BaseType::List(item) => Shape::List(Box::new(place_of_type(item))),
    };
    Place { shape, nullable: given.nullable }
}
