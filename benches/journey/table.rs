//! The table: medians of the rounds, ratios of each round, targets.

use super::subject::{ALL, Kind};
use std::{collections::HashMap, fmt::Write as _, time::Duration};

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Milliseconds; less is better.
    Millis,
    /// Megabytes; less is better.
    Megabytes,
    /// So many a second; more is better.
    PerSecond,
}

/// What c1 must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// At most so many times the floor's.
    AtMost(f64),
    /// At least this share of the floor's.
    AtLeast(f64),
    /// At most this.
    Below(f64),
    /// Only to be looked at.
    None,
}

/// A line of the table.
#[derive(Clone, Debug)]
struct Figure {
    name: String,
    unit: Unit,
    target: Target,
    rounds: HashMap<Kind, Vec<f64>>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Vec<Figure>);

impl Table {
    /// Notes what one round brought.
    pub(crate) fn note(&mut self, name: &str, unit: Unit, target: Target, kind: Kind, value: f64) {
        let place = self.0.iter().position(|figure| figure.name == name).unwrap_or_else(|| {
            self.0.push(Figure {
                name: name.to_owned(),
                unit,
                target,
                rounds: HashMap::new(),
            });
            self.0.len() - 1
        });
        self.0[place].rounds.entry(kind).or_default().push(value);
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text =
            "| figure | floor-ack | floor | c1 | c1 ÷ floor | target | |\n|---|---|---|---|---|---|---|\n".to_owned();
        for figure in &self.0 {
            let of = |kind| figure.rounds.get(&kind).map(|rounds| median(rounds));
            let shown = ALL.map(|kind| of(kind).map_or_else(|| "–".to_owned(), |value| number(value, figure.unit)));
            let ratio = figure.ratio();
            let (target, reached) = match (figure.target, ratio, of(Kind::C1)) {
                (Target::AtMost(times), Some(ratio), _) => (format!("≤ {times} × floor"), Some(ratio <= times)),
                (Target::AtLeast(share), Some(ratio), _) => (format!("≥ {share} × floor"), Some(ratio >= share)),
                (Target::Below(most), _, Some(value)) => {
                    (format!("≤ {}", number(most, figure.unit)), Some(value <= most))
                }
                _ => ("–".to_owned(), None),
            };
            let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
            let mark = reached.map_or("", |reached| if reached { "✓" } else { "✗" });
            let [ack, floor, c1] = shown;
            let _written = writeln!(
                text,
                "| {} | {ack} | {floor} | {c1} | {ratio} | {target} | {mark} |",
                figure.name
            );
        }
        text
    }

    /// Every round by itself: how much to trust the medians.
    pub(crate) fn rounds(&self) -> String {
        let mut text = "| figure | who | rounds |\n|---|---|---|\n".to_owned();
        for figure in &self.0 {
            for kind in ALL {
                let Some(rounds) = figure.rounds.get(&kind) else {
                    continue;
                };
                let all: Vec<String> = rounds.iter().map(|value| number(*value, figure.unit)).collect();
                let _written = writeln!(text, "| {} | {} | {} |", figure.name, kind.name(), all.join(" · "));
            }
        }
        text
    }
}

impl Figure {
    /// The median of the rounds' own ratios: what else the machine does changes from round to round, for both alike.
    fn ratio(&self) -> Option<f64> {
        let (floor, c1) = (self.rounds.get(&Kind::Floor)?, self.rounds.get(&Kind::C1)?);
        let ratios: Vec<f64> = floor
            .iter()
            .zip(c1)
            .filter(|(floor, _)| **floor > 0.0)
            .map(|(floor, c1)| c1 / floor)
            .collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }
}

fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Millis if value < 10.0 => format!("{value:.2} ms"),
        Unit::Millis if value < 100.0 => format!("{value:.1} ms"),
        Unit::Millis => format!("{value:.0} ms"),
        Unit::Megabytes => format!("{value:.1} MB"),
        Unit::PerSecond => format!("{value:.0}"),
    }
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that this share of all is not above.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Milliseconds.
pub(crate) fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
