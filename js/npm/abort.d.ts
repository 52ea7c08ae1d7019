/** A cancellation key. */
export type AbortKey = string;

export interface AbortTaskController {
  /** Fires when the key is aborted; the same one until then. It is kept until then, or until the key is cleared. */
  signalFor(key: AbortKey): AbortSignal;
  /**
   * Cancels every call with this key, later ones too until the key is cleared. The reason is the `cause` of their errors;
   * when a key is aborted twice, the first one counts.
   */
  abort(key: AbortKey, reason?: unknown): void;
  abortMany(keys: Iterable<AbortKey>, reason?: unknown): void;
  isAborted(key: AbortKey): boolean;
  /** Lets calls with this key through again, under a new signal if the old one has fired. */
  clear(key: AbortKey): void;
  clearAll(): void;
}
