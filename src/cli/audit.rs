//! `c1 audit`: what happened, for auditors at the command line.

use super::{Output, person, say};
use crate::{
    domain::{ids::RequestId, length::Length},
    usecases::{
        Actor, Error, System,
        queries::audit::AuditLine,
        read_audit::{Of, Wish, read_audit},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use std::process::ExitCode;

/// What of the record, and how to print it.
#[derive(Debug, Args)]
pub struct Audit {
    /// Who reads it: the key of an auditor, or of somebody who administers requests
    #[arg(long = "as", value_name = "KEY")]
    reader: String,
    /// Only emergencies
    #[arg(long, conflicts_with_all = ["person", "request"])]
    emergencies: bool,
    /// Only what this person did, and what happened to them: their key
    #[arg(long, value_name = "KEY", conflicts_with = "request")]
    person: Option<String>,
    /// Only this request and the access that came of it, from its beginning
    #[arg(long, value_name = "NUMBER")]
    request: Option<RequestId>,
    /// Of this time
    #[arg(long, value_name = "LENGTH", default_value = "30d")]
    since: String,
    /// So many lines at most, the latest
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// A table, or one JSON object a line
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

/// So many lines are read at once.
const PAGE: i64 = 1000;

impl Audit {
    /// Prints it, the latest last.
    ///
    /// # Errors
    /// When the reader may not, a name leads nowhere, or the database cannot be asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let system = super::system().await?;
        let output = self.output;
        for line in self.lines(&system).await? {
            match output {
                Output::Table => say(table(&line)),
                Output::Json => say(serde_json::to_string(&line)?),
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The lines, the latest last.
    ///
    /// # Errors
    /// As [`Audit::run`].
    pub async fn lines(&self, system: &System) -> anyhow::Result<Vec<AuditLine>> {
        let reader = person(system, &self.reader).await?;
        let of = match (&self.person, self.request, self.emergencies) {
            (Some(key), ..) => Of::Person(person(system, key).await?.id),
            (None, Some(request), _) => Of::Request(request),
            (None, None, true) => Of::Emergencies,
            (None, None, false) => Of::All,
        };
        let since = match Length::parse(&self.since) {
            Ok(Length::For(seconds)) => system.clock.now() - TimeDelta::seconds(seconds),
            Ok(Length::NoEnd) => DateTime::<Utc>::UNIX_EPOCH,
            Err(refusal) => anyhow::bail!(refusal.sentence()),
        };
        let mut lines: Vec<AuditLine> = Vec::new();
        loop {
            let wish = Wish {
                of,
                since,
                before: lines.last().map(|line| line.id),
                limit: PAGE,
            };
            let page = match read_audit(system, Actor::operator(reader.id), wish).await {
                Err(Error::Refused(refusal)) => anyhow::bail!(refusal.sentence()),
                Err(Error::NotFound) => anyhow::bail!("there is no such person"),
                Ok(page) => page,
                Err(Error::Internal(error)) => return Err(error),
            };
            if self.request.is_some() {
                return Ok(page);
            }
            let last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            lines.extend(page);
            if last || lines.len() >= self.limit {
                break;
            }
        }
        lines.truncate(self.limit);
        lines.reverse();
        Ok(lines)
    }
}

/// A line as people read it.
#[must_use]
pub fn table(line: &AuditLine) -> String {
    let bolt = if line.emergency { "⚡" } else { " " };
    let request = line.request.map(|request| format!("#{request}")).unwrap_or_default();
    format!(
        "{}  {bolt} {request:<7} {:<8} {} {}",
        line.at.format("%Y-%m-%d %H:%M:%S"),
        line.via,
        line.who(),
        line.sentence.replace('\n', " ")
    )
}
