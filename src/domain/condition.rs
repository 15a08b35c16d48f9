//! Conditions in policies: CEL expressions over subject, requester, entitlement, app and request.
//!
//! A condition is checked before it is stored: its size and depth (so that reading and evaluating it never exhausts a
//! stack), its names and types against [`Scope`] (CEL itself finds a misspelt field only when it runs, and takes
//! `flag == 'yes'` for false), and by two trial runs. What is left of the language does bounded work: no `map`,
//! `filter` or index, and at most two loops inside one another.
//!
//! A condition that cannot be evaluated is an error, never a pass. An [`Expression`] is checked and bounded the same way,
//! and comes to the names of people and groups.

use super::nearest::nearest;
use cel::{
    Context, Env, Program, Value,
    common::ast::{Expr, IdedExpr, LiteralValue},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock, PoisonError, RwLock},
    thread,
};

/// What `request.minutes` is for access without an end: more than any length, so that `request.minutes <= 60` never lets
/// it pass, and small enough to reckon with.
pub const NO_END_MINUTES: i64 = 1_000_000_000;

/// The longest expression, in bytes.
pub const LONGEST: usize = 1024;

/// The deepest nesting of an expression: a debug build takes up to 36 kB of stack a level, and a worker has 2 MB in all.
const DEEPEST: usize = 12;

/// How many loops (`exists`, `all`, `exists_one`) may stand inside one another.
const LOOPS: usize = 2;

/// The stack of the thread that reads an expression: the parser recurses several times per bracket.
const READING_STACK: usize = 64 << 20;

/// How many read expressions are remembered.
const REMEMBERED: usize = 1024;

/// A CEL expression as written in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(String);

/// A CEL expression in a policy that says who is asked: the key of a person or `group:` and that of a group, or a list of
/// those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(String);

/// How many people and groups an expression may come to.
const MOST_NAMES: usize = 100;

/// What a condition may look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Who would get access.
    pub subject: PersonScope,
    /// Who asks.
    pub requester: PersonScope,
    /// What is asked for.
    pub entitlement: EntitlementScope,
    /// The app it belongs to.
    pub app: AppScope,
    /// The request itself.
    pub request: RequestScope,
}

/// A person, as a condition sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonScope {
    /// Short name.
    pub key: String,
    /// Name.
    pub name: String,
    /// Job title.
    pub title: String,
    /// Team.
    pub team: String,
    /// Keys of their groups.
    pub groups: Vec<String>,
    /// Names of their roles.
    pub roles: Vec<String>,
    /// Their manager's short name; empty if they have none.
    pub manager: String,
}

/// An entitlement, as a condition sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntitlementScope {
    /// Short name inside its app.
    pub key: String,
    /// Name.
    pub name: String,
    /// The resource it is about; empty if none.
    pub resource: String,
}

/// An app, as a condition sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppScope {
    /// Short name.
    pub key: String,
    /// Name.
    pub name: String,
}

/// A request, as a condition sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestScope {
    /// Is it an emergency?
    pub emergency: bool,
    /// Its length in minutes, rounded up; [`NO_END_MINUTES`] when it has no end.
    pub minutes: i64,
    /// Has it an end?
    pub has_end: bool,
    /// Does somebody ask for somebody else?
    pub for_other: bool,
}

/// Why a condition cannot be used, or gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ConditionError {
    /// What is wrong, in a sentence without a full stop.
    pub sentence: String,
    /// Where, as a character of the expression, from 0; `None`: the whole of it.
    pub at: Option<usize>,
}

impl ConditionError {
    fn whole(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            at: None,
        }
    }

    /// The same sentence about an expression.
    fn about_an_expression(self) -> Self {
        let sentence = self
            .sentence
            .replace("a condition", "an expression")
            .replace("the condition", "the expression")
            .replace("Conditions may use", "Expressions may use");
        Self { sentence, ..self }
    }
}

impl Condition {
    /// Reads and checks an expression: size, syntax, that it names only what [`Scope`] has, that types fit, and that it
    /// is true or false for a full and for an empty scope.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what may be used.
    pub fn parse(source: &str) -> Result<Self, ConditionError> {
        let program = program(source, Sort::Condition)?;
        for scope in [Scope::full(), Scope::empty()] {
            run(&program, &scope)?;
        }
        Ok(Self(source.to_owned()))
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0
    }

    /// Does it hold?
    ///
    /// # Errors
    /// When it does not evaluate to true or false: an alarm for the caller, never a pass.
    pub fn holds(&self, scope: &Scope) -> Result<bool, ConditionError> {
        run(&*program(&self.0, Sort::Condition)?, scope)
    }

    /// The parts that keep it from holding, of those that `&&` joins; none where it is of one piece, or holds.
    #[must_use]
    pub fn failing(&self, scope: &Scope) -> Vec<&str> {
        let parts = joined(&self.0);
        if parts.len() < 2 {
            return Vec::new();
        }
        let fails = |part: &&str| Self::parse(part).and_then(|part| part.holds(scope)) == Ok(false);
        parts.into_iter().filter(fails).collect()
    }
}

