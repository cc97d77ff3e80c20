//! The text below the tables: the noise of the twins, the claims, the failures.

use loadgen::Bound;

use super::grid::wrap;
use super::style::{FAILED, TITLE};
use crate::analysis::{Analysis, Claim, Metric, Pair, PointAnalysis, Row, ScenarioAnalysis};
use crate::answers::growing;
use crate::scenario::Point;
use crate::subject::Role;
use text::units::three_digits;

const HOW_TO_READ: &str = "\
Figures are medians over the rounds. Ratios are trimmed geometric means of quotients within rounds.
1.16 1.12–1.20: a ratio and its own 95 % confidence interval. Dim or ?: no difference is claimed.
Green: the model is claimed to be better than all others that serve every client.
CPU is the server's. Floors are raw echo without a protocol: the kernel's cost; `again`: a twin.
p50, p99: a round trip; in open loops, from when a message was due. thr.: threads; sw.: switches.
limit: the limiting side (or none). If client or †, rate and times are the load generator's; the
server's CPU stays valid.
others: other programs held the CPUs. invalid, !: most trials were invalid. *: rounds differed.
1/50 or °: the others starved, which is a result.
";

/// Draws all sections.
pub(super) fn draw(analysis: &Analysis, width: usize) -> String {
    let mut text = String::new();
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            text.push_str(&format!("\n{TITLE}{title}{TITLE:#}\n{body}"));
        }
    };
    section("Noise: the same server measured twice (twins)", each(analysis, width, twins));
    section(
        "Claims about CPU per message and rate",
        each(analysis, width, claims) + &correction(analysis, width),
    );
    let growths = analysis.scenarios.iter().filter_map(growing::sentence);
    section("Growth with idle clients", growths.map(|sentence| wrap(&sentence, "  ", width)).collect());
    let limits = analysis.scenarios.iter().flat_map(limits).map(|sentence| wrap(&sentence, "  ", width));
    section("Limits other than the server's", limits.collect());
    let failures = each(analysis, width, failures);
    if !failures.is_empty() {
        section("Failures", format!("{FAILED}{}{FAILED:#}\n", failures.trim_end()));
    }
    section("How to read it", HOW_TO_READ.lines().map(|line| wrap(line, "  ", width)).collect());
    text
}

/// The sentences of every point under the point's name.
fn each(analysis: &Analysis, width: usize, sentences: fn(&PointAnalysis) -> Vec<String>) -> String {
    let mut text = String::new();
    for scenario in &analysis.scenarios {
        for point in &scenario.points {
            let name = name(scenario, point.point);
            match sentences(point).as_slice() {
                [] => {}
                [sentence] => text.push_str(&wrap(&format!("{name}: {sentence}"), "  ", width)),
                sentences => {
                    text.push_str(&format!("{name}:\n"));
                    text.extend(
                        sentences.iter().map(|sentence| wrap(&format!("  {sentence}"), "    ", width)),
                    );
                }
            }
        }
    }
    text
}

fn name(scenario: &ScenarioAnalysis, point: Point) -> String {
    match point {
        Point::Only => scenario.scenario.name.clone(),
        _ => format!("{}, {point}", scenario.scenario.name),
    }
}

fn twins(point: &PointAnalysis) -> Vec<String> {
    let within = |factor: f64| {
        if factor < 1.5 {
            format!("±{:.1} %", 100.0 * (factor - 1.0))
        } else {
            format!("a factor of {}", three_digits(factor))
        }
    };
    let mut sentences = Vec::new();
    let [cost, rate] = [Metric::CpuPerMessage, point.rate()].map(|metric| point.resolution(metric));
    if let Some((cost, rate)) = cost.zip(rate) {
        sentences.push(format!(
            "within {} in CPU, {} in rate; can claim from {} in CPU, {} in rate",
            within(cost.noise),
            within(rate.noise),
            within(cost.claimed_from),
            within(rate.claimed_from)
        ));
    } else if point.rows.iter().any(|row| row.subject.role == Role::Twin) {
        sentences.push(match point.invalid_twins() {
            Some(invalid) => format!("{invalid}; at least 6 valid rounds are needed, so nothing is claimed"),
            None => "too few rounds (at least 6 valid ones are needed), so nothing is claimed".to_owned(),
        });
    }
    for row in point.rows.iter().filter(|row| row.subject.role == Role::Twin) {
        for (what, ratio) in [("CPU", &row.cost_ratio), ("rate", &row.rate_ratio)] {
            if let Some(ratio) = ratio.as_ref().filter(|ratio| ratio.claim.is_difference()) {
                let what = format!("{} differs in {what},", row.subject.name);
                sentences.push(factor(ratio, &what, &ratio.right) + ": do not trust this table");
            }
        }
    }
    sentences
}

