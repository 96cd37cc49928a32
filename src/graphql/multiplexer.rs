//! Multiplexing: equal subscriptions share one execution, and their subscribers share its
//! serialized responses.
//!
//! A thousand open boards send the same subscription. For each *group* of equal subscriptions, one
//! task executes the subscription once, from one position of the event log, and publishes each
//! response once, with its position, to a bounded channel. The members of a group differ only in
//! the position where each wants to start, so `after` is ignored when subscriptions are compared.
//!
//! **Joining.** A group has a position: it has published everything up to this position that it
//! will ever publish. Publishing (send, then raise the position) and joining (take a receiver and
//! read the position) exclude each other, so a receiver gets exactly what is published after the
//! position `p` at which it was taken. A member that has seen less than `p` first executes the same
//! subscription on its own over the log, from the position it has seen up to `p`, and then switches
//! to the group. A member that has seen more than `p`, because it read a board that was ahead of
//! the group, drops by position what it has already seen. So every event is delivered exactly once:
//!
//! - An event up to `p`: the member's own execution finds it in the log (see `feed` for the
//!   reason), and the group does not publish it again.
//! - An event after `p`: the group has not published it yet, so it arrives through the receiver. It
//!   may arrive while the member's own execution is still running; the receiver then holds it until
//!   that is done.
//! - A response of the group is dropped only if its position was already seen: one execution
//!   publishes positions in ascending order, and both executions give an event the same position,
//!   its id.
//!
//! **A group that starts** first subscribes to the bus and then reads its position from the log,
//! for the same reason as in `feed`. **A group that ends** does so after a response that reports it
//! (a gap, a failure), and every member that gets this response ends as well. A member that drops
//! this response as already seen, or that finds the group already ended when it joins, joins a new
//! group from its own position. After a few such attempts, it executes the subscription on its own,
//! which always works.
//!
//! **Slow members** do not delay others: the channel holds a bounded number of responses, and a
//! member that falls further behind receives `Resync` in the shape of its own selection and ends.
//!
//! A group exists as long as it has members; its task is aborted when the last member leaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{InputType, Name, Value};
use async_stream::stream;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinSet;

use super::answer::StreamItem;
use super::document::{all_fields, chosen, root_fields};
use super::executor::Executor;
use super::feed::{BEYOND, FeedSource, Live};
use super::request::{Admitted, Call};
use crate::domain::{Actor, EventCursor, Tier};
use crate::service::{self, Result};

/// The maximum number of responses by which a member may fall behind.
const BACKLOG: usize = 256;

/// How many times in a row a member tries to join a group before it executes on its own.
const TRIES: usize = 3;

/// The groups that have members.
#[derive(Debug, Default, Clone)]
pub(super) struct Multiplexer(Arc<Mutex<HashMap<Key, Weak<Group>>>>);

/// What makes two subscriptions equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    query: String,
    operation_name: Option<String>,
    /// As JSON, without what `after` is bound to.
    variables: String,
    /// The subscriber's tier, because it limits what may be read.
    tier: Tier,
    /// Whether the subscriber is a worker, who may read less than others of its tier.
    is_worker: bool,
}

/// A subscription that can be shared.
#[derive(Debug)]
struct SharedSubscription {
    key: Key,
    /// The request that every member executes; its `after` is ignored.
    call: Call,
    /// The position after which the member starts; `None` to start now.
    after: Option<EventCursor>,
}

impl Multiplexer {
    /// Executes any operation as a stream of responses: one for a query or a mutation, one for each
    /// event of a subscription. The subscription is active when this returns. `resume` is a
    /// position that replaces the `after` of the document.
    pub(super) async fn follow(
        &self,
        executor: &Executor,
        admitted: Admitted,
        resume: Option<EventCursor>,
    ) -> BoxStream<'static, StreamItem> {
        let executor = executor.clone();
        if admitted.kind != OperationType::Subscription {
            let only = async move { executor.execute_to_the_end(admitted).await.into_only_item() };
            return stream::once(only).boxed();
        }
        match (SharedSubscription::from_admitted(&admitted), resume) {
            (Some(subscription), resume) => {
                let subscription =
                    SharedSubscription { after: resume.or(subscription.after), ..subscription };
                let first = self.join(&executor, &subscription).await;
                shared(self.clone(), executor, subscription, admitted.call, first).boxed()
            }
            (None, None) => executor.run(&admitted.call, FeedSource::Arguments),
            (None, Some(after)) => executor.run(&admitted.call, FeedSource::Log { after }),
        }
    }

    /// The number of different running subscriptions, each with any number of subscribers.
    pub(super) fn subscriptions(&self) -> usize {
        self.lock().len()
    }
}

