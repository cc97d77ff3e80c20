//! Every model under seeded stress: a dozen clients that behave well and badly at the same time, odd options,
//! faults at reads and writes (`--shim`), a handler that panics, and a shutdown somewhere in the middle. What no
//! model checker reaches is tried here: the poller's loop, wakers, the heartbeat, the drain, the pools.
//!
//! One trial for each model and seed, such as `tokio::17`, which is also how to see one of them again:
//! `cargo test --test stress -- --exact tokio::17`. `STRESS_SEEDS=2000 cargo test --test stress` tries more
//! seeds than the ordinary run. At the end stands a line for machines: `stress: N runs`.
//!
//! Nothing here sleeps or measures. The moment of the shutdown is a number of steps that the clients have made;
//! each client knows what it had sent before that moment, and so what it is owed.

use std::io::{self, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use chassis::{Knob, Runtime, Shutdown, Summary, listen};
use concurrent_servers::models::{MODELS, Model};
use conformance::Concurrency;
use fastrand::Rng;
use libtest_mimic::{Arguments, Failed, Trial};
use protocol::Session;
use socket2::SockRef;

/// How many seeds an ordinary run tries on each model.
const SEEDS: u64 = 40;

/// Runs mostly wait for the quiet time of a drain, so a dozen share two cores well.
const THREADS: usize = 12;

const CLIENTS: usize = 12;

/// Far beyond the slowness of any machine: who waits for this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// At this byte a handler panics, where the build has `--panic-on`. One byte cannot be cut in two.
const PANIC_AT: u8 = b'!';

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let seeds = match std::env::var("STRESS_SEEDS").map(|seeds| seeds.parse()) {
        Ok(Ok(seeds)) => seeds,
        Ok(Err(error)) => {
            eprintln!("STRESS_SEEDS: {error}; give a number of seeds");
            return ExitCode::from(2);
        }
        Err(_) => SEEDS,
    };
    hide_panics_on_request();
    let of_model = |model: &'static Model| {
        (1..=seeds).map(move |seed| {
            Trial::test(format!("{}::{seed}", model.name), move || stress(model, seed).map_err(Failed::from))
        })
    };
    let conclusion = libtest_mimic::run(&arguments, MODELS.iter().flat_map(of_model).collect());
    println!("stress: {} runs", RUNS.load(SeqCst));
    conclusion.exit_code()
}

/// They would be most of the output.
fn hide_panics_on_request() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.contains("--panic-on asks for a panic")) {
            show(panic);
        }
    }));
}

/// One run: a server, its clients, a shutdown; and then the books must be right.
fn stress(model: &'static Model, seed: u64) -> Result<(), String> {
    let mut random = Rng::with_seed(seed);
    let (options, at_once) = choose_options(model, &mut random);
    let waits_for_replies = random.bool();
    // Whoever stays keeps a place until the shutdown. If that waits for replies, a place must stay free.
    let mut stayers = if waits_for_replies { at_once.saturating_sub(1) } else { at_once };
    let scripts: Vec<_> = (0..CLIENTS).map(|_| Script::choose(&mut random, &mut stayers)).collect();
    let steps: usize = scripts.iter().map(|script| script.steps(waits_for_replies)).sum();

    let listener = listen(([127, 0, 0, 1], 0).into()).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let shutdown = Shutdown::new().map_err(|error| error.to_string())?;
    let moment = Moment {
        steps_left: AtomicIsize::new(random.usize(1..=steps).cast_signed()),
        shutdown: shutdown.clone(),
        waits_for_replies,
    };
    let (returned, summary) = mpsc::channel();
    let described = format!("{options:?}");
    thread::spawn(move || returned.send((model.serve)(listener, &options, &shutdown)));
    let visits: Vec<Visit> = thread::scope(|scope| {
        let moment = &moment;
        let running: Vec<_> =
            scripts.iter().map(|script| scope.spawn(move || script.play(address, moment))).collect();
        running.into_iter().map(|client| client.join().expect("a client does not panic")).collect()
    });
    RUNS.fetch_add(1, SeqCst);
    let verdict = summary
        .recv_timeout(PATIENCE)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("serve has not returned {PATIENCE:?} after its last client"),
            RecvTimeoutError::Disconnected => "serve has panicked".to_owned(),
        })
        .and_then(|ended| ended.map_err(|error| format!("serve failed: {error}")))
        .and_then(|summary| judge_all(&scripts, &visits, &summary));
    verdict.map_err(|reason| format!("{}, seed {seed}: {reason}\nwith {described}", model.name))
}

