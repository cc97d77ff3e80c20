//! Threads or async: the models of one kind against those of another. A model's kind is that of the floor that it is
//! divided by, because this floor waits for its clients in the same way.

use super::asked::Asked;
use super::contest::{Contest, Entry};
use super::versus::{difference, multiple, why_not};
use super::{Answer, Sentence};
use crate::analysis::{Analysis, Pair};
use crate::subject::Role;

/// The best of each kind against each other, figure by figure, below a sentence that counts the claims; `None` if the
/// run has models of only one kind.
pub(super) fn kinds(analysis: &Analysis, asked: &[Asked]) -> Option<Answer> {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for model in analysis.run.subjects.iter().filter(|subject| subject.role == Role::Model) {
        let Some(kind) = model.floor.as_deref().map(kind) else { continue };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, models)) => models.push(&model.name),
            None => kinds.push((kind, vec![&model.name])),
        }
    }
    if kinds.len() < 2 {
        return None;
    }
    let figures: Vec<(Sentence, Option<&str>)> = asked.iter().filter_map(figure).collect();
    if figures.is_empty() {
        return None;
    }
    let all = figures.len();
    let mut won: Vec<(usize, &str)> = kinds
        .iter()
        .map(|(kind, _)| (figures.iter().filter(|(_, winner)| *winner == Some(*kind)).count(), *kind))
        .collect();
    won.sort_by_key(|&(claims, _)| std::cmp::Reverse(claims));
    let won: Vec<String> =
        won.iter().map(|(claims, kind)| format!("{kind} in {claims} of {all} figures")).collect();
    let open = figures.iter().filter(|(_, winner)| winner.is_none()).count();
    let members = kinds.iter().map(|(kind, models)| format!("{kind}: {}", models.join(", ")));
    let summary = [
        format!(
            "Claimed to be better: {} (the best model of each kind against that of the other). No difference is shown \
             in {open}.",
            won.join(", ")
        ),
        format!("A model is of the kind of its floor. {}.", members.collect::<Vec<String>>().join("; ")),
    ];
    let sentences = summary
        .into_iter()
        .map(|text| Sentence { place: String::new(), text })
        .chain(figures.into_iter().map(|(sentence, _)| sentence));
    Some(Answer { question: "Threads or async?".to_owned(), sentences: sentences.collect() })
}

/// The best of one kind against the best of another in one figure, and the kind that is claimed to be better; `None`
/// if only one kind was measured.
fn figure<'run>(asked: &Asked<'run>) -> Option<(Sentence, Option<&'run str>)> {
    let contest = Contest::of(asked.point, asked.metric);
    let kind_of = |entry: &Entry<'run>| entry.row.subject.floor.as_deref().map(kind);
    let first = contest.ranked.first()?;
    let winner = kind_of(first)?;
    let other = contest.ranked.iter().find(|entry| kind_of(entry).is_some_and(|kind| kind != winner))?;
    let pair = asked.point.pair(&first.row.subject.name, &other.row.subject.name, asked.metric);
    let is_claimed = pair.as_ref().is_some_and(|pair| pair.claim.is_difference());
    let names = format!("{} ({winner})", first.row.subject.name);
    let text = match &pair {
        Some(pair) if is_claimed => {
            format!("{}: {names} {}.{}", asked.quantity(), difference(pair), across(asked, &contest, winner))
        }
        Some(pair) => format!(
            "{}: no difference shown between {names} and {}: {}.",
            asked.quantity(),
            multiple(pair),
            why_not(pair.claim).unwrap_or_default()
        ),
        None => format!(
            "{}: {names} and {} were not compared in any round.",
            asked.quantity(),
            other.row.subject.name
        ),
    };
    Some((Sentence { place: asked.place(), text }, is_claimed.then_some(winner)))
}

/// In how many of all pairs across the kinds the winner's model is claimed to be the better one.
fn across(asked: &Asked, contest: &Contest, winner: &str) -> String {
    let is_winner = |entry: &&Entry| entry.row.subject.floor.as_deref().map(kind) == Some(winner);
    let (own, others): (Vec<&Entry>, Vec<&Entry>) = contest.ranked.iter().partition(is_winner);
    let pairs = own.iter().flat_map(|own| {
        others
            .iter()
            .map(|other| asked.point.pair(&own.row.subject.name, &other.row.subject.name, asked.metric))
    });
    let pairs: Vec<Option<Pair>> = pairs.collect();
    let is_better = |pair: &&Pair| pair.claim.is_difference() && (pair.spread.center < 1.0);
    let better = pairs.iter().flatten().filter(is_better).count();
    match pairs.len() {
        1 => String::new(),
        all => format!(" Of all {all} pairs across the kinds, {better} are claimed in this direction."),
    }
}

/// The kind that a floor stands for. One that is not known by name is a kind of its own.
fn kind(floor: &str) -> &str {
    let name = floor.split(',').next().unwrap_or(floor);
    match name.strip_prefix("floor-").unwrap_or(name) {
        "epoll" | "io-uring" => "async",
        other => other,
    }
}
