//! Clicking, choosing and typing.

use serde_json::{Value, json};

use super::person::Person;
use super::snapshot::Choice;
use super::{ActionFields, Container, Outcome, Target, payload};
use crate::deliver::{Kind, Reply};
use crate::world::World;
use crate::world::elements::{self, Element};
use crate::world::message::Message;
use crate::{blocks, rules};

/// What an element is, taken out of the world.
#[derive(Debug, Clone)]
struct Found {
    container: Container,
    block_id: String,
    action_id: String,
    kind: String,
    json: Value,
    dispatches: bool,
    /// Whether typing tells the app: with every character, or with Enter.
    on_character: bool,
    on_enter: bool,
    /// The number of the attachment it stands in.
    attachment: Option<usize>,
    /// What is in it now.
    state: Option<Value>,
}

fn message<'a>(world: &'a World, container: &Container) -> Option<&'a Message> {
    match container {
        Container::Message { channel, ts } => world.channels.get(channel)?.messages.get(ts),
        Container::Ephemeral { channel, ts } => world.channels.get(channel)?.ephemerals.get(ts),
        _ => None,
    }
}

/// The attachment with this block.
fn attachment_of(message: &Message, block_id: &str) -> Option<usize> {
    let attachments = message.attachments.as_ref()?.as_array()?;
    let has = |a: &Value| {
        a.get("blocks")
            .and_then(Value::as_array)
            .is_some_and(|b| b.iter().any(|b| b["block_id"] == block_id))
    };
    attachments.iter().position(has).map(|at| at + 1)
}

impl Person {
    fn find(&self, world: &World, container: &Container, wanted: impl Fn(&Element<'_>) -> bool) -> Option<Found> {
        let empty = elements::Values::new();
        let take = |element: &Element<'_>, values: &elements::Values, attachment: Option<usize>| Found {
            container: container.clone(),
            block_id: element.block_id.to_owned(),
            action_id: element.action_id.to_owned(),
            kind: element.kind.to_owned(),
            json: element.json.clone(),
            dispatches: element.dispatches(),
            on_character: element.dispatches_on("on_character_entered"),
            on_enter: element.dispatches_on("on_enter_pressed"),
            attachment,
            state: element.state(values),
        };
        let view = match container {
            Container::View { view_id } => world.view(view_id).filter(|v| v.user == self.id),
            Container::Home => world.home(&self.id),
            _ => {
                let message = message(world, container)?;
                if message.only.as_ref().is_some_and(|only| *only != self.id) {
                    return None;
                }
                let values = message.states.get(&self.id).unwrap_or(&empty);
                let all = elements::elements(message.all_blocks());
                let element = all.iter().find(|e| wanted(e))?;
                return Some(take(element, values, attachment_of(message, element.block_id)));
            }
        };
        let view = view?;
        let all = elements::elements(view.blocks());
        all.iter().find(|e| wanted(e)).map(|e| take(e, &view.values, None))
    }

    fn find_called(&self, target: &Target, name: &str, wanted: impl Fn(&Element<'_>) -> bool) -> Outcome<Found> {
        self.inner.look(|w| {
            let container = self.container(w, target)?;
            let by_id = self.find(w, &container, |e| wanted(e) && e.action_id == name);
            let found = by_id.or_else(|| self.find(w, &container, |e| wanted(e) && e.is_called(name)));
            found.ok_or_else(|| format!("no such element: {name}").into())
        })
    }

    /// Clicks a button, by its text or its action id.
    ///
    /// # Errors
    /// `no such button`, or as Slack's client says it.
    pub async fn clicks(&self, target: impl Into<Target>, label: &str) -> Outcome {
        let button = |e: &Element<'_>| matches!(e.kind, "button" | "workflow_button");
        let found = self
            .find_called(&target.into(), label, button)
            .map_err(no_such_button)?;
        self.acts_on(found, ActionFields::new(), None).await
    }

    /// Clicks the button with this action id and value.
    ///
    /// # Errors
    /// As [`Person::clicks`].
    pub async fn clicks_at(&self, target: impl Into<Target>, action_id: &str, value: &str) -> Outcome {
        let exact = |e: &Element<'_>| {
            e.kind == "button" && e.action_id == action_id && e.json["value"].as_str().unwrap_or("") == value
        };
        let found = self.inner.look(|w| {
            let container = self.container(w, &target.into())?;
            self.find(w, &container, exact).ok_or_else(|| "no such button".into())
        });
        self.acts_on(found.map_err(no_such_button)?, ActionFields::new(), None)
            .await
    }

