// Cancellation by key. The state is the wasm's; here are only the signals that were asked for.

import { abortError } from './errors.js';

export class AbortTaskController {
  #handle;
  #signals = new KeySignals();
  // What was said in this turn. The wasm hears it later when it is calling out at the moment, as to a worker function.
  #said = new Map();
  #saidOfAllOthers;
  #forgets = false;

  constructor(handle) {
    this.#handle = handle;
  }

  /** The signal that fires when the key is aborted. It is kept until then, or until the key is cleared. */
  signalFor(key) {
    key = String(key);
    const aborted = this.isAborted(key);
    return this.#signals.get(key, aborted, aborted ? this.#handle.key_reason(key) : undefined);
  }

  /**
   * Cancels every call with this key; later ones too, until the key is cleared. The reason is the `cause` of their errors;
   * the first one counts.
   */
  abort(key, reason) {
    key = String(key);
    this.#handle.abort_key(key, this.isAborted(key) ? undefined : reason);
    this.#say(key, true);
    this.#signals.abort(key, this.#handle.key_reason(key));
  }

  abortMany(keys, reason) {
    for (const key of keys) this.abort(key, reason);
  }

  isAborted(key) {
    key = String(key);
    return this.#said.get(key) ?? this.#saidOfAllOthers ?? this.#handle.is_key_aborted(key);
  }

  /** Lets calls with this key through again, under a new signal if the old one has fired. */
  clear(key) {
    key = String(key);
    this.#handle.clear_key(key);
    this.#say(key, false);
    this.#signals.clear(key);
  }

  clearAll() {
    this.#handle.clear_all_keys();
    this.#said.clear();
    this.#saidOfAllOthers = false;
    this.#forgetSoon();
    this.#signals.clearAll();
  }

  #say(key, aborted) {
    this.#said.set(key, aborted);
    this.#forgetSoon();
  }

  #forgetSoon() {
    if (this.#forgets) return;
    this.#forgets = true;
    queueMicrotask(() => {
      this.#said.clear();
      this.#saidOfAllOthers = undefined;
      this.#forgets = false;
    });
  }
}

/**
 * Signals by key. Who only listens to one, or passes it to `fetch`, does not keep it alive; so we do, until it has fired
 * or its key is cleared. From then on it is kept by whoever holds it.
 */
class KeySignals {
  #kept = new Map(); // key → controller
  #loose = new Map(); // key → weak reference to a signal
  #controllers = new WeakMap(); // signal → its controller
  #forget = new FinalizationRegistry((key) => {
    if (!this.#loose.get(key)?.deref()) this.#loose.delete(key);
  });

  get(key, aborted, reason) {
    const controller = this.#find(key) ?? this.#make();
    if (aborted) {
      controller.abort(abortError(reason));
      this.#loosen(key, controller);
    } else {
      this.#loose.delete(key);
      this.#kept.set(key, controller);
    }
    return controller.signal;
  }

  abort(key, reason) {
    const controller = this.#find(key);
    if (!controller) return;
    this.#loosen(key, controller);
    controller.abort(abortError(reason));
  }

  clear(key) {
    const controller = this.#find(key);
    if (controller?.signal.aborted) this.#loose.delete(key);
    else if (controller) this.#loosen(key, controller);
  }

  clearAll() {
    for (const key of [...this.#kept.keys(), ...this.#loose.keys()]) this.clear(key);
  }

  #find(key) {
    return this.#kept.get(key) ?? this.#controllers.get(this.#loose.get(key)?.deref());
  }

  #make() {
    const controller = new AbortController();
    this.#controllers.set(controller.signal, controller);
    return controller;
  }

  #loosen(key, controller) {
    this.#kept.delete(key);
    if (this.#loose.get(key)?.deref() === controller.signal) return;
    this.#loose.set(key, new WeakRef(controller.signal));
    this.#forget.register(controller.signal, key);
  }
}
