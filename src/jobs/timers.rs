//! Timers: requests, grants and rotations say themselves when they want to be looked at; this looks. A wake-up cannot be lost,
//! since there is nothing to lose: what is due is a query.

use crate::{
    db::{self, jobs},
    usecases::{
        Error, System,
        be_away::tick_absence,
        digest::digest,
        drill,
        job::{self, Job},
        open_review::tick_review,
        record_rotation::tick_rotation,
        remind::{remind, remind_channel},
        tick::{tick_grant, tick_request},
    },
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// However wrong everything else goes, this often somebody looks.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// Under load there are a thousand commits a second; a few looks a second find whatever they made due.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// How many are looked at in one go.
const BATCH: i64 = 100;

/// Looks at whatever is due, until it is told to stop. Any number of replicas may; a row's lock lets one at a time act.
pub async fn run(system: System, stop: CancellationToken) {
    // Taken before the first look, so that a commit during a look is not missed.
    let mut commits = jobs::commits();
    let (mut looked_at, mut drilled_at, mut compared_at) = (0, 0, 0);
    loop {
        // A minute more or less does not matter to what is done once a week.
        let minute = system.clock.now().timestamp() / 60;
        if minute != looked_at {
            match digest(&system).await {
                Ok(()) => looked_at = minute,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the weekly digest could not be sent");
                }
            }
        }
        // A drill that is under way is looked at about once a second.
        let second = system.clock.now().timestamp();
        if second != drilled_at {
            match drills(&system).await {
                Ok(()) => drilled_at = second,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "a drill could not be looked at");
                }
            }
        }
        if second != compared_at {
            match compare(&system).await {
                Ok(()) => compared_at = second,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "copies could not be compared with Slack");
                }
            }
        }
        if let Err(error) = look(&system).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "due requests and grants could not be looked at"
            );
        }
        let pause = until_next(&system).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            _ = commits.changed() => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
    }
}

/// Begins the drill whose time has come, and looks at those that are under way.
async fn drills(system: &System) -> Result<(), Error> {
    drill::begin_scheduled(system).await?;
    for id in db::drills::running(&system.db).await? {
        drill::look(system, id).await?;
    }
    Ok(())
}

/// Has copies compared with Slack whose time has come.
async fn compare(system: &System) -> Result<(), Error> {
    let now = system.clock.now();
    if !db::looks::is_due(&system.db, now).await? {
        return Ok(());
    }
    let enqueue = async |tx: &mut db::Tx<'_>| job::enqueue(tx, now, &[Job::LookAtCopies]).await;
    Ok(system.db.write("compare_copies", enqueue).await?)
}

/// Looks at everything that is due now; says how many that were.
///
/// # Errors
/// The database's. One row that cannot be looked at does not keep the others from it.
pub async fn look(system: &System) -> anyhow::Result<usize> {
    let mut looked = 0;
    loop {
        let now = system.clock.now();
        // First whatever decides about requests, so that they are looked at once.
        let rotations = db::rotations::due(&system.db, now, BATCH).await?;
        let absences = db::absences::due(&system.db, now, BATCH).await?;
        let mut failed = 0;
        for id in &absences {
            failed += usize::from(report(tick_absence(system, *id).await, "absence.id", *id));
        }
        for id in &rotations {
            failed += usize::from(report(tick_rotation(system, *id).await, "rotation.id", *id));
        }
        let requests = db::requests::due(&system.db, now, BATCH).await?;
        let grants = db::grants::due(&system.db, now, BATCH).await?;
        let people = db::reminders::due(&system.db, now, BATCH).await?;
        let channels = db::channel_reminders::due(&system.db, now, BATCH).await?;
        let reviews = db::reviews::due(&system.db, now, BATCH).await?;
        for id in &requests {
            failed += usize::from(report(tick_request(system, *id).await, "request.id", id.0));
        }
        for id in &grants {
            failed += usize::from(report(tick_grant(system, *id).await, "grant.id", id.0));
        }
        for id in &people {
            failed += usize::from(report(remind(system, *id).await, "person.id", id.0));
        }
        for (place, channel) in (1..).zip(&channels) {
            failed += usize::from(report(remind_channel(system, channel).await, "channel", place));
        }
        for id in &reviews {
            failed += usize::from(report(tick_review(system, *id).await, "review.id", *id));
        }
        let reminded = people.len() + channels.len();
        let found = rotations.len() + absences.len() + requests.len() + grants.len() + reviews.len() + reminded;
        looked += found;
        if found == failed {
            return Ok(looked);
        }
    }
}

/// Says whether it failed.
fn report(ticked: Result<(), Error>, what: &'static str, id: i64) -> bool {
    match ticked {
        Ok(()) => false,
        Err(error) => {
            tracing::error!(what, id, error = format!("{error:#}"), "a timer failed");
            true
        }
    }
}

async fn until_next(system: &System) -> Duration {
    let next = db::grants::next_wake(&system.db).await.ok().flatten();
    let wait = next
        .and_then(|at| (at - system.clock.now()).to_std().ok())
        .unwrap_or(AT_LEAST_EVERY);
    wait.clamp(Duration::from_millis(5), AT_LEAST_EVERY)
}
