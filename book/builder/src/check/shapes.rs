//! Timelines: the picture in the book and a drawing of now have the shape that the chapter tells of, whatever the times are.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::{Verdict, attempted};
use crate::chapter::Use;
use crate::directives::{Directive, Shape, Timeline};
use crate::finding::Finding;
use crate::launcher::Launcher;
use crate::places::Places;

/// What `timeline --json` prints. Times are seconds.
#[derive(Debug, Deserialize)]
struct Drawing {
    models: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    name: String,
    lanes: Vec<Lane>,
}

/// A scripted client, or one with a number.
#[derive(Debug, Deserialize)]
struct Lane {
    /// From when a client was served.
    served: Option<f64>,
    done: f64,
    /// How long a number takes where nobody else computes.
    alone: Option<f64>,
    failure: Option<String>,
}

/// How much of the shortest service may lie within another one by chance, on each side.
const CHANCE: f64 = 0.05;
/// A number is small if it takes less than this share of the biggest one, and big if it takes more than the other.
const SMALL: f64 = 0.1;
const BIG: f64 = 0.5;

/// Whether the pictures that the book has are of the right shape.
pub(super) fn recorded(places: &Places, uses: &[Use]) -> Verdict {
    each(places, uses, |timeline| judge(timeline, &timeline.recording().data(places)?))
}

/// Whether the same is drawn now.
pub(super) fn drawn_again(places: &Places, launcher: &Launcher, uses: &[Use]) -> Verdict {
    each(places, uses, |timeline| {
        let recording = timeline.recording();
        attempted(|| {
            let drawn = launcher.record(&recording)?;
            judge(timeline, &drawn.data)?;
            let [was, is] = [recording.text(places)?, drawn.text].map(|picture| words(&picture));
            ensure!(was == is, "the words of the picture have changed; `refresh` it");
            Ok(())
        })
    })
}

fn each(places: &Places, uses: &[Use], judged: impl Fn(&Timeline) -> Result<()>) -> Verdict {
    let (mut models, mut findings) = (0, Vec::new());
    for of in uses {
        let Directive::Timeline(timeline) = &of.directive else { continue };
        // What is not recorded is told where it is shown.
        if timeline.shapes.is_empty() || timeline.recording().text(places).is_err() {
            continue;
        }
        models += timeline.shapes.len();
        if let Err(error) = judged(timeline) {
            findings.push(Finding::new(&of.place, format!("{error:#}")));
        }
    }
    Verdict { seen: format!("{models} models in timelines"), findings }
}

/// Whether each model has its shape.
fn judge(timeline: &Timeline, json: &str) -> Result<()> {
    let drawing: Drawing = serde_json::from_str(json).context("the timeline's data cannot be read")?;
    for (name, shape) in &timeline.shapes {
        let model = drawing.models.iter().find(|model| model.name == *name);
        let model = model.with_context(|| format!("{name} is not drawn"))?;
        let found = match shape {
            Shape::Staircase | Shape::Parallel | Shape::Waves(_) if model.lanes.iter().any(is_number) => {
                of_answers(&model.lanes)
            }
            Shape::Staircase | Shape::Parallel | Shape::Waves(_) => of_clients(&model.lanes),
            Shape::Stalled | Shape::Free => of_numbers(&model.lanes),
        };
        let found = found.with_context(|| name.clone())?;
        let wanted = match shape {
            Shape::Staircase => Found::Together(1),
            Shape::Parallel => Found::Together(model.lanes.len()),
            Shape::Waves(width) => Found::Together(*width),
            Shape::Stalled => Found::Answered { before: 0, of: small(&model.lanes).count() },
            Shape::Free => {
                let all = small(&model.lanes).count();
                Found::Answered { before: all, of: all }
            }
        };
        ensure!(found == wanted, "{name} must be {shape}, and {}", found.told());
    }
    Ok(())
}

/// What is seen in a drawing.
#[derive(Debug, PartialEq)]
enum Found {
    /// So many clients were served at the same time at most.
    Together(usize),
    /// So many small numbers were answered before the first big one.
    Answered { before: usize, of: usize },
}

impl Found {
    fn told(&self) -> String {
        match self {
            Found::Together(1) => "clients were served one after the other".to_owned(),
            Found::Together(most) => format!("at most {most} clients were served at the same time"),
            Found::Answered { before, of } => {
                format!("{before} of {of} small numbers were answered before the big one")
            }
        }
    }
}

