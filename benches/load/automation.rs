//! The automation pages, on two hundred repositories with twenty workflows each and a million runs.
//!
//! The rows are made by SQL (`fill_automation.sql`). Each request is a new query, so that no response comes
//! from the cache, except where the name says so.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};

use super::client::{HttpConnection, Request, quantile};
use super::report::{ReportLine, Target};
use super::site::{self, ServiceProcess};
use super::{Bench, millis};

const FILL: &str = include_str!("fill_automation.sql");

/// Without a token nothing is read from GitHub, which does not have these repositories.
const SETTINGS: [(&str, &str); 1] = [("GITHUB_TOKEN", "")];

/// How many times each page is read.
const LOOKS: usize = 100;

/// The fields of a run that the web pages select.
const RUN: &str = "id number attempt title event status statusText conclusion conclusionText branch \
                   headSha actor url createdAt startedAt completedAt duration waitingFor";

/// A page.
struct Page {
    name: &'static str,
    what: &'static str,
    query: fn(&PageIds) -> String,
    /// The script of `statements/` that reads the same rows.
    script: &'static str,
    /// What p99 should be at most, in milliseconds.
    most: f64,
    is_cached: bool,
}

/// What pages need to know of the database.
struct PageIds {
    workflow: String,
    repositories: Vec<String>,
    after: String,
}

const PAGES: [Page; 6] = [
    Page {
        name: "automation",
        what: "`/automation`: 200 repositories with 4,000 workflows, and what fails",
        query: |_| overview(),
        script: "automation/overview.sql",
        most: 50.0,
        is_cached: false,
    },
    Page {
        name: "automation cards",
        what: "Its visible cards: 100 workflows of 5 repositories, each with 20 runs",
        query: |ids| cards(&ids.repositories),
        script: "automation/cards.sql",
        most: 50.0,
        is_cached: false,
    },
    Page {
        name: "automation cached",
        what: "The list, the same query again",
        query: |_| overview(),
        script: "automation/overview.sql",
        most: 50.0,
        is_cached: true,
    },
    Page {
        name: "automation workflow",
        what: "The page of a workflow: 50 runs, branches, 30 days, the same workflow of 199 repositories",
        query: |ids| workflow(&ids.workflow),
        script: "automation/workflow.sql",
        most: 30.0,
        is_cached: false,
    },
    Page {
        name: "automation activity",
        what: "Activity, the first 50 of a million events",
        query: |_| activity(""),
        script: "automation/activity.sql",
        most: 30.0,
        is_cached: false,
    },
    Page {
        name: "automation activity next",
        what: "Activity, the next 50",
        query: |ids| activity(&format!(", after: \"{}\"", ids.after)),
        script: "automation/activity.sql",
        most: 30.0,
        is_cached: false,
    },
];

fn overview() -> String {
    format!(
        "{{ trackedRepositories {{ id fullName owner name url source automation {{ defaultBranch \
         latestCommit {{ sha }} openPullRequestsCount workflowsCount releasesCount failingCount \
         runningCount isRed lastSyncedAt lastAttemptedAt syncError releases(first: 1) {{ tagName url }} \
         }} }} \
         redBranches {{ branch since repository {{ fullName }} workflow {{ id name }} run {{ {RUN} }} }} }}"
    )
}

fn cards(repositories: &[String]) -> String {
    const RUN: &str = "id number status statusText conclusion conclusionText branch";
    let card = |(at, id): (usize, &String)| {
        format!(
            "r{at}: node(id: \"{id}\") {{ ... on Repository {{ id automation {{ workflows {{ id name \
             isFlaky latestRunOnDefaultBranch {{ {RUN} }} \
             recentRuns(first: 20) {{ id number status conclusion branch createdAt startedAt \
             duration }} }} }} }} }}"
        )
    };
    format!("{{ {} }}", repositories.iter().enumerate().map(card).collect::<String>())
}

fn workflow(id: &str) -> String {
    format!(
        "{{ workflow(id: \"{id}\") {{ id githubId name path state url isFlaky successRate averageDuration \
         repository {{ id fullName }} days(days: 30) {{ day succeeded failed cancelled averageDuration }} \
         branches {{ branch isFailing latestRun {{ {RUN} }} }} recentRuns(first: 50) {{ {RUN} }} \
         siblings {{ id averageDuration repository {{ fullName }} latestRun {{ {RUN} }} }} }} }}"
    )
}

