// Recordings as what other tools open. Its wasm is its own, and loaded when it is first used.

import { oneOf, shown } from './check.js';
import { compileSoon } from './compile.js';

const FORMATS = ['perfetto', 'otlp', 'hlog', 'text'];

let loading;

/** The converter's module; after a failed load the next call tries again. */
function load() {
  loading ??= Promise.all([import('./recording/atelier_recording_js.js'), import('./recording/wasm-text.js')])
    .then(async ([converter, carried]) => {
      converter.initSync({ module: await compileSoon(carried) });
      return converter;
    })
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

async function bytesOf(recording) {
  if (recording instanceof Uint8Array) return recording;
  if (recording instanceof ArrayBuffer) return new Uint8Array(recording);
  if (recording instanceof Blob) return new Uint8Array(await recording.arrayBuffer());
  throw new TypeError(`convertRecording takes a Blob, an ArrayBuffer or a Uint8Array, not ${shown(recording)}`);
}

/** Converts a recording; resolves to `{ file, cut, unknown }`. */
export async function convertRecording(recording, format) {
  oneOf(format, FORMATS, 'format');
  const bytes = await bytesOf(recording);
  const { Conversion } = await load();
  let conversion;
  try {
    conversion = new Conversion(bytes, format);
  } catch (error) {
    throw Object.assign(new Error(error.message), { name: 'RecordingError' });
  }
  try {
    const { cut, unknown, media_type: type } = conversion;
    return { file: new Blob([conversion.bytes()], { type }), cut, unknown };
  } finally {
    conversion.free();
  }
}
