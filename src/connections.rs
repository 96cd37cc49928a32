//! Connections: how many there are, and how long each may be slow or idle.
//!
//! Each connection uses a file descriptor until it ends, and a client may send nothing. So
//! connections are counted, in total and by peer, and one beyond the limits is closed at once;
//! trusted proxies, which connect for many clients, count in the total only.
//!
//! A connection without a running request is closed when it is idle for too long, and the headers of
//! a request must arrive in time: on a new connection counted from its start, later from their first
//! byte. HTTP/2 sends frames that belong to no request, such as pings. They do not keep a connection
//! open, so there the headers of a later request must arrive within the idle timeout. The bodies of
//! requests and responses are limited in `middleware`.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, Version};
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Delay after a connection could not be accepted, such as when file descriptors run out.
const PAUSE: Duration = Duration::from_millis(200);

/// Concurrent requests of one HTTP/2 connection.
const STREAMS: u32 = 128;

/// The limits of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// How many connections there may be.
    pub connections: usize,
    /// How many connections one peer may have: an IPv4 address or an IPv6 network.
    pub per_peer: usize,
    /// Trusted proxies, which connect for many clients and are not limited by peer.
    pub proxies: Vec<IpNet>,
    /// How long a request's headers may take.
    pub header: Duration,
    /// How long a connection may be idle.
    pub idle: Duration,
}

/// Serves until it is asked to close, then finishes the running requests.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    closing: CancellationToken,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    // hyper's header timeout includes the time before the headers begin; `TimeoutStream` does not.
    builder.http1().header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(limits.idle / 2)
        .keep_alive_timeout(limits.header);
    let graceful = GracefulShutdown::new();
    let (counts, tasks) = (ConnectionCounts::default(), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection could not be taken");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(slot) = counts.take(peer.ip(), &limits) else {
            tracing::debug!(%peer, "a connection beyond the limits was closed");
            continue;
        };
        // Events are small and must not be delayed.
        drop(socket.set_nodelay(true));
        let requests = Arc::new(Requests::default());
        let io = TokioIo::new(TimeoutStream::new(socket, requests.clone(), &limits, slot));
        let router = router.clone();
        let service =
            service_fn(move |request| answer(router.clone(), requests.clone(), peer, request));
        let connection = builder.serve_connection_with_upgrades(io, service).into_owned();
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    tasks.close();
    tasks.wait().await;
}

async fn answer(
    router: Router,
    requests: Arc<Requests>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    let running = requests.begin(request.version());
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.oneshot(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        running.0.is_upgraded.store(true, Ordering::Relaxed);
    }
    // A request is running until its response body ends.
    Ok(response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _ = &running;
            frame
        }))
    }))
}

// ----------------------------------------------------------------------------------- how many

/// The number of open connections.
#[derive(Debug, Clone, Default)]
struct ConnectionCounts(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// The slot of one connection, released when it is dropped.
#[derive(Debug)]
struct ConnectionSlot {
    counts: ConnectionCounts,
    peer: Option<IpAddr>,
}

impl ConnectionCounts {
    fn take(&self, peer: IpAddr, limits: &ConnectionLimits) -> Option<ConnectionSlot> {
        let peer = peer.to_canonical();
        let is_proxy = limits.proxies.iter().any(|network| network.contains(&peer));
        let peer = (!is_proxy).then(|| network_of(peer));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = peer.and_then(|peer| open.by_peer.get(&peer)).copied().unwrap_or_default();
        if open.all >= limits.connections || of_peer >= limits.per_peer {
            return None;
        }
        open.all += 1;
        if let Some(peer) = peer {
            open.by_peer.insert(peer, of_peer + 1);
        }
        Some(ConnectionSlot { counts: self.clone(), peer })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        let Some(peer) = self.peer else { return };
        if let Some(count) = open.by_peer.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                open.by_peer.remove(&peer);
            }
        }
    }
}

