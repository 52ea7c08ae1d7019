// What a unit test of an app sees: every entry imports, a runtime is made, and a call says what is missing.
import { expect, test } from 'vitest';
import { createTaskRuntime } from 'atelier';
import { AtelierDevtoolsElement } from 'atelier/devtools';
import { init } from 'atelier/manual';
import { exportOtlp } from 'atelier/otlp';
import { convertRecording } from 'atelier/recording';
import { wasmWorker } from 'atelier/wasm-worker';
import { expose } from 'atelier/worker';

test('every entry imports, and a call says that there is no Worker', async () => {
  for (const each of [AtelierDevtoolsElement, init, exportOtlp, convertRecording, wasmWorker, expose]) expect(each).toBeTypeOf('function');
  const runtime = createTaskRuntime();
  const task = runtime.defineTask({ type: 'parallel', worker: () => new Worker('worker.js') });
  await expect(task.add(1, 2)).rejects.toThrow('there is no `Worker` here');
});
