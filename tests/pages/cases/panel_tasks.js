// The panel's pane of tasks: as a table and as queues, it shows what the core and the events say.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { ODD, all, find, fullFrame, opened, root, streamOf, taskFrame, unharmed } from '../panel_root.js';

const press = (title) => all('[data-pane=tasks] button').find((button) => button.textContent === title).click();
const ids = () => all('tr[data-task-id]').map((row) => row.dataset.taskId);
const cell = (id, column) => find(`tr[data-task-id="${id}"] [data-col=${column}]`);
const level = (id, name) => find(`[data-queue-of="${id}"] [data-level=${name}]`);
const boxes = (id) => all(`[data-queue-of="${id}"] .worker-box`).map((box) => [box.dataset.state, box.querySelector('.box-what').textContent]);

export async function a_queue_is_a_picture_of_callers_queue_and_workers() {
  const { runtime } = observed();
  const task = bench({ taskId: 'q', type: 'parallel', poolSize: 3, maxInFlight: 2, maxQueueDepth: 2 }, runtime);
  await opened(runtime, 'tasks');
  press('Queues');
  await until(() => find('[data-queue-of=q]') && find('table.tasks').hidden, 'the picture is there instead of the table');
  const calls = Array.from({ length: 9 }, (_, n) => task.hold(`call ${n}`, n));
  await until(() => level('q', 'waiting').dataset.value === '5' && level('q', 'pending').dataset.value === '2', 'five wait, two are queued');
  equal(level('q', 'pending').querySelector('.level-bar').dataset.full, 'true');
  ok(level('q', 'pending').textContent.includes('2 of 2') && level('q', 'waiting').textContent.includes('5 no limit'));
  await until(() => boxes('q').filter(([state, what]) => state === 'busy' && what === 'hold').length === 2, 'two workers have a call each');
  equal(boxes('q').length, 3, 'and every place is there');
  await until(() => all('[data-queue-of=q] .box-age').some((age) => / s$/.test(age.textContent)), 'for how long');
  for (let n = 0; n < 9; n++) openGate(`call ${n}`);
  await Promise.all(calls);
  await until(() => level('q', 'waiting').dataset.value === '0' && boxes('q').every(([state]) => state !== 'busy'), 'all is done');
  const stubborn = new AbortController();
  const given = task.with({ signal: stubborn.signal }).hold('stubborn', 1);
  await heard('stubborn');
  stubborn.abort();
  await rejects(given, { name: 'AbortError' });
  await until(() => boxes('q').some(([state]) => state === 'cancelled, goes on'), 'a cancelled handler that goes on');
  openGate('stubborn');
  press('Table');
  await until(() => !find('table.tasks').hidden && find('.queues').hidden);
}

export async function outcomes_agree_with_the_events_requeued_calls_too() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 1, maxInFlight: 2, maxQueueDepth: 0, queuePolicy: 'reject' }, runtime);
  await opened(runtime, 'tasks');
  const held = [task.hold('a', 1), task.hold('b', 1)];
  await heard('a');
  await rejects(task.add(1, 1), { name: 'QueueDropError' });
  task.stopWorkers();
  task.startWorkers();
  openGate('a');
  openGate('b');
  await Promise.all(held);
  await rejects(task.fail('TypeError', 'no'), { message: 'no' });
  await rejects(task.with({ signal: AbortSignal.abort() }).add(1, 1), { name: 'AbortError' });
  const count = (name) => events.filter((event) => event.name === name).length;
  const totals = { success: 'task.success', failure: 'task.failure', canceled: 'task.canceled', rejected: 'task.rejected', requeued: 'task.requeue' };
  for (const [column, name] of Object.entries(totals)) {
    await until(() => Number(cell('t', column).dataset.value) === count(`${name}.total`), column);
    ok(count(`${name}.total`) > 0, `${column}: ${count(`${name}.total`)}`);
  }
  const { histograms } = runtime.getTelemetry().tasks[0];
  for (const [column, durations] of [['wait', histograms['queue.wait_ms']], ['run', histograms['task.phase_ms'].run]]) {
    for (const at of ['p50', 'p95', 'p99', 'max']) {
      const shown = () => Number(cell('t', `${column}${at[0].toUpperCase()}${at.slice(1)}`).dataset.value);
      await until(() => Math.abs(shown() - durations[at]) < 1e-6, `${column} ${at}: ${shown()}, not ${durations[at]}`);
    }
  }
}

