//! Which model for which purpose: conditions, each with what the run shows, or that it was not measured.

use super::asked::{Asked, asked};
use super::best;
use super::contest::{models, served};
use super::work;
use crate::analysis::Analysis;

/// One condition and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// `If clients come and go`.
    pub(crate) condition: String,
    /// The models to choose from; empty if the run names none.
    pub(crate) picks: Vec<String>,
    /// What the run shows.
    pub(crate) reason: String,
    /// The figure that shows it; empty if it was not measured.
    pub(crate) place: String,
}

/// With fewer, a model that uses all cores cannot show it.
const MANY_CORES: usize = 8;

/// All conditions, those that were not measured at the end.
pub(crate) fn decisions(analysis: &Analysis) -> Vec<Decision> {
    let measured = asked(analysis).into_iter().map(|asked| of_figure(&asked));
    let of_work = work::decisions(analysis);
    measured.chain(against_starvation(analysis)).chain(of_work).chain(not_measured(analysis)).collect()
}

/// `mio, tokio or rayon`.
pub(crate) fn any_of(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        few => few.concat(),
    }
}

fn of_figure(asked: &Asked) -> Decision {
    let best = best::answer(asked);
    Decision { condition: asked.condition(), picks: best.picks, reason: best.text, place: asked.title() }
}

/// Not a model that starves clients, if several are to be served at once.
fn against_starvation(analysis: &Analysis) -> Option<Decision> {
    let starving = analysis.scenarios.iter().find_map(|scenario| {
        let mut found = scenario.points.iter().flat_map(models).filter_map(|row| Some((row, served(row)?)));
        let (row, served) = found.next()?;
        Some((scenario.scenario.name.clone(), row.subject.name.clone(), served))
    });
    starving.map(|(place, name, served)| Decision {
        condition: "If several clients stay connected".to_owned(),
        picks: Vec::new(),
        reason: format!("Not {name}: it {served}, and the others wait."),
        place,
    })
}

/// What no scenario of a run is about.
fn not_measured(analysis: &Analysis) -> Vec<Decision> {
    let cores = analysis.run.machine.cores;
    let mut open = Vec::new();
    if work::of_work(analysis).next().is_none() {
        open.push((
            "If each message computes, or waits for a file or another server",
            "in every scenario the only work for a message is that of the protocol, byte by byte".to_owned(),
        ));
    }
    open.extend([
        (
            "If clients are behind a network",
            "all of this ran over the loopback device of one machine".to_owned(),
        ),
        ("If a server runs for days", "each server process ran for seconds".to_owned()),
    ]);
    if cores < MANY_CORES {
        open.push((
            "If there are many cores",
            format!("the machine has {cores}, and the load generator needs some of them"),
        ));
    }
    let decision = |(condition, why): (&str, String)| Decision {
        condition: condition.to_owned(),
        picks: Vec::new(),
        reason: format!("Not measured: {why}."),
        place: String::new(),
    };
    open.into_iter().map(decision).collect()
}
