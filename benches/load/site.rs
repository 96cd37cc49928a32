//! What is measured, each in a process of its own: PostgreSQL, a simulated GitHub, and the service as
//! it is released.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use dispatch::clock::Clock;
use dispatch::config::Env;
use dispatch::embedded_postgres::{BinarySearchPaths, Cluster, Options};
use dispatch::simulator::{self, Load, NewIssue, Simulator};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio_postgres::NoTls;

use super::client::{HttpConnection, Request};
use super::process;

/// How much there is on the simulated GitHub.
pub(crate) const LOAD: Load = Load { repositories: 20, open: 10_000, closed: 2_000, seed: 1 };

/// How many issues there are on the one that the queue is measured with.
pub(crate) const QUEUED: usize = 100_000;

/// The argument that starts this program as the simulated GitHub.
pub(crate) const BE_GITHUB: &str = "be-github";

/// The same with the issues for the measurements of the queue.
pub(crate) const BE_QUEUE: &str = "be-github-of-the-queue";

/// A PostgreSQL of our own, written as fast as can be.
pub(crate) async fn postgres() -> anyhow::Result<Cluster> {
    let path = Env::from_process().raw("PATH").map(Into::into);
    Ok(Cluster::start(Options::scratch(BinarySearchPaths { pg_config: None, path })).await?)
}

/// A connection that outlives nothing but itself.
pub(crate) async fn connect(url: &str) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "it ends with the client")]
    tokio::spawn(connection);
    Ok(client)
}

/// The simulated GitHub, in a process of its own.
pub(crate) struct SimulatedGitHub {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Its address.
    pub(crate) url: String,
    /// The full names of its repositories.
    pub(crate) repositories: Vec<String>,
}

impl SimulatedGitHub {
    /// Starts it: [`BE_GITHUB`] or [`BE_QUEUE`].
    pub(crate) fn start(as_what: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(as_what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Cannot start the simulator")?;
        let questions = child.stdin.take().context("its input was asked for")?;
        let mut answers = BufReader::new(child.stdout.take().context("its output was asked for")?);
        let url = line(&mut answers)?;
        let repositories = line(&mut answers)?.split(',').map(ToOwned::to_owned).collect();
        Ok(Self { child, questions, answers, url, repositories })
    }

    /// How many requests it was sent so far.
    pub(crate) fn requests(&mut self) -> anyhow::Result<u64> {
        writeln!(self.questions)?;
        Ok(line(&mut self.answers)?.parse()?)
    }

    /// Labels an issue of the backlog as ready, on GitHub itself.
    pub(crate) fn call_ready(&mut self, repository: &str, number: i32) -> anyhow::Result<()> {
        writeln!(self.questions, "{repository} {number}")?;
        line(&mut self.answers).map(drop)
    }

    /// When it first returned a repository's issues since an issue was last labelled ready.
    pub(crate) fn told_of(&mut self, repository: &str) -> anyhow::Result<DateTime<Utc>> {
        writeln!(self.questions, "{repository}")?;
        let said = line(&mut self.answers)?;
        said.parse().with_context(|| format!("it did not report {repository}: `{said}`"))
    }

    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        process::processor_time(self.child.id())
    }
}

impl Drop for SimulatedGitHub {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Runs as that process: prints its address and its repositories, then responds to each line of
/// input. A line with an issue labels it ready; one with a repository returns when its issues were
/// first read since then; an empty one returns the number of requests.
pub(crate) async fn be_github(as_what: &str) -> anyhow::Result<()> {
    let simulator = Simulator::new(Clock::system());
    let names = if as_what == BE_QUEUE { fill_queue(&simulator)? } else { LOAD.make(&simulator) };
    // The benchmark measures Dispatch, not GitHub's rate limit.
    let never = Clock::system().now() + TimeDelta::days(365);
    simulator.set_rate_limit(i64::from(i32::MAX), never);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}\n{}", listener.local_addr()?, names.join(","));
    let asked = simulator.clone();
    let questions = tokio::task::spawn_blocking(move || {
        for question in std::io::stdin().lines() {
            let question = question?;
            match question.split_once(' ') {
                Some((repository, number)) => {
                    asked.forget_requests();
                    let (add, remove) = (["status/ready"], ["status/backlog"]);
                    let called = asked.relabel(repository, number.parse()?, &add, &remove);
                    called.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
                    println!();
                }
                None if question.is_empty() => println!("{}", asked.total()),
                None => {
                    let name = question.rsplit('/').next().unwrap_or_default();
                    let requests = asked.requests();
                    let is_of_it = |request: &&simulator::LoggedRequest| {
                        request.operation == "Issues" && request.variables["name"] == name
                    };
                    let first = requests.iter().find(is_of_it);
                    let told_at = first.and_then(|first| first.answered_at.get());
                    println!("{}", told_at.map(DateTime::to_rfc3339).unwrap_or_default());
                }
            }
        }
        anyhow::Ok(())
    });
    tokio::select! {
        ended = simulator::serve(simulator, listener) => Ok(ended?),
        ended = questions => ended?,
    }
}

