//! The text between the markers: Markdown, generated only from the analysis of a recorded run.

use super::answers;
use super::quoted::{date, ratio};
use crate::analysis::{Analysis, Metric, PointAnalysis, Row};
use crate::scenario::Point;
use crate::subject::Role;
use text::markdown::{NOTHING, header, line, words};
use text::units::{bytes, count, duration};

/// The block of this name, for a run in a folder of this name; `None` if there is no such block.
pub(super) fn block(name: &str, run: &str, analysis: &Analysis) -> Option<String> {
    match name {
        "summary" => Some(summary(run, analysis)),
        "scenarios" => Some(scenarios(analysis)),
        "machine" => Some(machine(run, analysis)),
        "noise" => Some(noise(analysis)),
        "verdicts" => Some(verdicts(analysis)),
        "answers" => Some(answers::answered(analysis)),
        "work" => Some(answers::work(analysis)),
        "decide" => Some(answers::decided(run, analysis)),
        _ => None,
    }
}

/// One row for each model: the most important figure of each scenario.
fn summary(run: &str, analysis: &Analysis) -> String {
    type Cell = fn(&Row) -> Option<String>;
    let rate = middle_rate(analysis);
    let columns: [(String, &str, Point, Cell); 7] = [
        ("messages/s".to_owned(), "ping-pong", Point::Only, |row| {
            let mark = if is_client_bound(row) { " †" } else { "" };
            Some(count(row.median(Metric::MessagesPerSecond)?) + mark)
        }),
        ("99 % of round trips within".to_owned(), "ping-pong", Point::Only, |row| {
            row.median(Metric::P99).map(duration)
        }),
        ("CPU per message".to_owned(), "ping-pong", Point::Only, |row| {
            row.median(Metric::CpuPerMessage).map(duration)
        }),
        ("times its floor".to_owned(), "ping-pong", Point::Only, |row| row.cost_ratio.as_ref().map(ratio)),
        (
            rate.map_or_else(
                || "open loop".to_owned(),
                |point| format!("99 % answered within, at {}", rate_name(point)),
            ),
            "open-loop",
            rate.unwrap_or(Point::Only),
            |row| row.median(Metric::P99).map(duration),
        ),
        ("CPU per connection".to_owned(), "churn", Point::Only, |row| {
            row.median(Metric::CpuPerMessage).map(duration)
        }),
        ("memory per idle client".to_owned(), "many-idle", Point::Only, |row| {
            Some(bytes(row.median(Metric::MemoryPerConnection)?))
        }),
    ];
    let mut lines =
        vec![header(["model".to_owned()].into_iter().chain(columns.iter().map(|column| column.0.clone())))];
    for subject in &analysis.run.subjects {
        let is_left_out = matches!(subject.role, Role::Twin | Role::Variant) || !subject.service.is_echo();
        if is_left_out || subject.clients.is_some() {
            continue;
        }
        let name = if subject.role == Role::Floor {
            format!("*{}*", subject.name)
        } else {
            format!("`{}`", subject.name)
        };
        let cells = columns.iter().map(|(_, scenario, point, cell)| {
            let row = row_at(analysis, scenario, *point, &subject.name);
            row.and_then(cell).unwrap_or_else(|| NOTHING.to_owned())
        });
        lines.push(line(std::iter::once(name).chain(cells)));
    }
    let run_details = &analysis.run;
    format!(
        "{}\n{}, {}; {}. Medians over rounds; of ratios the trimmed geometric mean, in brackets its 95 % confidence interval; bold where a \
         difference from the floor is claimed. *sequential* serves one of the 50 clients, the others starve. †: \
         the load generator was at its limit, so the server may be faster; its CPU per message stays valid.\n\
         [All tables](results/{run}/tables.md), [raw records](results/{run}), and the report in \
         `results/{run}/report.html`.\n",
        lines.concat(),
        date(analysis),
        run_details.machine,
        run_details.layout,
    )
}

/// What each scenario does, and how often.
fn scenarios(analysis: &Analysis) -> String {
    let run = &analysis.run;
    let mut text = words(["scenario", "load", "question", "rounds"]);
    for scenario in &run.scenarios {
        let rounds = run.profile.rounds.get(&scenario.name).copied().unwrap_or(0);
        let cells = [
            format!("`{}`", scenario.name),
            scenario.title.clone(),
            scenario.question.clone(),
            rounds.to_string(),
        ];
        text.push_str(&line(cells));
    }
    text.push_str(&format!("\nRounds are those of the recorded run, with {}.\n", run.profile.times()));
    text
}

/// The machine, the command and the settings of the run.
fn machine(run: &str, analysis: &Analysis) -> String {
    let details = &analysis.run;
    let machine = &details.machine;
    let mut rows = vec![
        ("run", format!("[{run}](results/{run}/tables.md), begun {}", details.started)),
        ("command", format!("`{}`", details.command)),
        ("machine", machine.to_string()),
        ("layout", details.layout.to_string()),
        ("compiler", machine.compiler.clone()),
        ("program", format!("concurrent-servers {}", details.version)),
        ("seed", details.seed.to_string()),
        ("frequency governor", machine.governor.clone().unwrap_or_else(|| "none visible".to_owned())),
    ];
    rows.extend(machine.mitigations.iter().map(|line| ("mitigation", line.clone())));
    let lines = rows.into_iter().map(|(name, value)| line([name.to_owned(), value]));
    words(["what", "how it was"]) + &lines.collect::<String>()
}

