//! Pagination of lists: arguments, cursors and costs.
//!
//! A cursor is the position of a row in one kind of list, in base64, so that rows which are added
//! or removed between two pages cause neither duplicates nor gaps. Cursors are opaque to clients.

use std::fmt;
use std::str::FromStr;

use async_graphql::SimpleObject;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;

use crate::domain::IssueFilter;
use crate::service::{Error, Result};
use crate::store::{Page, PageRequest, Position};

/// The default number of rows on a page.
const DEFAULT: u32 = 50;

/// The maximum number of rows on a page.
pub(in crate::graphql) const MAX: u32 = 100;

/// The maximum number of cards on a page of a board's column.
pub(in crate::graphql) const MAX_COLUMN: u32 = 1000;

/// The position of a row in lists of one kind, which the letter `LIST` identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) struct Cursor<const LIST: char>(pub(in crate::graphql) Position);

/// A text that is no cursor of this list.
#[derive(Debug, thiserror::Error)]
#[error("is not a cursor of this list")]
pub(in crate::graphql) struct InvalidCursor;

impl<const LIST: char> FromStr for Cursor<LIST> {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let (&[list], rest) = bytes.split_first_chunk().ok_or(InvalidCursor)?;
        let (at, id) = rest.split_first_chunk::<8>().ok_or(InvalidCursor)?;
        let id: [u8; 8] = id.try_into().map_err(|_| InvalidCursor)?;
        if char::from(list) != LIST {
            return Err(InvalidCursor);
        }
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at)).ok_or(InvalidCursor)?;
        Ok(Self(Position { at, id: i64::from_be_bytes(id) }))
    }
}

impl<const LIST: char> fmt::Display for Cursor<LIST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 17];
        bytes[0] = u8::try_from(LIST).expect("lists are named by ASCII letters");
        bytes[1..9].copy_from_slice(&self.0.at.timestamp_micros().to_be_bytes());
        bytes[9..].copy_from_slice(&self.0.id.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The four arguments of a connection.
#[derive(Debug, Clone, Default)]
pub(in crate::graphql) struct PageArguments {
    pub(in crate::graphql) first: Option<i32>,
    pub(in crate::graphql) after: Option<String>,
    pub(in crate::graphql) last: Option<i32>,
    pub(in crate::graphql) before: Option<String>,
}

impl PageArguments {
    /// The arguments of a list that can only be read from its start.
    pub(in crate::graphql) fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, ..Self::default() }
    }

    /// The requested page.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a size below 0 or above `max`, for `first` and `last` together, and
    /// for a cursor of another kind of list.
    pub(in crate::graphql) fn request<const LIST: char>(self, max: u32) -> Result<PageRequest> {
        let (limit, from_end) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                let reason = "cannot be combined with `first`".to_owned();
                return Err(Error::Invalid { field: "last", reason });
            }
            (Some(first), None) => (size("first", first, max)?, false),
            (None, Some(last)) => (size("last", last, max)?, true),
            (None, None) => (DEFAULT, false),
        };
        Ok(PageRequest {
            limit,
            after: position::<LIST>("after", self.after)?,
            before: position::<LIST>("before", self.before)?,
            from_end,
        })
    }
}

/// The requested number of rows, from 0 to `max`.
///
/// # Errors
///
/// [`Error::Invalid`] outside that range.
pub(in crate::graphql) fn size(field: &'static str, asked: i32, max: u32) -> Result<u32> {
    u32::try_from(asked)
        .ok()
        .filter(|size| *size <= max)
        .ok_or_else(|| Error::Invalid { field, reason: format!("must be from 0 to {max}") })
}

fn position<const LIST: char>(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<Position>> {
    let read = |text: String| {
        let refused = |problem| Error::Invalid { field, reason: format!("`{text}` {problem}") };
        text.parse::<Cursor<LIST>>().map(|cursor| cursor.0).map_err(refused)
    };
    text.map(read).transpose()
}

/// The cursors of a page, and whether more pages exist.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct PageInfo {
    /// Whether items exist before this page.
    has_previous_page: bool,
    /// Whether items exist after this page.
    has_next_page: bool,
    /// The cursor of the first item. Pass it as `before` to read the previous page.
    start_cursor: Option<String>,
    /// The cursor of the last item. Pass it as `after` to read the next page.
    end_cursor: Option<String>,
}

impl PageInfo {
    /// The information about a page with rows at these positions.
    pub(super) fn new<const LIST: char, Row>(
        page: &Page<Row>,
        position: impl Fn(&Row) -> Position,
    ) -> Self {
        let cursor = |row: &Row| Cursor::<LIST>(position(row)).to_string();
        Self {
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
            start_cursor: page.rows.first().map(cursor),
            end_cursor: page.rows.last().map(cursor),
        }
    }
}

