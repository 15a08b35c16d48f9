//! An organisation as its files describe it: people, groups, policies, apps, entitlements and catalogs, all by key; and
//! the plan, which says what would have to change for one description to become another.

use super::{
    emergency::Who,
    length::{Length, LengthRules, spoken},
    person::Role,
    policy::{
        Approval, ApproverSpec, AtDeadline, Deadline, PolicyKind, ReasonRule, ReassignTo, Rule, StepSpec, Wait,
        WaitOver,
    },
    rotation::Roster,
    step::Quorum,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The key of the group that decides when nobody else can; where it has no members, the super admins do.
pub const LAST_RESORT: &str = "last-resort";

/// All that the files of an organisation say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisation {
    /// People, by key.
    pub people: BTreeMap<String, PersonEntry>,
    /// Groups, by key.
    pub groups: BTreeMap<String, GroupEntry>,
    /// Rotations, by key.
    pub rotations: BTreeMap<String, RotationEntry>,
    /// Policies, by key.
    pub policies: BTreeMap<String, PolicyEntry>,
    /// Apps, by key.
    pub apps: BTreeMap<String, AppEntry>,
    /// Entitlements, by path (`github/admin`).
    pub entitlements: BTreeMap<String, EntitlementEntry>,
    /// Catalogs, by key.
    pub catalogs: BTreeMap<String, CatalogEntry>,
    /// Settings, by name.
    pub settings: BTreeMap<String, SettingEntry>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonEntry {
    /// Their name.
    pub name: String,
    /// Their e-mail address; recognises their Slack account the first time it is seen.
    pub email: String,
    /// Job title; empty if not said.
    pub title: String,
    /// Team; empty if not said.
    pub team: String,
    /// Their manager's key.
    pub manager: Option<String>,
    /// What they may do beyond asking.
    pub roles: BTreeSet<Role>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEntry {
    /// Its name.
    pub name: String,
    /// Keys of its members.
    pub members: BTreeSet<String>,
}

/// A rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationEntry {
    /// Its name.
    pub name: String,
    /// Who takes turns.
    pub roster: Roster,
    /// An answer of the service older than this many seconds is none.
    pub stale_after: i64,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEntry {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: PolicyKind,
    /// In order; the last one has no condition.
    pub rules: Vec<Rule>,
}

/// An app.
#[derive(Clone, Debug, PartialEq)]
pub struct AppEntry {
    /// Its name.
    pub name: String,
    /// A few words about it.
    pub description: String,
    /// Who owns it.
    pub owners: BTreeSet<Owner>,
    /// Who owns its resources, by their names; the app's owners, if nobody.
    pub resources: BTreeMap<String, BTreeSet<Owner>>,
    /// How access is given (`manual`, `demo`).
    pub connector: String,
    /// The connector's settings.
    pub settings: serde_json::Value,
}

/// An entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntitlementEntry {
    /// Its name.
    pub name: String,
    /// The thing inside the app it is about.
    pub resource: Option<String>,
    /// A few words about it.
    pub description: String,
    /// What people who give it by hand have to do.
    pub instructions: String,
    /// The key of its policy.
    pub policy: String,
    /// Who owns it; the resource's owners, if nobody, else the app's.
    pub owners: BTreeSet<Owner>,
    /// How long it may be had.
    pub lengths: LengthRules,
    /// Whether and how it can be had in an emergency.
    pub emergency: EmergencyEntry,
}

/// The emergency settings of an entitlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmergencyEntry {
    /// Switched on?
    pub enabled: bool,
    /// The key of the policy that decides then.
    pub policy: Option<String>,
    /// Never longer than this many seconds.
    pub max: Option<i64>,
    /// Who may use it.
    pub who: Vec<Who>,
    /// Is it there to try the emergency path out?
    pub drill: bool,
}

/// A catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    /// Its name.
    pub name: String,
    /// Visible to everyone?
    pub everyone: bool,
    /// Can it be asked for whole?
    pub bundle: bool,
    /// Otherwise: the keys of the groups that see it.
    pub audience: BTreeSet<String>,
    /// Paths of what is in it.
    pub entitlements: BTreeSet<String>,
}

/// A setting, as the files write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingEntry {
    /// Its value.
    pub value: String,
}

/// An owner, as files write it: `carla` or `group:database-owners`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A person, by key.
    Person(String),
    /// The members of a group, by its key.
    Group(String),
}

