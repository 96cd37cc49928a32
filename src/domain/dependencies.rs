//! What an issue's text says it waits for: "blocked by #5 and acme/tools#7".

use std::collections::BTreeSet;
use std::ops::Range;

use super::names::FullName;

/// Another issue, as a text names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The full name of its repository, in lower case.
    pub repository: String,
    /// Its number there.
    pub number: i32,
}

/// Words that say that what follows has to come first. Each is a row of words, each word with its
/// alternatives.
const PHRASES: [&[&[&str]]; 6] = [
    &[&["blocked"], &["by", "on"]],
    &[&["blocking"], &["issue", "issues"]],
    &[&["depend", "depends"], &["on", "upon"]],
    &[&["depended", "dependency", "dependencies"], &["on"]],
    &[&["require", "requires"]],
    &[&["requirements"]],
];

/// Words that turn a phrase into its opposite, when they stand before it in the same clause.
const NEGATIONS: [&str; 7] = ["no", "not", "never", "without", "neither", "nor", "cannot"];

/// How many references of one text count.
const MOST: usize = 50;

/// Bytes before the number of a reference: the longest names of GitHub, and the address of one.
const LONGEST_NAME: usize = 512;

/// Every issue that a text says its own issue, of `own` and `number`, waits for. What it says in
/// code blocks does not count, nor what it denies.
pub fn references(text: &str, own: &FullName, number: i32) -> BTreeSet<Reference> {
    let text = without_code(text);
    let words = words(&text);
    let mut found = BTreeSet::new();
    let (mut is_denied, mut end) = (false, 0);
    for (at, word) in words.iter().enumerate() {
        is_denied &= !ends_clause(&text[end..word.start]);
        let phrase = PHRASES.iter().find_map(|phrase| phrase_at(&text, &words[at..], phrase));
        if let Some(end) = phrase.filter(|_| !is_denied) {
            found.extend(list_at(&text[end..], own));
        }
        is_denied = denies(&text[word.clone()]).unwrap_or(is_denied);
        end = word.end;
    }
    found.remove(&Reference { repository: own.key(), number });
    found.into_iter().take(MOST).collect()
}

/// The text with fenced code blanked out.
fn without_code(text: &str) -> String {
    let mut is_code = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        if !is_code && !is_fence {
            kept.push_str(line);
        }
        is_code ^= is_fence;
        kept.push('\n');
    }
    kept
}

/// Where the words of a text are; an apostrophe is part of one.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| is_part(*c)) {
        match words.last_mut() {
            Some(word) if word.end == at => word.end = at + c.len_utf8(),
            _ => words.push(at..at + c.len_utf8()),
        }
    }
    words
}

/// Where a phrase ends that begins with the first of these words.
fn phrase_at(text: &str, words: &[Range<usize>], phrase: &[&[&str]]) -> Option<usize> {
    let found = words.get(..phrase.len())?;
    let is_said = |(word, any): (&Range<usize>, &&[&str])| {
        any.iter().any(|wanted| text[word.clone()].eq_ignore_ascii_case(wanted))
    };
    let is_gap = |pair: &[Range<usize>]| {
        let between = &text[pair[0].end..pair[1].start];
        between.chars().all(|c| c.is_whitespace() || "-*_".contains(c))
    };
    (found.iter().zip(phrase).all(is_said) && found.windows(2).all(is_gap))
        .then(|| found[found.len() - 1].end)
}

/// Whether what stands between two words ends a clause, and with it a denial.
fn ends_clause(between: &str) -> bool {
    between.contains(['.', ',', ';', ':', '!', '?', '\n', '(', ')'])
}

/// Whether phrases behind a word, in the same clause, are denied; `None` when it does not say.
fn denies(word: &str) -> Option<bool> {
    let said = word.to_lowercase().replace('’', "'");
    match said.as_str() {
        "but" => Some(false),
        word if NEGATIONS.contains(&word) || word.ends_with("n't") => Some(true),
        _ => None,
    }
}

/// The references that a text begins with.
fn list_at(mut text: &str, own: &FullName) -> Vec<Reference> {
    let mut found = Vec::new();
    text = text.trim_start_matches(|c: char| c.is_whitespace() || ":*_".contains(c));
    for word in ["issues", "issue"] {
        if let Some((said, rest)) = text.split_at_checked(word.len())
            && said.eq_ignore_ascii_case(word)
        {
            text = rest.trim_start();
            break;
        }
    }
    while let Some((reference, rest)) = reference_at(text, own) {
        found.push(reference);
        text = rest;
        loop {
            let rest = text.trim_start_matches(|c: char| c.is_whitespace() || ",&+/".contains(c));
            let rest = match rest.split_at_checked(3) {
                Some((and, rest)) if and.eq_ignore_ascii_case("and") => rest,
                _ => rest,
            };
            if rest.len() == text.len() {
                break;
            }
            text = rest;
        }
    }
    found
}

