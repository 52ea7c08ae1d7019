// The face of a runtime: options in, promises and plain objects out. Scheduling and aggregation are in the wasm.

import { AbortTaskController } from './abort.js';
import { settingError } from './errors.js';
import { subscribeFrames } from './frames.js';
import { keepHandle } from './handles.js';
import { observability } from './observability.js';
import { record } from './record.js';
import { subscribeSnapshots } from './snapshots.js';
import { subscribeEvents } from './subscription.js';
import { makeTask } from './task.js';
import { makeTrace, runWithTrace } from './trace.js';
import { RuntimeHandle } from './wasm/atelier_js.js';

/** Makes a runtime: tasks, their cancellation, and what they tell. */
export function createTaskRuntime(config) {
  const { spans, sampleRate, metrics, measures } = observability(config);
  const handle = new RuntimeHandle(spans, sampleRate, metrics, measures);
  const runtime = {
    defineTask(options) {
      if (options === null || typeof options !== 'object') {
        throw settingError('defineTask takes an object with at least `type` and `worker`', 'type', false);
      }
      return makeTask(handle, options);
    },
    abortTaskController: new AbortTaskController(handle),
    getRuntimeSnapshot: () => handle.snapshot(),
    subscribeRuntimeSnapshot: (listener, options) => subscribeSnapshots(() => handle.snapshot(), listener, options),
    subscribeEvents: (listener, options) => subscribeEvents(handle, listener, options),
    subscribeFrames: (listener, options) => subscribeFrames(handle, listener, options),
    getTelemetry: () => handle.telemetry(),
    record: (options) => record(handle, options),
    createTrace: (name, options) => makeTrace(handle, name, options),
    runWithTrace: (name, fn) => runWithTrace(handle, name, fn),
  };
  keepHandle(runtime, handle);
  return runtime;
}
