//! The timeline as a picture that stands by itself: no script, no font and no file from elsewhere.

mod marks;

use std::fmt::{self, Write};
use std::time::Duration;

use super::axis::ticks;
use super::lanes::{Chart, Lane};
use charts::escape;
use marks::{write_bar, write_receives, write_sends, write_words};

// All lengths are in units of the picture, of which it is WIDTH wide.
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
/// Where lanes begin: behind the clients' names.
const LEFT: f64 = 96.0;
/// Where lanes end: before what is written behind a bar.
const RIGHT: f64 = WIDTH - 96.0;
const HEAD: f64 = 84.0;
const CHART_HEAD: f64 = 30.0;
const CHART_GAP: f64 = 16.0;
const LANE: f64 = 24.0;
const BAR: f64 = 18.0;
const WAIT: f64 = 4.0;
const MARK: f64 = 10.0;
const FOOT: f64 = 32.0;
const MOST_TICKS: usize = 12;

/// Colours with enough contrast on light and on dark paper, none of them the only sign of anything.
const STYLE: &str = "\
    text { font: 14px system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: #1f2328 }
    .head { font-size: 20px; font-weight: 600 }
    .name { font-weight: 600 }
    .quiet, .quiet tspan { fill: #59636e }
    .paper { fill: #ffffff }
    .grid { stroke: #d1d9e0 }
    .waits { fill: #9a6700 }
    .served { fill: #0969da }
    .served.failed { fill: #cf222e }
    .mark { fill: #ffffff }
    text.failed { fill: #cf222e; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .quiet, .quiet tspan { fill: #9198a1 }
      .paper { fill: #0d1117 }
      .grid { stroke: #3d444d }
      .waits { fill: #d29922 }
      .served { fill: #4493f8 }
      .served.failed { fill: #f85149 }
      .mark { fill: #0d1117 }
      text.failed { fill: #f85149 }
    }";

/// Draws all charts over one time axis.
pub(super) fn draw(charts: &[Chart]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_picture(&mut text, charts);
    text
}

fn write_picture(text: &mut String, charts: &[Chart]) -> fmt::Result {
    let scale = Scale { end: Chart::end_of_all(charts) };
    let bottom = HEAD + charts.iter().map(height).sum::<f64>();
    let height = bottom + FOOT;
    writeln!(
        text,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title description">"#
    )?;
    let clients = charts.iter().map(|chart| chart.lanes.len()).max().unwrap_or(0);
    let plural = if clients == 1 { "" } else { "s" };
    let title = format!("{clients} scripted client{plural} at once, model by model");
    writeln!(text, r#"  <title id="title">{title}</title>"#)?;
    writeln!(text, r#"  <desc id="description">{}</desc>"#, escape(&describe(charts)))?;
    writeln!(text, "  <style>\n{STYLE}\n  </style>")?;
    writeln!(text, r#"  <rect class="paper" width="{WIDTH}" height="{height}"/>"#)?;
    writeln!(text, r#"  <text class="head" x="{MARGIN}" y="36">{title}</text>"#)?;
    write_legend(text)?;
    write_axis(text, &scale, bottom)?;
    let mut top = HEAD;
    for chart in charts {
        write_chart(text, &scale, chart, top)?;
        top += self::height(chart);
    }
    writeln!(text, "</svg>")
}

fn height(chart: &Chart) -> f64 {
    CHART_HEAD + chart.lanes.iter().map(|_| LANE).sum::<f64>() + CHART_GAP
}

/// The picture in words, for those who cannot see it.
fn describe(charts: &[Chart]) -> String {
    let sentences = charts.iter().map(|chart| {
        let longest_wait =
            chart.lanes.iter().map(|lane| lane.served_from().saturating_sub(lane.arrived)).max();
        let failed = chart.lanes.iter().filter(|lane| lane.failure.is_some()).count();
        format!(
            "{} ({}): {} clients in {}; the longest wait for the greeting was {}; {failed} failed.",
            chart.name,
            chart.title,
            chart.lanes.len(),
            seconds(chart.elapsed),
            seconds(longest_wait.unwrap_or_default()),
        )
    });
    sentences.collect::<Vec<String>>().join(" ")
}

fn write_legend(text: &mut String) -> fmt::Result {
    let y = 60.0;
    writeln!(text, r#"  <g class="legend">"#)?;
    write_bar(text, "waits", MARGIN, MARGIN + 28.0, y, WAIT)?;
    write_words(text, MARGIN + 36.0, y, "waits for '*'")?;
    write_bar(text, "served", 160.0, 188.0, y, BAR)?;
    write_words(text, 196.0, y, "is served")?;
    write_bar(text, "served", 286.0, 314.0, y, BAR)?;
    write_sends(text, 300.0, y)?;
    write_words(text, 322.0, y, "sends")?;
    write_bar(text, "served", 388.0, 416.0, y, BAR)?;
    write_receives(text, 402.0, y)?;
    write_words(text, 424.0, y, "receives")?;
    write_bar(text, "served failed", 508.0, 536.0, y, BAR)?;
    write_words(text, 544.0, y, "fails")?;
    writeln!(text, "  </g>")
}

fn write_axis(text: &mut String, scale: &Scale, bottom: f64) -> fmt::Result {
    let y = bottom + 10.0;
    writeln!(text, r#"  <g class="axis">"#)?;
    for tick in ticks(scale.end, MOST_TICKS) {
        let x = scale.x(tick.at);
        writeln!(
            text,
            r#"    <text class="quiet" x="{x:.1}" y="{y:.1}" text-anchor="middle">{}</text>"#,
            tick.label
        )?;
    }
    writeln!(text, "  </g>")
}

/// The axis's ticks behind the lanes of one chart.
fn write_grid(text: &mut String, scale: &Scale, top: f64, bottom: f64) -> fmt::Result {
    for tick in ticks(scale.end, MOST_TICKS) {
        let x = scale.x(tick.at);
        writeln!(text, r#"    <path class="grid" d="M{x:.1} {top:.1}V{bottom:.1}"/>"#)?;
    }
    Ok(())
}

fn write_chart(text: &mut String, scale: &Scale, chart: &Chart, top: f64) -> fmt::Result {
    writeln!(text, r#"  <g class="model">"#)?;
    writeln!(
        text,
        r#"    <text class="name" x="{MARGIN}" y="{:.1}">{} <tspan class="quiet" font-weight="400" dx="6">{}, {}</tspan></text>"#,
        top + 20.0,
        escape(&chart.name),
        escape(&chart.title),
        seconds(chart.elapsed),
    )?;
    write_grid(text, scale, top + CHART_HEAD, top + height(chart) - CHART_GAP)?;
    let mut middle = top + CHART_HEAD + LANE / 2.0;
    for lane in &chart.lanes {
        write_lane(text, scale, lane, middle)?;
        middle += LANE;
    }
    writeln!(text, "  </g>")
}

fn write_lane(text: &mut String, scale: &Scale, lane: &Lane, middle: f64) -> fmt::Result {
    let (arrived, served, ended) = (scale.x(lane.arrived), scale.x(lane.served_from()), scale.x(lane.ended));
    writeln!(text, r#"    <g class="client">"#)?;
    writeln!(text, "    <title>{}</title>", escape(&story(lane)))?;
    write_words(text, MARGIN, middle, &lane.client)?;
    write_bar(text, "waits", arrived, served, middle, WAIT)?;
    let failed = lane.failure.is_some();
    if lane.greeted.is_some() {
        write_bar(text, if failed { "served failed" } else { "served" }, served, ended, middle, BAR)?;
    }
    // Marks are symbols of some width: one at the very edge of a bar moves inside, to be seen whole.
    let inside = |at| scale.x(at).min(ended - MARK / 2.0).max(served + MARK / 2.0);
    for &at in &lane.sent {
        write_sends(text, inside(at), middle)?;
    }
    for &at in &lane.received {
        write_receives(text, inside(at), middle)?;
    }
    let (class, word) = if failed { ("failed", "✗ ") } else { ("quiet", "") };
    writeln!(
        text,
        r#"    <text class="{class}" x="{:.1}" y="{:.1}">{word}{}</text>"#,
        ended + 8.0,
        middle + 5.0,
        seconds(lane.ended)
    )?;
    writeln!(text, "    </g>")
}

/// What happened to a client, in words.
fn story(lane: &Lane) -> String {
    let waited = seconds(lane.served_from().saturating_sub(lane.arrived));
    match (&lane.failure, lane.greeted) {
        (Some(failure), _) => format!("{} failed: {failure}", lane.client),
        (None, Some(greeted)) => {
            let served = seconds(lane.ended.saturating_sub(greeted));
            format!("{} waited {waited} and was served for {served}", lane.client)
        }
        (None, None) => format!("{} waited {waited}", lane.client),
    }
}

/// Maps times to places.
struct Scale {
    end: Duration,
}

impl Scale {
    fn x(&self, at: Duration) -> f64 {
        LEFT + (RIGHT - LEFT) * at.div_duration_f64(self.end).min(1.0)
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}