/// What `&&` joins at the top of an expression; the whole of it where something else holds it together.
fn joined(source: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    let mut characters = source.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            // These bind less than `&&` does.
            (None, '|' | '?') if depth == 0 => return vec![source],
            (None, '&') if depth == 0 => {
                characters.next();
                parts.push(source[from..at].trim());
                from = at + 2;
            }
            (None, _) => {}
        }
    }
    parts.push(source[from..].trim());
    parts
}

impl Expression {
    /// Reads and checks an expression as [`Condition::parse`] does, but that it comes to a text or to a list of texts.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what may be used.
    pub fn parse(source: &str) -> Result<Self, ConditionError> {
        let checked = program(source, Sort::Expression).and_then(|program| {
            for scope in [Scope::full(), Scope::empty()] {
                names(&program, &scope)?;
            }
            Ok(Self(source.to_owned()))
        });
        checked.map_err(ConditionError::about_an_expression)
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0
    }

    /// The keys it comes to, each once; none where it says nothing.
    ///
    /// # Errors
    /// When it does not evaluate: an alarm for the caller, never a pass.
    pub fn names(&self, scope: &Scope) -> Result<Vec<String>, ConditionError> {
        program(&self.0, Sort::Expression)
            .and_then(|program| names(&program, scope))
            .map_err(ConditionError::about_an_expression)
    }
}

impl Scope {
    /// A scope in which everything says something, to try a condition on.
    fn full() -> Self {
        let person = |key: &str| PersonScope {
            key: key.to_owned(),
            name: "A Person".to_owned(),
            title: "Engineer".to_owned(),
            team: "A team".to_owned(),
            groups: vec!["a-group".to_owned(), "another-group".to_owned()],
            roles: vec!["helpdesk".to_owned()],
            manager: "a-manager".to_owned(),
        };
        Self {
            subject: person("a-subject"),
            requester: person("a-requester"),
            entitlement: EntitlementScope {
                key: "admin".to_owned(),
                name: "Admin".to_owned(),
                resource: "a-resource".to_owned(),
            },
            app: AppScope {
                key: "an-app".to_owned(),
                name: "An App".to_owned(),
            },
            request: RequestScope {
                emergency: true,
                minutes: 60,
                has_end: true,
                for_other: true,
            },
        }
    }

    /// A scope in which nothing says anything, to try a condition on.
    fn empty() -> Self {
        let person = || PersonScope {
            key: String::new(),
            name: String::new(),
            title: String::new(),
            team: String::new(),
            groups: Vec::new(),
            roles: Vec::new(),
            manager: String::new(),
        };
        Self {
            subject: person(),
            requester: person(),
            entitlement: EntitlementScope {
                key: String::new(),
                name: String::new(),
                resource: String::new(),
            },
            app: AppScope {
                key: String::new(),
                name: String::new(),
            },
            request: RequestScope {
                emergency: false,
                minutes: 0,
                has_end: false,
                for_other: false,
            },
        }
    }
}

// --- reading and running ---

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// What an expression has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Condition,
    Expression,
}

type Read = LazyLock<RwLock<HashMap<String, Arc<Program>>>>;

/// Expressions that were read and found good, by source: reading takes a thread and far longer than running. One map for
/// each [`Sort`].
static READ: [Read; 2] = [LazyLock::new(RwLock::default), LazyLock::new(RwLock::default)];

fn program(source: &str, sort: Sort) -> Result<Arc<Program>, ConditionError> {
    let known = match sort {
        Sort::Condition => &READ[0],
        Sort::Expression => &READ[1],
    };
    if let Some(known) = known.read().unwrap_or_else(PoisonError::into_inner).get(source) {
        return Ok(Arc::clone(known));
    }
    let program = Arc::new(read(source, sort)?);
    let mut read = known.write().unwrap_or_else(PoisonError::into_inner);
    if read.len() >= REMEMBERED {
        read.clear();
    }
    read.insert(source.to_owned(), Arc::clone(&program));
    Ok(program)
}

/// Reads and checks an expression on a thread of its own, whose stack is large enough for whatever fits into
/// [`LONGEST`]. What it lets through is shallow enough for anyone's stack.
fn read(source: &str, sort: Sort) -> Result<Program, ConditionError> {
    if source.trim().is_empty() {
        return Err(ConditionError::whole(match sort {
            Sort::Condition => "a condition is empty; leave `when` out for a rule that always applies",
            Sort::Expression => "an expression is empty; it has to name people or groups",
        }));
    }
    if source.len() > LONGEST {
        return Err(ConditionError::whole(format!(
            "a condition is {} bytes long; at most {LONGEST} are allowed",
            source.len()
        )));
    }
    let source = source.to_owned();
    thread::Builder::new()
        .name("read a condition".to_owned())
        .stack_size(READING_STACK)
        .spawn(move || {
            let program = Env::compile(&ENV, &source).map_err(|errors| syntax_error(&errors))?;
            check(&program, sort)?;
            Ok(program)
        })
        .map_err(|error| ConditionError::whole(format!("the condition could not be read: {error}")))?
        .join()
        .unwrap_or_else(|_| Err(ConditionError::whole("the condition cannot be read")))
}

