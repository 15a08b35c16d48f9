//! The life of a request.

use super::*;
use crate::domain::{
    event::Cause,
    policy::{AtDeadline, Deadline},
    request::RequestState,
    step::StepState,
};

#[test]
fn one_approval_of_one_step_grants_it() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    assert_eq!(story.asked(), [BOB]);
    let events = story.approves(BOB).expect("Bob may");
    assert_eq!(names(&events), ["decided", "step_passed", "approved"]);
    assert_eq!(story.request.state, RequestState::Approved);
    assert_eq!(story.request.closed_at, Some(monday()));
    story.replays();
}

#[test]
fn steps_are_taken_in_order() {
    let mut story = Story::of(steps([
        approval(vec![ApproverSpec::Manager]),
        approval(vec![ApproverSpec::EntitlementOwners]),
    ]));
    assert_eq!(story.approves(CARLA), Err(Refusal::NotAnApprover));
    assert_eq!(
        story.decides(CARLA, 1, Verdict::Approve, ""),
        Err(Refusal::Changed),
        "a step that is not reached"
    );
    assert_eq!(
        names(&story.approves(BOB).expect("Bob may")),
        ["decided", "step_passed", "step_opened"]
    );
    assert_eq!(story.asked(), [CARLA, DAN]);
    assert_eq!(
        names(&story.approves(DAN).expect("Dan may")),
        ["decided", "step_passed", "approved"]
    );
    story.replays();
}

#[test]
fn any_denial_ends_it_and_its_reason_stays() {
    let mut story = Story::of(steps([
        Approval {
            quorum: Quorum::All,
            ..approval(vec![group("database-owners")])
        },
        approval(vec![ApproverSpec::Manager]),
    ]));
    story.approves(CARLA).expect("Carla may");
    let events = story.denies(DAN).expect("Dan may");
    assert_eq!(names(&events), ["decided", "denied"]);
    assert_eq!(
        story.request.state,
        RequestState::Denied {
            by: Some(DAN),
            reason: "no".to_owned()
        }
    );
    let states: Vec<StepState> = story.request.steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [StepState::Denied, StepState::Void]);
    story.replays();
}

#[test]
fn the_quorum_counts_people() {
    for (quorum, needed) in [
        (Quorum::Any, 1),
        (Quorum::AtLeast(1), 1),
        (Quorum::AtLeast(2), 2),
        (Quorum::All, 3),
    ] {
        let mut story = Story::of(steps([Approval {
            quorum,
            ..approval(vec![group("database-owners")])
        }]));
        assert_eq!(story.request.steps[0].needed(), needed, "{quorum:?}");
        for (count, person) in [CARLA, DAN, HANA].into_iter().enumerate().take(needed) {
            assert_eq!(story.word(), "open", "{quorum:?} after {count}");
            story.approves(person).expect("an approver");
        }
        assert_eq!(story.word(), "approved", "{quorum:?}");
        story.replays();
    }
}

#[test]
fn nobody_counts_twice() {
    let mut story = Story::of(steps([Approval {
        quorum: Quorum::AtLeast(2),
        ..approval(vec![group("database-owners")])
    }]));
    story.approves(CARLA).expect("Carla may");
    assert_eq!(story.approves(CARLA), Err(Refusal::DecidedBefore));
    assert_eq!(story.denies(CARLA), Err(Refusal::DecidedBefore));
    assert_eq!(story.request.steps[0].approvals(), 1);
    assert_eq!(story.word(), "open");
}

