//! What must not happen, whatever happens: lost and doubled messages, counted.

use super::{
    company::Place,
    connect,
    figures::{approval, asks, comment, notes},
    payload, say,
    slack::{How, Slack, Told},
    subject::{Kind, Subject},
    wire::{self, Wire, wait_until},
};
use anyhow::Context as _;
use std::{
    collections::HashMap,
    fmt::Write as _,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// A dead process's jobs are taken up after some seconds; nothing may take longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody reads and answers faster.
const TO_READ: Duration = Duration::from_millis(150);

/// Forms a second while the process is killed again and again.
const RATE: f64 = 50.0;

/// Counts, and makes a table of it.
pub(crate) fn table(runtime: &Runtime, c1: &mut Subject, quick: bool) -> anyhow::Result<String> {
    c1.slack.forget();
    let mut text = "| correctness under the same load | c1 | must be | |\n|---|---|---|---|\n".to_owned();
    let mut line = |what: &str, count: usize, of: usize| {
        let mark = if count == 0 { "✓" } else { "✗" };
        say(&format!("{what}: {count} of {of}"));
        let _written = writeln!(text, "| {what} | {count} of {of} | 0 | {mark} |");
    };
    let (twice, lost) = resent(c1)?;
    line("event resent: handled twice", twice, 10);
    line("event resent: not handled at all", lost, 10);
    let (stored, refused) = submitted_twice(runtime, c1)?;
    line("view submitted twice: stored twice", stored, 10);
    line("view submitted again after its answer was lost: refused", refused, 10);
    line("timestamp ten minutes in the future: accepted", ahead(c1)?, 1);
    let (count, kills) = if quick { (150, 2) } else { (500, 4) };
    let counted = killed(c1, count, kills)?;
    let under = format!("`kill -9` {kills} times under 50 submissions/s");
    for (what, lost, of) in counted {
        line(&format!("{under}: {what}"), lost, of);
    }
    Ok(text)
}

/// The same event three times, two of them at the same moment: how often it was handled twice, and not at all.
fn resent(c1: &Subject) -> anyhow::Result<(usize, usize)> {
    let places = c1.wishes(10);
    let (mut twice, mut lost) = (0, 0);
    for place in &places {
        until_yes(c1.address, || place.submission(), true)?;
        let asked = c1
            .slack
            .wait(place.token, PATIENCE, |told| asks(told, &place.owner))
            .context("nobody was asked")?;
        c1.slack.settle(Duration::from_millis(50));
        let (token, body) = comment(place, &asked);
        let (first, again) = (
            payload::signed("/slack/events", &body),
            payload::resent("/slack/events", &body, 1),
        );
        wire::closed(c1.address, 2, &[first, again]);
        wire::closed(c1.address, 1, &[payload::resent("/slack/events", &body, 2)]);
        c1.slack.settle(Duration::from_millis(100));
        let copies = c1
            .slack
            .told(token)
            .iter()
            .filter(|told| told.channel == payload::dm(&place.requester))
            .count();
        twice += usize::from(copies > 1);
        lost += usize::from(copies == 0);
    }
    Ok((twice, lost))
}

/// The same form twice at the same moment, and once more: how often it became two requests, and how often the third was
/// not answered as the first.
fn submitted_twice(runtime: &Runtime, c1: &Subject) -> anyhow::Result<(usize, usize)> {
    let pool = connect(runtime, &c1.database)?;
    let (mut twice, mut refused) = (0, 0);
    for place in c1.wishes(10) {
        wire::closed(c1.address, 2, &[place.submission(), place.submission()]);
        let again = wire::closed(c1.address, 1, &[place.submission()])[0];
        refused += usize::from(again.status != 200 || !again.silent);
        let stored: i64 = runtime.block_on(
            sqlx::query_scalar("SELECT count(*) FROM requests WHERE position($1 IN justification) > 0")
                .bind(payload::mark(place.token))
                .fetch_one(&pool),
        )?;
        twice += usize::from(stored != 1);
    }
    runtime.block_on(pool.close());
    Ok((twice, refused))
}

fn ahead(c1: &Subject) -> anyhow::Result<usize> {
    let command = payload::command(&payload::user(1), "help", "t.ahead");
    let status = Wire::connect(c1.address)?.exchange(&payload::ahead("/slack/commands", &command, 600))?;
    Ok(usize::from(status != 401))
}

/// Everybody submits, comments and approves while the process dies again and again; people and Slack try again until
/// they get an answer. Then everything is counted.
fn killed(c1: &mut Subject, count: usize, kills: usize) -> anyhow::Result<Vec<(&'static str, usize, usize)>> {
    let places = c1.wishes(count);
    let (address, slack) = (c1.address, c1.slack.clone());
    let start = Instant::now() + Duration::from_millis(500);
    let lasts = count as f64 / RATE;
    let acted: Vec<(Place, anyhow::Result<Acted>)> = thread::scope(|scope| {
        let people = scope.spawn(|| {
            wire::together(count, |place| {
                wait_until(start + Duration::from_secs_f64(place as f64 / RATE));
                (
                    places[place].clone(),
                    act(address, &slack, &places[place], place % 5 < 2),
                )
            })
        });
        for kill in 1..=kills {
            wait_until(start + Duration::from_secs_f64(lasts * kill as f64 / (kills + 1) as f64));
            say(&format!("kill -9, number {kill}"));
            c1.kill();
            c1.start()?;
        }
        people
            .join()
            .map_err(|_| anyhow::anyhow!("a thread of the load panicked"))
    })?;
    // What a dead process held is taken up by its successor when the lease has run out.
    thread::sleep(Duration::from_secs(9));
    slack.settle(Duration::from_secs(2));
    let mut count = Count {
        kind: c1.kind,
        ..Count::default()
    };
    for (place, acted) in &acted {
        count.add(&slack, place, acted.as_ref().ok());
    }
    let unanswered: Vec<String> = acted
        .iter()
        .filter_map(|(_, acted)| Some(format!("{:#}", acted.as_ref().err()?)))
        .collect();
    if let Some(first) = unanswered.first() {
        say(&format!("{} people gave up: {first}", unanswered.len()));
    }
    let silent = silent_threads(c1, &acted)?;
    let (people, comments) = (acted.len(), count.comments);
    Ok(vec![
        ("approver's DM lost", count.asked_never, people),
        ("approver's DM twice", count.asked_twice, people),
        ("requester's own message twice", count.confirmed_twice, people),
        ("requester's note lost", count.noted_never, people),
        ("requester's note twice", count.noted_twice, people),
        ("comments lost", count.copied_never, comments),
        ("comments twice", count.copied_twice, comments),
        ("threads that mirror no more", silent, people),
        ("people who never got an answer", unanswered.len(), people),
    ])
}

/// What somebody did: the message that asked, and the mark of the comment.
struct Acted {
    asked: Told,
    comment: Option<u32>,
}

fn act(address: SocketAddr, slack: &Slack, place: &Place, comments: bool) -> anyhow::Result<Acted> {
    until_yes(address, || place.submission(), true).context("the form")?;
    let asked = slack
        .wait(place.token, PATIENCE, |told| asks(told, &place.owner))
        .context("nobody was asked")?;
    thread::sleep(TO_READ);
    let mut commented = None;
    if comments {
        let (token, body) = comment(place, &asked);
        until_yes(address, || payload::signed("/slack/events", &body), false).context("the comment")?;
        commented = Some(token);
    }
    until_yes(address, || approval(place, &asked), true).context("the approval")?;
    Ok(Acted {
        asked,
        comment: commented,
    })
}

/// Sends until it is answered with a yes, as a person who sees an error would.
fn until_yes(address: SocketAddr, request: impl Fn() -> Vec<u8>, silent: bool) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let sample = wire::closed(address, 1, &[request()])[0];
        if sample.status == 200 && (sample.silent || !silent) {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < until,
            "no yes after a minute; the last answer was {}",
            sample.status
        );
        thread::sleep(Duration::from_millis(100));
    }
}

