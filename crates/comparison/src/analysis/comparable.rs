//! Which two trials can be compared.

use loadgen::{Dialect, Load, Scenario};

use crate::record::{Observed, Record};

/// Whether both trials are valid and did the same work.
pub(super) fn are_comparable(one: &Record, other: &Record) -> bool {
    let is_sound = |record: &Record| record.observed.is_right() && record.is_valid();
    is_sound(one) && is_sound(other) && did_same_work(one, other)
}

/// Whether both had the same load, and as many clients served.
pub(super) fn did_same_work(one: &Record, other: &Record) -> bool {
    let (Observed::Load { outcome: left, .. }, Observed::Load { outcome: right, .. }) =
        (&one.observed, &other.observed)
    else {
        return false;
    };
    // In churn `served` counts all clients served in the window, so `starved` is compared instead. The same beside
    // idle clients: raw echo sends no greeting, and counts only clients that send as served.
    // The same of the prime service, which does not greet: a client counts as served when it was answered, and not each is due
    // to ask.
    let counts_others =
        |load: &Scenario| load.load == Load::Churn || load.idle > 0 || load.dialect == Dialect::Primes;
    let is_served_alike = if one.load.as_ref().is_some_and(counts_others) {
        one.starved() == other.starved()
    } else {
        left.served == right.served
    };
    is_served_alike && is_same_load(one, other)
}

/// Whether both had the same load, apart from the dialect and from clients that are not served in any case.
fn is_same_load(one: &Record, other: &Record) -> bool {
    let load = |record: &Record| {
        record.load.clone().map(|load| Scenario {
            dialect: Dialect::default(),
            connections: 0,
            threads: 0,
            ..load
        })
    };
    load(one) == load(other)
}
