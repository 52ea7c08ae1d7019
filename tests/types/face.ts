// Compiled, never run: what the package's types let through, and what they refuse.
// `npx --package typescript@5.9 tsc --project tests/types`
import {
  createTaskRuntime,
  explainCall,
  parallelLimit,
  yieldAsCompleted,
  PayloadLostError,
  QueueDropError,
  RuntimeDisposedError,
  TaskDisposedError,
  WorkerCrashedError,
  WorkerFactoryError,
  type AbortKey,
  type BlackBoxFact,
  type ErrorCode,
  type InitMode,
  type ObservabilityConfig,
  type ParallelLimitErrorPolicy,
  type ParallelLimitResult,
  type ParallelLimitSettledOptions,
  type Recording,
  type RuntimeEvent,
  type RuntimeFrame,
  type RuntimeSnapshotSubscriptionOptions,
  type Settled,
  type SpanErrorKind,
  type SpansConfig,
  type StripTaskContext,
  type Task,
  type TaskDispatchOptions,
  type TaskHandlerMap,
  type Telemetry,
  type TraceEndOptions,
  type TraceEndStatus,
  type WorkerFact,
  type WorkerState,
} from 'atelier';
import { init } from 'atelier/manual';
import { mountDevtools } from 'atelier/devtools';
import { exportOtlp } from 'atelier/otlp';
import { convertRecording } from 'atelier/recording';
import { createTaskWorker, expose, type TaskContext } from 'atelier/worker';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}

const handlers = {
  add: (a: number, b: number) => a + b,
  async later(text: string, context: TaskContext) {
    context.throwIfAborted();
    return text.length;
  },
  nothing: (_: TaskContext): void => {},
  optional: (n: number, _?: TaskContext) => n,
  onlyOptional: (_?: TaskContext) => 1,
  area: (w: number, h?: number, ctx?: TaskContext) => (ctx ? w * (h ?? w) : w),
  scale: (n: number, factor = 2, ctx?: TaskContext) => (ctx ? n * factor : n),
  plain: (n: number, factor = 2) => n * factor,
  rest: (first: string, ...others: number[]) => first.length + others.length,
  unknowing: (value: unknown) => value,
  anything: (value: any, more?: any) => [value, more],
  any: (value: any) => value,
  listed: (...all: string[]) => all,
  maybe: (n: number, _: TaskContext | undefined) => n,
};
expose(createTaskWorker(handlers));
type Api = StripTaskContext<typeof handlers>;
same<Api['nothing'], () => void>(true);
same<Parameters<Api['later']>, [text: string]>(true);
same<Parameters<Api['optional']>, [n: number]>(true);
same<Api['onlyOptional'], () => number>(true);
same<Parameters<Api['area']>, [w: number, h?: number]>(true);
same<Parameters<Api['scale']>, [n: number, factor?: number]>(true);
same<Parameters<Api['plain']>, [n: number, factor?: number]>(true);
same<Parameters<Api['rest']>, [first: string, ...others: number[]]>(true);
same<Parameters<Api['unknowing']>, [value: unknown]>(true);
same<Parameters<Api['anything']>, [value: any, more?: any]>(true);
same<Parameters<Api['any']>, [value: any]>(true);
same<Parameters<Api['listed']>, string[]>(true);
same<Parameters<Api['maybe']>, [n: number]>(true);

