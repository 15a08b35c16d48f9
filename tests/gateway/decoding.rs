//! What Slack's payloads become, and that nothing Slack (or anyone) sends can break the decoder.

use crate::stand_in::{fixture, fixtures, form_of, ours};
use c1::slack::gateway::decode::{Decoded, Undecodable, body};
use c1::slack::gateway::inbound::{Container, Event, Inbound, Installation, SlackActor, SlackUser};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

fn decode(payload: &Value) -> Decoded {
    body(payload.to_string().as_bytes(), &ours(), None).unwrap()
}

fn inbound(payload: &Value) -> Inbound {
    match decode(payload) {
        Decoded::Inbound(inbound) => inbound,
        other => panic!("{other:?}"),
    }
}

fn event(event: &Value) -> Event {
    let payload = json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev1", "event": event });
    match inbound(&payload) {
        Inbound::Event { event, .. } => event,
        other => panic!("{other:?}"),
    }
}

fn actor(user: &str) -> SlackActor {
    SlackActor {
        team: "T111".into(),
        user: user.into(),
    }
}

#[test]
fn a_command() {
    let form = "token=x&team_id=T111&channel_id=C1&user_id=U1&command=%2Fc1&text=request+%3C%40U2%7Cbob%3E+%26amp%3B&trigger_id=1.2.x\
                &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1";
    let Ok(Decoded::Inbound(Inbound::Command {
        actor: who,
        command,
        text,
        channel,
        trigger,
        response_url,
    })) = body(form.as_bytes(), &ours(), None)
    else {
        panic!("no command")
    };
    assert_eq!(
        (who, &*command, &*text, &*channel),
        (actor("U1"), "/c1", "request <@U2|bob> &amp;", "C1")
    );
    assert_eq!(trigger.as_str(), "1.2.x");
    assert_eq!(response_url.unwrap().as_str(), "https://hooks.slack.com/commands/1");
}

#[test]
fn an_action_in_a_modal_brings_the_values_of_its_neighbours() {
    let payload = json!({
        "type": "block_actions", "team": { "id": "T111" }, "user": { "id": "U1", "team_id": "T111" }, "trigger_id": "t",
        "container": { "type": "view", "view_id": "V1" },
        "view": {
            "id": "V1", "type": "modal", "hash": "h1", "root_view_id": "V0", "previous_view_id": null, "private_metadata": "{}",
            "callback_id": "request_form", "external_id": "", "title": { "type": "plain_text", "text": "Request" },
            "blocks": [
                { "type": "section", "block_id": "intro" },
                { "type": "input", "block_id": "app" }, { "type": "input", "block_id": "reason" }
            ],
            "state": { "values": {
                "app": { "app": { "type": "external_select", "selected_option": { "text": { "type": "plain_text", "text": "GitHub" }, "value": "7" } } },
                "reason": { "reason": { "type": "plain_text_input", "value": null } },
                "who": { "who": { "type": "multi_users_select", "selected_users": ["U2", "U3"] } },
                "day": { "day": { "type": "datepicker", "selected_date": "2030-01-02" } },
                "moment": { "moment": { "type": "datetimepicker", "selected_date_time": 1893456000 } },
                "flags": { "flags": { "type": "checkboxes", "selected_options": [{ "value": "emergency" }] } },
                "one": { "one": { "type": "users_select", "selected_user": null } }
            } }
        },
        "actions": [{ "type": "external_select", "action_id": "app", "block_id": "app", "action_ts": "1.5",
                      "selected_option": { "text": { "type": "plain_text", "text": "GitHub" }, "value": "7" } }]
    });
    let Inbound::Action {
        actor: who,
        action,
        container: Container::View { view },
        state,
        response_url: None,
        ..
    } = inbound(&payload)
    else {
        panic!("no action in a view")
    };
    assert_eq!(who, actor("U1"));
    assert_eq!(
        (&*action.action_id, action.choice(), &*action.selected[0].text),
        ("app", Some("7"), "GitHub")
    );
    assert_eq!(
        (&*view.id, &*view.root_id, &*view.hash, &*view.title),
        ("V1", "V0", "h1", "Request")
    );
    assert_eq!(view.inputs, ["app", "reason"]);
    assert_eq!(view.external_id, None);
    assert_eq!(state, view.state);
    assert_eq!(state.choice("app", "app"), Some("7"));
    assert_eq!(state.text("reason", "reason"), None);
    assert_eq!(state.field("reason", "reason"), None, "null and absent are alike");
    assert_eq!(state.field("one", "one"), None);
    assert_eq!(state.choices("who", "who").collect::<Vec<_>>(), ["U2", "U3"]);
    assert_eq!(state.text("day", "day"), Some("2030-01-02"));
    assert_eq!(state.text("moment", "moment"), Some("1893456000"));
    assert!(state.is_chosen("flags", "flags", "emergency") && !state.is_chosen("flags", "flags", "other"));
    assert_eq!(state.find("day").map(|(block, _)| block), Some("day"));
}

