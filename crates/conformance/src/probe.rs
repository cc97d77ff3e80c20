//! The first look at a server: whether it speaks the protocol at all.
//!
//! Each case waits for what does not come; with a server of another protocol the whole catalogue would take many minutes
//! to say the same thing again and again. So a server is expected to greet and, as the first look at all, to answer one
//! message.

use std::fmt;
use std::net::TcpStream;
use std::time::Duration;

use protocol::GREETING;

use crate::client::{Client, Ending, Incoming};
use crate::failure::Failure;

/// How long a server may take to greet before it is asked something.
const GREETS_WITHIN: Duration = Duration::from_millis(500);
/// How long it may take then.
const ANSWERS_WITHIN: Duration = Duration::from_millis(400);
/// Bytes that belong to the first ones arrive within this time.
const COMPLETE_WITHIN: Duration = Duration::from_millis(100);

/// What a silent server is asked, so that it shows what it is: a web server answers, an echo server returns it, and a
/// server of our protocol ignores it, because it is outside a message.
const QUESTION: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// A message, and its reply.
const MESSAGE: &[u8] = b"^a$";
const REPLY: &[u8] = b"b";

/// As much of an answer shows what kind of server it is, in bytes; and the most that is shown of it.
const ENOUGH: usize = 256;
const LINE: usize = 60;

/// Why a server did not greet.
#[derive(Debug)]
pub(crate) enum Stranger {
    /// Nothing has come yet. A server that is starting, or busy with others, may still greet.
    Silent(Failure),
    /// Something else has come.
    Other(Failure),
}

impl Stranger {
    pub(crate) fn into_failure(self) -> Failure {
        let (Stranger::Silent(failure) | Stranger::Other(failure)) = self;
        failure
    }
}

/// Expects the server at the other end of a new connection to greet, and nothing else, within a second; and then to answer
/// a message within `patience`.
///
/// # Errors
/// It does not. The text says what came instead.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::io::Write;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// let (mut server, _) = listener.accept()?;
/// server.write_all(b"SSH-2.0-example\r\n")?;
/// let failure = conformance::probe(stream, std::time::Duration::from_secs(10)).unwrap_err();
/// assert_eq!(failure, "first look: expected the greeting `*`, got `SSH-2.0-example`");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn probe(stream: TcpStream, patience: Duration) -> Result<(), String> {
    let client = greeted(stream).map_err(|stranger| stranger.into_failure().to_string())?;
    expect_answer(client, patience)
}

/// As [`probe`], for a server of the prime service: it does not greet, and answers a number.
///
/// # Errors
/// It does not. The text says what came instead.
pub fn probe_primes(stream: TcpStream, patience: Duration) -> Result<(), String> {
    answers_number(stream, patience).map_err(|stranger| stranger.into_failure().to_string())
}

/// Expects a server to answer a number.
pub(crate) fn answers_number(stream: TcpStream, patience: Duration) -> Result<(), Stranger> {
    let mut client = Client::over(stream, patience).map_err(Stranger::Other)?;
    // If it is gone, that is what is seen next.
    let _ = client.send_now(b"7\n").map_err(Stranger::Other)?;
    let answer = Seen::of(&mut client, patience).map_err(Stranger::Other)?;
    let unexpected = |got| Failure::new("first look", "the answer `prime` to `7`", got);
    match answer {
        answer if answer.bytes == b"prime\n" => Ok(()),
        answer if answer.is_nothing() => {
            Err(Stranger::Silent(unexpected(format!("no byte within {} s", patience.as_secs_f64()))))
        }
        answer => Err(Stranger::Other(unexpected(answer.to_string()))),
    }
}

/// Expects a server that has greeted this client to answer a message. Then closes the connection in order.
pub(crate) fn expect_answer(mut client: Client, patience: Duration) -> Result<(), String> {
    // If it is gone, that is what is seen next.
    let _ = client.send_now(MESSAGE).map_err(|failure| failure.to_string())?;
    let answer = Seen::of(&mut client, patience).map_err(|failure| failure.to_string())?;
    let [message, reply] = [MESSAGE, REPLY].map(<[u8]>::escape_ascii);
    match answer {
        answer if answer.bytes == REPLY => Ok(()),
        answer if answer.is_nothing() => {
            let seconds = patience.as_secs_f64();
            Err(format!("it greets, but does not answer `{message}` within {seconds} s; expected `{reply}`"))
        }
        answer => Err(format!("it greets, but answers `{message}` with {answer}; expected `{reply}`")),
    }
}

