//! Which labels a repository uses for the labels that Dispatch gives a meaning.
//!
//! Dispatch uses labels of its own: `status/ready`, `priority/p1`, `agent/alpha`. A repository may
//! use other labels for them: they are translated when issues are read from GitHub, and back when
//! labels are changed there. Invariant: the two translations are inverse for every label, so
//! GitHub's labels always follow from the stored ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::backoff::NEEDS_HUMAN;
use super::label_names::{has_prefix, is_same, strip_prefix};
use super::labels::{LONGEST_LABEL, LabelChange, LabelSet, is_plain};
use super::sql_enum::json_column;
use super::status::{IssueState, Priority, Status};

/// The maximum length of the prefix of agents' labels, which leaves room for a name.
const LONGEST_PREFIX: usize = 20;

/// The default prefix of agents' labels.
const AGENT: &str = "agent/";

/// The prefix for a label that equals one of ours, in a repository that uses another label in its
/// place.
const ESCAPE: &str = "github:";

/// The labels of a repository for statuses, priorities and agents. What is not listed has
/// Dispatch's label.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub struct LabelScheme {
    /// GitHub's label, by ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    /// The prefix of agents' labels, in place of `agent/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent_prefix: Option<String>,
}

json_column!(LabelScheme);

/// Our labels for which a repository may use others.
pub fn renamable() -> impl Iterator<Item = &'static str> {
    Status::ALL.into_iter().map(Status::label).chain(Priority::ALL.into_iter().map(Priority::label))
}

impl LabelScheme {
    /// Makes a scheme from GitHub's labels by ours. Entries with equal names are dropped.
    ///
    /// # Errors
    ///
    /// Why the scheme is invalid, as a part of a sentence.
    pub fn new(
        names: impl IntoIterator<Item = (&'static str, String)>,
        agent_prefix: Option<String>,
    ) -> Result<Self, String> {
        let agent_prefix = agent_prefix.filter(|prefix| !is_same(prefix, AGENT));
        if let Some(prefix) = &agent_prefix {
            check_prefix(prefix)?;
        }
        let mut labels: BTreeMap<String, String> = BTreeMap::new();
        for (ours, theirs) in names {
            let theirs = theirs.trim().to_owned();
            check_label(ours, &theirs)?;
            if agent_prefix.iter().any(|prefix| has_prefix(&theirs, prefix)) {
                return Err(format!("`{theirs}` would be the label of an agent as well"));
            }
            if let Some((other, _)) = labels.iter().find(|(_, label)| is_same(label, &theirs)) {
                return Err(format!("`{theirs}` stands for {other} and for {ours}"));
            }
            if labels.insert(ours.to_owned(), theirs).is_some() {
                return Err(format!("{ours} is named twice"));
            }
        }
        labels.retain(|ours, theirs| !is_same(ours, theirs));
        Ok(Self { labels, agent_prefix })
    }

    /// Whether the repository uses Dispatch's labels only.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.agent_prefix.is_none()
    }

    /// GitHub's label for one of ours.
    pub fn label_of(&self, ours: &'static str) -> &str {
        self.labels.get(ours).map_or(ours, String::as_str)
    }

    /// The prefix of agents' labels on GitHub.
    pub fn agent_prefix(&self) -> &str {
        self.agent_prefix.as_deref().unwrap_or(AGENT)
    }

