// The same in Node itself, which must end by itself afterwards.
import { createTaskRuntime } from 'atelier';
import 'atelier/devtools';
import 'atelier/manual';
import { exportOtlp } from 'atelier/otlp';
import { convertRecording } from 'atelier/recording';
import 'atelier/wasm-worker';
import 'atelier/worker';

const runtime = createTaskRuntime({ observability: { spans: 'on' } });
const exporter = exportOtlp(runtime, { endpoint: 'http://127.0.0.1:9' });
const recording = runtime.record();
const task = runtime.defineTask({ type: 'parallel', worker: () => new Worker('worker.js') });
const { message } = await task.add(1, 2).then(() => ({}), (error) => error);
if (!message?.includes('there is no `Worker` here')) throw new Error(`the call said: ${message}`);
const { file } = await convertRecording(await recording.stop(), 'text');
if (file.size === 0) throw new Error('the recording is empty');
await exporter.shutdown();
