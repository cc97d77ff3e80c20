use super::*;
use crate::example::{self, COSTS, Figures, JITTER, SAMPLES};
use crate::plan::Trial;
use crate::record::Observed;
use crate::subject::Role;

fn altered(alter: impl Fn(&Trial, &mut Figures)) -> Analysis {
    analyse(&example::altered(example::run_of("full", &["ping-pong"]), alter))
}

fn unaltered() -> Analysis {
    altered(|_, _| {})
}

fn ping_pong(analysis: &Analysis) -> &PointAnalysis {
    &analysis.scenario("ping-pong").unwrap().points[0]
}

#[test]
fn the_chosen_multiples_are_found_and_claimed_despite_the_drift() {
    let analysis = unaltered();
    let point = ping_pong(&analysis);
    for (name, cost) in COSTS {
        let row = point.row(name).unwrap();
        let ratio = row.cost_ratio.as_ref().unwrap();
        let interval = ratio.spread.interval.unwrap();
        assert!((ratio.spread.center / cost - 1.0).abs() < 2.0 * JITTER, "{name}: {ratio:?}");
        assert!(interval.high / interval.low < 1.0 + 4.0 * JITTER, "{name}: {ratio:?}");
        let rate = row.rate_ratio.as_ref().unwrap();
        assert!((rate.spread.center * cost - 1.0).abs() < 2.0 * JITTER, "{name}: {rate:?}");
        if cost > 1.0 + 4.0 * JITTER {
            assert_eq!((ratio.claim, rate.claim), (Claim::Higher, Claim::Lower), "{name}");
        }
        // The drift is in the plain figures; it is larger than what is found.
        let plain = row.spread(Metric::CpuPerMessage).unwrap();
        let values = plain.values.iter().map(|&(_, value)| value);
        assert!(values.clone().fold(0.0, f64::max) / values.fold(f64::MAX, f64::min) > 1.15);
    }
}

#[test]
fn sequential_is_divided_by_a_floor_with_one_client() {
    let analysis = unaltered();
    let row = ping_pong(&analysis).row("sequential").unwrap();
    assert_eq!(row.cost_ratio.as_ref().unwrap().right, "floor-threads, 1 client");
    assert_eq!((row.median(Metric::Served), row.median(Metric::Starved)), (Some(1.0), Some(49.0)));
}

#[test]
fn nothing_is_claimed_about_the_twins() {
    for profile in ["default", "full"] {
        let analysis = analyse(&example::comparison(profile));
        let points = analysis.scenarios.iter().flat_map(|scenario| &scenario.points);
        let twins = points.flat_map(|point| &point.rows).filter(|row| row.subject.role == Role::Twin);
        let ratios: Vec<&Pair> = twins.flat_map(|row| [&row.cost_ratio, &row.rate_ratio]).flatten().collect();
        assert!(ratios.iter().filter(|ratio| ratio.spread.interval.is_some()).count() >= 12);
        for ratio in ratios {
            assert!(!ratio.claim.is_difference(), "{profile}, {}: {:?}", ratio.right, ratio.spread);
        }
    }
}

#[test]
fn noise_is_the_widest_bound_of_all_twins_and_prevents_claims_within_it() {
    // One twin is off by 30 % one way or the other, as on a bad day.
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "floor-epoll again" {
            figures.cpu_ns_per_message *= if trial.round.is_multiple_of(2) { 1.3 } else { 1.0 / 1.3 };
        }
    });
    let point = ping_pong(&analysis);
    let noise = |metric: Metric| point.resolution(metric).unwrap().noise;
    assert!((1.15..1.25).contains(&noise(Metric::CpuPerMessage)), "{:?}", point.resolutions);
    assert!((1.0..1.05).contains(&noise(Metric::MessagesPerSecond)), "{:?}", point.resolutions);
    let claim = |name: &str| point.row(name).unwrap().cost_ratio.as_ref().unwrap().claim;
    assert_eq!(claim("mio"), Claim::WithinNoise);
    assert_eq!(claim("tokio"), Claim::Higher);
    assert_eq!(claim("floor-epoll again"), Claim::NoDifference);
}

#[test]
fn a_twin_is_not_judged_by_itself() {
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "floor-epoll again" {
            figures.cpu_ns_per_message *= 1.3;
        }
    });
    let point = ping_pong(&analysis);
    assert_eq!(point.row("floor-epoll again").unwrap().cost_ratio.as_ref().unwrap().claim, Claim::Higher);
    assert_eq!(point.row("thread-pool").unwrap().cost_ratio.as_ref().unwrap().claim, Claim::WithinNoise);
}

