//! Eligibility and ranking: which issues may be served to an agent, and in which order.
//!
//! One function, [`eligibility()`], serves the queue, the explanation and the claim, so they cannot
//! disagree. It decides on given facts and has no side effects. Invariants: [`Rank`] is a total
//! order of issues. Waiting time is bounded: after [`Aging::bound`] days an issue has all the tiers
//! that age can give, up to that of `p1`, and no issue that is opened later ranks before it unless
//! its own priority is of a better tier, however many issues it unblocks.

use chrono::{DateTime, Utc};

use super::backoff::{Backoff, NEEDS_HUMAN};
use super::ids::IssueId;
use super::label_names::is_same;
use super::labels::LabelSet;
use super::lanes::{Lane, Lanes};
use super::read_only::ReadOnlyReason;
use super::status::{IssueState, Priority, Status};
use super::timestamp::Timestamp;

/// Why an issue is withheld from an agent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    async_graphql::Enum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SkipReason {
    /// An agent holds it now.
    Leased,
    /// It has another agent's label.
    AssignedToOther,
    /// It is in a column that agents do not claim from.
    NotReady,
    /// It is blocked by an open issue.
    BlockedByIssue,
    /// It is in another lane, or in a lane that is not claimable.
    LaneMismatch,
    /// A limit on work in progress is reached.
    LimitReached,
    /// It has a label that hides it.
    Excluded,
    /// Its repository is not tracked, or its issues cannot be changed on GitHub.
    RepositoryDisabled,
    /// It is closed, or no longer exists on GitHub.
    Closed,
    /// An open pull request will close it.
    LinkedPullRequest,
    /// Its labels could not be read from GitHub, so its eligibility is unknown.
    LabelsUnverified,
    /// It or its repository is in back-off, because agents failed on it or GitHub rejected a change.
    /// It is served again automatically.
    BackingOff,
    /// It needs a person: agents failed on it the maximum number of times, or it has the label
    /// `needs-human`.
    NeedsHuman,
    /// A person works on it: it is In Progress without an agent, it is assigned to somebody on
    /// GitHub, or it has an `owner/` label. A repository can allow agents to be served such issues.
    HeldByPerson,
    /// A person paused its repository, its lane, the agent, or everything.
    Paused,
}

impl SkipReason {
    /// Whether a claim explains the reason: a lease, another agent's label or the column.
    pub fn is_of_claim(self) -> bool {
        matches!(self, Self::Leased | Self::AssignedToOther | Self::NotReady)
    }

    /// The reason in a few words about an issue.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Leased => "held",
            Self::AssignedToOther => "assigned to others",
            Self::NotReady => "not ready",
            Self::BlockedByIssue => "blocked by open issues",
            Self::LaneMismatch => "in other queues",
            Self::LimitReached => "over a limit",
            Self::Excluded => "hidden by a label",
            Self::RepositoryDisabled => "in repositories where nothing can be changed",
            Self::Closed => "closed",
            Self::LinkedPullRequest => "with an open pull request",
            Self::LabelsUnverified => "with labels that could not be read",
            Self::BackingOff => "left alone for a while after a failure",
            Self::NeedsHuman => "in need of a person",
            Self::HeldByPerson => "held by a person",
            Self::Paused => "paused",
        }
    }
}

/// One reason with its details.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Skip {
    /// The kind of reason.
    pub reason: SkipReason,
    /// The details, as a part of a sentence about the issue: "is held by alpha".
    pub why: String,
}

/// How age raises the urgency of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aging {
    /// Days of age for each tier; at least 1.
    pub days_per_tier: i32,
    /// The maximum number of tiers that age gives; 0 disables aging.
    pub max_tiers: i32,
}

impl Default for Aging {
    fn default() -> Self {
        Self { days_per_tier: 7, max_tiers: 2 }
    }
}

/// The tier of an issue without a priority.
const NO_PRIORITY: i32 = 4;

/// Age raises an issue at most to this tier: only people make an issue `p0`.
const BEST_BY_AGE: i32 = 1;

