//! `c1 request …`: what an administrator of requests does outside the plan, from the operator's command line.

use super::{person, say};
use crate::{
    db,
    domain::ids::RequestId,
    usecases::{
        Actor, Error, System,
        administer::{Act, administer},
    },
};
use anyhow::bail;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What is to be done with a request. All of it stands on the record, with the reason.
#[derive(Debug, Subcommand)]
pub enum Request {
    /// Call it off
    Cancel(Common),
    /// Have it begin anew, by today's policy: approvals given before count no more
    Restart(Common),
    /// Pass over the step that is open
    Skip {
        /// Which request, who does it, and why
        #[command(flatten)]
        common: Common,
        /// The step that is meant, from 1; refused if another is open by now
        #[arg(long)]
        step: Option<usize>,
    },
    /// Give the place of somebody who is asked to somebody else
    Reassign {
        /// Which request, who does it, and why
        #[command(flatten)]
        common: Common,
        /// To whom: the key of a person
        #[arg(long, value_name = "KEY")]
        to: String,
        /// Whose place: the key of a person; needed when several are asked
        #[arg(long, value_name = "KEY")]
        from: Option<String>,
    },
}

/// What every verb needs.
#[derive(Debug, Args)]
pub struct Common {
    /// The request's number
    #[arg(value_name = "NUMBER", value_parser = number)]
    id: RequestId,
    /// Who does it: the key of an administrator of requests
    #[arg(long = "as", value_name = "KEY")]
    admin: String,
    /// Why
    #[arg(long)]
    reason: String,
}

fn number(text: &str) -> Result<RequestId, String> {
    let number = text.trim_start_matches('#').parse();
    number.map_err(|_| format!("“{text}” is not the number of a request"))
}

impl Request {
    /// Does it.
    ///
    /// # Errors
    /// The refusal as a sentence, or the database's.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let system = super::system().await?;
        let said = self.with(&system).await?;
        // A server that runs hears of the jobs that were written.
        db::jobs::notify(&system.db).await?;
        say(said);
        Ok(ExitCode::SUCCESS)
    }

    /// Does it in a given system, and says what was done.
    ///
    /// # Errors
    /// As [`Request::run`].
    pub async fn with(self, system: &System) -> anyhow::Result<String> {
        let (common, act, done) = match self {
            Self::Cancel(common) => (common, Act::Cancel, "is cancelled"),
            Self::Restart(common) => (common, Act::Restart, "begins anew"),
            Self::Skip { common, step } => {
                let open = db::requests::get(&system.db, common.id).await?;
                let open = open.and_then(|request| request.current().map(|(place, _)| place));
                let step = match step {
                    Some(step) => step.saturating_sub(1),
                    None => open.unwrap_or(0),
                };
                (common, Act::Skip(step), "goes on without this step")
            }
            Self::Reassign { common, to, from } => {
                let to = person(system, &to).await?.id;
                let from = match from {
                    Some(key) => Some(person(system, &key).await?.id),
                    None => None,
                };
                (common, Act::Reassign { from, to }, "is in other hands")
            }
        };
        let admin = person(system, &common.admin).await?;
        let id = common.id;
        match administer(system, Actor::operator(admin.id), id, act, common.reason).await {
            Ok(_) => Ok(format!("Request #{id} {done}.")),
            Err(Error::Refused(refusal)) => bail!(refusal.sentence()),
            Err(Error::NotFound) => bail!("there is no request #{id}"),
            Err(Error::Internal(error)) => Err(error),
        }
    }
}
