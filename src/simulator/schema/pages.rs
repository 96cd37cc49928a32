//! Sizes and cursors of pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::simulator::repository::UpdatePosition;

pub(super) fn size(first: Option<i32>) -> usize {
    first.and_then(|first| usize::try_from(first).ok()).unwrap_or_default()
}

/// GitHub's cursors contain the sort key, so a page continues where the previous one ended even if
/// that issue has moved since.
pub(super) fn cursor((updated_at, number): UpdatePosition) -> String {
    BASE64.encode(format!("cursor:v2:{}:{number}", updated_at.timestamp()))
}

pub(super) fn position(cursor: &str) -> Option<UpdatePosition> {
    let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
    let (secs, number) = text.strip_prefix("cursor:v2:")?.split_once(':')?;
    Some((chrono::DateTime::from_timestamp(secs.parse().ok()?, 0)?, number.parse().ok()?))
}
