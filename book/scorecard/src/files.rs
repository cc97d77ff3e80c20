//! The files of a crate that are part of its program, and which of them belong to one model.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::code::Source;
use crate::registry::Model;

/// The files of a crate that its library and its programs consist of, from the project's folder. Files for tests alone are
/// left out, because nothing that is in the program leads to them.
pub(crate) fn of_crate(project: &Path, folder: &str) -> Result<BTreeSet<String>> {
    let sources = Path::new(folder).join("src");
    let mut open: Vec<PathBuf> = ["lib.rs", "main.rs"]
        .map(|name| sources.join(name))
        .into_iter()
        .filter(|file| project.join(file).exists())
        .collect();
    if let Ok(programs) = fs::read_dir(project.join(&sources).join("bin")) {
        for program in programs {
            let name = program.with_context(|| format!("cannot list the programs of {folder}"))?.file_name();
            open.push(sources.join("bin").join(name));
        }
    }
    let roots: BTreeSet<PathBuf> = open.iter().cloned().collect();
    let mut found = BTreeSet::new();
    while let Some(file) = open.pop() {
        let source = Source::read(project, &file)?;
        let is_root = roots.contains(&file);
        for name in source.modules()? {
            open.push(module(project, &file, is_root, &name)?);
        }
        found.insert(file.to_string_lossy().into_owned());
    }
    Ok(found)
}

/// The file of a module that is declared in another file.
fn module(project: &Path, parent: &Path, is_root: bool, name: &str) -> Result<PathBuf> {
    let beside = if is_root { parent.with_file_name("") } else { parent.with_extension("") };
    let candidates = [beside.join(format!("{name}.rs")), beside.join(name).join("mod.rs")];
    let Some(file) = candidates.into_iter().find(|file| project.join(file).exists()) else {
        bail!("{} declares the module {name}, and it has no file", parent.display());
    };
    Ok(file)
}

/// Of the files of a model's crate those that belong to this model alone. Where several models share a crate, each has its
/// page and its program; whatever is left belongs to the model whose page is the library's own file.
pub(crate) fn of_model(model: &Model, all: &[Model], files: &BTreeSet<String>) -> BTreeSet<String> {
    let has_the_rest = |model: &Model| model.page.ends_with("/src/lib.rs");
    let apart = |model: &Model| {
        let program = format!("{}/src/bin/{}.rs", model.folder, model.name);
        [model.page.clone(), program]
    };
    if !has_the_rest(model) {
        let own = apart(model);
        return files.iter().filter(|file| own.contains(file)).cloned().collect();
    }
    let others: Vec<String> = all
        .iter()
        .filter(|other| other.folder == model.folder && !has_the_rest(other))
        .flat_map(apart)
        .collect();
    files.iter().filter(|file| !others.contains(file)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, page: &str) -> Model {
        Model {
            name: name.to_owned(),
            service: "echo".to_owned(),
            folder: "crates/pool".to_owned(),
            page: format!("crates/pool/src/{page}"),
            rung: None,
        }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| format!("crates/pool/src/{name}")).collect()
    }

    #[test]
    fn models_that_share_a_crate_share_no_file() {
        let models = [model("pool", "lib.rs"), model("other", "on_other.rs")];
        let files = set(&["lib.rs", "main.rs", "help.rs", "on_other.rs", "bin/other.rs"]);
        assert_eq!(of_model(&models[0], &models, &files), set(&["lib.rs", "main.rs", "help.rs"]));
        assert_eq!(of_model(&models[1], &models, &files), set(&["on_other.rs", "bin/other.rs"]));
    }

    #[test]
    fn files_for_tests_alone_are_not_found_and_all_others_are() {
        let project = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = project.path().join("crates/pool/src").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("lib.rs", "mod a;\n#[cfg(test)]\nmod tests;\n");
        write("a.rs", "mod b;\n#[cfg(all(test, loom))]\nmod all_orders;\n");
        write("a/b.rs", "");
        write("tests.rs", "");
        write("bin/other.rs", "fn main() {}");
        let found = of_crate(project.path(), "crates/pool").unwrap();
        assert_eq!(found, set(&["lib.rs", "a.rs", "a/b.rs", "bin/other.rs"]));
        write("a/b.rs", "mod gone;\n");
        let error = of_crate(project.path(), "crates/pool").unwrap_err().to_string();
        assert!(error.contains("declares the module gone, and it has no file"), "{error}");
    }
}
