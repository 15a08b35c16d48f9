//! A PostgreSQL server of our own, for `c1 demo` and the tests: made in a directory, reached over a socket in it, and
//! gone with the process. It disturbs no other server and opens no port.
//!
//! The programs have to be on the machine; this finds them. A server refuses to run as root, so for root it runs as
//! `postgres` or `nobody`, who must be able to reach the directory.

use anyhow::{Context, bail, ensure};
use nix::{
    fcntl::{Flock, FlockArg},
    sys::signal::{Signal, kill},
    unistd::{Pid, User, chown, geteuid},
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What to do where there are no programs.
const INSTALL: &str = "install PostgreSQL 14 or newer (Debian, Ubuntu: `apt-get install postgresql`; macOS: \
    `brew install postgresql`), or set PG_BIN_DIR to the directory that holds `initdb` and `postgres`";
/// The longest path of a socket, less the file's own name.
const SOCKET_DIR_LENGTH: usize = 107 - "/.s.PGSQL.5432".len();
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// After a crash the server reads its log before it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Whether data outlives a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// As in production: a commit is on the disk.
    #[default]
    On,
    /// For tests: nothing waits for a disk.
    Off,
}

/// Told what is being done, in words for people.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// How to run the server.
#[derive(Clone, Default)]
pub struct Options {
    /// Whether data outlives a crash of the machine.
    pub durability: Durability,
    /// Where `initdb` and `postgres` are; searched for when `None`.
    pub bin_dir: Option<PathBuf>,
    /// Begin anew: what earlier servers kept in the directory is removed.
    pub fresh: bool,
    /// Told what takes its time.
    pub progress: Option<Progress>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("durability", &self.durability)
            .field("bin_dir", &self.bin_dir)
            .finish()
    }
}

/// A running server; dropping it stops it at once.
#[derive(Debug)]
pub struct PrivatePostgres {
    socket_dir: PathBuf,
    data_dir: PathBuf,
    pid: Pid,
    exit: Arc<Exit>,
    /// Nobody else uses this directory while we live.
    _lock: Flock<File>,
}

#[derive(Debug, Default)]
struct Exit {
    exited: Mutex<bool>,
    changed: Condvar,
}

impl Exit {
    fn set(&self) {
        *self.exited.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_set(&self) -> bool {
        *self.exited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn within(&self, limit: Duration) -> bool {
        let exited = self.exited.lock().unwrap_or_else(PoisonError::into_inner);
        let (exited, _) = self
            .changed
            .wait_timeout_while(exited, limit, |exited| !*exited)
            .unwrap_or_else(PoisonError::into_inner);
        *exited
    }
}

impl PrivatePostgres {
    /// Starts a server whose data lie in `dir` and stay there; makes them the first time.
    ///
    /// As root, and when the server's user cannot reach `dir`, the data lie in a directory under `/var/tmp/c1-<uid>`
    /// that belongs to `dir`.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, another process uses `dir`, or the server does not start; says what to do.
    pub async fn start(dir: &Path, options: Options) -> anyhow::Result<Self> {
        let dir = dir.to_owned();
        tokio::task::spawn_blocking(move || start(&dir, &options))
            .await
            .context("starting PostgreSQL panicked")?
    }

    /// The URL of the database that every server has.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of the database `name`.
    #[must_use]
    pub fn url_of(&self, name: &str) -> String {
        let host: String =
            url::form_urlencoded::byte_serialize(self.socket_dir.as_os_str().as_encoded_bytes()).collect();
        format!("postgres://postgres@localhost/{name}?host={host}")
    }

    /// Where the data lie.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Makes the database `name`, unless there is one, and returns its URL.
    ///
    /// # Errors
    /// When the name is not a plain identifier, or the server says no.
    pub async fn create_database(&self, name: &str) -> anyhow::Result<String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            !name.is_empty() && name.len() <= 63 && name.chars().all(plain),
            "{name:?} is no name for a database"
        );
        let mut connection = PgConnection::connect(&self.url()).await?;
        // A plain identifier, as checked above; a name cannot be bound.
        let made = sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE \"{name}\"")))
            .execute(&mut connection)
            .await;
        connection.close().await?;
        match made {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => {}
            made => {
                made.with_context(|| format!("the database {name} could not be made"))?;
            }
        }
        Ok(self.url_of(name))
    }

    /// Stops the server in good order: it ends its sessions and writes everything down.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || {
            self.signal(Signal::SIGINT);
            self.exit.within(GONE_WITHIN);
            // Dropped here: a server that would not go in good order goes at once.
        });
        if stopped.await.is_err() {
            tracing::warn!("stopping PostgreSQL panicked");
        }
    }

    fn signal(&self, signal: Signal) {
        // The pid is the server's as long as its thread has not seen it end.
        if !self.exit.is_set() {
            let _ = kill(self.pid, signal);
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.signal(Signal::SIGQUIT);
        // Whoever removes the directory next should find it unused.
        if !self.exit.within(GONE_WITHIN) {
            tracing::warn!(pid = self.pid.as_raw(), "PostgreSQL does not stop");
        }
    }
}

