// Clocks that do not agree: workers whose clocks are others than the page's, and a machine that sleeps.
import { bench, heard, observed, openGate, said } from '../atelier.js';
import { equal, ok, rejects, until } from '../assert.js';
import { metrics, received, spans } from '../collector.js';
import { turn } from '../deferred.js';
import { exportOtlp } from '/atelier/otlp.js';

const HOUR = 3_600_000;
const PHASES = ['admission', 'queue', 'delivery', 'run', 'reply'];

const unixMs = (nanos) => Number(BigInt(nanos)) / 1e6;

// When a call's phases began and ended, in milliseconds since the epoch, from what arrived of it.
function times(span) {
  const ends = [unixMs(span.startTimeUnixNano)];
  for (const phase of PHASES) ends.push(ends.at(-1) + span.attributes[`atelier.phase.${phase}`] * 1e3);
  return Object.fromEntries(PHASES.map((phase, n) => [phase, { from: ends[n], to: ends[n + 1] }]));
}

function inOrder(span) {
  for (const phase of PHASES) ok(span.attributes[`atelier.phase.${phase}`] >= 0, `${phase} of ${span.name}`);
  const whole = PHASES.reduce((sum, phase) => sum + span.attributes[`atelier.phase.${phase}`] * 1e3, 0);
  ok(Math.abs(whole - span.durationMs) < 0.01, `${whole} of ${span.durationMs} ms`);
}

export async function a_workers_clock_is_read_on_the_pages_whatever_it_says() {
  for (const clock of ['', 'ahead=3600000', 'ahead=-3600000', 'ahead=31536000000.5', 'ahead=90&faster=300', 'ahead=-7000&steps=1']) {
    const { runtime } = observed();
    const exporter = exportOtlp(runtime, { signals: ['traces'] });
    const worker = () => new Worker(`/tests/workers/clocked.js?${clock}`, { type: 'module' });
    const task = bench({ worker, taskId: `t ${clock}` }, runtime);
    // The first of them show how the two clocks stand to each other.
    for (let n = 0; n < 20; n++) await task.quick();
    const early = task.spin(12);
    await task.quick();
    const ran = [await early, await task.spin(25)];
    // A page that is busy when the answer comes: the wait is the reply's, and the run is when it was.
    const late = task.spin(5);
    await Promise.resolve();
    for (const begun = performance.now(); performance.now() - begun < 40; );
    ran.push(await late);
    await exporter.flush();
    const arrived = (await spans()).toReversed();
    const calls = arrived.filter(({ name }) => name.startsWith(`t ${clock}.`));
    calls.forEach(inOrder);
    const spins = calls.filter(({ name }) => name.endsWith('.spin'));
    equal(spins.length, 3);
    for (const [n, span] of spins.entries()) {
      const { delivery, run, reply } = times(span);
      const { started, opened, closed, ended } = ran[n];
      // Coarse clocks (a tenth of a millisecond, here a whole one as well) and what a fast message takes.
      const near = (a, b) => Math.abs(a - b) < 2.5;
      const within = (value, from, to) => value > from - 2.5 && value < to + 2.5;
      ok(near(run.from, started), `${clock}: the run began at ${run.from}, in truth at ${started}`);
      ok(near(run.to, ended), `${clock}: the run ended at ${run.to}, in truth at ${ended}`);
      ok(delivery.to === run.from && reply.from === run.to);
      const own = arrived.find(({ name, parentSpanId }) => name === 'spin' && parentSpanId === span.spanId);
      const [from, to] = [unixMs(own.startTimeUnixNano), unixMs(own.endTimeUnixNano)];
      ok(within(from, started, opened), `${clock}: its span began at ${from}, in truth between ${started} and ${opened}`);
      ok(within(to, closed, ended), `${clock}: its span ended at ${to}, in truth between ${closed} and ${ended}`);
      ok(own.durationMs <= run.to - run.from + 0.01);
    }
    await exporter.shutdown();
    equal((await received()).rejected, 0);
  }
}

// As if the machine had slept: the time of day goes on, and what the monotonic clock counts from does not know of it.
let slept = 0;
const dateNow = Date.now.bind(Date);
Date.now = () => dateNow() + slept;

const dayTime = () => performance.timeOrigin + performance.now() + slept;

