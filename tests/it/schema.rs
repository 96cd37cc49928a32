//! The GraphQL contract: `schema.graphql` equals the code, contains everything that was promised,
//! and documents every element.
//!
//! `UPDATE_GENERATED=1 cargo test --test it schema::` rewrites `schema.graphql`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, ServiceDocument, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use dispatch::middleware::access::FIELDS;

use crate::support::is_rewriting;

const PROMISED: &str = include_str!("../contract/promised.graphql");

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_committed_schema_is_the_one_in_the_code() {
    let printed = dispatch::graphql::sdl();
    if is_rewriting() {
        fs::write(at("schema.graphql"), &printed).unwrap();
    }
    let committed = fs::read_to_string(at("schema.graphql")).unwrap_or_default();
    assert!(
        committed == printed,
        "schema.graphql is stale: run UPDATE_GENERATED=1 cargo test --test it schema::"
    );
}

/// A schema by the names of its types.
struct Schema(BTreeMap<String, TypeDefinition>);

impl Schema {
    fn read(text: &str) -> Self {
        let ServiceDocument { definitions } = parse_schema(text).unwrap();
        let types = definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(of) => Some((of.node.name.node.to_string(), of.node)),
            _ => None,
        });
        Self(types.collect())
    }
}

fn fields(kind: &TypeKind) -> Vec<&FieldDefinition> {
    match kind {
        TypeKind::Object(of) => of.fields.iter().map(|field| &field.node).collect(),
        TypeKind::Interface(of) => of.fields.iter().map(|field| &field.node).collect(),
        _ => vec![],
    }
}

fn inputs(kind: &TypeKind) -> Vec<&InputValueDefinition> {
    match kind {
        TypeKind::InputObject(of) => of.fields.iter().map(|field| &field.node).collect(),
        _ => vec![],
    }
}

fn enum_values(kind: &TypeKind) -> BTreeSet<String> {
    match kind {
        TypeKind::Enum(of) => of.values.iter().map(|v| v.node.value.node.to_string()).collect(),
        _ => BTreeSet::new(),
    }
}

/// Names in a list of the definition: interfaces of an object, members of a union.
fn relatives(kind: &TypeKind) -> BTreeSet<String> {
    let names = match kind {
        TypeKind::Object(of) => &of.implements,
        TypeKind::Interface(of) => &of.implements,
        TypeKind::Union(of) => &of.members,
        _ => return BTreeSet::new(),
    };
    names.iter().map(|name| name.node.to_string()).collect()
}

/// Whether `wanted` allows every value that `given` allows. Swap the two for inputs.
fn is_within(given: &Type, wanted: &Type) -> bool {
    (wanted.nullable || !given.nullable)
        && match (&given.base, &wanted.base) {
            (BaseType::Named(given), BaseType::Named(wanted)) => given == wanted,
            (BaseType::List(given), BaseType::List(wanted)) => is_within(given, wanted),
            _ => false,
        }
}

/// The differences between our inputs and the promised ones.
fn compare_inputs(
    place: &str,
    have: &[&InputValueDefinition],
    promised: &[&InputValueDefinition],
    broken: &mut Vec<String>,
) {
    for wanted in promised {
        let name = &wanted.name.node;
        let place = format!("{place}.{name}");
        match have.iter().find(|input| input.name.node == *name) {
            None => broken.push(format!("{place} is missing")),
            Some(input) => {
                if !is_within(&wanted.ty.node, &input.ty.node) {
                    broken.push(format!("{place} is {}, not {}", input.ty.node, wanted.ty.node));
                }
                let default = |of: &InputValueDefinition| {
                    of.default_value.as_ref().map(|value| value.node.to_string())
                };
                if default(input) != default(wanted) {
                    broken.push(format!("{place} has another default"));
                }
            }
        }
    }
    for input in have {
        let is_new = promised.iter().all(|wanted| wanted.name.node != input.name.node);
        if is_new && !input.ty.node.nullable && input.default_value.is_none() {
            broken.push(format!("{place}.{} is required and was not promised", input.name.node));
        }
    }
}

