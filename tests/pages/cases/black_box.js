// Black boxes: what a worker did before it died.
import { bench, heard, observed, openGate, said } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const CRASHED = { name: 'WorkerCrashedError' };
const told = (facts) => facts.map(({ fact, method }) => (method ? `${fact} ${method}` : fact));

export async function a_crash_is_explained_by_what_came_before() {
  const { runtime, events } = observed();
  const before = Date.now();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, maxInFlight: 2 }, runtime);
  const bystander = task.hold('bystander', 1);
  await heard('bystander');
  const other = bench({ taskId: 'other' }, runtime);
  equal(await task.add(1, 1), 2);
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  equal(await other.add(1, 1), 2);
  equal('lastCrash' in task.getState(), false);
  await rejects(task.crash('boom'), CRASHED);
  const { blackBox, workerIndex } = task.getState().lastCrash;
  deepEqual(told(blackBox), [
    'spawned',
    'ready',
    'started add',
    'settled add',
    'started fail',
    'failed fail',
    'started crash',
    'crashed',
  ]);
  equal(workerIndex, 1, 'the one that the first call is not at');
  const called = events.filter((event) => event.kind === 'span' && event.taskId === 't');
  const number = (method) => called.find((span) => span.method === method).callId;
  const numbers = ['add', 'fail', 'crash'].flatMap((method) => blackBox.filter((it) => it.method === method).map((it) => it.callId));
  deepEqual(numbers, [number('add'), number('add'), number('fail'), number('fail'), number('crash')]);
  const times = blackBox.map(({ ts }) => ts);
  deepEqual(times, times.toSorted((a, b) => a - b), 'oldest first');
  ok(times[0] >= before - 1 && times.at(-1) <= Date.now() + 1, 'milliseconds since the epoch');
  deepEqual(runtime.getRuntimeSnapshot().tasks[0].lastCrash.blackBox, blackBox);
  deepEqual(runtime.getTelemetry().blackBoxes, [{ taskId: 't', workerIndex: 1, cause: 'error', facts: blackBox }]);
  openGate('bystander');
  await bystander;
  await rejects(task.crash('again'), CRASHED);
  ok(!told(task.getState().lastCrash.blackBox).includes('started fail'), 'the box of the next worker is its own');
  const last = task.getState().lastCrash.blackBox;
  task.dispose();
  deepEqual(task.getState().lastCrash.blackBox, last, 'still there when the task is gone');
}

export async function a_hang_shows_the_questions_that_nobody_answered() {
  const { runtime } = observed();
  const task = bench({ hangTimeoutMs: 100 }, runtime);
  await rejects(task.spin(1e9), CRASHED);
  const { blackBox, kind } = task.getState().lastCrash;
  equal(kind, 'hang');
  const facts = told(blackBox);
  deepEqual(facts.slice(0, 3), ['spawned', 'ready', 'started spin']);
  equal(facts.at(-1), 'crashed');
  // A page that was late itself asks once more.
  ok(facts.length > 4 && facts.slice(3, -1).every((fact) => fact === 'ping'), facts.join());
}

export async function a_grace_that_is_over_leaves_a_box_and_is_no_crash() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const stubborn = task.with({ key: 'k', cancel: { graceMs: 20 } }).hold('stubborn', 1);
  await heard('stubborn');
  runtime.abortTaskController.abort('k');
  await rejects(stubborn, { name: 'AbortError' });
  await until(() => runtime.getTelemetry().blackBoxes.length > 0);
  const [{ facts, ...rest }] = runtime.getTelemetry().blackBoxes;
  deepEqual(rest, { taskId: 't', workerIndex: 0, cause: 'grace' });
  deepEqual(told(facts), ['spawned', 'ready', 'started hold', 'cancel-sent hold', 'grace-over']);
  equal('lastCrash' in task.getState(), false);
}

export async function a_box_holds_the_last_64_facts() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  const task = bench({ maxQueueDepth: 200 }, runtime);
  await Promise.all(Array.from({ length: 100 }, (_, i) => task.add(i, 1)));
  await rejects(task.crash('boom'), CRASHED);
  const { blackBox } = task.getState().lastCrash;
  equal(blackBox.length, 64);
  deepEqual(told(blackBox).slice(-3), ['settled add', 'started crash', 'crashed']);
}

export async function nothing_is_kept_while_nobody_watches() {
  const runtime = createTaskRuntime({ observability: { spans: 'off' } });
  const task = bench({}, runtime);
  const stop = runtime.subscribeEvents(() => {});
  equal(await task.add(1, 1), 2);
  stop();
  await rejects(task.crash('unseen'), CRASHED);
  equal('blackBox' in task.getState().lastCrash, false, 'the listener had left');
  deepEqual(runtime.getTelemetry().blackBoxes, []);
  runtime.subscribeEvents(() => {});
  equal(await task.add(1, 1), 2);
  await rejects(task.crash('seen'), CRASHED);
  deepEqual(told(task.getState().lastCrash.blackBox).slice(-1), ['crashed']);
  equal(said().length, 0);
}
