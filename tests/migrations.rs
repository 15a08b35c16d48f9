//! Holds up what is promised of migrations: forward only, each with its reason, applied one by one to a database with
//! data in it, every constraint named, every table and column used, and an audit that nobody rewrites.

use anyhow::Context as _;
use c1::{
    db::{self, Db, MIGRATOR},
    domain::ids::{GrantId, PolicyId, RequestId},
    private_postgres::{Durability, Options, PrivatePostgres},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files in a folder with this ending, by name.
fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            let below = path
                .strip_prefix(root())
                .expect("it lies in the project")
                .to_string_lossy()
                .into_owned();
            found.extend(files(&below, ending));
        } else if path.extension().is_some_and(|is| is == ending) {
            let name = path
                .strip_prefix(root().join(folder))
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            found.insert(
                format!("{folder}/{name}"),
                fs::read_to_string(&path).expect("it is text"),
            );
        }
    }
    found
}

fn migrations() -> BTreeMap<String, String> {
    files("migrations", "sql")
}

// ---------------------------------------------------------------------------------------------------------------------
// What is written
// ---------------------------------------------------------------------------------------------------------------------

#[test]
fn they_are_numbered_without_gaps_and_go_forward_only() {
    for (place, name) in migrations().keys().enumerate() {
        let (number, what) = name
            .trim_start_matches("migrations/")
            .split_once('_')
            .expect("a number and a name");
        assert_eq!(
            number,
            format!("{:04}", place + 1),
            "{name}: the next number, four digits, no gaps"
        );
        let plain = what
            .strip_suffix(".sql")
            .is_some_and(|what| what.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        assert!(
            plain,
            "{name}: called after what it brings, in small letters; there is no way back (`.down`)"
        );
        let sample = root().join(format!("tests/data/migrations/{number}.sql"));
        assert!(
            sample.is_file(),
            "{name}: its sample rows are missing ({})",
            sample.display()
        );
    }
}

#[test]
fn each_says_why() {
    for (name, text) in migrations() {
        let first = text.lines().next().unwrap_or_default();
        let sentence = first
            .strip_prefix("-- ")
            .is_some_and(|words| words.split(' ').count() >= 3);
        assert!(sentence, "{name}: begins with a comment that says what for");
    }
}

#[test]
fn new_columns_do_not_break_old_rows_and_constraints_have_names() {
    for (name, text) in migrations() {
        let faults = faults(&text);
        assert!(faults.is_empty(), "{name}:\n  {}", faults.join("\n  "));
    }
}

#[test]
fn planted_faults_are_found() {
    let faulty = [
        (
            "ALTER TABLE people ADD COLUMN age int NOT NULL;",
            "NOT NULL without DEFAULT",
        ),
        (
            "alter table people add age int not null, add b text;",
            "NOT NULL without DEFAULT",
        ),
        ("CREATE TABLE t (id bigint PRIMARY KEY);", "PRIMARY without a name"),
        ("CREATE TABLE t (id bigint, CHECK (id > 0));", "CHECK without a name"),
        (
            "CREATE TABLE t (id bigint REFERENCES people (id));",
            "REFERENCES without a name",
        ),
        (
            "CREATE TABLE t (a int, UNIQUE (a), CONSTRAINT x CHECK (a > 0));",
            "UNIQUE without a name",
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES people (id);",
            "FOREIGN without a name",
        ),
    ];
    for (sql, fault) in faulty {
        assert!(
            faults(sql).iter().any(|found| found.starts_with(fault)),
            "{sql} has the fault “{fault}”: {:?}",
            faults(sql)
        );
    }
    let sound = [
        "-- CREATE TABLE t (id bigint PRIMARY KEY);\nSELECT 'CHECK (a)', $$ PRIMARY KEY $$;",
        "ALTER TABLE people ADD COLUMN age int NOT NULL DEFAULT 0, ADD CONSTRAINT a CHECK (age > 0);",
        "ALTER TABLE people ADD COLUMN age int; ALTER TABLE people ALTER COLUMN age SET NOT NULL;",
        "CREATE TABLE t (id bigint CONSTRAINT t_pkey PRIMARY KEY, CONSTRAINT f FOREIGN KEY (id) REFERENCES p (id) ON DELETE CASCADE);",
        "CREATE UNIQUE INDEX i ON t (lower(email)) WHERE check_it IS NOT NULL;",
    ];
    for sql in sound {
        assert_eq!(faults(sql), Vec::<String>::new(), "{sql}");
    }
}

/// What is wrong with the statements, as far as their words tell.
fn faults(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in statements(sql) {
        let upper: Vec<String> = statement.iter().map(|word| word.to_ascii_uppercase()).collect();
        let is = |at: usize, word: &str| upper.get(at).is_some_and(|here| here == word);
        let makes_table =
            (is(0, "CREATE") && upper.iter().take(4).any(|word| word == "TABLE")) || (is(0, "ALTER") && is(1, "TABLE"));
        if !makes_table {
            continue;
        }
        let (mut depth, mut element) = (0, Vec::new());
        for at in 0..upper.len() {
            match upper[at].as_str() {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            // An element of `CREATE TABLE` lies in its parentheses; an act of `ALTER TABLE` outside of any.
            let own = if is(0, "CREATE") { 1 } else { 0 };
            let between = (upper[at] == "," && depth == own) || at + 1 == upper.len();
            if depth == own && upper[at] != "," {
                element.push(upper[at].as_str());
            }
            if between {
                found.extend(faults_of(&element, is(0, "ALTER")));
                element.clear();
            }
        }
    }
    found
}

/// What is wrong with one element; the words inside its parentheses are left out.
fn faults_of(element: &[&str], altered: bool) -> Vec<String> {
    let has = |words: &[&str]| element.windows(words.len()).any(|here| here == words);
    let mut found = Vec::new();
    let adds = altered && has(&["ADD"]) && !has(&["ADD", "CONSTRAINT"]);
    if adds && has(&["NOT", "NULL"]) && !has(&["DEFAULT"]) && !has(&["GENERATED"]) {
        found.push(format!(
            "NOT NULL without DEFAULT breaks where there are rows: {}",
            element.join(" ")
        ));
    }
    for (at, word) in element.iter().enumerate() {
        let constrains = matches!(*word, "CHECK" | "UNIQUE" | "REFERENCES" | "EXCLUDE")
            || (matches!(*word, "PRIMARY" | "FOREIGN") && element.get(at + 1) == Some(&"KEY"));
        let named = at >= 2 && element[at - 2] == "CONSTRAINT";
        let of_foreign_key = *word == "REFERENCES" && has(&["FOREIGN", "KEY"]);
        if constrains && !named && !of_foreign_key {
            found.push(format!(
                "{word} without a name (the code and people match on names): {}",
                element.join(" ")
            ));
        }
    }
    found
}

/// The statements as words and signs, without comments, literals and bodies of functions.
fn statements(sql: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let past = |mark: &str, from: usize| rest[from..].find(mark).map_or(rest.len(), |at| from + at + mark.len());
        let skip = match c {
            '-' if rest.starts_with("--") => past("\n", 2),
            '/' if rest.starts_with("/*") => past("*/", 2),
            '\'' => past("'", 1),
            '$' if rest.starts_with("$$") => past("$$", 2),
            c if c.is_whitespace() => c.len_utf8(),
            ';' => {
                all.push(Vec::new());
                1
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                all.last_mut()
                    .expect("there is always one")
                    .push(rest[..end].to_owned());
                end
            }
            c => {
                all.last_mut().expect("there is always one").push(c.to_string());
                c.len_utf8()
            }
        };
        rest = &rest[skip..];
    }
    all.retain(|statement| !statement.is_empty());
    all
}

// ---------------------------------------------------------------------------------------------------------------------
// What happens
// ---------------------------------------------------------------------------------------------------------------------

/// One server for a test; gone with it.
struct Server {
    postgres: PrivatePostgres,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let options = Options {
            durability: Durability::Off,
            ..Options::default()
        };
        let postgres = PrivatePostgres::start(dir.path(), options).await?;
        Ok(Self { postgres, _dir: dir })
    }

    /// A database that belongs to somebody who is no superuser, as in production.
    async fn database(&self) -> anyhow::Result<String> {
        let mut admin = PgConnection::connect(&self.postgres.url()).await?;
        run(&mut admin, "CREATE ROLE c1 LOGIN; ").await?;
        run(&mut admin, "CREATE DATABASE c1 OWNER c1").await?;
        Ok(self.postgres.url_of("c1").replace("postgres@", "c1@"))
    }
}