fn compare_fields(name: &str, have: &TypeKind, promised: &TypeKind, broken: &mut Vec<String>) {
    for wanted in fields(promised) {
        let place = format!("{name}.{}", wanted.name.node);
        match fields(have).into_iter().find(|field| field.name.node == wanted.name.node) {
            None => broken.push(format!("{place} is missing")),
            Some(field) => {
                if !is_within(&field.ty.node, &wanted.ty.node) {
                    broken.push(format!("{place} is {}, not {}", field.ty.node, wanted.ty.node));
                }
                let arguments = |of: &'_ FieldDefinition| {
                    of.arguments.iter().map(|argument| argument.node.clone()).collect::<Vec<_>>()
                };
                let (have, promised) = (arguments(field), arguments(wanted));
                compare_inputs(
                    &place,
                    &have.iter().collect::<Vec<_>>(),
                    &promised.iter().collect::<Vec<_>>(),
                    broken,
                );
            }
        }
    }
}

#[test]
fn everything_promised_is_there() {
    let have = Schema::read(&dispatch::graphql::sdl());
    let promised = Schema::read(PROMISED);
    let mut broken = Vec::new();
    for (name, wanted) in &promised.0 {
        let Some(of) = have.0.get(name) else {
            broken.push(format!("{name} is missing"));
            continue;
        };
        if std::mem::discriminant(&of.kind) != std::mem::discriminant(&wanted.kind) {
            broken.push(format!("{name} is another kind of type"));
        }
        for lost in relatives(&wanted.kind).difference(&relatives(&of.kind)) {
            broken.push(format!("{name} has lost {lost}"));
        }
        // Reasons for withholding are only ever read; more of them may be added.
        let (given, promised) = (enum_values(&of.kind), enum_values(&wanted.kind));
        let is_kept = match name.as_str() {
            "SkipReason" => given.is_superset(&promised),
            _ => given == promised,
        };
        if !is_kept {
            broken.push(format!("{name} has other values"));
        }
        compare_fields(name, &of.kind, &wanted.kind, &mut broken);
        compare_inputs(name, &inputs(&of.kind), &inputs(&wanted.kind), &mut broken);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn everything_explains_itself() {
    // Paging arguments of the library's own types are explained by the library.
    let mut silent = Vec::new();
    let mut check = |place: String, has_description: bool| {
        if !has_description {
            silent.push(place);
        }
    };
    for (name, of) in &Schema::read(&dispatch::graphql::sdl()).0 {
        check(name.clone(), of.description.is_some());
        for field in fields(&of.kind) {
            let place = format!("{name}.{}", field.name.node);
            for argument in &field.arguments {
                let argument = &argument.node;
                check(format!("{place}({})", argument.name.node), argument.description.is_some());
            }
            check(place, field.description.is_some());
        }
        for input in inputs(&of.kind) {
            check(format!("{name}.{}", input.name.node), input.description.is_some());
        }
        if let TypeKind::Enum(of) = &of.kind {
            for value in &of.values {
                let value = &value.node;
                check(format!("{name}.{}", value.value.node), value.description.is_some());
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn every_root_field_has_a_tier_and_every_tier_a_root_field() {
    let schema = Schema::read(&dispatch::graphql::sdl());
    let roots = ["Query", "Mutation", "Subscription"];
    let there: BTreeSet<(&str, String)> = roots
        .into_iter()
        .flat_map(|root| {
            let names = fields(&schema.0[root].kind);
            names.into_iter().map(move |field| (root, field.name.node.to_string()))
        })
        .collect();
    let declared: BTreeSet<(&str, String)> =
        FIELDS.iter().map(|(root, name, _)| (*root, (*name).to_owned())).collect();
    assert_eq!(there, declared);
}
