//! What growth costs: the same acts of people before a past of different sizes.

use super::{
    company::{self, Company, Place},
    connect, figures, payload, say,
    slack::{Slack, Told},
    subject::{Kind, Subject},
    table::{median, millis, percentile},
    wire::{self, Sample},
};
use anyhow::Context as _;
use c1::private_postgres::PrivatePostgres;
use sqlx::PgPool;
use std::{
    fmt::Write as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Twenty thousand people and ten thousand things to ask for.
const SIZE: company::Size = company::Size {
    accounts: 20_000,
    apps: 50,
    entitlements: 200,
};

/// A figure may cost so many times what it cost before the smallest past.
const MOST: f64 = 1.5;

/// A keystroke in a picker is answered within so many milliseconds, nearly always.
const KEYSTROKE: f64 = 10.0;

const PATIENCE: Duration = Duration::from_secs(30);

/// One c1 with its past.
struct Aged {
    size: i64,
    c1: Subject,
}

/// Measures and prints.
pub(crate) fn measure(runtime: &Runtime, postgres: &PrivatePostgres, dir: &Path, quick: bool) -> anyhow::Result<()> {
    let sizes: &[i64] = if quick {
        &[1_000, 10_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let (rounds, acts) = if quick { (2, 40) } else { (3, 100) };
    let mut all = grown(runtime, postgres, dir, sizes)?;
    // figure -> for each size, what the rounds brought
    let mut figures: Vec<(&str, Vec<Vec<f64>>)> = Vec::new();
    for round in 0..rounds {
        for (place, aged) in all.iter_mut().enumerate() {
            say(&format!(
                "growth, round {} of {rounds}: {} requests",
                round + 1,
                aged.size
            ));
            for (name, value) in acts_of(aged, acts)? {
                let at = figures.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                    figures.push((name, vec![Vec::new(); sizes.len()]));
                    figures.len() - 1
                });
                figures[at].1[place].push(value);
            }
        }
    }
    println!("\n{}", table(sizes, &figures));
    println!(
        "{} people, {} things to ask for; medians of {rounds} interleaved rounds.",
        SIZE.accounts,
        SIZE.apps * SIZE.entitlements
    );
    Ok(())
}

fn table(sizes: &[i64], figures: &[(&str, Vec<Vec<f64>>)]) -> String {
    let heads: String = sizes.iter().map(|size| format!(" {size} requests |")).collect();
    let mut text = format!(
        "| growth |{heads} last ÷ first | target | |\n|---|{}---|---|---|\n",
        "---|".repeat(sizes.len())
    );
    for (name, by_size) in figures {
        let medians: Vec<f64> = by_size.iter().map(|rounds| median(rounds)).collect();
        let (first, last) = (medians[0], medians[medians.len() - 1]);
        let unit = if name.starts_with("memory") { "MB" } else { "ms" };
        let (target, reached) = if name.contains("p99") {
            (format!("≤ {KEYSTROKE} ms"), last <= KEYSTROKE)
        } else {
            (format!("≤ {MOST}"), last / first <= MOST)
        };
        let shown: String = medians.iter().map(|value| format!(" {value:.2} {unit} |")).collect();
        let mark = if reached { "✓" } else { "✗" };
        let _written = writeln!(text, "| {name} |{shown} {:.2} | {target} | {mark} |", last / first);
    }
    text
}

/// A c1 for each size, with its own database.
fn grown(runtime: &Runtime, postgres: &PrivatePostgres, dir: &Path, sizes: &[i64]) -> anyhow::Result<Vec<Aged>> {
    say("growth: twenty thousand people, ten thousand things to ask for");
    let database = runtime.block_on(postgres.create_database("young"))?;
    let mut young = Subject::new(Kind::C1, Slack::start(runtime, SIZE.accounts)?, database, dir)?;
    young.start()?;
    let pool = connect(runtime, &young.database)?;
    young.company = runtime.block_on(Company::of_c1(&pool, SIZE))?;
    // One request that was decided and one that is open, for the past to be made of.
    for (place, asked) in figures::ask(&young, 2)?.into_iter().take(1) {
        wire::closed(young.address, 1, &[figures::approval(&place, &asked)]);
    }
    young.slack.settle(Duration::from_secs(1));
    young.kill();
    runtime.block_on(pool.close());
    let admin = connect(runtime, &postgres.url())?;
    sizes
        .iter()
        .map(|&size| {
            let began = Instant::now();
            let name = format!("aged_{size}");
            runtime.block_on(
                sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE young"))).execute(&admin),
            )?;
            let mut c1 = Subject::new(
                Kind::C1,
                Slack::start(runtime, SIZE.accounts)?,
                postgres.url_of(&name),
                dir,
            )?;
            c1.company = young.company.clone();
            c1.wishes(10_000);
            let pool = connect(runtime, &c1.database)?;
            runtime
                .block_on(age(&pool, size))
                .context("the past could not be made up")?;
            runtime.block_on(pool.close());
            say(&format!(
                "growth: a past of {size} requests, made up in {:.0} s",
                began.elapsed().as_secs_f64()
            ));
            c1.start()?;
            Ok(Aged { size, c1 })
        })
        .collect()
}

async fn age(pool: &PgPool, size: i64) -> anyhow::Result<()> {
    let mut connection = pool.acquire().await?;
    // Rules and triggers have been kept by whoever made up the past.
    sqlx::raw_sql("SET session_replication_role = replica; CREATE TEMPORARY TABLE wanted (size bigint)")
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO wanted VALUES ($1)")
        .bind(size)
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql(include_str!("growth.sql"))
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut *connection).await?;
    sqlx::raw_sql("CHECKPOINT").execute(&mut *connection).await?;
    connection.close().await?;
    Ok(())
}

