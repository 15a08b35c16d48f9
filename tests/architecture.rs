//! Holds up the floors that `src/lib.rs` draws: who may know whom, which crate lives where, what stays pure.
//!
//! It reads the sources as text (`architecture/rust.rs`): `use` trees and paths, no more. So it sees what is written, not
//! what a macro makes of it, and it needs the standard library alone: `rustc --edition 2024 --test tests/architecture.rs`
//! runs it in seconds. When it fails it names the place, the rule and the reason. The rules are the tables below; change
//! one together with the picture in `src/lib.rs`.

#[path = "architecture/rust.rs"]
mod rust;

use rust::{Named, Of, Source};
use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

// ---------------------------------------------------------------------------------------------------------------------
// The rules
// ---------------------------------------------------------------------------------------------------------------------

/// Folders and files directly under `src/`, and which others each may know (`*`: all).
const FLOORS: &str = "
  room             | floor  | may know                                             | because
  domain           | 0      |                                                      | the core is pure: it is given facts and the hour
  clock            | beside |                                                      | it only tells the hour
  telemetry        | beside |                                                      | everybody logs; it knows nobody
  config           | beside | telemetry                                            | settings are read before anything is built
  http             | beside |                                                      | plumbing knows nothing of what is served
  private_postgres | beside |                                                      | it runs a server and knows none of its tables
  db               | 1      | domain                                               | lower floors return values; they never call up
  usecases         | 2      | db domain clock                                      | a use case says what is to happen outside, not who does it
  slack            | 3      | usecases db domain clock config telemetry http       | doors never know each other: what two need belongs in usecases or domain
  web              | 3      | usecases db domain clock config telemetry http       | doors never know each other: what two need belongs in usecases or domain
  connectors       | 3      | usecases db domain clock config telemetry http       | ways out know no door: what both need belongs in usecases or domain
  catalog_files    | 3      | usecases db domain clock config telemetry http       | doors never know each other: what two need belongs in usecases or domain
  jobs             | 4      | slack connectors usecases db domain clock telemetry  | the runner knows all ways out, and nobody who starts it
  server           | 4      | *                                                    | it puts the parts together
  cli              | 4      | *                                                    | it hands over
  demo             | 4      | *                                                    | it runs everything there is on one machine
  main             | 4      | *                                                    | it hands over
  lib              | 4      | *                                                    | it is the map
";

/// Walls inside a floor: what lies in a folder names nothing of these.
const WALLS: &str = "
  folder          | never names                                                                    | because
  slack/gateway/  | slack::view slack::handlers slack::deliver slack::directory usecases db domain | it moves envelopes and replies, and is given the one function `Inbound -> Reply` at start
  slack/view/     | slack::client slack::gateway slack::handlers slack::deliver slack::directory db clock | a view turns a read model into blocks, and is tested without anything else
  slack/handlers/ | slack::client slack::gateway::http slack::gateway::socket slack::gateway::decode | handlers return a `Reply`, they do not call: the gateway answers, `deliver` sends
  slack/client/   | slack::view slack::handlers slack::deliver slack::directory usecases db domain | it makes calls; what they mean is known above it
";

/// Crates that live in some places only: folders and files under `src/`, or the beginnings of their names.
const HOMES: &str = "
  crate             | lives in                                | because
  sqlx              | db/ private_postgres.rs                 | `db` is the only folder that knows SQL (the private server makes databases before there is one to open)
  slack_morphism    | slack/client/ slack/view/ slack/gateway/ | Slack's types stop where things are sent
  axum              | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  hyper             | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  hyper_util        | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  http_body_util    | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  tower             | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  tower_http        | http/ slack/ web/ server.rs cli/ demo/  | below the doors there are verbs and refusals, not requests and statuses
  hyper_rustls      | http/connector.rs                       | one place makes connections to others, and says whom it trusts
  askama            | web/                                    | pages are made in one place
  openidconnect     | web/sign_in/                            | one place decides whose word about who somebody is counts
  tokio_tungstenite | slack/                                  | only Socket Mode speaks WebSocket
  governor          | slack/client/                           | Slack's rates are kept where Slack is called
  simulator         | cli/demo cli/bench demo/                | production images are built without it
  cel               | domain/condition.rs                     | one place bounds what an expression may cost
  clap              | cli/ main.rs                            | the command line is the operator's door
