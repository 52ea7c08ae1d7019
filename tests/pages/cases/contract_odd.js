// Values that resist being looked at, and ends that are easily told wrong.
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench, heard, observed, openGate } from '../atelier.js';

const oddWorker = () => new Worker('/tests/workers/odd.js', { type: 'module' });

export async function a_revoked_proxy_as_the_argument_itself_fails_alone() {
  const task = bench({ maxInFlight: 4 });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const calls = [task.echo(1), task.echo(proxy), task.echo(3)];
  const ends = await Promise.allSettled(calls);
  deepEqual([ends[0].value, ends[1].status, ends[2].value], [1, 'rejected', 3]);
  equal(await task.echo('alive'), 'alive');
}

export async function a_result_that_is_a_revoked_proxy_fails_alone() {
  const task = bench({ worker: oddWorker, type: 'parallel', poolSize: 1, maxInFlight: 3 });
  for (const method of ['returnRevoked', 'promiseRevoked']) {
    const ends = await Promise.allSettled([task.secret(), task[method](), task.secret()]);
    deepEqual([ends[0].value, ends[1].status, ends[2].value], [42, 'rejected', 42], method);
  }
  equal(task.getState().lastCrash, undefined);
}

export async function errors_that_cannot_be_looked_at_end_their_call_only() {
  const task = bench({ worker: oddWorker, type: 'parallel', poolSize: 1, maxInFlight: 3 });
  const [one, trap, two] = await Promise.allSettled([task.secret(), task.throwTrap(), task.secret()]);
  deepEqual([one.value, two.value], [42, 42]);
  equal(trap.status, 'rejected');
  const [getter] = await Promise.allSettled([task.throwGetter()]);
  equal(getter.status, 'rejected');
  equal(task.getState().lastCrash, undefined, 'the worker lives');
}

export async function what_is_thrown_keeps_its_message_when_it_cannot_be_sent() {
  const reason = await rejects(bench({ worker: oddWorker }).throwUnclonableObject());
  equal(reason.message, 'not an error');
}

export async function the_wait_of_a_second_attempt_is_part_of_the_whole_wait() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  // The worker is there, so that the first wait is short.
  await task.echo(0);
  const call = task.hold('twice', 1);
  await heard('twice');
  task.stopWorkers();
  await new Promise((pass) => setTimeout(pass, 60));
  task.startWorkers();
  openGate('twice');
  equal(await call, 1);
  const span = events.find((event) => event.kind === 'span' && event.method === 'hold');
  equal(span.attemptCount, 2);
  ok(span.queueWaitLastMs >= 50, String(span.queueWaitLastMs));
  ok(span.queueWaitMs >= span.queueWaitLastMs, `${span.queueWaitMs} in all`);
}

export async function very_many_buffers_move() {
  const buffers = Array.from({ length: 150_000 }, () => new ArrayBuffer(1));
  equal(await bench().kind(buffers), '[object Array]');
  equal(buffers.at(-1).byteLength, 0, 'they moved');
  equal(await bench().echo('alive'), 'alive');
}
