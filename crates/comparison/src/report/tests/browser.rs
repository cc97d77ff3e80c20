//! The report in a real browser: it is drawn, and fits a page and a phone.

use charts::browser::{Frame, assert_drawn};

use super::super::super::analysis::analyse;
use super::super::super::example::{card, comparison};
use super::super::{WIDTHS, cost_svg, html, scatter_svg, throughput_svg};
use super::{FIGURES, WHOLE, charts_of};

#[test]
fn a_browser_draws_every_chart_on_a_page_and_on_a_phone() {
    let analysis = analyse(&comparison("full"));
    let page = html(&analysis, &WHOLE, None, Some(&card()));
    // One more sets the score card against the run.
    let charts = FIGURES.iter().map(|(_, _, all)| all).sum::<usize>() + 1;
    for (_, class) in WIDTHS {
        assert_eq!(charts_of(&page, class).len(), charts);
    }
    let pictures = throughput_svg(&analysis) + &cost_svg(&analysis);
    let scatter = scatter_svg(&analysis, &card());
    assert_drawn(&[
        Frame { width: 1200, page: &page, charts },
        Frame { width: 390, page: &page, charts },
        Frame { width: 360, page: &page, charts },
        Frame { width: 800, page: &pictures, charts: 2 },
        Frame { width: 460, page: &scatter, charts: 1 },
    ]);
}
