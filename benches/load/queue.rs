//! The queue, on a GitHub of a hundred thousand issues: reads, claims and wake-ups of waiting
//! claims.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use dispatch::clock::Clock;
use dispatch::domain::IssueId;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use super::client::{self, HttpConnection, LoadResult, Request, TOKEN, quantile};
use super::limit::Pgbench;
use super::report::{ReportLine, Target};
use super::site::{self, BE_QUEUE, QUEUED, ServiceProcess, SimulatedGitHub};
use super::{Bench, CONNECTIONS, median, millis};

/// The number of concurrent claimers.
const CLAIMERS: usize = 200;

/// Claims per second of all claimers together, in the loads below saturation.
const PACES: [f64; 2] = [50.0, 100.0];

/// The number of concurrently waiting claims.
const WAITERS: usize = 20;

/// How many issues become ready for them, one after the other.
const CALLS: usize = 100;

/// How many times the queue is read.
const LOOKS: usize = 200;

/// The queues, one of which has only what becomes ready while it is measured.
const LANES: &str = r#"{"lanes":[{"id":"default","title":"Default","claimable":true,"role":"default"},{"id":"quiet","title":"Quiet","claimable":true},{"id":"backlog","title":"Backlog","claimable":false}]}"#;

const SETTINGS: [(&str, &str); 2] =
    [("DISPATCH_AGENT_TOKEN", TOKEN), ("DISPATCH_LANE_CONFIG_JSON", LANES)];

/// What only the measurements of the queue need.
struct QueueBench {
    github: SimulatedGitHub,
    database: tokio_postgres::Client,
    service: ServiceProcess,
}

/// Measures what the command line asks for.
pub(crate) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let names = ["queue", "claim", "claim statements", "claim crowd", "wake move", "wake sync"];
    if !names.iter().any(|name| bench.wants(name)) {
        return Ok(());
    }
    let mut site = QueueBench::open(bench).await?;
    if bench.wants("queue") {
        look(bench, &site)?;
    }
    if bench.wants("claim") {
        claim(bench, &site).await?;
    }
    if bench.wants("claim statements") {
        tell_statements(bench).await?;
    }
    if bench.wants("claim crowd") {
        crowd(bench, &site).await?;
    }
    if bench.wants("wake move") || bench.wants("wake sync") {
        wake(bench, &mut site).await?;
    }
    Ok(())
}

impl QueueBench {
    async fn open(bench: &Bench) -> anyhow::Result<Self> {
        println!("Reading {QUEUED} issues from another simulated GitHub ...");
        let github = SimulatedGitHub::start(BE_QUEUE)?;
        let admin = site::connect(&bench.cluster.url_of("postgres")).await?;
        admin.batch_execute("CREATE DATABASE queue").await?;
        let url = bench.cluster.url_of("queue");
        let database = site::connect(&url).await?;
        let service = ServiceProcess::start(&url, &github, &SETTINGS)?;
        site::synced(&database).await?;
        site::unlocked(&database).await?;
        drop(service);
        let quiet = "UPDATE issues SET lane = 'quiet' WHERE id IN ( \
                     SELECT id FROM issues WHERE status = 'backlog' ORDER BY id LIMIT 1000)";
        database.execute(quiet, &[]).await?;
        drop(database);
        bench.copy("queue", "queue_copy").await?;
        let database = site::connect(&url).await?;
        let service = ServiceProcess::start(&url, &github, &SETTINGS)?;
        site::unlocked(&database).await?;
        let site = Self { github, database, service };
        // PostgreSQL plans by its statistics: as after a day of claims, not before the first.
        client::load(&site.service.host, CONNECTIONS, bench.time, |claimer| {
            move || claim_next(claimer, "default", 0)
        })?;
        site.let_go().await?;
        site.database.batch_execute("VACUUM ANALYZE").await?;
        Ok(site)
    }

    /// Ends all leases, so that one measurement does not affect the next.
    async fn let_go(&self) -> anyhow::Result<()> {
        let end = "UPDATE leases SET state = 'free', ended_at = now(), ending = 'finished' \
                   WHERE state <> 'free'";
        self.database.execute(end, &[]).await?;
        Ok(())
    }
}

