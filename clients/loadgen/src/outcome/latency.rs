//! A distribution of times, as percentiles.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Percentiles of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Number of samples behind the percentiles.
    pub samples: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// The maximum.
    pub max_ns: u64,
}

impl Latency {
    /// Reads the percentiles; `None` if the histogram is empty.
    pub fn of(latency_ns: &Histogram<u64>) -> Option<Self> {
        (!latency_ns.is_empty()).then(|| Latency {
            samples: latency_ns.len(),
            p50_ns: latency_ns.value_at_quantile(0.5),
            p90_ns: latency_ns.value_at_quantile(0.9),
            p99_ns: latency_ns.value_at_quantile(0.99),
            p999_ns: latency_ns.value_at_quantile(0.999),
            max_ns: latency_ns.max(),
        })
    }
}
