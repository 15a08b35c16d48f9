//! What people read, from the first word to the last.

use crate::harness::{form, story};
use simulator::Person;
use std::time::Duration;

#[test]
fn the_whole_story_in_the_words_people_read() {
    story(async |w| {
        let (ana, carla, dan) = (w.person("ana"), w.person("carla"), w.person("dan"));
        form("Production database", "Read")
            .length("4 hours")
            .reason("INC-42: find the lost order")
            .filled_by(&ana)
            .await;
        insta::assert_snapshot!(ana.modal().unwrap().text(), @r"
        === Submit a request ===
        Which app do you need?: Production database▾
        What access do you need?: Read▾
          Run queries that change nothing
        How long do you need it?: 4 hours▾
        Why do you need it?: INC-42: find the lost order
        Emergency access (optional): ☐ ⚡ This is an emergency – It cannot wait for the usual approval.
          The emergency rules decide in place of the usual ones. The access is short and ends by itself, and the record shows that it was an emergency.
        · Will be asked: one of 3 *Owner*
        [Cancel]  [Submit](primary)
        ");
        ana.submits().await.unwrap();
        w.settle().await;
        insta::assert_snapshot!(shown(&ana), @r"
        # You have created a new access request
        *Grant Ana Alvarez Read*
        App            Production database
        Entitlement    Read
        Requested by   @Ana Alvarez
        Requested for  @Ana Alvarez
        Duration       4 hours
        *Justification*
        > INC-42: find the lost order
        ⏳ Awaiting approval from @Carla Conti + 2
        [⚡ Escalate to emergency]  [Remind]  [Cancel request]
        · #1 · asked (when) · Reply in this thread to talk with everyone involved
        ");
        insta::assert_snapshot!(shown(&carla), @r"
        # Ana Alvarez asks for access
        *Grant Ana Alvarez Read*
        App            Production database
        Entitlement    Read
        Requested by   @Ana Alvarez
        Requested for  @Ana Alvarez
        Duration       4 hours
        *Justification*
        > INC-42: find the lost order
        · Why you: you own *Production database / Read*
        Never given to @Ana Alvarez before
        Nobody in *Platform* holds it now
        Your reason (needed to deny): ____ (The person who asked will read it.)
        [Approve](primary)  [Deny](danger)  [Note to approvers]  [⋯ I'm on it | Make it shorter… | Reassign… | Ask Ana Alvarez… | Remind me later…]
        · #1 · asked (when) · Reply in this thread to talk with everyone involved
        ");

        carla.clicks(carla.dm().first().unwrap(), "Approve").await.unwrap();
        w.settle().await;
        assert_eq!(
            ending(&ana),
            [
                "✅ Approved by @Carla Conti",
                "🟢 Active until (when)",
                "[I'm done]  [Ask for more time]"
            ]
        );
        assert_eq!(
            ending(&carla),
            [
                "> INC-42: find the lost order",
                "✅ Approved by you",
                "🟢 Active until (when)"
            ]
        );
        assert_eq!(
            ending(&dan),
            [
                "> INC-42: find the lost order",
                "✅ Already approved by @Carla Conti",
                "🟢 Active until (when)"
            ]
        );

        w.after(Duration::from_secs(4 * 3600)).await;
        for person in [&ana, &carla, &dan] {
            assert_eq!(
                ending(person).last().unwrap(),
                "⚪ Ended (when) because its time was over"
            );
        }
        let card = ana.dm().remove(0);
        let thread: Vec<String> = ana
            .thread(&card)
            .iter()
            .skip(1)
            .map(|message| message.text().to_owned())
            .collect();
        assert_eq!(
            thread,
            [
                "✅ *Carla Conti* approved",
                "🔓 Access granted to *Ana Alvarez* for 4 hours",
                "🔒 Access ended: its time was over"
            ]
        );
    });
}

/// The three lines above the last one: how it stands, and what can be done.
fn ending(person: &Person) -> Vec<String> {
    let shown = shown(person);
    let lines: Vec<&str> = shown.lines().collect();
    lines[lines.len() - 4..lines.len() - 1]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

/// Everything the app wrote to a person, without the hours.
fn shown(person: &Person) -> String {
    let all: Vec<String> = person.dm().iter().map(|message| message.text().to_owned()).collect();
    all.join("\n").lines().map(|line| hours_out(line) + "\n").collect()
}

/// `2026-11-21 07:09 UTC` becomes `(when)`.
fn hours_out(line: &str) -> String {
    const LONG: usize = "2026-11-21 07:09".len();
    match line.find(" UTC") {
        Some(end) if end >= LONG && line.is_char_boundary(end - LONG) => {
            format!(
                "{}(when){}",
                &line[..end - LONG],
                hours_out(&line[end + " UTC".len()..])
            )
        }
        _ => line.to_owned(),
    }
}
