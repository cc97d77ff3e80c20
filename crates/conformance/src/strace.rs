//! strace, for what can be observed or injected from outside in no other way.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::eventually::eventually;
use crate::failure::Stop;
use crate::process::Process;

/// An strace that is attached to a process and whose matching output lines are counted.
pub(crate) struct Strace {
    child: Child,
    counted: Arc<AtomicU64>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Strace {
    /// Attaches strace to all threads of the process, with these arguments; lines that contain `mark` are counted.
    pub(crate) fn attach(
        process: Process,
        arguments: &[&str],
        mark: &'static str,
        patience: Duration,
    ) -> Result<Strace, Stop> {
        let mut command = Command::new("strace");
        command.arg("-f").args(arguments).args(["-p", &process.id()]);
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let Ok(mut child) = spawned else {
            return Err(Stop::without_program("'strace', which is not installed"));
        };
        let (counted, attached) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (for_reader, for_attached) = (Arc::clone(&counted), Arc::clone(&attached));
        let reader = child.stderr.take().map(|stderr| {
            thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    for_attached.fetch_add(u64::from(line.contains(" attached")), Ordering::Relaxed);
                    for_reader.fetch_add(u64::from(line.contains(mark)), Ordering::Relaxed);
                }
            })
        });
        let strace = Strace { child, counted, reader };
        if eventually(patience, || attached.load(Ordering::Relaxed) > 0) {
            Ok(strace)
        } else {
            Err(Stop::without_program("'strace', which is not permitted to trace this process"))
        }
    }

    /// Detaches from the process and returns the number of matching lines.
    pub(crate) fn detach(mut self) -> u64 {
        self.end();
        self.counted.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        if let Some(strace) = Process::new(self.child.id()) {
            let _ = strace.signal(Signal::INT); // it detaches and exits
        }
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        self.end();
    }
}
