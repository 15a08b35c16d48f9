//! The one door to state: lock, look at the present, decide, save, append to the audit, write jobs down.
//!
//! Invariant: what happens to requests and grants is written here and nowhere else. (When somebody has to look at them
//! again, and what a connector notes for itself, is bookkeeping.)

use super::{
    Actor, Error,
    consequences::{self, Effects},
    facts,
    job::{self, Job},
};
use crate::{
    db::{self, Tx, audit::Entry},
    domain::{
        event::{About, Cause, Event},
        facts::Facts,
        grant::{self, Grant, GrantState},
        ids::{GrantId, PersonId, RequestId},
        person::Person,
        refusal::Refusal,
        request::{self, Request},
        step::would_ask,
    },
};
use chrono::{DateTime, Utc};

/// With so many jobs at once it matters which go first.
const MANY: usize = 20;

/// What has happened in one transaction, in order, with who did it.
#[derive(Debug)]
pub(super) struct Happened {
    /// Each event, and whether the actor did it (else it followed by itself).
    events: Vec<(Event, bool)>,
    /// The people whose approval an emergency does without.
    skipped: Vec<PersonId>,
}

impl Happened {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            skipped: Vec::new(),
        }
    }

    fn by_itself(&mut self, events: Vec<Event>) {
        self.events.extend(events.into_iter().map(|event| (event, false)));
    }

    fn by_actor(&mut self, events: Vec<Event>) {
        self.events.extend(events.into_iter().map(|event| (event, true)));
    }

    /// Does it concern other grants of the same person and entitlement? One that ended was waited for; one that works
    /// takes over from those that are being taken away.
    fn moves_others(&self) -> bool {
        let moves = |event: &Event| matches!(event, Event::Ended { .. } | Event::Provisioned { .. });
        self.events.iter().any(|(event, _)| moves(event))
    }

    fn entries(&self, actor: Actor, about: About, emergency: bool) -> Vec<Entry> {
        self.events
            .iter()
            .map(|(event, acted)| {
                let actor = if *acted { actor } else { Actor::SYSTEM };
                Entry {
                    actor: actor.person,
                    via: actor.via.word(),
                    about,
                    emergency,
                    event: event.clone(),
                }
            })
            .collect()
    }
}

/// Writes a new request that `event` (a [`Event::Submitted`]) makes, with all that follows at once. `skipped` are the
/// people whose approval an emergency does without.
///
/// # Errors
/// [`Refusal::NobodyToAsk`], or a constraint that says there is one already.
pub(super) async fn begin_request(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    event: Event,
    facts: &Facts,
    skipped: Vec<PersonId>,
    origin: Option<&str>,
) -> Result<Request, Error> {
    let mut request = Request::submitted(RequestId(0), &event, now)
        .ok_or_else(|| anyhow::anyhow!("a request begins with its submission"))?;
    let followed = request.proceed(facts, now);
    if followed.contains(
        &(Event::Closed {
            cause: Cause::NobodyToAsk,
        }),
    ) {
        return Err(Refusal::NobodyToAsk.into());
    }
    let mut happened = Happened::new();
    happened.skipped = skipped;
    happened.by_actor(vec![event]);
    happened.by_itself(followed);
    request.id = db::requests::insert(tx, &request, actor.via.word(), origin).await?;
    finish_request(tx, now, actor, &request, facts, &happened).await?;
    Ok(request)
}

/// Changes a request that exists. `may` is asked with the facts of the moment, under the lock. What followed by itself is
/// true also when the command is refused (inside: by `may`, or by the request itself).
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub(super) async fn change_request(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    id: RequestId,
    command: &request::Command,
    may: impl FnOnce(&Request, &Facts) -> Result<(), Refusal>,
) -> Result<Result<Request, Refusal>, Error> {
    let request = db::requests::lock(tx, id).await?.ok_or(Error::NotFound)?;
    let also = command.people().into_iter().chain(actor.person);
    let length = match command {
        request::Command::Shorten { to, .. } => Some(*to),
        _ => None,
    };
    let facts = facts::of_change(tx, now, &request, also, None, length).await?;
    change_locked(tx, now, actor, request, &facts, |request, facts| {
        may(request, facts)?;
        Ok(command.clone())
    })
    .await
}

