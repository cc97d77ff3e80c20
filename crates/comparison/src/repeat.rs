//! Which groups are made again. The rule is fixed before the run and looks at no figure of a server, so it favours nobody: a
//! group with a [spoiled](Record::is_spoiled) record is discarded and made again at once, as long as the bounds allow.

use crate::record::Record;

/// How often one group is made again at most.
const TIMES: u32 = 2;
/// One in this many groups of a run may be made again: on a machine that stays busy, repeating helps nobody.
const ONE_IN: usize = 4;

/// How many groups may still be made again.
#[derive(Debug)]
pub(crate) struct Repeats {
    left: usize,
}

impl Repeats {
    /// For a run of this many groups.
    pub(crate) fn of(groups: usize) -> Self {
        Repeats { left: groups.div_ceil(ONE_IN) }
    }

    /// Makes a group, and again while it is spoiled and the bounds allow. The records say how often it was repeated.
    pub(crate) fn make(&mut self, mut make: impl FnMut() -> Vec<Record>) -> Vec<Record> {
        let mut repeated = 0;
        loop {
            let mut records = make();
            if repeated == TIMES || self.left == 0 || !records.iter().any(Record::is_spoiled) {
                for record in &mut records {
                    record.repeated = repeated;
                }
                return records;
            }
            self.left -= 1;
            repeated += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::record::Observed;

    /// Two records, the second one spoiled or not.
    fn records(is_spoiled: bool) -> Vec<Record> {
        let comparison = example::altered(example::run_of("quick", &["ping-pong"]), |_, _| {});
        let mut records: Vec<Record> = comparison.records.into_iter().take(2).collect();
        if let (true, Observed::Load { others, .. }) = (is_spoiled, &mut records[1].observed) {
            *others = Some(0.5);
        }
        records
    }

    /// How often a group was made whose attempts are spoiled or not, and how often its records say that it was repeated.
    fn made(repeats: &mut Repeats, spoiled: &[bool]) -> (usize, Vec<u32>) {
        let mut count = 0;
        let records = repeats.make(|| {
            count += 1;
            records(spoiled[count - 1])
        });
        (count, records.iter().map(|record| record.repeated).collect())
    }

    #[test]
    fn a_spoiled_group_is_made_again_until_it_is_not_at_most_twice() {
        let mut repeats = Repeats::of(100);
        assert_eq!(made(&mut repeats, &[false]), (1, vec![0, 0]));
        assert_eq!(made(&mut repeats, &[true, false]), (2, vec![1, 1]));
        assert_eq!(made(&mut repeats, &[true, true, true]), (3, vec![2, 2]));
    }

    #[test]
    fn one_group_in_four_may_be_made_again() {
        let mut repeats = Repeats::of(9);
        let made: Vec<usize> = (0..3).map(|_| made(&mut repeats, &[true, true, true]).0).collect();
        assert_eq!(made, [3, 2, 1], "three in nine");
    }

    #[test]
    fn a_generator_that_was_stopped_spoils_a_record_and_a_wrong_reply_does_not() {
        let mut record = records(false).remove(0);
        let Observed::Load { outcome, .. } = &mut record.observed else { panic!("{record:?}") };
        outcome.errors.by_kind.insert(loadgen::ErrorKind::WrongByte, 1);
        assert!(!record.is_spoiled());
        let Observed::Load { outcome, .. } = &mut record.observed else { panic!("{record:?}") };
        outcome.client_not_running_ns = outcome.elapsed_ns / 2;
        assert!(record.is_spoiled());
    }
}