fn syntax_error(errors: &cel::ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.first() else {
        return ConditionError::whole("the condition cannot be read");
    };
    let (line, column) = first.pos;
    // A condition is one line nearly always; elsewhere only the sentence says where.
    let at = if line == 1 {
        usize::try_from(column - 1).ok()
    } else {
        None
    };
    let message = first.msg.strip_prefix("Syntax error: ").unwrap_or(&first.msg);
    ConditionError {
        sentence: format!("the condition is not CEL: {}", shortened(message)),
        at,
    }
}

/// The parser lists every token it would have taken; a few characters of that help, hundreds do not.
fn shortened(message: &str) -> String {
    match message.split_once(" expecting ") {
        Some((what, _)) => what.to_owned(),
        None => message.chars().take(160).collect(),
    }
}

fn run(program: &Program, scope: &Scope) -> Result<bool, ConditionError> {
    match evaluate(program, scope)? {
        Value::Bool(answer) => Ok(answer),
        _ => Err(no_answer("it is neither true nor false")),
    }
}

fn names(program: &Program, scope: &Scope) -> Result<Vec<String>, ConditionError> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |value: &Value| match value {
        Value::String(name) => {
            let name = name.trim();
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            Ok(())
        }
        _ => Err(no_answer("it names something that is no text")),
    };
    match evaluate(program, scope)? {
        Value::List(list) => list.iter().try_for_each(add)?,
        value => add(&value)?,
    }
    if names.len() > MOST_NAMES {
        return Err(no_answer(&format!("it names more than {MOST_NAMES}")));
    }
    Ok(names)
}

fn no_answer(why: &str) -> ConditionError {
    ConditionError::whole(format!("the condition gives no answer: {why}"))
}

fn evaluate(program: &Program, scope: &Scope) -> Result<Value, ConditionError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut context = Context::with_env(Arc::clone(&ENV));
        let Scope {
            subject,
            requester,
            entitlement,
            app,
            request,
        } = scope;
        for (name, value) in [
            ("subject", cel::to_value(subject)),
            ("requester", cel::to_value(requester)),
            ("entitlement", cel::to_value(entitlement)),
            ("app", cel::to_value(app)),
            ("request", cel::to_value(request)),
        ] {
            context.add_variable_from_value(name, value.map_err(|error| error.to_string())?);
        }
        program.execute(&context).map_err(|error| error.to_string())
    }));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(no_answer(&why)),
        Err(_) => Err(no_answer("its evaluation broke off")),
    }
}

// --- checking ---

/// The fields that conditions may use, in the order in which an error lists them.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    /// "a person has".
    name: &'static str,
    fields: &'static [(&'static str, Type)],
}

/// What an expression can come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Number,
    Text,
    Texts,
    Numbers,
    Record(&'static Record),
}

static PERSON: Record = Record {
    name: "a person",
    fields: &[
        ("key", Type::Text),
        ("name", Type::Text),
        ("title", Type::Text),
        ("team", Type::Text),
        ("groups", Type::Texts),
        ("roles", Type::Texts),
        ("manager", Type::Text),
    ],
};
static ENTITLEMENT: Record = Record {
    name: "an entitlement",
    fields: &[("key", Type::Text), ("name", Type::Text), ("resource", Type::Text)],
};
static APP: Record = Record {
    name: "an app",
    fields: &[("key", Type::Text), ("name", Type::Text)],
};
static REQUEST: Record = Record {
    name: "a request",
    fields: &[
        ("emergency", Type::Bool),
        ("minutes", Type::Number),
        ("has_end", Type::Bool),
        ("for_other", Type::Bool),
    ],
};
static VARIABLES: [(&str, Type); 5] = [
    ("subject", Type::Record(&PERSON)),
    ("requester", Type::Record(&PERSON)),
    ("entitlement", Type::Record(&ENTITLEMENT)),
    ("app", Type::Record(&APP)),
    ("request", Type::Record(&REQUEST)),
];

/// The functions that conditions may call, beside the operators.
const FUNCTIONS: [&str; 7] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "exists",
    "all",
    "exists_one",
];

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Texts => "a list of texts",
            Self::Numbers => "a list of numbers",
            Self::Record(record) => record.name,
        })
    }
}

impl Type {
    fn element(self) -> Option<Self> {
        match self {
            Self::Texts => Some(Self::Text),
            Self::Numbers => Some(Self::Number),
            _ => None,
        }
    }

