//! Settings that work and leave something open, which an operator should know at the start.

use url::{Host, Url};

use super::{AuthMode, Config};
use crate::store::Address;

/// One sentence for each setting that leaves something open.
pub(super) fn cautions(config: &Config) -> Vec<String> {
    let auth = &config.auth;
    let is_open = auth.mode == AuthMode::Open;
    let has_workers = !auth.workers.is_empty() || auth.worker_token.is_some();
    let is_exposed = |url: &Url| url.scheme() == "http" && !is_this_machine(url);
    let database = config.database.url.as_ref();
    let database = database.and_then(|url| Address::parse(url.expose()).ok());
    let cautions = [
        (
            is_open && has_workers,
            "Tokens of workers bind nobody while DISPATCH_AUTH_MODE is not set: a worker that leaves \
             its token out is a person, who may use the whole board; set DISPATCH_AUTH_MODE=basic",
        ),
        (
            is_exposed(&config.github.api_url) && config.is_configured(),
            "GITHUB_API_URL begins with http://: tokens of GitHub are sent without encryption",
        ),
        (
            matches!(auth.mode, AuthMode::Basic { .. })
                && config.server.public_url.as_ref().is_some_and(is_exposed),
            "DISPATCH_URL begins with http://: browsers send the password without encryption",
        ),
        (
            matches!(auth.mode, AuthMode::Basic { .. })
                && config.server.public_url.is_none()
                && !config.server.host.to_canonical().is_loopback(),
            "HOST is not this machine alone and DISPATCH_URL is not set: browsers that reach Dispatch \
             over http send the password without encryption; set DISPATCH_URL to its https address",
        ),
        (
            config
                .traces
                .as_ref()
                .is_some_and(|traces| is_exposed(&traces.endpoint) && !traces.headers.is_empty()),
            "OTEL_EXPORTER_OTLP_ENDPOINT begins with http://: OTEL_EXPORTER_OTLP_HEADERS are sent \
             without encryption",
        ),
        (
            database.is_some_and(|address| address.trusts_anybody()),
            "The connection to the database is not verified: whoever is on the way can read and \
             change it; set sslmode=require in DATABASE_URL",
        ),
    ];
    let given = cautions.into_iter().filter(|(is_so, _)| *is_so);
    given.map(|(_, caution)| caution.to_owned()).collect()
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