#[test]
fn fewer_than_six_rounds_claim_nothing() {
    let analysis = analyse(&example::comparison("quick"));
    let ratio = ping_pong(&analysis).row("tokio").unwrap().cost_ratio.clone().unwrap();
    assert_eq!((ratio.spread.interval, ratio.claim), (None, Claim::TooFewRounds));
    assert_eq!(ping_pong(&analysis).resolutions, []);
}

#[test]
fn without_a_twin_nothing_is_claimed() {
    let mut run = example::run_of("full", &["ping-pong"]);
    run.subjects.retain(|subject| subject.role != Role::Twin);
    let analysis = analyse(&example::altered(run, |_, _| {}));
    let ratio = ping_pong(&analysis).row("tokio").unwrap().cost_ratio.clone().unwrap();
    assert!(ratio.spread.interval.is_some());
    assert_eq!(ratio.claim, Claim::NoTwin);
}

#[test]
fn nothing_is_claimed_about_a_ratio_to_a_floor_without_a_twin() {
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "sequential" {
            figures.cpu_ns_per_message *= 3.0;
        }
    });
    let ratio = ping_pong(&analysis).row("sequential").unwrap().cost_ratio.clone().unwrap();
    assert_eq!(ratio.right, "floor-threads, 1 client");
    assert!(ratio.spread.center > 2.0);
    assert_eq!(ratio.claim, Claim::NoTwin);
}

#[test]
fn a_failed_trial_has_no_figures_and_is_reported() {
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "mio" && trial.round == 3 {
            figures.error = Some("it did not start".to_owned());
        }
    });
    let row = ping_pong(&analysis).row("mio").unwrap();
    assert_eq!(row.trials, 12);
    assert_eq!(row.failures, ["round 3: it did not start"]);
    assert_eq!(row.spread(Metric::MessagesPerSecond).unwrap().values.len(), 11);
    let rounds: Vec<u32> =
        row.cost_ratio.as_ref().unwrap().spread.values.iter().map(|&(round, _)| round).collect();
    assert!(rounds.len() == 11 && !rounds.contains(&3), "{rounds:?}");
}

#[test]
fn a_trial_with_a_wrong_reply_has_no_figures_on_either_side_of_a_ratio() {
    let mut comparison = example::altered(example::run_of("full", &["ping-pong"]), |_, _| {});
    for record in &mut comparison.records {
        if let ("ping-pong", "floor-epoll", 1, Observed::Load { outcome, .. }) =
            (record.scenario.as_str(), record.subject.as_str(), record.round, &mut record.observed)
        {
            outcome.errors.by_kind.insert(loadgen::ErrorKind::WrongByte, 2);
            outcome.errors.first = Some("reply byte 17".to_owned());
        }
    }
    let analysis = analyse(&comparison);
    let point = ping_pong(&analysis);
    let floor = point.row("floor-epoll").unwrap();
    assert_eq!(floor.failures, ["round 1: 2 wrong reply byte; the first: reply byte 17"]);
    assert_eq!(floor.spread(Metric::P50).unwrap().values.len(), 11);
    assert_eq!(floor.latency_ns.as_ref().unwrap().len(), 11 * SAMPLES);
    for name in ["mio", "tokio", "floor-epoll again"] {
        assert_eq!(point.row(name).unwrap().cost_ratio.as_ref().unwrap().spread.values.len(), 11, "{name}");
    }
}

#[test]
fn an_invalid_trial_is_counted_keeps_its_figures_and_is_in_no_ratio() {
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "mio" && trial.round <= 2 {
            figures.verdict = loadgen::Bound::Invalid;
        }
    });
    let row = ping_pong(&analysis).row("mio").unwrap();
    assert_eq!(row.invalid, 2);
    assert_eq!(row.verdicts, [(loadgen::Bound::Server, 10), (loadgen::Bound::Invalid, 2)]);
    assert_eq!(row.spread(Metric::P50).unwrap().values.len(), 12);
    assert_eq!(row.cost_ratio.as_ref().unwrap().spread.values.len(), 10);
    assert_eq!(row.rate_ratio.as_ref().unwrap().spread.values.len(), 10);
}

#[test]
fn no_ratio_is_taken_where_one_side_served_fewer_clients() {
    let analysis = altered(|trial, figures| {
        if trial.subject.name == "thread-pool" {
            figures.served = 32;
        }
    });
    let row = ping_pong(&analysis).row("thread-pool").unwrap();
    assert_eq!((row.cost_ratio.as_ref(), row.rate_ratio.as_ref()), (None, None));
    assert_eq!(row.median(Metric::Starved), Some(18.0));
}

