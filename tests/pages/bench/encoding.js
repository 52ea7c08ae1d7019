// How fast the exporter's encoder is by itself, and how many bytes the spans of real calls take.
import init, { Batch } from '/encoder/atelier_encoder_bench.js';
import { cells } from './cells.js';

/** As many spans as the exporter puts into a request. */
const BATCH = 512;
const WARM_UP = 400;

let batch;

const module = new URL('/encoder/atelier_encoder_bench_bg.wasm', location.href);

globalThis.ready = init({ module_or_path: module }).then(() => {
  batch = new Batch(BATCH);
  for (let done = 0; done < WARM_UP; done++) batch.encode();
  return true;
});

/** Encodes at least so many spans, batch by batch, and returns how many. */
globalThis.encode = (spans) => {
  let encoded = 0;
  for (; encoded < spans; encoded += BATCH) batch.encode();
  return encoded;
};

/** Makes so many calls, 64 at once, exports them, and returns the bytes of all requests before and after gzip. */
globalThis.exported = async (calls) => {
  const bodies = [];
  const really = globalThis.fetch;
  globalThis.fetch = (url, request) => {
    if (String(url).endsWith('/v1/traces')) bodies.push(request.body);
    return really(url, request);
  };
  // Not before: it awaits the package's wasm, and the runner looks for `ready` once the page is loaded.
  const { open } = await import('./ours.js');
  const opened = await open(cells.observed.pool, 'exported');
  await cells.observed.run(opened, calls);
  await opened.finish();
  globalThis.fetch = really;
  const compressed = await Promise.all(bodies.map(gzip));
  const total = (all) => all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { raw: total(bodies), gzip: total(compressed), requests: bodies.length };
};

function gzip(body) {
  return new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}
