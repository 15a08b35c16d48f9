//! Who may break glass, and where.

use super::*;
use crate::domain::{condition::Condition, emergency::Who};

#[test]
fn the_toggle_is_for_those_the_settings_name() {
    let when = |source: &str| Who::When(Condition::parse(source).expect(source));
    let broken = Who::When(serde_json::from_value("subject.shoe_size > 40".into()).expect("any text"));
    let policy = PolicyId(9);
    for (who, ana, frank) in [
        (vec![], false, false),
        (vec![Who::Everyone], true, true),
        (vec![Who::Role(Role::Helpdesk)], false, true),
        (vec![Who::Group("engineers".to_owned())], true, false),
        (vec![when("requester.key == 'ana'")], true, false),
        (
            vec![
                when("'helpdesk' in requester.roles"),
                Who::Group("engineers".to_owned()),
            ],
            true,
            true,
        ),
        (vec![broken], false, false),
    ] {
        let rules = EmergencyRules {
            enabled: true,
            policy: Some(policy),
            max: None,
            who,
            drill: false,
        };
        for (person, may) in [(ANA, ana), (FRANK, frank)] {
            let facts = company();
            let scope = facts.scope(person, person, true, Length::For(3_600));
            let answer = rules.check(&facts.people[&person], &facts.groups_of(person), &scope);
            assert_eq!(
                answer,
                if may {
                    Ok(policy)
                } else {
                    Err(Refusal::EmergencyNotYours)
                },
                "{:?} {person}",
                rules.who
            );
        }
    }
}

#[test]
fn it_is_off_until_it_is_switched_on() {
    let facts = company();
    let scope = facts.scope(ANA, ANA, true, Length::NoEnd);
    let check = |rules: EmergencyRules| rules.check(&facts.people[&ANA], &[], &scope);
    let everyone = || vec![Who::Everyone];
    assert_eq!(check(EmergencyRules::default()), Err(Refusal::EmergencyNotOffered));
    let assigned = EmergencyRules {
        enabled: false,
        policy: Some(PolicyId(9)),
        max: None,
        who: everyone(),
        drill: false,
    };
    assert_eq!(
        check(assigned.clone()),
        Err(Refusal::EmergencyNotOffered),
        "assigning a policy does not enable it"
    );
    let without = EmergencyRules {
        enabled: true,
        policy: None,
        ..assigned.clone()
    };
    assert_eq!(check(without), Err(Refusal::EmergencyNotOffered));
    assert_eq!(
        check(EmergencyRules {
            enabled: true,
            ..assigned
        }),
        Ok(PolicyId(9))
    );
}

#[test]
fn a_drill_goes_leg_by_leg_and_stops_at_the_first_that_fails() {
    use crate::domain::drill::{Drill, Leg, Stands};
    let fresh = || Drill {
        id: 1,
        entitlement: EntitlementId(1),
        person: ANA,
        via: "operator".to_owned(),
        request: None,
        started_at: monday(),
        legs: Vec::new(),
        finished_at: None,
        ok: None,
    };
    let after = |seconds| monday() + TimeDelta::seconds(seconds);
    let mut drill = fresh();
    for (i, leg) in Leg::ALL.into_iter().enumerate() {
        let at = after(i64::try_from(i).expect("seven") * 10);
        assert_eq!(drill.current(), Some((leg, at)), "each begins where the last was over");
        assert!(
            !drill.take(Stands::Waiting, at + TimeDelta::seconds(9)),
            "it may take a little"
        );
        assert!(drill.take(Stands::Done(at + TimeDelta::seconds(10)), at + TimeDelta::seconds(11)));
    }
    assert_eq!((drill.current(), drill.trouble()), (None, None));
    drill.finish(after(80));
    assert_eq!(drill.ok, Some(true));

    let mut drill = fresh();
    assert!(drill.take(Stands::Done(after(1)), after(1)));
    assert!(
        drill.take(Stands::Waiting, after(1) + Leg::Notice.patience()),
        "nobody waits for ever"
    );
    assert_eq!(drill.current(), None);
    assert_eq!(drill.trouble().as_deref(), Some("notice: not within 2 minutes"));
    assert!(
        !drill.take(Stands::Done(after(500)), after(500)),
        "what failed stays failed"
    );
    drill.finish(after(500));
    assert_eq!(drill.ok, Some(false));
}
