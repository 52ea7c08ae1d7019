// The five tasks. Four run the same Rust code, compiled once and shared by all their workers; one is plain JavaScript.

import { wasmWorker } from '/atelier/wasm-worker.js';

/** The tasks a photograph goes through, in order, as the page describes them. */
export const STEPS = [
  { id: 'fingerprint', language: 'JavaScript', does: 'reads the file and takes its SHA-256' },
  { id: 'decode', language: 'Rust', does: 'turns the file into pixels, upright' },
  { id: 'resize', language: 'Rust', does: 'makes it the size you chose' },
  { id: 'analyze', language: 'Rust', does: 'sharpness, histogram, colours' },
  { id: 'encode', language: 'Rust', does: 'writes a JPEG' },
];

/** At most so many workers for each of the four: more than four bring nothing for a handful of photographs. */
const LARGEST_POOL = 4;

/**
 * Compiles the Rust handlers and defines the tasks on `runtime`. Workers start when the first call needs them.
 * @param {{ tasks: Record<string, object>, fingerprint: string }} setup what differs from the usual
 * @returns {Promise<Record<string, any>>} the tasks by their id in {@link STEPS}
 * @throws when the Rust handlers cannot be loaded or compiled
 */
export async function defineTasks(runtime, setup) {
  const module = await compileHandlers('/pkg/atelier_tour_bg.wasm');
  const poolSize = Math.min(Math.max(navigator.hardwareConcurrency ?? LARGEST_POOL, 2), LARGEST_POOL);

  // Room for every photograph under way, so that no caller waits for a place.
  const maxQueueDepth = setup.photosAtOnce;
  const define = (taskId, options) => runtime.defineTask({
    taskId,
    taskName: taskId,
    maxQueueDepth,
    ...options,
    ...setup.tasks[taskId],
  });
  const rust = (taskId, options) => define(taskId, {
    worker: () => wasmWorker({ module, glue: '/pkg/atelier_tour.js', entry: 'photo_worker', name: taskId }),
    ...options,
  });

  return {
    fingerprint: define('fingerprint', {
      type: 'singleton',
      worker: () => new Worker(new URL(setup.fingerprint, import.meta.url), { type: 'module', name: 'fingerprint' }),
    }),
    decode: rust('decode', { type: 'parallel', poolSize }),
    resize: rust('resize', { type: 'parallel', poolSize }),
    analyze: rust('analyze', { type: 'parallel', poolSize }),
    encode: rust('encode', { type: 'parallel', poolSize }),
  };
}

async function compileHandlers(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return WebAssembly.compileStreaming(response);
}
