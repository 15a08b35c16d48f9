//! Looking back at an emergency: who does it, when they are reminded, what follows when nobody does.

use super::*;
use crate::domain::{
    facts::Away,
    ids::GrantId,
    review::{Findings, Fit, Review, had_a_part, reviewers, second_person},
    step::Skipped,
};
use proptest::prelude::*;

fn emergency(steps: Vec<StepSpec>) -> Story {
    let mut story = Story::of(steps);
    story.request.emergency = true;
    story
}

#[test]
fn the_owners_of_the_app_else_the_manager_else_the_last_resort() {
    let at_once = || emergency(vec![StepSpec::Approve { message: String::new() }]);
    let story = at_once();
    assert_eq!(reviewers(&story.request, &story.facts, false), [HANA]);
    assert_eq!(
        reviewers(&story.request, &story.facts, true),
        [ERIN, HANA],
        "once it is overdue, the last resort can too"
    );

    let mut story = at_once();
    suspend(&mut story.facts, HANA);
    assert_eq!(reviewers(&story.request, &story.facts, false), [BOB], "her manager");
    suspend(&mut story.facts, BOB);
    assert_eq!(
        reviewers(&story.request, &story.facts, false),
        [ERIN],
        "the last resort"
    );
    suspend(&mut story.facts, ERIN);
    assert_eq!(reviewers(&story.request, &story.facts, true), [] as [PersonId; 0]);
}

#[test]
fn nobody_looks_back_at_what_they_had_a_part_in() {
    // Hana owns the app and approved; Bob, the manager, made it an emergency; Erin skipped a step.
    let mut story = emergency(steps([approval(vec![people(&["hana"])])]));
    story.approves(HANA).expect("she is asked");
    assert_eq!(had_a_part(&story.request), [ANA, HANA]);
    assert_eq!(reviewers(&story.request, &story.facts, false), [BOB]);

    let plan = Plan {
        policy: "p".to_owned(),
        policy_version: 1,
        rule: String::new(),
        steps: vec![StepSpec::Approve { message: String::new() }],
        alarm: None,
    };
    let mut story = Story::of(steps([approval(vec![people(&["hana"])])]));
    story
        .does(&Command::Escalate {
            by: BOB,
            reason: String::new(),
            length: Length::For(60),
            plan,
        })
        .expect("it is open");
    assert_eq!(had_a_part(&story.request), [ANA, BOB]);
    story.request.steps[0].skipped = Some(Skipped {
        by: HANA,
        reason: "now".to_owned(),
    });
    assert_eq!(reviewers(&story.request, &story.facts, false), [ERIN]);

    // An approval that counts no more is no part in it.
    let mut story = Story::of(steps([
        approval(vec![people(&["hana"])]),
        approval(vec![people(&["carla"])]),
    ]));
    story.approves(HANA).expect("she is asked");
    story
        .does(&Command::Escalate {
            by: ANA,
            reason: String::new(),
            length: Length::For(60),
            plan: Plan {
                policy: "p".to_owned(),
                policy_version: 1,
                rule: String::new(),
                steps: vec![StepSpec::Approve { message: String::new() }],
                alarm: None,
            },
        })
        .expect("it is open");
    assert_eq!(reviewers(&story.request, &story.facts, false), [HANA]);
}

fn review(within: TimeDelta) -> Review {
    Review {
        id: 1,
        request: RequestId(42),
        grant: GrantId(7),
        subject: ANA,
        opened_at: monday(),
        due_at: monday() + within,
        overdue_since: None,
        reminded: 0,
        reviewers: vec![HANA],
        done: None,
    }
}

#[test]
fn reminders_come_with_growing_intervals() {
    let mut owed = review(TimeDelta::days(3));
    let mut moments = Vec::new();
    let mut at = monday();
    for _ in 0..9 {
        let due = owed.due(at);
        owed.reminded = due.reminded;
        at = due.next;
        moments.push((at - monday()).num_days());
    }
    assert_eq!(moments, [1, 2, 3, 6, 12, 24, 48, 72, 96], "days after it was opened");
    let due = review(TimeDelta::days(3)).due(monday() + TimeDelta::days(2));
    assert_eq!(
        (due.reminded, due.overdue),
        (2, false),
        "after an outage one reminder stands for both"
    );
    let due = review(TimeDelta::days(3)).due(monday() + TimeDelta::days(3));
    assert_eq!((due.reminded, due.overdue), (3, true));
}

