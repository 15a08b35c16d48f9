//! The one table of side effects: what has to happen outside when something has happened here.

use super::{Error, change::Caretakers, job::Job, open_review, raise_alarm};
use crate::{
    db::{
        self, Tx,
        alarms::NewAlarm,
        comments::NewComment,
        notices::{NewNotice, Reader},
    },
    domain::{
        alarm::AlarmKind,
        event::{Cause, Event},
        facts::Facts,
        grant::{Grant, GrantState},
        ids::{BundleId, GrantId, PersonId, RequestId},
        length::Length,
        person::Person,
        policy::StepSpec,
        request::{Request, RequestState},
        settings::FEW,
        step::{Approver, Source, Step, StepState, Verdict, Why},
    },
};
use chrono::{DateTime, Utc};

/// What is to be written with the decision: who has to see what, and what has to be done.
#[derive(Debug, Default)]
pub struct Effects {
    /// Do the copies of the card show something old now?
    cards: bool,
    /// People who need a copy, and why.
    readers: Vec<(PersonId, &'static str)>,
    /// Who is asked: one by one, or in a channel.
    asked: Option<Asked>,
    /// When those who are asked hear of it again, and after which pause (in seconds).
    pub(super) first_reminder: Option<(DateTime<Utc>, i64)>,
    /// Lines for the conversation, said by c1.
    lines: Vec<String>,
    /// Was a place given to somebody else, so that it is said already who is asked now?
    given_away: bool,
    /// What is told loudly: of emergencies.
    loud: Vec<Loud>,
    /// What is wrong, and who is told of it beside those who answer for the organisation.
    alarms: Vec<(NewAlarm, Vec<PersonId>)>,
    /// Grants to settle.
    settle: Vec<GrantId>,
    /// Earlier requests whose cards show the same access.
    earlier: Vec<RequestId>,
    /// Has the request been approved, so that it needs a grant?
    pub(super) grants: bool,
    /// Is the request an emergency?
    emergency: bool,
    /// The access of an emergency that is over, so that somebody has to look back at it.
    review: Option<GrantId>,
}

/// Whom a step asks.
#[derive(Clone, Debug)]
struct Asked {
    step: usize,
    people: Vec<PersonId>,
    /// Those of them who were given somebody's place: they may be in no channel.
    given: Vec<PersonId>,
    /// The channel that the policy names.
    channel: Option<String>,
}

impl Asked {
    fn of(request: &Request, step: usize, approvers: &[Approver]) -> Self {
        let channel = match request.steps.get(step).map(|step| &step.spec) {
            Some(StepSpec::Approval(approval)) => approval.channel.clone(),
            _ => None,
        };
        Self {
            step,
            people: approvers.iter().map(|approver| approver.person).collect(),
            given: approvers
                .iter()
                .filter(|approver| matches!(approver.why, Why::Reassigned(_)))
                .map(|approver| approver.person)
                .collect(),
            channel,
        }
    }
}

/// Something about an emergency that is told to everyone whose approval it does without, the owners and the security
/// channel.
#[derive(Clone, Debug)]
pub(super) struct Loud {
    /// What it is about: nobody hears of it twice.
    topic: String,
    /// What is told, in Slack's markup.
    body: String,
    /// Who is told. `None`: those who were told that it began.
    people: Option<Vec<Told>>,
}

/// Somebody who is told of an emergency.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Who.
    person: PersonId,
    /// Why they are.
    why: &'static str,
    /// Do they own it? They are told by name, however many others there are.
    owner: bool,
}