/// The reference that a text begins with, and what comes behind it.
fn reference_at<'a>(text: &'a str, own: &FullName) -> Option<(Reference, &'a str)> {
    // A text without a number would be searched to its end once for each phrase.
    let beginning = &text.as_bytes()[..text.len().min(LONGEST_NAME)];
    let (repository, rest) = if let Some(rest) = text.strip_prefix('#') {
        (own.key(), rest)
    } else if text.starts_with("https://") || text.starts_with("http://") {
        let path = text.split_once("://")?.1.split_once('/')?.1;
        let (owner, rest) = path.split_once('/')?;
        let (name, rest) = rest.split_once('/')?;
        (format!("{owner}/{name}"), rest.strip_prefix("issues/")?)
    } else {
        let (name, rest) =
            text.split_at_checked(beginning.iter().position(|byte| *byte == b'#')?)?;
        (name.to_owned(), &rest[1..])
    };
    let repository = repository.parse::<FullName>().ok()?.key();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..end].parse().ok().filter(|number| *number > 0)?;
    Some((Reference { repository, number }, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let own: FullName = "Acme/Tools".parse().expect("well formed");
        let spelled =
            |reference: &Reference| format!("{}#{}", reference.repository, reference.number);
        references(text, &own, 1).iter().map(spelled).collect()
    }

    #[test]
    fn each_phrase_leads_to_its_list() {
        for phrase in [
            "Blocked by",
            "blocked on",
            "Blocking issue",
            "depends on",
            "Depend upon",
            "depended on",
            "has a dependency on",
            "dependencies on",
            "requires",
            "Requirements:",
            "**Blocked by:**",
            "blocked-by issue",
        ] {
            assert_eq!(found(&format!("This is {phrase} #5.")), ["acme/tools#5"], "{phrase}");
        }
    }

    #[test]
    fn a_list_has_many_forms() {
        let all = ["acme/tools#5", "acme/tools#6", "acme/tools#7", "o/r#8"];
        assert_eq!(found("Depends on #5, #6 and #7 / o/r#8"), all);
        assert_eq!(found("blocked by #5 & #6 + #7, and https://github.com/O/R/issues/8"), all);
        assert_eq!(found("Blocked by\n#5\n#6 #7 o/r#8"), all);
        assert_eq!(found("depends on #5 (see #6)"), ["acme/tools#5"]);
    }

    #[test]
    fn what_is_denied_does_not_count() {
        for text in [
            "not blocked by #5",
            "This is no longer blocked by #5",
            "It doesn't depend on #5",
            "It doesn’t require #5",
            "works without requirements #5",
            "this cannot depend on #5",
            "blocked by neither #5 nor #6",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        let elsewhere = "This is not urgent. Blocked by #5";
        assert_eq!(found(elsewhere), ["acme/tools#5"]);
        assert_eq!(found("not urgent, but blocked by #5"), ["acme/tools#5"]);
    }

    #[test]
    fn what_is_no_reference_is_left_alone() {
        for text in [
            "",
            "#5",
            "see #5",
            "blocked by",
            "blocked by nothing",
            "requires review",
            "blocked by #0",
            "blocked by #99999999999",
            "```\nblocked by #5\n```",
            "blocked by https://github.com/o/r/pull/5",
            "unblocked by #5",
            "Blocked by #1",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    /// With a step for each pair of phrases, these would take hours.
    #[test]
    fn a_text_of_nothing_but_phrases_takes_one_look_at_each() {
        for part in
            ["requires ", "not requires ", "depends on*_", "requires a/", "https://a/ requires "]
        {
            found(&part.repeat(1 << 18));
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "(\\PC|\n|blocked by |#|[0-9]|/|and ){0,60}") {
            found(&text);
        }

        #[test]
        fn every_number_of_a_list_is_found(numbers in prop::collection::btree_set(2..9999, 1..20)) {
            let list: Vec<_> = numbers.iter().map(|number| format!("#{number}")).collect();
            let text = format!("blocked by {}", list.join(", "));
            prop_assert_eq!(found(&text).len(), numbers.len());
        }
    }
}