/// Expects a server to greet, and returns the client that it has greeted.
pub(crate) fn greeted(stream: TcpStream) -> Result<Client, Stranger> {
    let mut client = Client::over(stream, GREETS_WITHIN).map_err(Stranger::Other)?;
    let first = Seen::of(&mut client, GREETS_WITHIN).map_err(Stranger::Other)?;
    if first.is_greeting() {
        return Ok(client);
    }
    if !first.is_nothing() {
        return Err(Stranger::Other(expected_greeting(first.to_string())));
    }
    // If it is gone, that is what is seen next.
    let _ = client.send_now(QUESTION);
    let answer = Seen::of(&mut client, ANSWERS_WITHIN).map_err(Stranger::Other)?;
    match answer {
        answer if answer.is_greeting() => Ok(client),
        answer if answer.is_nothing() => {
            let got = "no byte within a second: it speaks another protocol, or is busy with other clients";
            Err(Stranger::Silent(expected_greeting(got.to_owned())))
        }
        answer if answer.bytes.starts_with(QUESTION) => {
            let got = format!("what it had been sent, {answer}: it is an echo server");
            Err(Stranger::Other(expected_greeting(got)))
        }
        answer => {
            Err(Stranger::Other(expected_greeting(format!("{answer}, and only when asked for a web page"))))
        }
    }
}

fn expected_greeting(got: String) -> Failure {
    Failure::new("first look", format!("the greeting `{}`", GREETING.escape_ascii()), got)
}

/// What came, until there was a pause or an end.
struct Seen {
    bytes: Vec<u8>,
    ending: Option<Ending>,
}

impl Seen {
    fn of(client: &mut Client, within: Duration) -> Result<Seen, Failure> {
        let mut seen = Seen { bytes: Vec::new(), ending: None };
        let mut patience = within;
        while seen.bytes.len() < ENOUGH && seen.ending.is_none() && client.is_readable(patience)? {
            let mut buffer = [0; ENOUGH];
            match client.read_now(&mut buffer)? {
                Incoming::Bytes(count) => seen.bytes.extend_from_slice(&buffer[..count]),
                Incoming::End(ending) => seen.ending = Some(ending),
                Incoming::NothingYet => {}
            }
            patience = COMPLETE_WITHIN;
        }
        Ok(seen)
    }

    fn is_greeting(&self) -> bool {
        self.bytes == [GREETING] && self.ending.is_none()
    }

    fn is_nothing(&self) -> bool {
        self.bytes.is_empty() && self.ending.is_none()
    }
}

