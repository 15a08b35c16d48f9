//! Random histories of requests: whatever people do and whoever comes and goes, the rules hold.

use super::*;
use crate::domain::{
    condition::Condition,
    desk::{is_shorter, may_take_over},
    event::Cause,
    facts::Away,
    policy::{AtDeadline, Deadline, Reassign, ReassignTo, Wait, WaitOver},
    request::{Override, PATIENCE, RequestState},
    step::{Approver, StepState, Why},
};
use proptest::prelude::*;
use std::collections::HashSet;

fn any_approver() -> impl Strategy<Value = ApproverSpec> {
    prop_oneof![
        proptest::sample::subsequence(vec!["ana", "bob", "carla", "dan", "frank"], 1..3).prop_map(|keys| people(&keys)),
        proptest::sample::select(vec!["database-owners", "engineers", "nobody", "unheard-of"]).prop_map(group),
        Just(ApproverSpec::Manager),
        Just(ApproverSpec::AppOwners),
        Just(ApproverSpec::EntitlementOwners),
        Just(ApproverSpec::Subject),
        Just(ApproverSpec::ResourceOwners),
        Just(ApproverSpec::OnCall("database".to_owned())),
        proptest::sample::select(vec![
            "'carla'",
            "subject.manager",
            "[requester.key, subject.key]",
            "['group:database-owners', 'dan']",
            "subject.team == 'Data' ? 'dan' : ''",
            "'nobody-of-that-name'",
        ])
        .prop_map(expression),
    ]
}

/// What may happen when nobody decides in time: more people, and perhaps more, and then perhaps an end.
fn any_deadline() -> impl Strategy<Value = Vec<Deadline>> {
    let joins = prop_oneof![
        Just(AtDeadline::Fallback),
        Just(AtDeadline::Remind),
        proptest::collection::vec(any_approver(), 1..3).prop_map(AtDeadline::Ask),
    ];
    let ends = proptest::sample::select(vec![
        AtDeadline::Deny,
        AtDeadline::Expire,
        AtDeadline::Skip,
        AtDeadline::Cancel,
    ]);
    (
        proptest::collection::vec((60i64..3_600, joins), 0..3),
        proptest::option::of((60i64..3_600, ends)),
    )
        .prop_map(|(joins, ends)| {
            let mut after = 0;
            joins
                .into_iter()
                .chain(ends)
                .map(|(more, then)| {
                    after += more;
                    Deadline { after, then }
                })
                .collect()
        })
}

fn any_wait() -> impl Strategy<Value = StepSpec> {
    let untils = proptest::sample::select(vec![
        None,
        Some("'engineers' in subject.groups"),
        Some("subject.team == 'Moon'"),
    ]);
    let then = proptest::sample::select(vec![WaitOver::Pass, WaitOver::Skip, WaitOver::Deny, WaitOver::Expire]);
    (untils, 60i64..7_200, then).prop_map(|(until, at_most, then)| {
        StepSpec::Wait(Wait {
            name: String::new(),
            until: until.map(|source| Condition::parse(source).expect(source)),
            at_most,
            then,
        })
    })
}

fn any_step() -> impl Strategy<Value = StepSpec> {
    let quorum = prop_oneof![
        3 => Just(Quorum::Any),
        2 => (1u32..4).prop_map(Quorum::AtLeast),
        1 => Just(Quorum::All)
    ];
    let approvers = proptest::collection::vec(any_approver(), 0..3);
    let fallback = proptest::collection::vec(any_approver(), 0..2);
    let reassign = prop::bool::ANY.prop_map(|may| {
        may.then_some(Reassign {
            to: ReassignTo::Anyone,
            reason: false,
        })
    });
    let decided = (
        approvers,
        quorum,
        fallback,
        any::<bool>(),
        any::<bool>(),
        any_deadline(),
        reassign,
    )
        .prop_map(
            |(approvers, quorum, fallback, self_approval, distinct, deadline, reassign)| {
                StepSpec::Approval(Approval {
                    quorum,
                    fallback,
                    self_approval,
                    distinct,
                    deadline,
                    reassign,
                    ..approval(approvers)
                })
            },
        );
    prop_oneof![
        12 => decided,
        1 => Just(StepSpec::Approve { message: String::new() }),
        1 => Just(StepSpec::Deny { message: "No.".to_owned() }),
        2 => any_wait(),
    ]
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    Decide {
        by: i64,
        place: usize,
        approve: bool,
        stale: bool,
    },
    Cancel,
    Escalate {
        steps: Vec<StepSpec>,
    },
    Wait {
        minutes: i64,
    },
    Standing {
        who: i64,
        active: bool,
    },
    Manager {
        who: i64,
        manager: Option<i64>,
    },
    Join {
        who: i64,
    },
    Leave {
        who: i64,
    },
    LastResort {
        who: Option<i64>,
    },
    Away {
        who: i64,
        delegate: Option<i64>,
    },
    Back {
        who: i64,
    },
    OnCall {
        who: Option<i64>,
    },
    Outage,
    Gone,
    Claim {
        by: i64,
        place: usize,
    },
    Reassign {
        from: i64,
        to: i64,
        place: usize,
    },
    Shorten {
        by: i64,
        place: usize,
        to: i64,
    },
    Skip {
        place: usize,
    },
}