fn activity(more: &str) -> String {
    format!(
        "{{ activity(first: 50{more}) {{ nodes {{ id type title description actor url branch createdAt \
         repository {{ fullName }} workflowRun {{ id number conclusion }} }} \
         pageInfo {{ hasNextPage endCursor }} }} }}"
    )
}

/// Measures what the command line asks for.
pub(crate) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    if !PAGES.iter().any(|page| bench.wants(page.name)) {
        return Ok(());
    }
    println!("Filling a database with a million runs ...");
    let admin = site::connect(&bench.cluster.url_of("postgres")).await?;
    admin.batch_execute("CREATE DATABASE automation").await?;
    let url = bench.cluster.url_of("automation");
    // The service creates the tables.
    drop(bench.start_service_on(&url, &SETTINGS)?);
    let database = site::connect(&url).await?;
    database.batch_execute(FILL).await?;
    database.batch_execute("VACUUM ANALYZE").await?;
    let fleet = "UPDATE repositories SET enabled = full_name LIKE 'fleet/%'";
    database.batch_execute(fleet).await?;
    let pgbench = bench.pgbench.on(url.clone());
    let service = bench.start_service_on(&url, &SETTINGS)?;
    let mut connection = HttpConnection::open(&service.host)?;
    let ids = ids(&mut connection)?;
    for page in PAGES.iter().filter(|page| bench.wants(page.name)).collect::<Vec<_>>() {
        let rate = pgbench.run(page.script, 1, bench.time)?;
        let line =
            look(page, (&service, &mut connection), &ids, Duration::from_secs_f64(1.0 / rate))?;
        bench.note(line);
    }
    Ok(())
}

fn ids(connection: &mut HttpConnection) -> anyhow::Result<PageIds> {
    let mut ask = |query: &str| -> anyhow::Result<Value> {
        let answer = connection.ask(&Request::graphql(query, json!({})))?;
        Ok(serde_json::from_slice(answer)?)
    };
    let first = ask(&activity(""))?;
    let after = first.pointer("/data/activity/pageInfo/endCursor").and_then(Value::as_str);
    let list = ask("{ trackedRepositories { id automation { workflows { id } } } }")?;
    let repositories = list.pointer("/data/trackedRepositories").and_then(Value::as_array);
    let repositories = repositories.map(Vec::as_slice).unwrap_or_default();
    ensure!(repositories.len() == 200, "{} repositories are tracked", repositories.len());
    let workflow = list.pointer("/data/trackedRepositories/7/automation/workflows/7/id");
    let id = |repository: &Value| repository["id"].as_str().unwrap_or_default().to_owned();
    Ok(PageIds {
        repositories: repositories.iter().take(5).map(id).collect(),
        workflow: workflow.and_then(Value::as_str).unwrap_or_default().to_owned(),
        after: after.unwrap_or_default().to_owned(),
    })
}

/// Reads a page several times, one after the other. `bare` is the time of its plain statement.
fn look(
    page: &Page,
    (service, connection): (&ServiceProcess, &mut HttpConnection),
    ids: &PageIds,
    bare: Duration,
) -> anyhow::Result<ReportLine> {
    let query = (page.query)(ids);
    let mut times = Vec::new();
    connection.ask(&Request::graphql(&query, json!({})))?;
    let used = service.processor_time()?;
    for n in 0..LOOKS {
        let comment = if page.is_cached { String::new() } else { format!("#{n}\n") };
        let request = Request::graphql(&format!("{comment}{query}"), json!({}));
        let asked = Instant::now();
        connection.ask(&request)?;
        times.push(asked.elapsed());
    }
    let used = (service.processor_time()? - used) / u32::try_from(LOOKS)?;
    times.sort_unstable();
    let (half, most) = (quantile(&times, 0.5), quantile(&times, 0.99));
    Ok(ReportLine {
        what: format!("{}, p99 in ms", page.what),
        measured: format!(
            "p50 {:.1} ms, processor {:.1} ms, {:.1} times its statement",
            millis(half),
            millis(used),
            half.as_secs_f64() / bare.as_secs_f64()
        ),
        limit: format!("{:.1} ms: its statement", millis(bare)),
        figure: millis(most),
        digits: 1,
        target: Target::AtMost(page.most),
    })
}
