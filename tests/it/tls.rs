//! Encrypted connections to PostgreSQL, with a valid server certificate and with an invalid one.
//!
//! The certificates in `tls/` were made for this test, for a hundred years and the name `localhost`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use diesel_async::RunQueryDsl as _;
use dispatch::store;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::ring};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::support::Database;

/// The client's first message when it requests encryption: a length and a code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A TCP proxy for the tests' server, which itself listens on a Unix socket; encrypts if it has a
/// certificate.
struct Front {
    address: SocketAddr,
    database: String,
    _task: JoinSet<()>,
}

impl Front {
    async fn new(database: &Database, is_encrypted: bool) -> Self {
        let url: tokio_postgres::Config = database.url().parse().unwrap();
        let [tokio_postgres::config::Host::Unix(folder)] = url.get_hosts() else {
            panic!("the tests' server listens on a socket")
        };
        let socket = folder.join(".s.PGSQL.5432");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = is_encrypted.then(acceptor);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((visitor, _)) = listener.accept().await {
                visits.spawn(receive(visitor, acceptor.clone(), socket.clone().into()));
            }
        });
        let database = url.get_dbname().unwrap().to_owned();
        Self { address, database, _task: task }
    }

    /// The result of connecting with these parameters, or the error.
    async fn answer(&self, end: &str) -> Result<i32, String> {
        let Self { address, database, .. } = self;
        let port = address.port();
        let url = format!("postgres://dispatch@localhost:{port}/{database}?{end}");
        let mut connection = store::establish(&url).await.map_err(|error| error.to_string())?;
        let one = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT 1");
        one.get_result(&mut connection).await.map_err(|error| error.to_string())
    }
}

async fn receive(mut visitor: TcpStream, acceptor: Option<TlsAcceptor>, socket: Arc<Path>) {
    let mut server = UnixStream::connect(&socket).await.unwrap();
    let mut first = [0; 8];
    visitor.read_exact(&mut first).await.unwrap();
    // How a visit ends is for the client to say.
    let _ = match (first == SSL_REQUEST, acceptor) {
        (true, Some(acceptor)) => {
            visitor.write_all(b"S").await.unwrap();
            let Ok(mut visitor) = acceptor.accept(visitor).await else { return };
            copy_bidirectional(&mut visitor, &mut server).await
        }
        (true, None) => {
            visitor.write_all(b"N").await.unwrap();
            copy_bidirectional(&mut visitor, &mut server).await
        }
        (false, _) => {
            server.write_all(&first).await.unwrap();
            copy_bidirectional(&mut visitor, &mut server).await
        }
    };
}

fn file(name: &str) -> String {
    format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_server_must_authenticate_where_encryption_is_required() {
    let database = Database::empty().await;
    let front = Front::new(&database, true).await;

    let own = format!("sslmode=require&sslrootcert={}", file("authority.pem"));
    assert_eq!(front.answer(&own).await, Ok(1));
    assert_eq!(front.answer("sslmode=no-verify").await, Ok(1));
    assert_eq!(front.answer("sslmode=prefer").await, Ok(1));
    assert_eq!(front.answer("sslmode=disable").await, Ok(1));

    let stranger = format!("sslmode=require&sslrootcert={}", file("stranger.pem"));
    let refusal = front.answer(&stranger).await.expect_err("an impostor was believed");
    assert!(refusal.contains("invalid peer certificate: UnknownIssuer"), "{refusal}");
    assert!(refusal.ends_with("sslmode=no-verify takes any certificate"), "{refusal}");
}

#[tokio::test]
async fn a_server_without_encryption_is_taken_only_where_none_is_required() {
    let database = Database::empty().await;
    let front = Front::new(&database, false).await;

    assert_eq!(front.answer("").await, Ok(1));
    let refusal = front.answer("sslmode=no-verify").await.expect_err("it was not encrypted");
    assert!(refusal.contains("server does not support TLS"), "{refusal}");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_an_error() {
    let database = Database::empty().await;
    let front = Front::new(&database, true).await;
    let missing = format!("sslmode=require&sslrootcert={}", file("missing.pem"));
    let refusal = front.answer(&missing).await.expect_err("there is no such file");
    assert!(refusal.contains("TLS cannot be set up"), "{refusal}");
    let endless = front.answer("sslmode=require&sslrootcert=/dev/zero").await.expect_err("no file");
    assert!(endless.contains("not a regular file"), "{endless}");
}
