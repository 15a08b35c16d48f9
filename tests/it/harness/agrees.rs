//! Do all surfaces show what the database says? Looked at from Slack's side: every message that the app has ever posted is
//! accounted for, each thing stands once, in order, and shows what is true now.

use super::World;
use c1::{
    domain::ids::{CommentId, PersonId, RequestId},
    slack::{
        client::{Settings, Slack},
        deliver::Deliver,
        gateway::inbound::TeamKey,
        view,
    },
    usecases::queries::{
        conversation,
        request_card::{NOBODY, RequestCard, Role, request_card},
    },
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use simulator::{MessageSnapshot, Person};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// A message of the app's, wherever it stands.
struct Stands {
    /// What travels with it: kind and key.
    key: String,
    message: MessageSnapshot,
    reader: Person,
}

impl Stands {
    /// A word to one person about what they have just tried, where no other way was left; whatever is on record carries a
    /// mark.
    fn is_an_answer(&self) -> bool {
        self.key == "no mark " && !self.message.text().contains("[Approve]")
    }
}

#[derive(sqlx::FromRow)]
struct CardRow {
    id: i64,
    request_id: i64,
    person_id: Option<i64>,
    step: Option<i32>,
    role: String,
    channel: Option<String>,
    ts: Option<String>,
    posting: bool,
    trouble: Option<String>,
    created_at: DateTime<Utc>,
    reader: String,
    /// Does its reader see what approvers say among themselves?
    notes: bool,
}

#[derive(sqlx::FromRow)]
struct CommentRow {
    id: i64,
    place: i64,
    body: String,
    words: Option<Value>,
    note: bool,
    deleted: bool,
}

impl World {
    /// Fails with everything that differs, if anything does.
    pub async fn agrees(&self) {
        let differences = self.differences(None).await;
        assert!(
            differences.is_empty(),
            "Slack and the database do not agree:\n{}",
            differences.join("\n")
        );
    }

    /// What differs between what people see and what the database says: of everything, or of the cards of one request.
    pub async fn differences(&self, only: Option<RequestId>) -> Vec<String> {
        let stands = self.stands();
        let mut found = Vec::new();
        let mut accounted = HashSet::new();
        let cards: Vec<CardRow> = sqlx::query_as(
            "SELECT c.id, c.request_id, c.person_id, c.step, c.role, c.channel, c.ts, c.posting, c.trouble, r.created_at,
                    coalesce(p.name, c.to_channel) AS reader,
                    coalesce(c.role = 'approver' AND c.person_id NOT IN (r.requester_id, r.subject_id), false) AS notes
               FROM cards c JOIN requests r ON r.id = c.request_id LEFT JOIN people p ON p.id = c.person_id
              WHERE c.request_id = $1 OR $1 IS NULL ORDER BY c.id",
        )
        .bind(only.map(|request| request.0))
        .fetch_all(&self.pool)
        .await
        .unwrap();
        for card in &cards {
            self.card_agrees(card, &stands, &mut accounted, &mut found).await;
        }
        self.notes_are_kept(only, &mut found).await;
        if only.is_some() {
            return found;
        }
        self.notices_agree(&stands, &mut accounted, &mut found).await;
        self.homes_agree(&mut found).await;
        let stray = |one: &&Stands| !accounted.contains(one.message.ts()) && !one.is_an_answer();
        for stray in stands.iter().filter(stray) {
            found.push(format!(
                "{} sees a message that nothing accounts for ({}):\n{}",
                stray.reader.name(),
                stray.key,
                indented(stray.message.text())
            ));
        }
        found
    }

    /// Every message of the app's that anybody sees, in conversations and in threads; what only one person sees is an
    /// answer, and no part of the record.
    fn stands(&self) -> Vec<Stands> {
        let mut all: BTreeMap<(String, String), Stands> = BTreeMap::new();
        let channels: Vec<String> = super::company::workspace()
            .channels
            .iter()
            .map(|channel| channel.name.clone())
            .collect();
        for reader in self.slack.people() {
            let tops = channels
                .iter()
                .flat_map(|channel| reader.messages(channel))
                .chain(reader.dm());
            for top in tops {
                // Under a stump stands what was said while there was a card.
                let is_stump = top.json()["subtype"] == "tombstone";
                let thread = if is_stump || top.reply_count() == 0 {
                    Vec::new()
                } else {
                    reader.thread(&top)
                };
                for message in std::iter::once(top).chain(thread.into_iter().skip(1)) {
                    if !message.is_by_app() || message.is_ephemeral() {
                        continue;
                    }
                    let metadata = self.slack.metadata(&message.reference()).unwrap_or_default();
                    let kind = metadata["event_type"].as_str().unwrap_or("no mark");
                    let key = metadata["event_payload"]["key"].as_str().unwrap_or("");
                    let place = (message.channel().to_owned(), message.ts().to_owned());
                    let key = format!("{kind} {key}");
                    let reader = reader.clone();
                    all.entry(place).or_insert(Stands { key, message, reader });
                }
            }
        }
        all.into_values().collect()
    }

    async fn card_agrees(
        &self,
        card: &CardRow,
        stands: &[Stands],
        accounted: &mut HashSet<String>,
        found: &mut Vec<String>,
    ) {
        let what = format!(
            "card {} of request #{} for {} ({})",
            card.id, card.request_id, card.reader, card.role
        );
        if card.posting {
            found.push(format!("{what}: a post is still under way"));
        }
        let key = format!("c1_card {}-{}", card.id, card.created_at.timestamp_micros());
        let copies: Vec<&Stands> = stands.iter().filter(|one| one.key == key).collect();
        accounted.extend(copies.iter().map(|copy| copy.message.ts().to_owned()));
        let read = self.card_of(card).await;
        let made = view::request_card::request_card(&read, &self.eyes().mentions(read.people()).await.unwrap());
        match (copies.as_slice(), &card.ts) {
            ([], None) => {
                let made = made.json().to_string();
                let asks = ["\"approve\"", "\"provisioned\"", "\"removed\"", "\"cancel\""];
                if card.trouble.is_none() && (card.role == "requester" || asks.iter().any(|id| made.contains(id))) {
                    found.push(format!("{what}: it was never posted"));
                }
            }
            ([], Some(ts)) => found.push(format!("{what}: it is not there ({ts})")),
            ([copy], _) => {
                let here = (Some(copy.message.channel()), Some(copy.message.ts()));
                if (card.channel.as_deref(), card.ts.as_deref()) != here {
                    found.push(format!("{what}: it stands elsewhere than noted"));
                }
                if bare(&copy.message.json()["blocks"]) != bare(&json!(made.blocks)) {
                    let shown = indented(copy.message.text());
                    found.push(format!(
                        "{what}: it shows what is not true now:\n{shown}\n  it should be:\n{}",
                        indented(&words(&json!(made.blocks)))
                    ));
                }
                self.thread_agrees(card, copy, &what, accounted, found).await;
            }
            (several, _) => found.push(format!("{what}: it stands {} times", several.len())),
        }
    }

    async fn thread_agrees(
        &self,
        card: &CardRow,
        copy: &Stands,
        what: &str,
        accounted: &mut HashSet<String>,
        found: &mut Vec<String>,
    ) {
        let comments: Vec<CommentRow> = sqlx::query_as(
            "SELECT id, place, body, words, visibility = 'approvers' AS note, deleted_at IS NOT NULL AS deleted
               FROM comments WHERE request_id = $1 ORDER BY place",
        )
        .bind(card.request_id)
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let written: Vec<(i64, String)> =
            sqlx::query_as("SELECT comment_id, ts FROM comment_copies WHERE card_id = $1 AND original")
                .bind(card.id)
                .fetch_all(&self.pool)
                .await
                .unwrap();
        let written: HashMap<String, i64> = written.into_iter().map(|(comment, ts)| (ts, comment)).collect();
        let by_id: HashMap<i64, &CommentRow> = comments.iter().map(|comment| (comment.id, comment)).collect();
        let mut times: HashMap<i64, usize> = HashMap::new();
        let mut last = 0;
        // Does it begin late in a long conversation? Then at which place?
        let (mut begins_late, mut begins_at) = (false, None);
        // Who is no longer asked hears no more, and is heard no more.
        let follows = match card.person_id {
            Some(person) => {
                let request = RequestId(card.request_id);
                conversation::thread_follows(&self.system, request, PersonId(person), &card.role)
                    .await
                    .unwrap()
            }
            None => true,
        };
        for message in copy.reader.thread(&copy.message).into_iter().skip(1) {
            if message.is_ephemeral() {
                continue;
            }
            let said = || indented(message.text());
            let (id, restored) = if message.is_by_app() {
                accounted.insert(message.ts().to_owned());
                let metadata = self.slack.metadata(&message.reference()).unwrap_or_default();
                let key = metadata["event_payload"]["key"].as_str().unwrap_or("").to_owned();
                let mut parts = key.split('-');
                let (of, comment) = (parts.next(), parts.next());
                if of == Some(card.id.to_string().as_str()) && comment == Some("story") {
                    // It stands before everything it leaves out.
                    if begins_late || !times.is_empty() {
                        found.push(format!("{what}: its thread says late that it begins late:\n{}", said()));
                    }
                    begins_late = true;
                    continue;
                }
                let comment = comment.and_then(|id| id.parse::<i64>().ok());
                if of != Some(card.id.to_string().as_str()) {
                    found.push(format!(
                        "{what}: its thread has a message of something else ({key}):\n{}",
                        said()
                    ));
                    continue;
                }
                (comment.unwrap_or_default(), parts.next().is_some())
            } else {
                match written.get(message.ts()) {
                    Some(comment) => (*comment, false),
                    None if !follows => continue,
                    None if !self.may_write(card, message.user()).await => continue,
                    None => {
                        found.push(format!(
                            "{what}: nobody has taken in what stands in its thread:\n{}",
                            said()
                        ));
                        continue;
                    }
                }
            };
            let Some(comment) = by_id.get(&id) else {
                found.push(format!("{what}: its thread says what was never said:\n{}", said()));
                continue;
            };
            *times.entry(id).or_default() += 1;
            // What people write stands where they wrote it, however late we heard of it.
            if !restored && message.is_by_app() {
                if comment.place < last {
                    found.push(format!("{what}: its thread is out of order at:\n{}", said()));
                }
                last = comment.place;
                begins_at = begins_at.or(Some(last));
            }
            let right = if message.is_by_app() {
                match self.eyes().carried(CommentId(id), restored).await.unwrap() {
                    Some(made) => bare(&message.json()["blocks"]) == bare(&json!(made.message.blocks)),
                    // It was taken back.
                    None => !message.text().contains(&comment.body),
                }
            } else if !self.may_write(card, message.user()).await {
                // What somebody changes who takes no part any more is not taken in.
                true
            } else {
                !comment.deleted && says(&message, comment)
            };
            if !right && (follows || comment.deleted) {
                found.push(format!(
                    "{what}: its thread does not say “{}” but:\n{}",
                    comment.body,
                    said()
                ));
            }
        }
        // A thread that began anew does not repeat what its reader wrote in the old one.
        let elsewhere: HashSet<i64> = written.into_values().collect();
        for comment in &comments {
            match times.get(&comment.id) {
                Some(1) if !comment.note => {}
                None if elsewhere.contains(&comment.id) || comment.deleted => {}
                None if begins_late && begins_at.is_some_and(|place| comment.place < place) => {}
                // Not for whoever asked, nor whom it is for.
                None if comment.note && !card.notes => {}
                Some(_) if comment.note && !card.notes => {
                    found.push(format!(
                        "{what}: its thread tells a note among approvers: “{}”",
                        comment.body
                    ));
                }
                Some(1) => {}
                None if !follows => {}
                None => found.push(format!("{what}: its thread does not say “{}”", comment.body)),
                Some(times) => found.push(format!("{what}: its thread says {times} times “{}”", comment.body)),
            }
        }
    }

    /// What approvers say among themselves stands nowhere that those can look whose access it is.
    async fn notes_are_kept(&self, only: Option<RequestId>, found: &mut Vec<String>) {
        let notes: Vec<(i64, String, i64, String)> = sqlx::query_as(
            "SELECT c.request_id, c.body, p.id, s.user_id
               FROM comments c JOIN requests r ON r.id = c.request_id
               JOIN people p ON p.id IN (r.requester_id, r.subject_id)
               JOIN slack_identities s ON s.person_id = p.id
              WHERE c.visibility = 'approvers' AND (c.request_id = $1 OR $1 IS NULL)",
        )
        .bind(only.map(|request| request.0))
        .fetch_all(&self.pool)
        .await
        .unwrap();
        let mut seen: HashMap<String, String> = HashMap::new();
        for (request, body, person, account) in notes {
            let reader = self.slack.person(&account);
            let shown = seen
                .entry(account)
                .or_insert_with(|| letters(&everything_shown_to(&reader)));
            let known = c1::db::people::person(&self.system.db, PersonId(person)).await.unwrap();
            let request = RequestId(request);
            let known = known.unwrap();
            let talk = conversation::conversation(&self.system, request, &known).await.unwrap();
            let page = c1::usecases::queries::details::details(&self.system, request, &known)
                .await
                .unwrap();
            let page = letters(&format!("{talk:?} {page:?}"));
            let body = letters(&body);
            if shown.contains(&body) || page.contains(&body) {
                found.push(format!("{} sees a note among approvers: {body}", reader.name()));
            }
        }
    }

    /// May whoever has this account write in the conversation that the card is about?
    async fn may_write(&self, card: &CardRow, account: &str) -> bool {
        let db = &self.system.db;
        let person = c1::db::people::by_slack(db, &self.eyes().team.0, account)
            .await
            .unwrap();
        let Some(person) = person.filter(c1::domain::person::Person::takes_part) else {
            return false;
        };
        let talk = conversation::conversation(&self.system, RequestId(card.request_id), &person)
            .await
            .unwrap();
        card.person_id.is_none() || card.role == "provisioner" || talk.is_some_and(|talk| talk.may_write)
    }

    async fn notices_agree(&self, stands: &[Stands], accounted: &mut HashSet<String>, found: &mut Vec<String>) {
        #[derive(sqlx::FromRow)]
        struct NoticeRow {
            id: i64,
            created_at: DateTime<Utc>,
            kind: String,
            body: String,
            ts: Option<String>,
            trouble: Option<String>,
        }
        let notices: Vec<NoticeRow> =
            sqlx::query_as("SELECT id, created_at, kind, body, ts, trouble FROM notices ORDER BY id")
                .fetch_all(&self.pool)
                .await
                .unwrap();
        for NoticeRow {
            id,
            created_at,
            kind,
            body,
            ts,
            trouble,
        } in notices
        {
            let key = format!("c1_notice {id}-{}", created_at.timestamp_micros());
            let copies: Vec<&Stands> = stands.iter().filter(|one| one.key == key).collect();
            accounted.extend(copies.iter().map(|copy| copy.message.ts().to_owned()));
            match (copies.len(), ts) {
                (0, None) if trouble.is_some() || kind == "reminder" => {}
                (0, None) => found.push(format!("notice {id} was never sent: {body}")),
                // Somebody may take it away: it was read.
                (0 | 1, _) => {}
                (times, _) => found.push(format!("notice {id} stands {times} times: {body}")),
            }
        }
    }

    /// Home tabs that people have opened show what is true.
    async fn homes_agree(&self, found: &mut Vec<String>) {
        let opened: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT p.id, p.name, s.user_id FROM slack_identities s JOIN people p ON p.id = s.person_id WHERE s.home_at IS NOT NULL",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        for (id, name, user) in opened {
            let person = self.slack.person(&user);
            let Some(shown) = person.home() else { continue };
            let made = self.eyes().home(PersonId(id)).await.unwrap().0;
            if bare(&shown.json()["blocks"]) != bare(&made["blocks"]) {
                found.push(format!(
                    "the Home tab of {name} shows what is not true now:\n{}\n  it should be:\n{}",
                    indented(shown.text()),
                    indented(&words(&made["blocks"]))
                ));
            }
        }
    }

    async fn card_of(&self, card: &CardRow) -> RequestCard {
        let (viewer, role) = match (card.person_id, card.role.as_str()) {
            (None, _) => (NOBODY, Role::Channel(card.step.unwrap_or_default().try_into().unwrap())),
            (Some(person), "approver") => (PersonId(person), Role::Approver),
            (Some(person), "provisioner") => (PersonId(person), Role::Provisioner),
            (Some(person), _) => (PersonId(person), Role::Requester),
        };
        let read = request_card(&self.system, RequestId(card.request_id), viewer, role).await;
        read.unwrap().unwrap()
    }

    /// What would be shown, drawn as c1 draws it; nothing is sent with it.
    fn eyes(&self) -> &Deliver {
        self.eyes.get_or_init(|| self.new_eyes())
    }

    fn new_eyes(&self) -> Deliver {
        let settings = Settings {
            api_url: self.slack.api_url().parse().unwrap(),
            bot_token: self.slack.bot_token().into(),
            app_token: None,
            within: Settings::WITHIN,
            paced: false,
        };
        Deliver {
            system: self.system.clone(),
            slack: Slack::new(&settings).unwrap(),
            team: TeamKey(super::company::workspace().team.id),
            ledger: Arc::default(),
            workspace: String::new(),
            names: true,
        }
    }
}

