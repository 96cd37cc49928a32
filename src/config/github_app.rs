//! The settings of a GitHub App, which are complete or absent.

use std::io;
use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::reader::SettingsReader;
use super::secret::Secret;
use super::settings::{GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID, GITHUB_APP_PRIVATE_KEY};
use crate::files;

/// How the text of a key in PEM begins.
const BEGIN: &str = "-----BEGIN";

/// A GitHub App to act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubApp {
    /// Its id or client id (`GITHUB_APP_ID`).
    pub id: String,
    /// The only installation; without one, each owner's own is used
    /// (`GITHUB_APP_INSTALLATION_ID`).
    pub installation_id: Option<u64>,
    /// Its RSA key in PEM (`GITHUB_APP_PRIVATE_KEY`).
    pub private_key: Secret,
}

impl GitHubApp {
    pub(super) fn read(reader: &mut SettingsReader<'_>) -> Option<Self> {
        let given = |reader: &mut SettingsReader<'_>, setting| reader.text(setting).is_some();
        let has_id = given(reader, &GITHUB_APP_ID);
        let has_key = given(reader, &GITHUB_APP_PRIVATE_KEY);
        let has_installation = given(reader, &GITHUB_APP_INSTALLATION_ID);
        if !(has_id || has_key || has_installation) {
            return None;
        }
        let missing = [(has_id, &GITHUB_APP_ID), (has_key, &GITHUB_APP_PRIVATE_KEY)];
        for (_, setting) in missing.into_iter().filter(|(is_given, _)| !is_given) {
            reader.refuse(setting, "is needed by the other settings of the GitHub App");
        }
        let id = reader.parsed(&GITHUB_APP_ID, app_id);
        let private_key = reader.parsed(&GITHUB_APP_PRIVATE_KEY, private_key);
        let installation_id = reader.parsed(&GITHUB_APP_INSTALLATION_ID, |text| {
            text.parse().ok().filter(|id| *id > 0).ok_or_else(|| "is not a number".to_owned())
        });
        Some(Self { id: id?, installation_id, private_key: private_key? })
    }
}

/// An app's id is a number, its client id has letters and a dot as well.
fn app_id(text: &str) -> Result<String, String> {
    match text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
        true => Ok(text.to_owned()),
        false => Err("is neither the id nor the client id of an app".to_owned()),
    }
}

/// A key from its text or from a file.
fn private_key(text: &str) -> Result<Secret, String> {
    let text = match text.starts_with(BEGIN) {
        true => text.replace("\\n", "\n"),
        false => files::read(Path::new(text))
            .and_then(|key| String::from_utf8(key).map_err(io::Error::other))
            .map_err(|error| format!("is neither a key in PEM nor a readable file: {error}"))?,
    };
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs1(_) | PrivateKeyDer::Pkcs8(_)) => Ok(Secret::new(text)),
        _ => Err("is not an RSA key in PEM, as GitHub offers it for download".to_owned()),
    }
}
