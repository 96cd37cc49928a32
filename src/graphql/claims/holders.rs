//! Root fields for the leases of an agent, and for requests and messages to holders.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::domain::{IssueId, LeaseId};
use crate::graphql::loaders::{self, Related, RequestedFields, actor, app};
use crate::graphql::types::Lease;
use crate::graphql::types::page::cost;
use crate::service::claims::holders::{self, RequestStop, SendMessage};
use crate::service::claims::leases;

#[derive(Debug, Default)]
pub(crate) struct HolderQuery;

#[Object]
impl HolderQuery {
    /// The leases that an agent holds now, most recently renewed first; 100 at most. After a
    /// restart, an agent continues with these: it renews each of them with its `fencingToken`.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn my_work(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "The agent's name, with or without `agent/`; the caller's own when absent."
        )]
        agent: Option<String>,
    ) -> async_graphql::Result<Vec<Lease>> {
        let app = app(context);
        let rows = leases::my_work(app, actor(context), agent.as_deref()).await?;
        let wanted = context.look_ahead().field("issue");
        let ids: Vec<IssueId> = match wanted.exists() {
            true => rows.iter().map(|row| row.issue_id).collect(),
            false => vec![],
        };
        let issues =
            loaders::issues_by_id(app, &ids, RequestedFields::from_lookahead(&wanted)).await?;
        let lease = |row: crate::store::Lease| match issues.get(&row.issue_id) {
            Some(issue) => {
                Lease { row: Arc::new(row), issue: Related::Known(Some(Arc::clone(issue))) }
            }
            None => Lease::alone(row),
        };
        Ok(rows.into_iter().map(lease).collect())
    }
}

/// The result of a request to stop.
#[derive(SimpleObject)]
struct RequestStopPayload {
    /// The current state of the lease.
    lease: Lease,
}

/// The request to stop that is withdrawn.
#[derive(InputObject)]
struct WithdrawStopInput {
    /// The lease.
    lease_id: LeaseId,
}

/// The result of withdrawing a request to stop.
#[derive(SimpleObject)]
struct WithdrawStopPayload {
    /// The current state of the lease.
    lease: Lease,
}

/// The result of sending a message.
#[derive(SimpleObject)]
struct SendMessagePayload {
    /// The current state of the lease.
    lease: Lease,
}

#[derive(Debug, Default)]
pub(crate) struct HolderMutation;

#[Object]
impl HolderMutation {
    /// Asks the holder of an issue to stop: its next renewal returns this request and does not
    /// extend the lease. If the holder does not stop in time, the issue is taken from it; this does
    /// not count as a failure.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn request_stop(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease, the reason and the grace period.")] input: RequestStop,
    ) -> async_graphql::Result<RequestStopPayload> {
        let row = holders::request_stop(app(context), actor(context), input).await?;
        Ok(RequestStopPayload { lease: Lease::alone(row) })
    }

    /// Withdraws a request to stop, so that the holder may continue.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn withdraw_stop(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease.")] input: WithdrawStopInput,
    ) -> async_graphql::Result<WithdrawStopPayload> {
        let row = holders::withdraw_stop(app(context), actor(context), input.lease_id).await?;
        Ok(WithdrawStopPayload { lease: Lease::alone(row) })
    }

    /// Sends a message to the holder of an issue. Renewals return it until the holder marks it as
    /// read. If the holder waits for an answer, its question counts as answered.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn send_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The lease and the text.")] input: SendMessage,
    ) -> async_graphql::Result<SendMessagePayload> {
        let row = holders::send_message(app(context), actor(context), input).await?;
        Ok(SendMessagePayload { lease: Lease::alone(row) })
    }
}