export async function after_a_sleep_times_are_those_of_the_day_and_a_call_in_flight_stays_whole() {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces', 'metrics'] });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, taskId: 't' }, runtime);
  const trace = runtime.createTrace('over night');
  await task.with({ trace }).add(1, 1);
  const held = task.hold('over night', 1);
  await heard('over night');
  const before = dayTime();
  slept = HOUR;
  const last = () => events.filter((event) => event.kind === 'span').at(-1);
  // The wall clock is looked at now and then, not at every call.
  await until(async () => {
    await task.add(1, 2);
    return last().ts > before + HOUR / 2;
  });
  ok(Math.abs(last().ts - dayTime()) < 1000, `${last().ts} is the time of day`);
  openGate('over night');
  await held;
  trace.end();
  // A page in which nothing happens any more finds out as well.
  slept += HOUR;
  const frames = [];
  const stop = runtime.subscribeFrames((frame) => frames.push(frame));
  await until(() => frames.some(({ ts }) => Math.abs(ts - dayTime()) < 1000), 'frames agree');
  stop();
  await exporter.flush();
  const arrived = await spans();
  arrived.filter(({ name }) => name.startsWith('t.')).forEach(inOrder);
  const hold = arrived.find(({ name }) => name === 't.hold');
  ok(hold.durationMs < HOUR / 2, 'what it did not do while the machine slept is no part of it');
  ok(Math.abs(unixMs(hold.endTimeUnixNano) - dayTime() + HOUR) < 5000, 'it ended just before the second sleep');
  const root = arrived.find(({ name }) => name === 'over night');
  ok(root.durationMs >= HOUR, 'a trace began before and ended after');
  const inside = arrived.find(({ parentSpanId }) => parentSpanId === root.spanId);
  ok(unixMs(inside.startTimeUnixNano) >= unixMs(root.startTimeUnixNano));
  for (const point of (await metrics()).filter(({ name }) => name.startsWith('atelier.task'))) {
    ok(Math.abs(unixMs(point.timeUnixNano) - dayTime()) < 2000, `${point.name} was read now`);
  }
  equal((await received()).rejected, 0);
  const measures = performance.getEntriesByName('atelier:span');
  ok(measures.length > 0);
  for (const { startTime, duration } of measures) {
    ok(startTime >= 0 && startTime + duration <= performance.now() + 1, `at ${startTime} of ${performance.now()}`);
  }
}

export async function the_time_of_day_follows_a_clock_that_is_set_both_ways() {
  const { runtime, events } = observed();
  const exporter = exportOtlp(runtime, { signals: ['traces', 'metrics'] });
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8, taskId: 't' }, runtime);
  const last = () => events.filter((event) => event.kind === 'span').at(-1);
  const follows = (what) =>
    until(async () => {
      await task.add(1, 1);
      return Math.abs(last().ts - dayTime()) < 1000;
    }, what);
  await follows('at first');
  slept = HOUR;
  await follows('an hour ahead');
  const trace = runtime.createTrace('begun ahead');
  const held = task.with({ trace }).hold('set back', 1);
  await heard('set back');
  slept = 0;
  await follows('set right');
  openGate('set back');
  await held;
  trace.end();
  const frames = [];
  const stop = runtime.subscribeFrames((frame) => frames.push(frame));
  await until(() => frames.some(({ ts }) => Math.abs(ts - dayTime()) < 1000), 'frames agree');
  stop();
  slept = -HOUR;
  await follows('an hour behind');
  await exporter.flush();
  const arrived = await spans();
  arrived.filter(({ name }) => name.startsWith('t.')).forEach(inOrder);
  const hold = arrived.find(({ name }) => name === 't.hold');
  const root = arrived.find(({ name }) => name === 'begun ahead');
  for (const span of [hold, root]) {
    ok(span.durationMs < HOUR / 2, `${span.name} took what it took, ${span.durationMs} ms`);
    ok(Math.abs(unixMs(span.endTimeUnixNano) - dayTime() - HOUR) < 20_000, `${span.name} ended when the clock was right`);
  }
  for (const point of (await metrics()).filter(({ name }) => name.startsWith('atelier.task'))) {
    ok(Math.abs(unixMs(point.timeUnixNano) - dayTime()) < 2000, `${point.name} was read now`);
  }
  equal((await received()).rejected, 0, (await received()).lastRejection);
  for (const { startTime, duration } of performance.getEntriesByName('atelier:span')) {
    ok(startTime >= 0 && startTime + duration <= performance.now() + 1, `at ${startTime} of ${performance.now()}`);
  }
}

