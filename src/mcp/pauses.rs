//! The tools about pauses.

use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Json;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arguments::{Parameters, known};
use super::tool_error::ToolError;
use super::{Asker, Server};
use crate::domain::Instant;
use crate::domain::pauses::PauseScope;
use crate::service::pauses::{self, PauseWork};
use crate::store;

/// What to pause.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PauseArguments {
    /// What kind of thing.
    #[schemars(extend("enum" = PauseScope::ALL.map(PauseScope::as_str)))]
    scope: String,
    /// Which one: a repository's full name, a lane's id or alias, an agent's name. Absent for
    /// everything.
    subject: Option<String>,
    /// Whether holders are told to stop with their next renewal; else what is held is finished.
    stops_holders: Option<bool>,
    /// Why, up to 500 characters.
    reason: Option<String>,
    /// For how many minutes: 1 to 43200. Until somebody resumes it when absent.
    for_minutes: Option<i32>,
}

/// A pause to end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ResumeArguments {
    /// The `pauseId` that `list_pauses` tells.
    pause_id: String,
}

/// A pause: agents are served nothing of what it covers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pause {
    /// Hand it to `resume_work`.
    pause_id: String,
    /// `everything`, `repository`, `lane` or `agent`.
    scope: &'static str,
    /// Which one; null for everything.
    subject: Option<String>,
    /// Whether holders are told to stop.
    stops_holders: bool,
    /// Who paused what, until when and why, as one sentence.
    summary: String,
    /// When it ends by itself, by UTC; null when somebody has to end it.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    ends_at: Option<Instant>,
    /// How many issues of what it covers agents still hold.
    #[schemars(with = "i32")]
    held: usize,
}

impl Pause {
    fn of(row: &store::Pause, held: usize) -> Self {
        Self {
            pause_id: row.id.to_string(),
            scope: row.scope.as_str(),
            subject: Some(row.subject.clone()).filter(|subject| !subject.is_empty()),
            stops_holders: row.stops_holders,
            summary: row.summary(),
            ends_at: row.ends_at.map(Instant),
            held,
        }
    }
}

/// What is paused.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pauses {
    /// The first begun first.
    pauses: Vec<Pause>,
}

/// A pause that has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resumed {
    /// What was paused, as it was.
    pause: Pause,
}

#[tool_router(router = pauses_router, vis = "pub(super)")]
impl Server {
    /// Serves agents nothing of a repository, of a lane, to an agent, or at all, for some time or
    /// until `resume_work`. What is held is finished, unless holders are told to stop.
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
        Extension(asker): Extension<Asker>,
    ) -> Result<Json<Pause>, ToolError> {
        let command = PauseWork {
            scope: known("scope", &given.scope)?,
            subject: given.subject,
            stops_holders: given.stops_holders,
            reason: given.reason,
            for_minutes: given.for_minutes,
        };
        let row = pauses::pause_work(&self.app, &asker.actor, command).await?;
        let held = pauses::held_under(&self.app, std::slice::from_ref(&row)).await?;
        Ok(Json(Pause::of(&row, held.first().copied().unwrap_or_default())))
    }

    /// Ends a pause: agents are served again what it covered.
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
        Extension(asker): Extension<Asker>,
    ) -> Result<Json<Resumed>, ToolError> {
        let id = known("pauseId", &given.pause_id)?;
        let row = pauses::resume_work(&self.app, &asker.actor, id).await?;
        let held = pauses::held_under(&self.app, std::slice::from_ref(&row)).await?;
        let pause = Pause::of(&row, held.first().copied().unwrap_or_default());
        Ok(Json(Resumed { pause }))
    }

    /// Lists what is paused, by whom, until when and why.
    #[tool(title = "List pauses", annotations(read_only_hint = true, open_world_hint = false))]
    async fn list_pauses(&self) -> Result<Json<Pauses>, ToolError> {
        let rows = pauses::pauses(&self.app).await?;
        let held = pauses::held_under(&self.app, &rows).await?;
        let pauses = rows.iter().zip(held).map(|(row, held)| Pause::of(row, held)).collect();
        Ok(Json(Pauses { pauses }))
    }
}
