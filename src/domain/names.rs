//! Names of GitHub repositories, and the addresses that people paste for them.

use std::fmt;
use std::str::FromStr;

/// `owner/name`, in the spelling it was given. GitHub ignores case, so compare [`FullName::key`]s.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(transparent)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct FullName(String);

/// The host of repositories, unless an Enterprise server is set.
const GITHUB: &str = "github.com";

/// How many characters of an invalid text an error repeats.
const REPEATED: usize = 200;

/// The maximum length of an address, in bytes.
const LONGEST_ADDRESS: usize = 2_000;

/// URL schemes under which GitHub serves repositories, including npm's notation.
const SCHEMES: [&str; 7] = ["https", "http", "ssh", "git", "git+https", "git+http", "git+ssh"];

/// First path segments of GitHub's own pages, which no account can be named.
const PAGES: [&str; 22] = [
    "about",
    "apps",
    "codespaces",
    "collections",
    "enterprise",
    "enterprises",
    "explore",
    "features",
    "login",
    "marketplace",
    "new",
    "notifications",
    "organizations",
    "orgs",
    "search",
    "settings",
    "sponsors",
    "stars",
    "topics",
    "trending",
    "users",
    "watching",
];

/// A text that names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAFullName {
    /// It is neither a name nor an address.
    #[error("`{0}` is not a repository's full name, such as `octo-org/hello-world`")]
    Malformed(String),
    /// It is an address on another server.
    #[error("`{text}` is on {host}, and repositories are read from {own}")]
    Elsewhere {
        /// The text.
        text: String,
        /// The server of the address.
        host: String,
        /// The server from which repositories are read.
        own: String,
    },
}

impl FullName {
    /// The repository that is meant by its name, its name with an issue's number (`acme/tools#1`), or
    /// an address of it or of a page in it, as browsers, git and npm write them.
    ///
    /// # Errors
    ///
    /// [`NotAFullName`] for anything else, such as an address on another server than `own`.
    pub fn from_pasted(text: &str, own: &str) -> Result<Self, NotAFullName> {
        let text = text.trim();
        let malformed = || NotAFullName::Malformed(repeatable(text));
        if text.len() > LONGEST_ADDRESS {
            return Err(malformed());
        }
        let (host, path) = split(text).ok_or_else(malformed)?;
        let Some(host) = host else {
            let name = match path.rsplit_once('#') {
                Some((name, number)) if is_number(number) => name,
                _ => path,
            };
            return Self::from_path(name, false).ok_or_else(malformed);
        };
        let host = host.to_ascii_lowercase();
        let is_own = |host: &str| host == own || (host == "github" && own == GITHUB);
        let site = ["www.", "ssh.", "api."].iter().find_map(|part| host.strip_prefix(part));
        if !is_own(&host) && !site.is_some_and(is_own) {
            return Err(NotAFullName::Elsewhere {
                text: repeatable(text),
                host,
                own: own.to_owned(),
            });
        }
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
        let rest = path.strip_prefix("api/v3/");
        let is_api = rest.is_some() || host.starts_with("api.");
        let path = rest.unwrap_or(path);
        let path = path.strip_prefix("repos/").filter(|_| is_api).unwrap_or(path);
        Self::from_path(path, true).ok_or_else(malformed)
    }

