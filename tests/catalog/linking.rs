//! People come from Slack: bound once, recognised by a confirmed address, never moved.

use crate::world::{World, small, small_with};
use c1::{
    catalog_files::FolderError,
    db::people,
    domain::{
        ids::PersonId,
        person::{Kind, Person, Standing},
    },
    usecases::link_slack::{Linked, SlackUser, link},
};
use chrono::{DateTime, TimeDelta, Utc};

const TEAM: &str = "T1";

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time that exists")
}

fn user(id: &str, name: &str, email: &str) -> SlackUser {
    SlackUser {
        id: id.to_owned(),
        team_id: TEAM.to_owned(),
        name: name.to_owned(),
        real_name: format!("{name} of Slack"),
        email: Some(email.to_owned()),
        email_confirmed: true,
        ..SlackUser::default()
    }
}

impl World {
    async fn hears_of(&self, users: &[SlackUser]) -> Linked {
        self.hears_at(users, noon()).await
    }

    async fn hears_at(&self, users: &[SlackUser], now: DateTime<Utc>) -> Linked {
        let db = &self.system.db;
        db.write("link_slack", async |tx| link(tx, TEAM, users, now).await)
            .await
            .expect("taken in")
    }

    async fn who(&self, user: &str) -> Option<Person> {
        people::by_slack(&self.system.db, TEAM, user).await.expect("an answer")
    }

    async fn key(&self, user: &str) -> String {
        self.who(user)
            .await
            .map_or_else(|| "nobody".to_owned(), |person| person.key)
    }

    async fn id(&self, key: &str) -> PersonId {
        people::person_by_key(&self.system.db, key)
            .await
            .expect("an answer")
            .expect("somebody")
            .id
    }
}

#[tokio::test]
async fn a_confirmed_address_recognises_a_person_of_the_files_once() {
    let world = World::new().await;
    world.apply(&small()).await;
    let ana = world.id("ana").await;
    let linked = world.hears_of(&[user("U1", "anna", "ANA@example.com")]).await;
    assert_eq!(linked.bound, [ana]);
    assert_eq!(linked.people["U1"], ana);
    let known = world.who("U1").await.expect("Ana");
    assert_eq!(
        (known.key.as_str(), known.name.as_str()),
        ("ana", "Ana Alvarez"),
        "the files name her"
    );
    // Another account that takes her address later is somebody else.
    let linked = world.hears_of(&[user("U2", "mallory", "ana@example.com")]).await;
    assert_eq!(linked.bound, []);
    assert_eq!(linked.created.len(), 1);
    assert_eq!(world.key("U2").await, "mallory");
    assert_eq!(world.key("U1").await, "ana");
    assert_eq!(
        world
            .rows("SELECT key FROM people WHERE email = 'ana@example.com'")
            .await,
        ["ana"]
    );
}

#[tokio::test]
async fn an_address_that_is_not_confirmed_leads_to_nobody() {
    let world = World::new().await;
    world.apply(&small()).await;
    let mallory = SlackUser {
        email_confirmed: false,
        ..user("U1", "mallory", "erin@example.com")
    };
    let linked = world.hears_of(&[mallory]).await;
    assert_eq!((linked.bound.len(), linked.created.len()), (0, 1));
    assert_eq!(world.key("U1").await, "mallory");
    // Once it is confirmed: the account is bound already, and stays who it is.
    world.hears_of(&[user("U1", "mallory", "erin@example.com")]).await;
    assert_eq!(world.key("U1").await, "mallory");
    assert_eq!(
        world
            .rows("SELECT email FROM people WHERE key = 'mallory' AND email IS NOT NULL")
            .await,
        [""; 0]
    );
    // And the real Erin is still recognised.
    let linked = world.hears_of(&[user("U2", "erin", "erin@example.com")]).await;
    assert_eq!(linked.bound, [world.id("erin").await]);
}

#[tokio::test]
async fn a_later_address_moves_nothing() {
    let world = World::new().await;
    world.apply(&small()).await;
    world.hears_of(&[user("U1", "zoe", "zoe@example.com")]).await;
    let zoe = world.id("zoe").await;
    let linked = world.hears_of(&[user("U1", "zoe", "bob@example.com")]).await;
    assert_eq!(linked.people["U1"], zoe);
    assert_eq!(world.key("U1").await, "zoe");
    assert_eq!(
        world.rows("SELECT email FROM people WHERE key = 'zoe'").await,
        ["zoe@example.com"],
        "Bob keeps his"
    );
    let linked = world.hears_of(&[user("U1", "zoe", "zoe.z@example.com")]).await;
    assert_eq!(linked.changed, [zoe]);
    assert_eq!(
        world.rows("SELECT email FROM people WHERE key = 'zoe'").await,
        ["zoe.z@example.com"]
    );
}