/// Who the server runs as.
struct Account {
    uid: u32,
    gid: u32,
    /// We are root and have to become somebody else.
    switch: bool,
}

impl Account {
    fn find() -> anyhow::Result<Self> {
        let me = geteuid();
        if !me.is_root() {
            return Ok(Self {
                uid: me.as_raw(),
                gid: nix::unistd::getegid().as_raw(),
                switch: false,
            });
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self {
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                    switch: true,
                });
            }
        }
        bail!("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null());
        // A server started from somebody's shell must not pick up their PGDATA, PGPORT and the like.
        for name in ["PGDATA", "PGPORT", "PGHOST", "PGOPTIONS", "PGUSER", "PGDATABASE"] {
            command.env_remove(name);
        }
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// A directory for the server alone.
    fn own_dir(&self, dir: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(dir).with_context(|| format!("{} could not be made", dir.display()))?;
        if self.switch {
            chown(dir, Some(self.uid.into()), Some(self.gid.into()))?;
        }
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        Ok(())
    }

    fn may_enter(&self, dir: &Path) -> bool {
        let Ok(about) = fs::metadata(dir) else { return false };
        let bit = match (about.uid() == self.uid, about.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        about.mode() & bit != 0
    }
}

fn start(dir: &Path, options: &Options) -> anyhow::Result<PrivatePostgres> {
    let say = |words: &str| {
        if let Some(progress) = &options.progress {
            progress(words);
        }
    };
    let account = Account::find()?;
    let home = home(dir, &account)?;
    let lock = lock(&home)?;
    let data = home.join("data");
    if options.fresh {
        remove_leftovers(&data)?;
        remove_dir(&data).with_context(|| format!("{} could not be removed", data.display()))?;
    }
    let programs = Programs::find(options.bin_dir.as_deref(), made_by(&data).as_deref(), &data)?;

    if !data.exists() {
        say("Making a private PostgreSQL database");
        initdb(&programs, &account, &home, &data)?;
    }
    remove_leftovers(&data)?;
    let socket_dir = socket_dir(&home, &account)?;
    say("Starting PostgreSQL");
    let log = home.join("server.log");
    let (pid, exit) = spawn_server(&programs, &account, &data, &socket_dir, &log, options.durability)?;
    let server = PrivatePostgres {
        socket_dir,
        data_dir: data,
        pid,
        exit,
        _lock: lock,
    };
    wait_until_ready(&server, &log)?;
    Ok(server)
}

/// Where everything lies: `dir`, or for root a place that the server's user can reach.
fn home(dir: &Path, account: &Account) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("{} could not be made", dir.display()))?;
    let dir = dir.canonicalize()?;
    let mode = fs::metadata(&dir)?.mode();
    if !account.switch {
        return Ok(dir);
    }
    // Passing through is all the server's user needs here; it cannot list the directory or read its files.
    fs::set_permissions(&dir, Permissions::from_mode((mode & 0o7777) | 0o111))?;
    if dir.ancestors().all(|above| account.may_enter(above)) {
        return Ok(dir);
    }
    let shared = PathBuf::from(format!("/var/tmp/c1-{}", geteuid()));
    our_dir(&shared)?;
    let name: String = hex::encode(Sha256::digest(dir.as_os_str().as_encoded_bytes()))
        .chars()
        .take(12)
        .collect();
    let home = shared.join(name);
    our_dir(&home)?;
    Ok(home)
}

/// A directory in a place where everybody may write: only if it is ours.
fn our_dir(dir: &Path) -> anyhow::Result<()> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("{} could not be made", dir.display()));
        }
        _ => {}
    }
    let about = fs::symlink_metadata(dir)?;
    ensure!(
        about.is_dir() && about.uid() == geteuid().as_raw(),
        "{} belongs to somebody else",
        dir.display()
    );
    fs::set_permissions(dir, Permissions::from_mode(0o711))?;
    Ok(())
}

fn lock(home: &Path) -> anyhow::Result<Flock<File>> {
    let path = home.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| anyhow::anyhow!("another process uses the database in {}: stop it first", home.display()))
}

