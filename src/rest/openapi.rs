//! The description of the REST addresses, made of the handlers' own.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, Object, OpenApi as Description, Ref, RefOr, Required, Response, Type,
};
use utoipa::{OpenApi, ToSchema};

use super::idempotency;

use crate::domain::Tier;
use crate::domain::access::{self, Declared};
use crate::middleware::{ProblemDocument, Reader};

/// What stands above the addresses.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dispatch",
        description = "A Kanban board and work dispatch for AI agents over GitHub Issues.\n\n\
            These are the addresses that clients of old know; GraphQL at `/graphql` offers more. \
            A body is read as JSON whatever its content type says. Every failure is a problem \
            document (RFC 9457) whose `error` is a text for people and whose `code` tells programs \
            what to do.\n\n\
            Without `DISPATCH_AUTH_MODE` people read and move cards without proof, and what agents \
            do needs the token. With `DISPATCH_AUTH_MODE=basic` everything but the signs of life \
            needs name and password, or the token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "issues", description = "Cards and their columns."),
        (name = "work", description = "What agents take, hold and report."),
        (name = "sync", description = "Bringing GitHub's issues in."),
        (name = "repositories", description = "Which repositories are tracked."),
        (name = "records", description = "What was done, and by whom."),
        (name = "service", description = "Signs of life, and signing in on the page."),
    ),
)]
struct Head;

/// The description without any address.
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

/// The whole description.
pub fn describe() -> Description {
    finish(super::routes().into_openapi())
}

/// Says of each address who may ask it, from the same table that the middleware reads, and how it answers
/// to who may not.
pub(super) fn finish(mut description: Description) -> Description {
    for (path, item) in &mut description.paths.paths {
        let operations =
            [("GET", &mut item.get), ("POST", &mut item.post), ("DELETE", &mut item.delete)];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let Declared::Tier(tier) = access::route(method, path) else { continue };
            let mut answers: Vec<(&str, &str)> = Vec::new();
            if tier != Tier::Public {
                answers.push(("401", "Credentials are missing or wrong."));
                answers.push(("429", "Too many requests of a program, or wrong passwords; `Retry-After` says when to ask again."));
                answers.push(("403", "A worker's token does not reach here, or the request comes from a page of another site."));
            }
            if method != "GET" {
                answers.push(("413", "The body is too long."));
            }
            for (status, text) in answers {
                operation.responses.responses.insert(status.to_owned(), problem(text).into());
            }
            if method != "GET" && idempotency::takes_keys(path) {
                name_key(operation);
            }
            operation.security = Some(security(tier));
        }
    }
    description
}

/// Says of an address that changes something how a retry is told from another request.
fn name_key(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    let is_named = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == idempotency::HEADER,
        RefOr::Ref(_) => false,
    };
    if parameters.iter().any(is_named) {
        return;
    }
    let text = "A name of the caller's own for this request, 1 to 200 characters. A retry under it \
                is answered as the first was, with `Idempotency-Replayed: true`, and does nothing. \
                Successes are kept for a day.";
    let string = Object::builder().schema_type(Type::String);
    let parameter =
        Parameter::builder().name(idempotency::HEADER).parameter_in(ParameterIn::Header);
    let parameter = parameter.required(Required::False).description(Some(text));
    parameters.push(parameter.schema(Some(string)).build().into());
    let responses = &mut operation.responses.responses;
    let conflict = "The `Idempotency-Key` was used for a different request.";
    responses.entry("409".to_owned()).or_insert_with(|| problem(conflict).into());
}

fn problem(text: &str) -> Response {
    let document = Ref::from_schema_name(ProblemDocument::name());
    let content = Content::builder().schema(Some(document)).build();
    Response::builder().description(text).content("application/problem+json", content).build()
}

/// Credentials that open a tier. Where nobody signs in, people need none for what is on the board.
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

/// The description as it is served.
#[derive(Clone)]
pub(super) struct Served(Bytes);

impl Served {
    pub(super) fn of(description: &Description) -> Self {
        let json = serde_json::to_vec(description).expect("a description is made of texts");
        Self(json.into())
    }
}

/// Answers the description.
pub(super) async fn serve(Reader { state: Served(json), .. }: Reader<Served>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], json)
}
