//! Lanes: pools of claimable issues, separated by the capabilities or the cost of workers.
//!
//! Lanes are a setting. Stored lanes of issues are not rewritten when the setting changes; aliases
//! map old names to current lanes wherever names are compared. Invariant: a [`Lanes`] has at least
//! one claimable lane, no name with two meanings, and at most one claimable lane for each role.

use std::collections::BTreeMap;

use super::bounds::is_invisible;

/// One lane.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// Its name in requests and rows.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Whether agents can claim issues from it.
    pub claimable: bool,
    /// Its role; at most one claimable lane has each.
    pub role: Option<LaneRole>,
    /// Its description, for people.
    pub description: Option<String>,
    /// Its colour on the page, in CSS notation.
    pub color: Option<String>,
    /// The agent that usually works on its issues.
    pub default_agent: Option<String>,
}

/// The role of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneRole {
    /// New issues start here.
    Default,
    /// Issues that the workers of the default lane cannot do go here.
    Escalation,
}

impl LaneRole {
    /// The word in settings and responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Escalation => "escalation",
        }
    }
}

/// All lanes and their aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    lanes: Vec<Lane>,
    /// The lane's id, by alias in its configured spelling.
    aliases: BTreeMap<String, String>,
}

impl Default for Lanes {
    /// `default` with the alias `normal`, and `backlog`, which is not claimable.
    fn default() -> Self {
        let lane = |id: &str, title: &str, role| Lane {
            id: id.to_owned(),
            title: title.to_owned(),
            claimable: role == Some(LaneRole::Default),
            role,
            description: None,
            color: None,
            default_agent: None,
        };
        let lanes = vec![
            lane("default", "Default", Some(LaneRole::Default)),
            lane("backlog", "Backlog", None),
        ];
        Self { lanes, aliases: BTreeMap::from([("normal".to_owned(), "default".to_owned())]) }
    }
}

impl Lanes {
    /// Makes the lanes, in this order, with their aliases.
    ///
    /// # Errors
    ///
    /// What is invalid, as the end of a sentence that begins with the setting's value.
    pub fn new(lanes: Vec<Lane>, aliases: BTreeMap<String, String>) -> Result<Self, String> {
        for (at, lane) in lanes.iter().enumerate() {
            check(lane, &lanes[..at])?;
        }
        if !lanes.iter().any(|lane| lane.claimable) {
            return Err("has no lane with \"claimable\": true".to_owned());
        }
        for (alias, target) in &aliases {
            if alias.trim().is_empty() {
                return Err("has an alias without a name".to_owned());
            }
            if !lanes.iter().any(|lane| lane.id == *target) {
                return Err(format!("has the alias {alias:?} for {target:?}, which is no lane"));
            }
            let is_alias = |lane: &&Lane| is_same(&lane.id, alias) && lane.id != *target;
            if let Some(lane) = lanes.iter().find(is_alias) {
                let id = &lane.id;
                return Err(format!("has the alias {alias:?}, which is the lane {id:?} already"));
            }
            let is_other =
                |(other, to): &(&String, &String)| is_same(other, alias) && *to != target;
            if aliases.iter().any(|other| is_other(&other)) {
                return Err(format!("has the alias {alias:?} for two lanes"));
            }
        }
        Ok(Self { lanes, aliases })
    }

    /// Every lane, in the configured order.
    pub fn all(&self) -> &[Lane] {
        &self.lanes
    }

    /// The lane with this id or alias, in any case. Accepts stored and requested names; `None` for
    /// a name without a lane.
    pub fn find(&self, called: &str) -> Option<&Lane> {
        let by_id = |id: &str| self.lanes.iter().find(|lane| is_same(&lane.id, id));
        by_id(called).or_else(|| {
            let (_, id) = self.aliases.iter().find(|(alias, _)| is_same(alias, called))?;
            by_id(id)
        })
    }

