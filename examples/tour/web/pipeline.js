// How photographs go through the tasks. This file is what an application with Atelier looks like; the rest of the tour
// shows what it does.

import { parallelLimit } from '/atelier/index.js';
import { isAbort, Photo } from './photo.js';

/** Quality of the written JPEGs, 1 to 100. */
const QUALITY = 82;

/**
 * Makes the pipeline. It dispatches `added` (with the photograph as `detail`), `change` when a photograph changed, and
 * `removed`.
 */
export function createPipeline(runtime, tasks, setup) {
  return new Pipeline(runtime, tasks, setup);
}

class Pipeline extends EventTarget {
  /** @type {Photo[]} all of the gallery, oldest first */
  photos = [];
  #runtime;
  #tasks;
  #setup;
  #lastBatch = Promise.resolve();
  #keys = 0;
  #names = new Set();
  /** Which photograph had this fingerprint first. */
  #firstWith = new Map();

  constructor(runtime, tasks, setup) {
    super();
    this.#runtime = runtime;
    this.#tasks = tasks;
    this.#setup = setup;
  }

  /** Whether anything is still to happen. */
  get busy() {
    return this.photos.some((photo) => !photo.settled);
  }

  /**
   * Takes photographs in; they go through after those that were there before.
   * @param {{ name: string, open: (signal: AbortSignal) => Promise<Blob> }[]} sources
   * @param {{ longestSide: number, copies: number }} options
   */
  add(sources, { longestSide, copies }) {
    const batch = [];
    for (let copy = 0; copy < copies; copy += 1) {
      for (const { name, open } of sources) {
        const photo = new Photo(`photo-${this.#keys += 1}`, this.#uniqueName(name), open, longestSide);
        photo.addEventListener('change', () => this.dispatchEvent(new Event('change')));
        batch.push(photo);
        this.photos.push(photo);
        this.dispatchEvent(new CustomEvent('added', { detail: photo }));
      }
    }
    this.dispatchEvent(new Event('change'));
    this.#lastBatch = this.#lastBatch.then(() => this.#run(batch));
  }

  /** Cancels one photograph: what waits leaves at once, what runs is told to stop. */
  cancel(photo) {
    if (photo.settled) {
      return;
    }
    this.#runtime.abortTaskController.abort(photo.key);
    if (photo.state === 'queued') {
      photo.leave();
    }
  }

  /** Cancels all that is not finished. */
  cancelAll() {
    const open = this.photos.filter((photo) => !photo.settled);
    this.#runtime.abortTaskController.abortMany(open.map((photo) => photo.key));
    open.filter((photo) => photo.state === 'queued').forEach((photo) => photo.leave());
  }

  /** Forgets the finished photographs and frees their pictures. */
  clear() {
    const finished = this.photos.filter((photo) => photo.settled);
    for (const photo of finished) {
      this.photos.splice(this.photos.indexOf(photo), 1);
      this.#names.delete(photo.name);
      if (photo.facts.url) {
        URL.revokeObjectURL(photo.facts.url);
      }
      this.dispatchEvent(new CustomEvent('removed', { detail: photo }));
    }
    this.#firstWith.clear();
    this.dispatchEvent(new Event('change'));
  }

  async #run(batch) {
    const { abortTaskController } = this.#runtime;
    const results = parallelLimit(batch, this.#setup.photosAtOnce, (photo) => this.#develop(photo), {
      errorPolicy: 'continue',
      abortTaskController,
      keyOf: (photo) => photo.key,
    });
    for await (const _ of results) {
      // Each photograph tells its card itself; here it only matters that all have gone through.
    }
    batch.forEach((photo) => abortTaskController.clear(photo.key));
  }

  /** One photograph, all steps, under one trace. It never throws: what went wrong is on the photograph. */
  async #develop(photo) {
    if (photo.settled) {
      return;
    }
    const trace = this.#runtime.createTrace(`photo ${photo.name}`);
    photo.begin();
    try {
      await this.#steps(photo, { key: photo.key, trace, ...this.#setup.calls });
      photo.finish();
      trace.end({ status: 'ok' });
    } catch (error) {
      photo.fail(error);
      trace.end({ status: isAbort(error) ? 'canceled' : 'error', error });
    }
  }

  // Buffers are moved, not copied: after a call, the caller's typed array is empty. So each step hands on what the
  // next one needs: fingerprint gives the bytes back that it has read, and analyze the pixels that it has looked at.
  async #steps(photo, options) {
    const { fingerprint, decode, resize, analyze, encode } = this.#tasks;
    const file = await photo.open(this.#runtime.abortTaskController.signalFor(photo.key));

    const { bytes, sha256 } = await photo.step('fingerprint', () => (
      this.#setup.insist(() => fingerprint.with(options).fingerprint(file))
    ));
    photo.learn({ sha256, bytesBefore: file.size, sameAs: this.#seenBefore(sha256, photo) });

    const { pixels, format } = await photo.step('decode', () => decode.with(options).decode(bytes));
    photo.learn({ format, widthBefore: pixels.width, heightBefore: pixels.height });

    const resized = await photo.step('resize', () => resize.with(options).resize(pixels, photo.longestSide));
    const looked = await photo.step('analyze', () => analyze.with(options).analyze(resized));
    photo.learn(looked.analysis);

    const jpeg = await photo.step('encode', () => encode.with(options).encode(looked.pixels, QUALITY));
    photo.learn({
      width: jpeg.width,
      height: jpeg.height,
      bytes: jpeg.bytes.byteLength,
      url: URL.createObjectURL(new Blob([jpeg.bytes], { type: jpeg.mediaType })),
    });
  }

  #seenBefore(sha256, photo) {
    const first = this.#firstWith.get(sha256);
    if (first === undefined) {
      this.#firstWith.set(sha256, photo.name);
    }
    return first;
  }

  #uniqueName(name) {
    let unique = name;
    for (let copy = 2; this.#names.has(unique); copy += 1) {
      unique = `${name} (${copy})`;
    }
    this.#names.add(unique);
    return unique;
  }
}
