//! Makes text from GitHub safe to store, and errors from GitHub safe to show.

/// Maximal length of an error text, in characters.
const LONGEST_ERROR: usize = 300;

/// The prefixes of GitHub's tokens.
const SECRET_PREFIXES: [&str; 6] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];

/// Text without characters that storage or browsers cannot handle: NUL and other control characters
/// are removed, except line feed and tab; every kind of line break becomes a line feed.
pub(super) fn storable(text: String) -> String {
    let is_harmless = |byte: u8| byte >= b' ' || byte == b'\n' || byte == b'\t';
    if text.bytes().all(is_harmless) {
        return text;
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c >= ' ' || *c == '\n' || *c == '\t').collect()
}

/// JSON in which invalid characters are replaced by U+FFFD: escapes of unpaired surrogates and
/// bytes that are not UTF-8. None when there was nothing to replace.
pub(super) fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(json);
    let was_text = matches!(text, std::borrow::Cow::Borrowed(_));
    let bytes = text.as_bytes();
    let escape = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(br"\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut at, mut replaced) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let (taken, is_half) = match escape(at) {
            _ if *byte != b'\\' => (1, false),
            None => (2, false),
            Some(0xD800..=0xDBFF) => match escape(at + 6) {
                Some(0xDC00..=0xDFFF) => (12, false),
                _ => (6, true),
            },
            Some(0xDC00..=0xDFFF) => (6, true),
            Some(_) => (6, false),
        };
        let end = (at + taken).min(bytes.len());
        out.extend_from_slice(if is_half { br"\ufffd" } else { &bytes[at..end] });
        (at, replaced) = (end, replaced || is_half);
    }
    (replaced || !was_text).then_some(out)
}

/// An error text on one line, shortened, without control characters and anything that looks like a
/// secret.
pub(super) fn presentable(text: &str, token: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        let is_secret = SECRET_PREFIXES.iter().any(|prefix| word.contains(prefix))
            || (!token.is_empty() && word.contains(token));
        line.push_str(if is_secret { "[redacted]" } else { word });
    }
    match line.char_indices().nth(LONGEST_ERROR) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A part of a path with all but letters, digits and a few marks escaped.
pub(super) fn encoded(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storable_text_keeps_lines_and_tabs_only() {
        assert_eq!(storable("plain\ttext\n".into()), "plain\ttext\n");
        assert_eq!(storable("a\0b\u{1}c\u{1b}[31md".into()), "abc[31md");
        assert_eq!(storable("one\r\ntwo\rthree\nfour".into()), "one\ntwo\nthree\nfour");
        assert_eq!(storable("שלום 🎉 <script>".into()), "שלום 🎉 <script>");
    }

    #[test]
    fn half_a_character_is_replaced_and_nothing_else() {
        let mend = |json: &[u8]| mended(json).map(|out| String::from_utf8(out).expect("text"));
        for whole in [r#"{"a": "\ud83d\ude00 \\ud83d \u0041 é \n"}"#, "", r#""\"#, r#""\u12"#] {
            assert_eq!(mend(whole.as_bytes()), None, "{whole}");
        }
        for (given, made) in [
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\uD83D\uD83D\ude00!"]"#, r#"["\ufffd\uD83D\ude00!"]"#),
            (r#"["\ude00 \ud83d\n"]"#, r#"["\ufffd \ufffd\n"]"#),
            (r#"["\ud83d\u0041"]"#, r#"["\ufffd\u0041"]"#),
            (r#"["\\\ud83d"]"#, r#"["\\\ufffd"]"#),
        ] {
            assert_eq!(mend(given.as_bytes()).as_deref(), Some(made), "{given}");
        }
        assert_eq!(mend(b"[\"\xff\"]").as_deref(), Some("[\"\u{fffd}\"]"));
    }

    #[test]
    fn errors_show_no_secret() {
        let text = "token=ghp_abcdef123 and hunter2\n\0(github_pat_x_y) are\t bad";
        assert_eq!(presentable(text, "hunter2"), "[redacted] and [redacted] [redacted] are bad");
    }

    #[test]
    fn errors_are_cut_between_characters() {
        let cut = presentable(&"é".repeat(400), "");
        assert_eq!(cut.chars().count(), LONGEST_ERROR + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        assert_eq!(encoded("status/in-progress"), "status%2Fin-progress");
        assert_eq!(encoded("größe?"), "gr%C3%B6%C3%9Fe%3F");
    }
}