#[test]
fn no_ratio_is_taken_between_different_loads() {
    let mut comparison = example::altered(example::run_of("full", &["ping-pong"]), |_, _| {});
    for record in comparison.records.iter_mut().filter(|record| record.subject == "mio") {
        if let Some(load) = &mut record.load {
            load.payload_bytes += 1;
        }
    }
    let analysis = analyse(&comparison);
    let point = ping_pong(&analysis);
    assert_eq!(point.row("mio").unwrap().cost_ratio, None);
    assert!(point.row("tokio").unwrap().cost_ratio.is_some());
}

#[test]
fn latencies_of_all_rounds_are_added_up() {
    let analysis = unaltered();
    let row = ping_pong(&analysis).row("mio").unwrap();
    let latency_ns = row.latency_ns.as_ref().unwrap();
    assert_eq!(latency_ns.len(), 12 * SAMPLES);
    let longest = row.spread(Metric::Max).unwrap().values.iter().map(|&(_, value)| value).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few milliseconds")]
    let merged = latency_ns.max() as f64;
    assert!((merged / longest - 1.0).abs() < 0.01);
}

#[test]
fn user_and_system_time_are_pooled_and_divide_the_precise_cpu_time() {
    let analysis = unaltered();
    let row = ping_pong(&analysis).row("mio").unwrap();
    let user = row.spread(Metric::UserCpuPerMessage).unwrap();
    let system = row.median(Metric::SystemCpuPerMessage).unwrap();
    assert!(user.values.is_empty() && user.interval.is_none());
    // A quarter of all ticks is user time. Rounds differ in length, so the pool is near the median only.
    assert!((user.center / (user.center + system) - 0.25).abs() < 1e-6);
    let median = row.median(Metric::CpuPerMessage).unwrap();
    assert!(((user.center + system) / median - 1.0).abs() < 0.1);
}

#[test]
fn points_of_a_curve_keep_their_order_and_figures_apart() {
    let analysis = analyse(&example::altered(example::run_of("full", &["ramp"]), |_, _| {}));
    let ramp = analysis.scenario("ramp").unwrap();
    let points: Vec<String> = ramp.points.iter().map(|point| point.point.to_string()).collect();
    assert_eq!(
        points,
        ["1 connection", "8 connections", "64 connections", "512 connections", "4096 connections"]
    );
    let served = |index: usize| ramp.points[index].row("mio").unwrap().median(Metric::Served);
    assert_eq!((served(0), served(4)), (Some(1.0), Some(4096.0)));
}

#[test]
fn an_analysis_is_json_with_units_and_without_null_fields() {
    let analysis = analyse(&example::comparison("default"));
    let json = serde_json::to_value(&analysis).unwrap();
    let scenario = &json["scenarios"][1];
    assert_eq!(scenario["scenario"]["name"], "ping-pong");
    let rows = scenario["points"][0]["rows"].as_array().unwrap();
    let mio = rows.iter().find(|row| row["subject"]["name"] == "mio").unwrap();
    assert_eq!(mio["metrics"]["cpu_per_message"]["unit"], "ns/message");
    assert_eq!(mio["metrics"]["p999"]["values"].as_array().unwrap().len(), 12);
    assert_eq!(mio["cost_ratio"]["claim"], "higher");
    let point = &scenario["points"][0];
    let pairs = point["pairs"].as_array().unwrap();
    let is_meant = |pair: &&serde_json::Value| {
        pair["left"] == "mio" && pair["right"] == "tokio" && pair["metric"] == "cpu_per_message"
    };
    assert_eq!(pairs.iter().find(is_meant).unwrap()["claim"], "lower");
    assert!(point["resolutions"][0]["claimed_from"].as_f64().unwrap() > 1.0);
    assert!(json["comparisons"].as_u64().unwrap() > 100);
    assert!(mio["latency_ns"].as_str().unwrap().starts_with("HISTFAAAA"));
}

#[test]
fn every_metric_is_in_the_list_once_with_a_unique_title() {
    let titles: std::collections::HashSet<&str> = Metric::ALL.iter().map(|metric| metric.title()).collect();
    assert_eq!(titles.len(), Metric::ALL.len());
    assert!(Metric::ALL.iter().all(|metric| !metric.unit().is_empty()));
}

#[test]
fn with_idle_clients_a_model_that_greets_is_divided_by_raw_echo_that_does_not_greet() {
    let mut comparison = example::altered(example::run_of("full", &["many-idle"]), |_, _| {});
    for record in &mut comparison.records {
        let greets = !record.subject.starts_with("floor");
        if let Observed::Load { outcome, .. } = &mut record.observed {
            outcome.served = if greets { 10_050 } else { 50 };
            outcome.starved = 0;
        }
    }
    let analysis = analyse(&comparison);
    let point = &analysis.scenario("many-idle").unwrap().points[0];
    for model in ["thread-per-conn", "mio", "tokio"] {
        assert!(point.row(model).unwrap().cost_ratio.is_some(), "{model}");
    }
}

