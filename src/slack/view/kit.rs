//! The few kinds of blocks we use, with their texts cut to what Slack takes.

use super::{
    limits::{BUTTON, CONFIRM, HEADER, LABEL, OPTION, OPTION_VALUE, PLACEHOLDER, SECTION, VIEW_TITLE},
    phrase::{Phrase, linked},
    text::{Mentions, NOTHING, cut, line, paragraph},
};
use serde_json::{Value, json};
use slack_morphism::prelude::*;

/// A short plain text on one line.
pub(super) fn plain(text: &str, max: usize) -> SlackBlockPlainTextOnly {
    SlackBlockPlainText::new(line(text, max)).with_emoji(true).into()
}

/// Slack's markup. Verbatim: Slack makes nothing of it that we did not write. Slack refuses an empty text.
fn markup(text: &str) -> SlackBlockMarkDownText {
    let text = if text.is_empty() { NOTHING } else { text };
    SlackBlockMarkDownText::new(text.to_owned()).with_verbatim(true)
}

/// A large line.
pub(super) fn header(text: &str) -> SlackBlock {
    SlackHeaderBlock::new(plain(text, HEADER)).into()
}

/// A sentence in Slack's markup. The caller has escaped it.
pub(super) fn section(text: &str) -> SlackBlock {
    SlackSectionBlock::new().with_text(markup(text).into()).into()
}

/// A sentence in Slack's markup with a button at its side.
pub(super) fn section_with(text: &str, button: SlackBlockButtonElement) -> SlackBlock {
    SlackSectionBlock::new()
        .with_text(markup(text).into())
        .with_accessory(button.into())
        .into()
}

/// Up to ten fields in two columns: label and value. Values are in Slack's markup.
pub(super) fn fields(pairs: &[(&str, String)]) -> SlackBlock {
    let fields = pairs
        .iter()
        .take(10)
        .map(|(label, value)| markup(&format!("*{label}*\n{value}")).into())
        .collect();
    SlackSectionBlock::new().with_fields(fields).into()
}

/// A small grey line in Slack's markup. The caller has escaped it.
pub(super) fn context(text: &str) -> SlackBlock {
    SlackContextBlock::new(vec![markup(text).into()]).into()
}

/// A sentence as rich text.
pub(super) fn sentence(phrase: &Phrase, mentions: &Mentions) -> SlackBlock {
    SlackRichTextBlock::new(vec![SlackRichTextSection::new(phrase.rich(mentions)).into()]).into()
}

/// Something a person wrote, shown literally under a label, with its web addresses made links.
pub(super) fn quote(label: &str, words: &str) -> SlackBlock {
    let words = paragraph(words, SECTION);
    SlackRichTextBlock::new(vec![
        SlackRichTextSection::new(vec![SlackRichTextText::new(label.to_owned()).bold().into()]).into(),
        SlackRichTextQuote::new(linked(&words)).into(),
    ])
    .into()
}

/// Buttons beside each other.
pub(super) fn actions(buttons: Vec<SlackBlockButtonElement>) -> SlackBlock {
    SlackActionsBlock::new(buttons.into_iter().map(Into::into).collect()).into()
}

/// A button.
pub(super) fn button(action_id: &str, text: &str, value: &str) -> SlackBlockButtonElement {
    SlackBlockButtonElement::new(plain(text, BUTTON))
        .with_action_id(action_id.into())
        .with_value(value.to_owned())
}

/// A question before a button takes effect.
pub(super) fn confirm(title: &str, text: &str, yes: &str, no: &str) -> SlackBlockConfirmItem {
    SlackBlockConfirmItem {
        title: plain(title, CONFIRM.0),
        text: SlackBlockPlainText::new(line(text, CONFIRM.1)).into(),
        confirm: plain(yes, CONFIRM.2),
        deny: plain(no, CONFIRM.2),
        style: None,
    }
}

/// An option of a select; its text must be the same wherever it appears.
pub(super) fn option(text: &str, value: &str) -> SlackBlockChoiceItem<SlackBlockPlainTextOnly> {
    SlackBlockChoiceItem::new(plain(text, OPTION), cut(value, OPTION_VALUE))
}

/// A question with its input.
pub(super) fn input(block_id: &str, label: &str, element: impl Into<SlackInputBlockElement>) -> SlackInputBlock {
    SlackInputBlock::new(plain(label, LABEL), element.into()).with_block_id(block_id.into())
}

/// A placeholder.
pub(super) fn placeholder(text: &str) -> SlackBlockPlainTextOnly {
    plain(text, PLACEHOLDER)
}

/// A modal.
pub(super) struct Modal<'a> {
    /// Which.
    pub(super) callback_id: &'a str,
    /// Its title.
    pub(super) title: &'a str,
    /// The submit button.
    pub(super) submit: &'a str,
    /// The close button.
    pub(super) close: &'a str,
    /// What it must remember.
    pub(super) metadata: Value,
}

impl Modal<'_> {
    /// The modal with these blocks.
    pub(super) fn of(self, blocks: Vec<SlackBlock>) -> Value {
        let view = SlackModalView::new(plain(self.title, VIEW_TITLE), blocks)
            .with_submit(plain(self.submit, VIEW_TITLE))
            .with_close(plain(self.close, VIEW_TITLE))
            .with_callback_id(self.callback_id.into())
            .with_private_metadata(self.metadata.to_string());
        json_of(&SlackView::Modal(view))
    }
}

/// A Home tab with these blocks.
pub(super) fn home_tab(blocks: Vec<SlackBlock>) -> Value {
    json!({ "type": "home", "blocks": blocks.iter().map(json_of).collect::<Vec<_>>() })
}

/// The form Slack reads.
pub(super) fn json_of(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).expect("Block Kit types have string keys and no fallible parts")
}
