//! The address of a PostgreSQL, as operators write it, and its encryption.
//!
//! The values of `sslmode` are PostgreSQL's own plus `no-verify`, which other clients know.
//! `require` verifies the server, because encryption without verification does not protect against
//! an impostor; `prefer` (the default) cannot, because it also accepts an unencrypted connection.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{CancelToken, Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::files;

/// A server responds quickly; a machine that does not exist never responds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The supported parameters.
const KNOWN: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Parameters of other clients that are ignored: connection pooling, prepared statements, Kerberos.
const LEFT_ASIDE: [&str; 17] = [
    "connection_limit",
    "fallback_application_name",
    "gssdelegation",
    "gsslib",
    "keepalives_count",
    "krbsrvname",
    "max_pool_size",
    "pgbouncer",
    "pool_max_conns",
    "pool_timeout",
    "prepareThreshold",
    "socket_timeout",
    "sslcompression",
    "sslsni",
    "statement_cache_size",
    "tcpKeepAlive",
    "uselibpqcompat",
];

/// The error for an unknown parameter. It shows the name only if it looks like one, because it may
/// be part of a password.
fn unknown(address: &str, part: &str, name: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_behind_host = !address.split_once('?').is_some_and(|(_, rest)| rest.contains('@'));
    let is_parameter = part.contains('=') && name.len() <= 40 && name.chars().all(is_name);
    match name {
        "schema" => "has the parameter `schema`, of which only public is served: use \
                     `options=-csearch_path=NAME`"
            .to_owned(),
        "gssencmode" | "client_encoding" => {
            format!("has the parameter `{name}` with a value that is not supported: leave it out")
        }
        _ if is_parameter && is_behind_host => {
            format!("has the parameter `{name}`, which Dispatch does not know: leave it out")
        }
        _ => "has something after its `?` that is no parameter".to_owned(),
    }
}

/// A parsed database address. Cheap to clone.
#[derive(Clone)]
pub struct Address {
    config: tokio_postgres::Config,
    tls: Tls,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tls {
    Off,
    /// Encrypted, without verification.
    Unverified,
    /// Encrypted, verified by these certificate authorities (none: those of the machine).
    Verified(Option<PathBuf>),
}

impl Address {
    /// Parses an address: `postgres://user:password@host:port/database?sslmode=require`.
    ///
    /// # Errors
    ///
    /// When it is invalid. The text is the end of a sentence and contains nothing of the address
    /// that may be secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("does not begin with postgres:// or postgresql://".to_owned());
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut roots, mut others) = ("prefer".to_owned(), None, Vec::new());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let read = url::form_urlencoded::parse(part.as_bytes()).next();
            let (name, value) = read.unwrap_or_default();
            match &*name {
                "sslmode" => mode = value.into_owned(),
                "sslrootcert" if value == "system" => roots = None,
                "sslrootcert" => roots = Some(PathBuf::from(&*value)),
                _ if KNOWN.contains(&&*name) => others.push(part),
                _ if LEFT_ASIDE.contains(&&*name) => {}
                "schema" if value == "public" => {}
                "gssencmode" if value != "require" => {}
                "client_encoding" if value.to_lowercase().starts_with("utf") => {}
                _ => return Err(unknown(text, part, &name)),
            }
        }
        let (ssl_mode, tls) = match mode.as_str() {
            "disable" => (SslMode::Disable, Tls::Off),
            "allow" | "prefer" => (SslMode::Prefer, Tls::Unverified),
            "require" | "verify-ca" | "verify-full" => (SslMode::Require, Tls::Verified(roots)),
            "no-verify" => (SslMode::Require, Tls::Unverified),
            _ => {
                return Err(
                    "has an sslmode that is none of disable, prefer, require and no-verify"
                        .to_owned(),
                );
            }
        };
        let plain = format!("{base}?{}", others.join("&"));
        let mut config: tokio_postgres::Config =
            plain.parse().map_err(|problem| format!("cannot be read: {problem}"))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("names no host".to_owned());
        }
        config.ssl_mode(ssl_mode);
        if config.get_application_name().is_none() {
            config.application_name("dispatch");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let is_local = |host: &Host| matches!(host, Host::Unix(_));
        let hosts = config.get_hosts();
        let tls = if !hosts.is_empty() && hosts.iter().all(is_local) { Tls::Off } else { tls };
        Ok(Self { config, tls })
    }

    /// Whether a remote server is used without verifying its identity.
    pub fn trusts_anybody(&self) -> bool {
        let is_here = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                let ip = name.parse::<IpAddr>();
                name == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
            }
        };
        let are_here = self.config.get_hosts().iter().all(is_here)
            && self.config.get_hostaddrs().iter().all(|ip| ip.to_canonical().is_loopback());
        !are_here && !matches!(self.tls, Tls::Verified(_))
    }

    /// A connector, with the certificate authorities read.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn connector(&self) -> Result<Connector, ConnectionError> {
        let mut config = self.config.clone();
        let tls = match &self.tls {
            Tls::Off => {
                config.ssl_mode(SslMode::Disable);
                None
            }
            wanted => Some(MakeRustlsConnect::new(client_config(wanted).map_err(|problem| {
                ConnectionError::BadConnection(format!("TLS cannot be set up: {problem}"))
            })?)),
        };
        Ok(Connector { config, tls })
    }
}

