//! `/c1 …`: the first word says what.

use super::{Handlers, outgoing, request_form, tell};
use crate::{
    domain::person::Person,
    slack::{
        gateway::reply::Reply,
        view::{self, lists},
    },
    usecases::{
        Error,
        queries::{
            catalog_for::{self, Found},
            my_work,
        },
    },
};

/// How many lines a list shows; the rest is counted.
const LINES: i64 = 20;

impl Handlers {
    pub(super) async fn command(&self, person: &Person, text: &str) -> Result<Reply, Error> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match word.to_lowercase().as_str() {
            "" | "help" => Ok(tell(lists::help())),
            "request" => self.request(person, rest).await,
            "list" => {
                let (lines, total) = my_work::requests(self.system(), person.id, LINES).await?;
                let mentions = self
                    .mentions(lines.iter().flat_map(my_work::RequestLine::people))
                    .await?;
                Ok(tell(lists::requests(&lines, total, person.id, &mentions)))
            }
            "approvals" => {
                // Whoever wants it as a text in the conversation says so.
                if rest != "list"
                    && let Some(form) = self.bulk(person).await?
                {
                    return Ok(form);
                }
                let (lines, total) = my_work::waiting(self.system(), person.id, LINES).await?;
                let tasks = my_work::tasks(self.system(), person.id, LINES).await?;
                let named = lines.iter().flat_map(my_work::RequestLine::people);
                let mentions = self
                    .mentions(named.chain(tasks.iter().map(|task| task.subject.id)))
                    .await?;
                Ok(tell(lists::approvals(&lines, total, &tasks, &mentions)))
            }
            "access" => {
                let lines = my_work::access(self.system(), person.id, LINES).await?;
                let total = my_work::access_total(self.system(), person.id).await?;
                Ok(tell(lists::access(
                    &lines,
                    total,
                    self.system().clock.now(),
                    &view::Mentions::new(),
                )))
            }
            "reviews" => self.reviews(person).await,
            "alarms" => self.alarms(person).await,
            "audit" => self.audit(person, rest).await,
            "away" => self.away_command(person, rest).await,
            "back" => self.back_command(person).await,
            "show" => self.show(person, rest).await,
            "escalate" => self.escalate_command(person, rest).await,
            "cancel" => self.ask_to_cancel(person, rest).await,
            _ => Ok(Reply::Ephemeral(outgoing(lists::unknown_command(word)))),
        }
    }

    /// `/c1 request github admin`: the form, filled in as far as the words match.
    async fn request(&self, person: &Person, words: &str) -> Result<Reply, Error> {
        let mut draft = request_form::blank();
        let quoted = || words.chars().take(80).collect::<String>();
        let hint = match catalog_for::find(self.system(), person.id, words).await? {
            Found::Nothing => None,
            Found::One(app, entitlement) => {
                (draft.app, draft.entitlement) = (Some(app), Some(entitlement));
                None
            }
            Found::InApp(app) => {
                draft.app = Some(app);
                Some(format!(
                    "“{}” fits more than one kind of access: please choose.",
                    quoted()
                ))
            }
            Found::Several => Some(format!("“{}” fits several apps: please choose.", quoted())),
            Found::Unknown => Some(format!(
                "Nothing you may ask for is called “{}”: please choose.",
                quoted()
            )),
        };
        self.open_form(person, draft, hint).await
    }
}
