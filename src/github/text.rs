//! Makes text from GitHub fit to be stored, and errors from GitHub fit to be shown.

/// The longest error text passed on, in characters.
const LONGEST_ERROR: usize = 300;

/// What the secrets of GitHub begin with, whoever they belong to.
const SECRET_PREFIXES: [&str; 6] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];

/// Text without the characters that storage or a browser trips over: NUL and the other control
/// characters are dropped, except line feed and tab; every kind of line break becomes a line feed.
pub(super) fn storable(text: String) -> String {
    let is_harmless = |byte: u8| byte >= b' ' || byte == b'\n' || byte == b'\t';
    if text.bytes().all(is_harmless) {
        return text;
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c >= ' ' || *c == '\n' || *c == '\t').collect()
}

/// An error text on one line, without control characters or anything that looks like a secret, and
/// of bounded length.
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
}
