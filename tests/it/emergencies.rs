//! Emergencies are loud: who hears of them, when, and what happens when nobody answers.

use crate::harness::{World, everything, form, message, story, types};
use simulator::{Fault, Person};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn count(text: &str, words: &str) -> usize {
    text.matches(words).count()
}

/// Everything that stands in the security channel.
fn channel(w: &World) -> String {
    let texts = w.person("erin").messages("security");
    texts
        .iter()
        .map(|message| message.text().to_owned() + "\n――――\n")
        .collect()
}

async fn breaks_glass(w: &World, reason: &str) -> Person {
    let ana = w.person("ana");
    form("Production database", "Read")
        .emergency()
        .reason(reason)
        .sent_by(&ana)
        .await;
    w.settle().await;
    ana
}

#[test]
fn everyone_whose_approval_is_skipped_and_the_security_channel_hear_of_it_at_once() {
    story(async |w| {
        breaks_glass(w, "customers cannot pay").await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        let text = channel(w);
        insta::assert_snapshot!(without_times(&text), @r"
        ⚡ *Ana Alvarez* asks for emergency access (#1): *Production database / Read*, 2 hours from when it works.
        Why: customers cannot pay
        It is given at once.
        Skipped: *Carla Conti*, *Dan Dube*, *Kofi Kuma*.
        ――――
        ⚡ Emergency access began: *Ana Alvarez* has *Production database / Read* until …
        ――――
        ");
        let carla = everything(&w.person("carla"));
        insta::assert_snapshot!(without_times(&carla), @r"
        ⚡ *Ana Alvarez* asks for emergency access (#1): *Production database / Read*, 2 hours from when it works.
        Why: customers cannot pay
        It is given at once.
        Skipped: *Carla Conti*, *Dan Dube*, *Kofi Kuma*.
        You would have been asked to approve it.
        ――――
        ⚡ Emergency access began: *Ana Alvarez* has *Production database / Read* until …
        ――――
        ");
        for owner in ["dan", "kofi"] {
            let text = everything(&w.person(owner));
            assert_eq!(count(&text, "asks for emergency access"), 1, "{owner}: {text}");
            assert_eq!(count(&text, "Emergency access began"), 1, "{owner}: {text}");
        }
        for other in ["ana", "erin", "grace", "milan", "bob"] {
            let text = everything(&w.person(other));
            assert_eq!(count(&text, "asks for emergency access"), 0, "{other}: {text}");
        }

        w.after(MINUTE * 121).await;
        assert!(!w.target_has("prod-db", "read", "ana").await);
        for (who, text) in [("the channel", channel(w)), ("carla", everything(&w.person("carla")))] {
            assert_eq!(count(&text, "asks for emergency access"), 1, "{who}: {text}");
            assert_eq!(count(&text, "Emergency access ended"), 1, "{who}: {text}");
        }
    });
}

/// Moments are of today; what counts is that one stands there.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.split_once(" until 20") {
        Some((before, _)) => format!("{before} until …"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn who_is_asked_by_the_emergency_rules_has_a_card_and_hears_nothing_twice() {
    story(async |w| {
        let ana = w.person("ana");
        form("Production database", "Write")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let erin = everything(&w.person("erin"));
        assert_eq!(count(&erin, "customers cannot pay"), 1, "{erin}");
        assert!(erin.contains("[Approve]"), "{erin}");
        let dan = everything(&w.person("dan"));
        assert!(
            dan.contains("You would have been asked to approve it.") && dan.contains("The emergency rules ask"),
            "{dan}"
        );
        let erin = w.person("erin");
        let card = message(&erin, "customers cannot pay");
        erin.types_in(&card, "decision_reason", "use the replica")
            .await
            .unwrap();
        erin.clicks(&card, "Deny").await.unwrap();
        w.settle().await;
        for (who, text) in [("the channel", channel(w)), ("dan", everything(&w.person("dan")))] {
            assert!(
                text.contains("was denied by *Erin Eze*: use the replica. No access comes of it."),
                "{who}: {text}"
            );
        }
    });
}

#[test]
fn an_escalation_is_as_loud_and_says_what_no_longer_counts() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Write")
            .reason("fix the ledger")
            .sent_by(&ana)
            .await;
        w.settle().await;
        let hers = message(&carla, "fix the ledger");
        carla.types_in(&hers, "decision_reason", "fine").await.unwrap();
        carla.clicks(&hers, "Approve").await.unwrap();
        w.settle().await;
        assert_eq!(channel(w), "", "an ordinary request is nobody else's business");
        ana.runs("general", "/c1 escalate 1 customers cannot pay")
            .await
            .unwrap();
        w.settle().await;
        let text = channel(w);
        assert!(
            text.contains("*Ana Alvarez* has made an emergency of request #1")
                && text.contains("Why: customers cannot pay")
                && text.contains("Asked for because: fix the ledger")
                && text.contains("One approval given before no longer counts.")
                && text.contains("Skipped: *Carla Conti*, *Dan Dube*, *Kofi Kuma*."),
            "{text}"
        );
        let text = everything(&carla);
        assert_eq!(count(&text, "has made an emergency of request #1"), 1, "{text}");
    });
}

#[test]
fn a_post_into_the_channel_whose_answer_never_came_is_looked_for() {
    story(async |w| {
        w.slack.faults().times("chat.postMessage", Fault::AppliedNoAnswer, 4);
        breaks_glass(w, "customers cannot pay").await;
        assert!(w.slack.faults().applied() > 0, "the fault was met");
        let text = channel(w);
        assert_eq!(count(&text, "asks for emergency access"), 1, "{text}");
        assert_eq!(count(&text, "Emergency access began"), 1, "{text}");
        let text = everything(&w.person("dan"));
        assert_eq!(count(&text, "asks for emergency access"), 1, "{text}");
    });
}

#[test]
fn two_replicas_and_a_restart_tell_nobody_twice() {
    story(async |w| {
        w.starts_c1().await;
        breaks_glass(w, "customers cannot pay").await;
        w.stops_c1().await;
        w.starts_c1().await;
        w.after(MINUTE * 121).await;
        for (who, text) in [("the channel", channel(w)), ("dan", everything(&w.person("dan")))] {
            for words in [
                "asks for emergency access",
                "Emergency access began",
                "Emergency access ended",
            ] {
                assert_eq!(count(&text, words), 1, "{who}: {text}");
            }
        }
    });
}

#[test]
fn a_channel_that_cannot_be_written_to_is_an_alarm_and_nothing_is_lost() {
    story(async |w| {
        sqlx::query("UPDATE organisation_settings SET value = '#nowhere' WHERE name = 'security_channel'")
            .execute(&w.pool)
            .await
            .unwrap();
        breaks_glass(w, "customers cannot pay").await;
        let grace = w.person("grace");
        let text = everything(&grace);
        assert_eq!(count(&text, "I cannot write into the channel #nowhere"), 1, "{text}");
        assert_eq!(count(&text, "asks for emergency access"), 1, "{text}");
        assert_eq!(count(&text, "Emergency access began"), 1, "{text}");
        assert_eq!(
            w.count("SELECT count(*) FROM alarms WHERE kind = 'channel_gone'").await,
            1
        );

        // The app is not in this one.
        sqlx::query("UPDATE organisation_settings SET value = '#engineering' WHERE name = 'security_channel'")
            .execute(&w.pool)
            .await
            .unwrap();
        w.after(MINUTE * 121).await;
        let text = everything(&grace);
        assert!(text.contains("I am not in it: invite me there"), "{text}");
        assert_eq!(count(&text, "Emergency access ended"), 1, "{text}");
    });
}

#[test]
fn where_no_channel_is_set_the_last_resort_hears_of_it() {
    story(async |w| {
        sqlx::query("DELETE FROM organisation_settings")
            .execute(&w.pool)
            .await
            .unwrap();
        breaks_glass(w, "customers cannot pay").await;
        for who in ["erin", "grace"] {
            let text = everything(&w.person(who));
            assert_eq!(count(&text, "asks for emergency access"), 1, "{who}: {text}");
            assert!(
                text.contains("No security channel is set, so you are told."),
                "{who}: {text}"
            );
            assert_eq!(count(&text, "Emergency access began"), 1, "{who}: {text}");
        }
    });
}

#[test]
fn an_emergency_that_nobody_answers_is_an_alarm_until_somebody_takes_it() {
    story(async |w| {
        let ana = w.person("ana");
        let (erin, grace, milan) = (w.person("erin"), w.person("grace"), w.person("milan"));
        for person in [&erin, &milan] {
            person.opens_home().await.unwrap();
        }
        form("Production database", "Write")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&ana)
            .await;
        w.settle().await;
        assert!(!everything(&grace).contains("customers"), "{}", everything(&grace));
        w.after(MINUTE * 15).await;

        let alarm = message(&grace, "Nobody has answered the emergency #1");
        insta::assert_snapshot!(alarm.text().lines().next().unwrap(), @r"⚡ 🚨 Nobody has answered the emergency #1 of *Ana Alvarez* for *Production database / Write* in 15 minutes. Asked so far: Erin Eze, Milan Maric.");
        assert!(alarm.text().contains("[I'll take it]"), "{}", alarm.text());
        assert!(everything(&grace).contains("[Approve]"), "the last resort may decide");
        let home = erin.home().unwrap().text().to_owned();
        assert!(
            home.contains("🚨 Alarms (1)") && home.contains("[I'll take it]"),
            "{home}"
        );
        let home = milan.home().unwrap().text().to_owned();
        assert!(
            !home.contains("Alarms"),
            "he does not answer for the organisation: {home}"
        );
        let list = milan.runs("general", "/c1 alarms").await.unwrap();
        assert!(list.text().contains("There is no alarm"), "{}", list.text());
        let list = erin.runs("general", "/c1 alarms").await.unwrap();
        assert!(
            list.text().contains("Nobody has answered the emergency #1"),
            "{}",
            list.text()
        );

        w.after(MINUTE * 600).await;
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'open'").await,
            1,
            "it goes on"
        );
        assert_eq!(w.count("SELECT count(*) FROM alarms").await, 1, "alarmed once");

        let hers = message(&erin, "Nobody has answered the emergency #1");
        grace.clicks(&alarm, "I'll take it").await.unwrap();
        w.settle().await;
        for person in [&grace, &erin] {
            let text = message(person, "Nobody has answered the emergency #1")
                .text()
                .to_owned();
            assert!(
                text.contains("✅ @Grace Gao sees to it") && !text.contains("[I'll take it]"),
                "{text}"
            );
        }
        assert!(!erin.home().unwrap().text().contains("Alarms"));
        // Too late, from a list that cannot change.
        erin.clicks(list.ephemeral.as_ref().unwrap(), "I'll take it")
            .await
            .unwrap();
        w.until("she is told", async || {
            erin.messages("general")
                .iter()
                .any(|m| m.text().contains("Grace Gao sees to this already."))
        })
        .await;
        drop(hers);
        assert_eq!(
            w.count(
                "SELECT count(*) FROM audit WHERE emergency AND event ->> 'type' IN ('alarm_raised', 'alarm_taken')"
            )
            .await,
            2
        );
    });
}

