//! The database filters, orders and counts the queue exactly as `domain::ranking` does, whatever
//! happens to issues, leases, references and repositories.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection as _;
use dispatch::domain::label_names::key;
use dispatch::domain::lanes::Lanes;
use dispatch::domain::ranking::{
    Aging, Eligibility, EligibilityInput, PeoplesWork, RankRules, RankingContext, SkipReason,
    day_of, eligibility, rank, tier_of,
};
use dispatch::domain::{IssueId, IssueState, RepositoryId};
use dispatch::store::board::blockers::{Dependency, DependencyCounts, blocked_by, counts};
use dispatch::store::claims::leases::{LeaseRequest, reserve};
use dispatch::store::claims::queue::{
    CandidateSearch, EligibilityFacts, ReachedLimits, WithheldCounts, WithheldQuery, candidates,
    place, queued_in, with_eligibility_facts, withheld,
};
use dispatch::store::{Connection, Issue, Repository, repositories};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{Database, Given, eventually, given, start_of_time};

/// The initial number of issues; some are deleted later.
const ISSUES: i32 = 90;

/// How many times something changes and everything is compared.
const ROUNDS: usize = 12;

const FEW: [i64; 4] = [1, 3, 10, 1_000];

const NAMES: [&str; 3] = ["acme/one", "Acme/Two", "acme/off"];

/// Random changes, as statements.
struct Chance(StdRng);

