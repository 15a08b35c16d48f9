//! The finer rules of deciding: the line of managers, expressions, rotations, people who are away, deadlines in a row,
//! waits, and steps that are skipped.

use super::*;
use crate::domain::{
    condition::Condition,
    event::Cause,
    facts::Away,
    policy::{AtDeadline, Deadline, Plan, Wait, WaitOver},
    request::RequestState,
    rotation::{Remembered, Roster, Rotation, Shift},
    step::{Because, StepState, Why, resolve},
};

fn away(facts: &mut Facts, person: PersonId, delegate: Option<PersonId>) {
    facts.away.insert(person, Away { delegate });
}

fn set_manager(facts: &mut Facts, person: PersonId, manager: PersonId) {
    facts.people.get_mut(&person).expect("one of eight").manager = Some(manager);
}

/// Who is asked, and why, when Frank asks for Ana.
fn asked(facts: &Facts, spec: &Approval) -> Vec<(PersonId, Why)> {
    let resolved = resolve(spec, facts, &asking(FRANK, ANA));
    resolved
        .approvers
        .into_iter()
        .map(|known| (known.person, known.why))
        .collect()
}

fn stands_in(of: PersonId, why: Why) -> Why {
    Why::StandsIn { of, why: Box::new(why) }
}

// --- the line of managers ---

#[test]
fn where_the_manager_may_not_decide_the_next_up_the_line_does() {
    let manager = approval(vec![ApproverSpec::Manager]);
    // Ana's manager is Bob, and his is Grace.
    assert_eq!(asked(&company(), &manager), [(BOB, Why::Manager)]);
    let mut facts = company();
    suspend(&mut facts, BOB);
    assert_eq!(asked(&facts, &manager), [(GRACE, Why::ManagerAbove)]);
    let story = Story::with(company(), BOB, ANA, steps([manager.clone()]));
    assert_eq!(story.asked(), [GRACE], "who asks for their own people is not asked");
    let mut facts = company();
    away(&mut facts, BOB, None);
    assert_eq!(asked(&facts, &manager), [(GRACE, Why::ManagerAbove)]);
    away(&mut facts, BOB, Some(DAN));
    assert_eq!(
        asked(&facts, &manager),
        [(DAN, stands_in(BOB, Why::Manager))],
        "a stand-in is nearer"
    );
    // At the end of the line somebody else is asked, with an alarm.
    let mut facts = company();
    suspend(&mut facts, BOB);
    suspend(&mut facts, GRACE);
    assert_eq!(asked(&facts, &manager), [(ERIN, Why::LastResort)]);
    // Where the policy lets people decide for themselves, there is no need to go further.
    let allowed = Approval {
        self_approval: true,
        ..manager
    };
    let story = Story::with(company(), BOB, ANA, steps([allowed]));
    assert_eq!(story.asked(), [BOB]);
}

#[test]
fn a_ring_of_managers_ends() {
    let manager = approval(vec![ApproverSpec::Manager]);
    let mut facts = company();
    set_manager(&mut facts, GRACE, ANA);
    assert_eq!(facts.line_above(ANA), [BOB, GRACE]);
    suspend(&mut facts, BOB);
    suspend(&mut facts, GRACE);
    assert_eq!(asked(&facts, &manager), [(ERIN, Why::LastResort)]);
    let mut facts = company();
    set_manager(&mut facts, BOB, GRACE);
    set_manager(&mut facts, GRACE, BOB);
    assert_eq!(facts.line_above(ANA), [BOB, GRACE]);
}

// --- expressions ---

