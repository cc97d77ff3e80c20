//! The page on which a trace can be played with (`book/playground`): its table, its engine, and its controls.

use std::fs;
use std::path::Path;
use std::process::Command;

use charts::browser;
use fastrand::Rng;
use protocol::Session;
use serde_json::json;
use text::escapes::Buffer;

/// How the page's engine is compared: it reads the text of each input, takes its transitions, and counts those that are not as
/// expected; once more with a table of which one output was altered.
const COMPARE: &str = r"
const { machine, transitions, parse, text } = window.protocolTrace;
const json = name => JSON.parse(document.getElementById(name).textContent);
const inputs = json('inputs');
const compared = table => {
  const state_machine = machine(table);
  let same = 0, other = 0;
  for (const input of inputs) {
    const bytes = parse(input.text), rows = transitions(state_machine, bytes);
    if (text(bytes) !== input.text || rows.length !== input.transitions.length) other++;
    rows.forEach((row, index) => {
      const seen = JSON.stringify([row.state, row.byte, row.output, row.next]);
      seen === JSON.stringify(input.transitions[index]) ? same++ : other++;
    });
  }
  return `${same} same, ${other} other`;
};
const table = json('tracer-table'), altered = json('tracer-table');
altered.rows.find(row => row.state === 'InMsg' && row.byte === 97).output = 97;
document.getElementById('found').textContent = compared(table) + '\n' + compared(altered);
";

/// What a reader does, in a frame for each width and colour scheme.
const USE: &str = r"
const uses = frame => {
  const { document: page, KeyboardEvent, PointerEvent, Event } = frame.contentWindow;
  const one = selector => page.querySelector(selector), all = selector => [...page.querySelectorAll(selector)];
  const lines = [], note = (name, value) => lines.push(`${name}: ${value}`);
  let escaped = 0;
  page.addEventListener('keydown', () => escaped++);
  const press = key => page.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const click = action => one(`[data-action=${action}]`).click();
  const type = text => { one('textarea').value = text; one('textarea').dispatchEvent(new Event('input', { bubbles: true })); };
  const predict = text => { one('#tracer-prediction').value = text; one('[type=submit]').click(); };
  const reads = () => one('textarea').value.replaceAll('\n', ' ');
  const said = () => one('[role=status]').textContent;

  note('without a label', all('.tracer :is(textarea, input, select)').filter(field => field.labels.length === 0).length);
  note('without words', all('.tracer :is(button, [role=slider])').filter(control => !(control.textContent || control.ariaLabel)).length);
  type('^ab\nc$d');
  note('bytes', all('.tracer-tile').length);
  predict('');
  note('first', said());
  predict('x');
  note('second', said());
  predict('\\q');
  note('no prediction', said());
  note('sent', one('output').textContent);
  note('rows', all('tbody tr').map(row => row.textContent.replace(/\s+/g, ' ')).join(', '));
  note('tile', one('.tracer-tile').ariaLabel);

  one('[role=slider]').focus();
  press('ArrowLeft');
  press('ArrowLeft');
  press('ArrowLeft');
  note('moved', `${reads()}, ${one('[role=slider]').ariaValueText}, focused: ${page.activeElement === one('[role=slider]')}`);
  note('still sent', one('output').textContent);
  press('Delete');
  note('removed', reads());
  click('cut');
  note('added', reads());
  press('a');
  note('keys that reach the book', escaped);

  const { left, right, top, bottom } = all('.tracer-tile')[4].getBoundingClientRect();
  const point = { pointerId: 1, bubbles: true, cancelable: true, clientX: (left + 3 * right) / 4, clientY: (top + bottom) / 2 };
  one('[role=slider]').dispatchEvent(new PointerEvent('pointerdown', point));
  one('.tracer-tiles').dispatchEvent(new PointerEvent('pointermove', point));
  one('.tracer-tiles').dispatchEvent(new PointerEvent('pointerup', point));
  one('.tracer-tiles').dispatchEvent(new PointerEvent('pointermove', { ...point, clientX: 0 }));
  note('dragged', reads());

  one('select').value = 'read';
  one('select').dispatchEvent(new Event('change', { bubbles: true }));
  click('restart');
  predict('bcd');
  note('a read', said());
  click('show');
  note('the end', one('.tracer-question').textContent);
  note('command', one('.tracer-command').textContent);
  type('a\\q');
  note('problem', one('[role=alert]').textContent);
  type('^' + 'a'.repeat(200));
  note('too long', one('[role=alert]').textContent);
  click('another');
  note('another', `${all('[role=slider]').length} cuts, ${one('[role=alert]').textContent.length} problems`);
  type('^\\xff\\xfe\n' + 'a'.repeat(100));
  click('show');
  click('show');
  note('rows', all('tbody tr').length);
  note('wider than its frame', page.documentElement.scrollWidth > page.documentElement.clientWidth);
  note('table wider', one('.tracer-scroll').scrollWidth > one('.tracer-scroll').clientWidth);
  const colour = theme => {
    page.documentElement.className = theme;
    return getComputedStyle(one('.tracer')).getPropertyValue('color-scheme');
  };
  note('schemes', ['', 'light', 'rust', 'coal', 'navy', 'ayu'].map(colour).join(', '));
  return lines.join('\n');
};
onload = () => {
  document.getElementById('found').textContent = [...document.querySelectorAll('iframe')].map(uses).join('\n\n');
};
";