/// The major version that made the data, if there are any.
fn made_by(data: &Path) -> Option<String> {
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()
        .map(|version| version.trim().to_owned())
}

struct Programs {
    initdb: PathBuf,
    postgres: PathBuf,
}

impl Programs {
    fn find(given: Option<&Path>, wanted: Option<&str>, data: &Path) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        for dir in candidates(given) {
            let programs = Self {
                initdb: dir.join("initdb"),
                postgres: dir.join("postgres"),
            };
            let Some(version) = version(&programs.postgres).filter(|_| programs.initdb.is_file()) else {
                continue;
            };
            if wanted.is_none_or(|wanted| wanted == version) {
                return Ok(programs);
            }
            found.push(version);
        }
        match wanted {
            Some(wanted) if !found.is_empty() => bail!(
                "the data in {} were made by PostgreSQL {wanted}, and this machine has {}: install {wanted}, or remove that directory to begin anew",
                data.display(),
                found.join(", "),
            ),
            _ => bail!("PostgreSQL is not installed: {INSTALL}"),
        }
    }
}

/// Where the programs may be, the likeliest first.
fn candidates(given: Option<&Path>) -> Vec<PathBuf> {
    if let Some(given) = given {
        return vec![given.to_owned()];
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the demo and the tests start a server before there are settings"
    )]
    if let Some(set) = std::env::var_os("PG_BIN_DIR").filter(|set| !set.is_empty()) {
        return vec![set.into()];
    }
    let mut all = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output() {
        all.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, inside) in [
        ("/usr/lib/postgresql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
        ("/usr", "bin"),
        ("/usr/local", "bin"),
        ("/usr/local/pgsql", "bin"),
    ] {
        all.extend(
            newest_first(Path::new(parent))
                .into_iter()
                .map(|version| version.join(inside)),
        );
        all.push(Path::new(parent).join(inside));
    }
    #[expect(clippy::disallowed_methods, reason = "looking for a program is what PATH is for")]
    if let Some(path) = std::env::var_os("PATH") {
        all.extend(std::env::split_paths(&path));
    }
    all.retain(|dir| dir.join("initdb").is_file());
    all
}

/// The directories in `parent` that are called after a version: `15`, `postgresql@16`.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(name);
            Some((version.parse().ok()?, entry.path()))
        })
        .collect();
    versions.sort_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// The major version of a `postgres`: "postgres (PostgreSQL) 15.18 (Debian 15.18-0)" is 15.
