//! Messages of people to the agent that calls a tool, added to the tool's own result.

use rmcp::model::{CallToolRequestParams, CallToolResponse, ContentBlock};
use serde_json::Value;

use super::{McpServer, ToolCaller};
use crate::middleware::access::{ToolAccess, Workers};
use crate::service;
use crate::service::claims::leases;

/// Tools whose results already contain the messages as data.
const WITH_MESSAGES: [&str; 2] = ["renew_lease", "my_work"];

/// The agent whose messages a call returns: the one that it acts for, which a tool has checked if
/// it succeeded; otherwise the caller's own name.
pub(super) fn reader(
    request: &CallToolRequestParams,
    tool: &ToolAccess,
    tool_caller: &ToolCaller,
) -> Option<String> {
    if WITH_MESSAGES.contains(&tool.name) {
        return None;
    }
    let named = request.arguments.as_ref().and_then(|given| given.get("agentName"));
    let acts_for = named.filter(|_| tool.workers == Some(Workers::Bound)).and_then(Value::as_str);
    acts_for.map(str::to_owned).or_else(|| tool_caller.actor.agent())
}

impl McpServer {
    /// The result of a successful tool, followed by the agent's unread messages.
    pub(super) async fn with_messages(
        &self,
        answer: CallToolResponse,
        agent: &str,
        tool_caller: &ToolCaller,
    ) -> CallToolResponse {
        let CallToolResponse::Complete(mut result) = answer else { return answer };
        if result.is_error == Some(true) {
            return result.into();
        }
        match self.texts(agent, tool_caller).await {
            Ok(texts) => result.content.extend(texts.into_iter().map(ContentBlock::text)),
            // The tool has succeeded; an invalid agent name has no messages.
            Err(error) => tracing::debug!(%error, "messages to the caller could not be read"),
        }
        result.into()
    }

    async fn texts(&self, agent: &str, tool_caller: &ToolCaller) -> service::Result<Vec<String>> {
        let held = leases::unread_messages(&self.app, &tool_caller.actor, agent).await?;
        let text = |message: &leases::UnreadMessage| {
            let leases::UnreadMessage { issue, lease, message } = message;
            format!(
                "Message {} from {} about {issue}, which you hold as {lease} (say that it is read with \
                 renew_lease, readMessageId): {}",
                message.id, message.author, message.body
            )
        };
        Ok(held.iter().map(text).collect())
    }
}
