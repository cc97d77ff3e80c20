use std::fs;
use std::path::Path;

use anstream::adapter::strip_str;

use super::style::{BEST, FAILED};
use super::*;
use crate::analysis::analyse;
use crate::example::{self, Figures};
use crate::plan::Trial;
use crate::record::Comparison;
use grid::{Cell, Line};

fn drawn(comparison: &Comparison, width: usize) -> String {
    draw(&analyse(comparison), &Coverage::of(comparison, &example::servers()), width)
}

fn altered(profile: &str, scenario: &str, alter: impl Fn(&Trial, &mut Figures)) -> String {
    drawn(&example::altered(example::run_of(profile, &[scenario]), alter), WIDEST)
}

fn plain(text: &str) -> String {
    strip_str(text).to_string()
}

/// The cells of the first line that begins with this name.
fn cells<'text>(text: &'text str, name: &str) -> Vec<&'text str> {
    let line = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    line.split_whitespace().collect()
}

#[test]
fn a_whole_run_is_drawn_as_in_the_golden_file() {
    let text = plain(&drawn(&example::comparison("default"), WIDEST));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/table/tests/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        text,
        fs::read_to_string(path).unwrap(),
        "if this change is intended: UPDATE_GOLDEN=1 cargo test"
    );
}

/// Figures as large as they may become.
fn large(trial: &Trial, figures: &mut Figures) {
    let is_floor = trial.subject.name.starts_with("floor");
    figures.messages_per_second = match trial.scenario.name.as_str() {
        "bulk" => 1_234_567.0,
        "churn" => 234_567.0,
        _ => 23_456_789.0,
    };
    figures.median_latency_ns = 15e6;
    figures.cpu_ns_per_message = if is_floor { 54e3 } else { 1_234e3 };
    figures.threads = if trial.scenario.name == "many-idle" { 10_052 } else { 514 };
    figures.verdict =
        if trial.round.is_multiple_of(2) { loadgen::Bound::Client } else { loadgen::Bound::Server };
}

#[test]
fn nothing_is_wider_than_the_terminal_even_with_large_figures() {
    let runs = ["ping-pong", "bulk", "churn", "many-idle", "ramp"]
        .map(|name| example::altered(example::run_of("full", &[name]), large));
    let crowded = example::altered(example::crowded_run_of("full", &["ping-pong", "ramp"]), large);
    for columns in [60, 80, 100, 200] {
        let width = width(Some(columns));
        for run in runs.iter().chain([&example::comparison("full"), &crowded]) {
            let text = plain(&drawn(run, width));
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{columns} columns: {line}");
            }
        }
    }
}

#[test]
fn a_narrow_table_has_the_same_figures_in_parts() {
    let run = example::altered(example::run_of("full", &["ping-pong"]), large);
    let [wide, narrow] = [WIDEST, 60].map(|width| plain(&drawn(&run, width)));
    let cells = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("mio "));
        lines.flat_map(|line| line.split_whitespace().skip(1)).map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(cells(&narrow), cells(&wide));
    let parts = narrow.lines().filter(|line| line.starts_with("mio ")).count();
    assert!(parts > 1 && cells(&wide).len() > 10, "{narrow}");
}

#[test]
fn a_part_of_a_table_leaves_out_the_lines_that_have_nothing_in_it() {
    let line = |cells: [&str; 3]| Line { cells: cells.map(Cell::plain).to_vec(), style: None, rule: false };
    let header = ["model", "times mio", "times tokio"].map(str::to_owned);
    let text =
        plain(&grid::draw(&header, &[line(["tokio", "1.05", ""]), line(["rayon", "1.40", "1.33"])], 1, 20));
    let with_name = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(["model", "tokio", "rayon"].map(with_name), [2, 1, 2], "{text}");
}

