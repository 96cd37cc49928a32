//! Who Dispatch is for GitHub: a personal token, or a GitHub App with its installations.

use super::app_tokens::{AppCredentials, AppTokens};
use super::bearer::{Bearer, UnusableSettings};
use super::budget::{Budget, BudgetLimits};

/// Where tokens come from.
pub(super) enum Credentials {
    /// There are none.
    None,
    /// A token of a user.
    Personal(Bearer),
    /// Tokens of installations of an app.
    App(Box<AppTokens>),
}

impl Credentials {
    pub(super) fn new(
        token: Option<&str>,
        app: Option<&AppCredentials>,
        limits: BudgetLimits,
    ) -> Result<Self, UnusableSettings> {
        match (app, token) {
            (Some(app), _) => AppTokens::new(app, limits).map(|app| Self::App(Box::new(app))),
            (None, Some(token)) => {
                Bearer::new(token, Budget::new(limits, None)).map(Self::Personal)
            }
            (None, None) => Ok(Self::None),
        }
    }

    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }
}
