//! The dependencies of the workspace: checks the rules of `deny.toml`, offline and without further tools.
//!
//! `cargo metadata` lists the packages. If all packages of the lock file have been downloaded (`cargo fetch --locked`), the
//! whole graph is checked, for all systems and with all features; otherwise only the part that this machine builds.

mod graph;
mod licences;
mod rules;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use graph::Graph;
use rules::Rules;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn rules() -> Rules {
    toml::from_str(&read("deny.toml")).unwrap()
}

/// Fails with all findings, one per line.
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "deny.toml does not allow this:\n{}", findings.join("\n"));
}

#[test]
fn every_licence_is_allowed() {
    expect_none(&rules().licence_findings(&Graph::of_this_workspace()));
}

#[test]
fn no_crate_of_the_deny_list_is_used() {
    expect_none(&rules().ban_findings(&Graph::of_this_workspace()));
}

#[test]
fn no_crate_has_two_versions_and_no_exception_is_unused() {
    let graph = Graph::of_this_workspace();
    expect_none(&rules().version_findings(&graph));
    if graph.is_whole {
        expect_none(&rules().leftover_findings(&graph));
    }
}

#[test]
fn every_crate_comes_from_an_allowed_registry() {
    expect_none(&rules().source_findings(&Graph::of_this_workspace()));
}

/// So the rules hold for them, too.
#[test]
fn the_exercises_use_nothing_that_the_project_does_not_use() {
    let packages = |file: &str| -> BTreeSet<(String, String)> {
        let lock: toml::Table = read(file).parse().unwrap();
        let foreign =
            lock["package"].as_array().unwrap().iter().filter(|package| package.get("source").is_some());
        let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
        foreign.map(|package| (text(package, "name"), text(package, "version"))).collect()
    };
    let (all, exercises) = (packages("Cargo.lock"), packages("exercises/Cargo.lock"));
    let others: Vec<_> = exercises.difference(&all).collect();
    assert!(
        exercises.len() > 5 && others.is_empty(),
        "not in Cargo.lock: {others:?}; `cargo update --manifest-path exercises/Cargo.toml -p NAME --precise VERSION` makes them the same"
    );
}

#[test]
fn every_direct_dependency_is_justified_in_the_architecture_and_every_line_is_about_one() {
    let architecture = read("ARCHITECTURE.md");
    let (_, section) = architecture.split_once("\n## Dependencies\n").unwrap();
    let justified: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .flat_map(|crates| crates.split(',').map(str::trim))
        .filter(|name| !["crate", "---"].contains(name))
        .collect();
    let graph = Graph::of_this_workspace();
    let unjustified: Vec<&str> =
        graph.direct_dependencies().filter(|name| !justified.contains(name)).collect();
    assert!(unjustified.is_empty(), "without a line in ARCHITECTURE.md's table: {unjustified:?}");
    // The root manifest may specify a version of a crate that no package uses at the moment.
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let versions = manifest["workspace"]["dependencies"].as_table().unwrap();
    let unknown: Vec<&str> = justified.into_iter().filter(|name| !versions.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "in ARCHITECTURE.md's table, and in no manifest: {unknown:?}");
}
