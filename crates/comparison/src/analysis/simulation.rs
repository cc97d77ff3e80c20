//! Simulated rounds whose truth is known: do intervals hold it, are differences found, and is nothing claimed where
//! nothing differs? With seeds, so that each test always draws the same.

use fastrand::Rng;

use super::claims;
use super::figures::{Analysis, Claim, Pair, PointAnalysis, Row, ScenarioAnalysis};
use super::metric::Metric;
use super::student::Mean;
use crate::example;
use crate::scenario::Point;
use crate::servers::Service;
use crate::subject::{Role, Subject};

/// How the logarithm of a trial's figure is off.
#[derive(Clone, Copy, Debug)]
enum Noise {
    /// Normally, with this standard deviation.
    Normal(f64),
    /// Evenly, up to this far.
    Even(f64),
    /// Skewed: exponentially.
    Skewed(f64),
    /// Normally, but in one of ten trials another program makes it dearer, by 10 % on average.
    Bursts(f64),
    /// Student's t with three degrees of freedom: with far outliers on both sides.
    Outliers(f64),
}

impl Noise {
    fn draw(self, random: &mut Rng) -> f64 {
        let exponential = |random: &mut Rng| -(1.0 - random.f64()).ln();
        match self {
            Noise::Normal(deviation) => deviation * normal(random),
            Noise::Even(width) => width * (2.0 * random.f64() - 1.0),
            Noise::Skewed(deviation) => deviation * exponential(random),
            Noise::Bursts(deviation) => {
                let burst = if random.u8(..10) == 0 { 0.1 * exponential(random) } else { 0.0 };
                deviation * normal(random) + burst
            }
            Noise::Outliers(deviation) => {
                let squares: f64 = (0..3).map(|_| normal(random).powi(2)).sum();
                deviation * normal(random) / (squares / 3.0).sqrt()
            }
        }
    }
}

/// Box and Muller, Annals of Mathematical Statistics 29 (1958).
fn normal(random: &mut Rng) -> f64 {
    (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (std::f64::consts::TAU * random.f64()).cos()
}

/// The logarithms of the quotients of two subjects, one of which is dearer by `difference`.
fn rounds(count: usize, noise: Noise, difference: f64, random: &mut Rng) -> Mean {
    let quotient = |_| difference.ln_1p() + noise.draw(random) - noise.draw(random);
    Mean::of(&(0..count).map(quotient).collect::<Vec<f64>>()).unwrap()
}

/// In how many of these repetitions something is so.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn share(repetitions: usize, mut is_so: impl FnMut() -> bool) -> f64 {
    (0..repetitions).filter(|_| is_so()).count() as f64 / repetitions as f64
}

#[test]
fn an_interval_holds_the_true_ratio_as_often_as_promised_whatever_the_noise() {
    let mut random = Rng::with_seed(11);
    for count in [6, 10, 15, 22] {
        for noise in [
            Noise::Normal(0.01),
            Noise::Even(0.02),
            Noise::Skewed(0.01),
            Noise::Bursts(0.01),
            Noise::Outliers(0.01),
        ] {
            let held = share(4_000, || {
                let interval = rounds(count, noise, 0.1, &mut random).interval();
                (interval.low..=interval.high).contains(&0.1_f64.ln_1p())
            });
            // Three standard errors of the share itself are 1 %.
            assert!(held > 0.94, "{count} rounds, {noise:?}: {held}");
            if let Noise::Normal(_) = noise {
                assert!(held < 0.96, "{count} rounds, {noise:?}: {held}, wider than need be");
            }
        }
    }
}

#[test]
fn differences_of_3_to_5_percent_are_found_among_200_comparisons() {
    let mut random = Rng::with_seed(12);
    let mut found = |count, noise, difference| {
        share(2_000, || rounds(count, noise, difference, &mut random).p_of_zero() < 0.05 / 200.0)
    };
    // 1 % is what two processes of one program differ by, each on a CPU of its own; 2 % where they share all CPUs.
    assert!(found(12, Noise::Normal(0.01), 0.03) > 0.85);
    assert!(found(18, Noise::Normal(0.01), 0.03) > 0.97);
    assert!(found(10, Noise::Normal(0.01), 0.05) > 0.98);
    assert!(found(22, Noise::Normal(0.02), 0.05) > 0.88);
    assert!(found(18, Noise::Outliers(0.01), 0.05) > 0.95);
    assert!(found(18, Noise::Bursts(0.01), 0.05) > 0.9);
}

/// The subjects of a run: models that do not differ from each other or from the floor, two floors, and their twins.
fn subjects() -> Vec<Subject> {
    let subject = |name: &str, role, floor: Option<&str>| Subject {
        name: name.to_owned(),
        model: name.to_owned(),
        role,
        service: Service::Echo,
        floor: floor.map(str::to_owned),
        clients: None,
        foreign: None,
        options: Vec::new(),
    };
    let models = (1..=8).map(|number| subject(&format!("model {number}"), Role::Model, Some("floor")));
    let floors = [
        subject("floor", Role::Floor, None),
        subject("other floor", Role::Floor, None),
        subject("floor again", Role::Twin, Some("floor")),
        subject("other floor again", Role::Twin, Some("other floor")),
    ];
    models.chain(floors).collect()
}

