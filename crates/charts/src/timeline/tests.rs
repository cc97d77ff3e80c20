//! A timeline is a function of plain data, so it can be tested without a clock.

use std::time::Duration;

use roxmltree::{Document, Node};

use super::*;
use crate::{inline, picture};

/// From a phone's width to a page's.
const WIDTHS: [f64; 3] = [320.0, 350.0, 720.0];

fn lane(label: &str, served_from: f64, to: f64, has_failed: bool) -> Lane {
    let phase = if has_failed { Phase::Failed } else { Phase::Served };
    Lane {
        label: label.to_owned(),
        about: format!("what happened to {label} & \"others\""),
        spans: vec![
            Span { from: 0.0, to: served_from, phase: Phase::Waits },
            Span { from: served_from, to, phase },
        ],
        moments: vec![
            Moment { at: served_from, signal: Signal::Sends },
            Moment { at: to, signal: Signal::Receives },
        ],
        figure: format!("{to:.3} s"),
        has_failed,
    }
}

fn timeline() -> Timeline {
    let group = |label: &str, lanes| LaneGroup {
        label: label.to_owned(),
        note: "how it serves its clients, and how long it took for all of them".to_owned(),
        lanes,
    };
    Timeline {
        title: "Who waits for whom".to_owned(),
        finding: "Those who come late wait".to_owned(),
        domain: Domain::until(Duration::from_secs(6)),
        key: [
            (Sign::Phase(Phase::Waits), "waits in the queue"),
            (Sign::Phase(Phase::Served), "is served"),
            (Sign::Phase(Phase::Failed), "fails"),
            (Sign::Signal(Signal::Sends), "sends"),
            (Sign::Signal(Signal::Receives), "receives"),
        ]
        .map(|(sign, words)| (sign, words.to_owned()))
        .into(),
        groups: vec![
            group("one by one", vec![lane("first", 0.0, 2.0, false), lane("second", 2.0, 4.0, false)]),
            group("and one fails", vec![lane("third", 0.0, 6.0, true), lane("fourth", 0.0, 2.0, false)]),
        ],
    }
}

/// The timeline as a piece of a page this wide.
fn drawn(timeline: &Timeline, width: f64) -> String {
    inline(timeline, "", width, "wide")
}

