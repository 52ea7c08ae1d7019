// What handlers throw: it arrives as what it was, as far as it can, and ends its own call only.
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { bench, observed } from '../atelier.js';
import { WorkerCrashedError } from '/atelier/index.js';

const worker = () => new Worker('/tests/workers/thrown.js', { type: 'module' });
const many = { type: 'parallel', poolSize: 1, maxInFlight: 8 };
const thrown = (options) => bench({ worker, ...options });
const reasonOf = (promise) => promise.then(() => 'no error', (reason) => reason);

const OBJECT_NAMES = ['toString', 'valueOf', '__proto__', 'hasOwnProperty', 'constructor', 'isPrototypeOf', '', 'null'];

export async function names_that_every_object_has_are_names_like_any_other() {
  const task = thrown(many);
  for (const name of OBJECT_NAMES) {
    const [failed, echo, rejected] = await Promise.all([reasonOf(task.fail('named', name)), task.echo(1), reasonOf(task.reject('named', name))]);
    ok(failed instanceof Error && rejected instanceof Error, name);
    deepEqual([failed.name, failed.message, rejected.name, echo], [name, 'x', name, 1]);
  }
  const other = thrown();
  for (const name of ['toString', '__proto__', 'constructor']) {
    const crashed = await rejects(other.aside('named', name), { name: 'WorkerCrashedError' });
    ok(crashed instanceof WorkerCrashedError);
    deepEqual([crashed.cause.name, crashed.cause.message.includes('x')], [name, true]);
  }
  equal(await task.echo(2), 2);
}

export async function classes_names_and_stacks_are_kept() {
  const task = thrown();
  for (const name of ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'Error']) {
    const error = await reasonOf(task.fail('builtIn', name));
    ok(error instanceof globalThis[name], name);
    deepEqual([error.name, error.message, Object.getPrototypeOf(error) === globalThis[name].prototype], [name, 'built in', true]);
    ok(error.stack.includes('thrown.js'), error.stack);
  }
  ok((await reasonOf(task.fail('compile'))) instanceof WebAssembly.CompileError);
  const dom = await reasonOf(task.fail('dom'));
  ok(dom instanceof DOMException);
  deepEqual([dom.name, dom.code, dom.message], ['QuotaExceededError', 22, 'full']);
  const through = await reasonOf(task.fail('inProxy'));
  ok(through instanceof RangeError && through.message === 'seen through');
}

export async function causes_and_fields_of_their_own_travel() {
  const error = await reasonOf(thrown().fail('fields'));
  ok(error instanceof RangeError);
  deepEqual([error.name, error.message, error.code, error.status], ['PaymentError', 'too little', 'E_PAY', 402]);
  deepEqual(error.body, { reasons: ['a', new Map([[1, 2]])] });
  equal(error.when.getTime(), 5);
  equal('done' in error, false, 'a function is left out');
  ok(error.inner instanceof TypeError && error.inner.deep);
  ok(error.cause instanceof SyntaxError);
  equal(error.cause.cause, 'a text');
  equal(Object.keys(error).includes('cause'), false, 'it is listed no more than the language lists it');
  ok(Object.keys(error).includes('status'));
}

export async function errors_in_errors_end_somewhere() {
  const task = thrown();
  let error = await reasonOf(task.fail('nested'));
  let depth = 0;
  for (; error.cause; error = error.cause) depth += 1;
  equal(depth, 8);
  const round = await reasonOf(task.fail('round'));
  deepEqual([round.message, round.cause.message, round.cause.cause], ['round', 'and round', undefined]);
  const all = await reasonOf(task.fail('aggregate'));
  ok(all instanceof AggregateError);
  deepEqual([all.message, all.cause, all.errors.length], ['all', 1, 3]);
  ok(all.errors[0] instanceof RangeError && all.errors[1] === 'two' && all.errors[2].code === 3);
  if (globalThis.SuppressedError) {
    const both = await reasonOf(task.fail('suppressed'));
    ok(both instanceof SuppressedError && both.error instanceof TypeError && both.suppressed instanceof URIError);
  }
}

