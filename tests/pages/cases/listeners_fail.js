// Listeners that throw, reject or come back in while they hear.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, observed } from '../atelier.js';
import { turn } from '../deferred.js';

/** What is written to `console.error` while `act` goes on; `fail` throws there as well. */
async function reported(act, fail = false) {
  const [words, original] = [[], console.error];
  console.error = (...all) => {
    words.push(all.at(-1)?.message);
    if (fail) throw new Error('no errors on the console here');
  };
  try {
    await act();
    await turn();
  } finally {
    console.error = original;
  }
  return words;
}

const throwing = (words, heard = []) => (event) => {
  heard.push(event);
  throw new Error(words);
};

export async function one_that_throws_is_reported_once_and_hears_everything() {
  for (const fail of [false, true]) {
    const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
    const [first, second, batch, good] = [[], [], [], []];
    runtime.subscribeEvents(throwing('first', first));
    runtime.subscribeEvents(throwing('second', second));
    runtime.subscribeEvents(throwing('batch', batch), { batch: true });
    runtime.subscribeEvents((event) => good.push(event));
    const task = bench({}, runtime);
    const words = await reported(async () => {
      for (let n = 0; n < 5; n++) equal(await task.add(n, 1), n + 1, 'the call has its own answer');
      await rejects(task.fail('RangeError', 'my own'), { name: 'RangeError', message: 'my own' });
      await until(() => batch.flat().length === good.length);
    }, fail);
    deepEqual(words.sort(), ['batch', 'first', 'second'], `once each, whether or not the console throws (${fail})`);
    ok(good.filter(({ kind }) => kind === 'span').length === 6);
    deepEqual([first.length, second.length], [good.length, good.length], 'every event');
  }
}

export async function the_same_function_twice_is_two_listeners() {
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const listener = throwing('mine');
  runtime.subscribeEvents(listener, { kinds: ['span'] });
  runtime.subscribeEvents(listener, { kinds: ['span'] });
  const task = bench({}, runtime);
  deepEqual(await reported(async () => (await task.add(1, 1), await task.add(1, 1))), ['mine', 'mine']);
}

export async function one_that_rejects_is_reported_once_and_nothing_is_unhandled() {
  const unhandled = [];
  addEventListener('unhandledrejection', (event) => unhandled.push(event.reason));
  const runtime = createTaskRuntime({ observability: { spans: 'on' } });
  const odd = [
    async () => Promise.reject(new Error('async')),
    () => ({ get then() { throw new Error('then'); } }),
    () => ({ then: (_, no) => no(new Error('thenable')) }),
  ];
  for (const listener of odd) runtime.subscribeEvents(listener);
  const task = bench({}, runtime);
  const words = await reported(async () => {
    for (let n = 0; n < 3; n++) equal(await task.add(n, 1), n + 1);
  }, true);
  await turn();
  deepEqual(words.sort(), ['async', 'then', 'thenable']);
  equal(unhandled.length, 0);
}

export async function listeners_leave_by_themselves_and_take_others_along() {
  for (const batch of [false, true]) {
    const { runtime, events } = observed();
    const [own, others] = [[], []];
    const stop = runtime.subscribeEvents((event) => (own.push(event), stop(), stopOther()), { batch });
    const stopOther = runtime.subscribeEvents((event) => others.push(event), { batch });
    const task = bench({}, runtime);
    await task.add(1, 1);
    await turn();
    await task.add(1, 1);
    await turn();
    deepEqual([own.length, others.length], [1, 0], `batch: ${batch}`);
    ok(events.filter(({ kind }) => kind === 'span').length === 2, 'who stays hears on');
  }
}

export async function a_listener_may_end_what_it_hears_of() {
  for (const act of ['dispose', 'stopWorkers', 'startWorkers', 'abort', 'subscribe', 'trace', 'read']) {
    const { runtime, events } = observed();
    const task = bench({ taskId: 't' }, runtime);
    let acts = 0;
    const late = [];
    runtime.subscribeEvents((event) => {
      if (event.name !== 'queue.wait_ms' || acts++ > 0) return;
      if (act === 'abort') runtime.abortTaskController.abort('k');
      else if (act === 'subscribe') runtime.subscribeEvents((each) => late.push(each));
      else if (act === 'trace') runtime.createTrace('inner').end();
      else if (act === 'read') [runtime.getTelemetry(), runtime.getRuntimeSnapshot(), task.getState()];
      else task[act]();
    });
    const call = task.with({ key: 'k' }).echo('it');
    if (act === 'dispose') await rejects(call, { name: 'TaskDisposedError' });
    else if (act === 'abort') await rejects(call, { name: 'AbortError' });
    else if (act === 'stopWorkers') {
      await until(() => task.getState().taskStatus === 'paused');
      task.startWorkers();
      equal(await call, 'it');
    } else equal(await call, 'it');
    if (act === 'subscribe') ok(late.some(({ kind }) => kind === 'span'));
    if (act === 'trace') ok(events.some(({ kind }) => kind === 'trace'));
    const ends = events.filter(({ kind }) => kind === 'span');
    equal(ends.length, 1, act);
    task.dispose();
  }
}

export async function methods_and_readers_may_be_called_anything() {
  const { runtime } = observed();
  const stop = runtime.subscribeFrames(() => {}, { name: '__proto__' });
  const task = bench({}, runtime);
  await task.echo(1);
  const { ledger, tasks } = runtime.getTelemetry();
  deepEqual(Object.keys(ledger).includes('__proto__'), true);
  equal(Object.getPrototypeOf(ledger), Object.prototype);
  ok(tasks[0].methods.echo.counters['task.success.total'] === 1);
  stop();
}
