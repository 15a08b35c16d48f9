//! `c1 apply -f DIR`: makes people, groups, policies and the catalog what a folder of files says.

use super::say;
use crate::catalog_files::{carry_out, print, propose};
use clap::Args;
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

/// What to apply, and how.
#[derive(Debug, Args)]
pub struct Apply {
    /// The folder with the files
    #[arg(short = 'f', long = "files", value_name = "DIR")]
    files: PathBuf,
    /// Carry the plan out without asking
    #[arg(long)]
    yes: bool,
    /// Show the plan and change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Who applies, for the record
    #[arg(long = "as", value_name = "NAME", default_value = "operator")]
    operator: String,
}

impl Apply {
    /// Shows the plan; carries it out when told to.
    ///
    /// # Errors
    /// Everything that is wrong with the files, with file, line and a sentence; or the database's.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let system = super::system().await?;
        let proposal = propose(&system, &self.files).await?;
        proposal
            .warnings
            .iter()
            .for_each(|warning| say(format!("warning: {warning}")));
        say(print::table(&proposal.plan, std::io::stdout().is_terminal()));
        if proposal.plan.is_empty() || self.dry_run || !(self.yes || agreed()?) {
            return Ok(ExitCode::SUCCESS);
        }
        carry_out(&system, &proposal, &self.operator).await?;
        say("Done.");
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks on the terminal; without one the answer is no.
fn agreed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        say("Nothing was changed; `--yes` carries the plan out.");
        return Ok(false);
    }
    let mut out = std::io::stdout();
    write!(out, "Carry this out? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
