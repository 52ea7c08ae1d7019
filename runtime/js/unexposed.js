// What a worker answers whose script has run and exposes nothing: nobody else would ever tell its callers.

import { MARK, TO_PAGE, TO_WORKER } from './wire.js';

/** How long `expose` may keep waiting once this module is there, in milliseconds. */
const PATIENCE = 800;

const loaded = performance.now();

/** Answers the page's question, unless `isExposed()` by then. */
export function answerWhenUnexposed(isExposed) {
  globalThis.addEventListener('message', async ({ data }) => {
    if (!Array.isArray(data) || data[0] !== MARK || data[1] !== TO_WORKER.ASK) return;
    await evaluated();
    const rest = Math.max(loaded + PATIENCE - performance.now(), 0);
    setTimeout(() => {
      if (!isExposed()) globalThis.postMessage([MARK, TO_PAGE.UNEXPOSED]);
    }, rest);
  });
}

// Waits until a module that awaits at its top has gone through: `expose` may stand at its end. Imported once more, a module
// that is there gives its own promise.
async function evaluated() {
  try {
    globalThis.importScripts();
  } catch {
    // Only a classic script, which cannot await, may call that.
    await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ globalThis.location.href).catch(() => {});
  }
}