    /// Chooses in a select, a menu, radio buttons, check boxes or a date picker of the top modal. The choice is named
    /// by its text or its value; people by name, conversations by name, dates as `2026-01-31`. In a list that takes
    /// several, it is added. An external select is searched for the text first.
    ///
    /// # Errors
    /// `no such element`, `no such option`, or as Slack's client says it.
    pub async fn chooses(&self, label: &str, choice: &str) -> Outcome {
        self.chooses_in(Target::Modal, label, choice).await
    }

    /// The same anywhere.
    ///
    /// # Errors
    /// As [`Person::chooses`].
    pub async fn chooses_in(&self, target: impl Into<Target>, label: &str, choice: &str) -> Outcome {
        let chooser = |e: &Element<'_>| e.kind == "overflow" || e.field().is_some_and(|f| f.starts_with("selected"));
        let found = self.find_called(&target.into(), label, chooser)?;
        let fields = self.choice_fields(&found, choice).await?;
        self.acts_on(found, fields, None).await
    }

    async fn choice_fields(&self, found: &Found, choice: &str) -> Outcome<ActionFields> {
        let field = elements::field(&found.kind).unwrap_or("selected_option");
        let option_of = |options: Vec<Choice>| {
            let named = options.iter().find(|o| o.text == choice || o.value == choice);
            named
                .map(|o| o.json.clone())
                .ok_or_else(|| format!("no such option: {choice}"))
        };
        let one = match field {
            "selected_option" | "selected_options" if found.kind.ends_with("external_select") => {
                option_of(self.asks_options(found, choice).await?)?
            }
            "selected_option" | "selected_options" => option_of(Choice::all(&found.json))?,
            "selected_user" | "selected_users" => {
                json!(self.inner.look(|w| w.find_person(choice)).ok_or("user_not_found")?)
            }
            "selected_conversation" | "selected_conversations" | "selected_channel" | "selected_channels" => {
                json!(self.inner.look(|w| self.seen(w, choice)).ok_or("channel_not_found")?)
            }
            "selected_date_time" => json!(choice.parse::<i64>().map_err(|_| "not a time in seconds")?),
            _ => json!(choice),
        };
        let value = if elements::is_multi(&found.kind) {
            let mut all = found
                .state
                .as_ref()
                .and_then(|s| s[field].as_array().cloned())
                .unwrap_or_default();
            if !all.contains(&one) {
                all.push(one);
            }
            Value::Array(all)
        } else {
            one
        };
        Ok(ActionFields::from_iter([(field.to_owned(), value)]))
    }

    /// Empties a select, a date picker, check boxes or a text of the top modal.
    ///
    /// # Errors
    /// As [`Person::chooses`].
    pub async fn clears(&self, label: &str) -> Outcome {
        let found = self.find_called(&Target::Modal, label, |e| e.field().is_some())?;
        let field = elements::field(&found.kind).unwrap_or("value");
        let empty = if elements::is_multi(&found.kind) {
            json!([])
        } else {
            Value::Null
        };
        self.acts_on(found, ActionFields::from_iter([(field.to_owned(), empty)]), None)
            .await
    }

    /// Types into an input of the top modal, named by its label, block id or action id.
    ///
    /// # Errors
    /// `no such element`, or as Slack's client says it.
    pub async fn types(&self, label: &str, text: &str) -> Outcome {
        self.types_in(Target::Modal, label, text).await
    }

