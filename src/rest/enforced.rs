//! Adds to the OpenAPI description what the transport checks of every request, from the tables that
//! it is checked with: the bounds of texts and lists, and which values of a body count as absent.
//!
//! What one route checks of a member is described by the member's type, mostly of
//! [`schemas`](super::schemas).

use std::collections::BTreeSet;

use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, AnyOfBuilder, ArrayItems, SchemaType,
};
use utoipa::openapi::{Object, OpenApi as Description, Ref, RefOr, Schema, Type};

use super::body::{KEPT, PROSE};
use super::claims::judgements::Classification;
use super::schemas::{Absent, Anything, NO_CONTROL, alternatives, in_any_case};
use crate::domain::{Lanes, bounds};

/// Adds the bounds of all parameters and bodies.
pub(super) fn add_bounds(description: &mut Description) {
    let mut bodies: BTreeSet<String> = BTreeSet::new();
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                bound_parameter(parameter);
            }
        }
        bodies.extend(operation.request_body.as_mut().and_then(body_of));
    }
    let components = description.components.get_or_insert_default();
    let (mut flattened, mut nested) = (BTreeSet::new(), BTreeSet::new());
    for body in &bodies {
        let Some(RefOr::T(body)) = components.schemas.get_mut(body) else { continue };
        flattened.extend(flattened_in(body));
        if let Some(own) = own_members(body) {
            nested.extend(bound_members(own));
            bound_other_members(own);
        }
    }
    for part in flattened {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&part) {
            bound_members(object);
        }
    }
    for object in nested {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&object) {
            for (name, member) in &mut object.properties {
                bound(name, member, object.required.contains(name));
            }
            bound_other_members(object);
        }
    }
    for (body, alternatives) in alternatives() {
        let Some(RefOr::T(schema)) = components.schemas.remove(body) else { continue };
        let with = with_alternatives(schema, &alternatives);
        components.schemas.insert(body.to_owned(), RefOr::T(with));
    }
}

/// A body that must be one of the alternatives, too. A text that each of them describes is described
/// only there.
fn with_alternatives(body: Schema, alternatives: &[Object]) -> Schema {
    let mut all = match body {
        Schema::AllOf(all) => all,
        one => AllOfBuilder::new().item(one).build(),
    };
    let is_described =
        |name: &String| alternatives.iter().all(|it| it.properties.contains_key(name));
    for item in &mut all.items {
        let RefOr::T(Schema::Object(object)) = item else { continue };
        for (_, member) in object.properties.iter_mut().filter(|(name, _)| is_described(name)) {
            if let RefOr::T(Schema::Object(text)) = member {
                (text.pattern, text.min_length, text.max_length) = (None, None, None);
            }
        }
    }
    let either = alternatives.iter().cloned().fold(AnyOfBuilder::new(), AnyOfBuilder::item);
    all.items.push(RefOr::T(either.build().into()));
    all.into()
}

