//! Modals: opened, updated, pushed, submitted, closed.

use serde_json::{Value, json};
use simulator::SubmitOutcome;

use crate::app::{Answer, World, modal, plain};

/// Opens a modal for somebody by a command.
async fn open(world: &World, who: &str, view: Value) -> Value {
    let person = world.slack.person(who);
    world.forget();
    person.runs("general", "/help-me").await.unwrap();
    let trigger = world.received()[0].body["trigger_id"].clone();
    world
        .api("views.open", json!({"trigger_id": trigger, "view": view}))
        .await
}

async fn opened(world: &World) -> Value {
    let answer = open(world, "ana", modal("Ask")).await;
    assert_eq!(answer["ok"], true, "{answer}");
    answer["view"].clone()
}

#[tokio::test]
async fn a_submission_carries_the_values_and_an_empty_answer_closes() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let view = opened(&world).await;
    assert!(view["id"].as_str().unwrap().starts_with('V'));
    assert_eq!(view["state"]["values"]["reason"]["reason_text"]["value"], Value::Null);
    ana.types("Reason", "because").await.unwrap();
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Closed);
    let body = world.last("view_submission");
    let values = &body["view"]["state"]["values"];
    assert_eq!(
        values["reason"]["reason_text"],
        json!({"type": "plain_text_input", "value": "because"})
    );
    assert_eq!(
        values["kind"]["kind_select"],
        json!({"type": "static_select", "selected_option": null})
    );
    assert_eq!(body["view"]["id"], view["id"]);
    assert_eq!(body["view"]["callback_id"], "form");
    assert_eq!(body["view"]["private_metadata"], "kept");
    assert_eq!(body["response_urls"], json!([]));
    assert!(body["trigger_id"].is_string());
    assert!(ana.modal().is_none());
}

#[tokio::test]
async fn any_other_body_is_trouble() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let junk = [
        Answer::text("OK"),
        Answer::json(json!({"ok": true})),
        Answer::json(json!({})),
        Answer::text(" "),
        Answer::json(json!({"response_action": "close"})),
        Answer::json(json!({"response_action": "errors"})),
        Answer::json(json!({"response_action": "errors", "errors": {"nowhere": "no"}})),
        Answer::json(json!({"response_action": "update"})),
        Answer::json(json!({"response_action": "update", "view": {"type": "home", "blocks": []}})),
        Answer::status(500),
        Answer::status(204),
        Answer::ok().after(std::time::Duration::from_millis(1500)),
    ];
    opened(&world).await;
    ana.types("Reason", "because").await.unwrap();
    for answer in junk {
        let said = format!("{answer:?}");
        world.says(move |_, _| answer.clone());
        let outcome = ana.submits().await.unwrap();
        let SubmitOutcome::Trouble(text) = outcome else {
            panic!("{said} gave {outcome:?}")
        };
        assert!(text.starts_with("We had some trouble connecting. Try again?"), "{text}");
        assert!(ana.modal().is_some(), "the modal stays");
    }
}

#[tokio::test]
async fn errors_stand_beneath_their_inputs_until_they_are_changed() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    ana.types("Reason", "x").await.unwrap();
    let errors = json!({"reason": "Say more"});
    world.says(move |_, _| Answer::json(json!({"response_action": "errors", "errors": errors})));
    let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
        panic!("no errors")
    };
    assert_eq!(errors["reason"], "Say more");
    assert_eq!(ana.modal().unwrap().errors()["reason"], "Say more");
    ana.types("Reason", "much more").await.unwrap();
    assert!(ana.modal().unwrap().errors().is_empty());
    world.says(|_, _| Answer::ok());
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Closed);
}

#[tokio::test]
async fn the_client_does_not_submit_what_is_wanting() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    world.forget();
    let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
        panic!("no errors")
    };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["reason"]);
    ana.types("Reason", &"x".repeat(41)).await.unwrap();
    assert!(matches!(ana.submits().await.unwrap(), SubmitOutcome::Errors(_)));
    assert!(world.received().is_empty(), "the app hears nothing of it");
}

