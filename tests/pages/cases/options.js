// with(): options of calls, how they add up and what is refused.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

export async function options_add_up_and_undefined_takes_nothing_away() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const controller = new AbortController();
  const trace = runtime.createTrace('t');
  const all = task.with({ key: 'first', signal: controller.signal }).with({ trace, transfer: [] }).with({ transferResult: false });
  const none = { key: undefined, signal: undefined, trace: undefined, transfer: undefined, transferResult: undefined };
  const same = all.with(none).with({}).with(undefined).with();
  equal((await same.context()).key, 'first');
  const view = new Uint8Array(4);
  await same.echo(view);
  equal(view.length, 4, 'transfer: [] is still there');
  await same.lend(8);
  equal(await task.lentLength(), 8, 'so is transferResult: false');
  equal((await same.with({ key: 'second' }).context()).key, 'second', 'the last one counts');
  equal((await same.context()).key, 'first', 'and the others are as they were');
  const call = same.listen('running');
  await heard('running');
  controller.abort();
  await rejects(call, { name: 'AbortError' });
  equal((await task.context()).key, undefined, 'the task itself has none of it');
}

export async function a_task_with_options_is_the_same_task() {
  const task = bench();
  const keyed = task.with({ key: 'k' });
  equal(keyed.then, undefined);
  equal(await keyed.add(1, 1), 2);
  equal(keyed.getState().totalDispatched, 1);
  keyed.stopWorkers();
  equal(task.getState().taskStatus, 'paused');
  keyed.startWorkers();
  keyed.dispose();
  await rejects(task.add(1, 1), { name: 'TaskDisposedError' });
}

export async function what_is_no_string_or_empty_is_no_key() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  for (const key of ['', 7, null, {}, [], Symbol('k'), () => 'k']) {
    equal((await task.with({ key }).context()).key, undefined, String(key));
  }
  const keyed = bench({ keyOf: (name) => name }, runtime);
  equal((await keyed.context('from keyOf')).key, 'from keyOf');
  equal((await keyed.with({ key: 'given' }).context('from keyOf')).key, 'given');
  equal((await keyed.with({ key: '' }).context('from keyOf')).key, undefined, 'given as none');
}

export async function wrong_options_name_themselves_and_what_is_allowed() {
  const task = bench();
  const wrong = {
    signal: [null, 'stop', {}, new AbortController()],
    trace: [null, 'id', {}, { id: '1'.repeat(32), sampled: true }],
    transfer: [null, 'all', {}, new ArrayBuffer(1), new Set()],
    transferResult: [null, 'no', 0],
    priority: [null, 'high', 1],
    cancel: [null, 'now', 5, {}, { graceMs: '5' }],
  };
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      throws(() => task.with({ [option]: value }), { name: 'TypeError', message: option }, `${option}: ${typeof value}`);
    }
  }
  for (const graceMs of [-1, Number.NaN]) {
    throws(() => task.with({ cancel: { graceMs } }), { name: 'RangeError', message: 'graceMs' });
  }
  const unknown = throws(() => task.with({ transfers: [] }), { name: 'TypeError', message: "'transfers'" });
  for (const known of ['key', 'signal', 'trace', 'transfer', 'transferResult', 'priority', 'cancel']) {
    ok(unknown.message.includes(known));
  }
  for (const value of [null, 'k', 7]) throws(() => task.with(value), { name: 'TypeError', message: 'with' });
  equal(task.getState().totalDispatched, 0);
}

export async function options_never_reach_the_handler() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  const trace = runtime.createTrace('t');
  const { signal } = new AbortController();
  const options = { key: 'k', signal, trace, transfer: [], transferResult: false, priority: 'background', cancel: 'cooperative' };
  equal((await task.with(options).context()).args, 1, 'the context alone');
  equal((await task.with(options).context({ key: 'mine' }, 2)).args, 3, 'what looks like options is an argument');
  equal((await task.context(undefined, undefined)).args, 3);
}

export async function a_trace_of_another_runtime_is_a_trace() {
  const one = observed();
  const two = observed();
  const trace = one.runtime.createTrace('shared');
  await bench({}, two.runtime).with({ trace }).add(1, 1);
  trace.end();
  const [span] = two.events.filter((event) => event.kind === 'span');
  deepEqual([span.traceId, span.traceName], [trace.id, 'shared']);
}

export async function runtime_options_are_checked_too() {
  for (const config of [null, 'on', 7]) throws(() => createTaskRuntime(config), { name: 'TypeError', message: 'createTaskRuntime' });
  for (const observability of [null, 'on', true]) {
    throws(() => createTaskRuntime({ observability }), { name: 'TypeError', message: 'observability' });
  }
  for (const spans of [null, true, 1, 'yes', { mode: 'yes' }, { mode: true }]) {
    throws(() => createTaskRuntime({ observability: { spans } }), { name: 'TypeError', message: 'spans' });
  }
  for (const metrics of [null, true, {}, 'yes']) {
    throws(() => createTaskRuntime({ observability: { metrics } }), { name: 'TypeError', message: 'metrics' });
  }
  createTaskRuntime({});
  createTaskRuntime({ observability: {} });
  createTaskRuntime({ observability: { spans: undefined, metrics: undefined } });
  openGate('nobody');
}
