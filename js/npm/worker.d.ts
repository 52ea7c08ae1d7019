/** What a handler gets as its last argument. */
export interface TaskContext {
  /** Fires when the call is cancelled. */
  readonly signal: AbortSignal;
  /** The call's cancellation key. */
  readonly key?: string;
  /** The call's id, unique in its runtime. */
  readonly callId: string;
  /** The call's place in its trace (W3C Trace Context), to pass on in a `traceparent` header. */
  readonly traceparent?: string;
  /** Throws an `AbortError` when the call is cancelled. */
  throwIfAborted(): void;
  /**
   * Runs `fn` in a span of its own beneath the call's, and returns what it returns; a promise's span ends with the
   * promise. Where the call is not sampled, `fn` just runs. The context that `fn` gets makes spans beneath this one.
   *
   * ```js
   * async load(url, ctx) {
   *   const bytes = await ctx.span('fetch', () => fetch(url), { 'url.full': url });
   *   return ctx.span('parse', () => parse(bytes));
   * }
   * ```
   *
   * A call sends home at most 128 spans.
   * @throws `TypeError` for a name that is no string or empty, for no function, for attributes that are no object.
   */
  span<R>(name: string, fn: (context: TaskContext) => R, attributes?: SpanAttributes): R;
}

/** Attributes of a span. Other values are shown as strings. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

declare const handlersOf: unique symbol;

/** Handlers, ready for `expose`. */
export interface TaskWorker<T> {
  readonly [handlersOf]: T;
}

/** The handlers' types without the context, as the page calls them. */
export type StripTaskContext<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? A extends [...infer Rest, TaskContext]
      ? (...args: Rest) => R
      : (...args: A) => R
    : never;
};

/**
 * Makes handlers ready for `expose`.
 *
 * ```js
 * expose(createTaskWorker({
 *   async double(n, { signal }) {
 *     return 2 * n;
 *   },
 * }));
 * ```
 */
export function createTaskWorker<T extends object>(handlers: T): TaskWorker<T>;

/** Answers the page's calls with these handlers. Call it once, in the worker's first turn or later. */
export function expose<T>(worker: TaskWorker<T>): void;
