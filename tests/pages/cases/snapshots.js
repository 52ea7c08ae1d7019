// States and snapshots, in every state a task can be in.
import { bench, benchWorker, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws, until } from '../assert.js';
import { turn } from '../deferred.js';
import { createTaskRuntime } from '/atelier/index.js';

const STATE = [
  'type', 'poolSize', 'totalWorkers', 'activeWorkers', 'workerStatus', 'taskStatus', 'totalDispatched', 'queueDepth',
  'pendingQueueDepth', 'waitingQueueDepth', 'maxInFlight', 'maxQueueDepth', 'queuePolicy', 'queueDepthByWorker',
];
const statuses = (task) => {
  const { workerStatus, taskStatus, activeWorkers } = task.getState();
  return [workerStatus, taskStatus, activeWorkers];
};

export async function the_fields_are_those_of_the_contract() {
  const runtime = createTaskRuntime();
  const task = bench({ type: 'parallel', poolSize: 2, taskId: 't', taskName: 'named' }, runtime);
  bench({ taskId: 'bare' }, runtime);
  const state = task.getState();
  deepEqual(Object.keys(state).sort(), [...STATE].sort());
  deepEqual(state, {
    type: 'parallel',
    poolSize: 2,
    totalWorkers: 2,
    activeWorkers: 0,
    workerStatus: 'stopped',
    taskStatus: 'idle',
    totalDispatched: 0,
    queueDepth: 0,
    pendingQueueDepth: 0,
    waitingQueueDepth: 0,
    maxInFlight: 2,
    maxQueueDepth: 4,
    queuePolicy: 'block',
    queueDepthByWorker: [0, 0],
  });
  const { tasks } = runtime.getRuntimeSnapshot();
  deepEqual(tasks[0], { ...state, taskId: 't', taskName: 'named', init: 'lazy' });
  deepEqual(Object.keys(tasks[1]).sort(), [...STATE, 'taskId', 'init'].sort(), 'no name, no field');
}

export async function a_task_goes_through_its_states() {
  const lazy = bench({ maxQueueDepth: 1 });
  deepEqual(statuses(lazy), ['stopped', 'idle', 0]);
  const calls = ['a', 'b', 'c'].map((name) => lazy.hold(name, name));
  deepEqual(statuses(lazy), ['running', 'active', 1]);
  const { queueDepth, pendingQueueDepth, waitingQueueDepth, queueDepthByWorker, totalDispatched } = lazy.getState();
  deepEqual([queueDepth, pendingQueueDepth, waitingQueueDepth, queueDepthByWorker, totalDispatched], [1, 1, 1, [1], 3]);
  await heard('a');
  lazy.stopWorkers();
  deepEqual(statuses(lazy), ['stopped', 'paused', 0]);
  deepEqual(lazy.getState().queueDepthByWorker, [0]);
  lazy.stopWorkers();
  lazy.startWorkers();
  deepEqual(statuses(lazy), ['running', 'active', 1]);
  for (const name of ['a', 'b', 'c']) openGate(name);
  await Promise.all(calls);
  deepEqual(statuses(lazy), ['running', 'idle', 1]);
  lazy.stopWorkers();
  deepEqual(statuses(lazy), ['stopped', 'paused', 0]);
  lazy.startWorkers();
  deepEqual(statuses(lazy), ['stopped', 'idle', 0], 'a lazy one waits for work');
}

export async function an_eager_task_has_its_workers_from_the_start() {
  const runtime = createTaskRuntime();
  const eager = bench({ type: 'parallel', poolSize: 2, init: 'eager' }, runtime);
  deepEqual(statuses(eager), ['running', 'idle', 2]);
  equal(runtime.getRuntimeSnapshot().tasks[0].init, 'eager');
  eager.stopWorkers();
  deepEqual(statuses(eager), ['stopped', 'paused', 0]);
  eager.startWorkers();
  deepEqual(statuses(eager), ['running', 'idle', 2]);
}