#[test]
fn one_alarm_is_taken_once_on_two_replicas() {
    story(async |w| {
        w.starts_c1().await;
        let ana = w.person("ana");
        form("Production database", "Write").emergency().sent_by(&ana).await;
        w.settle().await;
        w.after(MINUTE * 15).await;
        let (erin, grace) = (w.person("erin"), w.person("grace"));
        let (of_erin, of_grace) = (
            message(&erin, "Nobody has answered"),
            message(&grace, "Nobody has answered"),
        );
        let _ = tokio::join!(
            erin.clicks(&of_erin, "I'll take it"),
            grace.clicks(&of_grace, "I'll take it")
        );
        w.settle().await;
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event ->> 'type' = 'alarm_taken'")
                .await,
            1
        );
    });
}

#[test]
fn an_emergency_of_an_older_policy_that_expires_does_so_with_an_alarm() {
    story(async |w| {
        sqlx::query(
            r#"UPDATE policies SET rules = '[{"steps": [{"approval": {"name": "Security", "approvers": [{"group": "security"}],
                "deadline": {"after": 600, "then": "expire"}}}]}]' WHERE key = 'one-of-security'"#,
        )
        .execute(&w.pool)
        .await
        .unwrap();
        let ana = w.person("ana");
        form("Production database", "Write").emergency().sent_by(&ana).await;
        w.settle().await;
        w.after(MINUTE * 10).await;
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'expired'").await,
            1
        );
        let text = everything(&w.person("grace"));
        assert!(text.contains("has ended because nobody decided in time"), "{text}");
        assert!(
            channel(w).contains("has expired: nobody decided in time"),
            "{}",
            channel(w)
        );
    });
}

