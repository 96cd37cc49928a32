//! The text of a block and its tokens: words, references and the marks that the grammar knows.

use std::mem;

use super::Reference;
use crate::domain::names::FullName;

/// Stands for a link, an image or code in the text of a block.
pub(super) const OBJECT: char = '\u{fffc}';

/// Stands for a line break that the author asked for.
pub(super) const BREAK: char = '\u{2028}';

/// The plain text of a paragraph, a heading, a list item or a table cell.
#[derive(Default)]
pub(super) struct Block {
    pub(super) text: String,
    /// For each [`OBJECT`] of the text, the issue that it names.
    pub(super) objects: Vec<Option<Reference>>,
}

/// A part of a block's text. Characters that the grammar does not use are left out.
pub(super) enum Token<'a> {
    Word(&'a str),
    Reference(Reference),
    /// Code, an image or an address that names no issue.
    Object,
    Comma,
    /// `&`, `+` or `/`.
    Joiner,
    Colon,
    Semicolon,
    Dash,
    /// A character that ends a clause, such as a full stop.
    Stop,
    /// A line break that ends a clause.
    Line,
    /// An opening parenthesis or bracket, with the index of the token that closes it.
    Open(Option<usize>),
    Close,
}

/// Splits the text of a block.
pub(super) fn tokens<'a>(block: &'a Block, own: &'a Reference, host: &'a str) -> Vec<Token<'a>> {
    let mut scanner = Scanner { text: block.text.trim(), at: 0, own, host };
    let mut objects = block.objects.iter();
    let (mut tokens, mut open, mut is_soft) = (Vec::new(), Vec::new(), false);
    while let Some(c) = scanner.rest().chars().next() {
        let Some(token) = scanner.token(c) else { continue };
        let token = match token {
            Token::Object if c == OBJECT => match objects.next() {
                Some(Some(reference)) => Token::Reference(reference.clone()),
                _ => Token::Object,
            },
            token => token,
        };
        // A line that continues with a small letter continues the sentence.
        if mem::take(&mut is_soft) && matches!(token, Token::Word(_)) && c.is_lowercase() {
            tokens.pop();
        }
        match token {
            Token::Line => is_soft = c == '\n',
            Token::Open(_) => open.push(tokens.len()),
            Token::Close => {
                if let Some(at) = open.pop() {
                    tokens[at] = Token::Open(Some(tokens.len()));
                }
            }
            _ => {}
        }
        tokens.push(token);
    }
    tokens
}

/// The longest name of a repository in bytes, with its owner.
const LONGEST_NAME: usize = 140;

/// Reads one token after the other from a text.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    own: &'a Reference,
    host: &'a str,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// The token that begins with the next character `c`; `None` if the grammar does not use it.
    fn token(&mut self, c: char) -> Option<Token<'a>> {
        if (c.is_alphanumeric() || c == '#')
            && let Some((token, length)) = self.name()
        {
            self.at += length;
            return Some(token);
        }
        let before = self.before();
        self.at += c.len_utf8();
        let is_gap = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let next = self.rest().chars().next();
        match c {
            OBJECT => Some(Token::Object),
            BREAK | '\n' => Some(Token::Line),
            ',' | '，' | '、' => Some(Token::Comma),
            '&' | '+' | '/' => Some(Token::Joiner),
            ':' | '：' => Some(Token::Colon),
            ';' | '；' => Some(Token::Semicolon),
            '—' | '–' | '→' => Some(Token::Dash),
            '-' if is_gap(before) && (is_gap(next) || next == Some('-')) => Some(Token::Dash),
            '!' | '?' | '…' | '|' | '•' | '·' | '。' => Some(Token::Stop),
            '.' if !next.is_some_and(char::is_alphanumeric) => Some(Token::Stop),
            '(' | '[' | '（' => Some(Token::Open(None)),
            ')' | ']' | '）' => Some(Token::Close),
            _ => None,
        }
    }

    /// The reference, address or word that begins here, with its length in bytes.
    fn name(&self) -> Option<(Token<'a>, usize)> {
        let rest = self.rest();
        if let Some((reference, length)) = self.short_reference() {
            return Some((Token::Reference(reference), length));
        }
        if is_address(rest) {
            let address = &rest[..address_length(rest)];
            let named = reference_of_address(address, self.host);
            return Some((named.map_or(Token::Object, Token::Reference), address.len()));
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = rest[..length].trim_end_matches(['\'', '’']);
        let is_word = word.starts_with(char::is_alphanumeric);
        is_word.then_some((Token::Word(word), word.len()))
    }

    /// `#5`, `GH-5` or `acme/tools#5`, when it begins here.
    fn short_reference(&self) -> Option<(Reference, usize)> {
        let (rest, before) = (self.rest(), self.before());
        if before.is_some_and(|c| c.is_alphanumeric() || "_#".contains(c)) {
            return None;
        }
        let is_inside_name = before.is_some_and(|c| "-./@\\".contains(c));
        let is_gh = rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("gh-"));
        let name = if is_inside_name { None } else { full_name(rest) }.unwrap_or_default();
        let (repository, start) = match name {
            "" if rest.starts_with('#') => (self.own.repository.clone(), 1),
            _ if is_inside_name => return None,
            "" if is_gh => (self.own.repository.clone(), 3),
            name => (FullName::from_pasted(name, self.host).ok()?.key(), name.len() + 1),
        };
        let (number, length) = number(&rest[start..])?;
        Some((Reference { repository, number }, start + length))
    }
}

/// `owner/name` at the beginning of a text that continues with `#`.
fn full_name(text: &str) -> Option<&str> {
    // No name on GitHub is longer, and a longer search would be repeated at each word.
    let start = &text.as_bytes()[..text.len().min(LONGEST_NAME + 1)];
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
    let length = start.iter().position(|byte| !is_part(byte))?;
    (start[length] == b'#').then(|| &text[..length])
}

/// The positive number at the beginning of a text and its length, unless a word continues after it.
fn number(text: &str) -> Option<(i32, usize)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_whole = !text[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let number = text[..length].parse().ok().filter(|number| *number > 0 && is_whole)?;
    Some((number, length))
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Where an address in a text ends. Punctuation at its end belongs to the sentence.
fn address_length(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_graphic() && !b"<>()[]\"|`,;".contains(byte);
    let length = text.bytes().take_while(is_part).count();
    text[..length].trim_end_matches(['.', ':', '!', '?', '*', '_', '~', '\'']).len()
}

/// The issue or pull request whose page has this address.
pub(super) fn reference_of_address(address: &str, host: &str) -> Option<Reference> {
    if !is_address(address) {
        return None;
    }
    let repository = FullName::from_pasted(address, host).ok()?.key();
    let path = address.split(['?', '#']).next()?;
    // Scheme, an empty part, host, owner and name.
    let mut parts = path.split('/').skip(5);
    if !["issues", "pull"].contains(&parts.next()?) {
        return None;
    }
    let (number, _) = number(parts.next()?)?;
    Some(Reference { repository, number })
}