impl Chance {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.0).copied().unwrap_or_default()
    }

    fn number(&mut self, below: i32) -> i32 {
        self.0.random_range(0..below)
    }

    /// Labels of an issue, including agents and labels that hide it.
    fn labels(&mut self) -> String {
        let mut labels = vec!["bug"];
        for _ in 0..self.number(3) {
            labels.push(self.one(&[
                "agent/alpha",
                "Agent/Alpha",
                "AGENT/beta",
                "hidden",
                "Hidden",
                "Owner/sam",
                "owner/",
                "Needs-Human",
                "x",
            ]));
        }
        format!("'{{{}}}'", labels.join(","))
    }

    fn status(&mut self) -> &'static str {
        self.one(&["ready", "ready", "ready", "in-progress", "in-progress", "backlog", "in-review"])
    }

    fn priority(&mut self) -> &'static str {
        self.one(&["NULL", "'p0'", "'p1'", "'p2'", "'p3'"])
    }

    fn lane(&mut self) -> &'static str {
        self.one(&["default", "default", "Normal", "Backlog", "unheard-of"])
    }

    fn assignees(&mut self) -> &'static str {
        self.one(&["'{}'", "'{}'", "'{}'", "'{octocat}'"])
    }

    /// A back-off of an issue, replacing the previous one.
    fn backoff(&mut self) -> String {
        let number = self.number(ISSUES);
        let (minutes, needs_human) = (self.number(60) - 30, self.one(&["false", "false", "true"]));
        format!(
            "DELETE FROM backoffs USING issues WHERE issue_id = id AND number = {number}; \
             INSERT INTO backoffs (issue_id, failed_attempts, cause, reason, first_at, last_at, \
             retry_at, needs_human) SELECT id, 2, 'failed', 'alpha failed on it', now(), now(), \
             timestamptz '2026-05-20 12:00Z' + interval '{minutes} min', {needs_human} \
             FROM issues WHERE number = {number};"
        )
    }

    fn issue(&mut self, number: i32) -> String {
        let (repository, labels) = (self.number(3) + 1, self.labels());
        let (status, priority, lane) = (self.status(), self.priority(), self.lane());
        let hours = self.number(40 * 24);
        let pull_request = self.one(&["NULL", "NULL", "NULL", "NULL", "'https://example.org/1'"]);
        let assignees = self.assignees();
        format!(
            "INSERT INTO issues (repository_id, node_id, number, title, url, state, status, \
             priority, labels, assignees, comments_count, created_at, updated_at, read_at, lane, \
             on_board, pull_request_url) SELECT {repository}, 'I_{number}', {number}, 'A title', \
             'u', 'open', '{status}', {priority}, {labels}, {assignees}, 0, \
             timestamptz '2026-05-20 12:00Z' - interval '{hours} h', now(), now(), '{lane}', true, \
             {pull_request};"
        )
    }

    fn reference(&mut self) -> String {
        let repository = self.one(&["acme/one", "acme/two", "acme/off", "acme/none"]);
        let source = self.one(&["text", "github"]);
        // Some block many others.
        let most = if self.number(2) == 0 { 6 } else { ISSUES };
        let number = self.number(most);
        let waiting = self.number(ISSUES);
        format!(
            "INSERT INTO blockers SELECT id, '{source}', '{repository}', {number} FROM issues \
             WHERE number = {waiting} ON CONFLICT DO NOTHING;"
        )
    }

    fn lease(&mut self) -> String {
        let number = self.number(ISSUES);
        let (agent, state) =
            (self.one(&["alpha", "beta"]), self.one(&["held", "held", "reserved", "free"]));
        let ending = if state == "free" { "now(), 'released'" } else { "NULL, NULL" };
        let minutes = self.number(60) - 20;
        format!(
            "DELETE FROM leases USING issues WHERE issue_id = id AND number = {number}; \
             INSERT INTO leases (issue_id, repository_id, fencing_token, agent, lane, state, \
             checkpoint, term_seconds, acquired_at, renewed_at, expires_at, ended_at, ending) \
             SELECT id, repository_id, nextval('fencing_tokens'), '{agent}', lane, '{state}', \
             'issue_claimed', 60, now(), now(), \
             timestamptz '2026-05-20 12:00Z' + interval '{minutes} min', {ending} FROM issues \
             WHERE number = {number};"
        )
    }

    fn event(&mut self) -> String {
        let number = self.number(ISSUES);
        let of = format!("WHERE number = {number};");
        let set = |what: String| format!("UPDATE issues SET {what} {of}");
        match self.number(20) {
            0 | 1 => set(format!("state = '{}'", self.one(&["open", "closed", "closed"]))),
            2 => set(format!("removed_at = {}", self.one(&["NULL", "now()"]))),
            3 => set(format!("status = '{}'", self.status())),
            4 => set(format!("labels = {}", self.labels())),
            5 => set(format!("lane = '{}', priority = {}", self.lane(), self.priority())),
            6 => set(format!("pull_request_url = {}", self.one(&["NULL", "'u'"]))),
            7 => self.reference(),
            8 => {
                let (repository, is_open) = (
                    self.one(&["acme/none", "acme/off", "acme/one"]),
                    self.one(&["true", "false"]),
                );
                format!(
                    "INSERT INTO foreign_references VALUES ('{repository}', {number}, {is_open}, \
                     now()) ON CONFLICT (repository, number) DO UPDATE SET is_open = {is_open};"
                )
            }
            9 => format!("DELETE FROM blockers WHERE number = {number};"),
            10 | 11 => self.lease(),
            12 => format!("DELETE FROM issues {of}"),
            15 | 16 => self.backoff(),
            17 => format!(
                "DELETE FROM backoffs USING issues i WHERE i.id = issue_id AND i.number = {number};"
            ),
            18 => set(format!("assignees = {}", self.assignees())),
            19 => {
                let id = self.number(3) + 1;
                let rule = self.one(&["serves_in_progress", "serves_assigned", "serves_owned"]);
                format!("UPDATE repositories SET {rule} = NOT {rule} WHERE id = {id};")
            }
            13 => {
                let id = self.number(3) + 1;
                let what = self.one(&[
                    "enabled = NOT enabled",
                    "read_only = 'archived'",
                    "read_only = NULL",
                ]);
                format!("UPDATE repositories SET {what} WHERE id = {id};")
            }
            _ => {
                let name = self.one(&["acme/two", "acme/TWO", "acme/renamed"]);
                format!("UPDATE repositories SET full_name = '{name}' WHERE id = 2;")
            }
        }
    }
}

/// All rows, read without the tables that are maintained for the queue.
struct Rows {
    repositories: Vec<Repository>,
    issues: Vec<(Issue, EligibilityFacts)>,
}

