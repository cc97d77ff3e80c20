//! Adding up histograms.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;

use super::inputs::Input;
use crate::interval_log::{Interval, Meaning};

/// The tag whose meaning depends on the load.
const LATENCY: &str = "latency";

/// The highest sum of counts that the format can hold.
const MAX_SAMPLES: u64 = u64::MAX / 2;

/// One sum for each tag, and the number of its intervals. `latency` comes first, then the others by name. Nothing depends
/// on the order of the logs.
///
/// # Errors
/// Two logs hold different times under one tag, or there are too many samples to count.
pub(super) fn by_tag(logs: Vec<Input>) -> anyhow::Result<Vec<(Interval, usize)>> {
    one_meaning(&logs)?;
    let mut tags: BTreeMap<(bool, String), Vec<Interval>> = BTreeMap::new();
    for interval in logs.into_iter().flat_map(|log| log.intervals) {
        tags.entry((interval.tag != LATENCY, interval.tag.clone())).or_default().push(interval);
    }
    tags.into_values().map(|intervals| Ok((sum(&intervals)?, intervals.len()))).collect()
}

/// Checks that response times are not added to round trips, nor those of any kind of requests.
fn one_meaning(logs: &[Input]) -> anyhow::Result<()> {
    let mut known: BTreeMap<&str, (Meaning, &Input)> = BTreeMap::new();
    for log in logs {
        for interval in &log.intervals {
            let Some(meaning) = meaning(interval, log) else { continue };
            match known.insert(&interval.tag, (meaning, log)) {
                Some((other, earlier)) if other != meaning => bail!(
                    "under {:?} {} holds {other} and {} holds {meaning}, and these must not be added; merge the logs of \
                     each load by themselves",
                    interval.tag,
                    earlier.file.display(),
                    log.file.display()
                ),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the times of an interval are, if that depends on the load. A log says it of all its messages; a kind of requests may
/// have a clock of its own, and then it has further tags.
fn meaning(interval: &Interval, log: &Input) -> Option<Meaning> {
    let of_log = interval.meaning?;
    match interval.tag.strip_suffix(LATENCY)? {
        "" => Some(of_log),
        kind => {
            let tags = log.intervals.iter().map(|interval| interval.tag.as_str());
            Some(Meaning::guess(tags.filter_map(|tag| tag.strip_prefix(kind))))
        }
    }
}

/// The sum of intervals with one tag, of which there is at least one.
fn sum(intervals: &[Interval]) -> anyhow::Result<Interval> {
    let tag = intervals[0].tag.clone();
    let start = intervals.iter().map(|interval| interval.start).min().unwrap_or_default();
    let end = intervals.iter().map(|interval| interval.start + interval.length).max().unwrap_or_default();
    Ok(Interval {
        meaning: intervals.iter().find_map(|interval| interval.meaning),
        start,
        length: end.saturating_sub(start),
        times_ns: added(intervals.iter().map(|interval| &interval.times_ns))
            .with_context(|| format!("cannot add the histograms of {tag:?}"))?,
        tag,
    })
}

/// The sum of histograms, as precise as the most precise of them.
fn added<'log>(
    histograms: impl Iterator<Item = &'log Histogram<u64>> + Clone,
) -> anyhow::Result<Histogram<u64>> {
    let digits = histograms.clone().map(Histogram::sigfig).max().unwrap_or_default();
    let longest = histograms.clone().map(Histogram::max).max().unwrap_or_default();
    let mut sum = Histogram::new_with_bounds(1, longest.max(2), digits)?;
    for histogram in histograms {
        let samples = sum.len().checked_add(histogram.len()).filter(|samples| *samples <= MAX_SAMPLES);
        ensure!(samples.is_some(), "there are more samples than can be counted: a log is damaged");
        for step in histogram.iter_recorded() {
            // The value that its percentiles show for this bucket, so that the sum shows the same.
            sum.record_n(step.value_iterated_to(), step.count_at_value())?;
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::interval_log::Contents;
    use crate::outcome::Latency;

    fn times(digits: u8, values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut times_ns = Histogram::new(digits).unwrap();
        for value in values {
            times_ns.record(value).unwrap();
        }
        times_ns
    }

    fn interval(tag: &str, start: u64, length: u64, times_ns: Histogram<u64>) -> Interval {
        let (start, length) = (Duration::from_secs(start), Duration::from_secs(length));
        Interval { tag: tag.to_owned(), meaning: None, start, length, times_ns }
    }

    fn log(name: &str, intervals: Vec<Interval>) -> Input {
        Input::new(Path::new(name), Contents { intervals, ..Contents::default() })
    }

    #[test]
    fn a_sum_has_the_percentiles_of_all_values_and_not_the_mean_of_the_percentiles() {
        // One log holds only fast values, the other only slow ones: the mean of both medians would be 50,050.
        let here =
            vec![interval("latency", 10, 5, times(3, 100..109)), interval("life", 10, 5, times(3, 1..2))];
        let there = vec![interval("latency", 12, 5, times(3, 100_000..100_100))];
        let sums = by_tag(vec![log("here", here), log("there", there)]).unwrap();
        let [(latency, 2), (life, 1)] = &sums[..] else { panic!("{sums:?}") };
        assert_eq!((latency.tag.as_str(), life.tag.as_str()), ("latency", "life"));
        let told = Latency::of(&latency.times_ns).unwrap();
        assert_eq!((told.samples, life.times_ns.len()), (109, 1));
        assert!((100_000..100_200).contains(&told.p50_ns), "{told:?}");
        assert_eq!((latency.start.as_secs(), latency.length.as_secs()), (10, 7));
    }

    #[test]
    fn the_sum_is_as_precise_as_the_most_precise_log_in_whatever_order_they_come() {
        let exact = 123_456_789;
        let mut kilo = Histogram::new_with_bounds(1_000, 3_600_000_000_000, 2).unwrap();
        kilo.record(3_000_000_000_000).unwrap();
        let logs = [
            log(
                "coarse",
                vec![interval("latency", 3, 1, times(1, [700])), interval("x", 3, 1, times(1, [1]))],
            ),
            log("fine", vec![interval("latency", 1, 1, times(5, [exact; 3]))]),
            log(
                "other bounds",
                vec![interval("", 9, 9, kilo.clone()), interval("latency", 2, 1, kilo.clone())],
            ),
        ];
        let written = |order: [usize; 3]| {
            let sums = by_tag(order.map(|number| logs[number].clone()).to_vec()).unwrap();
            let intervals: Vec<Interval> = sums.into_iter().map(|(sum, _)| sum).collect();
            let mut text = Vec::new();
            let sum = Contents { intervals, ..Contents::default() };
            crate::interval_log::write(&sum, &mut text).unwrap();
            (sum.intervals, text)
        };
        let (sums, text) = written([0, 1, 2]);
        let latency = &sums[0].times_ns;
        assert_eq!(sums.iter().map(|sum| sum.tag.as_str()).collect::<Vec<&str>>(), ["latency", "", "x"]);
        assert!(latency.value_at_quantile(0.5).abs_diff(exact) <= exact / 100_000, "{latency:?}");
        // What a coarse log says of its own values stays.
        assert!(
            latency.max().abs_diff(kilo.max()) <= kilo.max() / 100_000,
            "{} {}",
            latency.max(),
            kilo.max()
        );
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert!(written(order).1 == text, "{order:?}");
        }
    }

    #[test]
    fn response_times_and_round_trips_are_never_added() {
        let of = |name, meaning| {
            let latency = Interval { meaning, ..interval("latency", 1, 1, times(3, [5])) };
            log(name, vec![latency, interval("other", 1, 1, times(3, [5]))])
        };
        let (closed, open) =
            (of("closed", Some(Meaning::RoundTrips)), of("open", Some(Meaning::ResponseTimes)));
        for logs in
            [vec![closed.clone(), open.clone()], vec![open.clone(), of("foreign", None), closed.clone()]]
        {
            let message = by_tag(logs).unwrap_err().to_string();
            for words in
                ["closed holds round trips of a closed loop", "open holds response times of an open loop"]
            {
                assert!(message.contains(words), "{message}");
            }
        }
        let sums = by_tag(vec![of("foreign", None), open.clone(), open]).unwrap();
        assert_eq!((sums[0].0.meaning, sums[0].1), (Some(Meaning::ResponseTimes), 3));
    }

    /// Two kinds of requests, one of which has a clock.
    fn kinds(name: &str, clocked: &str) -> Input {
        let tags = ["latency", "small.latency", "big.latency"];
        let clocked = format!("{clocked}.service");
        let of = |tag: &str| {
            let times_ns = times(3, if tag.starts_with("big") { 1_000..1_003 } else { 10..17 });
            Interval { meaning: Some(Meaning::RoundTrips), ..interval(tag, 1, 1, times_ns) }
        };
        log(name, tags.into_iter().chain([clocked.as_str()]).map(of).collect())
    }

    #[test]
    fn each_kind_of_requests_has_a_sum_of_its_own() {
        let sums = by_tag(vec![kinds("one", "big"), kinds("other", "big")]).unwrap();
        let told = sums.iter().map(|(sum, _)| (sum.tag.as_str(), sum.times_ns.len(), sum.times_ns.min()));
        let expected =
            [("latency", 10), ("big.latency", 1_000), ("big.service", 1_000), ("small.latency", 10)];
        let expected = expected.map(|(tag, least)| (tag, if least == 10 { 14 } else { 6 }, least));
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn response_times_and_round_trips_of_one_kind_are_never_added() {
        let message = by_tag(vec![kinds("one", "big"), kinds("other", "small")]).unwrap_err().to_string();
        let first =
            "under \"small.latency\" one holds round trips of a closed loop and other holds response times";
        assert!(message.starts_with(first), "{message}");
    }

    #[test]
    fn more_samples_than_can_be_counted_are_refused() {
        let mut half = times(3, []);
        half.record_n(5, MAX_SAMPLES / 2 + 1).unwrap();
        let half = interval("latency", 1, 1, half);
        let error = by_tag(vec![log("one", vec![half.clone()]), log("two", vec![half])]).unwrap_err();
        assert!(format!("{error:#}").contains("more samples than can be counted"), "{error:#}");
    }
}
