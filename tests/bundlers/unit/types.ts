// The packed types, as an app's compiler finds them.
import { createTaskRuntime, type Task } from 'atelier';
import { mountDevtools } from 'atelier/devtools';
import { init } from 'atelier/manual';
import { exportOtlp } from 'atelier/otlp';
import { convertRecording } from 'atelier/recording';
import { wasmWorker } from 'atelier/wasm-worker';
import { createTaskWorker, expose } from 'atelier/worker';

const handlers = { add: (a: number, b: number) => a + b };
expose(createTaskWorker(handlers));
const runtime = createTaskRuntime();
const task: Task<typeof handlers> = runtime.defineTask<typeof handlers>({ type: 'singleton', worker: () => new Worker('worker.js') });
const sum: Promise<number> = task.add(1, 2);
// @ts-expect-error: a sum has numbers
task.add('1', 2);
mountDevtools(runtime);
void [init, exportOtlp, convertRecording, wasmWorker, sum];
