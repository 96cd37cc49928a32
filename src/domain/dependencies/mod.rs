//! Reads from an issue's body which issues it waits for: "Blocked by #5 and acme/tools#7".
//!
//! [`reader`] parses the body as GitHub's Markdown and turns each block (a paragraph, a heading, the
//! text of a list item, a table cell) into plain text. [`tokens`] splits that text, and [`grammar`]
//! finds phrases and the references behind them, one block at a time.
//! `docs/dependencies.md` publishes the grammar; its examples are tests of this module.
//!
//! Invariant: every step takes time in proportion to the length of the body.

mod grammar;
mod reader;
mod tokens;

use std::collections::BTreeSet;

use pulldown_cmark::{Options, Parser};

use self::reader::DependencyReader;
use super::names::FullName;

/// An issue or pull request that a text names. GitHub numbers both in one sequence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The full name of its repository, in lower case.
    pub repository: String,
    /// Its number there.
    pub number: i32,
}

/// How many references of one text count: the first ones.
const MOST: usize = 50;

/// The issues that a body says its own issue waits for.
///
/// `own` and `number` name the issue itself, which is never among them. `host` is the host of
/// GitHub's pages in lower case, such as `github.com`; addresses on other hosts name no issue.
pub fn references(text: &str, own: &FullName, number: i32, host: &str) -> BTreeSet<Reference> {
    let own = Reference { repository: own.key(), number };
    let mut reader = DependencyReader::new(&own, host);
    // GitHub renders these extensions of CommonMark, and they change what a text says.
    let extensions = Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(text, extensions) {
        reader.read(event);
    }
    reader.found
}

#[cfg(test)]
mod tests {
    use std::mem;

    use proptest::prelude::*;
    use pulldown_cmark::{Event, Tag, TagEnd};

    use super::*;

    const HOST: &str = "github.com";

    fn found_on(host: &str, text: &str) -> Vec<String> {
        let own: FullName = "Acme/Tools".parse().expect("well formed");
        let spelled =
            |reference: &Reference| format!("{}#{}", reference.repository, reference.number);
        references(text, &own, 1, host).iter().map(spelled).collect()
    }

    fn found(text: &str) -> Vec<String> {
        found_on(HOST, text)
    }

    /// A cell of a published table.
    #[derive(Debug, Default)]
    struct Cell {
        text: String,
        code: Vec<String>,
    }

