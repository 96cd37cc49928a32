//! The grammar that `docs/dependencies.md` publishes: phrases, lists of references and negations.

use super::Reference;
use super::tokens::Token;

/// Words which state that the references after them must be closed first.
struct Phrase {
    /// The words in order, each with its alternatives.
    words: &'static [&'static [&'static str]],
    place: PhrasePosition,
    scope: PhraseScope,
}

/// Where a phrase is recognised.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PhrasePosition {
    /// Everywhere.
    Anywhere,
    /// At the beginning of a clause, followed by a colon, a dash or the end of the line.
    Label,
    /// As a label, or at the beginning of a line, whatever follows.
    LineStart,
}

/// What the list after a phrase contains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PhraseScope {
    /// Issues to wait for.
    Blockers,
    /// Issues to wait for, among other things that are needed, such as libraries.
    Needs,
}

/// A phrase precedes those with which it begins.
const PHRASES: [Phrase; 9] = {
    use PhrasePosition::{Anywhere, Label, LineStart};
    use PhraseScope::{Blockers, Needs};
    [
        phrase(Anywhere, Blockers, &[&["blocked"], &["by", "on"]]),
        phrase(Anywhere, Blockers, &[&["depend", "depends"], &["on", "upon"]]),
        phrase(Anywhere, Blockers, &[&["depended", "dependent"], &["on", "upon"]]),
        phrase(Anywhere, Blockers, &[&["dependency", "dependencies"], &["on", "upon"]]),
        phrase(Anywhere, Needs, &[&["require", "requires", "requirements"]]),
        phrase(LineStart, Blockers, &[&["blocking"], &["issue", "issues"]]),
        phrase(Label, Blockers, &[&["blocker", "blockers"]]),
        phrase(Label, Needs, &[&["dependency", "dependencies"]]),
        phrase(Label, Needs, &[&["requirement", "prerequisite", "prerequisites"]]),
    ]
};

const fn phrase(
    place: PhrasePosition,
    scope: PhraseScope,
    words: &'static [&'static [&'static str]],
) -> Phrase {
    Phrase { words, place, scope }
}

/// Words that negate a phrase when they precede it in the same clause; words that end in "n't" do
/// so too.
const NEGATIONS: [&str; 14] = [
    "no", "not", "never", "without", "neither", "nor", "cannot", "none", "nothing", "un", "non",
    "isnt", "dont", "doesnt",
];

/// Words that end a negation: "not urgent but blocked by #5".
const CONNECTIVES: [&str; 10] =
    ["but", "and", "because", "since", "as", "so", "though", "although", "only", "just"];

/// Words that may stand between a phrase and a reference, and before a label.
const DETERMINERS: [&str; 7] = ["the", "these", "following", "other", "both", "either", "open"];

/// What a reference may be called: "blocked by issue #5".
const NOUNS: [&str; 11] = [
    "issue", "issues", "ticket", "tickets", "task", "tasks", "pr", "prs", "pull", "request",
    "requests",
];

/// Words between a phrase and the reference that is its subject: "#8 is also blocked by #5".
const AUXILIARIES: [&str; 12] =
    ["is", "are", "was", "were", "be", "has", "a", "will", "also", "still", "now", "and"];

pub(super) fn is_any(word: &str, words: &[&str]) -> bool {
    words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted))
}

fn is_filler(word: &str) -> bool {
    is_any(word, &DETERMINERS) || is_any(word, &NOUNS)
}

fn is_negation(word: &str) -> bool {
    let ending = word.char_indices().rev().nth(2).map_or("", |(at, _)| &word[at..]);
    is_any(word, &NEGATIONS) || is_any(ending, &["n't", "n’t"])
}

/// References of one list.
pub(super) struct Listed<'g> {
    pub(super) references: Vec<&'g Reference>,
    /// The index of the token after them.
    end: usize,
}

impl<'g> Listed<'g> {
    /// Appends the references that follow these, if there are any.
    fn append(&mut self, next: Listed<'g>) {
        if !next.references.is_empty() {
            self.references.extend(next.references);
            self.end = next.end;
        }
    }
}

/// The part of the current clause before the current token.
struct Clause {
    is_line_start: bool,
    is_denied: bool,
    subject: Subject,
}

/// What a clause has begun with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Nothing that matters.
    Nothing,
    /// A noun, which may introduce a reference: "issue".
    Noun,
    /// Other issues, and nothing else. A phrase that follows refers to them.
    Others,
    /// Something else.
    Words,
}

impl Clause {
    fn new(is_line_start: bool) -> Self {
        Self { is_line_start, is_denied: false, subject: Subject::Nothing }
    }

    fn read_word(&mut self, word: &str) {
        if is_negation(word) {
            self.is_denied = true;
        } else if is_any(word, &CONNECTIVES) {
            self.is_denied = false;
        }
        self.subject = match self.subject {
            Subject::Nothing | Subject::Noun if is_any(word, &NOUNS) => Subject::Noun,
            Subject::Nothing if is_any(word, &DETERMINERS) => Subject::Nothing,
            Subject::Others if is_any(word, &AUXILIARIES) || is_filler(word) => Subject::Others,
            _ => Subject::Words,
        };
    }
}

