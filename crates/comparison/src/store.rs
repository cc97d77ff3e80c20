//! The folder of a run: `run.json` describes the run, `records.jsonl` has a line for each trial.
//!
//! Records are written as soon as the trials of their group have ended, so an interrupted run keeps its records. Only the last line can
//! be incomplete; its trial is made again.
//!
//! One process at a time writes to a run: it holds a lock on the records for as long as it does, and the kernel releases
//! the lock however the process ends. A trial that is recorded twice nevertheless counts once.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use text::{files, output};

use crate::record::{Comparison, FORMAT, OLDEST_FORMAT, Record, Run};

const RUN: &str = "run.json";
const RECORDS: &str = "records.jsonl";

/// The largest number of runs that begin in the same second and are named after it.
const SAME_SECOND: u32 = 100;

/// A folder that a run is being written to, locked against other writers.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    records: File,
    /// Of the records, in bytes: nobody else writes them.
    length: u64,
}

impl Store {
    /// A new folder for a new run.
    ///
    /// # Errors
    /// It already has a run, another process is writing a run to it, or it cannot be written.
    pub fn create(folder: &Path, run: &Run) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot create the folder {}; name one that can be written with --out", folder.display())
        })?;
        // With the lock held, nobody else can find the folder without a run, too.
        let store = Store::open(folder, true)?;
        let file = folder.join(RUN);
        ensure!(
            !file.exists() && store.records.metadata().is_ok_and(|records| records.len() == 0),
            "{} already has a run; give another folder, or continue that run with --resume",
            folder.display()
        );
        let text = serde_json::to_string_pretty(run)? + "\n";
        files::replace(&file, text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(store)
    }

    /// A new folder in this one, named after the time at which the run began; with a number behind it if another run
    /// began in the same second.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create_in(parent: &Path, run: &Run) -> Result<Self> {
        let cannot =
            || format!("cannot create a folder in {}; name another one with --out", parent.display());
        fs::create_dir_all(parent).with_context(cannot)?;
        let name = run.started.replace(':', "-");
        for number in 1..=SAME_SECOND {
            let folder = parent.join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
            match fs::create_dir(&folder) {
                Ok(()) => return Store::create(&folder, run),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(cannot),
            }
        }
        bail!("{} runs began at {}; name another folder with --out", SAME_SECOND, run.started)
    }

    /// The folder of a run to resume, and its records so far.
    ///
    /// # Errors
    /// There is no run in it, another process is writing to it, or it cannot be read or written.
    pub fn resume(folder: &Path) -> Result<(Self, Comparison)> {
        // Read once before the lock: without a run, nothing is to be locked.
        let format = load(folder)?.run.format;
        ensure!(
            format == FORMAT,
            "the run in {} has the format {format}, in which this program does not write; show it with --from, or start a \
             new run",
            folder.display()
        );
        let mut store = Store::open(folder, false)?;
        let comparison = load(folder)?;
        // Drop an incomplete last line; keep all others unchanged.
        let path = folder.join(RECORDS);
        let whole = whole_lines(&path)?.len() as u64;
        store.records.set_len(whole).with_context(|| format!("cannot write {}", path.display()))?;
        store.length = whole;
        Ok((store, comparison))
    }

    fn open(folder: &Path, is_new: bool) -> Result<Self> {
        let path = folder.join(RECORDS);
        let file = OpenOptions::new().append(true).create(is_new).open(&path);
        let records = file.with_context(|| format!("cannot write {}", path.display()))?;
        match lock(&records) {
            Ok(()) => {
                let length =
                    records.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
                Ok(Store { folder: folder.to_owned(), records, length })
            }
            Err(Errno::WOULDBLOCK) => bail!(
                "another process is writing to the run in {}; wait until it has ended, or end it",
                folder.display()
            ),
            Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// Adds the records of one group; when this returns, the operating system has them, under the name by which they will be
    /// looked for.
    ///
    /// # Errors
    /// They cannot be written, or the file has been removed, replaced or changed since the last records.
    pub fn append(&mut self, records: &[Record]) -> Result<()> {
        let mut lines = String::new();
        for record in records {
            lines.push_str(&serde_json::to_string(record)?);
            lines.push('\n');
        }
        let path = self.folder.join(RECORDS);
        // In one call, so that an interruption leaves at most one incomplete line.
        self.records
            .write_all(lines.as_bytes())
            .with_context(|| format!("cannot write to {}", path.display()))?;
        self.length += lines.len() as u64;
        let written = self.records.metadata().map(|records| (records.dev(), records.ino(), self.length));
        let found = fs::metadata(&path).map(|records| (records.dev(), records.ino(), records.len()));
        ensure!(
            written.ok() == found.ok(),
            "{} was removed or changed while the run writes to it: what is missing there is lost",
            path.display()
        );
        Ok(())
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Locks a file against other writers, without waiting for one that holds it. A process that is just being started still
/// has the descriptors of its parent for a moment, so a lock that was released may need a few attempts.
fn lock(file: &File) -> Result<(), Errno> {
    const ATTEMPTS: u32 = 10;
    for _ in 1..ATTEMPTS {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK | Errno::INTR) => thread::sleep(Duration::from_millis(30)),
            result => return result,
        }
    }
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Whether there is a run in this folder, readable or not.
pub fn has_run(folder: &Path) -> bool {
    folder.join(RUN).exists()
}

/// Reads a run from its folder. Of several records of the same trial only the first counts; a warning on standard error
/// then says so.
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
    if !format.is_some_and(|format| (OLDEST_FORMAT.into()..=FORMAT.into()).contains(&format)) {
        bail!(
            "{} has the format {}, and this program reads {OLDEST_FORMAT} to {FORMAT}; read it with the version that wrote it",
            path.display(),
            format.map_or_else(|| "of no run".to_owned(), |format| format.to_string())
        );
    }
    let run =
        serde_json::from_str(&text).with_context(|| format!("{} does not describe a run", path.display()))?;

    let path = folder.join(RECORDS);
    let text = whole_lines(&path)?;
    let (mut records, mut known, mut repeated) = (Vec::new(), HashSet::new(), 0_usize);
    for (line, number) in text.split_inclusive(|&byte| byte == b'\n').zip(1..) {
        let record = serde_json::from_slice::<Record>(line);
        let record = record.with_context(|| format!("{}, line {number}", path.display()))?;
        if known.insert(record.key()) {
            records.push(record);
        } else {
            repeated += 1;
        }
    }
    if repeated > 0 {
        output::note(&format!(
            "warning: {} records in {} are of trials that it already has; they do not count",
            repeated,
            path.display()
        ));
    }
    Ok(Comparison { run, records })
}

/// The complete lines of a file. The end of an incomplete one may even be in the middle of a character.
fn whole_lines(path: &Path) -> Result<Vec<u8>> {
    let mut text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    text.truncate(end);
    Ok(text)
}

#[cfg(test)]
mod tests;
