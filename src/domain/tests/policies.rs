//! Rules: the first that holds gives the steps.

use super::*;
use crate::domain::{
    condition::{Condition, NO_END_MINUTES, Scope},
    policy::{AtDeadline, Deadline, Policy, PolicyKind, Rule},
};

fn rule(name: &str, when: Option<&str>, steps: Vec<StepSpec>) -> Rule {
    let when = when.map(|source| Condition::parse(source).expect(source));
    Rule {
        name: name.to_owned(),
        when,
        steps,
    }
}

fn policy(rules: Vec<Rule>) -> Policy {
    Policy {
        id: PolicyId(1),
        key: "p".to_owned(),
        name: "P".to_owned(),
        kind: PolicyKind::Request,
        version: 7,
        rules,
    }
}

fn scope(length: Length) -> Scope {
    company().scope(FRANK, ANA, false, length)
}

fn pass() -> Vec<StepSpec> {
    vec![StepSpec::Approve { message: String::new() }]
}

#[test]
fn the_first_rule_that_holds_gives_the_steps() {
    let policy = policy(vec![
        rule("short", Some("request.minutes <= 60"), pass()),
        rule(
            "payments",
            Some("subject.team == 'Payments'"),
            steps([approval(vec![ApproverSpec::Manager])]),
        ),
        rule(
            "",
            None,
            vec![StepSpec::Deny {
                message: "No.".to_owned(),
            }],
        ),
    ]);
    for (length, expected) in [
        (Length::For(3_600), "short"),
        (Length::For(3_601), "payments"),
        (Length::For(86_400), "payments"),
        (Length::NoEnd, "payments"),
    ] {
        let plan = policy.plan(&scope(length));
        assert_eq!(plan.rule, expected, "{length:?}");
        assert_eq!(
            (plan.policy.as_str(), plan.policy_version, plan.alarm.as_deref()),
            ("p", 7, None)
        );
    }
    let mut other = scope(Length::NoEnd);
    other.subject.team = "Sales".to_owned();
    assert!(matches!(policy.plan(&other).steps.as_slice(), [StepSpec::Deny { .. }]));
}

#[test]
fn a_condition_sees_the_people_as_they_are() {
    let scope = scope(Length::NoEnd);
    for source in [
        "subject.key == 'ana' && subject.manager == 'bob' && 'engineers' in subject.groups",
        "requester.key == 'frank' && 'helpdesk' in requester.roles && requester.groups == []",
        "entitlement.key == 'write' && entitlement.resource == 'orders' && app.key == 'database'",
        "request.for_other && !request.emergency && !request.has_end",
    ] {
        assert_eq!(
            Condition::parse(source).expect(source).holds(&scope),
            Ok(true),
            "{source}"
        );
    }
    assert_eq!(scope.request.minutes, NO_END_MINUTES);
    let length = |seconds| company().scope(ANA, ANA, true, Length::For(seconds)).request.minutes;
    assert_eq!(
        [length(1), length(60), length(61), length(3_600)],
        [1, 1, 2, 60],
        "rounded up: a limit is a limit"
    );
}

#[test]
fn what_cannot_be_evaluated_or_says_nothing_goes_to_the_last_resort_with_an_alarm() {
    let broken: Condition = serde_json::from_value("subject.shoe_size > 40".into()).expect("any text");
    for (what, rules) in [
        (
            "broken",
            vec![
                Rule {
                    name: "shoes".to_owned(),
                    when: Some(broken),
                    steps: pass(),
                },
                rule("", None, pass()),
            ],
        ),
        ("none applies", vec![rule("never", Some("false"), pass())]),
        ("no rules", vec![]),
        ("no steps", vec![rule("hole", None, vec![])]),
    ] {
        let plan = policy(rules).plan(&scope(Length::NoEnd));
        assert!(plan.alarm.is_some(), "{what}");
        let mut event = submitted(ANA, ANA, vec![]);
        if let Event::Submitted { plan: frozen, .. } = &mut event {
            *frozen = plan;
        }
        let mut request = Request::submitted(RequestId(1), &event, monday()).expect("a submission");
        request.proceed(&company(), monday());
        let (_, step) = request.current().expect("somebody has to decide");
        assert_eq!(
            step.approvers.iter().map(|known| known.person).collect::<Vec<_>>(),
            [ERIN],
            "{what}"
        );
        assert_eq!(step.source, Source::LastResort);
        assert!(request.is_alarming());
    }
}

#[test]
fn a_policy_says_whom_it_names() {
    let deciders = |approvers, fallback| {
        StepSpec::Approval(Approval {
            fallback,
            ..approval(approvers)
        })
    };
    let policy = policy(vec![
        rule(
            "",
            Some("true"),
            vec![deciders(
                vec![group("a"), people(&["ana"])],
                vec![group("b"), people(&["bob"])],
            )],
        ),
        rule(
            "",
            None,
            vec![
                StepSpec::Approve { message: String::new() },
                deciders(vec![group("c"), expression("subject.manager")], vec![]),
                StepSpec::Approval(Approval {
                    deadline: vec![Deadline {
                        after: 60,
                        then: AtDeadline::Ask(vec![group("d"), ApproverSpec::OnCall("database".to_owned())]),
                    }],
                    ..approval(vec![])
                }),
            ],
        ),
    ]);
    assert_eq!(policy.named().groups, ["a", "b", "c", "d"]);
    assert_eq!(policy.named().people, ["ana", "bob"]);
    assert_eq!(policy.named().rotations, ["database"]);
    assert_eq!(policy.named().expressions.len(), 1);
    let plan = policy.plan(&scope(Length::NoEnd));
    assert_eq!(plan.named().groups, ["a", "b"]);
    assert_eq!(plan.named().people, ["ana", "bob"]);
    assert!(plan.named().rotations.is_empty());
    let both = plan.named().and(policy.named());
    assert_eq!(both.groups, ["a", "b", "a", "b", "c", "d"]);
}
