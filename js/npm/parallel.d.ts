import type { AbortTaskController } from './abort.js';

export type ParallelLimitErrorPolicy = 'fail-fast' | 'continue';

export interface ParallelLimitOptions<T> {
  /** Whether the first failure is thrown, or only told to `onError`. Default 'fail-fast'. */
  errorPolicy?: ParallelLimitErrorPolicy;
  /** Told of every failure that is no cancellation. One that throws is reported once, and disturbs nothing. */
  onError?: (error: unknown, item: T) => void;
  /** When it fires, nothing more starts; what runs is still yielded, and then the generator ends. */
  signal?: AbortSignal;
  /**
   * With `keyOf`: items of aborted keys are skipped; results of those that had started are dropped, unless `returnSettled`
   * asks for all of them. With it or `signal`, AbortErrors are not fatal.
   */
  abortTaskController?: AbortTaskController;
  /** An item's key; no string, or an empty one, is no key. */
  keyOf?: (item: T) => unknown;
}

export type ParallelLimitSettledOptions<T> = ParallelLimitOptions<T> & { returnSettled: true };

/** `error` and `reason` are the same. */
export type ParallelLimitResult<T, R> =
  | { status: 'fulfilled'; value: R; item: T }
  | { status: 'rejected'; error: unknown; reason: unknown; item: T };
export type Settled<T, R> = ParallelLimitResult<T, R>;

/** Runs `fn` on items, at most `limit` at a time, and yields the results in the order in which they finish. */
export function parallelLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  fn: (item: T) => R | Promise<R>,
  options: ParallelLimitSettledOptions<T>,
): AsyncGenerator<Settled<T, R>, void, void>;
export function parallelLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  fn: (item: T) => R | Promise<R>,
  options?: ParallelLimitOptions<T> & { returnSettled?: false },
): AsyncGenerator<R, void, void>;

/** Yields the results of promises in the order in which they settle; the first rejection is thrown. */
export function yieldAsCompleted<R>(
  promises: Iterable<R | PromiseLike<R>> | AsyncIterable<R>,
): AsyncGenerator<Awaited<R>, void, void>;
