// The panel's panes of calls: what they show agrees with the events, and each leads to the other.
import { observed } from '../atelier.js';
import { deepEqual, equal, ok, until } from '../assert.js';
import { all, find, front, fullFrame, opened, spanFrame, streamOf, taskFrame } from '../panel_root.js';

const staged = (runtime) =>
  runtime.defineTask({
    type: 'singleton',
    taskId: 'stages',
    worker: () => new Worker(new URL('../workers/spans.js', import.meta.url), { type: 'module' }),
  });

export async function a_trace_is_a_waterfall_of_its_spans_and_leads_to_its_calls() {
  const { runtime, events } = observed();
  const task = staged(runtime);
  await opened(runtime, 'traces');
  const trace = runtime.createTrace('import <b>all</b>');
  await task.with({ trace }).nested();
  await task.with({ trace }).nested();
  trace.end();
  const row = await until(() => find(`tr[data-trace-id="${trace.id}"]:not([hidden])`), 'it is listed');
  equal(row.querySelector('.trace-name').textContent, 'import <b>all</b>');
  equal(row.querySelector('[data-col=calls]').textContent, '2');
  row.querySelector('.trace-name').click();
  const calls = events.filter((event) => event.kind === 'span');
  const shown = await until(() => all('.waterfall [data-span-id]').length > 2 && all('.waterfall [data-span-id]'), 'its spans');
  const ids = shown.map((span) => span.dataset.spanId);
  for (const call of calls) ok(ids.includes(call.spanId), 'each call');
  equal(ids[0], trace.traceparent.split('-')[2], 'beneath the trace itself');
  ok(shown.length > 3, 'with the spans of its handlers');
  find(`.waterfall [data-span-id="${calls[1].spanId}"] button`).click();
  await until(() => front() === 'timeline' && find('.call')?.dataset.spanId === calls[1].spanId, 'the timeline shows the call');
  [...find('.call').querySelectorAll('button')].find((button) => button.textContent === 'Show its trace').click();
  await until(() => front() === 'traces' && all('.waterfall [data-span-id]').length === shown.length, 'and leads back');
}

export async function what_went_wrong_in_a_trace_is_said_and_long_names_can_be_seen_whole() {
  const traceId = 'a'.repeat(32);
  const name = 'step '.repeat(40).trim();
  const spans = [spanFrame(1, { traceId, outcome: 'error', error: 'the call <b>failed</b>' })];
  const handlerSpans = [{ traceId, spanId: '9'.repeat(16), parentSpanId: spans[0].spanId, name, callId: '1', taskId: 't', workerIndex: 0, start: 1e12, durationMs: 0.5, error: 'so did its handler' }];
  const traces = [{ traceId, spanId: '8'.repeat(16), name: 'whole', start: 1e12, durationMs: 3, status: 'error', error: 'TypeError: and all of it' }];
  await opened(streamOf(fullFrame(0, [taskFrame('t')], { spans, handlerSpans, traces })), 'traces');
  (await until(() => find('.trace-name'))).click();
  await until(() => all('.span-error').length === 3);
  deepEqual(all('.span-error').map((said) => said.textContent), ['TypeError: and all of it', 'the call <b>failed</b>', 'so did its handler']);
  equal(find('.waterfall .whole-text').textContent, name);
}

export async function percentiles_are_those_of_the_calls_and_lead_to_them() {
  const { runtime, events } = observed();
  const task = staged(runtime);
  await opened(runtime, 'latency');
  for (let n = 0; n < 30; n++) await task.nested();
  const durations = events.filter((event) => event.kind === 'span').sort((a, b) => a.durationMs - b.durationMs);
  const longest = durations.at(-1);
  const value = (name) => find(`[data-percentile="${name}"] [data-col=value]`)?.textContent;
  const close = (name, call) => Math.abs(Number(value(name)?.replaceAll(',', '')) - call.durationMs) <= Math.max(0.006, call.durationMs * 0.01);
  await until(() => close('max', longest) && close('p50', durations[14]), 'nearest rank, as the events say');
  find('[data-percentile=max] button').click();
  await until(() => front() === 'timeline' && find('.call')?.dataset.spanId === longest.spanId, 'the longest call');
}

export async function a_call_can_be_copied_and_a_stretch_of_time_marked() {
  const { runtime, events } = observed();
  const task = staged(runtime);
  await opened(runtime, 'timeline');
  await task.nested();
  const canvas = await until(() => find('.timeline-canvas'));
  await until(() => Number(find('.kept').dataset.calls) === 1);
  const key = (name) => canvas.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
  key('ArrowRight');
  await until(() => !find('.call').hidden);
  const [call] = events.filter((event) => event.kind === 'span');
  const copied = [];
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => void copied.push(text) } });
  for (const button of find('.copies').querySelectorAll('button')) button.click();
  await until(() => copied.length === 3);
  ok(copied[0].startsWith('stages.nested: ok'), copied[0]);
  equal(JSON.parse(copied[1]).spanId, call.spanId);
  deepEqual(copied[2].split('-').slice(1, 3), [call.traceId, call.spanId]);
  ok(find('.marked').hidden);
  key('[');
  key(']');
  await until(() => find('.marked-text').textContent.includes('1 calls ended'), 'the stretch of the call');
  key('Escape');
  await until(() => find('.call').hidden);
  key('Escape');
  await until(() => find('.marked').hidden);
}