#[tokio::test]
async fn keys_from_slack_are_unique_and_the_files_take_theirs_back() {
    let world = World::new().await;
    world
        .hears_of(&[
            user("U1", "ana", "a1@example.com"),
            user("U2", "Ana", "a2@example.com"),
            user("U3", "ana-2", "a3@example.com"),
            user("U4", "李雷", "a4@example.com"),
            user("U5", "", "a5@example.com"),
        ])
        .await;
    let mut keys = world.rows("SELECT key FROM people").await;
    keys.sort();
    assert_eq!(keys, ["ana", "ana-2", "ana-2-2", "of-slack", "person"]);
    // Whoever calls themselves `ana` in Slack is not the Ana of the files, and makes room.
    let (shown, _) = world.apply(&small()).await;
    assert!(
        shown.contains("      key  ana → ana-3\n") && shown.contains("+ ana "),
        "{shown}"
    );
    assert_eq!(world.key("U1").await, "ana-3");
    let roles = world
        .rows("SELECT p.key FROM people p JOIN person_roles r ON r.person_id = p.id ORDER BY 1")
        .await;
    assert_eq!(roles, ["bob", "erin", "erin"]);
}

#[tokio::test]
async fn the_files_take_in_whom_slack_knew_first() {
    let world = World::new().await;
    world
        .hears_of(&[
            user("U1", "anna", "ana@example.com"),
            user("U2", "bobby", "bob@example.com"),
        ])
        .await;
    let anna = world.id("anna").await;
    let (shown, _) = world.apply(&small()).await;
    assert!(
        shown.contains("      key         anna → ana\n      known from  Slack → files\n"),
        "{shown}"
    );
    assert_eq!(world.id("ana").await, anna, "the same person");
    assert_eq!(world.key("U1").await, "ana");
    assert_eq!(world.count("SELECT count(*) FROM people").await, 3);
    // From now on the files name her, whatever Slack says.
    let linked = world.hears_of(&[user("U1", "anna", "other@example.com")]).await;
    assert_eq!(linked.changed, []);
    let (shown, _) = world
        .apply(&small_with(&[("people.yaml", "Ana Alvarez", "Ana A. Alvarez")]))
        .await;
    assert!(shown.contains("Ana Alvarez → Ana A. Alvarez"), "{shown}");
}