impl Rows {
    async fn read(given: &Given, connection: &mut Connection) -> Self {
        let most = given.database.number("SELECT coalesce(max(id), 0) FROM issues").await;
        let ids: Vec<IssueId> = (1..=most).map(IssueId).collect();
        let issues = with_eligibility_facts(connection, &ids, start_of_time()).await.unwrap();
        let ids: Vec<RepositoryId> = (1..=3).map(RepositoryId).collect();
        let repositories = repositories::by_ids(connection, &ids).await.unwrap();
        Self { repositories, issues }
    }

    /// Compares the dependency counts that triggers maintain with the references.
    async fn compare_counts(&self, given: &Given, connection: &mut Connection) {
        let ids: Vec<IssueId> = self.issues.iter().map(|(issue, _)| issue.id).collect();
        let kept: BTreeMap<_, _> = counts(connection, &ids).await.unwrap().into_iter().collect();
        let is_open = |issue: &Issue| {
            issue.state == IssueState::Open
                && issue.removed_at.is_none()
                && self.repository(issue.repository_id).enabled
        };
        let edges = blocked_by(connection, &ids, 1_000).await.unwrap();
        for (issue, facts) in &self.issues {
            let open =
                edges.iter().filter(|edge| edge.of == issue.id && edge.is_open == Some(true));
            let open_blockers = i32::try_from(open.count()).unwrap();
            let waits = |edge: &&Dependency| {
                let waiting = self.issues.iter().find(|(row, _)| row.id == edge.of);
                edge.issue_id == Some(issue.id) && waiting.is_some_and(|(row, _)| is_open(row))
            };
            let waiting = edges.iter().filter(waits).count();
            let unblocks = if is_open(issue) { i32::try_from(waiting).unwrap() } else { 0 };
            let expected = DependencyCounts { open_blockers, unblocks };
            assert_eq!(kept.get(&issue.id).copied().unwrap_or_default(), expected, "{issue:?}");
            assert_eq!(facts.unblocks, unblocks);
            assert_eq!(facts.blockers.is_empty(), open_blockers == 0);
        }
        let stale = "SELECT count(*) FROM queued q LEFT JOIN unblocking u USING (issue_id) \
                     WHERE q.unblocks <> least(coalesce(u.issues, 0), 9)";
        assert_eq!(given.database.number(stale).await, 0, "the queue knows the counts");
        let orphans = "SELECT count(*) FROM (SELECT issue_id FROM blocked UNION ALL \
                       SELECT issue_id FROM unblocking) AS k \
                       WHERE issue_id NOT IN (SELECT id FROM issues)";
        assert_eq!(given.database.number(orphans).await, 0, "nothing is counted of what is gone");
    }

    /// The tracked repositories that are read-only, or the others.
    fn tracked(&self, read_only: bool) -> Vec<RepositoryId> {
        let tracked = self.repositories.iter().filter(|row| row.enabled);
        tracked.filter(|row| row.read_only.is_some() == read_only).map(|row| row.id).collect()
    }

    fn repository(&self, id: RepositoryId) -> &Repository {
        self.repositories.iter().find(|row| row.id == id).unwrap()
    }

    fn serves(&self, id: RepositoryId) -> PeoplesWork {
        let row = self.repository(id);
        PeoplesWork {
            in_progress: row.serves_in_progress,
            assigned: row.serves_assigned,
            owned: row.serves_owned,
        }
    }

