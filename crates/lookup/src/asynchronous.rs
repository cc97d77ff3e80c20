//! The cache for tasks that await: one connection carries the questions of all, one behind the other.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chassis::Options;
use prime::Verdict;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Value};
use tokio::time::{Instant as Moment, timeout, timeout_at};
use tracing::info;

use crate::client::{Clients, found, get, set, stored, trouble};
use crate::policy::{Epoch, Health, TIMEOUT, Trouble};

/// One connection, pipelined. It is made when it is needed, and kept.
#[derive(Debug)]
pub struct Cache {
    clients: Clients,
    state: Mutex<State>,
    /// Held by the task that connects; others that need the connection wait for it.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    health: Health,
}

impl Cache {
    /// The cache of `--cache`, if that is given.
    #[must_use]
    pub fn of(options: &Options) -> Option<Cache> {
        let addresses = options.cache.as_ref()?;
        info!(cache = %addresses, connections = 1, timeout = ?TIMEOUT, "numbers are looked up before they are tested");
        let (clients, state) = (Clients::new(addresses), Mutex::default());
        Some(Cache { clients, state, connecting: tokio::sync::Mutex::new(()) })
    }

    /// What is stored about the number. `None` if it must be tested: nothing is stored, or the cache does not help.
    ///
    /// Waits for [`TIMEOUT`] at most. Nothing is lost if the future is dropped.
    pub async fn get(&self, number: u64) -> Option<Verdict> {
        self.ask(&get(number), found).await.flatten()
    }

    /// Stores what a test has found, if the cache takes it. A test that was stopped has found nothing.
    ///
    /// Waits for [`TIMEOUT`] at most.
    pub async fn store(&self, number: u64, verdict: Verdict) {
        self.ask(&set(number, verdict), stored).await;
    }

    /// One command, and what its answer means. `None` if there is none, or one that means nothing.
    async fn ask<T>(&self, command: &Cmd, understand: fn(&Value) -> Result<T, Trouble>) -> Option<T> {
        if !self.state().health.allows(Instant::now()) {
            return None;
        }
        let deadline = Moment::now() + TIMEOUT;
        let mut epoch = self.state().health.epoch();
        let exchange = async {
            let mut connection = self.connection(&mut epoch).await?;
            command.query_async::<Value>(&mut connection).await.map_err(|error| trouble(&error))
        };
        let value = timeout_at(deadline, exchange).await.unwrap_or(Err(Trouble::Slow));
        let mut state = self.state();
        match value.and_then(|value| understand(&value)) {
            Ok(answer) => {
                state.health.answered(epoch);
                Some(answer)
            }
            Err(trouble) => {
                if state.health.failed(epoch, &trouble, Instant::now()) {
                    // Others that wait on it still get their answers, if these come.
                    state.connection = None;
                }
                None
            }
        }
    }

    /// The connection, and the epoch in which it was made.
    async fn connection(&self, epoch: &mut Epoch) -> Result<MultiplexedConnection, Trouble> {
        if let Some(connection) = self.existing(epoch) {
            return Ok(connection);
        }
        let asked = *epoch;
        let _alone = self.connecting.lock().await;
        if let Some(connection) = self.existing(epoch) {
            return Ok(connection);
        }
        if *epoch != asked {
            return Err(Trouble::Broken("it could not be connected to a moment ago".to_owned()));
        }
        // In a box: connecting is rare, and every waiting task would have room for it.
        let connection = Box::pin(self.connect()).await?;
        let mut state = self.state();
        state.connection = Some(connection.clone());
        *epoch = state.health.epoch();
        Ok(connection)
    }

    fn existing(&self, epoch: &mut Epoch) -> Option<MultiplexedConnection> {
        let state = self.state();
        *epoch = state.health.epoch();
        state.connection.clone()
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Trouble> {
        // `ask` has the timeout for both.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut refusal = Trouble::Slow;
        for client in &self.clients.all {
            let connecting = client.get_multiplexed_async_connection_with_config(&config);
            match timeout(self.clients.share, connecting).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => refusal = trouble(&error),
                Err(_) => refusal = Trouble::Slow,
            }
        }
        Err(refusal)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