";

/// All that the core may use beside the standard library: values, no input and output.
const PURE: &[&str] = &[
    "cel",
    "chrono",
    "chrono_tz",
    "serde",
    "serde_json",
    "thiserror",
    "proptest",
    "insta",
];

/// What the standard library offers that is not pure (unit tests may take the time a thing took).
const IMPURE: &[&str] = &["SystemTime", "Instant", "env", "fs", "net", "process"];

/// Folders in which nothing waits.
const WITHOUT_ASYNC: &[&str] = &["domain/", "slack/view/"];

/// The one file that writes requests and grants, by these functions of `db`.
const ONE_DOOR: &str = "usecases/change.rs";
const WRITERS: &[&str] = &[
    "db::requests::insert",
    "db::requests::save",
    "db::requests::set_asked",
    "db::requests::insert_decision",
    "db::grants::insert",
    "db::grants::save",
];

/// Files that may write without a `Tx`: the queue's own acts are one statement each on its own two tables.
const WITHOUT_TX: &[&str] = &["db/jobs.rs"];

/// Files whose statements ask the database's clock: leases of jobs, and what `c1 doctor` compares.
const DATABASE_CLOCK: &[&str] = &["db/jobs.rs", "db/mod.rs"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    says: &'static str,
    why: &'static str,
}

const FLOOR: Rule = Rule {
    says: "a folder knows only those its row in FLOORS names",
    why: "",
};
const WALL: Rule = Rule {
    says: "a folder never names what its row in WALLS forbids",
    why: "",
};
const HOME: Rule = Rule {
    says: "a crate is used only where its row in HOMES says",
    why: "",
};
const PURITY: Rule = Rule {
    says: "the core is pure",
    why: "no clock, no randomness, no input and output: what the core needs it is given",
};
const WAITING: Rule = Rule {
    says: "nothing pure waits",
    why: "what is pure is tested in microseconds and cannot be half done",
};
const DOOR: Rule = Rule {
    says: "requests and grants are written by usecases::change alone",
    why: "lock, audit and jobs go with every change; a second door would forget one of them",
};
const TX: Rule = Rule {
    says: "who writes takes `&mut Tx`",
    why: "there must be no way to write outside the transaction that also writes the audit and the jobs",
};
const TIME: Rule = Rule {
    says: "SQL never asks for the time",
    why: "business time is bound: the demo and the tests move the clock",
};
const PLACE: Rule = Rule {
    says: "every folder stands on a floor",
    why: "add it to FLOORS here and to the picture in src/lib.rs",
};
const SENTENCE: Rule = Rule {
    says: "every file begins with a `//!` sentence",
    why: "a newcomer finds a thing by its file's name and first words",
};
const STRANGER: Rule = Rule {
    says: "the simulator does not know c1",
    why: "a stand-in that knows its app believes what the app believes, and finds no mistake in it",
};

/// One row of a table above.
struct Row {
    name: &'static str,
    floor: &'static str,
    list: Vec<&'static str>,
    because: &'static str,
}

impl Row {
    fn lists(&self, name: &str) -> bool {
        self.list.iter().any(|listed| *listed == "*" || is_inside(name, listed))
    }

    fn lists_file(&self, path: &str) -> bool {
        self.list.iter().any(|listed| path.starts_with(listed))
    }
}

fn table(text: &'static str) -> Vec<Row> {
    let rows = text.lines().filter(|line| !line.trim().is_empty()).skip(1);
    rows.map(|row| match row.split('|').map(str::trim).collect::<Vec<_>>()[..] {
        [name, floor, list, because] => (name, floor, list, because),
        [name, list, because] => (name, "", list, because),
        _ => panic!("not a row: {row}"),
    })
    .map(|(name, floor, list, because)| Row {
        name,
        floor,
        list: list.split_whitespace().collect(),
        because,
    })
    .collect()
}

// ---------------------------------------------------------------------------------------------------------------------
// The check
// ---------------------------------------------------------------------------------------------------------------------

#[derive(Debug, PartialEq, Eq)]
struct Violation {
    place: String,
    seen: String,
    rule: Rule,
    why: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, seen, rule, why } = self;
        write!(f, "{place}: {seen}\n    rule: {}\n    why:  {why}", rule.says)
    }
}