/// The responses for one subscriber, which is already a member of its first group.
fn shared(
    multiplexer: Multiplexer,
    executor: Executor,
    subscription: SharedSubscription,
    own: Call,
    first: Result<Option<Member>>,
) -> impl Stream<Item = StreamItem> + Send {
    stream! {
        let mut seen = subscription.after;
        let mut tries = TRIES;
        let mut joined = Some(first);
        while tries > 0 {
            tries -= 1;
            let member = match joined.take() {
                Some(joined) => joined,
                None => multiplexer.join(&executor, &subscription).await,
            };
            let member = match member {
                Ok(Some(member)) => member,
                Ok(None) => continue,
                // Executing alone fails in the same way and returns the error as a response.
                Err(_) => break,
            };
            let begin = seen.unwrap_or(member.position);
            for await item in missed(&executor, &subscription.call, begin, member.position).await {
                seen = item.position.or(seen);
                let is_last = item.is_last;
                yield item;
                if is_last {
                    return;
                }
            }
            let mut at = seen.unwrap_or(member.position).max(member.position);
            for await item in member.items() {
                let item = match item {
                    MemberItem::Item(item) => item,
                    MemberItem::Lag => {
                        let reason = "The reader was too slow".to_owned();
                        for await item in executor.run(&subscription.call, FeedSource::Gap { position: at, reason }) {
                            yield item;
                        }
                        return;
                    }
                };
                if item.position.is_some_and(|position| position <= at) {
                    continue;
                }
                at = item.position.unwrap_or(at);
                tries = TRIES;
                let is_last = item.is_last;
                yield item;
                if is_last {
                    return;
                }
            }
            seen = Some(at);
        }
        let source = match seen {
            Some(after) => FeedSource::Log { after },
            None => FeedSource::Arguments,
        };
        for await item in executor.run(&own, source) {
            yield item;
        }
    }
}

/// What a member has missed that has seen `seen`, when its group is at `position`.
async fn missed(
    executor: &Executor,
    call: &Call,
    seen: EventCursor,
    position: EventCursor,
) -> BoxStream<'static, StreamItem> {
    if seen < position {
        return executor.run(call, FeedSource::Replay { after: seen, through: position });
    }
    if seen == position || seen <= executor.app().bus.position() {
        return stream::empty().boxed();
    }
    match service::events::position(executor.app()).await {
        Ok(newest) if seen <= newest => stream::empty().boxed(),
        Ok(newest) => {
            let reason = BEYOND.to_owned();
            executor.run(call, FeedSource::Gap { position: newest, reason })
        }
        // It is unknown now whether the position is from this log; the replay will find out.
        Err(_) => executor.run(call, FeedSource::Log { after: seen }),
    }
}

impl SharedSubscription {
    /// How a subscription can be shared; `None` if it cannot, which only costs an execution of its
    /// own.
    fn from_admitted(admitted: &Admitted) -> Option<Self> {
        let mut call = admitted.call.clone();
        let operation = chosen(&admitted.document, call.operation_name.as_deref()).ok()?;
        let field = root_fields(&admitted.document, operation).into_iter().next()?;
        let mut after = None;
        if let Some(argument) = field.get_argument("after") {
            let mut bound = None;
            let literal = argument.node.clone().into_const_with(|name| {
                bound = Some(name);
                Ok::<_, ()>(Value::Null)
            });
            match (bound, literal) {
                (Some(name), _) if uses(&admitted.document, &name) == 1 => {
                    let definitions = &operation.variable_definitions;
                    let of_name = definitions.iter().find(|of| of.node.name.node == name)?;
                    let default = || of_name.node.default_value.as_ref().map(|it| it.node.clone());
                    let given = call.text.variables.get(&name).cloned().or_else(default);
                    after = Option::<EventCursor>::parse(given).ok()?;
                    // A non-null variable needs a value, though nothing reads it.
                    call.text.variables.insert(name, EventCursor::default().to_value());
                }
                (None, Ok(Value::Null)) => {}
                _ => return None,
            }
        }
        let key = Key {
            query: call.text.query.clone(),
            operation_name: call.operation_name.clone(),
            variables: serde_json::to_string(&call.text.variables).ok()?,
            tier: highest_tier(&call.requester.actor),
            is_worker: matches!(call.requester.actor, Actor::Worker { .. }),
        };
        Some(Self { key, call, after })
    }
}

/// The number of arguments in a document that use a variable.
fn uses(document: &ExecutableDocument, variable: &Name) -> usize {
    let mut uses = 0;
    for (_, value) in all_fields(document).into_iter().flat_map(|field| &field.arguments) {
        let count = |name: Name| {
            uses += usize::from(name == *variable);
            Ok::<_, ()>(Value::Null)
        };
        let _ = value.node.clone().into_const_with(count);
    }
    uses
}

fn highest_tier(actor: &Actor) -> Tier {
    let tiers = [Tier::Maintainer, Tier::Agent, Tier::Board, Tier::Read];
    tiers.into_iter().find(|tier| actor.may(*tier)).unwrap_or(Tier::Public)
}

