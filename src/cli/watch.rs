//! Follows events of the board over the service's WebSocket. It reconnects after a lost connection,
//! and continues after the last event that it received, so no event is missed or repeated.

use std::time::Duration;

use ::dispatch::clock::Clock;
use ::dispatch::service::error_code;
use ::dispatch::{config, net};
use clap::Args;
use futures_util::{SinkExt as _, StreamExt as _};
use rand::Rng as _;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as Broken, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Format;
use super::outcome::{CommandFailure, ExitOutcome, print, print_note};
use super::text::short;

/// Timeout of a connection.
const CONNECTING: Duration = Duration::from_secs(10);

/// After how much silence the connection counts as lost: the service pings every half minute.
const SILENCE: Duration = Duration::from_secs(90);

/// The first and the longest delay before a reconnect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Reads the current position of the event log.
const POSITION: &str = "{ board { asOf } }";

const EVENTS: &str = "subscription Watch($after: EventCursor, $filter: IssueFilter) {
  boardEvents(after: $after, filter: $filter) {
    __typename
    ... on IssueMoved { cursor from to actor issue { ...Named } }
    ... on IssueChanged { cursor issue { ...Named } }
    ... on IssueRemoved { cursor issueId }
    ... on Resync { cursor reason }
  }
}
fragment Named on Issue { id number title url status agents repository { fullName } }";

/// The arguments of `watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// A repository; may be repeated [default: all]
    #[arg(long, value_name = "OWNER/REPO")]
    repo: Vec<String>,
    /// The cursor of the event to start after [default: now]
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    #[command(flatten)]
    format: Format,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why a connection ended.
enum Ended {
    /// It was lost; reconnecting may help.
    Lost(String),
    /// Reconnecting would not help.
    Failed(CommandFailure),
}

impl From<CommandFailure> for Ended {
    fn from(failure: CommandFailure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Broken> for Ended {
    fn from(error: Broken) -> Self {
        Self::Lost(error.to_string())
    }
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(error.to_string())
    }
}

/// Follows the board until a permanent failure.
pub(super) async fn watch(
    client: &config::ClientConfig,
    arguments: &WatchArguments,
) -> ExitOutcome {
    let mut cursor = arguments.after.clone();
    let mut pause = PAUSES.0;
    loop {
        let before = cursor.clone();
        let lost = match follow(client, arguments, &mut cursor).await {
            Ok(StreamEnd::Resync) if cursor != before => continue,
            Ok(_) => "the stream ended".to_owned(),
            Err(Ended::Lost(why)) => why,
            Err(Ended::Failed(failure)) => return failure.say(arguments.format),
        };
        if cursor.is_none() {
            // No event was received, so there is nothing to continue.
            let remedy = "Start it with `dispatch serve`, or set DISPATCH_URL to where it runs.";
            let message = format!("Dispatch at {} cannot be followed: {lost}", client.url);
            return CommandFailure::new("UNREACHABLE", message, remedy).say(arguments.format);
        }
        pause = if cursor == before { (pause * 2).min(PAUSES.1) } else { PAUSES.0 };
        print_note(&format!("the connection is lost ({lost}); it is made again"));
        // So that clients do not reconnect at the same moment.
        tokio::time::sleep(pause.mul_f64(rand::rng().random_range(0.5..1.0))).await;
    }
}

/// How a stream ended without an error.
enum StreamEnd {
    /// With a [`Resync`](EVENTS): the next stream begins at its cursor.
    Resync,
    /// Without a resync.
    Closed,
}

/// Prints events over one connection.
async fn follow(
    client: &config::ClientConfig,
    arguments: &WatchArguments,
    cursor: &mut Option<String>,
) -> Result<StreamEnd, Ended> {
    let mut socket = WatchSocket::open(client).await?;
    if cursor.is_none() {
        socket.ask("position", POSITION, json!({})).await?;
        let data = socket.next("position").await?;
        *cursor = data.and_then(|data| Some(data["board"]["asOf"].as_str()?.to_owned()));
    }
    let filter = json!({ "repositories": arguments.repo });
    socket.ask("events", EVENTS, json!({ "after": cursor, "filter": filter })).await?;
    let mut end = StreamEnd::Closed;
    while let Some(data) = socket.next("events").await? {
        let event = &data["boardEvents"];
        let text = if arguments.format.json { event.to_string() } else { line(event) };
        print(&text)?;
        if let Some(at) = event["cursor"].as_str() {
            *cursor = Some(at.to_owned());
        }
        end = match event["__typename"].as_str() {
            Some("Resync") => StreamEnd::Resync,
            _ => StreamEnd::Closed,
        };
    }
    Ok(end)
}

/// A connection with the `graphql-transport-ws` protocol.
struct WatchSocket(WebSocketStream<Box<dyn Wire>>);

impl WatchSocket {
    async fn open(client: &config::ClientConfig) -> Result<Self, Ended> {
        let opened = timeout(CONNECTING, Self::connect(client)).await;
        let mut socket = opened.map_err(|_| Ended::Lost("no answer in time".to_owned()))??;
        socket.say(&json!({ "type": "connection_init" })).await?;
        while socket.receive().await?["type"] != "connection_ack" {}
        Ok(socket)
    }

