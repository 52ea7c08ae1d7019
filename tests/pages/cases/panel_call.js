// The details of a call: what is told of it is what happened, and is text whatever it says.
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { ODD, all, find, fullFrame, opened, spanFrame, streamOf, taskFrame, unharmed } from '../panel_root.js';
import { mainThreadPixels } from '../main_thread.js';

const key = (name) => find('.timeline-canvas').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const shown = (call) => until(() => find('.call')?.dataset.callId === call && !find('.call').hidden, `the details of call ${call}`);
const summary = (title) => all('.call summary').find((line) => line.textContent.startsWith(title));

export async function a_call_that_failed_shows_its_stack() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't' }, runtime);
  await opened(runtime, 'timeline');
  await rejects(task.fail('TypeError', 'cannot'), { message: 'cannot' });
  await until(() => find('.kept').dataset.calls === '1');
  key('ArrowRight');
  const [call] = events.filter((event) => event.kind === 'span');
  await shown(call.callId);
  equal(find('.call-error').textContent, 'cannot');
  ok(find('.call .stack .whole-text').textContent.includes('workers/bench.js'), 'where it was thrown');
  const facts = Object.fromEntries(all('.call-content > .facts > dt').map((dt) => [dt.textContent, dt.nextSibling.textContent]));
  deepEqual([facts.Error, facts.Method, facts.Task, facts['Queue policy'], facts.Span], ['TypeError', 'fail', 't', 'block', call.spanId]);
  equal(find('.black-box'), null);
}

export async function a_call_that_a_crash_hit_shows_what_its_worker_did_before() {
  const { runtime, events } = observed();
  const task = bench({ taskId: 't' }, runtime);
  await opened(runtime, 'timeline');
  await task.add(1, 1);
  await rejects(task.crash('gone'), { name: 'WorkerCrashedError' });
  await until(() => find('.kept').dataset.calls === '2');
  key('ArrowRight');
  const calls = events.filter((event) => event.kind === 'span');
  await shown(calls[1].callId);
  await until(() => find('.black-box'), 'the black box');
  const told = all('.black-box tbody tr').map((row) => [row.dataset.fact, row.querySelector('.fact-call').textContent, row.dataset.this]);
  const { facts } = runtime.getTelemetry().blackBoxes[0];
  deepEqual(told.map(([fact]) => fact), facts.map(({ fact }) => fact), 'fact by fact');
  deepEqual(told.find(([, , mine]) => mine === 'true'), ['started', `${calls[1].callId} crash`, 'true']);
  ok(find('.call .stack .whole-text').textContent.includes('RangeError: gone'), 'the stack is that of the crash');
  key('ArrowLeft');
  await shown(calls[0].callId);
  equal(find('.black-box'), null, 'the call before had ended well');
}

export async function spans_of_a_handler_show_all_that_was_said_of_them() {
  const { runtime } = observed();
  const worker = () => new Worker(new URL('../workers/spans.js', import.meta.url), { type: 'module' });
  const task = runtime.defineTask({ type: 'singleton', taskId: 's', worker });
  await opened(runtime, 'timeline');
  await task.attributes();
  await until(() => find('.kept').dataset.calls === '1');
  key('ArrowRight');
  await until(() => find('.child-about'));
  const said = Object.fromEntries(all('.child-about dt').map((dt) => [dt.textContent, dt.nextSibling.textContent]));
  deepEqual([said.text, said.whole, said.part, said.yes], ['x', '7', '0.5', 'true']);
}

export async function long_tasks_are_drawn_in_the_lane_of_the_main_thread() {
  const { runtime } = observed();
  const task = bench({ taskId: 't' }, runtime);
  await opened(runtime, 'timeline');
  await task.add(1, 1);
  await until(() => find('.kept').dataset.calls === '1');
  // A machine that is busy with other things has long tasks of its own.
  const before = mainThreadPixels(find('.panel'));
  const end = performance.now() + 600;
  while (performance.now() < end);
  await until(() => mainThreadPixels(find('.panel')) >= before + 40, 'the busy stretch');
}

export async function odd_texts_are_text_cut_and_can_be_seen_whole() {
  const start = 1e12;
  const calls = Object.values(ODD).map((text, n) => spanFrame(n + 1, {
    start: start + 20 * n, method: text, outcome: 'error', errorType: text, error: text, errorStack: `${text}\n    at <b>`, traceName: text,
  }));
  const handlerSpans = Object.values(ODD).map((text, n) => ({
    traceId: calls[n].traceId, spanId: `f${n}`.padStart(16, '0'), parentSpanId: calls[n].spanId, name: text, callId: String(n + 1), taskId: 't',
    workerIndex: 0, start: start + 20 * n, durationMs: 1, error: text, attributes: JSON.stringify({ [text]: text, n: 1 }),
  }));
  const blackBoxes = Object.values(ODD).map((text, n) => ({
    number: n + 1, taskId: 't', workerIndex: 0, cause: text,
    facts: [{ ts: NaN, fact: 'started', callId: String(n + 1), method: text }, { ts: start, fact: text }],
  }));
  const frame = fullFrame(0, [taskFrame('t', { taskName: ODD.html })], { spans: calls, handlerSpans, blackBoxes });
  await opened(streamOf(frame, fullFrame(1, [taskFrame('t')], { spans: [spanFrame(9, { durationMs: NaN }), spanFrame(10, { phases: [NaN, null, null, null, null] })] })), 'timeline');
  await until(() => find('.kept').dataset.calls === '5', 'times that are no numbers are left out');
  key('ArrowRight');
  await shown('10');
  for (const [place, [name, text]] of Object.entries(ODD).reverse().entries()) {
    key('ArrowLeft');
    await shown(String(4 - place));
    const texts = all('.call .whole-text, .call-error, .call dd').map((part) => part.textContent);
    ok(texts.includes(text) && texts.some((each) => each.startsWith(`${text}\n`)), `${name} can be seen whole`);
    ok(summary('Black box'), name);
    ok(unharmed(), name);
    const { scrollWidth, clientWidth } = find('.call');
    ok(scrollWidth <= clientWidth, `${name} stays in its place: ${scrollWidth} in ${clientWidth}`);
  }
}
