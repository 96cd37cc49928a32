//! Moves, beside the bare transactions that they make.

use std::collections::VecDeque;

use dispatch::domain::IssueId;
use serde_json::json;

use super::client::{self, HttpConnection, Request, quantile};
use super::reads::FIELDS;
use super::report::{ReportLine, Target};
use super::site::ServiceProcess;
use super::{Bench, CONNECTIONS, median, millis};

/// How many moves come first, so that the audit log has entries.
const WARM_UP: usize = 200;

/// Cards that are moved one after the other, back and forth.
pub(crate) struct Cards {
    cards: VecDeque<(IssueId, &'static str)>,
}

impl Cards {
    /// The first open issues, a separate share for each mover.
    async fn shares(bench: &Bench, movers: usize) -> anyhow::Result<Vec<Self>> {
        let sql =
            "SELECT id, status = 'ready' FROM issues WHERE state = 'open' ORDER BY id LIMIT 2000";
        let rows = bench.database.query(sql, &[]).await?;
        let card = |row: &tokio_postgres::Row| {
            (IssueId(row.get(0)), if row.get(1) { "IN_PROGRESS" } else { "READY" })
        };
        let share = |mover| {
            let own = rows.iter().skip(mover).step_by(movers);
            Self { cards: own.map(card).collect() }
        };
        Ok((0..movers).map(share).collect())
    }

    /// All of them, for one mover.
    pub(crate) async fn all(bench: &Bench) -> anyhow::Result<Self> {
        let mut shares = Self::shares(bench, 1).await?;
        Ok(shares.remove(0))
    }

    /// The next move.
    pub(crate) fn next(&mut self) -> Request {
        let (id, to) = self.cards.pop_front().expect("a mover has cards");
        self.cards.push_back((id, if to == "READY" { "IN_PROGRESS" } else { "READY" }));
        let query = format!(
            "mutation Move($input: MoveIssueInput!) {{ moveIssue(input: $input) {{ cursor \
             issue {{ {FIELDS} }} }} }}"
        );
        Request::graphql(&query, json!({ "input": { "issueId": id, "to": to } }))
    }
}

/// Moves some cards.
pub(crate) async fn warm_up(bench: &Bench, service: &ServiceProcess) -> anyhow::Result<()> {
    let mut cards = Cards::all(bench).await?;
    let mut connection = HttpConnection::open(&service.host)?;
    for _ in 0..WARM_UP {
        connection.ask(&cards.next())?;
    }
    Ok(())
}

/// Moves without a pause, on several connections and on one.
pub(crate) async fn measure(bench: &mut Bench, service: &ServiceProcess) -> anyhow::Result<()> {
    if !bench.wants("move") {
        return Ok(());
    }
    let copy = bench.pgbench.on(bench.cluster.url_of("copy"));
    let (mut rates, mut limits) = (vec![], vec![]);
    let (mut crowded, mut alone) = (vec![], vec![]);
    let (mut used, mut used_by_github) = (vec![], vec![]);
    for pass in 1..=bench.passes {
        println!("Moving, pass {pass} of {} ...", bench.passes);
        limits.push(copy.run("move.sql", CONNECTIONS, bench.time)?);
        let before = (service.processor_time()?, bench.github.processor_time()?);
        let shares = Cards::shares(bench, CONNECTIONS).await?;
        let shares = std::sync::Mutex::new(shares);
        let next = |_| {
            let share = shares.lock().ok().and_then(|mut shares| shares.pop());
            let mut share = share.expect("as many shares as connections");
            move || share.next()
        };
        let load = client::load(&service.host, CONNECTIONS, bench.time, next)?;
        let moves = load.times.len() as f64;
        rates.push(load.per_second);
        used.push(millis(service.processor_time()? - before.0) / moves);
        used_by_github.push(millis(bench.github.processor_time()? - before.1) / moves);
        crowded.push(millis(quantile(&load.times, 0.5)));
        let cards = std::sync::Mutex::new(Some(Cards::all(bench).await?));
        let load = client::load(&service.host, 1, bench.time, |_| {
            let mut cards = cards.lock().ok().and_then(|mut cards| cards.take());
            move || cards.as_mut().expect("one connection").next()
        })?;
        alone.push(millis(quantile(&load.times, 0.5)));
    }
    let (rate, limit) = (median(rates), median(limits));
    let (used, used_by_github) = (median(used), median(used_by_github));
    bench.note(ReportLine {
        what: "A move, GitHub answering at once".to_owned(),
        measured: format!(
            "{rate:.0}/s, processor {used:.2} ms and simulated GitHub's {used_by_github:.2} ms"
        ),
        limit: format!("{limit:.0}/s: its bare transactions"),
        figure: rate / limit,
        digits: 2,
        target: Target::AtLeast(0.6),
    });
    bench.note(ReportLine {
        what: format!("The same: p50 of {CONNECTIONS} movers without a pause, in ms"),
        measured: format!("{:.1} ms for one alone", median(alone)),
        limit: String::new(),
        figure: median(crowded),
        digits: 1,
        target: Target::AtMost(15.0),
    });
    Ok(())
}
