//! The rules of `deny.toml`, and their violations in a graph. A rule that this test does not know is an error, so that
//! no rule is ignored.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::graph::{Graph, Package};
use super::licences::is_satisfied;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    #[serde(rename = "graph")]
    _graph: IgnoredAny,
    #[serde(rename = "advisories")]
    _advisories: IgnoredAny,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Deny,
    wildcards: Deny,
    #[serde(rename = "allow-wildcard-paths")]
    _ours_have_no_versions: bool,
    deny: Vec<Ban>,
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: BTreeSet<String>,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    /// `NAME@VERSION`, where a version matches all versions that begin with it.
    #[serde(rename = "crate")]
    name: String,
    #[serde(rename = "reason")]
    _reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Deny,
    unknown_git: Deny,
    allow_registry: BTreeSet<String>,
}

/// The only level that a test can enforce.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deny {
    Deny,
}

impl Skip {
    fn is(&self, package: &Package) -> bool {
        let (name, version) = self.name.split_once('@').unwrap_or((&self.name, ""));
        let rest = package.version.strip_prefix(version);
        name == package.name
            && rest.is_some_and(|rest| version.is_empty() || rest.starts_with('.') || rest.is_empty())
    }
}

impl Rules {
    pub(crate) fn licence_findings(&self, graph: &Graph) -> Vec<String> {
        let is_bad = |package: &&Package| {
            let exception = self.licenses.exceptions.iter().find(|exception| exception.name == package.name);
            let is_allowed = |licence: &str| {
                self.licenses.allow.contains(licence)
                    || exception.is_some_and(|exception| exception.allow.contains(licence))
            };
            !package.license.as_ref().is_some_and(|license| is_satisfied(license, &is_allowed))
        };
        let tell = |package: &Package| {
            let license = package.license.as_deref().unwrap_or("no licence");
            format!("{} {}: {license}", package.name, package.version)
        };
        graph.packages.iter().filter(is_bad).map(tell).collect()
    }

    pub(crate) fn ban_findings(&self, graph: &Graph) -> Vec<String> {
        let mut findings = Vec::new();
        for Ban { name, wrappers, reason } in &self.bans.deny {
            if !graph.packages.iter().any(|package| package.name == *name) {
                continue;
            }
            let users = graph.dependents_of(name);
            let wrong: Vec<&str> = users.into_iter().filter(|user| !wrappers.contains(*user)).collect();
            if !wrong.is_empty() || wrappers.is_empty() {
                findings.push(format!("{name}, used by {}: {reason}", wrong.join(", ")));
            }
        }
        let Deny::Deny = self.bans.wildcards;
        for package in graph.ours() {
            let any = package.dependencies.iter().filter(|one| one.source.is_some() && one.req == "*");
            findings.extend(any.map(|one| format!("{} takes any version of {}", package.name, one.name)));
        }
        findings
    }

    pub(crate) fn version_findings(&self, graph: &Graph) -> Vec<String> {
        let Deny::Deny = self.bans.multiple_versions;
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in &graph.packages {
            if !self.bans.skip.iter().any(|skip| skip.is(package)) {
                versions.entry(&package.name).or_default().push(&package.version);
            }
        }
        let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
        twice.map(|(name, versions)| format!("{name} in {}", versions.join(" and "))).collect()
    }

    /// Exceptions that are no longer needed.
    pub(crate) fn leftover_findings(&self, graph: &Graph) -> Vec<String> {
        let skips = self.bans.skip.iter().filter(|skip| {
            let (name, _) = skip.name.split_once('@').unwrap_or((&skip.name, ""));
            let there = graph.packages.iter().filter(|package| package.name == name);
            !graph.packages.iter().any(|package| skip.is(package)) || there.count() < 2
        });
        let exceptions = self
            .licenses
            .exceptions
            .iter()
            .filter(|exception| !graph.packages.iter().any(|package| package.name == exception.name));
        let names = skips.map(|skip| &skip.name).chain(exceptions.map(|exception| &exception.name));
        names.map(|name| format!("an exception for {name}, which is not needed")).collect()
    }

    pub(crate) fn source_findings(&self, graph: &Graph) -> Vec<String> {
        let (Deny::Deny, Deny::Deny) = (&self.sources.unknown_registry, &self.sources.unknown_git);
        let foreign = |package: &&Package| {
            let source = package.source.as_deref();
            source.is_some_and(|source| {
                !source
                    .strip_prefix("registry+")
                    .is_some_and(|from| self.sources.allow_registry.contains(from))
            })
        };
        let tell = |package: &Package| {
            format!(
                "{} {} from {}",
                package.name,
                package.version,
                package.source.as_deref().unwrap_or("here")
            )
        };
        graph.packages.iter().filter(foreign).map(tell).collect()
    }
}

/// A graph in which each rule is broken once.
#[test]
fn every_kind_of_violation_is_found_in_a_graph_that_has_it() {
    let index = "registry+https://github.com/rust-lang/crates.io-index";
    let package = |name: &str, version: &str, license: &str, source: Option<&str>| {
        serde_json::json!({
            "id": format!("{name}@{version}"), "name": name, "version": version, "license": license, "source": source, "dependencies": [],
        })
    };
    let mut ours = package("server-example", "0.1.0", "MIT", None);
    ours["dependencies"] = serde_json::json!([
        { "name": "nix", "req": "*", "source": index }, { "name": "libfuzzer-sys", "req": "^1", "source": index },
    ]);
    let graph: Graph = serde_json::from_value(serde_json::json!({ "packages": [
        ours,
        package("nix", "1.0.0", "MIT", Some(index)),
        package("libfuzzer-sys", "1.0.0", "(MIT OR Apache-2.0) AND NCSA", Some(index)),
        package("copyleft", "1.0.0", "GPL-3.0-only", Some(index)),
        package("twice", "1.0.0", "MIT", Some(index)),
        package("twice", "2.0.0", "MIT", Some(index)),
        package("elsewhere", "1.0.0", "MIT", Some("git+https://example.org/elsewhere")),
    ], "resolve": { "nodes": [
        { "id": "server-example@0.1.0", "dependencies": ["nix@1.0.0", "libfuzzer-sys@1.0.0"] },
    ]}}))
    .unwrap();
    let rules = super::rules();
    assert_eq!(rules.licence_findings(&graph), ["copyleft 1.0.0: GPL-3.0-only"]);
    assert_eq!(
        rules.ban_findings(&graph),
        [
            "nix, used by server-example: rustix does it without libc, all but the mask of signals and \
             the CPU clock of a process",
            "libfuzzer-sys, used by server-example: no ordinary build compiles C++",
            "server-example takes any version of nix",
        ]
    );
    assert_eq!(rules.version_findings(&graph), ["twice in 1.0.0 and 2.0.0"]);
    assert_eq!(rules.source_findings(&graph), ["elsewhere 1.0.0 from git+https://example.org/elsewhere"]);
    // None of the skips is needed in this graph.
    assert!(
        rules.leftover_findings(&graph).contains(&"an exception for syn@2, which is not needed".to_owned())
    );
}
