export { createTaskWorker, expose } from './worker.js';
export type { FrameOptions, RuntimeFrame } from './frames.js';
export type { SpanAttributes, StripTaskContext, TaskContext, TaskWorker } from './worker.js';

export type TaskType = 'parallel' | 'singleton';
export type QueuePolicy = 'block' | 'reject' | 'drop-latest' | 'drop-oldest';
export type CrashPolicy = 'restart-fail-in-flight' | 'restart-requeue-in-flight' | 'fail-task';
export type WorkerStatus = 'running' | 'stopped' | 'stopping' | 'crashed';
export type TaskStatus = 'idle' | 'active' | 'paused';
export type SpanStatus = 'ok' | 'error' | 'canceled';
export type ErrorKind = 'abort' | 'queue' | 'crash' | 'exception';
export type CrashKind = 'load' | 'error' | 'messageerror' | 'start-timeout' | 'hang' | 'closed';

/** 'auto' is on in development and off in production. */
export type Mode = 'auto' | 'on' | 'off';

export interface RuntimeConfig {
  observability?: {
    /** Whether calls have spans; an object without `mode` is on, `sampleRate` is clamped to 0..1. */
    spans?: Mode | { mode?: Mode; sampleRate?: number };
    /** Whether metrics are aggregated; 'auto': while spans are on or anyone listens. */
    metrics?: Mode;
    /**
     * What the browser's own profiler gets of sampled calls and traces. Default 'measure'.
     *
     * Either way a call is drawn in its phases, in the group "Atelier" of DevTools' Performance panel: what it waits on
     * the track of its task's queue, its run on that of its worker, what is under way on that of the task's messages.
     * - 'measure' also writes each call and trace as a whole: `performance.measure('atelier:span' | 'atelier:trace')`, on
     *   a track of its task, with properties and a tooltip. A `PerformanceObserver` sees them too. The timeline keeps the
     *   last 64 of each name.
     * - 'timestamp' writes nothing else (`console.timeStamp`): far cheaper, kept by nobody, no properties. It needs a
     *   browser that knows its tracks, such as Chrome 136.
     * - 'off' writes nothing.
     */
    measures?: 'measure' | 'timestamp' | 'off';
  };
}

export interface TaskConfig {
  /** A pool of workers, or one. */
  type: TaskType;
  /** Makes a worker; its script calls `expose`. */
  worker: () => Worker;
  /** Whether workers start with the first call or at once. Default 'lazy'. */
  init?: 'lazy' | 'eager';
  /** Workers of a pool. Default: the machine's cores, or 4. */
  poolSize?: number;
  /** Makes a call's cancellation key of its arguments; no string, or an empty one, is no key. */
  keyOf?: (...args: any[]) => unknown;
  /** Cancels a call that takes longer, in milliseconds, counted from the call. */
  timeoutMs?: number;
  /** What happens to the calls of a worker that crashed. Default 'restart-fail-in-flight'. */
  crashPolicy?: CrashPolicy;
  /** Crashes in a row after which the task fails; `Infinity` never. Default 3. */
  crashMaxRetries?: number;
  taskName?: string;
  /** Unique in its runtime. */
  taskId?: string;
  /** Calls at workers at most. Default: `poolSize`, or 1. */
  maxInFlight?: number;
  /** Calls pending at most. Default: twice `maxInFlight` in a pool, 2 for a singleton. */
  maxQueueDepth?: number;
  /** What happens to a call beyond that. Default 'block': its caller waits. */
  queuePolicy?: QueuePolicy;
  /** Stops a worker that has been without work this long, in milliseconds. */
  idleTimeoutMs?: number;
  /** A worker that has work and gives no sign of life for this long, in milliseconds, counts as crashed. Default: never. */
  hangTimeoutMs?: number;
  /** A new worker that has not called `expose` after this long, in milliseconds, counts as crashed. Default 30000. */
  startTimeoutMs?: number;
}

export interface TaskDispatchOptions {
  /** The cancellation key. */
  key?: string;
  /** The call's own signal. */
  signal?: AbortSignal;
  /** The trace it belongs to. */
  trace?: TraceContext;
  /** What is moved: found by itself when absent, nothing when empty. */
  transfer?: Transferable[];
  /** Whether the result's buffers are moved. Default true. */
  transferResult?: boolean;
  /** Its place among the calls that wait. Default 'user-visible'; a call that waits long overtakes more urgent ones. */
  priority?: 'user-blocking' | 'user-visible' | 'background';
  /**
   * What happens when the handler goes on after the call is cancelled. Default 'cooperative': it keeps its place until it
   * ends. With `graceMs` its worker is replaced after that many milliseconds, and the worker's other calls are requeued.
   */
  cancel?: 'cooperative' | { graceMs: number };
}

