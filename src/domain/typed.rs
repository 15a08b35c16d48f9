//! What people type, looked at before it is shown anywhere: characters that deceive, and addresses that pose as others.

/// Characters that cannot be seen but change how others are read: controls, direction overrides, zero-width marks,
/// tags.
fn deceives(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text without what deceives; line ends and all that can be seen stay as they are.
#[must_use]
pub fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !deceives(*c)).collect()
}

/// Is it an address that leads to a page or a mailbox, and nowhere else?
#[must_use]
pub fn is_web_link(address: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
    })
}

/// Do the words of a link look like an address that is not the link's?
#[must_use]
pub fn poses_as_another(label: &str, address: &str) -> bool {
    let looks_like_address = label.contains("://")
        || label.split_whitespace().any(|word| {
            word.split('/').next().is_some_and(|host| {
                host.rsplit_once('.').is_some_and(|(name, end)| {
                    !name.is_empty() && end.len() >= 2 && end.chars().all(char::is_alphabetic)
                })
            })
        });
    looks_like_address && host(label.trim()) != host(address)
}

/// Does an address name its host plainly: in letters that look like no others, and without a name before it?
#[must_use]
pub fn is_plain(address: &str) -> bool {
    let host = host(address);
    let mail = address
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
    host.is_ascii() && host.contains(|c: char| c.is_ascii_alphanumeric()) && (mail || !host.contains('@'))
}

fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.strip_prefix("mailto:").unwrap_or(rest);
    let host = rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest);
    host.trim_start_matches("www.").to_lowercase()
}

/// The longest address that is made a link.
pub const LONGEST_LINK: usize = 2_000;

/// A plain text, split where web addresses stand in it: `true` for an address that may be made a link. Addresses with
/// letters beyond ASCII in their host stay words: they may look like others.
#[must_use]
pub fn with_links(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = next_link(&rest[from..]).map(|at| at + from) {
        let length = rest[at..]
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '“' | '”' | '|'))
            .unwrap_or(rest.len() - at);
        let link = rest[at..at + length]
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'', '*', '_', '~', '`']);
        if is_plain(link) && link.len() <= LONGEST_LINK {
            if at > 0 {
                parts.push((false, &rest[..at]));
            }
            parts.push((true, link));
            rest = &rest[at + link.len()..];
            from = 0;
        } else {
            from = at + length.max(1);
        }
        if from >= rest.len() {
            break;
        }
    }
    if !rest.is_empty() {
        parts.push((false, rest));
    }
    parts
}

fn next_link(text: &str) -> Option<usize> {
    ["https://", "http://"]
        .iter()
        .filter_map(|scheme| text.find(scheme))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_gone_and_what_is_seen_stays() {
        for (typed, shown) in [
            ("plain", "plain"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{ad}f\0g", "abcdefg"),
            ("naïve 日本 \u{200d}👩‍👧", "naïve 日本 \u{200d}👩‍👧"),
            ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ] {
            assert_eq!(clean(typed), shown);
        }
    }

    #[test]
    fn addresses_become_links_that_show_where_they_lead() {
        assert_eq!(
            with_links("see https://a.example/x?y=1. Or (http://b.example)!"),
            [
                (false, "see "),
                (true, "https://a.example/x?y=1"),
                (false, ". Or ("),
                (true, "http://b.example"),
                (false, ")!")
            ]
        );
        for words in [
            "no link",
            "https://",
            "https://gооgle.com is not google",
            "https://a@evil.example",
            "",
        ] {
            assert!(with_links(words).iter().all(|(is_link, _)| !is_link), "{words}");
            assert_eq!(
                with_links(words).iter().map(|(_, part)| *part).collect::<String>(),
                words
            );
        }
    }
}