const runtime = createTaskRuntime({ observability: { spans: { mode: 'auto', sampleRate: 0.1 }, metrics: 'off', measures: 'timestamp' } });
// @ts-expect-error a mode that is none
createTaskRuntime({ observability: { measures: 'on' } });
const task = runtime.defineTask<Api>({
  type: 'parallel',
  worker: () => new Worker('worker.js'),
  init: 'eager',
  poolSize: 2,
  keyOf: (first: unknown) => first,
  timeoutMs: 5,
  crashPolicy: 'restart-requeue-in-flight',
  crashMaxRetries: 1,
  taskName: 'name',
  taskId: 'id',
  maxInFlight: 2,
  maxQueueDepth: 0,
  queuePolicy: 'drop-oldest',
  idleTimeoutMs: 5,
  hangTimeoutMs: 5,
});
same<ReturnType<typeof task.add>, Promise<number>>(true);
same<ReturnType<typeof task.later>, Promise<number>>(true);
same<ReturnType<typeof task.with>, Task<Api>>(true);
same<ReturnType<typeof task.getState>, WorkerState>(true);
void task.later('text');
void task.with({ key: 'k', priority: 'background', cancel: { graceMs: 5 }, transfer: [], transferResult: false }).add(1, 2);
// A task whose handlers still have their context is called without it, too.
const direct = runtime.defineTask<typeof handlers>({ type: 'singleton', worker: () => new Worker('worker.js') });
same<Parameters<typeof direct.later>, [text: string]>(true);
void direct.nothing();
// By name: also what the task's own members hide, and with the arguments of the handler.
same<ReturnType<typeof byName>, Promise<number>>(true);
function byName() {
  return task.with({ key: 'k' }).call('later', 'text');
}
interface Hidden {
  with(size: number): string;
  toString(): string;
  _private(): Promise<boolean>;
  plain(): void;
}
class Service {
  count = 1;
  double(n: number): number {
    return n * 2 * this.count;
  }
}
const hidden = runtime.defineTask<Hidden>({ type: 'singleton', worker: () => new Worker('worker.js') });
hidden.call('with', 5) satisfies Promise<string>;
hidden.call('toString') satisfies Promise<string>;
hidden.call('_private') satisfies Promise<boolean>;
hidden.plain() satisfies Promise<void>;
// @ts-expect-error what begins with an underscore is private
void hidden._private();
// @ts-expect-error an argument of another type
void hidden.call('with', '5');
// @ts-expect-error a method that is none
void hidden.call('without');
// Classes, and tasks without a type.
const service = runtime.defineTask<Service>({ type: 'singleton', worker: () => new Worker('worker.js') });
service.double(2) satisfies Promise<number>;
const untyped = runtime.defineTask({ type: 'singleton', worker: () => new Worker('worker.js') });
same<ReturnType<typeof untyped.with>, Task<TaskHandlerMap>>(true);
untyped.whatever!(1, 'two').then((value) => value.three.four);
untyped.call('whatever', 1).then((value) => value.three.four);
task.startWorkers();
task.stopWorkers();
task.dispose();

// @ts-expect-error a method that is none
void task.subtract(1, 2);
// @ts-expect-error an argument of another type
void task.add('1', 2);
// @ts-expect-error a task is no promise
void task.then;
// @ts-expect-error an option that is none
task.with({ transfers: [] });
// @ts-expect-error a policy that is none
runtime.defineTask({ type: 'parallel', worker: () => new Worker('worker.js'), queuePolicy: 'wait' });
// @ts-expect-error no worker
runtime.defineTask({ type: 'parallel' });

const options: TaskDispatchOptions = { trace: runtime.createTrace('name', { parent: 'document' }) };
void task.with(options).add(1, 2);
const stops: (() => void)[] = [
  runtime.subscribeEvents((event) => same<typeof event, RuntimeEvent>(true)),
  runtime.subscribeEvents((events) => same<typeof events, RuntimeEvent[]>(true), { batch: true, kinds: ['span'], tasks: ['id'] }),
  runtime.subscribeRuntimeSnapshot((snapshot) => snapshot.tasks[0]?.lastCrash?.error.message, { onlyOnChange: true }),
  runtime.subscribeFrames((frame) => frame.seq),
  runtime.subscribeFrames(({ seq }) => seq, { name: 'mine' }),
  runtime.subscribeFrames(({ events }) => same<typeof events, RuntimeEvent[] | undefined>(true), { events: () => true }),
  runtime.subscribeFrames((frame: RuntimeFrame) => frame.eventsDropped?.toFixed(), { intervalMs: 5, events: true }),
];
// @ts-expect-error a flag, or a function that gives one
runtime.subscribeFrames(() => {}, { events: 'all' });
for (const stop of stops) stop();
// @ts-expect-error a kind that is none
runtime.subscribeEvents(() => {}, { kinds: ['spans'] });
runtime.subscribeEvents((event) => {
  if (event.kind === 'span') same<typeof event.errorKind, 'abort' | 'queue' | 'crash' | 'exception' | undefined>(true);
  else if (event.kind === 'trace') event.traceName?.length;
  else event.attrs?.['task.id'];
});