fn of_class<'tree>(node: Node<'tree, 'tree>, class: &str) -> Vec<Node<'tree, 'tree>> {
    let has_class = |node: &Node<'_, '_>| {
        node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
    };
    node.descendants().filter(has_class).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn words_of(text: Node<'_, '_>) -> String {
    text.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// The horizontal extent of a text, estimated without a font.
fn extent(text: Node<'_, '_>) -> (f64, f64) {
    let (x, width) = (number(text, "x"), width_of(&words_of(text)));
    match text.attribute("text-anchor") {
        Some("middle") => (x - width / 2.0, x + width / 2.0),
        _ => (x, x + width),
    }
}

#[test]
fn every_lane_has_its_bars_and_signals_in_its_group() {
    for width in WIDTHS {
        let svg = drawn(&timeline(), width);
        let document = Document::parse(&svg).unwrap();
        let groups = of_class(document.root(), "group");
        assert_eq!(groups.len(), 2);
        for group in groups {
            let lanes = of_class(group, "lane");
            assert_eq!(lanes.len(), 2);
            for lane in lanes {
                for class in ["waits", "served", "sends", "receives"] {
                    assert_eq!(of_class(lane, class).len(), 1, "{class}");
                }
            }
        }
    }
}

#[test]
fn a_bar_begins_where_the_one_before_it_ends_and_signals_stay_within_it() {
    let svg = drawn(&timeline(), 720.0);
    let document = Document::parse(&svg).unwrap();
    for lane in of_class(document.root(), "lane") {
        let (waits, served) = (of_class(lane, "waits")[0], of_class(lane, "served")[0]);
        let begin = number(served, "x");
        let end = begin + number(served, "width");
        // Each number is rounded to one decimal.
        assert!((number(waits, "x") + number(waits, "width") - begin).abs() < 0.2);
        for signal in of_class(lane, "signal") {
            let outline = signal.attribute("d").unwrap().trim_start_matches('M');
            let x: f64 = outline.split(' ').next().unwrap().parse().unwrap();
            assert!(x - 4.0 >= begin && x + 4.0 <= end, "{x} in {begin} to {end}");
        }
    }
}

#[test]
fn all_text_is_on_the_canvas_and_does_not_overlap_within_a_line() {
    for width in WIDTHS {
        let svg = drawn(&timeline(), width);
        let document = Document::parse(&svg).unwrap();
        let height: f64 =
            document.root_element().attribute("viewBox").unwrap().split(' ').nth(3).unwrap().parse().unwrap();
        let texts: Vec<Node<'_, '_>> =
            document.descendants().filter(|node| node.has_tag_name("text")).collect();
        for (index, text) in texts.iter().enumerate() {
            let ((from, to), y) = (extent(*text), number(*text, "y"));
            let words = words_of(*text);
            assert!(from >= -0.1 && to <= width + 0.1, "{width}: {from} to {to}: {words}");
            assert!(y >= 13.0 && y + 4.0 <= height, "{width}: {y} of {height}: {words}");
            for other in &texts[..index] {
                let (other_from, other_to) = extent(*other);
                let is_apart =
                    to <= other_from || other_to <= from || (y - number(*other, "y")).abs() >= 13.0;
                assert!(is_apart, "{width}: {words:?} meets {:?}", words_of(*other));
            }
        }
    }
}

#[test]
fn a_failure_is_shown_by_more_than_its_colour() {
    let svg = drawn(&timeline(), 720.0);
    let document = Document::parse(&svg).unwrap();
    for lane in of_class(document.root(), "lane") {
        let has_failed = !of_class(lane, "failed").is_empty();
        assert_eq!(words_of(of_class(lane, "figure")[0]).starts_with('✗'), has_failed);
    }
    assert_eq!(svg.matches('✗').count(), 1);
}

#[test]
fn empty_timelines_and_times_outside_the_axis_can_be_drawn() {
    let mut timeline = timeline();
    timeline.groups[0].lanes[0].spans[1].to = f64::NAN;
    timeline.groups[0].lanes[1].moments[0].at = f64::INFINITY;
    timeline.groups[1].lanes[0].spans.clear();
    timeline.groups[1].lanes[1].label = "a name that is wider than the whole canvas on a phone".to_owned();
    for width in WIDTHS {
        let svg = drawn(&timeline, width);
        Document::parse(&svg).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    timeline.groups.clear();
    timeline.key.clear();
    Document::parse(&drawn(&timeline, 350.0)).unwrap();
}

#[test]
fn a_picture_has_its_title_as_heading_and_its_finding_as_description() {
    let svg = picture(&timeline());
    let document = Document::parse(&svg).unwrap();
    assert_eq!(of_class(document.root(), "heading")[0].text(), Some("Who waits for whom"));
    let description = document.descendants().find(|node| node.attribute("id") == Some("description"));
    assert_eq!(description.unwrap().text(), Some("Those who come late wait"));
    assert_eq!(svg.matches("Those who come late wait").count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_draws_it_on_a_page_and_on_a_phone() {
    use crate::STYLE;
    use crate::browser::{Frame, assert_drawn};

    let page =
        |width| format!("<style>{STYLE} svg {{ width: {width}px }}</style>{}", drawn(&timeline(), width));
    let (phone, wide, picture) = (page(350.0), page(720.0), picture(&timeline()));
    assert_drawn(&[
        Frame { width: 390, page: &phone, charts: 1 },
        Frame { width: 1200, page: &wide, charts: 1 },
        Frame { width: 800, page: &picture, charts: 1 },
    ]);
}