/// Opens what the queue is measured with: of each twenty issues sixteen are ready, and one each is in
/// progress, in review, blocked and in the backlog. One in ten has the label of one of ten agents, one
/// in fifty waits for another. They were opened within ninety days.
fn fill_queue(simulator: &Simulator) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = (1..=20).map(|at| format!("work/repository-{at:02}")).collect();
    for name in &names {
        simulator.add_repository(name);
    }
    let mut random = StdRng::seed_from_u64(2);
    let now = Clock::system().now();
    for (at, name) in (0..QUEUED).zip(names.iter().cycle()) {
        let status = match random.random_range(0..20) {
            0 => "in-progress",
            1 => "in-review",
            2 => "blocked",
            3 => "backlog",
            _ => "ready",
        };
        let mut labels =
            vec![format!("status/{status}"), format!("priority/p{}", random.random_range(0..4))];
        if status == "in-progress" || random.random_bool(0.1) {
            labels.push(format!("agent/agent-{}", random.random_range(0..10)));
        }
        let waits = random.random_bool(0.02);
        let other = random.random_range(1..=QUEUED / names.len());
        let body = "The queue forgets whose turn it is. ".repeat(random.random_range(5..50));
        let issue = NewIssue {
            body: if waits { format!("Blocked by #{other}. {body}") } else { body },
            labels,
            created_at: Some(now - TimeDelta::minutes(random.random_range(1..90 * 24 * 60))),
            ..NewIssue::titled(&format!("Whose turn is it, {at}?"), &[])
        };
        simulator.open_issue(name, issue).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    }
    Ok(names)
}

/// The service.
pub(crate) struct ServiceProcess {
    child: Child,
    /// Where it listens, as `address:port`.
    pub(crate) host: String,
    /// From the start of the program to its first healthy response.
    pub(crate) start: Duration,
}

impl ServiceProcess {
    /// Starts it and waits until it is healthy. It syncs on start and on demand alone.
    /// `settings` are beside the usual ones.
    pub(crate) fn start(
        database: &str,
        github: &SimulatedGitHub,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let log = File::create(log_path())?;
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_dispatch"))
            .arg("serve")
            .env("DATABASE_URL", database)
            .env("GITHUB_API_URL", &github.url)
            .env("GITHUB_TOKEN", "token")
            .env("GITHUB_POINTS_PER_MINUTE", "1000000")
            .env("GITHUB_WRITES_PER_MINUTE", "1000000")
            .env("GITHUB_WRITES_PER_HOUR", "1000000")
            .env("GITHUB_REPOSITORIES", github.repositories.join(","))
            .env("DISPATCH_SYNC_INTERVAL_MS", "0")
            .env("PORT", "0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("Cannot start dispatch")?;
        let mut said = BufReader::new(child.stdout.take().context("its output was asked for")?);
        let ready = line(&mut said).with_context(|| format!("see {}", log_path().display()))?;
        let host = ready.split("http://").nth(1).and_then(|address| address.split('/').next());
        let host = host.with_context(|| format!("no address in `{ready}`"))?.to_owned();
        HttpConnection::open(&host)?.ask(&Request::Get("/api/health".to_owned()))?;
        Ok(Self { child, host, start: begin.elapsed() })
    }

    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        process::processor_time(self.child.id())
    }

    /// Memory in use, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        process::memory(self.child.id())
    }
}

impl Drop for ServiceProcess {
    /// Stops it as an operator would, so that nothing has to be recovered.
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = signal::kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let patience = Instant::now() + Duration::from_secs(10);
        while Instant::now() < patience && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        end(&mut self.child);
    }
}

/// The log file of the service.
fn log_path() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dispatch.log")
}

/// Waits until the first sync has read every repository completely.
pub(crate) async fn synced(database: &tokio_postgres::Client) -> anyhow::Result<()> {
    let read = "SELECT count(*) FROM repositories WHERE fully_synced_at IS NOT NULL";
    reaches(database, read, LOAD.repositories).await
}

/// Waits until no sync is running.
pub(crate) async fn unlocked(database: &tokio_postgres::Client) -> anyhow::Result<()> {
    reaches(database, "SELECT count(*) FROM job_locks", 0).await
}

async fn reaches(
    database: &tokio_postgres::Client,
    sql: &str,
    wanted: usize,
) -> anyhow::Result<()> {
    let patience = Instant::now() + Duration::from_secs(300);
    while Instant::now() < patience {
        let count: i64 = database.query_one(sql, &[]).await?.get(0);
        if usize::try_from(count) == Ok(wanted) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("`{sql}` does not come to {wanted}")
}

fn line(from: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    ensure!(line.ends_with('\n'), "the program ended");
    Ok(line.trim_end().to_owned())
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill().and_then(|()| child.wait());
}