fn claims(point: &PointAnalysis) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut silent = Vec::new();
    for row in point.rows.iter().filter(|row| row.subject.role == Role::Model) {
        let claimed = |ratio: &Option<Pair>| ratio.clone().filter(|ratio| ratio.claim.is_difference());
        let sentence = match (claimed(&row.cost_ratio), claimed(&row.rate_ratio)) {
            (Some(cost), rate) => {
                let rate = rate
                    .map_or(String::new(), |rate| factor(&rate, ", at", "its rate") + limited(point, &rate));
                factor(&cost, &format!("{} costs", row.subject.name), &cost.right) + &rate
            }
            (None, Some(rate)) => {
                let after = format!("as much as {}", rate.right);
                factor(&rate, &format!("{} does", row.subject.name), &after) + limited(point, &rate)
            }
            (None, None) => {
                let judged = |ratio: &Option<Pair>| {
                    let claim = ratio.as_ref().map(|ratio| ratio.claim);
                    matches!(claim, Some(Claim::NoDifference | Claim::WithinNoise | Claim::OneOfMany))
                };
                if judged(&row.cost_ratio) || judged(&row.rate_ratio) {
                    silent.push(row.subject.name.as_str());
                }
                continue;
            }
        };
        sentences.push(sentence);
    }
    if !silent.is_empty() {
        sentences.push(format!("no difference from the floor can be claimed for {}", silent.join(", ")));
    }
    sentences
}

/// The mark of a rate that the load generator limited, of one side or of both.
pub(super) fn limited(point: &PointAnalysis, rate: &Pair) -> &'static str {
    let is_limited = |name: &str| point.row(name).is_some_and(Row::is_client_bound);
    if is_limited(&rate.left) || is_limited(&rate.right) { " †" } else { "" }
}

/// How many comparisons the claims are corrected for.
fn correction(analysis: &Analysis, width: usize) -> String {
    if analysis.comparisons == 0 {
        return String::new();
    }
    let text = format!(
        "Corrected for all {} comparisons of this run: something is claimed wrongly in at most 5 % of such runs.",
        analysis.comparisons
    );
    wrap(&text, "  ", width)
}

/// Such as `mio costs 1.16 times floor-epoll (1.12 to 1.20)`.
fn factor(ratio: &Pair, before: &str, after: &str) -> String {
    let interval = ratio.spread.interval.map_or(String::new(), |interval| {
        format!(" ({} to {})", three_digits(interval.low), three_digits(interval.high))
    });
    format!("{before} {} times {after}{interval}", three_digits(ratio.spread.center))
}

/// Subjects that were not at the server's own limit, in how many trials of all points, and one reason for all that
/// share it.
fn limits(scenario: &ScenarioAnalysis) -> Vec<String> {
    let rows: Vec<&Row> = scenario.points.iter().flat_map(|point| &point.rows).collect();
    let sentence = |bound: Bound| {
        let mut names: Vec<(&str, u32, u32)> = Vec::new();
        for row in rows.iter().filter(|row| row.subject.role == Role::Model) {
            let trials = row.verdicts.iter().find(|(of, _)| *of == bound).map_or(0, |&(_, trials)| trials);
            let name = row.subject.name.as_str();
            match names.iter_mut().find(|(known, ..)| *known == name) {
                Some((_, found, all)) => (*found, *all) = (*found + trials, *all + row.trials),
                None => names.push((name, trials, row.trials)),
            }
        }
        let shares = names.iter().filter(|(_, found, _)| *found > 0).map(|(name, found, all)| {
            if found == all { (*name).to_owned() } else { format!("{name} {found}/{all}") }
        });
        let shares: Vec<String> = shares.collect();
        let of_bound = |row: &&&Row| row.verdicts.first().is_some_and(|(first, _)| *first == bound);
        let reason = rows.iter().find(of_bound).and_then(|row| row.reason.clone());
        let reason = reason.map_or(String::new(), |reason| format!(" (such as: {reason})"));
        (!shares.is_empty())
            .then(|| format!("{}: {bound} {}{reason}", scenario.scenario.name, shares.join(", ")))
    };
    [Bound::Client, Bound::Invalid].into_iter().filter_map(sentence).collect()
}

fn failures(point: &PointAnalysis) -> Vec<String> {
    let of_row = |row: &Row| {
        let name = row.subject.name.clone();
        row.failures.clone().into_iter().map(move |failure| format!("{name}, {failure}"))
    };
    point.rows.iter().flat_map(of_row).collect()
}
