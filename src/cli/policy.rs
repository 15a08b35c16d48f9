//! `c1 policy explain`: how a request would be decided, and why.

use super::say;
use crate::{
    clock::SystemClock,
    domain::length::Length,
    usecases::{
        Error, System,
        explain::{Explanation, Question, explain},
    },
};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use std::{fmt::Write as _, process::ExitCode, sync::Arc};

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Say which rule matches, who would be asked, and who not and why
    Explain(Explain),
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
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

/// How to print.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    Table,
    Json,
}

impl Policy {
    /// Does it.
    ///
    /// # Errors
    /// When a name leads nowhere, or the database cannot be asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Explain(words) = self;
        let db = super::database().await?;
        db.is_current().await.map_err(anyhow::Error::msg)?;
        let system = System {
            db,
            clock: Arc::new(SystemClock),
            base_url: None,
        };
        let length = words.length.as_deref().map(Length::parse).transpose();
        let question = Question {
            subject: words.subject,
            requester: words.requester,
            entitlement: words.entitlement,
            length: length.map_err(|refusal| anyhow::anyhow!(refusal.sentence()))?,
            emergency: words.emergency,
            at: words.at.unwrap_or_else(|| system.clock.now()),
        };
        let explanation = match explain(&system, &question).await {
            Err(Error::NotFound) => anyhow::bail!("there is no such person or entitlement"),
            Err(Error::Refused(refusal)) => anyhow::bail!(refusal.sentence()),
            other => other?,
        };
        match words.output {
            Output::Table => say(table(&explanation).trim_end()),
            Output::Json => say(serde_json::to_string_pretty(&explanation)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

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
        let name = if rule.name.is_empty() { "(no name)" } else { &rule.name };
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
