//! README says what the registry says.

#[test]
fn the_table_of_models_in_readme_is_the_registry() {
    let readme = include_str!("../README.md");
    let (_, after) = readme.split_once("list --markdown -->\n").expect("README has the opening marker");
    let (table, _) = after.split_once("<!-- /models -->").expect("README has the closing marker");
    let registry = concurrent_servers::list::markdown();
    assert!(table == registry, "put this between the markers in README:\n{registry}");
}
