//! The figures: each takes one who is measured, and says what came out.

use super::{
    company::Place,
    payload,
    slack::{How, Told},
    subject::{Kind, Subject},
    table::{Target, Unit, median, millis, percentile},
    wire::{self, Sample, Wire},
};
use anyhow::{Context as _, ensure};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long a message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) rounds: usize,
    /// Of a figure that is a rate.
    pub(crate) flood: Duration,
    /// Seconds of a figure at a fixed rate.
    pub(crate) steady: usize,
    pub(crate) burst: usize,
    pub(crate) submissions: usize,
    pub(crate) journeys: usize,
}

/// A line of the table, for one round.
#[derive(Debug)]
pub(crate) struct Brought {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) target: Target,
    pub(crate) value: f64,
}

/// Measures one.
pub(crate) type Measure = fn(&mut Subject, &Sizes) -> anyhow::Result<Vec<Brought>>;

/// All, in the order of the table, each with the word that asks for it alone.
pub(crate) const ALL: &[(&str, Measure)] = &[
    ("flood", flood),
    ("steady", steady),
    ("burst", burst),
    ("submissions", submissions),
    ("slow", slow),
    ("journeys", journeys),
    ("comments", comments),
    ("approvals", approvals),
    ("forged", forged),
    ("hot", hot),
];

fn brought(name: &'static str, unit: Unit, target: Target, value: f64) -> Brought {
    Brought {
        name,
        unit,
        target,
        value,
    }
}

