//! Identifiers: numbers given by the database, one type per kind so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::{fmt, num::ParseIntError, str::FromStr};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;
            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person, whatever Slack calls them.
    PersonId,
    /// A system people get access to.
    AppId,
    /// A permission that can be asked for.
    EntitlementId,
    /// A policy.
    PolicyId,
    /// A catalog; one that can be asked for whole is a bundle.
    CatalogId,
    /// What was asked for together.
    BundleId,
    /// A request; the number people see (`#42`).
    RequestId,
    /// A grant.
    GrantId,
    /// A comment in the conversation of a request.
    CommentId,
    /// A copy of a request's card in some conversation (a row of the message ledger).
    CardId,
}
