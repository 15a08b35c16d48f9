//! What a person types, as Slack stores it: mentions as ids, `&`, `<` and `>` escaped, and a rich text block.

use serde_json::{Value, json};

use super::World;

/// Words as the composer formats them while one types: what stands between stars is bold.
fn styled(text: &str) -> Vec<Value> {
    let mut elements = Vec::new();
    let plain = |words: &str, elements: &mut Vec<Value>| {
        if !words.is_empty() {
            elements.push(json!({"type": "text", "text": words}));
        }
    };
    let (mut said, mut at) = (0, 0);
    while let Some(open) = text[at..].find('*').map(|found| at + found) {
        at = open + 1;
        if let Some(bold) = bold_at(text, open) {
            plain(&text[said..open], &mut elements);
            elements.push(json!({"type": "text", "text": bold, "style": {"bold": true}}));
            at += bold.len() + 1;
            said = at;
        }
    }
    plain(&text[said..], &mut elements);
    elements
}

/// The words between the star at `open` and the next one, if they stand close to both and no word goes on outside.
fn bold_at(text: &str, open: usize) -> Option<&str> {
    let inside = &text[open + 1..];
    let (bold, rest) = inside.split_at(inside.find(['*', '\n'])?);
    let after = rest.strip_prefix('*')?;
    let tight = !bold.is_empty() && bold.trim() == bold;
    let free = |beside: Option<char>| beside.is_none_or(|c| !c.is_alphanumeric());
    (tight && free(text[..open].chars().next_back()) && free(after.chars().next())).then_some(bold)
}

/// `text` and `blocks` of a message a person wrote.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) text: String,
    pub(crate) blocks: Value,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    User(String),
    Channel(String),
    Group(String),
    Broadcast(String),
    Link(String),
    Emoji(String),
}

impl World {
    pub(crate) fn typed(&mut self, input: &str) -> Typed {
        let pieces = self.pieces(input);
        let mut text = String::new();
        let mut elements = Vec::new();
        for piece in &pieces {
            let (written, element) = match piece {
                Piece::Text(t) => {
                    text.push_str(&escape(t));
                    elements.extend(styled(t));
                    continue;
                }
                Piece::User(id) => (format!("<@{id}>"), json!({"type": "user", "user_id": id})),
                Piece::Channel(id) => {
                    let name = self.shown_name(id);
                    (format!("<#{id}|{name}>"), json!({"type": "channel", "channel_id": id}))
                }
                Piece::Group(id) => (
                    format!("<!subteam^{id}>"),
                    json!({"type": "usergroup", "usergroup_id": id}),
                ),
                Piece::Broadcast(range) => (format!("<!{range}>"), json!({"type": "broadcast", "range": range})),
                Piece::Link(url) => (format!("<{}>", escape(url)), json!({"type": "link", "url": url})),
                Piece::Emoji(name) => (format!(":{name}:"), json!({"type": "emoji", "name": name})),
            };
            text.push_str(&written);
            elements.push(element);
        }
        let block_id = self.new_short_id();
        let blocks = json!([{
            "type": "rich_text", "block_id": block_id,
            "elements": [{"type": "rich_text_section", "elements": elements}],
        }]);
        Typed { text, blocks }
    }

    /// The text of a slash command whose manifest entry has `should_escape`.
    pub(crate) fn escaped_command_text(&self, input: &str) -> String {
        let mut out = String::new();
        for piece in self.pieces(input) {
            match piece {
                Piece::User(id) => {
                    let name = self.user(&id).map(|u| u.name.clone()).unwrap_or_default();
                    out.push_str(&format!("<@{id}|{name}>"));
                }
                Piece::Channel(id) => out.push_str(&format!("<#{id}|{}>", self.shown_name(&id))),
                Piece::Group(id) => out.push_str(&format!("<!subteam^{id}|@{}>", self.shown_name(&id))),
                Piece::Broadcast(range) => out.push_str(&format!("<!{range}>")),
                Piece::Link(url) => out.push_str(&format!("<{url}>")),
                Piece::Emoji(name) => out.push_str(&format!(":{name}:")),
                Piece::Text(text) => out.push_str(&escape(&text)),
            }
        }
        out
    }

