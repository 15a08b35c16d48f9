//! Reads Rust as far as the architecture test needs it: words, literals, `use` trees, paths, functions.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Colons,
    Sign(char),
}

/// Words, literals and signs with their lines; comments, lifetimes and characters are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line, mut out) = (0, 1, Vec::new());
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let c = chars[at];
        match c {
            '\n' => {
                line += 1;
                at += 1;
            }
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            '/' if peek(at + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (peek(at), peek(at + 1)) {
                        ('/', '*') => (depth, at) = (depth + 1, at + 2),
                        ('*', '/') => (depth, at) = (depth - 1, at + 2),
                        (c, _) => (line, at) = (line + usize::from(c == '\n'), at + 1),
                    }
                    if depth == 0 || at >= chars.len() {
                        break;
                    }
                }
            }
            '\'' => {
                // A character has its closing quote; a lifetime has none.
                if peek(at + 1) == '\\' {
                    at += 3;
                    while at < chars.len() && chars[at] != '\'' {
                        at += 1;
                    }
                    at += 1;
                } else if peek(at + 2) == '\'' {
                    at += 3;
                } else {
                    at += 1;
                    while peek(at).is_alphanumeric() || peek(at) == '_' {
                        at += 1;
                    }
                }
            }
            '"' => {
                let (began, mut literal) = (line, String::new());
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    if chars[at] == '\\' {
                        literal.push(' ');
                        at += 1;
                    } else {
                        literal.push(chars[at]);
                    }
                    line += usize::from(peek(at) == '\n');
                    at += 1;
                }
                at += 1;
                out.push((began, Token::Text(literal)));
            }
            ':' if peek(at + 1) == ':' => {
                out.push((line, Token::Colons));
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let start = at;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let hashes = (at..).take_while(|at| peek(*at) == '#').count();
                if matches!(word.as_str(), "r" | "br" | "cr") && peek(at + hashes) == '"' {
                    let (began, close) = (
                        line,
                        std::iter::once('"')
                            .chain("#".repeat(hashes).chars())
                            .collect::<Vec<_>>(),
                    );
                    at += hashes + 1;
                    let start = at;
                    while at < chars.len() && !chars[at..].starts_with(&close) {
                        line += usize::from(chars[at] == '\n');
                        at += 1;
                    }
                    out.push((began, Token::Text(chars[start..at.min(chars.len())].iter().collect())));
                    at += close.len();
                } else if word == "r" && hashes == 1 {
                    at += 1; // a raw word: the next round reads it
                } else if !(word == "b" && matches!(peek(at), '"' | '\'')) {
                    out.push((line, Token::Word(word)));
                }
            }
            c if c.is_whitespace() => at += 1,
            c => {
                out.push((line, Token::Sign(c)));
                at += 1;
            }
        }
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// In this crate; the path is without `crate`.
    Ours,
    /// In another one; the path begins with its name.
    Others,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) of: Of,
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    pub(super) in_tests: bool,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// Its signature names `Tx`.
    pub(super) takes_tx: bool,
    /// The literals in its body.
    pub(super) strings: Vec<String>,
    pub(super) in_tests: bool,
}

pub(super) struct Source {
    tokens: Vec<(usize, Token)>,
    pub(super) paths: Vec<Named>,
    /// Literals, with the lines they begin on.
    pub(super) strings: Vec<(usize, String)>,
    pub(super) functions: Vec<Function>,
}

impl Source {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let tokens = tokens(text);
        let strings = tokens.iter().filter_map(literal).collect();
        let mut reader = Reader {
            tokens: &tokens,
            module: module_of(path),
            inner: Vec::new(),
            aliases: BTreeMap::new(),
            paths: Vec::new(),
        };
        reader.read();
        let paths = reader.paths;
        let functions = functions(&tokens);
        Self {
            tokens,
            paths,
            strings,
            functions,
        }
    }

    pub(super) fn words<'a>(&'a self, which: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
        self.tokens.iter().filter_map(|(line, token)| match token {
            Token::Word(word) if which.contains(&word.as_str()) => Some((*line, word.as_str())),
            _ => None,
        })
    }
}

