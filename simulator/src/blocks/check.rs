//! The machinery of the checker: shapes as tables, and one walk over them.

use std::collections::HashSet;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::Problems;
use super::text;

/// Where blocks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    Modal,
    Home,
}

/// What a field may hold.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A string of at least and at most so many characters.
    Str(usize, usize),
    /// `action_id`, `block_id`: unique, and kept short.
    Id,
    /// An address of a web page, at most so long.
    Url(usize),
    /// As `Url`, or one that opens another program (`slack:`, `mailto:`).
    Link(usize),
    Flag,
    /// A whole number between, both ends included.
    Whole(i64, i64),
    /// One of these strings.
    Of(&'static [&'static str]),
    /// A `plain_text` object of at most so many characters.
    Plain(usize),
    /// A `plain_text` or `mrkdwn` object, likewise.
    Text(usize),
    /// `YYYY-MM-DD`
    Date,
    /// `HH:mm`
    Time,
    /// At least and at most so many of these.
    List(&'static Kind, usize, usize),
    /// An object without a type of its own.
    Object(&'static Shape),
    /// An object that says its `type`: the shapes, and the types allowed here.
    Typed(Family, &'static [&'static str]),
    /// Anything: where Slack documents no more.
    Any,
}

/// Finds the shape of a type.
pub(super) type Family = fn(&str) -> Option<&'static Shape>;

/// The fields of an object, and what no single field shows.
pub(super) struct Shape {
    pub(super) fields: &'static [Field],
    pub(super) also: fn(&mut Check, &Object<'_>),
}

pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

/// A field that must be there.
pub(super) const fn must(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

/// A field that may be there.
pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

/// Nothing beyond the fields.
pub(super) fn nothing_else(_: &mut Check, _: &Object<'_>) {}

/// An object and where it stands.
pub(super) struct Object<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) at: String,
}

impl<'a> Object<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(super) fn str(&self, name: &str) -> Option<&'a str> {
        self.map.get(name).and_then(Value::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }
}

/// One check of a message or a view: what was found, and what must be unique in it.
pub(super) struct Check {
    pub(super) surface: Surface,
    /// The type of the block being checked.
    pub(super) block: String,
    /// Characters of markdown blocks so far.
    pub(super) markdown: usize,
    pub(super) tables: usize,
    problems: Vec<String>,
    block_ids: HashSet<String>,
    action_ids: HashSet<String>,
    focused: usize,
}

impl Check {
    pub(super) fn new(surface: Surface) -> Self {
        Check {
            surface,
            block: String::new(),
            markdown: 0,
            tables: 0,
            problems: Vec::new(),
            block_ids: HashSet::new(),
            action_ids: HashSet::new(),
            focused: 0,
        }
    }

