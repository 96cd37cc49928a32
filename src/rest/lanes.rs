//! Which queues there are.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::json;
use crate::app::App;
use crate::domain::{Lane, LaneRole};
use crate::middleware::Reader;

/// A queue that issues wait in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Lane)]
pub(super) struct LaneRow<'a> {
    /// What requests and issues call it.
    #[schema(example = "default")]
    id: &'a str,
    /// Its name for people.
    #[schema(example = "Default")]
    title: &'a str,
    /// Whether agents take work from it.
    claimable: bool,
    /// `default` or `escalation`.
    #[schema(required, example = "default")]
    role: Option<&'static str>,
    /// What it is for.
    #[schema(required)]
    description: Option<&'a str>,
    /// Its colour in CSS notation.
    #[schema(required)]
    color: Option<&'a str>,
    /// The agent that works it when nobody else is named.
    #[schema(required)]
    default_agent: Option<&'a str>,
}

impl<'a> LaneRow<'a> {
    fn of(lane: &'a Lane) -> Self {
        Self {
            id: &lane.id,
            title: &lane.title,
            claimable: lane.claimable,
            role: lane.role.map(LaneRole::as_str),
            description: lane.description.as_deref(),
            color: lane.color.as_deref(),
            default_agent: lane.default_agent.as_deref(),
        }
    }
}

/// Lists the queues in the order of the settings.
#[utoipa::path(
    get,
    path = "/api/lanes",
    tag = "work",
    operation_id = "listLanes",
    responses((status = 200, description = "All of them.", body = Vec<LaneRow<'_>>))
)]
pub(super) async fn list(Reader { state: app, .. }: Reader<App>) -> Response {
    json(StatusCode::OK, &app.config.lanes.all().iter().map(LaneRow::of).collect::<Vec<_>>())
}
