//! The types generated from the documents in `github-queries/`.
//!
//! Not here: any type that leaves this folder. The names are GitHub's.

use graphql_client::GraphQLQuery;

use super::response::{Rate, Reports};

type DateTime = chrono::DateTime<chrono::Utc>;
#[expect(clippy::upper_case_acronyms, reason = "GitHub's name for the scalar")]
type URI = String;

macro_rules! document {
    ($name:ident, $path:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(schema_path = "github-queries/schema.graphql", query_path = $path)]
        pub(super) struct $name;
    };
}

/// A query also says what is left of the rate limit.
macro_rules! query {
    ($name:ident, $module:ident, $path:tt) => {
        document!($name, $path);

        impl Reports for $module::ResponseData {
            fn rate(&self) -> Option<(Rate, i64)> {
                let rate = self.rate_limit.as_ref()?;
                let (limit, remaining) = (rate.limit, rate.remaining);
                Some((Rate { limit, remaining, resets_at: rate.reset_at }, rate.cost))
            }
        }
    };
}

macro_rules! mutation {
    ($name:ident, $module:ident, $path:tt) => {
        document!($name, $path);

        impl Reports for $module::ResponseData {}
    };
}

query!(Repository, repository, "github-queries/repository.graphql");
query!(Issues, issues, "github-queries/issues.graphql");
query!(Issue, issue, "github-queries/issue.graphql");
query!(IssuesById, issues_by_id, "github-queries/issues_by_id.graphql");
query!(Links, links, "github-queries/links.graphql");
query!(LiveLabels, live_labels, "github-queries/live_labels.graphql");
query!(Labels, labels, "github-queries/labels.graphql");
query!(LabelId, label_id, "github-queries/label_id.graphql");
mutation!(CreateLabel, create_label, "github-queries/create_label.graphql");
query!(RecentComments, recent_comments, "github-queries/recent_comments.graphql");
mutation!(AddComment, add_comment, "github-queries/add_comment.graphql");
mutation!(ChangeLabels, change_labels, "github-queries/change_labels.graphql");
