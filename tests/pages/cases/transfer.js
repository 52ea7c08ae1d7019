// Buffers move instead of being copied, both ways.
import { bench } from '../atelier.js';
import { deepEqual, equal, rejects } from '../assert.js';

const samples = () => new Float32Array([1, 2, 3]);

export async function buffers_move_by_themselves_wherever_they_are() {
  const task = bench();
  const direct = new ArrayBuffer(8);
  const view = samples();
  const nested = { list: [new Map([['k', new Uint8Array(2)]]), new Set([new Uint8Array(3)])], twice: view };
  const back = await task.echo([direct, view, nested]);
  equal(direct.byteLength, 0);
  equal(view.byteLength, 0);
  equal(nested.list[0].get('k').byteLength, 0);
  deepEqual(back[1], samples());
  deepEqual(back[2].twice, samples());
}

export async function an_empty_list_copies() {
  const task = bench();
  const view = samples();
  deepEqual(await task.with({ transfer: [] }).echo(view), samples());
  equal(view.length, 3);
}

export async function a_list_is_taken_as_given() {
  const task = bench();
  const [one, two] = [samples(), samples()];
  deepEqual(await task.with({ transfer: [one.buffer] }).echo([one, two]), [samples(), samples()]);
  deepEqual([one.length, two.length], [0, 3]);
}

export async function results_move_from_inside_the_worker() {
  const task = bench();
  const result = await task.bytes(1000);
  equal(result.data.length, 1000);
  equal(result.same.get('k').byteLength, 4);
  await task.lend(16);
  equal(await task.lentLength(), 0, 'moved away');
  await task.with({ transferResult: false }).lend(16);
  equal(await task.lentLength(), 16, 'copied');
}

export async function ports_and_streams_move() {
  const task = bench();
  const { port1, port2 } = new MessageChannel();
  const [port] = await task.echo([port2]);
  const answer = new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
  port1.postMessage('through');
  equal(await answer, 'through');
  const stream = new Blob(['a stream']).stream();
  equal(await new Response((await task.echo({ stream })).stream).text(), 'a stream');
}

export async function image_data_moves() {
  const task = bench();
  const image = new ImageData(new Uint8ClampedArray(16).fill(9), 2, 2);
  const back = await task.echo(image);
  deepEqual([back.width, back.height, back.data[5]], [2, 2, 9]);
  equal(image.data.length, 0);
}

export async function a_requeued_call_whose_buffers_are_gone_says_so() {
  const task = bench({ crashPolicy: 'restart-requeue-in-flight' });
  const lost = task.crash('with a buffer', new Uint8Array(4));
  await rejects(lost, { message: 'transfer: []' });
}
