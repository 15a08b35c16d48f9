//! The speed of the main journey: c1 against the least a program can do for the same durable work.
//!
//! ```text
//!   cargo bench                     the table, about six minutes
//!   cargo bench -- --quick          a short look, a minute and a half
//!   cargo bench -- --full           longer rounds, and what growth costs
//!   cargo bench -- growth           only what growth costs
//!   cargo bench -- limits           what Slack's limits force on 150 approvers, ten minutes
//!   cargo bench -- journeys         only this figure (see `figures::ALL`); `faults`: only what must not happen
//!   cargo bench -- statements       what c1 says to its database under load, and what that costs there
//! ```
//!
//! Everything runs on this machine and on loopback: a private PostgreSQL with its default durability, c1 and the floors
//! as processes of their own, a small Slack for each, and the load. Rounds are interleaved, so that whatever else the
//! machine does meets all alike; a ratio compares what was measured within one round. A latency counts from when the
//! request should have been sent. Nothing here asserts a time: what is too slow is marked, and a person judges.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is the result; progress goes to standard error"
)]

mod company;
mod faults;
mod figures;
mod floor;
mod growth;
mod limits;
mod machine;
mod payload;
mod pgbench;
mod slack;
mod statements;
mod subject;
mod table;
mod wire;

use anyhow::{Context as _, bail};
use c1::private_postgres::{self, PrivatePostgres};
use company::Company;
use figures::Sizes;
use floor::Floor;
use pgbench::Pgbench;
use slack::Slack;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{path::Path, time::Duration};
use subject::{Kind, Subject};
use table::{Table, Target, Unit, millis};
use tokio::runtime::Runtime;

