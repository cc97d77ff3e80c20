//! The ring: operations are handed to the kernel, completions come back.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::thread;
use std::time::Duration;

use chassis::{DESCRIPTOR_RESERVE, Handed, Instead, Options, Shutdown, default_max_connections};
use conversation::{Conversation, Question};
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{DestinationSlot, Fd, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, opcode};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::buffers::{Buffers, GROUP, SIZE};
use super::operation::{Completion, Key, Operation, Outgoing, Payload, Sent, name, read};
use crate::clock::now;

/// Operations handed over in one go; more are handed over early.
const SUBMISSIONS: u32 = 256;
/// Completions that the kernel holds at once. What does not fit it keeps elsewhere, at a price.
const COMPLETIONS: u32 = 4096;

/// One ring with its buffers and its table of direct descriptors.
pub struct Ring {
    io: IoUring,
    buffers: Buffers,
    /// What has found no room in the submission queue.
    backlog: VecDeque<Entry>,
    /// Since the last turn.
    sends: Vec<Sent>,
    options: Options,
    /// Operations that tests let fail, by their names.
    failing: HashMap<u64, Errno>,
}

impl Ring {
    /// A ring for as many clients as may be connected, for the thread that makes it.
    ///
    /// # Errors
    /// The kernel has no `io_uring`, or a part of it is missing or forbidden.
    pub fn new(options: &Options) -> io::Result<Ring> {
        let mut builder = IoUring::builder();
        // Completions are posted only while this thread asks for them: no interrupt, no lock.
        builder.setup_single_issuer().setup_defer_taskrun().setup_submit_all();
        builder.setup_cqsize(COMPLETIONS);
        let ring = builder.build(SUBMISSIONS).map_err(|error| why_missing(&error))?;
        ring.submitter().register_files_sparse(descriptors(options))?;
        let buffers = Buffers::register(&ring).map_err(|error| why_missing(&error))?;
        let (backlog, sends) = (VecDeque::new(), Vec::new());
        let (options, failing) = (options.clone(), HashMap::new());
        let mut ring = Ring { io: ring, buffers, backlog, sends, options, failing };
        ring.probe()?;
        Ok(ring)
    }

    /// The newest part of all that is asked for is a receive with a limit. Without a socket it fails in one way where the
    /// kernel has it, and in another way where not.
    fn probe(&mut self) -> io::Result<()> {
        self.ask(Operation::Receive, 0, receive(0, 1, true), None);
        let mut completions = Vec::new();
        self.turn(None, &mut Vec::new(), &mut completions)?;
        let is_too_old = completions.iter().any(|completion| completion.result == Err(Errno::INVAL));
        if is_too_old { Err(why_missing(&Errno::INVAL.into())) } else { Ok(()) }
    }