export interface LastCrash {
  /** Milliseconds since the epoch. */
  ts: number;
  workerIndex?: number;
  kind: CrashKind;
  message: string;
  error: Error;
  /** The last facts of that worker, oldest first, at most 64; absent when nobody listened and metrics were off. */
  blackBox?: BlackBoxFact[];
}

export type WorkerFact =
  /** The worker is being started. */
  | 'spawned'
  /** It has called `expose` and can take calls. */
  | 'ready'
  /** A call was posted to it. */
  | 'started'
  /** It was told that a call it has is cancelled. */
  | 'cancel-sent'
  /** A call returned. */
  | 'settled'
  /** A call's handler threw, or the call could not be posted. */
  | 'failed'
  /** A call that it had went back to the queue. */
  | 'requeued'
  /** It had work and gave no sign of life for half of `hangTimeoutMs`: it was asked for one. */
  | 'ping'
  /** It answered that. */
  | 'alive'
  /** The handler of a cancelled call went on past its grace: the worker is replaced. */
  | 'grace-over'
  /** It crashed, or hangs; `lastCrash.kind` says which. */
  | 'crashed';

export interface BlackBoxFact {
  /** Milliseconds since the epoch. */
  ts: number;
  fact: WorkerFact;
  callId?: string;
  method?: string;
}

/** What is left of a worker that died. */
export interface BlackBox {
  taskId: string;
  workerIndex: number;
  /** 'grace': it was replaced because a cancelled call's handler went on past its grace. */
  cause: CrashKind | 'grace';
  facts: BlackBoxFact[];
}

export interface WorkerState {
  type: TaskType;
  poolSize: number;
  totalWorkers: number;
  activeWorkers: number;
  workerStatus: WorkerStatus;
  taskStatus: TaskStatus;
  totalDispatched: number;
  /** Calls at workers. */
  queueDepth: number;
  pendingQueueDepth: number;
  waitingQueueDepth: number;
  maxInFlight: number;
  maxQueueDepth: number;
  queuePolicy: QueuePolicy;
  /** Calls at each worker, by its place in the pool. */
  queueDepthByWorker: number[];
  lastCrash?: LastCrash;
}

/** The worker's methods, as promises. */
export type TaskMethods<T> = {
  [K in keyof T as K extends 'then' | keyof TaskLife<T> ? never : K]: T[K] extends (...args: infer A) => infer R
    ? (...args: A extends [...infer Rest, import('./worker.js').TaskContext] ? Rest : A) => Promise<Awaited<R>>
    : never;
};

export interface TaskLife<T> {
  /** The same task with options for its calls; they never reach the handler. */
  with(options: TaskDispatchOptions): Task<T>;
  getState(): WorkerState;
  /** Lets the workers of a stopped or failed task start again. */
  startWorkers(): void;
  /** Stops the workers; what they had goes back to the front of the queue. */
  stopWorkers(): void;
  /** Ends the task; its calls are rejected with a `TaskDisposedError`. */
  dispose(): void;
}

export type Task<T> = TaskMethods<T> & TaskLife<T>;

export interface AbortTaskController {
  /** Fires when the key is aborted; the same one until then. It is kept until then, or until the key is cleared. */
  signalFor(key: string): AbortSignal;
  /** Cancels every call with this key, later ones too until the key is cleared. */
  abort(key: string): void;
  abortMany(keys: Iterable<string>): void;
  isAborted(key: string): boolean;
  /** Lets calls with this key through again, under a new signal if the old one has fired. */
  clear(key: string): void;
  clearAll(): void;
}

export interface RuntimeTaskSnapshot extends WorkerState {
  taskId: string;
  taskName?: string;
  init: 'lazy' | 'eager';
}

export interface RuntimeSnapshot {
  tasks: RuntimeTaskSnapshot[];
}

export interface MetricEvent {
  kind: 'counter' | 'gauge' | 'histogram';
  name: string;
  value: number;
  /** Milliseconds since the epoch. */
  ts: number;
  attrs?: Readonly<Record<string, string | number>>;
}

export interface SpanEvent {
  kind: 'span';
  name: 'atelier:span';
  ts: number;
  spanId: string;
  traceId?: string;
  traceName?: string;
  callId: string;
  taskId: string;
  taskName?: string;
  taskType: TaskType;
  method: string;
  workerIndex?: number;
  /** How long it waited for a worker in all, up to its end where it never started. */
  queueWaitMs?: number;
  /** The last of these waits: from the call, or its last requeueing. Waiting for a place in the queue is part of it. */
  queueWaitLastMs?: number;
  attemptCount: number;
  durationMs?: number;
  /** Where the time went, in milliseconds: what the call never entered is absent, and the rest adds up to `durationMs`. */
  phases?: { [phase in Phase]?: number };
  status: SpanStatus;
  errorKind?: ErrorKind;
  error?: string;
  /** What cancelled it, if anything did. */
  cancelReason?: 'key' | 'signal' | 'timeout';
}

