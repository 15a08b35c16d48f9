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
