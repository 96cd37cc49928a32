//! Connections that are slow, idle or too many.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::{get, post};
use dispatch::connections::{ConnectionLimits, serve};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::support::github::GitHub;
use crate::support::process::Process;
use crate::support::{AGENT_TOKEN, Database, PATIENCE, eventually};

const SOON: Duration = Duration::from_millis(200);

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(600);

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        connections: 100,
        per_peer: 100,
        proxies: Vec::new(),
        header: NEVER,
        idle: NEVER,
    }
}

/// Serves for as long as the set of tasks is kept.
async fn served(limits: ConnectionLimits) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/slow", get(async || sleep(2 * SOON).await))
        .route("/socket", get(async |socket: WebSocketUpgrade| socket.on_upgrade(echo)))
        .route("/", post(async |body: Bytes| body));
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, router, limits, CancellationToken::new()));
    (address, tasks)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Sends a request and returns whether there was a response.
async fn is_answered(socket: &mut TcpStream) -> bool {
    if socket.write_all(ASK).await.is_err() {
        return false;
    }
    let mut answer = [0; 1024];
    let read = timeout(PATIENCE, socket.read(&mut answer)).await.expect("an answer or the end");
    read.is_ok_and(|length| answer[..length].starts_with(b"HTTP/1.1 200"))
}

/// Waits for the end of a connection.
async fn ends(socket: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    drop(timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("the connection ends"));
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let (address, _serving) = served(ConnectionLimits { header: SOON, ..limits() }).await;
    let beginnings: [&[u8]; 6] = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\n",
        &ASK[..ASK.len() - 1],
        b"PRI * HTTP/2.0\r\n",
        b"\x16\x03\x01",
    ];
    for beginning in beginnings {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // On a busy machine its time may be over already.
        drop(socket.write_all(beginning).await);
        ends(&mut socket).await;
    }
    // A client that sends a whole request in time gets a response.
    eventually(async || is_answered(&mut TcpStream::connect(address).await.unwrap()).await).await;
}

/// Sends the same bytes repeatedly until the connection ends.
async fn drip(socket: &mut TcpStream, bytes: &[u8]) {
    let ends = async {
        let mut answer = [0; 1024];
        while socket.write_all(bytes).await.is_ok() {
            match timeout(SOON / 20, socket.read(&mut answer)).await {
                Ok(Ok(1..)) | Err(_) => {}
                Ok(_) => break,
            }
        }
    };
    timeout(PATIENCE, ends).await.expect("the connection ends");
}

#[tokio::test]
async fn a_request_that_drips_is_let_go() {
    let (address, _serving) = served(ConnectionLimits { header: SOON, ..limits() }).await;
    for is_first in [true, false] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        if !is_first && !is_answered(&mut socket).await {
            // On a busy machine its time may be over already.
            continue;
        }
        drop(socket.write_all(b"GET / HTTP/1.1\r\n").await);
        drip(&mut socket, b"a: b\r\n").await;
    }
}

#[tokio::test]
async fn frames_without_a_request_keep_no_connection() {
    let (address, _serving) = served(ConnectionLimits { idle: SOON, ..limits() }).await;
    let ping: &[u8] = b"\0\0\x08\x06\0\0\0\0\0aresound";
    // A further header of a request whose headers never end.
    let header: &[u8] = b"\0\0\x01\x09\0\0\0\0\x03\x82";
    for (beginning, more) in [(&b""[..], ping), (b"\0\0\x01\x01\0\0\0\0\x03\x82", header)] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        // GET / of http://localhost, in HPACK's static table.
        socket.write_all(b"\0\0\x0e\x01\x05\0\0\0\x01\x82\x84\x86\x41\x09localhost").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"here") {
            let read = timeout(PATIENCE, socket.read_buf(&mut answer)).await;
            assert_ne!(read.expect("in time").unwrap(), 0, "{answer:?}");
        }
        drop(socket.write_all(beginning).await);
        drip(&mut socket, more).await;
    }
}

