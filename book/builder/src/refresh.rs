//! `refresh`: runs what the book shows the output of, and stores it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::chapter::all_uses;
use crate::launcher::Launcher;
use crate::outputs::{self, Comparison, Recording};
use crate::places::Places;

/// Makes what is missing, and what is the same each time, which takes a moment; or what has all of these words, or all.
pub(crate) fn run(places: &Places, program: Option<PathBuf>, only: &[String]) -> Result<ExitCode> {
    let uses = all_uses(places)?;
    let recordings = outputs::all(&uses);
    let launcher = Launcher::get(places, program)?;
    fs::create_dir_all(places.outputs()).context("cannot create book/outputs")?;
    let (mut made, mut failed) = (0, 0);
    for (recording, shown_in) in &recordings {
        if !is_wanted(recording, shown_in, places, only) {
            continue;
        }
        match make(&launcher, recording, places) {
            Ok(is_new) => made += usize::from(is_new),
            Err(error) => {
                failed += 1;
                println!("{}: {error:#}", shown_in.join(", "));
            }
        }
    }
    let removed = remove_others(places, &recordings.keys().collect::<Vec<_>>())?;
    println!(
        "{} outputs: {made} made, {failed} failed, {removed} that nobody shows removed",
        recordings.len()
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_wanted(recording: &Recording, shown_in: &[&str], places: &Places, only: &[String]) -> bool {
    if only.is_empty() {
        let is_there = recording.files(places).iter().all(|file| file.is_file());
        return !is_there || recording.comparison == Comparison::Exact;
    }
    let title = recording.title();
    only.iter().all(|word| {
        word == "all" || title.contains(word) || shown_in.iter().any(|place| place.contains(word))
    })
}

/// Runs it, and stores what is new.
fn make(launcher: &Launcher, recording: &Recording, places: &Places) -> Result<bool> {
    let recorded = launcher.record(recording)?;
    let file = recording.file(places);
    if fs::read_to_string(&file).is_ok_and(|text| text == recorded.text) {
        return Ok(false);
    }
    println!("{}", recording.title());
    let write = |file: &Path, text: &str| {
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    if !recorded.data.is_empty() {
        write(&file.with_extension("json"), &recorded.data)?;
    }
    write(&file, &recorded.text)?;
    Ok(true)
}

/// Removes outputs that no chapter shows.
fn remove_others(places: &Places, recordings: &[&Recording]) -> Result<usize> {
    let others = others(places, recordings)?;
    for file in &others {
        fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(others.len())
}

/// Outputs that no chapter shows.
pub(crate) fn others(places: &Places, recordings: &[&Recording]) -> Result<Vec<PathBuf>> {
    let kept: Vec<PathBuf> = recordings.iter().flat_map(|recording| recording.files(places)).collect();
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(places.outputs()) else { return Ok(found) };
    for entry in entries {
        let file = entry.context("cannot read book/outputs")?.path();
        if !kept.contains(&file) {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}