async fn run(connection: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .with_context(|| sql.to_owned())?;
    Ok(())
}

/// All columns of our tables.
async fn columns(connection: &mut PgConnection) -> anyhow::Result<Vec<(String, String)>> {
    let rows = sqlx::query(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY table_name, ordinal_position",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Applies one after the other, each followed by its sample rows.
async fn grow(url: &str) -> anyhow::Result<PgConnection> {
    let mut connection = PgConnection::connect(url).await?;
    for migration in MIGRATOR.iter() {
        let version = migration.version;
        MIGRATOR
            .run_to(version, &mut connection)
            .await
            .with_context(|| format!("migration {version:04}"))?;
        let sample = format!("tests/data/migrations/{version:04}.sql");
        let rows = fs::read_to_string(root().join(&sample)).with_context(|| sample.clone())?;
        run(&mut connection, &rows).await.context(sample)?;
    }
    Ok(connection)
}

#[tokio::test]
async fn one_by_one_with_data_in_every_column() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let mut connection = grow(&server.database().await?).await?;
    for (table, column) in columns(&mut connection).await? {
        let sql = format!("SELECT count(\"{column}\") FROM \"{table}\"");
        let filled: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await?;
        assert!(
            filled > 0,
            "no sample row has a value in {table}.{column}: add one to tests/data/migrations"
        );
    }
    Ok(())
}

/// Rows that an earlier version wrote are read by this one.
#[tokio::test]
async fn old_rows_can_still_be_read() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let url = server.database().await?;
    grow(&url).await?.close().await?;
    let db = Db::connect(&url, 2).await?;
    for id in 1..=3 {
        let request = db::requests::get(&db, RequestId(id))
            .await?
            .with_context(|| format!("request {id}"))?;
        assert_eq!(request.id, RequestId(id));
        db::grants::get(&db, GrantId(id))
            .await?
            .with_context(|| format!("grant {id}"))?;
        db::catalog::policy(&db, PolicyId(id))
            .await?
            .with_context(|| format!("policy {id}"))?;
    }
    let events = db::audit::of_request(&db, RequestId(1)).await?;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(db::audit::of_grant(&db, GrantId(1)).await?.len(), 1);
    db.close().await;
    Ok(())
}

