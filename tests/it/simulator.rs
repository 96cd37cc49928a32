//! The simulated GitHub: that it promises nothing GitHub does not, and keeps what it promises.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use dispatch::simulator::sdl;

/// Everything a schema promises, a line each.
fn promises(sdl: &str) -> BTreeSet<String> {
    let document = parse_schema(sdl).unwrap();
    let mut lines = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match definition.node.kind {
            TypeKind::Scalar => _ = lines.insert(format!("scalar {name}")),
            TypeKind::Object(object) => {
                lines.extend(implements(&name, &object.implements));
                lines.extend(object.fields.iter().map(|field| line(&name, &field.node)));
            }
            TypeKind::Interface(interface) => {
                lines.extend(implements(&name, &interface.implements));
                lines.extend(interface.fields.iter().map(|field| line(&name, &field.node)));
            }
            TypeKind::Union(union) => lines.extend(
                union.members.iter().map(|member| format!("{name} may be {}", member.node)),
            ),
            TypeKind::Enum(words) => lines
                .extend(words.values.iter().map(|word| format!("{name} has {}", word.node.value))),
            TypeKind::InputObject(input) => lines
                .extend(input.fields.iter().map(|field| format!("{name} {}", value(&field.node)))),
        }
    }
    lines
}

fn implements(name: &str, parents: &[Positioned<Name>]) -> Vec<String> {
    parents.iter().map(|parent| format!("{name} is {}", parent.node)).collect()
}

fn line(name: &str, field: &FieldDefinition) -> String {
    let mut arguments: Vec<_> = field.arguments.iter().map(|one| value(&one.node)).collect();
    arguments.sort();
    format!("{name}.{}({}): {}", field.name.node, arguments.join(", "), field.ty.node)
}

fn value(value: &InputValueDefinition) -> String {
    format!("{}: {}", value.name.node, value.ty.node)
}

#[test]
fn its_schema_is_the_part_of_githubs_that_our_documents_touch() {
    let github = include_str!("../../github-queries/schema.graphql");
    let (ours, theirs) = (promises(&sdl()), promises(github));
    let invented: Vec<_> = ours.difference(&theirs).collect();
    assert!(invented.is_empty(), "GitHub does not have {invented:#?}");
    let lacking: Vec<_> = theirs.difference(&ours).collect();
    assert!(lacking.is_empty(), "our documents need {lacking:#?}");
    assert!(ours.len() > 60, "{} promises", ours.len());
}