    /// The rows of the last table of the published grammar.
    fn published_rows() -> Vec<Vec<Cell>> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dependencies.md");
        let page = std::fs::read_to_string(path).expect("the grammar is published");
        let (mut rows, mut cell) = (Vec::<Vec<Cell>>::new(), Cell::default());
        for event in Parser::new_ext(&page, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Table(_)) => rows.clear(),
                Event::Start(Tag::TableRow) => rows.push(vec![]),
                Event::Start(Tag::TableCell) => cell = Cell::default(),
                Event::Text(text) => cell.text.push_str(&text),
                Event::Code(code) => cell.code.push(code.to_string()),
                Event::End(TagEnd::TableCell) => {
                    rows.last_mut().into_iter().for_each(|row| row.push(mem::take(&mut cell)));
                }
                _ => {}
            }
        }
        rows
    }

    #[test]
    fn the_published_examples_hold() {
        let own: FullName = "acme/widgets".parse().expect("well formed");
        let spelled = |reference: &Reference| match reference.repository.as_str() {
            "acme/widgets" => format!("#{}", reference.number),
            repository => format!("{repository}#{}", reference.number),
        };
        let mut read = 0;
        for row in published_rows() {
            let [body, expected] = row.as_slice() else { panic!("{row:?}") };
            let [body] = body.code.as_slice() else { continue };
            assert_eq!(expected.code.is_empty(), expected.text == "nothing", "{body}");
            let found = references(&body.replace('⏎', "\n"), &own, 100, HOST);
            let found: BTreeSet<String> = found.iter().map(spelled).collect();
            assert_eq!(found, expected.code.iter().cloned().collect(), "{body}");
            read += 1;
        }
        assert!(read > 60, "only {read} examples were read");
    }

    #[test]
    fn each_phrase_leads_to_its_list() {
        for phrase in [
            "Blocked by",
            "blocked on",
            "depends on",
            "Depend upon",
            "depended on",
            "is dependent on",
            "has a dependency on",
            "dependencies on",
            "requires",
            "Requirements:",
            "**Blocked by:**",
            "blocked-by issue",
            "_depends_ on",
        ] {
            assert_eq!(found(&format!("This is {phrase} #5.")), ["acme/tools#5"], "{phrase}");
        }
    }

    #[test]
    fn each_label_leads_to_its_list() {
        for label in [
            "Blocking issue",
            "Blocking issues:",
            "The blocking issue",
            "Blocker:",
            "**Blockers:**",
            "**Dependencies**:",
            "Dependency —",
            "Prerequisites (hard):",
            "Requirement\n",
            "Text. Dependencies and blockers:",
            "Blocked by:\nBlocking issue",
        ] {
            assert_eq!(found(&format!("{label} #5")), ["acme/tools#5"], "{label}");
            let heading = format!("## {}\n- #5", label.trim_end());
            assert_eq!(found(&heading), ["acme/tools#5"], "{label}");
        }
        for text in
            ["The dependencies #5", "New blocker: #5", "Dependency of #5", "No blockers: #5"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_list_has_many_forms() {
        let all = ["acme/tools#5", "acme/tools#6", "acme/tools#7", "o/r#8"];
        assert_eq!(found("Depends on #5, #6 and #7 / o/r#8"), all);
        assert_eq!(found("blocked by #5 & #6 + #7, and https://github.com/O/R/issues/8"), all);
        assert_eq!(found("Blocked by\n#5\n#6 #7 o/r#8"), all);
        assert_eq!(found("Blocked by (#5, #6), the tickets #7 or o/r#8"), all);
        assert_eq!(found("Blocked by:\r\n- #5\r\n- #6\r\n- #7\r\n- o/r#8\r\n"), all);
        assert_eq!(found("Blocked by: #5 — a, b; #6 – c, #7 - d; issue o/r#8 — see #9"), all);
        assert_eq!(found("Blocked by：#5（a），#6、#7; o/r#8"), all);
        assert_eq!(found("depends on #5 (see #6)"), ["acme/tools#5"]);
        assert_eq!(found("depends on #5 — see there, #6 is next"), ["acme/tools#5"]);
        assert_eq!(found("depends on #5, not #6"), ["acme/tools#5"]);
        assert_eq!(found("depends on #5.\n#6 is next"), ["acme/tools#5"]);
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
            "un-blocked by #5",
            "Not blocked by:\n- #5",
            "## Not blocked by\n- #5",
            "## No dependencies\n- #5",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        for text in [
            "This is not urgent. Blocked by #5",
            "not urgent, but blocked by #5",
            "not only blocked by #5",
            "not ready and blocked by #5",
            "not started | blocked by #5",
            "~~not~~ blocked by #5",
        ] {
            assert_eq!(found(text), ["acme/tools#5"], "{text}");
        }
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
            "blocked by #5th",
            "blocked by a/b/c#5",
            "blocked by #5_",
            "blocked by foo#5",
            "unblocked by #5",
            "Blocked by #1",
            "Blocked by https://github.com/acme/tools/issues/1",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_phrase_at_the_end_governs_a_list_that_follows_directly() {
        for text in [
            "Blocked by\n\nText\n\n- #5",
            "Blocked by\n\n    code\n\n- #5",
            "Blocked by\n\n***\n\n- #5",
            "Blocked by\n\n> A quote\n\n- #5",
            "## Blocked by\n\n## Blocks\n\n- #5",
            "## Blocked by\n\n***\n\n- #5",
            "## Blocked by\n\nOne.\n\nTwo.\n\n- #5",
            "## Blocked by\n\n> - #5",
            "## Blocked by\n\n- Text\n\n  #5",
            "### Blocked by\n\n_No response_\n\n- #5",
            "Blocked by: —\n\n- #5",
            "- Blocked by\n- #5",
            "| Blocked by | | #5 |\n|-|-|-|",
            "| #5 | Blocked by |\n|-|-|\n| #6 | |",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        for text in [
            "Blocked by\n===\n* #5",
            "Blocked by:\n<!-- a comment -->\n- #5",
            "<h2>Blocked by</h2>\n\n- #5",
            "<details>\n<summary>Blocked by</summary>\n\n- #5\n</details>",
            "- Text\n\n  Blocked by:\n\n  - #5",
            "## Blocked by\n| Issue | Why |\n|-|-|\n| #5 | It blocks #6 |",
            "## 🔗 Dependencies\n- **#5** — text",
            "## 3. Blocked by issues\n- #5",
            "### Blocked by?\n\n- #5",
            "Blocked by\n\n- #5\n\n- Text",
        ] {
            assert_eq!(found(text), ["acme/tools#5"], "{text}");
        }
    }

    #[test]
    fn html_is_read_as_it_is_shown() {
        for text in [
            "<p>Blocked by <b>#5</b></p>",
            "<details>\nBlocked by #5\n</details>",
            "<!-- blockers --> Blocked by #5",
            "Blocked <sub>by</sub> #5",
            "Not urgent<br>blocked by #5",
            "<s>blocked by #6</s>\nblocked by #5",
        ] {
            assert_eq!(found(text), ["acme/tools#5"], "{text}");
        }
        for text in [
            "<pre>\nBlocked by #5\n\nBlocked by #6</pre>",
            "<del>Blocked by #5</del>",
            "Text <code>blocked by #5</code>",
            "Blocked by <a href=\"https://gitlab.com/a/b/issues/5\">#5</a>",
            "<!--\nBlocked by #5\n\nBlocked by #6",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn addresses_count_on_the_own_host_alone() {
        for (host, address, counts) in [
            (HOST, "https://github.com/o/r/issues/5", true),
            (HOST, "HTTP://GitHub.com/o/r/issues/5?a=b#c", true),
            (HOST, "https://www.github.com/o/r/pull/5", true),
            (HOST, "https://ghe.example/o/r/issues/5", false),
            (HOST, "https://github.com.evil.example/o/r/issues/5", false),
            (HOST, "https://github.com@evil.example/o/r/issues/5", false),
            (HOST, "https://github.com/o/r/commit/5", false),
            (HOST, "https://github.com/o/r/issues/new", false),
            (HOST, "https://github.com/issues/5", false),
            ("ghe.example", "https://ghe.example/o/r/issues/5", true),
            ("ghe.example", "https://github.com/o/r/issues/5", false),
        ] {
            let expected = if counts { vec!["o/r#5"] } else { vec![] };
            let link = format!("[#6]({address} \"title\")");
            for form in [address.to_owned(), format!("<{address}>"), format!("({address}),"), link]
            {
                assert_eq!(found_on(host, &format!("Blocked by {form}")), expected, "{form}");
            }
        }
    }

    #[test]
    fn the_first_references_count() {
        let list: Vec<_> = (2..500).rev().map(|number| format!("#{number}")).collect();
        let found = found(&format!("blocked by {}", list.join(", ")));
        assert_eq!(found.len(), MOST);
        assert!(found.contains(&"acme/tools#450".to_owned()), "{found:?}");
    }

    /// With a step for each pair of phrases, each of these would take minutes.
    #[test]
    fn a_text_of_only_phrases_takes_linear_time() {
        for part in [
            "requires ",
            "not requires ",
            "depends on*_",
            "requires a/",
            "https://a/ requires ",
            "requires (",
            "requires #5 (",
            "requires: #5 - x ",
            "requires: #5; ",
            "#5 requires\n",
            "#5 x requires\n",
            "requires the ",
            "dependencies & ",
            "- requires\n",
            "- #5 (\n",
            "<a requires ",
            "<!-- requires ",
            "a/a-",
            "# requires\n",
            "| requires ",
        ] {
            found(&part.repeat(1 << 14));
        }
    }

    /// What random Markdown is made of.
    const PARTS: [&str; 44] = [
        "\n",
        "\n\n",
        "\r\n",
        "- ",
        "  ",
        "    ",
        "> ",
        "> [!NOTE]\n",
        "## ",
        "~~",
        "**",
        "_",
        "`",
        "```\n",
        "| ",
        "|-|-|\n",
        "<!--",
        "-->",
        "<s>",
        "</s>",
        "<p>",
        "[",
        "](",
        ")",
        "(",
        "]",
        "![",
        "[^1]",
        "[^1]: ",
        "blocked by ",
        "blockers",
        ": ",
        ", ",
        "and ",
        "#5",
        " #6",
        "é",
        "\u{fffc}",
        "\u{2028}",
        "’",
        "n't",
        "https://github.com/a/b/issues/7",
        "a/b",
        "***\n",
    ];

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "(\\PC|\n|blocked by |#|[0-9]|/|and ){0,60}") {
            found(&text);
        }

        #[test]
        fn no_markdown_is_too_much(
            parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..60),
        ) {
            prop_assert!(found(&parts.concat()).len() <= MOST);
        }

        #[test]
        fn every_number_of_a_list_is_found(numbers in prop::collection::btree_set(2..9999, 1..20)) {
            let list: Vec<_> = numbers.iter().map(|number| format!("#{number}")).collect();
            let text = format!("blocked by {}", list.join(", "));
            prop_assert_eq!(found(&text).len(), numbers.len());
            let text = format!("## Blocked by\n\n- {}", list.join("\n- "));
            prop_assert_eq!(found(&text).len(), numbers.len());
        }
    }
}
