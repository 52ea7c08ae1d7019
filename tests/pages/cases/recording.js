// What `record` takes and refuses; what is in the file is compared in Rust.
import { bench, observed } from '../atelier.js';
import { equal, ok, throws } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

export async function options_that_make_no_sense_are_refused() {
  const { runtime } = observed();
  throws(() => runtime.record({ maxBytes: '1' }), { name: 'TypeError', message: "maxBytes is '1'; it takes a number of bytes" });
  throws(() => runtime.record(7), { name: 'TypeError' });
  for (const maxBytes of [0, -1, 262143, 300000.5, Infinity, NaN]) {
    throws(() => runtime.record({ maxBytes }), { name: 'RangeError' });
  }
  ok(!('recording' in runtime.getTelemetry().ledger), 'what was refused leaves nothing behind');
  await runtime.record({ maxBytes: 262144 }).stop();
}

export async function a_recording_turns_metrics_on_and_off_again() {
  const runtime = createTaskRuntime({ observability: { spans: 'off' } });
  const task = bench({ taskId: 't' }, runtime);
  await task.echo(1);
  equal(runtime.getTelemetry().tasks[0].histograms['task.duration_ms'].count, 0);
  const recording = runtime.record();
  await task.echo(1);
  equal(runtime.getTelemetry().tasks[0].histograms['task.duration_ms'].count, 1);
  const file = await recording.stop();
  await task.echo(1);
  equal(runtime.getTelemetry().tasks[0].histograms['task.duration_ms'].count, 1);
  ok(recording.facts > 5 && file.size === recording.bytes);
}

export async function a_page_without_compression_streams_is_recorded_too() {
  const { CompressionStream } = globalThis;
  delete globalThis.CompressionStream;
  try {
    const { runtime } = observed();
    const task = bench({ taskId: 't' }, runtime);
    const recording = runtime.record();
    await task.echo('plain');
    const file = await recording.stop();
    ok((await file.text()).includes('atelier.task.dispatched'));
  } finally {
    globalThis.CompressionStream = CompressionStream;
  }
}
