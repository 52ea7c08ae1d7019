// Workers that Comlink exposes; the scenario is in comlink.rs.
import { wrap } from '/comlink/comlink.mjs';
import { deepEqual, equal, rejects } from './assert.js';
import { bench } from './atelier.js';
import { consoleTold } from './console.js';
import { createTaskRuntime } from '/atelier/index.js';

const script = (name) => () => new Worker(`/tests/workers/${name}.js`, { type: 'module' });

export async function serves() {
  const told = consoleTold();
  const runtime = createTaskRuntime();
  const task = bench({ worker: script('comlinked'), type: 'parallel', poolSize: 2, maxInFlight: 8 }, runtime);
  const images = Array.from({ length: 30 }, (_, n) => n);
  deepEqual(await Promise.all(images.map((n) => task.double(n))), images.map((n) => 2 * n));
  equal(await task.scale(3), 6);
  const waiting = task.with({ key: 'k' }).wait(1);
  runtime.abortTaskController.abort('k');
  await rejects(waiting, { name: 'AbortError' });
  equal(await task.double(4), 8);
  equal(await task.listens(), false, 'the worker\'s own addEventListener is back');
  deepEqual(told.filter((text) => text.includes('nobody has exposed')), []);
  return true;
}

export async function shares() {
  let worker;
  const task = bench({ worker: () => (worker = script('comlinked-too')()) });
  equal(await task.double(2), 4);
  const remote = wrap(worker);
  deepEqual(await Promise.all([remote.triple(2), task.double(3), remote.triple(4)]), [6, 6, 12]);
  return true;
}
