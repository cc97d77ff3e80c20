//! What is counted of one kind of requests.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::counts::Counts;
use crate::kind::Kind;
use crate::load::Load;
use crate::outcome::{Errors, OfKind};

#[derive(Clone, Debug)]
pub(crate) struct KindTally {
    name: String,
    pub(crate) counts: Counts,
    /// Requests whose number had been asked before.
    pub(crate) repeated: u64,
    pub(crate) errors: Errors,
}

impl KindTally {
    /// Nothing yet of a kind, in a scenario with this load.
    pub(crate) fn new(kind: &Kind, load: Load) -> anyhow::Result<Self> {
        let counts = if kind.share.by_clock(load) { Counts::of_open_loop()? } else { Counts::new()? };
        Ok(KindTally { name: kind.name.clone(), counts, repeated: 0, errors: Errors::default() })
    }

    pub(super) fn merge(&mut self, other: &KindTally) -> anyhow::Result<()> {
        self.counts.merge(&other.counts)?;
        self.repeated += other.repeated;
        self.errors.merge(&other.errors);
        Ok(())
    }

    /// The figures, and their histograms under the kind's name.
    pub(super) fn outcome(self, elapsed: Duration) -> (OfKind, Vec<(String, Histogram<u64>)>) {
        let KindTally { name, counts, repeated, errors } = self;
        let outcome = OfKind {
            name: name.clone(),
            messages: counts.messages,
            messages_per_second: counts.per_second(elapsed),
            drained: counts.drained,
            repeated,
            latency: counts.latency(),
            open_loop: counts.open_loop(elapsed),
            errors,
        };
        let (latency_ns, further) = counts.histograms();
        let named = std::iter::once(("latency", latency_ns)).chain(further);
        (outcome, named.map(|(figure, histogram)| (format!("{name}.{figure}"), histogram)).collect())
    }
}