    pub(super) fn into_result(self, code: &'static str) -> Result<(), Problems> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Problems {
                code,
                messages: self.problems,
            })
        }
    }

    pub(super) fn say(&mut self, what: impl Display, at: &str) {
        self.problems.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    /// Action ids are unique in a block, so each block starts anew.
    pub(super) fn begin_block(&mut self, block: &str) {
        self.block = block.to_owned();
        self.action_ids.clear();
    }

    pub(super) fn object<'a>(&mut self, value: &'a Value, at: &str) -> Option<Object<'a>> {
        match value {
            Value::Object(map) => Some(Object { map, at: at.to_owned() }),
            _ => {
                self.say("must provide an object", at);
                None
            }
        }
    }

    /// An object that says its type.
    pub(super) fn typed(&mut self, value: &Value, at: &str, family: Family, allowed: &[&str]) {
        let Some(object) = self.object(value, at) else { return };
        let Some(name) = object.get("type") else {
            return self.say("missing required field: type", at);
        };
        let at_type = object.below("type");
        let Some(name) = name.as_str() else {
            return self.say("must provide a string", &at_type);
        };
        match family(name).filter(|_| allowed.contains(&name)) {
            Some(shape) => self.fields(&object, shape, true),
            None => self.say(format_args!("unsupported type: {name}"), &at_type),
        }
    }

    /// An object without a type.
    pub(super) fn shape(&mut self, object: &Object<'_>, shape: &Shape) {
        self.fields(object, shape, false);
    }

    fn fields(&mut self, object: &Object<'_>, shape: &Shape, typed: bool) {
        for (name, value) in object.map {
            match shape.fields.iter().find(|field| field.name == name) {
                Some(field) => self.value(value, &field.kind, &object.below(name), name),
                None if typed && name == "type" => {}
                None => self.say(format_args!("invalid additional property: {name}"), &object.at),
            }
        }
        for field in shape
            .fields
            .iter()
            .filter(|field| field.required && !object.has(field.name))
        {
            self.say(format_args!("missing required field: {}", field.name), &object.at);
        }
        (shape.also)(self, object);
    }

    pub(super) fn value(&mut self, value: &Value, kind: &Kind, at: &str, name: &str) {
        match kind {
            Kind::Any => {}
            Kind::Str(least, most) => _ = self.string(value, *least, *most, at),
            Kind::Id => self.id(value, at, name),
            Kind::Url(most) => self.url(value, *most, &["http", "https"], at),
            Kind::Link(most) => self.url(value, *most, &["http", "https", "slack", "mailto"], at),
            Kind::Flag => match value {
                Value::Bool(on) => self.focus(name, *on, at),
                _ => self.say("must provide a boolean", at),
            },
            Kind::Whole(least, most) => self.whole(value, *least, *most, at),
            Kind::Of(words) => self.one_of(value, words, at),
            Kind::Plain(most) => text::check(self, value, &["plain_text"], *most, at),
            Kind::Text(most) => text::check(self, value, &["plain_text", "mrkdwn"], *most, at),
            Kind::Date => self.formatted(value, "YYYY-MM-DD", is_date, at),
            Kind::Time => self.formatted(value, "HH:mm", is_time, at),
            Kind::List(kind, least, most) => self.list(value, kind, *least, *most, at),
            Kind::Object(shape) => {
                if let Some(object) = self.object(value, at) {
                    self.shape(&object, shape);
                }
            }
            Kind::Typed(family, allowed) => self.typed(value, at, *family, allowed),
        }
    }

    pub(super) fn string<'a>(&mut self, value: &'a Value, least: usize, most: usize, at: &str) -> Option<&'a str> {
        let Some(string) = value.as_str() else {
            self.say("must provide a string", at);
            return None;
        };
        self.length(string.chars().count(), least, most, at);
        Some(string)
    }

    /// Slack names the first length that is wrong, not the last that is right.
    pub(super) fn length(&mut self, length: usize, least: usize, most: usize, at: &str) {
        if length < least {
            self.say(format_args!("must be more than {} characters", least - 1), at);
        } else if length > most {
            self.say(format_args!("must be less than {} characters", most + 1), at);
        }
    }

    fn id(&mut self, value: &Value, at: &str, name: &str) {
        let Some(id) = self.string(value, 1, crate::rules::BLOCK_ID, at) else {
            return;
        };
        let seen = if name == "block_id" {
            &mut self.block_ids
        } else {
            &mut self.action_ids
        };
        if !seen.insert(id.to_owned()) {
            self.say(format_args!("`{name}` \"{id}\" already exists"), at);
        }
    }

    fn url(&mut self, value: &Value, most: usize, schemes: &[&str], at: &str) {
        let Some(url) = self.string(value, 1, most, at) else {
            return;
        };
        let fine = url::Url::parse(url).is_ok_and(|url| schemes.contains(&url.scheme()));
        if !fine && !url.is_empty() {
            self.say("must be a valid url", at);
        }
    }

    fn focus(&mut self, name: &str, on: bool, at: &str) {
        if name == "focus_on_load" && on {
            self.focused += 1;
            if self.focused > 1 {
                self.say("`focus_on_load` can only be true for one element", at);
            }
        }
    }

    fn whole(&mut self, value: &Value, least: i64, most: i64, at: &str) {
        match value.as_i64() {
            None => self.say("must provide an integer", at),
            Some(number) if number < least => self.say(format_args!("must be greater than {}", least - 1), at),
            Some(number) if number > most => self.say(format_args!("must be less than {}", most + 1), at),
            Some(_) => {}
        }
    }

    pub(super) fn one_of(&mut self, value: &Value, words: &[&str], at: &str) {
        match value.as_str() {
            None => self.say("must provide a string", at),
            Some(word) if words.contains(&word) => {}
            Some(_) => self.say(format_args!("must be a valid enum value: {}", words.join(", ")), at),
        }
    }

    fn formatted(&mut self, value: &Value, format: &str, fine: fn(&str) -> bool, at: &str) {
        match value.as_str() {
            None => self.say("must provide a string", at),
            Some(string) if fine(string) => {}
            Some(_) => self.say(format_args!("must match the format {format}"), at),
        }
    }

    fn list(&mut self, value: &Value, kind: &Kind, least: usize, most: usize, at: &str) {
        let Some(items) = value.as_array() else {
            return self.say("must provide an array", at);
        };
        self.count(items.len(), least, most, at);
        for (index, item) in items.iter().enumerate() {
            self.value(item, kind, &format!("{at}/{index}"), "");
        }
    }

    pub(super) fn count(&mut self, count: usize, least: usize, most: usize, at: &str) {
        if count < least {
            self.say(format_args!("no less than {least} items allowed"), at);
        } else if count > most {
            self.say(format_args!("no more than {most} items allowed"), at);
        }
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_time(text: &str) -> bool {
    text.len() == 5 && chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok()
}