    fn pieces(&self, input: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = input;
        let mut after_space = true;
        while let Some(first) = rest.chars().next() {
            let found = match first {
                '<' => self.token(rest),
                '@' if after_space => self.mention(rest),
                '#' if after_space => self.channel_mention(rest),
                'h' if after_space => link(rest),
                ':' => emoji(rest),
                _ => None,
            };
            if let Some((piece, length)) = found {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(piece);
                rest = &rest[length..];
                after_space = false;
            } else {
                plain.push(first);
                after_space = !first.is_alphanumeric();
                rest = &rest[first.len_utf8()..];
            }
        }
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        pieces
    }

    /// `<@U…>` and `<#C…>`, as scripts write them.
    fn token(&self, rest: &str) -> Option<(Piece, usize)> {
        let end = rest.find('>')?;
        let inner = rest.get(1..end)?;
        let id = inner.get(1..)?.split('|').next()?;
        match inner.chars().next()? {
            '@' if self.user(id).is_some() => Some((Piece::User(id.to_owned()), end + 1)),
            '#' if self.channels.contains_key(id) => Some((Piece::Channel(id.to_owned()), end + 1)),
            _ => None,
        }
    }

    /// `@Name`: the longest name that fits.
    fn mention(&self, rest: &str) -> Option<(Piece, usize)> {
        let after = &rest[1..];
        for range in ["here", "channel", "everyone"] {
            if starts_with_word(after, range) {
                return Some((Piece::Broadcast(range.to_owned()), 1 + range.len()));
            }
        }
        let people = self.people();
        let names = people
            .iter()
            .flat_map(|u| [(u.real_name.as_str(), u.id.as_str()), (u.name.as_str(), u.id.as_str())]);
        let person = names
            .filter(|(n, _)| starts_with_word(after, n))
            .max_by_key(|(n, _)| n.len());
        if let Some((name, id)) = person {
            return Some((Piece::User(id.to_owned()), 1 + name.len()));
        }
        let group = self.groups.iter().find(|g| starts_with_word(after, &g.handle))?;
        Some((Piece::Group(group.id.clone()), 1 + group.handle.len()))
    }

    fn channel_mention(&self, rest: &str) -> Option<(Piece, usize)> {
        let after = &rest[1..];
        let fits = self
            .channels
            .values()
            .filter(|c| !c.name.is_empty() && starts_with_word(after, &c.name));
        let channel = fits.max_by_key(|c| c.name.len())?;
        Some((Piece::Channel(channel.id.clone()), 1 + channel.name.len()))
    }
}

/// Whether `text` begins with `word`, in any case, and the word ends there.
fn starts_with_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
        && text[word.len()..]
            .chars()
            .next()
            .is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '-'))
}

fn link(rest: &str) -> Option<(Piece, usize)> {
    if !rest.starts_with("http://") && !rest.starts_with("https://") {
        return None;
    }
    let end = rest
        .find(|c: char| c.is_whitespace() || c == '<' || c == '>' || c == '"')
        .unwrap_or(rest.len());
    let url = rest[..end].trim_end_matches(['.', ',', ')', '!', '?', ';', ':']);
    let host = url.split("://").nth(1)?;
    (!host.is_empty()).then(|| (Piece::Link(url.to_owned()), url.len()))
}

fn emoji(rest: &str) -> Option<(Piece, usize)> {
    let name = rest.get(1..)?.split(':').next()?;
    let closed = rest.get(1 + name.len()..).is_some_and(|r| r.starts_with(':'));
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '+')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+".contains(c));
    (closed && good).then(|| (Piece::Emoji(name.to_owned()), name.len() + 2))
}

/// `&`, `<` and `>` as Slack writes them in texts.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_stars_is_bold() {
        let read = |typed: &str| -> Vec<(String, bool)> {
            let element = |e: &Value| {
                (
                    e["text"].as_str().unwrap_or_default().to_owned(),
                    e["style"]["bold"] == true,
                )
            };
            styled(typed).iter().map(element).collect()
        };
        let plain = |words: &str| (words.to_owned(), false);
        let bold = |words: &str| (words.to_owned(), true);
        assert_eq!(read("only until *tonight*"), [plain("only until "), bold("tonight")]);
        assert_eq!(
            read("*a* and *b c*, yes"),
            [bold("a"), plain(" and "), bold("b c"), plain(", yes")]
        );
        assert_eq!(read("*„schön“*"), [bold("„schön“")]);
        for none in [
            "2*3*4",
            "* a list",
            "*open",
            "* spaced *",
            "**",
            "*over\nlines*",
            "words",
            "a * b * c",
        ] {
            assert_eq!(read(none), [plain(none)], "{none}");
        }
        assert_eq!(read(""), []);
    }
}
