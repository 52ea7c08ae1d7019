// What a handler knows about its call.

let callOf;

/** What a handler gets as its last argument, and a function given to `span` as its only one. */
export class TaskContext {
  static {
    callOf = (context) => context.#call;
  }

  #call;

  #traceparent;

  constructor(call, traceparent) {
    this.#call = call;
    this.key = call.key;
    this.#traceparent = traceparent;
  }

  /** Where the call's span stands, or the one whose context this is (W3C Trace Context); nothing, unless it is sampled. */
  get traceparent() {
    return this.#traceparent ?? this.#call.traceparent;
  }

  /** The call's id, unique in its runtime. */
  get callId() {
    return String(this.#call.number);
  }

  /** Fires when the call is cancelled. */
  get signal() {
    const call = this.#call;
    if (!call.controller) {
      call.controller = new AbortController();
      if (call.cancelled) call.controller.abort(abortError());
    }
    return call.controller.signal;
  }

  /** Throws an `AbortError` when the call is cancelled. It may be taken out of the context. */
  get throwIfAborted() {
    return () => {
      if (this.#call.cancelled) throw abortError();
    };
  }

  /**
   * Runs `fn` in a span of its own beneath the call's, or beneath the span whose context this is, and returns what it
   * returns. Where the call is not sampled, that is all. `fn` gets a context for spans beneath its own.
   */
  span(name, fn, attributes) {
    if (typeof name !== 'string' || name === '') throw new TypeError('span takes a name, a string that is not empty');
    if (typeof fn !== 'function') throw new TypeError(`span '${name}' takes a function, which it runs`);
    if (attributes !== undefined && (attributes === null || typeof attributes !== 'object')) {
      throw new TypeError(`the attributes of span '${name}' are no object such as { rows: 3 }`);
    }
    const open = this.#call.spans()?.begin(name, this.traceparent, attributes);
    return open ? open.run(fn, new TaskContext(this.#call, open.traceparent)) : fn(this);
  }
}

/** Hands over what a sampled call's handler in Rust told, for its answer to take along; see `CallSpans.take`. */
export function goHome(context, spans, spansLost, logs, logsLost) {
  callOf(context).spans()?.take(spans, spansLost, logs, logsLost);
}

export function abortError() {
  return new DOMException('Task was aborted', 'AbortError');
}
