// What a `worker` function may do, by mistake or on purpose.
import { createTaskRuntime } from '/atelier/index.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';

const counters = (events, name) => events.filter((event) => event.name === name).length;

export async function whatever_it_returns_the_call_ends() {
  for (const worker of [() => undefined, () => null, () => ({}), () => 'url', async () => benchWorker(), () => globalThis]) {
    const { runtime, events } = observed();
    const task = bench({ worker }, runtime);
    await rejects(task.echo(1), {}, String(worker));
    equal(task.getState().queueDepth + task.getState().pendingQueueDepth + task.getState().waitingQueueDepth, 0);
    equal(counters(events, 'task.dispatch.total'), 1);
    equal(counters(events, 'task.rejected.total') + counters(events, 'task.failure.total'), 1, 'one outcome');
    task.dispose();
  }
}

export async function one_that_throws_rejects_its_calls_and_may_be_asked_again() {
  let broken = true;
  let asked = 0;
  const task = bench({
    type: 'parallel',
    poolSize: 2,
    worker: () => {
      asked += 1;
      if (broken) throw new RangeError('no worker today');
      return benchWorker();
    },
  });
  const results = await Promise.allSettled([task.echo(1), task.echo(2), task.echo(3)]);
  for (const { status, reason } of results) {
    equal(status, 'rejected');
    ok(`${reason.message} ${reason.cause?.message}`.includes('no worker today'), 'it says why');
  }
  ok(asked > 0);
  broken = false;
  equal(await task.echo('later'), 'later');
}

export async function one_that_throws_once_of_two_leaves_the_other_worker_alone() {
  let asked = 0;
  const task = bench({
    type: 'parallel',
    poolSize: 2,
    maxInFlight: 2,
    worker: () => {
      asked += 1;
      if (asked === 2) throw new RangeError('only one');
      return benchWorker();
    },
  });
  const first = task.hold('held', 'first');
  await heard('held');
  await task.echo(2).catch((error) => ok(`${error.message} ${error.cause?.message}`.includes('only one')));
  openGate('held');
  equal(await first, 'first');
  equal(await task.echo(3), 3);
}

export async function the_same_worker_twice_hurts_no_call() {
  const one = benchWorker();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 4, worker: () => one });
  const calls = [1, 2, 3, 4].map((n) => task.echo(n));
  const ends = await Promise.race([Promise.allSettled(calls), new Promise((pass) => setTimeout(pass, 8000))]);
  ok(ends, 'every call ended');
  for (const [n, { status, value, reason }] of ends.entries()) {
    if (status === 'fulfilled') equal(value, n + 1, 'no call gets the answer of another');
    else ok(reason instanceof Error, 'or it is told');
  }
  ok(ends.some(({ status }) => status === 'fulfilled'), 'the worker can be used once');
}

export async function a_worker_that_was_used_up_is_told() {
  const one = benchWorker();
  const task = bench({ worker: () => one, startTimeoutMs: 300, crashMaxRetries: 0 });
  equal(await task.echo(1), 1);
  task.stopWorkers();
  task.startWorkers();
  await rejects(task.echo(2), {});
}

export async function it_may_call_back_into_its_own_task() {
  for (const act of ['dispose', 'stopWorkers', 'startWorkers', 'getState', 'echo']) {
    let inner;
    let times = 0;
    const task = bench({
      type: 'parallel',
      poolSize: 2,
      worker: () => {
        times += 1;
        if (times === 1) inner = task[act]('inner');
        return benchWorker();
      },
    });
    const call = task.echo('outer');
    if (act === 'dispose') await rejects(call, { name: 'TaskDisposedError', message: /^Task was disposed$/ });
    else {
      if (act === 'stopWorkers') {
        await Promise.resolve();
        equal(task.getState().taskStatus, 'paused');
        task.startWorkers();
      }
      equal(await call, 'outer', act);
    }
    if (act === 'echo') equal(await inner, 'inner');
    task.dispose();
  }
}

export async function an_abort_in_it_counts_at_once() {
  const runtime = createTaskRuntime();
  const { abortTaskController: keys } = runtime;
  const seen = [];
  keys.abort('before');
  const task = bench(
    {
      worker: () => {
        keys.abort('k');
        seen.push(keys.isAborted('k'), keys.signalFor('k').aborted, keys.isAborted('before'));
        keys.clearAll();
        seen.push(keys.isAborted('k'), keys.isAborted('before'));
        keys.abort('k');
        keys.clear('k');
        keys.abort('k');
        seen.push(keys.isAborted('k'));
        return benchWorker();
      },
    },
    runtime,
  );
  const error = await rejects(task.with({ key: 'k' }).echo(1), { name: 'AbortError' });
  equal(error.message, 'Task was aborted');
  deepEqual(seen, [true, true, true, false, false, true]);
  deepEqual([keys.isAborted('k'), keys.isAborted('before')], [true, false], 'and so it stays');
  equal(await task.echo(2), 2);
}

export async function options_are_read_once() {
  let reads = 0;
  const options = {
    type: 'singleton',
    worker: benchWorker,
    get poolSize() {
      reads += 1;
      return undefined;
    },
    maxInFlight: 1,
  };
  const task = createTaskRuntime().defineTask(options);
  options.maxInFlight = 99;
  options.worker = () => {
    throw new Error('changed behind the back');
  };
  equal(task.getState().maxInFlight, 1);
  equal(await task.echo(1), 1);
  ok(reads <= 2);
}

export async function a_key_of_sees_the_arguments_once() {
  const seen = [];
  const task = bench({
    keyOf: (...args) => {
      seen.push(args);
      return args[0];
    },
  });
  equal((await task.context('k', 2)).key, 'k');
  deepEqual(seen, [['k', 2]], 'no context, no options, once a call');
  for (const value of [0, null, undefined, '', {}, Promise.resolve('p'), true]) {
    const own = bench({ keyOf: () => value });
    equal((await own.context()).key, undefined, String(value));
  }
  const overridden = bench({ keyOf: () => 'of the arguments' });
  equal((await overridden.with({ key: 'given' }).context()).key, 'given');
}

export async function a_key_of_that_throws_costs_one_call() {
  const { runtime, events } = observed();
  const task = bench({ keyOf: (value) => { if (value === 1) throw new SyntaxError('no key'); } }, runtime);
  await rejects(task.echo(1), { name: 'SyntaxError', message: /^no key$/ });
  equal(await task.echo(2), 2);
  await until(() => counters(events, 'task.success.total') === 1);
  const ended = ['success', 'failure', 'canceled', 'rejected'].map((way) => counters(events, `task.${way}.total`));
  equal(ended.reduce((a, b) => a + b), counters(events, 'task.dispatch.total'), 'dispatched calls have one outcome each');
}