/// Checks one file; `path` is relative to `src/`.
struct Check<'a> {
    path: &'a str,
    room: &'a Row,
    floors: &'a [Row],
    crates: &'a BTreeSet<String>,
    found: Vec<Violation>,
}

/// `crates` are the dependencies by the names that code uses.
fn check(path: &str, text: &str, crates: &BTreeSet<String>) -> Vec<Violation> {
    let floors = table(FLOORS);
    let name = path.split(['/', '.']).next().unwrap_or_default();
    let room = floors.iter().find(|room| room.name == name);
    let Some(room) = room else {
        return vec![violation(
            format!("src/{path}:1"),
            PLACE,
            format!("`{name}` stands on none"),
            PLACE.why,
        )];
    };
    let mut check = Check {
        path,
        room,
        floors: &floors,
        crates,
        found: Vec::new(),
    };
    if !begins_with_a_sentence(text) {
        check.report(1, SENTENCE, "it does not".to_owned());
    }
    let source = Source::read(path, text);
    for named in &source.paths {
        match named.of {
            Of::Ours => check.ours(named),
            Of::Others => check.others(named),
        }
    }
    check.waiting(&source);
    check.database(&source);
    check.found
}

fn violation(place: String, rule: Rule, seen: String, why: &'static str) -> Violation {
    Violation { place, seen, rule, why }
}

impl Check<'_> {
    fn report(&mut self, line: usize, rule: Rule, seen: String) {
        self.report_because(line, rule, seen, rule.why);
    }

    fn report_because(&mut self, line: usize, rule: Rule, seen: String, why: &'static str) {
        self.found
            .push(violation(format!("src/{}:{line}", self.path), rule, seen, why));
    }

    /// A path in this crate.
    fn ours(&mut self, named: &Named) {
        let name = named.path.join("::");
        let Some(target) = named.path.first() else { return };
        let room = self.room;
        let is_room = self.floors.iter().any(|room| room.name == target);
        if is_room && room.name != target && !room.lists(target) {
            let seen = format!("`{}` (floor {}) names crate::{name}", room.name, room.floor);
            self.report_because(named.line, FLOOR, seen, room.because);
        }
        for wall in table(WALLS) {
            if self.path.starts_with(wall.name) && wall.lists(&name) {
                let seen = format!("{} names crate::{name}", wall.name);
                self.report_because(named.line, WALL, seen, wall.because);
            }
        }
        if WRITERS.contains(&&*name) && room.name != "db" && self.path != ONE_DOOR {
            self.report(named.line, DOOR, format!("crate::{name}"));
        }
    }

    /// A path in another crate, or one that begins with a name we do not follow.
    fn others(&mut self, named: &Named) {
        let name = named.path.join("::");
        let Some(krate) = named.path.first() else { return };
        let foreign = self.crates.contains(krate);
        if foreign
            && let Some(home) = table(HOMES)
                .into_iter()
                .find(|home| home.name == krate && !home.lists_file(self.path))
        {
            let seen = format!("{name} (`{krate}` lives in {})", home.list.join(", "));
            self.report_because(named.line, HOME, seen, home.because);
        }
        let std = krate == "std" && !named.in_tests && named.path.iter().any(|part| IMPURE.contains(&&**part));
        if self.room.name == "domain" && (std || (foreign && !PURE.contains(&&**krate))) {
            self.report(named.line, PURITY, name);
        }
    }

    fn waiting(&mut self, source: &Source) {
        if WITHOUT_ASYNC.iter().any(|folder| self.path.starts_with(folder)) {
            for (line, word) in source.words(&["async", "await"]) {
                self.report(line, WAITING, format!("`{word}`"));
            }
        }
    }

    fn database(&mut self, source: &Source) {
        if self.room.name != "db" {
            return;
        }
        if !WITHOUT_TX.contains(&self.path) {
            let writers = source.functions.iter().filter(|function| !function.in_tests);
            for writer in writers.filter(|function| function.strings.iter().any(|sql| changes_rows(sql))) {
                if !writer.takes_tx {
                    self.report(writer.line, TX, format!("fn {}", writer.name));
                }
            }
        }
        if !DATABASE_CLOCK.contains(&self.path) {
            for (line, sql) in &source.strings {
                if let Some(asks) = asks_the_clock(sql) {
                    self.report(*line, TIME, asks.to_owned());
                }
            }
        }
    }
}

