//! Root fields for pauses.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::domain::PauseId;
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::Pause;
use crate::graphql::types::page::cost;
use crate::service::claims::pauses::{self, PauseWork};
use crate::service::{self};
use crate::store;

#[derive(Debug, Default)]
pub(crate) struct PauseQuery;

#[Object]
impl PauseQuery {
    /// The current pauses, earliest first; 200 at most.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn pauses(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Pause>> {
        Ok(all(context, pauses::pauses(app(context)).await?).await?)
    }
}

/// Pauses with the number of issues still held under each, if that is selected.
async fn all(context: &Context<'_>, rows: Vec<store::Pause>) -> service::Result<Vec<Pause>> {
    let held = match rows.is_empty() {
        true => vec![],
        false => pauses::covered_leases(app(context), &rows).await?,
    };
    Ok(rows.into_iter().zip(held).map(|(row, held)| Pause { row, held }).collect())
}

/// The result of pausing.
#[derive(SimpleObject)]
struct PauseWorkPayload {
    /// The pause.
    pause: Pause,
}

/// A pause to end.
#[derive(InputObject)]
struct ResumeWorkInput {
    /// The pause.
    pause_id: PauseId,
}

/// The result of ending a pause.
#[derive(SimpleObject)]
struct ResumeWorkPayload {
    /// The id of the ended pause.
    pause_id: PauseId,
}

#[derive(Debug, Default)]
pub(crate) struct PauseMutation;

#[Object]
impl PauseMutation {
    /// Pauses a repository, a lane, an agent, or everything, for some time or until somebody ends
    /// the pause. Agents are not served paused work. Held issues are finished, unless holders are
    /// asked to stop. Pausing the same again changes its pause.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn pause_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to pause, why and for how long.")] input: PauseWork,
    ) -> async_graphql::Result<PauseWorkPayload> {
        let row = pauses::pause_work(app(context), actor(context), input).await?;
        let held = pauses::covered_leases(app(context), std::slice::from_ref(&row)).await?;
        let held = held.first().copied().unwrap_or_default();
        Ok(PauseWorkPayload { pause: Pause { row, held } })
    }

    /// Ends a pause: agents are served the paused work again, and waiting claims are woken.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn resume_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The pause to end.")] input: ResumeWorkInput,
    ) -> async_graphql::Result<ResumeWorkPayload> {
        let ended = pauses::resume_work(app(context), actor(context), input.pause_id).await?;
        Ok(ResumeWorkPayload { pause_id: ended.id })
    }
}
