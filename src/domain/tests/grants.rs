//! The life of a grant.

use super::*;
use crate::domain::{
    event::Cause,
    grant::{Command as Do, Grant, GrantState, OVERDUE_AFTER},
    ids::GrantId,
};

const HOUR: i64 = 3_600;

fn hold(request: i64, length: Length) -> Event {
    Event::HoldAdded {
        request: RequestId(request),
        subject: ANA,
        entitlement: EntitlementId(1),
        length,
    }
}

/// A grant and all that has happened to it.
struct Life {
    grant: Grant,
    now: DateTime<Utc>,
    events: Vec<(DateTime<Utc>, Event)>,
}

impl Life {
    /// Begun by request 1.
    fn begun(length: Length) -> Self {
        let event = hold(1, length);
        let grant = Grant::begun(GrantId(7), &event, monday()).expect("a hold begins a grant");
        Self {
            grant,
            now: monday(),
            events: vec![(monday(), event)],
        }
    }

    /// Begun and working.
    fn working(length: Length) -> Self {
        let mut life = Self::begun(length);
        life.does(&Do::Provisioned {
            by: None,
            already: false,
        })
        .expect("it works");
        life
    }

    fn does(&mut self, command: &Do) -> Result<Vec<Event>, Refusal> {
        let events = self.grant.decide(command)?;
        for event in &events {
            self.grant.apply(event, self.now);
            self.events.push((self.now, event.clone()));
        }
        Ok(events)
    }

    /// Another request's hold.
    fn held_by(&mut self, request: i64, length: Length) -> Result<(), Refusal> {
        let event = self.grant.hold(RequestId(request), length)?;
        self.grant.apply(&event, self.now);
        self.events.push((self.now, event));
        Ok(())
    }

    fn after(&mut self, time: TimeDelta) -> Vec<&'static str> {
        self.now += time;
        let events = self.grant.proceed(self.now);
        self.events.extend(events.iter().map(|event| (self.now, event.clone())));
        names(&events)
    }

    fn replays(&self) {
        let mut events = self.events.iter();
        let (at, first) = events.next().expect("a hold");
        let mut again = Grant::begun(GrantId(7), first, *at).expect("a hold");
        for (at, event) in events {
            again.apply(event, *at);
        }
        assert_eq!(again, self.grant);
    }
}

fn end(by: PersonId, cause: Cause) -> Do {
    Do::End { by: Some(by), cause }
}

#[test]
fn the_clock_starts_when_the_access_works() {
    let mut life = Life::begun(Length::For(HOUR));
    assert_eq!(
        (life.grant.state, life.grant.until(), life.grant.wake_at()),
        (GrantState::Provisioning, None, None)
    );
    assert_eq!(
        life.after(hours(30)),
        [""; 0],
        "waiting for a person to set it up costs no time"
    );
    life.does(&Do::Provisioned {
        by: Some(HANA),
        already: false,
    })
    .expect("it works");
    assert_eq!(life.grant.started_at, Some(monday() + hours(30)));
    assert_eq!(life.grant.until(), Some(monday() + hours(31)));
    assert_eq!(life.grant.wake_at(), Some(monday() + hours(31)));
    life.replays();
}

#[test]
fn it_ends_exactly_on_time_and_is_over_when_the_target_says_so() {
    let mut life = Life::working(Length::For(HOUR));
    assert_eq!(life.after(hours(1) - TimeDelta::microseconds(1)), [""; 0]);
    assert_eq!(life.after(TimeDelta::microseconds(1)), ["hold_ended", "ending_began"]);
    assert_eq!(
        (life.grant.state, life.grant.cause),
        (GrantState::Ending, Some(Cause::Time))
    );
    assert_eq!(life.grant.ended_at, None, "not before the target was asked again");
    life.now += TimeDelta::minutes(2);
    life.does(&Do::Deprovisioned { by: None, kept: false })
        .expect("the target let go");
    assert_eq!(
        (life.grant.state, life.grant.ended_at),
        (GrantState::Ended, Some(life.now))
    );
    assert_eq!(life.after(hours(100)), [""; 0]);
    life.replays();
}

