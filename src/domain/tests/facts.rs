//! People: who takes part, who asks for whom, who sees what.

use super::*;

#[test]
fn only_employees_at_work_take_part() {
    for (standing, kind, part) in [
        (Standing::Active, Kind::Employee, true),
        (Standing::Suspended, Kind::Employee, false),
        (Standing::Deleted, Kind::Employee, false),
        (Standing::Active, Kind::Guest, false),
        (Standing::Active, Kind::Bot, false),
    ] {
        let person = Person {
            standing,
            kind,
            ..person(ANA, "Ana", None)
        };
        assert_eq!(person.takes_part(), part, "{standing:?} {kind:?}");
    }
}

#[test]
fn some_people_may_ask_for_others() {
    let ana = person(ANA, "Ana", None);
    let with = |role: Option<Role>| Person {
        roles: role.into_iter().collect(),
        ..person(BOB, "Bob", None)
    };
    for (role, may) in [
        (None, false),
        (Some(Role::Helpdesk), true),
        (Some(Role::RequestAdmin), true),
        (Some(Role::SuperAdmin), true),
        (Some(Role::AppAdmin), false),
        (Some(Role::Auditor), false),
    ] {
        assert_eq!(with(role).may_ask_for(&ana, false), may, "{role:?}");
        assert!(with(role).may_ask_for(&ana, true), "a manager, whatever else they are");
        assert!(with(role).may_ask_for(&with(role), false), "everyone for themselves");
    }
}

#[test]
fn some_people_see_everything() {
    for (role, sees) in [
        (Role::Helpdesk, false),
        (Role::RequestAdmin, true),
        (Role::AppAdmin, false),
        (Role::Auditor, true),
        (Role::SuperAdmin, true),
    ] {
        let person = Person {
            roles: [role].into(),
            ..person(ANA, "Ana", None)
        };
        assert_eq!(person.sees_everything(), sees, "{role:?}");
        assert_eq!(Role::from_name(role.name()), Some(role));
    }
    assert_eq!(Role::from_name("king"), None);
}
