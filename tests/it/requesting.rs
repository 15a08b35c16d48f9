//! Asking for access.

use crate::harness::{chooses, everything, form, message, story};
use simulator::{ProfileChange, SubmitOutcome};

#[test]
fn an_engineer_asks_and_an_owner_lets_her_in() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read")
            .length("4 hours")
            .reason("INC-42 needs a look")
            .sent_by(&ana)
            .await;
        w.settle().await;

        let confirmation = message(&ana, "You have created a new access request");
        assert!(
            confirmation.text().contains("Awaiting approval from @Carla Conti + 2"),
            "{}",
            confirmation.text()
        );
        let card = message(&carla, "INC-42 needs a look");
        assert!(
            card.text().contains("[Approve]") && card.text().contains("[Deny]"),
            "{}",
            card.text()
        );

        carla.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await, "the access works");
        for person in ["carla", "dan", "kofi"] {
            let text = everything(&w.person(person));
            assert!(!text.contains("[Approve]"), "no live button is left:\n{text}");
        }
        let confirmation = message(&ana, "You have created a new access request");
        assert!(confirmation.text().contains("Carla Conti"), "{}", confirmation.text());
        assert!(confirmation.text().contains("I'm done"), "{}", confirmation.text());
    });
}

#[test]
fn words_after_the_command_fill_the_form_in() {
    story(async |w| {
        let ana = w.person("ana");
        ana.runs("general", "/c1 request github admin").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("payments / Admin") && text.contains("Will be asked"),
            "{text}"
        );
        ana.closes().await.unwrap();

        ana.runs("general", "/c1 request prod").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(text.contains("please choose"), "several fit, so she chooses: {text}");
        assert!(
            text.contains("Production database"),
            "the app of that name, not AWS / production: {text}"
        );
        ana.closes().await.unwrap();

        ana.runs("general", "/c1 request teleporter").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(
            text.contains("Nothing you may ask for is called “teleporter”"),
            "{text}"
        );
    });
}

#[test]
fn another_app_forgets_the_entitlement_and_keeps_what_was_typed() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read")
            .reason("a long story, typed once")
            .filled_by(&ana)
            .await;
        chooses(&ana, "Which app do you need?", "Grafana").await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(text.contains("a long story, typed once"), "{text}");
        assert!(!text.contains("Read"), "{text}");
        assert!(
            matches!(ana.submits().await.unwrap(), SubmitOutcome::Errors(_)),
            "nothing is chosen yet"
        );
        chooses(&ana, "What access do you need?", "Edit").await;
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert!(everything(&ana).contains("Grafana"), "{}", everything(&ana));
    });
}

#[test]
fn what_is_asked_for_or_held_is_refused_inside_the_form() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        let said = form("Production database", "⏳ Read").refused_for(&ana).await;
        assert_eq!(said, "There is already an open request for this: #1.");
        let shown = ana.modal().unwrap().text().to_owned();
        assert!(
            shown.contains("There is already an open request for this: #1"),
            "{shown}"
        );
        ana.closes().await.unwrap();

        carla.clicks(&message(&carla, "asks"), "Approve").await.unwrap();
        w.settle().await;
        let said = form("Production database", "✅ Read").refused_for(&ana).await;
        assert_eq!(said, "You already have this access.");
    });
}

#[test]
fn only_what_a_person_may_see_is_offered() {
    story(async |w| {
        let qin = w.person("qin");
        qin.runs("general", "/c1 request").await.unwrap();
        w.until("the form is open", async || qin.modal().is_some()).await;
        let apps = qin.searches("Which app do you need?", "").await.unwrap();
        let names: Vec<&str> = apps.iter().map(|app| app.text.as_str()).collect();
        assert_eq!(names, ["Figma", "Grafana", "Okta", "Payroll", "Salesforce"]);
        chooses(&qin, "Which app do you need?", "Grafana").await;
        let offered = qin.searches("What access do you need?", "").await.unwrap();
        assert_eq!(offered.len(), 1, "editing is for engineers: {offered:?}");
    });
}

