//! `diff`: what differs between the pages of two models.

use std::process::ExitCode;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use ease::difference::{Side, unified};
use text::output;

use crate::commands::refused;
use crate::models::{Model, everything, find};

/// Arguments of `diff`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers diff sequential thread-per-conn    what a thread for each client takes
  concurrent-servers diff epoll                         the same against the model before it
  concurrent-servers diff mio tokio --headers           with the explanations at their heads

A page is the file that a reader learns the model from, such as crates/server-mio/src/lib.rs.
Lines with - are of the first model, lines with + of the second.")]
pub struct Arguments {
    /// A model; alone, it is compared with the model that a reader comes from
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(everything().map(|model| model.name)), hide_possible_values = true)]
    first: String,

    /// The other model
    #[arg(value_name = "OTHER", value_parser = PossibleValuesParser::new(everything().map(|model| model.name)), hide_possible_values = true)]
    second: Option<String>,

    /// Compare the explanations at the heads of the pages, too
    #[arg(long)]
    headers: bool,
}

/// Prints what differs.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match pair(&arguments.first, arguments.second.as_deref()) {
        Ok((old, new)) => {
            output::print(&unified(side(old, arguments.headers), side(new, arguments.headers)))?;
        }
        Err(advice) => return Ok(refused(&advice)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Both models, or what to type instead.
fn pair(first: &str, second: Option<&str>) -> Result<(&'static Model, &'static Model), String> {
    let known = |name: &str| find(name).ok_or_else(|| format!("no model has the name {name:?}"));
    let model = known(first)?;
    match (second, model.rung) {
        (Some(second), _) if second == first => Err(format!(
            "{first} is given twice; give another model, or {first} alone to compare it with the one before it"
        )),
        (Some(second), _) => Ok((model, known(second)?)),
        (None, Some(rung)) => Ok((known(rung)?, model)),
        (None, None) => Err(format!(
            "no model comes before {first}, so give a second one: `concurrent-servers diff {first} mio`"
        )),
    }
}

fn side(model: &'static Model, headers: bool) -> Side<'static> {
    let page = model.page;
    let text = if headers { page.text } else { page.code() };
    let before = page.text[..page.text.len() - text.len()].lines().count();
    Side { name: model.name, path: page.path, text, before }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_a_model_is_compared_with_the_one_before_it() {
        let names = |first, second| pair(first, second).map(|(old, new)| (old.name, new.name));
        assert_eq!(names("poll", None), Ok(("select", "poll")));
        assert_eq!(names("mio", Some("poll")), Ok(("mio", "poll")));
        assert!(names("sequential", None).unwrap_err().contains("give a second one"));
        assert!(names("mio", Some("mio")).unwrap_err().contains("given twice"));
    }

    #[test]
    fn without_headers_a_page_begins_with_code_and_keeps_its_line_numbers() {
        let model = find("sequential").unwrap();
        let side = side(model, false);
        assert!(side.text.starts_with("use "), "{}", side.text);
        assert_eq!(model.page.text.lines().nth(side.before), side.text.lines().next());
        assert_eq!(super::side(model, true).before, 0);
    }
}
