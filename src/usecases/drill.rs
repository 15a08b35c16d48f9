//! Drills of the emergency path: begun by the operator or by time, looked at until they are over. What was found is filed
//! as evidence, and what failed is an alarm.

use super::{
    Actor, Error, System, Via,
    cancel_request::cancel_request,
    end_grant::end_grant,
    job, raise_alarm,
    submit_request::{Submission, submit_request},
};
use crate::{
    db::{
        self,
        alarms::NewAlarm,
        audit::Entry,
        drills::{Seen, Told},
    },
    domain::{
        alarm::AlarmKind,
        drill::{Drill, Leg, Stands},
        event::{About, Event},
        grant::GrantState,
        ids::{EntitlementId, PersonId},
        refusal::Refusal,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// The name of its scheduled runs.
const NAME: &str = "drill";

/// A drill that is later than this waits for its next time: nobody is surprised by one after an outage, or as soon as it
/// is set up.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Begins a drill. [`look`] takes it from there, and may be called by anybody, as often as they like.
///
/// # Errors
/// [`Refusal::NotForDrills`], or the database's.
pub async fn begin(system: &System, actor: Actor, entitlement: EntitlementId) -> Result<i64, Error> {
    let now = system.clock.now();
    system
        .db
        .write("begin_drill", async |tx| {
            let person = actor.somebody()?;
            let entitlement = db::catalog::entitlement_in(tx, entitlement)
                .await?
                .filter(|found| found.emergency.drill && found.offered)
                .ok_or(Refusal::NotForDrills)?;
            Ok(db::drills::begin(tx, entitlement.id, person, actor.via.word(), now).await?)
        })
        .await
}

/// Begins the drill whose time has come, if it was not begun: any number of replicas may ask at the same moment.
///
/// # Errors
/// The database's.
pub async fn begin_scheduled(system: &System) -> Result<(), Error> {
    let now = system.clock.now();
    let Some(schedule) = db::settings::read(&system.db).await?.drill else {
        return Ok(());
    };
    let slot = schedule.latest(now);
    if db::reviews::was_run(&system.db, NAME, slot).await? {
        return Ok(());
    }
    let entitlement = db::catalog::entitlement_by_path(&system.db, &schedule.entitlement).await?;
    let person = db::people::person_by_key(&system.db, &schedule.by).await?;
    let (Some(entitlement), Some(person)) = (entitlement, person) else {
        tracing::error!(
            drill.entitlement = schedule.entitlement,
            drill.by = schedule.by,
            "the drill that is set up names somebody or something that is not there"
        );
        return Ok(());
    };
    system
        .db
        .write("begin_scheduled_drill", async |tx| {
            if db::reviews::claim_run(tx, NAME, slot, now).await? && now - slot < LATE {
                db::drills::begin(tx, entitlement.id, person.id, Via::System.word(), now).await?;
            }
            Ok(())
        })
        .await
}

/// Looks at a drill and takes it as far as it goes now. Looking once too often changes nothing.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn look(system: &System, id: i64) -> Result<Drill, Error> {
    loop {
        let drill = db::drills::get(&system.db, id).await?.ok_or(Error::NotFound)?;
        if drill.finished_at.is_some() {
            return Ok(drill);
        }
        let actor = actor_of(&drill);
        let Some((leg, _)) = drill.current() else {
            // Nothing of a drill is left behind, also when somebody dies right here: it is over only after that.
            clean_up(system, actor, &drill).await?;
            finish(system, id).await?;
            continue;
        };
        // What a leg begins with. Each can be repeated: the same act makes one request, and an access ends once.
        let refused = match leg {
            Leg::Request => ask(system, actor, &drill).await?,
            Leg::End => end(system, actor, &drill).await?,
            Leg::Notice | Leg::Approval | Leg::Grant | Leg::Began | Leg::Review => None,
        };
        let (drill, went_on) = record(system, id, refused).await?;
        if !went_on {
            return Ok(drill);
        }
    }
}

fn actor_of(drill: &Drill) -> Actor {
    Actor {
        person: Some(drill.person),
        via: if drill.via == Via::Operator.word() {
            Via::Operator
        } else {
            Via::System
        },
    }
}

/// Asks, or finds what was asked; says why it was refused.
async fn ask(system: &System, actor: Actor, drill: &Drill) -> Result<Option<String>, Error> {
    let submission = Submission {
        subject: None,
        entitlement: drill.entitlement,
        length: None,
        justification: "Drill of the emergency path: nothing is wrong. Please do as you would in an emergency."
            .to_owned(),
        emergency: true,
        extension: false,
        origin: Some(format!("drill:{}", drill.id)),
    };
    let request = match submit_request(system, actor, submission).await {
        Ok(request) => request,
        Err(Error::Refused(refusal)) => return Ok(Some(refusal.sentence())),
        Err(other) => return Err(other),
    };
    system
        .db
        .write("drill_asked", async |tx| {
            let mut drill = db::drills::lock(tx, drill.id).await?.ok_or(Error::NotFound)?;
            drill.request = Some(request);
            Ok::<_, Error>(db::drills::save(tx, &drill).await?)
        })
        .await?;
    Ok(None)
}

/// "I'm done", once there is something to be done with.
async fn end(system: &System, actor: Actor, drill: &Drill) -> Result<Option<String>, Error> {
    let Some(request) = drill.request else { return Ok(None) };
    let Some(grant) = db::grants::of_request(&system.db, request).await? else {
        return Ok(None);
    };
    match end_grant(system, actor, grant).await {
        // It is ending, or has ended.
        Ok(_) | Err(Error::Refused(Refusal::NotHeld)) => Ok(None),
        Err(Error::Refused(refusal)) => Ok(Some(refusal.sentence())),
        Err(other) => Err(other),
    }
}

/// Calls off what a drill that failed has begun; of one that went well there is nothing.
async fn clean_up(system: &System, actor: Actor, drill: &Drill) -> Result<(), Error> {
    let Some(request) = drill.request.filter(|_| drill.trouble().is_some()) else {
        return Ok(());
    };
    match cancel_request(system, actor, request, "The drill has failed.".to_owned()).await {
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(other) => return Err(other),
    }
    end(system, actor, drill).await?;
    Ok(())
}

/// Takes in how the present leg stands; says whether the drill went on.
async fn record(system: &System, id: i64, refused: Option<String>) -> Result<(Drill, bool), Error> {
    let now = system.clock.now();
    system
        .db
        .write("look_at_drill", async |tx| {
            let mut drill = db::drills::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let Some((leg, since)) = drill.current() else {
                return Ok((drill, false));
            };
            let stands = match (refused, drill.request) {
                (Some(why), _) => Stands::Failed(why),
                (None, None) => Stands::Waiting,
                (None, Some(request)) => stands(leg, &db::drills::seen(tx, request).await?, since, now),
            };
            if !drill.take(stands, now) {
                return Ok((drill, false));
            }
            db::drills::save(tx, &drill).await?;
            if leg == Leg::Request {
                file(tx, now, &drill, Event::DrillStarted { drill: id }).await?;
            }
            Ok((drill, true))
        })
        .await
}

/// Ends a drill: the evidence is filed, and what failed is an alarm.
async fn finish(system: &System, id: i64) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write("finish_drill", async |tx| {
            let mut drill = db::drills::lock(tx, id).await?.ok_or(Error::NotFound)?;
            if drill.finished_at.is_some() || drill.current().is_some() {
                return Ok(());
            }
            drill.finish(now);
            db::drills::save(tx, &drill).await?;
            let finished = Event::DrillFinished {
                drill: id,
                ok: drill.ok == Some(true),
                legs: drill.legs.clone(),
            };
            file(tx, now, &drill, finished).await?;
            let Some(why) = drill.trouble() else { return Ok(()) };
            let alarm = NewAlarm {
                kind: AlarmKind::DrillFailed,
                once: format!("{}:{id}", AlarmKind::DrillFailed.word()),
                request: drill.request,
                grant: None,
                emergency: false,
                body: format!(
                    "🧪 The drill of the emergency path has failed at “{}”. In an emergency this would have kept somebody from \
                     access.",
                    super::consequences::neutral(&why)
                ),
            };
            let told = db::alarms::last_resort(tx).await?;
            let jobs = raise_alarm::raise(tx, now, &alarm, &told).await?;
            Ok(job::enqueue(tx, now, &jobs).await?)
        })
        .await
}

