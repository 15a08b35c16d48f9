//! Catalogs: who sees what.

use super::Checker;
use crate::catalog_files::{format::CatalogFile, place::Place};
use crate::domain::organisation::CatalogEntry;
use std::collections::BTreeSet;

/// More is not asked for in one go: each part is a request that people decide, and a line of one card.
const LARGEST_BUNDLE: usize = 20;

impl Checker {
    pub(super) fn catalogs(&mut self, catalogs: &[(Place<'_>, CatalogFile)]) {
        for (place, catalog) in catalogs {
            let fresh = self.key(
                place,
                &catalog.key,
                "catalog",
                self.wanted.catalogs.contains_key(&catalog.key),
            );
            if catalog.everyone && !catalog.audience.is_empty() {
                self.wrong(&place.field("audience"), "a catalog for everyone needs no audience");
            }
            if !catalog.everyone && catalog.audience.is_empty() {
                self.wrong(
                    place,
                    "nobody sees this catalog: write `everyone: true` or an `audience` of groups",
                );
            }
            let mut audience = BTreeSet::new();
            for (index, key) in catalog.audience.iter().enumerate() {
                let key = key.strip_prefix("group:").unwrap_or(key);
                if self.group_exists(&place.field("audience").item(index), key) {
                    audience.insert(key.to_owned());
                }
            }
            let mut entitlements = BTreeSet::new();
            for (index, pattern) in catalog.entitlements.iter().enumerate() {
                let at = place.field("entitlements").item(index);
                entitlements.extend(self.matching(&at, pattern));
            }
            if catalog.bundle && !(1..=LARGEST_BUNDLE).contains(&entitlements.len()) {
                let sentence = format!(
                    "a bundle has from 1 to {LARGEST_BUNDLE} entitlements; this one has {}",
                    entitlements.len()
                );
                self.wrong(&place.field("bundle"), sentence);
            }
            let name = self.name(place, &catalog.name);
            if fresh {
                let entry = CatalogEntry {
                    name,
                    everyone: catalog.everyone,
                    bundle: catalog.bundle,
                    audience,
                    entitlements,
                };
                self.wanted.catalogs.insert(catalog.key.clone(), entry);
            }
        }
    }

    /// The entitlements that `github/admin` or `github/*` means.
    fn matching(&mut self, place: &Place<'_>, pattern: &str) -> Vec<String> {
        let Some((app, key)) = pattern.split_once('/') else {
            self.wrong(
                place,
                format!("write `{pattern}/*` for the whole app, or `{pattern}/` and an entitlement"),
            );
            return Vec::new();
        };
        if !self.wanted.apps.contains_key(app) {
            self.missing(place, "app", app, |wanted| &wanted.apps);
            return Vec::new();
        }
        if key == "*" {
            let prefix = format!("{app}/");
            return self
                .wanted
                .entitlements
                .keys()
                .filter(|path| path.starts_with(&prefix))
                .cloned()
                .collect();
        }
        if self.wanted.entitlements.contains_key(pattern) {
            return vec![pattern.to_owned()];
        }
        self.missing(place, "entitlement", pattern, |wanted| &wanted.entitlements);
        Vec::new()
    }
}
