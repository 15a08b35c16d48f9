//! What happens when nobody decides, and steps in which nobody does.

use crate::harness::{everything, form, message, policies_with, story};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn one_group_after_the_other_joins_until_somebody_acts() {
    story(async |w| {
        w.policy_says(
            "owner",
            "
- steps:
    - name: Owner
      approvers: [carla]
      deadline:
        - { after: 1h, then: { ask: [group:security] } }
        - { after: 2h, then: { ask: [manager] } }
        - { after: 4h, then: cancel }
",
        )
        .await;
        let ana = w.person("ana");
        form("Production database", "Read")
            .reason("slow day")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let asked = |name: &str| everything(&w.person(name)).contains("[Approve]");
        assert!(asked("carla") && !asked("milan") && !asked("bob"));
        w.after(HOUR).await;
        assert!(asked("carla") && asked("milan") && asked("erin") && !asked("bob"));
        w.after(HOUR).await;
        assert!(asked("carla") && asked("bob"));
        w.after(2 * HOUR).await;
        assert!(!asked("carla") && !asked("milan") && !asked("bob"));
        let card = message(&ana, "You have created");
        assert!(
            card.text().contains("Cancelled: nobody decided in time"),
            "{}",
            card.text()
        );
        let thread = ana.thread(&card);
        assert!(
            thread
                .iter()
                .any(|line| line.text().contains("The policy cancelled the request")),
            "{thread:?}"
        );
    });
}

#[test]
fn a_skipped_step_says_so_and_is_no_approval() {
    story(async |w| {
        w.policy_says(
            "owner",
            "
- steps:
    - name: A second look
      approvers: [carla]
      deadline: { after: 1h, then: skip }
    - name: Security
      approvers: [group:security]
",
        )
        .await;
        let (ana, carla, milan) = (w.person("ana"), w.person("carla"), w.person("milan"));
        form("Production database", "Read")
            .reason("slow day")
            .sent_by(&ana)
            .await;
        w.settle().await;
        w.after(HOUR).await;
        let card = message(&ana, "You have created");
        assert!(
            card.text().contains("A second look* — skipped, nobody decided in time"),
            "{}",
            card.text()
        );
        assert!(!message(&carla, "slow day").text().contains("[Approve]"));
        milan.clicks(&message(&milan, "slow day"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 1);
    });
}

#[test]
fn a_plan_that_was_only_skipped_goes_to_the_last_resort() {
    story(async |w| {
        w.policy_says(
            "owner",
            "[{ steps: [{ name: Owner, approvers: [carla], deadline: { after: 1h, then: skip } }] }]",
        )
        .await;
        let (ana, erin) = (w.person("ana"), w.person("erin"));
        form("Production database", "Read")
            .reason("slow day")
            .sent_by(&ana)
            .await;
        w.settle().await;
        w.after(24 * HOUR).await;
        assert!(!w.target_has("prod-db", "read", "ana").await, "nobody has approved");
        let card = message(&erin, "slow day");
        assert!(card.text().contains("Why you: nobody else is left"), "{}", card.text());
        erin.types_in(&card, "decision_reason", "looked at it").await.unwrap();
        erin.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        let text = message(&ana, "You have created").text().to_owned();
        assert!(text.contains("Last resort"), "{text}");
    });
}

#[test]
fn a_wait_is_shown_and_ends_by_time_or_by_what_it_waits_for() {
    story(async |w| {
        let policies = policies_with(
            "owner",
            r#"
- steps:
    - wait: 2h
      name: Cool down
    - name: Training
      wait: { until: "'finance' in subject.groups", at_most: 1d, then: deny }
    - name: Owner
      approvers: [carla]
"#,
        );
        w.files_say(&[("policies.yaml", &policies)]).await;
        let (ana, jun, carla) = (w.person("ana"), w.person("jun"), w.person("carla"));
        form("Production database", "Read").reason("hers").sent_by(&ana).await;
        form("Production database", "Read").reason("his").sent_by(&jun).await;
        w.settle().await;
        let text = message(&ana, "You have created").text().to_owned();
        assert!(
            text.contains("Waiting, at most until") && text.contains("Cool down"),
            "{text}"
        );
        assert!(carla.dm().is_empty(), "{}", everything(&carla));
        w.after(2 * HOUR).await;
        assert!(carla.dm().is_empty(), "{}", everything(&carla));
        // Ana has had her training.
        let groups = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/company/groups.yaml"))
            .unwrap()
            .replace("members: [noor, ivan]", "members: [noor, ivan, ana]");
        w.files_say(&[("groups.yaml", &groups), ("policies.yaml", &policies)])
            .await;
        carla.clicks(&message(&carla, "hers"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        // Jun has not, and a day is over.
        w.after(24 * HOUR).await;
        let text = message(&jun, "You have created").text().to_owned();
        assert!(text.contains("Denied automatically"), "{text}");
        assert!(text.contains("What it had to wait for did not come in time."), "{text}");
    });
}