impl Owner {
    /// Reads what [`Owner`]'s `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("group:") {
            Some(key) => Self::Group(key.to_owned()),
            None => Self::Person(text.to_owned()),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(key) => f.write_str(key),
            Self::Group(key) => write!(f, "group:{key}"),
        }
    }
}

// --- the plan ---

/// What has to change, in the order in which it can be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// One for each thing that is new, different or gone.
    pub changes: Vec<Change>,
}

/// One thing that is new, different or gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What sort of thing.
    pub thing: Thing,
    /// Its key.
    pub key: String,
    /// What happens to it.
    pub act: Act,
    /// Its name, in the new state if there is one.
    pub name: String,
    /// What is different; for a new thing all that it says, for one that is gone nothing.
    pub fields: Vec<Difference>,
}

/// A sort of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// Stays when gone from the files, without manager, team and roles: people come from Slack.
    Person,
    /// Has no members any more when gone.
    Group,
    /// Nobody is on call any more when gone.
    Rotation,
    /// Is not used any more when gone; plans made from it stay as they are.
    Policy,
    /// Is not offered any more when gone.
    App,
    /// Is not offered any more when gone.
    Entitlement,
    /// Is no more when gone.
    Catalog,
    /// Is as if it had never been said when gone.
    Setting,
}

impl Thing {
    /// All of them, in the order of plans.
    pub const ALL: [Self; 8] = [
        Self::Person,
        Self::Group,
        Self::Rotation,
        Self::Policy,
        Self::App,
        Self::Entitlement,
        Self::Catalog,
        Self::Setting,
    ];

    /// Many of them, in words.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Group => "groups",
            Self::Rotation => "rotations",
            Self::Policy => "policies",
            Self::App => "apps",
            Self::Entitlement => "entitlements",
            Self::Catalog => "catalogs",
            Self::Setting => "settings",
        }
    }
}

/// What happens to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It is new (or back).
    Create,
    /// It is different.
    Change,
    /// It is gone.
    Remove,
}

/// A field that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, as the files call it.
    pub field: String,
    /// How it differs.
    #[serde(flatten)]
    pub how: How,
}

/// How a field differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// One text for another; empty: nothing.
    Text {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A list with other elements.
    List {
        /// What is new in it, in order.
        added: Vec<String>,
        /// What is gone from it, in order.
        removed: Vec<String>,
    },
}

impl Plan {
    /// Is everything as it should be?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes of this sort there are.
    #[must_use]
    pub fn count(&self, act: Act) -> usize {
        self.changes.iter().filter(|change| change.act == act).count()
    }

    /// The changes of one sort of thing.
    pub fn of(&self, thing: Thing) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.thing == thing)
    }

    /// The keys of the things to which one of `acts` happens.
    pub fn keys(&self, thing: Thing, acts: &[Act]) -> Vec<String> {
        self.of(thing)
            .filter(|change| acts.contains(&change.act))
            .map(|change| change.key.clone())
            .collect()
    }

    /// What has to change for `from` to become `to`.
    #[must_use]
    pub fn between(from: &Organisation, to: &Organisation) -> Self {
        let mut changes = Vec::new();
        compare(&mut changes, Thing::Person, &from.people, &to.people);
        compare(&mut changes, Thing::Group, &from.groups, &to.groups);
        compare(&mut changes, Thing::Rotation, &from.rotations, &to.rotations);
        compare(&mut changes, Thing::Policy, &from.policies, &to.policies);
        compare(&mut changes, Thing::App, &from.apps, &to.apps);
        compare(&mut changes, Thing::Entitlement, &from.entitlements, &to.entitlements);
        compare(&mut changes, Thing::Catalog, &from.catalogs, &to.catalogs);
        compare(&mut changes, Thing::Setting, &from.settings, &to.settings);
        Self { changes }
    }
}

fn compare<E: Entry>(changes: &mut Vec<Change>, thing: Thing, from: &BTreeMap<String, E>, to: &BTreeMap<String, E>) {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for key in keys {
        let (act, name, fields) = match (from.get(key), to.get(key)) {
            (None, Some(new)) => (Act::Create, new.name(), differences(Vec::new(), new.fields())),
            (Some(old), Some(new)) if old != new => (Act::Change, new.name(), differences(old.fields(), new.fields())),
            (Some(old), None) => (Act::Remove, old.name(), Vec::new()),
            _ => continue,
        };
        changes.push(Change {
            thing,
            key: key.clone(),
            act,
            name: name.to_owned(),
            fields,
        });
    }
}

