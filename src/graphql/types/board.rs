//! The board: six columns with their counts and cards.

use std::sync::Arc;

use async_graphql::{Context, InputType, Lookahead, Object, SelectionField, Value};

use super::Issue;
use super::issue::{IssueConnection, Total};
use super::page::{MAX_COLUMN, PageArguments, cost};
use crate::domain::filter::NormalizedFilter;
use crate::domain::{EventCursor, Status};
use crate::graphql::loaders;
use crate::service::{self, Result};
use crate::store::{Page, PageRequest};

/// The data that `Query.board` read in one go.
#[derive(Debug)]
pub(in crate::graphql) struct Board {
    as_of: EventCursor,
    columns: Vec<BoardColumn>,
}

/// A column with its first cards, as many as any selection of the query requests.
#[derive(Debug)]
pub(in crate::graphql) struct BoardColumn {
    status: Status,
    total: i64,
    cards: Page<Arc<Issue>>,
    filter: Arc<NormalizedFilter>,
}

/// Open and recently closed issues, by column.
#[Object]
impl Board {
    /// The position in the event log that this snapshot reflects. Pass it as `after` when you
    /// subscribe, to receive every later change.
    async fn as_of(&self) -> EventCursor {
        self.as_of
    }

    /// All columns from left to right, including empty ones.
    #[graphql(complexity = "1 + 6 * child_complexity")]
    async fn columns(&self) -> &[BoardColumn] {
        &self.columns
    }

    /// The total number of issues in all columns.
    async fn total_count(&self) -> i64 {
        self.columns.iter().map(|column| column.total).sum()
    }
}

/// One column of the board.
#[Object]
impl BoardColumn {
    /// The status of its issues.
    async fn status(&self) -> Status {
        self.status
    }

    /// The column's heading.
    async fn title(&self) -> &str {
        self.status.title()
    }

    /// The label that places an open issue in this column.
    async fn label(&self) -> &str {
        self.status.label()
    }

    /// The number of issues in the column; `issues` returns a page of them.
    async fn total_count(&self) -> i64 {
        self.total
    }

    /// Its issues, most recently updated first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn issues(
        &self,
        context: &Context<'_>,
        #[graphql(default = 50, desc = "How many issues, from 0 to 1000.")] first: Option<i32>,
        #[graphql(desc = "Only issues after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<IssueConnection> {
        let request = PageArguments::forward(first, after).request::<'i'>(MAX_COLUMN)?;
        let page = match request.after {
            None => self.cards.start(request.limit),
            Some(_) => self.page(context, &request).await?,
        };
        Ok(IssueConnection::new(page, Total::Known(self.total)))
    }
}

impl Board {
    /// Reads columns, counts and first cards in one round of statements.
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: NormalizedFilter,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let cards = context.look_ahead().field("columns").field("issues");
        let board = service::board::board(app, &filter, most_first_cards(&cards)).await?;
        let filter = Arc::new(filter);
        let mut pages = Vec::with_capacity(board.columns.len());
        let mut columns = Vec::with_capacity(board.columns.len());
        for service::board::Column { status, total, cards } in board.columns {
            columns.push((status, total));
            pages.push(cards);
        }
        let pages = loaders::issue_pages(
            app,
            pages,
            loaders::RequestedFields::from_connection_lookahead(&cards),
        )
        .await?;
        let column = |(counted, cards)| BoardColumn::new(&filter, counted, cards);
        let columns = columns.into_iter().zip(pages).map(column).collect();
        Ok(Self { as_of: board.as_of, columns })
    }
}

impl BoardColumn {
    /// A column of filtered issues, whose first cards are known.
    pub(in crate::graphql) fn new(
        filter: &Arc<NormalizedFilter>,
        (status, total): (Status, i64),
        cards: Page<Arc<Issue>>,
    ) -> Self {
        Self { status, total, cards, filter: Arc::clone(filter) }
    }

    async fn page(&self, context: &Context<'_>, request: &PageRequest) -> Result<Page<Arc<Issue>>> {
        let app = loaders::app(context);
        let page = service::board::column_page(app, &self.filter, self.status, request).await?;
        loaders::issues(
            app,
            page,
            loaders::RequestedFields::from_connection_lookahead(&context.look_ahead()),
        )
        .await
    }
}

/// The largest `first` among the selections that start at the top of a column; 0 if there are none.
/// Its own field rejects an invalid size, which loads nothing here.
pub(in crate::graphql) fn most_first_cards(cards: &Lookahead<'_>) -> u32 {
    let first = |field: SelectionField<'_>| {
        let arguments = field.arguments().ok()?;
        let value = |name: &str| {
            let given = arguments.iter().find(|(of, _)| of == name);
            given.map(|(_, value)| value.clone()).filter(|value| *value != Value::Null)
        };
        let first = value("first").map(|first| i32::parse(Some(first))).transpose().ok()?;
        let request = PageArguments::forward(first, None).request::<'i'>(MAX_COLUMN).ok()?;
        // At least one card, so that an empty page still knows whether there are more.
        value("after").is_none().then_some(request.limit.max(1))
    };
    cards.selection_fields().into_iter().filter_map(first).max().unwrap_or(0)
}