export interface TraceEvent {
  kind: 'trace';
  name: 'atelier:trace';
  ts: number;
  traceId: string;
  traceName?: string;
  durationMs?: number;
  status: SpanStatus;
  errorKind?: ErrorKind;
  error?: string;
}

export type RuntimeEvent = MetricEvent | SpanEvent | TraceEvent;

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly name?: string;
  readonly sampled: boolean;
  /** The trace's place, to pass on (W3C Trace Context). */
  readonly traceparent: string;
  /** Ends the trace; it is told and exported then. */
  end(options?: { status?: SpanStatus; error?: unknown }): void;
}

/** Which events a listener takes. */
export interface EventOptions {
  /** Default: all of them. */
  kinds?: RuntimeEvent['kind'][];
  /** Ids or names of tasks; with it, no traces, which belong to no task. Default: all tasks. */
  tasks?: string[];
}

export type CounterName =
  | 'task.dispatch.total'
  | 'task.success.total'
  | 'task.failure.total'
  | 'task.canceled.total'
  | 'task.rejected.total'
  | 'task.requeue.total'
  | 'worker.spawn.total'
  | 'worker.crash.total'
  | 'worker.terminate.total';

export type GaugeName = 'queue.in_flight' | 'queue.pending' | 'queue.waiting' | 'workers.active';

export type Phase = 'admission' | 'queue' | 'delivery' | 'run' | 'reply';

/** Numbers of a task, or of one of its methods. */
export interface TelemetryNumbers {
  /** A task's counters are kept always, a method's while metrics are on; workers are counted by task only. */
  counters: { [name in CounterName]?: number };
  /** Kept by task only; `min` and `max` since the last `getTelemetry()`. */
  gauges: { [name in GaugeName]?: { last: number; min: number; max: number } };
  histograms: {
    'task.duration_ms': Distribution;
    'queue.wait_ms': Distribution;
    'task.phase_ms': Record<Phase, Distribution>;
  };
}

export interface TaskTelemetry extends TelemetryNumbers {
  taskId: string;
  taskName?: string;
  methods: Record<string, TelemetryNumbers>;
}

/** Plain objects throughout. */
export interface Telemetry {
  tasks: TaskTelemetry[];
  /** By consumer (such as `listener:1`) and signal: `emitted = delivered + rejected + dropped + pending`. */
  ledger: Record<string, Record<string, import('./otlp.js').OtlpAccount>>;
  /** What the linter has to say at the moment, the worst first. Judged once a second, while metrics are on. */
  findings: Finding[];
  /**
   * Values by metric (OTLP names, such as `atelier.task.completed`) that came when it had 2,000 series already. Task
   * counters have them all the same; methods and histograms do not.
   */
  overflow: Record<string, number>;
  /** Of the last workers that crashed, hung or were replaced, at most 16, oldest first. */
  blackBoxes: BlackBox[];
}

/** See docs/findings.md. */
export type FindingId =
  | 'payload-cloned'
  | 'queue-saturated'
  | 'pool-idle'
  | 'pool-too-small'
  | 'main-thread-blocked'
  | 'retry-storm'
  | 'cancel-ignored'
  | 'worker-churn'
  | 'keys-unbounded'
  | 'always-times-out'
  | 'calls-too-short';

/** Something that is wrong with how the page uses its tasks. */
export interface Finding {
  id: FindingId;
  severity: 'error' | 'warning' | 'info';
  /** The task it is about; absent when it is about the page. */
  taskId?: string;
  /** One sentence with numbers. */
  message: string;
  /** The numbers, with their units in their names. */
  evidence: Record<string, number>;
  /** What to change. */
  fix: string;
}

