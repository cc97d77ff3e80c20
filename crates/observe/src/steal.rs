//! Steal time: CPU time that other virtual machines on the same hardware took from this one.

use crate::proc;

/// The time that all CPUs of the machine together have spent so far, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineUse {
    total: u64,
    stolen: u64,
}

impl MachineUse {
    /// The current values; `None` if the kernel does not report them.
    pub fn now() -> Option<Self> {
        parse(&proc::machine("stat")?)
    }

    /// The share of CPU time since `before` that was stolen by other machines on the same hardware. A single tick is
    /// the counter's resolution, and would be several percent of a short window, so it counts as zero.
    #[expect(clippy::cast_precision_loss, reason = "ticks of one run are far below 2^53")]
    pub fn stolen_since(self, before: Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|total| *total > 0)?;
        let stolen = self.stolen.saturating_sub(before.stolen);
        Some(if stolen > 1 { stolen as f64 / total as f64 } else { 0.0 })
    }
}

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal; the further fields are included in the first
/// two.
fn parse(stat: &str) -> Option<MachineUse> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    Some(MachineUse { total: ticks.iter().sum(), stolen: *ticks.get(7)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stolen_share_is_counted_between_two_readings() {
        let before = parse("cpu  100 0 100 700 50 0 40 10 5 5\ncpu0 1").unwrap();
        let after = parse("cpu  200 0 200 1400 100 0 80 20 9 9\n").unwrap();
        assert_eq!(before, MachineUse { total: 1_000, stolen: 10 });
        assert_eq!(after.stolen_since(before), Some(0.01));
        assert_eq!(before.stolen_since(before), None);
        let one_tick = MachineUse { total: 1_040, stolen: 11 };
        assert_eq!(one_tick.stolen_since(before), Some(0.0));
        assert_eq!(parse("cpu  1 2 3"), None);
    }
}
