//! The page of a request, as the template prints it.

use super::{
    acts::Act,
    hours::{Hours, Moment},
    state::{self, Badge, called},
    steps::{self, StepView, capital},
    talk::{self, TalkView},
    trail::{self, TrailView},
};
use crate::{
    domain::{grant::GrantState, length::spoken},
    usecases::queries::{
        conversation::Conversation,
        details::Details,
        request_card::{Context, PersonRef, RequestCard, Standing},
    },
};

/// Everything on the page that is about the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestView {
    pub(crate) id: i64,
    /// "Grant Ana Alvarez Production database / orders / Write"
    pub(crate) title: String,
    pub(crate) emergency: bool,
    pub(crate) badge: Badge,
    /// Who is awaited, or who decided.
    pub(crate) lead: String,
    /// By when the open step is to be decided.
    pub(crate) due: Option<Moment>,
    /// Why it was denied or cancelled.
    pub(crate) reason: String,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) asked_at: Moment,
    pub(crate) justification: String,
    /// How it came to follow another plan, and why.
    pub(crate) escalation: Option<(String, String)>,
    pub(crate) steps: Vec<StepView>,
    pub(crate) access: Option<AccessView>,
    pub(crate) talk: TalkView,
    pub(crate) trail: Vec<TrailView>,
    pub(crate) decide: Option<DecideView>,
    pub(crate) desk: Option<DeskView>,
    pub(crate) own: OwnView,
    pub(crate) provision: Option<ProvisionView>,
    pub(crate) administer: Option<AdministerView>,
    pub(crate) zone: &'static str,
    pub(crate) requester: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessView {
    pub(crate) badge: Badge,
    pub(crate) sentences: Vec<String>,
}

/// Approve, deny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecideView {
    pub(crate) step: usize,
    pub(crate) revision: i64,
    /// "You are asked as the manager of Ana Alvarez."
    pub(crate) why: String,
    /// What helps to decide.
    pub(crate) helps: Vec<String>,
    pub(crate) reason_label: &'static str,
}

/// What an approver may do beside deciding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeskView {
    pub(crate) step: usize,
    pub(crate) revision: i64,
    pub(crate) may_claim: bool,
    pub(crate) claimed: bool,
    /// Seconds, words.
    pub(crate) shorter: Vec<(i64, String)>,
    pub(crate) may_reassign: bool,
    /// `None`: anyone, by their short name.
    pub(crate) takers: Option<Vec<PersonRef>>,
    pub(crate) taker_needs_reason: bool,
}

/// What those whose request or access it is may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnView {
    pub(crate) may_cancel: bool,
    pub(crate) may_escalate: bool,
    pub(crate) may_remind: bool,
    /// What the button that ends it says.
    pub(crate) end: Option<&'static str>,
    /// Lengths to ask for again: seconds, words.
    pub(crate) extend: Option<Vec<(i64, String)>>,
}

impl OwnView {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What those who look after the target do by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvisionView {
    /// Is it to be taken away? Else given.
    pub(crate) remove: bool,
    pub(crate) may_retry: bool,
    pub(crate) subject: String,
    pub(crate) instructions: String,
}

/// What an administrator may do outside the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdministerView {
    pub(crate) step: usize,
    pub(crate) name: String,
    pub(crate) waiting: Vec<PersonRef>,
}

/// "Production database / orders / Write"
pub(crate) fn what(card: &RequestCard) -> String {
    match &card.resource {
        Some(resource) => format!("{} / {resource} / {}", card.app, card.entitlement),
        None => format!("{} / {}", card.app, card.entitlement),
    }
}