#[test]
fn one_wins_and_everyone_else_is_told_by_whom() {
    let refused = |story: &mut Story, by| {
        story
            .decides(by, 0, Verdict::Approve, "")
            .expect_err("too late")
            .sentence()
    };
    let mut story = Story::of(steps([
        approval(vec![ApproverSpec::EntitlementOwners]),
        approval(vec![ApproverSpec::Manager]),
    ]));
    story.approves(CARLA).expect("Carla may");
    assert_eq!(refused(&mut story, DAN), "This step is already approved by Carla.");
    assert_eq!(refused(&mut story, CARLA), "This step is already approved by Carla.");
    assert_eq!(refused(&mut story, FRANK), "This step is already approved by Carla.");
    story.denies(BOB).expect("Bob may");
    assert_eq!(refused(&mut story, DAN), "This step is already approved by Carla.");
    let late = story
        .decides(BOB, 1, Verdict::Approve, "")
        .expect_err("too late")
        .sentence();
    assert_eq!(late, "This step is already denied by Bob.");
    assert_eq!(
        story
            .does(&Command::Cancel {
                by: ANA,
                reason: String::new()
            })
            .expect_err("too late")
            .sentence(),
        "This request is already denied by Bob."
    );
}

#[test]
fn a_closed_request_says_how_it_ended() {
    let open = || Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    let cancel = Command::Cancel {
        by: ANA,
        reason: String::new(),
    };
    let sentence = |mut story: Story| story.does(&cancel).expect_err("closed").sentence();
    let mut story = open();
    story.approves(BOB).expect("Bob may");
    assert_eq!(sentence(story), "This request is already approved by Bob.");
    let mut story = open();
    story.does(&cancel).expect("Ana may");
    assert_eq!(sentence(story), "This request is already cancelled by Ana.");
    let mut story = open();
    story.facts.entitlement.offered = false;
    story.look();
    assert_eq!(
        sentence(story),
        "This request is already closed because this access is no longer offered."
    );
    let story = Story::of(vec![StepSpec::Deny {
        message: "Not on Mondays.".to_owned(),
    }]);
    assert_eq!(sentence(story), "This request is already denied by its policy.");
    let story = Story::of(vec![StepSpec::Approve { message: String::new() }]);
    assert_eq!(sentence(story), "This request is already approved.");
    let mut story = deadline(AtDeadline::Expire);
    story.after(hours(5));
    assert_eq!(
        sentence(story),
        "This request is already expired: nobody decided in time."
    );
}

#[test]
fn a_click_on_what_was_shown_before_is_recognised() {
    let mut story = Story::of(steps([
        approval(vec![ApproverSpec::Manager]),
        approval(vec![ApproverSpec::Manager]),
    ]));
    story.request.revision = 3;
    let click = |by, step, revision| Command::Decide {
        by,
        step,
        revision,
        verdict: Verdict::Approve,
        reason: String::new(),
    };
    for (step, revision) in [(0, 2), (0, 4), (1, 3), (7, 3), (usize::MAX, 3)] {
        assert_eq!(
            story.does(&click(BOB, step, revision)),
            Err(Refusal::Changed),
            "{step} {revision}"
        );
    }
    story.does(&click(BOB, 0, 3)).expect("what Bob saw is what there is");
    assert!(
        matches!(story.does(&click(BOB, 0, 3)), Err(Refusal::StepDecided { .. })),
        "a double click"
    );
    story
        .does(&click(BOB, 1, 3))
        .expect("the same person may decide two steps");
    assert_eq!(story.word(), "approved");
}

#[test]
fn only_approvers_decide() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    assert_eq!(story.approves(ANA), Err(Refusal::OwnRequest));
    assert_eq!(story.approves(FRANK), Err(Refusal::NotAnApprover));
    assert_eq!(story.approves(PersonId(99)), Err(Refusal::NotAnApprover));
    assert_eq!(names(&story.look()), [""; 0]);
}

