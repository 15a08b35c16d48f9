//! What Slack adds to blocks it was given: ids where they are missing, and the defaults it writes out.

use serde_json::{Value, json};

use super::World;

/// Elements which get an action id when they have none.
fn is_interactive(kind: &str) -> bool {
    matches!(
        kind,
        "button" | "overflow" | "workflow_button" | "icon_button" | "feedback_buttons"
    ) || super::elements::field(kind).is_some()
}

impl World {
    /// Gives every block a block id, every element an action id, and writes out the defaults.
    pub(crate) fn normalise_blocks(&mut self, blocks: &mut Value) {
        let Some(blocks) = blocks.as_array_mut() else { return };
        for block in blocks {
            let Some(fields) = block.as_object_mut() else { continue };
            if fields.get("block_id").and_then(Value::as_str).is_none_or(str::is_empty) {
                fields.insert("block_id".to_owned(), json!(self.new_short_id()));
            }
            if fields.get("type").and_then(Value::as_str) == Some("input") {
                fields.entry("optional").or_insert(json!(false));
                fields.entry("dispatch_action").or_insert(json!(false));
            }
            self.walk(block);
        }
    }

    fn walk(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|v| self.walk(v)),
            Value::Object(fields) => {
                let kind = fields.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
                match kind.as_str() {
                    "plain_text" if fields.contains_key("text") => {
                        fields.entry("emoji").or_insert(json!(true));
                        return;
                    }
                    "mrkdwn" if fields.contains_key("text") => {
                        fields.entry("verbatim").or_insert(json!(false));
                        return;
                    }
                    "rich_text" => return,
                    kind if is_interactive(kind)
                        && fields
                            .get("action_id")
                            .and_then(Value::as_str)
                            .is_none_or(str::is_empty) =>
                    {
                        fields.insert("action_id".to_owned(), json!(self.new_short_id()));
                    }
                    _ => {}
                }
                fields.values_mut().for_each(|v| self.walk(v));
            }
            _ => {}
        }
    }

    /// Numbers attachments and normalises the blocks in them.
    pub(crate) fn normalise_attachments(&mut self, attachments: &mut Value) {
        for (at, attachment) in attachments.as_array_mut().into_iter().flatten().enumerate() {
            let Some(fields) = attachment.as_object_mut() else {
                continue;
            };
            fields.insert("id".to_owned(), json!(at + 1));
            fields.entry("fallback").or_insert(json!("[no preview available]"));
            if let Some(blocks) = fields.get_mut("blocks") {
                self.normalise_blocks(blocks);
            }
        }
    }
}