runtime.subscribeEvents((event) => {
  if (event.kind === 'span') explainCall(event, [event]).concat(event.phases?.delivery?.toFixed() ?? '');
  // @ts-expect-error only calls have phases
  else explainCall(event);
});

const telemetry: Telemetry = runtime.getTelemetry();
const fixes: string[] = telemetry.findings.map(({ id, fix, evidence }) => `${id} ${fix} ${evidence.windowMs}`);
runtime.subscribeFrames(({ findings }) => fixes.push(...findings.map(({ message }) => message)));
// @ts-expect-error: there is no such finding
telemetry.findings.some(({ id }) => id === 'page-too-slow');
const facts: BlackBoxFact[] | undefined = telemetry.blackBoxes[0]?.facts ?? task.getState().lastCrash?.blackBox;
// @ts-expect-error: facts have names of their own
const unknown: WorkerFact = 'task.dispatch.total';
const lead: string | undefined = telemetry.tasks[0]?.histograms['task.duration_ms'].exemplars?.at(-1)?.traceId;
const surplus: number | undefined = telemetry.overflow['atelier.task.completed'];
runtime.subscribeFrames(({ blackBoxes = [] }) => blackBoxes.map(({ number, facts }): [number, BlackBoxFact[]] => [number, facts]));
runtime.subscribeFrames(async (frame) => frame.seq);
void [facts, unknown, lead, surplus];
telemetry.tasks[0]?.histograms['task.phase_ms'].run.p95.toFixed();
telemetry.tasks[0]?.methods['add']?.counters['task.success.total']?.toFixed();
telemetry.ledger['listener:1']?.['spans']?.dropped['queue_full']?.toFixed();

const recording: Recording = runtime.record({ maxBytes: 1e6 });
recording.stop().then((file) => convertRecording(file, 'perfetto')).then(({ file, cut, unknown }) => [file.type, cut, unknown]);
recording.stop().then((file) => file.size + recording.bytes + recording.facts + recording.dropped);
// @ts-expect-error: how much there is, is not for the page to say
recording.bytes = 0;
// @ts-expect-error: bytes are counted
runtime.record({ maxBytes: '64 MiB' });

// @ts-expect-error: there is no such format
convertRecording(new Blob(), 'xml');

const observability: ObservabilityConfig = { spans: { mode: 'on' } satisfies SpansConfig };
const app = createTaskRuntime({ id: 'app', observability });
app.id satisfies string | undefined;
app.dispose() satisfies Promise<void>;
app[Symbol.dispose]();
app satisfies Disposable & AsyncDisposable;
const end: TraceEndOptions = { status: 'canceled' satisfies TraceEndStatus, error: { code: 1 } };
app.createTrace('t').end(end);
const often: RuntimeSnapshotSubscriptionOptions = { intervalMs: 5, onlyOnChange: true };
app.subscribeRuntimeSnapshot(() => {}, often)();
const mode: InitMode | undefined = app.getRuntimeSnapshot().tasks[0]?.init;
const key: AbortKey = 'key';
const kind: SpanErrorKind = 'queue';
const policy: ParallelLimitErrorPolicy = 'continue';
void [mode, key, kind];
// @ts-expect-error an option that is none
createTaskRuntime({ observabilty: {} });

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof QueueDropError) return error.code satisfies 'ERR_ATELIER_QUEUE_DROP';
  if (error instanceof TaskDisposedError || error instanceof PayloadLostError) return error.code;
  if (error instanceof WorkerFactoryError || error instanceof RuntimeDisposedError) return error.code;
  return error instanceof WorkerCrashedError ? error.code : undefined;
}
void codeOf(new QueueDropError('by hand', { cause: 1 }));

