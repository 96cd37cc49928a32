//! How an event of the whole board looks to a subscriber with a filter.

use super::events::{EventKind, IssueFacts};
use super::filter::NormalizedFilter;

/// An event as a subscriber with a filter receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilteredEvent {
    /// A matching issue changed its column and still matches.
    Moved,
    /// A matching issue changed, or an issue now matches.
    Changed,
    /// An issue no longer matches.
    Removed,
    /// The subscriber must load its issues again.
    Resync,
}

/// Whether an issue matched before an event, or matches after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Membership {
    In,
    Out,
    /// It cannot be determined any more.
    Unknown,
}

impl NormalizedFilter {
    /// The event as a subscriber with this filter receives it; `None` if it does not concern the
    /// filter. `is_found` is whether the current issue matches [`NormalizedFilter::search`] and
    /// [`NormalizedFilter::updated_before`]; it is read only if one of them is set. If membership
    /// before the event is unknown, the issue is reported as removed, which is harmless to a
    /// subscriber that never had it.
    pub fn filter_event(
        &self,
        kind: EventKind,
        before: Option<&IssueFacts>,
        after: Option<&IssueFacts>,
        is_found: bool,
    ) -> Option<FilteredEvent> {
        match kind {
            EventKind::Resync => Some(FilteredEvent::Resync),
            EventKind::IssueMoved | EventKind::IssueChanged | EventKind::IssueRemoved => {
                let then = self.membership_before(before, after, is_found);
                match (then, self.is_in(after, is_found)) {
                    (Membership::In, true) if kind == EventKind::IssueMoved => {
                        Some(FilteredEvent::Moved)
                    }
                    (_, true) => Some(FilteredEvent::Changed),
                    (Membership::In | Membership::Unknown, false) => Some(FilteredEvent::Removed),
                    (Membership::Out, false) => None,
                }
            }
            EventKind::AuditEntryAdded
            | EventKind::AgentRunRecorded
            | EventKind::ActivityRecorded
            | EventKind::WorkflowRunChanged
            | EventKind::AutomationChanged => None,
        }
    }

    fn is_in(&self, after: Option<&IssueFacts>, is_found: bool) -> bool {
        after.is_some_and(|facts| self.matches(facts)) && (is_found || !self.needs_current_issue())
    }

    fn membership_before(
        &self,
        before: Option<&IssueFacts>,
        after: Option<&IssueFacts>,
        is_found: bool,
    ) -> Membership {
        let Some(before) = before else { return Membership::Unknown };
        let has_same_words =
            after.is_some_and(|after| !after.body_changed && after.title == before.title);
        if !self.matches(before) {
            return Membership::Out;
        }
        match (self.needs_current_issue(), is_found) {
            (false, _) => Membership::In,
            // The update time only grows: an issue that is old enough now was so before.
            (true, true) if has_same_words => Membership::In,
            (true, false) if has_same_words && self.updated_before.is_none() => Membership::Out,
            (true, _) => Membership::Unknown,
        }
    }

