//! An open page hears that its request has changed.

use crate::harness::{ana_asks_the_owners, message, on_the_web};

/// The mark that a page carries.
fn mark(text: &str) -> String {
    let (_, rest) = text.split_once("data-mark=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn an_open_page_hears_of_what_others_do() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut ana = w.signed_in("ana").await;
        let page = ana.opens("/requests/1").await;
        let mut events = ana.listens("/requests/1/events").await;
        let first = events.next().await.unwrap();
        assert_eq!(
            first,
            ("mark".to_owned(), mark(&page.text)),
            "nothing has changed since she opened it"
        );
        // In Slack, somebody answers.
        let carla = w.person("carla");
        carla.clicks(&message(&carla, "INC-42"), "Approve").await.unwrap();
        let (name, next) = events.next().await.unwrap();
        assert!(name == "mark" && next != first.1);
        w.settle().await;
        // The access that comes of it is a change, too.
        let now = mark(&ana.opens("/requests/1").await.text);
        let mut heard = next;
        while heard != now {
            heard = events.next().await.unwrap().1;
        }
        assert!(ana.opens("/requests/1").await.says("Active until"));
        // So is a word.
        carla.replies(&message(&carla, "INC-42"), "done").await.unwrap();
        assert_eq!(events.next().await.unwrap().0, "mark");
        w.settle().await;
    });
}

#[test]
fn what_another_replica_does_is_heard_as_well() {
    on_the_web(async |w| {
        w.starts_c1().await;
        ana_asks_the_owners(w).await;
        let ana = w.signed_in("ana").await;
        let other = w.addresses()[1].clone();
        let mut events = ana.at(&other).listens("/requests/1/events").await;
        let first = events.next().await.unwrap();
        let mut hers = ana.clone();
        hers.submits("/requests/1/cancel", &[("reason", "")]).await;
        let next = events.next().await.unwrap();
        assert!(next.0 == "mark" && next != first);
        w.settle().await;
    });
}

#[test]
fn listening_ends_with_the_session_and_is_for_those_who_may_see() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let mut noor = w.signed_in("noor").await;
        let (hers, none) = (
            noor.opens("/requests/1/events").await,
            noor.opens("/requests/999999/events").await,
        );
        assert_eq!(
            (hers.status, &hers.text),
            (none.status, &none.text),
            "a stranger hears nothing"
        );
        assert_eq!(hers.status.as_u16(), 404);
        let nobody = w.browser();
        assert_eq!(
            nobody.listens("/requests/1/events").await.next().await.unwrap().0,
            "ended"
        );

        let mut carla = w.signed_in("carla").await;
        let mut events = carla.listens("/requests/1/events").await;
        assert_eq!(events.next().await.unwrap().0, "mark");
        carla.submits("/sign-out", &[]).await;
        // The next thing that happens finds her signed out.
        let mut ana = w.signed_in("ana").await;
        ana.submits("/requests/1/cancel", &[("reason", "")]).await;
        assert_eq!(events.next().await.unwrap().0, "ended");
        assert_eq!(events.next().await, None);
        w.settle().await;
    });
}

#[test]
fn who_may_see_it_no_more_hears_that_and_nothing_else() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        // Bob sees it as Ana's manager.
        let bob = w.signed_in("bob").await;
        let mut events = bob.listens("/requests/1/events").await;
        assert_eq!(events.next().await.unwrap().0, "mark");
        sqlx::query("UPDATE people SET manager_id = NULL WHERE key = 'ana'")
            .execute(&w.pool)
            .await
            .unwrap();
        let mut ana = w.signed_in("ana").await;
        ana.submits("/requests/1/cancel", &[("reason", "")]).await;
        assert_eq!(events.next().await.unwrap().0, "gone");
        assert_eq!(events.next().await, None);
        w.settle().await;
    });
}

#[test]
fn open_pages_do_not_keep_c1_from_stopping() {
    on_the_web(async |w| {
        ana_asks_the_owners(w).await;
        let ana = w.signed_in("ana").await;
        let mut events = ana.listens("/requests/1/events").await;
        assert_eq!(events.next().await.unwrap().0, "mark");
        let began = std::time::Instant::now();
        w.stops_c1().await;
        assert_eq!(events.next().await, None);
        assert!(began.elapsed().as_secs() < 8, "it took {:?}", began.elapsed());
        w.starts_c1().await;
    });
}
