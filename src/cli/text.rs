//! Text for people: tables, and relative times.

use ::dispatch::domain::bounds::visible;
use chrono::{DateTime, Utc};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Maximal width of a title in a table, in terminal columns.
const TITLE: usize = 60;

/// Minimal width of a title; with less room, a list is printed instead of a table.
const SHORTEST_TITLE: usize = 20;

/// The gap between two columns.
const GAP: usize = 2;

/// The width of the terminal in columns; none where the output is not a terminal.
pub(super) fn terminal() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(width.0.into())
}

/// A table of issues for a terminal of this width: rank, name, title and reason. Titles are
/// shortened first; if that is not enough, each part gets its own lines.
pub(super) fn issues(heads: [&str; 4], rows: &[[String; 4]], columns: Option<usize>) -> String {
    let widest = |part: usize| rows.iter().map(|row| row[part].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(|part| heads[part].width().max(widest(part))).collect();
    let room = columns.map_or(usize::MAX, |columns| {
        columns.saturating_sub(widths[0] + widths[1] + widths[3] + 3 * GAP)
    });
    if room < SHORTEST_TITLE.min(widths[2]) {
        let columns = columns.unwrap_or(usize::MAX);
        let blocks = rows.iter().map(|row| block(row, widths[0], columns));
        return blocks.collect::<Vec<_>>().join("\n");
    }
    let fitted = |row: &[String; 4]| {
        let [rank, name, title, reason] = row.clone();
        vec![rank, name, cut(&title, room), reason]
    };
    table(heads, &rows.iter().map(fitted).collect::<Vec<_>>())
}

/// Formats one issue on several lines.
fn block([rank, name, title, reason]: &[String; 4], indent: usize, columns: usize) -> String {
    let room = columns.saturating_sub(indent + GAP).max(SHORTEST_TITLE);
    let lines = std::iter::once(name.clone()).chain(wrap(title, room)).chain(wrap(reason, room));
    let first = |at: usize| if at == 0 { rank.as_str() } else { "" };
    let lines = lines.enumerate().map(|(at, line)| {
        format!("{}{line}", padded(first(at), indent + GAP)).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of a text, wrapped between words.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A table, each column as wide as its widest value.
fn table(heads: [&str; 4], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heads).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP as u16));
    }
    table.trim_fmt()
}

/// A text padded with spaces. Formatting would count characters, some of which are two columns
/// wide.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// A title that is shortened to one line of a table.
pub(super) fn short(title: &str) -> String {
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&visible(&title), TITLE)
}

/// The longest beginning of a text that fits into this many columns.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let is_room = width <= left;
        left = left.saturating_sub(width);
        is_room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// A relative time: `in 29 min`, `3 h ago`.
pub(super) fn from_now(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let amount = match seconds.unsigned_abs() {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds @ 100..6_000 => format!("{} min", (seconds + 30) / 60),
        seconds @ 6_000..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    };
    if seconds < 0 { format!("{amount} ago") } else { format!("in {amount}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [&str; 4] = ["#", "ISSUE", "TITLE", "WHY"];

    fn rows() -> Vec<[String; 4]> {
        [
            [
                "1",
                "acme/tools#2",
                "Panic with a timer on shutdown of the pool",
                "priority/p0, ready",
            ],
            ["12", "acme/tools#10", "時計 is late", "ready, aged 20d (+2 tiers)"],
        ]
        .map(|row| row.map(str::to_owned))
        .to_vec()
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        insta::assert_snapshot!(issues(HEADS, &rows(), None), @r"
        #   ISSUE          TITLE                                       WHY
        1   acme/tools#2   Panic with a timer on shutdown of the pool  priority/p0, ready
        12  acme/tools#10  時計 is late                                ready, aged 20d (+2 tiers)
        ");
    }

    #[test]
    fn titles_give_way_to_a_narrow_terminal() {
        let text = issues(HEADS, &rows(), Some(80));
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        insta::assert_snapshot!(text, @r"
        #   ISSUE          TITLE                              WHY
        1   acme/tools#2   Panic with a timer on shutdown o…  priority/p0, ready
        12  acme/tools#10  時計 is late                       ready, aged 20d (+2 tiers)
        ");
    }

    #[test]
    fn a_very_narrow_terminal_gets_lines_instead_of_a_table() {
        let text = issues(HEADS, &rows(), Some(40));
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        insta::assert_snapshot!(text, @r"
        1   acme/tools#2
            Panic with a timer on shutdown of
            the pool
            priority/p0, ready
        12  acme/tools#10
            時計 is late
            ready, aged 20d (+2 tiers)
        ");
    }

    #[test]
    fn a_title_is_one_line_that_fits() {
        assert_eq!(short("a\nb\u{1b}[31m"), "a b [31m");
        assert_eq!(short("cod\u{202e}exe"), "cod\\u202eexe");
        assert_eq!(short(&"x".repeat(61)).width(), 60);
        let wide = short(&"計".repeat(40));
        assert_eq!((wide.width(), wide.chars().last()), (59, Some('…')));
    }
}
