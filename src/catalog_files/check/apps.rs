//! Apps and their entitlements: who gives access, for how long, by which policy.

use super::{Checker, LONGEST_NAME, OnlyOwners, unknown};
use crate::catalog_files::{
    format::{AppFile, EmergencyFile, EntitlementFile, LengthsFile, reference},
    place::Place,
};
use crate::domain::{
    emergency::Who,
    length::{Length, LengthRules, spoken},
    organisation::{AppEntry, EmergencyEntry, EntitlementEntry, Owner, kind_word},
    person::Role,
    policy::{PolicyKind, Rule, StepSpec},
};
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The ways in which apps can be given access to.
const CONNECTORS: [&str; 2] = ["manual", "demo"];

const WHO: &str = "somebody is `everyone`, `role:helpdesk`, `group:engineers` or `when: …` (a condition)";

/// The owners of resources, by their names.
type Resources = BTreeMap<String, BTreeSet<Owner>>;

impl Checker {
    pub(super) fn app(&mut self, place: &Place<'_>, app: &AppFile) {
        let fresh = self.key(place, &app.key, "app", self.wanted.apps.contains_key(&app.key));
        let owners = self.owners(&place.field("owners"), &app.owners);
        let connector = app.connector.as_deref().unwrap_or("manual");
        if !CONNECTORS.contains(&connector) {
            self.wrong(&place.field("connector"), unknown("connector", connector, &CONNECTORS));
        } else if connector == "manual" && !self.anybody(&owners) && app.owners.len() == owners.len() {
            let at = place.field("owners");
            self.wrong(
                &at,
                "access to this app is given by hand (connector manual), so it needs an owner who does it",
            );
        }
        let settings = match &app.settings {
            None | Some(Value::Null) => serde_json::Value::Object(serde_json::Map::new()),
            Some(settings @ Value::Mapping(_)) => serde_json::to_value(settings).unwrap_or_else(|error| {
                self.wrong(
                    &place.field("settings"),
                    format!("the settings cannot be kept: {error}"),
                );
                serde_json::Value::Null
            }),
            Some(_) => {
                self.wrong(&place.field("settings"), "the settings are a mapping (`name: value`)");
                serde_json::Value::Null
            }
        };
        let resources = self.resources(place, app);
        let at = place.field("entitlements");
        // Owners that were wrong are not told to be missing.
        let said: usize = app.resources.iter().map(|resource| resource.owners.len()).sum();
        let sound = said == resources.values().map(BTreeSet::len).sum::<usize>();
        let known = (sound && owners.len() == app.owners.len()).then_some((&owners, &resources));
        for (index, entitlement) in app.entitlements.iter().enumerate() {
            self.entitlement(&at.item(index), &app.key, known, entitlement);
        }
        let entry = AppEntry {
            name: self.name(place, &app.name),
            description: self.text(place, "description", &app.description),
            owners,
            resources,
            connector: connector.to_owned(),
            settings,
        };
        if fresh {
            self.wanted.apps.insert(app.key.clone(), entry);
        }
    }

    /// The owners of resources: those of the entitlements below, by their names.
    fn resources(&mut self, place: &Place<'_>, app: &AppFile) -> Resources {
        let mut resources = BTreeMap::new();
        let place = place.field("resources");
        for (index, resource) in app.resources.iter().enumerate() {
            let at = place.item(index);
            let name = resource.name.trim();
            let used = |entitlement: &EntitlementFile| entitlement.resource.as_deref().map(str::trim) == Some(name);
            if !app.entitlements.iter().any(used) {
                self.wrong(
                    &at.field("name"),
                    format!("no entitlement of this app is about the resource `{name}`"),
                );
            }
            if resource.owners.is_empty() {
                self.wrong(&at, "a resource is named here to give it `owners`");
            }
            let owners = self.owners(&at.field("owners"), &resource.owners);
            if resources.insert(name.to_owned(), owners).is_some() {
                self.wrong(&at.field("name"), format!("the resource `{name}` is here already"));
            }
        }
        resources
    }

    /// Do these owners come to a person?
    pub(super) fn anybody(&self, owners: &BTreeSet<Owner>) -> bool {
        owners.iter().any(|owner| match owner {
            Owner::Person(_) => true,
            Owner::Group(key) => {
                let members = self
                    .wanted
                    .groups
                    .get(key)
                    .is_some_and(|group| !group.members.is_empty());
                members || self.doubtful.contains(key)
            }
        })
    }

