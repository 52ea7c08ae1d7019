// The tour's plain JavaScript task. It loads nothing but these few lines and Atelier's worker side: no WebAssembly.

import { createTaskWorker, expose } from '/atelier/worker.js';

expose(createTaskWorker({
  /**
   * Reads a file, off the page's thread, and takes its SHA-256.
   * @param {Blob} file
   * @returns {Promise<{ sha256: string, bytes: Uint8Array }>} the digest in hexadecimal; the bytes are moved, not copied
   */
  async fingerprint(file, ctx) {
    if (!globalThis.crypto?.subtle) {
      throw new Error('fingerprints need a secure page: https, or http on localhost');
    }
    const buffer = await file.arrayBuffer();
    ctx.throwIfAborted();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
    ctx.throwIfAborted();
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { sha256, bytes: new Uint8Array(buffer) };
  },
}));
