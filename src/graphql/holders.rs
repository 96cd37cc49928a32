//! The root fields about what is held: what an agent holds, and what people ask of holders.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::loaders::{self, Related, Wants, actor, app};
use super::types::Lease;
use super::types::page::cost;
use crate::domain::{IssueId, LeaseId};
use crate::service::holders::{self, RequestStop, SendMessage};
use crate::service::leases;

#[derive(Debug, Default)]
pub(super) struct HolderQuery;

#[Object]
impl HolderQuery {
    /// What an agent holds now, the last renewed first; 100 at most. An agent that was restarted goes
    /// on with these: it renews each with its `fencingToken`.
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
        let issues = loaders::issues_by_id(app, &ids, Wants::of(&wanted)).await?;
        let lease = |row: crate::store::Lease| match issues.get(&row.issue_id) {
            Some(issue) => {
                Lease { row: Arc::new(row), issue: Related::Known(Some(Arc::clone(issue))) }
            }
            None => Lease::alone(row),
        };
        Ok(rows.into_iter().map(lease).collect())
    }
}

/// A holder that was told something.
#[derive(SimpleObject)]
struct RequestStopPayload {
    /// The lease as it is now.
    lease: Lease,
}

/// A holder that may go on.
#[derive(InputObject)]
struct WithdrawStopInput {
    /// The lease.
    lease_id: LeaseId,
}

/// A holder that may go on.
#[derive(SimpleObject)]
struct WithdrawStopPayload {
    /// The lease as it is now.
    lease: Lease,
}

/// A holder that was sent a message.
#[derive(SimpleObject)]
struct SendMessagePayload {
    /// The lease as it is now.
    lease: Lease,
}

#[derive(Debug, Default)]
pub(super) struct HolderMutation;

#[Object]
impl HolderMutation {
    /// Asks the holder of an issue to stop: its next renewal says so and prolongs nothing. The issue
    /// is taken from a holder that has not stopped in time; that counts as no failure.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn request_stop(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which lease, why, and how long the holder has.")] input: RequestStop,
    ) -> async_graphql::Result<RequestStopPayload> {
        let row = holders::request_stop(app(context), actor(context), input).await?;
        Ok(RequestStopPayload { lease: Lease::alone(row) })
    }

    /// Lets a holder that was asked to stop go on.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn withdraw_stop(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which lease.")] input: WithdrawStopInput,
    ) -> async_graphql::Result<WithdrawStopPayload> {
        let row = holders::withdraw_stop(app(context), actor(context), input.lease_id).await?;
        Ok(WithdrawStopPayload { lease: Lease::alone(row) })
    }

    /// Leaves the holder of an issue a message, which its renewals carry until it says to have read
    /// it. The question that it waits to be told the answer to counts as answered.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn send_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which lease, and the text.")] input: SendMessage,
    ) -> async_graphql::Result<SendMessagePayload> {
        let row = holders::send_message(app(context), actor(context), input).await?;
        Ok(SendMessagePayload { lease: Lease::alone(row) })
    }
}