/// Two thousand people who ask, and fifty who own an app each.
const SIZE: company::Size = company::Size {
    accounts: 2_050,
    apps: 50,
    entitlements: 10,
};

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["--floor", name, listen, database, slack] = words.as_slice() {
        let floor = match *name {
            "floor-ack" => Floor::Ack,
            _ => Floor::Whole {
                database: (*database).to_owned(),
                slack: (*slack).to_owned(),
            },
        };
        return floor::serve(floor, listen.parse()?);
    }
    let has = |word: &str| words.iter().any(|said| said.trim_start_matches('-') == word);
    let known = ["bench", "quick", "full", "growth", "limits", "faults", "statements"];
    let figures: Vec<&str> = figures::ALL.iter().map(|(name, _)| *name).collect();
    let is_known = |said: &str| known.contains(&said.trim_start_matches('-')) || figures.contains(&said);
    if let Some(odd) = words.iter().find(|said| !is_known(said)) {
        bail!(
            "{odd}? There are --quick, --full, faults, growth, limits, statements, and the figures {}",
            figures.join(", ")
        );
    }
    if words.is_empty() {
        // Run as a test by `cargo test --all-targets`: that it links is all there is to test.
        println!("nothing is measured: run `cargo bench`");
        return Ok(());
    }
    let sizes = match (has("quick"), has("full")) {
        (true, _) => Sizes {
            rounds: 3,
            flood: Duration::from_millis(500),
            steady: 1,
            burst: 400,
            submissions: 150,
            journeys: 60,
        },
        (_, true) => Sizes {
            rounds: 5,
            flood: Duration::from_secs(5),
            steady: 10,
            burst: 400,
            submissions: 2_000,
            journeys: 1_500,
        },
        _ => Sizes {
            rounds: 3,
            flood: Duration::from_secs(2),
            steady: 4,
            burst: 400,
            submissions: 800,
            journeys: 400,
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let dir = tempfile::tempdir()?;
    let durable = private_postgres::Options::default();
    let postgres = runtime.block_on(PrivatePostgres::start(&dir.path().join("postgres"), durable))?;
    println!("{}", machine::describe(&postgres.data_dir().display().to_string()));
    let mut measured = Ok(());
    let only: Vec<&str> = figures
        .into_iter()
        .chain(["faults", "statements"])
        .filter(|name| has(name))
        .collect();
    if has("limits") {
        measured = limits::measure(&runtime, &postgres, dir.path());
    } else if !has("growth") {
        measured = measure(&runtime, &postgres, dir.path(), &sizes, has("quick"), &only);
    }
    if measured.is_ok() && (has("growth") || has("full")) {
        measured = growth::measure(&runtime, &postgres, dir.path(), has("quick"));
    }
    println!("\nLoad of the machine at the end: {}.", machine::load());
    runtime.block_on(postgres.stop());
    measured
}

/// The table. `only` names the figures that are wanted; none: all.
fn measure(
    runtime: &Runtime,
    postgres: &PrivatePostgres,
    dir: &Path,
    sizes: &Sizes,
    quick: bool,
    only: &[&str],
) -> anyhow::Result<()> {
    let wanted = |name: &str| only.is_empty() || only.contains(&name);
    let mut prepared = prepare(runtime, postgres, dir)?;
    let subjects = &mut prepared.subjects;
    let mut table = Table::default();
    let mut remarks = std::mem::take(&mut prepared.remarks);

    for round in 0..sizes.rounds {
        say(&format!(
            "round {} of {}: start (load {})",
            round + 1,
            sizes.rounds,
            machine::load()
        ));
        for subject in in_turn(subjects, round) {
            subject.kill();
            let took = subject.start()?;
            table.note(
                "start to first answer, migrations applied",
                Unit::Millis,
                Target::AtMost(4.0),
                subject.kind,
                millis(took),
            );
        }
        std::thread::sleep(Duration::from_secs(2));
        for subject in subjects.iter() {
            if let Some((resident, share)) = subject.memory() {
                table.note(
                    "memory at rest (resident)",
                    Unit::Megabytes,
                    Target::Below(25.0),
                    subject.kind,
                    resident,
                );
                table.note(
                    "memory at rest (proportional share)",
                    Unit::Megabytes,
                    Target::None,
                    subject.kind,
                    share,
                );
            }
        }
    }
    say("warming up");
    for subject in subjects.iter_mut() {
        figures::warm_up(subject, sizes)?;
    }
    if let Some(pgbench) = &mut prepared.pgbench {
        pgbench.run(Duration::from_secs(1))?;
    }
    // What the server does by itself within a minute or so.
    for database in ["c1", "floor", pgbench::DATABASE] {
        let pool = connect(runtime, &postgres.url_of(database))?;
        runtime.block_on(sqlx::raw_sql("VACUUM ANALYZE").execute(&pool))?;
        runtime.block_on(pool.close());
    }
    for round in 0..sizes.rounds {
        for (_, figure) in figures::ALL.iter().filter(|(name, _)| wanted(name)) {
            for subject in in_turn(subjects, round) {
                subject.check()?;
                match figure(subject, sizes) {
                    Ok(all) => {
                        for line in all {
                            say(&format!(
                                "round {}: {} {}: {:.2}",
                                round + 1,
                                subject.kind.name(),
                                line.name,
                                line.value
                            ));
                            if subject.kind == Kind::C1 && line.name == figures::SUBMISSIONS {
                                table.note(
                                    AGAINST_PGBENCH,
                                    Unit::PerSecond,
                                    Target::AtLeast(0.5),
                                    Kind::C1,
                                    line.value,
                                );
                            }
                            table.note(line.name, line.unit, line.target, subject.kind, line.value);
                        }
                    }
                    Err(error) => remarks.push(format!("round {}, {}: {error:#}", round + 1, subject.kind.name())),
                }
                // Whatever one still has to do must not be done in another's time.
                if subject.kind != Kind::FloorAck {
                    subject.slack.settle(Duration::from_millis(150));
                }
            }
        }
        if let Some(pgbench) = prepared.pgbench.as_mut().filter(|_| wanted("submissions")) {
            let rate = pgbench.run(sizes.flood.max(Duration::from_secs(if quick { 1 } else { 4 })))?;
            say(&format!("round {}: pgbench: {rate:.0}", round + 1));
            table.note(
                AGAINST_PGBENCH,
                Unit::PerSecond,
                Target::AtLeast(0.5),
                Kind::Floor,
                rate,
            );
        }
    }
    for subject in subjects.iter() {
        if let Some((resident, _)) = subject.memory() {
            table.note(
                "memory after all of this (resident)",
                Unit::Megabytes,
                Target::Below(96.0),
                subject.kind,
                resident,
            );
        }
    }
    println!("\n{}", table.markdown());
    println!(
        "Medians of {} interleaved rounds. {AGAINST_PGBENCH}: the floor is pgbench.\n",
        sizes.rounds
    );

    let c1 = subjects
        .iter_mut()
        .find(|subject| subject.kind == Kind::C1)
        .context("c1 is measured")?;
    if wanted("faults") {
        println!("{}", faults::table(runtime, c1, quick)?);
    }
    if only.contains(&"statements") {
        println!("{}", statements_of(runtime, postgres, c1, sizes)?);
    }
    if !remarks.is_empty() {
        println!("Remarks:\n");
        remarks.iter().for_each(|remark| println!("- {remark}"));
    }
    println!(
        "\n<details><summary>Every round</summary>\n\n{}\n</details>",
        table.rounds()
    );
    Ok(())
}

/// What c1 says to its database while people submit, and while whole journeys are made.
fn statements_of(
    runtime: &Runtime,
    postgres: &PrivatePostgres,
    c1: &mut Subject,
    sizes: &Sizes,
) -> anyhow::Result<String> {
    let pool = connect(runtime, &c1.database)?;
    let tell = |on: &'static str| runtime.block_on(sqlx::raw_sql(on).execute(&pool));
    tell("ALTER DATABASE c1 SET log_min_duration_statement = 0")?;
    c1.kill();
    c1.start()?;
    // The predecessor's lease runs out, so that nobody is told of jobs who is no more.
    std::thread::sleep(Duration::from_secs(8));
    let mut text = String::new();
    for (name, figure, count) in [
        (
            "submission",
            figures::submissions as figures::Measure,
            sizes.submissions,
        ),
        ("journey", figures::journeys, sizes.journeys),
    ] {
        let before = log_of(postgres)?.len();
        figure(c1, sizes)?;
        c1.slack.settle(Duration::from_millis(300));
        let log = log_of(postgres)?;
        text += &statements::costs(name, log.get(before..).unwrap_or_default(), count);
    }
    tell("ALTER DATABASE c1 RESET log_min_duration_statement")?;
    Ok(text)
}

fn log_of(postgres: &PrivatePostgres) -> anyhow::Result<String> {
    let log = postgres
        .data_dir()
        .parent()
        .context("the data have a place")?
        .join("server.log");
    Ok(std::fs::read_to_string(log).unwrap_or_default())
}

const AGAINST_PGBENCH: &str = "submissions/s against pgbench of c1's own transaction, 8 clients";

/// Whose turn it is changes with the round.
fn in_turn(subjects: &mut [Subject], round: usize) -> impl Iterator<Item = &mut Subject> {
    let count = subjects.len();
    let mut turns: Vec<(usize, &mut Subject)> = subjects.iter_mut().enumerate().collect();
    turns.sort_by_key(|(place, _)| (place + round) % count);
    turns.into_iter().map(|(_, subject)| subject)
}

/// Everyone who is measured, with a company to serve.
struct Prepared {
    subjects: Vec<Subject>,
    pgbench: Option<Pgbench>,
    remarks: Vec<String>,
}

fn prepare(runtime: &Runtime, postgres: &PrivatePostgres, dir: &Path) -> anyhow::Result<Prepared> {
    say("a company of two thousand people");
    let mut remarks = Vec::new();
    let database = runtime.block_on(postgres.create_database("c1"))?;
    let mut c1 = Subject::new(Kind::C1, Slack::start(runtime, SIZE.accounts)?, database, dir)?;
    let first = c1.start()?;
    say(&format!(
        "c1 with an empty database: first answer after {:.0} ms, migrations included",
        millis(first)
    ));
    let pool = connect(runtime, &c1.database)?;
    c1.company = runtime.block_on(Company::of_c1(&pool, SIZE))?;

    // One submission, with everything that is said to the database about it.
    let tell = |on: &'static str| runtime.block_on(sqlx::raw_sql(on).execute(&pool));
    c1.kill();
    tell("ALTER DATABASE c1 SET log_min_duration_statement = 0")?;
    c1.start()?;
    c1.slack.settle(Duration::from_secs(1));
    let before = log_of(postgres)?.len();
    figures::ask(&c1, 1)?;
    c1.slack.settle(Duration::from_millis(500));
    let said = log_of(postgres)?;
    let said = statements::read(said.get(before..).unwrap_or_default());
    c1.kill();
    tell("ALTER DATABASE c1 RESET log_min_duration_statement")?;
    let submission = said
        .iter()
        .find(|transaction| transaction.names.iter().any(|name| name == "insert a request"));
    match submission {
        Some(submission) => remarks.extend(
            Pgbench::strangers(submission)
                .into_iter()
                .map(|odd| format!("pgbench's script is out of date: {odd}")),
        ),
        None => remarks.push("the transaction of a submission was not found in the server's log".to_owned()),
    }
    let polls = [
        "claim_jobs",
        "renew_lease",
        "orphaned_jobs",
        "DELETE FROM job_workers WHERE",
        "find due requests",
        "find due grants",
        "find the next wake-up",
    ];
    let told: Vec<String> = said
        .iter()
        .filter(|transaction| !transaction.names.iter().all(|name| polls.contains(&name.as_str())))
        .map(|transaction| format!("[{}]", transaction.names.join(", ")))
        .collect();
    let statements: usize = said.iter().map(|transaction| transaction.names.len()).sum();
    remarks.push(format!(
        "one submission, to both messages: {statements} statements, polls included: {}",
        told.join(" ")
    ));

    let pgbench = runtime.block_on(Pgbench::prepare(&pool, &pgbench::socket(&c1)?, &c1.company, dir))?;
    if pgbench.is_none() {
        remarks.push("there is no pgbench on this machine".to_owned());
    }
    runtime.block_on(pool.close());
    let admin = connect(runtime, &postgres.url())?;
    runtime.block_on(sqlx::raw_sql("CREATE DATABASE pgbench TEMPLATE c1").execute(&admin))?;

    let database = runtime.block_on(postgres.create_database("floor"))?;
    let mut floor = Subject::new(Kind::Floor, Slack::start(runtime, SIZE.accounts)?, database, dir)?;
    floor.company = c1.company.clone();
    runtime.block_on(floor.company.to_floor(&connect(runtime, &floor.database)?))?;
    let mut ack = Subject::new(Kind::FloorAck, floor.slack.clone(), String::new(), dir)?;
    ack.company = c1.company.clone();
    Ok(Prepared {
        subjects: vec![ack, floor, c1],
        pgbench,
        remarks,
    })
}

/// A few connections of our own.
pub(crate) fn connect(runtime: &Runtime, database: &str) -> anyhow::Result<PgPool> {
    Ok(runtime.block_on(PgPoolOptions::new().max_connections(2).connect(database))?)
}

/// Progress.
pub(crate) fn say(what: &str) {
    eprintln!("· {what}");
}
