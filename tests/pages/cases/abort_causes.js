// Why a call was cancelled: the error is the same for all, its `cause` says what it was.
import { bench, heard } from '../atelier.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const ABORT = { name: 'AbortError', message: 'Task was aborted' };

function aborted(error) {
  ok(error instanceof DOMException);
  deepEqual([error.name, error.message, error.code], [ABORT.name, ABORT.message, DOMException.ABORT_ERR]);
  ok(!Object.keys(error).includes('cause'), 'as with other errors, the cause is not enumerated');
  return error.cause;
}

const causeOf = async (call) => aborted(await rejects(call, ABORT));

export async function the_signals_own_reason_is_the_cause() {
  const task = bench({ maxInFlight: 2 });
  for (const reason of [new Error('mine'), 'a text', 0, null, { code: 7 }]) {
    equal(await causeOf(task.with({ signal: AbortSignal.abort(reason) }).echo(1)), reason, 'fired before the call');
    const controller = new AbortController();
    const call = task.with({ signal: controller.signal }).echo(1);
    controller.abort(reason);
    equal(await causeOf(call), reason, 'fired in the same turn');
  }
  const running = new AbortController();
  const call = task.with({ signal: running.signal }).listen('running');
  await heard('running');
  running.abort('late');
  equal(await causeOf(call), 'late', 'fired while a worker has it');
  equal((await causeOf(task.with({ signal: AbortSignal.abort() }).echo(1))).name, 'AbortError', 'the platform\'s own');
}

export async function a_signals_timeout_is_a_timeout_error() {
  const task = bench();
  const call = task.with({ signal: AbortSignal.timeout(1) }).listen('a signal');
  const cause = await causeOf(call);
  ok(cause instanceof DOMException);
  equal(cause.name, 'TimeoutError');
}

export async function the_tasks_timeout_says_what_and_how_long() {
  const task = bench({ taskName: 'slow', timeoutMs: 30 });
  const cause = await causeOf(task.listen('never'));
  ok(cause instanceof DOMException);
  equal(cause.name, 'TimeoutError');
  for (const part of ['30 ms', 'timeoutMs', "'slow'"]) ok(cause.message.includes(part), cause.message);
}

export async function a_key_has_the_reason_that_was_given() {
  const runtime = createTaskRuntime();
  const keys = runtime.abortTaskController;
  const task = bench({ maxInFlight: 4 }, runtime);
  const calls = [task.with({ key: 'k' }).listen('one'), task.with({ key: 'k' }).listen('two')];
  await heard('two');
  const signal = keys.signalFor('k');
  const reason = new RangeError('the user left');
  keys.abort('k', reason);
  keys.abort('k', 'too late');
  const errors = await Promise.all(calls.map((call) => rejects(call, ABORT)));
  deepEqual(errors.map(aborted).map((cause) => cause === reason), [true, true]);
  equal(errors[0], errors[1], 'one abort, one error');
  equal(aborted(signal.reason), reason, 'its signal knows, too');
  equal(await causeOf(task.with({ key: 'k' }).echo(1)), reason, 'and so does a later call');
  equal(aborted(createFor(keys, 'k')), reason, 'and a signal that is asked for now');
  keys.clear('k');
  equal(await task.with({ key: 'k' }).echo(1), 1);
  keys.abort('k');
  equal(await causeOf(task.with({ key: 'k' }).echo(1)), undefined, 'without a reason there is no cause');
  keys.abortMany(['a', 'b'], 'both');
  equal(await causeOf(task.with({ key: 'b' }).echo(1)), 'both');
  keys.clearAll();
  keys.abort('b');
  equal(await causeOf(task.with({ key: 'b' }).echo(1)), undefined);
}

function createFor(keys, key) {
  return keys.signalFor(key).reason;
}

export async function a_key_without_a_reason_has_none() {
  const runtime = createTaskRuntime();
  const task = bench({}, runtime);
  const call = task.with({ key: 'k' }).listen('keyed');
  await heard('keyed');
  runtime.abortTaskController.abort('k');
  const error = await rejects(call, ABORT);
  equal(aborted(error), undefined);
  equal('cause' in error, false);
}

export async function no_time_at_all_is_no_limit() {
  const task = bench({ timeoutMs: 0 });
  equal(await task.echo('done'), 'done');
  const slow = bench({ timeoutMs: 0 });
  const controller = new AbortController();
  const call = slow.with({ signal: controller.signal }).listen('unlimited');
  await heard('unlimited');
  controller.abort('by hand');
  equal(await causeOf(call), 'by hand');
}
