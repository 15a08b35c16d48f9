//! What people do beside deciding: on it, reassigned, made shorter, reminded; and what administrators do outside the plan.

use super::*;
use crate::domain::{
    desk::{CLAIM, NUDGE_EVERY, may_take_over, takers},
    policy::{AtDeadline, Deadline, Reassign, ReassignTo},
    request::{Override, RequestState},
    step::{StepState, Why},
};

fn owners() -> Approval {
    approval(vec![ApproverSpec::EntitlementOwners])
}

fn given_to(to: ReassignTo, reason: bool) -> Approval {
    Approval {
        reassign: Some(Reassign { to, reason }),
        ..owners()
    }
}

impl Story {
    fn claims(&mut self, by: PersonId) -> Result<Vec<Event>, Refusal> {
        let (at, revision) = (self.now, self.request.revision);
        self.does(&Command::Claim {
            by,
            step: 0,
            revision,
            at,
        })
    }

    fn reassigns(&mut self, by: PersonId, to: PersonId, reason: &str) -> Result<Vec<Event>, Refusal> {
        self.look();
        may_take_over(&self.request, &self.facts, to, false)?;
        let revision = self.request.revision;
        self.does(&Command::Reassign {
            by,
            step: 0,
            revision,
            from: by,
            to,
            reason: reason.to_owned(),
        })
    }

    fn shortens(&mut self, by: PersonId, to: Length) -> Result<Vec<Event>, Refusal> {
        let revision = self.request.revision;
        self.does(&Command::Shorten {
            by,
            step: 0,
            revision,
            to,
            reason: "that is enough".to_owned(),
        })
    }

    fn overrides(&mut self, act: Override) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Override {
            by: ERIN,
            reason: "they are all away".to_owned(),
            act,
        })
    }
}

#[test]
fn whoever_is_on_it_is_on_it_for_a_while() {
    let mut story = Story::of(steps([owners()]));
    assert_eq!(names(&story.claims(CARLA).expect("Carla may")), ["claimed"]);
    assert_eq!(story.claims(CARLA), Ok(vec![]), "a second click changes nothing");
    assert_eq!(
        story.claims(DAN),
        Err(Refusal::ClaimedBy {
            name: "Carla".to_owned()
        })
    );
    assert_eq!(story.claims(ANA), Err(Refusal::OwnRequest));
    assert_eq!(story.claims(FRANK), Err(Refusal::NotAnApprover));
    assert_eq!(
        story.request.wake_at(),
        Some(monday() + TimeDelta::seconds(CLAIM)),
        "it lapses by itself"
    );
    assert_eq!(names(&story.after(hours(1))), ["claim_ended"]);
    assert_eq!(names(&story.claims(DAN).expect("nobody is on it")), ["claimed"]);
    assert_eq!(
        names(&story.approves(CARLA).expect("anybody else may still decide")),
        ["decided", "step_passed", "approved"]
    );
    assert_eq!(story.request.steps[0].claim, None, "and nobody is left on it");
    story.replays();
}

#[test]
fn a_claim_ends_with_whoever_made_it() {
    let two = Approval {
        quorum: Quorum::AtLeast(2),
        claim: Some(7_200),
        ..owners()
    };
    let mut story = Story::of(steps([two.clone()]));
    story.claims(CARLA).expect("Carla may");
    assert_eq!(story.request.wake_at(), Some(monday() + hours(2)), "as the policy says");
    assert_eq!(
        names(&story.approves(CARLA).expect("Carla may")),
        ["decided", "claim_ended"]
    );
    story.replays();

    let mut story = Story::of(steps([two.clone()]));
    story.claims(CARLA).expect("Carla may");
    suspend(&mut story.facts, CARLA);
    assert_eq!(names(&story.look()), ["approvers_changed", "claim_ended"]);
    story.replays();

    let mut story = Story::of(steps([two]));
    story.claims(CARLA).expect("Carla may");
    let back = |by| Command::GiveBack { by, step: 0 };
    assert_eq!(story.does(&back(DAN)), Err(Refusal::NotClaimed));
    assert_eq!(names(&story.does(&back(CARLA)).expect("it is hers")), ["claim_ended"]);
    assert_eq!(story.does(&back(CARLA)), Err(Refusal::NotClaimed));
    story.replays();
}