impl fmt::Debug for Address {
    /// Without name and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
            .field("tls", &self.tls)
            .finish()
    }
}

/// The timeouts that the server enforces for our sessions; zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimeouts {
    /// For one statement.
    pub statement: Duration,
    /// For waiting for a lock.
    pub lock: Duration,
    /// For an idle transaction.
    pub idle_transaction: Duration,
}

impl Default for SessionTimeouts {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(10),
            lock: Duration::from_secs(5),
            idle_transaction: Duration::from_secs(60),
        }
    }
}

impl SessionTimeouts {
    /// The statements that set them for a session.
    pub fn statements(self) -> String {
        let Self { statement, lock, idle_transaction } = self;
        let settings = [
            ("statement_timeout", statement),
            ("lock_timeout", lock),
            ("idle_in_transaction_session_timeout", idle_transaction),
        ];
        settings.map(|(name, time)| format!("SET {name} = {};", time.as_millis())).concat()
    }
}

/// Opens connections to one address.
#[derive(Clone)]
pub struct Connector {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Connector {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, is not verified, or rejects us.
    pub async fn connect(&self) -> Result<AsyncPgConnection, ConnectionError> {
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            Some(tls) => {
                let connected = self.config.connect(tls.clone()).await;
                let (client, connection) = connected.map_err(refused)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        }
    }

    /// Opens a connection without executing anything on it.
    pub(super) async fn connect_bare(&self) -> Result<Client, ConnectionError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with the client, which has its errors"
        )]
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(refused)?;
                tokio::spawn(connection);
                Ok(client)
            }
            Some(tls) => {
                let connected = self.config.connect(tls.clone()).await;
                let (client, connection) = connected.map_err(refused)?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }

    /// Asks the server to cancel the statement that a connection executes, if any.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached.
    pub async fn cancel(&self, token: CancelToken) -> Result<(), tokio_postgres::Error> {
        match &self.tls {
            None => token.cancel_query(NoTls).await,
            Some(tls) => token.cancel_query(tls.clone()).await,
        }
    }
}

impl fmt::Debug for Connector {
    /// Without the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

fn refused(error: tokio_postgres::Error) -> ConnectionError {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    if text.contains("invalid peer certificate") {
        text.push_str(
            "; sslrootcert=<file> names an authority of your own, and sslmode=no-verify takes \
             any certificate",
        );
    }
    ConnectionError::BadConnection(text)
}

fn client_config(tls: &Tls) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match tls {
        Tls::Verified(None) => builder.with_platform_verifier()?,
        Tls::Verified(Some(file)) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&files::read(file)?) {
                roots.add(certificate?)?;
            }
            builder.with_root_certificates(roots)
        }
        Tls::Unverified | Tls::Off => {
            let anyone = Arc::new(Anyone(provider));
            builder.dangerous().with_custom_certificate_verifier(anyone)
        }
    };
    Ok(builder.with_no_client_auth())
}

