// Workers' scripts that expose their handlers late, twice, or never, and those that say more than they should.
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench } from '../atelier.js';
import { consoleTold } from '../console.js';

const script = (name, options) => () => new Worker(`/tests/workers/${name}.js`, { type: 'module', ...options });

export async function a_script_that_never_exposes_is_reported_before_its_calls_fail() {
  for (const name of ['silent', 'silent-import']) {
    const told = consoleTold();
    const begun = performance.now();
    const task = bench({ worker: script(name), type: 'parallel', poolSize: 2, init: 'eager', taskId: name, startTimeoutMs: 2500, crashPolicy: 'fail-task' });
    const call = rejects(task.echo(1), { name: 'WorkerCrashedError' });
    await until(() => told.length > 0, 'it is reported');
    ok(performance.now() - begun < 2500, 'the report does not wait for the calls');
    ok(told[0].includes(`'${name}'`) && told[0].includes('expose()'), told[0]);
    const error = await call;
    deepEqual([error.kind, error.cause.message.includes('expose')], ['start-timeout', true]);
    equal(told.filter((text) => text.includes('expose()')).length, 1, 'once for each task');
  }
}

export async function a_script_that_has_run_and_exposes_nothing_fails_its_calls() {
  const told = consoleTold();
  const error = await rejects(bench({ worker: script('silent-import'), crashPolicy: 'fail-task' }).echo(1), { name: 'WorkerCrashedError' });
  deepEqual([error.kind, error.cause.message.includes('expose(')], ['start-timeout', true]);
  ok(told[0].includes('expose()'), told[0]);
}

export async function handlers_may_be_exposed_by_a_promise() {
  const gate = new BroadcastChannel('late');
  const told = consoleTold();
  const task = bench({ worker: script('promised') });
  const call = task.echo(1);
  await until(() => told.length > 0, 'it is reported as slow');
  gate.postMessage('open');
  equal(await call, 1);
  equal(task.getState().lastCrash, undefined);
}

export async function a_promise_of_handlers_that_fails_says_why_at_the_call() {
  const gate = new BroadcastChannel('late');
  const told = consoleTold();
  const call = bench({ worker: script('promised'), crashPolicy: 'fail-task' }).echo(1);
  await until(() => told.length > 0, 'it is reported as slow');
  gate.postMessage('fail');
  const error = await rejects(call, { name: 'WorkerCrashedError' });
  ok(error.cause.message.includes('no table today'), error.cause.message);
}

export async function handlers_that_nobody_exposed_are_served_nevertheless() {
  equal(await bench({ worker: script('forgotten') }).echo(1), 1);
}

export async function a_script_may_expose_as_late_as_it_likes() {
  const gate = new BroadcastChannel('late');
  const told = consoleTold();
  const task = bench({ worker: script('late') });
  const call = task.ready();
  await until(() => told.length > 0, 'it is reported as slow');
  gate.postMessage('open');
  equal(await call, true);
  equal(task.getState().lastCrash, undefined);
}

export async function a_late_expose_of_what_is_served_already_is_no_mistake() {
  const gate = new BroadcastChannel('late');
  const task = bench({ worker: script('late', { name: 'early' }) });
  equal(await task.ready(), false, 'nobody could know that it was not ready');
  gate.postMessage('open');
  ok(await until(() => task.ready()));
  equal(task.getState().lastCrash, undefined);
}

export async function the_second_expose_is_refused() {
  const task = bench({ worker: script('twice'), type: 'parallel', poolSize: 1, maxInFlight: 4 });
  const values = Array.from({ length: 10 }, (_, n) => n);
  deepEqual(await Promise.all(values.map((n) => task.echo(n))), values);
  ok((await task.refused()).startsWith('Error: expose was called before'), await task.refused());
}

export async function answers_that_nobody_waits_for_are_ignored() {
  const told = consoleTold();
  const task = bench({ worker: script('babbling'), type: 'parallel', poolSize: 1, maxInFlight: 4 });
  const other = bench();
  for (let round = 0; round < 3; round++) {
    const calls = [task.echo(1), task.babble(), task.echo(2), other.echo(3)];
    deepEqual(await Promise.all(calls), [1, 'said', 2, 3]);
  }
  for (let n = 0; n < 5; n++) {
    equal(await task.repeat(n), n);
    equal(await task.echo(`after ${n}`), `after ${n}`);
  }
  deepEqual(await Promise.all([4, 5, 6].map((n) => task.echo(n))), [4, 5, 6]);
  equal(task.getState().lastCrash, undefined);
  equal(told.filter((text) => text.includes('unknown kind')).length, 1, 'what cannot be read is reported once');
}
