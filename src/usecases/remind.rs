//! Reminders: whoever has not decided hears again of what waits for them, all of it in one message, with growing pauses
//! and by their own clock. Whoever asked can have them reminded; and they themselves can say when.

use super::{Actor, Error, System, authorize, change, job};
use crate::{
    db::{
        self, DbError, Tx,
        audit::Entry,
        notices::Reader,
        reminders::{Habits, Waiting},
    },
    domain::{
        event::{About, Event},
        ids::{PersonId, RequestId},
        quiet::{QuietHours, tomorrow_morning},
        refusal::Refusal,
        request::{Command, Request},
        step::Step,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// Nobody is reminded more often than this by itself, in seconds.
const AT_MOST_EVERY: i64 = 86_400;

/// Pauses grow up to a week.
const LONGEST_PAUSE: i64 = 7 * 86_400;

/// Reminds a person of what waits for them, if it is time. Level-triggered: asking once too often changes nothing.
///
/// # Errors
/// The database's.
pub async fn remind(system: &System, person: PersonId) -> Result<(), Error> {
    remind_reader(system, "remind", &Reader::Person(person)).await
}

/// Reminds a channel of what it is asked, if it is time: all of it in one message there. Level-triggered, as [`remind`].
///
/// # Errors
/// The database's.
pub async fn remind_channel(system: &System, channel: &str) -> Result<(), Error> {
    remind_reader(system, "remind_channel", &Reader::Channel(channel.to_owned())).await
}

async fn remind_reader(system: &System, act: &'static str, reader: &Reader) -> Result<(), Error> {
    let now = system.clock.now();
    system
        .db
        .write(act, async |tx| {
            let (waiting, habits) = match reader {
                Reader::Person(person) => db::reminders::lock(tx, *person).await?,
                Reader::Channel(channel) => db::channel_reminders::lock(tx, channel).await?,
            };
            let settings = db::settings::read_in(tx).await?;
            let plan = plan(&waiting, &habits, now, &settings.quiet_hours);
            for (line, at) in &plan.later {
                next(tx, reader, line, *at, false).await?;
            }
            if plan.now.is_empty() {
                return Ok(());
            }
            for line in &plan.now {
                next(tx, reader, line, now + pause(line), true).await?;
            }
            let notice = match reader {
                Reader::Person(person) => {
                    let body = "Something waits for your decision.";
                    db::notices::insert(tx, now, *person, None, "reminder", body).await?
                }
                Reader::Channel(channel) => {
                    let body = "Something waits for a decision here.";
                    db::notices::remind_channel(tx, now, channel, body).await?
                }
            };
            db::reminders::speaks_of(tx, notice, &plan.now).await?;
            Ok(job::enqueue(tx, now, &[job::Job::SendNotice(notice)]).await?)
        })
        .await
}

/// Notes when a reader is to hear of something next, and whether they hear of it now.
async fn next(tx: &mut Tx<'_>, reader: &Reader, line: &Waiting, at: DateTime<Utc>, heard: bool) -> Result<(), DbError> {
    match reader {
        Reader::Person(person) => db::reminders::next(tx, *person, line, at, heard).await,
        Reader::Channel(_) => db::channel_reminders::next(tx, line, at, heard).await,
    }
}

/// What a person, or a channel, hears of now, and what at another time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    now: Vec<Waiting>,
    later: Vec<(Waiting, DateTime<Utc>)>,
}

fn plan(waiting: &[Waiting], habits: &Habits, now: DateTime<Utc>, quiet: &QuietHours) -> Plan {
    let free = |line: &&Waiting| line.quiet_until.is_none_or(|until| until <= now);
    let due: Vec<&Waiting> = waiting
        .iter()
        .filter(free)
        .filter(|line| line.remind_at <= now)
        .collect();
    if due.is_empty() {
        return Plan::default();
    }
    // Emergencies do not wait, and neither does what they themselves wanted to hear of at this moment.
    let at_once = |line: &Waiting| line.emergency || line.own;
    let awake = wakes(now, habits, quiet);
    let next_day = habits.last.map_or(now, |last| last + TimeDelta::seconds(AT_MOST_EVERY));
    let may = awake <= now && (next_day <= now || due.iter().any(|line| line.nudged));
    if may {
        // One message about all that waits, also what would be due only later.
        let now = waiting.iter().filter(free).cloned().collect();
        return Plan { now, later: Vec::new() };
    }
    let (now_lines, later): (Vec<&Waiting>, Vec<&Waiting>) = due.into_iter().partition(|line| at_once(line));
    let when = |line: &Waiting| {
        let earliest = if line.nudged { now } else { next_day.max(now) };
        wakes(earliest, habits, quiet)
    };
    Plan {
        now: now_lines.into_iter().cloned().collect(),
        later: later.into_iter().map(|line| (line.clone(), when(line))).collect(),
    }
}

/// The first moment from `now` on that is not quiet. A channel has no clock of its own: it is the earliest of any of those
/// who are asked there, since one of them is enough to answer. Who is still asleep then is woken by no message to themselves.
fn wakes(now: DateTime<Utc>, habits: &Habits, quiet: &QuietHours) -> DateTime<Utc> {
    let by_zone = habits.zones.iter().map(|zone| quiet.over(now, Some(zone)));
    by_zone.min().unwrap_or_else(|| quiet.over(now, None))
}

/// How long until the next one: twice as long every time.
fn pause(line: &Waiting) -> TimeDelta {
    let doublings = u32::try_from(line.reminded.saturating_add(1)).unwrap_or(0).min(20);
    let seconds = line.remind_after.saturating_mul(1 << doublings);
    TimeDelta::seconds(seconds.min(LONGEST_PAUSE.max(line.remind_after)))
}

/// Has everyone reminded who can decide a request: whoever asked wants an answer.
///
/// # Errors
/// [`Refusal::RemindedLately`], [`Refusal::MayNotRemind`], or that it is over.
pub async fn nudge(system: &System, actor: Actor, id: RequestId) -> Result<Request, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    system
        .db
        .write("nudge", async |tx| {
            let command = Command::Nudge { by, at: now };
            change::change_request(tx, now, actor, id, &command, |request, facts| {
                authorize::nudge(facts.person(by).ok_or(Refusal::MayNotRemind)?, request)
            })
            .await
        })
        .await?
        .map_err(Error::Refused)
}

