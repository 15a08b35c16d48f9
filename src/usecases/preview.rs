//! Who would be asked, in which order, without writing anything.

use super::{
    queries::{
        request_card::PersonRef,
        request_form::{Preview, PreviewStep},
    },
    submit_request::{Ask, with_second_person},
};
use crate::domain::{
    ids::PersonId,
    length::Length,
    policy::{Policy, StepSpec},
    refusal::Refusal,
    step::{Step, resolve},
};

/// The steps this ask would go through now.
///
/// # Errors
/// [`Refusal::NobodyToAsk`] when a step comes to nobody, and those of [`Ask::policy`].
pub fn preview(ask: &Ask, emergency: bool, length: Length) -> Result<Preview, Refusal> {
    preview_of(ask, ask.policy(emergency)?, emergency, length)
}

/// The steps it would go through under this policy.
///
/// # Errors
/// [`Refusal::NobodyToAsk`] when a step comes to nobody.
pub fn preview_of(ask: &Ask, policy: &Policy, emergency: bool, length: Length) -> Result<Preview, Refusal> {
    let scope = ask.facts.scope(ask.requester, ask.subject, emergency, length);
    let mut plan = policy.plan(&scope);
    if emergency {
        plan = with_second_person(plan, ask.overdue);
    }
    let steps = plan
        .steps
        .into_iter()
        .map(|spec| step(ask, spec, emergency, length))
        .collect::<Result<_, _>>()?;
    Ok(Preview { steps })
}

fn step(ask: &Ask, spec: StepSpec, emergency: bool, length: Length) -> Result<PreviewStep, Refusal> {
    let approval = match &spec {
        StepSpec::Approve { .. } => return Ok(PreviewStep::Automatic),
        StepSpec::Deny { message } => return Ok(PreviewStep::Refuses(message.clone())),
        StepSpec::Wait(wait) => return Ok(PreviewStep::Waits(wait.at_most)),
        StepSpec::Approval(approval) => approval,
    };
    let resolved = resolve(approval, &ask.facts, &ask.asking(emergency, length));
    if resolved.approvers.is_empty() {
        return Err(Refusal::NobodyToAsk);
    }
    let name = approval.name.clone();
    let mut step = Step::waiting(spec);
    step.approvers = resolved.approvers;
    let people = step
        .approvers
        .iter()
        .map(|approver| person(ask, approver.person))
        .collect();
    Ok(PreviewStep::Ask {
        name,
        people,
        needed: step.needed(),
    })
}

fn person(ask: &Ask, id: PersonId) -> PersonRef {
    PersonRef {
        id,
        name: ask.facts.name(id),
    }
}
