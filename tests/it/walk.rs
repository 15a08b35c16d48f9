//! A walk without a plan: people do whatever they like, in any order, while everything breaks. At the end all surfaces agree
//! with the database, and every act stands in the audit once.
//!
//! A walk is chosen by its seed and by nothing else. One that fails is told again with steps left out as long as it still
//! fails, and the short story is printed.
//!
//! `C1_WALK_SEEDS` says how many walks there are, `C1_WALK_STEPS` how long each is, `C1_WALK_SEED` which one alone.

use crate::harness::{World, tried};
use chrono::TimeDelta;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use simulator::{DeliveryFault, Fault, MessageSnapshot, Person, ProfileChange};
use std::time::Duration;

const SEEDS: u64 = 6;
const STEPS: usize = 40;

/// Who does things.
const PEOPLE: [&str; 9] = ["ana", "bob", "kofi", "carla", "dan", "qin", "erin", "milan", "lena"];

/// What is asked for.
const ACCESS: [&str; 6] = [
    "prod-db read",
    "prod-db write",
    "figma edit",
    "github",
    "grafana",
    "okta",
];

const BUTTONS: [&str; 11] = [
    "Approve",
    "Approve",
    "Approve",
    "Deny",
    "Cancel request",
    "I'm done",
    "Provisioned",
    "Removed",
    "Retry",
    "Remind",
    "I'll take it",
];

const CHOICES: [&str; 4] = ["I'm on it", "Make it shorter…", "Reassign…", "Remind me later…"];

