//! Database errors that are not caused by the statement.

use diesel::result::{DatabaseErrorKind, Error};

/// Why the database could not execute a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It is unreachable, starting or stopping, or accepts no more connections.
    Away,
    /// A statement or a lock timeout was exceeded.
    Late,
}

/// PostgreSQL's English messages of errors for which diesel has no kind and does not pass on the
/// code.
const SENTENCES: [(&str, Failure); 11] = [
    ("canceling statement due to statement timeout", Failure::Late),
    ("canceling statement due to lock timeout", Failure::Late),
    ("canceling statement due to user request", Failure::Late),
    ("terminating connection due to", Failure::Away),
    ("the database system is", Failure::Away),
    ("remaining connection slots are reserved", Failure::Away),
    ("too many clients already", Failure::Away),
    ("too many connections for", Failure::Away),
    ("server closed the connection", Failure::Away),
    ("connection closed", Failure::Away),
    ("communicating with the server", Failure::Away),
];

/// The failure that caused an error; `None` if the statement itself is wrong.
pub fn failure(error: &Error) -> Option<Failure> {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
            _,
        )
        | Error::BrokenTransactionManager => Some(Failure::Away),
        Error::DatabaseError(DatabaseErrorKind::Unknown, details) => {
            let is_it = |(sentence, _): &&(&str, Failure)| details.message().contains(sentence);
            SENTENCES.iter().find(is_it).map(|(_, failure)| *failure)
        }
        Error::RollbackErrorOnCommit { commit_error, .. } => failure(commit_error),
        _ => None,
    }
}
