import type { AbortTaskController } from './abort.js';
import './disposable.js';
import type { ObservabilityConfig } from './observability.js';
import type { RecordOptions, Recording } from './record.js';

export type { AbortKey, AbortTaskController } from './abort.js';
export * from './errors.js';
export type { Mode, ObservabilityConfig, SpansConfig } from './observability.js';
export * from './parallel.js';
export type { RecordOptions, Recording } from './record.js';
export { createTaskWorker, expose } from './worker.js';
export type { FrameOptions, RuntimeFrame } from './frames.js';
export type { SpanAttributes, StripTaskContext, TaskContext, TaskWorker } from './worker.js';

export type TaskType = 'parallel' | 'singleton';
export type QueuePolicy = 'block' | 'reject' | 'drop-latest' | 'drop-oldest';
export type CrashPolicy = 'restart-fail-in-flight' | 'restart-requeue-in-flight' | 'fail-task';
export type WorkerStatus = 'running' | 'stopped' | 'stopping' | 'crashed';
export type TaskStatus = 'idle' | 'active' | 'paused';
export type SpanStatus = 'ok' | 'error' | 'canceled';
export type SpanErrorKind = 'abort' | 'queue' | 'crash' | 'exception';
export type ErrorKind = SpanErrorKind;
export type CrashKind = 'load' | 'error' | 'messageerror' | 'start-timeout' | 'hang' | 'closed';

export interface RuntimeConfig {
  /**
   * A name for the runtime, which the panel shows. A page has one runtime of an id: making another one disposes the one
   * before it, as when a module is replaced while the page runs. See docs/lifetime.md.
   */
  id?: string;
  observability?: ObservabilityConfig;
}

/** Whether workers start with the first call or at once. */
export type InitMode = 'lazy' | 'eager';

export interface TaskConfig {
  /** A pool of workers, or one. */
  type: TaskType;
  /** Makes a worker; its script calls `expose`. */
  worker: () => Worker;
  /** Default 'lazy'. */
  init?: InitMode;
  /** Workers of a pool. Default: the machine's cores, or 4. */
  poolSize?: number;
  /** Makes a call's cancellation key of its arguments; no string, or an empty one, is no key. */
  keyOf?: (...args: any[]) => unknown;
  /** Cancels a call that takes longer, in milliseconds, counted from the call; 0 and `Infinity` are no limit. */
  timeoutMs?: number;
  /** What happens to the calls of a worker that crashed. Default 'restart-fail-in-flight'. */
  crashPolicy?: CrashPolicy;
  /** Crashes in a row after which the task fails; `Infinity` never. Default 3. */
  crashMaxRetries?: number;
  taskName?: string;
  /** Unique in its runtime. Default: `taskName` (`resize-2` where `resize` is taken), or `task-1` and so on. */
  taskId?: string;
  /** Calls at workers at most; `Infinity` is no limit. Default: `poolSize`, or 1. */
  maxInFlight?: number;
  /** Calls pending at most; `Infinity` is no limit. Default: twice `maxInFlight` in a pool, 2 for a singleton. */
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

/** Handlers of any kind: what a task without a type argument is taken to have. */
export type TaskHandlerMap = Record<string, (...args: any[]) => any>;

/** Names that are no methods, since tools ask every object for them; `call` reaches handlers of such names. */
type Probed =
  | `_${string}`
  | `$$${string}`
  | `@@${string}`
  | 'then'
  | 'catch'
  | 'finally'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'toJSON'
  | 'valueOf'
  | 'inspect';

type Arguments<F> = import('./worker.js').StripTaskContext<{ f: F }>['f'] extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never) => infer R ? Promise<Awaited<R>> : never;

/** The worker's methods, as promises. */
export type TaskMethods<T> = {
  [K in keyof T as K extends Probed | keyof TaskLife<T> ? never : K]: T[K] extends (...args: infer A) => infer R
    ? (...args: A extends [...infer Rest, import('./worker.js').TaskContext] ? Rest : A) => Promise<Awaited<R>>
    : never;
};

export interface TaskLife<T> {
  /**
   * Calls a method by its name, also one that `task.name()` does not reach: `with`, `dispose`, `toString`, what begins
   * with an underscore.
   */
  call<K extends keyof T & string>(method: K, ...args: Arguments<T[K]>): Result<T[K]>;
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

export interface RuntimeTaskSnapshot extends WorkerState {
  taskId: string;
  taskName?: string;
  init: InitMode;
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
  end(options?: TraceEndOptions): void;
}

export type TraceEndStatus = SpanStatus;

export interface TraceEndOptions {
  /** Default: 'ok', or with an error 'error' ('canceled' for an `AbortError`). */
  status?: TraceEndStatus;
  /** Told by its message; what has none is told as JSON. */
  error?: unknown;
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

export interface RuntimeSnapshotSubscriptionOptions {
  /** Milliseconds between two looks. Default 250. */
  intervalMs?: number;
  /** Whether the first one comes before `subscribeRuntimeSnapshot` returns. Default true. */
  emitImmediately?: boolean;
  /** Whether one that says the same as the last is left out. Default false. */
  onlyOnChange?: boolean;
}

export interface TaskRuntime extends Disposable, AsyncDisposable {
  /** What `createTaskRuntime` was given. */
  readonly id?: string;
  /** Defines a task. Throws a `TypeError` or a `RangeError` that names the setting, also as `option`, which makes no sense. */
  defineTask<T = TaskHandlerMap>(config: TaskConfig): Task<T>;
  readonly abortTaskController: AbortTaskController;
  /** The state of every task: the same object, which is frozen, as long as nothing changes. */
  getRuntimeSnapshot(): RuntimeSnapshot;
  subscribeRuntimeSnapshot(
    listener: (snapshot: RuntimeSnapshot) => void,
    options?: RuntimeSnapshotSubscriptionOptions,
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
  /**
   * Ends everything: tasks (their calls are rejected with a `TaskDisposedError`), traces, exporters (which send what there
   * is), recordings, panels, listeners. The promise is fulfilled when exporters and recordings are done, and never rejects.
   * A second time does nothing. See docs/lifetime.md.
   */
  dispose(): Promise<void>;
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