/// Reads the tokens of one block.
pub(super) struct Grammar<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) own: &'a Reference,
}

impl Grammar<'_> {
    /// The references after phrases, and the scope of a phrase at the end of the block.
    pub(super) fn phrases(&self) -> (Vec<&Reference>, Option<PhraseScope>) {
        let (mut found, mut ending) = (Vec::new(), None);
        let (mut clause, mut at) = (Clause::new(true), 0);
        while at < self.tokens.len() {
            let Some((phrase, end)) = self.phrase_at(at, &clause) else {
                at = self.read_clause(&mut clause, at);
                continue;
            };
            at = end;
            if !clause.is_denied && clause.subject != Subject::Others {
                let mut listed = self.list_after(end);
                if !listed.references.is_empty() {
                    found.append(&mut listed.references);
                    at = listed.end;
                } else if self.is_over(end) {
                    ending = Some(phrase.scope);
                }
            }
            match phrase.place {
                PhrasePosition::Anywhere => clause.subject = Subject::Words,
                // Labels may be joined: "Dependencies and blockers".
                PhrasePosition::Label | PhrasePosition::LineStart => {
                    at = self.skip_joiners(at).unwrap_or(at)
                }
            }
        }
        (found, ending)
    }

    /// Reads a token that begins no phrase, and returns the index of the next.
    fn read_clause(&self, clause: &mut Clause, at: usize) -> usize {
        let is_about_others = clause.subject == Subject::Others;
        match &self.tokens[at] {
            Token::Word(word) => clause.read_word(word),
            Token::Reference(reference) => {
                let is_subject = clause.subject != Subject::Words && reference != self.own;
                clause.subject = if is_subject { Subject::Others } else { Subject::Words };
            }
            Token::Object => clause.subject = Subject::Words,
            Token::Joiner => {}
            Token::Open(Some(close)) if is_about_others => return close + 1,
            Token::Colon | Token::Dash if is_about_others => {}
            token => *clause = Clause::new(matches!(token, Token::Line)),
        }
        at + 1
    }

    /// The phrase that begins here, and the index of the token after it.
    fn phrase_at(&self, at: usize, clause: &Clause) -> Option<(&'static Phrase, usize)> {
        let phrase = PHRASES.iter().find(|phrase| self.says(phrase, at))?;
        let end = at + phrase.words.len();
        let is_start = clause.subject == Subject::Nothing;
        let counts = match phrase.place {
            PhrasePosition::Anywhere => true,
            PhrasePosition::Label => is_start && self.is_label_end(end),
            PhrasePosition::LineStart => {
                is_start && (clause.is_line_start || self.is_label_end(end))
            }
        };
        counts.then_some((phrase, end))
    }

    fn says(&self, phrase: &Phrase, at: usize) -> bool {
        let tokens = self.tokens.get(at..at + phrase.words.len());
        tokens.is_some_and(|tokens| {
            tokens.iter().zip(phrase.words).all(|(token, words)| match token {
                Token::Word(word) => is_any(word, words),
                _ => false,
            })
        })
    }

    /// Whether a label may end here: before a colon, a dash, the end of its line or another phrase.
    fn is_label_end(&self, at: usize) -> bool {
        let at = self.skip_notes(at);
        match self.tokens.get(at) {
            None | Some(Token::Colon | Token::Dash | Token::Line) => true,
            _ => self
                .skip_joiners(at)
                .is_some_and(|next| PHRASES.iter().any(|phrase| self.says(phrase, next))),
        }
    }

    /// Whether the block ends here, apart from tokens that may be between a phrase and its list.
    fn is_over(&self, mut at: usize) -> bool {
        loop {
            at = self.skip_fillers(self.skip_notes(at));
            match self.tokens.get(at) {
                None => return true,
                // "Blocked by: —" means that nothing blocks.
                Some(Token::Dash) if matches!(self.tokens[at - 1], Token::Colon) => return false,
                Some(Token::Colon | Token::Dash | Token::Stop | Token::Line | Token::Close) => {
                    at += 1;
                }
                Some(_) => return false,
            }
        }
    }

    /// The references after a phrase that ends here.
    fn list_after(&self, end: usize) -> Listed<'_> {
        let mut at = end;
        // "Depends on (hard): #5".
        if let Some(Token::Open(Some(close))) = self.tokens.get(at)
            && let Some(Token::Colon | Token::Dash) = self.tokens.get(close + 1)
        {
            at = close + 1;
        }
        let mut is_label = false;
        while let Some(token @ (Token::Colon | Token::Comma)) = self.tokens.get(at) {
            is_label |= matches!(token, Token::Colon);
            at += 1;
        }
        if let Some(Token::Dash) = self.tokens.get(at) {
            at += 1;
        } else if let Some(Token::Line) = self.tokens.get(at) {
            return self.lines_at(self.skip_lines(at), true);
        }
        let mut listed = self.list_at(at);
        while is_label
            && !listed.references.is_empty()
            && let Some(next) = self.after_title(listed.end)
        {
            listed.append(self.list_at(next));
        }
        if !listed.references.is_empty()
            && let Some(Token::Line) = self.tokens.get(listed.end)
        {
            listed.append(self.lines_at(self.skip_lines(listed.end), false));
        }
        listed
    }

    /// Where a list continues whose references have titles: "Blocked by: #5 — parser; #6 — schema".
    fn after_title(&self, start: usize) -> Option<usize> {
        let is_next = |at: usize| {
            matches!(self.tokens.get(at), Some(Token::Comma | Token::Semicolon))
                && matches!(self.tokens.get(self.skip_fillers(at + 1)), Some(Token::Reference(_)))
        };
        let mut at = start;
        if let Some(Token::Dash) = self.tokens.get(at) {
            at += 1;
            while !is_next(at) && !self.ends_title(at) {
                at += 1;
            }
        }
        is_next(at).then_some(at + 1)
    }

    fn ends_title(&self, at: usize) -> bool {
        // Stop at a colon, too: a title is scanned once, though its words may be a label.
        let token = self.tokens.get(at);
        matches!(token, None | Some(Token::Colon | Token::Dash | Token::Stop | Token::Line))
    }

    /// The references at the beginning of this line and of the following lines, up to one that
    /// begins otherwise. Lines that also contain other words count if `may_go_on`.
    pub(super) fn lines_at(&self, start: usize, may_go_on: bool) -> Listed<'_> {
        let mut all = Listed { references: vec![], end: start };
        let mut at = start;
        loop {
            let line = self.list_at(at);
            let is_whole = matches!(self.tokens.get(line.end), None | Some(Token::Line));
            if line.references.is_empty() || !(is_whole || may_go_on) {
                return all;
            }
            at = line.end;
            all.append(line);
            while !matches!(self.tokens.get(at), None | Some(Token::Line)) {
                at += 1;
            }
            at = self.skip_lines(at);
        }
    }

    /// The references of the list that begins here: "issue #5 (note), #6 and #7".
    pub(super) fn list_at(&self, start: usize) -> Listed<'_> {
        let mut listed = Listed { references: vec![], end: start };
        let is_open = matches!(self.tokens.get(start), Some(Token::Open(_)));
        let mut next = Some(start + usize::from(is_open));
        while let Some(at) = next.map(|at| self.skip_fillers(at)) {
            match self.tokens.get(at) {
                Some(Token::Reference(reference)) => listed.references.push(reference),
                Some(Token::Object) => {}
                _ => break,
            }
            listed.end = self.skip_notes(at + 1);
            let is_closed = is_open && matches!(self.tokens.get(listed.end), Some(Token::Close));
            next = self.next_in_list(listed.end + usize::from(is_closed));
        }
        listed
    }

    /// Where the next part of a list may begin after one that ends here.
    fn next_in_list(&self, at: usize) -> Option<usize> {
        match (self.skip_joiners(at), self.tokens.get(at)) {
            (Some(next), _) => Some(self.skip_lines(next)),
            (None, Some(Token::Reference(_))) => Some(at),
            (None, _) => None,
        }
    }

    /// The references of a note that ends the block and contains nothing else: "Add the schema
    /// (#5)".
    pub(super) fn note_at_end(&self) -> Vec<&Reference> {
        let Some(last) = self.tokens.len().checked_sub(1) else { return vec![] };
        let is_note = |token: &Token<'_>| matches!(token, Token::Open(Some(end)) if *end == last);
        let listed = self.tokens.iter().position(is_note).map(|at| self.list_at(at));
        listed
            .filter(|listed| listed.end == last && !self.is_denied_at_start())
            .map_or(vec![], |listed| listed.references)
    }

    /// Whether the block states that there is nothing to wait for: "None", "N/A".
    pub(super) fn is_denied_at_start(&self) -> bool {
        let first = self.tokens.iter().find_map(|token| match token {
            Token::Word(word) => Some(*word),
            _ => None,
        });
        first.is_some_and(|word| is_negation(word) || is_any(word, &["n", "na"]))
    }

    fn skip_notes(&self, mut at: usize) -> usize {
        while let Some(Token::Open(Some(close))) = self.tokens.get(at) {
            at = close + 1;
        }
        at
    }

    fn skip_fillers(&self, at: usize) -> usize {
        at + self.count(at, |token| matches!(token, Token::Word(word) if is_filler(word)))
    }

    fn skip_lines(&self, at: usize) -> usize {
        at + self.count(at, |token| matches!(token, Token::Line))
    }

    /// Skips the tokens that join two parts of a list; `None` if there are none.
    fn skip_joiners(&self, at: usize) -> Option<usize> {
        let count = self.count(at, |token| match token {
            Token::Comma | Token::Joiner => true,
            Token::Word(word) => is_any(word, &["and", "or"]),
            _ => false,
        });
        (count > 0).then_some(at + count)
    }

    /// The number of consecutive tokens of one kind from here.
    fn count(&self, at: usize, is_it: impl Fn(&Token<'_>) -> bool) -> usize {
        self.tokens.iter().skip(at).take_while(|token| is_it(token)).count()
    }
}
