//! The record as people read it: what happened, in sentences.

use super::request_card::PersonRef;
use crate::{
    db::{self, Db, DbError, audit::Row},
    domain::{
        absence::Source,
        event::Event,
        ids::{EntitlementId, GrantId, PersonId, RequestId},
        length::{Length, spoken},
        review::Fit,
        step::{self, Approver, Verdict},
    },
    usecases::{
        System,
        authorize::{self, Reads},
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// Its number: the order in which things were written down.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None`: c1 itself.
    pub actor: Option<Named>,
    /// The door: `slack`, `web`, `operator`, `system`.
    pub via: String,
    /// The request it happened to.
    pub request: Option<RequestId>,
    /// The grant.
    pub grant: Option<GrantId>,
    /// The person.
    pub person: Option<Named>,
    /// ⚡
    pub emergency: bool,
    /// Its stable name.
    pub event: &'static str,
    /// In words that follow the name of who did it: "approved step 1: “fine”".
    pub sentence: String,
}

/// A person in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Their number.
    pub id: PersonId,
    /// Their key.
    pub key: String,
    /// Their name.
    pub name: String,
}

impl AuditLine {
    /// Who did it, in words.
    #[must_use]
    pub fn who(&self) -> &str {
        self.actor.as_ref().map_or("c1", |actor| &actor.name)
    }
}

impl From<&Named> for PersonRef {
    fn from(named: &Named) -> Self {
        Self {
            id: named.id,
            name: named.name.clone(),
        }
    }
}

/// The audit trail of a request, in order, as far as whoever reads it may: who may not read notes does not hear of them.
/// What they may read, the caller has asked.
///
/// # Errors
/// The database's.
pub async fn of_request(system: &System, request: RequestId, reads: Reads) -> Result<Vec<AuditLine>, DbError> {
    let mut rows = db::audit::story_of(&system.db, request).await?;
    rows.retain(|row| reads >= Reads::Notes || !row.event.is_for_approvers());
    lines(system, rows).await
}

/// Without the notes about whatever `reader` asked for themselves, or is to have: those they read nowhere.
///
/// # Errors
/// The database's.
pub async fn without_notes_about(db: &Db, reader: PersonId, rows: Vec<Row>) -> Result<Vec<Row>, DbError> {
    let notes = rows.iter().filter(|row| row.event.is_for_approvers());
    let requests: Vec<RequestId> = notes.filter_map(|row| row.request).collect();
    if requests.is_empty() {
        return Ok(rows);
    }
    let requests = db::requests::get_many(db, &requests).await?;
    let own = |id: Option<RequestId>| {
        let mut own = requests.iter().filter(|request| authorize::is_own(reader, request));
        own.any(|request| Some(request.id) == id)
    };
    let hidden = |row: &Row| row.event.is_for_approvers() && own(row.request);
    Ok(rows.into_iter().filter(|row| !hidden(row)).collect())
}

/// Rows in words.
///
/// # Errors
/// The database's.
pub async fn lines(system: &System, rows: Vec<Row>) -> Result<Vec<AuditLine>, DbError> {
    let (mut people, mut entitlements) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        people.extend(row.actor);
        people.extend(row.person);
        mentioned(&row.event, &mut people, &mut entitlements);
    }
    let ids: Vec<PersonId> = people.into_iter().collect();
    let known = db::people::people_by_ids(&system.db, &ids).await?;
    let entitlements: Vec<EntitlementId> = entitlements.into_iter().collect();
    let words = Words {
        people: known
            .into_values()
            .map(|person| {
                let named = Named {
                    id: person.id,
                    key: person.key,
                    name: person.name,
                };
                (person.id, named)
            })
            .collect(),
        paths: db::catalog::paths(&system.db, &entitlements).await?,
    };
    Ok(rows
        .into_iter()
        .map(|row| AuditLine {
            id: row.id,
            at: row.at,
            actor: row.actor.map(|id| words.named(id)),
            via: row.via,
            request: row.request,
            grant: row.grant,
            person: row.person.map(|id| words.named(id)),
            emergency: row.emergency,
            event: row.event.name(),
            sentence: words.sentence(&row.event),
        })
        .collect())
}

/// Whom and what a sentence will name.
fn mentioned(event: &Event, people: &mut BTreeSet<PersonId>, entitlements: &mut BTreeSet<EntitlementId>) {
    match event {
        Event::Submitted {
            subject, entitlement, ..
        } => {
            people.insert(*subject);
            entitlements.insert(*entitlement);
        }
        Event::StepOpened { approvers, .. } | Event::ApproversChanged { approvers, .. } => {
            people.extend(approvers.iter().map(|approver| approver.person));
        }
        Event::ClaimEnded { person, .. } => drop(people.insert(*person)),
        Event::Reassigned { from, to, .. } => people.extend([*from, *to]),
        Event::HoldAdded {
            subject, entitlement, ..
        } => {
            people.insert(*subject);
            entitlements.insert(*entitlement);
        }
        Event::ReviewOpened { reviewers, .. } | Event::ReviewersChanged { reviewers, .. } => people.extend(reviewers),
        Event::AbsenceSet { delegate, .. } => people.extend(*delegate),
        // Whoever did these is the actor.
        _ => {}
    }
}

