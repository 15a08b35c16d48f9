//! The modal that asks: "Submit a request".
//!
//! Slack keeps what was typed as long as block id and action id stay the same, and starts anew when they change. So the
//! ids of the reason, the toggle and the subject never change, and those of the selects name what their options depend
//! on: another app gives an empty entitlement select, another entitlement a fresh choice of lengths. Handlers find a
//! value by its action id.

use super::{
    kit::{Modal, actions, button, context, input, option, placeholder, plain, section},
    limits::{INPUT, LABEL, OPTIONS, SECTION},
    phrase::Phrase,
    preview::preview_line,
    text::{Mentions, cut, line},
};
use crate::{
    domain::{
        ids::{AppId, CatalogId, EntitlementId, PersonId},
        length::{Length, spoken},
        refusal::LONGEST_TEXT,
    },
    slack::surface,
    usecases::queries::{
        catalog_for::{AppChoice, BundleChoice, EntitlementChoice, Holding},
        request_form::{ChosenLength, Problem, RequestForm},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::prelude::*;

/// Counted up when an older form could no longer be read: its answers are then asked for again.
const VERSION: u32 = 1;

/// The block of the app select.
pub const BLOCK_APP: &str = "app";
/// The block of the length of one's own.
pub const BLOCK_CUSTOM_LENGTH: &str = "custom_length";
/// The block of the justification.
pub const BLOCK_REASON: &str = "reason";
/// The block of the emergency toggle.
pub const BLOCK_EMERGENCY: &str = "emergency";
/// The block of the subject.
pub const BLOCK_SUBJECT: &str = "subject";

/// The value of a bundle in the app select.
#[must_use]
pub fn bundle_value(bundle: CatalogId) -> String {
    format!("bundle:{bundle}")
}

/// Reads [`bundle_value`].
#[must_use]
pub fn bundle_chosen(value: &str) -> Option<CatalogId> {
    value.strip_prefix("bundle:")?.parse().ok()
}

/// The value of "Other…" in the length select.
pub const LENGTH_OTHER: &str = "other";
/// The value of "No end" in the length select; all others are seconds.
pub const LENGTH_NO_END: &str = "no_end";
/// The value of the toggle when it is on.
pub const EMERGENCY_ON: &str = "on";

/// The block of the entitlement select for an app.
#[must_use]
pub fn entitlement_block(app: AppId) -> String {
    format!("entitlement:{app}")
}

/// The app whose entitlements the block offers.
#[must_use]
pub fn app_of_block(block_id: &str) -> Option<AppId> {
    block_id.strip_prefix("entitlement:")?.parse().ok()
}

/// The block of the length select; an emergency may offer others.
#[must_use]
pub fn length_block(entitlement: EntitlementId, emergency: bool) -> String {
    format!(
        "length:{entitlement}:{}",
        if emergency { "emergency" } else { "request" }
    )
}

/// What an option of the length select means; the text of one's own comes from another input.
#[must_use]
pub fn length_chosen(value: &str) -> Option<ChosenLength> {
    match value {
        LENGTH_OTHER => Some(ChosenLength::Custom(String::new())),
        LENGTH_NO_END => Some(ChosenLength::Offered(Length::NoEnd)),
        seconds => seconds
            .parse()
            .ok()
            .map(|seconds| ChosenLength::Offered(Length::For(seconds))),
    }
}

/// What a form remembers beside what is typed into it. Nothing in it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormNotes {
    v: u32,
    /// The app it was drawn for: Slack may leave out a select nobody touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// The bundle it was drawn for, in place of an app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<CatalogId>,
    /// The entitlement it was drawn for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementId>,
    /// Whom it was drawn for, if not for oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<PersonId>,
    /// Is it to lengthen access that is held?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extension: bool,
}

impl FormNotes {
    /// Reads a view's private metadata; `None` for a form of another version, which is to be drawn anew.
    #[must_use]
    pub fn read(private_metadata: &str) -> Option<Self> {
        serde_json::from_str(private_metadata)
            .ok()
            .filter(|notes: &Self| notes.v == VERSION)
    }

    fn of(form: &RequestForm) -> Self {
        Self {
            v: VERSION,
            app: form.draft.app,
            bundle: form.draft.bundle,
            entitlement: form.draft.entitlement,
            subject: form.draft.subject.as_ref().map(|subject| subject.id),
            extension: form.draft.extension,
        }
    }
}

/// The form. `asker` is who fills it in.
#[must_use]
pub fn request_form(form: &RequestForm, asker: PersonId, mentions: &Mentions) -> Value {
    let draft = &form.draft;
    let mut blocks = Vec::new();
    if let Some(hint) = &form.hint {
        blocks.push(context(&Phrase::of("💡 ").text(hint).markup(mentions, SECTION)));
    } else if draft.app.is_none() && draft.bundle.is_none() {
        blocks.push(context(
            "Say what you need and why. The right people are asked at once, and you hear from me here in Slack.",
        ));
    } else if draft.extension {
        blocks.push(context(if draft.emergency {
            "More time is a new emergency: say why you need more. What you have now stays until this is decided."
        } else {
            "You ask for more time. What you have now stays until this is decided."
        }));
    }
    blocks.push(app_select(form));
    if let Some(parts) = &form.parts {
        blocks.extend(super::bundle::parts(parts, mentions));
    }
    if let (Some(app), Some(_)) = (draft.app, &form.app) {
        blocks.push(entitlement_select(form, app));
    }
    if let Some(entitlement) = draft.entitlement {
        blocks.extend(length_inputs(form, entitlement));
    }
    blocks.push(reason_input(&draft.reason));
    if form.offers_emergency {
        blocks.push(emergency_toggle(draft.emergency));
    }
    if form.asks_subject {
        blocks.push(subject_select(
            draft.subject.as_ref().map_or(asker, |subject| subject.id),
            mentions,
        ));
    }
    if let Some(problem) = &form.problem {
        blocks.push(section(&problem_line(problem, mentions)));
        if let Some(request) = problem.request.filter(|_| problem.may_escalate) {
            let text = format!("⚡ Make #{request} an emergency");
            blocks.push(actions(vec![button(surface::ESCALATE, &text, &request.to_string())]));
        }
    } else if let Some(preview) = &form.preview {
        if let Some((request, url)) = &form.second_person {
            let mark = format!("#{request}");
            let phrase = Phrase::of("⚠️ The review of the emergency ");
            let phrase = match url {
                Some(url) => phrase.link(Some(url), &mark),
                None => phrase.text(&mark),
            };
            let phrase = phrase.text(" is overdue, so a second person has to approve this one first.");
            blocks.push(section(&phrase.markup(mentions, SECTION)));
        }
        blocks.push(context(
            &preview_line(preview, draft.emergency).markup(mentions, SECTION),
        ));
    }
    Modal {
        callback_id: surface::VIEW_REQUEST_FORM,
        title: "Submit a request",
        submit: "Submit",
        close: "Cancel",
        metadata: super::kit::json_of(&FormNotes::of(form)),
    }
    .of(blocks)
}

fn app_select(form: &RequestForm) -> SlackBlock {
    let mut select = SlackBlockExternalSelectElement::new()
        .with_action_id(surface::FORM_APP.into())
        .with_placeholder(placeholder("Choose an app"))
        .with_min_query_length(0);
    if let (Some(bundle), Some(parts)) = (form.draft.bundle, &form.parts) {
        select = select.with_initial_option(option(&bundle_name(&parts.name), &bundle_value(bundle)));
    } else if let (Some(id), Some(name)) = (form.draft.app, &form.app) {
        select = select.with_initial_option(option(name, &id.to_string()));
    } else {
        select = select.with_focus_on_load(true);
    }
    input(BLOCK_APP, "Which app do you need?", select)
        .with_dispatch_action(true)
        .into()
}

fn entitlement_select(form: &RequestForm, app: AppId) -> SlackBlock {
    let mut select = SlackBlockExternalSelectElement::new()
        .with_action_id(surface::FORM_ENTITLEMENT.into())
        .with_placeholder(placeholder("Choose what you need"))
        .with_min_query_length(0);
    if let (Some(id), Some(title)) = (form.draft.entitlement, &form.entitlement) {
        select = select.with_initial_option(option(title, &id.to_string()));
    }
    let block = input(&entitlement_block(app), "What access do you need?", select).with_dispatch_action(true);
    let described = form.draft.entitlement.is_some() && !form.description.trim().is_empty();
    if described {
        block.with_hint(plain(&form.description, LABEL)).into()
    } else {
        block.into()
    }
}

fn length_inputs(form: &RequestForm, entitlement: EntitlementId) -> Vec<SlackBlock> {
    let Some(rules) = &form.lengths else { return Vec::new() };
    let no_end = rules.offers_no_end();
    let room = OPTIONS - usize::from(rules.custom) - usize::from(no_end);
    // Presets that are spoken alike are one to people.
    let mut offered: Vec<Length> = Vec::new();
    for length in rules.presets.iter().map(|&seconds| Length::For(seconds)).take(room) {
        if !offered.iter().any(|known| known.to_string() == length.to_string()) {
            offered.push(length);
        }
    }
    if no_end {
        offered.push(Length::NoEnd);
    }
    let mut options: Vec<_> = offered.iter().map(|length| length_option(*length)).collect();
    if rules.custom {
        options.push(option("Other…", LENGTH_OTHER));
    }
    let chosen = match &form.draft.length {
        ChosenLength::Custom(_) if rules.custom => Some(option("Other…", LENGTH_OTHER)),
        ChosenLength::Offered(length) if offered.contains(length) => Some(length_option(*length)),
        _ if offered.contains(&rules.default) => Some(length_option(rules.default)),
        _ => None,
    };
    if options.is_empty() {
        return Vec::new();
    }
    let mut select = SlackBlockStaticSelectElement::new()
        .with_action_id(surface::FORM_LENGTH.into())
        .with_placeholder(placeholder("Choose how long"))
        .with_options(options);
    if let Some(chosen) = chosen {
        select = select.with_initial_option(chosen);
    }
    let block = input(
        &length_block(entitlement, form.draft.emergency),
        "How long do you need it?",
        select,
    );
    let mut blocks = vec![block.with_dispatch_action(true).into()];
    if let (ChosenLength::Custom(wrote), true) = (&form.draft.length, rules.custom) {
        blocks.push(custom_length_input(wrote, rules.max));
    }
    blocks
}

fn length_option(length: Length) -> SlackBlockChoiceItem<SlackBlockPlainTextOnly> {
    match length {
        Length::For(seconds) => option(&spoken(seconds), &seconds.to_string()),
        Length::NoEnd => option("No end", LENGTH_NO_END),
    }
}

fn custom_length_input(wrote: &str, max: Option<i64>) -> SlackBlock {
    let mut text = SlackBlockPlainTextInputElement::new()
        .with_action_id(surface::FORM_CUSTOM_LENGTH.into())
        .with_placeholder(placeholder("e.g. 90m, 12h, 1w2d"))
        .with_max_length(CUSTOM_LENGTH as u64);
    if !wrote.is_empty() {
        text = text.with_initial_value(cut(wrote, CUSTOM_LENGTH));
    }
    let block = input(BLOCK_CUSTOM_LENGTH, "How long exactly?", text);
    let hint = max.map_or_else(
        || "m for minutes, h for hours, d for days, w for weeks.".to_owned(),
        |max| {
            format!(
                "m for minutes, h for hours, d for days, w for weeks. At most {}.",
                spoken(max)
            )
        },
    );
    block.with_hint(plain(&hint, LABEL)).into()
}

/// The longest text for a length.
const CUSTOM_LENGTH: usize = 100;

fn reason_input(reason: &str) -> SlackBlock {
    let max = LONGEST_TEXT.min(INPUT);
    let mut text = SlackBlockPlainTextInputElement::new()
        .with_action_id(surface::FORM_REASON.into())
        .with_placeholder(placeholder(
            "What will you do with it? A ticket or a link helps the people who decide.",
        ))
        .with_multiline(true)
        .with_max_length(max as u64);
    if !reason.is_empty() {
        text = text.with_initial_value(cut(reason, max));
    }
    input(BLOCK_REASON, "Why do you need it?", text).into()
}

fn emergency_toggle(on: bool) -> SlackBlock {
    let text = SlackBlockPlainText::new("⚡ This is an emergency".to_owned()).with_emoji(true);
    let option = SlackBlockChoiceItem::new(SlackBlockText::from(text), EMERGENCY_ON.to_owned())
        .with_description(plain("It cannot wait for the usual approval.", super::limits::OPTION));
    let mut boxes =
        SlackBlockCheckboxesElement::new(vec![option.clone()]).with_action_id(surface::FORM_EMERGENCY.into());
    if on {
        boxes = boxes.with_initial_options(vec![option]);
    }
    let hint = "The emergency rules decide in place of the usual ones. The access is short \
                and ends by itself, and the record shows that it was an emergency.";
    input(BLOCK_EMERGENCY, "Emergency access", boxes)
        .with_optional(true)
        .with_dispatch_action(true)
        .with_hint(plain(hint, LABEL))
        .into()
}

fn subject_select(subject: PersonId, mentions: &Mentions) -> SlackBlock {
    let mut select = SlackBlockUsersSelectElement::new()
        .with_action_id(surface::FORM_SUBJECT.into())
        .with_placeholder(placeholder("Choose a person"));
    if let Some(id) = mentions.get(&subject) {
        select = select.with_initial_user(id.clone());
    }
    input(BLOCK_SUBJECT, "Who needs access?", select)
        .with_dispatch_action(true)
        .into()
}

fn problem_line(problem: &Problem, mentions: &Mentions) -> String {
    let mark = problem.request.map(|request| format!("#{request}"));
    let phrase = Phrase::of("⚠️ ");
    let phrase = match (&mark, &problem.url) {
        (Some(mark), Some(url)) => match problem.sentence.split_once(mark.as_str()) {
            Some((before, after)) => phrase.text(before).link(Some(url), mark).text(after),
            None => phrase.text(&problem.sentence).text(" ").link(Some(url), mark),
        },
        (Some(mark), None) if !problem.sentence.contains(mark.as_str()) => {
            phrase.text(&format!("{} ({mark})", problem.sentence))
        }
        _ => phrase.text(&problem.sentence),
    };
    phrase.markup(mentions, SECTION)
}

/// An option of a select that loads them: what people read, what comes back, a smaller second line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What people read.
    pub text: String,
    /// What comes back.
    pub value: String,
    /// A smaller second line.
    pub description: Option<String>,
}

