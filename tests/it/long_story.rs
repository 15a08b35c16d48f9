//! Whoever comes late into a long conversation.

use crate::harness::{World, form, message, on_the_web, story, thread};
use simulator::{Fault, Person};

/// Jun asks; Bob, the manager, is asked first, and after him Carla.
async fn jun_asks(w: &World) -> (Person, Person, Person) {
    let people = (w.person("jun"), w.person("bob"), w.person("carla"));
    form("GitHub", "payments / Admin")
        .reason("release day")
        .sent_by(&people.0)
        .await;
    w.settle().await;
    people
}

/// Jun says that many things.
async fn talks(w: &World, jun: &Person, times: usize) {
    let card = message(jun, "You have created");
    for nth in 1..=times {
        jun.replies(&card, &format!("remark {nth:03}")).await.unwrap();
        w.until("Slack has told it", async || w.slack.is_idle()).await;
    }
    w.settle().await;
}

#[test]
fn a_long_story_is_told_from_its_end_and_says_so() {
    on_the_web(async |w| {
        let (jun, bob, carla) = jun_asks(w).await;
        talks(w, &jun, 58).await;
        // The longest and the most that Slack takes.
        let card = message(&jun, "You have created");
        jun.replies(&card, &"&".repeat(3_000)).await.unwrap();
        jun.replies(&card, "x".repeat(11_999).as_str()).await.unwrap();
        w.settle().await;
        // One of the last is for Bob and Carla alone.
        bob.replies(&message(&bob, "release day"), "note: he talks a lot")
            .await
            .unwrap();
        w.settle().await;
        let before = w.slack.calls().len();
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let told = carla.thread(&message(&carla, "release day"));
        let first = told[1].text();
        let link = w.system.request_url(c1::domain::ids::RequestId(1)).unwrap();
        assert_eq!(
            first,
            format!(
                "· 💬 This conversation is long: 43 earlier messages are left out here. Read all of it on the web ({link}#talk)"
            ),
        );
        let rest: Vec<&str> = told[2..].iter().map(|message| message.text()).collect();
        assert_eq!(rest.len(), 20, "{}", rest.join("\n"));
        assert!(rest[0].contains("remark 044"), "{}", rest[0]);
        assert!(rest[14].contains("remark 058") && rest[17].contains("he talks a lot"));
        assert!(rest[18].contains("*Bob Brandt* approved"), "{}", rest[18]);
        let posts = w.slack.calls().split_off(before);
        let to_carla = posts
            .iter()
            .filter(|call| call.method == "chat.postMessage" && call.args["channel"] == told[0].channel());
        assert_eq!(to_carla.count(), 22, "the card, the sentence, and the last of it");
        // What is said from then on is told, and what is changed follows where it stands.
        let hers = carla.replies(&told[0], "and why?").await.unwrap();
        w.settle().await;
        carla.edits(hers, "and why today?").await.unwrap();
        w.settle().await;
        assert!(thread(&jun, "You have created").contains("and why today?"));
        // All of it is on the page, for her too.
        let page = w.signed_in("carla").await.opens("/requests/1").await;
        assert!(page.says("remark 001") && page.says("remark 058"), "{}", page.words());
    });
}

#[test]
fn a_story_that_is_not_long_is_told_whole() {
    story(async |w| {
        let (jun, bob, carla) = jun_asks(w).await;
        // And two lines about the step that is decided and the one that follows.
        talks(w, &jun, 23).await;
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let told = thread(&carla, "release day");
        assert!(
            told.contains("remark 001") && told.contains("remark 023") && !told.contains("left out"),
            "{told}"
        );
    });
}

#[test]
fn a_long_story_begins_once_whatever_slack_answers() {
    story(async |w| {
        let (jun, bob, carla) = jun_asks(w).await;
        talks(w, &jun, 30).await;
        // Done, and never answered: the card, the sentence, and what comes after.
        w.slack.faults().times("chat.postMessage", Fault::AppliedNoAnswer, 6);
        bob.clicks(&message(&bob, "release day"), "Approve").await.unwrap();
        w.settle().await;
        let told = thread(&carla, "release day");
        assert_eq!(
            told.matches(
                "12 earlier messages are left out here. Whoever was asked before you has them in their thread."
            )
            .count(),
            1,
            "{told}"
        );
        assert_eq!(told.matches("remark 013").count(), 1, "{told}");
        assert!(!told.contains("remark 012"), "{told}");
        // Her card is lost with its thread; the new one begins the same way.
        w.slack.removes(&message(&carla, "release day").reference());
        w.settle().await;
        let told = thread(&carla, "release day");
        assert_eq!(told.matches("earlier messages are left out").count(), 1, "{told}");
        assert_eq!(told.matches("remark").count(), 18, "{told}");
    });
}