#[test]
fn an_action_in_a_message_knows_where_it_is() {
    let payload = fixture("test_block_actions-body-L161-block_actions.json");
    let Inbound::Action {
        actor: who,
        action,
        container,
        response_url,
        ..
    } = inbound(&payload)
    else {
        panic!("no action")
    };
    assert_eq!(
        (who, action.value.as_deref(), &*action.kind),
        (actor("W111"), Some("click_me_123"), "button")
    );
    assert_eq!(
        container,
        Container::Message {
            channel: "C111".into(),
            ts: "111.222".into(),
            thread_ts: None,
            ephemeral: true
        }
    );
    assert!(response_url.is_some());
}

#[test]
fn the_other_interactions() {
    match inbound(&fixture("test_view_submission-body-L17-view_submission.json")) {
        Inbound::ViewSubmitted { view, .. } => {
            assert_eq!(
                (view.state.text("hspI", "maBWU"), &*view.callback_id),
                (Some("test"), "view-id")
            );
            assert_eq!(view.inputs, ["hspI"]);
        }
        other => panic!("{other:?}"),
    }
    match inbound(&fixture("test_block_suggestion-body-L208-block_suggestion.json")) {
        Inbound::Options {
            action_id,
            block_id,
            query,
            view,
            ..
        } => {
            assert_eq!((&*action_id, &*block_id, &*query), ("es_a", "es_b", "search word"));
            assert_eq!(view.unwrap().id, "V111");
        }
        other => panic!("{other:?}"),
    }
    match inbound(&fixture("test_shortcut-message_shortcut_body-L202-message_action.json")) {
        Inbound::MessageShortcut {
            callback_id,
            channel,
            message_ts,
            author,
            text,
            ..
        } => {
            assert_eq!(
                (&*callback_id, &*channel, &*message_ts),
                ("test-shortcut", "C111", "1583636382.000300")
            );
            assert_eq!((author.unwrap().as_str(), &*text), ("W111", "<@W222> test"));
        }
        other => panic!("{other:?}"),
    }
    match inbound(&fixture("mock_socket_mode_server-str-L12-interactive.json")["payload"]) {
        Inbound::GlobalShortcut { callback_id, .. } => assert_eq!(callback_id, "do-something"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_installation_for_a_whole_organisation_has_no_team() {
    let org = Installation {
        enterprise_id: Some("E111".into()),
        ..ours()
    };
    for name in [
        "test_request-payload-L26-block_actions.json",
        "test_request-payload-L79-view_submission.json",
        "test_request-payload-L167-view_closed.json",
    ] {
        let payload = fixture(name);
        let Decoded::Inbound(inbound) = body(payload.to_string().as_bytes(), &org, None).unwrap() else {
            panic!("{name}")
        };
        assert_eq!(
            inbound.actor().unwrap(),
            &SlackActor {
                team: "E111".into(),
                user: "W111".into()
            },
            "{name}"
        );
    }
    let payload = fixture("test_events_org_apps-event_payload-L153-app_home_opened.json");
    let Decoded::Inbound(Inbound::Event {
        team,
        event: Event::AppHomeOpened { actor, tab, channel },
        ..
    }) = body(payload.to_string().as_bytes(), &org, None).unwrap()
    else {
        panic!("no event")
    };
    assert_eq!(
        (team.as_str(), actor.team.as_str(), &*tab, &*channel),
        ("E111", "E111", "messages", "D111")
    );
}

#[test]
fn another_workspace_is_foreign() {
    let mut payload = fixture("test_block_actions-body-L161-block_actions.json");
    payload["team"] = json!({ "id": "T999", "enterprise_id": "E999" });
    assert!(matches!(decode(&payload), Decoded::Foreign { team, .. } if team == "T999"));
    let event = json!({ "type": "event_callback", "team_id": "T999", "event_id": "Ev1", "event": { "type": "app_uninstalled" } });
    assert!(matches!(decode(&event), Decoded::Foreign { .. }));
    // A shared channel: the event is the other workspace's, and we are authorised for it.
    let mut shared = event.clone();
    shared["authorizations"] = json!([{ "team_id": "T111", "enterprise_id": null }]);
    assert!(matches!(decode(&shared), Decoded::Inbound(_)));
    // A guest from a shared channel clicks: theirs is another key than ours.
    let mut guest = fixture("test_block_actions-body-L161-block_actions.json");
    guest["user"]["team_id"] = json!("T999");
    assert_eq!(inbound(&guest).actor().unwrap().team.as_str(), "T999");
}

#[test]
fn a_comment_survives_surprises_beside_it() {
    let comment = json!({
        "type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "1.000002", "thread_ts": "1.000001",
        "text": "why prod?", "client_msg_id": "c1", "team": "T111",
        "metadata": { "event_type": 7, "event_payload": { "n": 1 } },
        "attachments": [{ "id": "1", "fields": [{ "value": 7 }] }],
        "reactions": [{ "name": "x" }],
        "files": [{ "id": "F1", "name": "a.png", "url_private": "", "size": "12" }, 7, null],
        "blocks": [{ "type": "brand_new" }], "bot_profile": {}
    });
    let Event::Message(message) = event(&comment) else {
        panic!("no message")
    };
    assert!(message.is_comment());
    assert_eq!(
        (&*message.text, message.reply_to(), &message.author),
        ("why prod?", Some("1.000001"), &Some(actor("U1")))
    );
    assert_eq!(
        (message.files.len(), &*message.files[0].name, message.files[0].size),
        (1, "a.png", 12)
    );
}

#[test]
fn what_counts_as_a_comment() {
    let with = |more: Value| {
        let mut message = json!({ "type": "message", "channel": "D1", "user": "U1", "ts": "2.1", "text": "x" });
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        message
    };
    for subtype in ["file_share", "thread_broadcast", "me_message"] {
        assert!(
            matches!(event(&with(json!({ "subtype": subtype }))), Event::Message(m) if m.is_comment()),
            "{subtype}"
        );
    }
    assert!(matches!(event(&with(json!({ "bot_id": "B2" }))), Event::Message(m) if !m.is_comment()));
    assert!(
        matches!(event(&with(json!({ "subtype": "bot_message", "user": null }))), Event::Message(m) if !m.is_comment())
    );
    for subtype in ["channel_join", "channel_topic", "assistant_app_thread", "brand_new"] {
        assert_eq!(
            event(&with(json!({ "subtype": subtype }))),
            Event::Other {
                kind: format!("message.{subtype}")
            }
        );
    }
    // Slack forgets the subtype of message_replied.
    assert_eq!(
        event(&with(json!({ "message": { "ts": "1.1" }, "hidden": true }))),
        Event::Other { kind: "message".into() }
    );
    // A thread's parent names itself.
    assert!(matches!(event(&with(json!({ "thread_ts": "2.1" }))), Event::Message(m) if m.reply_to().is_none()));
}

#[test]
fn edits_and_deletions_keep_their_thread() {
    let edit = json!({
        "type": "message", "subtype": "message_changed", "channel": "D1", "ts": "9.9",
        "message": { "user": "U1", "ts": "2.1", "thread_ts": "1.1", "text": "new", "edited": { "user": "U1", "ts": "9.9" } },
        "previous_message": { "user": "U1", "ts": "2.1", "thread_ts": "1.1", "text": "old" }
    });
    let Event::MessageChanged { message, previous_text } = event(&edit) else {
        panic!("no edit")
    };
    assert_eq!(
        (
            &*message.ts,
            message.reply_to(),
            &*message.text,
            previous_text.as_deref()
        ),
        ("2.1", Some("1.1"), "new", Some("old"))
    );
    assert_eq!(message.edited, Some(("U1".into(), "9.9".into())));
    let deletion = json!({
        "type": "message", "subtype": "message_deleted", "channel": "D1", "deleted_ts": "2.1", "ts": "9.9",
        "previous_message": { "user": "U1", "ts": "2.1", "thread_ts": "1.1" }
    });
    assert_eq!(
        event(&deletion),
        Event::MessageDeleted {
            channel: "D1".into(),
            ts: "2.1".into(),
            thread_ts: Some("1.1".into())
        }
    );
    let tombstone = json!({
        "type": "message", "subtype": "message_changed", "channel": "D1",
        "message": { "subtype": "tombstone", "user": "USLACKBOT", "ts": "1.1", "thread_ts": "1.1" }, "previous_message": { "user": "U1", "ts": "1.1" }
    });
    assert_eq!(
        event(&tombstone),
        Event::MessageDeleted {
            channel: "D1".into(),
            ts: "1.1".into(),
            thread_ts: Some("1.1".into())
        }
    );
    assert!(
        matches!(inbound(&fixture("test_message_changed-event_payload-L68-message.message_changed.json")),
        Inbound::Event { event: Event::MessageChanged { message, .. }, .. } if message.ts == "1665102338.901939")
    );
}

#[test]
fn our_own_doing_is_dropped() {
    let own = [
        json!({ "type": "message", "channel": "D1", "user": "UBOT", "bot_id": "BBOT", "ts": "1.1", "text": "x" }),
        json!({ "type": "message", "subtype": "bot_message", "channel": "D1", "bot_id": "BBOT", "ts": "1.1" }),
        json!({ "type": "message", "subtype": "message_changed", "channel": "D1", "message": { "bot_id": "BBOT", "ts": "1.1" } }),
        json!({ "type": "message", "subtype": "message_changed", "channel": "D1",
            "message": { "bot_id": "BBOT", "ts": "1.1", "edited": { "user": "UBOT", "ts": "1.2" } } }),
        json!({ "type": "user_change", "user": { "id": "UBOT" } }),
    ];
    for event in own {
        let payload = json!({ "type": "event_callback", "team_id": "T111", "event_id": "Ev1", "event": event });
        assert_eq!(decode(&payload), Decoded::Own, "{payload}");
    }
}

#[test]
fn what_others_do_to_our_messages_is_not() {
    let ours = json!({ "user": "UBOT", "bot_id": "BBOT", "ts": "1.1" });
    let with = |subtype: &str, message: Value| {
        event(
            &json!({ "type": "message", "subtype": subtype, "channel": "D1", "deleted_ts": "1.1", "message": message,
            "previous_message": ours }),
        )
    };
    let touched = |gone| Event::Touched {
        channel: "D1".to_owned(),
        ts: "1.1".to_owned(),
        gone,
    };
    assert_eq!(with("message_deleted", Value::Null), touched(true));
    let stump = json!({ "subtype": "tombstone", "user": "USLACKBOT", "ts": "1.1" });
    assert_eq!(with("message_changed", stump), touched(true));
    let edited = json!({ "user": "UBOT", "bot_id": "BBOT", "ts": "1.1", "edited": { "user": "U1", "ts": "1.2" } });
    assert_eq!(with("message_changed", edited), touched(false));
}

#[test]
fn accounts_with_odd_profiles() {
    let user = json!({
        "id": "U1", "team_id": "T111", "name": "ana", "real_name": "Ana Ng", "tz": "Europe/Berlin", "deleted": false, "is_admin": true,
        "profile": { "fields": [], "email": "ana@example.com", "display_name": "", "title": "DBA", "image_72": "https://x/72.png" }
    });
    let expected = SlackUser {
        id: "U1".into(),
        team_id: "T111".into(),
        name: "ana".into(),
        real_name: "Ana Ng".into(),
        email: Some("ana@example.com".into()),
        email_confirmed: true,
        title: "DBA".into(),
        tz: Some("Europe/Berlin".into()),
        image: Some("https://x/72.png".into()),
        is_admin: true,
        ..SlackUser::default()
    };
    assert_eq!(
        event(&json!({ "type": "user_change", "user": user })),
        Event::UserChanged { user: expected.clone() }
    );
    assert_eq!(
        event(&json!({ "type": "team_join", "user": user })),
        Event::TeamJoin { user: expected }
    );
    let odd = |more: Value| match event(&json!({ "type": "user_change", "user": more })) {
        Event::UserChanged { user } => user,
        other => panic!("{other:?}"),
    };
    assert!(odd(json!({ "id": "USLACKBOT" })).is_bot);
    assert!(odd(json!({ "id": "U2", "is_workflow_bot": true })).is_bot);
    assert!(odd(json!({ "id": "U2", "is_ultra_restricted": true, "profile": null })).is_guest);
    assert_eq!(
        event(&json!({ "type": "user_change", "user": 7 })),
        Event::Other {
            kind: "user_change".into()
        }
    );
}

#[test]
fn the_other_events() {
    let group = json!({ "type": "subteam_members_changed", "subteam_id": "S1", "added_users": ["U1"] });
    assert_eq!(event(&group), Event::SubteamMembersChanged { id: "S1".into() });
    let group = json!({ "type": "subteam_updated", "subteam": { "id": "S1", "handle": "dba" } });
    assert_eq!(event(&group), Event::SubteamUpdated { id: "S1".into() });
    let revoked = json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"], "bot": ["UBOT"] } });
    assert_eq!(
        event(&revoked),
        Event::TokensRevoked {
            bots: vec!["UBOT".into()]
        }
    );
    assert_eq!(event(&json!({ "type": "app_uninstalled" })), Event::AppUninstalled);
    assert_eq!(
        event(&json!({ "type": "reaction_added" })),
        Event::Other {
            kind: "reaction_added".into()
        }
    );
    let limited = json!({ "type": "app_rate_limited", "team_id": "T111" });
    assert_eq!(
        inbound(&limited),
        Inbound::Other {
            kind: "app_rate_limited".into()
        }
    );
    // Without its id a repeat could not be told from the first.
    let nameless = json!({ "type": "event_callback", "team_id": "T111", "event": { "type": "app_uninstalled" } });
    assert_eq!(
        inbound(&nameless),
        Inbound::Other {
            kind: "event_callback".into()
        }
    );
}

#[test]
fn what_has_no_form() {
    let ours = ours();
    for broken in [
        &b"{"[..],
        b"{\"type\":}",
        b"[]",
        b"\"x\"",
        b"payload={",
        b"payload=7",
        b"payload=",
    ] {
        assert_eq!(
            body(broken, &ours, None),
            Err(Undecodable::NotJson),
            "{:?}",
            String::from_utf8_lossy(broken)
        );
    }
    for nothing in [&b""[..], b"hello", b"a=b&c=d", b"\xff\xfe", b"command="] {
        assert_eq!(body(nothing, &ours, None), Err(Undecodable::NoPayload), "{nothing:?}");
    }
    assert_eq!(body(b"ssl_check=1&token=x", &ours, None), Ok(Decoded::SslCheck));
}

#[test]
fn every_payload_of_slacks_own_sdks_decodes() {
    for (path, bytes) in fixtures() {
        if path.contains("/socket/") {
            continue;
        }
        let decoded = body(&bytes, &ours(), None);
        assert!(decoded.is_ok(), "{path}: {decoded:?}");
        // Recorded traffic of kinds we use is understood, not shrugged off.
        let recorded = path.contains("/bolt-python/");
        let used = [
            "block_actions",
            "view_submission",
            "view_closed",
            "block_suggestion",
            "shortcut",
            "message_action",
        ];
        if recorded
            && path.contains("/interaction/")
            && used.iter().any(|kind| path.ends_with(&format!("-{kind}.json")))
        {
            let understood = match decoded.unwrap() {
                Decoded::Inbound(inbound) | Decoded::Foreign { inbound, .. } => inbound.kind() != "other",
                other => panic!("{path}: {other:?}"),
            };
            assert!(understood, "{path}");
        }
    }
}

/// Changes a payload as no schema would: keys dropped, renamed, doubled, values of another type, nesting, giant strings.
pub(crate) fn mutate(rng: &mut StdRng, value: &mut Value) {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{202e}\u{200b}"),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        json!({ "id": { "id": [] } }),
        json!(u64::MAX),
        json!("x".repeat(3000)),
        json!(["U1", 7, null, {}]),
        json!({ "values": [] }),
    ];
    let pick = |rng: &mut StdRng| odd.choose(rng).unwrap().clone();
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let key = fields.keys().nth(rng.random_range(0..fields.len())).unwrap().clone();
            match rng.random_range(0..10) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert(key, pick(rng))),
                2 => {
                    let taken = fields.remove(&key).unwrap();
                    fields.insert(format!("{key}_new"), taken);
                }
                3 => drop(fields.insert("brand_new".to_owned(), pick(rng))),
                4 => {
                    let inner = fields[&key].take();
                    fields.insert(key, json!({ "id": inner }));
                }
                _ => mutate(rng, fields.get_mut(&key).unwrap()),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = rng.random_range(0..items.len());
            match rng.random_range(0..6) {
                0 => drop(items.remove(at)),
                1 => items[at] = pick(rng),
                2 => items.push(items[at].clone()),
                _ => mutate(rng, &mut items[at]),
            }
        }
        other => *other = pick(rng),
    }
}

