//! Who is asked: every sort of approver, everyone who is left out, and never nobody.

use super::*;
use crate::domain::{
    event::Cause,
    request::RequestState,
    step::{Approver, Why, resolve},
};

/// Who a step asks when Frank (of the helpdesk) asks for Ana.
fn asked(facts: &Facts, spec: &Approval) -> (Vec<PersonId>, Source) {
    let resolved = resolve(spec, facts, &asking(FRANK, ANA));
    (
        resolved.approvers.iter().map(|approver| approver.person).collect(),
        resolved.source,
    )
}

#[test]
fn every_sort_of_approver_finds_its_people() {
    for (spec, found, why) in [
        (people(&["carla", "dan", "unknown"]), vec![CARLA, DAN], Why::Named),
        (
            group("database-owners"),
            vec![CARLA, DAN, HANA],
            Why::Group("database-owners".to_owned()),
        ),
        (ApproverSpec::Manager, vec![BOB], Why::Manager),
        (ApproverSpec::AppOwners, vec![HANA], Why::AppOwner),
        (ApproverSpec::EntitlementOwners, vec![CARLA, DAN], Why::EntitlementOwner),
        (ApproverSpec::Subject, vec![ANA], Why::Subject),
        (ApproverSpec::ResourceOwners, vec![HANA], Why::ResourceOwner),
        (
            expression("['grace', 'group:nobody-else', 'dan']"),
            vec![GRACE, CARLA, DAN],
            Why::Expression,
        ),
        (
            ApproverSpec::OnCall("database".to_owned()),
            vec![DAN],
            Why::OnCall("database".to_owned()),
        ),
    ] {
        let mut facts = company();
        facts.groups.insert("nobody-else".to_owned(), vec![CARLA]);
        facts.on_call.insert("database".to_owned(), Ok(vec![DAN]));
        let resolved = resolve(&approval(vec![spec.clone()]), &facts, &asking(FRANK, ANA));
        let expected: Vec<Approver> = found
            .iter()
            .map(|&person| Approver {
                person,
                why: why.clone(),
            })
            .collect();
        assert_eq!(resolved.approvers, expected, "{spec:?}");
        assert_eq!(resolved.source, Source::Primary);
    }
}

#[test]
fn somebody_named_twice_is_asked_once_for_the_first_reason() {
    let spec = approval(vec![
        people(&["hana"]),
        group("database-owners"),
        ApproverSpec::AppOwners,
    ]);
    let resolved = resolve(&spec, &company(), &asking(ANA, ANA));
    let found: Vec<(PersonId, &Why)> = resolved
        .approvers
        .iter()
        .map(|known| (known.person, &known.why))
        .collect();
    let owners = Why::Group("database-owners".to_owned());
    assert_eq!(found, [(HANA, &Why::Named), (CARLA, &owners), (DAN, &owners)]);
}

#[test]
fn nobody_decides_about_their_own_access_by_any_path() {
    // Ana is named, a member, an owner of both sorts, her own manager's stand-in and the last resort; and so is Frank,
    // who asks for her.
    let mut facts = company();
    facts.groups.insert("mine".to_owned(), vec![ANA, FRANK]);
    facts.app_owners = vec![ANA, FRANK];
    facts.entitlement_owners = vec![ANA, FRANK];
    facts.resource_owners = vec![ANA, FRANK];
    facts.on_call.insert("mine".to_owned(), Ok(vec![ANA, FRANK]));
    facts.people.get_mut(&ANA).expect("Ana").manager = Some(FRANK);
    // And the line ends with the two of them.
    facts.people.get_mut(&FRANK).expect("Frank").manager = Some(ANA);
    for spec in [
        people(&["ana", "frank"]),
        group("mine"),
        ApproverSpec::Manager,
        ApproverSpec::AppOwners,
        ApproverSpec::ResourceOwners,
        ApproverSpec::EntitlementOwners,
        ApproverSpec::OnCall("mine".to_owned()),
        expression("[subject.key, requester.key, 'group:mine']"),
    ] {
        let primary = approval(vec![spec.clone()]);
        assert_eq!(asked(&facts, &primary), (vec![ERIN], Source::LastResort), "{spec:?}");
        let fallback = Approval {
            fallback: vec![spec.clone()],
            ..approval(vec![group("nobody")])
        };
        assert_eq!(
            asked(&facts, &fallback),
            (vec![ERIN], Source::LastResort),
            "{spec:?} as fallback"
        );
        let allowed = Approval {
            self_approval: true,
            ..approval(vec![spec.clone()])
        };
        assert!(
            asked(&facts, &allowed)
                .0
                .iter()
                .all(|person| [ANA, FRANK].contains(person)),
            "{spec:?}"
        );
    }
    facts.last_resort = vec![ANA, FRANK];
    let allowed = Approval {
        self_approval: true,
        ..approval(vec![group("nobody")])
    };
    assert_eq!(
        asked(&facts, &allowed).0,
        [],
        "the last resort is never oneself, whatever the step allows"
    );
}