/// A step. The numbers choose among what there is when it comes to it, so that a step makes sense whatever was left out
/// before it.
#[derive(Clone, Debug)]
enum Step {
    Asks(&'static str, &'static str, bool),
    Clicks(&'static str, &'static str, usize),
    Picks(&'static str, &'static str, usize),
    Escalates(&'static str),
    Says(&'static str, usize, u32),
    WritesANote(&'static str, usize, u32),
    Edits(&'static str, usize, u32),
    TakesBack(&'static str, usize),
    OpensHome(&'static str),
    Leaves(&'static str),
    Returns(&'static str),
    TimePasses(i64),
    TheClockIsSetBack(i64),
    ThePolicyChanges(bool),
    Settles,
    // What breaks.
    Calls(&'static str, Fault, u32),
    Deliveries(DeliveryFault),
    IsKilled,
    ASecondReplicaStarts,
    TheDatabaseHangsUp,
    AnAdminRemoves(&'static str, usize),
    SomebodyRewrites(&'static str, usize),
    ADmIsClosed(&'static str),
    TheAppIsRemoved,
    TheAppIsBack,
}

fn step(dice: &mut StdRng) -> Step {
    let who = PEOPLE[dice.random_range(0..PEOPLE.len())];
    let which = dice.random_range(0..6);
    let words = dice.random_range(0..1_000_000);
    let method = [
        "chat.postMessage",
        "chat.update",
        "conversations.open",
        "views.open",
        "*",
    ][dice.random_range(0..5)];
    match dice.random_range(0..100) {
        0..14 => Step::Asks(who, ACCESS[dice.random_range(0..ACCESS.len())], dice.random_ratio(1, 8)),
        14..36 => Step::Clicks(who, BUTTONS[dice.random_range(0..BUTTONS.len())], which),
        36..40 => Step::Picks(who, CHOICES[dice.random_range(0..CHOICES.len())], which),
        40..42 => Step::Escalates(who),
        42..53 => Step::Says(who, which, words),
        53..56 => Step::WritesANote(who, which, words),
        56..60 => Step::Edits(who, which, words),
        60..63 => Step::TakesBack(who, which),
        63..65 => Step::OpensHome(who),
        65 => Step::Leaves(who),
        66 => Step::Returns(who),
        67..71 => Step::TimePasses(dice.random_range(1..180)),
        71 => Step::TheClockIsSetBack(dice.random_range(1..90)),
        72 => Step::ThePolicyChanges(dice.random_bool(0.5)),
        73..79 => Step::Settles,
        79..88 => {
            let fault = match dice.random_range(0..6) {
                0 => Fault::RateLimited { retry_after: 1 },
                1 => Fault::ServerError(503),
                2 => Fault::AppliedNoAnswer,
                3 => Fault::AppliedServerError(502),
                4 => Fault::BadBody,
                _ => Fault::Slow { millis: 150 },
            };
            Step::Calls(method, fault, dice.random_range(1..4))
        }
        88..92 => Step::Deliveries(match dice.random_range(0..9) {
            0 => DeliveryFault::DropSocket,
            1 => DeliveryFault::SocketRefresh,
            2 => DeliveryFault::DuplicateNext {
                with_retry_headers: true,
            },
            3 => DeliveryFault::DuplicateNext {
                with_retry_headers: false,
            },
            4 => DeliveryFault::TwoEventIdsNext,
            5 => DeliveryFault::HoldEvents,
            6 => DeliveryFault::ReleaseEvents { reversed: true },
            7 => DeliveryFault::LoseEvents,
            _ => DeliveryFault::TellEvents,
        }),
        92..94 => Step::IsKilled,
        94 => Step::ASecondReplicaStarts,
        95 => Step::TheDatabaseHangsUp,
        96 => Step::AnAdminRemoves(who, which),
        97 => Step::SomebodyRewrites(who, which),
        98 => Step::ADmIsClosed(who),
        _ if dice.random_bool(0.4) => Step::TheAppIsRemoved,
        _ => Step::TheAppIsBack,
    }
}

/// What somebody wrote, as long as it stands.
struct Said {
    by: &'static str,
    message: simulator::MessageRef,
    gone: bool,
}

#[derive(Default)]
struct Walk {
    said: Vec<Said>,
}

impl Walk {
    async fn goes(&mut self, w: &mut World, steps: &[Step]) {
        w.stops_c1().await;
        w.starts_mortal_c1().await;
        for step in steps {
            self.takes(w, step).await;
        }
        self.ends(w).await;
    }

    async fn takes(&mut self, w: &mut World, step: &Step) {
        match step {
            Step::Asks(who, what, emergency) => {
                let person = w.person(who);
                let _ = person.runs("general", &format!("/c1 request {what}")).await;
                finishes(&person, *emergency).await;
            }
            Step::Clicks(who, button, which) => {
                let person = w.person(who);
                if let Some(card) = with(&person, &format!("[{button}]"), *which) {
                    let _ = person.clicks(&card, button).await;
                    finishes_if_asked(&person).await;
                }
            }
            Step::Picks(who, choice, which) => {
                let person = w.person(who);
                if let Some(card) = with(&person, choice, *which) {
                    let _ = person.chooses_in(&card, "more", choice).await;
                    finishes_if_asked(&person).await;
                }
            }
            Step::Escalates(who) => {
                let id = w.count("SELECT coalesce(max(id), 0) FROM requests").await;
                let _ = w
                    .person(who)
                    .runs("general", &format!("/c1 escalate {id} it burns"))
                    .await;
            }
            Step::Says(who, which, words) => self.says(w, who, *which, format!("words {words:06}")).await,
            Step::WritesANote(who, which, words) => {
                self.says(w, who, *which, format!("note: secret words {words:06}"))
                    .await;
            }
            Step::Edits(who, which, words) => {
                let mine = self.said.iter().filter(|said| said.by == *who && !said.gone);
                if let Some(said) = mine.cycle_nth(*which) {
                    let words = format!("words {words:06}");
                    let _ = w.person(who).edits(said.message.clone(), &words).await;
                }
            }
            Step::TakesBack(who, which) => {
                let mine = self.said.iter_mut().filter(|said| said.by == *who && !said.gone);
                if let Some(said) = mine.cycle_nth(*which) {
                    said.gone = w.person(who).deletes(said.message.clone()).await.is_ok();
                }
            }
            Step::OpensHome(who) => {
                let _ = w.person(who).opens_home().await;
            }
            Step::Leaves(who) => is_gone(w, who, true).await,
            Step::Returns(who) => is_gone(w, who, false).await,
            Step::TimePasses(minutes) => {
                w.clock.advance(TimeDelta::minutes(*minutes));
                w.slack.advance(Duration::from_secs(minutes.unsigned_abs() * 60));
                c1::db::jobs::wake();
            }
            Step::TheClockIsSetBack(minutes) => {
                w.clock.advance(-TimeDelta::minutes(*minutes));
                c1::db::jobs::wake();
            }
            Step::ThePolicyChanges(other) => {
                let text = std::fs::read_to_string(crate::harness::company::folder().join("policies.yaml")).unwrap();
                let text = if *other {
                    text.replace(
                        "approvers: [entitlement_owners]\n          reassign:",
                        "approvers: [manager, entitlement_owners]\n          reassign:",
                    )
                } else {
                    text
                };
                let folder = crate::harness::company::with(&[("policies.yaml", &text)]);
                if let Ok(proposal) = c1::catalog_files::propose_files(&w.system, folder).await {
                    let _ = c1::catalog_files::carry_out(&w.system, &proposal, "a walker").await;
                }
            }
            Step::Settles => {
                let until = std::time::Instant::now() + Duration::from_millis(700);
                while std::time::Instant::now() < until && !w.is_still().await {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Step::Calls(method, fault, times) => w.slack.faults().times(method, fault.clone(), *times),
            Step::Deliveries(fault) => w.slack.faults().delivery(*fault),
            Step::IsKilled => {
                w.kills_c1().await;
                w.slack.faults().clear();
                w.starts_mortal_c1_in_any_weather().await;
            }
            Step::ASecondReplicaStarts => w.starts_mortal_c1_in_any_weather().await,
            Step::TheDatabaseHangsUp => w.database_hangs_up().await,
            Step::AnAdminRemoves(who, which) => {
                if let Some(message) = apps(&w.person(who), *which) {
                    w.slack.removes(&message.reference());
                }
            }
            Step::SomebodyRewrites(who, which) => {
                if let Some(message) = apps(&w.person(who), *which) {
                    w.slack
                        .rewrites(&message.reference(), &w.person("frank"), "Nothing to see here");
                }
            }
            Step::ADmIsClosed(who) => {
                let person = w.person(who);
                // What people wrote goes with it.
                for said in self.said.iter_mut().filter(|said| said.by == *who) {
                    said.gone = true;
                }
                w.slack.closes_dm(&person);
            }
            Step::TheAppIsRemoved => w.slack.uninstalls_app(),
            Step::TheAppIsBack => w.slack.installs_app(),
        }
    }

    async fn says(&mut self, w: &World, who: &'static str, which: usize, words: String) {
        let person = w.person(who);
        let Some(card) = with(&person, "Reply in this thread", which) else {
            return;
        };
        if let Ok(message) = person.replies(&card, &words).await {
            self.said.push(Said {
                by: who,
                message,
                gone: false,
            });
        }
    }

    /// Everything works again; time passes; and then everything has to be right.
    async fn ends(&mut self, w: &mut World) {
        w.slack.faults().clear();
        w.slack.installs_app();
        for fault in [
            DeliveryFault::TellEvents,
            DeliveryFault::ReleaseEvents { reversed: true },
        ] {
            w.slack.faults().delivery(fault);
        }
        w.until("a socket is up", async || w.slack.sockets() > 0).await;
        w.settles_patiently().await;
        // What nobody heard of is found by looking: all of it after a start, twenty calls a minute; and what is found only
        // when something else was put right, an hour later.
        w.kills_c1().await;
        w.starts_mortal_c1().await;
        for _ in 0..2 {
            w.clock.advance(TimeDelta::minutes(61));
            w.slack.advance(Duration::from_secs(61 * 60));
            for _ in 0..12 {
                c1::db::jobs::wake();
                w.settles_patiently().await;
                w.clock.advance(TimeDelta::seconds(61));
                w.slack.advance(Duration::from_secs(61));
            }
        }
        w.settles_patiently().await;
        w.agrees().await;
        self.is_on_record(w).await;
    }

    /// Every act is on record once.
    async fn is_on_record(&self, w: &World) {
        for (what, sql) in [
            (
                "requests",
                "SELECT count(*) FROM requests r WHERE (SELECT count(*) FROM audit a WHERE a.request_id = r.id AND a.event->>'type' = 'submitted') <> 1",
            ),
            (
                "decisions",
                "SELECT abs((SELECT count(*) FROM decisions) - (SELECT count(*) FROM audit WHERE event->>'type' = 'decided'))",
            ),
            (
                "comments",
                "SELECT count(*) FROM comments c WHERE c.author_id IS NOT NULL
                    AND (SELECT count(*) FROM audit a WHERE a.event->>'type' = 'commented' AND (a.event->>'comment')::bigint = c.id) <> 1",
            ),
            (
                "edits and deletions",
                "SELECT count(*) FROM comments c WHERE c.author_id IS NOT NULL
                    AND (SELECT count(*) FROM audit a WHERE a.event->>'type' IN ('comment_edited', 'comment_deleted')
                            AND (a.event->>'comment')::bigint = c.id) <> c.edition - 1",
            ),
            (
                "notes",
                "SELECT count(*) FROM comments c WHERE c.author_id IS NOT NULL
                    AND (SELECT count(*) FROM audit a WHERE (a.event->>'comment')::bigint = c.id
                            AND coalesce((a.event->>'note')::bool, false) <> (c.visibility = 'approvers')) > 0",
            ),
        ] {
            assert_eq!(w.count(sql).await, 0, "{what} are not on record once");
        }
    }
}

/// The nth of whatever there is, from the beginning again when there are fewer.
trait CycleNth: Iterator + Sized {
    fn cycle_nth(self, nth: usize) -> Option<Self::Item> {
        let mut all: Vec<Self::Item> = self.collect();
        if all.is_empty() {
            return None;
        }
        let nth = nth % all.len();
        Some(all.swap_remove(nth))
    }
}
impl<I: Iterator> CycleNth for I {}

/// A card that has these words.
fn with(person: &Person, words: &str, which: usize) -> Option<MessageSnapshot> {
    person
        .dm()
        .into_iter()
        .filter(|message| message.is_by_app() && message.text().contains(words))
        .cycle_nth(which)
}

/// A message of the app's: a card, or a copy of a comment.
fn apps(person: &Person, which: usize) -> Option<MessageSnapshot> {
    let tops = person.dm().into_iter();
    let all = tops.flat_map(|top| {
        let thread = person.thread(&top).into_iter().skip(1);
        std::iter::once(top.clone()).chain(thread).collect::<Vec<_>>()
    });
    // Notices are read once, and nobody puts them back.
    all.filter(|message| message.is_by_app() && !message.text().contains("🚨"))
        .cycle_nth(which)
}

/// Fills in whatever form appears, and sends it.
async fn finishes(person: &Person, emergency: bool) {
    for _ in 0..60 {
        if let Some(form) = person.modal() {
            if emergency && form.text().contains("Emergency access") {
                let _ = person.chooses("Emergency access", "on").await;
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            let form = person.modal().unwrap_or(form);
            for block in form.json()["blocks"].as_array().into_iter().flatten() {
                if block["element"]["type"] == "plain_text_input"
                    && let Some(label) = block["label"]["text"].as_str()
                {
                    let _ = person.types(label, "because it has to be").await;
                }
            }
            let _ = person.submits().await;
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    person.vanishes();
}

async fn finishes_if_asked(person: &Person) {
    for _ in 0..8 {
        if person.modal().is_some() {
            return finishes(person, false).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn is_gone(w: &World, who: &str, gone: bool) {
    let change = ProfileChange {
        deleted: Some(gone),
        ..ProfileChange::default()
    };
    let _ = w.person(who).changes_profile(change).await;
}

#[expect(clippy::disallowed_methods, reason = "how far to walk is no setting of c1's")]
fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn steps_of(seed: u64, count: usize) -> Vec<Step> {
    let mut dice = StdRng::seed_from_u64(seed);
    (0..count).map(|_| step(&mut dice)).collect()
}

fn told(steps: &[Step]) -> Result<(), String> {
    tried(async |w| Walk::default().goes(w, steps).await)
}

/// The story with steps left out, as long as it fails.
fn shortened(mut steps: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
    let mut tries = 80;
    let mut size = steps.len().div_ceil(2);
    while size > 0 && tries > 0 {
        let mut from = 0;
        while from < steps.len() && tries > 0 {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + size).min(steps.len()));
            tries -= 1;
            match told(&fewer) {
                Err(still) => (steps, why) = (fewer, still),
                Ok(()) => from += size,
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    (steps, why)
}

#[test]
fn whatever_people_do_and_whatever_breaks() {
    let steps = number("C1_WALK_STEPS").unwrap_or(STEPS);
    let seeds = match number::<u64>("C1_WALK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("C1_WALK_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let walk = steps_of(seed, steps);
        if let Err(why) = told(&walk) {
            eprintln!("walk {seed} fails: {why}\nlooking for a shorter one …");
            let (short, why) = shortened(walk, why);
            let story: Vec<String> = short.iter().map(|step| format!("    {step:?},")).collect();
            panic!("walk {seed} comes down to\n{}\n{why}", story.join("\n"));
        }
    }
}
