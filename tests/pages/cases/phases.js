// Phases: a delay that is known shows in its own phase and in no other.
import { bench, heard, observed, openGate } from '../atelier.js';
import { deepEqual, ok } from '../assert.js';

// Long beside everything else that happens to these calls, even where the machine has other things to do.
const DELAY = 300;

function spin(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

// The phases of the call that was settled last, in milliseconds.
function last(events) {
  const told = events.filter((event) => event.name === 'task.phase_ms').slice(-5);
  deepEqual(told.map(({ attrs }) => attrs.phase), ['admission', 'queue', 'delivery', 'run', 'reply']);
  return Object.fromEntries(told.map(({ attrs, value }) => [attrs.phase, value]));
}

function only(phase, phases) {
  const { [phase]: delayed, ...others } = phases;
  ok(delayed >= DELAY * 0.9, `${phase} has the delay: ${JSON.stringify(phases)}`);
  for (const [name, ms] of Object.entries(others)) ok(ms < DELAY / 2, `${name} has not: ${JSON.stringify(phases)}`);
}

async function warm(options = {}) {
  const { runtime, events } = observed();
  const task = bench({ type: 'parallel', poolSize: 1, ...options }, runtime);
  await task.add(1, 1);
  return { task, events };
}

export async function a_busy_page_is_in_reply() {
  const { task, events } = await warm();
  const call = task.hold('busy page', 1);
  await heard('busy page');
  openGate('busy page');
  spin(DELAY);
  await call;
  only('reply', last(events));
}

export async function a_busy_worker_is_in_delivery() {
  const { task, events } = await warm({ maxInFlight: 2 });
  const spinning = task.spin(DELAY);
  const call = task.add(1, 1);
  await Promise.all([spinning, call]);
  only('delivery', last(events));
}

export async function a_long_handler_is_in_run() {
  const { task, events } = await warm();
  await task.spin(DELAY);
  only('run', last(events));
}

export async function the_queue_is_in_queue() {
  const { task, events } = await warm({ maxInFlight: 1, maxQueueDepth: 1 });
  const spinning = task.spin(DELAY);
  await Promise.all([spinning, task.add(1, 1)]);
  only('queue', last(events));
}

export async function a_full_queue_is_in_admission() {
  const { task, events } = await warm({ maxInFlight: 1, maxQueueDepth: 0 });
  const spinning = task.spin(DELAY);
  await Promise.all([spinning, task.add(1, 1)]);
  only('admission', last(events));
}

export async function a_large_clone_is_in_delivery() {
  const { task, events } = await warm();
  // As many small objects as take the browser long to write and to read.
  const piece = (n) => ({ name: `piece ${n}`, at: n, list: [n, n + 1], more: { deep: { deeper: n } } });
  const cost = (value) => {
    const begun = performance.now();
    structuredClone(value);
    return performance.now() - begun;
  };
  let value = Array.from({ length: 50_000 }, (_, n) => piece(n));
  while (cost(value) < DELAY) value = [value, value.map((each) => structuredClone(each))].flat();
  await task.kind(value);
  const phases = last(events);
  const rest = phases.admission + phases.queue + phases.run + phases.reply;
  ok(phases.delivery >= DELAY / 2 && rest < phases.delivery / 2, JSON.stringify(phases));
}
