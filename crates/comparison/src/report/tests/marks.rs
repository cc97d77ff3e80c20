//! What marks, stars and legends say.

use super::*;

/// The chart of a page section that has this heading, for a wide page.
fn chart<'page>(page: &'page str, heading: &str) -> &'page str {
    let start = page.find(&format!("<h3>{heading}</h3>")).unwrap();
    charts_of(&page[start..], "wide")[0]
}

fn row_of<'svg>(svg: &'svg str, name: &str) -> &'svg str {
    let start = svg.find(&format!(">{name}</text>")).unwrap_or_else(|| panic!("{name} has no row"));
    let end = svg[start..].find("<g class=\"row").unwrap_or(svg.len() - start);
    &svg[start..start + end]
}

#[test]
fn starving_invalid_and_client_bound_rounds_look_different_and_the_legend_says_so() {
    let run = run_of("full", &["ping-pong"]);
    let flawed = altered(run, |trial, figures| match trial.subject.name.as_str() {
        "mio" => figures.verdict = Bound::Client,
        "tokio" if trial.round == 2 => figures.verdict = Bound::Invalid,
        _ => {}
    });
    let page = assert_is_sound(&analyse(&flawed));
    let svg = chart(&page, "CPU time per message");
    for (name, tails, crosses, strikes) in
        [("mio", 12, 0, 0), ("tokio", 0, 1, 0), ("sequential", 0, 0, 12), ("rayon", 0, 0, 0)]
    {
        let row = row_of(svg, name);
        let found = ["\"tail\"", "\"cross round\"", "\"strike\""].map(|class| row.matches(class).count());
        assert_eq!(found, [tails, crosses, strikes], "{name}");
    }
    let keys = &svg[svg.find("class=\"keys\"").unwrap()..];
    for words in ["the load generator at its limit", "in which clients starve", "judged invalid"] {
        assert!(keys.contains(words), "{words}");
    }
}

#[test]
fn a_legend_explains_the_band_and_the_dashes_and_nothing_that_does_not_occur() {
    let run = run_of("full", &["ping-pong", "ramp"]);
    let page = page_of(&analyse(&altered(run, |trial, figures| {
        figures.served = trial.scenario.load_at(trial.point, None).unwrap().connections as u64;
    })));
    let multiples = chart(&page, "CPU time per message, as a multiple of the floor's");
    for words in ["the floor that the row names", "what two runs of the same floor differ by"] {
        assert!(multiples.contains(words), "{words}");
    }
    assert!(chart(&page, "Cost of a message, by connections").contains("a floor: raw echo"));
    for words in ["clients starve", "is invalid", "at its limit</text>"] {
        assert!(!page.contains(&format!("a round {words}")) && !multiples.contains(words), "{words}");
    }
}

#[test]
fn lines_mark_points_at_which_clients_starve() {
    let page = page_of(&analyse(&altered(run_of("full", &["ramp"]), |_, _| {})));
    let svg = chart(&page, "Cost of a message, by connections");
    // sequential starves clients at all points but the first; the pools at none of this example.
    assert_eq!(svg.matches("\"strike\"").count(), 4 + 1, "four points and the legend");
}

#[test]
fn a_star_stands_only_at_a_best_that_is_claimed_and_at_no_multiple() {
    let starred = |page: &str| page.matches("aria-label=\"best\"").count();
    let claimed = page_of(&analyse(&altered(run_of("full", &["ping-pong"]), |_, _| {})));
    assert_eq!(starred(&claimed), 2, "cost and rate");
    let cell = claimed.split("aria-label=\"best\"").nth(1).unwrap().split("<small>").next().unwrap();
    assert!(cell.contains(" µs") && !cell.contains('×'), "{cell}");
    let tied = altered(run_of("full", &["ping-pong"]), |trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message *= 1.10 / 1.16;
            figures.messages_per_second *= 1.16 / 1.10;
        }
    });
    assert_eq!(starred(&page_of(&analyse(&tied))), 0);
    assert_eq!(starred(&page_of(&analyse(&comparison("quick")))), 0, "too few rounds");
}

#[test]
fn a_point_of_a_curve_is_sorted_by_value_too() {
    let page = page_of(&analyse(&comparison("full")));
    for heading in [
        "99th percentile of the response time, at 20,000 messages/s",
        "CPU time per message, at 4,096 connections",
    ] {
        let svg = chart(&page, heading);
        let values = svg.split("class=\"median\" d=\"M").skip(1).take(4);
        let values: Vec<f64> = values.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect();
        assert!(values.len() == 4 && values.is_sorted(), "{heading}: {values:?}");
    }
}

#[test]
fn rows_are_sorted_by_value_and_those_that_are_not_ranked_stand_below() {
    let page = page_of(&analyse(&comparison("full")));
    let svg = chart(&page, "CPU time per message");
    let order = [
        "thread-per-conn",
        "mio",
        "thread-pool",
        "rayon",
        "tokio",
        "sequential",
        "floor-epoll",
        "floor-threads again",
    ];
    let places: Vec<usize> = order.map(|name| svg.find(&format!(">{name}</text>")).unwrap()).to_vec();
    assert!(places.is_sorted(), "{places:?}");
    assert!(row_of(svg, "tokio").contains("1.5") && row_of(svg, "tokio").contains(" × floor-epoll, 1.3"));
    assert!(row_of(svg, "tokio").contains(" × thread-per-conn"));
    assert!(!row_of(svg, "thread-per-conn").contains(" × thread-per-conn"), "not of itself");
}
