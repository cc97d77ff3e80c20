//! The file of a program: which build it is, and whether it is still that one.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A fingerprint of the content of these files together: 16 hexadecimal digits. Two fingerprints are comparable if the
/// same program made them, or if the files are programs that made their own.
///
/// # Errors
/// A file cannot be read.
pub fn fingerprint<'path>(files: impl IntoIterator<Item = &'path Path>) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let mut part = vec![0; 1 << 20];
    for path in files {
        let cannot = || format!("cannot read the program {}", path.display());
        let mut file = File::open(path).with_context(cannot)?;
        loop {
            match file.read(&mut part).with_context(cannot)? {
                0 => break,
                length => hasher.write(&part[..length]),
            }
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// A program's file as it was when it was first looked at: servers that are started from it later should be the same
/// program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    path: PathBuf,
    /// Device, inode, size, time of the last change in seconds and nanoseconds.
    identity: Option<(u64, u64, u64, i64, i64)>,
}

impl Watched {
    /// The file as it is now, which may be missing.
    pub fn now(path: &Path) -> Watched {
        let identity = fs::metadata(path).ok();
        let identity =
            identity.map(|file| (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec()));
        Watched { path: path.to_owned(), identity }
    }

    /// Checks that the file is still the same.
    ///
    /// # Errors
    /// It has been replaced, changed or removed.
    pub fn check(&self) -> Result<()> {
        ensure!(
            *self == Watched::now(&self.path),
            "the program {} has been replaced or changed meanwhile, by a build perhaps; start again with the new \
             program, and build elsewhere (--target-dir) while this one is in use",
            self.path.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_the_content_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [one, copy, other] = ["one", "copy", "other"].map(|name| folder.path().join(name));
        fs::write(&one, "program").unwrap();
        fs::copy(&one, &copy).unwrap();
        fs::write(&other, "programs").unwrap();
        let of = |path: &PathBuf| fingerprint([path.as_path()]).unwrap();
        assert_eq!(of(&one), of(&copy));
        assert_ne!(of(&one), of(&other));
        assert_eq!(of(&one).len(), 16);
        assert!(fingerprint([Path::new("/no such program")]).is_err());
    }

    #[test]
    fn a_program_that_was_rebuilt_or_removed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        fs::write(&path, "one").unwrap();
        let watched = Watched::now(&path);
        watched.check().unwrap();
        // As a linker does: a new file under the old name.
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(watched.check().unwrap_err().to_string().contains("--target-dir"));
        fs::remove_file(&path).unwrap();
        assert!(watched.check().is_err());
    }
}
