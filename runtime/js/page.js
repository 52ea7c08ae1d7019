// The page's side of the wire; its rules are in wire.js, the other end in harness.js. What crosses the border to the wasm
// are numbers; the rest stays in payloads.js.

import { copiedBytes } from './copied.js';
import { notSent } from './not-sent.js';
import { apartFromMemory, mayBeMemory } from './own-bytes.js';
import { report } from './report.js';
import { release, unshared } from './sharing.js';
import { pack } from './thrown.js';
import { NOTHING } from './transferables.js';
import { culprit } from './unsent.js';
import { MARK, PLACE_LENGTH, TO_PAGE, TO_WORKER, VERSION } from './wire.js';

const { CALL, CANCEL, METHOD, PING, ASK, TRANSFER_RESULT, KEY, TRACE, TIMED } = TO_WORKER;
const { RESULT, FAILURE, THROWN, TIMES, SPANS, READY, ALIVE, UNREADABLE, FAULT, CLOSED, UNEXPOSED } = TO_PAGE;

/** What the wasm hears. */
const HEARD_NOTHING = -1;
const HEARD_READY = 0;
const HEARD_OK = 1;
const HEARD_ERROR = 2;
const HEARD_ALIVE = 3;
const HEARD_UNREADABLE = 4;
const HEARD_FAULT = 5;
const HEARD_GONE = 6;
const HEARD_CANCELED = 7;
const HEARD_SILENCE = 8;
const HEARD_RETURNED = 9;
const HEARD_UNEXPOSED = 10;

/** After how long, in milliseconds, a worker that has not said that it is ready is reported. */
const MAX_SILENCE = 900;

/** What is known of an error whose description is none. */
const UNREADABLE_ERROR = ['Error', 'Error', 'the worker sent an error that cannot be read'];

/** The workers that have, or had, a port. */
const used = new WeakSet();

