//! Absence: whoever stands in decides, also what is open already.

use crate::harness::{World, everything, form, message, story, types};
use simulator::{Person, ProfileChange, SubmitOutcome, Target};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn is_asked(w: &World, name: &str) -> bool {
    everything(&w.person(name)).contains("[Approve]")
}

/// The day after so many days, as it is written in a command.
pub fn in_days(w: &World, days: i64) -> String {
    let now = c1::clock::Clock::now(w.clock.as_ref());
    (now + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string()
}

pub fn mention(w: &World, name: &str) -> String {
    format!("<@{}>", w.person(name).id())
}

#[test]
fn what_is_open_goes_to_whoever_stands_in_and_comes_back() {
    story(async |w| {
        let (ana, jun, bob, dan) = (w.person("ana"), w.person("jun"), w.person("bob"), w.person("dan"));
        form("GitHub", "payments / Write").reason("first").sent_by(&ana).await;
        w.settle().await;
        assert!(is_asked(w, "bob") && !is_asked(w, "dan"));

        let until = in_days(w, 3);
        let said = types(w, "bob", &format!("/c1 away until {until} for {}", mention(w, "dan"))).await;
        assert!(
            said.contains("You are away until") && said.contains("decides in your place"),
            "{said}"
        );
        assert!(!is_asked(w, "bob"), "{}", everything(&bob));
        let card = message(&dan, "first");
        assert!(
            card.text().contains("Why you: you stand in for *Bob Brandt*"),
            "{}",
            card.text()
        );
        assert!(everything(&dan).contains("has named you"), "{}", everything(&dan));
        dan.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("github", "payments-write", "ana").await);

        // What is asked in that time goes to him at once; it comes back with Bob.
        form("GitHub", "payments / Write").reason("second").sent_by(&jun).await;
        w.settle().await;
        message(&dan, "second");
        w.after(4 * DAY).await;
        assert!(!is_asked(w, "dan"), "{}", everything(&dan));
        bob.clicks(&message(&bob, "second"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("github", "payments-write", "jun").await);
        let told: Vec<String> = sqlx::query_scalar(
            "SELECT event ->> 'type' || coalesce(' by ' || p.key, '') FROM audit a LEFT JOIN people p ON p.id = a.actor_id
              WHERE person_id IS NOT NULL ORDER BY a.id",
        )
        .fetch_all(&w.pool)
        .await
        .unwrap();
        assert_eq!(told, ["absence_set by bob", "absence_ended"]);
    });
}

#[test]
fn nobody_comes_to_decide_about_themselves_by_standing_in() {
    story(async |w| {
        let ana = w.person("ana");
        let until = in_days(w, 3);
        types(w, "bob", &format!("/c1 away until {until} for {}", mention(w, "ana"))).await;
        form("GitHub", "payments / Write").reason("mine").sent_by(&ana).await;
        w.settle().await;
        assert!(!is_asked(w, "ana") && !is_asked(w, "bob"));
        let card = message(&w.person("grace"), "mine");
        assert!(card.text().contains("next in the line of managers"), "{}", card.text());
    });
}

#[test]
fn an_absence_that_begins_later_begins_by_itself_and_back_ends_it() {
    story(async |w| {
        let (ana, dan) = (w.person("ana"), w.person("dan"));
        form("GitHub", "payments / Write").reason("slow").sent_by(&ana).await;
        let (from, until) = (in_days(w, 2), in_days(w, 9));
        let said = types(
            w,
            "bob",
            &format!("/c1 away from {from} until {until} for {}", mention(w, "dan")),
        )
        .await;
        assert!(said.contains("You will be away from"), "{said}");
        assert!(is_asked(w, "bob") && !is_asked(w, "dan"));
        w.after(3 * DAY).await;
        assert!(!is_asked(w, "bob") && is_asked(w, "dan"), "{}", everything(&dan));
        assert!(types(w, "bob", "/c1 away").await.contains("You are away until"));
        assert!(types(w, "bob", "/c1 back").await.contains("Welcome back"));
        assert!(is_asked(w, "bob") && !is_asked(w, "dan"));
        assert!(types(w, "bob", "/c1 back").await.contains("You were not away"));
        assert!(types(w, "bob", "/c1 away").await.contains("You are not away"));
    });
}

#[test]
fn what_cannot_be_an_absence_is_refused_with_a_sentence() {
    story(async |w| {
        let until = in_days(w, 3);
        for (wrote, sentence) in [
            ("away until someday".to_owned(), "is not a day I understand"),
            (format!("away until {}", in_days(w, -1)), "over before it begins"),
            (format!("away until {}", in_days(w, 500)), "more than a year"),
            (
                format!("away until {until} for {}", mention(w, "bob")),
                "stand in for yourself",
            ),
            (
                format!("away until {until} for the_boss"),
                "cannot ask for, receive or decide",
            ),
        ] {
            let said = types(w, "bob", &format!("/c1 {wrote}")).await;
            assert!(said.contains(sentence), "{wrote}: {said}");
        }
        assert_eq!(w.count("SELECT count(*) FROM absences").await, 0);
    });
}

#[test]
fn the_home_tab_has_a_form_for_it() {
    story(async |w| {
        let bob = w.person("bob");
        bob.opens_home().await.unwrap();
        w.settle().await;
        bob.clicks(Target::Home, "I'll be away").await.unwrap();
        w.until("the form is open", async || bob.modal().is_some()).await;
        bob.chooses("Back on", &in_days(w, 3)).await.unwrap();
        bob.chooses("Who decides in your place?", "Bob Brandt").await.unwrap();
        assert!(matches!(bob.submits().await.unwrap(), SubmitOutcome::Errors(_)));
        bob.chooses("Who decides in your place?", "Dan Dube").await.unwrap();
        assert!(matches!(bob.submits().await.unwrap(), SubmitOutcome::Closed));
        w.settle().await;
        let home = bob.home().unwrap().text().to_owned();
        assert!(
            home.contains("You are away until") && home.contains("decides in your place"),
            "{home}"
        );
        bob.clicks(Target::Home, "I'm back").await.unwrap();
        w.settle().await;
        let home = bob.home().unwrap().text().to_owned();
        assert!(!home.contains("You are away"), "{home}");
    });
}

/// The organisation's settings, with what counts as a sign in Slack that somebody is away.
fn settings_with(signs: &str) -> String {
    let text = std::fs::read_to_string(crate::harness::company::folder().join("organisation.yaml")).unwrap();
    format!("{text}\n{signs}\n")
}

/// Ana asks, and Bob is asked, where the files say what of Slack counts as absence.
async fn bob_is_asked_where(w: &World, away_in_slack: &str, reason: &str) {
    let settings = settings_with(&format!("away_in_slack: {away_in_slack}"));
    w.files_say(&[("organisation.yaml", &settings)]).await;
    form("GitHub", "payments / Write")
        .reason(reason)
        .sent_by(&w.person("ana"))
        .await;
    w.settle().await;
}

async fn has_status(w: &World, name: &str, emoji: &str, until: u64) {
    let change = ProfileChange {
        status_emoji: Some(emoji.to_owned()),
        status_expiration: Some(until),
        ..ProfileChange::default()
    };
    w.person(name).changes_profile(change).await.unwrap();
    w.settle().await;
}

fn in_hours(w: &World, hours: i64) -> u64 {
    let at = c1::clock::Clock::now(w.clock.as_ref()) + chrono::TimeDelta::hours(hours);
    u64::try_from(at.timestamp()).unwrap()
}

#[test]
fn a_status_in_slack_counts_where_the_files_say_so() {
    story(async |w| {
        let ana = w.person("ana");
        form("GitHub", "payments / Write")
            .reason("for the status")
            .sent_by(&ana)
            .await;
        w.settle().await;
        has_status(w, "bob", ":palm_tree:", in_hours(w, 48)).await;
        assert!(is_asked(w, "bob"), "nobody has said that a status means anything");

        w.files_say(&[(
            "organisation.yaml",
            &settings_with("away_in_slack: { status: [\":palm_tree:\", face_with_thermometer] }"),
        )])
        .await;
        has_status(w, "bob", ":coffee:", 0).await;
        assert!(is_asked(w, "bob"), "not every status means it");
        has_status(w, "bob", ":palm_tree:", in_hours(w, 48)).await;
        assert!(!is_asked(w, "bob"), "others are asked now");
        let said = types(w, "bob", "/c1 away").await;
        assert!(said.contains("Your status in Slack says so"), "{said}");
        println!("{said}");

        // The status stays; he is back all the same, also when Slack tells of something else.
        types(w, "bob", "/c1 back").await;
        assert!(is_asked(w, "bob"));
        let change = ProfileChange {
            title: Some("Manager of engineers".to_owned()),
            ..ProfileChange::default()
        };
        w.person("bob").changes_profile(change).await.unwrap();
        w.settle().await;
        assert!(is_asked(w, "bob"), "the same status is no news");

        // Another one is, and ends by itself.
        has_status(w, "bob", ":face_with_thermometer:", in_hours(w, 5)).await;
        assert!(!is_asked(w, "bob"));
        w.after(Duration::from_secs(6 * 3600)).await;
        assert!(is_asked(w, "bob"));

        // One without an end lasts until it is taken away.
        has_status(w, "bob", ":palm_tree:", 0).await;
        assert!(!is_asked(w, "bob"));
        let said = types(w, "bob", "/c1 away").await;
        assert!(said.contains("You are away. Your status"), "{said}");
        has_status(w, "bob", "", 0).await;
        assert!(is_asked(w, "bob"));
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'absence_set' AND event->>'source' = 'status'")
                .await,
            3
        );
    });
}

