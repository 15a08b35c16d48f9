//! A request as one person sees it: the one source of every card, list line and page about it.

use super::names::Names;
use crate::{
    db::{self, Db, DbError, reading::GrantRow},
    domain::{
        self,
        catalog::Entitlement,
        event::Cause,
        grant::GrantState,
        ids::{GrantId, PersonId, RequestId},
        length::Length,
        person::Person,
        policy::StepSpec,
        request::{Request, RequestState},
        step::{Step, StepState, Verdict, Why},
    },
    usecases::{System, authorize},
};
use chrono::{DateTime, Utc};

/// A person, as far as a card names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PersonRef {
    /// Their number; the Slack door turns it into a mention where it can.
    pub id: PersonId,
    /// Their name.
    pub name: String,
}

/// A request and what has come of it, as `viewer` sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCard {
    /// Its number.
    pub id: RequestId,
    /// The app's name.
    pub app: String,
    /// The resource's name, if there is one.
    pub resource: Option<String>,
    /// The entitlement's name.
    pub entitlement: String,
    /// Who asked.
    pub requester: PersonRef,
    /// For whom.
    pub subject: PersonRef,
    /// For how long.
    pub length: Length,
    /// What was asked for, and who made it shorter.
    pub shortened: Option<(Length, PersonRef)>,
    /// Why.
    pub justification: String,
    /// ⚡
    pub emergency: bool,
    /// Does it lengthen access that is held?
    pub extension: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How it stands.
    pub standing: Standing,
    /// Every step of the plan, in order.
    pub steps: Vec<StepLine>,
    /// How it became an emergency, if it was not one from the start.
    pub escalation: Option<EscalationLine>,
    /// What became of it, once it is approved.
    pub grant: Option<GrantLine>,
    /// Address of the details page, if c1 knows its own address.
    pub url: Option<String>,
    /// What the person looking at it may do, and why they see it.
    pub viewer: Viewer,
}

/// How a request stands, with the people to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Being decided.
    Open {
        /// The step, from 0.
        step: usize,
        /// Who can still decide it, in order.
        awaiting: Vec<PersonRef>,
        /// How many approvals are still missing.
        missing: usize,
    },
    /// Open, and nobody decides now: it waits for a time or until something is so.
    Waiting {
        /// The step, from 0.
        step: usize,
        /// When that is over.
        until: Option<DateTime<Utc>>,
    },
    /// All steps passed.
    Approved {
        /// Who approved last; `None`: a rule.
        by: Option<PersonRef>,
    },
    /// The last step was passed over by an administrator: no approval.
    Overridden {
        /// By whom.
        by: PersonRef,
    },
    /// Denied.
    Denied {
        /// By whom; `None`: a rule or a deadline.
        by: Option<PersonRef>,
        /// Why.
        reason: String,
    },
    /// Called off.
    Cancelled {
        /// By whom; `None`: a deadline.
        by: Option<PersonRef>,
        /// Why; may be empty.
        reason: String,
        /// Did an administrator?
        admin: bool,
    },
    /// Nobody decided in time.
    Expired,
    /// It lost its object.
    Closed {
        /// Why.
        cause: Cause,
    },
}

/// How a request came to follow another plan: it became an emergency, or began anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationLine {
    /// Who made it one.
    pub by: PersonRef,
    /// What had changed; may be empty.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// How many approvals count no more because of it.
    pub void: usize,
    /// Did an administrator have it begin anew? Else it became an emergency.
    pub restarted: bool,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// What people call it.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// Who is (or was) asked; before it is reached, empty.
    pub approvers: Vec<PersonRef>,
    /// How many approvals it needs.
    pub needed: usize,
    /// What was decided, in order.
    pub decisions: Vec<DecisionLine>,
    /// When it must be decided.
    pub due_at: Option<DateTime<Utc>>,
    /// Who is on it, and until when.
    pub claim: Option<(PersonRef, DateTime<Utc>)>,
    /// Places that were given to others, in order.
    pub reassigned: Vec<ReassignedLine>,
    /// Who skipped it, and why, if an administrator did.
    pub skipped: Option<(PersonRef, String)>,
    /// Does it only wait, so that nobody decides it?
    pub waits: bool,
}

