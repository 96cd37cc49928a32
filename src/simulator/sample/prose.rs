//! Invented titles and texts.

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

/// Titles in addition to the real ones, so that every repository has enough issues.
pub(super) const TITLES: [&str; 24] = [
    "Ledger rounds half a cent in the wrong direction on refunds",
    "Statement export forgets the last day of February",
    "Keep the pool warm over lunch",
    "Gateway: answer with the request id when GraphQL is too deep",
    "Retry budget per caller, not per process",
    "Storefront: price flickers while the React island wakes up",
    "Remember the basket when the session expires",
    "Orchard: drain a pod before its volume is unmounted",
    "Show why a container was evicted, in words",
    "Nightly pipeline takes 40 minutes, 31 of them in one job",
    "Workflow for release notes skips commits by bots",
    "Codec: accept an enum variant that is newer than we are",
    "Fuzz the flatten path",
    "Toolbelt: `bw label sync` should say what it would do first",
    "Shell completion for the cli forgets the subcommands",
    "Runtime: count what is still running at shutdown",
    "A panic in a timer takes its whole wheel along",
    "Handbook: how we write a post-mortem",
    "Handbook: who is on call in August?",
    "Rotate the signing keys before the audit",
    "Find out why the search is slow on Mondays",
    "Accessibility: the board cannot be used with a screen reader",
    "Dark mode prints a black page",
    "Translate the error pages",
];

/// Titles of pull requests, which boards must not show.
pub(super) const PULL_REQUESTS: [&str; 6] = [
    "Bump the dependencies",
    "Fix a typo in the handbook",
    "Draft: try another allocator",
    "Remove the feature flag of last spring",
    "Test the export on a leap year",
    "Revert \"Remove the feature flag of last spring\"",
];

/// Texts of comments.
const REMARKS: [&str; 12] = [
    "I can reproduce this on the current release.",
    "Same here. It began after the upgrade of last week.",
    "Workaround until this is fixed: set the timeout to `30s` and restart.",
    "Could somebody attach the log from before it happens?",
    "> I can see it here too\n\nWith the same version, or a newer one?",
    "I had a look. The cause is in the retry: it counts *attempts*, not time.",
    "Please keep the old behaviour behind a setting; two customers rely on it.",
    "Measured:\n\n| version | p50 | p99 |\n|---|---|---|\n| 4.1 | 12 ms | 90 ms |\n| 4.2 | 14 ms | 2.1 s |",
    "```\nError: connection closed before message completed\n    at pool.rs:214\n```",
    "- [x] test that fails\n- [x] fix\n- [ ] line in the changelog",
    "Not a priority for us any more, but still broken.",
    "Thanks! That solved it for me.",
];

/// A random comment.
pub(super) fn remark(rng: &mut StdRng) -> String {
    (*REMARKS.choose(rng).expect("there are some")).to_owned()
}

const OPENINGS: [&str; 8] = [
    "This has been coming up since the last release, about twice a week.",
    "A customer ran into this; I can see it here too.",
    "Not urgent, but it wastes everybody's time.",
    "I thought we had fixed this last year.",
    "Found while looking for something else.",
    "Happens on every machine but mine.",
    "We promised this for the end of the quarter.",
    "An agent reported this while it was working next door.",
];

const STEPS: [&str; 8] = [
    "start from an empty folder",
    "open the page twice, in two windows",
    "wait until the first request has timed out",
    "pull the plug (or `kill -9`)",
    "change the name to something with an umlaut",
    "run it again without the cache",
    "look at the log, then at the clock",
    "go back with the browser's button",
];

const EXPECTATIONS: [&str; 6] = [
    "It says what went wrong, and what to do about it.",
    "Nothing happens at all.",
    "The number is the same in both places.",
    "It is done within a second.",
    "The second attempt succeeds.",
    "Nobody is woken up at night.",
];

const TASKS: [&str; 8] = [
    "write a test that fails",
    "measure before and after",
    "ask whoever wrote it",
    "mend it",
    "say so in the changelog",
    "tell the customer",
    "remove the workaround",
    "close the duplicates",
];

/// A random issue text in Markdown; sometimes none.
pub(super) fn body(title: &str, rng: &mut StdRng) -> String {
    let mut some = |words: &[&str], many: usize| {
        let mut words: Vec<_> =
            words.choose_multiple(rng, many).map(|word| (*word).to_owned()).collect();
        words.shuffle(rng);
        words
    };
    let opening = some(&OPENINGS, 1).concat();
    let steps = some(&STEPS, 3);
    let expected = some(&EXPECTATIONS, 1).concat();
    let tasks = some(&TASKS, 4);
    let list = |lines: &[String], mark: &str| {
        lines.iter().map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    match rng.random_range(0..10_u32) {
        0 => String::new(),
        1..=2 => opening,
        3..=6 => format!(
            "{opening}\n\n### Steps\n\n{}\n### Expected\n\n{expected}\n\n### Instead\n\n> {title}\n",
            list(&steps, "1.")
        ),
        _ => format!("{opening}\n\n{expected}\n\n### To do\n\n{}", list(&tasks, "- [ ]")),
    }
}
