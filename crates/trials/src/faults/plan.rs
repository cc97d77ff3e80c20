//! What is injected where, and the required outcome.
//!
//! The errors are those that the manual pages of the calls name, the network errors that accept(2) says to
//! expect, and those that are known to have ended other servers.

use serde::Serialize;

use super::operations::are_operations;

/// Which calls fail, how, and the required outcome.
#[derive(Debug)]
pub(super) struct Row {
    /// System calls, as a set of strace's: with commas, and a `?` before one that not every machine has. Or operations
    /// that are handed to the kernel: `ring:receive`.
    pub(super) calls: &'static str,
    pub(super) faults: &'static [Fault],
    pub(super) stage: Stage,
    pub(super) repeats: &'static [Repeat],
    pub(super) expected: Expected,
    pub(super) scope: Scope,
    /// No kernel does this: there are bytes or a client, but the call returns `EAGAIN`. An edge-triggered poller
    /// does not report that readiness again, so the clients regularly cause a change.
    pub(super) is_a_lie: bool,
}

/// What is injected into a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The call is not executed and returns this error.
    Error(&'static str),
    /// The call is executed and returns 50 ms late.
    Delay,
    /// The call is executed, and the server receives a signal that it ignores.
    Signal,
    /// The operation moves fewer bytes than it could.
    Short,
    /// The operation would complete again and again, but ends with its first completion.
    Once,
}

/// The stage of the server's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    Starting,
    Serving,
    Draining,
}

/// How often, in each thread of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Once: at the first call, and in separate trials at the second, the third, …
    Each,
    /// At the first three calls.
    Thrice,
    /// At the first, the third, the fifth, … call.
    EverySecond,
    /// At every call for some seconds, then no more.
    Lasting,
}

/// The required outcome. Always: no wrong byte to any client, no panic, and no leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Expected {
    /// Every client gets its whole reply.
    NobodyHarmed,
    /// No more connections end than faults were injected; the others get their whole replies.
    EndsItsConnection,
    /// The server ends by itself, logs why, and exits with a code other than 0.
    EndsTheServer,
    /// It logs why it cannot start and exits with 1, or it starts and serves.
    RefusedOrServed,
    /// All that was received is answered, and the server ends within its drain timeout.
    Drained,
}

/// Which calls with that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    AllThreads,
    /// Only the main thread. What a new thread does before it runs our code is not ours: if the standard library gets
    /// no memory for its signal stack, it aborts the process.
    MainThread,
    /// Only calls on the server's log.
    Log,
    /// Only calls on connections: the signal handler's pipe never fails.
    Connections,
}

use Expected::{Drained, EndsItsConnection, EndsTheServer, NobodyHarmed, RefusedOrServed};
use Fault::{Delay, Error, Once, Short, Signal};
use Repeat::{Each, EverySecond, Lasting, Thrice};

/// A descriptor whose `close` failed by injection stays open: that is no leak of the server's.
pub(super) const CLOSE: &str = "close";

const EPOLL_WAIT: &str = "?epoll_wait,?epoll_pwait,?epoll_pwait2";
const POLL: &str = "?poll,?ppoll";
const SELECT: &str = "?select,?pselect6";
const CLONE: &str = "?clone,?clone3";

impl Row {
    const fn serving(calls: &'static str, faults: &'static [Fault], expected: Expected) -> Row {
        let (stage, scope) = (Stage::Serving, Scope::AllThreads);
        Row { calls, faults, stage, repeats: &[Each], expected, scope, is_a_lie: false }
    }

    const fn starting(calls: &'static str, faults: &'static [Fault]) -> Row {
        Row { stage: Stage::Starting, ..Row::serving(calls, faults, RefusedOrServed) }
    }

    const fn draining(calls: &'static str, faults: &'static [Fault]) -> Row {
        Row { stage: Stage::Draining, ..Row::serving(calls, faults, Drained) }
    }

    /// The calls without strace's marks.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.calls.split(',').map(|call| call.trim_start_matches('?'))
    }

    /// Whether its calls are operations.
    pub(super) fn is_operation(&self) -> bool {
        are_operations(self.calls)
    }

    const fn repeats(self, repeats: &'static [Repeat]) -> Row {
        Row { repeats, ..self }
    }

    const fn within(self, scope: Scope) -> Row {
        Row { scope, ..self }
    }

    const fn a_lie(self) -> Row {
        Row { is_a_lie: true, ..self }
    }
}

