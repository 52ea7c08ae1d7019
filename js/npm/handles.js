// The wasm behind a runtime, for the package's other modules only.

const handles = new WeakMap();

// As it is before anything that imports this package can have wrapped it: an exporter that sent through the page's wrapper
// would make telemetry of its own requests.
const { fetch } = globalThis;

/** The browser's own `fetch`. */
export const ownFetch = fetch;

export function keepHandle(runtime, handle) {
  handles.set(runtime, handle);
}

export function handleOf(runtime, caller) {
  const handle = handles.get(runtime);
  if (!handle) throw new TypeError(`${caller} takes a runtime that createTaskRuntime returned`);
  return handle;
}
