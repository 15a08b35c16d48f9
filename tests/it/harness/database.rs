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

/// The database of the company.
pub const TEMPLATE: &str = "company";

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
    started("stories", true).await
}

/// A server of a story's own, which can be stopped and started again.
pub async fn server(fresh: bool) -> PrivatePostgres {
    started("restarted", fresh).await
}

async fn started(name: &str, fresh: bool) -> PrivatePostgres {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let options = Options {
        durability: Durability::Off,
        fresh,
        ..Options::default()
    };
    let server = PrivatePostgres::start(&dir, options).await.unwrap();
    if !fresh {
        return server;
    }
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
