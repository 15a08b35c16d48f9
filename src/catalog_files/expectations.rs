//! A file of what is expected of the policies: requests, and what each shall come to.

use super::{
    format::parse,
    place::{Place, Problem, Problems, Source},
};
use crate::{
    domain::{dry_run::DryRun, length::Length, nearest::nearest},
    usecases::{
        explain::{Does, Question},
        test_policy::{Expectation, Expected, ExpectedStep},
    },
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectationFile {
    #[serde(default)]
    name: String,
    ask: AskFile,
    #[serde(default)]
    given: GivenFile,
    expect: ExpectFile,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskFile {
    subject: String,
    requester: Option<String>,
    entitlement: String,
    length: Option<String>,
    #[serde(default)]
    emergency: bool,
    at: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenFile {
    /// Who is away; and who stands in, or nobody.
    #[serde(default)]
    away: BTreeMap<String, Option<String>>,
    #[serde(default)]
    on_call: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectFile {
    refused: Option<String>,
    policy: Option<String>,
    rule: Option<String>,
    steps: Option<Vec<StepFile>>,
    #[serde(default)]
    never: Vec<String>,
}

/// `passes`, `refuses`, `waits`, or who is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum StepFile {
    Word(String),
    Asks(AsksFile),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsksFile {
    name: Option<String>,
    asks: Option<Vec<String>>,
    needed: Option<usize>,
}

/// Reads a file of expectations of this organisation; requests without a time of their own are made `now`.
///
/// # Errors
/// [`Problems`]: everything that is wrong in the file, with its place.
pub fn read(path: &Path, run: &DryRun, now: DateTime<Utc>) -> Result<Vec<Expectation>, Problems> {
    let name = path.display().to_string();
    let text =
        fs::read_to_string(path).map_err(|error| Problem::about(name.clone(), format!("cannot be read: {error}")))?;
    check(&name, &text, run, now)
}

/// The same of a text.
///
/// # Errors
/// As [`read`].
pub fn check(name: &str, text: &str, run: &DryRun, now: DateTime<Utc>) -> Result<Vec<Expectation>, Problems> {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let said: Vec<ExpectationFile> = parse(&source)?.unwrap_or_default();
    let file = Place::file(&source);
    if said.is_empty() {
        return Err(file.problem("nothing is expected here").into());
    }
    let mut checker = Checker {
        run,
        problems: Vec::new(),
    };
    let expectations = said
        .into_iter()
        .enumerate()
        .map(|(index, said)| checker.expectation(&file.item(index), said, now))
        .collect();
    if checker.problems.is_empty() {
        Ok(expectations)
    } else {
        Err(Problems::new(checker.problems))
    }
}

struct Checker<'a> {
    run: &'a DryRun,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn wrong(&mut self, place: &Place<'_>, sentence: impl Into<String>) {
        self.problems.push(place.problem(sentence));
    }

    fn exists<'k>(
        &mut self,
        place: &Place<'_>,
        what: &str,
        key: &str,
        known: impl Iterator<Item = &'k String> + Clone,
    ) {
        if !known.clone().any(|known| known == key) {
            let meant = nearest(key, known.map(String::as_str)).map(|meant| format!("; did you mean `{meant}`?"));
            let sentence = format!("the {what} `{key}` does not exist{}", meant.unwrap_or_default());
            self.wrong(place, sentence);
        }
    }

    fn person(&mut self, place: &Place<'_>, key: &str) {
        if self.run.person(key).is_none() {
            self.exists(place, "person", key, self.run.organisation().people.keys());
        }
    }

    fn people(&mut self, place: &Place<'_>, keys: &[String]) {
        for (index, key) in keys.iter().enumerate() {
            self.person(&place.item(index), key);
        }
    }

    fn expectation(&mut self, place: &Place<'_>, said: ExpectationFile, now: DateTime<Utc>) -> Expectation {
        let question = self.question(&place.field("ask"), &said.ask, now);
        let given = place.field("given");
        for (person, delegate) in &said.given.away {
            let at = given.field("away").field(person);
            self.person(&at, person);
            if let Some(delegate) = delegate {
                self.person(&at, delegate);
            }
        }
        for (rotation, people) in &said.given.on_call {
            let at = given.field("on_call").field(rotation);
            self.exists(&at, "rotation", rotation, self.run.organisation().rotations.keys());
            self.people(&at, people);
        }
        let name = match said.name.trim() {
            "" => in_short(&said.ask),
            name => name.to_owned(),
        };
        Expectation {
            name,
            line: place.problem("").line,
            question,
            away: said.given.away,
            on_call: said.given.on_call,
            expected: self.expected(&place.field("expect"), said.expect),
        }
    }

    fn question(&mut self, place: &Place<'_>, said: &AskFile, now: DateTime<Utc>) -> Question {
        self.person(&place.field("subject"), &said.subject);
        if let Some(requester) = &said.requester {
            self.person(&place.field("requester"), requester);
        }
        let offered = self.run.organisation().entitlements.keys();
        self.exists(&place.field("entitlement"), "entitlement", &said.entitlement, offered);
        let length = said.length.as_ref().and_then(|text| match Length::parse(text) {
            Ok(length) => Some(length),
            Err(refusal) => {
                self.wrong(&place.field("length"), refusal.sentence().trim_end_matches('.'));
                None
            }
        });
        let at = said.at.as_ref().and_then(|text| match text.parse::<DateTime<Utc>>() {
            Ok(at) => Some(at),
            Err(_) => {
                self.wrong(&place.field("at"), "a time is written like 2026-12-01T09:00:00Z");
                None
            }
        });
        Question {
            subject: said.subject.clone(),
            requester: said.requester.clone(),
            entitlement: said.entitlement.clone(),
            length,
            emergency: said.emergency,
            at: at.unwrap_or(now),
        }
    }

    fn expected(&mut self, place: &Place<'_>, said: ExpectFile) -> Expected {
        self.people(&place.field("never"), &said.never);
        if let Some(policy) = &said.policy {
            let known = self.run.organisation().policies.keys();
            self.exists(&place.field("policy"), "policy", policy, known);
        }
        let says = said.policy.is_some() || said.rule.is_some() || said.steps.is_some() || !said.never.is_empty();
        match (&said.refused, says) {
            (None, false) => self.wrong(
                place,
                "say what is expected: `policy`, `rule`, `steps`, `never` or `refused`",
            ),
            (Some(_), true) => self.wrong(place, "what is refused comes to no policy, rule or step"),
            (Some(_), false) | (None, true) => {}
        }
        let steps = said.steps.map(|steps| {
            let at = place.field("steps");
            let steps = steps.into_iter().enumerate();
            steps.map(|(index, said)| self.step(&at.item(index), said)).collect()
        });
        Expected {
            refused: said.refused,
            policy: said.policy,
            rule: said.rule,
            steps,
            never: said.never,
        }
    }

    fn step(&mut self, place: &Place<'_>, said: StepFile) -> ExpectedStep {
        let step = |does| ExpectedStep {
            name: None,
            does,
            asks: None,
            needed: None,
        };
        match said {
            StepFile::Asks(said) => {
                self.people(&place.field("asks"), said.asks.as_deref().unwrap_or_default());
                ExpectedStep {
                    name: said.name,
                    asks: said.asks,
                    needed: said.needed,
                    ..step(Does::Asks)
                }
            }
            StepFile::Word(word) => match word.as_str() {
                "passes" => step(Does::Passes),
                "refuses" => step(Does::Refuses),
                "waits" => step(Does::Waits),
                _ => {
                    self.wrong(place, "a step is `passes`, `refuses`, `waits` or `{ asks: [ana] }`");
                    step(Does::Asks)
                }
            },
        }
    }
}

/// "ana, prod-db/write, 4h, emergency".
fn in_short(ask: &AskFile) -> String {
    let mut parts = vec![ask.subject.clone(), ask.entitlement.clone()];
    parts.extend(ask.length.clone());
    parts.extend(ask.requester.as_ref().map(|requester| format!("asked by {requester}")));
    parts.extend(ask.emergency.then(|| "emergency".to_owned()));
    parts.join(", ")
}
