//! The error result of a tool: a code for programs, a text for people, and what to do next.

use std::borrow::Cow;

use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, ErrorData};
use serde_json::{Map, Value, json};

use super::arguments::InvalidArgument;
use crate::domain::Timestamp;
use crate::middleware::Problem;
use crate::service::{Error, error_code};

/// Why a tool failed, and what to do next.
#[derive(Debug)]
pub(super) struct ToolError {
    code: &'static str,
    message: String,
    remedy: &'static str,
    members: Map<String, Value>,
}

/// What to do about an error, by its code.
pub fn remedy(code: &str) -> &'static str {
    match code {
        error_code::LEASE_LOST => {
            "Stop working on this issue and change nothing more; claim other work with claim_next."
        }
        error_code::CONFLICT => {
            "Claim other work with claim_next, or try the same again in a moment."
        }
        error_code::BAD_USER_INPUT => {
            "Mend the argument that the message names; the same call will be refused again."
        }
        error_code::UNAUTHENTICATED => {
            "Show one of the server's tokens: DISPATCH_AGENT_TOKEN, or a worker's own."
        }
        error_code::FORBIDDEN => {
            "Show a token that opens it (DISPATCH_AGENT_TOKEN), or ask whoever runs the server."
        }
        error_code::NOT_FOUND => {
            "Check the name and the number; refresh_issue reads an issue that is new, claim_next \
             gives other work."
        }
        error_code::RATE_LIMITED => {
            "Wait until retryAt, or ten seconds where it is missing, then call again."
        }
        error_code::UPSTREAM_FAILED => "GitHub did not do it; try the same again a little later.",
        error_code::UNAVAILABLE => "Dispatch is not ready; try the same again a little later.",
        _ => "This is a fault of Dispatch; its log tells more. Try other work.",
    }
}

impl ToolError {
    /// The JSON schema of an error, which is combined with that of a result.
    pub(super) fn schema() -> Value {
        let text = |description: &str| json!({ "type": "string", "description": description });
        json!({
            "type": "object",
            "description": "Why the tool call failed; such a result has isError",
            "properties": {
                "code": text("The error code for programs, such as LEASE_LOST"),
                "message": text("The error message for people"),
                "remedy": text("What to do next"),
            },
            "required": ["code", "message", "remedy"],
        })
    }
}

impl From<Problem> for ToolError {
    fn from(problem: Problem) -> Self {
        let code = problem.code();
        if let Some(cause) = problem.cause() {
            tracing::error!({ crate::telemetry::field::ERROR } = cause, "a tool failed");
        }
        let mut members = problem.members().clone();
        if let Some(at) = problem.retry_at() {
            members.insert("retryAt".to_owned(), json!(Timestamp(at)));
        }
        Self { code, message: problem.error().to_owned(), remedy: remedy(code), members }
    }
}

/// Converts field names to those of tool arguments.
impl From<Error> for ToolError {
    fn from(error: Error) -> Self {
        let error = match error {
            Error::Invalid { field, reason } => {
                let field = match field {
                    "agent" => "agentName",
                    "reason" => "blockedReason",
                    other => other,
                };
                Error::Invalid { field, reason }
            }
            other => other,
        };
        Self::from(Problem::from(error))
    }
}

impl From<InvalidArgument> for ToolError {
    fn from(InvalidArgument { field, reason }: InvalidArgument) -> Self {
        Self::from(Problem::bad_request(format!("{field}: {reason}")).with("field", field))
    }
}

impl From<ToolError> for CallToolResponse {
    fn from(refusal: ToolError) -> Self {
        let ToolError { code, message, remedy, members } = refusal;
        let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
        let text: Cow<'_, str> = format!("Error: {message}{end} ({code}) {remedy}").into();
        let mut structured = json!({ "code": code, "message": message, "remedy": remedy });
        if let Value::Object(object) = &mut structured {
            object.extend(members);
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        result.structured_content = Some(structured);
        result.into()
    }
}

impl IntoCallToolResult for ToolError {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(self.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_next() {
        let invalid = Error::Invalid { field: "agent", reason: "is wrong".to_owned() };
        let forbidden = Error::Forbidden { action: "Not yours".to_owned() };
        let busy = Error::RateLimited { what: "Too often".to_owned(), retry_at: None };
        let unavailable = Error::Unavailable { reason: "no database".to_owned() };
        let refused = [
            (
                Error::LeaseLost { holder: None },
                "the lease on this issue is over. (LEASE_LOST) Stop",
            ),
            (Error::conflict("It is closed"), "It is closed. (CONFLICT) Claim other work"),
            (invalid, "agentName: is wrong. (BAD_USER_INPUT) Mend the argument"),
            (Error::Unauthenticated, "Unauthorized. (UNAUTHENTICATED) Show one of"),
            (forbidden, "Not yours. (FORBIDDEN) Show a token that opens it"),
            (Error::no_issue("a/b#7"), "Issue not found: a/b#7. (NOT_FOUND) Check the name"),
            (busy, "Too often. (RATE_LIMITED) Wait until retryAt"),
            (unavailable, "no database. (UNAVAILABLE) Dispatch is not ready"),
            (
                Error::Internal(anyhow::anyhow!("a secret")),
                "Internal error. (INTERNAL_SERVER_ERROR) This is a fault",
            ),
        ];
        for (error, beginning) in refused {
            let CallToolResponse::Complete(result) = ToolError::from(error).into() else {
                panic!("a refusal is a whole answer")
            };
            assert_eq!(result.is_error, Some(true));
            let structured = result.structured_content.expect("a structure");
            assert!(structured["code"].is_string() && structured["remedy"].is_string());
            let text = &result.content[0].as_text().expect("a text").text;
            assert!(text.starts_with(&format!("Error: {beginning}")), "{text}");
        }
    }
}
