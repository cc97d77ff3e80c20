//! The size of a model's program.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use text::output;

use crate::registry::Model;

/// All programs are built here, so that what they have in common is built once.
const TARGET: &str = "book/target/programs";

/// The size of a model's own program, built for release, without symbols.
pub(crate) fn size(project: &Path, model: &Model) -> Result<u64> {
    let program = model.program();
    output::note(&format!("building {program}"));
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "--package", model.package(), "--bin", &program])
        .args(["--target-dir", TARGET])
        .current_dir(project)
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "{program} could not be built");
    let stripped = tempfile::tempdir().context("cannot make a folder for a program without symbols")?;
    let stripped = stripped.path().join(&program);
    let status = Command::new("strip")
        .arg("-o")
        .args([&stripped, &project.join(TARGET).join("release").join(&program)])
        .status()
        .context("cannot start `strip`; it comes with the linker, in Debian's package binutils")?;
    ensure!(status.success(), "the symbols of {program} could not be removed");
    Ok(fs::metadata(&stripped).with_context(|| format!("cannot find {program} without symbols"))?.len())
}

/// The compiler that builds them.
pub(crate) fn compiler(project: &Path) -> Result<String> {
    let output =
        Command::new("rustc").arg("--version").current_dir(project).output().context("cannot start rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