pub(super) const PLAN: &[Row] = &[
    Row::starting("socket", &[Error("EMFILE"), Error("ENFILE"), Error("ENOBUFS"), Error("EACCES")]),
    Row::starting("setsockopt", &[Error("ENOMEM")]),
    Row::starting("bind", &[Error("EADDRINUSE"), Error("EACCES")]),
    Row::starting("listen", &[Error("EADDRINUSE")]),
    Row::starting("?epoll_create1", &[Error("EMFILE"), Error("ENFILE"), Error("ENOMEM")]),
    Row::starting("?eventfd2", &[Error("EMFILE"), Error("ENFILE"), Error("ENOMEM")]),
    Row::starting("socketpair", &[Error("EMFILE"), Error("ENFILE")]),
    Row::starting("epoll_ctl", &[Error("ENOSPC"), Error("ENOMEM")]),
    Row::starting("?io_uring_setup", &[Error("ENOSYS"), Error("EPERM"), Error("EMFILE"), Error("ENOMEM")]),
    Row::starting("?io_uring_register", &[Error("EINVAL"), Error("ENOMEM")]),
    Row::starting(CLONE, &[Error("EAGAIN")]),
    Row::serving(
        "accept4",
        &[
            Error("EINTR"),
            Error("ECONNABORTED"),
            Error("EPROTO"),
            Error("ENETDOWN"),
            Error("EHOSTUNREACH"),
            Error("EPERM"),
        ],
        NobodyHarmed,
    ),
    Row::serving("accept4", &[Error("EAGAIN")], NobodyHarmed).a_lie(),
    Row::serving(
        "accept4",
        &[Error("EMFILE"), Error("ENFILE"), Error("ENOBUFS"), Error("ENOMEM")],
        NobodyHarmed,
    )
    .repeats(&[Each, Thrice, Lasting]),
    Row::serving("accept4", &[Error("EBADF"), Error("ENOTSOCK"), Error("EINVAL")], EndsTheServer),
    Row::serving("recvfrom", &[Error("EINTR")], NobodyHarmed).repeats(&[Each, EverySecond]),
    Row::serving("recvfrom", &[Error("EAGAIN")], NobodyHarmed).a_lie(),
    Row::serving(
        "recvfrom",
        &[Error("ECONNRESET"), Error("ETIMEDOUT"), Error("EHOSTUNREACH"), Error("ENOMEM"), Error("EIO")],
        EndsItsConnection,
    ),
    Row::serving("sendto", &[Error("EINTR"), Error("EAGAIN")], NobodyHarmed).repeats(&[Each, EverySecond]),
    Row::serving(
        "sendto",
        &[Error("ENOBUFS"), Error("EPIPE"), Error("ECONNRESET"), Error("ETIMEDOUT")],
        EndsItsConnection,
    ),
    Row::serving(EPOLL_WAIT, &[Error("EINTR")], NobodyHarmed).repeats(&[Each, EverySecond]),
    Row::serving(POLL, &[Error("EINTR"), Error("ENOMEM")], NobodyHarmed).repeats(&[Each, EverySecond]),
    Row::serving(SELECT, &[Error("EINTR"), Error("ENOMEM")], NobodyHarmed).repeats(&[Each, EverySecond]),
    Row::serving("epoll_ctl", &[Error("ENOSPC"), Error("ENOMEM")], EndsItsConnection),
    Row::serving(CLONE, &[Error("EAGAIN")], EndsItsConnection),
    Row::serving("mmap", &[Error("ENOMEM")], EndsItsConnection).within(Scope::MainThread),
    // Stacks are guarded with the one, or else with the other.
    Row::serving("madvise", &[Error("EINVAL"), Error("ENOMEM")], NobodyHarmed).within(Scope::MainThread),
    Row::serving("mprotect", &[Error("ENOMEM")], EndsItsConnection).within(Scope::MainThread),
    Row::serving("setsockopt", &[Error("EINVAL"), Error("ENOMEM")], EndsItsConnection),
    Row::serving(CLOSE, &[Error("EINTR"), Error("EIO")], NobodyHarmed),
    Row::serving("write", &[Error("EPIPE"), Error("EAGAIN"), Error("ENOSPC")], NobodyHarmed)
        .within(Scope::Log),
    Row::serving("accept4", &[Delay, Signal], NobodyHarmed),
    Row::serving("recvfrom", &[Delay, Signal], NobodyHarmed),
    Row::serving("sendto", &[Delay, Signal], NobodyHarmed),
    Row::serving(EPOLL_WAIT, &[Delay, Signal], NobodyHarmed),
    Row::serving(POLL, &[Delay, Signal], NobodyHarmed),
    Row::serving(SELECT, &[Delay, Signal], NobodyHarmed),
    Row::serving("futex", &[Delay, Signal], NobodyHarmed),
    Row::serving(
        "?io_uring_enter",
        &[Error("EINTR"), Error("EAGAIN"), Error("EBUSY"), Error("ENOMEM")],
        NobodyHarmed,
    )
    .repeats(&[Each, EverySecond]),
    Row::serving("?io_uring_enter", &[Delay, Signal], NobodyHarmed),
    Row::serving(
        "ring:accept",
        &[Error("EINTR"), Error("ECONNABORTED"), Error("EPROTO"), Error("EPERM"), Error("ECANCELED"), Once],
        NobodyHarmed,
    ),
    Row::serving(
        "ring:accept",
        &[Error("EMFILE"), Error("ENFILE"), Error("ENOBUFS"), Error("ENOMEM")],
        NobodyHarmed,
    )
    .repeats(&[Each, Thrice, Lasting]),
    Row::serving("ring:accept", &[Error("EBADF"), Error("EINVAL")], EndsTheServer),
    Row::serving(
        "ring:receive",
        &[Error("ENOBUFS"), Error("ECANCELED"), Error("EINTR"), Error("EAGAIN"), Short, Once],
        NobodyHarmed,
    )
    .repeats(&[Each, EverySecond]),
    Row::serving(
        "ring:receive",
        &[Error("ECONNRESET"), Error("ETIMEDOUT"), Error("EHOSTUNREACH"), Error("ENOMEM"), Error("EIO")],
        EndsItsConnection,
    ),
    Row::serving("ring:send", &[Error("EINTR"), Error("ECANCELED"), Short], NobodyHarmed)
        .repeats(&[Each, EverySecond]),
    Row::serving(
        "ring:send",
        &[Error("ENOBUFS"), Error("EPIPE"), Error("ECONNRESET"), Error("ETIMEDOUT")],
        EndsItsConnection,
    ),
    Row::serving("ring:cancel", &[Error("ENOENT"), Error("EALREADY")], NobodyHarmed)
        .repeats(&[Each, EverySecond]),
    Row::draining("shutdown", &[Error("ENOTCONN"), Error("EINTR"), Error("EINVAL"), Error("EIO")])
        .within(Scope::Connections),
    Row::draining("ioctl", &[Error("EINVAL"), Error("EIO")]).within(Scope::Connections),
    Row::draining("recvfrom", &[Error("EINTR")]).repeats(&[Each, EverySecond]).within(Scope::Connections),
    Row::draining("sendto", &[Error("EINTR"), Error("EAGAIN")])
        .repeats(&[Each, EverySecond])
        .within(Scope::Connections),
    Row::draining("ring:receive", &[Error("ENOBUFS"), Error("ECANCELED"), Short, Once])
        .repeats(&[Each, EverySecond]),
    Row::draining("ring:send", &[Error("EINTR"), Error("ECANCELED"), Short]).repeats(&[Each, EverySecond]),
    Row::draining(EPOLL_WAIT, &[Error("EINTR"), Delay]).repeats(&[Each, EverySecond]),
    Row::draining(POLL, &[Error("EINTR"), Delay]).repeats(&[Each, EverySecond]),
    Row::draining(SELECT, &[Error("EINTR"), Delay]).repeats(&[Each, EverySecond]),
];

