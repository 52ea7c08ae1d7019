// Spans of a handler's own, beneath its call's. They travel home with the answer.

/** How many spans one call can send home. What is beyond that runs and is counted as lost. */
const MAX_SPANS = 128;

/** How many places a span takes in the list that travels home. */
export const SPAN_LENGTH = 8;

/** The spans of one sampled call. */
export class CallSpans {
  /** `[name, id, parent, start, end, error name, error message, attributes as JSON]…`, of those that have ended. */
  ended = [];
  /** The span whose function holds the worker: what is begun now is beneath it, whatever context it is begun with. */
  active;
  #begun = 0;

  /** Opens a span beneath the one with this traceparent; `undefined` when there are too many. */
  begin(name, traceparent, attributes) {
    if (++this.#begun > MAX_SPANS) return undefined;
    return new OpenSpan(this, name, this.active?.traceparent ?? traceparent, attributes);
  }

  /** How many spans were begun and are not among those that have ended. */
  get lost() {
    return this.#begun - this.ended.length / SPAN_LENGTH;
  }
}

class OpenSpan {
  #spans;
  #fields;

  constructor(spans, name, parent, attributes) {
    const [version, traceId, parentId, flags] = parent.split('-');
    const id = newId();
    this.#spans = spans;
    this.traceparent = [version, traceId, id, flags].join('-');
    this.#fields = [name, id, parentId, now(), 0, undefined, undefined, asJson(attributes)];
  }

  run(fn, context) {
    const before = this.#spans.active;
    this.#spans.active = this;
    let result;
    try {
      result = fn(context);
    } catch (error) {
      this.#end(error);
      throw error;
    } finally {
      this.#spans.active = before;
    }
    if (typeof result?.then !== 'function') {
      this.#end();
      return result;
    }
    return Promise.resolve(result).then(
      (value) => {
        this.#end();
        return value;
      },
      (error) => {
        this.#end(error);
        throw error;
      },
    );
  }

  #end(...thrown) {
    const fields = this.#fields;
    fields[4] = now();
    if (thrown.length > 0) [fields[5], fields[6]] = named(thrown[0]);
    this.#spans.ended.push(...fields);
  }
}

// Milliseconds since the epoch, with the fraction that `Date.now` lacks.
function now() {
  return performance.timeOrigin + performance.now();
}

function newId() {
  const words = crypto.getRandomValues(new Uint32Array(2));
  // An id of nothing but zeros is none (W3C Trace Context, "parent-id").
  words[1] |= words[0] === 0 ? 1 : 0;
  return [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
}

// Attributes are strings, numbers and booleans; what is something else is sent as a string.
function asJson(attributes) {
  if (!attributes) return undefined;
  const plain = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const kept = typeof value === 'boolean' || Number.isFinite(value);
    plain[name] = kept ? value : shown(value);
  }
  return JSON.stringify(plain);
}

function named(error) {
  try {
    if (error instanceof Error || error instanceof DOMException) return [String(error.name), String(error.message)];
  } catch {
    // A proxy that lets nobody look.
  }
  return [typeof error, shown(error)];
}

function shown(value) {
  try {
    return String(value);
  } catch {
    return `a ${typeof value} that cannot be shown`;
  }
}