pub(crate) fn view(details: &Details, conversation: &Conversation) -> RequestView {
    let card = &details.card;
    let viewer = &card.viewer;
    let reader = viewer.person;
    let hours = Hours::of(details.zone.as_deref(), details.now);
    let due = match card.standing {
        Standing::Open { step, .. } => card.steps.get(step).and_then(|step| step.due_at),
        _ => None,
    };
    RequestView {
        id: card.id.0,
        title: format!("Grant {} {}", card.subject.name, what(card)),
        emergency: card.emergency,
        badge: state::badge(&card.standing, card.grant.as_ref().map(|grant| grant.state)),
        lead: state::standing(card, &hours),
        due: due.map(|due| hours.moment(due)),
        reason: match &card.standing {
            Standing::Denied { reason, .. } | Standing::Cancelled { reason, .. } => reason.trim().to_owned(),
            _ => String::new(),
        },
        facts: facts(card),
        asked_at: hours.moment(card.created_at),
        justification: card.justification.trim().to_owned(),
        escalation: escalation(card, &hours),
        steps: steps::steps(details, &hours),
        access: card.grant.as_ref().map(|grant| AccessView {
            badge: state::access_badge(grant.state),
            sentences: state::access(grant, reader, &hours),
        }),
        talk: talk::talk(conversation, reader, &hours),
        trail: trail::trail(details, &hours),
        decide: decide(details, &hours),
        desk: desk(details),
        own: own(details),
        provision: provision(card),
        administer: details
            .choices
            .administer
            .as_ref()
            .map(|(step, name, waiting)| AdministerView {
                step: *step,
                name: name.clone(),
                waiting: waiting.clone(),
            }),
        zone: hours.zone(),
        requester: card.requester.name.clone(),
    }
}

impl RequestView {
    /// Is there a form of this act on the page?
    pub(crate) fn has_form_of(&self, act: &str) -> bool {
        let desk = self.desk.as_ref();
        match Act::read(act) {
            Some(Act::Decide | Act::Shorten | Act::Later) => desk.is_some(),
            Some(Act::Claim) => desk.is_some_and(|desk| desk.may_claim && !desk.claimed),
            Some(Act::GiveBack) => desk.is_some_and(|desk| desk.claimed),
            Some(Act::Reassign) => desk.is_some_and(|desk| desk.may_reassign),
            Some(Act::Remind) => self.own.may_remind,
            Some(Act::Cancel) => self.own.may_cancel,
            Some(Act::Escalate) => self.own.may_escalate,
            Some(Act::End) => self.own.end.is_some(),
            Some(Act::Extend) => self.own.extend.is_some(),
            Some(Act::Provisioned | Act::WontDo) => self.provision.as_ref().is_some_and(|todo| !todo.remove),
            Some(Act::Removed) => self.provision.as_ref().is_some_and(|todo| todo.remove),
            Some(Act::Retry) => self.provision.as_ref().is_some_and(|todo| todo.may_retry),
            Some(Act::Administer) => self.administer.is_some(),
            Some(Act::Comment) => self.talk.may_write,
            // What somebody says about a comment that is not theirs to change any more.
            Some(Act::EditComment | Act::DeleteComment) => self.talk.entries.iter().any(|said| said.may_change),
            None => false,
        }
    }
}

fn facts(card: &RequestCard) -> Vec<(&'static str, String)> {
    let reader = card.viewer.person;
    let person = |person: &PersonRef| {
        let you = if person.id == reader { " (you)" } else { "" };
        format!("{}{you}", person.name)
    };
    let mut facts = vec![("App", card.app.clone())];
    facts.extend(card.resource.iter().map(|resource| ("Resource", resource.clone())));
    facts.push(("Entitlement", card.entitlement.clone()));
    facts.push(("Requested by", person(&card.requester)));
    facts.push(("Requested for", person(&card.subject)));
    let length = capital(&card.length.to_string());
    facts.push((
        "Duration",
        match &card.shortened {
            Some((from, by)) => format!("{length}, shortened from {from} by {}", called(by, reader)),
            None => length,
        },
    ));
    if card.extension {
        facts.push(("Kind", "More time for access that is held".to_owned()));
    }
    facts
}

fn escalation(card: &RequestCard, hours: &Hours) -> Option<(String, String)> {
    let line = card.escalation.as_ref()?;
    let by = called(&line.by, card.viewer.person);
    let what = if line.restarted {
        format!("🔁 Begun anew by administrator {by}")
    } else {
        format!("⚡ Made an emergency by {by}")
    };
    let void = match line.void {
        0 => String::new(),
        1 => " 1 earlier approval no longer counts.".to_owned(),
        more => format!(" {more} earlier approvals no longer count."),
    };
    Some((
        format!("{what} {}.{void}", hours.when(line.at)),
        line.reason.trim().to_owned(),
    ))
}

