//! Files become the stored organisation: in one transaction, exactly as shown, and a second time nothing is left to do.

use crate::world::{World, company, small, small_with};
use c1::{
    catalog_files::{self, FolderError, print},
    db::{catalog, people},
    domain::{ids::EntitlementId, length::Length, organisation::Act, policy::PolicyKind},
    usecases::apply_catalog::{self, ApplyError},
};

#[tokio::test]
async fn the_demo_company_is_applied_once_and_then_there_is_nothing_to_do() {
    let world = World::new().await;
    let checked = catalog_files::read(company())
        .expect("the folder")
        .check()
        .expect("files in order");
    assert_eq!(checked.warnings, []);
    let applied = catalog_files::apply_folder(&world.system, company())
        .await
        .expect("applied");
    assert_eq!(applied.plan.count(Act::Create), applied.plan.changes.len());
    let again = catalog_files::apply_folder(&world.system, company())
        .await
        .expect("applied again");
    assert!(again.plan.is_empty(), "{}", again.plan);
    assert_eq!(world.count("SELECT count(*) FROM people WHERE in_files").await, 16);
    assert_eq!(world.count("SELECT count(*) FROM apps WHERE active").await, 9);
    assert_eq!(world.count("SELECT count(*) FROM catalog_changes").await, 1);

    // All that the domain reads comes back as it was written.
    let db = &world.system.db;
    let write = catalog::entitlement_by_path(db, "prod-db/orders-write")
        .await
        .expect("read")
        .expect("there");
    assert_eq!(write.title(), "Production database / orders / Write");
    assert!(write.offered && write.emergency.enabled);
    assert_eq!(write.emergency.max, Some(2 * 3_600));
    assert_eq!(write.lengths.default, Length::For(4 * 3_600));
    let glass = write.emergency.policy.expect("an emergency policy");
    let glass = catalog::policy(db, glass).await.expect("read").expect("there");
    assert_eq!((glass.kind, glass.version), (PolicyKind::Emergency, 1));
    let by_hand = catalog::entitlement_by_path(db, "salesforce/access")
        .await
        .expect("read")
        .expect("there");
    assert!(by_hand.offered);
    assert_eq!(
        world.rows("SELECT connector FROM apps WHERE key = 'salesforce'").await,
        ["manual"]
    );
    let owner = "SELECT p.key FROM owners o JOIN people p ON p.id = o.person_id JOIN apps a ON a.id = o.app_id
                 WHERE a.key = 'salesforce'";
    assert_eq!(world.rows(owner).await, ["hana"]);
    let task = world
        .rows("SELECT instructions FROM entitlements WHERE search LIKE 'salesforce access%'")
        .await;
    assert!(task[0].contains("New user"), "{task:?}");
    let ana = people::person_by_key(db, "ana").await.expect("read").expect("there");
    let bob = people::person_by_key(db, "bob").await.expect("read").expect("there");
    assert_eq!(ana.manager, Some(bob.id));
    assert!(people::has_reports(db, bob.id).await.expect("read"));

    let sees = "SELECT DISTINCT c.key FROM catalogs c JOIN catalog_entitlements ce ON ce.catalog_id = c.id
                JOIN entitlements e ON e.id = ce.entitlement_id JOIN apps a ON a.id = e.app_id WHERE a.key = 'payroll'";
    assert_eq!(world.rows(sees).await, ["finance"], "payroll is for finance alone");
    assert_eq!(catalog::entitlement(db, EntitlementId(0)).await.expect("read"), None);
}

#[tokio::test]
async fn a_first_plan_lists_what_is_new() {
    let world = World::new().await;
    let (shown, _) = world.apply(&small()).await;
    assert_eq!(
        shown,
        "\
People  +3
  + ana   Ana Alvarez · Payments
  + bob   Bob Brandt · helpdesk
  + erin  Erin Eze · auditor, super_admin

Groups  +2
  + last-resort  Last resort · erin
  + owners       Owners · bob, erin

Policies  +1
  + owner  One of the owners · request · 2 rules

Apps  +1
  + github  GitHub · manual · owners group:owners

Entitlements  +2
  + github/access  Access · policy owner
  + github/admin   Admin · payments · policy owner

Catalogs  +1
  + all  All · github/access, github/admin

Plan: 10 to create, 0 to change, 0 to remove.
"
    );
}

