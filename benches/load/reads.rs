//! Reads from the database, compared with the plain statements.

use std::time::Duration;

use dispatch::domain::IssueId;
use serde_json::json;

use super::client::{self, Request, quantile};
use super::report::{ReportLine, Target};
use super::site::{LOAD, ServiceProcess};
use super::{Bench, CONNECTIONS, median, millis};

/// Something to read.
struct Read {
    name: &'static str,
    what: &'static str,
    /// The n-th request.
    request: fn(usize) -> Request,
    limits: &'static [Limit],
}

/// What it is compared with.
struct Limit {
    what: &'static str,
    script: &'static str,
    /// How much of it should be reached.
    share: Option<f64>,
}

const READS: [Read; 9] = [
    Read {
        name: "board",
        what: "`board` over GraphQL: counts and 50 cards a column, 12 fields",
        request: |_| board(50, json!(null), ""),
        limits: &[
            Limit {
                what: "cards and a count of the columns",
                script: "counted_board.sql",
                share: Some(1.0),
            },
            Limit { what: "cards alone", script: "cards.sql", share: Some(0.4) },
        ],
    },
    Read {
        name: "board first",
        what: "The same, a new query each time",
        request: |n| board(50, json!(null), &format!("#{n}\n")),
        limits: &[
            Limit {
                what: "cards and a count of the columns",
                script: "counted_board.sql",
                share: Some(1.0),
            },
            Limit { what: "cards alone", script: "cards.sql", share: Some(0.4) },
        ],
    },
    Read {
        name: "list",
        what: "`GET /api/issues?repo=`: 600 issues with their texts",
        request: |n| {
            Request::Get(format!(
                "/api/issues?repo=load/repository-{:02}",
                n % LOAD.repositories + 1
            ))
        },
        limits: &[Limit { what: "its statement", script: "list.sql", share: Some(0.45) }],
    },
    Read {
        name: "issue floor",
        what: "`GET /livez`, which asks nobody: what HTTP alone leaves of the next figure",
        request: |_| Request::Get("/livez".to_owned()),
        limits: &[Limit { what: "one issue's statement", script: "issue.sql", share: None }],
    },
    Read {
        name: "issue",
        what: "One issue by its id over GraphQL, 12 fields",
        request: |n| issue(n, ""),
        limits: &[Limit { what: "its statement", script: "issue.sql", share: Some(0.35) }],
    },
    Read {
        name: "issue first",
        what: "The same, a new query each time",
        request: |n| issue(n, &format!("#{n}\n")),
        limits: &[Limit { what: "its statement", script: "issue.sql", share: Some(0.35) }],
    },
    Read {
        name: "column",
        what: "A column of 1,000 issues over GraphQL, 12 fields",
        request: |_| board(1000, json!({ "statuses": ["BACKLOG"] }), ""),
        limits: &[Limit { what: "its statement", script: "column.sql", share: Some(0.4) }],
    },
    Read {
        name: "column first",
        what: "The same, a new query each time",
        request: |n| board(1000, json!({ "statuses": ["BACKLOG"] }), &format!("#{n}\n")),
        limits: &[Limit { what: "its statement", script: "column.sql", share: Some(0.4) }],
    },
    Read {
        name: "audit",
        what: "`GET /api/audit`: 50 entries with their issues",
        request: |_| Request::Get("/api/audit".to_owned()),
        limits: &[Limit { what: "its statement", script: "audit.sql", share: Some(0.4) }],
    },
];

/// The selected fields of an issue; the statements read the same columns.
pub(crate) const FIELDS: &str = "id number title url state status priority labels assignees \
                                 commentsCount createdAt updatedAt";

/// A query that starts with a new comment was never sent before, so no response is cached.
fn board(first: usize, filter: serde_json::Value, comment: &str) -> Request {
    let query = format!(
        "{comment}query Board($filter: IssueFilter, $first: Int!) {{ board(filter: $filter) {{ asOf totalCount \
         columns {{ status totalCount issues(first: $first) {{ nodes {{ {FIELDS} }} }} }} }} }}"
    );
    Request::graphql(&query, json!({ "filter": filter, "first": first }))
}

/// The n-th issue, in a pseudo-random order.
fn issue(n: usize, comment: &str) -> Request {
    let id = n * 7919 % (LOAD.open + LOAD.closed) + 1;
    let id = IssueId(i64::try_from(id).unwrap_or_default());
    let query = format!("{comment}query Issue($id: ID!) {{ issue(id: $id) {{ {FIELDS} }} }}");
    Request::graphql(&query, json!({ "id": id }))
}

/// Reads everything in turn with its limits, several times.
pub(crate) fn measure(bench: &mut Bench, service: &ServiceProcess) -> anyhow::Result<()> {
    let reads: Vec<&Read> = READS.iter().filter(|read| bench.wants(read.name)).collect();
    let mut seen: Vec<PassResults> = reads.iter().map(|_| PassResults::default()).collect();
    if reads.is_empty() {
        return Ok(());
    }
    for pass in 1..=bench.passes {
        println!("Reading, pass {pass} of {} ...", bench.passes);
        for (read, seen) in reads.iter().zip(&mut seen) {
            seen.limits.resize(read.limits.len(), vec![]);
            for (limit, rates) in read.limits.iter().zip(&mut seen.limits) {
                rates.push(bench.pgbench.run(limit.script, CONNECTIONS, bench.time)?);
            }
            seen.look(read, service, bench.time)?;
        }
    }
    for (read, seen) in reads.into_iter().zip(seen) {
        for line in seen.lines(read) {
            bench.note(line);
        }
    }
    Ok(())
}

/// The results of the passes.
#[derive(Default)]
struct PassResults {
    rates: Vec<f64>,
    /// The median time of a request, in milliseconds.
    times: Vec<f64>,
    /// The service's processor time for a request, in milliseconds.
    used: Vec<f64>,
    limits: Vec<Vec<f64>>,
}

impl PassResults {
    fn look(
        &mut self,
        read: &Read,
        service: &ServiceProcess,
        time: Duration,
    ) -> anyhow::Result<()> {
        let before = service.processor_time()?;
        let load = client::load(&service.host, CONNECTIONS, time, |connection| {
            let mut n = connection;
            move || {
                n += CONNECTIONS;
                (read.request)(n)
            }
        })?;
        let used = service.processor_time()? - before;
        self.rates.push(load.per_second);
        self.times.push(millis(quantile(&load.times, 0.5)));
        self.used.push(millis(used) / load.times.len() as f64);
        Ok(())
    }

    fn lines(self, read: &Read) -> impl Iterator<Item = ReportLine> {
        let rate = median(self.rates);
        let (time, used) = (median(self.times), median(self.used));
        read.limits.iter().zip(self.limits).map(move |(limit, rates)| {
            let most = median(rates);
            ReportLine {
                what: read.what.to_owned(),
                measured: format!("{rate:.0}/s, p50 {time:.1} ms, processor {used:.2} ms"),
                limit: format!("{most:.0}/s: {}", limit.what),
                figure: rate / most,
                digits: 2,
                target: limit.share.map_or(Target::None, Target::AtLeast),
            }
        })
    }
}