/// Checks one file of the simulator; `path` is relative to `simulator/`.
fn check_simulator(path: &str, text: &str) -> Vec<Violation> {
    let place = |line: usize| format!("simulator/{path}:{line}");
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        if words.any(|word| word == "c1") {
            found.push(violation(place(at + 1), STRANGER, line.trim().to_owned(), STRANGER.why));
        }
    }
    if path.ends_with(".rs") && !begins_with_a_sentence(text) {
        found.push(violation(place(1), SENTENCE, "it does not".to_owned(), SENTENCE.why));
    }
    found
}

fn is_inside(name: &str, module: &str) -> bool {
    let rest = name.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `//!` and a first paragraph of some words that ends like a sentence (or opens a list).
fn begins_with_a_sentence(text: &str) -> bool {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    paragraph.len() > 1 && paragraph.ends_with(['.', ':', '?', '!'])
}

fn asks_the_clock(sql: &str) -> Option<&'static str> {
    let sql = sql.to_ascii_lowercase();
    let asks = ["now()", "current_timestamp", "current_date", "clock_timestamp()"];
    asks.into_iter().find(|asks| sql.contains(asks))
}

fn changes_rows(sql: &str) -> bool {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words.windows(3).any(|three| match three {
        ["INSERT", "INTO", _] | ["DELETE", "FROM", _] | ["UPDATE", _, "SET"] => true,
        _ => sql.trim_start().starts_with("TRUNCATE"),
    })
}

// ---------------------------------------------------------------------------------------------------------------------
// The house as it stands
// ---------------------------------------------------------------------------------------------------------------------

fn root() -> PathBuf {
    PathBuf::from(option_env!("CARGO_MANIFEST_DIR").unwrap_or("."))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files under `dir` with one of these endings, by their paths in it.
fn files(dir: &Path, endings: &[&str]) -> Vec<(String, String)> {
    const MADE: [&str; 4] = ["target", "node_modules", ".venv", "__pycache__"];
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        let entries = fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries {
            let path = entry.expect("an entry of a folder can be read").path();
            let is =
                |names: &[&str], part: Option<&std::ffi::OsStr>| names.iter().any(|name| part == Some(name.as_ref()));
            if path.is_dir() && !is(&MADE, path.file_name()) {
                left.push(path);
            } else if path.is_file() && is(endings, path.extension()) {
                let name = path
                    .strip_prefix(dir)
                    .expect("it lies in the folder")
                    .to_string_lossy()
                    .into_owned();
                found.push((name, read(&path)));
            }
        }
    }
    assert!(
        found.len() > 20,
        "only {} files in {}: is this the right folder?",
        found.len(),
        dir.display()
    );
    found.sort();
    found
}

/// The dependencies in a manifest, by the names that code uses.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut wanted = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            wanted = matches!(line, "[dependencies]" | "[dev-dependencies]" | "[build-dependencies]");
        } else if wanted && let Some(name) = line.split(['=', '.', ' ']).next().filter(|name| !name.is_empty()) {
            found.insert(name.replace('-', "_"));
        }
    }
    found
}

fn crates() -> BTreeSet<String> {
    dependencies(&read(&root().join("Cargo.toml")))
}

fn assert_none(found: &[Violation]) {
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.is_empty(),
        "the house leans in {} places:\n\n{}\n",
        all.len(),
        all.join("\n\n")
    );
}

#[test]
fn the_floors_hold() {
    let crates = crates();
    let sources = files(&root().join("src"), &["rs"]);
    let found: Vec<Violation> = sources
        .iter()
        .flat_map(|(path, text)| check(path, text, &crates))
        .collect();
    assert_none(&found);
}

#[test]
fn the_simulator_knows_nothing_of_its_app() {
    let sources = files(&root().join("simulator"), &["rs", "js", "html", "css", "toml"]);
    let found: Vec<Violation> = sources
        .iter()
        .flat_map(|(path, text)| check_simulator(path, text))
        .collect();
    assert_none(&found);
}

#[test]
fn tests_say_what_they_hold_up() {
    for (path, text) in files(&root().join("tests"), &["rs"]) {
        assert!(
            begins_with_a_sentence(&text),
            "tests/{path}: {}; {}",
            SENTENCE.says,
            SENTENCE.why
        );
    }
}