/// The options of the app select: bundles, then apps.
#[must_use]
pub fn app_choices(bundles: &[BundleChoice], apps: &[AppChoice]) -> Vec<Choice> {
    let bundle = |bundle: &BundleChoice| {
        let parts = match bundle.parts {
            1 => "1 part".to_owned(),
            parts => format!("All {parts} parts of it, in one go"),
        };
        choose(&bundle_name(&bundle.name), bundle_value(bundle.id), &parts)
    };
    let app = |app: &AppChoice| choose(&app.name, app.id.to_string(), &app.description);
    bundles
        .iter()
        .map(bundle)
        .chain(apps.iter().map(app))
        .take(OPTIONS)
        .collect()
}

fn bundle_name(name: &str) -> String {
    format!("📦 {name}")
}

/// The options of the entitlement select: what is held (✅), asked for (⏳) or ends soon says so.
#[must_use]
pub fn entitlement_choices(entitlements: &[EntitlementChoice]) -> Vec<Choice> {
    let choice = |entitlement: &EntitlementChoice| {
        let (mark, description) = match entitlement.holding {
            Holding::Not => ("", entitlement.description.as_str()),
            Holding::Pending => ("⏳ ", "Already asked for"),
            Holding::Held { expiring: true, .. } => ("✅ ", "Already held, ends within a day"),
            Holding::Held { .. } => ("✅ ", "Already held"),
        };
        choose(
            &format!("{mark}{}", entitlement.name),
            entitlement.id.to_string(),
            description,
        )
    };
    entitlements.iter().take(OPTIONS).map(choice).collect()
}

fn choose(text: &str, value: String, description: &str) -> Choice {
    let described = !description.trim().is_empty();
    let description = described.then(|| line(description, super::limits::OPTION));
    Choice {
        text: line(text, super::limits::OPTION),
        value,
        description,
    }
}
