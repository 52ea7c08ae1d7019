// Pages that break what the runtime stands on: what throws costs its own call, and nothing else.
import { bench, benchWorker, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { watched } from '../watched.js';
import { createTaskRuntime } from '/atelier/index.js';

const goesOn = async (task) => equal(await task.add(20, 22), 42);

export async function errors_with_names_of_what_every_object_has() {
  const runtime = createTaskRuntime();
  const [task, other] = [bench({}, runtime), bench({}, runtime)];
  for (const name of ['toString', 'valueOf', '__proto__', 'hasOwnProperty', 'constructor', '__defineGetter__']) {
    const neighbour = other.add(1, 2);
    await rejects(task.fail(name, 'odd'));
    equal(await neighbour, 3);
    await goesOn(task);
  }
}

export async function a_crash_whose_error_has_such_a_name() {
  const runtime = createTaskRuntime();
  const [task, other] = [bench({}, runtime), bench({}, runtime)];
  await rejects(task.crashNamed('toString', 'odd'), { name: 'WorkerCrashedError' });
  await goesOn(other);
  await goesOn(task);
}

export async function a_frozen_error_prototype() {
  const seen = watched();
  const runtime = createTaskRuntime();
  const task = bench({ taskId: 'frozen', worker: seen.worker, queuePolicy: 'reject', maxQueueDepth: 0 }, runtime);
  await goesOn(task);
  Object.freeze(Error.prototype);
  Object.freeze(TypeError.prototype);
  const held = task.hold('never', 1);
  await rejects(task.add(1, 1), { name: 'QueueDropError' });
  seen.workers[0].terminate();
  await rejects(held, { name: 'WorkerCrashedError', message: "Worker crashed for task 'frozen'" });
  const later = bench({}, runtime);
  await rejects(later.fail('Odd', 'x'));
  await goesOn(later);
}

export async function a_post_message_that_throws_odd_things() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, maxQueueDepth: 8 });
  await goesOn(task);
  const post = Worker.prototype.postMessage;
  for (const odd of [undefined, null, 'a text', 0, Symbol('s'), new RangeError('mine'), Object.create(null)]) {
    Worker.prototype.postMessage = () => {
      throw odd;
    };
    const calls = await Promise.allSettled([task.later(1), task.echo(new ArrayBuffer(4)), task.kind({})]);
    deepEqual(calls.map(({ status }) => status), ['rejected', 'rejected', 'rejected']);
    Worker.prototype.postMessage = post;
    deepEqual(await Promise.all([task.later(1), task.kind(2)]), [1, '[object Number]'], 'a method is introduced again');
    equal(task.getState().queueDepth, 0);
  }
}

export async function factories_that_return_odd_things() {
  const runtime = createTaskRuntime();
  const other = bench({}, runtime);
  const one = benchWorker();
  const odd = [undefined, null, 5, {}, Object.create(Worker.prototype), new Proxy(benchWorker(), {}), Promise.resolve(one)];
  for (const each of odd) {
    const task = bench({ worker: () => each }, runtime);
    const [call, neighbour] = [task.add(1, 1), other.add(1, 2)];
    ok((await rejects(call)) instanceof TypeError);
    equal(await neighbour, 3);
    task.dispose();
  }
}

export async function a_factory_that_returns_a_worker_again() {
  const one = benchWorker();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 2, worker: () => one });
  const [good, bad] = await Promise.allSettled([task.add(1, 1), task.add(2, 2)]);
  equal(good.value, 2);
  ok(bad.reason instanceof TypeError && bad.reason.message.includes('returned before'), bad.reason?.message);
  await goesOn(task);
}

export async function a_worker_whose_methods_throw() {
  const throws = () => {
    throw new RangeError('not today');
  };
  const task = bench({
    worker: () => Object.assign(benchWorker(), { terminate: throws, removeEventListener: throws }),
  });
  await goesOn(task);
  task.stopWorkers();
  task.startWorkers();
  await goesOn(task);
  task.dispose();
}

export async function a_console_that_throws() {
  const original = console.error;
  console.error = () => {
    throw new Error('no output is allowed here');
  };
  const { runtime, events } = observed();
  runtime.subscribeEvents(() => {
    throw new RangeError('a bad listener');
  });
  let broken = true;
  const worker = () => {
    if (broken) throw new RangeError('no worker yet');
    return benchWorker();
  };
  const task = runtime.defineTask({ type: 'singleton', init: 'eager', worker });
  broken = false;
  await goesOn(task);
  const before = events.length;
  await goesOn(task);
  await until(() => events.length > before, 'listeners still hear');
  console.error = original;
}

export async function a_signal_that_is_none() {
  const task = bench();
  await rejects(() => task.with({ signal: Object.create(AbortSignal.prototype) }).add(1, 1));
  await goesOn(task);
}

export async function a_promise_of_the_pages_own() {
  const Original = globalThis.Promise;
  const task = bench();
  await goesOn(task);
  const thrown = [];
  const report = console.error;
  console.error = (...what) => thrown.push(...what);
  globalThis.Promise = class extends Original {
    constructor(executor) {
      super((resolve, reject) => executor((value) => {
        resolve(value);
        throw new RangeError('a bad resolve');
      }, reject));
    }
  };
  const call = task.add(1, 1);
  globalThis.Promise = Original;
  equal(await call, 2);
  await goesOn(task);
  console.error = report;
  ok(thrown.some((each) => String(each).includes('a bad resolve')));
}

export async function what_throws_in_a_drain_does_not_stop_the_driver() {
  // The driver asks the core for its next alarm when it has worked, and sets a timer.
  const task = bench({ timeoutMs: 60_000 });
  await goesOn(task);
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = () => {
    throw new RangeError('not today');
  };
  const second = bench();
  const call = second.add(1, 1);
  await rejects(call, { name: 'RangeError' });
  EventTarget.prototype.addEventListener = add;
  await goesOn(second);
  await goesOn(task);
}
