//! What people do, in their own words.

use super::{World, message};
use c1::clock::Clock as _;
use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Europe::Berlin;
use simulator::{Person, SubmitOutcome, ViewSnapshot};

/// A filled-in request form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    app: &'static str,
    access: &'static str,
    length: Option<&'static str>,
    custom: Option<&'static str>,
    reason: String,
    emergency: bool,
    subject: Option<&'static str>,
}

/// A form for an access of an app.
pub fn form(app: &'static str, access: &'static str) -> Form {
    Form {
        app,
        access,
        reason: "INC-42".to_owned(),
        ..Form::default()
    }
}

impl Form {
    pub fn length(self, length: &'static str) -> Self {
        Self {
            length: Some(length),
            ..self
        }
    }

    pub fn custom(self, length: &'static str) -> Self {
        Self {
            length: Some("Other…"),
            custom: Some(length),
            ..self
        }
    }

    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    pub fn emergency(self) -> Self {
        Self {
            emergency: true,
            ..self
        }
    }

    pub fn subject(self, person: &'static str) -> Self {
        Self {
            subject: Some(person),
            ..self
        }
    }

    /// Types `/c1 request` and fills the form in, without sending it.
    pub async fn filled_by(&self, person: &Person) {
        person.runs("general", "/c1 request").await.unwrap();
        until(person, "a form", |modal| modal.is_some()).await;
        if let Some(subject) = self.subject {
            chooses(person, "Who needs access?", subject).await;
        }
        chooses(person, "Which app do you need?", self.app).await;
        chooses(person, "What access do you need?", self.access).await;
        if self.emergency {
            chooses(person, "Emergency access", "on").await;
        }
        if let Some(length) = self.length {
            chooses(person, "How long do you need it?", length).await;
        }
        if let Some(custom) = self.custom {
            person.types("How long exactly?", custom).await.unwrap();
        }
        person.types("Why do you need it?", &self.reason).await.unwrap();
    }

    /// Fills it in and sends it; the form closes.
    pub async fn sent_by(&self, person: &Person) {
        self.filled_by(person).await;
        let outcome = person.submits().await.unwrap();
        assert!(
            matches!(outcome, SubmitOutcome::Closed),
            "the form stays open: {outcome:?}"
        );
    }

    /// Fills it in and sends it; it stays open, with these sentences.
    pub async fn refused_for(&self, person: &Person) -> String {
        self.filled_by(person).await;
        match person.submits().await.unwrap() {
            SubmitOutcome::Errors(errors) => errors.values().cloned().collect::<Vec<_>>().join(" | "),
            other => panic!("the form is not refused: {other:?}"),
        }
    }
}

/// Ana asks to read the production database; Carla, Dan and Kofi are asked.
pub async fn ana_asks_the_owners(w: &World) -> (Person, Person, Person) {
    let people = (w.person("ana"), w.person("carla"), w.person("dan"));
    form("Production database", "Read")
        .reason("INC-42")
        .sent_by(&people.0)
        .await;
    w.settle().await;
    people
}

/// Goes on to the next such hour of such a day, where the people of the company live.
pub async fn at(w: &World, day: Weekday, hour: u32) {
    let now = w.clock.now();
    let local = now.with_timezone(&Berlin);
    let mut date = local.date_naive();
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    loop {
        let then = Berlin.from_local_datetime(&date.and_time(time)).earliest().unwrap();
        if date.weekday() == day && then > local {
            let wait: DateTime<Utc> = then.with_timezone(&Utc);
            return w.after((wait - now).to_std().unwrap()).await;
        }
        date += TimeDelta::days(1);
    }
}

/// What stands in the thread under a person's card, without the card.
pub fn thread(person: &Person, words: &str) -> String {
    let thread = person.thread(&message(person, words));
    thread.iter().skip(1).map(|m| m.text().to_owned() + "\n").collect()
}

/// What somebody is answered who types a command.
pub async fn types(w: &World, name: &str, command: &str) -> String {
    let answer = w.person(name).runs("general", command).await.unwrap();
    w.settle().await;
    answer.text().to_owned()
}

/// What the program prints, beside a server, and whether it went well.
pub fn prints(w: &World, words: &[&str]) -> (String, bool) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_c1"));
    let out = command.env_clear().envs(w.settings()).args(words).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (text, out.status.success())
}

/// Chooses something and waits until the form has been redrawn for it.
pub async fn chooses(person: &Person, question: &str, answer: &str) {
    let hash = |modal: &ViewSnapshot| modal.json()["hash"].clone();
    let before = person.modal().map(|modal| hash(&modal));
    if let Err(error) = person.chooses(question, answer).await {
        let offered = person.searches(question, "").await;
        panic!("{question} {answer}: {error:?}; offered: {offered:?}");
    }
    until(person, "a redrawn form", |modal| modal.map(hash) != before).await;
}

async fn until(person: &Person, what: &str, fact: impl Fn(Option<&ViewSnapshot>) -> bool) {
    for _ in 0..3_000 {
        if fact(person.modal().as_ref()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!(
        "{} waits for {what} and sees {:?}",
        person.name(),
        person.modal().map(|modal| modal.text().to_owned())
    );
}
