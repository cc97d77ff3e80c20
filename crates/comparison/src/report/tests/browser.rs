//! The report in a real browser: it is drawn, and fits a page and a phone.

use charts::browser::{Frame, assert_drawn};

use super::super::super::analysis::analyse;
use super::super::super::example::comparison;
use super::super::{WIDTHS, cost_svg, throughput_svg};
use super::{FIGURES, charts_of, page_of};

#[test]
fn a_browser_draws_every_chart_on_a_page_and_on_a_phone() {
    let analysis = analyse(&comparison("full"));
    let page = page_of(&analysis);
    let charts: usize = FIGURES.iter().map(|(_, _, all)| all).sum();
    for (_, class) in WIDTHS {
        assert_eq!(charts_of(&page, class).len(), charts);
    }
    let pictures = throughput_svg(&analysis) + &cost_svg(&analysis);
    assert_drawn(&[
        Frame { width: 1200, page: &page, charts },
        Frame { width: 390, page: &page, charts },
        Frame { width: 360, page: &page, charts },
        Frame { width: 800, page: &pictures, charts: 2 },
    ]);
}
