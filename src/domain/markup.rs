//! Slack's markup (`*bold*`, `<https://a.example|words>`, `&amp;`), read into [`Words`]: what c1's own lines are written in,
//! and messages that bring nothing better.

use super::words::{Passage, Piece, Style, Words};

/// Reads a text in Slack's markup. People are the ids that stand in it.
#[must_use]
pub fn read(markup: &str) -> Words<String> {
    let mut passages = Vec::new();
    let mut rest = markup;
    // Fences first: nothing inside them is markup.
    while let Some((before, after)) = rest.split_once("```") {
        let Some((code, after)) = after.split_once("```") else {
            break;
        };
        passages.extend(lines(before));
        passages.push(Passage::Code {
            text: unescape(&untoken(code.trim_matches('\n'))),
        });
        rest = after;
    }
    passages.extend(lines(rest));
    Words(passages)
}

/// Lines of text, with those that are quoted by themselves.
fn lines(markup: &str) -> Vec<Passage<String>> {
    let mut passages: Vec<Passage<String>> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let mut quoting = false;
    let flush = |run: &mut Vec<&str>, quoting: bool, passages: &mut Vec<Passage<String>>| {
        let text = run.join("\n");
        run.clear();
        let text = text.trim_matches('\n');
        if text.trim().is_empty() {
            return;
        }
        let pieces = pieces(text);
        passages.push(if quoting {
            Passage::Quote { pieces }
        } else {
            Passage::Paragraph { pieces }
        });
    };
    for line in markup.split('\n') {
        let quoted = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'));
        if quoted.is_some() != quoting {
            flush(&mut run, quoting, &mut passages);
            quoting = quoted.is_some();
        }
        run.push(quoted.map_or(line, |line| line.strip_prefix(' ').unwrap_or(line)));
    }
    flush(&mut run, quoting, &mut passages);
    passages
}

/// The pieces of a text: tokens in brackets, marks of style, emoji, letters.
fn pieces(text: &str) -> Vec<Piece<String>> {
    let mut found = Vec::new();
    styled(text, Style::default(), &mut found);
    found
}

/// A mark, and what it makes of letters.
type Mark = (char, fn(&mut Style));

const MARKS: [Mark; 4] = [
    ('`', |style| style.code = true),
    ('*', |style| style.bold = true),
    ('_', |style| style.italic = true),
    ('~', |style| style.strike = true),
];

fn styled(text: &str, style: Style, found: &mut Vec<Piece<String>>) {
    let mut letters = String::new();
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '<' if !style.code => token(rest, style),
            ':' if !style.code => emoji(rest),
            _ => None,
        };
        if let Some((piece, length)) = taken {
            letters_end(&mut letters, style, found);
            found.push(piece);
            before = Some('>');
            rest = &rest[length..];
            continue;
        }
        let mark = MARKS.iter().find(|(mark, _)| *mark == c && !style.code);
        if let Some((mark, set)) = mark
            && !before.is_some_and(char::is_alphanumeric)
            && let Some(length) = closed(rest, *mark)
        {
            letters_end(&mut letters, style, found);
            let mut inner = style;
            set(&mut inner);
            styled(&rest[1..1 + length], inner, found);
            before = Some(*mark);
            rest = &rest[length + 2..];
            continue;
        }
        letters.push(c);
        before = Some(c);
        rest = &rest[c.len_utf8()..];
    }
    letters_end(&mut letters, style, found);
}

fn letters_end(letters: &mut String, style: Style, found: &mut Vec<Piece<String>>) {
    if !letters.is_empty() {
        let text = unescape(&std::mem::take(letters));
        found.push(Piece::Text { text, style });
    }
}

