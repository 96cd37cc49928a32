//! The queue: what an agent would be served, in which order, and why the rest is withheld.
//!
//! Reading it and claiming share one decision: both read the first candidates from the database and
//! use [`domain::ranking`](crate::domain::ranking) for ranking and eligibility.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::decisions::{
    CANDIDATES_KEPT, COUNTED_UP_TO, Candidate, Detail, WITHHELD_KEPT, WithheldIssue,
};
use crate::domain::label_names::key;
use crate::domain::leases::agent_label;
use crate::domain::limits::Usage;
use crate::domain::ranking::{
    Eligibility, EligibilityInput, PeoplesWork, RankRules, RankTerms, RankingContext, Skip,
    SkipReason, day_of, eligibility, is_bots_own, ranking_reason, sentence,
};
use crate::domain::{Actor, DecisionId, IssueId, IssueState, Lane, RepositoryId, Status};
use crate::service::agent_names::agent_for;
use crate::service::{App, Error, Result, agent_names, board};
use crate::store::board::issues;
use crate::store::claims::decisions::{DecisionFilter, NewDecision};
use crate::store::claims::queue::{
    CandidateSearch, EligibilityFacts, ReachedLimits, WithheldQuery,
};
use crate::store::claims::{decisions, decompositions, leases, pauses, queue};
use crate::store::{
    Connection, Decision, Issue, Lease, Page, PageRequest, Pause, Repository, repositories,
};

/// Maximal number of issues in one reading of the queue.
pub const MOST: u32 = 100;

/// A request for the queue of an agent.
#[derive(Debug, Clone, Default)]
pub struct QueueRequest {
    /// The agent.
    pub agent: String,
    /// A lane, by id or alias; every claimable one when absent.
    pub lane: Option<String>,
    /// Full names of repositories; all when absent.
    pub repositories: Option<Vec<String>>,
    /// How many ranked issues, at most [`MOST`]; up to as many withheld ones follow.
    pub first: u32,
    /// Whether issues that bots use for their own purposes are left out.
    pub without_bots: bool,
    /// Whether issues that were split are left out.
    pub without_split: bool,
    /// Whether issues that people work on are served too.
    pub serves_peoples: bool,
}

/// An issue as the queue of an agent has it: its rank, or why it is withheld.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The issue.
    pub issue: Issue,
    /// Its repository.
    pub repository: Repository,
    /// Its rank in the queue from 1; none when it is withheld.
    pub rank: Option<i32>,
    /// Why it is withheld; empty exactly when it has a rank.
    pub skips: Vec<Skip>,
    /// A one-sentence explanation for people.
    pub summary: String,
    /// Why it has its rank, in the wording of the legacy API.
    pub ranking_reason: String,
    /// Open issues that it waits for, in people's notation.
    pub blockers: Vec<String>,
}

impl Explained {
    /// Whether only a lease, another agent's label or its column withholds it.
    pub fn is_claimed(&self) -> bool {
        self.skips.iter().all(|skip| skip.reason.is_of_claim())
    }
}

/// The next task of an agent, without claiming it.
#[derive(Debug, Clone)]
pub struct NextTask {
    /// The first issue of the queue.
    pub found: Option<Explained>,
    /// Why there is none.
    pub idle_reason: Option<String>,
}

/// A validated request for the queue of an agent.
#[derive(Debug, Clone)]
pub(super) struct QueueScope {
    pub(super) agent: String,
    pub(super) lane: Option<Lane>,
    /// The tracked repositories to serve from.
    pub(super) repositories: Vec<Repository>,
    /// Whether these are all tracked repositories.
    has_all_repositories: bool,
    /// Whether issues that bots use for their own purposes are left out.
    without_bots: bool,
    /// Whether issues that were split are left out.
    without_split: bool,
    /// Whether issues that people work on are served too.
    serves_peoples: bool,
    /// The current pauses.
    pauses: Vec<Pause>,
}

impl QueueScope {
    /// Validates a request.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an invalid agent name, an unknown lane or an untracked repository.
    pub(super) async fn new(
        app: &App,
        agent: &str,
        lane: Option<&str>,
        names: Option<&[String]>,
    ) -> Result<Self> {
        let agent = crate::domain::leases::agent_name(agent)
            .map_err(|reason| Error::Invalid { field: "agent", reason })?;
        let agent = agent_names::find(app, agent).await?;
        let lane = match lane.map(str::trim).filter(|lane| !lane.is_empty()) {
            None => None,
            Some(called) => Some(find_lane(app, called)?.clone()),
        };
        let mut connection = app.connection().await?;
        let mut repositories = repositories::tracked(&mut connection).await?;
        let pauses = pauses::all(&mut connection, app.clock.now()).await?;
        drop(connection);
        if let Some(names) = names {
            let is = |row: &Repository, name: &str| {
                app.config.github.repository(name).is_ok_and(|name| row.is_called(&name))
            };
            if let Some(name) =
                names.iter().find(|name| !repositories.iter().any(|row| is(row, name)))
            {
                let name: String = name.chars().take(200).collect();
                let reason = format!("`{name}` is not tracked");
                return Err(Error::Invalid { field: "repositories", reason });
            }
            repositories.retain(|row| names.is_empty() || names.iter().any(|name| is(row, name)));
        }
        let (without_bots, without_split, serves_peoples) = (false, false, false);
        let has_all_repositories = names.is_none_or(<[String]>::is_empty);
        Ok(Self {
            agent,
            lane,
            repositories,
            has_all_repositories,
            without_bots,
            without_split,
            serves_peoples,
            pauses,
        })
    }