    /// Whether the filter needs facts that an event does not contain.
    fn needs_current_issue(&self) -> bool {
        self.search.is_some() || self.updated_before.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::RepositoryId;
    use crate::domain::{IssueFilter, IssueState, LabelSet, Status, Timestamp};

    fn facts(status: Status, title: &str) -> IssueFacts {
        IssueFacts {
            repository_id: RepositoryId(1),
            repository: "acme/tools".to_owned(),
            number: 7,
            state: IssueState::Open,
            closed_at: None,
            status,
            labels: LabelSet::from([status.label()]),
            priority_field: None,
            lane: None,
            title: title.to_owned(),
            on_board: true,
            body_changed: false,
        }
    }

    fn ready() -> NormalizedFilter {
        IssueFilter { statuses: Some(vec![Status::Ready]), ..IssueFilter::default() }.normalize(&[])
    }

    fn words() -> NormalizedFilter {
        IssueFilter { search: Some("gzip".to_owned()), ..IssueFilter::default() }.normalize(&[])
    }

    fn seen(filter: &NormalizedFilter, from: Status, to: Status) -> Option<FilteredEvent> {
        let (before, after) = (facts(from, "a"), facts(to, "a"));
        filter.filter_event(EventKind::IssueMoved, Some(&before), Some(&after), false)
    }

    #[test]
    fn a_move_is_one_only_inside_the_part() {
        let all = NormalizedFilter::default();
        assert_eq!(seen(&all, Status::Ready, Status::Done), Some(FilteredEvent::Moved));
        assert_eq!(seen(&ready(), Status::Backlog, Status::Ready), Some(FilteredEvent::Changed));
        assert_eq!(seen(&ready(), Status::Ready, Status::Done), Some(FilteredEvent::Removed));
        assert_eq!(seen(&ready(), Status::Backlog, Status::Done), None);
    }

    #[test]
    fn an_issue_that_is_new_or_gone() {
        let (kind, facts) = (EventKind::IssueChanged, facts(Status::Ready, "a"));
        assert_eq!(
            ready().filter_event(kind, None, Some(&facts), false),
            Some(FilteredEvent::Changed)
        );
        let gone = EventKind::IssueRemoved;
        assert_eq!(
            ready().filter_event(gone, Some(&facts), None, false),
            Some(FilteredEvent::Removed)
        );
        let elsewhere = IssueFacts { status: Status::Done, ..facts };
        assert_eq!(ready().filter_event(gone, Some(&elsewhere), None, false), None);
    }

    #[test]
    fn words_are_known_of_the_past_while_the_text_is_the_same() {
        let kind = EventKind::IssueMoved;
        let before = facts(Status::Backlog, "about gzip");
        let after = facts(Status::Ready, "about gzip");
        let see = |after: &IssueFacts, is_found| {
            words().filter_event(kind, Some(&before), Some(after), is_found)
        };
        assert_eq!(see(&after, true), Some(FilteredEvent::Moved));
        assert_eq!(see(&after, false), None);
        let retitled = facts(Status::Ready, "about zstd");
        assert_eq!(
            see(&retitled, true),
            Some(FilteredEvent::Changed),
            "it may have come in just now"
        );
        assert_eq!(see(&retitled, false), Some(FilteredEvent::Removed), "it may have been in");
        let rewritten = IssueFacts { body_changed: true, ..after };
        assert_eq!(see(&rewritten, false), Some(FilteredEvent::Removed));
    }

    #[test]
    fn what_is_touched_leaves_those_who_want_the_untouched() {
        let (before, after) = (facts(Status::Ready, "a"), facts(Status::Ready, "a"));
        let untouched = IssueFilter {
            updated_before: Some(Timestamp(chrono::DateTime::UNIX_EPOCH)),
            ..IssueFilter::default()
        }
        .normalize(&[]);
        let see = |is_found| {
            untouched.filter_event(EventKind::IssueChanged, Some(&before), Some(&after), is_found)
        };
        assert_eq!(see(false), Some(FilteredEvent::Removed));
        assert_eq!(see(true), Some(FilteredEvent::Changed));
        let new = untouched.filter_event(EventKind::IssueChanged, None, Some(&after), false);
        assert_eq!(new, Some(FilteredEvent::Removed), "harmless to who never had it");
    }

    #[test]
    fn everybody_hears_of_a_resync_and_nobody_of_another_topic() {
        assert_eq!(
            ready().filter_event(EventKind::Resync, None, None, false),
            Some(FilteredEvent::Resync)
        );
        assert_eq!(ready().filter_event(EventKind::AuditEntryAdded, None, None, false), None);
        assert_eq!(ready().filter_event(EventKind::AgentRunRecorded, None, None, false), None);
    }

    /// One issue's way across the board.
    fn walk() -> impl Strategy<Value = Vec<(Status, bool)>> {
        prop::collection::vec((prop::sample::select(Status::ALL.to_vec()), any::<bool>()), 1..12)
    }

    proptest! {
        /// A reader that applies every event has exactly the issues that a new query would return.
        #[test]
        fn a_subscriber_has_the_issues_of_a_new_query(walk in walk()) {
            let mut before: Option<IssueFacts> = None;
            let mut believed = false;
            for (status, on_board) in walk {
                let after = IssueFacts { on_board, ..facts(status, "a") };
                let moved = before.as_ref().is_some_and(|before| before.status != status);
                let kind = if moved { EventKind::IssueMoved } else { EventKind::IssueChanged };
                match ready().filter_event(kind, before.as_ref(), Some(&after), false) {
                    Some(FilteredEvent::Moved) => prop_assert!(believed, "only what it has can move"),
                    Some(FilteredEvent::Changed) => believed = true,
                    Some(FilteredEvent::Removed) => believed = false,
                    Some(FilteredEvent::Resync) => prop_assert!(false, "nobody asked for one"),
                    None => {}
                }
                prop_assert_eq!(believed, ready().matches(&after));
                before = Some(after);
            }
        }
    }
}
