//! The one table of side effects: what has to happen outside when something has happened here.

use super::{Error, change::Caretakers, job::Job};
use crate::{
    db::{self, Tx, comments::NewComment},
    domain::{
        event::{Cause, Event},
        facts::Facts,
        grant::Grant,
        ids::{GrantId, PersonId, RequestId},
        length::Length,
        request::Request,
        step::{Source, Verdict},
    },
};
use chrono::{DateTime, Utc};

/// What is to be written with the decision: who has to see what, and what has to be done.
#[derive(Debug, Default)]
pub struct Effects {
    /// Do the copies of the card show something old now?
    cards: bool,
    /// People who need a copy, and why.
    readers: Vec<(PersonId, &'static str)>,
    /// Lines for the conversation, said by c1.
    lines: Vec<String>,
    /// Notices, each to one person.
    notices: Vec<(PersonId, &'static str, String)>,
    /// Grants to settle.
    settle: Vec<GrantId>,
    /// Earlier requests whose cards show the same access.
    earlier: Vec<RequestId>,
    /// Has the request been approved, so that it needs a grant?
    pub(super) grants: bool,
}

/// What an event of a request leads to.
pub(super) fn of_request(event: &Event, request: &Request, facts: &Facts, effects: &mut Effects) {
    let name = |person: PersonId| facts.name(person);
    match event {
        Event::Submitted { .. } => {
            effects.cards = true;
            effects.reader(request.subject, "requester");
            effects.reader(request.requester, "requester");
            if let Some(alarm) = &request.alarm {
                for person in &facts.last_resort {
                    effects.notices.push((
                        *person,
                        "alarm",
                        format!(
                            "⚠️ Request #{} of {} could not follow its policy: {alarm}. The last resort decides it.",
                            request.id,
                            name(request.requester)
                        ),
                    ));
                }
            }
        }
        Event::StepOpened {
            approvers,
            source,
            step,
            ..
        }
        | Event::ApproversChanged {
            approvers,
            source,
            step,
        } => {
            effects.cards = true;
            approvers
                .iter()
                .for_each(|approver| effects.reader(approver.person, "approver"));
            if *source == Source::LastResort && request.alarm.is_none() {
                let step = request.steps.get(*step).map_or("a step", |step| step.name());
                for person in &facts.last_resort {
                    effects.notices.push((
                        *person,
                        "alarm",
                        format!(
                            "⚠️ Nobody could decide the step “{step}” of request #{}; the last resort was asked.",
                            request.id
                        ),
                    ));
                }
            }
        }
        Event::StepWidened { .. } => effects.cards = true,
        Event::Decided {
            person,
            verdict: Verdict::Approve,
            reason,
            step,
        } => {
            effects.cards = true;
            let of = if request.steps.len() > 1 {
                format!(" (step {} of {})", step + 1, request.steps.len())
            } else {
                String::new()
            };
            effects
                .lines
                .push(format!("✅ *{}* approved{of}{}", name(*person), because(reason)));
        }
        // The denial that follows says it.
        Event::Decided {
            verdict: Verdict::Deny, ..
        } => effects.cards = true,
        Event::StepPassed { automatic, step } => {
            effects.cards = true;
            if *automatic {
                let step = request.steps.get(*step).map_or("A step", |step| step.name());
                effects.lines.push(format!("✅ {step}: passed by the policy"));
            }
        }
        Event::Approved => {
            effects.cards = true;
            effects.grants = true;
        }
        Event::Denied { by, reason, .. } => {
            effects.cards = true;
            let who = by.map_or_else(|| "The policy".to_owned(), |by| format!("*{}*", name(by)));
            effects
                .lines
                .push(format!("❌ {who} denied the request{}", because(reason)));
        }
        Event::Cancelled { by, reason } => {
            effects.cards = true;
            effects
                .lines
                .push(format!("🚫 *{}* cancelled the request{}", name(*by), because(reason)));
        }
        Event::Expired { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⌛ The request expired: nobody decided in time".to_owned());
        }
        Event::Closed { cause } => {
            effects.cards = true;
            effects
                .lines
                .push(format!("🚫 The request was closed because {}", cause.words()));
        }
        Event::Escalated { by, reason, .. } => {
            effects.cards = true;
            let void: usize = request.earlier.last().map_or(0, |round| {
                round.steps.iter().map(crate::domain::step::Step::approvals).sum()
            });
            let void = match void {
                0 => String::new(),
                1 => " One approval no longer counts.".to_owned(),
                more => format!(" {more} approvals no longer count."),
            };
            effects.lines.push(format!(
                "⚡ *{}* made this an emergency{}{}{void}",
                name(*by),
                because(reason),
                if reason.is_empty() && !void.is_empty() { "." } else { "" }
            ));
        }
        Event::Claimed { .. } | Event::ClaimEnded { .. } => effects.cards = true,
        Event::Reassigned {
            from, to, by, reason, ..
        } => {
            effects.cards = true;
            let given = if by == from {
                format!("↪️ *{}* gave this to *{}*", name(*by), name(*to))
            } else {
                let (by, from, to) = (name(*by), name(*from), name(*to));
                format!("↪️ Administrator *{by}* gave the place of *{from}* to *{to}*")
            };
            effects.lines.push(format!("{given}{}", because(reason)));
        }
        Event::Shortened {
            by, from, to, reason, ..
        } => {
            effects.cards = true;
            let line = format!(
                "✂️ *{}* made it shorter: {to} in place of {from}{}",
                name(*by),
                because(reason)
            );
            let approved = request.steps.iter().any(|step| step.approvals() > 0);
            let stays = "\nApprovals given before stay: it is less than what they approved.";
            effects
                .lines
                .push(format!("{line}{}", if approved { stays } else { "" }));
        }
        Event::Nudged { by, .. } => {
            effects.cards = true;
            effects.lines.push(format!(
                "⏰ *{}* asks for an answer: those who can give it are reminded",
                name(*by)
            ));
        }
        Event::DeadlineReminded { .. } => {
            effects.cards = true;
            effects
                .lines
                .push("⏰ Nobody has decided in time: everyone who is asked is reminded".to_owned());
        }
        Event::CancelledByAdmin { by, reason } => {
            effects.cards = true;
            effects.lines.push(format!(
                "🚫 Administrator *{}* cancelled the request{}",
                name(*by),
                because(reason)
            ));
        }
        Event::Restarted { by, reason, .. } => {
            effects.cards = true;
            effects.lines.push(format!(
                "🔁 Administrator *{}* had the request begin anew, by today's policy{}\nApprovals given before count no more.",
                name(*by),
                because(reason)
            ));
        }
        Event::StepSkippedByAdmin { by, reason, step } => {
            effects.cards = true;
            let step = request.steps.get(*step).map_or("A step", |step| step.name());
            effects.lines.push(format!(
                "⏭️ {step}: skipped by administrator *{}*{}",
                name(*by),
                because(reason)
            ));
        }
        Event::Commented { .. } => {}
        _ => {}
    }
}

/// What an event of a grant leads to, for one of the requests that hold on to it.
pub(super) fn of_grant(event: &Event, grant: &Grant, request: RequestId, care: &Caretakers, effects: &mut Effects) {
    let holds = |hold: &&crate::domain::grant::Hold| hold.request == request;
    // A task and an alarm are one, however many requests hold on to the access: they go with the newest.
    let newest = grant.holds.iter().all(|hold| hold.request <= request);
    match event {
        Event::Provisioned { .. } => {
            effects.cards = true;
            let length = grant.holds.iter().find(holds).map_or(Length::NoEnd, |hold| hold.length);
            effects.lines.push(match length {
                Length::For(_) => format!("🔓 Access granted to *{}* for {length}", care.subject.name),
                Length::NoEnd => format!("🔓 Access granted to *{}*", care.subject.name),
            });
        }
        Event::ProvisioningFailed { why, by } => {
            effects.cards = true;
            effects.lines.push(match by {
                Some(_) => format!("⚠️ The access will not be given: {}", neutral(why)),
                None => format!("⚠️ The access could not be given yet: {}", neutral(why)),
            });
            // A connector that cannot leaves the task to people.
            if by.is_none() && newest {
                care.owners
                    .iter()
                    .for_each(|owner| effects.reader(*owner, "provisioner"));
            }
        }
        Event::ProvisioningRetried => {
            effects.cards = true;
            effects.settle(grant.id);
        }
        Event::HoldEnded { .. } => effects.cards = true,
        Event::EndingBegan { .. } => {
            effects.cards = true;
            effects.settle(grant.id);
        }
        Event::Ended { .. } => {
            effects.cards = true;
            let why = match grant.cause {
                Some(Cause::Time) | None => "Access ended: its time was over".to_owned(),
                Some(cause) => format!("Access ended because {}", cause.words()),
            };
            effects.lines.push(format!("🔒 {why}"));
        }
        Event::EndOverdue { why } => {
            effects.cards = true;
            effects
                .lines
                .push(format!("🚨 The access should have ended but has not: {}", neutral(why)));
            for owner in care.owners.iter().filter(|_| newest) {
                effects.reader(*owner, "provisioner");
                effects.notices.push((
                    *owner,
                    "alarm",
                    format!(
                        "🚨 The access of {} under request #{request} should have ended but has not: {}",
                        care.subject.name,
                        neutral(why)
                    ),
                ));
            }
        }
        _ => {}
    }
    if matches!(event, Event::EndingBegan { .. }) && care.by_hand && newest {
        care.owners
            .iter()
            .for_each(|owner| effects.reader(*owner, "provisioner"));
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {}", neutral(reason))
    }
}

/// A person's own words inside a line of Slack markup: nothing in them is markup.
fn neutral(text: &str) -> String {
    let short: String = text.chars().take(500).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Effects {
    /// Has a grant brought in line with its target.
    pub(super) fn settle(&mut self, grant: GrantId) {
        if !self.settle.contains(&grant) {
            self.settle.push(grant);
        }
    }

    /// Says that an access that works already lasts longer now.
    pub(super) fn lengthened(&mut self, request: &Request, earlier: impl Iterator<Item = RequestId>) {
        self.cards = true;
        self.earlier.extend(earlier);
        self.lines.push(format!("🔓 Access continues: {}", request.length));
    }

    /// Gives somebody a copy of the card.
    pub(super) fn reader(&mut self, person: PersonId, role: &'static str) {
        if !self.readers.contains(&(person, role)) {
            self.readers.push((person, role));
        }
    }

    /// Writes it all down in the transaction of the decision, but for the jobs, which it returns: a transaction enqueues
    /// all of its jobs at once.
    pub(super) async fn write(
        self,
        tx: &mut Tx<'_>,
        now: DateTime<Utc>,
        request: RequestId,
    ) -> Result<Vec<Job>, Error> {
        let mut jobs: Vec<Job> = self.settle.into_iter().map(Job::SettleGrant).collect();
        for line in &self.lines {
            let new = NewComment {
                request,
                author: None,
                body: line,
                via: "system",
            };
            db::comments::append(tx, now, new).await?;
        }
        if self.cards || !self.readers.is_empty() {
            let copies = db::cards::ensure(tx, request, &self.readers).await?;
            for card in copies {
                jobs.push(Job::RefreshCard(card));
                if !self.lines.is_empty() {
                    jobs.push(Job::SyncThread(card));
                }
            }
            jobs.extend(
                db::reading::with_home(tx, request)
                    .await?
                    .into_iter()
                    .map(Job::RefreshHome),
            );
        }
        for (person, kind, body) in self.notices {
            let id = db::notices::insert(tx, now, person, Some(request), kind, &body).await?;
            jobs.push(Job::SendNotice(id));
        }
        for earlier in self.earlier {
            let copies = db::cards::of_request(tx, earlier).await?;
            jobs.extend(copies.into_iter().map(Job::RefreshCard));
        }
        Ok(jobs)
    }
}