/// When somebody wants to hear of a request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In an hour.
    InAnHour,
    /// In four hours.
    InFourHours,
    /// Tomorrow morning, by their own clock.
    Tomorrow,
}

/// Notes when an approver wants to hear of a request again.
///
/// # Errors
/// [`Refusal::NotAnApprover`] when it does not wait for them (any more).
pub async fn remind_me(system: &System, actor: Actor, id: RequestId, when: When) -> Result<DateTime<Utc>, Error> {
    let now = system.clock.now();
    let by = actor.somebody()?;
    system
        .db
        .write("remind_me", async |tx| {
            let request = db::requests::lock(tx, id).await?.ok_or(Error::NotFound)?;
            let waits = |step: &Step| step.asks(by) && step.decision_of(by).is_none();
            let (step, _) = request
                .current()
                .filter(|(_, step)| waits(step))
                .ok_or(Refusal::NotAnApprover)?;
            let zone = db::reminders::zone_of(tx, by).await?;
            let at = match when {
                When::InAnHour => now + TimeDelta::hours(1),
                When::InFourHours => now + TimeDelta::hours(4),
                When::Tomorrow => tomorrow_morning(now, zone.as_deref()),
            };
            db::reminders::wanted_at(tx, id, by, at).await?;
            let entry = Entry {
                actor: Some(by),
                via: actor.via.word(),
                about: About::Request(id),
                emergency: request.emergency,
                event: Event::RemindLater { step, at },
            };
            db::audit::append(tx, now, &[entry]).await?;
            Ok(at)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    /// Wednesday, at noon.
    fn noon() -> DateTime<Utc> {
        moment("2026-07-01T12:00:00Z")
    }

    fn waits(request: i64, due_in: i64) -> Waiting {
        Waiting {
            request: RequestId(request),
            step: 0,
            emergency: false,
            remind_at: noon() + TimeDelta::hours(due_in),
            remind_after: 14_400,
            reminded: 0,
            quiet_until: None,
            nudged: false,
            own: false,
        }
    }

    fn planned(waiting: &[Waiting], last: Option<i64>, now: DateTime<Utc>) -> (Vec<i64>, Vec<(i64, DateTime<Utc>)>) {
        let habits = Habits {
            zones: Vec::new(),
            last: last.map(|hours| noon() + TimeDelta::hours(hours)),
        };
        let plan = plan(waiting, &habits, now, &QuietHours::default());
        (
            plan.now.iter().map(|line| line.request.0).collect(),
            plan.later.iter().map(|(line, at)| (line.request.0, *at)).collect(),
        )
    }

    #[test]
    fn one_message_speaks_of_all_that_waits() {
        let waiting = [waits(1, -1), waits(2, 3), waits(3, 0)];
        assert_eq!(planned(&waiting, None, noon()), (vec![1, 2, 3], vec![]));
        assert_eq!(
            planned(&waiting[1..2], None, noon()),
            (vec![], vec![]),
            "nothing is due"
        );
    }

    #[test]
    fn once_a_day_unless_somebody_asks() {
        let mut waiting = [waits(1, -1), waits(2, 3)];
        let next_day = moment("2026-07-02T10:00:00Z");
        assert_eq!(planned(&waiting, Some(-2), noon()), (vec![], vec![(1, next_day)]));
        waiting[0].nudged = true;
        assert_eq!(planned(&waiting, Some(-2), noon()), (vec![1, 2], vec![]));
    }

    #[test]
    fn at_night_only_what_cannot_wait() {
        let night = moment("2026-07-03T22:00:00Z");
        let monday = moment("2026-07-06T08:00:00Z");
        let (mut emergency, mut own, mut nudged) = (waits(2, 0), waits(3, 0), waits(4, 0));
        emergency.emergency = true;
        own.own = true;
        nudged.nudged = true;
        let waiting = [waits(1, 0), emergency, own, nudged];
        assert_eq!(
            planned(&waiting, None, night),
            (vec![2, 3], vec![(1, monday), (4, monday)])
        );
    }

    #[test]
    fn a_channel_wakes_up_with_the_first_of_its_people() {
        let first = |now: &str, zones: &[&str]| {
            let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
            wakes(moment(now), &Habits { zones, last: None }, &QuietHours::default())
        };
        let night = "2026-07-01T22:00:00Z";
        assert_eq!(first(night, &["Europe/Berlin"]), moment("2026-07-02T06:00:00Z"));
        assert_eq!(
            first(night, &["Europe/Berlin", "Asia/Tokyo"]),
            moment("2026-07-01T23:00:00Z")
        );
        assert_eq!(first(night, &["Europe/Berlin", "America/New_York"]), moment(night));
        assert_eq!(
            first(night, &[]),
            moment("2026-07-02T08:00:00Z"),
            "UTC, if nobody knows"
        );
    }

    #[test]
    fn somebody_else_is_on_it() {
        let mut claimed = waits(1, -1);
        claimed.quiet_until = Some(noon() + TimeDelta::hours(1));
        assert_eq!(planned(&[claimed.clone()], None, noon()), (vec![], vec![]));
        assert_eq!(
            planned(&[claimed.clone(), waits(2, 0)], None, noon()),
            (vec![2], vec![])
        );
        let later = noon() + TimeDelta::hours(1);
        assert_eq!(planned(&[claimed], None, later), (vec![1], vec![]), "it has lapsed");
    }

    #[test]
    fn pauses_double_up_to_a_week() {
        let hours: Vec<i64> = (0..8)
            .map(|reminded| {
                pause(&Waiting {
                    reminded,
                    ..waits(1, 0)
                })
                .num_hours()
            })
            .collect();
        assert_eq!(hours, [8, 16, 32, 64, 128, 168, 168, 168]);
    }
}
