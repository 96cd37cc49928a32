//! The tools over standard input and output: each line is a message, passed on to the running
//! service, and each answer is a line. What the tools are is known to the service alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::dispatch::config;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::Format;
use super::api_client::ApiClient;
use super::outcome::{Failure, Outcome, print};

/// How long to wait for outstanding answers after the input ended. Longer than the server gives GitHub, so
/// that the last requests of a pipe are answered; short enough that what a dead agent waits for is not
/// claimed.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of a conversation.
struct Conversation {
    dispatch: ApiClient,
    /// The revision that both sides agreed on in the beginning.
    revision: Mutex<Option<String>>,
}

/// Serves until the input ends, and what was asked is answered or takes too long.
pub(super) async fn serve(client: &config::Client) -> Outcome {
    let served = match ApiClient::new(client) {
        Ok(dispatch) => converse(dispatch).await,
        Err(failure) => Err(failure),
    };
    served.map_or_else(|failure| failure.say(Format { json: false }), |()| Outcome::Done)
}

async fn converse(dispatch: ApiClient) -> Result<(), Failure> {
    let conversation = Arc::new(Conversation { dispatch, revision: Mutex::default() });
    let mut lines = lines_of_input();
    let mut answers = JoinSet::new();
    let mut under_way: HashMap<String, AbortHandle> = HashMap::new();
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| Failure::broken(&error))?;
        under_way.retain(|_, answer| !answer.is_finished());
        while let Some(answered) = answers.try_join_next() {
            answered.unwrap_or(Ok(()))?;
        }
        if line.trim().is_empty() {
            continue;
        }
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            let error = json!({ "code": -32700, "message": "This line is not JSON" });
            print(&json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string())?;
            continue;
        };
        if message["method"] == "notifications/cancelled" {
            // What was begun is done all the same; nobody waits for the answer any more.
            if let Some(answer) = under_way.remove(&message["params"]["requestId"].to_string()) {
                answer.abort();
            }
            continue;
        }
        let id = message["id"].to_string();
        let conversation = Arc::clone(&conversation);
        let answer = answers.spawn(async move { conversation.answer(&message).await });
        under_way.insert(id, answer);
    }
    let rest = async {
        while let Some(answered) = answers.join_next().await {
            answered.unwrap_or(Ok(()))?;
        }
        Ok(())
    };
    // What waits longer, waits for nobody: Dispatch hears that we are gone, and claims nothing for us.
    tokio::time::timeout(DRAIN_TIMEOUT, rest).await.unwrap_or(Ok(()))
}

/// The lines of the standard input. They are read on a thread of their own, which nobody waits for:
/// a read that hangs ends with the process.
fn lines_of_input() -> mpsc::Receiver<std::io::Result<String>> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Conversation {
    /// Passes a message on and prints the reply to it.
    async fn answer(&self, message: &Value) -> Result<(), Failure> {
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

/// The reply to what Dispatch could not be asked, or did not let in: to a call a result that says
/// what to do, as every refusal of a tool does.
fn refusal(message: &Value, failure: &Failure) -> Value {
    let Failure { code, message: text, remedy } = failure;
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
