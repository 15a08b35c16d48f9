//! From files to an organisation: every reference leads somewhere, every rule can be followed, nobody waits for nobody.

mod apps;
mod catalogs;
mod people;
mod policies;
mod rotations;
mod settings;

use super::{
    format::{AppFile, CatalogFile, GroupFile, OrganisationFile, PersonFile, PolicyFile, RotationFile, items, parse},
    place::{Place, Problem, Problems, Source},
};
use crate::domain::{
    condition::Condition, length::Length, nearest::nearest, organisation::Organisation, policy::PolicyKind,
    refusal::Refusal,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An organisation whose files are in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// What they say.
    pub organisation: Organisation,
    /// What is odd but allowed: an entitlement that nobody sees, a policy that nobody uses.
    pub warnings: Vec<Problem>,
}

/// How many problems are told.
const MOST: usize = 50;

/// Words that name approvers, and so cannot be keys of people.
const APPROVERS: [&str; 5] = [
    "manager",
    "app_owners",
    "resource_owners",
    "entitlement_owners",
    "subject",
];

/// What fits on a button or in a picker.
const LONGEST_NAME: usize = 75;

/// The longest description or instruction, in characters.
const LONGEST_TEXT: usize = 2_000;

pub(super) fn check(sources: &[Source]) -> Result<Checked, Problems> {
    let mut problems = Vec::new();
    let files = Files::of(sources, &mut problems);
    if !problems.is_empty() {
        // What could not be read would only be missed everywhere else.
        return Err(Problems::new(problems));
    }
    let mut checker = Checker {
        problems,
        more: 0,
        warnings: Vec::new(),
        wanted: Organisation::default(),
        by_owners: HashMap::new(),
        doubtful: BTreeSet::new(),
    };
    checker.people(&files.people);
    checker.groups(&files.groups);
    checker.last_resort(&files);
    checker.rotations(&files.rotations);
    checker.settings(&files);
    checker.policies(&files.policies);
    for (place, app) in &files.apps {
        checker.app(place, app);
    }
    checker.drill(&files);
    checker.catalogs(&files.catalogs);
    if checker.problems.is_empty() {
        checker.look_around(&files);
    }
    let Checker {
        problems,
        more,
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
        Err(Problems::with_more(problems, more))
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
    rotations: Placed<'a, RotationFile>,
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
                "rotations" => files.rotations.extend(items(source, problems)),
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
    /// Problems beyond those that are told.
    more: usize,
    warnings: Vec<Problem>,
    wanted: Organisation,
    /// Groups of which something is wrong already: what they lack is not told again elsewhere.
    doubtful: BTreeSet<String>,
    /// Policies with a step that only owners decide: an entitlement without owners must not use them.
    by_owners: HashMap<String, OnlyOwners>,
}

/// A step that nobody but owners of this decides.
#[derive(Clone, Copy)]
enum OnlyOwners {
    App,
    Resource,
    Entitlement,
}

impl Checker {
    fn wrong(&mut self, place: &Place<'_>, sentence: impl Into<String>) {
        self.wrong_inside(place, None, sentence);
    }

    /// Something is wrong at this character of a text.
    fn wrong_inside(&mut self, place: &Place<'_>, character: Option<usize>, sentence: impl Into<String>) {
        // To find a place takes reading the file again, and nobody reads hundreds of problems.
        if self.problems.len() >= MOST {
            self.more += 1;
        } else {
            self.problems.push(place.problem_inside(character, sentence));
        }
    }

    /// How many problems there are.
    fn troubles(&self) -> usize {
        self.problems.len() + self.more
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
                self.wrong_inside(place, error.at, error.sentence);
                None
            }
        }
    }

    fn look_around(&mut self, files: &Files<'_>) {
        let seen: BTreeSet<&String> = self
            .wanted
            .catalogs
            .values()
            .flat_map(|catalog| &catalog.entitlements)
            .collect();
        for (place, app) in &files.apps {
            let unseen: Vec<usize> = (0..app.entitlements.len())
                .filter(|index| !seen.contains(&format!("{}/{}", app.key, app.entitlements[*index].key)))
                .collect();
            if unseen.len() > 3 {
                let sentence = format!(
                    "{} entitlements of this app are in no catalog, so nobody sees them",
                    unseen.len()
                );
                self.warnings.push(place.field("key").problem(sentence));
                continue;
            }
            for index in unseen {
                let at = place.field("entitlements").item(index).field("key");
                self.warnings
                    .push(at.problem("this entitlement is in no catalog, so nobody sees it"));
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

/// "the role `x` is unknown; did you mean `y`? Known: …"
fn unknown(what: &str, wrote: &str, known: &[&str]) -> String {
    let meant = nearest(wrote, known.iter().copied()).map(|meant| format!("; did you mean `{meant}`?"));
    format!(
        "the {what} `{wrote}` is unknown{} Known: {}",
        meant.as_deref().unwrap_or("."),
        known.join(", ")
    )
}