    /// The first two parts of a path; more parts are allowed in an address only.
    fn from_path(path: &str, is_address: bool) -> Option<Self> {
        let mut parts = path.split('/');
        let (owner, name) = (parts.next()?, parts.next()?);
        let is_whole = parts.all(|part| is_address || part.is_empty());
        let is_page = is_address && PAGES.contains(&owner.to_ascii_lowercase().as_str());
        let stem = name.len().saturating_sub(4);
        let name = match name.get(stem..) {
            Some(ending) if ending.eq_ignore_ascii_case(".git") => &name[..stem],
            _ => name,
        };
        let is_named = is_whole && !is_page && is_owner(owner) && is_name(name);
        is_named.then(|| Self(format!("{owner}/{name}")))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The person or organisation the repository belongs to.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// The repository's own name.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// The name in lower case: two names are the same repository exactly when their keys are.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// The host, if a text is an address, and the path on it.
fn split(text: &str) -> Option<(Option<&str>, &str)> {
    if let Some((scheme, rest)) = text.split_once("://") {
        if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
            return None;
        }
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        return Some((Some(host), path));
    }
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    // As git writes it for ssh, `git@github.com:acme/tools`, or a host with a port.
    if let Some((host, part)) = first.split_once(':') {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let is_port = is_number(part) && rest.contains('/');
        let path = if is_port { rest } else { &text[text.len() - rest.len() - part.len() - 1..] };
        return Some((Some(host), path));
    }
    // No owner has a dot, and a name has exactly two parts.
    match first.contains('.') && rest.contains('/') {
        true => Some((Some(first), rest)),
        false => Some((None, text)),
    }
}

/// GitHub's grammar of logins; those of companies have an underscore, some old ones end in a
/// hyphen.
fn is_owner(text: &str) -> bool {
    (1..=39).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// GitHub's grammar of repositories' own names.
fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text as an error may repeat it: shortened, and without a possible password.
fn repeatable(text: &str) -> String {
    let (scheme, rest) = text.split_at(text.find("://").map_or(0, |at| at + 3));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    [scheme, host, path].iter().flat_map(|part| part.chars()).take(REPEATED).collect()
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FullName {
    type Err = NotAFullName;

    /// As [`FullName::from_pasted`] reads it, with addresses on github.com.
    fn from_str(text: &str) -> Result<Self, NotAFullName> {
        Self::from_pasted(text, GITHUB)
    }
}

impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for FullName {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(diesel::serialize::IsNull::No)
    }
}

impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for FullName {
    /// Accepts any text: a row that another version wrote must not make all others unreadable.
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(bytes.as_bytes())?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_has_two_parts() {
        let name: FullName = "Acme/Tools".parse().expect("well formed");
        assert_eq!((name.owner(), name.name()), ("Acme", "Tools"));
        assert_eq!(name.key(), "acme/tools");
        assert_eq!(name.to_string(), "Acme/Tools");
    }

    #[test]
    fn every_name_that_github_gives_is_one() {
        let owner = "o".repeat(39);
        let longest = format!("{owner}/{}", "n".repeat(100));
        let names = [
            "acme/tools",
            "a/b",
            "9/9",
            "acme/.github",
            "acme/...",
            "acme/-",
            "acme/_",
            "old-/x",
            "a--b/x",
            "mona_corp/x.y_z",
            "acme/git",
            "acme/tools.gitx",
            "repos/x",
            "orgs/x",
            &longest,
        ];
        for text in names {
            assert_eq!(text.parse::<FullName>().as_ref().map(FullName::as_str), Ok(text));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "/",
            "no-slash",
            "owner only/repo",
            "bad/repo/name",
            "/missing-owner",
            "missing-repo/",
            "tab\t/x",
            "nul\0/x",
            "acme/.",
            "acme/..",
            "../..",
            "acme/.git",
            "-acme/x",
            "_acme/x",
            "ac.me/x",
            "acme/é",
            "acmé/x",
            "acme/a b",
            "acme/a\u{200b}",
            "acme/x?y",
            "acme/x#y",
            "acme/x#",
            "acme/x:y",
            "@acme/x",
            "acme\\x",
            "a/b/c",
            "file:///etc/passwd",
            "javascript://github.com/a/b",
            "https://",
            "https://github.com",
            "https://github.com/",
            "https://github.com/acme",
            "https://github.com//x",
            "https://github.com/acme/..",
            "https://github.com/orgs/acme/repositories",
            "https://github.com/settings/profile",
            "git@github.com",
            "git@github.com:",
            "git@github.com:acme",
            "https://github.com/acme/.git",
            &format!("{}/x", "o".repeat(40)),
            &format!("acme/{}", "x".repeat(101)),
            &format!("https://github.com/acme/tools?{}", "x".repeat(LONGEST_ADDRESS)),
        ] {
            let refused = text.parse::<FullName>();
            assert!(matches!(refused, Err(NotAFullName::Malformed(_))), "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn a_pasted_address_of_any_usual_form_is_understood() {
        for text in [
            "acme/tools",
            " acme/tools\n",
            "acme/tools/",
            "acme/tools.git",
            "acme/tools#1",
            "https://github.com/acme/tools",
            "https://github.com/acme/tools/",
            "http://github.com/acme/tools",
            "HTTPS://GitHub.com/acme/tools",
            "https://www.github.com/acme/tools",
            "https://github.com/acme/tools.git",
            "https://github.com/acme/tools.GIT/",
            "https://github.com:443/acme/tools",
            "https://ada:secret@github.com/acme/tools.git",
            "https://github.com/acme/tools#readme",
            "https://github.com/acme/tools?tab=readme-ov-file",
            "https://github.com/acme/tools/issues",
            "https://github.com/acme/tools/issues/1#issuecomment-2",
            "https://github.com/acme/tools/pull/3/files",
            "https://github.com/acme/tools/tree/main/src",
            "https://api.github.com/repos/acme/tools/issues",
            "github.com/acme/tools",
            "github.com:443/acme/tools",
            "www.github.com/acme/tools/issues/1",
            "git@github.com:acme/tools.git",
            "git@github.com:acme/tools",
            "git@github.com:/acme/tools",
            "org-1@github.com:acme/tools.git",
            "github.com:acme/tools",
            "github:acme/tools",
            "ssh://git@github.com/acme/tools.git",
            "ssh://git@ssh.github.com:443/acme/tools.git",
            "git://github.com/acme/tools.git",
            "git+https://github.com/acme/tools.git",
            "git+ssh://git@github.com/acme/tools.git#main",
        ] {
            let read = text.parse::<FullName>();
            assert_eq!(read.as_ref().map(FullName::as_str), Ok("acme/tools"), "{text:?}");
        }
    }

    #[test]
    fn an_enterprise_server_has_addresses_of_its_own() {
        let own = "ghe.example";
        for text in [
            "acme/tools",
            "https://ghe.example/acme/tools",
            "https://ghe.example:8443/acme/tools",
            "git@ghe.example:acme/tools.git",
            "ssh://git@ghe.example:122/acme/tools.git",
            "ghe.example/acme/tools",
            "ghe.example:8443/acme/tools",
            "https://ghe.example/api/v3/repos/acme/tools",
        ] {
            let read = FullName::from_pasted(text, own);
            assert_eq!(read.as_ref().map(FullName::as_str), Ok("acme/tools"), "{text:?}");
        }
        for (text, own, host) in [
            ("https://github.com/acme/tools", own, "github.com"),
            ("github:acme/tools", own, "github"),
            ("https://ghe.example/acme/tools", GITHUB, "ghe.example"),
            ("https://gitlab.com/acme/tools", GITHUB, "gitlab.com"),
            ("git@bitbucket.org:acme/tools.git", GITHUB, "bitbucket.org"),
            ("https://github.com.evil.example/acme/tools", GITHUB, "github.com.evil.example"),
            ("https://github.com@evil.example/acme/tools", GITHUB, "evil.example"),
            ("https://notgithub.com/acme/tools", GITHUB, "notgithub.com"),
        ] {
            let refused = FullName::from_pasted(text, own).unwrap_err().to_string();
            let said = format!(" is on {host}, and repositories are read from {own}");
            assert!(refused.ends_with(&said), "{refused}");
        }
    }

    #[test]
    fn a_refusal_repeats_no_password_and_no_long_text() {
        for text in [
            "https://ada:hunter2@gitlab.com/a/b",
            "ftp://ada:hunter2@github.com/a/b",
            "ada:hunter2@github.com/a/b",
        ] {
            let refused = text.parse::<FullName>().unwrap_err().to_string();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        let refused = "x".repeat(100_000).parse::<FullName>().unwrap_err().to_string();
        assert!(refused.len() < 300);
    }
}