#[test]
fn do_not_disturb_counts_from_the_length_the_files_name() {
    story(async |w| {
        bob_is_asked_where(w, "{ do_not_disturb: 4h }", "do not disturb").await;
        let bob = w.person("bob");
        bob.pauses_notifications(Some(in_hours(w, 1))).await.unwrap();
        w.settle().await;
        assert!(is_asked(w, "bob"), "an hour is a meeting");
        bob.pauses_notifications(Some(in_hours(w, 8))).await.unwrap();
        w.settle().await;
        assert!(!is_asked(w, "bob"));
        // What he has said himself stands beside it, with whoever stands in.
        let until = in_days(w, 3);
        types(w, "bob", &format!("/c1 away until {until} for {}", mention(w, "dan"))).await;
        assert!(is_asked(w, "dan"));
        bob.pauses_notifications(None).await.unwrap();
        w.settle().await;
        assert!(is_asked(w, "dan") && !is_asked(w, "bob"), "he has said that he is away");
        types(w, "bob", "/c1 back").await;
        assert!(is_asked(w, "bob") && !is_asked(w, "dan"));
    });
}

#[test]
fn a_status_that_was_set_while_nobody_listened_is_found_at_the_next_start() {
    story(async |w| {
        bob_is_asked_where(w, "{ status: [palm_tree] }", "meanwhile").await;
        w.stops_c1().await;
        let change = ProfileChange {
            status_emoji: Some(":palm_tree:".to_owned()),
            ..ProfileChange::default()
        };
        w.person("bob").changes_profile(change).await.unwrap();
        w.starts_c1().await;
        w.until("others are asked", async || !is_asked(w, "bob")).await;
        w.settle().await;
    });
}

