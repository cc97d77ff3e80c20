//! The kinds of requests of a load on the prime service, as data: which numbers, and how many of them.
//!
//! ```text
//!  scenario.connections ── share the weighted kinds ──── by scenario.load: closed loop or open loop
//!  connections of a kind ─ `clients` of its own ──────── closed loop, one request in flight on each
//!                        └ `rate` on some of its own ─── open loop
//! ```
//!
//! So a small number can wait behind a big one of the same connection, or never, as the question asks.

use std::collections::BTreeMap;

use anyhow::ensure;
use prime::Verdict;
use serde::{Deserialize, Serialize};

use crate::load::{Arrivals, Load, MAX_RATE};
use crate::scenario::{Dialect, MAX_CONNECTIONS, Scenario};

mod numbers;
pub(crate) mod parse;
pub(crate) mod primality;
pub(crate) mod question;

pub use numbers::{Numbers, size_that_takes};

use self::question::questions;

/// A histogram for each: more rows than anyone reads.
pub(crate) const MAX_KINDS: usize = 16;
/// Finer shares than a thousandth are a matter of the rate.
pub(crate) const MAX_WEIGHT: u64 = 1_000;
/// Enough for a column of a table.
const MAX_NAME_BYTES: usize = 24;

/// One kind of requests: numbers that have something in common, and how many of them are sent.
///
/// ```
/// use loadgen::{Kind, Numbers, Share};
///
/// let kind: Kind = serde_json::from_str(
///     r#"{ "name": "big", "numbers": { "given": [1000000000039] }, "share": { "clients": 4 } }"#,
/// )?;
/// assert_eq!(kind.share, Share::Clients(4));
/// let kind: Kind = serde_json::from_str(r#"{ "name": "small", "numbers": { "near": { "size": 1000000 } } }"#)?;
/// assert_eq!((kind.share, kind.cached), (Share::Weight(1), false)); // omitted fields have their defaults
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its name in tables and records: small letters, digits and hyphens.
    pub name: String,
    /// The numbers.
    pub numbers: Numbers,
    /// How many of them are sent, and on which connections.
    #[serde(default)]
    pub share: Share,
    /// Whether a cache is meant to hold these numbers before the run: [`Scenario::cached_numbers`] lists them. The load
    /// generator itself does not speak to a cache.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cached: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// How many requests of a kind are sent, and on which connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Share {
    /// On the scenario's own connections, with this weight among the kinds that have one. In a closed loop the kind of each
    /// request is drawn by weight; in an open loop each kind has its part of the rate, and a schedule of its own.
    Weight(u64),
    /// On so many connections of its own, each with one request in flight; with 0 the kind takes no part.
    Clients(usize),
    /// By the clock, on connections of its own.
    Rate {
        /// Requests per second, on all of these connections together.
        rate: u64,
        /// How many connections.
        connections: usize,
        /// The distribution of the due times.
        #[serde(default)]
        arrivals: Arrivals,
    },
}

impl Default for Share {
    fn default() -> Self {
        Share::Weight(1)
    }
}

impl Share {
    /// Connections beside those of the scenario.
    pub(crate) fn own_connections(self) -> usize {
        match self {
            Share::Weight(_) => 0,
            Share::Clients(connections) | Share::Rate { connections, .. } => connections,
        }
    }

    /// Whether its requests are due by the clock.
    pub(crate) fn by_clock(self, load: Load) -> bool {
        match self {
            Share::Weight(_) => matches!(load, Load::Open { .. }),
            Share::Clients(_) => false,
            Share::Rate { .. } => true,
        }
    }

    /// Its weight; 0 for a kind with connections of its own.
    pub(crate) fn weight(self) -> u64 {
        if let Share::Weight(weight) = self { weight } else { 0 }
    }
}

impl Scenario {
    /// All connections that send: those of the scenario, and those that kinds have of their own.
    pub fn active(&self) -> usize {
        self.connections + self.kinds.iter().map(|kind| kind.share.own_connections()).sum::<usize>()
    }

    /// Messages in flight in a closed loop on all connections.
    pub(crate) fn closed_places(&self) -> usize {
        self.connections * self.depth + self.active() - self.connections
    }

    /// The numbers of all kinds that a cache is meant to hold before the run, each once, with its answer. They follow from
    /// the scenario alone, and no other kind of numbers near a size has any of them.
    pub fn cached_numbers(&self) -> Vec<(u64, Verdict)> {
        let kinds = self.kinds.iter().zip(questions(&self.kinds)).filter(|(kind, _)| kind.cached);
        let numbers = kinds.flat_map(|(_, questions)| questions);
        let distinct: BTreeMap<_, _> =
            numbers.map(|question| (question.number(), question.answer())).collect();
        distinct.into_iter().collect()
    }

    pub(crate) fn validate_kinds(&self) -> anyhow::Result<()> {
        let Scenario { name, kinds, .. } = self;
        if kinds.is_empty() {
            ensure!(
                self.dialect != Dialect::Primes,
                "scenario {name:?}: the dialect \"primes\" needs kinds of requests; name the numbers to ask for"
            );
            return Ok(());
        }
        ensure!(
            self.dialect == Dialect::Primes,
            "scenario {name:?}: kinds are for the dialect \"primes\" only; set it"
        );
        ensure!(
            kinds.len() <= MAX_KINDS,
            "scenario {name:?}: there may be {MAX_KINDS} kinds, but there are {}",
            kinds.len()
        );
        ensure!(
            self.load != Load::Churn,
            "scenario {name:?}: numbers are asked on connections that stay open, not in churn"
        );
        for (index, kind) in kinds.iter().enumerate() {
            kind.validate(name)?;
            ensure!(
                kinds[..index].iter().all(|other| other.name != kind.name),
                "scenario {name:?}: two kinds are named {:?}; rename one",
                kind.name
            );
        }
        ensure!(
            kinds.iter().any(|kind| kind.share.weight() > 0),
            "scenario {name:?}: one kind at least needs a weight: the connections of the scenario have nothing to send"
        );
        ensure!(
            self.active() <= MAX_CONNECTIONS,
            "scenario {name:?}: {} connections exceed the limit of {MAX_CONNECTIONS}",
            self.active()
        );
        Ok(())
    }
}

impl Kind {
    fn validate(&self, scenario: &str) -> anyhow::Result<()> {
        let name = &self.name;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ensure!(
            (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(plain),
            "scenario {scenario:?}: the name of a kind is 1 to {MAX_NAME_BYTES} small letters, digits and hyphens, not {name:?}"
        );
        self.numbers.validate().map_err(|reason| {
            anyhow::Error::msg(format!("scenario {scenario:?}, kind {name:?}: {reason}"))
        })?;
        match self.share {
            Share::Weight(weight) => ensure!(
                (1..=MAX_WEIGHT).contains(&weight),
                "scenario {scenario:?}, kind {name:?}: weight must be 1 to {MAX_WEIGHT}, but is {weight}"
            ),
            Share::Clients(connections) => ensure!(
                connections <= MAX_CONNECTIONS,
                "scenario {scenario:?}, kind {name:?}: clients may be at most {MAX_CONNECTIONS}, but are {connections}"
            ),
            Share::Rate { rate, connections, .. } => ensure!(
                (1..=MAX_RATE).contains(&rate) && (1..=MAX_CONNECTIONS).contains(&connections),
                "scenario {scenario:?}, kind {name:?}: rate must be 1 to {MAX_RATE} and connections 1 to {MAX_CONNECTIONS}, \
                 but they are {rate} and {connections}"
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