const keys = runtime.abortTaskController;
keys.abort('k', new Error('why'));
keys.signalFor('k') satisfies AbortSignal;
keys.abortMany(['a', 'b']);

async function generators(): Promise<void> {
  for await (const n of parallelLimit([1, 2], 2, async (item) => `${item}`)) same<typeof n, string>(true);
  const settled = parallelLimit(new Set(['a']), 1, (item) => item.length, { returnSettled: true, keyOf: (item) => item });
  for await (const each of settled) {
    same<typeof each, Settled<string, number>>(true);
    if (each.status === 'rejected') same<typeof each.reason, typeof each.error>(true);
  }
  const both: ParallelLimitSettledOptions<number> = { returnSettled: true, errorPolicy: policy };
  for await (const each of parallelLimit([1], 1, (item) => `${item}`, both)) same<typeof each, ParallelLimitResult<number, string>>(true);
  for await (const n of yieldAsCompleted([Promise.resolve(1), 2])) same<typeof n, number>(true);
  // @ts-expect-error a policy that is none
  parallelLimit([1], 1, (item) => item, { errorPolicy: 'ignore' });
  same<Awaited<ReturnType<typeof runtime.runWithTrace<number>>>, number>(true);
  await init(new URL('file.wasm', 'https://example.org'));
  await exportOtlp(runtime, { endpoint: 'https://example.org', signals: ['traces', 'metrics', 'logs'] }).flush();
  exportOtlp(runtime, { keep: { errors: false, slowMs: 250, slowPercentile: 99.9 } });
  // @ts-expect-error there is no such percentile
  exportOtlp(runtime, { keep: { slowPercentile: 97 } });
  exportOtlp(runtime, {
    protocol: 'http/json',
    compression: 'gzip',
    traces: { endpoint: '/t', headers: { a: 'b' }, protocol: 'http/protobuf', compression: 'none', timeoutMs: 1 },
    env: { OTEL_SERVICE_NAME: 'shop', DEV: true },
    resource: { tags: ['a'] },
    phases: 'spans',
    redact: (attributes, kind) => (kind === 'span' ? { ...attributes, 'user.id': undefined } : attributes),
  });
  // @ts-expect-error: browsers do not speak it
  exportOtlp(runtime, { protocol: 'grpc' });
  exportOtlp(runtime, { headers: async () => ({ authorization: 'Bearer 7' }), credentials: 'include', fetch });
  exportOtlp(runtime, { headers: new Headers(), logs: { headers: () => [['a', 'b']], attributeCountLimit: 64 } });
  // @ts-expect-error a promise is no headers: a function returns it
  exportOtlp(runtime, { headers: Promise.resolve({ a: 'b' }) });
  // @ts-expect-error values of headers are strings
  exportOtlp(runtime, { headers: () => ({ a: 7 }) });
  exportOtlp(runtime, { durable: { maxBytes: 1_000_000 } });
  exportOtlp(runtime, { durable: false });
}
void generators().catch((error: unknown) => {
  if (error instanceof WorkerCrashedError) same<typeof error.kind, 'load' | 'error' | 'messageerror' | 'start-timeout' | 'hang' | 'closed'>(true);
});

const recorded = { name: 'recorded', subscribeFrames: () => () => {}, record: () => ({ stop: async () => new Blob() }) };
const devtools = mountDevtools([runtime, recorded, { name: 'another', subscribeFrames: () => () => {} }], {
  target: document.body,
  open: true,
  dock: 'window',
  theme: 'dark',
  hotkey: 'Ctrl+F9',
  storageKey: '',
});
same<ReturnType<typeof devtools.open>, void>(true);
document.createElement('atelier-devtools').dock = 'inline';
// @ts-expect-error: there is no such dock.
mountDevtools(runtime, { dock: 'top' });
