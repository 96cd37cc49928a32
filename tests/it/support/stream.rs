//! Minimal clients of the two streaming transports.

use std::collections::VecDeque;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use dispatch::service::App;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};
use tower::ServiceExt;

use super::PATIENCE;

/// A client of `graphql-transport-ws`.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Messages that arrived before they were needed.
    early: VecDeque<Value>,
}

impl Socket {
    /// Connects and sends nothing yet.
    pub(crate) async fn connect(address: &str) -> Self {
        Self::with_protocol(address, Some("graphql-transport-ws")).await
    }

    pub(crate) async fn with_protocol(address: &str, protocol: Option<&str>) -> Self {
        let (stream, _) = connect_async(opening(address, protocol)).await.unwrap();
        Self { stream, early: VecDeque::new() }
    }

    /// Connects and waits for the acknowledgement.
    pub(crate) async fn open(address: &str) -> Self {
        Self::connect(address).await.acknowledged().await
    }

    /// The same, with a cookie.
    pub(crate) async fn with_cookie(address: &str, cookie: &str) -> Self {
        Self::with_header(address, ("cookie", cookie)).await
    }

    /// The same, with a header.
    pub(crate) async fn with_header(address: &str, (name, value): (&'static str, &str)) -> Self {
        let mut request = opening(address, Some("graphql-transport-ws"));
        request.headers_mut().insert(name, value.parse().unwrap());
        let (stream, _) = connect_async(request).await.unwrap();
        Self { stream, early: VecDeque::new() }.acknowledged().await
    }

    /// The same over a connection with very small buffers.
    pub(crate) async fn with_little_room(address: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let stream = MaybeTlsStream::Plain(stream);
        let request = opening(address, Some("graphql-transport-ws"));
        let (stream, _) = client_async(request, stream).await.unwrap();
        Self { stream, early: VecDeque::new() }.acknowledged().await
    }

    /// Connects as a program with a token, and waits for the acknowledgement.
    pub(crate) async fn with_token(address: &str, token: &str) -> Self {
        let shown = json!({"Authorization": format!("Bearer {token}")});
        Self::connect(address).await.introduced(shown).await
    }

    async fn acknowledged(self) -> Self {
        self.introduced(Value::Null).await
    }

    async fn introduced(mut self, payload: Value) -> Self {
        self.say(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(self.hear().await, json!({"type": "connection_ack"}));
        self
    }

    /// Starts an operation and waits until the service has read it.
    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.say(json!({"type": "subscribe", "id": id, "payload": payload})).await;
        self.say(json!({"type": "ping"})).await;
        // Replayed events of a resumed subscription may come first.
        let mut early = VecDeque::new();
        loop {
            let message = self.hear().await;
            if message == json!({"type": "pong"}) {
                break;
            }
            early.push_back(message);
        }
        self.early.append(&mut early);
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.stream.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn bytes(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::Binary(bytes.into())).await.unwrap();
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        if let Some(message) = self.early.pop_front() {
            return message;
        }
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The data of the next response to an operation.
    pub(crate) async fn next(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].clone()
    }

    /// How the service closes the connection.
    pub(crate) async fn closed(&mut self) -> (u16, Utf8Bytes) {
        match self.frame().await {
            Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason),
            other => panic!("{other:?}"),
        }
    }

    /// The same, after the events that were sent before.
    pub(crate) async fn closed_after_events(&mut self) -> (u16, Utf8Bytes) {
        loop {
            match self.frame().await {
                Message::Close(Some(CloseFrame { code, reason })) => return (code.into(), reason),
                Message::Text(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Disconnects abruptly, and waits until the service has closed the socket and ended its
    /// operations.
    pub(crate) async fn leave(mut self) {
        self.stream.get_mut().shutdown().await.unwrap();
        let closed = async { while let Some(Ok(_)) = self.stream.next().await {} };
        tokio::time::timeout(PATIENCE, closed).await.expect("the service keeps the socket");
    }

    async fn frame(&mut self) -> Message {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match frame.expect("nothing came").expect("the connection ended").unwrap() {
                Message::Ping(_) => {}
                frame => return frame,
            }
        }
    }
}

/// The request that opens a socket.
fn opening(address: &str, protocol: Option<&str>) -> Request<()> {
    let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    }
    request
}

/// A request for server-sent events.
fn subscription(body: &Value, last_event_id: Option<&str>) -> Request<Body> {
    let mut request = Request::post("/graphql")
        .header("host", "localhost:3000")
        .header("content-type", "application/json")
        .header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    request.body(body.to_string().into()).unwrap()
}

/// A stream of server-sent events.
pub(crate) struct Events {
    body: BodyDataStream,
    text: String,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerSent {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

impl Events {
    /// Subscribes at a router of its own for the application.
    pub(crate) async fn open(
        app: &App,
        query: &str,
        variables: Value,
        last_event_id: Option<&str>,
    ) -> Self {
        let body = json!({"query": query, "variables": variables});
        Self::send(app, subscription(&body, last_event_id)).await
    }

    /// Subscribes at a router that other subscribers share.
    pub(crate) async fn open_at(router: &Router, query: &str) -> Self {
        Self::send_to(router.clone(), subscription(&json!({"query": query}), None)).await
    }

    pub(crate) async fn send(app: &App, request: Request<Body>) -> Self {
        Self::send_to(dispatch::router(app.clone()), request).await
    }

    async fn send_to(router: Router, request: Request<Body>) -> Self {
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let mut events =
            Self { body: response.into_body().into_data_stream(), text: String::new() };
        // The first comment shows that the stream is open.
        assert_eq!(events.block().await, ":");
        events
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn try_next(&mut self) -> Option<ServerSent> {
        loop {
            let block = tokio::time::timeout(PATIENCE, self.try_block()).await;
            let block = block.expect("nothing came")?;
            let member = |name: &str| {
                let prefix = format!("{name}:");
                let line = block.lines().find_map(|line| line.strip_prefix(&prefix));
                line.map(|value| value.trim_start().to_owned())
            };
            if let Some(event) = member("event") {
                return Some(ServerSent { event, id: member("id"), data: member("data")? });
            }
        }
    }

    /// The data of the next response, with its id.
    pub(crate) async fn next(&mut self) -> (Option<String>, Value) {
        let event = self.try_next().await.expect("the stream ended");
        assert_eq!(event.event, "next", "{event:?}");
        let answer: Value = serde_json::from_str(&event.data).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        (event.id, answer["data"].clone())
    }

    /// Waits for the end.
    pub(crate) async fn complete(&mut self) {
        let event = self.try_next().await.expect("the stream ended early");
        assert_eq!((event.event.as_str(), event.data.as_str()), ("complete", ""));
        assert_eq!(self.try_next().await, None);
    }

    async fn block(&mut self) -> String {
        self.try_block().await.expect("the stream ended")
    }

    async fn try_block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let bytes = self.body.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}