export async function tasks_are_pinned_and_filtered_by_state() {
  const { runtime } = observed();
  const tasks = Object.fromEntries(['a', 'b', 'c'].map((taskId) => [taskId, bench({ taskId }, runtime)]));
  await opened(runtime, 'tasks');
  await until(() => ids().length === 3);
  find('tr[data-task-id=c] .pin').click();
  await until(() => ids().join() === 'c,a,b', 'the pinned one is first');
  equal(find('tr[data-task-id=c] .pin').getAttribute('aria-pressed'), 'true');
  const select = find('.state-filter');
  const choose = (title) => {
    select.selectedIndex = [...select.options].findIndex((option) => option.textContent === title);
    select.dispatchEvent(new Event('change'));
  };
  tasks.a.stopWorkers();
  const call = tasks.b.hold('held', 1);
  choose('Paused');
  await until(() => ids().join() === 'a');
  choose('Active');
  await until(() => ids().join() === 'b');
  choose('Crashed');
  await until(() => !ids().length && root().textContent.includes('No task matches'), 'an empty table says why');
  choose('Any state');
  await until(() => ids().join() === 'c,a,b');
  openGate('held');
  await call;
}

export async function odd_texts_and_numbers_are_shown_as_text_in_both_views() {
  const nan = { count: 3, sum: NaN, min: NaN, max: Infinity, mean: NaN, p50: NaN, p90: NaN, p95: NaN, p99: NaN, p999: NaN };
  const tasks = Object.entries(ODD).map(([taskId, text]) => taskFrame(taskId, {
    taskName: text, wait: nan, run: nan, activeWorkers: 1,
    workers: [{ index: 0, status: 'ready', inFlight: 1, current: { callId: '1', method: text, since: NaN } }],
    lastCrash: { ts: NaN, workerIndex: 0, message: text },
  }));
  await opened(streamOf(fullFrame(0, tasks)), 'tasks');
  await until(() => ids().length === 4);
  equal(cell('html', 'waitP50').textContent, '–');
  equal(cell('html', 'runMax').textContent, '–');
  ok(find('tr[data-task-id=html] .crash-message .whole-text').textContent.endsWith(ODD.html), 'whole when opened');
  ok(unharmed());
  press('Queues');
  await until(() => boxes('html').length === 2);
  ok(boxes('html')[0][1].startsWith('<img src=x') && boxes('html')[0][1].length < 40, boxes('html')[0][1]);
  ok(find('[data-queue-of=long] .task-name summary').textContent.length < 60, 'cut');
  equal(find('[data-queue-of=long] .whole-text').textContent, ODD.long);
  ok(unharmed());
}

export async function every_one_of_ten_thousand_tasks_is_within_reach() {
  const { runtime } = observed();
  for (let n = 0; n < 10_000; n++) bench({ taskId: `task-${n}` }, runtime);
  await opened(runtime, 'tasks');
  await until(() => ids().length === 200, 'a page of them has rows');
  ok(find('.pager').textContent.includes('1 to 200 of 10,000'), find('.pager').textContent);
  press('Next ›');
  await until(() => ids()[0] === 'task-200' && ids().length === 200, 'the next page');
  press('Queues');
  await until(() => all('.queue-card').length === 200, 'as queues too');
  press('‹ Before');
  await until(() => find('[data-queue-of=task-0]'));
  press('Table');
  const filter = find('.filter');
  filter.value = 'task-9876';
  filter.dispatchEvent(new Event('input'));
  await until(() => ids().join() === 'task-9876', 'the filter finds one');
  ok(find('.pager').hidden);
}

export async function ten_thousand_keys_are_no_matter_to_it() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, maxInFlight: 64 }, runtime);
  await opened(runtime, 'tasks');
  const calls = Array.from({ length: 10_000 }, (_, n) => task.with({ key: `key-${n}` }).add(n, 1));
  deepEqual((await Promise.all(calls)).at(-1), 10_000);
  await until(() => cell('t', 'success').dataset.value === '10000');
}
