//! CPU time that other programs on this machine took, by Linux's account of each CPU.
//!
//! ```text
//!  wall time of the CPUs = unused + stolen + own processes + others + waking up
//!  time in use           =                   own processes + others              ± the tick's chance
//! ```
//!
//! Own processes are read to the nanosecond, and others are what remains. Each of the two accounts errs in its own way.
//! Unused time is exact, but a CPU that is woken from idleness for an interrupt is in use and nobody's. Time in use is
//! what a process or an interrupt happened to do when the clock ticked, a few hundred times a second. So the smaller
//! remainder counts; on a CPU that others keep busy both agree.
//!
//! Kernels account interrupts in one of two ways: to the process that was interrupted, so that the processes' own time
//! includes them, or apart (`CONFIG_IRQ_TIME_ACCOUNTING`). Only in the second case does the counter of hardware interrupts
//! move, and then interrupts are neither of the processes nor of others: most of them deliver the processes' own messages.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use crate::proc;

/// Linux reports clock ticks as hundredths of a second, see proc(5).
const TICK: Duration = Duration::from_millis(10);

/// How much some CPUs have been used so far.
#[derive(Clone, Copy, Debug)]
pub struct CpuUse {
    at: Instant,
    ticks: Ticks,
}

/// The ticks of some CPUs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    cpus: u32,
    /// Idle, with or without input or output going on.
    unused: u64,
    stolen: u64,
    /// In use by processes; in interrupts, too, unless they are accounted apart.
    used: u64,
    /// In interrupts, if they are accounted apart from processes.
    interrupts: u64,
}

/// How some CPUs were used between two readings, or between several pairs of readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    elapsed: Duration,
    ticks: Ticks,
}

/// CPU time of other programs between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Others {
    /// The number of CPUs that were looked at.
    pub cpus: u32,
    /// Their share of the time of these CPUs, from 0 to 1.
    pub share: f64,
}

/// How many CPUs they took, such as `1.7 of 2 CPUs`.
impl fmt::Display for Others {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.cpus == 1 { "" } else { "s" };
        write!(formatter, "{:.1} of {} CPU{plural}", self.share * f64::from(self.cpus), self.cpus)
    }
}

impl CpuUse {
    /// The use of these CPUs so far; `None` if the kernel does not report one of them.
    pub fn now(cpus: &[usize]) -> Option<Self> {
        let at = Instant::now();
        Some(CpuUse { at, ticks: parse(&proc::machine("stat")?, cpus)? })
    }

    /// How the CPUs were used since `before`; `None` if their number has changed.
    pub fn since(&self, before: &CpuUse) -> Option<Span> {
        Some(Span { elapsed: self.at.duration_since(before.at), ticks: self.ticks.since(before.ticks)? })
    }
}

impl Span {
    /// This span and another one of the same CPUs. Ticks are coarse, so short spans are added up before others are found
    /// in them.
    #[must_use]
    pub fn and(self, later: Span) -> Span {
        Span { elapsed: self.elapsed + later.elapsed, ticks: self.ticks.and(later.ticks) }
    }

    /// What programs other than the caller's used; the caller's processes used `own` meanwhile. `None` if no time has passed.
    pub fn others(self, own: Duration) -> Option<Others> {
        others(self.elapsed, self.ticks, own)
    }
}

/// What other programs use on these CPUs, watched for this long; `None` if the kernel does not report it.
pub fn watch(cpus: &[usize], duration: Duration) -> Option<Others> {
    let (before, own) = (CpuUse::now(cpus)?, own_cpu_time());
    thread::sleep(duration);
    CpuUse::now(cpus)?.since(&before)?.others(own_cpu_time().saturating_sub(own))
}

/// CPU time of this process so far, user and system, including threads that have ended.
pub fn own_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

impl Ticks {
    fn since(self, before: Ticks) -> Option<Ticks> {
        let is_same = self.cpus == before.cpus;
        // Counters of unused time may go backwards by a tick.
        is_same.then(|| Ticks {
            cpus: self.cpus,
            unused: self.unused.saturating_sub(before.unused),
            stolen: self.stolen.saturating_sub(before.stolen),
            used: self.used.saturating_sub(before.used),
            interrupts: self.interrupts.saturating_sub(before.interrupts),
        })
    }

