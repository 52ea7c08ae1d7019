// The worker's end of the wire: takes calls, runs handlers, answers. The rules are in wire.js.
//
// With what it imports, this file is the whole of the package's `./worker`: plain JavaScript, nothing else is loaded into
// a worker.

import { TaskContext, abortError } from './context.js';
import { beforeClose, holdLifeline } from './lifeline.js';
import { CallSpans, traceparent } from './spans.js';
import { NOTHING, transferables } from './transferables.js';
import { MARK, PLACE_LENGTH, TO_PAGE, TO_WORKER } from './wire.js';

const { CALL, CANCEL, METHOD, PING, TRANSFER_RESULT, KEY, TRACE, TIMED } = TO_WORKER;
const { RESULT, FAILURE, THROWN, TIMES, SPANS, READY, ALIVE, UNREADABLE, FAULT, CLOSED, HELD } = TO_PAGE;

/** How many places an answer takes in a message, by its kind. */
const LENGTHS = { [RESULT]: 3, [FAILURE]: 5, [THROWN]: 3, [TIMES]: 3, [SPANS]: 6 };

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
 * @param {(method: string, args: any[], context: TaskContext) => any} handle
 */
export function serve(handle) {
  const scope = globalThis;
  const methods = []; // names by number
  const durations = []; // milliseconds the method's handler held the worker the last time, by number
  const calls = []; // by slot, from a call's arrival to its answer
  const inbox = []; // calls that have not begun
  let working = false;
  let crashed = false; // begins nothing any more
  let silent = false; // has said so
  let replies = [];
  let transfers = [];
  let clock = 0; // when the worker last looked, which it does only where it matters
  let firstReply = 0;
  let counted = 0;
  let crowded = false; // whether the last calls came in numbers
  let flushDue = false; // whether a flush will follow in a later turn

  const pause = new MessageChannel();
  pause.port1.onmessage = () => {
    if (working) return work();
    flushDue = false;
    flush();
  };

  scope.addEventListener('message', ({ data }) => {
    if (!Array.isArray(data) || data[0] !== MARK) return;
    receive(data);
    if (!working && inbox.length > 0) work();
  });
  scope.addEventListener('unhandledrejection', (event) => {
    // A trap inside a Rust future ends here; the instance is poisoned, so the worker must go.
    if (isTrap(event.reason)) {
      event.preventDefault();
      die(event.reason);
    }
  });
  scope.addEventListener('error', (event) => {
    // The page is told in a message: the event it would get has neither the error's name nor its stack, and nothing
    // orders that event after the messages that went before it.
    if (!crashed && event.error instanceof Error && !event.defaultPrevented) {
      const { name, message, stack } = event.error;
      crash(String(name), String(message), stack, event.filename, event.lineno);
    }
    if (crashed) event.preventDefault();
  });
  scope.addEventListener('messageerror', () => {
    flush();
    scope.postMessage([MARK, UNREADABLE]);
  });
  crash = (name, message, stack, file, line) => {
    if (crashed) return;
    crashed = true;
    console.error(stack?.includes(message) ? stack : `${message}\n${stack}`);
    // Calls that have ended before still have to say so, in microtasks that are queued already.
    queueMicrotask(() => {
      flush();
      silent = true;
      scope.postMessage([MARK, FAULT, name, message, stack, file, line]);
    });
  };
  beforeClose((close) => {
    crashed = true;
    flush();
    silent = true;
    scope.postMessage([MARK, CLOSED]);
    close();
  });
  scope.postMessage([MARK, READY]);
  holdLifeline((name) => scope.postMessage([MARK, HELD, name]));

  function receive(message) {
    for (let at = 1; at < message.length; ) {
      switch (message[at++]) {
        case CALL: {
          const call = new Call(message[at++], message[at++], message[at++], message[at++], message[at++]);
          if (call.flags & KEY) call.key = message[at++];
          if (call.flags & TRACE) {
            call.place = message.slice(at, at + PLACE_LENGTH);
            at += PLACE_LENGTH;
          }
          calls[call.slot] = call;
          inbox.push(call);
          break;
        }
        case CANCEL:
          calls[message[at++]]?.cancel();
          break;
        case METHOD:
          methods[message[at++]] = message[at++];
          break;
        case PING:
          scope.postMessage([MARK, ALIVE]);
          break;
        default:
          return;
      }
    }
  }

  function work() {
    if (crashed) return;
    working = true;
    crowded = inbox.length > 1 || replies.length > 0;
    if (crowded) clock = performance.now();
    const begun = clock;
    for (let next = 0; next < inbox.length && !crashed; next++) {
      if (clock - begun > MAX_TURN) {
        inbox.splice(0, next);
        flush();
        pause.port2.postMessage(0);
        return;
      }
      begin(inbox[next]);
      if (replies.length > 0 && clock - firstReply > MAX_REPLY_DELAY) flush();
    }
    inbox.length = 0;
    working = false;
    if (replies.length === 0) return;
    if (crowded) flushSoon();
    else flush();
  }

  // Where calls come in numbers, what else has arrived by now is done first and shares the answer: batches that were split
  // once would stay split for ever. A lone call is answered at once.
  function flushSoon() {
    if (flushDue) return;
    flushDue = true;
    pause.port2.postMessage(0);
  }

  function begin(call) {
    const looks = crowded || call.flags & TIMED;
    if (call.flags & TIMED && !crowded) clock = performance.now();
    call.started = clock;
    if (call.cancelled) {
      fail(call, abortError());
      return;
    }
    // A handler that may hold the worker for long must not hold back what others have finished.
    if (replies.length > 0 && !(durations[call.method] < MAX_REPLY_DELAY)) flush();
    try {
      const result = handle(methods[call.method], call.args, new TaskContext(call));
      if (looks) look(call);
      if (typeof result?.then === 'function') {
        Promise.resolve(result).then(
          (value) => {
            if (call.flags & TIMED) clock = performance.now();
            succeed(call, value);
          },
          (error) => {
            if (call.flags & TIMED) clock = performance.now();
            fail(call, error);
          },
        );
      } else {
        succeed(call, result);
      }
    } catch (error) {
      if (looks) look(call);
      fail(call, error);
    }
  }

  // A handler gave the worker back.
  function look(call) {
    clock = performance.now();
    durations[call.method] = clock - call.started;
  }

  function succeed(call, value) {
    const moved = call.flags & TRANSFER_RESULT ? transferables(value) : NOTHING;
    open(call);
    replies.push(RESULT, call.slot, value);
    for (const each of moved) transfers.push(each);
  }

  function fail(call, error) {
    if (isTrap(error)) {
      die(error);
      return;
    }
    open(call);
    replies.push(...describe(error, call.slot));
  }

  // An answer's beginning.
  function open(call) {
    calls[call.slot] = undefined;
    if (replies.length === 0) {
      replies.push(MARK);
      firstReply = clock;
      if (!working && crowded) flushSoon();
      else if (!working) queueMicrotask(flushWhenQuiet);
    }
    if (call.flags & TIMED) replies.push(TIMES, performance.timeOrigin + call.started, performance.timeOrigin + clock);
    if (call.began) replies.push(SPANS, call.slot, ...call.began.home());
  }

  // Several promises that settle in one turn share a message: wait until a round of microtasks brings no more.
  function flushWhenQuiet() {
    if (replies.length === counted) return flush();
    counted = replies.length;
    queueMicrotask(flushWhenQuiet);
  }

  function flush() {
    const entries = replies;
    const moved = transfers;
    counted = 0;
    crowded = false;
    if (entries.length === 0) return;
    replies = [];
    transfers = [];
    if (silent) return;
    try {
      scope.postMessage(entries, moved);
    } catch {
      for (let at = 1; at < entries.length; ) {
        let value = at;
        while (entries[value] === TIMES || entries[value] === SPANS) value += LENGTHS[entries[value]];
        const end = value + LENGTHS[entries[value]];
        postAlone([MARK, ...entries.slice(at, end)], entries.slice(value, end), moved);
        at = end;
      }
    }
  }

  // One answer cannot be sent: the others must not suffer for it. Some buffers (those of a wasm memory) cannot be moved
  // although they can be copied, so it is tried both ways.
  function postAlone(message, [kind, slot, value], moved) {
    const own = kind === RESULT && moved.length > 0 ? transferables(value).filter((each) => moved.includes(each)) : NOTHING;
    for (const list of own.length > 0 ? [own, NOTHING] : [NOTHING]) {
      try {
        scope.postMessage(message, list);
        return;
      } catch (error) {
        if (list.length === 0) scope.postMessage([MARK, ...describe(error, slot)]);
      }
    }
  }

  function die(error) {
    crash(error.name, error.message, error.stack);
  }
}

