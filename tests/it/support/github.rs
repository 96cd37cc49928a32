//! A simulated GitHub that serves on a port of its own, and the real client pointed at it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use dispatch::clock::Clock;
use dispatch::github::{Client, Settings, Timeouts};
use dispatch::simulator::{Simulator, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

/// A running simulator; it stops when this is dropped.
pub(crate) struct GitHub {
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) address: Url,
    _server: JoinSet<std::io::Result<()>>,
}

impl GitHub {
    /// An empty GitHub whose clock is set to [`noon`].
    pub(crate) async fn start() -> Self {
        Self::with_clock(Clock::held_at(noon())).await
    }

    pub(crate) async fn with_clock(clock: Clock) -> Self {
        let simulator = Simulator::new(clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let address = format!("http://127.0.0.1:{port}").parse().expect("an address");
        let mut server = JoinSet::new();
        server.spawn(serve(simulator.clone(), listener));
        Self { simulator, clock, address, _server: server }
    }

    /// The client with the usual timeouts, but without delays between retries.
    pub(crate) fn client(&self) -> Client {
        self.client_with(usual_timeouts())
    }

    pub(crate) fn client_with(&self, timeouts: Timeouts) -> Client {
        let mut settings = Settings::new(self.address.clone(), Some("a-token".into()));
        settings.timeouts = timeouts;
        Client::new(settings, self.clock.clone()).expect("usable settings")
    }
}

pub(crate) fn usual_timeouts() -> Timeouts {
    Timeouts { backoff: Duration::ZERO, ..Timeouts::default() }
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().expect("a valid time")
}
