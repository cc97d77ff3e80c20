//! Command lines of other programs: what cargo is asked for exists, and the rest is listed as not run.

use std::fs;

use anyhow::{Result, ensure};

use super::Verdict;
use crate::chapter::Use;
use crate::directives::Directive;
use crate::finding::Finding;
use crate::places::Places;
use crate::words;

/// Looks at all of them.
pub(super) fn known(places: &Places, uses: &[Use]) -> Verdict {
    let (mut known, mut others) = (0, Vec::new());
    let mut findings = Vec::new();
    for of in uses {
        let Directive::Shell(shell) = &of.directive else { continue };
        let words = words::split(&shell.text).unwrap_or_default();
        if words.first().is_none_or(|word| word != "cargo") {
            others.push(shell.text.as_str());
            continue;
        }
        known += 1;
        if let Err(error) = exists(places, &words) {
            findings.push(Finding::new(&of.place, format!("`{}`: {error}", shell.text)));
        }
    }
    let mut seen = format!("{known} of cargo, {} not run", others.len());
    others.sort_unstable();
    others.dedup();
    for other in others {
        seen += &format!("\n  not run: {other}");
    }
    Verdict { seen, findings }
}

/// Whether the package, the manifest and the target that cargo is asked for exist.
fn exists(places: &Places, words: &[String]) -> Result<()> {
    for pair in words.windows(2) {
        let (option, value) = (pair[0].as_str(), pair[1].as_str());
        match option {
            "-p" | "--package" => ensure!(has_package(places, value), "there is no package {value}"),
            "--manifest-path" => ensure!(places.root().join(value).is_file(), "there is no {value}"),
            "--test" | "--bench" => {
                let folder = if option == "--test" { "tests" } else { "benches" };
                let candidates = [format!("{folder}/{value}.rs"), format!("{folder}/{value}/main.rs")];
                let is_there = candidates.iter().any(|file| places.root().join(file).is_file());
                ensure!(is_there, "{folder} has no {value}");
            }
            "--" => break,
            _ => {}
        }
    }
    Ok(())
}

/// Whether a folder of the repository is this package.
fn has_package(places: &Places, name: &str) -> bool {
    let folders = ["", "crates/", "clients/", "exercises/", "book/"];
    let names = |folder: &str| {
        let manifest = match folder {
            "" => "Cargo.toml".to_owned(),
            _ => format!("{folder}{name}/Cargo.toml"),
        };
        let text = fs::read_to_string(places.root().join(manifest)).unwrap_or_default();
        text.lines().any(|line| line == format!("name = \"{name}\""))
    };
    folders.into_iter().any(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_does_not_find_is_found() {
        let places = Places::of_this_repository();
        let problem =
            |line: &str| exists(&places, &words::split(line).unwrap()).err().map(|error| error.to_string());
        for right in [
            "cargo test -p protocol",
            "cargo test --test conformance -- mio::",
            "cargo run -p concurrent-servers",
        ] {
            assert_eq!(problem(right), None, "{right}");
        }
        assert_eq!(problem("cargo test -p protocoll").as_deref(), Some("there is no package protocoll"));
        assert_eq!(problem("cargo test --test nothing").as_deref(), Some("tests has no nothing"));
        assert_eq!(
            problem("cargo run --manifest-path none/Cargo.toml").as_deref(),
            Some("there is no none/Cargo.toml")
        );
    }
}
