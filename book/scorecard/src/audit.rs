//! What the recorded audit says about a model.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ease::card::Outcome;
use serde_json::Value;

/// The folder of its figures, from the project's folder.
const AUDIT: &str = "results/audit";

/// Cases of the catalogue that held; `None` if no audit of this model is recorded.
pub(crate) fn cases(project: &Path, model: &str) -> Result<Option<Outcome>> {
    let result = |audit: &Value| {
        let [passed, failed] = ["passed", "failed"].map(|name| audit["result"][name].as_u64());
        Some((passed?, passed? + failed?))
    };
    outcome(project, &format!("check-{model}"), result)
}

/// Injected faults that were survived; `None` if no audit of this model is recorded.
pub(crate) fn faults(project: &Path, model: &str) -> Result<Option<Outcome>> {
    let result = |audit: &Value| {
        let [survived, fired] = ["survived", "fired"].map(|name| audit["result"][name].as_u64());
        Some((survived?, fired?))
    };
    outcome(project, &format!("faults-{model}"), result)
}

/// The files of a model's audit, from the project's folder.
pub(crate) fn files(project: &Path, model: &str) -> Vec<String> {
    let names = [format!("{AUDIT}/check-{model}.json"), format!("{AUDIT}/faults-{model}.json")];
    names.into_iter().filter(|name| project.join(name).exists()).collect()
}

fn outcome(
    project: &Path,
    name: &str,
    result: impl Fn(&Value) -> Option<(u64, u64)>,
) -> Result<Option<Outcome>> {
    let path = project.join(AUDIT).join(format!("{name}.json"));
    if !path.exists() {
        return Ok(None);
    }
    let wrong =
        || format!("{} does not have the form that `audit` writes; run that step again", path.display());
    let text = fs::read_to_string(&path).with_context(wrong)?;
    let audit: Value = serde_json::from_str(&text).with_context(wrong)?;
    let (held, of) = result(&audit).with_context(wrong)?;
    let started = audit["started"].as_str().with_context(wrong)?;
    Ok(Some(Outcome { held, of, on: started.split('T').next().unwrap_or_default().to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_recorded_is_unknown_and_what_cannot_be_read_is_an_error() {
        let project = tempfile::tempdir().unwrap();
        fs::create_dir_all(project.path().join(AUDIT)).unwrap();
        let write = |text: &str| fs::write(project.path().join(AUDIT).join("check-mio.json"), text).unwrap();
        assert_eq!(cases(project.path(), "mio").unwrap(), None);
        write(r#"{"started": "2026-01-02T03:04:05Z", "result": {"passed": 68, "failed": 1, "skipped": 2}}"#);
        let outcome = Outcome { held: 68, of: 69, on: "2026-01-02".to_owned() };
        assert_eq!(cases(project.path(), "mio").unwrap(), Some(outcome));
        write(r#"{"started": "2026-01-02T03:04:05Z", "result": {}}"#);
        assert!(format!("{:#}", cases(project.path(), "mio").unwrap_err()).contains("run that step again"));
    }
}
