// Everything that can be moved instead of copied, and what must not be.
import { bench, heard, openGate } from '../atelier.js';
import { deepEqual, equal, ok, rejects } from '../assert.js';
import { createTaskRuntime } from '/atelier/index.js';

const frameOf = () => new VideoFrame(new Uint8Array(64), { format: 'RGBA', codedWidth: 4, codedHeight: 4, timestamp: 7 });
const audioOf = () =>
  new AudioData({ format: 'f32', sampleRate: 8000, numberOfFrames: 4, numberOfChannels: 1, timestamp: 9, data: new Float32Array(4) });

export async function frames_and_audio_move_both_ways() {
  const task = bench();
  const [frame, audio] = [frameOf(), audioOf()];
  deepEqual(await task.closed(frame), ['RGBA', 7]);
  equal(frame.format, null, 'the page no longer has it');
  deepEqual(await task.closed(audio), ['f32', 9]);
  equal(audio.format, null);
  const [back] = await task.frame();
  equal(back.timestamp, 3);
  back.close();
}

export async function bitmaps_and_canvases_move() {
  const task = bench();
  const bitmap = await createImageBitmap(new ImageData(3, 2));
  const canvas = new OffscreenCanvas(5, 4);
  const back = await task.echo({ deep: [new Map([['bitmap', bitmap]])], canvas });
  const moved = back.deep[0].get('bitmap');
  deepEqual([moved.width, moved.height, back.canvas.width], [3, 2, 5]);
  deepEqual([bitmap.width, canvas.width], [0, 0]);
  moved.close();
}

export async function every_kind_of_stream_moves() {
  const task = bench();
  const streams = [new ReadableStream(), new WritableStream(), new TransformStream()];
  for (const stream of streams) {
    equal(await task.kind([stream]), '[object Array]');
    equal(stream.locked ?? stream.readable.locked, true, 'the page no longer has it');
  }
}

export async function every_kind_of_view_moves_each_buffer_once() {
  const task = bench();
  const buffer = new ArrayBuffer(64);
  const views = [
    new Uint8Array(buffer), new Float64Array(buffer, 8, 2), new DataView(buffer, 3), new BigInt64Array(2),
    new Uint8ClampedArray(3), new Int16Array(4),
  ];
  const back = await task.echo({ views, again: views, buffer });
  equal(buffer.byteLength, 0);
  equal(views[3].byteLength, 0);
  ok(back.views[0].buffer === back.buffer && back.views[1].byteOffset === 8);
}

export async function buffers_in_objects_of_a_class_and_in_cycles_move() {
  class Image {
    constructor() {
      this.pixels = new Uint8Array(16);
      this.self = this;
    }
  }
  const task = bench();
  const image = new Image();
  const back = await task.echo(Object.assign(Object.create(null), { image }));
  equal(image.pixels.length, 0);
  equal(back.image.pixels.length, 16);
  equal(back.image.self, back.image);
}

export async function shared_memory_is_never_moved() {
  // The only way to shared memory in a page that is not isolated; the browser refuses to send it, and says so.
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  equal(Object.prototype.toString.call(buffer), '[object SharedArrayBuffer]');
  equal(crossOriginIsolated, false);
  const task = bench();
  for (const value of [buffer, new Uint8Array(buffer), { deep: [buffer] }]) {
    await rejects(task.echo(value), { name: 'DataCloneError', message: 'SharedArrayBuffer' });
  }
  equal(buffer.byteLength, 65_536);
}