/// Changes a request that is locked, with the facts of this moment. `command` says what is wanted, or why it may not be.
///
/// # Errors
/// The database's.
pub(super) async fn change_locked(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    mut request: Request,
    facts: &Facts,
    command: impl FnOnce(&Request, &Facts) -> Result<request::Command, Refusal>,
) -> Result<Result<Request, Refusal>, Error> {
    let mut happened = Happened::new();
    // The approvers of this moment decide, not those of when the buttons were shown.
    happened.by_itself(request.proceed(facts, now));
    let names = |person| facts.name(person);
    let decided = command(&request, facts).and_then(|command| request.decide(&command, &names));
    let refused = match decided {
        Ok(decided) => {
            if decided.iter().any(|event| matches!(event, Event::Escalated { .. })) {
                let steps = request.steps.iter().map(|step| &step.spec);
                happened.skipped = would_ask(steps, facts, &request.asked_anew());
            }
            decided.iter().for_each(|event| request.apply(event, now));
            happened.by_actor(decided);
            happened.by_itself(request.proceed(facts, now));
            None
        }
        // Nothing has happened, so there is nothing to write.
        Err(refusal) if happened.events.is_empty() => return Ok(Err(refusal)),
        Err(refusal) => Some(refusal),
    };
    db::requests::save(tx, &request).await?;
    finish_request(tx, now, actor, &request, facts, &happened).await?;
    Ok(refused.map_or(Ok(request), Err))
}

async fn finish_request(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    request: &Request,
    facts: &Facts,
    happened: &Happened,
) -> Result<(), Error> {
    let mut entries = happened.entries(actor, About::Request(request.id), request.emergency);
    let mut effects = Effects::default();
    for (event, _) in &happened.events {
        consequences::of_request(event, request, facts, &happened.skipped, &mut effects);
        if let Event::Decided { step, person, .. } = event
            && let Some(decision) = request.steps.get(*step).and_then(|step| step.decision_of(*person))
        {
            db::requests::insert_decision(tx, request, *step, decision, actor.via.word()).await?;
        }
    }
    if happened.events.iter().any(|(event, _)| begins_anew(event)) {
        db::reminders::forget(tx, request).await?;
    }
    if happened.events.iter().any(|(event, _)| changes_who_is_asked(event)) {
        effects.first_reminder = request.first_reminder(now);
        db::requests::set_asked(tx, request, effects.first_reminder).await?;
    }
    for (event, _) in &happened.events {
        reminders(tx, now, request, event).await?;
    }
    if effects.grants {
        entries.extend(hold(tx, now, request, facts, &mut effects).await?);
    }
    if !entries.is_empty() {
        db::audit::append(tx, now, &entries).await?;
    }
    let jobs = effects.write(tx, now, request.id, request.bundle).await?;
    // So many that Slack makes some of them wait: not whoever asked, and not whoever has just acted.
    let first = if jobs.len() > MANY {
        let people = [Some(request.requester), Some(request.subject), actor.person];
        let people: Vec<PersonId> = people.into_iter().flatten().collect();
        db::cards::of_people(tx, request.id, &people).await?
    } else {
        Vec::new()
    };
    Ok(job::enqueue_before_others(tx, now, &jobs, &first).await?)
}

/// Who is left in peace, and who is reminded sooner.
async fn reminders(tx: &mut Tx<'_>, now: DateTime<Utc>, request: &Request, event: &Event) -> Result<(), Error> {
    match event {
        Event::Decided { step, person, .. } => db::reminders::stop(tx, request, *step, *person).await?,
        Event::Claimed { person, until, .. } => {
            db::reminders::quiet(tx, request, Some((*person, *until))).await?;
            db::channel_reminders::quiet(tx, request, Some(*until)).await?;
        }
        Event::ClaimEnded { .. } => {
            db::reminders::quiet(tx, request, None).await?;
            db::channel_reminders::quiet(tx, request, None).await?;
        }
        Event::Nudged { .. } | Event::DeadlineReminded { .. } => {
            db::reminders::hurry(tx, request, now).await?;
            db::channel_reminders::hurry(tx, request, now).await?;
        }
        _ => {}
    }
    Ok(())
}

/// The same people may be asked the same step anew, and hear of it as of something new.
fn begins_anew(event: &Event) -> bool {
    matches!(event, Event::Escalated { .. } | Event::Restarted { .. })
}

fn changes_who_is_asked(event: &Event) -> bool {
    !matches!(
        event,
        Event::Submitted { .. } | Event::Decided { .. } | Event::StepWidened { .. } | Event::StepPassed { .. }
    )
}

/// Has an approved request hold on the live grant, or on a new one.
async fn hold(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    request: &Request,
    facts: &Facts,
    effects: &mut Effects,
) -> Result<Vec<Entry>, Error> {
    let live = db::grants::lock_live(tx, request.subject, request.entitlement).await?;
    let added = Event::HoldAdded {
        request: request.id,
        subject: request.subject,
        entitlement: request.entitlement,
        length: request.length,
    };
    let grant = match live {
        Some(mut grant) => {
            grant.apply(&added, now);
            grant
        }
        None => {
            let id = db::grants::insert(tx, request.subject, request.entitlement, now).await?;
            Grant::begun(id, &added, now).ok_or_else(|| anyhow::anyhow!("a grant begins with a hold"))?
        }
    };
    db::grants::save(tx, &grant).await?;
    if grant.state == GrantState::Active {
        // The access works already: only its end moves, also in what the earlier requests show.
        effects.lengthened(request, facts, &grant);
    } else if db::reading::is_provisioned_by_hand(tx, facts.entitlement.app.id).await? {
        caring(facts)
            .into_iter()
            .for_each(|person| effects.reader(person, "provisioner"));
    } else {
        effects.settle(grant.id);
    }
    Ok(vec![Entry {
        actor: None,
        via: Actor::SYSTEM.via.word(),
        about: About::Grant(grant.id),
        emergency: request.emergency,
        event: added,
    }])
}