    /// The same anywhere.
    ///
    /// # Errors
    /// As [`Person::types`].
    pub async fn types_in(&self, target: impl Into<Target>, label: &str, text: &str) -> Outcome {
        self.types_at(target.into(), label, text, false).await
    }

    /// Types, and presses Enter in the input: it dispatches if the app asked for that.
    ///
    /// # Errors
    /// As [`Person::types`].
    pub async fn enters(&self, label: &str, text: &str) -> Outcome {
        self.types_at(Target::Modal, label, text, true).await
    }

    async fn types_at(&self, target: Target, label: &str, text: &str, enter: bool) -> Outcome {
        let typed = |e: &Element<'_>| matches!(e.field(), Some("value" | "rich_text_value"));
        let found = self.find_called(&target, label, typed)?;
        let dispatch = if enter { found.on_enter } else { found.on_character };
        let field = elements::field(&found.kind).unwrap_or("value");
        let value = if field == "rich_text_value" {
            json!({"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]},
            ]})
        } else {
            json!(text)
        };
        self.acts_on(
            found,
            ActionFields::from_iter([(field.to_owned(), value)]),
            Some(dispatch),
        )
        .await
    }

    /// Types into an external select of the top modal and reads the list. Below the select's `min_query_length` the
    /// client does not ask, and the list is empty.
    ///
    /// # Errors
    /// `no such element`, `invalid options`, or as Slack's client says it.
    pub async fn searches(&self, label: &str, query: &str) -> Outcome<Vec<Choice>> {
        self.searches_in(Target::Modal, label, query).await
    }

    /// The same anywhere.
    ///
    /// # Errors
    /// As [`Person::searches`].
    pub async fn searches_in(&self, target: impl Into<Target>, label: &str, query: &str) -> Outcome<Vec<Choice>> {
        let found = self.find_called(&target.into(), label, |e| e.kind.ends_with("select"))?;
        self.asks_options(&found, query).await
    }

    async fn asks_options(&self, found: &Found, query: &str) -> Outcome<Vec<Choice>> {
        Ok(Choice::all(&self.options_json(found, query).await?))
    }

    async fn options_json(&self, found: &Found, query: &str) -> Outcome<Value> {
        if !found.kind.ends_with("external_select") {
            let name = |c: &Choice| c.text.to_lowercase().contains(&query.to_lowercase());
            let options: Vec<Value> = Choice::all(&found.json)
                .into_iter()
                .filter(name)
                .map(|c| c.json)
                .collect();
            return Ok(json!({"options": options}));
        }
        let least = found.json["min_query_length"]
            .as_u64()
            .unwrap_or(rules::MIN_QUERY_LENGTH);
        if u64::try_from(query.chars().count()).unwrap_or(u64::MAX) < least {
            return Ok(json!({"options": []}));
        }
        let body = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            let mut body = payload::base(w, "block_suggestion", &self.id);
            let around = payload::surroundings(w, &found.container, &self.id, found.attachment);
            body["action_id"] = json!(found.action_id);
            body["block_id"] = json!(found.block_id);
            body["value"] = json!(query);
            body.as_object_mut().expect("it was made as an object").extend(around);
            Outcome::Ok(body)
        })?;
        let Reply::Json(answer) = self.ask(Kind::Options, &body, "The search").await? else {
            return Err("invalid options: not a JSON object".into());
        };
        check_options(&answer)?;
        Ok(answer)
    }

    /// What the page asks for: options by the ids of the select.
    pub(crate) async fn options(
        &self,
        container: Container,
        block_id: &str,
        action_id: &str,
        query: &str,
    ) -> Outcome<Value> {
        let found = self.find_exact(&container, block_id, action_id)?;
        self.options_json(&found, query).await
    }

    fn find_exact(&self, container: &Container, block_id: &str, action_id: &str) -> Outcome<Found> {
        self.inner.look(|w| {
            let exact = |e: &Element<'_>| e.action_id == action_id && (block_id.is_empty() || e.block_id == block_id);
            self.find(w, container, exact).ok_or_else(|| "no such button".into())
        })
    }

    /// Does with an element exactly this: `fields` are those of Slack's action, `dispatch` overrides what the block
    /// says about telling the app.
    ///
    /// # Errors
    /// `no such button` when it is not there any more, or as Slack's client says it.
    pub async fn acts(
        &self,
        container: Container,
        block_id: &str,
        action_id: &str,
        fields: ActionFields,
        dispatch: Option<bool>,
    ) -> Outcome {
        let found = self.find_exact(&container, block_id, action_id)?;
        self.acts_on(found, fields, dispatch).await
    }

    async fn acts_on(&self, found: Found, fields: ActionFields, dispatch: Option<bool>) -> Outcome {
        let field = elements::field(&found.kind);
        let state = field.and_then(|name| Some((name, fields.get(name)?.clone())));
        let dispatches = found.dispatches && dispatch.unwrap_or(true);
        let body = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            if let Some((name, value)) = &state {
                let mut state = json!({"type": found.kind, *name: value});
                if let Some(timezone) = found.json.get("timezone") {
                    state["timezone"] = timezone.clone();
                }
                self.stores(w, &found, state);
            }
            if !dispatches {
                return Outcome::Ok(None);
            }
            let mut body = payload::base(w, "block_actions", &self.id);
            let around = payload::surroundings(w, &found.container, &self.id, found.attachment);
            body.as_object_mut().expect("it was made as an object").extend(around);
            if let Some(url) = payload::response_url(w, &self.inner.url(), &found.container, &self.id) {
                body["response_url"] = json!(url);
            }
            body["trigger_id"] = json!(w.new_trigger(&self.id));
            body["actions"] = json!([action(&found, &fields, &w.new_ts())]);
            Ok(Some(body))
        })?;
        match body {
            None => Ok(()),
            Some(body) => self
                .ask(Kind::Interactive(false), &body, "The action")
                .await
                .map(|_| ()),
        }
    }

    fn stores(&self, world: &mut World, found: &Found, state: Value) {
        match &found.container {
            Container::View { view_id } => {
                let id = view_id.clone();
                world.store_value(&id, &found.block_id, &found.action_id, state);
                world.changed_for("modals", &self.id);
            }
            Container::Home => {
                if let Some(id) = world.home(&self.id).map(|v| v.id.clone()) {
                    world.store_value(&id, &found.block_id, &found.action_id, state);
                    world.changed_for("home", &self.id);
                }
            }
            Container::Message { channel, ts } | Container::Ephemeral { channel, ts } => {
                let Some(place) = world.channels.get_mut(channel) else {
                    return;
                };
                let message = place.messages.get_mut(ts).or_else(|| place.ephemerals.get_mut(ts));
                let Some(message) = message else { return };
                let values = message.states.entry(self.id.clone()).or_default();
                values
                    .entry(found.block_id.clone())
                    .or_default()
                    .insert(found.action_id.clone(), state);
            }
        }
    }
}

fn no_such_button(error: super::ActError) -> super::ActError {
    if error.error.starts_with("no such element") {
        "no such button".into()
    } else {
        error
    }
}

/// One entry of `actions`.
fn action(found: &Found, fields: &ActionFields, ts: &str) -> Value {
    let mut action = json!({
        "type": found.kind, "action_id": found.action_id, "block_id": found.block_id, "action_ts": ts,
    });
    // Slack repeats these from the element.
    for name in ["text", "value", "style", "placeholder", "confirm", "timezone"] {
        if let Some(value) = found.json.get(name) {
            action[name] = value.clone();
        }
    }
    for (name, value) in found.json.as_object().into_iter().flatten() {
        if name.starts_with("initial_") && name != "initial_value" {
            action[name] = value.clone();
        }
    }
    for (name, value) in fields {
        if name.starts_with("selected_") || name == "value" || name == "rich_text_value" {
            action[name] = value.clone();
        }
    }
    action
}

fn check_options(answer: &Value) -> Outcome {
    blocks::check_suggestions(answer).map_err(|problems| format!("invalid options: {problems}").into())
}