/** A call in the worker. */
class Call {
  key = undefined;
  place = undefined;
  cancelled = false;
  controller = undefined;
  began = undefined;
  started = 0;

  constructor(slot, method, flags, number, args) {
    this.slot = slot;
    this.method = method;
    this.flags = flags;
    this.number = number;
    this.args = args;
  }

  cancel() {
    this.cancelled = true;
    this.controller?.abort(abortError());
  }

  /** Where its span stands, as text; nothing, unless the call is sampled. */
  get traceparent() {
    return this.place && traceparent(this.place);
  }

  /** Where what the handler tells goes; nowhere, unless the call is sampled. */
  spans() {
    if (this.place !== undefined) this.began ??= new CallSpans();
    return this.began;
  }
}

// The entry for a failed call, whatever was thrown.
function describe(error, slot) {
  try {
    if (error instanceof Error || error instanceof DOMException) {
      const stack = error.stack === undefined ? undefined : String(error.stack);
      return [FAILURE, slot, String(error.name), String(error.message), stack];
    }
    structuredClone(error);
    return [THROWN, slot, error];
  } catch {
    return [FAILURE, slot, 'Error', shown(error), undefined];
  }
}

function isTrap(error) {
  try {
    return error instanceof WebAssembly.RuntimeError;
  } catch {
    // A proxy that lets nobody look.
    return false;
  }
}

function shown(value) {
  try {
    return typeof value?.message === 'string' ? value.message : String(value);
  } catch {
    return 'the handler threw something that can neither be sent nor shown';
  }
}