#[test]
fn reasons_are_asked_for_by_the_policy() {
    for (rule, to_approve, to_deny) in [
        (ReasonRule::Never, false, false),
        (ReasonRule::ToDeny, false, true),
        (ReasonRule::ToApprove, true, false),
        (ReasonRule::Always, true, true),
    ] {
        for (verdict, asked) in [(Verdict::Approve, to_approve), (Verdict::Deny, to_deny)] {
            for blank in ["", "  \n", "\u{200b}\u{feff}"] {
                let mut story = Story::of(steps([Approval {
                    reason: rule,
                    ..approval(vec![ApproverSpec::Manager])
                }]));
                let answer = story.decides(BOB, 0, verdict, blank);
                assert_eq!(
                    answer.err(),
                    asked.then_some(Refusal::ReasonRequired),
                    "{rule:?} {verdict:?}"
                );
            }
            let mut story = Story::of(steps([Approval {
                reason: rule,
                ..approval(vec![ApproverSpec::Manager])
            }]));
            story
                .decides(BOB, 0, verdict, " because ")
                .expect("a reason is always welcome");
            assert_eq!(story.request.steps[0].decisions[0].reason, "because");
        }
    }
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    let answer = story.decides(BOB, 0, Verdict::Deny, &"&".repeat(3_000));
    assert_eq!(answer, Err(Refusal::TextTooLong { max: 2_000 }));
    assert_eq!(story.word(), "open", "and nothing has happened");
}

fn deadline(then: AtDeadline) -> Story {
    Story::of(steps([Approval {
        deadline: vec![Deadline { after: 4 * 3_600, then }],
        fallback: vec![people(&["hana"])],
        ..approval(vec![ApproverSpec::Manager])
    }]))
}

#[test]
fn when_nobody_decides_in_time() {
    for (then, happened, word) in [
        (AtDeadline::Fallback, vec!["step_widened", "approvers_changed"], "open"),
        (AtDeadline::Deny, vec!["denied"], "denied"),
        (AtDeadline::Expire, vec!["expired"], "expired"),
        (AtDeadline::Cancel, vec!["cancelled"], "cancelled"),
        (
            AtDeadline::Ask(vec![people(&["hana"])]),
            vec!["step_widened", "approvers_changed"],
            "open",
        ),
        // The only step was skipped: that is no approval.
        (
            AtDeadline::Skip,
            vec!["step_skipped", "step_added", "step_opened"],
            "open",
        ),
    ] {
        let mut story = deadline(then.clone());
        assert_eq!(story.request.wake_at(), Some(monday() + hours(4)));
        assert_eq!(
            names(&story.after(hours(4) - TimeDelta::seconds(1))),
            [""; 0],
            "{then:?}: not yet"
        );
        assert_eq!(names(&story.after(TimeDelta::seconds(1))), happened, "{then:?}");
        assert_eq!(story.word(), word, "{then:?}");
        assert_eq!(names(&story.after(hours(400))), [""; 0], "{then:?}: once");
        assert_eq!(story.request.wake_at(), None);
        story.replays();
    }
}

#[test]
fn a_late_step_is_widened_and_the_earlier_approvers_may_still_decide() {
    let mut story = deadline(AtDeadline::Fallback);
    story.after(hours(4));
    assert_eq!(story.asked(), [BOB, HANA]);
    assert_eq!(story.source(), Source::Fallback);
    story.approves(BOB).expect("late is not never");
    assert_eq!(story.word(), "approved");
}

#[test]
fn a_late_step_whose_fallback_brings_nobody_goes_to_the_last_resort() {
    for fallback in [vec![], vec![ApproverSpec::Manager], vec![group("nobody")]] {
        let mut story = Story::of(steps([Approval {
            deadline: vec![Deadline {
                after: 60,
                then: AtDeadline::Fallback,
            }],
            fallback,
            ..approval(vec![ApproverSpec::Manager])
        }]));
        story.after(hours(1));
        assert_eq!(story.asked(), [BOB, ERIN]);
        assert!(story.request.is_alarming());
    }
}

#[test]
fn each_step_has_its_own_time() {
    let timed = |after| Approval {
        deadline: vec![Deadline {
            after,
            then: AtDeadline::Expire,
        }],
        ..approval(vec![ApproverSpec::Manager])
    };
    let mut story = Story::of(steps([timed(3_600), timed(3_600)]));
    story.now += TimeDelta::minutes(59);
    story.approves(BOB).expect("in time");
    assert_eq!(story.request.wake_at(), Some(monday() + TimeDelta::minutes(119)));
    story.after(TimeDelta::minutes(59));
    assert_eq!(story.word(), "open");
    story.after(TimeDelta::minutes(1));
    assert_eq!(story.word(), "expired");
}

