//! The position of a value on an axis, and the round values for its ticks.

use std::time::Duration;

/// The spacing of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths; only values above 0 can be drawn.
    Log,
}

/// The range of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    spacing: Spacing,
    low: f64,
    high: f64,
}

/// Empty space at the ends of a fitted axis, as a share of it.
const PADDING: f64 = 0.04;
/// Steps between linear ticks, as multiples of a power of ten.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// The highest power of ten that is tried.
const MOST_DECADES: i32 = 300;

impl Domain {
    /// From zero to the largest value; `None` if no value can be drawn.
    pub fn from_zero(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values = values.into_iter().filter(|value| value.is_finite() && *value >= 0.0);
        let high = values.reduce(f64::max)?;
        let high = if high > 0.0 { high * (1.0 + PADDING) } else { 1.0 };
        Some(Domain { spacing: Spacing::Linear, low: 0.0, high })
    }

    /// A time axis in seconds, from zero to `end`, but never shorter than a nanosecond.
    pub fn until(end: Duration) -> Self {
        let high = end.max(Duration::from_nanos(1)).as_secs_f64();
        Domain { spacing: Spacing::Linear, low: 0.0, high }
    }

    /// Around the values above 0, logarithmic; `None` if there is none.
    pub fn by_quotients(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (low, high) =
            values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if high == 0.0 {
            return None;
        }
        // A single value also needs some room around it.
        let padding = ((high / low).ln() * PADDING).max(0.05).exp();
        Some(Domain { spacing: Spacing::Log, low: low / padding, high: high * padding })
    }

    /// From exactly `low` to exactly `high`; `None` if that is not a range.
    pub fn exactly(spacing: Spacing, low: f64, high: f64) -> Option<Self> {
        let has_place = spacing == Spacing::Linear || low > 0.0;
        (low.is_finite() && high.is_finite() && low < high && has_place).then_some(Domain {
            spacing,
            low,
            high,
        })
    }

    /// The position of a value on the axis, from 0 to 1; `None` if it is outside.
    pub fn share(&self, value: f64) -> Option<f64> {
        let share = match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        share.is_finite().then(|| share.clamp(0.0, 1.0))
    }

    /// At most `most` (at least two) round values within.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let most = most.max(2);
        match self.spacing {
            Spacing::Linear => self.evenly(most),
            Spacing::Log => {
                let sets: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
                let within_decades = sets.into_iter().map(|digits| self.in_decades(digits, 1));
                let over_decades = (2..=MOST_DECADES).map(|stride| self.in_decades(&[1.0], stride));
                let ticks = within_decades.chain(over_decades).find(|ticks| ticks.len() <= most);
                // Within less than a decade, equal steps are easier to read.
                ticks.filter(|ticks| ticks.len() > 2).unwrap_or_else(|| self.evenly(most))
            }
        }
    }

    fn evenly(&self, most: usize) -> Vec<f64> {
        let span = self.high - self.low;
        let power = 10.0_f64.powf((span / 1e3).log10().floor());
        let steps = (0..8).flat_map(|decade| STEPS.map(|step| step * power * 10.0_f64.powi(decade)));
        let numbers = |step: f64| ((self.low / step - 1e-9).ceil(), (self.high / step + 1e-9).floor());
        #[expect(clippy::cast_precision_loss, reason = "a few ticks")]
        let fits = |step: &f64| {
            let (first, last) = numbers(*step);
            last - first < most as f64
        };
        let Some(step) = steps.into_iter().find(fits) else { return Vec::new() };
        let (first, last) = numbers(step);
        let mut number = first;
        let mut ticks = Vec::new();
        while number <= last && ticks.len() < most {
            // Remove the sign of a rounded zero.
            ticks.push(number * step + 0.0);
            number += 1.0;
        }
        ticks
    }

    /// These digits times every `stride`-th power of ten.
    fn in_decades(&self, digits: &[f64], stride: i32) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, reason = "a float's exponent")]
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let powers = (first..=last).filter(|power| power.rem_euclid(stride) == 0);
        let values = powers.flat_map(|power| digits.iter().map(move |digit| digit * 10.0_f64.powi(power)));
        values.filter(|value| (self.low..=self.high).contains(value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(domain: Option<Domain>, most: usize) -> Vec<String> {
        domain.unwrap().ticks(most).iter().map(|tick| format!("{tick:.3}")).collect()
    }

    #[test]
    fn linear_ticks_are_multiples_of_a_round_step() {
        assert_eq!(
            labels(Domain::from_zero([6.6]), 8),
            ["0.000", "1.000", "2.000", "3.000", "4.000", "5.000", "6.000"]
        );
        assert_eq!(
            labels(Domain::from_zero([187_000.0]), 5),
            ["0.000", "50000.000", "100000.000", "150000.000"]
        );
    }

    #[test]
    fn log_ticks_thin_out_as_the_axis_grows() {
        let log = |low, high| Domain::exactly(Spacing::Log, low, high);
        assert_eq!(
            labels(log(1.0, 100.0), 8),
            ["1.000", "2.000", "5.000", "10.000", "20.000", "50.000", "100.000"]
        );
        assert_eq!(
            labels(log(1.0, 1e3), 8),
            ["1.000", "3.000", "10.000", "30.000", "100.000", "300.000", "1000.000"]
        );
        assert_eq!(labels(log(1.0, 1e6), 8).len(), 7);
        assert_eq!(labels(log(1.0, 1e12), 8).len(), 7);
        assert_eq!(labels(log(0.95, 1.35), 6), ["1.000", "1.100", "1.200", "1.300"]);
    }

    #[test]
    fn every_axis_has_ticks_but_never_more_than_fit() {
        for high in [1e-9, 0.3, 1.0, 7.0, 12_345.0, 9e15] {
            for most in 2..12 {
                for domain in [
                    Domain::from_zero([high]),
                    Domain::by_quotients([high]),
                    Domain::by_quotients([high / 1e5, high]),
                ] {
                    let ticks = domain.unwrap().ticks(most);
                    assert!((1..=most).contains(&ticks.len()), "{domain:?} {most}: {ticks:?}");
                }
            }
        }
    }

    #[test]
    fn values_outside_an_axis_have_no_position() {
        assert_eq!(Domain::from_zero([f64::NAN, -1.0]), None);
        assert_eq!(Domain::by_quotients([0.0, f64::INFINITY]), None);
        assert_eq!(Domain::exactly(Spacing::Log, 0.0, 1.0), None);
        let log = Domain::by_quotients([1.0, 10.0]).unwrap();
        assert_eq!(log.share(f64::NAN), None);
        assert_eq!(log.share(0.0), None);
        assert_eq!(log.share(1e9), Some(1.0));
        assert_eq!(Domain::from_zero([0.0]).and_then(|domain| domain.share(0.0)), Some(0.0));
    }
}
