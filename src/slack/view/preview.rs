//! Who will be asked, in words, before a request is made.

use super::phrase::Phrase;
use crate::domain::length::spoken;
use crate::usecases::queries::{
    request_card::PersonRef,
    request_form::{Preview, PreviewStep},
};

/// "Will be asked: Ana, then one of 3 Database owners".
#[must_use]
pub fn preview_line(preview: &Preview, emergency: bool) -> Phrase {
    let refusal = preview.steps.iter().find_map(|step| match step {
        PreviewStep::Refuses(message) => Some(message),
        _ => None,
    });
    if let Some(message) = refusal {
        let phrase = Phrase::of("🚫 This would be denied at once");
        return if message.trim().is_empty() {
            phrase.text(".")
        } else {
            phrase.text(": ").name(message)
        };
    }
    let asked: Vec<Phrase> = preview.steps.iter().filter_map(asked).collect();
    let wait: i64 = preview
        .steps
        .iter()
        .map(|step| {
            if let PreviewStep::Waits(seconds) = step {
                *seconds
            } else {
                0
            }
        })
        .sum();
    if asked.is_empty() && wait > 0 {
        let bolt = if emergency { "⚡" } else { "✅" };
        return Phrase::of(&format!(
            "{bolt} Nobody has to approve this: you get it after a wait of at most {}.",
            spoken(wait)
        ));
    }
    if asked.is_empty() {
        return Phrase::of(if emergency {
            "⚡ Nobody has to approve this: you get it at once, on record."
        } else {
            "✅ Nobody has to approve this: you get it at once."
        });
    }
    let mut phrase = Phrase::of(if emergency {
        "⚡ Will be asked: "
    } else {
        "Will be asked: "
    });
    let count = asked.len();
    for (i, step) in asked.into_iter().enumerate().take(STEPS_NAMED) {
        phrase = if i > 0 { phrase.text(", then ") } else { phrase };
        phrase = phrase.then(step);
    }
    let phrase = match count.saturating_sub(STEPS_NAMED) {
        0 => phrase,
        1 => phrase.text(", then 1 more step"),
        more => phrase.text(&format!(", then {more} more steps")),
    };
    match wait {
        0 => phrase,
        wait => phrase.text(&format!(" · and a wait of at most {}", spoken(wait))),
    }
}

const STEPS_NAMED: usize = 6;

fn asked(step: &PreviewStep) -> Option<Phrase> {
    let PreviewStep::Ask { name, people, needed } = step else {
        return None;
    };
    let (named, count) = (!name.trim().is_empty(), people.len());
    Some(match (people.as_slice(), (*needed).max(1)) {
        ([], _) => Phrase::new().bold(if named { name } else { "somebody in charge" }),
        ([one], _) => Phrase::new().person(one),
        ([one, other], 2) => Phrase::new().person(one).text(" and ").person(other),
        (_, needed) if named && needed >= count => Phrase::of(&format!("all {count} ")).bold(name),
        (_, 1) if named => Phrase::of(&format!("one of {count} ")).bold(name),
        (_, needed) if named => Phrase::of(&format!("{needed} of {count} ")).bold(name),
        (_, needed) if needed >= count => choice(Phrase::of("all of "), people, " and "),
        (_, 1) => choice(Phrase::of("one of "), people, " or "),
        (_, needed) => choice(Phrase::of(&format!("{needed} of ")), people, " and "),
    })
}

/// "Ana, Bob or Cy"; of many, "Ana, Bob + 5".
fn choice(phrase: Phrase, people: &[PersonRef], last: &str) -> Phrase {
    match people {
        [first @ .., end] if people.len() <= 3 => phrase.people(first, first.len()).text(last).person(end),
        _ => phrase.people(people, 2),
    }
}
