//! Which marks must be read with care, and how a chart says so.

use std::collections::BTreeSet;

use loadgen::Bound;

use crate::analysis::{Metric, Row};
use crate::answers::contest::serves_all;
use charts::{Flaw, Key};

/// The flaw of one round of a row.
pub(super) fn in_round(row: &Row, round: u32) -> Option<Flaw> {
    let starved = row.spread(Metric::Starved);
    let starved =
        starved.is_some_and(|starved| starved.values.iter().any(|&(of, value)| of == round && value > 0.0));
    let bound = row.judged.iter().find(|(of, _)| *of == round).map(|(_, bound)| *bound);
    flaw(bound, starved)
}

/// The flaw of most rounds of a row.
pub(super) fn mostly(row: &Row) -> Option<Flaw> {
    flaw(row.verdicts.first().map(|(bound, _)| *bound), !serves_all(row))
}

fn flaw(bound: Option<Bound>, starves: bool) -> Option<Flaw> {
    match bound {
        Some(Bound::Invalid) => Some(Flaw::Invalid),
        _ if starves => Some(Flaw::Partial),
        Some(Bound::Client) => Some(Flaw::Limited),
        _ => None,
    }
}

/// The entries of a legend for the flaws that occur. `of` is what a mark stands for.
pub(super) fn legend(flaws: impl Iterator<Item = Flaw>, of: &str) -> Vec<(Key, String)> {
    let occurring: BTreeSet<Flaw> = flaws.collect();
    let words = |flaw| match flaw {
        Flaw::Limited => format!("{of} with the load generator at its limit"),
        Flaw::Partial => format!("{of} in which clients starve"),
        Flaw::Invalid => format!("{of} judged invalid: not in ratios"),
    };
    occurring.into_iter().map(|flaw| (Key::Flaw(flaw), words(flaw))).collect()
}