/// How many threads do not copy another comment.
fn silent_threads(c1: &Subject, acted: &[(Place, anyhow::Result<Acted>)]) -> anyhow::Result<usize> {
    let alive: Vec<(&Place, &Acted)> = acted
        .iter()
        .filter_map(|(place, acted)| Some((place, acted.as_ref().ok()?)))
        .collect();
    let (tokens, requests): (Vec<u32>, Vec<Vec<u8>>) = alive
        .iter()
        .map(|(place, acted)| {
            let (token, body) = comment(place, &acted.asked);
            (token, payload::signed("/slack/events", &body))
        })
        .unzip();
    wire::open(c1.address, RATE, &requests);
    c1.slack.settle(Duration::from_secs(2));
    let copied = |token: u32, place: &Place| {
        let told = c1.slack.told(token);
        told.iter().any(|told| told.channel == payload::dm(&place.requester))
    };
    Ok(tokens
        .iter()
        .zip(&alive)
        .filter(|(token, (place, _))| !copied(**token, place))
        .count())
}

struct Count {
    kind: Kind,
    asked_never: usize,
    asked_twice: usize,
    confirmed_twice: usize,
    noted_never: usize,
    noted_twice: usize,
    comments: usize,
    copied_never: usize,
    copied_twice: usize,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            kind: Kind::C1,
            asked_never: 0,
            asked_twice: 0,
            confirmed_twice: 0,
            noted_never: 0,
            noted_twice: 0,
            comments: 0,
            copied_never: 0,
            copied_twice: 0,
        }
    }
}

impl Count {
    fn add(&mut self, slack: &Slack, place: &Place, acted: Option<&Acted>) {
        let told = slack.told(place.token);
        let posted = |told: &&Told| told.how == How::Posted;
        let count = |fits: &dyn Fn(&Told) -> bool| told.iter().filter(posted).filter(|told| fits(told)).count();
        match count(&|told| asks(told, &place.owner)) {
            0 => self.asked_never += 1,
            1 => {}
            _ => self.asked_twice += 1,
        }
        // Whatever travels twice under one number was posted twice.
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for key in told.iter().filter(posted).filter_map(|told| told.key.as_deref()) {
            *numbers.entry(key).or_default() += 1;
        }
        let requester = payload::dm(&place.requester);
        if count(&|told| told.channel == requester && told.thread.is_none()) > 1 {
            self.confirmed_twice += 1;
        }
        match count(&|told| notes(told, &place.requester, self.kind)) {
            0 => self.noted_never += 1,
            _ if numbers.values().any(|times| *times > 1) => self.noted_twice += 1,
            _ => {}
        }
        let Some(token) = acted.and_then(|acted| acted.comment) else {
            return;
        };
        self.comments += 1;
        match slack
            .told(token)
            .iter()
            .filter(|told| told.channel == requester)
            .count()
        {
            0 => self.copied_never += 1,
            1 => {}
            _ => self.copied_twice += 1,
        }
    }
}
