// Mounting again, for others, and in copies: one panel, which shows what is mounted and nothing else.
import { deepEqual, equal, ok, throws, until } from '../assert.js';
import { all, find, fullFrame, root, spanFrame, streamOf, taskFrame } from '../panel_root.js';
import { mountDevtools } from '/atelier/devtools.js';
import { createTaskRuntime } from '/atelier/index.js';

const elements = () => document.querySelectorAll('atelier-devtools');
const element = () => elements()[0];
const named = (name, more = {}) => Object.assign(streamOf(fullFrame(0, [taskFrame(`task of ${name}`)], more)), { name });
/** The runtimes that can be chosen; the only one is not offered. */
const shown = () => all('.top select.runtime:not([hidden]) option').map(({ textContent }) => textContent).join();
const tasks = () => all('[data-pane=tasks] tbody tr').map(({ dataset }) => dataset.taskId).join();

export async function a_panel_shows_all_that_is_mounted_and_each_takes_back_its_own() {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => named(name));
  const first = mountDevtools(a, { open: true, storageKey: '' });
  await until(() => tasks() === 'task of a');
  const panel = find('.panel');
  const both = mountDevtools([a, b]);
  ok(first !== both);
  await until(() => shown() === 'a,b');
  const third = mountDevtools(c);
  await until(() => shown() === 'a,b,c');
  equal(elements().length, 1);
  equal(find('.panel'), panel, 'it is the same panel');
  equal(tasks(), 'task of a', 'with the same runtime in front');
  first.unmount();
  first.unmount();
  first.close();
  third.unmount();
  await until(() => shown() === 'a,b', 'a is still mounted by the other');
  ok(element().open, 'a handle that was taken back does nothing');
  const again = mountDevtools(a);
  both.unmount();
  await until(() => shown() === '');
  equal(tasks(), 'task of a');
  again.unmount();
  equal(elements().length, 0);
  equal(mountDevtools([b, a]), mountDevtools([a, b, a]), 'the order of the runtimes does not matter');
}

export async function what_is_known_of_a_runtime_stays_when_another_comes_and_goes() {
  const a = named('a', { spans: [spanFrame(1), spanFrame(2)] });
  mountDevtools(a, { open: true, storageKey: '' });
  await until(() => find('[data-tab=timeline]'));
  find('[data-tab=timeline]').click();
  await until(() => find('.kept').dataset.calls === '2');
  const other = mountDevtools(named('b'));
  await until(() => shown() === 'a,b');
  equal(find('.kept').dataset.calls, '2');
  const select = find('.top select.runtime');
  select.selectedIndex = 1;
  select.dispatchEvent(new Event('change'));
  await until(() => find('.kept').dataset.calls === '0');
  other.unmount();
  await until(() => find('.kept').dataset.calls === '2', 'what was in front is gone; another is');
}

export async function options_given_again_hold_unless_the_user_has_chosen() {
  const a = named('a');
  mountDevtools(a, { open: true });
  await until(() => find('.docks [aria-label="Dock: Left"]'));
  mountDevtools(a, { dock: 'right', theme: 'dark', hotkey: 'F9' });
  deepEqual([element().dock, element().theme, element().hotkey, element().open], ['right', 'dark', 'F9', true]);
  mountDevtools(a, { theme: 'light' });
  deepEqual([element().dock, element().theme, element().hotkey], ['right', 'light', 'F9'], 'what is not given stays');
  find('.docks [aria-label="Dock: Left"]').click();
  await until(() => element().dock === 'left');
  mountDevtools(a, { dock: 'bottom', theme: 'system', open: false });
  deepEqual([element().dock, element().theme, element().open], ['left', 'system', true], 'the user chose the dock, and opened it');
  const target = document.createElement('div');
  document.body.append(target);
  mountDevtools(a, { target });
  equal(element().parentNode, target);
  throws(() => mountDevtools(a, { dock: 'top', theme: 'dark' }), { name: 'RangeError' });
  equal(element().theme, 'system', 'nothing is taken of options that are refused');
}

