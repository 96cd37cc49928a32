//! What labels mean, and the label change of a move.

use super::bounds::is_invisible;
use super::status::{IssueState, Priority, Status};

use super::label_names::{has_prefix, is_same, strip_prefix};

/// The maximum number of labels of an issue on GitHub.
pub const MOST_LABELS: usize = 100;

/// The maximum length of a label on GitHub, in characters.
pub const LONGEST_LABEL: usize = 50;

/// The label names of one issue, in GitHub's spelling and order.
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
#[serde(transparent)]
#[diesel(sql_type = diesel::sql_types::Array<diesel::sql_types::Text>)]
pub struct LabelSet(Vec<String>);

/// Labels to add and to remove, so that an issue ends in one column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelChange {
    /// Names to add, in our spelling; GitHub may have another. Empty if the issue has the label
    /// already.
    pub add: Vec<String>,
    /// Names to remove, in the issue's order and GitHub's spelling.
    pub remove: Vec<String>,
}

impl LabelChange {
    /// Whether nothing has to be changed on GitHub.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// The wanted labels of an issue, independent of its current ones: a column, labels to have and
/// labels not to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelPlan {
    /// The column; afterwards exactly one label starts with `status/`.
    pub status: Option<Status>,
    /// Names that must be present.
    pub add: Vec<String>,
    /// Names that must be absent.
    pub remove: Vec<String>,
}

impl LabelPlan {
    /// The plan to move to a column.
    pub fn to_status(target: Status) -> Self {
        Self { status: Some(target), ..Self::default() }
    }

    /// The plan to have `label` as the only one with its prefix, or none with the prefix.
    pub fn only(labels: &LabelSet, prefix: &str, label: Option<String>) -> Self {
        let is_wanted = |name: &str| label.as_deref().is_some_and(|label| is_same(name, label));
        let others = |name: &&String| has_prefix(name, prefix) && !is_wanted(name);
        let remove = labels.0.iter().filter(others).cloned().collect();
        Self { status: None, add: label.into_iter().collect(), remove }
    }

    /// The plan of an audit entry: its target, and the difference between the labels it found and
    /// those it wanted.
    pub fn from_entry(target: Option<Status>, found: &LabelSet, wanted: &LabelSet) -> Self {
        let missing = |from: &LabelSet, of: &LabelSet| -> Vec<String> {
            let is_ours = |name: &&String| target.is_none() || !has_prefix(name, "status/");
            let is_missing = |name: &&String| !of.contains(name);
            from.0.iter().filter(is_ours).filter(is_missing).cloned().collect()
        };
        Self { status: target, add: missing(wanted, found), remove: missing(found, wanted) }
    }

    /// What has to be changed on GitHub for an issue with these labels. Empty exactly if the plan
    /// is carried out.
    pub fn change(&self, labels: &LabelSet) -> LabelChange {
        let mut change = self.status.map(|target| labels.change_to(target)).unwrap_or_default();
        change.add.extend(self.add.iter().filter(|name| !labels.contains(name)).cloned());
        let is_unwanted = |name: &&String| self.remove.iter().any(|other| is_same(name, other));
        let is_new = |name: &&String| !change.remove.contains(name);
        let more: Vec<_> = labels.0.iter().filter(is_unwanted).filter(is_new).cloned().collect();
        change.remove.extend(more);
        change
    }
}

/// The colour with which Dispatch creates a label: six hexadecimal digits, no `#`. GitHub's default
/// colour for labels without one of their own.
pub fn color_of(label: &str) -> &'static str {
    let status = Status::from_label(label).map(Status::color);
    let is_meant = |priority: &Priority| is_same(priority.label(), label);
    let priority = || Priority::ALL.into_iter().find(is_meant).map(Priority::color);
    status.or_else(priority).unwrap_or("ededed")
}

/// Whether a word can be part of a label: GitHub separates labels in lists with commas.
pub fn is_plain(word: &str) -> bool {
    let is_odd = |c: char| c.is_control() || is_invisible(c) || c == ',';
    !word.is_empty() && !word.contains(is_odd)
}

