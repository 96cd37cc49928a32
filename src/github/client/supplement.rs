//! Fields that GitHub has only since lately: a server that lacks one is asked without it.
//!
//! Such a field has a line of its own in its document, with the comment `# supplement`. A line with
//! the comment `# without NAME` is sent instead of it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::github::error::Error;

/// The comment at the end of lines of a document with a field of the supplement.
const SUPPLEMENT: &str = "# supplement";

/// The comment at the end of lines that replace a field of the supplement, before its name.
const WITHOUT: &str = "# without ";

/// The body of a request for a GitHub that lacks some fields of the supplement.
pub(super) fn body_of(
    operation_name: &str,
    query: &str,
    variables: &impl serde::Serialize,
    lacking: &BTreeSet<String>,
) -> bytes::Bytes {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RequestBody<'a, V> {
        variables: &'a V,
        query: Cow<'a, str>,
        operation_name: &'a str,
    }
    let query =
        if query.contains(SUPPLEMENT) { as_sent(query, lacking).into() } else { query.into() };
    let body = serde_json::to_vec(&RequestBody { variables, query, operation_name })
        .expect("variables are strings, numbers and lists");
    bytes::Bytes::from(body)
}

/// A document without the fields that a GitHub lacks, and with their replacements.
fn as_sent(document: &str, lacking: &BTreeSet<String>) -> String {
    let is_sent = |line: &&str| match line.split_once(WITHOUT) {
        Some((_, field)) => lacking.contains(field),
        None => !lacking.iter().any(|field| is_supplement(line, field)),
    };
    document.lines().filter(is_sent).collect::<Vec<_>>().join("\n")
}

/// Whether a line of a document has this field of the supplement.
pub(super) fn is_supplement(line: &str, field: &str) -> bool {
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.ends_with(SUPPLEMENT) && line.split(|c| !is_part_of_name(c)).any(|word| word == field)
}

/// The field or type because of which GitHub rejected a document, since it does not have it, or does
/// not have its argument.
pub(super) fn lacking_field(error: &Error) -> Option<&str> {
    let Error::Refused { message, .. } = error else { return None };
    if let Some(rest) = message.strip_prefix("No such type ") {
        return rest.split_once(',').map(|(name, _)| name);
    }
    let (field, what) = message.strip_prefix("Field '")?.split_once("' doesn't ")?;
    (what.starts_with("exist on type") || what.starts_with("accept argument")).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_sent_without_what_a_server_lacks_and_with_what_stands_in_for_it() {
        let document = "a\n  b: newer(first: 1) { c } # supplement\n  d # without newer\n  newest # supplement";
        let body = |lacking: &[&str]| {
            as_sent(document, &lacking.iter().map(|field| (*field).to_owned()).collect())
        };
        assert_eq!(body(&[]), "a\n  b: newer(first: 1) { c } # supplement\n  newest # supplement");
        assert_eq!(body(&["newer"]), "a\n  d # without newer\n  newest # supplement");
        assert_eq!(body(&["newest"]), "a\n  b: newer(first: 1) { c } # supplement");
        assert_eq!(body(&["newer", "newest"]), "a\n  d # without newer");
    }
}
