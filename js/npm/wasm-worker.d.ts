/** How to start a worker whose handlers are Rust. */
export interface WasmWorkerOptions {
  /** The module, compiled once by the page (`WebAssembly.compileStreaming`) and shared by all its workers. */
  module: WebAssembly.Module;
  /** The URL of the module's wasm-bindgen JavaScript (target `web`). */
  glue: string | URL;
  /** The exported function that exposes the handlers. */
  entry: string;
  /** The worker's name in the browser's tools. */
  name?: string;
}

/** Starts a worker that instantiates a compiled module and calls the function that exposes its handlers. */
export function wasmWorker(options: WasmWorkerOptions): Worker;
