//! The load client: as cheap as possible, because it shares the cores with what it measures.
//!
//! Each connection is a thread that writes a prepared request, waits for the response and checks
//! its status and first bytes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

/// A connection to the service.
pub(crate) struct HttpConnection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl HttpConnection {
    pub(crate) fn open(host: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, host: host.to_owned(), buffer: vec![0; 256 * 1024] })
    }

    /// Sends a request and returns the body.
    pub(crate) fn ask(&mut self, request: &Request) -> anyhow::Result<&[u8]> {
        let text = request.written(&self.host);
        self.send(text.as_bytes())
    }

    fn send(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request)?;
        let mut read = 0;
        let body = loop {
            read += self.read(read)?;
            let head = self.buffer[..read].windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = head {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..body])?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "the answer is {head}");
        let end = body + content_length(head).context("the answer does not tell its length")?;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        while read < end {
            read += self.read(read)?;
        }
        let body = &self.buffer[body..end];
        if body.starts_with(br#"{"errors"#) {
            bail!("the answer is {}", String::from_utf8_lossy(body));
        }
        Ok(body)
    }

    fn read(&mut self, from: usize) -> anyhow::Result<usize> {
        let read = self.stream.read(&mut self.buffer[from..])?;
        ensure!(read > 0, "the connection was closed");
        Ok(read)
    }
}

fn content_length(head: &str) -> Option<usize> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.trim().parse().ok()
}

/// A prepared request.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Get(String),
    GraphQl(String),
    /// GraphQL by an agent, with [`TOKEN`].
    Agent(String),
}

/// The token that agents present.
pub(crate) const TOKEN: &str = "the-agents-token-of-the-tests";

impl Request {
    pub(crate) fn graphql(query: &str, variables: serde_json::Value) -> Self {
        Self::GraphQl(json!({ "query": query, "variables": variables }).to_string())
    }

    /// The same, by an agent.
    pub(crate) fn by_agent(query: &str, variables: serde_json::Value) -> Self {
        Self::Agent(json!({ "query": query, "variables": variables }).to_string())
    }

    fn written(&self, host: &str) -> String {
        let (authorization, body) = match self {
            Self::Get(path) => return format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            Self::GraphQl(body) => (String::new(), body),
            Self::Agent(body) => (format!("Authorization: Bearer {TOKEN}\r\n"), body),
        };
        format!(
            "POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             {authorization}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// The result of a load.
#[derive(Debug, Default)]
pub(crate) struct LoadResult {
    /// How long each request took, shortest first.
    pub(crate) times: Vec<Duration>,
    /// Responses per second.
    pub(crate) per_second: f64,
}

/// Sends requests without a pause on several connections. `requests` makes the source of requests
/// of each connection.
pub(crate) fn load<Next>(
    host: &str,
    connections: usize,
    time: Duration,
    requests: impl Fn(usize) -> Next,
) -> anyhow::Result<LoadResult>
where
    Next: FnMut() -> Request + Send,
{
    at_once(host, connections, |at, begin| {
        let next = requests(at);
        move |connection: &mut HttpConnection| ask_until(connection, begin + time, next)
    })
}

/// Works on several connections at once. `works` makes, for each connection and the start time, the
/// work, which returns how long each request took.
pub(crate) fn at_once<Work>(
    host: &str,
    connections: usize,
    works: impl Fn(usize, Instant) -> Work,
) -> anyhow::Result<LoadResult>
where
    Work: FnOnce(&mut HttpConnection) -> anyhow::Result<Vec<Duration>> + Send,
{
    let mut open =
        (0..connections).map(|_| HttpConnection::open(host)).collect::<Result<Vec<_>, _>>()?;
    let begin = Instant::now();
    let mut load = std::thread::scope(|scope| {
        let start = |(at, connection)| {
            let work = works(at, begin);
            scope.spawn(move || work(connection))
        };
        let threads: Vec<_> = open.iter_mut().enumerate().map(start).collect();
        let mut load = LoadResult::default();
        for thread in threads {
            let times = thread.join().map_err(|_| anyhow::anyhow!("a connection panicked"))??;
            load.times.extend(times);
        }
        anyhow::Ok(load)
    })?;
    load.per_second = load.times.len() as f64 / begin.elapsed().as_secs_f64();
    load.times.sort_unstable();
    Ok(load)
}

fn ask_until(
    connection: &mut HttpConnection,
    end: Instant,
    mut next: impl FnMut() -> Request,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(1 << 16);
    loop {
        let request = next().written(&connection.host);
        let asked = Instant::now();
        if asked >= end {
            return Ok(times);
        }
        connection.send(request.as_bytes())?;
        times.push(asked.elapsed());
    }
}

/// The value below which this share of sorted values lies.
pub(crate) fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
}