/// Reads the first fifty of the queue and as many withheld ones, each time as a new query.
fn look(bench: &mut Bench, site: &QueueBench) -> anyhow::Result<()> {
    println!("Looking at the queue ...");
    let mut connection = HttpConnection::open(&site.service.host)?;
    let used = site.service.processor_time()?;
    let mut times = Vec::new();
    for n in 0..LOOKS {
        let query = format!(
            "#{n}\n{{ queue(agent: \"agent-1\", first: 50) {{ rank skipReasons summary \
             issue {{ id number title status }} }} }}"
        );
        let asked = Instant::now();
        let answer = connection.ask(&Request::graphql(&query, json!({})))?;
        times.push(asked.elapsed());
        let ranked = String::from_utf8_lossy(answer).matches(r#""skipReasons":[]"#).count();
        ensure!(ranked == 50, "{ranked} issues are ranked");
    }
    let used = millis(site.service.processor_time()? - used) / LOOKS as f64;
    times.sort_unstable();
    bench.note(ReportLine {
        what: format!(
            "`queue` of {QUEUED} issues over GraphQL: the first 50 and 50 that are withheld, p99 in ms"
        ),
        measured: format!(
            "p50 {:.1} ms, processor {used:.1} ms, of {LOOKS} looks one after the other",
            millis(quantile(&times, 0.5))
        ),
        limit: String::new(),
        figure: millis(quantile(&times, 0.99)),
        digits: 1,
        target: Target::AtMost(30.0),
    });
    Ok(())
}

/// The n-th claim of an agent.
fn claim_next(agent: usize, lane: &str, wait: u64) -> Request {
    let query = "mutation($input: ClaimNextInput!) { claimNext(input: $input) { idleReason \
                 lease { id fencingToken issue { id number title } } } }";
    let input = json!({ "agent": format!("claimer-{agent}"), "lane": lane, "waitSeconds": wait });
    Request::by_agent(query, json!({ "input": input }))
}

/// Claims without a pause, beside the bare claim.
async fn claim(bench: &mut Bench, site: &QueueBench) -> anyhow::Result<()> {
    let bare = bench.pgbench.on(bench.cluster.url_of("queue_copy"));
    let copy = site::connect(&bench.cluster.url_of("queue_copy")).await?;
    let (mut rates, mut limits, mut times) = (vec![], vec![], vec![]);
    let (mut used, mut used_by_github) = (vec![], vec![]);
    for pass in 1..=bench.passes {
        println!("Claiming, pass {pass} of {} ...", bench.passes);
        refill(&copy).await?;
        limits.push(bare.run("claim/1-pick.sql", CONNECTIONS, bench.time)?);
        let before = (site.service.processor_time()?, site.github.processor_time()?);
        let load = client::load(&site.service.host, CONNECTIONS, bench.time, |claimer| {
            move || claim_next(claimer, "default", 0)
        })?;
        let claims = load.times.len() as f64;
        rates.push(load.per_second);
        times.push(millis(quantile(&load.times, 0.5)));
        used.push(millis(site.service.processor_time()? - before.0) / claims);
        used_by_github.push(millis(site.github.processor_time()? - before.1) / claims);
        site.let_go().await?;
    }
    let (rate, limit) = (median(rates), median(limits));
    bench.note(ReportLine {
        what: format!("`claimNext` of {QUEUED} issues, GitHub answering at once"),
        measured: format!(
            "{rate:.0}/s, p50 {:.1} ms, processor {:.2} ms and simulated GitHub's {:.2} ms",
            median(times),
            median(used),
            median(used_by_github)
        ),
        limit: format!("{limit:.0}/s: the bare `FOR UPDATE SKIP LOCKED` claim"),
        figure: rate / limit,
        digits: 2,
        target: Target::AtLeast(0.4),
    });
    Ok(())
}

/// Gives the copy's queue back what bare claims took.
async fn refill(copy: &tokio_postgres::Client) -> anyhow::Result<()> {
    copy.batch_execute(
        "CREATE TABLE IF NOT EXISTS full_queue AS SELECT * FROM queued; \
         TRUNCATE queued; INSERT INTO queued SELECT * FROM full_queue; \
         DELETE FROM leases; DELETE FROM audit_log",
    )
    .await?;
    // By itself: several statements in one go are a transaction.
    copy.batch_execute("VACUUM ANALYZE queued, leases, audit_log").await?;
    Ok(())
}

/// The cost of each of a claim's statements: the bare claim, and what is added to it one by one.
async fn tell_statements(bench: &mut Bench) -> anyhow::Result<()> {
    const STEPS: [(&str, &str); 7] = [
        ("1-pick.sql", "the bare claim"),
        ("2-look.sql", "and the look at ten candidates and their rows"),
        ("3-lease.sql", "and the lease, reserved, held and ended"),
        ("4-audit.sql", "and the audit entry, pending and settled"),
        ("5-issue.sql", "and the issue's row with its indexes and triggers"),
        ("6-events.sql", "and the events"),
        ("7-decision.sql", "and the decision: what is withheld, counts, its line"),
    ];
    println!("Adding up the statements of a claim ...");
    let url = bench.cluster.url_of("queue_copy");
    let copy = site::connect(&url).await?;
    // As in the service.
    copy.batch_execute("ALTER DATABASE queue_copy SET jit = off").await?;
    let pgbench = bench.pgbench.on(url);
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("claim.sql");
    let (mut text, mut before) = (String::new(), 0.0);
    for (file, what) in STEPS {
        text += &std::fs::read_to_string(Pgbench::path_of(&format!("claim/{file}")))?;
        std::fs::write(&script, &text)?;
        refill(&copy).await?;
        let rate = pgbench.run_file(&script, CONNECTIONS, bench.time)?;
        let each = 1_000.0 * CONNECTIONS as f64 / rate;
        bench.note(ReportLine {
            what: format!("A claim's statements in `pgbench`: {what}, in ms"),
            measured: String::new(),
            limit: format!("{rate:.0}/s, {each:.2} ms in all"),
            figure: each - before,
            digits: 2,
            target: Target::None,
        });
        before = each;
    }
    Ok(())
}

/// Claims of two hundred agents, below saturation and without a pause.
async fn crowd(bench: &mut Bench, site: &QueueBench) -> anyhow::Result<()> {
    println!("Claiming by {CLAIMERS} ...");
    site.let_go().await?;
    let finishing = finish_after_a_second(&bench.cluster.url_of("queue")).await?;
    let time = |load: &LoadResult, share| millis(quantile(&load.times, share));
    for rate in PACES {
        let used = site.service.processor_time()?;
        let paced = pace(&site.service.host, rate, bench.time * 5)?;
        let used = millis(site.service.processor_time()? - used) / paced.times.len() as f64;
        bench.note(ReportLine {
            what: format!(
                "The same by {CLAIMERS} claimers, {rate:.0} claims a second among them: p99 in ms, \
                 simulated GitHub's part included"
            ),
            measured: format!(
                "{:.0}/s, p50 {:.1} ms, last {:.1} ms, processor {used:.2} ms",
                paced.per_second,
                time(&paced, 0.5),
                time(&paced, 1.0)
            ),
            limit: String::new(),
            figure: time(&paced, 0.99),
            digits: 1,
            target: Target::AtMost(25.0),
        });
    }
    let crowded = client::load(&site.service.host, CLAIMERS, bench.time, |claimer| {
        move || claim_next(claimer, "default", 0)
    })?;
    finishing.abort();
    site.let_go().await?;
    bench.note(ReportLine {
        what: "The same without a pause, which is mostly waiting in line: p99 in ms".to_owned(),
        measured: format!("{:.0}/s, p50 {:.0} ms", crowded.per_second, time(&crowded, 0.5)),
        limit: String::new(),
        figure: time(&crowded, 0.99),
        digits: 0,
        target: Target::None,
    });
    Ok(())
}

/// Ends leases that are a second old, as claimers that finish their work, until this is aborted.
async fn finish_after_a_second(url: &str) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let database = site::connect(url).await?;
    let end = "UPDATE leases SET state = 'free', ended_at = now(), ending = 'finished' \
               WHERE state = 'held' AND acquired_at < now() - interval '1 s'";
    #[expect(clippy::disallowed_methods, reason = "it ends before what it is asked for does")]
    Ok(tokio::spawn(async move {
        while database.execute(end, &[]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }))
}

/// Claims at predetermined times with random pauses. A claim's time starts when it was due, so that
/// delays of the next claim count.
fn pace(host: &str, rate: f64, time: Duration) -> anyhow::Result<LoadResult> {
    let longest = 2.0 * CLAIMERS as f64 / rate;
    client::at_once(host, CLAIMERS, |claimer, begin| {
        let request = claim_next(claimer, "default", 0);
        let mut random = StdRng::seed_from_u64(claimer as u64);
        move |connection: &mut HttpConnection| {
            let mut due = begin;
            let mut times = Vec::new();
            loop {
                due += Duration::from_secs_f64(random.random_range(0.0..longest));
                if due >= begin + time {
                    return Ok(times);
                }
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                connection.ask(&request)?;
                times.push(due.elapsed());
            }
        }
    })
}

/// Issues become ready, by a move and by a sync, while some claims wait.
async fn wake(bench: &mut Bench, site: &mut QueueBench) -> anyhow::Result<()> {
    let sql = "SELECT i.id, r.full_name, i.number FROM issues i \
               JOIN repositories r ON r.id = i.repository_id \
               WHERE i.lane = 'quiet' AND i.status = 'backlog' AND i.labels::text !~ 'agent/' \
                   AND NOT EXISTS (SELECT FROM blocked b WHERE b.issue_id = i.id) ORDER BY i.id";
    let rows = site.database.query(sql, &[]).await?;
    let mut cards: VecDeque<(IssueId, String, i32)> =
        rows.iter().map(|row| (IssueId(row.get(0)), row.get(1), row.get(2))).collect();
    let served = wait_in_line(&site.service.host)?;
    std::thread::sleep(Duration::from_secs(1));
    let mut mover = HttpConnection::open(&site.service.host)?;
    let clock = Clock::system();
    let calls = if bench.passes > 1 { CALLS } else { CALLS / 4 };
    for by in ["move", "sync"] {
        if !bench.wants(&format!("wake {by}")) {
            continue;
        }
        println!("Waking who waits by a {by} ...");
        let mut times = Vec::new();
        let mut answered = Vec::new();
        for _ in 0..calls {
            let (id, repository, number) = cards.pop_front().context("the cards are used up")?;
            let request = match by {
                "move" => Request::graphql(
                    "mutation($input: MoveIssueInput!) { moveIssue(input: $input) { cursor } }",
                    json!({ "input": { "issueId": id, "to": "READY" } }),
                ),
                _ => {
                    site.github.call_ready(&repository, number)?;
                    Request::graphql("mutation { syncIssues { results { error } } }", json!({}))
                }
            };
            let (asked, asked_at) = (Instant::now(), clock.now());
            mover.ask(&request)?;
            answered.push(asked.elapsed());
            let heard = served.recv_timeout(Duration::from_secs(20));
            let heard = heard.with_context(|| format!("nobody got {repository}#{number}"))?;
            let begin = match by {
                "move" => asked_at,
                _ => site.github.told_of(&repository)?,
            };
            times.push((heard - begin).to_std()?);
            std::thread::sleep(Duration::from_millis(20));
        }
        times.sort_unstable();
        answered.sort_unstable();
        let time = |times: &[Duration], share| millis(quantile(times, share));
        let beginning = match by {
            "move" => "asking for that",
            _ => "GitHub's telling of it",
        };
        bench.note(ReportLine {
            what: format!(
                "An issue becomes ready by a {by}: from {beginning} until one of {WAITERS} who wait \
                 holds its lease, p99 in ms, simulated GitHub's part included"
            ),
            measured: format!(
                "p50 {:.1} ms, of {calls}; the whole {by} is answered in {:.1} ms",
                time(&times, 0.5),
                time(&answered, 0.5)
            ),
            limit: String::new(),
            figure: time(&times, 0.99),
            digits: 1,
            target: Target::AtMost(100.0),
        });
    }
    Ok(())
}

/// Runs waiting claims repeatedly as long as the service runs; reports when each was served.
fn wait_in_line(host: &str) -> anyhow::Result<Receiver<DateTime<Utc>>> {
    let (sender, served) = mpsc::channel();
    let clock = Clock::system();
    for waiter in 0..WAITERS {
        let mut connection = HttpConnection::open(host)?;
        let (sender, clock) = (sender.clone(), clock.clone());
        std::thread::spawn(move || {
            let request = claim_next(waiter, "quiet", 25);
            while let Ok(answer) = connection.ask(&request) {
                let is_served = String::from_utf8_lossy(answer).contains("fencingToken");
                if is_served && sender.send(clock.now()).is_err() {
                    break;
                }
            }
        });
    }
    Ok(served)
}
