//! The types, parents and fields of issues.

use async_graphql::{Enum, SimpleObject, Union};

use crate::simulator::objects::{FieldValue, StateReason};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssueStateReason {
    Completed,
    Duplicate,
    NotPlanned,
    Reopened,
}

impl From<StateReason> for IssueStateReason {
    fn from(reason: StateReason) -> Self {
        match reason {
            StateReason::Completed => Self::Completed,
            StateReason::Duplicate => Self::Duplicate,
            StateReason::NotPlanned => Self::NotPlanned,
            StateReason::Reopened => Self::Reopened,
        }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssueTypeColor {
    Blue,
    Gray,
    Green,
    Orange,
    Pink,
    Purple,
    Red,
    Yellow,
}

#[derive(SimpleObject)]
pub(super) struct IssueType {
    name: String,
    color: IssueTypeColor,
}

impl IssueType {
    /// The colors are those of the types that GitHub gives to each organisation.
    pub(super) fn new(name: String) -> Self {
        let color = match name.as_str() {
            "Bug" => IssueTypeColor::Red,
            "Feature" => IssueTypeColor::Blue,
            "Task" => IssueTypeColor::Yellow,
            _ => IssueTypeColor::Gray,
        };
        Self { name, color }
    }
}

#[derive(SimpleObject)]
pub(super) struct SubIssuesSummary {
    pub total: i32,
    pub completed: i32,
}

#[derive(SimpleObject)]
pub(super) struct IssueFieldValueConnection {
    nodes: Option<Vec<Option<IssueFieldValue>>>,
}

impl IssueFieldValueConnection {
    pub(super) fn new(fields: &[(String, FieldValue)], size: usize) -> Self {
        let fields = fields.iter().take(size).cloned();
        Self { nodes: Some(fields.map(|(name, value)| Some(value_of(name, value))).collect()) }
    }
}

macro_rules! fields {
    ($($field:ident, $value_type:ident { $value:ident: $kind:ty },)*) => {
        #[derive(Union)]
        #[expect(clippy::enum_variant_names, reason = "GitHub's names")]
        enum IssueFields {
            $($field($field),)*
        }

        #[derive(Union)]
        #[expect(clippy::enum_variant_names, reason = "GitHub's names")]
        enum IssueFieldValue {
            $($value_type($value_type),)*
        }

        $(
            #[derive(SimpleObject)]
            struct $field {
                name: String,
            }

            #[derive(SimpleObject)]
            struct $value_type {
                field: Option<IssueFields>,
                $value: $kind,
            }

            impl $value_type {
                fn of(name: String, value: $kind) -> IssueFieldValue {
                    let field = Some(IssueFields::$field($field { name }));
                    IssueFieldValue::$value_type(Self { field, $value: value })
                }
            }
        )*
    };
}

fields! {
    IssueFieldDate, IssueFieldDateValue { value: String },
    IssueFieldNumber, IssueFieldNumberValue { value: f64 },
    IssueFieldSingleSelect, IssueFieldSingleSelectValue { name: String },
    IssueFieldText, IssueFieldTextValue { value: String },
}

fn value_of(name: String, value: FieldValue) -> IssueFieldValue {
    match value {
        FieldValue::Option(option) => IssueFieldSingleSelectValue::of(name, option),
        FieldValue::Text(text) => IssueFieldTextValue::of(name, text),
        FieldValue::Number(number) => IssueFieldNumberValue::of(name, number),
        FieldValue::Date(date) => IssueFieldDateValue::of(name, date),
    }
}