fn who8() -> std::ops::Range<i64> {
    1..9
}

fn any_act() -> impl Strategy<Value = Act> {
    let who = 1i64..9;
    prop_oneof![
        20 => (1i64..9, 0usize..3, prop::bool::weighted(0.85), prop::bool::weighted(0.1))
            .prop_map(|(by, place, approve, stale)| Act::Decide { by, place, approve, stale }),
        1 => Just(Act::Cancel),
        1 => proptest::collection::vec(any_step(), 1..3).prop_map(|steps| Act::Escalate { steps }),
        4 => (1i64..90).prop_map(|minutes| Act::Wait { minutes }),
        4 => (who.clone(), any::<bool>()).prop_map(|(who, active)| Act::Standing { who, active }),
        2 => (who.clone(), proptest::option::of(1i64..9)).prop_map(|(who, manager)| Act::Manager { who, manager }),
        2 => who.clone().prop_map(|who| Act::Join { who }),
        2 => who.clone().prop_map(|who| Act::Leave { who }),
        1 => proptest::option::of(who.clone()).prop_map(|who| Act::LastResort { who }),
        5 => (who.clone(), proptest::option::of(1i64..9)).prop_map(|(who, delegate)| Act::Away { who, delegate }),
        2 => who.clone().prop_map(|who| Act::Back { who }),
        2 => proptest::option::of(who).prop_map(|who| Act::OnCall { who }),
        1 => Just(Act::Outage),
        1 => Just(Act::Gone),
        3 => (who8(), 0usize..3).prop_map(|(by, place)| Act::Claim { by, place }),
        6 => (who8(), who8(), 0usize..3).prop_map(|(from, to, place)| Act::Reassign { from, to, place }),
        2 => (who8(), 0usize..3, 1i64..4_000).prop_map(|(by, place, to)| Act::Shorten { by, place, to }),
        1 => (0usize..3).prop_map(|place| Act::Skip { place }),
    ]
}

fn happens(story: &mut Story, act: &Act) {
    let facts = &mut story.facts;
    match act {
        Act::Decide {
            by,
            place,
            approve,
            stale,
        } => {
            let verdict = if *approve { Verdict::Approve } else { Verdict::Deny };
            let revision = story.request.revision + i64::from(*stale);
            let command = Command::Decide {
                by: PersonId(*by),
                step: *place,
                revision,
                verdict,
                reason: "why".to_owned(),
            };
            story.look();
            let before = story.request.clone();
            let outcome = story.does(&command);
            assert!(!stale || outcome.is_err(), "nobody decides what they did not see");
            if outcome.is_err() {
                assert_eq!(story.request, before, "a refusal changes nothing");
            }
        }
        Act::Cancel => drop(story.does(&Command::Cancel {
            by: ANA,
            reason: String::new(),
        })),
        Act::Escalate { steps } => {
            let plan = Plan {
                policy: "emergency".to_owned(),
                policy_version: 1,
                rule: String::new(),
                steps: steps.clone(),
                alarm: None,
            };
            drop(story.does(&Command::Escalate {
                by: ANA,
                reason: String::new(),
                length: Length::For(600),
                plan,
            }));
        }
        Act::Wait { minutes } => drop(story.after(TimeDelta::minutes(*minutes))),
        Act::Standing { who, active } => {
            let person = facts.people.get_mut(&PersonId(*who)).expect("one of eight");
            person.standing = if *active { Standing::Active } else { Standing::Suspended };
        }
        Act::Manager { who, manager } => {
            facts.people.get_mut(&PersonId(*who)).expect("one of eight").manager = manager.map(PersonId);
        }
        Act::Join { who } => facts
            .groups
            .entry("database-owners".to_owned())
            .or_default()
            .push(PersonId(*who)),
        Act::Leave { who } => {
            facts
                .groups
                .values_mut()
                .for_each(|members| members.retain(|member| *member != PersonId(*who)));
        }
        Act::Away { who, delegate } => {
            let delegate = delegate.map(PersonId);
            facts.away.insert(PersonId(*who), Away { delegate });
        }
        Act::Back { who } => drop(facts.away.remove(&PersonId(*who))),
        Act::OnCall { who } => {
            let people = who.map(PersonId).into_iter().collect();
            facts.on_call.insert("database".to_owned(), Ok(people));
        }
        Act::Outage => {
            facts
                .on_call
                .insert("database".to_owned(), Err("it is down".to_owned()));
        }
        Act::LastResort { who } => facts.last_resort = who.map(PersonId).into_iter().collect(),
        Act::Gone => facts.entitlement.offered = false,
        Act::Claim { by, place } => {
            let (at, revision) = (story.now, story.request.revision);
            drop(story.does(&Command::Claim {
                by: PersonId(*by),
                step: *place,
                revision,
                at,
            }));
        }
        Act::Reassign { from, to, place } => {
            story.look();
            let (from, to) = (PersonId(*from), PersonId(*to));
            if may_take_over(&story.request, &story.facts, to, false).is_ok() {
                let revision = story.request.revision;
                drop(story.does(&Command::Reassign {
                    by: from,
                    step: *place,
                    revision,
                    from,
                    to,
                    reason: String::new(),
                }));
            }
        }
        Act::Shorten { by, place, to } => {
            let (before, revision) = (story.request.length, story.request.revision);
            drop(story.does(&Command::Shorten {
                by: PersonId(*by),
                step: *place,
                revision,
                to: Length::For(*to),
                reason: String::new(),
            }));
            let after = story.request.length;
            assert!(after == before || is_shorter(after, before), "never longer");
        }
        Act::Skip { place } => drop(story.does(&Command::Override {
            by: GRACE,
            reason: "they are away".to_owned(),
            act: Override::Skip(*place),
        })),
    }
    story.look();
}

