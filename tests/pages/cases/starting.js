// How the package starts: from the text that it carries, or from a file that is served.
import { createTaskRuntime } from '/atelier/index.js';
import { createTaskRuntime as createManually, init } from '/atelier/manual.js';
import { bytesOf } from '/atelier/compile.js';
import { length, text } from '/atelier/wasm/wasm-text.js';
import { bench } from '../atelier.js';
import { deepEqual, equal, ok, rejects, throws } from '../assert.js';

const FILE = '/atelier/wasm/atelier_js_bg.wasm';
const resources = () => performance.getEntriesByType('resource').map(({ name }) => name);

export async function the_text_is_the_file() {
  const file = new Uint8Array(await (await fetch(FILE)).arrayBuffer());
  const bytes = bytesOf({ text, length });
  equal(bytes.length, file.length);
  ok(bytes.every((byte, at) => byte === file[at]));
}

export async function a_runtime_is_there_at_once_and_nothing_is_fetched() {
  const before = resources().length;
  const runtime = createTaskRuntime();
  equal(await bench({}, runtime).add(1, 2), 3);
  deepEqual(resources().slice(before).filter((name) => name.includes('/atelier/wasm/')), []);
  equal(text, '', 'the text is let go of');
}

export async function the_manual_entry_says_what_is_missing_before_init() {
  equal(throws(() => createManually()).message, "Atelier's wasm is not there yet: await init() of 'atelier/manual' before createTaskRuntime()");
  await init();
  equal(await bench({}, createManually()).add(1, 2), 3);
  equal(init(), init());
}

async function starts(source) {
  await init(source);
  equal(await bench({}, createManually()).add(1, 2), 3);
}

const file = async () => (await fetch(FILE)).arrayBuffer();

export async function it_starts_from_bytes() {
  await starts(new Uint8Array(await file()));
}

export async function it_starts_from_a_compiled_module() {
  await starts(await WebAssembly.compile(await file()));
}

export async function it_starts_from_an_address_or_a_request() {
  await starts(new Request(new URL(FILE, location.href)));
}

export async function it_starts_from_a_response_on_its_way() {
  await starts(fetch(FILE));
}

export async function it_starts_from_a_response_of_another_type() {
  await starts(new Response(await file()));
}

export async function a_failed_init_says_why_and_may_be_tried_again() {
  const { message } = await rejects(init('/atelier/no.wasm'));
  ok(message.includes('/atelier/no.wasm answered 404'), message);
  ok((await rejects(init('http://127.0.0.1:1/a.wasm'))).message.includes('could not load its wasm from http://127.0.0.1:1/a.wasm'));
  ok((await rejects(init(Uint8Array.of(1, 2, 3)))).message.includes('does not compile'));
  ok((await rejects(init(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)))).message.includes('another version'));
  equal((await rejects(init(5))).message, 'init takes a URL, a Response, bytes or a WebAssembly.Module, not 5');
  await init();
  ok(createManually());
}

/** Whoever comes second takes the instance that is there; a second one would know none of the first one's runtimes. */
export async function both_entries_share_one_instance() {
  const loading = init();
  const first = createTaskRuntime();
  const task = bench({}, first);
  await loading;
  equal(await task.add(1, 2), 3);
  equal(await bench({}, createManually()).add(2, 2), 4);
  equal(await task.add(2, 3), 5);
}

export async function text_that_was_not_read_as_utf_8_is_named() {
  ok(throws(() => bytesOf({ text: 'â', length: 3 })).message.includes('UTF-8'));
}

/** What a server's rendering and Node have not: the call says what is missing. */
export async function a_call_without_workers_says_so() {
  const { Worker } = globalThis;
  const task = bench({}, createTaskRuntime());
  globalThis.Worker = undefined;
  try {
    const { message } = await rejects(task.add(1, 2));
    ok(message.includes('there is no `Worker` here'), message);
  } finally {
    globalThis.Worker = Worker;
  }
}