fn differences(from: Vec<Field>, to: Vec<Field>) -> Vec<Difference> {
    let mut old: BTreeMap<&str, Value> = from.into_iter().collect();
    let nothing = |like: &Value| match like {
        Value::Text(_) => Value::Text(String::new()),
        Value::List(_) => Value::List(Vec::new()),
    };
    to.into_iter()
        .filter_map(|(field, new)| {
            let old = old.remove(field).unwrap_or_else(|| nothing(&new));
            let how = match (old, new) {
                (Value::Text(from), Value::Text(to)) if from != to => How::Text { from, to },
                (Value::List(from), Value::List(to)) if from != to => {
                    let without = |list: &[String], other: &[String]| -> Vec<String> {
                        list.iter()
                            .filter(|element| !other.contains(element))
                            .cloned()
                            .collect()
                    };
                    How::List {
                        added: without(&to, &from),
                        removed: without(&from, &to),
                    }
                }
                _ => return None,
            };
            Some(Difference {
                field: field.to_owned(),
                how,
            })
        })
        .collect()
}

type Field = (&'static str, Value);

enum Value {
    Text(String),
    List(Vec<String>),
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> Value {
    Value::List(values.into_iter().map(|value| value.to_string()).collect())
}

/// Something that files describe.
trait Entry: PartialEq {
    fn name(&self) -> &str;

    /// All that it says, as people read it.
    fn fields(&self) -> Vec<Field>;
}

impl Entry for PersonEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            ("name", text(&self.name)),
            ("email", text(&self.email)),
            ("title", text(&self.title)),
            ("team", text(&self.team)),
            ("manager", text(self.manager.as_deref().unwrap_or_default())),
            ("roles", list(self.roles.iter().map(|role| role.name()))),
        ]
    }
}

impl Entry for GroupEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        vec![("name", text(&self.name)), ("members", list(&self.members))]
    }
}

impl Entry for RotationEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![("name", text(&self.name))];
        let moment = |at: &chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
        match &self.roster {
            Roster::Shifts(shifts) => fields.push((
                "shifts",
                list(shifts.iter().map(|shift| {
                    format!(
                        "{} from {} until {}",
                        shift.person,
                        moment(&shift.from),
                        moment(&shift.until)
                    )
                })),
            )),
            Roster::Turns { people, every, from } => {
                fields.push(("people", list(people)));
                fields.push(("every", text(spoken(*every))));
                fields.push(("from", text(moment(from))));
            }
            Roster::Service(service) => {
                fields.push(("url", text(&service.url)));
                fields.push(("format", text(service.format.word())));
                fields.push(("token_env", text(&service.token_env)));
                fields.push(("stale_after", text(spoken(self.stale_after))));
            }
        }
        fields
    }
}

impl Entry for PolicyEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        let rules = self
            .rules
            .iter()
            .enumerate()
            .map(|(place, rule)| format!("{}. {}", place + 1, rule_in_words(rule)));
        vec![
            ("name", text(&self.name)),
            ("kind", text(kind_word(self.kind))),
            ("rules", list(rules)),
        ]
    }
}

impl Entry for AppEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        let settings = match &self.settings {
            serde_json::Value::Object(map) if map.is_empty() => String::new(),
            settings => settings.to_string(),
        };
        vec![
            ("name", text(&self.name)),
            ("description", text(&self.description)),
            ("owners", list(&self.owners)),
            ("resources", list(self.resources.iter().map(resource_in_words))),
            ("connector", text(&self.connector)),
            ("settings", text(settings)),
        ]
    }
}

impl Entry for EntitlementEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            ("name", text(&self.name)),
            ("resource", text(self.resource.as_deref().unwrap_or_default())),
            ("description", text(&self.description)),
            ("instructions", text(&self.instructions)),
            ("policy", text(&self.policy)),
            ("owners", list(&self.owners)),
            ("lengths", text(lengths_in_words(&self.lengths))),
            ("emergency", text(emergency_in_words(&self.emergency))),
        ]
    }
}

impl Entry for CatalogEntry {
    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            ("name", text(&self.name)),
            ("everyone", text(if self.everyone { "yes" } else { "" })),
            ("bundle", text(if self.bundle { "yes" } else { "" })),
            ("audience", list(&self.audience)),
            ("entitlements", list(&self.entitlements)),
        ]
    }
}