#[tokio::test]
async fn an_answer_can_update_push_and_clear() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let first = opened(&world).await;
    ana.types("Reason", "because").await.unwrap();
    world.says(|_, _| Answer::json(json!({"response_action": "update", "view": modal("Second")})));
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Updated);
    let updated = ana.modal().unwrap();
    assert_eq!(updated.id(), first["id"].as_str().unwrap());
    assert_ne!(updated.json()["hash"], first["hash"]);
    world.says(|_, _| Answer::json(json!({"response_action": "push", "view": modal("Third")})));
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Pushed);
    let pushed = ana.modal().unwrap();
    assert_eq!(pushed.json()["previous_view_id"], first["id"]);
    assert_eq!(pushed.json()["root_view_id"], first["id"]);
    ana.types("Reason", "because").await.unwrap();
    world.says(|_, _| Answer::json(json!({"response_action": "clear"})));
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Closed);
    assert!(ana.modal().is_none());
}

#[tokio::test]
async fn three_views_fit_on_a_stack() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let mut view = modal("Buttons");
    view["blocks"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "actions", "block_id": "row", "elements": [
        {"type": "button", "action_id": "more", "text": plain("More")}]}));
    open(&world, "ana", view.clone()).await;
    let push = async || {
        ana.clicks(simulator::Target::Modal, "More").await.unwrap();
        let body = world.last("block_actions");
        assert_eq!(body["container"]["type"], "view");
        world
            .api("views.push", json!({"trigger_id": body["trigger_id"], "view": view}))
            .await
    };
    assert_eq!(push().await["ok"], true);
    assert_eq!(push().await["ok"], true);
    assert_eq!(push().await["error"], "push_limit_reached");
    assert_eq!(ana.modals().len(), 3);
    ana.cancels().await.unwrap();
    assert_eq!(ana.modals().len(), 2);
    ana.closes().await.unwrap();
    assert_eq!(ana.modals().len(), 0);
}

#[tokio::test]
async fn a_stale_hash_is_a_conflict() {
    let world = World::start().await;
    let view = opened(&world).await;
    let update = async |hash: &Value| {
        world
            .api(
                "views.update",
                json!({"view_id": view["id"], "hash": hash, "view": modal("New")}),
            )
            .await
    };
    let answer = update(&view["hash"]).await;
    assert_eq!(answer["ok"], true);
    assert_eq!(update(&view["hash"]).await["error"], "hash_conflict");
    assert_eq!(update(&json!("")).await["error"], "hash_conflict");
    assert_eq!(update(&answer["view"]["hash"]).await["ok"], true);
    assert_eq!(
        world
            .api("views.update", json!({"view_id": view["id"], "view": modal("New")}))
            .await["ok"],
        true
    );
    world.slack.person("ana").closes().await.unwrap();
    assert_eq!(
        world
            .api("views.update", json!({"view_id": view["id"], "view": modal("New")}))
            .await["error"],
        "not_found"
    );
}

#[tokio::test]
async fn typed_text_survives_an_update_only_under_the_same_ids() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    let view = opened(&world).await;
    ana.types("Reason", "kept").await.unwrap();
    ana.chooses("Kind", "Large").await.unwrap();
    let mut next = modal("New");
    next["blocks"][1]["block_id"] = json!("kind2");
    next["blocks"][1]["element"]["initial_option"] = next["blocks"][1]["element"]["options"][0].clone();
    world
        .api("views.update", json!({"view_id": view["id"], "view": next}))
        .await;
    let values = ana.modal().unwrap().json()["state"]["values"].clone();
    assert_eq!(values["reason"]["reason_text"]["value"], "kept");
    assert_eq!(
        values["kind2"]["kind_select"]["selected_option"]["value"], "s",
        "the initial one"
    );
    assert!(values.get("kind").is_none());
    // Back to the old ids: what was there is forgotten.
    world
        .api("views.update", json!({"view_id": view["id"], "view": modal("Old")}))
        .await;
    let values = ana.modal().unwrap().json()["state"]["values"].clone();
    assert_eq!(values["kind"]["kind_select"]["selected_option"], Value::Null);
}

