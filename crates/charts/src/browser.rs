//! Pages in a real headless browser. Only a browser knows the width of letters, so only it can detect text that leaves
//! the canvas or overlaps, and only it runs a page's script. For tests of this crate and of its users.

use std::process::{Command, Output};
use std::{env, fs};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Longer than any browser takes for one page, even on a busy machine; then it is killed.
const SECONDS: &str = "120";
/// The options with which a browser runs as root and in a container, without prompts and without network.
const OPTIONS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--dump-dom",
];

/// Measures each frame and writes a line for each: the frame's width, whether its page is wider, how many charts are
/// drawn, and the faults of their texts.
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

/// A page in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'page> {
    /// In CSS pixels.
    pub width: u32,
    /// HTML, or only SVG.
    pub page: &'page str,
    /// How many charts of the page are drawn at this width.
    pub charts: usize,
}

/// Asserts that each page draws its charts, that it is not wider than its frame, and that no text in its charts leaves
/// the canvas or overlaps. Without a browser as [`found`].
///
/// # Panics
/// If a page fails these checks, or as [`found`].
pub fn assert_drawn(frames: &[Frame<'_>]) {
    let Some(found) = found(&page_of(frames)) else { return };
    let expected: Vec<String> =
        frames.iter().map(|frame| format!("frame|{}|false|{}|", frame.width, frame.charts)).collect();
    assert_eq!(found.lines().collect::<Vec<&str>>(), expected, "width, page is wider, charts drawn, faults");
}

/// What stands in the page's `<pre id="found">` after it has loaded and its script has run. If no browser is installed, it
/// prints that and returns `None`.
///
/// # Panics
/// If the page has no such element, or if no browser is installed and `NO_SKIP` is in the environment.
pub fn found(page: &str) -> Option<String> {
    let Some(browser) = BROWSERS.into_iter().find(|name| is_installed(name)) else {
        let missing = format!("none of {BROWSERS:?} is installed");
        assert!(env::var_os("NO_SKIP").is_none(), "NO_SKIP is set, and this would be skipped: {missing}");
        eprintln!("skipped the checks that need a browser: {missing}");
        return None;
    };
    let output = dump(browser, page);
    let dom = String::from_utf8_lossy(&output.stdout);
    let found = dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let Some((found, _)) = found else {
        panic!(
            "{browser} ended with {} and drew nothing:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Some(found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// A page that contains all frames and measures them.
fn page_of(frames: &[Frame<'_>]) -> String {
    let frames = frames.iter().map(|frame| {
        let (width, page) = (frame.width, frame.page.replace('&', "&amp;").replace('"', "&quot;"));
        format!("<iframe width=\"{width}\" height=\"800\" srcdoc=\"{page}\"></iframe>")
    });
    let frames: String = frames.collect();
    format!("<!doctype html><meta charset=utf-8><pre id=found></pre>{frames}<script>{MEASURE}</script>")
}

/// The document in the browser after the page has loaded.
fn dump(browser: &str, page: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder for the page and the browser's profile");
    let file = folder.path().join("frames.html");
    fs::write(&file, page).expect("a page in a fresh folder");
    // A new profile, so that a running browser of the user does not open the page instead.
    bounded(browser)
        .args(OPTIONS)
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("`timeout` starts")
}

fn is_installed(browser: &str) -> bool {
    bounded(browser).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The browser with all its processes, with a time limit.
fn bounded(browser: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS, browser]);
    command
}
