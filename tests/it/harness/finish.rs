//! What must hold after any story.

use super::World;
use c1::{
    db::{audit, grants, requests},
    domain::{
        grant::Grant,
        ids::{GrantId, RequestId},
        request::Request,
    },
    usecases::job::Job,
};

impl World {
    /// Ends the story: nothing is left behind, the audit replays to what is stored, and every card shows what is true.
    pub async fn finish(mut self) {
        self.settle().await;
        let dead: Vec<(String, Option<String>)> =
            sqlx::query_as("SELECT lane, last_error FROM jobs WHERE state = 'dead'")
                .fetch_all(&self.pool)
                .await
                .unwrap();
        assert_eq!(dead, [], "no job was given up");
        self.replays().await;
        self.shows_what_is_true().await;
        self.agrees().await;
        self.stops_c1().await;
        self.pool.close().await;
        self.system.db.close().await;
        self.slack.shutdown().await;
    }

    /// Every request and every grant is what its audit says.
    async fn replays(&self) {
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM requests")
            .fetch_all(&self.pool)
            .await
            .unwrap();
        for id in ids.into_iter().map(RequestId) {
            let stored = requests::get(&self.system.db, id).await.unwrap().unwrap();
            let mut replayed: Option<Request> = None;
            for (at, event) in audit::of_request(&self.system.db, id).await.unwrap() {
                match &mut replayed {
                    Some(request) => request.apply(&event, at),
                    None => replayed = Request::submitted(id, &event, at),
                }
            }
            assert_eq!(replayed.as_ref(), Some(&stored), "the audit of request {id} replays");
        }
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM grants")
            .fetch_all(&self.pool)
            .await
            .unwrap();
        for id in ids.into_iter().map(GrantId) {
            let stored = grants::get(&self.system.db, id).await.unwrap().unwrap();
            let mut replayed: Option<Grant> = None;
            for (at, event) in audit::of_grant(&self.system.db, id).await.unwrap() {
                match &mut replayed {
                    Some(grant) => grant.apply(&event, at),
                    None => replayed = Grant::begun(id, &event, at),
                }
            }
            if let Some(grant) = &mut replayed {
                grant.holds.sort_by_key(|hold| hold.request);
            }
            assert_eq!(replayed.as_ref(), Some(&stored), "the audit of grant {id} replays");
        }
    }

    /// Drawing every card once more changes nothing: what is shown is what is true.
    async fn shows_what_is_true(&self) {
        let shown = "SELECT string_agg(id || ' ' || coalesce(ts, '-') || ' ' || coalesce(shown, '-'), ' ' ORDER BY id) FROM cards";
        let before: Option<String> = sqlx::query_scalar(shown).fetch_one(&self.pool).await.unwrap();
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM cards")
            .fetch_all(&self.pool)
            .await
            .unwrap();
        let jobs: Vec<Job> = ids
            .into_iter()
            .map(|id| Job::RefreshCard(c1::domain::ids::CardId(id)))
            .collect();
        let now = c1::clock::Clock::now(self.clock.as_ref());
        self.system
            .db
            .write::<_, c1::db::DbError>("look_once_more", async |tx| {
                c1::usecases::job::enqueue(tx, now, &jobs).await
            })
            .await
            .unwrap();
        self.settle().await;
        let after: Option<String> = sqlx::query_scalar(shown).fetch_one(&self.pool).await.unwrap();
        assert_eq!(before, after, "every card showed what is true");
    }
}
