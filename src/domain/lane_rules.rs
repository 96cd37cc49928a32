//! Classification of issues into lanes by rules, for issues without another judgement.

use super::labels::LabelSet;
use super::lanes::{Lane, LaneRole, Lanes};
use super::sql_enum::text_enum;
use super::status::Status;

text_enum! {
    /// The confidence of a judgement.
    Confidence,
    /// Sure.
    High = "high",
    /// Fairly sure.
    Medium = "medium",
    /// A guess.
    Low = "low",
}

/// Words that indicate the escalation lane.
const ESCALATION: [&str; 11] = [
    "architecture",
    "design doc",
    "rfc",
    "alternatives",
    "migration strategy",
    "cross-service",
    "distributed system",
    "audit parent",
    "parent issue",
    "umbrella",
    "decomposition",
];

/// The result of the rules for an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifiedLane<'a> {
    /// The lane.
    pub lane: &'a Lane,
    /// The confidence of the rules.
    pub confidence: Confidence,
    /// Why, as one sentence.
    pub reason: String,
}

/// Classifies an issue by its labels and its text.
pub fn classify_lane<'a>(
    lanes: &'a Lanes,
    labels: &LabelSet,
    title: &str,
    body: &str,
) -> ClassifiedLane<'a> {
    let resting_label = [Status::Backlog.label(), "type/research"];
    let resting_label = resting_label.into_iter().find(|label| labels.contains(label));
    if let (Some(lane), Some(label)) = (lanes.resting(), resting_label) {
        let reason = format!("The issue has the label {label}");
        return ClassifiedLane { lane, confidence: Confidence::High, reason };
    }
    let text = format!("{title}\n{body}").to_lowercase();
    let word = ESCALATION.into_iter().find(|word| has_word(&text, word));
    let (lane, reason) = match (lanes.playing(LaneRole::Escalation), word) {
        (Some(lane), Some(word)) => (lane, format!("The issue speaks of \"{word}\"")),
        _ => (lanes.start(), "Nothing in the issue asks for another lane".to_owned()),
    };
    ClassifiedLane { lane, confidence: Confidence::Medium, reason }
}

/// Whether a text contains a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn lanes() -> Lanes {
        let lane = |id: &str, claimable, role| Lane {
            id: id.to_owned(),
            title: id.to_owned(),
            claimable,
            role,
            description: None,
            color: None,
            default_agent: None,
        };
        let all = vec![
            lane("local", true, Some(LaneRole::Default)),
            lane("frontier", true, Some(LaneRole::Escalation)),
            lane("backlog", false, None),
        ];
        Lanes::new(all, BTreeMap::new()).unwrap()
    }

    #[test]
    fn the_rules_look_at_labels_then_at_words() {
        let lanes = lanes();
        let of = |labels: LabelSet, title: &str, body: &str| {
            let judged = classify_lane(&lanes, &labels, title, body);
            (judged.lane.id.clone(), judged.confidence)
        };
        let none = LabelSet::default;
        let (high, medium) = (Confidence::High, Confidence::Medium);
        assert_eq!(of(["type/research"].into(), "RFC", ""), ("backlog".to_owned(), high));
        assert_eq!(of(["status/backlog"].into(), "Fix", ""), ("backlog".to_owned(), high));
        assert_eq!(of(none(), "Write an RFC", ""), ("frontier".to_owned(), medium));
        assert_eq!(of(none(), "Fix", "The Cross-Service one"), ("frontier".to_owned(), medium));
        assert_eq!(of(none(), "The perfc tool", "architectures"), ("local".to_owned(), medium));
        let two = Lanes::default();
        assert_eq!(
            classify_lane(&two, &none(), "RFC", "").lane.id,
            "default",
            "nowhere to escalate to"
        );
    }
}