impl Aging {
    /// After how many days an issue has all that age can give: its tiers, and the rank within its
    /// tier of an issue that unblocks [`MOST_UNBLOCKED`] others. The days of one tier if age gives
    /// none.
    pub fn bound(&self) -> i32 {
        self.days_per_tier * self.max_tiers.max(1)
    }

    /// By how many tiers age makes an issue more urgent than its priority.
    fn gained(&self, tier: i32, age_in_days: i32) -> i32 {
        let earned = (age_in_days.max(0) / self.days_per_tier).min(self.max_tiers);
        earned.min((tier - BEST_BY_AGE).max(0))
    }
}

/// The maximum number of unblocked issues that count for the rank.
const MOST_UNBLOCKED: i32 = 9;

/// The position of an issue in the queue: the lowest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// Combines priority with age, assignment to the agent, column, and the number of issues it
    /// unblocks.
    pub score: i32,
    /// The day it was opened, as days since 1970-01-01 in UTC.
    pub day: i32,
    /// Its id, so that no two are equal.
    pub issue: IssueId,
}

/// Whether a bot uses an issue for itself: a dashboard, or an update of dependencies.
pub fn is_bots_own(title: &str, labels: &LabelSet) -> bool {
    let title = title.to_lowercase();
    title.contains("dependency dashboard")
        || title.contains("renovate dashboard")
        || ["update dependency", "update image", "update dep"].iter().any(|t| title.starts_with(t))
        || ["renovate", "dependencies", "automated"].iter().any(|label| labels.contains(label))
}

/// The facts about an issue that decide its eligibility and rank.
#[derive(Debug, Clone, Copy)]
pub struct EligibilityInput<'a> {
    /// Its id.
    pub issue: IssueId,
    /// Open or closed.
    pub state: IssueState,
    /// Whether it was found to be missing on GitHub.
    pub is_removed: bool,
    /// Its column.
    pub status: Status,
    /// Its most urgent priority label.
    pub priority: Option<Priority>,
    /// Its labels.
    pub labels: &'a LabelSet,
    /// The lane that its row names.
    pub lane: &'a str,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Whether its repository is tracked.
    pub is_tracked: bool,
    /// Why its labels cannot be changed on GitHub.
    pub read_only: Option<ReadOnlyReason>,
    /// The agent that holds it now.
    pub holder: Option<&'a str>,
    /// Open issues that block it, as people write them: `#5`, `acme/tools#7`.
    pub blockers: &'a [String],
    /// How many open issues it blocks directly.
    pub unblocks: i32,
    /// The open pull request that will close it.
    pub pull_request: Option<&'a str>,
    /// The limit that a claim of it would exceed, as a part of a sentence about it.
    pub limit: Option<&'a str>,
    /// Logins of its assignees on GitHub.
    pub assignees: &'a [String],
    /// Which issues of people its repository allows to be served to agents.
    pub serves: PeoplesWork,
    /// The back-off of the issue.
    pub backoff: Option<&'a Backoff>,
    /// Why its repository is in back-off, and until when; `None` if it is not.
    pub repository_backoff: Option<(&'a str, DateTime<Utc>)>,
    /// The pause that covers it, as a sentence without its full stop.
    pub pause: Option<&'a str>,
}

/// What people do to an issue that keeps it from agents, unless its repository says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeoplesWork {
    /// It is In Progress without an agent.
    pub in_progress: bool,
    /// It is assigned to somebody on GitHub.
    pub assigned: bool,
    /// It has an `owner/` label.
    pub owned: bool,
}

impl PeoplesWork {
    /// All of it.
    pub const ALL: Self = Self { in_progress: true, assigned: true, owned: true };