#[tokio::test]
async fn an_external_select_asks_the_app_and_keeps_the_choice() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    ana.types("Reason", "because").await.unwrap();
    world.says(|r, _| match r.kind() {
        "block_suggestion" => {
            let query = r.body["value"].as_str().unwrap().to_owned();
            Answer::json(json!({"options": [
                {"text": plain(&format!("{query} one")), "value": "1"},
                {"text": plain(&format!("{query} two")), "value": "2"}]}))
        }
        _ => Answer::ok(),
    });
    assert!(
        ana.searches("What", "").await.unwrap().is_empty(),
        "below min_query_length nothing is asked"
    );
    assert!(world.received().is_empty());
    let choices = ana.searches("What", "git").await.unwrap();
    assert_eq!(
        choices.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
        ["git one", "git two"]
    );
    let body = world.last("block_suggestion");
    assert_eq!(world.received()[0].path, "/slack/options");
    assert_eq!(body["action_id"], "what_select");
    assert_eq!(body["block_id"], "what");
    assert_eq!(body["view"]["callback_id"], "form");
    assert_eq!(
        body["view"]["state"]["values"]["reason"]["reason_text"]["value"],
        "because"
    );
    ana.chooses("What", "2").await.unwrap();
    ana.submits().await.unwrap();
    let values = world.last("view_submission")["view"]["state"]["values"].clone();
    assert_eq!(values["what"]["what_select"]["selected_option"]["value"], "2");
}

#[tokio::test]
async fn options_must_be_as_slack_wants_them() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    let option = |text: &str| json!({"text": plain(text), "value": "v"});
    let many: Vec<Value> = (0..101).map(|n| option(&n.to_string())).collect();
    for wrong in [
        json!({}),
        json!({"options": many}),
        json!({"options": [option("")]}),
        json!({"options": [option(&"x".repeat(76))]}),
        json!({"options": [], "option_groups": []}),
    ] {
        world.says(move |_, _| Answer::json(wrong.clone()));
        assert!(
            ana.searches("What", "x")
                .await
                .unwrap_err()
                .error
                .starts_with("invalid options")
        );
    }
    world.says(move |_, _| {
        Answer::json(json!({"option_groups": [{"label": plain("Group"), "options": [option("a")]}]}))
    });
    assert_eq!(
        ana.searches("What", "x").await.unwrap()[0].group.as_deref(),
        Some("Group")
    );
    world.says(|_, _| Answer::json(json!({"options": []})));
    assert!(ana.searches("What", "x").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_input_with_dispatch_action_tells_the_app_at_once() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    ana.types("Reason", "because").await.unwrap();
    world.forget();
    ana.chooses("Kind", "Large").await.unwrap();
    let body = world.last("block_actions");
    assert_eq!(body["actions"][0]["selected_option"]["value"], "l");
    assert_eq!(
        body["view"]["state"]["values"]["kind"]["kind_select"]["selected_option"]["value"],
        "l"
    );
    assert_eq!(
        body["view"]["state"]["values"]["reason"]["reason_text"]["value"],
        "because"
    );
    assert!(body.get("message").is_none() && body.get("response_url").is_none());
    assert_eq!(
        ana.chooses("Kind", "Huge").await.unwrap_err().error,
        "no such option: Huge"
    );
}

#[tokio::test]
async fn typing_dispatches_when_the_app_asked_for_it() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    for (on, typing, enter) in [
        (json!(["on_character_entered"]), 1, 0),
        (json!(["on_enter_pressed"]), 0, 1),
        (Value::Null, 0, 1),
    ] {
        let mut view = modal("Ask");
        view["blocks"][0]["dispatch_action"] = json!(true);
        if !on.is_null() {
            view["blocks"][0]["element"]["dispatch_action_config"] = json!({"trigger_actions_on": on});
        }
        open(&world, "ana", view).await;
        world.forget();
        ana.types("Reason", "a").await.unwrap();
        assert_eq!(world.received().len(), typing, "{on}");
        world.forget();
        ana.enters("Reason", "ab").await.unwrap();
        assert_eq!(world.received().len(), enter, "{on}");
    }
}

#[tokio::test]
async fn closing_is_told_only_when_asked_for() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    opened(&world).await;
    world.forget();
    ana.cancels().await.unwrap();
    world.slack.idle().await;
    assert!(world.received().is_empty());
    let mut view = modal("Ask");
    view["notify_on_close"] = json!(true);
    for all in [false, true] {
        open(&world, "ana", view.clone()).await;
        ana.types("Reason", "half").await.unwrap();
        if all {
            ana.closes().await.unwrap()
        } else {
            ana.cancels().await.unwrap()
        }
        world.slack.idle().await;
        let body = world.last("view_closed");
        assert_eq!(body["is_cleared"], all);
        assert_eq!(
            body["view"]["state"]["values"]["reason"]["reason_text"]["value"],
            "half"
        );
    }
    open(&world, "ana", view).await;
    world.forget();
    ana.vanishes();
    world.slack.idle().await;
    assert!(world.received().is_empty());
}