/// Who looks after a grant's entitlement, for a check of authority.
#[derive(Debug)]
pub(super) struct Caretakers {
    /// The person who acts, if somebody does.
    pub(super) actor: Option<Person>,
    /// The subject.
    pub(super) subject: Person,
    /// Owners of the entitlement, or of its resource where it has none, else of its app.
    pub(super) owners: Vec<PersonId>,
    /// Do people provision it, or a connector?
    pub(super) by_hand: bool,
    /// What it is about.
    pub(super) title: String,
    /// Is it there to try the emergency path out?
    pub(super) drill: bool,
}

/// Changes a grant. `may` is asked with the facts of the moment, under the lock.
///
/// # Errors
/// [`Error::NotFound`], what `may` refuses, or what the grant itself refuses.
pub(super) async fn change_grant(
    tx: &mut Tx<'_>,
    now: DateTime<Utc>,
    actor: Actor,
    id: GrantId,
    decide: impl FnOnce(&Grant, &Caretakers) -> Result<grant::Command, Refusal>,
) -> Result<Grant, Error> {
    let mut grant = db::grants::lock(tx, id).await?.ok_or(Error::NotFound)?;
    let caretakers = caretakers(tx, now, &grant, actor).await?;
    let mut happened = Happened::new();
    happened.by_itself(grant.proceed(now));
    let command = decide(&grant, &caretakers)?;
    let decided = grant.decide(&command)?;
    decided.iter().for_each(|event| grant.apply(event, now));
    happened.by_actor(decided);
    happened.by_itself(grant.proceed(now));
    db::grants::save(tx, &grant).await?;
    let holding: Vec<RequestId> = grant.holds.iter().map(|hold| hold.request).collect();
    let emergencies = db::reading::emergencies(tx, &holding).await?;
    let entries = happened.entries(actor, About::Grant(grant.id), !emergencies.is_empty());
    if !entries.is_empty() {
        db::audit::append(tx, now, &entries).await?;
    }
    let mut jobs = Vec::new();
    // Written after all places were given, in one go: lanes are locked in order, so no two transactions wait for each other.
    if happened.moves_others() {
        jobs.extend(
            db::grants::unsettled_beside(tx, &grant)
                .await?
                .into_iter()
                .map(Job::SettleGrant),
        );
    }
    let requests: Vec<RequestId> = grant.holds.iter().map(|hold| hold.request).collect();
    for request in requests {
        let mut effects = Effects::of(emergencies.contains(&request));
        for (event, _) in &happened.events {
            consequences::of_grant(event, &grant, request, &caretakers, &mut effects);
        }
        // Places in a conversation are given under the request's lock. A request that holds on to this grant is closed,
        // so nobody who has its lock waits for the grant's.
        let bundle = db::requests::hold_still(tx, request).await?;
        jobs.extend(effects.write(tx, now, request, bundle).await?);
    }
    job::enqueue(tx, now, &jobs).await?;
    Ok(grant)
}

async fn caretakers(tx: &mut Tx<'_>, now: DateTime<Utc>, grant: &Grant, actor: Actor) -> Result<Caretakers, Error> {
    let entitlement = db::catalog::entitlement_in(tx, grant.entitlement)
        .await?
        .ok_or(Error::NotFound)?;
    let by_hand = db::reading::is_provisioned_by_hand(tx, entitlement.app.id).await?;
    let concerned = db::facts::Concerned {
        requester: actor.person.unwrap_or(grant.subject),
        subject: grant.subject,
        others: Vec::new(),
        keys: Vec::new(),
        groups: Vec::new(),
        rotations: Vec::new(),
        now,
    };
    let facts = db::facts::load(tx, &concerned, entitlement).await?;
    let owners = caring(&facts);
    Ok(Caretakers {
        actor: actor.person.and_then(|person| facts.person(person).cloned()),
        subject: facts.person(grant.subject).cloned().ok_or(Error::NotFound)?,
        owners,
        by_hand,
        title: facts.entitlement.title(),
        drill: facts.entitlement.emergency.drill,
    })
}

/// Who looks after an entitlement: its owners at work, else the last resort.
fn caring(facts: &Facts) -> Vec<PersonId> {
    let mut owners = facts.entitlement_owners.clone();
    owners.retain(|owner| facts.person(*owner).is_some_and(Person::takes_part));
    if owners.is_empty() {
        facts.last_resort.clone()
    } else {
        owners
    }
}
