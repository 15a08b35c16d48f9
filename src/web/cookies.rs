//! Cookies: secrets and nothing else, for us alone.

use crate::usecases::sign_in::Secret;
use axum::http::{HeaderMap, HeaderValue, header};

/// The session.
pub(super) const SESSION: &str = "c1_session";

/// The browser that sets out to sign in.
pub(super) const BROWSER: &str = "c1_browser";

/// What was typed into a page whose session was over.
pub(super) const KEPT: &str = "c1_kept";

/// By https a cookie is bound to this very host, by its name.
fn full_name(name: &str, secure: bool) -> String {
    if secure {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// The secret in a cookie. Two of one name are none: one of them is somebody else's.
pub(super) fn read(headers: &HeaderMap, name: &str, secure: bool) -> Option<Secret> {
    let name = full_name(name, secure);
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut found = pairs
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then(|| Secret::read(value)).flatten()
}

/// Has the browser keep it until it is closed; whether it still counts is known here.
pub(super) fn keep(name: &str, secret: &Secret, secure: bool) -> HeaderValue {
    value(&format!("{}={}", full_name(name, secure), secret.as_str()), secure)
}

/// Has the browser forget it.
pub(super) fn forget(name: &str, secure: bool) -> HeaderValue {
    value(&format!("{}=; Max-Age=0", full_name(name, secure)), secure)
}

fn value(pair: &str, secure: bool) -> HeaderValue {
    // Lax, so that the link on a card finds who is signed in.
    let more = if secure { "; Secure" } else { "" };
    let text = format!("{pair}; Path=/; HttpOnly; SameSite=Lax{more}");
    let mut value = HeaderValue::try_from(text).expect("names and secrets are plain letters");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_read_back_and_bound_to_the_host_by_https() {
        let secret = Secret::random();
        for (secure, name) in [(false, "c1_session"), (true, "__Host-c1_session")] {
            let kept = keep(SESSION, &secret, secure).to_str().unwrap().to_owned();
            assert!(
                kept.starts_with(&format!("{name}=")) && kept.contains("HttpOnly; SameSite=Lax"),
                "{kept}"
            );
            assert_eq!(kept.ends_with("; Secure"), secure);
            let pair = kept.split(';').next().unwrap();
            assert_eq!(
                read(&with(&[&format!("a=b; {pair}")]), SESSION, secure),
                Some(secret.clone())
            );
            assert_eq!(read(&with(&[pair]), SESSION, !secure), None);
            assert_eq!(read(&with(&[pair, pair]), SESSION, secure), None, "two are none");
        }
        assert_eq!(read(&with(&["c1_session=x"]), SESSION, false), None);
    }
}
