//! The arguments of a call, however they came: in the query, as a form, or as JSON.

use serde_json::{Map, Value};

use super::refusal::Refusal;

#[derive(Debug, Clone, Default)]
pub(crate) struct Args(pub(crate) Map<String, Value>);

impl Args {
    pub(crate) fn read(query: Option<&str>, content_type: &str, body: &[u8]) -> Result<Args, Refusal> {
        let mut args = Map::new();
        let mut pairs = |text: &[u8]| -> Result<(), Refusal> {
            let read: Vec<(String, String)> =
                serde_urlencoded::from_bytes(text).map_err(|_| Refusal::new("invalid_form_data"))?;
            args.extend(read.into_iter().map(|(k, v)| (k, Value::String(v))));
            Ok(())
        };
        pairs(query.unwrap_or("").as_bytes())?;
        let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match kind.as_str() {
            _ if body.is_empty() => {}
            "application/x-www-form-urlencoded" => pairs(body)?,
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => args.extend(fields),
                Ok(_) => return Err(Refusal::new("json_not_object")),
                Err(_) => return Err(Refusal::new("invalid_json")),
            },
            "" => return Err(Refusal::new("missing_post_type")),
            _ => return Err(Refusal::new("invalid_post_type")),
        }
        args.retain(|_, v| !v.is_null());
        Ok(Args(args))
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Also not empty.
    pub(crate) fn needed(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).filter(|t| !t.is_empty()).ok_or_else(|| missing(name))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).as_deref(), Some("true" | "1"))
    }

    /// A structure: JSON in JSON, or a string with JSON in it.
    pub(crate) fn json(&self, name: &str, broken: &str) -> Result<Option<Value>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| Refusal::new(broken)),
            Some(other) => Ok(Some(other.clone())),
        }
    }

    /// A list: a string with commas, or an array.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }
}

pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::with_messages(
        "invalid_arguments",
        vec![format!("[ERROR] missing required field: {name}")],
    )
}

/// A page of a list: `limit` items after the cursor, and the cursor of the next page (empty at the end).
pub(crate) fn page<T>(
    args: &Args,
    default: u64,
    most: u64,
    items: impl FnOnce(Option<String>, usize) -> Vec<(String, T)>,
) -> Result<(Vec<T>, String), Refusal> {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    let after = match args.text("cursor").filter(|c| !c.is_empty()) {
        None => None,
        Some(cursor) => {
            let bytes = engine.decode(cursor).map_err(|_| Refusal::new("invalid_cursor"))?;
            let text = String::from_utf8(bytes).map_err(|_| Refusal::new("invalid_cursor"))?;
            Some(text.strip_prefix("next:").ok_or("invalid_cursor")?.to_owned())
        }
    };
    let limit = match args.text("limit") {
        None => default,
        Some(text) => text.parse().map_err(|_| Refusal::new("invalid_limit"))?,
    };
    let limit = if limit == 0 { default } else { limit.min(most) };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than asked shows whether there is another page.
    let mut found = items(after, limit + 1);
    let more = found.len() > limit;
    found.truncate(limit);
    let cursor = match found.last() {
        Some((key, _)) if more => engine.encode(format!("next:{key}")),
        _ => String::new(),
    };
    Ok((found.into_iter().map(|(_, item)| item).collect(), cursor))
}