export async function an_abort_error_of_a_handler_is_a_cancelled_call() {
  const { runtime, events } = observed();
  const task = thrown({}, runtime);
  const observedTask = bench({ worker }, runtime);
  const error = await reasonOf(observedTask.fail('abort'));
  ok(error instanceof DOMException);
  deepEqual([error.name, error.message, error.code, error.mine], ['AbortError', 'enough', 20, 1]);
  const own = await reasonOf(observedTask.reject('abortError'));
  deepEqual([own.name, own.message], ['AbortError', 'enough']);
  const spans = events.filter(({ kind }) => kind === 'span');
  deepEqual(spans.map(({ status, errorKind }) => [status, errorKind]), [['canceled', 'abort'], ['canceled', 'abort']]);
  const counted = (name) => events.filter((event) => event.name === name).length;
  deepEqual([counted('task.canceled.total'), counted('task.failure.total')], [2, 0]);
  equal(await task.echo(1), 1);
}

export async function whatever_is_wrong_with_an_error_ends_its_own_call() {
  const task = thrown(many);
  const kinds = [
    'oddName', 'bigName', 'getters', 'huge', 'proto', 'reserved', 'fieldGetter', 'frozen', 'revoked', 'ownKeys', 'manyFields',
    'undefinedValue', 'nullValue', 'symbol', 'function', 'bare', 'unclonable', 'plain', 'bigint',
  ];
  const reasons = {};
  for (const kind of kinds) {
    const [one, echo, two] = await Promise.all([reasonOf(task.fail(kind)), task.echo(kind), reasonOf(task.reject(kind))]);
    equal(echo, kind);
    ok(one !== 'no error' && two !== 'no error', kind);
    reasons[kind] = one;
  }
  equal(task.getState().lastCrash, undefined);
  ok(reasons.oddName instanceof TypeError && reasons.oddName.name === 'Symbol(odd)');
  ok(reasons.getters instanceof TypeError && reasons.getters.message.includes('cannot be read'), reasons.getters.message);
  const { huge } = reasons;
  ok(huge.message.length < 70_000 && huge.message.includes('10000000 characters'), 'it is cut, and says so');
  ok(huge.name.length < 70_000 && huge.more.length < 70_000 && !('bytes' in huge));
  ok(huge.stack.includes('thrown.js'), 'the frames are not what is cut');
  deepEqual([reasons.proto.message, Object.getPrototypeOf(reasons.proto) === Error.prototype], ['x', true]);
  deepEqual([reasons.reserved.toString, reasons.reserved.constructor, reasons.reserved.hasOwnProperty], ['text', 'mine', 1]);
  deepEqual([reasons.fieldGetter.message, reasons.fieldGetter.code, 'bad' in reasons.fieldGetter], ['kept', 7, false]);
  ok(reasons.frozen instanceof TypeError && reasons.frozen.code === 1);
  deepEqual([reasons.ownKeys.message, reasons.unclonable.message], ['closed', 'not an error']);
  deepEqual([reasons.undefinedValue, reasons.nullValue, reasons.bigint], [undefined, null, 10n ** 30n]);
  deepEqual(reasons.plain, { code: 7, list: [1] });
  ok(reasons.symbol instanceof Error && reasons.symbol.message === 'Symbol(odd)');
}

export async function frozen_prototypes_change_nothing() {
  const task = thrown();
  await task.freeze('error');
  await task.freeze('object');
  Object.freeze(Error.prototype);
  Object.freeze(TypeError.prototype);
  Object.freeze(Object.prototype);
  for (const name of ['toString', 'Mine']) {
    const error = await reasonOf(task.fail('defined', name));
    deepEqual([error.name, error.message], [name, 'x']);
  }
  const kept = await reasonOf(task.fail('fieldGetter'));
  deepEqual([kept.message, kept.code, await task.echo(1)], ['kept', 7, 1]);
}
