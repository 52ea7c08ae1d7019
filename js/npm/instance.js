// The one instance of the package's wasm, whichever entry makes it: the default one from the text that it carries, `./manual`
// from a file that is served.

import { shown } from './check.js';
import { compileNow, refused } from './compile.js';
import { initSync } from './wasm/atelier_js.js';

/** What every version of the wasm exports. */
const ENTRANCE = 'runtimehandle_new';

let exists = false;
let loading;

function instantiate(module) {
  // Somebody else may have been faster; a second instance would know nothing of the first one's runtimes.
  if (exists) return;
  try {
    // Looked at before, because what fails half way leaves the module's JavaScript with half an instance.
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === ENTRANCE)) throw new TypeError(`it has no ${ENTRANCE}`);
    initSync({ module });
  } catch (cause) {
    throw new Error("This wasm does not fit the package's modules; is it the file of another version?", { cause });
  }
  exists = true;
}

/** Makes the instance, unless there is one. `dropText` lets go of the text, which nobody needs again. */
export function instantiateText(carried, dropText) {
  if (exists) return;
  instantiate(compileNow(carried));
  dropText();
}

/** Makes the instance from a file or a module, unless there is one. After a failure the next call tries again. */
export function instantiateFrom(moduleOrUrl) {
  loading ??= load(moduleOrUrl).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(moduleOrUrl) {
  if (!exists) instantiate(await compiled(await moduleOrUrl));
}

/** Throws when there is no instance. */
export function needInstance() {
  if (!exists) throw new Error("Atelier's wasm is not there yet: await init() of 'atelier/manual' before createTaskRuntime()");
}

async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source) ? source : await fetched(source);
  try {
    return await (bytes instanceof Response ? WebAssembly.compileStreaming(bytes) : WebAssembly.compile(bytes));
  } catch (cause) {
    throw refused(cause);
  }
}

/** The file as a response that can be compiled as it comes, or as bytes where its type does not allow that. */
async function fetched(source) {
  let response = source;
  if (!(response instanceof Response)) {
    if (typeof source !== 'string' && !(source instanceof URL) && !(source instanceof Request)) {
      throw new TypeError(`init takes a URL, a Response, bytes or a WebAssembly.Module, not ${shown(source)}`);
    }
    try {
      response = await fetch(source);
    } catch (cause) {
      throw new Error(`Atelier could not load its wasm from ${source?.url ?? source}; pass init() the URL that the file is served at, or its bytes`, { cause });
    }
  }
  if (!response.ok) {
    throw new Error(`Atelier could not load its wasm: ${response.url} answered ${response.status}; pass init() the URL that the file is served at`);
  }
  const type = response.headers.get('content-type') ?? '';
  return type.split(';')[0].trim() === 'application/wasm' ? response : response.arrayBuffer();
}