#[test]
fn it_ends_also_after_a_long_silence() {
    let mut life = Life::working(Length::For(HOUR));
    assert_eq!(life.after(hours(1_000)), ["hold_ended", "ending_began"]);
    life.replays();
}

#[test]
fn access_without_an_end_does_not_end() {
    let mut life = Life::working(Length::NoEnd);
    assert_eq!((life.grant.until(), life.grant.wake_at()), (None, None));
    assert_eq!(life.after(hours(100_000)), [""; 0]);
}

#[test]
fn overlapping_holds_never_shorten_one_another() {
    for (first, second, until) in [
        (Length::For(4 * HOUR), Length::For(HOUR), Some(4)),
        (Length::For(4 * HOUR), Length::For(8 * HOUR), Some(10)),
        (Length::NoEnd, Length::For(HOUR), None),
        (Length::For(4 * HOUR), Length::NoEnd, None),
    ] {
        let mut life = Life::working(first);
        life.after(hours(2));
        life.held_by(2, second).expect("it is live");
        assert_eq!(
            life.grant.until(),
            until.map(|until| monday() + hours(until)),
            "{first:?} {second:?}"
        );
        life.after(hours(7));
        let lasts = until.is_none_or(|until| until > 9);
        assert_eq!(life.grant.state == GrantState::Active, lasts, "{first:?} {second:?}");
        life.replays();
    }
}

#[test]
fn extending_leaves_no_gap() {
    let mut life = Life::working(Length::For(2 * HOUR));
    life.after(hours(1));
    life.held_by(2, Length::For(4 * HOUR)).expect("it is live");
    assert_eq!(
        life.grant.wake_at(),
        Some(monday() + hours(2)),
        "the first hold is looked at when it is over"
    );
    assert_eq!(life.after(hours(1)), ["hold_ended"], "and the access stays");
    assert_eq!(
        (life.grant.state, life.grant.until()),
        (GrantState::Active, Some(monday() + hours(5)))
    );
    assert_eq!(life.after(hours(3)), ["hold_ended", "ending_began"]);
    life.replays();
}

#[test]
fn holds_that_are_over_at_once_end_one_after_the_other() {
    let mut life = Life::working(Length::For(HOUR));
    life.held_by(2, Length::For(2 * HOUR)).expect("it is live");
    life.held_by(3, Length::For(3 * HOUR)).expect("it is live");
    assert_eq!(life.after(hours(2)), ["hold_ended", "hold_ended"]);
    assert_eq!(life.after(hours(2)), ["hold_ended", "ending_began"]);
}

#[test]
fn a_second_request_may_hold_on_while_it_is_still_being_given() {
    let mut life = Life::begun(Length::For(HOUR));
    life.held_by(2, Length::For(5 * HOUR)).expect("it is live");
    life.does(&Do::Provisioned {
        by: None,
        already: false,
    })
    .expect("it works");
    assert_eq!(life.grant.until(), Some(monday() + hours(5)));
}

#[test]
fn nothing_holds_on_to_what_is_ending() {
    let mut life = Life::working(Length::For(HOUR));
    life.after(hours(1));
    assert_eq!(life.held_by(2, Length::For(HOUR)), Err(Refusal::NotHeld));
    life.does(&Do::Deprovisioned { by: None, kept: false })
        .expect("the target let go");
    assert_eq!(life.held_by(2, Length::For(HOUR)), Err(Refusal::NotHeld));
}

