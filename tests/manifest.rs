//! The app's manifest: valid by Slack's schema in both delivery modes, and the same names as the code.

#![expect(clippy::unwrap_used, reason = "a test whose world is not as it should be stops")]

use c1::slack::gateway::http::PATHS;
use c1::slack::{manifest, surface};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use url::Url;

fn base() -> Url {
    "https://c1.example.com".parse().unwrap()
}

fn shipped() -> Value {
    serde_yaml_ng::from_str(manifest::SOCKET_MODE).unwrap()
}

fn for_http() -> Value {
    serde_yaml_ng::from_str(&manifest::for_http(&base())).unwrap()
}

#[test]
fn both_forms_are_valid() {
    let with_pages = serde_yaml_ng::from_str(&manifest::for_socket_mode(&base())).unwrap();
    for (form, manifest) in [
        ("Socket Mode", shipped()),
        ("with pages", with_pages),
        ("HTTP", for_http()),
    ] {
        assert_eq!(problems(&manifest), Vec::<String>::new(), "{form}");
    }
}

#[test]
fn the_http_form_differs_in_addresses_and_switch_only() {
    let (socket, mut http) = (shipped(), for_http());
    let at = |path: &str| json!(format!("https://c1.example.com{path}"));
    let [commands, interactions, options, events] = PATHS;
    let settings = &mut http["settings"];
    assert_eq!(settings["socket_mode_enabled"].take(), json!(false));
    settings["socket_mode_enabled"] = json!(true);
    let taken = |object: &mut Value, key: &str| object.as_object_mut().unwrap().remove(key).unwrap();
    assert_eq!(taken(&mut settings["event_subscriptions"], "request_url"), at(events));
    assert_eq!(taken(&mut settings["interactivity"], "request_url"), at(interactions));
    assert_eq!(
        taken(&mut settings["interactivity"], "message_menu_options_url"),
        at(options)
    );
    for command in http["features"]["slash_commands"].as_array_mut().unwrap() {
        assert_eq!(taken(command, "url"), at(commands));
    }
    assert_eq!(http, socket);
    let behind_a_path = manifest::for_http(&"https://tools.example.com/c1/".parse().unwrap());
    assert!(
        behind_a_path.contains("https://tools.example.com/c1/slack/events"),
        "{behind_a_path}"
    );
}

#[test]
fn the_manifest_and_the_code_know_the_same_names() {
    let manifest = shipped();
    let named = |list: &Value, key: &str, fits: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        list.as_array()
            .unwrap()
            .iter()
            .filter(|item| fits(item))
            .map(|item| item[key].as_str().unwrap().to_owned())
            .collect()
    };
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let features = &manifest["features"];
    assert_eq!(
        named(&features["slash_commands"], "command", &|_| true),
        own(surface::COMMANDS)
    );
    let shortcuts = |kind: &'static str| named(&features["shortcuts"], "callback_id", &|item| item["type"] == kind);
    assert_eq!(shortcuts("global"), own(surface::GLOBAL_SHORTCUTS));
    assert_eq!(shortcuts("message"), own(surface::MESSAGE_SHORTCUTS));
}

#[test]
fn scopes_and_events_fit_each_other() {
    let scopes = manifest::bot_scopes();
    let has = |scope: &str| scopes.iter().any(|s| s == scope);
    // What each event asks for, as Slack documents it; the schema does not catch an event without its scope.
    for event in manifest::bot_events() {
        let needs: &[&str] = match event.as_str() {
            "message.im" => &["im:history"],
            "message.channels" => &["channels:history"],
            "message.groups" => &["groups:history"],
            "user_change" | "team_join" => &["users:read"],
            "dnd_updated_user" => &["dnd:read"],
            "subteam_updated" | "subteam_members_changed" => &["usergroups:read"],
            "reaction_added" | "reaction_removed" => &["reactions:read"],
            "file_deleted" => &["files:read"],
            "app_home_opened" | "app_uninstalled" | "tokens_revoked" => &[],
            other => panic!("which scope does {other} need?"),
        };
        assert!(needs.iter().all(|scope| has(scope)), "{event} needs {needs:?}");
    }
    for needed in [
        "commands",
        "chat:write",
        "chat:write.customize",
        "im:write",
        "users:read.email",
        "team:read",
    ] {
        assert!(has(needed), "{needed}");
    }
}

#[test]
fn people_come_back_from_signing_in_to_where_c1_is() {
    let back = |text: &str| serde_yaml_ng::from_str::<Value>(text).unwrap()["oauth_config"]["redirect_urls"].clone();
    let behind_a_path = "https://tools.example.com/c1/".parse().unwrap();
    let there = json!(["https://tools.example.com/c1/auth/slack/callback"]);
    assert_eq!(back(&manifest::for_socket_mode(&behind_a_path)), there);
    assert_eq!(back(&manifest::for_http(&behind_a_path)), there);
    // The shipped one names an example, so that what is pasted unread leads nowhere.
    assert_eq!(
        back(manifest::SOCKET_MODE),
        json!(["https://c1.example.com/auth/slack/callback"])
    );
    assert_eq!(manifest::CALLBACK, c1::web::SignIn::CALLBACK);
    assert_eq!(
        shipped()["oauth_config"]["scopes"]["user"],
        json!(["openid", "profile"])
    );
}

