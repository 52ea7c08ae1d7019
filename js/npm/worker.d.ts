/**
 * What a handler gets as its last argument, and as `this.context`. Its members are its own: `{ ...context }` has them all, and
 * each may be taken out of it.
 */
export interface TaskContext {
  /** Fires when the call is cancelled; its reason is the caller's own, as far as that can be cloned. */
  readonly signal: AbortSignal;
  /** The call's cancellation key. */
  readonly key?: string;
  /** The call's id, unique in its runtime. */
  readonly callId: string;
  /** The call's place in its trace (W3C Trace Context), to pass on in a `traceparent` header. */
  readonly traceparent?: string;
  /** Throws an `AbortError` when the call is cancelled; its `cause` is the caller's reason. */
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
   * A call sends home at most 128 spans, a span at most 120 attributes of at most 64 Ki characters. An attribute that cannot be
   * read is left out; `atelier.attributes.lost` counts them.
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

type LastOf<A extends unknown[]> = Required<A> extends [...unknown[], infer L] ? L : never;

// `any` is a value's type, not the context's.
type IsContext<T> = 0 extends 1 & T ? false : [T] extends [never] ? false : [T] extends [TaskContext | undefined] ? true : false;

type WithoutLast<A extends unknown[], Before extends unknown[] = []> = number extends A['length']
  ? A
  : A extends [_?: unknown]
    ? Before
    : A extends [unknown, ...infer After]
      ? WithoutLast<After, [...Before, ...HeadOf<A, After>]>
      : A extends [_?: infer First, ..._: infer After]
        ? WithoutLast<After, [...Before, First?]>
        : A;

// With its name, which `[infer First, ...infer After]` would lose.
type HeadOf<A extends unknown[], After extends unknown[]> = A extends [...infer Head, ...After] ? Head : [A[0]];

// The parameters without the context, which is the last one and may be optional.
type WithoutContext<A extends unknown[]> =
  IsContext<LastOf<A>> extends true ? (A extends [...infer Rest, unknown] ? Rest : WithoutLast<A>) : A;

/** The handlers' types without the context, as the page calls them. */
export type StripTaskContext<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: WithoutContext<A>) => R : never;
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
 *
 * The context is the last argument: where a handler declares more parameters than the call has arguments, the missing ones are
 * `undefined` and the context comes last. A parameter with a default never gets it: `scale(n, factor = 2)` called as
 * `scale(3)` gives 6, and `(n, factor = 2, ctx)` has the context in its third. A rest parameter gets it last. Bound functions
 * and functions in a proxy cannot be read: they get it in the last of the parameters that `Function.length` counts, if the
 * call has fewer arguments than that.
 *
 * `this.context` is the context, too. Handlers that are an instance of a class with private fields have one object for all
 * calls: there, after an `await`, it is known only while no other call runs in the worker, and an error otherwise.
 *
 * What nobody has exposed by the next turn, and Comlink's `expose` has been given, exposes itself.
 */
export function createTaskWorker<T extends object>(handlers: T): TaskWorker<T>;

/**
 * Answers the page's calls with these handlers. Call it once. Handlers that have to load something first are exposed by a
 * promise, or by a module that awaits at its top; a script that has run and exposes nothing fails its calls within a second.
 *
 * ```js
 * expose(init().then(() => createTaskWorker(handlers)));
 * ```
 * @throws `Error` where the worker answers calls already.
 */
export function expose<T>(worker: TaskWorker<T> | PromiseLike<TaskWorker<T>>): void;