async fn file(tx: &mut db::Tx<'_>, now: DateTime<Utc>, drill: &Drill, event: Event) -> Result<(), Error> {
    let entry = Entry {
        actor: Some(drill.person),
        via: actor_of(drill).via.word(),
        about: drill.request.map_or(About::Organisation, About::Request),
        emergency: true,
        event,
    };
    Ok(db::audit::append(tx, now, &[entry]).await?)
}

/// How a leg stands, from what can be seen.
fn stands(leg: Leg, seen: &Seen, since: DateTime<Utc>, now: DateTime<Utc>) -> Stands {
    let told = |told: &Told| match &told.channel {
        Some(why) => Stands::Failed(why.clone()),
        None if told.sent > 0 && told.sent + told.unreachable == told.written => Stands::Done(now),
        None => Stands::Waiting,
    };
    let over = !matches!(seen.state.as_str(), "open" | "approved");
    match leg {
        Leg::Request => Stands::Done(since),
        Leg::Notice => told(&seen.begun),
        Leg::Approval if over => Stands::Failed(format!("the request was {}", seen.state)),
        Leg::Approval => match seen.closed_at {
            Some(at) => Stands::Done(at),
            None => Stands::Waiting,
        },
        Leg::Grant => match (&seen.grant, seen.started_at) {
            (_, Some(at)) => Stands::Done(at),
            (Some((_, GrantState::Failed)), None) => Stands::Failed(
                seen.trouble
                    .clone()
                    .unwrap_or_else(|| "the access could not be given".to_owned()),
            ),
            _ => Stands::Waiting,
        },
        Leg::Began => told(&seen.began),
        Leg::End => match (&seen.grant, seen.ended_at) {
            (_, Some(at)) => Stands::Done(at),
            (Some((_, GrantState::EndOverdue)), None) => Stands::Failed("the target has not let go of it".to_owned()),
            _ => Stands::Waiting,
        },
        Leg::Review => told(&seen.review),
    }
}

