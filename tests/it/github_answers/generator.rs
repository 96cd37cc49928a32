//! Random responses that a schema allows to a document, with errors beside the data.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::schema::{Place, Schema, Shape};

/// A member of an interface or union, and a value of an enum, that the client does not know.
pub(super) const UNHEARD_OF: &str = "UNHEARD_OF";

/// Placeholder for an escape that is half a surrogate pair.
const HALF: &str = "HALF-A-CHARACTER";

/// A generated response.
#[derive(Debug, Clone)]
pub(super) struct GeneratedAnswer {
    pub(super) operation: String,
    pub(super) body: Value,
}

pub(super) struct Generator {
    schema: &'static Schema,
    rng: StdRng,
    /// How often each member or value was chosen, by the type it stands for.
    pub(super) chosen: BTreeMap<String, BTreeMap<String, usize>>,
}

/// What is generated, and where.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Value,
    /// The places that may become null, each with the paths that end there when they fail.
    failing: Vec<(Vec<Value>, Option<Vec<Value>>)>,
}

impl Generator {
    pub(super) fn new(schema: &'static Schema, seed: u64) -> Self {
        Self { schema, rng: StdRng::seed_from_u64(seed), chosen: BTreeMap::new() }
    }

    pub(super) fn reseed(&mut self, seed: u64) {
        self.rng = StdRng::seed_from_u64(seed);
    }

    /// The response to a request, as it is sent.
    pub(super) fn answer(&mut self, request: &Value) -> (GeneratedAnswer, String) {
        let document = parse_query(request["query"].as_str().unwrap()).unwrap();
        let operation = request["operationName"].as_str().unwrap().to_owned();
        let (_, found) = document.operations.iter().next().unwrap();
        let root = match found.node.ty {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        };
        let mut walk =
            Walk { document: &document, variables: &request["variables"], failing: vec![] };
        let selection = &found.node.selection_set.node;
        let mut data = Value::Object(self.object(&mut walk, root, root, selection, &[], &None));
        let mut errors = Vec::new();
        for _ in 0..self.rng.random_range(0..6_u32).saturating_sub(3) {
            let Some((path, landing)) = walk.failing.choose(&mut self.rng).cloned() else { break };
            match landing {
                None => data = Value::Null,
                Some(landing) => nullify(&mut data, &landing),
            }
            errors.push(self.error(path));
        }
        let mut body = json!({ "data": data });
        if !errors.is_empty() || self.rng.random_bool(0.1) {
            body["errors"] = Value::Array(errors);
        }
        if self.rng.random_bool(0.3) {
            body["extensions"] = json!({ "warnings": [{ "type": "DEPRECATION" }] });
        }
        let text = serde_json::to_string(&body).unwrap();
        let halves = [
            (r"\ud83d", "\u{fffd}"),
            (r"\uDE00", "\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        ];
        let (half, read) = *halves.choose(&mut self.rng).unwrap();
        let body = serde_json::from_str(&text.replace(HALF, read)).unwrap();
        (GeneratedAnswer { operation, body }, text.replace(HALF, half))
    }

    fn error(&mut self, path: Vec<Value>) -> Value {
        let number: u32 = self.rng.random();
        let mut error = json!({ "message": format!("Something is off {number}"), "path": path });
        let kinds = ["NOT_FOUND", "FORBIDDEN", "INTERNAL", "SERVICE_UNAVAILABLE", UNHEARD_OF];
        match self.rng.random_range(0..8_usize) {
            5 => {}
            6 => error["type"] = Value::Null,
            7 => error["type"] = json!({ "of": "another shape" }),
            at => error["type"] = json!(kinds[at]),
        }
        if self.rng.random_bool(0.5) {
            error["locations"] = json!([{ "line": 3, "column": 5 }]);
            error["extensions"] = json!({ "code": "x", "saml_failure": true });
        }
        error
    }

    /// The members of a selection on an object of type `concrete`, in a place of type `declared`.
    fn object(
        &mut self,
        walk: &mut Walk<'_>,
        declared: &str,
        concrete: &str,
        selection: &SelectionSet,
        path: &[Value],
        landing: &Option<Vec<Value>>,
    ) -> Map<String, Value> {
        let mut members = Map::new();
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    if !is_wanted(&field.node, walk.variables) {
                        continue;
                    }
                    let key = field.node.response_key().node.to_string();
                    let path = [path, &[json!(key)]].concat();
                    let value = self.field(walk, declared, concrete, &field.node, &path, landing);
                    members.insert(key, value);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().unwrap();
                    let (on, selection) = (on.node.on.node.as_str(), &fragment.node.selection_set);
                    if self.is(concrete, on) {
                        let on = if self.schema.members.contains_key(on) { on } else { concrete };
                        let more = self.object(walk, on, concrete, &selection.node, path, landing);
                        members.extend(more);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let document = walk.document;
                    let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                    let on = fragment.type_condition.node.on.node.as_str();
                    if self.is(concrete, on) {
                        let selection = &fragment.selection_set.node;
                        let more = self.object(walk, on, concrete, selection, path, landing);
                        members.extend(more);
                    }
                }
            }
        }
        members
    }

    fn is(&self, concrete: &str, on: &str) -> bool {
        concrete == on || self.schema.members.get(on).is_some_and(|all| all.contains(concrete))
    }

    fn field(
        &mut self,
        walk: &mut Walk<'_>,
        declared: &str,
        concrete: &str,
        field: &Field,
        path: &[Value],
        landing: &Option<Vec<Value>>,
    ) -> Value {
        let name = field.name.node.as_str();
        if name == "__typename" {
            return json!(concrete);
        }
        let of = if concrete == UNHEARD_OF { declared } else { concrete };
        let place = self.schema.fields[of][name].clone();
        self.place(walk, &place, field, path, landing)
    }

