//! Names that GitHub gives to repositories.

use std::fmt;
use std::str::FromStr;

/// `owner/name`, spelled as it came. GitHub ignores case, so compare [`FullName::key`]s.
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

/// How many bytes a name may have; GitHub's have 140 at the most.
const LONGEST: usize = 200;

/// A name that is not `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository's full name, such as `octo-org/hello-world`")]
pub struct NotAFullName(pub String);

impl FullName {
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

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FullName {
    type Err = NotAFullName;

    /// Takes exactly one `/` with something on both sides, no white space or control characters,
    /// and no more than 200 bytes.
    fn from_str(text: &str) -> Result<Self, NotAFullName> {
        let refused = || NotAFullName(text.chars().take(LONGEST).collect());
        let (owner, name) = text.split_once('/').ok_or_else(refused)?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.contains('/')
                && !part.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if text.len() <= LONGEST && plain(owner) && plain(name) {
            Ok(Self(text.to_owned()))
        } else {
            Err(refused())
        }
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
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(std::str::from_utf8(bytes.as_bytes())?.parse()?)
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
    fn anything_else_is_refused() {
        for text in [
            "",
            "no-slash",
            "owner only/repo",
            "bad/repo/name",
            "/missing-owner",
            "missing-repo/",
            "tab\t/x",
            "nul\0/x",
            "/",
            &format!("acme/{}", "x".repeat(LONGEST)),
        ] {
            assert!(text.parse::<FullName>().is_err(), "{text:?} passed");
        }
    }
}
