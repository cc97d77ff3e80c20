//! Faults that a client may ask for: `FAULT KIND`, with `--faults`.
//!
//! They are at GET and SET alone, so that the connection that asked can always end them.

use std::str;
use std::time::Duration;

use resp::Reply;

/// What goes wrong from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// `slow MILLISECONDS`: answers come this much later.
    Slow(Duration),
    /// `wrong`: GET finds a value that nobody has set.
    Wrong,
    /// `garbage`: answers are no RESP.
    Garbage,
    /// `error`: answers are errors.
    Error,
    /// `oom`: the memory is full. GET still works.
    Oom,
    /// `reset`: the connection is reset when half of an answer has been sent.
    Reset,
    /// `refuse`: all other connections are reset, and new ones are refused.
    Refuse,
}

/// What `wrong` finds.
pub(crate) const NONSENSE: &[u8] = b"perhaps";

impl Fault {
    /// Reads the words behind `FAULT`.
    ///
    /// # Errors
    /// What to ask for instead, as it is answered.
    pub(crate) fn parse(words: &[Vec<u8>]) -> Result<Fault, Reply> {
        let words: Vec<String> =
            words.iter().map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["none"] => Ok(Fault::None),
            ["wrong"] => Ok(Fault::Wrong),
            ["garbage"] => Ok(Fault::Garbage),
            ["error"] => Ok(Fault::Error),
            ["oom"] => Ok(Fault::Oom),
            ["reset"] => Ok(Fault::Reset),
            ["refuse"] => Ok(Fault::Refuse),
            ["slow", time] => match time.parse() {
                Ok(millis @ 0..=LONGEST) => Ok(Fault::Slow(Duration::from_millis(millis))),
                _ => Err(Reply::error("ERR slow takes milliseconds, at most 600000")),
            },
            _ => Err(Reply::error(
                "ERR there are the faults none, slow MILLISECONDS, wrong, garbage, error, oom, reset and refuse",
            )),
        }
    }
}

/// Ten minutes: for ever, in a test.
const LONGEST: u64 = 600_000;