    fn place(
        &mut self,
        walk: &mut Walk<'_>,
        place: &Place,
        field: &Field,
        path: &[Value],
        landing: &Option<Vec<Value>>,
    ) -> Value {
        let landing = if place.nullable { Some(path.to_vec()) } else { landing.clone() };
        walk.failing.push((path.to_vec(), landing.clone()));
        // An object that was requested by id exists more often than not.
        if place.nullable && self.rng.random_bool(0.12) {
            return Value::Null;
        }
        match &place.shape {
            Shape::List(item) => {
                let many = match argument(field, "ids", walk.variables) {
                    Some(Value::Array(ids)) => ids.len(),
                    _ => self.rng.random_range(0..6),
                };
                let item = |at| {
                    let path = [path, &[json!(at)]].concat();
                    self.place(walk, item, field, &path, &landing)
                };
                (0..many).map(item).collect()
            }
            Shape::Named(name) => {
                let selection = &field.selection_set.node;
                if selection.items.is_empty() {
                    return self.leaf(name, field.name.node.as_str());
                }
                let concrete = self.concrete(name, walk.document, selection);
                Value::Object(self.object(walk, name, &concrete, selection, path, &landing))
            }
        }
    }

    /// A type for a place of an abstract type: half of the time one that the document names,
    /// otherwise each in turn.
    fn concrete(
        &mut self,
        name: &str,
        document: &ExecutableDocument,
        selection: &SelectionSet,
    ) -> String {
        let Some(members) = self.schema.members.get(name) else { return name.to_owned() };
        let named: Vec<String> = named_types(document, selection)
            .into_iter()
            .filter(|one| members.contains(one))
            .collect();
        let all = members.clone();
        match named.choose(&mut self.rng) {
            Some(one) if self.rng.random_bool(0.5) => one.clone(),
            _ => self.next_of(name, all),
        }
    }

    /// The one that was chosen least often.
    fn next_of(&mut self, name: &str, mut all: BTreeSet<String>) -> String {
        all.insert(UNHEARD_OF.to_owned());
        let chosen = self.chosen.entry(name.to_owned()).or_default();
        let least = all.into_iter().min_by_key(|one| chosen.get(one).copied().unwrap_or_default());
        let least = least.unwrap();
        *chosen.entry(least.clone()).or_default() += 1;
        least
    }

    fn leaf(&mut self, name: &str, field: &str) -> Value {
        if let Some(values) = self.schema.enums.get(name).cloned() {
            return json!(self.next_of(name, values));
        }
        let rng = &mut self.rng;
        match name {
            "Int" => {
                let numbers = [0, 1, 42, -1, i32::MAX, i32::MIN, rng.random()];
                json!(numbers.choose(rng))
            }
            "Float" => json!(rng.random::<f64>()),
            "Boolean" => json!(rng.random::<bool>()),
            "DateTime" => {
                let times =
                    ["2026-11-29T17:00:00Z", "1970-01-01T00:00:00Z", "2038-01-19T03:14:08.5Z"];
                json!(times.choose(rng))
            }
            _ if field == "nameWithOwner" => {
                let names = ["acme/tools", "Old-/.github", "a--b/-", "mona_corp/x.y_z", "9/9"];
                json!(names.choose(rng))
            }
            "ID" => json!(format!("ID_{}", rng.random::<u64>())),
            _ => {
                let texts =
                    ["", "plain", "שלום 🎉 <script>", "a\u{0}b\r\nc\u{1b}[31m", "\\ud83d", "👨‍👩‍👧"];
                let text = texts.choose(rng).unwrap();
                let half = if rng.random_bool(0.02) { HALF } else { "" };
                json!(format!("{text}{half}{}", rng.random::<u16>()))
            }
        }
    }
}

/// The types that a selection names, in fragments, too.
fn named_types(document: &ExecutableDocument, selection: &SelectionSet) -> Vec<String> {
    let of = |item: &Positioned<Selection>| match &item.node {
        Selection::InlineFragment(fragment) => {
            fragment.node.type_condition.as_ref().map(|on| on.node.on.node.to_string())
        }
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.map(|fragment| fragment.node.type_condition.node.on.node.to_string())
        }
        Selection::Field(_) => None,
    };
    selection.items.iter().filter_map(of).collect()
}

fn is_wanted(field: &Field, variables: &Value) -> bool {
    field.directives.iter().all(|directive| {
        let given = directive.node.get_argument("if").map(|value| {
            let variable = |name: Name| {
                let value = variables[name.as_str()].as_bool().unwrap_or_default();
                Ok::<_, std::convert::Infallible>(async_graphql::Value::Boolean(value))
            };
            value.node.clone().into_const_with(variable).unwrap()
        });
        let is_set = given == Some(async_graphql::Value::Boolean(true));
        is_set == (directive.node.name.node == "include")
    })
}

fn argument(field: &Field, name: &str, variables: &Value) -> Option<Value> {
    let variable = |name: Name| {
        let value = async_graphql::Value::from_json(variables[name.as_str()].clone()).unwrap();
        Ok::<_, std::convert::Infallible>(value)
    };
    let value = field.get_argument(name)?.node.clone().into_const_with(variable).unwrap();
    Some(value.into_json().unwrap())
}

fn nullify(data: &mut Value, path: &[Value]) {
    let mut place = Some(data);
    for part in path {
        place = place.and_then(|place| match part {
            Value::String(name) => place.get_mut(name),
            at => place.get_mut(usize::try_from(at.as_u64()?).ok()?),
        });
    }
    // An earlier error may have set a parent to null.
    if let Some(place) = place {
        *place = Value::Null;
    }
}
