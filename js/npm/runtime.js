// The face of a runtime: options in, promises and plain objects out. Scheduling and aggregation are in the wasm.

import { AbortTaskController } from './abort.js';
import { aName, someOptions } from './check.js';
import { settingError } from './errors.js';
import { subscribeFrames } from './frames.js';
import { keepHandle } from './handles.js';
import { beginLifetime, endLifetime, mustLive } from './lifetimes.js';
import { observability } from './observability.js';
import { record } from './record.js';
import { Snapshots, subscribeSnapshots } from './snapshots.js';
import { subscribeEvents } from './subscription.js';
import { TaskIds, makeTask } from './task.js';
import { makeTrace, runWithTrace } from './trace.js';
import { RuntimeHandle } from './wasm/atelier_js.js';

/** Runtimes that live and have an id. */
const named = new Map();

/** Makes a runtime: tasks, their cancellation, and what they tell. */
export function createTaskRuntime(config) {
  const { id, observability: observed } = someOptions(config, 'createTaskRuntime', ['id', 'observability']);
  if (id !== undefined) aName(id, 'id');
  const { spans, sampleRate, metrics, measures } = observability(observed);
  named.get(id)?.dispose();
  const handle = new RuntimeHandle(spans, sampleRate, metrics, measures);
  const snapshots = new Snapshots(handle);
  const ids = new TaskIds(handle);
  let ended;
  const runtime = {
    defineTask(options) {
      mustLive(handle);
      if (options === null || typeof options !== 'object') {
        throw settingError('defineTask takes an object with at least `type` and `worker`', 'type', false);
      }
      return makeTask(handle, ids, options);
    },
    abortTaskController: new AbortTaskController(handle),
    getRuntimeSnapshot: () => snapshots.take(),
    subscribeRuntimeSnapshot: (listener, options) => subscribeSnapshots(handle, snapshots, listener, options),
    subscribeEvents: (listener, options) => subscribeEvents(handle, listener, options),
    subscribeFrames: (listener, options) => subscribeFrames(handle, listener, options),
    getTelemetry: () => handle.telemetry(),
    record: (options) => record(handle, options),
    createTrace: (name, options) => makeTrace(handle, name, options),
    runWithTrace: (name, fn) => runWithTrace(handle, name, fn),
    dispose() {
      ended ??= end();
      return ended;
    },
  };
  if (id !== undefined) {
    runtime.id = id;
    named.set(id, runtime);
  }
  // Where the language has them, `using` and `await using` work.
  for (const symbol of [Symbol.dispose, Symbol.asyncDispose]) {
    if (symbol !== undefined) Object.defineProperty(runtime, symbol, { value: runtime.dispose });
  }
  keepHandle(runtime, handle);
  beginLifetime(runtime, handle);
  return runtime;

  // The tasks first: how their calls end is for all those to hear who end after them.
  function end() {
    if (named.get(id) === runtime) named.delete(id);
    handle.dispose();
    return endLifetime(handle);
  }
}
