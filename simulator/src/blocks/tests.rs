//! For every rule what passes and what does not.

mod attachments;
mod elements;
mod examples;
mod layout;
mod limits;
mod rendering;
mod views;

use serde_json::{Value, json};

use super::*;

/// The same thing right and wrong, and what Slack says of the wrong one.
struct Case {
    right: Value,
    wrong: Value,
    says: &'static str,
}

fn case(right: Value, wrong: Value, says: &'static str) -> Case {
    Case { right, wrong, says }
}

/// Runs a table: `check` is one of the four checks with the case put in its place.
#[track_caller]
fn all(check: impl Fn(&Value) -> Result<(), Problems>, cases: Vec<Case>) {
    for Case { right, wrong, says } in cases {
        assert_eq!(check(&right), Ok(()), "should pass: {right}");
        let found = check(&wrong).expect_err(&format!("should be refused ({says}): {wrong}"));
        assert_eq!(found.messages, [says], "{wrong}");
    }
}

fn plain(text: impl Into<String>) -> Value {
    json!({"type": "plain_text", "text": text.into()})
}

fn mrkdwn(text: impl Into<String>) -> Value {
    json!({"type": "mrkdwn", "text": text.into()})
}

fn x(times: usize) -> String {
    "x".repeat(times)
}

fn option(value: &str) -> Value {
    json!({"text": plain(value), "value": value})
}

fn options(count: usize) -> Vec<Value> {
    (0..count).map(|number| option(&number.to_string())).collect()
}

/// `base` with these fields on top; null takes one away.
fn with(base: &Value, fields: Value) -> Value {
    let mut out = base.clone();
    for (name, value) in fields.as_object().expect("fields are an object") {
        let map = out.as_object_mut().expect("the base is an object");
        match value {
            Value::Null => _ = map.remove(name),
            value => _ = map.insert(name.clone(), value.clone()),
        }
    }
    out
}

/// `count` of the same.
fn times(count: usize, value: &Value) -> Vec<Value> {
    vec![value.clone(); count]
}

fn message_of(block: &Value) -> Result<(), Problems> {
    check_message(&json!([block]))
}