/// A point at which nothing differs but the first model, which is dearer by `difference`.
fn point(subjects: &[Subject], count: u32, noise: Noise, difference: f64, random: &mut Rng) -> PointAnalysis {
    let metrics = [Metric::CpuPerMessage, Metric::MessagesPerSecond];
    let rows: Vec<Row> = subjects.iter().cloned().map(Row::without_figures).collect();
    let mut pairs = Vec::new();
    for metric in metrics {
        // The logarithm of each subject's figure in each round.
        let rounds = |place| {
            let truth = if place == 0 { difference.ln_1p() } else { 0.0 };
            (0..count).map(|_| truth + noise.draw(random)).collect()
        };
        let figures: Vec<Vec<f64>> = (0..subjects.len()).map(rounds).collect();
        for (place, left) in subjects.iter().enumerate() {
            for (other_place, right) in subjects.iter().enumerate() {
                let is_with_floor = left.floor.as_deref() == Some(&right.name);
                let is_peer = other_place > place && left.role == right.role && left.role != Role::Twin;
                if is_with_floor || is_peer {
                    let quotients = figures[place].iter().zip(&figures[other_place]);
                    let quotients = (1..).zip(quotients.map(|(left, right)| (left - right).exp())).collect();
                    let pair = Pair::of_quotients(&left.name, &right.name, metric, quotients).unwrap();
                    pairs.push(Pair { has_twin: true, is_with_floor, ..pair });
                }
            }
        }
    }
    PointAnalysis { point: Point::Only, rows, resolutions: Vec::new(), pairs }
}

/// A judged run of five scenarios with as many rounds each.
fn judged(subjects: &[Subject], rounds: u32, noise: Noise, difference: f64, random: &mut Rng) -> Analysis {
    let run = example::run("full");
    let scenarios = run.scenarios.iter().take(5).map(|scenario| ScenarioAnalysis {
        growths: Vec::new(),
        stalls: Vec::new(),
        crossings: Vec::new(),
        scenario: scenario.clone(),
        points: vec![point(subjects, rounds, noise, difference, random)],
    });
    let scenarios = scenarios.collect();
    let mut analysis = Analysis { run, scenarios, comparisons: 0 };
    claims::judge(&mut analysis);
    analysis
}

fn pairs(analysis: &Analysis) -> impl Iterator<Item = &Pair> {
    let points = analysis.scenarios.iter().flat_map(|scenario| &scenario.points);
    points.flat_map(|point| &point.pairs)
}

#[test]
fn where_nothing_differs_19_of_20_runs_claim_nothing() {
    let mut random = Rng::with_seed(13);
    let (runs, subjects) = (200, subjects());
    // Runs that would claim something without a correction, with it alone, and with it and the twins.
    let (mut uncorrected, mut corrected, mut claimed) = (0, 0, 0);
    for number in 0..runs {
        let noise = if number % 2 == 0 { Noise::Normal(0.01) } else { Noise::Bursts(0.01) };
        // A plain mean, and a trimmed one.
        let rounds = if number % 4 < 2 { 12 } else { 18 };
        let analysis = judged(&subjects, rounds, noise, 0.0, &mut random);
        assert_eq!(analysis.comparisons, 5 * 2 * (8 * 7 / 2 + 8 + 1 + 2));
        let any = |is_so: &dyn Fn(&Pair) -> bool| u32::from(pairs(&analysis).any(is_so));
        uncorrected += any(&|pair| pair.p.unwrap() < 0.05);
        corrected += any(&|pair| pair.adjusted_p.unwrap() < 0.05);
        claimed += any(&|pair| pair.claim.is_difference());
    }
    assert!(20 * uncorrected > 19 * runs, "without a correction nearly every run claims something");
    // 5 % of 200, and two standard errors.
    assert!(corrected <= 16, "{corrected} of {runs} runs claim something with the correction alone");
    assert!(claimed <= 10, "{claimed} of {runs} runs claim something");
}

#[test]
fn a_model_that_is_dearer_by_5_percent_is_found_in_19_of_20_runs_and_no_other() {
    let mut random = Rng::with_seed(14);
    let subjects = subjects();
    let (mut found, mut all, mut wrong) = (0, 0, 0);
    for _ in 0..20 {
        let analysis = judged(&subjects, 12, Noise::Normal(0.01), 0.05, &mut random);
        for pair in pairs(&analysis) {
            let is_dearer = pair.left == "model 1";
            all += u32::from(is_dearer);
            found += u32::from(is_dearer && pair.claim == Claim::Higher);
            wrong += u32::from(!is_dearer && pair.claim.is_difference());
        }
    }
    assert!(20 * found >= 19 * all, "{found} of {all}");
    assert_eq!(wrong, 0);
}

#[test]
fn a_difference_is_claimed_from_about_where_the_resolution_says() {
    let mut random = Rng::with_seed(15);
    let subjects = subjects();
    let mut claimed = |times: f64| {
        let analysis = judged(&subjects, 12, Noise::Normal(0.01), 0.0, &mut random);
        let resolution = analysis.scenarios[0].points[0].resolutions[0];
        assert!((1.015..1.04).contains(&resolution.claimed_from), "{resolution:?}");
        let difference = times * (resolution.claimed_from - 1.0);
        let analysis = judged(&subjects, 12, Noise::Normal(0.01), difference, &mut random);
        let dearer: Vec<&Pair> = pairs(&analysis).filter(|pair| pair.left == "model 1").collect();
        let found = dearer.iter().filter(|pair| pair.claim == Claim::Higher).count();
        100 * found / dearer.len()
    };
    let mut mean = |times| (0..20).map(|_| claimed(times)).sum::<usize>() / 20;
    assert!((25..75).contains(&mean(1.0)), "{} % are claimed from there on", mean(1.0));
    assert!(mean(0.5) < 5 && mean(1.6) > 90, "{} %, {} %", mean(0.5), mean(1.6));
}
