//! MCP over standard input and output: each line is a message, which is forwarded to the running
//! service, and each response is a line. Only the service knows the tools.

use std::collections::HashMap;
use std::io::BufRead as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::dispatch::config;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::Format;
use super::api_client::ApiClient;
use super::outcome::{CommandFailure, ExitOutcome, print};

/// How long to wait for outstanding responses after the input ended.
///
/// Longer than the server's timeout for GitHub, so that the last requests of a pipe get their
/// responses; short enough that a dead agent's waiting claims are not served.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The state of a connection.
struct McpProxy {
    dispatch: ApiClient,
    /// The revision that was negotiated at its beginning.
    revision: Mutex<Option<String>>,
}

/// Serves until the input ends, and outstanding requests have finished or timed out.
pub(super) async fn serve(client: &config::ClientConfig) -> ExitOutcome {
    let served = match ApiClient::new(client) {
        Ok(dispatch) => converse(dispatch).await,
        Err(failure) => Err(failure),
    };
    served.map_or_else(|failure| failure.say(Format { json: false }), |()| ExitOutcome::Done)
}

async fn converse(dispatch: ApiClient) -> Result<(), CommandFailure> {
    let proxy = Arc::new(McpProxy { dispatch, revision: Mutex::default() });
    let mut lines = lines_of_input();
    let mut answers = JoinSet::new();
    let mut under_way: HashMap<String, AbortHandle> = HashMap::new();
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| CommandFailure::broken(&error))?;
        under_way.retain(|_, answer| !answer.is_finished());
        while let Some(answered) = answers.try_join_next() {
            answered.unwrap_or(Ok(()))?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Ok(message) = serde_json::from_slice::<Value>(&line) else {
            let error = json!({ "code": -32700, "message": "This line is not JSON" });
            print(&json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string())?;
            continue;
        };
        if message["method"] == "notifications/cancelled" {
            // The request still runs to its end; only its response is dropped.
            if let Some(answer) = under_way.remove(&message["params"]["requestId"].to_string()) {
                answer.abort();
            }
            continue;
        }
        let id = message["id"].to_string();
        let proxy = Arc::clone(&proxy);
        let answer = answers.spawn(async move { proxy.answer(&message).await });
        under_way.insert(id, answer);
    }
    let rest = async {
        while let Some(answered) = answers.join_next().await {
            answered.unwrap_or(Ok(()))?;
        }
        Ok(())
    };
    // Longer waits are pointless: Dispatch notices the disconnect, and claims nothing for this
    // client.
    tokio::time::timeout(DRAIN_TIMEOUT, rest).await.unwrap_or(Ok(()))
}

/// The lines of the standard input, read on a separate thread that is never joined: a read that
/// hangs ends with the process. A line need not be text.
fn lines_of_input() -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl McpProxy {
    /// Forwards a message and prints the reply.
    async fn answer(&self, message: &Value) -> Result<(), CommandFailure> {
        let is_hello = message["method"] == "initialize";
        let agreed = || self.revision.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = if is_hello { None } else { agreed().clone() };
        let reply = self.dispatch.send(message, revision.as_deref()).await;
        let reply = match reply {
            Ok(Some(reply)) => reply,
            Ok(None) => return Ok(()),
            Err(_) if message["id"].is_null() => return Ok(()),
            Err(failure) => refusal(message, &failure),
        };
        if is_hello {
            *agreed() = reply["result"]["protocolVersion"].as_str().map(str::to_owned);
        }
        print(&reply.to_string())
    }
}

/// The reply to a message that could not be sent or was denied: for a tool call, a result that says
/// what to do, like every error of a tool.
fn refusal(message: &Value, failure: &CommandFailure) -> Value {
    let CommandFailure { code, message: text, remedy } = failure;
    let whole = format!("Error: {text} ({code}) {remedy}");
    let id = &message["id"];
    if message["method"] == "tools/call" {
        let content = json!([{ "type": "text", "text": whole }]);
        let structured = failure.to_json();
        let result =
            json!({ "content": content, "structuredContent": structured, "isError": true });
        return json!({ "jsonrpc": "2.0", "id": id, "result": result });
    }
    let error = json!({ "code": -32000, "message": whole, "data": failure.to_json() });
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}