#[test]
fn an_expression_that_cannot_be_used_is_an_alarm_and_the_fallback() {
    let stored: Vec<(&str, &str)> = vec![
        ("''", "names nobody"),
        ("[]", "names nobody"),
        ("subject.team == 'Data' ? 'dan' : ''", "names nobody"),
        ("'miss-spelt'", "names “miss-spelt”, and there is nobody of that name"),
        (
            "'group:nobody'",
            "names “group:nobody”, and there is nobody of that name",
        ),
        ("1 / 0 == 1 ? 'dan' : 'hana'", "gives no answer"),
        ("subject.shoe_size", "the field `shoe_size` is unknown"),
    ];
    for (source, words) in stored {
        // As an older version may have stored it: the reader of files would refuse some of these.
        let spec: ApproverSpec = serde_json::from_value(serde_json::json!({ "expression": source })).expect("any text");
        let step = Approval {
            fallback: vec![people(&["hana"])],
            ..approval(vec![spec.clone()])
        };
        let resolved = resolve(&step, &company(), &asking(FRANK, ANA));
        let alarm = resolved.alarm.expect(source);
        assert!(alarm.sentence.contains(words) && !alarm.outage, "{source}: {alarm:?}");
        assert_eq!(resolved.source, Source::Fallback, "{source}");
        assert_eq!(resolved.approvers.len(), 1, "{source}");
        let story = Story::of(steps([approval(vec![spec])]));
        assert_eq!(
            (story.asked(), story.source()),
            (vec![ERIN], Source::LastResort),
            "{source}"
        );
        assert!(story.request.is_alarming(), "{source}");
        story.replays();
    }
}

#[test]
fn one_expression_that_fails_is_not_made_good_by_others_who_are_named() {
    // All have to agree, and whoever the expression should have named is missing: the fallback has to agree too.
    let step = Approval {
        quorum: Quorum::All,
        fallback: vec![people(&["hana"])],
        ..approval(vec![people(&["carla"]), expression("['dan', 'miss-spelt']")])
    };
    let mut story = Story::of(steps([step]));
    assert_eq!(story.asked(), [CARLA, DAN, HANA]);
    story.approves(CARLA).expect("Carla may");
    story.approves(DAN).expect("Dan may");
    assert_eq!(story.word(), "open");
    story.approves(HANA).expect("Hana may");
    assert_eq!(story.word(), "approved");
}

#[test]
fn an_expression_is_asked_again_at_every_look() {
    let mut story = Story::of(steps([approval(vec![expression("subject.manager")])]));
    assert_eq!(story.asked(), [BOB]);
    set_manager(&mut story.facts, ANA, DAN);
    story.look();
    assert_eq!(story.asked(), [DAN]);
    assert_eq!(story.approves(BOB), Err(Refusal::NotAnApprover));
}

// --- on call ---

fn on_call() -> Approval {
    Approval {
        fallback: vec![people(&["hana"])],
        ..approval(vec![ApproverSpec::OnCall("database".to_owned())])
    }
}

