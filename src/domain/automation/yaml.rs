//! Reads a YAML document into a tree whose nodes know their line, with bounded time and memory.
//!
//! An alias shares the node of its anchor, so a document of aliases of aliases ("billion laughs")
//! takes no more memory than its text. Text, number of nodes and depth have limits.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde::{Deserialize, Serialize};

/// The longest text, in bytes. GitHub reads no longer workflow file.
pub const MOST_BYTES: usize = 1024 * 1024;

/// The most scalars, lists and maps of a document.
pub const MOST_NODES: usize = 100_000;

/// How deeply lists and maps nest at most, through aliases too.
pub const MOST_DEPTH: usize = 64;

/// Why a file cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct FileError {
    /// One sentence without the line.
    pub message: String,
    /// Counted from 1.
    pub line: u32,
}

impl FileError {
    /// Reads what `Display` wrote. Another text is an error at line 1.
    pub fn read(text: &str) -> Self {
        let parts = text.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
        let read = parts.and_then(|(line, message)| Some(Self::new(line.parse().ok()?, message)));
        read.unwrap_or_else(|| Self::new(1, text))
    }

    /// An error at a line.
    pub fn new(line: u32, message: impl Into<String>) -> Self {
        Self { message: message.into(), line }
    }
}

/// A scalar, list or map.
#[derive(Debug)]
pub struct Node {
    /// Where it starts, counted from 1. For an alias it is the line of its anchor.
    pub line: u32,
    /// What it is.
    pub value: Value,
    /// 1 for a scalar, 1 more than the deepest member for a list or map.
    depth: usize,
}

/// What a node is.
#[derive(Debug)]
pub enum Value {
    /// A text, number, boolean or null: which of them is up to the reader.
    Scalar {
        /// The text with its escapes resolved.
        text: String,
        /// Whether it was written without quotes.
        is_plain: bool,
    },
    /// A list.
    List(Vec<Rc<Node>>),
    /// A map in the order of the file. Two scalar keys are never the same.
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// The text of a scalar that is not null.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Whether it is an unquoted `null`, `~` or nothing.
    pub fn is_null(&self) -> bool {
        matches!(
            &self.value,
            Value::Scalar { text, is_plain: true }
                if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
        )
    }
}

/// Reads the first document of a text.
pub fn parse(text: &str) -> Result<Rc<Node>, FileError> {
    if text.len() > MOST_BYTES {
        let message = format!("The file is longer than {MOST_BYTES} bytes.");
        return Err(FileError::new(1, message));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(text, &error))?;
        if let Some(root) = builder.accept(event, line(span.start.line()))? {
            return Ok(root);
        }
    }
    Err(FileError::new(1, "The file is empty."))
}

/// The parser counts from 1, and from 0 for the start of a file.
fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).max(1)
}

fn scan_error(text: &str, error: &ScanError) -> FileError {
    let number = line(error.marker().line());
    let is_indented_with_tab = |line: &str| {
        line.chars().take_while(|letter| letter.is_whitespace()).any(|letter| letter == '\t')
    };
    // The parser reports a tab at the end of the value that it continues.
    let mut near = text.lines().zip(1_u32..).skip(number as usize - 1).take(2);
    if let Some((_, tabbed)) = near.find(|(line, _)| is_indented_with_tab(line)) {
        return FileError::new(tabbed, "The line is indented with a tab. YAML allows only spaces.");
    }
    FileError::new(number, format!("This is not valid YAML: {}.", error.info()))
}

/// A list or map that is not complete.
struct Open {
    line: u32,
    anchor: usize,
    is_map: bool,
    members: Vec<Rc<Node>>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
}

impl Builder {
    /// Takes the next event; returns the root once it is complete.
    fn accept(&mut self, event: Event<'_>, line: u32) -> Result<Option<Rc<Node>>, FileError> {
        match event {
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(FileError::new(line, "An alias refers to what contains it."));
                };
                self.count(line)?;
                self.add(node, line)
            }
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = style == ScalarStyle::Plain;
                let value = Value::Scalar { text: text.into_owned(), is_plain };
                self.complete(Node { line, value, depth: 1 }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(line, anchor, false),
            Event::MappingStart(anchor, _) => self.open(line, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("the parser closes what it opened");
                let anchor = open.anchor;
                self.complete(close(open)?, anchor)
            }
            _ => Ok(None),
        }
    }

    fn open(
        &mut self,
        line: u32,
        anchor: usize,
        is_map: bool,
    ) -> Result<Option<Rc<Node>>, FileError> {
        if self.open.len() >= MOST_DEPTH {
            return Err(too_deep(line));
        }
        self.open.push(Open { line, anchor, is_map, members: Vec::new() });
        Ok(None)
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<Option<Rc<Node>>, FileError> {
        let line = node.line;
        self.count(line)?;
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.add(node, line)
    }

    fn add(&mut self, node: Rc<Node>, line: u32) -> Result<Option<Rc<Node>>, FileError> {
        if self.open.len() + node.depth > MOST_DEPTH {
            return Err(too_deep(line));
        }
        match self.open.last_mut() {
            Some(open) => open.members.push(node),
            None => return Ok(Some(node)),
        }
        Ok(None)
    }

    fn count(&mut self, line: u32) -> Result<(), FileError> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let message = format!("The file has more than {MOST_NODES} values.");
            return Err(FileError::new(line, message));
        }
        Ok(())
    }
}

