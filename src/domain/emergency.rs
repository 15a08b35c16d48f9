//! Break-glass: which entitlement accepts an emergency request, from whom, for how long.

use super::{
    condition::{Condition, Scope},
    ids::PolicyId,
    length::Length,
    person::{Person, Role},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// The emergency settings of an entitlement. Off by default; assigning a policy does not enable it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyRules {
    /// Has an admin switched it on?
    pub enabled: bool,
    /// The policy that decides in place of the entitlement's own.
    pub policy: Option<PolicyId>,
    /// Never longer than this many seconds.
    pub max: Option<i64>,
    /// Who may use it. Empty: nobody.
    pub who: Vec<Who>,
    /// Is it harmless, and there to try the emergency path out?
    #[serde(default)]
    pub drill: bool,
}

/// Someone who may use the emergency toggle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Everyone who may ask at all.
    Everyone,
    /// People with a role.
    Role(Role),
    /// Members of a group, by its key.
    Group(String),
    /// People for whom a condition holds.
    When(Condition),
}

impl EmergencyRules {
    /// The length that an emergency may have in place of the one that was asked for.
    #[must_use]
    pub fn capped(&self, length: Length) -> Length {
        match (self.max, length) {
            (None, length) => length,
            (Some(max), Length::For(seconds)) => Length::For(seconds.min(max)),
            (Some(max), Length::NoEnd) => Length::For(max),
        }
    }

    /// May this person use the toggle here? `groups` are the keys of the person's groups; `scope` is what a condition
    /// may look at. A condition that fails to evaluate is a no.
    ///
    /// # Errors
    /// [`Refusal::EmergencyNotOffered`] or [`Refusal::EmergencyNotYours`].
    pub fn check(&self, person: &Person, groups: &[String], scope: &Scope) -> Result<PolicyId, Refusal> {
        let Some(policy) = self.policy.filter(|_| self.enabled) else {
            return Err(Refusal::EmergencyNotOffered);
        };
        let may = self.who.iter().any(|who| match who {
            Who::Everyone => true,
            Who::Role(role) => person.is(*role),
            Who::Group(key) => groups.contains(key),
            Who::When(condition) => condition.holds(scope).unwrap_or(false),
        });
        if may {
            Ok(policy)
        } else {
            Err(Refusal::EmergencyNotYours)
        }
    }
}
