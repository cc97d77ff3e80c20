// A trace to play with. The first part is the protocol: the table that `trace --table` prints, and nothing else. The
// second part is the page around it.
(() => {
  'use strict';

  const MOST_BYTES = 200;
  const ESCAPES = { n: 10, r: 13, t: 9, 0: 0, '\\': 92 };

  /** The state machine of a table: its start, and a step from a state and a byte to a row. */
  const machine = table => {
    const rows = new Map(table.rows.map(row => [`${row.state} ${row.byte}`, row]));
    return { greeting: table.greeting, start: table.start, step: (state, byte) => rows.get(`${state} ${byte}`) };
  };

  /** The rows that the bytes of a connection take, one after the other. Where they were cut makes no difference. */
  const transitions = ({ start, step }, bytes) => {
    let state = start;
    return bytes.map(byte => {
      const row = step(state, byte);
      state = row.next;
      return row;
    });
  };

  /** The bytes of a text with escapes. Throws an Error that says what is wrong. */
  const parse = text => {
    const bytes = [];
    for (let rest = text; rest !== '';) {
      const plain = /^[^\\]+/.exec(rest);
      if (plain) {
        bytes.push(...new TextEncoder().encode(plain[0]));
        rest = rest.slice(plain[0].length);
        continue;
      }
      const escape = /^\\(?:([nrt0\\])|x([0-9a-fA-F]{2}))/.exec(rest);
      if (!escape) throw new Error(`${rest.slice(0, 4)} is no escape; use \\xff (any two hex digits), \\n, \\r, \\t, \\0 or \\\\`);
      bytes.push(escape[1] === undefined ? parseInt(escape[2], 16) : ESCAPES[escape[1]]);
      rest = rest.slice(escape[0].length);
    }
    return bytes;
  };

  const hex = byte => byte.toString(16).padStart(2, '0');

  /** A byte as text that `parse` reads back. */
  const readable = byte => {
    const escape = Object.keys(ESCAPES).find(letter => ESCAPES[letter] === byte);
    if (escape !== undefined) return `\\${escape}`;
    return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${hex(byte)}`;
  };
  const text = bytes => bytes.map(readable).join('');

  const outputs = rows => rows.filter(row => row.output !== null).map(row => row.output);

  // For tests.
  window.protocolTrace = { machine, transitions, parse, text, outputs };

  const root = document.querySelector('.tracer');
  const table = document.getElementById('tracer-table');
  if (!root || !table) return;

  const protocol = machine(JSON.parse(table.textContent));
  const states = [...new Set(JSON.parse(table.textContent).rows.map(row => row.state))];
  const part = name => root.querySelector(`.tracer-${name}`);
  const app = part('app'), tiles = part('tiles'), prediction = root.querySelector('#tracer-prediction');
  const field = root.querySelector('#tracer-reads'), step = root.querySelector('#tracer-step');

  /** The bytes, where they are cut, how many of them were fed, and how many predictions were right. */
  let bytes = [], cuts = [], fed = 0, right = 0, asked = 0;

  const rows = () => transitions(protocol, bytes);
  const reads = () => [...cuts, bytes.length].map((end, index) => bytes.slice(index === 0 ? 0 : cuts[index - 1], end));
  const shown = byte => byte === 32 ? "' '" : readable(byte);
  /** The end of the next step: a byte, or the rest of a read. */
  const end = () => step.value === 'byte' ? fed + 1 : [...cuts, bytes.length].find(cut => cut > fed);
  const make = (name, classes, words = '') => {
    const element = document.createElement(name);
    element.className = classes;
    element.textContent = words;
    return element;
  };

  const tile = (row, index) => {
    const is_fed = index < fed, output = row.output === null ? '-' : shown(row.output);
    const state = is_fed ? `before-${states.indexOf(row.state)}` : index === fed ? 'unseen next' : 'unseen';
    const item = make('li', `tracer-tile ${state}`);
    item.dataset.index = index;
    item.append(
      make('span', 'tracer-states', is_fed ? `${row.state[0]}→${row.next[0]}` : ''),
      make('span', 'tracer-byte', shown(row.byte)),
      make('span', '', hex(row.byte)),
      make('span', 'tracer-output', is_fed ? output : '?'),
    );
    const words = is_fed
      ? `state before ${row.state}, output ${row.output === null ? 'none' : output}, state after ${row.next}`
      : 'not fed yet';
    item.setAttribute('role', 'listitem');
    item.setAttribute('aria-label', `byte ${index + 1} of ${bytes.length}, ${shown(row.byte)}, hexadecimal ${hex(row.byte)}: ${words}`);
    return item;
  };

  const bounds = cut => [(cuts[cut - 1] ?? 0) + 1, (cuts[cut + 1] ?? bytes.length) - 1];

  const handle = cut => {
    const item = make('li', ''), slider = make('span', 'tracer-cut');
    const [least, most] = bounds(cut);
    slider.dataset.cut = cut;
    slider.tabIndex = 0;
    for (const [name, value] of Object.entries({
      role: 'slider',
      'aria-label': `cut between read ${cut + 1} and read ${cut + 2}`,
      'aria-describedby': 'tracer-cuts',
      'aria-valuemin': least,
      'aria-valuemax': most,
      'aria-valuenow': cuts[cut],
      'aria-valuetext': `after byte ${cuts[cut]}, ${shown(bytes[cuts[cut] - 1])}`,
    })) slider.setAttribute(name, value);
    item.append(slider);
    return item;
  };

  const quoted = read => `'${text(read).replaceAll("'", "'\\''")}'`;

  const draw = () => {
    const all = rows(), past = all.slice(0, fed);
    const focused = document.activeElement?.dataset?.cut;
    tiles.replaceChildren(...all.flatMap((row, index) => {
      const cut = cuts.indexOf(index);
      return cut < 0 ? [tile(row, index)] : [handle(cut), tile(row, index)];
    }));
    // Of a cut that was removed, the focus goes to the next one, or to what adds one.
    if (focused !== undefined) (tiles.querySelector(`[data-cut="${focused}"]`) ?? root.querySelector('[data-action=cut]')).focus();
    part('key').textContent = states.map(state => `${state[0]} ${state}`).join(', ');
    part('reply').textContent = readable(protocol.greeting) + text(outputs(past));
    part('rows').tBodies[0].replaceChildren(...past.map(row => {
      const line = make('tr', '');
      const cell = byte => byte === null ? '-' : `${shown(byte).padEnd(4)} ${hex(byte)}`;
      line.append(...[cell(row.byte), row.state, cell(row.output), row.next].map(words => make('td', '', words)));
      return line;
    }));
    const starts_with_dash = reads().some(read => text(read).startsWith('-'));
    part('command').textContent =
      `cargo run --release -- trace ${starts_with_dash ? '-- ' : ''}${reads().map(quoted).join(' ')}`;
    const is_over = fed >= bytes.length;
    for (const control of part('ask').querySelectorAll('input, button')) control.disabled = is_over;
    part('question').textContent = is_over
      ? `All ${bytes.length} bytes were fed. ${right} of ${asked} predictions were right.`
      : `Next: ${text(bytes.slice(fed, end()))}, of read ${cuts.filter(cut => cut <= fed).length + 1}.`;
  };

  const say = (words, kind) => {
    part('verdict').className = `tracer-verdict ${kind}`;
    part('verdict').textContent = words;
  };

  const problem = words => {
    part('problem').textContent = words;
    field.setAttribute('aria-invalid', words !== '');
  };

  /** Another input: nothing of it was fed. */
  const begin = (new_bytes, new_cuts) => {
    [bytes, cuts, fed, right, asked] = [new_bytes, new_cuts, 0, 0, 0];
    say('', '');
    draw();
  };

  const fill = () => { field.value = reads().map(text).join('\n'); };

  const read_field = () => {
    try {
      const lines = field.value.split('\n').map(parse).filter(line => line.length > 0);
      const all = lines.flat();
      if (all.length === 0) throw new Error('Type at least one byte.');
      if (all.length > MOST_BYTES) throw new Error(`These are ${all.length} bytes; at most ${MOST_BYTES} can be shown.`);
      let sum = 0;
      problem('');
      begin(all, lines.slice(0, -1).map(line => sum += line.length));
    } catch (error) {
      problem(error.message);
    }
  };

  const set_cuts = new_cuts => {
    cuts = new_cuts;
    fill();
    draw();
  };

  const move = (cut, place) => {
    const [least, most] = bounds(cut);
    const inside = Math.min(Math.max(place, least), most);
    if (inside !== cuts[cut]) set_cuts(cuts.with(cut, inside));
  };

  /** A cut in the middle of the longest read. */
  const add_cut = () => {
    const starts = [0, ...cuts], lengths = reads().map(read => read.length);
    const longest = lengths.indexOf(Math.max(...lengths));
    if (lengths[longest] < 2) return;
    set_cuts(cuts.toSpliced(longest, 0, starts[longest] + Math.floor(lengths[longest] / 2)));
    tiles.querySelector(`[data-cut="${longest}"]`).focus();
  };

  /** A frame, cut, and another one. */
  const another = () => {
    const below = most => Math.floor(Math.random() * most);
    const some = (least, most, from) => Array.from({ length: least + below(most - least + 1) }, () => from[below(from.length)]);
    const plain = 'abcdefghmnopuvwxy0123456789', inside = plain + '^^^#z';
    const first = [...some(0, 2, plain), '^'], frame = [...some(2, 4, inside), '$'];
    const rest = [...some(0, 2, plain + '$'), '^', ...some(2, 3, inside), ...(below(2) ? ['$', ...some(0, 2, plain)] : [])];
    const all = parse([...first, ...frame, ...rest].join(''));
    const cut = first.length + below(frame.length);
    begin(all, [cut, cut + 1 + below(all.length - cut - 1)]);
    problem('');
    fill();
  };

  const feed = predicted => {
    const next = rows().slice(fed, end()), reply = outputs(next);
    const is = reply.length === 0 ? 'no output' : text(reply);
    fed += next.length;
    if (predicted === undefined) {
      say(`It is ${is}.`, '');
    } else {
      const is_right = text(predicted) === text(reply);
      asked += 1;
      right += is_right;
      say(is_right ? `Right: ${is}. ${right} of ${asked}.` : `Wrong: it is ${is}. ${right} of ${asked}.`,
        is_right ? 'tracer-right' : 'tracer-wrong');
    }
    prediction.value = '';
    draw();
    if (!prediction.disabled) prediction.focus();
  };

  const actions = { cut: add_cut, restart: () => begin(bytes, cuts), another, show: () => feed() };
  root.addEventListener('click', event => actions[event.target.dataset?.action]?.());
  field.addEventListener('input', read_field);
  step.addEventListener('change', draw);
  part('ask').addEventListener('submit', event => {
    event.preventDefault();
    if (fed >= bytes.length) return;
    let predicted;
    try {
      predicted = parse(prediction.value.trim());
    } catch (error) {
      return say(error.message, 'tracer-wrong');
    }
    feed(predicted);
  });

  // The book turns its pages with the arrow keys, and has other keys; none of them is meant here.
  root.addEventListener('keydown', event => {
    event.stopPropagation();
    if (event.target.dataset?.cut === undefined) return;
    const cut = Number(event.target.dataset.cut), [least, most] = bounds(cut);
    const places = {
      ArrowLeft: cuts[cut] - 1, ArrowDown: cuts[cut] - 1, ArrowRight: cuts[cut] + 1, ArrowUp: cuts[cut] + 1,
      Home: least, End: most,
    };
    if (event.key in places) move(cut, places[event.key]);
    else if (event.key === 'Delete' || event.key === 'Backspace') set_cuts(cuts.toSpliced(cut, 1));
    else return;
    event.preventDefault();
  });

  // Dragging. The list keeps the pointer, since its items are drawn anew.
  let dragged;
  tiles.addEventListener('pointerdown', event => {
    if (event.target.dataset.cut === undefined) return;
    dragged = Number(event.target.dataset.cut);
    event.target.focus();
    event.preventDefault();
    tiles.setPointerCapture(event.pointerId);
  });
  tiles.addEventListener('pointermove', event => {
    if (dragged === undefined) return;
    const distance = box => 1000 * Math.max(box.top - event.clientY, event.clientY - box.bottom, 0)
      + Math.abs((box.left + box.right) / 2 - event.clientX);
    const boxes = [...tiles.querySelectorAll('[data-index]')].map(item => item.getBoundingClientRect());
    const nearest = boxes.reduce((best, box, index) => distance(box) < distance(boxes[best]) ? index : best, 0);
    const is_behind = event.clientX > (boxes[nearest].left + boxes[nearest].right) / 2;
    move(dragged, nearest + is_behind);
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) tiles.addEventListener(name, () => { dragged = undefined; });

  app.hidden = false;
  begin(parse('^abc$de^abte$fxyz^12325$^ab$abab'), [14, 21]);
  fill();
})();