    fn and(self, later: Ticks) -> Ticks {
        Ticks {
            cpus: self.cpus,
            unused: self.unused + later.unused,
            stolen: self.stolen + later.stolen,
            used: self.used + later.used,
            interrupts: self.interrupts + later.interrupts,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks of one window are far below 2^53")]
fn others(elapsed: Duration, ticks: Ticks, own: Duration) -> Option<Others> {
    let all = elapsed.as_secs_f64() * f64::from(ticks.cpus);
    let seconds = |ticks: u64| ticks as f64 * TICK.as_secs_f64();
    let by_clock = all - seconds(ticks.unused + ticks.stolen + ticks.interrupts);
    let share = (by_clock.min(seconds(ticks.used)) - own.as_secs_f64()) / all;
    share.is_finite().then(|| Others { cpus: ticks.cpus, share: share.clamp(0.0, 1.0) })
}

/// The lines `cpu0`, `cpu1`, …: user, nice, system, idle, iowait, irq, softirq, steal.
fn parse(stat: &str, cpus: &[usize]) -> Option<Ticks> {
    let fields = |line: &str| -> Option<[u64; 8]> {
        let mut fields = line.split_ascii_whitespace().skip(1).map(|field| field.parse().ok());
        let mut read = [0; 8];
        for field in &mut read {
            *field = fields.next()??;
        }
        Some(read)
    };
    let [.., irq, _, _] = fields(stat.lines().next()?)?;
    let mut ticks = Ticks::default();
    for cpu in cpus {
        let name = format!("cpu{cpu} ");
        let [user, nice, system, idle, iowait, irq_here, softirq, steal] =
            fields(stat.lines().find(|line| line.starts_with(&name))?)?;
        let interrupts = irq_here + softirq;
        ticks.cpus += 1;
        ticks.unused += idle + iowait;
        ticks.stolen += steal;
        ticks.used += user + nice + system + if irq > 0 { 0 } else { interrupts };
        ticks.interrupts += if irq > 0 { interrupts } else { 0 };
    }
    (ticks.cpus > 0).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  200 20 100 1400 100 0 80 20 9 9\ncpu0 150 10 50 300 50 0 40 20 0 0\n\
                        cpu1 50 10 50 1100 50 0 40 0 0 0\ncpu10 1 1 1 1 1 0 1 1 0 0\nintr 1 2 3\n";

    fn share(unused: u64, stolen: u64, used: u64, own_ms: u64) -> f64 {
        let ticks = Ticks { cpus: 2, unused, stolen, used, interrupts: 0 };
        others(Duration::from_millis(500), ticks, Duration::from_millis(own_ms)).unwrap().share
    }

    #[test]
    fn others_are_what_is_neither_unused_nor_stolen_nor_own() {
        // Two CPUs for half a second: 1,000 ms.
        assert!((share(20, 0, 80, 300) - 0.5).abs() < 1e-9);
        assert!((share(20, 10, 70, 300) - 0.4).abs() < 1e-9);
        assert!((share(0, 0, 100, 1_000)).abs() < 1e-9);
    }

    #[test]
    fn time_for_waking_up_is_not_of_others_nor_what_a_tick_met_by_chance() {
        assert!(
            (share(60, 0, 31, 300) - 0.01).abs() < 1e-9,
            "in use for 400 ms by the clock, for 310 ms by the ticks"
        );
        assert!((share(69, 0, 40, 300) - 0.01).abs() < 1e-9, "the other way round");
    }

    #[test]
    fn ticks_that_are_counted_late_make_no_negative_share() {
        assert!(share(100, 0, 0, 20).abs() < 1e-9);
        assert_eq!(others(Duration::ZERO, Ticks::default(), Duration::ZERO), None);
    }

    #[test]
    fn spans_are_added_up_before_others_are_found_in_them() {
        // Own time of the first span is counted by the ticks of the second one.
        let span = |used: u64| Span {
            elapsed: Duration::from_millis(50),
            ticks: Ticks { cpus: 1, used, ..Ticks::default() },
        };
        let share = span(2).and(span(6)).others(Duration::from_millis(80)).unwrap().share;
        assert!(share.abs() < 1e-9, "{share}");
        let share = span(2).and(span(6)).others(Duration::from_millis(40)).unwrap().share;
        assert!((share - 0.4).abs() < 1e-9, "{share}");
        assert!(span(6).others(Duration::from_millis(40)).unwrap().share > 0.1);
    }

    #[test]
    fn only_the_chosen_cpus_count() {
        let all = parse(STAT, &[0, 1]).unwrap();
        assert_eq!(all, Ticks { cpus: 2, unused: 1_500, stolen: 20, used: 400, interrupts: 0 });
        let first = parse(STAT, &[1]).unwrap();
        assert_eq!(first, Ticks { cpus: 1, unused: 1_150, stolen: 0, used: 150, interrupts: 0 });
        assert_eq!(parse(STAT, &[2]), None);
        assert_eq!(parse(STAT, &[]), None);
        assert_eq!(parse("cpu  1 2 3\n", &[0]), None);
    }

    #[test]
    fn interrupts_are_apart_where_the_kernel_accounts_them_apart() {
        let apart = STAT.replacen("1400 100 0 80", "1400 100 5 80", 1);
        let apart = parse(&apart, &[0, 1]).unwrap();
        assert_eq!((apart.used, apart.interrupts), (320, 80));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_this_process_uses_is_not_of_others() {
        let cpus = crate::pin::allowed().unwrap();
        let (before, own) = (CpuUse::now(&cpus).unwrap(), own_cpu_time());
        let start = Instant::now();
        let mut sum = 0_u64;
        while start.elapsed() < Duration::from_millis(300) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let (after, own) = (CpuUse::now(&cpus).unwrap(), own_cpu_time().saturating_sub(own));
        // However busy the machine is, taking this process for another one would add its whole time.
        let span = after.since(&before).unwrap();
        let with = span.others(own).unwrap().share;
        let without = span.others(Duration::ZERO).unwrap().share;
        assert!(own > Duration::ZERO && without > 0.0 && with < without, "{own:?}: {with}, {without}");
    }
}