export async function a_crash_is_in_the_state_until_the_next_one() {
  const runtime = createTaskRuntime();
  const before = Date.now();
  const task = bench({ taskId: 't' }, runtime);
  equal('lastCrash' in task.getState(), false);
  await rejects(task.crash('first'), { name: 'WorkerCrashedError' });
  deepEqual(statuses(task), ['crashed', 'idle', 0], 'until a new worker is there');
  const { lastCrash } = task.getState();
  deepEqual(Object.keys(lastCrash).sort(), ['error', 'kind', 'message', 'ts', 'workerIndex']);
  deepEqual([lastCrash.kind, lastCrash.workerIndex], ['error', 0]);
  ok(lastCrash.message.includes('first') && lastCrash.error.message.includes('first'));
  ok(lastCrash.ts >= before - 1 && lastCrash.ts <= Date.now() + 1);
  equal(await task.add(1, 1), 2);
  deepEqual(statuses(task), ['running', 'idle', 1]);
  equal(runtime.getRuntimeSnapshot().tasks[0].lastCrash.ts, lastCrash.ts, 'still told');
  await rejects(task.crash('second'), { name: 'WorkerCrashedError' });
  ok(task.getState().lastCrash.message.includes('second'));
}

export async function a_failed_task_is_crashed_until_it_is_started() {
  const task = bench({ crashPolicy: 'fail-task' });
  await rejects(task.crash('the end'), { name: 'WorkerCrashedError' });
  deepEqual(statuses(task), ['crashed', 'idle', 0]);
  task.startWorkers();
  deepEqual(statuses(task), ['stopped', 'idle', 0]);
  equal(await task.add(1, 1), 2);
}

export async function a_disposed_task_leaves_the_snapshot_and_remembers() {
  const runtime = createTaskRuntime();
  const task = bench({ taskId: 't', crashPolicy: 'fail-task' }, runtime);
  equal(await task.add(1, 1), 2);
  await rejects(task.crash('the end'), { name: 'WorkerCrashedError' });
  task.dispose();
  deepEqual(runtime.getRuntimeSnapshot(), { tasks: [] });
  deepEqual(statuses(task), ['stopped', 'idle', 0]);
  const { totalDispatched, lastCrash } = task.getState();
  equal(totalDispatched, 2);
  ok(lastCrash.message.includes('the end'));
  task.startWorkers();
  task.stopWorkers();
  deepEqual(statuses(task), ['stopped', 'idle', 0], 'nothing wakes it');
}

export async function subscribers_get_snapshots_at_their_interval() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const [all, changes, later] = [[], [], []];
  const stops = [
    runtime.subscribeRuntimeSnapshot((snapshot) => all.push(snapshot), { intervalMs: 5 }),
    runtime.subscribeRuntimeSnapshot((snapshot) => changes.push(snapshot), { intervalMs: 5, onlyOnChange: true }),
    runtime.subscribeRuntimeSnapshot((snapshot) => later.push(snapshot), { intervalMs: 5, emitImmediately: false }),
  ];
  deepEqual([all.length, changes.length, later.length], [1, 1, 0]);
  deepEqual(all[0], runtime.getRuntimeSnapshot());
  await until(() => all.length > 4 && later.length > 2);
  equal(changes.length, 1, 'nothing has changed');
  await task.add(1, 1);
  await until(() => changes.at(-1).tasks[0].totalDispatched === 1);
  for (const stop of stops) stop();
  const counts = [all.length, changes.length, later.length];
  const witness = [];
  const leave = runtime.subscribeRuntimeSnapshot((snapshot) => witness.push(snapshot), { intervalMs: 5 });
  await until(() => witness.length > 6, 'others go on meanwhile');
  leave();
  deepEqual([all.length, changes.length, later.length], counts, 'and none after the end');
}

export async function never_is_never_and_a_throwing_listener_is_reported() {
  const runtime = createTaskRuntime();
  const never = [];
  runtime.subscribeRuntimeSnapshot((snapshot) => never.push(snapshot), { intervalMs: Infinity });
  const reported = [];
  const original = console.error;
  console.error = (...words) => reported.push(words.at(-1).message);
  let called = 0;
  const stop = runtime.subscribeRuntimeSnapshot(
    () => {
      called += 1;
      throw new Error('a snapshot listener that throws');
    },
    { intervalMs: 5 },
  );
  await until(() => called > 2);
  deepEqual(reported, ['a snapshot listener that throws'], 'once');
  stop();
  console.error = original;
  await turn();
  equal(never.length, 1);
}