impl LabelSet {
    /// The names in order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether the label is present, in any case.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|label| is_same(label, name))
    }

    /// Whether one of the labels assigns the issue to this agent.
    pub fn names_agent(&self, agent: &str) -> bool {
        self.agents().any(|name| is_same(name, agent))
    }

    /// The first status in *board order* among the labels; `None` if there is none.
    pub fn status(&self) -> Option<Status> {
        Status::ALL.into_iter().find(|status| self.contains(status.label()))
    }

    /// The column of an issue with these labels: Done if closed, Backlog without a status label.
    pub fn effective_status(&self, state: IssueState) -> Status {
        match state {
            IssueState::Closed => Status::Done,
            IssueState::Open => self.status().unwrap_or(Status::Backlog),
        }
    }

    /// The most urgent priority among the labels.
    pub fn priority(&self) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| self.contains(priority.label()))
    }

    /// Names after `agent/`, in order.
    pub fn agents(&self) -> impl Iterator<Item = &str> {
        self.names_after_prefix("agent/")
    }

    /// Names after `owner/`, in order.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.names_after_prefix("owner/")
    }

    /// The label change of a move to a column. Afterwards exactly one label starts with `status/`,
    /// in any case, and it is the target's; no other label changes.
    pub fn change_to(&self, target: Status) -> LabelChange {
        let add = if self.contains(target.label()) { vec![] } else { vec![target.label().into()] };
        let is_other =
            |label: &&String| has_prefix(label, "status/") && !is_same(label, target.label());
        LabelChange { add, remove: self.0.iter().filter(is_other).cloned().collect() }
    }

    /// The labels after a change, ordered as GitHub does: remaining ones keep their place, new ones
    /// come last.
    pub fn after(&self, change: &LabelChange) -> Self {
        let goes = |label: &str| change.remove.iter().any(|removed| is_same(label, removed));
        let mut labels = Self(self.0.iter().filter(|label| !goes(label)).cloned().collect());
        for label in &change.add {
            if !labels.contains(label) {
                labels.0.push(label.clone());
            }
        }
        labels
    }

    fn names_after_prefix<'a>(&'a self, prefix: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |label| strip_prefix(label, prefix))
    }
}

impl From<Vec<String>> for LabelSet {
    fn from(names: Vec<String>) -> Self {
        Self(names)
    }
}

impl<const N: usize> From<[&str; N]> for LabelSet {
    fn from(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).into())
    }
}

type TextArray = diesel::sql_types::Array<diesel::sql_types::Text>;

impl diesel::serialize::ToSql<TextArray, diesel::pg::Pg> for LabelSet {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        <Vec<String> as diesel::serialize::ToSql<TextArray, diesel::pg::Pg>>::to_sql(
            &self.0,
            &mut out.reborrow(),
        )
    }
}