    /// The person who works on an issue, as a part of a sentence about it, given which issues of
    /// people are served. `None` if the issue has an agent's label.
    pub fn holder(self, status: Status, labels: &LabelSet, assignees: &[String]) -> Option<String> {
        if labels.agents().next().is_some() {
            return None;
        }
        if let Some(login) = assignees.first().filter(|_| !self.assigned) {
            return Some(format!("is assigned to {login} on GitHub"));
        }
        if let Some(owner) = labels.owners().find(|owner| !owner.is_empty() && !self.owned) {
            return Some(format!("belongs to {owner}, by the label owner/{owner}"));
        }
        let is_begun = status == Status::InProgress && !self.in_progress;
        is_begun.then(|| "is In Progress without an agent, so a person works on it".to_owned())
    }
}

/// The agent and the rules for which issues are ranked.
#[derive(Debug, Clone, Copy)]
pub struct RankingContext<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The requested lane; every claimable one if absent.
    pub lane: Option<&'a Lane>,
    /// All lanes.
    pub lanes: &'a Lanes,
    /// Labels that hide an issue.
    pub excluded_labels: &'a [String],
    /// The rules of the rank.
    pub rules: RankRules,
    /// The current time.
    pub now: DateTime<Utc>,
    /// Whether issues of people are served, regardless of the repositories' settings.
    pub serves_peoples: bool,
}

/// Whether an issue may be served to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eligibility {
    /// It may be served, with this rank.
    Ranked(Rank),
    /// It may not be served, for at least one reason.
    Withheld(Vec<Skip>),
}

impl Eligibility {
    /// Whether this is one of the reasons.
    pub fn has(&self, reason: SkipReason) -> bool {
        matches!(self, Self::Withheld(skips) if skips.iter().any(|skip| skip.reason == reason))
    }
}

/// The day of a time, as days since 1970-01-01 in UTC.
pub fn day_of(at: DateTime<Utc>) -> i32 {
    i32::try_from(at.timestamp().div_euclid(86_400)).unwrap_or(i32::MAX)
}

/// The tier of a priority: 0 for `p0`, 4 for none.
pub fn tier_of(priority: Option<Priority>) -> i32 {
    priority.map_or(NO_PRIORITY, |priority| priority as i32)
}

/// The properties of an issue that its score depends on.
#[derive(Debug, Clone, Copy)]
pub struct RankTerms {
    /// Its most urgent priority label.
    pub priority: Option<Priority>,
    /// Whether it has the label of the requesting agent.
    pub is_own: bool,
    /// Its column.
    pub status: Status,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// How many open issues it blocks directly.
    pub unblocks: i32,
}

/// The rules of scores, the same for all issues of one request.
#[derive(Debug, Clone, Copy)]
pub struct RankRules {
    /// How age counts.
    pub aging: Aging,
    /// Whether issues that block others come first within their tier.
    pub by_unblocks: bool,
    /// The current day, as days since 1970-01-01 in UTC.
    pub today: i32,
}

impl RankRules {
    /// [`Rank::score`] of an issue.
    pub fn score(&self, terms: &RankTerms) -> i32 {
        let (day, tier) = (day_of(terms.created_at), tier_of(terms.priority));
        let age = self.today - day;
        let urgency = tier - self.aging.gained(tier, age);
        let column = match terms.status {
            Status::InProgress => 0,
            Status::InReview => 1,
            Status::Ready => 2,
            Status::Backlog => 3,
            Status::Blocked | Status::Done => 4,
        };
        let within_tier = if terms.is_own { 0 } else { 10 } + column;
        (urgency * 100 + within_tier) * 10 + self.unblocking_penalty(terms.unblocks, age)
    }

    /// How far an issue ranks behind one of its tier and column that blocks [`MOST_UNBLOCKED`]
    /// others. Zero for one that has waited as long as age counts.
    fn unblocking_penalty(&self, unblocks: i32, age: i32) -> i32 {
        if !self.by_unblocks || age >= self.aging.bound() {
            return 0;
        }
        MOST_UNBLOCKED - unblocks.clamp(0, MOST_UNBLOCKED)
    }
}

