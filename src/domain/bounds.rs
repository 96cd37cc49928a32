//! Maximum lengths of the texts and lists that callers send, by the argument's name.
//!
//! GraphQL, REST and MCP use the same names of arguments, so one table serves all three. Each
//! transport checks once, where arguments come in. A use case may have a lower maximum for an
//! argument.

use std::collections::HashSet;

/// The default maximum length of a text, in characters.
pub const TEXT: usize = 2000;

/// The default maximum number of values in a list.
pub const LIST: usize = 100;

/// Arguments with another maximum length, in characters.
pub const TEXTS: &[(&str, usize)] = &[
    // These are parts of keys in tables, whose size PostgreSQL limits.
    ("actor", 200),
    ("agent", 200),
    ("agentName", 200),
    ("newAgentName", 200),
    ("idempotencyKey", 200),
    ("requestId", 200),
    // GitHub's own limits are lower.
    ("fullName", 300),
    ("repo", 300),
    ("repoFullName", 300),
    ("repository", 300),
    ("repositories", 300),
    // The maximum length of a comment on GitHub.
    ("body", 65_536),
    ("error", 10_000),
    ("errorMessage", 10_000),
    ("evidence", 10_000),
    ("note", 10_000),
    ("reason", 10_000),
    ("blockedReason", 10_000),
    ("blockerReason", 10_000),
    ("summary", 10_000),
    ("search", 200),
];

/// Lists with another maximum number of values. GitHub allows 100 labels on an issue; one more lets
/// the use case report the excess.
pub const LISTS: &[(&str, usize)] = &[("oldLabels", 200), ("newLabels", 200)];

/// The maximum length of the text that [`plain`] returns, in characters.
const LONGEST_PLAIN: usize = 20_000;

/// The maximum number of different words in a search.
pub const SEARCH_WORDS: usize = 16;

/// The maximum length of an argument, in characters.
pub fn longest(argument: &str) -> usize {
    named(TEXTS, argument).unwrap_or(TEXT)
}

/// The maximum number of values of an argument that is a list.
pub fn most(argument: &str) -> usize {
    named(LISTS, argument).unwrap_or(LIST)
}

fn named(table: &[(&str, usize)], argument: &str) -> Option<usize> {
    table.iter().find(|(name, _)| *name == argument).map(|(_, bound)| *bound)
}

/// A name for people: without the spaces around it, 1 to `longest` characters, all visible.
///
/// # Errors
///
/// What a name must be, as the end of a sentence.
pub fn check_name(name: &str, longest: usize) -> Result<&str, String> {
    let name = name.trim();
    let is_odd = |c: char| c.is_control() || is_invisible(c);
    if name.is_empty() || name.chars().count() > longest || name.contains(is_odd) {
        return Err(format!("must have 1 to {longest} characters, all of them visible"));
    }
    Ok(name)
}

/// Checks that a text may be the value of an argument.
///
/// # Errors
///
/// The reason, as the end of a sentence that begins with the argument's name: the text is too long,
/// or has a character that PostgreSQL cannot store or that controls a terminal.
pub fn check_text(argument: &str, text: &str) -> Result<(), String> {
    let longest = longest(argument);
    // A character has at most four bytes.
    if text.len() > longest && text.chars().nth(longest).is_some() {
        return Err(format!("must have at most {longest} characters"));
    }
    if let Some(control) = text.chars().find(|c| is_control(*c)) {
        return Err(refusal_of(control));
    }
    if argument == "search" && text.split_whitespace().collect::<HashSet<_>>().len() > SEARCH_WORDS
    {
        return Err(format!("must have at most {SEARCH_WORDS} different words"));
    }
    Ok(())
}

/// Checks that a list of this length may be the value of an argument.
///
/// # Errors
///
/// See [`check_text`].
pub fn check_list(argument: &str, length: usize) -> Result<(), String> {
    let most = most(argument);
    if length > most { Err(format!("must have at most {most} values")) } else { Ok(()) }
}

/// Whether a list has a value more than once.
pub fn has_repeats<Item: Eq + std::hash::Hash>(list: &[Item]) -> bool {
    let mut seen = HashSet::new();
    !list.iter().all(|item| seen.insert(item))
}

/// Whether a character is a control character: C0 and C1 except tab and line ends.
pub fn is_control(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

/// Whether a character is invisible or changes the direction of the text after it.
///
/// These are direction marks, spaces without width, and tags. A text may contain them. A name may
/// not, because it could imitate another name. Terminals get them only as escapes.
pub fn is_invisible(character: char) -> bool {
    is_control(character)
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2800}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d159}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text without characters that cannot be stored, with uniform line ends and a limited length.
pub fn plain(text: &str) -> String {
    let text = text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n");
    text.trim().chars().take(LONGEST_PLAIN).collect()
}

/// The result of [`plain`] on one line, for use in a sentence.
pub fn plain_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text that is safe to print on a terminal: invisible characters ([`is_invisible`]) and carriage
/// returns become JSON escapes, so JSON stays equivalent.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) || character == '\r' {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

fn refusal_of(control: char) -> String {
    match control {
        '\0' => "must not contain a NUL character".to_owned(),
        other => format!("must not contain the control character U+{:04X}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_in_characters() {
        assert_eq!(check_text("lane", &"é".repeat(TEXT)), Ok(()));
        let refused = check_text("lane", &"é".repeat(TEXT + 1)).unwrap_err();
        assert_eq!(refused, "must have at most 2000 characters");
        assert_eq!(check_text("body", &"x".repeat(65_536)), Ok(()));
        assert!(check_text("body", &"x".repeat(65_537)).is_err());
    }

    #[test]
    fn control_characters_are_refused_but_those_of_a_text() {
        assert_eq!(check_text("summary", "one\r\n\ttwo é 👩\u{200d}💻"), Ok(()));
        for (text, why) in [
            ("a\0b", "must not contain a NUL character"),
            ("\u{1b}[2J", "must not contain the control character U+001B"),
            ("\u{7f}", "must not contain the control character U+007F"),
            ("\u{9b}31m", "must not contain the control character U+009B"),
        ] {
            assert_eq!(check_text("summary", text).unwrap_err(), why);
        }
    }

    #[test]
    fn a_terminal_is_shown_no_character_that_it_obeys_or_hides() {
        let raw = "a\u{202e}b\u{200b}c\u{9b}31m\u{1b}[2J\u{e0041}\n\t計é";
        let shown = visible(raw);
        assert_eq!(shown, "a\\u202eb\\u200bc\\u009b31m\\u001b[2J\\udb40\\udc41\n\t計é");
        let json = serde_json::to_string(raw).unwrap();
        assert_eq!(serde_json::from_str::<String>(&visible(&json)).unwrap(), raw);
    }

    #[test]
    fn a_search_has_few_words_and_a_list_few_values() {
        let words = |count: usize| (0..count).map(|n| format!("w{n} ")).collect::<String>();
        assert_eq!(check_text("search", &words(SEARCH_WORDS)), Ok(()));
        assert_eq!(check_text("search", &"same ".repeat(40)), Ok(()));
        assert!(check_text("search", &words(SEARCH_WORDS + 1)).is_err());
        assert!(check_text("search", &"x".repeat(201)).is_err());
        assert_eq!(check_list("labels", LIST), Ok(()));
        assert_eq!(check_list("labels", LIST + 1).unwrap_err(), "must have at most 100 values");
        assert_eq!(check_list("newLabels", 200), Ok(()));
    }
}
