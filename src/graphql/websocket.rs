//! GraphQL over WebSocket, in the protocol `graphql-transport-ws`.
//!
//! One task serves a socket: it reads messages, executes its operations concurrently and writes
//! their responses as they arrive. The cost of a socket is kept low, because a board is open all
//! day: the buffers are 4 KiB, and a response is stored once for all its receivers. A socket that
//! cannot be written to for some time, or does not respond, is closed. Until then it delays only
//! its own responses, and these only for a limited time (see `multiplexer`).

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use futures_util::{FutureExt, SinkExt};
use serde_json::{Map, Value};
use tokio::time::{Instant, interval_at, timeout};
use tokio_stream::StreamMap;

use super::answer::StreamItem;
use super::http::{REQUEST_SIZE, query};
use super::request::{Call, Requester};
use super::server::Server;
use crate::domain::Tier;
use crate::middleware::Caller;

/// The name of the protocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// The sizes of the read and the write buffer, in bytes.
const BUFFER: usize = 4096;

/// The timeout of the client's first message, `connection_init`.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// The interval of pings. Two pings without a pong end the connection.
const PING: Duration = Duration::from_secs(30);

/// The timeout of one write.
const WRITE: Duration = Duration::from_secs(10);

/// The maximum number of concurrent operations on one socket.
const OPERATIONS: usize = 100;

/// The maximum size of the ids, documents and variables of those operations together, in bytes.
const OPERATION_BYTES: usize = 512 * 1024;

/// Why a socket is closed; the numbers are the protocol's.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Closing {
    /// The client disconnected.
    Gone,
    /// The client closed the socket.
    Goodbye,
    /// A message that does not belong to the protocol.
    Invalid(&'static str),
    /// Operations before `connection_init`, or `connection_init` with wrong credentials.
    Unauthorized,
    /// The client did not offer this protocol.
    WrongProtocol,
    /// `connection_init` did not arrive in time.
    TooLate,
    /// An operation with the id of a running one.
    Duplicate(String),
    /// A second `connection_init`.
    Again,
    /// The service is stopping; the client may reconnect at once.
    Stopping,
}

impl Closing {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone | Self::Goodbye => return None,
            // Service Restart, which clients of the protocol answer by connecting again.
            Self::Stopping => (1012, "Dispatch is stopping; connect again".to_owned()),
            Self::Invalid(reason) => (4400, reason.to_owned()),
            Self::Unauthorized => (4401, "Unauthorized".to_owned()),
            Self::WrongProtocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::TooLate => (4408, "Connection initialisation timeout".to_owned()),
            Self::Duplicate(id) => (4409, format!("Subscriber for {id} already exists")),
            Self::Again => (4429, "Too many initialisation requests".to_owned()),
        };
        // A close frame has room for 123 bytes of reason.
        let end =
            reason.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 123);
        let end = end.last().unwrap_or(0);
        Some(CloseFrame { code, reason: reason[..end].into() })
    }
}

/// Turns a request into a WebSocket.
pub(super) async fn upgrade(server: Server, parts: &mut Parts) -> Response {
    let upgrade = match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    let visitor = Visitor::from_request(parts);
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(REQUEST_SIZE)
        .max_frame_size(REQUEST_SIZE)
        .on_upgrade(async move |socket| {
            WebSocketSession::new(server, visitor, socket).serve().await
        })
}

/// The caller who opened a socket.
struct Visitor {
    requester: Requester,
    caller: Option<Caller>,
}

impl Visitor {
    fn from_request(request: &Parts) -> Self {
        Self {
            requester: Requester::from_request(request),
            caller: request.extensions.get::<Caller>().cloned(),
        }
    }

    /// Authenticates the caller by the payload of `connection_init`: credentials as in the header
    /// `Authorization`, for browsers, which cannot set that header on a socket.
    async fn introduced(&self, payload: &Value) -> Result<Requester, Closing> {
        let shown = ["Authorization", "authorization"].iter().find_map(|name| payload.get(name));
        let actor = match (shown, &self.caller) {
            (Some(Value::String(shown)), Some(caller)) => {
                caller.present(shown).await.map_err(|_| Closing::Unauthorized)?
            }
            (Some(_), _) => return Err(Closing::Unauthorized),
            (None, _) => self.requester.actor.clone(),
        };
        if actor.may(Tier::Read) {
            Ok(Requester { actor, ..self.requester.clone() })
        } else {
            Err(Closing::Unauthorized)
        }
    }
}

