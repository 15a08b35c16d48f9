//! From files to an organisation: every reference leads somewhere, every rule can be followed, nobody waits for nobody.

use super::{
    format::{
        AppFile, CatalogFile, EmergencyFile, EntitlementFile, GroupFile, LengthsFile, OrganisationFile, PersonFile,
        PolicyFile, RuleFile, StepFile, items, parse, reference,
    },
    place::{Place, Problem, Problems, Source},
};
use crate::domain::{
    condition::Condition,
    emergency::Who,
    length::{Length, LengthRules, spoken},
    nearest::nearest,
    organisation::{
        AppEntry, CatalogEntry, EmergencyEntry, EntitlementEntry, GroupEntry, LAST_RESORT, Organisation, Owner,
        PersonEntry, PolicyEntry, kind_word,
    },
    person::Role,
    policy::{Approval, ApproverSpec, AtDeadline, Deadline, PolicyKind, ReasonRule, Rule, StepSpec},
    refusal::Refusal,
    step::Quorum,
};
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An organisation whose files are in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// What they say.
    pub organisation: Organisation,
    /// What is odd but allowed: an entitlement that nobody sees, a policy that nobody uses.
    pub warnings: Vec<Problem>,
}

/// The ways in which apps can be given access to.
const CONNECTORS: [&str; 2] = ["manual", "demo"];

/// Words that name approvers, and so cannot be keys of people.
const APPROVERS: [&str; 4] = ["manager", "app_owners", "entitlement_owners", "subject"];

/// What fits on a button or in a picker.
const LONGEST_NAME: usize = 75;

/// The longest description or instruction, in characters.
const LONGEST_TEXT: usize = 2_000;

/// The shortest deadline that a person can be expected to keep, in seconds.
const SHORTEST_DEADLINE: i64 = 60;

pub(super) fn check(sources: &[Source]) -> Result<Checked, Problems> {
    let mut problems = Vec::new();
    let files = Files::of(sources, &mut problems);
    if !problems.is_empty() {
        // What could not be read would only be missed everywhere else.
        return Err(Problems::new(problems));
    }
    let mut checker = Checker {
        problems,
        warnings: Vec::new(),
        wanted: Organisation::default(),
        by_owners: HashMap::new(),
        doubtful: BTreeSet::new(),
    };
    checker.people(&files.people);
    checker.groups(&files.groups);
    checker.last_resort(&files);
    checker.policies(&files.policies);
    for (place, app) in &files.apps {
        checker.app(place, app);
    }
    checker.catalogs(&files.catalogs);
    if checker.problems.is_empty() {
        checker.look_around(&files);
    }
    let Checker {
        problems,
        mut warnings,
        wanted,
        ..
    } = checker;
    warnings.sort();
    if problems.is_empty() {
        Ok(Checked {
            organisation: wanted,
            warnings,
        })
    } else {
        Err(Problems::new(problems))
    }
}

/// Where the files say who `key` is.
pub(super) fn problem_with_person(sources: &[Source], key: &str, sentence: &str) -> Problem {
    let files = Files::of(sources, &mut Vec::new());
    match files.people.iter().find(|(_, person)| person.key == key) {
        Some((place, _)) => place.field("email").problem(sentence),
        None => Problem::about("people.yaml".to_owned(), sentence.to_owned()),
    }
}

type Placed<'a, T> = Vec<(Place<'a>, T)>;

/// What the files say, as it is written.
#[derive(Default)]
struct Files<'a> {
    organisation: Option<(Place<'a>, OrganisationFile)>,
    people: Placed<'a, PersonFile>,
    groups: Placed<'a, GroupFile>,
    policies: Placed<'a, PolicyFile>,
    apps: Placed<'a, AppFile>,
    catalogs: Placed<'a, CatalogFile>,
}

impl<'a> Files<'a> {
    fn of(sources: &'a [Source], problems: &mut Vec<Problem>) -> Self {
        let mut files = Self::default();
        for source in sources {
            let stem = source
                .name
                .rsplit_once('.')
                .map_or(source.name.as_str(), |(stem, _)| stem);
            match stem {
                "organisation" => match parse::<OrganisationFile>(source) {
                    Ok(said) => files.organisation = said.map(|said| (Place::file(source), said)),
                    Err(problem) => problems.push(problem),
                },
                "people" => files.people.extend(items(source, problems)),
                "groups" => files.groups.extend(items(source, problems)),
                "policies" => files.policies.extend(items(source, problems)),
                "catalogs" => files.catalogs.extend(items(source, problems)),
                _ if stem.starts_with("policies/") => files.policies.extend(items(source, problems)),
                _ => match parse::<AppFile>(source) {
                    Ok(Some(app)) => files.apps.push((Place::file(source), app)),
                    Ok(None) => problems.push(Place::file(source).problem("this file describes no app")),
                    Err(problem) => problems.push(problem),
                },
            }
        }
        files
    }
}

