//! Signing in with Slack, and everything that does not count as it.

use crate::harness::{Browser, World, on_the_web, story};
use hyper::StatusCode;
use serde_json::json;
use simulator::{Fault, IdTokenFault, ProfileChange, SeedPerson};
use std::time::Duration;
use url::Url;

const MINUTE: Duration = Duration::from_secs(60);

/// Somebody sets out and comes back; what they are told in place of a session.
async fn refused(w: &World, browser: &mut Browser, name: &str) -> String {
    let way = browser.sets_out("/requests/1").await;
    let back = w.person(name).signs_in(&way).unwrap();
    let page = browser.comes_back(&back).await;
    assert!(
        page.status.is_client_error() || page.status.is_server_error(),
        "{page:?}"
    );
    assert!(!browser.cookies.contains_key("c1_session"), "{page:?}");
    page.words()
}

#[test]
fn ana_signs_in_and_out() {
    on_the_web(async |w| {
        let mut browser = w.browser();
        let page = browser.follows("/requests/1").await;
        assert!(
            page.says("Sign in with Slack") && page.says("Request #1"),
            "{}",
            page.words()
        );
        let way = browser.sets_out("/requests/1").await;
        let asked = Url::parse(&way).unwrap();
        let said = |name: &str| {
            asked
                .query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        assert_eq!(said("scope").as_deref(), Some("openid profile"));
        assert_eq!(said("response_type").as_deref(), Some("code"));
        assert_eq!(said("team").as_deref(), Some("T0MERIDIA"));
        assert!(said("state").unwrap().len() == 64 && said("nonce").unwrap().len() == 64);
        assert_eq!(said("code_challenge"), None, "the app has not opted in to PKCE");
        let page = browser.comes_back(&w.person("ana").signs_in(&way).unwrap()).await;
        assert_eq!(page.leads_to(), "/requests/1", "back to where she wanted to go");
        let kept = page
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().unwrap());
        let session = kept.into_iter().find(|value| value.starts_with("c1_session=")).unwrap();
        assert!(session.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{session}");
        let page = browser.opens("/").await;
        assert!(
            page.says("Hello, Ana Alvarez") && page.says("Sign out"),
            "{}",
            page.words()
        );
        // What the database keeps opens no door.
        let secret = browser.cookies["c1_session"].clone();
        let kept: Vec<u8> = sqlx::query_scalar("SELECT hash FROM sessions")
            .fetch_one(&w.pool)
            .await
            .unwrap();
        assert_ne!(hex::encode(&kept), secret);
        assert!(!String::from_utf8_lossy(&kept).contains(&secret));

        let page = browser.submits("/sign-out", &[]).await;
        assert!(page.says("You are signed out"), "{}", page.words());
        assert_eq!(browser.cookies.get("c1_session"), None);
        // Nor does the cookie, from then on.
        browser.cookies.insert("c1_session".to_owned(), secret);
        assert_eq!(browser.opens("/").await.leads_to(), "/sign-in?to=/");
        let told = "SELECT count(*) FROM audit WHERE via = 'web' AND event->>'type' IN ('signed_in', 'signed_out')
                      AND actor_id = person_id AND person_id = (SELECT id FROM people WHERE key = 'ana')";
        assert_eq!(w.count(told).await, 2);
    });
}

#[test]
fn pkce_is_used_where_the_app_may() {
    on_the_web(async |w| {
        w.slack.set_pkce(true);
        let mut browser = w.browser();
        let way = browser.sets_out("/").await;
        assert!(way.contains("code_challenge_method=S256"), "{way}");
        let back = w.person("ana").signs_in(&way).unwrap();
        assert_eq!(browser.comes_back(&back).await.leads_to(), "/");
        // Somebody else's challenge is not ours to meet.
        let way = browser.sets_out("/").await;
        let mut changed = Url::parse(&way).unwrap();
        let pairs: Vec<(String, String)> = changed.query_pairs().into_owned().collect();
        changed
            .query_pairs_mut()
            .clear()
            .extend_pairs(pairs.into_iter().map(|(key, value)| {
                let value = if key == "code_challenge" { "x".repeat(43) } else { value };
                (key, value)
            }));
        let back = w.person("ana").signs_in(changed.as_str()).unwrap();
        let page = browser.comes_back(&back).await;
        assert!(page.says("Slack did not accept"), "{}", page.words());
    });
}

#[test]
fn an_answer_counts_once_in_the_browser_that_set_out_and_soon() {
    on_the_web(async |w| {
        let (mut hers, mut anothers) = (w.browser(), w.browser());
        let ana = w.person("ana");
        const OVER: &str = "This attempt to sign in is over";
        // An answer that nobody asked for.
        let forged = format!("/auth/slack/callback?code=abc&state={}", "a".repeat(64));
        let page = hers.opens(&forged).await;
        assert!(
            page.status == StatusCode::BAD_REQUEST && page.says(OVER),
            "{}",
            page.words()
        );
        // Begun in one browser, brought to another: whoever opens the link signs in as nobody.
        let back = ana.signs_in(&hers.sets_out("/").await).unwrap();
        anothers.sets_out("/").await;
        assert!(anothers.comes_back(&back).await.says(OVER));
        assert_eq!(anothers.cookies.get("c1_session"), None);
        // In the right one it counts, and once.
        assert_eq!(hers.comes_back(&back).await.leads_to(), "/");
        hers.cookies.remove("c1_session");
        assert!(hers.comes_back(&back).await.says(OVER));
        // A code that was used is refused by Slack as well.
        let code = |address: &str| {
            Url::parse(address)
                .unwrap()
                .query_pairs()
                .find(|(key, _)| key == "code")
                .unwrap()
                .1
                .into_owned()
        };
        let next = ana.signs_in(&hers.sets_out("/").await).unwrap();
        let replayed = next.replace(&code(&next), &code(&back));
        let page = hers.comes_back(&replayed).await;
        assert!(
            page.status == StatusCode::BAD_GATEWAY && page.says("Slack did not accept"),
            "{}",
            page.words()
        );
        // Two tabs are two ways; ten minutes are the end of each.
        let (one, two) = (hers.sets_out("/").await, hers.sets_out("/").await);
        let (one, two) = (ana.signs_in(&one).unwrap(), ana.signs_in(&two).unwrap());
        assert_eq!(hers.comes_back(&one).await.leads_to(), "/");
        let late = ana.signs_in(&hers.sets_out("/").await).unwrap();
        let _ = two;
        w.after(11 * MINUTE).await;
        assert!(hers.comes_back(&late).await.says(OVER));
        assert!(w.count("SELECT count(*) FROM sessions").await >= 2);
    });
}

#[test]
fn only_slacks_own_fresh_word_about_this_very_attempt_counts() {
    on_the_web(async |w| {
        let claim = |name: &str, value| IdTokenFault::Claim(name.to_owned(), value);
        let faults = [
            IdTokenFault::Forged,
            IdTokenFault::Unsigned,
            claim("nonce", json!("another")),
            claim("nonce", json!(null)),
            claim("aud", json!("somebody-else")),
            claim("iss", json!("https://slack.example")),
            claim("exp", json!(1_700_000_000)),
            claim("https://slack.com/user_id", json!(null)),
        ];
        for fault in faults {
            w.slack.spoils_id_token(fault.clone());
            let told = refused(w, &mut w.browser(), "ana").await;
            let unproven = "It is not certain that this answer comes from Slack";
            let unreadable = "Slack does not answer";
            assert!(
                told.contains(unproven) || told.contains(unreadable),
                "{fault:?}: {told}"
            );
        }
        assert_eq!(w.count("SELECT count(*) FROM sessions").await, 0);
        // And after all that, the right one.
        w.signed_in("ana").await;
    });
}

#[test]
fn who_does_not_belong_here_is_told_so() {
    on_the_web(async |w| {
        w.slack.spoils_id_token(IdTokenFault::Claim(
            "https://slack.com/team_id".to_owned(),
            json!("T0ELSE000"),
        ));
        let told = refused(w, &mut w.browser(), "ana").await;
        assert!(told.contains("another Slack workspace. This c1 belongs to"), "{told}");
        // An account that nobody here has.
        w.slack.spoils_id_token(IdTokenFault::Claim(
            "https://slack.com/user_id".to_owned(),
            json!("U0NOBODY0"),
        ));
        let told = refused(w, &mut w.browser(), "ana").await;
        assert!(told.contains("c1 does not know you"), "{told}");
        // A guest, and somebody who is suspended here.
        let guest = SeedPerson {
            name: "gus".to_owned(),
            real_name: "Gus Guest".to_owned(),
            is_restricted: true,
            ..SeedPerson::default()
        };
        w.slack.joins(guest);
        w.settle().await;
        let told = refused(w, &mut w.browser(), "gus").await;
        assert!(
            told.contains("Gus Guest cannot ask for, receive or decide about access here."),
            "{told}"
        );
        sqlx::query("UPDATE people SET standing = 'suspended' WHERE key = 'jun'")
            .execute(&w.pool)
            .await
            .unwrap();
        let told = refused(w, &mut w.browser(), "jun").await;
        assert!(told.contains("cannot ask for"), "{told}");
        // Who is new in Slack and signs in first is looked up there and then.
        let newcomer = w.slack.joins(SeedPerson {
            name: "nina".to_owned(),
            real_name: "Nina New".to_owned(),
            email: "nina@example.com".to_owned(),
            ..SeedPerson::default()
        });
        let mut browser = w.browser();
        browser.signs_in(&newcomer).await;
        assert!(browser.opens("/").await.says("Hello, Nina New"));
    });
}

#[test]
fn what_slack_says_in_place_of_a_code_is_said_to_people() {
    on_the_web(async |w| {
        let mut browser = w.browser();
        let way = browser.sets_out("/requests/7").await;
        let back = w.person("ana").declines_to_sign_in(&way).unwrap();
        let page = browser.comes_back(&back).await;
        assert!(
            page.says("at Slack, you chose not to") && page.says("Request #7"),
            "{}",
            page.words()
        );
        w.slack.faults().next("openid.connect.token", Fault::ServerError(503));
        assert!(
            refused(w, &mut browser, "ana")
                .await
                .contains("Slack does not answer at the moment")
        );
        w.slack
            .faults()
            .next("openid.connect.token", Fault::Error("invalid_code".to_owned()));
        assert!(
            refused(w, &mut browser, "ana")
                .await
                .contains("Slack did not accept this attempt")
        );
        // An app whose settings at Slack do not know this address is told so by Slack, in the browser.
        w.slack
            .set_redirect_urls(&["https://c1.example.com/auth/slack/callback"]);
        let refused = w.person("ana").signs_in(&browser.sets_out("/").await).unwrap_err();
        assert!(refused.contains("redirect_uri did not match"), "{refused}");
    });
}

#[test]
fn a_session_ends_unused_after_half_a_day_at_the_latest_after_a_week_and_with_its_person() {
    on_the_web(async |w| {
        let mut ana = w.signed_in("ana").await;
        w.after(11 * 60 * MINUTE).await;
        assert!(ana.opens("/").await.says("Hello"), "it is used");
        w.after(13 * 60 * MINUTE).await;
        let page = ana.opens("/").await;
        assert_eq!(page.leads_to(), "/sign-in?to=/", "it was not used for half a day");
        assert_eq!(ana.cookies.get("c1_session"), None);

        let mut bob = w.signed_in("bob").await;
        for _ in 0..16 {
            assert!(bob.opens("/").await.says("Hello"));
            w.after(10 * 60 * MINUTE).await;
        }
        w.after(10 * 60 * MINUTE).await;
        assert_eq!(
            bob.opens("/").await.leads_to(),
            "/sign-in?to=/",
            "nothing lasts longer than a week"
        );

        let mut carla = w.signed_in("carla").await;
        w.person("carla")
            .changes_profile(ProfileChange {
                deleted: Some(true),
                ..ProfileChange::default()
            })
            .await
            .unwrap();
        w.settle().await;
        assert_eq!(carla.opens("/").await.leads_to(), "/sign-in?to=/", "she is gone");
        assert_eq!(w.count("SELECT count(*) FROM sessions").await, 0);
    });
}

#[test]
fn signing_in_again_ends_the_browsers_earlier_session() {
    on_the_web(async |w| {
        let mut browser = w.signed_in("ana").await;
        let first = browser.cookies["c1_session"].clone();
        browser.signs_in(&w.person("bob")).await;
        assert!(browser.opens("/").await.says("Hello, Bob Brandt"));
        assert_eq!(w.count("SELECT count(*) FROM sessions").await, 1);
        browser.cookies.insert("c1_session".to_owned(), first);
        assert_eq!(browser.opens("/").await.leads_to(), "/sign-in?to=/");
    });
}

#[test]
fn nobody_is_led_elsewhere() {
    on_the_web(async |w| {
        let ana = w.person("ana");
        for elsewhere in [
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "/requests/1?next=//evil.example",
            "/%0d%0aset-cookie:%20a=b",
        ] {
            let mut browser = w.browser();
            let query = serde_urlencoded::to_string([("to", elsewhere)]).unwrap();
            let way = browser
                .opens(&format!("/auth/slack?{query}"))
                .await
                .leads_to()
                .to_owned();
            let page = browser.comes_back(&ana.signs_in(&way).unwrap()).await;
            assert_eq!(page.leads_to(), "/", "{elsewhere}");
            assert_eq!(
                browser.opens(&format!("/sign-in?{query}")).await.leads_to(),
                "/",
                "{elsewhere}"
            );
        }
    });
}

#[test]
fn forms_from_elsewhere_do_nothing() {
    on_the_web(async |w| {
        let mut ana = w.signed_in("ana").await;
        let elsewhere: [&[(&str, &str)]; 3] = [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")],
            &[("origin", "https://evil.example")],
        ];
        for headers in elsewhere {
            assert_eq!(
                ana.posts("/sign-out", &[], headers).await.status,
                StatusCode::FORBIDDEN,
                "{headers:?}"
            );
        }
        assert!(ana.opens("/").await.says("Hello"), "she is still signed in");
    });
}

#[test]
fn pages_are_strict() {
    on_the_web(async |w| {
        let mut ana = w.signed_in("ana").await;
        for page in [
            ana.opens("/").await,
            ana.opens("/nothing").await,
            w.browser().opens("/requests/1").await,
        ] {
            let policy = page.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("referrer-policy"), "same-origin");
            assert!(
                !page.text.contains("style=") && !page.text.contains("<script>"),
                "{}",
                page.text
            );
        }
        let page = ana.opens("/").await;
        let style = page.text.split('"').find(|part| part.ends_with("style.css")).unwrap();
        let style = ana.opens(style).await;
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        assert!(style.header("cache-control").contains("immutable"));
    });
}

#[test]
fn where_it_is_not_set_up_the_page_says_so() {
    story(async |w| {
        let mut browser = Browser::new(&w.addresses()[0]);
        let page = browser.follows("/requests/7").await;
        assert!(
            page.says("Signing in is not set up here") && page.says("/c1 show 7"),
            "{}",
            page.words()
        );
        assert_eq!(browser.opens("/auth/slack").await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            browser.opens("/auth/slack/callback?code=a&state=b").await.status,
            StatusCode::NOT_FOUND
        );
    });
}
