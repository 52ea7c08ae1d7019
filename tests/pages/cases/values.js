// What travels with a call when several share it, and what cannot be moved.
import { bench } from '../atelier.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';

const samples = () => new Float32Array([1, 2, 3]);
const pool = (options) => bench({ type: 'parallel', poolSize: 2, maxInFlight: 2, maxQueueDepth: 64, ...options });
const memory = (pages = 1024) => new WebAssembly.Memory({ initial: pages }).buffer;

export async function a_buffer_in_several_calls_of_a_turn_reaches_them_all() {
  const singleton = () => bench({ maxQueueDepth: 64 });
  const pools = [{ poolSize: 1, maxInFlight: 8 }, { poolSize: 2 }, { poolSize: 4, maxInFlight: 4 }];
  for (const make of [singleton, ...pools.map((options) => () => pool(options))]) {
    const task = make();
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const [front, back] = [bytes.subarray(0, 2), bytes.subarray(2)];
    const calls = [task.echo(front), task.echo(back), task.echo({ deep: [bytes] }), task.add(1, 1)];
    const [one, two, three, four] = await Promise.all(calls);
    deepEqual([[...one], [...two], [...three.deep[0]], four], [[1, 2], [3, 4], [1, 2, 3, 4], 2]);
    equal(bytes.length, 0, 'the last one that was sent moved it');
    task.dispose();
  }
}

export async function calls_that_share_a_buffer_do_not_see_each_other() {
  const task = pool({ poolSize: 1, maxInFlight: 8 });
  const view = samples();
  const [one, two] = await Promise.all([task.fill(view, 7), task.fill(view, 8)]);
  deepEqual([[...one], [...two]], [[7, 7, 7], [8, 8, 8]]);
}

export async function a_buffer_that_waits_in_the_queue_is_not_taken_away_by_a_later_call() {
  const task = pool({ poolSize: 1, maxInFlight: 1 });
  const view = samples();
  const early = task.echo(view);
  await Promise.resolve();
  deepEqual(await Promise.all([early, task.echo(view)]), [samples(), samples()]);
}

export async function a_call_that_is_given_up_in_the_queue_leaves_the_buffer_to_others() {
  const task = pool({ poolSize: 1, maxInFlight: 1 });
  await task.add(0, 0);
  const view = samples();
  const controller = new AbortController();
  const given = task.with({ signal: controller.signal }).echo(view);
  controller.abort();
  await rejects(given, { name: 'AbortError' });
  deepEqual(await task.echo(view), samples());
  equal(view.length, 0, 'it moved');
}

export async function images_in_several_calls_arrive_too() {
  const task = pool({ poolSize: 1, maxInFlight: 8 });
  const image = await createImageBitmap(new ImageData(2, 2));
  const [one, two] = await Promise.all([task.kind(image), task.kind([image].at(0))]);
  deepEqual([one, two], ['[object ImageBitmap]', '[object ImageBitmap]']);
  equal(image.width, 0, 'the last one moved it');
}

export async function a_part_of_wasm_memory_is_sent_without_the_rest() {
  const task = pool({ poolSize: 1 });
  const buffer = memory();
  const view = new Uint8Array(buffer, 70_000, 1000).fill(5);
  deepEqual(await task.lengths(view), [1000, 1000, 0]);
  deepEqual(await task.with({ transfer: [] }).lengths(view), [1000, 1000, 0]);
  deepEqual(await task.lengths(new DataView(buffer, 8, 16)), [16, 16, 0]);
  equal(view.length, 1000, 'it stays where it is');
  class Buffer extends Uint8Array {}
  const back = await task.echo({ list: [new Buffer(buffer, 70_000, 3)], map: new Map([['k', new Set([view])]]), view });
  deepEqual([[...back.list[0]], back.view.length, back.view.buffer.byteLength], [[5, 5, 5], 1000, 1000]);
  ok([...back.map.get('k')][0] === back.view, 'the same view is the same view');
  deepEqual([...new Float64Array(buffer, 0, 4).fill(0.5)], [...(await task.echo(new Float64Array(buffer, 0, 4)))]);
}

export async function a_view_on_all_of_a_memory_is_copied_as_a_whole() {
  const task = pool({ poolSize: 1 });
  const buffer = memory(1);
  deepEqual(await task.lengths(new Uint8Array(buffer)), [65_536, 65_536, 0]);
  const both = await task.echo([new Uint8Array(buffer), new Uint8Array(buffer, 4, 4)]);
  deepEqual(both.map((view) => view.buffer.byteLength), [65_536, 4]);
}

export async function what_moves_still_moves_beside_a_part_of_memory() {
  const task = pool({ poolSize: 1 });
  const moved = samples();
  const view = new Uint8Array(memory(), 0, 2).fill(3);
  const back = await task.echo([view, moved]);
  deepEqual([[...back[0]], back[1]], [[3, 3], samples()]);
  deepEqual([moved.length, view.length], [0, 2]);
}

export async function a_result_in_wasm_memory_comes_without_the_rest() {
  const task = pool({ poolSize: 1 });
  const [view] = await task.wasmMemory();
  deepEqual([[...view], view.buffer.byteLength], [[4, 4, 4], 3]);
}

export async function a_small_view_moves_all_of_an_ordinary_buffer() {
  const task = pool({ poolSize: 1 });
  const buffer = new ArrayBuffer(4 * 65_536);
  const view = new Uint8Array(buffer, 8, 4);
  deepEqual(await task.lengths(view), [4, buffer.byteLength || 4 * 65_536, 8]);
  equal(buffer.byteLength, 0);
}

export async function resizable_buffers_and_their_views_move() {
  const task = pool({ poolSize: 1 });
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new Uint8Array(buffer);
  deepEqual([...(await task.echo(view))], Array(8).fill(0));
  equal(buffer.byteLength, 0);
}

export async function what_cannot_be_sent_is_named() {
  const task = pool({ taskId: 'sender', poolSize: 1 });
  const error = await rejects(task.echo(1, { onDone: () => {} }), {
    name: 'DataCloneError',
    message: "The arguments of 'echo' for task 'sender' cannot be sent: args[1].onDone is a function",
  });
  ok(error instanceof DOMException);
  equal(error.code, DOMException.DATA_CLONE_ERR);
  ok(error.stack.includes('values.js'), error.stack);
  ok(!error.stack.includes('page.js'), error.stack);
  await rejects(task.echo([[Symbol('s')]]), { name: 'DataCloneError', message: 'args[0][0][0] is a symbol' });
  await rejects(task.echo(new Map([['k', new WeakMap()]])), { name: 'DataCloneError', message: 'WeakMap' });
}

export async function a_detached_buffer_is_named_with_what_to_do() {
  const task = pool({ poolSize: 1 });
  const view = samples();
  await task.echo(view);
  const error = await rejects(task.echo('first', { view }), { name: 'DataCloneError', message: 'args[1].view' });
  ok(error.message.includes('transfer: []'), error.message);
}

export async function getters_are_not_called_again_without_need() {
  const task = pool({ poolSize: 1 });
  const mine = new RangeError('from the getter');
  const call = task.echo({
    get bad() {
      throw mine;
    },
  });
  ok((await rejects(call)) === mine, 'what a getter throws is given on as it is');
}

export async function a_handlers_error_says_where_it_was_called() {
  const task = pool({ poolSize: 1 });
  const error = await rejects(task.fail('TypeError', 'no'), { name: 'TypeError', message: 'no' });
  const [inWorker, inPage] = [error.stack.indexOf('bench.js'), error.stack.indexOf('values.js')];
  ok(inWorker > 0 && inPage > inWorker, error.stack);
}
