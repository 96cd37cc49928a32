//! What starts a workflow, as its file says it.
//!
//! Only the triggers, the name and the concurrency group are read; jobs are not. What GitHub refuses
//! in a trigger is an error with its line. An event or a key that is not known here is kept by name
//! or skipped, because GitHub adds some from time to time.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::cron::Schedule;
pub use super::yaml::FileError;
use super::yaml::{self, Node, Value};
use crate::domain::sql_enum::json_column;

/// The most inputs that a workflow declares, and the most that one request sends. GitHub's limit.
pub const MOST_INPUTS: usize = 25;

/// The most characters that are kept of one file. Aliases can repeat a text without end.
const MOST_CHARACTERS: usize = 256 * 1024;

/// The most entries of maps that are looked at in one file. Aliases and merge keys (`<<`) can repeat
/// a map without end.
const MOST_ENTRIES: usize = 4 * yaml::MOST_NODES;

/// The triggers of a workflow file.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
#[serde(default)]
pub struct WorkflowFile {
    /// The workflow's name; without one GitHub shows the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Pushes of commits and tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<BranchTrigger>,
    /// Pull requests; the run uses the file of the pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<BranchTrigger>,
    /// Pull requests; the run uses the file of the base branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request_target: Option<BranchTrigger>,
    /// By the clock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// By hand, or through the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<DispatchTrigger>,
    /// Whether other workflows call it (`workflow_call`).
    pub is_reusable: bool,
    /// The workflows after whose runs it starts (`workflow_run`), by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs_after: Vec<String>,
    /// Every other event, by its name, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// The workflow's concurrency group as it is written, often with an expression. Runs of one group
    /// wait for each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<String>,
}

json_column!(WorkflowFile);

/// Which pushes or pull requests start a workflow. Patterns are GitHub's glob patterns; a list that
/// is empty does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchTrigger {
    /// Only these branches; for pull requests the base branch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// All branches but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub branches_ignore: Vec<String>,
    /// Only these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// All tags but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_ignore: Vec<String>,
    /// Only changes of these files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Not if only these files change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths_ignore: Vec<String>,
    /// Only these activities of a pull request, such as `opened`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// The `workflow_dispatch` trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DispatchTrigger {
    /// What is asked for, in the order of the file; at most [`MOST_INPUTS`].
    pub inputs: Vec<DispatchInput>,
}

/// A value that is asked for when a workflow is started by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DispatchInput {
    /// The key in the file.
    pub name: String,
    /// What values it takes.
    pub r#type: InputType,
    /// Whether GitHub refuses a run without it.
    pub required: bool,
    /// The value that GitHub takes if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What the file says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The values of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What values an input of a manual run takes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "lowercase")]
#[graphql(name = "DispatchInputType")]
pub enum InputType {
    /// Any text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// One of the options.
    Choice,
    /// A number.
    Number,
    /// The name of an environment of the repository.
    Environment,
}

/// Reads a workflow file.
pub fn parse(text: &str) -> Result<WorkflowFile, FileError> {
    let root = yaml::parse(text)?;
    let mut reader = Reader { characters: MOST_CHARACTERS, entries: MOST_ENTRIES };
    let Value::Map(_) = &root.value else {
        return Err(FileError::new(root.line, "The file is not a map of keys and values."));
    };
    let entries = reader.entries(&root, "file")?;
    let mut file = WorkflowFile {
        name: reader.optional_text(find(&entries, "name"), "name")?,
        concurrency: reader.concurrency(find(&entries, "concurrency"))?,
        ..WorkflowFile::default()
    };
    let Some(triggers) = find(&entries, "on") else {
        return Err(without_triggers(&root, &entries));
    };
    reader.triggers(triggers, &mut file)?;
    Ok(file)
}

/// A key and its value.
type Entry = (Rc<Node>, Rc<Node>);

fn find<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Node> {
    entries.iter().find(|(name, _)| is_text(name, key)).map(|(_, value)| &**value)
}

fn key_text((key, _): &Entry) -> Option<String> {
    key.text().map(str::to_owned)
}

fn is_text(node: &Node, expected: &str) -> bool {
    matches!(&node.value, Value::Scalar { text, .. } if text == expected)
}

/// A tool that reads YAML 1.1 takes the key `on` for a boolean and writes it as `true`.
fn without_triggers(root: &Node, entries: &[Entry]) -> FileError {
    let boolean = entries.iter().find(|(key, _)| is_text(key, "true") || is_text(key, "True"));
    match boolean {
        Some((key, _)) => FileError::new(
            key.line,
            "The key `on` was written as `true`, which GitHub does not read. Write `on`.",
        ),
        None => {
            FileError::new(root.line, "The key `on` is missing, so nothing starts this workflow.")
        }
    }
}

/// Reads nodes and keeps the sum of what is copied bounded.
struct Reader {
    characters: usize,
    entries: usize,
}

