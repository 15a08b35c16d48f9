//! What a decision depends on beside the request itself: people, groups, owners, as they are at this moment.

use super::{
    catalog::Entitlement,
    condition::{AppScope, EntitlementScope, NO_END_MINUTES, PersonScope, RequestScope, Scope},
    ids::PersonId,
    length::Length,
    person::Person,
    policy::ApproverSpec,
    step::{Approver, Why},
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
    /// Owners of the entitlement; where it has none of its own, the app's.
    pub entitlement_owners: Vec<PersonId>,
    /// Who decides when nobody else can.
    pub last_resort: Vec<PersonId>,
    /// What is asked for.
    pub entitlement: Entitlement,
}

impl Facts {
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

    /// Who `specs` name at this moment, each person once with the first reason that named them. Nobody is removed yet.
    #[must_use]
    pub fn named_by(&self, specs: &[ApproverSpec], subject: PersonId) -> Vec<Approver> {
        let mut named: Vec<Approver> = Vec::new();
        for spec in specs {
            let mut add = |person: PersonId, why: Why| {
                if !named.iter().any(|known| known.person == person) {
                    named.push(Approver { person, why });
                }
            };
            match spec {
                ApproverSpec::People(keys) => {
                    keys.iter()
                        .filter_map(|key| self.by_key(key))
                        .for_each(|person| add(person, Why::Named));
                }
                ApproverSpec::Group(key) => {
                    let members = self.groups.get(key).map_or(&[][..], Vec::as_slice);
                    members.iter().for_each(|person| add(*person, Why::Group(key.clone())));
                }
                ApproverSpec::Manager => {
                    if let Some(manager) = self.person(subject).and_then(|subject| subject.manager) {
                        add(manager, Why::Manager);
                    }
                }
                ApproverSpec::AppOwners => self.app_owners.iter().for_each(|person| add(*person, Why::AppOwner)),
                ApproverSpec::EntitlementOwners => {
                    self.entitlement_owners
                        .iter()
                        .for_each(|person| add(*person, Why::EntitlementOwner));
                }
                // Being asked as the subject is stronger than any other reason: only it lets people decide on their own.
                ApproverSpec::Subject => match named.iter_mut().find(|known| known.person == subject) {
                    Some(known) => known.why = Why::Subject,
                    None => named.push(Approver {
                        person: subject,
                        why: Why::Subject,
                    }),
                },
            }
        }
        named
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