#[test]
fn it_can_be_ended_early_with_the_cause() {
    for (cause, words) in [
        (Cause::Done, "it was no longer needed"),
        (Cause::Revoked, "it was taken back"),
        (Cause::PersonGone, "the person is no longer active"),
        (Cause::EntitlementGone, "this access is no longer offered"),
    ] {
        for state in [GrantState::Provisioning, GrantState::Active, GrantState::Failed] {
            let mut life = Life::begun(Length::For(HOUR));
            match state {
                GrantState::Active => drop(life.does(&Do::Provisioned {
                    by: None,
                    already: false,
                })),
                GrantState::Failed => drop(life.does(&Do::ProvisioningFailed {
                    by: None,
                    why: "no".to_owned(),
                })),
                _ => {}
            }
            life.held_by(2, Length::NoEnd).ok();
            life.does(&end(ANA, cause)).expect("it was there");
            assert_eq!(
                (life.grant.state, life.grant.cause),
                (GrantState::Ending, Some(cause)),
                "{state:?}"
            );
            assert!(life.grant.holds.iter().all(|hold| hold.over), "all holds end with it");
            assert_eq!(life.does(&end(ANA, cause)), Err(Refusal::NotHeld), "once");
            assert_eq!(cause.words(), words);
            life.replays();
        }
    }
}

#[test]
fn what_the_target_does_not_let_go_becomes_overdue_once() {
    let mut life = Life::working(Length::For(HOUR));
    life.after(hours(1));
    assert_eq!(life.grant.wake_at(), Some(life.now + OVERDUE_AFTER));
    assert_eq!(life.after(OVERDUE_AFTER - TimeDelta::seconds(1)), [""; 0]);
    assert_eq!(life.after(TimeDelta::seconds(1)), ["end_overdue"]);
    assert_eq!(life.grant.state, GrantState::EndOverdue);
    assert_eq!(life.after(hours(10)), [""; 0]);
    assert_eq!(
        life.does(&Do::DeprovisioningFailed {
            why: "still there".to_owned()
        }),
        Ok(vec![]),
        "one alarm"
    );
    life.does(&Do::Deprovisioned {
        by: Some(HANA),
        kept: false,
    })
    .expect("at last");
    assert_eq!(
        (life.grant.state, life.grant.trouble.as_deref()),
        (GrantState::Ended, None)
    );
    life.replays();

    let mut life = Life::working(Length::For(HOUR));
    life.after(hours(1));
    let events = life
        .does(&Do::DeprovisioningFailed {
            why: "no route to host".to_owned(),
        })
        .expect("it is ending");
    assert_eq!(names(&events), ["end_overdue"], "a failure is known at once");
    assert_eq!(life.grant.trouble.as_deref(), Some("no route to host"));
}

#[test]
fn what_cannot_be_given_can_be_tried_again() {
    let mut life = Life::begun(Length::For(HOUR));
    life.does(&Do::ProvisioningFailed {
        by: None,
        why: "no licence left".to_owned(),
    })
    .expect("it is being given");
    assert_eq!(
        (life.grant.state, life.grant.trouble.as_deref()),
        (GrantState::Failed, Some("no licence left"))
    );
    assert_eq!(life.after(hours(9)), [""; 0]);
    assert_eq!(
        names(&life.does(&Do::Retry).expect("it failed")),
        ["provisioning_retried"]
    );
    assert_eq!(life.does(&Do::Retry), Err(Refusal::NotYourTask), "it is being tried");
    life.does(&Do::Provisioned {
        by: Some(HANA),
        already: false,
    })
    .expect("it works");
    assert_eq!(life.grant.until(), Some(monday() + hours(10)));
    assert_eq!(life.grant.trouble, None);
    life.replays();
}

#[test]
fn a_person_who_cannot_give_it_says_why_and_a_connector_may_be_silent() {
    let failed = |by, why: &str| {
        Life::begun(Length::NoEnd).does(&Do::ProvisioningFailed {
            by,
            why: why.to_owned(),
        })
    };
    assert_eq!(failed(Some(HANA), " "), Err(Refusal::ReasonRequired));
    assert!(failed(Some(HANA), "no licence left").is_ok());
    assert!(failed(None, "").is_ok());
}