struct Words {
    people: BTreeMap<PersonId, Named>,
    paths: BTreeMap<EntitlementId, String>,
}

impl Words {
    fn named(&self, id: PersonId) -> Named {
        self.people.get(&id).cloned().unwrap_or_else(|| Named {
            id,
            key: String::new(),
            name: "somebody".to_owned(),
        })
    }

    fn name(&self, id: PersonId) -> String {
        self.named(id).name
    }

    fn names(&self, people: impl IntoIterator<Item = PersonId>) -> String {
        let names: Vec<String> = people.into_iter().map(|id| self.name(id)).collect();
        match names.split_last() {
            None => "nobody".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
        }
    }

    fn asked(&self, approvers: &[Approver], source: step::Source) -> String {
        let names = self.names(approvers.iter().map(|approver| approver.person));
        let why = match source {
            step::Source::Primary => "",
            step::Source::Fallback => " (the fallback)",
            step::Source::LastResort => " (the last resort)",
            step::Source::Joined => " (more people)",
        };
        format!("{names}{why}")
    }

    fn path(&self, id: EntitlementId) -> &str {
        self.paths.get(&id).map_or("something", String::as_str)
    }

    /// One for each kind of event, to follow the name of who did it.
    fn sentence(&self, event: &Event) -> String {
        let nth = |step: &usize| format!("step {}", step + 1);
        match event {
            Event::Submitted {
                subject,
                requester,
                entitlement,
                length,
                justification,
                emergency,
                extension,
                plan,
                bundle: _,
            } => {
                let for_whom = match subject == requester {
                    true => String::new(),
                    false => format!(" for {}", self.name(*subject)),
                };
                let what = match (emergency, extension) {
                    (true, _) => "broke glass: asked for",
                    (false, true) => "asked for more time with",
                    (false, false) => "asked for",
                };
                let rule = if plan.rule.is_empty() { "" } else { ", rule " };
                said(
                    format!(
                        "{what} {}{for_whom}, {} (policy {}{rule}{})",
                        self.path(*entitlement),
                        span(*length),
                        plan.policy,
                        plan.rule
                    ),
                    justification,
                )
            }
            Event::StepOpened {
                step,
                approvers,
                source,
                ..
            } if !approvers.is_empty() => {
                format!("opened {}: asks {}", nth(step), self.asked(approvers, *source))
            }
            Event::StepOpened { step, .. } => format!("opened {}", nth(step)),
            Event::ApproversChanged {
                step,
                approvers,
                source,
                ..
            } => format!("now asks {} in {}", self.asked(approvers, *source), nth(step)),
            Event::StepWidened { step } => format!("asked more people, for nobody had decided {} in time", nth(step)),
            Event::Decided {
                step, verdict, reason, ..
            } => {
                let did = match verdict {
                    Verdict::Approve => "approved",
                    Verdict::Deny => "denied",
                };
                said(format!("{did} {}", nth(step)), reason)
            }
            Event::StepPassed { step, automatic: true } => format!("passed {} by itself", nth(step)),
            Event::StepPassed { step, .. } => format!("passed {}", nth(step)),
            Event::Approved => "approved the request".to_owned(),
            Event::Denied { reason, .. } => said("denied the request".to_owned(), reason),
            Event::Cancelled { reason, .. } => said("cancelled the request".to_owned(), reason),
            Event::Expired { step } => format!("let the request expire: nobody decided {} in time", nth(step)),
            Event::Closed { cause } => format!("closed the request because {}", cause.words()),
            Event::Escalated { reason, length, .. } => said(
                format!("made it an emergency, for {length}; what was approved is void"),
                reason,
            ),
            Event::Claimed { step, until, .. } => format!("took {} on, until {}", nth(step), moment(*until)),
            Event::ClaimEnded { step, person } => {
                format!("noted that {} is no longer on {}", self.name(*person), nth(step))
            }
            Event::Reassigned {
                step, from, to, reason, ..
            } => said(
                format!(
                    "gave the place of {} in {} to {}",
                    self.name(*from),
                    nth(step),
                    self.name(*to)
                ),
                reason,
            ),
            Event::Shortened { from, to, reason, .. } => {
                said(format!("made it shorter: {to} in place of {from}"), reason)
            }
            Event::Nudged { step, .. } => format!("had those who are asked in {} reminded", nth(step)),
            Event::RemindLater { step, at } => {
                format!("wants to be reminded of {} at {}", nth(step), moment(*at))
            }
            Event::DeadlineReminded { step } => format!("reminded everyone who is asked in {}", nth(step)),
            Event::CancelledByAdmin { reason, .. } => said("cancelled the request as administrator".to_owned(), reason),
            Event::Restarted { reason, plan, .. } => said(
                format!("had it begin anew as administrator (policy {})", plan.policy),
                reason,
            ),
            Event::StepSkippedByAdmin { step, reason, .. } => {
                said(format!("skipped {} as administrator: no approval", nth(step)), reason)
            }
            Event::Unanswered { step } => format!("asked the last resort too: nobody answered {}", nth(step)),
            Event::StepSkipped { step } => format!("skipped {}: nobody decided in time", nth(step)),
            Event::StepAdded { .. } => "added a step: every other was skipped".to_owned(),
            Event::HoldAdded {
                request,
                subject,
                entitlement,
                length,
            } => format!(
                "gave {} {}, {}, by request #{request}",
                self.name(*subject),
                self.path(*entitlement),
                span(*length)
            ),
            Event::Provisioned { already: true, .. } => "found that the access was there already".to_owned(),
            Event::Provisioned { .. } => "confirmed that the access works".to_owned(),
            Event::ProvisioningFailed { why, .. } => said("could not set the access up".to_owned(), why),
            Event::ProvisioningRetried => "tried again to set the access up".to_owned(),
            Event::HoldEnded { request } => format!("ended the time of request #{request}"),
            Event::EndingBegan { cause, .. } => format!("began to take the access away because {}", cause.words()),
            Event::Ended { kept: true, .. } => "ended the access, and left what was there before".to_owned(),
            Event::Ended { .. } => "confirmed that the access is gone".to_owned(),
            Event::EndOverdue { why } => said("could not take the access away in time".to_owned(), why),
            Event::Commented { note: true, .. } => "wrote a note to the approvers".to_owned(),
            Event::Commented { .. } => "wrote a comment".to_owned(),
            Event::CommentEdited { note: true, .. } => "changed a note to the approvers".to_owned(),
            Event::CommentEdited { .. } => "changed a comment".to_owned(),
            Event::CommentDeleted { note: true, .. } => "took a note to the approvers back".to_owned(),
            Event::CommentDeleted { .. } => "took a comment back".to_owned(),
            Event::ReviewOpened { reviewers, due_at, .. } => format!(
                "opened a review, by {}: {}",
                moment(*due_at),
                self.names(reviewers.iter().copied())
            ),
            Event::ReviewersChanged { reviewers, .. } => {
                format!("now asks {} for the review", self.names(reviewers.iter().copied()))
            }
            Event::ReviewOverdue { .. } => "noted that the review is overdue".to_owned(),
            Event::Reviewed { findings, .. } => {
                let verdict = if findings.justified {
                    "justified"
                } else {
                    "not justified"
                };
                let fit = match findings.fit {
                    Fit::Fits => "for the right time",
                    Fit::TooLong => "for too long",
                    Fit::TooShort => "for too short a time",
                };
                said(format!("reviewed it: {verdict}, {fit}"), &findings.follow_up)
            }
            Event::DrillStarted { drill } => format!("began drill {drill}"),
            Event::DrillFinished { drill, ok, .. } => {
                format!(
                    "ended drill {drill}: {}",
                    if *ok { "everything works" } else { "something failed" }
                )
            }
            Event::AlarmRaised { alarm, kind } => {
                format!("raised alarm {alarm}: {}", kind.word().replace('_', " "))
            }
            Event::AlarmTaken { alarm, .. } => format!("took alarm {alarm}"),
            Event::AuditRead { filter } => format!("read the record: {filter}"),
            Event::AbsenceSet {
                from,
                until,
                delegate,
                source,
            } => {
                let stands_in = match delegate {
                    Some(delegate) => format!("; {} stands in", self.name(*delegate)),
                    None => String::new(),
                };
                let by = match source {
                    Source::Said => "",
                    Source::Status => ", by their status in Slack",
                    Source::DoNotDisturb => ", by “do not disturb” in Slack",
                };
                format!("is away from {} until {}{by}{stands_in}", moment(*from), moment(*until))
            }
            Event::AbsenceBegan => "noted that the absence has begun".to_owned(),
            Event::AbsenceEnded { early: true } => "is back early".to_owned(),
            Event::AbsenceEnded { .. } => "noted that the absence is over".to_owned(),
            Event::SignedIn => "signed in on the web".to_owned(),
            Event::SignedOut => "signed out".to_owned(),
        }
    }
}

/// With somebody's own words, if there are any.
fn said(sentence: String, words: &str) -> String {
    match words.trim() {
        "" => sentence,
        words => format!("{sentence}: “{words}”"),
    }
}

fn span(length: Length) -> String {
    match length {
        Length::For(seconds) => format!("for {}", spoken(seconds)),
        Length::NoEnd => "without an end".to_owned(),
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
