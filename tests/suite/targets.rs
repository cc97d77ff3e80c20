//! Where a manifest says `test = false` or `doctest = false`, cargo links no test program, and a test would be silently
//! left out.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::security::rust_files;

/// The packages of this workspace, as cargo itself describes them.
pub(crate) fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// All libraries and programs of this workspace.
fn targets() -> Vec<Value> {
    let targets = packages().into_iter().flat_map(|package| package["targets"].as_array().unwrap().clone());
    targets.filter(|target| target["kind"][0] == "lib" || target["kind"][0] == "bin").collect()
}

/// The files of a target: a program's own file, or all of a library's folder.
fn sources(target: &Value) -> Vec<PathBuf> {
    let root = PathBuf::from(target["src_path"].as_str().unwrap());
    if target["kind"][0] == "bin" { vec![root] } else { rust_files(root.parent().unwrap()) }
}

/// Whether a line opens an example that rustdoc would run: one without a language, or in Rust.
fn opens_example(line: &str, is_open: &mut bool) -> bool {
    let Some(fence) =
        line.trim_start().strip_prefix("//").and_then(|line| line[1..].trim().strip_prefix("```"))
    else {
        return false;
    };
    *is_open = !*is_open;
    *is_open && ["", "no_run", "should_panic", "rust"].contains(&fence)
}

#[test]
fn no_test_is_in_a_target_that_is_not_tested() {
    let mut looked_at = 0;
    for target in targets() {
        let [is_tested, has_doctests] = ["test", "doctest"].map(|name| target[name] == true);
        for source in sources(&target) {
            let text = fs::read_to_string(&source).unwrap();
            let has_test = text.lines().any(|line| line.trim() == "#[test]");
            assert!(is_tested || !has_test, "{}: remove `test = false`: it has tests", source.display());
            let mut is_open = false;
            let has_example = text.lines().any(|line| opens_example(line, &mut is_open));
            let is_run = has_doctests || target["kind"][0] == "bin";
            assert!(
                is_run || !has_example,
                "{}: remove `doctest = false`: it has examples",
                source.display()
            );
            looked_at += usize::from(!is_tested || !has_doctests);
        }
    }
    assert!(looked_at > 0, "no such target was found");
}
