//! Turns the events of the Markdown parser into blocks, and tracks which phrase governs which list.

use std::collections::BTreeSet;
use std::mem;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::grammar::{Grammar, PhraseScope, is_any};
use super::tokens::{BREAK, Block, OBJECT, reference_of_address, tokens};
use super::{MOST, Reference};

/// The kinds of blocks that the grammar distinguishes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    Heading,
    Cell,
    /// A paragraph or the text of a list item.
    Text,
}

/// A list that is being read.
struct ListContext {
    /// Set when a phrase governs the list: references at the beginning of its items count.
    scope: Option<PhraseScope>,
    /// Whether the item that is being read began with a reference.
    is_item_named: bool,
}

/// The blocks that a heading governs because it ends in a phrase.
#[derive(Clone, Copy)]
struct Section {
    scope: PhraseScope,
    /// Whether no block was read below the heading yet.
    is_new: bool,
}

/// HTML elements whose text does not count.
const HIDDEN_ELEMENTS: [&str; 13] = [
    "a",
    "blockquote",
    "code",
    "del",
    "kbd",
    "pre",
    "s",
    "samp",
    "script",
    "strike",
    "style",
    "textarea",
    "tt",
];

/// HTML elements that are part of a line of text. All others begin a new line.
const INLINE_ELEMENTS: [&str; 15] = [
    "", "b", "big", "em", "font", "i", "img", "ins", "mark", "small", "span", "strong", "sub",
    "sup", "u",
];

/// Collects the references of a body from the events of the Markdown parser.
pub(super) struct DependencyReader<'a> {
    own: &'a Reference,
    host: &'a str,
    pub(super) found: BTreeSet<Reference>,
    block: Block,
    html_block: String,
    /// The number of open elements whose text does not count, such as struck text.
    hidden: usize,
    /// The same for elements that are written as HTML. They end with the block at the latest.
    hidden_html: usize,
    is_link_hidden: bool,
    lists: Vec<ListContext>,
    /// Whether the next block is the first of a list item.
    is_item_start: bool,
    section: Option<Section>,
    /// Set while the last block ended in a phrase, which governs the list or the cell that follows.
    label: Option<PhraseScope>,
}

impl<'a> DependencyReader<'a> {
    pub(super) fn new(own: &'a Reference, host: &'a str) -> Self {
        Self {
            own,
            host,
            found: BTreeSet::new(),
            block: Block::default(),
            html_block: String::new(),
            hidden: 0,
            hidden_html: 0,
            is_link_hidden: false,
            lists: Vec::new(),
            is_item_start: false,
            section: None,
            label: None,
        }
    }