#[tokio::test]
async fn a_change_says_what_was_and_what_will_be() {
    let world = World::new().await;
    world.apply(&small()).await;
    let changed = small_with(&[
        (
            "people.yaml",
            "roles: [helpdesk]",
            "title: Engineering manager, roles: [request_admin]",
        ),
        ("people.yaml", "team: Payments", "team: Platform"),
        ("groups.yaml", "members: [bob, erin]", "members: [ana, erin]"),
        ("policies.yaml", "request.minutes <= 60", "request.minutes <= 30"),
        ("apps/github.yaml", "name: GitHub", "name: GitHub Enterprise"),
        (
            "apps/github.yaml",
            "owners: [bob], lengths: { presets: [1h, 8h], max: 1d }",
            "lengths: { presets: [1h], max: 8h }",
        ),
    ]);
    let (shown, applied) = world.apply(&changed).await;
    assert_eq!(
        shown,
        "\
People  ~2
  ~ ana  Ana Alvarez
      team  Payments → Platform
  ~ bob  Bob Brandt
      title  nothing → Engineering manager
      roles  - helpdesk  + request_admin

Groups  ~1
  ~ owners  Owners
      members  - bob  + ana

Policies  ~1
  ~ owner  One of the owners
      rules  - 1. short — if request.minutes <= 60: automatic approval
             + 1. short — if request.minutes <= 30: automatic approval

Apps  ~1
  ~ github  GitHub Enterprise
      name  GitHub → GitHub Enterprise

Entitlements  ~1
  ~ github/admin  Admin
      owners   - bob
      lengths  - 1 hour, 8 hours; at most 1 day; 1 hour if nothing is chosen
               + 1 hour; at most 8 hours; 1 hour if nothing is chosen

Plan: 0 to create, 6 to change, 0 to remove.
"
    );
    assert_eq!(applied.requests, []);
    assert_eq!(world.rows("SELECT version::text FROM policies").await, ["2"]);
    assert_eq!(
        world.rows("SELECT search FROM entitlements ORDER BY key").await,
        [
            "github enterprise access access github",
            "github enterprise payments admin admin github"
        ],
        "found by the app's new name too"
    );
    assert_eq!(
        world.rows("SELECT actor FROM catalog_changes ORDER BY id").await,
        ["tester", "tester"]
    );
}

#[tokio::test]
async fn what_is_gone_is_no_longer_offered_and_stays_for_the_record() {
    let world = World::new().await;
    let mut more = small_with(&[("groups.yaml", "\n", "\n- { key: extra, name: Extra, members: [ana] }\n")]);
    more.push(("apps/figma.yaml".to_owned(), "{ key: figma, name: Figma, owners: [\"group:extra\"], entitlements: [{ key: access, name: Access, policy: owner }] }".to_owned()));
    world.apply(&more).await;
    let less = small_with(&[
        (
            "people.yaml",
            "- { key: ana, name: Ana Alvarez, email: ana@example.com, team: Payments, manager: bob }\n",
            "",
        ),
        (
            "apps/github.yaml",
            "  - { key: admin, name: Admin, resource: payments, policy: owner, owners: [bob], lengths: { presets: [1h, 8h], max: 1d } }\n",
            "",
        ),
        ("people.yaml", "roles: [super_admin, auditor]", "roles: [super_admin]"),
    ]);
    let (shown, _) = world.apply(&less).await;
    assert_eq!(
        shown,
        "\
People  ~1 -1
  - ana   Ana Alvarez: no longer described here; loses manager, team and roles, and stays
  ~ erin  Erin Eze
      roles  - auditor

Groups  -1
  - extra  Extra: has no members any more

Apps  -1
  - figma  Figma: is no longer offered; open requests close

Entitlements  -2
  - figma/access  Access: is no longer offered; open requests close
  - github/admin  Admin: is no longer offered; open requests close

Catalogs  ~1
  ~ all  All
      entitlements  - github/admin

Plan: 0 to create, 2 to change, 5 to remove.
"
    );
    assert_eq!(
        world
            .rows("SELECT key FROM people WHERE NOT in_files AND manager_id IS NULL AND team = ''")
            .await,
        ["ana"]
    );
    assert_eq!(
        world
            .rows("SELECT key FROM entitlements WHERE NOT active ORDER BY key")
            .await,
        ["access", "admin"]
    );
    // And back again: as it was.
    let (shown, _) = world.apply(&more).await;
    assert!(shown.contains("+ github/admin") && shown.contains("~ ana"), "{shown}");
    assert_eq!(
        world.count("SELECT count(*) FROM entitlements").await,
        3,
        "the same rows"
    );
    assert_eq!(world.count("SELECT count(*) FROM people").await, 3);
}

