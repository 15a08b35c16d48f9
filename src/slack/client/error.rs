//! What a failed call means for the caller: wait, repair, tell someone, or mend our own code.

use std::borrow::Cow;
use std::time::Duration;

/// Why a call to Slack did not do what it should, by what there is to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Later. Waiting is not failing: a rate limit, an outage, a lost connection.
    #[error("Slack asks to wait or is out of reach{}", if *.uncertain { "; the call may have been applied" } else { "" })]
    Retry {
        /// How long Slack (or our own limiter) asks to wait.
        after: Option<Duration>,
        /// The call may have been applied all the same: a time-out, a connection lost after sending, a 5xx, an unreadable
        /// answer. Look before posting again.
        uncertain: bool,
    },
    /// The message, conversation, view, trigger or response URL is no more (or is not what we think): repair or finish.
    #[error("gone in Slack: {0}")]
    Gone(String),
    /// This person or conversation cannot be written to.
    #[error("out of reach in Slack: {0}")]
    Unreachable(String),
    /// The installation does not work any more: an administrator must act.
    #[error("the installation in Slack does not work: {0}")]
    Dead(String),
    /// The view was changed since we saw it.
    #[error("the view was changed meanwhile: {0}")]
    Conflict(String),
    /// Our own mistake: a block too long, a missing scope, an argument Slack does not know. The text holds Slack's code and,
    /// after a colon, its explanation.
    #[error("Slack refused the call: {0}")]
    Ours(String),
}

impl CallError {
    /// Slack's error code; none for [`CallError::Retry`].
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Retry { .. } => None,
            Self::Gone(text) | Self::Unreachable(text) | Self::Dead(text) | Self::Conflict(text) | Self::Ours(text) => {
                Some(text.split_once(':').map_or(text.as_str(), |(code, _)| code))
            }
        }
    }

    /// A stable name of the class, for logs and metrics.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Retry { uncertain: false, .. } => "retry",
            Self::Retry { uncertain: true, .. } => "uncertain",
            Self::Gone(_) => "gone",
            Self::Unreachable(_) => "unreachable",
            Self::Dead(_) => "dead",
            Self::Conflict(_) => "conflict",
            Self::Ours(_) => "ours",
        }
    }

    pub(super) const UNCERTAIN: Self = Self::Retry {
        after: None,
        uncertain: true,
    };
    pub(super) const UNSENT: Self = Self::Retry {
        after: None,
        uncertain: false,
    };
}

/// The class of an error code of the Web API; the explanation goes with our own mistakes.
pub(super) fn by_code(code: &str, explanation: &str) -> CallError {
    let text = || code.to_owned();
    match code {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => CallError::UNSENT,
        // "Some aspect of the operation may have succeeded", as Slack words it.
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "update_failed" => {
            CallError::UNCERTAIN
        }
        "hash_conflict" => CallError::Conflict(text()),
        "message_not_found"
        | "cant_update_message"
        | "cant_delete_message"
        | "edit_window_closed"
        | "channel_not_found"
        | "is_inactive"
        | "thread_not_found"
        | "not_found"
        | "view_not_found"
        | "expired_trigger_id"
        | "exchanged_trigger_id"
        | "invalid_trigger_id"
        | "trigger_expired"
        | "trigger_exchanged"
        | "expired_url"
        | "used_url"
        | "cant_broadcast_message" => CallError::Gone(text()),
        "user_disabled"
        | "user_not_visible"
        | "user_not_found"
        | "users_not_found"
        | "user_not_in_channel"
        | "messages_tab_disabled"
        | "invalid_user_combination"
        | "not_in_channel"
        | "is_archived"
        | "cannot_dm_bot"
        | "method_not_supported_for_channel_type"
        | "ekm_access_denied"
        | "is_bot" => CallError::Unreachable(text()),
        _ if code.starts_with("restricted_action") => CallError::Unreachable(text()),
        "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "invalid_auth"
        | "not_authed"
        | "org_login_required"
        | "team_access_not_granted"
        | "team_added_to_org"
        | "accesslimited"
        | "access_denied"
        | "app_uninstalled"
        | "enterprise_is_restricted"
        | "two_factor_setup_required" => CallError::Dead(text()),
        _ if explanation.is_empty() => CallError::Ours(text()),
        _ => CallError::Ours(format!("{code}: {explanation}")),
    }
}

