//! What happened in repositories.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::repositories::WholeRepository;
use super::rows::EventRow;
use super::workflows::chosen;
use crate::domain::RepositoryId;
use crate::middleware::{Problem, Reader};
use crate::rest::answer::json;
use crate::rest::errors::failed;
use crate::rest::query::{QueryString, default_limit, limit};
use crate::service::automation::lists;
use crate::service::{self, App};
use crate::store::PageRequest;
use crate::store::automation::Activity;
use crate::store::automation::activity::ActivityFilter;

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The maximum number of items, from 0 to 1,000.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = Option<u32>, default = 50)]
    limit: u32,
    /// The id of a tracked repository, or its full name.
    repo: Option<String>,
    /// Only events of exactly this type, such as `workflow_run_failed`.
    r#type: Option<String>,
}

/// An event with its repository.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventListRow<'a> {
    #[serde(flatten)]
    event: EventRow<'a>,
    /// Its repository.
    repo: WholeRepository<'a>,
}

/// Lists what happened in tracked repositories, newest first.
#[utoipa::path(
    get,
    path = "/api/automation/events",
    tag = "automation",
    operation_id = "listAutomationEvents",
    params(EventsQuery),
    responses(
        (status = 200, description = "The newest events.", body = Vec<EventListRow<'_>>),
    )
)]
pub(crate) async fn list(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let failed = failed("Failed to fetch events");
    let events = events(&app, query.read()).await.map_err(&failed)?;
    let mut ids: Vec<RepositoryId> = events.iter().map(|row| row.repository_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let repositories = service::board::repositories(&app, &ids).await.map_err(&failed)?;
    let automation = lists::repository_rows(&app, &ids).await.map_err(&failed)?;
    let repositories: HashMap<_, _> = repositories.iter().map(|row| (row.id, row)).collect();
    let automation: HashMap<_, _> = automation.iter().map(|row| (row.repository_id, row)).collect();
    let rows = events.iter().filter_map(|event| row(event, &repositories, &automation));
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}

async fn events(app: &App, query: EventsQuery) -> service::Result<Vec<Activity>> {
    let repository = match query.repo.as_deref() {
        None => None,
        Some(repo) => {
            let id = repo.parse::<RepositoryId>().ok();
            let found = match id {
                Some(id) => Some(id),
                None => chosen(app, Some(repo)).await?.pop(),
            };
            let Some(found) = found else { return Ok(vec![]) };
            Some(found)
        }
    };
    let kinds = match query.r#type.as_deref().map(str::parse) {
        None => vec![],
        Some(Ok(kind)) => vec![kind],
        // No event has a type that is not known.
        Some(Err(_)) => return Ok(vec![]),
    };
    let filter = ActivityFilter { repository, kinds };
    let page = lists::list_activity(app, &filter, &PageRequest::first(query.limit)).await?;
    Ok(page.rows)
}

fn row<'a>(
    event: &'a Activity,
    repositories: &HashMap<RepositoryId, &'a crate::store::Repository>,
    automation: &HashMap<RepositoryId, &'a crate::store::automation::AutomationRepository>,
) -> Option<EventListRow<'a>> {
    let repository = repositories.get(&event.repository_id).filter(|row| row.enabled)?;
    let automation = automation.get(&event.repository_id).copied();
    let repo = WholeRepository::new(repository, automation);
    Some(EventListRow { event: EventRow::new(event), repo })
}
