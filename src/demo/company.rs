//! The company one plays with: the files under `demo/company`, and the workspace its people are in.

use anyhow::Context as _;
use serde::Deserialize;
use simulator::{Seed, SeedChannel, SeedPerson, Team};
use std::path::Path;

/// The files, as `c1 apply` reads them.
const FILES: &[(&str, &str)] = &[
    ("apps/aws.yaml", include_str!("../../demo/company/apps/aws.yaml")),
    ("apps/drill.yaml", include_str!("../../demo/company/apps/drill.yaml")),
    ("apps/figma.yaml", include_str!("../../demo/company/apps/figma.yaml")),
    ("apps/github.yaml", include_str!("../../demo/company/apps/github.yaml")),
    (
        "apps/grafana.yaml",
        include_str!("../../demo/company/apps/grafana.yaml"),
    ),
    ("apps/okta.yaml", include_str!("../../demo/company/apps/okta.yaml")),
    (
        "apps/payroll.yaml",
        include_str!("../../demo/company/apps/payroll.yaml"),
    ),
    (
        "apps/prod-db.yaml",
        include_str!("../../demo/company/apps/prod-db.yaml"),
    ),
    (
        "apps/salesforce.yaml",
        include_str!("../../demo/company/apps/salesforce.yaml"),
    ),
    ("catalogs.yaml", include_str!("../../demo/company/catalogs.yaml")),
    ("groups.yaml", include_str!("../../demo/company/groups.yaml")),
    (
        "organisation.yaml",
        include_str!("../../demo/company/organisation.yaml"),
    ),
    ("people.yaml", include_str!("../../demo/company/people.yaml")),
    ("policies.yaml", include_str!("../../demo/company/policies.yaml")),
    ("rotations.yaml", include_str!("../../demo/company/rotations.yaml")),
];

/// Somebody in `people.yaml`, as far as the workspace needs to know them.
#[derive(Debug, Deserialize)]
pub struct Member {
    key: String,
    name: String,
    email: String,
    #[serde(default)]
    title: String,
}

/// The people of the company.
///
/// # Errors
/// When the file that is part of this binary is not well-formed; a test sees to that.
pub fn people() -> anyhow::Result<Vec<Member>> {
    let (_, text) = FILES
        .iter()
        .find(|(name, _)| *name == "people.yaml")
        .context("the company has people")?;
    Ok(serde_yaml_ng::from_str(text)?)
}

/// The workspace they are in.
///
/// # Errors
/// As [`people`].
pub fn workspace() -> anyhow::Result<Seed> {
    Ok(workspace_of(&people()?))
}

/// A workspace with these people in it.
#[must_use]
pub fn workspace_of(people: &[Member]) -> Seed {
    let person = |member: &Member| SeedPerson {
        id: format!(
            "U0{:0<7}",
            member
                .key
                .to_uppercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "")
        ),
        name: member.key.clone(),
        real_name: member.name.clone(),
        email: member.email.clone(),
        title: member.title.clone(),
        tz: "Europe/Berlin".to_owned(),
        ..SeedPerson::default()
    };
    let channel = |name: &str, topic: &str| SeedChannel {
        name: name.to_owned(),
        topic: topic.to_owned(),
        ..SeedChannel::default()
    };
    Seed {
        team: Team {
            id: "T0MERIDIA".to_owned(),
            domain: "meridian".to_owned(),
            name: "Meridian".to_owned(),
        },
        people: people.iter().map(person).collect(),
        channels: vec![
            channel("general", "Everyone at Meridian"),
            channel("engineering", "Building and running things"),
            channel("help-it", "Type /c1 request to ask for access"),
            SeedChannel {
                with_app: true,
                ..channel("security", "Emergencies, as they happen")
            },
            SeedChannel {
                with_app: true,
                ..channel("approvals", "What large groups decide, asked here and not one by one")
            },
        ],
        user_groups: Vec::new(),
    }
}

/// Writes the files into a folder.
///
/// # Errors
/// When it cannot be written.
pub fn write_to(dir: &Path) -> anyhow::Result<()> {
    for (name, text) in FILES {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