/// Members with equal subscriptions.
#[derive(Debug)]
struct Group {
    key: Key,
    multiplexer: Multiplexer,
    published: Arc<Published>,
    has_begun: OnceCell<()>,
    run: Mutex<Run>,
}

/// The task of a group.
enum Run {
    /// It has had no member yet.
    Waiting(BoxFuture<'static, ()>),
    /// Aborted when this is dropped.
    Going(JoinSet<()>),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting",
            Self::Going(_) => "Going",
        })
    }
}

/// What a group has published.
#[derive(Debug, Default)]
struct Published(Mutex<Publisher>);

#[derive(Debug, Default)]
struct Publisher {
    /// The position up to which all events were published.
    position: EventCursor,
    /// The channel for later events; `None` before the group starts and after it ended.
    sender: Option<broadcast::Sender<StreamItem>>,
}

impl Published {
    fn lock(&self) -> MutexGuard<'_, Publisher> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, item: StreamItem) {
        let mut publisher = self.lock();
        publisher.position = item.position.unwrap_or_default().max(publisher.position);
        if let Some(sender) = &publisher.sender {
            // A failure means that there are no receivers: the group is about to be dropped.
            let _ = sender.send(item);
        }
    }
}

/// Ends a group when its task ends, for any reason.
struct CloseOnDrop(Arc<Published>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.lock().sender = None;
    }
}

/// A member's place in a group.
struct Member {
    receiver: broadcast::Receiver<StreamItem>,
    position: EventCursor,
    /// Keeps the group alive.
    group: Arc<Group>,
}

/// What a member receives.
enum MemberItem {
    Item(StreamItem),
    /// Responses were dropped, because the member fell too far behind.
    Lag,
}

impl Member {
    /// Everything that the group publishes after the member's position, until the group ends.
    fn items(self) -> impl Stream<Item = MemberItem> + Send {
        let Self { mut receiver, group, .. } = self;
        stream! {
            loop {
                match receiver.recv().await {
                    Ok(item) => yield MemberItem::Item(item),
                    Err(RecvError::Lagged(_)) => {
                        yield MemberItem::Lag;
                        break;
                    }
                    Err(RecvError::Closed) => break,
                }
            }
            drop(group);
        }
    }
}

impl Multiplexer {
    /// Joins the group of a subscription; `None` if the group has already ended.
    async fn join(
        &self,
        executor: &Executor,
        subscription: &SharedSubscription,
    ) -> Result<Option<Member>> {
        let group = self.group(&subscription.key);
        group.has_begun.get_or_try_init(|| group.begin(executor, &subscription.call)).await?;
        let member = Group::member(&group);
        if member.is_none() {
            self.forget(&group);
        }
        Ok(member)
    }

    fn group(&self, key: &Key) -> Arc<Group> {
        let mut groups = self.lock();
        if let Some(group) = groups.get(key).and_then(Weak::upgrade) {
            return group;
        }
        let group = Arc::new(Group {
            key: key.clone(),
            multiplexer: self.clone(),
            published: Arc::default(),
            has_begun: OnceCell::new(),
            run: Mutex::new(Run::Going(JoinSet::new())),
        });
        groups.insert(key.clone(), Arc::downgrade(&group));
        group
    }

    fn forget(&self, group: &Arc<Group>) {
        let mut groups = self.lock();
        if groups.get(&group.key).is_some_and(|of| of.as_ptr() == Arc::as_ptr(group)) {
            groups.remove(&group.key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Weak<Group>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    async fn begin(&self, executor: &Executor, call: &Call) -> Result<()> {
        let live = Live::start(executor.app()).await?;
        let (sender, _) = broadcast::channel(BACKLOG);
        *self.published.lock() = Publisher { position: live.position(), sender: Some(sender) };
        let mut answers = executor.run(call, FeedSource::Live(live));
        let guard = CloseOnDrop(Arc::clone(&self.published));
        let run = async move {
            while let Some(item) = answers.next().await {
                let is_last = item.is_last;
                guard.0.publish(item);
                if is_last {
                    break;
                }
            }
        };
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Run::Waiting(run.boxed());
        Ok(())
    }

    /// The first member starts the group, so it receives even a response that ends it.
    fn member(group: &Arc<Self>) -> Option<Member> {
        let member = {
            let publisher = group.published.lock();
            let receiver = publisher.sender.as_ref()?.subscribe();
            Member { receiver, position: publisher.position, group: Arc::clone(group) }
        };
        let mut run = group.run.lock().unwrap_or_else(PoisonError::into_inner);
        if let Run::Waiting(_) = &*run {
            let waiting = std::mem::replace(&mut *run, Run::Going(JoinSet::new()));
            if let (Run::Waiting(task), Run::Going(tasks)) = (waiting, &mut *run) {
                tasks.spawn(task);
            }
        }
        Some(member)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut groups = self.multiplexer.lock();
        // A new group may have taken the same key.
        if groups.get(&self.key).is_some_and(|of| of.strong_count() == 0) {
            groups.remove(&self.key);
        }
    }
}
