//! `exercise`: small programs to mend, built and graded.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use grader::{
    BothWays, EXERCISES, Exercise, Folder, Needs, NotBuilt, Progress, Subject, Thoroughness, Verdict,
    Workshop,
};
use observe::child::this_program;
use text::{output, terminal};

use crate::commands::trace::random;
use crate::commands::{interrupts, leash};

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The traces of exercise 1 are those of `trace --predict` with these.
const SEED: u64 = 14;
const ROUNDS: u8 = 20;

/// What is typed in the project's folder, where the launcher need not be on the PATH.
const COMMAND: &str = "cargo run --release -- exercise";

/// Arguments of `exercise`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Run it in the project's folder. Examples:
  concurrent-servers exercise              all exercises: which have passed, and which is next
  concurrent-servers exercise 2            build and grade the second one
  concurrent-servers exercise 2 --hint     a hint, and one more each time

The list takes no time. The first build takes up to half a minute, each later one some seconds,
and grading from 1 to 15 seconds: each exercise's README says how long.

Exit codes: 0 it passes, 1 it does not, is not built, or there are no exercises here, 2 wrong
arguments, 130 after Ctrl-C.")]
pub struct Arguments {
    /// The number of the exercise
    #[arg(value_name = "N", value_parser = parse_number, allow_negative_numbers = true)]
    number: Option<u8>,

    /// Show one hint more, instead of grading
    #[arg(long)]
    hint: bool,

    /// Prove that every start fails for its reason, and that every solution passes
    #[arg(long, hide = true, conflicts_with = "hint")]
    both_ways: bool,
}

fn parse_number(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|&number| grader::find(number).is_some());
    number.ok_or_else(|| format!("the exercises have the numbers 1 to {}", EXERCISES.len()))
}

