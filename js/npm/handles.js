// The wasm behind a runtime, for the package's other modules only.

const handles = new WeakMap();

export function keepHandle(runtime, handle) {
  handles.set(runtime, handle);
}

export function handleOf(runtime, caller) {
  const handle = handles.get(runtime);
  if (!handle) throw new TypeError(`${caller} takes a runtime that createTaskRuntime returned`);
  return handle;
}
