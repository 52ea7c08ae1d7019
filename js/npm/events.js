// The shapes of events, made on this side: one call across the border an event, with everything that repeats kept here.

import { reporter } from './report.js';

const KINDS = ['counter', 'gauge', 'histogram'];

export function metricEvent(kind, name, value, ts, attrs) {
  return { kind: KINDS[kind], name, value, ts, attrs };
}

/** What every call of a task says of it. */
export function taskFields(taskId, taskName, taskType) {
  return { taskId, taskName, taskType };
}

// Texts are made here, where they are wanted: one that crosses the border costs as much as all the numbers together.
const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(word) {
  return BYTES[word >>> 24] + BYTES[(word >>> 16) & 255] + BYTES[(word >>> 8) & 255] + BYTES[word & 255];
}

const STATUSES = ['ok', 'error', 'canceled'];

/** The event of a call that ended. A number that it does not have is `NaN`, and its property is absent. */
export function spanEvent(
  ts, span0, span1, trace0, trace1, trace2, trace3, traceName, callId, task, method, workerIndex, queueWaitMs,
  queueWaitLastMs, attemptCount, durationMs, admission, queue, delivery, run, reply, status, errorKind, error,
  cancelReason,
) {
  const event = { kind: 'span', name: 'atelier:span', ts, spanId: hex(span0) + hex(span1) };
  event.traceId = hex(trace0) + hex(trace1) + hex(trace2) + hex(trace3);
  if (traceName !== undefined) event.traceName = traceName;
  event.callId = String(callId);
  event.taskId = task.taskId;
  if (task.taskName !== undefined) event.taskName = task.taskName;
  event.taskType = task.taskType;
  event.method = method;
  if (!Number.isNaN(workerIndex)) event.workerIndex = workerIndex;
  if (!Number.isNaN(queueWaitMs)) event.queueWaitMs = queueWaitMs;
  if (!Number.isNaN(queueWaitLastMs)) event.queueWaitLastMs = queueWaitLastMs;
  event.attemptCount = attemptCount;
  event.durationMs = durationMs;
  event.phases = phases(admission, queue, delivery, run, reply);
  event.status = STATUSES[status];
  if (errorKind !== undefined) event.errorKind = errorKind;
  if (error !== undefined) event.error = error;
  if (cancelReason !== undefined) event.cancelReason = cancelReason;
  return event;
}

function phases(admission, queue, delivery, run, reply) {
  // Nearly every call has all of them.
  if (!Number.isNaN(reply)) return { admission, queue, delivery, run, reply };
  const entered = Object.entries({ admission, queue, delivery, run });
  return Object.fromEntries(entered.filter(([, ms]) => !Number.isNaN(ms)));
}

const due = [];
let turns;

/** Calls a function in a turn of its own, after this one. */
export function afterTurn(callback) {
  if (!turns) {
    turns = new MessageChannel();
    turns.port1.onmessage = () => {
      for (const each of due.splice(0)) each();
    };
  }
  due.push(callback);
  if (due.length === 1) turns.port2.postMessage(0);
}

/** Calls a listener with an event, or an array of them, and never throws: what it throws, or rejects with, is reported once. */
export function guarded(listener) {
  const failed = reporter('A listener of runtime events threw');
  return (event) => {
    try {
      const done = listener(event);
      if (typeof done?.then === 'function') done.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  };
}