    /// The eligibility of each issue by the rules, with the skip reasons of those in the searched
    /// columns and lanes.
    fn eligibilities(
        &self,
        context: &RankingContext<'_>,
        reached: &ReachedLimits,
    ) -> Vec<(&Issue, Eligibility)> {
        let evaluate = |(issue, facts): &'_ (Issue, EligibilityFacts)| {
            let is_full = reached.everything
                || reached.lanes.contains(&issue.lane.to_lowercase())
                || reached.repositories.contains(&issue.repository_id);
            let input = EligibilityInput {
                issue: issue.id,
                state: issue.state,
                is_removed: issue.removed_at.is_some(),
                status: issue.status,
                priority: issue.priority,
                labels: &issue.labels,
                lane: &issue.lane,
                created_at: issue.created_at,
                is_tracked: self.repository(issue.repository_id).enabled,
                read_only: self.repository(issue.repository_id).read_only,
                holder: facts.holder.as_deref(),
                blockers: &facts.blockers,
                unblocks: facts.unblocks,
                pull_request: facts.pull_request.as_deref(),
                limit: is_full.then_some("is too much"),
                pause: None,
                assignees: &issue.assignees,
                serves: self.serves(issue.repository_id),
                backoff: facts.backoff.as_ref(),
                repository_backoff: None,
            };
            match eligibility(&input, context) {
                Eligibility::Ranked(given) => {
                    assert_eq!(given, rank(&input, context));
                    Eligibility::Ranked(given)
                }
                withheld => withheld,
            }
        };
        self.issues.iter().map(|row| (&row.0, evaluate(row))).collect()
    }
}

fn is_elsewhere(reason: SkipReason) -> bool {
    matches!(
        reason,
        SkipReason::LaneMismatch
            | SkipReason::RepositoryDisabled
            | SkipReason::NotReady
            | SkipReason::Closed
    )
}

/// Reasons against issues within the search, by issue.
fn reasons<'a>(eligibilities: &[(&'a Issue, Eligibility)]) -> Vec<(&'a Issue, Vec<SkipReason>)> {
    let of = |(issue, eligibility): &(&'a Issue, Eligibility)| match eligibility {
        Eligibility::Ranked(_) => None,
        Eligibility::Withheld(skips) => {
            let skips: Vec<SkipReason> = skips.iter().map(|skip| skip.reason).collect();
            let is_searched = !skips.iter().copied().any(is_elsewhere);
            is_searched.then_some((*issue, skips))
        }
    };
    eligibilities.iter().filter_map(of).collect()
}

fn counted(counts: &WithheldCounts) -> BTreeMap<SkipReason, i64> {
    let all = [
        (SkipReason::Leased, counts.leased),
        (SkipReason::AssignedToOther, counts.assigned_to_other),
        (SkipReason::BlockedByIssue, counts.blocked_by_issue),
        (SkipReason::LimitReached, counts.limit_reached),
        (SkipReason::Excluded, counts.excluded),
        (SkipReason::LinkedPullRequest, counts.linked_pull_request),
        (SkipReason::BackingOff, counts.backing_off),
        (SkipReason::NeedsHuman, counts.needs_human),
        (SkipReason::HeldByPerson, counts.held_by_person),
    ];
    all.into_iter().filter(|(_, issues)| *issues > 0).collect()
}

