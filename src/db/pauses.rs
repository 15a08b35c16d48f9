//! What Slack closed for one replica, told to the others: words between processes, kept nowhere.

use super::{Db, DbError};
use serde_json::{Value, json};
use sqlx::postgres::{PgListener, PgPoolOptions};
use uuid::Uuid;

const CHANNEL: &str = "c1_pauses";

/// Tells the other replicas.
///
/// # Errors
/// When the database cannot be reached.
pub async fn tell(db: &Db, from: Uuid, said: &Value) -> Result<(), DbError> {
    let words = json!({ "from": from, "said": said }).to_string();
    sqlx::query_scalar!("SELECT pg_notify($1, $2)", CHANNEL, words)
        .fetch_one(db.pool())
        .await?;
    Ok(())
}

/// Hears the other replicas, over a connection of its own.
#[derive(Debug)]
pub struct Listener {
    inner: PgListener,
    me: Uuid,
}

impl Listener {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(db: &Db, me: Uuid) -> Result<Self, DbError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with((*db.pool().connect_options()).clone());
        let mut inner = PgListener::connect_with(&pool).await?;
        inner.ignore_pool_close_event(true);
        inner.listen(CHANNEL).await?;
        Ok(Self { inner, me })
    }

    /// What another replica says next. What was said while the connection was lost is not heard; Slack says it again.
    ///
    /// # Errors
    /// When the connection cannot be made again.
    pub async fn heard(&mut self) -> Result<Value, DbError> {
        loop {
            let note = self.inner.recv().await?;
            let Ok(mut words) = serde_json::from_str::<Value>(note.payload()) else {
                continue;
            };
            if words["from"] != json!(self.me) {
                return Ok(words["said"].take());
            }
        }
    }
}
