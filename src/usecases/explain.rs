//! Explains how a request would be decided, without writing anything: which rule, which steps, who, and who not and why.

use super::{
    Error, System,
    submit_request::{Ask, with_second_person},
};
use crate::{
    db,
    domain::{
        condition::Scope,
        dry_run::DryRun,
        facts::Facts,
        ids::PersonId,
        length::Length,
        policy::{Rule, StepSpec},
        refusal::Refusal,
        step::{Because, Source, Step, Why, resolve},
    },
};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// What would be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// For whom, by key.
    pub subject: String,
    /// By whom, by key; the subject, if not said.
    pub requester: Option<String>,
    /// For what (`prod-db/orders-read`).
    pub entitlement: String,
    /// For how long; the default, if not said.
    pub length: Option<Length>,
    /// With the emergency toggle?
    pub emergency: bool,
    /// When; absences and rotations are those of that moment, all else is as it is now.
    pub at: DateTime<Utc>,
}

impl Question {
    /// By whom, by key.
    #[must_use]
    pub fn requester(&self) -> &str {
        self.requester.as_ref().unwrap_or(&self.subject)
    }
}

/// How it would be decided.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Why it could not even be asked, if it could not.
    pub refused: Option<Refused>,
    /// The policy's key.
    pub policy: String,
    /// The name of the rule that matches; empty if it has none.
    pub rule: String,
    /// Its rules up to the one that matches.
    pub rules: Vec<RuleLine>,
    /// The steps.
    pub steps: Vec<StepLine>,
    /// How many messages it would send to those who decide, if every step were reached.
    pub messages: usize,
}

/// A no.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// Its stable name.
    pub code: &'static str,
    /// In a sentence.
    pub sentence: String,
}

/// A rule that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct RuleLine {
    /// Its name; may be empty.
    pub name: String,
    /// Its condition; empty, if it has none.
    pub when: String,
    /// `matches`, `does not hold`, or why it cannot be evaluated.
    pub outcome: String,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Asks people.
    Asks,
    /// Passes by itself.
    Passes,
    /// Refuses by itself.
    Refuses,
    /// Waits.
    Waits,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// What it does.
    pub does: Does,
    /// Its name.
    pub name: String,
    /// How many must approve; 0 where nobody decides.
    pub needed: usize,
    /// Who is asked.
    pub asked: Vec<Who>,
    /// Who is named and not asked.
    pub left_out: Vec<Who>,
    /// What is out of the ordinary: the fallback, the last resort, an alarm.
    pub notes: Vec<String>,
}

/// A person, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Their key.
    pub key: String,
    /// Their name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Explains it.
///
/// # Errors
/// [`Error::NotFound`] when one of the names leads nowhere, or the database's.
pub async fn explain(system: &System, question: &Question) -> Result<Explanation, Error> {
    let db = &system.db;
    let subject = db::people::person_by_key(db, &question.subject)
        .await?
        .ok_or(Error::NotFound)?;
    let requester = db::people::person_by_key(db, question.requester())
        .await?
        .ok_or(Error::NotFound)?;
    let entitlement = db::catalog::entitlement_by_path(db, &question.entitlement)
        .await?
        .ok_or(Error::NotFound)?;
    let ask = db
        .write("explain", async |tx| {
            let mut ask = Ask::load(tx, question.at, requester.id, subject.id, entitlement.id).await?;
            let length = question.length.unwrap_or(ask.lengths(question.emergency).default);
            ask.meet(tx, question.emergency, length).await?;
            Ok::<_, Error>(ask)
        })
        .await?;
    Ok(explained(&ask, question))
}

/// Explains it in an organisation that is not applied.
///
/// # Errors
/// [`Error::NotFound`] when one of the names leads nowhere.
pub fn explain_in(run: &DryRun, question: &Question) -> Result<Explanation, Error> {
    Ok(explained(&Ask::in_dry_run(run, question, None)?, question))
}

fn explained(ask: &Ask, question: &Question) -> Explanation {
    let emergency = question.emergency;
    let lengths = ask.lengths(emergency);
    let length = question.length.unwrap_or(lengths.default);
    let refused = ask.check(false).and_then(|()| lengths.check(length).map(drop));
    let (policy, refused) = match ask.policy(emergency) {
        Ok(policy) => (policy, refused),
        Err(refusal) => (&ask.policy, Err(refusal)),
    };
    let scope = ask.facts.scope(ask.requester, ask.subject, emergency, length);
    let mut rules = Vec::new();
    for rule in &policy.rules {
        let held = rule.when.as_ref().map_or(Ok(true), |when| when.holds(&scope));
        rules.push(RuleLine {
            name: rule.name.clone(),
            when: rule
                .when
                .as_ref()
                .map(|when| when.source().to_owned())
                .unwrap_or_default(),
            outcome: match &held {
                Ok(true) => "matches".to_owned(),
                Ok(false) => does_not_hold(rule, &scope),
                Err(error) => format!("cannot be evaluated: {error}"),
            },
        });
        if held != Ok(false) {
            break;
        }
    }
    let mut plan = policy.plan(&scope);
    if emergency {
        plan = with_second_person(plan, ask.overdue);
    }
    let steps = steps_of(ask, plan.steps, emergency, length);
    Explanation {
        refused: refused.err().map(|refusal: Refusal| Refused {
            code: refusal.code(),
            sentence: refusal.sentence(),
        }),
        policy: policy.key.clone(),
        rule: plan.rule,
        rules,
        messages: steps.iter().map(|step| step.asked.len()).sum(),
        steps,
    }
}