/// Names the configured lanes: their ids, and in queries their aliases, too.
pub(super) fn name_lanes(description: &mut Description, lanes: &Lanes) {
    let names: Vec<String> = lanes.all().iter().flat_map(|lane| lanes.names_of(lane)).collect();
    for operation in description.paths.paths.values_mut().flat_map(operations) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && parameter.name == "lane"
            {
                parameter.schema = Some(or_empty(in_any_case(&names)));
            }
        }
    }
    let components = description.components.get_or_insert_default();
    let classification = components.schemas.get_mut(Classification::name().as_ref());
    if let Some(RefOr::T(Schema::Object(object))) = classification
        && let Some(RefOr::T(Schema::Object(lane))) = object.properties.get_mut("lane")
    {
        let ids = lanes.all().iter().map(|lane| lane.id.clone().into());
        lane.enum_values = Some(ids.collect());
        (lane.pattern, lane.min_length, lane.max_length) = (None, None, None);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// Query parameters are texts: any other text than a number or a flag counts as none.
fn bound_parameter(parameter: &mut Parameter) {
    let is_required = parameter.required == utoipa::openapi::Required::True;
    let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema else { return };
    if is_of(object, &Type::String) {
        let is_vocabulary = object.enum_values.is_some() || object.pattern.is_some();
        if is_vocabulary && parameter.parameter_in == ParameterIn::Query && !is_required {
            parameter.schema = Some(or_empty(RefOr::T(std::mem::take(object).into())));
        } else if parameter.parameter_in != ParameterIn::Header {
            bound_text(&parameter.name, object, is_required);
        }
    } else if parameter.parameter_in == ParameterIn::Query && !is_required {
        let mut text = Object::with_type(Type::String);
        bound_text(&parameter.name, &mut text, false);
        object.format = None;
        let either = AnyOfBuilder::new().item(std::mem::take(object)).item(text);
        parameter.schema = Some(RefOr::T(either.build().into()));
    }
}

/// Lets a query parameter also be empty, which counts as absent.
fn or_empty(schema: RefOr<Schema>) -> RefOr<Schema> {
    let mut empty = Object::with_type(Type::String);
    empty.max_length = Some(0);
    RefOr::T(AnyOfBuilder::new().item(schema).item(empty).build().into())
}

/// The name of a body's schema. A body that may be empty may not be null.
fn body_of(body: &mut RefOr<RequestBody>) -> Option<String> {
    let RefOr::T(body) = body else { return None };
    let RefOr::T(content) = body.content.values_mut().next()? else { return None };
    if let Some(RefOr::T(Schema::OneOf(either))) = &content.schema {
        let schema = either.items.iter().find(|item| matches!(item, RefOr::Ref(_)));
        content.schema = schema.cloned();
    }
    content.schema.as_ref().and_then(component)
}

/// The name of the component that a schema refers to.
fn component(schema: &RefOr<Schema>) -> Option<String> {
    let RefOr::Ref(reference) = schema else { return None };
    reference.ref_location.rsplit_once('/').map(|(_, name)| name.to_owned())
}

/// The components that are flattened into a body.
fn flattened_in(body: &Schema) -> Vec<String> {
    match body {
        Schema::AllOf(all) => all.items.iter().filter_map(component).collect(),
        _ => Vec::new(),
    }
}

/// The members of a body that are not flattened into it.
fn own_members(body: &mut Schema) -> Option<&mut Object> {
    match body {
        Schema::Object(object) => Some(object),
        Schema::AllOf(all) => all.items.iter_mut().find_map(|item| match item {
            RefOr::T(Schema::Object(object)) => Some(object),
            _ => None,
        }),
        _ => None,
    }
}

/// Bounds the members of an object; returns the objects in its members.
fn bound_members(object: &mut Object) -> Vec<String> {
    let mut nested = Vec::new();
    for (name, member) in &mut object.properties {
        let is_required = object.required.contains(name);
        bound(name, member, is_required);
        if let RefOr::T(Schema::OneOf(either)) = member {
            nested.extend(either.items.iter().filter_map(component));
        }
        if !is_required && !KEPT.contains(&name.as_str()) {
            or_absent(member);
        }
    }
    nested
}

/// Bounds the members that an object may have beside those that are read.
fn bound_other_members(object: &mut Object) {
    let mut name = Object::with_type(Type::String);
    bound_text("", &mut name, false);
    object.property_names = Some(Box::new(name.into()));
    let rest = AdditionalProperties::RefOr(reference::<Anything>());
    object.additional_properties = Some(Box::new(rest));
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

/// Adds the bounds of the texts and lists of a member.
fn bound(name: &str, member: &mut RefOr<Schema>, is_required: bool) {
    match member {
        RefOr::T(Schema::Object(object)) if is_of(object, &Type::String) => {
            bound_text(name, object, is_required);
        }
        RefOr::T(Schema::Array(list)) => {
            list.max_items = Some(bounds::most(name));
            if let ArrayItems::RefOrSchema(item) = &mut list.items {
                bound(name, item, false);
            }
        }
        _ => {}
    }
}

/// Adds the bounds of a text, unless it is described more tightly.
fn bound_text(name: &str, object: &mut Object, is_required: bool) {
    if object.enum_values.is_some() || object.pattern.is_some() {
        return;
    }
    object.max_length.get_or_insert(bounds::longest(name));
    if is_required {
        object.min_length.get_or_insert(1);
    }
    if !PROSE.contains(&name) {
        object.pattern = Some(NO_CONTROL.to_owned());
    }
}

fn is_of(object: &Object, kind: &Type) -> bool {
    match &object.schema_type {
        SchemaType::Type(one) => one == kind,
        SchemaType::Array(all) => all.contains(kind),
        SchemaType::AnyValue => false,
    }
}

/// Lets a member also be what counts as absent.
fn or_absent(member: &mut RefOr<Schema>) {
    let (items, description) = match member {
        RefOr::T(Schema::OneOf(either)) => {
            (std::mem::take(&mut either.items), either.description.take())
        }
        RefOr::T(Schema::Object(object)) => {
            let description = object.description.take();
            (vec![RefOr::T(object.clone().into())], description)
        }
        RefOr::T(Schema::Array(list)) => {
            let description = list.description.take();
            (vec![RefOr::T(list.clone().into())], description)
        }
        // A component that admits everything admits these, too.
        _ => return,
    };
    let either = items.into_iter().fold(AnyOfBuilder::new(), |either, item| either.item(item));
    let either = either.item(reference::<Absent>()).description(description);
    *member = RefOr::T(either.build().into());
}
