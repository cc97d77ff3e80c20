use loadgen::Bound;
use roxmltree::{Document, Node};

use super::*;
use crate::analysis::{Metric, analyse};
use crate::example::{self, altered, comparison, run_of};
use crate::record::{Record, Run};
use crate::scenario::Point;
use crate::subject::Role;

#[cfg(target_os = "linux")]
mod browser;
mod invalid;
mod little;
mod marks;
mod sections;

/// The number of figures of each scenario of the embedded file: those that answer its question, and all of them.
const FIGURES: [(&str, usize, usize); 11] = [
    ("script", 1, 1),
    ("ping-pong", 2, 4),
    ("pipelined", 2, 4),
    ("bulk", 2, 4),
    ("open-loop", 2, 2),
    ("own-peak", 1, 1),
    ("churn", 2, 4),
    ("many-idle", 1, 4),
    ("ramp", 2, 3),
    ("write-policy", 1, 3),
    ("idle-clients", 1, 3),
];

impl figures::Figures {
    /// All of them, in the order of the page.
    fn all(self) -> Vec<Figure> {
        self.main.into_iter().chain(self.further).collect()
    }
}

/// A whole run.
const WHOLE: Coverage = Coverage { planned: 0, made: 0, repeated: 0, gaps: Vec::new() };

/// The page of a whole run without a baseline.
fn page_of(analysis: &Analysis) -> String {
    html(analysis, &WHOLE, None, None)
}

/// The charts of a page for one width, in its order.
fn charts_of<'page>(page: &'page str, class: &str) -> Vec<&'page str> {
    let begin = format!("<svg class=\"chart {class}\"");
    page.split(&begin)
        .skip(1)
        .map(|rest| {
            let end = rest.find("</svg>").unwrap();
            let start = rest.as_ptr() as usize - page.as_ptr() as usize - begin.len();
            &page[start..start + begin.len() + end + "</svg>".len()]
        })
        .collect()
}

fn has_class(node: Node, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|word| word == class))
}

fn count(svg: &str, class: &str) -> usize {
    Document::parse(svg).unwrap().descendants().filter(|node| has_class(*node, class)).count()
}

/// Checks that apply to every report, even an empty one.
fn assert_is_sound(analysis: &Analysis) -> String {
    let page = page_of(analysis);
    for outside in ["http://", "https://", "<script", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "the page has {outside:?}");
    }
    let mut svgs: Vec<String> =
        WIDTHS.iter().flat_map(|(_, class)| charts_of(&page, class)).map(str::to_owned).collect();
    svgs.extend([throughput_svg(analysis), cost_svg(analysis)]);
    for svg in &svgs {
        let document = Document::parse(svg).unwrap();
        for node in document.descendants().filter(Node::is_element) {
            for attribute in node.attributes() {
                let is_number = !["class", "aria-label"].contains(&attribute.name());
                let value = attribute.value().to_lowercase();
                assert!(!is_number || !(value.contains("nan") || value.contains("inf")), "{attribute:?}");
            }
        }
    }
    for word in ["NaN", ">inf", " inf "] {
        assert!(!page.contains(word), "the page has {word:?}");
    }
    page
}

#[test]
fn every_question_is_a_heading_with_its_charts_for_both_widths() {
    let analysis = analyse(&comparison("full"));
    let page = assert_is_sound(&analysis);
    for (name, main, expected) in FIGURES {
        let scenario = analysis.scenario(name).unwrap();
        let start = page.find(&format!("<section aria-labelledby=\"{}\"", anchor(name))).unwrap();
        let section = &page[start..start + page[start..].find("</section>").unwrap()];
        assert!(section.contains(&charts::escape(&scenario.scenario.question)), "{name}");
        for (_, class) in WIDTHS {
            assert_eq!(charts_of(section, class).len(), expected, "{name}, {class}");
        }
        assert_eq!(section.matches("<figure tabindex=\"0\"").count(), expected, "{name}");
        let folds = section.matches("<details>").count();
        assert_eq!(
            folds,
            expected + 1 + usize::from(expected > main),
            "{name}: data, all figures, further charts"
        );
    }
}

