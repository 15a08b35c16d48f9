//! What people see in Slack, as text, and against a strict checker with the worst that people type.

use c1::{
    domain::{
        absence::Absence,
        comment::{File, Origin},
        event::Cause,
        grant::GrantState,
        ids::{AppId, EntitlementId, GrantId, PersonId, RequestId},
        length::{Length, LengthRules},
        markup,
        refusal::Refusal,
        review::{Findings, Fit},
        step::{StepState, Verdict, Why},
        words::Words,
    },
    slack::{
        surface,
        view::{
            self, Mentions, Message,
            comment::Carried,
            decision::{DecisionNotes, Seen},
            request_form::FormNotes,
        },
    },
    usecases::queries::{
        alarms::AlarmLine,
        catalog_for::{AppChoice, EntitlementChoice, Holding},
        desk::{AdminForm, ReassignForm, ShortenForm},
        escalation::Escalation,
        my_work::{AccessLine, Home, ProvisioningLine, RequestLine},
        request_card::{
            Context, DecisionLine, Desk, EscalationLine, GrantLine, MayDecide, PersonRef, ReassignedLine, RequestCard,
            Role, Standing, StepLine, Viewer,
        },
        request_form::{ChosenLength, Draft, Preview, PreviewStep, Problem, RequestForm},
        reviews::{Moment, ReviewCard},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use serde_json::{Value, json};
use simulator::blocks::{Names, check_message, check_suggestions, check_view, render_message, render_view};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

// --- the company ---

fn person(id: i64, name: &str) -> PersonRef {
    PersonRef {
        id: PersonId(id),
        name: name.to_owned(),
    }
}

fn ana() -> PersonRef {
    person(1, "Ana Lopes")
}
fn bob() -> PersonRef {
    person(2, "Bob Stone")
}
fn cy() -> PersonRef {
    person(3, "Cy Young")
}
/// Not in Slack.
fn dee() -> PersonRef {
    person(4, "Dee Fox")
}

fn mentions() -> Mentions {
    [
        (PersonId(1), "U1".to_owned()),
        (PersonId(2), "U2".to_owned()),
        (PersonId(3), "U3".to_owned()),
    ]
    .into()
}

struct Company;

impl Names for Company {
    fn person(&self, id: &str) -> Option<String> {
        [("U1", "ana"), ("U2", "bob"), ("U3", "cy")]
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, n)| (*n).to_owned())
    }
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_888_800, 0).expect("a moment") + TimeDelta::hours(hour)
}

fn seen(message: &Message) -> String {
    check_message(&json!(message.blocks)).expect("Slack takes it");
    let shown = format!("[{}]\n{}", message.text, render_message(&message.json(), &Company));
    // What keeps "@here" from ringing, made visible.
    shown.replace('\u{2060}', "¦")
}

fn seen_view(view: &Value) -> String {
    check_view(view).expect("Slack takes it");
    render_view(view, &Value::Null, &Value::Null, &Company)
}

fn step(name: &str, state: StepState, needed: usize) -> StepLine {
    StepLine {
        name: name.to_owned(),
        state,
        approvers: vec![],
        needed,
        decisions: vec![],
        due_at: None,
        claim: None,
        reassigned: vec![],
        skipped: None,
        waits: false,
    }
}

fn decided(by: PersonRef, verdict: Verdict, reason: &str) -> DecisionLine {
    DecisionLine {
        by,
        verdict,
        reason: reason.to_owned(),
        at: at(1),
    }
}

fn card(viewer: PersonRef, role: Role) -> RequestCard {
    let mut step = step("Database owners", StepState::Open, 1);
    step.approvers = vec![bob(), cy(), dee()];
    RequestCard {
        id: RequestId(42),
        app: "Production database".to_owned(),
        resource: Some("payments".to_owned()),
        entitlement: "Read".to_owned(),
        requester: ana(),
        subject: ana(),
        length: Length::For(4 * HOUR),
        shortened: None,
        justification: "Refunds are stuck, see https://tickets.example/INC-42.\nI have to read the ledger.".to_owned(),
        emergency: false,
        extension: false,
        created_at: at(0),
        standing: Standing::Open {
            step: 0,
            awaiting: vec![bob(), cy(), dee()],
            missing: 1,
        },
        steps: vec![step],
        escalation: None,
        grant: None,
        url: Some("https://c1.example/requests/42".to_owned()),
        viewer: Viewer {
            person: viewer.id,
            role,
            may_decide: None,
            why: None,
            why_name: String::new(),
            decided: None,
            overtaken: false,
            may_cancel: false,
            may_escalate: false,
            may_end: false,
            may_extend: false,
            may_provision: false,
            may_retry: false,
            may_deprovision: false,
            context: None,
            desk: None,
            may_remind: false,
            may_administer: false,
        },
    }
}

fn grant(state: GrantState) -> GrantLine {
    GrantLine {
        id: GrantId(7),
        state,
        started_at: Some(at(1)),
        until: Some(at(5)),
        ended_at: None,
        cause: None,
        trouble: None,
        instructions: "Add the person to the group `payments-read` in the directory.".to_owned(),
        provisioners: vec![],
        given_by: None,
        ended_by: None,
    }
}

fn may(reason_to_deny: bool) -> MayDecide {
    MayDecide {
        step: 0,
        revision: 3,
        reason_to_approve: false,
        reason_to_deny,
    }
}

fn for_bob() -> RequestCard {
    let mut card = card(bob(), Role::Approver);
    card.viewer.may_decide = Some(may(true));
    card.viewer.why = Some(Why::AppOwner);
    card.viewer.why_name = "Production database".to_owned();
    card.viewer.context = Some(Context {
        given_before: 3,
        last_given: Some(at(-100)),
        team: "Data".to_owned(),
        team_holders: vec![cy(), dee()],
        team_holding: 2,
        team_size: 6,
    });
    card
}

fn show(card: &RequestCard) -> String {
    seen(&view::request_card::request_card(card, &mentions()))
}

fn form() -> RequestForm {
    RequestForm {
        parts: None,
        draft: Draft::default(),
        app: None,
        entitlement: None,
        description: String::new(),
        lengths: None,
        offers_emergency: false,
        asks_subject: false,
        preview: None,
        problem: None,
        hint: None,
        second_person: None,
    }
}

fn filled() -> RequestForm {
    let mut form = form();
    form.draft.app = Some(AppId(5));
    form.draft.entitlement = Some(EntitlementId(9));
    form.draft.reason = "Refunds are stuck".to_owned();
    form.app = Some("Production database".to_owned());
    form.entitlement = Some("payments / Read".to_owned());
    form.description = "Read the ledger tables.".to_owned();
    form.lengths = Some(LengthRules {
        presets: vec![HOUR, 4 * HOUR, DAY],
        max: Some(7 * DAY),
        custom: true,
        no_end: true,
        default: Length::For(4 * HOUR),
    });
    form.preview = Some(Preview {
        steps: vec![
            ask("", vec![bob()], 1),
            ask("Database owners", vec![bob(), cy(), dee()], 1),
        ],
    });
    form
}

fn ask(name: &str, people: Vec<PersonRef>, needed: usize) -> PreviewStep {
    PreviewStep::Ask {
        name: name.to_owned(),
        people,
        needed,
    }
}

fn draw(form: &RequestForm) -> Value {
    view::request_form::request_form(form, ana().id, &mentions())
}

fn line(id: i64, standing: Standing) -> RequestLine {
    RequestLine {
        id: RequestId(id),
        title: "Production database / payments / Read".to_owned(),
        requester: ana(),
        subject: ana(),
        length: Length::For(4 * HOUR),
        justification: "Refunds are stuck".to_owned(),
        emergency: false,
        standing,
        may_decide: None,
        grant: None,
        created_at: at(0),
        waits_since: at(0),
        url: Some(format!("https://c1.example/requests/{id}")),
    }
}

fn held(id: i64, state: GrantState, until: Option<DateTime<Utc>>) -> AccessLine {
    AccessLine {
        id: GrantId(id),
        entitlement: EntitlementId(9),
        request: RequestId(42),
        title: "GitHub / payments / Admin".to_owned(),
        emergency: false,
        state,
        until,
        may_extend: until.is_some(),
    }
}

fn task(id: i64, remove: bool) -> ProvisioningLine {
    ProvisioningLine {
        id: GrantId(id),
        request: RequestId(42),
        title: "GitHub / payments / Admin".to_owned(),
        subject: bob(),
        emergency: remove,
        remove,
        url: None,
    }
}

fn open() -> Standing {
    Standing::Open {
        step: 0,
        awaiting: vec![bob(), cy(), dee()],
        missing: 1,
    }
}

fn buttons(view: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(view, &mut |value| {
        if value["type"] == "button" {
            found.push(format!(
                "{} {}",
                value["action_id"].as_str().unwrap_or(""),
                value["value"].as_str().unwrap_or("")
            ));
        }
    });
    found
}

fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(map) => map.values().for_each(|item| walk(item, see)),
        _ => {}
    }
}

// --- beside deciding ---

fn with_menu() -> RequestCard {
    let mut card = for_bob();
    card.viewer.desk = Some(Desk {
        claimed: false,
        may_claim: true,
        may_reassign: true,
    });
    card
}

