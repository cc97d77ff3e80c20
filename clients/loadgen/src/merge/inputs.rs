//! The logs to merge: each file once, each interval once, and nothing that the sum is written to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::interval_log::{self, Contents, Interval};

/// A log of an hour in intervals of a second takes some 20 MiB.
const MAX_LOG_BYTES: u64 = 256 << 20;

/// One log and the name of its file.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) file: PathBuf,
    pub(super) intervals: Vec<Interval>,
    /// The identity of this log, and of all that were added up in it.
    pub(super) identities: BTreeSet<u64>,
}

impl Input {
    pub(super) fn new(file: &Path, contents: Contents) -> Self {
        let Contents { intervals, sum_of: mut identities } = contents;
        // Logs without samples may well be equal.
        if intervals.iter().any(|interval| !interval.times_ns.is_empty()) {
            identities.insert(identity_of(&intervals));
        }
        Input { file: file.to_owned(), intervals, identities }
    }
}

/// Checks that no file is given twice, under whatever name, and that the output is none of them: it would be added to
/// itself.
///
/// # Errors
/// The two names.
pub(super) fn check(files: &[PathBuf], out: Option<&Path>) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for file in files {
        // A file that is not there is reported when it is read.
        let Some(identity) = identity(file) else { continue };
        if let Some(earlier) = seen.insert(identity, file) {
            let (file, earlier) = (file.display(), earlier.display());
            return Err(format!(
                "{earlier} and {file} are the same file, which would count twice; give it once"
            ));
        }
    }
    if let Some((out, file)) = out.and_then(|out| Some((out, seen.get(&identity(out)?)?))) {
        return Err(format!(
            "--out {} is one of the logs to merge ({}), and would be added to itself; leave it out of them, or write the \
             sum to a file that the pattern does not match",
            out.display(),
            file.display()
        ));
    }
    Ok(())
}

/// What all names of a file have in common: its file system and its number there.
fn identity(file: &Path) -> Option<(u64, u64)> {
    fs::metadata(file).ok().map(|found| (found.dev(), found.ino()))
}

/// Reads all logs.
///
/// # Errors
/// A file that cannot be read or is not a histogram log, or that holds an interval twice; two logs with the same times, as a sum and a part of it.
pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs: Vec<Input> = Vec::new();
    for file in files {
        let input = Input::new(file, read_log(file)?);
        ensure!(
            !repeats_an_interval(&input.intervals),
            "{} holds the same interval twice, which would count twice; join no log with itself",
            file.display()
        );
        for earlier in &inputs {
            let share = !input.identities.is_disjoint(&earlier.identities);
            ensure!(
                !(share || is_within(&input, earlier) || is_within(earlier, &input)),
                "{} and {} hold the same times, which would count twice; give a sum or its parts, and no copies",
                earlier.file.display(),
                file.display()
            );
        }
        inputs.push(input);
    }
    Ok(inputs)
}

fn read_log(file: &Path) -> anyhow::Result<Contents> {
    let name = file.display();
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|log| log.take(MAX_LOG_BYTES + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {name}"))?;
    let help = || format!("{name} is not a histogram log; give files that --hist-out wrote");
    ensure!(bytes.len() as u64 <= MAX_LOG_BYTES, "{}: it has more than {MAX_LOG_BYTES} bytes", help());
    let text = String::from_utf8(bytes).context("it is not UTF-8 text").with_context(help)?;
    interval_log::read(&text).with_context(help)
}

/// A number that depends on all times of a log, and not on how they are encoded (FNV-1a, 64 bits).
fn identity_of(intervals: &[Interval]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for interval in intervals {
        add(interval.tag.as_bytes());
        for time in [interval.start, interval.length] {
            add(&time.as_nanos().to_be_bytes());
        }
        for step in interval.times_ns.iter_recorded() {
            add(&step.value_iterated_to().to_be_bytes());
            add(&step.count_at_value().to_be_bytes());
        }
    }
    hash
}

/// Whether two intervals are equal, samples included. Each has a tag and a start of its own in a log as it was written.
fn repeats_an_interval(intervals: &[Interval]) -> bool {
    let mut samples: Vec<&Interval> =
        intervals.iter().filter(|interval| !interval.times_ns.is_empty()).collect();
    samples.sort_by(|one, other| (&one.tag, one.start).cmp(&(&other.tag, other.start)));
    samples.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether everything in `one` is also in `other`, as in a log that it was appended to. Times are measured in
/// nanoseconds, so this is no coincidence.
fn is_within(one: &Input, other: &Input) -> bool {
    let mut samples = one.intervals.iter().filter(|interval| !interval.times_ns.is_empty()).peekable();
    samples.peek().is_some() && samples.all(|interval| other.intervals.contains(interval))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_log_that_was_joined_with_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let log = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let mut times_ns = hdrhistogram::Histogram::new(3).unwrap();
        times_ns.record(7).unwrap();
        let second = std::time::Duration::from_secs(1);
        let interval = Interval { tag: "a".into(), meaning: None, start: second, length: second, times_ns };
        let later = Interval { start: 2 * second, ..interval.clone() };
        let text = |intervals: &[Interval]| {
            let mut bytes = Vec::new();
            let contents = Contents { intervals: intervals.to_vec(), ..Contents::default() };
            interval_log::write(&contents, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(read(&[log("right", &text(&[interval.clone(), later.clone()]))]).unwrap().len(), 1);
        let twice = [interval.clone(), later, interval].map(|interval| text(&[interval])).concat();
        let error = read(&[log("twice", &twice)]).unwrap_err().to_string();
        assert!(error.contains("holds the same interval twice"), "{error}");
    }

    #[test]
    fn a_file_is_recognised_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        fs::write(path("one"), "").unwrap();
        fs::write(path("two"), "").unwrap();
        symlink("one", path("symbolic")).unwrap();
        fs::hard_link(path("one"), path("hard")).unwrap();
        let again = folder.path().join(".").join("one");
        for other in [path("one"), path("symbolic"), path("hard"), again] {
            let twice = check(&[path("one"), path("two"), other.clone()], None).unwrap_err();
            assert!(
                twice.contains("are the same file") && twice.contains(other.to_str().unwrap()),
                "{twice}"
            );
            let out = check(&[path("two"), path("one")], Some(&other)).unwrap_err();
            assert!(out.starts_with(&format!("--out {} is one of the logs", other.display())), "{out}");
        }
        check(&[path("one"), path("two"), path("missing")], Some(&path("sum"))).unwrap();
    }
}