/// A place that was given to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignedLine {
    /// Whose it was.
    pub from: PersonRef,
    /// Whose it is.
    pub to: PersonRef,
    /// Who gave it: its holder, or an administrator.
    pub by: PersonRef,
    /// Why; may be empty.
    pub reason: String,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionLine {
    /// Who.
    pub by: PersonRef,
    /// What.
    pub verdict: Verdict,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What became of an approved request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    /// Its number.
    pub id: GrantId,
    /// How it stands.
    pub state: GrantState,
    /// When it began to work.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub until: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// What the people who provision it by hand have to do.
    pub instructions: String,
    /// The people who provision it, where no connector does.
    pub provisioners: Vec<PersonRef>,
    /// Who gave it by hand; `None`: a connector, or nobody yet.
    pub given_by: Option<PersonRef>,
    /// Who ended it or took it away by hand; `None`: time, a rule or a connector.
    pub ended_by: Option<PersonRef>,
}

/// Why a person sees a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// They asked, or it is for them.
    Requester,
    /// They are, or were, asked to decide.
    Approver,
    /// They are to give or take the access by hand.
    Provisioner,
    /// It is a channel, where this step (from 0) is asked: whoever reads it there is nobody in particular.
    Channel(usize),
}

/// Whoever reads a card in a channel. Nobody has this number.
pub const NOBODY: PersonId = PersonId(0);

/// What the person looking at a card may do. Only for showing the right buttons: the use cases check again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Who is looking.
    pub person: PersonId,
    /// Why they see it.
    pub role: Role,
    /// The decision they may make, if any.
    pub may_decide: Option<MayDecide>,
    /// Why they were picked, while they are asked.
    pub why: Option<Why>,
    /// The name of the group or app that `why` is about.
    pub why_name: String,
    /// What they decided, if they did.
    pub decided: Option<Verdict>,
    /// Were they asked, or did they decide, before it became an emergency?
    pub overtaken: bool,
    /// May they call it off?
    pub may_cancel: bool,
    /// May they make it an emergency?
    pub may_escalate: bool,
    /// May they end the access ("I'm done")?
    pub may_end: bool,
    /// May they ask for more time?
    pub may_extend: bool,
    /// Are they to give it by hand ("Provisioned", "Won't do")?
    pub may_provision: bool,
    /// Could a connector not give it, so that it can be told to try again?
    pub may_retry: bool,
    /// Are they to take it away by hand ("Removed")?
    pub may_deprovision: bool,
    /// What helps to decide.
    pub context: Option<Context>,
    /// What they may do beside deciding.
    pub desk: Option<Desk>,
    /// May they have the approvers reminded?
    pub may_remind: bool,
    /// May they act on it outside its plan?
    pub may_administer: bool,
}

/// What an approver may do beside deciding: the choices of their menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Are they on it?
    pub claimed: bool,
    /// May they take it on?
    pub may_claim: bool,
    /// May they give it to somebody else?
    pub may_reassign: bool,
}

/// The decision a person may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayDecide {
    /// The step they would decide.
    pub step: usize,
    /// The revision of the request they see.
    pub revision: i64,
    /// Does an approval need a reason?
    pub reason_to_approve: bool,
    /// Does a denial?
    pub reason_to_deny: bool,
}

/// What helps an approver to decide.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Context {
    /// How often the subject was given this before.
    pub given_before: i64,
    /// When last.
    pub last_given: Option<DateTime<Utc>>,
    /// The name of the subject's team; may be empty.
    pub team: String,
    /// People of the subject's team who hold it now (at most three are named).
    pub team_holders: Vec<PersonRef>,
    /// How many of the team hold it.
    pub team_holding: i64,
    /// How many are in the team.
    pub team_size: i64,
}