    /// Re-reads the repositories, their state, and the pauses.
    pub(super) async fn refresh(&mut self, app: &App) -> Result<()> {
        let mut connection = app.connection().await?;
        self.pauses = pauses::all(&mut connection, app.clock.now()).await?;
        let mut fresh = repositories::tracked(&mut connection).await?;
        let is_known = |row: &Repository| self.repositories.iter().any(|own| own.id == row.id);
        fresh.retain(|row| self.has_all_repositories || is_known(row));
        self.repositories = fresh;
        Ok(())
    }

    /// The scope of a queue request.
    ///
    /// # Errors
    ///
    /// As [`QueueScope::new`].
    async fn from_request(app: &App, request: &QueueRequest) -> Result<Self> {
        let QueueRequest { agent, lane, repositories, .. } = request;
        let scope = Self::new(app, agent, lane.as_deref(), repositories.as_deref()).await?;
        let QueueRequest { without_bots, without_split, serves_peoples, .. } = *request;
        Ok(Self { without_bots, without_split, serves_peoples, ..scope })
    }

    /// Which of some issues this scope leaves out.
    async fn left_out(
        &self,
        connection: &mut Connection,
        rows: &[(Issue, EligibilityFacts)],
    ) -> Result<Vec<IssueId>> {
        let issues = rows.iter().map(|(issue, _)| issue);
        let is_bots = |issue: &&Issue| is_bots_own(&issue.title, &issue.labels);
        let mut left_out: Vec<IssueId> = match self.without_bots {
            true => issues.clone().filter(is_bots).map(|issue| issue.id).collect(),
            false => vec![],
        };
        if self.without_split {
            let ids: Vec<IssueId> = issues.map(|issue| issue.id).collect();
            let split = decompositions::among(connection, &ids).await?;
            left_out.extend(split.into_iter().map(|row| row.issue_id));
        }
        Ok(left_out)
    }

