//! Doing something on the page of a request: the same use cases as in Slack, by the hand of whoever is signed in.

use super::request::{Typed, drawn, seen, words_of};
use crate::{
    db,
    domain::{
        comment::{Said, Visibility},
        ids::{GrantId, PersonId, RequestId},
        length::Length,
        refusal::Refusal,
        step::Verdict,
        words::Words,
    },
    usecases::{
        Actor, Error,
        administer::{self, administer},
        cancel_request::cancel_request,
        claim_step::{claim_step, give_back},
        comment::{self, Comment},
        decide_step::{Decide, decide_step},
        delete_comment::delete_comment,
        edit_comment::edit_comment,
        end_grant::end_grant,
        escalate_request::escalate_request,
        keep_words::{Fields, keep_words},
        queries::details::Details,
        reassign_step::{Reassign, reassign_step},
        record_provisioning::{Report, record_provisioning},
        remind::{When, nudge, remind_me},
        shorten_request::{Shorten, shorten_request},
        sign_in::Secret,
        submit_request::{Submission, submit_request},
    },
    web::{Web, cookies, view::acts::Act, visitor::Sender},
};
use axum::{
    Form, Router,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};

pub(super) fn router() -> Router<Web> {
    Router::new().route("/requests/{id}/{act}", post(act))
}

async fn act(
    State(web): State<Web>,
    sender: Sender,
    Path((id, word)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let visitor = match sender {
        Sender::Visitor(visitor) => visitor,
        Sender::Nobody(whose) => return web.keeps(whose, &headers, &id, &word, form.ok()).await,
    };
    let person = Some(&visitor.person);
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => {
            let sentence = "This form cannot be read. Please open the page again.";
            return web.says(rejection.status(), "Not possible", sentence, person);
        }
    };
    // Who may not see the request learns nothing by trying.
    let (request, details) = match seen(&web, &visitor, &id).await {
        Ok(seen) => seen,
        Err(error) => return web.failed(error, person),
    };
    let Some(act) = Act::read(&word) else {
        return web.not_found(person);
    };
    let doing = Doing {
        web: &web,
        actor: Actor::web(visitor.person.id),
        request,
        details: &details,
        fields: &fields,
    };
    match doing.does(act).await {
        Ok(goes_to) => Redirect::to(&format!("/requests/{goes_to}?done={}", act.word())).into_response(),
        Err(Error::Refused(refusal)) => {
            let typed = Typed {
                act: act.word(),
                refusal: refusal.sentence(),
                fields,
                ..Typed::default()
            };
            match drawn(&web, &visitor, &id, None, Some(typed)).await {
                Ok(response) => response,
                Err(error) => web.failed(error, person),
            }
        }
        // It could be seen a moment ago: the form names something that is not there.
        Err(Error::NotFound) => {
            let sentence = "This form does not fit the request any more. Please open the page again.";
            web.says(StatusCode::BAD_REQUEST, "Not possible", sentence, person)
        }
        Err(error) => web.failed(error, person),
    }
}

impl Web {
    /// Somebody's session was over when they sent this form. What they wrote is kept until they have signed in; whether
    /// there is such a request is not looked at.
    async fn keeps(
        &self,
        whose: Option<PersonId>,
        headers: &HeaderMap,
        id: &str,
        word: &str,
        form: Option<Form<Fields>>,
    ) -> Response {
        let mut response = self.signed_out(&format!("/requests/{id}"), headers);
        let (Ok(request), Some(act), Some(Form(fields))) = (id.parse(), Act::read(word), form) else {
            return response;
        };
        if words_of(&fields).is_none() {
            return response;
        }
        let secret = Secret::random();
        match keep_words(self.system(), &secret, whose, (request, act.word()), &fields).await {
            Ok(()) => {
                let keep = cookies::keep(cookies::KEPT, &secret, self.0.secure);
                response.headers_mut().append(header::SET_COOKIE, keep);
                response
            }
            Err(error) => self.failed(error, None),
        }
    }
}

/// Somebody doing something to a request that they see.
struct Doing<'a> {
    web: &'a Web,
    actor: Actor,
    request: RequestId,
    details: &'a Details,
    fields: &'a Fields,
}