#[test]
fn where_no_column_fits_beside_the_names_each_line_is_a_sentence() {
    let line = |name: &str| Line {
        cells: [name, "a rather long model", "1.23"].map(Cell::plain).to_vec(),
        style: None,
        rule: false,
    };
    let header = ["scenario", "model", "times\nfloor"].map(str::to_owned);
    let text = plain(&grid::draw(&header, &[line("ping-pong"), line("")], 2, 30));
    assert_eq!(
        text,
        "ping-pong a rather long model\n  times floor 1.23\na rather long model\n  times floor 1.23\n"
    );
}

#[test]
fn a_line_is_no_wider_than_100_columns_where_nothing_limits_it() {
    assert_eq!((width(None), width(Some(200)), width(Some(60))), (100, 100, 60));
}

#[test]
fn windows_that_others_disturbed_are_marked_and_counted() {
    let mut run = example::altered(example::run_of("full", &["ping-pong"]), |_, _| {});
    example::disturb(&mut run, |record| record.subject == "mio" && record.round > 3);
    let text = plain(&drawn(&run, WIDEST));
    assert!(text.contains("\nOther programs disturbed 9 of 132 windows"), "{text}");
    assert_eq!(*cells(&text, "mio").last().unwrap(), "others*");
    assert!(text.contains("invalid mio 9/12 (such as: other programs took 1.7 of 2 CPUs)"), "{text}");
    assert_eq!(*cells(&text, "tokio").last().unwrap(), "server");
}

#[test]
fn where_no_window_is_valid_nothing_is_best_and_the_noise_is_unknown_for_that_reason() {
    let mut run = example::altered(example::run_of("quick", &["ping-pong"]), |_, _| {});
    example::disturb(&mut run, |_| true);
    let text = drawn(&run, WIDEST);
    assert!(!text.contains(&BEST.to_string()), "{text}");
    let words = plain(&text).split_whitespace().collect::<Vec<&str>>().join(" ");
    let reason = "8 of 8 windows of the twins and their floors were invalid (such as: other programs took 1.7 of 2 \
                  CPUs); at least 6 valid rounds are needed";
    assert!(words.contains(reason) && !words.contains("too few rounds"), "{words}");
}

#[test]
fn what_was_not_measured_is_said_before_any_figure() {
    let mut run = example::altered(example::run_of("full", &["ping-pong"]), |_, _| {});
    run.records.retain(|record| record.subject != "mio");
    let text = plain(&drawn(&run, WIDEST));
    let alert = text.find("NOT MEASURED: ping-pong: never measured: mio").unwrap();
    assert!(
        alert < text.find("How does").unwrap_or(usize::MAX) && alert < text.find("tokio").unwrap(),
        "{text}"
    );
    assert!(text.contains("Incomplete: 120 of 132 trials were made."), "{text}");
}

#[test]
fn the_best_model_of_a_column_is_marked_and_floors_and_starved_ones_do_not_compete() {
    let text = altered("full", "ping-pong", |trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message /= 2.0;
        }
    });
    let mio = text.lines().find(|line| line.contains("mio")).unwrap();
    let cpu = cells(&plain(&text), "mio")[5].to_owned();
    assert!(mio.contains(&format!("{BEST}{cpu}{BEST:#}")), "{mio:?}");
    for name in ["sequential", "tokio", "floor-epoll"] {
        let line = text.lines().find(|line| line.contains(name)).unwrap();
        assert!(!line.contains(&format!("{BEST}{}", cells(&plain(&text), name)[5])), "{line:?}");
    }
    let marked = text.lines().filter(|line| line.contains(&BEST.to_string()));
    assert!(!marked.clone().any(|line| line.contains("sequential") || line.contains("floor")));
    assert!(marked.count() >= 2);
}

