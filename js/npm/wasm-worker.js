// Workers whose handlers are Rust, sharing one compiled module.

/**
 * Starts a worker that instantiates a module the page has compiled already, and calls the function that exposes its
 * handlers.
 * @param {{ module: WebAssembly.Module, glue: string | URL, entry: string, name?: string }} options
 *   `glue` is the module's wasm-bindgen JavaScript (target `web`), `entry` the exported function.
 */
export function wasmWorker({ module, glue, entry, name }) {
  if (!(module instanceof WebAssembly.Module)) {
    throw new TypeError('wasmWorker takes a compiled WebAssembly.Module; await WebAssembly.compileStreaming(fetch(url))');
  }
  if (typeof Worker !== 'function') throw new Error('wasmWorker starts a web worker, and there is no `Worker` here (Node, a server)');
  // Vite 5 refuses options that are no literals, unless it is told to leave them.
  const worker = new Worker(new URL('./rust-worker.js', import.meta.url), { /* @vite-ignore */ type: 'module', name });
  worker.postMessage({ module, glue: new URL(glue, document.baseURI).href, entry });
  return worker;
}
