//! Slack's markup as words: references become what a person reads, entities become characters. `*bold*` stays.

use super::Names;
use super::text::reference;

/// The text as a person reads it.
pub(super) fn words(text: &str, names: &dyn Names) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&plain(&rest[..start]));
        rest = &rest[start..];
        let length = reference(rest);
        match length {
            Some(bytes) => out.push_str(&one(&rest[1..bytes - 1], names)),
            None => out.push('<'),
        }
        rest = &rest[length.unwrap_or(1)..];
    }
    out.push_str(&plain(rest));
    out
}

/// Plain text as a person reads it.
pub(super) fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What stands between `<` and `>`.
fn one(inner: &str, names: &dyn Names) -> String {
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(plain(label)).filter(|label| !label.is_empty())),
        None => (inner, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        return person(id, label, names);
    }
    if let Some(id) = target.strip_prefix('#') {
        return channel(id, label, names);
    }
    if let Some(special) = target.strip_prefix('!') {
        return match special.split_once('^') {
            Some(("subteam", id)) => group(id, label, names),
            Some(("date", rest)) => label.unwrap_or_else(|| date(rest)),
            _ => label.unwrap_or_else(|| format!("@{special}")),
        };
    }
    let url = plain(target);
    match label {
        Some(label) if label != url && url.strip_prefix("mailto:") != Some(label.as_str()) => {
            format!("{label} ({url})")
        }
        _ => url.strip_prefix("mailto:").unwrap_or(&url).to_owned(),
    }
}

pub(super) fn person(id: &str, label: Option<String>, names: &dyn Names) -> String {
    format!("@{}", names.person(id).or(label).unwrap_or_else(|| id.to_owned()))
}

pub(super) fn channel(id: &str, label: Option<String>, names: &dyn Names) -> String {
    format!("#{}", names.channel(id).or(label).unwrap_or_else(|| id.to_owned()))
}

pub(super) fn group(id: &str, label: Option<String>, names: &dyn Names) -> String {
    let name = names.group(id).or(label).unwrap_or_else(|| id.to_owned());
    format!("@{}", name.trim_start_matches('@'))
}

/// A date without a fallback: the instant in UTC.
fn date(rest: &str) -> String {
    let seconds = rest.split('^').next().and_then(|seconds| seconds.parse().ok());
    seconds.and_then(instant).unwrap_or_else(|| rest.to_owned())
}

/// Unix seconds as `2026-11-21 05:30 UTC`.
pub(super) fn instant(seconds: i64) -> Option<String> {
    Some(
        chrono::DateTime::from_timestamp(seconds, 0)?
            .format("%Y-%m-%d %H:%M UTC")
            .to_string(),
    )
}