    fn entitlement(
        &mut self,
        place: &Place<'_>,
        app: &str,
        known: Option<(&BTreeSet<Owner>, &Resources)>,
        entitlement: &EntitlementFile,
    ) {
        let path = format!("{app}/{}", entitlement.key);
        let fresh = self.key(
            place,
            &entitlement.key,
            "entitlement",
            self.wanted.entitlements.contains_key(&path),
        );
        let resource = entitlement.resource.as_deref().map(str::trim);
        if let Some(name) = resource
            && (name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control))
        {
            self.wrong(
                &place.field("resource"),
                format!("a resource is a line of at most {LONGEST_NAME} characters"),
            );
        }
        let owners = self.owners(&place.field("owners"), &entitlement.owners);
        let entry = EntitlementEntry {
            name: self.name(place, &entitlement.name),
            resource: resource.map(str::to_owned),
            description: self.text(place, "description", &entitlement.description),
            instructions: self.text(place, "instructions", &entitlement.instructions),
            policy: entitlement.policy.clone(),
            lengths: self.lengths(place, entitlement.lengths.as_ref()),
            emergency: self.emergency(place, entitlement.emergency.as_ref()),
            owners,
        };
        let at = place.field("policy");
        self.policy(&at, &entry.policy, PolicyKind::Request);
        if let Some((of_app, resources)) = known.filter(|_| entry.owners.len() == entitlement.owners.len()) {
            let nobody = BTreeSet::new();
            let of_resource = entry
                .resource
                .as_ref()
                .and_then(|name| resources.get(name))
                .unwrap_or(&nobody);
            let owners = [of_app, of_resource, &entry.owners];
            self.decided_by_owners(&at, &entry.policy, owners);
            if let Some(policy) = &entry.emergency.policy {
                let at = place.field("emergency").field("policy");
                self.decided_by_owners(&at, policy, owners);
            }
        }
        if fresh {
            self.wanted.entitlements.insert(path, entry);
        }
    }

    fn policy(&mut self, place: &Place<'_>, key: &str, kind: PolicyKind) {
        match self.wanted.policies.get(key).map(|policy| policy.kind) {
            Some(found) if found == kind => {}
            Some(found) => {
                let (found, wanted) = (kind_word(found), kind_word(kind));
                self.wrong(
                    place,
                    format!("the policy `{key}` is of kind {found}, and {wanted} is needed here"),
                );
            }
            None => self.missing(place, "policy", key, |wanted| &wanted.policies),
        }
    }

    /// A step that only owners decide needs owners: of the app, of the resource, of the entitlement.
    fn decided_by_owners(&mut self, place: &Place<'_>, policy: &str, owners: [&BTreeSet<Owner>; 3]) {
        let Some(only) = self.by_owners.get(policy).copied() else {
            return;
        };
        let falls_to = match only {
            OnlyOwners::App => 1,
            OnlyOwners::Resource => 2,
            OnlyOwners::Entitlement => 3,
        };
        if !owners.iter().take(falls_to).any(|owners| self.anybody(owners)) {
            let whose = match only {
                OnlyOwners::App => "the app",
                OnlyOwners::Resource => "neither the resource nor its app",
                OnlyOwners::Entitlement => "neither the entitlement nor its app",
            };
            let has = match only {
                OnlyOwners::App => "has none",
                OnlyOwners::Resource | OnlyOwners::Entitlement => "has any",
            };
            self.wrong(
                place,
                format!("a step of `{policy}` asks only owners, and {whose} {has}"),
            );
        }
    }

    fn lengths(&mut self, place: &Place<'_>, said: Option<&LengthsFile>) -> LengthRules {
        let Some(said) = said else {
            return LengthRules::unlimited();
        };
        let place = place.field("lengths");
        let max = said
            .max
            .as_ref()
            .and_then(|text| self.seconds(&place.field("max"), text));
        let mut presets = Vec::new();
        for (index, text) in said.presets.iter().enumerate() {
            let at = place.field("presets").item(index);
            let Some(seconds) = self.seconds(&at, text) else {
                continue;
            };
            if let Some(max) = max.filter(|max| seconds > *max) {
                self.wrong(
                    &at,
                    format!("{} is more than the maximum of {}", spoken(seconds), spoken(max)),
                );
            } else if presets.contains(&seconds) {
                self.wrong(&at, format!("{} is offered already", spoken(seconds)));
            } else {
                presets.push(seconds);
            }
        }
        if said.no_end && max.is_some() {
            self.wrong(&place.field("no_end"), "with a `max` there is always an end");
        }
        if said.presets.is_empty() && !said.custom && !said.no_end {
            self.wrong(
                &place,
                "no length can be chosen: give `presets`, or allow `custom` or `no_end`",
            );
        }
        let at = place.field("default");
        let default = match said.default.as_deref().map(Length::parse) {
            Some(Ok(length)) => length,
            Some(Err(refusal)) => {
                self.wrong(&at, refusal.sentence().trim_end_matches('.').to_owned());
                Length::NoEnd
            }
            None => match (presets.first(), said.no_end, max) {
                (Some(first), _, _) => Length::For(*first),
                (None, true, _) => Length::NoEnd,
                (None, false, Some(max)) => Length::For(max),
                (None, false, None) => {
                    if said.custom {
                        self.wrong(
                            &place,
                            "a `default` is needed where neither `presets` nor a `max` give one",
                        );
                    }
                    Length::NoEnd
                }
            },
        };
        let rules = LengthRules {
            presets,
            max,
            custom: said.custom,
            no_end: said.no_end,
            default,
        };
        if let Some(wrote) = said.default.as_deref() {
            let offered = match default {
                Length::NoEnd => said.no_end && max.is_none(),
                Length::For(seconds) => {
                    rules.presets.contains(&seconds) || (said.custom && max.is_none_or(|max| seconds <= max))
                }
            };
            if !offered && Length::parse(wrote).is_ok() && rules.presets.len() == said.presets.len() {
                self.wrong(&at, format!("{default} is not among the lengths that can be chosen"));
            }
        }
        rules
    }

    /// What is said of the approval has to be what the policy does.
    fn agrees_with_policy(&mut self, place: &Place<'_>, wanted: &str, policy: Option<&str>) {
        let asks = |rule: &Rule| rule.steps.iter().any(|step| matches!(step, StepSpec::Approval(_)));
        let denies = |rule: &Rule| rule.steps.iter().any(|step| matches!(step, StepSpec::Deny { .. }));
        let rules = policy
            .and_then(|key| self.wanted.policies.get(key))
            .map_or(&[][..], |policy| policy.rules.as_slice());
        let other = match wanted {
            "required" => rules.iter().position(|rule| !asks(rule) && !denies(rule)),
            "automatic" => rules.iter().position(asks),
            _ => {
                let at = place.field("approval");
                self.wrong(&at, unknown("approval", wanted, &["required", "automatic"]));
                return;
            }
        };
        if let (Some(rule), Some(policy)) = (other, policy) {
            let does = if wanted == "required" {
                "lets it pass without anybody"
            } else {
                "asks people"
            };
            self.wrong(
                &place.field("approval"),
                format!(
                    "`{wanted}` contradicts the policy `{policy}`, whose rule {} {does}",
                    rule + 1
                ),
            );
        }
    }

    fn emergency(&mut self, place: &Place<'_>, said: Option<&EmergencyFile>) -> EmergencyEntry {
        let Some(said) = said else {
            return EmergencyEntry::default();
        };
        let place = place.field("emergency");
        let max = said
            .max
            .as_ref()
            .and_then(|text| self.seconds(&place.field("max"), text));
        if let Some(policy) = &said.policy {
            self.policy(&place.field("policy"), policy, PolicyKind::Emergency);
        } else if said.enabled {
            self.wrong(
                &place.field("enabled"),
                "emergency access needs a `policy` of kind emergency",
            );
        }
        if said.enabled && said.max.is_none() {
            self.wrong(&place.field("enabled"), "emergency access needs a `max`: it is short");
        }
        if said.enabled && said.who.is_empty() {
            self.wrong(
                &place.field("enabled"),
                "nobody may use it: say `who` (everyone, role:…, group:…, when:…)",
            );
        }
        if said.step_up {
            self.wrong(
                &place.field("step_up"),
                "step-up cannot be switched on yet: c1 does not know how strongly people have signed in to Slack; leave it \
                 out, or write `step_up: false`",
            );
        }
        if let Some(wanted) = &said.approval {
            self.agrees_with_policy(&place, wanted, said.policy.as_deref());
        }
        let mut who = Vec::new();
        for (index, value) in said.who.iter().enumerate() {
            let at = place.field("who").item(index);
            let Some((sort, word)) = reference(value) else {
                self.wrong(&at, WHO);
                continue;
            };
            let found = match (sort.as_str(), word.as_str()) {
                ("", "everyone") => Some(Who::Everyone),
                ("role", name) => match Role::from_name(name) {
                    Some(role) => Some(Who::Role(role)),
                    None => {
                        self.wrong(&at, unknown("role", name, &Role::ALL.map(Role::name)));
                        None
                    }
                },
                ("group", _) => self.group_exists(&at, &word).then_some(Who::Group(word)),
                ("when", source) => {
                    let inside = if matches!(value, Value::Mapping(_)) {
                        at.field("when")
                    } else {
                        at
                    };
                    self.condition(&inside, source).map(Who::When)
                }
                _ => {
                    self.wrong(&at, WHO);
                    None
                }
            };
            who.extend(found);
        }
        if said.drill && !said.enabled {
            self.wrong(
                &place.field("drill"),
                "a drill needs emergency access that is `enabled`",
            );
        }
        EmergencyEntry {
            enabled: said.enabled,
            policy: said.policy.clone(),
            max,
            who,
            drill: said.drill,
        }
    }
}