#[test]
fn an_emergency_is_never_left_with_nobody_told() {
    story(async |w| {
        // Nobody owns anything, no channel is set, and Ana herself is all there is of the last resort.
        for sql in [
            "DELETE FROM organisation_settings",
            "DELETE FROM owners",
            "DELETE FROM group_members WHERE group_id = (SELECT id FROM groups WHERE key = 'last-resort')",
            "INSERT INTO group_members (group_id, person_id)
             SELECT g.id, p.id FROM groups g, people p WHERE g.key = 'last-resort' AND p.key = 'ana'",
        ] {
            sqlx::query(sql).execute(&w.pool).await.unwrap();
        }
        breaks_glass(w, "customers cannot pay").await;
        let text = everything(&w.person("erin"));
        assert_eq!(
            count(&text, "asks for emergency access"),
            1,
            "a super admin hears of it: {text}"
        );
        assert!(text.contains("There is nobody else who could be told."), "{text}");

        sqlx::query("DELETE FROM person_roles").execute(&w.pool).await.unwrap();
        let ana = w.person("ana");
        ana.clicks(&message(&ana, "You have created"), "I'm done")
            .await
            .unwrap();
        w.settle().await;
        breaks_glass(w, "once more").await;
        let told = w
            .count("SELECT count(*) FROM notices WHERE kind = 'emergency' AND request_id = 2 AND ts IS NOT NULL")
            .await;
        assert!(told > 0, "be it herself");
    });
}

