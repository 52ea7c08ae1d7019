// The page's side of the wire; its rules are in wire.js, the other end in harness.js.
//
// Arguments, answers and promises stay here, by the place of their call in the core (`slot`). What crosses the border to
// the wasm are numbers.

import { copiedBytes } from './copied.js';
import { LifelineWatch } from './lifeline-watch.js';
import { NOTHING, transferables } from './transferables.js';
import { MARK, PLACE_LENGTH, TO_PAGE, TO_WORKER } from './wire.js';

const { CALL, CANCEL, METHOD, PING, TRANSFER_RESULT, KEY, TRACE, TIMED } = TO_WORKER;
const { RESULT, FAILURE, THROWN, TIMES, SPANS, READY, ALIVE, UNREADABLE, FAULT, CLOSED, HELD } = TO_PAGE;

/** What the wasm hears. */
const HEARD_NOTHING = -1;
const HEARD_READY = 0;
const HEARD_OK = 1;
const HEARD_ERROR = 2;
const HEARD_ALIVE = 3;
const HEARD_UNREADABLE = 4;
const HEARD_FAULT = 5;
const HEARD_GONE = 6;

/** A call's payload. */
class Payload {
  constructor(args, key, transfer, flags, resolve, reject, owner) {
    this.args = args;
    this.key = key;
    this.transfer = transfer;
    this.flags = flags;
    this.resolve = resolve;
    this.reject = reject;
    this.owner = owner;
    this.method = 0;
    this.number = 0;
    this.place = undefined;
    this.posts = 0;
    this.moved = false;
    this.answer = undefined;
    this.spans = undefined;
  }
}

/** The payloads of a runtime's calls. */
export class Payloads {
  #slots = [];
  #methods = [];
  #handed;

  /** Introduces a method; its number is its place in the order of introduction. */
  introduce(name) {
    this.#methods.push(name);
  }

  methodName(method) {
    return this.#methods[method];
  }

  /**
   * Takes the payload of the call that is about to be made. Without functions to resolve and reject, the wasm waits.
   * `owner` is what must not be collected before the call ends, since with it the task would go.
   */
  hand(args, key, transfer, transferResult, resolve, reject, owner) {
    const flags = (transferResult ? TRANSFER_RESULT : 0) | (key === undefined ? 0 : KEY);
    // A list of its own: what its maker does to theirs later changes nothing, and what throws throws here.
    const moved = transfer && [...transfer];
    this.#handed = new Payload(args, key, moved, flags, resolve, reject, owner);
  }

  /** The call has been made: it has a slot and a number. */
  place(slot, method, number) {
    const payload = this.#handed;
    this.#handed = undefined;
    payload.method = method;
    payload.number = number;
    this.#slots[slot] = payload;
  }

  /** The call is sampled: where its span stands, word by word (see `PLACE_LENGTH`). */
  trace(slot, ...place) {
    const payload = this.#slots[slot];
    payload.place = place;
    payload.flags |= TRACE;
  }

  at(slot) {
    return this.#slots[slot];
  }

  /** A call was answered. */
  resolve(slot) {
    const payload = this.#slots[slot];
    this.#slots[slot] = undefined;
    payload.resolve(payload.answer);
  }

  reject(slot, error) {
    const payload = this.#slots[slot];
    this.#slots[slot] = undefined;
    payload.reject(error);
  }

  /** The answer to a call that the wasm waits for: its value, or what `failure` describes. */
  take(slot) {
    const { answer } = this.#slots[slot];
    this.#slots[slot] = undefined;
    return answer;
  }

  /** What a call's handler told, lists as spans.js makes them: spans, how many are missing, log records, how many are missing. */
  spans(slot) {
    return this.#slots[slot].spans;
  }

  /** What a handler failed with: `[name, message, stack]` of an error, or `[value]` of something else that was thrown. */
  failure(slot) {
    return this.#slots[slot].answer;
  }
}

const RESOLVED = Promise.resolve();

