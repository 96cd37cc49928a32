//! The environment as a map, and reading settings out of it with every problem noted.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use super::settings::{SETTINGS, Setting};

/// Environment variables. A map of its own, so that a test needs no process environment.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// The variables this process was started with.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn from_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The raw value of a variable; none when unset or empty.
    pub fn raw(&self, variable: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(variable)).map(OsString::as_os_str).filter(|raw| !raw.is_empty())
    }

    /// Variables that look like settings of Dispatch but are none, such as a misspelled one or one
    /// of an older or later version.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|variable| variable.to_str()).filter(|variable| {
            (OURS.iter().any(|prefix| variable.starts_with(prefix)) || OTHERS.contains(variable))
                && SETTINGS.iter().all(|setting| setting.variable != *variable)
                && self.raw(variable).is_some()
        })
    }
}

/// How names begin that are Dispatch's own, of this version or of others.
const OURS: [&str; 5] = ["DISPATCH_", "GITHUB_APP_", "MISSION_CONTROL_", "PR_FIX_", "PR_FOLLOWUP_"];

/// Other names that versions before and after this one read.
const OTHERS: [&str; 4] = ["AUTH_URL", "NEXTAUTH_SECRET", "NEXTAUTH_URL", "WEBHOOK_GATEWAY_MODE"];

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<K: Into<OsString>, V: Into<OsString>, const N: usize> From<[(K, V); N]> for Env {
    fn from(variables: [(K, V); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl fmt::Debug for Env {
    /// Names alone: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Settings that cannot be used: each with its variable, the problem and an example.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct Error {
    /// One sentence for each bad setting, in the order of reading.
    pub problems: Vec<String>,
}

/// Reads settings one by one and continues after an invalid one, so that all are reported at once.
pub(super) struct SettingsReader<'e> {
    env: &'e Env,
    problems: Vec<String>,
}

impl<'e> SettingsReader<'e> {
    pub(super) fn new(env: &'e Env) -> Self {
        Self { env, problems: Vec::new() }
    }

    /// The setting as text without white space around it; none when nothing is left.
    pub(super) fn text(&mut self, setting: &Setting) -> Option<&'e str> {
        let raw = self.env.raw(setting.variable)?;
        let Some(text) = raw.to_str() else {
            self.refuse(setting, "is not valid UTF-8");
            return None;
        };
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// Parses the setting with `parse`, whose error is the end of a sentence that begins with the
    /// value: "is not a port".
    pub(super) fn parsed<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(setting)?;
        match parse(text) {
            Ok(value) => Some(value),
            // The text before an `@` in an address may be a password in the wrong place.
            Err(problem) if setting.is_secret || text.contains('@') => {
                self.refuse(setting, &problem);
                None
            }
            Err(problem) => {
                let shown: String = text.chars().take(60).collect();
                self.refuse(setting, &format!("is {shown:?}, which {problem}"));
                None
            }
        }
    }

    /// Notes that a setting cannot be used, as the end of a sentence that begins with its name.
    pub(super) fn refuse(&mut self, setting: &Setting, problem: &str) {
        let Setting { variable, example, .. } = setting;
        self.problems.push(format!("{variable} {problem}. Example: {variable}={example}"));
    }

    /// The environment itself, for what is no setting.
    pub(super) fn env(&self) -> &'e Env {
        self.env
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Error> {
        let problems = self.problems;
        if problems.is_empty() { Ok(value) } else { Err(Error { problems }) }
    }
}