/// A rule about something that is gone would hold for ever.
#[test]
fn the_rules_speak_of_what_exists() {
    let (src, crates) = (root().join("src"), crates());
    let map = read(&src.join("lib.rs"));
    for room in table(FLOORS) {
        let there = src.join(room.name).is_dir() || src.join(format!("{}.rs", room.name)).is_file();
        assert!(there, "src/{} is gone: remove its row from FLOORS", room.name);
        let shown = map.contains(room.name) || matches!(room.name, "main" | "lib");
        assert!(shown, "the picture in src/lib.rs does not show `{}`", room.name);
    }
    for wall in table(WALLS) {
        assert!(
            src.join(wall.name).is_dir(),
            "src/{} is gone: remove its row from WALLS",
            wall.name
        );
    }
    for home in table(HOMES) {
        assert!(
            crates.contains(home.name),
            "`{}` is no dependency: remove its row from HOMES",
            home.name
        );
    }
    for path in [ONE_DOOR].iter().chain(WITHOUT_TX).chain(DATABASE_CLOCK) {
        assert!(
            src.join(path).is_file(),
            "src/{path} is gone: its rule needs its new name"
        );
    }
    for writer in WRITERS {
        let (module, function) = writer.rsplit_once("::").expect("a writer is a path");
        let file = read(&src.join(module.replace("::", "/")).with_extension("rs"));
        assert!(
            file.contains(&format!("fn {function}(")),
            "{writer} is gone: correct WRITERS"
        );
    }
}

/// What the README tells people is where it says, and no setting is kept from them.
#[test]
fn the_readme_is_true() {
    let readme = read(&root().join("README.md"));
    let named = readme
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| text.ends_with(".rs") && text.contains('/'));
    for path in named.filter(|path| !path.contains('<')) {
        let there = root().join(path).is_file() || root().join("src").join(path).is_file();
        assert!(there, "README.md speaks of {path}, which is not there");
    }
    let config = Source::read("config.rs", &read(&root().join("src/config.rs")));
    let settings: BTreeSet<&str> = config
        .strings
        .iter()
        .map(|(_, text)| text.as_str())
        .filter(|text| is_setting(text))
        .collect();
    assert!(settings.len() > 5, "config.rs names few settings: {settings:?}");
    for setting in settings {
        assert!(
            readme.contains(&format!("`{setting}`")),
            "README.md does not explain {setting}"
        );
        let sample = read(&root().join("deploy/env.sample"));
        assert!(
            sample.contains(&format!("{setting}=")),
            "deploy/env.sample does not show {setting}"
        );
    }
}

fn is_setting(text: &str) -> bool {
    text == "DATABASE_URL" || ((text.starts_with("C1_") || text.starts_with("SLACK_")) && !text.contains(' '))
}

