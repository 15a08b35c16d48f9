//! What c1 says to its database: read from the server's log, one submission at a time.

use std::{collections::HashMap, fmt::Write as _};

/// A transaction of c1's, by the names of its statements (`-- name`, else their first words).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) names: Vec<String>,
}

/// Everything that was said, in transactions; what stands outside of any is a transaction of its own.
pub(crate) fn read(log: &str) -> Vec<Transaction> {
    let mut open: HashMap<String, Transaction> = HashMap::new();
    let mut all = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((head, said)) = statement(line) else { continue };
        let mut text = said.trim();
        if text.is_empty() {
            text = lines.peek().map_or("", |next| next.trim());
        }
        let name = name(text);
        match name.to_uppercase().as_str() {
            "BEGIN" => {
                open.insert(head, Transaction::default());
            }
            "COMMIT" | "ROLLBACK" => all.extend(open.remove(&head)),
            _ => match open.get_mut(&head) {
                Some(transaction) => transaction.names.push(name),
                None => all.push(Transaction { names: vec![name] }),
            },
        }
    }
    all
}

/// The session, and what it was told to execute.
fn statement(line: &str) -> Option<(String, &str)> {
    let (head, said) = line.split_once("LOG:  ")?;
    let session = head.split('[').nth(1)?.split(']').next()?.to_owned();
    let said = said.split_once("ms  ").map_or(said, |(_, said)| said);
    let said = match said.strip_prefix("execute ") {
        Some(rest) => rest.split_once(": ").map_or("", |(_, text)| text),
        None => said.strip_prefix("statement: ")?,
    };
    Some((session, said))
}

fn name(text: &str) -> String {
    text.strip_prefix("--").map_or_else(
        || text.split_whitespace().take(4).collect::<Vec<_>>().join(" "),
        |name| name.trim().to_owned(),
    )
}

/// What each statement cost the server while `count` things were done, the dearest first.
pub(crate) fn costs(what: &str, log: &str, count: usize) -> String {
    let mut costs: HashMap<String, (usize, f64)> = HashMap::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, said)) = line.split_once("duration: ") else {
            continue;
        };
        let Some((took, said)) = said.split_once(" ms  ") else {
            continue;
        };
        let (kind, mut text) = said.split_once(": ").unwrap_or((said.trim_end_matches(':'), ""));
        if text.trim().is_empty() {
            text = lines.peek().map_or("", |next| next.trim());
        }
        let cost = costs.entry(name(text.trim())).or_default();
        cost.0 += usize::from(kind.starts_with("execute") || kind == "statement");
        cost.1 += took.parse::<f64>().unwrap_or(0.0);
    }
    let mut costs: Vec<(String, (usize, f64))> = costs.into_iter().collect();
    costs.sort_by(|(_, one), (_, other)| other.1.total_cmp(&one.1));
    let each = |sum: f64| sum / count as f64;
    let (all, took) = costs
        .iter()
        .fold((0, 0.0), |sum, (_, (times, took))| (sum.0 + times, sum.1 + took));
    let mut text = format!(
        "| for one {what} | statements | ms in the server |\n|---|---|---|\n| all | {:.1} | {:.2} |\n",
        each(all as f64),
        each(took)
    );
    for (name, (times, took)) in costs.into_iter().filter(|(_, (_, took))| each(*took) >= 0.01) {
        let _written = writeln!(text, "| {name} | {:.1} | {:.2} |", each(times as f64), each(took));
    }
    text + "\n"
}
