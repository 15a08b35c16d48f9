//! A plan as the operator reads it: what is new (`+`), different (`~`) and gone (`-`), aligned, with the counts.

use crate::domain::organisation::{Act, Change, Difference, How, Plan, Thing};
use std::fmt::{self, Write as _};

/// Longer values are cut: a plan is read, not parsed.
const LONGEST: usize = 90;

/// Of a longer list only the length is told where a line is all there is.
const MANY: usize = 8;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(self, false))
    }
}

/// The plan as a table; in colour where a terminal shows it.
#[must_use]
pub fn table(plan: &Plan, colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = String::new();
    if plan.is_empty() {
        return "Nothing to change.\n".to_owned();
    }
    for thing in Thing::ALL {
        let changes: Vec<&Change> = plan.of(thing).collect();
        if changes.is_empty() {
            continue;
        }
        let mut title = thing.plural().to_owned();
        title[..1].make_ascii_uppercase();
        line(&mut out, &format!("{}{}", paint.bold(&title), counts(&changes)));
        let width = changes
            .iter()
            .map(|change| change.key.chars().count())
            .max()
            .unwrap_or(0)
            .min(36);
        for change in changes {
            describe(&mut out, change, width, paint);
        }
        out.push('\n');
    }
    let [create, change, remove] = [Act::Create, Act::Change, Act::Remove].map(|act| plan.count(act));
    line(
        &mut out,
        &format!("Plan: {create} to create, {change} to change, {remove} to remove."),
    );
    out
}

fn counts(changes: &[&Change]) -> String {
    let count = |act| changes.iter().filter(|change| change.act == act).count();
    let mut parts = Vec::new();
    for (act, sign) in [(Act::Create, '+'), (Act::Change, '~'), (Act::Remove, '-')] {
        if count(act) > 0 {
            parts.push(format!("{sign}{}", count(act)));
        }
    }
    format!("  {}", parts.join(" "))
}

fn describe(out: &mut String, change: &Change, width: usize, paint: Paint) {
    let key = &change.key;
    match change.act {
        Act::Create => {
            let said = cut(&summary(change), LONGEST);
            line(out, &format!("  {} {key:width$}  {said}", paint.green("+")));
        }
        Act::Change => {
            line(out, &format!("  {} {key:width$}  {}", paint.yellow("~"), change.name));
            let width = change
                .fields
                .iter()
                .map(|difference| difference.field.len())
                .max()
                .unwrap_or(0);
            for difference in &change.fields {
                differ(out, difference, width, paint);
            }
        }
        Act::Remove => {
            let fate = match change.thing {
                Thing::Person => "no longer described here; loses manager, team and roles, and stays",
                Thing::Group => "has no members any more",
                Thing::Rotation => "has nobody on call any more; whoever asks it gets the fallback",
                Thing::Policy => "is not used any more",
                Thing::App | Thing::Entitlement => "is no longer offered; open requests close",
                Thing::Catalog => "is no more",
                Thing::Setting => "is not said any more",
            };
            line(
                out,
                &format!("  {} {key:width$}  {}: {fate}", paint.red("-"), change.name),
            );
        }
    }
}

/// A new thing in a line: its name and what matters most about it.
fn summary(change: &Change) -> String {
    let text = |field: &str| {
        change
            .fields
            .iter()
            .find(|difference| difference.field == field)
            .map(|difference| match &difference.how {
                How::Text { to, .. } => to.clone(),
                How::List { added, .. } if field == "rules" => {
                    format!("{} {}", added.len(), if added.len() == 1 { "rule" } else { "rules" })
                }
                How::List { added, .. } if added.len() > MANY => format!("{} {field}", added.len()),
                How::List { added, .. } => added.join(", "),
            })
    };
    let parts: Vec<(&str, &str)> = match change.thing {
        Thing::Person => vec![("", "title"), ("", "team"), ("", "roles")],
        Thing::Group => vec![("", "members")],
        Thing::Rotation => vec![
            ("", "people"),
            ("every ", "every"),
            ("", "shifts"),
            ("", "format"),
            ("", "url"),
        ],
        Thing::Policy => vec![("", "kind"), ("", "rules")],
        Thing::App => vec![("", "connector"), ("owners ", "owners")],
        Thing::Entitlement => vec![("", "resource"), ("policy ", "policy"), ("⚡ ", "emergency")],
        Thing::Catalog => vec![("for ", "audience"), ("", "entitlements")],
        Thing::Setting => vec![],
    };
    let mut words = vec![change.name.clone()];
    words.extend(
        parts
            .iter()
            .filter_map(|(prefix, field)| text(field).map(|said| format!("{prefix}{said}"))),
    );
    words.join(" · ")
}

fn differ(out: &mut String, difference: &Difference, width: usize, paint: Paint) {
    let field = &difference.field;
    match &difference.how {
        How::Text { from, to } if from.chars().count() + to.chars().count() <= LONGEST => {
            line(out, &format!("      {field:width$}  {} → {}", said(from), said(to)));
        }
        How::Text { from, to } => {
            line(
                out,
                &format!("      {field:width$}  {} {}", paint.red("-"), cut(&said(from), LONGEST)),
            );
            line(
                out,
                &format!("      {:width$}  {} {}", "", paint.green("+"), cut(&said(to), LONGEST)),
            );
        }
        How::List { added, removed } if added.is_empty() && removed.is_empty() => {
            line(out, &format!("      {field:width$}  in another order"));
        }
        How::List { added, removed } => {
            let removed = removed.iter().map(|element| (paint.red("-"), element));
            let elements: Vec<(String, &String)> = removed
                .chain(added.iter().map(|element| (paint.green("+"), element)))
                .collect();
            let short = elements
                .iter()
                .map(|(_, element)| element.chars().count() + 3)
                .sum::<usize>()
                <= LONGEST;
            if short {
                let all: Vec<String> = elements
                    .iter()
                    .map(|(sign, element)| format!("{sign} {element}"))
                    .collect();
                line(out, &format!("      {field:width$}  {}", all.join("  ")));
            } else {
                for (place, (sign, element)) in elements.iter().enumerate() {
                    let field = if place == 0 { field } else { "" };
                    line(out, &format!("      {field:width$}  {sign} {}", cut(element, LONGEST)));
                }
            }
        }
    }
}

fn said(text: &str) -> String {
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        text.replace('\n', " ⏎ ")
    }
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}

fn line(out: &mut String, text: &str) {
    // Cannot fail: writing to a string.
    let _ = writeln!(out, "{}", text.trim_end());
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    fn red(self, text: &str) -> String {
        self.with("31", text)
    }
}
