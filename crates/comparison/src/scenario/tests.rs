//! Which files of scenarios are accepted, and the messages for the others.

use super::*;

const SMALL: &str = r#"
[profiles.default]
about = "a test"
warm_up_ms = 1
window_ms = 1
greeting_wait_ms = 1
rounds = { first = 2, second = 2 }

[[scenario]]
name = "first"
title = "t"
question = "q"
load = { connections = 3 }

[[scenario]]
name = "second"
title = "t"
question = "q"
load = { load = { kind = "open", rate = 10 } }
vary = { percent_of_peak = [50, 90], peak_of = "first" }
"#;

fn refused(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from:?} is not in the file");
    format!("{:#}", Catalogue::parse(&SMALL.replace(from, to)).unwrap_err())
}

#[test]
fn the_embedded_file_has_the_three_profiles_and_all_scenarios_take_part_in_a_full_run() {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    for name in ["quick", "default", "full"] {
        catalogue.profile(name).unwrap();
    }
    let full = catalogue.profile("full").unwrap();
    assert_eq!(catalogue.scenarios_of(full), catalogue.scenarios);
}

#[test]
fn a_share_of_the_peak_is_a_rate() {
    let catalogue = Catalogue::parse(SMALL).unwrap();
    let second = &catalogue.scenarios[1];
    assert_eq!(second.points(), [Point::PercentOfPeak(50), Point::PercentOfPeak(90)]);
    let load = second.load_at(Point::PercentOfPeak(90), Some(1_000.4)).unwrap();
    assert!(matches!(load.load, Load::Open { rate: 900, .. }), "{load:?}");
    assert_eq!(second.load_at(Point::PercentOfPeak(90), None), None);
    assert_eq!(catalogue.scenarios[0].load_at(Point::Only, None).unwrap().connections, 3);
}

#[test]
fn a_load_that_starts_at_once_is_sliced_where_it_is_the_same_for_all() {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    let sliced = catalogue.scenarios.iter().filter(|scenario| scenario.can_be_sliced());
    let names: Vec<&str> = sliced.map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names, ["ping-pong", "pipelined", "bulk", "churn", "style"]);
}

#[test]
fn invalid_scenarios_are_rejected_by_name() {
    for (from, to, expected) in [
        ("name = \"second\"", "name = \"first\"", "twice"),
        (
            "window_ms = 1",
            "window_ms = 1\nslices = { passes = 3, warm_up_ms = 1, window_ms = 1 }",
            "even number of passes",
        ),
        ("load = { connections = 3 }", "", "either `script` or `load`"),
        ("connections = 3", "connections = 0", "connections"),
        ("connections = 3", "conections = 3", "conections"),
        ("peak_of = \"first\"", "peak_of = \"third\"", "third"),
        (", peak_of = \"first\"", "", "needs `peak_of`"),
        ("percent_of_peak = [50, 90]", "percent_of_peak = []", "1 to 32"),
        ("percent_of_peak = [50, 90]", "rate = [1], percent_of_peak = [50]", "one thing"),
        ("percent_of_peak = [50, 90]", "idle = [1], rate = [1]", "one thing"),
        ("kind = \"open\", rate = 10", "kind = \"closed\"", "rate of an open loop"),
        ("first = 2,", "frist = 2,", "frist"),
        ("first = 2,", "first = 101,", "1 to 100"),
        ("first = 2,", "first = 1,", "needs the peak in \"first\""),
        ("first = 2,", "", "\"first\" has 0"),
    ] {
        let message = refused(from, to);
        assert!(message.contains(expected), "{to:?}: {message}");
    }
}

#[test]
fn an_unknown_profile_is_rejected_with_a_list_of_all() {
    let message = Catalogue::parse(SMALL).unwrap().profile("full").unwrap_err().to_string();
    assert!(message.contains("\"full\"") && message.contains("default"), "{message}");
}

#[test]
fn points_have_readable_names() {
    let names = [
        Point::Only,
        Point::Connections(1),
        Point::Connections(8),
        Point::Idle(9),
        Point::Rate(5),
        Point::PercentOfPeak(70),
    ];
    assert_eq!(
        names.map(|point| point.to_string()),
        ["", "1 connection", "8 connections", "9 idle clients", "5 messages/s", "70 % of its peak"]
    );
}
