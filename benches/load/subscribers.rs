//! Many sockets that follow the board.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

/// The subscription of every subscriber: that of an open board.
const FOLLOW: &str = r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { boardEvents { __typename ... on IssueMoved { cursor from to actor issue { id number title url state status priority labels assignees commentsCount createdAt updatedAt } } ... on IssueChanged { cursor issue { id } } ... on IssueRemoved { cursor issueId } ... on Resync { cursor reason } } }"}}"#;

/// The number of concurrent connection attempts.
const AT_ONCE: usize = 50;

/// After this long without an event, missing events count as lost.
const PATIENCE: Duration = Duration::from_secs(20);

type ClientSocket = WebSocketStream<TcpStream>;

/// Subscribed clients. Each reports when it received which move.
pub(crate) struct Subscribers {
    tasks: JoinSet<anyhow::Result<Vec<Instant>>>,
    expected: watch::Sender<usize>,
}

impl Subscribers {
    /// Connects and subscribes.
    pub(crate) async fn connect(host: &str, count: usize) -> anyhow::Result<Self> {
        let sockets = futures_util::stream::iter(0..count).map(|_| connect(host)).buffered(AT_ONCE);
        let mut sockets = std::pin::pin!(sockets);
        let (expected, _) = watch::channel(usize::MAX);
        let mut tasks = JoinSet::new();
        while let Some(socket) = sockets.next().await {
            let socket = socket.context("A subscriber cannot connect")?;
            tasks.spawn(listen(socket, expected.subscribe()));
        }
        Ok(Self { tasks, expected })
    }

    /// Ends when each has received all moves, and returns when each move reached whom. Lost ones
    /// are missing.
    pub(crate) async fn heard(self, moves: usize) -> anyhow::Result<Vec<Vec<Instant>>> {
        self.expected.send_replace(moves);
        self.tasks.join_all().await.into_iter().collect()
    }
}

async fn connect(host: &str) -> anyhow::Result<ClientSocket> {
    let mut request = format!("ws://{host}/graphql").into_client_request()?;
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let stream = TcpStream::connect(host).await?;
    let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0);
    let (mut socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    socket.send(Message::text(r#"{"type":"connection_init"}"#)).await?;
    let answer = next(&mut socket).await?;
    ensure!(answer.contains("connection_ack"), "the service says {answer}");
    socket.send(Message::text(FOLLOW)).await?;
    // The response to a ping that follows it shows that the subscription has started.
    socket.send(Message::text(r#"{"type":"ping"}"#)).await?;
    let answer = next(&mut socket).await?;
    ensure!(answer.contains("pong"), "the service says {answer}");
    Ok(socket)
}

async fn listen(
    mut socket: ClientSocket,
    mut expected: watch::Receiver<usize>,
) -> anyhow::Result<Vec<Instant>> {
    let mut heard = Vec::new();
    loop {
        let is_over = *expected.borrow_and_update() <= heard.len();
        if is_over {
            return Ok(heard);
        }
        tokio::select! {
            said = tokio::time::timeout(PATIENCE, next(&mut socket)) => match said {
                Ok(said) => {
                    let said = said?;
                    ensure!(said.contains("IssueMoved"), "the service says {said}");
                    heard.push(Instant::now());
                }
                Err(_) => return Ok(heard),
            },
            changed = expected.changed() => changed?,
        }
    }
}

async fn next(socket: &mut ClientSocket) -> anyhow::Result<String> {
    loop {
        match socket.next().await.context("the service closed a socket")?? {
            Message::Text(text) => return Ok(text.as_str().to_owned()),
            Message::Ping(_) | Message::Pong(_) => {}
            other => bail!("the service says {other}"),
        }
    }
}