export async function a_clock_that_says_nothing_hurts_nobody() {
  const { runtime, events } = observed();
  const task = bench({}, runtime);
  const real = Date.now;
  for (const now of [() => NaN, () => 'noon', () => Infinity, () => -1, () => { throw new Error('no time'); }, undefined]) {
    Date.now = now;
    equal(await task.add(1, 1), 2);
  }
  Date.now = real;
  await until(async () => {
    await task.add(1, 1);
    return Math.abs(events.at(-1).ts - dayTime()) < 1000;
  });
}

const timesOut = (call, ms) => rejects(call, { name: 'AbortError' }, `after ${ms} ms`);

export async function timers_go_on_after_a_clock_that_was_replaced() {
  const real = performance.now.bind(performance);
  for (const [n, shown] of [() => real() + HOUR, () => 0, () => 7, () => NaN, () => Date.now()].entries()) {
    const { runtime, events } = observed();
    const task = bench({ idleTimeoutMs: 40 }, runtime);
    const hasty = (timeoutMs) => bench({ timeoutMs }, runtime);
    const before = timesOut(hasty(60).hold(`never ${n}`, 1), 60);
    performance.now = shown;
    equal(await task.add(1, 1), 2);
    delete performance.now;
    equal(await task.add(1, 1), 2);
    await before;
    await timesOut(hasty(30).hold(`never ${n}`, 2), 30);
    const spans = events.filter((event) => event.kind === 'span');
    ok(spans.every(({ durationMs }) => durationMs >= 0 && durationMs < HOUR / 2), 'nothing took an hour');
    ok(spans.filter(({ status }) => status === 'canceled').every(({ durationMs }) => durationMs > 25));
    openGate(`never ${n}`);
    await until(() => task.getState().workerStatus === 'stopped', 'it is idle');
  }
}

/** Timers as tests fake them: nothing rings until somebody says that time has passed. */
function fakeTimers() {
  const real = { setTimeout, clearTimeout };
  const timers = new Map();
  let [now, next] = [0, 1e12];
  globalThis.setTimeout = (callback, ms = 0) => (timers.set(next, { callback, at: now + ms }), next++);
  globalThis.clearTimeout = (id) => {
    if (!timers.delete(id) && id < 1e12) throw new Error('no timer of these');
  };
  return {
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [id, due] = [...timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
        if (!due || due.at > until) break;
        now = Math.max(now, due.at);
        timers.delete(id);
        due.callback();
      }
      now = until;
    },
    restore: () => Object.assign(globalThis, real),
  };
}

export async function faked_timers_are_those_of_calls_and_nothing_is_left_of_them() {
  const { runtime } = observed();
  const task = bench({}, runtime);
  equal(await task.add(1, 1), 2);
  const patient = (timeoutMs) => bench({ timeoutMs }, runtime);
  const early = timesOut(patient(5000).hold('early', 1), 5000);
  await heard('early');
  const fake = fakeTimers();
  const hour = timesOut(patient(HOUR).hold('hour', 1), HOUR);
  const later = patient(3 * HOUR).hold('later', 1);
  while (!['hour', 'later'].every((gate) => said().includes(gate))) await turn();
  fake.advance(HOUR / 2);
  await early;
  fake.advance(HOUR / 2 + 1);
  await hour;
  fake.restore();
  openGate('later');
  equal(await later, 1);
  const begun = performance.now();
  await timesOut(patient(40).hold('none', 2), 40);
  ok(performance.now() - begun > 35, 'in real time again');
  openGate('early');
  openGate('hour');
  openGate('none');
}

export async function long_tasks_lie_in_the_same_time_as_calls() {
  const { watchLongTasks } = await import('/atelier/devtools-long-tasks.js');
  const told = [];
  const stop = watchLongTasks((start, duration) => told.push({ start, duration }));
  slept += HOUR;
  const begun = dayTime();
  while (dayTime() - begun < 120);
  const ended = dayTime();
  await until(() => told.length > 0, 'a task of so long is told');
  stop();
  const { start, duration } = told.at(-1);
  ok(start > begun - 1_000 && start + duration < ended + 1_000, `${start} for ${duration} ms; it was busy from ${begun} to ${ended}`);
}
