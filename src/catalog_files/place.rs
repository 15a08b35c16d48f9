//! Where in a file something is said, and what is wrong with it there.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its name, relative to the folder.
    pub(super) name: String,
    /// What it says.
    pub(super) text: String,
}

/// A step on the way to a value in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Field(String),
    Item(usize),
}

/// A value in a file.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    source: &'a Source,
    way: Vec<Way>,
}

impl<'a> Place<'a> {
    /// The whole file.
    pub(super) fn file(source: &'a Source) -> Self {
        Self {
            source,
            way: Vec::new(),
        }
    }

    /// A field of the mapping at this place.
    pub(super) fn field(&self, name: &str) -> Self {
        let mut deeper = self.clone();
        deeper.way.push(Way::Field(name.to_owned()));
        deeper
    }

    /// An element of the list at this place.
    pub(super) fn item(&self, index: usize) -> Self {
        let mut deeper = self.clone();
        deeper.way.push(Way::Item(index));
        deeper
    }

    /// Something is wrong here. Where a value is not written down, the nearest thing around it is shown.
    pub(super) fn problem(&self, sentence: impl Into<String>) -> Problem {
        let found = (0..=self.way.len())
            .rev()
            .find_map(|length| locate(&self.source.text, &self.way[..length]));
        let (line, column) = found.unwrap_or((1, 1));
        Problem::at(self.source, line, column, sentence.into())
    }

    /// Something is wrong at this character of the text at this place.
    pub(super) fn problem_inside(&self, character: Option<usize>, sentence: impl Into<String>) -> Problem {
        let mut problem = self.problem(sentence);
        let (Some(character), Some(line)) = (character, &problem.excerpt) else {
            return problem;
        };
        let rest: String = line.chars().skip(problem.column - 1).collect();
        match rest.chars().next() {
            // A text over several lines is folded, so its characters are elsewhere.
            Some('|' | '>') | None => {}
            Some('"' | '\'') => problem.column += character + 1,
            Some(_) => problem.column += character,
        }
        problem
    }
}

/// The line and column (from 1) of the value at the end of the way.
///
/// The parser says where it is only when something goes wrong: so it is led to the value, and stumbles there.
fn locate(text: &str, way: &[Way]) -> Option<(usize, usize)> {
    let error = Follow(way)
        .deserialize(serde_yaml_ng::Deserializer::from_str(text))
        .err()?;
    if !error.to_string().contains(HERE) {
        return None;
    }
    error.location().map(|found| (found.line(), found.column()))
}

const HERE: &str = "the value is here";

struct Follow<'a>(&'a [Way]);

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            HERE
        } else {
            "something with parts"
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        while let Some(Name(key)) = map.next_key()? {
            if matches!(first, Way::Field(field) if *field == key) {
                map.next_value_seed(Follow(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        let mut index = 0;
        loop {
            let more = if *first == Way::Item(index) {
                list.next_element_seed(Follow(rest))?.is_some()
            } else {
                list.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// A key, whatever its type: `12:` is one too.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_yaml_ng::Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().map(str::to_owned).unwrap_or_default()))
    }
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, relative to the folder.
    pub file: String,
    /// The line, from 1; 0: the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0: the file as a whole.
    pub column: usize,
    /// What is wrong, in a sentence without a full stop.
    pub sentence: String,
    /// The line as it is written.
    pub excerpt: Option<String>,
}

impl Problem {
    /// A file as a whole is wrong.
    pub(super) fn about(file: String, sentence: String) -> Self {
        Self {
            file,
            line: 0,
            column: 0,
            sentence,
            excerpt: None,
        }
    }

    pub(super) fn at(source: &Source, line: usize, column: usize, sentence: String) -> Self {
        let excerpt = source.text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        Self {
            file: source.name.clone(),
            line,
            column,
            sentence,
            excerpt,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file, self.sentence);
        }
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.sentence)?;
        if let Some(excerpt) = &self.excerpt {
            let number = self.line.to_string();
            let under: String = excerpt
                .chars()
                .take(self.column.saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(f, "\n  {number} | {excerpt}\n  {} | {under}^", " ".repeat(number.len()))?;
        }
        Ok(())
    }
}

/// Everything that is wrong, in the order of the files; of very many, the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    told: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(super) fn new(told: Vec<Problem>) -> Self {
        Self::with_more(told, 0)
    }

    /// `told`, and so many more.
    pub(super) fn with_more(mut told: Vec<Problem>, more: usize) -> Self {
        told.sort();
        told.dedup();
        Self { told, more }
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.told.iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self::new(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.told {
            writeln!(f, "{problem}\n")?;
        }
        match (self.told.len(), self.more) {
            (1, 0) => f.write_str("1 problem; nothing was changed."),
            (count, 0) => write!(f, "{count} problems; nothing was changed."),
            (count, more) => {
                write!(
                    f,
                    "{} problems, of which these are {count}; nothing was changed.",
                    count + more
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_where_it_is_written() {
        let source = Source {
            name: "x.yaml".to_owned(),
            text: "# people\n- key: ana\n  roles: [helpdesk, \"b\"]\n- key: bob\n  where:\n    when: >-\n      a\n"
                .to_owned(),
        };
        let file = Place::file(&source);
        let place = |place: Place<'_>| {
            let problem = place.problem("!");
            (problem.line, problem.column)
        };
        assert_eq!(place(file.item(0).field("key")), (2, 8));
        assert_eq!(place(file.item(0).field("roles")), (3, 10));
        assert_eq!(place(file.item(0).field("roles").item(1)), (3, 21));
        assert_eq!(place(file.item(1).field("where").field("when")), (6, 11));
        assert_eq!(place(file.item(1)), (4, 3));
        assert_eq!(
            place(file.item(1).field("manager").item(3)),
            (4, 3),
            "what is not there is looked for around it"
        );
        assert_eq!(place(file.clone()), (2, 1));
        let inside = file.item(0).field("roles").item(1).problem_inside(Some(0), "!");
        assert_eq!((inside.line, inside.column), (3, 22), "inside the quotes");
    }

    #[test]
    fn a_problem_points_at_its_place() {
        let source = Source {
            name: "people.yaml".to_owned(),
            text: "- key: Ana\n".to_owned(),
        };
        let problem = Place::file(&source)
            .item(0)
            .field("key")
            .problem("a key is in lower case");
        assert_eq!(
            problem.to_string(),
            "people.yaml:1:8: a key is in lower case\n  1 | - key: Ana\n    |        ^"
        );
    }
}