fn too_deep(line: u32) -> FileError {
    FileError::new(line, format!("Lists and maps nest more than {MOST_DEPTH} deep."))
}

fn close(open: Open) -> Result<Node, FileError> {
    let depth = 1 + open.members.iter().map(|node| node.depth).max().unwrap_or(0);
    let value =
        if open.is_map { Value::Map(pairs(open.members)?) } else { Value::List(open.members) };
    Ok(Node { line: open.line, value, depth })
}

/// The keys and values of a map, in the order of the file.
type Pairs = Vec<(Rc<Node>, Rc<Node>)>;

/// Keys and values alternate in the members of a map.
fn pairs(members: Vec<Rc<Node>>) -> Result<Pairs, FileError> {
    let mut pairs = Vec::with_capacity(members.len() / 2);
    let mut members = members.into_iter();
    while let (Some(key), Some(value)) = (members.next(), members.next()) {
        pairs.push((key, value));
    }
    let mut seen = HashSet::with_capacity(pairs.len());
    for (key, _) in &pairs {
        if let Value::Scalar { text, .. } = &key.value
            && !seen.insert(text.as_str())
        {
            let shown: String = text.chars().take(100).collect();
            return Err(FileError::new(key.line, format!("The key `{shown}` is there twice.")));
        }
    }
    drop(seen);
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> FileError {
        parse(text).expect_err(text)
    }

    #[test]
    fn a_stored_error_reads_back() {
        let error = FileError::new(7, "An entry of `schedule` has no `cron`.");
        assert_eq!(FileError::read(&error.to_string()), error);
        assert_eq!(FileError::read("no line: 3"), FileError::new(1, "no line: 3"));
    }

    #[test]
    fn nodes_know_their_line() {
        let root = parse("# a comment\n\na: 1\nb:\n  - x\n  - 'y'\n").unwrap();
        let Value::Map(pairs) = &root.value else { panic!("{root:?}") };
        assert_eq!(pairs.iter().map(|(key, _)| key.line).collect::<Vec<_>>(), [3, 4]);
        let Value::List(list) = &pairs[1].1.value else { panic!("{root:?}") };
        assert_eq!((list[1].line, list[1].text()), (6, Some("y")));
    }

    #[test]
    fn errors_know_their_line() {
        for (text, line, message) in [
            ("a: 1\n\tb: 2\n", 2, "indented with a tab"),
            ("a: 1\nb: 2\na: 3\n", 3, "The key `a` is there twice."),
            ("a: 1\nb: [1, 2\n", 3, "not valid YAML"),
            ("a: 1\nb: *unknown\n", 2, "not valid YAML"),
            ("a: 1\nb: &b [1, *b]\n", 2, "refers to what contains it"),
            ("", 1, "The file is empty."),
            ("# nothing\n", 1, "The file is empty."),
        ] {
            let error = error(text);
            assert!(error.message.contains(message), "{text:?}: {error:?}");
            assert_eq!(error.line, line, "{text:?}: {error:?}");
        }
    }

    #[test]
    fn an_alias_is_shared_and_counts_into_depth() {
        let laughs: String = (1..=60)
            .map(|level| {
                format!(
                    "a{level}: &a{level} [{}]\n",
                    vec![format!("*a{}", level - 1); 9].join(", ")
                )
            })
            .collect();
        let bomb = format!("a0: &a0 [lol, lol]\n{laughs}");
        assert!(parse(&bomb).is_ok());
        let deeper = format!("{bomb}a61: &a61 [*a60]\na62: &a62 [*a61]\na63: [*a62]\n");
        assert!(error(&deeper).message.contains("nest more than 64 deep"));
    }

    #[test]
    fn sizes_have_limits() {
        assert!(error(&"#".repeat(MOST_BYTES + 1)).message.contains("longer than"));
        assert!(error(&"- 1\n".repeat(MOST_NODES + 1)).message.contains("more than 100000 values"));
        assert!(error(&format!("{}{}", "[".repeat(100), "]".repeat(100))).message.contains("deep"));
        assert!(parse(&"- 1\n".repeat(MOST_NODES - 1)).is_ok());
    }

    #[test]
    fn a_megabyte_of_anything_is_read_quickly() {
        for piece in [
            "[",
            "{",
            "- ",
            "? ",
            "- - ",
            "&a ",
            "*a ",
            "!",
            "!!x ",
            "\"",
            "'",
            "|\n",
            ">\n ",
            "a",
            "a: ",
            "a: b\n",
            "- a: {b: [",
            "#",
            "# \n",
            "\t",
            "\n",
            "%",
            "---\n",
            "...\n",
            "\u{feff}",
            "é",
            "[a,",
            "{a: b,",
            "<<: *a\n",
            "a:\n ",
            ": ",
            "\\",
            "@",
            "`",
        ] {
            let text = piece.repeat(MOST_BYTES / piece.len());
            let started = std::time::Instant::now();
            let _ = parse(&text);
            let spent = started.elapsed();
            assert!(spent.as_secs() < 5, "{piece:?} took {spent:?}");
        }
    }
}