fn network_of(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(peer) => Ipv6Addr::from_bits(peer.to_bits() >> 64 << 64).into(),
    }
}

// ----------------------------------------------------------------------------------- how long

/// The requests of one connection.
#[derive(Debug, Default)]
struct Requests {
    begun: AtomicUsize,
    running: AtomicUsize,
    are_http2: AtomicBool,
    /// Whether the connection speaks another protocol now, such as WebSocket.
    is_upgraded: AtomicBool,
}

/// A running request; dropping it ends it.
struct Running(Arc<Requests>);

impl Requests {
    fn begin(self: &Arc<Self>, version: Version) -> Running {
        self.are_http2.store(version == Version::HTTP_2, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    fn are_running(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The headers of a request, or on a new connection anything at all.
    Headers,
    /// The end of a request.
    Request,
    /// Another request.
    Idle,
}

/// A socket that fails when it is idle or slow for too long.
struct TimeoutStream {
    socket: TcpStream,
    requests: Arc<Requests>,
    /// The number of requests that had begun when it was last looked at.
    begun: usize,
    phase: Phase,
    header: Duration,
    idle: Duration,
    /// When it fails without further progress.
    deadline: Pin<Box<Sleep>>,
    _slot: ConnectionSlot,
}

impl TimeoutStream {
    fn new(
        socket: TcpStream,
        requests: Arc<Requests>,
        limits: &ConnectionLimits,
        slot: ConnectionSlot,
    ) -> Self {
        let ConnectionLimits { header, idle, .. } = *limits;
        let deadline = Box::pin(sleep(header));
        let (begun, phase) = (0, Phase::Headers);
        Self { socket, requests, begun, phase, header, idle, deadline, _slot: slot }
    }

    /// Notices that requests have begun or ended.
    fn follow_requests(&mut self) {
        let begun = self.requests.begun.load(Ordering::Relaxed);
        let phase = match self.requests.are_running() {
            true => Phase::Request,
            false if begun > self.begun || self.phase == Phase::Request => Phase::Idle,
            false => return,
        };
        if (phase, begun) != (self.phase, self.begun) {
            self.begun = begun;
            self.enter(phase);
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        let limit = if phase == Phase::Headers { self.header } else { self.idle };
        self.deadline.as_mut().reset(Instant::now() + limit);
    }

    /// Records that bytes were read or written.
    fn record_progress(&mut self, is_reading: bool) {
        let is_http2 = self.requests.are_http2.load(Ordering::Relaxed);
        match self.phase {
            _ if self.requests.is_upgraded.load(Ordering::Relaxed) => self.enter(Phase::Idle),
            Phase::Request => self.enter(Phase::Request),
            Phase::Idle if is_http2 => {}
            Phase::Idle if is_reading => self.enter(Phase::Headers),
            // The rest of a response.
            Phase::Idle => self.enter(Phase::Idle),
            Phase::Headers => {}
        }
    }

    /// Whether the timeout has passed while a read or a write waits.
    fn check(&mut self, context: &mut Context<'_>, is_reading: bool) -> Poll<io::Error> {
        loop {
            ready!(self.deadline.as_mut().poll(context));
            // A client that waits for a response does not have to send anything.
            let waits = is_reading && self.requests.are_running();
            if !waits {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.deadline.set(sleep_until(Instant::now() + self.idle));
        }
    }
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.follow_requests();
        match Pin::new(&mut self.socket).poll_read(context, buffer) {
            Poll::Ready(outcome) => {
                self.record_progress(true);
                Poll::Ready(outcome)
            }
            Poll::Pending => self.check(context, true).map(Err),
        }
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.follow_requests();
        match Pin::new(&mut self.socket).poll_write(context, bytes) {
            Poll::Ready(outcome) => {
                self.record_progress(false);
                Poll::Ready(outcome)
            }
            Poll::Pending => self.check(context, false).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