#[test]
fn a_menu_at_the_buttons_has_what_else_can_be_done() {
    let mut card = with_menu();
    let menu = |card: &RequestCard| {
        let shown = show(card);
        let line = shown.lines().find(|line| line.contains("[Approve]")).map(str::to_owned);
        line.expect("the buttons")
    };
    let mut said = vec![menu(&card)];
    card.viewer.desk = Some(Desk {
        claimed: true,
        may_claim: false,
        may_reassign: false,
    });
    said.push(menu(&card));
    assert_snapshot!(said.join("\n"), @r"
    [Approve](primary)  [Deny](danger)  [Note to approvers]  [⋯ I'm on it | Make it shorter… | Reassign… | Ask Ana Lopes… | Remind me later…]
    [Approve](primary)  [Deny](danger)  [Note to approvers]  [⋯ I'm not on it any more | Make it shorter… | Ask Ana Lopes… | Remind me later…]
    ");
}

#[test]
fn a_card_shows_what_people_have_arranged() {
    let mut card = with_menu();
    card.shortened = Some((Length::For(7 * DAY), cy()));
    card.steps[0].claim = Some((cy(), at(2)));
    card.steps[0].reassigned = vec![
        ReassignedLine {
            from: dee(),
            to: cy(),
            by: dee(),
            reason: "on leave".to_owned(),
        },
        ReassignedLine {
            from: ana(),
            to: bob(),
            by: cy(),
            reason: "nobody else is there".to_owned(),
        },
    ];
    assert_snapshot!(show(&card), @r"
    [Ana Lopes asks for access: Production database / payments / Read · “Refunds are stuck, see https://tickets.example/INC-42. I have to read the ledger.”]
    # Ana Lopes asks for access
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours, shortened from 1 week by @cy
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    · Why you: you own *Production database*
    Given 3 times before, last on 2026-04-30 06:00 UTC
    2 of 6 in *Data* hold it now: @cy, *Dee Fox*
    ↪️ Reassigned by *Dee Fox* to @cy: _“on leave”_
    ↪️ Reassigned by administrator @cy from @ana to you: _“nobody else is there”_
    👋 @cy is on it until 2026-05-04 12:00 UTC
    Your reason (needed to deny): ____ (The person who asked will read it.)
    [Approve](primary)  [Deny](danger)  [Note to approvers]  [⋯ I'm on it | Make it shorter… | Reassign… | Ask Ana Lopes… | Remind me later…]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn a_card_never_takes_a_skipped_step_for_an_approval() {
    let mut card = card(ana(), Role::Requester);
    card.standing = Standing::Overridden { by: cy() };
    card.steps[0].state = StepState::Skipped;
    card.steps[0].skipped = Some((cy(), "all of them are on a plane".to_owned()));
    let shown = show(&card);
    assert!(!shown.to_lowercase().contains("approved"), "{shown}");
    assert_snapshot!(shown, @r"
    [You have created a new access request: Production database / payments / Read · ⏭️ Step skipped by administrator Cy Young]
    # You have created a new access request
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⏭️ Step skipped by administrator @cy
    » *Database owners* — skipped by administrator @cy: _“all of them are on a plane”_
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn several_can_be_decided_at_once() {
    let mut lines = vec![line(41, open()), line(42, open())];
    lines[0].emergency = true;
    lines.iter_mut().for_each(|line| line.may_decide = Some(may(true)));
    let notes = view::bulk::Notes::first();
    let list = view::bulk::list(&lines, 45, &notes, at(30), &mentions());
    assert_snapshot!(seen_view(&list), @r"
    === Waiting for you ===
    · Tick what you have looked at. Each one still passes its own rules, and only what you have seen is decided.
    ⚡ @ana asks for Production database / payments / Read (https://c1.example/requests/41) · 4 hours
    _“Refunds are stuck”_
    #41 · waiting for 1 day 6 hours
    ☐ Tick
    @ana asks for Production database / payments / Read (https://c1.example/requests/42) · 4 hours
    _“Refunds are stuck”_
    #42 · waiting for 1 day 6 hours
    ☐ Tick
    · 1 to 2 of 45
    [Later →]
    What do you decide?: ‹Choose›▾
    Your reason, for all of them (optional): ____ (Those who asked will read it.)
    [Close]  [Decide](primary)
    ");
    let refused = [(RequestId(42), Refusal::ReasonRequired.sentence())];
    let said = [
        view::bulk::outcome(Verdict::Approve, 3, &[]),
        view::bulk::outcome(Verdict::Deny, 1, &refused),
    ];
    assert_snapshot!(said.iter().map(seen_view).collect::<Vec<_>>().join("\n\n"), @r"
    === Waiting for you ===
    ✅ 3 requests approved.
    [Close]

    === Waiting for you ===
    ✅ One request denied.
    ⚠️ Not this one:
    #42: Please give a reason.
    [Close]
    ");
}

#[test]
fn ticks_stay_from_page_to_page() {
    let seen = |id| Seen {
        request: RequestId(id),
        step: 0,
        revision: 3,
    };
    let page = |notes: &view::bulk::Notes, ids: [i64; 2]| {
        let mut lines = ids.map(|id| line(id, open()));
        lines.iter_mut().for_each(|line| line.may_decide = Some(may(true)));
        let list = view::bulk::list(&lines, 4, notes, at(30), &mentions());
        let metadata = list["private_metadata"].as_str().expect("notes").to_owned();
        assert!(metadata.len() <= 3_000);
        view::bulk::Notes::read(&metadata).expect("our own notes")
    };
    let first = page(&view::bulk::Notes::first(), [1, 2]);
    let ticked = first.ticked(|id| id == RequestId(2));
    assert_eq!(ticked, [seen(2)]);
    let second = page(&view::bulk::Notes::page(2, &ticked), [3, 4]);
    assert_eq!(second.ticked(|id| id == RequestId(3)), [seen(2), seen(3)]);
    // Back on the first page, the tick is taken off again.
    let back = page(&view::bulk::Notes::page(0, &[seen(2), seen(3)]), [1, 2]);
    assert_eq!(back.ticked(|_| false), [seen(3)]);
    let all: Vec<Seen> = (1..=100_000_i64).rev().take(400).map(seen).collect();
    page(&view::bulk::Notes::page(2, &all), [100_001, 100_002]);
}

#[test]
fn a_reminder_tells_all_that_waits() {
    let link = || Some("https://meridian.slack.com/archives/D1/p1".to_owned());
    let mut two = [(line(41, open()), link()), (line(42, open()), None)];
    two[1].0.emergency = true;
    let one = view::notices::reminder(&two[..1], false, at(30), &mentions());
    let both = view::notices::reminder(&two, false, at(30), &mentions());
    let many: Vec<_> = (1..=30).map(|id| (line(id, open()), link())).collect();
    let many = seen(&view::notices::reminder(&many, false, at(30), &mentions()));
    assert!(many.contains("… and 15 more."), "{many}");
    assert_snapshot!([seen(&one), seen(&both)].join("\n\n"), @r"
    [⏰ A request waits for your decision: Ana Lopes asks for Production database / payments / Read, 4 hours · waiting for 1 day 6 hours · Open]
    *⏰ A request waits for your decision*
    @ana asks for *Production database / payments / Read*, 4 hours · waiting for 1 day 6 hours · Open (https://meridian.slack.com/archives/D1/p1)

    [⏰ ⚡ 2 requests wait for your decision]
    *⏰ ⚡ 2 requests wait for your decision*
    @ana asks for *Production database / payments / Read*, 4 hours · waiting for 1 day 6 hours · Open (https://meridian.slack.com/archives/D1/p1)
    ⚡ @ana asks for *Production database / payments / Read*, 4 hours · waiting for 1 day 6 hours · Open (https://c1.example/requests/42)
    · `/c1 approvals` lists all of them.
    ");
    let here = view::notices::reminder(&two, true, at(30), &mentions());
    assert_snapshot!(seen(&here), @r"
    [⏰ ⚡ 2 requests wait for a decision here]
    *⏰ ⚡ 2 requests wait for a decision here*
    @ana asks for *Production database / payments / Read*, 4 hours · waiting for 1 day 6 hours · Open (https://meridian.slack.com/archives/D1/p1)
    ⚡ @ana asks for *Production database / payments / Read*, 4 hours · waiting for 1 day 6 hours · Open (https://c1.example/requests/42)
    · `/c1 approvals` lists those that you can decide.
    ");
}

#[test]
fn a_card_in_a_channel_is_for_nobody_in_particular() {
    let mut card = with_menu();
    card.viewer.person = c1::usecases::queries::request_card::NOBODY;
    card.viewer.role = Role::Channel(0);
    card.viewer.why = None;
    let mut said = vec![show(&card)];
    card.viewer.may_decide = None;
    card.standing = Standing::Approved { by: Some(cy()) };
    said.push(show(&card).lines().skip(9).collect::<Vec<_>>().join("\n"));
    assert_snapshot!(said.join("\n\n"), @r"
    [Ana Lopes asks for access: Production database / payments / Read · “Refunds are stuck, see https://tickets.example/INC-42. I have to read the ledger.”]
    # Ana Lopes asks for access
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    · Given 3 times before, last on 2026-04-30 06:00 UTC
    2 of 6 in *Data* hold it now: @cy, *Dee Fox*
    · 3 people are asked here: *Database owners*. Only their clicks count; anybody else is told so privately.
    Your reason (needed to deny): ____ (The person who asked will read it.)
    [Approve](primary)  [Deny](danger)  [⋯ I'm on it | Make it shorter… | Reassign… | Ask Ana Lopes… | Remind me later…]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ✅ Approved by @cy
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn the_dialogs_behind_the_menu() {
    let seen = Seen {
        request: RequestId(42),
        step: 0,
        revision: 3,
    };
    let reassign = ReassignForm {
        card: with_menu(),
        takers: Some(vec![cy(), dee()]),
        reason: true,
    };
    let shorten = ShortenForm {
        card: with_menu(),
        presets: vec![HOUR, 2 * HOUR],
    };
    let admin = AdminForm {
        card: card(ana(), Role::Requester),
        step: (0, "Database owners".to_owned()),
        waiting: vec![cy(), dee()],
    };
    let shown = [
        view::desk::reassign_dialog(&reassign, seen, &mentions()),
        view::desk::reassign_dialog(
            &ReassignForm {
                takers: None,
                reason: false,
                ..reassign.clone()
            },
            seen,
            &mentions(),
        ),
        view::desk::shorten_dialog(&shorten, seen, &mentions()),
        view::desk::question_dialog(&with_menu(), seen, &mentions()),
        view::desk::admin_dialog(&admin, 3, &mentions()),
    ]
    .iter()
    .map(seen_view)
    .collect::<Vec<_>>()
    .join("\n\n");
    assert_snapshot!(shown, @r"
    === Reassign ===
    You give away: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours. They are asked in your place; you are asked again if they cannot decide any more.
    To whom?: ‹Choose a person›▾
    Why?: ____ (Everyone involved reads it.)
    [Back]  [Reassign](primary)

    === Reassign ===
    You give away: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours. They are asked in your place; you are asked again if they cannot decide any more.
    To whom?: ‹Choose a person›▾
    Why? (optional): ____ (Everyone involved reads it.)
    [Back]  [Reassign](primary)

    === Make it shorter ===
    Asked for: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours. It can only be made shorter. Approvals that were given stay.
    How long at most? (optional): ‹Choose how long›▾
    Or exactly (optional): ____ (e.g. 90m, 12h, 1w2d)
      m for minutes, h for hours, d for days, w for weeks.
    Why? (optional): ____ (The person who asked will read it.)
    [Back]  [Shorten](primary)

    === Ask a question ===
    About: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours. Everyone involved reads your question and the answer in their threads.
    Your question to Ana Lopes: ____ (What do you need to know to decide?)
    [Back]  [Ask](primary)

    === Administer ===
    *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours. The step that is open is *Database owners*. What you do here stands on the record under your name, as an administrator's act and not as an approval.
    What is to be done?: ‹Choose›▾
    In whose place? (to give the step to somebody else) (optional): ‹Choose a person›▾
    To whom? (to give the step to somebody else) (optional): ‹Choose a person›▾
    Why?: ____ (Everyone involved reads it.)
    [Back]  [Do it](primary)
    ");
}

// --- asking ---

#[test]
fn an_empty_form_is_small() {
    assert_snapshot!(seen_view(&draw(&form())), @r"
    === Submit a request ===
    · Say what you need and why. The right people are asked at once, and you hear from me here in Slack.
    Which app do you need?: ‹Choose an app›▾
    Why do you need it?: ____ (What will you do with it? A ticket or a link helps the people who decide.)
    [Cancel]  [Submit](primary)
    ");
}

#[test]
fn a_form_asks_for_what_the_entitlement_needs() {
    assert_snapshot!(seen_view(&draw(&filled())), @r"
    === Submit a request ===
    Which app do you need?: Production database▾
    What access do you need?: payments / Read▾
      Read the ledger tables.
    How long do you need it?: 4 hours▾
    Why do you need it?: Refunds are stuck
    · Will be asked: @bob, then one of 3 *Database owners*
    [Cancel]  [Submit](primary)
    ");
}

#[test]
fn a_form_offers_emergency_and_others_to_those_who_may() {
    let mut form = filled();
    form.offers_emergency = true;
    form.asks_subject = true;
    form.draft.emergency = true;
    form.draft.length = ChosenLength::Custom("3 fortnights".to_owned());
    form.draft.subject = Some(bob());
    form.preview = Some(Preview {
        steps: vec![PreviewStep::Automatic],
    });
    assert_snapshot!(seen_view(&draw(&form)), @r"
    === Submit a request ===
    Which app do you need?: Production database▾
    What access do you need?: payments / Read▾
      Read the ledger tables.
    How long do you need it?: Other…▾
    How long exactly?: 3 fortnights
      m for minutes, h for hours, d for days, w for weeks. At most 1 week.
    Why do you need it?: Refunds are stuck
    Emergency access (optional): ☑ ⚡ This is an emergency – It cannot wait for the usual approval.
      The emergency rules decide in place of the usual ones. The access is short and ends by itself, and the record shows that it was an emergency.
    Who needs access?: @bob▾
    · ⚡ Nobody has to approve this: you get it at once, on record.
    [Cancel]  [Submit](primary)
    ");
}

#[test]
fn a_form_says_what_stands_in_the_way() {
    let mut form = filled();
    form.preview = None;
    form.problem = Some(Problem {
        sentence: Refusal::AlreadyAsked { request: RequestId(12) }.sentence(),
        request: Some(RequestId(12)),
        url: Some("https://c1.example/requests/12".to_owned()),
        may_escalate: false,
    });
    let shown = seen_view(&draw(&form));
    assert!(shown.ends_with(""), "{shown}");
    assert_snapshot!(shown.lines().rev().take(3).collect::<Vec<_>>().join("\n"), @r"
    [Cancel]  [Submit](primary)
    ⚠️ There is already an open request for this: #12 (https://c1.example/requests/12).
    Why do you need it?: Refunds are stuck
    ");
}

#[test]
fn a_form_says_who_will_be_asked() {
    let say = |steps: Vec<PreviewStep>| view::preview::preview_line(&Preview { steps }, false).plain(500);
    let many: Vec<_> = (1..=9).map(|id| person(id, &format!("P{id}"))).collect();
    let said = [
        say(vec![]),
        say(vec![PreviewStep::Automatic]),
        say(vec![
            ask("", vec![ana()], 1),
            PreviewStep::Automatic,
            ask("Database owners", many[..3].to_vec(), 1),
        ]),
        say(vec![ask("", vec![ana(), bob()], 1)]),
        say(vec![ask("", vec![ana(), bob()], 2)]),
        say(vec![
            ask("", many[..3].to_vec(), 1),
            ask("", many.clone(), 2),
            ask("Security", many.clone(), 9),
        ]),
        say(vec![ask("", vec![], 1)]),
        say(vec![
            ask("", vec![ana()], 1),
            PreviewStep::Refuses("Not on Fridays.".to_owned()),
        ]),
        say((0..60).map(|_| ask("", vec![ana()], 1)).collect()),
    ];
    assert_snapshot!(said.join("\n"), @r"
    ✅ Nobody has to approve this: you get it at once.
    ✅ Nobody has to approve this: you get it at once.
    Will be asked: Ana Lopes, then one of 3 Database owners
    Will be asked: one of Ana Lopes or Bob Stone
    Will be asked: Ana Lopes and Bob Stone
    Will be asked: one of P1, P2 or P3, then 2 of P1, P2 + 7, then all 9 Security
    Will be asked: somebody in charge
    🚫 This would be denied at once: Not on Fridays.
    Will be asked: Ana Lopes, then Ana Lopes, then Ana Lopes, then Ana Lopes, then Ana Lopes, then Ana Lopes, then 54 more steps
    ");
}

#[test]
fn typed_answers_survive_and_choices_that_no_longer_fit_do_not() {
    let blocks = |form: &RequestForm| -> Vec<String> {
        let view = draw(form);
        let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
        blocks
            .iter()
            .filter_map(|block| block["block_id"].as_str().map(str::to_owned))
            .collect()
    };
    let mut form = filled();
    form.offers_emergency = true;
    form.asks_subject = true;
    let before = blocks(&form);
    assert_eq!(
        before,
        [
            "app",
            "entitlement:5",
            "length:9:request",
            "reason",
            "emergency",
            "subject"
        ]
    );
    form.draft.app = Some(AppId(6));
    form.draft.entitlement = Some(EntitlementId(10));
    form.draft.emergency = true;
    assert_eq!(
        blocks(&form),
        [
            "app",
            "entitlement:6",
            "length:10:emergency",
            "reason",
            "emergency",
            "subject"
        ]
    );
    assert_eq!(view::request_form::app_of_block("entitlement:6"), Some(AppId(6)));
    assert_eq!(view::request_form::app_of_block("reason"), None);
}

#[test]
fn a_form_remembers_what_it_was_drawn_for() {
    let mut form = filled();
    form.draft.extension = true;
    form.draft.subject = Some(bob());
    let view = draw(&form);
    let notes = FormNotes::read(view["private_metadata"].as_str().unwrap_or_default()).expect("our own notes");
    assert_eq!(
        (notes.app, notes.entitlement, notes.subject),
        (Some(AppId(5)), Some(EntitlementId(9)), Some(bob().id))
    );
    assert!(notes.extension);
    assert_eq!(FormNotes::read(r#"{"v":0,"app":5}"#), None);
    assert_eq!(FormNotes::read("{}"), None);
    assert_eq!(FormNotes::read(""), None);
}

#[test]
fn pickers_show_what_is_held_and_pending() {
    let entitlement = |id, holding| EntitlementChoice {
        id: EntitlementId(id),
        name: "payments / Admin".to_owned(),
        description: "Change settings".to_owned(),
        holding,
    };
    let choices = view::request_form::entitlement_choices(&[
        entitlement(1, Holding::Not),
        entitlement(2, Holding::Pending),
        entitlement(
            3,
            Holding::Held {
                until: None,
                expiring: false,
            },
        ),
        entitlement(
            4,
            Holding::Held {
                until: Some(at(1)),
                expiring: true,
            },
        ),
    ]);
    let shown: Vec<_> = choices
        .iter()
        .map(|c| format!("{} {} ({})", c.value, c.text, c.description.as_deref().unwrap_or("")))
        .collect();
    assert_snapshot!(shown.join("\n"), @r"
    1 payments / Admin (Change settings)
    2 ⏳ payments / Admin (Already asked for)
    3 ✅ payments / Admin (Already held)
    4 ✅ payments / Admin (Already held, ends within a day)
    ");
}

// --- the card ---

#[test]
fn the_requester_sees_who_is_awaited() {
    let mut card = card(ana(), Role::Requester);
    card.viewer.may_cancel = true;
    assert_snapshot!(show(&card), @r"
    [You have created a new access request: Production database / payments / Read · ⏳ Awaiting approval from Bob Stone + 2]
    # You have created a new access request
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⏳ Awaiting approval from @bob + 2
    [Cancel request]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn the_requester_follows_the_steps() {
    let mut card = card(ana(), Role::Requester);
    card.viewer.may_cancel = true;
    let mut manager = step("Manager", StepState::Approved, 1);
    manager.decisions = vec![decided(bob(), Verdict::Approve, "Needed for the refunds")];
    let mut owners = step("Database owners", StepState::Open, 2);
    owners.decisions = vec![decided(cy(), Verdict::Approve, "")];
    owners.due_at = Some(at(24));
    card.steps = vec![manager, owners, step("Security", StepState::Waiting, 1)];
    card.standing = Standing::Open {
        step: 1,
        awaiting: vec![dee(), bob()],
        missing: 1,
    };
    assert_snapshot!(show(&card), @r"
    [You have created a new access request: Production database / payments / Read · ⏳ Awaiting approval from Dee Fox + 1]
    # You have created a new access request
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⏳ Awaiting approval from *Dee Fox* + 1
    ✓ *Manager* — approved by @bob (_“Needed for the refunds”_)
    ● *Database owners* — 1 of 2: approved by @cy, waiting for *Dee Fox* + 1
    ○ *Security* — later
    [Cancel request]
    · #42 · asked 2026-05-04 10:00 UTC · due 2026-05-05 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn a_lone_step_is_not_told_twice() {
    let mut card = card(ana(), Role::Requester);
    let told = |card: &RequestCard, words: &str| show(card).lines().filter(|line| line.contains(words)).count();
    card.steps[0].needed = 2;
    assert_eq!(
        told(&card, "Database owners"),
        0,
        "the sentence above names whom it waits for"
    );
    card.steps[0].decisions = vec![decided(bob(), Verdict::Approve, "fine")];
    assert_eq!(told(&card, "1 of 2: approved by @bob (_“fine”_)"), 1);
    card.steps[0].needed = 1;
    card.steps[0].state = StepState::Approved;
    card.standing = Standing::Approved { by: Some(bob()) };
    assert_eq!(told(&card, "✅ Approved by @bob: _“fine”_"), 1);
    assert_eq!(told(&card, "Database owners"), 0);
    card.viewer.role = Role::Approver;
    card.viewer.may_decide = Some(may(true));
    card.steps = vec![step("Security", StepState::Open, 2)];
    card.standing = Standing::Open {
        step: 0,
        awaiting: vec![ana(), cy()],
        missing: 2,
    };
    assert_eq!(told(&card, "● *Security* — 2 approvals needed, waiting for you + 1"), 1);
}

#[test]
fn the_requester_reads_what_became_of_it() {
    let mut card = card(ana(), Role::Requester);
    let mut said = Vec::new();
    let tail = |card: &RequestCard| {
        let shown = show(card);
        let from = shown.find("I have to read").expect("the justification");
        shown[from..].lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    card.steps[0].state = StepState::Approved;
    card.standing = Standing::Approved { by: Some(bob()) };
    said.push(tail(&card));
    card.grant = Some(GrantLine {
        provisioners: vec![dee(), bob()],
        ..grant(GrantState::Provisioning)
    });
    said.push(tail(&card));
    card.viewer.may_end = true;
    card.viewer.may_extend = true;
    card.grant = Some(GrantLine {
        given_by: Some(dee()),
        ..grant(GrantState::Active)
    });
    said.push(tail(&card));
    card.viewer.may_end = false;
    card.viewer.may_extend = false;
    card.grant = Some(GrantLine {
        cause: Some(Cause::Time),
        ..grant(GrantState::Ending)
    });
    said.push(tail(&card));
    card.grant = Some(GrantLine {
        ended_at: Some(at(5)),
        cause: Some(Cause::Done),
        ended_by: Some(ana()),
        ..grant(GrantState::Ended)
    });
    said.push(tail(&card));
    card.grant = Some(GrantLine {
        trouble: Some("the directory is down".to_owned()),
        ..grant(GrantState::Failed)
    });
    said.push(tail(&card));
    card.grant = Some(GrantLine {
        trouble: Some("no answer".to_owned()),
        ..grant(GrantState::EndOverdue)
    });
    said.push(tail(&card));
    card.grant = None;
    card.standing = Standing::Denied {
        by: Some(cy()),
        reason: "Use the replica:\nhttps://replica.example".to_owned(),
    };
    said.push(tail(&card));
    card.standing = Standing::Cancelled {
        by: Some(ana()),
        reason: String::new(),
        admin: false,
    };
    said.push(tail(&card));
    card.standing = Standing::Expired;
    said.push(tail(&card));
    card.standing = Standing::Closed {
        cause: Cause::EntitlementGone,
    };
    said.push(tail(&card));
    assert_snapshot!(said.join("\n\n"), @r"
    ✅ Approved by @bob
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    🔧 Being set up by *Dee Fox* + 1
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    🟢 Active until 2026-05-04 15:00 UTC · set up by *Dee Fox*
    [I'm done]  [Ask for more time]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    🌇 Ending because its time was over
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    ⚪ Ended 2026-05-04 15:00 UTC by you because it was no longer needed
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    ⚠️ Could not be set up: _“the directory is down”_
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✅ Approved by @bob
    ⚠️ Should have ended, but is not confirmed to be gone: _“no answer”_
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    🚫 Denied by @cy
    *Reason*
    > Use the replica:
    > https://replica.example
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✖️ Cancelled by you
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ⌛ Expired: nobody decided in time
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    ✖️ Closed because this access is no longer offered
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn somebody_for_whom_it_was_asked_reads_so() {
    let mut card = card(bob(), Role::Requester);
    card.subject = bob();
    card.emergency = true;
    card.resource = None;
    card.url = None;
    card.length = Length::NoEnd;
    assert_snapshot!(show(&card), @r"
    [⚡ Ana Lopes has asked for access for you: Production database / Read · ⏳ Awaiting approval from you + 2]
    # ⚡ Ana Lopes has asked for access for you
    ⚡ *Grant Bob Stone Read*
    App            Production database
    Entitlement    Read
    Requested by   @ana
    Requested for  @bob
    Duration       No end
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⏳ Awaiting approval from you + 2
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn an_approver_decides() {
    assert_snapshot!(show(&for_bob()), @r"
    [Ana Lopes asks for access: Production database / payments / Read · “Refunds are stuck, see https://tickets.example/INC-42. I have to read the ledger.”]
    # Ana Lopes asks for access
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    · Why you: you own *Production database*
    Given 3 times before, last on 2026-04-30 06:00 UTC
    2 of 6 in *Data* hold it now: @cy, *Dee Fox*
    Your reason (needed to deny): ____ (The person who asked will read it.)
    [Approve](primary)  [Deny](danger)  [Note to approvers]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
    assert_eq!(
        buttons(&view::request_card::request_card(&for_bob(), &mentions()).json()),
        ["approve 42:0:3", "deny 42:0:3", "note_to_approvers 42:0:3"]
    );
    assert_eq!(
        "42:0:3".parse(),
        Ok(Seen {
            request: RequestId(42),
            step: 0,
            revision: 3
        })
    );
    for wrong in ["", "42", "42:0", "42:0:3:1", "x:0:3", "42:-1:3"] {
        assert!(wrong.parse::<Seen>().is_err(), "{wrong}");
    }
}

#[test]
fn an_approver_sees_an_emergency_for_somebody_else() {
    let mut card = for_bob();
    card.emergency = true;
    card.subject = cy();
    card.viewer.why = Some(Why::Group("db".to_owned()));
    card.viewer.why_name = "Database on-call".to_owned();
    card.viewer.context = Some(Context {
        team_size: 1,
        ..Context::default()
    });
    card.viewer.may_decide = Some(MayDecide {
        reason_to_approve: true,
        ..may(true)
    });
    assert_snapshot!(show(&card), @r"
    [⚡ Ana Lopes asks for emergency access for Cy Young: Production database / payments / Read · “Refunds are stuck, see https://tickets.example/INC-42. I have to read the ledger.”]
    # ⚡ Ana Lopes asks for emergency access for Cy Young
    ⚡ *Grant Cy Young Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @cy
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    · Why you: you are in *Database on-call*
    Never given to @cy before
    Your reason (needed): ____ (The person who asked will read it.)
    [Approve](primary)  [Deny](danger)  [Note to approvers]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn an_emergency_that_was_none_says_who_made_it_one_and_what_no_longer_counts() {
    let escalation = EscalationLine {
        by: ana(),
        reason: "Customers cannot pay.".to_owned(),
        at: at(1),
        void: 2,
        restarted: false,
    };
    let mut hers = card(ana(), Role::Requester);
    hers.viewer.may_cancel = true;
    hers.viewer.may_escalate = true;
    let before = show(&hers);
    assert!(
        before.contains("[⚡ Escalate to emergency]  [Cancel request]"),
        "{before}"
    );
    hers.emergency = true;
    hers.viewer.may_escalate = false;
    hers.escalation = Some(escalation.clone());
    assert_snapshot!(show(&hers), @r"
    [⚡ You have created a new access request: Production database / payments / Read · ⏳ Awaiting approval from Bob Stone + 2]
    # ⚡ You have created a new access request
    ⚡ *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⚡ Made an emergency by you · 2026-05-04 11:00 UTC · 2 earlier approvals no longer count
    *What has changed*
    > Customers cannot pay.
    ⏳ Awaiting approval from @bob + 2
    [Cancel request]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");

    let mut his = card(bob(), Role::Approver);
    his.emergency = true;
    his.escalation = Some(EscalationLine { void: 0, ..escalation });
    his.viewer.overtaken = true;
    his.steps[0].approvers = vec![cy()];
    his.standing = Standing::Open {
        step: 0,
        awaiting: vec![cy()],
        missing: 1,
    };
    assert_snapshot!(show(&his), @r"
    [⚡ Ana Lopes asks for emergency access: Production database / payments / Read · ⚡ Now an emergency · no longer needed from you · awaiting approval from Cy Young]
    # ⚡ Ana Lopes asks for emergency access
    ⚡ *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ⚡ Made an emergency by @ana · 2026-05-04 11:00 UTC
    *What has changed*
    > Customers cannot pay.
    ⚡ Now an emergency · no longer needed from you · awaiting approval from @cy
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

#[test]
fn what_is_decided_has_no_buttons_and_says_how() {
    let mut outcomes = Vec::new();
    let mut see = |change: &dyn Fn(&mut RequestCard)| {
        let mut card = for_bob();
        card.viewer.may_decide = None;
        change(&mut card);
        let message = view::request_card::request_card(&card, &mentions());
        assert!(buttons(&message.json()).is_empty());
        assert!(!message.json().to_string().contains("plain_text_input"));
        let shown = seen(&message);
        let from = shown.find("I have to read").expect("the justification");
        let lines: Vec<_> = shown[from..].lines().skip(1).collect();
        outcomes.push(lines[..lines.len() - 1].join(" / "));
    };
    // Decided, and one more is missing.
    see(&|card| {
        card.steps[0].needed = 2;
        card.steps[0].decisions = vec![decided(bob(), Verdict::Approve, "")];
        card.standing = Standing::Open {
            step: 0,
            awaiting: vec![cy(), dee()],
            missing: 1,
        };
        card.viewer.decided = Some(Verdict::Approve);
    });
    // Decided, and the next step waits.
    see(&|card| {
        card.steps[0].state = StepState::Approved;
        card.steps[0].decisions = vec![decided(bob(), Verdict::Approve, "")];
        card.steps.push(step("Security", StepState::Open, 1));
        card.standing = Standing::Open {
            step: 1,
            awaiting: vec![cy(), dee()],
            missing: 1,
        };
        card.viewer.decided = Some(Verdict::Approve);
    });
    // Somebody else was faster.
    see(&|card| {
        card.steps[0].state = StepState::Approved;
        card.steps[0].decisions = vec![decided(cy(), Verdict::Approve, "")];
        card.steps.push(step("Security", StepState::Open, 1));
        card.standing = Standing::Open {
            step: 1,
            awaiting: vec![dee()],
            missing: 1,
        };
    });
    // No longer asked.
    see(&|card| {
        card.steps[0].approvers = vec![cy()];
        card.standing = Standing::Open {
            step: 0,
            awaiting: vec![cy()],
            missing: 1,
        };
    });
    // Approved and granted.
    see(&|card| {
        card.steps[0].state = StepState::Approved;
        card.steps[0].decisions = vec![decided(bob(), Verdict::Approve, "")];
        card.standing = Standing::Approved { by: Some(bob()) };
        card.viewer.decided = Some(Verdict::Approve);
        card.grant = Some(grant(GrantState::Active));
    });
    see(&|card| {
        card.steps[0].state = StepState::Approved;
        card.steps[0].decisions = vec![decided(cy(), Verdict::Approve, "")];
        card.standing = Standing::Approved { by: Some(cy()) };
    });
    see(&|card| {
        card.standing = Standing::Denied {
            by: Some(bob()),
            reason: "Use the replica".to_owned(),
        };
        card.viewer.decided = Some(Verdict::Deny);
    });
    see(&|card| {
        card.standing = Standing::Denied {
            by: Some(cy()),
            reason: "Use the replica".to_owned(),
        }
    });
    see(&|card| {
        card.standing = Standing::Denied {
            by: None,
            reason: "Nobody decided in time.".to_owned(),
        }
    });
    see(&|card| {
        card.standing = Standing::Cancelled {
            by: Some(ana()),
            reason: "solved".to_owned(),
            admin: false,
        }
    });
    see(&|card| card.standing = Standing::Expired);
    see(&|card| {
        card.standing = Standing::Closed {
            cause: Cause::PersonGone,
        }
    });
    assert_snapshot!(outcomes.join("\n"), @r"
    ✅ Approved by you · waiting for 1 more
    ✅ Approved by you · awaiting approval from @cy + 1
    ✅ Already approved by @cy · no longer needed from you
    No longer needed from you · awaiting approval from @cy
    ✅ Approved by you / 🟢 Active until 2026-05-04 15:00 UTC
    ✅ Already approved by @cy
    🚫 Denied by you / *Reason* / > Use the replica
    🚫 Already denied by @cy / *Reason* / > Use the replica
    🚫 Denied automatically / *Reason* / > Nobody decided in time.
    ✖️ Cancelled by @ana / *Reason* / > solved
    ⌛ Expired: nobody decided in time · no longer needed from you
    ✖️ Closed because the person is no longer active · no longer needed from you
    ");
}

#[test]
fn a_provisioner_reads_what_to_do() {
    let mut card = card(dee(), Role::Provisioner);
    card.standing = Standing::Approved { by: Some(bob()) };
    card.viewer.may_provision = true;
    card.grant = Some(GrantLine {
        provisioners: vec![dee(), cy()],
        ..grant(GrantState::Provisioning)
    });
    assert_snapshot!(show(&card), @r"
    [Please set up access for Ana Lopes: Production database / payments / Read · 🔧 Being set up by you + 1]
    # Please set up access for Ana Lopes
    *Grant Ana Lopes Read (https://c1.example/requests/42)*
    App            Production database
    Resource       payments
    Entitlement    Read
    Requested by   @ana
    Requested for  @ana
    Duration       4 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    *What to do*
    > Add the person to the group `payments-read` in the directory.
    🔧 Being set up by you + 1
    [Provisioned](primary)  [Won't do]
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
    assert_eq!(
        buttons(&view::request_card::request_card(&card, &mentions()).json()),
        ["provisioned 7", "wont_do 7"]
    );
    card.viewer.may_provision = false;
    card.viewer.may_deprovision = true;
    card.grant = Some(GrantLine {
        provisioners: vec![dee()],
        cause: Some(Cause::Time),
        ..grant(GrantState::Ending)
    });
    let removal = show(&card);
    card.viewer.may_deprovision = false;
    card.grant = Some(GrantLine {
        given_by: Some(cy()),
        ..grant(GrantState::Active)
    });
    let given = show(&card);
    card.grant = Some(GrantLine {
        given_by: Some(cy()),
        ended_by: Some(dee()),
        ended_at: Some(at(5)),
        ..grant(GrantState::Ended)
    });
    let removed = show(&card);
    card.grant = Some(GrantLine {
        ended_by: Some(ana()),
        ended_at: Some(at(5)),
        cause: Some(Cause::Done),
        ..grant(GrantState::Ended)
    });
    let called_off = show(&card);
    let short = |shown: &str| {
        let lines: Vec<_> = shown.lines().skip(1).collect();
        format!("{}\n…\n{}", lines[0], lines[lines.len() - 5..].join("\n"))
    };
    assert!(
        called_off.contains("⚪ Ended 2026-05-04 15:00 UTC by @ana because it was no longer needed"),
        "nobody removes what was not set up: {called_off}"
    );
    assert_snapshot!([short(&removal), short(&given), short(&removed)].join("\n\n"), @r"
    # Please remove access from Ana Lopes
    …
    *What to do*
    > Add the person to the group `payments-read` in the directory.
    🌇 Ending because its time was over · to be removed by you
    [Removed](primary)
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    # Access for Ana Lopes
    …
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ✅ Set up by @cy · Active until 2026-05-04 15:00 UTC
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved

    # Access for Ana Lopes
    …
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    > I have to read the ledger.
    ✅ Removed by you · Ended
    · #42 · asked 2026-05-04 10:00 UTC · Reply in this thread to talk with everyone involved
    ");
}

// --- lists ---

fn home() -> Home {
    let mut waiting = line(42, open());
    waiting.may_decide = Some(may(false));
    waiting.emergency = true;
    waiting.subject = cy();
    let mut granted = line(40, Standing::Approved { by: Some(bob()) });
    granted.grant = Some((GrantState::Active, Some(at(5))));
    Home {
        absence: None,
        alarms: vec![],
        reviews: vec![],
        person: ana(),
        approvals: vec![waiting],
        approvals_total: 12,
        tasks: vec![task(7, false), task(8, true)],
        access: vec![
            held(1, GrantState::Active, Some(at(3))),
            held(2, GrantState::Active, None),
            held(3, GrantState::Provisioning, None),
        ],
        access_total: 3,
        requests: vec![
            line(41, open()),
            granted,
            line(
                39,
                Standing::Denied {
                    by: Some(cy()),
                    reason: "no".to_owned(),
                },
            ),
        ],
        requests_total: 3,
        now: at(0),
    }
}

#[test]
fn home_shows_what_waits_and_what_is_held() {
    assert_snapshot!(seen_view(&view::home::home(&home(), &mentions())), @r"
    Hi @ana. What do you need?
    [Request access](primary)  [I'll be away]
    # Waiting for you (12)
    ⚡ @ana asks for Production database / payments / Read (https://c1.example/requests/42) for @cy · 4 hours
    _“Refunds are stuck”_
    [Approve](primary)  [Deny](danger)  [Show]
    · … and 11 more
    # To set up or remove by hand
    Set up *GitHub / payments / Admin* for @bob
    [Provisioned](primary)  [Won't do]  [Show]
    ⚡ Remove *GitHub / payments / Admin* from @bob
    [Removed](primary)  [Show]
    # My access (3)
    🟢 *GitHub / payments / Admin*
    3 hours left, until 2026-05-04 13:00 UTC
    [I'm done]  [Extend]
    🟢 *GitHub / payments / Admin*
    No end
    [I'm done]
    🔧 *GitHub / payments / Admin*
    Being set up
    # My requests
    ⏳ #41 Production database / payments / Read (https://c1.example/requests/41)
    Awaiting approval from @bob + 2 · asked 2026-05-04 10:00 UTC
    [Show]
    🟢 #40 Production database / payments / Read (https://c1.example/requests/40)
    Active until 2026-05-04 15:00 UTC · asked 2026-05-04 10:00 UTC
    [Show]
    🚫 #39 Production database / payments / Read (https://c1.example/requests/39)
    Denied by @cy · asked 2026-05-04 10:00 UTC
    [Show]
    ");
}

#[test]
fn an_empty_home_is_friendly() {
    let home = Home {
        approvals: vec![],
        approvals_total: 0,
        tasks: vec![],
        access: vec![],
        access_total: 0,
        requests: vec![],
        requests_total: 0,
        ..home()
    };
    assert_snapshot!(seen_view(&view::home::home(&home, &mentions())), @r"
    Hi @ana. What do you need?
    [Request access](primary)  [I'll be away]
    # Waiting for you
    · Nothing waits for you. 🎉
    # My access
    · You hold nothing through me yet. What you are given shows up here, with the time it has left.
    # My requests
    · You have not asked for anything yet.
    ");
}

#[test]
fn commands_answer() {
    let home = home();
    let answers = [
        seen(&view::lists::help()),
        seen(&view::lists::unknown_command("aprovals")),
        seen(&view::lists::unknown_command("<!channel>")),
        seen(&view::lists::requests(&home.requests, 3, ana().id, &mentions())),
        seen(&view::lists::requests(&[], 0, ana().id, &mentions())),
        seen(&view::lists::approvals(&home.approvals, 1, &home.tasks, &mentions())),
        seen(&view::lists::approvals(&[], 0, &[], &mentions())),
        seen(&view::lists::access(&home.access, 3, at(0), &mentions())),
        seen(&view::lists::access(&[], 0, at(0), &mentions())),
        seen(&view::lists::no_such_request("#42")),
        seen(&view::lists::no_such_request("")),
        seen(&view::lists::no_such_request("payments")),
    ];
    assert_snapshot!(answers.join("\n\n"), @r"
    [What you can type: request, list, approvals, access, show, cancel, escalate, reviews, alarms, away, back, audit, help]
    *What you can type*
    `/c1 request [app] [access]` – ask for access; the words after it fill in the form
    `/c1 list` – what you asked for, and how it stands
    `/c1 approvals [list]` – what waits for you, to decide several at once; “list”: as a message
    `/c1 access` – what you hold and for how long, with “Extend” and “I'm done”
    `/c1 show 42` – a request
    `/c1 cancel 42` – call a request off
    `/c1 escalate 42 [why]` – make an open request an emergency
    `/c1 reviews` – emergencies that wait for you to look back at them
    `/c1 alarms` – what is wrong and waits for somebody to see to it
    `/c1 away until Monday for @Ben` – who decides in your place while you are away; without words: whether you are
    `/c1 back` – you are back
    `/c1 audit [42 | @Ana | emergencies]` – what happened, for auditors; reading it is on record too
    `/c1 help` – this list
    [Request access](primary)

    [I don't know “aprovals”. Did you mean /c1 approvals? /c1 help lists what you can type.]
    I don't know “aprovals”. Did you mean */c1 approvals*? */c1 help* lists what you can type.

    [I don't know “&lt;!channel&gt;”. /c1 help lists what you can type.]
    I don't know “<!channel>”. */c1 help* lists what you can type.

    [Your requests (3)]
    # Your requests (3)
    ⏳ #41 Production database / payments / Read (https://c1.example/requests/41)
    Awaiting approval from @bob + 2 · asked 2026-05-04 10:00 UTC
    [Show]
    🟢 #40 Production database / payments / Read (https://c1.example/requests/40)
    Active until 2026-05-04 15:00 UTC · asked 2026-05-04 10:00 UTC
    [Show]
    🚫 #39 Production database / payments / Read (https://c1.example/requests/39)
    Denied by @cy · asked 2026-05-04 10:00 UTC
    [Show]

    [You have not asked for anything yet.]
    You have not asked for anything yet.
    [Request access](primary)

    [Waiting for you (3)]
    # Waiting for you (3)
    ⚡ @ana asks for Production database / payments / Read (https://c1.example/requests/42) for @cy · 4 hours
    _“Refunds are stuck”_
    [Approve](primary)  [Deny](danger)  [Show]
    Set up *GitHub / payments / Admin* for @bob
    [Provisioned](primary)  [Won't do]  [Show]
    ⚡ Remove *GitHub / payments / Admin* from @bob
    [Removed](primary)  [Show]

    [Nothing waits for you. 🎉]
    Nothing waits for you. 🎉

    [Your access (3)]
    # Your access (3)
    🟢 *GitHub / payments / Admin*
    3 hours left, until 2026-05-04 13:00 UTC
    [I'm done]  [Extend]
    🟢 *GitHub / payments / Admin*
    No end
    [I'm done]
    🔧 *GitHub / payments / Admin*
    Being set up

    [You hold nothing through me yet.]
    You hold nothing through me yet.
    [Request access](primary)

    [There is no request #42 that you can see.]
    There is no request #42 that you can see.

    [Which one? Give its number, as in /c1 show 42.]
    Which one? Give its number, as in */c1 show 42*.

    [“payments” is not the number of a request.]
    “payments” is not the number of a request.
    ");
}

#[test]
fn cancelling_asks_first() {
    let mut card = card(ana(), Role::Requester);
    card.viewer.may_cancel = true;
    let asked = seen(&view::lists::cancel(&card, &mentions()));
    card.viewer.may_cancel = false;
    card.standing = Standing::Approved { by: Some(bob()) };
    assert_snapshot!([asked, seen(&view::lists::cancel(&card, &mentions()))].join("\n\n"), @r"
    [#42 Production database / payments / Read · Awaiting approval from Bob Stone + 2]
    #42 *Production database / payments / Read (https://c1.example/requests/42)* · Awaiting approval from @bob + 2
    [Cancel request]

    [#42 Production database / payments / Read · Approved by Bob Stone]
    #42 *Production database / payments / Read (https://c1.example/requests/42)* · Approved by @bob
    · There is nothing to cancel here.
    ");
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest_command() {
    for (typed, meant) in [
        ("reqest", Some("request")),
        ("REQUESTS", Some("list")),
        ("approve", Some("approvals")),
        ("aprove", Some("approvals")),
        ("reqeust", Some("request")),
        ("approvals", Some("approvals")),
        ("aproval", Some("approvals")),
        ("lsit", Some("list")),
        ("canel", Some("cancel")),
        ("acess", Some("access")),
        ("hepl", Some("help")),
        ("sho", Some("show")),
        ("potato", None),
        ("", None),
        ("ééééééééééééé", None),
    ] {
        assert_eq!(view::lists::nearest_command(typed), meant, "{typed}");
    }
}

// --- dialogs and notices ---

#[test]
fn dialogs_ask_for_what_is_missing() {
    let notes = |verdict| DecisionNotes {
        seen: Seen {
            request: RequestId(42),
            step: 0,
            revision: 3,
        },
        verdict,
    };
    let deny = view::decision::decision_dialog(&for_bob(), notes(Verdict::Deny), true, "no bec", &mentions());
    let approve = view::decision::decision_dialog(&for_bob(), notes(Verdict::Approve), false, "", &mentions());
    assert_eq!(
        DecisionNotes::read(deny["private_metadata"].as_str().unwrap_or("")),
        Some(notes(Verdict::Deny))
    );
    let wont = view::decision::wont_do_dialog(&task(7, false), &mentions());
    assert_eq!(wont["private_metadata"], "7");
    assert_snapshot!([deny, approve, wont].iter().map(seen_view).collect::<Vec<_>>().join("\n\n"), @r"
    === Deny request #42 ===
    You deny: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours.
    Your reason: no bec
    [Back]  [Deny](primary)

    === Approve request #42 ===
    You approve: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 4 hours.
    Your reason (optional): ____ (The person who asked will read it.)
    [Back]  [Approve](primary)

    === Won't do ===
    You will not set up *GitHub / payments / Admin* for @bob. They read why.
    Why not?: ____ (What keeps it from being done?)
    [Back]  [Won't do](primary)
    ");
}

#[test]
fn making_it_an_emergency_says_what_follows() {
    let mut card = card(ana(), Role::Requester);
    card.length = Length::For(4 * HOUR);
    let escalation = Escalation {
        card,
        length: Length::For(HOUR),
        preview: Preview {
            steps: vec![ask("Security", vec![cy(), dee()], 1)],
        },
        void: 1,
    };
    let dialog = view::decision::escalate_dialog(&escalation, "Customers cannot pay.", &mentions());
    assert_eq!(dialog["private_metadata"], "42");
    assert_snapshot!(seen_view(&dialog), @r"
    === Make it an emergency ===
    ⚡ Request #42 becomes an emergency: *Production database / payments / Read (https://c1.example/requests/42)* for @ana, 1 hour.
    What has changed? (optional): Customers cannot pay.
      Left empty, the reason so far stands.
    · The reason so far: _“Refunds are stuck, see https://tickets.example/INC-42. I have to read the ledger.”_
    · ⚡ Will be asked: one of 2 *Security*
    The emergency rules decide from now on, and everyone whose approval is skipped is told at once. The approval given so far no longer counts. An emergency lasts 1 hour at most. The record shows that it was an emergency.
    [Back]  [Escalate](primary)
    ");
    for (what, text) in worst_texts() {
        let escalation = Escalation {
            card: worst_card(&text, Role::Requester),
            void: usize::MAX,
            ..escalation.clone()
        };
        fine_view(what, &view::decision::escalate_dialog(&escalation, &text, &mentions()));
    }
}

fn review(id: i64) -> ReviewCard {
    ReviewCard {
        id,
        request: RequestId(42),
        title: "Production database / payments / Read".to_owned(),
        requester: ana(),
        subject: ana(),
        length: Length::For(2 * HOUR),
        justification: "Refunds are stuck, see https://tickets.example/INC-42.".to_owned(),
        escalation: Some("Customers cannot pay.".to_owned()),
        timeline: vec![
            (at(0), Moment::Asked(ana())),
            (at(1), Moment::Escalated(ana())),
            (at(1), Moment::Unanswered),
            (at(2), Moment::Approved(cy())),
            (at(2), Moment::Began(None)),
            (at(3), Moment::Extended(RequestId(43), Length::For(HOUR))),
            (at(4), Moment::CalledOff(Some(ana()), Cause::Done)),
            (at(4), Moment::Ended(Some(bob()))),
        ],
        due_at: at(72),
        overdue: false,
        reviewers: vec![bob(), dee()],
        done: None,
        url: Some("https://c1.example/requests/42".to_owned()),
    }
}

fn worst_review(text: &str, id: i64) -> ReviewCard {
    let reason: String = text.chars().take(2_000).collect();
    let name: String = text.chars().take(200).collect();
    ReviewCard {
        title: name,
        requester: bad(text, 61),
        subject: bad(text, 62),
        justification: reason.clone(),
        escalation: Some(reason.clone()),
        timeline: (0..60).map(|i| (at(i), Moment::Approved(bad(text, 63)))).collect(),
        overdue: id % 2 == 0,
        reviewers: (100..140).map(|id| bad(text, id)).collect(),
        done: (id % 3 == 0).then(|| {
            let findings = Findings {
                justified: id % 2 == 0,
                fit: Fit::TooLong,
                follow_up: reason,
            };
            (bad(text, 64), at(9), findings)
        }),
        ..review(id)
    }
}

#[test]
fn whoever_looks_back_reads_what_happened_and_answers_three_questions() {
    let mut done = review(7);
    let findings = view::review::findings(Some("no"), Some("too_long"), "Ask on-call next time.").expect("both chosen");
    done.done = Some((dee(), at(9), findings));
    let mut late = review(8);
    late.overdue = true;
    late.requester = cy();
    late.escalation = None;
    let shown = [
        seen(&view::review::card(&review(7), PersonId(2), &mentions())),
        seen(&view::review::card(&done, PersonId(2), &mentions())),
        seen(&view::review::card(&review(7), PersonId(9), &mentions())),
        seen(&view::review::list(&[review(7), late], &mentions())),
        seen(&view::review::list(&[], &mentions())),
        seen_view(&view::review::form(&review(7), &mentions())),
    ];
    assert_snapshot!(shown.join("\n\n"), @r"
    [⚡ Please review the emergency of Ana Lopes: Production database / payments / Read · Please do it by 2026-05-07 10:00 UTC · one other can do it, too]
    # ⚡ Please review the emergency of Ana Lopes
    *#42 Production database / payments / Read (https://c1.example/requests/42)*
    Used by    @ana
    Asked for  2 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    *What had changed*
    > Customers cannot pay.
    2026-05-04 10:00 UTC · asked for by @ana
    2026-05-04 11:00 UTC · made an emergency by @ana
    2026-05-04 11:00 UTC · nobody had answered; the last resort was asked too
    2026-05-04 12:00 UTC · approved by @cy
    2026-05-04 12:00 UTC · access began, given automatically
    2026-05-04 13:00 UTC · more time: 1 hour, by request #43
    2026-05-04 14:00 UTC · ended early by @ana, who no longer needed it
    2026-05-04 14:00 UTC · access is gone, removed by @bob
    · Please do it by 2026-05-07 10:00 UTC · one other can do it, too
    [Review](primary)

    [⚡ Reviewed: the emergency of Ana Lopes: Production database / payments / Read · 🔎 Reviewed by Dee Fox 2026-05-04 19:00 UTC: ⚠️ not justified; it was longer than needed]
    # ⚡ Reviewed: the emergency of Ana Lopes
    *#42 Production database / payments / Read (https://c1.example/requests/42)*
    Used by    @ana
    Asked for  2 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    *What had changed*
    > Customers cannot pay.
    2026-05-04 10:00 UTC · asked for by @ana
    2026-05-04 11:00 UTC · made an emergency by @ana
    2026-05-04 11:00 UTC · nobody had answered; the last resort was asked too
    2026-05-04 12:00 UTC · approved by @cy
    2026-05-04 12:00 UTC · access began, given automatically
    2026-05-04 13:00 UTC · more time: 1 hour, by request #43
    2026-05-04 14:00 UTC · ended early by @ana, who no longer needed it
    2026-05-04 14:00 UTC · access is gone, removed by @bob
    🔎 Reviewed by *Dee Fox* 2026-05-04 19:00 UTC: ⚠️ not justified; it was longer than needed
    *To follow*
    > Ask on-call next time.

    [⚡ Please review the emergency of Ana Lopes: Production database / payments / Read · No longer needed from you]
    # ⚡ Please review the emergency of Ana Lopes
    *#42 Production database / payments / Read (https://c1.example/requests/42)*
    Used by    @ana
    Asked for  2 hours
    *Justification*
    > Refunds are stuck, see https://tickets.example/INC-42.
    *What had changed*
    > Customers cannot pay.
    2026-05-04 10:00 UTC · asked for by @ana
    2026-05-04 11:00 UTC · made an emergency by @ana
    2026-05-04 11:00 UTC · nobody had answered; the last resort was asked too
    2026-05-04 12:00 UTC · approved by @cy
    2026-05-04 12:00 UTC · access began, given automatically
    2026-05-04 13:00 UTC · more time: 1 hour, by request #43
    2026-05-04 14:00 UTC · ended early by @ana, who no longer needed it
    2026-05-04 14:00 UTC · access is gone, removed by @bob
    No longer needed from you

    [Emergencies to review (2)]
    # Emergencies to review (2)
    ⚡ #42 Production database / payments / Read (https://c1.example/requests/42) · used by @ana
    Please do it by 2026-05-07 10:00 UTC · one other can do it, too
    [Review]
    ⚠️ ⚡ #42 Production database / payments / Read (https://c1.example/requests/42) · used by @ana
    Overdue since 2026-05-07 10:00 UTC; until it is done, a second person has to approve the next emergency · one other can do it, too
    [Review]

    [No emergency waits for your review. 🎉]
    No emergency waits for your review. 🎉

    === Review an emergency ===
    ⚡ *#42 Production database / payments / Read (https://c1.example/requests/42)*, used by @ana. _“Customers cannot pay.”_
    · 2026-05-04 10:00 UTC · asked for by @ana
    2026-05-04 11:00 UTC · made an emergency by @ana
    2026-05-04 11:00 UTC · nobody had answered; the last resort was asked too
    2026-05-04 12:00 UTC · approved by @cy
    2026-05-04 12:00 UTC · access began, given automatically
    2026-05-04 13:00 UTC · more time: 1 hour, by request #43
    2026-05-04 14:00 UTC · ended early by @ana, who no longer needed it
    2026-05-04 14:00 UTC · access is gone, removed by @bob
    Was it justified?:
      ○ Yes, it was an emergency
      ○ No, the usual way would have done
    Did the duration fit?:
      ○ Yes
      ○ No, it was longer than needed
      ○ No, it was too short
    What has to follow? (optional): ____ (A fix, a rule to change, somebody to talk to)
      Needed where it was not justified. It is on record, and the person reads it.
    [Back]  [Done](primary)
    ");
    for (what, text) in worst_texts() {
        for id in 0..6 {
            let worst = worst_review(&text, id);
            fine(what, &view::review::card(&worst, PersonId(100), &mentions()));
            fine_view(what, &view::review::form(&worst, &mentions()));
        }
        let many: Vec<_> = (0..60).map(|id| worst_review(&text, id)).collect();
        fine(what, &view::review::list(&many, &mentions()));
    }
    assert_eq!(view::review::findings(Some("yes"), None, ""), None);
    assert_eq!(view::review::findings(Some("maybe"), Some("fits"), ""), None);
}

fn alarm(id: i64) -> AlarmLine {
    AlarmLine {
        id,
        request: Some(RequestId(42)),
        emergency: true,
        body: "🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.".to_owned(),
        raised_at: at(1),
        taken: None,
        url: Some("https://c1.example/requests/42".to_owned()),
    }
}

fn worst_alarm(text: &str, id: i64) -> AlarmLine {
    AlarmLine {
        body: text.to_owned(),
        taken: (id % 2 == 0).then(|| (bad(text, 60), at(2))),
        url: (id % 3 == 0).then(|| "https://c1.example/requests/42".to_owned()),
        ..alarm(id)
    }
}

#[test]
fn an_alarm_waits_for_somebody_and_then_says_who() {
    let taken = AlarmLine {
        taken: Some((cy(), at(2))),
        ..alarm(7)
    };
    let shown = [
        view::notices::alarm(&alarm(7), &mentions()),
        view::notices::alarm(&taken, &mentions()),
        view::lists::alarms(&[alarm(7), alarm(8)], &mentions()),
        view::lists::alarms(&[], &mentions()),
    ];
    assert_snapshot!(shown.iter().map(seen).collect::<Vec<_>>().join("\n\n"), @r"
    [🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.]
    ⚡ 🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.
    · Nobody sees to it yet. Raised 2026-05-04 11:00 UTC · Request #42 (https://c1.example/requests/42)
    [I'll take it](primary)

    [🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.]
    ⚡ 🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.
    ✅ @cy sees to it, since 2026-05-04 12:00 UTC
    · Raised 2026-05-04 11:00 UTC · Request #42 (https://c1.example/requests/42)

    [Alarms (2)]
    # Alarms (2)
    ⚡ 🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.
    · Nobody sees to it yet. Raised 2026-05-04 11:00 UTC · Request #42 (https://c1.example/requests/42)
    [I'll take it](primary)
    ⚡ 🚨 Nobody has answered the emergency #42 of *Ana Lopes* in 15 minutes.
    · Nobody sees to it yet. Raised 2026-05-04 11:00 UTC · Request #42 (https://c1.example/requests/42)
    [I'll take it](primary)

    [There is no alarm that waits for you. 🎉]
    There is no alarm that waits for you. 🎉
    ");
    for (what, text) in worst_texts() {
        for id in 0..6 {
            fine(what, &view::notices::alarm(&worst_alarm(&text, id), &mentions()));
        }
        let many: Vec<_> = (0..60).map(|id| worst_alarm(&text, id)).collect();
        fine(what, &view::lists::alarms(&many, &mentions()));
    }
}

#[test]
fn private_answers_are_sentences() {
    let link = |id: RequestId| Some(format!("https://c1.example/requests/{id}"));
    let answers = [
        seen(&view::notices::refused(
            &Refusal::StepDecided {
                how: "approved by *Bob* <!here>".to_owned(),
            },
            link,
        )),
        seen(&view::notices::refused(
            &Refusal::AlreadyAsked { request: RequestId(12) },
            link,
        )),
        seen(&view::notices::stranger()),
    ];
    assert_snapshot!(answers.join("\n\n"), @r"
    [This step is already approved by ∗Bob∗ &lt;!here&gt;.]
    This step is already approved by ∗Bob∗ <!here>.

    [There is already an open request for this: #12.]
    There is already an open request for this: #12 (https://c1.example/requests/12).

    [I don't know you here, so I can't do this for you. Access requests are for full members of this workspace; if you are one, please tell an administrator.]
    I don't know you here, so I can't do this for you. Access requests are for full members of this workspace; if you are one, please tell an administrator.
    ");
}

/// A comment in Slack's markup, as Ana's thread carries it into the others.
fn carried(author: Option<PersonRef>, markup: &str) -> Carried {
    let known = |id: String| match id.as_str() {
        "U2" => Ok(bob()),
        "U4" => Ok(dee()),
        other => Err(format!("@{other}")),
    };
    Carried {
        author,
        words: markup::read(markup).map(known).harmless(),
        files: vec![],
        note: None,
        origin: Origin::Message {
            link: Some("https://w.slack.com/archives/D1/p1".to_owned()),
        },
        page: Some("https://c1.example/requests/42#comment-7".to_owned()),
        edited: false,
        late: false,
        restored: None,
    }
}

fn copied(carried: &Carried) -> String {
    seen(&view::comment::copy(carried, false, &mentions()))
}

#[test]
fn comments_are_carried_over_harmlessly() {
    let body = "<!channel> *bold* :tada: <@U2> <@U4> look at <https://evil.example|https://bank.example> or <https://ok.example|this> \
                &lt;3 @everyone <!subteam^S1|@oncall> <javascript:alert(1)|x>\n> quoted";
    assert_snapshot!(copied(&carried(Some(person(9, "Eve <!here> *x*")), body)), @r"
    [Eve &lt;!here&gt; ∗x∗: @¦channel bold :tada: @Bob Stone @Dee Fox look at https://evil.example or this (https://ok.example) &lt;3 @¦everyone @oncall x
    &gt; quoted]
    *Eve <!here> ∗x∗*
    @channel *bold* :tada: @bob *@Dee Fox* look at https://evil.example or this (https://ok.example) <3 @everyone @oncall x
    > quoted
    · from Eve <!here> ∗x∗’s thread (https://w.slack.com/archives/D1/p1)
    ");
    let system = Carried {
        origin: Origin::System,
        ..carried(None, "✅ *Bob* approved step 1 of 2: `fine` &amp; well")
    };
    assert_snapshot!(copied(&system), @r"
    [✅ Bob approved step 1 of 2: fine &amp; well]
    ✅ *Bob* approved step 1 of 2: `fine` & well
    ");
    assert_snapshot!(seen(&view::notices::notice("🔓 You have access", Some("https://c1.example/requests/42"))), @r"
    [🔓 You have access]
    🔓 You have access
    · Open the request (https://c1.example/requests/42)
    ");
}

#[test]
fn comments_say_where_they_were_written_and_what_became_of_them() {
    let file = |name: &str, size, deleted| File {
        id: "F1".to_owned(),
        name: name.to_owned(),
        mimetype: "application/pdf".to_owned(),
        size,
        link: "https://w.slack.com/files/U1/F1/plan.pdf".to_owned(),
        deleted,
    };
    let with_files = Carried {
        files: vec![
            file("plan <x>.pdf", 1_440_000, false),
            file("old", 512, true),
            file("", 2_000, false),
        ],
        edited: true,
        late: true,
        ..carried(Some(ana()), "")
    };
    assert_snapshot!(copied(&with_files), @r"
    [Ana Lopes: 📎 plan &lt;x&gt;.pdf, 📎 old, 📎 a file]
    *Ana Lopes*
    📎 plan <x>.pdf (https://w.slack.com/files/U1/F1/plan.pdf) · PDF · 1.4 MB
    📎 ~old~ · deleted
    📎 a file (https://w.slack.com/files/U1/F1/plan.pdf) · PDF · 2 KB
    · from Ana Lopes’s thread (https://w.slack.com/archives/D1/p1) · edited · the request was closed by then
    ");
    let note = Carried {
        note: Some(vec![ana(), cy()]),
        origin: Origin::Page,
        ..carried(Some(bob()), "do we trust this?")
    };
    assert_snapshot!(copied(&note), @r"
    [🔒 Bob Stone: do we trust this?]
    · 🔒 *Note to approvers* · *Ana Lopes* and *Cy Young* do not see it
    *Bob Stone*
    do we trust this?
    · from Bob Stone, on the web (https://c1.example/requests/42#comment-7)
    ");
    for (bytes, shown) in [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 KB"),
        (1_550, "1.5 KB"),
        (15_500, "15 KB"),
        (2_000_000_000, "2 GB"),
    ] {
        assert_eq!(view::comment::size(bytes), shown);
    }
}

#[test]
fn a_long_comment_loses_nothing() {
    let body: String = (0..800).map(|i| format!("word{i} &amp; <@U2>\n")).collect();
    let message = view::comment::copy(&carried(Some(ana()), &body), true, &mentions());
    check_message(&json!(message.blocks)).expect("Slack takes it");
    let shown = render_message(&message.json(), &Company);
    for i in [0, 400, 799] {
        assert!(shown.contains(&format!("word{i} & @bob")), "word {i} is lost");
    }
    // As long as a person's message can be, of what takes most room.
    let message = view::comment::copy(&carried(Some(ana()), &"&amp;".repeat(12_000)), true, &mentions());
    let shown = render_message(&message.json(), &Company);
    assert_eq!(shown.matches('&').count(), 12_000);
    for block in &message.blocks {
        assert!(block.to_string().len() < 4_000, "no block is too long");
    }
}

// --- the worst ---

/// Names and texts as hostile or unlucky as they come.
fn worst_texts() -> Vec<(&'static str, String)> {
    vec![
        ("ampersands", "&".repeat(3_000)),
        ("brackets", "<".repeat(3_000)),
        ("broadcast", "<!channel> @here @everyone <!subteam^S1> ".repeat(70)),
        (
            "links",
            "<https://evil.example|https://bank.example> https://bank.example/".repeat(40),
        ),
        ("right to left", "שלום \u{202e}evil\u{2066} مرحبا ".repeat(150)),
        ("emoji", "👩‍👩‍👧‍👦".repeat(400)),
        ("marks", "*_~`> \n".repeat(400)),
        ("one word", "x".repeat(3_000)),
        ("blank", " \u{200b}\u{feff}\n ".to_owned()),
        ("empty", String::new()),
        ("quotes", "\"\\\u{0}\u{1f}\u{7f}|^\r\n".repeat(300)),
    ]
}

fn bad(text: &str, id: i64) -> PersonRef {
    person(id, &text.chars().take(200).collect::<String>())
}

fn worst_card(text: &str, role: Role) -> RequestCard {
    let name: String = text.chars().take(200).collect();
    let reason: String = text.chars().take(2_000).collect();
    let crowd: Vec<_> = (100..140).map(|id| bad(text, id)).collect();
    let mut steps: Vec<_> = (0..60)
        .map(|i| StepLine {
            name: name.clone(),
            state: if i < 30 {
                StepState::Approved
            } else {
                StepState::Waiting
            },
            approvers: crowd.clone(),
            needed: 40,
            decisions: crowd
                .iter()
                .map(|by| decided(by.clone(), Verdict::Approve, &reason))
                .collect(),
            due_at: Some(at(9)),
            claim: None,
            reassigned: vec![],
            skipped: None,
            waits: false,
        })
        .collect();
    steps[30].state = StepState::Open;
    let mut card = for_bob();
    card.app.clone_from(&name);
    card.resource = Some(name.clone());
    card.entitlement.clone_from(&name);
    card.requester = bad(text, 50);
    card.subject = bad(text, 51);
    card.justification.clone_from(&reason);
    card.emergency = true;
    card.extension = true;
    card.length = Length::For(i64::MAX);
    card.standing = Standing::Open {
        step: 30,
        awaiting: crowd.clone(),
        missing: 40,
    };
    card.steps = steps;
    card.escalation = Some(EscalationLine {
        by: bad(text, 54),
        reason: reason.clone(),
        at: at(2),
        void: usize::MAX,
        restarted: false,
    });
    card.grant = Some(GrantLine {
        trouble: Some(reason.clone()),
        instructions: text.to_owned(),
        provisioners: crowd.clone(),
        given_by: Some(bad(text, 52)),
        ended_by: Some(bad(text, 53)),
        cause: Some(Cause::Revoked),
        ended_at: Some(at(6)),
        ..grant(GrantState::Failed)
    });
    card.viewer.role = role;
    card.viewer.why_name.clone_from(&name);
    card.viewer.may_decide = (role == Role::Approver).then(|| may(true));
    card.viewer.context = Some(Context {
        given_before: i64::MAX,
        last_given: Some(at(-9)),
        team: name,
        team_holders: crowd,
        team_holding: i64::MAX,
        team_size: i64::MAX,
    });
    card.viewer.may_cancel = true;
    card.viewer.may_escalate = true;
    card.viewer.may_end = true;
    card.viewer.may_extend = true;
    card.viewer.may_provision = true;
    card
}

fn fine(what: &str, message: &Message) {
    if let Err(problems) = check_message(&json!(message.blocks)) {
        panic!("{what}: {problems}");
    }
    assert!(!message.text.is_empty(), "{what}: no text");
    assert!(
        message.text.encode_utf16().count() <= 4_000,
        "{what}: the text is too long"
    );
    harmless(what, &message.json());
}

fn fine_view(what: &str, view: &Value) {
    if let Err(problems) = check_view(view) {
        panic!("{what}: {problems}");
    }
    harmless(what, view);
}

/// Nothing in any markup rings a bell, and nothing turns the line around.
fn harmless(what: &str, value: &Value) {
    let mut markup = vec![value["text"].as_str().unwrap_or_default().to_owned()];
    walk(value, &mut |value| {
        assert!(value["type"] != "broadcast", "{what}");
        if value["type"] == "mrkdwn" {
            markup.push(value["text"].as_str().unwrap_or_default().to_owned());
        }
        for text in ["text", "fallback"].iter().filter_map(|key| value[key].as_str()) {
            assert!(
                !text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\0']),
                "{what}: {text}"
            );
        }
    });
    for text in markup {
        for ring in [
            "<!channel",
            "<!here",
            "<!everyone",
            "<!subteam",
            "@channel",
            "@here",
            "@everyone",
        ] {
            assert!(!text.contains(ring), "{what}: {text}");
        }
    }
}

#[test]
fn slack_takes_the_worst_that_people_type() {
    for (what, text) in worst_texts() {
        for role in [Role::Requester, Role::Approver, Role::Provisioner] {
            let card = worst_card(&text, role);
            fine(what, &view::request_card::request_card(&card, &mentions()));
            fine(what, &view::request_card::request_card(&card, &Mentions::new()));
            fine(what, &view::lists::cancel(&card, &mentions()));
            for verdict in [Verdict::Approve, Verdict::Deny] {
                let notes = DecisionNotes {
                    seen: Seen {
                        request: RequestId(i64::MAX),
                        step: 59,
                        revision: i64::MAX,
                    },
                    verdict,
                };
                fine_view(
                    what,
                    &view::decision::decision_dialog(&card, notes, true, &text, &mentions()),
                );
            }
            let mut closed = card;
            closed.viewer.may_decide = None;
            closed.standing = Standing::Denied {
                by: Some(bad(&text, 60)),
                reason: text.chars().take(2_000).collect(),
            };
            fine(what, &view::request_card::request_card(&closed, &mentions()));
        }
        fine(what, &view::notices::say(&text));
        fine(what, &view::notices::stranger());
        fine(
            what,
            &view::notices::refused(&Refusal::AlreadyClosed { how: text.clone() }, |_| None),
        );
        fine(what, &view::lists::unknown_command(&text));
        fine(what, &view::lists::no_such_request(&text));
        for body in [text.clone(), text.repeat(14)] {
            fine(
                what,
                &view::notices::notice(&body, Some("https://c1.example/requests/42")),
            );
            for said in [carried(Some(bad(&text, 9)), &body), carried(None, &body)] {
                let file = File {
                    id: text.clone(),
                    name: text.clone(),
                    mimetype: text.clone(),
                    size: i64::MIN,
                    link: text.clone(),
                    deleted: false,
                };
                let typed = Carried {
                    words: Words::typed(&body),
                    files: vec![file; 20],
                    note: Some(vec![bad(&text, 8)]),
                    ..said.clone()
                };
                for carried in [said, typed] {
                    fine(what, &view::comment::copy(&carried, false, &mentions()));
                }
            }
        }
    }
}

#[test]
fn slack_takes_the_fullest_lists() {
    for (what, text) in worst_texts() {
        let name: String = text.chars().take(200).collect();
        let crowd: Vec<_> = (100..140).map(|id| bad(&text, id)).collect();
        let line = |id| RequestLine {
            title: name.clone(),
            requester: bad(&text, 8),
            subject: bad(&text, 9),
            justification: text.clone(),
            emergency: true,
            may_decide: Some(may(true)),
            ..line(
                id,
                Standing::Open {
                    step: 0,
                    awaiting: crowd.clone(),
                    missing: 40,
                },
            )
        };
        let lines: Vec<_> = (0..60).map(line).collect();
        let access: Vec<_> = (0..60)
            .map(|id| AccessLine {
                title: name.clone(),
                ..held(id, GrantState::Active, Some(at(1)))
            })
            .collect();
        let tasks: Vec<_> = (0..60)
            .map(|id| ProvisioningLine {
                title: name.clone(),
                subject: bad(&text, 9),
                ..task(id, id % 2 == 0)
            })
            .collect();
        fine(what, &view::lists::requests(&lines, 1_000, ana().id, &mentions()));
        fine(what, &view::lists::approvals(&lines, 1_000, &tasks, &mentions()));
        fine(what, &view::lists::access(&access, 1_000, at(0), &mentions()));
        fine_view(what, &view::decision::wont_do_dialog(&tasks[0], &mentions()));
        for most in [10, 60] {
            let home = Home {
                absence: Some((
                    Absence {
                        source: c1::domain::absence::Source::Said,
                        person: PersonId(1),
                        from: at(1),
                        until: at(9),
                        delegate: Some(PersonId(2)),
                    },
                    Some(text.clone()),
                )),
                alarms: (0..30).map(|id| worst_alarm(&text, id)).collect(),
                reviews: (0..30).map(|id| worst_review(&text, id)).collect(),
                person: bad(&text, 1),
                approvals: lines[..most].to_vec(),
                approvals_total: 1_000,
                tasks: tasks[..most].to_vec(),
                access: access[..most].to_vec(),
                access_total: 1_000,
                requests: lines[..most].to_vec(),
                requests_total: 1_000,
                now: at(0),
            };
            let view = view::home::home(&home, &mentions());
            fine_view(what, &view);
            let shown = buttons(&view);
            assert!(
                shown.iter().any(|button| button.starts_with(surface::APPROVE)),
                "{what}"
            );
            assert!(shown.iter().any(|button| button.starts_with(surface::END)), "{what}");
            assert!(shown.iter().any(|button| button == "show 0"), "{what}");
        }
    }
}

#[test]
fn slack_takes_the_fullest_form() {
    for (what, text) in worst_texts() {
        let crowd: Vec<_> = (100..140).map(|id| bad(&text, id)).collect();
        let steps: Vec<_> = (0..60).map(|i| ask(&text, crowd.clone(), i)).collect();
        let name: String = text.chars().take(200).collect();
        for custom in [true, false] {
            let mut form = filled();
            form.app = Some(name.clone());
            form.entitlement = Some(name.clone());
            form.description.clone_from(&text);
            form.draft.reason.clone_from(&text);
            form.draft.extension = custom;
            form.draft.emergency = !custom;
            form.draft.subject = Some(bad(&text, 2));
            form.draft.length = ChosenLength::Custom(text.clone());
            form.offers_emergency = true;
            form.asks_subject = true;
            form.hint = custom.then(|| text.clone());
            form.lengths = Some(LengthRules {
                presets: (1..200).map(|i| i * 3_601).chain([1, 2, i64::MAX, 0, -5]).collect(),
                max: None,
                custom,
                no_end: true,
                default: Length::NoEnd,
            });
            form.preview = Some(Preview { steps: steps.clone() });
            fine_view(what, &draw(&form));
            form.preview = Some(Preview {
                steps: vec![PreviewStep::Refuses(text.clone())],
            });
            fine_view(what, &draw(&form));
            form.problem = Some(Problem {
                sentence: text.clone(),
                request: Some(RequestId(12)),
                url: custom.then(|| "https://c1.example/requests/12".to_owned()),
                may_escalate: custom,
            });
            fine_view(what, &draw(&form));
            form.lengths = Some(LengthRules {
                presets: vec![],
                max: Some(5),
                custom: false,
                ..LengthRules::unlimited()
            });
            fine_view(what, &draw(&form));
        }
        let app = AppChoice {
            id: AppId(i64::MAX),
            name: name.clone(),
            description: text.clone(),
        };
        let entitlement = EntitlementChoice {
            id: EntitlementId(i64::MIN),
            name,
            description: text.clone(),
            holding: Holding::Held {
                until: None,
                expiring: true,
            },
        };
        let choices = [
            view::request_form::app_choices(&[], &vec![app; 300]),
            view::request_form::entitlement_choices(&vec![entitlement; 300]),
        ];
        for choices in choices {
            let options: Vec<_> = choices
                .iter()
                .map(|choice| {
                    let mut option =
                        json!({ "text": { "type": "plain_text", "text": choice.text }, "value": choice.value });
                    if let Some(description) = &choice.description {
                        option["description"] = json!({ "type": "plain_text", "text": description });
                    }
                    option
                })
                .collect();
            check_suggestions(&json!({ "options": options })).unwrap_or_else(|problems| panic!("{what}: {problems}"));
        }
    }
}

#[test]
fn what_was_typed_is_shown_whole() {
    let mut card = for_bob();
    card.justification = "&".repeat(2_000);
    let shown = show(&card);
    assert!(shown.contains(&card.justification), "2,000 ampersands fit");
    card.justification = "Bold *moves* <script> :tada: &amp; <!channel> @here".to_owned();
    let shown = show(&card);
    assert!(
        shown.contains(&card.justification),
        "typed words are shown literally: {shown}"
    );
}

#[test]
fn the_same_request_gives_the_same_message() {
    let message = view::request_card::request_card(&for_bob(), &mentions());
    assert_eq!(message, view::request_card::request_card(&for_bob(), &mentions()));
}