/// How many clients were served at the same time at most.
fn of_clients(lanes: &[Lane]) -> Result<Found> {
    let mut services = Vec::new();
    for lane in lanes {
        ensure!(lane.failure.is_none(), "a client failed: {}", lane.failure.as_deref().unwrap_or_default());
        services.push((lane.served.context("a client was never served")?, lane.done));
    }
    ensure!(services.len() > 1, "one client alone has no shape");
    let chance = services.iter().map(|(from, to)| to - from).fold(f64::INFINITY, f64::min) * CHANCE;
    // The most are together when one of them begins.
    let together = |(begins, _): &(f64, f64)| {
        let at = begins + chance;
        services.iter().filter(|(from, to)| *from <= at && at < to - chance).count()
    };
    Ok(Found::Together(services.iter().map(together).max().unwrap_or(0)))
}

/// How many numbers were answered at the same time at most, if all take the same time and are sent nearly together: with less
/// than half of that time between one and the next.
fn of_answers(lanes: &[Lane]) -> Result<Found> {
    let failure = lanes.iter().find_map(|lane| lane.failure.as_deref());
    ensure!(failure.is_none(), "a number got no answer: {}", failure.unwrap_or_default());
    let mut answers: Vec<f64> = lanes.iter().map(|lane| lane.done).collect();
    answers.sort_by(f64::total_cmp);
    let shortest = *answers.first().context("there are no numbers")?;
    let waves = answers.chunk_by(|one, next| next - one < shortest / 2.0);
    Ok(Found::Together(waves.map(<[f64]>::len).max().unwrap_or(0)))
}

fn is_number(lane: &Lane) -> bool {
    lane.alone.is_some()
}

/// How many small numbers were answered before the first big one.
fn of_numbers(lanes: &[Lane]) -> Result<Found> {
    for lane in lanes {
        ensure!(
            lane.failure.is_none(),
            "a number got no answer: {}",
            lane.failure.as_deref().unwrap_or_default()
        );
    }
    let biggest = biggest(lanes);
    let is_big = |lane: &&Lane| lane.alone.is_some_and(|alone| alone > BIG * biggest);
    let first = lanes.iter().filter(is_big).map(|lane| lane.done).fold(f64::INFINITY, f64::min);
    let of = small(lanes).count();
    if of == 0 || !first.is_finite() {
        bail!("there must be a big number and small ones");
    }
    let before = small(lanes).filter(|lane| lane.done < first - CHANCE * biggest).count();
    Ok(Found::Answered { before, of })
}

fn biggest(lanes: &[Lane]) -> f64 {
    lanes.iter().filter_map(|lane| lane.alone).fold(0.0, f64::max)
}

fn small(lanes: &[Lane]) -> impl Iterator<Item = &Lane> {
    let biggest = biggest(lanes);
    lanes.iter().filter(move |lane| lane.alone.is_some_and(|alone| alone < SMALL * biggest))
}

