//! The page of a request: seen by those it concerns, and acted on as in Slack.

use crate::harness::{Browser, Page, ana_asks_the_owners, everything, form, message, on_the_web};
use hyper::StatusCode;
use std::time::Duration;

/// What a form of a page would send: its hidden fields.
pub(super) fn hidden(page: &Page, form: &str) -> Vec<(String, String)> {
    let start = page
        .text
        .find(&format!("id=\"f-{form}\""))
        .unwrap_or_else(|| panic!("no form {form}: {}", page.words()));
    let form = &page.text[start..];
    let form = &form[..form.find("</form>").unwrap()];
    form.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (name.to_owned(), rest.split_once('"').unwrap().0.to_owned())
        })
        .collect()
}

/// Fills in a form of a page that was opened, and sends it.
pub(super) async fn fills(browser: &mut Browser, page: &Page, act: &str, fields: &[(&str, &str)]) -> Page {
    let hidden = hidden(page, act);
    let all: Vec<(&str, &str)> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(fields.iter().copied())
        .collect();
    browser.submits(&format!("/requests/1/{act}"), &all).await
}

#[test]
fn each_sees_the_request_and_what_they_may_do() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        assert_eq!(page.status, StatusCode::OK);
        for words in [
            "Request #1",
            "Grant Ana Alvarez Production database / Read",
            "Awaiting approval",
            "Awaiting approval from Carla Conti + 2",
            "INC-42",
            "Requested by Ana Alvarez (you)",
            "Carla Conti owner of Production database / Read",
            "Ana Alvarez asked for prod-db/read, for 4 hours",
            "Cancel request",
            "Remind the approvers",
            "Times are those of Europe/Berlin",
        ] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        assert!(!page.says("Your decision"), "{}", page.words());

        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        for words in [
            "Your decision",
            "You are asked: owner of Production database / Read.",
            "Never given to Ana Alvarez before.",
            "Awaiting approval from you + 2",
            "Approve Deny",
            "I’m on it",
            "Make it shorter…",
        ] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        assert!(
            !page.says("Cancel request"),
            "it is not hers to cancel: {}",
            page.words()
        );
    });
}

#[test]
fn carla_approves_on_the_page_and_everyone_knows() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let page = fills(
            &mut carla,
            &page,
            "decide",
            &[("verdict", "approve"), ("reason", "be quick")],
        )
        .await;
        assert!(
            page.says("Noted. Thank you for deciding.") && page.says("Approved by you"),
            "{}",
            page.words()
        );
        assert!(
            page.says("Carla Conti approved step 1: “be quick” on this page"),
            "{}",
            page.words()
        );
        w.settle().await;
        let page = carla.opens("/requests/1").await;
        assert!(
            page.says("Active until") && !page.says("Your decision"),
            "{}",
            page.words()
        );
        let told = everything(&w.person("ana"));
        assert!(told.contains("Approved by") && told.contains("be quick"), "{told}");
        assert!(
            everything(&w.person("dan")).contains("Already approved by"),
            "{}",
            everything(&w.person("dan"))
        );
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE via = 'web' AND event->>'type' = 'decided'")
                .await,
            1
        );

        // The access is hers to end.
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        assert!(
            page.says("I’m done") && page.says("Ask for more time"),
            "{}",
            page.words()
        );
        let page = fills(&mut ana, &page, "end", &[]).await;
        assert!(page.says("This access is being taken away now"), "{}", page.words());
        w.settle().await;
        assert!(ana.opens("/requests/1").await.says("it was no longer needed"));
        assert!(!w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn a_page_that_is_old_decides_nothing_and_keeps_what_was_typed() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let (mut carla, mut dan) = (w.signed_in("carla").await, w.signed_in("dan").await);
        let (hers, his) = (carla.opens("/requests/1").await, dan.opens("/requests/1").await);
        fills(&mut carla, &hers, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        w.settle().await;
        let page = fills(
            &mut dan,
            &his,
            "decide",
            &[("verdict", "deny"), ("reason", "not today")],
        )
        .await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        assert!(page.says("Carla Conti"), "he is told by whom: {}", page.words());
        assert!(
            page.text.contains("not today"),
            "what he typed is there: {}",
            page.words()
        );
        // Sent once more, hers has had its effect.
        let page = fills(&mut carla, &hers, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        assert!(page.status == StatusCode::OK && page.says("Noted."), "{}", page.words());
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'decided'")
                .await,
            1
        );
    });
}

