//! People, groups, and who decides when nobody else can.

use super::{APPROVERS, Checker, Files, unknown};
use crate::catalog_files::{
    format::{GroupFile, PersonFile, reference},
    place::{Place, Problem},
};
use crate::domain::{
    organisation::{GroupEntry, LAST_RESORT, Owner, PersonEntry},
    person::Role,
};
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Checker {
    pub(super) fn people(&mut self, people: &[(Place<'_>, PersonFile)]) {
        let mut addresses: BTreeMap<String, String> = BTreeMap::new();
        for (place, person) in people {
            if !self.key(
                place,
                &person.key,
                "person",
                self.wanted.people.contains_key(&person.key),
            ) {
                continue;
            }
            if APPROVERS.contains(&person.key.as_str()) {
                self.wrong(
                    &place.field("key"),
                    format!("`{}` names approvers and cannot be a person", person.key),
                );
            }
            let email = person.email.trim().to_owned();
            let at = place.field("email");
            if !email.contains('@') || email.contains(char::is_whitespace) {
                self.wrong(&at, format!("`{email}` is not an e-mail address"));
            } else if let Some(other) = addresses.insert(email.to_lowercase(), person.key.clone()) {
                self.wrong(&at, format!("`{other}` has the same address"));
            }
            let mut roles = BTreeSet::new();
            for (index, name) in person.roles.iter().enumerate() {
                match Role::from_name(name) {
                    Some(role) => drop(roles.insert(role)),
                    None => {
                        let known = Role::ALL.map(Role::name);
                        let at = place.field("roles").item(index);
                        self.wrong(&at, unknown("role", name, &known));
                    }
                }
            }
            let entry = PersonEntry {
                name: self.name(place, &person.name),
                email,
                title: self.text(place, "title", &person.title),
                team: self.text(place, "team", &person.team),
                manager: person.manager.clone(),
                roles,
            };
            self.wanted.people.insert(person.key.clone(), entry);
        }
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for (place, person) in people {
            // Of two with the same key, the first was taken in.
            if !told.insert(&person.key) {
                continue;
            }
            let Some(manager) = &person.manager else { continue };
            let at = place.field("manager");
            if *manager == person.key {
                self.wrong(&at, "nobody is their own manager");
            } else if self.person_exists(&at, manager)
                && let Some(ring) = self.ring(&person.key)
            {
                self.wrong(&at, format!("the managers go round in a ring: {}", ring.join(" → ")));
            }
        }
    }

    /// The ring of managers that this person is in, told once: by the one whose key comes first.
    fn ring(&self, person: &str) -> Option<Vec<String>> {
        let mut ring = vec![person.to_owned()];
        let mut next = self.wanted.people.get(person)?.manager.as_ref()?;
        while next != person {
            if ring.contains(next) {
                return None;
            }
            ring.push(next.clone());
            next = self.wanted.people.get(next)?.manager.as_ref()?;
        }
        let first = ring.iter().all(|key| person <= key.as_str());
        ring.push(person.to_owned());
        first.then_some(ring)
    }

    pub(super) fn groups(&mut self, groups: &[(Place<'_>, GroupFile)]) {
        for (place, group) in groups {
            if group.key == LAST_RESORT {
                let sentence = format!("`{LAST_RESORT}` is made of `last_resort` in organisation.yaml");
                self.wrong(&place.field("key"), sentence);
                continue;
            }
            if !self.key(place, &group.key, "group", self.wanted.groups.contains_key(&group.key)) {
                continue;
            }
            let mut members = BTreeSet::new();
            for (index, member) in group.members.iter().enumerate() {
                let at = place.field("members").item(index);
                if !self.person_exists(&at, member) {
                    self.doubtful.insert(group.key.clone());
                } else if !members.insert(member.clone()) {
                    self.wrong(&at, format!("`{member}` is in the group already"));
                    self.doubtful.insert(group.key.clone());
                }
            }
            let name = self.name(place, &group.name);
            self.wanted
                .groups
                .insert(group.key.clone(), GroupEntry { name, members });
        }
    }

    /// The group of those who decide when nobody else can.
    pub(super) fn last_resort(&mut self, files: &Files<'_>) {
        let mut members = BTreeSet::new();
        let before = self.troubles();
        if let Some((place, said)) = &files.organisation {
            let at = place.field("last_resort");
            for owner in self.owners(&at, &said.last_resort) {
                match owner {
                    Owner::Person(key) => drop(members.insert(key)),
                    Owner::Group(key) => {
                        members.extend(
                            self.wanted
                                .groups
                                .get(&key)
                                .into_iter()
                                .flat_map(|group| group.members.clone()),
                        );
                    }
                }
            }
        }
        let admins = self
            .wanted
            .people
            .values()
            .any(|person| person.roles.contains(&Role::SuperAdmin));
        if members.is_empty() && !admins && !self.wanted.people.is_empty() && self.troubles() == before {
            let sentence = "nobody decides when nobody else can: name a `last_resort` in organisation.yaml, or give \
                            somebody the role super_admin";
            let problem = match (&files.organisation, files.people.first()) {
                (Some((place, _)), _) | (None, Some((place, _))) => place.problem(sentence),
                (None, None) => Problem::about("organisation.yaml".to_owned(), sentence.to_owned()),
            };
            self.problems.push(problem);
        }
        if !members.is_empty() {
            let group = GroupEntry {
                name: "Last resort".to_owned(),
                members,
            };
            self.wanted.groups.insert(LAST_RESORT.to_owned(), group);
        }
    }

    pub(super) fn owners(&mut self, place: &Place<'_>, values: &[Value]) -> BTreeSet<Owner> {
        let mut owners = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            let at = place.item(index);
            let owner = match reference(value) {
                Some((sort, key)) if sort.is_empty() => self.person_exists(&at, &key).then_some(Owner::Person(key)),
                Some((sort, key)) if sort == "group" => self.group_exists(&at, &key).then_some(Owner::Group(key)),
                _ => {
                    self.wrong(&at, "an owner is a person (`ana`) or a group (`group:database-owners`)");
                    None
                }
            };
            owners.extend(owner);
        }
        owners
    }
}
