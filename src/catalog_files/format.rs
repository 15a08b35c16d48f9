//! The shape of the files, as they are written. Nothing here is believed yet: `check` does that.
//!
//! References are texts: a person is `ana`, a group `group:database-owners` (or `{group: database-owners}`).

use super::place::{Place, Problem, Source};
use crate::domain::nearest::nearest;
use serde::{Deserialize, de::DeserializeOwned};
use serde_yaml_ng::Value;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationFile {
    #[serde(default)]
    pub(super) last_resort: Vec<Value>,
    pub(super) security_channel: Option<String>,
    pub(super) quiet_hours: Option<String>,
    pub(super) approvals_channel: Option<String>,
    pub(super) ask_one_by_one_up_to: Option<usize>,
    pub(super) emergencies: Option<EmergenciesFile>,
    pub(super) reviews: Option<ReviewsFile>,
    pub(super) drill: Option<DrillFile>,
    pub(super) away_in_slack: Option<AwayFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwayFile {
    #[serde(default)]
    pub(super) status: Vec<String>,
    pub(super) do_not_disturb: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrillFile {
    pub(super) every: String,
    pub(super) entitlement: String,
    pub(super) by: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmergenciesFile {
    pub(super) alarm_after: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewsFile {
    pub(super) within: Option<String>,
    pub(super) digest: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonFile {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) email: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) team: String,
    pub(super) manager: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupFile {
    pub(super) key: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) members: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationFile {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) shifts: Option<Vec<ShiftFile>>,
    pub(super) people: Option<Vec<String>>,
    pub(super) every: Option<String>,
    pub(super) from: Option<String>,
    pub(super) url: Option<String>,
    pub(super) format: Option<String>,
    pub(super) token_env: Option<String>,
    pub(super) stale_after: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShiftFile {
    pub(super) person: String,
    pub(super) from: String,
    pub(super) until: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) rules: Vec<RuleFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    #[serde(default)]
    pub(super) name: String,
    pub(super) when: Option<String>,
    pub(super) steps: Vec<StepFile>,
}

/// One of four sorts of step: with `approvers`, with `approve`, with `deny`, or with `wait`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    #[serde(default)]
    pub(super) name: String,
    pub(super) approvers: Option<Vec<Value>>,
    pub(super) quorum: Option<Value>,
    pub(super) fallback: Option<Vec<Value>>,
    pub(super) self_approval: Option<bool>,
    pub(super) distinct: Option<bool>,
    pub(super) reason: Option<String>,
    /// One, or a list of them.
    pub(super) deadline: Option<Value>,
    pub(super) claim: Option<String>,
    pub(super) remind: Option<String>,
    pub(super) channel: Option<String>,
    /// `anyone`, or whom and whether with a reason.
    pub(super) reassign: Option<Value>,
    pub(super) approve: Option<Value>,
    pub(super) deny: Option<String>,
    /// A length, or what it waits for.
    pub(super) wait: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitFile {
    pub(super) until: String,
    pub(super) at_most: String,
    pub(super) then: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReassignFile {
    pub(super) to: Value,
    pub(super) reason: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlineFile {
    pub(super) after: String,
    /// A word, or `{ ask: [group:x] }`.
    pub(super) then: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskFile {
    pub(super) ask: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppFile {
    pub(super) key: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) owners: Vec<Value>,
    #[serde(default)]
    pub(super) resources: Vec<ResourceFile>,
    pub(super) connector: Option<String>,
    pub(super) settings: Option<Value>,
    #[serde(default)]
    pub(super) entitlements: Vec<EntitlementFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceFile {
    pub(super) name: String,
    #[serde(default)]
    pub(super) owners: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntitlementFile {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) resource: Option<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) instructions: String,
    pub(super) policy: String,
    #[serde(default)]
    pub(super) owners: Vec<Value>,
    pub(super) lengths: Option<LengthsFile>,
    pub(super) emergency: Option<EmergencyFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LengthsFile {
    #[serde(default)]
    pub(super) presets: Vec<String>,
    pub(super) max: Option<String>,
    #[serde(default)]
    pub(super) custom: bool,
    #[serde(default)]
    pub(super) no_end: bool,
    pub(super) default: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmergencyFile {
    #[serde(default)]
    pub(super) enabled: bool,
    pub(super) policy: Option<String>,
    pub(super) max: Option<String>,
    #[serde(default)]
    pub(super) who: Vec<Value>,
    pub(super) approval: Option<String>,
    #[serde(default)]
    pub(super) step_up: bool,
    #[serde(default)]
    pub(super) drill: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogFile {
    pub(super) key: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) everyone: bool,
    #[serde(default)]
    pub(super) bundle: bool,
    #[serde(default)]
    pub(super) audience: Vec<String>,
    #[serde(default)]
    pub(super) entitlements: Vec<String>,
}

/// Reads a file; an empty one is `None`.
pub(super) fn parse<T: DeserializeOwned>(source: &Source) -> Result<Option<T>, Problem> {
    serde_yaml_ng::from_str(&source.text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |found| (found.line(), found.column()));
        Problem::at(source, line, column, in_words(&error.to_string()))
    })
}

/// Reads a part of a file that may have more than one shape.
pub(super) fn part<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_yaml_ng::from_value(value.clone()).map_err(|error| in_words(&error.to_string()))
}

/// What serde says, without the place (it is shown) and with the nearest word that would be right.
fn in_words(message: &str) -> String {
    let message = match message.rfind(" at line ") {
        Some(end) => &message[..end],
        None => message,
    };
    let quoted = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    if let Some(start) = message.find("unknown field `") {
        let names = quoted(&message[start..]);
        let Some((wrote, known)) = names.split_first() else {
            return message.to_owned();
        };
        let meant = nearest(wrote, known.iter().map(String::as_str));
        let meant = meant
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_else(|| ".".to_owned());
        return format!("the field `{wrote}` is unknown{meant} Known here: {}", known.join(", "));
    }
    if let Some(start) = message.find("missing field `") {
        return match quoted(&message[start..]).first() {
            Some(name) => format!("the field `{name}` is missing"),
            None => message.to_owned(),
        };
    }
    for start in [
        "invalid type: ",
        "duplicate field ",
        "invalid length ",
        "duplicate entry ",
    ] {
        if let Some(found) = message.find(start) {
            return message[found..]
                .replace("unit value", "nothing")
                .replace("field `", "the field `");
        }
    }
    format!("this is not YAML: {message}")
}

/// A reference: `ana`, `group:it` or `{group: it}`, as its sort (empty for a bare word) and its name.
pub(super) fn reference(value: &Value) -> Option<(String, String)> {
    match value {
        Value::String(text) => match text.split_once(':') {
            Some((sort, name)) => Some((sort.trim().to_owned(), name.trim().to_owned())),
            None => Some((String::new(), text.trim().to_owned())),
        },
        Value::Mapping(map) if map.len() == 1 => {
            let (sort, name) = map.iter().next()?;
            Some((sort.as_str()?.to_owned(), name.as_str()?.to_owned()))
        }
        _ => None,
    }
}

/// A list of things in a file, each with its place.
pub(super) fn items<'a, T: DeserializeOwned>(source: &'a Source, problems: &mut Vec<Problem>) -> Vec<(Place<'a>, T)> {
    match parse::<Vec<T>>(source) {
        Ok(list) => {
            let file = Place::file(source);
            list.unwrap_or_default()
                .into_iter()
                .enumerate()
                .map(|(index, item)| (file.item(index), item))
                .collect()
        }
        Err(problem) => {
            problems.push(problem);
            Vec::new()
        }
    }
}