#[tokio::test]
async fn every_table_and_column_has_a_use() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let url = server.database().await?;
    let mut connection = PgConnection::connect(&url).await?;
    MIGRATOR.run(&mut connection).await?;
    let sources = files("src/db", "rs");
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map(str::to_owned)
            .collect()
    };
    let sources: Vec<_> = sources.values().map(|text| words(text)).collect();
    for (table, column) in columns(&mut connection).await? {
        let used = sources
            .iter()
            .any(|words| words.contains(&table) && words.contains(&column));
        assert!(
            used,
            "{table}.{column} is mentioned nowhere in src/db: use it or leave it out"
        );
    }
    Ok(())
}

/// Not by a mistaken statement, not by the owner of the table, and not through what it points to.
#[tokio::test]
async fn the_audit_is_append_only() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let url = server.database().await?;
    let mut owner = grow(&url).await?;
    let mut admin = PgConnection::connect(&server.postgres.url_of("c1")).await?;
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut owner)
        .await?;
    for table in ["audit", "catalog_changes"] {
        let rows = format!("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {table} t");
        let before: String = sqlx::query_scalar(AssertSqlSafe(rows.clone()))
            .fetch_one(&mut owner)
            .await?;
        for change in [
            format!("UPDATE {table} SET at = at + interval '1 day'"),
            format!("UPDATE {table} SET id = DEFAULT WHERE false"),
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE false"),
            format!("TRUNCATE {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!("WITH gone AS (DELETE FROM {table} RETURNING *) SELECT count(*) FROM gone"),
            format!("MERGE INTO {table} t USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE"),
        ] {
            if change.starts_with("MERGE") && version < 150_000 {
                continue; // not known there
            }
            let refused = sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&mut owner).await;
            let error = refused.err().with_context(|| format!("the owner may: {change}"))?;
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("42501"), "{change}: {error}");
            // A superuser is not bound by privileges; the trigger stops them wherever a row or the table is touched.
            if !change.contains("false") {
                let refused = sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&mut admin).await;
                let error = refused.err().with_context(|| format!("the superuser may: {change}"))?;
                assert!(error.to_string().contains("append-only"), "{change}: {error}");
            }
        }
        let after: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut owner).await?;
        assert_eq!(before, after, "{table}");
    }
    for through in [
        "TRUNCATE requests CASCADE",
        "TRUNCATE people CASCADE",
        "DELETE FROM requests",
        "DELETE FROM people",
        "DELETE FROM grants",
    ] {
        assert!(
            run(&mut owner, through).await.is_err(),
            "takes the audit along: {through}"
        );
    }
    // It is still written to.
    let append = "INSERT INTO audit (at, via, event) VALUES ('2026-01-07', 'system', '{\"type\": \"approved\"}')";
    run(&mut owner, append).await?;
    let shapeless = "INSERT INTO audit (at, via, event) VALUES ('2026-01-07', 'system', '{}')";
    assert!(run(&mut owner, shapeless).await.is_err(), "an event without a type");
    Ok(())
}

/// Two replicas that start at once, a second start, and an old binary on a newer database.
#[tokio::test]
async fn starting_twice_is_harmless_and_a_newer_database_is_refused() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let url = server.database().await?;
    let (one, other) = (Db::connect(&url, 2).await?, Db::connect(&url, 2).await?);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first?;
    second?;
    one.migrate().await?;
    assert_eq!(one.is_current().await, Ok(()));
    let mut connection = PgConnection::connect(&url).await?;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)";
    run(&mut connection, newer).await?;
    assert!(
        one.migrate().await.is_err(),
        "a database of a later version is left alone"
    );
    let said = one.is_current().await.expect_err("it is not ours");
    assert!(said.contains("9999"), "{said}");
    one.close().await;
    other.close().await;
    Ok(())
}
