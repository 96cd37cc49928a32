//! The mutations: labels and comments.

use std::sync::atomic::Ordering;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::issues::{IssueComment, Label, page_of};
use super::nodes::Issue;
use super::pull_requests::PullRequest;
use super::{Labelable, Node, RequestContext, full_name, or_null, simulator};
use crate::simulator::faults::Fault;
use crate::simulator::request_log::Write;
use crate::simulator::world::{self, Refusal};

pub(in crate::simulator) struct Mutation;

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

#[derive(InputObject)]
struct AddCommentInput {
    subject_id: ID,
    body: String,
}

#[derive(SimpleObject)]
struct IssueCommentEdge {
    node: Option<IssueComment>,
}

#[derive(SimpleObject)]
struct AddCommentPayload {
    comment_edge: Option<IssueCommentEdge>,
    subject: Option<Node>,
}

#[Object]
impl Mutation {
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        input: AddCommentInput,
    ) -> Option<AddCommentPayload> {
        or_null(ctx, comment(ctx, &input))
    }

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
    let Some(world::NodeLocation::Repository(slot)) = world.node(&input.repository_id) else {
        return Err(Refusal::no_node(&input.repository_id));
    };
    world.check_create_label(slot)?;
    let label = world.add_label(slot, &input.name, &input.color)?;
    simulator.log_write(Write::LabelCreated {
        repository: full_name(&world, slot),
        name: label.name.clone(),
        color: label.color.clone(),
    });
    Ok(Label(label))
}

fn comment(ctx: &Context<'_>, input: &AddCommentInput) -> Result<AddCommentPayload, Refusal> {
    check_faults(ctx, "addComment")?;
    let simulator = simulator(ctx);
    let now = simulator.now();
    let (slot, number, issue, comment) = {
        let mut world = simulator.world();
        let Some(world::NodeLocation::Issue(slot, number)) = world.node(&input.subject_id) else {
            return Err(Refusal::no_node(&input.subject_id));
        };
        world.check_write(slot)?;
        let (issue, comment) =
            world.comment(slot, number, now, (world::Commenter::Viewer, &input.body))?;
        let (repository, body) = (full_name(&world, slot), input.body.clone());
        simulator.log_write(Write::Commented { repository, number, body });
        (slot, number, issue, comment)
    };
    let page = page_of(ctx, slot, number);
    Ok(AddCommentPayload {
        comment_edge: Some(IssueCommentEdge { node: Some(IssueComment { slot, comment, page }) }),
        subject: Some(match issue.is_pull_request {
            true => Node::PullRequest(PullRequest { slot, pull_request: issue }),
            false => Node::Issue(Issue { slot, issue }),
        }),
    })
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
    let Some(world::NodeLocation::Issue(slot, number)) = world.node(labelable) else {
        return Err(Refusal::no_node(labelable));
    };
    world.check_write(slot)?;
    let mut keys = Vec::with_capacity(labels.len());
    for id in labels {
        match world.node(id) {
            Some(world::NodeLocation::Label(own, key)) if own == slot => keys.push(key),
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
        simulator.log_write(match change {
            Change::Add => Write::Labelled { repository, number, labels: names },
            Change::Remove => Write::Unlabelled { repository, number, labels: names },
        });
    }
    Ok(if issue.is_pull_request {
        Labelable::PullRequest(PullRequest { slot, pull_request: issue })
    } else {
        Labelable::Issue(Issue { slot, issue })
    })
}

/// Fails if a test injected a fault for this mutation of a document.
fn check_faults(ctx: &Context<'_>, mutation: &str) -> Result<(), Refusal> {
    let context = ctx.data_unchecked::<RequestContext>();
    let before = context.mutations.fetch_add(1, Ordering::Relaxed);
    for fault in &context.faults {
        let (is_meant, kind, message) = match fault {
            Fault::RefuseField { field, kind, message } => (*field == mutation, kind, message),
            Fault::RefuseAlias { alias, kind, message } => {
                (ctx.item.node.response_key().node == *alias, kind, message)
            }
            Fault::RefuseAfter { done, kind, message } => (before >= *done, kind, message),
            _ => continue,
        };
        if is_meant {
            return Err(Refusal { kind, message: message.clone() });
        }
    }
    Ok(())
}
