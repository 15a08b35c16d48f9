//! Writing: commands, messages, replies, edits, files, reactions.

use serde_json::{Value, json};

use super::payload;
use super::person::{Person, ProfileChange};
use super::snapshot::{MessageRef, MessageSnapshot, Response};
use super::{Container, Outcome};
use crate::deliver::{Kind, Reply};
use crate::response_url;
use crate::web_api::args::Args;
use crate::world::channel::Channel;
use crate::world::message::Message;
use crate::world::{APP_ID, ResponseUrl, VERIFICATION_TOKEN, World};

impl Person {
    /// Types a slash command into a conversation and waits until the app has acknowledged it.
    ///
    /// # Errors
    /// `invalid_command` when the manifest has no such command, else as Slack's client says it.
    pub async fn runs(&self, channel: impl AsRef<str>, text: &str) -> Outcome<Response> {
        let typed = text.trim();
        let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let Some(command) = self.inner.manifest.command(name).cloned() else {
            return Err("invalid_command".into());
        };
        let (payload, url_id) = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            let id = self.place(w, channel.as_ref())?;
            let url_id = w.new_response_url(&self.id, &id, None, None);
            let trigger = w.new_trigger(&self.id);
            let rest = rest.trim();
            let text = if command.should_escape {
                w.escaped_command_text(rest)
            } else {
                rest.to_owned()
            };
            let place = &w.channels[&id];
            let user = w.user(&self.id).map(|u| u.name.clone()).unwrap_or_default();
            let payload = json!({
                "token": VERIFICATION_TOKEN, "team_id": w.team.id, "team_domain": w.team.domain,
                "channel_id": id, "channel_name": w.payload_name(place), "user_id": self.id, "user_name": user,
                "command": name, "text": text, "api_app_id": APP_ID, "is_enterprise_install": "false",
                "response_url": format!("{}/response/{url_id}", self.inner.url()), "trigger_id": trigger,
            });
            Outcome::Ok((payload, url_id))
        })?;
        let reply = self.ask(Kind::Command { path: command.path() }, &payload, name).await?;
        let fields = match reply {
            Reply::Empty => {
                return Ok(Response {
                    ephemeral: None,
                    in_channel: None,
                });
            }
            Reply::Text(text) => json!({"text": text}),
            Reply::Json(fields) => fields,
        };
        let channel = payload["channel_id"].as_str().unwrap_or("").to_owned();
        self.inner
            .with_world(|w| self.show_response(w, &channel, &url_id, fields))
    }

    /// What the app answered directly.
    fn show_response(&self, world: &mut World, channel: &str, url_id: &str, fields: Value) -> Outcome<Response> {
        let mut response = Response {
            ephemeral: None,
            in_channel: None,
        };
        let Value::Object(fields) = fields else {
            return Ok(response);
        };
        let args = Args(fields);
        if ["text", "blocks", "attachments"]
            .iter()
            .all(|name| args.0.get(*name).is_none_or(Value::is_null))
        {
            return Ok(response);
        }
        let url = ResponseUrl::of_command(&self.id, channel, world.now);
        let before = world.version;
        response_url::respond(world, &url, &args).map_err(|refusal| {
            world.toast(
                &self.id,
                &format!("The app's answer was not understood: {}", refusal.error),
            );
            refusal.error
        })?;
        debug_assert!(world.version > before, "a message was posted for {url_id}");
        let place = &world.channels[channel];
        if args.text("response_type").as_deref() == Some("in_channel") {
            let last = place.messages.values().next_back();
            response.in_channel = last.map(|m| MessageSnapshot::take(world, place, m, &self.id));
        } else {
            let last = place.ephemerals.values().next_back();
            response.ephemeral = last.map(|m| MessageSnapshot::take(world, place, m, &self.id));
        }
        Ok(response)
    }

    /// Writes a message. `channel` is an id, a name, `dm` for the app, or `@name` for a person.
    ///
    /// # Errors
    /// `channel_not_found`, `is_archived`, `no_text` and their like.
    pub async fn says(&self, channel: impl AsRef<str>, text: &str) -> Outcome<MessageRef> {
        self.writes(channel.as_ref(), None, text, false)
    }

    /// Writes into the thread of a message.
    ///
    /// # Errors
    /// `thread_not_found` and their like.
    pub async fn replies(&self, message: impl Into<MessageRef>, text: &str) -> Outcome<MessageRef> {
        let message = message.into();
        self.writes(&message.channel, Some(&message.ts), text, false)
    }

    /// Writes into the thread of a message as the composer does: `elements` are those of a rich text, `text` what Slack makes
    /// of them.
    ///
    /// # Errors
    /// As [`Person::replies`].
    pub async fn replies_formatted(
        &self,
        message: impl Into<MessageRef>,
        text: &str,
        elements: Value,
    ) -> Outcome<MessageRef> {
        let target = message.into();
        self.inner.with_world(|w| {
            let block_id = w.new_short_id();
            let message = Message {
                text: text.to_owned(),
                blocks: Some(json!([{"type": "rich_text", "block_id": block_id, "elements": elements}])),
                ..Message::default()
            };
            self.puts(w, &target.channel, Some(&target.ts), message)
        })
    }

    /// The same, and shows it in the conversation too.
    ///
    /// # Errors
    /// As [`Person::replies`].
    pub async fn replies_to_all(&self, message: impl Into<MessageRef>, text: &str) -> Outcome<MessageRef> {
        let message = message.into();
        self.writes(&message.channel, Some(&message.ts), text, true)
    }

    pub(crate) fn writes(
        &self,
        channel: &str,
        thread: Option<&str>,
        text: &str,
        broadcast: bool,
    ) -> Outcome<MessageRef> {
        self.inner.with_world(|w| {
            if text.trim().is_empty() {
                return Err("no_text".into());
            }
            let typed = w.typed(text);
            let message = Message {
                text: typed.text,
                blocks: Some(typed.blocks),
                broadcast,
                ..Message::default()
            };
            self.puts(w, channel, thread, message)
        })
    }

    fn puts(
        &self,
        world: &mut World,
        channel: &str,
        thread: Option<&str>,
        mut message: Message,
    ) -> Outcome<MessageRef> {
        self.must_be_active(world)?;
        let channel = self.place(world, channel)?;
        let place = &world.channels[&channel];
        self.may_write(world, place)?;
        if let Some(ts) = thread {
            let found = place.messages.get(ts).ok_or("thread_not_found")?;
            // A reply to a reply goes into the same thread.
            message.thread_ts = Some(found.thread_ts.clone().unwrap_or_else(|| ts.to_owned()));
        }
        message.user.clone_from(&self.id);
        message.client_msg_id = Some(uuid::Uuid::new_v4().to_string());
        let in_thread = message.thread_ts.is_some();
        let ts = world.post(&channel, message);
        // Who writes has read what stands above; a thread is a place of its own.
        if let (false, Some(place)) = (in_thread, world.channels.get_mut(&channel)) {
            place.read.insert(self.id.clone(), ts.clone());
        }
        Ok(MessageRef { channel, ts })
    }

    fn may_write(&self, world: &World, channel: &Channel) -> Outcome {
        use crate::world::channel::Kind;
        if channel.archived {
            return Err("is_archived".into());
        }
        if channel.kind == Kind::App && (!world.manifest.messages_tab || world.manifest.messages_read_only) {
            return Err("restricted_action_read_only_channel".into());
        }
        if !channel.members.contains(&self.id) {
            return Err("not_in_channel".into());
        }
        Ok(())
    }

    fn own<'a>(&self, world: &'a World, message: &MessageRef) -> Outcome<&'a Message> {
        self.must_be_active(world)?;
        let channel = world.channels.get(&message.channel).ok_or("channel_not_found")?;
        channel
            .messages
            .get(&message.ts)
            .filter(|m| m.subtype.as_deref() != Some("tombstone"))
            .ok_or_else(|| "message_not_found".into())
    }

    /// Changes a message of the person's own.
    ///
    /// # Errors
    /// `cant_update_message`, `message_not_found`.
    pub async fn edits(&self, message: impl Into<MessageRef>, text: &str) -> Outcome {
        let message = message.into();
        self.inner.with_world(|w| {
            if self.own(w, &message)?.user != self.id {
                return Err("cant_update_message".into());
            }
            let typed = w.typed(text);
            w.change_message(&message.channel, &message.ts, Some(&self.id), |m| {
                m.text = typed.text;
                m.blocks = Some(typed.blocks);
            });
            Ok(())
        })
    }

    /// Deletes a message of the person's own.
    ///
    /// # Errors
    /// `cant_delete_message`, `message_not_found`.
    pub async fn deletes(&self, message: impl Into<MessageRef>) -> Outcome {
        let message = message.into();
        self.inner.with_world(|w| {
            let channel = w.channels.get(&message.channel).ok_or("channel_not_found")?;
            // Anybody may dismiss what only they see.
            let dismissed = channel
                .ephemerals
                .get(&message.ts)
                .is_some_and(|m| m.only.as_deref() == Some(self.id.as_str()));
            if !dismissed && self.own(w, &message)?.user != self.id {
                return Err("cant_delete_message".into());
            }
            w.delete_message(&message.channel, &message.ts);
            Ok(())
        })
    }

    /// Adds an emoji to a message.
    ///
    /// # Errors
    /// `already_reacted`, `invalid_name`, `message_not_found`.
    pub async fn reacts(&self, message: impl Into<MessageRef>, emoji: &str) -> Outcome {
        self.reaction(&message.into(), emoji, true)
    }

    /// Takes an emoji away again.
    ///
    /// # Errors
    /// `no_reaction`, `message_not_found`.
    pub async fn takes_reaction_back(&self, message: impl Into<MessageRef>, emoji: &str) -> Outcome {
        self.reaction(&message.into(), emoji, false)
    }

    pub(crate) fn reaction(&self, message: &MessageRef, emoji: &str, add: bool) -> Outcome {
        self.inner.with_world(|w| {
            self.must_be_active(w)?;
            w.react(&self.id, &message.channel, &message.ts, emoji.trim_matches(':'), add)
                .map_err(Into::into)
        })
    }

    /// Uploads a file into a conversation, or into the thread of a message in it.
    ///
    /// # Errors
    /// As [`Person::says`].
    pub async fn shares_file(
        &self,
        channel: impl AsRef<str>,
        thread: Option<&MessageRef>,
        name: &str,
        size: u64,
    ) -> Outcome<MessageRef> {
        self.shares(channel.as_ref(), thread.map(|m| m.ts.as_str()), name, size, "", "")
    }

    pub(crate) fn shares(
        &self,
        channel: &str,
        thread: Option<&str>,
        name: &str,
        size: u64,
        mimetype: &str,
        text: &str,
    ) -> Outcome<MessageRef> {
        self.inner.with_world(|w| {
            let id = w.new_id('F');
            let extension = name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
            let mimetype = if mimetype.is_empty() {
                guess(&extension)
            } else {
                mimetype
            };
            let pages = format!("https://files.slack.com/files-pri/{}-{id}", w.team.id);
            let file = json!({
                "id": id, "created": w.now.as_secs(), "timestamp": w.now.as_secs(), "name": name, "title": name,
                "mimetype": mimetype, "filetype": extension, "pretty_type": extension.to_uppercase(),
                "user": self.id, "user_team": w.team.id, "editable": false, "size": size, "mode": "hosted",
                "is_external": false, "external_type": "", "is_public": false, "public_url_shared": false,
                "display_as_bot": false, "username": "", "url_private": format!("{pages}/{name}"),
                "url_private_download": format!("{pages}/download/{name}"), "media_display_type": "unknown",
                "permalink": format!("https://{}.slack.com/files/{}/{id}/{name}", w.team.domain, self.id),
                "permalink_public": format!("https://slack-files.com/{}-{id}-0", w.team.id), "has_rich_preview": false,
                "file_access": "visible",
            });
            let mut message = Message {
                subtype: Some("file_share".to_owned()),
                files: vec![file],
                ..Message::default()
            };
            if !text.trim().is_empty() {
                let typed = w.typed(text);
                message.text = typed.text;
                message.blocks = Some(typed.blocks);
            }
            self.puts(w, channel, thread, message)
        })
    }

    /// Deletes the files of a message of the person's own; the message stays.
    ///
    /// # Errors
    /// `cant_delete_file`, `message_not_found`.
    pub async fn deletes_files(&self, message: impl Into<MessageRef>) -> Outcome {
        let message = message.into();
        self.inner.with_world(|w| {
            let own = self.own(w, &message)?;
            if own.user != self.id {
                return Err("cant_delete_file".into());
            }
            let gone: Vec<Value> = own.files.iter().map(|file| file["id"].clone()).collect();
            w.change_message(&message.channel, &message.ts, None, |m| {
                m.files = gone.iter().map(|id| json!({"id": id, "mode": "tombstone"})).collect();
            });
            for id in gone {
                w.emit(
                    "file_deleted",
                    |w| json!({"type": "file_deleted", "file_id": id, "event_ts": w.new_ts()}),
                );
            }
            Ok(())
        })
    }

    /// Looks at a conversation up to a message, or to its end.
    ///
    /// # Errors
    /// `channel_not_found`.
    pub async fn reads(&self, channel: impl AsRef<str>) -> Outcome {
        self.marks_read(channel.as_ref(), None)
    }

    pub(crate) fn marks_read(&self, channel: &str, ts: Option<&str>) -> Outcome {
        self.inner.with_world(|w| {
            let id = self.seen(w, channel).ok_or("channel_not_found")?;
            let place = w.channels.get_mut(&id).ok_or("channel_not_found")?;
            let last = ts
                .map(str::to_owned)
                .or_else(|| place.tops.last().cloned())
                .unwrap_or_default();
            let before = place.read.insert(self.id.clone(), last.clone());
            if before.is_none_or(|b| b < last) {
                w.changed_for("state", &self.id);
            }
            Ok(())
        })
    }

    /// Runs a shortcut on a message.
    ///
    /// # Errors
    /// `no such shortcut`, `message_not_found`, or as Slack's client says it.
    pub async fn message_shortcut(&self, message: impl Into<MessageRef>, callback_id: &str) -> Outcome {
        let message = message.into();
        self.knows_shortcut(callback_id, "message")?;
        let body = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            let container = self.container(w, &message.into())?;
            let mut body = payload::base(w, "message_action", &self.id);
            let url = payload::response_url(w, &self.inner.url(), &container, &self.id);
            let around = payload::surroundings(w, &container, &self.id, None);
            let Container::Message { ts, .. } = &container else {
                return Err("message_not_found".into());
            };
            body["callback_id"] = json!(callback_id);
            body["trigger_id"] = json!(w.new_trigger(&self.id));
            body["action_ts"] = json!(w.new_ts());
            body["message_ts"] = json!(ts);
            body["message"] = around.get("message").cloned().unwrap_or_default();
            body["channel"] = around.get("channel").cloned().unwrap_or_default();
            body["response_url"] = json!(url);
            Outcome::Ok(body)
        })?;
        self.ask(Kind::Interactive(false), &body, callback_id).await.map(|_| ())
    }

    /// Runs a shortcut of the workspace.
    ///
    /// # Errors
    /// `no such shortcut`, or as Slack's client says it.
    pub async fn global_shortcut(&self, callback_id: &str) -> Outcome {
        self.knows_shortcut(callback_id, "global")?;
        let body = self.inner.with_world(|w| {
            self.must_be_active(w)?;
            let mut body = payload::base(w, "shortcut", &self.id);
            body["callback_id"] = json!(callback_id);
            body["trigger_id"] = json!(w.new_trigger(&self.id));
            body["action_ts"] = json!(w.new_ts());
            Outcome::Ok(body)
        })?;
        self.ask(Kind::Interactive(false), &body, callback_id).await.map(|_| ())
    }

    fn knows_shortcut(&self, callback_id: &str, kind: &str) -> Outcome {
        let known = self
            .inner
            .manifest
            .shortcuts
            .iter()
            .any(|s| s.callback_id == callback_id && s.kind == kind);
        if known { Ok(()) } else { Err("no such shortcut".into()) }
    }

    /// Changes the profile; the app hears of it (`user_change`).
    ///
    /// # Errors
    /// `user_not_found`.
    pub async fn changes_profile(&self, change: ProfileChange) -> Outcome {
        self.inner.with_world(|w| change_profile(w, &self.id, change))
    }
}

