//! Opening the app.

use serde_json::json;

use super::Outcome;
use super::person::Person;

impl Person {
    /// Opens the Home tab; the app is told.
    ///
    /// # Errors
    /// `no home tab` where the manifest has none.
    pub async fn opens_home(&self) -> Outcome {
        if !self.inner.manifest.home_tab {
            return Err("no home tab".into());
        }
        self.opens("home")
    }

    /// Opens the conversation with the app; the app is told.
    ///
    /// # Errors
    /// `account_inactive`.
    pub async fn opens_app(&self) -> Outcome {
        self.opens("messages")
    }

    pub(crate) fn opens(&self, tab: &str) -> Outcome {
        self.inner.with_world(|w| {
            self.must_be_active(w)?;
            let (channel, _) = w.app_dm(&self.id);
            w.emit("app_home_opened", |w| {
                let ts = w.new_ts();
                let mut event = json!({
                    "type": "app_home_opened", "user": self.id, "channel": channel, "tab": tab, "event_ts": ts,
                });
                if let (Some(view), "home") = (w.home(&self.id), tab) {
                    event["view"] = view.json(&w.team.id);
                }
                event
            });
            Ok(())
        })
    }
}