/// What an event of a request leads to.
pub(super) fn of_request(event: &Event, request: &Request, facts: &Facts, skipped: &[PersonId], effects: &mut Effects) {
    let name = |person: PersonId| facts.name(person);
    match event {
        Event::Submitted { .. } => {
            effects.cards = true;
            effects.reader(request.subject, "requester");
            effects.reader(request.requester, "requester");
            policy_failed(request, facts, effects);
            if request.emergency {
                emergency_begun(request, facts, skipped, effects);
            }
        }
        Event::StepOpened {
            approvers,
            source,
            step,
            alarm: trouble,
            ..
        }
        | Event::ApproversChanged {
            approvers,
            source,
            step,
            alarm: trouble,
        } => {
            effects.cards = true;
            // Whoever asked first is told by the cards.
            let first = matches!(event, Event::StepOpened { .. }) && *step == 0 && request.earlier.is_empty();
            if !first && !effects.given_away {
                effects.lines.extend(asked_now(request, *step, approvers, facts));
            }
            effects.asked = Some(Asked::of(request, *step, approvers));
            let name = request.steps.get(*step).map_or("a step", |step| step.name());
            if *source == Source::LastResort && request.alarm.is_none() {
                let alarm = alarm(
                    AlarmKind::LastResortAsked,
                    &format!("{}:{}:{step}", request.id, request.earlier.len()),
                    request,
                    format!(
                        "⚠️ Nobody could decide the step “{}” of request #{}; the last resort was asked.",
                        neutral(name),
                        request.id
                    ),
                );
                effects.alarms.push((alarm, facts.last_resort.clone()));
            }
            // An outage of a rotation is told once, not for each request.
            if let Some(trouble) = trouble.as_ref().filter(|trouble| !trouble.outage) {
                let waits = request
                    .steps
                    .get(*step)
                    .is_some_and(|step| matches!(step.spec, StepSpec::Wait(_)));
                let so = if waits {
                    "It waits on until its time is over."
                } else {
                    "Others were asked in their place. Please have the policy repaired."
                };
                let alarm = alarm(
                    AlarmKind::ApproversUnknown,
                    &format!("{}:{}:{step}", request.id, request.earlier.len()),
                    request,
                    format!(
                        "⚠️ The step “{}” of request #{} could not do what its policy says: {}. {so}",
                        neutral(name),
                        request.id,
                        neutral(&trouble.sentence)
                    ),
                );
                effects.alarms.push((alarm, facts.last_resort.clone()));
            }
        }
        Event::StepWidened { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⏰ Nobody has decided in time: more people are asked too".to_owned());
        }
        Event::Decided {
            person,
            verdict: Verdict::Approve,
            reason,
            step,
        } => {
            effects.cards = true;
            let of = if request.steps.len() > 1 {
                format!(" (step {} of {})", step + 1, request.steps.len())
            } else {
                String::new()
            };
            effects
                .lines
                .push(format!("✅ *{}* approved{of}{}", name(*person), because(reason)));
        }
        // The denial that follows says it.
        Event::Decided {
            verdict: Verdict::Deny, ..
        } => effects.cards = true,
        Event::StepPassed { automatic, step } => {
            effects.cards = true;
            match request.steps.get(*step) {
                Some(step) if matches!(step.spec, StepSpec::Wait(_)) => {
                    effects.lines.push(format!("⏳ {}: over", step.name()));
                }
                Some(step) if *automatic => effects.lines.push(format!("✅ {}: passed by the policy", step.name())),
                _ => {}
            }
        }
        Event::StepSkipped { step } => {
            effects.cards = true;
            let line = match request.steps.get(*step) {
                Some(step) if matches!(step.spec, StepSpec::Wait(_)) => {
                    format!("⏭️ {}: over without what it waited for", step.name())
                }
                Some(step) => format!("⏭️ {}: skipped, nobody decided in time", step.name()),
                None => "⏭️ A step was skipped: nobody decided in time".to_owned(),
            };
            effects.lines.push(line);
        }
        Event::StepAdded { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⚠️ Every step was skipped, and nobody has approved: the last resort decides".to_owned());
        }
        Event::Approved => {
            effects.cards = true;
            effects.grants = true;
        }
        Event::Denied { by, reason, .. } => {
            effects.cards = true;
            let who = by.map_or_else(|| "The policy".to_owned(), |by| format!("*{}*", name(by)));
            effects
                .lines
                .push(format!("❌ {who} denied the request{}", because(reason)));
            if by.is_none()
                && request
                    .steps
                    .iter()
                    .any(|step| step.state == StepState::Denied && step.due_at.is_some())
            {
                not_decided(request, facts, effects);
            }
        }
        Event::Cancelled { by, reason } => {
            effects.cards = true;
            if by.is_none() {
                not_decided(request, facts, effects);
            }
            let who = by.map_or_else(|| "The policy".to_owned(), |by| format!("*{}*", name(by)));
            effects
                .lines
                .push(format!("🚫 {who} cancelled the request{}", because(reason)));
        }
        Event::Expired { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⌛ The request expired: nobody decided in time".to_owned());
            not_decided(request, facts, effects);
        }
        Event::Closed { cause } => {
            effects.cards = true;
            effects
                .lines
                .push(format!("🚫 The request was closed because {}", cause.words()));
        }
        Event::Escalated { by, reason, .. } => {
            effects.cards = true;
            let void = match void(request) {
                0 => String::new(),
                1 => " One approval no longer counts.".to_owned(),
                more => format!(" {more} approvals no longer count."),
            };
            let stop = if reason.is_empty() && !void.is_empty() { "." } else { "" };
            effects.lines.push(format!(
                "⚡ *{}* made this an emergency{}{stop}{void}",
                name(*by),
                because(reason)
            ));
            policy_failed(request, facts, effects);
            emergency_begun(request, facts, skipped, effects);
        }
        Event::Unanswered { step } => {
            effects.cards = true;
            effects
                .lines
                .push("🚨 Nobody has answered yet: the last resort is asked too, and alarmed".to_owned());
            let asked = request.steps.get(*step).map(|step| step.approvers.as_slice());
            let asked: Vec<String> = asked
                .unwrap_or_default()
                .iter()
                .filter(|approver| approver.why != Why::LastResort)
                .take(5)
                .map(|approver| neutral(&name(approver.person)))
                .collect();
            let alarm = alarm(
                AlarmKind::Unanswered,
                &format!("{}:{}:{step}", request.id, request.earlier.len()),
                request,
                format!(
                    "🚨 Nobody has answered the emergency #{} of *{}* for *{}* in {}. Asked so far: {}.",
                    request.id,
                    neutral(&name(request.requester)),
                    neutral(&facts.entitlement.title()),
                    crate::domain::length::spoken(request.patience(*step).num_seconds()),
                    asked.join(", ")
                ),
            );
            effects.alarms.push((alarm, facts.last_resort.clone()));
        }
        Event::Claimed { .. } | Event::ClaimEnded { .. } => effects.cards = true,
        Event::Reassigned {
            from, to, by, reason, ..
        } => {
            effects.cards = true;
            effects.given_away = true;
            let given = if by == from {
                format!("↪️ *{}* gave this to *{}*", name(*by), name(*to))
            } else {
                let (by, from, to) = (name(*by), name(*from), name(*to));
                format!("↪️ Administrator *{by}* gave the place of *{from}* to *{to}*")
            };
            effects.lines.push(format!("{given}{}", because(reason)));
        }
        Event::Shortened {
            by, from, to, reason, ..
        } => {
            effects.cards = true;
            let line = format!(
                "✂️ *{}* made it shorter: {to} in place of {from}{}",
                name(*by),
                because(reason)
            );
            let approved = request.steps.iter().any(|step| step.approvals() > 0);
            let stays = "\nApprovals given before stay: it is less than what they approved.";
            effects
                .lines
                .push(format!("{line}{}", if approved { stays } else { "" }));
        }
        Event::Nudged { by, .. } => {
            effects.cards = true;
            effects.lines.push(format!(
                "⏰ *{}* asks for an answer: those who can give it are reminded",
                name(*by)
            ));
        }
        Event::DeadlineReminded { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⏰ Nobody has decided in time: everyone who is asked is reminded".to_owned());
        }
        Event::CancelledByAdmin { by, reason } => {
            effects.cards = true;
            effects.lines.push(format!(
                "🚫 Administrator *{}* cancelled the request{}",
                name(*by),
                because(reason)
            ));
        }
        Event::Restarted { by, reason, .. } => {
            effects.cards = true;
            effects.lines.push(format!(
                "🔁 Administrator *{}* had the request begin anew, by today's policy{}\nApprovals given before count no more.",
                name(*by),
                because(reason)
            ));
        }
        Event::StepSkippedByAdmin { by, reason, step } => {
            effects.cards = true;
            let step = request.steps.get(*step).map_or("A step", |step| step.name());
            effects.lines.push(format!(
                "⏭️ {step}: skipped by administrator *{}*{}",
                name(*by),
                because(reason)
            ));
        }
        Event::Commented { .. } | Event::CommentEdited { .. } | Event::CommentDeleted { .. } => {}
        _ => {}
    }
    if request.emergency {
        emergency_over(event, request, facts, effects);
    }
}

