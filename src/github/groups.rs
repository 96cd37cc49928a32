//! Requests of several callers that wait at the same moment, sent as one document.
//!
//! A caller that meets nobody sends its own document at once. Callers that arrive while a request is
//! on its way wait for one another for a moment and share a document, in which each one's fields have
//! aliases and each one's variables have names of their own. Each gets its own part of the response,
//! as if it had asked alone. Invariant: a part that may have been executed is never sent again.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use graphql_client::GraphQLQuery;
use graphql_parser::query::{
    Definition, Directive, Document, OperationDefinition, Selection, SelectionSet,
    Value as Argument, VariableDefinition, parse_query,
};
use serde_json::{Map, Value};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::client::{Client, Repeat};
use super::error::Error;
use super::response::GraphqlResponse;

/// Callers wait until none has joined them for this time.
const QUIET: Duration = Duration::from_millis(50);

/// The longest time that a caller waits for others while a request is on its way.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The longest time that a member of a gathering waits for the other members.
const LONGEST_GATHERING: Duration = Duration::from_secs(2);

/// How often those who wait look whether members have left their gathering.
const MEMBERS_EVERY: Duration = Duration::from_millis(10);

/// How many issues GitHub changes within its ten seconds, in one document.
const MOST_CHANGES: usize = 20;

/// How many issues are read in one document.
const MOST_READS: usize = 100;

/// The callers of one kind of request.
pub(super) struct Queue {
    state: Mutex<QueueState>,
    /// Notified when a caller joins and when a response arrives.
    changed: Notify,
    /// The largest size of a group.
    most: usize,
}

struct QueueState {
    waiting: Vec<Waiting>,
    /// Requests that are on their way.
    in_flight: usize,
    /// Whether a task collects those who wait.
    is_collecting: bool,
    /// The size of a group: halved when a document times out, and one more after each that does not.
    size: usize,
    last_joined: Instant,
}

/// Callers that are known to come together: each waits until the others wait, too, or have left.
#[derive(Debug, Default)]
struct Gathering(AtomicUsize);

/// A member of a gathering; dropping it says that it has left.
#[derive(Debug)]
pub(super) struct Membership(Arc<Gathering>);

impl Drop for Membership {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Waiting {
    gathering: Option<Arc<Gathering>>,
    variables: Map<String, Value>,
    deadline: Instant,
    since: Instant,
    answer: oneshot::Sender<Result<GraphqlResponse, Error>>,
}

/// What a document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Reads,
    Changes,
}

/// The queues of a client: each token has its own, as a document is sent with one.
#[derive(Default)]
pub(super) struct Groups {
    queues: Mutex<HashMap<(Kind, Option<Arc<str>>), Arc<Queue>>>,
    tasks: TaskTracker,
}

impl Groups {
    /// The queue of those who read live labels.
    pub(super) fn reads(&self, client: &Client) -> Arc<Queue> {
        self.queue(Kind::Reads, client, MOST_READS)
    }

    /// The queue of those who change labels.
    pub(super) fn changes(&self, client: &Client) -> Arc<Queue> {
        self.queue(Kind::Changes, client, MOST_CHANGES)
    }

    fn queue(&self, kind: Kind, client: &Client, most: usize) -> Arc<Queue> {
        let owner = client.owner().filter(|_| client.has_token_for_each_owner());
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry((kind, owner.map(Arc::from)));
        Arc::clone(queue.or_insert_with(|| Arc::new(Queue::new(most))))
    }
}

/// A request on its way; dropping it says that it is over.
struct Flight<'a>(&'a Queue);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.changed.notify_one();
    }
}

/// The task that collects; when it ends early, nobody keeps waiting for it.
struct Collecting<'a>(&'a Queue);

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_collecting = false;
        state.waiting.clear();
    }
}

impl Queue {
    fn new(most: usize) -> Self {
        let state = QueueState {
            waiting: Vec::new(),
            in_flight: 0,
            is_collecting: false,
            size: most,
            last_joined: Instant::now(),
        };
        Self { state: Mutex::new(state), changed: Notify::new(), most }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends alone if nobody else asks.
    fn begin_alone(&self) -> Option<Flight<'_>> {
        let mut state = self.state();
        let is_alone = state.waiting.is_empty() && state.in_flight == 0;
        is_alone.then(|| {
            state.in_flight += 1;
            Flight(self)
        })
    }