#[tokio::test]
async fn two_people_with_one_address_are_a_problem_with_a_place() {
    let world = World::new().await;
    world.apply(&small()).await;
    world.hears_of(&[user("U1", "zoe", "zoe@example.com")]).await;
    let changed = small_with(&[("people.yaml", "bob@example.com", "zoe@example.com")]);
    let refused = world.propose(&changed).await;
    let Err(FolderError::Problems(problems)) = refused else {
        panic!("{refused:?}")
    };
    let text = problems.to_string();
    assert!(
        text.starts_with(
            "people.yaml:2:40: the address zoe@example.com of `bob` belongs to somebody else, zoe of Slack (`zoe`); to \
             make them one, take `bob` out of the files, apply, and put them back\n"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn who_leaves_stops_and_may_come_back() {
    let world = World::new().await;
    world.apply(&small()).await;
    let ana = user("U1", "ana", "ana@example.com");
    world.hears_of(std::slice::from_ref(&ana)).await;
    let id = world.id("ana").await;
    for (what, gone, standing, kind) in [
        (
            "deactivated",
            SlackUser {
                deleted: true,
                ..ana.clone()
            },
            Standing::Suspended,
            Kind::Employee,
        ),
        (
            "made a guest",
            SlackUser {
                is_guest: true,
                ..ana.clone()
            },
            Standing::Active,
            Kind::Guest,
        ),
    ] {
        let linked = world.hears_of(std::slice::from_ref(&gone)).await;
        assert_eq!((linked.stopped, linked.resumed), (vec![id], vec![]), "{what}");
        let person = world.who("U1").await.expect("Ana");
        assert_eq!(
            (person.standing, person.kind, person.takes_part()),
            (standing, kind, false),
            "{what}"
        );
        let again = world.hears_of(&[gone]).await;
        assert_eq!((again.stopped.len(), again.changed.len()), (0, 0), "{what}: once");
        let linked = world.hears_of(std::slice::from_ref(&ana)).await;
        assert_eq!((linked.stopped, linked.resumed), (vec![], vec![id]), "{what}, and back");
    }
}

#[tokio::test]
async fn some_accounts_are_nobody() {
    let world = World::new().await;
    let linked = world
        .hears_of(&[
            user("USLACKBOT", "slackbot", "s@example.com"),
            SlackUser {
                team_id: "T2".to_owned(),
                ..user("U1", "foreign", "f@example.com")
            },
            SlackUser {
                is_stranger: true,
                ..user("U2", "stranger", "g@example.com")
            },
            SlackUser {
                deleted: true,
                ..user("U3", "long-gone", "l@example.com")
            },
            user("", "nameless", "n@example.com"),
        ])
        .await;
    assert_eq!(linked, Linked::default());
    assert_eq!(world.count("SELECT count(*) FROM people").await, 0);
    let robot = SlackUser {
        is_bot: true,
        ..user("U4", "deployer", "d@example.com")
    };
    let guest = SlackUser {
        is_guest: true,
        ..user("U5", "guest", "h@example.com")
    };
    world.hears_of(&[robot, guest]).await;
    assert_eq!(world.who("U4").await.map(|person| person.kind), Some(Kind::Bot));
    assert_eq!(world.who("U5").await.map(|person| person.kind), Some(Kind::Guest));
}

#[tokio::test]
async fn a_bot_is_not_recognised_by_an_address() {
    let world = World::new().await;
    world.apply(&small()).await;
    let robot = SlackUser {
        is_bot: true,
        ..user("U1", "erin", "erin@example.com")
    };
    let linked = world.hears_of(&[robot]).await;
    assert_eq!(linked.bound, []);
    assert_eq!(world.key("U1").await, "erin-2");
}

#[tokio::test]
async fn a_large_workspace_is_taken_in_at_once_and_again_without_a_write() {
    let world = World::new().await;
    world.apply(&small()).await;
    let mut users: Vec<SlackUser> = (0..3_000)
        .map(|n| user(&format!("U{n}"), &format!("p{n}"), &format!("p{n}@example.com")))
        .collect();
    users.push(user("UA", "ana", "ana@example.com"));
    users.push(user("UA", "ana", "ana@example.com"));
    let linked = world.hears_of(&users).await;
    assert_eq!(
        (linked.created.len(), linked.bound.len(), linked.people.len()),
        (3_000, 1, 3_001)
    );
    let versions = "SELECT coalesce(sum(xmin::text::bigint), 0)::bigint FROM (SELECT xmin FROM people UNION ALL SELECT xmin FROM slack_identities) AS rows";
    let before = world.count(versions).await;
    let again = world.hears_at(&users, noon() + TimeDelta::hours(1)).await;
    assert_eq!((again.created.len(), again.bound.len(), again.changed.len()), (0, 0, 0));
    assert_eq!(again.people, linked.people);
    assert_eq!(world.count(versions).await, before, "not a row was written");
    world.hears_at(&users, noon() + TimeDelta::days(2)).await;
    assert_eq!(
        world
            .count("SELECT count(*) FROM slack_identities WHERE seen_at > linked_at")
            .await,
        3_001
    );
}

#[tokio::test]
async fn two_who_hear_of_the_same_newcomer_make_one_person() {
    let world = World::new().await;
    let users: Vec<SlackUser> = (0..50)
        .map(|n| user(&format!("U{n}"), "newcomer", &format!("n{n}@example.com")))
        .collect();
    let one = world.hears_of(&users);
    let other = world.hears_of(&users);
    let (one, other) = tokio::join!(one, other);
    assert_eq!(one.people, other.people);
    assert_eq!(one.created.len() + other.created.len(), 50);
    assert_eq!(world.count("SELECT count(*) FROM people").await, 50);
}

#[tokio::test]
async fn accounts_are_found_from_people_and_back() {
    let world = World::new().await;
    world.apply(&small()).await;
    let (ana, bob) = (world.id("ana").await, world.id("bob").await);
    let picture = SlackUser {
        avatar: Some("https://example.com/ana.png".to_owned()),
        ..user("U1", "ana", "ana@example.com")
    };
    world.hears_of(&[picture]).await;
    let db = &world.system.db;
    db.write("link", async |tx| people::link_slack(tx, TEAM, "U2", bob, noon()).await)
        .await
        .expect("bound");
    db.write("dm", async |tx| people::set_dm_channel(tx, TEAM, "U2", "D2").await)
        .await
        .expect("known");
    let mut accounts = people::slack_user_of(db, TEAM, &[ana, bob, PersonId(99)])
        .await
        .expect("an answer");
    accounts.sort();
    assert_eq!(
        accounts,
        [
            (ana, "U1".to_owned(), None),
            (bob, "U2".to_owned(), Some("D2".to_owned()))
        ]
    );
    assert_eq!(people::slack_user_of(db, "T2", &[ana]).await.expect("an answer"), []);
    let avatars = world
        .rows("SELECT avatar FROM slack_identities WHERE avatar IS NOT NULL")
        .await;
    assert_eq!(avatars, ["https://example.com/ana.png"]);
    let twice = db
        .write("link", async |tx| people::link_slack(tx, TEAM, "U3", bob, noon()).await)
        .await;
    assert_eq!(
        twice.expect_err("bound already").to_string(),
        "the constraint slack_identities_person_once refused the write"
    );
    assert_eq!(people::linked(db).await.expect("an answer"), 2);
}
