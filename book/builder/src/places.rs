//! Where everything stands in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The repository that the book is about and lies in.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    root: PathBuf,
}

impl Places {
    /// The repository that this program was built from.
    pub(crate) fn of_this_repository() -> Places {
        let builder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = builder.ancestors().nth(2).unwrap_or(builder);
        Places::at(root)
    }

    pub(crate) fn at(root: &Path) -> Places {
        Places { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.root.join("book")
    }

    /// The chapters.
    pub(crate) fn chapters(&self) -> PathBuf {
        self.book().join("src")
    }

    /// What commands have printed.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.book().join("outputs")
    }

    /// What `build` writes.
    pub(crate) fn html(&self) -> PathBuf {
        self.book().join("html")
    }

    /// A file's text, by its path from the root.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        let file = self.root.join(path);
        ensure!(file.is_file(), "{path} is no file of the repository; give its path from the root");
        fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))
    }
}
