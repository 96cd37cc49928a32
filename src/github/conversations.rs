//! Reads the newest comments of an issue.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Repeat};
use super::error::Error;
use super::issues::ActorNode;
use super::queries::{self, conversation};
use super::repositories::{count, missing};
use super::response::{first_temporary, read};
use super::text::storable;
use crate::domain::AuthorAssociation;
use crate::domain::conversation::IssueComment;

/// The newest comments of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The comments, newest first.
    pub comments: Vec<IssueComment>,
    /// How many of the newest comments could not be read and are left out.
    pub skipped: u32,
    /// The number of comments of the issue.
    pub count: u32,
    /// The update time of the issue, by GitHub's clock.
    pub updated_at: DateTime<Utc>,
}

/// The path of the comments in the response.
const NODES: [&str; 3] = ["node", "comments", "nodes"];

/// A comment, in which nothing is required that may be absent or new one day.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentNode {
    id: String,
    author: Option<ActorNode>,
    author_association: Option<String>,
    body: String,
    is_minimized: Option<bool>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    url: String,
}

impl Client {
    /// The newest comments of an issue, at most `newest`. A comment that cannot be read is left out
    /// and counted.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the issue is gone.
    pub async fn conversation(
        &self,
        issue_node_id: &str,
        newest: usize,
    ) -> Result<Conversation, Error> {
        use conversation::ConversationNode as Node;

        let last = i64::try_from(newest).unwrap_or(i64::MAX);
        let variables = conversation::Variables { issue: issue_node_id.to_owned(), last };
        let mut answer = self.ask::<queries::Conversation>(variables, Repeat::Freely).await?;
        let nodes = answer.take_list(&NODES);
        let errors = answer.take_errors_below(&NODES);
        if let Some(error) = first_temporary(&errors) {
            return Err(error);
        }
        let data: conversation::ResponseData = answer.whole()?;
        let Some(Node::Issue(issue)) = data.node else {
            return Err(Error::NotFound { message: "the node is not an issue".into() });
        };
        let all = nodes.len();
        let nodes = nodes.into_iter().enumerate().rev();
        let whole = nodes.filter(|(at, _)| !errors.iter().any(|(struck, _)| struck == at));
        let comments: Vec<_> = whole.filter_map(|(_, node)| comment(node).ok()).collect();
        Ok(Conversation {
            skipped: u32::try_from(all - comments.len()).unwrap_or(u32::MAX),
            comments,
            count: count(issue.comments.total_count),
            updated_at: issue.updated_at,
        })
    }
}

fn comment(node: Value) -> Result<IssueComment, Error> {
    if node.is_null() {
        return Err(missing("comment"));
    }
    let node: CommentNode = read(node)?;
    Ok(IssueComment {
        id: storable(node.id),
        author: node.author.and_then(ActorNode::shown),
        author_association: node
            .author_association
            .and_then(|word| AuthorAssociation::from_github(&word)),
        body: storable(node.body),
        is_truncated: false,
        is_minimized: node.is_minimized.unwrap_or(false),
        created_at: node.created_at,
        updated_at: node.updated_at,
        url: storable(node.url),
    })
}
