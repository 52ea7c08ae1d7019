// The worker's side of the wire, and the search for transferables that both sides use.
//
// One message carries everything that arose for this worker in one turn of the page's loop, as an array of entries that
// begin with a small integer. The worker answers with what has finished by the end of its own turn. This file is the
// whole of the package's `./worker`: nothing else is loaded into a worker.

// Page to worker.
const CALL = 1; // [CALL, call, method, args, flags, number, key, traceparent]
const CANCEL = 2; // [CANCEL, call]
const PING = 3; // [PING]: answer, if you can

// Worker to page.
const RESULT = 1; // [RESULT, call, started, ended, value]
const FAILURE = 2; // [FAILURE, call, started, ended, isError, name | value, message, stack]
const READY = 3; // [READY]
const FAULT = 4; // [FAULT, name, message, stack, file, line]: the worker has crashed, and answers no more
const ALIVE = 5; // [ALIVE]: the answer to a ping
const UNREADABLE = 6; // [UNREADABLE]: a message from the page could not be read, and its calls are lost

const FLAG_TRANSFER_RESULT = 1;

// A result that is ready waits at most this long, in milliseconds, for others to share its message.
const MAX_REPLY_DELAY = 0.5;
// After this long without a pause, in milliseconds, a batch lets the worker's loop run, so that cancels are heard.
const MAX_TURN = 4;

const HANDLERS = Symbol('atelier.handlers');

/**
 * Makes handlers ready for `expose`.
 * @param {Record<string, (...args: any[]) => any>} handlers
 */
export function createTaskWorker(handlers) {
  if (handlers === null || typeof handlers !== 'object') {
    throw new TypeError('createTaskWorker takes an object of functions, such as { double: (n) => 2 * n }');
  }
  const call = (method, args, context) => {
    const handler = handlers[method];
    // What every object has is no handler, nor is the class of one that has a class.
    const inherited = method === 'constructor' || handler === Object.prototype[method];
    if (typeof handler !== 'function' || inherited) throw methodNotFound(method);
    args.push(context);
    return handler.apply(handlers, args);
  };
  return { [HANDLERS]: call };
}

/** The error for a method that no handler answers to. */
export function methodNotFound(method) {
  return new Error(`Method '${method}' not found on worker handlers`);
}

/**
 * Answers the page's calls with these handlers.
 * @param worker what `createTaskWorker` returned
 */
export function expose(worker) {
  const call = worker?.[HANDLERS];
  if (!call) throw new TypeError('expose takes what createTaskWorker returned');
  serve(call);
}

let crash = (name, message, stack, file, line) => {};

/**
 * Says that the worker has crashed: a panic in Rust, before the trap that follows, which only says `unreachable`.
 * @param {string} message
 */
export function panicked(message) {
  crash('panic', message, new Error('').stack);
}

/**
 * Answers the page's calls with one function: `(method, args, context) => result or promise`. What Rust handlers use.
 * @param {(method: string, args: any[], context: TaskContext) => any} call
 */