/// What everybody does for the first time takes longer: connections are made, statements are prepared and planned.
pub(crate) fn warm_up(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<()> {
    let sizes = Sizes {
        journeys: 200,
        submissions: 400,
        ..*sizes
    };
    steady(subject, &Sizes { steady: 1, ..sizes })?;
    submissions(subject, &sizes)?;
    journeys(subject, &sizes)?;
    subject.slack.settle(Duration::from_millis(300));
    Ok(())
}

/// Slash commands as fast as 32 people can type them.
fn flood(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    let (_, requests) = subject.commands(1000, "request");
    let (calls, began) = (subject.slack.calls(), Instant::now());
    let rate = wire::over_and_over(subject.address, 32, sizes.flood, &requests, 200);
    let mut all = vec![brought(
        "slash acknowledgements/s",
        Unit::PerSecond,
        Target::AtLeast(0.5),
        rate,
    )];
    if subject.kind != Kind::FloorAck {
        let quiet = Duration::from_millis(200);
        subject.slack.settle(quiet);
        let opened = (subject.slack.calls() - calls) as f64 / (began.elapsed() - quiet).as_secs_f64();
        all.push(brought(
            "modals opened/s under the same load",
            Unit::PerSecond,
            Target::None,
            opened,
        ));
    }
    subject.slack.forget();
    Ok(all)
}

/// A hundred commands a second.
fn steady(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    let (triggers, requests) = subject.commands(100 * sizes.steady, "request");
    let samples = wire::open(subject.address, 100.0, &requests);
    all_fine(&samples, true)?;
    let acks: Vec<f64> = samples.iter().map(|sample| millis(sample.took)).collect();
    let mut all = vec![
        brought("slash ack p50 at 100/s", Unit::Millis, Target::None, median(&acks)),
        brought(
            "slash ack p99 at 100/s",
            Unit::Millis,
            Target::AtMost(2.0),
            percentile(&acks, 0.99),
        ),
    ];
    if subject.kind != Kind::FloorAck {
        let opened = opened(subject, &triggers, &samples)?;
        all.push(brought(
            "slash to views.open p50 at 100/s",
            Unit::Millis,
            Target::AtMost(2.0),
            median(&opened),
        ));
        subject.slack.forget();
    }
    Ok(all)
}

/// How long each modal took, from when its command should have been sent.
fn opened(subject: &Subject, triggers: &[String], samples: &[Sample]) -> anyhow::Result<Vec<f64>> {
    triggers
        .iter()
        .zip(samples)
        .map(|(trigger, sample)| {
            let at = subject
                .slack
                .wait_opened(trigger, PATIENCE)
                .context("a modal was never opened")?;
            Ok(millis(at.saturating_duration_since(sample.at)))
        })
        .collect()
}

/// Everybody at the same time.
fn burst(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    let (triggers, requests) = subject.commands(sizes.burst, "request");
    let (at, answered) = wire::burst(subject.address, &requests)?;
    ensure!(
        answered == requests.len(),
        "{answered} of {} commands of the burst were answered",
        requests.len()
    );
    let mut last = at;
    for trigger in &triggers {
        last = last.max(
            subject
                .slack
                .wait_opened(trigger, PATIENCE)
                .context("a modal of the burst was never opened")?,
        );
    }
    subject.slack.forget();
    let took = millis(last - at);
    ensure!(
        took < 3000.0,
        "the last modal of the burst came after {took:.0} ms: its trigger had expired"
    );
    Ok(vec![brought(
        "burst of 400 commands: last views.open",
        Unit::Millis,
        Target::AtMost(2.0),
        took,
    )])
}

/// Forms as fast as 32 people submit them, until the last approver has been asked.
pub(crate) fn submissions(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    subject.slack.forget();
    let places = subject.wishes(sizes.submissions);
    let requests: Vec<Vec<u8>> = places.iter().map(Place::submission).collect();
    let began = Instant::now();
    let samples = wire::closed(subject.address, 32, &requests);
    all_fine(&samples, true)?;
    let acked = began.elapsed();
    let asked = asked(subject, places)?;
    let last = asked
        .iter()
        .map(|(_, told)| told.at)
        .max()
        .context("there are submissions")?;
    let acks: Vec<f64> = samples.iter().map(|sample| millis(sample.took)).collect();
    let done = last.max(began + acked) - began;
    subject.asked = asked;
    Ok(vec![
        brought(
            SUBMISSIONS,
            Unit::PerSecond,
            Target::AtLeast(0.5),
            samples.len() as f64 / done.as_secs_f64(),
        ),
        brought(
            "submissions acknowledged/s, 32 at once",
            Unit::PerSecond,
            Target::None,
            samples.len() as f64 / acked.as_secs_f64(),
        ),
        brought(
            "submission ack p99, 32 at once",
            Unit::Millis,
            Target::AtMost(2.0),
            percentile(&acks, 0.99),
        ),
    ])
}

/// The line that is also held against pgbench.
pub(crate) const SUBMISSIONS: &str = "durable submissions/s, to the approver's DM";

/// Ten forms a second.
fn slow(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    let places = subject.wishes(10 * sizes.steady);
    let requests: Vec<Vec<u8>> = places.iter().map(Place::submission).collect();
    let samples = wire::open(subject.address, 10.0, &requests);
    all_fine(&samples, true)?;
    let asked = asked(subject, places)?;
    let took: Vec<f64> = samples
        .iter()
        .zip(&asked)
        .map(|(sample, (_, told))| millis(told.at - sample.at))
        .collect();
    Ok(vec![brought(
        "submit to DM p50 at 10/s",
        Unit::Millis,
        Target::AtMost(4.0),
        median(&took),
    )])
}

/// So many forms, one after the other, until all messages have been posted.
pub(crate) fn ask(subject: &Subject, count: usize) -> anyhow::Result<Vec<(Place, Told)>> {
    let places = subject.wishes(count);
    let requests: Vec<Vec<u8>> = places.iter().map(Place::submission).collect();
    all_fine(&wire::closed(subject.address, 1, &requests), true)?;
    let asked = asked(subject, places)?;
    for (place, _) in &asked {
        let confirmed = |told: &Told| told.channel == payload::dm(&place.requester);
        let told = subject.slack.wait(place.token, PATIENCE, confirmed);
        told.context("the requester's own message never came")?;
    }
    Ok(asked)
}

/// Waits until every owner has been asked.
fn asked(subject: &Subject, places: Vec<Place>) -> anyhow::Result<Vec<(Place, Told)>> {
    places
        .into_iter()
        .map(|place| {
            let told = subject
                .slack
                .wait(place.token, PATIENCE, |told| asks(told, &place.owner));
            Ok((place, told.context("an owner was never asked")?))
        })
        .collect()
}

/// Makes sure that so many owners are being asked.
fn have_asked(subject: &mut Subject, count: usize) -> anyhow::Result<()> {
    let places = subject.wishes(count.saturating_sub(subject.asked.len()));
    let requests: Vec<Vec<u8>> = places.iter().map(Place::submission).collect();
    all_fine(&wire::closed(subject.address, 8, &requests), true)?;
    let asked = asked(subject, places)?;
    subject.asked.extend(asked);
    subject.slack.settle(Duration::from_millis(150));
    Ok(())
}

/// Is this the message that asks the owner?
pub(crate) fn asks(told: &Told, owner: &str) -> bool {
    told.how == How::Posted && told.approve.is_some() && told.channel == payload::dm(owner)
}

/// Does this tell the requester about the decision?
pub(crate) fn notes(told: &Told, requester: &str, kind: Kind) -> bool {
    // c1 writes into the thread under the requester's own card.
    told.how == How::Posted && told.channel == payload::dm(requester) && (told.thread.is_some() || kind != Kind::C1)
}

/// Sixteen people at once, each from the command to the note about the decision.
pub(crate) fn journeys(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    let places = subject.wishes(sizes.journeys);
    let next = AtomicUsize::new(0);
    let subject = &*subject;
    let began = Instant::now();
    let ended = wire::together(16, |_| -> anyhow::Result<()> {
        let mut wire = Wire::connect(subject.address)?;
        while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            journey(subject, &mut wire, place).with_context(|| format!("journey {}", place.token))?;
        }
        Ok(())
    });
    let took = began.elapsed();
    ended.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    let rate = sizes.journeys as f64 / took.as_secs_f64();
    Ok(vec![brought(
        "whole journeys/s, 16 at once",
        Unit::PerSecond,
        Target::AtLeast(0.5),
        rate,
    )])
}