impl Doing<'_> {
    /// Does it; the request whose page comes next.
    async fn does(&self, act: Act) -> Result<RequestId, Error> {
        let (system, actor, request) = (self.web.system(), self.actor, self.request);
        match act {
            Act::Decide => self.decide().await?,
            Act::Claim => {
                claim_step(system, actor, request, self.saw()?).await?;
            }
            Act::GiveBack => {
                give_back(system, actor, request, self.saw()?.0).await?;
            }
            Act::Shorten => {
                let (step, revision) = self.saw()?;
                let (to, reason) = (self.length()?, self.text("reason"));
                let shorten = Shorten {
                    request,
                    step,
                    revision,
                    to,
                    reason,
                };
                shorten_request(system, actor, shorten).await?;
            }
            Act::Reassign => {
                let (step, revision) = self.saw()?;
                let (to, reason) = (self.taker().await?, self.text("reason"));
                let reassign = Reassign {
                    request,
                    step,
                    revision,
                    to,
                    reason,
                };
                reassign_step(system, actor, reassign).await?;
            }
            Act::Later => {
                let when = match self.text("when").as_str() {
                    "hour" => When::InAnHour,
                    "four_hours" => When::InFourHours,
                    "tomorrow" => When::Tomorrow,
                    _ => return Err(Error::NotFound),
                };
                remind_me(system, actor, request, when).await?;
            }
            Act::Remind => {
                nudge(system, actor, request).await?;
            }
            Act::Cancel => {
                cancel_request(system, actor, request, self.text("reason")).await?;
            }
            Act::Escalate => {
                escalate_request(system, actor, request, self.text("reason")).await?;
            }
            Act::End => {
                end_grant(system, actor, self.grant()?).await?;
            }
            Act::Extend => return self.extend().await,
            Act::Provisioned => self.report(Report::Given { already: false }).await?,
            Act::Removed => self.report(Report::Taken { kept: false }).await?,
            Act::Retry => self.report(Report::Retry).await?,
            Act::WontDo => {
                let why = self.text("reason");
                self.report(Report::NotGiven { why }).await?;
            }
            Act::Administer => self.administer().await?,
            Act::Comment => {
                let comment = Comment {
                    request,
                    said: self.said(),
                    visibility: match self.text("audience").as_str() {
                        "approvers" => Visibility::Approvers,
                        _ => Visibility::Everyone,
                    },
                    at: None,
                    once: Secret::read(&self.text("once")).map(|once| format!("web:{}", once.as_str())),
                };
                comment::comment(system, actor, comment).await?;
            }
            Act::EditComment => {
                edit_comment(system, actor, self.number("comment")?, self.said()).await?;
            }
            Act::DeleteComment => {
                delete_comment(system, actor, self.number("comment")?).await?;
            }
        }
        Ok(request)
    }

    async fn decide(&self) -> Result<(), Error> {
        let (step, revision) = self.saw()?;
        let verdict = match self.text("verdict").as_str() {
            "approve" => Verdict::Approve,
            "deny" => Verdict::Deny,
            _ => return Err(Error::NotFound),
        };
        let decide = Decide {
            request: self.request,
            step,
            revision,
            verdict,
            reason: self.text("reason"),
        };
        match decide_step(self.web.system(), self.actor, decide).await {
            // A double click, or a form that was sent again: it has had its effect.
            Err(Error::Refused(_)) if self.has_said(step, verdict) => Ok(()),
            other => other.map(drop),
        }
    }

    fn has_said(&self, step: usize, verdict: Verdict) -> bool {
        let step = self.details.card.steps.get(step);
        let mut decisions = step.into_iter().flat_map(|step| &step.decisions);
        decisions.any(|decision| Some(decision.by.id) == self.actor.person && decision.verdict == verdict)
    }

    async fn extend(&self) -> Result<RequestId, Error> {
        let grant = db::grants::get(&self.web.system().db, self.grant()?).await?;
        let grant = grant.ok_or(Error::NotFound)?;
        if Some(grant.subject) != self.actor.person {
            return Err(Refusal::NotAllowed.into());
        }
        let submission = Submission {
            subject: None,
            entitlement: grant.entitlement,
            length: Some(self.length()?),
            justification: self.text("reason"),
            // More of an emergency is a new emergency, with a reason of its own.
            emergency: self.details.card.emergency,
            extension: true,
            origin: None,
        };
        submit_request(self.web.system(), self.actor, submission).await
    }

    async fn report(&self, report: Report) -> Result<(), Error> {
        record_provisioning(self.web.system(), self.actor, self.grant()?, report).await?;
        Ok(())
    }

    async fn administer(&self) -> Result<(), Error> {
        let act = match self.text("act").as_str() {
            "cancel" => administer::Act::Cancel,
            "restart" => administer::Act::Restart,
            "skip" => administer::Act::Skip(self.saw()?.0),
            "reassign" => administer::Act::Reassign {
                from: match self.text("from").as_str() {
                    "" => None,
                    from => Some(from.parse().map_err(|_| Error::NotFound)?),
                },
                to: self.taker().await?,
            },
            _ => return Err(Error::NotFound),
        };
        administer(self.web.system(), self.actor, self.request, act, self.text("reason")).await?;
        Ok(())
    }

    /// What was typed, as it was typed.
    fn said(&self) -> Said {
        Said {
            words: Words::typed(&self.text("body")),
            files: Vec::new(),
        }
    }

    fn text(&self, name: &str) -> String {
        // Browsers send line ends as the web has them.
        self.fields
            .get(name)
            .map_or_else(String::new, |text| text.replace("\r\n", "\n"))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Error> {
        self.text(name).parse().map_err(|_| Error::NotFound)
    }

    /// The step and the revision that the page showed.
    fn saw(&self) -> Result<(usize, i64), Error> {
        Ok((self.number("step")?, self.number("revision")?))
    }

    fn grant(&self) -> Result<GrantId, Error> {
        let grant = self.details.card.grant.as_ref();
        grant.map(|grant| grant.id).ok_or_else(|| Refusal::NotHeld.into())
    }

    /// What was written, else what was chosen.
    fn length(&self) -> Result<Length, Error> {
        let (custom, chosen) = (self.text("custom"), self.text("to"));
        match (custom.trim(), chosen.parse()) {
            ("", Ok(seconds)) => Ok(Length::For(seconds)),
            (custom, _) => Ok(Length::parse(custom)?),
        }
    }

    /// Somebody of those who are offered, or anybody by their short name.
    async fn taker(&self) -> Result<PersonId, Error> {
        if let Ok(id) = self.text("to").parse() {
            return Ok(id);
        }
        let key = self.text("key").trim().trim_start_matches('@').to_lowercase();
        let person = db::people::person_by_key(&self.web.system().db, &key).await?;
        let stranger = || Refusal::NotTakingPart {
            name: if key.is_empty() {
                "Nobody".to_owned()
            } else {
                key.clone()
            },
        };
        Ok(person.ok_or_else(stranger)?.id)
    }
}
