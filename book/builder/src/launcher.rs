//! The program that the book is about: built, and run as readers run it.

use std::fs;
use std::io::{BufRead, BufReader, PipeReader, Read, pipe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::directives::{ADDRESS, SHOWN_ADDRESS};
use crate::outputs::{Comparison, Recording};
use crate::places::Places;
use crate::words;

/// No command of the book takes longer, on a machine that is as busy as can be.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(5);
/// No command of the book prints more.
const LONGEST: u64 = 4 << 20;

/// The program.
#[derive(Debug)]
pub(crate) struct Launcher {
    program: PathBuf,
    root: PathBuf,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    /// Standard output and standard error as on a terminal: in the order in which they were written.
    pub(crate) text: String,
}

/// What a recording is.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// What was printed, or the picture.
    pub(crate) text: String,
    /// Of a picture, what is drawn.
    pub(crate) data: String,
}

impl Launcher {
    /// The program at this path, or built in release.
    pub(crate) fn get(places: &Places, program: Option<PathBuf>) -> Result<Launcher> {
        let root = places.root().to_owned();
        if let Some(program) = program {
            let program = fs::canonicalize(&program).with_context(|| format!("{}", program.display()))?;
            return Ok(Launcher { program, root });
        }
        eprintln!("building concurrent-servers in release: three to five minutes the first time …");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--locked", "--message-format=json-render-diagnostics"]);
        let built = cargo.current_dir(&root).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
        ensure!(built.status.success(), "concurrent-servers cannot be built");
        let program = executable(&built.stdout).context("cargo has not said where the program is")?;
        Ok(Launcher { program, root })
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[String]) -> Result<Outcome> {
        let (reader, writer) = pipe().context("cannot create a pipe")?;
        let mut command = self.command(arguments);
        command.stdout(writer.try_clone().context("cannot share a pipe")?).stderr(writer);
        ended(command, reader)
    }

    /// Draws a timeline to its end: the picture into this file, and its data instead of the drawing.
    fn draw(&self, arguments: &[String], picture: &Path) -> Result<Outcome> {
        let (reader, writer) = pipe().context("cannot create a pipe")?;
        let mut command = self.command(arguments);
        command.arg("--svg").arg(picture).arg("--json").stdout(writer).stderr(Stdio::null());
        ended(command, reader)
    }

    /// Runs what a recording records: what it printed, or the picture that it drew.
    pub(crate) fn record(&self, recording: &Recording) -> Result<Recorded> {
        let server = recording.server.as_ref().map(|words| self.serve(words)).transpose()?;
        let mut arguments = recording.arguments.clone();
        if let Some(server) = &server {
            for word in &mut arguments {
                if word == ADDRESS {
                    word.clone_from(&server.address);
                }
            }
        }
        let picture = tempfile::NamedTempFile::new().context("cannot create a file")?;
        let is_drawn = recording.comparison == Comparison::Drawn;
        let outcome = if is_drawn { self.draw(&arguments, picture.path())? } else { self.run(&arguments)? };
        let title = recording.title();
        ensure!(
            outcome.status.code() == Some(recording.exit),
            "`{title}` ended with {} instead of {}:\n{}",
            outcome.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string()),
            recording.exit,
            outcome.text.trim_end()
        );
        if is_drawn {
            let text = fs::read_to_string(picture.path()).context("the picture cannot be read")?;
            return Ok(Recorded { text, data: outcome.text });
        }
        ensure!(!outcome.text.trim().is_empty(), "`{title}` printed nothing");
        let text = match &server {
            Some(server) => outcome.text.replace(&server.address, SHOWN_ADDRESS),
            None => outcome.text,
        };
        Ok(Recorded { text, data: String::new() })
    }

    /// A server on a free port, until it is dropped.
    fn serve(&self, words: &[String]) -> Result<Server> {
        let mut arguments = words.to_vec();
        arguments.extend(["--addr".to_owned(), "127.0.0.1:0".to_owned()]);
        let mut command = self.command(&arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = Running(child.with_context(|| format!("cannot run {}", self.program.display()))?);
        let output = child.0.stdout.take().context("the server has no output")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output.take(1000)).read_line(&mut line);
            // Nobody may wait for it any more.
            let _ = sender.send(read.map(|_| line));
        });
        let line = receiver.recv_timeout(PATIENCE).context("the server does not say where it listens")??;
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let title = words::join(&arguments);
        let Some(address) = address else { bail!("`{title}` did not start; run it to see why") };
        Ok(Server { _child: child, address })
    }

    /// A command without colours, in UTF-8, and as wide as everywhere.
    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.root);
        command
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("COLUMNS")
            .env_remove("CLICOLOR_FORCE");
        command
    }
}

/// Runs a command whose output this reads to its end.
fn ended(mut command: Command, reader: PipeReader) -> Result<Outcome> {
    let child = command.stdin(Stdio::null()).spawn();
    let mut child = Running(child.with_context(|| format!("cannot run {command:?}"))?);
    // Or its end of the pipe would stay open.
    drop(command);
    let text = thread::spawn(move || {
        let mut bytes = Vec::new();
        reader.take(LONGEST).read_to_end(&mut bytes).map(|_| bytes)
    });
    let status = child.wait()?;
    let bytes = text.join().ok().context("the output was not read")?.context("the output cannot be read")?;
    Ok(Outcome { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// A server that runs.
struct Server {
    _child: Running,
    address: String,
}

/// A process that does not outlive this.
struct Running(Child);

impl Running {
    fn wait(&mut self) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            ensure!(start.elapsed() < PATIENCE, "not done after {} s", PATIENCE.as_secs());
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program among cargo's messages.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_program = message["target"]["name"] == "concurrent-servers";
        message["executable"].as_str().filter(|_| is_program).map(PathBuf::from)
    })
}
