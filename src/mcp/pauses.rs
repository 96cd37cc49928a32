//! The tools about pauses.

use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Json;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arguments::{Parameters, known};
use super::tool_error::ToolError;
use super::{McpServer, ToolCaller};
use crate::domain::Timestamp;
use crate::domain::pauses::PauseScope;
use crate::service::claims::pauses::{self, PauseWork};
use crate::store;

/// A pause to start or to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PauseArguments {
    /// What the pause covers.
    #[schemars(extend("enum" = PauseScope::ALL.map(PauseScope::as_str)))]
    scope: String,
    /// The full name of the repository, the id or an alias of the lane, or the name of the agent.
    /// Absent for everything.
    subject: Option<String>,
    /// Whether holders are asked to stop at their next renewal. Otherwise held issues are finished.
    stops_holders: Option<bool>,
    /// The reason, up to 500 characters.
    reason: Option<String>,
    /// The duration in minutes, from 1 to 43200. When absent, the pause lasts until somebody ends
    /// it.
    for_minutes: Option<i32>,
}

/// A pause to end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ResumeArguments {
    /// The `pauseId` that `list_pauses` returned.
    pause_id: String,
}

/// A pause: agents are not served the work that it covers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pause {
    /// The pause's id. Pass it to `resume_work`.
    pause_id: String,
    /// What the pause covers: `everything`, `repository`, `lane` or `agent`.
    scope: &'static str,
    /// The full name of the paused repository, the id of the lane, or the name of the agent; null
    /// for everything.
    subject: Option<String>,
    /// Whether holders are asked to stop at their next renewal.
    stops_holders: bool,
    /// The whole pause as one sentence: who paused what, until when, and why.
    summary: String,
    /// When the pause ends automatically, in UTC; null when somebody has to end it.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    ends_at: Option<Timestamp>,
    /// The number of paused issues that agents still hold.
    #[schemars(with = "i32")]
    held: usize,
}

impl Pause {
    fn new(row: &store::Pause, held: usize) -> Self {
        Self {
            pause_id: row.id.to_string(),
            scope: row.scope.as_str(),
            subject: Some(row.subject.clone()).filter(|subject| !subject.is_empty()),
            stops_holders: row.stops_holders,
            summary: row.summary(),
            ends_at: row.ends_at.map(Timestamp),
            held,
        }
    }
}

/// The current pauses.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pauses {
    /// The pauses, earliest first.
    pauses: Vec<Pause>,
}

/// The result of ending a pause.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resumed {
    /// The ended pause.
    pause: Pause,
}

#[tool_router(router = pauses_router, vis = "pub(super)")]
impl McpServer {
    /// Pauses a repository, a lane, an agent, or everything, for some time or until `resume_work`.
    /// Agents are not served paused work. Held issues are finished, unless holders are asked to
    /// stop.
    #[tool(
        title = "Pause work",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn pause_work(
        &self,
        Parameters(given): Parameters<PauseArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Pause>, ToolError> {
        let command = PauseWork {
            scope: known("scope", &given.scope)?,
            subject: given.subject,
            stops_holders: given.stops_holders,
            reason: given.reason,
            for_minutes: given.for_minutes,
        };
        let row = pauses::pause_work(&self.app, &tool_caller.actor, command).await?;
        let held = pauses::covered_leases(&self.app, std::slice::from_ref(&row)).await?;
        Ok(Json(Pause::new(&row, held.first().copied().unwrap_or_default())))
    }

    /// Ends a pause: agents are served the paused work again.
    #[tool(
        title = "Resume work",
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn resume_work(
        &self,
        Parameters(given): Parameters<ResumeArguments>,
        Extension(tool_caller): Extension<ToolCaller>,
    ) -> Result<Json<Resumed>, ToolError> {
        let id = known("pauseId", &given.pause_id)?;
        let row = pauses::resume_work(&self.app, &tool_caller.actor, id).await?;
        let held = pauses::covered_leases(&self.app, std::slice::from_ref(&row)).await?;
        let pause = Pause::new(&row, held.first().copied().unwrap_or_default());
        Ok(Json(Resumed { pause }))
    }

    /// Lists the current pauses: what is paused, by whom, until when, and why.
    #[tool(title = "List pauses", annotations(read_only_hint = true, open_world_hint = false))]
    async fn list_pauses(&self) -> Result<Json<Pauses>, ToolError> {
        let rows = pauses::pauses(&self.app).await?;
        let held = pauses::covered_leases(&self.app, &rows).await?;
        let pauses = rows.iter().zip(held).map(|(row, held)| Pause::new(row, held)).collect();
        Ok(Json(Pauses { pauses }))
    }
}
