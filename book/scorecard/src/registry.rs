//! The models, as the launcher lists them: this program depends on no server.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What must be known of a model.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) service: String,
    /// Of its crate, from the project's folder.
    pub(crate) folder: String,
    /// The file that a reader learns it from.
    pub(crate) page: String,
    /// The model that this reader comes from.
    pub(crate) rung: Option<String>,
}

impl Model {
    /// The name of its package.
    pub(crate) fn package(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// The name of its own program.
    pub(crate) fn program(&self) -> String {
        if self.service == "primes" { self.name.clone() } else { format!("server-{}", self.name) }
    }
}

/// All models of the registry.
pub(crate) fn models(project: &Path, launcher: Option<&Path>) -> Result<Vec<Model>> {
    let mut command = Command::new(launcher.unwrap_or(Path::new("cargo")));
    if launcher.is_none() {
        command.args(["run", "--quiet", "--locked", "--"]);
    }
    let output = command
        .args(["list", "--json"])
        .current_dir(project)
        .output()
        .context("cannot start the launcher that lists the models")?;
    ensure!(
        output.status.success(),
        "the launcher could not list the models: {}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    let models: Vec<Model> =
        serde_json::from_slice(&output.stdout).context("`list --json` printed something else than models")?;
    ensure!(!models.is_empty(), "`list --json` names no model");
    Ok(models)
}
