//! Policies: ordered rules; the first whose condition holds gives the steps of the request.

use super::{
    condition::{Condition, Expression, Scope},
    ids::PolicyId,
    step::Quorum,
};
use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, Serialize};

/// How requests for an entitlement are decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its number.
    pub id: PolicyId,
    /// Its short name in files (`owner-approval`).
    pub key: String,
    /// Its name as people read it.
    pub name: String,
    /// What it is for.
    pub kind: PolicyKind,
    /// Counted up by every change, so that a frozen plan says what it was made from.
    pub version: i64,
    /// In order; the last one has no condition.
    pub rules: Vec<Rule>,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// Ordinary requests.
    Request,
    /// Requests with the emergency toggle.
    Emergency,
    /// Access reviews.
    Review,
    /// Taking access away.
    Revoke,
}

/// A condition and the steps it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What people call it; shown beside the plan.
    #[serde(default)]
    pub name: String,
    /// When it applies; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What has to happen, in order.
    pub steps: Vec<StepSpec>,
}

/// One stage, as a policy writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepSpec {
    /// People decide.
    Approval(Approval),
    /// Passes by itself.
    Approve {
        /// Shown to the people concerned.
        #[serde(default)]
        message: String,
    },
    /// Denies by itself.
    Deny {
        /// The reason the requester reads.
        message: String,
    },
    /// Waits, for a time or until something is so; nobody decides here.
    Wait(Wait),
}

impl StepSpec {
    /// How long an emergency waits for the people of this stage before it is an alarm, if the organisation had said so.
    #[must_use]
    pub fn patience(&self) -> Option<TimeDelta> {
        match self {
            Self::Approval(approval) => approval.patience.map(TimeDelta::seconds),
            Self::Approve { .. } | Self::Deny { .. } | Self::Wait(_) => None,
        }
    }

    /// The same with this patience, where people decide.
    #[must_use]
    pub fn patient_for(self, patience: Option<TimeDelta>) -> Self {
        match self {
            Self::Approval(approval) => Self::Approval(Approval {
                patience: patience.map(|patience| patience.num_seconds()),
                ..approval
            }),
            other @ (Self::Approve { .. } | Self::Deny { .. } | Self::Wait(_)) => other,
        }
    }
}

/// A stage in which nothing is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What people call it ("Until the training is done").
    #[serde(default)]
    pub name: String,
    /// What it waits for; only time, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Condition>,
    /// It is over after this many seconds.
    pub at_most: i64,
    /// What happens then.
    pub then: WaitOver,
}

/// What happens when the time of a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOver {
    /// The request goes on: time was all it waited for.
    Pass,
    /// It goes on, and the record says that what it waited for was not so.
    Skip,
    /// The request is denied.
    Deny,
    /// The request expires.
    Expire,
}

/// A stage in which people decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What people call it ("Database owners").
    #[serde(default)]
    pub name: String,
    /// Who may decide.
    pub approvers: Vec<ApproverSpec>,
    /// How many must approve.
    #[serde(default)]
    pub quorum: Quorum,
    /// Who is asked when the approvers come to nobody, or to fewer than the quorum needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<ApproverSpec>,
    /// May requester and subject decide here, if they are among the approvers?
    #[serde(default)]
    pub self_approval: bool,
    /// Is somebody who approved an earlier step left out of this one?
    #[serde(default)]
    pub distinct: bool,
    /// Which decisions need a reason.
    #[serde(default)]
    pub reason: ReasonRule,
    /// When it must be decided, and what happens else: one thing after the other, as long as nobody has decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_several")]
    pub deadline: Vec<Deadline>,
    /// How long "I'm on it" quiets the others, in seconds; an hour, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<i64>,
    /// May an approver give their place to somebody else, and to whom? Not, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reassign: Option<Reassign>,
    /// Seconds until those who are asked are reminded for the first time; a working day, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<i64>,
    /// The channel in which the step is asked, in place of a message to everyone: `#name` or an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Of an emergency: seconds until it is an alarm that nobody has answered. The organisation's, frozen with the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<i64>,
}

