//! The cache for threads that block: each has a connection for itself while it waits for an answer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chassis::Options;
use prime::Verdict;
use redis::{Cmd, Connection, Value};
use tracing::info;

use crate::client::{Clients, found, get, set, stored, trouble};
use crate::policy::{Epoch, Health, TIMEOUT, Trouble};

/// A bounded pool of connections. They are made when they are needed, and kept.
pub struct Cache {
    clients: Clients,
    most: usize,
    pool: Mutex<Pool>,
    /// A connection, or the place for one, has become free.
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    /// Those that are idle and those that are in use.
    open: usize,
    health: Health,
}

impl Cache {
    /// The cache of `--cache`, if that is given, over at most this many connections.
    #[must_use]
    pub fn of(options: &Options, most: usize) -> Option<Cache> {
        let addresses = options.cache.as_ref()?;
        info!(cache = %addresses, connections = most, timeout = ?TIMEOUT, "numbers are looked up before they are tested");
        let clients = Clients::new(addresses);
        Some(Cache { clients, most, pool: Mutex::default(), freed: Condvar::new() })
    }

    /// What is stored about the number. `None` if it must be tested: nothing is stored, or the cache does not help.
    ///
    /// Waits for [`TIMEOUT`] at most.
    pub fn get(&self, number: u64) -> Option<Verdict> {
        self.ask(&get(number), found).flatten()
    }

    /// Stores what a test has found, if the cache takes it. A test that was stopped has found nothing.
    ///
    /// Waits for [`TIMEOUT`] at most.
    pub fn store(&self, number: u64, verdict: Verdict) {
        self.ask(&set(number, verdict), stored);
    }

    /// One command, and what its answer means. `None` if there is none, or one that means nothing.
    fn ask<T>(&self, command: &Cmd, understand: fn(&Value) -> Result<T, Trouble>) -> Option<T> {
        let deadline = Instant::now() + TIMEOUT;
        let mut place = self.wait_for_place(deadline)?;
        let answer = self.exchange(&mut place, command, deadline).and_then(|value| understand(&value));
        let mut pool = self.pool();
        match answer {
            Ok(answer) => {
                pool.health.answered(place.epoch);
                Some(answer)
            }
            Err(trouble) => {
                if trouble.ends_connection() {
                    place.connection = None;
                }
                if pool.health.failed(place.epoch, &trouble, Instant::now()) {
                    pool.open -= pool.idle.len();
                    pool.idle.clear();
                    // Whoever waits for a place need not: the cache is not worth asking.
                    self.freed.notify_all();
                }
                None
            }
        }
        // The pool is unlocked before the place is given back: locals end in the reverse order.
    }

    /// A place in the pool, with a connection or room for one; `None` if the cache is not worth asking, or at the deadline.
    fn wait_for_place(&self, deadline: Instant) -> Option<Place<'_>> {
        let mut pool = self.pool();
        if !pool.health.allows(Instant::now()) {
            return None;
        }
        let epoch = pool.health.epoch();
        loop {
            if pool.health.epoch() != epoch {
                return None;
            }
            let connection = pool.idle.pop();
            if connection.is_some() || pool.open < self.most {
                pool.open += usize::from(connection.is_none());
                return Some(Place { cache: self, connection, epoch });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                pool.health.failed(epoch, &Trouble::Busy, Instant::now());
                return None;
            }
            pool = self.freed.wait_timeout(pool, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn exchange(&self, place: &mut Place<'_>, command: &Cmd, deadline: Instant) -> Result<Value, Trouble> {
        let mut connection = match place.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        // A timeout of zero is none.
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        connection.set_read_timeout(Some(left)).map_err(|error| trouble(&error))?;
        let answer = command.query(&mut connection).map_err(|error| trouble(&error));
        place.connection = Some(connection);
        answer
    }

    fn connect(&self) -> Result<Connection, Trouble> {
        let mut refusal = Trouble::Slow;
        for client in &self.clients.all {
            let connected = client.get_connection_with_timeout(self.clients.share);
            match connected
                .and_then(|connection| connection.set_write_timeout(Some(TIMEOUT)).map(|()| connection))
            {
                Ok(connection) => return Ok(connection),
                Err(error) => refusal = trouble(&error),
            }
        }
        Err(refusal)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Cache")
            .field("clients", &self.clients)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

/// A place in the pool, in use.
struct Place<'cache> {
    cache: &'cache Cache,
    connection: Option<Connection>,
    epoch: Epoch,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut pool = self.cache.pool();
        match self.connection.take() {
            Some(connection) if self.epoch == pool.health.epoch() => pool.idle.push(connection),
            _ => pool.open -= 1,
        }
        drop(pool);
        self.cache.freed.notify_one();
    }
}
