//! c1's own submission transaction, run by pgbench: what the database alone could do.

use super::{company::Company, statements, subject::Subject};
use anyhow::{Context as _, ensure};
use sqlx::PgPool;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

const SCRIPT: &str = include_str!("submission.sql");

/// Wishes from here on are pgbench's.
const FIRST: usize = 400_000;

/// Ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    socket: String,
    variables: Vec<(String, String)>,
    used: usize,
}

/// The database it works in: as c1's was before the load.
pub(crate) const DATABASE: &str = "pgbench";

impl Pgbench {
    /// Prepares it; `sample` is a request that c1 made. None where there is no pgbench.
    pub(crate) async fn prepare(
        pool: &PgPool,
        socket: &str,
        company: &Company,
        dir: &Path,
    ) -> anyhow::Result<Option<Self>> {
        let Some(program) = find() else { return Ok(None) };
        let (first_person, last_person, people): (i64, i64, i64) = sqlx::query_as(
            "SELECT min(person_id), max(person_id), count(*) FROM slack_identities WHERE user_id = ANY($1)",
        )
        .bind(&company.requesters)
        .fetch_one(pool)
        .await?;
        ensure!(
            last_person - first_person + 1 == people,
            "the numbers of people have gaps"
        );
        let first_entitlement: i64 = sqlx::query_scalar("SELECT min(id) FROM entitlements")
            .fetch_one(pool)
            .await?;
        let (policy, steps, outcome): (String, String, String) =
            sqlx::query_as("SELECT policy::text, steps::text, outcome::text FROM requests ORDER BY id LIMIT 1")
                .fetch_one(pool)
                .await?;
        let events: Vec<String> =
            sqlx::query_scalar("SELECT event::text FROM audit WHERE request_id IS NOT NULL ORDER BY id LIMIT 2")
                .fetch_all(pool)
                .await?;
        let [submitted, opened] = events.try_into().ok().context("a submission is two events")?;
        let script = dir.join("submission.sql");
        std::fs::write(&script, SCRIPT)?;
        let text = |name: &str, value: String| (name.to_owned(), value);
        let variables = vec![
            text("first_person", first_person.to_string()),
            text("people", people.to_string()),
            text("first_entitlement", first_entitlement.to_string()),
            text("entitlements", company.entitlements.len().to_string()),
            text("policy", policy),
            text("steps", steps),
            text("outcome", outcome),
            text("submitted", submitted),
            text("opened", opened),
            text("n", "0".to_owned()),
        ];
        Ok(Some(Self {
            program,
            script,
            socket: socket.to_owned(),
            variables,
            used: FIRST,
        }))
    }

    /// Runs it with eight clients: transactions a second.
    pub(crate) fn run(&mut self, lasts: Duration) -> anyhow::Result<f64> {
        let mut command = Command::new(&self.program);
        command.args([
            "-n",
            "-M",
            "prepared",
            "-c",
            "8",
            "-j",
            "2",
            "-U",
            "postgres",
            "-h",
            &self.socket,
        ]);
        command
            .arg("-T")
            .arg(lasts.as_secs().max(1).to_string())
            .arg("-f")
            .arg(&self.script);
        for (name, value) in &self.variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        command.arg("-D").arg(format!("base={}", self.used)).arg(DATABASE);
        let output = command.stdin(Stdio::null()).output().context("pgbench cannot be run")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "pgbench failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let after = |word: &str| {
            said.lines()
                .find_map(|line| line.trim().strip_prefix(word)?.split_whitespace().next())
        };
        let done: usize = after("number of transactions actually processed:")
            .and_then(|n| n.parse().ok())
            .context("pgbench says nothing")?;
        let rate: f64 = after("tps =")
            .and_then(|rate| rate.parse().ok())
            .context("pgbench says nothing")?;
        // Sixteen places for every transaction of a client: more than were used.
        self.used += 16 * (done + 16);
        Ok(rate)
    }

    /// Statements that c1 sends and the script does not know, or the other way round.
    pub(crate) fn strangers(submission: &statements::Transaction) -> Vec<String> {
        let ours: Vec<&str> = SCRIPT
            .lines()
            .skip_while(|line| *line != "BEGIN;")
            .filter_map(|line| line.strip_prefix("-- "))
            .collect();
        let theirs: Vec<&str> = submission.names.iter().map(String::as_str).collect();
        let missing = theirs
            .iter()
            .filter(|name| !ours.contains(name))
            .map(|name| format!("c1 sends “{name}”, the script does not"));
        let more = ours
            .iter()
            .filter(|name| !theirs.contains(name))
            .map(|name| format!("the script sends “{name}”, c1 does not"));
        missing.chain(more).collect()
    }
}

fn find() -> Option<PathBuf> {
    let bindir = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let mut places: Vec<PathBuf> = bindir.into_iter().map(PathBuf::from).collect();
    places.extend(["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    places
        .into_iter()
        .map(|place| place.join("pgbench"))
        .find(|program| program.is_file())
}

/// The directory of the socket in a database's address.
pub(crate) fn socket(subject: &Subject) -> anyhow::Result<String> {
    let url: url::Url = subject.database.parse()?;
    url.query_pairs()
        .find(|(name, _)| name == "host")
        .map(|(_, value)| value.into_owned())
        .context("a socket")
}
