//! A database for each test, copied from one that is migrated and knows the company.

use c1::{
    catalog_files,
    clock::SystemClock,
    db::Db,
    private_postgres::{Durability, Options, PrivatePostgres},
    usecases::System,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::OnceCell;

static SERVER: OnceCell<PrivatePostgres> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

const TEMPLATE: &str = "company";

/// The address of a database that nobody else uses.
pub async fn fresh() -> String {
    let server = SERVER.get_or_init(start).await;
    let name = format!("world_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let pool = sqlx::PgPool::connect(&server.url()).await.unwrap();
    let sql = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    pool.close().await;
    server.url_of(&name)
}

async fn start() -> PrivatePostgres {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("stories");
    let options = Options {
        durability: Durability::Off,
        fresh: true,
        ..Options::default()
    };
    let server = PrivatePostgres::start(&dir, options).await.unwrap();
    let url = server.create_database(TEMPLATE).await.unwrap();
    let db = Db::connect(&url, 2).await.unwrap();
    db.migrate().await.unwrap();
    let system = System {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        base_url: None,
    };
    catalog_files::apply_folder(&system, super::company::folder())
        .await
        .unwrap();
    db.close().await;
    server
}