#[test]
fn a_reason_that_is_missing_is_asked_for_beside_the_buttons() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let page = fills(&mut carla, &page, "decide", &[("verdict", "deny"), ("reason", "  ")]).await;
        assert!(
            page.status == StatusCode::CONFLICT && page.says("reason"),
            "{}",
            page.words()
        );
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'decided'")
                .await,
            0
        );
        let page = fills(
            &mut carla,
            &page,
            "decide",
            &[("verdict", "deny"), ("reason", "ask on Monday")],
        )
        .await;
        assert!(
            page.says("Denied by you") && page.says("ask on Monday"),
            "{}",
            page.words()
        );
        w.settle().await;
        assert!(everything(&w.person("ana")).contains("ask on Monday"));
    });
}

#[test]
fn the_menu_of_an_approver_is_on_the_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let page = fills(&mut carla, &page, "claim", &[]).await;
        assert!(
            page.says("You are on it until") && page.says("I’m not on it any more"),
            "{}",
            page.words()
        );
        let page = fills(&mut carla, &page, "give-back", &[]).await;
        assert!(page.says("You are not on it any more"), "{}", page.words());
        let page = fills(
            &mut carla,
            &page,
            "shorten",
            &[("to", ""), ("custom", "a while"), ("reason", "")],
        )
        .await;
        assert!(
            page.status == StatusCode::CONFLICT && page.text.contains("value=\"a while\""),
            "{}",
            page.words()
        );
        let page = fills(
            &mut carla,
            &page,
            "shorten",
            &[("to", ""), ("custom", "30m"), ("reason", "enough")],
        )
        .await;
        assert!(page.says("30 minutes, shortened from"), "{}", page.words());
        let page = fills(&mut carla, &page, "later", &[("when", "hour")]).await;
        assert!(page.says("You will hear of it again"), "{}", page.words());
        w.settle().await;
    });
}

#[test]
fn ana_cancels_reminds_and_escalates_on_the_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut ana = w.signed_in("ana").await;
        w.after(Duration::from_secs(2 * 3_600)).await;
        let page = ana.opens("/requests/1").await;
        let page = fills(&mut ana, &page, "remind", &[]).await;
        assert!(page.says("Those who can decide are reminded"), "{}", page.words());
        let page = fills(&mut ana, &page, "remind", &[]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "not twice: {}", page.words());
        w.settle().await;
        let page = fills(&mut ana, &page, "cancel", &[("reason", "found another way")]).await;
        assert!(
            page.says("Cancelled by you") && page.says("found another way"),
            "{}",
            page.words()
        );
        assert!(page.text.contains("badge over"), "{}", page.text);
        w.settle().await;
        assert!(everything(&w.person("carla")).contains("Cancelled by"));
    });
}

#[test]
fn a_stranger_gets_the_answer_of_a_request_that_is_not_there() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut noor = w.signed_in("noor").await;
        let (hers, none) = (noor.opens("/requests/1").await, noor.opens("/requests/999999").await);
        assert_eq!(hers.status, StatusCode::NOT_FOUND);
        let same = |page: &Page| {
            let mut headers = page.headers.clone();
            headers.remove("date");
            (page.status, headers, page.text.clone())
        };
        assert_eq!(same(&hers), same(&none), "to the last byte");
        for other in [
            "/requests/0",
            "/requests/-1",
            "/requests/01",
            "/requests/+1",
            "/requests/1x",
            "/requests/99999999999999999999",
        ] {
            assert_eq!(same(&noor.opens(other).await), same(&none), "{other}");
        }
        // Nor does trying tell.
        for act in ["cancel", "decide", "claim", "administer", "end", "nothing"] {
            let fields = [
                ("step", "0"),
                ("revision", "1"),
                ("verdict", "approve"),
                ("reason", "x"),
                ("act", "cancel"),
            ];
            let one = noor.submits(&format!("/requests/1/{act}"), &fields).await;
            let other = noor.submits(&format!("/requests/999999/{act}"), &fields).await;
            assert_eq!(same(&one), same(&none), "{act}");
            assert_eq!(same(&other), same(&none), "{act}");
        }
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE state = 'open'").await, 1);
        // Signed out, every number is the same.
        let mut nobody = w.browser();
        assert_eq!(nobody.opens("/requests/1").await.leads_to(), "/sign-in?to=/requests/1");
        assert_eq!(
            nobody.opens("/requests/999999").await.leads_to(),
            "/sign-in?to=/requests/999999"
        );
    });
}

#[test]
fn what_people_type_is_shown_and_never_run() {
    on_the_web(async |w| {
        let wicked = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;</textarea>";
        form("Production database", "Read")
            .reason(wicked)
            .sent_by(&w.person("ana"))
            .await;
        w.settle().await;
        sqlx::query("UPDATE people SET name = '<b>Ana</b> \"A\"' WHERE key = 'ana'")
            .execute(&w.pool)
            .await
            .unwrap();
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let page = fills(&mut carla, &page, "decide", &[("verdict", "deny"), ("reason", wicked)]).await;
        for broken in ["<script>alert", "<img src=x", "<b>Ana", "&amp;amp;</textarea>"] {
            assert!(!page.text.contains(broken), "{broken}: {}", page.text);
        }
        assert!(page.says(wicked) && page.says("<b>Ana</b>"), "{}", page.words());
        w.settle().await;
    });
}

