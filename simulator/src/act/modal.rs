//! Submitting and closing modals.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::person::Person;
use super::snapshot::SubmitOutcome;
use super::{Outcome, payload};
use crate::deliver::{self, Kind, Reply};
use crate::web_api::views;
use crate::world::World;
use crate::world::elements::{self, Values};

/// What Slack's client says when the answer to a submission is none it knows.
const TROUBLE: &str = "We had some trouble connecting. Try again?";

impl Person {
    /// Presses the submit button of the top modal and waits for the app.
    ///
    /// # Errors
    /// When no modal is open.
    pub async fn submits(&self) -> Outcome<SubmitOutcome> {
        let id = self
            .inner
            .look(|w| w.top_view(&self.id).map(|v| v.id.clone()))
            .ok_or("no modal is open")?;
        self.submits_view(&id, None).await
    }

    /// The same for one view; `values` are first put into its inputs, in the shape of `state.values`.
    pub(crate) async fn submits_view(&self, view_id: &str, values: Option<&Value>) -> Outcome<SubmitOutcome> {
        let prepared = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            if w.top_view(&self.id).is_none_or(|v| v.id != view_id) {
                return Err("no modal is open".into());
            }
            if let Some(values) = values {
                take_values(w, view_id, values);
            }
            let trigger = w.new_trigger(&self.id);
            let team = w.team.id.clone();
            let view = w.view_mut(view_id).ok_or("no modal is open")?;
            if view.body.get("submit").is_none_or(Value::is_null) {
                return Err("no such button".into());
            }
            view.errors = view.missing();
            if !view.errors.is_empty() {
                let errors = view.errors.clone();
                w.changed_for("modals", &self.id);
                return Ok(Err(errors));
            }
            let view = view.json(&team);
            let mut body = payload::base(w, "view_submission", &self.id);
            body["trigger_id"] = json!(trigger);
            body["view"] = view;
            body["response_urls"] = json!([]);
            Outcome::Ok(Ok(body))
        })?;
        let body = match prepared {
            Ok(body) => body,
            Err(errors) => return Ok(SubmitOutcome::Errors(errors)),
        };
        let reply = deliver::ask(&self.inner, Kind::Interactive(true), &body).await;
        Ok(self.inner.with_world(|w| {
            let outcome = match reply {
                Err(trouble) => Err(trouble.name().to_owned()),
                Ok(reply) => self.after_submission(w, view_id, reply),
            };
            match outcome {
                Ok(outcome) => outcome,
                Err(why) => {
                    w.toast(&self.id, TROUBLE);
                    SubmitOutcome::Trouble(format!("{TROUBLE} ({why})"))
                }
            }
        }))
    }

    fn after_submission(&self, world: &mut World, view_id: &str, reply: Reply) -> Result<SubmitOutcome, String> {
        let answer = match reply {
            Reply::Empty => {
                world.close_view(&self.id, view_id);
                return Ok(SubmitOutcome::Closed);
            }
            Reply::Text(_) => return Err("the body was neither empty nor JSON".to_owned()),
            Reply::Json(answer) => answer,
        };
        match answer.get("response_action").and_then(Value::as_str) {
            Some("clear") => {
                world.clear_stack(&self.id);
                Ok(SubmitOutcome::Closed)
            }
            Some("errors") => {
                let errors = errors_of(&answer)?;
                let view = world.view_mut(view_id).ok_or("the modal is gone")?;
                let inputs: Vec<String> = elements::elements(view.blocks())
                    .iter()
                    .filter(|e| e.input.is_some())
                    .map(|e| e.block_id.to_owned())
                    .collect();
                if let Some(stray) = errors.keys().find(|block| !inputs.contains(block)) {
                    return Err(format!("an error for {stray}, which is no input block"));
                }
                view.errors.clone_from(&errors);
                world.changed_for("modals", &self.id);
                Ok(SubmitOutcome::Errors(errors))
            }
            Some("update") => {
                let view = view_in(&answer)?;
                world.update_view(view_id, view, None).map_err(str::to_owned)?;
                Ok(SubmitOutcome::Updated)
            }
            Some("push") => {
                let view = view_in(&answer)?;
                world.push_view(&self.id, view).map_err(str::to_owned)?;
                Ok(SubmitOutcome::Pushed)
            }
            Some(other) => Err(format!("response_action was {other}")),
            None => Err("the body was not empty and had no response_action".to_owned()),
        }
    }

    /// Presses the × of the modals: all are closed.
    ///
    /// # Errors
    /// When no modal is open.
    pub async fn closes(&self) -> Outcome {
        let id = self
            .inner
            .look(|w| w.top_view(&self.id).map(|v| v.id.clone()))
            .ok_or("no modal is open")?;
        self.closes_view(&id, true)
    }

    /// Presses Cancel: the top modal is closed.
    ///
    /// # Errors
    /// When no modal is open.
    pub async fn cancels(&self) -> Outcome {
        let id = self
            .inner
            .look(|w| w.top_view(&self.id).map(|v| v.id.clone()))
            .ok_or("no modal is open")?;
        self.closes_view(&id, false)
    }

    pub(crate) fn closes_view(&self, view_id: &str, all: bool) -> Outcome {
        let told = self.inner.with_world(|w| {
            let view = w
                .view(view_id)
                .filter(|v| v.user == self.id && v.is_modal())
                .ok_or("no modal is open")?;
            let all = all || view.flag("clear_on_close");
            let closed = if all {
                w.clear_stack(&self.id)
            } else {
                w.close_view(&self.id, view_id)
            };
            let told: Vec<Value> = closed
                .iter()
                .filter(|view| view.flag("notify_on_close"))
                .map(|view| {
                    let mut body = payload::base(w, "view_closed", &self.id);
                    body["view"] = view.json(&w.team.id);
                    body["is_cleared"] = json!(all);
                    body
                })
                .collect();
            Outcome::Ok(told)
        })?;
        // Nobody waits for what the app says to this.
        for body in told {
            let on_its_way = self.inner.queue.pending.begin();
            let inner = std::sync::Arc::clone(&self.inner);
            tokio::spawn(async move {
                let _ = deliver::ask(&inner, Kind::Interactive(false), &body).await;
                drop(on_its_way);
            });
        }
        Ok(())
    }

    /// The client goes away without a word, as when a laptop is shut: modals are gone and the app hears nothing.
    pub fn vanishes(&self) {
        self.inner.with_world(|w| {
            w.clear_stack(&self.id);
        });
    }
}

