//! What the request form shows for what has been chosen so far.

use super::request_card::PersonRef;
use crate::{
    db,
    domain::{
        ids::{AppId, CatalogId, EntitlementId, RequestId},
        length::{Length, LengthRules},
        person::{Person, Role},
        refusal::Refusal,
    },
    usecases::{
        Error, System,
        preview::preview,
        request_bundle::{Parts, parts},
        submit_request::Ask,
    },
};

/// What a person has put into the form so far. Doors fill it from what they get; nothing in it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The chosen app.
    pub app: Option<AppId>,
    /// The chosen bundle, in place of an app.
    pub bundle: Option<CatalogId>,
    /// The chosen entitlement.
    pub entitlement: Option<EntitlementId>,
    /// The chosen length.
    pub length: ChosenLength,
    /// Why.
    pub reason: String,
    /// The toggle.
    pub emergency: bool,
    /// For whom, if not for oneself.
    pub subject: Option<PersonRef>,
    /// Is it to lengthen access that is held?
    pub extension: bool,
}

/// The length chosen in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChosenLength {
    /// Nothing yet: the entitlement's default.
    #[default]
    Default,
    /// One of those offered.
    Offered(Length),
    /// "Other…", with what was written (may be empty or nonsense: it is kept as typed).
    Custom(String),
}

/// The form for a draft: what to ask, what to offer, what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestForm {
    /// What has been chosen, after dropping what does not fit (an entitlement of another app).
    pub draft: Draft,
    /// The chosen app's name.
    pub app: Option<String>,
    /// The chosen bundle's parts.
    pub parts: Option<Parts>,
    /// The chosen entitlement's title inside its app ("payments / Admin").
    pub entitlement: Option<String>,
    /// What the chosen entitlement lets people do; may be empty.
    pub description: String,
    /// The lengths to offer; `None`: the form does not ask. Already capped while the toggle is on.
    pub lengths: Option<LengthRules>,
    /// Is the emergency toggle shown?
    pub offers_emergency: bool,
    /// Is "Who needs access?" shown?
    pub asks_subject: bool,
    /// Who will be asked, once an entitlement is chosen and nothing stands in the way.
    pub preview: Option<Preview>,
    /// What stands in the way.
    pub problem: Option<Problem>,
    /// Words after the command that matched more than one entitlement, or none: shown as a hint.
    pub hint: Option<String>,
    /// The emergency whose review is overdue, so that a second person has to approve this one.
    pub second_person: Option<(RequestId, Option<String>)>,
}

impl RequestForm {
    /// The form before anything is chosen. `asks_subject`: for somebody who may ask for others.
    #[must_use]
    pub fn empty(asks_subject: bool) -> Self {
        Self {
            draft: Draft::default(),
            app: None,
            parts: None,
            entitlement: None,
            description: String::new(),
            lengths: None,
            offers_emergency: false,
            asks_subject,
            preview: None,
            problem: None,
            hint: None,
            second_person: None,
        }
    }
}

/// Something that keeps the form from being sent, shown inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In a sentence.
    pub sentence: String,
    /// The open request it is about, to link to.
    pub request: Option<RequestId>,
    /// Its address, if c1 knows its own.
    pub url: Option<String>,
    /// Can that request be made an emergency, as the toggle asks?
    pub may_escalate: bool,
}

/// Who will be asked, and in how many steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// One after the other.
    pub steps: Vec<PreviewStep>,
}

/// A step, before the request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewStep {
    /// People decide: these, so many of them.
    Ask {
        /// What the policy calls the step; may be empty.
        name: String,
        /// Who.
        people: Vec<PersonRef>,
        /// How many must approve.
        needed: usize,
    },
    /// Passes by itself.
    Automatic,
    /// Denies by itself, with this message.
    Refuses(String),
    /// Nobody decides: it waits, so many seconds at most.
    Waits(i64),
}

