// The face of a runtime: options in, promises and plain objects out. Scheduling and aggregation are in the wasm.

import { AbortTaskController } from './abort.js';
import { TaskConfigError } from './errors.js';
import { keepHandle } from './handles.js';
import { observability } from './observability.js';
import { subscribeSnapshots } from './snapshots.js';
import { makeTask } from './task.js';
import { makeTrace, runWithTrace } from './trace.js';
import { RuntimeHandle } from './wasm/atelier_js.js';

/** Makes a runtime: tasks, their cancellation, and what they tell. */
export function createTaskRuntime(config = {}) {
  const { spans, sampleRate, metrics } = observability(config?.observability);
  const handle = new RuntimeHandle(spans, sampleRate, metrics);
  const runtime = {
    defineTask(options) {
      if (options === null || typeof options !== 'object') {
        throw new TaskConfigError("defineTask takes an object with at least `type` and `worker`", 'type');
      }
      return makeTask(handle, options);
    },
    abortTaskController: new AbortTaskController(handle),
    getRuntimeSnapshot: () => handle.snapshot(),
    subscribeRuntimeSnapshot: (listener, options) => subscribeSnapshots(() => handle.snapshot(), listener, options),
    subscribeEvents: (listener) => subscribeEvents(handle, listener),
    subscribeFrames: (listener, options) => subscribeFrames(handle, listener, options),
    getTelemetry: () => handle.telemetry(),
    createTrace: (name, options) => makeTrace(handle, name, options),
    runWithTrace: (name, fn) => runWithTrace(handle, name, fn),
  };
  keepHandle(runtime, handle);
  return runtime;
}

function subscribeEvents(handle, listener) {
  if (typeof listener !== 'function') throw new TypeError('subscribeEvents takes a function');
  const id = handle.subscribe_events(listener);
  return () => handle.unsubscribe_events(id);
}

// Frames are made at the listener's pace: one that is slow gets fewer, never a backlog.
function subscribeFrames(handle, listener, { intervalMs = 250 } = {}) {
  if (typeof listener !== 'function') throw new TypeError('subscribeFrames takes a function');
  if (!(intervalMs > 0)) throw new RangeError(`intervalMs is ${intervalMs}; it takes milliseconds above 0`);
  const stream = handle.frames();
  const tell = () => {
    try {
      listener(stream.next());
    } catch (error) {
      console.error('A listener of the snapshot stream threw', error);
    }
  };
  const timer = setInterval(tell, intervalMs);
  queueMicrotask(() => open && tell());
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    stream.free();
  };
}
