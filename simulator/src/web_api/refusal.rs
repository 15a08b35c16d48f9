//! How a method says no.

use serde_json::{Map, Value, json};

use crate::blocks::Problems;

/// An answer with `ok: false`.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) more: Map<String, Value>,
}

impl Refusal {
    pub(crate) fn new(error: impl Into<String>) -> Refusal {
        Refusal {
            error: error.into(),
            more: Map::new(),
        }
    }

    pub(crate) fn with_messages(error: &str, messages: Vec<String>) -> Refusal {
        let mut refusal = Refusal::new(error);
        refusal
            .more
            .insert("response_metadata".to_owned(), json!({"messages": messages}));
        refusal
    }

    pub(crate) fn missing_scope(needed: &str, provided: &[String]) -> Refusal {
        let mut refusal = Refusal::new("missing_scope");
        refusal.more.insert("needed".to_owned(), json!(needed));
        refusal.more.insert("provided".to_owned(), json!(provided.join(",")));
        refusal
    }

    /// The seconds go into the `Retry-After` header.
    pub(crate) fn rate_limited(retry_after: u64) -> Refusal {
        let mut refusal = Refusal::new("ratelimited");
        refusal.more.insert("retry_after".to_owned(), json!(retry_after));
        refusal
    }

    pub(crate) fn json(self) -> Value {
        let mut out = self.more;
        out.insert("ok".to_owned(), json!(false));
        out.insert("error".to_owned(), json!(self.error));
        Value::Object(out)
    }
}

impl From<&str> for Refusal {
    fn from(error: &str) -> Refusal {
        Refusal::new(error)
    }
}

impl From<Problems> for Refusal {
    fn from(problems: Problems) -> Refusal {
        let mut refusal = Refusal::with_messages(problems.code, problems.messages.clone());
        refusal.more.insert("errors".to_owned(), json!(problems.messages));
        refusal
    }
}
