//! The schema of the simulated GitHub: GitHub's own type names, and of each type what the documents
//! in `github-queries/` ask for.
//!
//! Not here: the state and its rules (`world`). A test holds this schema to `schema.graphql` in that
//! folder, in both directions.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    Context, EmptySubscription, Enum, Error, ID, InputObject, InputValueError, InputValueResult,
    Interface, Object, PathSegment, Result, Scalar, ScalarType, Schema, SimpleObject, Union, Value,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{SecondsFormat, Utc};

use super::Simulator;
use super::faults::Fault;
use super::journal::Write;
use super::world::{self, Position, Refusal, Shown, Slot};

pub(super) type GitHub = Schema<Query, Mutation, EmptySubscription>;

pub(super) fn build(simulator: Simulator) -> GitHub {
    Schema::build(Query, Mutation, EmptySubscription).data(simulator).finish()
}

/// The schema in GitHub's schema language.
pub fn sdl() -> String {
    Schema::build(Query, Mutation, EmptySubscription).finish().sdl()
}

/// What the resolvers of one request need to know of it.
pub(super) struct Asked {
    /// Its cost in points.
    pub cost: i64,
    /// The faults that strike within it.
    pub faults: Vec<Fault>,
}

// ---------------------------------------------------------------- scalars

#[derive(Clone, Copy)]
struct DateTime(chrono::DateTime<Utc>);

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Ok(Self(text.parse()?))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

struct Uri(String);