    /// Our name of a label of GitHub.
    pub fn read<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        if let Some((ours, _)) = self.labels.iter().find(|(_, theirs)| is_same(theirs, name)) {
            return Cow::Borrowed(ours);
        }
        if let Some(agent) =
            self.agent_prefix.as_ref().and_then(|prefix| strip_prefix(name, prefix))
        {
            return Cow::Owned(format!("{AGENT}{agent}"));
        }
        match self.looks_like_ours(name) {
            true => Cow::Owned(format!("{ESCAPE}{name}")),
            false => Cow::Borrowed(name),
        }
    }

    /// GitHub's name of a label of ours.
    pub fn write<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        if let Some((_, theirs)) = self.labels.iter().find(|(ours, _)| is_same(ours, name)) {
            return Cow::Borrowed(theirs);
        }
        if let Some(prefix) = &self.agent_prefix
            && let Some(agent) = strip_prefix(name, AGENT)
        {
            return Cow::Owned(format!("{prefix}{agent}"));
        }
        match strip_prefix(name, ESCAPE) {
            Some(rest) if self.looks_like_ours(rest) => Cow::Borrowed(rest),
            _ => Cow::Borrowed(name),
        }
    }

    /// Our name of a label that a caller gave, in our spelling or the repository's.
    pub fn meant<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        match self.looks_like_ours(name) {
            true => Cow::Borrowed(name),
            false => self.read(name),
        }
    }

    /// Our names of labels of GitHub.
    pub fn read_all(&self, names: Vec<String>) -> Vec<String> {
        if self.is_empty() {
            return names;
        }
        names.iter().map(|name| self.read(name).into_owned()).collect()
    }

    /// GitHub's names of labels of ours.
    pub fn write_all(&self, labels: &LabelSet) -> Vec<String> {
        labels.names().iter().map(|name| self.write(name).into_owned()).collect()
    }

    /// Translates our labels from this scheme to another one, so that the labels on GitHub are the
    /// same.
    pub fn translated(&self, labels: &LabelSet, to: &Self) -> LabelSet {
        LabelSet::from(to.read_all(self.write_all(labels)))
    }

    /// Whether a change to another scheme would take an issue from the agent that works on it, or
    /// move it to another column.
    pub fn strands(&self, agent: &str, labels: &LabelSet, state: IssueState, to: &Self) -> bool {
        let after = self.translated(labels, to);
        let loses_agent = labels.names_agent(agent) && !after.names_agent(agent);
        loses_agent || after.effective_status(state) != labels.effective_status(state)
    }

    /// Checks that GitHub accepts the lengths of labels to add. Only an agent's label can be too
    /// long, because the repository's prefix may be longer than ours.
    ///
    /// # Errors
    ///
    /// Which label is too long, as the end of a sentence.
    pub fn check_lengths(&self, change: &LabelChange) -> Result<(), String> {
        let is_long = |name: &Cow<'_, str>| name.chars().count() > LONGEST_LABEL;
        let mut names = change.add.iter().map(|name| self.write(name));
        names.find(is_long).map_or(Ok(()), |name| {
            Err(format!("`{name}` is too long: a label has at most {LONGEST_LABEL} characters"))
        })
    }

    /// Whether a label on GitHub equals one of ours that has another name there, with or without
    /// the escape.
    fn looks_like_ours(&self, name: &str) -> bool {
        let is_ours = self.labels.keys().any(|ours| is_same(ours, name))
            || (self.agent_prefix.is_some() && has_prefix(name, AGENT));
        is_ours || strip_prefix(name, ESCAPE).is_some_and(|rest| self.looks_like_ours(rest))
    }
}

fn check_label(ours: &str, theirs: &str) -> Result<(), String> {
    if !is_plain(theirs) || theirs.chars().count() > LONGEST_LABEL {
        let bounds = format!("must have 1 to {LONGEST_LABEL} characters, and no comma");
        return Err(format!("the label for {ours} {bounds}"));
    }
    let is_another = |label: &&str| is_same(label, theirs) && *label != ours;
    if let Some(other) = renamable().find(is_another) {
        return Err(format!("`{theirs}` cannot stand for {ours}, because it is {other}"));
    }
    let taken = [AGENT, "owner/", "blocked/infra-", ESCAPE];
    if is_same(theirs, NEEDS_HUMAN) || taken.iter().any(|prefix| has_prefix(theirs, prefix)) {
        return Err(format!("`{theirs}` means something else already"));
    }
    Ok(())
}

