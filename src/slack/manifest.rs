//! The Slack app's manifest: as shipped for Socket Mode, and derived from it for delivery by HTTP.

use super::gateway::http::PATHS;
use serde_yaml_ng::{Mapping, Value};
use url::Url;

/// The manifest as shipped: Socket Mode, no addresses.
pub const SOCKET_MODE: &str = include_str!("../../manifest.yml");

const COMMENT: &str = "# The Slack app of c1, for delivery by HTTP. Create an app \"from a manifest\" with it.\n";

/// Where people come back to after they signed in with Slack, below `C1_BASE_URL`; a test holds it against the page that
/// takes them back.
pub const CALLBACK: &str = "/auth/slack/callback";

/// The manifest for Socket Mode, for a c1 whose pages are at `base` (`C1_BASE_URL`), as YAML.
///
/// # Panics
/// Never: a test derives it from the shipped one, whose form is fixed.
#[must_use]
pub fn for_socket_mode(base: &Url) -> String {
    let yaml = serde_yaml_ng::to_string(&at_address(base)).expect("a value read from YAML is written as YAML");
    format!("# The Slack app of c1, for Socket Mode. Create an app \"from a manifest\" with it.\n{yaml}")
}

fn at_address(base: &Url) -> Value {
    let mut manifest = shipped();
    let back = format!("{}{CALLBACK}", base.as_str().trim_end_matches('/'));
    at_key(&mut manifest, "oauth_config")["redirect_urls"] = Value::Sequence(vec![back.into()]);
    manifest
}

/// The manifest for delivery by HTTP to c1 at `base` (`C1_BASE_URL`), as YAML.
///
/// # Panics
/// Never: a test derives it from the shipped one, whose form is fixed.
#[must_use]
pub fn for_http(base: &Url) -> String {
    let at = |path: &str| Value::String(format!("{}{path}", base.as_str().trim_end_matches('/')));
    let [commands, interactions, options, events] = PATHS;
    let mut manifest = at_address(base);
    let settings = at_key(&mut manifest, "settings");
    settings["socket_mode_enabled"] = false.into();
    // Slack wants the address before what is sent to it.
    let subscriptions = at_key(settings, "event_subscriptions");
    let bot_events = std::mem::take(&mut subscriptions["bot_events"]);
    *subscriptions = Mapping::from_iter([("request_url".into(), at(events)), ("bot_events".into(), bot_events)]).into();
    let interactivity = at_key(settings, "interactivity");
    interactivity["request_url"] = at(interactions);
    interactivity["message_menu_options_url"] = at(options);
    let features = at_key(&mut manifest, "features");
    for command in at_key(features, "slash_commands")
        .as_sequence_mut()
        .into_iter()
        .flatten()
    {
        command["url"] = at(commands);
    }
    let yaml = serde_yaml_ng::to_string(&manifest).expect("a value read from YAML is written as YAML");
    format!("{COMMENT}{yaml}")
}

/// The scopes the bot token needs.
#[must_use]
pub fn bot_scopes() -> Vec<String> {
    texts(&shipped()["oauth_config"]["scopes"]["bot"])
}

/// The events the app listens to.
#[must_use]
pub fn bot_events() -> Vec<String> {
    texts(&shipped()["settings"]["event_subscriptions"]["bot_events"])
}

fn shipped() -> Value {
    serde_yaml_ng::from_str(SOCKET_MODE).expect("the shipped manifest is YAML; a test reads it")
}

fn at_key<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    value
        .get_mut(key)
        .expect("the shipped manifest has this key; a test derives from it")
}

fn texts(list: &Value) -> Vec<String> {
    list.as_sequence()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}
