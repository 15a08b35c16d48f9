//! More than one c1 on one database, and people who act at the same moment.

use crate::harness::{World, everything, form, message, story};
use c1::slack::client::{Settings, Slack};
use simulator::{Config, Fault, Simulator};
use std::time::{Duration, Instant};

#[test]
fn two_approvers_at_once_have_one_winner() {
    story(async |w| {
        w.starts_c1().await;
        for round in 0..5 {
            let app = ["Read", "✅ Read"][usize::from(round > 0)];
            let _ = app;
            let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
            let reason = format!("round {round}");
            form("Production database", "Read")
                .reason(reason.clone())
                .sent_by(&ana)
                .await;
            w.settle().await;
            let (of_carla, of_dan) = (message(&carla, &reason), message(&dan, &reason));
            let (one, other) = tokio::join!(carla.clicks(&of_carla, "Approve"), dan.clicks(&of_dan, "Approve"));
            one.unwrap();
            let _ = other;
            w.settle().await;
            let ended = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            ana.clicks(&ended, "I'm done").await.unwrap();
            w.settle().await;
        }
        assert_eq!(
            w.count("SELECT count(*) FROM decisions").await,
            5,
            "one decision a round"
        );
        assert_eq!(w.count("SELECT count(*) FROM grants WHERE state = 'ended'").await, 5);
    });
}

#[test]
fn approve_and_cancel_at_once_have_one_winner() {
    story(async |w| {
        w.starts_c1().await;
        let (ana, carla) = (w.person("ana"), w.person("carla"));
        for round in 0..5 {
            let reason = format!("round {round}");
            form("Production database", "Read")
                .reason(reason.clone())
                .sent_by(&ana)
                .await;
            w.settle().await;
            let mine = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            let hers = message(&carla, &reason);
            let _ = tokio::join!(ana.clicks(&mine, "Cancel request"), carla.clicks(&hers, "Approve"));
            w.settle().await;
            let mine = ana.dm().into_iter().find(|m| m.text().contains(&reason)).unwrap();
            if mine.text().contains("I'm done") {
                ana.clicks(&mine, "I'm done").await.unwrap();
                w.settle().await;
            }
        }
        let over = w
            .count("SELECT count(*) FROM requests WHERE state IN ('approved', 'cancelled')")
            .await;
        assert_eq!(over, 5);
        let grants = w.count("SELECT count(*) FROM grants").await;
        assert_eq!(
            grants,
            w.count("SELECT count(*) FROM requests WHERE state = 'approved'").await
        );
        assert!(!everything(&carla).contains("[Approve]"));
    });
}

#[test]
fn the_same_form_sent_twice_makes_one_request() {
    story(async |w| {
        w.starts_c1().await;
        let ana = w.person("ana");
        form("Production database", "Read").filled_by(&ana).await;
        w.slack.faults().delivery(simulator::DeliveryFault::DuplicateNext {
            with_retry_headers: false,
        });
        let _ = ana.submits().await.unwrap();
        w.settle().await;
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 1);
        assert_eq!(ana.dm().len(), 1, "{}", everything(&ana));
    });
}

#[test]
fn replicas_know_of_one_another() {
    story(async |w| {
        w.starts_c1().await;
        w.until("they share Slack's limits", async || w.shares() == [2, 2])
            .await;
        w.stops_one_c1().await;
        w.until("the one that is left has them for itself", async || w.shares() == [1])
            .await;
    });
}

/// Two that call as often as they may, against a Slack that counts.
#[tokio::test]
async fn replicas_together_stay_below_slacks_limits() {
    let slack = Simulator::start(Config {
        rate_limits: true,
        ..Config::new(include_str!("../../manifest.yml"))
    })
    .await
    .unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let one = || {
        let settings = Settings {
            api_url: slack.api_url().parse().unwrap(),
            bot_token: slack.tokens().bot.clone().into(),
            app_token: None,
            within: Settings::WITHIN,
            paced: true,
        };
        let client = Slack::new(&settings).unwrap();
        client.share(2);
        client
    };
    let (one, other) = (one(), one());
    let until = Instant::now() + Duration::from_secs(4);
    while Instant::now() < until {
        let (_, _) = tokio::join!(one.users_list(None), other.users_list(None));
    }
    let calls = slack.calls();
    let refused = calls.iter().filter(|call| call.outcome != "ok").count();
    // Twenty a minute, all at once if need be; and one more within the four seconds.
    assert!((18..=22).contains(&calls.len()), "{} calls", calls.len());
    assert_eq!(refused, 0, "{refused} of {} calls were refused", calls.len());
}

async fn somebody_writes_into_cards(w: &World, times: usize) {
    let erin = w.person("erin");
    for (person, card) in ["ana", "carla", "dan", "kofi"]
        .into_iter()
        .cycle()
        .take(times)
        .map(|name| {
            let person = w.person(name);
            let card = person.dm().into_iter().next().unwrap();
            (person, card)
        })
    {
        w.slack
            .rewrites(&card.reference(), &erin, &format!("not for {}", person.name()));
    }
}

#[test]
fn what_slack_closes_for_one_is_closed_for_all() {
    story(async |w| {
        w.starts_c1().await;
        form("Production database", "Read")
            .reason("INC-42")
            .sent_by(&w.person("ana"))
            .await;
        w.settle().await;
        let updates = || {
            w.slack
                .calls()
                .iter()
                .filter(|call| call.method == "chat.update")
                .count()
        };
        let before = updates();
        w.slack
            .faults()
            .next("chat.update", Fault::RateLimited { retry_after: 4 });
        somebody_writes_into_cards(w, 1).await;
        w.until("one of them is refused", async || updates() > before).await;
        let closed = Instant::now();
        // A word between processes.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let waiting = async || {
            w.count("SELECT count(*) FROM jobs WHERE name = 'refresh_card' AND snoozes > 0")
                .await
        };
        somebody_writes_into_cards(w, 4).await;
        w.until("all of them wait", async || waiting().await == 4).await;
        assert!(
            closed.elapsed() < Duration::from_secs(4),
            "the machine is too slow to tell"
        );
        assert_eq!(updates(), before + 1, "whoever takes them waits");
        w.settle().await;
        assert!(message(&w.person("carla"), "INC-42").text().contains("[Approve]"));
    });
}
