//! People come from Slack: who is there, who left, who is a guest.
//!
//! A Slack account is bound to a person once, and for good: by (workspace, user). The first time it is seen, a
//! *confirmed* e-mail address may lead to a person whom the files describe and who has no account yet; otherwise a new
//! person is made. A later change of address moves nothing, so that nobody takes over somebody else's authority by
//! taking their address.
//!
//! Takes any number of accounts at once, with the same few statements for one as for thousands, and may be repeated.

use crate::{
    db::{
        DbError, Tx,
        people::{self, Account, Profile},
    },
    domain::{
        ids::PersonId,
        person::{Kind, Standing},
        picture,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Slack's own helper, which is in every workspace and is nobody.
const SLACKBOT: &str = "USLACKBOT";

/// How long an account that says nothing new goes unnoted.
const SEEN_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

/// The longest name, title or key that is kept, in characters.
const LONGEST: usize = 120;

/// An account as Slack describes it (`users.list`, `users.info`, `user_change`, `team_join`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlackUser {
    /// `U…` or `W…`.
    pub id: String,
    /// The workspace it belongs to; people of other workspaces (shared channels) are ignored.
    pub team_id: String,
    /// The handle.
    pub name: String,
    /// The name people read; may be empty.
    pub real_name: String,
    /// The e-mail address, if we may see it.
    pub email: Option<String>,
    /// Has Slack seen that the address is theirs?
    pub email_confirmed: bool,
    /// A bot or an app.
    pub is_bot: bool,
    /// A guest, of one channel or of several (`is_restricted`, `is_ultra_restricted`).
    pub is_guest: bool,
    /// Somebody of another organisation (`is_stranger`).
    pub is_stranger: bool,
    /// Deactivated.
    pub deleted: bool,
    /// Job title; may be empty.
    pub title: String,
    /// Time zone (`Europe/Berlin`).
    pub tz: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// The person behind each account that counts, by Slack's user id.
    pub people: BTreeMap<String, PersonId>,
    /// People who were made.
    pub created: Vec<PersonId>,
    /// People known before, whose account was recognised by its confirmed address.
    pub bound: Vec<PersonId>,
    /// People of whom something else became known.
    pub changed: Vec<PersonId>,
    /// People who may no longer take part: their open requests close and their access ends.
    pub stopped: Vec<PersonId>,
    /// People who may take part again.
    pub resumed: Vec<PersonId>,
}

impl Linked {
    /// Whoever this concerns: where they ask, hold or decide, things have to be looked at again.
    #[must_use]
    pub fn to_look_at(&self) -> BTreeSet<PersonId> {
        self.stopped.iter().chain(&self.resumed).copied().collect()
    }
}

/// Takes in what Slack says about `users` of the workspace `team`.
///
/// # Errors
/// When the database does not answer.
pub async fn link(tx: &mut Tx<'_>, team: &str, users: &[SlackUser], now: DateTime<Utc>) -> Result<Linked, DbError> {
    // A page may name an account twice; the later word counts.
    let profiles: BTreeMap<String, Profile> = users
        .iter()
        .filter(|user| user.team_id == team && user.id != SLACKBOT && !user.id.is_empty() && !user.is_stranger)
        .map(|user| (user.id.clone(), profile(user)))
        .collect();
    let ids: Vec<String> = profiles.keys().cloned().collect();
    let mut accounts = people::accounts_in(tx, team, &ids).await?;
    let mut linked = Linked::default();
    // Whoever was gone before we heard of them needs no person.
    let is_news = |accounts: &[Account]| {
        let bound: HashSet<&str> = accounts.iter().map(|account| account.stored.user.as_str()).collect();
        let unbound = profiles
            .values()
            .filter(|profile| !bound.contains(profile.user.as_str()));
        unbound
            .filter(|profile| profile.standing == Standing::Active)
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut new = is_news(&accounts);
    if !new.is_empty() {
        people::lock_linking(tx).await?;
        accounts = people::accounts_in(tx, team, &ids).await?;
        new = is_news(&accounts);
    }
    let owners = owners_of_addresses(tx, &profiles).await?;
    update(tx, team, &profiles, &accounts, &owners, now, &mut linked).await?;
    welcome(tx, team, new, owners, now, &mut linked).await?;
    Ok(linked)
}

/// Who has an e-mail address, by the address in lower case; and whether an account is bound to them.
type Owners = HashMap<String, (PersonId, bool)>;

async fn owners_of_addresses(tx: &mut Tx<'_>, profiles: &BTreeMap<String, Profile>) -> Result<Owners, DbError> {
    let emails: Vec<String> = profiles
        .values()
        .filter_map(|profile| profile.email.as_deref())
        .map(str::to_lowercase)
        .collect();
    let owners = people::by_email_in(tx, &emails).await?;
    Ok(owners
        .into_iter()
        .map(|(email, person, bound)| (email, (person, bound)))
        .collect())
}

/// Accounts that are bound: what has changed about their people?
async fn update(
    tx: &mut Tx<'_>,
    team: &str,
    profiles: &BTreeMap<String, Profile>,
    accounts: &[Account],
    owners: &Owners,
    now: DateTime<Utc>,
    linked: &mut Linked,
) -> Result<(), DbError> {
    let mut store = Vec::new();
    let mut see = Vec::new();
    let mut taken: HashSet<String> = HashSet::new();
    for account in accounts {
        let Some(said) = profiles.get(&account.stored.user) else {
            continue;
        };
        linked.people.insert(said.user.clone(), account.person);
        let mut next = Profile {
            tz: said.tz.clone(),
            avatar: said.avatar.clone(),
            ..account.stored.clone()
        };
        next.kind = said.kind;
        // Whoever was deleted here stays deleted, whatever Slack says.
        if next.standing != Standing::Deleted {
            next.standing = said.standing;
        }
        if !account.in_files {
            next.name.clone_from(&said.name);
            next.title.clone_from(&said.title);
            if let Some(email) = &said.email {
                let lower = email.to_lowercase();
                let free = owners.get(&lower).is_none_or(|(owner, _)| *owner == account.person);
                if free && taken.insert(lower) {
                    next.email = Some(email.clone());
                }
            }
        }
        let (before, after) = (takes_part(&account.stored), takes_part(&next));
        match (before, after) {
            (true, false) => linked.stopped.push(account.person),
            (false, true) => linked.resumed.push(account.person),
            _ => {}
        }
        let same_account = next.tz == account.stored.tz && next.avatar == account.stored.avatar;
        if !same_account || account.seen_at + SEEN_AGAIN_AFTER <= now {
            see.push(said);
        }
        let same_person = Profile {
            tz: account.stored.tz.clone(),
            avatar: account.stored.avatar.clone(),
            ..next.clone()
        };
        if same_person != account.stored {
            linked.changed.push(account.person);
            store.push((account.person, next));
        }
    }
    if !store.is_empty() {
        people::store_profiles(tx, &store).await?;
    }
    if !see.is_empty() {
        people::see_accounts(tx, team, &see, now).await?;
    }
    Ok(())
}

/// Accounts that are seen for the first time: recognised by a confirmed address, or new people.
async fn welcome(
    tx: &mut Tx<'_>,
    team: &str,
    new: Vec<Profile>,
    mut owners: Owners,
    now: DateTime<Utc>,
    linked: &mut Linked,
) -> Result<(), DbError> {
    if new.is_empty() {
        return Ok(());
    }
    let (mut recognised, mut unknown) = (Vec::new(), Vec::new());
    for mut profile in new {
        let lower = profile.email.as_deref().map(str::to_lowercase);
        match lower.as_ref().and_then(|email| owners.get_mut(email)) {
            // A bot speaks for nobody, whatever address it has.
            Some((person, bound)) if !*bound && profile.kind != Kind::Bot => {
                *bound = true;
                recognised.push((*person, profile));
                continue;
            }
            // The address belongs to somebody else, who keeps it.
            Some(_) => profile.email = None,
            None => {
                if let Some(email) = lower {
                    // Reserved for this one, should a second account of the same page claim it.
                    owners.insert(email, (PersonId(0), true));
                }
            }
        }
        unknown.push(profile);
    }
    let before =
        people::people_by_ids_in(tx, &recognised.iter().map(|(person, _)| *person).collect::<Vec<_>>()).await?;
    let bindings: Vec<(PersonId, &Profile)> = recognised.iter().map(|(person, profile)| (*person, profile)).collect();
    people::bind_in(tx, team, &bindings, now).await?;
    give_keys(tx, &mut unknown).await?;
    let made = people::create_from_slack(tx, &unknown.iter().collect::<Vec<_>>(), now).await?;
    let bindings: Vec<(PersonId, &Profile)> = made.iter().copied().zip(&unknown).collect();
    people::bind_in(tx, team, &bindings, now).await?;
    linked
        .people
        .extend(bindings.iter().map(|(person, profile)| (profile.user.clone(), *person)));
    linked.created = made;
    // The recognised take over standing and kind; whatever else the files say of them stays.
    let accounts: Vec<Account> = {
        let users: Vec<String> = recognised.iter().map(|(_, profile)| profile.user.clone()).collect();
        people::accounts_in(tx, team, &users).await?
    };
    let profiles = recognised
        .iter()
        .map(|(_, profile)| (profile.user.clone(), profile.clone()))
        .collect();
    update(tx, team, &profiles, &accounts, &owners, now, linked).await?;
    linked.bound = before.into_keys().collect();
    Ok(())
}

/// Makes the keys of new people unique: `ana`, `ana-2`, `ana-3`.
async fn give_keys(tx: &mut Tx<'_>, unknown: &mut [Profile]) -> Result<(), DbError> {
    let wanted: Vec<String> = unknown.iter().map(|profile| profile.key.clone()).collect();
    let mut used: HashSet<String> = people::keys_like_in(tx, &wanted).await?.into_iter().collect();
    let mut next: HashMap<String, usize> = HashMap::new();
    for profile in unknown {
        let base = profile.key.clone();
        let number = next.entry(base.clone()).or_insert(1);
        while !used.insert(profile.key.clone()) {
            *number += 1;
            profile.key = format!("{base}-{number}");
        }
    }
    Ok(())
}

fn takes_part(profile: &Profile) -> bool {
    profile.standing == Standing::Active && profile.kind == Kind::Employee
}

fn profile(user: &SlackUser) -> Profile {
    let name = [&user.real_name, &user.name, &user.id]
        .into_iter()
        .map(|text| line(text))
        .find(|text| !text.is_empty());
    let said = |text: &Option<String>| text.as_deref().map(line).filter(|text| !text.is_empty());
    Profile {
        user: user.id.clone(),
        key: key(if user.name.is_empty() {
            &user.real_name
        } else {
            &user.name
        }),
        name: name.unwrap_or_default(),
        email: said(&user.email).filter(|email| user.email_confirmed && email.contains('@')),
        standing: if user.deleted {
            Standing::Suspended
        } else {
            Standing::Active
        },
        kind: match (user.is_bot, user.is_guest) {
            (true, _) => Kind::Bot,
            (false, true) => Kind::Guest,
            (false, false) => Kind::Employee,
        },
        title: line(&user.title),
        tz: said(&user.tz),
        avatar: user.avatar.clone().filter(|address| picture::origin(address).is_some()),
    }
}

/// One line of text, without what cannot be seen or turns the reading direction.
fn line(text: &str) -> String {
    let visible = text.chars().filter(|c| {
        !c.is_control() && !matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    });
    visible.take(LONGEST).collect::<String>().trim().to_owned()
}

/// A short name for files and commands: `Zoë O'Neil` becomes `zo-o-neil`.
fn key(name: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars().take(LONGEST) {
        match c {
            'a'..='z' | '0'..='9' => key.push(c),
            '.' | '_' if !key.is_empty() => key.push(c),
            _ if !key.is_empty() && !key.ends_with('-') => key.push('-'),
            _ => {}
        }
    }
    let key = key.trim_end_matches(['-', '.', '_']);
    if key.is_empty() {
        "person".to_owned()
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_of_names() {
        for (name, made) in [
            ("ana", "ana"),
            ("Ana.Alvarez", "ana.alvarez"),
            ("Zoë O'Neil", "zo-o-neil"),
            ("--x--", "x"),
            ("李雷", "person"),
            ("", "person"),
            ("_bot_", "bot"),
        ] {
            assert_eq!(key(name), made, "{name}");
        }
    }

    #[test]
    fn names_are_one_visible_line() {
        assert_eq!(line(" Ana\n\u{202e}Alvarez\u{200b} "), "AnaAlvarez");
        assert_eq!(line("عمر"), "عمر");
        assert_eq!(line(&"x".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn an_address_that_is_not_confirmed_is_no_address() {
        let user = |confirmed, email: &str| SlackUser {
            id: "U1".to_owned(),
            email: Some(email.to_owned()),
            email_confirmed: confirmed,
            ..SlackUser::default()
        };
        assert_eq!(
            profile(&user(true, "ana@example.com")).email.as_deref(),
            Some("ana@example.com")
        );
        assert_eq!(profile(&user(false, "ana@example.com")).email, None);
        assert_eq!(profile(&user(true, "")).email, None);
        assert_eq!(profile(&user(true, "")).name, "U1");
    }
}
