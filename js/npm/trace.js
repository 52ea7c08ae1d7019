// Traces as their users see them.

import { aFunction, oneOf, shown, someOptions } from './check.js';
import { mustLive } from './lifetimes.js';

const handles = new WeakMap();

const STATUSES = ['ok', 'error', 'canceled'];
/** Characters of a thrown object that are told. */
const MAX_JSON = 1024;

/** What `createTrace` returns. */
export function makeTrace(runtime, name, options) {
  mustLive(runtime);
  const { parent } = someOptions(options, 'createTrace', ['parent']);
  const label = name === undefined || name === null ? undefined : String(name);
  const handle = runtime.create_trace(label, placeOf(parent));
  const trace = {
    id: handle.trace_id,
    name: label,
    sampled: handle.sampled,
    traceparent: handle.traceparent,
    end(how) {
      const { status, error } = someOptions(how, 'end', ['status', 'error']);
      if (status !== undefined) oneOf(status, STATUSES, 'status');
      handle.end(status ?? (error === undefined ? 'ok' : statusOf(error)), nameOf(error), message(error));
    },
  };
  handles.set(trace, handle);
  return trace;
}

// A parent that is malformed, of whatever type, is none: a new trace begins.
function placeOf(parent) {
  const place = parent === 'document' ? documentParent() : parent;
  return typeof place === 'string' ? place : undefined;
}

/** Runs `fn(trace)` under a trace that ends with it. */
export async function runWithTrace(runtime, name, fn) {
  aFunction(fn, 'runWithTrace');
  const trace = makeTrace(runtime, name);
  try {
    const result = await fn(trace);
    trace.end({ status: 'ok' });
    return result;
  } catch (error) {
    trace.end({ status: statusOf(error), error });
    throw error;
  }
}

/** Whether this is what `createTrace` returned. */
export function isTrace(trace) {
  return handles.has(trace);
}

/** The wasm's number of a trace that `createTrace` returned; `undefined` for anything else. */
export function traceNumber(trace) {
  return handles.get(trace)?.number;
}

function statusOf(error) {
  return nameOf(error) === 'AbortError' ? 'canceled' : 'error';
}

function nameOf(error) {
  const name = property(error, 'name');
  return typeof name === 'string' ? name : undefined;
}

// What was thrown may be anything; what it says of itself is told, and nothing when it cannot be asked.
function message(error) {
  if (error === undefined || error === null) return undefined;
  if (typeof error === 'string') return error;
  const text = property(error, 'message');
  return typeof text === 'string' ? text : (json(error) ?? shown(error));
}

function property(value, name) {
  try {
    return value?.[name];
  } catch {
    return undefined;
  }
}

function json(value) {
  try {
    return JSON.stringify(value)?.slice(0, MAX_JSON);
  } catch {
    return undefined;
  }
}

// The trace of the server that rendered the page, as OpenTelemetry's browser convention leaves it.
function documentParent() {
  return globalThis.document?.querySelector('meta[name="traceparent"]')?.content;
}