    fn list_of(self) -> Option<Self> {
        match self {
            Self::Text => Some(Self::Texts),
            Self::Number => Some(Self::Numbers),
            _ => None,
        }
    }
}

fn check(program: &Program, sort: Sort) -> Result<(), ConditionError> {
    let mut checker = Checker {
        program,
        bound: Vec::new(),
        loops: 0,
        depth: 0,
    };
    match (sort, checker.type_of(program.expression())?) {
        (Sort::Condition, Type::Bool) | (Sort::Expression, Type::Text | Type::Texts) => Ok(()),
        (Sort::Expression, other) => Err(ConditionError::whole(format!(
            "an expression must come to a key or to a list of keys, and this is {other}"
        ))),
        (Sort::Condition, other) => Err(ConditionError::whole(format!(
            "a condition must be true or false, and this is {other}"
        ))),
    }
}

/// Finds the type of every part of an expression, or says what is wrong with it.
struct Checker<'a> {
    program: &'a Program,
    /// Variables of loops around the present part, with the type of each.
    bound: Vec<(&'a str, Type)>,
    loops: usize,
    depth: usize,
}

impl<'a> Checker<'a> {
    fn error<T>(&self, part: &IdedExpr, sentence: impl Into<String>) -> Result<T, ConditionError> {
        let at = self
            .program
            .source_info()
            .offset_for(part.id)
            .and_then(|(start, _)| usize::try_from(start).ok());
        Err(ConditionError {
            sentence: sentence.into(),
            at,
        })
    }

    fn type_of(&mut self, part: &'a IdedExpr) -> Result<Type, ConditionError> {
        if self.depth >= DEEPEST {
            return self.error(
                part,
                format!("the condition is nested more than {DEEPEST} levels deep; please simplify it"),
            );
        }
        self.depth += 1;
        let found = self.type_inside(part);
        self.depth -= 1;
        found
    }

