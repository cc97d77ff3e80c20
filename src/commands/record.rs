//! `record`: makes a run for the record, and writes what the documents say from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use comparison::documents::Documents;
use comparison::measure::measure;
use comparison::record::Comparison;
use comparison::recorded;
use comparison::request::{Request, Size};
use comparison::store::Store;
use text::output;
use trials::audit;

use crate::models;

/// Arguments of `record`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Run it in the project's folder, on a machine that does nothing else. Examples:
  concurrent-servers record            measure, about 25 minutes, and write the documents from it
  concurrent-servers record --pin      the same with the server on one CPU and the client on another
  concurrent-servers record --check    do the documents say what the newest run says?
  concurrent-servers record --write    write them from it again, and measure nothing

Exit code: 0 if all is well, 1 if a document has drifted or a reply was wrong.")]
pub struct Arguments {
    /// Measure nothing: fail if a document says something else than the newest recorded run
    #[arg(long, conflicts_with_all = ["write", "pin", "resume"])]
    check: bool,

    /// Measure nothing: write the documents from the newest recorded run
    #[arg(long, conflicts_with_all = ["pin", "resume"])]
    write: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long, conflicts_with = "resume")]
    pin: bool,

    /// Go on with an interrupted run in this folder
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
}

/// Makes a run, or checks or writes what the documents say.
///
/// # Errors
/// This is not the project's folder, there is no recorded run, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let project = Path::new(".");
    if arguments.check {
        return check(project);
    }
    // Before half an hour of measuring, not after it.
    Documents::read(project)?;
    if !arguments.write {
        let comparison = make(project, arguments)?;
        ensure!(
            comparison.is_right(),
            "a server answered wrongly or did not start, so no document was written; `compare --from` shows which"
        );
    }
    let (folder, drifted) = recorded::write(project, audited(project)?)?;
    let names: String = drifted.iter().map(|name| format!("  {name}\n")).collect();
    output::print(&format!("recorded in {}; written:\n{names}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn make(project: &Path, arguments: &Arguments) -> Result<Comparison> {
    let servers = models::servers()?;
    let (mut store, mut comparison) = if let Some(folder) = &arguments.resume {
        Store::resume(folder)?
    } else {
        let run = Request { size: Size::Full, pin: arguments.pin, ..Request::default() }.run(&servers)?;
        (Store::create(&recorded::folder(project, &run), &run)?, Comparison { run, records: Vec::new() })
    };
    measure(&servers, &mut store, &mut comparison)?;
    Ok(comparison)
}

fn check(project: &Path) -> Result<ExitCode> {
    let drifted = drifted(project)?;
    if drifted.is_empty() {
        output::print("every document says what the newest recorded run says\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "not as the newest recorded run says: {}; write them with `cargo run --release -- record --write`",
        drifted.join(", ")
    )
}

/// The documents and pictures in this project that do not say what its newest recorded run and audit say.
///
/// # Errors
/// As [`run`].
pub fn drifted(project: &Path) -> Result<Vec<String>> {
    recorded::drifted(project, audited(project)?)
}

/// What the newest audit says between markers.
fn audited(project: &Path) -> Result<impl Fn(&str) -> Option<String>> {
    let audit = audit::results::Audit::read(&project.join(audit::FOLDER))?;
    let models: Vec<&str> = models::names().collect();
    Ok(move |name: &str| audit::table::block(name, &audit, &models))
}