#[test]
fn lengths_that_cannot_be_had_are_refused_in_words() {
    story(async |w| {
        let ana = w.person("ana");
        for (wrote, said) in [
            (
                "-3d",
                "“-3d” is not a length. Please write something like 90m, 12h or 1w2d.",
            ),
            (
                "soon",
                "“soon” is not a length. Please write something like 90m, 12h or 1w2d.",
            ),
            ("9999y", "That is too long; at most 10 years can be asked for."),
            ("2d", "That is too long; at most 1 day can be asked for."),
            (
                "no end",
                "This access always has an end; at most 1 day can be asked for.",
            ),
        ] {
            assert_eq!(
                form("Production database", "Read")
                    .custom(wrote)
                    .refused_for(&ana)
                    .await,
                said
            );
            let kept = ana.modal().unwrap().text().to_owned();
            assert!(
                kept.contains(wrote) && kept.contains("INC-42"),
                "nothing typed is lost: {kept}"
            );
            ana.closes().await.unwrap();
        }
        form("Production database", "Read").custom("90m").sent_by(&ana).await;
        w.settle().await;
        assert!(everything(&ana).contains("1 hour 30 minutes"), "{}", everything(&ana));
    });
}

#[test]
fn some_people_ask_for_others() {
    story(async |w| {
        let (bob, frank, ana, jun) = (w.person("bob"), w.person("frank"), w.person("ana"), w.person("jun"));
        ana.runs("general", "/c1 request").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        assert!(
            !ana.modal().unwrap().text().contains("Who needs access?"),
            "Ana has nobody under her"
        );
        ana.closes().await.unwrap();

        form("AWS", "production / View").subject("jun").sent_by(&bob).await;
        w.settle().await;
        assert!(
            w.target_has("aws", "view", "jun").await,
            "a manager asks for his people"
        );
        assert!(
            everything(&jun).contains("AWS"),
            "whom it is for is told: {}",
            everything(&jun)
        );

        form("Okta", "Group admin").filled_by(&bob).await;
        chooses(&bob, "Who needs access?", "erin").await;
        let SubmitOutcome::Errors(errors) = bob.submits().await.unwrap() else {
            panic!("it is refused")
        };
        assert!(
            errors
                .values()
                .any(|said| said == "You may not ask for access on behalf of Erin Eze."),
            "{errors:?}"
        );

        form("Okta", "Group admin").subject("ivan").sent_by(&frank).await;
        w.settle().await;
        assert!(
            everything(&w.person("hana")).contains("Ivan Ilic"),
            "helpdesk asks for anyone"
        );
    });
}

#[test]
fn the_emergency_toggle_is_for_some_and_routes_otherwise() {
    story(async |w| {
        let (ana, jun) = (w.person("ana"), w.person("jun"));
        form("Production database", "Read").filled_by(&jun).await;
        assert!(
            !jun.modal().unwrap().text().contains("Emergency access"),
            "Jun is not on call"
        );

        form("Production database", "Read")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&ana)
            .await;
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await, "given at once");
        assert!(everything(&ana).contains('⚡'), "{}", everything(&ana));
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE emergency").await,
            w.count("SELECT count(*) FROM audit").await
        );
        let longest: i64 = w.count("SELECT length FROM requests").await;
        assert_eq!(longest, 7_200, "an emergency has its own maximum");
    });
}

#[test]
fn rules_choose_the_steps() {
    story(async |w| {
        let (ana, jun, ivan, qin) = (w.person("ana"), w.person("jun"), w.person("ivan"), w.person("qin"));
        form("GitHub", "Access").sent_by(&jun).await;
        w.settle().await;
        assert!(w.target_has("github", "access", "jun").await, "passes by itself");

        form("AWS", "production / Power user")
            .length("1 hour")
            .filled_by(&ana)
            .await;
        let preview = ana.modal().unwrap().text().to_owned();
        assert!(
            !preview.contains("Bob Brandt"),
            "on call and short: the owner alone: {preview}"
        );
        ana.closes().await.unwrap();
        form("AWS", "production / Power user")
            .length("1 hour")
            .filled_by(&jun)
            .await;
        let preview = jun.modal().unwrap().text().to_owned();
        assert!(
            preview.contains("Bob Brandt") && preview.contains("Kofi Kuma"),
            "manager, then owner: {preview}"
        );
        jun.closes().await.unwrap();

        form("Payroll", "View").sent_by(&qin).await;
        w.settle().await;
        assert!(
            everything(&qin).contains("Payroll is for the finance team only."),
            "{}",
            everything(&qin)
        );
        form("Payroll", "View").sent_by(&ivan).await;
        w.settle().await;
        assert!(
            everything(&w.person("noor")).contains("[Approve]"),
            "finance decides about finance"
        );
    });
}

