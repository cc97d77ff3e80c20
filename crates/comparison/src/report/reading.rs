//! How to read the page: before what is to be read.

use maud::{Markup, html};

use text::units;

use crate::analysis::Analysis;

/// The section before the answers.
pub(super) fn reading(analysis: &Analysis) -> Markup {
    html! {
        section aria-labelledby="reading" {
            h2 #reading { "How to read this page" }
            ul {
                li { b { "Round" } ": each server once, as a new process, under verified load. Figures are medians over the rounds." }
                li {
                    b { "Against each other" } ": two servers are divided within each round, so that slow drift of the "
                    "machine cancels out. The figure of many rounds is the trimmed geometric mean of these quotients (of 15 rounds and more "
                    "the highest and the lowest fifth are left out), with its interval."
                }
                li {
                    b { "Claimed" } ": the 95 % interval excludes all that two runs of the same program (twins) differ by, and the "
                    "difference holds among all comparisons of this run (Holm, 5 %), of which there are " (units::whole(analysis.comparisons as u64)) ". "
                    "Anything else is \"no difference shown\", which does not mean that there is none."
                }
                li {
                    b { "Floor" } ": raw echo without the protocol, the cost of the kernel; one uses threads, one a readiness loop, "
                    "one a ring of operations. Multiples of different floors cannot be compared with each other."
                }
                li {
                    b { "★" } " stands only at the best of those that serve every client, and only if it is claimed to be better "
                    "than each of them."
                }
                li {
                    b { "Marks" } " have the shape and the colour of their server. A tail: the load generator was at its limit, "
                    "so the server may be faster. Struck through: clients starve. A cross: the round is invalid. The legend "
                    "below each chart names what occurs in it."
                }
            }
        }
    }
}
