// The snapshot stream: a reader may be slow, may throw, may miss things; the page goes on, and the state is right.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { deferred } from '../deferred.js';

const INTERVAL = { intervalMs: 5 };
const sum = (frames, pick) => frames.reduce((sum, frame) => sum + pick(frame), 0);

// Builds up the state as a reader does.
function applied(frames) {
  const tasks = new Map();
  for (const frame of frames) {
    if (frame.kind === 'full') tasks.clear();
    for (const id of frame.removed) tasks.delete(id);
    for (const task of frame.tasks) tasks.set(task.taskId, task);
  }
  return tasks;
}

export async function a_reader_that_needs_time_is_waited_for_and_told_what_it_missed() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  const task = bench({ taskId: 't' }, runtime);
  const frames = [];
  let gate = deferred();
  let [reading, twice] = [false, false];
  const stop = runtime.subscribeFrames(async (frame) => {
    twice ||= reading;
    reading = true;
    frames.push(frame);
    await gate.promise;
    reading = false;
  }, INTERVAL);
  await until(() => frames.length === 1);
  equal(await task.add(1, 1), 2);
  const witness = [];
  const leave = runtime.subscribeFrames((frame) => witness.push(frame), INTERVAL);
  await until(() => witness.length > 10, 'others go on');
  leave();
  equal(frames.length, 1, 'nothing piles up');
  gate.resolve();
  await until(() => frames.length > 2);
  const [, next, after] = frames;
  deepEqual([next.seq, next.kind], [1, 'full']);
  ok(next.lost >= 5, `${next.lost} were due`);
  equal(next.tasks[0].totals.success, 1);
  deepEqual([after.seq, after.lost], [2, 0]);
  gate = deferred();
  await until(() => reading);
  const count = frames.length;
  stop();
  gate.resolve();
  await until(() => !reading);
  deepEqual([frames.length, twice], [count, false]);
}

export async function a_reader_that_holds_the_page_misses_what_was_due() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  bench({ taskId: 't' }, runtime);
  const frames = [];
  runtime.subscribeFrames((frame) => {
    frames.push(frame);
    const begun = performance.now();
    if (frames.length === 2) while (performance.now() - begun < 50);
  }, INTERVAL);
  await until(() => frames.length > 3);
  equal(frames[1].kind, 'delta');
  deepEqual([frames[2].kind, frames[2].tasks.length], ['full', 1]);
  ok(frames[2].lost >= 9, `${frames[2].lost} were due`);
  // However late a timer is, it is not the reader's fault.
  equal(frames[3].lost, 0);
}

export async function a_frame_at_which_the_reader_throws_comes_again_as_a_full_one() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  bench({ taskId: 't' }, runtime);
  const gone = bench({ taskId: 'gone' }, runtime);
  const original = console.error;
  const reported = [];
  console.error = (...words) => reported.push(words.at(-1).message);
  const frames = [];
  let [wrong, missed] = ['nothing', 0];
  runtime.subscribeFrames((frame) => {
    frames.push(frame);
    const now = wrong;
    wrong = 'nothing';
    if (now !== 'nothing') missed = frames.length;
    if (now === 'throws') throw new Error('a reader that throws');
    return now === 'rejects' ? Promise.reject(new Error('a reader that rejects')) : undefined;
  }, INTERVAL);
  await until(() => frames.length > 1);
  gone.dispose();
  wrong = 'throws';
  await until(() => reported.length === 1);
  await until(() => frames.length > missed);
  const { kind, lost, tasks } = frames[missed];
  deepEqual([kind, tasks.length], ['full', 1]);
  ok(lost >= 1);
  const before = missed;
  wrong = 'rejects';
  await until(() => missed > before && frames.length > missed);
  // The rejection is heard a little later than the throw: the frame after it may be one that was due meanwhile.
  await until(() => frames.slice(missed).some((frame) => frame.kind === 'full' && frame.lost >= 1));
  console.error = original;
  deepEqual(reported, ['a reader that throws'], 'once for each reader');
}

