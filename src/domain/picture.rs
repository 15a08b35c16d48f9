//! Pictures of people, and which of their addresses may be given to browsers.

/// The longest address of a picture that is kept.
const LONGEST: usize = 2_000;

/// Where a picture is kept (`https://avatars.slack-edge.com`), if browsers may be sent there: by https, or on this very
/// machine, where a small Slack may be. It can stand in a content security policy as it is: nothing in it means more there
/// than a host.
#[must_use]
pub fn origin(address: &str) -> Option<String> {
    if address.len() > LONGEST || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = address.split_once("://")?;
    let place = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match place.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let is_host = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.bytes().all(letter);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
    let may = match scheme {
        "https" => true,
        "http" => matches!(host, "127.0.0.1" | "localhost"),
        _ => false,
    };
    (may && is_host && is_port).then(|| format!("{scheme}://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_from_plain_places_by_https() {
        for (address, place) in [
            (
                "https://avatars.slack-edge.com/2024-01-01/1_72.jpg",
                Some("https://avatars.slack-edge.com"),
            ),
            (
                "https://secure.gravatar.com/avatar/0?s=72&d=https%3A%2F%2Fa.slack-edge.com%2Fx.png",
                Some("https://secure.gravatar.com"),
            ),
            ("https://pictures.example:8443/a", Some("https://pictures.example:8443")),
            ("http://127.0.0.1:7300/avatars/U1-72.svg", Some("http://127.0.0.1:7300")),
            ("http://localhost/a", Some("http://localhost")),
            ("http://avatars.slack-edge.com/a.jpg", None),
            ("http://127.0.0.1.evil.example/a", None),
            ("https:///a", None),
            ("https://*/a", None),
            ("https://*.example/a", None),
            ("https://a;script-src/x", None),
            ("https://a'unsafe-inline'/x", None),
            ("https://a b/x", None),
            ("https://a,b/x", None),
            ("https://me@evil.example/x", None),
            ("https://evil.example\\@good.example/x", None),
            ("https://good.example:443;x/y", None),
            ("https://good.example:/y", None),
            ("https://good.example:099/y", None),
            ("https://EVIL.example/x", None),
            ("https://ex\u{e4}mple.org/x", None),
            ("https://a.example/x\r\nSet-Cookie: a=b", None),
            ("data:image/png;base64,AAAA", None),
            ("javascript:alert(1)", None),
            ("//avatars.example/a", None),
            ("", None),
        ] {
            assert_eq!(origin(address).as_deref(), place, "{address}");
        }
        assert_eq!(origin(&format!("https://a.example/{}", "x".repeat(3_000))), None);
    }
}
