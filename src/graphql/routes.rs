//! The one route of GraphQL: WebSocket upgrades, and requests over HTTP.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::http::answer;
use super::server::Server;
use super::websocket;
use crate::middleware::access;
use crate::middleware::is_handshake;

/// The routes of GraphQL. The caller is the [`Actor`](crate::domain::Actor) in the request's
/// extensions; a request without one is anonymous.
pub fn routes(server: Server) -> Router {
    Router::new().route(access::SOCKET, any(graphql)).with_state(server)
}

async fn graphql(State(server): State<Server>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if is_handshake(&parts.method, parts.version, &parts.headers) {
        return websocket::upgrade(server, &mut parts).await;
    }
    match answer(&server, &parts, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}