    pub(super) fn ranking_context<'a>(
        &'a self,
        app: &'a App,
        now: DateTime<Utc>,
    ) -> RankingContext<'a> {
        RankingContext {
            agent: &self.agent,
            lane: self.lane.as_ref(),
            lanes: &app.config.lanes,
            excluded_labels: &app.config.board.excluded_labels,
            rules: rank_rules(app, now),
            now,
            serves_peoples: self.serves_peoples,
        }
    }

    /// The names of the lanes to serve from, and of those to leave out, in lower case.
    pub(super) fn lanes(&self, app: &App) -> (Option<Vec<String>>, Vec<String>) {
        let lanes = &app.config.lanes;
        let names = |lane: &Lane| -> Vec<String> {
            lanes.names_of(lane).iter().map(|name| name.to_lowercase()).collect()
        };
        match &self.lane {
            Some(lane) => (Some(names(lane)), vec![]),
            None => {
                let closed = lanes.all().iter().filter(|lane| !lane.claimable);
                (None, closed.flat_map(names).collect())
            }
        }
    }

    /// The limits that the agent has reached.
    fn reached_limits(&self, app: &App, usage: &Usage) -> ReachedLimits {
        let limits = &app.config.queue.limits;
        let lanes = &app.config.lanes;
        let names = |id: String| match lanes.by_id(&id) {
            Some(lane) => lanes.names_of(lane),
            None => vec![id],
        };
        let full_lanes = limits.full_lanes(usage).into_iter().flat_map(names);
        ReachedLimits {
            everything: limits.against_agent(usage, &self.agent).is_some(),
            lanes: full_lanes.map(|name| name.to_lowercase()).collect(),
            repositories: limits.full_repositories(usage),
        }
    }

    /// Whether a lease is in a lane and a repository of this scope.
    pub(super) fn has(&self, app: &App, lease: &Lease) -> bool {
        let lanes = &app.config.lanes;
        self.repositories.iter().any(|row| row.id == lease.repository_id)
            && self.lane.as_ref().is_none_or(|lane| lanes.is_in(&lease.lane, lane))
    }

    /// The pause that withholds an issue of a repository, in a lane, from the agent.
    fn pause(&self, app: &App, lane: &str, repository: Option<&Repository>) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.covers(app, &self.agent, lane, repository))
    }

    /// The pause because of which the agent is served nothing at all: of itself, of everything, or
    /// of its lane.
    pub(super) fn pause_of_all(&self, app: &App) -> Option<&Pause> {
        self.pause(app, self.lane.as_ref().map_or("", |lane| &lane.id), None)
    }

    /// The search for candidates, without what is paused.
    pub(super) fn search<'a>(
        &'a self,
        app: &'a App,
        usage: &Usage,
        now: DateTime<Utc>,
    ) -> CandidateSearch<'a> {
        let mut search = self.search_paused_too(app, usage, now);
        if self.pauses.is_empty() {
            return search;
        }
        let lanes = &app.config.lanes;
        let is_paused = |lane: &&Lane| self.pause(app, &lane.id, None).is_some();
        for lane in lanes.all().iter().filter(is_paused) {
            search.closed_lanes.extend(lanes.names_of(lane).iter().map(|name| name.to_lowercase()));
        }
        search.repositories.retain(|id| {
            let repository = self.repositories.iter().find(|row| row.id == *id);
            self.pause(app, "", repository).is_none()
        });
        search
    }

    fn search_paused_too<'a>(
        &'a self,
        app: &'a App,
        usage: &Usage,
        now: DateTime<Utc>,
    ) -> CandidateSearch<'a> {
        let (lanes, mut closed_lanes) = self.lanes(app);
        let reached = self.reached_limits(app, usage);
        closed_lanes.extend(reached.lanes);
        let writable = self.repositories.iter().filter(|row| row.read_only.is_none());
        let ids = writable.filter(|row| !is_in_backoff(row, now)).map(|row| row.id);
        CandidateSearch {
            agent: key(&self.agent),
            lanes,
            closed_lanes,
            repositories: ids.filter(|id| !reached.repositories.contains(id)).collect(),
            excluded_labels: &app.config.board.excluded_labels,
            serves_peoples: self.serves_peoples,
            rules: rank_rules(app, now),
            now,
        }
    }
}

/// The current rules of ranking.
fn rank_rules(app: &App, now: DateTime<Utc>) -> RankRules {
    let work = &app.config.queue;
    RankRules { aging: work.aging, by_unblocks: work.by_unblocks, today: day_of(now) }
}

/// The ranking score of an issue for an agent that is not named on it: the lowest comes first.
pub fn score(app: &App, issue: &Issue, unblocks: i32) -> i32 {
    let Issue { priority, status, created_at, .. } = *issue;
    let terms = RankTerms { priority, is_own: false, status, created_at, unblocks };
    rank_rules(app, app.clock.now()).score(&terms)
}

/// Whether a repository is in back-off because GitHub refused to change its issues.
fn is_in_backoff(repository: &Repository, now: DateTime<Utc>) -> bool {
    repository.retry_at.is_some_and(|retry_at| retry_at > now)
}

/// The withheld issues, as a decision stores them.
#[derive(Debug, Clone, Default)]
pub(super) struct WithheldSummary {
    withheld: Vec<WithheldIssue>,
    counts: BTreeMap<SkipReason, i64>,
}

/// A lane by its id or alias.
///
/// # Errors
///
/// [`Error::Invalid`], with the list of lanes.
pub(super) fn find_lane<'a>(app: &'a App, called: &str) -> Result<&'a Lane> {
    app.config.lanes.find(called).ok_or_else(|| {
        let called: String = called.chars().take(64).collect();
        let ids = app.config.lanes.listed();
        Error::Invalid { field: "lane", reason: format!("`{called}` is not one of {ids}") }
    })
}

/// Every name that rows may have for a lane that is given by any of its names; none when none is
/// given.
///
/// # Errors
///
/// [`Error::Invalid`], with the list of lanes.
pub fn names_of_lane(app: &App, called: Option<&str>) -> Result<Option<Vec<String>>> {
    let lane = called.map(|called| find_lane(app, called)).transpose()?;
    Ok(lane.map(|lane| app.config.lanes.names_of(lane)))
}

