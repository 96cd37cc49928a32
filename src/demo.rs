//! The demo: the same service over a simulated GitHub with a made-up organisation in it.
//!
//! Only settings differ, and the clock, which is late at first: before the demo opens, its agents and
//! people work through some days in a few seconds, so that there is a past to look at, made the way
//! the present is. Nothing below knows of it. It never sees the settings of the real thing: neither
//! its database nor its token.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use dispatch::clock::Clock;
use dispatch::config::{Config, Owners, Secret};
use dispatch::domain::github_budget::SecondaryLimits;
use dispatch::service;
use dispatch::service::App;
use dispatch::simulator::{Agents, HumanActivity, Load, Runners, Simulator, sample, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What happens is left to chance, but the same chance every time.
const SEED: u64 = 7;

/// A person does something on the simulated GitHub about this often.
const PEOPLE_PACE: Duration = Duration::from_secs(7);

/// An agent does something on the board about this often.
const AGENTS_PACE: Duration = Duration::from_secs(4);

/// Runs of workflows on the simulated GitHub move about this often.
const RUNNERS_PACE: Duration = Duration::from_secs(5);

/// How much time goes by at once while the past is worked through.
const STRIDE: Duration = Duration::from_secs(2 * 3600);

/// What agents do in that time, and people.
const ACTIONS: (u32, u32) = (4, 2);

/// For how long agents claim in the past, where a deed takes longer.
const PAST_TERM: Duration = Duration::from_secs(24 * 3600);

/// So that what people do on the simulated GitHub is soon seen.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// The rate limit of the demo in each hour, higher than GitHub's because it syncs every few seconds.
const LIMIT: i64 = 50_000;

/// A rate limit that nothing uses up.
const PLENTY: i64 = 1_000_000_000;

/// A simulated GitHub that runs, and those who use it.
pub(crate) struct Demo {
    simulator: Simulator,
    past: Duration,
    /// Whether nobody acts once it is open.
    still: bool,
    clock: Clock,
    agent_token: Secret,
    tasks: JoinSet<()>,
}

impl Demo {
    /// Founds the organisation so many days ago, serves it on an address of its own and points the
    /// settings there.
    pub(crate) async fn start(config: &mut Config, days: u32, still: bool) -> anyhow::Result<Self> {
        let past = Duration::from_secs(u64::from(days) * 24 * 3600);
        let clock = Clock::late_by(TimeDelta::days(i64::from(days)));
        let simulator = Simulator::new(clock.clone());
        let repositories = sample::found(&simulator, SEED);
        Runners::new(simulator.clone(), SEED).found();
        let token = random_token();
        simulator.require_token(token.expose());
        simulator.raise_limits(LIMIT);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api_url = format!("http://{}", listener.local_addr()?);

        config.database.url = None;
        config.github.api_url = api_url.parse().context("The simulator has no address")?;
        config.github.token = Some(token);
        config.github.app = None;
        let plenty = SecondaryLimits {
            points_a_minute: PLENTY,
            writes_a_minute: PLENTY,
            writes_an_hour: PLENTY,
        };
        config.github.secondary_limits = plenty;
        config.github.repositories =
            repositories.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        config.github.allowed_owners = Owners::Any;
        config.sync.interval = SYNC_EVERY;
        config.automation.interval = SYNC_EVERY;
        config.agents = sample::AGENTS.map(str::to_owned).to_vec();
        let agent_token = config.auth.agent_token.get_or_insert_with(random_token).clone();

        let mut tasks = JoinSet::new();
        let served = simulator.clone();
        tasks.spawn(async move {
            if let Err(error) = serve(served, listener).await {
                tracing::error!(%error, "the simulated GitHub ended");
            }
        });
        Ok(Self { simulator, past, still, clock, agent_token, tasks })
    }

    /// The demo's time.
    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Works through the past: people and agents, who reach Dispatch at `address`, do what they do,
    /// and what the service does by the clock is done in between.
    ///
    /// # Errors
    ///
    /// When the database or the simulated GitHub fails.
    pub(crate) async fn catch_up(&self, app: &App, address: SocketAddr) -> anyhow::Result<()> {
        let mut people = HumanActivity::new(self.simulator.clone(), SEED);
        let mut runners = Runners::new(self.simulator.clone(), SEED);
        let mut agents = self.agents(address);
        agents.set_term(PAST_TERM);
        let (agent_actions, human_actions) = ACTIONS;
        let mut left = self.past;
        while !left.is_zero() {
            // Another action may have come first; the next one is different.
            for _ in 0..human_actions {
                let _ = people.act();
            }
            runners.act();
            service::repositories::sync::sync_issues(app, None).await?;
            for _ in 0..agent_actions {
                let _ = agents.act().await;
            }
            let stride = STRIDE.min(left);
            self.clock.advance(stride);
            left -= stride;
            service::claims::leases::expire_leases(app).await?;
            service::retention::apply_done_window(app).await?;
        }
        Ok(())
    }

    /// Sets people and agents to work, unless it is to be still; the latter reach Dispatch at
    /// `address`. They rest when the demo is dropped.
    pub(crate) fn enliven(&mut self, address: SocketAddr) {
        if self.still {
            return;
        }
        let people = HumanActivity::new(self.simulator.clone(), SEED);
        self.tasks.spawn(people.live(PEOPLE_PACE));
        let runners = Runners::new(self.simulator.clone(), SEED);
        self.tasks.spawn(runners.live(RUNNERS_PACE));
        self.tasks.spawn(self.agents(address).live(AGENTS_PACE));
    }

    fn agents(&self, address: SocketAddr) -> Agents {
        Agents::new(address, self.agent_token.expose().to_owned(), self.clock.clone(), SEED)
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
    simulator.raise_limits(PLENTY);
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
