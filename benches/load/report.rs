//! The table in `docs/performance.md`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

/// A row: what was measured and its target.
pub(crate) struct ReportLine {
    /// What was measured.
    pub(crate) what: String,
    /// The result, with its unit.
    pub(crate) measured: String,
    /// What it is compared with, with its unit; empty when with a number alone.
    pub(crate) limit: String,
    /// The number that the target refers to.
    pub(crate) figure: f64,
    /// Its number of decimal places.
    pub(crate) digits: usize,
    /// The target.
    pub(crate) target: Target,
}

/// What a figure should be.
pub(crate) enum Target {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// No target; for information only.
    None,
}

impl ReportLine {
    /// The line as a row of the table.
    pub(crate) fn row(&self) -> String {
        let Self { what, measured, limit, figure, digits, target } = self;
        let (target, is_reached) = match target {
            Target::AtLeast(least) => (format!("≥ {least}"), Some(figure >= least)),
            Target::AtMost(most) => (format!("≤ {most}"), Some(figure <= most)),
            Target::None => (String::new(), None),
        };
        let mark = is_reached.map_or("", |is_reached| if is_reached { "yes" } else { "**no**" });
        format!("| {what} | {measured} | {limit} | {figure:.digits$} | {target} | {mark} |")
    }
}

const BEGIN: &str = "<!-- measured by `make bench` -->\n";
const END: &str = "<!-- end -->";

/// The table as Markdown.
pub(crate) fn table(machine: &str, lines: &[ReportLine]) -> String {
    let mut text = format!(
        "{machine}.\n\n| What | Dispatch | Limit | Figure | Target | Reached |\n\
         | --- | --- | --- | ---: | --- | --- |\n"
    );
    for line in lines {
        writeln!(text, "{}", line.row()).expect("writing to a string cannot fail");
    }
    text
}

/// Replaces the table in the document.
pub(crate) fn publish(table: &str) -> anyhow::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let document = std::fs::read_to_string(&path)?;
    let (before, rest) = document.split_once(BEGIN).context("the document has no place for it")?;
    let (_, after) = rest.split_once(END).context("the document has no end of it")?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?)
}
