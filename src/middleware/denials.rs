//! Denials of workers, and their audit entries, which are limited so that a worker in a loop cannot
//! flood the audit log.

use chrono::TimeDelta;

use super::access::{self, Workers};
use super::problem::Problem;
use super::rate_limit::RateLimiter;
use crate::domain::Actor;
use crate::domain::actor::NOT_BOUND;
use crate::service::{self, App};

/// The error for a route that is not open to workers.
const CLOSED: &str = "Forbidden: this endpoint requires a maintainer token (DISPATCH_AGENT_TOKEN); worker tokens (DISPATCH_WORKER_TOKEN) are restricted";

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Audit entries per minute and kind for the denials of one credential.
const ENTRIES_PER_MINUTE: u32 = 10;

/// Denies requests of workers and audits that.
pub(super) struct Denials {
    app: App,
    audit_limits: RateLimiter,
}

impl Denials {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), audit_limits: RateLimiter::default() }
    }

    /// Denies a worker a route that the permissions table does not open to it.
    pub(super) async fn check_route(
        &self,
        actor: &Actor,
        method: &str,
        template: Option<&str>,
        path: &str,
    ) -> Result<(), Problem> {
        let open = template.and_then(|template| access::worker_route(method, template));
        self.check_open(actor, open, &format!("{method} {}", template.unwrap_or(path))).await
    }

    /// Denies a worker a route, field or tool that is not open to it.
    pub(super) async fn check_open(
        &self,
        actor: &Actor,
        open: Option<Workers>,
        what: &str,
    ) -> Result<(), Problem> {
        let Actor::Worker { is_bound, .. } = actor else { return Ok(()) };
        match open {
            Some(Workers::Bound) if !is_bound => {
                self.write_scope(actor, NOT_BOUND).await;
                Err(Problem::forbidden(NOT_BOUND))
            }
            Some(_) => Ok(()),
            None => {
                self.write_tier(actor, what).await;
                Err(Problem::forbidden(CLOSED))
            }
        }
    }

    /// Denies a worker acting for another agent.
    pub(super) async fn check_agent(&self, actor: &Actor, agent: &str) -> Result<(), Problem> {
        match actor.check_acts_for(agent) {
            Ok(()) => Ok(()),
            Err(refusal) => {
                self.write_scope(actor, &refusal).await;
                Err(Problem::forbidden(refusal))
            }
        }
    }

    async fn write_tier(&self, actor: &Actor, route: &str) {
        let now = self.app.clock.now();
        // Not by name, because a worker without an agent chooses its name.
        let credential = actor.credential();
        let (one, all) = (format!("tier {credential} {route}"), format!("tier {credential}"));
        if self.audit_limits.count(&one, 1, MINUTE, now).is_ok()
            && self.audit_limits.count(&all, ENTRIES_PER_MINUTE, MINUTE, now).is_ok()
        {
            self.write(actor, "auth_tier_denied", route, CLOSED).await;
        }
    }

    async fn write_scope(&self, actor: &Actor, refusal: &str) {
        let key = format!("scope {}", actor.credential());
        if self.audit_limits.count(&key, ENTRIES_PER_MINUTE, MINUTE, self.app.clock.now()).is_ok() {
            self.write(actor, "worker_scope_denied", "", refusal).await;
        }
    }

    /// Best effort: the denial does not depend on it.
    async fn write(&self, actor: &Actor, action: &'static str, notes: &str, refusal: &str) {
        let written = service::audit::record_denial(&self.app, actor, action, notes, refusal).await;
        if let Err(error) = written {
            tracing::warn!(
                error = error.with_causes(),
                action,
                "a refusal is not in the audit log"
            );
        }
    }
}
