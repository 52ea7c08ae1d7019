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
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  globalThis.driven = {
    async look(pane, theme) {
      document.querySelector('atelier-devtools').theme = theme;
      root.querySelector(`[data-tab=${pane === 'queues' ? 'tasks' : pane}]`).click();
      const dialog = root.querySelector('.dialog');
      if (pane === 'delivery' && dialog.hidden) root.querySelector('.settings > button').click();
      if (pane === 'timeline') {
        const press = (key) => root.querySelector('.timeline-canvas').dispatchEvent(new KeyboardEvent('keydown', { key }));
        press('ArrowRight');
        for (let n = 0; n < 500 && !root.querySelector('.black-box'); n++) {
          press('ArrowLeft');
          await frame();
        }
        if (!root.querySelector('.black-box')) throw new Error('the call that the crash hit is not to be found');
      }
      if (pane === 'queues' || pane === 'tasks') {
        const [table, queues] = root.querySelectorAll('[data-pane=tasks] .choice button');
        (pane === 'queues' ? queues : table).click();
      }
      if (pane === 'events') {
        await until(() => root.querySelector('.event-rows .event-row:not([hidden])'), 'there are events');
        root.querySelector('.event-list').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }));
      }
      for (let n = 0; n < 10; n++) await frame();
      const { passes, violations } = await axe.run(document.querySelector('atelier-devtools'));
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      return {
        passes: passes.length,
        violations: grave.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`)),
      };
    },
  };
  return ['queues', ...[...root.querySelectorAll('[role=tab]')].map(({ dataset }) => dataset.tab)];
}