fn errors_of(answer: &Value) -> Result<BTreeMap<String, String>, String> {
    let errors: Option<BTreeMap<String, String>> = answer
        .get("errors")
        .and_then(|e| serde_json::from_value(e.clone()).ok());
    errors
        .filter(|e| !e.is_empty())
        .ok_or_else(|| "errors without a map of texts".to_owned())
}

fn view_in(answer: &Value) -> Result<&Value, String> {
    let view = answer.get("view").ok_or("no view")?;
    views::check(view, "modal").map_err(|refusal| {
        let messages = refusal
            .more
            .get("response_metadata")
            .map(Value::to_string)
            .unwrap_or_default();
        format!("{}: {messages}", refusal.error)
    })?;
    Ok(view)
}

/// Puts what the page has in its inputs into the view.
fn take_values(world: &mut World, view_id: &str, values: &Value) {
    let Ok(values) = serde_json::from_value::<Values>(values.clone()) else {
        return;
    };
    let Some(view) = world.view(view_id) else { return };
    let mut taken = Vec::new();
    for element in elements::elements(view.blocks()) {
        let Some(field) = element.field() else { continue };
        let Some(given) = values.get(element.block_id).and_then(|b| b.get(element.action_id)) else {
            continue;
        };
        let state = match given {
            Value::Object(fields) => {
                let mut state = Value::Object(fields.clone());
                state["type"] = json!(element.kind);
                state
            }
            plain => json!({"type": element.kind, field: plain}),
        };
        taken.push((element.block_id.to_owned(), element.action_id.to_owned(), state));
    }
    for (block_id, action_id, state) in taken {
        world.store_value(view_id, &block_id, &action_id, state);
    }
}
