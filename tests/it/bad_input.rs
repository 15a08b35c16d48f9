//! What people and programs send that nobody should: each gets a clear answer, and nothing is lost or broken.

use crate::harness::{everything, form, message, story};
use simulator::{ProfileChange, SeedPerson, SubmitOutcome};

fn newcomer(name: &str) -> SeedPerson {
    SeedPerson {
        name: name.to_owned(),
        real_name: name.to_owned(),
        email: format!("{name}@example.com"),
        ..SeedPerson::default()
    }
}

#[test]
fn guests_and_strangers_ask_for_nothing() {
    story(async |w| {
        let guest = w.slack.joins(SeedPerson {
            is_restricted: true,
            ..newcomer("gast")
        });
        w.settle().await;
        let answer = guest.runs("general", "/c1 request").await.unwrap();
        assert!(guest.modal().is_some() || !answer.text().is_empty());
        if guest.modal().is_some() {
            guest.closes().await.unwrap();
        }
        let colleague = w.slack.joins(newcomer("vera"));
        w.settle().await;
        colleague.runs("general", "/c1 request").await.unwrap();
        w.until("whoever has just joined can ask", async || colleague.modal().is_some())
            .await;
        let apps = colleague.searches("Which app do you need?", "").await.unwrap();
        assert!(!apps.is_empty());
    });
}

#[test]
fn nobody_asks_for_guests_or_for_people_who_left() {
    story(async |w| {
        let frank = w.person("frank");
        w.slack.joins(SeedPerson {
            is_restricted: true,
            ..newcomer("gast")
        });
        w.settle().await;
        let said = form("Figma", "Edit").subject("gast").refused_for(&frank).await;
        assert_eq!(said, "gast cannot ask for, receive or decide about access here.");
        frank.closes().await.unwrap();
        w.person("olga")
            .changes_profile(ProfileChange {
                deleted: Some(true),
                ..ProfileChange::default()
            })
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn a_reason_may_be_anything_and_stays_what_it_is() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        let reasons = [
            ("ampersands", "&".repeat(2_000)),
            ("right to left", "שלום \u{202e}txt.exe مرحبا".to_owned()),
            (
                "pings",
                "<!channel> <!here> @everyone <https://evil.example|bank.example>".to_owned(),
            ),
            (
                "markup",
                "*bold* _it_ `code` <@U0ERIN000> :tada: \"quotes\" \\ \u{0}".to_owned(),
            ),
        ];
        for (what, reason) in reasons {
            form("Production database", "Read")
                .reason(reason.clone())
                .sent_by(&ana)
                .await;
            w.settle().await;
            let stored: String = sqlx::query_scalar("SELECT justification FROM requests ORDER BY id DESC LIMIT 1")
                .fetch_one(&w.pool)
                .await
                .unwrap();
            assert_eq!(stored, reason.replace('\u{0}', "").trim(), "{what} are stored as typed");
            let card = carla.dm().pop().unwrap();
            for markup in marked_up(card.json()) {
                assert!(
                    !markup.contains("<!channel>") && !markup.contains("<!here>"),
                    "{what}: {markup}"
                );
            }
            let id: i64 = w.count("SELECT max(id) FROM requests").await;
            let answer = ana.runs("general", &format!("/c1 cancel {id}")).await.unwrap();
            ana.clicks(answer.ephemeral.as_ref().unwrap(), "Cancel request")
                .await
                .unwrap();
            w.settle().await;
        }
    });
}

#[test]
fn a_reason_of_nothing_visible_is_no_reason() {
    story(async |w| {
        let ana = w.person("ana");
        for nothing in ["\u{200b}\u{200b}", " \u{2060} \u{feff}", "\u{ad}"] {
            let said = form("Production database", "Read")
                .reason(nothing)
                .refused_for(&ana)
                .await;
            assert_eq!(said, "Please give a reason.");
            ana.closes().await.unwrap();
        }
    });
}

#[test]
fn a_form_whose_entitlement_is_gone_says_so() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read").filled_by(&ana).await;
        sqlx::query("UPDATE entitlements SET active = false WHERE key = 'read'")
            .execute(&w.pool)
            .await
            .unwrap();
        let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
            panic!("it is refused")
        };
        assert_eq!(
            errors.values().next().unwrap(),
            "This access is not offered (any more)."
        );
        assert!(ana.modal().unwrap().text().contains("INC-42"), "nothing typed is lost");
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn a_toggle_that_is_no_longer_allowed_is_refused() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read").emergency().filled_by(&ana).await;
        sqlx::query("UPDATE entitlements SET emergency_enabled = false")
            .execute(&w.pool)
            .await
            .unwrap();
        let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
            panic!("it is refused")
        };
        assert_eq!(
            errors.values().next().unwrap(),
            "This access cannot be had as an emergency."
        );
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn a_form_of_an_earlier_version_is_renewed_and_keeps_what_was_typed() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Read")
            .reason("typed yesterday")
            .filled_by(&ana)
            .await;
        let mut view = ana.modal().unwrap().json().clone();
        view["private_metadata"] = serde_json::json!("{\"v\":0}");
        let payload = serde_json::json!({
            "type": "view_submission",
            "team": {"id": view["team_id"], "domain": "x"},
            "user": {"id": ana.id(), "team_id": view["team_id"]},
            "api_app_id": view["app_id"],
            "trigger_id": "1.2.3",
            "view": view,
        });
        let answer = w.slack.sends_interaction(payload).await.unwrap().expect("an answer");
        assert_eq!(answer["response_action"], "update", "{answer}");
        let text = answer["view"].to_string();
        assert!(text.contains("renewed") && text.contains("typed yesterday"), "{text}");
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 0);
    });
}

#[test]
fn an_open_request_for_something_that_is_taken_away_closes() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").sent_by(&ana).await;
        w.settle().await;
        sqlx::query("UPDATE entitlements SET active = false WHERE key = 'read'")
            .execute(&w.pool)
            .await
            .unwrap();
        carla.clicks(&message(&carla, "asks"), "Approve").await.unwrap();
        w.settle().await;
        sqlx::query("UPDATE requests SET wake_at = now() - interval '1 day' WHERE state = 'open'")
            .execute(&w.pool)
            .await
            .unwrap();
        w.until("it is closed", async || {
            w.count("SELECT count(*) FROM requests WHERE state = 'closed'").await == 1
        })
        .await;
        w.settle().await;
        assert!(!everything(&carla).contains("[Approve]"), "{}", everything(&carla));
        assert!(everything(&ana).contains("no longer offered"), "{}", everything(&ana));
    });
}

/// Every text of a message in which Slack would follow markup: its fallback, and what is not plain or rich text.
fn marked_up(json: &serde_json::Value) -> Vec<String> {
    fn walk(json: &serde_json::Value, found: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(fields) => {
                if fields.get("type").is_some_and(|kind| kind == "mrkdwn") {
                    found.push(fields["text"].to_string());
                }
                fields.values().for_each(|value| walk(value, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = vec![json["text"].to_string()];
    walk(json, &mut found);
    found
}
