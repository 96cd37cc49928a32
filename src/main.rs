//! Starts and stops the service. It decides nothing.
//!
//! Order: command line, settings, log, database, migrations, first repositories, background tasks,
//! server. A signal stops them in reverse order.

mod cli;
mod demo;

use std::convert::Infallible;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cli::{Cli, ClientCommand, Command, ExitOutcome, WebhookCommand};
use demo::Demo;
use dispatch::bus::Bus;
use dispatch::clock::Clock;
use dispatch::config::{self, AuthMode, Config, Env};
use dispatch::connections::{self, ConnectionLimits};
use dispatch::domain::bounds::visible;
use dispatch::embedded_postgres::{Cluster, Options};
use dispatch::metrics::Metrics;
use dispatch::service::App;
use dispatch::service::monitoring::LastReading;
use dispatch::service::name_cache::NameCache;
use dispatch::service::shutdown::Shutdown;
use dispatch::service::tasks::Tasks;
use dispatch::service::wait_queue::WaitQueue;
use dispatch::service::webhooks::Inbox;
use dispatch::traces::Traces;
use dispatch::{github, scheduler, service, store, telemetry};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Size of the pool of database connections. More would only contend in PostgreSQL.
const POOL_SIZE: usize = 16;

/// File descriptors reserved for anything but client connections: database, GitHub, own files.
const OWN_FILES: u64 = 64;

/// How long running requests may take to finish at shutdown. A move gives GitHub five seconds.
const GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let command = Cli::read().command;
    match run(command) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // A closed standard error cannot be reported anywhere.
            let _ = writeln!(std::io::stderr(), "dispatch: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitOutcome> {
    match command {
        Command::Serve => with_settings(|config| serve(config, None))?,
        Command::Demo { days, still } => with_settings(|config| demonstrate(config, days, still))?,
        Command::Simulate { issues } => with_settings(|config| demo::simulate(config, issues))?,
        Command::Migrate => with_settings(migrate)?,
        Command::Webhook(WebhookCommand::Setup { repository }) => with_settings(
            |config| async move { say(&cli::set_up_webhook(config, &repository).await?) },
        )?,
        Command::Schema => write_stdout(dispatch::graphql::sdl().as_bytes())?,
        Command::Completions { shell } => write_stdout(&Cli::completions(shell))?,
        Command::Client(ask) => return as_client(ask),
    }
    Ok(ExitOutcome::Done)
}

/// Runs a command that is a client of a running server. The server's settings are not read.
fn as_client(ask: ClientCommand) -> anyhow::Result<ExitOutcome> {
    let client = match config::ClientConfig::from_env(&Env::from_process()) {
        Ok(client) => client,
        Err(error) => {
            writeln!(std::io::stderr(), "dispatch: {error}")?;
            return Ok(ExitOutcome::Wrong);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("Cannot start")?;
    Ok(runtime.block_on(ask.run(&client)))
}

/// Reads the settings, starts the log and runs `work` to its end.
fn with_settings<Work>(work: impl FnOnce(Config) -> Work) -> anyhow::Result<()>
where
    Work: Future<Output = anyhow::Result<()>>,
{
    let config = Config::from_env(&Env::from_process())?;
    telemetry::start(&config.log, visible)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    raise_limit_of_sockets();
    let runtime = tokio::runtime::Runtime::new().context("Cannot start threads")?;
    runtime.block_on(work(config))
}

/// Raises the soft limit of open files to the hard limit: each subscriber uses a socket, and the
/// usual soft limit of 1,024 is too low for that.
fn raise_limit_of_sockets() {
    const PLENTY: u64 = 1 << 16;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(PLENTY).max(soft), hard)
    });
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open sockets stays as it is");
    }
}

