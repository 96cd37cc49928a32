//! The API client of the commands: one message of the Model Context Protocol, one response.

use std::time::Duration;

use ::dispatch::config;
use ::dispatch::net;
use ::dispatch::service::error_code;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::outcome::CommandFailure;

/// The protocol revision of tool calls: the last one in which a call needs no handshake.
const REVISION: &str = "2025-11-25";

/// Timeout of a response: waiting for work takes up to 25 seconds, and a sync as long as GitHub.
const PATIENCE: Duration = Duration::from_secs(300);

/// Timeout of a connection.
const CONNECTING: Duration = Duration::from_secs(10);

/// The JSON pointer to a message's own revision.
const OWN_REVISION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// A client of Dispatch. Clones share their connections.
#[derive(Clone)]
pub(super) struct ApiClient {
    http: reqwest::Client,
    address: String,
    authorization: Option<String>,
    agent: Option<String>,
}

impl ApiClient {
    /// A client according to the settings.
    #[expect(clippy::disallowed_methods, reason = "this client asks Dispatch, not GitHub")]
    pub(super) fn new(client: &config::ClientConfig) -> Result<Self, CommandFailure> {
        let unusable = |error: &dyn std::error::Error| {
            let remedy = "Install the system's root certificates, or use an http address.";
            CommandFailure::new("UNREACHABLE", format!("TLS cannot be set up: {error}"), remedy)
        };
        let mut tls = net::tls(client.url.scheme() == "https").map_err(|error| unusable(&error))?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("dispatch/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECTING)
            .timeout(PATIENCE)
            // The token must not be sent to any other address.
            .redirect(Policy::none())
            .tls_backend_preconfigured(tls);
        if net::is_this_machine(&client.url) {
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().map_err(|error| unusable(&error))?,
            address: client.url.as_str().trim_end_matches('/').to_owned(),
            authorization: client.token.as_ref().map(|token| format!("Bearer {}", token.expose())),
            agent: client.agent.clone(),
        })
    }

    /// Calls a tool and returns its result.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, CommandFailure> {
        let params = json!({ "name": tool, "arguments": arguments });
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let mut reply = self.send(&message, Some(REVISION)).await?.unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(error) = reply.get("error") {
            let remedy = "Use the program of the same version as the server's.";
            return Err(CommandFailure::new("PROTOCOL", text(&error["message"]), remedy));
        }
        let answer = reply["result"]["structuredContent"].take();
        if reply["result"]["isError"] == true {
            let [code, message, remedy] =
                ["code", "message", "remedy"].map(|member| text(&answer[member]));
            return Err(CommandFailure { code, message, remedy });
        }
        Ok(answer)
    }

    /// Sends a message and returns the reply, if it has one. `revision` is the negotiated one, for
    /// messages that do not state their own.
    pub(super) async fn send(
        &self,
        message: &Value,
        revision: Option<&str>,
    ) -> Result<Option<Value>, CommandFailure> {
        let mut request = self
            .http
            .post(format!("{}/mcp", self.address))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        let revision = message.pointer(OWN_REVISION).and_then(Value::as_str).or(revision);
        let named = |pointer| message.pointer(pointer).and_then(Value::as_str);
        let headers = [
            (AUTHORIZATION.as_str(), self.authorization.as_deref()),
            ("x-agent-name", self.agent.as_deref()),
            ("mcp-protocol-version", revision),
            ("mcp-method", named("/method")),
            ("mcp-name", named("/params/name")),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let response = request.body(message.to_string()).send().await;
        let response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        match answer {
            Some(reply) if reply["jsonrpc"] == "2.0" => Ok(Some(reply)),
            None if status.is_success() && body.is_empty() => Ok(None),
            Some(problem) if problem["code"].is_string() => {
                let text = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
                Err(CommandFailure::from_code(&text("code"), text("error")))
            }
            // A response of Basic authentication has no body of Dispatch.
            _ if status == reqwest::StatusCode::UNAUTHORIZED => {
                Err(CommandFailure::from_code(error_code::UNAUTHENTICATED, "Unauthorized"))
            }
            _ => {
                let remedy = "Set DISPATCH_URL to the address of Dispatch itself.";
                let text = format!("{} answered {status}, as Dispatch never does", self.address);
                Err(CommandFailure::new("UNREACHABLE", text, remedy))
            }
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> CommandFailure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        let message = format!("Dispatch at {} {what}: {cause}", self.address);
        let remedy = "Start it with `dispatch serve`, or set DISPATCH_URL to where it runs.";
        CommandFailure::new("UNREACHABLE", message, remedy)
    }
}