/// The current usage, where limits are configured.
pub(super) async fn usage(
    app: &App,
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> Result<Usage> {
    let limits = &app.config.queue.limits;
    if limits.is_empty() { Ok(Usage::default()) } else { count_usage(app, connection, now).await }
}

/// The current usage of the limits.
pub(super) async fn count_usage(
    app: &App,
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> Result<Usage> {
    let mut usage = Usage::default();
    for held in leases::live_lease_counts(connection, now).await? {
        usage.add(&app.config.lanes, &held.agent, &held.lane, held.repository_id, held.issues);
    }
    usage.waiting = queue::count_in(connection, &[Status::InReview, Status::Blocked]).await?
        + leases::count_awaiting_input(connection, now).await?;
    Ok(usage)
}

/// Work in progress and work that waits for a person, for the column headers of the board.
pub async fn work_in_progress(app: &App) -> Result<Usage> {
    count_usage(app, &mut *app.connection().await?, app.clock.now()).await
}

/// An issue with its eligibility.
pub(super) struct EvaluatedIssue {
    pub(super) issue: Issue,
    pub(super) facts: EligibilityFacts,
    pub(super) eligibility: Eligibility,
}

/// The eligibility and ranking of issues for an agent, without those that its scope leaves out:
/// ranked ones in order, then the others in the order of `ids`.
pub(super) async fn evaluate(
    app: &App,
    connection: &mut Connection,
    scope: &QueueScope,
    usage: &Usage,
    ids: &[IssueId],
    now: DateTime<Utc>,
) -> Result<Vec<EvaluatedIssue>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let context = scope.ranking_context(app, now);
    let limits = &app.config.queue.limits;
    let against_agent = limits.against_agent(usage, &scope.agent);
    let rows = queue::with_eligibility_facts(connection, ids, now).await?;
    let left_out = scope.left_out(connection, &rows).await?;
    let mut evaluated: Vec<EvaluatedIssue> = Vec::with_capacity(rows.len());
    for (issue, facts) in rows.into_iter().filter(|(issue, _)| !left_out.contains(&issue.id)) {
        let repository = issue.repository_id;
        let against_issue =
            || limits.against_issue(usage, &app.config.lanes, &issue.lane, repository);
        let limit = against_agent.clone().or_else(against_issue);
        let row = scope.repositories.iter().find(|row| row.id == repository);
        let pause = scope.pause(app, &issue.lane, row).map(Pause::sentence);
        let input = EligibilityInput {
            is_tracked: row.is_some(),
            read_only: row.and_then(|row| row.read_only),
            serves: row.map(Repository::peoples_work).unwrap_or_default(),
            repository_backoff: row.and_then(|row| Some((row.refusal.as_deref()?, row.retry_at?))),
            pause: pause.as_deref(),
            ..eligibility_input(&issue, &facts, limit.as_deref())
        };
        let eligibility = eligibility(&input, &context);
        evaluated.push(EvaluatedIssue { issue, facts, eligibility });
    }
    evaluated.sort_by_key(|evaluated| match &evaluated.eligibility {
        Eligibility::Ranked(rank) => (false, Some(*rank), 0),
        Eligibility::Withheld(_) => {
            (true, None, ids.iter().position(|id| *id == evaluated.issue.id).unwrap_or_default())
        }
    });
    Ok(evaluated)
}

fn eligibility_input<'a>(
    issue: &'a Issue,
    facts: &'a EligibilityFacts,
    limit: Option<&'a str>,
) -> EligibilityInput<'a> {
    EligibilityInput {
        issue: issue.id,
        state: issue.state,
        is_removed: issue.removed_at.is_some(),
        status: issue.status,
        priority: issue.priority,
        labels: &issue.labels,
        lane: &issue.lane,
        created_at: issue.created_at,
        is_tracked: true,
        read_only: None,
        holder: facts.holder.as_deref(),
        blockers: &facts.blockers,
        unblocks: facts.unblocks,
        pull_request: facts.pull_request.as_deref(),
        limit,
        assignees: &issue.assignees,
        serves: PeoplesWork::default(),
        backoff: facts.backoff.as_ref(),
        repository_backoff: None,
        pause: None,
    }
}

/// The first candidates of an agent.
pub(super) struct Candidates {
    /// The eligible ones, best first.
    pub(super) ranked: Vec<EvaluatedIssue>,
    /// All that were found, of which other agents may have claimed some before eligibility was
    /// checked.
    pub(super) found: Vec<IssueId>,
}

