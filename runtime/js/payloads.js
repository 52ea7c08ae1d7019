// Arguments, answers and promises of the page's calls, by the place of their call in the core (`slot`).

import { addCaller, caller } from './callers.js';
import { withOwnBytes } from './own-bytes.js';
import { report } from './report.js';
import { claim, release } from './sharing.js';
import { transferables } from './transferables.js';
import { TO_WORKER } from './wire.js';

const { TRANSFER_RESULT, KEY, TRACE } = TO_WORKER;

/** A call's payload. */
class Payload {
  constructor(args, key, moves, isChosen, flags, resolve, reject, owner) {
    this.args = args;
    this.key = key;
    this.moves = moves; // what is moved, whoever chose it
    this.isChosen = isChosen; // by the caller
    this.flags = flags;
    this.caller = caller();
    this.resolve = resolve;
    this.reject = reject;
    this.owner = owner;
    this.method = 0;
    this.number = 0;
    this.place = undefined;
    this.port = undefined; // which it was sent through last
    this.posts = 0;
    this.moved = false;
    this.answered = false;
    this.answer = undefined;
    this.spans = undefined;
  }
}

/** The payloads of a runtime's calls. */
export class Payloads {
  #slots = [];
  #numbers = []; // of the calls that were made last, by slot
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
    const found = transferables(args);
    const isChosen = transfer !== undefined;
    // A list of its own: what its maker does to theirs later changes nothing, and what throws throws here.
    const moves = isChosen ? [...transfer] : found;
    if (moves.length > 0 && !isChosen) claim(moves);
    const own = found.leavesMemory ? withOwnBytes(args) : args;
    this.#handed = new Payload(own, key, moves, isChosen, flags, resolve, reject, owner);
  }

  /** The call has been made: it has a slot and a number. */
  place(slot, method, number) {
    const payload = this.#handed;
    this.#handed = undefined;
    payload.method = method;
    payload.number = number;
    this.#slots[slot] = payload;
    this.#numbers[slot] = number;
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

  /**
   * Whether this is an answer that somebody waits for. That of a call that was cancelled is, too: it has no payload any more,
   * and keeps its slot until it is answered.
   */
  awaits(slot, number, port) {
    // What came from a worker is anything at all.
    if (!Number.isInteger(slot) || typeof number !== 'number' || this.#numbers[slot] !== number) return false;
    const payload = this.#slots[slot];
    return payload === undefined || (payload.port === port && !payload.answered);
  }

  /** The slots of the calls that were sent through a port last and have no answer. */
  sentThrough(port) {
    return this.#slots.flatMap((payload, slot) => (payload?.port === port && !payload.answered ? [slot] : []));
  }

  /** A call was answered. */
  resolve(slot) {
    const payload = this.#slots[slot];
    this.#slots[slot] = undefined;
    try {
      payload.resolve(payload.answer);
    } catch (error) {
      // A promise that is not the browser's own.
      report(error);
    }
  }

  reject(slot, error) {
    const payload = this.#slots[slot];
    this.#slots[slot] = undefined;
    leave(payload);
    // A handler's own error: its stack comes from the worker.
    if (payload.answer?.length > 1) addCaller(error, payload.caller);
    try {
      payload.port?.giveReason(slot, error);
      payload.reject(error);
    } catch (thrown) {
      report(thrown);
    }
  }

  /** The answer to a call that the wasm waits for: its value, or what `failure` describes. */
  take(slot) {
    const payload = this.#slots[slot];
    this.#slots[slot] = undefined;
    leave(payload);
    return payload.answer;
  }

  /** What a call's handler told, lists as spans.js makes them: spans, how many are missing, log records, how many are missing. */
  spans(slot) {
    return this.#slots[slot].spans;
  }

  /** What a handler failed with: an error's description (see thrown.js), or `[value]` of something else that was thrown. */
  failure(slot) {
    return this.#slots[slot].answer;
  }
}

// A call that ends without having been sent has its buffers no more.
function leave({ posts, moves, isChosen }) {
  if (posts === 0 && moves.length > 0 && !isChosen) release(moves);
}
