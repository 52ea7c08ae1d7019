// Drives the tour for its pictures: photographs, one that is none, a crowd that is turned away, crashes, cancelled calls.
import { bench } from './atelier.js';
import { mountDevtools } from '/atelier/devtools.js';

/** How long the tour may take until there is enough to see. */
const PATIENCE_MS = 90_000;

const frames = (count) => new Promise((done) => {
  const next = (left) => (left > 0 ? requestAnimationFrame(() => next(left - 1)) : done(true));
  next(count);
});

/** Pictures that are not what a pane shows at first, and the pane. */
const MORE = { queues: 'tasks', call: 'timeline' };

const press = (root, key) => root.querySelector('.timeline-canvas').dispatchEvent(new KeyboardEvent('keydown', { key }));

/** Has a worker crash and selects the call that it hit: it is among the latest. */
async function findCrashedCall(root, crash) {
  await crash();
  await frames(30);
  for (let left = 300; left > 0 && !root.querySelector('.call:not([hidden]) .black-box'); left--) {
    press(root, 'ArrowLeft');
    await frames(1);
  }
}

/** Begins; `globalThis.shots` says when there is enough to see, and puts the panel where it is wanted. */
export function run(runtime) {
  const recording = runtime.record();
  const crowded = bench({ taskName: 'crowded', maxQueueDepth: 2, queuePolicy: 'reject' }, runtime);
  const fragile = bench({ taskName: 'fragile', type: 'parallel', poolSize: 2, crashPolicy: 'restart-fail-in-flight' }, runtime);
  let going = true;
  const again = async (call) => {
    while (going) {
      await call().catch(() => {});
      await frames(1);
    }
  };
  const crowd = [1, 2, 3, 4, 5].map((n) => again(() => crowded.spin(20 + n)));
  const crash = async () => {
    for (let n = 0; n < 4; n++) {
      await fragile.add(n, n);
      await fragile.fail('TypeError', 'cannot read the exposure of undefined').catch(() => {});
    }
    await fragile.crash('out of memory: the decoder asked for 2,147,483,648 bytes').catch(() => {});
    await fragile.with({ signal: AbortSignal.timeout(40) }).spin(400).catch(() => {});
    await fragile.add(1, 1);
  };
  mountDevtools(runtime, { open: true, storageKey: '' });
  document.querySelector('#load').value = '5';
  document.querySelector('#use-samples').click();
  const element = document.body.querySelector(':scope > atelier-devtools');
  const root = element.shadowRoot;
  let waitsFor = 'crashes';
  let file;
  const settle = async () => {
    await crash();
    waitsFor = 'findings';
    while (!runtime.getTelemetry().findings.length) await frames(6);
    waitsFor = 'photographs';
    while (!document.querySelector('article[data-state=done]')) await frames(6);
    document.querySelector('#cancel-all').click();
    await frames(60);
    file = await recording.stop();
    waitsFor = undefined;
  };
  settle().catch((error) => { waitsFor = error.stack; });
  const begun = performance.now();
  /** Lets the list fill, and opens the fields of a call. */
  const someEvents = async () => {
    const list = root.querySelector('.event-list');
    const isCall = (row) => !row.hidden && row.querySelector('[data-kind=span]');
    while (!(Number(list.ariaRowCount) > 200 && [...list.querySelectorAll('.event-rows > .event-row')].some(isCall))) await frames(6);
    [...list.querySelectorAll('.event-rows > .event-row')].find(isCall).click();
  };
  globalThis.shots = {
    ready() {
      if (waitsFor && performance.now() - begun > PATIENCE_MS) throw new Error(`there is not enough to see: ${waitsFor}`);
      return !waitsFor;
    },
    async place(dock, size, theme) {
      element.dock = dock;
      element.theme = theme;
      root.querySelector('.dock').style.setProperty('--atelier-size', `${size}px`);
      await frames(3);
      return [...Object.keys(MORE), ...[...root.querySelectorAll('[role=tab]')].map((tab) => tab.dataset.tab)];
    },
    async show(name) {
      const pane = MORE[name] ?? name;
      root.querySelector(`[data-tab=${pane}]`).click();
      if (pane === 'events') await someEvents();
      const [table, queues] = root.querySelectorAll('[data-pane=tasks] .choice button');
      (name === 'queues' ? queues : table).click();
      press(root, 'Escape');
      if (name === 'call') await findCrashedCall(root, crash);
      await frames(20);
      return !root.querySelector(`[data-pane=${pane}]`).hidden;
    },
    /** Opens what was recorded, at a moment in its middle. */
    async replay() {
      await chooseFiles(root, [new File([file], 'tour.atelier')]);
      while (root.querySelector('.replay').hidden) await frames(1);
      const moments = root.querySelector('.moments');
      moments.value = String(Math.round(moments.max * 0.6));
      moments.dispatchEvent(new Event('input'));
      return frames(3);
    },
    /** Records again, and has a file that is none refused. */
    async tell() {
      root.querySelector('.replay [aria-label^="Close"]').click();
      root.querySelector('.record').click();
      await chooseFiles(root, [new File(['<html>'], 'page.atelier')]);
      while (!root.querySelector('.notice')) await frames(1);
      return frames(60);
    },
    back() {
      element.hidden = false;
      element.open = true;
      return frames(3);
    },
    async away() {
      going = false;
      await Promise.all(crowd);
      element.open = false;
      element.hidden = true;
      scrollTo(0, 0);
      return frames(3);
    },
  };
  return true;
}

/** Files in the panel's own input, as the browser's dialog puts them there. */
function chooseFiles(root, files) {
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  const input = root.querySelector('.open-file');
  input.files = list.files;
  input.dispatchEvent(new Event('change'));
  return frames(3);
}

/** Shows the page that opens recordings in a theme, before one is opened. */
export async function alone(theme) {
  const root = document.querySelector('body > div')?.shadowRoot;
  if (!root?.querySelector('.welcome')) return false;
  root.querySelector(`input[value=${theme}]`).click();
  return frames(5);
}