export function serve(call) {
  const scope = globalThis;
  const running = new Map(); // call → context
  const cancelled = new Set(); // calls cancelled before they began
  const inbox = [];
  const durations = new Map(); // method → milliseconds its handler held the worker the last time
  let working = false;
  let crashed = false; // begins nothing any more
  let silent = false; // has said so
  let replies = [];
  let transfers = [];
  let firstReply = 0;
  let counted = 0;

  const pause = new MessageChannel();
  pause.port1.onmessage = work;

  scope.addEventListener('message', (event) => {
    if (!Array.isArray(event.data)) return;
    // A page may send messages of its own; what is not of this protocol is passed over.
    for (const entry of event.data) {
      const kind = entry?.[0];
      if (kind === CALL) inbox.push(entry);
      else if (kind === CANCEL) cancel(entry[1]);
      else if (kind === PING) scope.postMessage([[ALIVE]]);
    }
    if (!working && inbox.length > 0) work();
  });
  scope.addEventListener('unhandledrejection', (event) => {
    // A trap inside a Rust future ends here; the instance is poisoned, so the worker must go.
    if (event.reason instanceof WebAssembly.RuntimeError) {
      event.preventDefault();
      die(event.reason);
    }
  });
  scope.addEventListener('error', (event) => {
    // The page is told in a message: the event it would get has neither the error's name nor its stack, and nothing
    // orders that event after the messages that went before it.
    if (!crashed && event.error instanceof Error && !event.defaultPrevented) {
      const [, name, message, stack] = describe(event.error);
      crash(name, message, stack, event.filename, event.lineno);
    }
    if (crashed) event.preventDefault();
  });
  scope.addEventListener('messageerror', () => {
    flush();
    scope.postMessage([[UNREADABLE]]);
  });
  crash = (name, message, stack, file, line) => {
    if (crashed) return;
    crashed = true;
    console.error(stack?.includes(message) ? stack : `${message}\n${stack}`);
    // Calls that have ended before still have to say so, in microtasks that are queued already.
    queueMicrotask(() => {
      flush();
      silent = true;
      scope.postMessage([[FAULT, name, message, stack, file, line]]);
    });
  };
  scope.postMessage([[READY]]);

  function cancel(id) {
    const context = running.get(id);
    if (context) context.abort();
    else if (inbox.some((entry) => entry[1] === id)) cancelled.add(id);
  }

  function work() {
    if (crashed) return;
    working = true;
    const begun = performance.now();
    for (let next = 0; next < inbox.length && !crashed; next++) {
      if (next > 0 && performance.now() - begun > MAX_TURN) {
        inbox.splice(0, next);
        flush();
        pause.port2.postMessage(0);
        return;
      }
      begin(inbox[next]);
    }
    inbox.length = 0;
    working = false;
    if (replies.length > 0) flush();
  }

  function begin([, id, method, args, flags, number, key, traceparent]) {
    const started = now();
    const context = new TaskContext(number, key, traceparent);
    if (cancelled.delete(id)) {
      context.abort();
      fail(id, started, context.signal.reason);
      return;
    }
    running.set(id, context);
    // A handler that may hold the worker for long must not hold back what others have finished.
    if (replies.length > 0 && !(durations.get(method) < MAX_REPLY_DELAY)) flush();
    try {
      const result = call(method, args, context);
      durations.set(method, now() - started);
      if (typeof result?.then === 'function') {
        Promise.resolve(result).then(
          (value) => succeed(id, started, value, flags),
          (error) => fail(id, started, error),
        );
      } else {
        succeed(id, started, result, flags);
      }
    } catch (error) {
      fail(id, started, error);
    }
  }

  function succeed(id, started, value, flags) {
    running.delete(id);
    const moved = flags & FLAG_TRANSFER_RESULT ? transferables(value) : [];
    reply([RESULT, id, started, now(), value], moved);
  }

  function fail(id, started, error) {
    running.delete(id);
    if (error instanceof WebAssembly.RuntimeError) {
      die(error);
      return;
    }
    reply([FAILURE, id, started, now(), ...describe(error)], []);
  }

  function reply(entry, moved) {
    const at = performance.now();
    if (replies.length === 0) firstReply = at;
    replies.push(entry);
    for (const each of moved) transfers.push(each);
    if (at - firstReply > MAX_REPLY_DELAY) flush();
    else if (replies.length === 1) queueMicrotask(flushWhenQuiet);
  }

  // Several promises that settle in one turn share a message: wait until a round of microtasks brings no more.
  function flushWhenQuiet() {
    if (replies.length === 0) return;
    if (replies.length === counted) return flush();
    counted = replies.length;
    queueMicrotask(flushWhenQuiet);
  }

  function flush() {
    const entries = replies;
    const moved = transfers;
    replies = [];
    transfers = [];
    counted = 0;
    if (entries.length === 0 || silent) return;
    try {
      scope.postMessage(entries, moved);
    } catch {
      for (const entry of entries) postAlone(entry, moved);
    }
  }

  // One answer cannot be sent: the others must not suffer for it. Some buffers (those of a wasm memory) cannot be moved
  // although they can be copied, so it is tried both ways.
  function postAlone(entry, moved) {
    const own = transferables(entry[4]).filter((each) => moved.includes(each));
    for (const list of own.length > 0 ? [own, []] : [[]]) {
      try {
        scope.postMessage([entry], list);
        return;
      } catch (error) {
        if (list.length === 0) scope.postMessage([[FAILURE, entry[1], entry[2], entry[3], ...describe(error)]]);
      }
    }
  }

  function die(error) {
    crash(error.name, error.message, error.stack);
  }
}

