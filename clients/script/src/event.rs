//! The events of a connection, and their lines in the transcript.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::failure::Failure;

/// An event of one connection.
///
/// As text it is a line of the transcript: level, time of day in UTC, connection, event.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use script::{Event, EventKind};
///
/// let event = Event {
///     connection: 0,
///     at: Duration::from_millis(1005),
///     wall: UNIX_EPOCH + Duration::from_millis(86_399_007),
///     kind: EventKind::Sending(b"xyz^123".to_vec()),
/// };
/// assert_eq!(event.to_string(), r#"INFO  23:59:59.007 conn0 sending b"xyz^123""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Which connection, from 0.
    pub connection: usize,
    /// Time since the start of the run.
    pub at: Duration,
    /// Wall-clock time.
    pub wall: SystemTime,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The TCP connection is established by the kernel; the server may not have accepted it yet.
    Connected,
    /// The greeting arrived: the server serves this connection.
    Greeted,
    /// A buffer of the script is about to be sent.
    Sending(Vec<u8>),
    /// Bytes of the reply arrived.
    Received(Vec<u8>),
    /// The whole reply has arrived, and the client closes its side.
    Disconnecting,
    /// The connection ended early or violated the protocol.
    Failed(Failure),
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if matches!(self.kind, EventKind::Failed(_)) { "ERROR" } else { "INFO" };
        let time = TimeOfDay(self.wall);
        write!(formatter, "{level:<5} {time} conn{} {}", self.connection, self.kind)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Connected => formatter.write_str("connected, waiting for b\"*\""),
            EventKind::Greeted => formatter.write_str("greeted by b\"*\""),
            EventKind::Sending(bytes) => write!(formatter, "sending b\"{}\"", bytes.escape_ascii()),
            EventKind::Received(bytes) => write!(formatter, "received b\"{}\"", bytes.escape_ascii()),
            EventKind::Disconnecting => formatter.write_str("disconnecting"),
            EventKind::Failed(failure) => write!(formatter, "failed: {failure}"),
        }
    }
}

/// `hh:mm:ss.mmm` in UTC. A run takes seconds, so the date is left out.
struct TimeOfDay(SystemTime);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A clock set before 1970 is shown as midnight.
        let since_epoch = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, milliseconds) = (since_epoch.as_secs(), since_epoch.subsec_millis());
        let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
        write!(formatter, "{hours:02}:{minutes:02}:{:02}.{milliseconds:03}", seconds % 60)
    }
}
