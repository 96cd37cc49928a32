//! A model of the queue, small enough that every order of events is tried: claims, leases, refusals,
//! back-offs, failed attempts, waits, callers that leave and servers that die.
//!
//! Time passes in ticks. A server needs no time for a step, but others may run before its next one;
//! so time passes only when no claim can continue. Back-offs are a few ticks long, and grow and end
//! as the real ones do. The theorem of `docs/queue.md` is then that no issue waits longer than the
//! longest back-off of an issue, the longest of a repository, and one interval of the task that
//! ends them. Tests that leave out one rule at a time show that the checker finds violations. A
//! waiting claim looks again whenever an issue becomes eligible; the tests of `work` and `pauses`
//! cover its wake-up.

use stateright::{Checker, Model, Property};

const AGENTS: usize = 2;
const ISSUES: usize = 2;

/// The term of a lease and of a reservation.
const LEASE: u8 = 2;
const RESERVATION: u8 = 2;
/// The longest back-off of an issue, and of a repository.
const LONGEST: u8 = 3;
const LONGEST_OF_REPOSITORY: u8 = 2;
/// How often agents may fail on an issue before a person is needed.
const ATTEMPTS: u8 = 3;
/// The maximum number of requests, and of times an issue is served, within a tick.
const OFTEN: u8 = 4;
/// The longest that an issue waits.
const BOUND: u8 = LONGEST + LONGEST_OF_REPOSITORY + 1;

/// The length of a back-off after so many failures in a row.
fn pause(failures: u8, longest: u8) -> u8 {
    failures.min(longest)
}

/// The rules of the queue for faults. A test may leave one out.
#[derive(Clone, Copy)]
struct ModelRules {
    /// Issues that GitHub refused are in back-off.
    refusals_rest: bool,
    /// Issues on which agents failed are in back-off, and then need a person.
    attempts_count: bool,
    /// An issue that was claimed for a disconnected caller is released.
    gives_back: bool,
    /// A reservation whose server died expires.
    reservations_end: bool,
    /// The outcome of a change without a response is read from GitHub.
    reads_back: bool,
}

const ALL: ModelRules = ModelRules {
    refusals_rest: true,
    attempts_count: true,
    gives_back: true,
    reservations_end: true,
    reads_back: true,
};

