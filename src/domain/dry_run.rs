//! An organisation as its files describe it, where one can ask what a request would meet: without a database, before
//! anything is applied.

use super::{
    catalog::{App, Entitlement},
    emergency::EmergencyRules,
    facts::{Away, Facts},
    ids::{AppId, EntitlementId, PersonId, PolicyId},
    organisation::{EntitlementEntry, LAST_RESORT, Organisation, Owner},
    person::{Kind, Person, Role, Standing},
    policy::{Named, Policy},
    rotation::Roster,
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// An organisation that is not applied.
#[derive(Clone, Debug)]
pub struct DryRun {
    organisation: Organisation,
    /// By number, from 1.
    people: Vec<Person>,
    numbers: BTreeMap<String, PersonId>,
    away: BTreeMap<PersonId, Away>,
    on_call: BTreeMap<String, Vec<String>>,
}

impl DryRun {
    /// The organisation that the files describe, where everyone is at work. `others` are known from elsewhere: who is
    /// there only in Slack, and who of the files does not take part.
    #[must_use]
    pub fn of(organisation: Organisation, others: impl IntoIterator<Item = Person>) -> Self {
        let mut run = Self {
            organisation,
            people: Vec::new(),
            numbers: BTreeMap::new(),
            away: BTreeMap::new(),
            on_call: BTreeMap::new(),
        };
        let entries = run.organisation.people.clone();
        for (key, entry) in &entries {
            run.add(Person {
                id: PersonId(0),
                key: key.clone(),
                name: entry.name.clone(),
                standing: Standing::Active,
                kind: Kind::Employee,
                manager: None,
                title: entry.title.clone(),
                team: entry.team.clone(),
                roles: entry.roles.clone(),
            });
        }
        for (key, entry) in &entries {
            let manager = entry.manager.as_ref().and_then(|manager| run.person(manager));
            if let Some(person) = run.person(key).and_then(|id| run.known_mut(id)) {
                person.manager = manager;
            }
        }
        for other in others {
            let known = run.person(&other.key).and_then(|id| run.known_mut(id));
            match known {
                Some(person) => (person.standing, person.kind) = (other.standing, other.kind),
                // The files say nothing of them, so nobody is their manager and they are in no team.
                None => run.add(Person {
                    manager: None,
                    title: String::new(),
                    team: String::new(),
                    roles: BTreeSet::new(),
                    ..other
                }),
            }
        }
        run
    }

    fn add(&mut self, person: Person) {
        let id = PersonId(self.people.len() as i64 + 1);
        self.numbers.insert(person.key.clone(), id);
        self.people.push(Person { id, ..person });
    }

    fn known(&self, id: PersonId) -> Option<&Person> {
        usize::try_from(id.0 - 1).ok().and_then(|place| self.people.get(place))
    }

    fn known_mut(&mut self, id: PersonId) -> Option<&mut Person> {
        usize::try_from(id.0 - 1)
            .ok()
            .and_then(|place| self.people.get_mut(place))
    }

    /// The same, with these people away and others in their place, by key. Who is not there is no matter.
    #[must_use]
    pub fn with_away<'a>(mut self, away: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        for (key, delegate) in away {
            let delegate = delegate.and_then(|key| self.person(key));
            if let Some(person) = self.person(key) {
                self.away.insert(person, Away { delegate });
            }
        }
        self
    }

    /// The same, with these people on call, by the keys of rotations and people, whatever the files say.
    #[must_use]
    pub fn with_on_call(mut self, on_call: BTreeMap<String, Vec<String>>) -> Self {
        self.on_call = on_call;
        self
    }

    /// The organisation.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The number that the person of this key has here.
    #[must_use]
    pub fn person(&self, key: &str) -> Option<PersonId> {
        self.numbers.get(key).copied()
    }

    /// What is offered under this path.
    #[must_use]
    pub fn entitlement(&self, path: &str) -> Option<Entitlement> {
        let entry = self.organisation.entitlements.get(path)?;
        let (app, key) = path.split_once('/')?;
        let app = App {
            id: AppId(place(&self.organisation.apps, app)?),
            key: app.to_owned(),
            name: self.organisation.apps.get(app)?.name.clone(),
        };
        Some(Entitlement {
            id: EntitlementId(place(&self.organisation.entitlements, path)?),
            key: key.to_owned(),
            name: entry.name.clone(),
            resource: entry.resource.clone(),
            description: entry.description.clone(),
            app,
            policy: self.policy_number(&entry.policy)?,
            emergency: EmergencyRules {
                enabled: entry.emergency.enabled,
                policy: entry.emergency.policy.as_ref().and_then(|key| self.policy_number(key)),
                max: entry.emergency.max,
                who: entry.emergency.who.clone(),
                drill: entry.emergency.drill,
            },
            lengths: entry.lengths.clone(),
            offered: true,
        })
    }

    fn policy_number(&self, key: &str) -> Option<PolicyId> {
        place(&self.organisation.policies, key).map(PolicyId)
    }

    /// The policy for ordinary requests and, where emergencies are switched on and one is assigned, the one for them.
    #[must_use]
    pub fn policies(&self, path: &str) -> Option<(Policy, Option<Policy>)> {
        let entry: &EntitlementEntry = self.organisation.entitlements.get(path)?;
        let policy = |key: &String| {
            let known = self.organisation.policies.get(key)?;
            Some(Policy {
                id: self.policy_number(key)?,
                key: key.clone(),
                name: known.name.clone(),
                kind: known.kind,
                version: 0,
                rules: known.rules.clone(),
            })
        };
        let emergency = entry.emergency.policy.as_ref().filter(|_| entry.emergency.enabled);
        Some((policy(&entry.policy)?, emergency.and_then(policy)))
    }

    /// Can this person see it in a catalog?
    #[must_use]
    pub fn sees(&self, person: &str, path: &str) -> bool {
        let is_in = |group: &String| {
            let group = self.organisation.groups.get(group);
            group.is_some_and(|group| group.members.contains(person))
        };
        self.organisation
            .catalogs
            .values()
            .filter(|catalog| catalog.entitlements.contains(path))
            .any(|catalog| catalog.everyone || catalog.audience.iter().any(is_in))
    }

    /// Has `manager` this person among their people, however far down?
    #[must_use]
    pub fn manages(&self, manager: PersonId, person: PersonId) -> bool {
        manager != person && self.line_above(person).contains(&manager)
    }

    /// What a decision depends on: the two people, and whomever `named` names.
    #[must_use]
    pub fn facts(
        &self,
        requester: PersonId,
        subject: PersonId,
        entitlement: Entitlement,
        named: &Named<'_>,
        at: DateTime<Utc>,
    ) -> Facts {
        let groups: BTreeMap<String, Vec<PersonId>> = named
            .groups
            .iter()
            .map(|key| ((*key).to_owned(), self.members(key)))
            .collect();
        let on_call: BTreeMap<String, Result<Vec<PersonId>, String>> = named
            .rotations
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), self.whoever_is_on_call(key, at)?)))
            .collect();
        let app = self.organisation.apps.get(&entitlement.app.key);
        let app_owners = app.map(|app| self.owners(&app.owners)).unwrap_or_default();
        let resource_owners = app
            .zip(entitlement.resource.as_ref())
            .and_then(|(app, resource)| app.resources.get(resource))
            .map(|owners| self.owners(owners))
            .unwrap_or_default();
        let entitlement_owners = self
            .organisation
            .entitlements
            .get(&entitlement.path())
            .map(|entry| self.owners(&entry.owners))
            .unwrap_or_default();
        let super_admins: Vec<PersonId> = self
            .people
            .iter()
            .filter(|person| person.is(Role::SuperAdmin))
            .map(|person| person.id)
            .collect();
        let last_resort = self.members(LAST_RESORT);
        let mut concerned: BTreeSet<PersonId> = [requester, subject].into_iter().collect();
        concerned.extend([requester, subject].into_iter().flat_map(|id| self.line_above(id)));
        concerned.extend(named.people.iter().filter_map(|key| self.person(key)));
        concerned.extend(groups.values().flatten());
        concerned.extend(on_call.values().flatten().flatten());
        for people in [
            &app_owners,
            &resource_owners,
            &entitlement_owners,
            &last_resort,
            &super_admins,
        ] {
            concerned.extend(people);
        }
        // Whoever stands in for somebody who is away, and for whoever stands in.
        while let Some(delegate) = concerned
            .iter()
            .filter_map(|id| self.away.get(id)?.delegate)
            .find(|delegate| !concerned.contains(delegate))
        {
            concerned.insert(delegate);
        }
        let members = [requester, subject]
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .flat_map(|id| self.groups_of(id).map(move |key| (id, key)))
            .collect();
        let away = self.away.iter().filter(|(id, _)| concerned.contains(id));
        Facts {
            away: away.map(|(id, away)| (*id, *away)).collect(),
            people: concerned
                .iter()
                .filter_map(|id| Some((*id, self.known(*id)?.clone())))
                .collect(),
            groups,
            members,
            app_owners,
            resource_owners,
            entitlement_owners,
            on_call,
            last_resort,
            entitlement,
        }
        .or_else_asked(super_admins)
    }

    fn line_above(&self, person: PersonId) -> Vec<PersonId> {
        let mut line = Vec::new();
        let mut at = person;
        while let Some(manager) = self.known(at).and_then(|person| person.manager) {
            if line.contains(&manager) {
                break;
            }
            line.push(manager);
            at = manager;
        }
        line
    }

    fn groups_of(&self, id: PersonId) -> impl Iterator<Item = String> + '_ {
        let key = self.known(id).map(|person| person.key.clone()).unwrap_or_default();
        self.organisation
            .groups
            .iter()
            .filter(move |(_, group)| group.members.contains(&key))
            .map(|(key, _)| key.clone())
    }

    fn members(&self, group: &str) -> Vec<PersonId> {
        let members = self.organisation.groups.get(group).map(|group| &group.members);
        self.by_name(members.into_iter().flatten().filter_map(|key| self.person(key)))
    }

    fn owners(&self, owners: &BTreeSet<Owner>) -> Vec<PersonId> {
        self.by_name(owners.iter().flat_map(|owner| match owner {
            Owner::Person(key) => self.person(key).into_iter().collect(),
            Owner::Group(key) => self.members(key),
        }))
    }

    /// Each once, in order of name.
    fn by_name(&self, people: impl IntoIterator<Item = PersonId>) -> Vec<PersonId> {
        let mut people: Vec<&Person> = people.into_iter().filter_map(|id| self.known(id)).collect();
        people.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        people.dedup_by_key(|person| person.id);
        people.into_iter().map(|person| person.id).collect()
    }

    /// `None`: there is no such rotation.
    fn whoever_is_on_call(&self, rotation: &str, at: DateTime<Utc>) -> Option<Result<Vec<PersonId>, String>> {
        let known = self.organisation.rotations.get(rotation)?;
        let people = |keys: &mut dyn Iterator<Item = &str>| keys.filter_map(|key| self.person(key)).collect();
        if let Some(keys) = self.on_call.get(rotation) {
            return Some(Ok(people(&mut keys.iter().map(String::as_str))));
        }
        Some(match &known.roster {
            Roster::Service(_) => Err("the service is not asked here".to_owned()),
            roster @ (Roster::Shifts(_) | Roster::Turns { .. }) => Ok(people(&mut roster.on_call(at).into_iter())),
        })
    }
}

/// A number for a key: its place among the others, from 1.
fn place<T>(all: &BTreeMap<String, T>, key: &str) -> Option<i64> {
    let before = all.keys().position(|known| known == key)?;
    i64::try_from(before + 1).ok()
}
