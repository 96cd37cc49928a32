//! Macros for the database form of domain values: enums as `text`, structs as `jsonb`.

/// A text that is not a value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {allowed}")]
pub struct UnknownValue {
    /// What was given.
    pub word: String,
    /// The known values, joined with comma and space.
    pub allowed: String,
}

/// Stores a `Copy` enum as `text` through its `as_str` and `FromStr`, so that a row cannot hold an
/// unknown value.
macro_rules! text_column {
    ($name:ident) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(bytes.as_bytes())?.parse()?)
            }
        }
    };
}

/// Defines an enum that is stored as `text`, with the spelling of each value. Other derives are
/// given with its documentation.
macro_rules! text_enum {
    (
        $(#[$attribute:meta])* $name:ident,
        $($(#[$value_doc:meta])* $value:ident = $word:literal,)+
    ) => {
        $(#[$attribute])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$value),+];

            /// The word in the database and over REST.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::sql_enum::UnknownValue;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|value| value.as_str() == word).ok_or_else(|| {
                    let allowed = Self::ALL.map(Self::as_str).join(", ");
                    Self::Err { word: word.to_owned(), allowed }
                })
            }
        }

        $crate::domain::sql_enum::text_column!($name);
    };
}

/// PostgreSQL's only version of binary `jsonb`; it comes before the text.
pub(super) const JSONB_VERSION: u8 = 1;

/// Stores a value as `jsonb` through its serde form.
macro_rules! json_column {
    ($name:ident) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, &[$crate::domain::sql_enum::JSONB_VERSION])?;
                serde_json::to_writer(out, self)?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match bytes.as_bytes() {
                    [$crate::domain::sql_enum::JSONB_VERSION, text @ ..] => {
                        Ok(serde_json::from_slice(text)?)
                    }
                    _ => Err("an unknown version of jsonb".into()),
                }
            }
        }
    };
}

pub(super) use {json_column, text_column, text_enum};
