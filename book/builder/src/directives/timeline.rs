//! `{{#timeline [--shape NAME=SHAPE,…] [--cache "ARGS"] ARGS…}}`: who waits and who is served, drawn, with the shape that it
//! must have. The models may have a cache, which is a new one for each drawing.

use std::fmt::{self, Display};

use anyhow::{Context, Result, bail, ensure};

use super::Page;
use super::command::{ADDRESS, of_this_program};
use super::fenced;
use crate::outputs::{Comparison, Recording};
use crate::{picture, words};

/// Where a cache listens, if nothing else is said.
const SHOWN_CACHE: &str = "127.0.0.1:6380";

/// A drawing, and the shapes of its models.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) shapes: Vec<(String, Shape)>,
    /// The command of the cache that the models ask.
    cache: Option<Vec<String>>,
    arguments: Vec<String>,
}

/// What must be seen, whatever the times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each client is served when the one before it is done.
    Staircase,
    /// All clients are served at the same time.
    Parallel,
    /// So many at the same time.
    Waves(usize),
    /// Small numbers wait for the big one.
    Stalled,
    /// Small numbers wait for nobody.
    Free,
}

impl Timeline {
    pub(crate) fn parse(text: &str) -> Result<Timeline> {
        let mut words = words::split(text)?.into_iter().peekable();
        let mut shapes = Vec::new();
        if words.next_if_eq("--shape").is_some() {
            let list = words.next().context("--shape needs NAME=SHAPE,…")?;
            shapes = list.split(',').map(named_shape).collect::<Result<_>>()?;
        }
        let cache = match words.next_if_eq("--cache") {
            Some(_) => Some(words::split(&format!(
                "cache {}",
                words.next().context("--cache needs its arguments")?
            ))?),
            None => None,
        };
        let arguments: Vec<String> = words.collect();
        ensure!(!arguments.is_empty(), "name the models: {{{{#timeline MODEL…}}}}");
        for (name, _) in &shapes {
            ensure!(arguments.contains(name), "{name} has a shape, and is not drawn");
        }
        Ok(Timeline { shapes, cache, arguments })
    }

    pub(crate) fn recording(&self) -> Recording {
        let mut arguments = vec!["timeline".to_owned()];
        arguments.extend(self.arguments.iter().cloned());
        if self.cache.is_some() {
            arguments.extend(["--cache", ADDRESS].map(str::to_owned));
        }
        Recording { arguments, server: self.cache.clone(), exit: 0, comparison: Comparison::Drawn }
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let recording = self.recording();
        let typed = words::join(&recording.arguments);
        let command = match &self.cache {
            Some(cache) => format!(
                "# one terminal\n{}\n\n# another terminal\n{}",
                of_this_program(&words::join(cache)),
                of_this_program(&typed.replace(ADDRESS, SHOWN_CACHE))
            ),
            None => of_this_program(&typed),
        };
        let command = fenced("sh", &command);
        let svg = page.recorded(&recording)?;
        if svg.starts_with("missing:") {
            return Ok(format!("{command}\n{svg}"));
        }
        let id = format!("picture-{}", page.inserts.len());
        let figure = picture::figure(&svg, &id, "")?;
        Ok(format!("{command}\n{}\n", page.insert(figure)))
    }
}

fn named_shape(text: &str) -> Result<(String, Shape)> {
    let (name, shape) = text.split_once('=').with_context(|| format!("`{text}` is not NAME=SHAPE"))?;
    let shape = match shape.split_once(':').unwrap_or((shape, "")) {
        ("staircase", "") => Shape::Staircase,
        ("parallel", "") => Shape::Parallel,
        ("stalled", "") => Shape::Stalled,
        ("free", "") => Shape::Free,
        ("waves", width) => match width.parse() {
            Ok(width @ 1..) => Shape::Waves(width),
            _ => bail!("`{shape}` needs the number of clients in a wave, such as waves:2"),
        },
        _ => bail!("`{shape}` is no shape; there are staircase, parallel, waves:W, stalled and free"),
    };
    Ok((name.to_owned(), shape))
}

impl Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Staircase => formatter.write_str("staircase"),
            Shape::Parallel => formatter.write_str("parallel"),
            Shape::Waves(width) => write!(formatter, "waves:{width}"),
            Shape::Stalled => formatter.write_str("stalled"),
            Shape::Free => formatter.write_str("free"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_can_have_a_shape() {
        let timeline =
            Timeline::parse("--shape sequential=staircase,mio=waves:2 sequential mio -n 4").unwrap();
        let shapes = [("sequential".to_owned(), Shape::Staircase), ("mio".to_owned(), Shape::Waves(2))];
        assert_eq!(timeline.shapes, shapes);
        assert_eq!(timeline.recording().arguments, ["timeline", "sequential", "mio", "-n", "4"]);
    }

    #[test]
    fn a_cache_runs_beside_the_models() {
        let timeline =
            Timeline::parse("--shape it=parallel --cache \"--latency 1s\" it --numbers 7,8").unwrap();
        assert_eq!(
            timeline.recording().title(),
            "cache --latency 1s & timeline it --numbers 7,8 --cache ADDR"
        );
    }

    #[test]
    fn an_unknown_shape_is_refused() {
        for (text, problem) in [
            ("--shape mio=stairs mio", "`stairs` is no shape"),
            ("--shape mio=waves mio", "the number of clients"),
            ("--shape mio=waves:0 mio", "the number of clients"),
            ("--shape mio mio", "is not NAME=SHAPE"),
            ("--shape tokio=free mio", "tokio has a shape, and is not drawn"),
            ("", "name the models"),
        ] {
            let error = format!("{:#}", Timeline::parse(text).unwrap_err());
            assert!(error.contains(problem), "{error}");
        }
    }
}
