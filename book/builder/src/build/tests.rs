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

/// What the keys do at the button of the table of contents, on a phone, where the table is closed at first.
const KEYS: &str = r"
onload = () => {
  const { document: page, KeyboardEvent } = document.querySelector('iframe').contentWindow;
  const button = page.getElementById('mdbook-sidebar-toggle'), state = page.getElementById('mdbook-sidebar-toggle-anchor');
  const reached = () => { button.focus(); return page.activeElement === button; };
  const press = key => button.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const after = key => { press(key); return state.checked ? 'open' : 'closed'; };
  document.getElementById('found').textContent =
    `reached: ${reached()}; ${['Tab', 'Enter', ' ', 'Enter'].map(after).join(', ')}`;
};";

#[test]
fn no_page_is_wider_than_a_phone() {
    let folder = tempfile::tempdir().unwrap();
    let chapters = built(folder.path());
    let frames: String = chapters.iter().map(|chapter| frame(folder.path(), chapter)).collect();
    let Some(found) = browser::found(&page(&frames, SEEN)) else { return };
    let count = chapters.len();
    assert_eq!(found, format!("{count} pages, {count} with their style"));
}

#[test]
fn the_table_of_contents_opens_and_closes_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let chapters = built(folder.path());
    let Some(found) = browser::found(&page(&frame(folder.path(), &chapters[0]), KEYS)) else { return };
    assert_eq!(found, "reached: true; closed, open, closed, open");
}

/// The book in this folder. What is missing while somebody writes is told by `check`.
fn built(folder: &Path) -> Vec<Chapter> {
    let places = Places::of_this_repository();
    assert_eq!(build(&places, folder, true).unwrap(), []);
    chapter::chapters(&places).unwrap().0
}

/// A chapter's page in a frame as wide as a phone.
fn frame(folder: &Path, chapter: &Chapter) -> String {
    let html = fs::read_to_string(folder.join(&chapter.path).with_extension("html")).unwrap();
    let base = format!("<head><base href=\"file://{}/\">", folder.display());
    let page = html.replacen("<head>", &base, 1).replace('&', "&amp;").replace('"', "&quot;");
    format!("<iframe title=\"{}\" width=390 height=800 srcdoc=\"{page}\"></iframe>", chapter.path)
}

fn page(frames: &str, script: &str) -> String {
    format!("<!doctype html><meta charset=utf-8><pre id=found></pre>{frames}<script>{script}</script>")
}