#[test]
fn any_two_models_are_compared_within_rounds_in_either_order() {
    let analysis = unaltered();
    let point = ping_pong(&analysis);
    let cost = |left: &str, right: &str| point.pair(left, right, Metric::CpuPerMessage);
    let pair = cost("tokio", "thread-per-conn").unwrap();
    assert!((pair.spread.center / (1.5 / 1.1) - 1.0).abs() < 2.0 * JITTER, "{pair:?}");
    assert_eq!((pair.left.as_str(), pair.claim), ("tokio", Claim::Higher));
    let inverse = cost("thread-per-conn", "tokio").unwrap();
    assert!((inverse.spread.center * pair.spread.center - 1.0).abs() < 1e-12);
    assert_eq!(inverse.claim, Claim::Lower);
    assert!(inverse.spread.interval.unwrap().high < 1.0);
    // The floor of a model is one of its partners; another model's floor is not.
    assert_eq!(cost("mio", "floor-epoll"), point.row("mio").unwrap().cost_ratio);
    assert_eq!(cost("mio", "floor-threads"), None);
    assert!(cost("floor-threads", "floor-epoll").is_some());
    assert_eq!(cost("sequential", "mio"), None, "one client is not fifty");
}

#[test]
fn latencies_and_memory_are_compared_too_but_not_more_finely_than_they_are_read() {
    let analysis = analyse(&example::altered(example::run_of("full", &["many-idle"]), |_, _| {}));
    let point = &analysis.scenarios[0].points[0];
    let memory = point.pair("thread-per-conn", "mio", Metric::MemoryPerConnection).unwrap();
    assert_eq!(memory.claim, Claim::Higher);
    assert!(point.pair("tokio", "mio", Metric::P99).is_some());
    assert!(point.resolution(Metric::P99).unwrap().noise >= 1.02);
}

#[test]
fn the_comparisons_of_all_scenarios_are_counted_in_the_correction() {
    let count = |scenarios: &[&str]| {
        let analysis = analyse(&example::altered(example::run_of("full", scenarios), |_, _| {}));
        let points = analysis.scenarios.iter().flat_map(|scenario| &scenario.points);
        let of_mio = points.flat_map(|point| &point.rows).find(|row| row.subject.name == "mio");
        let ratio = of_mio.and_then(|row| row.cost_ratio.clone()).unwrap();
        assert!(ratio.adjusted_p > ratio.p, "{ratio:?}");
        analysis.comparisons
    };
    // Five models that serve all clients: 10 pairs, and 5 with their floors; the floors with each other; two twins.
    assert_eq!(count(&["ping-pong"]), 3 * (10 + 5 + 1 + 2));
    assert_eq!(count(&["ping-pong", "pipelined"]), 2 * count(&["ping-pong"]));
    let peak = example::altered(example::run_of("full", &["ping-pong", "own-peak"]), |_, _| {});
    assert_eq!(analyse(&peak).comparisons, count(&["ping-pong"]), "where nothing can be claimed");
}

#[test]
fn a_model_that_differs_only_by_chance_among_many_is_not_claimed() {
    // Rounds that scatter by 4 % around 4 %: alone that is significant, among 54 comparisons it is not.
    let analysis = altered(|trial, figures| {
        let scatter = [1.0, 1.08, 1.02, 1.06, 1.0, 1.07, 0.99, 1.09, 1.03, 1.05, 1.0, 1.08];
        match trial.subject.name.as_str() {
            "mio" => figures.cpu_ns_per_message = 4_000.0 * scatter[trial.round as usize - 1],
            name if name.starts_with("floor") => figures.cpu_ns_per_message = 4_000.0,
            _ => {}
        }
    });
    let ratio = ping_pong(&analysis).row("mio").unwrap().cost_ratio.clone().unwrap();
    assert!(ratio.p.unwrap() < 0.01 && ratio.adjusted_p.unwrap() > 0.05, "{ratio:?}");
    assert_eq!(ratio.claim, Claim::OneOfMany);
}

#[test]
fn where_the_load_varies_models_are_compared_and_claimed_only_beside_a_twin() {
    let slow = |trial: &Trial, figures: &mut Figures| {
        if trial.subject.name == "tokio" {
            figures.median_latency_ns *= 2.0;
        }
    };
    let mut comparison = example::altered(example::run_of("full", &["open-loop"]), slow);
    let claim = |comparison: &Comparison| {
        let analysis = analyse(comparison);
        let point = &analysis.scenarios[0].points[0];
        point.pair("tokio", "mio", Metric::P50).unwrap().claim
    };
    assert_eq!(claim(&comparison), Claim::Higher);
    comparison.records.retain(|record| !record.subject.ends_with(" again"));
    assert_eq!(claim(&comparison), Claim::NoTwin);
}
