//! A session ends while somebody writes: nothing of it is sent, and nothing is lost.

use super::requests::fills;
use crate::harness::{Browser, Page, World, ana_asks_the_owners, on_the_web};
use hyper::StatusCode;
use std::time::Duration;

const HALF_A_DAY: Duration = Duration::from_secs(13 * 3_600);

/// Signs in with Slack, on the way to the request; the page of it.
async fn signs_in_again(w: &World, browser: &mut Browser, name: &str) -> Page {
    let way = browser.sets_out("/requests/1").await;
    let page = browser.comes_back(&w.person(name).signs_in(&way).unwrap()).await;
    assert_eq!(page.leads_to(), "/requests/1", "{}", page.words());
    browser.opens("/requests/1").await
}

async fn comments(w: &World) -> i64 {
    w.count("SELECT count(*) FROM comments WHERE author_id IS NOT NULL")
        .await
}

#[test]
fn a_comment_that_came_too_late_stands_in_its_box_again() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        w.after(HALF_A_DAY).await;
        let words = "which <table>?\nand \"why\"";
        let fields = [("body", words), ("audience", "approvers")];
        let page = fills(&mut carla, &page, "comment", &fields).await;
        assert!(
            page.says("Sign in with Slack") && page.says("What you wrote is kept for half an hour"),
            "{}",
            page.words()
        );
        assert_eq!(comments(w).await, 0, "nothing is sent by itself");
        let page = signs_in_again(w, &mut carla, "carla").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.says("You were signed out when you sent this, so nothing has happened yet."),
            "{}",
            page.words()
        );
        let escaped = "which &#60;table&#62;?\nand &#34;why&#34;</textarea>";
        assert!(page.text.contains(escaped), "{}", page.text);
        assert!(
            page.text.contains("value=\"approvers\" checked"),
            "who reads it was chosen, too: {}",
            page.text
        );
        assert_eq!(comments(w).await, 0);
        // It is shown once; whoever sends it sends it once.
        assert!(!carla.opens("/requests/1").await.text.contains("&#60;table&#62;"));
        for _ in 0..2 {
            let page = fills(&mut carla, &page, "comment", &fields).await;
            assert!(
                page.says("which <table>?") && page.says("Note to approvers"),
                "{}",
                page.words()
            );
        }
        assert_eq!(comments(w).await, 1);
        w.settle().await;
    });
}

#[test]
fn a_reason_is_kept_and_decides_nothing() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        // In another tab.
        carla.submits("/sign-out", &[]).await;
        let fields = [("verdict", "deny"), ("reason", "ask on Monday")];
        let told = fills(&mut carla, &page, "decide", &fields).await;
        assert!(told.says("What you wrote is kept"), "{}", told.words());
        let page = signs_in_again(w, &mut carla, "carla").await;
        assert!(page.text.contains(">ask on Monday</textarea>"), "{}", page.text);
        assert!(page.says("Awaiting approval"), "{}", page.words());
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 0);
        // Meanwhile it may have been decided: then there is no form for it, and the words are there all the same.
        carla.submits("/sign-out", &[]).await;
        fills(&mut carla, &page, "decide", &fields).await;
        let mut dan = w.signed_in("dan").await;
        let his = dan.opens("/requests/1").await;
        fills(&mut dan, &his, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        w.settle().await;
        let page = signs_in_again(w, &mut carla, "carla").await;
        assert!(
            page.says("What you had written") && page.text.contains(">ask on Monday</textarea>"),
            "{}",
            page.words()
        );
        assert_eq!(w.count("SELECT count(*) FROM decisions").await, 1);
    });
}

#[test]
fn what_is_kept_is_for_its_author_for_a_while_and_for_nobody_from_elsewhere() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let kept = "SELECT count(*) FROM kept_words";
        let said = [("body", "between us")];
        // A form of another site is no form of ours.
        let mut stranger = w.browser();
        let cross = [("sec-fetch-site", "cross-site")];
        let page = stranger.posts("/requests/1/comment", &said, &cross).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.words());
        // There may be such a request or not; and where nothing was written, nothing is kept.
        let mut answers = Vec::new();
        for (path, fields) in [
            ("/requests/1/claim", &[("step", "0")]),
            ("/requests/1/comment", &[("body", " ")]),
            ("/requests/1/nonsense", &said),
        ] {
            let page = stranger.posts(path, fields, &[("sec-fetch-site", "same-origin")]).await;
            assert_eq!(page.leads_to(), "/sign-in?to=/requests/1");
        }
        assert_eq!(w.count(kept).await, 0);
        for path in ["/requests/1/comment", "/requests/4711/comment"] {
            let page = stranger.posts(path, &said, &[("sec-fetch-site", "same-origin")]).await;
            answers.push((page.status, page.text, page.headers.len()));
        }
        assert_eq!(answers[0], answers[1]);
        // Somebody else who signs in in the same browser does not read it.
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        w.after(HALF_A_DAY).await;
        fills(&mut carla, &page, "comment", &said).await;
        let page = signs_in_again(w, &mut carla, "dan").await;
        assert!(!page.text.contains("between us"), "{}", page.words());
        // Nor does its author, on another page or after half an hour.
        carla.submits("/sign-out", &[]).await;
        let page = signs_in_again(w, &mut carla, "carla").await;
        assert!(page.text.contains("between us"), "{}", page.words());
        carla.submits("/sign-out", &[]).await;
        fills(&mut carla, &page, "comment", &said).await;
        w.after(Duration::from_secs(31 * 60)).await;
        let page = signs_in_again(w, &mut carla, "carla").await;
        assert!(!page.text.contains("between us"), "{}", page.words());
        // Whoever keeps sending things cannot fill the database.
        sqlx::query(
            "INSERT INTO kept_words (hash, request_id, act, fields, created_at)
             SELECT sha256(n::text::bytea), 1, 'comment', '{}', $1 - n * interval '1 second' FROM generate_series(1, 1500) n",
        )
        .bind(w.system.clock.now())
        .execute(&w.pool)
        .await
        .unwrap();
        stranger
            .posts("/requests/1/comment", &said, &[("sec-fetch-site", "same-origin")])
            .await;
        assert!(w.count(kept).await <= 1_001);
    });
}
