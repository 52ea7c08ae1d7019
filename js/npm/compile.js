// How the package's modules of wasm are compiled: they travel as text in JavaScript, so that nothing has to be found or fetched.

/** The smallest module there is: a header and nothing else. Where this one may not be compiled, none may. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * The bytes that a module of text carries, one in each character.
 * @param {{ text: string, length: number }} carried
 */
export function bytesOf({ text, length }) {
  if (text.length !== length) {
    throw new Error(`Atelier's wasm was not read as UTF-8 (${text.length} characters in place of ${length}): put <meta charset="utf-8"> into the page, or send its scripts with charset=utf-8`);
  }
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Compiles at once. */
export function compileNow(carried) {
  const bytes = bytesOf(carried);
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw refused(cause);
  }
}

/** Compiles off the main thread. */
export async function compileSoon(carried) {
  const bytes = bytesOf(carried);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw refused(cause);
  }
}

/** The error for wasm that does not compile: it says what forbids it, where something does. */
export function refused(cause) {
  if (typeof WebAssembly !== 'object') return new Error('Atelier needs WebAssembly, which is missing or switched off here', { cause });
  try {
    new WebAssembly.Module(EMPTY);
  } catch {
    return new Error("The content security policy forbids Atelier's wasm: add 'wasm-unsafe-eval' to its script-src", { cause });
  }
  return new Error(`Atelier's wasm does not compile: ${cause?.message ?? cause}`, { cause });
}