#[test]
fn do_not_disturb_that_was_switched_on_or_off_while_nobody_listened_is_found_at_the_next_start() {
    story(async |w| {
        bob_is_asked_where(w, "{ do_not_disturb: 4h }", "meanwhile").await;
        let bob = w.person("bob");
        w.stops_c1().await;
        // Nobody presses the button at the first second of a quarter of an hour.
        while in_hours(w, 0).is_multiple_of(900) {
            w.slack.advance(Duration::from_secs(1));
            w.clock.advance(chrono::TimeDelta::seconds(1));
        }
        bob.pauses_notifications(Some(in_hours(w, 8))).await.unwrap();
        let asked = |w: &World| {
            w.slack
                .calls()
                .iter()
                .filter(|call| call.method == "dnd.teamInfo")
                .count()
        };
        let before = asked(w);
        w.starts_c1().await;
        w.until("others are asked", async || !is_asked(w, "bob")).await;
        w.settle().await;
        assert_eq!(asked(w) - before, 1, "one call for all of them");
        w.stops_c1().await;
        bob.pauses_notifications(None).await.unwrap();
        w.starts_c1().await;
        w.until("he is asked again", async || is_asked(w, "bob")).await;
        w.settle().await;

        // His nights, which Slack tells of in the same way, are no absence.
        w.stops_c1().await;
        let evening = in_hours(w, 0) / 900 * 900;
        bob.keeps_quiet(evening, evening + 12 * 3_600);
        w.starts_c1().await;
        w.settle().await;
        assert!(is_asked(w, "bob"), "{}", everything(&bob));
    });
}