export async function the_state_does_not_depend_on_what_was_lost() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, maxInFlight: 64, maxQueueDepth: 4_000 }, runtime);
  const frames = [];
  const gate = deferred();
  runtime.subscribeFrames((frame) => {
    frames.push(frame);
    return frames.length === 2 ? gate.promise : undefined;
  }, INTERVAL);
  const held = task.hold('seen running', 1);
  await heard('seen running');
  await until(() => frames.length === 2);
  equal(applied(frames).get('t').inFlight, 1);
  // The ends of most of these calls, and that of the one seen running, are lost.
  openGate('seen running');
  await held;
  const calls = Array.from({ length: 3_000 }, (_, i) => task.add(i, 1));
  const crashed = task.crash('in the middle');
  const ends = await Promise.allSettled([...calls, crashed]);
  const failed = ends.filter(({ status }) => status === 'rejected').length;
  await until(() => task.getState().queueDepth === 0);
  gate.resolve();
  const final = await until(() => frames.slice(2).find((frame) => frame.lost > 0));
  equal(final.kind, 'full');
  const state = applied(frames).get('t');
  deepEqual([state.inFlight, state.pending, state.waiting, state.taskStatus], [0, 0, 0, 'idle']);
  deepEqual([state.totals.success, state.totals.failure, state.totals.crashed], [3_001 - failed + 1, failed, 1]);
  await until(() => sum(frames, (frame) => frame.spans.length + frame.spansDropped) === 3_002);
  ok(sum(frames, (frame) => frame.spansDropped) > 2_000, 'and the losses are counted');
  const { frames: row } = runtime.getTelemetry().ledger;
  const { emitted, delivered, dropped, pending } = row.spans;
  deepEqual([emitted, delivered + dropped.queue_full + pending], [3_002, 3_002]);
}

export async function a_task_that_is_gone_while_nobody_looked_is_gone() {
  const { runtime } = observed({ spans: 'off', metrics: 'on' });
  bench({ taskId: 'stays' }, runtime);
  const gone = bench({ taskId: 'goes' }, runtime);
  const frames = [];
  const gate = deferred();
  runtime.subscribeFrames((frame) => {
    frames.push(frame);
    return frames.length === 1 ? gate.promise : undefined;
  }, INTERVAL);
  await until(() => frames.length === 1);
  const call = gone.hold('never', 1);
  gone.dispose();
  await rejects(call, { name: 'TaskDisposedError' });
  gate.resolve();
  await until(() => frames.length > 1);
  deepEqual([...applied(frames).keys()], ['stays']);
}

export async function a_worker_says_which_call_it_is_busy_with_and_since_when() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't', type: 'parallel', poolSize: 2, maxInFlight: 2 }, runtime);
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), INTERVAL);
  const begun = Date.now();
  const held = task.hold('busy', 1);
  await heard('busy');
  const worker = await until(() => applied(frames).get('t')?.workers.find(({ current }) => current), 'a worker has a call');
  equal(worker.current.method, 'hold');
  ok(worker.current.since >= begun - 2 && worker.current.since <= Date.now() + 2, `since ${worker.current.since - begun} ms`);
  openGate('busy');
  await held;
  const [call] = events.filter((event) => event.kind === 'span');
  deepEqual([worker.current.callId, worker.index], [call.callId, call.workerIndex]);
  await until(() => applied(frames).get('t').workers.every(({ current }) => !current), 'and when it is done');
  const stubborn = new AbortController();
  const given = task.with({ signal: stubborn.signal }).hold('stubborn', 1);
  await heard('stubborn');
  stubborn.abort();
  await rejects(given, { name: 'AbortError' });
  await until(() => applied(frames).get('t').workers.some(({ current }) => current?.canceled), 'a cancelled handler that goes on');
  openGate('stubborn');
  await until(() => applied(frames).get('t').workers.every(({ current }) => !current));
}

export async function errors_come_with_their_stack_and_crashes_with_their_black_box() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const frames = [];
  runtime.subscribeFrames((frame) => frames.push(frame), INTERVAL);
  await rejects(task.fail('Error', 'no'), { message: 'no' });
  await rejects(task.crash('gone'), { name: 'WorkerCrashedError' });
  const calls = () => frames.flatMap(({ spans }) => spans);
  await until(() => calls().length === 2 && frames.some(({ blackBoxes }) => blackBoxes));
  const [failed, crashed] = calls();
  ok(failed.errorStack.includes('workers/bench.js'), failed.errorStack);
  ok(!JSON.stringify(frames.map(({ spans }) => spans)).includes('"args"'));
  const boxes = frames.flatMap(({ blackBoxes = [] }) => blackBoxes);
  deepEqual([boxes.length, boxes[0].taskId, boxes[0].workerIndex], [1, 't', 0]);
  ok(boxes[0].facts.some(({ fact, callId, method }) => fact === 'started' && callId === crashed.callId && method === 'crash'));
}

export async function each_reader_has_a_row_of_its_own_in_the_ledger() {
  const { runtime } = observed();
  const ends = [1, 2].map(() => runtime.subscribeFrames(() => {}, INTERVAL));
  const names = () => Object.keys(runtime.getTelemetry().ledger).filter((name) => name.startsWith('frames'));
  deepEqual(names(), ['frames', 'frames:2']);
  ends[0]();
  deepEqual(names(), ['frames:2']);
  runtime.subscribeFrames(() => {}, INTERVAL);
  deepEqual(names(), ['frames', 'frames:2']);
  const named = runtime.subscribeFrames(() => {}, { name: 'mine' });
  ok('mine' in runtime.getTelemetry().ledger);
  named();
  ok(!('mine' in runtime.getTelemetry().ledger));
}