/// A message of the client.
#[derive(Debug)]
enum ClientMessage {
    Init(Value),
    Ping,
    Pong,
    Subscribe {
        id: String,
        payload: Map<String, Value>,
    },
    Complete {
        id: String,
    },
    /// A frame that only keeps the connection alive.
    Nothing,
}

impl ClientMessage {
    fn read(text: &str) -> Result<Self, Closing> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Closing::Invalid("A message is a JSON object"));
        };
        let kind = match message.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            _ => return Err(Closing::Invalid("A message has a type")),
        };
        let payload = message.remove("payload").unwrap_or_default();
        let mut id = || match message.remove("id") {
            Some(Value::String(id)) if !id.is_empty() => Ok(id),
            _ => Err(Closing::Invalid("An operation has an id, which is a text")),
        };
        match (kind.as_str(), payload) {
            ("connection_init", payload @ (Value::Object(_) | Value::Null)) => {
                Ok(Self::Init(payload))
            }
            ("ping", Value::Object(_) | Value::Null) => Ok(Self::Ping),
            ("pong", Value::Object(_) | Value::Null) => Ok(Self::Pong),
            ("subscribe", Value::Object(payload)) => Ok(Self::Subscribe { id: id()?, payload }),
            ("complete", _) => Ok(Self::Complete { id: id()? }),
            ("connection_init" | "ping" | "pong" | "subscribe", _) => {
                Err(Closing::Invalid("The payload of a message is a JSON object"))
            }
            _ => Err(Closing::Invalid("There is no message of this type")),
        }
    }
}

/// A message of an operation for the client.
enum ServerMessage {
    Item(StreamItem),
    End,
}

/// A socket and its running operations.
struct WebSocketSession {
    server: Server,
    visitor: Visitor,
    socket: WebSocket,
    operations: StreamMap<String, BoxStream<'static, ServerMessage>>,
    /// The size of each operation's request in bytes. May still contain operations that ended.
    sizes: HashMap<String, usize>,
}

impl WebSocketSession {
    fn new(server: Server, visitor: Visitor, socket: WebSocket) -> Self {
        Self { server, visitor, socket, operations: StreamMap::new(), sizes: HashMap::new() }
    }

    async fn serve(mut self) {
        let bus = self.server.bus();
        let closing = tokio::select! {
            Err(closing) = self.converse() => closing,
            () = bus.closed() => Closing::Stopping,
        };
        if closing == Closing::Goodbye {
            // Sends the close frame that responds to the client's.
            let _ = timeout(WRITE, self.socket.close()).await;
        }
        if let Some(frame) = closing.frame() {
            // A failure does not matter: the socket is closed anyway.
            let _ = timeout(WRITE, self.socket.send(Message::Close(Some(frame)))).await;
        }
    }

