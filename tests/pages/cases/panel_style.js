// The panel's styles and the page's do not meet, whatever the page's style sheet says.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { fullFrame, spanFrame, streamOf, taskFrame } from '../panel_root.js';
import { mountDevtools } from '/atelier/devtools.js';

const HOSTILE = `
* { all: unset !important; display: block !important; font-size: 40px !important; color: lime !important;
    --ground: lime !important; --size: 1px !important; }
atelier-devtools { transform: rotate(9deg) !important; opacity: 0.1 !important; overflow: hidden !important; }
button, table, td, .panel, .dock, .tab { background: red !important; padding: 50px !important; }
`;

const find = (selector) => document.querySelector('atelier-devtools').shadowRoot.querySelector(selector);
const LOOKS = ['color', 'backgroundColor', 'fontSize', 'fontFamily', 'lineHeight', 'display', 'padding', 'opacity', 'transform', 'textAlign', 'direction'];
const looksOf = (node) => {
  const { x, y, width, height } = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  return { box: [x, y, width, height].map(Math.round), style: Object.fromEntries(LOOKS.map((name) => [name, style[name]])) };
};
const looks = () => Object.fromEntries(['.dock', '.panel', '.tab', '.stats', '.task-name', '.settings > button', '.grip'].map((selector) => [selector, looksOf(find(selector))]));

function adopt(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}

export async function a_hostile_style_sheet_changes_nothing_in_the_panel() {
  const { runtime } = observed();
  bench({ taskId: 't', taskName: 'named' }, runtime);
  const panel = mountDevtools(runtime, { open: true });
  await until(() => find('tr[data-task-id=t]'), 'the panel is drawn');
  const before = looks();
  adopt(HOSTILE);
  deepEqual(looks(), before);
  panel.close();
  const corner = looksOf(find('.corner'));
  adopt('');
  deepEqual(looksOf(find('.corner')), corner);
}

export async function the_panel_leaves_the_page_as_it_was() {
  const probe = document.createElement('table');
  probe.className = 'panel tab bar dock';
  probe.append(document.createElement('td'));
  document.body.append(probe);
  const before = [looksOf(probe), looksOf(probe.firstChild), looksOf(document.body)];
  const { runtime } = observed();
  const panel = mountDevtools(runtime, { open: true });
  await until(() => find('.panel'), 'the panel is drawn');
  deepEqual([looksOf(probe), looksOf(probe.firstChild), looksOf(document.body)], before);
  equal(document.adoptedStyleSheets.length + document.styleSheets.length, 0);
  panel.unmount();
}

export async function odd_names_and_errors_are_text_cut_and_can_be_seen_whole() {
  const { runtime } = observed();
  const odd = '<img src=x onerror="globalThis.hurt = true"><script>globalThis.hurt = true</script>';
  const long = `🙂 ${'long '.repeat(2000)}end`;
  const rtl = 'שלום \u202E עולם';
  for (const [taskId, taskName] of Object.entries({ odd, long, rtl })) bench({ taskId, taskName }, runtime);
  const failing = bench({ taskId: 'failing', crashPolicy: 'restart-fail-in-flight' }, runtime);
  mountDevtools(runtime, { open: true });
  await until(() => find('tr[data-task-id=rtl]'), 'the panel is drawn');
  ok(find('tr[data-task-id=odd] .task-name').textContent.includes('<img src=x'), 'as text');
  equal(find('tr[data-task-id=odd] img, tr[data-task-id=odd] script'), null);
  const name = find('tr[data-task-id=long] .task-name');
  ok(name.querySelector('summary').textContent.length < 60, 'cut');
  equal(name.querySelector('.whole-text').textContent, long, 'and whole when opened');
  ok(find('tr[data-task-id=rtl] .task-name').textContent.includes('שלום'));
  await failing.crash(`${odd}${long}`).catch(() => {});
  await until(() => find('tr[data-task-id=failing] .crash-message summary'), 'the crash is told');
  ok(find('tr[data-task-id=failing] .crash-message .whole-text').textContent.includes('<script>'));
  const { scrollWidth, clientWidth } = find('.top');
  ok(scrollWidth <= clientWidth, 'nothing runs out of the panel');
  equal(globalThis.hurt, undefined);
}

export async function a_page_that_does_not_ask_for_the_panel_does_not_load_it() {
  await import('/atelier/index.js');
  const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
  ok(loaded.includes('/atelier/index.js'));
  const modules = new Set();
  const follow = async (path) => {
    if (modules.has(path)) return;
    modules.add(path);
    const text = await (await fetch(path)).text();
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)];
    await Promise.all(imports.map(([, relative]) => follow(new URL(relative, new URL(path, location)).pathname)));
  };
  await Promise.all(['index', 'worker', 'otlp', 'manual', 'wasm-worker'].map((entry) => follow(`/atelier/${entry}.js`)));
  ok(modules.size > 10, `followed ${[...modules]}`);
  deepEqual([...modules].filter((path) => path.includes('devtools')), [], 'no entry but its own leads to the panel');
}

