//! Reading how work is handed out: limits, what age is worth, what is kept of decisions.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reader::SettingsReader;
use super::{QueueConfig, days, entries, settings, truth, whole_number};
use crate::domain::backoff::USUAL_ATTEMPTS;
use crate::domain::limits::ClaimLimits;
use crate::domain::ranking::Aging;

/// The most that a limit may be.
const MOST: i64 = 1_000_000;

pub(super) fn read(reader: &mut SettingsReader<'_>) -> QueueConfig {
    let usual = Aging::default();
    let days_per_tier =
        whole_number(reader, &settings::DISPATCH_QUEUE_AGING_DAYS_PER_TIER, 1, 3650);
    let max_tiers = whole_number(reader, &settings::DISPATCH_QUEUE_AGING_MAX_TIERS, 0, 4);
    let (per_lane, lanes) =
        reader.parsed(&settings::DISPATCH_MAX_IN_PROGRESS_PER_LANE, per_lane).unwrap_or_default();
    let retention = days(reader, &settings::DISPATCH_DECISION_RETENTION_DAYS).unwrap_or(30);
    let stuck =
        whole_number(reader, &settings::DISPATCH_STUCK_AFTER_MINUTES, 1, 100_000).unwrap_or(60);
    let meant = whole_number(reader, &settings::DISPATCH_MEANT_FOR_HOURS, 1, 100_000).unwrap_or(72);
    let resume = reader.parsed(&settings::DISPATCH_RESUME_HELD_WORK, truth).unwrap_or_default();
    QueueConfig {
        resume,
        limits: ClaimLimits {
            per_agent: limit(reader, &settings::DISPATCH_MAX_IN_PROGRESS_PER_AGENT),
            per_repository: limit(reader, &settings::DISPATCH_MAX_IN_PROGRESS_PER_REPOSITORY),
            per_lane,
            lanes,
            waiting: limit(reader, &settings::DISPATCH_MAX_WAITING_FOR_HUMAN),
        },
        aging: Aging {
            days_per_tier: days_per_tier.unwrap_or(usual.days_per_tier),
            max_tiers: max_tiers.unwrap_or(usual.max_tiers),
        },
        by_unblocks: reader.parsed(&settings::DISPATCH_RANK_UNBLOCKS, truth).unwrap_or(true),
        decision_retention: Duration::from_secs(86_400 * u64::from(retention)),
        stuck_after: Duration::from_secs(60 * stuck),
        meant_for: Duration::from_secs(3600 * meant),
        max_attempts: whole_number(reader, &settings::DISPATCH_MAX_ATTEMPTS, 1, 1000)
            .unwrap_or(USUAL_ATTEMPTS),
        rest_serves_peoples: reader
            .parsed(&settings::DISPATCH_REST_SERVES_PEOPLES_WORK, truth)
            .unwrap_or_default(),
    }
}

fn limit(reader: &mut SettingsReader<'_>, setting: &settings::Setting) -> Option<i64> {
    whole_number(reader, setting, 1, MOST)
}

/// One number for every lane, numbers by lane, or both.
fn per_lane(text: &str) -> Result<(Option<i64>, BTreeMap<String, i64>), String> {
    let number = |text: &str| {
        let number = text.trim().parse().ok().filter(|number| (1..=MOST).contains(number));
        number.ok_or_else(|| format!("has {text:?}, which is not a whole number from 1 to {MOST}"))
    };
    let (mut each, mut lanes) = (None, BTreeMap::new());
    for entry in entries(text) {
        match entry.rsplit_once('=') {
            Some((lane, limit)) => {
                lanes.insert(lane.trim().to_owned(), number(limit)?);
            }
            None => each = Some(number(&entry)?),
        }
    }
    Ok((each, lanes))
}