#[test]
fn people_can_write_in_the_messages_tab() {
    let home = &shipped()["features"]["app_home"];
    assert_eq!(home["messages_tab_enabled"], true);
    assert_eq!(home["messages_tab_read_only_enabled"], false);
    assert_eq!(home["home_tab_enabled"], true);
}

#[test]
fn the_checker_knows_right_from_wrong() {
    let example = |name: &str| -> Value { serde_json::from_str(&read(&format!("tests/manifests/v1/{name}"))).unwrap() };
    let mut valid = example("manifest.valid.json");
    // The example names its schema for editors; Slack's own checker leaves that key out too.
    valid.as_object_mut().unwrap().remove("$schema");
    assert_eq!(problems(&valid), Vec::<String>::new());
    let mut invalid = example("manifest.invalid.json");
    invalid.as_object_mut().unwrap().remove("$schema");
    assert_eq!(problems(&invalid), ["/settings/bad_param: not known"]);
    let breaks: [(&str, Value); 8] = [
        ("/display_information/name", json!("x".repeat(36))),
        ("/display_information/long_description", json!("too short")),
        ("/display_information/background_color", json!("blue")),
        ("/features/shortcuts/0/name", json!("Request access about this")),
        ("/features/shortcuts/0/type", json!("channel")),
        ("/features/slash_commands/0/command", json!("c1")),
        ("/settings/socket_mode_enabled", json!("yes")),
        ("/oauth_config/scopes/bot", json!("commands")),
    ];
    for (at, wrong) in breaks {
        let mut manifest = shipped();
        *manifest.pointer_mut(at).unwrap() = wrong;
        assert_eq!(problems(&manifest).len(), 1, "{at}");
    }
    let mut manifest = shipped();
    manifest.as_object_mut().unwrap().remove("display_information");
    assert_eq!(problems(&manifest), ["/: display_information is missing"]);
}

fn read(path: &str) -> String {
    std::fs::read_to_string(format!(
        "{}/tests/data/manifest-schema/{path}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// What Slack's schema has against a manifest. Knows as much of JSON Schema as that schema uses for apps without workflows.
fn problems(manifest: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(&read("schemas/manifest.schema.1.0.0.json")).unwrap();
    let mut problems = Vec::new();
    check(&root, &root, manifest, "", &mut problems);
    problems
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root
            .pointer(reference.trim_start_matches('#'))
            .expect("references stay inside the schema");
        return check(root, target, value, at, problems);
    }
    let place = if at.is_empty() { "/" } else { at };
    let mut wrong = |what: String| problems.push(format!("{place}: {what}"));
    if let Some(kind) = schema["type"].as_str() {
        let fits = match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            other => panic!("teach the checker the type {other}"),
        };
        if !fits {
            return wrong(format!("not a {kind}"));
        }
    }
    let number = |key: &str| schema[key].as_u64().map(|n| usize::try_from(n).unwrap());
    let mut within = |count: usize, least: &str, most: &str, what: &str| {
        if number(least).is_some_and(|n| count < n) || number(most).is_some_and(|n| count > n) {
            wrong(format!(
                "{count} {what}, outside {:?}..{:?}",
                number(least),
                number(most)
            ));
        }
    };
    match value {
        Value::String(text) => within(text.chars().count(), "minLength", "maxLength", "characters"),
        Value::Array(items) => within(items.len(), "minItems", "maxItems", "items"),
        Value::Object(fields) => within(fields.len(), "minProperties", "maxProperties", "properties"),
        _ => {}
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong(format!("{value} is not among {allowed:?}"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str().or(schema["regex"].as_str()), value.as_str())
        && !matches(pattern, text)
    {
        wrong(format!("{text} is not like {pattern}"));
    }
    match value {
        Value::Array(items) => {
            if schema["uniqueItems"] == true && items.iter().enumerate().any(|(i, item)| items[..i].contains(item)) {
                wrong("an item stands twice".to_owned());
            }
            for (i, item) in items.iter().enumerate() {
                check(root, &schema["items"], item, &format!("{at}/{i}"), problems);
            }
        }
        Value::Object(fields) => object(root, schema, fields, at, problems),
        _ => {}
    }
}

fn object(root: &Value, schema: &Value, fields: &Map<String, Value>, at: &str, problems: &mut Vec<String>) {
    let place = if at.is_empty() { "/" } else { at };
    for required in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !fields.contains_key(required) {
            problems.push(format!("{place}: {required} is missing"));
        }
    }
    assert!(
        schema.get("patternProperties").is_none() || fields.is_empty(),
        "teach the checker patternProperties ({at})"
    );
    for (key, value) in fields {
        match schema["properties"].get(key) {
            Some(property) => check(root, property, value, &format!("{at}/{key}"), problems),
            None if schema["additionalProperties"] == false => problems.push(format!("{at}/{key}: not known")),
            None => {}
        }
    }
}

/// The schema's patterns that our manifest meets, by hand instead of by a regular-expression crate.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"^\/" => text.starts_with('/'),
        r"^https?:\/\/" => text.starts_with("https://") || text.starts_with("http://"),
        "^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$" => {
            let digits = text.strip_prefix('#').unwrap_or_default();
            matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }
        other => panic!("teach the checker the pattern {other}"),
    }
}
