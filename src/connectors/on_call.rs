//! Asks a service who is on call, and understands the answer. What came of it goes to `usecases::record_rotation`.

use crate::{
    config::Config,
    domain::rotation::{Format, Roster, Service},
    http::client,
    usecases::{
        System,
        record_rotation::{Answer, record_rotation, to_ask},
    },
};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// How deep a participant may stand in others (a team in an escalation in a schedule).
const DEEPEST: usize = 4;

/// Asks the service of a rotation, if it has one, and has the answer recorded.
///
/// # Errors
/// The database's. A service that does not answer is recorded too; it is asked again soon.
pub async fn sync_rotation(system: &System, id: i64) -> anyhow::Result<()> {
    let Some(rotation) = to_ask(system, id).await? else {
        return Ok(());
    };
    let Roster::Service(service) = &rotation.roster else {
        return Ok(());
    };
    let answer = match ask(service, system.clock.now()).await {
        Ok(addresses) => Answer::OnCall(addresses),
        Err(error) => {
            let why = format!("{error:#}");
            tracing::warn!(
                rotation.key = rotation.key,
                why,
                "a service could not say who is on call"
            );
            Answer::None(why)
        }
    };
    record_rotation(system, id, &rotation, answer).await?;
    Ok(())
}

/// The e-mail addresses of those on call.
async fn ask(service: &Service, now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    let url = service.url.parse().context("its address cannot be read")?;
    let token = Config::secret_from_env(&service.token_env)
        .with_context(|| format!("the variable {} is not set", service.token_env))?;
    let (accept, scheme) = match service.format {
        Format::Pagerduty => ("application/vnd.pagerduty+json;version=2", "Token token="),
        Format::Opsgenie => ("application/json", "GenieKey "),
    };
    let secret = SecretString::from(format!("{scheme}{}", token.expose_secret()));
    let body = client::get(&url, accept, &secret).await?;
    on_call(service.format, &body, now)
}

