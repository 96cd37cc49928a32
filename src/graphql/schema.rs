//! The whole schema. It is built without a server or a database, so that its text can be printed
//! and committed as `schema.graphql`.

use std::sync::Arc;

use async_graphql::{SDLExportOptions, SchemaBuilder};

use super::event_cache::EventCache;
use super::limits;
use super::mutation::Mutation;
use super::query::Query;
use super::subscription::Subscriptions;
use crate::service::App;

/// The schema with its resolvers.
pub(super) type Schema = async_graphql::Schema<Query, Mutation, Subscriptions>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscriptions> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscriptions::default())
        .limit_complexity(limits::COMPLEXITY)
        .disable_suggestions()
}

/// The schema of a running service.
pub(super) fn schema(app: App) -> Schema {
    builder().data(app).data(Arc::new(EventCache::default())).finish()
}

/// The schema's text, as `dispatch schema` prints it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().use_space_ident().prefer_single_line_descriptions();
    let text = builder().finish().sdl_with_options(options);
    format!("{}\n", text.trim_end())
}
