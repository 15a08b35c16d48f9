//! What c1 says to its database: read from the server's log, one submission at a time.

use std::collections::HashMap;

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
        let name = text.strip_prefix("--").map_or_else(
            || text.split_whitespace().take(4).collect::<Vec<_>>().join(" "),
            |name| name.trim().to_owned(),
        );
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
