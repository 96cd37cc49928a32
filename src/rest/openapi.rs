//! The OpenAPI description, generated from the handlers.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Object, OpenApi as Description, RefOr, Required, Schema, Type};

use super::responses::problem;
use super::schemas::{Absent, Anything, KEY_PATTERN};
use super::{enforced, idempotency};
use crate::domain::Tier;
use crate::middleware::access::{self, Declared};
use crate::middleware::{ProblemDocument, Reader};

/// The general part of the description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispatch",
        description = "A Kanban board and work dispatch for AI agents over GitHub Issues.\n\n\
            This is the REST API for existing clients; GraphQL at `/graphql` offers more. A body is \
            parsed as JSON regardless of its content type. Every error is a problem document \
            (RFC 9457): `error` is a message for people, and `code` is for programs.\n\n\
            Without `DISPATCH_AUTH_MODE`, people can read the board and move issues without \
            credentials, and the operations of agents require the token. With \
            `DISPATCH_AUTH_MODE=basic`, everything except the health checks requires name and \
            password, or the token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemDocument, Absent, Anything)),
    tags(
        (name = "issues", description = "Issues and their columns."),
        (name = "work", description = "Claims, leases and reports of agents."),
        (name = "sync", description = "Syncing issues from GitHub."),
        (name = "repositories", description = "Tracked repositories."),
        (name = "records", description = "The audit log and agent runs."),
        (name = "webhooks", description = "Deliveries of GitHub's webhooks."),
        (name = "service", description = "Health checks, and signing in on the page."),
    ),
)]
struct Head;

/// The description without routes.
pub(super) fn head() -> Description {
    let mut head = Head::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut head.info.version);
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description = Some("The token that `DISPATCH_AGENT_TOKEN` sets.".to_owned());
    let mut password = Http::new(HttpAuthScheme::Basic);
    password.description = Some("Name and password, with `DISPATCH_AUTH_MODE=basic`.".to_owned());
    let components = head.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.add_security_scheme("password", SecurityScheme::Http(password));
    head
}

/// The complete description.
pub fn describe() -> Description {
    finish(super::routes().into_openapi())
}

/// Adds to each route its permissions, from the same table that the middleware reads, and the
/// responses that do not depend on the route.
pub(super) fn finish(mut description: Description) -> Description {
    for (path, item) in &mut description.paths.paths {
        let operations =
            [("GET", &mut item.get), ("POST", &mut item.post), ("DELETE", &mut item.delete)];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let Declared::Tier(tier) = access::route(method, path) else { continue };
            let is_change = method != "GET";
            if is_change && idempotency::takes_keys(path) {
                name_key(operation);
            }
            if is_change && tier != Tier::Public {
                let text = "The name of the program, for a caller with a token. A name in the body \
                            takes precedence.";
                add_header(operation, "X-Agent-Name", text, None);
            }
            add_responses(operation, tier, is_change);
            operation.security = Some(security(tier));
        }
    }
    enforced::add_bounds(&mut description);
    allow_shared_members(&mut description);
    description
}

/// The variants of an untagged enum may have members in common, so an object may match several.
fn allow_shared_members(description: &mut Description) {
    let components = description.components.get_or_insert_default();
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::OneOf(one)) = schema {
            let any = AnyOf {
                items: std::mem::take(&mut one.items),
                description: one.description.take(),
                ..AnyOf::new()
            };
            *schema = RefOr::T(any.into());
        }
    }
}

/// Adds what callers without permission get, and what any route can answer if it does not describe
/// that itself.
fn add_responses(operation: &mut Operation, tier: Tier, is_change: bool) {
    let has_input = operation.parameters.is_some() || operation.request_body.is_some();
    let responses = &mut operation.responses.responses;
    let mut add = |status: &str, text: &str| {
        responses.entry(status.to_owned()).or_insert_with(|| problem(text).into());
    };
    if has_input {
        add("400", "The request is invalid; `field` names the member, parameter or header.");
    }
    if is_change {
        add("413", "The body is too long.");
    }
    if tier != Tier::Public {
        add("401", "Credentials are missing or wrong.");
        add(
            "403",
            "A worker token does not allow this, or the request comes from a page of another site.",
        );
        add(
            "429",
            "Too many requests of a program, or too many wrong passwords; `Retry-After` states \
             when to retry.",
        );
        add("500", "The route failed; `error` is a text of its own, without the cause.");
    }
}

/// Adds the parameter `Idempotency-Key` to a route that changes something.
fn name_key(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let conflict = "The `Idempotency-Key` was used for a different request.";
    responses.entry("409".to_owned()).or_insert_with(|| problem(conflict).into());
    let parameters = operation.parameters.iter().flatten();
    let is_named = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == idempotency::HEADER,
        RefOr::Ref(_) => false,
    };
    if !parameters.into_iter().any(is_named) {
        let text = "The idempotency key, 1 to 200 characters. A repeated request with the same key \
                    does nothing and returns the first response, with `Idempotency-Replayed: true`. \
                    Successful responses are kept for a day.";
        add_header(operation, idempotency::HEADER, text, Some(KEY_PATTERN));
    }
}

fn add_header(operation: &mut Operation, name: &str, text: &str, pattern: Option<&str>) {
    let string = Object::builder().schema_type(Type::String).pattern(pattern);
    let parameter = Parameter::builder().name(name).parameter_in(ParameterIn::Header);
    let parameter = parameter.required(Required::False).description(Some(text));
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.schema(Some(string)).build().into());
}

/// The credentials that a tier requires. Without an authentication mode, people need none for the
/// board.
fn security(tier: Tier) -> Vec<SecurityRequirement> {
    let named = |scheme: &str| SecurityRequirement::new::<_, [&str; 0], _>(scheme, []);
    match tier {
        Tier::Public => vec![SecurityRequirement::default()],
        Tier::Read | Tier::Board => {
            vec![named("token"), named("password"), SecurityRequirement::default()]
        }
        Tier::Agent | Tier::Maintainer => vec![named("token"), named("password")],
    }
}

/// The description as served, serialized as JSON.
#[derive(Clone)]
pub(super) struct OpenApiDocument(Bytes);

impl OpenApiDocument {
    pub(super) fn new(description: &Description) -> Self {
        let json = serde_json::to_vec(description).expect("a description is made of texts");
        Self(json.into())
    }
}

/// Serves the description.
pub(super) async fn serve(
    Reader { state: OpenApiDocument(json), .. }: Reader<OpenApiDocument>,
) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], json)
}
