// Listeners that throw, also where the console does.
import { bench } from '../atelier.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { createTaskRuntime, parallelLimit } from '/atelier/index.js';

// As set-ups do that fail a test on console output.
function failOnConsole() {
  const reported = [];
  console.error = (...words) => {
    reported.push(words);
    throw new Error('console.error throws');
  };
  return reported;
}

const rude = () => {
  throw new RangeError('a rude listener');
};

export async function a_listener_of_snapshots_or_frames_is_reported_once() {
  const reported = failOnConsole();
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  let [frames, snapshots, polite] = [0, 0, 0];
  runtime.subscribeRuntimeSnapshot(() => rude((snapshots += 1)), { intervalMs: 1 });
  runtime.subscribeFrames(() => rude((frames += 1)), { intervalMs: 1 });
  runtime.subscribeFrames(async () => rude((frames += 1)), { intervalMs: 1 });
  runtime.subscribeFrames(() => (polite += 1), { intervalMs: 1 });
  equal(await task.echo(1), 1);
  await until(() => frames > 6 && snapshots > 3 && polite > 3);
  equal(reported.length, 3, 'once each');
  ok(reported.every((words) => words.at(-1).message === 'a rude listener'));
}

export async function an_on_error_that_throws_is_reported_once() {
  const reported = failOnConsole();
  const values = [];
  const run = (item) => (item < 3 ? Promise.reject(new Error('no')) : item);
  for await (const value of parallelLimit([1, 2, 3], 1, run, { errorPolicy: 'continue', onError: rude })) values.push(value);
  deepEqual([values, reported.length], [[3], 1]);
}