    fn type_inside(&mut self, part: &'a IdedExpr) -> Result<Type, ConditionError> {
        match &part.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Ok(Type::Bool),
                LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Ok(Type::Number),
                LiteralValue::String(_) => Ok(Type::Text),
                LiteralValue::Bytes(_) => {
                    self.error(part, "bytes have no use in a condition; write text without the b")
                }
                LiteralValue::Null => self.error(part, "nothing is ever null here; a missing text is ''"),
            },
            Expr::Ident(name) => self.variable(part, name),
            Expr::Select(select) => {
                let Type::Record(record) = self.type_of(&select.operand)? else {
                    return self.error(
                        part,
                        format!("`.{}` cannot be asked of what is no record", select.field),
                    );
                };
                let Some((_, field)) = record.fields.iter().find(|(name, _)| *name == select.field) else {
                    return self.error(part, no_such("field", &select.field, record.name, record.fields));
                };
                Ok(if select.test { Type::Bool } else { *field })
            }
            Expr::List(list) => self.list(part, &list.elements),
            Expr::Call(call) => self.call(part, &call.func_name, call.target.as_deref(), &call.args),
            Expr::Comprehension(comprehension) => {
                if !matches!(comprehension.accu_init.expr, Expr::Literal(_)) {
                    return self.error(part, "map and filter are not allowed; use exists, all or exists_one");
                }
                let range = self.type_of(&comprehension.iter_range)?;
                let Some(element) = range.element() else {
                    return self.error(part, format!("only lists can be gone through, and this is {range}"));
                };
                if self.loops >= LOOPS {
                    return self.error(part, format!("at most {LOOPS} loops may stand inside one another"));
                }
                let result = self.type_of(&comprehension.accu_init)?;
                self.loops += 1;
                self.bound.push((&comprehension.accu_var, result));
                self.type_of(&comprehension.loop_cond)?;
                self.bound.push((&comprehension.iter_var, element));
                self.type_of(&comprehension.loop_step)?;
                self.bound.pop();
                let result = self.type_of(&comprehension.result)?;
                self.bound.pop();
                self.loops -= 1;
                Ok(result)
            }
            Expr::Map(_) | Expr::Struct(_) => self.error(part, "maps and messages have no use in a condition"),
            Expr::Unspecified => self.error(part, "the condition is incomplete"),
        }
    }

    fn variable(&self, part: &IdedExpr, name: &str) -> Result<Type, ConditionError> {
        let known = self
            .bound
            .iter()
            .rev()
            .chain(VARIABLES.iter().rev())
            .find(|(known, _)| *known == name);
        match known {
            Some((_, found)) => Ok(*found),
            None => self.error(part, no_such("name", name, "a condition", &VARIABLES)),
        }
    }

    fn list(&mut self, part: &'a IdedExpr, elements: &'a [IdedExpr]) -> Result<Type, ConditionError> {
        let mut of = None;
        for element in elements {
            let found = self.type_of(element)?;
            if *of.get_or_insert(found) != found {
                return self.error(element, "the elements of a list must be alike");
            }
        }
        match of.unwrap_or(Type::Text).list_of() {
            Some(list) => Ok(list),
            None => self.error(part, "lists may hold texts or numbers"),
        }
    }

    fn call(
        &mut self,
        part: &'a IdedExpr,
        function: &'a str,
        target: Option<&'a IdedExpr>,
        arguments: &'a [IdedExpr],
    ) -> Result<Type, ConditionError> {
        let mut types = Vec::with_capacity(arguments.len() + 1);
        for argument in target.into_iter().chain(arguments) {
            types.push(self.type_of(argument)?);
        }
        let sign = sign(function);
        match (function, types.as_slice()) {
            ("!_" | "@not_strictly_false", [Type::Bool]) | ("_&&_" | "_||_", [Type::Bool, Type::Bool]) => {
                Ok(Type::Bool)
            }
            ("!_" | "_&&_" | "_||_", _) => {
                let odd = types.iter().find(|found| **found != Type::Bool).unwrap_or(&Type::Bool);
                self.error(part, format!("`{sign}` takes what is true or false, and not {odd}"))
            }
            ("_?_:_", [Type::Bool, yes, no]) if yes == no => Ok(*yes),
            ("_?_:_", [Type::Bool, _, _]) => self.error(part, "both sides of `? :` must be alike"),
            ("_?_:_", _) => self.error(part, "what stands before `?` must be true or false"),
            ("_==_" | "_!=_", [Type::Record(_), Type::Record(_)]) => self.error(
                part,
                format!("compare keys (`subject.key {sign} requester.key`), not whole records"),
            ),
            ("_==_" | "_!=_", [left, right]) if left == right => Ok(Type::Bool),
            ("_==_" | "_!=_", [left, right]) => {
                let always = if function == "_==_" { "never" } else { "always" };
                self.error(
                    part,
                    format!("`{sign}` compares {left} with {right}, which {always} holds"),
                )
            }
            ("_<_" | "_<=_" | "_>_" | "_>=_", [Type::Number, Type::Number] | [Type::Text, Type::Text]) => {
                Ok(Type::Bool)
            }
            ("_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
                self.error(part, format!("`{sign}` cannot compare {left} with {right}"))
            }
            ("_+_", [Type::Text, Type::Text]) => Ok(Type::Text),
            ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [Type::Number, Type::Number]) | ("-_", [Type::Number]) => {
                Ok(Type::Number)
            }
            ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [left, right]) => {
                self.error(part, format!("`{sign}` cannot be applied to {left} and {right}"))
            }
            ("-_", _) => self.error(part, "`-` takes a number"),
            ("@in", [element, list]) if element.list_of() == Some(*list) => Ok(Type::Bool),
            ("@in", [element, list]) if list.element().is_none() => {
                self.error(part, format!("`in` looks for {element} in a list, and not in {list}"))
            }
            ("@in", [element, list]) => self.error(part, format!("{element} is never in {list}")),
            ("_[_]", _) => self.error(
                part,
                "an index fails as soon as the list is shorter; use `in`, exists or all instead",
            ),
            ("size", [Type::Text | Type::Texts | Type::Numbers]) => Ok(Type::Number),
            ("size", [other]) => self.error(part, format!("`size` takes text or a list, and not {other}")),
            ("contains" | "startsWith" | "endsWith", [Type::Text, Type::Text]) if target.is_some() => Ok(Type::Bool),
            ("contains", [list, _]) if list.element().is_some() => {
                self.error(part, "`contains` is for text; for a list write `'x' in list`")
            }
            ("contains" | "startsWith" | "endsWith", _) => {
                self.error(part, format!("`{sign}` is written `text.{sign}(text)`"))
            }
            ("exists" | "all" | "exists_one" | "existsOne", _) => self.error(
                part,
                format!("`{sign}` is written `list.{sign}(name, condition with name)`"),
            ),
            ("map" | "filter", _) => self.error(part, "map and filter are not allowed; use exists, all or exists_one"),
            ("has", _) => self.error(part, "`has` takes a field (`has(subject.team)`); a missing text is ''"),
            _ => {
                let meant = nearest(sign, FUNCTIONS)
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                let known = FUNCTIONS.join(", ");
                self.error(
                    part,
                    format!("the function `{sign}` is unknown{meant} Conditions may use {known}"),
                )
            }
        }
    }
}

/// An operator as people write it.
fn sign(function: &str) -> &str {
    match function {
        "@in" => "in",
        "_?_:_" => "? :",
        _ => function.trim_matches('_'),
    }
}