    /// Joins those who wait. The second value says whether the caller must start collecting.
    fn join(
        &self,
        gathering: Option<Arc<Gathering>>,
        variables: Map<String, Value>,
        deadline: Instant,
    ) -> (oneshot::Receiver<Result<GraphqlResponse, Error>>, bool) {
        let (answer, receiver) = oneshot::channel();
        let since = Instant::now();
        let mut state = self.state();
        state.waiting.push(Waiting { gathering, variables, deadline, since, answer });
        state.last_joined = since;
        let must_collect = !std::mem::replace(&mut state.is_collecting, true);
        drop(state);
        self.changed.notify_one();
        (receiver, must_collect)
    }

    /// Waits for the next group; none when nobody waits any more, which ends collecting.
    async fn next(&self) -> Option<Vec<Waiting>> {
        loop {
            let wait = {
                let mut state = self.state();
                state.waiting.retain(|waiting| !waiting.answer.is_closed());
                let Some(first) = state.waiting.first() else {
                    state.is_collecting = false;
                    return None;
                };
                let (now, is_member) = (Instant::now(), first.gathering.is_some());
                let ready_at = match (&first.gathering, state.in_flight) {
                    (Some(gathering), _) if state.has_all_of(gathering) => now,
                    (Some(_), _) => first.since + LONGEST_GATHERING,
                    (None, 0) => (first.since + LONGEST_WAIT).min(state.last_joined + QUIET),
                    (None, _) => first.since + LONGEST_WAIT,
                };
                if state.waiting.len() >= state.size || ready_at <= now {
                    let many = state.waiting.len().min(state.size);
                    state.in_flight += 1;
                    return Some(state.waiting.drain(..many).collect());
                }
                match is_member {
                    true => (ready_at - now).min(MEMBERS_EVERY),
                    false => ready_at - now,
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Adapts the size of groups to how GitHub coped with one.
    fn adapt(&self, many: usize, timed_out: bool) {
        let mut state = self.state();
        state.size = match timed_out {
            true => (many / 2).clamp(1, state.size),
            false => (state.size + 1).min(self.most),
        };
    }
}

impl QueueState {
    /// Whether all members of a gathering wait that have not left it.
    fn has_all_of(&self, gathering: &Arc<Gathering>) -> bool {
        let is_member = |waiting: &&Waiting| {
            waiting.gathering.as_ref().is_some_and(|of| Arc::ptr_eq(of, gathering))
        };
        self.waiting.iter().filter(is_member).count() >= gathering.0.load(Ordering::Relaxed)
    }
}

impl Client {
    /// The same client for each of `many` callers that come together, so that their requests share
    /// documents: even the first waits for the others. Who drops its client has left.
    pub fn gathering(&self, many: usize) -> Vec<Self> {
        let gathering = Arc::new(Gathering(AtomicUsize::new(many)));
        let membership = || (many > 1).then(|| Arc::new(Membership(Arc::clone(&gathering))));
        let client = || {
            let mut client = self.clone();
            client.membership = membership();
            client
        };
        std::iter::repeat_with(client).take(many).collect()
    }

    /// Like [`ask`](Self::ask), in one document with others that ask the same at this moment.
    pub(super) async fn ask_together<Q>(
        &self,
        queue: &Arc<Queue>,
        variables: Q::Variables,
        repeat: Repeat,
    ) -> Result<GraphqlResponse, Error>
    where
        Q: GraphQLQuery + 'static,
    {
        let gathering = self.membership.as_ref().map(|membership| Arc::clone(&membership.0));
        if gathering.is_none()
            && let Some(_flight) = queue.begin_alone()
        {
            return self.ask::<Q>(variables, repeat).await;
        }
        let query = Q::build_query(variables);
        let (operation, text) = (query.operation_name, query.query);
        let Ok(Value::Object(variables)) = serde_json::to_value(query.variables) else {
            return Err(Error::Refused {
                status: 422,
                message: "the variables are no object".to_owned(),
                is_forbidden: false,
            });
        };
        let deadline = self.deadline();
        let (answer, must_collect) = queue.join(gathering, variables, deadline);
        if must_collect {
            let collecting = collect(self.until(None), Arc::clone(queue), operation, text, repeat);
            self.groups().tasks.spawn(collecting);
        }
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(unanswered(false))),
            Err(_) => Err(unanswered(true)),
        }
    }
}

/// The error of a caller whose time ended before the response to its group, or whose group ended
/// without one, which the end of the process may cause. What it asked for may have been done.
fn unanswered(timed_out: bool) -> Error {
    let reason = "GitHub could not be reached: no answer in time".to_owned();
    Error::Unreachable { reason, timed_out, ambiguous: true }
}

/// Sends those who wait, group by group and without waiting for the responses, until nobody waits.
async fn collect(
    client: Client,
    queue: Arc<Queue>,
    operation: &'static str,
    text: &'static str,
    repeat: Repeat,
) {
    let collecting = Collecting(&queue);
    while let Some(group) = queue.next().await {
        let (client, queue) = (client.clone(), Arc::clone(&queue));
        let tasks = client.groups().tasks.clone();
        tasks.spawn(async move {
            let _flight = Flight(&queue);
            send_group(&client, &queue, operation, text, repeat, group).await;
        });
    }
    // Nobody waited, and another task may collect by now.
    std::mem::forget(collecting);
}

/// Sends a group as one document. One that only reads and was not answered in time is sent again in
/// two halves.
async fn send_group(
    client: &Client,
    queue: &Queue,
    operation: &'static str,
    text: &'static str,
    repeat: Repeat,
    group: Vec<Waiting>,
) {
    let mut groups = vec![group];
    while let Some(mut group) = groups.pop() {
        let many = group.len();
        let variables: Vec<_> = group.iter().map(|waiting| waiting.variables.clone()).collect();
        // Whoever has less time stops waiting earlier.
        let deadline = group.iter().map(|waiting| waiting.deadline).max();
        let client = client.until(deadline);
        let repeat = match (repeat, many) {
            (Repeat::Freely, 2..) => Repeat::UnlessOutOfTime,
            _ => repeat,
        };
        let answer = match many {
            1 => {
                let variables = variables.into_iter().next().unwrap_or_default();
                let answer = client.ask_text(operation, text, &variables, repeat).await;
                answer.map(|answer| vec![answer])
            }
            _ => match (document(text, many), numbered(variables)) {
                (Ok(text), variables) => {
                    let answer = client.ask_text(operation, &text, &variables, repeat).await;
                    answer.map(|answer| answer.split(many))
                }
                (Err(error), _) => Err(error),
            },
        };
        let timed_out = match &answer {
            Ok(parts) => {
                parts.iter().flat_map(|part| &part.errors).any(|one| one.error.is_timeout())
            }
            Err(error) => error.is_timeout() && error.is_ambiguous(),
        };
        queue.adapt(many, timed_out);
        match answer {
            Ok(parts) => {
                for (waiting, part) in group.into_iter().zip(parts) {
                    // Who has gone needs no answer.
                    let _ = waiting.answer.send(Ok(part));
                }
            }
            Err(_) if timed_out && many > 1 && repeat == Repeat::UnlessOutOfTime => {
                groups.push(group.split_off(many / 2));
                groups.push(group);
            }
            Err(error) => {
                for waiting in group {
                    let _ = waiting.answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// The name of something of one member of a group.
pub(super) fn name_of(name: impl Display, at: usize) -> String {
    format!("{name}_{at}")
}

/// The variables of all members of a group.
fn numbered(all: Vec<Map<String, Value>>) -> Map<String, Value> {
    let of_one = |(at, variables): (usize, Map<String, Value>)| {
        variables.into_iter().map(move |(name, value)| (name_of(name, at), value))
    };
    all.into_iter().enumerate().flat_map(of_one).collect()
}

/// A document that asks what `text` asks, for `many` members of a group. `rateLimit` is asked once.
fn document(text: &str, many: usize) -> Result<String, Error> {
    let unreadable = |reason: &dyn Display| Error::Refused {
        status: 422,
        message: format!("a document of Dispatch is invalid: {reason}"),
        is_forbidden: false,
    };
    let mut document: Document<'_, String> =
        parse_query(text).map_err(|error| unreadable(&error))?;
    for definition in &mut document.definitions {
        let (variables, fields) = match definition {
            Definition::Operation(OperationDefinition::Query(query)) => {
                (&mut query.variable_definitions, &mut query.selection_set)
            }
            Definition::Operation(OperationDefinition::Mutation(mutation)) => {
                (&mut mutation.variable_definitions, &mut mutation.selection_set)
            }
            _ => continue,
        };
        let numbers = || 0..many;
        *variables =
            numbers().flat_map(|at| variables.iter().map(move |one| variable(one, at))).collect();
        let mut shared = fields.items.clone();
        shared.retain(is_rate_limit);
        let own: Vec<_> = fields.items.drain(..).filter(|item| !is_rate_limit(item)).collect();
        let all = numbers().flat_map(|at| own.iter().map(move |item| (at, item.clone())));
        let all = all.map(|(at, mut item)| {
            if let Selection::Field(field) = &mut item {
                field.alias = Some(name_of(field.alias.as_ref().unwrap_or(&field.name), at));
            }
            rename_in_selection(&mut item, at);
            item
        });
        fields.items = shared.into_iter().chain(all).collect();
    }
    Ok(document.to_string())
}

fn is_rate_limit(item: &Selection<'_, String>) -> bool {
    matches!(item, Selection::Field(field) if field.name == "rateLimit")
}

fn variable<'a>(one: &VariableDefinition<'a, String>, at: usize) -> VariableDefinition<'a, String> {
    VariableDefinition { name: name_of(&one.name, at), ..one.clone() }
}

fn rename_in_selection(item: &mut Selection<'_, String>, at: usize) {
    match item {
        Selection::Field(field) => {
            field.arguments.iter_mut().for_each(|(_, value)| rename_in_argument(value, at));
            rename_in_directives(&mut field.directives, at);
            rename_in_all(&mut field.selection_set, at);
        }
        Selection::InlineFragment(fragment) => {
            rename_in_directives(&mut fragment.directives, at);
            rename_in_all(&mut fragment.selection_set, at);
        }
        // A fragment of a document that is sent for groups has no variables.
        Selection::FragmentSpread(spread) => rename_in_directives(&mut spread.directives, at),
    }
}

fn rename_in_all(selection: &mut SelectionSet<'_, String>, at: usize) {
    selection.items.iter_mut().for_each(|item| rename_in_selection(item, at));
}

fn rename_in_directives(directives: &mut [Directive<'_, String>], at: usize) {
    let arguments = directives.iter_mut().flat_map(|directive| &mut directive.arguments);
    arguments.for_each(|(_, value)| rename_in_argument(value, at));
}

fn rename_in_argument(value: &mut Argument<'_, String>, at: usize) {
    match value {
        Argument::Variable(name) => *name = name_of(&*name, at),
        Argument::List(items) => items.iter_mut().for_each(|item| rename_in_argument(item, at)),
        Argument::Object(members) => {
            members.values_mut().for_each(|member| rename_in_argument(member, at));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_member_has_its_own_aliases_and_variables() {
        let text = "query Q($id: ID!, $with: Boolean!) { rateLimit { cost } \
                    node(id: $id) { id } again: node(id: $id) @include(if: $with) { id } }";
        let document = document(text, 2).unwrap();
        let found: String = document.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            found,
            "query Q($id_0: ID!, $with_0: Boolean!, $id_1: ID!, $with_1: Boolean!) { \
             rateLimit { cost } node_0: node(id: $id_0) { id } \
             again_0: node(id: $id_0) @include(if: $with_0) { id } \
             node_1: node(id: $id_1) { id } again_1: node(id: $id_1) @include(if: $with_1) { id } }"
        );
    }

    #[test]
    fn variables_are_numbered() {
        let of = |id: &str| Map::from_iter([("id".to_owned(), json!(id))]);
        let all = numbered(vec![of("a"), of("b")]);
        assert_eq!(Value::Object(all), json!({ "id_0": "a", "id_1": "b" }));
    }

    #[test]
    fn groups_are_halved_by_a_timeout_and_grow_again() {
        let queue = Queue::new(20);
        let size = || queue.state().size;
        queue.adapt(20, true);
        assert_eq!(size(), 10);
        queue.adapt(1, true);
        assert_eq!(size(), 1);
        for _ in 0..40 {
            queue.adapt(1, false);
        }
        assert_eq!(size(), 20);
    }
}
