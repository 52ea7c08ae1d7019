// A page whose panel records it, that notes by itself what is true when, and that reads what a panel shows.
import { until } from './assert.js';
import { bench, openGate, heard, observed } from './atelier.js';
import { mountDevtools } from '/atelier/devtools.js';

/** Mounts a panel on a real runtime with a task `t`, whose events are noted; `page` has it all. */
export function mount(options, name) {
  const { runtime, events } = observed();
  if (name) runtime.name = name;
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, maxInFlight: 4, crashPolicy: 'restart-fail-in-flight' }, runtime);
  mountDevtools(runtime, options);
  const element = document.querySelector('atelier-devtools');
  globalThis.page = { runtime, events, task, element, root: element.shadowRoot, truth: (moments) => truth(events, moments), live };
  return true;
}

/** Two seconds in which calls return, fail, are held, crash, and traces end. */
export async function happen() {
  const { task, runtime } = globalThis.page;
  const work = async (calls) => {
    for (let n = 0; n < calls; n++) await Promise.all([task.spin(20), task.spin(20)]);
  };
  await work(15);
  const held = [task.hold('gate', 1), task.hold('gate', 2)];
  await heard('gate');
  await work(10);
  openGate('gate');
  await Promise.all(held);
  for (let n = 0; n < 3; n++) await task.fail('TypeError', `it failed ${n}`).catch(() => {});
  await runtime.runWithTrace('checkout', (trace) => task.with({ trace }).spin(30));
  await work(15);
  await task.crash('it crashed').catch(() => {});
  await until(() => task.getState().activeWorkers === 2, 'the worker is back');
  await work(15);
  return true;
}

/** What the events say of these moments: those until then, nothing else. */
function truth(events, moments) {
  return moments.map((moment) => {
    const until = events.filter(({ ts }) => ts <= moment);
    const sum = (name) => until.filter((event) => event.name === name).reduce((all, { value }) => all + value, 0);
    const last = (name) => until.findLast((event) => event.name === name)?.value ?? 0;
    return {
      moment,
      success: sum('task.success.total'),
      failure: sum('task.failure.total'),
      crashes: sum('worker.crash.total'),
      inFlight: last('queue.in_flight'),
      calls: until.filter(({ kind }) => kind === 'span').length,
      traces: until.filter(({ kind }) => kind === 'trace').length,
    };
  });
}

/** What the live panel would show now. */
function live() {
  return truth(globalThis.page.events, [Infinity])[0].success;
}

const frame = () => new Promise((done) => requestAnimationFrame(done));

/** The panel's content, in a page, in its window or alone. */
export function panelRoot() {
  return [...document.body.children].find(({ shadowRoot }) => shadowRoot)?.shadowRoot;
}

const find = (selector) => panelRoot().querySelector(selector);
const value = (column) => {
  const cell = find(`tr[data-task-id=t] [data-col=${column}]`);
  return Number((cell?.closest('[data-value]') ?? cell?.querySelector('[data-value]'))?.dataset.value ?? 0);
};

async function show(tab) {
  find(`[data-tab=${tab}]`).click();
  await until(() => !find(`[data-pane=${tab}]`).hidden, `${tab} is in front`);
  await frame();
}

async function seek(place) {
  const moments = find('.moments');
  moments.value = String(place);
  moments.dispatchEvent(new Event('input'));
  await until(() => find('.replay').dataset.at === String(place), `the moment ${place}`);
}

/** What the panel shows of every moment of the recording in front, from the last to the first and at the last again. */
export async function shown() {
  await until(() => find('.replay') && !find('.replay').hidden, 'a recording is open');
  const last = Number(find('.moments').max);
  const moments = [];
  for (const place of [...Array(last + 1).keys()].reverse()) {
    await seek(place);
    await show('tasks');
    const row = { moment: Number(find('.replay').dataset.moment), success: value('success'), failure: value('failure'), crashes: value('crashes'), inFlight: value('inFlight') };
    await show('timeline');
    row.calls = Number(find('.kept').dataset.calls);
    await show('traces');
    const traces = [...panelRoot().querySelectorAll('[data-pane=traces] [data-trace-id]')];
    row.traces = traces.filter(({ hidden, textContent }) => !hidden && textContent.includes('checkout')).length;
    moments.unshift(row);
  }
  await seek(last);
  return moments;
}

/** Chooses files in a file input, which a visitor does in the browser's own dialog. */
export function choose(selector, bytes, name) {
  const input = find(selector);
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name));
  input.files = files.files;
  input.dispatchEvent(new Event('change'));
  return true;
}