/// The rank of an issue for an agent, if it is eligible.
pub fn rank(input: &EligibilityInput<'_>, context: &RankingContext<'_>) -> Rank {
    let terms = RankTerms {
        priority: input.priority,
        is_own: input.labels.names_agent(context.agent),
        status: input.status,
        created_at: input.created_at,
        unblocks: input.unblocks,
    };
    let day = day_of(input.created_at);
    Rank { score: context.rules.score(&terms), day, issue: input.issue }
}

/// Whether an issue may be served to an agent.
pub fn eligibility(input: &EligibilityInput<'_>, context: &RankingContext<'_>) -> Eligibility {
    let skips = skips(input, context);
    if skips.is_empty() {
        Eligibility::Ranked(rank(input, context))
    } else {
        Eligibility::Withheld(skips)
    }
}

fn skips(input: &EligibilityInput<'_>, context: &RankingContext<'_>) -> Vec<Skip> {
    let mut skips = Vec::new();
    let mut skip = |reason, why: String| skips.push(Skip { reason, why });
    if input.is_removed {
        skip(SkipReason::Closed, "is gone from GitHub".to_owned());
    } else if input.state == IssueState::Closed {
        skip(SkipReason::Closed, "is closed".to_owned());
    }
    if !input.is_tracked {
        skip(SkipReason::RepositoryDisabled, "is in a repository that is not tracked".to_owned());
    } else if let Some(reason) = input.read_only {
        let why = format!("is in a repository that {}", reason.phrase());
        skip(SkipReason::RepositoryDisabled, why);
    }
    let hides = |label: &&String| context.excluded_labels.iter().any(|own| is_same(own, label));
    if let Some(label) = input.labels.names().iter().find(hides) {
        skip(SkipReason::Excluded, format!("has the label {label}, which hides it"));
    }
    if input.state == IssueState::Open
        && !matches!(input.status, Status::Ready | Status::InProgress)
    {
        skip(SkipReason::NotReady, format!("is in {}", input.status.title()));
    }
    match input.holder {
        Some(holder) if is_same(holder, context.agent) => {
            skip(SkipReason::Leased, format!("is held by {holder} itself"));
        }
        Some(holder) => skip(SkipReason::Leased, format!("is held by {holder}")),
        None => {}
    }
    if let Some(other) = input.labels.agents().find(|agent| !is_same(agent, context.agent)) {
        skip(SkipReason::AssignedToOther, format!("is assigned to {other}"));
    }
    if let Some(why) = lane_mismatch(input.lane, context) {
        skip(SkipReason::LaneMismatch, why);
    }
    if !input.blockers.is_empty() {
        skip(SkipReason::BlockedByIssue, blocked_by(input.blockers));
    }
    if let Some(url) = input.pull_request {
        skip(SkipReason::LinkedPullRequest, format!("has an open pull request, {url}"));
    }
    if let Some(limit) = input.limit {
        skip(SkipReason::LimitReached, limit.to_owned());
    }
    if let Some(why) = needs_human(input, context.now) {
        skip(SkipReason::NeedsHuman, why);
    } else if let Some(why) = input.backoff.and_then(|backoff| backoff.against(context.now)) {
        skip(SkipReason::BackingOff, why);
    }
    if let Some((refusal, retry_at)) = input.repository_backoff
        && retry_at > context.now
    {
        let until = Timestamp(retry_at);
        let why = format!("is in a repository that is left alone until {until}: {refusal}");
        skip(SkipReason::BackingOff, why);
    }
    let serves = if context.serves_peoples { PeoplesWork::ALL } else { input.serves };
    if let Some(why) = serves.holder(input.status, input.labels, input.assignees) {
        skip(SkipReason::HeldByPerson, why);
    }
    if let Some(pause) = input.pause {
        skip(SkipReason::Paused, format!("is not served, because {pause}"));
    }
    skips
}

/// Why an issue needs a person, as a part of a sentence.
fn needs_human(input: &EligibilityInput<'_>, now: DateTime<Utc>) -> Option<String> {
    if let Some(backoff) = input.backoff.filter(|backoff| backoff.needs_human) {
        return Some(backoff.summary(now));
    }
    let has_label = input.labels.contains(NEEDS_HUMAN);
    has_label.then(|| format!("needs a person, by the label {NEEDS_HUMAN}"))
}

