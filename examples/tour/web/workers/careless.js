// The fingerprint task as it should not be: it asks something slow, and never looks whether anyone still wants to know.

import { createTaskWorker, expose } from '/atelier/worker.js';

/** How long the slow thing takes, in milliseconds. */
const SLOW_MS = 2000;

expose(createTaskWorker({
  async fingerprint(file) {
    const buffer = await file.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { sha256, bytes: new Uint8Array(buffer) };
  },
}));