/// Random options for this model, and how many clients it then serves at the same time.
fn choose_options(model: &Model, random: &mut Rng) -> (chassis::Options, usize) {
    let mut options = chassis::Options { drain_timeout: PATIENCE, ..chassis::Options::default() };
    let workers = random.usize(1..=3);
    if model.knobs.contains(&Knob::Runtime) && random.bool() {
        options.runtime = Some(Runtime::CurrentThread);
    } else if model.knobs.contains(&Knob::Workers) {
        options.workers = NonZeroUsize::new(workers);
    }
    if random.u8(..4) == 0 {
        options.max_conns = NonZeroUsize::new(random.usize(1..=CLIENTS));
    }
    #[cfg(debug_assertions)]
    {
        options.panic_on = Some(char::from(PANIC_AT).to_string());
        options.shim = random.bool().then(|| chassis::Shim::new(random.u64(..)));
    }
    let at_once = match model.concurrency {
        Concurrency::Workers(_) => workers,
        other => other.at_once(),
    };
    (options, at_once)
}

/// The moment at which shutdown is requested: after so many steps of all clients together.
struct Moment {
    steps_left: AtomicIsize,
    shutdown: Shutdown,
    /// Steps that wait for the server count, too. Otherwise only those that nobody can hold up.
    waits_for_replies: bool,
}

impl Moment {
    fn steps(&self, steps: usize) {
        let steps = steps.cast_signed();
        let left = self.steps_left.fetch_sub(steps, SeqCst);
        if left > 0 && left <= steps {
            self.shutdown.request();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// Sends all, then reads.
    Eager,
    /// Reads the reply to each piece before it sends the next.
    LockStep,
    /// Sends more than the kernel takes, and reads meanwhile.
    Flood,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    HalfClose,
    Stay,
    Reset,
    /// Closes without reading what is there.
    Leave,
}

/// What one client does.
#[derive(Debug)]
struct Script {
    pieces: Vec<Vec<u8>>,
    pace: Pace,
    ending: Ending,
    panics: bool,
}

/// What one client has seen.
#[derive(Debug, Default)]
struct Visit {
    received: Vec<u8>,
    /// How many of its bytes it had sent before the shutdown was requested.
    sent_before: usize,
    /// Whether the whole visit was over before that.
    ended_before: bool,
    /// How the server ended the connection, for those who waited for that.
    end: Option<io::Result<()>>,
}

impl Script {
    fn choose(random: &mut Rng, stayers: &mut usize) -> Script {
        let pace = *random.choice(&[Pace::Eager, Pace::LockStep, Pace::LockStep, Pace::Flood]).expect("some");
        let mut ending =
            *random.choice(&[Ending::HalfClose, Ending::Stay, Ending::Reset, Ending::Leave]).expect("some");
        if ending == Ending::Stay {
            match stayers.checked_sub(1) {
                Some(left) => *stayers = left,
                None => ending = Ending::HalfClose,
            }
        }
        if pace == Pace::Flood && ending != Ending::Stay {
            ending = Ending::HalfClose;
        }
        let panics = random.u8(..8) == 0;
        let mut bytes = Vec::new();
        for _ in 0..random.usize(1..=6) {
            bytes.extend((0..random.usize(..4)).map(|_| b'x')); // between messages
            bytes.push(b'^');
            let length = if pace == Pace::Flood { random.usize(..100_000) } else { random.usize(..50) };
            bytes.extend((0..length).map(|_| random.u8(..)).filter(|&byte| byte != PANIC_AT));
            bytes.push(b'$');
        }
        if panics {
            bytes.insert(random.usize(..bytes.len()), PANIC_AT);
        }
        if ending == Ending::Reset {
            bytes.truncate(random.usize(..=bytes.len()));
        }
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let most = if pace == Pace::Flood { bytes.len() } else { bytes.len().min(20) };
            let rest = bytes.split_off(random.usize(1..=most));
            pieces.push(std::mem::replace(&mut bytes, rest));
        }
        Script { pieces, pace, ending, panics: panics && cfg!(debug_assertions) }
    }

    /// The steps that count: connecting, and pieces that are sent.
    fn steps(&self, waits_for_replies: bool) -> usize {
        let pieces_count = waits_for_replies || self.pace == Pace::Eager;
        1 + if pieces_count { self.pieces.len() } else { 0 }
    }

    fn play(&self, address: SocketAddr, moment: &Moment) -> Visit {
        let mut visit = Visit::default();
        let counted = self.steps(moment.waits_for_replies);
        let mut made = 1;
        if let Ok(mut stream) = TcpStream::connect(address) {
            moment.steps(1);
            visit.end = self.talk(&mut stream, &mut visit.received, &mut |sent| {
                if !moment.shutdown.is_requested() {
                    visit.sent_before += sent;
                }
                if made < counted {
                    made += 1;
                    moment.steps(1);
                }
            });
        } else {
            made = 0; // it was too late: the listener has gone
        }
        visit.ended_before = !moment.shutdown.is_requested();
        moment.steps(counted - made);
        visit
    }

    /// Holds the conversation and says how the server ended it, if it was the server.
    fn talk(
        &self,
        stream: &mut TcpStream,
        received: &mut Vec<u8>,
        after_piece: &mut (dyn FnMut(usize) + Send),
    ) -> Option<io::Result<()>> {
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?; // what has been sent is with the server, not in the client's kernel
        let waits = matches!(self.ending, Ending::HalfClose | Ending::Stay);
        if self.pace == Pace::Flood {
            let mut writer = stream.try_clone().ok()?;
            return Some(thread::scope(|scope| {
                scope.spawn(move || {
                    self.send(&mut writer, after_piece, |_, _| true);
                });
                read_to_end(stream, received)
            }));
        }
        let (mut session, mut owed) = (Session::new(), vec![0]); // a byte for the greeting
        let lives = self.send(stream, after_piece, |stream, piece| {
            if self.pace == Pace::Eager {
                return true;
            }
            session.append_reply(piece, &mut owed);
            let owed = owed.len() as u64 - received.len() as u64;
            Read::take(stream, owed).read_to_end(received).is_ok_and(|read| read as u64 == owed)
        });
        if lives && self.ending == Ending::Reset {
            SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).ok();
            return None;
        }
        (waits || !lives).then(|| read_to_end(stream, received))
    }

