// Why a call was cancelled, as its handler hears it: the caller's own reason.
import { deepEqual, equal, ok, rejects, until } from '../assert.js';
import { bench } from '../atelier.js';
import { createTaskRuntime } from '/atelier/index.js';

const worker = () => new Worker('/tests/workers/reasons.js', { type: 'module' });
const ABORT = { name: 'AbortError', message: 'Task was aborted' };
const channel = new BroadcastChannel('reasons');
const heard = [];
channel.onmessage = ({ data }) => heard.push(data);

const begun = (name) => until(() => heard.some((each) => each.name === name && each.begun), `${name} has begun`);
const told = (name) => until(() => heard.find((each) => each.name === name && each.thrown), `${name} is cancelled`);

class Stop extends RangeError {
  name = 'Stop';
  code = 7;
}

const REASONS = {
  error: [new Stop('mine', { cause: 'a cause' }), { type: 'RangeError', name: 'Stop', message: 'mine', code: 7, cause: 'a cause' }],
  text: ['enough', 'enough'],
  object: [{ why: [1, 2] }, { why: [1, 2] }],
  number: [0, 0],
  null: [null, null],
  nothing: [undefined, { type: 'DOMException', name: 'AbortError', code: 20, cause: undefined }],
  // What cannot be sent is ours then.
  function: [() => 1, { type: 'DOMException', name: 'AbortError', message: 'Task was aborted', code: 20, cause: undefined }],
};

export async function the_reason_of_its_own_signal_reaches_the_handler() {
  const task = bench({ worker, type: 'parallel', poolSize: 1, maxInFlight: 8 });
  for (const method of ['wait', 'lateSignal']) {
    for (const [name, [reason, expected]] of Object.entries(REASONS)) {
      const call = `${method} ${name}`;
      const stop = new AbortController();
      const running = task.with({ signal: stop.signal })[method](call);
      await begun(call);
      stop.abort(reason);
      await rejects(running, ABORT);
      const { reason: seen, thrown, same } = await told(call);
      if (name === 'nothing') {
        deepEqual([seen.name, seen.code], ['AbortError', 20]);
      } else {
        deepEqual(seen, expected, call);
      }
      deepEqual([thrown.name, thrown.message, same], ['AbortError', 'Task was aborted', name !== 'function']);
    }
  }
  equal(await task.echo(1), 1);
}

export async function a_timeout_is_a_timeout_error_there() {
  const task = bench({ worker, timeoutMs: 1500 });
  await task.echo(1);
  await rejects(task.wait('slow'), ABORT);
  const { reason, same } = await told('slow');
  deepEqual([reason.type, reason.name, same], ['DOMException', 'TimeoutError', true]);
  ok(reason.message.includes('1500'), reason.message);
}

export async function the_reason_of_a_key_reaches_all_its_handlers() {
  const runtime = createTaskRuntime();
  const task = bench({ worker, type: 'parallel', poolSize: 2 }, runtime);
  const calls = ['one', 'two'].map((name) => task.with({ key: 'k' }).wait(name));
  await Promise.all([begun('one'), begun('two')]);
  runtime.abortTaskController.abort('k');
  for (const call of calls) await rejects(call, ABORT);
  for (const name of ['one', 'two']) {
    const { reason, thrown } = await told(name);
    deepEqual([reason.name, reason.message, thrown.cause], ['AbortError', 'Task was aborted', undefined]);
  }
}