export async function a_panel_within_the_page_is_one_of_its_own() {
  const [a, b] = ['a', 'b'].map((name) => named(name));
  const target = document.createElement('div');
  document.body.append(target);
  mountDevtools(a, { storageKey: '' });
  mountDevtools(b, { storageKey: '', dock: 'inline', target });
  deepEqual([...elements()].map(({ dock }) => dock), ['inline', 'bottom']);
  mountDevtools(b, { dock: 'left' });
  deepEqual([...elements()].map(({ dock }) => dock), ['left', 'bottom'], 'a runtime is in one panel');
}

export async function a_recording_goes_on_when_others_come_and_ends_with_its_own() {
  let stopped = 0;
  const recorded = (name) => Object.assign(named(name), { record: () => ({ bytes: 7, dropped: 0, stop: async () => { stopped += 1; return new Blob(['not a recording']); } }) });
  const [a, b] = [recorded('a'), recorded('b')];
  const handle = mountDevtools(a, { open: true, storageKey: '' });
  const button = await until(() => find('.record'));
  await until(() => button.textContent.includes('Record') && !button.disabled);
  button.click();
  await until(() => button.textContent.includes('7 B'));
  mountDevtools(b);
  await until(() => shown().includes('a ● recording'));
  equal(stopped, 0);
  handle.unmount();
  await until(() => stopped === 1);
  await until(() => root().textContent.includes('Recorded a'), 'its file is offered');
}

export async function the_element_goes_on_when_the_page_moves_it() {
  const a = named('a');
  mountDevtools(a, { open: true, storageKey: '' });
  const panel = await until(() => find('.panel'));
  await until(() => tasks() === 'task of a');
  const elsewhere = document.createElement('div');
  document.body.append(elsewhere);
  elsewhere.append(element());
  await new Promise((done) => setTimeout(done));
  equal(find('.panel'), panel);
  a.push(fullFrame(1, [taskFrame('another')]));
  await until(() => tasks() === 'another', 'it still listens');
}

export async function another_copy_of_the_module_leaves_the_first_in_charge() {
  const said = [];
  const { info } = console;
  console.info = (text) => said.push(text);
  const copy = await import('/atelier/devtools.js?another');
  console.info = info;
  ok(said.length === 1 && said[0].includes('which was loaded first'), said.join());
  ok(copy.mountDevtools !== mountDevtools);
  const a = named('a');
  const handle = mountDevtools(a, { storageKey: '' });
  equal(copy.mountDevtools(a), handle);
  copy.mountDevtools(named('b'), { open: true });
  await until(() => shown() === 'a,b');
  equal(elements().length, 1);
  ok(element() instanceof copy.AtelierDevtoolsElement);
  const { version } = await (await fetch('/atelier/package.json')).json();
  ok(said[0].includes(`version ${version} of atelier`), said[0]);
}

export async function a_module_that_is_replaced_leaves_no_panel_behind() {
  // What a module does each time it is evaluated anew.
  const evaluate = () => {
    const runtime = createTaskRuntime({ id: 'app' });
    mountDevtools(runtime, { dock: 'right' });
    return runtime;
  };
  const first = evaluate();
  element().open = true;
  await until(() => find('.panel'));
  for (let n = 0; n < 3; n++) evaluate();
  equal(elements().length, 1);
  ok(element().open, 'it is open as it was');
  ok(element().runtime[0] !== first && element().runtime.length === 1);
  await until(() => find('.panel'));
  throws(() => mountDevtools(first), { name: 'RuntimeDisposedError' });
  // Without an id, and without anybody who disposes it, the old one is still there: in the same panel.
  mountDevtools(createTaskRuntime());
  equal(elements().length, 1);
  equal(element().runtime.length, 2);
}

export async function an_element_of_the_page_leaves_out_runtimes_that_are_disposed() {
  const made = document.createElement('atelier-devtools');
  const [one, two] = [createTaskRuntime(), createTaskRuntime()];
  made.setAttribute('storage-key', '');
  made.runtime = [one, two];
  await one.dispose();
  document.body.append(made);
  deepEqual(made.runtime.length, 1);
  made.open = true;
  await until(() => find('.panel'));
  await two.dispose();
  equal(made.runtime, undefined);
  ok(root().textContent.includes('No runtime to show'));
  throws(() => { made.runtime = one; }, { name: 'RuntimeDisposedError' });
  made.remove();
}
