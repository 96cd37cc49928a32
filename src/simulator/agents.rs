//! The agents of the demo: clients of Dispatch like any other.
//!
//! They use the agents' token and Dispatch's own address. So their actions take the same path as
//! those of people, and are theirs in the audit log. They lease the issues that they work on, and
//! report checkpoints.
//!
//! People's activity on GitHub is in `human_activity`.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::sample;
use crate::clock::Clock;

/// The lease time that an agent requests by default.
const USUAL_TERM: Duration = Duration::from_secs(1800);

/// Timeout of a request to Dispatch.
const PATIENCE: Duration = Duration::from_secs(10);

/// Enough cards for the agents to choose from. Finished issues are closed by people.
const BOARD: &str = "query DemoBoard {
  board(filter: { statuses: [BACKLOG, READY, IN_PROGRESS, IN_REVIEW, BLOCKED] }) {
    columns {
      status
      issues(first: 50) {
        nodes { id url agents openBlockers lease { id agent fencingToken checkpoint } }
      }
    }
  }
}";

const MOVE: &str = "mutation DemoMove($input: MoveIssueInput!) {
  moveIssue(input: $input) { issue { id } }
}";

const CLAIM: &str = "mutation DemoClaim($input: ClaimIssueInput!) {
  claimIssue(input: $input) { lease { id } }
}";

const CLAIM_NEXT: &str = "mutation DemoClaimNext($input: ClaimNextInput!) {
  claimNext(input: $input) { lease { issue { id url } } }
}";

const RENEW: &str = "mutation DemoRenew($input: RenewLeaseInput!) {
  renewLease(input: $input) { lease { id } }
}";

const FINISH: &str = "mutation DemoFinish($input: FinishWorkInput!) {
  finishWork(input: $input) { issue { id } }
}";

const RUN: &str = "mutation DemoRun($input: RecordAgentRunInput!) {
  recordAgentRun(input: $input) { agentRun { id } }
}";

/// Reasons why an agent gives an issue up.
const REASONS: [&str; 5] = [
    "waits for a decision about the price",
    "the test environment is down",
    "needs a token that only a person can make",
    "cannot reproduce it; asked whoever filed it",
    "the fix belongs into a library that is not ours",
];

/// Summaries of successful runs.
const SUMMARIES: [&str; 5] = [
    "Wrote a failing test, then made it pass.",
    "Two files changed, nineteen lines added.",
    "Reproduced it, fixed it, opened a pull request.",
    "Took the review's advice and simplified the change.",
    "Updated the documentation along with the code.",
];

/// The checkpoint after each checkpoint.
const NEXT: [(&str, &str); 4] = [
    ("ISSUE_CLAIMED", "BRANCH_CREATED"),
    ("BRANCH_CREATED", "CHANGES_MADE"),
    ("CHANGES_MADE", "PR_OPENED"),
    ("PR_OPENED", "FEEDBACK_RECEIVED"),
];

/// Simulates agents, one action at a time.
#[derive(Debug)]
pub struct Agents {
    dispatch: SocketAddr,
    token: String,
    clock: Clock,
    rng: StdRng,
    term: Duration,
}

/// Why an agent's action failed.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// Dispatch, or the simulated GitHub, rejected it.
    #[error("{0}")]
    Refused(String),
    /// Dispatch did not return a valid response.
    #[error("Dispatch gave no answer: {0}")]
    Unreachable(String),
}

#[derive(Deserialize)]
struct BoardResponse {
    board: BoardData,
}

#[derive(Deserialize)]
struct BoardData {
    columns: Vec<ColumnData>,
}

#[derive(Deserialize)]
struct ColumnData {
    status: String,
    issues: CardList,
}

#[derive(Deserialize)]
struct CardList {
    nodes: Vec<CardData>,
}