/// Declares a connection: a page of nodes, which have a `position`. `LIST` is the letter of its
/// cursors; fields of its own may follow, which read `self`.
macro_rules! connection {
    (
        $(#[$doc:meta])* $connection:ident of $(#[$edge_doc:meta])* $edge:ident,
        $node:ty, $list:literal $(, $own:ident: $own_type:ty { $($fields:tt)* })?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::graphql) struct $connection {
            page: $crate::store::Page<$node>,
            $($own: $own_type,)?
        }

        #[derive(Debug)]
        struct $edge<'a>(&'a $node);

        $(#[$edge_doc])*
        #[async_graphql::Object]
        impl $edge<'_> {
            /// The item's position in the list, to pass as `after` or `before`.
            async fn cursor(&self) -> String {
                $crate::graphql::types::page::Cursor::<$list>(self.0.position()).to_string()
            }

            /// The item.
            async fn node(&self) -> &$node {
                self.0
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The items with their cursors.
            async fn edges(&self) -> Vec<$edge<'_>> {
                self.page.rows.iter().map($edge).collect()
            }

            /// The items without their cursors.
            async fn nodes(&self) -> &[$node] {
                &self.page.rows
            }

            /// The cursors of the page, and whether more pages exist.
            async fn page_info(&self) -> $crate::graphql::types::page::PageInfo {
                let position = |node: &$node| node.position();
                $crate::graphql::types::page::PageInfo::new::<$list, _>(&self.page, position)
            }

            $($($fields)*)?
        }
    };
}

pub(super) use connection;

/// The cost of a page: its rows times the cost of one row, and one statement.
pub(in crate::graphql) fn cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let rows = first.or(last).map_or(Ok(50), usize::try_from).unwrap_or_default();
    STATEMENT.saturating_add(rows.saturating_mul(row))
}

/// The cost of a search in a filter: it reads texts and not only an index.
pub(in crate::graphql) fn cost_of_search(filter: Option<&IssueFilter>) -> usize {
    filter.and_then(|filter| filter.search.as_ref()).map_or(0, |_| SEARCH)
}

/// The cost of one search compared with one field: a query may have five.
const SEARCH: usize = 50_000;

/// The cost of one statement compared with one field.
const STATEMENT: usize = 50;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cursor_reads_back(micros in -4_000_000_000_000_000_i64..4_000_000_000_000_000, id: i64) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor::<'i'>(Position { at, id });
            prop_assert_eq!(cursor.to_string().parse::<Cursor<'i'>>().unwrap(), cursor);
            prop_assert!(cursor.to_string().parse::<Cursor<'a'>>().is_err());
        }

        #[test]
        fn no_other_text_is_a_cursor(text in "[A-Za-z0-9_-]{0,22}|[A-Za-z0-9_-]{24,30}|.{0,20}") {
            prop_assert!(text.parse::<Cursor<'i'>>().is_err());
        }
    }

    fn refused(arguments: PageArguments) -> String {
        arguments.request::<'i'>(MAX).unwrap_err().to_string()
    }

    #[test]
    fn a_page_has_fifty_rows_and_at_most_a_hundred() {
        let request = |first| PageArguments::forward(first, None).request::<'i'>(MAX).unwrap();
        assert_eq!(request(None).limit, 50);
        assert_eq!(request(Some(0)).limit, 0);
        assert_eq!(request(Some(100)).limit, 100);
        let too_many = PageArguments::forward(Some(101), None);
        assert_eq!(refused(too_many), "first: must be from 0 to 100");
        let negative = PageArguments { last: Some(-1), ..PageArguments::default() };
        assert_eq!(refused(negative), "last: must be from 0 to 100");
    }

    #[test]
    fn one_end_at_a_time() {
        let both = PageArguments { first: Some(1), last: Some(1), ..PageArguments::default() };
        assert_eq!(refused(both), "last: cannot be combined with `first`");
        let last = PageArguments { last: Some(5), ..PageArguments::default() };
        assert!(last.request::<'i'>(MAX).unwrap().from_end);
    }

    #[test]
    fn a_bad_cursor_is_named() {
        let bad = PageArguments::forward(None, Some("nonsense".to_owned()));
        assert_eq!(refused(bad), "after: `nonsense` is not a cursor of this list");
    }

    #[test]
    fn a_page_costs_what_its_rows_cost() {
        assert_eq!(cost(Some(10), None, 3), 80);
        assert_eq!(cost(None, Some(10), 3), 80);
        assert_eq!(cost(None, None, 3), 200);
        assert_eq!(cost(Some(-1), None, 3), 50);
        assert_eq!(cost(Some(i32::MAX), None, usize::MAX), usize::MAX);
    }
}