fn no_such(what: &str, wrote: &str, owner: &str, known: &[(&str, Type)]) -> String {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let meant = nearest(wrote, names.iter().copied())
        .map(|name| format!(", did you mean `{name}`?"))
        .unwrap_or_default();
    format!(
        "the {what} `{wrote}` is unknown{meant} ({owner} has {})",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn scope() -> Scope {
        let mut scope = Scope::full();
        scope.subject.key = "ana".to_owned();
        scope.subject.team = "Payments".to_owned();
        scope.subject.groups = vec!["engineers".to_owned(), "on-call".to_owned()];
        scope.requester.groups = vec!["helpdesk".to_owned(), "on-call".to_owned()];
        scope.request = RequestScope {
            emergency: false,
            minutes: 120,
            has_end: true,
            for_other: true,
        };
        scope
    }

    fn holds(source: &str) -> Result<bool, ConditionError> {
        Condition::parse(source)?.holds(&scope())
    }

    fn problem(source: &str) -> String {
        Condition::parse(source).expect_err(source).sentence
    }

    #[test]
    fn conditions_are_answered() {
        for (source, answer) in [
            ("true", true),
            ("subject.team == 'Payments'", true),
            ("subject.team != \"Payments\"", false),
            ("'on-call' in subject.groups && !request.emergency", true),
            ("request.has_end && request.minutes <= 8 * 60", true),
            ("request.minutes % 60 == 0 && request.minutes / 60 == 2", true),
            ("subject.key in ['ana', 'bob']", true),
            ("subject.groups.exists(g, g.startsWith('eng'))", true),
            ("subject.groups.all(g, g.size() > 7)", false),
            ("subject.groups.exists_one(g, g == 'on-call')", true),
            ("subject.groups.exists(g, requester.groups.exists(h, g == h))", true),
            ("request.for_other ? 'helpdesk' in requester.groups : true", true),
            ("size(subject.roles) == 1 && has(subject.team)", true),
            ("(app.key + '/' + entitlement.key) == 'an-app/admin'", true),
            ("subject.title.contains('gin') && subject.title.endsWith('eer')", true),
            ("subject.name == 'Zoë 🦊' || subject.name > 'A'", true),
            ("subject.groups == ['engineers', 'on-call']", true),
            ("// who works nights\n'on-call' in subject.groups", true),
        ] {
            assert_eq!(holds(source), Ok(answer), "{source}");
        }
    }

    #[test]
    fn mistakes_are_named_before_anybody_depends_on_them() {
        for (source, sentence) in [
            (
                "subject.taem == 'Payments'",
                "the field `taem` is unknown, did you mean `team`? (a person has key, name, title, team, groups, roles, \
                 manager)",
            ),
            (
                "user.team == 'x'",
                "the name `user` is unknown (a condition has subject, requester, entitlement, app, request)",
            ),
            (
                "requestor.key == 'x'",
                "the name `requestor` is unknown, did you mean `requester`? (a condition has subject, requester, \
                 entitlement, app, request)",
            ),
            (
                "request.emergency == 'yes'",
                "`==` compares true or false with text, which never holds",
            ),
            (
                "request.minutes != '60'",
                "`!=` compares a number with text, which always holds",
            ),
            (
                "subject.groups == 'x'",
                "`==` compares a list of texts with text, which never holds",
            ),
            (
                "subject == requester",
                "compare keys (`subject.key == requester.key`), not whole records",
            ),
            ("'x' in subject.team", "`in` looks for text in a list, and not in text"),
            ("1 in subject.groups", "a number is never in a list of texts"),
            (
                "subject.groups.contains('x')",
                "`contains` is for text; for a list write `'x' in list`",
            ),
            (
                "subject.groups[0] == 'x'",
                "an index fails as soon as the list is shorter; use `in`, exists or all instead",
            ),
            ("subject.team", "a condition must be true or false, and this is text"),
            (
                "request.minutes && true",
                "`&&` takes what is true or false, and not a number",
            ),
            ("!subject.team", "`!` takes what is true or false, and not text"),
            ("subject.team > 3", "`>` cannot compare text with a number"),
            ("subject.team + 3 == 'x'", "`+` cannot be applied to text and a number"),
            ("request.emergency ? 1 : 'x'", "both sides of `? :` must be alike"),
            (
                "subject.team == null",
                "nothing is ever null here; a missing text is ''",
            ),
            (
                "subject.team.startswith('x')",
                "the function `startswith` is unknown; did you mean `startsWith`? Conditions may use size, contains, \
                 startsWith, endsWith, exists, all, exists_one",
            ),
            (
                "subject.groups.map(g, g) == []",
                "map and filter are not allowed; use exists, all or exists_one",
            ),
            (
                "subject.groups.filter(g, g == '') == []",
                "map and filter are not allowed; use exists, all or exists_one",
            ),
            (
                "subject.team.exists(c, c == 'x')",
                "only lists can be gone through, and this is text",
            ),
            (
                "subject.team.length == 3",
                "`.length` cannot be asked of what is no record",
            ),
            ("{'a': 1} == {}", "maps and messages have no use in a condition"),
            (
                "['a'].exists(a, ['b'].exists(b, ['c'].exists(c, a == c)))",
                "at most 2 loops may stand inside one another",
            ),
            (
                "",
                "a condition is empty; leave `when` out for a rule that always applies",
            ),
            (
                " \n",
                "a condition is empty; leave `when` out for a rule that always applies",
            ),
        ] {
            assert_eq!(problem(source), sentence, "{source}");
        }
    }

    #[test]
    fn expressions_come_to_keys() {
        for (source, keys) in [
            ("'bob'", vec!["bob"]),
            ("['bob', 'group:it', 'bob', '']", vec!["bob", "group:it"]),
            ("'group:' + app.key", vec!["group:an-app"]),
            ("subject.manager", vec!["a-manager"]),
            (
                "request.minutes > 60 ? ['bob', 'carla'] : ['carla']",
                vec!["bob", "carla"],
            ),
            ("subject.team == 'Data' ? 'dan' : ''", vec![]),
        ] {
            let found = Expression::parse(source).expect(source).names(&scope());
            assert_eq!(found, Ok(keys.into_iter().map(str::to_owned).collect()), "{source}");
        }
    }

    #[test]
    fn an_expression_that_names_nobody_for_sure_is_a_mistake() {
        for (source, sentence) in [
            (
                "subject.team == 'Data'",
                "an expression must come to a key or to a list of keys, and this is true or false",
            ),
            (
                "[1, 2]",
                "an expression must come to a key or to a list of keys, and this is a list of numbers",
            ),
            (" ", "an expression is empty; it has to name people or groups"),
            (
                "subject.boss",
                "the field `boss` is unknown (a person has key, name, title, team, groups, roles, manager)",
            ),
            (
                "owner.key",
                "the name `owner` is unknown (an expression has subject, requester, entitlement, app, request)",
            ),
        ] {
            assert_eq!(Expression::parse(source).expect_err(source).sentence, sentence);
        }
        // The same words as a condition are another thing.
        assert!(Condition::parse("subject.team").is_err() && Expression::parse("subject.team").is_ok());
        let stored: Expression = serde_json::from_str("\"1 / 0 == 1\"").expect("any text");
        assert!(stored.names(&scope()).is_err(), "stored by an older version, say");
    }

    #[test]
    fn broken_syntax_is_an_error_with_its_place() {
        for (source, at) in [
            ("subject.team ==", Some(15)),
            ("subject.team = 'x'", Some(13)),
            ("a b", Some(2)),
        ] {
            let error = Condition::parse(source).expect_err(source);
            assert!(error.sentence.starts_with("the condition is not CEL: "), "{error}");
            assert_eq!(error.at, at, "{source}: {error}");
        }
        assert_eq!(
            Condition::parse("app.key == 'x' && subject.taem == 'y'")
                .expect_err("misspelt")
                .at,
            Some(25)
        );
    }

    #[test]
    fn a_division_that_can_fail_is_found_by_the_trial_run() {
        assert!(problem("60 / request.minutes == 1").starts_with("the condition gives no answer: "));
    }

    #[test]
    fn an_evaluation_that_fails_is_an_error_and_never_a_pass() {
        // Stored by an older version, say: the reader of files would refuse it.
        for source in ["subject.shoe_size > 40", "1 / 0 == 1", "subject.team", "((", ""] {
            let stored: Condition = serde_json::from_value(serde_json::Value::from(source)).expect("any text");
            assert_eq!(stored.source(), source);
            assert!(stored.holds(&scope()).is_err(), "{source}");
        }
        let overflow = Condition::parse("request.minutes * 9223372036854775807 > 0");
        assert!(overflow.is_err());
    }

    #[test]
    fn the_checker_knows_exactly_the_fields_of_a_scope() {
        let scope = serde_json::to_value(Scope::full()).expect("plain values");
        let names = |known: &[(&'static str, Type)]| known.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let mut variables: Vec<&str> = scope
            .as_object()
            .expect("a record")
            .keys()
            .map(String::as_str)
            .collect();
        variables.sort_unstable();
        let mut declared = names(&VARIABLES);
        declared.sort_unstable();
        assert_eq!(variables, declared);
        for (name, kind) in VARIABLES {
            let Type::Record(record) = kind else {
                panic!("{name} is a record")
            };
            let value = &scope[name];
            assert_eq!(
                value.as_object().expect("a record").len(),
                record.fields.len(),
                "{name}"
            );
            for (field, kind) in record.fields {
                let fits = match kind {
                    Type::Bool => value[field].is_boolean(),
                    Type::Number => value[field].is_i64(),
                    Type::Text => value[field].is_string(),
                    Type::Texts => value[field].is_array(),
                    Type::Numbers | Type::Record(_) => false,
                };
                assert!(fits, "{name}.{field}");
            }
        }
    }

    /// The longest chains and the deepest nests that fit, of every sort that has overflowed a stack somewhere.
    #[test]
    fn no_expression_exhausts_a_stack_or_the_patience() {
        let nests = [
            ["1", " + 1", "", " == 1"],
            ["", "(", "", "true"],
            ["", "!", "", "true"],
            ["", "-", "", "1 == 1"],
            ["", "[", "", ""],
            ["", "{1:", "", ""],
            ["true", " && true", "", ""],
            ["true", " || subject.team == 'x'", "", ""],
            ["", "true ? true : ", "", "true"],
            ["subject", ".team", "", " == 'x'"],
            ["subject.team", ".contains('x')", "", ""],
            ["", "size(", "", ""],
            ["", "['a'].exists(a, ", "", ""],
            ["['a']", ".exists(a, true)", "", ""],
            ["", "'a' in [", "", ""],
        ];
        let began = Instant::now();
        for [head, link, _, tail] in nests {
            for length in [1usize, 5, 8, 12, 20, 35, 50, 100, 250, 1000] {
                let mut source = head.to_owned();
                for _ in 0..length {
                    source.push_str(link);
                }
                source.push_str(tail);
                let open = |bracket: char| source.matches(bracket).count();
                let missing = |from: char, to: char| open(from).saturating_sub(open(to));
                let close: String = std::iter::repeat_n(')', missing('(', ')'))
                    .chain(std::iter::repeat_n(']', missing('[', ']')))
                    .chain(std::iter::repeat_n('}', missing('{', '}')))
                    .collect();
                source.push_str(&close);
                // Half of what a thread has by default, and a debug build at that.
                let checked = thread::Builder::new()
                    .stack_size(1 << 20)
                    .spawn(move || {
                        let single = Instant::now();
                        let answer = Condition::parse(&source).and_then(|condition| condition.holds(&scope()));
                        (single.elapsed(), source, answer)
                    })
                    .expect("a thread")
                    .join();
                let (took, source, _) = checked.expect("neither an overflow nor a panic");
                assert!(took < Duration::from_secs(5), "{took:?} for {source}");
            }
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    }

    #[test]
    fn the_deepest_condition_that_is_let_through_runs_on_a_small_stack() {
        let mut deepest = 0;
        for depth in 1..DEEPEST * 2 {
            for (open, middle, close) in [
                ("(1 + ", "request.minutes", ")"),
                ("(true && ", "request.minutes > 0", ")"),
                ("(request.emergency ? false : ", "true", ")"),
            ] {
                let number = middle == "request.minutes";
                let source = format!(
                    "{}{middle}{}{}",
                    open.repeat(depth),
                    close.repeat(depth),
                    if number { " > 0" } else { "" }
                );
                let Ok(condition) = Condition::parse(&source) else {
                    continue;
                };
                deepest = deepest.max(depth);
                thread::Builder::new()
                    .stack_size(640 << 10)
                    .spawn(move || condition.holds(&scope()))
                    .expect("a thread")
                    .join()
                    .expect("no overflow")
                    .expect("an answer");
            }
        }
        assert!(deepest >= 8, "{deepest}");
    }

    #[test]
    fn a_condition_is_read_once() {
        let source = "subject.team == 'Payments' && 'on-call' in subject.groups";
        let read = || program(source, Sort::Condition).expect("valid");
        assert!(
            Arc::ptr_eq(&read(), &read()),
            "reading takes a thread and far longer than running"
        );
    }

    #[test]
    fn the_parts_that_do_not_hold_are_found() {
        let scope = scope();
        let failing = |source: &str| -> Vec<String> {
            let condition = Condition::parse(source).expect("valid");
            condition.failing(&scope).into_iter().map(str::to_owned).collect()
        };
        assert_eq!(
            failing(
                "subject.team == 'a && b' && ('x' in subject.groups || request.minutes < 1) && request.minutes > 1"
            ),
            [
                "subject.team == 'a && b'",
                "('x' in subject.groups || request.minutes < 1)"
            ]
        );
        assert_eq!(
            failing("subject.team != 'it\\'s && on' && request.minutes < 1"),
            ["request.minutes < 1"]
        );
        for of_one_piece in [
            "subject.team == 'nobody'",
            "subject.team == 'a' && request.minutes < 1 || request.minutes < 1",
            "request.minutes > 1 ? subject.team == 'a' && subject.team == 'b' : false",
        ] {
            assert_eq!(failing(of_one_piece), [""; 0], "{of_one_piece}");
        }
    }

    #[test]
    fn conditions_are_stored_as_they_were_written() {
        let condition = Condition::parse("request.minutes  <= 60").expect("valid");
        let json = serde_json::to_string(&condition).expect("text");
        assert_eq!(json, "\"request.minutes  <= 60\"");
        assert_eq!(serde_json::from_str::<Condition>(&json).expect("text"), condition);
    }
}
