// What a user chooses in the panel: kept, shown again, and never a reason to fail.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, expectUncaught, ok, throws, until } from '../assert.js';
import { mountDevtools } from '/atelier/devtools.js';
import { createTaskRuntime } from '/atelier/index.js';

const KEY = 'atelier-devtools';
const element = () => document.querySelector('atelier-devtools');
const find = (selector) => element()?.shadowRoot.querySelector(selector);
const kept = () => JSON.parse(localStorage.getItem(KEY) ?? '{}');

async function opened(options) {
  const runtime = createTaskRuntime();
  const panel = mountDevtools(runtime, { open: true, ...options });
  await until(() => find('[role=tab]'), 'the panel is there');
  return { runtime, panel };
}

const keydown = (target, init) => target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, composed: true, cancelable: true, ...init }));

export async function choices_are_kept_and_hold_the_next_time() {
  const { panel } = await opened();
  find('.settings > button').click();
  find('.dialog input[value=dark]').click();
  await until(() => find('.panel').dataset.shade === 'dark', 'the theme is dark');
  find('.docks [aria-label="Dock: Right"]').click();
  await until(() => element().dock === 'right', 'it is at the right');
  keydown(find('.grip'), { key: 'ArrowLeft' });
  find('[data-tab=delivery]').click();
  find('.dialog .toggle').click();
  keydown(find('.dialog .toggle'), { key: 'Shift', code: 'ShiftLeft', shiftKey: true });
  keydown(find('.dialog .toggle'), { key: 'k', code: 'KeyK' });
  ok(find('.hint').textContent.includes('Hold Ctrl'), 'a key alone is refused and it says why');
  keydown(find('.dialog .toggle'), { key: 'K', code: 'KeyK', ctrlKey: true, shiftKey: true });
  await until(() => element().hotkey === 'Ctrl+Shift+K', 'the hotkey is another one');
  const width = Math.round(find('.dock').getBoundingClientRect().width);
  deepEqual(kept(), { theme: 'dark', dock: 'right', width, tab: 'delivery', hotkey: 'Ctrl+Shift+K' });
  keydown(document.body, { key: 'D', code: 'KeyD', altKey: true, shiftKey: true });
  equal(element().open, true, 'the old hotkey does nothing');
  keydown(document.body, { key: 'K', code: 'KeyK', ctrlKey: true, shiftKey: true });
  equal(element().open, false, 'the new one closes it');
  panel.unmount();

  await opened({ dock: 'left', theme: 'light', hotkey: 'F9' });
  equal(element().dock, 'right');
  equal(find('.panel').dataset.shade, 'dark');
  equal(element().hotkey, 'Ctrl+Shift+K');
  equal(Math.round(find('.dock').getBoundingClientRect().width), width);
  await until(() => find('[data-tab=delivery]').getAttribute('aria-selected') === 'true', 'the pane is in front');
}

export async function garbage_in_the_storage_is_as_if_nothing_had_been_kept() {
  const garbage = ['{', 'null', '[]', '7', '"x"', JSON.stringify({ theme: 7, dock: 'inline', hotkey: 'Hyper+', height: -1, width: 'wide', tab: '<b>' })];
  for (const text of garbage) {
    localStorage.setItem(KEY, text);
    const { panel } = await opened({ storageKey: KEY });
    equal(element().dock, 'bottom', text);
    equal(element().hotkey, 'Alt+Shift+D', text);
    ok(find('.dock').getBoundingClientRect().height > 100, text);
    panel.unmount();
  }
  localStorage.setItem(KEY, JSON.stringify({ theme: 'dark', dock: 7 }));
  await opened();
  equal(element().theme, 'dark', 'what makes sense holds all the same');
}

export async function blocked_storage_hurts_nobody() {
  const refuse = { get() { throw new DOMException('denied', 'SecurityError'); } };
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name, refuse);
  await opened();
  find('.docks [aria-label="Dock: Left"]').click();
  await until(() => element().dock === 'left', 'the choice holds without being kept');
}

export async function nothing_is_kept_without_a_key() {
  await opened({ storageKey: '' });
  find('.docks [aria-label="Dock: Left"]').click();
  await until(() => element().dock === 'left');
  equal(localStorage.length + sessionStorage.length, 0);
  throws(() => mountDevtools(createTaskRuntime(), { storageKey: 7 }), { name: 'TypeError', message: 'storageKey' });
}

export async function the_address_opens_it_and_keeps_it_closed() {
  const { search } = location;
  const at = (address, options) => {
    history.replaceState(null, '', `${location.pathname}${address}`);
    const panel = mountDevtools(createTaskRuntime(), options);
    const { open } = element();
    panel.unmount();
    sessionStorage.clear();
    return open;
  };
  equal(at('?a=1'), false);
  equal(at('?a=1&atelier-devtools'), true);
  equal(at('#atelier-devtools'), true);
  equal(at('?atelier-devtools=0', { open: true }), false);
  equal(at('#atelier-devtools=off', { open: true }), false);
  history.replaceState(null, '', `${location.pathname}${search}`);
}

export async function a_panel_that_was_open_is_open_again_in_the_same_tab() {
  const { panel } = await opened();
  panel.unmount();
  const again = mountDevtools(createTaskRuntime());
  equal(element().open, true);
  again.close();
  again.unmount();
  mountDevtools(createTaskRuntime());
  equal(element().open, false);
}

export async function long_tasks_of_the_page_reach_the_timeline() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  mountDevtools(runtime, { open: true });
  await until(() => find('tr[data-task-id=t]'), 'the panel is drawn');
  const seen = new Promise((tell) => new PerformanceObserver(tell).observe({ type: 'longtask' }));
  const end = performance.now() + 120;
  while (performance.now() < end);
  await seen;
  await task.add(1, 1);
  await until(() => find('tr[data-task-id=t] [data-col=success]').dataset.value === '1');
  equal(element().open && find('.message'), null, 'the panel took them and lives');
}

export async function a_panel_that_fails_says_so_and_the_app_goes_on() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  mountDevtools(runtime, { open: true });
  await until(() => find('tr[data-task-id=t]'), 'the panel is drawn');
  const { shadowRoot } = element();
  const { appendChild, insertBefore } = Node.prototype;
  // The browser refuses the panel an element, as when it is out of memory.
  const refusing = (act) => function (...children) {
    if (this.getRootNode() === shadowRoot) throw new RangeError('refused by the test');
    return act.apply(this, children);
  };
  Object.assign(Node.prototype, { appendChild: refusing(appendChild), insertBefore: refusing(insertBefore) });
  expectUncaught('refused by the test');
  bench({ taskId: 'u' }, runtime);
  await until(() => shadowRoot.textContent.includes('The panel failed and was closed'), 'it says so');
  Object.assign(Node.prototype, { appendChild, insertBefore });
  equal(await task.add(1, 2), 3);
  [...shadowRoot.querySelectorAll('button')].find(({ textContent }) => textContent === 'Close').click();
  equal(element().open, false);
}