/// How long the text is between a mark and its fellow on the same line, if the two hold something.
fn closed(rest: &str, mark: char) -> Option<usize> {
    let inside = &rest[1..];
    if inside.starts_with(char::is_whitespace) {
        return None;
    }
    let line = inside.split('\n').next().unwrap_or_default();
    let mut from = 0;
    while let Some(at) = line[from..].find(mark).map(|at| at + from) {
        let good =
            at > 0 && !line[..at].ends_with(char::is_whitespace) && !line[at + 1..].starts_with(char::is_alphanumeric);
        if good {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// What stands between `<` and `>`.
fn token(rest: &str, style: Style) -> Option<(Piece<String>, usize)> {
    let end = rest[1..]
        .find(['<', '>'])
        .filter(|at| rest[1 + at..].starts_with('>'))?;
    let inside = &rest[1..=end];
    let (head, label) = inside
        .split_once('|')
        .map_or((inside, None), |(head, label)| (head, Some(label)));
    let is_id = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
    let words = |text: String| Piece::Text { text, style };
    let piece = if let Some(special) = head.strip_prefix('!') {
        match special.split('^').collect::<Vec<_>>()[..] {
            ["date", at, ..] if at.parse::<i64>().is_ok() => Piece::Moment {
                at: at.parse().unwrap_or_default(),
            },
            _ => {
                let name = label.unwrap_or_else(|| special.split('^').next().unwrap_or(special));
                words(format!("@{}", unescape(name.trim_start_matches('@'))))
            }
        }
    } else if let Some(person) = head.strip_prefix('@').filter(|id| is_id(id)) {
        Piece::Person {
            person: person.to_owned(),
        }
    } else if let Some(channel) = head.strip_prefix('#').filter(|id| is_id(id)) {
        Piece::Channel { id: channel.to_owned() }
    } else if head.contains(':') {
        Piece::Link {
            url: unescape(head),
            text: unescape(label.unwrap_or_default()),
            style,
        }
    } else {
        return None;
    };
    Some((piece, end + 2))
}

fn emoji(rest: &str) -> Option<(Piece<String>, usize)> {
    let name = rest[1..].split(':').next()?;
    let closed = rest[1 + name.len()..].starts_with(':');
    let good = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '+')
        && name.len() <= 100
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+'".contains(c));
    (closed && good).then(|| {
        let piece = Piece::Emoji {
            name: name.to_owned(),
            unicode: String::new(),
        };
        (piece, name.len() + 2)
    })
}

/// Links inside code are their addresses.
fn untoken(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let Some(close) = after.find('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        let inside = &after[..close];
        out.push_str(inside.split_once('|').map_or(inside, |(_, label)| label));
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    out
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_tokens_and_entities_are_read() {
        let bold = Style {
            bold: true,
            ..Style::default()
        };
        let text = |text: &str, style: Style| Piece::Text {
            text: text.to_owned(),
            style,
        };
        let pieces = |words: Words<String>| match words.0.into_iter().next() {
            Some(Passage::Paragraph { pieces }) => pieces,
            other => panic!("{other:?}"),
        };
        let plain = Style::default();
        assert_eq!(
            pieces(read("✅ *Bob* approved: snake_case 2*3*4 &lt;b&gt; <@U1>")),
            [
                text("✅ ", plain),
                text("Bob", bold),
                text(" approved: snake_case 2*3*4 <b> ", plain),
                Piece::Person {
                    person: "U1".to_owned()
                }
            ]
        );
        assert_eq!(
            read("<!channel> <!subteam^S1|@oncall>").text(Clone::clone),
            "@channel @oncall"
        );
        assert_eq!(
            read("<https://a.example|words> :tada: <!date^0^{date}|then>").text(Clone::clone),
            "words (https://a.example) :tada: 1970-01-01 00:00 UTC"
        );
    }

    #[test]
    fn quotes_and_code_stand_by_themselves() {
        let words = read("see\n&gt; one\n&gt; two\n```a *b* &amp; <https://c.example>```\nend");
        assert_eq!(
            words.text(Clone::clone),
            "see\n> one\n> two\na *b* & https://c.example\nend"
        );
        assert_eq!(words.0.len(), 4);
    }

    proptest! {
        /// No text makes it stumble, and no letter is lost that is no markup.
        #[test]
        fn any_text_is_read(text in any::<String>(), noise in "[<>|@!#*_~`:&a \n]{0,40}") {
            let _ = read(&text).harmless();
            let _ = read(&noise).harmless();
            let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
            let plain = text.replace(['<', '>', '&', '`', ':'], " ");
            let kept: String = read(&plain).text(Clone::clone).chars().filter(|c| c.is_alphabetic()).collect();
            prop_assert_eq!(kept, letters);
        }
    }
}
