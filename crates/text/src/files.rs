//! Files that are replaced whole.
//!
//! The new content is written to a temporary file in the same folder, synced to the disk, and renamed over the old
//! file. So a full disk, a crash or a signal leaves the old content, and a reader finds the old content or the new
//! one, never a part of it.
//!
//! What is not a regular file (a device, a pipe, a terminal) has no content to keep and is written directly. So is a
//! file that is named through `/proc`, as `/dev/stdout` does: a program has it open and would not notice a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// As many symbolic links as Linux follows.
const MAX_LINKS: usize = 40;

/// Names tried for a temporary file. One is taken only if a process with the same number died while it wrote.
const MAX_NAMES: usize = 100;

/// Numbers the temporary files of this process.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// A file whose content will be replaced.
#[derive(Debug)]
pub struct Replacement(Place);

#[derive(Debug)]
enum Place {
    /// Written directly.
    Opened(File),
    /// Replaced by renaming. The path is no symbolic link.
    Renamed(PathBuf),
}

/// Replaces the content of the file at `path`, or creates it.
///
/// # Errors
/// The file cannot be written; it then has its old content.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Replacement::prepare(path)?.write(bytes)
}

impl Replacement {
    /// Checks that the file at `path` can be replaced, or created, and changes nothing. Opens a pipe, which waits for
    /// its reader.
    ///
    /// Symbolic links are followed and stay. Other hard links keep the old content.
    ///
    /// # Errors
    /// The file may not be written, it is a folder, or no file can be created in its folder.
    pub fn prepare(path: &Path) -> io::Result<Self> {
        let is_regular = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(found) => found.is_file(),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        };
        let target = if is_regular { target(path)? } else { None };
        let Some(target) = target else {
            // Behind what is there already: a program may have written to this file before.
            return Ok(Replacement(Place::Opened(OpenOptions::new().append(true).open(path)?)));
        };
        // A file that is protected against writing must not be replaced either.
        match OpenOptions::new().write(true).open(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (probe, _) = temporary(&target)?;
        fs::remove_file(probe)?;
        Ok(Replacement(Place::Renamed(target)))
    }

    /// Replaces the content.
    ///
    /// # Errors
    /// The disk is full or another error of writing. A regular file then has its old content.
    pub fn write(self, bytes: &[u8]) -> io::Result<()> {
        let target = match self.0 {
            Place::Opened(mut file) => return file.write_all(bytes),
            Place::Renamed(target) => target,
        };
        let (temporary, file) = temporary(&target)?;
        let result = fill(file, bytes, &target).and_then(|()| fs::rename(&temporary, &target));
        if result.is_err() {
            // The first error is the cause.
            let _ = fs::remove_file(&temporary);
        } else {
            // Syncing the folder makes the new name durable; some file systems do not offer it.
            let _ = File::open(folder(&target)).and_then(|folder| folder.sync_all());
        }
        result
    }
}

/// The file that `path` refers to, all symbolic links followed, whether it exists or not; `None` if it is in `/proc`.
fn target(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(ErrorKind::InvalidInput, "this is not the name of a file"));
        };
        path = fs::canonicalize(folder(&path))?.join(name);
        if path.starts_with("/proc") {
            return Ok(None);
        }
        match fs::read_link(&path) {
            Ok(link) => path = folder(&path).join(link),
            Err(_) => return Ok(Some(path)),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "there are too many symbolic links"))
}

/// The folder that a file is in.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new, empty file in the folder of `target`.
fn temporary(target: &Path) -> io::Result<(PathBuf, File)> {
    let folder = folder(target);
    for _ in 0..MAX_NAMES {
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".new-{}-{number}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                let message = format!("no file can be created in {}: {error}", folder.display());
                return Err(io::Error::new(error.kind(), message));
            }
        }
    }
    let message = format!("remove the old files .new-*.tmp in {}", folder.display());
    Err(io::Error::new(ErrorKind::AlreadyExists, message))
}

/// Writes the temporary file. If there is an old file it gets that one's owner and mode, as far as this user may and
/// the file system can.
fn fill(mut file: File, bytes: &[u8], target: &Path) -> io::Result<()> {
    if let Ok(old) = fs::metadata(target) {
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        let _ = file.set_permissions(old.permissions());
    }
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::tempdir;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_created_and_then_replaced_by_a_new_one_with_its_mode() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("log");
        replace(&path, b"the first one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let mut reader = File::open(&path).unwrap();
        replace(&path, b"2nd").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2nd");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        // Who had the old file open reads it to its end.
        let mut old = String::new();
        reader.read_to_string(&mut old).unwrap();
        assert_eq!(old, "the first one");
        assert_eq!(names(folder.path()), ["log"]);
    }

    #[test]
    fn preparing_changes_nothing_and_finds_what_would_fail() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("log");
        let prepared = Replacement::prepare(&path).unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
        prepared.write(b"old").unwrap();
        Replacement::prepare(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");

        let kind = |path: &Path| Replacement::prepare(path).unwrap_err().kind();
        assert_eq!(kind(folder.path()), ErrorKind::IsADirectory);
        assert_eq!(kind(&folder.path().join("none/log")), ErrorKind::NotFound);
        assert_eq!(kind(&path.join("log")), ErrorKind::NotADirectory);
        assert_eq!(kind(Path::new("")), ErrorKind::InvalidInput);
        // Not even root can create a file there.
        assert!(Replacement::prepare(Path::new("/sys/log")).is_err());
        assert_eq!(names(folder.path()), ["log"]);
    }

    #[test]
    fn a_write_that_fails_leaves_nothing_behind() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("log");
        let prepared = Replacement::prepare(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(prepared.write(b"new").is_err());
        assert_eq!(names(folder.path()), ["log"]);
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_replaced_or_created() {
        let folder = tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink("target", &link).unwrap();
        for content in ["created", "replaced"] {
            replace(&link, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), content);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        symlink("circle", folder.path().join("circle")).unwrap();
        assert!(replace(&folder.path().join("circle"), b"").is_err());
    }

    #[test]
    fn a_device_and_a_pipe_are_written_directly() {
        let error = replace(Path::new("/dev/full"), b"new").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(Path::new("/dev/full").exists());
        let (mut reader, writer) = io::pipe().unwrap();
        replace(Path::new(&format!("/dev/fd/{}", writer.as_raw_fd())), b"through").unwrap();
        drop(writer);
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!(read, "through");
    }

    #[test]
    fn a_file_that_a_program_has_open_as_its_output_is_continued() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("output");
        let mut output = File::create(&path).unwrap();
        output.write_all(b"figures\n").unwrap();
        for name in ["/dev/fd", "/proc/self/fd"] {
            replace(Path::new(&format!("{name}/{}", output.as_raw_fd())), b"log\n").unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "figures\nlog\nlog\n");
    }
}
