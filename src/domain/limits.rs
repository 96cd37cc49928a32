//! Limits on work in progress.

use std::collections::BTreeMap;

use super::ids::RepositoryId;
use super::lanes::Lanes;

/// The maximum number of issues that one agent may hold at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimLimits {
    /// Issues that one agent may hold at a time.
    pub per_agent: Option<i64>,
    /// Issues of one repository that may be held at a time.
    pub per_repository: Option<i64>,
    /// Issues of any one lane that may be held at a time, where it has no limit of its own.
    pub per_lane: Option<i64>,
    /// Issues of single lanes that may be held at a time, by the lane's id.
    pub lanes: BTreeMap<String, i64>,
    /// Issues that may wait for a person, in review or blocked, before no more work is begun.
    pub waiting: Option<i64>,
}

/// Work in progress, counted by the subjects of limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Issues held, by agent.
    pub by_agent: BTreeMap<String, i64>,
    /// Issues held, by the id of their lane; a name without a lane counts on its own.
    pub by_lane: BTreeMap<String, i64>,
    /// Issues held, by repository.
    pub by_repository: BTreeMap<RepositoryId, i64>,
    /// Issues in review or blocked.
    pub waiting: i64,
}

impl Usage {
    /// Counts issues that one agent holds.
    pub fn add(
        &mut self,
        lanes: &Lanes,
        agent: &str,
        lane: &str,
        repository: RepositoryId,
        issues: i64,
    ) {
        *self.by_agent.entry(agent.to_owned()).or_default() += issues;
        *self.by_lane.entry(lane_id(lanes, lane).to_owned()).or_default() += issues;
        *self.by_repository.entry(repository).or_default() += issues;
    }
}

fn lane_id<'a>(lanes: &'a Lanes, lane: &'a str) -> &'a str {
    lanes.find(lane).map_or(lane, |lane| &lane.id)
}

impl ClaimLimits {
    /// Whether no limit is set, so that nothing needs to be counted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The limit of a lane, by its id.
    pub fn of_lane(&self, lane: &str) -> Option<i64> {
        self.lanes.get(lane).copied().or(self.per_lane)
    }

    /// Why an agent may not start any issue, as a part of a sentence about an issue.
    pub fn against_agent(&self, usage: &Usage, agent: &str) -> Option<String> {
        let held = usage.by_agent.get(agent).copied().unwrap_or_default();
        if let Some(limit) = self.per_agent
            && held >= limit
        {
            return Some(format!("waits because {agent} holds {held} of {limit} issues at most"));
        }
        let waiting = usage.waiting;
        let limit = self.waiting.filter(|limit| waiting >= *limit)?;
        Some(format!("waits because {waiting} issues wait for a person, {limit} at most"))
    }

    /// Why an issue of a lane and repository may not be started, as a part of a sentence about it.
    pub fn against_issue(
        &self,
        usage: &Usage,
        lanes: &Lanes,
        lane: &str,
        repository: RepositoryId,
    ) -> Option<String> {
        let lane = lane_id(lanes, lane);
        let held = usage.by_lane.get(lane).copied().unwrap_or_default();
        if let Some(limit) = self.of_lane(lane)
            && held >= limit
        {
            return Some(format!("waits because {held} of {limit} issues of {lane} are held"));
        }
        let held = usage.by_repository.get(&repository).copied().unwrap_or_default();
        let limit = self.per_repository.filter(|limit| held >= *limit)?;
        Some(format!("waits because {held} of {limit} issues of its repository are held"))
    }

    /// The repositories whose limit is reached.
    pub fn full_repositories(&self, usage: &Usage) -> Vec<RepositoryId> {
        let is_full = |held: &i64| self.per_repository.is_some_and(|limit| *held >= limit);
        usage.by_repository.iter().filter(|(_, held)| is_full(held)).map(|(id, _)| *id).collect()
    }

    /// The ids of lanes whose limit is reached.
    pub fn full_lanes(&self, usage: &Usage) -> Vec<String> {
        let is_full = |lane: &str, held: i64| self.of_lane(lane).is_some_and(|limit| held >= limit);
        let held = |lane: &str| usage.by_lane.get(lane).copied().unwrap_or_default();
        let named = self.lanes.keys().chain(usage.by_lane.keys());
        let mut full: Vec<String> =
            named.filter(|lane| is_full(lane, held(lane))).cloned().collect();
        full.sort();
        full.dedup();
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_reached_at_its_number() {
        let lanes = Lanes::default();
        let repository = RepositoryId(1);
        let mut usage = Usage { waiting: 3, ..Usage::default() };
        usage.add(&lanes, "alpha", "normal", repository, 2);
        let none = ClaimLimits::default();
        assert_eq!(none.against_agent(&usage, "alpha"), None);
        assert_eq!(none.against_issue(&usage, &lanes, "default", repository), None);

        let agent =
            |per_agent| ClaimLimits { per_agent: Some(per_agent), ..ClaimLimits::default() };
        assert!(agent(2).against_agent(&usage, "alpha").is_some());
        assert!(agent(3).against_agent(&usage, "alpha").is_none());
        assert!(agent(2).against_agent(&usage, "beta").is_none());
        let waiting = |waiting| ClaimLimits { waiting: Some(waiting), ..ClaimLimits::default() };
        assert!(waiting(3).against_agent(&usage, "beta").is_some());
        assert!(waiting(4).against_agent(&usage, "beta").is_none());

        let lane =
            ClaimLimits { lanes: [("default".to_owned(), 2)].into(), ..ClaimLimits::default() };
        assert!(lane.against_issue(&usage, &lanes, "normal", repository).is_some());
        assert!(lane.against_issue(&usage, &lanes, "backlog", repository).is_none());
        assert_eq!(lane.full_lanes(&usage), ["default"]);
        let of_repository = ClaimLimits { per_repository: Some(2), ..ClaimLimits::default() };
        assert!(of_repository.against_issue(&usage, &lanes, "x", repository).is_some());
        assert!(of_repository.against_issue(&usage, &lanes, "x", RepositoryId(2)).is_none());
        assert_eq!(of_repository.full_repositories(&usage), [repository]);
    }
}
