//! Comparison of label names.
//!
//! GitHub ignores the case of labels: a repository has one label of a name, and any spelling finds it.
//! So labels are compared without case everywhere, and shown and removed in GitHub's own spelling.

/// Whether two names are the same label on GitHub, or the same agent: equal except for case.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

/// The form for comparisons: lower case, as PostgreSQL's `lower`.
pub fn key(name: &str) -> String {
    folded(name).collect()
}

/// Folds each letter on its own, so that the result does not depend on the letters around it.
fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().flat_map(char::to_lowercase)
}

/// The name without a prefix, whose case is ignored.
pub fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Whether a label starts with a prefix, whose case is ignored.
pub fn has_prefix(name: &str, prefix: &str) -> bool {
    strip_prefix(name, prefix).is_some()
}