fn does_not_hold(rule: &Rule, scope: &Scope) -> String {
    let failing = rule.when.as_ref().map(|when| when.failing(scope)).unwrap_or_default();
    match failing.as_slice() {
        [] => "does not hold".to_owned(),
        [part] => format!("does not hold: {part} is false"),
        parts => format!("does not hold: {} are false", parts.join(" and ")),
    }
}

/// What these steps would come to.
pub(super) fn steps_of(
    ask: &Ask,
    steps: impl IntoIterator<Item = StepSpec>,
    emergency: bool,
    length: Length,
) -> Vec<StepLine> {
    steps
        .into_iter()
        .map(|spec| step(ask, spec, emergency, length))
        .collect()
}

fn step(ask: &Ask, spec: StepSpec, emergency: bool, length: Length) -> StepLine {
    let mut step = Step::waiting(spec);
    let mut line = StepLine {
        does: match &step.spec {
            StepSpec::Approval(_) => Does::Asks,
            StepSpec::Approve { .. } => Does::Passes,
            StepSpec::Deny { .. } => Does::Refuses,
            StepSpec::Wait(_) => Does::Waits,
        },
        name: step.name().to_owned(),
        needed: 0,
        asked: Vec::new(),
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    let approval = match &step.spec {
        StepSpec::Approval(approval) => approval,
        StepSpec::Approve { .. } => return line,
        StepSpec::Deny { message } => {
            line.notes.push(message.clone());
            return line;
        }
        StepSpec::Wait(wait) => {
            let time = crate::domain::length::spoken(wait.at_most);
            line.notes.push(format!("waits at most {time}"));
            return line;
        }
    };
    if approval.distinct {
        line.notes.push("nobody who approved an earlier step".to_owned());
    }
    let resolved = resolve(approval, &ask.facts, &ask.asking(emergency, length));
    match resolved.source {
        Source::Primary | Source::Joined => {}
        Source::Fallback => line.notes.push("the fallback is asked".to_owned()),
        Source::LastResort => line.notes.push("the last resort is asked, with an alarm".to_owned()),
    }
    line.notes
        .extend(resolved.alarm.map(|trouble| format!("alarm: {}", trouble.sentence)));
    let who = |person: PersonId, why: String| Who {
        key: ask
            .facts
            .person(person)
            .map(|person| person.key.clone())
            .unwrap_or_default(),
        name: ask.facts.name(person),
        why,
    };
    line.asked = resolved
        .approvers
        .iter()
        .map(|approver| who(approver.person, why(&approver.why, &ask.facts)))
        .collect();
    line.left_out = resolved
        .left_out
        .iter()
        .map(|left| who(left.person, because(left.because, &ask.facts)))
        .collect();
    step.approvers = resolved.approvers;
    line.needed = step.needed();
    line
}

fn why(why: &Why, facts: &Facts) -> String {
    match why {
        Why::Named => "named".to_owned(),
        Why::Group(key) => format!("in group:{key}"),
        Why::Manager => "the subject's manager".to_owned(),
        Why::ManagerAbove => "next in the line of managers".to_owned(),
        Why::AppOwner => "owns the app".to_owned(),
        Why::ResourceOwner => "owns the resource".to_owned(),
        Why::EntitlementOwner => "owns the entitlement".to_owned(),
        Why::Subject => "the subject".to_owned(),
        Why::LastResort => "last resort".to_owned(),
        Why::Expression => "by the expression".to_owned(),
        Why::OnCall(key) => format!("on call in {key}"),
        Why::Reassigned(from) => format!("has the place of {}", facts.name(*from)),
        Why::StandsIn { of, why: own } => format!("stands in for {} ({})", facts.name(*of), self::why(own, facts)),
    }
}

fn because(because: Because, facts: &Facts) -> String {
    match because {
        Because::Requester => "asks for it".to_owned(),
        Because::Subject => "it is their own access".to_owned(),
        Because::Suspended => "suspended".to_owned(),
        Because::Deleted => "has left".to_owned(),
        Because::Guest => "a guest".to_owned(),
        Because::Bot => "a bot".to_owned(),
        Because::Unknown => "not known".to_owned(),
        Because::Away => "away, without a stand-in".to_owned(),
        Because::StandInMayNot(person) => format!("away, and {} may not stand in here", facts.name(person)),
        Because::ApprovedEarlier => "approved an earlier step".to_owned(),
    }
}