/// The first candidates of an agent; those that its scope leaves out are missing.
pub(super) async fn candidates(
    app: &App,
    connection: &mut Connection,
    scope: &QueueScope,
    usage: &Usage,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Candidates> {
    let search = scope.search(app, usage, now);
    let found = queue::candidates(connection, &search, i64::from(limit)).await?;
    let mut ranked = evaluate(app, connection, scope, usage, &found, now).await?;
    ranked.retain(|evaluated| matches!(evaluated.eligibility, Eligibility::Ranked(_)));
    Ok(Candidates { ranked, found })
}

/// The withheld issues of the claimable columns, as far as `query` says: the issues, most urgent
/// first and paused ones last, and the counts.
///
/// The last counts are of issues in read-only repositories, in repositories in back-off, and of
/// paused ones.
async fn withheld(
    app: &App,
    connection: &mut Connection,
    scope: &QueueScope,
    usage: &Usage,
    query: WithheldQuery,
    now: DateTime<Utc>,
) -> Result<(Vec<EvaluatedIssue>, queue::WithheldCounts, [i64; 3])> {
    // Issues that a limit or a pause withholds count too, so the search includes them.
    let search = scope.search_paused_too(app, &Usage::default(), now);
    let reached = scope.reached_limits(app, usage);
    let withheld = queue::withheld(connection, &search, &reached, query).await?;
    let mut ids = withheld.first.clone();
    if !reached.is_empty() {
        for id in queue::candidates(connection, &search, query.listed).await? {
            if !ids.contains(&id) && query.served != Some(id) {
                ids.push(id);
            }
        }
    }
    let is_read_only = |row: &Repository| row.read_only.is_some();
    let is_backing_off = |row: &Repository| row.read_only.is_none() && is_in_backoff(row, now);
    let of = |is: &dyn Fn(&Repository) -> bool| -> Vec<RepositoryId> {
        scope.repositories.iter().filter(|row| is(row)).map(|row| row.id).collect()
    };
    let mut in_closed = [0; 3];
    for (count, closed) in in_closed.iter_mut().zip([of(&is_read_only), of(&is_backing_off)]) {
        if !closed.is_empty() {
            let most = query.listed.max(query.counted);
            let found = queue::queued_in(connection, &search, &closed, most).await?;
            *count = i64::try_from(found.len()).unwrap_or(i64::MAX).min(query.counted);
            ids.extend(found);
        }
    }
    if !scope.pauses.is_empty() {
        let most = query.listed.max(query.counted);
        let served = queue::candidates(connection, &search, most).await?;
        let is_new = |id: &IssueId| !ids.contains(id) && query.served != Some(*id);
        let served: Vec<IssueId> = served.into_iter().filter(is_new).collect();
        ids.extend(served);
    }
    let mut evaluated = evaluate(app, connection, scope, usage, &ids, now).await?;
    evaluated.retain(|evaluated| matches!(evaluated.eligibility, Eligibility::Withheld(_)));
    let paused =
        evaluated.iter().filter(|evaluated| evaluated.eligibility.has(SkipReason::Paused)).count();
    in_closed[2] = i64::try_from(paused).unwrap_or(i64::MAX).min(query.counted);
    evaluated.truncate(usize::try_from(query.listed).unwrap_or_default());
    Ok((evaluated, withheld, in_closed))
}

fn explanation(
    app: &App,
    scope: &QueueScope,
    evaluated: EvaluatedIssue,
    rank: Option<i32>,
    now: DateTime<Utc>,
) -> Option<Explained> {
    let EvaluatedIssue { issue, facts, eligibility } = evaluated;
    let repository = scope.repositories.iter().find(|row| row.id == issue.repository_id)?.clone();
    let input = eligibility_input(&issue, &facts, None);
    let ranking_reason = ranking_reason(&input, &scope.ranking_context(app, now));
    let (skips, summary) = match eligibility {
        Eligibility::Ranked(_) => (vec![], place(rank, &ranking_reason)),
        Eligibility::Withheld(skips) => {
            let summary = sentence(&skips);
            (skips, summary)
        }
    };
    let blockers = facts.blockers;
    Some(Explained { issue, repository, rank, skips, summary, ranking_reason, blockers })
}

fn place(rank: Option<i32>, reason: &str) -> String {
    match rank {
        Some(1) => format!("The issue is next: {reason}."),
        Some(rank) => format!("The issue is number {rank} in the queue: {reason}."),
        None => format!("The issue may be claimed: {reason}."),
    }
}

/// The queue of an agent, best first; then withheld issues, most urgent first, up to as many again.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name, an unknown lane, an untracked repository or more
/// than [`MOST`].
pub async fn queue(app: &App, request: &QueueRequest) -> Result<Vec<Explained>> {
    if request.first > MOST {
        let reason = format!("must be from 0 to {MOST}");
        return Err(Error::Invalid { field: "first", reason });
    }
    let now = app.clock.now();
    let scope = QueueScope::from_request(app, request).await?;
    let mut connection = app.connection().await?;
    let usage = usage(app, &mut connection, now).await?;
    let ranked = candidates(app, &mut connection, &scope, &usage, request.first, now).await?.ranked;
    let query = WithheldQuery { listed: i64::from(request.first), ..WithheldQuery::default() };
    let (withheld, ..) = withheld(app, &mut connection, &scope, &usage, query, now).await?;
    let ranked = (1..).zip(ranked).map(|(rank, evaluated)| (Some(rank), evaluated));
    let all = ranked.chain(withheld.into_iter().map(|evaluated| (None, evaluated)));
    Ok(all.filter_map(|(rank, evaluated)| explanation(app, &scope, evaluated, rank, now)).collect())
}

/// [`queue()`], followed by the remaining issues with the agent's own label in Ready, In Progress or
/// In Review.
///
/// # Errors
///
/// As [`queue()`].
pub async fn queue_with_own(app: &App, request: &QueueRequest) -> Result<Vec<Explained>> {
    let mut all = queue(app, request).await?;
    let lanes = &app.config.lanes;
    let lane = request.lane.as_deref().map(|called| find_lane(app, called)).transpose()?;
    let is_in_lane = |stored: &str| match lane {
        Some(lane) => lanes.is_in(stored, lane),
        None => lanes.find(stored).is_none_or(|lane| lane.claimable),
    };
    let mut filter = board::normalized_filter(app, None);
    filter.label_groups = vec![vec![key(&agent_label(&request.agent))]];
    filter.statuses = Some(vec![Status::Ready, Status::InProgress, Status::InReview]);
    let own = board::all_issues(app, &filter).await?;
    let most = usize::try_from(MOST).expect("a small number");
    for (issue, _) in own.issues.iter().take(most) {
        let is_listed = all.iter().any(|one| one.issue.id == issue.id);
        let is_left_out = (request.without_bots && is_bots_own(&issue.title, &issue.labels))
            || (request.without_split && own.split.contains_key(&issue.id));
        let is_wanted = issue.state == IssueState::Open && is_in_lane(&issue.lane) && !is_left_out;
        if !is_listed && is_wanted {
            all.push(explain_work(app, &request.agent, issue.id).await?);
        }
    }
    Ok(all)
}

/// The rank of an issue for an agent, or why it is withheld.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name, [`Error::NotFound`].
pub async fn explain_work(app: &App, agent: &str, issue: IssueId) -> Result<Explained> {
    let now = app.clock.now();
    let scope = QueueScope::new(app, agent, None, None).await?;
    let mut connection = app.connection().await?;
    let found = issues::with_repository(&mut connection, issue).await?;
    let (_, repository) = found.ok_or_else(|| Error::no_issue(issue))?;
    let usage = usage(app, &mut connection, now).await?;
    let mut evaluated = evaluate(app, &mut connection, &scope, &usage, &[issue], now).await?;
    let evaluated = evaluated.pop().ok_or_else(|| Error::no_issue(issue))?;
    let rank = match &evaluated.eligibility {
        Eligibility::Ranked(own) => {
            let search = scope.search(app, &usage, now);
            Some(queue::place(&mut connection, &search, own).await?)
        }
        Eligibility::Withheld(_) => None,
    };
    let scope = QueueScope { repositories: vec![repository], ..scope };
    explanation(app, &scope, evaluated, rank, now).ok_or_else(|| Error::no_issue(issue))
}

/// The pause that withholds an issue from an agent.
pub(super) async fn pause_of(
    app: &App,
    agent: &str,
    issue: &Issue,
    repository: &Repository,
) -> Result<Option<Pause>> {
    let paused = pauses::all(&mut *app.connection().await?, app.clock.now()).await?;
    let covers = |pause: &Pause| pause.covers(app, agent, &issue.lane, Some(repository));
    Ok(paused.into_iter().find(covers))
}

/// Why the queue would withhold an issue from an agent that claims it by id, as one sentence,
/// except for what the claim itself checks.
pub(super) async fn warning(app: &App, agent: &str, issue: IssueId) -> Result<Option<String>> {
    let mut skips = skips_of(app, agent, issue).await?;
    skips.retain(|skip| {
        use SkipReason::{AssignedToOther, Closed, Leased, LimitReached};
        !matches!(skip.reason, AssignedToOther | Closed | Leased | LimitReached)
    });
    Ok((!skips.is_empty()).then(|| sentence(&skips)))
}

/// Why an issue is withheld from an agent. Its rank, which needs a count, is not computed.
async fn skips_of(app: &App, agent: &str, issue: IssueId) -> Result<Vec<Skip>> {
    let now = app.clock.now();
    let scope = QueueScope::new(app, agent, None, None).await?;
    let mut connection = app.connection().await?;
    let usage = usage(app, &mut connection, now).await?;
    let mut evaluated = evaluate(app, &mut connection, &scope, &usage, &[issue], now).await?;
    match evaluated.pop().map(|evaluated| evaluated.eligibility) {
        Some(Eligibility::Withheld(skips)) => Ok(skips),
        Some(Eligibility::Ranked(_)) | None => Ok(vec![]),
    }
}

/// Stores the decision that a claim of an issue by id was refused.
pub(super) async fn record_refused_claim(
    app: &App,
    agent: &str,
    issue: IssueId,
    why: &str,
) -> Result<()> {
    let scope = QueueScope::new(app, agent, None, None).await?;
    let skips = skips_of(app, agent, issue).await?;
    let counts = skips.iter().map(|skip| (skip.reason, 1)).collect();
    let withheld = WithheldSummary { withheld: vec![WithheldIssue { issue, skips }], counts };
    let outcome = DecisionOutcome { candidates: vec![], withheld, served: None };
    record_decision(app, "claim_issue", &scope, outcome, Some(why.to_owned())).await.map(drop)
}

/// What an agent that found nothing in one lane would find in the others, as part of a sentence.
async fn eligible_in_other_lanes(app: &App, scope: &QueueScope) -> Result<Option<String>> {
    let Some(own) = &scope.lane else { return Ok(None) };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let usage = usage(app, &mut connection, now).await?;
    let mut found = Vec::new();
    for lane in app.config.lanes.all().iter().filter(|lane| lane.claimable && lane.id != own.id) {
        let other = QueueScope { lane: Some(lane.clone()), ..scope.clone() };
        let search = other.search(app, &usage, now);
        match queue::candidates(&mut connection, &search, COUNTED_UP_TO).await?.len() {
            0 => {}
            issues => found.push(format!("{issues} in {}", lane.id)),
        }
    }
    Ok((!found.is_empty()).then(|| format!("ready in other lanes: {}", found.join(", "))))
}

/// The next task of an agent, without claiming it. Stored as a decision.
///
/// # Errors
///
/// As [`queue()`]; [`Error::Forbidden`] for callers that may not act for the agent.
pub async fn next_task(app: &App, actor: &Actor, request: &QueueRequest) -> Result<NextTask> {
    agent_for(app, actor, &request.agent).await?;
    let now = app.clock.now();
    let scope = QueueScope::from_request(app, request).await?;
    let limit = u32::try_from(CANDIDATES_KEPT).expect("a small number");
    let mut connection = app.connection().await?;
    let usage = usage(app, &mut connection, now).await?;
    let mut ranked = candidates(app, &mut connection, &scope, &usage, limit, now).await?.ranked;
    if ranked.is_empty() && (scope.without_bots || scope.without_split) {
        // Issues that the scope leaves out may be ranked before all others.
        ranked = candidates(app, &mut connection, &scope, &usage, MOST, now).await?.ranked;
    }
    drop(connection);
    let candidates = candidates_of(app, &scope, &ranked, now);
    let found = ranked.into_iter().next();
    let found = found.and_then(|evaluated| explanation(app, &scope, evaluated, Some(1), now));
    let served = found.as_ref().map(|found| ServedIssue { issue: found.issue.id, token: None });
    let withheld = withheld_summary(app, &scope, served.map(|served| served.issue)).await?;
    let outcome = DecisionOutcome { candidates, withheld, served };
    let idle_reason = record_decision(app, "next_task", &scope, outcome, None).await?;
    Ok(NextTask { found, idle_reason })
}

/// The candidates as a decision stores them.
pub(super) fn candidates_of(
    app: &App,
    scope: &QueueScope,
    ranked: &[EvaluatedIssue],
    now: DateTime<Utc>,
) -> Vec<Candidate> {
    let context = scope.ranking_context(app, now);
    let candidate = |(rank, evaluated): (i32, &EvaluatedIssue)| {
        let input = eligibility_input(&evaluated.issue, &evaluated.facts, None);
        Candidate { issue: evaluated.issue.id, rank, why: ranking_reason(&input, &context) }
    };
    (1..).zip(ranked).map(candidate).take(CANDIDATES_KEPT).collect()
}

/// The issues that are withheld from an agent now, as a decision stores them, without the `served`
/// one.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn withheld_summary(
    app: &App,
    scope: &QueueScope,
    served: Option<IssueId>,
) -> Result<WithheldSummary> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let usage = usage(app, &mut connection, now).await?;
    let listed = i64::try_from(WITHHELD_KEPT).expect("a small number");
    let query = WithheldQuery { served, listed, counted: COUNTED_UP_TO };
    let (withheld, counts, [in_read_only, in_backoff, paused]) =
        withheld(app, &mut connection, scope, &usage, query, now).await?;
    let queue::WithheldCounts { leased, assigned_to_other, not_ready, .. } = counts;
    let queue::WithheldCounts {
        blocked_by_issue,
        limit_reached,
        excluded,
        linked_pull_request,
        ..
    } = counts;
    let queue::WithheldCounts { backing_off, needs_human, held_by_person, .. } = counts;
    let counts = [
        (SkipReason::Leased, leased),
        (SkipReason::AssignedToOther, assigned_to_other),
        (SkipReason::NotReady, not_ready),
        (SkipReason::BlockedByIssue, blocked_by_issue),
        (SkipReason::LimitReached, limit_reached),
        (SkipReason::Excluded, excluded),
        (SkipReason::LinkedPullRequest, linked_pull_request),
        (SkipReason::RepositoryDisabled, in_read_only),
        (SkipReason::BackingOff, (backing_off + in_backoff).min(COUNTED_UP_TO)),
        (SkipReason::NeedsHuman, needs_human),
        (SkipReason::HeldByPerson, held_by_person),
        (SkipReason::Paused, paused),
    ];
    let counts = counts.into_iter().filter(|(_, issues)| *issues > 0).collect();
    Ok(WithheldSummary {
        withheld: withheld.into_iter().filter_map(withheld_issue).collect(),
        counts,
    })
}

