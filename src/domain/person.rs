//! People: employees, guests and bots, with their roles.

use super::ids::PersonId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Someone c1 knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their number.
    pub id: PersonId,
    /// Their stable short name in files and commands (`ana`).
    pub key: String,
    /// Their name as people read it.
    pub name: String,
    /// Are they at work here?
    pub standing: Standing,
    /// What sort of account it is.
    pub kind: Kind,
    /// Their manager, if they have one.
    pub manager: Option<PersonId>,
    /// Job title; empty if unknown.
    pub title: String,
    /// Team name; empty if unknown.
    pub team: String,
    /// What they may do beyond asking.
    pub roles: BTreeSet<Role>,
}

/// Is a person at work here?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// At work.
    Active,
    /// Deactivated, may come back.
    Suspended,
    /// Gone.
    Deleted,
}

/// What sort of account a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A full member.
    Employee,
    /// A guest of the workspace.
    Guest,
    /// A bot or an app.
    Bot,
}

/// What a person may do beyond asking for access; after PRODUCT's list of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May ask for anyone.
    Helpdesk,
    /// May ask for anyone and cancel any request.
    RequestAdmin,
    /// Manages apps and their entitlements.
    AppAdmin,
    /// Reads all, changes nothing.
    Auditor,
    /// May do everything an administrator can.
    SuperAdmin,
}

impl Role {
    /// All roles, in order of power.
    pub const ALL: [Self; 5] = [
        Self::Helpdesk,
        Self::RequestAdmin,
        Self::AppAdmin,
        Self::Auditor,
        Self::SuperAdmin,
    ];

    /// The name in files, in the database and in conditions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Helpdesk => "helpdesk",
            Self::RequestAdmin => "request_admin",
            Self::AppAdmin => "app_admin",
            Self::Auditor => "auditor",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// Reads [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Person {
    /// May this person hold access, ask for it, or decide? Suspended and deleted people, guests and bots may not.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        self.standing == Standing::Active && self.kind == Kind::Employee
    }

    /// Has the person this role?
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// May this person ask on behalf of `subject`? Everyone for themselves, a manager for the people under them (the
    /// caller says whether `subject` is), helpdesk and the admins for anyone.
    #[must_use]
    pub fn may_ask_for(&self, subject: &Self, manages: bool) -> bool {
        self.id == subject.id
            || manages
            || self.is(Role::Helpdesk)
            || self.is(Role::RequestAdmin)
            || self.is(Role::SuperAdmin)
    }

    /// May this person act on requests outside their plan?
    #[must_use]
    pub fn administers_requests(&self) -> bool {
        self.is(Role::RequestAdmin) || self.is(Role::SuperAdmin)
    }

    /// May this person see every request and every grant?
    #[must_use]
    pub fn sees_everything(&self) -> bool {
        self.is(Role::Auditor) || self.is(Role::RequestAdmin) || self.is(Role::SuperAdmin)
    }
}
