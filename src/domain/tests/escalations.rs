//! An open request that becomes an emergency: another plan from its first step, and nothing that was decided counts.

use super::*;
use crate::domain::{
    policy::{AtDeadline, Deadline},
    request::{PATIENCE, RequestState},
    step::{StepState, would_ask},
};

fn emergency_plan(steps: Vec<StepSpec>) -> Plan {
    Plan {
        policy: "break-glass".to_owned(),
        policy_version: 1,
        rule: String::new(),
        steps,
        alarm: None,
    }
}

fn escalate(by: PersonId, steps: Vec<StepSpec>) -> Command {
    Command::Escalate {
        by,
        reason: "  it is down now ".to_owned(),
        length: Length::For(1_800),
        plan: emergency_plan(steps),
    }
}

#[test]
fn it_begins_anew_and_old_approvals_are_void() {
    let two = approval(vec![people(&["carla", "dan"])]);
    let mut story = Story::of(steps([two.clone(), approval(vec![people(&["grace"])])]));
    story.approves(CARLA).expect("she is asked");
    assert_eq!(story.request.current().map(|(place, _)| place), Some(1));

    let events = story.does(&escalate(ANA, steps([two]))).expect("it is open");
    assert_eq!(names(&events), ["escalated", "step_opened"]);
    let request = &story.request;
    assert!(request.emergency);
    assert_eq!((request.id, request.revision), (RequestId(42), 1));
    assert_eq!(request.length, Length::For(1_800));
    assert_eq!(request.current().map(|(place, _)| place), Some(0));
    assert_eq!(request.steps[0].approvals(), 0, "Carla's approval counts no more");
    assert_eq!(story.asked(), [CARLA, DAN]);

    let [round] = request.earlier.as_slice() else {
        panic!("one earlier plan")
    };
    assert!(round.steps.iter().all(|step| step.state == StepState::Void));
    assert_eq!(
        round.steps[0].decision_of(CARLA).map(|decision| decision.verdict),
        Some(Verdict::Approve),
        "it stays on record"
    );
    assert_eq!(
        (round.by, round.reason.as_str(), round.length),
        (ANA, "it is down now", Length::For(3_600))
    );

    story.approves(CARLA).expect("she may decide again");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn buttons_of_before_are_dead() {
    let one = steps([approval(vec![people(&["carla"])])]);
    let mut story = Story::of(one.clone());
    story.does(&escalate(ANA, one)).expect("it is open");
    let old = Command::Decide {
        by: CARLA,
        step: 0,
        revision: 0,
        verdict: Verdict::Approve,
        reason: String::new(),
    };
    let by = "Ana".to_owned();
    assert_eq!(story.does(&old), Err(Refusal::Escalated { by: by.clone() }));
    story.approves(CARLA).expect("with what she sees now");
    assert_eq!(story.does(&old), Err(Refusal::Escalated { by }));
}

#[test]
fn what_passes_by_itself_passes_at_once() {
    let mut story = Story::of(steps([approval(vec![people(&["carla"])])]));
    let at_once = StepSpec::Approve { message: String::new() };
    let events = story.does(&escalate(ANA, vec![at_once])).expect("it is open");
    assert_eq!(names(&events), ["escalated", "step_passed", "approved"]);
}

#[test]
fn only_an_open_request_that_is_none_yet_becomes_one() {
    let one = || steps([approval(vec![people(&["carla"])])]);
    let mut story = Story::of(one());
    story.does(&escalate(ANA, one())).expect("it is open");
    assert_eq!(story.does(&escalate(BOB, one())), Err(Refusal::AlreadyEmergency));
    story.approves(CARLA).expect("she is asked");
    assert!(matches!(
        story.does(&escalate(BOB, one())),
        Err(Refusal::AlreadyClosed { .. })
    ));

    let mut story = Story::of(one());
    story.denies(CARLA).expect("she is asked");
    assert!(matches!(
        story.does(&escalate(ANA, one())),
        Err(Refusal::AlreadyClosed { .. })
    ));
    assert!(matches!(story.request.state, RequestState::Denied { .. }));
}

#[test]
fn somebody_who_approved_before_is_not_kept_from_a_step_for_others() {
    let mut second = approval(vec![people(&["carla"])]);
    second.distinct = true;
    let mut story = Story::of(steps([
        approval(vec![people(&["carla"])]),
        approval(vec![people(&["dan"])]),
    ]));
    story.approves(CARLA).expect("she is asked");
    story
        .does(&escalate(ANA, steps([approval(vec![people(&["dan"])]), second])))
        .expect("it is open");
    story.approves(DAN).expect("he is asked");
    assert_eq!(
        story.asked(),
        [CARLA],
        "what she decided before does not count, either way"
    );
}

#[test]
fn the_length_is_capped_never_raised() {
    for (max, asked, gets) in [
        (None, Length::NoEnd, Length::NoEnd),
        (None, Length::For(60), Length::For(60)),
        (Some(3_600), Length::NoEnd, Length::For(3_600)),
        (Some(3_600), Length::For(7_200), Length::For(3_600)),
        (Some(3_600), Length::For(60), Length::For(60)),
    ] {
        let rules = EmergencyRules {
            max,
            ..EmergencyRules::default()
        };
        assert_eq!(rules.capped(asked), gets, "{max:?} {asked:?}");
    }
}

#[test]
fn an_emergency_that_nobody_answers_becomes_an_alarm_and_asks_the_last_resort_too() {
    let mut story = Story::of(steps([approval(vec![people(&["bob"])])]));
    story
        .does(&escalate(ANA, steps([approval(vec![people(&["carla"])])])))
        .expect("it is open");
    assert_eq!(story.request.wake_at(), Some(story.now + PATIENCE));
    assert_eq!(names(&story.after(PATIENCE - TimeDelta::seconds(1))), [""; 0]);
    assert_eq!(
        names(&story.after(TimeDelta::seconds(1))),
        ["unanswered", "approvers_changed"]
    );
    assert_eq!(story.asked(), [CARLA, ERIN], "whoever was asked may still decide");
    assert_eq!(story.request.wake_at(), None);
    assert_eq!(
        names(&story.after(hours(100))),
        [""; 0],
        "it goes on waiting, alarmed once"
    );
    story.approves(ERIN).expect("the last resort decides");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn every_step_of_an_emergency_has_its_own_patience_and_ordinary_requests_have_none() {
    let mut story = Story::of(steps([approval(vec![people(&["bob"])])]));
    assert_eq!(names(&story.after(PATIENCE * 2)), [""; 0]);
    let two = steps([approval(vec![people(&["carla"])]), approval(vec![people(&["dan"])])]);
    story.does(&escalate(ANA, two)).expect("it is open");
    story.after(PATIENCE / 2);
    story.approves(CARLA).expect("she is asked");
    assert_eq!(names(&story.after(PATIENCE / 2)), [""; 0]);
    assert_eq!(names(&story.after(PATIENCE / 2)), ["unanswered", "approvers_changed"]);
    assert_eq!(story.asked(), [DAN, ERIN]);
    story.replays();
}

#[test]
fn what_brings_in_others_by_the_policy_comes_before() {
    let mut one = approval(vec![people(&["carla"])]);
    one.fallback = vec![people(&["dan"])];
    one.deadline = vec![Deadline {
        after: 600,
        then: AtDeadline::Fallback,
    }];
    let mut story = Story::of(steps([approval(vec![people(&["bob"])])]));
    story.does(&escalate(ANA, steps([one]))).expect("it is open");
    assert_eq!(
        names(&story.after(TimeDelta::seconds(600))),
        ["step_widened", "approvers_changed"]
    );
    assert_eq!(
        names(&story.after(TimeDelta::seconds(300))),
        ["unanswered", "approvers_changed"]
    );
    assert_eq!(story.asked(), [CARLA, DAN, ERIN]);
    story.replays();
}

#[test]
fn those_whom_the_ordinary_policy_would_ask_are_known() {
    let facts = company();
    let plan = steps([
        approval(vec![ApproverSpec::Manager]),
        approval(vec![ApproverSpec::EntitlementOwners, people(&["bob", "ana"])]),
    ]);
    assert_eq!(
        would_ask(&plan, &facts, &asking(ANA, ANA)),
        [BOB, CARLA, DAN],
        "each once, not herself"
    );
    let nobody = steps([approval(vec![group("nobody")])]);
    assert_eq!(
        would_ask(&nobody, &facts, &asking(ANA, ANA)),
        [ERIN],
        "whoever stands in"
    );
    let at_once = [StepSpec::Approve { message: String::new() }];
    assert_eq!(would_ask(&at_once, &facts, &asking(ANA, ANA)), [] as [PersonId; 0]);
}

#[test]
fn an_emergency_is_as_patient_as_was_said_when_it_began() {
    let five = TimeDelta::minutes(5);
    let mut story = Story::of(steps([approval(vec![people(&["bob"])])]));
    let skips = Approval {
        deadline: vec![Deadline {
            after: 60,
            then: AtDeadline::Skip,
        }],
        ..approval(vec![people(&["carla"])])
    };
    story
        .does(&escalate(ANA, emergency_plan(steps([skips])).patient_for(five).steps))
        .expect("it is open");
    // The step of the last resort, added because all others were skipped, is no more patient than they were.
    assert_eq!(
        names(&story.after(TimeDelta::minutes(1))),
        ["step_skipped", "step_added", "step_opened"]
    );
    assert_eq!(story.request.patience(1), five);
    assert_eq!(story.request.wake_at(), Some(story.now + five));
    story.replays();
}