/// The person a drill is run as, and what for, where nothing was said.
///
/// # Errors
/// A sentence about what is missing.
pub async fn defaults(
    system: &System,
    entitlement: Option<&str>,
    by: Option<&str>,
) -> anyhow::Result<(EntitlementId, PersonId)> {
    let schedule = db::settings::read(&system.db).await?.drill;
    let marked = db::drills::entitlements(&system.db).await?;
    let path = match (entitlement, &schedule, marked.as_slice()) {
        (Some(path), _, _) => path.to_owned(),
        (None, Some(schedule), _) => schedule.entitlement.clone(),
        (None, None, [only]) => only.clone(),
        (None, None, []) => anyhow::bail!(
            "nothing is marked for drills: say `drill: true` in the emergency settings of a harmless entitlement"
        ),
        (None, None, several) => anyhow::bail!("say for which --entitlement: {}", several.join(", ")),
    };
    let entitlement = db::catalog::entitlement_by_path(&system.db, &path)
        .await?
        .ok_or_else(|| anyhow::anyhow!("there is no entitlement {path}"))?;
    let by = by
        .map(str::to_owned)
        .or_else(|| schedule.map(|schedule| schedule.by))
        .ok_or_else(|| anyhow::anyhow!("say who breaks the glass: --as KEY, somebody who may"))?;
    let person = db::people::person_by_key(&system.db, &by)
        .await?
        .ok_or_else(|| anyhow::anyhow!("there is nobody called {by}"))?;
    Ok((entitlement.id, person.id))
}
