//! What a decision depends on beside the request itself: people, groups, owners, as they are at this moment.

use super::{
    catalog::Entitlement,
    condition::{AppScope, EntitlementScope, NO_END_MINUTES, PersonScope, RequestScope, Scope},
    ids::PersonId,
    length::Length,
    person::Person,
    policy::ApproverSpec,
    step::{Approver, Asking, Trouble, Why},
};
use std::collections::BTreeMap;

/// The present, as far as one request is concerned. Loaded inside the transaction that decides.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Everyone mentioned below, and the requester and the subject.
    pub people: BTreeMap<PersonId, Person>,
    /// Groups that the plan or the policy names, by key; members in order of name.
    pub groups: BTreeMap<String, Vec<PersonId>>,
    /// Which groups requester and subject are in: the person, and the group's key.
    pub members: Vec<(PersonId, String)>,
    /// Owners of the app, groups among them already spelled out.
    pub app_owners: Vec<PersonId>,
    /// Owners of the entitlement's resource; where it has none of its own, the app's.
    pub resource_owners: Vec<PersonId>,
    /// Owners of the entitlement; where it has none of its own, the resource's.
    pub entitlement_owners: Vec<PersonId>,
    /// Who is on call, by the key of the rotation; or why nobody knows, in words to follow "because".
    pub on_call: BTreeMap<String, Result<Vec<PersonId>, String>>,
    /// Who is away at this moment.
    pub away: BTreeMap<PersonId, Away>,
    /// Who decides when nobody else can.
    pub last_resort: Vec<PersonId>,
    /// What is asked for.
    pub entitlement: Entitlement,
}

/// Somebody is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// Who decides in their place, if they have said.
    pub delegate: Option<PersonId>,
}

/// An approver of a policy that could not be found out, at least not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// Whom it named all the same.
    pub found: Vec<Approver>,
    /// What went wrong.
    pub alarm: Trouble,
}

impl Facts {
    /// The same, with those who come in where nobody is named: the super admins where the group of last resort could not
    /// decide anything, the app's owners for a resource, and the resource's for an entitlement.
    #[must_use]
    pub fn or_else_asked(mut self, super_admins: Vec<PersonId>) -> Self {
        let takes_part = |id: &PersonId| self.person(*id).is_some_and(Person::takes_part);
        if !self.last_resort.iter().any(takes_part) {
            self.last_resort = super_admins;
        }
        if self.resource_owners.is_empty() {
            self.resource_owners.clone_from(&self.app_owners);
        }
        if self.entitlement_owners.is_empty() {
            self.entitlement_owners.clone_from(&self.resource_owners);
        }
        self
    }

