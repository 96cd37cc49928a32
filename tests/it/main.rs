//! Every test that needs a database, a door or a simulated GitHub.

mod github;
mod postgres;
mod simulator;
/// Only this part of the harness compiles before the doors are there.
mod support {
    pub(crate) mod github;
}
