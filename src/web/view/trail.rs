//! The audit trail: what happened, as the record has it.

use super::hours::{Hours, Moment};
use crate::usecases::queries::{audit::AuditLine, details::Details};

/// A line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrailView {
    pub(crate) at: Moment,
    pub(crate) who: String,
    pub(crate) sentence: String,
    /// Through which door.
    pub(crate) door: &'static str,
}

pub(crate) fn trail(details: &Details, hours: &Hours) -> Vec<TrailView> {
    let line = |line: &AuditLine| TrailView {
        at: hours.moment(line.at),
        who: line.who().to_owned(),
        sentence: line.sentence.clone(),
        door: match line.via.as_str() {
            "slack" => "in Slack",
            "web" => "on this page",
            "operator" => "on the command line",
            _ => "",
        },
    };
    details.trail.iter().map(line).collect()
}
