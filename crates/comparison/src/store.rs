//! The folder of a run: `run.json` describes the run, `records.jsonl` has a line for each trial.
//!
//! A record is written as soon as its trial has ended, so an interrupted run keeps its records. Only the last line can
//! be incomplete; its trial is made again.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::record::{Comparison, FORMAT, Record, Run};

const RUN: &str = "run.json";
const RECORDS: &str = "records.jsonl";

/// A folder that a run is being written to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    records: File,
}

impl Store {
    /// A new folder for a new run.
    ///
    /// # Errors
    /// It already has a run, or it cannot be written.
    pub fn create(folder: &Path, run: &Run) -> Result<Self> {
        let file = folder.join(RUN);
        ensure!(
            !file.exists(),
            "{} already has a run; give another folder, or continue that run with --resume",
            folder.display()
        );
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot create the folder {}; name one that can be written with --out", folder.display())
        })?;
        let text = serde_json::to_string_pretty(run)? + "\n";
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        Store::open(folder, true)
    }

    /// The folder of a run to resume, and its records so far.
    ///
    /// # Errors
    /// There is no run in it, or it cannot be read or written.
    pub fn resume(folder: &Path) -> Result<(Self, Comparison)> {
        let comparison = load(folder)?;
        let store = Store::open(folder, false)?;
        // Drop an incomplete last line; keep all others unchanged.
        let path = folder.join(RECORDS);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let whole: usize =
            text.split_inclusive(|&byte| byte == b'\n').take(comparison.records.len()).map(<[u8]>::len).sum();
        store.records.set_len(whole as u64).with_context(|| format!("cannot write {}", path.display()))?;
        Ok((store, comparison))
    }

    fn open(folder: &Path, is_new: bool) -> Result<Self> {
        let path = folder.join(RECORDS);
        let file = OpenOptions::new().append(true).create(is_new).open(&path);
        let records = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Store { folder: folder.to_owned(), records })
    }

    /// Adds a record; when this returns, the operating system has it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let line = serde_json::to_string(record)? + "\n";
        self.records
            .write_all(line.as_bytes())
            .with_context(|| format!("cannot write to {}", self.folder.join(RECORDS).display()))
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Reads a run from its folder.
///
/// # Errors
/// There is no run, it has another format, or a complete line is invalid.
pub fn load(folder: &Path) -> Result<Comparison> {
    let path = folder.join(RUN);
    let text = fs::read_to_string(&path).with_context(|| {
        format!("cannot read {}; is {} the folder of a run?", path.display(), folder.display())
    })?;
    let format = serde_json::from_str::<serde_json::Value>(&text)
        .with_context(|| format!("{} is not JSON", path.display()))?
        .get("format")
        .and_then(serde_json::Value::as_u64);
    if format != Some(FORMAT.into()) {
        bail!("{} has another format than {FORMAT}; read it with the version that wrote it", path.display());
    }
    let run =
        serde_json::from_str(&text).with_context(|| format!("{} does not describe a run", path.display()))?;

    let path = folder.join(RECORDS);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<&str> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    let mut records = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let record = serde_json::from_str::<Record>(line);
        records.push(record.with_context(|| format!("{}, line {}", path.display(), index + 1))?);
    }
    Ok(Comparison { run, records })
}

#[cfg(test)]
mod tests;
