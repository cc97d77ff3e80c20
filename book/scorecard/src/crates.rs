//! What a crate depends on, as cargo itself says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What is served. It is the same for all models of a service, and it has nothing to do with concurrency.
const SERVED: [&str; 2] = ["prime", "protocol"];

/// The dependencies of a crate at run time.
#[derive(Debug, PartialEq)]
pub(crate) struct Dependencies {
    /// Those that its manifest names.
    pub(crate) direct: usize,
    /// All of them.
    pub(crate) total: usize,
    /// Those that are ours, but for what is served, with their folders from the project's folder.
    pub(crate) ours: BTreeMap<String, String>,
}

/// The dependencies of this package.
pub(crate) fn dependencies(project: &Path, package: &str) -> Result<Dependencies> {
    let direct = listed(project, package, &["--depth", "1"])?;
    let all = listed(project, package, &[])?;
    Ok(of(project, package, &direct, &all))
}

/// A line for each crate: its name, its version, and the folder if it is not from a registry.
fn listed(project: &Path, package: &str, further: &[&str]) -> Result<String> {
    let output = Command::new("cargo")
        .args(["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}"])
        .args(further)
        .current_dir(project)
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "`cargo tree` failed for {package}: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn of(project: &Path, package: &str, direct: &str, all: &str) -> Dependencies {
    let prefix = format!("({}/", project.display());
    let others = |text: &str| -> BTreeSet<String> {
        let crates = text.lines().filter(|line| !line.is_empty());
        let identity = |line: &str| line.split(' ').take(2).collect::<Vec<&str>>().join(" ");
        crates.map(identity).filter(|line| line.split(' ').next() != Some(package)).collect()
    };
    let ours = all.lines().filter_map(|line| {
        let name = line.split(' ').next()?;
        let (_, folder) = line.split_once(&prefix)?;
        let (folder, _) = folder.split_once(')')?;
        Some((name.to_owned(), folder.to_owned()))
    });
    Dependencies {
        direct: others(direct).len(),
        total: others(all).len(),
        ours: ours.filter(|(name, _)| name != package && !SERVED.contains(&name.as_str())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_counts_once_and_ours_are_told_from_others() {
        let direct =
            "server-x v0.1.0 (/p/crates/server-x)\nsockets v0.1.0 (/p/crates/sockets)\nslab v0.4.12\n";
        let all = "server-x v0.1.0 (/p/crates/server-x)\nsockets v0.1.0 (/p/crates/sockets)\nslab v0.4.12\n\
                   protocol v0.1.0 (/p/crates/protocol)\nslab v0.4.12 (*)\nslab v0.5.0\nmacros v1.0.0 (proc-macro)\n\n";
        let found = of(Path::new("/p"), "server-x", direct, all);
        let ours = BTreeMap::from([("sockets".to_owned(), "crates/sockets".to_owned())]);
        assert_eq!(found, Dependencies { direct: 2, total: 5, ours });
    }
}
