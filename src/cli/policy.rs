//! `c1 policy`: how requests would be decided, and whether that is what is wanted.

use super::{Output, say, system};
use crate::{
    catalog_files::{self, expectations},
    clock::SystemClock,
    db,
    domain::{dry_run::DryRun, length::Length, organisation::Organisation},
    usecases::{
        Error,
        explain::{Explanation, Question, explain, explain_in},
        replay::{self, Replay},
        test_policy::{Tested, called, test_policies},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Say which rule matches, who would be asked, and who not and why
    Explain(Explain),
    /// Hold policies against a file of expectations; fails when one is not met
    Test(Test),
    /// Say which requests of the past would have gone another way
    Replay(Again),
}

/// What is expected.
#[derive(Debug, Args)]
pub struct Test {
    /// The file of expectations
    #[arg(value_name = "FILE")]
    expectations: PathBuf,
    /// The organisation's files, as `c1 apply` takes them; no database is asked. What is applied, if not said
    #[arg(short = 'f', long = "files", value_name = "DIR")]
    files: Option<PathBuf>,
}

/// Which requests, against what.
#[derive(Debug, Args)]
pub struct Again {
    /// Those of this time
    #[arg(long, value_name = "LENGTH", default_value = "30d")]
    since: String,
    /// The organisation's files, as `c1 apply` takes them. What is applied, if not said
    #[arg(short = 'f', long = "files", value_name = "DIR")]
    files: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

/// The request to explain.
#[derive(Debug, Args)]
pub struct Explain {
    /// For whom, by key
    #[arg(long)]
    subject: String,
    /// By whom, by key; the subject, if not said
    #[arg(long)]
    requester: Option<String>,
    /// For what, such as prod-db/orders-read
    #[arg(long)]
    entitlement: String,
    /// For how long, such as 4h
    #[arg(long)]
    length: Option<String>,
    /// As an emergency
    #[arg(long)]
    emergency: bool,
    /// At this moment (2026-12-01T09:00:00Z): who is away and on call then
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// The organisation's files, as `c1 apply` takes them; no database is asked. What is applied, if not said
    #[arg(short = 'f', long = "files", value_name = "DIR")]
    files: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

impl Policy {
    /// Does it.
    ///
    /// # Errors
    /// When a name leads nowhere, files are wrong, or the database cannot be asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Explain(words) => words.run().await,
            Self::Test(words) => words.run().await,
            Self::Replay(words) => words.run().await,
        }
    }
}

fn organisation(files: &Path) -> anyhow::Result<Organisation> {
    Ok(catalog_files::read(files)?.check()?.organisation)
}

fn now() -> DateTime<Utc> {
    crate::clock::Clock::now(&SystemClock)
}

fn length(text: &str) -> anyhow::Result<Length> {
    Length::parse(text).map_err(|refusal| anyhow::anyhow!(refusal.sentence()))
}

impl Explain {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let question = Question {
            subject: self.subject,
            requester: self.requester,
            entitlement: self.entitlement,
            length: self.length.as_deref().map(length).transpose()?,
            emergency: self.emergency,
            at: self.at.unwrap_or_else(now),
        };
        let explained = match &self.files {
            Some(files) => explain_in(&DryRun::of(organisation(files)?, []), &question),
            None => explain(&system().await?, &question).await,
        };
        let explanation = match explained {
            Err(Error::NotFound) => anyhow::bail!("there is no such person or entitlement"),
            Err(Error::Refused(refusal)) => anyhow::bail!(refusal.sentence()),
            other => other?,
        };
        match self.output {
            Output::Table => say(table(&explanation).trim_end()),
            Output::Json => say(serde_json::to_string_pretty(&explanation)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Test {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let run = match &self.files {
            Some(files) => DryRun::of(organisation(files)?, []),
            None => {
                let db = system().await?.db;
                let people = db::people::everyone(&db).await?;
                DryRun::of(db::organisation::stored(&db).await?.organisation, people.into_values())
            }
        };
        let file = self.expectations.display().to_string();
        let expectations = match expectations::read(&self.expectations, &run, now()) {
            Ok(expectations) => expectations,
            Err(problems) => {
                problems.iter().for_each(|problem| say(format!("{problem}\n")));
                anyhow::bail!("{file} cannot be tried");
            }
        };
        let tested = test_policies(&run, expectations)?;
        say(results(&file, &tested).trim_end());
        let all = tested.iter().all(|tested| tested.wrong.is_empty());
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Again {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let system = system().await?;
        let Length::For(seconds) = length(&self.since)? else {
            anyhow::bail!("--since is a length such as 30d");
        };
        let wanted = match &self.files {
            Some(files) => organisation(files)?,
            None => db::organisation::stored(&system.db).await?.organisation,
        };
        let since = now() - TimeDelta::seconds(seconds);
        let replay = replay::replay(&system, wanted, since).await?;
        match self.output {
            Output::Table => say(differences(&replay).trim_end()),
            Output::Json => say(serde_json::to_string_pretty(&replay)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// How the expectations of a file came out, as people read it.
#[must_use]
pub fn results(file: &str, tested: &[Tested]) -> String {
    let mut out = String::new();
    // Cannot fail: writing to a string.
    for Tested { expectation, wrong } in tested {
        let sign = if wrong.is_empty() { "✓" } else { "✗" };
        let _ = writeln!(out, "{sign} {}", expectation.name);
        if !wrong.is_empty() {
            let _ = writeln!(out, "    {file}:{}", expectation.line);
        }
        for sentence in wrong {
            let _ = writeln!(out, "    {sentence}");
        }
    }
    let failed = tested.iter().filter(|tested| !tested.wrong.is_empty()).count();
    let _ = match failed {
        0 => writeln!(out, "\nAll {} as expected.", tested.len()),
        failed => writeln!(out, "\n{failed} of {} not as expected.", tested.len()),
    };
    out
}

/// What would have been otherwise, as people read it.
#[must_use]
pub fn differences(replay: &Replay) -> String {
    let mut out = String::new();
    let looked = match replay.more {
        true => format!("The last {} requests (there are more)", replay.looked_at),
        false => format!("{} requests", replay.looked_at),
    };
    let other: usize = replay
        .differences
        .iter()
        .map(|difference| difference.requests.len())
        .sum();
    let _ = writeln!(out, "{looked}, of which {other} would have gone another way");
    for difference in &replay.differences {
        let sign = if difference.emergency { "⚡ " } else { "" };
        let _ = writeln!(
            out,
            "\n{sign}{}  ×{}",
            difference.entitlement,
            difference.requests.len()
        );
        for changed in &difference.changes {
            let _ = match (changed.was.as_str(), changed.would_be.as_str()) {
                ("", would_be) => writeln!(out, "  {}: {would_be}", changed.what),
                (was, would_be) => writeln!(out, "  {}: {was}  →  {would_be}", changed.what),
            };
        }
        let named = difference.requests.iter().take(SHOWN);
        let named: Vec<String> = named
            .map(|past| format!("#{} {} ({})", past.request, past.subject, past.state))
            .collect();
        let more = match difference.requests.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let _ = writeln!(out, "  {}{more}", named.join(", "));
    }
    out
}

/// So many requests of one kind are named; all are in the JSON.
const SHOWN: usize = 8;

/// As people read it.
#[must_use]
pub fn table(explanation: &Explanation) -> String {
    let mut out = String::new();
    // Cannot fail: writing to a string.
    if let Some(refused) = &explanation.refused {
        let _ = writeln!(out, "It would be refused: {} ({})\n", refused.sentence, refused.code);
    }
    let _ = writeln!(out, "Policy {}", explanation.policy);
    for (place, rule) in explanation.rules.iter().enumerate() {
        let name = called(&rule.name);
        let when = if rule.when.is_empty() {
            String::new()
        } else {
            format!(" — if {}", rule.when)
        };
        let _ = writeln!(out, "  {}. {name}{when}: {}", place + 1, rule.outcome);
    }
    for (place, step) in explanation.steps.iter().enumerate() {
        let of = match step.needed {
            0 => String::new(),
            needed => format!(": {needed} of {}", step.asked.len()),
        };
        let _ = writeln!(out, "\nStep {} “{}”{of}", place + 1, step.name);
        for (sign, who) in step
            .asked
            .iter()
            .map(|who| ("+", who))
            .chain(step.left_out.iter().map(|who| ("-", who)))
        {
            let _ = writeln!(out, "  {sign} {:<16} {:<20} {}", who.key, who.name, who.why);
        }
        for note in &step.notes {
            let _ = writeln!(out, "  ! {note}");
        }
    }
    let _ = writeln!(out, "\n{} messages to those who decide", explanation.messages);
    out
}