impl fmt::Display for Seen {
    /// The first line of the bytes, and how the stream ended.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match self.ending {
            Some(Ending::Fin) => "the end of the connection",
            Some(Ending::Reset) => "a reset",
            None => "",
        };
        if self.bytes.is_empty() {
            return formatter.write_str(ending);
        }
        let line = self.bytes.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty());
        let line = line.unwrap_or(&self.bytes);
        let shown = &line[..line.len().min(LINE)];
        let more = if shown.len() < line.len() { "…" } else { "" };
        let then = if ending.is_empty() { "" } else { ", then " };
        write!(formatter, "`{}{more}`{then}{ending}", shown.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// The first look at a server that serves one client.
    fn look(serve: fn(TcpStream) -> std::io::Result<()>) -> Result<(), String> {
        look_for(Duration::from_secs(60), serve)
    }

    fn look_for(patience: Duration, serve: fn(TcpStream) -> std::io::Result<()>) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = thread::spawn(move || serve(listener.accept().unwrap().0));
        let seen = probe(stream, patience);
        // Its client is gone, so it ends.
        let _ = server.join().unwrap();
        seen
    }

    /// Reads until the client is gone.
    fn listen(mut stream: &TcpStream) -> std::io::Result<()> {
        let mut buffer = [0; 64];
        while stream.read(&mut buffer)? > 0 {}
        Ok(())
    }

    fn greets_with(mut stream: TcpStream, greeting: &[u8]) -> std::io::Result<()> {
        stream.write_all(greeting)?;
        listen(&stream)
    }

    /// Greets, and answers the first message with this.
    fn answers_with(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
        stream.write_all(b"*")?;
        stream.read_exact(&mut [0; MESSAGE.len()])?;
        stream.write_all(answer)?;
        // It ends in order, or this fails.
        listen(&stream)
    }

    #[test]
    fn a_server_that_greets_and_answers_is_no_stranger() {
        assert_eq!(look(|stream| answers_with(stream, b"b")), Ok(()));
        // A slow one, too.
        let slow = |mut stream: TcpStream| {
            stream.write_all(b"*")?;
            stream.read_exact(&mut [0; MESSAGE.len()])?;
            thread::sleep(GREETS_WITHIN + ANSWERS_WITHIN);
            stream.write_all(b"b")?;
            listen(&stream)
        };
        assert_eq!(look(slow), Ok(()));
    }

    #[test]
    fn a_server_that_greets_and_answers_something_else_is_a_stranger() {
        let other = [
            ((|stream| answers_with(stream, b"^a$")) as fn(TcpStream) -> _, "with `^a$`; expected `b`"),
            (|stream| answers_with(stream, b"a"), "with `a`; expected `b`"),
            (|stream| answers_with(stream, b"bc"), "with `bc`; expected `b`"),
            (
                |mut stream| {
                    stream.write_all(b"*")?;
                    stream.read_exact(&mut [0; MESSAGE.len()])
                },
                "with the end of the connection; expected `b`",
            ),
        ];
        for (serve, shown) in other {
            let seen = look(serve).unwrap_err();
            assert_eq!(seen, format!("it greets, but answers `^a$` {shown}"));
        }
        let seen = look_for(Duration::from_millis(100), |stream| greets_with(stream, b"*")).unwrap_err();
        assert_eq!(seen, "it greets, but does not answer `^a$` within 0.1 s; expected `b`");
    }

    #[test]
    fn other_greetings_are_shown_even_if_they_begin_with_a_star() {
        for (serve, shown) in [
            (
                (|stream| greets_with(stream, b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")) as fn(TcpStream) -> _,
                "expected the greeting `*`, got `SSH-2.0-OpenSSH_9.2p1 Debian`",
            ),
            (|stream| greets_with(stream, b"* OK IMAP4rev1 ready\r\n"), "got `* OK IMAP4rev1 ready`"),
            (|stream| greets_with(stream, b"\x16\x03\x01"), r"got `\x16\x03\x01`"),
            (|stream| greets_with(stream, b"**"), "got `**`"),
            (|stream| greets_with(stream, &[b'x'; 4096]), "xxx…`"),
        ] {
            let seen = look(serve).unwrap_err();
            assert!(seen.contains(shown), "{seen}");
        }
    }

    #[test]
    fn a_server_that_closes_at_once_is_told_from_one_that_resets() {
        let seen = look(|stream| stream.shutdown(std::net::Shutdown::Both)).unwrap_err();
        assert!(seen.ends_with("got the end of the connection"), "{seen}");
        let seen = look(|mut stream| {
            stream.write_all(b"*")?;
            stream.shutdown(std::net::Shutdown::Write)
        });
        assert!(seen.unwrap_err().ends_with("got `*`, then the end of the connection"));
        let seen =
            look(|stream| socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))).unwrap_err();
        assert!(seen.ends_with("got a reset"), "{seen}");
    }

    #[test]
    fn silent_servers_are_asked_and_show_what_they_are() {
        let seen = look(|mut stream| {
            let mut question = [0; QUESTION.len()];
            stream.read_exact(&mut question)?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        });
        assert!(seen.unwrap_err().contains("got `HTTP/1.1 400 Bad Request`, then"));
        let seen = look(|stream| std::io::copy(&mut &stream, &mut &stream).map(|_| ()));
        assert!(seen.unwrap_err().contains("an echo server"));
        let seen = look(|stream| listen(&stream)).unwrap_err();
        assert!(seen.contains("expected the greeting `*`, got no byte within a second"), "{seen}");
    }
}
