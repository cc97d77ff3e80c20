//! What all rings share, and how one begins.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;

use chassis::{Options, Shutdown};
use conversation::Watch;
use sockets::completion::{Acceptor, Ring, Unread};
use sockets::now;
use sockets::ready::Shared;

use crate::EventLoop;
use crate::looks::Looks;

/// What all rings share.
pub(crate) struct Common<'server> {
    pub(crate) shared: Shared,
    shutdown: &'server Shutdown,
}

impl<'server> Common<'server> {
    pub(crate) fn new(options: &Options, shutdown: &'server Shutdown) -> Common<'server> {
        Common { shared: Shared::new(options), shutdown }
    }
}

impl<'server> EventLoop<'server> {
    /// # Errors
    /// The kernel has no `io_uring` for this process.
    pub(crate) fn new(listener: TcpListener, common: &'server Common) -> io::Result<EventLoop<'server>> {
        let options = &common.shared.options;
        let mut ring = Ring::new(options)?;
        ring.await_stop(common.shutdown);
        Ok(EventLoop {
            ring,
            acceptor: Acceptor::new(listener),
            clients: Vec::new(),
            open: 0,
            tails: HashMap::new(),
            unread: Unread::default(),
            is_awaited: false,
            served: 0,
            ended: Ok(()),
            watch: Watch::new(options, now()),
            looks: Looks::default(),
            common,
        })
    }
}
