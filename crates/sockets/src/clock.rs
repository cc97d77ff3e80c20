//! A clock that may be read once per message.

use conversation::Tick;

/// The current moment. On Linux this reads the coarse clock (resolution: one timer tick, at most 10 ms), which
/// costs a memory read where `Instant::now` reads the processor's time stamp counter.
#[must_use]
pub fn now() -> Tick {
    #[cfg(target_os = "linux")]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::MonotonicCoarse;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(CLOCK);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wraps by design")]
    Tick::from_millis((now.tv_sec as u32).wrapping_mul(1_000).wrapping_add(now.tv_nsec as u32 / 1_000_000))
}
