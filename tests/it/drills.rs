//! The emergency path is tried out before it is needed.

use crate::harness::{World, everything, form, message, prints, story};
use c1::{
    cli::emergency::{report, table},
    domain::drill::Drill,
    usecases::{Actor, Error, drill},
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Begins a drill as Ana, as the operator does.
async fn begins(w: &World) -> i64 {
    let (entitlement, person) = drill::defaults(&w.system, None, Some("ana")).await.unwrap();
    drill::begin(&w.system, Actor::operator(person), entitlement)
        .await
        .unwrap()
}

/// Looks at it until it goes no further by itself.
async fn looks(w: &World, id: i64) -> Drill {
    loop {
        let before = drill::look(&w.system, id).await.unwrap();
        c1::db::jobs::notify(&w.system.db).await.unwrap();
        w.settle().await;
        let after = drill::look(&w.system, id).await.unwrap();
        // A server looks at it too, and may be in the middle of it.
        let stuck = after.finished_at.is_none() && after.current().is_some();
        if before == after && (after.finished_at.is_some() || stuck) {
            w.settle().await;
            return after;
        }
    }
}

#[test]
fn a_drill_runs_the_whole_path_and_files_the_evidence() {
    story(async |w| {
        let id = begins(w).await;
        let drill = looks(w, id).await;
        let without_seconds = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with("  ✓") {
                words[..words.len() - 2].join(" ")
            } else {
                line.to_owned()
            }
        };
        let text: Vec<String> = table(&drill).lines().map(without_seconds).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        Drill 1 of the emergency path, request #1
        ✓ request
        ✓ notice
        ✓ approval
        ✓ grant
        ✓ notice that it began
        ✓ end
        ✓ review opened
        Everything works. The evidence is filed; the review that was opened waits for somebody to do it.
        ");
        assert_eq!(report(&drill)["ok"], true);
        assert!(!w.target_has("drill", "access", "ana").await, "nothing is left");
        let channel: String = w
            .person("erin")
            .messages("security")
            .iter()
            .map(|m| m.text().to_owned() + "\n")
            .collect();
        assert!(
            channel.contains("🧪 *This is a drill.* ⚡ *Ana Alvarez* asks for emergency access")
                && channel.contains("🧪 *This is a drill.* ⚡ Emergency access began")
                && channel.contains("🧪 *This is a drill.* ⚡ Emergency access ended"),
            "{channel}"
        );
        assert!(everything(&w.person("hana")).contains("[Review]"));
        let filed =
            "SELECT count(*) FROM audit WHERE emergency AND event ->> 'type' IN ('drill_started', 'drill_finished')";
        assert_eq!(w.count(filed).await, 2);
        assert_eq!(w.count("SELECT count(*) FROM alarms").await, 0);

        // Its review may become overdue: a real emergency does not suffer from it.
        w.after(MINUTE * 60 * 24 * 5).await;
        let ana = w.person("ana");
        form("Production database", "Read")
            .emergency()
            .reason("for real")
            .sent_by(&ana)
            .await;
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn the_command_drills_beside_a_server_that_does_the_work() {
    story(async |w| {
        let drills = |words: &[&str]| prints(w, &[&["emergency", "drill"], words].concat());
        let (text, ok) = drills(&["--as", "ana"]);
        assert!(ok, "{text}");
        println!("{text}");
        for leg in ["request", "notice", "approval", "grant", "end", "review opened"] {
            assert!(text.contains(&format!("✓ {leg} ")), "{leg}: {text}");
        }
        let (json, ok) = drills(&["--as", "ana", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(ok && report["ok"] == true && report["drill"] == 2, "{json}");
        let (text, ok) = drills(&["--as", "olga"]);
        assert!(!ok && !text.contains("✓"), "she may not break glass: {text}");
        let (text, _) = drills(&["--schedule"]);
        assert!(
            text.contains("drill 1 went well") && text.contains("drill 2 went well"),
            "{text}"
        );
        w.settle().await;
    });
}

#[test]
fn a_drill_says_what_failed_and_alarms() {
    story(async |w| {
        sqlx::query("UPDATE organisation_settings SET value = '#nowhere' WHERE name = 'security_channel'")
            .execute(&w.pool)
            .await
            .unwrap();
        let id = begins(w).await;
        let drill = looks(w, id).await;
        let text = table(&drill);
        assert!(
            text.contains("✗ notice") && text.contains("#nowhere: channel_not_found") && text.contains("not reached"),
            "{text}"
        );
        assert_eq!(drill.ok, Some(false));
        w.settle().await;
        assert!(
            !w.target_has("drill", "access", "ana").await,
            "what it had begun is called off"
        );
        let text = everything(&w.person("grace"));
        assert!(
            text.contains("The drill of the emergency path has failed at “notice: #nowhere"),
            "{text}"
        );
    });
}

#[test]
fn where_people_have_to_approve_the_drill_waits_for_them() {
    story(async |w| {
        sqlx::query(
            "UPDATE entitlements SET emergency_policy_id = (SELECT id FROM policies WHERE key = 'one-of-security')
              WHERE emergency_drill",
        )
        .execute(&w.pool)
        .await
        .unwrap();
        let id = begins(w).await;
        let drill = looks(w, id).await;
        assert_eq!((drill.ok, drill.legs.len()), (None, 2), "{}", table(&drill));
        w.after(MINUTE * 3).await;
        let erin = w.person("erin");
        erin.clicks(&message(&erin, "Drill of the emergency path"), "Approve")
            .await
            .unwrap();
        w.settle().await;
        let drill = looks(w, id).await;
        assert_eq!(drill.ok, Some(true), "{}", table(&drill));
        let took = drill.legs[2].took;
        assert!((180_000..200_000).contains(&took), "three minutes to approve: {took}");

        // Nobody answers the next one.
        let id = begins(w).await;
        looks(w, id).await;
        w.after(MINUTE * 21).await;
        let drill = looks(w, id).await;
        assert!(table(&drill).contains("not within 20 minutes"), "{}", table(&drill));
        assert_eq!(
            w.count("SELECT count(*) FROM requests WHERE state = 'cancelled'").await,
            1
        );
    });
}

#[test]
fn only_what_is_marked_for_drills() {
    story(async |w| {
        let (entitlement, person) = drill::defaults(&w.system, Some("prod-db/read"), Some("ana"))
            .await
            .unwrap();
        let said = drill::begin(&w.system, Actor::operator(person), entitlement).await;
        assert!(
            matches!(&said, Err(Error::Refused(refusal)) if refusal.code() == "not_for_drills"),
            "{said:?}"
        );
        let said = drill::defaults(&w.system, None, None).await.unwrap_err().to_string();
        assert!(said.contains("--as KEY"), "{said}");
        let said = drill::defaults(&w.system, Some("drill/nothing"), Some("ana"))
            .await
            .unwrap_err()
            .to_string();
        assert!(said.contains("there is no entitlement drill/nothing"), "{said}");

        // Somebody who may not break this glass fails at the first leg.
        sqlx::query("UPDATE entitlements SET emergency_who = '[]' WHERE emergency_drill")
            .execute(&w.pool)
            .await
            .unwrap();
        let id = begins(w).await;
        let drill = looks(w, id).await;
        assert!(
            table(&drill).contains("✗ request") && table(&drill).contains("not among the people"),
            "{}",
            table(&drill)
        );
    });
}

#[test]
fn it_runs_by_itself_once_also_with_two_replicas() {
    story(async |w| {
        w.starts_c1().await;
        for (name, value) in [
            ("drill.every", "1w"),
            ("drill.entitlement", "drill/access"),
            ("drill.by", "ana"),
        ] {
            sqlx::query("INSERT INTO organisation_settings (name, value) VALUES ($1, $2)")
                .bind(name)
                .bind(value)
                .execute(&w.pool)
                .await
                .unwrap();
        }
        // To just after the next Monday at nine.
        let now = c1::clock::Clock::now(w.clock.as_ref()).timestamp();
        let wait = 604_800 - (now - 1_767_603_600).rem_euclid(604_800);
        w.after(Duration::from_secs(wait.unsigned_abs() + 5)).await;
        for _ in 0..12 {
            w.after(Duration::from_secs(2)).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        w.until("it is over", async || {
            w.count("SELECT count(*) FROM drills WHERE finished_at IS NOT NULL")
                .await
                == 1
        })
        .await;
        assert_eq!(w.count("SELECT count(*) FROM drills WHERE ok").await, 1);
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 1);
        let by_itself = "SELECT count(*) FROM audit WHERE via = 'system' AND event ->> 'type' = 'drill_finished'";
        assert_eq!(w.count(by_itself).await, 1);
        w.after(MINUTE).await;
        assert_eq!(w.count("SELECT count(*) FROM drills").await, 1);
    });
}