struct Checker {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    wanted: Organisation,
    /// Groups of which something is wrong already: what they lack is not told again elsewhere.
    doubtful: BTreeSet<String>,
    /// Policies with a step that only owners decide: an entitlement without owners must not use them.
    by_owners: HashMap<String, OnlyOwners>,
}

/// A step that nobody but owners decides.
#[derive(Clone, Copy)]
enum OnlyOwners {
    OfTheApp,
    OfTheEntitlement,
}

impl Checker {
    fn wrong(&mut self, place: &Place<'_>, sentence: impl Into<String>) {
        self.problems.push(place.problem(sentence));
    }

    /// Takes a key if it has the form of one and is new; says what is wrong otherwise.
    fn key(&mut self, place: &Place<'_>, key: &str, what: &str, taken: bool) -> bool {
        let formed = key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-'))
            && key.len() <= 60;
        if !formed {
            let sentence = format!("`{key}` is not a key: lower-case letters, digits, `-`, `_` and `.`, at most 60");
            self.wrong(&place.field("key"), sentence);
        } else if taken {
            self.wrong(
                &place.field("key"),
                format!("there is another {what} with the key `{key}`"),
            );
        }
        formed && !taken
    }

    fn name(&mut self, place: &Place<'_>, name: &str) -> String {
        let field = place.field("name");
        if name.trim().is_empty() {
            self.wrong(&field, "the name is empty");
        } else if name.chars().count() > LONGEST_NAME {
            self.wrong(&field, format!("the name is longer than {LONGEST_NAME} characters"));
        } else if name.chars().any(char::is_control) {
            self.wrong(&field, "the name is not one line");
        }
        name.trim().to_owned()
    }

    fn text(&mut self, place: &Place<'_>, field: &str, text: &str) -> String {
        if text.chars().count() > LONGEST_TEXT {
            self.wrong(&place.field(field), format!("longer than {LONGEST_TEXT} characters"));
        }
        text.trim().to_owned()
    }

    /// "the group `x` does not exist; did you mean `y`?"
    fn missing<E>(
        &mut self,
        place: &Place<'_>,
        what: &str,
        key: &str,
        known: fn(&Organisation) -> &BTreeMap<String, E>,
    ) {
        let meant = nearest(key, known(&self.wanted).keys().map(String::as_str));
        let meant = meant
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        self.wrong(place, format!("the {what} `{key}` does not exist{meant}"));
    }

    fn person_exists(&mut self, place: &Place<'_>, key: &str) -> bool {
        let known = self.wanted.people.contains_key(key);
        if !known {
            self.missing(place, "person", key, |wanted| &wanted.people);
        }
        known
    }

    fn group_exists(&mut self, place: &Place<'_>, key: &str) -> bool {
        let known = self.wanted.groups.contains_key(key);
        if !known {
            self.missing(place, "group", key, |wanted| &wanted.groups);
        }
        known
    }

    fn seconds(&mut self, place: &Place<'_>, text: &str) -> Option<i64> {
        match Length::parse(text) {
            Ok(Length::For(seconds)) => Some(seconds),
            Ok(Length::NoEnd) => {
                self.wrong(place, "this must be a length such as 90m, 12h or 1w2d");
                None
            }

            Err(Refusal::LengthTooLong { .. }) => {
                self.wrong(
                    place,
                    "longer than ten years; where access may have no end write `no_end: true`",
                );
                None
            }
            Err(refusal) => {
                self.wrong(place, refusal.sentence().trim_end_matches('.').to_owned());
                None
            }
        }
    }