impl Entry for SettingEntry {
    fn name(&self) -> &str {
        &self.value
    }

    fn fields(&self) -> Vec<Field> {
        vec![("value", text(&self.value))]
    }
}

// --- in words ---

/// The word for a kind of policy in files and in the database.
#[must_use]
pub fn kind_word(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Request => "request",
        PolicyKind::Emergency => "emergency",
        PolicyKind::Review => "review",
        PolicyKind::Revoke => "revoke",
    }
}

fn resource_in_words((name, owners): (&String, &BTreeSet<Owner>)) -> String {
    let owners: Vec<String> = owners.iter().map(Owner::to_string).collect();
    format!("{name} ({})", owners.join(" or "))
}

/// A rule in a line: `own team — if subject.team == 'Payments': manager, then 2 of group:database-owners`.
#[must_use]
pub fn rule_in_words(rule: &Rule) -> String {
    let steps: Vec<String> = rule.steps.iter().map(step_in_words).collect();
    let steps = steps.join(", then ");
    let name = if rule.name.is_empty() {
        String::new()
    } else {
        format!("{} — ", rule.name)
    };
    match &rule.when {
        Some(condition) => {
            let condition: Vec<&str> = condition.source().split_whitespace().collect();
            format!("{name}if {}: {steps}", condition.join(" "))
        }
        None => format!("{name}{steps}"),
    }
}

fn step_in_words(step: &StepSpec) -> String {
    let said = |message: &str| {
        if message.is_empty() {
            String::new()
        } else {
            format!(" (“{message}”)")
        }
    };
    match step {
        StepSpec::Approve { message } => format!("automatic approval{}", said(message)),
        StepSpec::Deny { message } => format!("automatic denial{}", said(message)),
        StepSpec::Approval(approval) => approval_in_words(approval),
        StepSpec::Wait(wait) => wait_in_words(wait),
    }
}

fn wait_in_words(wait: &Wait) -> String {
    let time = spoken(wait.at_most);
    let words = match &wait.until {
        None => format!("wait {time}"),
        Some(until) => format!("wait until {}, at most {time}", until.source()),
    };
    let mut more = Vec::new();
    if !wait.name.is_empty() {
        more.push(format!("“{}”", wait.name));
    }
    match wait.then {
        WaitOver::Pass => {}
        WaitOver::Skip => more.push("then skip".to_owned()),
        WaitOver::Deny => more.push("then deny".to_owned()),
        WaitOver::Expire => more.push("then expire".to_owned()),
    }
    if more.is_empty() {
        words
    } else {
        format!("{words} ({})", more.join("; "))
    }
}

fn deadline_in_words(deadline: &Deadline) -> String {
    let then = match &deadline.then {
        AtDeadline::Fallback => "ask the fallback too".to_owned(),
        AtDeadline::Ask(specs) => format!("ask {} too", approvers_in_words(specs)),
        AtDeadline::Deny => "deny".to_owned(),
        AtDeadline::Expire => "expire".to_owned(),
        AtDeadline::Skip => "skip the step".to_owned(),
        AtDeadline::Cancel => "cancel".to_owned(),
        AtDeadline::Remind => "remind".to_owned(),
    };
    format!("after {} {then}", spoken(deadline.after))
}

fn approval_in_words(approval: &Approval) -> String {
    let mut words = match approval.quorum {
        Quorum::Any => String::new(),
        Quorum::AtLeast(count) => format!("{count} of "),
        Quorum::All => "all of ".to_owned(),
    };
    words += &approvers_in_words(&approval.approvers);
    let mut more = Vec::new();
    if !approval.name.is_empty() {
        more.push(format!("“{}”", approval.name));
    }
    if !approval.fallback.is_empty() {
        more.push(format!("else {}", approvers_in_words(&approval.fallback)));
    }
    if approval.self_approval {
        more.push("also for themselves".to_owned());
    }
    if approval.distinct {
        more.push("somebody new".to_owned());
    }
    match approval.reason {
        ReasonRule::ToDeny => {}
        ReasonRule::Never => more.push("no reason needed".to_owned()),
        ReasonRule::ToApprove => more.push("reason to approve".to_owned()),
        ReasonRule::Always => more.push("always a reason".to_owned()),
    }
    more.extend(approval.deadline.iter().map(deadline_in_words));
    if let Some(claim) = approval.claim {
        more.push(format!("claimed for {}", spoken(claim)));
    }
    if let Some(remind) = approval.remind {
        more.push(format!("reminded after {}", spoken(remind)));
    }
    if let Some(channel) = &approval.channel {
        more.push(format!("in {channel}"));
    }
    if let Some(reassign) = &approval.reassign {
        let to = match &reassign.to {
            ReassignTo::Anyone => "anyone".to_owned(),
            ReassignTo::These(specs) => approvers_in_words(specs),
        };
        let reason = if reassign.reason { "" } else { " without a reason" };
        more.push(format!("may be given to {to}{reason}"));
    }
    if more.is_empty() {
        words
    } else {
        format!("{words} ({})", more.join("; "))
    }
}