/// Lists the exercises, grades one, or shows a hint.
///
/// # Errors
/// This is not the project's folder, a program cannot be built, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let here = std::env::current_dir().context("cannot find the current folder")?;
    let folder = Folder::find(&here)?;
    interrupts::end_with(|| {
        conformance::kill_programs();
        interrupts::interrupted()
    })?;
    if arguments.both_ways {
        return both_ways(folder, arguments.number);
    }
    let progress = Progress::read(&folder);
    let next = EXERCISES.iter().find(|exercise| !progress.has_passed(&folder, exercise));
    let chosen = match arguments.number {
        Some(number) => grader::find(number),
        None if arguments.hint => next,
        None => {
            list(&folder, &progress, next)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    match chosen {
        Some(exercise) if arguments.hint => hint(&folder, progress, exercise),
        Some(exercise) => grade(&folder, progress, exercise),
        None => {
            output::print("all exercises have passed\n")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints all exercises, and which have passed as they are now.
fn list(folder: &Folder, progress: &Progress, next: Option<&Exercise>) -> Result<()> {
    let mut text = String::new();
    for exercise in EXERCISES {
        let (style, state) =
            if progress.has_passed(folder, exercise) { (GOOD, "passed") } else { (Style::new(), "-") };
        let title = terminal::hang(&folder.title(exercise)?, 12, terminal::columns().unwrap_or(100));
        text += &format!("{:>2}  {style}{state:<6}{style:#}  {title}", exercise.number);
    }
    text += "\n";
    text += &match next {
        Some(exercise) => begin(folder, exercise),
        None => "All have passed.\n".to_owned(),
    };
    output::print(&text)?;
    Ok(())
}

/// Where an exercise begins.
fn begin(folder: &Folder, exercise: &Exercise) -> String {
    let (number, place) = (exercise.number, shown(&folder.of(exercise)));
    format!(
        "Next: read {place}/README.md, do what it says, then run\n  {COMMAND} {number}\n\
         A hint: {COMMAND} {number} --hint\n"
    )
}

/// A path as it is typed here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

fn hint(folder: &Folder, mut progress: Progress, exercise: &Exercise) -> Result<ExitCode> {
    let hints = folder.hints(exercise)?;
    let shown = progress.one_more_hint(exercise, hints.len())?;
    let width = terminal::columns().unwrap_or(100).min(100);
    let mut text = format!("{HEADING}{}. {}{HEADING:#}\n", exercise.number, folder.title(exercise)?);
    for (index, hint) in hints.iter().take(shown).enumerate() {
        let hint = terminal::wrap(hint, "", width);
        text += &format!("\n{HEADING}hint {} of {}{HEADING:#}\n{hint}", index + 1, hints.len());
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn grade(folder: &Folder, mut progress: Progress, exercise: &Exercise) -> Result<ExitCode> {
    output::print(&format!("{HEADING}{}. {}{HEADING:#}\n", exercise.number, folder.title(exercise)?))?;
    let launcher = this_program()?;
    let tied = |program: &OsStr| leash::command(&launcher, program);
    let target = folder.path().join("target");
    output::note("building …");
    let workshop = Workshop { workspace: folder.path(), target: &target, locked: false, tied: &tied };
    let program = match workshop.build(exercise.package()) {
        Ok(program) => program,
        Err(NotBuilt::Refused(message)) => {
            progress.note(folder, exercise, false)?;
            output::print(&format!(
                "{message}\n{BAD}It does not compile{BAD:#}, so nothing was graded. Begin with the first error above.\n"
            ))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(NotBuilt::TooLong(limit)) => bail!("the build was ended after {limit:?}; run it again"),
        Err(NotBuilt::NoCargo(error)) => {
            bail!("cargo cannot be run ({error}): install Rust with rustup, and put cargo on the PATH")
        }
    };
    let questions = questions();
    let needs = Needs::new(&tied, &questions);
    let source = folder.of(exercise);
    let subject = Subject { program: &program, source: &source, needs };
    let mut printed = Ok(());
    let passed = grader::grade(exercise, &subject, Thoroughness::FirstFailure, &mut |finding| {
        if printed.is_ok() {
            printed = output::print(&line(finding));
        }
    });
    printed?;
    progress.note(folder, exercise, passed)?;
    if !passed {
        output::print(&format!("\nA hint: {COMMAND} {} --hint\n", exercise.number))?;
        return Ok(ExitCode::FAILURE);
    }
    output::print(&format!("\n{GOOD}Exercise {} passes.{GOOD:#}\n", exercise.number))?;
    let next = EXERCISES.iter().find(|exercise| !progress.has_passed(folder, exercise));
    output::print(&match next {
        Some(next) => format!("{}. {}\n{}", next.number, folder.title(next)?, begin(folder, next)),
        None => "That was the last one: all exercises have passed.\n".to_owned(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A check and what it has found.
fn line(finding: &grader::Finding) -> String {
    let width = terminal::columns().unwrap_or(100).min(100);
    let check = finding.check;
    let requirement = terminal::hang(&format!("{}: {}", check.id, check.requires()), 8, width);
    let wrap = |line: &str| terminal::wrap(&format!("  {line}"), "  ", width);
    let text = |text: &str| text.lines().map(wrap).collect::<String>();
    match &finding.verdict {
        Verdict::Passed => format!("{GOOD}ok{GOOD:#}      {requirement}"),
        Verdict::Skipped(reason) => format!("skipped {requirement}{}", text(reason)),
        Verdict::Failed(failure) => format!(
            "{BAD}FAILED{BAD:#}  {requirement}\n{HEADING}What was seen{HEADING:#}\n{}\n{HEADING}Think about{HEADING:#}\n{}",
            text(failure),
            text(check.advice)
        ),
    }
}

/// The reads of exercise 1.
fn questions() -> Vec<Vec<Vec<u8>>> {
    let rounds = random::rounds(SEED, ROUNDS);
    rounds.into_iter().map(|reads| reads.into_iter().map(|read| read.bytes).collect()).collect()
}

fn both_ways(folder: Folder, number: Option<u8>) -> Result<ExitCode> {
    let launcher = this_program()?;
    let tied = |program: &OsStr| leash::command(&launcher, program);
    let questions = questions();
    let needs = Needs::new(&tied, &questions);
    let both_ways = BothWays::prepare(folder, EXERCISES, needs)?;
    let mut code = ExitCode::SUCCESS;
    for exercise in EXERCISES.iter().filter(|exercise| number.is_none_or(|number| exercise.number == number))
    {
        let start = Instant::now();
        let outcome = both_ways.check(exercise);
        let seconds = start.elapsed().as_secs_f64();
        let (style, word) = if outcome.problems.is_empty() { (GOOD, "fair") } else { (BAD, "NOT FAIR") };
        let mut text = format!("{style}{word}{style:#}  {}  {seconds:.1} s\n", exercise.folder);
        for reason in &outcome.reasons {
            text += &format!("  the start fails {reason}\n");
        }
        for problem in &outcome.problems {
            text += &format!("  {BAD}{problem}{BAD:#}\n");
            code = ExitCode::FAILURE;
        }
        output::print(&text)?;
    }
    Ok(code)
}
