//! SECURITY.md names the tests of its promises: they must exist.

use std::fs;
use std::path::{Path, PathBuf};

use chassis::Options;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text() -> String {
    fs::read_to_string(root().join("SECURITY.md")).unwrap()
}

/// The rows of the tables of promises, as their columns.
fn promises(text: &str) -> Vec<Vec<&str>> {
    let tables = text.split("| promise | in words | tested by |\n| --- | --- | --- |\n").skip(1);
    let rows =
        tables.flat_map(|table| table.lines().map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |")));
    rows.map(|row| row.split(" | ").collect()).collect()
}

/// Every piece of the text between `open` and `close`.
fn between<'text>(text: &'text str, open: &str, close: &str) -> Vec<&'text str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

#[test]
fn every_promise_is_tested_by_a_case_or_a_test_that_exists() {
    let text = text();
    let promises = promises(&text);
    assert!(promises.len() >= 10, "the table of promises was not found");
    for promise in promises {
        let &[title, _, holds] = &promise[..] else { panic!("not three columns: {promise:?}") };
        let cases: Vec<&str> = holds.split('`').skip(1).step_by(2).filter(|id| !id.contains(' ')).collect();
        for id in &cases {
            assert_eq!(conformance::find(id).len(), 1, "{title}: no case {id}");
        }
        assert!(!cases.is_empty() || holds.contains(".rs"), "{title}: nothing tests it");
    }
}

#[test]
fn every_file_that_is_linked_exists() {
    let text = text();
    let links = between(&text, "](", ")");
    assert!(!links.is_empty(), "SECURITY.md has no links");
    for link in links {
        assert!(root().join(link).exists(), "SECURITY.md links to {link}");
    }
}

#[test]
fn a_server_listens_on_a_loopback_address_by_default() {
    assert!(Options::default().addr.all().iter().all(|address| address.ip().is_loopback()));
}

/// The files that may use `unsafe`, and how often. SECURITY.md names them.
const UNSAFE: &[(&str, usize)] = &[
    ("crates/protocol/src/engine.rs", 1),
    ("crates/stacks/src/lib.rs", 6),
    ("crates/server-select/src/lib.rs", 1),
    ("crates/sockets/src/completion/buffers.rs", 4),
    ("crates/sockets/src/completion/ring.rs", 1),
];

#[test]
fn the_files_that_use_unsafe_are_named_in_the_document() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    for (file, _) in UNSAFE {
        assert!(document.contains(file), "SECURITY.md does not name {file}");
    }
}

#[test]
fn no_package_allows_what_the_workspace_denies() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(manifest["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    let mut folders = vec![root().to_owned(), root().join("fuzz")];
    for rooms in ["crates", "clients"] {
        let entries = fs::read_dir(root().join(rooms)).unwrap();
        folders.extend(entries.map(|entry| entry.unwrap().path()));
    }
    for folder in folders {
        // A folder of build outputs has no manifest.
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let manifest: toml::Table = manifest.parse().unwrap();
        let inherits = manifest["lints"].get("workspace").and_then(toml::Value::as_bool);
        assert_eq!(inherits, Some(true), "{}: `[lints] workspace = true` is missing", folder.display());
        for source in rust_files(&folder.join("src")) {
            let text = fs::read_to_string(&source).unwrap();
            let uses = ["allow(unsafe_code", "expect(unsafe_code"].map(|door| text.matches(door).count());
            let named = UNSAFE.iter().find(|(file, _)| source.ends_with(file)).map_or(0, |(_, uses)| *uses);
            assert_eq!(uses, [0, named], "{}: places that allow and expect unsafe code", source.display());
            let reasons = text.matches("// SAFETY:").count();
            assert_eq!(reasons, named, "{}: unsafe blocks that say why they are sound", source.display());
        }
    }
}

/// All Rust files below a folder.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let files = rust_files_below(folder);
    // Where nothing is looked at, nothing is found.
    assert!(!files.is_empty(), "there is no Rust file in {}", folder.display());
    files
}

fn rust_files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { rust_files_below(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