#[test]
fn whenever_it_dies_while_open_requests_move_none_is_lost_and_none_stands_twice() {
    story(async |w| {
        let (bob, dan) = (w.person("bob"), w.person("dan"));
        for name in ["ana", "jun", "kofi"] {
            form("GitHub", "payments / Write")
                .reason(format!("for {name}"))
                .sent_by(&w.person(name))
                .await;
        }
        w.settle().await;
        let waits = |person: &Person| everything(person).matches("[Approve]").count();
        assert_eq!((waits(&bob), waits(&dan)), (3, 0));
        w.stops_c1().await;
        let away = format!("/c1 away until {} for {}", in_days(w, 3), mention(w, "dan"));
        // Away and back, and every time it dies a little later.
        for round in 0..6 {
            w.starts_mortal_c1().await;
            w.until("a socket is up", async || w.slack.sockets() > 0).await;
            let command = [&away, "/c1 back"][round % 2];
            let ends = async {
                tokio::time::sleep(Duration::from_millis(1 + 5 * round as u64)).await;
                w.kills_c1().await;
            };
            let (_unheard, ()) = tokio::join!(bob.runs("general", command), ends);
            w.until("its sockets are gone", async || w.slack.sockets() == 0).await;
        }
        w.starts_c1().await;
        w.settle().await;
        // What he types again is what is true, whatever was true before.
        types(w, "bob", &away).await;
        assert_eq!((waits(&bob), waits(&dan)), (0, 3), "{}", everything(&dan));
        for name in ["ana", "jun", "kofi"] {
            message(&dan, &format!("> for {name}"));
            message(&bob, &format!("> for {name}"));
        }
        let open = "SELECT count(*) FROM absences WHERE ended_at IS NULL";
        assert_eq!(w.count(open).await, 1);
        // Each time that he went is on record, and each time that he came back before he went again.
        let on_record: Vec<String> = sqlx::query_scalar(
            "SELECT event ->> 'type' FROM audit WHERE event ->> 'type' LIKE 'absence_%' ORDER BY id",
        )
        .fetch_all(&w.pool)
        .await
        .unwrap();
        assert_eq!(on_record.last().map(String::as_str), Some("absence_set"));
        let in_turn = on_record.windows(2).all(|two| two[0] != two[1]);
        assert!(in_turn, "{on_record:?}");
        types(w, "bob", "/c1 back").await;
        assert_eq!((waits(&bob), waits(&dan)), (3, 0));
    });
}
