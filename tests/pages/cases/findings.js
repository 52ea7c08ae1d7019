// The linter with real workers: each finding is provoked, and shown within five seconds of its evidence.
import { bench, benchWorker, heard, observed, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';

// What the contract allows for, from the evidence to the finding.
const SOON = 5_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const found = (runtime, id) => runtime.getTelemetry().findings.find((finding) => finding.id === id);

/** Waits for a finding, looks whether it is whole, and gives it back. */
async function finds(runtime, id, taskId) {
  const finding = await until(() => found(runtime, id), `${id} is found`, SOON);
  equal(finding.taskId, taskId);
  ok(['error', 'warning', 'info'].includes(finding.severity), finding.severity);
  ok(finding.message.length > 20 && finding.fix.length > 20, JSON.stringify(finding));
  const evidence = Object.entries(finding.evidence);
  ok(evidence.length > 0 && evidence.every(([, value]) => Number.isFinite(value)), JSON.stringify(finding));
  return finding;
}

const isGone = (runtime, id) => until(() => !found(runtime, id), `${id} is gone`, SOON);

/** Makes calls until it is told to stop: as soon as one ends, another begins. */
function load(width, call) {
  let going = true;
  const lanes = Array.from({ length: width }, async () => {
    while (going) await call().catch(() => {});
  });
  return async () => {
    going = false;
    await Promise.all(lanes);
  };
}

export async function queue_saturated() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', maxQueueDepth: 1 }, runtime);
  const stop = load(4, () => task.spin(20));
  const { evidence } = await finds(runtime, 'queue-saturated', 't');
  equal(evidence.maxQueueDepthCalls, 1);
  await stop();
  await isGone(runtime, 'queue-saturated');
}

export async function always_times_out() {
  const { runtime } = observed();
  const task = bench({ taskId: 't', timeoutMs: 30 }, runtime);
  let slow = true;
  const stop = load(1, () => (slow ? task.spin(60) : task.echo(1)));
  const { evidence } = await finds(runtime, 'always-times-out', 't');
  equal(evidence.timeoutMs, 30);
  slow = false;
  await isGone(runtime, 'always-times-out');
  await stop();
}