/// The words of a picture without numbers, each once: names and descriptions of models, and the legend.
fn words(svg: &str) -> Vec<String> {
    let text = svg.split("<text").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once('>')?;
        rest.split_once("</text>").map(|(text, _)| text)
    });
    let bare = |word: &str| word.chars().filter(|glyph| !glyph.is_ascii_digit() && *glyph != '.').collect();
    // Where a line breaks depends on the numbers in it.
    let mut words: Vec<String> = text.flat_map(str::split_whitespace).map(bare).collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeline of one model with this shape.
    fn timeline(shape: &str) -> Timeline {
        Timeline::parse(&format!("--shape it={shape} it")).unwrap()
    }

    /// A drawing of clients that are served from when to when.
    fn clients(services: &[(f64, f64)]) -> String {
        let lane = |(served, done): &(f64, f64)| serde_json::json!({ "arrived": 0.0, "served": served, "done": done, "failure": null });
        let lanes: Vec<serde_json::Value> = services.iter().map(lane).collect();
        serde_json::json!({ "models": [{ "name": "it", "lanes": lanes }] }).to_string()
    }

    /// A drawing of numbers: when each is answered, and how long it takes alone.
    fn numbers(answers: &[(f64, f64)]) -> String {
        let lane = |(done, alone): &(f64, f64)| serde_json::json!({ "sent": 0.0, "done": done, "alone": alone, "failure": null });
        let lanes: Vec<serde_json::Value> = answers.iter().map(lane).collect();
        serde_json::json!({ "models": [{ "name": "it", "lanes": lanes }] }).to_string()
    }

    fn problem(shape: &str, drawing: &str) -> Option<String> {
        judge(&timeline(shape), drawing).err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn other_numbers_and_other_line_breaks_are_the_same_words_and_another_name_is_not() {
        let picture = |lines: &[&str]| {
            lines.iter().map(|line| format!("<text x=\"1\">{line}</text>")).collect::<String>()
        };
        let was = picture(&["mio", "7 waited for 0.25 s beside", "its own test"]);
        let is = picture(&["mio", "10000000000000061 waited for 0.008 s", "beside its own test"]);
        assert_eq!(words(&was), words(&is));
        assert_ne!(words(&was), words(&is.replace("mio", "tokio")));
    }

    #[test]
    fn each_shape_of_clients_is_told_from_the_others() {
        let staircase = clients(&[(0.0, 2.2), (2.21, 4.4), (4.38, 6.6), (6.6, 8.8)]);
        let waves = clients(&[(0.0, 2.2), (0.1, 2.3), (2.21, 4.4), (2.3, 4.5)]);
        let parallel = clients(&[(0.0, 2.2), (0.1, 2.3), (0.3, 2.5), (0.0, 2.2)]);
        for (shape, right) in [("staircase", &staircase), ("waves:2", &waves), ("parallel", &parallel)] {
            for drawing in [&staircase, &waves, &parallel] {
                assert_eq!(problem(shape, drawing).is_none(), drawing == right, "{shape}: {drawing}");
            }
        }
        assert_eq!(
            problem("staircase", &parallel).unwrap(),
            "it must be staircase, and at most 4 clients were served at the same time"
        );
        assert_eq!(
            problem("waves:2", &staircase).unwrap(),
            "it must be waves:2, and clients were served one after the other"
        );
    }

    #[test]
    fn numbers_that_wait_for_a_big_one_are_told_from_those_that_do_not() {
        let stalled = numbers(&[(0.8, 0.8), (0.79, 0.0), (0.81, 0.0)]);
        let free = numbers(&[(0.8, 0.8), (0.02, 0.0), (0.04, 0.0)]);
        let half = numbers(&[(0.8, 0.8), (0.02, 0.0), (0.81, 0.0)]);
        for drawing in [&stalled, &free, &half] {
            assert_eq!(problem("stalled", drawing).is_none(), drawing == &stalled);
            assert_eq!(problem("free", drawing).is_none(), drawing == &free);
        }
        assert_eq!(
            problem("free", &half).unwrap(),
            "it must be free, and 1 of 2 small numbers were answered before the big one"
        );
    }

    #[test]
    fn numbers_that_wait_for_a_cache_have_shapes_too() {
        let answered = |at: [f64; 4]| numbers(&at.map(|done| (done, 0.0)));
        let one_by_one = answered([0.2, 0.8, 0.61, 0.4]);
        let two_by_two = answered([0.2, 0.22, 0.41, 0.43]);
        let at_once = answered([0.2, 0.22, 0.24, 0.26]);
        for (shape, right) in [("staircase", &one_by_one), ("waves:2", &two_by_two), ("parallel", &at_once)] {
            for drawing in [&one_by_one, &two_by_two, &at_once] {
                assert_eq!(problem(shape, drawing).is_none(), drawing == right, "{shape}: {drawing}");
            }
        }
        let failed = at_once.replacen("null", "\"reset\"", 1);
        assert!(problem("parallel", &failed).unwrap().contains("a number got no answer: reset"));
    }

    #[test]
    fn a_failure_or_a_model_that_is_not_drawn_has_no_shape() {
        let failed = clients(&[(0.0, 1.0), (0.0, 1.0)]).replacen("null", "\"reset\"", 1);
        assert!(problem("parallel", &failed).unwrap().contains("a client failed: reset"));
        assert!(problem("parallel", "{\"models\":[]}").unwrap().contains("it is not drawn"));
        assert!(problem("free", &numbers(&[(1.0, 1.0)])).unwrap().contains("a big number and small ones"));
    }

    #[test]
    fn a_picture_has_the_same_words_whatever_the_times() {
        let picture = |words: &str, time: &str| format!("<svg><text x=\"1\">{words}, {time} s</text></svg>");
        assert_eq!(words(&picture("mio", "0.2")), words(&picture("mio", "12.25")));
        assert_ne!(words(&picture("mio", "0.2")), words(&picture("tokio", "0.2")));
    }
}