/// What is true at every moment.
fn holds(story: &mut Story) {
    let request = story.request.clone();
    assert!(story.look().is_empty(), "what follows by itself has followed");
    match request.current() {
        Some((place, step)) => {
            assert_eq!(step.state, StepState::Open);
            assert!(request.steps[..place].iter().all(|step| step.state.is_passed()));
            assert!(
                request.steps[place + 1..]
                    .iter()
                    .all(|step| step.state == StepState::Waiting)
            );
            let waits_for = |person: PersonId| story.facts.person(person).is_some_and(Person::takes_part);
            assert!(
                step.approvers.iter().all(|known| waits_for(known.person)),
                "everyone asked can answer"
            );
            let away = |known: &Approver| story.facts.away.contains_key(&known.person);
            assert!(
                step.approvers
                    .iter()
                    .all(|known| !away(known) || matches!(known.why, Why::Subject | Why::LastResort)),
                "who is away is asked only when nobody else could be: {step:?}"
            );
            if matches!(step.spec, StepSpec::Wait(_)) {
                assert!(
                    step.approvers.is_empty() && step.due_at.is_some(),
                    "a wait ends by itself"
                );
                return;
            }
            let somebody = step
                .approvers
                .iter()
                .any(|known| step.decision_of(known.person).is_none());
            assert!(somebody, "never waits for nobody: {step:?}");
            assert!(step.approvals() < step.needed() || !step.satisfied());
            if let Some(claim) = &step.claim {
                assert!(step.asks(claim.by) && step.decision_of(claim.by).is_none() && claim.until > story.now);
            }
            // Of an emergency that waits too long somebody else has heard, and can decide.
            let waited = step.opened_at.is_some_and(|at| at + PATIENCE <= story.now);
            if request.emergency && waited {
                assert!(step.unanswered, "an emergency is not left alone");
                let own = [request.requester, request.subject];
                let StepSpec::Approval(spec) = &step.spec else {
                    panic!("only approvals wait")
                };
                let earlier = |person: &PersonId| {
                    request.steps[..place]
                        .iter()
                        .any(|step| step.decision_of(*person).is_some())
                };
                let missing = story.facts.last_resort.iter().find(|person| {
                    let kept_out = own.contains(person) || (spec.distinct && earlier(person));
                    waits_for(**person) && !kept_out && !step.asks(**person)
                });
                assert_eq!(missing, None, "the last resort is asked too");
            }
        }
        None => {
            assert!(!request.is_open() && request.closed_at.is_some() && request.wake_at().is_none());
            assert!(
                !request
                    .steps
                    .iter()
                    .any(|step| matches!(step.state, StepState::Open | StepState::Waiting))
            );
        }
    }
    for step in &request.steps {
        let deciders: HashSet<PersonId> = step.decisions.iter().map(|decision| decision.person).collect();
        assert_eq!(deciders.len(), step.decisions.len(), "nobody decides a step twice");
        assert!(
            step.approvers
                .iter()
                .map(|known| known.person)
                .collect::<HashSet<_>>()
                .len()
                == step.approvers.len()
        );
    }
}

