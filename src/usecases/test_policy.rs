//! Holds an organisation's policies against what is expected of them: files of expectations, as its admins write them.

use super::{
    Error,
    explain::{Does, Explanation, Question, StepLine, explain_in},
};
use crate::domain::dry_run::DryRun;
use std::collections::BTreeMap;

/// What is expected of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What people call it.
    pub name: String,
    /// Where it is written: the line, from 1.
    pub line: usize,
    /// The request.
    pub question: Question,
    /// Who is away then, and who stands in, by key.
    pub away: BTreeMap<String, Option<String>>,
    /// Who is on call then, by the keys of rotations and people.
    pub on_call: BTreeMap<String, Vec<String>>,
    /// What it shall come to.
    pub expected: Expected,
}

/// What a request shall come to. What is not said may be as it likes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Refused before anybody is asked, for this reason (the stable name of a refusal). Else it must not be refused.
    pub refused: Option<String>,
    /// The key of the policy.
    pub policy: Option<String>,
    /// The name of the rule.
    pub rule: Option<String>,
    /// All steps, in order.
    pub steps: Option<Vec<ExpectedStep>>,
    /// Nobody of these is asked, in any step: keys of people.
    pub never: Vec<String>,
}

/// What a step shall come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedStep {
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub does: Does,
    /// Exactly these are asked: keys of people.
    pub asks: Option<Vec<String>>,
    /// How many must approve.
    pub needed: Option<usize>,
}

/// How a request comes out.
#[derive(Clone, Debug)]
pub struct Tested {
    /// What was expected.
    pub expectation: Expectation,
    /// What is otherwise, in sentences; nothing, if all is as expected.
    pub wrong: Vec<String>,
}

/// Tries them all.
///
/// # Errors
/// [`Error::NotFound`] when somebody or something is not there.
pub fn test_policies(run: &DryRun, expectations: Vec<Expectation>) -> Result<Vec<Tested>, Error> {
    expectations
        .into_iter()
        .map(|expectation| {
            let away = expectation
                .away
                .iter()
                .map(|(person, delegate)| (person.as_str(), delegate.as_deref()));
            let run = run.clone().with_away(away).with_on_call(expectation.on_call.clone());
            let explanation = explain_in(&run, &expectation.question)?;
            let wrong = expectation.expected.wrong(&explanation);
            Ok(Tested { expectation, wrong })
        })
        .collect()
}

impl Expected {
    fn wrong(&self, explanation: &Explanation) -> Vec<String> {
        let mut wrong = Vec::new();
        match (&self.refused, &explanation.refused) {
            (Some(code), Some(refused)) if code == refused.code => return wrong,
            (Some(code), Some(refused)) => {
                let sentence = format!(
                    "expected the refusal {code}; it is {}: {}",
                    refused.code, refused.sentence
                );
                return vec![sentence];
            }
            (Some(code), None) => wrong.push(format!("expected the refusal {code}; it is not refused")),
            (None, Some(refused)) => {
                return vec![format!("it is refused ({}): {}", refused.code, refused.sentence)];
            }
            (None, None) => {}
        }
        let mut differs = |what: &str, expected: &Option<String>, is: &str| {
            if let Some(expected) = expected.as_ref().filter(|expected| *expected != is) {
                wrong.push(format!("expected the {what} “{expected}”; it is “{is}”"));
            }
        };
        differs("policy", &self.policy, &explanation.policy);
        differs("rule", &self.rule, called(&explanation.rule));
        if let Some(steps) = &self.steps {
            if steps.len() != explanation.steps.len() {
                let count = |count: usize| format!("{count} step{}", if count == 1 { "" } else { "s" });
                wrong.push(format!(
                    "expected {}; there are {}: {}",
                    count(steps.len()),
                    explanation.steps.len(),
                    in_words(&explanation.steps)
                ));
            }
            for (place, (expected, is)) in steps.iter().zip(&explanation.steps).enumerate() {
                wrong.extend(expected.wrong(place + 1, is));
            }
        }
        for (place, step) in explanation.steps.iter().enumerate() {
            for who in step.asked.iter().filter(|who| self.never.contains(&who.key)) {
                wrong.push(format!(
                    "step {} asks {}, and never should: {}",
                    place + 1,
                    who.key,
                    who.why
                ));
            }
        }
        wrong
    }
}

impl ExpectedStep {
    fn wrong(&self, place: usize, is: &StepLine) -> Vec<String> {
        if self.does != is.does {
            let sentence = format!(
                "step {place}: expected that it {}; it {}",
                does(self.does),
                does(is.does)
            );
            return vec![sentence];
        }
        let mut wrong = Vec::new();
        if let Some(name) = self.name.as_ref().filter(|name| **name != is.name) {
            wrong.push(format!("step {place}: expected the name “{name}”; it is “{}”", is.name));
        }
        if let Some(asks) = &self.asks {
            let mut expected: Vec<&str> = asks.iter().map(String::as_str).collect();
            let mut asked: Vec<&str> = is.asked.iter().map(|who| who.key.as_str()).collect();
            expected.sort_unstable();
            asked.sort_unstable();
            if expected != asked {
                let mut sentence = format!(
                    "step {place}: expected that it asks {}; it asks {}",
                    all(&expected),
                    all(&asked)
                );
                for left in is.left_out.iter().filter(|left| expected.contains(&left.key.as_str())) {
                    sentence.push_str(&format!(" (not {}: {})", left.key, left.why));
                }
                is.notes
                    .iter()
                    .for_each(|note| sentence.push_str(&format!(" ({note})")));
                wrong.push(sentence);
            }
        }
        if let Some(needed) = self.needed.filter(|needed| *needed != is.needed) {
            wrong.push(format!(
                "step {place}: expected that {needed} must approve; it is {}",
                is.needed
            ));
        }
        wrong
    }
}

/// What people call a rule.
#[must_use]
pub fn called(rule: &str) -> &str {
    if rule.is_empty() { "(no name)" } else { rule }
}

/// "asks bob, then passes by itself".
#[must_use]
pub fn in_words(steps: &[StepLine]) -> String {
    let step = |step: &StepLine| match step.does {
        Does::Asks => {
            let asked: Vec<&str> = step.asked.iter().map(|who| who.key.as_str()).collect();
            match step.needed {
                1 if asked.len() == 1 => format!("asks {}", all(&asked)),
                needed => format!("asks {needed} of {}", all(&asked)),
            }
        }
        other => does(other).to_owned(),
    };
    let steps: Vec<String> = steps.iter().map(step).collect();
    steps.join(", then ")
}

fn does(does: Does) -> &'static str {
    match does {
        Does::Asks => "asks people",
        Does::Passes => "passes by itself",
        Does::Refuses => "refuses by itself",
        Does::Waits => "waits",
    }
}

fn all(keys: &[&str]) -> String {
    match keys {
        [] => "nobody".to_owned(),
        keys => keys.join(", "),
    }
}