    /// Hands over what was asked for and waits for a completion, but no longer than this. The sends that have ended are added
    /// to `sent`, and all other completions to `completions`.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn turn(
        &mut self,
        within: Option<Duration>,
        sent: &mut Vec<Sent>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        while let Some(entry) = self.backlog.pop_front() {
            if !self.push(&entry) {
                self.backlog.push_front(entry);
                break;
            }
        }
        self.enter(usize::from(self.backlog.is_empty()), within)?;
        loop {
            self.collect(completions);
            if !self.io.submission().cq_overflow() {
                break;
            }
            self.enter(0, None)?;
        }
        // A send does not wait, so that all that have been handed over are over; of those that were not done in full
        // there was a completion.
        if self.backlog.is_empty() && self.io.submission().is_empty() {
            sent.append(&mut self.sends);
        }
        Ok(())
    }

    /// One system call.
    fn enter(&mut self, want: usize, within: Option<Duration>) -> io::Result<()> {
        let entered = match within {
            Some(within) if want > 0 => {
                let within = Timespec::from(within);
                self.io.submitter().submit_with_args(want, &SubmitArgs::new().timespec(&within))
            }
            _ => self.io.submitter().submit_and_wait(want),
        };
        match entered.as_ref().err().and_then(Errno::from_io_error) {
            None | Some(Errno::TIME | Errno::INTR) => entered.map(drop).or(Ok(())),
            // It has no memory for requests now, or too many completions wait.
            Some(Errno::AGAIN | Errno::BUSY | Errno::NOMEM) => {
                thread::sleep(Duration::from_millis(1));
                Ok(())
            }
            Some(_) => entered.map(drop),
        }
    }

    fn collect(&mut self, completions: &mut Vec<Completion>) {
        for entry in self.io.completion() {
            let mut completion = read(&entry);
            if !self.failing.is_empty()
                && let Some(errno) = self.failing.remove(&entry.user_data())
            {
                completion.result = Err(errno);
            }
            match completion.operation {
                Operation::Send => {
                    let of_this = |sent: &&mut Sent| sent.key == completion.key;
                    if let Some(sent) = self.sends.iter_mut().find(of_this) {
                        sent.result = completion.result.map(|count| count as usize);
                    }
                }
                _ => completions.push(completion),
            }
        }
    }

    /// Accept all clients that come, each as a direct descriptor that the kernel chooses.
    pub fn accept(&mut self, listener: &TcpListener) {
        let (listener, any) = (Fd(listener.as_raw_fd()), DestinationSlot::auto_target());
        let instead = self.options.before_operation(Handed::Accept);
        let entry = match instead {
            Some(Instead::Once) => {
                opcode::Accept::new(listener, ptr::null_mut(), ptr::null_mut()).file_index(Some(any)).build()
            }
            _ => opcode::AcceptMulti::new(listener).allocate_file_index(true).build(),
        };
        self.ask(Operation::Accept, 0, entry, instead);
    }

    /// Tell when the server is to stop.
    pub fn await_stop(&mut self, shutdown: &Shutdown) {
        let readable = u32::from(PollFlags::IN.bits());
        let entry = opcode::PollAdd::new(Fd(shutdown.as_raw_fd()), readable).build();
        self.ask(Operation::Stop, 0, entry, None);
    }

    /// Receive whatever comes, each part into a buffer of the ring. A part ends with its buffer, and then it is
    /// another client's turn.
    pub fn receive(&mut self, key: Key) {
        let mut most = u32::try_from(SIZE).unwrap_or(u32::MAX);
        let instead = self.options.before_operation(Handed::Receive);
        if instead == Some(Instead::Short) {
            most = 3;
        }
        let entry = receive(key, most, instead.is_none());
        self.ask(Operation::Receive, key, entry, instead);
    }

    /// Send as much as there is room for now; what became of it the next [`turn`](Self::turn) says.
    pub fn send(&mut self, key: Key, outgoing: Outgoing) {
        let instead = self.options.before_operation(Handed::Send);
        let whole = outgoing.to - outgoing.from;
        let length = if instead == Some(Instead::Short) { whole.div_ceil(2) } else { whole };
        let mut sent = Sent { key, result: Ok(length), outgoing, at: now() };
        let bytes = &self.unsent(&mut sent.outgoing)[..length];
        let (start, length) = (bytes.as_ptr(), u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        // With WAITALL a send that is not done in full counts as failed, and only failed ones have a completion.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let flags = (flags.bits() | RecvFlags::WAITALL.bits()).cast_signed();
        let entry = opcode::Send::new(Fixed(key), start, length).flags(flags).build();
        self.sends.push(sent);
        // One that a test has cut short must not be taken for a whole one.
        let entry = if length as usize == whole { entry.flags(Flags::SKIP_SUCCESS) } else { entry };
        self.ask(Operation::Send, key, entry, instead);
    }

    /// Tell when the socket has room, or has failed, and again whenever it has room after it has refused a send. (A
    /// poll that completes once would complete at once for a client that has closed its side, again and again.)
    pub fn await_room(&mut self, key: Key) {
        let room = u32::from(PollFlags::OUT.bits());
        self.ask(Operation::Room, key, opcode::PollAdd::new(Fixed(key), room).multi(true).build(), None);
    }

    /// Shut the sending side, which sends FIN.
    pub fn send_fin(&mut self, key: Key) {
        /// `SHUT_WR`
        const SENDING: i32 = 1;
        self.ask(Operation::Fin, key, opcode::Shutdown::new(Fixed(key), SENDING).build(), None);
    }

    /// Close the socket. No operation on it may be under way.
    pub fn close(&mut self, key: Key) {
        let entry = opcode::Close::new(Fixed(key)).build();
        self.ask(Operation::Close, key, entry.flags(Flags::SKIP_SUCCESS), None);
    }

    /// Ask the kernel what only it knows; the completion's result is the answer in bytes.
    pub fn ask_socket(&mut self, key: Key, question: Question) {
        // `SOCKET_URING_OP_SIOCINQ` and `SOCKET_URING_OP_SIOCOUTQ`
        let (operation, command) = match question {
            Question::Unread => (Operation::Unread, 0),
            Question::Untaken => (Operation::Untaken, 1),
        };
        self.ask(operation, key, opcode::UringCmd16::new(Fixed(key), command).build(), None);
    }

    /// End an operation that is under way. Its own completion tells when; if it is not found there is a completion of this.
    pub fn cancel(&mut self, operation: Operation, key: Key) {
        let by = match operation {
            Operation::Accept => Operation::CancelAccept,
            Operation::Room => Operation::CancelRoom,
            _ => Operation::CancelReceive,
        };
        let entry = opcode::AsyncCancel::new(name(operation, key)).build();
        let instead = self.options.before_operation(Handed::Cancel);
        self.ask(by, key, entry.flags(Flags::SKIP_SUCCESS), instead);
    }

    /// Answers what has been received, in place, and returns the length of the reply; no bytes are the client's end.
    ///
    /// # Errors
    /// The handler panicked.
    pub fn answer(&mut self, conversation: &mut Conversation, payload: &mut Payload) -> io::Result<usize> {
        let (now, bytes) = (now(), bytes(&mut self.buffers, payload));
        let options = &self.options;
        let replied = catch_unwind(AssertUnwindSafe(|| match bytes {
            [] => conversation.receive_end(now).len(),
            bytes => {
                options.panic_if_asked(bytes);
                conversation.receive(bytes, now).len()
            }
        }));
        replied.map_err(|_| io::Error::other("its turn panicked"))
    }

    /// The bytes that are still to be sent.
    pub fn unsent<'bytes>(&'bytes mut self, outgoing: &'bytes mut Outgoing) -> &'bytes [u8] {
        &bytes(&mut self.buffers, &mut outgoing.payload)[outgoing.from..outgoing.to]
    }

    /// What is left after so many bytes more have been sent. It is copied out, and the kernel has its buffer again.
    pub fn rest(&mut self, mut outgoing: Outgoing, count: usize) -> Option<Outgoing> {
        outgoing.from += count;
        if outgoing.from == outgoing.to {
            self.discard(outgoing.payload);
            return None;
        }
        if let Payload::Buffer(_) = outgoing.payload {
            let bytes = self.unsent(&mut outgoing).into();
            self.discard(mem::replace(&mut outgoing.payload, Payload::Own(bytes)));
            (outgoing.from, outgoing.to) = (0, outgoing.to - outgoing.from);
        }
        outgoing.is_rest = true;
        Some(outgoing)
    }

    /// What has been received, in memory of its own; the kernel has its buffer again.
    pub fn copy_out(&mut self, payload: Payload) -> Box<[u8]> {
        match payload {
            Payload::Own(bytes) => bytes,
            Payload::Buffer(mut buffer) => {
                let bytes = (&*self.buffers.bytes(&mut buffer)).into();
                self.buffers.recycle(buffer);
                bytes
            }
        }
    }

    /// Nobody needs it any more: the kernel has its buffer again.
    pub fn discard(&mut self, payload: Payload) {
        if let Payload::Buffer(buffer) = payload {
            self.buffers.recycle(buffer);
        }
    }

    fn ask(&mut self, operation: Operation, key: Key, entry: Entry, instead: Option<Instead>) {
        let mut entry = entry.user_data(name(operation, key));
        if let Some(Instead::Error(errno)) = instead {
            self.failing.insert(name(operation, key), errno);
            entry = opcode::Nop::new().build().user_data(name(operation, key));
        }
        // In order: none may overtake another.
        if !self.backlog.is_empty() || !self.push(&entry) {
            self.backlog.push_back(entry);
        }
    }

    /// Whether there was room.
    fn push(&mut self, entry: &Entry) -> bool {
        for _ in 0..2 {
            // SAFETY: the only pointer in an entry is that of a send. Its bytes lie in a box or in a buffer of the
            // ring, which `self.sends` keeps until the kernel is done with it. They do not move meanwhile.
            #[expect(unsafe_code, reason = "the kernel reads what an operation points to")]
            let pushed = unsafe { self.io.submission().push(entry) };
            if pushed.is_ok() {
                return true;
            }
            // The queue is full.
            let _ = self.io.submit();
        }
        false
    }
}

