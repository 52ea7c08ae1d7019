export * from './index.js';

/**
 * Instantiates the package's wasm; call it once before anything else. Calling it again gives the same promise, and after
 * a failure it tries again.
 * @param moduleOrUrl by default `wasm/atelier_js_bg.wasm` beside the package's modules
 */
export function init(moduleOrUrl?: WebAssembly.Module | BufferSource | Response | Request | URL | string): Promise<void>;
