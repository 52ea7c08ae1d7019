// The panel's pane of events: what listeners got, filtered, paused, in bounds, and gathered for nobody else.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { mountDevtools } from '/atelier/devtools.js';

const root = () => document.querySelector('atelier-devtools')?.shadowRoot;
const find = (selector) => root()?.querySelector(selector);
const all = (selector) => [...(root()?.querySelectorAll(selector) ?? [])];
const text = (selector) => find(`[data-pane=events] ${selector}`)?.textContent ?? '';
const numbers = (sentence) => (sentence.match(/\d[\d,]*/g) ?? []).map((number) => Number(number.replaceAll(',', '')));
const gatherers = (runtime) => Object.keys(runtime.getTelemetry().ledger).filter((name) => name.endsWith(':events'));
const rows = () => all('.event-rows > .event-row:not([hidden])').sort((a, b) => a.ariaRowIndex - b.ariaRowIndex);
const cell = (row, column) => row.querySelector(`[data-col=${column}]`).textContent;
const shown = () => Number(find('.event-list').ariaRowCount) - 1;
const pane = (name) => find(`[data-tab=${name}]`).click();
const key = (name) => find('.event-list').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const type = (label, words) => {
  const field = find(`[data-pane=events] [aria-label^="${label}"]`);
  field.value = words;
  field.dispatchEvent(new Event('input'));
};

async function opened(runtime) {
  mountDevtools(runtime, { open: true });
  await until(() => find('[data-tab=events]'));
  pane('events');
  await until(() => gatherers(runtime).length === 1, 'the page gathers events');
}

export async function it_shows_what_listeners_got_with_all_of_its_fields() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', taskName: 'named' }, runtime);
  await task.add(1, 1);
  await opened(runtime);
  await until(() => text('.empty:not([hidden])').includes('No events yet'), 'it says why it is empty');
  const before = events.length;
  await runtime.runWithTrace('import', (trace) => task.with({ trace }).add(1, 1));
  await rejects(task.fail('TypeError', 'wrong'), { message: 'wrong' });
  const heard = events.slice(before).reverse();
  await until(() => shown() === heard.length && rows().length > 5, 'as many as the listener heard');
  const names = heard.map((event) => (event.kind === 'span' ? event.method : event.kind === 'trace' ? event.traceName : event.name));
  deepEqual(rows().map((row) => [cell(row, 'kind'), cell(row, 'name')]), heard.map(({ kind }, n) => [kind, names[n]]).slice(0, rows().length));
  const failed = heard.find(({ status }) => status === 'error');
  const row = rows().find((each) => each.dataset.status === 'error');
  deepEqual([cell(row, 'task'), cell(row, 'place')], ['named', `#${failed.callId} · worker 0`]);
  ok(cell(row, 'details').endsWith('error (exception): wrong'), cell(row, 'details'));
  row.click();
  const field = (name) => find(`.event-details [data-field="${name}"]`)?.textContent;
  await until(() => field('spanId') === failed.spanId, 'a row opens to its fields');
  deepEqual(['callId', 'traceId', 'method', 'durationMs', 'phases.run'].map(field), [failed.callId, failed.traceId, 'fail', String(failed.durationMs), String(failed.phases.run)]);
  equal(find(`#${find('.event-list').getAttribute('aria-activedescendant')}`).ariaSelected, 'true');
  find('.event-content button').click();
  await until(() => find('[data-pane=events]').hidden && find('.call')?.dataset.spanId === failed.spanId, 'and leads to the timeline');
}