/// Understands an answer.
fn on_call(format: Format, body: &[u8], now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    let mut addresses = match format {
        Format::Pagerduty => pagerduty(body, now)?,
        Format::Opsgenie => opsgenie(body)?,
    };
    for address in &mut addresses {
        *address = address.trim().to_lowercase();
    }
    addresses.retain(|address| address.contains('@'));
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

#[derive(Deserialize)]
struct OnCalls {
    oncalls: Vec<OnCall>,
}

#[derive(Deserialize)]
struct OnCall {
    user: User,
    escalation_level: Option<i64>,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct User {
    email: Option<String>,
}

/// PagerDuty lists everyone of an escalation policy, level by level; those who are called first are on call.
fn pagerduty(body: &[u8], now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    let answer: OnCalls = serde_json::from_slice(body).map_err(|_| not_understood())?;
    let present: Vec<OnCall> = answer
        .oncalls
        .into_iter()
        .filter(|entry| entry.start.is_none_or(|start| start <= now) && entry.end.is_none_or(|end| now < end))
        .collect();
    let level = |entry: &OnCall| entry.escalation_level.unwrap_or(1);
    let first = present.iter().map(level).min();
    let called: Vec<&OnCall> = present.iter().filter(|entry| Some(level(entry)) == first).collect();
    let addresses: Vec<String> = called.iter().filter_map(|entry| entry.user.email.clone()).collect();
    anyhow::ensure!(
        !addresses.is_empty() || called.is_empty(),
        "it names people without their addresses; add `include[]=users` to its url"
    );
    Ok(addresses)
}

#[derive(Deserialize)]
struct Schedule {
    data: Participants,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participants {
    #[serde(default)]
    on_call_participants: Vec<Participant>,
    /// With `flat=true`.
    #[serde(default)]
    on_call_recipients: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Participant {
    #[serde(rename = "type")]
    sort: Option<String>,
    name: Option<String>,
    #[serde(default)]
    on_call_participants: Vec<Participant>,
}

fn opsgenie(body: &[u8]) -> anyhow::Result<Vec<String>> {
    let answer: Schedule = serde_json::from_slice(body).map_err(|_| not_understood())?;
    let mut addresses = answer.data.on_call_recipients;
    users(answer.data.on_call_participants, DEEPEST, &mut addresses);
    Ok(addresses)
}

/// The users among participants, and among those whom a team or an escalation stands for.
fn users(participants: Vec<Participant>, deeper: usize, found: &mut Vec<String>) {
    for participant in participants {
        if participant.sort.as_deref() == Some("user") {
            found.extend(participant.name);
        } else if deeper > 0 {
            users(participant.on_call_participants, deeper - 1, found);
        }
    }
}

/// The parser's own words would quote the answer.
fn not_understood() -> anyhow::Error {
    anyhow::anyhow!("its answer is not what was expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-05T12:00:00Z".parse().expect("a moment")
    }

    #[test]
    fn pagerdutys_first_level_is_on_call() {
        let body = br#"{"oncalls": [
            {"user": {"id": "PA", "type": "user", "email": "Ana@example.com"}, "schedule": {"id": "S"},
             "escalation_policy": {"id": "E"}, "escalation_level": 1,
             "start": "2026-01-05T09:00:00Z", "end": "2026-01-12T09:00:00Z"},
            {"user": {"id": "PB", "type": "user", "email": "bob@example.com"}, "escalation_level": 1,
             "start": "2026-01-12T09:00:00Z", "end": "2026-01-19T09:00:00Z"},
            {"user": {"id": "PC", "type": "user", "email": "carla@example.com"}, "escalation_level": 2,
             "start": null, "end": null}],
            "limit": 25, "offset": 0, "more": false, "total": null}"#;
        assert_eq!(
            on_call(Format::Pagerduty, body, now()).expect("understood"),
            ["ana@example.com"]
        );
        let body = br#"{"oncalls": []}"#;
        assert_eq!(on_call(Format::Pagerduty, body, now()).expect("understood"), [""; 0]);
        let references = br#"{"oncalls": [{"user": {"id": "PA", "type": "user_reference"}, "escalation_level": 1}]}"#;
        let error = on_call(Format::Pagerduty, references, now()).expect_err("without addresses");
        assert!(error.to_string().contains("include[]=users"), "{error}");
    }

    #[test]
    fn opsgenies_users_are_on_call_also_within_teams_and_flat() {
        let body = br#"{"data": {"_parent": {"id": "d875", "name": "Payments", "enabled": true},
            "onCallParticipants": [
                {"id": "b5b9", "name": "ana@example.com", "type": "user"},
                {"name": "Payments escalation", "type": "escalation", "onCallParticipants": [
                    {"name": "team", "type": "team", "onCallParticipants": [
                        {"name": "Bob@example.com", "type": "user", "escalationTime": 0}]}]}]},
            "took": 0.101, "requestId": "1"}"#;
        let found = on_call(Format::Opsgenie, body, now()).expect("understood");
        assert_eq!(found, ["ana@example.com", "bob@example.com"]);
        let flat =
            br#"{"data": {"_parent": {}, "onCallRecipients": ["ana@example.com", "ANA@example.com", "+1 555"]}}"#;
        assert_eq!(
            on_call(Format::Opsgenie, flat, now()).expect("understood"),
            ["ana@example.com"]
        );
    }

    #[test]
    fn an_answer_that_is_not_understood_is_none_and_is_not_quoted() {
        for format in [Format::Pagerduty, Format::Opsgenie] {
            for body in [
                "",
                "<html>secret</html>",
                "{}",
                "[]",
                "{\"oncalls\": 3}",
                "{\"data\": \"secret\"}",
            ] {
                let error = on_call(format, body.as_bytes(), now()).expect_err(body);
                assert!(!format!("{error:#?}").contains("secret"), "{error:#?}");
            }
        }
    }
}