    async fn converse(&mut self) -> Result<Infallible, Closing> {
        if self.socket.protocol().is_none() {
            return Err(Closing::WrongProtocol);
        }
        let introduction = timeout(INTRODUCTION, self.introduction()).await;
        let requester = introduction.map_err(|_| Closing::TooLate)??;
        self.send(r#"{"type":"connection_ack"}"#.into()).await?;
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                message = receive(&mut self.socket) => {
                    unanswered = 0;
                    self.handle(&requester, message?).await?;
                }
                Some((id, message)) = self.operations.next() => self.send_item(id, message).await?,
                _ = pings.tick() => {
                    if unanswered == 2 {
                        return Err(Closing::Gone);
                    }
                    unanswered += 1;
                    self.send(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    /// Waits for `connection_init`.
    async fn introduction(&mut self) -> Result<Requester, Closing> {
        loop {
            match receive(&mut self.socket).await? {
                ClientMessage::Init(payload) => return self.visitor.introduced(&payload).await,
                ClientMessage::Ping => self.send(PONG.into()).await?,
                ClientMessage::Pong | ClientMessage::Nothing | ClientMessage::Complete { .. } => {}
                ClientMessage::Subscribe { .. } => return Err(Closing::Unauthorized),
            }
        }
    }

    /// Handles one message. The next one is read afterwards, when a subscription has begun. The web
    /// pages rely on that, because the protocol does not acknowledge a subscription.
    async fn handle(
        &mut self,
        requester: &Requester,
        message: ClientMessage,
    ) -> Result<(), Closing> {
        match message {
            ClientMessage::Init(_) => Err(Closing::Again),
            ClientMessage::Ping => self.send(PONG.into()).await,
            ClientMessage::Pong | ClientMessage::Nothing => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.start(requester, id, payload).await,
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    async fn start(
        &mut self,
        requester: &Requester,
        id: String,
        payload: Map<String, Value>,
    ) -> Result<(), Closing> {
        let visitor = self.visitor.caller.as_ref();
        if let Some(visitor) = visitor
            && visitor.is_signed_out(&requester.actor).await
        {
            return Err(Closing::Unauthorized);
        }
        if self.operations.contains_key(&id) {
            return Err(Closing::Duplicate(id));
        }
        let size = id.len() + Value::Object(payload.clone()).to_string().len();
        self.sizes.retain(|id, _| self.operations.contains_key(id));
        let is_full = self.sizes.values().sum::<usize>() + size > OPERATION_BYTES;
        let admitted = match self.operations.len() {
            OPERATIONS.. => Err(too_many()),
            _ if is_full => Err(too_long()),
            _ => query(payload)
                .map_err(|refusal| refusal.answer())
                .and_then(|query| self.server.admit(Call::new(requester.clone(), query))),
        };
        match admitted {
            Ok(admitted) => {
                let items = self.server.follow(admitted, None).await.map(ServerMessage::Item);
                let message = items.chain(stream::once(async { ServerMessage::End }));
                self.sizes.insert(id.clone(), size);
                self.operations.insert(id, message.boxed());
                Ok(())
            }
            Err(answer) => {
                let item = answer.into_only_item();
                self.send(message("error", &id, item.refusal.as_ref().unwrap_or(&item.answer)))
                    .await
            }
        }
    }

    /// Writes the item of an operation, and what others emit at the same moment.
    async fn send_item(&mut self, id: String, message: ServerMessage) -> Result<(), Closing> {
        let writing = async {
            let mut next = Some((id, message));
            while let Some((id, message)) = next {
                self.socket.feed(encode(&id, &message)).await?;
                if let ServerMessage::Item(StreamItem { refusal: Some(_), .. }) = message {
                    // The protocol sends nothing after the error of a rejected operation, not even
                    // `complete`.
                    self.operations.remove(&id);
                }
                next = self.operations.next().now_or_never().flatten();
            }
            self.socket.flush().await
        };
        timeout(WRITE, writing).await.map_err(|_| Closing::Gone)?.map_err(|_| Closing::Gone)
    }

    async fn send(&mut self, message: Message) -> Result<(), Closing> {
        let sent = timeout(WRITE, self.socket.send(message)).await;
        sent.map_err(|_| Closing::Gone)?.map_err(|_| Closing::Gone)
    }
}

const PONG: &str = r#"{"type":"pong"}"#;

/// The next message of the client. Safe to cancel.
async fn receive(socket: &mut WebSocket) -> Result<ClientMessage, Closing> {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => ClientMessage::read(&text),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(ClientMessage::Nothing),
        Some(Ok(Message::Binary(_))) => Err(Closing::Invalid("Messages are texts")),
        Some(Ok(Message::Close(_))) => Err(Closing::Goodbye),
        Some(Err(_)) | None => Err(Closing::Gone),
    }
}

fn encode(id: &str, item: &ServerMessage) -> Message {
    match item {
        ServerMessage::Item(StreamItem { refusal: Some(errors), .. }) => {
            message("error", id, errors)
        }
        ServerMessage::Item(item) => message("next", id, &item.answer),
        ServerMessage::End => {
            let id = serde_json::to_string(id).expect("a text is JSON");
            format!(r#"{{"id":{id},"type":"complete"}}"#).into()
        }
    }
}

/// A message of an operation. The payload is shared by all clients that receive the same response.
fn message(kind: &str, id: &str, payload: &Bytes) -> Message {
    let id = serde_json::to_string(id).expect("a text is JSON");
    let payload = std::str::from_utf8(payload).expect("JSON is UTF-8");
    format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#).into()
}

fn too_many() -> super::answer::OperationResponse {
    refusal(format!("More than {OPERATIONS} operations at once on one connection"))
}

fn too_long() -> super::answer::OperationResponse {
    let most = OPERATION_BYTES;
    refusal(format!("The operations of one connection have more than {most} bytes together"))
}

fn refusal(sentence: String) -> super::answer::OperationResponse {
    let mut error = async_graphql::ServerError::new(sentence, None);
    error.extensions.get_or_insert_default().set("code", crate::service::error_code::RATE_LIMITED);
    super::answer::OperationResponse::new(async_graphql::Response::from_errors(vec![error]))
}