#[test]
fn whoever_is_on_call_decides_and_an_outage_is_the_fallback() {
    let mut story = Story::of(steps([on_call()]));
    assert_eq!(story.asked(), [HANA], "a rotation that is gone");
    assert!(story.request.steps[0].alarm.as_ref().is_some_and(|alarm| !alarm.outage));
    story.facts.on_call.insert("database".to_owned(), Ok(vec![CARLA]));
    story.look();
    assert_eq!((story.asked(), story.source()), (vec![CARLA], Source::Primary));
    assert!(!story.request.is_alarming());
    for outage in [Ok(vec![]), Err("it is down".to_owned())] {
        story.facts.on_call.insert("database".to_owned(), outage);
        story.look();
        assert_eq!((story.asked(), story.source()), (vec![HANA], Source::Fallback));
        assert!(story.request.steps[0].alarm.as_ref().is_some_and(|alarm| alarm.outage));
    }
    // The hand-over moves the task along, and the power with it.
    story.facts.on_call.insert("database".to_owned(), Ok(vec![DAN]));
    story.look();
    assert_eq!(story.approves(CARLA), Err(Refusal::NotAnApprover));
    story.approves(DAN).expect("Dan is on call");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn whoever_asks_while_on_call_does_not_decide() {
    let mut facts = company();
    facts.on_call.insert("database".to_owned(), Ok(vec![ANA]));
    let story = Story::with(facts, ANA, ANA, steps([on_call()]));
    assert_eq!((story.asked(), story.source()), (vec![HANA], Source::Fallback));
    assert!(!story.request.is_alarming(), "nothing is broken");
}

#[test]
fn shifts_and_turns_say_who_is_on_call() {
    let shift = |person: &str, from: i64, until: i64| Shift {
        person: person.to_owned(),
        from: monday() + hours(from),
        until: monday() + hours(until),
    };
    let shifts = Roster::Shifts(vec![shift("ana", 0, 12), shift("bob", 10, 20), shift("ana", 30, 40)]);
    for (at, who, next) in [
        (-1, vec![], Some(0)),
        (0, vec!["ana"], Some(10)),
        (10, vec!["ana", "bob"], Some(12)),
        (12, vec!["bob"], Some(20)),
        (20, vec![], Some(30)),
        (39, vec!["ana"], Some(40)),
        (40, vec![], None),
    ] {
        let now = monday() + hours(at);
        assert_eq!(shifts.on_call(now), who, "{at} hours later");
        assert_eq!(
            shifts.next_change(now),
            next.map(|at| monday() + hours(at)),
            "{at} hours later"
        );
    }
    let turns = Roster::Turns {
        people: vec!["ana".to_owned(), "bob".to_owned(), "carla".to_owned()],
        every: 7 * 86_400,
        from: monday(),
    };
    for (days, who, next) in [
        (-1, vec![], 0),
        (0, vec!["ana"], 7),
        (6, vec!["ana"], 7),
        (7, vec!["bob"], 14),
        (20, vec!["carla"], 21),
        (21, vec!["ana"], 28),
        (365, vec!["bob"], 371),
    ] {
        let now = monday() + TimeDelta::days(days);
        assert_eq!(turns.on_call(now), who, "{days} days later");
        assert_eq!(
            turns.next_change(now),
            Some(monday() + TimeDelta::days(next)),
            "{days} days later"
        );
    }
    for odd in [
        Roster::Shifts(vec![]),
        Roster::Turns {
            people: vec![],
            every: 60,
            from: monday(),
        },
        Roster::Turns {
            people: vec!["ana".to_owned()],
            every: 0,
            from: monday(),
        },
    ] {
        assert_eq!(odd.on_call(monday() + hours(1)), [""; 0], "{odd:?}");
    }
}

#[test]
fn an_answer_is_worth_something_for_a_while() {
    let rotation = Rotation {
        key: "database".to_owned(),
        name: "Database on call".to_owned(),
        roster: Roster::Shifts(vec![]),
        stale_after: 900,
    };
    let mut remembered = Remembered::default();
    assert!(rotation.trusted(&remembered, monday()).is_err(), "never asked");
    remembered.at = Some(monday());
    remembered.people = vec![CARLA];
    // What has gone wrong since does not matter as long as the answer is fresh.
    remembered.trouble = Some("it answered 503".to_owned());
    assert_eq!(
        rotation.trusted(&remembered, monday() + TimeDelta::seconds(900)),
        Ok(vec![CARLA])
    );
    let late = rotation.trusted(&remembered, monday() + TimeDelta::seconds(901));
    assert_eq!(late, Err("the last answer is more than 15 minutes old".to_owned()));
}

// --- away ---

#[test]
fn whoever_is_away_is_replaced_by_their_delegate() {
    let mut facts = company();
    let owners = approval(vec![ApproverSpec::EntitlementOwners]);
    away(&mut facts, CARLA, Some(HANA));
    let carla = stands_in(CARLA, Why::EntitlementOwner);
    assert_eq!(
        asked(&facts, &owners),
        [(HANA, carla.clone()), (DAN, Why::EntitlementOwner)]
    );
    // A delegate who is away too has a delegate.
    away(&mut facts, HANA, Some(GRACE));
    assert_eq!(asked(&facts, &owners), [(GRACE, carla), (DAN, Why::EntitlementOwner)]);
    // One who is asked anyway is asked once.
    away(&mut facts, CARLA, Some(DAN));
    let named: Vec<PersonId> = asked(&facts, &owners).into_iter().map(|(person, _)| person).collect();
    assert_eq!(named, [DAN]);
}

#[test]
fn without_a_stand_in_they_are_left_out_and_never_nobody() {
    type Change = fn(&mut Facts);
    let changes: [(&str, Change, Because); 8] = [
        ("no delegate", |facts| away(facts, BOB, None), Because::Away),
        ("their own delegate", |facts| away(facts, BOB, Some(BOB)), Because::Away),
        (
            "a ring",
            |facts| {
                away(facts, BOB, Some(DAN));
                away(facts, DAN, Some(BOB));
            },
            Because::Away,
        ),
        (
            "the subject",
            |facts| away(facts, BOB, Some(ANA)),
            Because::StandInMayNot(ANA),
        ),
        (
            "the requester",
            |facts| away(facts, BOB, Some(FRANK)),
            Because::StandInMayNot(FRANK),
        ),
        (
            "suspended",
            |facts| {
                away(facts, BOB, Some(DAN));
                suspend(facts, DAN);
            },
            Because::StandInMayNot(DAN),
        ),
        (
            "somebody whom the subject would have chosen",
            |facts| {
                away(facts, BOB, Some(ANA));
                away(facts, ANA, Some(DAN));
            },
            Because::StandInMayNot(ANA),
        ),
        (
            "nobody knows them",
            |facts| away(facts, BOB, Some(PersonId(99))),
            Because::StandInMayNot(PersonId(99)),
        ),
    ];
    for (what, change, because) in changes {
        for self_approval in [false, true] {
            let mut facts = company();
            change(&mut facts);
            let step = Approval {
                self_approval,
                ..approval(vec![people(&["bob"])])
            };
            assert_eq!(asked(&facts, &step), [(ERIN, Why::LastResort)], "{what}");
            let resolved = resolve(&step, &facts, &asking(FRANK, ANA));
            let why: Vec<Because> = resolved.left_out.iter().map(|left| left.because).collect();
            assert_eq!(why, [because], "{what}");
            let with = Approval {
                fallback: vec![people(&["grace"])],
                ..step
            };
            assert_eq!(asked(&facts, &with), [(GRACE, Why::Named)], "{what}");
        }
    }
}

#[test]
fn the_power_of_somebody_who_may_not_decide_goes_to_nobody() {
    // Bob asks for himself while he is away: his delegate does not decide in his place.
    let mut facts = company();
    away(&mut facts, BOB, Some(DAN));
    let story = Story::with(facts, BOB, BOB, steps([approval(vec![people(&["bob"])])]));
    assert_eq!(story.asked(), [ERIN]);
    // Nor does the delegate of somebody who has approved an earlier step, where the policy wants others.
    let manager = || approval(vec![ApproverSpec::Manager]);
    let again = Approval {
        distinct: true,
        ..manager()
    };
    let mut story = Story::of(steps([manager(), again]));
    story.approves(BOB).expect("Bob may");
    away(&mut story.facts, BOB, Some(DAN));
    story.look();
    assert_eq!(story.asked(), [ERIN]);
    // And a delegate who has approved before is not somebody else either.
    let owner = Approval {
        distinct: true,
        ..approval(vec![people(&["carla"])])
    };
    let mut story = Story::of(steps([manager(), owner]));
    story.approves(BOB).expect("Bob may");
    away(&mut story.facts, CARLA, Some(BOB));
    story.look();
    assert_eq!(story.asked(), [ERIN]);
}

#[test]
fn tasks_that_are_open_move_there_and_back() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    away(&mut story.facts, BOB, Some(DAN));
    assert_eq!(names(&story.look()), ["approvers_changed"]);
    assert_eq!(story.approves(BOB), Err(Refusal::NotAnApprover));
    story.facts.away.clear();
    assert_eq!(names(&story.look()), ["approvers_changed"]);
    assert_eq!(story.approves(DAN), Err(Refusal::NotAnApprover));
    story.approves(BOB).expect("Bob is back");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn what_is_ones_own_to_acknowledge_nobody_else_acknowledges() {
    let mut facts = company();
    away(&mut facts, ANA, Some(DAN));
    assert_eq!(
        asked(&facts, &approval(vec![ApproverSpec::Subject])),
        [(ANA, Why::Subject)]
    );
}

#[test]
fn better_somebody_who_is_away_than_nobody() {
    let mut facts = company();
    away(&mut facts, ERIN, None);
    assert_eq!(
        asked(&facts, &approval(vec![group("nobody")])),
        [(ERIN, Why::LastResort)]
    );
    away(&mut facts, ERIN, Some(GRACE));
    assert_eq!(
        asked(&facts, &approval(vec![group("nobody")])),
        [(GRACE, stands_in(ERIN, Why::LastResort))]
    );
}

#[test]
fn one_person_is_one_vote_however_many_they_stand_in_for() {
    let mut facts = company();
    away(&mut facts, CARLA, Some(HANA));
    away(&mut facts, DAN, Some(HANA));
    let two = Approval {
        quorum: Quorum::AtLeast(2),
        ..approval(vec![ApproverSpec::EntitlementOwners])
    };
    let mut story = Story::with(facts, ANA, ANA, steps([two]));
    assert_eq!(story.asked(), [HANA, ERIN], "the quorum is filled up");
    story.approves(HANA).expect("Hana may");
    assert_eq!(story.word(), "open");
    assert_eq!(story.approves(HANA), Err(Refusal::DecidedBefore));
    story.approves(ERIN).expect("Erin may");
    assert_eq!(story.word(), "approved");
}

// --- deadlines in a row ---

#[test]
fn one_group_after_the_other_joins_and_the_earlier_may_still_act() {
    let rung = |after, then| Deadline { after, then };
    let step = Approval {
        fallback: vec![people(&["hana"])],
        deadline: vec![
            rung(1_800, AtDeadline::Ask(vec![group("database-owners")])),
            rung(3_600, AtDeadline::Fallback),
            rung(7_200, AtDeadline::Ask(vec![people(&["grace"])])),
            rung(10_800, AtDeadline::Deny),
        ],
        ..approval(vec![ApproverSpec::Manager])
    };
    let mut story = Story::of(steps([step]));
    let minutes = |count| monday() + TimeDelta::minutes(count);
    let mut seen = vec![(story.asked(), story.request.wake_at())];
    for _ in 0..3 {
        story.now = story.request.wake_at().expect("something comes");
        story.look();
        seen.push((story.asked(), story.request.wake_at()));
    }
    assert_eq!(
        seen,
        [
            (vec![BOB], Some(minutes(30))),
            (vec![BOB, CARLA, DAN, HANA], Some(minutes(60))),
            // The fallback brought nobody who was not asked already: somebody else hears of it.
            (vec![BOB, CARLA, DAN, HANA, ERIN], Some(minutes(120))),
            (vec![BOB, CARLA, DAN, HANA, GRACE, ERIN], Some(minutes(180))),
        ]
    );
    let mut late = Story {
        request: story.request.clone(),
        facts: story.facts.clone(),
        now: story.now,
        events: story.events.clone(),
    };
    late.approves(BOB).expect("the first may still act");
    assert_eq!(late.word(), "approved");
    story.after(hours(1));
    assert_eq!(story.word(), "denied");
    assert_eq!(story.request.wake_at(), None);
    story.replays();
    late.replays();
}

#[test]
fn after_an_outage_all_that_was_due_follows_at_once() {
    let step = Approval {
        deadline: vec![
            Deadline {
                after: 60,
                then: AtDeadline::Ask(vec![people(&["hana"])]),
            },
            Deadline {
                after: 120,
                then: AtDeadline::Expire,
            },
        ],
        ..approval(vec![ApproverSpec::Manager])
    };
    let mut story = Story::of(steps([step]));
    assert_eq!(
        names(&story.after(hours(9))),
        ["step_widened", "approvers_changed", "expired"]
    );
    story.replays();
}

// --- skipping ---

fn skipped_after_an_hour(approvers: Vec<ApproverSpec>) -> Approval {
    Approval {
        deadline: vec![Deadline {
            after: 3_600,
            then: AtDeadline::Skip,
        }],
        ..approval(approvers)
    }
}

#[test]
fn a_skipped_step_is_no_approval_and_the_next_one_decides() {
    let mut story = Story::of(steps([
        skipped_after_an_hour(vec![ApproverSpec::Manager]),
        approval(vec![ApproverSpec::EntitlementOwners]),
    ]));
    assert_eq!(names(&story.after(hours(1))), ["step_skipped", "step_opened"]);
    assert_eq!(story.request.steps[0].state, StepState::Skipped);
    assert_eq!(story.request.steps[0].approvals(), 0);
    let late = story.decides(BOB, 0, Verdict::Approve, "");
    assert!(
        matches!(&late, Err(Refusal::StepDecided { how }) if how.starts_with("skipped")),
        "{late:?}"
    );
    story.approves(CARLA).expect("Carla may");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn where_every_step_was_skipped_the_last_resort_decides() {
    let wait = StepSpec::Wait(Wait {
        name: String::new(),
        until: None,
        at_most: 600,
        then: WaitOver::Pass,
    });
    let skipped = || StepSpec::Approval(skipped_after_an_hour(vec![ApproverSpec::Manager]));
    for plan in [
        vec![skipped()],
        vec![skipped(), skipped()],
        vec![wait.clone(), skipped()],
        vec![skipped(), wait],
    ] {
        let count = plan.len();
        let mut story = Story::of(plan);
        for _ in 0..count {
            story.after(hours(1));
        }
        assert_eq!(story.word(), "open");
        assert_eq!((story.asked(), story.source()), (vec![ERIN], Source::LastResort));
        assert_eq!(story.request.steps.len(), count + 1);
        story.after(hours(10_000));
        assert_eq!(story.word(), "open", "it is not skipped in its turn");
        assert_eq!(story.approves(BOB), Err(Refusal::NotAnApprover));
        story
            .decides(ERIN, count, Verdict::Approve, "looked at it")
            .expect("Erin may");
        assert_eq!(story.word(), "approved");
        story.replays();
    }
    // An automatic approval is one; nothing more is asked.
    let mut story = Story::of(vec![StepSpec::Approve { message: String::new() }, skipped()]);
    story.after(hours(1));
    assert_eq!(story.word(), "approved");
    // And where nobody at all is left, it closes.
    let mut facts = company();
    facts.last_resort.clear();
    let mut story = Story::with(facts, ANA, ANA, vec![skipped()]);
    story.after(hours(1));
    let nobody = RequestState::Closed {
        cause: Cause::NobodyToAsk,
    };
    assert_eq!(story.request.state, nobody);
}

// --- waiting ---

fn wait(until: Option<&str>, then: WaitOver) -> StepSpec {
    StepSpec::Wait(Wait {
        name: "Training".to_owned(),
        until: until.map(|source| Condition::parse(source).expect(source)),
        at_most: 7_200,
        then,
    })
}

fn then_owners(first: StepSpec) -> Story {
    let owners = StepSpec::Approval(approval(vec![ApproverSpec::EntitlementOwners]));
    Story::of(vec![first, owners])
}

#[test]
fn a_wait_is_over_in_time_and_nobody_is_asked_before() {
    let mut story = then_owners(wait(None, WaitOver::Pass));
    assert_eq!(story.asked(), []);
    assert_eq!(story.request.wake_at(), Some(monday() + hours(2)));
    assert_eq!(story.approves(CARLA), Err(Refusal::Changed), "nobody decides a wait");
    assert_eq!(names(&story.after(hours(1))), [""; 0]);
    assert_eq!(names(&story.after(hours(1))), ["step_passed", "step_opened"]);
    assert_eq!(story.asked(), [CARLA, DAN]);
    story.replays();
}

#[test]
fn a_wait_for_something_is_over_as_soon_as_it_is_so() {
    let trained = Some("'trained' in subject.groups");
    let mut story = then_owners(wait(trained, WaitOver::Deny));
    assert_eq!(names(&story.after(TimeDelta::minutes(30))), [""; 0]);
    story.facts.members.push((ANA, "trained".to_owned()));
    assert_eq!(names(&story.look()), ["step_passed", "step_opened"]);
    for (then, happened, word) in [
        (WaitOver::Deny, vec!["denied"], "denied"),
        (WaitOver::Expire, vec!["expired"], "expired"),
        (WaitOver::Skip, vec!["step_skipped", "step_opened"], "open"),
    ] {
        let mut story = then_owners(wait(trained, then));
        assert_eq!(names(&story.after(hours(2))), happened, "{then:?}");
        assert_eq!(story.word(), word, "{then:?}");
        story.replays();
    }
    // What is so already is not waited for.
    let story = then_owners(wait(Some("subject.team == 'Payments'"), WaitOver::Deny));
    assert_eq!(story.asked(), [CARLA, DAN]);
}

#[test]
fn a_wait_whose_condition_fails_is_an_alarm_and_never_a_pass() {
    let stored = serde_json::json!({"wait": {"until": "1 / 0 == 1", "at_most": 7200, "then": "deny"}});
    let mut story = then_owners(serde_json::from_value(stored).expect("a wait"));
    assert!(story.request.is_alarming());
    story.after(hours(1));
    assert_eq!(story.asked(), []);
    story.after(hours(1));
    assert_eq!(story.word(), "denied");
}

// --- what was stored before ---

#[test]
fn plans_of_earlier_versions_still_read() {
    let one = serde_json::json!({
        "policy": "p", "policy_version": 1, "rule": "",
        "steps": [
            {"approval": {"approvers": ["manager", {"people": ["bob"]}], "quorum": "any", "self_approval": false,
                          "distinct": false, "reason": "to_deny", "fallback": [{"group": "security"}],
                          "deadline": {"after": 3600, "then": "fallback"}}},
            {"approval": {"approvers": ["entitlement_owners"], "deadline": null}},
            {"approval": {"approvers": ["app_owners"]}},
        ]
    });
    let plan: Plan = serde_json::from_value(one).expect("an older plan");
    let deadlines: Vec<usize> = plan
        .steps
        .iter()
        .map(|step| match step {
            StepSpec::Approval(approval) => approval.deadline.len(),
            _ => 99,
        })
        .collect();
    assert_eq!(deadlines, [1, 0, 0]);
    let cancelled = serde_json::json!({"state": "cancelled", "by": 1, "reason": ""});
    let state: RequestState = serde_json::from_value(cancelled).expect("an older state");
    assert_eq!(
        state,
        RequestState::Cancelled {
            by: Some(ANA),
            reason: String::new(),
            admin: false,
        }
    );
    // A request that an earlier version had widened is not widened, or woken, again.
    let mut story = Story::of(steps([Approval {
        fallback: vec![people(&["hana"])],
        deadline: vec![Deadline {
            after: 60,
            then: AtDeadline::Fallback,
        }],
        ..approval(vec![ApproverSpec::Manager])
    }]));
    story.after(hours(1));
    story.request.steps[0].passed = 0;
    story.request.steps[0].due_at = Some(monday() + TimeDelta::seconds(60));
    assert_eq!(names(&story.after(hours(1))), [""; 0]);
    assert_eq!(story.asked(), [BOB, HANA]);
    assert_eq!(story.request.wake_at(), None);
}