/// Changes bytes: cut off, flipped, a key doubled, deep nesting put in.
pub(crate) fn mangle(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    match rng.random_range(0..5) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << rng.random_range(0..8),
        2 => {
            let end = (at + rng.random_range(1..40)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        3 => {
            let depth = rng.random_range(1..5000);
            bytes.splice(at..at, b"[".repeat(depth));
        }
        _ => {
            let end = (at + rng.random_range(1..40)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
}

#[test]
fn no_mutation_breaks_the_decoder() {
    let ours = ours();
    let fixtures = fixtures();
    for seed in 0..20_000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (path, bytes) = fixtures.choose(&mut rng).unwrap();
        let bytes = match serde_json::from_slice::<Value>(bytes) {
            Ok(mut payload) => {
                for _ in 0..rng.random_range(0..6) {
                    mutate(&mut rng, &mut payload);
                }
                let payload = payload.get("payload").cloned().unwrap_or(payload);
                if rng.random_bool(0.5) {
                    form_of(&payload).into_bytes()
                } else {
                    payload.to_string().into_bytes()
                }
            }
            Err(_) => bytes.clone(),
        };
        let mut bytes = bytes;
        for _ in 0..rng.random_range(0..3) {
            mangle(&mut rng, &mut bytes);
        }
        let decoded = std::panic::catch_unwind(|| body(&bytes, &ours, None));
        assert!(decoded.is_ok(), "seed {seed}, {path}");
    }
}

#[test]
fn keys_that_stand_twice_and_depth_without_end() {
    let ours = ours();
    let twice = r#"{"type":"block_actions","team":{"id":"T111"},"team":{"id":"T111"},"user":{"id":"U0","id":"U1"},"actions":[{"action_id":"a","action_id":"b"}],"view":{"id":"V1","state":{"values":{"b":{"a":{"value":"1"},"a":{"value":"2"}}}}}}"#;
    let Ok(Decoded::Inbound(Inbound::Action {
        actor, action, state, ..
    })) = body(twice.as_bytes(), &ours, None)
    else {
        panic!("no action")
    };
    assert_eq!(
        (actor.user.as_str(), &*action.action_id, state.text("b", "a")),
        ("U1", "b", Some("2"))
    );
    for key in ["brand_new", "type", "view", "actions", "state", "user", "event"] {
        let deep = format!(
            "{{\"type\":\"x\",\"{key}2\":1,\"{key}\":{}{}}}",
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        // An answer is all that is asked for.
        let _decoded = body(deep.as_bytes(), &ours, None);
        let deep = format!("{{\"{key}\":{}1{}}}", "{\"view\":".repeat(100_000), "}".repeat(100_000));
        let _decoded = body(deep.as_bytes(), &ours, None);
    }
    let wide: Map<String, Value> = (0..20_000)
        .map(|n| (format!("b{n}"), json!({ "a": { "value": "x" } })))
        .collect();
    let wide = json!({ "type": "view_submission", "team": { "id": "T111" }, "user": { "id": "U1" }, "view": { "id": "V", "state": { "values": wide } } });
    assert!(matches!(inbound(&wide), Inbound::ViewSubmitted { view, .. } if view.state.iter().count() == 20_000));
}

#[test]
fn formatted_words_keep_their_form_and_emoji_and_files_are_heard_of() {
    use c1::slack::gateway::inbound::{RichPart, RichPiece, RichStyle};
    let message = json!({"type": "message", "channel": "D1", "user": "U1", "ts": "2.0", "thread_ts": "1.0", "text": "x",
        "files": [{"id": "F1", "mode": "tombstone"}, {"id": "F2", "name": "a.txt", "mode": "hosted"}],
        "blocks": [{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "a", "style": {"bold": true, "italic": "odd"}}, {"type": "user", "user_id": "U2"},
                {"type": "of_next_year"}, 7, null]},
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [
                {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "tada", "unicode": "1f389"}]}]},
            {"type": "rich_text_of_next_year"}]}]});
    let Event::Message(message) = event(&message) else {
        panic!("a message")
    };
    let bold = RichStyle {
        bold: true,
        ..RichStyle::default()
    };
    assert_eq!(
        message.rich,
        [
            RichPart::Section(vec![
                RichPiece::Text("a".to_owned(), bold),
                RichPiece::User("U2".to_owned())
            ]),
            RichPart::List {
                ordered: true,
                indent: 1,
                offset: 0,
                items: vec![vec![RichPiece::Emoji("tada".to_owned(), "1f389".to_owned())]],
            }
        ]
    );
    let deleted: Vec<bool> = message.files.iter().map(|file| file.deleted).collect();
    assert_eq!(deleted, [true, false]);
    let of = |inner: serde_json::Value| event(&inner);
    let item = json!({"type": "message", "channel": "D1", "ts": "2.0"});
    assert!(matches!(
        of(json!({"type": "reaction_removed", "user": "U1", "reaction": "tada", "item": item, "event_ts": "3.0"})),
        Event::Reacted { present: false, emoji, at, .. } if emoji == "tada" && at == "3.0"
    ));
    assert!(matches!(
        of(json!({"type": "file_deleted", "file_id": "F1"})),
        Event::FileDeleted { file } if file == "F1"
    ));
    assert!(matches!(
        of(json!({"type": "reaction_added", "user": "U1", "reaction": "tada", "item": {"type": "file"}})),
        Event::Other { .. }
    ));
}
