//! The report in a real browser without a window: that it is drawn, and that it fits a page and a phone.

use std::fs;
use std::process::Command;

use super::super::super::analysis::analyse;
use super::super::super::example::comparison;
use super::super::{WIDTHS, cost_svg, html, throughput_svg};
use super::{FIGURES, charts_of};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Longer than any browser takes for one page; then it is ended.
const SECONDS: &str = "90";

/// Measures each frame and says what it found, a line each: the frame's width, whether its page is wider than it, how
/// many charts are drawn, and what is wrong with their texts.
const MEASURE: &str = r"
const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
onload = () => {
  document.getElementById('found').textContent = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument, root = page.documentElement;
    let drawn = 0, wrong = [];
    for (const chart of page.querySelectorAll('svg.chart')) {
      const paper = chart.getBoundingClientRect();
      if (paper.width < 100 || paper.height < 50) continue;
      drawn++;
      const texts = [...chart.querySelectorAll('text')].filter(text => text.textContent);
      const boxes = texts.map(text => text.getBoundingClientRect());
      texts.forEach((text, one) => {
        const box = boxes[one];
        if (box.left < paper.left - 1 || box.right > paper.right + 1 || box.top < paper.top - 1 || box.bottom > paper.bottom + 1)
          wrong.push('clipped: ' + text.textContent);
        for (let other = 0; other < one; other++)
          if (meets(box, boxes[other])) wrong.push('overlap: ' + text.textContent + ' / ' + texts[other].textContent);
      });
    }
    return ['frame', frame.width, root.scrollWidth > root.clientWidth, drawn, wrong.join('; ')].join('|');
  }).join('\n');
};";

#[test]
fn a_browser_draws_every_chart_on_a_page_and_on_a_phone() {
    let Some(browser) = BROWSERS.into_iter().find(|name| is_installed(name)) else {
        eprintln!(
            "skipped a_browser_draws_every_chart_on_a_page_and_on_a_phone: none of {BROWSERS:?} is installed"
        );
        return;
    };
    let analysis = analyse(&comparison("full"));
    let page = html(&analysis);
    let charts: usize = FIGURES.iter().map(|(_, figures)| figures).sum();
    for (_, class) in WIDTHS {
        assert_eq!(charts_of(&page, class).len(), charts);
    }
    let pictures = throughput_svg(&analysis) + &cost_svg(&analysis);
    let frames = [(1200, &page), (390, &page), (360, &page), (800, &pictures)].map(|(width, content)| {
        let content = content.replace('&', "&amp;").replace('"', "&quot;");
        format!("<iframe width=\"{width}\" height=\"800\" srcdoc=\"{content}\"></iframe>")
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frames.html");
    fs::write(
        &file,
        format!(
            "<!doctype html><meta charset=utf-8><pre id=found></pre>{}<script>{MEASURE}</script>",
            frames.concat()
        ),
    )
    .unwrap();

    let output = Command::new("timeout")
        .args([SECONDS, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let found = dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let Some((found, _)) = found else {
        panic!(
            "{browser} ended with {} and drew nothing:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let expected = [(1200, charts), (390, charts), (360, charts), (800, 2)]
        .map(|(width, charts)| format!("frame|{width}|false|{charts}|"));
    assert_eq!(
        found.lines().collect::<Vec<&str>>(),
        expected,
        "width, page is wider, charts drawn, what is wrong"
    );
}

fn is_installed(browser: &str) -> bool {
    Command::new(browser).arg("--version").output().is_ok_and(|output| output.status.success())
}
