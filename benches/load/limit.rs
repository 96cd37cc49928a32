//! The limit: what `pgbench` reaches with the plain statements on the same database.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use dispatch::embedded_postgres::Cluster;

/// A `pgbench`, of the PostgreSQL that is measured.
pub(crate) struct Pgbench {
    program: PathBuf,
    url: String,
}

impl Pgbench {
    /// The one in the same folder as the server's own program.
    pub(crate) async fn find(cluster: &Cluster) -> anyhow::Result<Self> {
        let database = super::site::connect(cluster.url()).await?;
        let sql = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
        let folder: String = database.query_one(sql, &[]).await?.get(0);
        let program = Path::new(&folder).join("pgbench");
        ensure!(program.exists(), "{} is missing; it comes with PostgreSQL", program.display());
        Ok(Self { program, url: cluster.url().to_owned() })
    }

    /// The same, on another database.
    pub(crate) fn on(&self, url: String) -> Self {
        Self { program: self.program.clone(), url }
    }

    /// Transactions per second: a script of `statements/`, prepared, on some connections.
    pub(crate) fn run(
        &self,
        script: &str,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<f64> {
        self.run_file(&Self::path_of(script), connections, time)
    }

    /// The path of a script of `statements/`.
    pub(crate) fn path_of(script: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/statements").join(script)
    }

    /// The same for a script anywhere.
    pub(crate) fn run_file(
        &self,
        script: &Path,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<f64> {
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={connections}"))
            .arg(format!("--time={}", time.as_secs().max(1)))
            .arg(format!("--file={}", script.display()))
            .arg(&self.url)
            .output()
            .context("Cannot run pgbench")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench failed: {complaint}");
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rate| rate.split(' ').next()?.parse().ok());
        rate.with_context(|| format!("pgbench says no rate: {said} {complaint}"))
    }
}
