//! The committed inputs, which ordinary tests replay.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The committed inputs of this target, sorted by path.
///
/// # Errors
/// If the folder or a file in it cannot be read; the message names it.
pub fn inputs(target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let named =
        |path: &Path, error: &io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let entries = fs::read_dir(&folder).map_err(|error| named(&folder, &error))?;
    let mut inputs = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| named(&folder, &error))?.path();
        let input = fs::read(&path).map_err(|error| named(&path, &error))?;
        inputs.push((path, input));
    }
    inputs.sort();
    Ok(inputs)
}
