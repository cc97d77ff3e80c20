//! Live progress on standard error: a bar on a terminal that can redraw it, plain lines elsewhere.
//!
//! A separate thread draws at most four times a second. It only reads the run's [`Handle`], so that the load is
//! not disturbed.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use text::{output, terminal};

use crate::handle::Handle;

/// How often a bar is redrawn.
const TICK: Duration = Duration::from_millis(250);

/// How often a line is printed where there is no terminal, besides one for each new part of a run.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// How long the end of a display is waited for. If nobody reads standard error (a full pipe, a terminal that was stopped
/// with Ctrl-S) its thread may wait for ever, and the figures must not.
const LAST_LINE: Duration = Duration::from_secs(1);

/// The progress display; dropping it ends the display.
#[derive(Debug)]
pub(crate) struct Progress {
    /// `None` if nothing is shown.
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    news: Sender<News>,
    /// Disconnected when the display has ended.
    ended: Receiver<()>,
}

/// What is shown.
#[derive(Debug)]
enum News {
    Begins(Part),
    Warning(String),
}

/// A part of a run.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The activity, such as "measuring".
    pub(crate) doing: String,
    /// How long it takes, if known.
    pub(crate) length: Option<Duration>,
    /// Whether messages are counted.
    pub(crate) counts: bool,
}

impl Progress {
    /// Starts the display; if `quiet`, nothing is shown.
    pub(crate) fn start(handle: &Handle, quiet: bool) -> Self {
        if quiet {
            return Progress { shown: None };
        }
        let (news, received) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let handle = handle.clone();
        let draw = move || {
            // Dropped at the end of this thread.
            let _end = end;
            let mut view = View::new();
            let mut current: Option<Current> = None;
            loop {
                match received.recv_timeout(TICK) {
                    Ok(News::Begins(part)) => {
                        let begun = current.insert(Current::begin(part));
                        view.part_begins(begun);
                    }
                    Ok(News::Warning(text)) => view.warn(&text),
                    Err(RecvTimeoutError::Timeout) => {
                        if let Some(current) = &mut current {
                            view.update(current, &handle);
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return view.end(),
                }
            }
        };
        // If the thread cannot be spawned the run goes on without a display.
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(draw);
        Progress { shown: thread.is_ok().then_some(Shown { news, ended }) }
    }

    /// Shows that the next part of the run begins.
    pub(crate) fn begins(&self, part: Part) {
        self.show(News::Begins(part));
    }

    /// Whether anything is shown.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows a warning, unless nothing is shown. The run does not wait for its reader.
    pub(crate) fn warns(&self, text: String) {
        self.show(News::Warning(text));
    }

    fn show(&self, news: News) {
        if let Some(shown) = &self.shown {
            let _ = shown.news.send(news);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Shown { news, ended }) = self.shown.take() {
            drop(news);
            let _: Result<(), RecvTimeoutError> = ended.recv_timeout(LAST_LINE);
        }
    }
}

/// The part of a run that is in progress.
#[derive(Debug)]
struct Current {
    part: Part,
    since: Instant,
    /// When the message count was last read, and its value.
    seen: (Instant, u64),
}

impl Current {
    fn begin(part: Part) -> Self {
        let now = Instant::now();
        Current { part, since: now, seen: (now, 0) }
    }

    /// The text to show at `now`, with this many messages answered.
    #[expect(clippy::cast_precision_loss, reason = "a rate for human readers")]
    fn state(&mut self, now: Instant, messages: u64) -> String {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        let mut state = match self.part.length {
            Some(length) => format!("{}: {passed:.1} of {:.1} s", self.part.doing, length.as_secs_f64()),
            None => format!("{}: {passed:.1} s", self.part.doing),
        };
        let (then, before) = std::mem::replace(&mut self.seen, (now, messages));
        let between = now.saturating_duration_since(then).as_secs_f64();
        if self.part.counts && between > 0.0 {
            let rate = messages.saturating_sub(before) as f64 / between;
            state.push_str(&format!(", {rate:.0} messages per second"));
        }
        state
    }
}

enum View {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl View {
    fn new() -> Self {
        if !terminal::stderr_can_redraw() {
            return View::Lines { last: Instant::now() };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
        View::Bar(bar)
    }

    fn part_begins(&mut self, current: &Current) {
        match self {
            View::Bar(bar) => {
                let template =
                    if current.part.length.is_some() { "{bar:30} {msg}" } else { "{spinner} {msg}" };
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style.progress_chars("━╸─"));
                }
                bar.set_length(current.part.length.map_or(0, milliseconds));
                bar.set_position(0);
                bar.set_message(current.part.doing.clone());
            }
            View::Lines { last } => {
                *last = Instant::now();
                output::note(&current.part.doing);
            }
        }
    }

    fn warn(&mut self, text: &str) {
        match self {
            View::Bar(bar) => bar.println(text),
            View::Lines { .. } => output::note(text),
        }
    }

    fn update(&mut self, current: &mut Current, handle: &Handle) {
        let now = Instant::now();
        match self {
            View::Bar(bar) => {
                bar.set_position(milliseconds(now.saturating_duration_since(current.since)));
                bar.set_message(current.state(now, handle.messages()));
                bar.tick();
            }
            View::Lines { last } => {
                if now.saturating_duration_since(*last) >= BETWEEN_LINES {
                    *last = now;
                    output::note(&current.state(now, handle.messages()));
                }
            }
        }
    }

    fn end(self) {
        if let View::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_covers_the_time_since_the_last_update() {
        let part = Part { doing: "measuring".to_owned(), length: Some(Duration::from_secs(5)), counts: true };
        let mut current = Current::begin(part);
        let at = |milliseconds| current.since + Duration::from_millis(milliseconds);
        let (first, second) = (at(500), at(1_500));
        assert_eq!(current.state(first, 1_000), "measuring: 0.5 of 5.0 s, 2000 messages per second");
        assert_eq!(current.state(second, 1_600), "measuring: 1.5 of 5.0 s, 600 messages per second");
    }

    #[test]
    fn a_part_without_counting_or_length_shows_only_the_elapsed_time() {
        let part = Part { doing: "draining".to_owned(), length: None, counts: false };
        let mut current = Current::begin(part);
        let then = current.since + Duration::from_secs(2);
        assert_eq!(current.state(then, 7), "draining: 2.0 s");
    }
}
