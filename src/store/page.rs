//! Keyset pagination: a page is requested by the position of its neighbour, never by an offset, so
//! rows that come and go between two pages cannot be seen twice or be skipped.

use chrono::{DateTime, Utc};

/// The position of a row in a list that is ordered newest first, ties broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The time the list is ordered by.
    pub at: DateTime<Utc>,
    /// The row's id.
    pub id: i64,
}

/// The request for a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The maximal number of rows.
    pub limit: u32,
    /// Only rows after this one.
    pub after: Option<Position>,
    /// Only rows before this one.
    pub before: Option<Position>,
    /// Take the rows from the end of the range rather than from its start.
    pub from_end: bool,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None, before: None, from_end: false }
    }

    /// The rows after a position.
    pub fn after(limit: u32, after: Option<Position>) -> Self {
        Self { after, ..Self::first(limit) }
    }

    /// How many rows to read: one more than requested, to find out whether there are more.
    pub fn rows_to_read(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// Rows of a list, in its order, and whether there are more on either side.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// Whether rows come before these.
    pub has_previous: bool,
    /// Whether rows come after these.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read in reading order (from the end if the request says so),
    /// one more than requested if there are more.
    pub fn new(mut rows: Vec<T>, request: &PageRequest) -> Self {
        let limit = usize::try_from(request.limit).expect("a u32 fits");
        let more = rows.len() > limit;
        rows.truncate(limit);
        if request.from_end {
            rows.reverse();
            Self { rows, has_previous: more, has_next: request.before.is_some() }
        } else {
            Self { rows, has_previous: request.after.is_some(), has_next: more }
        }
    }

    /// The same page of mapped items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { rows, has_previous, has_next } = self;
        Page { rows: rows.into_iter().map(change).collect(), has_previous, has_next }
    }

    /// The first `limit` rows of the page, as a page.
    pub fn start(&self, limit: u32) -> Self
    where
        T: Clone,
    {
        let limit = usize::try_from(limit).expect("a u32 fits");
        let rows: Vec<T> = self.rows.iter().take(limit).cloned().collect();
        let has_next = self.has_next || rows.len() < self.rows.len();
        Self { rows, has_previous: self.has_previous, has_next }
    }
}
