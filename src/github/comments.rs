//! Posts comments on issues, and finds out whether one was posted.

use chrono::{DateTime, Utc};

use super::client::{Client, Repeat};
use super::error::Error;
use super::queries::{self, add_comment, recent_comments};
use super::repositories::missing;
use super::response::gravest;
use super::text::storable;

/// A comment that GitHub has, with what is known of its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commented {
    /// The comment's page.
    pub url: String,
    /// The number of comments of the issue, and its update time; none when GitHub did not return
    /// them.
    pub issue: Option<(u32, DateTime<Utc>)>,
}

/// The newest comments of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentComments {
    /// Up to fifty, oldest first.
    pub comments: Vec<Comment>,
    /// The number of comments of the issue.
    pub count: u32,
    /// The update time of the issue, by GitHub's clock.
    pub updated_at: DateTime<Utc>,
}

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its page.
    pub url: String,
    /// Its Markdown text.
    pub body: String,
    /// When it was written, by GitHub's clock.
    pub created_at: DateTime<Utc>,
    /// Whether the owner of the token wrote it.
    pub is_own: bool,
}

impl Client {
    /// Posts a comment on an issue.
    ///
    /// # Errors
    ///
    /// When [`Error::is_ambiguous`], the comment may have been posted or may still be; otherwise it
    /// was not.
    pub async fn add_comment(&self, issue_node_id: &str, body: &str) -> Result<Commented, Error> {
        use add_comment::AddCommentAddCommentSubject as Subject;

        let (issue, body) = (issue_node_id.to_owned(), body.to_owned());
        let variables = add_comment::Variables { issue, body };
        let answer = self.ask::<queries::AddComment>(variables, Repeat::IfNeverSent).await?;
        let (data, errors) = answer.partial::<add_comment::ResponseData>()?;
        let Some(payload) = data.add_comment else {
            return Err(gravest(errors).unwrap_or_else(|| missing("comment")));
        };
        // A payload means that it was posted, even if GitHub could not return the rest.
        let comment = payload.comment_edge.and_then(|edge| edge.node);
        Ok(Commented {
            url: storable(comment.ok_or_else(|| missing("comment"))?.url),
            issue: match payload.subject {
                Some(Subject::Issue(issue)) => {
                    Some((count(issue.comments.total_count), issue.updated_at))
                }
                _ => None,
            },
        })
    }

    /// The newest comments of an issue.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the issue is gone.
    pub async fn recent_comments(&self, issue_node_id: &str) -> Result<RecentComments, Error> {
        use recent_comments::RecentCommentsNode as Node;

        let variables = recent_comments::Variables { issue: issue_node_id.to_owned() };
        let answer = self.ask::<queries::RecentComments>(variables, Repeat::Freely).await?;
        let data: recent_comments::ResponseData = answer.whole()?;
        let Some(Node::Issue(issue)) = data.node else {
            return Err(Error::NotFound { message: "the node is not an issue".into() });
        };
        let comments = issue.comments.nodes.unwrap_or_default().into_iter().flatten();
        let comment = |comment: recent_comments::RecentCommentsNodeOnIssueCommentsNodes| Comment {
            url: storable(comment.url),
            body: storable(comment.body),
            created_at: comment.created_at,
            is_own: comment.viewer_did_author,
        };
        Ok(RecentComments {
            comments: comments.map(comment).collect(),
            count: count(issue.comments.total_count),
            updated_at: issue.updated_at,
        })
    }
}

fn count(given: i64) -> u32 {
    u32::try_from(given).unwrap_or_default()
}
