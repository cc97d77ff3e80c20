//! The code that a card was measured on, as one number, so that figures of other code are found out.

use std::fs;
use std::io;
use std::path::Path;

/// A number, in hexadecimal, that changes with the code of these files. Comments, blank lines and indentation do not count: no
/// figure depends on them. A new file is seen, because another one names it.
///
/// # Errors
/// A file cannot be read. The message names it.
pub fn fingerprint(project: &Path, files: &[String]) -> io::Result<String> {
    let mut hash = Fnv::new();
    for file in files {
        let text = fs::read_to_string(project.join(file))
            .map_err(|error| io::Error::new(error.kind(), format!("cannot read {file}: {error}")))?;
        hash.add(file);
        text.lines().map(str::trim).filter(|line| is_code(line)).for_each(|line| hash.add(line));
    }
    Ok(format!("{:016x}", hash.0))
}

fn is_code(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("//") && !line.starts_with("# ")
}

/// FNV-1a: nobody attacks this number, and it must be the same with every compiler, which the hash of `std` does not promise.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, line: &str) {
        self.write(line.bytes().chain([b'\n']));
    }

    fn write(&mut self, bytes: impl Iterator<Item = u8>) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_counts_and_comments_do_not() {
        let project = tempfile::tempdir().unwrap();
        let print = |text: &str| {
            fs::write(project.path().join("file"), text).unwrap();
            fingerprint(project.path(), &["file".to_owned()]).unwrap()
        };
        let first = print("//! Title\n\nfn one() {}\n");
        assert_eq!(first, print("// other\n  fn one() {}\n# a manifest's comment\n"));
        assert_ne!(first, print("fn two() {}\n"));
        assert_ne!(print("#[inline]\nfn one() {}\n"), first);
        assert_ne!(print("a\nb\n"), print("b\na\n"));
    }

    #[test]
    fn the_number_is_that_of_the_published_function() {
        let mut hash = Fnv::new();
        hash.write("foobar".bytes());
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let project = tempfile::tempdir().unwrap();
        let error = fingerprint(project.path(), &["gone.rs".to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with("cannot read gone.rs: "), "{error}");
    }
}
