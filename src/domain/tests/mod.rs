//! The rules of the domain, told in tables and checked on random histories. This file is the small company they play in.

mod absences;
mod deciding;
mod desk;
mod emergencies;
mod escalations;
mod facts;
mod grants;
mod histories;
mod policies;
mod quiet;
mod requests;
mod reviews;
mod steps;

use super::{
    catalog::{App, Entitlement},
    condition::Expression,
    emergency::EmergencyRules,
    event::Event,
    facts::Facts,
    ids::{AppId, EntitlementId, PersonId, PolicyId, RequestId},
    length::{Length, LengthRules},
    person::{Kind, Person, Role, Standing},
    policy::{Approval, ApproverSpec, Plan, ReasonRule, StepSpec},
    refusal::Refusal,
    request::{Command, Request},
    step::{Asking, Quorum, Source, Verdict},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

const ANA: PersonId = PersonId(1);
const BOB: PersonId = PersonId(2);
const CARLA: PersonId = PersonId(3);
const DAN: PersonId = PersonId(4);
const ERIN: PersonId = PersonId(5);
const FRANK: PersonId = PersonId(6);
const GRACE: PersonId = PersonId(7);
const HANA: PersonId = PersonId(8);

/// Monday morning.
fn monday() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time that exists")
}

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

fn person(id: PersonId, name: &str, manager: Option<PersonId>) -> Person {
    Person {
        id,
        key: name.to_lowercase(),
        name: name.to_owned(),
        standing: Standing::Active,
        kind: Kind::Employee,
        manager,
        title: "Engineer".to_owned(),
        team: "Payments".to_owned(),
        roles: BTreeSet::new(),
    }
}

/// Ana works for Bob, who works for Grace. Carla and Dan own the database, Hana the app; Erin is the last resort.
fn company() -> Facts {
    let people = [
        person(ANA, "Ana", Some(BOB)),
        person(BOB, "Bob", Some(GRACE)),
        person(CARLA, "Carla", Some(GRACE)),
        person(DAN, "Dan", Some(GRACE)),
        person(ERIN, "Erin", Some(GRACE)),
        person(FRANK, "Frank", Some(ERIN)),
        person(GRACE, "Grace", None),
        person(HANA, "Hana", Some(GRACE)),
    ];
    let mut people: BTreeMap<PersonId, Person> = people.into_iter().map(|person| (person.id, person)).collect();
    people
        .get_mut(&FRANK)
        .expect("Frank is there")
        .roles
        .insert(Role::Helpdesk);
    Facts {
        people,
        groups: BTreeMap::from([
            ("database-owners".to_owned(), vec![CARLA, DAN, HANA]),
            ("engineers".to_owned(), vec![ANA, BOB]),
            ("nobody".to_owned(), vec![]),
        ]),
        members: vec![(ANA, "engineers".to_owned())],
        app_owners: vec![HANA],
        resource_owners: vec![HANA],
        entitlement_owners: vec![CARLA, DAN],
        on_call: BTreeMap::new(),
        away: BTreeMap::new(),
        last_resort: vec![ERIN],
        entitlement: Entitlement {
            id: EntitlementId(1),
            key: "write".to_owned(),
            name: "Write".to_owned(),
            resource: Some("orders".to_owned()),
            description: String::new(),
            app: App {
                id: AppId(1),
                key: "database".to_owned(),
                name: "Production database".to_owned(),
            },
            policy: PolicyId(1),
            emergency: EmergencyRules::default(),
            lengths: LengthRules::unlimited(),
            offered: true,
        },
    }
}

/// Suspends somebody.
fn suspend(facts: &mut Facts, person: PersonId) {
    facts.people.get_mut(&person).expect("somebody of the company").standing = Standing::Suspended;
}

fn people(keys: &[&str]) -> ApproverSpec {
    ApproverSpec::People(keys.iter().map(|key| (*key).to_owned()).collect())
}

fn expression(source: &str) -> ApproverSpec {
    ApproverSpec::Expression(Expression::parse(source).expect(source))
}

fn group(key: &str) -> ApproverSpec {
    ApproverSpec::Group(key.to_owned())
}