#[test]
fn a_place_goes_to_whom_the_policy_lets_it() {
    let to_these = || {
        let specs = vec![group("engineers"), people(&["hana"]), ApproverSpec::Manager];
        Story::of(steps([given_to(ReassignTo::These(specs), true)]))
    };
    for (by, to, reason, refused) in [
        (CARLA, HANA, "on leave", None),
        (CARLA, BOB, "on leave", None),
        (CARLA, HANA, " ", Some(Refusal::ReasonRequired)),
        (
            CARLA,
            FRANK,
            "on leave",
            Some(Refusal::NotToThem {
                name: "Frank".to_owned(),
            }),
        ),
        (
            CARLA,
            ANA,
            "on leave",
            Some(Refusal::TheirOwnRequest { name: "Ana".to_owned() }),
        ),
        (
            CARLA,
            DAN,
            "on leave",
            Some(Refusal::AskedAlready { name: "Dan".to_owned() }),
        ),
        (FRANK, HANA, "on leave", Some(Refusal::NotAnApprover)),
        (ANA, HANA, "on leave", Some(Refusal::OwnRequest)),
    ] {
        let mut story = to_these();
        let outcome = story.reassigns(by, to, reason).err();
        assert_eq!(outcome, refused, "{by} to {to}");
        if refused.is_none() {
            assert_eq!(story.asked(), [to, DAN]);
        }
        story.replays();
    }
    let mut story = to_these();
    suspend(&mut story.facts, HANA);
    assert_eq!(
        story.reassigns(CARLA, HANA, "on leave"),
        Err(Refusal::NotTakingPart {
            name: "Hana".to_owned()
        })
    );
    assert_eq!(takers(&story.request, &story.facts), Some(vec![BOB]));

    let mut story = Story::of(steps([owners()]));
    assert_eq!(
        story.reassigns(CARLA, HANA, "on leave"),
        Err(Refusal::ReassignNotAllowed)
    );
    assert_eq!(takers(&story.request, &story.facts), Some(vec![]));

    let mut story = Story::of(steps([given_to(ReassignTo::Anyone, false)]));
    assert_eq!(takers(&story.request, &story.facts), None);
    story.reassigns(CARLA, FRANK, "").expect("anyone, without a reason");
    assert_eq!(story.asked(), [FRANK, DAN]);
    story.replays();
}

#[test]
fn a_place_that_was_given_is_kept_and_comes_back() {
    let anyone = || Story::of(steps([given_to(ReassignTo::Anyone, false)]));
    let mut story = anyone();
    let events = story.reassigns(CARLA, HANA, "on leave").expect("Carla may");
    assert_eq!(names(&events), ["reassigned", "approvers_changed"]);
    assert_eq!(story.request.steps[0].approvers[0].why, Why::Reassigned(CARLA));
    assert_eq!(story.approves(CARLA), Err(Refusal::NotAnApprover), "it is hers no more");
    assert!(story.look().is_empty(), "it survives being looked at");

    suspend(&mut story.facts, HANA);
    assert_eq!(names(&story.look()), ["approvers_changed"]);
    assert_eq!(story.asked(), [CARLA, DAN], "whoever had it before is asked again");
    story.replays();

    // Whoever gave it away and leaves takes nothing along.
    let mut story = anyone();
    story.reassigns(CARLA, HANA, "").expect("Carla may");
    suspend(&mut story.facts, CARLA);
    story.look();
    assert_eq!(story.asked(), [HANA, DAN]);

    // But a place that is no more cannot be held.
    story.facts.entitlement_owners = vec![DAN];
    story.look();
    assert_eq!(story.asked(), [DAN]);

    // On and on, and back.
    let mut story = anyone();
    story.reassigns(CARLA, HANA, "").expect("Carla may");
    story.reassigns(HANA, BOB, "").expect("Hana may");
    assert_eq!(story.asked(), [BOB, DAN]);
    story.reassigns(BOB, CARLA, "").expect("round in a ring");
    assert_eq!(story.asked(), [CARLA, DAN]);
    story.reassigns(CARLA, HANA, "").expect("and once more");
    assert_eq!(story.asked(), [HANA, DAN]);
    suspend(&mut story.facts, HANA);
    story.look();
    assert_eq!(story.asked(), [CARLA, DAN]);
    story.replays();
}