fn journey(subject: &Subject, wire: &mut Wire, place: &Place) -> anyhow::Result<()> {
    let (slack, trigger) = (&subject.slack, payload::fresh("t."));
    let mut send = |request: &[u8]| -> anyhow::Result<()> {
        let status = wire.exchange(request)?;
        ensure!(status == 200 && wire.body().is_empty(), "answered {status}");
        Ok(())
    };
    send(&payload::signed(
        "/slack/commands",
        &payload::command(&place.requester, "request", &trigger),
    ))?;
    slack.wait_opened(&trigger, PATIENCE).context("no modal")?;
    send(&place.submission())?;
    let asked = slack
        .wait(place.token, PATIENCE, |told| asks(told, &place.owner))
        .context("nobody was asked")?;
    send(&approval(place, &asked))?;
    let updated = |told: &Told| told.how == How::Updated && told.ts == asked.ts;
    slack
        .wait(place.token, PATIENCE, updated)
        .context("the approver's message stayed as it was")?;
    let noted = |told: &Told| notes(told, &place.requester, subject.kind);
    slack
        .wait(place.token, PATIENCE, noted)
        .context("the requester was not told")?;
    Ok(())
}

/// The click on "Approve".
pub(crate) fn approval(place: &Place, asked: &Told) -> Vec<u8> {
    let value = asked.approve.as_deref().unwrap_or_default();
    payload::signed(
        "/slack/interactions",
        &payload::approval(&place.owner, &asked.channel, &asked.ts, value),
    )
}

/// A comment of the owner in the thread under the message that asked: its mark, and what Slack says about it.
pub(crate) fn comment(place: &Place, asked: &Told) -> (u32, String) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let token = 9_000_000 + u32::try_from(count).expect("a run makes fewer comments");
    let text = format!("Which of the two do you need? {}", payload::mark(token));
    let ts = format!("1800000000.{count:06}");
    (
        token,
        payload::comment(
            &place.owner,
            &asked.channel,
            &asked.ts,
            &ts,
            &payload::fresh("Ev"),
            &text,
        ),
    )
}