    /// Returns whether all has been sent and whoever looked at the replies in between was content.
    fn send(
        &self,
        stream: &mut TcpStream,
        after_piece: &mut (dyn FnMut(usize) + Send),
        mut read_reply: impl FnMut(&mut TcpStream, &[u8]) -> bool,
    ) -> bool {
        for piece in &self.pieces {
            if stream.write_all(piece).is_err() {
                return false;
            }
            after_piece(piece.len());
            if !read_reply(stream, piece) {
                return false;
            }
        }
        self.ending != Ending::HalfClose || stream.shutdown(Direction::Write).is_ok()
    }

    /// What this client had to get, and how its connection had to end.
    fn judge(&self, visit: &Visit) -> Result<(), String> {
        let all = self.pieces.concat();
        let ended_in_order = matches!(visit.end, None | Some(Ok(())));
        let Some((greeting, replies)) = visit.received.split_first() else {
            return match &visit.end {
                Some(Err(error)) if is_patience(error) => Err(format!("neither greeted nor ended: {error}")),
                _ => Ok(()),
            };
        };
        let whole = reply_to(&all);
        // What a flood has sent may still lie in its own kernel when the server finds it quiet and sees it off.
        let owed = match self.pace {
            Pace::Flood if visit.ended_before => whole.len(),
            Pace::Flood => 0,
            Pace::Eager | Pace::LockStep => reply_to(&all[..visit.sent_before]).len(),
        };
        if *greeting != protocol::GREETING || !whole.starts_with(replies) {
            let right = replies.iter().zip(&whole).take_while(|(one, other)| one == other).count();
            return Err(format!(
                "greeting {greeting}, and only {right} of {} reply bytes right",
                replies.len()
            ));
        }
        let waits = matches!(self.ending, Ending::HalfClose | Ending::Stay);
        if self.panics || !waits {
            return Ok(());
        }
        if replies.len() < owed {
            return Err(format!("{} of {owed} owed bytes, then {:?}", replies.len(), visit.end));
        }
        // What is sent after the request may meet a closed socket, and that is a reset.
        if visit.sent_before == all.len() && !ended_in_order {
            return Err(format!("{} of {} bytes came, then {:?}", replies.len(), whole.len(), visit.end));
        }
        Ok(())
    }

    /// Whether this client had sent all before the shutdown was requested, was greeted and saw the end.
    fn was_served(&self, visit: &Visit) -> bool {
        let waits = matches!(self.ending, Ending::HalfClose | Ending::Stay);
        let had_sent_all = visit.sent_before == self.pieces.concat().len();
        waits && !self.panics && had_sent_all && !visit.received.is_empty()
    }
}

fn judge_all(scripts: &[Script], visits: &[Visit], summary: &Summary) -> Result<(), String> {
    for (number, (script, visit)) in scripts.iter().zip(visits).enumerate() {
        script.judge(visit).map_err(|reason| {
            let Script { pace, ending, panics, .. } = script;
            format!("client {number} ({pace:?}, {ending:?}, panics: {panics}): {reason}; {summary}")
        })?;
    }
    let Summary { accepted, completed, errors, timeouts, rejected, dropped, .. } = *summary;
    let greeted = visits.iter().filter(|visit| !visit.received.is_empty()).count() as u64;
    let served = scripts.iter().zip(visits).filter(|(script, visit)| script.was_served(visit)).count() as u64;
    let is_right = accepted == completed + errors + timeouts + rejected + dropped
        && accepted <= CLIENTS as u64
        && greeted + rejected <= accepted
        && served <= completed
        && timeouts + dropped == 0;
    if is_right { Ok(()) } else { Err(format!("{greeted} clients greeted, {served} served, but {summary}")) }
}

fn reply_to(request: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    Session::new().append_reply(request, &mut reply);
    reply
}

fn read_to_end(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    stream.read_to_end(received).map(drop)
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
