//! Absence, in the words people write.

use super::*;
use crate::domain::absence::{Absence, Stay, days};
use chrono::NaiveDate;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn days_are_read_as_people_write_them() {
    // A Wednesday.
    let today = date("2026-11-25");
    for (wrote, from, until) in [
        ("until Monday", None, "2026-11-30"),
        ("until mon", None, "2026-11-30"),
        ("until next friday", None, "2026-11-27"),
        ("until wednesday", None, "2026-12-02"),
        ("until tomorrow", None, "2026-11-26"),
        ("until 2026-12-01", None, "2026-12-01"),
        ("from tomorrow until Monday", Some("2026-11-26"), "2026-11-30"),
        ("from 2026-12-21 until 2027-01-04", Some("2026-12-21"), "2027-01-04"),
        ("FROM Friday UNTIL Tuesday", Some("2026-11-27"), "2026-12-01"),
    ] {
        let expected = Stay {
            from: from.map(date),
            until: date(until),
        };
        assert_eq!(days(wrote, today), Ok(expected), "{wrote}");
    }
    for wrote in [
        "",
        "monday",
        "until",
        "until someday",
        "from monday",
        "from x until monday",
        "until 2026-13-01",
    ] {
        assert!(
            matches!(days(wrote, today), Err(Refusal::DayNotUnderstood { .. })),
            "{wrote}"
        );
    }
}

#[test]
fn an_absence_ends_in_the_future_and_within_a_year() {
    let absence = |from: i64, until: i64, delegate| Absence {
        source: crate::domain::absence::Source::Said,
        person: BOB,
        from: monday() + hours(from),
        until: monday() + hours(until),
        delegate,
    };
    let check = |absence: Absence| absence.check(monday()).map(|_| ());
    assert_eq!(check(absence(0, 24, Some(ANA))), Ok(()));
    assert_eq!(check(absence(-24, 24, None)), Ok(()));
    assert_eq!(check(absence(-24, 0, None)), Err(Refusal::AbsenceOver));
    assert_eq!(check(absence(48, 24, None)), Err(Refusal::AbsenceOver));
    assert_eq!(check(absence(0, 24 * 400, None)), Err(Refusal::AbsenceTooLong));
    assert_eq!(check(absence(24 * 400, 24 * 401, None)), Err(Refusal::AbsenceTooLong));
    assert_eq!(check(absence(0, 24, Some(BOB))), Err(Refusal::OwnDelegate));
    assert!(absence(0, 1, None).holds(monday()));
    assert!(!absence(0, 1, None).holds(monday() + hours(1)) && !absence(1, 2, None).holds(monday()));
}