#[test]
fn nobody_holds_two_places() {
    let mut story = Story::of(steps([Approval {
        quorum: Quorum::AtLeast(2),
        ..given_to(ReassignTo::Anyone, false)
    }]));
    story.reassigns(CARLA, HANA, "").expect("Carla may");
    // Hana becomes an owner herself: Carla's place is Carla's again, and two are still two.
    story.facts.entitlement_owners.push(HANA);
    story.look();
    assert_eq!(story.asked(), [CARLA, DAN, HANA]);
    story.approves(HANA).expect("Hana may");
    assert_eq!(story.word(), "open");
    story.replays();
}

#[test]
fn a_place_is_not_given_to_somebody_the_step_leaves_out() {
    let second = Approval {
        distinct: true,
        ..given_to(ReassignTo::Anyone, false)
    };
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager]), second]));
    story.approves(BOB).expect("Bob may");
    assert_eq!(
        may_take_over(&story.request, &story.facts, BOB, false),
        Err(Refusal::NotToThem { name: "Bob".to_owned() })
    );
    assert_eq!(
        may_take_over(&story.request, &story.facts, BOB, true),
        Err(Refusal::NotToThem { name: "Bob".to_owned() }),
        "not even by an administrator"
    );
}

#[test]
fn it_is_made_shorter_and_never_longer() {
    let story = || {
        Story::of(steps([Approval {
            quorum: Quorum::AtLeast(2),
            ..owners()
        }]))
    };
    for to in [Length::For(3_600), Length::For(7_200), Length::NoEnd] {
        let refused = Refusal::NotShorter {
            than: Length::For(3_600),
        };
        assert_eq!(story().shortens(CARLA, to), Err(refused), "{to}");
    }
    let mut story = story();
    assert_eq!(story.shortens(ANA, Length::For(60)), Err(Refusal::OwnRequest));
    story.approves(DAN).expect("Dan may");
    assert_eq!(story.shortens(DAN, Length::For(60)), Err(Refusal::DecidedBefore));
    let events = story.shortens(CARLA, Length::For(1_800)).expect("Carla may");
    assert_eq!(names(&events), ["shortened"]);
    assert_eq!((story.request.length, story.request.revision), (Length::For(1_800), 1));
    assert_eq!(
        story.request.steps[0].approvals(),
        1,
        "what was approved stays approved"
    );

    // An older card does not count; and what was asked for is remembered from the beginning.
    let stale = Command::Decide {
        by: CARLA,
        step: 0,
        revision: 0,
        verdict: Verdict::Approve,
        reason: String::new(),
    };
    assert_eq!(story.does(&stale), Err(Refusal::Changed));
    story.shortens(CARLA, Length::For(900)).expect("shorter still");
    let shortened = story.request.shortened.clone().expect("it was");
    assert_eq!((shortened.from, shortened.by), (Length::For(3_600), CARLA));
    story.approves(CARLA).expect("what she sees now");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn what_has_no_end_is_made_shorter_by_any_length() {
    use crate::domain::desk::is_shorter;
    for (to, than, shorter) in [
        (Length::For(1), Length::NoEnd, true),
        (Length::NoEnd, Length::NoEnd, false),
        (Length::NoEnd, Length::For(1), false),
        (Length::For(1), Length::For(2), true),
        (Length::For(2), Length::For(2), false),
    ] {
        assert_eq!(is_shorter(to, than), shorter, "{to} against {than}");
    }
}

#[test]
fn they_are_reminded_once_an_hour() {
    let mut story = Story::of(steps([owners()]));
    let nudge = |story: &mut Story| {
        let at = story.now;
        story.does(&Command::Nudge { by: ANA, at })
    };
    assert_eq!(
        nudge(&mut story),
        Err(Refusal::RemindedLately { wait: NUDGE_EVERY }),
        "they were asked this moment"
    );
    story.after(hours(2));
    assert_eq!(names(&nudge(&mut story).expect("it is time")), ["nudged"]);
    story.after(TimeDelta::minutes(20));
    assert_eq!(nudge(&mut story), Err(Refusal::RemindedLately { wait: 2_400 }));
    story.after(TimeDelta::minutes(40));
    assert!(nudge(&mut story).is_ok());
    story.approves(CARLA).expect("Carla may");
    assert!(matches!(nudge(&mut story), Err(Refusal::AlreadyClosed { .. })));
    story.replays();
}

#[test]
fn a_deadline_may_only_remind() {
    let mut story = Story::of(steps([Approval {
        deadline: vec![Deadline {
            after: 3_600,
            then: AtDeadline::Remind,
        }],
        ..owners()
    }]));
    assert_eq!(names(&story.after(hours(1))), ["deadline_reminded"]);
    assert_eq!(story.asked(), [CARLA, DAN], "nobody else is asked");
    assert!(story.after(hours(100)).is_empty(), "once");
    assert_eq!(story.request.wake_at(), None);
    story.approves(CARLA).expect("and the request goes on");
    story.replays();
}

#[test]
fn an_administrator_passes_over_a_step_and_it_is_no_approval() {
    let mut story = Story::of(steps([owners(), approval(vec![ApproverSpec::Manager])]));
    assert_eq!(story.overrides(Override::Skip(1)), Err(Refusal::Changed));
    let events = story.overrides(Override::Skip(0)).expect("the open one");
    assert_eq!(names(&events), ["step_skipped_by_admin", "step_opened"]);
    assert_eq!(story.request.steps[0].state, StepState::Skipped);
    assert_eq!(story.request.steps[0].approvals(), 0);
    let late = story.decides(CARLA, 0, Verdict::Approve, "").expect_err("too late");
    assert_eq!(late.sentence(), "This step is already skipped by administrator Erin.");
    let events = story.overrides(Override::Skip(1)).expect("the last one");
    assert_eq!(names(&events), ["step_skipped_by_admin", "approved"]);
    assert!(story.request.steps.iter().all(|step| step.decisions.is_empty()));
    story.replays();
}

#[test]
fn an_administrator_has_it_begin_anew() {
    let mut story = Story::of(steps([owners(), approval(vec![ApproverSpec::Manager])]));
    story.approves(CARLA).expect("Carla may");
    let plan = Plan {
        policy: "p".to_owned(),
        policy_version: 4,
        rule: String::new(),
        steps: steps([owners()]),
        alarm: None,
    };
    let events = story.overrides(Override::Restart(plan)).expect("it is open");
    assert_eq!(names(&events), ["restarted", "step_opened"]);
    assert_eq!(story.request.revision, 1);
    assert_eq!(story.request.policy.1, 4);
    assert_eq!(story.request.earlier[0].steps[0].approvals(), 1, "it stays on record");
    assert!(!story.request.emergency);
    assert!(story.request.steps.iter().all(|step| step.decisions.is_empty()));
    let stale = Command::Decide {
        by: DAN,
        step: 0,
        revision: 0,
        verdict: Verdict::Approve,
        reason: String::new(),
    };
    let restarted = Refusal::Restarted { by: "Erin".to_owned() };
    assert_eq!(story.does(&stale), Err(restarted), "old buttons are dead");
    story.approves(CARLA).expect("and may be asked again");
    assert_eq!(story.word(), "approved");
    story.replays();
}

#[test]
fn an_administrator_reassigns_whatever_the_policy_says() {
    let to = |from, to| Override::Reassign { from, to };
    let mut story = Story::of(steps([owners()]));
    assert_eq!(
        story.overrides(to(None, HANA)),
        Err(Refusal::SayInWhosePlace),
        "two are asked"
    );
    assert_eq!(story.overrides(to(Some(FRANK), HANA)), Err(Refusal::NotAnApprover));
    story.overrides(to(Some(DAN), HANA)).expect("Dan is asked");
    assert_eq!(story.asked(), [CARLA, HANA]);
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    story.overrides(to(None, HANA)).expect("Bob is the only one");
    assert_eq!(story.asked(), [HANA]);
    story.replays();
}

#[test]
fn an_administrator_calls_it_off_with_a_reason() {
    let mut story = Story::of(steps([owners()]));
    let command = Command::Override {
        by: ERIN,
        reason: "  ".to_owned(),
        act: Override::Cancel,
    };
    assert_eq!(story.does(&command), Err(Refusal::ReasonRequired));
    story.overrides(Override::Cancel).expect("it is open");
    assert!(matches!(
        story.request.state,
        RequestState::Cancelled {
            by: Some(ERIN),
            admin: true,
            ..
        }
    ));
    let late = story.approves(CARLA).expect_err("too late").sentence();
    assert_eq!(late, "This request is already cancelled by administrator Erin.");
    for act in [Override::Cancel, Override::Skip(0)] {
        assert!(matches!(story.overrides(act), Err(Refusal::AlreadyClosed { .. })));
    }
    story.replays();
}