export async function filters_hold_for_what_is_there_and_what_comes() {
  const { runtime, events } = observed();
  const one = bench({ taskId: 'one' }, runtime);
  const two = bench({ taskId: 'two', taskName: 'The Second' }, runtime);
  await opened(runtime);
  const before = events.length;
  const heard = (fits) => events.slice(before).filter(fits).length;
  const isTwo = ({ taskId, attrs }) => (taskId ?? attrs?.['task.id']) === 'two';
  await one.add(1, 1);
  await two.add(1, 1);
  await until(() => shown() === heard(() => true));
  for (const kind of ['counter', 'gauge', 'histogram']) find(`.event-kinds [data-kind=${kind}]`).click();
  await until(() => shown() === 2 && find('.event-kinds [data-kind=gauge]').ariaPressed === 'false', 'the calls');
  type('Filter events by the id', 'sec');
  await until(() => shown() === 1 && cell(rows()[0], 'task') === 'The Second');
  await one.add(1, 1);
  await two.add(1, 1);
  await until(() => shown() === heard((event) => event.kind === 'span' && isTwo(event)), 'the filter holds');
  for (const kind of ['counter', 'gauge', 'histogram']) find(`.event-kinds [data-kind=${kind}]`).click();
  await until(() => shown() === heard(isTwo));
  type('Filter events by any', 'DISPATCH');
  await until(() => shown() === 2);
  equal(text('.about'), `2 of ${heard(() => true)} events`);
  type('Filter events by any', 'nothing has this');
  await until(() => text('.empty:not([hidden])').includes('No event matches'));
}

export async function paused_it_stands_still_and_counts_and_left_it_costs_nothing() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't' }, runtime);
  await opened(runtime);
  const before = events.length;
  await task.add(1, 1);
  await until(() => shown() > 5 && shown() === events.length - before, 'nothing is on its way');
  key('p');
  await until(() => text('.event-paused').startsWith('Paused at '));
  const [newest, paused] = [rows()[0].dataset.number, events.length];
  await task.add(1, 1);
  const since = () => numbers(text('.event-paused')).at(-1);
  await until(() => since() === events.length - paused, 'it counts');
  equal(rows()[0].dataset.number, newest);
  pane('tasks');
  await until(() => gatherers(runtime).length === 0, 'paused and left: nothing is gathered');
  await task.add(1, 1);
  pane('events');
  await until(() => gatherers(runtime).length === 1);
  find('[data-pane=events] .bar .toggle').click();
  await until(() => find('.event-paused').hidden && rows()[0].dataset.number > newest, 'it goes on');
  key('ArrowDown');
  key('ArrowDown');
  await until(() => find('.event-details') && rows()[1].ariaSelected === 'true' && !find('.event-paused').hidden, 'keys choose, and pause');
  key('Escape');
  await until(() => find('.event-details').hidden);
  pane('delivery');
  await until(() => !find('[data-pane=delivery]').hidden);
  document.querySelector('atelier-devtools').open = false;
  await until(() => gatherers(runtime).length === 0);
}

export async function more_than_it_has_room_for_is_counted() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 1, maxInFlight: 64, maxQueueDepth: 4_000 }, runtime);
  await opened(runtime);
  const before = events.length;
  // Ten frames' worth at a time, until the list is full.
  while (!text('.event-lost').includes('made room')) {
    await Promise.all(Array.from({ length: 300 }, (_, n) => task.add(n, 1)));
  }
  const accounted = () => shown() + numbers(text('.event-lost')).reduce((sum, number) => sum + number, 0);
  await until(() => accounted() === events.length - before, 'those here, those that made room, those dropped');
  ok(text('.event-lost').includes('dropped'), text('.event-lost'));
  ok(shown() <= 5_000 && all('.event-row').length < 120, `${shown()} events in ${all('.event-row').length} rows`);
}

export async function texts_of_any_kind_are_texts() {
  const { runtime } = observed();
  const name = '<img src=x onerror=alert(1)> עברית 🙂';
  const message = `<b>${'long '.repeat(2_000)}</b>`;
  const task = bench({ taskId: 't', taskName: name }, runtime);
  await opened(runtime);
  await rejects(task.fail('TypeError', message), { name: 'TypeError' });
  await until(() => rows().some((row) => row.dataset.status === 'error'));
  const row = rows().find((each) => each.dataset.status === 'error');
  equal(cell(row, 'task'), name);
  ok(cell(row, 'details').length < 200 && cell(row, 'details').includes('<b>long'), cell(row, 'details'));
  row.click();
  const whole = await until(() => find('.event-details [data-field=error] .whole-text'));
  equal(whole.textContent, message);
  deepEqual([...root().querySelectorAll('img, b')], []);
}
