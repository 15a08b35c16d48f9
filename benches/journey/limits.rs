//! What Slack's limits force, and what c1 adds: a request that 150 people are asked about one by one, decided by one of them,
//! before a Slack that counts (each method's tier, a message a second in each conversation) and that closes `chat.update` for
//! thirty seconds in the middle.

use super::{company, machine, payload, say};
use anyhow::{Context as _, ensure};
use c1::private_postgres::PrivatePostgres;
use simulator::{Call, Config, Fault, Person, Seed, SeedChannel, SeedPerson, Simulator};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Who is asked.
const APPROVERS: usize = 150;

/// `chat.update` a minute, all at once if need be.
const UPDATES: f64 = 50.0;

/// What Slack says in the middle.
const CLOSED_FOR: u64 = 30;

const PATIENCE: Duration = Duration::from_secs(600);

struct C1(Child);

impl Drop for C1 {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Measures and prints.
pub(crate) fn measure(runtime: &Runtime, postgres: &PrivatePostgres, dir: &Path) -> anyhow::Result<()> {
    runtime.block_on(async {
        let (slack, _c1, pool) = prepare(postgres, dir).await?;
        let told = story(&slack, &pool).await?;
        println!("\n{told}");
        println!("Load of the machine: {}.", machine::load());
        anyhow::Ok(())
    })
}

async fn prepare(postgres: &PrivatePostgres, dir: &Path) -> anyhow::Result<(Simulator, C1, sqlx::PgPool)> {
    let accounts = APPROVERS + 10;
    let people = (0..accounts).map(|place| SeedPerson {
        id: payload::user(place),
        name: format!("person{place}"),
        real_name: format!("Person {place}"),
        email: format!("person{place}@bench.test"),
        ..SeedPerson::default()
    });
    let slack = Simulator::start(Config {
        rate_limits: true,
        seed: Seed {
            people: people.collect(),
            channels: vec![SeedChannel {
                name: "general".to_owned(),
                ..SeedChannel::default()
            }],
            ..Seed::default()
        },
        ..Config::new(include_str!("../../manifest.yml"))
    })
    .await?;
    let database = postgres.create_database("limits").await?;
    let log = std::fs::File::create(dir.join("limits.log"))?;
    let child = Command::new(env!("CARGO_BIN_EXE_c1"))
        .arg("serve")
        .env_clear()
        .envs([
            ("DATABASE_URL", database.as_str()),
            ("SLACK_BOT_TOKEN", &slack.tokens().bot),
            ("SLACK_APP_TOKEN", &slack.tokens().app),
            ("SLACK_API_URL", &slack.api_url()),
            ("C1_LISTEN", "127.0.0.1:0"),
            ("C1_LOG", "warn"),
        ])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let c1 = C1(child);
    let began = Instant::now();
    while slack.sockets() == 0 {
        ensure!(began.elapsed() < Duration::from_secs(60), "c1 does not connect");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pool = sqlx::PgPool::connect(&database).await?;
    let size = company::Size {
        accounts,
        apps: 1,
        entitlements: 1,
    };
    // Their conversations with the app have been opened before, as they are after the first message ever.
    company::Company::of_c1(&pool, size).await?;
    for place in 0..accounts {
        let person = slack.person(&payload::user(place));
        person.opens_app().await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    }
    sqlx::raw_sql(
        "UPDATE slack_identities SET dm_channel = NULL;
         INSERT INTO owners (app_id, person_id)
         SELECT a.id, s.person_id FROM apps a, slack_identities s WHERE s.user_id < 'U0000150' ON CONFLICT DO NOTHING;
         INSERT INTO organisation_settings (name, value) VALUES ('ask_one_by_one_up_to', '150')",
    )
    .execute(&pool)
    .await?;
    Ok((slack, c1, pool))
}

async fn story(slack: &Simulator, pool: &sqlx::PgPool) -> anyhow::Result<String> {
    let ana = slack.person(&payload::user(APPROVERS + 5));
    // Once, so that every conversation is open; it is not measured.
    say("limits: opening conversations, which takes Slack's own time");
    ask(&ana, "the first").await?;
    all_quiet(slack, pool).await?;
    let cancelled = card(&ana, "the first")?;
    click(&ana, &cancelled, "Cancel request").await?;
    all_quiet(slack, pool).await?;
    tokio::time::sleep(Duration::from_secs(61)).await;

    say("limits: asking 150 people");
    let before = slack.calls().len();
    ask(&ana, "the second").await?;
    all_quiet(slack, pool).await?;
    let posts = of(slack, before, "chat.postMessage");
    let last_asked = until_last(&posts, &slack.calls()[before..]);

    say("limits: one of them decides");
    let decider = slack.person(&payload::user(APPROVERS - 1));
    let before = slack.calls().len();
    let click_it = card(&decider, "the second")?;
    click(&decider, &click_it, "Deny").await?;
    decider_says_why(&decider).await?;
    let decided = slack.now();
    tokio::time::sleep(Duration::from_secs(30)).await;
    slack.faults().next(
        "chat.update",
        Fault::RateLimited {
            retry_after: CLOSED_FOR,
        },
    );
    all_quiet(slack, pool).await?;
    let calls = slack.calls().split_off(before);
    let updates: Vec<&Call> = calls.iter().filter(|call| call.method == "chat.update").collect();
    let done: Vec<&&Call> = updates.iter().filter(|call| call.outcome == "ok").collect();
    let copies = APPROVERS + 1;
    let last = done.last().map_or(0.0, |call| seconds(call, decided));
    let mine = |person: &Person| {
        let place = person.dm().iter().map(|card| card.channel().to_owned()).next();
        let first = done
            .iter()
            .find(|call| call.args["channel"].as_str() == place.as_deref());
        first.map_or(f64::NAN, |call| seconds(call, decided))
    };
    let stale = (0..APPROVERS)
        .filter(|place| {
            let person = slack.person(&payload::user(*place));
            person.dm().iter().any(|card| card.text().contains("[Approve]"))
        })
        .count();
    // While it is closed, places become free all the same: it costs nothing in the end.
    let forced = (copies as f64 - UPDATES).max(0.0) / UPDATES * 60.0;
    let notes = calls.iter().filter(|call| call.method == "chat.postMessage").count();
    let refused = updates.len() - done.len();
    Ok(format!(
        "| 150 approvers asked one by one, one decides | c1 | least |\n|---|---|---|\n\
         | last of them asked | {last_asked:.1} s | 0 s |\n\
         | posts to ask them and to confirm | {posts} | {copies} |\n\
         | the requester reads the decision after | {:.1} s | 0 s |\n\
         | the decider's own card is right after | {:.1} s | 0 s |\n\
         | last copy right after (a `Retry-After` of {CLOSED_FOR} s in the middle) | {last:.0} s | {forced:.0} s |\n\
         | updates that were made | {} | {copies} |\n\
         | updates that Slack refused | {refused} | 1 |\n\
         | lines in the threads | {notes} | {copies} |\n\
         | live buttons left | {stale} | 0 |",
        mine(&ana),
        mine(&decider),
        done.len(),
        posts = posts.len(),
    ))
}

fn seconds(call: &Call, since: Duration) -> f64 {
    call.at.saturating_sub(since).as_secs_f64()
}

fn of(slack: &Simulator, before: usize, method: &str) -> Vec<Call> {
    let calls = slack.calls().split_off(before);
    calls.into_iter().filter(|call| call.method == method).collect()
}

fn until_last(posts: &[Call], all: &[Call]) -> f64 {
    let (Some(first), Some(last)) = (all.first(), posts.last()) else {
        return f64::NAN;
    };
    seconds(last, first.at)
}

fn card(person: &Person, words: &str) -> anyhow::Result<simulator::MessageSnapshot> {
    let found = person.dm().into_iter().rfind(|card| card.text().contains(words));
    found.with_context(|| format!("{} has no card of {words}", person.name()))
}

async fn click(person: &Person, card: &simulator::MessageSnapshot, button: &str) -> anyhow::Result<()> {
    let clicked = person.clicks(card, button).await;
    clicked.map_err(|error| anyhow::anyhow!("{button}: {error:?}"))
}

async fn ask(person: &Person, reason: &str) -> anyhow::Result<()> {
    let command = person.runs("general", "/c1 request application role").await;
    command.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    fill_in(person, "Why do you need it?", reason).await
}

/// Denying wants a reason, in a form.
async fn decider_says_why(person: &Person) -> anyhow::Result<()> {
    for _ in 0..50 {
        if let Some(form) = person.modal() {
            let label = form.json()["blocks"].as_array().and_then(|blocks| {
                let input = blocks
                    .iter()
                    .find(|block| block["element"]["type"] == "plain_text_input")?;
                input["label"]["text"].as_str().map(str::to_owned)
            });
            return fill_in(person, &label.context("no field for a reason")?, "not this week").await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn fill_in(person: &Person, label: &str, words: &str) -> anyhow::Result<()> {
    for _ in 0..100 {
        if person.modal().is_some() {
            let typed = person.types(label, words).await;
            typed.map_err(|error| anyhow::anyhow!("{label}: {error:?}"))?;
            let sent = person.submits().await;
            sent.map_err(|error| anyhow::anyhow!("{error:?}"))?;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("no form")
}

/// Until nothing is left to do.
async fn all_quiet(slack: &Simulator, pool: &sqlx::PgPool) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut quiet = 0;
    while quiet < 5 {
        let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state <> 'dead'")
            .fetch_one(pool)
            .await?;
        quiet = if jobs == 0 && slack.is_idle() { quiet + 1 } else { 0 };
        ensure!(began.elapsed() < PATIENCE, "after ten minutes there are {jobs} jobs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
