//! The schema of the simulated GitHub: GitHub's own type names, and of each type what the documents
//! in `github-queries/` request.
//!
//! The state and its rules are in `world`. A test compares this schema with `schema.graphql` in
//! that folder, in both directions.

mod actors;
mod details;
mod issues;
mod mutations;
mod nodes;
mod pages;
mod pull_requests;
mod repositories;
mod scalars;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_graphql::{
    Context, EmptySubscription, Error, ID, Interface, Object, PathSegment, Result, Schema,
    SimpleObject, Union,
};

use actors::{Bot, EnterpriseUserAccount, Mannequin, Organization, User};
use issues::{Discussion, IssueComment, Label, Ref};
use mutations::Mutation;
use nodes::{Issue, Repository};
use pull_requests::{Commit, PullRequest, PullRequestCommit, StatusCheckRollup};
use scalars::DateTime;

use super::Simulator;
use super::faults::Fault;
use super::world::{self, Refusal, Slot};

pub(super) type GitHubSchema = Schema<Query, Mutation, EmptySubscription>;

pub(super) fn build(simulator: Simulator) -> GitHubSchema {
    Schema::build(Query, Mutation, EmptySubscription).data(simulator).finish()
}

/// The schema in GitHub's schema language.
pub fn sdl() -> String {
    Schema::build(Query, Mutation, EmptySubscription).finish().sdl()
}

/// The context of one request for its resolvers.
pub(super) struct RequestContext {
    /// Its cost in points.
    pub cost: i64,
    /// The only owner whose repositories it may see; none when it may see all.
    pub owner: Option<String>,
    /// The faults that apply within it.
    pub faults: Vec<Fault>,
    /// How many of its mutations were begun.
    pub mutations: AtomicUsize,
}

pub(super) struct Query;

#[Object]
impl Query {
    async fn rate_limit(&self, ctx: &Context<'_>) -> Option<RateLimit> {
        let limits = simulator(ctx).limits();
        Some(RateLimit {
            limit: whole(limits.limit),
            cost: whole(ctx.data_unchecked::<RequestContext>().cost),
            remaining: whole(limits.remaining),
            reset_at: DateTime(limits.resets_at),
        })
    }

    async fn repository(
        &self,
        ctx: &Context<'_>,
        owner: String,
        name: String,
    ) -> Option<Repository> {
        let name = format!("{owner}/{name}");
        let slot = match is_visible(ctx, &name) {
            true => simulator(ctx).world().slot(&name),
            false => Err(Refusal::no_repository(&name)),
        };
        or_null(ctx, slot.map(|slot| Repository { slot }))
    }

    async fn node(&self, ctx: &Context<'_>, id: ID) -> Option<Node> {
        let found = visible_node(ctx, &simulator(ctx).world(), &id);
        or_null(ctx, found)
    }

    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            let message =
                format!("You may not provide more than 100 node ids; you provided {}.", ids.len());
            return Err(Refusal { kind: "ARGUMENT_LIMIT", message }.into());
        }
        let world = simulator(ctx).world();
        let found = ids.iter().enumerate().map(|(at, id)| match visible_node(ctx, &world, id) {
            Ok(node) => Some(node),
            Err(refusal) => {
                let mut error = Error::from(refusal).into_server_error(ctx.item.pos);
                error.path = vec![PathSegment::Field("nodes".into()), PathSegment::Index(at)];
                ctx.add_error(error);
                None
            }
        });
        Ok(found.collect())
    }
}

#[derive(SimpleObject)]
struct RateLimit {
    limit: i32,
    cost: i32,
    remaining: i32,
    reset_at: DateTime,
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
enum Node {
    Repository(Repository),
    Issue(Issue),
    PullRequest(PullRequest),
    Label(Label),
    Bot(Bot),
    Discussion(Discussion),
    EnterpriseUserAccount(EnterpriseUserAccount),
    Mannequin(Mannequin),
    Organization(Organization),
    User(User),
    Ref(Ref),
    IssueComment(IssueComment),
    Commit(Commit),
    PullRequestCommit(PullRequestCommit),
    StatusCheckRollup(StatusCheckRollup),
}

#[derive(Interface)]
#[graphql(field(name = "viewer_can_label", ty = "bool"))]
enum Labelable {
    Discussion(Discussion),
    Issue(Issue),
    PullRequest(PullRequest),
}

#[derive(Union)]
enum IssueOrPullRequest {
    Issue(Issue),
    PullRequest(PullRequest),
}

fn node(world: &world::World, id: &str) -> Result<Node, Refusal> {
    let found = match world.node(id) {
        Some(world::NodeLocation::Repository(slot)) => Some(Node::Repository(Repository { slot })),
        Some(world::NodeLocation::Issue(slot, number)) => world
            .repository(slot)
            .and_then(|repository| repository.issues.get(&number))
            .map(|issue| match issue.is_pull_request {
                true => Node::PullRequest(PullRequest { slot, pull_request: Arc::clone(issue) }),
                false => Node::Issue(Issue { slot, issue: Arc::clone(issue) }),
            }),
        Some(world::NodeLocation::Label(slot, key)) => {
            let label = world.repository(slot).and_then(|repository| repository.labels.get(&key));
            label.map(|label| Node::Label(Label(Arc::clone(label))))
        }
        None => None,
    };
    found.ok_or_else(|| Refusal::no_node(id))
}

/// A node in a repository that the request may see.
fn visible_node(ctx: &Context<'_>, world: &world::World, id: &str) -> Result<Node, Refusal> {
    let slot = match world.node(id) {
        Some(
            world::NodeLocation::Repository(slot)
            | world::NodeLocation::Issue(slot, _)
            | world::NodeLocation::Label(slot, _),
        ) => slot,
        None => return Err(Refusal::no_node(id)),
    };
    match is_visible(ctx, &full_name(world, slot)) {
        true => node(world, id),
        false => Err(Refusal::no_node(id)),
    }
}

fn is_visible(ctx: &Context<'_>, full_name: &str) -> bool {
    let only = ctx.data_unchecked::<RequestContext>().owner.as_deref();
    only.is_none_or(|only| {
        full_name.split_once('/').is_some_and(|(owner, _)| owner.eq_ignore_ascii_case(only))
    })
}

/// Null propagation to a nullable field: its error is returned beside the data.
fn or_null<T>(ctx: &Context<'_>, result: Result<T, Refusal>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(refusal) => {
            let error = Error::from(refusal).into_server_error(ctx.item.pos);
            ctx.add_error(ctx.set_error_path(error));
            None
        }
    }
}

fn simulator<'a>(ctx: &Context<'a>) -> &'a Simulator {
    ctx.data_unchecked()
}

fn full_name(world: &world::World, slot: Slot) -> String {
    world.repository(slot).map(|repository| repository.full_name.clone()).unwrap_or_default()
}

/// GitHub's `Int`s have 32 bits.
fn whole(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
