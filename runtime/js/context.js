// What a handler knows about its call.

// How a call is got out of its context, by those who may.
const CALL = Symbol('call');

/** What a context has, as its own: `{ ...context }` has it all, and none of it needs the context as its `this`. */
const FIELDS = ['signal', 'key', 'callId', 'traceparent', 'throwIfAborted', 'span'];

// Getters of a class are not an object's own, and own ones would have to be made for every call. So a context is a proxy, all
// of them with this handler, that shows the getters as its own.
const AS_OWN = {
  __proto__: null,
  get: (context, name) => context[name],
  ownKeys: (context) => [...new Set([...FIELDS, ...Reflect.ownKeys(context)])],
  getOwnPropertyDescriptor: (context, name) =>
    FIELDS.includes(name)
      ? { __proto__: null, value: context[name], enumerable: true, configurable: true, writable: true }
      : Reflect.getOwnPropertyDescriptor(context, name),
};

/** What a handler gets as its last argument, and a function given to `span` as its only one. */
export class TaskContext {
  #call;
  #traceparent;
  #self;

  constructor(call, traceparent) {
    this.#call = call;
    this.#traceparent = traceparent;
    this.#self = new Proxy(this, AS_OWN);
    return this.#self;
  }

  get [CALL]() {
    return this.#call;
  }

  /** The call's cancellation key. */
  get key() {
    return this.#call.key;
  }

  /** Where the call's span stands, or the one whose context this is (W3C Trace Context); nothing, unless it is sampled. */
  get traceparent() {
    return this.#traceparent ?? this.#call.traceparent;
  }

  /** The call's id, unique in its runtime. */
  get callId() {
    return String(this.#call.number);
  }

  /** Fires when the call is cancelled, with the caller's reason. */
  get signal() {
    const call = this.#call;
    if (!call.controller) {
      call.controller = new AbortController();
      if (call.cancelled) call.controller.abort(call.reason === undefined ? abortError() : call.reason);
    }
    return call.controller.signal;
  }

  /** Throws an `AbortError` when the call is cancelled; its `cause` is the caller's reason, where there is one. */
  get throwIfAborted() {
    return () => {
      if (this.#call.cancelled) throw abortError(this.#call.reason);
    };
  }

  /**
   * Runs `fn` in a span of its own beneath the call's, or beneath the span whose context this is, and returns what it
   * returns. Where the call is not sampled, that is all. `fn` gets a context for spans beneath its own.
   */
  get span() {
    return (name, fn, attributes) => {
      if (typeof name !== 'string' || name === '') throw new TypeError('span takes a name, a string that is not empty');
      if (typeof fn !== 'function') throw new TypeError(`span '${name}' takes a function, which it runs`);
      if (attributes !== undefined && (attributes === null || typeof attributes !== 'object')) {
        throw new TypeError(`the attributes of span '${name}' are no object such as { rows: 3 }`);
      }
      const open = this.#call.spans()?.begin(name, this.traceparent, attributes);
      return open ? open.run(fn, new TaskContext(this.#call, open.traceparent)) : fn(this.#self);
    };
  }
}

/** Hands over what a sampled call's handler in Rust told, for its answer to take along; see `CallSpans.take`. */
export function goHome(context, spans, spansLost, logs, logsLost) {
  context[CALL].spans()?.take(spans, spansLost, logs, logsLost);
}

/** The error of a call that was cancelled. */
export function abortError(cause) {
  const error = new DOMException('Task was aborted', 'AbortError');
  if (cause !== undefined) {
    Object.defineProperty(error, 'cause', { __proto__: null, value: cause, configurable: true, writable: true });
  }
  return error;
}