fn check_prefix(prefix: &str) -> Result<(), String> {
    let ends_a_word = prefix.ends_with(|last: char| !last.is_alphanumeric());
    let is_good = is_plain(prefix) && prefix.is_ascii() && ends_a_word;
    let is_taken = ["status/", "priority/", "owner/", "blocked/", NEEDS_HUMAN, ESCAPE]
        .iter()
        .any(|taken| has_prefix(taken, prefix) || has_prefix(prefix, taken));
    if is_good && prefix.len() <= LONGEST_PREFIX && !is_taken && prefix.trim_start() == prefix {
        return Ok(());
    }
    Err(format!(
        "`{prefix}` cannot begin the labels of agents: it must have 1 to {LONGEST_PREFIX} \
         characters of ASCII, end with a separator such as `:` or `/`, have no comma, and not begin \
         other labels of Dispatch"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scheme() -> LabelScheme {
        let names = [
            ("status/ready", "ready-for-agent"),
            ("status/in-progress", "In progress"),
            ("status/done", "status/done"),
            ("priority/p1", "P1"),
        ];
        let names = names.map(|(ours, theirs)| (ours, theirs.to_owned()));
        LabelScheme::new(names, Some("bot:".to_owned())).unwrap()
    }

    #[test]
    fn labels_are_read_in_any_case_and_written_as_the_repository_has_them() {
        let scheme = scheme();
        for (theirs, ours) in [
            ("Ready-For-Agent", "status/ready"),
            ("in progress", "status/in-progress"),
            ("p1", "priority/p1"),
            ("bot:alpha", "agent/alpha"),
            ("bug", "bug"),
            ("status/done", "status/done"),
            // The repository uses another label for this.
            ("status/ready", "github:status/ready"),
            ("agent/alpha", "github:agent/alpha"),
            ("github:github:status/ready", "github:github:github:status/ready"),
        ] {
            assert_eq!(scheme.read(theirs), ours, "{theirs}");
        }
        for (ours, theirs) in [
            ("status/ready", "ready-for-agent"),
            ("Priority/P1", "P1"),
            ("agent/alpha", "bot:alpha"),
            ("github:status/ready", "status/ready"),
            ("github:bug", "github:bug"),
            ("owner/sam", "owner/sam"),
        ] {
            assert_eq!(scheme.write(ours), theirs, "{ours}");
        }
        assert_eq!(LabelScheme::default().read("status/ready"), "status/ready");
        for (said, ours) in [
            ("ready-for-agent", "status/ready"),
            ("bot:alpha", "agent/alpha"),
            ("status/ready", "status/ready"),
            ("agent/alpha", "agent/alpha"),
            ("bug", "bug"),
        ] {
            assert_eq!(scheme.meant(said), ours, "{said}");
        }
    }

    #[test]
    fn what_cannot_be_a_scheme_says_why() {
        let refused = |ours, theirs: &str| {
            LabelScheme::new([(ours, theirs.to_owned())], Some("bot:".to_owned())).unwrap_err()
        };
        assert!(refused("status/ready", "").contains("1 to 50 characters"));
        assert!(refused("status/ready", "a,b").contains("no comma"));
        assert!(refused("status/ready", &"x".repeat(51)).contains("1 to 50"));
        assert!(refused("status/ready", "Status/Done").contains("it is status/done"));
        for taken in ["owner/sam", "Needs-Human", "blocked/infra-attempt/1"] {
            assert!(refused("status/ready", taken).contains("something else"), "{taken}");
        }
        assert!(refused("status/ready", "Bot:x").contains("label of an agent"));
        let twice = [("status/ready", "x"), ("status/done", "X")];
        let twice = twice.map(|(ours, theirs)| (ours, theirs.to_owned()));
        assert!(LabelScheme::new(twice, None).unwrap_err().contains("stands for status/ready"));
        for prefix in [
            "",
            " bot",
            "a,b",
            "status/",
            "s",
            "needs-",
            "blocked/",
            "agent",
            "bot",
            "ä:",
            "owner/x",
            &"x".repeat(21),
        ] {
            assert!(LabelScheme::new([], Some(prefix.to_owned())).is_err(), "{prefix}");
        }
        assert!(LabelScheme::new([], Some("Agent/".to_owned())).unwrap().is_empty());
    }

    fn label() -> impl Strategy<Value = String> {
        prop_oneof![
            "(github:){0,2}(status/ready|status/done|priority/p1|agent/[a-c]|bug)",
            "(ready-for-agent|in progress|P1|bot:[a-c]|owner/x|github:bot:a|github:P1)",
            "\\PC{1,8}",
        ]
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(theirs in label()) {
            let scheme = scheme();
            let ours = scheme.read(&theirs).into_owned();
            prop_assert!(is_same(&scheme.write(&ours), &theirs), "{} {}", ours, theirs);
            let written = scheme.write(&ours);
            prop_assert_eq!(scheme.read(&written), ours.as_str());
        }

        #[test]
        fn different_labels_stay_different(one in label(), other in label()) {
            let scheme = scheme();
            let are_same = is_same(&scheme.read(&one), &scheme.read(&other));
            prop_assert_eq!(are_same, is_same(&one, &other), "{} {}", one, other);
        }
    }

    #[test]
    fn an_agent_with_a_longer_prefix_can_be_too_long() {
        let prefix = "a-longer-prefix:".to_owned();
        let long = LabelScheme::new([], Some(prefix)).unwrap();
        let agent = format!("agent/{}", "x".repeat(40));
        let change = LabelChange { add: vec![agent], remove: vec![] };
        assert!(long.check_lengths(&change).unwrap_err().contains("is too long"));
        assert_eq!(scheme().check_lengths(&change), Ok(()));
    }

    #[test]
    fn another_scheme_strands_work_whose_agent_or_column_it_does_not_know() {
        let (from, to) = (scheme(), LabelScheme::default());
        let strands = |labels: LabelSet, state| from.strands("alpha", &labels, state, &to);
        assert!(strands(LabelSet::from(["agent/alpha"]), IssueState::Open));
        assert!(strands(LabelSet::from(["status/ready"]), IssueState::Open));
        assert!(!strands(LabelSet::from(["status/ready"]), IssueState::Closed));
        assert!(!strands(LabelSet::from(["status/blocked", "agent/beta"]), IssueState::Open));
    }
}
