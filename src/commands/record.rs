//! `record`: makes a recorded run and writes its figures into the documents.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use comparison::analysis::analyse;
use comparison::coverage::Coverage;
use comparison::documents::Documents;
use comparison::measure::{self, End};
use comparison::order_effect;
use comparison::record::Comparison;
use comparison::recorded;
use comparison::request::{Request, Size};
use comparison::self_test;
use comparison::store::Store;
use loadgen::Handle;
use text::output;
use trials::audit;

use super::scorecard;
use crate::models;
use loadgen::Interrupts;

/// Arguments of `record`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Run it in the project's folder, on a machine that does nothing else. Examples:
  concurrent-servers record            measure for about an hour, then update the documents
  concurrent-servers record --pin      the same with the server on one CPU and the client on another
  concurrent-servers record --check    check that the documents agree with the newest run
  concurrent-servers record --write    update the documents from the newest run, measure nothing

Exit codes: 0 success, 1 a document has drifted, a reply was wrong, something was not measured, or
the run cannot be made, 2 wrong arguments, 130 after Ctrl-C (143 after SIGTERM), which says how to
continue.")]
pub struct Arguments {
    /// Measure nothing: exit with 1 if a document differs from the newest recorded run
    #[arg(long, conflicts_with_all = ["write", "pin", "resume"])]
    check: bool,

    /// Measure nothing: write the figures of the newest recorded run into the documents
    #[arg(long, conflicts_with_all = ["pin", "resume"])]
    write: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long, conflicts_with = "resume")]
    pin: bool,

    /// Resume the interrupted run in this folder
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
}

/// Makes a run, or checks or writes the figures in the documents.
///
/// # Errors
/// This is not the project's folder, there is no recorded run, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let project = Path::new(".");
    if arguments.check {
        return check(project);
    }
    // Fail before half an hour of measuring, not after it.
    Documents::read(project)?;
    if !arguments.write {
        let interrupts = Interrupts::install()?;
        let Some(comparison) = make(project, arguments, interrupts.stop())? else {
            return Ok(interrupts.exit_code().unwrap_or(ExitCode::FAILURE));
        };
        if let Some(sentence) = analyse(&comparison).disturbance() {
            output::note(&format!("warning: {sentence} Record again while the machine does nothing else."));
        }
        ensure!(
            comparison.is_right(),
            "a server answered wrongly or did not start, so no document was written; `compare --from` shows which"
        );
    }
    check_whole(project)?;
    let (folder, drifted) =
        recorded::write(project, &models::servers()?, &scorecard::card()?, audited(project)?)?;
    let names: String = drifted.iter().map(|name| format!("  {name}\n")).collect();
    output::print(&format!("recorded in {}; written:\n{names}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The whole run; `None` if it was interrupted.
fn make(project: &Path, arguments: &Arguments, stop: &Handle) -> Result<Option<Comparison>> {
    let servers = if arguments.resume.is_some() { models::servers()? } else { models::servers_here(&[])? };
    let (mut store, mut comparison) = if let Some(folder) = &arguments.resume {
        recorded::check_newest(project, folder)?;
        measure::resume(folder, &servers)?
    } else {
        let run = Request { size: Size::Full, pin: arguments.pin, ..Request::default() }.run(&servers)?;
        (Store::create(&recorded::folder(project, &run), &run)?, Comparison { run, records: Vec::new() })
    };
    match measure::measure(&servers, &mut store, &mut comparison, stop)? {
        End::Whole => Ok(Some(comparison)),
        End::Stopped { made, planned } => {
            output::note(&format!(
                "interrupted: {made} of {planned} trials are in {0}; continue with record --resume {0}",
                store.folder().display()
            ));
            Ok(None)
        }
    }
}

/// Checks that the newest recorded run has measured what it asks for.
fn check_whole(project: &Path) -> Result<()> {
    let (folder, comparison) = recorded::newest_run(project)?;
    let gaps = Coverage::of(&comparison, &models::servers()?).gaps;
    ensure!(
        gaps.is_empty(),
        "the newest recorded run, in {0}, is not whole: {1}; continue it with `record --resume {0}`",
        folder.display(),
        gaps.join("; ")
    );
    Ok(())
}

fn check(project: &Path) -> Result<ExitCode> {
    check_whole(project)?;
    let drifted = drifted(project)?;
    if drifted.is_empty() {
        output::print("every document agrees with the newest recorded run and audit\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "these differ from the newest recorded run: {}; update them with `cargo run --release -- record --write`",
        drifted.join(", ")
    )
}

/// The documents and pictures in this project that differ from its newest recorded run and audit.
///
/// # Errors
/// As [`run`].
pub fn drifted(project: &Path) -> Result<Vec<String>> {
    recorded::drifted(project, &models::servers()?, &scorecard::card()?, audited(project)?)
}

/// The text of the newest audit, the recorded test of the instrument, the effect of the order, or the score card and what its
/// columns mean, for a block between markers.
fn audited(project: &Path) -> Result<impl Fn(&str) -> Option<String>> {
    let audit = audit::results::Audit::read(&project.join(audit::FOLDER))?;
    let tested = self_test::recorded(project)?;
    let order = order_effect::block(&recorded::newest_run(project)?.1);
    let models: Vec<&str> = models::names_of_both().collect();
    let (card, columns) = (scorecard::block()?, ease::tables::definitions());
    Ok(move |name: &str| match name {
        "self-test" => Some(self_test::block(tested.as_ref())),
        "order" => Some(order.clone()),
        "scorecard" => Some(card.clone()),
        "scorecard-columns" => Some(columns.clone()),
        _ => audit::table::block(name, &audit, &models),
    })
}
