// Values whose own code throws when they are looked at: one call fails of each, and nothing else.
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench, observed } from '../atelier.js';
import { watched } from '../watched.js';

const oddWorker = () => new Worker('/tests/workers/odd.js', { type: 'module' });

function throwing() {
  return {
    get value() {
      throw new RangeError('an argument has a bad getter');
    },
  };
}

export async function an_argument_with_a_throwing_getter_fails_alone() {
  const task = bench({ maxInFlight: 4 });
  const [before, bad, after] = await Promise.allSettled([task.echo(1), task.echo(throwing()), task.echo(3)]);
  deepEqual([before.value, after.value], [1, 3]);
  equal(bad.reason.message, 'an argument has a bad getter');
  equal(task.getState().queueDepth, 0);
  equal(await bench().echo('other tasks live'), 'other tasks live');
}

export async function an_argument_that_is_a_revoked_proxy_fails_alone() {
  const task = bench({ maxInFlight: 4 });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const [before, bad, after] = await Promise.allSettled([task.echo(1), task.echo([proxy]), task.echo(3)]);
  deepEqual([before.value, after.value], [1, 3]);
  ok(bad.reason instanceof Error);
  equal(await task.echo('alive'), 'alive');
}

export async function a_getter_is_no_matter_where_nothing_is_looked_for() {
  await rejects(bench().with({ transfer: [] }).echo(throwing()), { name: 'RangeError', message: 'bad getter' });
}

export async function an_argument_whose_getter_calls_back_is_served() {
  const task = bench({ maxQueueDepth: 8 });
  let inner;
  const value = {
    get once() {
      inner ??= task.echo('inner');
      task.getState();
      return 1;
    },
  };
  equal((await task.echo(value)).once, 1);
  equal(await inner, 'inner');
}

export async function a_promised_result_with_a_throwing_getter_fails_alone() {
  const task = bench({ worker: oddWorker, type: 'parallel', poolSize: 1, maxInFlight: 3 });
  const [one, bad, two] = await Promise.allSettled([task.secret(), task.promiseThrowingGetter(), task.secret()]);
  deepEqual([one.value, two.value], [42, 42]);
  equal(bad.reason.message, 'the result has a bad getter');
  equal(task.getState().queueDepth, 0);
}

export async function a_fired_signal_costs_no_worker_and_is_counted() {
  const seen = watched();
  const { runtime, events } = observed();
  const count = (name) => events.filter((event) => event.name === name).length;
  const task = bench({ worker: seen.worker }, runtime);
  await rejects(task.with({ signal: AbortSignal.abort() }).echo(1), { name: 'AbortError' });
  await new Promise((pass) => setTimeout(pass));
  equal(seen.workers.length, 0);
  deepEqual([count('task.dispatch.total'), count('task.canceled.total')], [1, 1]);
}
