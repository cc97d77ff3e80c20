//! What every server shares: options, listener, limits, shutdown, counters, logs.
