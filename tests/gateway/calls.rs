//! Calls to the Web API: what is sent, what the answers mean, and that no token is ever told.

use crate::stand_in::{BOT_TOKEN, Script, StandIn, ours};
use c1::slack::client::{CallError, Metadata, Post, Posted, ResponseMessage, Settings, Slack, Window};
use c1::slack::gateway::inbound::Installation;
use c1::slack::gateway::reply::Blocks;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn post() -> Post {
    Post {
        channel: "D1".into(),
        text: "a & b".into(),
        blocks: vec![json!({ "type": "divider" })].into(),
        thread_ts: Some("1.1".into()),
        metadata: Some(Metadata {
            event_type: "card".into(),
            event_payload: json!({ "card": "7" }),
        }),
        ..Post::default()
    }
}

fn at() -> Posted {
    Posted {
        channel: "D1".into(),
        ts: "1.1".into(),
    }
}

#[tokio::test]
async fn a_post_says_all_it_has_to() {
    let stand_in = StandIn::start().await;
    let posted = stand_in.slack().post_message(&post()).await.unwrap();
    assert_eq!(
        posted,
        Posted {
            channel: "D1".into(),
            ts: "1700000000.000100".into()
        }
    );
    assert_eq!(
        stand_in.call("chat.postMessage").await,
        json!({
            "channel": "D1", "text": "a & b", "blocks": [{ "type": "divider" }], "thread_ts": "1.1",
            "metadata": { "event_type": "card", "event_payload": { "card": "7" } },
            "unfurl_links": false, "unfurl_media": false
        })
    );
    assert_eq!(stand_in.calls()[0].authorization, format!("Bearer {BOT_TOKEN}"));
}

#[tokio::test]
async fn who_we_are() {
    let stand_in = StandIn::start().await;
    stand_in.next(
        "auth.test",
        Script::Json(json!({
            "ok": true, "url": "https://example.slack.com/", "team": "Example", "user": "c1", "team_id": "T111", "user_id": "UBOT",
            "bot_id": "BBOT", "enterprise_id": null, "app_id": "A111", "is_enterprise_install": false
        })),
    );
    let scopes = vec!["commands".to_owned(), "chat:write".to_owned()];
    assert_eq!(
        stand_in.slack().auth_test().await.unwrap(),
        Installation { scopes, ..ours() }
    );
}

#[tokio::test]
async fn answers_and_what_they_mean() {
    let stand_in = StandIn::start().await;
    let settings = Settings {
        within: Duration::from_millis(300),
        ..stand_in.settings()
    };
    let html = "<html>Sign in to the proxy</html>".to_owned();
    let after = |seconds| Some(Duration::from_secs(seconds));
    let uncertain = CallError::Retry {
        after: None,
        uncertain: true,
    };
    let cases = [
        (Script::Status(500, vec![], "oops".into()), uncertain.clone()),
        (
            Script::Status(503, vec![("retry-after", "7".into())], html.clone()),
            CallError::Retry {
                after: after(7),
                uncertain: true,
            },
        ),
        (Script::Status(200, vec![], html), uncertain.clone()),
        (Script::Status(200, vec![], String::new()), uncertain.clone()),
        (Script::Hang, uncertain.clone()),
        (Script::Json(json!({ "ok": true })), uncertain.clone()),
        (
            Script::Json(json!({ "ok": false, "error": "ratelimited" })),
            CallError::Retry {
                after: None,
                uncertain: false,
            },
        ),
        (
            Script::Json(json!({ "ok": false, "error": "internal_error" })),
            uncertain,
        ),
        (
            Script::Json(json!({ "ok": false, "error": "channel_not_found" })),
            CallError::Gone("channel_not_found".into()),
        ),
        (
            Script::Json(json!({ "ok": false, "error": "user_disabled" })),
            CallError::Unreachable("user_disabled".into()),
        ),
        (
            Script::Json(json!({ "ok": false, "error": "token_revoked" })),
            CallError::Dead("token_revoked".into()),
        ),
        (
            Script::Json(
                json!({ "ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "commands" }),
            ),
            CallError::Ours("missing_scope: needs chat:write".into()),
        ),
        (
            Script::Json(
                json!({ "ok": false, "error": "invalid_blocks", "response_metadata": { "messages": ["[ERROR] too long"] } }),
            ),
            CallError::Ours("invalid_blocks: [ERROR] too long".into()),
        ),
        // The token is never told, not even when an answer repeats it.
        (
            Script::Status(400, vec![], format!("bad token {BOT_TOKEN}")),
            CallError::Ours("http_400: no error word".into()),
        ),
    ];
    for (n, (script, expected)) in cases.into_iter().enumerate() {
        stand_in.next("chat.postMessage", script.clone());
        // None waits for another, nor for a token that was refused.
        let slack = Slack::new(&settings).unwrap();
        let error = slack
            .post_message(&Post {
                channel: format!("D{n}"),
                ..post()
            })
            .await
            .unwrap_err();
        assert_eq!(error, expected, "{script:?}");
        assert!(!format!("{error} {error:?} {slack:?}").contains("never-to-be-seen"));
    }
}

#[tokio::test]
async fn a_token_that_is_refused_holds_everything_back_until_it_is_taken() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    stand_in.next(
        "chat.postMessage",
        Script::Json(json!({ "ok": false, "error": "account_inactive" })),
    );
    slack.post_message(&post()).await.unwrap_err();
    assert!(slack.ready().unwrap_err().contains("account_inactive"));
    slack.doubted().await;
    let held_back = slack.post_message(&post()).await.unwrap_err();
    assert!(
        matches!(
            held_back,
            CallError::Retry {
                after: Some(_),
                uncertain: false
            }
        ),
        "{held_back:?}"
    );
    assert_eq!(stand_in.calls().len(), 1, "nobody knocks in vain");
    stand_in.next("auth.test", Script::Json(json!({ "ok": true })));
    slack.auth_test().await.unwrap();
    assert_eq!(slack.ready(), Ok(()));
    slack.post_message(&post()).await.unwrap();
}

#[tokio::test]
async fn an_odd_echo_is_not_a_failure() {
    let stand_in = StandIn::start().await;
    let echo = json!({
        "ok": true, "channel": "D1", "ts": "1.5",
        "message": { "metadata": { "event_payload": { "n": 7 } }, "attachments": [{ "id": "x" }], "bot_profile": 7 }
    });
    stand_in.next("chat.postMessage", Script::Json(echo));
    assert_eq!(stand_in.slack().post_message(&post()).await.unwrap().ts, "1.5");
}

#[tokio::test]
async fn a_refused_connection_was_not_sent_and_a_lost_one_may_have_been() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stand_in = StandIn::start().await;
    let api_url = format!("http://{}/api", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let slack = Slack::new(&Settings {
        api_url,
        ..stand_in.settings()
    })
    .unwrap();
    let post = post();
    let (error, ()) = tokio::join!(slack.post_message(&post), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _read = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.unwrap();
    });
    assert_eq!(
        error.unwrap_err(),
        CallError::Retry {
            after: None,
            uncertain: true
        }
    );
    drop(listener);
    let error = slack.post_message(&post).await.unwrap_err();
    assert_eq!(
        error,
        CallError::Retry {
            after: None,
            uncertain: false
        }
    );
}