#[Scalar(name = "URI")]
impl ScalarType for Uri {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

// ---------------------------------------------------------------- what is asked

pub(super) struct Query;

#[Object]
impl Query {
    async fn rate_limit(&self, ctx: &Context<'_>) -> Option<RateLimit> {
        let limits = simulator(ctx).limits();
        Some(RateLimit {
            limit: whole(limits.limit),
            cost: whole(ctx.data_unchecked::<Asked>().cost),
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
        let slot = simulator(ctx).world().slot(&format!("{owner}/{name}"));
        or_null(ctx, slot.map(|slot| Repository { slot }))
    }

    async fn node(&self, ctx: &Context<'_>, id: ID) -> Option<Node> {
        let found = node(&simulator(ctx).world(), &id);
        or_null(ctx, found)
    }

    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            let message =
                format!("You may not provide more than 100 node ids; you provided {}.", ids.len());
            return Err(Refusal { kind: "ARGUMENT_LIMIT", message }.into());
        }
        let world = simulator(ctx).world();
        let found = ids.iter().enumerate().map(|(at, id)| match node(&world, id) {
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

pub(super) struct Mutation;

#[derive(InputObject)]
struct AddLabelsToLabelableInput {
    labelable_id: ID,
    label_ids: Vec<ID>,
}

#[derive(InputObject)]
struct RemoveLabelsFromLabelableInput {
    labelable_id: ID,
    label_ids: Vec<ID>,
}

#[derive(InputObject)]
struct CreateLabelInput {
    repository_id: ID,
    name: String,
    color: String,
}

#[derive(SimpleObject)]
struct AddLabelsToLabelablePayload {
    labelable: Option<Labelable>,
}

#[derive(SimpleObject)]
struct RemoveLabelsFromLabelablePayload {
    labelable: Option<Labelable>,
}

#[derive(SimpleObject)]
struct CreateLabelPayload {
    label: Option<Label>,
}

#[Object]
impl Mutation {
    async fn add_labels_to_labelable(
        &self,
        ctx: &Context<'_>,
        input: AddLabelsToLabelableInput,
    ) -> Option<AddLabelsToLabelablePayload> {
        let changed = relabel(ctx, &input.labelable_id, &input.label_ids, Change::Add);
        let labelable = Some(or_null(ctx, changed)?);
        Some(AddLabelsToLabelablePayload { labelable })
    }

    async fn remove_labels_from_labelable(
        &self,
        ctx: &Context<'_>,
        input: RemoveLabelsFromLabelableInput,
    ) -> Option<RemoveLabelsFromLabelablePayload> {
        let changed = relabel(ctx, &input.labelable_id, &input.label_ids, Change::Remove);
        let labelable = Some(or_null(ctx, changed)?);
        Some(RemoveLabelsFromLabelablePayload { labelable })
    }

    async fn create_label(
        &self,
        ctx: &Context<'_>,
        input: CreateLabelInput,
    ) -> Option<CreateLabelPayload> {
        let label = Some(or_null(ctx, create_label(ctx, &input))?);
        Some(CreateLabelPayload { label })
    }
}

fn create_label(ctx: &Context<'_>, input: &CreateLabelInput) -> Result<Label, Refusal> {
    check_faults(ctx, "createLabel")?;
    let simulator = simulator(ctx);
    let mut world = simulator.world();
    let Some(world::Node::Repository(slot)) = world.node(&input.repository_id) else {
        return Err(Refusal::no_node(&input.repository_id));
    };
    let label = world.add_label(slot, &input.name, &input.color)?;
    simulator.note_write(Write::LabelCreated {
        repository: full_name(&world, slot),
        name: label.name.clone(),
        color: label.color.clone(),
    });
    Ok(Label(label))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
}

fn relabel(
    ctx: &Context<'_>,
    labelable: &ID,
    labels: &[ID],
    change: Change,
) -> Result<Labelable, Refusal> {
    check_faults(
        ctx,
        match change {
            Change::Add => "addLabelsToLabelable",
            Change::Remove => "removeLabelsFromLabelable",
        },
    )?;
    let simulator = simulator(ctx);
    let now = simulator.now();
    let mut world = simulator.world();
    let Some(world::Node::Issue(slot, number)) = world.node(labelable) else {
        return Err(Refusal::no_node(labelable));
    };
    let mut keys = Vec::with_capacity(labels.len());
    for id in labels {
        match world.node(id) {
            Some(world::Node::Label(own, key)) if own == slot => keys.push(key),
            _ => return Err(Refusal::no_node(id)),
        }
    }
    let repository = world.repository(slot).ok_or_else(|| Refusal::no_node(labelable))?;
    let issue = repository.issues.get(&number).ok_or_else(|| Refusal::no_node(labelable))?;
    keys.retain(|key| issue.labels.contains(key) == (change == Change::Remove));
    let names = keys.iter().filter_map(|key| repository.labels.get(key));
    let names: Vec<_> = names.map(|label| label.name.clone()).collect();

    let issue = match change {
        Change::Add => world.relabel(slot, number, now, &keys, &[])?,
        Change::Remove => world.relabel(slot, number, now, &[], &keys)?,
    };
    if !names.is_empty() {
        let repository = full_name(&world, slot);
        simulator.note_write(match change {
            Change::Add => Write::Labelled { repository, number, labels: names },
            Change::Remove => Write::Unlabelled { repository, number, labels: names },
        });
    }
    Ok(if issue.is_pull_request {
        Labelable::PullRequest(PullRequest(issue))
    } else {
        Labelable::Issue(Issue { slot, issue })
    })
}

/// A test may have one mutation of a document refused.
fn check_faults(ctx: &Context<'_>, mutation: &str) -> Result<(), Refusal> {
    for fault in &ctx.data_unchecked::<Asked>().faults {
        if let Fault::RefuseField { field, kind, message } = fault
            && *field == mutation
        {
            return Err(Refusal { kind, message: message.clone() });
        }
    }
    Ok(())
}

// ---------------------------------------------------------------- what is answered

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
    User(User),
    Ref(Ref),
}

#[derive(Interface)]
#[graphql(field(name = "viewer_can_label", ty = "bool"))]
enum Labelable {
    Issue(Issue),
    PullRequest(PullRequest),
}

#[derive(Interface)]
#[graphql(field(name = "login", ty = "String"))]
enum Actor {
    User(User),
}

#[derive(Union)]
enum IssueOrPullRequest {
    Issue(Issue),
    PullRequest(PullRequest),
}

fn node(world: &world::World, id: &str) -> Result<Node, Refusal> {
    let found = match world.node(id) {
        Some(world::Node::Repository(slot)) => Some(Node::Repository(Repository { slot })),
        Some(world::Node::Issue(slot, number)) => world
            .repository(slot)
            .and_then(|repository| repository.issues.get(&number))
            .map(|issue| match issue.is_pull_request {
                true => Node::PullRequest(PullRequest(Arc::clone(issue))),
                false => Node::Issue(Issue { slot, issue: Arc::clone(issue) }),
            }),
        Some(world::Node::Label(slot, key)) => {
            let label = world.repository(slot).and_then(|repository| repository.labels.get(&key));
            label.map(|label| Node::Label(Label(Arc::clone(label))))
        }
        None => None,
    };
    found.ok_or_else(|| Refusal::no_node(id))
}

struct Repository {
    slot: Slot,
}

impl Repository {
    fn look<T>(&self, ctx: &Context<'_>, look: impl FnOnce(&world::Repository) -> T) -> Result<T> {
        let world = simulator(ctx).world();
        let repository = world.repository(self.slot);
        Ok(look(repository.ok_or_else(|| Refusal::no_node("a deleted repository"))?))
    }
}

#[Object]
impl Repository {
    async fn id(&self, ctx: &Context<'_>) -> Result<ID> {
        self.look(ctx, |repository| ID(repository.id.clone()))
    }

    async fn name_with_owner(&self, ctx: &Context<'_>) -> Result<String> {
        self.look(ctx, |repository| repository.full_name.clone())
    }

    async fn default_branch_ref(&self, ctx: &Context<'_>) -> Result<Option<Ref>> {
        self.look(ctx, |repository| Some(Ref { repository: repository.id.clone() }))
    }

    async fn label(&self, ctx: &Context<'_>, name: String) -> Result<Option<Label>> {
        self.look(ctx, |repository| repository.label_named(&name).cloned().map(Label))
    }

    async fn issue_or_pull_request(
        &self,
        ctx: &Context<'_>,
        number: i32,
    ) -> Result<Option<IssueOrPullRequest>> {
        let number = i64::from(number);
        let found = self.look(ctx, |repository| repository.issues.get(&number).cloned())?;
        let issue = or_null(ctx, found.ok_or_else(|| Refusal::no_issue(number)));
        Ok(issue.map(|issue| match issue.is_pull_request {
            true => IssueOrPullRequest::PullRequest(PullRequest(issue)),
            false => IssueOrPullRequest::Issue(Issue { slot: self.slot, issue }),
        }))
    }

    async fn issues(
        &self,
        states: Option<Vec<IssueState>>,
        filter_by: Option<IssueFilters>,
        order_by: Option<IssueOrder>,
        first: Option<i32>,
        after: Option<String>,
    ) -> IssueConnection {
        let states = states.unwrap_or_default();
        let has = |state| states.is_empty() || states.contains(&state);
        let shown = match (has(IssueState::Open), has(IssueState::Closed)) {
            (true, false) => Shown::Open,
            (false, true) => Shown::Closed,
            _ => Shown::All,
        };
        let since = filter_by.and_then(|filter| filter.since).map(|since| since.0);
        let slot = self.slot;
        IssueConnection { slot, shown, since, order_by, first, after, page: OnceLock::new() }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum IssueState {
    Open,
    Closed,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum IssueOrderField {
    CreatedAt,
    UpdatedAt,
    Comments,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum OrderDirection {
    Asc,
    Desc,
}

#[derive(InputObject)]
struct IssueOrder {
    field: IssueOrderField,
    direction: OrderDirection,
}

#[derive(InputObject)]
struct IssueFilters {
    since: Option<DateTime>,
}

struct IssueConnection {
    slot: Slot,
    shown: Shown,
    since: Option<chrono::DateTime<Utc>>,
    order_by: Option<IssueOrder>,
    first: Option<i32>,
    after: Option<String>,
    page: OnceLock<Page>,
}

#[derive(Clone, Default)]
struct Page {
    issues: Vec<Arc<world::Issue>>,
    has_next: bool,
}

#[Object]
impl IssueConnection {
    async fn total_count(&self, ctx: &Context<'_>) -> i32 {
        let world = simulator(ctx).world();
        let repository = world.repository(self.slot);
        let count = repository.map_or(0, |found| found.count(self.shown, self.since));
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    async fn nodes(&self, ctx: &Context<'_>) -> Result<Option<Vec<Option<Issue>>>> {
        let issues = self.page(ctx)?.issues.iter().cloned();
        Ok(Some(issues.map(|issue| Some(Issue { slot: self.slot, issue })).collect()))
    }

    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let page = self.page(ctx)?;
        let end = page.issues.last().map(|issue| cursor((issue.updated_at, issue.number)));
        Ok(PageInfo { has_next_page: page.has_next, end_cursor: end })
    }
}

impl IssueConnection {
    /// The page, found once, so that its nodes and its cursor agree.
    fn page(&self, ctx: &Context<'_>) -> Result<&Page> {
        if let Some(page) = self.page.get() {
            return Ok(page);
        }
        let page = self.find(&simulator(ctx).world())?;
        Ok(self.page.get_or_init(|| page))
    }

    fn find(&self, world: &world::World) -> Result<Page, Refusal> {
        let refused = |kind, message: &str| Refusal { kind, message: message.to_owned() };
        let first = self.first.and_then(|first| usize::try_from(first).ok());
        let Some(first) = first.filter(|first| (1..=100).contains(first)) else {
            return Err(refused(
                "EXCESSIVE_PAGINATION",
                "You must provide a `first` or `last` value from 1 to 100 to properly paginate the \
                 `issues` connection.",
            ));
        };
        let Some(IssueOrder { field: IssueOrderField::UpdatedAt, direction }) = self.order_by
        else {
            return Err(refused(
                "UNPROCESSABLE",
                "The simulator lists issues by update time only.",
            ));
        };
        let after = match self.after.as_deref().map(position) {
            None => None,
            Some(Some(position)) => Some(position),
            Some(None) => {
                return Err(refused(
                    "INVALID_CURSOR_ARGUMENTS",
                    "The cursor does not appear to be valid.",
                ));
            }
        };
        let Some(repository) = world.repository(self.slot) else { return Ok(Page::default()) };
        let is_descending = direction == OrderDirection::Desc;
        let positions =
            repository.positions(self.shown, self.since, after, is_descending, first + 1);
        let issues = positions.iter().take(first);
        Ok(Page {
            issues: issues
                .filter_map(|(_, number)| repository.issues.get(number).cloned())
                .collect(),
            has_next: positions.len() > first,
        })
    }
}

/// GitHub's cursors hold the key of the order too, so a page goes on where the last one ended even
/// when that issue has moved since.
fn cursor((updated_at, number): Position) -> String {
    BASE64.encode(format!("cursor:v2:{}:{number}", updated_at.timestamp()))
}

fn position(cursor: &str) -> Option<Position> {
    let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
    let (secs, number) = text.strip_prefix("cursor:v2:")?.split_once(':')?;
    Some((chrono::DateTime::from_timestamp(secs.parse().ok()?, 0)?, number.parse().ok()?))
}

#[derive(SimpleObject)]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

struct Issue {
    slot: Slot,
    issue: Arc<world::Issue>,
}

#[Object]
impl Issue {
    async fn id(&self) -> ID {
        ID(self.issue.id.clone())
    }

    async fn number(&self) -> i32 {
        whole(self.issue.number)
    }

    async fn title(&self) -> &str {
        &self.issue.title
    }

    async fn body(&self) -> &str {
        &self.issue.body
    }

    async fn url(&self, ctx: &Context<'_>) -> Uri {
        let repository = full_name(&simulator(ctx).world(), self.slot);
        // A name that is reserved for examples: no link of the demo may lead to somebody real.
        Uri(format!("https://github.example/{repository}/issues/{}", self.issue.number))
    }

    async fn state(&self) -> IssueState {
        if self.issue.closed_at.is_some() { IssueState::Closed } else { IssueState::Open }
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.issue.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.issue.updated_at)
    }

    async fn closed_at(&self) -> Option<DateTime> {
        self.issue.closed_at.map(DateTime)
    }

    async fn repository(&self) -> Repository {
        Repository { slot: self.slot }
    }

    async fn author(&self) -> Option<Actor> {
        self.issue.author.clone().map(|login| Actor::User(User { login }))
    }

    async fn labels(&self, ctx: &Context<'_>, first: Option<i32>) -> Option<LabelConnection> {
        let world = simulator(ctx).world();
        let labels = world.repository(self.slot)?.labels_of(&self.issue);
        let labels = labels.into_iter().take(size(first)).map(|label| Some(Label(label)));
        Some(LabelConnection { nodes: Some(labels.collect()) })
    }

    async fn assignees(&self, first: Option<i32>) -> UserConnection {
        let users = self.issue.assignees.iter().take(size(first)).cloned();
        UserConnection { nodes: Some(users.map(|login| Some(User { login })).collect()) }
    }

    async fn comments(&self) -> IssueCommentConnection {
        IssueCommentConnection { total_count: whole(self.issue.comments.into()) }
    }

    async fn viewer_can_label(&self) -> bool {
        true
    }
}

struct PullRequest(Arc<world::Issue>);

#[Object]
impl PullRequest {
    async fn id(&self) -> ID {
        ID(self.0.id.clone())
    }

    async fn viewer_can_label(&self) -> bool {
        true
    }
}

struct Label(Arc<world::Label>);

#[Object]
impl Label {
    async fn id(&self) -> ID {
        ID(self.0.id.clone())
    }

    async fn name(&self) -> &str {
        &self.0.name
    }
}

struct User {
    login: String,
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        ID(format!("U_{}", self.login))
    }

    async fn login(&self) -> &str {
        &self.login
    }
}

struct Ref {
    repository: String,
}

#[Object]
impl Ref {
    async fn id(&self) -> ID {
        ID(format!("REF_{}", self.repository))
    }

    async fn name(&self) -> &'static str {
        "main"
    }
}

#[derive(SimpleObject)]
struct LabelConnection {
    nodes: Option<Vec<Option<Label>>>,
}

#[derive(SimpleObject)]
struct UserConnection {
    nodes: Option<Vec<Option<User>>>,
}

#[derive(SimpleObject)]
struct IssueCommentConnection {
    total_count: i32,
}

/// A field that may be null is so when it is refused, with the error beside the data.
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

fn size(first: Option<i32>) -> usize {
    first.and_then(|first| usize::try_from(first).ok()).unwrap_or_default()
}

/// GitHub's `Int`s have 32 bits.
fn whole(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