/// What people do, one after the other: nothing else loads the machine.
fn acts_of(aged: &mut Aged, acts: usize) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let c1 = &aged.c1;
    c1.slack.forget();
    let mut figures = Vec::new();
    for (name, text) in [
        ("/c1 list, p50", "list"),
        ("/c1 access, p50", "access"),
        ("/c1 request, p50", "request"),
        ("/c1 request with words, p50", "request application 7 role 12"),
    ] {
        // People whose past is equally long, whatever the company's.
        let users = (0..acts).map(|place| payload::user(SIZE.apps + place % 100));
        let command =
            |user: String| payload::signed("/slack/commands", &payload::command(&user, text, &payload::fresh("t.")));
        let requests: Vec<Vec<u8>> = users.map(command).collect();
        figures.push((name, middle(&wire::closed(c1.address, 1, &requests))?));
    }
    let owners = (0..acts).map(|place| payload::user(place % SIZE.apps));
    let approvals: Vec<Vec<u8>> = owners
        .map(|owner| {
            payload::signed(
                "/slack/commands",
                &payload::command(&owner, "approvals", &payload::fresh("t.")),
            )
        })
        .collect();
    figures.push(("/c1 approvals, p50", middle(&wire::closed(c1.address, 1, &approvals))?));

    let app = c1.company.entitlements[0].0.app;
    let typed = ["", "r", "ro", "role 1", "prod 7", "nothing like it"];
    let people = c1.people(acts).zip(typed.iter().cycle());
    let keys: Vec<Vec<u8>> = people
        .map(|(user, typed)| payload::signed("/slack/options", &payload::keystroke(user, app, typed)))
        .collect();
    let samples = wire::closed(c1.address, 1, &keys);
    figures.push(("a keystroke in a picker, p50", middle(&samples)?));
    let took: Vec<f64> = samples.iter().map(|sample| millis(sample.took)).collect();
    figures.push(("a keystroke in a picker, p99", percentile(&took, 0.99)));

    let (mut submitted, mut told, mut copied, mut decided) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for place in c1.wishes(acts / 2) {
        // In a long past, some have what they wish for.
        let Some((ack, asked)) = submit(c1, &place)? else {
            continue;
        };
        submitted.push(millis(ack.took));
        told.push(millis(asked.at - ack.at));
        // The ledger has to know of the message before somebody answers to it.
        thread::sleep(Duration::from_millis(150));
        let (token, body) = figures::comment(&place, &asked);
        let sample = wire::closed(c1.address, 1, &[payload::signed("/slack/events", &body)])[0];
        let copy = c1
            .slack
            .wait(token, PATIENCE, |told| told.channel == payload::dm(&place.requester));
        copied.push(millis(copy.context("a comment was never copied")?.at - sample.at));
        decided.push(millis(
            wire::closed(c1.address, 1, &[figures::approval(&place, &asked)])[0].took,
        ));
    }
    figures.push(("submission ack, p50", median(&submitted)));
    figures.push(("submit to DM, p50", median(&told)));
    figures.push(("comment to mirror, p50", median(&copied)));
    figures.push(("decision ack, p50", median(&decided)));
    if let Some((resident, _)) = c1.memory() {
        figures.push(("memory (resident)", resident));
    }
    c1.slack.settle(Duration::from_millis(300));
    aged.c1.check()?;
    Ok(figures)
}

fn submit(c1: &Subject, place: &Place) -> anyhow::Result<Option<(Sample, Told)>> {
    let ack = wire::closed(c1.address, 1, &[place.submission()])[0];
    if ack.status == 200 && !ack.silent {
        return Ok(None);
    }
    let asked = c1
        .slack
        .wait(place.token, PATIENCE, |told| figures::asks(told, &place.owner));
    Ok(Some((ack, asked.context("an owner was never asked")?)))
}

fn middle(samples: &[Sample]) -> anyhow::Result<f64> {
    figures::all_fine(samples, false)?;
    Ok(median(
        &samples.iter().map(|sample| millis(sample.took)).collect::<Vec<_>>(),
    ))
}