#[tokio::test]
async fn whoever_goes_by_another_key_is_the_same_person() {
    let world = World::new().await;
    world.apply(&small()).await;
    let before = world.rows("SELECT id::text FROM people WHERE key = 'bob'").await;
    let renamed = small_with(&[
        ("people.yaml", "key: bob,", "key: robert,"),
        ("people.yaml", "manager: bob", "manager: robert"),
        ("groups.yaml", "bob", "robert"),
        ("apps/github.yaml", "owners: [bob]", "owners: [robert]"),
    ]);
    let (shown, _) = world.apply(&renamed).await;
    assert_eq!(
        shown,
        "\
People  ~1
  ~ robert  Bob Brandt
      key  bob → robert

Plan: 0 to create, 1 to change, 0 to remove.
"
    );
    assert_eq!(
        world.rows("SELECT id::text FROM people WHERE key = 'robert'").await,
        before
    );
    assert_eq!(
        world.rows("SELECT role FROM person_roles ORDER BY role").await,
        ["auditor", "helpdesk", "super_admin"]
    );
    // Two people who exchange keys and addresses; nothing stands in the way.
    let exchanged = small_with(&[
        (
            "people.yaml",
            "key: ana, name: Ana Alvarez, email: ana@example.com",
            "key: ana, name: Ana Alvarez, email: x@example.com",
        ),
        ("people.yaml", "email: bob@example.com", "email: ana@example.com"),
        ("people.yaml", "email: x@example.com", "email: bob@example.com"),
        ("people.yaml", "key: bob,", "key: robert,"),
        ("people.yaml", "manager: bob", "manager: robert"),
        ("groups.yaml", "bob", "robert"),
        ("apps/github.yaml", "owners: [bob]", "owners: [robert]"),
    ]);
    world.apply(&exchanged).await;
    assert_eq!(
        world.rows("SELECT key || ' ' || email FROM people ORDER BY key").await,
        ["ana bob@example.com", "erin erin@example.com", "robert ana@example.com"]
    );
}

