//! Sessions: signing in and out on the page.

use axum::Extension;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Done, json};
use super::body::Body;
use crate::domain::Timestamp;
use crate::domain::bounds::is_invisible;
use crate::middleware::{Caller, Problem, ProblemDocument, Public, keep_session};
use crate::service::{App, Error, sessions};

const REFUSAL: &str = "Send {\"name\": \"...\", \"token\": \"...\"}";

/// The name and the token of a person who signs in.
#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// The person's name in the audit log and in events, 1 to 100 visible characters. Reserved
    /// names are rejected.
    #[schema(example = "Sam")]
    name: String,
    /// `DISPATCH_MAINTAINER_TOKEN` or `DISPATCH_AGENT_TOKEN`.
    #[schema(format = Password)]
    token: String,
}

/// The person who is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn<'a> {
    /// The person's name in the audit log and in events.
    #[schema(example = "Sam")]
    name: &'a str,
    /// When the person must sign in again.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Signs a person in on the page. The person may then do everything. The response sets a cookie
/// with the session, which ends after seven days, when the person signs out, or when its token is
/// no longer valid.
#[utoipa::path(
    post,
    path = "/api/session",
    tag = "service",
    operation_id = "signIn",
    request_body = SignIn,
    responses(
        (status = 201, description = "The person is signed in.", body = SignedIn<'_>,
            headers(("Set-Cookie" = String, description = "The session cookie. Scripts cannot read it, and browsers do not send it for requests of other sites."))),
        (status = 400, description = "The name is reserved, or not 1 to 100 visible characters.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "The token is wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The token is a worker token, or the request comes from a page of another site.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The authentication mode (`basic` or `disabled`) does not allow signing in on the page.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens; `Retry-After` states when to retry.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "The session could not be stored.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "The database does not respond.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sign_in(
    Public(app): Public<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members(REFUSAL)?;
    members.require(&["name", "token"], REFUSAL)?;
    let SignIn { name, token } = members.read()?;
    let token = caller.check_sign_in(pasted(&token)).map_err(|error| match error {
        Error::Unauthenticated => Problem::from(error).with_message("The token is wrong"),
        error => error.into(),
    })?;
    let (id, session) = sessions::sign_in(&app, &token, &name, caller.sessions()).await?;
    let signed_in = SignedIn { name: &session.name, expires_at: Timestamp(session.expires_at) };
    let cookie = keep_session(&app.config.server, &headers, Some(&id));
    Ok(([(SET_COOKIE, cookie)], json(StatusCode::CREATED, &signed_in)).into_response())
}

/// Removes from a pasted token what was copied with it: quotes, invisible characters, the word
/// before it.
fn pasted(token: &str) -> &str {
    let is_around = |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '"' | '\'' | '`');
    let bare = token.trim_matches(is_around);
    let bare = ["DISPATCH_MAINTAINER_TOKEN=", "DISPATCH_AGENT_TOKEN=", "Bearer "]
        .iter()
        .find_map(|word| bare.strip_prefix(word))
        .unwrap_or(bare);
    bare.trim_matches(is_around)
}

/// Signs a person out on the page: ends the session of the request.
#[utoipa::path(
    delete,
    path = "/api/session",
    tag = "service",
    operation_id = "signOut",
    responses(
        (status = 200, description = "The person is signed out, whether or not they were signed in.", body = Done,
            headers(("Set-Cookie" = String, description = "Removes the session cookie from the browser."))),
    )
)]
pub(super) async fn sign_out(
    Public(app): Public<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    sessions::sign_out(&app, caller.sessions()).await?;
    let cookie = keep_session(&app.config.server, &headers, None);
    Ok(([(SET_COOKIE, cookie)], json(StatusCode::OK, &Done::DONE)).into_response())
}