#[tokio::test]
async fn another_protocol_has_no_headers_that_could_be_late() {
    let (address, _serving) = served(ConnectionLimits { header: 2 * SOON, ..limits() }).await;
    let address = format!("ws://{address}/socket");
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    for _ in 0..4 {
        socket.send(Message::text("here")).await.unwrap();
        let answer = timeout(PATIENCE, socket.next()).await.expect("in time");
        assert_eq!(answer.unwrap().unwrap(), Message::text("here"));
        sleep(SOON).await;
    }
}

#[tokio::test]
async fn idle_connections_are_closed_and_waiting_ones_are_not() {
    let (address, _serving) = served(ConnectionLimits { idle: SOON, ..limits() }).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    assert!(is_answered(&mut socket).await);
    ends(&mut socket).await;

    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let length = timeout(PATIENCE, socket.read(&mut answer)).await.unwrap().unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_of_one_peer_are_limited() {
    let (address, _serving) = served(ConnectionLimits { per_peer: 3, ..limits() }).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        assert!(is_answered(&mut socket).await);
        open.push(socket);
    }
    for _ in 0..5 {
        assert!(!is_answered(&mut TcpStream::connect(address).await.unwrap()).await);
    }
    open.pop();
    eventually(async || is_answered(&mut TcpStream::connect(address).await.unwrap()).await).await;
    for socket in &mut open {
        assert!(is_answered(socket).await, "the others go on");
    }
}

#[tokio::test]
async fn all_together_have_so_many_connections_proxies_included() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let (address, _serving) =
        served(ConnectionLimits { connections: 4, per_peer: 1, proxies, ..limits() }).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        assert!(is_answered(&mut socket).await);
        open.push(socket);
    }
    assert!(!is_answered(&mut TcpStream::connect(address).await.unwrap()).await);
}

/// The binary with its own settings: idle connections are closed in favour of new ones, and a
/// stalled body gets a response on every route.
#[tokio::test]
async fn the_server_survives_many_idle_connections() {
    let database = Database::new().await;
    let github = GitHub::start().await;
    let process = Process::serve_with_files(database.url(), github.address.as_str(), 128).await;
    let connect = async || TcpStream::connect(process.host()).await.unwrap();

    let mut settings = connect().await;
    settings.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    timeout(PATIENCE, settings.read_exact(&mut head)).await.expect("in time").unwrap();
    assert_eq!(head[3], 4, "a frame of settings");
    let mut frame = vec![0; usize::from(head[2])];
    timeout(PATIENCE, settings.read_exact(&mut frame)).await.expect("in time").unwrap();
    let streams = frame.chunks(6).find(|setting| setting[..2] == [0, 3]).expect("a limit");
    assert_eq!(streams[2..], 128_u32.to_be_bytes());

    let mut stalled = JoinSet::new();
    for path in ["/graphql", "/mcp", "/api/session", "/api/issues/move", "/nowhere"] {
        let mut socket = connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             authorization: Bearer {AGENT_TOKEN}\r\ncontent-length: 100\r\n\r\n{{"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        stalled.spawn(async move {
            let mut answer = [0; 1024];
            let read = timeout(PATIENCE, socket.read(&mut answer)).await.expect("in time");
            (path, String::from_utf8_lossy(&answer[..read.unwrap()]).into_owned())
        });
    }
    let mut waiting = Vec::new();
    for _ in 0..140 {
        let mut socket = connect().await;
        // A connection beyond the limit may already be closed.
        drop(socket.write_all(b"GET / HTTP/1.1\r\n").await);
        waiting.push(socket);
    }
    let is_healthy = async || {
        let mut socket = connect().await;
        let mut answer = [0; 12];
        let asked = socket.write_all(b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        let read = timeout(PATIENCE, socket.read_exact(&mut answer)).await.expect("or the end");
        asked.is_ok() && read.is_ok() && answer == *b"HTTP/1.1 200"
    };
    let answered = async {
        while !is_healthy().await {
            sleep(SOON).await;
        }
    };
    timeout(PATIENCE, answered).await.expect("there is a place again");
    for (path, answer) in stalled.join_all().await {
        let status = answer.lines().next().unwrap_or_default();
        let expected = if path == "/nowhere" { "HTTP/1.1 404" } else { "HTTP/1.1 408" };
        assert!(status.starts_with(expected), "{path}: {answer}");
    }
    process.stop().await;
}
