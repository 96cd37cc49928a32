//! Syncs and starts.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{HttpConnection, Request};
use super::report::{ReportLine, Target};
use super::site::{self, LOAD, ServiceProcess};
use super::{Bench, median, millis};

/// How many times the service is started.
const STARTS: usize = 7;

/// How long it runs before it counts as idle; the sync on start has ended by then.
const REST: Duration = Duration::from_secs(2);

/// Syncs everything from GitHub, and then again when nothing has changed.
pub(crate) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let begin = Instant::now();
    let service = bench.start_service()?;
    site::synced(&bench.database).await?;
    let (took, used) = (begin.elapsed(), service.processor_time()?);
    let issues = LOAD.open + LOAD.closed;
    bench.note(ReportLine {
        what: format!("Sync of {issues} new issues: processor time an issue, in ms; the start of the program included"),
        measured: format!("{:.1} s in all, {:.1} s of processor time", took.as_secs_f64(), used.as_secs_f64()),
        limit: String::new(),
        figure: millis(used) / issues as f64,
        digits: 3,
        target: Target::AtMost(0.25),
    });

    site::unlocked(&bench.database).await?;
    let requests = bench.github.requests()?;
    let newest = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    let newest: i64 = bench.database.query_one(newest, &[]).await?.get(0);
    let begin = Instant::now();
    let sync = Request::graphql("mutation { syncIssues { results { error } } }", json!({}));
    let answer =
        String::from_utf8_lossy(HttpConnection::open(&service.host)?.ask(&sync)?).into_owned();
    anyhow::ensure!(!answer.contains(r#""error":""#), "the sync says {answer}");
    let took = begin.elapsed();
    let written = "SELECT count(*) FROM issues WHERE xmin::text::bigint >= $1";
    let written: i64 = bench.database.query_one(written, &[&newest]).await?.get(0);
    let requests = bench.github.requests()? - requests;
    let measured = format!("{:.0} ms", millis(took));
    let repositories = LOAD.repositories as f64;
    bench.note(ReportLine {
        what: format!(
            "Sync again of {repositories} repositories without a change: requests to GitHub"
        ),
        measured: measured.clone(),
        limit: String::new(),
        figure: requests as f64,
        digits: 0,
        target: Target::AtMost(repositories),
    });
    bench.note(ReportLine {
        what: "The same: issue rows written".to_owned(),
        measured,
        limit: String::new(),
        figure: written as f64,
        digits: 0,
        target: Target::AtMost(0.0),
    });
    Ok(())
}

/// Starts the service on the existing database several times, and returns the last one, idle.
pub(crate) async fn measure_starts(bench: &mut Bench) -> anyhow::Result<ServiceProcess> {
    let mut times = Vec::new();
    for _ in 1..STARTS {
        let service = bench.start_service()?;
        times.push(millis(service.start));
        tokio::time::sleep(REST).await;
        drop(service);
    }
    let service = bench.start_service()?;
    times.push(millis(service.start));
    bench.note(ReportLine {
        what: "Start of the program on a database that is there, to a healthy answer, in ms"
            .to_owned(),
        measured: format!("median of {STARTS}"),
        limit: String::new(),
        figure: median(times),
        digits: 0,
        target: Target::AtMost(300.0),
    });
    tokio::time::sleep(REST).await;
    bench.note(ReportLine {
        what: "Memory when idle, in MiB".to_owned(),
        measured: "after the sync on start".to_owned(),
        limit: String::new(),
        figure: service.memory()? as f64 / 1024.0,
        digits: 1,
        target: Target::AtMost(50.0),
    });
    Ok(service)
}