/// Accepts any certificate, for `sslmode=no-verify` and `prefer`.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls_of(query: &str) -> (SslMode, Tls) {
        let text = format!("postgres://user:hunter2@db.example.com/board{query}");
        let address = Address::parse(&text).expect("an address");
        (address.config.get_ssl_mode(), address.tls)
    }

    #[test]
    fn each_sslmode_says_whether_to_encrypt_and_whom_to_trust() {
        let own = Some(PathBuf::from("/etc/own ca.pem"));
        for (query, expected) in [
            ("", (SslMode::Prefer, Tls::Unverified)),
            ("?sslmode=disable", (SslMode::Disable, Tls::Off)),
            ("?sslmode=prefer", (SslMode::Prefer, Tls::Unverified)),
            ("?sslmode=require", (SslMode::Require, Tls::Verified(None))),
            ("?sslmode=verify-full&sslrootcert=system", (SslMode::Require, Tls::Verified(None))),
            (
                "?sslrootcert=/etc/own%20ca.pem&sslmode=verify-ca",
                (SslMode::Require, Tls::Verified(own)),
            ),
            ("?sslmode=no-verify&schema=public", (SslMode::Require, Tls::Unverified)),
        ] {
            assert_eq!(tls_of(query), expected, "{query}");
        }
    }

    #[test]
    fn parameters_of_other_clients_are_left_aside_or_named() {
        let read = |query: &str| {
            Address::parse(&format!("postgres://user:hunter2@db.example.com/board?{query}"))
        };
        for query in [
            "connection_limit=5&pool_timeout=10&pgbouncer=true",
            "gssencmode=disable&sslsni=1&krbsrvname=postgres",
            "schema=public&statement_cache_size=0&client_encoding=UTF8",
            "application_name=board&options=-c%20geqo%3Doff&connect_timeout=3",
            "keepalives=1&keepalives_idle=30&target_session_attrs=read-write",
        ] {
            assert!(read(query).is_ok(), "{query}: {:?}", read(query));
        }
        for (query, problem) in [
            ("sslcert=/etc/key.pem", "`sslcert`"),
            ("passfile=x", "`passfile`"),
            ("Application_Name=x", "`Application_Name`"),
            ("schema=other", "options=-csearch_path"),
            ("gssencmode=require", "`gssencmode`"),
            ("client_encoding=latin1", "`client_encoding`"),
            ("hunter2", "no parameter"),
            ("hunter=2@x", "no parameter"),
        ] {
            let refused = read(query).expect_err(query);
            assert!(refused.contains(problem), "{query}: {refused}");
            assert!(!refused.contains("hunter"), "{refused}");
        }
        let address = read("application_name=board").expect("an address");
        assert_eq!(address.config.get_application_name(), Some("board"));
    }

    #[test]
    fn a_socket_is_not_encrypted() {
        let address = Address::parse("postgres://dispatch@%2Fvar%2Frun/dispatch").expect("one");
        assert_eq!(address.tls, Tls::Off);
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_it() {
        for text in [
            "hunter2",
            "mysql://user:hunter2@db/board",
            "postgres://user:hunter2@db:port/board",
            "postgres://user:hunter2@db/board?sslmode=hunter2",
            "postgres://user:hunter2@db/board?hunter2",
            "postgres://user:hunter2@db/board?connect_timeout=hunter2",
            "postgres:///board?user=hunter2",
        ] {
            let problem = Address::parse(text).expect_err(text);
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let address = Address::parse("postgres://user:hunter2@db/board").expect("an address");
        assert!(!format!("{address:?}").contains("hunter2"));
    }
}
