// Traces as their users see them.

import { aFunction, oneOf, shown, someOptions } from './check.js';

const handles = new WeakMap();

const STATUSES = ['ok', 'error', 'canceled'];

/** What `createTrace` returns. */
export function makeTrace(runtime, name, options) {
  const { parent } = someOptions(options, 'createTrace');
  const label = name === undefined || name === null ? undefined : String(name);
  const handle = runtime.create_trace(label, placeOf(parent));
  const trace = {
    id: handle.trace_id,
    name: label,
    sampled: handle.sampled,
    traceparent: handle.traceparent,
    end(how) {
      const { status, error } = someOptions(how, 'end');
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
  return error?.name === 'AbortError' ? 'canceled' : 'error';
}

function nameOf(error) {
  return typeof error?.name === 'string' ? error.name : undefined;
}

function message(error) {
  if (error === undefined || error === null) return undefined;
  if (typeof error === 'string') return error;
  return typeof error.message === 'string' ? error.message : shown(error);
}

// The trace of the server that rendered the page, as OpenTelemetry's browser convention leaves it.
function documentParent() {
  return globalThis.document?.querySelector('meta[name="traceparent"]')?.content;
}