impl Fault {
    /// As it stands in a report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Error(errno) => errno,
            Delay => "delay",
            Signal => "signal",
            Short => "short",
            Once => "once",
        }
    }

    /// As strace writes it.
    pub(super) fn injected(self) -> String {
        match self {
            Error(errno) => format!("error={errno}"),
            Delay => "delay_exit=50000".to_owned(),
            Signal => "signal=SIGURG".to_owned(),
            Short | Once => self.name().to_owned(),
        }
    }
}

impl Repeat {
    /// As strace writes it; `occurrence` counts from 1.
    pub(super) fn when(self, occurrence: u32) -> String {
        match self {
            Each => occurrence.to_string(),
            Thrice => "1..3".to_owned(),
            EverySecond => "1+2".to_owned(),
            Lasting => "1+".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_fits_the_stage() {
        for row in PLAN {
            let fits = match row.stage {
                Stage::Starting => row.expected == RefusedOrServed,
                Stage::Draining => row.expected == Drained,
                Stage::Serving => !matches!(row.expected, RefusedOrServed | Drained),
            };
            assert!(fits, "{row:?}");
        }
    }

    #[test]
    fn no_fault_stands_twice() {
        let mut seen = std::collections::HashSet::new();
        for row in PLAN {
            for fault in row.faults {
                assert!(seen.insert((row.calls, fault.name(), row.stage as u8)), "{} {fault:?}", row.calls);
            }
        }
    }
}
