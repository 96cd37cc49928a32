//! The types generated from the documents in `github-queries/`, private to this module. Their names
//! are GitHub's.

use graphql_client::GraphQLQuery;

type DateTime = chrono::DateTime<chrono::Utc>;
#[expect(clippy::upper_case_acronyms, reason = "GitHub's name for the scalar")]
type URI = String;
type GitObjectID = String;

/// Includes a document. Types that GitHub adds to an interface or a union become `Unknown`, values
/// that it adds to an enum become `Other`.
#[rustfmt::skip]
macro_rules! document {
    ($name:ident, $path:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "github-queries/schema.graphql",
            query_path = $path,
            fragments_other_variant = "true"
        )]
        pub(super) struct $name;
    };
}

document!(Repository, "github-queries/repository.graphql");
document!(RepositoryChanges, "github-queries/repository_changes.graphql");
document!(Issues, "github-queries/issues.graphql");
document!(IssueIds, "github-queries/issue_ids.graphql");
document!(Issue, "github-queries/issue.graphql");
document!(IssuesById, "github-queries/issues_by_id.graphql");
document!(Reference, "github-queries/reference.graphql");
document!(PullRequests, "github-queries/pull_requests.graphql");
document!(PullRequestsById, "github-queries/pull_requests_by_id.graphql");
document!(Links, "github-queries/links.graphql");
document!(LiveLabels, "github-queries/live_labels.graphql");
document!(Labels, "github-queries/labels.graphql");
document!(LabelId, "github-queries/label_id.graphql");
document!(CreateLabel, "github-queries/create_label.graphql");
document!(RecentComments, "github-queries/recent_comments.graphql");
document!(Conversation, "github-queries/conversation.graphql");
document!(AddComment, "github-queries/add_comment.graphql");
document!(ChangeLabels, "github-queries/change_labels.graphql");