    fn condition(&mut self, place: &Place<'_>, source: &str) -> Option<Condition> {
        match Condition::parse(source) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.problems.push(place.problem_inside(error.at, error.sentence));
                None
            }
        }
    }

    // --- people and groups ---

    fn people(&mut self, people: &[(Place<'_>, PersonFile)]) {
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

    fn groups(&mut self, groups: &[(Place<'_>, GroupFile)]) {
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
    fn last_resort(&mut self, files: &Files<'_>) {
        let mut members = BTreeSet::new();
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
        if members.is_empty() && !admins && !self.wanted.people.is_empty() {
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

    fn owners(&mut self, place: &Place<'_>, values: &[Value]) -> BTreeSet<Owner> {
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

    // --- policies ---

    fn policies(&mut self, policies: &[(Place<'_>, PolicyFile)]) {
        const KINDS: [PolicyKind; 4] = [
            PolicyKind::Request,
            PolicyKind::Emergency,
            PolicyKind::Review,
            PolicyKind::Revoke,
        ];
        for (place, policy) in policies {
            if !self.key(
                place,
                &policy.key,
                "policy",
                self.wanted.policies.contains_key(&policy.key),
            ) {
                continue;
            }
            let wrote = policy.kind.as_deref().unwrap_or("request");
            let kind = KINDS.into_iter().find(|kind| kind_word(*kind) == wrote);
            if kind.is_none() {
                self.wrong(&place.field("kind"), unknown("kind", wrote, &KINDS.map(kind_word)));
            }
            let at = place.field("rules");
            let mut rules = Vec::new();
            for (index, rule) in policy.rules.iter().enumerate() {
                let last = index + 1 == policy.rules.len();
                rules.push(self.rule(&at.item(index), rule, last, &policy.key));
            }
            if policy.rules.is_empty() {
                self.wrong(&at, "a policy needs a rule");
            }
            let name = self.name(place, &policy.name);
            let entry = PolicyEntry {
                name,
                kind: kind.unwrap_or(PolicyKind::Request),
                rules,
            };
            self.wanted.policies.insert(policy.key.clone(), entry);
        }
    }

    fn rule(&mut self, place: &Place<'_>, rule: &RuleFile, last: bool, policy: &str) -> Rule {
        let when = rule
            .when
            .as_ref()
            .and_then(|source| self.condition(&place.field("when"), source));
        if last && rule.when.is_some() {
            let sentence = "the last rule must apply always (no `when`), so that no request falls through";
            self.wrong(&place.field("when"), sentence);
        }
        if !last && rule.when.is_none() {
            self.wrong(
                place,
                "this rule applies always (no `when`), so the rules after it never do",
            );
        }
        let at = place.field("steps");
        if rule.steps.is_empty() {
            self.wrong(
                &at,
                "a rule needs a step; to let a request pass by itself write `- approve: true`",
            );
        }
        let mut steps = Vec::new();
        for (index, step) in rule.steps.iter().enumerate() {
            steps.extend(self.step(&at.item(index), step, policy));
        }
        Rule {
            name: rule.name.trim().to_owned(),
            when,
            steps,
        }
    }

    fn step(&mut self, place: &Place<'_>, step: &StepFile, policy: &str) -> Option<StepSpec> {
        let sorts = [step.approvers.is_some(), step.approve.is_some(), step.deny.is_some()];
        if sorts.iter().filter(|sort| **sort).count() != 1 {
            self.wrong(place, "a step has either `approvers`, or `approve`, or `deny`");
            return None;
        }
        if step.approvers.is_none() {
            let people = [
                ("quorum", step.quorum.is_some()),
                ("fallback", step.fallback.is_some()),
                ("self_approval", step.self_approval.is_some()),
                ("distinct", step.distinct.is_some()),
                ("reason", step.reason.is_some()),
                ("deadline", step.deadline.is_some()),
                ("name", !step.name.is_empty()),
            ];
            for (field, _) in people.iter().filter(|(_, said)| *said) {
                self.wrong(
                    &place.field(field),
                    format!("`{field}` has no effect on a step that passes or denies by itself"),
                );
            }
        }
        if let Some(message) = &step.deny {
            if message.trim().is_empty() {
                self.wrong(&place.field("deny"), "the requester needs a reason: `deny: …`");
            }
            return Some(StepSpec::Deny {
                message: message.trim().to_owned(),
            });
        }
        match &step.approve {
            None => {}
            Some(Value::Bool(true)) => return Some(StepSpec::Approve { message: String::new() }),
            Some(Value::String(message)) => {
                return Some(StepSpec::Approve {
                    message: message.trim().to_owned(),
                });
            }
            Some(_) => {
                self.wrong(
                    &place.field("approve"),
                    "write `approve: true`, or a message for the people concerned",
                );
                return None;
            }
        }
        self.approval(place, step, policy).map(StepSpec::Approval)
    }

    fn approval(&mut self, place: &Place<'_>, step: &StepFile, policy: &str) -> Option<Approval> {
        let before = self.problems.len();
        let approvers = self.approvers(&place.field("approvers"), step.approvers.as_deref().unwrap_or_default());
        let fallback = self.approvers(&place.field("fallback"), step.fallback.as_deref().unwrap_or_default());
        let quorum = match &step.quorum {
            None => Quorum::Any,
            Some(Value::String(word)) if word == "any" => Quorum::Any,
            Some(Value::String(word)) if word == "all" => Quorum::All,
            Some(Value::Number(number)) if number.as_u64().is_some_and(|count| (1..=1_000).contains(&count)) => {
                Quorum::AtLeast(number.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(1))
            }
            Some(_) => {
                self.wrong(&place.field("quorum"), "the quorum is `any`, `all` or a number from 1");
                Quorum::Any
            }
        };
        let reason = match step.reason.as_deref() {
            None | Some("to_deny") => ReasonRule::ToDeny,
            Some("never") => ReasonRule::Never,
            Some("to_approve") => ReasonRule::ToApprove,
            Some("always") => ReasonRule::Always,
            Some(other) => {
                let at = place.field("reason");
                self.wrong(
                    &at,
                    unknown("rule", other, &["never", "to_deny", "to_approve", "always"]),
                );
                ReasonRule::ToDeny
            }
        };
        let deadline = self.deadline(place, step, !fallback.is_empty());
        if self.problems.len() > before {
            return None;
        }
        self.somebody(place, &approvers, &fallback, quorum, policy);
        Some(Approval {
            name: step.name.trim().to_owned(),
            approvers,
            quorum,
            fallback,
            self_approval: step.self_approval.unwrap_or(false),
            distinct: step.distinct.unwrap_or(false),
            reason,
            deadline,
        })
    }

    fn deadline(&mut self, place: &Place<'_>, step: &StepFile, fallback: bool) -> Option<Deadline> {
        let said = step.deadline.as_ref()?;
        let place = place.field("deadline");
        let after = self.seconds(&place.field("after"), &said.after)?;
        if after < SHORTEST_DEADLINE {
            self.wrong(&place.field("after"), "nobody can decide in less than a minute");
        }
        let at = place.field("then");
        let then = match said.then.as_str() {
            "fallback" if !fallback => {
                self.wrong(&at, "there is no `fallback` to ask");
                return None;
            }
            "fallback" => AtDeadline::Fallback,
            "deny" => AtDeadline::Deny,
            "expire" => AtDeadline::Expire,
            other => {
                self.wrong(&at, unknown("outcome", other, &["fallback", "deny", "expire"]));
                return None;
            }
        };
        Some(Deadline { after, then })
    }

    fn approvers(&mut self, place: &Place<'_>, values: &[Value]) -> Vec<ApproverSpec> {
        let mut specs: Vec<ApproverSpec> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = place.item(index);
            let spec = match reference(value) {
                Some((sort, word)) if sort.is_empty() => match word.as_str() {
                    "manager" => Some(ApproverSpec::Manager),
                    "app_owners" => Some(ApproverSpec::AppOwners),
                    "entitlement_owners" => Some(ApproverSpec::EntitlementOwners),
                    "subject" => Some(ApproverSpec::Subject),
                    key if self.wanted.people.contains_key(key) => Some(ApproverSpec::People(vec![word])),
                    key => {
                        let known = self.wanted.people.keys().map(String::as_str).chain(APPROVERS);
                        let meant = nearest(key, known).map(|meant| format!("; did you mean `{meant}`?"));
                        let sentence = format!("the approver `{key}` does not exist{}", meant.unwrap_or_default());
                        self.wrong(&at, sentence);
                        None
                    }
                },
                Some((sort, key)) if sort == "group" => {
                    self.group_exists(&at, &key).then_some(ApproverSpec::Group(key))
                }
                _ => {
                    let sentence = "an approver is manager, app_owners, entitlement_owners, subject, a person (`ana`) \
                                    or a group (`group:database-owners`)";
                    self.wrong(&at, sentence);
                    None
                }
            };
            match (spec, specs.last_mut()) {
                // Neighbouring people are one entry, as if they were a list.
                (Some(ApproverSpec::People(mut more)), Some(ApproverSpec::People(keys))) => keys.append(&mut more),
                (Some(spec), _) => specs.push(spec),
                (None, _) => {}
            }
        }
        specs
    }

    /// Can the step ever ask somebody, and enough people, by its own means?
    fn somebody(
        &mut self,
        place: &Place<'_>,
        approvers: &[ApproverSpec],
        fallback: &[ApproverSpec],
        quorum: Quorum,
        policy: &str,
    ) {
        let all = || approvers.iter().chain(fallback);
        let owners = |spec: &&ApproverSpec| matches!(spec, ApproverSpec::AppOwners | ApproverSpec::EntitlementOwners);
        let others = |spec: &&ApproverSpec| matches!(spec, ApproverSpec::Manager | ApproverSpec::Subject);
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for spec in all() {
            match spec {
                ApproverSpec::People(keys) => named.extend(keys.iter().map(String::as_str)),
                ApproverSpec::Group(key) => {
                    named.extend(
                        self.wanted
                            .groups
                            .get(key)
                            .into_iter()
                            .flat_map(|group| &group.members)
                            .map(String::as_str),
                    );
                }
                _ => {}
            }
        }
        let count = named.len();
        let doubtful = |spec: &ApproverSpec| matches!(spec, ApproverSpec::Group(key) if self.doubtful.contains(key));
        if all().any(|spec| others(&spec) || doubtful(spec)) {
            return;
        }
        if count == 0 && all().any(|spec| owners(&spec)) {
            let app = all().any(|spec| matches!(spec, ApproverSpec::AppOwners));
            let only = if app {
                OnlyOwners::OfTheApp
            } else {
                OnlyOwners::OfTheEntitlement
            };
            self.by_owners.entry(policy.to_owned()).or_insert(only);
        } else if count == 0 {
            self.wrong(
                &place.field("approvers"),
                "this step can only come to nobody; name somebody, or a group with members",
            );
        } else if let Quorum::AtLeast(wanted) = quorum
            && (wanted as usize) > count
            && !all().any(|spec| owners(&spec))
        {
            let people = if count == 1 { "person is" } else { "people are" };
            self.wrong(
                &place.field("quorum"),
                format!("{wanted} have to approve, and only {count} {people} named"),
            );
        }
    }

    // --- apps ---

    fn app(&mut self, place: &Place<'_>, app: &AppFile) {
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
        let at = place.field("entitlements");
        // Owners that were wrong are not told to be missing.
        let known = (owners.len() == app.owners.len()).then_some(&owners);
        for (index, entitlement) in app.entitlements.iter().enumerate() {
            self.entitlement(&at.item(index), &app.key, known, entitlement);
        }
        let entry = AppEntry {
            name: self.name(place, &app.name),
            description: self.text(place, "description", &app.description),
            owners,
            connector: connector.to_owned(),
            settings,
        };
        if fresh {
            self.wanted.apps.insert(app.key.clone(), entry);
        }
    }

    /// Do these owners come to a person?
    fn anybody(&self, owners: &BTreeSet<Owner>) -> bool {
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
        app_owners: Option<&BTreeSet<Owner>>,
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
        if let Some(app_owners) = app_owners.filter(|_| entry.owners.len() == entitlement.owners.len()) {
            self.decided_by_owners(&at, &entry.policy, app_owners, &entry.owners);
            if let Some(policy) = &entry.emergency.policy {
                let at = place.field("emergency").field("policy");
                self.decided_by_owners(&at, policy, app_owners, &entry.owners);
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

    /// A step that only owners decide needs owners.
    fn decided_by_owners(
        &mut self,
        place: &Place<'_>,
        policy: &str,
        of_app: &BTreeSet<Owner>,
        of_entitlement: &BTreeSet<Owner>,
    ) {
        let Some(only) = self.by_owners.get(policy).copied() else {
            return;
        };
        let somebody =
            self.anybody(of_app) || (matches!(only, OnlyOwners::OfTheEntitlement) && self.anybody(of_entitlement));
        if !somebody {
            let whose = match only {
                OnlyOwners::OfTheApp => "the app",
                OnlyOwners::OfTheEntitlement => "neither the entitlement nor its app",
            };
            let has = match only {
                OnlyOwners::OfTheApp => "has none",
                OnlyOwners::OfTheEntitlement => "has any",
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
        EmergencyEntry {
            enabled: said.enabled,
            policy: said.policy.clone(),
            max,
            who,
        }
    }

    // --- catalogs ---

    fn catalogs(&mut self, catalogs: &[(Place<'_>, CatalogFile)]) {
        for (place, catalog) in catalogs {
            let fresh = self.key(
                place,
                &catalog.key,
                "catalog",
                self.wanted.catalogs.contains_key(&catalog.key),
            );
            if catalog.everyone && !catalog.audience.is_empty() {
                self.wrong(&place.field("audience"), "a catalog for everyone needs no audience");
            }
            if !catalog.everyone && catalog.audience.is_empty() {
                self.wrong(
                    place,
                    "nobody sees this catalog: write `everyone: true` or an `audience` of groups",
                );
            }
            let mut audience = BTreeSet::new();
            for (index, key) in catalog.audience.iter().enumerate() {
                let key = key.strip_prefix("group:").unwrap_or(key);
                if self.group_exists(&place.field("audience").item(index), key) {
                    audience.insert(key.to_owned());
                }
            }
            let mut entitlements = BTreeSet::new();
            for (index, pattern) in catalog.entitlements.iter().enumerate() {
                let at = place.field("entitlements").item(index);
                entitlements.extend(self.matching(&at, pattern));
            }
            let name = self.name(place, &catalog.name);
            if fresh {
                let entry = CatalogEntry {
                    name,
                    everyone: catalog.everyone,
                    audience,
                    entitlements,
                };
                self.wanted.catalogs.insert(catalog.key.clone(), entry);
            }
        }
    }

    /// The entitlements that `github/admin` or `github/*` means.
    fn matching(&mut self, place: &Place<'_>, pattern: &str) -> Vec<String> {
        let Some((app, key)) = pattern.split_once('/') else {
            self.wrong(
                place,
                format!("write `{pattern}/*` for the whole app, or `{pattern}/` and an entitlement"),
            );
            return Vec::new();
        };
        if !self.wanted.apps.contains_key(app) {
            self.missing(place, "app", app, |wanted| &wanted.apps);
            return Vec::new();
        }
        if key == "*" {
            let prefix = format!("{app}/");
            return self
                .wanted
                .entitlements
                .keys()
                .filter(|path| path.starts_with(&prefix))
                .cloned()
                .collect();
        }
        if self.wanted.entitlements.contains_key(pattern) {
            return vec![pattern.to_owned()];
        }
        self.missing(place, "entitlement", pattern, |wanted| &wanted.entitlements);
        Vec::new()
    }

    // --- what is odd ---

    fn look_around(&mut self, files: &Files<'_>) {
        let seen: BTreeSet<&String> = self
            .wanted
            .catalogs
            .values()
            .flat_map(|catalog| &catalog.entitlements)
            .collect();
        for (place, app) in &files.apps {
            for (index, entitlement) in app.entitlements.iter().enumerate() {
                if !seen.contains(&format!("{}/{}", app.key, entitlement.key)) {
                    let at = place.field("entitlements").item(index).field("key");
                    self.warnings
                        .push(at.problem("this entitlement is in no catalog, so nobody sees it"));
                }
            }
        }
        let used: BTreeSet<&String> = self
            .wanted
            .entitlements
            .values()
            .flat_map(|entitlement| [Some(&entitlement.policy), entitlement.emergency.policy.as_ref()])
            .flatten()
            .collect();
        for (place, policy) in &files.policies {
            let kind = self.wanted.policies.get(&policy.key).map(|policy| policy.kind);
            let asked = matches!(kind, Some(PolicyKind::Request | PolicyKind::Emergency));
            if asked && !used.contains(&policy.key) {
                self.warnings
                    .push(place.field("key").problem("no entitlement uses this policy"));
            }
        }
    }
}

const WHO: &str = "somebody is `everyone`, `role:helpdesk`, `group:engineers` or `when: …` (a condition)";

/// "the role `x` is unknown; did you mean `y`? Known: …"
fn unknown(what: &str, wrote: &str, known: &[&str]) -> String {
    let meant = nearest(wrote, known.iter().copied()).map(|meant| format!("; did you mean `{meant}`?"));
    format!(
        "the {what} `{wrote}` is unknown{} Known: {}",
        meant.as_deref().unwrap_or("."),
        known.join(", ")
    )
}
