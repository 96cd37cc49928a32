//! Requests of several callers that wait at the same moment, sent as one document.
//!
//! A caller that meets nobody sends its own document at once. Callers that arrive while a request is
//! on its way wait for one another for a moment and share a document, in which each one's fields have
//! aliases and each one's variables have names of their own. Each gets its own part of the response,
//! as if it had asked alone. Invariant: a part that may have been executed is never sent again.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use graphql_client::GraphQLQuery;
use serde_json::Value;

use super::client::{Client, Repeat};
use super::error::Error;
use super::group_document::{document, numbered};
use super::group_queue::{Collecting, Flight, Gathering, Kind, Membership, Queue, Waiting};
use super::response::GraphqlResponse;
use crate::traces::{self, Context, FutureExt as _, SpanKind, attribute};

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
        kind: Kind,
        variables: Q::Variables,
        repeat: Repeat,
    ) -> Result<GraphqlResponse, Error>
    where
        Q: GraphQLQuery + 'static,
    {
        // A document is sent with one token.
        let owner = self.owner().filter(|_| self.has_token_for_each_owner());
        let queue = &self.groups().queue(kind, owner);
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
        let span = self.traces().span(&traces::current(), SpanKind::Internal, || {
            format!("GitHub {operation} with others").into()
        });
        let (answer, must_collect) = queue.join(gathering, variables, (deadline, span.context()));
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
        let contexts: Vec<_> = group.iter().map(|waiting| waiting.context.clone()).collect();
        let (first, others) = contexts
            .split_first()
            .map_or((Context::new(), &[][..]), |(first, others)| (first.clone(), others));
        let name = || "GitHub group".into();
        let span = client.traces().linked_span(&first, others, (SpanKind::Internal, name));
        span.set(attribute::GROUP_SIZE, i64::try_from(many).unwrap_or(i64::MAX));
        let repeat = match (repeat, many) {
            (Repeat::Freely, 2..) => Repeat::UnlessOutOfTime,
            _ => repeat,
        };
        let answer = match many {
            1 => {
                let variables = variables.into_iter().next().unwrap_or_default();
                let asking = client.ask_text(operation, text, &variables, repeat);
                asking.with_context(span.context()).await.map(|answer| vec![answer])
            }
            _ => match (document(text, many), numbered(variables)) {
                (Ok(text), variables) => {
                    let asking = client.ask_text(operation, &text, &variables, repeat);
                    asking.with_context(span.context()).await.map(|answer| answer.split(many))
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