#[test]
fn what_was_not_justified_needs_a_word() {
    let said = |justified, follow_up: &str| {
        Findings {
            justified,
            fit: Fit::Fits,
            follow_up: follow_up.to_owned(),
        }
        .checked()
    };
    assert_eq!(said(false, "  "), Err(Refusal::ReasonRequired));
    assert_eq!(said(true, " ").map(|said| said.follow_up), Ok(String::new()));
    assert_eq!(said(false, " talk ").map(|said| said.follow_up), Ok("talk".to_owned()));
}

#[test]
fn a_second_person_is_asked_and_never_the_one_who_needs_it() {
    let mut facts = company();
    facts.app_owners = vec![ANA];
    let story = Story::with(facts, ANA, ANA, vec![second_person()]);
    assert_eq!(story.asked(), [ERIN], "not herself: the last resort");
    let story = Story::of(vec![second_person()]);
    assert_eq!(story.asked(), [HANA]);
}

proptest! {
    #[test]
    fn nobody_reviews_themselves_whoever_owns_manages_or_is_left(
        owners in proptest::collection::vec(1i64..9, 0..4),
        last in proptest::collection::vec(1i64..9, 0..3),
        approver in 1i64..9,
        manager in proptest::option::of(1i64..9),
        suspended in proptest::collection::vec(1i64..9, 0..5),
        for_other in any::<bool>(),
        overdue in any::<bool>(),
    ) {
        let mut facts = company();
        facts.app_owners = owners.into_iter().map(PersonId).collect();
        facts.last_resort = last.into_iter().map(PersonId).collect();
        facts.people.get_mut(&ANA).expect("Ana").manager = manager.map(PersonId);
        let key = facts.people[&PersonId(approver)].key.clone();
        let requester = if for_other { FRANK } else { ANA };
        let mut story = Story::with(facts, requester, ANA, steps([approval(vec![people(&[&key])])]));
        let _ = story.approves(PersonId(approver));
        for person in suspended {
            suspend(&mut story.facts, PersonId(person));
        }
        let part = had_a_part(&story.request);
        for person in reviewers(&story.request, &story.facts, overdue) {
            prop_assert!(!part.contains(&person) && person != ANA && person != requester);
            prop_assert!(story.facts.people[&person].takes_part());
        }
    }

    #[test]
    fn the_next_look_is_always_later(within in 1i64..400, hours in 0i64..100_000) {
        let review = review(TimeDelta::hours(within));
        let now = monday() + TimeDelta::hours(hours);
        let due = review.due(now);
        prop_assert!(due.next > now && due.reminded >= 0);
    }
}

#[test]
fn whoever_is_away_is_not_waited_for() {
    let away = |story: &mut Story, person: PersonId, delegate: Option<PersonId>| {
        story.facts.away.insert(person, Away { delegate });
    };
    let asked = |story: &Story| reviewers(&story.request, &story.facts, false);
    let mut story = emergency(vec![StepSpec::Approve { message: String::new() }]);
    assert_eq!(asked(&story), [HANA]);
    away(&mut story, HANA, Some(DAN));
    assert_eq!(asked(&story), [DAN], "stands in");
    away(&mut story, DAN, Some(HANA));
    assert_eq!(asked(&story), [BOB], "a ring leads to nobody");
    away(&mut story, HANA, Some(ANA));
    assert_eq!(
        asked(&story),
        [BOB],
        "nobody looks back at what they used by standing in"
    );
    away(&mut story, BOB, None);
    assert_eq!(asked(&story), [ERIN]);
    away(&mut story, ERIN, None);
    assert_eq!(
        asked(&story),
        [HANA],
        "where all are away, it waits for those it is for"
    );
    assert_eq!(reviewers(&story.request, &story.facts, true), [HANA]);
}
