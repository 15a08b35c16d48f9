//! The record: read by those who may, and whoever reads it is on record too.

use crate::harness::{World, everything, form, message, prints, story, types};

async fn kofi_breaks_glass_and_ana_asks(w: &World) {
    form("GitHub", "payments / Admin")
        .reason("INC-7: the deploy is stuck")
        .emergency()
        .sent_by(&w.person("kofi"))
        .await;
    form("GitHub", "payments / Write")
        .reason("for the new page")
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
}

#[test]
fn an_auditor_finds_the_emergencies_among_everything_else() {
    story(async |w| {
        kofi_breaks_glass_and_ana_asks(w).await;
        let bob = w.person("bob");
        bob.clicks(&message(&bob, "for the new page"), "Approve").await.unwrap();
        w.settle().await;

        let all = types(w, "ivan", "/c1 audit").await;
        assert!(all.contains("INC-7") && all.contains("for the new page"), "{all}");
        assert!(all.contains("*Bob Brandt* approved step 1 · in Slack"), "{all}");
        let emergencies = types(w, "ivan", "/c1 audit emergencies").await;
        assert!(
            emergencies.contains("⚡ #1 *Kofi Kuma* broke glass: asked for github/payments-admin"),
            "{emergencies}"
        );
        assert!(!emergencies.contains("for the new page"), "{emergencies}");
        let one = types(w, "ivan", "/c1 audit 2").await;
        assert!(!one.contains("INC-7"), "{one}");
        let told: Vec<usize> = [
            "asked for github/payments-write",
            "opened step 1: asks Bob Brandt",
            "approved step 1",
            "confirmed that the access works",
        ]
        .iter()
        .map(|part| one.find(part).unwrap_or_else(|| panic!("{part} in {one}")))
        .collect();
        assert!(told.is_sorted(), "from its beginning: {one}");
        let of_bob = types(w, "ivan", &format!("/c1 audit <@{}>", bob.id())).await;
        assert!(
            of_bob.contains("approved step 1") && !of_bob.contains("INC-7"),
            "{of_bob}"
        );

        let read = types(w, "ivan", "/c1 audit").await;
        assert!(read.contains("*Ivan Ilic* read the record: emergencies"), "{read}");
        assert!(read.contains("read the record: what concerns bob"), "{read}");
        assert!(read.contains("read the record: request #2"), "{read}");
        println!("{emergencies}\n{read}");

        for (name, command) in [
            ("bob", "/c1 audit"),
            ("ana", "/c1 audit 2"),
            ("kofi", "/c1 audit emergencies"),
        ] {
            let refused = types(w, name, command).await;
            assert!(!refused.contains("payments"), "{refused}");
            assert!(refused.contains("not"), "{refused}");
        }
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'audit_read'")
                .await,
            5
        );
        everything(&w.person("ivan"));
    });
}

#[test]
fn the_command_line_prints_it_for_those_who_may() {
    story(async |w| {
        kofi_breaks_glass_and_ana_asks(w).await;

        let (text, ok) = prints(w, &["audit", "--as", "ivan", "--emergencies"]);
        assert!(ok && text.contains("⚡ #1") && text.contains("INC-7"), "{text}");
        assert!(!text.contains("for the new page"), "{text}");
        println!("{text}");
        let (json, ok) = prints(w, &["audit", "--as", "ivan", "--person", "ana", "-o", "json"]);
        assert!(ok, "{json}");
        let lines: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(
            lines
                .iter()
                .any(|line| line["event"] == "submitted" && line["request"] == 2),
            "{json}"
        );
        assert!(
            lines
                .iter()
                .all(|line| line["actor"]["key"] == "ana" || line["person"]["key"] == "ana"),
            "{json}"
        );
        let (text, ok) = prints(w, &["audit", "--as", "bob"]);
        assert!(!ok && !text.contains("INC-7"), "{text}");
        let (text, ok) = prints(w, &["audit", "--as", "nobody"]);
        assert!(!ok && text.contains("there is nobody with the key `nobody`"), "{text}");
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'audit_read' AND via = 'operator'")
                .await,
            2
        );
    });
}