impl diesel::deserialize::FromSql<TextArray, diesel::pg::Pg> for LabelSet {
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(
            <Vec<String> as diesel::deserialize::FromSql<TextArray, diesel::pg::Pg>>::from_sql(
                bytes,
            )?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::label_names::key;

    /// A label in any case: GitHub has whatever spelling somebody chose first.
    fn label() -> impl Strategy<Value = String> {
        let plain = prop_oneof![
            prop::sample::select(Status::ALL.map(Status::label).to_vec()).prop_map(str::to_owned),
            "status/[a-z]{1,4}",
            "(agent|owner|priority|type)/[a-z0-9]{1,4}",
            "\\PC{1,8}",
        ];
        (plain, any::<u64>()).prop_map(|(label, case)| respelled(&label, case))
    }

    /// The same label, with some of its letters in capitals.
    fn respelled(label: &str, case: u64) -> String {
        let spelled = |(at, letter): (usize, char)| match case >> (at % 64) & 1 {
            1 => letter.to_ascii_uppercase(),
            _ => letter,
        };
        label.chars().enumerate().map(spelled).collect()
    }

    /// As GitHub has them: no two labels differ in case alone.
    fn labels() -> impl Strategy<Value = LabelSet> {
        prop::collection::vec(label(), 0..12).prop_map(|names| {
            let change = LabelChange { add: names, remove: vec![] };
            LabelSet::default().after(&change)
        })
    }

    fn statuses(labels: &LabelSet) -> Vec<String> {
        let statuses = labels.0.iter().filter(|label| key(label).starts_with("status/"));
        statuses.map(|label| key(label)).collect()
    }

    /// The labels as GitHub has them when the repository spells some of those that we add its own way.
    fn as_github_spells(labels: &LabelSet, case: u64) -> LabelSet {
        LabelSet(labels.0.iter().map(|label| respelled(label, case)).collect())
    }

    proptest! {
        #[test]
        fn a_move_leaves_exactly_one_status(
            before in labels(),
            target in prop::sample::select(Status::ALL.to_vec()),
        ) {
            let after = before.after(&before.change_to(target));
            prop_assert_eq!(statuses(&after), vec![target.label()]);
            prop_assert!(after.change_to(target).is_empty(), "moving again asks for nothing");
        }

        #[test]
        fn a_plan_is_carried_out_by_its_change_and_read_back_from_its_entry(
            found in labels(),
            status in prop::option::of(prop::sample::select(Status::ALL.to_vec())),
            agent in prop::option::of("[a-zA-Z]{1,4}"),
            case in any::<u64>(),
        ) {
            let agent = agent.map(|name| format!("agent/{name}"));
            let plan = LabelPlan { status, ..LabelPlan::only(&found, "agent/", agent) };
            let wanted = found.after(&plan.change(&found));
            prop_assert!(plan.change(&wanted).is_empty());
            let read = LabelPlan::from_entry(status, &found, &wanted);
            prop_assert_eq!(found.after(&read.change(&found)), wanted.clone());
            prop_assert!(read.change(&wanted).is_empty());
            let answered = as_github_spells(&wanted, case);
            prop_assert!(plan.change(&answered).is_empty(), "whatever GitHub calls them");
            prop_assert!(read.change(&answered).is_empty());
        }

        #[test]
        fn a_move_touches_nothing_else(
            before in labels(),
            target in prop::sample::select(Status::ALL.to_vec()),
        ) {
            let others = |labels: &LabelSet| -> Vec<String> {
                let is_other = |label: &&String| !key(label).starts_with("status/");
                labels.0.iter().filter(is_other).cloned().collect()
            };
            let after = before.after(&before.change_to(target));
            prop_assert_eq!(others(&before), others(&after));
        }

        /// Case decides nothing: neither what labels mean nor what is asked of GitHub.
        #[test]
        fn labels_mean_the_same_in_any_case(
            labels in labels(),
            case in any::<u64>(),
            target in prop::sample::select(Status::ALL.to_vec()),
        ) {
            let other = as_github_spells(&labels, case);
            prop_assert_eq!(labels.status(), other.status());
            prop_assert_eq!(labels.priority(), other.priority());
            let keys = |names: &mut dyn Iterator<Item = &str>| names.map(key).collect::<Vec<_>>();
            prop_assert_eq!(keys(&mut labels.agents()), keys(&mut other.agents()));
            prop_assert_eq!(keys(&mut labels.owners()), keys(&mut other.owners()));
            let (one, two) = (labels.change_to(target), other.change_to(target));
            prop_assert_eq!(&one.add, &two.add);
            prop_assert_eq!(one.remove.len(), two.remove.len());
            for label in &two.remove {
                prop_assert!(other.0.contains(label), "GitHub's own spelling is removed");
            }
        }
    }

    #[test]
    fn the_column_follows_state_then_board_order() {
        use IssueState::{Closed, Open};
        let none = LabelSet::default();
        let unknown = LabelSet::from(["status/unheard-of"]);
        let two = LabelSet::from(["status/in-review", "status/backlog"]);
        assert_eq!(none.effective_status(Open), Status::Backlog);
        assert_eq!(unknown.effective_status(Open), Status::Backlog);
        assert_eq!(two.effective_status(Open), Status::Backlog);
        for status in Status::ALL {
            let one = LabelSet::from([status.label()]);
            assert_eq!(one.effective_status(Open), status);
            assert_eq!(one.effective_status(Closed), Status::Done);
        }
    }

    #[test]
    fn prefixes_are_taken_off() {
        let labels = LabelSet::from(["agent/alpha", "owner/sam", "agent/beta/2", "priority/p2"]);
        assert_eq!(labels.agents().collect::<Vec<_>>(), ["alpha", "beta/2"]);
        assert_eq!(labels.owners().collect::<Vec<_>>(), ["sam"]);
        assert_eq!(labels.priority(), Some(Priority::P2));
        let labels = LabelSet::from(["AGENT/Alpha", "Owner/Sam", "Priority/P1", "agentx/no", "Ж"]);
        assert_eq!(labels.agents().collect::<Vec<_>>(), ["Alpha"], "spelled as GitHub does");
        assert_eq!(labels.owners().collect::<Vec<_>>(), ["Sam"]);
        assert_eq!(labels.priority(), Some(Priority::P1));
        assert!(labels.names_agent("alpha") && labels.contains("ж"));
    }
}
