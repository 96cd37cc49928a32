//! An excerpt of a job's log that shows why it failed.

/// The most lines of an excerpt.
const MOST_LINES: usize = 60;

/// The most characters of a line.
const LONGEST_LINE: usize = 500;

/// How many lines after the error are shown.
const AFTER: usize = 3;

/// The lines up to the last error, without times, colours and other control characters. GitHub marks
/// errors with `##[error]`; without one, the last lines are returned.
pub fn excerpt(log: &str) -> Vec<String> {
    let lines: Vec<String> = log.lines().map(plain).collect();
    let error = lines.iter().rposition(|line| line.starts_with("##[error]"));
    let end = error.map_or(lines.len(), |at| (at + 1 + AFTER).min(lines.len()));
    let start = end.saturating_sub(MOST_LINES);
    lines[start..end].to_vec()
}

fn plain(line: &str) -> String {
    let line = line.trim_start_matches('\u{feff}');
    let mut out = String::with_capacity(line.len().min(LONGEST_LINE));
    let mut characters = without_time(line).chars().peekable();
    let mut length = 0;
    while let Some(character) = characters.next() {
        if length == LONGEST_LINE {
            out.push('…');
            break;
        }
        if character == '\u{1b}' {
            skip_escape(&mut characters);
        } else if character >= ' ' || character == '\t' {
            out.push(character);
            length += 1;
        }
    }
    out
}

/// Skips a sequence of a terminal, such as a colour: from `[` to its letter.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if characters.next_if_eq(&'[').is_none() {
        return;
    }
    for character in characters.by_ref() {
        if ('@'..='~').contains(&character) {
            return;
        }
    }
}

/// The line without the time that GitHub puts before it, such as `2026-05-20T12:00:00.1234567Z `.
fn without_time(line: &str) -> &str {
    let Some((time, rest)) = line.split_once(' ') else { return line };
    let is_time = time.len() >= 20
        && time.ends_with('Z')
        && time.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte));
    if is_time { rest } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_colours_are_removed() {
        let log = "\u{feff}2026-05-20T12:00:00.1234567Z \u{1b}[36;1mcargo test\u{1b}[0m\r\n\
                   2026-05-20T12:00:01.1234567Z ##[error]Process completed with exit code 101.";
        assert_eq!(excerpt(log), ["cargo test", "##[error]Process completed with exit code 101."]);
    }

    #[test]
    fn an_excerpt_ends_after_the_last_error_and_is_bounded() {
        let mut log: Vec<String> = (0..500).map(|n| format!("line {n}")).collect();
        log[300] = "##[error]wrong".to_owned();
        let excerpt = excerpt(&log.join("\n"));
        assert_eq!(excerpt.len(), MOST_LINES);
        assert_eq!(excerpt.last().unwrap(), "line 303");
        assert!(excerpt.contains(&"##[error]wrong".to_owned()));
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = "é".repeat(LONGEST_LINE + 10);
        assert_eq!(excerpt(&line)[0].chars().count(), LONGEST_LINE + 1);
        assert_eq!(excerpt(""), Vec::<String>::new());
    }
}
