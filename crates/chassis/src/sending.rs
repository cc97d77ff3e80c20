//! How a reply is cut into `send` calls, and whether the kernel may hold small segments back.
//!
//! The series' own servers that block send each byte by itself. With Nagle's algorithm, which is on unless a server turns
//! it off, that is a trap:
//!
//! ```text
//!  server                                  client
//!  send("b") ── segment "b" ─────────────▶ has half a reply, nothing to send, and puts its acknowledgement off
//!  send("c")    held back: "b" is not      │
//!  send("d")    acknowledged yet           │ 40 ms
//!               ◀───────── acknowledgement ┘
//!            ── segment "cd" ────────────▶ has its reply
//! ```
//!
//! The cure is to send what answers one read in one call. Turning Nagle's algorithm off as well covers replies that still
//! take several calls; alone it leaves a system call and a segment for each byte.

use clap::{Args, ValueEnum};

/// How replies are sent.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    /// What one send call carries: all that answers what was read, or one byte, as in the series' blocking servers. In
    /// sequential, thread-per-conn and mio only [default: per-read]
    #[arg(long, value_name = "POLICY")]
    pub write_policy: Option<WritePolicy>,

    /// Leave Nagle's algorithm on: while the client has not acknowledged a small segment, the kernel holds the next one
    /// back. In sequential, thread-per-conn and mio only
    #[arg(long)]
    pub nagle: bool,
}

/// What one `send` carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WritePolicy {
    /// All that answers what one read has brought.
    #[default]
    PerRead,
    /// One byte, as in the series' servers that block.
    PerByte,
}

/// With a send for each byte, one read brings no more: the series' buffer. With a larger one an event loop would work for one
/// client for a tenth of a second, and longer on a busy machine, while all others wait.
const SENDS_FOR_A_READ: usize = 1024;

impl Sending {
    /// The part of a buffer that one read may fill. The crate `sockets` calls this.
    #[inline]
    #[must_use]
    pub fn room(self, buffer: &mut [u8]) -> &mut [u8] {
        match self.write_policy {
            None | Some(WritePolicy::PerRead) => buffer,
            Some(WritePolicy::PerByte) => {
                let most = buffer.len().min(SENDS_FOR_A_READ);
                &mut buffer[..most]
            }
        }
    }

    /// What the next `send` carries of these bytes, which are still to be sent. The crate `sockets` calls this.
    #[inline]
    #[must_use]
    pub fn next(self, bytes: &[u8]) -> &[u8] {
        match self.write_policy {
            None | Some(WritePolicy::PerRead) => bytes,
            Some(WritePolicy::PerByte) => &bytes[..bytes.len().min(1)],
        }
    }

    /// The same as arguments for a server.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let policy = self.write_policy.and_then(|policy| policy.to_possible_value());
        let policy = policy.map(|policy| format!("--write-policy={}", policy.get_name()));
        policy.into_iter().chain(self.nagle.then(|| "--nagle".to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        sending: Sending,
    }

    fn parse(arguments: &[String]) -> Sending {
        Command::parse_from(["server".to_owned()].iter().chain(arguments)).sending
    }

    #[test]
    fn a_reply_is_sent_as_a_whole_unless_it_is_to_be_sent_byte_by_byte() {
        let next = |write_policy, bytes| Sending { write_policy, nagle: false }.next(bytes);
        assert_eq!(next(None, b"bcd"), b"bcd");
        assert_eq!(next(Some(WritePolicy::PerRead), b"bcd"), b"bcd");
        assert_eq!(next(Some(WritePolicy::PerByte), b"bcd"), b"b");
        assert_eq!(next(Some(WritePolicy::PerByte), b""), b"");
    }

    #[test]
    fn its_arguments_say_the_same_to_another_server() {
        for write_policy in [None, Some(WritePolicy::PerRead), Some(WritePolicy::PerByte)] {
            for nagle in [false, true] {
                let sending = Sending { write_policy, nagle };
                assert_eq!(parse(&sending.arguments()), sending);
            }
        }
        assert_eq!(Sending::default().arguments(), [""; 0]);
    }
}
