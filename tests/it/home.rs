//! The Home tab and the commands.

use crate::harness::{form, message, story};

#[test]
fn the_home_tab_shows_what_waits_and_stays_current() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        carla.opens_home().await.unwrap();
        w.until("it is drawn", async || carla.home().is_some()).await;
        assert!(carla.home().unwrap().text().contains("Request access"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        let text = carla.home().unwrap().text().to_owned();
        assert!(text.contains("Ana Alvarez") && text.contains("[Approve]"), "{text}");
        carla.clicks(simulator::Target::Home, "Approve").await.unwrap();
        w.settle().await;
        assert!(
            !carla.home().unwrap().text().contains("[Approve]"),
            "{}",
            carla.home().unwrap().text()
        );
        assert!(w.target_has("prod-db", "read", "ana").await);
        ana.opens_home().await.unwrap();
        w.until("it is drawn", async || ana.home().is_some()).await;
        assert!(
            ana.home().unwrap().text().contains("I'm done"),
            "{}",
            ana.home().unwrap().text()
        );
    });
}

#[test]
fn commands_answer_the_person_alone() {
    story(async |w| {
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        form("Production database", "Read").reason("INC-42").sent_by(&ana).await;
        w.settle().await;
        for (person, typed, said) in [
            (&ana, "/c1", "/c1 request"),
            (&ana, "/c1 help", "/c1 request"),
            (&ana, "/c1 list", "Production database / Read"),
            (&carla, "/c1 approvals list", "Ana Alvarez"),
            (&ana, "/c1 approvals", "Nothing waits"),
            (&ana, "/c1 access", "You hold nothing"),
            (&ana, "/c1 show 1", "INC-42"),
            (&ana, "/c1 show #1", "INC-42"),
            (&ana, "/c1 show 99", "There is no request #99 that you can see."),
            (
                &w.person("olga"),
                "/c1 show 1",
                "There is no request #1 that you can see.",
            ),
            (&w.person("ivan"), "/c1 show 1", "INC-42"),
            (&ana, "/c1 aprovals", "/c1 approvals"),
        ] {
            let answer = person.runs("general", typed).await.unwrap();
            assert!(answer.text().contains(said), "{typed}: {}", answer.text());
        }
        let answer = ana.runs("general", "/c1 cancel 1").await.unwrap();
        ana.clicks(answer.ephemeral.as_ref().unwrap(), "Cancel request")
            .await
            .unwrap();
        w.settle().await;
        assert!(message(&ana, "You have created").text().contains("ancelled"));
    });
}
