// The panel's styles and the page's do not meet, whatever the page's style sheet says.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, until } from '../assert.js';
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