/// What they see.
const SEEN: &str = r"without a label: 0
without words: 0
bytes: 6
first: Right: no output. 1 of 1.
second: Wrong: it is b. 1 of 2.
no prediction: \q is no escape; use \xff (any two hex digits), \n, \r, \t, \0 or \\
sent: *b
rows: ^ 5eWaitForMsg-InMsg, a 61InMsgb 62InMsg
tile: byte 1 of 6, ^, hexadecimal 5e: state before WaitForMsg, output none, state after InMsg
moved: ^ abc$d, after byte 1, ^, focused: true
still sent: *b
removed: ^abc$d
added: ^ab c$d
keys that reach the book: 0
dragged: ^abc$ d
a read: Right: bcd. 1 of 1.
the end: All 6 bytes were fed. 1 of 1 predictions were right.
command: cargo run --release -- trace '^abc$' 'd'
problem: \q is no escape; use \xff (any two hex digits), \n, \r, \t, \0 or \\
too long: These are 201 bytes; at most 200 can be shown.
another: 2 cuts, 0 problems
rows: 103
wider than its frame: false
table wider: false
schemes: light dark, light, light, dark, dark, dark";

fn part(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/playground").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The parts as the book puts them into a page.
fn page() -> String {
    format!(
        "<!doctype html><meta charset=utf-8><style>{}</style>{}\
         <script type=\"application/json\" id=\"tracer-table\">{}</script><script>{}</script>",
        part("playground.css"),
        part("playground.html"),
        part("table.json"),
        part("playground.js")
    )
}

/// A connection's bytes, of which many are delimiters.
fn random_input(random: &mut Rng) -> Vec<u8> {
    let byte = |random: &mut Rng| match random.u8(0..8) {
        0 | 1 => b'^',
        2 => b'$',
        3 => b'a',
        _ => random.u8(..),
    };
    (0..random.usize(0..60)).map(|_| byte(random)).collect()
}

#[test]
fn the_table_of_the_page_is_the_protocols() {
    let output = Command::new(env!("CARGO_BIN_EXE_concurrent-servers")).args(["trace", "--table"]).output();
    let printed = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(
        printed == part("table.json"),
        "book/playground/table.json is not what the protocol does; write it anew: \
         cargo run -- trace --table > book/playground/table.json"
    );
}

#[test]
fn the_engine_of_the_page_takes_the_transitions_of_the_protocol() {
    let mut random = Rng::with_seed(14);
    let (mut transitions, mut of_the_altered_row) = (0, 0);
    let inputs: Vec<serde_json::Value> = (0..1000)
        .map(|_| {
            let bytes = random_input(&mut random);
            let mut session = Session::new();
            let expected: Vec<serde_json::Value> = session
                .trace(&bytes)
                .map(|step| {
                    transitions += 1;
                    of_the_altered_row += usize::from(step.state.as_str() == "InMsg" && step.byte == b'a');
                    json!([step.state.as_str(), step.byte, step.output, step.next.as_str()])
                })
                .collect();
            json!({ "text": Buffer::from(bytes).to_string(), "transitions": expected })
        })
        .collect();
    assert!(of_the_altered_row > 1000, "the altered row is hardly ever used: {of_the_altered_row}");
    let inputs = serde_json::to_string(&inputs).unwrap().replace('<', "\\u003c");
    let page = format!(
        "{}<pre id=found></pre><script type=\"application/json\" id=\"inputs\">{inputs}</script><script>{COMPARE}</script>",
        page()
    );
    let Some(found) = browser::found(&page) else { return };
    let as_expected = format!("{transitions} same, 0 other");
    let altered = format!("{} same, {of_the_altered_row} other", transitions - of_the_altered_row);
    assert_eq!(found, format!("{as_expected}\n{altered}"));
}

#[test]
fn a_reader_predicts_and_cuts_with_keys_and_pointer_on_a_page_and_on_a_phone() {
    let page = page().replace('&', "&amp;").replace('"', "&quot;");
    let frames =
        [390, 1200].map(|width| format!("<iframe width={width} height=800 srcdoc=\"{page}\"></iframe>"));
    let page = format!(
        "<!doctype html><meta charset=utf-8><pre id=found></pre>{}<script>{USE}</script>",
        frames.concat()
    );
    let Some(found) = browser::found(&page) else { return };
    for seen in found.split("\n\n") {
        assert_eq!(seen, SEEN);
    }
    assert_eq!(found.split("\n\n").count(), 2);
}
