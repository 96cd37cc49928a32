//! Tables of webhooks.

pub mod deliveries;