/// Reads a card for a person in a role; `None` when there is no such request.
///
/// The role says why the person has a copy; it gives no rights, and nothing is shown beyond what the role needs.
///
/// # Errors
/// The database's.
pub async fn request_card(
    system: &System,
    id: RequestId,
    viewer: PersonId,
    role: Role,
) -> Result<Option<RequestCard>, DbError> {
    let db = &system.db;
    let Some(request) = db::requests::get(db, id).await? else {
        return Ok(None);
    };
    let Some(entitlement) = db::catalog::entitlement(db, request.entitlement).await? else {
        return Ok(None);
    };
    let grant = if request.state == RequestState::Approved {
        db::reading::grant_of(db, id).await?
    } else {
        None
    };
    let owners = grant
        .iter()
        .flat_map(|grant| grant.owners.iter().copied().chain(grant.given_by).chain(grant.ended_by));
    let absent = request.steps.iter().flat_map(|step| &step.approvers);
    let absent = absent.filter_map(|approver| match &approver.why {
        Why::StandsIn { of, .. } => Some(*of),
        _ => None,
    });
    let named: Vec<PersonId> = owners.chain(absent).chain([viewer]).collect();
    let names = Names::of(db, std::slice::from_ref(&request), named).await?;
    let may_decide = match role {
        Role::Approver => may_decide(&request, viewer),
        Role::Channel(step) => decision(&request).filter(|may| may.step == step),
        Role::Requester | Role::Provisioner => None,
    };
    let context = match &may_decide {
        Some(_) => Some(context(db, &request, names.person(request.subject)).await?),
        None => None,
    };
    let person = names.person(viewer);
    let manages = names
        .person(request.subject)
        .is_some_and(|subject| subject.manager == Some(viewer));
    let own = viewer == request.requester || viewer == request.subject;
    let admin = person.is_some_and(|person| {
        person.is(domain::person::Role::RequestAdmin) || person.is(domain::person::Role::SuperAdmin)
    });
    let may_escalate = role == Role::Requester
        && match person {
            Some(person) => may_escalate(system, &request, &entitlement, person).await?,
            None => false,
        };
    let live = grant.as_ref().is_some_and(|grant| grant.state.is_live());
    let by_hand = |states: &[GrantState]| {
        role == Role::Provisioner && grant.as_ref().is_some_and(|grant| states.contains(&grant.state))
    };
    let asked = request.steps.iter().rev().find(|step| step.asks(viewer));
    let why = asked
        .and_then(|step| step.approvers.iter().find(|approver| approver.person == viewer))
        .map(|approver| approver.why.clone())
        .filter(|_| role == Role::Approver);
    let decided = request
        .steps
        .iter()
        .rev()
        .find_map(|step| step.decision_of(viewer))
        .map(|decision| decision.verdict);
    let asks_people = request
        .current()
        .is_some_and(|(_, step)| matches!(step.spec, StepSpec::Approval(_)));
    let desk = may_decide.as_ref().and_then(|_| desk(&request, viewer));
    let viewer = Viewer {
        person: viewer,
        role,
        why_name: match &why {
            Some(Why::Group(key)) => db::reading::group_name(db, key).await?.unwrap_or_else(|| key.clone()),
            Some(Why::Reassigned(from)) => names.get(*from).name,
            Some(Why::OnCall(key)) => db::rotations::name(db, key).await?.unwrap_or_else(|| key.clone()),
            Some(Why::ResourceOwner) => entitlement
                .resource
                .clone()
                .unwrap_or_else(|| entitlement.app.name.clone()),
            Some(Why::StandsIn { of, .. }) => names.get(*of).name,
            _ => entitlement.app.name.clone(),
        },
        why,
        may_decide,
        decided: decided.filter(|_| role == Role::Approver),
        overtaken: request
            .earlier
            .iter()
            .flat_map(|round| &round.steps)
            .any(|step| step.asks(viewer) || step.decision_of(viewer).is_some()),
        may_escalate,
        may_cancel: role == Role::Requester && request.is_open() && (own || manages || admin),
        may_end: role == Role::Requester && live && viewer == request.subject,
        may_extend: role == Role::Requester
            && viewer == request.subject
            && grant
                .as_ref()
                .is_some_and(|grant| grant.state == GrantState::Active && grant.until.is_some()),
        may_provision: by_hand(&[GrantState::Provisioning, GrantState::Failed])
            && grant.as_ref().is_some_and(|grant| grant.ended_by.is_none()),
        may_retry: by_hand(&[GrantState::Failed])
            && grant
                .as_ref()
                .is_some_and(|grant| !grant.by_hand && grant.ended_by.is_none()),
        may_deprovision: by_hand(&[GrantState::Ending, GrantState::EndOverdue]),
        context,
        desk,
        may_remind: role == Role::Requester && own && asks_people,
        may_administer: admin && !own && request.is_open(),
    };
    Ok(Some(RequestCard {
        id,
        app: entitlement.app.name.clone(),
        resource: entitlement.resource.clone(),
        entitlement: entitlement.name.clone(),
        requester: names.get(request.requester),
        subject: names.get(request.subject),
        length: request.length,
        shortened: request
            .shortened
            .as_ref()
            .map(|shortened| (shortened.from, names.get(shortened.by))),
        justification: request.justification.clone(),
        emergency: request.emergency,
        extension: request.extension,
        created_at: request.created_at,
        standing: names.standing(&request),
        steps: request.steps.iter().map(|step| step_line(step, &names)).collect(),
        escalation: request.earlier.last().map(|round| EscalationLine {
            by: names.get(round.by),
            reason: round.reason.clone(),
            at: round.at,
            void: round.steps.iter().map(Step::approvals).sum(),
            restarted: round.restarted,
        }),
        grant: grant.map(|grant| grant_line(grant, &names)).transpose()?,
        url: system.request_url(id),
        viewer,
    }))
}

