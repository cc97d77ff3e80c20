//! What is said to a server of each service, and what it must answer.

use conformance::{Service, prime_answers};
use fastrand::Rng;
use protocol::{GREETING, Session};

/// The largest prime of 64 bits: its test takes seconds.
const HUGE: &str = "18446744073709551557\n";
/// The smallest prime above 10^12, whose test takes a millisecond. The oracle would need as long.
pub(super) const BIG: [&str; 2] = ["1000000000039\n", "prime\n"];
/// The most bytes of a line, its newline aside.
const LONGEST_LINE: usize = 64;
/// Lines of a [`Dialect::message`].
const LINES: usize = 1024;

/// The dialect of a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect(pub(super) Service);

impl Dialect {
    pub(super) fn service(self) -> Service {
        self.0
    }

    /// What the server says first.
    pub(super) fn greeting(self) -> &'static [u8] {
        match self.0 {
            Service::Echo => &[GREETING],
            Service::Primes => b"",
        }
    }

    /// All that must be answered to a client that sends these bytes and half-closes, with the greeting.
    pub(super) fn conversation(self, bytes: &[u8]) -> Vec<u8> {
        let mut reply = self.greeting().to_vec();
        match self.0 {
            Service::Echo => Session::new().append_reply(bytes, &mut reply),
            Service::Primes => reply.extend(prime_answers(bytes, true)),
        }
        reply
    }

    /// The beginning of a message; or a number that is in work for as long as its client stays.
    pub(super) fn beginning(self, random: &mut Rng) -> Vec<u8> {
        let length = random.usize(..LONGEST_LINE);
        match self.0 {
            Service::Echo => [b"^".as_slice(), &[b'r'; LONGEST_LINE][..length]].concat(),
            Service::Primes if random.bool() => [b"7\n".as_slice(), &[b'7'; LONGEST_LINE][..length]].concat(),
            Service::Primes => format!("7\n{HUGE}").into_bytes(),
        }
    }

    /// A message that is sent again and again.
    pub(super) fn question(self) -> &'static [u8] {
        match self.0 {
            Service::Echo => b"^is anybody there$",
            Service::Primes => b"1000003\n",
        }
    }

    /// The same over and over, for a client that never reads.
    pub(super) fn flood(self) -> Vec<u8> {
        const LENGTH: usize = 16 << 10;
        match self.0 {
            Service::Echo => [b"^".as_slice(), &[b'n'; LENGTH - 1]].concat(),
            // Its answers are longer than it is.
            Service::Primes => b"7\nx\n".repeat(LENGTH / 4),
        }
    }

    /// At least one byte of garbage. The server answers some of it, and goes on.
    pub(super) fn garbage(self, random: &mut Rng, longest: usize) -> Vec<u8> {
        let mut bytes = vec![0; random.usize(1..longest)];
        random.fill(&mut bytes);
        match self.0 {
            Service::Echo => {
                for byte in &mut bytes {
                    // Random bytes alone are rarely a delimiter.
                    match random.u8(..) {
                        0..8 => *byte = b'^',
                        8..12 => *byte = b'$',
                        _ => {}
                    }
                }
                bytes[0] = b'^';
            }
            Service::Primes => {
                // Nor are they a number, nor a newline in time.
                let mut line = &mut bytes[..];
                while !line.is_empty() {
                    let length = line.len().min(random.usize(1..=LONGEST_LINE));
                    let (this, rest) = line.split_at_mut(length);
                    if length < 5 {
                        this.fill_with(|| random.digit(10) as u8);
                    }
                    this[length - 1] = b'\n';
                    line = rest;
                }
            }
        }
        bytes
    }

    /// A message that does not end before the client half-closes, at least one byte of which is answered.
    pub(super) fn unended(self, random: &mut Rng) -> Vec<u8> {
        match self.0 {
            Service::Echo => {
                let length = random.usize(1..1000);
                let text = (0..length).map(|_| random.alphanumeric() as u8);
                std::iter::once(b'^').chain(text).collect()
            }
            Service::Primes => {
                let lines: String = (0..random.usize(..10)).map(|_| format!("{}\n", small(random))).collect();
                format!("{lines}{}", small(random)).into_bytes()
            }
        }
    }

    /// A message that is sent again and again to a client that reads slowly; how much of the reply is due after each number
    /// of its bytes; and the reply. A client that half-closes in the middle gets no more than the beginning of the reply.
    pub(super) fn message(self, random: &mut Rng) -> Message {
        let request: Vec<u8> = match self.0 {
            Service::Echo => {
                let payload: Vec<u8> = (0..16 << 10).map(|_| random.alphanumeric() as u8).collect();
                [b"^", &payload[..], b"$"].concat()
            }
            // Few numbers, since each is handed to a worker, perhaps; of one digit, so that none is cut.
            Service::Primes => (0..LINES)
                .flat_map(|line| [if line % 16 == 0 { random.digit(10) as u8 } else { b'x' }, b'\n'])
                .collect(),
        };
        let mut reply = Vec::new();
        let due = match self.0 {
            Service::Echo => {
                reply.extend(request[1..request.len() - 1].iter().map(|byte| byte + 1));
                (0..=request.len()).map(|sent| sent.saturating_sub(1).min(reply.len())).collect()
            }
            Service::Primes => {
                let mut due = vec![0];
                for line in request.chunks(2) {
                    due.push(reply.len());
                    reply.extend(prime_answers(line, false));
                    due.push(reply.len());
                }
                due
            }
        };
        let most = if self.0 == Service::Echo { 4 << 20 } else { 1 << 20 };
        Message { request, reply, due, ends_at_half_close: self.0 == Service::Primes, most }
    }
}

/// For slow readers.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) request: Vec<u8>,
    pub(super) reply: Vec<u8>,
    /// How many bytes of the reply are due, by the number of bytes of the request that have been sent.
    due: Vec<usize>,
    ends_at_half_close: bool,
    /// The most that a client should send before it reads.
    pub(super) most: u64,
}

impl Message {
    /// Reply bytes due after this many bytes of the message repeated, and perhaps a half-close.
    pub(super) fn owed(&self, sent: u64, has_ended: bool) -> u64 {
        let length = self.request.len() as u64;
        let position = usize::try_from(sent % length).unwrap_or(0);
        // A line that has begun ends as well.
        let ends = has_ended && self.ends_at_half_close && position % 2 == 1;
        sent / length * self.reply.len() as u64 + self.due[position + usize::from(ends)] as u64
    }
}

/// A number that the oracle tests quickly.
pub(super) fn small(random: &mut Rng) -> u64 {
    random.u64(..2_000)
}