#[test]
fn every_round_of_every_subject_is_a_mark() {
    let analysis = analyse(&comparison("full"));
    let subjects = Subjects::of(&analysis.run);
    for (name, metric) in [
        ("ping-pong", Metric::CpuPerMessage),
        ("churn", Metric::CpuPerMessage),
        ("many-idle", Metric::MemoryPerConnection),
        ("script", Metric::ScriptTime),
    ] {
        let scenario = analysis.scenario(name).unwrap();
        let measured = scenario.points[0].rows.iter().filter_map(|row| row.spread(metric));
        let rounds: usize = measured.map(|spread| spread.values.len()).sum();
        assert!(rounds > 0);
        let figure = figures(scenario, &subjects).all().remove(0);
        for (width, class) in WIDTHS {
            let svg = charts::inline(figure.chart.as_deref().unwrap(), "", width, class);
            assert_eq!(count(&svg, "round"), rounds, "{name}");
            assert_eq!(count(&svg, "median"), scenario.points[0].rows.len() + 1, "{name}: and in the legend");
        }
    }
    // Floors have no floor: models and twins only.
    let cost = dots::cost(analysis.scenario("ping-pong").unwrap(), &subjects);
    let svg = charts::inline(cost.chart.as_deref().unwrap(), "", 760.0, "wide");
    assert_eq!(count(&svg, "round"), 12 * (6 + 2));
    assert!(count(&svg, "reference") > 0 && count(&svg, "band") > 0);
}

#[test]
fn every_model_and_both_floors_have_a_line_and_a_name_in_charts_of_lines() {
    let analysis = analyse(&comparison("full"));
    let subjects = Subjects::of(&analysis.run);
    for (name, index, points) in
        [("ping-pong", 3, 3), ("open-loop", 1, 3), ("own-peak", 0, 3), ("ramp", 1, 5), ("ramp", 2, 5)]
    {
        let figure = figures(analysis.scenario(name).unwrap(), &subjects).all().remove(index);
        for (width, class) in WIDTHS {
            let svg = charts::inline(figure.chart.as_deref().unwrap(), "", width, class);
            assert_eq!(count(&svg, "series"), 6 + 2, "{name}");
            assert_eq!(count(&svg, "key"), 6 + 2, "{name}");
            assert!(count(&svg, "point") >= points * (6 + 2), "{name}: {}", count(&svg, "point"));
        }
    }
}

#[test]
fn sentences_follow_the_data() {
    let page = page_of(&analyse(&comparison("full")));
    assert!(
        page.contains("Least CPU time per message: thread-per-conn, "),
        "the example's cheapest that serves all"
    );
    let run = run_of("full", &["ping-pong"]);
    let cheap = altered(run, |trial, figures| {
        if trial.subject.name == "tokio" {
            figures.cpu_ns_per_message /= 2.0;
            figures.messages_per_second *= 3.0;
        }
    });
    let page = page_of(&analyse(&cheap));
    assert!(page.contains("tokio 2") && page.contains("% less than floor-epoll (95 % interval 2"));
    assert!(page.contains("Most messages a second: tokio, "));
    assert!(page.contains("A message costs less than the floor's: tokio, 0.7"));
}

#[test]
fn differences_that_cannot_be_claimed_are_dimmed_with_the_reason() {
    let run = run_of("full", &["ping-pong"]);
    let like_its_floor = altered(run, |trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message /= 1.16;
        }
    });
    let analysis = analyse(&like_its_floor);
    let ratio = analysis.scenarios[0].points[0].row("mio").unwrap().cost_ratio.clone().unwrap();
    assert!(!ratio.claim.is_difference(), "{ratio:?}");
    let page = page_of(&analysis);
    let dimmed = page.split("<td class=\"dim\">").skip(1).map(|rest| rest.split("</td>").next().unwrap());
    let dimmed: Vec<&str> = dimmed.collect();
    assert!(!dimmed.is_empty());
    for cell in dimmed {
        let reasons = ["the interval includes 1", "two runs of one program differ", "no twin was measured"];
        assert!(reasons.iter().any(|reason| cell.contains(reason)), "{cell}");
    }
    let quick = page_of(&analyse(&comparison("quick")));
    assert!(quick.contains("too few rounds") && quick.contains("No difference from a floor is claimed."));
}

