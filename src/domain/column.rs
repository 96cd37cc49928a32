//! How domain values are kept in a database column: macros for words and for JSON.

/// Stores a `Copy` word as `text` through its `as_str` and `FromStr`, so that a row cannot hold a
/// word the domain does not know.
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
                std::io::Write::write_all(out, &[$crate::domain::column::JSONB_VERSION])?;
                serde_json::to_writer(out, self)?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Jsonb, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match bytes.as_bytes() {
                    [$crate::domain::column::JSONB_VERSION, text @ ..] => {
                        Ok(serde_json::from_slice(text)?)
                    }
                    _ => Err("an unknown version of jsonb".into()),
                }
            }
        }
    };
}

pub(super) use {json_column, text_column};