#[test]
fn who_is_suspended_meanwhile_does_nothing_more() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        sqlx::query("UPDATE people SET standing = 'suspended' WHERE key = 'carla'")
            .execute(&w.pool)
            .await
            .unwrap();
        let page = fills(&mut carla, &page, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        assert!(
            page.says("Sign in with Slack") && page.says("Request #1"),
            "{}",
            page.words()
        );
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'decided'")
                .await,
            0
        );
        sqlx::query("UPDATE people SET standing = 'active' WHERE key = 'carla'")
            .execute(&w.pool)
            .await
            .unwrap();
    });
}

#[test]
fn forms_from_elsewhere_or_too_large_decide_nothing() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let hidden = hidden(&page, "decide");
        let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
        fields.push(("verdict", "approve"));
        let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
        let page = carla.posts("/requests/1/decide", &fields, &elsewhere).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        let large = "x".repeat(2 * 1024 * 1024);
        fields.push(("reason", &large));
        let page = carla
            .posts("/requests/1/decide", &fields, &[("sec-fetch-site", "same-origin")])
            .await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            w.count("SELECT count(*) FROM audit WHERE event->>'type' = 'decided'")
                .await,
            0
        );
    });
}

#[test]
fn whoever_is_asked_and_manages_may_do_both() {
    on_the_web(async |w| {
        form("GitHub", "payments / Admin")
            .reason("release day")
            .sent_by(&w.person("jun"))
            .await;
        w.settle().await;
        let mut bob = w.signed_in("bob").await;
        let page = bob.opens("/requests/1").await;
        for words in ["Your decision", "You are asked: manager of Jun Jimbo", "Cancel request"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        let page = fills(&mut bob, &page, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        assert!(
            page.says("Bob Brandt approved") && page.says("from Carla Conti"),
            "{}",
            page.words()
        );
        w.settle().await;
        assert!(everything(&w.person("carla")).contains("release day"));
    });
}

#[test]
fn an_emergency_is_made_on_the_page_and_wears_its_badge() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        assert!(!page.text.contains("⚡ Emergency"), "{}", page.words());
        let page = fills(&mut ana, &page, "escalate", &[("reason", "customers cannot pay")]).await;
        for words in [
            "⚡ Emergency",
            "It is an emergency now",
            "⚡ Made an emergency by you",
            "customers cannot pay",
        ] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        w.settle().await;
        assert!(ana.opens("/requests/1").await.says("Active until"), "given at once");
        assert!(
            everything(&w.person("carla")).contains("customers cannot pay"),
            "who was skipped is told"
        );
        assert!(w.target_has("prod-db", "read", "ana").await);
    });
}

#[test]
fn a_place_is_given_away_on_the_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        let milan: String = sqlx::query_scalar("SELECT id::text FROM people WHERE key = 'milan'")
            .fetch_one(&w.pool)
            .await
            .unwrap();
        let refused = fills(&mut carla, &page, "reassign", &[("to", &milan), ("reason", "")]).await;
        assert_eq!(
            refused.status,
            StatusCode::CONFLICT,
            "it needs a reason: {}",
            refused.words()
        );
        let page = fills(&mut carla, &page, "reassign", &[("to", &milan), ("reason", "on leave")]).await;
        assert!(
            page.says("You gave this to Milan Maric: “on leave”"),
            "{}",
            page.words()
        );
        assert!(!page.says("Your decision"), "it is not hers any more: {}", page.words());
        w.settle().await;
        assert!(
            w.signed_in("milan")
                .await
                .opens("/requests/1")
                .await
                .says("You are asked: in the place of Carla Conti.")
        );
        // To somebody who is not offered, or not anybody, it is refused.
        let mut dan = w.signed_in("dan").await;
        let page = dan.opens("/requests/1").await;
        for to in ["1", "999999"] {
            let refused = fills(&mut dan, &page, "reassign", &[("to", to), ("reason", "x")]).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{to}: {}", refused.words());
        }
    });
}