/// The limits of connections, within the limit of open files.
fn limits_of_connections(server: &config::ServerConfig) -> ConnectionLimits {
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    let rest = usize::try_from(files.saturating_sub(OWN_FILES)).unwrap_or(usize::MAX).max(1);
    ConnectionLimits {
        connections: usize::try_from(server.max_connections).unwrap_or(usize::MAX).min(rest),
        per_peer: usize::try_from(server.max_connections_per_peer).unwrap_or(usize::MAX),
        proxies: server.trusted_proxies.clone(),
        header: Duration::from_secs(10),
        idle: Duration::from_secs(60),
    }
}

/// Serves until a signal arrives or something fails permanently.
async fn serve(config: Config, demo: Option<Demo>) -> anyhow::Result<()> {
    let (home, search) = (&config.database.data_dir, config.database.search());
    let own = match demo {
        Some(_) => Options::renewed(home, search),
        None => Options::durable(home, search),
    };
    let database = RunningDatabase::open(&config.database, own).await?;
    let outcome = serve_on(&database, config, demo).await;
    database.close().await;
    outcome
}

/// Serves simulated data.
async fn demonstrate(mut config: Config, days: u32, still: bool) -> anyhow::Result<()> {
    let demo =
        Demo::start(&mut config, days, still).await.context("Cannot start the simulated GitHub")?;
    Box::pin(serve(config, Some(demo))).await
}

/// Applies pending migrations.
async fn migrate(config: Config) -> anyhow::Result<()> {
    let own = Options::durable(&config.database.data_dir, config.database.search());
    let database = RunningDatabase::open(&config.database, own).await?;
    let outcome = database.migrate().await;
    database.close().await;
    say(&match outcome? {
        0 => "The schema is up to date.".to_owned(),
        changes => format!("The schema is up to date after {changes} changes."),
    })
}

/// Serves from an open database.
async fn serve_on(
    database: &RunningDatabase,
    config: Config,
    mut demo: Option<Demo>,
) -> anyhow::Result<()> {
    let mut shutdown = ShutdownSignals::new()?;
    if config.database.skip_migrations {
        database.check_not_newer().await?;
    } else {
        database.migrate().await?;
    }
    let simulated = demo.is_some();
    let clock = demo.as_ref().map_or_else(Clock::system, Demo::clock);
    let app = assemble(database, config, clock, simulated).await?;
    service::repositories::tracking::bootstrap(&app)
        .await
        .context("Cannot track the first repositories")?;
    if simulated {
        // So that the first visitor finds a full board; the simulator responds at once.
        service::repositories::sync::sync_issues(&app, None)
            .await
            .context("Cannot sync with the simulator")?;
    } else {
        warn_of_what_is_missing(&app).await?;
    }
    let listener = listen(&app.config.server).await?;
    let address = reachable(listener.local_addr()?);
    let metrics = listen_for_metrics(&app.config.server).await?;

    let closing = CancellationToken::new();
    let limits = limits_of_connections(&app.config.server);
    let router = dispatch::router(app.clone());
    let serving = connections::serve(listener, router, limits, closing.clone());
    let mut serving = Box::pin(serving);
    let mut tasks = JoinSet::new();
    let working = async {
        if let Some(demo) = &mut demo {
            say("Preparing a demonstration ...")?;
            demo.catch_up(&app, address).await.context("The demonstration has no past")?;
            demo.enliven(address);
        }
        tasks = scheduler::start(&app, database.url.clone());
        if let Some(listener) = metrics {
            let router = dispatch::metrics_router(&app);
            let limits = limits_of_connections(&app.config.server);
            say(&format!("Metrics are at http://{}/metrics", reachable(listener.local_addr()?)))?;
            tasks.spawn(connections::serve(listener, router, limits, CancellationToken::new()));
        }
        if simulated {
            say(
                "This is a demonstration: its GitHub is simulated, and all on the board is made up.\n\
                 For your own: GITHUB_TOKEN=<token> GITHUB_REPOSITORIES=<owner/name> dispatch serve",
            )?;
        }
        say(&format!("Dispatch is ready at {}", front_door(&app.config.server, address)))?;
        broken(&mut tasks).await
    };

    let outcome = tokio::select! {
        () = &mut serving => Err(anyhow::anyhow!("Cannot serve any longer")),
        signal = shutdown.received() => Ok(signal),
        () = database.lost() => Err(anyhow::anyhow!("Our own PostgreSQL ended and stays down")),
        broken = working => broken.map(|never| match never {}),
    };
    if let Ok(signal) = &outcome {
        tracing::info!("stopping");
        let ending = end(&app, signal.delay(&app.config.server), &closing, serving);
        // A second signal ends at once.
        tokio::select! {
            () = ending => {}
            _ = shutdown.received() => {}
        }
    }
    tasks.shutdown().await;
    app.traces.close().await;
    app.pool.close();
    outcome.map(drop)
}

