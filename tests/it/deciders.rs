//! Who decides: the line of managers, owners of resources, expressions, whoever is on call.

use crate::harness::{World, everything, form, message, story};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const MINUTE: Duration = Duration::from_secs(60);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Does somebody have Approve in front of them?
fn is_asked(w: &World, name: &str) -> bool {
    everything(&w.person(name)).contains("[Approve]")
}

#[test]
fn a_manager_who_asks_for_their_people_is_not_the_one_who_decides() {
    story(async |w| {
        let (bob, grace) = (w.person("bob"), w.person("grace"));
        form("GitHub", "payments / Write")
            .subject("Jun Jimbo")
            .reason("release day")
            .sent_by(&bob)
            .await;
        w.settle().await;
        assert!(!is_asked(w, "bob"), "{}", everything(&bob));
        let card = message(&grace, "release day");
        assert!(
            card.text()
                .contains("Why you: you are next in the line of managers above"),
            "{}",
            card.text()
        );
        grace.clicks(&card, "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("github", "payments-write", "jun").await);
    });
}

#[test]
fn the_owner_of_a_resource_decides_before_the_owner_of_the_app() {
    story(async |w| {
        let github = "
key: github
name: GitHub
owners: [bob]
resources:
  - { name: payments, owners: [lena] }
connector: demo
entitlements:
  - { key: access, name: Access, policy: automatic }
  - { key: payments-write, name: Write, resource: payments, policy: owner }
  - { key: payments-admin, name: Admin, resource: payments, policy: owner, owners: [carla] }
";
        w.files_say(&[("apps/github.yaml", github)]).await;
        let (ana, lena) = (w.person("ana"), w.person("lena"));
        form("GitHub", "payments / Write").reason("push it").sent_by(&ana).await;
        w.settle().await;
        assert!(!is_asked(w, "bob"), "{}", everything(&w.person("bob")));
        lena.clicks(&message(&lena, "push it"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("github", "payments-write", "ana").await);
        // An entitlement with owners of its own does not ask those of its resource.
        form("GitHub", "payments / Admin")
            .reason("settings")
            .sent_by(&ana)
            .await;
        w.settle().await;
        message(&w.person("carla"), "settings");
        assert!(!everything(&lena).contains("settings"), "{}", everything(&lena));
        // The resource changes hands while the request is open, and so does the decision.
        let jun = w.person("jun");
        form("GitHub", "payments / Write").reason("me too").sent_by(&jun).await;
        w.settle().await;
        let card = message(&lena, "me too");
        w.files_say(&[("apps/github.yaml", &github.replace("lena", "milan"))])
            .await;
        message(&w.person("milan"), "me too");
        assert!(lena.clicks(&card, "Approve").await.is_err(), "the button is gone");
    });
}

#[test]
fn an_expression_names_who_decides_and_its_failure_is_an_alarm() {
    story(async |w| {
        w.policy_says(
            "owner",
            r#"
- steps:
    - name: By length
      approvers:
        - expression: "request.minutes > 120 ? ['lena', 'group:finance'] : (subject.team == 'Platform' ? ['milan'] : [])"
      fallback: [grace]
"#,
        )
        .await;
        let (ana, milan, erin) = (w.person("ana"), w.person("milan"), w.person("erin"));
        form("Production database", "Read")
            .length("4 hours")
            .reason("long")
            .sent_by(&ana)
            .await;
        w.settle().await;
        for name in ["lena", "noor", "ivan"] {
            let card = message(&w.person(name), "long");
            assert!(card.text().contains("Why you: the policy names you"), "{}", card.text());
        }
        let lena = w.person("lena");
        lena.clicks(&message(&lena, "long"), "Approve").await.unwrap();
        w.settle().await;
        let jun = w.person("jun");
        form("Production database", "Read")
            .length("1 hour")
            .reason("short")
            .sent_by(&jun)
            .await;
        w.settle().await;
        milan.clicks(&message(&milan, "short"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "jun").await);
        // Dan is of another team: the expression names nobody. That is no pass.
        let dan = w.person("dan");
        form("Production database", "Read")
            .length("1 hour")
            .reason("nobody")
            .sent_by(&dan)
            .await;
        w.settle().await;
        message(&w.person("grace"), "Dan Dube asks");
        let alarm = message(&erin, "could not do what its policy says");
        assert!(alarm.text().contains("names nobody"), "{}", alarm.text());
        assert!(!w.target_has("prod-db", "read", "dan").await);
    });
}

#[test]
fn whoever_has_the_turn_decides_and_the_hand_over_takes_the_task_along() {
    story(async |w| {
        let now = c1::clock::Clock::now(w.clock.as_ref());
        let from = (now - chrono::TimeDelta::days(1)).to_rfc3339();
        let rotations =
            format!("- {{ key: data, name: Data on call, people: [carla, lena], every: 1w, from: \"{from}\" }}\n");
        let policies = crate::harness::policies_with(
            "owner",
            "[{ steps: [{ name: On call, approvers: ['oncall:data'], fallback: [grace] }] }]",
        );
        w.files_say(&[("rotations.yaml", &rotations), ("policies.yaml", &policies)])
            .await;
        let (ana, carla, lena) = (w.person("ana"), w.person("carla"), w.person("lena"));
        form("Production database", "Read").reason("look").sent_by(&ana).await;
        w.settle().await;
        let card = message(&carla, "look");
        assert!(
            card.text().contains("Why you: you are on call for *Data on call*"),
            "{}",
            card.text()
        );
        assert!(!is_asked(w, "lena") && !is_asked(w, "grace"));
        w.after(WEEK).await;
        assert!(!is_asked(w, "carla"), "{}", everything(&carla));
        lena.clicks(&message(&lena, "look"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);
        assert_eq!(w.count("SELECT count(*) FROM notices WHERE kind = 'alarm'").await, 0);
    });
}

/// A service that says who is on call, as it is told to.
#[derive(Clone, Default)]
struct Service {
    says: Arc<Mutex<(u16, String)>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn says(&self, status: u16, body: &str) {
        *self.says.lock().unwrap() = (status, body.to_owned());
    }

    fn pagerduty(&self, address: &str) {
        let body = format!(r#"{{"oncalls": [{{"user": {{"email": "{address}"}}, "escalation_level": 1}}]}}"#);
        self.says(200, &body);
    }

    async fn start(&self) -> String {
        async fn answer(State(service): State<Service>, headers: HeaderMap) -> (StatusCode, String) {
            let heard = headers
                .get("authorization")
                .map(|value| value.to_str().unwrap().to_owned());
            service.heard.lock().unwrap().extend(heard);
            let (status, body) = service.says.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), body)
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/oncalls", get(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/oncalls?include[]=users")
    }
}

#[test]
fn a_service_knows_who_is_on_call_and_its_outage_is_loud_once() {
    story(async |w| {
        let service = Service::default();
        service.pagerduty("Lena@example.com");
        let url = service.start().await;
        // The variable is one that the test runner sets.
        let rotations = format!(
            "- {{ key: data, name: Data on call, url: \"{url}\", format: pagerduty, token_env: CARGO_PKG_NAME }}\n"
        );
        let policies = crate::harness::policies_with(
            "owner",
            "[{ steps: [{ name: On call, approvers: ['oncall:data'], fallback: [grace] }] }]",
        );
        w.files_say(&[("rotations.yaml", &rotations), ("policies.yaml", &policies)])
            .await;
        assert_eq!(*service.heard.lock().unwrap(), ["Token token=c1"]);
        let (ana, jun, erin) = (w.person("ana"), w.person("jun"), w.person("erin"));
        form("Production database", "Read").reason("first").sent_by(&ana).await;
        w.settle().await;
        assert!(is_asked(w, "lena"), "{}", everything(&w.person("lena")));
        let alarms = "SELECT count(*) FROM notices WHERE kind = 'alarm'";

        // It is down. Its last answer counts for a quarter of an hour, and nobody hears of it.
        service.says(503, "internal: token c1 is fine");
        w.after(10 * MINUTE).await;
        assert!(is_asked(w, "lena") && w.count(alarms).await == 0);
        // Then the fallback is asked, and the two of last resort are told: once, however many requests there are.
        w.after(10 * MINUTE).await;
        assert!(!is_asked(w, "lena"));
        message(&w.person("grace"), "first");
        form("Production database", "Read").reason("second").sent_by(&jun).await;
        w.settle().await;
        message(&w.person("grace"), "second");
        w.after(60 * MINUTE).await;
        assert_eq!(w.count(alarms).await, 2);
        let alarm = message(&erin, "Nobody knows who is on call for");
        assert!(
            alarm.text().contains("more than 15 minutes old (it answered 503)"),
            "{}",
            alarm.text()
        );

        // It is back, with somebody else; the requests follow.
        service.pagerduty("milan@example.com");
        w.after(10 * MINUTE).await;
        let milan = w.person("milan");
        milan.clicks(&message(&milan, "first"), "Approve").await.unwrap();
        w.settle().await;
        assert!(w.target_has("prod-db", "read", "ana").await);

        // The next outage is told again; so is an answer that names nobody here.
        service.pagerduty("stranger@example.org");
        w.after(10 * MINUTE).await;
        assert_eq!(w.count(alarms).await, 4);
        assert!(
            everything(&erin).contains("it names nobody who is known here"),
            "{}",
            everything(&erin)
        );
        service.says(200, "<html>sorry</html>");
        w.after(60 * MINUTE).await;
        assert_eq!(w.count(alarms).await, 4, "it is the same outage");
    });
}

#[test]
fn a_service_that_cannot_be_asked_from_the_start_is_told_too() {
    story(async |w| {
        let rotations = "- { key: data, name: Data on call, url: 'http://127.0.0.1:1/', format: opsgenie, token_env: CARGO_PKG_NAME }
- { key: sales, name: Sales on call, url: 'http://127.0.0.1:1/', format: opsgenie, token_env: NO_SUCH_VARIABLE }
";
        w.files_say(&[("rotations.yaml", rotations)]).await;
        let text = everything(&w.person("erin"));
        assert!(
            text.contains("there has been no answer yet (it cannot be reached)"),
            "{text}"
        );
        assert!(text.contains("(the variable NO_SUCH_VARIABLE is not set)"), "{text}");
    });
}
