//! The one reader of `/proc`, Linux's view of its processes: see proc(5).

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file about the whole machine, such as `meminfo`; `None` where there is no such file.
pub(crate) fn machine(name: &str) -> Option<String> {
    fs::read_to_string(Path::new("/proc").join(name)).ok()
}

/// The folders of all processes.
pub(crate) fn processes() -> impl Iterator<Item = Folder> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries
        .filter_map(|entry| Some(Folder { path: entry.ok()?.path() }))
        .filter(|folder| folder.id().is_some())
}

/// The folder of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// The folder of one of its threads.
pub(crate) type Task = Folder;

impl Folder {
    pub(crate) fn of(pid: u32) -> Folder {
        Folder { path: Path::new("/proc").join(pid.to_string()) }
    }

    pub(crate) fn of_this_process() -> Folder {
        Folder { path: Path::new("/proc").join("self") }
    }

    pub(crate) fn of_this_thread() -> Folder {
        Folder { path: Path::new("/proc").join("thread-self") }
    }

    /// The text of one of its files.
    ///
    /// # Errors
    /// The process has ended, or this system has no Linux `/proc`; the message names the path.
    pub(crate) fn text(&self, name: &str) -> io::Result<String> {
        let path = self.path.join(name);
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        if text.is_empty() {
            // The files of a zombie are empty.
            return Err(unreadable(&path, &io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        Ok(text)
    }

    /// The number of entries in one of its folders.
    ///
    /// # Errors
    /// As [`Folder::text`].
    pub(crate) fn count(&self, name: &str) -> io::Result<usize> {
        Ok(self.entries(name)?.count())
    }

    /// The targets of its descriptors: paths of files, and names such as `socket:[17]`.
    ///
    /// # Errors
    /// As [`Folder::text`].
    pub(crate) fn open_files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = self.entries("fd")?;
        Ok(entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect())
    }

    /// Its threads. A thread may end before it is read.
    ///
    /// # Errors
    /// As [`Folder::text`].
    pub(crate) fn tasks(&self) -> io::Result<impl Iterator<Item = Task>> {
        let entries = self.entries("task")?;
        Ok(entries.filter_map(|entry| Some(Folder { path: entry.ok()?.path() })))
    }

    /// The process or thread id, which is the folder's name.
    pub(crate) fn id(&self) -> Option<u32> {
        self.path.file_name()?.to_str()?.parse().ok()
    }

    /// The letter of its state; `None` if it no longer exists.
    pub(crate) fn state(&self) -> Option<char> {
        behind_name(&self.text("stat").ok()?)?.chars().next()
    }

    /// Its parent process.
    pub(crate) fn parent(&self) -> Option<u32> {
        behind_name(&self.text("stat").ok()?)?.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    fn entries(&self, name: &str) -> io::Result<fs::ReadDir> {
        let path = self.path.join(name);
        fs::read_dir(&path).map_err(|error| unreadable(&path, &error))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    let message =
        format!("cannot read {}: the process has ended, or this is not Linux ({error})", path.display());
    io::Error::new(error.kind(), message)
}

/// The number in a line such as `VmHWM:     5244 kB`, from `status` and files of its form.
pub(crate) fn field(status: &str, name: &str) -> Option<u64> {
    text_field(status, name)?.split_ascii_whitespace().next()?.parse().ok()
}

/// The value of a line such as `Threads:\t52`, from `status` and files of its form.
pub(crate) fn text_field<'text>(status: &'text str, name: &str) -> Option<&'text str> {
    status.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim_end() == name).then(|| value.trim())
    })
}

/// The fields of `stat` from the third one on. The second is the program's name in parentheses and may contain
/// anything, so fields are counted after its end.
pub(crate) fn behind_name(stat: &str) -> Option<&str> {
    stat.rsplit_once(") ").map(|(_, fields)| fields)
}

/// The numbers of `schedstat`: nanoseconds on a CPU, nanoseconds of waiting for one, times run.
pub(crate) fn schedule(schedstat: &str) -> Option<(u64, u64)> {
    let mut numbers = schedstat.split_ascii_whitespace();
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "Name:\tserver\nVmPeak:\t   10240 kB\nVmHWM:\t    5244 kB\nThreads:\t52\n";
        assert_eq!(field(status, "VmHWM"), Some(5_244));
        assert_eq!(field(status, "Threads"), Some(52));
        assert_eq!(field(status, "Thread"), None);
        assert_eq!(field(status, "Name"), None);
        assert_eq!(text_field(status, "Name"), Some("server"));
    }

    #[test]
    fn a_program_may_have_any_name() {
        assert_eq!(behind_name("71 (a) b (c)) S 1 2"), Some("S 1 2"));
        assert_eq!(behind_name(""), None);
    }

    #[test]
    fn the_schedule_is_time_on_a_cpu_and_time_before_it() {
        assert_eq!(schedule("627609 131 12\n"), Some((627_609, 131)));
        assert_eq!(schedule(""), None);
    }

    #[test]
    fn a_process_that_does_not_exist_is_an_error_that_names_the_file() {
        let error = Folder::of(u32::MAX).text("status").unwrap_err().to_string();
        assert!(error.contains("/proc/4294967295/status") && error.contains("has ended"), "{error}");
    }
}
