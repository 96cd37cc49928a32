//! The comments of an issue: how many are stored, and how many are served to agents.

use chrono::{DateTime, Utc};

use super::AuthorAssociation;

/// How many comments of an issue are stored, the newest ones.
pub const NEWEST_KEPT: usize = 50;

/// The maximum stored length of one comment, in characters.
pub const LONGEST_TEXT: usize = 20_000;

/// The maximum stored length of all comments of an issue, in characters.
pub const TEXT_KEPT: usize = 200_000;

/// How many comments an agent receives with an issue, the newest ones.
pub const GIVEN_TO_AGENTS: usize = 10;

/// The maximum length of all comments that an agent receives with an issue, in characters.
pub const TEXT_FOR_AGENTS: usize = 20_000;

/// A comment on an issue, as it was on GitHub when the comments were last read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IssueComment {
    /// GitHub's id.
    pub id: String,
    /// Login of the author; `None` if the account was deleted.
    pub author: Option<String>,
    /// The author's association with the repository; `None` if GitHub did not report it.
    pub author_association: Option<AuthorAssociation>,
    /// The Markdown text, at most [`LONGEST_TEXT`] characters.
    pub body: String,
    /// Whether the text was cut.
    pub is_truncated: bool,
    /// Whether it was hidden on GitHub, for example as spam or as outdated.
    pub is_minimized: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last edited; the creation time if it was never edited.
    pub updated_at: DateTime<Utc>,
    /// Its page on GitHub.
    pub url: String,
}

impl IssueComment {
    /// The same with at most this many characters of text.
    #[must_use]
    pub fn cut(mut self, most: usize) -> Self {
        if let Some((end, _)) = self.body.char_indices().nth(most) {
            self.body.truncate(end);
            self.is_truncated = true;
        }
        self
    }
}

/// Comments, newest first, stored in one `jsonb` column.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub struct Comments(pub Vec<IssueComment>);

super::sql_enum::json_column!(Comments);

/// The comments that are stored, newest first: at most [`NEWEST_KEPT`], each with at most
/// [`LONGEST_TEXT`] characters and all together with [`TEXT_KEPT`].
pub fn newest_within_limits(comments: Vec<IssueComment>) -> Vec<IssueComment> {
    let mut left = TEXT_KEPT;
    let mut keep = |comment: IssueComment| {
        let comment = comment.cut(LONGEST_TEXT.min(left));
        left -= comment.body.chars().count();
        comment
    };
    comments.into_iter().take(NEWEST_KEPT).map(&mut keep).collect()
}

/// The comments that an agent receives with an issue, out of all stored ones, newest first.
///
/// Hidden comments are left out. The result has at most [`GIVEN_TO_AGENTS`] comments with
/// [`TEXT_FOR_AGENTS`] characters together; the text that exceeds this is cut.
pub fn for_agents(comments: Vec<IssueComment>) -> Vec<IssueComment> {
    let mut left = TEXT_FOR_AGENTS;
    let shown = comments.into_iter().filter(|comment| !comment.is_minimized);
    let mut given = Vec::new();
    for comment in shown.take(GIVEN_TO_AGENTS) {
        if left == 0 {
            break;
        }
        let comment = comment.cut(left);
        left -= comment.body.chars().count();
        given.push(comment);
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(body: String) -> IssueComment {
        let at = "2026-05-20T12:00:00Z".parse().unwrap();
        IssueComment {
            id: "IC_1".to_owned(),
            author: None,
            author_association: None,
            body,
            is_truncated: false,
            is_minimized: false,
            created_at: at,
            updated_at: at,
            url: "https://github.example/1".to_owned(),
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let cut = comment("é".repeat(5)).cut(4);
        assert_eq!((cut.body.as_str(), cut.is_truncated), ("éééé", true));
        let whole = comment("éé".to_owned()).cut(2);
        assert_eq!((whole.body.as_str(), whole.is_truncated), ("éé", false));
    }

    #[test]
    fn little_enough_is_kept_to_keep_many_issues() {
        let kept = newest_within_limits(vec![comment("x".repeat(65_536)); 60]);
        assert_eq!(kept.len(), NEWEST_KEPT);
        let length = |at: usize| (kept[at].body.len(), kept[at].is_truncated);
        assert_eq!((length(0), length(9), length(10)), ((20_000, true), (20_000, true), (0, true)));
        assert!(
            !super::newest_within_limits(vec![comment("x".repeat(LONGEST_TEXT))])[0].is_truncated
        );
    }

    #[test]
    fn an_agent_gets_few_comments_with_little_text() {
        let many = vec![comment("short".to_owned()); 30];
        assert_eq!(for_agents(many).len(), GIVEN_TO_AGENTS);
        let long = vec![comment("x".repeat(15_000)); 3];
        let given = for_agents(long);
        let lengths: Vec<_> = given.iter().map(|one| (one.body.len(), one.is_truncated)).collect();
        assert_eq!(lengths, [(15_000, false), (5_000, true)]);
    }

    #[test]
    fn an_agent_does_not_get_what_was_hidden() {
        let hidden = IssueComment { is_minimized: true, ..comment("spam".to_owned()) };
        let given = for_agents(vec![hidden, comment("shown".to_owned())]);
        assert_eq!(given.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["shown"]);
    }

    #[test]
    fn comments_read_back_from_their_column() {
        let association = Some(AuthorAssociation::FirstTimeContributor);
        let one = IssueComment { author_association: association, ..comment("text".to_owned()) };
        let json = serde_json::to_string(&Comments(vec![one.clone()])).unwrap();
        assert!(json.contains("first_time_contributor"), "{json}");
        assert_eq!(serde_json::from_str::<Comments>(&json).unwrap(), Comments(vec![one]));
    }
}