const turns = []; // those who wait for the worker's loop
let ticks;

/**
 * Resolves when the worker's loop has had a turn, in which it heard what the page had sent. A message to oneself, since
 * timers would wait for milliseconds.
 */
export function nextTurn() {
  if (!ticks) {
    ticks = new MessageChannel();
    ticks.port1.onmessage = () => turns.shift()();
  }
  return new Promise((resolve) => {
    turns.push(resolve);
    ticks.port2.postMessage(0);
  });
}

// Milliseconds since the epoch, with the fraction that `Date.now` lacks.
function now() {
  return performance.timeOrigin + performance.now();
}

function describe(error) {
  if (error instanceof Error || error instanceof DOMException) {
    return [true, String(error.name), String(error.message), error.stack === undefined ? undefined : String(error.stack)];
  }
  try {
    structuredClone(error);
    return [false, error];
  } catch {
    return [true, 'Error', String(error), undefined];
  }
}

/** What a handler gets as its last argument. */
class TaskContext {
  #controller;
  #aborted = false;

  constructor(number, key, traceparent) {
    this.callId = String(number);
    this.key = key;
    this.traceparent = traceparent;
  }

  /** Fires when the call is cancelled. */
  get signal() {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(abortError());
    }
    return this.#controller.signal;
  }

  /** Throws an `AbortError` when the call is cancelled. */
  throwIfAborted() {
    if (this.#aborted) throw abortError();
  }

  abort() {
    this.#aborted = true;
    this.#controller?.abort(abortError());
  }
}

function abortError() {
  return new DOMException('Task was aborted', 'AbortError');
}

const TRANSFERABLE = [
  'ArrayBuffer',
  'MessagePort',
  'ImageBitmap',
  'OffscreenCanvas',
  'VideoFrame',
  'AudioData',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
]
  .map((name) => globalThis[name])
  .filter((type) => typeof type === 'function');

/**
 * Everything in a value that can be moved instead of copied, each once: in arrays, plain objects, maps and sets, at any
 * depth. Shared buffers stay shared.
 * @returns {Transferable[]}
 */
export function transferables(value) {
  if (value === null || typeof value !== 'object') return [];
  const found = new Set();
  const seen = new Set();
  const stack = [value];
  while (stack.length > 0) {
    const each = stack.pop();
    if (each === null || typeof each !== 'object' || seen.has(each)) continue;
    seen.add(each);
    if (ArrayBuffer.isView(each)) {
      if (each.buffer instanceof ArrayBuffer) found.add(each.buffer);
    } else if (typeof ImageData === 'function' && each instanceof ImageData) {
      found.add(each.data.buffer);
    } else if (TRANSFERABLE.some((type) => each instanceof type)) {
      found.add(each);
    } else if (Array.isArray(each)) {
      for (const item of each) stack.push(item);
    } else if (each instanceof Map) {
      for (const [key, item] of each) stack.push(key, item);
    } else if (each instanceof Set) {
      for (const item of each) stack.push(item);
    } else if (Object.prototype.toString.call(each) === '[object Object]') {
      // Plain ones and those of a class, of this realm or another: what cloning looks into. The browser's own have names.
      for (const item of Object.values(each)) stack.push(item);
    }
  }
  return [...found];
}
