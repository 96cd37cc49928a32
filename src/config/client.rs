//! What the command line needs to ask a Dispatch that runs elsewhere.

use url::Url;

use super::reader::{Env, Error, SettingsReader};
use super::secret::Secret;
use super::{settings, token, web_address};

/// How a program reaches Dispatch, and as whom.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where Dispatch is, without a slash at the end of its path (`DISPATCH_URL`).
    pub url: Url,
    /// What it is shown (`DISPATCH_AGENT_TOKEN`).
    pub token: Option<Secret>,
    /// The agent that asks (`DISPATCH_AGENT_NAME`).
    pub agent: Option<String>,
    /// The lease at hand (`DISPATCH_LEASE`).
    pub lease: Option<String>,
    /// Its token (`DISPATCH_FENCING_TOKEN`).
    pub fencing_token: Option<String>,
}

impl ClientConfig {
    /// Reads the few settings that a client has; those of a server may be anything.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, Error> {
        let mut reader = SettingsReader::new(env);
        let home = || Url::parse("http://127.0.0.1:3000").expect("a valid address");
        let text =
            |reader: &mut SettingsReader<'_>, setting| reader.text(setting).map(str::to_owned);
        let client = Self {
            url: reader.parsed(&settings::DISPATCH_URL, web_address).unwrap_or_else(home),
            token: reader.parsed(&settings::DISPATCH_AGENT_TOKEN, token),
            agent: text(&mut reader, &settings::DISPATCH_AGENT_NAME),
            lease: text(&mut reader, &settings::DISPATCH_LEASE),
            fencing_token: text(&mut reader, &settings::DISPATCH_FENCING_TOKEN),
        };
        reader.finish(client)
    }
}
