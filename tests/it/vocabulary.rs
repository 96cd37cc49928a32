//! The words of the project are those of the field, so that a search for a term finds the code.

use std::fs;
use std::path::{Path, PathBuf};

/// Metaphors and private wording that must not return, each with the term to use.
const BANNED: &[(&str, &str)] = &[
    ("a door", "a transport"),
    ("this door", "this transport"),
    ("the doors", "the transports, the middleware"),
    ("floors", "layers"),
    ("the house", "the code"),
    ("this room", "this module"),
    ("the bell", "the notification"),
    ("the hub", "the multiplexer"),
    ("sign of life", "heartbeat"),
    ("signs of life", "heartbeats"),
    ("what came of", "the result of"),
    ("is told what", "receives what"),
    ("agents of old", "existing agents"),
    ("to the letter", "exactly"),
    ("turned away", "rejected"),
    ("neighbours", "human activity"),
    ("anew", "again"),
    ("as the service tells", "as the service reports"),
    ("brought along", "loaded with"),
    ("comes to nothing", "fails"),
    ("full pass", "full sync"),
    ("hangs on", "belongs to"),
    ("has its say", "is called"),
    ("is told of", "receives"),
    ("kept true", "updated live"),
    ("nobody can tell", "it is unknown"),
    ("on the scales", "being measured"),
    ("stand beside", "are shown next to"),
    ("stands beside", "is shown next to"),
    ("tell of", "report"),
    ("tells of", "reports"),
    ("told of", "notified of"),
    ("what people tell", "messages"),
    ("whoever asks", "the caller"),
    ("whoever asked", "the caller"),
    ("without a word", "silently"),
];

/// Files that are not checked: this list, and what is generated from comments of migrations.
const LEFT_OUT: &[&str] = &["src/store/schema.rs", "tests/it/vocabulary.rs"];

fn pages(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, endings, found);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one)) {
            found.push(path);
        }
    }
}

#[test]
fn metaphors_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md"), root.join("schema.graphql")];
    found.extend(["AGENTS.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|page| root.join(page)));
    for folder in ["src", "tests/it", "benches", "web/src", "web/e2e", "docs"] {
        pages(&root.join(folder), &["rs", "ts", "tsx", "md"], &mut found);
    }
    assert!(found.len() > 400, "{} pages", found.len());
    for page in found {
        if LEFT_OUT.iter().any(|one| page.ends_with(one)) {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap().to_lowercase();
        for (line, text) in text.lines().enumerate() {
            for (banned, term) in BANNED {
                let is_word = |at: usize| {
                    let before = text[..at].chars().next_back();
                    let after = text[at + banned.len()..].chars().next();
                    !before.into_iter().chain(after).any(char::is_alphanumeric)
                };
                let is_there = text.match_indices(banned).any(|(at, _)| is_word(at));
                let place = format!("{}:{}", page.display(), line + 1);
                assert!(!is_there, "{place}: write `{term}` for `{banned}`");
            }
        }
    }
}