/** The end of the page's turn, when messages leave. */
export class Turn {
  #flush;
  #unsent;
  #mailed = [];
  #scheduled = false;
  #end = () => {
    this.#flush();
    // What is decided while messages leave, by getters of payloads for example, has an end of its own.
    this.#scheduled = false;
    const mailed = this.#mailed;
    this.#mailed = [];
    for (const port of mailed) {
      const unsent = port.send();
      if (unsent) this.#unsent(unsent);
    }
  };

  /**
   * @param flush lets the wasm put what it has staged into messages
   * @param unsent tells it of calls that could not be sent: `[slot, error, …]`
   */
  constructor(flush, unsent) {
    this.#flush = flush;
    this.#unsent = unsent;
  }

  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Cheaper than queueMicrotask, which leaves V8 for the browser.
    RESOLVED.then(this.#end);
  }

  /** There is a message in this port. */
  mailed(port) {
    this.#mailed.push(port);
    this.schedule();
  }
}

/** A worker, as the page talks to it. */
export class Port {
  #worker;
  #payloads;
  #turn;
  #hear;
  #message = [];
  #moved = [];
  #introduced = [];
  #fault;
  #closed = false;
  #lifeline;
  #terminate;
  #onMessage = ({ data }) => {
    // A worker may say other things as well.
    if (Array.isArray(data) && data[0] === MARK) this.#receive(data);
  };

  /**
   * `hear` takes what the worker said as numbers: a kind, a slot, when the handler started and ended (or 0), how many bytes
   * were copied in vain, and whether this is the message's end.
   */
  constructor(worker, payloads, turn, hear) {
    this.#worker = worker;
    this.#payloads = payloads;
    this.#turn = turn;
    this.#hear = hear;
    worker.addEventListener('message', this.#onMessage);
    this.#watchTerminate();
  }

  /** From now on nothing is sent or heard, and the worker ends. */
  close() {
    this.#closed = true;
    this.#message = [];
    this.#lifeline?.stop();
    const worker = this.#worker;
    attempt(() => worker.removeEventListener('message', this.#onMessage));
    // What the page put in its place meanwhile stays.
    attempt(() => {
      if (worker.terminate === this.#terminate) delete worker.terminate;
    });
    attempt(() => worker.terminate());
  }

  // The page may end the worker through a reference of its own. Nothing tells of that where there are no locks, and a lock
  // tells of it only when the worker holds it already.
  #watchTerminate() {
    const worker = this.#worker;
    attempt(() => {
      const { terminate } = worker;
      this.#terminate = () => {
        terminate.call(worker);
        this.#gone('the page terminated the worker through a reference of its own');
      };
      Object.defineProperty(worker, 'terminate', { value: this.#terminate, configurable: true, writable: true });
    });
  }

  #gone(message) {
    if (this.#closed) return;
    this.#fault ??= ['Error', message];
    this.#hear(HEARD_GONE, 0, 0, 0, 0, true);
  }

  /** The worker's own words about its death, `[name, message, stack, file, line]`. */
  fault() {
    return this.#fault;
  }

  /**
   * Puts a call into the next message.
   * @returns {number} bytes that will be copied although they could be moved; looked for in a timed call only
   */
  call(slot, timed) {
    const payload = this.#payloads.at(slot);
    const { method, args, key, place } = payload;
    const message = this.#begun();
    if (this.#introduced[method] === undefined) {
      this.#introduced[method] = true;
      message.push(METHOD, method, this.#payloads.methodName(method));
    }
    const transfer = payload.transfer ?? transferables(args);
    if (transfer.length > 0) {
      payload.moved = true;
      for (const each of transfer) this.#moved.push(each);
    }
    payload.posts++;
    message.push(CALL, slot, method, timed ? payload.flags | TIMED : payload.flags, payload.number, args);
    if (key !== undefined) message.push(key);
    if (place !== undefined) message.push(...place);
    // What we chose ourselves leaves nothing to be moved.
    return timed && payload.transfer !== undefined ? copiedBytes(args, transfer) : 0;
  }

  /** Puts a cancel into the next message. */
  cancel(slot) {
    this.#begun().push(CANCEL, slot);
  }

  /** Asks for a sign of life. */
  ping() {
    this.#begun().push(PING);
  }

  #begun() {
    const message = this.#message;
    if (message.length === 0) {
      message.push(MARK);
      this.#turn.mailed(this);
    }
    return message;
  }

  /**
   * Sends the message.
   * @returns undefined, or `[slot, error, …]` for the calls that cannot be sent; without an error, the call was sent
   * before, and what it would send had moved then. All others are sent.
   */
  send() {
    const message = this.#message;
    const moved = this.#moved;
    if (message.length === 0) return undefined;
    this.#message = [];
    if (moved.length > 0) this.#moved = [];
    try {
      this.#worker.postMessage(message, moved);
      return undefined;
    } catch {
      // Nothing was sent or moved: serialization comes before the transfer (HTML, "StructuredSerializeWithTransfer").
      return this.#sendOneByOne(message, moved);
    }
  }

  #sendOneByOne(message, moved) {
    const failed = [];
    for (let at = 1; at < message.length; ) {
      const end = at + lengthAt(message, at);
      const entry = message.slice(at, end);
      const error = this.#sendAlone(entry, moved);
      if (error) failed.push(entry[1], error.told);
      at = end;
    }
    return failed;
  }

  // Some buffers cannot be moved although they can be copied: those of a wasm memory. Where the choice was ours, such a
  // call goes once more with copies.
  #sendAlone(entry, moved) {
    const payload = entry[0] === CALL ? this.#payloads.at(entry[1]) : undefined;
    const own = payload?.transfer ?? transferables(entry).filter((each) => moved.includes(each));
    const lists = payload?.transfer === undefined && own.length > 0 ? [own, []] : [own];
    let told;
    for (const list of lists) {
      try {
        this.#worker.postMessage([MARK, ...entry], list);
        if (payload) payload.moved &&= list.length > 0;
        return undefined;
      } catch (error) {
        told = error;
      }
    }
    const lost = payload !== undefined && payload.posts > 1 && payload.moved;
    return { told: lost ? undefined : told };
  }

  #receive(message) {
    let started = 0;
    let ended = 0;
    for (let at = 1; at < message.length; ) {
      const kind = message[at++];
      switch (kind) {
        case RESULT:
        case THROWN: {
          const slot = message[at++];
          const payload = this.#payloads.at(slot);
          const value = message[at++];
          // A call that was cancelled has no payload any more.
          if (payload) payload.answer = kind === RESULT ? value : [value];
          const last = at === message.length;
          const inVain = ended > 0 && payload && !(payload.flags & TRANSFER_RESULT) ? copiedBytes(value, NOTHING) : 0;
          this.#hear(kind === RESULT ? HEARD_OK : HEARD_ERROR, slot, started, ended, inVain, last);
          if (last) return;
          started = ended = 0;
          break;
        }
        case FAILURE: {
          const slot = message[at++];
          const payload = this.#payloads.at(slot);
          if (payload) payload.answer = message.slice(at, at + 3);
          at += 3;
          this.#hear(HEARD_ERROR, slot, started, ended, 0, false);
          started = ended = 0;
          break;
        }
        case TIMES:
          started = message[at++];
          ended = message[at++];
          break;
        case SPANS: {
          const payload = this.#payloads.at(message[at++]);
          const spans = message.slice(at, at + 4);
          at += 4;
          // The span of a call that was cancelled has ended, and all beneath it.
          if (payload) payload.spans = spans;
          break;
        }
        case READY:
          this.#hear(HEARD_READY, 0, 0, 0, 0, false);
          break;
        case ALIVE:
          this.#hear(HEARD_ALIVE, 0, 0, 0, 0, false);
          break;
        case UNREADABLE:
          this.#hear(HEARD_UNREADABLE, 0, 0, 0, 0, false);
          break;
        case CLOSED:
          return this.#gone('the worker closed itself');
        case HELD:
          this.#lifeline?.stop();
          this.#lifeline = new LifelineWatch(message[at++], () => {
            this.#gone('the worker is gone: it closed itself, was terminated, or its process ended');
          });
          break;
        case FAULT:
          this.#fault = message.slice(at, at + 5);
          at += 5;
          this.#hear(HEARD_FAULT, 0, 0, 0, 0, false);
          break;
        default:
          at = message.length;
      }
    }
    this.#hear(HEARD_NOTHING, 0, 0, 0, 0, true);
  }
}

// Whatever the page has made of its workers' methods must not keep a worker from being given up.
function attempt(action) {
  try {
    action();
  } catch {
    // Nothing that could be done about it.
  }
}

/** How many places an entry takes in a message to a worker. */
function lengthAt(message, at) {
  switch (message[at]) {
    case CALL: {
      const flags = message[at + 3];
      return 6 + (flags & KEY ? 1 : 0) + (flags & TRACE ? PLACE_LENGTH : 0);
    }
    case METHOD:
      return 3;
    case CANCEL:
      return 2;
    default:
      return 1;
  }
}