/// May this person make it an emergency now? Asks the database only where it could be.
async fn may_escalate(
    system: &System,
    request: &Request,
    entitlement: &Entitlement,
    person: &Person,
) -> Result<bool, DbError> {
    if !request.is_open() || request.emergency || !entitlement.emergency.enabled {
        return Ok(false);
    }
    let concerned = db::facts::Concerned {
        requester: person.id,
        subject: request.subject,
        others: Vec::new(),
        keys: Vec::new(),
        groups: Vec::new(),
        rotations: Vec::new(),
        now: system.clock.now(),
    };
    let facts = db::facts::glance(&system.db, &concerned, entitlement.clone()).await?;
    Ok(authorize::escalate(person, request, &facts).is_ok())
}

/// The decision a person may make now, judging by who was asked when the request was last looked at.
pub(super) fn may_decide(request: &Request, person: PersonId) -> Option<MayDecide> {
    let (_, step) = request.current()?;
    decision(request).filter(|_| step.asks(person) && step.decision_of(person).is_none())
}

/// The decision that is to be made, by whoever may.
fn decision(request: &Request) -> Option<MayDecide> {
    let (place, step) = request.current()?;
    let StepSpec::Approval(approval) = &step.spec else {
        return None;
    };
    Some(MayDecide {
        step: place,
        revision: request.revision,
        reason_to_approve: approval.reason.asks(true),
        reason_to_deny: approval.reason.asks(false),
    })
}

/// What an approver may do beside deciding the step that is open.
fn desk(request: &Request, person: PersonId) -> Option<Desk> {
    let (_, step) = request.current()?;
    let StepSpec::Approval(approval) = &step.spec else {
        return None;
    };
    Some(Desk {
        claimed: step.claim.as_ref().is_some_and(|claim| claim.by == person),
        may_claim: step.claim.is_none(),
        may_reassign: approval.reassign.is_some(),
    })
}

fn step_line(step: &Step, names: &Names) -> StepLine {
    StepLine {
        name: step.name().to_owned(),
        state: step.state,
        approvers: step
            .approvers
            .iter()
            .map(|approver| names.get(approver.person))
            .collect(),
        needed: step.needed(),
        decisions: step
            .decisions
            .iter()
            .map(|decision| DecisionLine {
                by: names.get(decision.person),
                verdict: decision.verdict,
                reason: decision.reason.clone(),
                at: decision.at,
            })
            .collect(),
        due_at: step.due_at,
        claim: step.claim.as_ref().map(|claim| (names.get(claim.by), claim.until)),
        reassigned: step
            .reassigned
            .iter()
            .map(|given| ReassignedLine {
                from: names.get(given.from),
                to: names.get(given.to),
                by: names.get(given.by),
                reason: given.reason.clone(),
            })
            .collect(),
        skipped: step
            .skipped
            .as_ref()
            .map(|skipped| (names.get(skipped.by), skipped.reason.clone())),
        waits: matches!(step.spec, StepSpec::Wait(_)),
    }
}

