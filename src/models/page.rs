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
    /// Its code, without the header, which explains it.
    pub fn code(&self) -> &'static str {
        ease::difference::without_header(self.text)
    }
}
