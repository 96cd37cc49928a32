//! The lanes.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Lane, LaneRole};
use crate::middleware::Reader;
use crate::rest::answer::json;
use crate::service::App;

/// A lane: a named pool of claimable issues.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Lane)]
pub(super) struct LaneRow<'a> {
    /// The lane's id, as used in requests and in issues.
    #[schema(example = "default")]
    id: &'a str,
    /// The lane's display name.
    #[schema(example = "Default")]
    title: &'a str,
    /// Whether agents claim issues from this lane.
    claimable: bool,
    /// `default` or `escalation`.
    #[schema(required, example = "default")]
    role: Option<&'static str>,
    /// The purpose of the lane.
    #[schema(required)]
    description: Option<&'a str>,
    /// The lane's colour in CSS notation.
    #[schema(required)]
    color: Option<&'a str>,
    /// The agent that works on the lane's issues if no other agent is named.
    #[schema(required)]
    default_agent: Option<&'a str>,
}

impl<'a> LaneRow<'a> {
    fn new(lane: &'a Lane) -> Self {
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

/// Lists the lanes in their configured order.
#[utoipa::path(
    get,
    path = "/api/lanes",
    tag = "work",
    operation_id = "listLanes",
    responses((status = 200, description = "All lanes.", body = Vec<LaneRow<'_>>))
)]
pub(crate) async fn list(Reader { state: app, .. }: Reader<App>) -> Response {
    json(StatusCode::OK, &app.config.lanes.all().iter().map(LaneRow::new).collect::<Vec<_>>())
}
