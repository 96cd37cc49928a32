//! The codes by which programs distinguish errors, in every interface.
//!
//! [`Error::code`](super::Error::code) has the table; `TIMEOUT` is set by the transports and the
//! middleware.

/// The request is invalid.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The caller is not authenticated.
pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// The caller is not allowed to do this.
pub const FORBIDDEN: &str = "FORBIDDEN";
/// Something does not exist.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// The current state does not allow it.
pub const CONFLICT: &str = "CONFLICT";
/// The caller's lease is over.
pub const LEASE_LOST: &str = "LEASE_LOST";
/// Temporarily not possible.
pub const RATE_LIMITED: &str = "RATE_LIMITED";
/// GitHub refused or did not respond.
pub const UPSTREAM_FAILED: &str = "UPSTREAM_FAILED";
/// The service is not ready.
pub const UNAVAILABLE: &str = "UNAVAILABLE";
/// A bug; the log has more.
pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
/// The time limit of a request was exceeded.
pub const TIMEOUT: &str = "TIMEOUT";
