//! What the operator is told about a deployment.

use crate::harness::{Transport, on_the_web, over, story};
use c1::cli::doctor::{Finding, examine};
use secrecy::SecretString;

fn printed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn a_deployment_in_order_is_said_to_be_in_order() {
    story(async |w| {
        let findings = examine(&w.config()).await;
        assert!(
            findings.iter().all(|finding| finding.how.is_ok()),
            "{}",
            printed(&findings)
        );
        assert!(
            printed(&findings).contains("✓ scopes       all that the manifest asks for"),
            "{}",
            printed(&findings)
        );
        assert!(printed(&findings).contains("✓ socket mode"), "{}", printed(&findings));
    });
    over(Transport::Http, async |w| {
        let findings = examine(&w.config()).await;
        assert!(
            findings.iter().all(|finding| finding.how.is_ok()),
            "{}",
            printed(&findings)
        );
    });
}

#[test]
fn whatever_is_wrong_is_named_with_what_to_do() {
    story(async |w| {
        let mut config = w.config();
        config.slack.bot_token = SecretString::from("xoxb-of-somebody-else".to_owned());
        let text = printed(&examine(&config).await);
        assert!(
            text.contains("✗ slack") && text.contains("Copy SLACK_BOT_TOKEN anew"),
            "{text}"
        );
        assert!(!text.contains("xoxb-of-somebody-else"), "no secret is printed: {text}");

        let mut config = w.config();
        config.database_url = SecretString::from("postgres://postgres@127.0.0.1:9/none".to_owned());
        let text = printed(&examine(&config).await);
        assert!(text.contains("✗ database     cannot be reached"), "{text}");

        sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)")
            .execute(&w.pool)
            .await
            .unwrap();
        let text = printed(&examine(&w.config()).await);
        assert!(text.contains("✗ migrations"), "{text}");
    });
}

#[test]
fn signing_in_is_looked_at_where_it_is_set_up() {
    story(async |w| {
        let text = printed(&examine(&w.config()).await);
        assert!(text.contains("✓ sign-in      not set up"), "{text}");
    });
    on_the_web(async |w| {
        let text = printed(&examine(&w.config()).await);
        let back = format!("{}/auth/slack/callback", w.addresses()[0]);
        assert!(
            text.contains(&format!("✓ sign-in      people come back to {back}")),
            "{text}"
        );
        let mut config = w.config();
        config.base_url = Some("http://c1.example.com".parse().unwrap());
        let text = printed(&examine(&config).await);
        assert!(
            text.contains("✗ sign-in") && text.contains("is not reached by https"),
            "{text}"
        );
        let mut config = w.config();
        config.slack.api_url = "http://127.0.0.1:9/api".parse().unwrap();
        let text = printed(&examine(&config).await);
        assert!(
            text.contains("✗ sign-in") && text.contains("cannot be reached"),
            "{text}"
        );
    });
}