/// The noise that the twins show, and the smallest difference that can be claimed beside it, by scenario.
fn noise(analysis: &Analysis) -> String {
    let titles = ["scenario", "cost of a message", "can claim from", "messages/s", "can claim from"];
    let mut text = header(titles.map(str::to_owned));
    let percent = |factor: f64| format!("±{:.1} %", 100.0 * (factor - 1.0));
    for (name, point) in points(analysis) {
        let [cost, rate] = [Metric::CpuPerMessage, point.rate()].map(|metric| point.resolution(metric));
        if let Some((cost, rate)) = cost.zip(rate) {
            let cells = [cost.noise, cost.claimed_from, rate.noise, rate.claimed_from].map(percent);
            text.push_str(&line([name].into_iter().chain(cells)));
        }
    }
    text
}

/// The counts of verdicts, by scenario.
fn verdicts(analysis: &Analysis) -> String {
    use loadgen::Bound;

    let bounds = [Bound::Server, Bound::Client, Bound::Neither, Bound::Invalid];
    let mut text = header(
        ["scenario".to_owned()]
            .into_iter()
            .chain(bounds.iter().map(ToString::to_string))
            .chain(["failed".to_owned()]),
    );
    for scenario in &analysis.scenarios {
        let rows = || scenario.points.iter().flat_map(|point| &point.rows);
        let number = |bound| {
            let of_row = |row: &Row| {
                row.verdicts.iter().filter(|(of, _)| *of == bound).map(|(_, number)| *number).sum::<u32>()
            };
            rows().map(of_row).sum::<u32>()
        };
        if bounds.iter().all(|&bound| number(bound) == 0) {
            continue;
        }
        let trials: u32 = rows().map(|row| row.trials).sum();
        let judged: u32 = bounds.iter().map(|&bound| number(bound)).sum();
        let numbers = bounds.iter().map(|&bound| number(bound)).chain([trials.saturating_sub(judged)]);
        text.push_str(&line(
            std::iter::once(format!("`{}`", scenario.scenario.name))
                .chain(numbers.map(|number| number.to_string())),
        ));
    }
    text
}

/// Whether most rounds found the load generator's limit.
fn is_client_bound(row: &Row) -> bool {
    row.verdicts.first().is_some_and(|(bound, _)| *bound == loadgen::Bound::Client)
}

/// The middle one of the open loop's common rates.
fn middle_rate(analysis: &Analysis) -> Option<Point> {
    let points = &analysis.scenario("open-loop")?.points;
    points.get(points.len() / 2).map(|point| point.point)
}

fn rate_name(point: Point) -> String {
    match point {
        #[expect(clippy::cast_precision_loss, reason = "rates are small")]
        Point::Rate(rate) => format!("{} messages/s", count(rate as f64)),
        other => other.to_string(),
    }
}

fn row_at<'run>(analysis: &'run Analysis, scenario: &str, point: Point, subject: &str) -> Option<&'run Row> {
    let points = &analysis.scenario(scenario)?.points;
    points.iter().find(|at| at.point == point)?.row(subject)
}

/// Every point with the name of its scenario.
fn points(analysis: &Analysis) -> impl Iterator<Item = (String, &PointAnalysis)> {
    analysis.scenarios.iter().flat_map(|scenario| {
        scenario.points.iter().map(|point| {
            let name = format!("`{}` {}", scenario.scenario.name, point.point);
            (name.trim_end().to_owned(), point)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::example;

    const BLOCKS: [&str; 5] = ["summary", "scenarios", "machine", "noise", "verdicts"];

    #[test]
    fn every_block_is_a_table_whose_rows_have_equally_many_cells() {
        let analysis = analyse(&example::comparison("full"));
        let all = crate::documents::tables::all_tables(&analysis);
        for text in BLOCKS.iter().map(|name| block(name, "run", &analysis).unwrap()).chain([all]) {
            let mut lines = text.lines().peekable();
            let mut tables = 0;
            while let Some(line) = lines.next() {
                if !line.starts_with('|') {
                    continue;
                }
                tables += 1;
                let cells = line.matches('|').count();
                let rule = lines.next().unwrap();
                assert!(rule.starts_with("| --- |"), "{text}");
                assert_eq!(rule.matches('|').count(), cells, "{text}");
                while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                    assert_eq!(row.matches('|').count(), cells, "{row}");
                }
            }
            assert!(tables >= 1, "{text}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
        assert_eq!(block("other", "run", &analysis), None);
    }

    #[test]
    fn the_summary_has_a_row_for_every_model_and_its_multiple_of_the_floor() {
        let text = block("summary", "run", &analyse(&example::comparison("full"))).unwrap();
        for model in example::servers().models.iter().map(|model| &model.name) {
            let row = text.lines().find(|line| line.starts_with(&format!("| `{model}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {model} in\n{text}"));
            assert!(row.contains('[') && row.contains(']'), "no interval: {row}");
        }
    }

    #[test]
    fn a_run_without_most_scenarios_still_has_all_blocks() {
        let mut comparison = example::comparison("quick");
        comparison.records.clear();
        let analysis = analyse(&comparison);
        for name in BLOCKS {
            block(name, "run", &analysis).unwrap();
        }
    }
}