export async function wrong_options_are_told_clearly() {
  const runtime = createTaskRuntime();
  const subscribe = (options) => runtime.subscribeRuntimeSnapshot(() => {}, options);
  for (const intervalMs of [0, -1, Number.NaN]) throws(() => subscribe({ intervalMs }), { name: 'RangeError', message: 'intervalMs' });
  for (const intervalMs of ['5', null, {}]) throws(() => subscribe({ intervalMs }), { name: 'TypeError', message: 'intervalMs' });
  for (const name of ['emitImmediately', 'onlyOnChange']) {
    for (const value of ['no', 1, null]) throws(() => subscribe({ [name]: value }), { name: 'TypeError', message: name });
  }
  throws(() => subscribe('often'), { name: 'TypeError' });
  for (const listener of [undefined, null, {}]) throws(() => runtime.subscribeRuntimeSnapshot(listener), { name: 'TypeError' });
  throws(() => runtime.subscribeFrames(() => {}, { intervalMs: 'often' }), { name: 'TypeError', message: 'intervalMs' });
  runtime.defineTask({ type: 'singleton', worker: benchWorker });
}

export async function a_snapshot_is_the_same_object_while_nothing_changes() {
  const runtime = createTaskRuntime();
  const snapshot = () => runtime.getRuntimeSnapshot();
  equal(snapshot(), snapshot(), 'of no task');
  const [quiet, busy] = [bench({ taskId: 'quiet' }, runtime), bench({ taskId: 'busy' }, runtime)];
  const none = snapshot();
  equal(snapshot(), none);
  equal(none.tasks.length, 2);
  for (let n = 0; n < 30; n += 1) {
    const before = snapshot();
    const call = busy.hold(`round ${n}`, n);
    const during = snapshot();
    ok(during !== before && during === snapshot());
    deepEqual([before.tasks[1].totalDispatched, during.tasks[1].totalDispatched], [n, n + 1]);
    equal(during.tasks[0], none.tasks[0], 'what did not change is the same');
    openGate(`round ${n}`);
    await call;
    ok(snapshot() !== during, 'a call has ended');
    equal(snapshot(), snapshot());
  }
  ok(!Object.isFrozen(quiet.getState()), 'a state is its caller\'s own');
  equal(none.tasks[1].totalDispatched, 0, 'an old one says what was');
  ok(Object.isFrozen(none) && Object.isFrozen(none.tasks) && Object.isFrozen(none.tasks[0].queueDepthByWorker));
  quiet.dispose();
  const [left] = snapshot().tasks;
  equal(left.taskId, 'busy');
  bench({ taskId: 'new' }, runtime);
  equal(snapshot().tasks[0], left, 'although it has another place');
}

export async function a_snapshot_changes_with_a_crash_and_not_after_it() {
  const runtime = createTaskRuntime({ observability: { metrics: 'on' } });
  const task = bench({ taskId: 't', idleTimeoutMs: 60_000 }, runtime);
  const crashed = async (why) => {
    await rejects(task.crash(why), { name: 'WorkerCrashedError' });
    await until(() => task.getState().workerStatus === 'running');
    equal(await task.add(1, 1), 2);
    const [{ lastCrash }] = runtime.getRuntimeSnapshot().tasks;
    equal(runtime.getRuntimeSnapshot().tasks[0].lastCrash, lastCrash);
    equal(runtime.getRuntimeSnapshot(), runtime.getRuntimeSnapshot());
    equal(await task.add(1, 1), 2);
    equal(runtime.getRuntimeSnapshot().tasks[0].lastCrash, lastCrash, 'the same crash, the same error');
    ok(lastCrash.blackBox.length > 0 && lastCrash.error.message.includes(why));
    return lastCrash;
  };
  const first = await crashed('once');
  const second = await crashed('once');
  ok(first !== second && first.error !== second.error && first.ts < second.ts, 'another one, although it says the same');
}

export async function what_react_does_with_a_store_ends() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  let renders = 0;
  // As useSyncExternalStore: looks again after each change, and goes on as long as what it sees is another.
  const render = () => {
    renders += 1;
    const seen = runtime.getRuntimeSnapshot();
    if (!Object.is(seen, runtime.getRuntimeSnapshot()) && renders < 100) render();
    return seen;
  };
  let shown = render();
  const stop = runtime.subscribeRuntimeSnapshot(() => {
    if (!Object.is(shown, runtime.getRuntimeSnapshot())) shown = render();
  }, { intervalMs: 1 });
  equal(await task.echo(1), 1);
  await until(() => shown.tasks[0].totalDispatched === 1 && shown.tasks[0].queueDepth === 0);
  stop();
  ok(renders < 10, `${renders} renders`);
}