    pub(super) fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(_) => self.object(None),
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => self.line_break(),
            Event::InlineHtml(html) => self.html(&html),
            Event::Html(html) => self.html_block.push_str(&html),
            Event::Rule => {
                self.end_block(BlockKind::Text);
                (self.section, self.label) = (None, None);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Emphasis | Tag::Strong => {}
            Tag::Strikethrough => self.hidden += 1,
            Tag::Link { dest_url, .. } => self.start_link(&dest_url),
            Tag::Image { .. } => {
                self.object(None);
                self.hidden += 1;
            }
            tag => {
                self.end_block(BlockKind::Text);
                self.start_block(&tag);
            }
        }
    }

    fn start_block(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(_) => self.start_list(),
            Tag::Item => {
                self.is_item_start = true;
                self.label = None;
            }
            Tag::TableHead | Tag::TableRow => self.label = self.row_scope(),
            // A quote without a kind repeats earlier text; one with a kind is an alert.
            Tag::CodeBlock(_) | Tag::BlockQuote(None) => {
                self.hidden += 1;
                self.label = None;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong => {}
            TagEnd::Strikethrough | TagEnd::Image => self.hidden -= 1,
            TagEnd::Link => self.hidden -= usize::from(mem::take(&mut self.is_link_hidden)),
            TagEnd::HtmlBlock => {
                let html = mem::take(&mut self.html_block);
                self.html(&html);
                self.end_block(BlockKind::Text);
            }
            TagEnd::Heading(_) => self.end_block(BlockKind::Heading),
            TagEnd::TableCell => self.end_block(BlockKind::Cell),
            TagEnd::TableHead | TagEnd::TableRow => self.label = None,
            TagEnd::CodeBlock | TagEnd::BlockQuote(None) => self.hidden -= 1,
            TagEnd::List(_) => {
                self.lists.pop();
                self.label = None;
            }
            TagEnd::Item => {
                self.end_block(BlockKind::Text);
                self.is_item_start = false;
            }
            _ => self.end_block(BlockKind::Text),
        }
    }

    fn is_hidden(&self) -> bool {
        self.hidden + self.hidden_html > 0
    }

    fn text(&mut self, text: &str) {
        if !self.is_hidden() {
            self.block.text.extend(text.chars().filter(|c| ![OBJECT, BREAK].contains(c)));
        }
    }

    fn line_break(&mut self) {
        self.block.text.push(BREAK);
    }

    fn object(&mut self, named: Option<Reference>) {
        if !self.is_hidden() {
            self.block.text.push(OBJECT);
            self.block.objects.push(named);
        }
    }

    /// A link to an address stands for what the address names. The text of any other link is read.
    fn start_link(&mut self, target: &str) {
        if target.contains("://") || target.starts_with("//") {
            self.object(reference_of_address(target, self.host));
            self.hidden += 1;
            self.is_link_hidden = true;
        }
    }

    /// Reads tags and the text between them. Text in comments is ignored.
    fn html(&mut self, mut html: &str) {
        while let Some((text, rest)) = html.split_once('<') {
            self.text(text);
            let end = if rest.starts_with("!--") { "-->" } else { ">" };
            let (tag, rest) = rest.split_once(end).unwrap_or((rest, ""));
            self.tag(tag);
            html = rest;
        }
        self.text(html);
    }

    fn tag(&mut self, tag: &str) {
        let name = tag.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let name = &name[..end];
        if is_any(name, &HIDDEN_ELEMENTS) {
            match tag.starts_with('/') {
                true => self.hidden_html = self.hidden_html.saturating_sub(1),
                false => self.hidden_html += 1,
            }
        } else if !is_any(name, &INLINE_ELEMENTS) {
            self.line_break();
        }
    }

    fn start_list(&mut self) {
        let outer = match self.lists.last() {
            None => self.section.map(|section| section.scope),
            // Items may be grouped: "- Backend", and below it "- #5".
            Some(list) if list.is_item_named => None,
            Some(list) => list.scope.filter(|scope| *scope == PhraseScope::Blockers),
        };
        let scope = self.label.take().or(outer);
        self.lists.push(ListContext { scope, is_item_named: false });
        if let Some(section) = &mut self.section {
            section.is_new = false;
        }
    }

    /// The scope under which the first cell of a table row is read.
    fn row_scope(&self) -> Option<PhraseScope> {
        let scope = self.section?.scope;
        (scope == PhraseScope::Blockers && self.lists.is_empty()).then_some(scope)
    }

    /// Reads the block that ends here, if there is one.
    fn end_block(&mut self, kind: BlockKind) {
        self.hidden_html = 0;
        let block = mem::take(&mut self.block);
        let grammar = Grammar { tokens: tokens(&block, self.own, self.host), own: self.own };
        let label = if kind == BlockKind::Cell { self.label.take() } else { None };
        if grammar.tokens.is_empty() {
            return;
        }
        let governed = match kind {
            BlockKind::Heading => vec![],
            BlockKind::Cell => label.map_or(vec![], |_| grammar.list_at(0).references),
            BlockKind::Text => self.governed(&grammar),
        };
        let (named_references, ending) = grammar.phrases();
        for reference in governed.into_iter().chain(named_references) {
            if self.found.len() < MOST && reference != self.own {
                self.found.insert(reference.clone());
            }
        }
        self.label = ending;
        if kind == BlockKind::Heading && self.lists.is_empty() {
            self.section = ending.map(|scope| Section { scope, is_new: true });
        }
    }

    /// The references of a paragraph or item that count because of a phrase before it.
    fn governed<'g>(&mut self, grammar: &'g Grammar<'_>) -> Vec<&'g Reference> {
        let is_item_start = mem::take(&mut self.is_item_start);
        match self.lists.last_mut() {
            Some(list) if is_item_start => {
                let named = grammar.list_at(0).references;
                list.is_item_named = !named.is_empty();
                match list.scope {
                    Some(PhraseScope::Blockers) if named.is_empty() => grammar.note_at_end(),
                    Some(_) => named,
                    None => vec![],
                }
            }
            Some(_) => vec![],
            None => self.governed_by_section(grammar),
        }
    }

    /// The same for a paragraph outside of lists. It ends the section if it is something else.
    fn governed_by_section<'g>(&mut self, grammar: &'g Grammar<'_>) -> Vec<&'g Reference> {
        let Some(section) = &mut self.section else { return vec![] };
        let named = grammar.lines_at(0, true).references;
        let is_introduction = section.scope == PhraseScope::Blockers
            && section.is_new
            && !grammar.is_denied_at_start();
        section.is_new = false;
        if named.is_empty() && !is_introduction {
            self.section = None;
        }
        named
    }
}