/// Compares the database's result of one search with the rules.
async fn compare(
    connection: &mut Connection,
    rows: &Rows,
    agent: &str,
    lane: Option<&str>,
    (aging, by_unblocks, serves_peoples): (Aging, bool, bool),
    now: DateTime<Utc>,
) {
    let lanes = Lanes::default();
    let hidden = ["hidden".to_owned()];
    let wanted = lane.map(|lane| lanes.find(lane).unwrap());
    let names = |lane| lanes.names_of(lane).iter().map(|name| name.to_lowercase()).collect();
    let closed = lanes.all().iter().filter(|lane| !lane.claimable);
    let rules = RankRules { aging, by_unblocks, today: day_of(now) };
    let search = CandidateSearch {
        agent: key(agent),
        lanes: wanted.map(names),
        closed_lanes: wanted.map_or_else(|| closed.flat_map(names).collect(), |_| vec![]),
        repositories: rows.tracked(false),
        excluded_labels: &hidden,
        serves_peoples,
        rules,
        now,
    };
    let context = RankingContext {
        agent,
        lane: wanted,
        lanes: &lanes,
        excluded_labels: &hidden,
        rules,
        now,
        serves_peoples,
    };

    let eligibilities = rows.eligibilities(&context, &ReachedLimits::default());
    let mut ranked: Vec<_> = eligibilities
        .iter()
        .filter_map(|(_, eligibility)| match eligibility {
            Eligibility::Ranked(rank) => Some(*rank),
            Eligibility::Withheld(_) => None,
        })
        .collect();
    ranked.sort();
    let mut against = reasons(&eligibilities);
    against.sort_by_key(|(issue, _)| (tier_of(issue.priority), day_of(issue.created_at), issue.id));
    for few in FEW {
        let first = usize::try_from(few).unwrap();
        let found = candidates(connection, &search, few).await.unwrap();
        let expected: Vec<_> = ranked.iter().take(first).map(|rank| rank.issue).collect();
        assert_eq!(found, expected, "the first {few} for {agent} in {lane:?}");
        let query = WithheldQuery { listed: few, ..WithheldQuery::default() };
        let found = withheld(connection, &search, &ReachedLimits::default(), query).await.unwrap();
        let expected: Vec<_> = against.iter().take(first).map(|(issue, _)| issue.id).collect();
        assert_eq!(found.first, expected, "the first {few} withheld from {agent} in {lane:?}");
    }
    for (position, rank) in (1..).zip(&ranked) {
        assert_eq!(place(connection, &search, rank).await.unwrap(), position);
    }

    let read_only = rows.tracked(true);
    let found = queued_in(connection, &search, &read_only, 1_000).await.unwrap();
    let mut expected: Vec<&Issue> = eligibilities
        .iter()
        .filter(|(issue, eligibility)| {
            let Eligibility::Withheld(skips) = eligibility else { return false };
            let is_elsewhere =
                |reason| is_elsewhere(reason) && reason != SkipReason::RepositoryDisabled;
            read_only.contains(&issue.repository_id)
                && !skips.iter().any(|skip| is_elsewhere(skip.reason))
        })
        .map(|(issue, _)| *issue)
        .collect();
    expected.sort_by_key(|issue| (tier_of(issue.priority), day_of(issue.created_at), issue.id));
    let expected: Vec<_> = expected.iter().map(|issue| issue.id).collect();
    assert_eq!(found, expected, "what is withheld because nothing can be changed");

    let served = against.first().map(|(issue, _)| issue.id);
    let query = WithheldQuery { served, listed: 3, counted: 0 };
    let found = withheld(connection, &search, &ReachedLimits::default(), query).await.unwrap();
    let others = against.iter().skip(1).take(3).map(|(issue, _)| issue.id);
    assert_eq!(found.first, others.collect::<Vec<_>>(), "what was served is left out");

    let all_reached = [
        ReachedLimits::default(),
        ReachedLimits { everything: true, ..ReachedLimits::default() },
        ReachedLimits {
            lanes: vec!["normal".to_owned()],
            repositories: vec![RepositoryId(1)],
            ..ReachedLimits::default()
        },
    ];
    for reached in all_reached {
        let eligibilities = rows.eligibilities(&context, &reached);
        for (served, most) in [(None, 1_000), (served, 1_000), (None, 4)] {
            let mut expected: BTreeMap<SkipReason, i64> = BTreeMap::new();
            for (_, skips) in
                reasons(&eligibilities).iter().filter(|(issue, _)| Some(issue.id) != served)
            {
                for skip in skips {
                    let count = expected.entry(*skip).or_default();
                    *count = (*count + 1).min(most);
                }
            }
            let query = WithheldQuery { served, listed: 0, counted: most };
            let counts = withheld(connection, &search, &reached, query).await.unwrap();
            assert_eq!(counted(&counts), expected, "counts for {agent} in {lane:?}, {reached:?}");
            let not_ready = rows.issues.iter().filter(|(issue, _)| {
                issue.on_board
                    && search.repositories.contains(&issue.repository_id)
                    && !matches!(issue.status.as_str(), "ready" | "in-progress")
            });
            assert_eq!(counts.not_ready, i64::try_from(not_ready.count()).unwrap());
        }
    }
}

