// Traces as their users see them.

const handles = new WeakMap();

export function makeTrace(runtime, name, { parent } = {}) {
  const traceparent = parent === 'document' ? documentParent() : parent;
  const handle = runtime.create_trace(name === undefined ? undefined : String(name), traceparent);
  const trace = {
    id: handle.trace_id,
    name: name === undefined ? undefined : String(name),
    sampled: handle.sampled,
    traceparent: handle.traceparent,
    end({ status, error } = {}) {
      handle.end(status ?? (error === undefined ? 'ok' : statusOf(error)), error?.name, message(error));
    },
  };
  handles.set(trace, handle);
  return trace;
}

export async function runWithTrace(runtime, name, fn) {
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

/** The wasm's number of a trace that `createTrace` returned; anything else is no trace. */
export function traceNumber(trace) {
  if (trace === undefined || trace === null) return undefined;
  const handle = handles.get(trace);
  if (!handle) throw new TypeError('with({ trace }) takes what createTrace returned');
  return handle.number;
}

function statusOf(error) {
  return error?.name === 'AbortError' ? 'canceled' : 'error';
}

function message(error) {
  if (error === undefined || error === null) return undefined;
  return String(error.message ?? error);
}

// The trace of the server that rendered the page, as OpenTelemetry's browser convention leaves it.
function documentParent() {
  return globalThis.document?.querySelector('meta[name="traceparent"]')?.content;
}
