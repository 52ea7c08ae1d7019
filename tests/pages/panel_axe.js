// A page whose panel has something to show on every pane, and axe-core looking at it.
import { until } from './assert.js';
import { bench } from './atelier.js';
import { createTaskRuntime } from '/atelier/index.js';
import { exportOtlp } from '/atelier/otlp.js';
import { mountDevtools } from '/atelier/devtools.js';

/** Opens the panel, makes calls of every kind, and gives the names of the panes; `queues` is that of tasks, as pictures. */
export async function open() {
  document.documentElement.lang = 'en';
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  runtime.subscribeEvents(() => {});
  exportOtlp(runtime, { endpoint: 'http://127.0.0.1:9', maxQueueSize: 5, maxBatchSize: 5 });
  const task = bench({ taskId: 't', taskName: 'named' }, runtime);
  const crowded = bench({ taskId: 'crowded', maxQueueDepth: 1 }, runtime);
  mountDevtools(runtime, { open: true });
  const root = document.querySelector('atelier-devtools').shadowRoot;
  for (let n = 0; n < 30; n++) await task.add(n, n);
  await task.fail('TypeError', `it failed ${'and failed '.repeat(60)}`).catch(() => {});
  await task.crash('it crashed').catch(() => {});
  const crowd = async () => {
    for (;;) await crowded.spin(20);
  };
  for (let n = 0; n < 4; n++) crowd();
  await until(() => root.querySelector('[data-tab=findings] .tab-count')?.textContent > 0, 'there is a finding', 20_000);
  globalThis.driven = {
    async look(pane, theme) {
      document.querySelector('atelier-devtools').theme = theme;
      root.querySelector(`[data-tab=${pane === 'queues' ? 'tasks' : pane}]`).click();
      const dialog = root.querySelector('.dialog');
      if (pane === 'delivery' && dialog.hidden) root.querySelector('.settings > button').click();
      if (pane === 'timeline') {
        const press = (key) => root.querySelector('.timeline-canvas').dispatchEvent(new KeyboardEvent('keydown', { key }));
        press('ArrowRight');
        // The crash was before the recording, if one is open.
        const live = root.querySelector('.replay').hidden;
        for (let n = 0; live && n < 500 && !root.querySelector('.black-box'); n++) {
          press('ArrowLeft');
          await frame();
        }
        if (live && !root.querySelector('.black-box')) throw new Error('the call that the crash hit is not to be found');
      }
      if (pane === 'queues' || pane === 'tasks') {
        const [table, queues] = root.querySelectorAll('[data-pane=tasks] .choice button');
        (pane === 'queues' ? queues : table).click();
      }
      if (pane === 'events') {
        await until(() => root.querySelector('.event-rows .event-row:not([hidden])'), 'there are events');
        root.querySelector('.event-list').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }));
      }
      return judge(document.querySelector('atelier-devtools'));
    },
    /** Opens a recording of this runtime, and a file that is none; another recording runs. */
    async replay() {
      const recording = runtime.record();
      await task.add(1, 1);
      const files = new DataTransfer();
      files.items.add(new File([await recording.stop()], 'axe.atelier'));
      files.items.add(new File(['garbage'], 'garbage.atelier'));
      root.querySelector('.record').click();
      await until(() => root.querySelector('.record').dataset.state === 'running');
      const input = root.querySelector('.open-file');
      input.files = files.files;
      input.dispatchEvent(new Event('change'));
      await until(() => !root.querySelector('.replay').hidden && root.querySelector('.notice'), 'a recording and a notice');
      return true;
    },
  };
  return ['queues', ...[...root.querySelectorAll('[role=tab]')].map(({ dataset }) => dataset.tab)];
}

const frame = () => new Promise((done) => requestAnimationFrame(done));

/** What axe-core has to say of an element, when it has been drawn. */
async function judge(element) {
  for (let n = 0; n < 10; n++) await frame();
  const { passes, violations } = await axe.run(element);
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return {
    passes: passes.length,
    violations: grave.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`)),
  };
}

/** The page that opens recordings, before one is open. */
export async function alone(theme) {
  const host = await until(() => document.querySelector('body > div'), 'the page is filled');
  await until(() => host.shadowRoot.querySelector('.welcome'), 'the panel is there');
  host.shadowRoot.querySelector(`input[value=${theme}]`).click();
  return judge(document.documentElement);
}
