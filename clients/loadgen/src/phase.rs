//! The phases of a run.

/// Where a run stands; [`run`](crate::run()) reports each phase as it begins.
///
/// The observer is called between two phases, on the thread that called `run`, and the load waits until it
/// returns. At [`Phase::Measuring`] and at [`Phase::Closing`] that wait is in no figure, so these two are the
/// places to read what a server has used: between them the server answers the messages that are counted and
/// those that are drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connections are being opened.
    Connecting,
    /// All are open; the server has a bounded time to greet them.
    Greeting,
    /// The load runs, and nothing is counted yet.
    WarmUp,
    /// The measured window begins when the observer returns.
    Measuring,
    /// The measured window has ended; messages in flight may still be answered.
    Draining,
    /// Nothing is in flight, or the time to drain is over. All connections are still open; they are closed
    /// when the observer returns.
    Closing,
}