/// Who is asked now, in words; nothing for a step that only waits.
fn asked_now(request: &Request, place: usize, approvers: &[Approver], facts: &Facts) -> Option<String> {
    let step = request.steps.get(place)?;
    if !matches!(step.spec, StepSpec::Approval(_)) || approvers.is_empty() {
        return None;
    }
    let name = |approver: &Approver| format!("*{}*", neutral(&facts.name(approver.person)));
    let mut named: Vec<String> = approvers.iter().take(3).map(name).collect();
    match approvers.len() - named.len() {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    let last = named.pop()?;
    let asked = if named.is_empty() {
        last
    } else {
        format!("{} and {last}", named.join(", "))
    };
    let of = match request.steps.len() {
        1 => String::new(),
        count => format!("Step {} of {count}, ", place + 1),
    };
    let verb = if approvers.len() == 1 { "is" } else { "are" };
    Some(format!("➡️ {of}{}: {asked} {verb} asked now", neutral(step.name())))
}

/// How many approvals count no more since it became an emergency.
fn void(request: &Request) -> usize {
    let earlier = request.earlier.last();
    earlier.map_or(0, |round| round.steps.iter().map(Step::approvals).sum())
}

fn alarm(kind: AlarmKind, about: &str, request: &Request, body: String) -> NewAlarm {
    NewAlarm {
        kind,
        once: format!("{}:{about}", kind.word()),
        request: Some(request.id),
        grant: None,
        emergency: request.emergency,
        body,
    }
}

fn policy_failed(request: &Request, facts: &Facts, effects: &mut Effects) {
    let Some(why) = &request.alarm else { return };
    let alarm = alarm(
        AlarmKind::PolicyFailed,
        &format!("{}:{}", request.id, request.earlier.len()),
        request,
        format!(
            "⚠️ Request #{} of {} could not follow its policy: {}. The last resort decides it.",
            request.id,
            neutral(&facts.name(request.requester)),
            neutral(why)
        ),
    );
    effects.alarms.push((alarm, facts.last_resort.clone()));
}

/// An emergency that ends because nobody decided does not end in silence.
fn not_decided(request: &Request, facts: &Facts, effects: &mut Effects) {
    if !request.emergency {
        return;
    }
    let alarm = alarm(
        AlarmKind::NotDecided,
        &request.id.to_string(),
        request,
        format!(
            "🚨 The emergency #{} of *{}* for *{}* has ended because nobody decided in time.",
            request.id,
            neutral(&facts.name(request.requester)),
            neutral(&facts.entitlement.title())
        ),
    );
    effects.alarms.push((alarm, facts.last_resort.clone()));
}

/// Tells everyone whose approval is skipped, and the owners. Who asks, whom it is for, and who is asked now know already.
fn emergency_begun(request: &Request, facts: &Facts, skipped: &[PersonId], effects: &mut Effects) {
    let name = |person: PersonId| format!("*{}*", neutral(&facts.name(person)));
    let asked = request.current().map(|(_, step)| step);
    let knows = |person: PersonId| {
        person == request.requester || person == request.subject || asked.is_some_and(|step| step.asks(person))
    };
    let at_work = |person: PersonId| facts.person(person).is_some_and(Person::takes_part);
    let mut people: Vec<Told> = Vec::new();
    let was_asked = |person: PersonId| {
        let mut earlier = request.earlier.iter().flat_map(|round| &round.steps);
        earlier.any(|step| step.asks(person))
    };
    let skipped_now = skipped.iter().map(|person| {
        let why = if was_asked(*person) {
            "You need not decide it any more."
        } else {
            "You would have been asked to approve it."
        };
        (*person, why)
    });
    let owners = facts
        .app_owners
        .iter()
        .chain(&facts.entitlement_owners)
        .map(|person| (*person, "You own it."));
    for (person, why) in skipped_now.chain(owners) {
        if at_work(person) && !knows(person) && !people.iter().any(|known| known.person == person) {
            let owner = facts.app_owners.contains(&person) || facts.entitlement_owners.contains(&person);
            people.push(Told { person, why, owner });
        }
    }
    let whom = if request.subject == request.requester {
        String::new()
    } else {
        format!(" for {}", name(request.subject))
    };
    let verb = match request.earlier.last() {
        Some(round) => format!("{} has made an emergency of request #{}: ", name(round.by), request.id),
        None => format!(
            "{} asks for emergency access{whom} (#{}): ",
            name(request.requester),
            request.id
        ),
    };
    let (why, so_far) = match request.earlier.last() {
        Some(round) if !round.reason.is_empty() => (&round.reason, Some(&request.justification)),
        _ => (&request.justification, None),
    };
    let mut body = format!(
        "⚡ {verb}*{}*{}, {} from when it works.\nWhy: {}",
        neutral(&facts.entitlement.title()),
        if request.earlier.is_empty() {
            String::new()
        } else {
            format!(" for {}", name(request.subject))
        },
        request.length,
        neutral(why)
    );
    if let Some(so_far) = so_far {
        body.push_str(&format!("\nAsked for because: {}", neutral(so_far)));
    }
    body.push_str(&match asked {
        Some(step) => {
            let asked: Vec<String> = step.approvers.iter().take(5).map(|known| name(known.person)).collect();
            let more = step.approvers.len().saturating_sub(asked.len());
            let more = if more > 0 { format!(" + {more}") } else { String::new() };
            format!("\nThe emergency rules ask {}{more}.", asked.join(", "))
        }
        None if request.state == RequestState::Approved => "\nIt is given at once.".to_owned(),
        None => String::new(),
    });
    match void(request) {
        0 => {}
        1 => body.push_str(" One approval given before no longer counts."),
        more => body.push_str(&format!(" {more} approvals given before no longer count.")),
    }
    let skipped: Vec<String> = skipped
        .iter()
        .filter(|person| !knows(**person))
        .map(|person| name(*person))
        .collect();
    if !skipped.is_empty() {
        let more = skipped.len().saturating_sub(5);
        let more = if more > 0 { format!(" + {more}") } else { String::new() };
        body.push_str(&format!(
            "\nSkipped: {}{more}.",
            skipped.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    effects.loud.push(Loud {
        topic: format!("emergency:{}", request.id),
        body: drilled(facts.entitlement.emergency.drill, body),
        people: Some(people),
    });
}

/// Those who were told that an emergency was asked for hear that no access comes of it.
fn emergency_over(event: &Event, request: &Request, facts: &Facts, effects: &mut Effects) {
    let how = match event {
        Event::Denied {
            by: Some(by), reason, ..
        } => {
            format!("was denied by *{}*{}", neutral(&facts.name(*by)), because(reason))
        }
        Event::Denied { by: None, reason, .. } => format!("was denied by its policy{}", because(reason)),
        Event::Cancelled { by, reason } => {
            let who = by.map_or_else(
                || "its policy".to_owned(),
                |by| format!("*{}*", neutral(&facts.name(by))),
            );
            format!("was cancelled by {who}{}", because(reason))
        }
        Event::CancelledByAdmin { by, reason } => format!(
            "was cancelled by administrator *{}*{}",
            neutral(&facts.name(*by)),
            because(reason)
        ),
        Event::Expired { .. } => "has expired: nobody decided in time".to_owned(),
        Event::Closed { cause } => format!("was closed because {}", cause.words()),
        _ => return,
    };
    let body = format!(
        "⚡ The emergency #{} of *{}* for *{}* {how}. No access comes of it.",
        request.id,
        neutral(&facts.name(request.subject)),
        neutral(&facts.entitlement.title())
    );
    effects.loud.push(Loud {
        topic: format!("emergency-over:{}", request.id),
        body: drilled(facts.entitlement.emergency.drill, body),
        people: None,
    });
}

/// Those who were told that an emergency was asked for hear when its access begins and ends.
fn emergency_goes_on(event: &Event, grant: &Grant, request: RequestId, care: &Caretakers, effects: &mut Effects) {
    let who = neutral(&care.subject.name);
    let what = neutral(&care.title);
    let until = grant
        .holds
        .iter()
        .find(|hold| hold.request == request)
        .and_then(|hold| hold.until);
    let (topic, body) = match event {
        Event::Provisioned { .. } => (
            "began",
            match until {
                Some(until) => format!(
                    "⚡ Emergency access began: *{who}* has *{what}* until {}.",
                    moment(until)
                ),
                None => format!("⚡ Emergency access began: *{who}* has *{what}*."),
            },
        ),
        Event::HoldEnded { request: over } if *over == request && grant.state == GrantState::Active => (
            "ended",
            format!("⚡ The time of the emergency of *{who}* is over; an ordinary request keeps *{what}* for them."),
        ),
        Event::Ended { .. } => (
            "ended",
            match grant.cause {
                Some(Cause::Time) | None => format!("⚡ Emergency access ended: *{who}* no longer has *{what}*."),
                Some(cause) => format!(
                    "⚡ Emergency access ended because {}: *{who}* no longer has *{what}*.",
                    cause.words()
                ),
            },
        ),
        _ => return,
    };
    effects.loud.push(Loud {
        topic: format!("emergency-{topic}:{request}"),
        body: drilled(care.drill, format!("{body} (#{request})")),
        people: None,
    });
}

/// Nobody is to take a drill for the real thing.
fn drilled(drill: bool, body: String) -> String {
    if drill {
        format!("🧪 *This is a drill.* {body}")
    } else {
        body
    }
}

/// A moment in Slack's markup: everyone reads it in their own time zone.
fn moment(at: DateTime<Utc>) -> String {
    format!(
        "<!date^{}^{{date_short_pretty}} at {{time}}|{} UTC>",
        at.timestamp(),
        at.format("%Y-%m-%d %H:%M")
    )
}

/// What an event of a grant leads to, for one of the requests that hold on to it.
pub(super) fn of_grant(event: &Event, grant: &Grant, request: RequestId, care: &Caretakers, effects: &mut Effects) {
    let holds = |hold: &&crate::domain::grant::Hold| hold.request == request;
    // A task and an alarm are one, however many requests hold on to the access: they go with the newest.
    let newest = grant.holds.iter().all(|hold| hold.request <= request);
    match event {
        Event::Provisioned { .. } => {
            effects.cards = true;
            let length = grant.holds.iter().find(holds).map_or(Length::NoEnd, |hold| hold.length);
            effects.lines.push(match length {
                Length::For(_) => format!("🔓 Access granted to *{}* for {length}", care.subject.name),
                Length::NoEnd => format!("🔓 Access granted to *{}*", care.subject.name),
            });
        }
        Event::ProvisioningFailed { why, by } => {
            effects.cards = true;
            effects.lines.push(match by {
                Some(_) => format!("⚠️ The access will not be given: {}", neutral(why)),
                None => format!("⚠️ The access could not be given yet: {}", neutral(why)),
            });
            // A connector that cannot leaves the task to people.
            if by.is_none() && newest {
                care.owners
                    .iter()
                    .for_each(|owner| effects.reader(*owner, "provisioner"));
            }
        }
        Event::ProvisioningRetried => {
            effects.cards = true;
            effects.settle(grant.id);
        }
        Event::HoldEnded { .. } => effects.cards = true,
        Event::EndingBegan { .. } => {
            effects.cards = true;
            effects.settle(grant.id);
        }
        Event::Ended { .. } => {
            effects.cards = true;
            let why = match grant.cause {
                Some(Cause::Time) | None => "Access ended: its time was over".to_owned(),
                Some(cause) => format!("Access ended because {}", cause.words()),
            };
            effects.lines.push(format!("🔒 {why}"));
        }
        Event::EndOverdue { why } => {
            effects.cards = true;
            effects
                .lines
                .push(format!("🚨 The access should have ended but has not: {}", neutral(why)));
            if newest {
                care.owners
                    .iter()
                    .for_each(|owner| effects.reader(*owner, "provisioner"));
                let alarm = NewAlarm {
                    kind: AlarmKind::EndOverdue,
                    once: format!("{}:{}", AlarmKind::EndOverdue.word(), grant.id),
                    request: Some(request),
                    grant: Some(grant.id),
                    emergency: effects.emergency,
                    body: format!(
                        "🚨 The access of {} under request #{request} should have ended but has not: {}",
                        neutral(&care.subject.name),
                        neutral(why)
                    ),
                };
                effects.alarms.push((alarm, care.owners.clone()));
            }
        }
        _ => {}
    }
    if effects.emergency {
        emergency_goes_on(event, grant, request, care, effects);
        let over = match event {
            Event::HoldEnded { request: over } => *over == request,
            Event::EndingBegan { .. } | Event::Ended { .. } => true,
            _ => false,
        };
        // What never worked was not used.
        if over && grant.started_at.is_some() {
            effects.review = Some(grant.id);
        }
    }
    if matches!(event, Event::EndingBegan { .. }) && care.by_hand && newest {
        care.owners
            .iter()
            .for_each(|owner| effects.reader(*owner, "provisioner"));
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {}", neutral(reason))
    }
}

/// A person's own words inside a line of Slack markup: nothing in them is markup.
pub(super) fn neutral(text: &str) -> String {
    let short: String = text.chars().take(500).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Effects {
    /// None yet, of what happens to the access of an emergency or of an ordinary request.
    pub(super) fn of(emergency: bool) -> Self {
        Self {
            emergency,
            ..Self::default()
        }
    }

    /// Has a grant brought in line with its target.
    pub(super) fn settle(&mut self, grant: GrantId) {
        if !self.settle.contains(&grant) {
            self.settle.push(grant);
        }
    }

    /// Says that an access that works already lasts longer now.
    pub(super) fn lengthened(&mut self, request: &Request, facts: &Facts, grant: &Grant) {
        self.cards = true;
        let earlier = grant.holds.iter().map(|hold| hold.request);
        self.earlier.extend(earlier.filter(|earlier| *earlier != request.id));
        self.lines.push(format!("🔓 Access continues: {}", request.length));
        if request.emergency {
            let until = match grant.until() {
                Some(until) => format!(" until {}", moment(until)),
                None => String::new(),
            };
            self.loud.push(Loud {
                topic: format!("emergency-extended:{}", request.id),
                body: format!(
                    "⚡ Emergency access goes on: *{}* has *{}*{until}. (#{})",
                    neutral(&facts.name(request.subject)),
                    neutral(&facts.entitlement.title()),
                    request.id
                ),
                people: None,
            });
        }
    }

    /// Gives somebody a copy of the card.
    pub(super) fn reader(&mut self, person: PersonId, role: &'static str) {
        if !self.readers.contains(&(person, role)) {
            self.readers.push((person, role));
        }
    }

    /// Writes it all down in the transaction of the decision, but for the jobs, which it returns: a transaction enqueues
    /// all of its jobs at once.
    pub(super) async fn write(
        mut self,
        tx: &mut Tx<'_>,
        now: DateTime<Utc>,
        request: RequestId,
        bundle: Option<BundleId>,
    ) -> Result<Vec<Job>, Error> {
        if let Some(asked) = self.asked.take() {
            self.ask(tx, now, request, asked).await?;
        }
        let mut jobs: Vec<Job> = self.settle.into_iter().map(Job::SettleGrant).collect();
        for line in &self.lines {
            db::comments::append(tx, now, NewComment::line(request, line)).await?;
        }
        if self.cards || !self.readers.is_empty() {
            let copies = db::cards::ensure(tx, now, request, &self.readers).await?;
            for (card, home) in copies {
                jobs.push(Job::RefreshCard(card));
                if !self.lines.is_empty() {
                    jobs.push(Job::SyncThread(card));
                }
                jobs.extend(home.map(Job::RefreshHome));
            }
        }
        if let Some(bundle) = bundle {
            jobs.extend(db::bundles::notices(tx, bundle).await?.into_iter().map(Job::SendNotice));
        }
        for loud in &self.loud {
            jobs.extend(tell_loudly(tx, now, request, loud).await?);
        }
        if let Some(grant) = self.review {
            jobs.extend(open_review::open(tx, now, request, grant).await?);
        }
        if self.emergency
            && let Some(review) = db::reviews::of_request(tx, request).await?
        {
            let shown = db::reviews::notices(tx, review).await?;
            jobs.extend(shown.into_iter().map(Job::SendNotice));
        }
        for (alarm, told) in &self.alarms {
            jobs.extend(raise_alarm::raise(tx, now, alarm, told).await?);
        }
        for earlier in self.earlier {
            let copies = db::cards::of_request(tx, earlier).await?;
            jobs.extend(copies.into_iter().map(Job::RefreshCard));
        }
        Ok(jobs)
    }
}

impl Effects {
    /// Gives those who are asked their copies; or one to a channel, where the policy names one, or where they are too many
    /// to be asked one by one.
    async fn ask(
        &mut self,
        tx: &mut Tx<'_>,
        now: DateTime<Utc>,
        request: RequestId,
        asked: Asked,
    ) -> Result<(), Error> {
        let count = asked.people.len();
        let mut one_by_one = count;
        if asked.channel.is_some() || count > FEW {
            let settings = db::settings::read_in(tx).await?;
            let many = count > settings.ask_one_by_one_up_to;
            let channel = asked.channel.or(settings.approvals_channel.filter(|_| many));
            if let Some(channel) = &channel
                && db::cards::ensure_in_channel(tx, now, request, channel, asked.step).await?
            {
                asked.given.iter().for_each(|person| self.reader(*person, "approver"));
                if let Some(first) = self.first_reminder {
                    db::channel_reminders::begin(tx, request, asked.step, channel, first).await?;
                }
                return Ok(db::reminders::only(tx, request, &asked.given).await?);
            }
            one_by_one = settings.ask_one_by_one_up_to;
            if many && channel.is_none() {
                self.too_many(tx, request, count, one_by_one).await?;
            }
        }
        asked
            .people
            .iter()
            .take(one_by_one)
            .for_each(|person| self.reader(*person, "approver"));
        Ok(())
    }

    /// More people are asked than are asked one by one, and there is no channel to ask them in.
    async fn too_many(&mut self, tx: &mut Tx<'_>, request: RequestId, count: usize, asked: usize) -> Result<(), Error> {
        let alarm = NewAlarm {
            kind: AlarmKind::ChannelGone,
            once: format!("too-many:{request}"),
            request: Some(request),
            grant: None,
            emergency: self.emergency,
            body: format!(
                "⚠️ Request #{request} could be decided by {count} people. No more than {asked} are asked one by one, and no \
                 `approvals_channel` is set in which all of them could be; so {asked} were asked."
            ),
        };
        self.alarms.push((alarm, db::alarms::last_resort(tx).await?));
        Ok(())
    }
}

/// Writes the notices about an emergency down: one to each person, one to the security channel. Where no channel is set,
/// the last resort is told, so that there is always somebody who hears of it.
async fn tell_loudly(tx: &mut Tx<'_>, now: DateTime<Utc>, request: RequestId, loud: &Loud) -> Result<Vec<Job>, Error> {
    let settings = db::settings::read_in(tx).await?;
    let mut readers: Vec<(Reader, &str)> = match &loud.people {
        // So many are told by the channel, where there is one, and not one by one; the owners are, all the same.
        Some(people) => {
            let many = people.len() > settings.ask_one_by_one_up_to && settings.security_channel.is_some();
            let told = people.iter().filter(|told| told.owner || !many);
            told.map(|told| (Reader::Person(told.person), told.why)).collect()
        }
        None => {
            let told = db::notices::told(tx, request, EMERGENCY).await?;
            told.into_iter().map(|person| (Reader::Person(person), "")).collect()
        }
    };
    match settings.security_channel {
        Some(channel) => readers.push((Reader::Channel(channel), "")),
        None => {
            let own = db::requests::own(tx, request).await?;
            for person in db::alarms::last_resort(tx).await? {
                if !own.contains(&person) && !readers.iter().any(|(known, _)| *known == Reader::Person(person)) {
                    readers.push((Reader::Person(person), "No security channel is set, so you are told."));
                }
            }
        }
    }
    if readers.is_empty() {
        // Whoever is left in the organisation, if need be the very person: never nobody.
        let own = db::requests::own(tx, request).await?;
        let mut people = db::alarms::answerable(tx).await?;
        if people.iter().any(|person| !own.contains(person)) {
            people.retain(|person| !own.contains(person));
        }
        let why = "There is nobody else who could be told.";
        readers.extend(people.into_iter().map(|person| (Reader::Person(person), why)));
    }
    let mut jobs = Vec::new();
    for (reader, why) in readers {
        let body = if why.is_empty() {
            loud.body.clone()
        } else {
            format!("{}\n{why}", loud.body)
        };
        let notice = NewNotice {
            reader,
            request: Some(request),
            kind: EMERGENCY,
            topic: &loud.topic,
            body: &body,
            alarm: None,
            review: None,
        };
        jobs.extend(db::notices::tell(tx, now, &notice).await?.map(Job::SendNotice));
    }
    Ok(jobs)
}

/// Tells the security channel, or the last resort where none is set, something about an emergency.
pub(super) async fn tell_security(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: RequestId,
    about: &str,
    body: &str,
) -> Result<Vec<Job>, Error> {
    let loud = Loud {
        topic: format!("{about}:{request}"),
        body: body.to_owned(),
        people: Some(Vec::new()),
    };
    tell_loudly(tx, now, request, &loud).await
}

/// The kind of the notices about emergencies.
const EMERGENCY: &str = "emergency";