/** A worker, as the page talks to it. */
export class Port {
  #worker;
  #payloads;
  #turn;
  #hear;
  #message = [];
  #moved = [];
  #suspects = []; // of what is moved, that which may not let itself be
  #introduced = [];
  #cancels = new Map(); // where a cancel's reason goes in the message, by slot
  #fault;
  #closed = false;
  #terminate;
  #hidden;
  #silence;
  #misread = false;
  #task;
  #onMessage = ({ data }) => {
    // A worker may say other things as well.
    if (!Array.isArray(data) || data[0] !== MARK) return;
    try {
      this.#receive(data);
    } catch (error) {
      this.#turn.broke(error);
    }
  };

  /**
   * `hear` takes what the worker said as numbers: a kind, a slot, when the handler started and ended (or 0), how many bytes
   * were copied in vain, and whether this is the message's end. `task` is what errors call the worker's task.
   */
  constructor(worker, payloads, turn, hear, task) {
    // Its messages would be heard twice, and no worker can be told from another.
    if (used.has(worker)) throw new TypeError('the worker function returned a Worker that it had returned before');
    this.#worker = worker;
    this.#payloads = payloads;
    this.#turn = turn;
    this.#hear = hear;
    this.#task = task;
    used.add(worker);
    worker.addEventListener('message', this.#onMessage);
    this.#watchTerminate();
    this.#silence = setTimeout(() => this.#tell(HEARD_SILENCE), MAX_SILENCE);
  }

  /** From now on nothing is sent or heard, and the worker ends. */
  close() {
    this.#closed = true;
    clearTimeout(this.#silence);
    this.#message = [];
    const worker = this.#worker;
    attempt(() => worker.removeEventListener('message', this.#onMessage));
    // What the page put in its place meanwhile stays.
    attempt(() => {
      if (worker.terminate === this.#terminate) delete worker.terminate;
    });
    attempt(() => worker.terminate());
  }

  // The page may end the worker through a reference of its own, of which no event tells.
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
    this.#tell(HEARD_GONE);
  }

  // What no message says, and nobody who calls this is to be thrown at for.
  #tell(kind) {
    try {
      this.#hear(kind, 0, 0, 0, 0, true);
    } catch (error) {
      this.#turn.broke(error);
    }
  }

  /** The worker's own words about its death, `[name, message, stack, file, line]`. */
  fault() {
    return this.#fault;
  }

  /** The names of the worker's handlers that a task's own members hide, as text. */
  hidden() {
    return this.#hidden;
  }

  /**
   * Puts a call into the next message.
   * @returns {number} bytes that will be copied although they could be moved; looked for in a timed call only
   */
  call(slot, timed) {
    const payload = this.#payloads.at(slot);
    const { method, key, place, isChosen } = payload;
    const message = this.#begun();
    if (payload.posts === 0 && payload.moves.length > 0 && !isChosen && release(payload.moves)) {
      [payload.args, payload.moves] = unshared(payload.args, payload.moves);
    }
    const { args, moves } = payload;
    if (this.#introduced[method] === undefined) {
      this.#introduced[method] = true;
      message.push(METHOD, method, this.#payloads.methodName(method));
    }
    if (moves.length > 0) {
      payload.moved = true;
      for (const each of moves) {
        if (mayBeMemory(each)) this.#suspects.push(each);
        else this.#moved.push(each);
      }
    }
    payload.posts++;
    payload.port = this;
    payload.answered = false;
    message.push(CALL, slot, method, timed ? payload.flags | TIMED : payload.flags, payload.number, args);
    if (key !== undefined) message.push(key);
    if (place !== undefined) message.push(...place);
    // What we chose ourselves leaves nothing to be moved.
    return timed && isChosen ? copiedBytes(args, moves) : 0;
  }

  /** Puts a cancel into the next message. */
  cancel(slot) {
    const message = this.#begun();
    message.push(CANCEL, slot, undefined);
    this.#cancels.set(slot, message.length - 1);
  }

  /** The call at this slot was rejected with this error: if that cancels it, its handler gets the same reason. */
  giveReason(slot, error) {
    const at = this.#cancels.get(slot);
    const reason = error?.cause;
    if (at !== undefined && reason !== undefined) this.#message[at] = pack(reason);
  }

  /** Asks for a sign of life. */
  ping() {
    this.#begun().push(PING);
  }

  /** Asks a worker that is silent whether its script has run and exposes nothing. */
  askWhetherExposed() {
    this.#begun().push(ASK);
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
    let moved = this.#moved;
    if (message.length === 0) return undefined;
    this.#message = [];
    if (moved.length > 0) this.#moved = [];
    if (this.#cancels.size > 0) this.#cancels.clear();
    if (this.#suspects.length > 0) {
      moved = [...this.#suspects, ...moved];
      this.#suspects = [];
    }
    try {
      this.#worker.postMessage(message, moved);
      return undefined;
    } catch {
      // Nothing was sent or moved: serialization comes before the transfer (HTML, "StructuredSerializeWithTransfer").
      return this.#sendOneByOne(message);
    }
  }

  #sendOneByOne(message) {
    const failed = [];
    let methods = []; // introduced on the way, which go with the next call that goes
    for (let at = 1; at < message.length; ) {
      const end = at + lengthAt(message, at);
      const entry = message.slice(at, end);
      at = end;
      if (entry[0] === METHOD) {
        methods.push(...entry);
        continue;
      }
      const failure = this.#sendAlone([MARK, ...methods, ...entry], entry);
      if (!failure) methods = [];
      else if (entry[0] === CALL) failed.push(entry[1], failure.error);
    }
    for (let at = 1; at < methods.length; at += lengthAt(methods, at - 1)) this.#introduced[methods[at]] = undefined;
    return failed;
  }

  // What we chose ourselves may turn out not to be movable: such a call goes once more without that.
  #sendAlone(message, entry) {
    const payload = entry[0] === CALL ? this.#payloads.at(entry[1]) : undefined;
    if (payload === undefined) return this.#attempt(message, NOTHING);
    const { args, moves, isChosen } = payload;
    let thrown = this.#attempt(message, moves);
    if (thrown && !isChosen && moves.some(mayBeMemory) && culprit(args, 'args') === undefined) {
      [payload.args, payload.moves] = apartFromMemory(args, moves);
      message[message.indexOf(args)] = payload.args;
      thrown = this.#attempt(message, payload.moves);
      if (!thrown) payload.moved = payload.moves.length > 0;
    }
    if (thrown && !isChosen && moves.length > 0) {
      thrown = this.#attempt(message, NOTHING);
      if (!thrown) payload.moved = false;
    }
    if (!thrown) return undefined;
    const lost = payload.posts > 1 && payload.moved;
    const method = this.#payloads.methodName(payload.method);
    return { error: lost ? undefined : notSent(thrown.error, method, payload, this.#task) };
  }

  #attempt(message, moved) {
    try {
      this.#worker.postMessage(message, moved);
      return undefined;
    } catch (error) {
      return { error };
    }
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
          const number = message[at++];
          const value = message[at++];
          const last = at === message.length;
          if (this.#payloads.awaits(slot, number, this)) {
            const payload = this.#answer(slot, kind === RESULT ? value : [value]);
            const inVain = ended > 0 && payload && !(payload.flags & TRANSFER_RESULT) ? copiedBytes(value, NOTHING) : 0;
            this.#hear(kind === RESULT ? HEARD_OK : HEARD_ERROR, slot, started, ended, inVain, last);
            if (last) return;
          }
          started = ended = 0;
          break;
        }
        case FAILURE: {
          const slot = message[at++];
          const number = message[at++];
          const described = message[at++];
          if (this.#payloads.awaits(slot, number, this)) {
            this.#answer(slot, Array.isArray(described) ? described : UNREADABLE_ERROR);
            // A handler that gives up has not failed.
            const gaveUp = described?.[1] === 'AbortError';
            this.#hear(gaveUp ? HEARD_CANCELED : HEARD_ERROR, slot, started, ended, 0, false);
          }
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
          if (payload?.port === this) payload.spans = spans;
          break;
        }
        case READY:
          this.#ready(message[at++], message[at++]);
          break;
        case ALIVE:
          this.#hear(HEARD_ALIVE, 0, 0, 0, 0, false);
          break;
        case UNREADABLE:
          this.#hear(HEARD_UNREADABLE, 0, 0, 0, 0, false);
          break;
        case CLOSED:
          this.#giveBack(message[at++]);
          return this.#gone('the worker closed itself');
        case UNEXPOSED:
          this.#hear(HEARD_UNEXPOSED, 0, 0, 0, 0, false);
          break;
        case FAULT:
          this.#fault = message.slice(at, at + 5);
          at += 5;
          this.#hear(HEARD_FAULT, 0, 0, 0, 0, false);
          break;
        default:
          this.#reportOnce(kind);
          at = message.length;
      }
    }
    this.#hear(HEARD_NOTHING, 0, 0, 0, 0, true);
  }

  // What a worker that closes itself has not begun goes to another one; unless its buffers have gone with this one.
  #giveBack(begun) {
    if (!Array.isArray(begun)) return;
    for (const slot of this.#payloads.sentThrough(this)) {
      if (!begun.includes(slot) && !this.#payloads.at(slot).moved) this.#hear(HEARD_RETURNED, slot, 0, 0, 0, false);
    }
  }

  // A call was answered. One that was cancelled has no payload any more.
  #answer(slot, answer) {
    const payload = this.#payloads.at(slot);
    if (payload) {
      payload.answered = true;
      payload.answer = answer;
    }
    return payload;
  }

  #ready(version, hidden) {
    clearTimeout(this.#silence);
    if (version !== VERSION) {
      const spoken = `version ${typeof version === 'number' ? version : 1} of the wire`;
      this.#fault = ['Error', `the worker speaks ${spoken}, the page version ${VERSION}: both need the same atelier`];
      this.#hear(HEARD_FAULT, 0, 0, 0, 0, false);
      return;
    }
    if (Array.isArray(hidden) && hidden.length > 0) this.#hidden = hidden.map((name) => `'${name}'`).join(', ');
    this.#hear(HEARD_READY, 0, 0, 0, 0, false);
  }

  // How long an entry of an unknown kind is, only its sender knows. No answer of ours comes after one.
  #reportOnce(kind) {
    if (this.#misread) return;
    this.#misread = true;
    const shown = typeof kind === 'number' ? kind : `(${typeof kind})`;
    report(`Atelier: a worker sent an entry of the unknown kind ${shown}; what follows it in its message is passed over`);
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
    case CANCEL:
      return 3;
    default:
      return 1;
  }
}
