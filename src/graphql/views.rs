//! The root fields of saved views.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::loaders::{actor, app};
use super::types::page::cost;
use crate::domain::{Instant, SavedViewId};
use crate::service::views;
use crate::store;

/// A filter that somebody gave a name, shared by everybody.
#[derive(Debug)]
pub(super) struct SavedView(store::SavedView);

/// A filter that somebody gave a name, shared by everybody.
#[Object]
impl SavedView {
    /// Opaque.
    async fn id(&self) -> SavedViewId {
        self.0.id
    }

    /// Its name, unique whatever the case.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The query of the board's address, without `?`: filters, grouping and order.
    async fn query(&self) -> &str {
        &self.0.query
    }

    /// Who saved it last.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When it was saved last.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}

#[derive(Debug, Default)]
pub(super) struct ViewQuery;

#[Object]
impl ViewQuery {
    /// Every saved view, by name.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn saved_views(&self, context: &Context<'_>) -> async_graphql::Result<Vec<SavedView>> {
        Ok(views::saved_views(app(context)).await?.into_iter().map(SavedView).collect())
    }
}

/// A view to save.
#[derive(InputObject)]
struct SaveViewInput {
    /// Its name, 1 to 100 characters. A view of that name, in any case, becomes this one.
    name: String,
    /// The query of the board's address, at most 2000 characters.
    query: String,
}

/// A view that is saved.
#[derive(SimpleObject)]
struct SaveViewPayload {
    /// The view.
    view: SavedView,
}

/// A view to forget.
#[derive(InputObject)]
struct DeleteViewInput {
    /// The view.
    view_id: SavedViewId,
}

/// A view that is forgotten.
#[derive(SimpleObject)]
struct DeleteViewPayload {
    /// The view as it was.
    view: SavedView,
}

#[derive(Debug, Default)]
pub(super) struct ViewMutation;

#[Object]
impl ViewMutation {
    /// Saves a view for everybody.
    async fn save_view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name and its query.")] input: SaveViewInput,
    ) -> async_graphql::Result<SaveViewPayload> {
        let actor = actor(context);
        let view = views::save_view(app(context), actor, &input.name, &input.query).await?;
        Ok(SaveViewPayload { view: SavedView(view) })
    }

    /// Forgets a view, for everybody.
    async fn delete_view(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which view.")] input: DeleteViewInput,
    ) -> async_graphql::Result<DeleteViewPayload> {
        let view = views::delete_view(app(context), input.view_id).await?;
        Ok(DeleteViewPayload { view: SavedView(view) })
    }
}