/// Ends the service: reports that it is not ready, serves for `delay`, disconnects subscribers, and
/// waits for the running requests and changes.
async fn end(
    app: &App,
    delay: Duration,
    closing: &CancellationToken,
    mut serving: impl Future<Output = ()> + Unpin,
) {
    app.shutdown.begin();
    tokio::select! {
        () = &mut serving => {}
        () = tokio::time::sleep(delay) => {}
    }
    // Subscribers reconnect by themselves.
    app.bus.close();
    closing.cancel();
    let ended = async {
        serving.await;
        app.shutdown.changes_ended().await;
    };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("requests were still running at the end");
    }
}

/// The database, and the embedded PostgreSQL where no address is configured.
struct RunningDatabase {
    url: String,
    own: Option<Cluster>,
}

impl RunningDatabase {
    /// Opens the configured database, or starts the embedded PostgreSQL.
    async fn open(config: &config::DatabaseConfig, own: Options) -> anyhow::Result<Self> {
        if let Some(url) = &config.url {
            let url = url.expose().to_owned();
            store::pool::check_suitable(&url).await.context("DATABASE_URL cannot be used")?;
            return Ok(Self { url, own: None });
        }
        let own = Cluster::start(own).await?;
        Ok(Self { url: own.url().to_owned(), own: Some(own) })
    }

    async fn connect(&self) -> anyhow::Result<store::Connection> {
        let connection = store::establish(&self.url).await;
        connection.context("Cannot reach the database that DATABASE_URL names")
    }

    /// Fails if the schema was migrated by a newer version of Dispatch.
    async fn check_not_newer(&self) -> anyhow::Result<()> {
        store::pool::check_not_newer(&mut self.connect().await?).await
    }

    /// Applies pending migrations and returns how many there were.
    async fn migrate(&self) -> anyhow::Result<usize> {
        self.check_not_newer().await?;
        let connection = self.connect().await?;
        store::run_migrations(connection).await.context("Cannot bring the schema up to date")
    }

    /// Waits until the embedded PostgreSQL is lost permanently.
    async fn lost(&self) {
        match &self.own {
            Some(own) => own.lost().await,
            None => std::future::pending().await,
        }
    }

