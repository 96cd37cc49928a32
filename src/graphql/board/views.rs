//! Root fields for saved views.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::domain::{SavedViewId, Timestamp};
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::page::cost;
use crate::service::board::views;
use crate::store;

/// A named filter that all users share.
#[derive(Debug)]
pub(super) struct SavedView(store::SavedView);

/// A named filter that all users share.
#[Object]
impl SavedView {
    /// Opaque.
    async fn id(&self) -> SavedViewId {
        self.0.id
    }

    /// Its name; unique, case-insensitive.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The query string of the board's URL, without `?`: filters, grouping and order.
    async fn query(&self) -> &str {
        &self.0.query
    }

    /// Who saved it last.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When it was saved last.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.created_at)
    }
}

#[derive(Debug, Default)]
pub(crate) struct ViewQuery;

#[Object]
impl ViewQuery {
    /// All saved views, sorted by name.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn saved_views(&self, context: &Context<'_>) -> async_graphql::Result<Vec<SavedView>> {
        Ok(views::saved_views(app(context)).await?.into_iter().map(SavedView).collect())
    }
}

/// A view to save.
#[derive(InputObject)]
struct SaveViewInput {
    /// Its name, 1 to 100 characters. Replaces an existing view with this name (case-insensitive).
    name: String,
    /// The query string of the board's URL, at most 2000 characters.
    query: String,
}

/// The result of saving a view.
#[derive(SimpleObject)]
struct SaveViewPayload {
    /// The view.
    view: SavedView,
}

/// A view to delete.
#[derive(InputObject)]
struct DeleteViewInput {
    /// The view.
    view_id: SavedViewId,
}

/// The result of deleting a view.
#[derive(SimpleObject)]
struct DeleteViewPayload {
    /// The deleted view.
    view: SavedView,
}

#[derive(Debug, Default)]
pub(crate) struct ViewMutation;

#[Object]
impl ViewMutation {
    /// Saves a view for all users.
    async fn save_view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name and its query.")] input: SaveViewInput,
    ) -> async_graphql::Result<SaveViewPayload> {
        let actor = actor(context);
        let view = views::save_view(app(context), actor, &input.name, &input.query).await?;
        Ok(SaveViewPayload { view: SavedView(view) })
    }

    /// Deletes a view for all users.
    async fn delete_view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The view to delete.")] input: DeleteViewInput,
    ) -> async_graphql::Result<DeleteViewPayload> {
        let view = views::delete_view(app(context), input.view_id).await?;
        Ok(DeleteViewPayload { view: SavedView(view) })
    }
}
