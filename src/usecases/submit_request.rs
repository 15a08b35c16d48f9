//! Asks for access: for oneself or somebody else, in the ordinary way or as an emergency.

use super::{
    Actor, Error, System, authorize, change,
    explain::Question,
    facts::{self, Whose},
};
use crate::{
    db::{self, DbError, Tx},
    domain::{
        catalog::Entitlement,
        dry_run::DryRun,
        event::Event,
        facts::Facts,
        ids::{BundleId, EntitlementId, PersonId, RequestId},
        length::{Length, LengthRules},
        policy::{Named, Plan, Policy, StepSpec},
        refusal::{Refusal, tidy},
        request::PATIENCE,
        review,
        step::{Asking, would_ask},
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// What is asked for. Everything in it is checked here, whatever the door has checked before.
#[derive(Clone, Debug)]
pub struct Submission {
    /// For whom; `None`: for oneself.
    pub subject: Option<PersonId>,
    /// For what.
    pub entitlement: EntitlementId,
    /// For how long; `None`: the entitlement's default.
    pub length: Option<Length>,
    /// Why.
    pub justification: String,
    /// With the emergency toggle?
    pub emergency: bool,
    /// To lengthen access that is held?
    pub extension: bool,
    /// The act, as the door names it: the same act makes one request, however often it arrives.
    pub origin: Option<String>,
}

/// Makes the request and has everyone concerned told.
///
/// # Errors
/// The refusals of [`Ask::check`], of lengths, of emergencies; [`Refusal::AlreadyAsked`], [`Refusal::NobodyToAsk`].
pub async fn submit_request(system: &System, actor: Actor, submission: Submission) -> Result<RequestId, Error> {
    let now = system.clock.now();
    let origin = submission.origin.clone();
    let subject = submission.subject.unwrap_or(actor.somebody()?);
    let entitlement = submission.entitlement;
    let written = system
        .db
        .write("submit_request", async |tx| {
            let requester = actor.somebody()?;
            if submission.emergency {
                // Whether it may be had as an emergency is a matter of this moment, whenever the toggle was set.
                db::catalog::hold_still(tx, entitlement).await?;
            }
            let mut ask = Ask::load(tx, now, requester, subject, entitlement).await?;
            let length = submission.length.unwrap_or(ask.lengths(submission.emergency).default);
            ask.meet(tx, submission.emergency, length).await?;
            if submission.emergency {
                ask.patience = db::settings::read_in(tx).await?.alarm_after;
            }
            let event = ask.event(&submission, None)?;
            let skipped = if submission.emergency {
                ask.skipped(&event)
            } else {
                Vec::new()
            };
            let origin = submission.origin.as_deref();
            let request = change::begin_request(tx, now, actor, event, &ask.facts, skipped, origin).await?;
            Ok::<_, Error>(request.id)
        })
        .await;
    match written {
        Err(Error::Internal(error)) => match constraint(&error) {
            // The same act again: its request is the answer.
            Some("requests_origin_once") => match origin {
                Some(origin) => db::requests::by_origin(&system.db, &origin)
                    .await?
                    .ok_or(Error::NotFound),
                None => Err(Error::Internal(error)),
            },
            Some("requests_one_open") => {
                let open = db::reading::open_request(&system.db, subject, entitlement).await?;
                Err(open.map_or(Error::NotFound, |request| Refusal::AlreadyAsked { request }.into()))
            }
            _ => Err(Error::Internal(error)),
        },
        // The first time the same act was taken in, its answer got lost.
        Err(Error::Refused(refusal @ (Refusal::AlreadyAsked { .. } | Refusal::AlreadyHeld { .. }))) => {
            let made = match origin {
                Some(origin) => db::requests::by_origin(&system.db, &origin).await?,
                None => None,
            };
            made.ok_or(Error::Refused(refusal))
        }
        other => other,
    }
}

/// A plan of an emergency, with a second person before everyone else while a review of the one who would use it is
/// overdue.
#[must_use]
pub fn with_second_person(mut plan: Plan, overdue: Option<RequestId>) -> Plan {
    let denies = plan.steps.iter().any(|step| matches!(step, StepSpec::Deny { .. }));
    if overdue.is_some() && !denies {
        plan.steps.insert(0, review::second_person());
    }
    plan
}

/// The constraint that refused a write, if one did.
pub(super) fn constraint(error: &anyhow::Error) -> Option<&str> {
    match error.downcast_ref::<DbError>() {
        Some(DbError::Constraint(name)) => Some(name),
        _ => None,
    }
}

/// Whom either policy names.
fn both<'a>(policy: &'a Policy, emergency: Option<&'a Policy>) -> Named<'a> {
    policy.named().and(emergency.map(Policy::named).unwrap_or_default())
}

/// Everything that is needed to judge an ask.
#[derive(Debug)]
pub struct Ask {
    /// Who asks.
    pub requester: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// The hour.
    pub now: DateTime<Utc>,
    /// The present.
    pub facts: Facts,
    /// The policy for ordinary requests.
    pub policy: Policy,
    /// The policy for emergencies, if one is assigned.
    pub emergency: Option<Policy>,
    /// Is the entitlement visible to the subject?
    visible: bool,
    /// Has the requester the subject among their people, however far down?
    manages: bool,
    /// How the subject stands to the entitlement.
    stands: db::reading::Stands,
    /// An emergency of the subject whose review is overdue.
    pub overdue: Option<RequestId>,
    /// How long an emergency waits for people before it is an alarm.
    patience: TimeDelta,
}

impl Ask {
    /// Loads it, inside the transaction that will decide.
    ///
    /// # Errors
    /// [`Refusal::NoSuchEntitlement`], or the database's.
    pub async fn load(
        tx: &mut Tx<'_>,
        now: DateTime<Utc>,
        requester: PersonId,
        subject: PersonId,
        entitlement: EntitlementId,
    ) -> Result<Self, Error> {
        let entitlement = db::catalog::entitlement_in(tx, entitlement)
            .await?
            .ok_or(Refusal::NoSuchEntitlement)?;
        let stands = db::reading::stands(tx, requester, subject, entitlement.id).await?;
        let (policy, emergency) = db::reading::policies_of(tx, &entitlement).await?;
        let whose = Whose {
            requester,
            subject,
            others: Vec::new(),
        };
        let named = both(&policy, emergency.as_ref());
        let facts = facts::of(tx, now, &whose, &named, entitlement).await?;
        let overdue = match emergency {
            Some(_) => db::reviews::overdue_of(tx, &[subject]).await?,
            None => None,
        };
        Ok(Self {
            requester,
            subject,
            now,
            overdue,
            patience: PATIENCE,
            visible: stands.visible,
            manages: stands.manages,
            facts,
            policy,
            emergency,
            stands,
        })
    }

    /// Loads whomever the policies' expressions come to for this length, so that they can be asked.
    ///
    /// # Errors
    /// The database's.
    pub async fn meet(&mut self, tx: &mut Tx<'_>, emergency: bool, length: Length) -> Result<(), Error> {
        let named = both(&self.policy, self.emergency.as_ref());
        if named.expressions.is_empty() {
            return Ok(());
        }
        let whose = Whose {
            requester: self.requester,
            subject: self.subject,
            others: Vec::new(),
        };
        // Also those whom an emergency does without.
        let scopes =
            [emergency, false].map(|emergency| self.facts.scope(self.requester, self.subject, emergency, length));
        self.facts = facts::with_expressions(tx, self.now, &whose, &named, self.facts.clone(), &scopes).await?;
        Ok(())
    }

    /// The same in an organisation that is not applied, where nobody has asked for anything or holds it. Whom `plan` names
    /// is known too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when one of the names leads nowhere.
    pub fn in_dry_run(run: &DryRun, question: &Question, plan: Option<&Plan>) -> Result<Self, Error> {
        let person = |key: &str| run.person(key).ok_or(Error::NotFound);
        let subject = person(&question.subject)?;
        let requester = person(question.requester())?;
        let path = &question.entitlement;
        let entitlement = run.entitlement(path).ok_or(Error::NotFound)?;
        let (policy, emergency) = run.policies(path).ok_or(Error::NotFound)?;
        let stands = db::reading::Stands {
            visible: run.sees(&question.subject, path),
            manages: run.manages(requester, subject),
            ..db::reading::Stands::default()
        };
        let named = both(&policy, emergency.as_ref()).and(plan.map(Plan::named).unwrap_or_default());
        let mut ask = Self {
            requester,
            subject,
            now: question.at,
            overdue: None,
            patience: PATIENCE,
            visible: stands.visible,
            manages: stands.manages,
            facts: run.facts(requester, subject, entitlement, &named, question.at),
            policy: policy.clone(),
            emergency: emergency.clone(),
            stands,
        };
        if !named.expressions.is_empty() {
            let length = question.length.unwrap_or(ask.lengths(question.emergency).default);
            let scopes = [ask.facts.scope(requester, subject, question.emergency, length)];
            let come_to = named.come_to(&scopes);
            let named = named.clone().and(come_to.named());
            ask.facts = run.facts(requester, subject, ask.facts.entitlement, &named, question.at);
        }
        Ok(ask)
    }

    fn entitlement(&self) -> &Entitlement {
        &self.facts.entitlement
    }

    /// May this person ask for this, for that person, at all?
    ///
    /// # Errors
    /// [`Refusal::NotTakingPart`], [`Refusal::MayNotAskFor`], [`Refusal::NoSuchEntitlement`],
    /// [`Refusal::AlreadyAsked`] or [`Refusal::AlreadyHeld`].
    pub fn check(&self, extension: bool) -> Result<(), Refusal> {
        let person = |id| self.facts.person(id).ok_or(Refusal::NoSuchEntitlement);
        let (requester, subject) = (person(self.requester)?, person(self.subject)?);
        authorize::takes_part(requester)?;
        authorize::takes_part(subject)?;
        if !requester.may_ask_for(subject, self.manages) {
            return Err(Refusal::MayNotAskFor {
                name: subject.name.clone(),
            });
        }
        if !self.visible || !self.entitlement().offered {
            return Err(Refusal::NoSuchEntitlement);
        }
        if let Some(request) = self.stands.open {
            return Err(Refusal::AlreadyAsked { request });
        }
        if self.stands.held && !(extension && self.stands.held_until.is_some()) {
            let own = self.requester == self.subject;
            return Err(Refusal::AlreadyHeld {
                who: if own { "You".to_owned() } else { subject.name.clone() },
            });
        }
        Ok(())
    }

    /// May this person use the emergency toggle here?
    ///
    /// # Errors
    /// [`Refusal::EmergencyNotOffered`] or [`Refusal::EmergencyNotYours`].
    pub fn check_emergency(&self) -> Result<(), Refusal> {
        let requester = self.facts.person(self.requester).ok_or(Refusal::EmergencyNotYours)?;
        let groups = self.facts.groups_of(self.requester);
        let scope = self.facts.scope(self.requester, self.subject, true, Length::NoEnd);
        self.entitlement().emergency.check(requester, &groups, &scope)?;
        if self.emergency.is_some() {
            Ok(())
        } else {
            Err(Refusal::EmergencyNotOffered)
        }
    }

    /// Is there an open request for this that could be made an emergency? Whether this person may is checked again then.
    #[must_use]
    pub fn may_escalate(&self) -> bool {
        self.stands.open.is_some() && !self.stands.open_emergency && self.check_emergency().is_ok()
    }

    /// The lengths that may be asked for.
    #[must_use]
    pub fn lengths(&self, emergency: bool) -> LengthRules {
        let entitlement = self.entitlement();
        entitlement
            .lengths
            .capped(entitlement.emergency.max.filter(|_| emergency))
    }

    /// The policy that decides.
    ///
    /// # Errors
    /// As [`Ask::check_emergency`].
    pub fn policy(&self, emergency: bool) -> Result<&Policy, Refusal> {
        if !emergency {
            return Ok(&self.policy);
        }
        self.check_emergency()?;
        self.emergency.as_ref().ok_or(Refusal::EmergencyNotOffered)
    }

    /// What is asked, for those who find out who decides.
    #[must_use]
    pub fn asking(&self, emergency: bool, length: Length) -> Asking<'static> {
        Asking {
            requester: self.requester,
            subject: self.subject,
            emergency,
            length,
            earlier: &[],
            passed: 0,
            reassigned: &[],
            unanswered: false,
        }
    }

    /// Whose approval an emergency does without: everyone whom the ordinary policy would ask.
    fn skipped(&self, event: &Event) -> Vec<PersonId> {
        let Event::Submitted { length, .. } = event else {
            return Vec::new();
        };
        let scope = self.facts.scope(self.requester, self.subject, false, *length);
        let plan = self.policy.plan(&scope);
        would_ask(&plan.steps, &self.facts, &self.asking(false, *length))
    }

    /// What is written down when it is asked, as a part of a bundle or for itself.
    pub(super) fn event(&self, submission: &Submission, bundle: Option<BundleId>) -> Result<Event, Refusal> {
        self.check(submission.extension)?;
        let policy = self.policy(submission.emergency)?;
        let lengths = self.lengths(submission.emergency);
        let length = lengths.check(submission.length.unwrap_or(lengths.default))?;
        let justification = tidy(&submission.justification, true)?;
        let scope = self
            .facts
            .scope(self.requester, self.subject, submission.emergency, length);
        Ok(Event::Submitted {
            requester: self.requester,
            subject: self.subject,
            entitlement: self.entitlement().id,
            length,
            justification,
            emergency: submission.emergency,
            extension: submission.extension && self.stands.held,
            plan: if submission.emergency {
                with_second_person(policy.plan(&scope), self.overdue).patient_for(self.patience)
            } else {
                policy.plan(&scope)
            },
            bundle,
        })
    }
}
