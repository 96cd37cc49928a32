//! Failures of the database that are no fault of a statement.

use diesel::result::{DatabaseErrorKind, Error};

/// Why the database did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It is not there, is starting or stopping, or takes no more connections.
    Away,
    /// A statement or its wait for a lock took longer than the settings allow.
    Late,
}

/// What PostgreSQL says in English of failures that it gives no kind of. The error does not carry
/// its code.
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

/// The failure that an error tells of; none when the statement itself is wrong.
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