impl Reader {
    fn triggers(&mut self, node: &Node, file: &mut WorkflowFile) -> Result<(), FileError> {
        match &node.value {
            Value::Scalar { .. } => self.trigger(node, None, file),
            Value::List(events) => {
                events.iter().try_for_each(|event| self.trigger(event, None, file))
            }
            Value::Map(_) => {
                let entries = self.entries(node, "on")?;
                entries.iter().try_for_each(|(event, value)| self.trigger(event, Some(value), file))
            }
        }
    }

    /// One event, with its settings if `on` is a map.
    fn trigger(
        &mut self,
        event: &Node,
        settings: Option<&Node>,
        file: &mut WorkflowFile,
    ) -> Result<(), FileError> {
        let name = self.text(event, "an event")?;
        let settings = settings.filter(|node| !node.is_null());
        match name.as_str() {
            "push" => file.push = Some(self.branch_trigger(settings, &name)?),
            "pull_request" => file.pull_request = Some(self.branch_trigger(settings, &name)?),
            "pull_request_target" => {
                file.pull_request_target = Some(self.branch_trigger(settings, &name)?);
            }
            "schedule" => file.schedules = self.schedules(event, settings)?,
            "workflow_dispatch" => file.dispatch = Some(self.dispatch(settings)?),
            "workflow_call" => file.is_reusable = true,
            "workflow_run" => {
                file.runs_after = self.runs_after(settings)?;
                self.other(name, file);
            }
            _ => self.other(name, file),
        }
        Ok(())
    }

    fn other(&self, name: String, file: &mut WorkflowFile) {
        if !file.others.contains(&name) {
            file.others.push(name);
        }
    }

    fn branch_trigger(
        &mut self,
        settings: Option<&Node>,
        event: &str,
    ) -> Result<BranchTrigger, FileError> {
        let mut trigger = BranchTrigger::default();
        let Some(node) = settings else { return Ok(trigger) };
        let entries = self.entries(node, event)?;
        for (only, ignored) in
            [("branches", "branches-ignore"), ("tags", "tags-ignore"), ("paths", "paths-ignore")]
        {
            let second = entries.iter().find(|(key, _)| is_text(key, ignored));
            if let (Some(_), Some((key, _))) = (find(&entries, only), second) {
                let message = format!("`{event}` may have only one of `{only}` and `{ignored}`.");
                return Err(FileError::new(key.line, message));
            }
        }
        for (key, value) in &entries {
            let Some(name) = key.text() else { continue };
            let list = match name {
                "branches" => &mut trigger.branches,
                "branches-ignore" => &mut trigger.branches_ignore,
                "tags" => &mut trigger.tags,
                "tags-ignore" => &mut trigger.tags_ignore,
                "paths" => &mut trigger.paths,
                "paths-ignore" => &mut trigger.paths_ignore,
                "types" => &mut trigger.types,
                _ => continue,
            };
            *list = self.texts(value, name)?;
        }
        Ok(trigger)
    }

    fn schedules(
        &mut self,
        event: &Node,
        settings: Option<&Node>,
    ) -> Result<Vec<Schedule>, FileError> {
        let Some(Node { value: Value::List(list), .. }) = settings else {
            let line = settings.map_or(event.line, |node| node.line);
            return Err(FileError::new(line, "`schedule` must be a list of entries with `cron`."));
        };
        let mut schedules = Vec::new();
        for node in list {
            let entries = self.entries(node, "schedule")?;
            let Some(cron) = find(&entries, "cron") else {
                return Err(FileError::new(node.line, "An entry of `schedule` has no `cron`."));
            };
            let text = self.text(cron, "cron")?;
            let zone = self.optional_text(find(&entries, "timezone"), "timezone")?;
            let schedule = Schedule::new(&text, zone.as_deref())
                .map_err(|message| FileError::new(cron.line, message))?;
            schedules.push(schedule);
        }
        Ok(schedules)
    }

    fn runs_after(&mut self, settings: Option<&Node>) -> Result<Vec<String>, FileError> {
        let Some(node) = settings else { return Ok(Vec::new()) };
        let entries = self.entries(node, "workflow_run")?;
        find(&entries, "workflows").map_or(Ok(Vec::new()), |list| self.texts(list, "workflows"))
    }

    fn dispatch(&mut self, settings: Option<&Node>) -> Result<DispatchTrigger, FileError> {
        let Some(node) = settings else { return Ok(DispatchTrigger::default()) };
        let entries = self.entries(node, "workflow_dispatch")?;
        let Some(inputs) = find(&entries, "inputs").filter(|node| !node.is_null()) else {
            return Ok(DispatchTrigger::default());
        };
        let entries = self.entries(inputs, "inputs")?;
        if let Some((key, _)) = entries.get(MOST_INPUTS) {
            let message = format!(
                "The workflow has {} inputs; GitHub accepts at most {MOST_INPUTS}.",
                entries.len()
            );
            return Err(FileError::new(key.line, message));
        }
        let inputs = entries.iter().map(|(key, value)| self.input(key, value));
        Ok(DispatchTrigger { inputs: inputs.collect::<Result<_, _>>()? })
    }

