// What lets the page know that a worker closes itself, of which no event tells.

/**
 * Has `last` called when the worker closes itself, with the function that really closes it. That is in the next turn, so
 * that what has finished until then can still be answered.
 */
export function beforeClose(last) {
  const { close } = globalThis;
  if (typeof close !== 'function' || typeof WorkerGlobalScope !== 'function') return;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => last(() => close.call(globalThis));
  Object.defineProperty(globalThis, 'close', {
    value: () => port2.postMessage(0),
    configurable: true,
    writable: true,
  });
}