#[test]
fn so_many_are_told_by_the_channel_and_the_owners_by_name() {
    story(async |w| {
        for sql in [
            r#"UPDATE policies SET rules = '[{"steps": [{"approval": {"approvers": [{"group": "engineers"}]}}]}]' WHERE key = 'owner'"#,
            "INSERT INTO organisation_settings (name, value) VALUES ('ask_one_by_one_up_to', '3')",
        ] {
            sqlx::query(sql).execute(&w.pool).await.unwrap();
        }
        breaks_glass(w, "customers cannot pay").await;
        for (who, told) in [("carla", 1), ("dan", 1), ("kofi", 1), ("bob", 0), ("jun", 0)] {
            let text = everything(&w.person(who));
            assert_eq!(count(&text, "asks for emergency access"), told, "{who}: {text}");
        }
        let text = channel(w);
        assert!(
            text.contains("asks for emergency access") && text.contains("*Bob Brandt*"),
            "{text}"
        );
    });
}

#[test]
fn how_long_an_emergency_waits_is_the_organisations_to_say_and_stays_as_it_was_when_it_began() {
    story(async |w| {
        let grace = w.person("grace");
        let says = |after: &str| format!("last_resort: [erin, grace]\nemergencies: {{ alarm_after: {after} }}");
        w.files_say(&[("organisation.yaml", &says("5m"))]).await;
        form("Production database", "Write")
            .emergency()
            .reason("customers cannot pay")
            .sent_by(&w.person("ana"))
            .await;
        form("Production database", "Write")
            .reason("a slow query")
            .sent_by(&w.person("kofi"))
            .await;
        w.settle().await;
        // What is said later holds for what begins later.
        w.files_say(&[("organisation.yaml", &says("2h"))]).await;
        w.after(MINUTE * 4).await;
        assert_eq!(w.count("SELECT count(*) FROM alarms").await, 0);
        w.after(MINUTE).await;
        let alarm = message(&grace, "Nobody has answered the emergency #1");
        assert!(alarm.text().contains("in 5 minutes."), "{}", alarm.text());

        types(w, "kofi", "/c1 escalate 2 it burns").await;
        w.after(MINUTE * 119).await;
        assert_eq!(w.count("SELECT count(*) FROM alarms").await, 1);
        w.after(MINUTE).await;
        let alarm = message(&grace, "Nobody has answered the emergency #2");
        assert!(alarm.text().contains("in 2 hours."), "{}", alarm.text());
    });
}
