//! The demo: the same service over a simulated GitHub with a made-up organisation in it.
//!
//! Only settings differ; nothing below knows of it. It never sees the settings of the real thing:
//! neither its database nor its token.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use dispatch::clock::Clock;
use dispatch::config::{Config, Secret};
use dispatch::simulator::{Agents, Load, Neighbours, Simulator, sample, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What happens is left to chance, but the same chance every time.
const SEED: u64 = 7;

/// A person does something on the simulated GitHub about this often.
const PEOPLE_PACE: Duration = Duration::from_secs(7);

/// An agent does something on the board about this often.
const AGENTS_PACE: Duration = Duration::from_secs(4);

/// So that what people do on the simulated GitHub is soon seen.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// Points of the rate limit that no demo uses up.
const PLENTY: i64 = 1_000_000_000;

/// A simulated GitHub that runs, and those who use it.
pub(crate) struct Demo {
    simulator: Simulator,
    clock: Clock,
    agent_token: Secret,
    tasks: JoinSet<()>,
}

impl Demo {
    /// Founds the organisation, serves it on an address of its own and points the settings there.
    pub(crate) async fn start(config: &mut Config) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let simulator = Simulator::new(clock.clone());
        let repositories = sample::found(&simulator, SEED);
        let token = random_token();
        simulator.require_token(token.expose());
        // It is asked far more often than is decent.
        simulator.set_rate_limit(PLENTY, clock.now() + chrono::TimeDelta::days(3650));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api_url = format!("http://{}", listener.local_addr()?);

        config.database.url = None;
        config.github.api_url = api_url.parse().context("The simulator has no address")?;
        config.github.token = Some(token);
        config.github.repositories =
            repositories.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        config.sync.interval = SYNC_EVERY;
        config.agents = sample::AGENTS.map(str::to_owned).to_vec();
        let agent_token = config.auth.agent_token.get_or_insert_with(random_token).clone();

        let mut tasks = JoinSet::new();
        let served = simulator.clone();
        tasks.spawn(async move {
            if let Err(error) = serve(served, listener).await {
                tracing::error!(%error, "the simulated GitHub ended");
            }
        });
        Ok(Self { simulator, clock, agent_token, tasks })
    }

    /// Sets people and agents to work; the latter reach Dispatch at `address`. They rest when the
    /// demo is dropped.
    pub(crate) fn enliven(&mut self, address: SocketAddr) {
        let people = Neighbours::new(self.simulator.clone(), SEED);
        self.tasks.spawn(people.live(PEOPLE_PACE));
        let token = self.agent_token.expose().to_owned();
        let agents = Agents::new(address, token, self.clock.clone(), SEED);
        self.tasks.spawn(agents.live(AGENTS_PACE));
    }
}

/// Serves a simulated GitHub and nothing else, until the process ends. It takes any token, listens
/// where Dispatch would, and says where that is and what it has: `GITHUB_API_URL` and
/// `GITHUB_REPOSITORIES` for a Dispatch in another process, which can then be stopped and started.
pub(crate) async fn simulate(config: Config, issues: usize) -> anyhow::Result<()> {
    let clock = Clock::system();
    let simulator = Simulator::new(clock.clone());
    let load = Load { repositories: 20, open: issues, closed: issues / 5, seed: SEED };
    let names = load.make(&simulator);
    simulator.set_rate_limit(PLENTY, clock.now() + chrono::TimeDelta::days(3650));
    let server = &config.server;
    let listener = TcpListener::bind((server.host, server.port)).await?;
    let address = listener.local_addr()?;
    super::say(&format!(
        "GITHUB_REPOSITORIES={}\nGITHUB_API_URL=http://{address}",
        names.join(",")
    ))?;
    Ok(serve(simulator, listener).await?)
}

fn random_token() -> Secret {
    Secret::new(format!("{:032x}", rand::random::<u128>()))
}
