//! Stops a stale server that a killed process left running.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::binaries::Installation;
use super::os_user::OsUser;

/// How long a server may take to exit once it has cleaned up.
const EXIT: Duration = Duration::from_secs(10);

/// Stops the server that still runs on `data`, if there is one; otherwise removes its stale pid
/// file.
///
/// Process ids are reused: after a restart of the machine the pid file may name any process, so
/// only one that was started on this folder is stopped.
pub(super) fn end(installation: &Installation, user: &OsUser, data: &Path) -> Result<(), Error> {
    let pid_file = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&pid_file) else { return Ok(()) };
    let id = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok());
    let Some(id) = id.filter(|id| runs_on(*id, data)) else {
        return match fs::remove_file(&pid_file) {
            // It may have stopped, and cleaned up, just now.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file("remove", &pid_file, error))
            }
            _ => Ok(()),
        };
    };
    tracing::warn!(process = id, "ending a PostgreSQL that an earlier process left behind");
    let mut pg_ctl = user.command(&installation.program("pg_ctl"));
    pg_ctl.args(["stop", "-m", "fast", "-w", "-t", "60", "-D"]).arg(data);
    let output = pg_ctl.output().map_err(|error| Error::failed("running pg_ctl", error))?;
    // The server removes its pid file, which `pg_ctl` waits for, a moment before it exits.
    let deadline = Instant::now() + EXIT;
    while output.status.success() && runs_on(id, data) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    if runs_on(id, data) {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Error::failed("ending an earlier PostgreSQL", complaint.trim()));
    }
    Ok(())
}

/// Whether the process was started with `data` among its arguments.
fn runs_on(id: u32, data: &Path) -> bool {
    let arguments = fs::read(format!("/proc/{id}/cmdline")).or_else(|_| {
        let mut ps = Command::new("ps");
        ps.args(["-ww", "-o", "command=", "-p", &id.to_string()]).output().map(|out| out.stdout)
    });
    let Ok(arguments) = arguments else { return false };
    String::from_utf8_lossy(&arguments).contains(&*data.to_string_lossy())
}