const PANES = ['tasks', 'timeline', 'latency', 'traces', 'events', 'findings', 'delivery'];

/** The boxes of everything that is to be seen in the panel, on each pane. */
async function boxes() {
  const found = {};
  for (const pane of PANES) {
    find(`[data-tab=${pane}]`).click();
    await until(() => !find(`[data-pane=${pane}]`).hidden);
    const nodes = [...document.querySelector('atelier-devtools').shadowRoot.querySelectorAll('*')].filter((node) => node.checkVisibility());
    for (const [index, node] of nodes.entries()) {
      const { x, y, width, height } = node.getBoundingClientRect();
      found[`${pane} ${index} ${node.localName}.${node.className}`] = [x, y, width, height].map(Math.round).join();
    }
  }
  return found;
}

const differences = (one, other) => Object.keys({ ...one, ...other }).filter((name) => one[name] !== other[name]).map((name) => `${name}: ${one[name]}, ${other[name]}`);

export async function what_the_page_says_of_writing_and_sizes_changes_no_box() {
  const spans = [spanFrame(1), spanFrame(2, { outcome: 'error', error: 'no' })];
  mountDevtools(streamOf(fullFrame(0, [taskFrame('t'), taskFrame('שלום')], { spans })), { open: true, storageKey: '' });
  await until(() => find('tr[data-task-id=t]'), 'the panel is drawn');
  // What is filled in when a pane is first in front is there from the second time on.
  await boxes();
  const before = await boxes();
  ok(Object.keys(before).length > 7 * 50);
  const { documentElement: html } = document;
  const same = async (about) => equal(differences(before, await boxes()).slice(0, 5).join(' '), '', about);
  html.dir = 'rtl';
  await same('from right to left');
  html.dir = '';
  for (const style of ['direction: rtl; unicode-bidi: bidi-override', 'writing-mode: vertical-rl', 'font-size: 62.5%', 'line-height: 3; letter-spacing: 9px', 'text-transform: uppercase; text-indent: 40px']) {
    html.style.cssText = style;
    await same(style);
  }
}

export async function properties_that_the_page_registers_are_not_the_panels() {
  const { runtime } = observed();
  mountDevtools(runtime, { open: true, storageKey: '', theme: 'light' });
  await until(() => find('.panel'), 'the panel is drawn');
  const before = looksOf(find('.tab'));
  for (const name of ['--text', '--accent', '--line', '--size', '--ground', '--muted']) {
    CSS.registerProperty({ name, syntax: '<length>', inherits: false, initialValue: '1px' });
  }
  deepEqual(looksOf(find('.tab')), before);
}

export async function a_selection_in_the_panel_looks_as_the_system_has_it() {
  const { runtime } = observed();
  adopt('::selection { background: lime; color: transparent; text-shadow: 0 0 9px red; }');
  mountDevtools(runtime, { open: true, storageKey: '' });
  await until(() => find('.panel'), 'the panel is drawn');
  const { backgroundColor, color, textShadow } = getComputedStyle(find('.tab'), '::selection');
  ok(backgroundColor !== 'rgb(0, 255, 0)' && color !== 'rgba(0, 0, 0, 0)', `${backgroundColor} ${color}`);
  equal(textShadow, 'none');
}

export async function a_table_of_large_numbers_fits_into_1280_pixels() {
  const times = { count: 9999, sum: 88_880_000, min: 1234, max: 9876.5, mean: 5555, p50: 5432.1, p90: 7654.3, p95: 8765.4, p99: 9876.5, p999: 9876.5 };
  const totals = { dispatched: 9999, success: 9876, failure: 4321, canceled: 1234, rejected: 5678, requeued: 1234, spawned: 1234, crashed: 1234, terminated: 1234 };
  const task = { poolSize: 64, activeWorkers: 64, inFlight: 1234, maxInFlight: 2048, pending: 4321, maxQueueDepth: 9999, waiting: 1234, wait: times, run: times, duration: times };
  const frames = [0, 4].map((seq) => fullFrame(seq, [taskFrame('resize', { ...task, totals: { ...totals, success: totals.success - 9000 + 2000 * seq } })]));
  mountDevtools(streamOf(...frames), { open: true, storageKey: '', dock: 'inline' });
  const element = document.querySelector('atelier-devtools');
  element.style.cssText = 'box-sizing: border-box; width: 1280px';
  await until(() => find('tr[data-task-id=resize]'), 'the panel is drawn');
  equal(getComputedStyle(find('table.tasks')).display, 'table');
  const { scrollWidth, clientWidth } = find('[data-pane=tasks] .scroll');
  ok(scrollWidth <= clientWidth, `${scrollWidth} in ${clientWidth}`);
  // With as many digits as they have, gauges are as wide as what they say.
  equal([...document.querySelector('atelier-devtools').shadowRoot.querySelectorAll('.gauge-box')].filter((box) => box.scrollWidth > box.clientWidth).length, 0);
}
