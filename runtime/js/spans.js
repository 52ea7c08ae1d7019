// What a handler tells while it runs: spans of its own, beneath its call's, and (in Rust) log records. They travel home with
// the answer. Names, attributes and errors are foreign: whatever is wrong with them, the function in the span runs.

import { bounded, wellFormed } from './text.js';
import { named } from './thrown.js';

/** How many spans one call can send home. What is beyond that runs and is counted as lost. */
const MAX_SPANS = 128;

/**
 * How many attributes one span can have: with ours, no more than exporters let through (OpenTelemetry's 128). What is beyond
 * that is counted as lost.
 */
const MAX_ATTRIBUTES = 120;

/** The attribute that says how many others are missing. */
const ATTRIBUTES_LOST = 'atelier.attributes.lost';

const NONE = [];

/** How many places a span takes in the list that travels home. */
export const SPAN_LENGTH = 8;

/** How many places a log record takes in the list that travels home. */
export const LOG_LENGTH = 6;

/** What one sampled call tells. */
export class CallSpans {
  // `[name, id, parent, start, end, error name, error message, attributes as JSON]…`, of those that have ended.
  #ended = [];
  /** The span whose function holds the worker: what is begun now is beneath it, whatever context it is begun with. */
  active;
  #begun = 0;
  #open = new Map(); // the parents of those that have not ended, by id
  #logs = NONE;
  #lost = 0; // of those that were gathered elsewhere
  #logsLost = 0;

  /** Opens a span beneath the one with this traceparent; `undefined` when there are too many. */
  begin(name, traceparent, attributes) {
    if (++this.#begun > MAX_SPANS) return undefined;
    try {
      return new OpenSpan(this, name, this.active?.traceparent ?? traceparent, attributes);
    } catch {
      // Something that this is made of has been tampered with: the span is lost, and counted as that.
      return undefined;
    }
  }

  /** A span has begun. */
  opened(id, parentId) {
    this.#open.set(id, parentId);
  }

  /** A span has ended, and these are its fields. */
  closed(fields) {
    this.#open.delete(fields[1]);
    this.#ended.push(...fields);
  }

  /**
   * Takes what a handler in Rust told: spans, and log records
   * `[time, severity, target, text, attributes as JSON, span id]…`, and how many of each are missing.
   */
  take(spans, spansLost, logs, logsLost) {
    this.#begun += spans.length / SPAN_LENGTH;
    this.#ended.push(...spans);
    this.#lost += spansLost;
    this.#logs = logs;
    this.#logsLost = logsLost;
  }

  /** What goes into the answer: spans, how many are missing, log records, how many are missing. */
  home() {
    const ended = this.#ended;
    // What has not ended does not travel: what hangs beneath it hangs beneath what is above.
    for (let at = 2; at < ended.length && this.#open.size > 0; at += SPAN_LENGTH) {
      while (this.#open.has(ended[at])) ended[at] = this.#open.get(ended[at]);
    }
    return [ended, this.#begun - ended.length / SPAN_LENGTH + this.#lost, this.#logs, this.#logsLost];
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
    this.#fields = [wellFormed(bounded(name)), id, parentId, now(), 0, undefined, undefined, asJson(attributes)];
    spans.opened(id, parentId);
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
    if (!isPromise(result)) {
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
    if (thrown.length > 0) [fields[5], fields[6]] = named(thrown[0]).map(wellFormed);
    this.#spans.closed(fields);
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
  return hex(words);
}

function hex(words) {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** The place that came in numbers (see `PLACE_LENGTH`) as a `traceparent` of version 00. */
export function traceparent(place) {
  const flags = place[6].toString(16).padStart(2, '0');
  return ['00', hex(place.slice(0, 4)), hex(place.slice(4, 6)), flags].join('-');
}

function isPromise(value) {
  try {
    return typeof value?.then === 'function';
  } catch {
    // What lets nobody look is given back as it is.
    return false;
  }
}

// Attributes are strings, numbers and booleans; what is something else is sent as a string. What cannot be read is left out.
function asJson(attributes) {
  if (!attributes) return undefined;
  // Without a prototype, every name is a field like any other.
  const plain = Object.create(null);
  const names = namesIn(attributes);
  let lost = names === undefined ? 1 : 0;
  for (const [at, name] of (names ?? NONE).entries()) {
    if (at === MAX_ATTRIBUTES) {
      lost += names.length - at;
      break;
    }
    try {
      if (!Object.prototype.propertyIsEnumerable.call(attributes, name)) continue;
      const value = attributes[name];
      if (value === undefined) continue;
      const kept = typeof value === 'boolean' || Number.isFinite(value);
      plain[wellFormed(bounded(name))] = kept ? value : wellFormed(bounded(shown(value)));
    } catch {
      lost += 1;
    }
  }
  if (lost > 0) plain[ATTRIBUTES_LOST] = lost;
  return JSON.stringify(plain);
}

function namesIn(attributes) {
  try {
    return Reflect.ownKeys(attributes).filter((name) => typeof name === 'string');
  } catch {
    // A proxy that lets nobody look.
    return undefined;
  }
}

function shown(value) {
  try {
    return String(value);
  } catch {
    return `a ${typeof value} that cannot be shown`;
  }
}