#[tokio::test]
async fn a_rate_limit_closes_its_conversation_and_nothing_else() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    let limited = Script::Status(
        429,
        vec![("retry-after", "30".into())],
        r#"{"ok":false,"error":"ratelimited"}"#.into(),
    );
    stand_in.next("chat.postMessage", limited);
    let wait = CallError::Retry {
        after: Some(Duration::from_secs(30)),
        uncertain: false,
    };
    assert_eq!(slack.post_message(&post()).await.unwrap_err(), wait);
    // Not even asked again before the time.
    let CallError::Retry {
        after: Some(after),
        uncertain: false,
    } = slack.post_message(&post()).await.unwrap_err()
    else {
        panic!("not closed")
    };
    assert!(after > Duration::from_secs(29));
    assert_eq!(stand_in.methods(), ["chat.postMessage"]);
    slack
        .post_message(&Post {
            channel: "D2".into(),
            ..post()
        })
        .await
        .unwrap();
    slack.open_view(&"t".into(), &json!({}).into()).await.unwrap();
}

#[tokio::test]
async fn a_burst_into_one_conversation_is_sent_back_and_delays_nobody() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    let started = Instant::now();
    let mut held_back = 0;
    for _ in 0..20 {
        match slack.post_message(&post()).await {
            Ok(_) => {}
            Err(CallError::Retry {
                after: Some(after),
                uncertain: false,
            }) => {
                assert!(after <= Duration::from_secs(1));
                held_back += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(held_back >= 15, "{held_back}");
    slack.open_view(&"t".into(), &json!({}).into()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "nobody slept");
}

#[tokio::test]
async fn views() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    let opened = slack
        .update_view("V1", &json!({ "type": "modal" }).into(), Some(""))
        .await
        .unwrap();
    assert_eq!((&*opened.id, &*opened.hash), ("V9", "h9"));
    assert_eq!(
        stand_in.call("views.update").await,
        json!({ "view_id": "V1", "view": { "type": "modal" } }),
        "an empty hash is refused"
    );
    stand_in.error("views.update", "hash_conflict");
    let error = slack.update_view("V1", &json!({}).into(), Some("h")).await.unwrap_err();
    assert_eq!(error, CallError::Conflict("hash_conflict".into()));
    slack
        .publish_home(&"U1".into(), &json!({ "type": "home" }).into())
        .await
        .unwrap();
    assert_eq!(
        stand_in.call("views.publish").await,
        json!({ "user_id": "U1", "view": { "type": "home" } })
    );
}

#[tokio::test]
async fn an_update_without_blocks_clears_them() {
    let stand_in = StandIn::start().await;
    stand_in
        .slack()
        .update_message(&at(), "gone", &Blocks::default(), None)
        .await
        .unwrap();
    assert_eq!(
        stand_in.call("chat.update").await,
        json!({ "channel": "D1", "ts": "1.1", "text": "gone", "blocks": [] })
    );
    stand_in.slack().delete_message(&at()).await.unwrap();
    assert_eq!(
        stand_in.call("chat.delete").await,
        json!({ "channel": "D1", "ts": "1.1" })
    );
}

#[tokio::test]
async fn a_post_is_found_again_by_its_metadata() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    stand_in.next(
        "conversations.history",
        Script::Json(json!({
            "ok": true, "has_more": true, "response_metadata": { "next_cursor": "c2" },
            "messages": [
                { "ts": "2.1", "user": "UBOT", "bot_id": "BBOT", "text": "x", "metadata": { "event_type": "card", "event_payload": { "card": "7" } } },
                { "ts": "1.1", "user": "U1", "text": "y", "metadata": 7, "files": [{ "name": "a.png" }] },
                "odd"
            ]
        })),
    );
    let window = Window {
        oldest: Some("1.0".into()),
        limit: Some(20),
        ..Window::default()
    };
    let page = slack.history("D1", &window).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("c2")));
    assert_eq!(page.items[0].metadata, post().metadata);
    assert_eq!((&page.items[1].metadata, &*page.items[1].files[0]), (&None, "a.png"));
    assert_eq!(
        stand_in.call("conversations.history").await,
        json!({ "channel": "D1", "include_all_metadata": "true", "inclusive": "true", "limit": "20", "oldest": "1.0" })
    );
    slack.replies("D1", "1.1", &Window::default()).await.unwrap();
    assert_eq!(stand_in.call("conversations.replies").await["ts"], "1.1");
}