/// Plans of earlier versions have one deadline, or null.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Deadline>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Several(Vec<Deadline>),
        One(Deadline),
    }
    Ok(match Option::<Stored>::deserialize(deserializer)? {
        Some(Stored::Several(several)) => several,
        Some(Stored::One(one)) => vec![one],
        None => Vec::new(),
    })
}

/// To whom an approver may give their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassign {
    /// To whom.
    pub to: ReassignTo,
    /// Must they say why?
    pub reason: bool,
}

/// Somebody who may be given a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReassignTo {
    /// Everyone who takes part.
    Anyone,
    /// These.
    These(Vec<ApproverSpec>),
}

/// Which decisions need a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonRule {
    /// None.
    Never,
    /// A denial: people deserve to know why.
    #[default]
    ToDeny,
    /// An approval.
    ToApprove,
    /// Both.
    Always,
}

impl ReasonRule {
    /// Must this decision carry a reason?
    #[must_use]
    pub fn asks(self, approve: bool) -> bool {
        match self {
            Self::Never => false,
            Self::ToDeny => !approve,
            Self::ToApprove => approve,
            Self::Always => true,
        }
    }
}

/// When a step must be decided, and what happens else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Seconds after the step was reached.
    pub after: i64,
    /// What happens then.
    pub then: AtDeadline,
}

/// What happens when nobody decided in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtDeadline {
    /// The fallback is asked too; the earlier approvers may still decide.
    Fallback,
    /// The request is denied.
    Deny,
    /// The request expires.
    Expire,
    /// Everyone who is asked is reminded, and the request goes on waiting.
    Remind,
    /// These are asked too; the earlier approvers may still decide.
    Ask(Vec<ApproverSpec>),
    /// The request goes on without a decision; the record says so, and it counts as no approval.
    Skip,
    /// The request is cancelled.
    Cancel,
}

impl AtDeadline {
    /// Is the step still to be decided afterwards, so that more may follow?
    #[must_use]
    pub fn goes_on(&self) -> bool {
        match self {
            Self::Fallback | Self::Ask(_) | Self::Remind => true,
            Self::Deny | Self::Expire | Self::Skip | Self::Cancel => false,
        }
    }
}

/// Somebody who may decide, as a policy writes it; resolved to people anew whenever it matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproverSpec {
    /// These people, by key.
    People(Vec<String>),
    /// The members of a group, by key.
    Group(String),
    /// The subject's manager; where that one may not decide, the next up the line.
    Manager,
    /// The owners of the app.
    AppOwners,
    /// The owners of the entitlement; those of its resource where it has none, else the app's.
    EntitlementOwners,
    /// The subject: acknowledges for themselves.
    Subject,
    /// The owners of the entitlement's resource; the app's where it has none.
    ResourceOwners,
    /// Whoever an expression comes to.
    Expression(Expression),
    /// Whoever is on call in a rotation, by its key.
    OnCall(String),
}

/// The steps of one request, frozen when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The policy's short name.
    pub policy: String,
    /// Its version at that moment.
    pub policy_version: i64,
    /// The name of the rule that matched; empty if it has none.
    pub rule: String,
    /// The steps.
    pub steps: Vec<StepSpec>,
    /// The condition that could not be evaluated, if that is why the last resort decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

impl Policy {
    /// The steps for this request: those of the first rule that holds.
    ///
    /// A condition that cannot be evaluated is no pass: the plan is then one step without approvers of its own, which
    /// goes to the last resort, and carries the alarm.
    #[must_use]
    pub fn plan(&self, scope: &Scope) -> Plan {
        let frozen = |rule: &Rule| Plan {
            policy: self.key.clone(),
            policy_version: self.version,
            rule: rule.name.clone(),
            steps: rule.steps.clone(),
            alarm: None,
        };
        for rule in &self.rules {
            match rule.when.as_ref().map_or(Ok(true), |condition| condition.holds(scope)) {
                Ok(true) if rule.steps.is_empty() => {
                    return self.last_resort(format!("rule “{}” has no steps", rule.name));
                }
                Ok(true) => return frozen(rule),
                Ok(false) => {}
                Err(error) => {
                    return self.last_resort(format!("the condition of rule “{}” failed: {error}", rule.name));
                }
            }
        }
        self.last_resort("no rule applies".to_owned())
    }

