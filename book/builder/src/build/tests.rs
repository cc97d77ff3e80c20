//! The book as it is, in a real browser.

use charts::browser;

use super::*;

/// For each page, whether it is wider than a phone, and what is to blame.
const SEEN: &str = r"
const styles = element => getComputedStyle(element);
const scrolls = element => element.tagName !== 'MAIN' && (styles(element).overflowX !== 'visible' || scrolls(element.parentElement));
const wide = frame => {
  const page = frame.contentDocument, content = page.querySelector('.content');
  // mdBook lets the content scroll, so that the page never does.
  if ([page.documentElement, content].every(element => element.scrollWidth <= element.clientWidth)) return [];
  const outside = element => element.getBoundingClientRect().right > content.clientWidth + 1 && !scrolls(element.parentElement);
  return [...page.querySelectorAll('main *')].filter(outside)
    .map(element => `${frame.title}: ${element.tagName} ${element.textContent.slice(0, 60)}`).concat(`${frame.title} is too wide`);
};
onload = () => {
  const frames = [...document.querySelectorAll('iframe')];
  const styled = frames.filter(frame => styles(frame.contentDocument.querySelector('.content')).overflowY === 'auto');
  document.getElementById('found').textContent = [`${frames.length} pages, ${styled.length} with their style`, ...frames.flatMap(wide)].join('\n');
};";

#[test]
fn no_page_is_wider_than_a_phone() {
    let places = Places::of_this_repository();
    let folder = tempfile::tempdir().unwrap();
    // What is missing while somebody writes is told by `check`.
    assert_eq!(build(&places, folder.path(), true).unwrap(), []);
    let (chapters, _) = chapter::chapters(&places).unwrap();
    let frame = |chapter: &Chapter| {
        let html = fs::read_to_string(folder.path().join(&chapter.path).with_extension("html")).unwrap();
        let base = format!("<head><base href=\"file://{}/\">", folder.path().display());
        let page = html.replacen("<head>", &base, 1).replace('&', "&amp;").replace('"', "&quot;");
        format!("<iframe title=\"{}\" width=390 height=800 srcdoc=\"{page}\"></iframe>", chapter.path)
    };
    let frames: String = chapters.iter().map(frame).collect();
    let page =
        format!("<!doctype html><meta charset=utf-8><pre id=found></pre>{frames}<script>{SEEN}</script>");
    let Some(found) = browser::found(&page) else { return };
    let count = chapters.len();
    assert_eq!(found, format!("{count} pages, {count} with their style"));
}
