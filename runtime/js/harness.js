// The worker's end of the wire: takes calls, runs handlers, answers. The rules are in wire.js.
//
// With what it imports, this file is the whole of the package's `./worker`: plain JavaScript, nothing else is loaded into
// a worker.

import { TaskContext, abortError } from './context.js';
import { beforeClose } from './lifeline.js';
import { apartFromMemory, mayBeMemory, withOwnBytes } from './own-bytes.js';
import { report } from './report.js';
import { CallSpans, traceparent } from './spans.js';
import { describe, describeAnything, unpack } from './thrown.js';
import { NOTHING, transferables } from './transferables.js';
import { culprit, unsent } from './unsent.js';
import { MARK, PLACE_LENGTH, TO_PAGE, TO_WORKER, VERSION } from './wire.js';

const { CALL, CANCEL, METHOD, PING, TRANSFER_RESULT, KEY, TRACE, TIMED } = TO_WORKER;
const { RESULT, FAILURE, THROWN, TIMES, SPANS, READY, ALIVE, UNREADABLE, FAULT, CLOSED } = TO_PAGE;

/** How many places an answer takes in a message, by its kind. */
const LENGTHS = { [RESULT]: 4, [FAILURE]: 4, [THROWN]: 4, [TIMES]: 3, [SPANS]: 6 };

// A result that is ready waits at most this long, in milliseconds, for others to share its message.
const MAX_REPLY_DELAY = 0.5;
// After this long without a pause, in milliseconds, a batch lets the worker's loop run, so that cancels are heard.
const MAX_TURN = 4;

// A worker answers with one set of handlers, whichever copy of this module they came through.
const SERVING = Symbol.for('atelier.serving');

/** The error for a method that no handler answers to. */
export function methodNotFound(method) {
  return new Error(`Method '${method}' not found on worker handlers`);
}

/** Whether this worker answers calls already. */
export function isServing() {
  return globalThis[SERVING] === true;
}

// The call whose handler holds the worker, and how to find all whose handlers run.
let current;
let running = () => NOTHING;

/**
 * The context of the call whose handler asks. After an `await` that is known only while no other call runs in the worker.
 */
export function contextNow() {
  if (current !== undefined) return current.context;
  const [one, another] = running();
  if (another === undefined) return one?.context;
  throw new Error(
    'this.context: several calls run in this worker, and after an await these handlers cannot tell them apart; ' +
      "take the context as the handler's last parameter, or keep it before the first await",
  );
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
 * @throws where the worker answers calls already
 */
export function serve(handle) {
  serveCalls((method, call) => handle(method, call.args, call.context));
}

/**
 * Answers the page's calls with one function, which takes the method and the call: its `args`, and its `context` if need be.
 * @param {(method: string, call: { args: any[], context: TaskContext }) => any} handle
 * @param {string[]} [hidden] names of handlers that a task's own members hide, which the page reports
 * @throws where the worker answers calls already
 */
export function serveCalls(handle, hidden) {
  if (isServing()) throw new Error('expose was called before: a worker answers calls with one set of handlers');
  Object.defineProperty(globalThis, SERVING, { value: true });
  const scope = globalThis;
  const methods = []; // names by number
  const durations = []; // milliseconds the method's handler held the worker the last time, by number
  const calls = []; // by slot, from a call's arrival to its answer
  const answered = []; // methods by slot, of calls whose answers may not have been sent
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

  running = () => calls.filter((call) => call?.runs);

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
    const described = crashed || event.defaultPrevented ? undefined : describe(event.error);
    if (described) {
      const [, name, message, stack] = described;
      crash(name, message, stack, event.filename, event.lineno);
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
    report(stack?.includes(message) ? stack : `${message}\n${stack}`);
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
    const begun = calls.filter((call) => call?.runs).map((call) => call.slot);
    scope.postMessage([MARK, CLOSED, begun]);
    close();
  });
  scope.postMessage([MARK, READY, VERSION, hidden]);

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
        case CANCEL: {
          const [slot, reason] = [message[at++], message[at++]];
          calls[slot]?.cancel(reason);
          break;
        }
        case METHOD:
          methods[message[at++]] = message[at++];
          break;
        case PING:
          scope.postMessage([MARK, ALIVE]);
          break;
        default:
          // How long it is, only its sender knows.
          report(`Atelier: an entry of the unknown kind ${shown(message[at - 1])} from the page; its message ends here`);
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
      call.runs = true;
      current = call;
      const result = handle(methods[call.method], call);
      current = undefined;
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
      current = undefined;
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
    replies.push(RESULT, call.slot, call.number, moved.leavesMemory ? withOwnBytes(value) : value);
    for (const each of moved) transfers.push(each);
  }

  function fail(call, error) {
    if (isTrap(error)) {
      die(error);
      return;
    }
    open(call);
    replies.push(...failure(error, call.slot, call.number));
  }

  // An answer's beginning.
  function open(call) {
    calls[call.slot] = undefined;
    answered[call.slot] = call.method;
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

  // One answer cannot be sent: the others must not suffer for it. Memory of wasm cannot be moved, although it can be copied.
  function postAlone(message, [kind, slot, number, value], moved) {
    const own = kind === RESULT && moved.length > 0 ? transferables(value).filter((each) => moved.includes(each)) : NOTHING;
    let refused = tryToPost(message, own);
    if (refused && own.some(mayBeMemory) && culprit(value, 'result') === undefined) {
      const [apart, rest] = apartFromMemory(value, own);
      message[message.lastIndexOf(value)] = apart;
      refused = tryToPost(message, rest);
    }
    if (refused && own.length > 0) refused = tryToPost(message, NOTHING);
    if (!refused) return;
    const reason = unsent(refused.error, value, methods[answered[slot]]);
    scope.postMessage([MARK, FAILURE, slot, number, describeAnything(reason)]);
  }

  function tryToPost(message, moved) {
    try {
      scope.postMessage(message, moved);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  function die(error) {
    const [, name, message, stack] = describeAnything(error);
    crash(name, message, stack);
  }
}

/** A call in the worker. */
class Call {
  key = undefined;
  place = undefined;
  runs = false; // its handler has begun
  cancelled = false;
  reason = undefined;
  controller = undefined;
  #context = undefined;
  began = undefined;
  started = 0;

  constructor(slot, method, flags, number, args) {
    this.slot = slot;
    this.method = method;
    this.flags = flags;
    this.number = number;
    this.args = args;
  }

  /** What its handler knows about it, made when somebody asks. */
  get context() {
    this.#context ??= new TaskContext(this);
    return this.#context;
  }

  cancel(packed) {
    this.cancelled = true;
    this.reason = packed && unpack(packed);
    this.controller?.abort(this.reason === undefined ? abortError() : this.reason);
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
function failure(thrown, slot, number) {
  const described = describe(thrown);
  if (described) return [FAILURE, slot, number, described];
  try {
    structuredClone(thrown);
    return [THROWN, slot, number, thrown];
  } catch {
    return [FAILURE, slot, number, describeAnything(thrown)];
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
  return typeof value === 'number' ? value : `(${typeof value})`;
}