/// What was served.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServedIssue {
    pub(super) issue: IssueId,
    pub(super) token: Option<i64>,
}

/// A decision: from the candidates and the withheld issues, what was served, if anything.
#[derive(Debug)]
pub(super) struct DecisionOutcome {
    pub(super) candidates: Vec<Candidate>,
    pub(super) withheld: WithheldSummary,
    pub(super) served: Option<ServedIssue>,
}

impl DecisionOutcome {
    /// A decision that failed.
    pub(super) fn failed(failure: Skip) -> (Self, String) {
        let counts = [(failure.reason, 1)].into();
        let withheld = WithheldSummary { counts, ..WithheldSummary::default() };
        (Self { candidates: vec![], withheld, served: None }, failure.why)
    }
}

/// Stores a decision, and returns why nothing was served: because of `failure`, or according to the
/// counts.
pub(super) async fn record_decision(
    app: &App,
    kind: &str,
    scope: &QueueScope,
    outcome: DecisionOutcome,
    failure: Option<String>,
) -> Result<Option<String>> {
    let now = app.clock.now();
    let DecisionOutcome { candidates, withheld: WithheldSummary { withheld, counts }, served } =
        outcome;
    let idle_reason = match served {
        Some(_) => None,
        None => failure.or_else(|| Some(idle_reason(&counts))),
    };
    let idle_reason = match (idle_reason, served) {
        (Some(reason), None) if kind == "claim_next" => {
            match eligible_in_other_lanes(app, scope).await? {
                Some(others) => Some(format!("{reason}; {others}")),
                None => Some(reason),
            }
        }
        (idle_reason, _) => idle_reason,
    };
    let idle_reason = match (idle_reason, scope.pause_of_all(app)) {
        (Some(reason), Some(pause)) => Some(format!("{reason}; {}", pause.sentence())),
        (idle_reason, _) => idle_reason,
    };
    let detail = Detail { candidates, withheld, counts };
    let mut connection = app.connection().await?;
    let decision = NewDecision {
        kind,
        agent: &scope.agent,
        lane: scope.lane.as_ref().map(|lane| lane.id.as_str()),
        first_at: now,
        last_at: now,
        times: 1,
        served_issue_id: served.map(|served| served.issue),
        fencing_token: served.and_then(|served| served.token),
        idle_reason: idle_reason.as_deref(),
        detail: &detail,
    };
    if served.is_some() || !decisions::repeat(&mut connection, &decision).await? {
        decisions::append(&mut connection, &decision).await?;
    }
    Ok(idle_reason)
}

