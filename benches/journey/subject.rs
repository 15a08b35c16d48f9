//! Who is measured: a process of its own, with its own small Slack and its own database.

use super::{
    company::{Company, Place},
    payload::{self, SECRET},
    slack::{Slack, Told},
    wire::{Wire, wait_until},
};
use anyhow::{Context as _, ensure};
use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Checks the signature and answers.
    FloorAck,
    /// The same durable work, without a framework.
    Floor,
    /// c1.
    C1,
}

/// In the order of the columns.
pub(crate) const ALL: [Kind; 3] = [Kind::FloorAck, Kind::Floor, Kind::C1];

impl Kind {
    /// Its name, also on the command line of the floors' own processes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FloorAck => "floor-ack",
            Self::Floor => "floor",
            Self::C1 => "c1",
        }
    }
}

/// One who is measured, running.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) slack: Slack,
    pub(crate) company: Company,
    pub(crate) address: SocketAddr,
    pub(crate) database: String,
    log: PathBuf,
    child: Option<Child>,
    /// Requests that were made so far: each is another person's wish for another thing.
    next: AtomicUsize,
    /// Requests whose owner has been asked and has not answered, with the message that asks.
    pub(crate) asked: Vec<(Place, Told)>,
}

impl Subject {
    pub(crate) fn new(kind: Kind, slack: Slack, database: String, dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            kind,
            slack,
            company: Company::default(),
            address: free()?,
            database,
            log: dir.join(format!("{}.log", kind.name())),
            child: None,
            next: AtomicUsize::new(0),
            asked: Vec::new(),
        })
    }

    /// Starts the process, and says how long it took until the first command was answered.
    pub(crate) fn start(&mut self) -> anyhow::Result<Duration> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = match self.kind {
            Kind::C1 => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_c1"));
                command.arg("serve").envs([
                    ("DATABASE_URL", self.database.as_str()),
                    ("SLACK_BOT_TOKEN", "xoxb-bench"),
                    ("SLACK_SIGNING_SECRET", SECRET),
                    ("SLACK_API_URL", &self.slack.url()),
                    ("C1_LISTEN", &self.address.to_string()),
                    ("C1_BASE_URL", "https://c1.test"),
                    ("C1_SLACK_PACE", "off"),
                    ("C1_LOG", "warn"),
                ]);
                command.env_remove("SLACK_APP_TOKEN").stdin(Stdio::null());
                command
            }
            Kind::Floor | Kind::FloorAck => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args([
                    "--floor",
                    self.kind.name(),
                    &self.address.to_string(),
                    &self.database,
                    &self.slack.url(),
                ]);
                // Whoever dies leaves nothing behind: the floors end with the pipe.
                command.stdin(Stdio::piped());
                command
            }
        };
        let hello = payload::signed(
            "/slack/commands",
            &payload::command(&payload::user(1), "help", "t.hello"),
        );
        let began = Instant::now();
        self.child = Some(
            command
                .stdout(log.try_clone()?)
                .stderr(log)
                .spawn()
                .context("cannot be started")?,
        );
        while began.elapsed() < Duration::from_secs(60) {
            let answered = Wire::connect(self.address).and_then(|mut wire| wire.exchange(&hello));
            if answered.is_ok_and(|status| status == 200) {
                return Ok(began.elapsed());
            }
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                anyhow::bail!("{} ended with {status}: {}", self.kind.name(), self.last_words());
            }
            wait_until(Instant::now() + Duration::from_micros(500));
        }
        anyhow::bail!("{} does not answer: {}", self.kind.name(), self.last_words())
    }

    /// Ends the process at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Resident memory and this process's share of it, in megabytes; none where the system does not tell.
    pub(crate) fn memory(&self) -> Option<(f64, f64)> {
        let pid = self.child.as_ref()?.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let share = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        Some((
            kilobytes(&status, "VmRSS:")? / 1024.0,
            kilobytes(&share, "Pss:")? / 1024.0,
        ))
    }

    /// The next so many wishes, each with its own mark.
    pub(crate) fn wishes(&self, count: usize) -> Vec<Place> {
        let from = self.next.fetch_add(count, Ordering::Relaxed);
        (from..from + count).map(|place| self.company.place(place)).collect()
    }

    /// Somebody, another one each time.
    pub(crate) fn people(&self, count: usize) -> impl Iterator<Item = &str> {
        self.company.requesters.iter().map(String::as_str).cycle().take(count)
    }

    /// Requests to send: commands of different people, each with a trigger of its own.
    pub(crate) fn commands(&self, count: usize, text: &str) -> (Vec<String>, Vec<Vec<u8>>) {
        self.people(count)
            .map(|user| {
                let trigger = payload::fresh("t.");
                let request = payload::signed("/slack/commands", &payload::command(user, text, &trigger));
                (trigger, request)
            })
            .unzip()
    }

    /// What it complained about.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Is the process still there?
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
        ensure!(
            ended.is_none(),
            "{} ended in the middle: {}",
            self.kind.name(),
            self.last_words()
        );
        Ok(())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kilobytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// An address nobody listens on.
fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