#[test]
fn more_time_is_asked_for_on_the_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut carla = w.signed_in("carla").await;
        let page = carla.opens("/requests/1").await;
        fills(&mut carla, &page, "decide", &[("verdict", "approve"), ("reason", "")]).await;
        w.settle().await;
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        let refused = fills(
            &mut ana,
            &page,
            "extend",
            &[("to", ""), ("custom", "soon"), ("reason", "more to do")],
        )
        .await;
        assert!(
            refused.status == StatusCode::CONFLICT && refused.text.contains("more to do"),
            "{}",
            refused.words()
        );
        let page = fills(
            &mut ana,
            &page,
            "extend",
            &[("to", ""), ("custom", "2h"), ("reason", "more to do")],
        )
        .await;
        assert!(
            page.says("Request #2") && page.says("More time for access that is held"),
            "{}",
            page.words()
        );
        // Once: the second is told of the first.
        let page = ana.opens("/requests/1").await;
        let again = fills(
            &mut ana,
            &page,
            "extend",
            &[("to", ""), ("custom", "2h"), ("reason", "more to do")],
        )
        .await;
        assert!(
            again.status == StatusCode::CONFLICT && again.says("#2"),
            "{}",
            again.words()
        );
        w.settle().await;
        // It is hers to ask for: somebody who only sees it cannot.
        let bob = w
            .signed_in("bob")
            .await
            .submits("/requests/1/extend", &[("custom", "2h"), ("reason", "x")])
            .await;
        assert_eq!(bob.status, StatusCode::CONFLICT);
        assert_eq!(w.count("SELECT count(*) FROM requests").await, 2);
    });
}

#[test]
fn access_is_set_up_and_refused_by_hand_on_the_page() {
    on_the_web(async |w| {
        let (lena, hana) = (w.person("lena"), w.person("hana"));
        for app in ["Group admin", "Access"] {
            form("Okta", app).reason("new joiners").sent_by(&lena).await;
            w.settle().await;
        }
        hana.clicks(&message(&hana, "[Approve]"), "Approve").await.unwrap();
        w.settle().await;
        let mut hers = w.signed_in("hana").await;
        let page = hers.opens("/requests/1").await;
        assert!(
            page.says("Please set this access up") && page.says("Group Administrator"),
            "{}",
            page.words()
        );
        let page = hers.submits("/requests/1/provisioned", &[]).await;
        assert!(
            page.says("Noted. Thank you.") && page.says("by you"),
            "{}",
            page.words()
        );
        let refused = hers.submits("/requests/2/wont-do", &[("reason", " ")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.words());
        let page = hers
            .submits("/requests/2/wont-do", &[("reason", "you have one already")])
            .await;
        assert!(
            page.says("Could not be set up") && page.says("you have one already"),
            "{}",
            page.words()
        );
        w.settle().await;
        assert!(everything(&lena).contains("you have one already"));
        // Nobody else sets it up, and it is not offered to them.
        let mut lenas = w.signed_in("lena").await;
        assert!(!lenas.opens("/requests/2").await.says("Please set this access up"));
        let refused = lenas.submits("/requests/2/provisioned", &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.words());
    });
}

#[test]
fn an_administrator_acts_outside_the_plan_on_the_page() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut erin = w.signed_in("erin").await;
        let page = erin.opens("/requests/1").await;
        assert!(page.says("Act outside the plan"), "{}", page.words());
        let refused = fills(
            &mut erin,
            &page,
            "administer",
            &[("act", "skip"), ("key", ""), ("reason", "")],
        )
        .await;
        assert_eq!(
            refused.status,
            StatusCode::CONFLICT,
            "it needs a reason: {}",
            refused.words()
        );
        let page = fills(
            &mut erin,
            &page,
            "administer",
            &[("act", "skip"), ("key", ""), ("reason", "all on a plane")],
        )
        .await;
        assert!(
            page.says("You skipped this step as administrator: no approval: “all on a plane”"),
            "{}",
            page.words()
        );
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        // Whoever is none is not offered it, and is refused.
        form("Production database", "Write")
            .reason("INC-43")
            .sent_by(&w.person("ana"))
            .await;
        w.settle().await;
        let mut bob = w.signed_in("bob").await;
        assert!(!bob.opens("/requests/2").await.says("Act outside the plan"));
        let fields = [("act", "cancel"), ("step", "0"), ("revision", "1"), ("reason", "x")];
        assert_eq!(
            bob.submits("/requests/2/administer", &fields).await.status,
            StatusCode::CONFLICT
        );
        assert_eq!(w.count("SELECT count(*) FROM requests WHERE state = 'open'").await, 1);
    });
}

#[test]
fn the_first_page_says_what_waits_and_what_was_asked() {
    on_the_web(async |w| {
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/").await;
        assert!(
            page.says("Nothing waits for your decision") && page.says("You have not asked for anything yet"),
            "{}",
            page.words()
        );
        ana_asks_the_owners(w).await;
        let page = ana.opens("/").await;
        assert!(
            page.says("#1 Production database / Read Ana Alvarez Awaiting approval"),
            "{}",
            page.words()
        );
        assert!(page.text.contains("href=\"/requests/1\""));
        let page = w.signed_in("carla").await.opens("/").await;
        assert!(
            page.says("Waiting for you #1 Production database / Read"),
            "{}",
            page.words()
        );
        assert!(
            !w.signed_in("noor").await.opens("/").await.says("#1"),
            "a stranger sees nothing of it"
        );
    });
}