fn withheld_issue(evaluated: EvaluatedIssue) -> Option<WithheldIssue> {
    match evaluated.eligibility {
        Eligibility::Withheld(skips) => Some(WithheldIssue { issue: evaluated.issue.id, skips }),
        Eligibility::Ranked(_) => None,
    }
}

/// Why nothing was served, as one sentence with the beginning that legacy agents compare.
fn idle_reason(counts: &BTreeMap<SkipReason, i64>) -> String {
    if counts.is_empty() {
        return "No work available".to_owned();
    }
    let count = |(reason, count): (&SkipReason, &i64)| format!("{count} {}", reason.phrase());
    let counted: Vec<_> = counts.iter().map(count).collect();
    format!("No work available ({})", counted.join(", "))
}

/// A page of decisions, newest first.
pub async fn decisions(
    app: &App,
    filter: &DecisionFilter,
    request: &PageRequest,
) -> Result<Page<Decision>> {
    let mut filter = filter.clone();
    if let Some(agent) = &filter.agent {
        filter.agent = Some(agent_names::find(app, agent).await?);
    }
    let mut connection = app.connection().await?;
    Ok(decisions::page(&mut connection, &filter, request).await?)
}

/// Reads one decision.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_decision(app: &App, id: DecisionId) -> Result<Decision> {
    let mut connection = app.connection().await?;
    let missing = || Error::NotFound { what: "Decision", id: id.to_string() };
    decisions::by_id(&mut connection, id).await?.ok_or_else(missing)
}