#[test]
fn the_subject_decides_only_where_the_policy_asks_the_subject() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Subject])]));
    assert_eq!(story.asked(), [ANA]);
    story.approves(ANA).expect("acknowledged");
    assert_eq!(story.word(), "approved");
    // In whatever order the policy names them, and by whatever else the subject is.
    for specs in [
        vec![group("engineers"), ApproverSpec::Subject],
        vec![ApproverSpec::Subject, group("engineers")],
    ] {
        let resolved = resolve(&approval(specs), &company(), &asking(ANA, ANA));
        let own = resolved
            .approvers
            .iter()
            .find(|known| known.person == ANA)
            .expect("Ana is asked");
        assert_eq!(own.why, Why::Subject);
    }
    // Whoever asks for somebody else is not the subject.
    let resolved = resolve(&approval(vec![ApproverSpec::Subject]), &company(), &asking(FRANK, ANA));
    assert!(resolved.approvers.iter().all(|known| known.person == ANA));
}

#[test]
fn whoever_does_not_take_part_is_not_asked() {
    type Change = fn(&mut Person);
    let changes: [(&str, Change); 4] = [
        ("suspended", |person| person.standing = Standing::Suspended),
        ("deleted", |person| person.standing = Standing::Deleted),
        ("a guest", |person| person.kind = Kind::Guest),
        ("a bot", |person| person.kind = Kind::Bot),
    ];
    for (what, change) in changes {
        let mut facts = company();
        change(facts.people.get_mut(&CARLA).expect("Carla"));
        assert_eq!(
            asked(&facts, &approval(vec![ApproverSpec::EntitlementOwners])).0,
            [DAN],
            "{what}"
        );
        facts.last_resort = vec![CARLA, GRACE];
        assert_eq!(asked(&facts, &approval(vec![])).0, [GRACE], "{what}, as last resort");
    }
}

#[test]
fn the_fallback_helps_out_then_the_last_resort() {
    let none = || approval(vec![group("nobody")]);
    let with = |fallback: &[&str]| Approval {
        fallback: vec![people(fallback)],
        ..none()
    };
    let mut facts = company();
    assert_eq!(
        asked(&facts, &with(&["grace", "hana"])),
        (vec![GRACE, HANA], Source::Fallback)
    );
    assert_eq!(asked(&facts, &with(&["ana"])), (vec![ERIN], Source::LastResort));
    assert_eq!(asked(&facts, &none()), (vec![ERIN], Source::LastResort));
    suspend(&mut facts, ERIN);
    assert_eq!(asked(&facts, &none()).0, []);
}