/// Fifty comments a second, each in another thread.
fn comments(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    let count = 50 * sizes.steady;
    have_asked(subject, count)?;
    let threads = &subject.asked[..count];
    let (tokens, requests): (Vec<u32>, Vec<Vec<u8>>) = threads
        .iter()
        .map(|(place, asked)| {
            let (token, body) = comment(place, asked);
            (token, payload::signed("/slack/events", &body))
        })
        .unzip();
    let samples = wire::open(subject.address, 50.0, &requests);
    all_fine(&samples, false)?;
    let mut took = Vec::new();
    for ((token, sample), (place, _)) in tokens.iter().zip(&samples).zip(threads) {
        let copied = |told: &Told| told.channel == payload::dm(&place.requester);
        let told = subject
            .slack
            .wait(*token, PATIENCE, copied)
            .context("a comment was never copied")?;
        took.push(millis(told.at.saturating_duration_since(sample.at)));
    }
    Ok(vec![brought(
        "comment to mirror p50 at 50/s",
        Unit::Millis,
        Target::AtMost(4.0),
        median(&took),
    )])
}

/// Fifty approvals a second.
fn approvals(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    let count = 50 * sizes.steady;
    let requests: Vec<Vec<u8>> = if subject.kind == Kind::FloorAck {
        let click = payload::approval(&payload::user(0), "D0000000", "1700000000.000001", "1");
        vec![payload::signed("/slack/interactions", &click); count]
    } else {
        let left = subject.asked.len().saturating_sub(count);
        subject
            .asked
            .drain(left..)
            .map(|(place, asked)| approval(&place, &asked))
            .collect()
    };
    let samples = wire::open(subject.address, 50.0, &requests);
    all_fine(&samples, true)?;
    let acks: Vec<f64> = samples.iter().map(|sample| millis(sample.took)).collect();
    Ok(vec![
        brought("approval ack p50 at 50/s", Unit::Millis, Target::None, median(&acks)),
        brought(
            "approval ack p99 at 50/s",
            Unit::Millis,
            Target::AtMost(2.0),
            percentile(&acks, 0.99),
        ),
    ])
}

/// Requests that Slack did not sign.
fn forged(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    let command = payload::command(&payload::user(1), "request", "t.forged");
    let requests = vec![payload::forged("/slack/commands", &command)];
    let rate = wire::over_and_over(subject.address, 32, sizes.flood, &requests, 401);
    Ok(vec![brought(
        "forged requests refused/s",
        Unit::PerSecond,
        Target::AtLeast(0.7),
        rate,
    )])
}

/// One owner is asked far more often than Slack lets anybody be written to; meanwhile others type commands.
fn hot(subject: &mut Subject, sizes: &Sizes) -> anyhow::Result<Vec<Brought>> {
    if subject.kind == Kind::FloorAck {
        return Ok(Vec::new());
    }
    let owner = subject.company.entitlements[0].1.clone();
    let wanted = 10 * sizes.steady;
    let mut places = Vec::new();
    while places.len() < wanted {
        places.extend(subject.wishes(50).into_iter().filter(|place| place.owner == owner));
    }
    let submissions: Vec<Vec<u8>> = places.iter().map(Place::submission).collect();
    let (triggers, commands) = subject.commands(50 * sizes.steady, "request");
    subject.slack.heat(Some(payload::dm(&owner)));
    let (asked, samples) = thread::scope(|scope| {
        let asked = scope.spawn(|| wire::open(subject.address, 10.0, &submissions));
        let samples = wire::open(subject.address, 50.0, &commands);
        (asked.join(), samples)
    });
    let opened = opened(subject, &triggers, &samples);
    subject.slack.heat(None);
    all_fine(
        &asked.map_err(|_| anyhow::anyhow!("a thread of the load panicked"))?,
        true,
    )?;
    let opened = opened?;
    // Whoever waits for the conversation comes back within a second or two.
    subject.slack.settle(Duration::from_millis(2500));
    subject.slack.forget();
    Ok(vec![brought(
        "one hot channel at its limit: other people's modals, p99",
        Unit::Millis,
        Target::Below(20.0),
        percentile(&opened, 0.99),
    )])
}

/// Every answer was a yes.
pub(crate) fn all_fine(samples: &[Sample], silent: bool) -> anyhow::Result<()> {
    let fine = |sample: &&Sample| sample.status == 200 && (!silent || sample.silent);
    let odd = samples.iter().filter(|sample| !fine(sample)).count();
    ensure!(
        odd == 0,
        "{odd} of {} requests were not answered with a plain yes",
        samples.len()
    );
    Ok(())
}
