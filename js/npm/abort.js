// Cancellation by key. The state is the wasm's; here are only the signals that were asked for.

import { abortError } from './errors.js';

export class AbortTaskController {
  #handle;
  // A signal lives as long as somebody holds it; its controller lives with it.
  #signals = new Map();
  #controllers = new WeakMap();
  #forget = new FinalizationRegistry((key) => {
    if (!this.#signals.get(key)?.deref()) this.#signals.delete(key);
  });

  constructor(handle) {
    this.#handle = handle;
  }

  /** The signal that fires when the key is aborted. */
  signalFor(key) {
    key = String(key);
    const known = this.#signals.get(key)?.deref();
    if (known) return known;
    const controller = new AbortController();
    if (this.isAborted(key)) controller.abort(abortError());
    this.#signals.set(key, new WeakRef(controller.signal));
    this.#controllers.set(controller.signal, controller);
    this.#forget.register(controller.signal, key);
    return controller.signal;
  }

  /** Cancels every call with this key; later ones too, until the key is cleared. */
  abort(key) {
    key = String(key);
    this.#handle.abort_key(key);
    const signal = this.#signals.get(key)?.deref();
    if (signal) this.#controllers.get(signal)?.abort(abortError());
  }

  abortMany(keys) {
    for (const key of keys) this.abort(key);
  }

  isAborted(key) {
    return this.#handle.is_key_aborted(String(key));
  }

  /** Lets calls with this key through again, under a new signal. */
  clear(key) {
    key = String(key);
    this.#handle.clear_key(key);
    if (this.#signals.get(key)?.deref()?.aborted) this.#signals.delete(key);
  }

  clearAll() {
    this.#handle.clear_all_keys();
    for (const [key, signal] of this.#signals) {
      if (signal.deref()?.aborted) this.#signals.delete(key);
    }
  }
}
