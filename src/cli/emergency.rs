//! `c1 emergency drill`: tries the whole emergency path out against something harmless, on the real channels.

use super::say;
use crate::{
    db,
    domain::drill::{Drill, Leg},
    usecases::{Actor, Error, System, drill},
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// What is done about emergencies.
#[derive(Debug, Subcommand)]
pub enum Emergency {
    /// Ask, tell, approve, give, take away, have it reviewed: against an entitlement marked `drill: true`. A running
    /// `c1 serve` does the work; each leg is timed, and the evidence is filed
    Drill(DrillArgs),
}

/// Against what, and as whom.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// The entitlement, such as drill/access; needed when several are marked for drills
    #[arg(long, value_name = "PATH")]
    entitlement: Option<String>,
    /// Who breaks the glass: the key of somebody who may
    #[arg(long = "as", value_name = "KEY")]
    by: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Run none: say when one runs by itself, and how the last ones went
    #[arg(long, conflicts_with_all = ["entitlement", "by"])]
    schedule: bool,
}

/// How often a drill that runs is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

impl Emergency {
    /// Does it.
    ///
    /// # Errors
    /// What is missing, in a sentence, or the database's.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Drill(args) = self;
        let system = super::system().await?;
        if args.schedule {
            return args.say_schedule(&system).await;
        }
        let drill = args.with(&system).await?;
        say(if args.json {
            serde_json::to_string_pretty(&report(&drill))?
        } else {
            table(&drill)
        });
        Ok(if drill.ok == Some(true) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl DrillArgs {
    /// Runs a drill to its end in a given system.
    ///
    /// # Errors
    /// As [`Emergency::run`].
    pub async fn with(&self, system: &System) -> anyhow::Result<Drill> {
        let (entitlement, person) = drill::defaults(system, self.entitlement.as_deref(), self.by.as_deref()).await?;
        let id = drill::begin(system, Actor::operator(person), entitlement)
            .await
            .map_err(in_words)?;
        loop {
            let drill = drill::look(system, id).await.map_err(in_words)?;
            if drill.finished_at.is_some() {
                return Ok(drill);
            }
            // A server that runs hears of the jobs that were written.
            db::jobs::notify(&system.db).await?;
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn say_schedule(&self, system: &System) -> anyhow::Result<ExitCode> {
        match db::settings::read(&system.db).await?.drill {
            Some(schedule) => {
                let next = schedule.latest(crate::clock::Clock::now(system.clock.as_ref())) + schedule.every;
                say(format!(
                    "A drill against {} runs as {}, next at {}.",
                    schedule.entitlement,
                    schedule.by,
                    next.format("%Y-%m-%d %H:%M UTC")
                ));
            }
            None => say(
                "No drill runs by itself. Set one up in organisation.yaml: drill: { every: 1w, entitlement: drill/access, by: ana }",
            ),
        }
        for drill in db::drills::last(&system.db, 5).await? {
            let how = match (drill.ok, drill.trouble()) {
                (Some(true), _) => "went well".to_owned(),
                (Some(false), trouble) => format!("failed at {}", trouble.unwrap_or_default()),
                (None, _) => "is under way".to_owned(),
            };
            say(format!(
                "{}  drill {} {how}",
                drill.started_at.format("%Y-%m-%d %H:%M UTC"),
                drill.id
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn in_words(error: Error) -> anyhow::Error {
    match error {
        Error::Refused(refusal) => anyhow::anyhow!("{}", refusal.sentence()),
        Error::NotFound => anyhow::anyhow!("it is not there"),
        Error::Internal(error) => error,
    }
}

/// The report as people read it.
#[must_use]
pub fn table(drill: &Drill) -> String {
    let request = drill
        .request
        .map_or_else(String::new, |request| format!(", request #{request}"));
    let mut text = format!("Drill {} of the emergency path{request}\n", drill.id);
    for leg in Leg::ALL {
        let line = match drill.legs.iter().find(|done| done.leg == leg) {
            Some(done) => {
                #[expect(clippy::cast_precision_loss, reason = "seconds with one decimal are read by people")]
                let seconds = done.took as f64 / 1_000.0;
                match &done.trouble {
                    None => format!("  ✓ {:<22} {seconds:>8.1} s\n", leg.name()),
                    Some(why) => format!("  ✗ {:<22} {seconds:>8.1} s  {why}\n", leg.name()),
                }
            }
            None => format!("  – {:<22}  not reached\n", leg.name()),
        };
        text.push_str(&line);
    }
    text.push_str(if drill.ok == Some(true) {
        "Everything works. The evidence is filed; the review that was opened waits for somebody to do it."
    } else {
        "The drill has failed, and the last resort is alarmed. What it had begun is called off."
    });
    text
}

/// The report for programs.
#[must_use]
pub fn report(drill: &Drill) -> serde_json::Value {
    json!({
        "drill": drill.id,
        "request": drill.request,
        "started_at": drill.started_at,
        "finished_at": drill.finished_at,
        "ok": drill.ok,
        "legs": drill.legs,
    })
}
