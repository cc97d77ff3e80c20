//! What can be asked of the kernel, and what comes of it.

use conversation::Tick;
use io_uring::cqueue;
use rustix::io::Errno;

use super::buffers::{Buffer, Buffers};

/// A client: the place of its socket in the ring's table of direct descriptors.
pub type Key = u32;

/// What the kernel was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// Accept clients.
    Accept,
    /// Receive from a client.
    Receive,
    /// Send to a client. Its completion is a [`Sent`].
    Send,
    /// Wait for room in the socket.
    Room,
    /// Shut the sending side.
    Fin,
    /// Close the socket; only if that has failed there is a completion.
    Close,
    /// [`Unread`](conversation::Question::Unread)
    Unread,
    /// [`Untaken`](conversation::Question::Untaken)
    Untaken,
    /// Wait for the request to stop.
    Stop,
    /// End [`Accept`](Self::Accept); only if that was not under way there is a completion.
    CancelAccept,
    /// The same for [`Receive`](Self::Receive).
    CancelReceive,
    /// The same for [`Room`](Self::Room).
    CancelRoom,
}

/// In the order of their numbers.
const OPERATIONS: [Operation; 12] = {
    use Operation::{
        Accept, CancelAccept, CancelReceive, CancelRoom, Close, Fin, Receive, Room, Send, Stop, Unread,
        Untaken,
    };
    [Accept, Receive, Send, Room, Fin, Close, Unread, Untaken, Stop, CancelAccept, CancelReceive, CancelRoom]
};

/// What has come of an operation.
#[derive(Debug)]
pub struct Completion {
    /// Of what.
    pub operation: Operation,
    /// Of which client. That of a new one is the result of [`Operation::Accept`].
    pub key: Key,
    /// What the system call would have returned.
    pub result: Result<u32, Errno>,
    /// Whether the operation goes on (`F_MORE`). If not it has to be asked for again, whatever the result.
    pub more: bool,
    /// What was received; without a receive, or at the client's end, no bytes.
    pub payload: Payload,
}

/// Where bytes that are being sent lie. They belong to the ring meanwhile.
#[derive(Debug)]
pub enum Payload {
    /// Where they were received.
    Buffer(Buffer),
    /// In memory of their own.
    Own(Box<[u8]>),
}

/// A part of a payload, on its way to a client.
#[derive(Debug)]
pub struct Outgoing {
    /// Where its bytes lie.
    pub payload: Payload,
    /// The first byte that is still to be sent.
    pub from: usize,
    /// The end.
    pub to: usize,
    /// Whether a first part has gone before.
    pub is_rest: bool,
}

/// What has become of a send.
#[derive(Debug)]
pub struct Sent {
    /// To whom.
    pub key: Key,
    /// What was to be sent.
    pub outgoing: Outgoing,
    /// How many bytes of it were.
    pub result: Result<usize, Errno>,
    /// When it was handed over.
    pub at: Tick,
}

/// What an operation is called until it is complete.
pub(super) fn name(operation: Operation, key: Key) -> u64 {
    (operation as u64) << 32 | u64::from(key)
}

pub(super) fn read(entry: &cqueue::Entry) -> Completion {
    let name = entry.user_data();
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a name")]
    let (operation, key) = (OPERATIONS[(name >> 32) as usize], name as Key);
    let result = u32::try_from(entry.result()).map_err(|_| Errno::from_raw_os_error(-entry.result()));
    let buffer = cqueue::buffer_select(entry.flags());
    let filled = |id| Payload::Buffer(Buffers::filled(id, result.map_or(0, |length| length as usize)));
    let payload = buffer.map_or_else(|| Payload::Own(Box::default()), filled);
    Completion { operation, key, result, more: cqueue::more(entry.flags()), payload }
}