fn approvers_in_words(approvers: &[ApproverSpec]) -> String {
    let words: Vec<String> = approvers
        .iter()
        .map(|spec| match spec {
            ApproverSpec::People(keys) => keys.join(" or "),
            ApproverSpec::Group(key) => format!("group:{key}"),
            ApproverSpec::Manager => "manager".to_owned(),
            ApproverSpec::AppOwners => "app_owners".to_owned(),
            ApproverSpec::EntitlementOwners => "entitlement_owners".to_owned(),
            ApproverSpec::Subject => "subject".to_owned(),
            ApproverSpec::ResourceOwners => "resource_owners".to_owned(),
            ApproverSpec::Expression(expression) => format!("expression `{}`", expression.source()),
            ApproverSpec::OnCall(key) => format!("oncall:{key}"),
        })
        .collect();
    words.join(" or ")
}

fn lengths_in_words(rules: &LengthRules) -> String {
    let mut words: Vec<String> = rules.presets.iter().map(|preset| spoken(*preset)).collect();
    if rules.no_end {
        words.push("no end".to_owned());
    }
    if rules.custom {
        words.push("any other".to_owned());
    }
    let mut all = words.join(", ");
    if let Some(max) = rules.max {
        all += &format!("; at most {}", spoken(max));
    }
    if rules.default != Length::NoEnd || rules.max.is_some() {
        all += &format!("; {} if nothing is chosen", rules.default);
    }
    all
}

