// The panel, as a page has it: loaded when opened, true to the events, alive when the collector is not.
import { bench, observed } from '../atelier.js';
import { equal, ok, rejects, throws, until } from '../assert.js';
import { mountDevtools } from '/atelier/devtools.js';
import { exportOtlp } from '/atelier/otlp.js';
import { createTaskRuntime } from '/atelier/index.js';

const root = () => document.querySelector('atelier-devtools')?.shadowRoot;
const find = (selector) => root()?.querySelector(selector);
const value = (selector) => Number(find(selector)?.closest('[data-value]')?.dataset.value ?? find(`${selector} [data-value]`)?.dataset.value);
const loaded = () => performance.getEntriesByType('resource').some(({ name }) => name.includes('/atelier/devtools/'));

export async function its_wasm_is_loaded_when_it_is_opened_and_not_before() {
  const runtime = createTaskRuntime();
  const panel = mountDevtools(runtime);
  ok(root(), 'the corner button is there');
  equal(loaded(), false);
  panel.open();
  await until(loaded);
  await until(() => find('[role=tab]'));
  panel.close();
  panel.unmount();
  equal(document.querySelector('atelier-devtools'), null);
}

export async function it_shows_what_the_events_say() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', maxQueueDepth: 1, queuePolicy: 'reject' }, runtime);
  mountDevtools(runtime, { open: true });
  equal(await task.add(1, 1), 2);
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  await rejects(task.crash('gone'), { name: 'WorkerCrashedError' });
  const count = (name) => events.filter((event) => event.name === name).length;
  const row = (column) => `tr[data-task-id=t] [data-col=${column}]`;
  await until(() => value(row('success')) === count('task.success.total'), 'successes agree');
  await until(() => value(row('failure')) === count('task.failure.total'), 'failures agree');
  await until(() => value(row('crashes')) === count('worker.crash.total'), 'crashes agree');
  ok(find(row('crashes')).textContent.includes('gone') || find('tr[data-task-id=t]').outerHTML.includes('gone'), 'and it says why');
}

export async function an_unreachable_collector_shows_as_what_waits_and_what_was_dropped() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { endpoint: 'http://127.0.0.1:9', maxQueueSize: 5, maxBatchSize: 5, durable: false });
  const task = bench({}, runtime);
  for (let i = 0; i < 20; i++) await task.add(i, i);
  await exporter.flush();
  const { pending, dropped } = exporter.ledger().traces;
  mountDevtools(runtime, { open: true });
  await until(() => find('[role=tab]'));
  [...root().querySelectorAll('[role=tab]')].find((tab) => tab.textContent.includes('Delivery')).click();
  const row = (column) => `tr[data-consumer^="otlp"][data-signal=spans] [data-col=${column}]`;
  await until(() => value(row('pending')) === pending, 'what waits');
  await until(() => value(row('dropped')) === dropped.queue_full, 'what was dropped');
  ok(pending > 0 && dropped.queue_full > 0);
  await until(() => find('tr[data-consumer^="otlp"]').textContent.length > 0);
}

const press = (name) => [...root().querySelectorAll('[role=tab]')].find((tab) => tab.textContent.startsWith(name)).click();

export async function findings_are_told_with_their_numbers_and_lead_to_the_calls() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', taskName: 'crowded', maxQueueDepth: 1 }, runtime);
  bench({ taskId: 'other' }, runtime);
  mountDevtools(runtime, { open: true });
  await until(() => find('[role=tab]'));
  press('Findings');
  await until(() => find('[data-pane=findings]').innerText.includes('Nothing found'), 'says so when there is nothing');
  ok(find('.judged').textContent.includes('queue-saturated'), 'and what it looks for');
  let going = true;
  const lanes = [1, 2, 3, 4].map(async () => {
    while (going) await task.spin(20);
  });
  const card = await until(() => find('[data-finding=queue-saturated]'), 'the finding is shown', 8_000);
  const { message, fix, evidence } = runtime.getTelemetry().findings.find(({ id }) => id === 'queue-saturated');
  await until(() => Number(find('[data-tab=findings] .tab-count').textContent) === root().querySelectorAll('.finding').length, 'the tab counts them');
  ok(message.startsWith(card.querySelector('.finding-message').textContent.slice(0, 20)), card.textContent);
  ok(card.querySelector('.fix').textContent.includes(fix.slice(0, 20)), card.textContent);
  ok(card.querySelector('.finding-task').textContent === 'crowded');
  equal(card.querySelectorAll('.evidence dt').length, Object.keys(evidence).length);
  ok([...card.querySelectorAll('.evidence dd')].some((number) => number.textContent.endsWith(' ms')), 'numbers have units');
  card.querySelector('.show-calls').click();
  await until(() => !find('[data-pane=timeline]').hidden && find('[data-pane=findings]').hidden, 'the timeline is in front');
  ok([...root().querySelectorAll('[data-pane=timeline] button')].some((button) => button.textContent.includes('Only crowded')));
  going = false;
  await Promise.all(lanes);
}

export async function the_same_runtime_gives_the_same_panel() {
  const runtime = createTaskRuntime();
  equal(mountDevtools(runtime), mountDevtools(runtime));
  equal(document.querySelectorAll('atelier-devtools').length, 1);
}

export async function senseless_options_are_refused() {
  const runtime = createTaskRuntime();
  for (const options of [{ dock: 'top' }, { theme: 'pink' }, { open: 'yes' }, { hotkey: 7 }, { target: 'body' }]) {
    const [option] = Object.keys(options);
    throws(() => mountDevtools(runtime, options), { message: option }, option);
  }
  throws(() => mountDevtools(), { name: 'TypeError' });
}