    fn input(&mut self, key: &Node, node: &Node) -> Result<DispatchInput, FileError> {
        let name = self.text(key, "an input")?;
        let mut input = DispatchInput { name, ..DispatchInput::default() };
        if node.is_null() {
            return Ok(input);
        }
        let entries = self.entries(node, &input.name)?;
        for (key, value) in &entries {
            match key.text() {
                Some("type") => input.r#type = self.input_type(value)?,
                Some("required") => input.required = boolean(value, "required")?,
                Some("default") => input.default = self.optional_text(Some(value), "default")?,
                Some("description") => {
                    input.description = self.optional_text(Some(value), "description")?;
                }
                Some("options") => input.options = self.texts(value, "options")?,
                _ => {}
            }
        }
        if input.r#type == InputType::Choice && input.options.is_empty() {
            let message = format!("The choice `{}` has no `options`.", shown(&input.name));
            return Err(FileError::new(key.line, message));
        }
        Ok(input)
    }

    fn input_type(&mut self, node: &Node) -> Result<InputType, FileError> {
        Ok(match self.text(node, "type")?.as_str() {
            "string" => InputType::String,
            "boolean" => InputType::Boolean,
            "choice" => InputType::Choice,
            "number" => InputType::Number,
            "environment" => InputType::Environment,
            other => {
                let message = format!(
                    "`{}` is not a type of input: string, boolean, choice, number or environment.",
                    shown(other)
                );
                return Err(FileError::new(node.line, message));
            }
        })
    }

    /// A text, or a map with `group`.
    fn concurrency(&mut self, node: Option<&Node>) -> Result<Option<String>, FileError> {
        match node {
            Some(node) if matches!(node.value, Value::Map(_)) => {
                let entries = self.entries(node, "concurrency")?;
                self.optional_text(find(&entries, "group"), "group")
            }
            node => self.optional_text(node, "concurrency"),
        }
    }

    /// The entries of a map, with those of its merge keys. An entry of the map itself wins, then one
    /// of an earlier merged map.
    fn entries(&mut self, node: &Node, what: &str) -> Result<Vec<Entry>, FileError> {
        let Value::Map(pairs) = &node.value else {
            return Err(FileError::new(node.line, format!("`{}` must be a map.", shown(what))));
        };
        self.entries = self.entries.checked_sub(pairs.len() + 1).ok_or_else(|| {
            let message = format!("Aliases and merge keys add more than {MOST_ENTRIES} entries.");
            FileError::new(node.line, message)
        })?;
        let is_merge = |key: &Node| matches!(&key.value, Value::Scalar { text, is_plain: true } if text == "<<");
        let Some((_, merged)) = pairs.iter().find(|(key, _)| is_merge(key)) else {
            return Ok(pairs.clone());
        };
        let mut entries: Vec<Entry> =
            pairs.iter().filter(|(key, _)| !is_merge(key)).cloned().collect();
        let sources = match &merged.value {
            Value::List(maps) => maps.clone(),
            _ => vec![Rc::clone(merged)],
        };
        let mut names: HashSet<String> = entries.iter().filter_map(key_text).collect();
        for source in &sources {
            let added = self.entries(source, "<<")?;
            entries.extend(
                added
                    .into_iter()
                    .filter(|entry| key_text(entry).is_some_and(|key| names.insert(key))),
            );
        }
        Ok(entries)
    }

    /// A text or a list of texts.
    fn texts(&mut self, node: &Node, what: &str) -> Result<Vec<String>, FileError> {
        match &node.value {
            Value::List(list) => list.iter().map(|node| self.text(node, what)).collect(),
            Value::Scalar { .. } if node.is_null() => Ok(Vec::new()),
            _ => Ok(vec![self.text(node, what)?]),
        }
    }

    fn optional_text(
        &mut self,
        node: Option<&Node>,
        what: &str,
    ) -> Result<Option<String>, FileError> {
        node.filter(|node| !node.is_null()).map(|node| self.text(node, what)).transpose()
    }

    /// A text, number or boolean as it is written, without characters that cannot be stored.
    fn text(&mut self, node: &Node, what: &str) -> Result<String, FileError> {
        let Value::Scalar { text, .. } = &node.value else {
            return Err(FileError::new(node.line, format!("`{}` must be a text.", shown(what))));
        };
        self.characters = self.characters.checked_sub(text.len() + 1).ok_or_else(|| {
            FileError::new(
                node.line,
                format!("The triggers have more than {MOST_CHARACTERS} characters."),
            )
        })?;
        Ok(storable(text).into_owned())
    }
}

fn storable(text: &str) -> Cow<'_, str> {
    let is_kept = |letter: char| letter >= ' ' || letter == '\n' || letter == '\t';
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|letter| is_kept(*letter)).collect())
}

fn boolean(node: &Node, what: &str) -> Result<bool, FileError> {
    match node.text() {
        Some("true" | "True" | "TRUE") => Ok(true),
        Some("false" | "False" | "FALSE") => Ok(false),
        None if node.is_null() => Ok(false),
        _ => Err(FileError::new(node.line, format!("`{what}` must be true or false."))),
    }
}

/// A word of the file in an error, cut.
fn shown(text: &str) -> String {
    storable(text).chars().take(100).collect()
}

#[cfg(test)]
mod tests;
