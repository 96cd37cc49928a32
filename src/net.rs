//! What every client of HTTP here is built on: TLS with one library and the machine's own roots.
//!
//! Not here: the clients themselves. The database has TLS of its own, whose settings allow more.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::{Host, Url};

/// TLS by ring. With `needs_roots` it trusts whom the machine trusts, else nobody, so that it can be
/// built where there are no root certificates and none is needed.
///
/// # Errors
///
/// When the machine's root certificates cannot be read.
pub fn tls(needs_roots: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = if needs_roots {
        builder.with_platform_verifier()?
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

/// Whether an address is this machine's own, which no proxy can reach for us.
pub fn is_this_machine(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