/// The open issues that block an issue, as a part of a sentence.
fn blocked_by(blockers: &[String]) -> String {
    format!("is blocked by open {}", blockers.join(", "))
}

fn lane_mismatch(lane: &str, context: &RankingContext<'_>) -> Option<String> {
    match (context.lane, context.lanes.find(lane)) {
        (Some(wanted), Some(found)) if found.id == wanted.id => None,
        (Some(wanted), _) => Some(format!("waits in {lane}, not in {}", wanted.id)),
        (None, Some(found)) if !found.claimable => {
            Some(format!("waits in {}, from which nothing is claimed", found.id))
        }
        (None, _) => None,
    }
}

/// How an issue got its rank, in the words that existing clients know: `priority/p2, agent/x,
/// ready, unblocks 3, aged 20d (+2 tiers)`.
pub fn ranking_reason(input: &EligibilityInput<'_>, context: &RankingContext<'_>) -> String {
    let tier = tier_of(input.priority);
    let age = context.rules.today - day_of(input.created_at);
    let gained = context.rules.aging.gained(tier, age);
    let mut parts = vec![match input.priority {
        Some(priority) => priority.label().to_owned(),
        None => "no priority".to_owned(),
    }];
    if input.labels.names_agent(context.agent) {
        parts.push(format!("agent/{}", context.agent));
    }
    parts.push(input.status.as_str().to_owned());
    if context.rules.by_unblocks && input.unblocks > 0 {
        parts.push(format!("unblocks {}", input.unblocks));
    }
    if gained > 0 {
        let tiers = if gained == 1 { "tier" } else { "tiers" };
        parts.push(format!("aged {age}d (+{gained} {tiers})"));
    }
    parts.join(", ")
}