/// The faults that can occur, each a limited number of times.
struct QueueModel {
    rules: ModelRules,
    faults: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ModelLease {
    Free,
    Reserved { by: usize, left: u8 },
    Held { by: usize, left: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Issue {
    hold: ModelLease,
    is_open: bool,
    needs_person: bool,
    failures: u8,
    refusals: u8,
    /// Ticks until it may be served again.
    backoff: u8,
    /// Whether a change was sent to GitHub whose outcome is unknown.
    is_unsettled: bool,
    /// For how many ticks it was claimable, apart from back-offs and what dead servers left.
    waited: u8,
    /// How often claims sent a change of it to GitHub, and how often it was served, within this
    /// tick.
    asked: u8,
    served: u8,
}

/// The state of an agent's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum AgentPhase {
    /// The agent works, or has not claimed again yet.
    None,
    Waiting,
    Reserved(usize),
    /// GitHub has the agent's label on the issue.
    Changed(usize),
}

impl AgentPhase {
    fn is_under_way(self) -> bool {
        matches!(self, Self::Reserved(_) | Self::Changed(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ModelState {
    issues: [Issue; ISSUES],
    calls: [AgentPhase; AGENTS],
    has_left: [bool; AGENTS],
    is_archived: bool,
    is_silent: bool,
    refusals: u8,
    /// Ticks until the repository is retried.
    pause: u8,
    faults_left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ModelEvent {
    Look(usize),
    AskGitHub(usize),
    Confirm(usize),
    Fail(usize),
    Succeed(usize),
    Leave(usize),
    Die(usize),
    Archive,
    MakeWritable,
    FallSilent,
    Answer,
    Close(usize),
    LookAfter(usize),
    Tick,
    /// Time passes while a server has not done its next step.
    Stall,
}

impl ModelState {
    /// The best issue that is eligible now.
    fn best(&self) -> Option<usize> {
        (0..ISSUES).find(|issue| self.is_served(*issue))
    }

    fn is_served(&self, issue: usize) -> bool {
        let row = &self.issues[issue];
        let is_wanted = row.is_open && !row.needs_person && !row.is_unsettled;
        is_wanted && row.hold == ModelLease::Free && row.backoff == 0 && self.pause == 0
    }

    fn is_well(&self) -> bool {
        !self.is_archived && !self.is_silent
    }

    /// Whether an agent waits for an issue at a server that is alive.
    fn is_awaited(&self) -> bool {
        self.calls
            .iter()
            .zip(self.has_left)
            .any(|(call, left)| *call == AgentPhase::Waiting && !left)
    }

    /// Whether a running call holds an issue.
    fn is_in_hand(&self, issue: usize) -> bool {
        self.calls
            .iter()
            .any(|call| matches!(call, AgentPhase::Reserved(of) | AgentPhase::Changed(of) if *of == issue))
    }

    fn has_reserved(&self, agent: usize, issue: usize) -> bool {
        matches!(self.issues[issue].hold, ModelLease::Reserved { by, .. } if by == agent)
    }

    /// The holder of an issue finishes, and claims again.
    fn ask_again(&mut self, issue: usize) {
        if let ModelLease::Held { by, .. } = self.issues[issue].hold {
            self.calls[by] = AgentPhase::Waiting;
        }
    }

    /// A failure starts the measured waiting time again.
    fn restart_wait(&mut self) {
        self.issues.iter_mut().for_each(|issue| issue.waited = 0);
    }
}

impl QueueModel {
    fn ask_github(&self, world: &mut ModelState, agent: usize, issue: usize) {
        if !world.has_reserved(agent, issue) {
            world.calls[agent] = AgentPhase::Waiting;
            return;
        }
        world.issues[issue].asked = (world.issues[issue].asked + 1).min(OFTEN + 1);
        if world.is_archived {
            world.restart_wait();
            world.calls[agent] = AgentPhase::Waiting;
            let row = &mut world.issues[issue];
            row.hold = ModelLease::Free;
            if self.rules.refusals_rest {
                row.refusals = (row.refusals + 1).min(LONGEST);
                row.backoff = pause(row.refusals, LONGEST);
                world.refusals = (world.refusals + 1).min(LONGEST_OF_REPOSITORY);
                world.pause = pause(world.refusals, LONGEST_OF_REPOSITORY);
            }
        } else if world.is_silent {
            world.restart_wait();
            // The claim fails; the reservation stays until the outcome on GitHub is known.
            world.issues[issue].is_unsettled = true;
            world.calls[agent] = AgentPhase::Waiting;
        } else {
            world.calls[agent] = AgentPhase::Changed(issue);
            // A change succeeded, so all refused issues are eligible again.
            (world.refusals, world.pause) = (0, 0);
            for row in world.issues.iter_mut().filter(|row| row.refusals > 0) {
                (row.refusals, row.backoff) = (0, 0);
            }
        }
    }

    fn confirm(&self, world: &mut ModelState, agent: usize, issue: usize) {
        if !world.has_reserved(agent, issue) {
            world.calls[agent] = AgentPhase::Waiting;
            return;
        }
        let is_left = std::mem::take(&mut world.has_left[agent]);
        let row = &mut world.issues[issue];
        world.calls[agent] = AgentPhase::None;
        row.served = (row.served + 1).min(OFTEN + 1);
        row.waited = 0;
        row.hold = match is_left && self.rules.gives_back {
            true => ModelLease::Free,
            false => ModelLease::Held { by: agent, left: LEASE },
        };
        if is_left && !self.rules.gives_back {
            // No process knows of it, so it ends only when it expires.
            world.calls[agent] = AgentPhase::Waiting;
        }
    }

    /// An agent ends work on an issue without success.
    fn note_failure(&self, row: &mut Issue) {
        row.hold = ModelLease::Free;
        if !self.rules.attempts_count {
            return;
        }
        row.failures += 1;
        row.backoff = row.backoff.max(pause(row.failures, LONGEST));
        row.needs_person = row.failures >= ATTEMPTS;
    }

    fn tick(&self, world: &mut ModelState) {
        let (is_awaited, is_well) = (world.is_awaited(), world.is_well());
        for issue in 0..ISSUES {
            let is_in_hand = world.is_in_hand(issue);
            let row = &mut world.issues[issue];
            let is_held = matches!(row.hold, ModelLease::Held { .. });
            let can_be_had = row.is_open && !row.needs_person && !is_held && !is_in_hand;
            row.waited = match can_be_had && is_awaited && is_well {
                true => (row.waited + 1).min(BOUND + 1),
                false => 0,
            };
            row.backoff = row.backoff.saturating_sub(1);
            (row.asked, row.served) = (0, 0);
            match &mut row.hold {
                ModelLease::Free => {}
                ModelLease::Reserved { .. } if !self.rules.reservations_end => {}
                ModelLease::Reserved { left, .. } | ModelLease::Held { left, .. } => *left -= 1,
            }
            match row.hold {
                ModelLease::Reserved { left: 0, .. } => row.hold = ModelLease::Free,
                ModelLease::Held { left: 0, .. } => self.note_failure(row),
                _ => {}
            }
            if is_well && self.rules.reads_back && row.is_unsettled {
                row.is_unsettled = false;
                if matches!(row.hold, ModelLease::Reserved { .. }) {
                    row.hold = ModelLease::Free;
                }
            }
        }
        world.pause = world.pause.saturating_sub(1);
        for agent in 0..AGENTS {
            let holds =
                |row: &Issue| matches!(row.hold, ModelLease::Held { by, .. } if by == agent);
            if world.calls[agent] == AgentPhase::None && !world.issues.iter().any(holds) {
                world.calls[agent] = AgentPhase::Waiting;
            }
            if world.calls[agent] == AgentPhase::Waiting {
                world.has_left[agent] = false;
            }
        }
    }
}

impl Model for QueueModel {
    type State = ModelState;
    type Action = ModelEvent;

    fn init_states(&self) -> Vec<ModelState> {
        let issue = Issue {
            hold: ModelLease::Free,
            is_open: true,
            needs_person: false,
            failures: 0,
            refusals: 0,
            backoff: 0,
            is_unsettled: false,
            waited: 0,
            asked: 0,
            served: 0,
        };
        vec![ModelState {
            issues: [issue.clone(), issue],
            calls: [AgentPhase::Waiting; AGENTS],
            has_left: [false; AGENTS],
            is_archived: false,
            is_silent: false,
            refusals: 0,
            pause: 0,
            faults_left: self.faults,
        }]
    }

    fn actions(&self, world: &ModelState, events: &mut Vec<ModelEvent>) {
        for agent in 0..AGENTS {
            match world.calls[agent] {
                AgentPhase::None => {}
                AgentPhase::Waiting if !world.has_left[agent] && world.best().is_some() => {
                    events.push(ModelEvent::Look(agent));
                }
                AgentPhase::Waiting => {}
                AgentPhase::Reserved(_) => events.push(ModelEvent::AskGitHub(agent)),
                AgentPhase::Changed(_) => events.push(ModelEvent::Confirm(agent)),
            }
        }
        if events.is_empty() {
            events.push(ModelEvent::Tick);
        }
        for (issue, row) in world.issues.iter().enumerate() {
            if matches!(row.hold, ModelLease::Held { .. }) {
                events.extend([ModelEvent::Fail(issue), ModelEvent::Succeed(issue)]);
            }
            if !row.is_open || row.needs_person {
                events.push(ModelEvent::LookAfter(issue));
            }
        }
        if world.is_archived {
            events.push(ModelEvent::MakeWritable);
        }
        if world.is_silent {
            events.push(ModelEvent::Answer);
        }
        if world.faults_left == 0 {
            return;
        }
        for agent in 0..AGENTS {
            if world.calls[agent] != AgentPhase::None && !world.has_left[agent] {
                events.push(ModelEvent::Leave(agent));
            }
            if world.calls[agent].is_under_way() {
                events.push(ModelEvent::Die(agent));
            }
        }
        if world.calls.iter().any(|call| call.is_under_way()) {
            events.push(ModelEvent::Stall);
        }
        events.extend(
            (0..ISSUES).filter(|issue| world.issues[*issue].is_open).map(ModelEvent::Close),
        );
        if !world.is_archived {
            events.push(ModelEvent::Archive);
        }
        if !world.is_silent {
            events.push(ModelEvent::FallSilent);
        }
    }

    fn next_state(&self, before: &ModelState, event: ModelEvent) -> Option<ModelState> {
        let mut world = before.clone();
        let is_fault = matches!(
            event,
            ModelEvent::Leave(_)
                | ModelEvent::Die(_)
                | ModelEvent::Close(_)
                | ModelEvent::Archive
                | ModelEvent::FallSilent
                | ModelEvent::Stall
        );
        if is_fault {
            world.faults_left -= 1;
            world.restart_wait();
        }
        match event {
            ModelEvent::Look(agent) => {
                let issue = world.best()?;
                world.issues[issue].hold = ModelLease::Reserved { by: agent, left: RESERVATION };
                world.calls[agent] = AgentPhase::Reserved(issue);
            }
            ModelEvent::AskGitHub(agent) => {
                let AgentPhase::Reserved(issue) = world.calls[agent] else { return None };
                self.ask_github(&mut world, agent, issue);
            }
            ModelEvent::Confirm(agent) => {
                let AgentPhase::Changed(issue) = world.calls[agent] else { return None };
                self.confirm(&mut world, agent, issue);
            }
            ModelEvent::Fail(issue) => {
                world.ask_again(issue);
                self.note_failure(&mut world.issues[issue]);
            }
            ModelEvent::Succeed(issue) => {
                world.ask_again(issue);
                let row = &mut world.issues[issue];
                (row.hold, row.is_open, row.failures) = (ModelLease::Free, false, 0);
            }
            ModelEvent::Leave(agent) => world.has_left[agent] = true,
            ModelEvent::Die(agent) => {
                // The sent change is in the log; no caller waits for it any more.
                if let AgentPhase::Changed(issue) = world.calls[agent] {
                    world.issues[issue].is_unsettled = true;
                }
                (world.calls[agent], world.has_left[agent]) = (AgentPhase::Waiting, false);
            }
            ModelEvent::Archive => world.is_archived = true,
            ModelEvent::MakeWritable => world.is_archived = false,
            ModelEvent::FallSilent => world.is_silent = true,
            ModelEvent::Answer => world.is_silent = false,
            ModelEvent::Close(issue) => world.issues[issue].is_open = false,
            ModelEvent::LookAfter(issue) => {
                // A person retries it: its failures are cleared.
                let row = &mut world.issues[issue];
                (row.is_open, row.needs_person) = (true, false);
                (row.failures, row.refusals, row.backoff, row.waited) = (0, 0, 0, 0);
                (row.asked, row.served) = (0, 0);
            }
            ModelEvent::Tick | ModelEvent::Stall => self.tick(&mut world),
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("what can be had is held in time", |_, world| {
                world.issues.iter().all(|issue| issue.waited <= BOUND)
            }),
            Property::<Self>::always("GitHub is not asked again and again", |_, world| {
                world.issues.iter().all(|issue| issue.asked <= OFTEN)
            }),
            Property::<Self>::always("what fails is not served again and again", |_, world| {
                world.issues.iter().all(|issue| issue.served <= OFTEN)
            }),
            Property::<Self>::always("nobody holds for who has left", |_, world| {
                (0..AGENTS).all(|agent| {
                    let holds =
                        |row: &Issue| matches!(row.hold, ModelLease::Held { by, .. } if by == agent);
                    world.calls[agent] == AgentPhase::None || !world.issues.iter().any(holds)
                })
            }),
            Property::<Self>::sometimes("something waits for a whole back-off", |_, world| {
                world.issues.iter().any(|issue| issue.waited >= LONGEST)
            }),
            Property::<Self>::sometimes("a person is needed", |_, world| {
                world.issues.iter().any(|issue| issue.needs_person)
            }),
        ]
    }
}

fn check(rules: ModelRules, faults: u8) -> impl Checker<QueueModel> {
    QueueModel { rules, faults }.checker().threads(2).spawn_bfs().join()
}

#[test]
fn no_order_of_events_holds_an_issue_longer_than_documented() {
    let checked = check(ALL, 3);
    println!(
        "{} states, {} of them different",
        checked.state_count(),
        checked.unique_state_count()
    );
    checked.assert_properties();
}

#[test]
fn each_rule_is_needed() {
    let without: [(&str, ModelRules); 5] = [
        ("GitHub is not asked again and again", ModelRules { refusals_rest: false, ..ALL }),
        ("what fails is not served again and again", ModelRules { attempts_count: false, ..ALL }),
        ("nobody holds for who has left", ModelRules { gives_back: false, ..ALL }),
        ("what can be had is held in time", ModelRules { reservations_end: false, ..ALL }),
        ("what can be had is held in time", ModelRules { reads_back: false, ..ALL }),
    ];
    for (property, rules) in without {
        let checked = check(rules, 2);
        assert!(checked.discovery(property).is_some(), "{property} holds without its rule");
    }
}
