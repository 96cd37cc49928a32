//! Checks the inputs of a manual run against those that the workflow declares, as GitHub does.

use std::collections::BTreeMap;

pub use super::workflow_file::MOST_INPUTS;
use super::workflow_file::{DispatchInput, DispatchTrigger, InputType};

/// The most characters of all inputs of one request, as JSON.
pub const MOST_CHARACTERS: usize = 65_535;

/// An input that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// The input's name; none if all inputs together are wrong.
    pub input: Option<String>,
    /// One sentence that names the input.
    pub message: String,
}

impl InputError {
    fn new(input: &str, message: String) -> Self {
        Self { input: Some(input.to_owned()), message }
    }
}

/// What is to be sent to GitHub, or everything that is wrong.
///
/// An input that is empty is left out; GitHub then takes the default of the file.
pub fn check_inputs(
    declared: &DispatchTrigger,
    given: &[(String, String)],
) -> Result<BTreeMap<String, String>, Vec<InputError>> {
    let mut errors = Vec::new();
    let mut accepted = BTreeMap::new();
    if given.len() > MOST_INPUTS {
        let message =
            format!("There are {} inputs; GitHub accepts at most {MOST_INPUTS}.", given.len());
        return Err(vec![InputError { input: None, message }]);
    }
    for (name, value) in given {
        match check_input(declared, name, value) {
            Ok(true) if accepted.insert(name.clone(), value.clone()).is_some() => {
                errors.push(InputError::new(name, format!("The input `{name}` is given twice.")));
            }
            Ok(_) => {}
            Err(error) => errors.push(error),
        }
    }
    errors.extend(missing(declared, given));
    let size = accepted
        .iter()
        .map(|(name, value)| json_length(name) + json_length(value) + 2)
        .sum::<usize>();
    if size + 2 > MOST_CHARACTERS {
        let message = format!("The inputs have more than {MOST_CHARACTERS} characters.");
        errors.push(InputError { input: None, message });
    }
    if errors.is_empty() { Ok(accepted) } else { Err(errors) }
}

/// Characters of a text as a JSON string.
fn json_length(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX / 64, |json| json.chars().count())
}

fn missing<'a>(
    declared: &'a DispatchTrigger,
    given: &'a [(String, String)],
) -> impl Iterator<Item = InputError> + 'a {
    let is_given = |input: &DispatchInput| {
        given.iter().any(|(name, value)| *name == input.name && !value.is_empty())
    };
    declared
        .inputs
        .iter()
        .filter(move |input| input.required && !has_default(input) && !is_given(input))
        .map(|input| {
            InputError::new(&input.name, format!("The input `{}` is required.", input.name))
        })
}

/// A boolean that is not given is false, so it always has a value.
fn has_default(input: &DispatchInput) -> bool {
    input.r#type == InputType::Boolean
        || input.default.as_ref().is_some_and(|text| !text.is_empty())
}

/// Whether the input is to be sent.
fn check_input(declared: &DispatchTrigger, name: &str, value: &str) -> Result<bool, InputError> {
    let Some(input) = declared.inputs.iter().find(|input| input.name == name) else {
        let shown: String = name.chars().take(100).collect();
        return Err(InputError::new(&shown, format!("The workflow declares no input `{shown}`.")));
    };
    let wrong = |expected: &str| {
        Err(InputError::new(name, format!("The input `{name}` must be {expected}.")))
    };
    if value.is_empty() {
        return Ok(false);
    }
    match input.r#type {
        InputType::Boolean if !matches!(value, "true" | "false") => wrong("true or false"),
        InputType::Number if !is_number(value) => wrong("a number"),
        InputType::Choice if !input.options.iter().any(|option| option == value) => {
            wrong(&format!("one of {}", input.options.join(", ")))
        }
        InputType::Environment if value.chars().count() > 255 => {
            wrong("the name of an environment, at most 255 characters")
        }
        _ => Ok(true),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, r#type: InputType) -> DispatchInput {
        DispatchInput { name: name.to_owned(), r#type, ..DispatchInput::default() }
    }

    fn declared() -> DispatchTrigger {
        DispatchTrigger {
            inputs: vec![
                DispatchInput { required: true, ..input("tag", InputType::String) },
                DispatchInput {
                    required: true,
                    default: Some("info".to_owned()),
                    options: vec!["info".to_owned(), "debug".to_owned()],
                    ..input("level", InputType::Choice)
                },
                DispatchInput { required: true, ..input("dry", InputType::Boolean) },
                input("count", InputType::Number),
                input("target", InputType::Environment),
            ],
        }
    }

    fn check(given: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Vec<String>> {
        let given: Vec<_> =
            given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        check_inputs(&declared(), &given)
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn valid_inputs_are_sent_and_empty_ones_are_not() {
        let sent = check(&[
            ("tag", "v1"),
            ("level", "debug"),
            ("dry", "true"),
            ("count", "-1.5e3"),
            ("target", ""),
        ]);
        let names: Vec<_> = sent.unwrap().into_keys().collect();
        assert_eq!(names, ["count", "dry", "level", "tag"]);
        assert!(check(&[("tag", "v1")]).is_ok());
    }

    #[test]
    fn every_wrong_input_is_named() {
        let errors = check(&[("level", "loud"), ("dry", "yes"), ("count", "many"), ("other", "1")])
            .unwrap_err();
        assert_eq!(
            errors,
            [
                "The input `level` must be one of info, debug.",
                "The input `dry` must be true or false.",
                "The input `count` must be a number.",
                "The workflow declares no input `other`.",
                "The input `tag` is required.",
            ]
        );
        assert_eq!(check(&[("tag", "")]).unwrap_err(), ["The input `tag` is required."]);
        assert_eq!(
            check(&[("tag", "1"), ("tag", "2")]).unwrap_err(),
            ["The input `tag` is given twice."]
        );
    }

    #[test]
    fn numbers_and_sizes_have_limits() {
        let many: Vec<(String, String)> =
            (0..26).map(|at| (format!("i{at}"), String::new())).collect();
        assert!(check_inputs(&declared(), &many).unwrap_err()[0].message.contains("at most 25"));
        assert!(check(&[("tag", &"x".repeat(65_500))]).is_ok());
        assert!(check(&[("tag", &"x".repeat(65_535))]).is_err());
        assert!(check(&[("tag", "1"), ("count", "inf")]).is_err());
        assert!(check(&[("tag", "1"), ("target", &"x".repeat(256))]).is_err());
    }
}
