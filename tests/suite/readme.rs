//! The documents agree with the registry and the newest recorded run.

use std::path::Path;

use concurrent_servers::commands::{list, record};

#[test]
fn the_table_of_models_in_readme_is_the_registry() {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("list --markdown -->\n").expect("README has the opening marker");
    let (table, _) = after.split_once("<!-- /models -->").expect("README has the closing marker");
    let registry = list::markdown();
    assert!(
        table == registry,
        "README's table of models is not the registry's. Put this between the markers, without blank lines; \
         `cargo run -- list --markdown` prints it:\n{registry}"
    );
}

#[test]
fn the_figures_in_the_documents_are_those_of_the_newest_recorded_run() {
    let drifted = record::drifted(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(
        drifted.is_empty(),
        "drifted: {drifted:?}; write them with `cargo run --release -- record --write`"
    );
}