export async function a_wrong_list_fails_its_call_alone() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8 });
  await task.add(0, 0);
  const [used, twice, fine] = [new ArrayBuffer(8), new ArrayBuffer(8), new ArrayBuffer(8)];
  structuredClone(used, { transfer: [used] });
  const calls = await Promise.allSettled([
    task.with({ transfer: [{}] }).add(1, 1),
    task.with({ transfer: [new Date()] }).add(1, 1),
    task.with({ transfer: [used] }).add(1, 1),
    task.with({ transfer: [twice, twice] }).echo(twice),
    task.with({ transfer: [fine] }).echo(fine),
    task.add(2, 2),
  ]);
  deepEqual(calls.map(({ reason }) => reason?.name), [...Array(4).fill('DataCloneError'), undefined, undefined]);
  equal(twice.byteLength, 8, 'what failed was not moved');
  equal(fine.byteLength, 0);
  await rejects(task.with({ transfer: ['text'] }).add(1, 1), {}, 'what is no object at all');
  equal(await task.add(1, 1), 2);
  equal(task.getState().queueDepth, 0);
}

export async function what_no_worker_was_to_get_stays_here() {
  const runtime = createTaskRuntime();
  const buffers = Array.from({ length: 6 }, () => new ArrayBuffer(8));
  const [rejected, latest, oldest, aborted, disposed, early] = buffers;
  for (const [queuePolicy, buffer] of [['reject', rejected], ['drop-latest', latest]]) {
    const task = bench({ maxQueueDepth: 0, queuePolicy }, runtime);
    const held = task.hold(queuePolicy, 1);
    await rejects(task.echo(buffer), { name: 'QueueDropError' });
    openGate(queuePolicy);
    await held;
  }
  const task = bench({ maxQueueDepth: 1, queuePolicy: 'drop-oldest' }, runtime);
  const held = task.hold('x', 1);
  await heard('x');
  const dropped = task.echo(oldest);
  const keyed = task.with({ key: 'k' }).echo(aborted);
  await rejects(dropped, { name: 'QueueDropError' });
  runtime.abortTaskController.abort('k');
  await rejects(keyed, { name: 'AbortError' });
  const gone = task.echo(disposed);
  task.dispose();
  await rejects(gone, { name: 'TaskDisposedError' });
  await rejects(held, { name: 'TaskDisposedError' });
  const idle = bench({}, runtime);
  await idle.add(0, 0);
  await rejects(idle.with({ signal: AbortSignal.abort() }).echo(early), { name: 'AbortError' });
  const sameTurn = new ArrayBuffer(8);
  const call = idle.with({ key: 'l' }).echo(sameTurn);
  runtime.abortTaskController.abort('l');
  await rejects(call, { name: 'AbortError' });
  deepEqual([...buffers, sameTurn].map((buffer) => buffer.byteLength), Array(7).fill(8));
}

export async function a_call_that_cannot_be_sent_takes_nothing_with_it() {
  const task = bench({ type: 'parallel', poolSize: 1, maxInFlight: 8 });
  await task.add(0, 0);
  const [mine, neighbours] = [new ArrayBuffer(8), new ArrayBuffer(8)];
  const stream = new ReadableStream();
  stream.getReader();
  const calls = await Promise.allSettled([
    task.echo(neighbours),
    task.echo({ mine, unclonable: () => 1 }),
    task.echo({ locked: stream }),
    task.add(1, 1),
  ]);
  deepEqual(calls.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  deepEqual([calls[1].reason.name, calls[2].reason.name], ['DataCloneError', 'DataCloneError']);
  equal(mine.byteLength, 8);
  equal(calls[0].value.byteLength, 8, 'the neighbour\'s buffer arrived');
}

export async function views_of_wasm_memory_are_copied() {
  // Such a buffer cannot be moved; a view of it is the usual way out of another wasm module.
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new Uint8Array(memory.buffer, 16, 4).fill(5);
  const task = bench();
  deepEqual([...(await task.echo(view))], [5, 5, 5, 5]);
  equal(view.length, 4);
  const list = { transfer: [memory.buffer] };
  await rejects(task.with(list).echo(view), { name: 'TypeError' }, 'a list is taken as given');
  await rejects(task.echo({ view, unclonable: () => 1 }), { name: 'DataCloneError' });
  deepEqual([...(await task.wasmMemory())[0]], [4, 4, 4], 'and so are results');
}