/// The class of an answer that is not `200`.
pub(super) fn by_status(status: u16, body: &[u8], retry_after: Option<Duration>) -> CallError {
    match status {
        429 => CallError::Retry {
            after: retry_after,
            uncertain: false,
        },
        408 | 500..=599 => CallError::Retry {
            after: retry_after,
            uncertain: true,
        },
        // Response URLs answer with a bare word.
        404 | 410 => CallError::Gone(short(body).into_owned()),
        401 | 403 if body.starts_with(b"invalid_token") => CallError::Dead("invalid_token".to_owned()),
        _ => CallError::Ours(format!("http_{status}: {}", short(body))),
    }
}

/// The first words of an answer, without anything that is no plain error word.
fn short(body: &[u8]) -> Cow<'_, str> {
    let words = body.len().min(80);
    match std::str::from_utf8(&body[..words]) {
        Ok(text) if text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => text.into(),
        _ => "no error word".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_list_has_its_class() {
        let table: &[(&str, &[&str])] = &[
            ("retry", &["ratelimited", "rate_limited"]),
            (
                "uncertain",
                &[
                    "internal_error",
                    "fatal_error",
                    "service_unavailable",
                    "request_timeout",
                ],
            ),
            (
                "gone",
                &[
                    "channel_not_found",
                    "message_not_found",
                    "cant_update_message",
                    "edit_window_closed",
                    "expired_trigger_id",
                ],
            ),
            ("conflict", &["hash_conflict"]),
            (
                "unreachable",
                &[
                    "user_disabled",
                    "user_not_visible",
                    "user_not_found",
                    "messages_tab_disabled",
                    "not_in_channel",
                ],
            ),
            (
                "unreachable",
                &[
                    "invalid_user_combination",
                    "restricted_action",
                    "restricted_action_read_only_channel",
                    "is_archived",
                ],
            ),
            (
                "dead",
                &[
                    "account_inactive",
                    "token_revoked",
                    "token_expired",
                    "invalid_auth",
                    "not_authed",
                    "org_login_required",
                ],
            ),
            (
                "dead",
                &["team_access_not_granted", "team_added_to_org", "accesslimited"],
            ),
            (
                "ours",
                &[
                    "invalid_blocks",
                    "invalid_arguments",
                    "no_text",
                    "view_too_large",
                    "missing_scope",
                    "invalid_json",
                    "brand_new",
                ],
            ),
        ];
        for (class, codes) in table {
            for code in *codes {
                let error = by_code(code, "");
                assert_eq!(error.class(), *class, "{code}");
                assert!(error.code().is_none_or(|found| found == *code));
            }
        }
    }

    #[test]
    fn an_explanation_goes_with_our_own_mistakes_only() {
        assert_eq!(
            by_code("invalid_blocks", "must be shorter"),
            CallError::Ours("invalid_blocks: must be shorter".into())
        );
        assert_eq!(
            by_code("invalid_blocks", "must be shorter").code(),
            Some("invalid_blocks")
        );
        assert_eq!(
            by_code("user_not_found", "x"),
            CallError::Unreachable("user_not_found".into())
        );
    }

    #[test]
    fn statuses_have_their_class() {
        let after = Some(Duration::from_secs(30));
        assert_eq!(
            by_status(429, b"", after),
            CallError::Retry {
                after,
                uncertain: false
            }
        );
        assert_eq!(by_status(503, b"<html>", None), CallError::UNCERTAIN);
        assert_eq!(by_status(404, b"used_url", None), CallError::Gone("used_url".into()));
        assert_eq!(
            by_status(400, b"xoxb-123 secret", None),
            CallError::Ours("http_400: no error word".into())
        );
    }
}