    /// The person with this number, if loaded.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(&id)
    }

    fn by_key(&self, key: &str) -> Option<PersonId> {
        self.people
            .values()
            .find(|person| person.key == key)
            .map(|person| person.id)
    }

    /// Who `spec` names at this moment, each person once. Nobody is removed yet.
    ///
    /// # Errors
    /// [`Unnamed`] when that cannot be found out: an alarm, never a pass.
    pub fn named_by(&self, spec: &ApproverSpec, asking: &Asking<'_>) -> Result<Vec<Approver>, Unnamed> {
        let all = |people: &[PersonId], why: Why| {
            let mut named: Vec<Approver> = Vec::new();
            for &person in people {
                if !named.iter().any(|known| known.person == person) {
                    named.push(Approver {
                        person,
                        why: why.clone(),
                    });
                }
            }
            named
        };
        let unnamed = |sentence: String, outage: bool| Unnamed {
            found: Vec::new(),
            alarm: Trouble { sentence, outage },
        };
        Ok(match spec {
            ApproverSpec::People(keys) => {
                let people: Vec<PersonId> = keys.iter().filter_map(|key| self.by_key(key)).collect();
                all(&people, Why::Named)
            }
            ApproverSpec::Group(key) => {
                let members = self.groups.get(key).map_or(&[][..], Vec::as_slice);
                all(members, Why::Group(key.clone()))
            }
            ApproverSpec::Manager => all(
                self.line_above(asking.subject).get(..1).unwrap_or_default(),
                Why::Manager,
            ),
            ApproverSpec::AppOwners => all(&self.app_owners, Why::AppOwner),
            ApproverSpec::ResourceOwners => all(&self.resource_owners, Why::ResourceOwner),
            ApproverSpec::EntitlementOwners => all(&self.entitlement_owners, Why::EntitlementOwner),
            ApproverSpec::Subject => all(&[asking.subject], Why::Subject),
            ApproverSpec::Expression(expression) => {
                let scope = self.scope(asking.requester, asking.subject, asking.emergency, asking.length);
                let keys = expression
                    .names(&scope)
                    .map_err(|error| unnamed(error.to_string(), false))?;
                let (mut people, mut unknown) = (Vec::new(), Vec::new());
                for key in &keys {
                    let found = match key.strip_prefix("group:") {
                        Some(group) => self.groups.get(group).cloned().unwrap_or_default(),
                        None => self.by_key(key).into_iter().collect(),
                    };
                    if found.is_empty() {
                        unknown.push(format!("“{key}”"));
                    }
                    people.extend(found);
                }
                let found = all(&people, Why::Expression);
                if keys.is_empty() {
                    let sentence = format!("the expression `{}` names nobody", expression.source());
                    return Err(unnamed(sentence, false));
                }
                if !unknown.is_empty() {
                    let sentence = format!(
                        "the expression `{}` names {}, and there is nobody of that name",
                        expression.source(),
                        unknown.join(", ")
                    );
                    return Err(Unnamed {
                        found,
                        ..unnamed(sentence, false)
                    });
                }
                found
            }
            ApproverSpec::OnCall(key) => match self.on_call.get(key) {
                Some(Ok(people)) if people.is_empty() => {
                    let sentence = format!("nobody is on call in the rotation “{key}”");
                    return Err(unnamed(sentence, true));
                }
                Some(Ok(people)) => all(people, Why::OnCall(key.clone())),
                Some(Err(why)) => {
                    let sentence = format!("nobody knows who is on call in the rotation “{key}”, because {why}");
                    return Err(unnamed(sentence, true));
                }
                None => return Err(unnamed(format!("there is no rotation “{key}” any more"), false)),
            },
        })
    }

    /// Everyone whom `specs` name, as far as that can be found out.
    #[must_use]
    pub fn all_named_by(&self, specs: &[ApproverSpec], asking: &Asking<'_>) -> Vec<Approver> {
        let found = |spec| {
            self.named_by(spec, asking)
                .unwrap_or_else(|Unnamed { found, .. }| found)
        };
        let mut all: Vec<Approver> = Vec::new();
        for approver in specs.iter().flat_map(found) {
            if !all.iter().any(|known| known.person == approver.person) {
                all.push(approver);
            }
        }
        all
    }

    /// A person's manager, that one's manager, and so on: each once, also where the files go round in a ring.
    #[must_use]
    pub fn line_above(&self, person: PersonId) -> Vec<PersonId> {
        let mut line = Vec::new();
        let mut at = person;
        while let Some(manager) = self.person(at).and_then(|person| person.manager) {
            if manager == person || line.contains(&manager) {
                break;
            }
            line.push(manager);
            at = manager;
        }
        line
    }

    /// The keys of the groups that the requester or the subject is in.
    #[must_use]
    pub fn groups_of(&self, id: PersonId) -> Vec<String> {
        self.members
            .iter()
            .filter(|(member, _)| *member == id)
            .map(|(_, key)| key.clone())
            .collect()
    }

    /// The name of a person, for sentences.
    #[must_use]
    pub fn name(&self, id: PersonId) -> String {
        self.person(id)
            .map_or_else(|| "somebody".to_owned(), |person| person.name.clone())
    }

    /// What conditions may look at.
    #[must_use]
    pub fn scope(&self, requester: PersonId, subject: PersonId, emergency: bool, length: Length) -> Scope {
        let seconds = Option::<i64>::from(length);
        Scope {
            subject: self.person_scope(subject),
            requester: self.person_scope(requester),
            entitlement: EntitlementScope {
                key: self.entitlement.key.clone(),
                name: self.entitlement.name.clone(),
                resource: self.entitlement.resource.clone().unwrap_or_default(),
            },
            app: AppScope {
                key: self.entitlement.app.key.clone(),
                name: self.entitlement.app.name.clone(),
            },
            request: RequestScope {
                emergency,
                minutes: seconds.map_or(NO_END_MINUTES, |seconds| (seconds + 59) / 60),
                has_end: seconds.is_some(),
                for_other: requester != subject,
            },
        }
    }

    fn person_scope(&self, id: PersonId) -> PersonScope {
        let person = self.person(id);
        let text = |pick: fn(&Person) -> &String| person.map(pick).cloned().unwrap_or_default();
        PersonScope {
            key: text(|person| &person.key),
            name: text(|person| &person.name),
            title: text(|person| &person.title),
            team: text(|person| &person.team),
            groups: self.groups_of(id),
            roles: person
                .map(|person| person.roles.iter().map(|role| role.name().to_owned()).collect())
                .unwrap_or_default(),
            manager: person
                .and_then(|person| person.manager)
                .and_then(|manager| self.person(manager))
                .map(|manager| manager.key.clone())
                .unwrap_or_default(),
        }
    }
}
