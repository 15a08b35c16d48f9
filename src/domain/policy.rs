//! Policies: ordered rules; the first whose condition holds gives the steps of the request.

use super::{
    condition::{Condition, Scope},
    ids::PolicyId,
    step::Quorum,
};
use serde::{Deserialize, Serialize};

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
    /// When it must be decided, and what happens else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Seconds after the step was reached.
    pub after: i64,
    /// What happens then.
    pub then: AtDeadline,
}

/// What happens when nobody decided in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// Somebody who may decide, as a policy writes it; resolved to people anew whenever it matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproverSpec {
    /// These people, by key.
    People(Vec<String>),
    /// The members of a group, by key.
    Group(String),
    /// The subject's manager.
    Manager,
    /// The owners of the app.
    AppOwners,
    /// The owners of the entitlement; the app's where it has none.
    EntitlementOwners,
    /// The subject: acknowledges for themselves.
    Subject,
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
            steps: vec![StepSpec::Approval(Approval {
                name: "Last resort".to_owned(),
                reason: ReasonRule::Always,
                ..Approval::default()
            })],
            alarm: Some(alarm),
        }
    }
}

impl Plan {
    /// The keys of all groups that the steps name.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        named(&self.steps).filter_map(|spec| match spec {
            ApproverSpec::Group(key) => Some(key.as_str()),
            _ => None,
        })
    }

    /// The keys of all people that the steps name.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        named(&self.steps)
            .filter_map(|spec| {
                if let ApproverSpec::People(keys) = spec {
                    Some(keys)
                } else {
                    None
                }
            })
            .flatten()
            .map(String::as_str)
    }
}

impl Policy {
    /// The keys of all groups that any rule names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .flat_map(|rule| named(&rule.steps))
            .filter_map(|spec| match spec {
                ApproverSpec::Group(key) => Some(key.as_str()),
                _ => None,
            })
    }

    /// The keys of all people that any rule names.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .flat_map(|rule| named(&rule.steps))
            .filter_map(|spec| {
                if let ApproverSpec::People(keys) = spec {
                    Some(keys)
                } else {
                    None
                }
            })
            .flatten()
            .map(String::as_str)
    }
}

fn named(steps: &[StepSpec]) -> impl Iterator<Item = &ApproverSpec> {
    steps
        .iter()
        .filter_map(|step| {
            if let StepSpec::Approval(approval) = step {
                Some(approval)
            } else {
                None
            }
        })
        .flat_map(|approval| {
            let given = match &approval.reassign {
                Some(Reassign {
                    to: ReassignTo::These(specs),
                    ..
                }) => specs.as_slice(),
                _ => &[],
            };
            approval.approvers.iter().chain(&approval.fallback).chain(given)
        })
}