#[test]
fn a_task_is_done_once() {
    let provisioned = Do::Provisioned {
        by: Some(HANA),
        already: false,
    };
    let gone = Do::Deprovisioned {
        by: Some(HANA),
        kept: false,
    };
    let mut life = Life::begun(Length::For(HOUR));
    assert_eq!(life.does(&gone), Err(Refusal::NotYourTask), "nothing to take away yet");
    life.does(&provisioned).expect("it works");
    let began = life.grant.clone();
    life.now += TimeDelta::minutes(30);
    assert_eq!(life.does(&provisioned), Err(Refusal::NotYourTask));
    assert_eq!(
        life.does(&Do::ProvisioningFailed {
            by: Some(HANA),
            why: "oops".to_owned()
        }),
        Err(Refusal::NotYourTask)
    );
    assert_eq!(life.grant, began, "a second click does not restart the clock");
    life.after(hours(1));
    life.does(&gone).expect("it is ending");
    assert_eq!(life.does(&gone), Err(Refusal::NotYourTask));
    assert_eq!(life.does(&end(ANA, Cause::Done)), Err(Refusal::NotHeld));
}

#[test]
fn what_was_there_before_is_remembered() {
    let mut life = Life::begun(Length::For(HOUR));
    life.does(&Do::Provisioned {
        by: None,
        already: true,
    })
    .expect("it works");
    assert!(life.grant.was_there);
    life.after(hours(1));
    let events = life
        .does(&Do::Deprovisioned { by: None, kept: true })
        .expect("left in place");
    assert_eq!(events, [Event::Ended { by: None, kept: true }]);
}

#[test]
fn words_and_states_correspond() {
    for state in [
        GrantState::Provisioning,
        GrantState::Active,
        GrantState::Ending,
        GrantState::Ended,
        GrantState::Failed,
        GrantState::EndOverdue,
    ] {
        assert_eq!(GrantState::from_word(state.word()), Some(state));
        assert_eq!(serde_json::to_value(state).expect("a word"), state.word());
    }
    assert_eq!(GrantState::from_word("lost"), None);
}

proptest::proptest! {
    /// Whatever happens in whatever order: the end never moves forward while the access works and nobody ends it, the
    /// access outlasts every hold, and the events tell the whole story.
    #[test]
    fn any_life_of_a_grant_keeps_the_rules(acts in proptest::collection::vec((0u8..9, 0i64..5, 1i64..6), 1..40)) {
        let mut life = Life::begun(Length::For(HOUR));
        let mut request = 1;
        for (act, wait, length) in acts {
            life.after(TimeDelta::minutes(wait * 30));
            let before = life.grant.clone();
            let length = if length == 5 { Length::NoEnd } else { Length::For(length * HOUR) };
            let outcome = match act {
                0 | 1 => life.does(&Do::Provisioned { by: None, already: act == 1 }).map(drop),
                2 => life.does(&Do::ProvisioningFailed { by: None, why: "no".to_owned() }).map(drop),
                3 => life.does(&Do::Retry).map(drop),
                4 | 5 => { request += 1; life.held_by(request, length) }
                6 => life.does(&end(ANA, Cause::Done)).map(drop),
                7 => life.does(&Do::Deprovisioned { by: None, kept: false }).map(drop),
                _ => life.does(&Do::DeprovisioningFailed { why: "no".to_owned() }).map(drop),
            };
            if outcome.is_err() {
                assert_eq!(life.grant, before, "a refusal changes nothing");
            }
            assert!(life.grant.proceed(life.now).is_empty() || outcome.is_ok());
            if before.state == GrantState::Active && life.grant.state == GrantState::Active {
                match (before.until(), life.grant.until()) {
                    (Some(before), Some(after)) => assert!(after >= before),
                    (None, Some(_)) => panic!("access without an end got one"),
                    _ => {}
                }
            }
            if life.grant.state == GrantState::Active {
                assert!(life.grant.holds.iter().any(|hold| !hold.over));
                assert!(life.grant.holds.iter().all(|hold| hold.over || hold.until.is_none_or(|until| until > life.now)));
            }
            assert_eq!(life.grant.state == GrantState::Ended, life.grant.ended_at.is_some());
            let ending = matches!(life.grant.state, GrantState::Ending | GrantState::Ended | GrantState::EndOverdue);
            assert_eq!(ending, life.grant.cause.is_some());
        }
        life.replays();
    }
}