/// Everything that one person sees anywhere in Slack, also what nobody else does.
fn everything_shown_to(person: &Person) -> String {
    let mut all = String::new();
    let channels = super::company::workspace().channels;
    let tops = channels.iter().flat_map(|channel| person.messages(&channel.name));
    for top in tops.chain(person.dm()) {
        all += &top.json().to_string();
        for message in person.thread(&top) {
            all += &message.json().to_string();
        }
    }
    for view in [person.home(), person.modal()].into_iter().flatten() {
        all += &view.json().to_string();
    }
    all
}

/// Does a person's own message say what the comment does that was made of it? Only asked of letters without form: what
/// becomes of links and mentions is looked at in stories of their own.
fn says(message: &MessageSnapshot, comment: &CommentRow) -> bool {
    const LONG: usize = 10_000;
    let (Some(theirs), Some(words)) = (plain(&message.json()["blocks"]), &comment.words) else {
        return true;
    };
    let (theirs, ours) = (letters(&theirs), letters(&texts(words)));
    let marked = format!("note{ours}");
    theirs.len() > LONG || theirs == ours || (comment.note && theirs == marked)
}

/// The text of blocks that hold text and nothing else.
fn plain(blocks: &Value) -> Option<String> {
    let mut said = String::new();
    for block in blocks.as_array()? {
        match block["type"].as_str()? {
            "rich_text" | "rich_text_section" | "rich_text_quote" => said += &plain(&block["elements"])?,
            "text" => said += block["text"].as_str()?,
            _ => return None,
        }
    }
    Some(said)
}

/// All texts in words as they are kept.
fn texts(words: &Value) -> String {
    match words {
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("text", Value::String(text)) => text.clone(),
                _ => texts(value),
            })
            .collect(),
        _ => String::new(),
    }
}

/// Letters and digits, as they are compared.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What blocks say and what their buttons do, without what Slack adds to them.
fn bare(blocks: &Value) -> Vec<String> {
    match blocks {
        Value::Array(items) => items.iter().flat_map(bare).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_str());
            let said = fields.into_iter().map(|(name, value)| match (name.as_str(), value) {
                ("text" | "action_id" | "value" | "style" | "url" | "type", Value::String(text)) => vec![text.clone()],
                (_, inner) => bare(inner),
            });
            said.flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// The words in blocks, one below the other.
fn words(blocks: &Value) -> String {
    match blocks {
        Value::Array(items) => items
            .iter()
            .map(words)
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Object(fields) => match fields.get("text") {
            Some(Value::String(text)) => text.clone(),
            _ => fields
                .values()
                .map(words)
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\n"),
        },
        _ => String::new(),
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