fn version(postgres: &Path) -> Option<String> {
    let output = Command::new(postgres)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

fn major(words: &str) -> Option<String> {
    let number = words.split("(PostgreSQL)").nth(1)?.trim();
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then_some(major)
}

fn initdb(programs: &Programs, account: &Account, home: &Path, data: &Path) -> anyhow::Result<()> {
    // Made beside and moved: a half-made one is never taken for one.
    let making = home.join("making");
    remove_dir(&making)?;
    account.own_dir(&making)?;
    let letters = if cfg!(target_os = "macos") {
        "en_US.UTF-8"
    } else {
        "C.UTF-8"
    };
    let output = account
        .command(&programs.initdb)
        .args([
            "--no-sync",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .arg(format!("--lc-ctype={letters}"))
        .arg("-D")
        .arg(&making)
        .output()
        .with_context(|| format!("{} could not be run", programs.initdb.display()))?;
    if !output.status.success() {
        remove_dir(&making)?;
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    fs::rename(&making, data)?;
    Ok(())
}

fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Ends a server that outlived its process, and removes a pid file whose number now is another program's. We hold the
/// lock, so no living process of ours owns either.
fn remove_leftovers(data: &Path) -> anyhow::Result<()> {
    let path = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(());
    };
    if let Some(pid) = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .map(Pid::from_raw)
    {
        for signal in [Signal::SIGQUIT, Signal::SIGKILL] {
            let until = Instant::now() + GONE_WITHIN;
            if !is_server_of(pid, data) {
                break;
            }
            let _ = kill(pid, signal);
            while is_server_of(pid, data) && Instant::now() < until {
                thread::sleep(LOOK_EVERY);
            }
        }
        ensure!(
            !is_server_of(pid, data),
            "an old PostgreSQL (process {pid}) does not stop"
        );
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether the process is a server on these data: one works in its data directory.
fn is_server_of(pid: Pid, data: &Path) -> bool {
    if cfg!(target_os = "linux") {
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data);
    }
    Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&*data.to_string_lossy()))
}

/// Where the socket is: in `home`, unless its path would be too long for one.
fn socket_dir(home: &Path, account: &Account) -> anyhow::Result<PathBuf> {
    let inside = home.join("run");
    let dir = if inside.as_os_str().len() <= SOCKET_DIR_LENGTH {
        inside
    } else {
        let shared = PathBuf::from(format!("/tmp/c1-{}", geteuid()));
        our_dir(&shared)?;
        let name: String = hex::encode(Sha256::digest(home.as_os_str().as_encoded_bytes()))
            .chars()
            .take(12)
            .collect();
        shared.join(name)
    };
    account.own_dir(&dir)?;
    Ok(dir)
}

fn spawn_server(
    programs: &Programs,
    account: &Account,
    data: &Path,
    socket_dir: &Path,
    log: &Path,
    durability: Durability,
) -> anyhow::Result<(Pid, Arc<Exit>)> {
    let log = File::create(log)?;
    let mut command = account.command(&programs.postgres);
    command.arg("-D").arg(data).arg("-k").arg(socket_dir);
    command.args([
        "-c",
        "listen_addresses=",
        "-c",
        "unix_socket_permissions=0700",
        "-c",
        "port=5432",
    ]);
    command.args([
        "-c",
        "max_connections=200",
        "-c",
        "logging_collector=off",
        "-c",
        "log_destination=stderr",
    ]);
    if durability == Durability::Off {
        command.args([
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ]);
    }
    command.stdout(log.try_clone()?).stderr(log);
    // Ctrl-C in a terminal goes to us alone: we decide when the server ends.
    command.process_group(0);
    end_with_us(&mut command);

    // The signal of a parent's death comes when the *thread* that made the child ends. So it is made by a thread that
    // does nothing but wait for it.
    let exit = Arc::new(Exit::default());
    let (answer, pid) = std::sync::mpsc::channel();
    let ended = exit.clone();
    thread::Builder::new()
        .name("private-postgres".to_owned())
        .spawn(move || match command.spawn() {
            Ok(mut child) => {
                let _ = answer.send(Ok(Pid::from_raw(child.id().cast_signed())));
                let _ = child.wait();
                ended.set();
            }
            Err(error) => {
                let _ = answer.send(Err(error));
            }
        })?;
    let pid = pid.recv().context("the thread of the server ended early")?;
    let pid = pid.with_context(|| format!("{} could not be run", programs.postgres.display()))?;
    Ok((pid, exit))
}

/// Has the kernel stop the child when we die, however we die. Elsewhere than on Linux the next start does it.
fn end_with_us(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        let parent = nix::unistd::getpid();
        let tie = move || {
            nix::sys::prctl::set_pdeathsig(Signal::SIGQUIT)?;
            // We may have died between the fork and the line above.
            if nix::unistd::getppid() == parent {
                Ok(())
            } else {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        };
        #[expect(
            unsafe_code,
            reason = "between fork and exec; the closure makes two system calls and nothing else"
        )]
        // SAFETY: it neither allocates nor takes a lock, so it may run in the child of a process with many threads.
        unsafe {
            command.pre_exec(tie);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

fn wait_until_ready(server: &PrivatePostgres, log: &Path) -> anyhow::Result<()> {
    let until = Instant::now() + READY_WITHIN;
    let status = server.data_dir.join("postmaster.pid");
    loop {
        // The eighth line of the pid file says so, as it says it to pg_ctl.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mut lines = text.lines();
        let ours = lines.next().and_then(|pid| pid.trim().parse().ok()) == Some(server.pid.as_raw());
        if ours && lines.nth(6).is_some_and(|line| line.trim() == "ready") {
            return Ok(());
        }
        let exited = server.exit.within(LOOK_EVERY);
        if exited || Instant::now() > until {
            let log = fs::read_to_string(log).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(8).collect();
            let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
            let what = if exited { "ended" } else { "was not ready in a minute" };
            bail!("PostgreSQL {what} as it started; its last words were:\n{last}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_servers_say() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").as_deref(),
            Some("15")
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1").as_deref(), Some("18"));
        assert_eq!(major("command not found"), None);
    }

    #[test]
    fn a_missing_server_says_what_to_install() {
        let nowhere = Path::new("/nonexistent");
        let error = Programs::find(Some(nowhere), None, nowhere)
            .err()
            .expect("there is none")
            .to_string();
        assert!(
            error.contains("apt-get install postgresql") && error.contains("PG_BIN_DIR"),
            "{error}"
        );
    }

    #[test]
    fn newer_versions_come_first_by_number() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for name in ["9", "16", "postgresql@17", "common"] {
            fs::create_dir(dir.path().join(name)).expect("a directory");
        }
        let names: Vec<_> = newest_first(dir.path())
            .iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["postgresql@17", "16", "9"]);
    }
}
