//! How fast Dispatch is and what it costs, from outside: `make bench`.
//!
//! PostgreSQL, a simulated GitHub and the released service run as processes of their own on the
//! machine that this program runs on, too. Where the service answers from the database, `pgbench`
//! sends the plain statements in turn with it, on as many connections; what counts is the ratio of
//! the two. The table goes to `docs/performance.md`. Words of the command line select measurements by
//! the beginnings of their names, `--quick` measures roughly; then nothing is published.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod automation;
mod client;
mod limit;
mod live;
mod process;
mod queue;
mod reads;
mod report;
mod site;
mod subscribers;
mod syncs;
mod writes;

use std::process::ExitCode;
use std::time::Duration;

use dispatch::embedded_postgres::Cluster;

use limit::Pgbench;
use report::ReportLine;
use site::{ServiceProcess, SimulatedGitHub};

/// As many as for the limit.
const CONNECTIONS: usize = 8;

/// The duration of each load.
const TIME: Duration = Duration::from_secs(4);

/// The number of runs; the median counts.
const PASSES: usize = 3;

/// The same for a rough measurement: `--quick`.
const QUICK: (Duration, usize) = (Duration::from_secs(2), 1);

/// What all measurements share.
struct Bench {
    cluster: Cluster,
    github: SimulatedGitHub,
    pgbench: Pgbench,
    database: tokio_postgres::Client,
    wanted: Vec<String>,
    time: Duration,
    passes: usize,
    lines: Vec<ReportLine>,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let arguments: Vec<String> = arguments.collect();
    let is_github =
        |argument: &&String| [site::BE_GITHUB, site::BE_QUEUE].contains(&argument.as_str());
    let done = match arguments.iter().find(is_github) {
        Some(as_what) => site::be_github(as_what).await,
        None => run(arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut wanted: Vec<String>) -> anyhow::Result<()> {
    let is_whole = wanted.is_empty();
    let is_quick = wanted.iter().any(|argument| argument == "--quick");
    wanted.retain(|argument| argument != "--quick");
    let (time, passes) = if is_quick { QUICK } else { (TIME, PASSES) };
    println!("Starting PostgreSQL and a simulated GitHub ...");
    let cluster = site::postgres().await?;
    let database = site::connect(cluster.url()).await?;
    let pgbench = Pgbench::find(&cluster).await?;
    let github = SimulatedGitHub::start(site::BE_GITHUB)?;
    let mut bench =
        Bench { cluster, github, pgbench, database, wanted, time, passes, lines: vec![] };

    syncs::measure(&mut bench).await?;
    bench.copy_database().await?;
    let service = syncs::measure_starts(&mut bench).await?;
    writes::warm_up(&bench, &service).await?;
    reads::measure(&mut bench, &service)?;
    writes::measure(&mut bench, &service).await?;
    live::measure(&mut bench, service).await?;
    queue::measure(&mut bench).await?;
    automation::measure(&mut bench).await?;

    let version: String = bench.database.query_one("SHOW server_version", &[]).await?.get(0);
    let machine = format!("{}, PostgreSQL {version}", process::machine());
    let table = report::table(&machine, &bench.lines);
    println!("\n{table}");
    if is_whole { report::publish(&table) } else { Ok(()) }
}

impl Bench {
    /// Whether the command line asks for a measurement.
    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| name.starts_with(wanted.as_str()))
    }

    fn note(&mut self, line: ReportLine) {
        println!("{}", line.row());
        self.lines.push(line);
    }

    /// Copies the database for `pgbench` to write to. The original must not be in use.
    async fn copy_database(&mut self) -> anyhow::Result<()> {
        self.copy("dispatch", "copy").await?;
        self.database = site::connect(self.cluster.url()).await?;
        Ok(())
    }

    /// Copies a database, and vacuums and analyzes both.
    async fn copy(&self, of: &str, to: &str) -> anyhow::Result<()> {
        let admin = site::connect(&self.cluster.url_of("postgres")).await?;
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                   WHERE datname = $1 AND pid <> pg_backend_pid()";
        admin.query(end, &[&of]).await?;
        admin.batch_execute(&format!("CREATE DATABASE {to} TEMPLATE {of}")).await?;
        for name in [of, to] {
            let database = site::connect(&self.cluster.url_of(name)).await?;
            database.batch_execute("VACUUM ANALYZE").await?;
        }
        Ok(())
    }

    fn start_service(&self) -> anyhow::Result<ServiceProcess> {
        self.start_service_on(self.cluster.url(), &[])
    }

    fn start_service_on(
        &self,
        database: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<ServiceProcess> {
        ServiceProcess::start(database, &self.github, settings)
    }
}

/// The median of some values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
