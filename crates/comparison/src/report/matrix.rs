//! Every model against every other one: ratio, interval and claim.

use maud::{Markup, html};

use super::boxed::boxed;
use crate::analysis::{Analysis, Claim, Interval, Pair};
use crate::answers::asked::{Asked, asked};
use crate::answers::contest::Contest;
use crate::numbers;

/// A matrix for each figure of which several models take part; the first one is open.
pub(super) fn matrices(analysis: &Analysis) -> Markup {
    let asked = asked(analysis);
    let contests = asked.iter().map(|asked| (asked, Contest::of(asked.point, asked.metric)));
    let several: Vec<(&Asked, Contest)> = contests.filter(|(_, contest)| contest.ranked.len() > 1).collect();
    html! {
        section aria-labelledby="pairs" {
            h2 #pairs { "Every pair of models" }
            @if several.is_empty() { p { "No two models are ranked under the same load." } }
            @else {
                p.note {
                    "Each cell: the model of its row as a multiple of the model of its column, the 95 % interval, and what is "
                    "claimed. Where none is shown, the interval includes 1, or the difference is like that of twins (two runs of one "
                    "program), or among so many comparisons it is to be expected by chance. The best median stands first."
                }
                @for (place, (asked, contest)) in several.iter().enumerate() { (matrix(asked, contest, place == 0)) }
            }
        }
    }
}

fn matrix(asked: &Asked, contest: &Contest, is_open: bool) -> Markup {
    let title = asked.title();
    let names: Vec<&str> = contest.ranked.iter().map(|entry| entry.row.subject.name.as_str()).collect();
    html! {
        details open[is_open] {
            summary { (title) }
            (boxed(&title, &html! {
                thead { tr { th scope="col" { "row ÷ column" } @for name in &names { th scope="col" { (name) } } } }
                tbody {
                    @for row in &names {
                        tr {
                            th scope="row" { (row) }
                            @for column in &names {
                                @if row == column { td.same { "1" } }
                                @else { (cell(asked.point.pair(row, column, asked.metric).as_ref())) }
                            }
                        }
                    }
                }
            }))
            @if let Some(names) = contest.not_ranked() { p.note { (names) } }
        }
    }
}

fn cell(pair: Option<&Pair>) -> Markup {
    let Some(pair) = pair else { return html! { td.dim { "–" small { "not compared" } } } };
    // In a word or two: there are as many columns as models.
    let claim = match pair.claim {
        Claim::Higher => "more",
        Claim::Lower => "less",
        Claim::NoDifference => "includes 1",
        Claim::WithinNoise => "like twins",
        Claim::OneOfMany => "by chance",
        Claim::TooFewRounds => "too few rounds",
        Claim::NoTwin => "no twin",
    };
    html! {
        td.dim[!pair.claim.is_difference()] {
            (numbers::times(pair.spread.center)) " ×"
            @if let Some(Interval { low, high }) = pair.spread.interval {
                small { (numbers::times(low)) " to " (numbers::times(high)) }
            }
            small { @if pair.claim.is_difference() { strong { (claim) } } @else { "none shown: " (claim) } }
        }
    }
}
