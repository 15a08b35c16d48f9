//! How a request would be decided, told before anybody asks.

use crate::harness::story;
use c1::{
    cli::policy::table,
    usecases::explain::{Question, explain},
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
          1. Short access for engineers on call — if "on-call" in subject.groups && request.has_end && request.minutes <= 60: does not hold
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