#[tokio::test]
async fn people_and_groups() {
    let stand_in = StandIn::start().await;
    let slack = stand_in.slack();
    let members =
        json!([{ "id": "U1", "profile": { "fields": [] } }, { "id": "U2", "profile": null, "deleted": true }, {}]);
    stand_in.next(
        "users.list",
        Script::Json(json!({ "ok": true, "members": members, "response_metadata": { "next_cursor": "" } })),
    );
    let page = slack.users_list(None).await.unwrap();
    assert_eq!((page.items.len(), page.next), (2, None));
    assert!(page.items[1].deleted);
    stand_in.error("users.info", "user_not_found");
    assert_eq!(slack.users_info(&"U9".into()).await.unwrap_err().class(), "unreachable");
    let groups = json!([{ "id": "S1", "handle": "dba", "name": "DBAs", "date_delete": 0, "users": ["U1", "U2"] }, { "id": "S2", "date_delete": 12 }]);
    stand_in.next(
        "usergroups.list",
        Script::Json(json!({ "ok": true, "usergroups": groups })),
    );
    let groups = slack.usergroups().await.unwrap();
    assert_eq!(
        (
            &*groups[0].handle,
            groups[0].users.len(),
            groups[0].disabled,
            groups[1].disabled
        ),
        ("dba", 2, false, true)
    );
    stand_in.next(
        "conversations.open",
        Script::Json(json!({ "ok": true, "channel": { "id": "D7" } })),
    );
    assert_eq!(slack.open_dm(&"U1".into()).await.unwrap(), "D7");
    assert_eq!(stand_in.call("conversations.open").await, json!({ "users": "U1" }));
    stand_in.next(
        "chat.getPermalink",
        Script::Json(json!({ "ok": true, "permalink": "https://example.slack.com/p1" })),
    );
    assert_eq!(slack.permalink(&at()).await.unwrap(), "https://example.slack.com/p1");
    stand_in.next(
        "team.info",
        Script::Json(json!({ "ok": true, "team": { "id": "T111", "name": "Example", "domain": "example" } })),
    );
    assert_eq!(slack.team_info().await.unwrap().domain, "example");
}

#[tokio::test]
async fn response_urls() {
    let stand_in = StandIn::start().await;
    let (slack, url) = (stand_in.slack(), stand_in.url("/response"));
    let said = ResponseMessage::Ephemeral {
        text: "x".into(),
        blocks: Blocks::default(),
    };
    slack.respond(&url, &said).await.unwrap();
    assert_eq!(
        stand_in.calls()[0].authorization,
        "",
        "the address is the permission; the token stays here"
    );
    stand_in.next("response", Script::Status(200, vec![], "ok".into()));
    slack.respond(&url, &said).await.unwrap();
    for (script, class) in [
        (Script::Status(404, vec![], "expired_url".into()), "gone"),
        (Script::Status(200, vec![], "<html>".into()), "uncertain"),
        (Script::Status(500, vec![], "".into()), "uncertain"),
        (Script::Json(json!({ "ok": false, "error": "invalid_blocks" })), "ours"),
    ] {
        stand_in.next("response", script);
        assert_eq!(slack.respond(&url, &said).await.unwrap_err().class(), class);
    }
}
