//! The packages of the workspace and all its dependencies, as reported by cargo.

use std::collections::BTreeSet;
use std::process::Command;

use serde::Deserialize;

/// The output of `cargo metadata`, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Graph {
    pub(crate) packages: Vec<Package>,
    resolve: Resolve,
    /// Whether these are all packages of the lock file, for all systems and features.
    #[serde(skip)]
    pub(crate) is_whole: bool,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

/// The packages that a package really uses: manifests also name optional ones and those of others' tests.
#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// `None` for our own.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) req: String,
    /// `None` for our own, which are found by their paths.
    pub(crate) source: Option<String>,
}

impl Graph {
    pub(crate) fn of_this_workspace() -> Graph {
        if let Ok(whole) = metadata(&["--all-features"]) {
            return Graph { is_whole: true, ..whole };
        }
        let host = output(&["-vV"]).unwrap();
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let part = format!(
            "checked only for {host}, without optional features; download the rest with `cargo fetch --locked`"
        );
        assert!(std::env::var_os("NO_SKIP").is_none(), "NO_SKIP is set, and this would be {part}");
        eprintln!("{part}");
        metadata(&["--filter-platform", host]).unwrap_or_else(|error| panic!("cargo metadata: {error}"))
    }

    /// The crates that manifests of this workspace name, except our own.
    pub(crate) fn direct_dependencies(&self) -> impl Iterator<Item = &str> {
        self.ours()
            .flat_map(|package| &package.dependencies)
            .filter_map(|dependency| dependency.source.is_some().then_some(dependency.name.as_str()))
    }

    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none())
    }

    /// The packages that use a crate of this name.
    pub(crate) fn dependents_of(&self, name: &str) -> BTreeSet<&str> {
        let meant: BTreeSet<&str> = self
            .packages
            .iter()
            .filter(|package| package.name == name)
            .map(|package| package.id.as_str())
            .collect();
        let users = self
            .resolve
            .nodes
            .iter()
            .filter(|node| node.dependencies.iter().any(|id| meant.contains(id.as_str())));
        let name_of = |node: &Node| self.packages.iter().find(|package| package.id == node.id);
        users.filter_map(name_of).map(|package| package.name.as_str()).collect()
    }
}

fn metadata(arguments: &[&str]) -> Result<Graph, String> {
    let all = [&["metadata", "--locked", "--offline", "--format-version", "1"], arguments].concat();
    serde_json::from_str(&output(&all)?).map_err(|error| error.to_string())
}

/// The standard output of cargo, or its error message.
fn output(arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
