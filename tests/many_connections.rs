//! More connections than the server may have descriptors: io-uring keeps its clients in tables of its rings.
//!
//! Clients in several processes connect from several addresses, because neither one process nor the ports of one address are enough.
//! Once all of them are connected each is greeted and answered once, and all stay until the last one has been.
//!
//! ```sh
//! cargo test --release --test many_connections                          # 3,000, with a limit of 1,024 descriptors
//! CONNECTIONS=100000 LIMIT=20000 cargo test --release --test many_connections
//! ```
//!
//! This is a program of its own because it lowers its limit on open files, which the server inherits, and because its
//! clients are processes of this program.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use concurrent_servers::models;
use observe::{Process, ServerProcess, usage};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// Processes of clients, each with source addresses of its own.
const CLIENTS: usize = 6;
const RINGS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ended = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--clients", address, number, count] => clients(address, number, count),
        // As all test programs: the names of the tests. This one runs whatever it is asked for.
        _ if arguments.iter().any(|argument| argument == "--list") => return ExitCode::SUCCESS,
        _ => everybody_is_served(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("many_connections: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn everybody_is_served() -> Result<()> {
    let model = models::find("io-uring").filter(|_| cfg!(target_os = "linux"));
    let missing = model.map_or(Some("only Linux has io_uring".to_owned()), models::Model::missing);
    if let Some(reason) = missing {
        println!("many_connections: skipped, {reason}");
        return Ok(());
    }
    let (connections, limit) = (setting("CONNECTIONS", 3_000)?, setting("LIMIT", 1_024)?);
    let allowed = getrlimit(Resource::Nofile).maximum;
    ensure!(allowed.is_none_or(|allowed| allowed >= limit as u64), "LIMIT={limit}: {allowed:?} are allowed");
    setrlimit(Resource::Nofile, Rlimit { current: Some(limit as u64), maximum: Some(limit as u64) })?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let program = env!("CARGO_BIN_EXE_concurrent-servers").as_ref();
    let (rings, most) = (format!("--rings={RINGS}"), format!("--max-conns={connections}"));
    let off = ["--idle-timeout=off", "--write-timeout=off", "--progress-timeout=off"];
    let arguments = [&[rings.as_str(), &most], off.as_slice()].concat();
    let server =
        ServerProcess::start_logging(&models::command(program, "io-uring"), &arguments, File::create(&log)?)?;
    let start = Instant::now();
    let share = |number: usize| connections / CLIENTS + usize::from(number < connections % CLIENTS);
    let crew = |number| Crew::start(server.address(), number, share(number));
    let mut first = crew(0)?;
    first.expect("connected")?;
    // What the rings take for themselves is there now, and is not counted.
    let own = usage::read(server.pid())?.anonymous_memory_bytes();
    let kernel = kernel_memory()?;
    let mut crews = (1..CLIENTS).map(crew).collect::<Result<Vec<_>>>()?;
    crews.iter_mut().try_for_each(|crew| crew.expect("connected"))?;
    let counted = (connections - share(0)).max(1) as u64;
    crews.push(first);
    println!("many_connections: all connected after {:.1} s", start.elapsed().as_secs_f64());
    crews.iter_mut().try_for_each(Crew::go_on)?;
    crews.iter_mut().try_for_each(|crew| crew.expect("answered"))?;
    let seconds = start.elapsed().as_secs_f64();

    let process = Process::new(server.pid()).context("its process id is no id")?;
    let descriptors =
        process.holdings().context("the descriptors of the server cannot be counted")?.descriptors;
    ensure!(descriptors < limit, "the server has {descriptors} descriptors with a limit of {limit}");
    let own = usage::read(server.pid())?.anonymous_memory_bytes().saturating_sub(own) / counted;
    let kernel = kernel_memory()?.saturating_sub(kernel) / counted;
    crews.iter_mut().try_for_each(Crew::go_on)?;
    crews.iter_mut().try_for_each(|crew| crew.expect("closed"))?;
    let status = server.stop(PATIENCE)?;
    let log = fs::read_to_string(&log)?;
    ensure!(status.success(), "the server ended with {status}: {log}");
    let summary =
        format!("accepted {connections}, answered {} bytes, completed {connections}, ", 2 * connections);
    ensure!(log.contains(&summary), "not {summary:?}: {log}");
    println!(
        "many_connections: {connections} connections held by one process with {descriptors} descriptors and a limit of \
         {limit}, each greeted and answered once within {seconds:.1} s; for each {own} B of the server, {kernel} B \
         of the kernel (both ends)"
    );
    for line in log.lines().filter(|line| line.contains("clients of each ring")) {
        println!("{line}");
    }
    Ok(())
}

fn setting(name: &str, default: usize) -> Result<usize> {
    let Some(text) = env::var_os(name) else { return Ok(default) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.with_context(|| format!("{name} must be a whole number"))
}

/// Memory that the kernel holds for itself, in bytes.
fn kernel_memory() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find(|line| line.starts_with("Slab:")).context("no Slab in /proc/meminfo")?;
    let kibibytes: Option<u64> = line.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    Ok(kibibytes.context("Slab in /proc/meminfo is no number")? * 1024)
}

/// A process of clients.
struct Crew {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Crew {
    fn start(address: SocketAddr, number: usize, count: usize) -> Result<Crew> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("--clients").args([address.to_string(), number.to_string(), count.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let orders = child.stdin.take().context("no input")?;
        let reports = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Crew { child, orders, reports })
    }

    fn expect(&mut self, report: &str) -> Result<()> {
        let mut line = String::new();
        self.reports.read_line(&mut line)?;
        ensure!(line.trim() == report, "clients reported {line:?}, not {report:?}");
        Ok(())
    }

    fn go_on(&mut self) -> Result<()> {
        Ok(writeln!(self.orders)?)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process of clients does, each step when it is told to.
fn clients(address: &str, number: &str, count: &str) -> Result<()> {
    let (address, number, count): (SocketAddr, u8, usize) =
        (address.parse()?, number.parse()?, count.parse()?);
    let mut orders = io::stdin().lines();
    let connect = |client: usize| -> Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // A free port is found the sooner the fewer of an address are in use.
        let source = Ipv4Addr::new(127, 0, 1 + number, 1 + u8::try_from(client % 8)?);
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    let mut connected: Vec<TcpStream> = (0..count).map(connect).collect::<Result<_>>()?;
    println!("connected");
    orders.next().context("nobody says what to do")??;
    for client in &mut connected {
        client.write_all(b"^a$")?;
        let mut reply = [0; 2];
        client.read_exact(&mut reply)?;
        ensure!(&reply == b"*b", "a client got {reply:?}");
    }
    println!("answered");
    orders.next().context("nobody says what to do")??;
    drop(connected);
    println!("closed");
    Ok(())
}