fn grant_line(grant: GrantRow, names: &Names) -> Result<GrantLine, DbError> {
    let by_hand = grant.by_hand || matches!(grant.state, GrantState::Failed | GrantState::EndOverdue);
    Ok(GrantLine {
        id: grant.id,
        state: grant.state,
        started_at: grant.started_at,
        until: grant.until,
        ended_at: grant.ended_at,
        cause: grant.cause.as_deref().and_then(Cause::from_word),
        trouble: grant.trouble,
        instructions: grant.instructions,
        given_by: grant.given_by.map(|by| names.get(by)),
        ended_by: grant.ended_by.map(|by| names.get(by)),
        provisioners: if by_hand {
            grant.owners.iter().map(|owner| names.get(*owner)).collect()
        } else {
            Vec::new()
        },
    })
}

async fn context(db: &Db, request: &Request, subject: Option<&domain::person::Person>) -> Result<Context, DbError> {
    let row = db::reading::context(db, request).await?;
    Ok(Context {
        given_before: row.given_before,
        last_given: row.last_given,
        team_holders: row
            .holders
            .into_iter()
            .map(|(id, name)| PersonRef { id, name })
            .collect(),
        team_holding: row.holding,
        team_size: row.team_size,
        team: subject.map(|subject| subject.team.clone()).unwrap_or_default(),
    })
}

/// The card for whoever may see the request, in the role that lets them do most; `None` also when they may not.
///
/// # Errors
/// The database's.
pub async fn visible_card(
    system: &System,
    id: RequestId,
    person: &domain::person::Person,
) -> Result<Option<RequestCard>, DbError> {
    let db = &system.db;
    let Some(request) = db::requests::get(db, id).await? else {
        return Ok(None);
    };
    let (owners, manager) = super::conversation::concerned(db, &request).await?;
    if !authorize::may_see(person, &request, &owners, manager) {
        return Ok(None);
    }
    let role = if may_decide(&request, person.id).is_some() {
        Role::Approver
    } else if request.state == RequestState::Approved
        && owners.contains(&person.id)
        && person.id != request.subject
        && person.id != request.requester
    {
        Role::Provisioner
    } else {
        Role::Requester
    };
    request_card(system, id, person.id, role).await
}

impl RequestCard {
    /// Everyone it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        let steps = self.steps.iter().flat_map(|step| {
            step.approvers
                .iter()
                .chain(step.decisions.iter().map(|decision| &decision.by))
                .chain(step.claim.iter().map(|(by, _)| by))
                .chain(step.skipped.iter().map(|(by, _)| by))
                .chain(
                    step.reassigned
                        .iter()
                        .flat_map(|given| [&given.from, &given.to, &given.by]),
                )
        });
        let grant = self
            .grant
            .iter()
            .flat_map(|grant| grant.provisioners.iter().chain(&grant.given_by).chain(&grant.ended_by));
        let context = self.viewer.context.iter().flat_map(|context| &context.team_holders);
        let all = [&self.requester, &self.subject]
            .into_iter()
            .chain(self.escalation.iter().map(|escalation| &escalation.by))
            .chain(steps)
            .chain(grant)
            .chain(context)
            .chain(self.shortened.iter().map(|(_, by)| by));
        all.map(|person| person.id).chain(self.standing.people()).collect()
    }
}

impl Standing {
    /// Everyone it names.
    #[must_use]
    pub fn people(&self) -> Vec<PersonId> {
        match self {
            Self::Open { awaiting, .. } => awaiting.iter().map(|person| person.id).collect(),
            Self::Approved { by } | Self::Denied { by, .. } | Self::Cancelled { by, .. } => {
                by.iter().map(|person| person.id).collect()
            }
            Self::Overridden { by } => vec![by.id],
            Self::Waiting { .. } | Self::Expired | Self::Closed { .. } => Vec::new(),
        }
    }
}
