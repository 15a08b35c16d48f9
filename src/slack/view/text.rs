//! Text that people typed, made safe to show: nothing in it rings a bell, poses as a link or turns the page around.
//!
//! Invariant: what is cut is cut by characters and after escaping, so that no entity and no token is ever halved.

use crate::domain::{
    ids::PersonId,
    typed::{clean, is_web_link, poses_as_another},
};
use crate::usecases::queries::request_card::PersonRef;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The Slack user ids of the people we know; whoever is not among them is shown by name.
pub type Mentions = HashMap<PersonId, String>;

/// Shown in place of a text that is empty; Slack refuses empty texts.
pub(super) const NOTHING: &str = "–";

/// Keeps a word from being read as a mention without showing.
const WORD_JOINER: char = '\u{2060}';

/// Words that would ring everybody's bell.
const BROADCASTS: [&str; 4] = ["channel", "here", "everyone", "group"];

fn runs_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}')
}

/// A text cut to `max`, counted as the stricter of the two ways Slack may count (UTF-16).
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    pieces(text.chars().map(|c| (c.len_utf16(), c)), max, String::push)
}

/// The same for plain texts in blocks, which Slack stores, and counts, with `&`, `<` and `>` as entities.
fn cut_stored(text: &str, max: usize) -> String {
    let stored = |c: char| match c {
        '&' => 5,
        '<' | '>' => 4,
        c => c.len_utf16(),
    };
    pieces(text.chars().map(|c| (stored(c), c)), max, String::push)
}

/// Puts pieces together as long as they fit; when they do not, ends in "…" within `max`.
fn pieces<T>(parts: impl Iterator<Item = (usize, T)>, max: usize, add: impl Fn(&mut String, T)) -> String {
    let (mut text, mut width) = (String::new(), 0);
    if max == 0 {
        return text;
    }
    // Where to go back to, so that there is room for the mark.
    let mut fits = 0;
    for (size, part) in parts {
        if width + size > max {
            text.truncate(fits);
            text.push('…');
            return text;
        }
        add(&mut text, part);
        width += size;
        if width < max {
            fits = text.len();
        }
    }
    text
}

/// One line of plain text: what is typed as a name or title. Never empty.
#[must_use]
pub fn line(text: &str, max: usize) -> String {
    let text = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    if text.chars().any(runs_right_to_left) {
        // Isolated, so that it does not turn around what stands beside it.
        return format!("\u{2068}{}\u{2069}", cut_stored(&text, max.saturating_sub(2)));
    }
    cut_stored(&text, max)
}

/// Several lines of plain text: justifications, reasons, instructions. Never empty.
#[must_use]
pub fn paragraph(text: &str, max: usize) -> String {
    let text = clean(text);
    let text = text.trim();
    if text.is_empty() {
        NOTHING.to_owned()
    } else {
        cut(text, max)
    }
}

/// Escapes a [`clean`] text for Slack's markup: nothing in it is a mention, a link, an entity or a style.
#[must_use]
pub fn escape(text: &str, max: usize) -> String {
    let text = disarm(text);
    let chars: Vec<char> = text.chars().collect();
    let escaped = chars.iter().enumerate().map(|(i, &c)| {
        let part = match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            // Look-alikes: Slack has no way to escape its marks.
            '*' => "∗".to_owned(),
            '~' => "∼".to_owned(),
            '`' => "ˋ".to_owned(),
            '_' if !inside_word(&chars, i) => "＿".to_owned(),
            c => c.to_string(),
        };
        (part.encode_utf16().count(), part)
    });
    pieces(escaped, max, |text, part| text.push_str(&part))
}

fn inside_word(chars: &[char], i: usize) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    };
    word(i.checked_sub(1)) && word(i.checked_add(1))
}