/// An issue as an agent sees it on the board.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardData {
    id: String,
    url: String,
    agents: Vec<String>,
    open_blockers: u32,
    lease: Option<CardLease>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardLease {
    id: String,
    agent: String,
    fencing_token: String,
    checkpoint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaimNextResponse {
    claim_next: ClaimNextResult,
}

#[derive(Deserialize)]
struct ClaimNextResult {
    lease: Option<ServedLease>,
}

#[derive(Deserialize)]
struct ServedLease {
    issue: LeasedIssue,
}

/// What the queue served to an agent.
#[derive(Deserialize)]
struct LeasedIssue {
    id: String,
    url: String,
}

impl BoardData {
    fn cards(&self, status: &str) -> &[CardData] {
        let column = self.columns.iter().find(|column| column.status == status);
        column.map_or(&[], |column| &column.issues.nodes)
    }
}

/// An action of an agent on a card.
#[derive(Debug, Clone, Copy)]
struct AgentAction {
    from: &'static str,
    to: &'static str,
    run_type: &'static str,
    /// Whether the run succeeds.
    success: bool,
    /// Which cards: the agent's own, or unassigned ones.
    owner: CardOwner,
    /// The relative frequency of the action.
    odds: u32,
    /// Not done if the target column already has this many cards.
    room: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CardOwner {
    Own,
    Unassigned,
}

/// Work flows from left to right; the limits of the columns keep any from overflowing.
///
/// Every column has a way out for assigned and unassigned cards, so that none fills up permanently;
/// from Done, people (`human_activity`) remove cards faster than agents add them.
const ACTIONS: [AgentAction; 13] = [
    action("BACKLOG", "READY", "triage", true, CardOwner::Unassigned, 3, 32),
    action("BACKLOG", "READY", "triage", true, CardOwner::Own, 3, 32),
    action("READY", "IN_PROGRESS", "claim", true, CardOwner::Unassigned, 3, 20),
    action("READY", "IN_PROGRESS", "claim", true, CardOwner::Own, 3, 24),
    action("IN_PROGRESS", "IN_PROGRESS", "claim", true, CardOwner::Own, 4, 50),
    action("IN_PROGRESS", "READY", "triage", true, CardOwner::Unassigned, 1, 32),
    action("IN_PROGRESS", "IN_REVIEW", "implement", true, CardOwner::Own, 5, 16),
    action("IN_PROGRESS", "BLOCKED", "implement", false, CardOwner::Own, 1, 10),
    action("IN_REVIEW", "DONE", "review", true, CardOwner::Own, 5, usize::MAX),
    action("IN_REVIEW", "DONE", "review", true, CardOwner::Unassigned, 1, usize::MAX),
    action("IN_REVIEW", "IN_PROGRESS", "review", false, CardOwner::Own, 1, 20),
    action("BLOCKED", "READY", "unblock", true, CardOwner::Own, 2, 32),
    action("BLOCKED", "READY", "unblock", true, CardOwner::Unassigned, 1, 32),
];

const fn action(
    from: &'static str,
    to: &'static str,
    run_type: &'static str,
    success: bool,
    owner: CardOwner,
    odds: u32,
    room: usize,
) -> AgentAction {
    AgentAction { from, to, run_type, success, owner, odds, room }
}

impl Agents {
    /// Agents that reach Dispatch at an address and have the agents' token.
    pub fn new(dispatch: SocketAddr, token: String, clock: Clock, seed: u64) -> Self {
        Self { dispatch, token, clock, rng: StdRng::seed_from_u64(seed), term: USUAL_TERM }
    }

    /// Sets the lease time that they request, by their clock: 1 minute to 1 day.
    pub fn set_term(&mut self, term: Duration) {
        self.term = term;
    }

    /// Performs an action about every `pace`, for as long as the future is polled.
    pub async fn live(mut self, pace: Duration) {
        loop {
            tokio::time::sleep(pace.mul_f64(self.rng.random_range(0.5..1.5))).await;
            // A person may have been faster, or Dispatch may be stopping. Agents try again.
            if let Err(error) = self.act().await {
                tracing::debug!(%error, "an agent of the demo did not get its way");
            }
        }
    }

    /// Performs one action of one agent: claims, continues or finishes work, moves a card that it
    /// may move, or sends a heartbeat.
    ///
    /// # Errors
    ///
    /// When Dispatch rejects it, or does not respond.
    pub async fn act(&mut self) -> Result<(), ActionError> {
        let agent = *sample::AGENTS.choose(&mut self.rng).expect("there are some");
        let BoardResponse { board } = self.ask(agent, BOARD, json!({})).await?;
        let began = self.clock.now();
        let Some((card, action)) = self.choose(agent, &board) else {
            return self
                .report(agent, json!({ "runType": "heartbeat", "status": "success" }))
                .await;
        };
        let reason = (action.to == "BLOCKED").then(|| self.one_of(&REASONS));
        let summary = action.success.then(|| self.one_of(&SUMMARIES));
        let own = card.lease.as_ref().filter(|lease| lease.agent == agent);
        let (issue, url) = match own {
            Some(lease) if action.to == "IN_PROGRESS" => return self.go_on(agent, lease).await,
            // The lease is finished, which also records a run.
            Some(lease) if action.from == "IN_PROGRESS" => {
                return self.finish(agent, lease, reason, summary).await;
            }
            _ if action.from == "READY" => match self.claim_next(agent).await? {
                Some(LeasedIssue { id, url }) => (id, url),
                None => return Ok(()),
            },
            _ if action.to == "IN_PROGRESS" => {
                let term = self.term.as_secs();
                let input = json!({ "agent": agent, "issueId": card.id, "leaseSeconds": term });
                self.ask::<IgnoredAny>(agent, CLAIM, json!({ "input": input })).await?;
                (card.id, card.url)
            }
            _ => {
                let input = json!({ "issueId": card.id, "to": action.to, "reason": reason });
                self.ask::<IgnoredAny>(agent, MOVE, json!({ "input": input })).await?;
                (card.id, card.url)
            }
        };
        let run = json!({
            "runType": action.run_type,
            "status": if action.success { "success" } else { "error" },
            "startedAt": began,
            "summary": summary,
            "errorMessage": reason,
            "touchedIssueUrls": [url],
            "issueId": issue,
        });
        self.report(agent, run).await
    }

    /// Claims the next issue of the queue for an agent, which is not always the card that it chose.
    async fn claim_next(&self, agent: &str) -> Result<Option<LeasedIssue>, ActionError> {
        let input = json!({ "agent": agent, "leaseSeconds": self.term.as_secs() });
        let ClaimNextResponse { claim_next } =
            self.ask(agent, CLAIM_NEXT, json!({ "input": input })).await?;
        Ok(claim_next.lease.map(|lease| lease.issue))
    }

    /// Renews a lease, with the next checkpoint if there is one.
    async fn go_on(&self, agent: &str, lease: &CardLease) -> Result<(), ActionError> {
        let next = NEXT.iter().find(|(now, _)| *now == lease.checkpoint).map(|(_, next)| next);
        let input = json!({
            "leaseId": lease.id,
            "fencingToken": lease.fencing_token,
            "checkpoint": next,
        });
        self.ask::<IgnoredAny>(agent, RENEW, json!({ "input": input })).await.map(drop)
    }

    /// Finishes an agent's lease: with a pull request, or blocked.
    async fn finish(
        &self,
        agent: &str,
        lease: &CardLease,
        reason: Option<&str>,
        summary: Option<&str>,
    ) -> Result<(), ActionError> {
        let input = json!({
            "leaseId": lease.id,
            "fencingToken": lease.fencing_token,
            "outcome": if reason.is_some() { "BLOCKED" } else { "PR_OPENED" },
            "summary": reason.or(summary),
        });
        self.ask::<IgnoredAny>(agent, FINISH, json!({ "input": input })).await.map(drop)
    }

    /// Reports a run that ended just now, with defaults for missing members.
    async fn report(&self, agent: &str, mut run: Value) -> Result<(), ActionError> {
        let now = json!(self.clock.now());
        if run["startedAt"].is_null() {
            run["startedAt"] = now.clone();
        }
        run["finishedAt"] = now;
        run["agentName"] = json!(agent);
        self.ask::<IgnoredAny>(agent, RUN, json!({ "input": run })).await.map(drop)
    }

    /// A card with an action; none when there is nothing to do but wait.
    fn choose(&mut self, agent: &str, board: &BoardData) -> Option<(CardData, AgentAction)> {
        let is_meant = |card: &&CardData, owner| match owner {
            CardOwner::Own => card.agents == [agent],
            CardOwner::Unassigned => card.agents.is_empty(),
        };
        let choices =
            ACTIONS.into_iter().filter(|action| board.cards(action.to).len() < action.room);
        let choices = choices.filter_map(|action| {
            let cards = board.cards(action.from).iter().filter(|card| is_meant(card, action.owner));
            // Blocked cards are left alone unless they were started.
            let is_begun = matches!(action.from, "IN_PROGRESS" | "IN_REVIEW");
            let cards = cards.filter(|card| is_begun || card.open_blockers == 0);
            let cards: Vec<_> = cards.collect();
            (!cards.is_empty()).then_some((cards, action))
        });
        let choices: Vec<_> = choices.collect();
        // Sometimes an agent only sends a heartbeat.
        let (cards, action) = choices
            .choose_weighted(&mut self.rng, |(_, action)| action.odds)
            .ok()
            .filter(|_| self.rng.random_bool(0.9))?;
        let card = cards.choose(&mut self.rng)?;
        Some(((*card).clone(), *action))
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words.choose(&mut self.rng).expect("there are some")
    }

    /// Sends a GraphQL operation to Dispatch and returns the data.
    async fn ask<T: DeserializeOwned>(
        &self,
        agent: &str,
        query: &str,
        variables: Value,
    ) -> Result<T, ActionError> {
        let unreachable = |reason: &dyn ToString| ActionError::Unreachable(reason.to_string());
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = hyper::Request::post("/graphql")
            .header(HOST, self.dispatch.to_string())
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header("x-agent-name", agent)
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| unreachable(&error))?;
        let answer = tokio::time::timeout(PATIENCE, exchange(self.dispatch, request)).await;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|error| unreachable(&error))?;
        if let Some(error) = answer["errors"].get(0) {
            return Err(ActionError::Refused(
                error["message"].as_str().unwrap_or("refused").to_owned(),
            ));
        }
        T::deserialize(answer["data"].take()).map_err(|error| unreachable(&error))
    }
}

/// One request on a connection of its own; a demo needs no pool.
async fn exchange(
    address: SocketAddr,
    request: hyper::Request<Full<Bytes>>,
) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asking = async move {
        let response = sender.send_request(request).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    };
    let (answer, _) = tokio::join!(asking, connection);
    answer
}
