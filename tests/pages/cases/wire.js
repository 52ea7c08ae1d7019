// The wire: what shares a message, and what never waits.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { turn } from '../deferred.js';
import { watched } from '../watched.js';
import { createTaskRuntime } from '/atelier/index.js';
import { MARK } from '/atelier/worker/wire.js';

// Every promise that can go on without a new event, without letting the page's loop turn.
async function microtasks() {
  for (let i = 0; i < 50; i++) await null;
}

export async function calls_of_one_turn_share_one_message() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, worker: seen.worker });
  await task.add(0, 0);
  seen.forget();
  const results = await Promise.all([1, 2, 3, 4, 5].map((n) => task.add(n, n)));
  deepEqual(results, [2, 4, 6, 8, 10]);
  equal(seen.sent.length, 1);
}

export async function each_worker_gets_one_message() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 2, maxInFlight: 8, init: 'eager', worker: seen.worker });
  await Promise.all([task.add(0, 0), task.add(0, 0)]);
  seen.forget();
  await Promise.all([1, 2, 3, 4, 5, 6].map((n) => task.add(n, n)));
  deepEqual(seen.sent.map(({ to }) => to).sort(), [0, 1]);
}

export async function calls_made_before_a_worker_is_ready_share_its_first_message() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, worker: seen.worker });
  const early = [task.add(1, 1), task.add(2, 2)];
  await turn();
  deepEqual(await Promise.all([...early, task.add(3, 3)]), [2, 4, 6]);
  equal(seen.sent.length, 1);
}

export async function a_cancel_shares_the_message_of_a_call() {
  const seen = watched();
  const runtime = createTaskRuntime();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4, worker: seen.worker }, runtime);
  const running = task.with({ key: 'k' }).listen('running');
  await heard('running');
  seen.forget();
  runtime.abortTaskController.abort('k');
  const call = task.add(1, 1);
  await rejects(running, { name: 'AbortError' });
  equal(await call, 2);
  equal(seen.sent.length, 1);
}

export async function a_lone_call_is_posted_in_its_own_turn() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  await task.add(0, 0);
  seen.forget();
  const call = task.add(1, 1);
  await microtasks();
  equal(seen.sent.length, 1, 'without a turn of the loop in between');
  equal(await call, 2);
  for (let n = 0; n < 5; n++) await task.add(n, n);
  equal(seen.sent.length, 6);
}

export async function a_call_cancelled_in_its_own_turn_is_not_posted() {
  const seen = watched();
  const runtime = createTaskRuntime();
  const task = bench({ worker: seen.worker }, runtime);
  await task.add(0, 0);
  seen.forget();
  const controller = new AbortController();
  const calls = [task.with({ key: 'k' }).add(1, 1), task.with({ signal: controller.signal }).add(1, 1)];
  runtime.abortTaskController.abort('k');
  controller.abort();
  for (const call of calls) await rejects(call, { name: 'AbortError' });
  await turn();
  equal(seen.sent.length, 0);
}

export async function results_of_one_turn_share_messages() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 64, worker: seen.worker });
  await task.add(0, 0);
  seen.forget();
  await Promise.all(Array.from({ length: 64 }, (_, n) => task.add(n, n)));
  ok(seen.received.length < 64, `${seen.received.length} messages for 64 results`);
}

export async function what_is_done_does_not_wait_for_a_slow_neighbour() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4, worker: seen.worker });
  await task.add(0, 0);
  seen.forget();
  const settled = [];
  const calls = [task.add(700, 1), task.spin(20), task.add(800, 2)];
  calls.forEach((call, i) => call.then(() => settled.push(i)));
  await Promise.all(calls);
  equal(seen.sent.length, 1, 'they came together');
  deepEqual(settled, [0, 1, 2]);
  const answers = seen.received[0].message.filter((each) => each === 701 || each === 802);
  deepEqual(answers, [701], 'and the first went home alone, before the slow one began');
}

export async function a_slow_answer_does_not_wait_for_what_comes_after_it() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 4, worker: seen.worker });
  await task.add(0, 0);
  const held = task.hold('slow', 'slow');
  await heard('slow');
  seen.forget();
  const spinning = task.spin(20);
  openGate('slow');
  equal(await held, 'slow');
  await spinning;
}

export async function a_cancel_reaches_a_long_batch() {
  const runtime = createTaskRuntime();
  const many = 60;
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: many, timeoutMs: 60_000 }, runtime);
  await task.add(0, 0);
  const calls = Array.from({ length: many }, () => task.with({ key: 'k' }).spin(10));
  await calls[0];
  runtime.abortTaskController.abort('k');
  const ended = await Promise.allSettled(calls);
  ok(ended.some(({ reason }) => reason?.name === 'AbortError'));
  const spins = await task.spins();
  ok(spins < many, `${spins} of ${many} ran in spite of the cancel`);
}

export async function what_cannot_be_cloned_fails_alone_and_frees_its_place() {
  const seen = watched();
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 3, worker: seen.worker });
  await task.add(0, 0);
  const buffer = new ArrayBuffer(8);
  const calls = await Promise.allSettled([task.echo(buffer), task.echo({ deep: [() => 1] }), task.add(2, 2)]);
  deepEqual(calls.map((call) => call.status), ['fulfilled', 'rejected', 'fulfilled']);
  equal(calls[0].value.byteLength, 8);
  ok(calls[1].reason instanceof DOMException && calls[1].reason.name === 'DataCloneError');
  equal(seen.workers.length, 1, 'its worker lives');
  equal(task.getState().queueDepth, 0);
}

export async function messages_of_others_are_passed_over() {
  const seen = watched();
  const task = bench({ worker: seen.worker });
  equal(await task.add(1, 1), 2);
  const [worker] = seen.workers;
  for (const data of [null, 'hello', 7, {}, [], [[]], [['x']], [[99]], [[1, 12345, 0, 0, 'nobody']], [null], [5], [1, 0, 'nobody'], [MARK], [MARK, 99], [MARK, 1, 12345, 'nobody']]) {
    worker.dispatchEvent(new MessageEvent('message', { data }));
    worker.postMessage(data);
  }
  equal(await task.add(2, 2), 4);
}
