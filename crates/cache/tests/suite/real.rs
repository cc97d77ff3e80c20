//! A real Redis as a process, for tests. Those of the launcher use this file, too.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Whether a program cannot be run, and prints why; with `NO_SKIP` in the environment that is a failure.
pub(crate) fn skips(program: &str) -> bool {
    let Err(error) = Command::new(program).arg("--version").stdout(Stdio::null()).status() else {
        return false;
    };
    assert!(
        std::env::var_os("NO_SKIP").is_none(),
        "NO_SKIP is set, and this would be skipped: {program}: {error}"
    );
    println!("skipped: {program} cannot be started: {error}");
    true
}

/// A real Redis, which keeps nothing on disk.
pub(crate) struct Redis {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Redis {
    pub(crate) fn start() -> Redis {
        // Redis takes no port 0. Between this look and its own bind, another program may take the port.
        let mut attempts = (0..10).map(|_| {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            free.local_addr().unwrap()
        });
        attempts.find_map(Redis::start_at).expect("redis-server starts")
    }

    /// Starts at this address; `None` if Redis ends at once, as it does if another program has the port.
    pub(crate) fn start_at(address: SocketAddr) -> Option<Redis> {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", ""]);
        let mut child = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        if lines.any(|line| line.contains("Ready to accept connections")) {
            return Some(Redis { child, address, _folder: folder });
        }
        child.wait().unwrap();
        None
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