/// `@channel` and the like stay readable, but ring nobody.
fn disarm(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = rest.split_at(at + 1);
        safe.push_str(before);
        let rings = |word: &str| {
            after
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if BROADCASTS.iter().any(|word| rings(word)) {
            safe.push(WORD_JOINER);
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

/// Text in Slack's own markup, as Slack hands it to us (a comment), made harmless: broadcasts and user groups become
/// words, a link whose words pose as another address shows its true one. Formatting, emoji, mentions of people and
/// channels survive.
#[must_use]
pub fn harmless(markup: &str) -> String {
    let markup = entities(&clean(markup));
    let mut safe = String::with_capacity(markup.len());
    let mut rest = markup.as_str();
    while let Some(open) = rest.find('<') {
        safe.push_str(&between_tokens(&rest[..open]));
        let after = &rest[open + 1..];
        let Some(close) = after.find(['<', '>']).filter(|&at| after[at..].starts_with('>')) else {
            safe.push_str("&lt;");
            rest = after;
            continue;
        };
        safe.push_str(&token(&after[..close]));
        rest = &after[close + 1..];
    }
    safe.push_str(&between_tokens(rest));
    safe
}

fn between_tokens(text: &str) -> String {
    disarm(text).replace('>', "&gt;")
}

/// Every `&` begins an entity, as Slack would have it; what it stores is as long as what we count.
fn entities(markup: &str) -> String {
    let mut parts = markup.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = ["amp;", "lt;", "gt;"].iter().any(|entity| part.starts_with(entity));
        text.push_str(if known { "&" } else { "&amp;" });
        text.push_str(part);
    }
    text
}

/// What stands between `<` and `>` in Slack's markup.
fn token(inside: &str) -> String {
    let (head, label) = inside
        .split_once('|')
        .map_or((inside, None), |(head, label)| (head, Some(label)));
    if let Some(special) = head.strip_prefix('!') {
        // A moment may carry an address of its own, which would not show.
        if special.starts_with("date^") && special.matches('^').count() == 2 {
            return format!("<{inside}>");
        }
        let word = label
            .unwrap_or_else(|| special.split('^').next().unwrap_or(special))
            .trim_start_matches('@');
        return format!("@{WORD_JOINER}{}", escape_brackets(word));
    }
    if head.starts_with(['@', '#']) {
        let known = head[1..].chars().all(|c| c.is_ascii_alphanumeric());
        return if known && head.len() > 1 {
            format!("<{head}>")
        } else {
            escape_brackets(inside)
        };
    }
    if !is_web_link(head) {
        return label.map_or_else(|| format!("&lt;{}&gt;", escape_brackets(head)), escape_brackets);
    }
    match label {
        Some(label) if !poses_as_another(label, head) => format!("<{head}|{}>", escape_brackets(label)),
        _ => format!("<{head}>"),
    }
}

fn escape_brackets(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// `@Ana` where we know her in Slack, else her name in bold. For Slack's markup.
#[must_use]
pub fn mention(person: &PersonRef, mentions: &Mentions) -> String {
    match mentions.get(&person.id) {
        Some(id) => format!("<@{id}>"),
        None => format!(
            "*{}*",
            escape(&line(&person.name, super::limits::NAME), super::limits::NAME * 2)
        ),
    }
}

/// A moment in the reader's own time zone and words. For Slack's markup.
#[must_use]
pub fn when(at: DateTime<Utc>) -> String {
    format!("<!date^{}^{DATE_FORMAT}|{}>", at.timestamp(), utc(at))
}

/// How Slack is asked to write a moment.
pub(super) const DATE_FORMAT: &str = "{date_short_pretty} at {time}";

/// A moment for where Slack does not translate it.
#[must_use]
pub fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_never_empty() {
        assert_eq!(line("  a \n b\u{2028}c ", 80), "a b c");
        assert_eq!(line("\u{200b} ", 80), NOTHING);
        assert_eq!(line("שלום", 80), "\u{2068}שלום\u{2069}");
        assert_eq!(paragraph(" \n ", 80), NOTHING);
        assert_eq!(paragraph("a\n b \n", 80), "a\n b");
    }

    #[test]
    fn texts_are_cut_by_characters_after_escaping() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("ééééééé", 6), "ééééé…");
        assert_eq!(cut("👍👍👍👍", 6), "👍👍…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(escape("&&&", 11), "&amp;&amp;…");
        assert_eq!(escape("&&&", 15), "&amp;&amp;&amp;");
        assert_eq!(escape("a<b", 4), "a…");
        // As Slack stores them, ampersands take five characters in plain text, too.
        assert_eq!(line("&&&", 11), "&&…");
    }

    #[test]
    fn typed_markup_means_nothing() {
        assert_eq!(
            escape("<!channel> <@U1> <https://a|b>", 99),
            "&lt;!channel&gt; &lt;@U1&gt; &lt;https://a|b&gt;"
        );
        assert_eq!(escape("*b* ~s~ `c` _i_ snake_case", 99), "∗b∗ ∼s∼ ˋcˋ ＿i＿ snake_case");
        assert_eq!(
            escape("@here @Channel bob@example.com", 99),
            "@\u{2060}here @\u{2060}Channel bob@example.com"
        );
    }

    #[test]
    fn comments_keep_their_form_but_ring_nobody() {
        for (said, shown) in [
            (
                "*bold* _it_ `code` :tada: &amp; &lt;",
                "*bold* _it_ `code` :tada: &amp; &lt;",
            ),
            ("<@U123> in <#C123|general>", "<@U123> in <#C123>"),
            (
                "<!channel> <!here|here> <!everyone>",
                "@\u{2060}channel @\u{2060}here @\u{2060}everyone",
            ),
            (
                "<!subteam^S1|@oncall> <!subteam^S1>",
                "@\u{2060}oncall @\u{2060}subteam",
            ),
            (
                "<!date^1^{date}|then> <!date^1^{date}^https://evil.example|then>",
                "<!date^1^{date}|then> @\u{2060}then",
            ),
            ("<https://a.example/x>", "<https://a.example/x>"),
            ("<https://a.example/x|the ticket>", "<https://a.example/x|the ticket>"),
            ("<https://a.example/x|a.example/x>", "<https://a.example/x|a.example/x>"),
            (
                "<https://www.a.example/x|https://a.example>",
                "<https://www.a.example/x|https://a.example>",
            ),
            ("<https://evil.example|https://a.example>", "<https://evil.example>"),
            ("<https://evil.example|log in at a.example>", "<https://evil.example>"),
            ("<mailto:a@b.example|a@b.example>", "<mailto:a@b.example|a@b.example>"),
            ("<javascript:alert|click>", "click"),
            ("<script>", "&lt;script&gt;"),
            ("a < b <", "a &lt; b &lt;"),
            ("tea & milk", "tea &amp; milk"),
            ("> quoted", "&gt; quoted"),
            ("<@U1 <!channel>", "&lt;@U1 @\u{2060}channel"),
        ] {
            assert_eq!(harmless(said), shown, "{said}");
        }
    }
}
