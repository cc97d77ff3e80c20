//! The page of a model: the file that a reader learns it from, as text in this program.

/// A file of this project, and what it said when this program was built. It is a part of the program, because commands that show
/// it must work where the project's folder is not, and must show what this program does.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its path from the project's folder.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The page at this path from the project's folder.
macro_rules! page {
    ($path:literal) => {
        crate::models::Page {
            path: $path,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)),
        }
    };
}
pub(super) use page;

/// The last of the models that wait for readiness with a call of the kernel: where this system has no `epoll`, it is `poll`.
pub(super) const READINESS: &str = if cfg!(target_os = "linux") { "epoll" } else { "poll" };

impl Page {
    /// The code without the header, which explains it: the lines from the first that is code.
    pub fn code(&self) -> &'static str {
        let is_explanation = |line: &&str| line.starts_with("//!") || line.trim().is_empty();
        let header: usize = self.text.split_inclusive('\n').take_while(is_explanation).map(str::len).sum();
        &self.text[header..]
    }
}