#[test]
fn an_expired_step_beats_a_late_click() {
    let mut story = deadline(AtDeadline::Deny);
    story.now += hours(4);
    assert!(matches!(story.approves(BOB), Err(Refusal::AlreadyClosed { .. })));
    assert_eq!(story.word(), "denied");
}

#[test]
fn automatic_steps_pass_and_deny_by_themselves() {
    let approve = || StepSpec::Approve { message: String::new() };
    let story = Story::of(vec![approve(), approve()]);
    assert_eq!(story.word(), "approved");
    assert!(story.request.steps.iter().all(|step| step.decisions.is_empty()));
    story.replays();

    let mut story = Story::of(
        [
            vec![approve()],
            steps([approval(vec![ApproverSpec::Manager])]),
            vec![approve()],
        ]
        .concat(),
    );
    assert_eq!(story.asked(), [BOB]);
    assert_eq!(
        names(&story.approves(BOB).expect("Bob may")),
        ["decided", "step_passed", "step_passed", "approved"]
    );

    let story = Story::of(vec![
        StepSpec::Deny {
            message: "Not on Mondays.".to_owned(),
        },
        approve(),
    ]);
    assert_eq!(
        story.request.state,
        RequestState::Denied {
            by: None,
            reason: "Not on Mondays.".to_owned()
        }
    );
    story.replays();
}

#[test]
fn it_closes_when_it_loses_its_object() {
    type Change = fn(&mut Facts);
    let changes: [(&str, Change, Cause); 6] = [
        (
            "the subject is suspended",
            |facts| suspend(facts, ANA),
            Cause::PersonGone,
        ),
        (
            "the subject is deleted",
            |facts| facts.people.get_mut(&ANA).expect("Ana").standing = Standing::Deleted,
            Cause::PersonGone,
        ),
        (
            "the subject becomes a guest",
            |facts| facts.people.get_mut(&ANA).expect("Ana").kind = Kind::Guest,
            Cause::PersonGone,
        ),
        (
            "the requester is suspended",
            |facts| suspend(facts, FRANK),
            Cause::PersonGone,
        ),
        (
            "the subject is unknown",
            |facts| drop(facts.people.remove(&ANA)),
            Cause::PersonGone,
        ),
        (
            "the entitlement is gone",
            |facts| facts.entitlement.offered = false,
            Cause::EntitlementGone,
        ),
    ];
    for (what, change, cause) in changes {
        let mut story = Story::with(company(), FRANK, ANA, steps([approval(vec![ApproverSpec::Manager])]));
        change(&mut story.facts);
        assert_eq!(story.look(), [Event::Closed { cause }], "{what}");
        assert!(
            matches!(story.approves(BOB), Err(Refusal::AlreadyClosed { .. })),
            "{what}"
        );
        story.replays();
    }
}

#[test]
fn losing_its_object_beats_a_decision_that_comes_at_the_same_time() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    suspend(&mut story.facts, ANA);
    assert!(matches!(story.approves(BOB), Err(Refusal::AlreadyClosed { .. })));
    assert_eq!(story.word(), "closed");
}

