//! All figures together, and whether a kept card still has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ease::card::{Card, Figures, Row, Step};
use ease::{difference, sources};

use crate::code::Source;
use crate::crates::{Dependencies, dependencies};
use crate::registry::Model;
use crate::{audit, files, programs};

/// The figures of all models; `size` measures a program.
pub(crate) fn measured(
    project: &Path,
    models: &[Model],
    size: impl Fn(&Model) -> Result<u64>,
) -> Result<Card> {
    let mut crates = Crates { project, files: BTreeMap::new(), figures: BTreeMap::new() };
    let mut rows = Vec::new();
    for model in models {
        let row = row(&mut crates, model, models, &size);
        rows.push(row.with_context(|| format!("cannot measure {}", model.name))?);
    }
    let manifests = crates.files.keys().map(|folder| format!("{folder}/Cargo.toml"));
    let mut measured: BTreeSet<String> = crates.files.values().flatten().cloned().chain(manifests).collect();
    // What an audit has found is a figure, too.
    let audits = models.iter().flat_map(|model| audit::files(project, &model.name));
    measured.extend(audits);
    let measured: Vec<String> = measured.into_iter().collect();
    Ok(Card {
        compiler: programs::compiler(project)?,
        sources: sources::fingerprint(project, &measured)?,
        files: measured,
        models: rows,
    })
}

/// The crates that were measured, by their folders.
struct Crates<'project> {
    project: &'project Path,
    files: BTreeMap<String, BTreeSet<String>>,
    figures: BTreeMap<String, Figures>,
}

impl Crates<'_> {
    fn files(&mut self, folder: &str) -> Result<BTreeSet<String>> {
        if let Some(files) = self.files.get(folder) {
            return Ok(files.clone());
        }
        let files = files::of_crate(self.project, folder)?;
        self.files.insert(folder.to_owned(), files.clone());
        Ok(files)
    }

    fn figures(&mut self, files: &BTreeSet<String>) -> Result<Figures> {
        let mut sum = Figures::default();
        for file in files {
            if !self.figures.contains_key(file) {
                let figures = Source::read(self.project, Path::new(file))?.figures()?;
                self.figures.insert(file.clone(), figures);
            }
            if let Some(figures) = self.figures.get(file) {
                sum = sum.with(figures);
            }
        }
        Ok(sum)
    }
}

fn row(
    crates: &mut Crates,
    model: &Model,
    models: &[Model],
    size: impl Fn(&Model) -> Result<u64>,
) -> Result<Row> {
    let project = crates.project;
    let Dependencies { direct, total, ours } = dependencies(project, model.package())?;
    let of_crate = crates.files(&model.folder)?;
    let alone = files::of_model(model, models, &of_crate);
    // A model that has but a page in another one's crate stands on the rest of it.
    let mut whole = if model.page.ends_with("/src/lib.rs") { alone.clone() } else { of_crate };
    for folder in ours.values() {
        whole.extend(crates.files(folder)?);
    }
    Ok(Row {
        name: model.name.clone(),
        service: model.service.clone(),
        alone: crates.figures(&alone)?,
        whole: crates.figures(&whole)?,
        stands_on: ours.into_keys().collect(),
        direct,
        total,
        program_bytes: size(model)?,
        step: step(project, model, models)?,
        cases: audit::cases(project, &model.name)?,
        faults: audit::faults(project, &model.name)?,
    })
}

/// What differs from the page of the model before it.
fn step(project: &Path, model: &Model, models: &[Model]) -> Result<Option<Step>> {
    let Some(from) = &model.rung else { return Ok(None) };
    let before = models.iter().find(|other| other.name == *from);
    let before = before.with_context(|| format!("no model has the name {from:?}"))?;
    let read =
        |page: &str| fs::read_to_string(project.join(page)).with_context(|| format!("cannot read {page}"));
    let (old, new) = (read(&before.page)?, read(&model.page)?);
    let (added, removed) =
        difference::changed(difference::without_header(&old), difference::without_header(&new));
    Ok(Some(Step { from: from.clone(), added, removed }))
}

/// The size of a program as a card has it; 0 if it has no such model, which is then [stale].
#[expect(clippy::unnecessary_wraps, reason = "in the place of a measurement, which may fail")]
pub(crate) fn kept_size(kept: &Card, model: &Model) -> Result<u64> {
    Ok(kept.row(&model.name).map_or(0, |row| row.program_bytes))
}

/// What is no longer as a card has it. The compiler may be another one.
pub(crate) fn stale(kept: &Card, measured: &Card) -> Vec<String> {
    let mut found = Vec::new();
    for row in &measured.models {
        match kept.row(&row.name) {
            Some(kept) if kept == row => {}
            Some(kept) => found.push(format!("{}: the card says {kept:?}, and it is {row:?}", row.name)),
            None => found.push(format!("{}: the card has no such model", row.name)),
        }
    }
    let is_gone = |row: &&Row| measured.row(&row.name).is_none();
    found.extend(
        kept.models.iter().filter(is_gone).map(|row| format!("{}: there is no such model", row.name)),
    );
    if (&kept.sources, &kept.files) != (&measured.sources, &measured.files) {
        found
            .push("the card was measured on other code, so the sizes of programs may differ, too".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        let row = Row {
            name: "mio".to_owned(),
            service: "echo".to_owned(),
            alone: Figures::default(),
            whole: Figures::default(),
            stands_on: Vec::new(),
            direct: 1,
            total: 2,
            program_bytes: 3,
            step: None,
            cases: None,
            faults: None,
        };
        Card { compiler: String::new(), sources: "1".to_owned(), files: Vec::new(), models: vec![row] }
    }

    #[test]
    fn every_difference_but_the_compiler_is_found() {
        let kept = card();
        assert_eq!(stale(&kept, &Card { compiler: "another".to_owned(), ..card() }), Vec::<String>::new());
        let mut other = card();
        other.models[0].alone.lines = 1;
        assert!(stale(&kept, &other)[0].starts_with("mio: the card says "));
        assert!(stale(&kept, &Card { sources: "2".to_owned(), ..card() })[0].contains("other code"));
        let renamed = card().only(|_| false);
        assert_eq!(stale(&kept, &renamed), ["mio: there is no such model"]);
        assert_eq!(stale(&renamed, &kept), ["mio: the card has no such model"]);
    }
}