/// What is asked when `requester` asks for `subject`.
fn asking(requester: PersonId, subject: PersonId) -> Asking<'static> {
    Asking {
        requester,
        subject,
        emergency: false,
        length: Length::For(3_600),
        earlier: &[],
        passed: 0,
        reassigned: &[],
        unanswered: false,
    }
}

/// One of these people decides; nothing else is asked of them.
fn approval(approvers: Vec<ApproverSpec>) -> Approval {
    Approval {
        approvers,
        reason: ReasonRule::Never,
        ..Approval::default()
    }
}

fn steps(approvals: impl IntoIterator<Item = Approval>) -> Vec<StepSpec> {
    approvals.into_iter().map(StepSpec::Approval).collect()
}

fn submitted(requester: PersonId, subject: PersonId, steps: Vec<StepSpec>) -> Event {
    Event::Submitted {
        requester,
        subject,
        entitlement: EntitlementId(1),
        length: Length::For(3_600),
        justification: "INC-42".to_owned(),
        emergency: false,
        extension: false,
        plan: Plan {
            policy: "p".to_owned(),
            policy_version: 3,
            rule: "r".to_owned(),
            steps,
            alarm: None,
        },
        bundle: None,
    }
}

/// A request and all that has happened to it, so that every test can be replayed.
#[derive(Debug)]
struct Story {
    request: Request,
    facts: Facts,
    now: DateTime<Utc>,
    events: Vec<(DateTime<Utc>, Event)>,
}

impl Story {
    /// Ana asks for herself.
    fn of(steps: Vec<StepSpec>) -> Self {
        Self::with(company(), ANA, ANA, steps)
    }

    fn with(facts: Facts, requester: PersonId, subject: PersonId, steps: Vec<StepSpec>) -> Self {
        let now = monday();
        let event = submitted(requester, subject, steps);
        let request = Request::submitted(RequestId(42), &event, now).expect("a submission makes a request");
        let mut story = Self {
            request,
            facts,
            now,
            events: vec![(now, event)],
        };
        story.look();
        story
    }

    fn record(&mut self, events: &[Event]) {
        self.events.extend(events.iter().map(|event| (self.now, event.clone())));
    }

    /// Lets follow what follows by itself.
    fn look(&mut self) -> Vec<Event> {
        let events = self.request.proceed(&self.facts, self.now);
        self.record(&events);
        events
    }

    fn after(&mut self, time: TimeDelta) -> Vec<Event> {
        self.now += time;
        self.look()
    }

    /// As the use case does it: look, decide, apply, look.
    fn does(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let mut all = self.look();
        let facts = self.facts.clone();
        let events = self.request.decide(command, &|id| facts.name(id))?;
        for event in &events {
            self.request.apply(event, self.now);
        }
        self.record(&events);
        all.extend(events);
        all.extend(self.look());
        Ok(all)
    }

    fn decides(&mut self, by: PersonId, step: usize, verdict: Verdict, reason: &str) -> Result<Vec<Event>, Refusal> {
        let revision = self.request.revision;
        self.does(&Command::Decide {
            by,
            step,
            revision,
            verdict,
            reason: reason.to_owned(),
        })
    }

    /// Decides the step that is open.
    fn approves(&mut self, by: PersonId) -> Result<Vec<Event>, Refusal> {
        let step = self.request.current().map_or(0, |(place, _)| place);
        self.decides(by, step, Verdict::Approve, "")
    }

    fn denies(&mut self, by: PersonId) -> Result<Vec<Event>, Refusal> {
        let step = self.request.current().map_or(0, |(place, _)| place);
        self.decides(by, step, Verdict::Deny, "no")
    }

    /// Who is asked at this moment.
    fn asked(&self) -> Vec<PersonId> {
        self.request
            .current()
            .map(|(_, step)| step.approvers.iter().map(|known| known.person).collect())
            .unwrap_or_default()
    }

    fn source(&self) -> Source {
        self.request.current().expect("an open request").1.source
    }

    fn word(&self) -> &'static str {
        self.request.state.word()
    }

    /// All that happened makes the same request again.
    fn replays(&self) {
        let mut events = self.events.iter();
        let (at, first) = events.next().expect("a submission");
        let mut again = Request::submitted(RequestId(42), first, *at).expect("a submission");
        for (at, event) in events {
            again.apply(event, *at);
        }
        assert_eq!(again, self.request);
    }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}
