//! How a request would be decided, told before anybody asks.

use crate::harness::{company, form, story};
use c1::{
    catalog_files::{self, expectations},
    cli::policy::{differences, results, table},
    db,
    domain::{dry_run::DryRun, length::Length},
    usecases::{
        explain::{Question, explain, explain_in},
        replay::replay,
        test_policy::test_policies,
    },
};
use insta::assert_snapshot;

#[test]
fn it_says_which_rule_who_and_who_not_and_why() {
    story(async |w| {
        let at = c1::clock::Clock::now(w.clock.as_ref());
        let question = |subject: &str, requester: Option<&str>, entitlement: &str| Question {
            subject: subject.to_owned(),
            requester: requester.map(str::to_owned),
            entitlement: entitlement.to_owned(),
            length: None,
            emergency: false,
            at,
        };
        let told = explain(&w.system, &question("jun", Some("bob"), "github/payments-admin"))
            .await
            .unwrap();
        assert_snapshot!(table(&told), @r#"
        Policy manager-then-owner
          1. Short access for engineers on call — if "on-call" in subject.groups && request.has_end && request.minutes <= 60: does not hold: "on-call" in subject.groups and request.minutes <= 60 are false
          2. Everybody else: matches

        Step 1 “Manager”: 1 of 1
          + grace            Grace Gao            next in the line of managers
          - bob              Bob Brandt           asks for it

        Step 2 “Owner”: 1 of 2
          + carla            Carla Conti          owns the entitlement
          + erin             Erin Eze             owns the entitlement
          ! nobody who approved an earlier step

        3 messages to those who decide
        "#);
        let told = explain(&w.system, &question("kofi", None, "prod-db/write"))
            .await
            .unwrap();
        assert_eq!(told.messages, 2);
        assert_eq!(told.steps[0].left_out[0].why, "it is their own access");
        let told = explain(&w.system, &question("ana", None, "salesforce/nothing")).await;
        assert!(matches!(told, Err(c1::usecases::Error::NotFound)));
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn files_that_are_not_applied_come_to_what_the_database_comes_to() {
    story(async |w| {
        let at = c1::clock::Clock::now(w.clock.as_ref());
        let stored = db::organisation::stored(&w.system.db).await.unwrap().organisation;
        let people = db::people::everyone(&w.system.db).await.unwrap();
        let run = DryRun::of(stored.clone(), people.into_values());
        let mut compared = 0;
        for subject in stored.people.keys() {
            for path in stored.entitlements.keys() {
                let question = |requester: Option<&str>, length, emergency| Question {
                    subject: subject.clone(),
                    requester: requester.map(str::to_owned),
                    entitlement: path.clone(),
                    length,
                    emergency,
                    at,
                };
                for question in [
                    question(None, None, false),
                    question(None, Some(Length::For(1800)), true),
                    question(Some("frank"), Some(Length::For(40 * 24 * 3600)), false),
                    question(Some("bob"), None, false),
                ] {
                    let applied = explain(&w.system, &question).await.unwrap();
                    let not_applied = explain_in(&run, &question).unwrap();
                    assert_eq!(
                        serde_json::to_value(&applied).unwrap(),
                        serde_json::to_value(&not_applied).unwrap(),
                        "{question:?}"
                    );
                    compared += 1;
                }
            }
        }
        assert!(compared > 500, "{compared}");
    });
}

#[test]
fn what_a_company_expects_of_its_policies_is_held_against_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/company");
    let organisation = catalog_files::read(folder.as_ref())
        .unwrap()
        .check()
        .unwrap()
        .organisation;
    let run = DryRun::of(organisation, []);
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/expectations.yaml");
    let tested = test_policies(&run, expectations::read(path.as_ref(), &run, now).unwrap()).unwrap();
    assert!(tested.len() >= 9);
    assert!(
        tested.iter().all(|tested| tested.wrong.is_empty()),
        "{}",
        results(path, &tested)
    );

    let wrong = "
- name: Somebody else
  ask: { subject: ana, entitlement: prod-db/orders-write }
  expect:
    policy: owner
    rule: The database team itself
    steps: [{ name: Lead, asks: [bob, grace], needed: 2 }]
    never: [dan]
- ask: { subject: carla, entitlement: prod-db/orders-write, length: 4h, emergency: true }
  expect: { steps: [{ asks: [dan] }] }
- ask: { subject: jun, entitlement: prod-db/orders-write, emergency: true }
  expect: { never: [bob] }
- ask: { subject: jun, entitlement: github/payments-write }
  given: { away: { bob: jun } }
  expect: { steps: [{ asks: [bob] }] }
- ask: { subject: jun, entitlement: github/access }
  expect: { refused: already_held }
";
    let tested = test_policies(&run, expectations::check("x.yaml", wrong, &run, now).unwrap()).unwrap();
    assert_snapshot!(results("x.yaml", &tested), @r#"
    ✗ Somebody else
        x.yaml:2
        expected the policy “owner”; it is “manager-then-owners”
        expected the rule “The database team itself”; it is “(no name)”
        expected 1 step; there are 2: asks bob, then asks 1 of carla, dan
        step 1: expected the name “Lead”; it is “Manager”
        step 1: expected that it asks bob, grace; it asks bob
        step 1: expected that 2 must approve; it is 1
        step 2 asks dan, and never should: owns the entitlement
    ✗ carla, prod-db/orders-write, 4h, emergency
        x.yaml:9
        it is refused (length_too_long): That is too long; at most 2 hours can be asked for.
    ✗ jun, prod-db/orders-write, emergency
        x.yaml:11
        it is refused (emergency_not_yours): You are not among the people who may use emergency access here.
    ✗ jun, github/payments-write
        x.yaml:13
        step 1: expected that it asks bob; it asks grace (not bob: away, and Jun Jeong may not stand in here)
    ✗ jun, github/access
        x.yaml:16
        expected the refusal already_held; it is not refused

    5 of 5 not as expected.
    "#);
}

#[test]
fn a_mistake_in_what_is_expected_is_shown_where_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/company");
    let organisation = catalog_files::read(folder.as_ref())
        .unwrap()
        .check()
        .unwrap()
        .organisation;
    let run = DryRun::of(organisation, []);
    let text = "
- ask: { subject: anna, entitlement: prod-db/orders-writ, length: soon, at: monday }
  given: { away: { bobb: ana }, on_call: { platfrm: [leila] } }
  expect: { policy: ownr, steps: [sleeps] }
- ask: { subject: ana, entitlement: github/access }
  expect: {}
- ask: { subject: ana, entitlement: github/access }
  expect: { refused: already_held, never: [bob] }
";
    let problems = expectations::check("x.yaml", text, &run, "2026-03-02T09:00:00Z".parse().unwrap()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_snapshot!(told.join("\n"), @r#"
    x.yaml:2:19: the person `anna` does not exist; did you mean `ana`?
      2 | - ask: { subject: anna, entitlement: prod-db/orders-writ, length: soon, at: monday }
        |                   ^
    x.yaml:2:38: the entitlement `prod-db/orders-writ` does not exist; did you mean `prod-db/orders-write`?
      2 | - ask: { subject: anna, entitlement: prod-db/orders-writ, length: soon, at: monday }
        |                                      ^
    x.yaml:2:67: “soon” is not a length. Please write something like 90m, 12h or 1w2d
      2 | - ask: { subject: anna, entitlement: prod-db/orders-writ, length: soon, at: monday }
        |                                                                   ^
    x.yaml:2:77: a time is written like 2026-12-01T09:00:00Z
      2 | - ask: { subject: anna, entitlement: prod-db/orders-writ, length: soon, at: monday }
        |                                                                             ^
    x.yaml:3:26: the person `bobb` does not exist; did you mean `bob`?
      3 |   given: { away: { bobb: ana }, on_call: { platfrm: [leila] } }
        |                          ^
    x.yaml:3:53: the rotation `platfrm` does not exist; did you mean `platform`?
      3 |   given: { away: { bobb: ana }, on_call: { platfrm: [leila] } }
        |                                                     ^
    x.yaml:4:21: the policy `ownr` does not exist; did you mean `owner`?
      4 |   expect: { policy: ownr, steps: [sleeps] }
        |                     ^
    x.yaml:4:35: a step is `passes`, `refuses`, `waits` or `{ asks: [ana] }`
      4 |   expect: { policy: ownr, steps: [sleeps] }
        |                                   ^
    x.yaml:6:11: say what is expected: `policy`, `rule`, `steps`, `never` or `refused`
      6 |   expect: {}
        |           ^
    x.yaml:8:11: what is refused comes to no policy, rule or step
      8 |   expect: { refused: already_held, never: [bob] }
        |           ^
    "#);
    let problems = expectations::check("x.yaml", "- aks: {}", &run, "2026-03-02T09:00:00Z".parse().unwrap());
    assert!(problems.unwrap_err().to_string().contains("did you mean `ask`?"));
}

#[test]
fn last_months_requests_are_held_against_a_changed_policy() {
    story(async |w| {
        for (person, app, access) in [
            ("ana", "GitHub", "payments / Write"),
            ("jun", "GitHub", "payments / Write"),
            ("bob", "GitHub", "Access"),
        ] {
            form(app, access).reason("To ship it").sent_by(&w.person(person)).await;
        }
        w.settle().await;
        let since = c1::clock::Clock::now(w.clock.as_ref()) - chrono::TimeDelta::days(30);
        let same = company::with(&[]).check().unwrap().organisation;
        let replayed = replay(&w.system, same, since).await.unwrap();
        assert_eq!((replayed.looked_at, replayed.differences.len()), (3, 0));

        let policies = company::policies_with(
            "manager",
            "
- name: Together with security
  steps:
    - { name: Manager, approvers: [manager] }
    - { name: Security, approvers: ['group:security'], quorum: 2 }
",
        );
        let changed = company::with(&[("policies.yaml", &policies)])
            .check()
            .unwrap()
            .organisation;
        let replayed = replay(&w.system, changed, since).await.unwrap();
        assert_snapshot!(differences(&replayed), @r#"
        3 requests, of which 2 would have gone another way

        github/payments-write  ×2
          rule: (no name)  →  Together with security
          steps: asks bob  →  asks bob, then asks 2 of erin, milan
          #2 jun (open), #1 ana (open)
        "#);
        let later = c1::clock::Clock::now(w.clock.as_ref()) + chrono::TimeDelta::days(1);
        let replayed = replay(&w.system, company::with(&[]).check().unwrap().organisation, later)
            .await
            .unwrap();
        assert_eq!(replayed.looked_at, 0);
    });
}