    async fn close(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}

/// Builds the state that every use case needs.
async fn assemble(
    database: &RunningDatabase,
    config: Config,
    clock: Clock,
    simulated: bool,
) -> anyhow::Result<App> {
    let traces = match &config.traces {
        Some(settings) => Traces::start(settings, Handle::current())?,
        None => Traces::default(),
    };
    let mut settings = service::github_settings(&config.github);
    settings.traces = traces.clone();
    let github = github::Client::new(settings, clock.clone())?;
    let pool = store::connect(&database.url, POOL_SIZE, config.database.timeouts)?;
    let mut connection = pool.get().await.context("Cannot reach the database")?;
    let position = store::event_log::position(&mut connection)
        .await
        .context("Cannot read the event log; are the migrations missing?")?;
    drop(connection);
    Ok(App {
        config: Arc::new(config),
        pool,
        github,
        bus: Bus::new(position),
        wait_queue: WaitQueue::default(),
        inbox: Inbox::default(),
        agent_names: NameCache::default(),
        clock,
        metrics: Metrics::default(),
        traces,
        last_reading: LastReading::default(),
        tasks: Tasks::default(),
        shutdown: Shutdown::default(),
        simulated,
    })
}

/// Warns on the console about settings that an operator may have forgotten.
async fn warn_of_what_is_missing(app: &App) -> anyhow::Result<()> {
    let config = &app.config;
    if !config.is_configured() {
        tracing::warn!(
            "GITHUB_TOKEN is not set, and neither is a GitHub App: nothing is read from GitHub and no card can be moved. \
             `dispatch demo` shows a board without an account"
        );
    }
    if service::repositories::tracking::tracked_repositories(app).await?.is_empty() {
        tracing::warn!(
            "No repository is tracked: add one on the board, or name them in \
             GITHUB_REPOSITORIES, which counts once"
        );
    }
    for name in service::repositories::tracking::untracked_from_settings(app).await? {
        tracing::warn!(
            "GITHUB_REPOSITORIES names {name}, which is not tracked: the setting counts once, \
             the first time it names anything; add it on the board"
        );
    }
    let is_public = !config.server.host.is_loopback();
    match config.auth.mode {
        AuthMode::Disabled => {
            tracing::warn!(
                "DISPATCH_AUTH_MODE=disabled: whoever reaches Dispatch may do everything"
            );
        }
        AuthMode::Open if is_public => {
            tracing::warn!(
                "DISPATCH_AUTH_MODE is not set: whoever reaches Dispatch may move cards"
            );
        }
        AuthMode::Open | AuthMode::ReadOnly | AuthMode::Basic { .. } => {}
    }
    if config.auth.agent_token.is_none() && config.auth.mode != AuthMode::Disabled {
        tracing::warn!("DISPATCH_AGENT_TOKEN is not set: agents are answered 401");
    }
    Ok(())
}

async fn listen(server: &config::ServerConfig) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((server.host, server.port));
    TcpListener::bind(address).await.with_context(|| {
        format!("Cannot listen on {address}; HOST and PORT name another address, as in PORT=3001")
    })
}

/// Listens where metrics are served apart from everything else, if they are.
async fn listen_for_metrics(server: &config::ServerConfig) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = server.metrics_address else { return Ok(None) };
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("Cannot listen on {address}; DISPATCH_METRICS_ADDR names another address")
    })?;
    Ok(Some(listener))
}

/// The address at which this machine reaches a listener.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The address to open in a browser.
fn front_door(server: &config::ServerConfig, address: SocketAddr) -> String {
    match &server.public_url {
        // Below a path, most proxies expect a trailing slash.
        Some(url) if url.path().len() > 1 => format!("{url}/"),
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    }
}

/// Waits until a background task panics.
///
/// # Errors
///
/// The panic of a task.
async fn broken(tasks: &mut JoinSet<()>) -> anyhow::Result<Infallible> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("A background task broke down")?;
    }
    std::future::pending().await
}

/// The signals that end the service.
struct ShutdownSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl ShutdownSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    async fn received(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupted,
            _ = self.terminate.recv() => Stop::Terminated,
        }
    }
}

/// Who ends the service.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// A person at the keyboard (SIGINT).
    Interrupted,
    /// A supervisor (SIGTERM).
    Terminated,
}

impl Stop {
    /// How long the service still accepts connections.
    fn delay(self, server: &config::ServerConfig) -> Duration {
        match self {
            Self::Interrupted => Duration::ZERO,
            Self::Terminated => server.shutdown_delay,
        }
    }
}

/// Writes a text to the standard output. A reader that closes the pipe early (`dispatch schema |
/// head`) is no error.
fn write_stdout(text: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("Cannot write to the standard output"),
    }
}

/// Writes a line to the standard output, for the operator.
fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("Cannot write to the standard output")
}