    fn last_resort(&self, alarm: String) -> Plan {
        Plan {
            policy: self.key.clone(),
            policy_version: self.version,
            rule: String::new(),
            steps: vec![last_resort()],
            alarm: Some(alarm),
        }
    }

    /// Everyone whom any rule names.
    #[must_use]
    pub fn named(&self) -> Named<'_> {
        Named::by(self.rules.iter().flat_map(|rule| &rule.steps))
    }
}

/// The step in which the organisation's last resort decides.
#[must_use]
pub fn last_resort() -> StepSpec {
    StepSpec::Approval(Approval {
        name: "Last resort".to_owned(),
        reason: ReasonRule::Always,
        ..Approval::default()
    })
}

impl Plan {
    /// The same for an emergency, which waits so long for people in every step before it is an alarm.
    #[must_use]
    pub fn patient_for(self, patience: TimeDelta) -> Self {
        let steps = self.steps.into_iter();
        Self {
            steps: steps.map(|step| step.patient_for(Some(patience))).collect(),
            ..self
        }
    }

    /// Everyone whom the steps name.
    #[must_use]
    pub fn named(&self) -> Named<'_> {
        Named::by(&self.steps)
    }
}

/// Whom a policy or a plan names: what has to be known to say who is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// People, by key.
    pub people: Vec<&'a str>,
    /// Groups, by key.
    pub groups: Vec<&'a str>,
    /// Rotations, by key.
    pub rotations: Vec<&'a str>,
    /// Expressions, which come to others.
    pub expressions: Vec<&'a Expression>,
}

impl<'a> Named<'a> {
    /// Everyone whom these steps name.
    pub fn by(steps: impl IntoIterator<Item = &'a StepSpec>) -> Self {
        let mut named = Self::default();
        for step in steps {
            let StepSpec::Approval(approval) = step else { continue };
            named.add(&approval.approvers);
            named.add(&approval.fallback);
            for deadline in &approval.deadline {
                if let AtDeadline::Ask(specs) = &deadline.then {
                    named.add(specs);
                }
            }
            if let Some(Reassign {
                to: ReassignTo::These(specs),
                ..
            }) = &approval.reassign
            {
                named.add(specs);
            }
        }
        named
    }

    fn add(&mut self, specs: &'a [ApproverSpec]) {
        for spec in specs {
            match spec {
                ApproverSpec::People(keys) => self.people.extend(keys.iter().map(String::as_str)),
                ApproverSpec::Group(key) => self.groups.push(key),
                ApproverSpec::OnCall(key) => self.rotations.push(key),
                ApproverSpec::Expression(expression) => self.expressions.push(expression),
                ApproverSpec::Manager
                | ApproverSpec::AppOwners
                | ApproverSpec::ResourceOwners
                | ApproverSpec::EntitlementOwners
                | ApproverSpec::Subject => {}
            }
        }
    }

    /// Whom the expressions come to in these scopes. One that fails names nobody; it is an alarm where the step is asked.
    #[must_use]
    pub fn come_to(&self, scopes: &[Scope]) -> ComeTo {
        let keys = self
            .expressions
            .iter()
            .flat_map(|expression| scopes.iter().filter_map(|scope| expression.names(scope).ok()))
            .flatten();
        let mut found = ComeTo::default();
        for key in keys {
            match key.strip_prefix("group:") {
                Some(group) => found.groups.push(group.to_owned()),
                None => found.people.push(key),
            }
        }
        found
    }

    /// Whom both name.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.people.extend(other.people);
        self.groups.extend(other.groups);
        self.rotations.extend(other.rotations);
        self.expressions.extend(other.expressions);
        self
    }
}

/// Whom expressions come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComeTo {
    /// People, by key.
    pub people: Vec<String>,
    /// Groups, by key.
    pub groups: Vec<String>,
}

impl ComeTo {
    /// The same, as if a policy named them.
    #[must_use]
    pub fn named(&self) -> Named<'_> {
        Named {
            people: self.people.iter().map(String::as_str).collect(),
            groups: self.groups.iter().map(String::as_str).collect(),
            ..Named::default()
        }
    }
}