fn emergency_in_words(rules: &EmergencyEntry) -> String {
    let Some(policy) = &rules.policy else {
        return String::new();
    };
    let who: Vec<String> = rules
        .who
        .iter()
        .map(|who| match who {
            Who::Everyone => "everyone".to_owned(),
            Who::Role(role) => format!("role:{}", role.name()),
            Who::Group(key) => format!("group:{key}"),
            Who::When(condition) => format!("if {}", condition.source()),
        })
        .collect();
    let max = rules
        .max
        .map(|max| format!("; at most {}", spoken(max)))
        .unwrap_or_default();
    let off = if rules.enabled { "" } else { " (off)" };
    let drill = if rules.drill { "; for drills" } else { "" };
    format!(
        "{policy}{off} for {}{max}{drill}",
        if who.is_empty() {
            "nobody".to_owned()
        } else {
            who.join(" or ")
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Reassign;

    fn group(members: &[&str]) -> GroupEntry {
        GroupEntry {
            name: "Group".to_owned(),
            members: members.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn organisation(groups: &[(&str, GroupEntry)]) -> Organisation {
        let groups = groups
            .iter()
            .map(|(key, group)| ((*key).to_owned(), group.clone()))
            .collect();
        Organisation {
            groups,
            ..Organisation::default()
        }
    }

    #[test]
    fn a_plan_says_what_is_new_different_and_gone() {
        let before = organisation(&[("a", group(&["ana"])), ("b", group(&["ana", "bob"])), ("c", group(&[]))]);
        let after = organisation(&[
            ("b", group(&["bob", "carla"])),
            ("c", group(&[])),
            ("d", group(&["ana"])),
        ]);
        let plan = Plan::between(&before, &after);
        let acts: Vec<(&str, Act)> = plan
            .changes
            .iter()
            .map(|change| (change.key.as_str(), change.act))
            .collect();
        assert_eq!(acts, [("a", Act::Remove), ("b", Act::Change), ("d", Act::Create)]);
        let how = How::List {
            added: vec!["carla".to_owned()],
            removed: vec!["ana".to_owned()],
        };
        assert_eq!(
            plan.changes[1].fields,
            [Difference {
                field: "members".to_owned(),
                how
            }]
        );
        assert!(Plan::between(&after, &after).is_empty());
        assert_eq!(plan.keys(Thing::Group, &[Act::Create, Act::Change]), ["b", "d"]);
    }

    #[test]
    fn a_plan_is_stored_as_it_is() {
        let plan = Plan::between(&Organisation::default(), &organisation(&[("a", group(&["ana"]))]));
        let json = serde_json::to_value(&plan).expect("plain values");
        assert_eq!(json["changes"][0]["thing"], "group");
        assert_eq!(serde_json::from_value::<Plan>(json).expect("what was written"), plan);
    }

    #[test]
    fn every_difference_of_an_entry_is_in_its_words() {
        // An entry that differs without a word about it would be a change that nobody sees.
        let rules = LengthRules {
            presets: vec![3_600],
            max: None,
            custom: false,
            no_end: true,
            default: Length::NoEnd,
        };
        let other = [
            LengthRules {
                presets: vec![7_200],
                ..rules.clone()
            },
            LengthRules {
                max: Some(7_200),
                ..rules.clone()
            },
            LengthRules {
                custom: true,
                ..rules.clone()
            },
            LengthRules {
                no_end: false,
                ..rules.clone()
            },
            LengthRules {
                default: Length::For(3_600),
                ..rules.clone()
            },
        ];
        for changed in other {
            assert_ne!(lengths_in_words(&changed), lengths_in_words(&rules));
        }
        let approval = Approval {
            approvers: vec![ApproverSpec::Manager],
            ..Approval::default()
        };
        assert_eq!(approval_in_words(&approval), "manager");
        let deadline = |then| vec![Deadline { after: 3_600, then }];
        for changed in [
            Approval {
                name: "Boss".to_owned(),
                ..approval.clone()
            },
            Approval {
                approvers: vec![ApproverSpec::AppOwners],
                ..approval.clone()
            },
            Approval {
                quorum: Quorum::All,
                ..approval.clone()
            },
            Approval {
                quorum: Quorum::AtLeast(1),
                ..approval.clone()
            },
            Approval {
                fallback: vec![ApproverSpec::Manager],
                ..approval.clone()
            },
            Approval {
                self_approval: true,
                ..approval.clone()
            },
            Approval {
                distinct: true,
                ..approval.clone()
            },
            Approval {
                reason: ReasonRule::Never,
                ..approval.clone()
            },
            Approval {
                reason: ReasonRule::Always,
                ..approval.clone()
            },
            Approval {
                deadline: deadline(AtDeadline::Deny),
                ..approval.clone()
            },
            Approval {
                claim: Some(7_200),
                ..approval.clone()
            },
            Approval {
                remind: Some(7_200),
                ..approval.clone()
            },
            Approval {
                channel: Some("#approvals".to_owned()),
                ..approval.clone()
            },
            Approval {
                reassign: Some(Reassign {
                    to: ReassignTo::Anyone,
                    reason: true,
                }),
                ..approval.clone()
            },
        ] {
            assert_ne!(approval_in_words(&changed), "manager");
        }
        let outcomes = [
            AtDeadline::Fallback,
            AtDeadline::Deny,
            AtDeadline::Expire,
            AtDeadline::Ask(vec![ApproverSpec::OnCall("payments".to_owned())]),
            AtDeadline::Ask(vec![ApproverSpec::ResourceOwners]),
            AtDeadline::Skip,
            AtDeadline::Cancel,
            AtDeadline::Remind,
        ];
        let words: BTreeSet<String> = outcomes
            .into_iter()
            .map(|then| deadline_in_words(&Deadline { after: 3_600, then }))
            .collect();
        assert_eq!(words.len(), 8, "{words:?}");
        let wait = Wait {
            name: String::new(),
            until: None,
            at_most: 3_600,
            then: WaitOver::Pass,
        };
        assert_eq!(wait_in_words(&wait), "wait 1 hour");
        for changed in [
            Wait {
                name: "Cool down".to_owned(),
                ..wait.clone()
            },
            Wait {
                until: crate::domain::condition::Condition::parse("'trained' in subject.groups").ok(),
                ..wait.clone()
            },
            Wait {
                at_most: 7_200,
                ..wait.clone()
            },
            Wait {
                then: WaitOver::Deny,
                ..wait.clone()
            },
            Wait {
                then: WaitOver::Skip,
                ..wait.clone()
            },
            Wait {
                then: WaitOver::Expire,
                ..wait.clone()
            },
        ] {
            assert_ne!(wait_in_words(&changed), "wait 1 hour");
        }
    }
}
