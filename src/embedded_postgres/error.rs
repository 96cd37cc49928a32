//! Errors of the embedded PostgreSQL, each as a sentence for the operator.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded PostgreSQL could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine has no suitable PostgreSQL.
    #[error(
        "No PostgreSQL {} or later was found: set DATABASE_URL to a database that runs somewhere, \
         install PostgreSQL (`apt-get install postgresql`, `brew install postgresql@17`), or fetch \
         one into this repository with `npm ci --prefix web`",
        super::binaries::OLDEST
    )]
    NotFound,
    /// `PG_CONFIG` does not lead to a suitable PostgreSQL.
    #[error("PG_CONFIG names {}, which leads to no PostgreSQL that can be started: {reason}", .path.display())]
    BadPgConfig {
        /// The configured path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data were written by a version that is not installed.
    #[error(
        "The data in {} were written by PostgreSQL {written_by}, and only {found} was found: \
         install PostgreSQL {written_by}, or name another folder with DISPATCH_DATA_DIR",
        .dir.display()
    )]
    OtherVersion {
        /// The folder of the data.
        dir: PathBuf,
        /// The major version that wrote them.
        written_by: u32,
        /// The versions that were found, as text.
        found: String,
    },
    /// Another process uses the folder.
    #[error(
        "Another Dispatch (process {holder}) is using {}: stop it, or name another folder with \
         DISPATCH_DATA_DIR",
        .dir.display()
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The id of that process, as it recorded it.
        holder: String,
    },
    /// The data belong to another user.
    #[error(
        "{} belongs to another user: run Dispatch as that user, or name another folder with \
         DISPATCH_DATA_DIR",
        .path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// Root was given data whose owner cannot run the server.
    #[error(
        "{} belongs to root or to nobody that this machine knows, and PostgreSQL runs as neither: give \
         it to `postgres` or `nobody`, or name another folder with DISPATCH_DATA_DIR",
        .path.display()
    )]
    NoOwner {
        /// The folder.
        path: PathBuf,
    },
    /// Root found no user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: \
         run Dispatch as another user, or set DATABASE_URL"
    )]
    NoAccount,
    /// The user that runs the server cannot enter the folder.
    #[error(
        "PostgreSQL runs as user `{os_user}` here, who cannot reach {}: name another folder with \
         DISPATCH_DATA_DIR, such as /var/lib/dispatch",
        .path.display()
    )]
    OutOfReach {
        /// The user's name.
        os_user: String,
        /// The folder.
        path: PathBuf,
    },
    /// A file operation failed.
    #[error("Cannot {verb} {}: {source}", .path.display())]
    File {
        /// The operation.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A step failed.
    #[error("{step} failed: {reason}")]
    Failed {
        /// The step, as the beginning of a sentence.
        step: &'static str,
        /// The reported error.
        reason: String,
    },
}

impl Error {
    pub(super) fn file(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { verb, path: path.to_owned(), source }
    }

    pub(super) fn failed(step: &'static str, reason: impl fmt::Display) -> Self {
        Self::Failed { step, reason: reason.to_string() }
    }
}
