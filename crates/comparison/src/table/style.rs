//! The style of all parts of a table.

use anstyle::{AnsiColor, Style};

/// The widest line, however wide the terminal is.
pub(crate) const WIDEST: usize = 100;
pub(crate) const NOT_MEASURED: &str = "-";

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const TITLE: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const FAILED: Style = AnsiColor::Red.on_default();
pub(crate) const BEST: Style = GOOD.bold();
