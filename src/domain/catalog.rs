//! The catalog: apps and the entitlements that can be asked for.

use super::{
    emergency::EmergencyRules,
    ids::{AppId, EntitlementId, PolicyId},
    length::LengthRules,
};
use serde::{Deserialize, Serialize};

/// A system people get access to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its number.
    pub id: AppId,
    /// Its short name in files and commands (`github`).
    pub key: String,
    /// Its name as people read it.
    pub name: String,
}

/// One permission on an app, or on a resource in it, that can be asked for and granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Its number.
    pub id: EntitlementId,
    /// Its short name inside its app (`admin`).
    pub key: String,
    /// Its name as people read it; the plain account on an app is called "Access".
    pub name: String,
    /// The thing inside the app it is about, if there is one (`repo payments`).
    pub resource: Option<String>,
    /// What it lets people do, in a sentence.
    pub description: String,
    /// The app it belongs to.
    pub app: App,
    /// How a request for it is decided.
    pub policy: PolicyId,
    /// Whether and how it can be had at once in an emergency.
    pub emergency: EmergencyRules,
    /// How long it may be had.
    pub lengths: LengthRules,
    /// Can it still be asked for? Removed ones stay for the record.
    pub offered: bool,
}

impl Entitlement {
    /// "GitHub / payments / Admin" or "GitHub / Access".
    #[must_use]
    pub fn title(&self) -> String {
        match &self.resource {
            Some(resource) => format!("{} / {resource} / {}", self.app.name, self.name),
            None => format!("{} / {}", self.app.name, self.name),
        }
    }

    /// The name in files and commands: `github/admin`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.app.key, self.key)
    }
}
