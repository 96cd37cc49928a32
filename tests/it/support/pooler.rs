//! A minimal connection pooler between Dispatch and PostgreSQL, with two modes.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

/// How many sessions the pooler shares.
const SESSIONS: usize = 3;

/// For how long a client keeps its session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Until its transaction ends.
    Transaction,
    /// Until it disconnects.
    Session,
}

/// A running pooler; it ends when it is dropped.
pub(crate) struct Pooler {
    port: u16,
    database: String,
    _tasks: JoinSet<()>,
}

type Sessions = Arc<Vec<Mutex<UnixStream>>>;

impl Pooler {
    /// A pooler before a database of the tests' own server.
    pub(crate) async fn start(database_url: &str, mode: Mode) -> Self {
        let config: tokio_postgres::Config = database_url.parse().unwrap();
        let tokio_postgres::config::Host::Unix(folder) = &config.get_hosts()[0] else {
            panic!("the tests' server listens on a socket");
        };
        let database = config.get_dbname().unwrap().to_owned();
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            let mut session = UnixStream::connect(folder.join(".s.PGSQL.5432")).await.unwrap();
            let names = format!("user\0dispatch\0database\0{database}\0\0");
            let mut greeting = Vec::new();
            greeting.extend(u32::try_from(names.len() + 8).unwrap().to_be_bytes());
            greeting.extend(196_608_u32.to_be_bytes());
            greeting.extend(names.as_bytes());
            session.write_all(&greeting).await.unwrap();
            while message(&mut session).await.unwrap()[0] != b'Z' {}
            sessions.push(Mutex::new(session));
        }
        let sessions: Sessions = Arc::new(sessions);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let sessions = Arc::clone(&sessions);
                clients.spawn(async move { serve(client, &sessions, mode).await });
            }
        });
        Self { port, database, _tasks: tasks }
    }

    /// The address of the database through the pooler.
    pub(crate) fn url(&self) -> String {
        let Self { port, database, .. } = self;
        format!("postgres://dispatch@127.0.0.1:{port}/{database}?sslmode=disable")
    }
}

/// One message with its kind and its length.
async fn message(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 5];
    stream.read_exact(&mut message).await?;
    let length = u32::from_be_bytes(message[1..5].try_into().expect("four bytes"));
    message.resize(1 + length as usize, 0);
    stream.read_exact(&mut message[5..]).await?;
    Ok(message)
}

/// A free session, the first one if possible.
async fn free(sessions: &Sessions) -> MutexGuard<'_, UnixStream> {
    loop {
        if let Some(free) = sessions.iter().find_map(|session| session.try_lock().ok()) {
            return free;
        }
        tokio::task::yield_now().await;
    }
}

async fn serve(mut client: TcpStream, sessions: &Sessions, mode: Mode) -> io::Result<()> {
    let length = client.read_u32().await?;
    let mut rest = vec![0; length as usize - 4];
    client.read_exact(&mut rest).await?;
    client.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await?;
    let mut held = None;
    loop {
        let asked = message(&mut client).await?;
        if asked[0] == b'X' {
            return Ok(());
        }
        let mut session = match held.take() {
            Some(session) => session,
            None => free(sessions).await,
        };
        session.write_all(&asked).await?;
        let mut is_over = false;
        // A query in the simple protocol, or a Sync in the extended one.
        let is_answered = matches!(asked[0], b'Q' | b'S');
        loop {
            if !is_answered {
                break;
            }
            let answer = message(&mut *session).await?;
            client.write_all(&answer).await?;
            if answer[0] == b'Z' {
                is_over = answer[5] == b'I';
                break;
            }
        }
        if mode == Mode::Session || !is_over {
            held = Some(session);
        }
    }
}
