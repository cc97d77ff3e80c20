//! Tasks have no timers of their own: one heartbeat wakes all of them from time to time (see [`sockets::tasks`]).

use std::sync::Arc;

use sockets::tasks::Tasks;
use tokio::{task, time};

/// Wakes every task, often enough that no timeout is noticed more than an eighth too late.
pub(crate) async fn beat(tasks: Arc<Tasks>, until: fn(&Tasks) -> bool) {
    while !until(&tasks)
        && let Some(pause) = tasks.time_left()
    {
        time::sleep(pause).await;
        // After a time in which the process was stopped, the timer is ahead of the sockets: the runtime
        // must report what has arrived before anybody is found to have been silent for too long.
        task::yield_now().await;
        tasks.beat();
    }
}
