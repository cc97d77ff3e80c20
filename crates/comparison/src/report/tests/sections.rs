//! The sections before the charts, and the matrix of pairs.

use super::*;
use crate::baseline;
use crate::example::servers;

fn section<'page>(page: &'page str, id: &str) -> &'page str {
    let start = page.find(&format!("aria-labelledby=\"{id}\"")).unwrap_or_else(|| panic!("no {id}"));
    &page[start..start + page[start..].find("</section>").unwrap()]
}

#[test]
fn how_to_read_it_stands_before_the_answers_and_these_before_every_chart_and_table() {
    let page = page_of(&analyse(&comparison("full")));
    let place = |text: &str| page.find(text).unwrap();
    let order =
        ["id=\"reading\"", "id=\"answers\"", "id=\"decide\"", "<svg", "id=\"pairs\"", "id=\"summary\""];
    assert!(order.map(place).is_sorted());
    assert!(place("Threads or async?</h3>") < place("<table"));
}

#[test]
fn missing_trials_are_listed_before_anything_else() {
    let mut part = altered(run_of("full", &["ping-pong"]), |_, _| {});
    part.records.retain(|record| record.subject != "mio" && record.round < 12);
    let coverage = Coverage::of(&part, &servers());
    let page = html(&analyse(&part), &coverage, None, None);
    let missing = section(&page, "missing");
    assert!(missing.contains("ping-pong: never measured: mio"), "{missing}");
    assert!(missing.contains(&format!("Incomplete: {} of {} trials", coverage.made, coverage.planned)));
    assert!(page.find("id=\"missing\"") < page.find("id=\"reading\""));
    assert!(!page_of(&analyse(&part)).contains("id=\"missing\""), "nothing is missing from a whole run");
}

#[test]
fn groups_that_were_made_again_are_counted() {
    let analysis = analyse(&altered(run_of("quick", &["ping-pong"]), |_, _| {}));
    let page = html(&analysis, &Coverage { repeated: 3, ..WHOLE }, None, None);
    assert!(section(&page, "disturbance").contains("discarded and made again: 3."));
    assert!(!page_of(&analysis).contains("id=\"disturbance\""));
}

#[test]
fn a_comparison_with_a_baseline_is_in_the_report() {
    let before = altered(run_of("full", &["ping-pong"]), |_, _| {});
    let mut after = altered(run_of("full", &["ping-pong"]), |trial, figures| {
        if trial.subject.name == "mio" {
            figures.cpu_ns_per_message *= 1.5;
        }
    });
    example::disturb(&mut after, |record| record.subject == "rayon");
    let changes = baseline::compare(&before, &after, 10.0, &servers()).unwrap();
    let page = html(&analyse(&after), &WHOLE, Some(&changes), None);
    let section = section(&page, "baseline");
    assert!(section.contains("Regression past 10 %: mio in ping-pong."), "{section}");
    assert!(section.contains("<strong>regression</strong>") && section.contains("no change"), "{section}");
    assert!(section.contains("Not judged: rayon in ping-pong"), "{section}");
    assert!(page.contains("href=\"#baseline\"") && !page_of(&analyse(&after)).contains("#baseline"));
}

#[test]
fn every_pair_of_ranked_models_has_a_ratio_an_interval_and_a_claim_in_words() {
    let page = page_of(&analyse(&altered(run_of("full", &["ping-pong"]), |_, _| {})));
    let pairs = section(&page, "pairs");
    let cells = pairs.matches(" ×<small>").count();
    assert_eq!(cells, 5 * 4, "five models that serve every client");
    let claims = ["<strong>less</strong>", "<strong>more</strong>", "none shown: "];
    let found = claims.map(|claim| pairs.matches(claim).count());
    assert_eq!(found.iter().sum::<usize>(), cells);
    assert_eq!(found[0], found[1], "each claim is seen from both sides");
    assert!(found[0] >= 8, "{found:?}");
    assert!(pairs.contains("Not ranked: sequential (serves 1 of 50 clients)."));
    let mut alone = run_of("full", &["ping-pong"]);
    alone.subjects.retain(|subject| subject.role != Role::Model || subject.name == "mio");
    let page = assert_is_sound(&analyse(&altered(alone, |_, _| {})));
    assert!(section(&page, "pairs").contains("No two models are ranked under the same load."));
}

#[test]
fn a_model_is_named_for_a_purpose_only_with_a_claim() {
    let page = page_of(&analyse(&comparison("full")));
    let decide = section(&page, "decide");
    assert!(decide.contains("<dt>If clients come and go</dt><dd><b>thread-per-conn</b>. "), "{decide}");
    assert!(decide.contains("Not measured: in every scenario the only work"));
    let quick = page_of(&analyse(&comparison("quick")));
    assert!(!section(&quick, "decide").contains("<dd><b>"));
}

#[test]
fn how_easy_models_are_to_write_stands_beside_what_they_cost() {
    let analysis = analyse(&comparison("full"));
    let card = example::card();
    let page = html(&analysis, &WHOLE, None, Some(&card));
    let start = page.find("<section aria-labelledby=\"ease\"").unwrap();
    let section = &page[start..start + page[start..].find("</section>").unwrap()];
    assert!(page.contains("href=\"#ease\""), "no link to it");
    // Echo alone: this run has no scenario of the other service.
    for (_, class) in WIDTHS {
        let charts = charts_of(section, class);
        assert_eq!(charts.len(), 1);
        for row in &card.models {
            assert!(charts[0].contains(&format!(">{}</text>", row.name)), "{}", row.name);
        }
    }
    assert!(section.contains("in the other: sequential"), "{section}");
    assert!(!page_of(&analysis).contains("#ease"), "without a card there is no section");
    let others = card.only(|_| false);
    assert!(!html(&analysis, &WHOLE, None, Some(&others)).contains("#ease"));
}

#[test]
fn the_picture_of_both_criteria_has_a_dot_for_each_model_of_the_card() {
    let analysis = analyse(&comparison("full"));
    let svg = scatter_svg(&analysis, &example::card());
    assert_eq!(count(&svg, "dot"), example::card().models.len());
    let less = example::card().only(|row| row.name != "mio");
    assert_eq!(count(&scatter_svg(&analysis, &less), "dot"), less.models.len());
}
