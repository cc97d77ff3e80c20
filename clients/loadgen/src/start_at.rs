//! Starting at a given time, so that several machines start together.

use std::thread;
use std::time::{Duration, SystemTime};

use crate::handle::Handle;

/// A time further ahead is probably a mistake in the date.
const FURTHEST: Duration = Duration::from_secs(3_600);

/// The longest wait without checking whether the run was stopped.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// Rejects a time that has passed or is far ahead.
pub(crate) fn check(start: SystemTime, now: SystemTime) -> Result<(), String> {
    let time = humantime::format_rfc3339_millis(start);
    let clock = humantime::format_rfc3339_millis(now);
    match start.duration_since(now) {
        Err(_) => Err(format!("{time} is in the past: it is {clock}; give a later time, in UTC")),
        Ok(ahead) if ahead > FURTHEST => {
            Err(format!("{time} is more than one hour ahead: it is {clock}; give an earlier time, in UTC"))
        }
        Ok(_) => Ok(()),
    }
}

/// Waits until `start` or until the run is stopped. Returns by how much `start` had already passed.
pub(crate) fn wait(start: SystemTime, handle: &Handle) -> Duration {
    let late = SystemTime::now().duration_since(start).unwrap_or_default();
    while !handle.is_stopped() {
        // Looked up each time: the clock may be set meanwhile.
        let Ok(left) = start.duration_since(SystemTime::now()) else { break };
        if left.is_zero() {
            break;
        }
        thread::sleep(left.min(STOP_CHECK));
    }
    late
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_time_must_be_at_most_one_hour_ahead() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let hour = Duration::from_secs(3_600);
        check(now, now).unwrap();
        check(now + hour, now).unwrap();
        for (start, words) in [
            (now - Duration::from_millis(1), "is in the past: it is 1970-01-12T13:46:40.000Z"),
            (now + hour + Duration::from_millis(1), "1970-01-12T14:46:40.001Z is more than one hour ahead"),
        ] {
            let message = check(start, now).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_wait_ends_at_its_time_or_when_the_run_is_stopped() {
        let handle = Handle::new();
        let start = SystemTime::now() + Duration::from_millis(20);
        assert_eq!(wait(start, &handle), Duration::ZERO);
        assert!(SystemTime::now() >= start);
        assert!(wait(start, &handle) > Duration::ZERO, "it has passed");
        handle.stop();
        // Would take an hour.
        wait(SystemTime::now() + FURTHEST, &handle);
    }
}