#[test]
fn a_quorum_that_cannot_be_reached_is_filled_up() {
    let two = |approvers| Approval {
        quorum: Quorum::AtLeast(2),
        ..approval(approvers)
    };
    assert_eq!(
        asked(&company(), &two(vec![ApproverSpec::Manager])),
        (vec![BOB, ERIN], Source::LastResort)
    );
    let with = Approval {
        fallback: vec![people(&["grace"])],
        ..two(vec![ApproverSpec::Manager])
    };
    assert_eq!(asked(&company(), &with), (vec![BOB, GRACE], Source::Fallback));
    let enough = Approval {
        fallback: vec![people(&["grace"])],
        ..two(vec![group("database-owners")])
    };
    assert_eq!(asked(&company(), &enough), (vec![CARLA, DAN, HANA], Source::Primary));
    // Where the whole organisation has fewer, as many as there are must agree; it does not wait for ever.
    let mut facts = company();
    facts.last_resort.clear();
    let mut story = Story::with(facts, ANA, ANA, steps([two(vec![ApproverSpec::Manager])]));
    assert_eq!(story.request.steps[0].needed(), 1);
    story.approves(BOB).expect("Bob may");
    assert_eq!(story.word(), "approved");
}

#[test]
fn when_nobody_in_the_organisation_could_decide_it_closes_with_the_cause() {
    let mut facts = company();
    facts.last_resort = vec![ANA];
    let mut story = Story::with(facts, ANA, ANA, steps([approval(vec![group("nobody")])]));
    assert_eq!(
        story.request.state,
        RequestState::Closed {
            cause: Cause::NobodyToAsk
        }
    );
    story.replays();

    let mut story2 = Story::of(steps([approval(vec![people(&["bob"])])]));
    suspend(&mut story2.facts, BOB);
    suspend(&mut story2.facts, ERIN);
    story2.look();
    assert_eq!(
        story2.request.state,
        RequestState::Closed {
            cause: Cause::NobodyToAsk
        }
    );
    assert_eq!(names(&story.after(hours(1))), [""; 0]);
}

#[test]
fn the_last_resort_is_an_alarm() {
    let mut story = Story::of(steps([approval(vec![people(&["bob"])])]));
    assert!(!story.request.is_alarming());
    suspend(&mut story.facts, BOB);
    assert_eq!(names(&story.look()), ["approvers_changed"]);
    assert_eq!(story.asked(), [ERIN]);
    assert!(story.request.is_alarming());
    story.facts.people.get_mut(&BOB).expect("Bob").standing = Standing::Active;
    story.look();
    assert_eq!(story.asked(), [BOB]);
    assert!(!story.request.is_alarming());
}

#[test]
fn distinct_steps_want_different_people() {
    let owners = || approval(vec![ApproverSpec::EntitlementOwners]);
    let mut story = Story::of(steps([
        owners(),
        Approval {
            distinct: true,
            ..owners()
        },
    ]));
    story.approves(CARLA).expect("Carla may");
    assert_eq!(story.asked(), [DAN]);
    assert_eq!(
        story.decides(CARLA, 1, Verdict::Approve, ""),
        Err(Refusal::NotAnApprover)
    );
    story.approves(DAN).expect("Dan may");
    assert_eq!(story.word(), "approved");

    // Where that leaves nobody, somebody else stands in; never the same person again.
    let manager = || approval(vec![ApproverSpec::Manager]);
    let mut story = Story::of(steps([
        manager(),
        Approval {
            distinct: true,
            ..manager()
        },
    ]));
    story.approves(BOB).expect("Bob may");
    assert_eq!(story.asked(), [ERIN]);
    let mut facts = company();
    facts.last_resort = vec![BOB];
    let mut story = Story::with(
        facts,
        ANA,
        ANA,
        steps([
            manager(),
            Approval {
                distinct: true,
                ..manager()
            },
        ]),
    );
    story.approves(BOB).expect("Bob may");
    assert_eq!(story.word(), "closed");
}

#[test]
fn a_manager_who_changes_takes_the_decision_along() {
    let mut story = Story::of(steps([approval(vec![ApproverSpec::Manager])]));
    story.facts.people.get_mut(&ANA).expect("Ana").manager = Some(DAN);
    story.look();
    assert_eq!(story.asked(), [DAN]);
    story.facts.people.get_mut(&ANA).expect("Ana").manager = None;
    story.look();
    assert_eq!((story.asked(), story.source()), (vec![ERIN], Source::LastResort));
}
