//! The app manifest, as far as the simulator needs it.

use serde::Deserialize;
use url::Url;

/// What the manifest says about the app.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) bot_name: String,
    pub(crate) home_tab: bool,
    pub(crate) messages_tab: bool,
    pub(crate) messages_read_only: bool,
    pub(crate) commands: Vec<Command>,
    pub(crate) shortcuts: Vec<Shortcut>,
    pub(crate) scopes: Vec<String>,
    pub(crate) user_scopes: Vec<String>,
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) pkce: bool,
    pub(crate) events: Vec<String>,
    pub(crate) events_path: String,
    pub(crate) interactions_path: String,
    pub(crate) options_path: String,
}

/// A slash command.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Command {
    pub(crate) command: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) usage_hint: String,
    #[serde(default)]
    pub(crate) should_escape: bool,
    #[serde(default)]
    url: Option<String>,
}

impl Command {
    pub(crate) fn path(&self) -> String {
        path_of(self.url.as_deref(), "/slack/commands")
    }
}

/// A shortcut, of the workspace or of a message.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Shortcut {
    pub(crate) name: String,
    pub(crate) callback_id: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    display_information: Display,
    features: Features,
    oauth_config: OAuth,
    settings: Settings,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Display {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Features {
    app_home: Home,
    bot_user: Bot,
    shortcuts: Vec<Shortcut>,
    slash_commands: Vec<Command>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Home {
    home_tab_enabled: bool,
    messages_tab_enabled: bool,
    messages_tab_read_only_enabled: bool,
}

impl Default for Home {
    fn default() -> Home {
        Home {
            home_tab_enabled: false,
            messages_tab_enabled: true,
            messages_tab_read_only_enabled: false,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Bot {
    display_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OAuth {
    redirect_urls: Vec<String>,
    pkce_enabled: bool,
    scopes: Scopes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scopes {
    bot: Vec<String>,
    user: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Settings {
    event_subscriptions: Events,
    interactivity: Interactivity,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Events {
    request_url: Option<String>,
    bot_events: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Interactivity {
    request_url: Option<String>,
    message_menu_options_url: Option<String>,
}

impl Manifest {
    /// Reads YAML; JSON is YAML too.
    pub(crate) fn read(text: &str) -> anyhow::Result<Manifest> {
        let raw: Raw = serde_yaml_ng::from_str(text).map_err(|e| anyhow::anyhow!("the app manifest: {e}"))?;
        let name = if raw.display_information.name.is_empty() {
            "App".to_owned()
        } else {
            raw.display_information.name
        };
        let interactivity = raw.settings.interactivity;
        let interactions_path = path_of(interactivity.request_url.as_deref(), "/slack/interactions");
        // Without a URL of its own, Slack sends the search of a select to the interactivity URL.
        let options_path = match (&interactivity.message_menu_options_url, &interactivity.request_url) {
            (Some(url), _) => path_of(Some(url), "/slack/options"),
            (None, Some(_)) => interactions_path.clone(),
            (None, None) => "/slack/options".to_owned(),
        };
        Ok(Manifest {
            bot_name: if raw.features.bot_user.display_name.is_empty() {
                name.clone()
            } else {
                raw.features.bot_user.display_name
            },
            name,
            home_tab: raw.features.app_home.home_tab_enabled,
            messages_tab: raw.features.app_home.messages_tab_enabled,
            messages_read_only: raw.features.app_home.messages_tab_read_only_enabled,
            commands: raw.features.slash_commands,
            shortcuts: raw.features.shortcuts,
            scopes: raw.oauth_config.scopes.bot,
            user_scopes: raw.oauth_config.scopes.user,
            redirect_urls: raw.oauth_config.redirect_urls,
            pkce: raw.oauth_config.pkce_enabled,
            events: raw.settings.event_subscriptions.bot_events,
            events_path: path_of(raw.settings.event_subscriptions.request_url.as_deref(), "/slack/events"),
            interactions_path,
            options_path,
        })
    }

    pub(crate) fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|c| c.command == name)
    }

    pub(crate) fn listens_to(&self, event: &str) -> bool {
        self.events.iter().any(|e| e == event)
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
    }
}

fn path_of(url: Option<&str>, default: &str) -> String {
    match url.map(Url::parse) {
        Some(Ok(url)) if url.path() != "/" => match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
        _ => default.to_owned(),
    }
}