#[test]
fn a_ratio_is_dim_unless_a_difference_is_claimed() {
    let text = altered("full", "ping-pong", |_, _| {});
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("sequential").contains(&format!("{DIM}1.0")), "{:?}", line("sequential"));
    assert!(!line("tokio").contains(&DIM.to_string()), "{:?}", line("tokio"));
    assert!(plain(&text).contains("\n  tokio costs 1.5"), "{text}");
    assert!(!plain(&text).contains("sequential costs"), "{text}");
    let quick = altered("quick", "ping-pong", |_, _| {});
    let tokio = quick.lines().find(|line| line.contains("tokio")).unwrap().to_owned();
    assert!(tokio.contains(&DIM.to_string()), "{tokio:?}");
    assert!(quick.contains("too few rounds"), "{quick}");
    assert!(!quick.contains("tokio costs"), "{quick}");
}

#[test]
fn floors_are_below_a_rule_each_with_its_variants() {
    let text = plain(&altered("default", "ping-pong", |_, _| {}));
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("floor-threads")).unwrap();
    assert!(lines[first - 1].starts_with("───") && lines[first - 2].starts_with("tokio"));
    let names: Vec<&str> = lines[first..first + 5].iter().map(|line| line[..13].trim_end()).collect();
    assert_eq!(names, ["floor-threads", "  1 client", "  again", "floor-epoll", "  again"]);
}

#[test]
fn a_failed_row_is_red_and_reported_below() {
    let text = altered("full", "ping-pong", |trial, figures| {
        if trial.subject.name == "mio" {
            figures.error = Some("server mio did not start".to_owned());
        }
    });
    let line = text.lines().find(|line| line.contains("mio")).unwrap();
    assert!(line.starts_with(&FAILED.to_string()) && line.contains("failed"), "{line:?}");
    assert!(text.contains("\n  mio, round 12: server mio did not start"), "{text}");
}

#[test]
fn invalid_and_client_bound_trials_are_reported_with_their_share() {
    let text = plain(&altered("full", "ping-pong", |trial, figures| match trial.subject.name.as_str() {
        "mio" if trial.round <= 4 => figures.verdict = loadgen::Bound::Invalid,
        "tokio" => figures.verdict = loadgen::Bound::Client,
        _ => {}
    }));
    assert!(text.contains("ping-pong: client-bound tokio (such as: so it was chosen)"), "{text}");
    assert!(text.contains("ping-pong: invalid mio 4/12\n"), "{text}");
    assert_eq!(*cells(&text, "mio").last().unwrap(), "server*");
    assert_eq!(*cells(&text, "tokio").last().unwrap(), "client");
}

#[test]
fn a_cell_of_a_curve_says_if_it_is_mostly_invalid_or_clients_starved() {
    let text = plain(&altered("full", "open-loop", |trial, figures| {
        if trial.subject.name == "mio" && trial.round <= 4 {
            figures.verdict = loadgen::Bound::Invalid;
        }
    }));
    assert!(cells(&text, "mio").last().unwrap().ends_with('!'), "{text}");
    assert!(cells(&text, "sequential").last().unwrap().ends_with('°'), "{text}");
    assert!(cells(&text, "tokio").last().unwrap().ends_with('s'), "{text}");
}

#[test]
fn a_twin_that_differs_is_a_warning() {
    let text = plain(&altered("full", "ping-pong", |trial, figures| {
        if trial.subject.name == "floor-epoll again" {
            figures.cpu_ns_per_message *= 1.3;
        }
    }));
    assert!(text.contains("floor-epoll again differs in CPU, 1.3"), "{text}");
}

#[test]
fn nothing_is_marked_as_best_that_is_not_claimed_to_be_better_than_all_others() {
    let with = |cost: f64| {
        let text = altered("full", "ping-pong", |trial, figures| {
            if trial.subject.name == "thread-per-conn" {
                figures.cpu_ns_per_message *= cost / 1.1;
            }
        });
        let line = text.lines().find(|line| line.contains("thread-per-conn")).unwrap();
        let cpu = cells(&plain(&text), "thread-per-conn")[5].to_owned();
        line.contains(&format!("{BEST}{cpu}{BEST:#}"))
    };
    // mio costs 1.16 times its floor, which costs as much as the other one.
    assert!(!with(1.155) && with(1.10));
}

