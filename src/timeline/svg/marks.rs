//! The few shapes that a timeline is drawn with.

use std::fmt::{self, Write};

use charts::escape;

/// A bar of this height around `middle`.
pub(super) fn write_bar(
    text: &mut String,
    class: &str,
    from: f64,
    to: f64,
    middle: f64,
    height: f64,
) -> fmt::Result {
    let (width, y) = (to - from, middle - height / 2.0);
    writeln!(
        text,
        r#"    <rect class="{class}" x="{from:.1}" y="{y:.1}" width="{width:.1}" height="{height}" rx="2"/>"#
    )
}

/// A triangle that points up, in the upper half of a bar.
pub(super) fn write_sends(text: &mut String, x: f64, middle: f64) -> fmt::Result {
    let y = middle - 1.0;
    writeln!(text, r#"    <path class="mark sends" d="M{x:.1} {y:.1}m-4 0h8l-4 -6z"/>"#)
}

/// A triangle that points down, in the lower half of a bar.
pub(super) fn write_receives(text: &mut String, x: f64, middle: f64) -> fmt::Result {
    let y = middle + 1.0;
    writeln!(text, r#"    <path class="mark receives" d="M{x:.1} {y:.1}m-4 0h8l-4 6z"/>"#)
}

/// Words beside what is drawn around `y`.
pub(super) fn write_words(text: &mut String, x: f64, y: f64, words: &str) -> fmt::Result {
    writeln!(text, r#"    <text x="{x:.1}" y="{:.1}">{}</text>"#, y + 5.0, escape(words))
}