    async fn connect(client: &config::ClientConfig) -> Result<Self, Ended> {
        let is_secret = client.url.scheme() == "https";
        let host = client.url.host_str().unwrap_or_default();
        let port = client.url.port_or_known_default().unwrap_or(80);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        stream.set_nodelay(true)?;
        let wire: Box<dyn Wire> = if is_secret {
            let tls = net::tls(true).map_err(|error| Ended::Lost(error.to_string()))?;
            let name = ServerName::try_from(host.to_owned())
                .map_err(|error| Ended::Lost(error.to_string()))?;
            let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(tls));
            Box::new(connector.connect(name, stream).await?)
        } else {
            Box::new(stream)
        };
        let rest = client.url.as_str().trim_start_matches(client.url.scheme());
        let scheme = if is_secret { "wss" } else { "ws" };
        let address = format!("{scheme}{}/graphql", rest.trim_end_matches('/'));
        let mut request = address.into_client_request()?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        if let Some(token) = &client.token
            && let Ok(shown) = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        {
            request.headers_mut().insert("authorization", shown);
        }
        match client_async(request, wire).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Broken::Http(answer)) if answer.status().is_client_error() => {
                let code = if answer.status() == 401 {
                    error_code::UNAUTHENTICATED
                } else {
                    error_code::FORBIDDEN
                };
                let message = format!("Dispatch does not let us in: {}", answer.status());
                Err(CommandFailure::from_code(code, message).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn say(&mut self, message: &Value) -> Result<(), Ended> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    async fn ask(&mut self, id: &str, query: &str, variables: Value) -> Result<(), Ended> {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "type": "subscribe", "id": id, "payload": payload })).await
    }

    /// The next message, except for pings and pongs.
    async fn receive(&mut self) -> Result<Value, Ended> {
        loop {
            let frame = timeout(SILENCE, self.0.next()).await;
            let frame = frame.map_err(|_| Ended::Lost("nothing was received".to_owned()))?;
            let frame = frame.ok_or_else(|| Ended::Lost("it was closed".to_owned()))??;
            match frame {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text)
                        .map_err(|error| Ended::Lost(error.to_string()))?;
                    if message["type"] != "ping" {
                        return Ok(message);
                    }
                    self.say(&json!({ "type": "pong" })).await?;
                }
                Message::Close(Some(frame)) if frame.code == 4401.into() => {
                    let message = "Dispatch does not let us in";
                    return Err(
                        CommandFailure::from_code(error_code::UNAUTHENTICATED, message).into()
                    );
                }
                Message::Close(frame) => {
                    let why = frame.map(|frame| frame.reason.to_string());
                    return Err(Ended::Lost(why.unwrap_or_else(|| "it was closed".to_owned())));
                }
                _ => {}
            }
        }
    }

    /// The next result of an operation; none when it has ended.
    async fn next(&mut self, id: &str) -> Result<Option<Value>, Ended> {
        loop {
            let mut message = self.receive().await?;
            let is_ours = message["id"] == id;
            let kind = message["type"].as_str().map(str::to_owned);
            let mut part = |pointer| message.pointer_mut(pointer).map(Value::take);
            let error = match (kind.as_deref(), is_ours) {
                (Some("complete"), true) => return Ok(None),
                (Some("error"), true) => part("/payload/0").unwrap_or_default(),
                (Some("next"), true) => match part("/payload/errors/0") {
                    None => return Ok(part("/payload/data")),
                    Some(error) => error,
                },
                _ => continue,
            };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (code, message) = (text(&error["extensions"]["code"]), text(&error["message"]));
            return Err(CommandFailure::from_code(&code, message).into());
        }
    }
}

/// Formats an event as a line of text.
fn line(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let issue = &event["issue"];
    let name = format!("{}#{}", text(&issue["repository"]["fullName"]), issue["number"]);
    let title = short(&text(&issue["title"]));
    let what = match event["__typename"].as_str() {
        Some("IssueMoved") => {
            let (from, to) = (words(&event["from"]), words(&event["to"]));
            format!("{name}  {from} → {to}, by {}  {title}", text(&event["actor"]))
        }
        Some("IssueChanged") => format!("{name}  changed, in {}  {title}", words(&issue["status"])),
        Some("IssueRemoved") => format!("{}  left the board", text(&event["issueId"])),
        _ => format!("Load the board again: {}", text(&event["reason"])),
    };
    format!("{}  {what}", Clock::system().now().format("%H:%M:%S"))
}

/// A status for people: `IN_PROGRESS` becomes `in progress`.
fn words(status: &Value) -> String {
    status.as_str().unwrap_or_default().to_lowercase().replace('_', " ")
}