/// A receive of parts of at most this length. As a *bundle* it may fill several buffers, but for this length one is enough; and
/// only a bundle gives way to others after each part of full length. It waits for bytes first: tried at once it would bring
/// a part more in its first turn than in all others.
fn receive(key: Key, most: u32, again_and_again: bool) -> Entry {
    /// `IORING_RECVSEND_POLL_FIRST`, `IORING_RECV_MULTISHOT` and `IORING_RECVSEND_BUNDLE`
    const POLL_FIRST: u16 = 1;
    const MULTISHOT: u16 = 1 << 1;
    const BUNDLE: u16 = 1 << 4;
    let how = if again_and_again { POLL_FIRST | MULTISHOT | BUNDLE } else { 0 };
    let entry = opcode::Recv::new(Fixed(key), ptr::null_mut(), most).ioprio(how).buf_group(GROUP).build();
    entry.flags(Flags::BUFFER_SELECT)
}

fn bytes<'bytes>(buffers: &'bytes mut Buffers, payload: &'bytes mut Payload) -> &'bytes mut [u8] {
    match payload {
        Payload::Buffer(buffer) => buffers.bytes(buffer),
        Payload::Own(bytes) => bytes,
    }
}

/// Places in a ring's table: for the clients that may be connected, and for those that are accepted only to be rejected.
/// The kernel allows no more than the limit on open files.
fn descriptors(options: &Options) -> u32 {
    /// As many as may wait in the queue of the listener: the kernel accepts them in one go.
    const TO_BE_REJECTED: usize = 4096;
    let wanted = options.max_connections().saturating_add(TO_BE_REJECTED);
    let most = default_max_connections() + DESCRIPTOR_RESERVE;
    u32::try_from(wanted.min(most)).unwrap_or(u32::MAX)
}

/// Why there is no ring, and what to do.
fn why_missing(error: &io::Error) -> io::Error {
    let advice = match Errno::from_io_error(error) {
        Some(Errno::NOSYS) => "this kernel has no io_uring",
        Some(Errno::PERM | Errno::ACCESS) => {
            "io_uring is forbidden here, by `sysctl kernel.io_uring_disabled` or by a sandbox"
        }
        Some(Errno::INVAL) => "this kernel's io_uring is too old: Linux 6.17 is needed",
        Some(Errno::NOMEM) => "the limit on locked memory is too low (`ulimit -l`)",
        _ => "no ring can be made",
    };
    io::Error::new(error.kind(), format!("{advice} ({error}); choose another model, such as epoll"))
}

/// Why this machine has no rings for this process, if so.
#[must_use]
pub fn missing() -> Option<String> {
    let options = Options { max_conns: NonZeroUsize::new(1), ..Options::default() };
    Ring::new(&options).err().map(|error| error.to_string())
}
