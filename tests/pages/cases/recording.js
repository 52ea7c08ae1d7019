// What `record` takes and refuses; what is in the file is compared in Rust.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';
import { convertRecording } from '/atelier/recording.js';

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

export async function a_recording_is_converted_in_the_page() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  const recording = runtime.record();
  await Promise.all([task.echo(1), task.add(1, 2)]);
  const file = await recording.stop();
  const as = async (format, from = file) => {
    const converted = await convertRecording(from, format);
    deepEqual([converted.cut, converted.unknown], [false, 0]);
    return converted.file.text();
  };
  const { traceEvents } = JSON.parse(await as('perfetto'));
  equal(traceEvents.filter(({ ph, name }) => ph === 'b' && name.startsWith('t.')).length, 2);
  const lines = (await as('otlp', await file.arrayBuffer())).trim().split('\n').map((line) => JSON.parse(line));
  const spans = lines.flatMap((line) => line.resourceSpans ?? []).flatMap((it) => it.scopeSpans).flatMap((it) => it.spans);
  deepEqual(spans.map(({ name }) => name).sort(), ['t.add', 't.echo']);
  ok((await as('hlog')).startsWith('#[Histogram log format version'));
  ok((await as('text')).includes('Task t: 2 ok'));
  equal((await convertRecording(file.slice(0, file.size - 10), 'text')).cut, true);
}

export async function what_cannot_be_converted_says_why() {
  await rejects(convertRecording(new Uint8Array(), 'text'), { name: 'RecordingError', message: /empty/ });
  await rejects(convertRecording(new Blob(['GIF89a']), 'text'), { name: 'RecordingError', message: /no recording of Atelier/ });
  await rejects(convertRecording('slow.atelier', 'text'), { name: 'TypeError', message: /takes a Blob/ });
  await rejects(convertRecording(new Blob(), 'xml'), { name: 'TypeError', message: /'perfetto'/ });
}