impl Person {
    /// Pauses the notifications until a moment (seconds since 1970), or resumes them; the app hears of it
    /// (`dnd_updated_user`).
    ///
    /// # Errors
    /// `user_not_found`.
    pub async fn pauses_notifications(&self, until: Option<u64>) -> Outcome {
        let found = self.inner.with_world(|w| w.pause_notifications(&self.id, until));
        if found { Ok(()) } else { Err("user_not_found".into()) }
    }
}

impl Person {
    /// Does not want to be disturbed from then until then (seconds since 1970), as their notification schedule says every
    /// night: the app is not told.
    pub fn keeps_quiet(&self, from: u64, until: u64) {
        self.inner.with_world(|w| w.keep_quiet(&self.id, from, until));
    }
}

pub(crate) fn change_profile(world: &mut World, id: &str, change: ProfileChange) -> Outcome {
    let found = world.change_person(id, |user| {
        let put = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        put(&mut user.real_name, change.real_name);
        put(&mut user.title, change.title);
        put(&mut user.email, change.email);
        put(&mut user.tz, change.tz);
        user.deleted = change.deleted.unwrap_or(user.deleted);
        user.is_restricted = change.restricted.unwrap_or(user.is_restricted);
        user.is_ultra_restricted = change.ultra_restricted.unwrap_or(user.is_ultra_restricted);
        user.is_admin = change.is_admin.unwrap_or(user.is_admin);
        if change.picture.is_some() {
            user.picture = change.picture.filter(|address| !address.is_empty());
        }
        put(&mut user.status_emoji, change.status_emoji);
        user.status_expiration = change.status_expiration.unwrap_or(user.status_expiration);
    });
    if found { Ok(()) } else { Err("user_not_found".into()) }
}

fn guess(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        _ => "application/octet-stream",
    }
}