fn decide(details: &Details, hours: &Hours) -> Option<DecideView> {
    let card = &details.card;
    let may = card.viewer.may_decide.as_ref()?;
    let mine = details.asked.get(may.step).into_iter().flatten();
    let mut mine = mine.filter(|asked| asked.person.id == card.viewer.person);
    let why = mine.next().map(|asked| steps::why(&asked.why, &asked.about, card));
    Some(DecideView {
        step: may.step,
        revision: may.revision,
        why: why.map_or_else(String::new, |why| format!("You are asked: {why}.")),
        helps: card
            .viewer
            .context
            .iter()
            .flat_map(|context| helps(context, card, hours))
            .collect(),
        reason_label: match (may.reason_to_approve, may.reason_to_deny) {
            (true, true) => "Your reason (needed)",
            (true, false) => "Your reason (needed to approve)",
            (false, true) => "Your reason (needed to deny)",
            (false, false) => "Your reason (if you like)",
        },
    })
}

/// What helps to decide: has it been given before, and who in their team has it?
fn helps(context: &Context, card: &RequestCard, hours: &Hours) -> Vec<String> {
    let times = match context.given_before {
        ..=0 => format!("Never given to {} before.", card.subject.name),
        1 => "Given once before".to_owned(),
        2 => "Given twice before".to_owned(),
        times => format!("Given {times} times before"),
    };
    let mut said = vec![match context.last_given {
        Some(at) if context.given_before > 0 => format!("{times}, last {}.", hours.when(at)),
        _ if context.given_before > 0 => format!("{times}."),
        _ => times,
    }];
    // A team of one is the subject.
    if context.team_size > 1 {
        let team = match context.team.trim() {
            "" => "their team",
            team => team,
        };
        said.push(match context.team_holding {
            ..=0 => format!("Nobody in {team} holds it now."),
            holding => {
                let names: Vec<&str> = context.team_holders.iter().map(|holder| holder.name.as_str()).collect();
                let more = usize::try_from(holding)
                    .unwrap_or(names.len())
                    .saturating_sub(names.len());
                let more = if more == 0 { String::new() } else { format!(" + {more}") };
                let verb = if holding == 1 { "holds" } else { "hold" };
                format!(
                    "{holding} of {} in {team} {verb} it now: {}{more}.",
                    context.team_size,
                    names.join(", ")
                )
            }
        });
    }
    said
}

fn desk(details: &Details) -> Option<DeskView> {
    let viewer = &details.card.viewer;
    let (desk, may) = (viewer.desk?, viewer.may_decide.as_ref()?);
    let takers = details.choices.takers.clone();
    Some(DeskView {
        step: may.step,
        revision: may.revision,
        may_claim: desk.may_claim,
        claimed: desk.claimed,
        shorter: lengths(&details.choices.shorter),
        may_reassign: desk.may_reassign && takers.as_ref().is_none_or(|takers| !takers.is_empty()),
        takers,
        taker_needs_reason: details.choices.taker_needs_reason,
    })
}

fn lengths(seconds: &[i64]) -> Vec<(i64, String)> {
    seconds.iter().map(|seconds| (*seconds, spoken(*seconds))).collect()
}

fn own(details: &Details) -> OwnView {
    let card = &details.card;
    let viewer = &card.viewer;
    let active = card
        .grant
        .as_ref()
        .is_some_and(|grant| grant.state == GrantState::Active);
    OwnView {
        may_cancel: viewer.may_cancel,
        may_escalate: viewer.may_escalate,
        may_remind: viewer.may_remind,
        end: viewer.may_end.then_some(if active {
            "I’m done"
        } else {
            "I don’t need it any more"
        }),
        extend: viewer.may_extend.then(|| lengths(&details.choices.again)),
    }
}

fn provision(card: &RequestCard) -> Option<ProvisionView> {
    let viewer = &card.viewer;
    let grant = card.grant.as_ref()?;
    (viewer.may_provision || viewer.may_deprovision).then(|| ProvisionView {
        remove: viewer.may_deprovision,
        may_retry: viewer.may_retry,
        subject: card.subject.name.clone(),
        instructions: grant.instructions.trim().to_owned(),
    })
}
