//! Quiet hours, by people's own clocks.

use crate::domain::quiet::{QuietHours, tomorrow_morning, working_day_after};
use chrono::{DateTime, Utc};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

#[test]
fn people_are_left_in_peace_by_their_own_clock() {
    let usual = QuietHours::default();
    let nights = QuietHours::parse("22:00-06:30").expect("hours");
    let noon = QuietHours::parse("12:00-13:00").expect("hours");
    let never = QuietHours::parse("never").expect("never");
    let (berlin, tokyo, york) = (Some("Europe/Berlin"), Some("Asia/Tokyo"), Some("America/New_York"));
    for (hours, now, zone, over) in [
        // Wednesday, by day: at once.
        (usual, "2026-07-01T10:00:00Z", berlin, "2026-07-01T10:00:00Z"),
        // 21:30 in Berlin: the next morning.
        (usual, "2026-07-01T19:30:00Z", berlin, "2026-07-02T06:00:00Z"),
        // 04:00 in Berlin: this morning.
        (usual, "2026-07-01T02:00:00Z", berlin, "2026-07-01T06:00:00Z"),
        // The same moment elsewhere is day, or another night.
        (usual, "2026-07-01T02:00:00Z", tokyo, "2026-07-01T02:00:00Z"),
        (usual, "2026-07-01T02:00:00Z", york, "2026-07-01T12:00:00Z"),
        // Friday night, and all of the weekend: Monday.
        (usual, "2026-07-03T18:00:00Z", berlin, "2026-07-06T06:00:00Z"),
        (usual, "2026-07-04T12:00:00Z", berlin, "2026-07-06T06:00:00Z"),
        (usual, "2026-07-05T21:59:59Z", berlin, "2026-07-06T06:00:00Z"),
        // An unknown zone is UTC.
        (
            usual,
            "2026-07-01T21:00:00Z",
            Some("Middle/Earth"),
            "2026-07-02T08:00:00Z",
        ),
        (usual, "2026-07-01T21:00:00Z", None, "2026-07-02T08:00:00Z"),
        (nights, "2026-07-04T21:00:00Z", None, "2026-07-04T21:00:00Z"),
        (nights, "2026-07-04T22:00:00Z", None, "2026-07-05T06:30:00Z"),
        (noon, "2026-07-01T12:30:00Z", None, "2026-07-01T13:00:00Z"),
        (noon, "2026-07-01T13:00:00Z", None, "2026-07-01T13:00:00Z"),
        (never, "2026-07-05T03:00:00Z", None, "2026-07-05T03:00:00Z"),
        // The night in which the clocks go forward.
        (usual, "2026-03-29T01:30:00Z", berlin, "2026-03-30T06:00:00Z"),
    ] {
        assert_eq!(
            hours.over(moment(now), zone),
            moment(over),
            "{hours:?} at {now} in {zone:?}"
        );
    }
}

#[test]
fn hours_are_written_as_people_write_them() {
    for good in [
        "20:00-08:00 and weekends",
        " 22:00 - 06:30 ",
        "never",
        "never and weekends",
    ] {
        assert!(QuietHours::parse(good).is_some(), "{good}");
    }
    assert_eq!(
        QuietHours::parse("20:00-08:00 and weekends"),
        Some(QuietHours::default())
    );
    for bad in ["", "always", "20:00", "25:00-08:00", "8-20", "08:00-08:00", "weekends"] {
        assert_eq!(QuietHours::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_working_day_is_no_weekend() {
    let berlin = Some("Europe/Berlin");
    for (now, after) in [
        ("2026-07-01T10:00:00Z", "2026-07-02T10:00:00Z"),
        ("2026-07-03T10:00:00Z", "2026-07-06T10:00:00Z"),
        ("2026-07-04T10:00:00Z", "2026-07-06T10:00:00Z"),
        // Half past midnight on Friday, in Berlin.
        ("2026-07-02T22:30:00Z", "2026-07-05T22:30:00Z"),
    ] {
        assert_eq!(working_day_after(moment(now), berlin), moment(after), "{now}");
    }
    assert_eq!(
        tomorrow_morning(moment("2026-07-01T23:00:00Z"), berlin),
        moment("2026-07-03T07:00:00Z"),
        "it is the second already"
    );
}