#[tokio::test]
async fn the_database_searches_as_the_rules_do_whatever_happens() {
    given(async |given| {
        let now = start_of_time();
        let agings = [
            (Aging::default(), true),
            (Aging { days_per_tier: 3, max_tiers: 4 }, true),
            (Aging { days_per_tier: 12, max_tiers: 0 }, true),
            (Aging { days_per_tier: 1, max_tiers: 0 }, false),
        ];
        let mut connection = given.database.connect().await;
        // As in the service: compiling a statement takes longer than executing it.
        connection.batch_execute("SET jit = off").await.unwrap();
        for (seed, (aging, by_unblocks)) in (1..).zip(agings) {
            let mut chance = Chance(StdRng::seed_from_u64(seed));
            let mut statements = "TRUNCATE repositories RESTART IDENTITY CASCADE; \
                                  TRUNCATE issues RESTART IDENTITY CASCADE; \
                                  TRUNCATE foreign_references, blocked, unblocking;"
                .to_owned();
            for name in NAMES {
                let enabled = name != "acme/off";
                statements += &format!(
                    "INSERT INTO repositories (full_name, enabled, source, default_branch, \
                     created_at, updated_at) VALUES ('{name}', {enabled}, 'user', 'main', now(), \
                     now());"
                );
            }
            // Some referenced issues do not exist yet.
            statements += &(0..ISSUES / 2).map(|number| chance.issue(number)).collect::<String>();
            statements += &(0..2 * ISSUES).map(|_| chance.reference()).collect::<String>();
            statements += &(ISSUES / 2..ISSUES).map(|n| chance.issue(n)).collect::<String>();
            statements += &(0..12).map(|_| chance.lease()).collect::<String>();
            statements += &(0..12).map(|_| chance.backoff()).collect::<String>();
            given.database.run(&statements).await;
            for _ in 0..ROUNDS {
                // As after the announcement of a change.
                given.database.run("SELECT mend_unblocks(NULL)").await;
                let rows = Rows::read(given, &mut connection).await;
                rows.compare_counts(given, &mut connection).await;
                for agent in ["alpha", "beta", "nobody"] {
                    for lane in [None, Some("default"), Some("backlog")] {
                        // The opposite case takes the same path; one lane is enough.
                        for serves_peoples in
                            [false, true].into_iter().take(1 + usize::from(lane.is_none()))
                        {
                            let how = (aging, by_unblocks, serves_peoples);
                            compare(&mut connection, &rows, agent, lane, how, now).await;
                        }
                    }
                }
                let events: String = (0..8).map(|_| chance.event()).collect();
                given.database.run(&events).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_is_reserved_while_it_becomes_ready_is_known_to_be_leased() {
    let database = Database::new().await;
    let issue = Chance(StdRng::seed_from_u64(1)).issue(1);
    database
        .run(&format!(
            "INSERT INTO repositories (full_name, enabled, source, default_branch, created_at, \
             updated_at) SELECT 'acme/' || n, true, 'user', 'main', now(), now() \
             FROM generate_series(1, 3) AS n; {issue} \
             UPDATE issues SET status = 'backlog'"
        ))
        .await;
    let (mut syncing, mut claiming) = (database.connect().await, database.connect().await);
    syncing.batch_execute("BEGIN; UPDATE issues SET status = 'ready'").await.unwrap();
    let now = start_of_time();
    let until = now + TimeDelta::minutes(1);
    let request = LeaseRequest {
        agent: "alpha",
        request_id: None,
        request_hash: None,
        term_seconds: 60,
        now,
        until,
    };
    let mut reserved = Box::pin(reserve(&mut claiming, &request, IssueId(1)));
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // It waits for the other transaction, or finishes without it.
    let early = tokio::select! {
        lease = &mut reserved => Some(lease),
        () = eventually(async || database.number(waiting).await == 1) => None,
    };
    syncing.batch_execute("COMMIT").await.unwrap();
    let lease = match early {
        Some(lease) => lease,
        None => reserved.await,
    };
    assert_eq!(lease.unwrap().map(|lease| lease.agent).as_deref(), Some("alpha"));
    assert_eq!(database.number("SELECT count(*) FROM queued WHERE has_lease").await, 1);
}