#[test]
fn a_shortcut_opens_the_form_and_a_message_carries_its_link() {
    story(async |w| {
        let ana = w.person("ana");
        ana.global_shortcut("request_access").await.unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        ana.closes().await.unwrap();
        let about = w
            .person("kofi")
            .says("engineering", "the database is on fire")
            .await
            .unwrap();
        ana.message_shortcut(about.clone(), "request_access_about")
            .await
            .unwrap();
        w.until("the form is open", async || ana.modal().is_some()).await;
        let link = format!("p{}", about.ts.replace('.', ""));
        assert!(
            ana.modal().unwrap().text().contains(&link),
            "{}",
            ana.modal().unwrap().text()
        );
    });
}

#[test]
fn the_form_opens_at_once_even_while_the_database_is_busy() {
    story(async |w| {
        let ana = w.person("ana");
        ana.runs("general", "/c1 request").await.unwrap();
        w.until("she has been here", async || ana.modal().is_some()).await;
        ana.cancels().await.unwrap();
        w.settle().await;

        let mut busy = w.pool.begin().await.unwrap();
        sqlx::query("LOCK TABLE people, slack_identities IN ACCESS EXCLUSIVE MODE")
            .execute(&mut *busy)
            .await
            .unwrap();
        ana.runs("general", "/c1 request").await.unwrap();
        w.until("a form", async || ana.modal().is_some()).await;
        let form = ana.modal().unwrap();
        assert!(form.text().contains("Which app do you need?"), "{}", form.text());
        busy.rollback().await.unwrap();
        ana.cancels().await.unwrap();
    });
}

#[test]
fn whoever_has_just_left_sees_no_form() {
    story(async |w| {
        let ana = w.person("ana");
        ana.runs("general", "/c1 request").await.unwrap();
        w.until("she has been here", async || ana.modal().is_some()).await;
        ana.cancels().await.unwrap();
        w.settle().await;
        ana.changes_profile(ProfileChange {
            deleted: Some(true),
            ..ProfileChange::default()
        })
        .await
        .unwrap();
        w.settle().await;
        // Whatever her client still sends.
        let _refused = ana.runs("general", "/c1 request").await;
        w.settle().await;
        assert!(
            ana.modal().is_none(),
            "{:?}",
            ana.modal().map(|form| form.text().to_owned())
        );
    });
}

#[test]
fn a_toggle_that_was_set_before_the_access_changed_is_refused_when_it_is_sent() {
    story(async |w| {
        let ana = w.person("ana");
        let sent = async || match ana.submits().await.unwrap() {
            SubmitOutcome::Errors(errors) => errors.values().cloned().collect::<Vec<_>>().join(" | "),
            other => panic!("it is refused: {other:?}"),
        };
        form("Production database", "Read")
            .emergency()
            .reason("customers cannot pay")
            .filled_by(&ana)
            .await;
        let file = |name: &str| std::fs::read_to_string(crate::harness::company::folder().join(name)).unwrap();
        let off = file("apps/prod-db.yaml").replace(
            "enabled: true, policy: break-glass",
            "enabled: false, policy: break-glass",
        );
        w.files_say(&[("apps/prod-db.yaml", &off)]).await;
        assert_eq!(sent().await, "This access cannot be had as an emergency.");
        // It can again, but she is on call no more.
        let others = file("groups.yaml").replace("members: [ana, kofi]", "members: [kofi]");
        w.files_say(&[("groups.yaml", &others)]).await;
        let said = sent().await;
        assert!(
            said.contains("not among the people who may use emergency access"),
            "{said}"
        );
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn a_toggle_goes_with_the_access_it_was_set_for() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read").emergency().filled_by(&ana).await;
        chooses(&ana, "Which app do you need?", "Figma").await;
        chooses(&ana, "What access do you need?", "Edit").await;
        let text = ana.modal().unwrap().text().to_owned();
        assert!(!text.contains("mergency"), "{text}");
        assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE NOT emergency").await, 1);
        assert_eq!(w.count("SELECT count(*) FROM audit WHERE emergency").await, 0);
    });
}