/// Every package of the workspace is scanned above.
#[test]
fn no_package_is_left_out() {
    let manifest = read(&root().join("Cargo.toml"));
    assert!(
        manifest.contains("\nmembers = [\"simulator\"]\n"),
        "a new package needs its place in this test"
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// The check itself: planted mistakes that it must find, and harmless look-alikes that it must not
// ---------------------------------------------------------------------------------------------------------------------

fn broken(path: &str, body: &str) -> Vec<Violation> {
    let crates = table(HOMES)
        .iter()
        .map(|home| home.name)
        .chain(["tokio", "rand", "serde"])
        .map(str::to_owned)
        .collect();
    check(path, &format!("//! A planted file, for a test.\n{body}"), &crates)
}

#[test]
fn planted_mistakes_are_found() {
    #[rustfmt::skip]
    let planted = [
        (FLOOR, "domain/step.rs", "use crate::db::Db;"),
        (FLOOR, "domain/step.rs", "fn f() { crate::usecases::tick::tick() }"),
        (FLOOR, "domain/tests/steps.rs", "use super::super::super::db;"),
        (FLOOR, "db/people.rs", "use crate::{domain::ids::PersonId, usecases::{System, job::Job}};"),
        (FLOOR, "db/people.rs", "mod tests { use super::super::super::slack::view; }"),
        (FLOOR, "db/people.rs", "#[cfg(test)] mod tests { fn f() { { } } } use super::super::clock;"),
        (FLOOR, "usecases/tick.rs", "use crate::slack;"),
        (FLOOR, "usecases/tick.rs", "use crate::jobs::runner as r;"),
        (FLOOR, "usecases/tick.rs", "macro_rules! m { () => { $crate::server::start() } }"),
        (FLOOR, "usecases/queries/names.rs", "pub use crate::connectors::*;"),
        (FLOOR, "slack/deliver.rs", "use crate::connectors::settle;"),
        (FLOOR, "connectors/mod.rs", "fn f(x: &crate::slack::surface::X) {}"),
        (FLOOR, "catalog_files/mod.rs", "use crate::cli;"),
        (FLOOR, "http/mod.rs", "use super::server::Server;"),
        (FLOOR, "jobs/dispatch.rs", "use crate::cli::apply;"),
        (FLOOR, "config.rs", "use crate::db;"),
        (WALL, "slack/gateway/mod.rs", "use super::view::text;"),
        (WALL, "slack/gateway/mod.rs", "use crate::slack; fn f() { slack::handlers::handle() }"),
        (WALL, "slack/gateway/http.rs", "use crate::usecases::System;"),
        (WALL, "slack/view/home.rs", "use crate::slack::client::Slack;"),
        (WALL, "slack/view/home.rs", "use super::super::{gateway::reply::Reply, surface};"),
        (WALL, "slack/view/home.rs", "use crate::clock::Clock;"),
        (WALL, "slack/handlers/home.rs", "use crate::slack::client::Slack;"),
        (WALL, "slack/client/mod.rs", "use crate::domain::ids::PersonId;"),
        (HOME, "usecases/tick.rs", "fn f() { sqlx::query!(\"\"); }"),
        (HOME, "usecases/tick.rs", "use sqlx::{self, PgPool};"),
        (HOME, "usecases/tick.rs", "fn f() { ::sqlx::query(\"\"); }"),
        (HOME, "slack/handlers/home.rs", "use slack_morphism::prelude::*;"),
        (HOME, "connectors/mod.rs", "use axum::Router;"),
        (HOME, "domain/policy.rs", "use cel::Program;"),
        (HOME, "server.rs", "use simulator::Simulator;"),
        (HOME, "usecases/tick.rs", "use clap as words;"),
        (PURITY, "domain/step.rs", "fn f() { tokio::spawn(x) }"),
        (PURITY, "domain/step.rs", "use rand::Rng;"),
        (PURITY, "domain/step.rs", "use std::{collections::BTreeMap, time::{Duration, Instant}};"),
        (PURITY, "domain/step.rs", "use std::env; fn f() { env::var(\"X\") }"),
        (WAITING, "domain/step.rs", "async fn f() {}"),
        (WAITING, "slack/view/home.rs", "fn f() { g().await }"),
        (DOOR, "usecases/cancel_request.rs", "use crate::db; fn f() { db::requests::save(tx, &r) }"),
        (DOOR, "usecases/cancel_request.rs", "use crate::db::requests; fn f() { requests::insert(tx, &r) }"),
        (DOOR, "connectors/mod.rs", "use crate::db::grants::{self, save};"),
        (TX, "db/people.rs", "async fn f(db: &Db) { sqlx::query!(\"-- f\n DELETE FROM people\"); }"),
        (TX, "db/people.rs", "async fn f(db: &Db) { sqlx::query!(r#\"UPDATE people SET name = $1\"#); }"),
        (TX, "db/people.rs", "mod tests { fn t() {} } async fn f(db: &Db) { q!(\"INSERT INTO people VALUES (1)\"); }"),
        (TIME, "db/people.rs", "fn f() { sqlx::query!(\"SELECT 1 WHERE at < now()\"); }"),
        (PLACE, "attic/mod.rs", ""),
    ];
    for (rule, path, body) in planted {
        let found = broken(path, body);
        let is_found = found.iter().any(|found| found.rule == rule);
        assert!(
            is_found,
            "{path}: `{body}` breaks “{}”, but {found:?} was found",
            rule.says
        );
    }
}

#[test]
fn harmless_look_alikes_are_not_found() {
    #[rustfmt::skip]
    let harmless = [
        ("domain/step.rs", "// use crate::db::Db;\n/* use sqlx; /* nested */ async */ fn f<'a>(x: &'a str) {}"),
        ("domain/step.rs", "/// See [`crate::usecases::tick`], and `await` nothing.\nfn f() {}"),
        ("domain/step.rs", "const A: &str = \"crate::db::Db\"; const B: &str = r#\"async \"sqlx::query\" \"#;"),
        ("domain/step.rs", "const C: [char; 3] = ['\"', '\\'', 'x']; const D: &[u8] = b\"use crate::db;\";"),
        ("domain/step.rs", "use super::{ids::PersonId, policy::Policy}; use std::{collections::BTreeMap, time::Duration};"),
        ("domain/step.rs", "mod tests { use std::time::Instant; }"),
        ("domain/tests/mod.rs", "mod inner { use super::super::step::Step; } fn env() {}"),
        ("domain/condition.rs", "use cel::Program; fn f() -> cel::Value { cel::Value::Null }"),
        ("db/people.rs", "async fn f(tx: &mut Tx<'_>) { q!(\"-- f\n INSERT INTO people VALUES (1)\"); }"),
        ("db/people.rs", "async fn f(db: &Db) { q!(\"SELECT id FROM people WHERE id = $1 FOR UPDATE\"); }"),
        ("db/people.rs", "mod tests { async fn f(db: &Db) { q!(\"DELETE FROM people\"); } }"),
        ("db/jobs.rs", "fn f() { q!(\"SELECT clock_timestamp()\"); }"),
        ("usecases/change.rs", "use crate::db; fn f() { db::requests::save(tx, &r); db::grants::insert(tx); }"),
        ("usecases/tick.rs", "use crate::db; fn f(hyper: u8) { db::requests::due(db, now); Some::<u8>(hyper); }"),
        ("slack/gateway/mod.rs", "use super::client::Slack; use reply::Reply; fn f<'a>() -> impl Sized + use<'a> {}"),
        ("slack/handlers/home.rs", "use crate::slack::{gateway::reply::Reply, view::home}; async fn f() { home::home() }"),
        ("slack/mod.rs", "pub mod view; use view::text; pub(crate) fn f() {} pub(in crate::slack) fn g() {}"),
        ("main.rs", "use c1::cli; fn main() { cli::run(cli::Words::parse()) }"),
    ];
    for (path, body) in harmless {
        assert_eq!(broken(path, body), [], "{path}: `{body}` breaks nothing");
    }
}

#[test]
fn a_violation_names_place_rule_and_reason() {
    let text = "//! Some words here.\n\nuse crate::{\n    db,\n    slack::view,\n};\n";
    let found = check("usecases/tick.rs", text, &BTreeSet::new());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        "src/usecases/tick.rs:5: `usecases` (floor 2) names crate::slack::view
    rule: a folder knows only those its row in FLOORS names
    why:  a use case says what is to happen outside, not who does it"
    );
}

#[test]
fn first_sentences_are_recognised() {
    for good in [
        "//! The Slack door.\n",
        "//! Puts the parts\n//! together: all of them.\n//!\n//! More",
        "//! In four lines:\n",
    ] {
        assert!(begins_with_a_sentence(good), "{good:?}");
    }
    for bad in [
        "",
        "use x;",
        "//! stub\n",
        "// A plain comment is none.\n",
        "//!\n//! It comes too late.",
        "\n//! It comes too late.",
    ] {
        assert!(!begins_with_a_sentence(bad), "{bad:?}");
    }
}

#[test]
fn strangers_are_recognised() {
    assert_eq!(
        check_simulator("src/x.rs", "//! A stand-in for the Slack of c1.\n").len(),
        1
    );
    assert_eq!(
        check_simulator("Cargo.toml", "[dependencies]\nc1 = { path = \"..\" }").len(),
        1
    );
    assert_eq!(check_simulator("src/x.rs", "fn f() {}")[0].rule, SENTENCE);
    assert_eq!(
        check_simulator("client/x.css", "a { color: #c1c1c1; content: 'C1'; }"),
        []
    );
}

#[test]
fn dependencies_are_read_as_code_names_them() {
    let manifest =
        "[workspace.dependencies]\nnot-me = \"1\"\n[dependencies]\n# nor-me = 1\nslack-morphism = { version = \"2\" }
        serde.workspace = true\n[features]\nx = []\n[dev-dependencies]\ninsta=\"1\"\n";
    assert_eq!(
        dependencies(manifest).iter().collect::<Vec<_>>(),
        ["insta", "serde", "slack_morphism"]
    );
}