#[test]
fn the_last_section_says_what_was_run_and_where() {
    let analysis = analyse(&comparison("quick"));
    let page = page_of(&analysis);
    let run = &analysis.run;
    let machine = &run.machine;
    for text in [
        &run.command,
        &run.started,
        &run.version,
        &run.layout.to_string(),
        &run.seed.to_string(),
        &machine.system,
        &machine.compiler,
        machine.processor.as_ref().unwrap(),
    ] {
        assert!(page.contains(text.as_str()), "{text}");
    }
}

#[test]
fn all_text_from_a_run_is_escaped() {
    let mut comparison = altered(run_of("quick", &["ping-pong"]), |trial, figures| {
        figures.error = (trial.subject.name == "mio").then(|| "<script>&\"'\u{1}</script>\nnext".to_owned());
    });
    comparison.run.command = "compare <b>&\"x'".to_owned();
    comparison.run.machine.processor = Some("<i>CPU</i>".to_owned());
    comparison.run.scenarios[0].question = "<u>Is 1 < 2 & \"so\"?</u>".to_owned();
    comparison.run.scenarios[0].title = "</svg><u>".to_owned();
    for subject in comparison.run.subjects.iter_mut().filter(|subject| subject.name == "tokio") {
        subject.name = "<u>&".to_owned();
    }
    for record in comparison.records.iter_mut().filter(|record| record.subject == "tokio") {
        record.subject = "<u>&".to_owned();
    }
    let page = assert_is_sound(&analyse(&comparison));
    for markup in ["<b>&", "<i>", "<u>", "\u{1}"] {
        assert!(!page.contains(markup), "{markup:?}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("&lt;u&gt;&amp;"));
}

#[test]
fn both_colour_schemes_are_in_every_picture_and_on_the_page() {
    let analysis = analyse(&example::comparison("quick"));
    let dark = "@media (prefers-color-scheme: dark)";
    assert!(throughput_svg(&analysis).contains(dark) && cost_svg(&analysis).contains(dark));
    assert!(page_of(&analysis).matches(dark).count() >= 2, "the charts' and the page's own");
}

#[test]
fn pictures_are_self_contained_and_have_descriptions() {
    let analysis = analyse(&comparison("full"));
    for (svg, rows) in [(throughput_svg(&analysis), 6 + 2 + 1), (cost_svg(&analysis), 6)] {
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("role")), ("svg", Some("img")));
        assert!(
            root.descendants().any(|node| node.has_tag_name((root.tag_name().namespace().unwrap(), "desc"))
                && node.text().is_some_and(|text| text.contains("thread-per-conn")))
        );
        assert_eq!(count(&svg, "row"), PANELS * rows, "two scenarios");
        assert!(!svg.contains("again"), "twins are for the page");
    }
}

#[test]
fn fourteen_models_differ_in_colour_or_in_shape() {
    let run = example::crowded_run_of("quick", &["ping-pong"]);
    let subjects = Subjects::of(&run);
    let mut marks = Vec::new();
    for subject in run.subjects.iter().filter(|subject| subject.role == Role::Model) {
        let mark = subjects.mark(subject);
        assert!(!marks.contains(&mark), "{}", subject.name);
        marks.push(mark);
    }
    assert_eq!(marks.len(), 14);
}

#[test]
fn client_bound_and_starved_subjects_are_reported() {
    let run: Run = run_of("full", &["ping-pong"]);
    let bound = altered(run, |trial, figures| {
        if trial.subject.name == "mio" {
            figures.verdict = Bound::Client;
        }
    });
    let page = assert_is_sound(&analyse(&bound));
    assert!(page.contains("client-bound in 12 of 12 rounds"));
    assert!(page.contains("Mostly client-bound or invalid: mio in ping-pong."));
    assert!(page.contains("serves 1 of 50 clients"));
    assert!(page.contains("Not ranked: sequential (serves 1 of 50 clients)."));
}