#[tokio::test]
async fn an_external_id_is_used_once() {
    let world = World::start().await;
    let mut view = modal("Ask");
    view["external_id"] = json!("mine");
    assert_eq!(open(&world, "ana", view.clone()).await["ok"], true);
    assert_eq!(
        open(&world, "bob", view.clone()).await["error"],
        "duplicate_external_id"
    );
    let answer = world
        .api("views.update", json!({"external_id": "mine", "view": view}))
        .await;
    assert_eq!(answer["ok"], true);
    assert_eq!(
        world
            .api("views.update", json!({"external_id": "other", "view": view}))
            .await["error"],
        "not_found"
    );
}

#[tokio::test]
async fn a_home_tab_is_published_per_person() {
    let world = World::start().await;
    let ana = world.slack.person("ana");
    ana.opens_home().await.unwrap();
    world.slack.idle().await;
    let event = &world.events()[0];
    assert_eq!(
        (&event["type"], &event["tab"]),
        (&json!("app_home_opened"), &json!("home"))
    );
    assert!(event.get("view").is_none());
    let home = |text: &str| {
        json!({"type": "home", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}, "accessory":
            {"type": "button", "action_id": "go", "text": plain("Go"), "value": text}}]})
    };
    let publish = async |hash: Option<&Value>, text: &str| {
        let mut args = json!({"user_id": ana.id(), "view": home(text)});
        if let Some(hash) = hash {
            args["hash"] = hash.clone();
        }
        world.api("views.publish", args).await
    };
    let first = publish(None, "one").await["view"].clone();
    let second = publish(Some(&first["hash"]), "two").await["view"].clone();
    assert_eq!(first["id"], second["id"]);
    assert_eq!(publish(Some(&first["hash"]), "three").await["error"], "hash_conflict");
    assert!(world.slack.person("bob").home().is_none());
    ana.clicks(simulator::Target::Home, "Go").await.unwrap();
    let body = world.last("block_actions");
    assert_eq!(body["actions"][0]["value"], "two");
    assert_eq!(body["view"]["type"], "home");
    assert_eq!(body["container"], json!({"type": "view", "view_id": first["id"]}));
    ana.opens_home().await.unwrap();
    world.slack.idle().await;
    assert_eq!(world.events().last().unwrap()["view"]["id"], first["id"]);
    ana.opens_app().await.unwrap();
    world.slack.idle().await;
    assert_eq!(world.events().last().unwrap()["tab"], "messages");
}

#[tokio::test]
async fn blocks_without_ids_get_some() {
    let world = World::start().await;
    let mut view = modal("Ask");
    view["blocks"][0].as_object_mut().unwrap().remove("block_id");
    view["blocks"][0]["element"]
        .as_object_mut()
        .unwrap()
        .remove("action_id");
    let answer = open(&world, "ana", view).await;
    assert_eq!(answer["view"]["blocks"][0]["block_id"].as_str().unwrap().len(), 5);
    assert_eq!(
        answer["view"]["blocks"][0]["element"]["action_id"]
            .as_str()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(answer["view"]["blocks"][0]["optional"], false);
}

#[tokio::test]
async fn a_new_modal_takes_the_place_of_an_open_one() {
    let world = World::start().await;
    let first = opened(&world).await;
    let second = opened(&world).await;
    let ana = world.slack.person("ana");
    assert_eq!(ana.modals().len(), 1);
    assert_eq!(ana.modal().unwrap().id(), second["id"].as_str().unwrap());
    let update = json!({"view_id": first["id"], "view": modal("Late")});
    assert_eq!(world.api("views.update", update).await["error"], "not_found");
}

#[tokio::test]
async fn modals_belong_to_one_person() {
    let world = World::start().await;
    opened(&world).await;
    let bob = world.slack.person("bob");
    assert!(bob.modal().is_none());
    assert_eq!(bob.submits().await.unwrap_err().error, "no modal is open");
    assert_eq!(bob.types("Reason", "x").await.unwrap_err().error, "no modal is open");
}