#[test]
fn two_models_are_compared_in_a_sentence_and_more_in_a_matrix_that_doubts_what_is_not_claimed() {
    let run = |names: &[&str], alter: fn(&Trial, &mut Figures)| {
        let mut run = example::run_of("full", &["ping-pong"]);
        run.subjects.retain(|subject| {
            subject.role != crate::subject::Role::Model || names.contains(&subject.name.as_str())
        });
        plain(&drawn(&example::altered(run, alter), WIDEST))
    };
    let words = |text: &str| text.split_whitespace().collect::<Vec<&str>>().join(" ");
    let two = words(&run(&["mio", "tokio"], |_, _| {}));
    assert!(two.contains(" tokio costs 1.29 times mio (1.2") && two.contains("; it has 0.7"), "{two}");
    let same = |trial: &Trial, figures: &mut Figures| {
        if trial.subject.name == "tokio" {
            figures.cpu_ns_per_message *= 1.16 / 1.5;
        }
    };
    let two = words(&run(&["mio", "tokio"], same));
    assert!(two.contains(" mio costs 1.00 times tokio ("), "{two}");
    assert!(two.contains("), no difference is claimed; it has 1.3"), "{two}");
    let apart = words(&run(&["sequential", "tokio"], |_, _| {}));
    assert!(apart.contains("tokio and sequential are not compared: in no round did both"), "{apart}");
    let limited = |_: &Trial, figures: &mut Figures| figures.verdict = loadgen::Bound::Client;
    let two = words(&run(&["mio", "tokio"], limited));
    assert!(two.contains("claimed † Noise") && two.contains(" † tokio costs 1.5"), "{two}");
    let three = run(&["thread-per-conn", "mio", "tokio"], same);
    let matrix = &three[three.find("CPU as times  ").unwrap()..];
    let cells = [cells(matrix, "mio "), cells(matrix, "tokio ")].concat();
    // Which of the two is above the other is chance.
    assert!(cells.iter().filter(|cell| cell.ends_with('?')).count() == 1, "{three}");
    assert!(
        cells.iter().filter(|cell| cell.starts_with("1.0") && !cell.ends_with('?')).count() == 2,
        "{three}"
    );
}

#[test]
fn a_cell_of_a_curve_shows_starving_invalid_and_client_bound_points_apart() {
    let text = plain(&altered("full", "ramp", |trial, figures| match trial.subject.name.as_str() {
        "mio" => figures.verdict = loadgen::Bound::Client,
        "sequential" => figures.verdict = loadgen::Bound::Invalid,
        _ => {}
    }));
    assert!(cells(&text, "mio").last().unwrap().ends_with('†'), "{text}");
    assert!(cells(&text, "sequential").last().unwrap().ends_with("°!"), "{text}");
    assert!(cells(&text, "tokio").last().unwrap().is_ascii(), "{text}");
}

#[test]
fn beside_a_cache_the_pool_of_each_model_is_a_column_and_without_one_there_is_none() {
    let of_work = |scenario: &str| {
        plain(&drawn(
            &example::altered(example::run_of_work(&[scenario]), |_, figures| figures.threads = 37),
            WIDEST,
        ))
    };
    let header = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let below = lines.iter().position(|line| line.trim_start().starts_with("prime-threads")).unwrap();
        lines[..below].concat().split_whitespace().collect::<Vec<&str>>().join(" ")
    };
    let text = of_work("both");
    let (head, cells) = (header(&text), cells(&text, "prime-queue"));
    assert!(head.contains("cache") && head.contains("conn."), "{text}");
    assert_eq!(cells.iter().filter(|cell| **cell == "37").count(), 2, "threads, and connections: {text}");
    let text = of_work("waiting");
    let matrix = &text[text.find("to the cache").unwrap()..];
    assert_eq!(self::cells(matrix, "prime-queue"), ["prime-queue", "37", "37", "37", "37"], "{text}");
    assert!(!of_work("offload").contains("cache"));
}