#[tokio::test]
async fn nothing_is_done_when_something_has_changed_since_the_plan_was_shown() {
    let world = World::new().await;
    let proposal = world.propose(&small()).await.expect("files in order");
    world
        .apply(&small_with(&[("groups.yaml", "name: Owners", "name: The owners")]))
        .await;
    let refused = catalog_files::carry_out(&world.system, &proposal, "tester").await;
    let Err(FolderError::Apply(ApplyError::Changed(plan))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(plan.changes.len(), 1);
    assert_eq!(
        world.rows("SELECT name FROM groups WHERE key = 'owners'").await,
        ["The owners"]
    );
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_behind() {
    let world = World::new().await;
    world.apply(&small()).await;
    let before = world.rows("SELECT key FROM people ORDER BY key").await;
    // The last thing written is refused, whatever it is.
    sqlx::query("ALTER TABLE catalog_changes ADD CONSTRAINT refuses_all CHECK (false) NOT VALID")
        .execute(&world.pool)
        .await
        .expect("a constraint");
    let changed = small_with(&[
        ("people.yaml", "roles: [helpdesk]", "roles: [app_admin]"),
        (
            "people.yaml",
            "- { key: ana",
            "- { key: zoe, name: Zoë Zimmer, email: zoe@example.com }\n- { key: ana",
        ),
        ("groups.yaml", "name: Owners", "name: The owners"),
    ]);
    let proposal = world.propose(&changed).await.expect("files in order");
    catalog_files::carry_out(&world.system, &proposal, "tester")
        .await
        .expect_err("refused by the database");
    assert_eq!(world.rows("SELECT key FROM people ORDER BY key").await, before);
    assert_eq!(
        world.rows("SELECT name FROM groups WHERE key = 'owners'").await,
        ["Owners"]
    );
    assert_eq!(
        world.propose(&changed).await.expect("files in order").plan,
        proposal.plan
    );
}

#[tokio::test]
async fn the_record_of_changes_cannot_be_changed() {
    let world = World::new().await;
    world.apply(&small()).await;
    for sql in [
        "UPDATE catalog_changes SET actor = 'nobody'",
        "DELETE FROM catalog_changes",
        "TRUNCATE catalog_changes",
    ] {
        sqlx::query(sql).execute(&world.pool).await.expect_err(sql);
    }
    let plan = sqlx::query_scalar::<_, serde_json::Value>("SELECT plan FROM catalog_changes")
        .fetch_one(&world.pool)
        .await;
    assert_eq!(plan.expect("a row")["changes"][0]["key"], "ana");
}

#[tokio::test]
async fn requests_and_grants_that_a_change_concerns_are_looked_at_again() {
    let world = World::new().await;
    world.apply(&small()).await;
    sqlx::raw_sql(
        "INSERT INTO requests (requester_id, subject_id, entitlement_id, justification, emergency, extension, via, policy,
                               steps, state, outcome, created_at)
         SELECT p.id, p.id, e.id, 'why', false, false, 'slack', '[]', '[]', 'open', '{}', now()
         FROM people p, entitlements e WHERE p.key = 'ana' ORDER BY e.id;
         INSERT INTO grants (subject_id, entitlement_id, state, started_at, created_at)
         SELECT p.id, e.id, 'active', now(), now() FROM people p, entitlements e WHERE p.key = 'bob';",
    )
    .execute(&world.pool)
    .await
    .expect("requests and grants");
    let woken = "SELECT e.key FROM requests r JOIN entitlements e ON e.id = r.entitlement_id
                 WHERE r.wake_at IS NOT NULL ORDER BY e.id";
    let words = [("apps/github.yaml", "name: Admin", "name: Administrator")];
    let (_, applied) = world.apply(&small_with(&words)).await;
    assert_eq!(
        (applied.requests.len(), applied.grants.len()),
        (0, 0),
        "a name concerns nobody"
    );
    let without = "  - { key: admin, name: Admin, resource: payments, policy: owner, owners: [bob], \
                   lengths: { presets: [1h, 8h], max: 1d } }\n";
    let (_, applied) = world.apply(&small_with(&[("apps/github.yaml", without, "")])).await;
    assert_eq!((applied.requests.len(), applied.grants.len()), (1, 1));
    assert_eq!(world.rows(woken).await, ["admin"]);
    assert_eq!(
        world
            .count("SELECT count(*) FROM grants WHERE wake_at IS NOT NULL")
            .await,
        1
    );
    let others = small_with(&[
        ("apps/github.yaml", without, ""),
        ("groups.yaml", "[bob, erin]", "[erin]"),
    ]);
    let (_, applied) = world.apply(&others).await;
    assert_eq!(applied.requests.len(), 2, "others decide now");
    assert_eq!(world.rows(woken).await, ["access", "admin"]);
}

#[tokio::test]
async fn thousands_of_entitlements_take_a_moment() {
    let world = World::new().await;
    let mut files = small();
    let mut app = "{ key: big, name: Big, owners: [bob], entitlements: [".to_owned();
    for number in 0..3_000 {
        app += &format!("{{ key: e{number}, name: Entitlement {number}, policy: owner, owners: [erin] }},\n");
    }
    files.push(("apps/big.yaml".to_owned(), app + "] }"));
    let began = std::time::Instant::now();
    let proposal = world.propose(&files).await.expect("files in order");
    catalog_files::carry_out(&world.system, &proposal, "tester")
        .await
        .expect("applied");
    assert!(world.propose(&files).await.expect("files in order").plan.is_empty());
    // A debug build on a busy machine.
    assert!(
        began.elapsed() < std::time::Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    eprintln!("3,000 entitlements: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_plan_is_in_colour_only_when_asked() {
    let world = World::new().await;
    let plan = apply_catalog::plan(&world.system.db, &checked()).await.expect("a plan");
    assert!(!plan.to_string().contains('\u{1b}'));
    assert!(print::table(&plan, true).contains("\u{1b}[32m+\u{1b}[0m"));
    assert_eq!(
        c1::domain::organisation::Plan::default().to_string(),
        "Nothing to change.\n"
    );
}

fn checked() -> c1::domain::organisation::Organisation {
    catalog_files::read(company())
        .expect("the folder")
        .check()
        .expect("files in order")
        .organisation
}