/// Makes the form for what a person has chosen so far. Writes nothing, trusts nothing.
///
/// # Errors
/// The database's.
pub async fn request_form(system: &System, requester: &Person, draft: Draft) -> Result<RequestForm, Error> {
    let mut form = RequestForm {
        draft,
        ..RequestForm::empty(asks_subject(system, requester).await?)
    };
    let subject = form.draft.subject.as_ref().map_or(requester.id, |subject| subject.id);
    if let Some(bundle) = form.draft.bundle {
        match parts(system, requester.id, subject, bundle).await {
            Ok(parts) => form.parts = Some(parts),
            Err(Error::Refused(refusal)) => {
                form.draft.bundle = None;
                form.problem = Some(problem(system, &refusal));
            }
            Err(other) => return Err(other),
        }
        return Ok(form);
    }
    if let Some(id) = form.draft.entitlement {
        let now = system.clock.now();
        let (emergency, length) = (form.draft.emergency, form.draft.length.clone());
        let asked = system
            .db
            .write("preview_request", async |tx| {
                let mut ask = Ask::load(tx, now, requester.id, subject, id).await?;
                let emergency = emergency && ask.check_emergency().is_ok();
                let rules = ask.lengths(emergency);
                let length = chosen(&length, &rules).unwrap_or(rules.default);
                ask.meet(tx, emergency, length).await?;
                Ok::<_, Error>(ask)
            })
            .await;
        match asked {
            Ok(ask) => describe(system, &mut form, &ask),
            Err(Error::Refused(refusal)) => {
                form.draft.entitlement = None;
                form.problem = Some(problem(system, &refusal));
            }
            Err(other) => return Err(other),
        }
    }
    if let Some(app) = form.draft.app {
        form.app = db::catalog::app(&system.db, app).await?.map(|app| app.name);
        if form.app.is_none() {
            form.draft.app = None;
        }
    }
    Ok(form)
}

fn describe(system: &System, form: &mut RequestForm, ask: &Ask) {
    let entitlement = &ask.facts.entitlement;
    if form.draft.app.is_some_and(|app| app != entitlement.app.id) {
        // Another app was chosen: the entitlement of the former one goes.
        form.draft.entitlement = None;
        return;
    }
    let may_ask = ask.check(form.draft.extension);
    if let Err(refusal @ Refusal::NoSuchEntitlement) = &may_ask {
        // Nothing is told about what is not to be seen, not even its name.
        form.draft.entitlement = None;
        form.problem = Some(problem(system, refusal));
        return;
    }
    form.draft.app = Some(entitlement.app.id);
    form.entitlement = Some(match &entitlement.resource {
        Some(resource) => format!("{resource} / {}", entitlement.name),
        None => entitlement.name.clone(),
    });
    form.description.clone_from(&entitlement.description);
    form.offers_emergency = ask.check_emergency().is_ok();
    if form.draft.emergency && !form.offers_emergency {
        form.draft.emergency = false;
    }
    if form.draft.emergency {
        form.second_person = ask.overdue.map(|id| (id, system.request_url(id)));
    }
    let rules = ask.lengths(form.draft.emergency);
    let length = chosen(&form.draft.length, &rules);
    form.lengths = Some(rules).filter(LengthRules::asks);
    let judged = may_ask.and_then(|()| {
        let length = length
            .clone()
            .unwrap_or_else(|_| ask.lengths(form.draft.emergency).default);
        preview(ask, form.draft.emergency, length)
    });
    match judged {
        Ok(preview) => form.preview = Some(preview),
        Err(refusal) => {
            form.problem = Some(Problem {
                may_escalate: form.draft.emergency && ask.may_escalate(),
                ..problem(system, &refusal)
            });
        }
    }
}

/// The length a draft comes to.
///
/// # Errors
/// [`Refusal::LengthNotUnderstood`] and the like, to be shown at the field.
pub fn chosen(length: &ChosenLength, rules: &LengthRules) -> Result<Length, Refusal> {
    match length {
        ChosenLength::Default => Ok(rules.default),
        ChosenLength::Offered(length) => rules.check(*length),
        ChosenLength::Custom(wrote) => rules.check(Length::parse(wrote)?),
    }
}

fn problem(system: &System, refusal: &Refusal) -> Problem {
    let request = match refusal {
        Refusal::AlreadyAsked { request } => Some(*request),
        _ => None,
    };
    Problem {
        sentence: refusal.sentence(),
        request,
        url: request.and_then(|id| system.request_url(id)),
        may_escalate: false,
    }
}

/// May this person ask for anybody else? Only then is there a question about it.
async fn asks_subject(system: &System, person: &Person) -> Result<bool, Error> {
    let for_anyone = person.is(Role::Helpdesk) || person.is(Role::RequestAdmin) || person.is(Role::SuperAdmin);
    Ok(for_anyone || db::people::has_reports(&system.db, person.id).await?)
}

impl PreviewStep {
    /// Everyone it names.
    pub fn people(&self) -> impl Iterator<Item = crate::domain::ids::PersonId> {
        let people = if let Self::Ask { people, .. } = self {
            people.as_slice()
        } else {
            &[]
        };
        people.iter().map(|person| person.id)
    }
}