/// What the whole story must obey, told from its events alone.
fn obeys(story: &Story) {
    let request = &story.request;
    let ends: Vec<&Event> = story
        .events
        .iter()
        .map(|(_, event)| event)
        .filter(|event| {
            matches!(
                event,
                Event::Approved
                    | Event::Denied { .. }
                    | Event::Cancelled { .. }
                    | Event::Expired { .. }
                    | Event::Closed { .. }
            )
        })
        .collect();
    assert_eq!(ends.len(), usize::from(!request.is_open()), "one end: {ends:?}");
    let last = story.events.last().map(|(_, event)| event);
    assert!(
        request.is_open() || last == ends.last().copied(),
        "and nothing after it"
    );

    // Who was asked, and why, at the moment of each decision.
    let mut asked = Vec::new();
    let mut approved: Vec<(usize, PersonId)> = Vec::new();
    let mut rounds = request.earlier.iter().map(|round| &round.steps).chain([&request.steps]);
    let mut steps = rounds.next().expect("at least the present plan");
    let mut skipped = Vec::new();
    for (_, event) in &story.events {
        match event {
            // From here on nothing counts that was decided before.
            Event::Escalated { .. } => {
                steps = rounds.next().expect("another plan");
                approved.clear();
                skipped.clear();
                asked.clear();
            }
            Event::StepOpened { approvers, .. } | Event::ApproversChanged { approvers, .. } => {
                asked.clone_from(approvers)
            }
            Event::Decided {
                step, person, verdict, ..
            } => {
                let known = asked
                    .iter()
                    .find(|known| known.person == *person)
                    .expect("only those who are asked decide");
                let StepSpec::Approval(spec) = &steps[*step].spec else {
                    panic!("people decide only approvals")
                };
                let own = *person == request.requester || *person == request.subject;
                assert!(
                    !own || spec.self_approval || known.why == Why::Subject,
                    "nobody decides on their own access"
                );
                assert!(!own || known.why != Why::LastResort);
                assert!(
                    !own || !matches!(known.why, Why::StandsIn { .. }),
                    "nobody stands in on their own access, whatever the step allows"
                );
                let before = approved.iter().any(|(place, before)| place < step && before == person);
                assert!(
                    !(spec.distinct && before),
                    "different people where the policy wants them"
                );
                if *verdict == Verdict::Approve {
                    approved.push((*step, *person));
                }
            }
            Event::StepSkipped { step } => skipped.push(*step),
            Event::StepPassed { step, automatic: false } => {
                let count = approved.iter().filter(|(place, _)| place == step).count();
                let StepSpec::Approval(spec) = &steps[*step].spec else {
                    panic!("only approvals are decided")
                };
                let enough = match spec.quorum {
                    Quorum::Any => count >= 1,
                    Quorum::AtLeast(wanted) => {
                        count >= 1 && (count >= wanted as usize || everyone(&asked, &approved, *step))
                    }
                    Quorum::All => count >= 1 && everyone(&asked, &approved, *step),
                };
                assert!(enough, "{:?} passed with {count}", spec.quorum);
            }
            _ => {}
        }
    }
    for round in &request.earlier {
        assert!(
            round.steps.iter().all(|step| step.state == StepState::Void),
            "what came before is void"
        );
    }
    if request.state == RequestState::Approved {
        for (place, step) in request.steps.iter().enumerate() {
            assert!(step.state.is_passed(), "no step is left out");
            let late = skipped.contains(&place);
            assert_eq!(step.state == StepState::Skipped, late || step.skipped.is_some());
        }
        let decided = request
            .steps
            .iter()
            .any(|step| step.state == StepState::Approved && !matches!(step.spec, StepSpec::Wait(_)));
        let overridden = request.steps.iter().any(|step| step.skipped.is_some());
        assert!(
            decided || overridden,
            "what was only skipped and waited through is no approval"
        );
    }
    if let RequestState::Closed { cause } = request.state {
        assert!(matches!(
            cause,
            Cause::PersonGone | Cause::EntitlementGone | Cause::NobodyToAsk
        ));
    }
}

fn everyone(asked: &[Approver], approved: &[(usize, PersonId)], step: usize) -> bool {
    asked.iter().all(|known| approved.contains(&(step, known.person)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold(
        steps in proptest::collection::vec(any_step(), 1..4),
        for_other in any::<bool>(),
        acts in proptest::collection::vec(any_act(), 0..30),
    ) {
        let requester = if for_other { FRANK } else { ANA };
        let mut story = Story::with(company(), requester, ANA, steps);
        holds(&mut story);
        for act in &acts {
            happens(&mut story, act);
            holds(&mut story);
        }
        obeys(&story);
        story.replays();
    }
}