/// `slack/gateway/mod.rs` is the module `slack::gateway`.
fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts
        .last()
        .is_some_and(|last| last == "mod" || last == "lib" || last == "main")
    {
        parts.pop();
    }
    parts
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    module: Vec<String>,
    /// Inline modules we are in, with the depth of braces at which each ends.
    inner: Vec<(String, usize)>,
    /// Names that `use` brought in, and what they stand for.
    aliases: BTreeMap<String, (Of, Vec<String>)>,
    paths: Vec<Named>,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, token: &Token) -> bool {
        self.tokens.get(at).is_some_and(|(_, here)| here == token)
    }

    fn read(&mut self) {
        let (mut at, mut depth) = (0, 0_usize);
        while at < self.tokens.len() {
            if self.is(at, &Token::Sign('{')) {
                depth += 1;
            } else if self.is(at, &Token::Sign('}')) {
                depth = depth.saturating_sub(1);
                self.inner.retain(|(_, ends)| *ends <= depth);
            }
            match self.word(at) {
                Some("mod") if self.is(at + 2, &Token::Sign('{')) => {
                    let name = self.word(at + 1).unwrap_or_default().to_owned();
                    self.inner.push((name, depth + 1));
                    at += 2;
                }
                Some("use") if !self.is(at + 1, &Token::Sign('<')) => at = self.tree(at + 1, &[]),
                Some(_) if at == 0 || !self.is(at - 1, &Token::Colons) => {
                    let line = self.tokens[at].0;
                    let mut path = vec![self.word(at).unwrap_or_default().to_owned()];
                    while self.is(at + 1, &Token::Colons)
                        && let Some(next) = self.word(at + 2)
                    {
                        path.push(next.to_owned());
                        at += 2;
                    }
                    if path.len() > 1 {
                        self.name(&path, line, None);
                    }
                    at += 1;
                }
                Some(_) => {
                    // `::name`, and no word or `>` before it: another crate, said outright.
                    let line = self.tokens[at].0;
                    let outright = at < 2
                        || !(matches!(self.tokens[at - 2].1, Token::Word(_)) || self.is(at - 2, &Token::Sign('>')));
                    if outright {
                        let path = vec![self.word(at).unwrap_or_default().to_owned()];
                        self.take(Of::Others, path, line);
                    }
                    at += 1;
                }
                None => at += 1,
            }
        }
    }

    /// Reads a tree of `use` from `at`; returns where it ends.
    fn tree(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        let mut line = self.tokens.get(at).map_or(0, |(line, _)| *line);
        let mut alias = None;
        let mut group = false;
        while let Some((here, token)) = self.tokens.get(at) {
            match token {
                Token::Word(word) if word == "as" => {
                    alias = self.word(at + 1).map(str::to_owned);
                    at += 2;
                }
                Token::Word(word) => {
                    line = *here;
                    path.push(word.clone());
                    at += 1;
                }
                Token::Sign('*') => {
                    path.push("*".to_owned());
                    at += 1;
                }
                Token::Sign('{') => {
                    group = true;
                    at += 1;
                    while at < self.tokens.len() && !self.is(at, &Token::Sign('}')) {
                        at = if self.is(at, &Token::Sign(',')) {
                            at + 1
                        } else {
                            self.tree(at, &path)
                        };
                    }
                    at += 1;
                }
                Token::Colons => at += 1,
                _ => break,
            }
        }
        if !group && !path.is_empty() {
            if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                path.pop();
            }
            let name = alias.or_else(|| path.last().cloned());
            self.name(&path, line, name);
        }
        at
    }

    /// Takes down a path; `local` is what a `use` calls it from here on.
    fn name(&mut self, path: &[String], line: usize, local: Option<String>) {
        let (of, path) = self.resolve(path);
        if let Some(local) = local {
            self.aliases.insert(local, (of, path.clone()));
        }
        self.take(of, path, line);
    }

    fn take(&mut self, of: Of, path: Vec<String>, line: usize) {
        let in_tests = self.inner.iter().any(|(name, _)| name == "tests");
        self.paths.push(Named {
            of,
            path,
            line,
            in_tests,
        });
    }

    fn resolve(&self, path: &[String]) -> (Of, Vec<String>) {
        let mut here = self.module.clone();
        here.extend(self.inner.iter().map(|(name, _)| name.clone()));
        let ups = path.iter().take_while(|part| *part == "super").count();
        let joined = |base: &[String], rest: &[String]| base.iter().chain(rest).cloned().collect();
        match path.first().map(String::as_str) {
            // The binary sees the library from outside; to the floors that is the same.
            Some("crate" | "c1") => (Of::Ours, path[1..].to_vec()),
            Some("super") => (Of::Ours, joined(&here[..here.len().saturating_sub(ups)], &path[ups..])),
            Some("self") => {
                let ups = path[1..].iter().take_while(|part| *part == "super").count();
                (
                    Of::Ours,
                    joined(&here[..here.len().saturating_sub(ups)], &path[1 + ups..]),
                )
            }
            Some(first) => match self.aliases.get(first) {
                Some((of, base)) if base.last().is_some_and(|last| last != "*") => (*of, joined(base, &path[1..])),
                _ => (Of::Others, path.to_vec()),
            },
            None => (Of::Others, Vec::new()),
        }
    }
}

/// The functions that have a body.
fn functions(tokens: &[(usize, Token)]) -> Vec<Function> {
    let word = |at: usize, word: &str| matches!(tokens.get(at), Some((_, Token::Word(here))) if here == word);
    let sign = |at: usize, sign: char| matches!(tokens.get(at), Some((_, Token::Sign(here))) if *here == sign);
    let mut tests_end = 0;
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if word(at, "mod") && word(at + 1, "tests") && sign(at + 2, '{') {
            tests_end = closing(tokens, at + 2);
        }
        let Some((line, Token::Word(name))) = tokens.get(at + 1).filter(|_| word(at, "fn")) else {
            continue;
        };
        let Some(body) = (at..tokens.len()).find(|at| sign(*at, '{') || sign(*at, ';')) else {
            continue;
        };
        let inside = tokens[body..closing(tokens, body)].iter();
        found.push(Function {
            name: name.clone(),
            line: *line,
            takes_tx: (at..body).any(|at| word(at, "Tx")),
            strings: inside.filter_map(literal).map(|(_, text)| text).collect(),
            in_tests: at < tests_end,
        });
    }
    found
}

fn literal((line, token): &(usize, Token)) -> Option<(usize, String)> {
    match token {
        Token::Text(text) => Some((*line, text.clone())),
        _ => None,
    }
}

/// Where the brace that opens at `open` closes.
fn closing(tokens: &[(usize, Token)], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, (_, token)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}