    /// The lane with exactly this id; aliases do not count.
    pub fn by_id(&self, id: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.id == id)
    }

    /// Where new issues start: the claimable lane with the role `default`, else the first claimable.
    pub fn start(&self) -> &Lane {
        self.playing(LaneRole::Default)
            .or_else(|| self.lanes.iter().find(|lane| lane.claimable))
            .expect("one lane is claimable, or there would be no `Lanes`")
    }

    /// The claimable lane with a role.
    pub fn playing(&self, role: LaneRole) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.claimable && lane.role == Some(role))
    }

    /// The lane for issues that are not to be worked on: the first one that is not claimable.
    pub fn resting(&self) -> Option<&Lane> {
        self.lanes.iter().find(|lane| !lane.claimable)
    }

    /// All names of a lane in rows: its id, then its aliases.
    pub fn names_of(&self, lane: &Lane) -> Vec<String> {
        let aliases = self.aliases.iter().filter(|(_, id)| **id == lane.id);
        std::iter::once(&lane.id).chain(aliases.map(|(alias, _)| alias)).cloned().collect()
    }

    /// Whether a stored lane is this one, by id or alias.
    pub fn is_in(&self, stored: &str, lane: &Lane) -> bool {
        self.find(stored).is_some_and(|found| found.id == lane.id)
    }

    /// The ids, separated by commas, for error messages.
    pub fn listed(&self) -> String {
        self.lanes.iter().map(|lane| lane.id.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Checks a lane against those before it.
fn check(lane: &Lane, before: &[Lane]) -> Result<(), String> {
    let Lane { id, title, claimable, role, .. } = lane;
    if id.trim().is_empty()
        || id.trim() != id
        || id.contains(|c| char::is_control(c) || is_invisible(c))
    {
        return Err(format!("has a lane whose \"id\" is {id:?}; it must be a plain word"));
    }
    if title.trim().is_empty() {
        return Err(format!("has the lane {id:?} without a \"title\""));
    }
    if before.iter().any(|other| is_same(&other.id, id)) {
        return Err(format!("has the lane {id:?} twice"));
    }
    let plays_too = |other: &&Lane| *claimable && other.claimable && role.is_some();
    match before.iter().filter(plays_too).find(|other| other.role == *role) {
        Some(other) => {
            let (other, role) = (&other.id, role.map_or("", LaneRole::as_str));
            Err(format!("has two claimable lanes with the role {role:?}: {other:?} and {id:?}"))
        }
        None => Ok(()),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(id: &str, claimable: bool, role: Option<LaneRole>) -> Lane {
        let title = id.to_uppercase();
        Lane {
            id: id.to_owned(),
            title,
            claimable,
            role,
            description: None,
            color: None,
            default_agent: None,
        }
    }

    fn three() -> Vec<Lane> {
        vec![
            lane("backlog", false, None),
            lane("frontier", true, Some(LaneRole::Escalation)),
            lane("local", true, Some(LaneRole::Default)),
        ]
    }

    fn aliases<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.into_iter().map(|(alias, id)| (alias.to_owned(), id.to_owned())).collect()
    }

    #[test]
    fn a_lane_is_found_by_any_of_its_names_in_any_case() {
        let lanes = Lanes::new(three(), aliases([("normal", "local"), ("cloud", "local")]));
        let lanes = lanes.expect("well formed");
        for name in ["local", "LOCAL", "normal", "Cloud"] {
            assert_eq!(lanes.find(name).map(|lane| lane.id.as_str()), Some("local"), "{name}");
        }
        assert_eq!(lanes.find("default"), None);
        assert_eq!(lanes.by_id("cloud"), None);
        let local = lanes.by_id("local").expect("it is there");
        assert_eq!(lanes.names_of(local), ["local", "cloud", "normal"]);
        assert!(lanes.is_in("Normal", local) && !lanes.is_in("frontier", local));
        assert_eq!(lanes.listed(), "backlog, frontier, local");
    }

    #[test]
    fn issues_start_where_the_role_says_else_on_the_first_claimable() {
        let lanes = Lanes::new(three(), aliases([])).expect("well formed");
        assert_eq!(lanes.start().id, "local");
        assert_eq!(
            lanes.playing(LaneRole::Escalation).map(|lane| lane.id.as_str()),
            Some("frontier")
        );
        assert_eq!(lanes.resting().map(|lane| lane.id.as_str()), Some("backlog"));

        let plain = vec![lane("rest", false, Some(LaneRole::Default)), lane("work", true, None)];
        let plain = Lanes::new(plain, aliases([])).expect("well formed");
        assert_eq!(plain.start().id, "work");
        assert_eq!(Lanes::default().start().id, "default");
        assert_eq!(Lanes::default().find("normal"), Some(Lanes::default().start()));
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        let none = BTreeMap::new;
        let refused = [
            (vec![], none()),
            (vec![lane("a", false, None)], none()),
            (vec![lane("", true, None)], none()),
            (vec![lane(" a", true, None)], none()),
            (vec![Lane { title: " ".to_owned(), ..lane("a", true, None) }], none()),
            (vec![lane("a", true, None), lane("A", false, None)], none()),
            (
                vec![
                    lane("a", true, Some(LaneRole::Default)),
                    lane("b", true, Some(LaneRole::Default)),
                ],
                none(),
            ),
            (three(), aliases([("normal", "nowhere")])),
            (three(), aliases([(" ", "local")])),
            (three(), aliases([("Frontier", "local")])),
            (three(), aliases([("x", "local"), ("X", "frontier")])),
        ];
        let texts: Vec<String> = refused
            .into_iter()
            .map(|(lanes, aliases)| Lanes::new(lanes, aliases).expect_err("a bad configuration"))
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        has no lane with "claimable": true
        has no lane with "claimable": true
        has a lane whose "id" is ""; it must be a plain word
        has a lane whose "id" is " a"; it must be a plain word
        has the lane "a" without a "title"
        has the lane "A" twice
        has two claimable lanes with the role "default": "a" and "b"
        has the alias "normal" for "nowhere", which is no lane
        has an alias without a name
        has the alias "Frontier", which is the lane "frontier" already
        has the alias "X" for two lanes
        "#);
        let resting = vec![
            lane("a", true, Some(LaneRole::Default)),
            lane("b", false, Some(LaneRole::Default)),
        ];
        assert!(Lanes::new(resting, none()).is_ok(), "only claimable lanes play a role alone");
    }
}