/// All reasons in one sentence.
pub fn sentence(skips: &[Skip]) -> String {
    let whys: Vec<&str> = skips.iter().map(|skip| skip.why.as_str()).collect();
    match whys.split_last() {
        None => "The issue may be claimed.".to_owned(),
        Some((only, [])) => format!("The issue {only}."),
        Some((last, others)) => format!("The issue {} and {last}.", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::backoff::BackoffCause;

    const TODAY: i32 = 20_000;

    #[derive(Debug, Clone)]
    struct GeneratedIssue {
        id: i64,
        priority: Option<Priority>,
        age: i32,
        status: Status,
        agents: Vec<&'static str>,
        unblocks: i32,
    }

    impl GeneratedIssue {
        fn eligibility(&self, today: i32) -> Eligibility {
            let mut names = vec![self.status.label().to_owned()];
            names.extend(self.priority.map(|priority| priority.label().to_owned()));
            names.extend(self.agents.iter().map(|agent| format!("agent/{agent}")));
            let labels = LabelSet::from(names);
            let opened = DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(TODAY - self.age));
            let input = EligibilityInput {
                issue: IssueId(self.id),
                state: IssueState::Open,
                is_removed: false,
                status: self.status,
                priority: labels.priority(),
                labels: &labels,
                lane: "default",
                created_at: opened,
                is_tracked: true,
                read_only: None,
                holder: None,
                blockers: &[],
                unblocks: self.unblocks,
                pull_request: None,
                limit: None,
                assignees: &[],
                serves: PeoplesWork::ALL,
                backoff: None,
                repository_backoff: None,
                pause: None,
            };
            eligibility(&input, &context(&Lanes::default(), today))
        }

        fn rank(&self, today: i32) -> Rank {
            match self.eligibility(today) {
                Eligibility::Ranked(rank) => rank,
                Eligibility::Withheld(skips) => panic!("{skips:?}"),
            }
        }
    }

    fn context(lanes: &Lanes, today: i32) -> RankingContext<'_> {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let serves_peoples = false;
        let excluded_labels = &[];
        RankingContext {
            agent: "alpha",
            lane: None,
            lanes,
            excluded_labels,
            rules: RankRules { aging: Aging::default(), by_unblocks: true, today },
            now,
            serves_peoples,
        }
    }

    fn generated() -> impl Strategy<Value = GeneratedIssue> {
        (
            0..1_000_i64,
            prop::option::of(prop::sample::select(Priority::ALL.to_vec())),
            0..60_i32,
            prop::sample::select(vec![Status::Ready, Status::InProgress]),
            prop::sample::select(vec![vec![], vec!["alpha"]]),
            prop::sample::select(vec![0, 0, 1, 7, 9, 20]),
        )
            .prop_map(|(id, priority, age, status, agents, unblocks)| GeneratedIssue {
                id,
                priority,
                age,
                status,
                agents,
                unblocks,
            })
    }

    proptest! {
        #[test]
        fn ranks_are_a_total_order(issues in prop::collection::vec(generated(), 0..40)) {
            let mut ranks: Vec<_> = issues.iter().map(|generated| generated.rank(TODAY)).collect();
            ranks.sort();
            let mut again = ranks.clone();
            again.reverse();
            again.sort();
            prop_assert_eq!(&ranks, &again, "the order does not depend on where one begins");
            for pair in ranks.windows(2) {
                prop_assert!(pair[0] <= pair[1]);
                prop_assert_eq!(pair[0] == pair[1], pair[0].issue == pair[1].issue
                    && pair[0].score == pair[1].score && pair[0].day == pair[1].day);
            }
        }

        #[test]
        fn a_more_urgent_issue_like_another_comes_first(one in generated(), other in generated()) {
            let same = GeneratedIssue { priority: one.priority, ..other.clone() };
            let same = GeneratedIssue { id: one.id, age: one.age, status: one.status, agents: one.agents.clone(), ..same };
            let same = GeneratedIssue { unblocks: one.unblocks, ..same };
            prop_assert_eq!(one.rank(TODAY), same.rank(TODAY));
            let urgent = GeneratedIssue { priority: Some(Priority::P0), ..one.clone() };
            prop_assert!(urgent.rank(TODAY) <= one.rank(TODAY));
        }

        /// Of a tier, and young enough, what more issues wait for comes first, up to nine.
        #[test]
        fn issues_that_block_others_come_first(one in generated(), other in generated()) {
            let bound = Aging::default().bound();
            let like = GeneratedIssue { priority: one.priority, status: one.status, ..other };
            let like = GeneratedIssue { agents: one.agents.clone(), ..like };
            let urgency = |generated: &GeneratedIssue| {
                let tier = tier_of(generated.priority);
                tier - Aging::default().gained(tier, generated.age)
            };
            let is_young = one.age < bound && like.age < bound && urgency(&one) == urgency(&like);
            if is_young && one.unblocks.min(9) > like.unblocks.min(9) {
                prop_assert!(one.rank(TODAY) < like.rank(TODAY));
            }
            let better = GeneratedIssue { priority: Some(Priority::P0), ..like };
            if one.priority != Some(Priority::P0) {
                prop_assert!(better.rank(TODAY) < one.rank(TODAY), "a tier counts more");
            }
        }

        /// After the bound only what is `p0`, or waits as long as it on the tier that age leads to,
        /// can come before an issue that was nobody's; new arrivals cannot.
        #[test]
        fn waiting_time_is_bounded(waiting in generated(), newer in generated(), later in 0..400_i32) {
            let aging = Aging::default();
            let waiting = GeneratedIssue { age: aging.bound(), agents: vec![], status: Status::Ready, ..waiting };
            let today = TODAY + later;
            let newer = GeneratedIssue {
                age: -later, agents: vec![], status: Status::Ready, id: newer.id + 2_000, ..newer
            };
            let reaches = tier_of(waiting.priority) - aging.max_tiers <= BEST_BY_AGE;
            let is_p0 = newer.priority == Some(Priority::P0);
            let is_p1 = newer.priority == Some(Priority::P1);
            if !is_p0 && (reaches || !is_p1) {
                prop_assert!(waiting.rank(today) < newer.rank(today));
            }
        }
    }

    fn reasons<'a>(
        labels: &'a LabelSet,
        change: impl FnOnce(&mut EligibilityInput<'a>),
    ) -> Vec<SkipReason> {
        let mut input = EligibilityInput {
            issue: IssueId(1),
            state: IssueState::Open,
            is_removed: false,
            status: Status::Ready,
            priority: None,
            labels,
            lane: "default",
            created_at: DateTime::UNIX_EPOCH,
            is_tracked: true,
            read_only: None,
            holder: None,
            blockers: &[],
            unblocks: 0,
            pull_request: None,
            limit: None,
            assignees: &[],
            serves: PeoplesWork::default(),
            backoff: None,
            repository_backoff: None,
            pause: None,
        };
        change(&mut input);
        match eligibility(&input, &context(&Lanes::default(), TODAY)) {
            Eligibility::Ranked(_) => vec![],
            Eligibility::Withheld(skips) => skips.iter().map(|skip| skip.reason).collect(),
        }
    }

    #[test]
    fn each_reason_by_itself() {
        use SkipReason::*;
        let own = LabelSet::from(["status/ready"]);
        let other = LabelSet::from(["agent/beta", "status/ready"]);
        let blockers = ["#5".to_owned()];
        assert_eq!(reasons(&own, |_| {}), []);
        assert_eq!(reasons(&own, |input| input.state = IssueState::Closed), [Closed]);
        assert_eq!(reasons(&own, |input| input.is_removed = true), [Closed]);
        assert_eq!(reasons(&own, |input| input.is_tracked = false), [RepositoryDisabled]);
        assert_eq!(reasons(&own, |input| input.status = Status::InReview), [NotReady]);
        assert_eq!(reasons(&own, |input| input.holder = Some("beta")), [Leased]);
        assert_eq!(reasons(&own, |input| input.holder = Some("alpha")), [Leased]);
        assert_eq!(reasons(&own, |input| input.labels = &other), [AssignedToOther]);
        assert_eq!(reasons(&own, |input| input.lane = "backlog"), [LaneMismatch]);
        assert_eq!(reasons(&own, |input| input.lane = "unheard-of"), []);
        assert_eq!(reasons(&own, |input| input.blockers = &blockers), [BlockedByIssue]);
        assert_eq!(reasons(&own, |input| input.pull_request = Some("u")), [LinkedPullRequest]);
        assert_eq!(reasons(&own, |input| input.limit = Some("waits")), [LimitReached]);
        let later = DateTime::UNIX_EPOCH + TimeDelta::days(2);
        let earlier = DateTime::UNIX_EPOCH;
        let noted = |retry_at, needs_human| Backoff {
            failed_attempts: 2,
            refusals: 0,
            cause: BackoffCause::Failed,
            reason: "beta failed on it".to_owned(),
            first_at: earlier,
            last_at: earlier,
            retry_at,
            needs_human,
        };
        let (waiting, over, given_up) =
            (noted(later, false), noted(earlier, false), noted(earlier, true));
        assert_eq!(reasons(&own, |input| input.backoff = Some(&waiting)), [BackingOff]);
        assert_eq!(reasons(&own, |input| input.backoff = Some(&over)), []);
        assert_eq!(reasons(&own, |input| input.backoff = Some(&given_up)), [NeedsHuman]);
        let of = |at| {
            move |input: &mut EligibilityInput<'_>| input.repository_backoff = Some(("403", at))
        };
        assert_eq!(reasons(&own, of(later)), [BackingOff]);
        assert_eq!(reasons(&own, of(earlier)), []);
        let needing = LabelSet::from(["Needs-Human", "status/ready"]);
        assert_eq!(reasons(&needing, |_| {}), [NeedsHuman]);
    }

    #[test]
    fn what_a_person_works_on_is_withheld_unless_its_repository_says_otherwise() {
        use SkipReason::HeldByPerson;
        let somebody = ["octocat".to_owned()];
        let free = LabelSet::from(["status/ready"]);
        let owned = LabelSet::from(["Owner/sam", "status/ready"]);
        let begun = |input: &mut EligibilityInput<'_>| input.status = Status::InProgress;
        assert_eq!(reasons(&free, begun), [HeldByPerson]);
        assert_eq!(reasons(&owned, |_| {}), [HeldByPerson]);
        assert_eq!(reasons(&free, |input| input.assignees = &somebody), [HeldByPerson]);
        let serves = |serves: PeoplesWork| {
            [
                reasons(&free, |input| (begun(input), input.serves = serves).1),
                reasons(&owned, |input| input.serves = serves),
                reasons(&free, |input| (input.assignees, input.serves) = (&somebody, serves)),
            ]
        };
        let none = PeoplesWork::default();
        let held = || vec![HeldByPerson];
        assert_eq!(serves(PeoplesWork::ALL), [vec![], vec![], vec![]]);
        assert_eq!(serves(PeoplesWork { in_progress: true, ..none }), [vec![], held(), held()]);
        assert_eq!(serves(PeoplesWork { owned: true, ..none }), [held(), vec![], held()]);
        assert_eq!(serves(PeoplesWork { assigned: true, ..none }), [held(), held(), vec![]]);
        let given = LabelSet::from(["agent/alpha", "owner/sam"]);
        assert_eq!(reasons(&given, begun), [], "an agent's label says whose it is");
    }

    #[test]
    fn what_bots_keep_is_known_by_its_title_or_a_label() {
        let none = LabelSet::default();
        for title in ["Dependency Dashboard", "Update dependency left-pad", "update image x"] {
            assert!(is_bots_own(title, &none), "{title}");
        }
        assert!(is_bots_own("Anything", &LabelSet::from(["renovate"])));
        assert!(!is_bots_own("Please update dependency left-pad", &LabelSet::from(["bug"])));
    }

    #[test]
    fn a_sentence_contains_every_reason() {
        let skip = |why: &str| Skip { reason: SkipReason::Closed, why: why.to_owned() };
        assert_eq!(sentence(&[skip("is closed")]), "The issue is closed.");
        let three = [skip("is a"), skip("is b"), skip("is c")];
        assert_eq!(sentence(&three), "The issue is a, is b and is c.");
    }

    #[test]
    fn a_rank_is_explained_in_the_words_of_existing_clients() {
        let labels = LabelSet::from(["agent/alpha"]);
        let input = EligibilityInput {
            issue: IssueId(1),
            state: IssueState::Open,
            is_removed: false,
            status: Status::Ready,
            priority: Some(Priority::P3),
            labels: &labels,
            lane: "default",
            created_at: DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(TODAY - 20)),
            is_tracked: true,
            read_only: None,
            holder: None,
            blockers: &[],
            unblocks: 0,
            pull_request: None,
            limit: None,
            assignees: &[],
            serves: PeoplesWork::default(),
            backoff: None,
            repository_backoff: None,
            pause: None,
        };
        let lanes = Lanes::default();
        let context = context(&lanes, TODAY);
        let reason = ranking_reason(&input, &context);
        assert_eq!(reason, "priority/p3, agent/alpha, ready, aged 20d (+2 tiers)");
        let input = EligibilityInput { unblocks: 7, created_at: DateTime::UNIX_EPOCH, ..input };
        let rules = RankRules { today: 0, ..context.rules };
        let reason = ranking_reason(&input, &RankingContext { rules, ..context });
        assert_eq!(reason, "priority/p3, agent/alpha, ready, unblocks 7");
        let rules = RankRules { by_unblocks: false, ..rules };
        let reason = ranking_reason(&input, &RankingContext { rules, ..context });
        assert_eq!(reason, "priority/p3, agent/alpha, ready", "what does not count is not named");
    }
}
