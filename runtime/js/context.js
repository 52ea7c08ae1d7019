// What a handler knows about its call.

/** The method by which a context hears that its call is cancelled. */
export const ABORT = Symbol('abort');

/** What a handler gets as its last argument. */
export class TaskContext {
  #call;
  #controller;

  constructor(call) {
    this.#call = call;
    this.key = call.key;
    this.traceparent = call.traceparent;
  }

  /** The call's id, unique in its runtime. */
  get callId() {
    return String(this.#call.number);
  }

  /** Fires when the call is cancelled. */
  get signal() {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#call.cancelled) this.#controller.abort(abortError());
    }
    return this.#controller.signal;
  }

  /** Throws an `AbortError` when the call is cancelled. It may be taken out of the context. */
  get throwIfAborted() {
    return () => {
      if (this.#call.cancelled) throw abortError();
    };
  }

  [ABORT]() {
    this.#controller?.abort(abortError());
  }
}

export function abortError() {
  return new DOMException('Task was aborted', 'AbortError');
}
