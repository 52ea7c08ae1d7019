// A recording: the wasm writes the pieces, this side compresses and keeps them.

import { refusal, someOptions } from './check.js';
import { settingError } from './errors.js';
import { afterTurn } from './events.js';
import { endsWith, mustLive } from './lifetimes.js';
import { report } from './report.js';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const MIN_BYTES = 256 * 1024;
/** Milliseconds until what is new is written, unless it is much. */
const WRITE_AFTER_MS = 100;
/** Milliseconds between frames while something happens, at least. */
const FRAME_INTERVAL_MS = 250;
/** Milliseconds between frames while nothing does: findings come and go all the same. */
const IDLE_INTERVAL_MS = 5_000;
/** Bytes that are compressed in one turn, at most: about a millisecond. */
const PIECE_BYTES = 64 * 1024;
const MUCH = 2;
const TYPE = 'application/x-atelier-recording';

/** Records everything that a runtime tells from now on. */
export function record(handle, options) {
  const { maxBytes = DEFAULT_MAX_BYTES } = someOptions(options, 'record', ['maxBytes']);
  const fits = Number.isSafeInteger(maxBytes) && maxBytes >= MIN_BYTES;
  if (typeof maxBytes !== 'number') throw refusal(maxBytes, 'maxBytes', 'a number of bytes');
  if (!fits) {
    throw settingError(`maxBytes is ${maxBytes}; it takes a whole number of bytes, from ${MIN_BYTES}`, 'maxBytes', true);
  }
  mustLive(handle);
  const recorder = new Recorder(handle, maxBytes);
  const stop = () => {
    forget();
    return recorder.stop();
  };
  // Whoever asks for the file gets it also when the runtime is gone, or hears why there is none.
  const forget = endsWith(handle, () => stop().catch(() => {}));
  return {
    get bytes() { return recorder.numbers().bytes; },
    get facts() { return recorder.numbers().facts; },
    get dropped() { return recorder.numbers().dropped; },
    stop,
  };
}

/** The page's address without what may be secret in it. */
function address() {
  const { origin = '', pathname = '' } = globalThis.location ?? {};
  return origin + pathname;
}

const turn = () => new Promise(afterTurn);

/** A segment on its way: bytes go in, a Blob comes out, which the browser need not keep in the page's memory. */
class Segment {
  #writer;
  #pieces = [];
  #stored;

  constructor() {
    if (!globalThis.CompressionStream) return;
    const stream = new CompressionStream('deflate');
    this.#writer = stream.writable.getWriter();
    this.#stored = new Response(stream.readable).blob();
    // Told where it is awaited.
    this.#stored.catch(() => {});
  }

  async write(bytes) {
    if (!this.#writer) return void this.#pieces.push(bytes);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (at > 0) await turn();
      await this.#writer.write(bytes.subarray(at, at + PIECE_BYTES));
    }
  }

  async end() {
    if (!this.#writer) return { stored: new Blob(this.#pieces), compressed: false };
    await this.#writer.close();
    return { stored: await this.#stored, compressed: true };
  }
}

class Recorder {
  #handle;
  /** Each a head and a Blob, oldest first. */
  #segments = [];
  #open = new Segment();
  #pumping;
  #timer;
  #lastFrame = performance.now();
  #stopped;
  #ending = false;
  #ended = false;
  #failure;
  /** What it came to, once the wasm's part is gone. */
  #last;

  constructor(handle, maxBytes) {
    this.#handle = handle.record(maxBytes, address(), globalThis.navigator?.userAgent ?? '', (due) => this.#due(due));
    this.#wake(0);
  }

  numbers() {
    if (this.#last) return this.#last;
    const { bytes, facts, dropped } = this.#handle;
    return { bytes, facts, dropped };
  }

  stop() {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  #due(due) {
    if (due === MUCH) afterTurn(() => this.#run());
    else this.#wake(WRITE_AFTER_MS);
  }

  #wake(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), ms);
  }

  /** Writes what there is, in turns of its own. */
  #run() {
    if (this.#pumping || this.#ending || this.#last) return;
    this.#pumping = this.#pump()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#pumping = undefined;
        if (!this.#ending && !this.#last) this.#wake(this.#handle.is_due ? WRITE_AFTER_MS : IDLE_INTERVAL_MS);
      });
  }

  /** Until nothing waits; when the recording ends, until the last segment is kept. */
  async #pump() {
    for (;;) {
      const ending = this.#ending;
      if (performance.now() - this.#lastFrame >= FRAME_INTERVAL_MS) {
        this.#lastFrame = performance.now();
        this.#handle.frame();
      }
      const bytes = this.#handle.step();
      const { ends_segment: endsSegment, more } = this.#handle;
      await this.#open.write(bytes);
      if (endsSegment) await this.#keep();
      if (!more && (endsSegment || !ending)) {
        this.#ended = ending;
        return;
      }
      await turn();
    }
  }

  async #keep() {
    const { stored, compressed } = await this.#open.end();
    const [head, gone] = this.#handle.segment_stored(stored.size, compressed);
    this.#segments.push([head, stored]);
    this.#segments.splice(0, gone);
    this.#open = new Segment();
  }

  async #finish() {
    this.#ending = true;
    clearTimeout(this.#timer);
    if (!this.#last) this.#handle.end();
    await this.#pumping;
    try {
      if (!this.#failure && !this.#ended) await this.#pump();
      if (!this.#failure) return this.#file();
    } catch (error) {
      this.#fail(error);
    }
    throw this.#failure;
  }

  #file() {
    const file = new Blob([this.#handle.head(), ...this.#segments.flat(), this.#handle.finish()], { type: TYPE });
    this.#release({ ...this.numbers(), bytes: file.size });
    return file;
  }

  #fail(cause) {
    this.#failure = new Error('The recording could not be compressed or kept', { cause });
    report(this.#failure.message, cause);
    this.#release(this.numbers());
  }

  /** Frees what the wasm and the browser hold. */
  #release(last) {
    if (this.#last) return;
    this.#last = last;
    clearTimeout(this.#timer);
    this.#handle.free();
    this.#segments = [];
  }
}