#[test]
fn people_who_leave_lose_their_power_at_once_and_newcomers_get_it() {
    let mut story = Story::of(steps([approval(vec![group("database-owners")])]));
    assert_eq!(story.asked(), [CARLA, DAN, HANA]);
    suspend(&mut story.facts, CARLA);
    story
        .facts
        .groups
        .insert("database-owners".to_owned(), vec![CARLA, DAN, FRANK]);
    assert_eq!(story.approves(CARLA), Err(Refusal::NotAnApprover));
    assert_eq!(story.approves(HANA), Err(Refusal::NotAnApprover));
    assert_eq!(story.asked(), [DAN, FRANK]);
    story.approves(FRANK).expect("Frank joined");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn an_approval_outlives_its_approver_but_replaces_nobody() {
    let two = || Approval {
        quorum: Quorum::AtLeast(2),
        ..approval(vec![people(&["carla", "dan"])])
    };
    let mut story = Story::of(steps([two()]));
    story.approves(CARLA).expect("Carla may");
    suspend(&mut story.facts, CARLA);
    story.facts.last_resort.clear();
    story.look();
    assert_eq!(story.asked(), [DAN]);
    assert_eq!(story.request.steps[0].needed(), 2);
    assert_eq!(story.word(), "open", "one of two does not become one of one");
    story.approves(DAN).expect("Dan may");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn all_means_all_who_are_there_when_it_is_counted() {
    let all = || Approval {
        quorum: Quorum::All,
        ..approval(vec![group("database-owners")])
    };
    let mut story = Story::of(steps([all()]));
    story.approves(CARLA).expect("Carla may");
    story.approves(DAN).expect("Dan may");
    suspend(&mut story.facts, HANA);
    assert_eq!(names(&story.look()), ["approvers_changed", "step_passed", "approved"]);

    let mut story = Story::of(steps([all()]));
    story.approves(CARLA).expect("Carla may");
    story
        .facts
        .groups
        .get_mut("database-owners")
        .expect("the group")
        .push(FRANK);
    story.approves(DAN).expect("Dan may");
    story.approves(HANA).expect("Hana may");
    assert_eq!(story.word(), "open", "Frank joined");
    story.approves(FRANK).expect("Frank may");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn the_plan_is_frozen() {
    let frozen = steps([approval(vec![ApproverSpec::Manager])]);
    let story = Story::of(frozen.clone());
    let plan = story.request.plan();
    assert_eq!(
        (plan.policy.as_str(), plan.policy_version, plan.rule.as_str()),
        ("p", 3, "r")
    );
    assert_eq!(plan.steps, frozen);
    let mut story = story;
    story.facts.entitlement.policy = PolicyId(99);
    assert_eq!(
        names(&story.look()),
        [""; 0],
        "another policy changes nothing for this request"
    );
    assert_eq!(story.request.plan().steps, frozen);
}

#[test]
fn looking_again_changes_nothing() {
    let mut story = Story::of(steps([Approval {
        quorum: Quorum::AtLeast(2),
        fallback: vec![people(&["frank"])],
        ..approval(vec![ApproverSpec::Manager])
    }]));
    for _ in 0..3 {
        assert_eq!(story.look(), []);
        assert_eq!(story.does(&Command::Look), Ok(vec![]));
    }
}

#[test]
fn cancelling_ends_it_and_a_second_time_is_refused() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    let cancel = Command::Cancel {
        by: ANA,
        reason: " no longer needed ".to_owned(),
    };
    assert_eq!(names(&story.does(&cancel).expect("Ana may")), ["cancelled"]);
    assert_eq!(
        story.request.state,
        RequestState::Cancelled {
            by: Some(ANA),
            reason: "no longer needed".to_owned(),
            admin: false,
        }
    );
    assert_eq!(story.request.steps[0].state, StepState::Void);
    assert!(matches!(story.does(&cancel), Err(Refusal::AlreadyClosed { .. })));
    let long = Command::Cancel {
        by: ANA,
        reason: "x".repeat(2_001),
    };
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    assert_eq!(story.does(&long), Err(Refusal::TextTooLong { max: 2_000 }));
}

#[test]
fn states_events_and_plans_survive_storage() {
    let mut story = deadline(AtDeadline::Fallback);
    story.after(hours(5));
    story.denies(HANA).expect("Hana may");
    let json = serde_json::to_string(&story.request).expect("plain values");
    assert_eq!(
        serde_json::from_str::<Request>(&json).expect("what was written"),
        story.request
    );
    for (_, event) in &story.events {
        let json = serde_json::to_value(event).expect("plain values");
        assert_eq!(json["type"], event.name(), "the stored name");
        assert_eq!(&serde_json::from_value::<Event>(json).expect("what was written"), event);
    }
}