export interface TaskRuntime {
  /** Defines a task. Throws a `TypeError` or a `RangeError` that names the setting, also as `option`, which makes no sense. */
  defineTask<T extends object = Record<string, (...args: any[]) => any>>(config: TaskConfig): Task<T>;
  readonly abortTaskController: AbortTaskController;
  getRuntimeSnapshot(): RuntimeSnapshot;
  subscribeRuntimeSnapshot(
    listener: (snapshot: RuntimeSnapshot) => void,
    options?: { intervalMs?: number; emitImmediately?: boolean; onlyOnChange?: boolean },
  ): () => void;
  /** Calls a function with every event that the options let through. One that throws is reported, and hurts nobody. */
  subscribeEvents(listener: (event: RuntimeEvent) => void, options?: EventOptions & { batch?: false }): () => void;
  /** The same with arrays, one a turn of the page's loop. */
  subscribeEvents(listener: (events: RuntimeEvent[]) => void, options: EventOptions & { batch: true }): () => void;
  /**
   * The snapshot stream: a full frame, then deltas. Frames that are due while the listener is busy (until it returns, or
   * the promise that it returns is settled) are left out and counted as `lost` in the next one, which is full.
   */
  subscribeFrames(listener: (frame: import('./frames.js').RuntimeFrame) => unknown, options?: import('./frames.js').FrameOptions): () => void;
  /** Records everything that this runtime tells from now on, into one file. See docs/recording.md. */
  record(options?: RecordOptions): Recording;
  /** Aggregates by task, and what became of everything emitted. */
  getTelemetry(): Telemetry;
  /** Begins a trace; `parent` (W3C Trace Context) continues a remote one, 'document' the server's that rendered the page. */
  createTrace(name?: string, options?: { parent?: string | 'document' }): TraceContext;
  /** Runs a function under a trace that ends with it. */
  runWithTrace<R>(name: string | undefined, fn: (trace: TraceContext) => R | Promise<R>): Promise<R>;
}

export interface RecordOptions {
  /**
   * How long the file may get, in bytes; from 262144. Default 67108864 (64 MiB). When it would get longer, its oldest part
   * goes, again and again, so that a recording can run for hours and has the latest; what went is counted.
   */
  maxBytes?: number;
}

/** A recording that runs, or has run. */
export interface Recording {
  /** How long the file is, in bytes; until `stop()` an estimate from above. */
  readonly bytes: number;
  /** Facts in it: events, calls, traces, handlers' spans. */
  readonly facts: number;
  /** Facts that are lost: they had to make room, came faster than they could be written, or were megabytes long. */
  readonly dropped: number;
  /**
   * Ends the recording and gives the file (type `application/x-atelier-recording`). Calling it again gives the same promise.
   * It rejects only when the browser could not compress or keep the data.
   */
  stop(): Promise<Blob>;
}

/** Durations, in milliseconds. */
export interface Distribution {
  count: number;
  sum: number;
  min: number;
  max: number;
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  /** Recent sampled calls among them, at most one for each power of two; absent when there are none. */
  exemplars?: Exemplar[];
}

/** A call that a distribution remembers. */
export interface Exemplar {
  /** Its duration, in milliseconds. */
  value: number;
  traceId: string;
  spanId: string;
  /** Milliseconds since the epoch. */
  ts: number;
}

/**
 * Tells in a few lines of text where the time of a call went, and why. With events of other calls (`others`, of any kind,
 * from about the same time) it names those that kept it waiting; without, it says only what the call's own event does.
 * Throws a `TypeError` for an event of another kind.
 *
 * @example
 * const recent: RuntimeEvent[] = [];
 * runtime.subscribeEvents((event) => {
 *   recent.push(event);
 *   if (recent.length > 500) recent.shift();
 *   if (event.kind === 'span' && (event.durationMs ?? 0) > 100) console.log(explainCall(event, recent));
 * }, { kinds: ['span'] });
 */
export function explainCall(call: SpanEvent, others?: Iterable<RuntimeEvent>): string;

export function createTaskRuntime(config?: RuntimeConfig): TaskRuntime;

export interface ParallelLimitOptions<T> {
  /** Whether the first failure is thrown, or only told to `onError`. Default 'fail-fast'. */
  errorPolicy?: 'fail-fast' | 'continue';
  /** Told of every failure that is no cancellation. One that throws is reported, and disturbs nothing. */
  onError?: (error: unknown, item: T) => void;
  /** Ends the generator, quietly and at once. */
  signal?: AbortSignal;
  /** With `keyOf`: items of aborted keys are skipped, their results dropped. With it or `signal`, AbortErrors are not fatal. */
  abortTaskController?: AbortTaskController;
  /** An item's key; no string, or an empty one, is no key. */
  keyOf?: (item: T) => unknown;
}

export type Settled<T, R> =
  | { status: 'fulfilled'; value: R; item: T }
  | { status: 'rejected'; reason: unknown; item: T };

/** Runs `fn` on items, at most `limit` at a time, and yields the results in the order in which they finish. */
export function parallelLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  fn: (item: T) => R | Promise<R>,
  options: ParallelLimitOptions<T> & { returnSettled: true },
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

/** A worker died, and its calls with it; `cause` is the worker's own error. */
export class WorkerCrashedError extends Error {
  readonly taskId: string;
  readonly workerIndex?: number;
  readonly kind: CrashKind;
}
