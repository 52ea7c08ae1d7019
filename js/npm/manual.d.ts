export * from './index.js';

/**
 * Instantiates the package's wasm from a file that you serve; call it once before `createTaskRuntime`. Calling it again gives
 * the same promise, and after a failure it tries again. Where `atelier` has made a runtime already, its instance is used.
 * @param moduleOrUrl by default `wasm/atelier_js_bg.wasm` beside the package's modules, which the package exports as
 *   `atelier/atelier.wasm`
 */
export function init(moduleOrUrl?: ManualSource | PromiseLike<ManualSource>): Promise<void>;

/** What `init` takes. */
export type ManualSource = WebAssembly.Module | BufferSource | Response | Request | URL | string;
