//! Tables that may be wider than a phone.

use maud::{Markup, html};

/// A table that scrolls within its own box, also by keyboard.
pub(super) fn boxed(title: &str, rows: &Markup) -> Markup {
    html! {
        div.box role="region" tabindex="0" aria-label=(title) { table { (rows) } }
    }
}
