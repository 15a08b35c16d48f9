//! `/c1 audit`: the record, for those who may read it.

use super::{Handlers, actor, tell};
use crate::{
    domain::person::Person,
    slack::{
        gateway::reply::Reply,
        view::{Mentions, lists},
    },
    usecases::{
        Error,
        read_audit::{Of, Wish, read_audit},
    },
};
use chrono::{DateTime, Utc};

/// How many lines a message shows.
const LINES: usize = 40;

impl Handlers {
    pub(super) async fn audit(&self, person: &Person, words: &str) -> Result<Reply, Error> {
        let of = match words.trim_start_matches('#') {
            "" => Of::All,
            "emergencies" | "emergency" => Of::Emergencies,
            number if number.starts_with(|c: char| c.is_ascii_digit()) => match number.parse() {
                Ok(request) => Of::Request(request),
                Err(_) => return Ok(tell(lists::no_such_request(words))),
            },
            who => Of::Person(self.mentioned(who).await?),
        };
        let wish = Wish {
            of,
            since: DateTime::<Utc>::UNIX_EPOCH,
            before: None,
            limit: i64::try_from(LINES + 1).unwrap_or(i64::MAX),
        };
        let mut lines = read_audit(self.system(), actor(person), wish).await?;
        // The story of a request is told from its beginning, everything else from the present backwards.
        if !matches!(of, Of::Request(_)) {
            lines.reverse();
        }
        let more = lines.len().saturating_sub(LINES);
        Ok(tell(lists::audit(&lines[more..], more > 0, &Mentions::new())))
    }
}
